/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "bench.h"

#include <fitsio.h>
#include <glib/gstdio.h>

#include "bench-fail.h"
#include "bench-files.h"
#include "bench-floor.h"

/* Images in compressed tiles: what unpacking adds to opening a plane. */

#define SIDE 4096
#define N_ROUNDS 5

static const struct
{
  const char *name;
  int         type;
  long        rows; /* of a tile */
  float       level;
} kinds[] = {
  { "Rice, by row", RICE_1, 1, 4 },
  { "gzip without loss, by row", GZIP_2, 1, 0 },
  { "HCOMPRESS, by 16 rows", HCOMPRESS_1, 16, 4 },
  { "Rice, one tile", RICE_1, SIDE, 4 },
};

/* By the library, of the same noise as other images. */
static void
write_packed (const char *path,
              guint       kind)
{
  g_autofree float *pixels = g_new (float, SIDE *SIDE);
  long              shape[] = { SIDE, SIDE };
  long              tile[] = { SIDE, kinds[kind].rows };
  fitsfile         *file = NULL;
  int               status = 0;

  bench_fill_noise (pixels, SIDE * SIDE);
  g_unlink (path);
  fits_create_diskfile (&file, path, &status);
  fits_set_compression_type (file, kinds[kind].type, &status);
  fits_set_tile_dim (file, 2, tile, &status);
  fits_set_quantize_level (file, kinds[kind].level, &status);
  fits_set_quantize_method (file, SUBTRACTIVE_DITHER_1, &status);
  fits_create_img (file, FLOAT_IMG, 2, shape, &status);
  fits_write_key_str (file, "CTYPE1", "RA---SIN", NULL, &status);
  fits_write_key_str (file, "CTYPE2", "DEC--SIN", NULL, &status);
  fits_write_img (file, TFLOAT, 1, SIDE * SIDE, pixels, &status);
  fits_close_file (file, &status);
  if (status != 0)
    bench_fail ("cfitsio cannot write %s: %d", path, status);
}

static void
bench_kind (Bench *bench,
            guint  kind)
{
  g_autofree char *path = g_build_filename (bench->folder, "packed.fits.fz", NULL);
  g_autofree char *name = g_strdup_printf ("open → histogram, %d², %s", SIDE, kinds[kind].name);
  g_autoptr(BenchSeries) times = bench_series_new ();

  write_packed (path, kind);
  for (int i = 0; i < N_ROUNDS; i++)
    {
      BenchMark begin = bench_mark (bench);

      bench_open (bench, "packed.fits.fz", 0);
      bench_link_await (bench->link, CARTA__EVENT_TYPE__OPEN_FILE_ACK, 1);
      bench_link_await (bench->link, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA, 1);
      bench_add_since (bench, times, &begin);
      bench_link_settle (bench->link);
      bench_close (bench, 0);
    }

  bench_report_add (bench->report, name, "ms", times, bench_floor_copy (SIDE * SIDE * sizeof (float)), 0);
}

void
bench_packed (Bench *bench)
{
  bench_report_section (bench->report, "Compressed tiles");
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    bench_kind (bench, i);
}
