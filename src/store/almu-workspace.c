/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-workspace.h"

#include <math.h>

#include "almu-json-text.h"
#include "almu-look.h"

#define SCHEMA "https://cartavis.org/schemas/workspace_schema_1.json"

/* The version of the page that this was tried with, and of its format. */
#define FRONTEND_VERSION "6.0.0"
#define WORKSPACE_VERSION 0

/* A file that the page can open again. */
typedef struct
{
  const AlmuFileWish *wish;
  const AlmuFileName *name;
  int                 stokes;
  gboolean            is_rest; /* not the first file of a hypercube */
  AlmuLook           *look;    /* NULL if nothing is known */
} Item;

typedef struct
{
  GArray *items;
  int     references[ALMU_N_LOOK_REFERENCES]; /* places in items */
} Writer;

static const char *const reference_names[] = { "spatial", "spectral", "raster" };

G_STATIC_ASSERT (G_N_ELEMENTS (reference_names) == ALMU_N_LOOK_REFERENCES);

static void
clear_item (gpointer data)
{
  Item *item = data;

  g_clear_pointer (&item->look, almu_look_free);
}

static Item *
get_item (Writer *writer,
          guint   i)
{
  return &g_array_index (writer->items, Item, i);
}

static int
find_place (Writer *writer,
            int     file_id)
{
  for (guint i = 0; i < writer->items->len; i++)
    if (get_item (writer, i)->wish->id == file_id)
      return (int) i;

  return -1;
}

/* The place of the file that the one at @place follows, or -1. */
static int
find_reference (Writer           *writer,
                guint             place,
                AlmuLookReference what)
{
  Item *item = get_item (writer, place);
  int   file_id;

  if (item->look == NULL || !almu_look_get_reference (item->look, what, &file_id))
    return -1;

  return find_place (writer, file_id);
}

/* The page has one reference of each kind, whoever says so first. Where
 * nobody does, a number that no file has: the page takes two that are not
 * there for equal, and would match all files. */
static void
choose_references (Writer *writer)
{
  for (guint what = 0; what < ALMU_N_LOOK_REFERENCES; what++)
    {
      writer->references[what] = (int) writer->items->len;

      for (guint i = writer->items->len; i-- > 0;)
        {
          int place = find_reference (writer, i, what);

          if (place >= 0)
            writer->references[what] = place;
        }
    }
}

/* -- regions ------------------------------------------------------------ */

static gboolean
is_finite (const AlmuShape *shape)
{
  if (!isfinite (shape->rotation))
    return FALSE;

  for (guint i = 0; i < shape->n_points; i++)
    if (!isfinite (shape->points[i].x) || !isfinite (shape->points[i].y))
      return FALSE;

  return TRUE;
}

/* The page keeps control points as it sends them: pixels, with a size as the
 * second of a rectangle or an ellipse. */
static JsonObject *
write_region (const AlmuRegionWish *wish,
              AlmuLook             *look)
{
  const AlmuShape *shape = wish->shape;
  JsonObject      *region = json_object_new ();
  JsonArray       *points = json_array_sized_new (shape->n_points);

  json_object_set_int_member (region, "id", wish->id);
  json_object_set_int_member (region, "type", shape->type);
  json_object_set_double_member (region, "rotation", shape->rotation);
  for (guint i = 0; i < shape->n_points; i++)
    json_array_add_object_element (points, almu_look_dup_point (shape->points[i].x, shape->points[i].y));
  json_object_set_array_member (region, "points", points);
  if (look != NULL)
    almu_look_add_to_region (look, wish->id, shape->type, region);

  return region;
}

static JsonObject *
write_regions (const Item *item)
{
  JsonObject *set = json_object_new ();
  JsonArray  *regions = json_array_new ();
  int         selected = item->look != NULL ? almu_look_get_selected_region (item->look) : 0;

  for (guint i = 0; i < item->wish->regions->len; i++)
    {
      const AlmuRegionWish *wish = &g_array_index (item->wish->regions, AlmuRegionWish, i);

      if (wish->id > 0 && wish->shape != NULL && is_finite (wish->shape))
        json_array_add_object_element (regions, write_region (wish, item->look));
    }
  json_object_set_array_member (set, "regions", regions);
  if (selected > 0)
    json_object_set_int_member (set, "selectedRegion", selected);

  return set;
}

/* -- files -------------------------------------------------------------- */

static JsonObject *
write_references (Writer *writer,
                  guint   place)
{
  g_autoptr(JsonObject) references = json_object_new ();

  for (guint what = 0; what < ALMU_N_LOOK_REFERENCES; what++)
    {
      int other = find_reference (writer, place, what);

      if (other >= 0 && other != (int) place)
        json_object_set_int_member (references, reference_names[what], other);
    }

  return json_object_get_size (references) > 0 ? g_steal_pointer (&references) : NULL;
}

static JsonObject *
write_file (Writer *writer,
            guint   place)
{
  Item       *item = get_item (writer, place);
  JsonObject *file = json_object_new ();
  JsonObject *references = write_references (writer, place);

  json_object_set_int_member (file, "id", place);
  json_object_set_string_member (file, "directory", item->name->directory);
  json_object_set_string_member (file, "filename", item->name->name);
  json_object_set_string_member (file, "hdu", item->name->hdu);
  json_object_set_int_member (file, "channel", MAX (item->wish->channel, 0));
  json_object_set_int_member (file, "stokes", MAX (item->stokes, 0));
  if (references != NULL)
    json_object_set_object_member (file, "references", references);
  if (item->wish->regions->len > 0 && !item->is_rest)
    json_object_set_object_member (file, "regionsSet", write_regions (item));
  if (item->look != NULL)
    almu_look_add_to_file (item->look, file);
  if (item->wish->knows_contours)
    almu_look_add_contours (item->look, item->wish->contours, file);
  if (item->wish->knows_vectors)
    almu_look_add_vectors (item->look, item->wish->vectors, file);

  return file;
}

static JsonArray *
write_files (Writer *writer)
{
  JsonArray *files = json_array_new ();

  for (guint i = 0; i < writer->items->len; i++)
    json_array_add_object_element (files, write_file (writer, i));

  return files;
}

static int
find_active (Writer *writer)
{
  for (guint i = 0; i < writer->items->len; i++)
    {
      AlmuLook *look = get_item (writer, i)->look;

      if (look != NULL && almu_look_is_active (look))
        return (int) i;
    }

  return 0;
}

static JsonObject *
write_all (Writer            *writer,
           const AlmuMemento *memento,
           const char        *name)
{
  JsonObject *workspace = json_object_new ();
  JsonObject *references = json_object_new ();

  for (guint what = 0; what < ALMU_N_LOOK_REFERENCES; what++)
    json_object_set_int_member (references, reference_names[what], writer->references[what]);

  json_object_set_string_member (workspace, "$schema", SCHEMA);
  json_object_set_int_member (workspace, "workspaceVersion", WORKSPACE_VERSION);
  json_object_set_string_member (workspace, "frontendVersion", FRONTEND_VERSION);
  json_object_set_string_member (workspace, "name", name);
  json_object_set_string_member (workspace, "description", memento->title != NULL ? memento->title : "");
  json_object_set_int_member (workspace, "date", memento->last_seen);
  json_object_set_boolean_member (workspace, "editable", FALSE);
  json_object_set_int_member (workspace, "selectedFile", find_active (writer));
  json_object_set_object_member (workspace, "references", references);
  json_object_set_array_member (workspace, "files", write_files (writer));

  return workspace;
}

/* A workspace has no place for hypercubes: their files are listed one by
 * one, and the first takes along what was known of all. */
static void
add_hypercube (Writer             *writer,
               const AlmuFileWish *wish)
{
  for (guint i = 0; i < wish->name->parts->len; i++)
    {
      const AlmuPartName *part = wish->name->parts->pdata[i];
      Item                item = { wish, part->file, 0, i > 0, NULL };

      if (!item.is_rest)
        item.look = almu_look_parse (wish->look);
      g_array_append_val (writer->items, item);
    }
}

static void
add_item (Writer             *writer,
          const AlmuFileWish *wish)
{
  Item item = { wish, wish->name, wish->stokes, FALSE, NULL };

  if (wish->name == NULL)
    return;

  if (wish->name->parts != NULL)
    {
      add_hypercube (writer, wish);
      return;
    }

  item.look = almu_look_parse (wish->look);
  g_array_append_val (writer->items, item);
}

/**
 * almu_workspace_write:
 * @memento: a session
 * @name: what the workspace is called
 *
 * Writes a session in the page's own format, so that the page can rebuild
 * the view by itself. What only the page knows comes from the looks of the
 * files; see almu_look_parse(). Left out is what a workspace has no place
 * for: cursor, requirements, files that are no files.
 *
 * Files are numbered by their place, as a page numbers them that opens
 * them first of all; the page finds the one in front by that number.
 *
 * Returns: (transfer full): JSON text
 */
char *
almu_workspace_write (const AlmuMemento *memento,
                      const char        *name)
{
  Writer writer = { g_array_new (FALSE, FALSE, sizeof (Item)) };
  g_autoptr(JsonNode) node = json_node_alloc ();
  g_autofree char *text = NULL;

  g_return_val_if_fail (memento != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  g_array_set_clear_func (writer.items, clear_item);
  for (guint i = 0; i < memento->files->len; i++)
    add_item (&writer, memento->files->pdata[i]);
  choose_references (&writer);

  json_node_take_object (json_node_init (node, JSON_NODE_OBJECT), write_all (&writer, memento, name));
  text = json_to_string (node, FALSE);
  g_array_unref (writer.items);

  return almu_json_text_mend (text);
}
