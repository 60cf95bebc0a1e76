/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "bench-files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "bench-fail.h"

#define BLOCK 2880

/* Rows are pieces of it that begin anywhere. */
#define N_NOISE (4 * 1024 * 1024)

void
bench_fill_noise (float *pixels,
                  gsize  n)
{
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
}

static void
append_card (GString    *header,
             const char *key,
             const char *value)
{
  g_autofree char *card = g_strdup_printf (*value == '\'' ? "%-8s= %s" : "%-8s= %20s", key, value);

  g_string_append_printf (header, "%-80s", card);
}

static void
append_axis (GString    *header,
             int         axis,
             int         length,
             const char *type,
             const char *step)
{
  const struct
  {
    const char *key;
    char       *value;
  } cards[] = {
    { "CTYPE", g_strdup_printf ("'%-8s'", type) },
    { "CRPIX", g_strdup_printf ("%d.", axis < 3 ? length / 2 : 1) },
    { "CRVAL", g_strdup (axis < 3 ? "45." : "1.4E9") },
    { "CDELT", g_strdup (step) },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cards); i++)
    {
      g_autofree char *key = g_strdup_printf ("%s%d", cards[i].key, axis);

      append_card (header, key, cards[i].value);
      g_free (cards[i].value);
    }
}

static GString *
make_header (int width,
             int height,
             int depth)
{
  GString         *header = g_string_new (NULL);
  g_autofree char *texts[] = {
    g_strdup_printf ("%d", width), g_strdup_printf ("%d", height), g_strdup_printf ("%d", depth)
  };

  append_card (header, "SIMPLE", "T");
  append_card (header, "BITPIX", "-32");
  append_card (header, "NAXIS", depth > 1 ? "3" : "2");
  append_card (header, "NAXIS1", texts[0]);
  append_card (header, "NAXIS2", texts[1]);
  if (depth > 1)
    append_card (header, "NAXIS3", texts[2]);
  append_axis (header, 1, width, "RA---SIN", "-1.E-4");
  append_axis (header, 2, height, "DEC--SIN", "1.E-4");
  if (depth > 1)
    append_axis (header, 3, depth, "FREQ", "1.E5");
  append_card (header, "BUNIT", "'Jy/beam '");
  append_card (header, "BMAJ", "5.E-4");
  append_card (header, "BMIN", "4.E-4");
  append_card (header, "BPA", "30.");
  g_string_append_printf (header, "%-80s", "END");
  while (header->len < BENCH_DATA_OFFSET)
    g_string_append_c (header, ' ');

  return header;
}

/* Already as it stands in a file. */
static const guint32 *
get_noise (void)
{
  static guint32 *noise = NULL;

  if (noise != NULL)
    return noise;

  noise = g_new (guint32, N_NOISE);
  bench_fill_noise ((float *) noise, N_NOISE);
  for (gsize i = 0; i < N_NOISE; i++)
    noise[i] = GUINT32_TO_BE (noise[i]);

  return noise;
}

void
bench_write_image (const char *folder,
                   const char *name,
                   int         width,
                   int         height,
                   int         depth)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr(GString) header = make_header (width, height, depth);
  static const char padding[BLOCK];
  const guint32    *noise = get_noise ();
  gsize             n_rows = (gsize) height * (gsize) depth;
  gsize             tail = n_rows * (gsize) width * sizeof (float) % BLOCK;
  guint32           state = (guint32) width;
  FILE             *file = g_fopen (path, "we");
  gboolean          is_good = file != NULL && fwrite (header->str, header->len, 1, file) == 1;

  for (gsize i = 0; is_good && i < n_rows; i++)
    {
      state = state * 1664525u + 1013904223u;
      is_good = fwrite (noise + (state >> 8) % (N_NOISE - (guint32) width), sizeof *noise, (gsize) width, file) == (gsize) width;
    }
  if (is_good && tail > 0)
    is_good = fwrite (padding, BLOCK - tail, 1, file) == 1;

  if (!is_good || fclose (file) != 0)
    bench_fail ("Cannot write %s: %s", path, g_strerror (errno));
}

void
bench_write_sparse (const char *folder,
                    const char *name,
                    int         width,
                    int         height,
                    int         depth)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr(GString) header = make_header (width, height, depth);
  gint64 n_bytes = (gint64) width * height * depth * (gint64) sizeof (float);
  gint64 n_blocks = (n_bytes + BLOCK - 1) / BLOCK;
  FILE  *file = g_fopen (path, "we");

  if (file == NULL || fwrite (header->str, header->len, 1, file) != 1 || fflush (file) != 0 ||
      ftruncate (fileno (file), (gint64) header->len + n_blocks * BLOCK) != 0 || fclose (file) != 0)
    bench_fail ("Cannot write %s: %s", path, g_strerror (errno));
}
