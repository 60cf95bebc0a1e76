/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-glance.h"

#include <json-glib/json-glib.h>

#include "almu-catalog-plot.h"
#include "almu-frame.h"
#include "almu-json-text.h"
#include "almu-link.h"
#include "almu-look-leaves.h"
#include "almu-message.h"
#include "almu-scripting.h"
#include "almu-session-catalogs.h"

/* One look at a page, for #AlmuOnlooker: single values are read through what
 * the page offers to scripts, which changes nothing there. The values of a
 * file become its look, and so do those of a catalog: a JSON document whose
 * members are named as in the page.
 */

/* How many regions of a file are looked at: each is a few questions. */
#define MAX_REGIONS 200

static const char *const region_leaves[] = { "name", "color", "lineWidth", "dashLength", "isLocked" };

/* What to do with the value that the page gave, or NULL if it has none. */
typedef void (*TakeFunc) (AlmuGlance *glance,
                          JsonNode   *value);

struct _AlmuGlance
{
  AlmuLink      *link; /* unowned: this goes with it */
  AlmuGlanceFunc func;
  gpointer       user_data;

  gboolean      is_looking;
  gboolean      has_changed; /* what is seen */
  GCancellable *cancellable;
  TakeFunc      take; /* the answer to the last question */

  guint       n_files;   /* of the session, when it began */
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
};

static void ask_next (AlmuGlance *glance);

static void
stop_looking (AlmuGlance *glance)
{
  glance->is_looking = FALSE;
  g_clear_pointer (&glance->layout, g_free);
  g_clear_object (&glance->file);
  g_clear_object (&glance->catalog);
  g_clear_pointer (&glance->look, json_object_unref);
}

static void
end (AlmuGlance *glance)
{
  stop_looking (glance);
  glance->func (glance, glance->has_changed, glance->user_data);
}

/* -- asking ------------------------------------------------------------- */

static void
on_answer (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  AlmuGlance *glance = user_data;
  g_autoptr(AlmuScriptReply) reply = almu_script_finish (result, NULL);
  g_autoptr(JsonNode) value = NULL;

  /* the page has gone */
  if (reply == NULL)
    {
      stop_looking (glance);
      return;
    }

  value = almu_script_reply_dup_value (reply);
  glance->take (glance, value);
  ask_next (glance);
}

static void
ask_script (AlmuGlance       *glance,
            const AlmuScript *script,
            TakeFunc          take)
{
  glance->take = take;
  almu_scripting_ask (glance->link, script, glance->cancellable, on_answer, glance);
}

static void
ask_action (AlmuGlance *glance,
            const char *object,
            const char *action,
            const char *parameters,
            TakeFunc    take)
{
  const AlmuScript script = {
    .path = (char *) object,
    .action = (char *) action,
    .parameters = (char *) parameters,
  };

  ask_script (glance, &script, take);
}

static void
ask (AlmuGlance *glance,
     const char *object,
     const char *name,
     TakeFunc    take)
{
  glance->take = take;
  almu_scripting_fetch (glance->link, object, name, glance->cancellable, on_answer, glance);
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
is_enabled (AlmuGlance *glance,
            const char *group)
{
  JsonObject *object = get_group (glance->look, group);

  return json_object_get_boolean_member_with_default (object, ALMU_LOOK_ENABLED, FALSE);
}

static void
drop_disabled (AlmuGlance *glance)
{
  static const char *const groups[] = { "contourConfig", "vectorOverlayConfig" };

  for (guint i = 0; i < G_N_ELEMENTS (groups); i++)
    {
      if (!is_enabled (glance, groups[i]))
        json_object_remove_member (glance->look, groups[i]);
    }
}

static char *
print_look (AlmuGlance *glance)
{
  g_autoptr(JsonNode) root = json_node_new (JSON_NODE_OBJECT);
  g_autofree char *text = NULL;

  json_node_set_object (root, glance->look);
  text = json_to_string (root, FALSE);

  return almu_json_text_mend (text);
}

static void
finish_file (AlmuGlance *glance)
{
  g_autofree char *look = NULL;

  drop_disabled (glance);
  if (almu_file_get_id (glance->file) == glance->active_id)
    {
      json_object_set_boolean_member (glance->look, "active", TRUE);
      if (glance->layout != NULL)
        json_object_set_string_member (glance->look, "layout", glance->layout);
    }
  look = print_look (glance);
  glance->has_changed = glance->has_changed || g_strcmp0 (look, almu_file_get_look (glance->file)) != 0;
  almu_file_set_look (glance->file, look);

  glance->frame++;
  g_clear_object (&glance->file);
  g_clear_pointer (&glance->look, json_object_unref);
}

static int
get_number (JsonNode *value,
            int       otherwise)
{
  return value != NULL && JSON_NODE_HOLDS_VALUE (value) ? (int) json_node_get_int (value) : otherwise;
}

static void
take_n_frames (AlmuGlance *glance,
               JsonNode   *value)
{
  glance->n_frames = get_number (value, 0);
}

static void
take_active (AlmuGlance *glance,
             JsonNode   *value)
{
  glance->active_id = get_number (value, -1);
  glance->knows_active = TRUE;
}

static void
take_layout (AlmuGlance *glance,
             JsonNode   *value)
{
  if (value != NULL && json_node_get_value_type (value) == G_TYPE_STRING)
    glance->layout = json_node_dup_string (value);
  glance->knows_layout = TRUE;
}

static void
take_frame_known (AlmuGlance *glance,
                  JsonNode   *value)
{
  AlmuSession *session;
  AlmuFile    *file = NULL;

  session = almu_link_get_session (glance->link);
  if (session != NULL)
    file = almu_session_get_file (session, get_number (value, -1), NULL);

  /* the page has images that are not files, or we are behind */
  if (file == NULL)
    {
      glance->frame++;
      return;
    }

  glance->file = g_object_ref (file);
  glance->look = json_object_new ();
  glance->leaf = 0;
  glance->n_regions = -1;
  glance->region = 0;
  glance->region_leaf = 0;
  glance->region_id = 0;
}

static void
take_leaf (AlmuGlance *glance,
           JsonNode   *value)
{
  const AlmuLookLeaf *leaf = &almu_look_leaves[glance->leaf];
  JsonObject         *group;

  group = leaf->group != NULL ? get_group (glance->look, leaf->group) : glance->look;
  if (value != NULL)
    json_object_set_member (group, leaf->member != NULL ? leaf->member : leaf->name, json_node_copy (value));
  glance->leaf++;
}

static void
take_n_regions (AlmuGlance *glance,
                JsonNode   *value)
{
  glance->n_regions = MIN (get_number (value, 0), MAX_REGIONS);
}

static void
take_region_id (AlmuGlance *glance,
                JsonNode   *value)
{
  glance->region_id = get_number (value, 0);
  glance->region_leaf = 0;
  /* the cursor is not one, nor is what was not acknowledged yet */
  if (glance->region_id < 1)
    {
      glance->region++;
      glance->region_id = 0;
    }
}

static JsonObject *
get_region (AlmuGlance *glance)
{
  g_autofree char *id = g_strdup_printf ("%d", glance->region_id);

  return get_group (get_group (glance->look, "regions"), id);
}

static void
end_region (AlmuGlance *glance)
{
  glance->region++;
  glance->region_id = 0;
}

/* Other annotations are drawn as regions are. */
static gboolean
has_styles (AlmuGlance *glance)
{
  AlmuSession *session = almu_link_get_session (glance->link);
  AlmuRegion  *region = session != NULL ? almu_session_get_region (session, glance->region_id, NULL) : NULL;

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
take_region_leaf (AlmuGlance *glance,
                  JsonNode   *value)
{
  if (value != NULL)
    json_object_set_member (get_region (glance), region_leaves[glance->region_leaf], json_node_copy (value));

  glance->region_leaf++;
  if (glance->region_leaf == G_N_ELEMENTS (region_leaves) && !has_styles (glance))
    end_region (glance);
}

/* Fonts, arrow heads, text: the page has them all together. */
static void
take_styles (AlmuGlance *glance,
             JsonNode   *value)
{
  if (value != NULL)
    json_object_set_member (get_region (glance), "annotationStyles", json_node_copy (value));
  end_region (glance);
}

static void
ask_of_region (AlmuGlance *glance)
{
  g_autofree char *object = g_strdup_printf ("frames[%d].regionSet.regions[%d]", glance->frame, glance->region);

  if (glance->region_id == 0)
    ask (glance, object, "regionId", take_region_id);
  else if (glance->region_leaf < G_N_ELEMENTS (region_leaves))
    ask (glance, object, region_leaves[glance->region_leaf], take_region_leaf);
  else
    ask_action (glance, object, "getAnnotationStyles", "[]", take_styles);
}

static gboolean
is_worth_asking (AlmuGlance         *glance,
                 const AlmuLookLeaf *leaf)
{
  return (!leaf->is_part || is_enabled (glance, leaf->group)) &&
         (!leaf->is_new || almu_link_get_icd_version (glance->link) >= ALMU_ICD_VERSION);
}

static void
pass_over (AlmuGlance *glance)
{
  while (glance->leaf < almu_n_look_leaves && !is_worth_asking (glance, &almu_look_leaves[glance->leaf]))
    glance->leaf++;
}

static void
ask_of_file (AlmuGlance *glance)
{
  g_autofree char *object = NULL;

  pass_over (glance);
  /* one that follows another has that one's regions */
  if (glance->leaf == almu_n_look_leaves && json_object_has_member (glance->look, "spatialReference"))
    glance->n_regions = 0;

  if (glance->leaf < almu_n_look_leaves)
    {
      object = g_strdup_printf ("frames[%d]%s", glance->frame, almu_look_leaves[glance->leaf].object);
      ask (glance, object, almu_look_leaves[glance->leaf].name, take_leaf);
    }
  else if (glance->n_regions < 0)
    {
      object = g_strdup_printf ("frames[%d].regionSet.regions", glance->frame);
      ask (glance, object, "length", take_n_regions);
    }
  else if (glance->region < glance->n_regions)
    {
      ask_of_region (glance);
    }
  else
    {
      finish_file (glance);
      ask_next (glance);
    }
}

/* Of what is not plotted only the image is known that it belongs to. */
static void
finish_catalog (AlmuGlance *glance)
{
  g_autofree char *look = json_object_get_size (glance->look) > 0 ? print_look (glance) : NULL;

  glance->has_changed = glance->has_changed || g_strcmp0 (look, almu_catalog_file_get_look (glance->catalog)) != 0;
  almu_catalog_file_set_look (glance->catalog, look);
  g_clear_object (&glance->catalog);
  g_clear_pointer (&glance->look, json_object_unref);
}

static void
take_catalog_leaf (AlmuGlance *glance,
                   JsonNode   *value)
{
  const char *leaf = almu_catalog_plot_leaves[glance->catalog_leaf];
  gboolean    is_plotted;

  is_plotted = glance->catalog_leaf > 0 ||
               (value != NULL && JSON_NODE_HOLDS_VALUE (value) && json_node_get_boolean (value));
  if (value != NULL && is_plotted)
    json_object_set_member (glance->look, leaf, json_node_copy (value));
  glance->catalog_leaf++;
  if (!is_plotted || almu_catalog_plot_leaves[glance->catalog_leaf] == NULL)
    finish_catalog (glance);
}

static void
take_catalog_image (AlmuGlance *glance,
                    JsonNode   *value)
{
  int file_id = get_number (value, -1);

  if (file_id >= 0)
    json_object_set_int_member (glance->look, ALMU_CATALOG_PLOT_IMAGE, file_id);
  glance->knows_image = TRUE;
}

/* Catalogs that the page has: it would make a widget for others. */
static void
choose_catalog (AlmuGlance *glance)
{
  AlmuSession *session = almu_link_get_session (glance->link);
  GPtrArray   *catalogs = session != NULL ? almu_session_list_catalogs (session) : NULL;

  while (glance->catalog == NULL && catalogs != NULL && glance->n_catalogs_seen < catalogs->len)
    {
      AlmuCatalogFile *catalog = catalogs->pdata[glance->n_catalogs_seen++];

      if (almu_catalog_file_get_table (catalog) == NULL)
        continue;

      glance->catalog = g_object_ref (catalog);
      glance->catalog_leaf = 0;
      glance->knows_image = FALSE;
      glance->look = json_object_new ();
    }
}

static void
ask_of_catalogs (AlmuGlance *glance)
{
  g_autoptr(AlmuScript) script = NULL;
  g_autofree char *parameters = NULL;

  choose_catalog (glance);
  if (glance->catalog == NULL)
    {
      end (glance);
      return;
    }

  if (!glance->knows_image)
    {
      parameters = g_strdup_printf ("[%d]", almu_catalog_file_get_id (glance->catalog));
      ask_action (glance, "catalogStore", "getFrameIdByCatalogId", parameters, take_catalog_image);
      return;
    }

  script = almu_catalog_plot_make_question (almu_catalog_file_get_id (glance->catalog),
                                            almu_catalog_plot_leaves[glance->catalog_leaf]);
  ask_script (glance, script, take_catalog_leaf);
}

static guint
count_files (AlmuGlance *glance)
{
  AlmuSession *session = almu_link_get_session (glance->link);

  return session != NULL ? almu_session_list_files (session)->len : 0;
}

/* The next question of the look: how many images the page has, which is in
 * front and in what layout, which file each is, its values one by one, its
 * regions one by one, its catalogs. Never for what is not there, or has been
 * closed meanwhile: the page would complain to its console. */
static void
ask_next (AlmuGlance *glance)
{
  g_autofree char *object = NULL;

  if (count_files (glance) != glance->n_files)
    {
      end (glance);
    }
  else if (glance->n_frames < 0)
    {
      ask (glance, "frames", "length", take_n_frames);
    }
  else if (glance->n_frames > 0 && !glance->knows_active)
    {
      ask (glance, "activeFrame.frameInfo", "fileId", take_active);
    }
  else if (glance->n_frames > 0 && !glance->knows_layout)
    {
      ask (glance, "layoutStore", "currentLayoutName", take_layout);
    }
  else if (glance->file != NULL)
    {
      ask_of_file (glance);
    }
  else if (glance->frame < glance->n_frames)
    {
      object = g_strdup_printf ("frames[%d].frameInfo", glance->frame);
      ask (glance, object, "fileId", take_frame_known);
    }
  else
    {
      ask_of_catalogs (glance);
    }
}

/* -- from outside -------------------------------------------------------- */

/**
 * almu_glance_new:
 * @link: to a page
 * @func: (scope forever): called when all has been seen, not when the page goes
 * @user_data: for @func
 *
 * Asks nothing before almu_glance_begin().
 *
 * Returns: (transfer full): to go with @link
 */
AlmuGlance *
almu_glance_new (AlmuLink      *link,
                 AlmuGlanceFunc func,
                 gpointer       user_data)
{
  AlmuGlance *self = g_new0 (AlmuGlance, 1);

  self->link = link;
  self->func = func;
  self->user_data = user_data;

  return self;
}

/**
 * almu_glance_free:
 * @self: (transfer full): a glance
 *
 * Forgets a look that is under way, without calling back. No question may be on
 * its way any more: free it with its link, which questions hold.
 */
void
almu_glance_free (AlmuGlance *self)
{
  stop_looking (self);
  g_clear_object (&self->cancellable);
  g_free (self);
}

/**
 * almu_glance_begin:
 *
 * Returns: whether there was not one under way
 */
gboolean
almu_glance_begin (AlmuGlance *self)
{
  if (self->is_looking)
    return FALSE;

  g_set_object (&self->cancellable, almu_link_get_cancellable (self->link));
  self->is_looking = TRUE;
  self->has_changed = FALSE;
  self->n_frames = -1;
  self->knows_active = FALSE;
  self->knows_layout = FALSE;
  self->active_id = -1;
  self->frame = 0;
  self->n_catalogs_seen = 0;
  self->n_files = count_files (self);
  ask_next (self);

  return TRUE;
}
