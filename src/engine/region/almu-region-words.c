/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-region-words.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "almu-error.h"

/* -- numbers ------------------------------------------------------------ */

static const struct
{
  const char *suffix;
  AlmuUnit    unit;
  double      factor;
} units[] = {
  { "", ALMU_UNIT_NONE, 1 },
  { "pix", ALMU_UNIT_PIXEL, 1 },
  { "p", ALMU_UNIT_PIXEL, 1 },
  { "i", ALMU_UNIT_PIXEL, 1 },
  { "deg", ALMU_UNIT_DEGREE, 1 },
  { "d", ALMU_UNIT_DEGREE, 1 },
  { "rad", ALMU_UNIT_DEGREE, 180 / G_PI },
  { "r", ALMU_UNIT_DEGREE, 180 / G_PI },
  { "arcmin", ALMU_UNIT_DEGREE, 1 / 60.0 },
  { "'", ALMU_UNIT_DEGREE, 1 / 60.0 },
  { "arcsec", ALMU_UNIT_DEGREE, 1 / 3600.0 },
  { "\"", ALMU_UNIT_DEGREE, 1 / 3600.0 },
  { "mas", ALMU_UNIT_DEGREE, 1 / 3600000.0 },
  { "marcsec", ALMU_UNIT_DEGREE, 1 / 3600000.0 },
};

/* The parts of 12h30m1.5s, 12:30:1.5 and 12.30.01.5, with what separates
 * them. A part that is missing is 0. */
static gboolean
parse_parts (const char *text,
             const char *marks,
             double     *out_value)
{
  const char *rest = text + (*text == '-' || *text == '+');
  double      value = 0;
  double      size = 1;

  for (int i = 0; i < 3 && *rest != '\0'; i++, size *= 60)
    {
      char  *end;
      double part;

      if (!g_ascii_isdigit (*rest) && *rest != '.')
        return FALSE;
      part = g_ascii_strtod (rest, &end);
      if (!isfinite (part))
        return FALSE;
      value += part / size;
      rest = end;
      if (*rest != '\0')
        {
          if (*rest != marks[i])
            return FALSE;
          rest++;
        }
    }

  if (*rest != '\0')
    return FALSE;

  *out_value = *text == '-' ? -value : value;
  return TRUE;
}

/* CASA writes degrees as 47.11.45.02. */
static gboolean
parse_dotted (const char *text,
              double     *out_value)
{
  g_auto(GStrv) parts = g_strsplit (text, ".", 3);
  g_autofree char *joined = NULL;

  if (g_strv_length (parts) < 3)
    return FALSE;

  joined = g_strjoin (":", parts[0], parts[1], parts[2], NULL);

  return parse_parts (joined, "::", out_value);
}

static gboolean
parse_with_unit (const char   *text,
                 AlmuQuantity *out_quantity)
{
  char  *end;
  double value = g_ascii_strtod (text, &end);

  if (end == text || !isfinite (value))
    return FALSE;

  for (gsize i = 0; i < G_N_ELEMENTS (units); i++)
    {
      if (strcmp (end, units[i].suffix) != 0)
        continue;

      *out_quantity = (AlmuQuantity){ value * units[i].factor, units[i].unit };
      return TRUE;
    }

  return FALSE;
}

/**
 * almu_quantity_parse:
 * @text: "12.5", "300pix", "2.5arcsec", "1.2'", "12h30m00s", "-12d30m00s",
 *   "12:30:00.5" or "47.11.45.02"
 * @out_quantity: (out caller-allocates): the number and its unit; left as it is
 *   on failure
 * @error: return location; %ALMU_ERROR_FORMAT if it is none of these
 *
 * Reads a number as region files have it. Angles become degrees, hours too; what
 * colons part is left to who knows whether it is hours.
 *
 * Returns: whether it is a number with a known unit, or without one
 */
gboolean
almu_quantity_parse (const char   *text,
                     AlmuQuantity *out_quantity,
                     GError      **error)
{
  AlmuQuantity quantity = { 0, ALMU_UNIT_DEGREE };

  if (strchr (text, ':') != NULL && parse_parts (text, "::", &quantity.value))
    {
      quantity.unit = ALMU_UNIT_SEXAGESIMAL;
    }
  else if (parse_parts (text, "hms", &quantity.value) && strchr (text, 'h') != NULL)
    {
      quantity.value *= 15;
    }
  else if (!(strchr (text, 'd') != NULL && parse_parts (text, "dms", &quantity.value)) &&
           !parse_dotted (text, &quantity.value) &&
           !parse_with_unit (text, &quantity))
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("“%s” is no number with a known unit"), text);
      return FALSE;
    }

  *out_quantity = quantity;
  return TRUE;
}

/**
 * almu_words_append_number:
 * @text: grows by the number
 * @format: with one conversion, of a double
 * @number: what to write
 *
 * Writes a number; the decimal point is a point everywhere.
 */
void
almu_words_append_number (GString    *text,
                          const char *format,
                          double      number)
{
  char buffer[64];

  g_string_append (text, g_ascii_formatd (buffer, sizeof buffer, format, number));
}

/* -- words -------------------------------------------------------------- */

/* "" … {…}, with what is between them as it stands. */
static const char *
skip_quoted (const char *text,
             char        close)
{
  while (*text != '\0' && *text != close)
    text++;

  return text;
}

static char
get_closing (char open)
{
  switch (open)
    {
    case '{':
      return '}';
    case '"':
    case '\'':
      return open;
    default:
      return '\0';
    }
}

/**
 * almu_words_split:
 * @text: some words
 * @delimiters: what lies between words; several count as one
 *
 * No word is empty: delimiters at the ends count for nothing.
 *
 * Returns: (transfer full) (element-type utf8): the words
 */
GPtrArray *
almu_words_split (const char *text,
                  const char *delimiters)
{
  GPtrArray *words = g_ptr_array_new_with_free_func (g_free);

  while (*text != '\0')
    {
      gsize n;

      text += strspn (text, delimiters);
      n = strcspn (text, delimiters);
      if (n > 0)
        g_ptr_array_add (words, g_strndup (text, n));
      text += n;
    }

  return words;
}

/* One value, quoted or not, or several up to the next name. */
static char *
take_value (const char **text,
            char         separator)
{
  GString *value = g_string_new (NULL);

  for (;;)
    {
      const char *rest = *text + strspn (*text, " \t");
      char        close = get_closing (*rest);
      const char *end;

      if (*rest == '\0' || (separator != '\0' && *rest == separator))
        break;

      if (close != '\0')
        {
          end = skip_quoted (rest + 1, close);
          rest++;
        }
      else
        {
          end = rest + strcspn (rest, separator == ',' ? " \t," : " \t");
          if (memchr (rest, '=', (gsize) (end - rest)) != NULL)
            break;
          /* a list is one value: corr=[I, Q] */
          if (*rest == '[')
            end = skip_quoted (rest, ']');
        }

      if (value->len > 0)
        g_string_append_c (value, ' ');
      g_string_append_len (value, rest, end - rest);
      *text = *end != '\0' && close != '\0' ? end + 1 : end;
    }

  return g_string_free (value, FALSE);
}

/**
 * almu_settings_words_parse:
 * @text: name=value …; values may be quoted, or be several words
 * @separator: between settings, besides blanks; or NUL
 *
 * Reads what region files say of looks. Names become lower case, of several of
 * one name the last counts, and words that belong to no name are passed over.
 *
 * Returns: (transfer full) (element-type utf8 utf8): values by name
 */
GHashTable *
almu_settings_words_parse (const char *text,
                           char        separator)
{
  GHashTable *settings = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  const char  skipped[] = { ' ', '\t', separator, '\0' };

  while (*text != '\0')
    {
      gsize n;

      text += strspn (text, skipped);
      n = strcspn (text, separator == ',' ? "=, \t" : "= \t");
      if (text[n] == '=')
        {
          char *name = g_ascii_strdown (text, (gssize) n);

          text += n + 1;
          g_hash_table_replace (settings, name, take_value (&text, separator));
        }
      else
        {
          text += MAX (n, *text != '\0');
        }
    }

  return settings;
}

/* -- colours ------------------------------------------------------------ */

/**
 * almu_color_clean:
 * @text: a colour as region files have it
 *
 * #0af, #00aaff, 00aaff and #0000aaaaffff are one colour: single digits are doubled,
 * of more the first two are kept. Names stay.
 *
 * Returns: (transfer full): "#RRGGBB" in capitals, or @text as it is
 */
char *
almu_color_clean (const char *text)
{
  const char *digits = *text == '#' ? text + 1 : text;
  gsize       n = strspn (digits, "0123456789abcdefABCDEF");
  gsize       step = n / 3;
  GString    *color;
  char       *result;

  if (digits[n] != '\0' || (n != 3 && n != 6 && n != 9 && n != 12) || (*text != '#' && n != 6))
    return g_strdup (text);

  color = g_string_new ("#");
  for (gsize i = 0; i < 3; i++)
    {
      g_string_append_c (color, digits[i * step]);
      g_string_append_c (color, digits[i * step + (step > 1)]);
    }
  result = g_ascii_strup (color->str, -1);
  g_string_free (color, TRUE);

  return result;
}

/**
 * almu_words_set_text:
 * @place: (inout) (nullable): a text, which is freed
 * @text: (nullable): what takes its place, copied
 *
 * A setting that comes twice on a line is the last.
 */
void
almu_words_set_text (char      **place,
                     const char *text)
{
  g_free (*place);
  *place = g_strdup (text);
}

/**
 * almu_words_get_int:
 * @text: a setting's value
 * @least: what less becomes
 * @most: what more becomes
 *
 * A width or a size that makes no sense is no reason to refuse a region.
 *
 * Returns: the number that @text begins with, or 0, as near as is allowed
 */
int
almu_words_get_int (const char *text,
                    int         least,
                    int         most)
{
  return (int) CLAMP (g_ascii_strtoll (text, NULL, 10), least, most);
}
