/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-votable.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <libxml/parser.h>

#include "almu-error.h"
#include "almu-fits-table.h"
#include "almu-limits.h"
#include "almu-vofield.h"
#include "almu-vorows.h"
#include "almu-vostream.h"

/* A VOTable is read as it comes: what it takes in memory are the columns,
 * never the document. The parser gets our handlers and none of its own:
 * nothing is fetched, no entity is ever declared, and so none can grow.
 *
 * The first table that has data is the catalog; what is said of tables
 * before it is forgotten.
 */

typedef enum
{
  ELEMENT_OTHER,
  ELEMENT_TD,
  ELEMENT_TR,
  ELEMENT_VOTABLE,
  ELEMENT_RESOURCE,
  ELEMENT_COOSYS,
  ELEMENT_DESCRIPTION,
  ELEMENT_PARAM,
  ELEMENT_TABLE,
  ELEMENT_FIELD,
  ELEMENT_VALUES,
  ELEMENT_DATA,
  ELEMENT_TABLEDATA,
  ELEMENT_BINARY,
  ELEMENT_BINARY2,
  ELEMENT_FITS,
  ELEMENT_STREAM,
} Element;

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

typedef struct
{
  xmlParserCtxtPtr parser;
  AlmuDataTable   *table;
  GArray          *fields; /* AlmuVofield */
  Element          path[ALMU_LIMIT_XML_DEPTH + 1];
  guint            depth;
  GString         *text; /* of the TD or DESCRIPTION that is open */
  gboolean         is_gathering;
  gboolean         is_encoded; /* the cell: base64 of what a stream would have */
  guint            cell;       /* of the row that is open */
  gboolean         is_head_only;
  gboolean         has_data;
  gboolean         is_done;
  gboolean         is_at_end; /* of the file */
  gboolean         is_plain;  /* rows may be taken past the parser */
  AlmuVostream    *stream;
  GError          *error;
} Reader;

static void
clear_field (gpointer data)
{
  almu_vofield_clear (data);
}

/* The parser cannot be left from within; it says nothing more after this. */
static void
stop (Reader *reader)
{
  reader->is_done = TRUE;
  xmlStopParser (reader->parser);
}

static void
fail (Reader     *reader,
      int         code,
      const char *format,
      ...) G_GNUC_PRINTF (3, 4);

static void
fail (Reader     *reader,
      int         code,
      const char *format,
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
  stop (reader);
}

static Element
find_element (const xmlChar *name)
{
  for (guint i = ELEMENT_TD; i < G_N_ELEMENTS (element_names); i++)
    if (strcmp (element_names[i], (const char *) name) == 0)
      return i;

  return ELEMENT_OTHER;
}

static Element
get_parent (Reader *reader)
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
begin_table (Reader         *reader,
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
begin_field (Reader         *reader,
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
      fail (reader, ALMU_ERROR_LIMIT, "has more than %d columns", ALMU_LIMIT_TABLE_COLUMNS);
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
begin_values (Reader         *reader,
              const xmlChar **attributes,
              int             n_attributes)
{
  AlmuVofield *field;

  if (get_parent (reader) != ELEMENT_FIELD || reader->fields->len == 0)
    return;

  field = &g_array_index (reader->fields, AlmuVofield, reader->fields->len - 1);
  g_free (field->null);
  field->null = dup_attribute (attributes, n_attributes, "null");
}

static void
begin_coosys (Reader         *reader,
              const xmlChar **attributes,
              int             n_attributes)
{
  g_autofree char *system = dup_text (dup_attribute (attributes, n_attributes, "system"));
  g_autofree char *equinox = dup_text (dup_attribute (attributes, n_attributes, "equinox"));
  g_autofree char *epoch = dup_text (dup_attribute (attributes, n_attributes, "epoch"));

  almu_data_table_add_coosys (reader->table, system, equinox, epoch);
}

static void
begin_param (Reader         *reader,
             const xmlChar **attributes,
             int             n_attributes)
{
  g_autofree char *name = dup_text (dup_attribute (attributes, n_attributes, "name"));
  g_autofree char *value = dup_text (dup_attribute (attributes, n_attributes, "value"));

  almu_data_table_note (reader->table, name, value);
}

static void
end_description (Reader *reader)
{
  AlmuDataTable *table = reader->table;
  char         **place = NULL;

  if (get_parent (reader) == ELEMENT_TABLE)
    place = &table->description;
  else if (get_parent (reader) == ELEMENT_FIELD && table->columns->len > 0 && !reader->has_data)
    place = &almu_data_table_get_column (table, table->columns->len - 1)->description;

  if (place == NULL)
    return;

  g_free (*place);
  *place = g_strstrip (g_strdup (reader->text->str));
}

/* -- rows --------------------------------------------------------------- */

static void
begin_data (Reader *reader)
{
  if (get_parent (reader) != ELEMENT_TABLE || reader->has_data)
    return;

  reader->has_data = TRUE;
  if (reader->is_head_only)
    {
      stop (reader);
      return;
    }

  reader->table->n_rows = 0;
}

static gboolean
append_encoded (Reader            *reader,
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

static void
note_many_cells (Reader *reader)
{
  AlmuDataTable *table = reader->table;

  if (table->odd_cell == NULL)
    table->odd_cell = g_strdup_printf ("row %" G_GINT64_FORMAT ": has more cells than the %u columns",
                                       table->n_rows + 1, reader->fields->len);
}

static void
end_cell (Reader *reader)
{
  AlmuDataTable *table = reader->table;

  if (reader->is_encoded && reader->cell < reader->fields->len)
    {
      if (!append_encoded (reader, &g_array_index (reader->fields, AlmuVofield, reader->cell)))
        stop (reader);
    }
  else if (reader->cell < reader->fields->len &&
           !almu_vofield_append_text (&g_array_index (reader->fields, AlmuVofield, reader->cell),
                                      table, reader->cell, table->n_rows,
                                      reader->text->str, reader->text->len, &reader->error))
    stop (reader);
  else if (reader->cell == reader->fields->len)
    note_many_cells (reader);

  reader->cell++;
}

static gboolean
account (Reader *reader)
{
  gint64 n_bytes = 0;

  for (guint i = 0; i < reader->table->columns->len; i++)
    {
      AlmuColumn *column = almu_data_table_get_column (reader->table, i);

      n_bytes += column->values->len + (column->text != NULL ? column->text->len : 0);
    }

  return almu_data_table_account (reader->table, n_bytes, &reader->error);
}

static void
end_row (Reader *reader)
{
  AlmuDataTable *table = reader->table;

  for (; reader->cell < reader->fields->len; reader->cell++)
    if (!almu_vofield_append_nothing (&g_array_index (reader->fields, AlmuVofield, reader->cell),
                                      table, reader->cell, table->n_rows, &reader->error))
      {
        stop (reader);
        return;
      }

  reader->cell = 0;
  table->n_rows++;
  if (table->n_rows > ALMU_LIMIT_TABLE_ROWS)
    fail (reader, ALMU_ERROR_LIMIT, "has more than %d rows", ALMU_LIMIT_TABLE_ROWS);
  else if (table->n_rows % 4096 == 0 && !account (reader))
    stop (reader);
}

static void
begin_stream (Reader         *reader,
              const xmlChar **attributes,
              int             n_attributes)
{
  g_autofree char *href = dup_attribute (attributes, n_attributes, "href");
  g_autofree char *encoding = dup_text (dup_attribute (attributes, n_attributes, "encoding"));
  Element          parent = get_parent (reader);

  if (!reader->has_data || reader->is_done || reader->stream != NULL)
    return;

  if (href != NULL)
    {
      fail (reader, ALMU_ERROR_UNSUPPORTED,
            "keeps its rows in another file (“%.200s”), which is not followed; "
            "save it with its rows inside",
            href);
      return;
    }

  if (!g_str_equal (encoding, "base64") && !g_str_equal (encoding, "") && !g_str_equal (encoding, "none"))
    {
      fail (reader, ALMU_ERROR_UNSUPPORTED, "STREAM has encoding “%.40s”, not base64", encoding);
      return;
    }

  reader->stream = almu_vostream_new (parent == ELEMENT_FITS      ? ALMU_VOSTREAM_FITS
                                      : parent == ELEMENT_BINARY2 ? ALMU_VOSTREAM_BINARY2
                                                                  : ALMU_VOSTREAM_BINARY,
                                      reader->table, reader->fields);
}

static void
begin_cell (Reader         *reader,
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
  static void (*const beginnings[]) (Reader *, const xmlChar **, int) = {
    [ELEMENT_TD] = begin_cell,
    [ELEMENT_TABLE] = begin_table,
    [ELEMENT_FIELD] = begin_field,
    [ELEMENT_VALUES] = begin_values,
    [ELEMENT_COOSYS] = begin_coosys,
    [ELEMENT_PARAM] = begin_param,
    [ELEMENT_STREAM] = begin_stream,
  };
  Reader *reader = data;
  Element element = find_element (name);

  if (reader->is_done)
    return;

  if (reader->depth == 0 && element != ELEMENT_VOTABLE)
    {
      fail (reader, ALMU_ERROR_FORMAT, "is XML, but begins with “%.40s”, not with VOTABLE", (const char *) name);
      return;
    }

  if (reader->depth == ALMU_LIMIT_XML_DEPTH)
    {
      fail (reader, ALMU_ERROR_LIMIT, "nests deeper than %d elements", ALMU_LIMIT_XML_DEPTH);
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
  Reader *reader = data;
  Element element;

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
        end_row (reader);
      break;

    case ELEMENT_DESCRIPTION:
      end_description (reader);
      reader->is_gathering = FALSE;
      break;

    case ELEMENT_STREAM:
      if (reader->stream != NULL && !almu_vostream_end (reader->stream, &reader->error))
        stop (reader);
      break;

    case ELEMENT_DATA:
      /* whatever follows is about something else */
      if (reader->has_data)
        stop (reader);
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
  Reader *reader = data;

  if (reader->is_done)
    return;

  if (reader->is_gathering)
    {
      if (reader->text->len + (gsize) length <= ALMU_LIMIT_CELL_BYTES)
        g_string_append_len (reader->text, (const char *) text, length);
      else
        fail (reader, ALMU_ERROR_LIMIT, "row %" G_GINT64_FORMAT ": a cell or description has more than %d bytes",
              MAX (reader->table->n_rows, 0) + 1, ALMU_LIMIT_CELL_BYTES);
    }
  else if (reader->stream != NULL && get_parent (reader) == ELEMENT_STREAM &&
           !almu_vostream_add (reader->stream, (const char *) text, (gsize) length, &reader->error))
    {
      stop (reader);
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
  fail (data, ALMU_ERROR_REFUSED, "declares the entity “%.40s”, which no VOTable needs", (const char *) name);
}

static void
on_error (void       *data,
          xmlErrorPtr about)
{
  Reader          *reader = data;
  g_autofree char *text = NULL;

  if (about->level != XML_ERR_FATAL || reader->is_done)
    return;

  if (reader->is_at_end && reader->depth > 0)
    {
      fail (reader, ALMU_ERROR_FORMAT, "line %d: is truncated: ends within %s, after %" G_GINT64_FORMAT " rows",
            about->line, element_names[get_parent (reader)], MAX (reader->table->n_rows, 0));
      return;
    }

  text = g_utf8_make_valid (about->message != NULL ? about->message : "not XML", -1);
  fail (reader, ALMU_ERROR_FORMAT, "line %d: %s", about->line, g_strchomp (text));
}

/* -- rows past the parser ----------------------------------------------- */

#define ROWS_TAG "<TABLEDATA"

/* Longer rows are the parser's. */
#define MAX_ROW_BYTES (256 * 1024)

static gboolean
take_cell (const char *text,
           gsize       n_bytes,
           gpointer    user_data)
{
  Reader        *reader = user_data;
  AlmuDataTable *table = reader->table;

  if (reader->cell < reader->fields->len &&
      !almu_vofield_append_text (&g_array_index (reader->fields, AlmuVofield, reader->cell),
                                 table, reader->cell, table->n_rows, text, n_bytes, &reader->error))
    {
      stop (reader);
      return FALSE;
    }
  if (reader->cell == reader->fields->len)
    note_many_cells (reader);
  reader->cell++;

  return TRUE;
}

static gboolean
take_row (gpointer user_data)
{
  Reader *reader = user_data;

  end_row (reader);

  return !reader->is_done;
}

/* Where each byte below 128 is what it is in ASCII. */
static gboolean
is_like_ascii (Reader *reader)
{
  const char *encoding = (const char *) reader->parser->encoding;

  return encoding == NULL || g_ascii_strcasecmp (encoding, "UTF-8") == 0 ||
         g_ascii_strcasecmp (encoding, "US-ASCII") == 0 || g_ascii_strncasecmp (encoding, "ISO-8859-", 9) == 0;
}

static gboolean
is_in_rows (Reader *reader)
{
  return reader->is_plain && reader->has_data && get_parent (reader) == ELEMENT_TABLEDATA && is_like_ascii (reader);
}

static void
feed (Reader     *reader,
      const char *bytes,
      gsize       n_bytes)
{
  xmlParseChunk (reader->parser, bytes, (int) n_bytes, 0);
}

/* Returns how many bytes were taken; 0 if there have to be more first. */
static gsize
take_rows (Reader     *reader,
           const char *bytes,
           gsize       n_bytes)
{
  const AlmuVorowsListener listener = { take_cell, take_row, reader };
  AlmuVorowsEnd            end;
  gsize                    n = almu_vorows_take (bytes, n_bytes, &listener, &end);

  /* what the parser says of a line is to be true */
  for (const char *line = bytes; (line = memchr (line, '\n', n - (gsize) (line - bytes))) != NULL; line++)
    reader->parser->input->line++;
  if (n > 0 || end == ALMU_VOROWS_STOPPED)
    return n;

  if (end == ALMU_VOROWS_ODD)
    {
      n = almu_vorows_find_end (bytes, n_bytes);
      if (n > 0 && n < G_MAXSIZE)
        {
          feed (reader, bytes, n);
          return n;
        }
      if (n == 0)
        end = ALMU_VOROWS_MORE;
    }

  reader->is_plain = end == ALMU_VOROWS_MORE && !reader->is_at_end && n_bytes < MAX_ROW_BYTES;

  return 0;
}

/* The parser gets all up to the rows, so that it stands right before them. */
static gsize
take_markup (Reader     *reader,
             const char *bytes,
             gsize       n_bytes)
{
  const char *tag = reader->is_plain ? memmem (bytes, n_bytes, ROWS_TAG, strlen (ROWS_TAG)) : NULL;
  const char *end = tag != NULL ? memchr (tag, '>', n_bytes - (gsize) (tag - bytes)) : NULL;
  gsize       n = n_bytes;

  if (end != NULL)
    n = (gsize) (end - bytes) + 1;
  else if (tag > bytes)
    n = (gsize) (tag - bytes);
  else if (reader->is_plain && !reader->is_at_end && n_bytes < MAX_ROW_BYTES)
    n = tag != NULL || n_bytes < strlen (ROWS_TAG) ? 0 : n_bytes - strlen (ROWS_TAG) + 1;

  if (n > 0)
    feed (reader, bytes, n);

  return n;
}

/* What is left is asked for again with more behind it. */
static void
take_bytes (Reader     *reader,
            GByteArray *pending)
{
  gsize taken = 0;

  while (!reader->is_done && taken < pending->len)
    {
      const char *bytes = (const char *) pending->data + taken;
      gsize       n_bytes = pending->len - taken;
      gboolean    was_plain = reader->is_plain;
      gsize       n = is_in_rows (reader) ? take_rows (reader, bytes, n_bytes) : take_markup (reader, bytes, n_bytes);

      taken += n;
      if (n == 0 && reader->is_plain == was_plain)
        break;
    }

  g_byte_array_remove_range (pending, 0, (guint) taken);
  if (reader->is_at_end && !reader->is_done)
    xmlParseChunk (reader->parser, NULL, 0, 1);
}

/* -- the file ----------------------------------------------------------- */

#define PIECE_BYTES (64 * 1024)

/* Reads the file piece by piece, unpacked where it is packed. */
typedef struct
{
  int                fd;
  gint64             offset;
  GZlibDecompressor *inflater; /* or NULL */
  guint8             packed[32 * 1024];
  gsize              n_packed;
  gboolean           is_over;
  gint64             n_inflated;
} Source;

static gssize
read_some (Source  *source,
           guint8  *bytes,
           gsize    size,
           GError **error)
{
  gssize n;

  do
    n = pread (source->fd, bytes, size, source->offset);
  while (n < 0 && errno == EINTR);

  if (n < 0)
    {
      int saved_errno = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno), "%s", g_strerror (saved_errno));
      return -1;
    }

  source->offset += n;

  return n;
}

static gssize
inflate_some (Source  *source,
              guint8  *bytes,
              gsize    size,
              GError **error)
{
  g_autoptr(GError) reason = NULL;
  gsize n_read = 0;
  gsize n_written = 0;

  while (n_written == 0 && !source->is_over)
    {
      gssize           n = read_some (source, source->packed + source->n_packed,
                                      sizeof source->packed - source->n_packed, error);
      GConverterResult result;

      if (n < 0)
        return -1;

      source->n_packed += (gsize) n;
      result = g_converter_convert (G_CONVERTER (source->inflater), source->packed, source->n_packed, bytes, size,
                                    n == 0 ? G_CONVERTER_INPUT_AT_END : G_CONVERTER_NO_FLAGS,
                                    &n_read, &n_written, &reason);
      if (result == G_CONVERTER_ERROR)
        {
          g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, "cannot decompress: %s", reason->message);
          return -1;
        }

      source->is_over = result == G_CONVERTER_FINISHED;
      source->n_packed -= n_read;
      memmove (source->packed, source->packed + n_read, source->n_packed);
    }

  source->n_inflated += (gint64) n_written;
  if (source->n_inflated > ALMU_LIMIT_INFLATED_BYTES)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   "is more than %" G_GINT64_FORMAT " bytes when decompressed", (gint64) ALMU_LIMIT_INFLATED_BYTES);
      return -1;
    }

  return (gssize) n_written;
}

static gboolean
parse_all (Reader       *reader,
           Source       *source,
           GCancellable *cancellable,
           GError      **error)
{
  g_autoptr(GByteArray) pending = g_byte_array_new ();
  gssize n = 1;

  while (n > 0 && !reader->is_done)
    {
      guint n_pending;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;

      n_pending = pending->len;
      g_byte_array_set_size (pending, n_pending + PIECE_BYTES);
      n = source->inflater != NULL ? inflate_some (source, pending->data + n_pending, PIECE_BYTES, error)
                                   : read_some (source, pending->data + n_pending, PIECE_BYTES, error);
      if (n < 0)
        return FALSE;

      g_byte_array_set_size (pending, n_pending + (guint) n);
      reader->is_at_end = n == 0;
      take_bytes (reader, pending);
    }

  if (reader->error == NULL)
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&reader->error));

  return FALSE;
}

/* The rows are those of a FITS table; the VOTable has the words. */
static gboolean
take_fits (Reader        *reader,
           const char    *name,
           AlmuTableFlags flags,
           GCancellable  *cancellable,
           GError       **error)
{
  AlmuDataTable *table;

  table = almu_fits_table_read (almu_vostream_get_fd (reader->stream), name, flags, cancellable, error);
  if (table == NULL)
    return FALSE;

  table->format = ALMU_TABLE_VOTABLE;
  for (guint i = 0; i < MIN (table->columns->len, reader->table->columns->len); i++)
    {
      AlmuColumn *to = almu_data_table_get_column (table, i);
      AlmuColumn *from = almu_data_table_get_column (reader->table, i);

      if (from->id != NULL)
        {
          g_free (to->id);
          to->id = g_steal_pointer (&from->id);
        }
    }
  almu_data_table_unref (reader->table);
  reader->table = table;

  return TRUE;
}

static gboolean
finish (Reader        *reader,
        const char    *name,
        AlmuTableFlags flags,
        GCancellable  *cancellable,
        GError       **error)
{
  if (reader->has_data && reader->stream != NULL && almu_vostream_get_fd (reader->stream) >= 0)
    return take_fits (reader, name, flags, cancellable, error);

  if (reader->table->columns->len == 0)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, "%s: has no TABLE with a FIELD", name);
      return FALSE;
    }

  if (!reader->has_data)
    reader->table->n_rows = 0;

  if (flags == ALMU_TABLE_HEAD_ONLY || account (reader))
    return TRUE;

  g_propagate_prefixed_error (error, g_steal_pointer (&reader->error), "%s: ", name);

  return FALSE;
}

static void
reader_clear (Reader *reader)
{
  /* nobody asked for a document, but declarations begin one */
  if (reader->parser != NULL)
    xmlFreeDoc (reader->parser->myDoc);
  xmlFreeParserCtxt (reader->parser);
  g_clear_pointer (&reader->stream, almu_vostream_free);
  g_clear_pointer (&reader->table, almu_data_table_unref);
  g_array_unref (reader->fields);
  g_string_free (reader->text, TRUE);
  g_clear_error (&reader->error);
}

/**
 * almu_votable_is_start:
 *
 * Whether a file that begins like this may be a VOTable: XML, with a prolog
 * or without.
 */
gboolean
almu_votable_is_start (const guint8 *bytes,
                       gsize         n_bytes)
{
  static const guint8 mark[] = { 0xef, 0xbb, 0xbf };

  /* UTF-16, either way round */
  if (n_bytes >= 2 && ((bytes[0] == 0xff && bytes[1] == 0xfe) || (bytes[0] == 0xfe && bytes[1] == 0xff)))
    return TRUE;

  if (n_bytes >= sizeof mark && memcmp (bytes, mark, sizeof mark) == 0)
    bytes += sizeof mark, n_bytes -= sizeof mark;

  while (n_bytes > 0 && g_ascii_isspace (*bytes))
    bytes++, n_bytes--;

  return n_bytes > 1 && bytes[0] == '<' && (bytes[1] == '?' || bytes[1] == '!' || g_ascii_isalpha (bytes[1]));
}

/**
 * almu_votable_read:
 * @fd: an open file
 * @name: for messages, valid UTF-8
 * @is_packed: whether it is compressed by gzip
 */
AlmuDataTable *
almu_votable_read (int            fd,
                   const char    *name,
                   gboolean       is_packed,
                   AlmuTableFlags flags,
                   GCancellable  *cancellable,
                   GError       **error)
{
  static xmlSAXHandler handlers = {
    .initialized = XML_SAX2_MAGIC,
    .startElementNs = on_start,
    .endElementNs = on_end,
    .characters = on_text,
    .ignorableWhitespace = on_text,
    .cdataBlock = on_text,
    .entityDecl = on_entity,
    .serror = on_error,
  };
  g_autofree Source *source = g_new0 (Source, 1);
  Reader             reader = { 0 };
  AlmuDataTable     *table = NULL;

  source->fd = fd;
  if (is_packed)
    source->inflater = g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP);

  reader.table = almu_data_table_new (ALMU_TABLE_VOTABLE);
  reader.fields = g_array_new (FALSE, TRUE, sizeof (AlmuVofield));
  g_array_set_clear_func (reader.fields, clear_field);
  reader.text = g_string_new (NULL);
  reader.is_plain = TRUE;
  reader.is_head_only = flags == ALMU_TABLE_HEAD_ONLY;
  reader.parser = xmlCreatePushParserCtxt (&handlers, &reader, NULL, 0, NULL);
  xmlCtxtUseOptions (reader.parser, XML_PARSE_NONET);

  if (!parse_all (&reader, source, cancellable, error))
    g_prefix_error (error, "%s: ", name);
  else if (finish (&reader, name, flags, cancellable, error))
    table = g_steal_pointer (&reader.table);

  reader_clear (&reader);
  g_clear_object (&source->inflater);

  return table;
}
