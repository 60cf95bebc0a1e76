/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-record-writer.h"

#include <math.h>

/* -- catalogs ----------------------------------------------------------- */

/* JSON has no word for some numbers that may be compared with. */
static void
add_any_number (GString    *text,
                const char *name,
                double      value)
{
  if (!isfinite (value))
    {
      almu_writer_add_text (text, name, isnan (value) ? "nan" : value > 0 ? "inf"
                                                                          : "-inf");
      return;
    }

  almu_writer_begin_member (text, name);
  almu_writer_append_number (text, value, FALSE);
}

static void
append_filter (GString          *text,
               const AlmuFilter *filter)
{
  almu_writer_append_comma (text);
  g_string_append_c (text, '{');
  almu_writer_add_text (text, "column", filter->column);
  almu_writer_add_named (text, "is", almu_record_comparisons, (int) filter->comparison);
  add_any_number (text, "value", filter->value);
  if (filter->comparison >= ALMU_COMPARISON_RANGE_OPEN)
    add_any_number (text, "to", filter->second);
  if (*filter->text != '\0')
    almu_writer_add_text (text, "text", filter->text);
  g_string_append_c (text, '}');
}

static void
add_rows_want (GString            *text,
               const AlmuRowsWant *want)
{
  const AlmuQuery *query = want->query;

  almu_writer_begin_member (text, "filters");
  g_string_append_c (text, '[');
  for (guint i = 0; i < query->filters->len; i++)
    append_filter (text, query->filters->pdata[i]);
  g_string_append_c (text, ']');
  if (*query->sort_column != '\0')
    almu_writer_add_text (text, "sort", query->sort_column);
  almu_writer_add_true (text, "descending", query->is_descending);
  almu_writer_begin_member (text, "columns");
  g_string_append_c (text, '[');
  for (guint i = 0; i < want->columns->len; i++)
    {
      almu_writer_append_comma (text);
      g_string_append_printf (text, "%u", g_array_index (want->columns, guint, i));
    }
  g_string_append_c (text, ']');
  almu_writer_add_int (text, "start", want->start);
  almu_writer_add_int (text, "rows", want->n_rows);
}

static void
append_catalog (GString               *text,
                const AlmuCatalogWish *catalog,
                JsonObject            *before)
{
  JsonObject *old = almu_writer_find_element (almu_writer_get_array (before, "catalogs"), "id", catalog->id, NULL);

  if (old != NULL && (!almu_writer_is_same_text (old, "name", catalog->name->name) ||
                      !almu_writer_is_same_text (old, "directory", catalog->name->directory)))
    old = NULL;

  almu_writer_begin_line (text, " ");
  g_string_append_c (text, '{');
  almu_writer_add_int (text, "id", catalog->id);
  almu_writer_add_text (text, "directory", catalog->name->directory);
  almu_writer_add_text (text, "name", catalog->name->name);
  if (catalog->has_fingerprint)
    almu_writer_add_fingerprint (text, &catalog->fingerprint);
  almu_writer_add_int (text, "preview", MAX (catalog->preview_size, 0));
  if (catalog->want != NULL)
    add_rows_want (text, catalog->want);
  almu_writer_add_look (text, catalog->look, catalog->name->name);
  almu_writer_append_unknown (text, old, LEVEL_CATALOG);
  g_string_append_c (text, '}');
}

/**
 * almu_writer_add_catalogs:
 * @text: a record that is being written, at its top
 * @memento: the session
 * @before: (nullable): the record that is replaced
 *
 * Appends the member `catalogs` if there are any; those whose names no folder
 * can have are left out.
 */
void
almu_writer_add_catalogs (GString           *text,
                          const AlmuMemento *memento,
                          JsonObject        *before)
{
  if (memento->catalogs->len == 0)
    return;

  almu_writer_begin_member (text, "catalogs");
  g_string_append_c (text, '[');
  for (guint i = 0; i < memento->catalogs->len; i++)
    {
      const AlmuCatalogWish *catalog = memento->catalogs->pdata[i];

      if (almu_writer_can_be_found (catalog->name))
        append_catalog (text, catalog, before);
    }
  g_string_append_c (text, ']');
}
