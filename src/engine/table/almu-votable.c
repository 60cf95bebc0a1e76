/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-votable.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "almu-byte-source.h"
#include "almu-error.h"
#include "almu-fits-table.h"
#include "almu-vofield.h"
#include "almu-vorows.h"
#include "almu-votable-private.h"

/* A VOTable is read as it comes: what it takes in memory are the columns,
 * never the document. The parser gets our handlers and none of its own:
 * nothing is fetched, no entity is ever declared, and so none can grow.
 *
 * The first table that has data is the catalog; what is said of tables
 * before it is forgotten.
 */

static void
clear_field (gpointer data)
{
  almu_vofield_clear (data);
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
  AlmuVoReader  *reader = user_data;
  AlmuDataTable *table = reader->table;

  if (reader->cell < reader->fields->len &&
      !almu_vofield_append_text (&g_array_index (reader->fields, AlmuVofield, reader->cell),
                                 table, reader->cell, table->n_rows, text, n_bytes, &reader->error))
    {
      almu_vo_reader_stop (reader);
      return FALSE;
    }
  if (reader->cell == reader->fields->len)
    almu_vo_reader_note_many_cells (reader);
  reader->cell++;

  return TRUE;
}

static gboolean
take_row (gpointer user_data)
{
  AlmuVoReader *reader = user_data;

  almu_vo_reader_end_row (reader);

  return !reader->is_done;
}

/* Where each byte below 128 is what it is in ASCII. */
static gboolean
is_like_ascii (AlmuVoReader *reader)
{
  const char *encoding = (const char *) reader->parser->encoding;

  return encoding == NULL || g_ascii_strcasecmp (encoding, "UTF-8") == 0 ||
         g_ascii_strcasecmp (encoding, "US-ASCII") == 0 || g_ascii_strncasecmp (encoding, "ISO-8859-", 9) == 0;
}

static gboolean
is_in_rows (AlmuVoReader *reader)
{
  return reader->is_plain && reader->has_data && almu_vo_reader_get_parent (reader) == ELEMENT_TABLEDATA && is_like_ascii (reader);
}

static void
feed (AlmuVoReader *reader,
      const char   *bytes,
      gsize         n_bytes)
{
  reader->n_silent += n_bytes;
  almu_libxml->xmlParseChunk (reader->parser, bytes, (int) n_bytes, 0);
  almu_vo_reader_check_silence (reader);
}

/* Returns how many bytes were taken; 0 if there have to be more first. */
static gsize
take_rows (AlmuVoReader *reader,
           const char   *bytes,
           gsize         n_bytes)
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
take_markup (AlmuVoReader *reader,
             const char   *bytes,
             gsize         n_bytes)
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
take_bytes (AlmuVoReader *reader,
            GByteArray   *pending)
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
    almu_libxml->xmlParseChunk (reader->parser, NULL, 0, 1);
}

/* -- the file ----------------------------------------------------------- */

#define PIECE_BYTES (64 * 1024)

static gboolean
parse_all (AlmuVoReader   *reader,
           AlmuByteSource *source,
           GCancellable   *cancellable,
           GError        **error)
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
      n = almu_byte_source_read (source, pending->data + n_pending, PIECE_BYTES, error);
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
take_fits (AlmuVoReader  *reader,
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
finish (AlmuVoReader  *reader,
        const char    *name,
        AlmuTableFlags flags,
        GCancellable  *cancellable,
        GError       **error)
{
  if (reader->has_data && reader->stream != NULL && almu_vostream_get_fd (reader->stream) >= 0)
    return take_fits (reader, name, flags, cancellable, error);

  if (reader->table->columns->len == 0)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("%s: has no TABLE with a FIELD"), name);
      return FALSE;
    }

  if (!reader->has_data)
    reader->table->n_rows = 0;

  if (flags == ALMU_TABLE_HEAD_ONLY || almu_vo_reader_account (reader))
    return TRUE;

  g_propagate_prefixed_error (error, g_steal_pointer (&reader->error), "%s: ", name);

  return FALSE;
}

static void
reader_clear (AlmuVoReader *reader)
{
  /* nobody asked for a document, but declarations begin one */
  if (reader->parser != NULL)
    almu_libxml->xmlFreeDoc (reader->parser->myDoc);
  almu_libxml->xmlFreeParserCtxt (reader->parser);
  g_clear_pointer (&reader->stream, almu_vostream_free);
  g_clear_pointer (&reader->table, almu_data_table_unref);
  g_array_unref (reader->fields);
  g_string_free (reader->text, TRUE);
  g_clear_error (&reader->error);
}

/**
 * almu_votable_is_start:
 * @bytes: (array length=n_bytes): the first bytes of the file
 * @n_bytes: how many
 *
 * Whether a file that begins like this may be a VOTable: XML, with a prolog
 * or without.
 *
 * Returns: whether it may be
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
 * @flags: whether rows are wanted
 * @cancellable: (nullable): asked between pieces
 * @error: return location; %ALMU_ERROR_FORMAT for what is no VOTable with a table, or
 *   a damaged one, %ALMU_ERROR_LIMIT for one that is too large
 *
 * Reads the first table of a VOTable, whatever way its rows are written. Blocks;
 * any thread.
 *
 * Returns: (transfer full): the table, or %NULL
 */
AlmuDataTable *
almu_votable_read (int            fd,
                   const char    *name,
                   gboolean       is_packed,
                   AlmuTableFlags flags,
                   GCancellable  *cancellable,
                   GError       **error)
{
  g_autoptr(AlmuByteSource) source = almu_byte_source_new (fd, is_packed);
  AlmuVoReader   reader = { 0 };
  AlmuDataTable *table = NULL;

  if (!almu_libxml_load (error))
    {
      g_prefix_error (error, "%s: ", name);
      return NULL;
    }

  reader.table = almu_data_table_new (ALMU_TABLE_VOTABLE);
  reader.fields = g_array_new (FALSE, TRUE, sizeof (AlmuVofield));
  g_array_set_clear_func (reader.fields, clear_field);
  reader.text = g_string_new (NULL);
  reader.is_plain = TRUE;
  reader.is_head_only = flags == ALMU_TABLE_HEAD_ONLY;
  reader.parser = almu_libxml->xmlCreatePushParserCtxt ((xmlSAXHandlerPtr) &almu_vo_reader_handlers, &reader, NULL, 0, NULL);
  almu_libxml->xmlCtxtUseOptions (reader.parser, XML_PARSE_NONET);

  if (!parse_all (&reader, source, cancellable, error))
    g_prefix_error (error, "%s: ", name);
  else if (finish (&reader, name, flags, cancellable, error))
    table = g_steal_pointer (&reader.table);

  reader_clear (&reader);

  return table;
}
