/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-record-writer.h"

/* Writing regions: those of a record, and those that are set after it. */

/* An outline of more points is one string, as in SVG: read as nodes of their
 * own they would need a hundred times its memory. */
#define MAX_LISTED_POINTS 16

static void
add_points (GString         *text,
            const AlmuShape *shape)
{
  almu_writer_begin_member (text, "points");

  if (shape->n_points <= MAX_LISTED_POINTS)
    {
      g_string_append_c (text, '[');
      for (guint i = 0; i < shape->n_points; i++)
        almu_writer_append_point (text, shape->points[i]);
      g_string_append_c (text, ']');
      return;
    }

  g_string_append_c (text, '"');
  for (guint i = 0; i < shape->n_points; i++)
    {
      if (i > 0)
        g_string_append_c (text, ' ');
      almu_writer_append_number (text, shape->points[i].x, TRUE);
      g_string_append_c (text, ',');
      almu_writer_append_number (text, shape->points[i].y, TRUE);
    }
  g_string_append_c (text, '"');
}

/* Shapes never change, so that neither does what is written of one. */
static void
append_shape (GString    *text,
              AlmuShape  *shape,
              GHashTable *texts)
{
  const char *known = texts != NULL ? g_hash_table_lookup (texts, shape) : NULL;
  gsize       begin = text->len;

  if (known != NULL)
    {
      g_string_append (text, known);
      return;
    }

  almu_writer_add_text (text, "type", almu_shape_type_get_name (shape->type));
  add_points (text, shape);
  almu_writer_begin_member (text, "rotation");
  almu_writer_append_number (text, shape->rotation, TRUE);
  if (texts != NULL)
    g_hash_table_insert (texts, almu_shape_ref (shape), g_strdup (text->str + begin));
}

/**
 * almu_writer_append_region:
 * @text: a list of regions that is being written
 * @region: one of them
 * @before: (nullable): the same list of the record that is replaced
 * @texts: (nullable): from almu_record_texts_new()
 *
 * Appends a region, with what it had of a newer version.
 */
void
almu_writer_append_region (GString              *text,
                           const AlmuRegionWish *region,
                           JsonArray            *before,
                           GHashTable           *texts)
{
  JsonObject *old = almu_writer_find_element (before, "id", region->id, NULL);

  if (region->shape == NULL)
    {
      g_autoptr(JsonNode) node = NULL;

      /* of a type that only a newer version knows */
      if (old == NULL)
        return;

      almu_writer_begin_line (text, "   ");
      node = json_node_init_object (json_node_alloc (), old);
      almu_writer_append_node (text, node);
      return;
    }

  almu_writer_begin_line (text, "   ");
  g_string_append_c (text, '{');
  almu_writer_add_int (text, "id", region->id);
  append_shape (text, region->shape, texts);
  almu_writer_append_unknown (text, old, LEVEL_REGION);
  g_string_append_c (text, '}');
}

/**
 * almu_record_write_regions:
 * @memento: regions in their files, and which number was the last
 * @texts: (nullable): from almu_record_texts_new(), of the same session
 *
 * For almu_record_add_regions(). Nothing else of @memento is written.
 *
 * Returns: (transfer full): the regions as JSON text
 */
char *
almu_record_write_regions (const AlmuMemento *memento,
                           GHashTable        *texts)
{
  GString *text = g_string_new ("{");

  almu_writer_add_int (text, "last_region_id", memento->last_region_id);
  almu_writer_begin_member (text, "files");
  g_string_append_c (text, '[');
  for (guint i = 0; i < memento->files->len; i++)
    {
      const AlmuFileWish *file = memento->files->pdata[i];

      almu_writer_begin_line (text, " ");
      g_string_append_c (text, '{');
      almu_writer_add_int (text, "id", file->id);
      almu_writer_begin_member (text, "regions");
      g_string_append_c (text, '[');
      for (guint k = 0; k < file->regions->len; k++)
        almu_writer_append_region (text, &g_array_index (file->regions, AlmuRegionWish, k), NULL, texts);
      g_string_append (text, "]}");
    }
  g_string_append (text, "]}");

  return g_string_free (text, FALSE);
}
