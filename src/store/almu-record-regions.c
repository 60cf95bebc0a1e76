/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-record-reader.h"

#include <math.h>
#include <string.h>

#include "almu-error.h"
#include "almu-limits.h"

/* Reading regions: those of a record, and those that were set after it was
 * written. */

static gboolean
read_point (RecordReader *reader,
            JsonNode     *element,
            gpointer      target,
            GError      **error)
{
  AlmuPoint point;

  if (!almu_reader_get_point (element, &point))
    return almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, "", "is not a list of two numbers");

  g_array_append_val ((GArray *) target, point);

  return TRUE;
}

static gboolean
scan_coordinate (const char **text,
                 char         after,
                 gboolean     may_end,
                 float       *out)
{
  char  *end;
  double value = g_ascii_strtod (*text, &end);

  if (end == *text || !(fabs (value) <= G_MAXFLOAT) ||
      (*end != after && (*end != '\0' || !may_end)))
    return FALSE;

  *out = (float) value;
  *text = end + (*end != '\0');
  return TRUE;
}

/* "x,y x,y …" */
static gboolean
read_outline (RecordReader *reader,
              const char   *text,
              GArray       *points,
              GError      **error)
{
  while (*text != '\0')
    {
      AlmuPoint point;

      if (points->len >= ALMU_LIMIT_CONTROL_POINTS ||
          !scan_coordinate (&text, ',', FALSE, &point.x) || !scan_coordinate (&text, ' ', TRUE, &point.y))
        break;

      g_array_append_val (points, point);
    }

  if (*text == '\0')
    return TRUE;

  return almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, "points",
                           "is not of the form “x,y x,y …” with at most %d points at “%.20s”",
                           ALMU_LIMIT_CONTROL_POINTS, text);
}

static gboolean
read_points (RecordReader *reader,
             JsonObject   *object,
             GArray       *points,
             GError      **error)
{
  JsonNode *node = almu_reader_find (object, "points");

  if (node != NULL && almu_reader_is_of_type (node, G_TYPE_STRING))
    return read_outline (reader, json_node_get_string (node), points, error);

  return almu_reader_list (reader, object, "points", ALMU_LIMIT_CONTROL_POINTS, read_point, points, error);
}

static int
find_shape_type (const char *name)
{
  for (int type = 0; name != NULL && type < ALMU_N_SHAPES; type++)
    if (g_str_equal (almu_shape_type_get_name (type), name))
      return type;

  return -1;
}

static gboolean
read_shape (RecordReader   *reader,
            JsonObject     *object,
            AlmuRegionWish *region,
            GError        **error)
{
  g_autofree char *name = NULL;
  g_autoptr(GArray) points = g_array_new (FALSE, FALSE, sizeof (AlmuPoint));
  g_autoptr(GError) reason = NULL;
  JsonNode *rotation = almu_reader_find (object, "rotation");
  double    degrees = 0;
  int       type;

  if (!almu_reader_text (reader, object, "type", ALMU_LIMIT_NAME_BYTES, &name, error))
    return FALSE;

  if (name == NULL)
    return almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, "type", "is missing; it may be “rectangle”");

  type = find_shape_type (name);
  if (type < 0)
    {
      g_set_error (&region->error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                   "Regions of type “%s” are not known to this version", name);
      return TRUE;
    }

  if (rotation != NULL && (!almu_reader_get_number (rotation, &degrees) || fabs (degrees) > G_MAXFLOAT))
    return almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, "rotation", "is not a number of degrees");

  if (!read_points (reader, object, points, error))
    return FALSE;

  region->shape = almu_shape_new (type, (AlmuPoint *) points->data, points->len, (float) degrees, &reason);

  return region->shape != NULL ||
         almu_reader_fail (reader, error, reason->code, "points", "are wrong: %s", reason->message);
}

/**
 * almu_reader_region:
 * @element: one of a list
 * @target: (element-type AlmuRegionWish): the list to which it is added
 *
 * A region of a type that is not known is added with an error of its own.
 *
 * Returns: whether it has the form of a region, of which there is no other of
 *   its id
 */
gboolean
almu_reader_region (RecordReader *reader,
                    JsonNode     *element,
                    gpointer      target,
                    GError      **error)
{
  JsonObject    *object = almu_reader_get_object (reader, element, error);
  AlmuRegionWish region = { 0 };

  if (object == NULL ||
      !almu_reader_int32 (reader, object, "id", 1, ALMU_LIMIT_REGION_ID, &region.id, error))
    return FALSE;

  if (region.id == 0)
    return almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, "id", "is missing");

  if (!g_hash_table_add (reader->region_ids, GINT_TO_POINTER (region.id)))
    return almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, "id", "is %d, as another region's is", region.id);

  if (g_hash_table_size (reader->region_ids) > ALMU_LIMIT_REGIONS)
    return almu_reader_fail (reader, error, ALMU_ERROR_LIMIT, "", "is one more than the %d regions a session may have",
                             ALMU_LIMIT_REGIONS);

  if (!read_shape (reader, object, &region, error))
    return FALSE;

  g_array_append_val ((GArray *) target, region);

  return TRUE;
}

/* -- those set since ---------------------------------------------------- */

static gboolean
read_drawn (RecordReader *reader,
            JsonNode     *element,
            gpointer      target,
            GError      **error)
{
  JsonObject *object;
  g_autoptr(AlmuFileWish) file = almu_reader_file (reader, element, &object, error);

  if (file == NULL ||
      !almu_reader_list (reader, object, "regions", ALMU_LIMIT_REGIONS, almu_reader_region, file->regions, error))
    return FALSE;

  g_ptr_array_add (target, g_steal_pointer (&file));

  return TRUE;
}

static AlmuRegionWish *
find_region (GArray *regions,
             int     id)
{
  for (guint i = 0; i < regions->len; i++)
    {
      AlmuRegionWish *region = &g_array_index (regions, AlmuRegionWish, i);

      if (region->id == id)
        return region;
    }

  return NULL;
}

static const AlmuFileWish *
find_file_of_region (const AlmuMemento *memento,
                     int                region_id)
{
  for (guint i = 0; i < memento->files->len; i++)
    {
      const AlmuFileWish *file = memento->files->pdata[i];

      if (find_region (file->regions, region_id) != NULL)
        return file;
    }

  return NULL;
}

/* Counts those that the record has not. */
static gboolean
check_file (const AlmuMemento  *memento,
            const AlmuFileWish *drawn,
            guint              *n_new,
            GError            **error)
{
  const AlmuFileWish *file = almu_memento_find_file (memento, drawn->id);

  if (file == NULL)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, "Regions were set on file %d, which is not in the record", drawn->id);
      return FALSE;
    }

  for (guint i = 0; i < drawn->regions->len; i++)
    {
      int                 id = g_array_index (drawn->regions, AlmuRegionWish, i).id;
      const AlmuFileWish *other = find_file_of_region (memento, id);

      if (other != NULL && other != file)
        {
          g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, "Region %d was set on file %d, but the record has it on file %d",
                       id, drawn->id, other->id);
          return FALSE;
        }
      *n_new += other == NULL;
    }

  return TRUE;
}

/* Whether a record with these regions is one that could be written. */
static gboolean
check_drawn (const AlmuMemento *memento,
             GPtrArray         *drawn,
             GError           **error)
{
  guint n = 0;

  for (guint i = 0; i < memento->files->len; i++)
    n += ((const AlmuFileWish *) memento->files->pdata[i])->regions->len;

  for (guint i = 0; i < drawn->len; i++)
    {
      if (!check_file (memento, drawn->pdata[i], &n, error))
        return FALSE;
    }

  if (n > ALMU_LIMIT_REGIONS)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT, "A session may have %d regions, not %u", ALMU_LIMIT_REGIONS, n);
      return FALSE;
    }

  return TRUE;
}

/* In place of the one of that id, if there is one. */
static void
take_region (GArray         *regions,
             AlmuRegionWish *region)
{
  AlmuRegionWish *old = find_region (regions, region->id);

  if (old == NULL)
    {
      g_array_append_val (regions, *region);
    }
  else
    {
      g_clear_pointer (&old->shape, almu_shape_unref);
      g_clear_error (&old->error);
      *old = *region;
    }
  *region = (AlmuRegionWish){ 0 };
}

/**
 * almu_record_add_regions:
 * @memento: what almu_record_read() read
 * @text: what almu_record_write_regions() wrote after that record
 * @error: return location
 *
 * Sets what was set since, and what the last number was. Fails as
 * almu_record_read() does, and if a region is on a file that the record has
 * not, or on another one than there; @memento is as before then.
 *
 * Returns: whether @text was understood
 */
gboolean
almu_record_add_regions (AlmuMemento *memento,
                         const char  *text,
                         GError     **error)
{
  g_autoptr(JsonObject) object = almu_record_parse (text, error);
  g_autoptr(GPtrArray) drawn = almu_file_wishes_new ();
  int          last_region_id = 0;
  gboolean     is_right;
  RecordReader reader;

  if (object == NULL)
    return FALSE;

  reader.where = g_string_new (NULL);
  reader.file_ids = g_hash_table_new (NULL, NULL);
  reader.region_ids = g_hash_table_new (NULL, NULL);
  is_right = almu_reader_int32 (&reader, object, "last_region_id", 0, ALMU_LIMIT_REGION_ID, &last_region_id, error) &&
             almu_reader_list (&reader, object, "files", ALMU_LIMIT_FILES, read_drawn, drawn, error) &&
             check_drawn (memento, drawn, error);
  g_string_free (reader.where, TRUE);
  g_hash_table_unref (reader.file_ids);
  g_hash_table_unref (reader.region_ids);
  if (!is_right)
    return FALSE;

  memento->last_region_id = MAX (memento->last_region_id, last_region_id);
  for (guint i = 0; i < drawn->len; i++)
    {
      const AlmuFileWish *file = drawn->pdata[i];
      GArray             *regions = almu_memento_find_file (memento, file->id)->regions;

      for (guint k = 0; k < file->regions->len; k++)
        take_region (regions, &g_array_index (file->regions, AlmuRegionWish, k));
    }

  return TRUE;
}
