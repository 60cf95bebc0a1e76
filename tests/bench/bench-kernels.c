/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* How fast pixels become numbers, each beside what the machine can do with
 * as many bytes in the same run: copying them, reading them from the page
 * cache, or zfp alone. Not a test: it judges nothing.
 */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zfp.h>

#include <glib/gstdio.h>

#include "almu-contour.h"
#include "almu-plane.h"
#include "almu-profile.h"
#include "almu-tile.h"
#include "almu-tile-codec.h"
#include "almu-workers.h"
#include "kernel/kernel.h"

#define CACHED 16384
#define TILES 64

typedef void (*Work) (gpointer data);

typedef struct
{
  GString *json;
  int      n_rounds;
  double   cpu_ms; /* of what was measured last, of all threads */
} Bench;

static double
get_cpu_ms (void)
{
  struct timespec time;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &time);

  return (double) time.tv_sec * 1e3 + (double) time.tv_nsec / 1e6;
}

static double
measure (Bench   *bench,
         Work     work,
         gpointer data)
{
  gint64 best = G_MAXINT64;

  bench->cpu_ms = G_MAXDOUBLE;
  for (int i = 0; i < bench->n_rounds; i++)
    {
      double cpu_ms = get_cpu_ms ();
      gint64 start = g_get_monotonic_time ();

      work (data);
      best = MIN (best, MAX (1, g_get_monotonic_time () - start));
      bench->cpu_ms = MIN (bench->cpu_ms, get_cpu_ms () - cpu_ms);
    }

  return (double) best / 1e3;
}

static void
report (Bench      *bench,
        const char *name,
        gsize       n_bytes,
        double      ms,
        const char *floor_name,
        double      floor_ms)
{
  double rate = (double) n_bytes / 1e6 / ms;

  printf ("%-34s %9.3f ms, %9.3f of computing %8.2f GB/s", name, ms, bench->cpu_ms, rate);
  if (floor_ms > 0)
    printf ("   %5.2f × %s (%.3f ms)", ms / floor_ms, floor_name, floor_ms);
  printf ("\n");
  fflush (stdout);

  g_string_append_printf (bench->json,
                          "%s\n  { \"name\": \"%s\", \"ms\": %.4f, \"cpu_ms\": %.4f, \"gb_per_s\": %.3f, "
                          "\"floor\": \"%s\", \"floor_ms\": %.4f }",
                          bench->json->len > 1 ? "," : "", name, ms, bench->cpu_ms, rate,
                          floor_name != NULL ? floor_name : "", floor_ms);
}

static float *
make_pixels (gsize n)
{
  float  *pixels = g_new (float, n);
  guint32 state = 1;

  for (gsize i = 0; i < n; i++)
    {
      float noise = 0.0f;

      for (int k = 0; k < 4; k++)
        {
          state = state * 1664525u + 1013904223u;
          noise += (float) (state >> 8) * 0x1p-24f - 0.5f;
        }
      pixels[i] = noise;
    }

  return pixels;
}

/* -- kernels, in the first-level cache and back ------------------------- */

typedef struct
{
  AlmuKernelFormat format;
  float           *from;
  float           *to;
  float           *counts;
} Cached;

#define REPEAT 200

static void
work_memcpy (gpointer data)
{
  Cached *c = data;

  for (int i = 0; i < REPEAT; i++)
    {
      memcpy (c->to, c->from, CACHED * sizeof (float));
      __asm__ volatile(""
                       :
                       : "r"(c->to)
                       : "memory");
    }
}

static void
work_convert (gpointer data)
{
  Cached *c = data;

  for (int i = 0; i < REPEAT; i++)
    almu_kernel_convert (&c->format, c->from, c->to, CACHED);
}

static void
work_stats (gpointer data)
{
  Cached   *c = data;
  AlmuStats stats = ALMU_STATS_INIT;

  for (int i = 0; i < REPEAT; i++)
    almu_stats_add (&stats, c->from, CACHED);
}

static void
work_bin (gpointer data)
{
  Cached *c = data;

  for (int i = 0; i < REPEAT; i++)
    almu_kernel_bin (c->from, CACHED, -1.0f, 1.0f, 1e-3f, 2000, (gint32 *) c->to);
}

static void
work_halve (gpointer data)
{
  Cached *c = data;

  for (int i = 0; i < REPEAT; i++)
    almu_kernel_halve (c->from, c->from + CACHED / 2, CACHED / 2, c->to);
}

static void
work_halve_finite (gpointer data)
{
  Cached *c = data;

  for (int i = 0; i < REPEAT; i++)
    almu_kernel_halve_finite (c->from, c->from + CACHED / 2, CACHED / 2, c->to, c->counts);
}

static void
bench_kernels (Bench *bench)
{
  static const int  bitpixes[] = { 8, 16, 32, 64, -32, -64 };
  g_autofree float *from = make_pixels (CACHED * 2);
  g_autofree float *to = make_pixels (CACHED);
  g_autofree float *counts = make_pixels (CACHED);
  gsize             n_bytes = (gsize) REPEAT * CACHED * sizeof (float);
  Cached            c = { .from = from, .to = to, .counts = counts };
  double            copy = measure (bench, work_memcpy, &c);

  report (bench, "memcpy, cached", n_bytes, copy, NULL, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (bitpixes); i++)
    for (int scaled = 0; scaled < 2; scaled++)
      {
        g_autofree char *name = g_strdup_printf ("convert %d%s", bitpixes[i], scaled ? ", scaled" : "");

        c.format = (AlmuKernelFormat){ bitpixes[i], scaled ? 0.5 : 1.0, scaled, scaled, 0 };
        report (bench, name, n_bytes, measure (bench, work_convert, &c), "memcpy", copy);
      }
  report (bench, "stats", n_bytes, measure (bench, work_stats, &c), "memcpy", copy);
  report (bench, "bin", n_bytes, measure (bench, work_bin, &c), "memcpy", copy);
  report (bench, "halve", n_bytes, measure (bench, work_halve, &c), "memcpy", copy);
  report (bench, "halve, blanks", n_bytes, measure (bench, work_halve_finite, &c), "memcpy", copy);
}

/* -- planes ------------------------------------------------------------- */

typedef struct
{
  const char *path;
  int         side;
  float      *pixels;
  float      *copy;
  AlmuImage  *image;
  AlmuPlane  *plane;
} Planes;

static void
copy_part (guint    part,
           gpointer data)
{
  Planes *p = data;
  gsize   n = (gsize) p->side * (gsize) p->side / 64;

  memcpy (p->copy + part * n, p->pixels + part * n, n * sizeof (float));
}

static void
work_copy (gpointer data)
{
  almu_workers_share (64, copy_part, data);
}

/* Into a small buffer, which is what the page cache alone can give. */
static void
read_part (guint    part,
           gpointer data)
{
  Planes          *p = data;
  gsize            n = (gsize) p->side * (gsize) p->side / 64 * sizeof (float);
  int              fd = g_open (p->path, O_RDONLY | O_CLOEXEC, 0);
  g_autofree char *buffer = g_malloc (256 * 1024);

  for (gsize done = 0; done < n; done += 256 * 1024)
    if (pread (fd, buffer, MIN (256 * 1024, n - done), (off_t) (2880 + part * n + done)) < 0)
      g_error ("Cannot read %s", p->path);

  close (fd);
}

static void
work_read (gpointer data)
{
  almu_workers_share (64, read_part, data);
}

static void
work_load (gpointer data)
{
  Planes *p = data;
  g_autoptr(GError) error = NULL;

  g_clear_pointer (&p->plane, almu_plane_unref);
  p->plane = almu_plane_load (p->image, 0, 0, NULL, &error);
  g_assert_no_error (error);
}

static void
work_count (gpointer data)
{
  Planes          *p = data;
  const AlmuStats *stats = almu_plane_get_stats (p->plane);

  almu_histogram_unref (almu_plane_count (p->plane, almu_histogram_auto_bins (p->side, p->side),
                                          stats->min, stats->max));
}

static void
work_profile (gpointer data)
{
  Planes *p = data;

  g_bytes_unref (almu_profile_cut (p->plane, ALMU_PROFILE_X, p->side / 2, 0, p->side, 1));
  g_bytes_unref (almu_profile_cut (p->plane, ALMU_PROFILE_Y, p->side / 2, 0, p->side, 1));
}

static void
append_card (GString    *header,
             const char *format,
             ...)
{
  g_autofree char *card = NULL;
  va_list          args;

  va_start (args, format);
  card = g_strdup_vprintf (format, args);
  va_end (args);

  g_string_append_printf (header, "%-80s", card);
}

static void
write_all (int         fd,
           const void *bytes,
           gsize       size)
{
  for (gsize done = 0; done < size;)
    {
      gssize n = write (fd, (const char *) bytes + done, size - done);

      if (n <= 0)
        g_error ("Cannot write a file of pixels: %s", g_strerror (errno));
      done += (gsize) n;
    }
}

static char *
write_fits (const char  *folder,
            int          side,
            const float *pixels)
{
  char *path = g_build_filename (folder, "plane.fits", NULL);
  g_autoptr(GString) header = g_string_new (NULL);
  gsize               n = (gsize) side * (gsize) side;
  g_autofree guint32 *raw = g_new (guint32, n);
  static const char   nothing[2880];
  int                 fd = g_open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

  append_card (header, "SIMPLE  = %20s", "T");
  append_card (header, "BITPIX  = %20d", -32);
  append_card (header, "NAXIS   = %20d", 2);
  append_card (header, "NAXIS1  = %20d", side);
  append_card (header, "NAXIS2  = %20d", side);
  append_card (header, "END");
  while (header->len < 2880)
    g_string_append_c (header, ' ');

  memcpy (raw, pixels, n * sizeof *raw);
  for (gsize i = 0; i < n; i++)
    raw[i] = GUINT32_TO_BE (raw[i]);

  write_all (fd, header->str, 2880);
  write_all (fd, raw, n * sizeof *raw);
  write_all (fd, nothing, (2880 - n * sizeof *raw % 2880) % 2880);
  close (fd);

  return path;
}

static void
bench_plane (Bench *bench,
             int    side)
{
  gsize n = (gsize) side * (gsize) side;
  gsize n_bytes = n * sizeof (float);
  g_autoptr(GError) error = NULL;
  g_autofree char  *folder = g_dir_make_tmp ("almu-bench-XXXXXX", &error);
  g_autofree float *pixels = make_pixels (n);
  g_autofree float *copy = make_pixels (n);
  g_autofree char  *path = write_fits (folder, side, pixels);
  Planes            p = { .path = path, .side = side, .pixels = pixels, .copy = copy };
  double            copy_ms, read_ms;

  p.image = almu_image_open (g_open (path, O_RDONLY | O_CLOEXEC, 0), "plane.fits", "", ALMU_IMAGE_NONE, &error);
  g_assert_no_error (error);

  printf ("\n%d × %d on %u threads\n", side, side, almu_workers_get_threads ());
  copy_ms = measure (bench, work_copy, &p);
  read_ms = measure (bench, work_read, &p);
  report (bench, "memcpy", n_bytes, copy_ms, NULL, 0);
  report (bench, "page-cache pread", n_bytes, read_ms, NULL, 0);
  report (bench, "plane load, stats and layers", n_bytes, measure (bench, work_load, &p), "pread", read_ms);
  report (bench, "histogram", n_bytes, measure (bench, work_count, &p), "memcpy", copy_ms);
  report (bench, "x and y profile", 2 * (gsize) side * sizeof (float), measure (bench, work_profile, &p), NULL, 0);

  almu_plane_unref (p.plane);
  g_object_unref (p.image);
  g_unlink (path);
  g_rmdir (folder);
}

/* -- contours of a plane ------------------------------------------------ */

#define LEVELS 5

/* Two to five times the scatter of the smoothed noise, as in bench-images.c. */
static AlmuContours *
trace (Planes *p)
{
  static const double levels[LEVELS] = { 0.25, 0.33, 0.41, 0.49, 0.57 };
  AlmuContourRecipe   recipe = { ALMU_SMOOTHING_GAUSSIAN, 4, levels, LEVELS, 100000 };
  AlmuContours       *contours;

  contours = almu_contours_trace (p->plane, &recipe, G_MAXSIZE, NULL, NULL);
  g_assert_nonnull (contours);

  return contours;
}

static void
smooth_part (guint    part,
             gpointer data)
{
  AlmuSmoother     *smoother = data;
  int               height = almu_smoother_get_height (smoother);
  int               begin = (int) part * height / 64;
  int               end = (int) (part + 1) * height / 64;
  g_autofree float *rows = g_new (float, (gsize) (end - begin) * (gsize) almu_smoother_get_width (smoother));
  g_autofree float *room = g_new (float, almu_smoother_get_room (smoother));

  almu_smoother_make_rows (smoother, begin, end, rows, room);
}

static void
work_smooth (gpointer data)
{
  Planes       *p = data;
  AlmuSmoother *smoother = almu_smoother_new (p->pixels, p->side, p->side, ALMU_SMOOTHING_GAUSSIAN, 4);

  almu_workers_share (64, smooth_part, smoother);
  almu_smoother_free (smoother);
}

static void
work_trace (gpointer data)
{
  almu_contours_unref (trace (data));
}

static void
encode_level (guint    level,
              gpointer data)
{
  AlmuContours *contours = data;

  for (guint i = 0; i < almu_contours_get_n_chunks (contours, level); i++)
    almu_contour_chunk_free (almu_contours_encode (contours, level, i, 4, 8, NULL));
}

static void
work_encode_lines (gpointer data)
{
  almu_workers_share (LEVELS, encode_level, data);
}

static void
bench_contours (Bench *bench,
                int    side)
{
  gsize             n = (gsize) side * (gsize) side;
  gsize             n_bytes = n * sizeof (float);
  gsize             n_vertices = 0;
  g_autofree float *pixels = make_pixels (n);
  g_autofree float *copy = make_pixels (n);
  Planes            p = { .side = side, .pixels = pixels, .copy = copy, .plane = almu_plane_new_for_pixels (pixels, side, side) };
  AlmuContours     *contours = trace (&p);
  double            copy_ms = measure (bench, work_copy, &p);

  for (guint i = 0; i < LEVELS; i++)
    n_vertices += almu_contours_get_n_vertices (contours, i);
  printf ("\nContours of %d × %d on %u threads, %zu vertices\n", side, side, almu_workers_get_threads (), n_vertices);
  report (bench, "memcpy", n_bytes, copy_ms, NULL, 0);
  report (bench, "smoothing, Gaussian 4", n_bytes, measure (bench, work_smooth, &p), "memcpy", copy_ms);
  report (bench, "smoothing and tracing, 5 levels", n_bytes, measure (bench, work_trace, &p), "memcpy", copy_ms);
  report (bench, "encoding of the lines", n_vertices * 2 * sizeof (float),
          measure (bench, work_encode_lines, contours), "memcpy", copy_ms);

  almu_contours_unref (contours);
  almu_plane_unref (p.plane);
}

/* -- tiles -------------------------------------------------------------- */

static void
work_encode (gpointer data)
{
  for (int i = 0; i < TILES; i++)
    almu_tile_picture_unref (almu_tile_picture_new ((float *) data + i * 256, TILES * 256, 256, 256, ALMU_COMPRESSION_ZFP, 11));
}

static void
work_zfp (gpointer data)
{
  static guint8 buffer[512 * 1024];

  for (int i = 0; i < TILES; i++)
    {
      zfp_field  *field = zfp_field_2d ((float *) data + i * 65536, zfp_type_float, 256, 256);
      zfp_stream *zfp = zfp_stream_open (NULL);
      bitstream  *bits = stream_open (buffer, sizeof buffer);

      zfp_stream_set_precision (zfp, 11);
      zfp_stream_set_bit_stream (zfp, bits);
      zfp_compress (zfp, field);
      zfp_field_free (field);
      zfp_stream_close (zfp);
      stream_close (bits);
    }
}

static void
bench_tiles (Bench *bench)
{
  gsize             n = (gsize) TILES * 65536;
  g_autofree float *pixels = make_pixels (n);
  double            zfp_ms = measure (bench, work_zfp, pixels);

  printf ("\n%d tiles, precision 11, one thread\n", TILES);
  report (bench, "zfp alone", n * sizeof (float), zfp_ms, NULL, 0);
  report (bench, "tile encode", n * sizeof (float), measure (bench, work_encode, pixels), "zfp", zfp_ms);

  for (gsize i = 0; i < n; i += 37)
    pixels[i] = NAN;
  report (bench, "tile encode, blanks everywhere", n * sizeof (float), measure (bench, work_encode, pixels), "zfp", zfp_ms);
}

static gboolean
is_asked_for (const char *only,
              const char *part)
{
  return only == NULL || g_str_equal (only, part);
}

int
main (int   argc,
      char *argv[])
{
  g_autofree char *json_path = NULL;
  int              n_rounds = 7;
  gboolean         is_small = FALSE;
  g_autofree char *only = NULL;
  GOptionEntry     entries[] = {
        { "json", 0, 0, G_OPTION_ARG_FILENAME, &json_path, "Write the figures here too", "FILE" },
        { "rounds", 0, 0, G_OPTION_ARG_INT, &n_rounds, "Take the best of so many", "N" },
        { "only", 0, 0, G_OPTION_ARG_STRING, &only, "Leave out all but this part", "kernels|tiles|planes|contours" },
        { "small", 0, 0, G_OPTION_ARG_NONE, &is_small, "Leave out 8192 × 8192", NULL },
        { NULL },
  };
  g_autoptr(GOptionContext) context = g_option_context_new (NULL);
  g_autoptr(GString) json = g_string_new ("[");
  g_autoptr(GError) error = NULL;
  Bench bench = { json, 0 };

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("%s\n", error->message);
      return 2;
    }

  bench.n_rounds = MAX (1, n_rounds);
  if (is_asked_for (only, "kernels"))
    bench_kernels (&bench);
  if (is_asked_for (only, "tiles"))
    bench_tiles (&bench);
  for (int side = 2048; side <= (is_small ? 2048 : 8192); side *= 4)
    {
      if (is_asked_for (only, "planes"))
        bench_plane (&bench, side);
      if (is_asked_for (only, "contours"))
        bench_contours (&bench, side);
    }

  g_string_append (json, "\n]\n");
  if (json_path != NULL && !g_file_set_contents (json_path, json->str, -1, &error))
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }

  return 0;
}
