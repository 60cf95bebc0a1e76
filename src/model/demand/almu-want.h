/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "almu-polarisation.h"
#include "almu-stats.h"

G_BEGIN_DECLS

/* Region ids that are not regions. */
#define ALMU_REGION_CUBE -2
#define ALMU_REGION_IMAGE -1
#define ALMU_REGION_CURSOR 0

#define ALMU_CHANNEL_CURRENT -1
#define ALMU_CHANNEL_ALL -2
#define ALMU_BINS_AUTO -1

/**
 * AlmuSpatialWant:
 *
 * A profile along x or y: coordinate "x", "Qy" …, pixels [start, end) with
 * end 0 for the whole axis, decimated by mip.
 */
typedef struct
{
  char *coordinate;
  int   start;
  int   end;
  int   mip;
  int   width;
} AlmuSpatialWant;

/**
 * AlmuStatsWant:
 * @coordinate: "z" or "" for the current polarisation, "Iz" … for a given one
 * @types: (element-type int): of #AlmuStatsType
 *
 * Statistics of a region, of the plane or along the spectrum.
 */
typedef struct
{
  char   *coordinate;
  GArray *types;
} AlmuStatsWant;

/**
 * AlmuHistogramWant:
 *
 * A histogram that is wanted of a region: of which channel (-1: the one that
 * is shown), with how many bins and between which bounds, if these are not to
 * be chosen by the data.
 */
typedef struct
{
  char    *coordinate;
  int      channel;
  gboolean has_fixed_bins;
  int      n_bins;
  gboolean has_fixed_bounds;
  double   min;
  double   max;
} AlmuHistogramWant;

/* Arrays of wants own their elements. */
GArray *almu_spatial_wants_new (void);
GArray *almu_stats_wants_new (void);
GArray *almu_histogram_wants_new (void);

/* Copies. */
void almu_stats_wants_append (GArray              *self,
                              const AlmuStatsWant *want);
void almu_histogram_wants_append (GArray                  *self,
                                  const AlmuHistogramWant *want);

gboolean almu_spatial_wants_equal (const GArray *a,
                                   const GArray *b);
gboolean almu_stats_wants_equal (const GArray *a,
                                 const GArray *b);
gboolean almu_histogram_wants_equal (const GArray *a,
                                     const GArray *b);

/**
 * AlmuCoordinate:
 * @axis: 'x', 'y' or 'z'
 * @polarisation: an #AlmuPolarisation
 */
typedef struct
{
  char axis;
  int  polarisation;
} AlmuCoordinate;

gboolean almu_coordinate_parse (const char     *text,
                                AlmuCoordinate *out_coordinate,
                                GError        **error);
gboolean almu_coordinate_resolve (const char          *text,
                                  const AlmuImageInfo *info,
                                  int                  current_stokes,
                                  char                *out_axis,
                                  int                 *out_stokes,
                                  GError             **error);

G_END_DECLS
