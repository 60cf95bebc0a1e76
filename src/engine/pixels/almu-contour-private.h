/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-contour-strip.h"
#include "almu-contour.h"

G_BEGIN_DECLS

/* What almu-contour.c, which traces, and almu-contour-join.c, which puts the
 * pieces of the strips together, share.
 */

/* One piece of a line that goes through several strips. */
typedef struct
{
  guint32 strip;
  guint32 piece;
} ContourLink;

/* From its first piece, round to it again if it is closed. */
typedef struct
{
  gint64   rank;
  gsize    first_link;
  guint32  n_links;
  gboolean is_closed;
  gsize    n_vertices;
} ContourLine;

typedef struct
{
  guint first_line;
  guint n_lines;
  gsize n_vertices;
  gsize n_before; /* vertices of the chunks before */
} ContourChunk;

typedef struct
{
  double        level;
  ContourStrip *strips;
  GArray       *links;
  GArray       *lines; /* by rank */
  GArray       *chunks;
  gsize         n_vertices;
} ContourLevel;

struct _AlmuContours
{
  gatomicrefcount refs;
  guint           n_strips;
  guint           n_levels;
  ContourLevel   *levels;
};

const ContourPiece *almu_contour_level_get_piece (const ContourLevel *level,
                                                  const ContourLink  *link);
gboolean            almu_contour_level_join (ContourLevel *level,
                                             guint         n_strips,
                                             GCancellable *cancellable);

G_END_DECLS
