/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-vofield.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "almu-error.h"
#include "almu-limits.h"

/* The cells of a VOTable as the columns of a table: from text, as between
 * TD and /TD, and from the bytes of a stream. A cell that is not what its
 * column says is no reason to refuse a catalog of a million others: it is
 * NaN or 0, counted, and the first is named.
 */

#define MAX_NUMBER_BYTES 128

static const struct
{
  const char    *name;
  AlmuColumnType type;
  gsize          item_bytes;
} datatypes[] = {
  { "char", ALMU_COLUMN_STRING, 1 },
  { "unicodeChar", ALMU_COLUMN_STRING, 2 },
  { "string", ALMU_COLUMN_STRING, 1 }, /* of no standard, but in use */
  { "int", ALMU_COLUMN_INT32, 4 },
  { "short", ALMU_COLUMN_INT16, 2 },
  { "unsignedByte", ALMU_COLUMN_UINT8, 1 },
  { "long", ALMU_COLUMN_INT64, 8 },
  { "float", ALMU_COLUMN_FLOAT, 4 },
  { "double", ALMU_COLUMN_DOUBLE, 8 },
  { "boolean", ALMU_COLUMN_BOOL, 1 },
  { "bit", ALMU_COLUMN_UNSUPPORTED, 0 },
  { "floatComplex", ALMU_COLUMN_UNSUPPORTED, 8 },
  { "doubleComplex", ALMU_COLUMN_UNSUPPORTED, 16 },
};

/* "", "3", "*", "10*" (at most ten), "3x4", "3x*" */
static void
parse_arraysize (AlmuVofield *self,
                 const char  *arraysize)
{
  gboolean is_list = strchr (arraysize, 'x') != NULL;

  self->n_items = 1;
  self->is_variable = strchr (arraysize, '*') != NULL;
  if (self->is_variable && !is_list)
    return;

  while (g_ascii_isdigit (*arraysize))
    {
      char  *end;
      gint64 n = (gint64) MIN (g_ascii_strtoull (arraysize, &end, 10), ALMU_LIMIT_CELL_BYTES);

      /* the last of a variable list is only its longest */
      if (*end != '*')
        self->n_items = MIN (self->n_items * n, ALMU_LIMIT_CELL_BYTES);
      arraysize = *end == 'x' ? end + 1 : end;
    }
}

/**
 * almu_vofield_set_up:
 * @self: zeros
 * @datatype: (nullable): an attribute of FIELD, as is @arraysize
 * @arraysize: (nullable): %NULL for a single item
 *
 * Finds out what a column of a VOTable becomes (VOTable 1.4, sections 2.1 and 2.2). Arrays of
 * anything but characters, and types that are not known, become
 * %ALMU_COLUMN_UNSUPPORTED.
 */
void
almu_vofield_set_up (AlmuVofield *self,
                     const char  *datatype,
                     const char  *arraysize)
{
  self->datatype = g_strdup (datatype != NULL ? datatype : "");
  parse_arraysize (self, arraysize != NULL ? arraysize : "");

  for (guint i = 0; i < G_N_ELEMENTS (datatypes); i++)
    if (g_str_equal (datatypes[i].name, self->datatype))
      {
        self->type = datatypes[i].type;
        self->item_bytes = datatypes[i].item_bytes;
      }

  if (self->type != ALMU_COLUMN_STRING && (self->is_variable || self->n_items != 1))
    self->type = ALMU_COLUMN_UNSUPPORTED;
}

/**
 * almu_vofield_clear:
 *
 * Frees the text. Twice is harmless.
 */
void
almu_vofield_clear (AlmuVofield *self)
{
  g_clear_pointer (&self->datatype, g_free);
  g_clear_pointer (&self->null, g_free);
}

/* -- values ------------------------------------------------------------- */

static void
append_integer (GByteArray    *values,
                AlmuColumnType type,
                gint64         value)
{
  guint8   u8 = (guint8) value;
  gint16   i16 = (gint16) value;
  gint32   i32 = (gint32) value;
  gsize    size = almu_column_type_get_size (type);
  gpointer from = size == 1 ? (gpointer) &u8 : size == 2 ? (gpointer) &i16
                                             : size == 4 ? (gpointer) &i32
                                                         : (gpointer) &value;

  g_byte_array_append (values, from, (guint) size);
}

static void
append_real (GByteArray    *values,
             AlmuColumnType type,
             double         value)
{
  float single = (float) value;

  if (type == ALMU_COLUMN_FLOAT)
    g_byte_array_append (values, (const guint8 *) &single, sizeof single);
  else
    g_byte_array_append (values, (const guint8 *) &value, sizeof value);
}

static gboolean
is_in_range (AlmuColumnType type,
             gint64         value)
{
  switch (type)
    {
    case ALMU_COLUMN_UINT8:
      return value >= 0 && value <= G_MAXUINT8;
    case ALMU_COLUMN_INT16:
      return value >= G_MININT16 && value <= G_MAXINT16;
    case ALMU_COLUMN_INT32:
      return value >= G_MININT32 && value <= G_MAXINT32;
    default:
      return TRUE;
    }
}

/* Decimal, hexadecimal, or a whole number that somebody wrote as a real. */
static gboolean
parse_integer (const char    *text,
               AlmuColumnType type,
               gint64        *out)
{
  const char *digits = text + (*text == '-' || *text == '+');
  gboolean    is_hex = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
  char       *end;
  double      real;

  errno = 0;
  *out = g_ascii_strtoll (text, &end, is_hex ? 16 : 10);
  if (end != text && *end == '\0' && errno == 0)
    return is_in_range (type, *out);

  real = g_ascii_strtod (text, &end);
  if (end == text || *end != '\0' || real != rint (real) || fabs (real) > 9e18)
    return FALSE;

  *out = (gint64) real;

  return is_in_range (type, *out);
}

/* What has at most 15 digits and a short exponent is the quotient or the
 * product of two numbers that doubles hold exactly, and so rounded once: as
 * right as strtod(), in a tenth of the time. */
static gboolean
parse_short_real (const char *text,
                  double     *out)
{
  static const double powers[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
  gboolean            is_negative = *text == '-';
  gint64              digits = 0;
  int                 n_digits = 0;
  int                 n_after = 0;
  gboolean            is_after = FALSE;

  for (text += *text == '-' || *text == '+'; g_ascii_isdigit (*text) || (*text == '.' && !is_after); text++)
    {
      if (*text == '.')
        {
          is_after = TRUE;
          continue;
        }
      digits = digits * 10 + (*text - '0');
      n_after += is_after;
      if (++n_digits > 15)
        return FALSE;
    }

  if (n_digits == 0 || *text != '\0' || n_after >= (int) G_N_ELEMENTS (powers))
    return FALSE;

  *out = (double) digits / powers[n_after];
  if (is_negative)
    *out = -*out;

  return TRUE;
}

static gboolean
parse_real (const char *text,
            double     *out)
{
  char *end;

  if (parse_short_real (text, out))
    return TRUE;

  *out = g_ascii_strtod (text, &end);
  if (end != text && *end == '\0')
    return TRUE;

  *out = NAN;

  return FALSE;
}

static gboolean
append_string (AlmuDataTable *table,
               guint          index,
               gint64         row,
               const char    *text,
               gsize          n_bytes,
               GError       **error)
{
  AlmuColumn *column = almu_data_table_get_column (table, index);

  if (n_bytes <= ALMU_LIMIT_CELL_BYTES && almu_column_append_text (column, text, n_bytes))
    return TRUE;

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
               _ ("row %" PRId64 ", column “%s”: is text of more than %d bytes, or of more than %d in the column"),
               row + 1, column->name, ALMU_LIMIT_CELL_BYTES, G_MAXINT32);

  return FALSE;
}

/**
 * almu_vofield_append_nothing:
 * @table: whose column it is
 * @index: which column
 * @row: for messages, from 0
 * @error: return location
 *
 * Appends a cell without a value: NaN where there is one, what the column has
 * declared for it, or 0; "" of text.
 *
 * Returns: %FALSE with %ALMU_ERROR_LIMIT if a column has too much text
 */
gboolean
almu_vofield_append_nothing (const AlmuVofield *self,
                             AlmuDataTable     *table,
                             guint              index,
                             gint64             row,
                             GError           **error)
{
  GByteArray *values = almu_data_table_get_column (table, index)->values;
  gint64      null = 0;

  switch (self->type)
    {
    case ALMU_COLUMN_UNSUPPORTED:
      return TRUE;

    case ALMU_COLUMN_STRING:
      return append_string (table, index, row, "", 0, error);

    case ALMU_COLUMN_FLOAT:
    case ALMU_COLUMN_DOUBLE:
      append_real (values, self->type, NAN);
      return TRUE;

    default:
      if (self->null != NULL && !parse_integer (self->null, self->type, &null))
        null = 0;
      append_integer (values, self->type, self->type == ALMU_COLUMN_BOOL ? 0 : null);
      return TRUE;
    }
}

/**
 * almu_vofield_append_text:
 * @table: whose column it is
 * @index: which column
 * @row: for messages, from 0
 * @text: (array length=n_bytes): a cell as it stands in a TD; no zero needed
 * @n_bytes: how many
 * @error: return location
 *
 * Appends a cell. Blanks around numbers count for nothing, nor does a blank
 * number; what is no number is noted as odd, and does not fail.
 *
 * Returns: %FALSE with %ALMU_ERROR_LIMIT for text that is too long
 */
gboolean
almu_vofield_append_text (const AlmuVofield *self,
                          AlmuDataTable     *table,
                          guint              index,
                          gint64             row,
                          const char        *text,
                          gsize              n_bytes,
                          GError           **error)
{
  GByteArray *values;
  char        number[MAX_NUMBER_BYTES];
  gint64      integer = 0;
  double      real;
  gboolean    is_right;

  if (self->type == ALMU_COLUMN_STRING)
    return append_string (table, index, row, text, n_bytes, error);

  while (n_bytes > 0 && g_ascii_isspace (*text))
    text++, n_bytes--;
  while (n_bytes > 0 && g_ascii_isspace (text[n_bytes - 1]))
    n_bytes--;

  if (n_bytes == 0 || self->type == ALMU_COLUMN_UNSUPPORTED)
    return almu_vofield_append_nothing (self, table, index, row, error);

  n_bytes = MIN (n_bytes, sizeof number - 1);
  memcpy (number, text, n_bytes);
  number[n_bytes] = '\0';
  values = almu_data_table_get_column (table, index)->values;

  switch (self->type)
    {
    case ALMU_COLUMN_FLOAT:
    case ALMU_COLUMN_DOUBLE:
      is_right = parse_real (number, &real);
      append_real (values, self->type, real);
      break;

    case ALMU_COLUMN_BOOL:
      is_right = strchr ("tT1yYfF0nN?", number[0]) != NULL;
      append_integer (values, self->type, strchr ("tT1yY", number[0]) != NULL);
      break;

    default:
      is_right = parse_integer (number, self->type, &integer);
      append_integer (values, self->type, is_right ? integer : 0);
      break;
    }

  if (!is_right)
    almu_data_table_note_odd (table, row, index, number, self->datatype);

  return TRUE;
}

/* -- from a stream ------------------------------------------------------ */

static guint64
get_big_endian (const guint8 *bytes,
                gsize         n)
{
  guint64 value = 0;

  for (gsize i = 0; i < n; i++)
    value = value << 8 | bytes[i];

  return value;
}

static gboolean
append_unicode (AlmuDataTable *table,
                guint          index,
                gint64         row,
                const guint8  *bytes,
                gsize          n_chars,
                GError       **error)
{
  g_autoptr(GString) text = g_string_new (NULL);

  for (gsize i = 0; i < n_chars; i++)
    {
      gunichar c = (gunichar) get_big_endian (bytes + 2 * i, 2);

      if (c == 0)
        break;
      g_string_append_unichar (text, g_unichar_validate (c) ? c : 0xfffd);
    }

  return append_string (table, index, row, text->str, text->len, error);
}

static gboolean
append_value (const AlmuVofield *self,
              AlmuDataTable     *table,
              guint              index,
              gint64             row,
              const guint8      *bytes,
              gsize              n_items,
              GError           **error)
{
  GByteArray *values = almu_data_table_get_column (table, index)->values;
  guint64     raw;
  guint32     raw32;
  float       single;
  double      real;

  if (self->type == ALMU_COLUMN_STRING)
    return self->item_bytes == 2
             ? append_unicode (table, index, row, bytes, n_items, error)
             : append_string (table, index, row, (const char *) bytes, n_items, error);

  raw = get_big_endian (bytes, self->item_bytes);
  switch (self->type)
    {
    case ALMU_COLUMN_FLOAT:
      raw32 = (guint32) raw;
      memcpy (&single, &raw32, sizeof single);
      append_real (values, self->type, single);
      break;

    case ALMU_COLUMN_DOUBLE:
      memcpy (&real, &raw, sizeof real);
      append_real (values, self->type, real);
      break;

    case ALMU_COLUMN_BOOL:
      append_integer (values, self->type, raw != 0 && strchr ("tT1yY", (int) raw) != NULL);
      break;

    default:
      append_integer (values, self->type, (gint64) raw);
      break;
    }

  return TRUE;
}

/**
 * almu_vofield_append_bytes:
 * @table: whose column it is
 * @index: which column
 * @row: for messages, from 0
 * @is_null: whether the stream has said that there is no value
 * @bytes: (array length=n_bytes): what is there of a stream, from this cell
 * @n_bytes: how many
 * @error: return location; %ALMU_ERROR_LIMIT for a cell that is too large to be true
 *
 * Appends a cell as BINARY and BINARY2 of a VOTable have it: big-endian, and with
 * its count before it if that varies.
 *
 * Returns: how many bytes the cell takes, 0 if it is not all there, -1 on
 *   failure
 */
gssize
almu_vofield_append_bytes (const AlmuVofield *self,
                           AlmuDataTable     *table,
                           guint              index,
                           gint64             row,
                           gboolean           is_null,
                           const guint8      *bytes,
                           gsize              n_bytes,
                           GError           **error)
{
  gsize  head = self->is_variable ? 4 : 0;
  gint64 n_items = self->n_items;
  gint64 size;

  if (n_bytes < head)
    return 0;

  if (self->is_variable)
    n_items *= (gint32) get_big_endian (bytes, 4);

  size = self->item_bytes > 0 ? n_items * (gint64) self->item_bytes : (n_items + 7) / 8;
  if (n_items < 0 || size > ALMU_LIMIT_CELL_BYTES)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("row %" PRId64 ", column “%s”: a cell of %" PRId64
                      " items of type %s is not one of at most %d bytes; the stream is damaged"),
                   row + 1, almu_data_table_get_column (table, index)->name, n_items, self->datatype,
                   ALMU_LIMIT_CELL_BYTES);
      return -1;
    }

  if (n_bytes - head < (gsize) size)
    return 0;

  if (is_null)
    {
      if (!almu_vofield_append_nothing (self, table, index, row, error))
        return -1;
    }
  else if (self->type != ALMU_COLUMN_UNSUPPORTED &&
           !append_value (self, table, index, row, bytes + head, (gsize) n_items, error))
    {
      return -1;
    }

  return (gssize) (head + (gsize) size);
}
