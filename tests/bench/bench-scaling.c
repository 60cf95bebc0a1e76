/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "bench.h"

#include <glib/gstdio.h>
#include <math.h>
#include <unistd.h>

#include "bench-files.h"
#include "bench-floor.h"

/* How cost grows with what there is: images, regions, sessions, bytes,
 * threads. */

#define SMALL_SIDE 64
#define N_IMAGES 200
#define N_MESSAGES 2000
#define N_LINKED 200
#define N_OUTLINES 9
#define SETTLE_USEC (300 * 1000)

static double
get_memory (Bench *bench)
{
  g_usleep (SETTLE_USEC);

  return bench_server_get_memory_mib (bench->server, "VmRSS");
}

/* -- images ------------------------------------------------------------- */

/* So small that it is not pixels what is measured. */
static void
bench_open_images (Bench *bench)
{
  gboolean is_known;
  double   before;

  bench_write_image (bench->folder, "tiny.fits", SMALL_SIDE, SMALL_SIDE, 1);
  before = get_memory (bench);
  is_known = before >= 0;
  for (int i = 0; i < N_IMAGES; i++)
    {
      bench_open (bench, "tiny.fits", i);
      bench_link_await (bench->link, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA, 1);
    }
  if (is_known)
    bench_report_add_value (bench->report, "resident memory per open image of 64²", "KiB",
                            (get_memory (bench) - before) * 1024 / N_IMAGES, SMALL_SIDE * SMALL_SIDE * sizeof (float) / 1024.0, 0);
  for (int i = 0; i < N_IMAGES; i++)
    bench_close (bench, i);
}

/* -- regions and messages ----------------------------------------------- */

/* Sent one after the other without waiting, each answered. */
static void
send_rectangle (Bench *bench,
                int    region_id,
                int    i)
{
  CARTA__SetRegion  message = CARTA__SET_REGION__INIT;
  CARTA__RegionInfo info = CARTA__REGION_INFO__INIT;
  CARTA__Point      centre = CARTA__POINT__INIT;
  CARTA__Point      size = CARTA__POINT__INIT;
  CARTA__Point     *points[] = { &centre, &size };

  centre.x = (float) (i % SMALL_SIDE);
  centre.y = (float) (i / SMALL_SIDE % SMALL_SIDE);
  size.x = size.y = 5;
  info.region_type = CARTA__REGION_TYPE__RECTANGLE;
  info.n_control_points = G_N_ELEMENTS (points);
  info.control_points = points;
  message.region_id = region_id;
  message.region_info = &info;
  bench_link_send (bench->link, &message.base);
}

static void
bench_messages (Bench *bench)
{
  double    floor = bench_floor_transfer (100);
  int       region_id;
  BenchMark begin;
  double    seconds;

  bench_open (bench, "tiny.fits", 0);
  bench_link_await (bench->link, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA, 1);
  region_id = bench_set_rectangle (bench, -1, 10, 10, 5, 5);

  begin = bench_mark (bench);
  for (int i = 0; i < N_MESSAGES; i++)
    send_rectangle (bench, region_id, i);
  bench_link_await (bench->link, CARTA__EVENT_TYPE__SET_REGION_ACK, N_MESSAGES);
  seconds = (double) (g_get_monotonic_time () - begin.usec) / 1e6;
  bench_link_settle (bench->link);
  bench_report_add_value (bench->report, "messages per second, each kept and answered", "1/s", N_MESSAGES / seconds, 1e3 / floor, 0);

  begin = bench_mark (bench);
  for (int i = 0; i < N_MESSAGES; i++)
    bench_link_await_pong (bench->link);
  seconds = (double) (g_get_monotonic_time () - begin.usec) / 1e6;
  bench_report_add_value (bench->report, "PING and PONG per second, one at a time", "1/s", N_MESSAGES / seconds, 1e3 / floor, 0);
  bench_close (bench, 0);
}

/* As somebody does who draws them by hand: the next one when the last is kept. */
static void
bench_regions_apart (Bench *bench)
{
  static const int numbers[] = { 100, 1000, 10000 };

  for (gsize k = 0; k < (bench->is_quick ? 2 : G_N_ELEMENTS (numbers)); k++)
    {
      g_autoptr(BenchSeries) times = bench_series_new ();
      g_autofree char *name = g_strdup_printf ("setting %d regions one by one", numbers[k]);
      BenchMark        begin;

      bench_open (bench, "tiny.fits", 0);
      bench_link_await (bench->link, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA, 1);
      bench_link_settle (bench->link);
      begin = bench_mark (bench);
      for (int i = 0; i < numbers[k]; i++)
        {
          send_rectangle (bench, -1, i);
          bench_link_await (bench->link, CARTA__EVENT_TYPE__SET_REGION_ACK, 1);
        }
      bench_add_since (bench, times, &begin);
      bench_report_add (bench->report, name, "ms", times, numbers[k] * bench_floor_transfer (100), 0);
      bench_close (bench, 0);
    }
}

static void
bench_regions (Bench *bench)
{
  static const int numbers[] = { 1, 10, 100, 1000, 10000 };

  for (gsize k = 0; k < (bench->is_quick ? 4 : G_N_ELEMENTS (numbers)); k++)
    {
      g_autoptr(BenchSeries) times = bench_series_new ();
      g_autofree char *name = g_strdup_printf ("setting %d regions", numbers[k]);
      double           before = 0;
      BenchMark        begin;

      bench_open (bench, "tiny.fits", 0);
      bench_link_await (bench->link, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA, 1);
      bench_link_settle (bench->link);
      before = get_memory (bench);
      begin = bench_mark (bench);
      for (int i = 0; i < numbers[k]; i++)
        send_rectangle (bench, -1, i);
      bench_link_await (bench->link, CARTA__EVENT_TYPE__SET_REGION_ACK, numbers[k]);
      bench_add_since (bench, times, &begin);
      bench_link_settle (bench->link);
      bench_report_add (bench->report, name, "ms", times, numbers[k] * bench_floor_transfer (100), 0);
      if (before >= 0 && numbers[k] >= 1000)
        {
          g_autofree char *label = g_strdup_printf ("  resident memory for each of %d", numbers[k]);

          bench_report_add_value (bench->report, label, "KiB", (get_memory (bench) - before) * 1024 / numbers[k], 0, 0);
        }
      bench_close (bench, 0);
    }
}

/* An outline that was made by a program. */
static void
bench_outline (Bench *bench)
{
  enum
  {
    N_POINTS = 100000
  };

  CARTA__SetRegion          message = CARTA__SET_REGION__INIT;
  CARTA__RegionInfo         info = CARTA__REGION_INFO__INIT;
  g_autofree CARTA__Point  *points = g_new (CARTA__Point, N_POINTS);
  g_autofree CARTA__Point **pointers = g_new (CARTA__Point *, N_POINTS);
  g_autoptr(BenchSeries) times = bench_series_new ();
  g_autoptr(BenchSeries) pongs = bench_series_new ();
  BenchLink *other = bench_link_new (bench_server_get_url (bench->server));

  bench_link_register (other, 0);
  bench_open (bench, "tiny.fits", 0);
  bench_link_await (bench->link, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA, 1);
  for (int i = 0; i < N_POINTS; i++)
    {
      points[i] = (CARTA__Point) CARTA__POINT__INIT;
      pointers[i] = &points[i];
    }
  info.region_type = CARTA__REGION_TYPE__POLYGON;
  info.n_control_points = N_POINTS;
  info.control_points = pointers;
  message.region_info = &info;
  message.region_id = bench_set_rectangle (bench, -1, 10, 10, 5, 5);

  for (int round = 0; round < N_OUTLINES; round++)
    {
      BenchMark begin;

      for (int i = 0; i < N_POINTS; i++)
        {
          double angle = 2 * G_PI * i / N_POINTS;
          double radius = 20 + 5 * sin (40 * angle) + 0.1 * round;

          points[i].x = (float) (SMALL_SIDE / 2 + radius * cos (angle));
          points[i].y = (float) (SMALL_SIDE / 2 + radius * sin (angle));
        }
      begin = bench_mark (bench);
      bench_link_send (bench->link, &message.base);
      bench_series_add (pongs, (double) bench_link_await_pong (other) / 1e3);
      bench_link_await (bench->link, CARTA__EVENT_TYPE__SET_REGION_ACK, 1);
      bench_add_since (bench, times, &begin);
      bench_link_settle (bench->link);
    }
  bench_close (bench, 0);
  bench_link_close (other);

  bench_report_add (bench->report, "setting a region of 100,000 points", "ms", times, bench_floor_transfer (N_POINTS * 12), 0);
  bench_report_add (bench->report, "  PONG of another meanwhile", "ms", pongs, bench_floor_transfer (4), 0);
}

/* -- sessions ----------------------------------------------------------- */

/* Those beyond what may be connected at a time have lost their page. */
static void
bench_sessions (Bench *bench)
{
  static const int       numbers[] = { 1, 10, 100, 1000 };
  int                    n = 0;
  double                 before = get_memory (bench);
  g_autofree BenchLink **links = g_new (BenchLink *, N_LINKED);

  for (gsize k = 0; k < (bench->is_quick ? 3 : G_N_ELEMENTS (numbers)); k++)
    {
      g_autoptr(BenchSeries) acks = bench_series_new ();
      g_autofree char *name = g_strdup_printf ("connect → register ack, the last of %d", numbers[k]);

      for (; n < numbers[k]; n++)
        {
          BenchMark  begin = bench_mark (bench);
          BenchLink *link = bench_link_new (bench_server_get_url (bench->server));

          bench_link_register (link, 0);
          bench_add_since (bench, acks, &begin);
          if (n < N_LINKED)
            links[n] = link;
          else
            bench_link_cut (link);
        }
      bench_report_add (bench->report, name, "ms", acks, bench_floor_connect (), 0);
      if (before >= 0 && numbers[k] >= 100)
        {
          double per_session = (get_memory (bench) - before) / numbers[k];

          bench_report_add_value (bench->report, "  resident memory for each", "KiB", per_session * 1024, 0, 0);
          bench_report_add_value (bench->report, "  sessions per GiB", "", per_session > 0 ? 1024 / per_session : 0, 0, 0);
        }
    }

  for (int i = 0; i < MIN (n, N_LINKED); i++)
    bench_link_close (links[i]);
}

/* -- cubes -------------------------------------------------------------- */

#define CUBE_SIDE 1024

/* Cubes of more planes are not read as a whole: 16 GiB of nothing would push
 * all else out of the page cache. */
#define MAX_COUNTED_DEPTH 1024

static void
bench_sizes (Bench *bench)
{
  static const int depths[] = { 64, 256, 1024, 4096 };

  for (gsize k = 0; k < (bench->is_quick ? 1 : G_N_ELEMENTS (depths)); k++)
    {
      gboolean is_counted = depths[k] <= MAX_COUNTED_DEPTH;
      g_autoptr(BenchSeries) acks = bench_series_new ();
      g_autoptr(BenchSeries) spectra = bench_series_new ();
      g_autoptr(BenchSeries) histograms = bench_series_new ();
      g_autofree char *path = g_build_filename (bench->folder, "sparse.fits", NULL);
      char            *names[3];
      gsize            plane_bytes = CUBE_SIDE * CUBE_SIDE * sizeof (float);
      int              n_mib = (int) (plane_bytes >> 20) * depths[k];
      double           read_floor = 0;
      BenchMark        begin;

      /* read once before, because the kernel takes ten times as long to find
       * out that there is nothing */
      bench_write_sparse (bench->folder, "sparse.fits", CUBE_SIDE, CUBE_SIDE, depths[k]);
      if (is_counted)
        read_floor = bench_floor_read (path, BENCH_DATA_OFFSET, plane_bytes * (gsize) depths[k]);
      begin = bench_mark (bench);
      bench_open (bench, "sparse.fits", 0);
      bench_link_await (bench->link, CARTA__EVENT_TYPE__OPEN_FILE_ACK, 1);
      bench_add_since (bench, acks, &begin);
      bench_link_await (bench->link, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA, 1);
      bench_link_settle (bench->link);

      if (is_counted)
        {
          begin = bench_mark (bench);
          bench_require_cube (bench, TRUE);
          bench_await_cube (bench);
          bench_add_since (bench, histograms, &begin);
          bench_require_cube (bench, FALSE);
          bench_link_settle (bench->link);
        }

      begin = bench_mark (bench);
      bench_set_cursor (bench, 0, 300, 400);
      bench_require_spectrum (bench, 0, TRUE);
      bench_await_spectrum (bench);
      bench_add_since (bench, spectra, &begin);
      bench_require_spectrum (bench, 0, FALSE);
      bench_link_settle (bench->link);

      names[0] = g_strdup_printf ("cube of %d MiB: open → ack", n_mib);
      names[1] = g_strdup_printf ("cube of %d MiB: cursor spectral profile", n_mib);
      names[2] = g_strdup_printf ("cube of %d MiB: cube histogram", n_mib);
      bench_report_add (bench->report, names[0], "ms", acks, bench_floor_transfer (1), 0);
      bench_report_add (bench->report, names[1], "ms", spectra, bench_floor_read_spread (path, depths[k], plane_bytes), 0);
      if (is_counted)
        bench_report_add (bench->report, names[2], "ms", histograms, 2 * read_floor, 0);
      for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
        g_free (names[i]);
      bench_close (bench, 0);
      g_unlink (path);
    }
}

/* -- threads ------------------------------------------------------------ */

static void
bench_threads (Bench *bench)
{
  enum
  {
    SIDE = 2048,
    N_TILES = 64,
    N_TURNS = 7
  };

  g_autofree char *path = g_build_filename (bench->folder, "threads.fits", NULL);
  double           read, encoding;

  bench_write_image (bench->folder, "threads.fits", SIDE, SIDE, 1);
  read = bench_floor_read (path, BENCH_DATA_OFFSET, (gsize) SIDE * SIDE * sizeof (float));
  encoding = bench_floor_tiles (N_TILES);
  for (int n_threads = 1; n_threads <= 2; n_threads++)
    {
      g_autoptr(BenchSeries) histograms = bench_series_new ();
      g_autoptr(BenchSeries) tiles = bench_series_new ();
      g_autofree char *histogram_name = g_strdup_printf ("open → histogram, 2048², threads: %d", n_threads);
      g_autofree char *tiles_name = g_strdup_printf ("64 full tiles: all, threads: %d", n_threads);
      gint32           codes[N_TILES];

      bench_link_close (bench->link);
      bench_restart (bench, n_threads, 0);
      bench->link = bench_link_new (bench_server_get_url (bench->server));
      bench_link_register (bench->link, 0);
      bench_fill_tile_codes (codes, 3, 8);
      for (int i = 0; i < N_TURNS; i++)
        {
          BenchMark begin = bench_mark (bench);

          bench_open (bench, "threads.fits", 0);
          bench_link_await (bench->link, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA, 1);
          bench_add_since (bench, histograms, &begin);
          bench_link_settle (bench->link);
          begin = bench_mark (bench);
          bench_ask_tiles (bench, 0, codes, N_TILES);
          bench_link_await (bench->link, CARTA__EVENT_TYPE__RASTER_TILE_DATA, N_TILES);
          bench_add_since (bench, tiles, &begin);
          bench_close (bench, 0);
        }
      bench_report_add (bench->report, histogram_name, "ms", histograms, read, 0);
      bench_report_add (bench->report, tiles_name, "ms", tiles, encoding, 0);
    }
}

void
bench_scaling (Bench *bench)
{
  bench_report_section (bench->report, "Scaling");
  bench->link = bench_link_new (bench_server_get_url (bench->server));
  bench_link_register (bench->link, 0);

  bench_open_images (bench);
  bench_messages (bench);
  bench_regions (bench);
  bench_regions_apart (bench);
  bench_outline (bench);
  bench_sizes (bench);
  bench_sessions (bench);
  if (bench_server_is_ours (bench->server))
    bench_threads (bench);

  bench_link_close (bench->link);
}
