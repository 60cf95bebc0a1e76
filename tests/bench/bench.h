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
  gboolean     is_quick;
} Bench;

void bench_images (Bench *bench);
void bench_cubes (Bench *bench);
void bench_resumes (Bench *bench);

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
void bench_restart (Bench *bench);

G_END_DECLS
