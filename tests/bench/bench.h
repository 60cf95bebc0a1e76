/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "bench-link.h"
#include "bench-report.h"
#include "bench-server.h"

G_BEGIN_DECLS

/* What all steps share. */
typedef struct
{
  BenchReport *report;
  BenchServer *server;
  BenchLink   *link;
  const char  *program;
  char        *folder; /* of files made here */
  char        *state_dir;
  int          n_rounds; /* 0: as many as each image needs */
  gboolean     is_quick;
} Bench;

/* When something began, by the clock and by what the service has used. */
typedef struct
{
  gint64 usec;
  double cpu_ms;
} BenchMark;

BenchMark bench_mark (Bench *bench);
void      bench_add_since (Bench           *bench,
                           BenchSeries     *series,
                           const BenchMark *begin);

void bench_bus (Bench *bench);
void bench_images (Bench *bench);
void bench_cubes (Bench *bench);
void bench_meanwhile (Bench *bench);
void bench_packed (Bench *bench);
void bench_resumes (Bench *bench);
void bench_scaling (Bench *bench);
void bench_visits (Bench *bench);

/* Requests that several steps make. */
void bench_open (Bench      *bench,
                 const char *name,
                 int         file_id);
void bench_close (Bench *bench,
                  int    file_id);
void bench_ask_tiles (Bench  *bench,
                      int     file_id,
                      gint32 *codes,
                      gsize   n_codes);
void bench_fill_tile_codes (gint32 *codes,
                            int     layer,
                            int     n_across);
void bench_set_cursor (Bench *bench,
                       int    file_id,
                       float  x,
                       float  y);
void bench_restart (Bench *bench,
                    int    n_threads,
                    int    cache_mib);
void bench_send_rectangle (Bench *bench,
                           int    region_id,
                           float  x,
                           float  y,
                           float  width,
                           float  height);
int  bench_set_rectangle (Bench *bench,
                          int    region_id,
                          float  x,
                          float  y,
                          float  width,
                          float  height);
void bench_require_spectrum (Bench   *bench,
                             int      region_id,
                             gboolean is_wanted);
void bench_await_spectrum (Bench *bench);
void bench_require_cube (Bench   *bench,
                         gboolean is_wanted);
void bench_await_cube (Bench *bench);

G_END_DECLS
