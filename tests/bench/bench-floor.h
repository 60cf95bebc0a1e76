/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the machine allows, now: each the best of a few tries, in ms. */

/* Reading so many bytes at @offset of a file that is in the page cache, on
 * all cores. */
double bench_floor_read (const char *path,
                         gint64      offset,
                         gsize       n_bytes);

/* One value in each of @n places, @stride bytes apart: a spectrum. */
double bench_floor_read_spread (const char *path,
                                int         n,
                                gsize       stride);

/* Asking over the loopback interface and getting so many bytes. */
double bench_floor_transfer (gsize n_bytes);

/* Connecting, and twice asking for a few bytes: an upgrade, a greeting. */
double bench_floor_connect (void);

/* zfp alone on tiles of noise, on as many cores as there are tiles for. */
double bench_floor_tiles (int n_tiles);

double bench_floor_copy (gsize n_bytes);

G_END_DECLS
