/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-card.h"

#include <math.h>
#include <string.h>

#include "almu-unit.h"

#define NAME_BYTES 8
#define VALUE_AT 9 /* behind the "=" */

/**
 * almu_card_new:
 * @type: what the value is
 * @name: the keyword, or the whole card; copied
 * @value: as text, without quotes; copied
 * @number: the value of a number, or 0
 * @comment: what follows the slash; copied
 *
 * Nothing is checked: @value and @number are to say the same.
 *
 * Returns: (transfer full): the card
 */
AlmuCard *
almu_card_new (AlmuCardType type,
               const char  *name,
               const char  *value,
               double       number,
               const char  *comment)
{
  AlmuCard *self = g_new (AlmuCard, 1);

  self->type = type;
  self->name = g_strdup (name);
  self->value = g_strdup (value);
  self->comment = g_strdup (comment);
  self->number = number;

  return self;
}

/**
 * almu_card_free:
 * @self: (nullable) (transfer full): a card
 *
 * Frees the card with its text.
 */
void
almu_card_free (AlmuCard *self)
{
  if (self == NULL)
    return;

  g_free (self->name);
  g_free (self->value);
  g_free (self->comment);
  g_free (self);
}

/**
 * almu_card_is_commentary:
 *
 * Cards without a value: HISTORY and COMMENT, notes under a blank name, and
 * what no reader but its writer understands. Their name is the whole card.
 *
 * Returns: whether the card is one of them
 */
gboolean
almu_card_is_commentary (const AlmuCard *self)
{
  return strlen (self->name) > NAME_BYTES || strchr (self->name, ' ') != NULL ||
         g_str_equal (self->name, "HISTORY") || g_str_equal (self->name, "COMMENT");
}

/* -- text --------------------------------------------------------------- */

/**
 * almu_clean_text:
 * @bytes: (array length=n_bytes): what stands in a file
 * @n_bytes: how many
 *
 * What stands in @bytes as valid UTF-8 without control characters or spaces
 * at the ends. FITS allows ASCII only; others write UTF-8, and old files
 * Latin-1.
 *
 * Returns: (transfer full): the text
 */
char *
almu_clean_text (const char *bytes,
                 gsize       n_bytes)
{
  gboolean is_utf8 = g_utf8_validate_len (bytes, n_bytes, NULL);
  GString *text = g_string_sized_new (n_bytes);

  for (gsize i = 0; i < n_bytes; i++)
    {
      guchar c = bytes[i];

      if (c < 0x20 || c == 0x7f)
        g_string_append_c (text, ' ');
      else if (c < 0x80 || is_utf8)
        g_string_append_c (text, c);
      else if (c < 0xa0)
        g_string_append_c (text, '?');
      else
        g_string_append_unichar (text, c);
    }

  return g_strstrip (g_string_free (text, FALSE));
}

/* The fewest digits that give @number back. */
static void
print_shortest (char       *text,
                gsize       n_text,
                double      number,
                int         n_from,
                int         n_to,
                const char *conversion)
{
  for (int n_digits = n_from; n_digits <= n_to; n_digits++)
    {
      char format[16];

      g_snprintf (format, sizeof format, "%%.%d%s", n_digits, conversion);
      g_ascii_formatd (text, n_text, format, number);
      if (g_ascii_strtod (text, NULL) == number)
        return;
    }
}

/**
 * almu_format_number:
 * @number: any number
 *
 * A number in as few digits as give it back: "51", "0.1", "1e-09".
 *
 * Returns: (transfer full): the text, with a point everywhere
 */
char *
almu_format_number (double number)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  print_shortest (text, sizeof text, number, 1, 17, "g");
  if (fabs (number) >= 10 && fabs (number) < 1e15 && strchr (text, 'e') != NULL)
    print_shortest (text, sizeof text, number, 15, 17, "g");

  return g_strdup (text);
}

/**
 * almu_format_card_number:
 * @name: the keyword
 * @number: its value
 *
 * A real as the page shows it: reference pixels and epochs short, all else
 * with twelve decimals, or more where those would lose something.
 *
 * Returns: (transfer full): the text, with a point everywhere
 */
char *
almu_format_card_number (const char *name,
                         double      number)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  if (!isfinite (number))
    return NULL;

  if (strstr (name, "PIX") != NULL || g_str_equal (name, "EQUINOX") || g_str_equal (name, "EPOCH"))
    {
      g_autofree char *plain = almu_format_number (number);

      if (strpbrk (plain, ".e") != NULL)
        return g_ascii_strup (plain, -1);

      return g_strconcat (plain, ".0", NULL);
    }

  print_shortest (text, sizeof text, number, 12, 16, "E");

  return g_strdup (text);
}

/* -- records ------------------------------------------------------------ */

/**
 * almu_record_is:
 * @record: (array fixed-size=80): the bytes of a card
 * @name: a keyword, at most 8 bytes
 *
 * Whether the 80 bytes at @record have the keyword @name.
 *
 * Returns: whether they have
 */
gboolean
almu_record_is (const char *record,
                const char *name)
{
  gsize n = strlen (name);

  if (n > NAME_BYTES || memcmp (record, name, n) != 0)
    return FALSE;

  for (; n < NAME_BYTES; n++)
    if (record[n] != ' ')
      return FALSE;

  return TRUE;
}

static gboolean
is_commentary_record (const char *record)
{
  static const char *const names[] = { "HISTORY", "COMMENT", "HIERARCH", "CONTINUE", "" };

  if (record[NAME_BYTES] != '=' || record[0] == ' ')
    return TRUE;

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (almu_record_is (record, names[i]))
      return TRUE;

  return FALSE;
}

/* The text of an unquoted value. */
static char *
get_plain (const char *record)
{
  const char *value = record + VALUE_AT;
  gsize       n = ALMU_RECORD_BYTES - VALUE_AT;
  const char *slash = memchr (value, '/', n);

  return almu_clean_text (value, slash != NULL ? (gsize) (slash - value) : n);
}

/**
 * almu_record_get_int:
 * @record: (array fixed-size=80): the bytes of a card
 * @out_number: (out): the value; left as it is if there is none
 *
 * Reads a mandatory card. Some writers give integers as 2.0 or quote them.
 *
 * Returns: whether it is a whole number
 */
gboolean
almu_record_get_int (const char *record,
                     gint64     *out_number)
{
  g_autofree char *text = NULL;
  char            *end;
  double           number;

  if (record[NAME_BYTES] != '=')
    return FALSE;

  text = get_plain (record);
  g_strdelimit (text, "'", ' ');
  g_strstrip (text);

  if (*text == '\0' || strspn (text, "+-0123456789.eEdD") != strlen (text))
    return FALSE;

  g_strdelimit (text, "dD", 'E');
  number = g_ascii_strtod (text, &end);
  if (*end != '\0' || !(fabs (number) < 9e18) || number != floor (number))
    return FALSE;

  *out_number = strpbrk (text, ".eE") != NULL ? (gint64) number : g_ascii_strtoll (text, NULL, 10);

  return TRUE;
}

/**
 * almu_record_get_logical:
 * @record: (array fixed-size=80): the bytes of a card
 * @out_truth: (out): the value; left as it is if there is none
 *
 * Reads a value that is T or F, without quotes, in free format.
 *
 * Returns: whether it is one
 */
gboolean
almu_record_get_logical (const char *record,
                         gboolean   *out_truth)
{
  g_autofree char *text = NULL;

  if (record[NAME_BYTES] != '=')
    return FALSE;

  text = get_plain (record);
  if (!g_str_equal (text, "T") && !g_str_equal (text, "F"))
    return FALSE;

  *out_truth = *text == 'T';

  return TRUE;
}

/* Takes the quoted value at @at (behind the opening quote); returns where
 * it ended. A quote that is never closed ends with the card. */
static gsize
append_quoted (GString    *value,
               const char *record,
               gsize       at)
{
  for (; at < ALMU_RECORD_BYTES; at++)
    {
      if (record[at] != '\'')
        g_string_append_c (value, record[at]);
      else if (at + 1 < ALMU_RECORD_BYTES && record[at + 1] == '\'')
        g_string_append_c (value, record[at++]);
      else
        return at + 1;
    }

  return at;
}

static void
append_comment (GString    *comment,
                const char *record,
                gsize       at)
{
  const char *slash = memchr (record + at, '/', ALMU_RECORD_BYTES - at);

  if (slash == NULL)
    return;

  slash++;
  if (comment->len > 0 && slash < record + ALMU_RECORD_BYTES && *slash != ' ')
    g_string_append_c (comment, ' ');
  g_string_append_len (comment, slash, record + ALMU_RECORD_BYTES - slash);
  while (comment->len > 0 && comment->str[comment->len - 1] == ' ')
    g_string_truncate (comment, comment->len - 1);
}

static gsize
find_quote (const char *record,
            gsize       at)
{
  while (at < ALMU_RECORD_BYTES && record[at] == ' ')
    at++;

  return at < ALMU_RECORD_BYTES && record[at] == '\'' ? at : 0;
}

/* "…&" says that the next record goes on with it. */
static gboolean
cut_ampersand (GString *value)
{
  gsize n = value->len;

  while (n > 0 && value->str[n - 1] == ' ')
    n--;
  if (n == 0 || value->str[n - 1] != '&')
    return FALSE;

  g_string_truncate (value, n - 1);
  return TRUE;
}

static AlmuCard *
take_string (char       *name,
             const char *records,
             gsize       n_records,
             gsize       quote,
             gsize      *out_n_used)
{
  g_autoptr(GString) value = g_string_sized_new (ALMU_RECORD_BYTES);
  g_autoptr(GString) comment = g_string_new (NULL);
  AlmuCard *self = g_new0 (AlmuCard, 1);
  gsize     n_used = 0;

  do
    {
      const char *record = records + n_used * ALMU_RECORD_BYTES;

      append_comment (comment, record, append_quoted (value, record, quote + 1));
      n_used++;

      if (n_used == n_records || !almu_record_is (record + ALMU_RECORD_BYTES, "CONTINUE"))
        break;
      quote = find_quote (record + ALMU_RECORD_BYTES, NAME_BYTES);
    }
  while (quote != 0 && cut_ampersand (value));

  self->type = ALMU_CARD_STRING;
  self->name = name;
  self->value = almu_clean_text (value->str, value->len);
  self->comment = almu_clean_text (comment->str, comment->len);
  *out_n_used = n_used;

  return self;
}

/* Reads @value as a number; what is none stays text. */
static void
find_type (AlmuCard *self)
{
  g_autofree char *text = NULL;
  char            *end;
  char            *printed;
  double           number;

  if (g_str_equal (self->value, "T") || g_str_equal (self->value, "F"))
    {
      self->type = ALMU_CARD_INT;
      self->number = *self->value == 'T';
      return;
    }

  if (*self->value == '\0' || strspn (self->value, "+-0123456789.eEdD") != strlen (self->value))
    return;

  text = g_strdup (self->value);
  g_strdelimit (text, "dDe", 'E');
  number = g_ascii_strtod (text, &end);
  if (*end != '\0')
    return;

  self->number = number;
  self->type = strpbrk (text, ".E") == NULL ? ALMU_CARD_INT : ALMU_CARD_FLOAT;
  if (self->type == ALMU_CARD_INT)
    return;

  printed = almu_format_card_number (self->name, number);
  g_free (self->value);
  self->value = printed != NULL ? printed : g_steal_pointer (&text);
}

static gboolean
is_always_text (const char *name)
{
  return g_str_has_prefix (name, "CTYPE") || strstr (name, "UNIT") != NULL ||
         g_str_equal (name, "EXTNAME");
}

static AlmuCard *
take_plain (char       *name,
            const char *record)
{
  g_autoptr(GString) comment = g_string_new (NULL);
  AlmuCard *self = g_new0 (AlmuCard, 1);

  append_comment (comment, record, VALUE_AT);

  self->type = ALMU_CARD_STRING;
  self->name = name;
  self->value = get_plain (record);
  self->comment = almu_clean_text (comment->str, comment->len);

  if (g_str_equal (name, "SIMPLE") && g_ascii_isdigit (*self->value))
    *self->value = *self->value == '0' ? 'F' : 'T';
  if (!is_always_text (name))
    find_type (self);

  return self;
}

/**
 * almu_card_new_for_records:
 * @records: at least one record of 80 bytes
 * @n_records: how many there are from there on
 * @out_n_used: how many belong to the card: more than one for a long string
 *
 * Reads the card that begins at @records.
 *
 * Returns: (transfer full): the card
 */
AlmuCard *
almu_card_new_for_records (const char *records,
                           gsize       n_records,
                           gsize      *out_n_used)
{
  AlmuCard *self;
  char     *name;
  gsize     quote;

  *out_n_used = 1;

  if (is_commentary_record (records))
    {
      self = almu_card_new (ALMU_CARD_STRING, NULL, "", 0.0, "");
      self->name = almu_clean_text (records, ALMU_RECORD_BYTES);

      return self;
    }

  name = almu_clean_text (records, NAME_BYTES);
  quote = find_quote (records, VALUE_AT);
  if (quote == 0)
    return take_plain (name, records);

  self = take_string (name, records, n_records, quote, out_n_used);
  if (strstr (self->name, "UNIT") != NULL)
    {
      char *tidied = almu_unit_tidy (self->value);

      g_free (self->value);
      self->value = tidied;
    }

  return self;
}
