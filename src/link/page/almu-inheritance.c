/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-inheritance.h"

#include <json-glib/json-glib.h>

#include "almu-catalog-plot.h"
#include "almu-json-text.h"
#include "almu-session-catalogs.h"

/* What only the page knows of a kept session is in its looks. The session
 * that a page has rebuilt from it has other numbers for the same files and
 * regions: its looks are those of before with these numbers in them.
 */

static int
get_id (JsonObject *look,
        const char *name)
{
  JsonNode *node = json_object_get_member (look, name);

  if (node == NULL || json_node_get_value_type (node) != G_TYPE_INT64)
    return -1;

  return (int) CLAMP (json_node_get_int (node), -1, G_MAXINT);
}

/* -- files -------------------------------------------------------------- */

/* Those of a hypercube are listed one by one in a workspace. */
static guint
count_places (const AlmuFileWish *wish)
{
  return wish->name != NULL && wish->name->parts != NULL ? wish->name->parts->len : 1;
}

static GPtrArray *
list_places (const AlmuMemento *kept)
{
  GPtrArray *names = g_ptr_array_new ();

  for (guint i = 0; i < kept->files->len; i++)
    {
      const AlmuFileWish *wish = kept->files->pdata[i];

      GPtrArray *parts = wish->name != NULL ? wish->name->parts : NULL;

      if (parts == NULL)
        g_ptr_array_add (names, wish->name);
      for (guint j = 0; parts != NULL && j < parts->len; j++)
        g_ptr_array_add (names, ((AlmuPartName *) parts->pdata[j])->file);
    }

  return names;
}

/* Without the HDU, which the page may spell in another way. */
static gboolean
is_same (const AlmuFileName *name,
         const AlmuFileName *kept)
{
  return kept != NULL && name->parts == NULL &&
         g_str_equal (name->name, kept->name) && g_str_equal (name->directory, kept->directory);
}

/**
 * almu_inheritance_is_part:
 * @kept: the session before
 * @heir: a session whose page may be rebuilding it from the workspace of @kept
 *
 * Whether nothing but files of @kept is open there, in their order.
 */
gboolean
almu_inheritance_is_part (const AlmuMemento *kept,
                          AlmuSession       *heir)
{
  GPtrArray *files;
  g_autoptr(GPtrArray) names = NULL;

  g_return_val_if_fail (kept != NULL, FALSE);
  g_return_val_if_fail (ALMU_IS_SESSION (heir), FALSE);

  files = almu_session_list_files (heir);
  names = list_places (kept);
  for (guint i = 0; i < files->len; i++)
    {
      if (i == names->len || !is_same (almu_file_get_name (files->pdata[i]), names->pdata[i]))
        return FALSE;
    }

  return TRUE;
}

/**
 * almu_inheritance_has_files:
 * @kept: the session before
 * @heir: a session that a page is rebuilding from the workspace of @kept
 *
 * Whether all files of @kept are open there.
 */
gboolean
almu_inheritance_has_files (const AlmuMemento *kept,
                            AlmuSession       *heir)
{
  GPtrArray *files;
  g_autoptr(GPtrArray) names = NULL;

  g_return_val_if_fail (kept != NULL, FALSE);
  g_return_val_if_fail (ALMU_IS_SESSION (heir), FALSE);

  files = almu_session_list_files (heir);
  names = list_places (kept);
  if (files->len < names->len)
    return FALSE;

  for (guint i = 0; i < names->len; i++)
    {
      if (!is_same (almu_file_get_name (files->pdata[i]), names->pdata[i]))
        return FALSE;
    }

  return TRUE;
}

/**
 * almu_inheritance_has_regions:
 * @kept: the session before
 * @heir: likewise
 *
 * Whether as many regions are drawn there.
 */
gboolean
almu_inheritance_has_regions (const AlmuMemento *kept,
                              AlmuSession       *heir)
{
  guint n = 0;

  g_return_val_if_fail (kept != NULL, FALSE);
  g_return_val_if_fail (ALMU_IS_SESSION (heir), FALSE);

  for (guint i = 0; i < kept->files->len; i++)
    n += ((AlmuFileWish *) kept->files->pdata[i])->regions->len;

  return almu_session_get_n_regions (heir) >= n;
}

/* -- regions ------------------------------------------------------------ */

/* As many are compared, each with all, whenever a page says something. */
#define MAX_COMPARED 200

static gboolean
has_shape (const AlmuFileWish *wish,
           const AlmuShape    *shape)
{
  for (guint i = 0; i < wish->regions->len; i++)
    {
      const AlmuShape *known = g_array_index (wish->regions, AlmuRegionWish, i).shape;

      if (known != NULL && almu_shape_equal (known, shape))
        return TRUE;
    }

  return FALSE;
}

static gboolean
has_no_other (const AlmuFileWish *wish,
              GPtrArray          *regions)
{
  for (guint i = 0; i < regions->len; i++)
    if (!has_shape (wish, almu_region_get_shape (regions->pdata[i])))
      return FALSE;

  return TRUE;
}

/**
 * almu_inheritance_has_nothing_else:
 * @kept: what a page is rebuilding
 * @heir: a session of which almu_inheritance_is_part() holds
 *
 * Whether losing @heir would lose nothing: regions are compared by their shapes.
 *
 * Returns: whether no region is drawn there that @kept does not have; %FALSE
 *   also if there are too many to say
 */
gboolean
almu_inheritance_has_nothing_else (const AlmuMemento *kept,
                                   AlmuSession       *heir)
{
  GPtrArray *files;

  g_return_val_if_fail (kept != NULL, FALSE);
  g_return_val_if_fail (ALMU_IS_SESSION (heir), FALSE);

  if (almu_session_get_n_regions (heir) > MAX_COMPARED)
    return FALSE;

  files = almu_session_list_files (heir);
  for (guint i = 0; i < files->len; i++)
    {
      g_autoptr(GPtrArray) regions = almu_session_list_regions (heir, almu_file_get_id (files->pdata[i]));

      if (regions->len > 0 && (i >= kept->files->len || !has_no_other (kept->files->pdata[i], regions)))
        return FALSE;
    }

  return TRUE;
}

static AlmuRegion *
take_region (GPtrArray       *regions,
             const AlmuShape *shape,
             gboolean         anywhere)
{
  for (guint i = 0; i < regions->len; i++)
    {
      AlmuShape *other = almu_region_get_shape (regions->pdata[i]);

      if (anywhere ? other->type == shape->type : almu_shape_equal (other, shape))
        return g_ptr_array_steal_index (regions, i);
    }

  return NULL;
}

/* By their shapes, in the order they were drawn in; one that has been moved
 * since is known by its kind. */
static GHashTable *
match_regions (const AlmuFileWish *wish,
               GPtrArray          *regions)
{
  GHashTable *matches = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  for (gboolean anywhere = FALSE; anywhere <= TRUE; anywhere++)
    for (guint i = 0; i < wish->regions->len; i++)
      {
        const AlmuRegionWish *region = &g_array_index (wish->regions, AlmuRegionWish, i);
        g_autofree char      *id = g_strdup_printf ("%d", region->id);
        g_autoptr(AlmuRegion) match = NULL;

        if (region->shape == NULL || g_hash_table_contains (matches, id))
          continue;

        match = take_region (regions, region->shape, anywhere);
        if (match != NULL)
          g_hash_table_insert (matches, g_steal_pointer (&id), g_strdup_printf ("%d", almu_region_get_id (match)));
      }

  return matches;
}

static void
renumber_selected (JsonObject *look,
                   GHashTable *matches)
{
  g_autofree char *id = g_strdup_printf ("%d", get_id (look, "selectedRegion"));
  const char      *match = g_hash_table_lookup (matches, id);

  json_object_remove_member (look, "selectedRegion");
  if (match != NULL)
    json_object_set_int_member (look, "selectedRegion", g_ascii_strtoll (match, NULL, 10));
}

static void
renumber_regions (JsonObject         *look,
                  const AlmuFileWish *wish,
                  AlmuSession        *heir,
                  AlmuFile           *file)
{
  g_autoptr(GPtrArray) regions = almu_session_list_regions (heir, almu_file_get_id (file));
  g_autoptr(GHashTable) matches = match_regions (wish, regions);
  JsonNode      *node = json_object_get_member (look, "regions");
  JsonObject    *from = node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  JsonObject    *to = json_object_new ();
  JsonObjectIter iter;
  const char    *id;

  if (from != NULL)
    {
      json_object_iter_init_ordered (&iter, from);
      while (json_object_iter_next_ordered (&iter, &id, &node))
        {
          const char *match = g_hash_table_lookup (matches, id);

          if (match != NULL)
            json_object_set_member (to, match, json_node_copy (node));
        }
    }

  json_object_set_object_member (look, "regions", to);
  renumber_selected (look, matches);
}

/* -- looks -------------------------------------------------------------- */

/* Which file of the heir stands for each of the kept session. */
static GPtrArray *
match_files (const AlmuMemento *kept,
             AlmuSession       *heir)
{
  GPtrArray *files = almu_session_list_files (heir);
  GPtrArray *matches = g_ptr_array_new ();
  guint      place = 0;

  for (guint i = 0; i < kept->files->len; i++)
    {
      g_ptr_array_add (matches, files->pdata[place]);
      place += count_places (kept->files->pdata[i]);
    }

  return matches;
}

static void
renumber_file (JsonObject        *look,
               const char        *name,
               const AlmuMemento *kept,
               GPtrArray         *files)
{
  int id = get_id (look, name);

  json_object_remove_member (look, name);
  for (guint i = 0; id >= 0 && i < files->len; i++)
    {
      if (((AlmuFileWish *) kept->files->pdata[i])->id == id)
        json_object_set_int_member (look, name, almu_file_get_id (files->pdata[i]));
    }
}

static void
renumber_references (JsonObject        *look,
                     const AlmuMemento *kept,
                     GPtrArray         *files)
{
  static const char *const names[] = { "spatialReference", "spectralReference", "rasterScalingReference" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    renumber_file (look, names[i], kept, files);
}

static JsonNode *
parse_look (const char *look)
{
  g_autofree char *clean = look != NULL ? almu_json_text_clean (look, -1, NULL) : NULL;
  g_autoptr(JsonNode) root = clean != NULL ? json_from_string (clean, NULL) : NULL;

  return root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? g_steal_pointer (&root) : NULL;
}

static void
hand_down_file (const AlmuMemento *kept,
                guint              place,
                AlmuSession       *heir,
                GPtrArray         *files)
{
  const AlmuFileWish *wish = kept->files->pdata[place];
  AlmuFile           *file = files->pdata[place];
  g_autoptr(JsonNode) root = parse_look (wish->look);
  g_autofree char *text = NULL;
  g_autofree char *look = NULL;

  if (root == NULL)
    return;

  renumber_references (json_node_get_object (root), kept, files);
  renumber_regions (json_node_get_object (root), wish, heir, file);
  text = json_to_string (root, FALSE);
  look = almu_json_text_mend (text);
  almu_file_set_look (file, look);
}

static void
hand_down_catalog (const AlmuMemento     *kept,
                   const AlmuCatalogWish *wish,
                   AlmuCatalogFile       *catalog,
                   GPtrArray             *files)
{
  g_autoptr(JsonNode) root = parse_look (wish->look);
  g_autofree char *text = NULL;
  g_autofree char *look = NULL;

  if (root == NULL)
    return;

  renumber_file (json_node_get_object (root), ALMU_CATALOG_PLOT_IMAGE, kept, files);
  text = json_to_string (root, FALSE);
  look = almu_json_text_mend (text);
  almu_catalog_file_set_look (catalog, look);
}

/* The page has opened those that it could, one after the other. */
static void
hand_down_catalogs (const AlmuMemento *kept,
                    AlmuSession       *heir,
                    GPtrArray         *files)
{
  GPtrArray *catalogs = almu_session_list_catalogs (heir);
  guint      next = 0;

  for (guint i = 0; i < catalogs->len; i++)
    for (guint j = next; j < kept->catalogs->len; j++)
      {
        const AlmuCatalogWish *wish = kept->catalogs->pdata[j];

        if (wish->name == NULL ||
            !almu_file_name_equal (almu_catalog_file_get_name (catalogs->pdata[i]), wish->name))
          continue;

        hand_down_catalog (kept, wish, catalogs->pdata[i], files);
        next = j + 1;
        break;
      }
}

/**
 * almu_inheritance_hand_down:
 * @kept: the session before
 * @heir: a session that a page has rebuilt from the workspace of @kept
 *
 * Gives the files and catalogs of @heir the looks that they were rebuilt
 * with. Until the page itself has been looked at nothing else knows of them.
 */
void
almu_inheritance_hand_down (const AlmuMemento *kept,
                            AlmuSession       *heir)
{
  g_autoptr(GPtrArray) files = NULL;

  g_return_if_fail (kept != NULL);
  g_return_if_fail (ALMU_IS_SESSION (heir));
  g_return_if_fail (almu_inheritance_has_files (kept, heir));

  files = match_files (kept, heir);
  for (guint i = 0; i < files->len; i++)
    hand_down_file (kept, i, heir, files);
  hand_down_catalogs (kept, heir, files);
}
