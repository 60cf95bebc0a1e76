/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-test-viewer.h"

G_BEGIN_DECLS

/* What a page asks most often, in one line each. */
void almu_test_ask_tiles (AlmuTestViewer *viewer,
                          int             file_id,
                          const gint32   *codes,
                          gsize           n_codes,
                          int             compression,
                          float           quality);
void almu_test_ask_plane (AlmuTestViewer *viewer,
                          int             file_id,
                          int             channel,
                          int             stokes,
                          const gint32   *codes,
                          gsize           n_codes);
void almu_test_ask_cursor (AlmuTestViewer *viewer,
                           int             file_id,
                           float           x,
                           float           y);
void almu_test_ask_spatial (AlmuTestViewer *viewer,
                            int             file_id,
                            int             region_id,
                            const char     *coordinate,
                            int             start,
                            int             end,
                            int             mip);
void almu_test_ask_spectral (AlmuTestViewer *viewer,
                             int             file_id,
                             int             region_id,
                             const char     *coordinate);
void almu_test_ask_spectra (AlmuTestViewer         *viewer,
                            int                     file_id,
                            int                     region_id,
                            const char *const      *coordinates,
                            const CARTA__StatsType *types,
                            gsize                   n_types);
void almu_test_ask_stats (AlmuTestViewer *viewer,
                          int             file_id,
                          int             region_id,
                          const char     *coordinate);
void almu_test_ask_histogram (AlmuTestViewer *viewer,
                              int             file_id,
                              int             region_id,
                              int             n_bins,
                              double          min,
                              double          max);
void almu_test_ask_close (AlmuTestViewer *viewer,
                          int             file_id);

int almu_test_draw (AlmuTestViewer *viewer,
                    int             file_id,
                    int             region_id,
                    int             type,
                    const float    *points,
                    gsize           n_points,
                    float           rotation);

double     almu_test_stats_get (const CARTA__RegionStatsData *stats,
                                int                           type);
GPtrArray *almu_test_await_picture (AlmuTestViewer *viewer,
                                    int             file_id);
float     *almu_test_decode_tile (const CARTA__RasterTileData *message);
float     *almu_test_await_plane (AlmuTestViewer *viewer,
                                  int             file_id,
                                  int             width,
                                  int             height);
gint32     almu_test_tile_code (int layer,
                                int x,
                                int y);
int        almu_test_last_layer (int width,
                                 int height);

G_END_DECLS
