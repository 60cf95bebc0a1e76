/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "almu-image.h"
#include "almu-plane.h"
#include "almu-scan.h"
#include "almu-test-hdf5.h"
#include "almu-test.h"

/* What IDIA images keep beside the pixels, against the pixels themselves. */

#define WIDTH 531
#define HEIGHT 287

typedef struct
{
  char  *folder;
  char  *path;
  int    n_dims;
  int    depth;
  int    n_stokes;
  float *pixels;
} Fixture;

typedef struct
{
  double  min, max, sum, sum_sq;
  gint64  n_blank;
  gint64 *counts;
} Stored;

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  fixture->folder = almu_test_make_folder ();
  fixture->path = g_build_filename (fixture->folder, "a.hdf5", NULL);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_test_remove_folder (fixture->folder);
  g_free (fixture->folder);
  g_free (fixture->path);
  g_free (fixture->pixels);
}

static void
make_pixels (Fixture *fixture,
             int      n_dims)
{
  gsize n;

  fixture->n_dims = n_dims;
  fixture->depth = n_dims > 2 ? 3 : 1;
  fixture->n_stokes = n_dims > 3 ? 2 : 1;
  n = (gsize) WIDTH * HEIGHT * fixture->depth * fixture->n_stokes;
  g_free (fixture->pixels);
  fixture->pixels = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    fixture->pixels[i] = g_test_rand_int_range (0, 20) == 0 ? NAN : (float) g_test_rand_double_range (-3, 11);
}

/* -- as a converter does it ------------------------------------------------- */

static int
count_bins (void)
{
  return MAX ((int) sqrt ((double) WIDTH * HEIGHT), 2);
}

static Stored
store (const float *pixels,
       gsize        n)
{
  Stored stored = { .min = INFINITY, .max = -INFINITY, .counts = g_new0 (gint64, count_bins ()) };
  float  width;

  for (gsize i = 0; i < n; i++)
    {
      if (isnan (pixels[i]))
        {
          stored.n_blank++;
          continue;
        }
      stored.min = MIN (stored.min, pixels[i]);
      stored.max = MAX (stored.max, pixels[i]);
      stored.sum += pixels[i];
      stored.sum_sq += (double) pixels[i] * pixels[i];
    }

  width = (float) ((stored.max - stored.min) / count_bins ());
  for (gsize i = 0; i < n; i++)
    if (!isnan (pixels[i]))
      stored.counts[CLAMP ((int) floorf ((pixels[i] - (float) stored.min) / width), 0, count_bins () - 1)]++;

  return stored;
}

/* Entries for @n planes or cubes; @n_dims dimensions of @dims before the
 * bins. */
static void
put_stats (hid_t          parent,
           const char    *name,
           const Fixture *fixture,
           gsize          n_values,
           int            n,
           int            n_dims,
           hsize_t       *dims)
{
  hid_t              group = test_hdf5_group (parent, name);
  g_autofree double *numbers = g_new (double, n);
  g_autofree gint64 *blanks = g_new (gint64, n);
  g_autofree gint64 *counts = g_new (gint64, n * count_bins ());
  g_autofree Stored *stored = g_new (Stored, n);

  static const struct
  {
    const char *name;
    gsize       offset;
  } arrays[] = {
    { "MIN", G_STRUCT_OFFSET (Stored, min) },
    { "MAX", G_STRUCT_OFFSET (Stored, max) },
    { "SUM", G_STRUCT_OFFSET (Stored, sum) },
    { "SUM_SQ", G_STRUCT_OFFSET (Stored, sum_sq) },
  };

  for (int i = 0; i < n; i++)
    {
      stored[i] = store (fixture->pixels + (gsize) i * n_values, n_values);
      blanks[i] = stored[i].n_blank;
      memcpy (counts + i * count_bins (), stored[i].counts, sizeof *counts * count_bins ());
      g_free (stored[i].counts);
    }

  for (guint k = 0; k < G_N_ELEMENTS (arrays); k++)
    {
      for (int i = 0; i < n; i++)
        numbers[i] = G_STRUCT_MEMBER (double, &stored[i], arrays[k].offset);
      test_hdf5_data (group, arrays[k].name, k < 2 ? H5T_IEEE_F32LE : H5T_IEEE_F64LE, n_dims, dims, NULL,
                      H5T_NATIVE_DOUBLE, numbers);
    }
  test_hdf5_data (group, "NAN_COUNT", H5T_STD_I64LE, n_dims, dims, NULL, H5T_NATIVE_INT64, blanks);
  dims[n_dims] = count_bins ();
  test_hdf5_data (group, "HISTOGRAM", H5T_STD_I64LE, n_dims + 1, dims, NULL, H5T_NATIVE_INT64, counts);
  H5Gclose (group);
}

static void
put_mip (hid_t          parent,
         const Fixture *fixture,
         int            mip,
         int            n_dims,
         const hsize_t *dims)
{
  int               width = (WIDTH + mip - 1) / mip;
  int               height = (HEIGHT + mip - 1) / mip;
  int               n_planes = fixture->depth * fixture->n_stokes;
  g_autofree char  *name = g_strdup_printf ("DATA_XY_%d", mip);
  g_autofree float *means = g_new (float, (gsize) width *height *n_planes);
  hsize_t           mip_dims[4];

  for (int z = 0; z < n_planes; z++)
    for (int y = 0; y < height; y++)
      for (int x = 0; x < width; x++)
        {
          double sum = 0;
          int    n = 0;

          for (int v = y * mip; v < MIN ((y + 1) * mip, HEIGHT); v++)
            for (int u = x * mip; u < MIN ((x + 1) * mip, WIDTH); u++)
              if (!isnan (fixture->pixels[((gsize) z * HEIGHT + v) * WIDTH + u]))
                {
                  sum += fixture->pixels[((gsize) z * HEIGHT + v) * WIDTH + u];
                  n++;
                }
          means[((gsize) z * height + y) * width + x] = n > 0 ? (float) (sum / n) : NAN;
        }

  memcpy (mip_dims, dims, sizeof *dims * n_dims);
  mip_dims[n_dims - 1] = width;
  mip_dims[n_dims - 2] = height;
  test_hdf5_data (parent, name, H5T_IEEE_F32LE, n_dims, mip_dims, NULL, H5T_NATIVE_FLOAT, means);
}

static void
write_file (const Fixture *fixture)
{
  static const char *const types[] = { "RA---SIN", "DEC--SIN", "FREQ", "STOKES" };
  int                      n_dims = fixture->n_dims;
  const hsize_t            all[] = { fixture->n_stokes, fixture->depth, HEIGHT, WIDTH };
  const hsize_t           *dims = all + 4 - n_dims;
  hsize_t                  outer[4];
  hid_t                    file = H5Fcreate (fixture->path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  hid_t                    group = test_hdf5_group (file, "0");
  hid_t                    stats = test_hdf5_group (group, "Statistics");
  hid_t                    mips = test_hdf5_group (group, "MipMaps");
  hid_t                    inner = test_hdf5_group (mips, "DATA");

  for (int i = 0; i < n_dims; i++)
    {
      g_autofree char *name = g_strdup_printf ("CTYPE%d", i + 1);

      test_hdf5_text (group, name, types[i]);
    }
  test_hdf5_data (group, "DATA", H5T_IEEE_F32LE, n_dims, dims, NULL, H5T_NATIVE_FLOAT, fixture->pixels);
  put_mip (inner, fixture, 2, n_dims, dims);
  put_mip (inner, fixture, 4, n_dims, dims);

  memcpy (outer, dims, sizeof *outer * (n_dims - 2));
  put_stats (stats, "XY", fixture, (gsize) WIDTH * HEIGHT, fixture->depth * fixture->n_stokes, n_dims - 2, outer);
  if (n_dims > 2)
    {
      memcpy (outer, dims, sizeof *outer * (n_dims - 3));
      put_stats (stats, "XYZ", fixture, (gsize) WIDTH * HEIGHT * fixture->depth, fixture->n_stokes, n_dims - 3, outer);
    }

  H5Gclose (inner);
  H5Gclose (mips);
  H5Gclose (stats);
  H5Gclose (group);
  H5Fclose (file);
}

static AlmuImage *
open_file (const Fixture *fixture)
{
  g_autoptr(GError) error = NULL;
  AlmuImage *image = almu_image_open (g_open (fixture->path, O_RDONLY | O_CLOEXEC, 0), "a.hdf5", "",
                                      ALMU_IMAGE_NONE, &error);

  g_assert_no_error (error);

  return image;
}

/* -- is as we do it --------------------------------------------------------- */

static void
assert_equal (const AlmuHistogram *a,
              const AlmuHistogram *b)
{
  g_assert_nonnull (a);
  g_assert_cmpint (a->n_bins, ==, b->n_bins);
  g_assert_cmpfloat (a->bin_width, ==, b->bin_width);
  g_assert_cmpfloat (a->first_centre, ==, b->first_centre);
  g_assert_cmpfloat_with_epsilon (a->mean, b->mean, 1e-6);
  g_assert_cmpfloat_with_epsilon (a->sigma, b->sigma, 1e-6);
  g_assert_cmpmem (a->counts, sizeof a->counts[0] * a->n_bins, b->counts, sizeof b->counts[0] * b->n_bins);
}

static void
check_mips (AlmuImage *image,
            AlmuPlane *plane,
            int        channel,
            int        stokes)
{
  for (int mip = 2; mip <= 4; mip *= 2)
    {
      AlmuRect          all = { 0, 0, (WIDTH + mip - 1) / mip, (HEIGHT + mip - 1) / mip };
      g_autofree float *means = g_new (float, (gsize) all.width *all.height);
      g_autoptr(GError) error = NULL;
      const float *layer;
      int          width, height;

      g_assert_true (almu_image_has_mip (image, mip));
      almu_image_read_mip (image, mip, &(AlmuBox){ all, channel, 1, stokes }, means, NULL, &error);
      g_assert_no_error (error);

      /* the last of the plane's own layers is what fits in a tile */
      layer = almu_plane_get_layer (plane, mip, &width, &height);
      g_assert_true (layer != NULL || mip == 4);
      for (int i = 0; layer != NULL && i < width * height; i++)
        if (isnan (layer[i]))
          g_assert_true (isnan (means[i]));
        else
          g_assert_cmpfloat_with_epsilon (means[i], layer[i], 2e-6);
    }
}

static void
test_stored (Fixture      *fixture,
             gconstpointer user_data)
{
  make_pixels (fixture, GPOINTER_TO_INT (user_data));
  write_file (fixture);

  for (int s = 0; s < fixture->n_stokes; s++)
    {
      g_autoptr(AlmuImage) image = open_file (fixture);
      gsize          n = (gsize) WIDTH * HEIGHT * fixture->depth;
      AlmuStats      stats = ALMU_STATS_INIT;
      AlmuHistogram *mine, *theirs;

      almu_stats_add (&stats, fixture->pixels + s * n, n);
      mine = almu_histogram_new (count_bins (), stats.min, stats.max, &stats);
      almu_histogram_add (mine, stats.min, stats.max, fixture->pixels + s * n, n);
      theirs = almu_image_read_histogram (image, ALMU_ALL_CHANNELS, s, NULL);
      if (fixture->n_dims > 2)
        assert_equal (theirs, mine);
      else
        g_assert_null (theirs);
      g_clear_pointer (&theirs, almu_histogram_unref);
      almu_histogram_unref (mine);

      for (int z = 0; z < fixture->depth; z++)
        {
          g_autoptr(AlmuPlane) plane = almu_plane_load (image, z, s, NULL, NULL);

          mine = almu_plane_count (plane, count_bins (), almu_plane_get_stats (plane)->min,
                                   almu_plane_get_stats (plane)->max);
          theirs = almu_image_read_histogram (image, z, s, NULL);
          assert_equal (theirs, mine);
          almu_histogram_unref (theirs);
          almu_histogram_unref (mine);
          check_mips (image, plane, z, s);
        }
    }
}

/* -- is wrong --------------------------------------------------------------- */

static void
overwrite (const Fixture *fixture,
           const char    *path,
           gint64         index,
           double         value)
{
  hid_t              file = H5Fopen (fixture->path, H5F_ACC_RDWR, H5P_DEFAULT);
  hid_t              id = H5Dopen2 (file, path, H5P_DEFAULT);
  hid_t              space = H5Dget_space (id);
  gsize              n = (gsize) H5Sget_simple_extent_npoints (space);
  g_autofree double *numbers = g_new (double, n);

  g_assert_cmpint (H5Dread (id, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers), >=, 0);
  numbers[index] = value;
  g_assert_cmpint (H5Dwrite (id, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers), >=, 0);
  H5Sclose (space);
  H5Dclose (id);
  H5Fclose (file);
}

/* Numbers that contradict each other are not believed; those of the other
 * channels still are. */
static void
test_stored_wrong (Fixture      *fixture,
                   gconstpointer user_data)
{
  static const struct
  {
    const char *path;
    double      value;
  } cases[] = {
    { "0/Statistics/XY/MIN", 12 },
    { "0/Statistics/XY/MIN", NAN },
    { "0/Statistics/XY/MAX", INFINITY },
    { "0/Statistics/XY/SUM", 1e9 },
    { "0/Statistics/XY/SUM_SQ", NAN },
    { "0/Statistics/XY/NAN_COUNT", -1 },
    { "0/Statistics/XY/NAN_COUNT", 0 },
    { "0/Statistics/XY/NAN_COUNT", WIDTH * HEIGHT },
    { "0/Statistics/XY/HISTOGRAM", -5 },
    { "0/Statistics/XY/HISTOGRAM", 1e9 },
  };

  make_pixels (fixture, 3);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(AlmuImage) image = NULL;
      AlmuHistogram *histogram;

      write_file (fixture);
      overwrite (fixture, cases[i].path, 0, cases[i].value);
      image = open_file (fixture);
      histogram = almu_image_read_histogram (image, 0, 0, NULL);
      if (histogram != NULL)
        g_error ("%s of %g is believed", cases[i].path, cases[i].value);
      histogram = almu_image_read_histogram (image, 1, 0, NULL);
      g_assert_nonnull (histogram);
      almu_histogram_unref (histogram);
    }
}

static void
test_stored_ranges (Fixture      *fixture,
                    gconstpointer user_data)
{
  g_autoptr(AlmuImage) image = NULL;
  g_autoptr(GError) error = NULL;
  float pixels[4];

  make_pixels (fixture, 3);
  write_file (fixture);
  image = open_file (fixture);
  g_assert_null (almu_image_read_histogram (image, 3, 0, NULL));
  g_assert_null (almu_image_read_histogram (image, 0, 1, NULL));
  g_assert_false (almu_image_has_mip (image, 1));
  g_assert_false (almu_image_has_mip (image, 3));
  g_assert_false (almu_image_has_mip (image, 8));
  g_assert_false (almu_image_has_mip (image, 1 << 30));

  g_assert_true (almu_image_read_mip (image, 2, &(AlmuBox){ { 265, 143, 1, 1 }, 0, 1, 0 }, pixels, NULL, NULL));
  g_assert_false (almu_image_read_mip (image, 2, &(AlmuBox){ { 266, 0, 1, 1 }, 0, 1, 0 }, pixels, NULL, &error));
  g_assert_nonnull (error);
}

/* One of IDIA's own. */
static void
test_stored_shared (Fixture      *fixture,
                    gconstpointer user_data)
{
  g_autofree char *path = almu_test_shared_path ("hdf5/M17_SWex_unit.hdf5");
  g_autoptr(AlmuImage) image = NULL;
  float          pixels[5 * 36];
  AlmuStats      stats = ALMU_STATS_INIT;
  AlmuHistogram *mine, *theirs;

  if (path == NULL || !g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_test_skip ("no shared data");
      return;
    }

  g_free (fixture->path);
  fixture->path = g_steal_pointer (&path);
  image = open_file (fixture);
  g_assert_true (almu_image_read (image, &(AlmuBox){ { 0, 0, 6, 6 }, 0, 5, 0 }, pixels, NULL, NULL));

  almu_stats_add (&stats, pixels, G_N_ELEMENTS (pixels));
  mine = almu_histogram_new (6, stats.min, stats.max, &stats);
  almu_histogram_add (mine, stats.min, stats.max, pixels, G_N_ELEMENTS (pixels));
  theirs = almu_image_read_histogram (image, ALMU_ALL_CHANNELS, 0, NULL);
  assert_equal (theirs, mine);
  almu_histogram_unref (theirs);
  almu_histogram_unref (mine);

  for (int z = 0; z < 5; z++)
    {
      stats = ALMU_STATS_INIT;
      almu_stats_add (&stats, pixels + z * 36, 36);
      mine = almu_histogram_new (6, stats.min, stats.max, &stats);
      almu_histogram_add (mine, stats.min, stats.max, pixels + z * 36, 36);
      theirs = almu_image_read_histogram (image, z, 0, NULL);
      assert_equal (theirs, mine);
      almu_histogram_unref (theirs);
      almu_histogram_unref (mine);
    }
}

#define add_test(path, data, func) \
  g_test_add (path, Fixture, data, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add_test ("/engine/hdf5-stored/2", GINT_TO_POINTER (2), test_stored);
  add_test ("/engine/hdf5-stored/3", GINT_TO_POINTER (3), test_stored);
  add_test ("/engine/hdf5-stored/4", GINT_TO_POINTER (4), test_stored);
  add_test ("/engine/hdf5-stored/wrong", NULL, test_stored_wrong);
  add_test ("/engine/hdf5-stored/ranges", NULL, test_stored_ranges);
  add_test ("/engine/hdf5-stored/shared", NULL, test_stored_shared);

  return g_test_run ();
}
