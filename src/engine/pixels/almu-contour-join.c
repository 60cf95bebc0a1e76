/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-contour-private.h"

#include <string.h>

/* Pieces put together between two looks at the cancellable. */
#define LINKS_PER_LOOK 65536

typedef struct
{
  ContourLevel *level;
  guint         n_strips;
  guint8      **taken; /* of each strip, for each piece */
} Joining;

/**
 * almu_contour_level_get_piece:
 * @level: a level
 * @link: one of its links
 *
 * Returns: (transfer none): what the link stands for
 */
const ContourPiece *
almu_contour_level_get_piece (const ContourLevel *level,
                              const ContourLink  *link)
{
  return &g_array_index (level->strips[link->strip].pieces, ContourPiece, link->piece);
}

/* The piece that begins at the edge at @x; they stand from left to right. */
static guint32
find_piece (const ContourStrip *strip,
            guint               first,
            guint               n,
            int                 x)
{
  guint low = first;
  guint high = first + n;

  while (high - low > 1)
    {
      guint middle = low + (high - low) / 2;

      if (g_array_index (strip->pieces, ContourPiece, middle).from_x <= x)
        low = middle;
      else
        high = middle;
    }

  g_assert (g_array_index (strip->pieces, ContourPiece, low).from_x == x);

  return low;
}

/* Where a piece that leaves its strip goes on. */
static ContourLink
find_next (Joining           *joining,
           const ContourLink *link)
{
  const ContourPiece *piece = almu_contour_level_get_piece (joining->level, link);
  ContourLink         next = { piece->to == CONTOUR_ABOVE ? link->strip - 1 : link->strip + 1, 0 };
  const ContourStrip *strip = &joining->level->strips[next.strip];

  if (piece->to == CONTOUR_ABOVE)
    next.piece = find_piece (strip, strip->first_from_below, strip->n_from_below, piece->to_x);
  else
    next.piece = find_piece (strip, 0, strip->n_from_above, piece->to_x);

  return next;
}

static gboolean
goes_on (const ContourPiece *piece)
{
  return piece->to == CONTOUR_ABOVE || piece->to == CONTOUR_BELOW;
}

/* A closed line begins in its piece of the lowest rank. */
static void
turn_links (ContourLevel *level,
            ContourLine  *line)
{
  ContourLink            *links = &g_array_index (level->links, ContourLink, line->first_link);
  guint32                 best = 0;
  g_autofree ContourLink *turned = NULL;

  for (guint32 i = 1; i < line->n_links; i++)
    if (almu_contour_level_get_piece (level, &links[i])->rank < almu_contour_level_get_piece (level, &links[best])->rank)
      best = i;

  line->rank = almu_contour_level_get_piece (level, &links[best])->rank;
  if (best == 0)
    return;

  turned = g_new (ContourLink, line->n_links);
  memcpy (turned, links + best, (line->n_links - best) * sizeof *links);
  memcpy (turned + line->n_links - best, links, best * sizeof *links);
  memcpy (links, turned, line->n_links * sizeof *links);
}

static void
join_line (Joining    *joining,
           ContourLink link)
{
  ContourLevel       *level = joining->level;
  const ContourPiece *piece = almu_contour_level_get_piece (level, &link);
  ContourLine         line = {
            .rank = piece->rank,
            .first_link = level->links->len,
            .is_closed = piece->from != CONTOUR_BORDER,
            .n_vertices = 1,
  };

  while (!joining->taken[link.strip][link.piece])
    {
      joining->taken[link.strip][link.piece] = TRUE;
      g_array_append_val (level->links, link);
      piece = almu_contour_level_get_piece (level, &link);
      line.n_links++;
      /* its first vertex is the last one of the piece before */
      line.n_vertices += piece->n - 1;
      if (goes_on (piece))
        link = find_next (joining, &link);
    }

  if (line.is_closed)
    {
      /* in two ranges of numbers, open lines come first */
      turn_links (level, &line);
      line.rank += G_MAXINT64 / 2;
    }
  g_array_append_val (level->lines, line);
  level->n_vertices += line.n_vertices;
}

/* Lines that come from the border first, so that what goes on elsewhere and
 * is left then is closed. */
static gboolean
join_pieces (Joining      *joining,
             gboolean      from_border,
             GCancellable *cancellable)
{
  ContourLevel *level = joining->level;
  guint         n_seen = 0;

  for (guint strip = 0; strip < joining->n_strips; strip++)
    {
      const GArray *pieces = level->strips[strip].pieces;

      for (guint i = 0; i < pieces->len; i++)
        {
          gboolean is_border = g_array_index (pieces, ContourPiece, i).from == CONTOUR_BORDER;

          if (++n_seen % LINKS_PER_LOOK == 0 && g_cancellable_is_cancelled (cancellable))
            return FALSE;

          if (is_border == from_border && !joining->taken[strip][i])
            join_line (joining, (ContourLink){ strip, i });
        }
    }

  return TRUE;
}

static int
compare_lines (gconstpointer a,
               gconstpointer b)
{
  const ContourLine *x = a;
  const ContourLine *y = b;

  return (x->rank > y->rank) - (x->rank < y->rank);
}

/**
 * almu_contour_level_join:
 * @level: a level whose strips are traced
 * @n_strips: how many
 * @cancellable: (nullable): asked now and then
 *
 * Puts the pieces of its strips together into lines, sorted by their rank.
 *
 * Returns: whether it went to the end
 */
gboolean
almu_contour_level_join (ContourLevel *level,
                         guint         n_strips,
                         GCancellable *cancellable)
{
  Joining  joining = { level, n_strips, g_new0 (guint8 *, n_strips + 1) };
  gboolean is_done;

  for (guint i = 0; i < n_strips; i++)
    joining.taken[i] = g_malloc0 (level->strips[i].pieces->len + 1);

  is_done = join_pieces (&joining, TRUE, cancellable) && join_pieces (&joining, FALSE, cancellable);
  g_strfreev ((char **) joining.taken);
  if (is_done)
    g_array_sort (level->lines, compare_lines);

  return is_done;
}
