/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-votable-private.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

#include "almu-error.h"
#include "almu-vofield.h"

/* What each element of a VOTable means, as the parser comes to it. */

static const char *const element_names[] = {
  [ELEMENT_OTHER] = "",
  [ELEMENT_TD] = "TD",
  [ELEMENT_TR] = "TR",
  [ELEMENT_VOTABLE] = "VOTABLE",
  [ELEMENT_RESOURCE] = "RESOURCE",
  [ELEMENT_COOSYS] = "COOSYS",
  [ELEMENT_DESCRIPTION] = "DESCRIPTION",
  [ELEMENT_PARAM] = "PARAM",
  [ELEMENT_TABLE] = "TABLE",
  [ELEMENT_FIELD] = "FIELD",
  [ELEMENT_VALUES] = "VALUES",
  [ELEMENT_DATA] = "DATA",
  [ELEMENT_TABLEDATA] = "TABLEDATA",
  [ELEMENT_BINARY] = "BINARY",
  [ELEMENT_BINARY2] = "BINARY2",
  [ELEMENT_FITS] = "FITS",
  [ELEMENT_STREAM] = "STREAM",
};

/**
 * almu_vo_reader_stop:
 * @reader: of a VOTable
 *
 * The parser cannot be left from within; it says nothing more after this.
 */
void
almu_vo_reader_stop (AlmuVoReader *reader)
{
  reader->is_done = TRUE;
  almu_libxml->xmlStopParser (reader->parser);
}

static void
fail (AlmuVoReader *reader,
      int           code,
      const char   *format,
      ...) G_GNUC_PRINTF (3, 4);

static void
fail (AlmuVoReader *reader,
      int           code,
      const char   *format,
      ...)
{
  g_autofree char *what = NULL;
  va_list          args;

  if (reader->error != NULL)
    return;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error_literal (&reader->error, ALMU_ERROR, code, what);
  almu_vo_reader_stop (reader);
}

/**
 * almu_vo_reader_check_silence:
 * @reader: of a VOTable
 *
 * To be asked after each piece of the file, since the parser says nothing of a tag
 * before it has all of it: one of more than %ALMU_LIMIT_TAG_BYTES ends the reading
 * with %ALMU_ERROR_LIMIT.
 */
void
almu_vo_reader_check_silence (AlmuVoReader *reader)
{
  if (reader->n_silent > ALMU_LIMIT_TAG_BYTES && !reader->is_done)
    fail (reader, ALMU_ERROR_LIMIT, _ ("has a tag or a comment of more than %d bytes"), ALMU_LIMIT_TAG_BYTES);
}

static AlmuVoElement
find_element (const xmlChar *name)
{
  for (guint i = ELEMENT_TD; i < G_N_ELEMENTS (element_names); i++)
    if (strcmp (element_names[i], (const char *) name) == 0)
      return i;

  return ELEMENT_OTHER;
}

/**
 * almu_vo_reader_get_parent:
 * @reader: of a VOTable
 *
 * What tells elements of one name apart, such as a DESCRIPTION.
 *
 * Returns: the innermost element that is open, %ELEMENT_OTHER if none is
 */
AlmuVoElement
almu_vo_reader_get_parent (AlmuVoReader *reader)
{
  return reader->depth > 0 ? reader->path[reader->depth - 1] : ELEMENT_OTHER;
}

/* Attributes come as five pointers each: name, prefix, URI, value, end. */
static char *
dup_attribute (const xmlChar **attributes,
               int             n_attributes,
               const char     *name)
{
  for (int i = 0; i < n_attributes; i++)
    {
      const xmlChar **attribute = attributes + 5 * i;

      if (strcmp ((const char *) attribute[0], name) == 0)
        return g_strndup ((const char *) attribute[3], (gsize) (attribute[4] - attribute[3]));
    }

  return NULL;
}

static char *
dup_text (char *text)
{
  return text != NULL ? text : g_strdup ("");
}

/* -- what the table is -------------------------------------------------- */

static void
begin_table (AlmuVoReader   *reader,
             const xmlChar **attributes,
             int             n_attributes)
{
  AlmuDataTable   *table = reader->table;
  g_autofree char *n_rows = dup_attribute (attributes, n_attributes, "nrows");

  /* within its own rows it would take the columns from under them */
  if (reader->has_data)
    return;

  g_ptr_array_set_size (table->columns, 0);
  g_array_set_size (reader->fields, 0);
  g_free (table->name);
  table->name = dup_text (dup_attribute (attributes, n_attributes, "name"));
  g_free (table->description);
  table->description = g_strdup ("");
  table->n_rows = -1;
  if (n_rows != NULL && g_ascii_isdigit (n_rows[0]))
    table->n_rows = (gint64) MIN (g_ascii_strtoull (n_rows, NULL, 10), ALMU_LIMIT_TABLE_ROWS);
}

static void
begin_field (AlmuVoReader   *reader,
             const xmlChar **attributes,
             int             n_attributes)
{
  AlmuDataTable   *table = reader->table;
  g_autofree char *datatype = dup_attribute (attributes, n_attributes, "datatype");
  g_autofree char *arraysize = dup_attribute (attributes, n_attributes, "arraysize");
  AlmuVofield      field = { 0 };

  if (reader->has_data)
    return;

  if (table->columns->len >= ALMU_LIMIT_TABLE_COLUMNS)
    {
      fail (reader, ALMU_ERROR_LIMIT, _ ("has more than %d columns"), ALMU_LIMIT_TABLE_COLUMNS);
      return;
    }

  almu_vofield_set_up (&field, datatype, arraysize);
  g_array_append_val (reader->fields, field);
  almu_data_table_add_column (table, field.type,
                              dup_attribute (attributes, n_attributes, "ID"),
                              dup_text (dup_attribute (attributes, n_attributes, "name")),
                              dup_text (dup_attribute (attributes, n_attributes, "unit")),
                              dup_text (dup_attribute (attributes, n_attributes, "description")));
}

static void
begin_values (AlmuVoReader   *reader,
              const xmlChar **attributes,
              int             n_attributes)
{
  AlmuVofield *field;

  if (almu_vo_reader_get_parent (reader) != ELEMENT_FIELD || reader->fields->len == 0)
    return;

  field = &g_array_index (reader->fields, AlmuVofield, reader->fields->len - 1);
  g_free (field->null);
  field->null = dup_attribute (attributes, n_attributes, "null");
}

static void
begin_coosys (AlmuVoReader   *reader,
              const xmlChar **attributes,
              int             n_attributes)
{
  g_autofree char *system = dup_text (dup_attribute (attributes, n_attributes, "system"));
  g_autofree char *equinox = dup_text (dup_attribute (attributes, n_attributes, "equinox"));
  g_autofree char *epoch = dup_text (dup_attribute (attributes, n_attributes, "epoch"));

  almu_data_table_add_coosys (reader->table, system, equinox, epoch);
}

static void
begin_param (AlmuVoReader   *reader,
             const xmlChar **attributes,
             int             n_attributes)
{
  g_autofree char *name = dup_text (dup_attribute (attributes, n_attributes, "name"));
  g_autofree char *value = dup_text (dup_attribute (attributes, n_attributes, "value"));

  almu_data_table_note (reader->table, name, value);
}

static void
end_description (AlmuVoReader *reader)
{
  AlmuDataTable *table = reader->table;
  char         **place = NULL;

  if (almu_vo_reader_get_parent (reader) == ELEMENT_TABLE)
    place = &table->description;
  else if (almu_vo_reader_get_parent (reader) == ELEMENT_FIELD && table->columns->len > 0 && !reader->has_data)
    place = &almu_data_table_get_column (table, table->columns->len - 1)->description;

  if (place == NULL)
    return;

  g_free (*place);
  *place = g_strstrip (g_strdup (reader->text->str));
}

/* -- rows --------------------------------------------------------------- */

static void
begin_data (AlmuVoReader *reader)
{
  if (almu_vo_reader_get_parent (reader) != ELEMENT_TABLE || reader->has_data)
    return;

  reader->has_data = TRUE;
  if (reader->is_head_only)
    {
      almu_vo_reader_stop (reader);
      return;
    }

  reader->table->n_rows = 0;
}

static gboolean
append_encoded (AlmuVoReader      *reader,
                const AlmuVofield *field)
{
  AlmuDataTable     *table = reader->table;
  gsize              n_bytes = 0;
  g_autofree guchar *bytes = g_base64_decode (reader->text->str, &n_bytes);
  gssize             n;

  n = almu_vofield_append_bytes (field, table, reader->cell, table->n_rows, FALSE, bytes, n_bytes, &reader->error);
  if (n == 0 && n_bytes > 0)
    almu_data_table_note_odd (table, table->n_rows, reader->cell, reader->text->str, field->datatype);
  if (n == 0)
    return almu_vofield_append_nothing (field, table, reader->cell, table->n_rows, &reader->error);

  return n > 0;
}

/**
 * almu_vo_reader_note_many_cells:
 * @reader: of a VOTable
 *
 * Keeps for people that the row has more cells than there are columns, unless
 * something odd was kept before. The cells are dropped.
 */
void
almu_vo_reader_note_many_cells (AlmuVoReader *reader)
{
  AlmuDataTable *table = reader->table;

  if (table->odd_cell == NULL)
    table->odd_cell = g_strdup_printf (_ ("row %" PRId64 ": has more cells than the %u columns"),
                                       table->n_rows + 1, reader->fields->len);
}

static void
end_cell (AlmuVoReader *reader)
{
  AlmuDataTable *table = reader->table;

  if (reader->is_encoded && reader->cell < reader->fields->len)
    {
      if (!append_encoded (reader, &g_array_index (reader->fields, AlmuVofield, reader->cell)))
        almu_vo_reader_stop (reader);
    }
  else if (reader->cell < reader->fields->len &&
           !almu_vofield_append_text (&g_array_index (reader->fields, AlmuVofield, reader->cell),
                                      table, reader->cell, table->n_rows,
                                      reader->text->str, reader->text->len, &reader->error))
    almu_vo_reader_stop (reader);
  else if (reader->cell == reader->fields->len)
    almu_vo_reader_note_many_cells (reader);

  reader->cell++;
}

/**
 * almu_vo_reader_account:
 * @reader: of a VOTable
 *
 * Adds up what the columns take, for almu_data_table_account().
 *
 * Returns: %FALSE with the error of @reader set if that is too much
 */
gboolean
almu_vo_reader_account (AlmuVoReader *reader)
{
  gint64 n_bytes = 0;

  for (guint i = 0; i < reader->table->columns->len; i++)
    {
      AlmuColumn *column = almu_data_table_get_column (reader->table, i);

      n_bytes += column->values->len + (column->text != NULL ? column->text->len : 0);
    }

  return almu_data_table_account (reader->table, n_bytes, &reader->error);
}

/**
 * almu_vo_reader_end_row:
 * @reader: of a VOTable
 *
 * Cells that the row does not have get no value. Too many rows, and too many bytes,
 * which are looked at every few thousand rows, end the reading with %ALMU_ERROR_LIMIT.
 */
void
almu_vo_reader_end_row (AlmuVoReader *reader)
{
  AlmuDataTable *table = reader->table;

  for (; reader->cell < reader->fields->len; reader->cell++)
    if (!almu_vofield_append_nothing (&g_array_index (reader->fields, AlmuVofield, reader->cell),
                                      table, reader->cell, table->n_rows, &reader->error))
      {
        almu_vo_reader_stop (reader);
        return;
      }

  reader->cell = 0;
  table->n_rows++;
  if (table->n_rows > ALMU_LIMIT_TABLE_ROWS)
    fail (reader, ALMU_ERROR_LIMIT, _ ("has more than %d rows"), ALMU_LIMIT_TABLE_ROWS);
  else if (table->n_rows % 4096 == 0 && !almu_vo_reader_account (reader))
    almu_vo_reader_stop (reader);
}

static void
begin_stream (AlmuVoReader   *reader,
              const xmlChar **attributes,
              int             n_attributes)
{
  g_autofree char *href = dup_attribute (attributes, n_attributes, "href");
  g_autofree char *encoding = dup_text (dup_attribute (attributes, n_attributes, "encoding"));
  AlmuVoElement    parent = almu_vo_reader_get_parent (reader);

  if (!reader->has_data || reader->is_done || reader->stream != NULL)
    return;

  if (href != NULL)
    {
      fail (reader, ALMU_ERROR_UNSUPPORTED,
            _ ("keeps its rows in another file (“%.200s”), which is not followed; "
               "save it with its rows inside"),
            href);
      return;
    }

  if (!g_str_equal (encoding, "base64") && !g_str_equal (encoding, "") && !g_str_equal (encoding, "none"))
    {
      fail (reader, ALMU_ERROR_UNSUPPORTED, _ ("STREAM has encoding “%.40s”, not base64"), encoding);
      return;
    }

  reader->stream = almu_vostream_new (parent == ELEMENT_FITS      ? ALMU_VOSTREAM_FITS
                                      : parent == ELEMENT_BINARY2 ? ALMU_VOSTREAM_BINARY2
                                                                  : ALMU_VOSTREAM_BINARY,
                                      reader->table, reader->fields);
}

static void
begin_cell (AlmuVoReader   *reader,
            const xmlChar **attributes,
            int             n_attributes)
{
  g_autofree char *encoding = n_attributes > 0 ? dup_attribute (attributes, n_attributes, "encoding") : NULL;

  reader->is_encoded = g_strcmp0 (encoding, "base64") == 0;
}

/* -- the parser's handlers ---------------------------------------------- */

static void
on_start (void           *data,
          const xmlChar  *name,
          const xmlChar  *prefix,
          const xmlChar  *uri,
          int             n_namespaces,
          const xmlChar **namespaces,
          int             n_attributes,
          int             n_defaulted,
          const xmlChar **attributes)
{
  static void (*const beginnings[]) (AlmuVoReader *, const xmlChar **, int) = {
    [ELEMENT_TD] = begin_cell,
    [ELEMENT_TABLE] = begin_table,
    [ELEMENT_FIELD] = begin_field,
    [ELEMENT_VALUES] = begin_values,
    [ELEMENT_COOSYS] = begin_coosys,
    [ELEMENT_PARAM] = begin_param,
    [ELEMENT_STREAM] = begin_stream,
  };
  AlmuVoReader *reader = data;
  AlmuVoElement element = find_element (name);

  reader->n_silent = 0;
  if (reader->is_done)
    return;

  if (reader->depth == 0 && element != ELEMENT_VOTABLE)
    {
      fail (reader, ALMU_ERROR_FORMAT, _ ("is XML, but begins with “%.40s”, not with VOTABLE"), (const char *) name);
      return;
    }

  if (reader->depth == ALMU_LIMIT_XML_DEPTH)
    {
      fail (reader, ALMU_ERROR_LIMIT, _ ("nests deeper than %d elements"), ALMU_LIMIT_XML_DEPTH);
      return;
    }

  if (element == ELEMENT_DATA)
    begin_data (reader);
  else if (element < G_N_ELEMENTS (beginnings) && beginnings[element] != NULL)
    beginnings[element](reader, attributes, n_attributes);

  reader->path[reader->depth++] = element;
  if ((element == ELEMENT_TD && reader->has_data) || element == ELEMENT_DESCRIPTION)
    {
      reader->is_gathering = TRUE;
      g_string_truncate (reader->text, 0);
    }
}

static void
on_end (void          *data,
        const xmlChar *name,
        const xmlChar *prefix,
        const xmlChar *uri)
{
  AlmuVoReader *reader = data;
  AlmuVoElement element;

  reader->n_silent = 0;
  if (reader->is_done || reader->depth == 0)
    return;

  element = reader->path[--reader->depth];
  switch (element)
    {
    case ELEMENT_TD:
      if (reader->has_data)
        end_cell (reader);
      reader->is_gathering = FALSE;
      break;

    case ELEMENT_TR:
      if (reader->has_data)
        almu_vo_reader_end_row (reader);
      break;

    case ELEMENT_DESCRIPTION:
      end_description (reader);
      reader->is_gathering = FALSE;
      break;

    case ELEMENT_STREAM:
      if (reader->stream != NULL && !almu_vostream_end (reader->stream, &reader->error))
        almu_vo_reader_stop (reader);
      break;

    case ELEMENT_DATA:
      /* whatever follows is about something else */
      if (reader->has_data)
        almu_vo_reader_stop (reader);
      break;

    default:
      break;
    }
}

static void
on_text (void          *data,
         const xmlChar *text,
         int            length)
{
  AlmuVoReader *reader = data;

  reader->n_silent = 0;
  if (reader->is_done)
    return;

  if (reader->is_gathering)
    {
      if (reader->text->len + (gsize) length <= ALMU_LIMIT_CELL_BYTES)
        g_string_append_len (reader->text, (const char *) text, length);
      else
        fail (reader, ALMU_ERROR_LIMIT, _ ("row %" PRId64 ": a cell or description has more than %d bytes"),
              MAX (reader->table->n_rows, 0) + 1, ALMU_LIMIT_CELL_BYTES);
    }
  else if (reader->stream != NULL && almu_vo_reader_get_parent (reader) == ELEMENT_STREAM &&
           !almu_vostream_add (reader->stream, (const char *) text, (gsize) length, &reader->error))
    {
      almu_vo_reader_stop (reader);
    }
}

static void
on_entity (void          *data,
           const xmlChar *name,
           int            type,
           const xmlChar *public_id,
           const xmlChar *system_id,
           xmlChar       *content)
{
  fail (data, ALMU_ERROR_REFUSED, _ ("declares the entity “%.40s”, which no VOTable needs"), (const char *) name);
}

static void
on_error (void       *data,
          xmlErrorPtr about)
{
  AlmuVoReader    *reader = data;
  g_autofree char *text = NULL;

  if (about->level != XML_ERR_FATAL || reader->is_done)
    return;

  if (reader->is_at_end && reader->depth > 0)
    {
      fail (reader, ALMU_ERROR_FORMAT, _ ("is truncated: ends within %s, after %" PRId64 " rows"),
            element_names[almu_vo_reader_get_parent (reader)], MAX (reader->table->n_rows, 0));
      return;
    }

  text = g_utf8_make_valid (about->message != NULL ? about->message : "not XML", -1);
  fail (reader, ALMU_ERROR_FORMAT, _ ("line %d: %s"), about->line, g_strchomp (text));
}

const xmlSAXHandler almu_vo_reader_handlers = {
  .initialized = XML_SAX2_MAGIC,
  .startElementNs = on_start,
  .endElementNs = on_end,
  .characters = on_text,
  .ignorableWhitespace = on_text,
  .cdataBlock = on_text,
  .entityDecl = on_entity,
  .serror = on_error,
};
