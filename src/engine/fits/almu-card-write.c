/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-card-write.h"

#include <string.h>

#include "almu-card.h"

/* What fits between the quotes of one record, and behind a keyword. */
#define MAX_QUOTED_BYTES 68
#define MAX_COMMENTARY_BYTES 72

static void
put_record (GByteArray *header,
            const char *text)
{
  char  record[ALMU_RECORD_BYTES];
  gsize n = MIN (strlen (text), sizeof record);

  memset (record, ' ', sizeof record);
  for (gsize i = 0; i < n; i++)
    record[i] = g_ascii_isprint (text[i]) ? text[i] : '?';

  g_byte_array_append (header, (const guint8 *) record, sizeof record);
}

/**
 * almu_put_card:
 * @header: grows by one record of 80 bytes
 * @name: a keyword, at most 8 bytes
 * @value: as it shall stand there: a text in its quotes
 * @comment: (nullable): what follows the slash; %NULL or "" for none
 *
 * Adds a card in fixed format (FITS Standard 4.0, section 4.2): a short value
 * ends in column 30. What leaves the record is cut off, and what is not
 * printable ASCII becomes a question mark.
 */
void
almu_put_card (GByteArray *header,
               const char *name,
               const char *value,
               const char *comment)
{
  g_autofree char *text = NULL;

  if (comment != NULL && *comment != '\0')
    text = g_strdup_printf ("%-8s= %20s / %s", name, value, comment);
  else
    text = g_strdup_printf ("%-8s= %20s", name, value);

  put_record (header, text);
}

/**
 * almu_put_int:
 * @header: grows by one record of 80 bytes
 * @name: a keyword, at most 8 bytes
 * @number: its value
 * @comment: (nullable): what follows the slash
 *
 * Adds a card of an integer, as almu_put_card().
 */
void
almu_put_int (GByteArray *header,
              const char *name,
              gint64      number,
              const char *comment)
{
  g_autofree char *value = g_strdup_printf ("%" G_GINT64_FORMAT, number);

  almu_put_card (header, name, value, comment);
}

/**
 * almu_put_real:
 * @header: grows by one record of 80 bytes
 * @name: a keyword, at most 8 bytes
 * @number: its value, which must be finite: FITS has no other
 * @comment: (nullable): what follows the slash
 *
 * Adds a card of a real number, with as few digits as give the same double
 * again, and with a point or an exponent so that it is not taken for an integer.
 */
void
almu_put_real (GByteArray *header,
               const char *name,
               double      number,
               const char *comment)
{
  g_autofree char *shortest = almu_format_number (number);
  g_autofree char *upper = g_ascii_strup (shortest, -1);
  g_autofree char *value = g_strconcat (upper, strpbrk (upper, ".E") == NULL ? ".0" : "", NULL);

  almu_put_card (header, name, value, comment);
}

/* Up to @n_most bytes of what stands between quotes; returns how many of
 * the text they are. */
static gsize
take_quoted (GString    *quoted,
             const char *text,
             gsize       n_most)
{
  gsize n = 0;

  while (text[n] != '\0' && quoted->len + (text[n] == '\'' ? 2 : 1) <= n_most)
    {
      if (text[n] == '\'')
        g_string_append_c (quoted, '\'');
      g_string_append_c (quoted, text[n++]);
    }

  return n;
}

/**
 * almu_put_text:
 * @header: grows by one record of 80 bytes, or by more
 * @name: a keyword, at most 8 bytes
 * @text: without quotes
 * @comment: (nullable): left out where @text needs more than one record
 *
 * A card of text, and its continuation.
 */
void
almu_put_text (GByteArray *header,
               const char *name,
               const char *text,
               const char *comment)
{
  g_autoptr(GString) quoted = g_string_new (NULL);
  g_autofree char *value = NULL;
  g_autofree char *aligned = NULL;
  gsize            n = take_quoted (quoted, text, MAX_QUOTED_BYTES);

  if (text[n] == '\0')
    {
      value = g_strdup_printf ("'%-8s'", quoted->str);
      aligned = g_strdup_printf ("%-20s", value);
      almu_put_card (header, name, aligned, comment);
      return;
    }

  for (gboolean is_first = TRUE;; is_first = FALSE)
    {
      g_autofree char *record = NULL;

      g_string_truncate (quoted, 0);
      n = take_quoted (quoted, text, MAX_QUOTED_BYTES - 1);
      text += n;
      record = g_strdup_printf ("%-8s%s '%s%s'", is_first ? name : "CONTINUE", is_first ? "=" : " ",
                                quoted->str, *text != '\0' ? "&" : "");
      put_record (header, record);
      if (*text == '\0')
        return;
    }
}

/**
 * almu_put_commentary:
 * @header: grows by records of 80 bytes
 * @name: HISTORY or COMMENT
 * @text: lines
 *
 * As many cards as they need.
 */
void
almu_put_commentary (GByteArray *header,
                     const char *name,
                     const char *text)
{
  g_auto(GStrv) lines = g_strsplit (text, "\n", -1);

  for (gsize i = 0; lines[i] != NULL; i++)
    {
      const char *rest = lines[i];

      if (*rest == '\0' && lines[i + 1] == NULL)
        break;

      do
        {
          g_autofree char *record = g_strdup_printf ("%-8s%.*s", name, MAX_COMMENTARY_BYTES, rest);

          put_record (header, record);
          rest += MIN (strlen (rest), MAX_COMMENTARY_BYTES);
        }
      while (*rest != '\0');
    }
}

/**
 * almu_put_end:
 * @header: a header that is complete
 *
 * Adds END, and blank records up to a multiple of 2880 bytes.
 */
void
almu_put_end (GByteArray *header)
{
  put_record (header, "END");
  while (header->len % ALMU_BLOCK_BYTES != 0)
    put_record (header, "");
}
