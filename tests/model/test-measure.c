/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "almu-measure.h"
#include "almu-test-image.h"
#include "almu-test.h"
#include "almu-workers.h"

/* The histogram of a plane is the file's, if that is about the same values. */

#define WIDTH 1024
#define HEIGHT 1024

static float
pixel (int x,
       int y,
       int channel,
       int stokes)
{
  return x == 0 ? NAN : (float) ((x * 7 + y * 3) % 1001);
}

static void
on_result (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static gboolean
has_result (gpointer user_data)
{
  return *(GAsyncResult **) user_data != NULL;
}

static AlmuHistogram *
measure (AlmuImage *image,
         AlmuPlane *plane)
{
  g_autoptr(GAsyncResult) result = NULL;
  g_autoptr(AlmuMeasure) found = NULL;
  g_autoptr(GError) error = NULL;

  almu_measure_plane_async (plane, image, 0, 0, ALMU_PRIORITY_PICTURE, NULL, on_result, &result);
  almu_test_await (has_result, &result);
  found = almu_measure_finish (result, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (found->histograms->len, ==, 1);

  return almu_histogram_ref (g_ptr_array_index (found->histograms, 0));
}

/* With one value in another bin than it is in, by which it is known. */
static AlmuHistogram *
make_other (const AlmuHistogram *counted,
            const AlmuStats     *stats,
            float                max,
            int                  n_more)
{
  AlmuHistogram *other = almu_histogram_new (counted->n_bins, stats->min, max, stats);

  for (int i = 0; i < counted->n_bins; i++)
    other->counts[i] = counted->counts[i];
  other->counts[3]--;
  other->counts[4] += 1 + n_more;

  return other;
}

static void
test_measure_stored (void)
{
  static const struct
  {
    int      width;
    float    more;
    int      n_more;
    gboolean is_taken;
  } cases[] = {
    { WIDTH, 0, 0, TRUE },
    /* not about these values */
    { WIDTH, 1, 0, FALSE },
    { WIDTH, 0, 1, FALSE },
    /* faster counted than asked for */
    { WIDTH - 1, 0, 0, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(AlmuImage) image = almu_test_image_new (cases[i].width, HEIGHT, 1, 1, pixel);
      g_autoptr(AlmuPlane) plane = almu_plane_load (image, 0, 0, NULL, &error);
      g_autoptr(AlmuHistogram) counted = NULL;
      g_autoptr(AlmuHistogram) stored = NULL;
      g_autoptr(AlmuHistogram) found = NULL;
      const AlmuStats *stats;

      g_assert_no_error (error);
      stats = almu_plane_get_stats (plane);
      counted = measure (image, plane);
      stored = make_other (counted, stats, stats->max + cases[i].more, cases[i].n_more);
      almu_test_image_set_histogram (ALMU_TEST_IMAGE (image), stored);

      found = measure (image, plane);
      g_assert_cmpint (found->n_bins, ==, counted->n_bins);
      g_assert_cmpint (found->counts[3], ==, counted->counts[3] - cases[i].is_taken);
      g_assert_cmpint (found->counts[4], ==, counted->counts[4] + cases[i].is_taken);
      g_assert_cmpfloat (found->mean, ==, counted->mean);
      g_assert_cmpfloat (found->sigma, ==, counted->sigma);
      g_assert_cmpfloat (found->bin_width, ==, counted->bin_width);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/model/measure/stored", test_measure_stored);

  return g_test_run ();
}
