/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-plane.h"
#include "almu-smoother.h"

G_BEGIN_DECLS

/**
 * AlmuContours: (foreign)
 *
 * The lines of equal value of a plane, for some levels. Atomically reference
 * counted, immutable, any thread.
 */
typedef struct _AlmuContours AlmuContours;

/**
 * AlmuContourRecipe:
 * @levels: (array length=n_levels): finite, within the range of floats
 * @chunk_size: vertices after which a chunk is full at the latest, once its
 *   line is complete
 */
typedef struct
{
  AlmuSmoothing smoothing;
  int           factor;
  const double *levels;
  guint         n_levels;
  int           chunk_size;
} AlmuContourRecipe;

/**
 * AlmuContourChunk: (foreign)
 * @progress: above 0, and 1 for the last of a level
 * @decimation: fixed-point steps per pixel, 0 for floats
 * @coordinates: see almu_vertex_encode()
 * @starts: little-endian int32 places of the lines' first numbers among all
 * @n_bytes: of the coordinates before they were compressed
 *
 * Some lines of one level, ready for the wire. Without any vertex the
 * coordinates are empty.
 */
typedef struct
{
  double  level;
  float   progress;
  int     decimation;
  GBytes *coordinates;
  GBytes *starts;
  gsize   n_bytes;
} AlmuContourChunk;

AlmuContours *almu_contours_trace (AlmuPlane               *plane,
                                   const AlmuContourRecipe *recipe,
                                   gsize                    max_vertices,
                                   GCancellable            *cancellable,
                                   GError                 **error);
AlmuContours *almu_contours_ref (AlmuContours *self);
void          almu_contours_unref (AlmuContours *self);
guint         almu_contours_get_n_lines (AlmuContours *self,
                                         guint         level);
gsize         almu_contours_get_n_vertices (AlmuContours *self,
                                            guint         level);
gsize         almu_contours_copy_line (AlmuContours *self,
                                       guint         level,
                                       guint         line,
                                       float        *vertices);
guint         almu_contours_get_n_chunks (AlmuContours *self,
                                          guint         level);

AlmuContourChunk *almu_contours_encode (AlmuContours *self,
                                        guint         level,
                                        guint         chunk,
                                        int           decimation,
                                        int           compression_level,
                                        GCancellable *cancellable);
AlmuContourChunk *almu_contour_chunk_new_empty (double level,
                                                float  progress);
void              almu_contour_chunk_free (AlmuContourChunk *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuContours, almu_contours_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuContourChunk, almu_contour_chunk_free)

G_END_DECLS
