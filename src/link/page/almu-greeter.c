/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-greeter.h"

#include <glib/gi18n.h>
#include <json-glib/json-glib.h>

#include "almu-kept.h"
#include "almu-link.h"
#include "almu-scripting.h"
#include "almu-succession.h"
#include "almu-words.h"

/**
 * AlmuGreeter:
 *
 * Brings back the session of a page that was started again, which the ICD
 * calls impossible: the page's memory is gone, but its browser is known by
 * a cookie. Asks inside the unmodified page, by what it offers to scripts,
 * and makes it load the kept session as a workspace.
 *
 * Silent where the page was opened for something in particular, where it
 * begins to do something by itself, and where the kept session is open in
 * another window. A page that is loaded again from an address that was made
 * for one session is asked about that one.
 */
struct _AlmuGreeter
{
  GObject parent_instance;

  AlmuSwitchboard *switchboard;
  AlmuGreeterMode  mode;
  GHashTable      *busy_viewers; /* browsers whose last page came for something */
};

G_DEFINE_FINAL_TYPE (AlmuGreeter, almu_greeter, G_TYPE_OBJECT)

/* The page's file browser is up by then, where it opens by itself. */
#define QUIET_MSEC 2500

/* One page that may be asked. */
typedef struct
{
  AlmuGreeter  *greeter; /* a reference */
  AlmuLink     *link;    /* a reference */
  guint32       kept_id;
  GCancellable *cancellable;
  gulong        heard_handler;
  guint         quiet_source;
} Greeting;

static void
greeting_free (Greeting *greeting)
{
  g_clear_handle_id (&greeting->quiet_source, g_source_remove);
  g_clear_signal_handler (&greeting->heard_handler, greeting->link);
  g_clear_object (&greeting->link);
  g_clear_object (&greeting->cancellable);
  g_clear_object (&greeting->greeter);
  g_free (greeting);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Greeting, greeting_free)

static void
almu_greeter_dispose (GObject *object)
{
  AlmuGreeter *self = ALMU_GREETER (object);

  g_clear_object (&self->switchboard);
  g_clear_pointer (&self->busy_viewers, g_hash_table_unref);

  G_OBJECT_CLASS (almu_greeter_parent_class)->dispose (object);
}

static void
almu_greeter_class_init (AlmuGreeterClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = almu_greeter_dispose;
}

static void
almu_greeter_init (AlmuGreeter *self)
{
  self->busy_viewers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

/* -- which session ------------------------------------------------------ */

/* No window has it now. */
static gboolean
is_left_behind (const AlmuArchiveEntry *entry)
{
  return entry->n_files > 0 &&
         !g_str_equal (entry->state, almu_session_state_get_name (ALMU_SESSION_ATTACHED));
}

/* The one that the page's address names, or that this browser left last. */
static const AlmuArchiveEntry *
find_left_behind (GPtrArray  *list,
                  guint32     prepared_id,
                  const char *viewer)
{
  const AlmuArchiveEntry *last = NULL;

  for (guint i = 0; list != NULL && i < list->len; i++)
    {
      const AlmuArchiveEntry *entry = list->pdata[i];

      if (entry->id == prepared_id)
        return is_left_behind (entry) ? entry : NULL;
      if (last == NULL && is_left_behind (entry) && g_strcmp0 (entry->viewer, viewer) == 0)
        last = entry;
    }

  return last;
}

/* -- the question ------------------------------------------------------- */

static char *
make_question (const AlmuArchiveEntry *kept)
{
  g_autofree char *ago = almu_words_dup_ago (kept->last_seen, g_get_real_time () / G_TIME_SPAN_SECOND);
  g_autofree char *regions = NULL;
  g_autofree char *question = NULL;

  regions = g_strdup_printf (ngettext ("%u region", "%u regions", kept->n_regions), kept->n_regions);

  /* Translators: title of the session, number of regions, how long ago */
  question = g_strdup_printf (_ ("Resume your last session? %s, %s, last seen %s"),
                              kept->title, regions, ago);
  if (!kept->is_suspect)
    return g_steal_pointer (&question);

  return g_strdup_printf ("%s (%s)",
                          question, _ ("The service ended while it restored this session the last time"));
}

static char *
make_parameters (const char *text)
{
  g_autoptr(JsonBuilder) builder = json_builder_new ();
  g_autoptr(JsonNode) root = NULL;

  json_builder_begin_array (builder);
  json_builder_add_string_value (builder, text);
  json_builder_end_array (builder);
  root = json_builder_get_root (builder);

  return json_to_string (root, FALSE);
}

static void
ask_page (Greeting           *greeting,
          const char         *path,
          const char         *action,
          const char         *argument,
          GAsyncReadyCallback callback)
{
  g_autofree char *parameters = make_parameters (argument);
  AlmuScript       script = {
          .path = (char *) path,
          .action = (char *) action,
          .parameters = parameters,
  };

  almu_scripting_ask (greeting->link, &script, greeting->cancellable, callback, greeting);
}

static gboolean
is_yes (const AlmuScriptReply *reply)
{
  return reply != NULL && reply->success && g_strcmp0 (reply->response, "true") == 0;
}

/* The page has opened what it could. */
static void
on_loaded (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(Greeting) greeting = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuScriptReply) reply = almu_script_finish (result, &error);

  if (is_yes (reply))
    {
      almu_succession_conclude (greeting->link);
      return;
    }

  g_debug ("Session %u was not rebuilt: %s", greeting->kept_id,
           error != NULL ? error->message : reply->message);
  if (reply != NULL)
    almu_succession_abandon (greeting->link);
}

static void
load (Greeting *greeting)
{
  g_autofree char *name = g_strdup_printf (ALMU_KEPT_PREFIX "%u", greeting->kept_id);

  almu_succession_begin (greeting->link, greeting->kept_id, TRUE);
  ask_page (greeting, "", "loadWorkspace", name, on_loaded);
}

static void
on_answered (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr(Greeting) greeting = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuScriptReply) reply = almu_script_finish (result, &error);

  if (is_yes (reply))
    load (g_steal_pointer (&greeting));
}

/* The page has settled without opening anything. */
static void
greet (Greeting *greeting)
{
  AlmuGreeter     *self = greeting->greeter;
  AlmuSessions    *sessions = almu_switchboard_get_sessions (self->switchboard);
  const char      *viewer = almu_link_get_viewer (greeting->link);
  g_autofree char *question = NULL;
  g_autoptr(GPtrArray) list = NULL;
  const AlmuArchiveEntry *kept;

  g_clear_handle_id (&greeting->quiet_source, g_source_remove);
  g_clear_signal_handler (&greeting->heard_handler, greeting->link);

  list = almu_kept_list (sessions, NULL);
  kept = find_left_behind (list, almu_link_get_prepared_id (greeting->link), viewer);
  if (kept == NULL || almu_link_get_session (greeting->link) == NULL)
    {
      g_debug ("Link %s: nothing to ask for", almu_link_get_peer (greeting->link));
      greeting_free (greeting);
      return;
    }

  greeting->kept_id = kept->id;
  question = make_question (kept);

  /* what the process did not survive once is not begun again unasked */
  if (self->mode == ALMU_GREETER_AUTO && !kept->is_suspect)
    load (greeting);
  else
    ask_page (greeting, "alertStore", "showInteractiveAlert", question, on_answered);
}

static gboolean
on_quiet (gpointer user_data)
{
  Greeting *greeting = user_data;

  if (almu_link_has_orders (greeting->link))
    return G_SOURCE_CONTINUE;

  greeting->quiet_source = 0;
  greet (greeting);

  return G_SOURCE_REMOVE;
}

static void
on_heard (AlmuLink *link,
          guint     event,
          Greeting *greeting)
{
  /* it knows what it wants */
  if (event == CARTA__EVENT_TYPE__OPEN_FILE || event == CARTA__EVENT_TYPE__CONCAT_STOKES_FILES ||
      event == CARTA__EVENT_TYPE__RESUME_SESSION)
    greeting_free (greeting);
}

/* The page that a session was prepared for comes again, and the session has
 * been there already: what the address asks for is a part of it. */
static gboolean
is_again (AlmuLink *link)
{
  guint32 prepared_id = almu_link_get_prepared_id (link);

  return prepared_id != 0 && almu_session_get_id (almu_link_get_session (link)) != prepared_id;
}

/* It came for something in particular. */
static gboolean
has_purpose (AlmuGreeter *self,
             AlmuLink    *link)
{
  return almu_link_get_prepared_id (link) != 0 ||
         g_hash_table_contains (self->busy_viewers, almu_link_get_viewer (link));
}

static void
on_registered (AlmuSwitchboard *switchboard,
               AlmuLink        *link,
               gboolean         is_new,
               AlmuGreeter     *self)
{
  Greeting *greeting;

  if (self->mode == ALMU_GREETER_NEVER || !is_new || almu_link_get_viewer (link) == NULL ||
      (has_purpose (self, link) && !is_again (link)))
    return;

  greeting = g_new0 (Greeting, 1);
  greeting->greeter = g_object_ref (self);
  greeting->link = g_object_ref (link);
  greeting->cancellable = g_object_ref (almu_link_get_cancellable (link));
  if (!is_again (link))
    greeting->heard_handler = g_signal_connect (link, "heard", G_CALLBACK (on_heard), greeting);
  greeting->quiet_source = g_timeout_add (QUIET_MSEC, on_quiet, greeting);
}

/* A page whose address names a session that has been succeeded is one that
 * was loaded again: the one that stands in its place is asked about. */
static gboolean
is_purpose (AlmuGreeter *self,
            const char  *name,
            const char  *value)
{
  static const char *const purposes[] = { "file", "files", "key", NULL };
  AlmuSessions            *sessions = almu_switchboard_get_sessions (self->switchboard);
  guint32                  id;

  if (!g_str_equal (name, "workspace"))
    return g_strv_contains (purposes, name);

  id = almu_kept_parse_name (value);

  return id == 0 || almu_kept_contains (sessions, id);
}

/**
 * almu_greeter_note_page:
 * @viewer: (nullable): which browser
 * @query: (nullable): the page's parameters
 *
 * A browser has fetched the page. Its link will follow, but not tell what
 * the page was opened for.
 */
void
almu_greeter_note_page (AlmuGreeter *self,
                        const char  *viewer,
                        const char  *query)
{
  GUriParamsIter iter;
  char          *name;
  char          *value;

  g_return_if_fail (ALMU_IS_GREETER (self));

  if (viewer == NULL)
    return;

  g_hash_table_remove (self->busy_viewers, viewer);
  g_uri_params_iter_init (&iter, query != NULL ? query : "", -1, "&", G_URI_PARAMS_WWW_FORM);
  while (g_uri_params_iter_next (&iter, &name, &value, NULL))
    {
      if (is_purpose (self, name, value))
        g_hash_table_add (self->busy_viewers, g_strdup (viewer));
      g_free (name);
      g_free (value);
    }
}

/**
 * almu_greeter_new:
 * @switchboard: whose pages are greeted; held
 * @mode: what happens when a browser returns without knowing its session
 *
 * Looks from now on at each page that registers.
 *
 * Returns: (transfer full): a greeter
 */
AlmuGreeter *
almu_greeter_new (AlmuSwitchboard *switchboard,
                  AlmuGreeterMode  mode)
{
  AlmuGreeter *self = g_object_new (ALMU_TYPE_GREETER, NULL);

  self->switchboard = g_object_ref (switchboard);
  self->mode = mode;
  g_signal_connect_object (switchboard, "registered", G_CALLBACK (on_registered), self, 0);

  return self;
}
