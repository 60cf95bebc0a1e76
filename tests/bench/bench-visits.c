/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "bench-fail.h"
#include "bench-files.h"
#include "bench-floor.h"

/* Spectra under a cursor that goes to places nobody has been at, and under one
 * that stays in a neighbourhood, which is soon laid out by spectrum. Both from
 * the page cache, and from the disk. */

/* The image as a grid of so many places each way, each far enough from the next
 * to share nothing with it. */
#define N_ACROSS 8

#define N_ROUNDS 31
#define N_COLD_ROUNDS 7

/* That many visits make a neighbourhood. */
#define N_VISITS 4

typedef struct
{
  const char *name;
  int         side;
  int         depth;
} Cube;

static const Cube cubes[] = {
  { "visits-256.fits", 512, 256 },
  { "visits-4096.fits", 256, 4096 },
};

static void
visit (Bench       *bench,
       const Cube  *cube,
       BenchSeries *times,
       int          place,
       int          dx,
       int          dy)
{
  int       step = cube->side / N_ACROSS;
  BenchMark begin = bench_mark (bench);

  bench_set_cursor (bench, 0, (float) (place % N_ACROSS * step + dx), (float) (place / N_ACROSS * step + dy));
  bench_await_spectrum (bench);
  if (times != NULL)
    bench_add_since (bench, times, &begin);
  bench_link_settle (bench->link);
}

/* Only this file, and without any right. */
static void
drop_pages (Bench      *bench,
            const Cube *cube)
{
  g_autofree char *path = g_build_filename (bench->folder, cube->name, NULL);
  int              fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);

  if (fd < 0 || fdatasync (fd) < 0 || posix_fadvise (fd, 0, 0, POSIX_FADV_DONTNEED) != 0)
    bench_fail ("Cannot forget %s: %s", path, g_strerror (errno));
  close (fd);
}

/* Until all is laid out the cursor goes on, and tells the value it is at. */
static void
await_no_job (Bench       *bench,
              BenchSeries *meanwhile)
{
  bench_require_spectrum (bench, 0, FALSE);
  bench_link_settle (bench->link);
  for (int i = 0; i == 0 || (bench_server_is_ours (bench->server) && bench_server_count_jobs (bench->server) > 0); i++)
    {
      BenchMark begin = bench_mark (bench);

      bench_set_cursor (bench, 0, (float) (i % 64), 0);
      bench_link_await (bench->link, CARTA__EVENT_TYPE__SPATIAL_PROFILE_DATA, 1);
      bench_add_since (bench, meanwhile, &begin);
    }
  bench_require_spectrum (bench, 0, TRUE);
  bench_await_spectrum (bench);
  bench_link_settle (bench->link);
}

static void
report (Bench             *bench,
        const Cube        *cube,
        const char        *what,
        const BenchSeries *times)
{
  g_autofree char *name = g_strdup_printf ("cursor spectrum, %d channels, %s", cube->depth, what);
  g_autofree char *path = g_build_filename (bench->folder, cube->name, NULL);
  gsize            plane_bytes = (gsize) cube->side * (gsize) cube->side * sizeof (float);

  bench_report_add (bench->report, name, "ms", times,
                    bench_floor_read_spread (path, cube->depth, plane_bytes) +
                      bench_floor_transfer ((gsize) cube->depth * sizeof (float)),
                    0);
}

static void
bench_neighbourhood (Bench      *bench,
                     const Cube *cube,
                     gboolean    is_cold)
{
  g_autoptr(BenchSeries) new = bench_series_new ();
  g_autoptr(BenchSeries) visited = bench_series_new ();
  g_autoptr(BenchSeries) making = bench_series_new ();
  g_autoptr(BenchSeries) meanwhile = bench_series_new ();
  int       n_rounds = is_cold ? N_COLD_ROUNDS : N_ROUNDS;
  int       home = N_ACROSS * N_ACROSS - (is_cold ? 2 : 1);
  BenchMark begin;

  for (int i = 0; i < n_rounds; i++)
    {
      if (is_cold)
        drop_pages (bench, cube);
      visit (bench, cube, new, i, is_cold ? 3 : 4, 5);
    }

  if (is_cold)
    drop_pages (bench, cube);
  for (int i = 1; i < N_VISITS; i++)
    visit (bench, cube, NULL, home, i, 0);
  begin = bench_mark (bench);
  visit (bench, cube, NULL, home, N_VISITS, 0);
  await_no_job (bench, meanwhile);
  bench_add_since (bench, making, &begin);

  for (int i = 0; i < n_rounds; i++)
    {
      if (is_cold)
        drop_pages (bench, cube);
      visit (bench, cube, visited, home, 1 + i * 7 % (cube->side / N_ACROSS - 1), 1 + i * 5 % (cube->side / N_ACROSS - 1));
    }

  report (bench, cube, is_cold ? "new place, from the disk" : "new place", new);
  report (bench, cube, is_cold ? "visited place, nothing in the page cache" : "visited place", visited);
  report (bench, cube, is_cold ? "the visit that is often, from the disk → no job left" : "the visit that is often → no job left", making);
  report (bench, cube, is_cold ? "a cursor while that is read from the disk" : "a cursor meanwhile", meanwhile);
}

void
bench_visits (Bench *bench)
{
  bench_report_section (bench->report, "Cursors that come again");
  for (gsize i = 0; i < (bench->is_quick ? 1 : G_N_ELEMENTS (cubes)); i++)
    {
      const Cube      *cube = &cubes[i];
      g_autofree char *path = g_build_filename (bench->folder, cube->name, NULL);

      bench_write_image (bench->folder, cube->name, cube->side, cube->side, cube->depth);
      bench_open (bench, cube->name, 0);
      bench_link_await (bench->link, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA, 1);
      bench_set_cursor (bench, 0, 0, 0);
      bench_require_spectrum (bench, 0, TRUE);
      bench_await_spectrum (bench);
      bench_link_settle (bench->link);

      bench_neighbourhood (bench, cube, FALSE);
      bench_neighbourhood (bench, cube, TRUE);

      bench_require_spectrum (bench, 0, FALSE);
      bench_close (bench, 0);
      g_unlink (path);
    }
}
