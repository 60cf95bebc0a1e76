/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-onlooker.h"

#include <json-glib/json-glib.h>

#include "almu-frame.h"
#include "almu-catalog-plot.h"
#include "almu-json-text.h"
#include "almu-link.h"
#include "almu-look-leaves.h"
#include "almu-message.h"
#include "almu-scripting.h"
#include "almu-session-catalogs.h"

/**
 * AlmuOnlooker:
 *
 * Learns what only the page knows of a view (zoom, centre, colour map, clip
 * limits, which image follows which, how contours, vectors, regions and
 * annotations are drawn, which catalogs are plotted), so that it looks as it
 * did when it comes back. Reads single values through what the page offers to
 * scripts, which changes nothing there, and only while the user pauses after
 * having done something.
 *
 * The values of a file become its look, and so do those of a catalog: a JSON
 * document whose members are named as in the page.
 */
struct _AlmuOnlooker
{
  GObject parent_instance;

  AlmuSwitchboard *switchboard;
};

G_DEFINE_FINAL_TYPE (AlmuOnlooker, almu_onlooker, G_TYPE_OBJECT)

/* A pause of the user, not of the mouse. */
#define QUIET_MSEC 1500

/* How many regions of a file are looked at: each is a few questions. */
#define MAX_REGIONS 200

static const char *const region_leaves[] = { "name", "color", "lineWidth", "dashLength", "isLocked" };

/* One look at one page. */
typedef struct
{
  AlmuLink     *link; /* unowned: the watch goes with it */
  guint         quiet_source;
  gboolean      is_looking;
  GCancellable *cancellable;

  int         active_id; /* of the file in front; -1 for none */
  gboolean    knows_active;
  gboolean    knows_layout;
  char       *layout;   /* what the page calls the one it has, or NULL */
  int         n_frames; /* how many images the page has; -1 before it said */
  int         frame;    /* which of them */
  AlmuFile   *file;     /* the one it is, or NULL while that is asked */
  guint       leaf;
  int         n_regions; /* as n_frames */
  int         region;
  guint       region_leaf;
  int         region_id;
  JsonObject *look;

  guint            n_catalogs_seen;
  AlmuCatalogFile *catalog; /* the one that is asked about, or NULL */
  guint            catalog_leaf;
  gboolean         knows_image; /* to which it belongs */
} Watch;

static void ask_next (Watch *watch);

static void
stop_looking (Watch *watch)
{
  watch->is_looking = FALSE;
  g_clear_pointer (&watch->layout, g_free);
  g_clear_object (&watch->file);
  g_clear_object (&watch->catalog);
  g_clear_pointer (&watch->look, json_object_unref);
}

static void
watch_free (gpointer data)
{
  Watch *watch = data;

  stop_looking (watch);
  g_clear_object (&watch->cancellable);
  g_clear_handle_id (&watch->quiet_source, g_source_remove);
  g_free (watch);
}

static void
almu_onlooker_dispose (GObject *object)
{
  g_clear_object (&ALMU_ONLOOKER (object)->switchboard);

  G_OBJECT_CLASS (almu_onlooker_parent_class)->dispose (object);
}

static void
almu_onlooker_class_init (AlmuOnlookerClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = almu_onlooker_dispose;
}

static void
almu_onlooker_init (AlmuOnlooker *self)
{
}

/* -- asking ------------------------------------------------------------- */

static void
ask_action (Watch              *watch,
            const char         *object,
            const char         *action,
            const char         *parameters,
            GAsyncReadyCallback callback)
{
  AlmuScript script = {
    .path = (char *) object,
    .action = (char *) action,
    .parameters = (char *) parameters,
  };

  almu_scripting_ask (watch->link, &script, watch->cancellable, callback, watch);
}

static void
ask (Watch              *watch,
     const char         *object,
     const char         *name,
     GAsyncReadyCallback callback)
{
  g_autofree char *parameters = g_strdup_printf ("[{\"macroTarget\":\"%s\",\"macroVariable\":\"%s\"}]", object, name);

  ask_action (watch, "", "fetchParameter", parameters, callback);
}

/* The value that the page gave, or NULL if it has none; FALSE if the page
 * has gone. */
static gboolean
take_answer (Watch        *watch,
             GAsyncResult *result,
             JsonNode    **out_value)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuScriptReply) reply = almu_script_finish (result, &error);
  g_autofree char *clean = NULL;

  *out_value = NULL;
  if (reply == NULL)
    {
      stop_looking (watch);
      return FALSE;
    }

  if (reply->success && reply->response != NULL)
    clean = almu_json_text_clean (reply->response, -1, NULL);
  if (clean != NULL)
    *out_value = json_from_string (clean, NULL);
  if (*out_value != NULL && JSON_NODE_HOLDS_NULL (*out_value))
    g_clear_pointer (out_value, json_node_unref);

  return TRUE;
}

static JsonObject *
get_group (JsonObject *parent,
           const char *name)
{
  if (!json_object_has_member (parent, name))
    json_object_set_object_member (parent, name, json_object_new ());

  return json_object_get_object_member (parent, name);
}

static gboolean
is_enabled (Watch      *watch,
            const char *group)
{
  JsonObject *object = get_group (watch->look, group);

  return json_object_get_boolean_member_with_default (object, ALMU_LOOK_ENABLED, FALSE);
}

static void
drop_disabled (Watch *watch)
{
  static const char *const groups[] = { "contourConfig", "vectorOverlayConfig" };

  for (guint i = 0; i < G_N_ELEMENTS (groups); i++)
    {
      if (!is_enabled (watch, groups[i]))
        json_object_remove_member (watch->look, groups[i]);
    }
}

static char *
print_look (Watch *watch)
{
  g_autoptr(JsonNode) root = json_node_new (JSON_NODE_OBJECT);
  g_autofree char *text = NULL;

  json_node_set_object (root, watch->look);
  text = json_to_string (root, FALSE);

  return almu_json_text_mend (text);
}

static void
finish_file (Watch *watch)
{
  g_autofree char *look = NULL;

  drop_disabled (watch);
  if (almu_file_get_id (watch->file) == watch->active_id)
    {
      json_object_set_boolean_member (watch->look, "active", TRUE);
      if (watch->layout != NULL)
        json_object_set_string_member (watch->look, "layout", watch->layout);
    }
  look = print_look (watch);
  almu_file_set_look (watch->file, look);

  watch->frame++;
  g_clear_object (&watch->file);
  g_clear_pointer (&watch->look, json_object_unref);
}

static int
get_number (JsonNode *value,
            int       otherwise)
{
  return value != NULL && JSON_NODE_HOLDS_VALUE (value) ? (int) json_node_get_int (value) : otherwise;
}

static void
on_n_frames (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  Watch *watch = user_data;
  g_autoptr(JsonNode) value = NULL;

  if (!take_answer (watch, result, &value))
    return;

  watch->n_frames = get_number (value, 0);
  ask_next (watch);
}

static void
on_active (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  Watch *watch = user_data;
  g_autoptr(JsonNode) value = NULL;

  if (!take_answer (watch, result, &value))
    return;

  watch->active_id = get_number (value, -1);
  watch->knows_active = TRUE;
  ask_next (watch);
}

static void
on_layout (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  Watch *watch = user_data;
  g_autoptr(JsonNode) value = NULL;

  if (!take_answer (watch, result, &value))
    return;

  if (value != NULL && json_node_get_value_type (value) == G_TYPE_STRING)
    watch->layout = json_node_dup_string (value);
  watch->knows_layout = TRUE;
  ask_next (watch);
}

static void
on_frame_known (GObject      *source,
                GAsyncResult *result,
                gpointer      user_data)
{
  Watch *watch = user_data;
  g_autoptr(JsonNode) value = NULL;
  AlmuSession *session;
  AlmuFile    *file = NULL;

  if (!take_answer (watch, result, &value))
    return;

  session = almu_link_get_session (watch->link);
  if (session != NULL)
    file = almu_session_get_file (session, get_number (value, -1), NULL);

  /* the page has images that are not files, or we are behind */
  if (file == NULL)
    {
      watch->frame++;
      ask_next (watch);
      return;
    }

  watch->file = g_object_ref (file);
  watch->look = json_object_new ();
  watch->leaf = 0;
  watch->n_regions = -1;
  watch->region = 0;
  watch->region_leaf = 0;
  watch->region_id = 0;
  ask_next (watch);
}

static void
on_leaf (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  Watch              *watch = user_data;
  const AlmuLookLeaf *leaf = &almu_look_leaves[watch->leaf];
  JsonNode           *value;
  JsonObject         *group;

  if (!take_answer (watch, result, &value))
    return;

  group = leaf->group != NULL ? get_group (watch->look, leaf->group) : watch->look;
  if (value != NULL)
    json_object_set_member (group, leaf->member != NULL ? leaf->member : leaf->name, value);
  watch->leaf++;
  ask_next (watch);
}

static void
on_n_regions (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  Watch *watch = user_data;
  g_autoptr(JsonNode) value = NULL;

  if (!take_answer (watch, result, &value))
    return;

  watch->n_regions = MIN (get_number (value, 0), MAX_REGIONS);
  ask_next (watch);
}

static void
on_region_id (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  Watch *watch = user_data;
  g_autoptr(JsonNode) value = NULL;

  if (!take_answer (watch, result, &value))
    return;

  watch->region_id = get_number (value, 0);
  watch->region_leaf = 0;
  /* the cursor is not one, nor is what was not acknowledged yet */
  if (watch->region_id < 1)
    {
      watch->region++;
      watch->region_id = 0;
    }
  ask_next (watch);
}

static JsonObject *
get_region (Watch *watch)
{
  g_autofree char *id = g_strdup_printf ("%d", watch->region_id);

  return get_group (get_group (watch->look, "regions"), id);
}

static void
end_region (Watch *watch)
{
  watch->region++;
  watch->region_id = 0;
}

/* Other annotations are drawn as regions are. */
static gboolean
has_styles (Watch *watch)
{
  AlmuSession *session = almu_link_get_session (watch->link);
  AlmuRegion  *region = session != NULL ? almu_session_get_region (session, watch->region_id, NULL) : NULL;

  if (region == NULL)
    return FALSE;

  switch (almu_region_get_shape (region)->type)
    {
    case ALMU_SHAPE_ANN_POINT:
    case ALMU_SHAPE_ANN_VECTOR:
    case ALMU_SHAPE_ANN_RULER:
    case ALMU_SHAPE_ANN_TEXT:
    case ALMU_SHAPE_ANN_COMPASS:
      return TRUE;

    default:
      return FALSE;
    }
}

static void
on_region_leaf (GObject      *source,
                GAsyncResult *result,
                gpointer      user_data)
{
  Watch    *watch = user_data;
  JsonNode *value;

  if (!take_answer (watch, result, &value))
    return;

  if (value != NULL)
    json_object_set_member (get_region (watch), region_leaves[watch->region_leaf], value);

  watch->region_leaf++;
  if (watch->region_leaf == G_N_ELEMENTS (region_leaves) && !has_styles (watch))
    end_region (watch);
  ask_next (watch);
}

/* Fonts, arrow heads, text: the page has them all together. */
static void
on_styles (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  Watch    *watch = user_data;
  JsonNode *value;

  if (!take_answer (watch, result, &value))
    return;

  if (value != NULL)
    json_object_set_member (get_region (watch), "annotationStyles", value);
  end_region (watch);
  ask_next (watch);
}

static void
ask_of_region (Watch *watch)
{
  g_autofree char *object = g_strdup_printf ("frames[%d].regionSet.regions[%d]", watch->frame, watch->region);

  if (watch->region_id == 0)
    ask (watch, object, "regionId", on_region_id);
  else if (watch->region_leaf < G_N_ELEMENTS (region_leaves))
    ask (watch, object, region_leaves[watch->region_leaf], on_region_leaf);
  else
    ask_action (watch, object, "getAnnotationStyles", "[]", on_styles);
}

static gboolean
is_worth_asking (Watch              *watch,
                 const AlmuLookLeaf *leaf)
{
  return (!leaf->is_part || is_enabled (watch, leaf->group)) &&
         (!leaf->is_new || almu_link_get_icd_version (watch->link) >= ALMU_ICD_VERSION);
}

static void
pass_over (Watch *watch)
{
  while (watch->leaf < almu_n_look_leaves && !is_worth_asking (watch, &almu_look_leaves[watch->leaf]))
    watch->leaf++;
}

static void
ask_of_file (Watch *watch)
{
  g_autofree char *object = NULL;

  pass_over (watch);
  /* one that follows another has that one's regions */
  if (watch->leaf == almu_n_look_leaves && json_object_has_member (watch->look, "spatialReference"))
    watch->n_regions = 0;

  if (watch->leaf < almu_n_look_leaves)
    {
      object = g_strdup_printf ("frames[%d]%s", watch->frame, almu_look_leaves[watch->leaf].object);
      ask (watch, object, almu_look_leaves[watch->leaf].name, on_leaf);
    }
  else if (watch->n_regions < 0)
    {
      object = g_strdup_printf ("frames[%d].regionSet.regions", watch->frame);
      ask (watch, object, "length", on_n_regions);
    }
  else if (watch->region < watch->n_regions)
    {
      ask_of_region (watch);
    }
  else
    {
      finish_file (watch);
      ask_next (watch);
    }
}

/* Of what is not plotted only the image is known that it belongs to. */
static void
finish_catalog (Watch *watch)
{
  g_autofree char *look = json_object_get_size (watch->look) > 0 ? print_look (watch) : NULL;

  almu_catalog_file_set_look (watch->catalog, look);
  g_clear_object (&watch->catalog);
  g_clear_pointer (&watch->look, json_object_unref);
}

static void
on_catalog_leaf (GObject      *source,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  Watch      *watch = user_data;
  const char *leaf = almu_catalog_plot_leaves[watch->catalog_leaf];
  JsonNode   *value;
  gboolean    is_plotted;

  if (!take_answer (watch, result, &value))
    return;

  is_plotted = watch->catalog_leaf > 0 ||
               (value != NULL && JSON_NODE_HOLDS_VALUE (value) && json_node_get_boolean (value));
  if (value != NULL && is_plotted)
    json_object_set_member (watch->look, leaf, value);
  else
    g_clear_pointer (&value, json_node_unref);
  watch->catalog_leaf++;
  if (!is_plotted || almu_catalog_plot_leaves[watch->catalog_leaf] == NULL)
    finish_catalog (watch);
  ask_next (watch);
}

static void
on_catalog_image (GObject      *source,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  Watch *watch = user_data;
  g_autoptr(JsonNode) value = NULL;
  int file_id;

  if (!take_answer (watch, result, &value))
    return;

  file_id = get_number (value, -1);
  if (file_id >= 0)
    json_object_set_int_member (watch->look, ALMU_CATALOG_PLOT_IMAGE, file_id);
  watch->knows_image = TRUE;
  ask_next (watch);
}

/* Catalogs that the page has: it would make a widget for others. */
static void
choose_catalog (Watch *watch)
{
  AlmuSession *session = almu_link_get_session (watch->link);
  GPtrArray   *catalogs = session != NULL ? almu_session_list_catalogs (session) : NULL;

  while (watch->catalog == NULL && catalogs != NULL && watch->n_catalogs_seen < catalogs->len)
    {
      AlmuCatalogFile *catalog = catalogs->pdata[watch->n_catalogs_seen++];

      if (almu_catalog_file_get_table (catalog) == NULL)
        continue;

      watch->catalog = g_object_ref (catalog);
      watch->catalog_leaf = 0;
      watch->knows_image = FALSE;
      watch->look = json_object_new ();
    }
}

static void
ask_of_catalogs (Watch *watch)
{
  g_autoptr(AlmuScript) script = NULL;
  g_autofree char *parameters = NULL;

  choose_catalog (watch);
  if (watch->catalog == NULL)
    {
      stop_looking (watch);
      return;
    }

  if (!watch->knows_image)
    {
      parameters = g_strdup_printf ("[%d]", almu_catalog_file_get_id (watch->catalog));
      ask_action (watch, "catalogStore", "getFrameIdByCatalogId", parameters, on_catalog_image);
      return;
    }

  script = almu_catalog_plot_make_question (almu_catalog_file_get_id (watch->catalog),
                                            almu_catalog_plot_leaves[watch->catalog_leaf]);
  almu_scripting_ask (watch->link, script, watch->cancellable, on_catalog_leaf, watch);
}

/* The next question of the look: how many images the page has, which is in
 * front and in what layout, which file each is, its values one by one, its regions one by one, its catalogs. Never
 * for what is not there: the page would complain to its console. */
static void
ask_next (Watch *watch)
{
  g_autofree char *object = NULL;

  if (watch->n_frames < 0)
    {
      ask (watch, "frames", "length", on_n_frames);
    }
  else if (watch->n_frames > 0 && !watch->knows_active)
    {
      ask (watch, "activeFrame.frameInfo", "fileId", on_active);
    }
  else if (watch->n_frames > 0 && !watch->knows_layout)
    {
      ask (watch, "layoutStore", "currentLayoutName", on_layout);
    }
  else if (watch->file != NULL)
    {
      ask_of_file (watch);
    }
  else if (watch->frame < watch->n_frames)
    {
      object = g_strdup_printf ("frames[%d].frameInfo", watch->frame);
      ask (watch, object, "fileId", on_frame_known);
    }
  else
    {
      ask_of_catalogs (watch);
    }
}

/* -- when --------------------------------------------------------------- */

static gboolean
on_quiet (gpointer user_data)
{
  Watch       *watch = user_data;
  AlmuSession *session = almu_link_get_session (watch->link);

  watch->quiet_source = 0;
  if (session == NULL || watch->is_looking || almu_session_list_files (session)->len == 0)
    return G_SOURCE_REMOVE;

  g_set_object (&watch->cancellable, almu_link_get_cancellable (watch->link));
  watch->is_looking = TRUE;
  watch->n_frames = -1;
  watch->knows_active = FALSE;
  watch->knows_layout = FALSE;
  watch->active_id = -1;
  watch->frame = 0;
  watch->n_catalogs_seen = 0;
  ask_next (watch);

  return G_SOURCE_REMOVE;
}

static void
on_heard (AlmuLink *link,
          guint     event,
          Watch    *watch)
{
  /* our own questions, and what comes by itself */
  if (event == CARTA__EVENT_TYPE__SCRIPTING_RESPONSE ||
      event == CARTA__EVENT_TYPE__CHANNEL_MAP_FLOW_CONTROL ||
      event == CARTA__EVENT_TYPE__ANIMATION_FLOW_CONTROL)
    return;

  g_clear_handle_id (&watch->quiet_source, g_source_remove);
  watch->quiet_source = g_timeout_add (QUIET_MSEC, on_quiet, watch);
}

static void
on_registered (AlmuSwitchboard *switchboard,
               AlmuLink        *link,
               gboolean         is_new,
               AlmuOnlooker    *self)
{
  Watch *watch;

  /* without a browser there is no page to ask */
  if (almu_link_get_viewer (link) == NULL || g_object_get_data (G_OBJECT (link), "almu-watch") != NULL)
    return;

  watch = g_new0 (Watch, 1);
  watch->link = link;
  g_object_set_data_full (G_OBJECT (link), "almu-watch", watch, watch_free);
  g_signal_connect (link, "heard", G_CALLBACK (on_heard), watch);
}

AlmuOnlooker *
almu_onlooker_new (AlmuSwitchboard *switchboard)
{
  AlmuOnlooker *self = g_object_new (ALMU_TYPE_ONLOOKER, NULL);

  self->switchboard = g_object_ref (switchboard);
  g_signal_connect_object (switchboard, "registered", G_CALLBACK (on_registered), self, 0);

  return self;
}
