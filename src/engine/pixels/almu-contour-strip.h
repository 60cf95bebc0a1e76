/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What almu-contour.c and almu-contour-strip.c share: lines are traced in
 * strips of some rows each, and put together afterwards.
 */

typedef struct
{
  float x;
  float y;
} ContourVertex;

/* Where the trace of a strip begins or ends. */
typedef enum
{
  CONTOUR_BORDER, /* of the image */
  CONTOUR_ABOVE,  /* the row it shares with the strip before */
  CONTOUR_BELOW,  /* likewise after */
  CONTOUR_CLOSED, /* nowhere: back where it began */
} ContourEnd;

/* Part of a line, within one strip. */
typedef struct
{
  guint32    first; /* of its vertices in the strip */
  guint32    n;
  guint32    turn; /* the vertex at which a closed line would begin … */
  ContourEnd from;
  ContourEnd to;
  int        from_x; /* of the edge between x and x + 1 */
  int        to_x;
  gint64     rank; /* … by this; or the place on the border of the image */
} ContourPiece;

/* The pieces of one level in one strip; those from above are together, from
 * left to right, and so are those from below. */
typedef struct
{
  GArray *vertices;     /* ContourVertex */
  GArray *pieces;       /* ContourPiece */
  guint   n_from_above; /* the first ones */
  guint   first_from_below;
  guint   n_from_below;
} ContourStrip;

/* The pixels of a strip and what is known of the whole. */
typedef struct
{
  const float *rows; /* first_row … last_row, which the next strip has too */
  int          first_row;
  int          last_row;
  int          width;
  int          height;
  double       scale;
  double       offset;
  float       *mins; /* see almu_kernel_bound(), of each row but the last */
  float       *maxs;
  guint64     *rises; /* room for a bit for each of these places */
} ContourField;

gsize    almu_contour_count_stretches (int width);
void     almu_contour_bound (const ContourField *field);
gboolean almu_contour_trace_strip (const ContourField *field,
                                   double              level,
                                   gsize               max_vertices,
                                   ContourStrip       *strip);
void     almu_contour_strip_clear (ContourStrip *strip);

G_END_DECLS
