/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-straggler.h"

#include "almu-frame.h"
#include "almu-link.h"
#include "almu-message.h"
#include "almu-scripting.h"

/* Helps a page that waits for tiles which will not come. When the plane of an
 * image changes while the picture of another is still being unpacked, the page
 * takes that one's plane for its own for a moment, and asks for tiles of it.
 * ADD_REQUIRED_TILES names no plane: it gets those of the plane that it has
 * chosen, drops them as not asked for, and waits for ever; part of the picture
 * may be missing. So where nothing is owed and the page says that it waits, it
 * is made to ask for its view anew, once: what cannot be read does not come
 * by being asked for again.
 */
struct _AlmuStraggler
{
  AlmuLink *link; /* unowned: this goes with it */
  gboolean  is_asking;
  gboolean  is_late; /* the page has said something since it was asked */
  gboolean  is_helped;
};

/* As the page takes it for velocities, which bear no less. */
#define QUALITY 32

/* Images side by side; more than the page offers. */
#define MAX_IMAGES 100

static void
on_heard (AlmuLink      *link,
          guint          event,
          AlmuStraggler *self)
{
  if (event != CARTA__EVENT_TYPE__SCRIPTING_RESPONSE)
    self->is_late = TRUE;
}

static gboolean
owes_nothing (AlmuStraggler *self)
{
  AlmuSession *session = almu_link_get_session (self->link);
  GPtrArray   *files;

  if (session == NULL || almu_session_get_animation (session) != NULL || almu_link_get_outbox_bytes (self->link) > 0)
    return FALSE;

  files = almu_session_list_files (session);
  for (guint i = 0; i < files->len; i++)
    {
      AlmuDemand *demand = almu_file_get_demand (files->pdata[i]);

      if (demand != NULL && almu_demand_owes_tiles (demand))
        return FALSE;
    }

  return TRUE;
}

/* What the page gave, or NULL if it gave nothing, or has gone. */
static JsonNode *
take_answer (AlmuStraggler *self,
             GAsyncResult  *result)
{
  g_autoptr(AlmuScriptReply) reply = almu_script_finish (result, NULL);

  self->is_asking = FALSE;

  return reply != NULL ? almu_script_reply_dup_value (reply) : NULL;
}

static gint64
get_number (JsonNode *value)
{
  return value != NULL && JSON_NODE_HOLDS_VALUE (value) ? json_node_get_int (value) : -1;
}

static void
ask_for (AlmuStraggler      *self,
         const char         *object,
         const char         *name,
         GAsyncReadyCallback callback)
{
  self->is_asking = TRUE;
  almu_scripting_fetch (self->link, object, name, almu_link_get_cancellable (self->link), callback, self);
}

static void
on_asked_anew (GObject      *source,
               GAsyncResult *result,
               gpointer      user_data)
{
  AlmuStraggler *self = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuScriptReply) reply = almu_script_finish (result, &error);

  self->is_asking = FALSE;
  if (reply == NULL || !reply->success)
    g_debug ("The page does not ask anew: %s", error != NULL ? error->message : reply->message);
}

/* Does what a change of the plane does, to the plane that is there. */
static void
ask_anew (AlmuStraggler *self,
          int            image)
{
  g_autofree char *frame = g_strdup_printf ("imageViewConfigStore.visibleFrames[%d]", image);
  g_autofree char *parameters = NULL;
  AlmuScript       script = { .path = (char *) "tileService", .action = (char *) "requestTiles" };

  parameters = g_strdup_printf ("[{\"macroTarget\":\"%s\",\"macroVariable\":\"requiredTiles[0]\"},"
                                "{\"macroTarget\":\"%s.frameInfo\",\"macroVariable\":\"fileId\"},"
                                "{\"macroTarget\":\"%s\",\"macroVariable\":\"channel\"},"
                                "{\"macroTarget\":\"%s\",\"macroVariable\":\"stokes\"},"
                                "{\"macroTarget\":\"%s\",\"macroVariable\":\"requiredTiles[1]\"},%d,true]",
                                frame, frame, frame, frame, frame, QUALITY);
  script.parameters = parameters;
  self->is_asking = TRUE;
  almu_scripting_ask (self->link, &script, almu_link_get_cancellable (self->link), on_asked_anew, self);
}

static void
on_n_images (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  AlmuStraggler *self = user_data;
  g_autoptr(JsonNode) value = take_answer (self, result);
  gint64 n_images = get_number (value);

  if (n_images < 1 || self->is_late || !owes_nothing (self))
    return;

  self->is_helped = TRUE;
  g_debug ("Link %s: the page waits for tiles that it has not asked for", almu_link_get_peer (self->link));
  for (int i = 0; i < MIN (n_images, MAX_IMAGES); i++)
    ask_anew (self, i);
}

static void
on_n_tiles (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  AlmuStraggler *self = user_data;
  g_autoptr(JsonNode) value = take_answer (self, result);
  gint64 n_tiles = get_number (value);

  if (n_tiles == 0)
    self->is_helped = FALSE;
  else if (n_tiles > 0 && !self->is_helped && !self->is_late)
    ask_for (self, "imageViewConfigStore.visibleFrames", "length", on_n_images);
}

/* A map of channels has tiles of many planes on their way. */
static void
on_map_known (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  AlmuStraggler *self = user_data;
  g_autoptr(JsonNode) value = take_answer (self, result);

  if (value != NULL && JSON_NODE_HOLDS_VALUE (value) && !json_node_get_boolean (value))
    ask_for (self, "tileService", "remainingTiles", on_n_tiles);
}

/**
 * almu_straggler_new:
 * @link: to a page
 *
 * Hears from now on what the page says, and asks nothing before
 * almu_straggler_check().
 *
 * Returns: (transfer full): to go with @link
 */
AlmuStraggler *
almu_straggler_new (AlmuLink *link)
{
  AlmuStraggler *self = g_new0 (AlmuStraggler, 1);

  self->link = link;
  g_signal_connect (link, "heard", G_CALLBACK (on_heard), self);

  return self;
}

/**
 * almu_straggler_free:
 * @self: (transfer full): a straggler
 *
 * Does not stop listening, and questions may be on their way: free it with its
 * link, which both hold.
 */
void
almu_straggler_free (AlmuStraggler *self)
{
  g_free (self);
}

/**
 * almu_straggler_check:
 *
 * Asks the page whether it waits for tiles, if it should not. An older page
 * is made otherwise.
 */
void
almu_straggler_check (AlmuStraggler *self)
{
  if (self->is_asking || almu_link_get_icd_version (self->link) < ALMU_ICD_VERSION || !owes_nothing (self))
    return;

  self->is_late = FALSE;
  ask_for (self, "channelMapStore", "isChannelMapEnabled", on_map_known);
}
