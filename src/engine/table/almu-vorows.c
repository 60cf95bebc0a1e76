/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-vorows.h"

#include <string.h>

/* Rows of a VOTable as nearly every program writes them:
 *
 *   <TR><TD>text</TD><TD/></TR>
 *
 * with white space between the tags, and in ASCII. A parser of XML takes
 * several times as long for them, and catalogs have millions. Whatever else
 * XML allows – references, attributes, comments, other alphabets – is not
 * understood here and is left to one.
 */

/* A row is first looked through and then handed out, so that one which
 * turns out to be odd has not been told by half. */
#define MAX_CELLS 4096

typedef struct
{
  const char *text;
  gsize       n_bytes;
} Cell;

static const char *
skip_space (const char *at,
            const char *end)
{
  while (at < end && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r'))
    at++;

  return at;
}

/* Whether @word comes next; or may, when there are more bytes. Inline, for
 * the sake of the constant length. */
static inline gboolean
begins (const char    *at,
        const char    *end,
        const char    *word,
        AlmuVorowsEnd *out_end)
{
  gsize n = strlen (word);
  gsize n_there = (gsize) (end - at);

  if (n_there >= n && memcmp (at, word, n) == 0)
    return TRUE;

  *out_end = n_there < n && memcmp (at, word, n_there) == 0 ? ALMU_VOROWS_MORE : ALMU_VOROWS_OTHER;

  return FALSE;
}

/* Text up to the next tag. */
static const char *
scan_text (const char    *at,
           const char    *end,
           AlmuVorowsEnd *out_end)
{
  for (; at < end; at++)
    {
      guchar c = (guchar) *at;

      if (c == '<')
        return at;
      if ((c < ' ' && c != '\t' && c != '\n') || c >= 0x7f || c == '&' || c == '>')
        {
          *out_end = ALMU_VOROWS_ODD;
          return NULL;
        }
    }

  *out_end = ALMU_VOROWS_MORE;

  return NULL;
}

/* Returns where the cell ends; NULL if there is none that is understood. */
static const char *
scan_cell (const char    *at,
           const char    *end,
           Cell          *cell,
           AlmuVorowsEnd *out_end)
{
  const char *text;

  if (!begins (at, end, "<TD>", out_end))
    {
      if (*out_end == ALMU_VOROWS_MORE || !begins (at, end, "<TD/>", out_end))
        return NULL;

      *cell = (Cell){ "", 0 };
      return at + strlen ("<TD/>");
    }

  text = at + strlen ("<TD>");
  at = scan_text (text, end, out_end);
  if (at == NULL || !begins (at, end, "</TD>", out_end))
    return NULL;

  *cell = (Cell){ text, (gsize) (at - text) };

  return at + strlen ("</TD>");
}

/* Returns where the row ends. What is no cell makes a row odd. */
static const char *
scan_row (const char    *at,
          const char    *end,
          Cell          *cells,
          guint         *n_cells,
          AlmuVorowsEnd *out_end)
{
  *n_cells = 0;
  if (!begins (at, end, "<TR>", out_end))
    return NULL;

  at = skip_space (at + strlen ("<TR>"), end);
  while (!begins (at, end, "</TR>", out_end))
    {
      if (*out_end == ALMU_VOROWS_MORE)
        return NULL;

      *out_end = ALMU_VOROWS_ODD;
      if (*n_cells == MAX_CELLS)
        return NULL;

      at = scan_cell (at, end, &cells[(*n_cells)++], out_end);
      if (at == NULL)
        {
          if (*out_end == ALMU_VOROWS_OTHER)
            *out_end = ALMU_VOROWS_ODD;
          return NULL;
        }
      at = skip_space (at, end);
    }

  return at + strlen ("</TR>");
}

static gboolean
tell_row (const Cell               *cells,
          guint                     n_cells,
          const AlmuVorowsListener *listener)
{
  for (guint i = 0; i < n_cells; i++)
    if (!listener->cell (cells[i].text, cells[i].n_bytes, listener->user_data))
      return FALSE;

  return listener->row (listener->user_data);
}

/**
 * almu_vorows_take:
 * @bytes: (array length=n_bytes): what stands in a TABLEDATA, from between
 *   two rows on
 * @n_bytes: how many
 * @listener: gets the cells
 * @out_end: (out): why it went no further
 *
 * Takes as many rows as are whole and plain.
 *
 * Returns: how many bytes those were
 */
gsize
almu_vorows_take (const char               *bytes,
                  gsize                     n_bytes,
                  const AlmuVorowsListener *listener,
                  AlmuVorowsEnd            *out_end)
{
  g_autofree Cell *cells = g_new (Cell, MAX_CELLS);
  const char      *end = bytes + n_bytes;
  const char      *at = skip_space (bytes, end);
  const char      *next;
  guint            n_cells;

  while ((next = scan_row (at, end, cells, &n_cells, out_end)) != NULL)
    {
      at = skip_space (next, end);
      if (!tell_row (cells, n_cells, listener))
        {
          *out_end = ALMU_VOROWS_STOPPED;
          break;
        }
    }

  return (gsize) (at - bytes);
}

/**
 * almu_vorows_find_end:
 * @bytes: (array length=n_bytes): an odd row and what follows
 * @n_bytes: how many
 *
 * How much has to be left to the parser before almu_vorows_take() may go on.
 *
 * Returns: how many bytes the row takes; 0 if its end is not there;
 *   %G_MAXSIZE if it cannot be told without XML
 */
gsize
almu_vorows_find_end (const char *bytes,
                      gsize       n_bytes)
{
  const char *end = memmem (bytes, n_bytes, "</TR>", strlen ("</TR>"));
  gsize       n = end != NULL ? (gsize) (end - bytes) + strlen ("</TR>") : 0;
  gsize       n_seen = end != NULL ? n : n_bytes;

  /* the end may stand in a comment or in CDATA */
  if (memmem (bytes, n_seen, "<!", 2) != NULL || memmem (bytes, n_seen, "<?", 2) != NULL)
    return G_MAXSIZE;

  return n;
}
