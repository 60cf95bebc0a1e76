/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-record-reader.h"

#include <math.h>

#include "almu-error.h"
#include "almu-limits.h"

/* Catalogs, and what was shown of them, on their way back. */

/* A number, or the name of one that JSON has no word for. */
static gboolean
read_any_number (RecordReader *reader,
                 JsonObject   *object,
                 const char   *member,
                 double       *out,
                 GError      **error)
{
  JsonNode   *node = almu_reader_find (object, member);
  const char *name;

  if (node == NULL || almu_reader_get_number (node, out))
    return TRUE;

  name = almu_reader_is_of_type (node, G_TYPE_STRING) ? json_node_get_string (node) : "";
  if (g_str_equal (name, "nan"))
    *out = NAN;
  else if (g_str_equal (name, "inf"))
    *out = INFINITY;
  else if (g_str_equal (name, "-inf"))
    *out = -INFINITY;
  else
    return almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, member, "is not a number, “nan”, “inf” or “-inf”");

  return TRUE;
}

static gboolean
read_filter (RecordReader *reader,
             JsonNode     *element,
             gpointer      target,
             GError      **error)
{
  JsonObject      *object = almu_reader_get_object (reader, element, error);
  g_autofree char *column = g_strdup ("");
  g_autofree char *text = g_strdup ("");
  int              comparison = ALMU_COMPARISON_EQUAL;
  double           value = 0;
  double           second = 0;

  if (object == NULL ||
      !almu_reader_text (reader, object, "column", ALMU_LIMIT_CELL_BYTES, &column, error) ||
      !almu_reader_named (reader, object, "is", almu_record_comparisons, 0, &comparison, error) ||
      !read_any_number (reader, object, "value", &value, error) ||
      !read_any_number (reader, object, "to", &second, error) ||
      !almu_reader_text (reader, object, "text", ALMU_LIMIT_CELL_BYTES, &text, error))
    return FALSE;

  if (comparison >= ALMU_N_COMPARISONS)
    return almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, "is", "is no comparison that is known here");

  g_ptr_array_add (target, almu_filter_new (column, (AlmuComparison) comparison, value, second, text));

  return TRUE;
}

static gboolean
read_column (RecordReader *reader,
             JsonNode     *element,
             gpointer      target,
             GError      **error)
{
  gint64 index = 0;
  guint  column;

  if (!almu_reader_get_int (element, 0, ALMU_LIMIT_TABLE_COLUMNS, &index))
    return almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, "", "is not the number of a column");

  column = (guint) index;
  g_array_append_val ((GArray *) target, column);

  return TRUE;
}

/* What was shown, if that is known at all. */
static gboolean
read_rows_want (RecordReader    *reader,
                JsonObject      *object,
                AlmuCatalogWish *catalog,
                GError         **error)
{
  AlmuRowsWant *want;

  if (almu_reader_find (object, "filters") == NULL)
    return TRUE;

  want = catalog->want = almu_rows_want_new ();

  return almu_reader_list (reader, object, "filters", ALMU_LIMIT_FILTERS, read_filter, want->query->filters, error) &&
         almu_reader_text (reader, object, "sort", ALMU_LIMIT_CELL_BYTES, &want->query->sort_column, error) &&
         almu_reader_true (reader, object, "descending", &want->query->is_descending, error) &&
         almu_reader_list (reader, object, "columns", ALMU_LIMIT_TABLE_COLUMNS, read_column, want->columns, error) &&
         almu_reader_int (reader, object, "start", 0, G_MAXINT32, &want->start, error) &&
         almu_reader_int (reader, object, "rows", 0, G_MAXINT32, &want->n_rows, error);
}

static gboolean
read_name (RecordReader    *reader,
           JsonObject      *object,
           AlmuCatalogWish *catalog,
           GError         **error)
{
  g_autofree char *directory = g_strdup ("");
  g_autofree char *name = NULL;

  if (!almu_reader_text (reader, object, "directory", ALMU_LIMIT_PATH_BYTES, &directory, error) ||
      !almu_reader_text (reader, object, "name", ALMU_LIMIT_PATH_BYTES, &name, error))
    return FALSE;

  if (name == NULL)
    return almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, "name",
                             "is missing: the catalog's name without its directory");

  catalog->name = almu_file_name_new (directory, name, "", ALMU_IMAGE_NONE);
  catalog->label = g_steal_pointer (&name);

  return TRUE;
}

static gboolean
is_there (GPtrArray *catalogs,
          int        id)
{
  for (guint i = 0; i < catalogs->len; i++)
    if (((const AlmuCatalogWish *) catalogs->pdata[i])->id == id)
      return TRUE;

  return FALSE;
}

/**
 * almu_reader_catalog:
 * @reader: where the record is being read
 * @element: of the list `catalogs`
 * @target: (type GPtrArray) (element-type AlmuCatalogWish): those read until
 *   now; the new one is added
 * @error: return location
 *
 * Reads a catalog of a session. It must have a number, unlike all before it,
 * and a name; without `filters` nobody knows what was shown of it.
 *
 * Returns: whether the record is right so far
 */
gboolean
almu_reader_catalog (RecordReader *reader,
                     JsonNode     *element,
                     gpointer      target,
                     GError      **error)
{
  JsonObject *object = almu_reader_get_object (reader, element, error);
  g_autoptr(AlmuCatalogWish) catalog = NULL;
  int id = -1;

  if (object == NULL || !almu_reader_int32 (reader, object, "id", 0, ALMU_LIMIT_FILE_ID, &id, error))
    return FALSE;

  if (id < 0)
    return almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, "id", "is missing");

  if (is_there (target, id))
    return almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, "id", "is %d, as another catalog's is", id);

  catalog = almu_catalog_wish_new (id);
  if (!read_name (reader, object, catalog, error) ||
      !almu_reader_fingerprint (reader, object, &catalog->has_fingerprint, &catalog->fingerprint, error) ||
      !almu_reader_int32 (reader, object, "preview", 0, G_MAXINT32, &catalog->preview_size, error) ||
      !read_rows_want (reader, object, catalog, error) ||
      !almu_reader_look (reader, object, &catalog->look, error))
    return FALSE;

  g_ptr_array_add (target, g_steal_pointer (&catalog));

  return TRUE;
}
