/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-json-text.h"

#include <math.h>
#include <string.h>

#include "almu-error.h"
#include "almu-limits.h"

/* Integers of more digits may not fit in 64 bits. */
#define SAFE_DIGITS 18

typedef struct
{
  const char *text;
  const char *at;
  const char *end;
  GString    *clean;
  gboolean    has_root;
  int         depth;
  int         n_values;
  int         n_members[ALMU_LIMIT_JSON_DEPTH + 1]; /* of what is open at each depth */
} Scan;

static gboolean
fail_at (Scan       *scan,
         const char *what,
         GError    **error)
{
  g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
               "JSON text has %s at byte %" G_GSIZE_FORMAT,
               what, (gsize) (scan->at - scan->text));
  return FALSE;
}

static gboolean
scan_string (Scan    *scan,
             GError **error)
{
  const char *p = scan->at + 1;

  while (p < scan->end && *p != '"')
    {
      if ((guchar) *p < 0x20)
        return fail_at (scan, "a string with a control character", error);
      if (g_str_has_prefix (p, "\\u0000"))
        return fail_at (scan, "a string with a NUL in it", error);
      p += *p == '\\' ? 2 : 1;
    }

  if (p >= scan->end)
    return fail_at (scan, "a string without an end", error);

  g_string_append_len (scan->clean, scan->at, p + 1 - scan->at);
  scan->at = p + 1;

  return TRUE;
}

static gboolean
scan_number (Scan    *scan,
             GError **error)
{
  gsize            n = strspn (scan->at, "+-.0123456789eE");
  g_autofree char *token = g_strndup (scan->at, n);
  char            *end;

  if (!isfinite (g_ascii_strtod (token, &end)) || *end != '\0')
    return fail_at (scan, "a number that cannot be held", error);

  g_string_append_len (scan->clean, token, n);
  if (n > SAFE_DIGITS && strpbrk (token, ".eE") == NULL)
    g_string_append (scan->clean, ".0");
  scan->at += n;

  return TRUE;
}

static gboolean
scan_word (Scan    *scan,
           GError **error)
{
  static const char *const words[] = { "true", "false", "null" };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_has_prefix (scan->at, words[i]))
      {
        g_string_append (scan->clean, words[i]);
        scan->at += strlen (words[i]);
        return TRUE;
      }

  return fail_at (scan, "something that is neither value nor sign", error);
}

static gboolean
scan_sign (Scan    *scan,
           GError **error)
{
  char c = *scan->at;

  if (c == '[' || c == '{')
    scan->depth++;
  else if (c == ']' || c == '}')
    scan->depth--;

  /* each value but the first follows one of these */
  if (strchr ("[{,:", c) != NULL)
    scan->n_values++;

  if (scan->depth > ALMU_LIMIT_JSON_DEPTH || scan->n_values > ALMU_LIMIT_JSON_VALUES)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   "JSON text is nested deeper than %d levels or has more than %d values",
                   ALMU_LIMIT_JSON_DEPTH, ALMU_LIMIT_JSON_VALUES);
      return FALSE;
    }

  if (scan->depth >= 0 && (c == '[' || c == '{'))
    scan->n_members[scan->depth] = 0;
  if (scan->depth >= 0 && c == ':' && ++scan->n_members[scan->depth] > ALMU_LIMIT_JSON_MEMBERS)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   "JSON text has an object of more than %d members", ALMU_LIMIT_JSON_MEMBERS);
      return FALSE;
    }

  g_string_append_c (scan->clean, c);
  scan->at++;

  return TRUE;
}

static gboolean
scan_token (Scan    *scan,
            GError **error)
{
  char     c = *scan->at;
  gboolean is_blank = strchr (" \t\r\n", c) != NULL;

  /* of several values json-glib takes the last, and never frees the others */
  if (scan->depth == 0 && !is_blank)
    {
      if (scan->has_root)
        return fail_at (scan, "more than one value", error);
      scan->has_root = TRUE;
    }

  if (c == '"')
    return scan_string (scan, error);

  if (c == '-' || g_ascii_isdigit (c))
    return scan_number (scan, error);

  if (strchr ("[]{}:,", c) != NULL)
    return scan_sign (scan, error);

  if (!is_blank)
    return scan_word (scan, error);

  g_string_append_c (scan->clean, c);
  scan->at++;

  return TRUE;
}

/**
 * almu_json_text_clean:
 * @text: what claims to be JSON
 * @length: the bytes in @text, or -1 when it ends with a NUL
 * @error: return location for an error
 *
 * Makes text from outside safe for json-glib 1.6, which calls itself for
 * each level of nesting until the stack ends, takes more for JSON than JSON
 * is (so that nesting can hide from a simple count), needs fifty times the
 * text's memory, looks through all members of an object for one that is there
 * twice, ends a string at a NUL, reads integers beyond 64 bits as -1 and writes
 * what overflows a double as `inf.0`.
 *
 * The grammar itself is left to the parser.
 *
 * Returns: (transfer full): the text to parse
 */
char *
almu_json_text_clean (const char *text,
                      gssize      length,
                      GError    **error)
{
  gsize            n = length < 0 ? strlen (text) : (gsize) length;
  g_autofree char *copy = NULL;
  g_autoptr(GString) clean = NULL;
  Scan scan = { 0 };

  g_return_val_if_fail (text != NULL || n == 0, NULL);

  if (n > 0 && !g_utf8_validate_len (text, n, NULL))
    {
      g_set_error_literal (error, ALMU_ERROR, ALMU_ERROR_FORMAT, "JSON text is not UTF-8");
      return NULL;
    }

  copy = g_strndup (text != NULL ? text : "", n);
  clean = g_string_sized_new (n + 1);
  scan = (Scan){ .text = copy, .at = copy, .end = copy + n, .clean = clean };

  while (scan.at < scan.end)
    if (!scan_token (&scan, error))
      return NULL;

  return g_string_free (g_steal_pointer (&clean), FALSE);
}

/* The fewest digits that are read as the same number. */
static void
append_double (GString *mended,
               double   value)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  for (int digits = 15; digits <= 17; digits++)
    {
      char format[8];

      g_snprintf (format, sizeof format, "%%.%dg", digits);
      g_ascii_formatd (buffer, sizeof buffer, format, value);
      if (g_ascii_strtod (buffer, NULL) == value)
        break;
    }

  g_string_append (mended, buffer);
  if (strpbrk (buffer, ".e") == NULL)
    g_string_append (mended, ".0");
}

static gboolean
is_real (const char *text,
         const char *end)
{
  return memchr (text, '.', end - text) != NULL || memchr (text, 'e', end - text) != NULL;
}

/**
 * almu_json_text_mend:
 * @text: what json-glib wrote
 *
 * json-glib 1.6 appends `.0` to every double that has no point, so that
 * 1e-10 becomes `1e-10.0`, which nobody can read again, and writes 0.1 with
 * seventeen digits.
 *
 * Returns: (transfer full): @text with its numbers as they should be
 */
char *
almu_json_text_mend (const char *text)
{
  GString *mended;

  g_return_val_if_fail (text != NULL, NULL);

  mended = g_string_sized_new (strlen (text) + 1);

  while (*text != '\0')
    {
      const char *end = text + 1;

      if (*text == '"')
        {
          while (*end != '\0' && *end != '"')
            end += end[0] == '\\' && end[1] != '\0' ? 2 : 1;
          end += *end == '"';
        }
      else if (*text == '-' || g_ascii_isdigit (*text))
        end = text + strspn (text, "+-.0123456789eE");

      if (*text != '"' && end > text + 1 && is_real (text, end))
        append_double (mended, g_ascii_strtod (text, NULL));
      else
        g_string_append_len (mended, text, end - text);
      text = end;
    }

  return g_string_free (mended, FALSE);
}
