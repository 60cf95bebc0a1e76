/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-cache-private.h"

#include "almu-cache-key.h"
#include "almu-cube-count.h"

/* What is made of all channels: what is in memory, and what is being made. */

/* A histogram of all channels, and what it answers. */
typedef struct
{
  AlmuHistogramWant want;
  AlmuHistogram    *histogram;
} Cube;

static void
cube_free (gpointer data)
{
  Cube *cube = data;

  almu_histogram_unref (cube->histogram);
  g_free (cube);
}

static gboolean
shapes_equal (const AlmuShape *a,
              const AlmuShape *b)
{
  return a == NULL || b == NULL ? a == b : almu_shape_equal (a, b);
}

/**
 * almu_cache_peek_spectrum:
 * @self: a cache
 * @image: of which
 * @stokes: index of a polarisation, or a computed #AlmuPolarisation
 * @shape: (nullable): the place; %NULL for all pixels of a channel
 * @is_pixel: whether values are meant, not statistics
 *
 * Valid until something is put into the cache.
 *
 * Returns: (nullable) (transfer none): the whole spectrum, if it is in memory
 */
AlmuSpectrum *
almu_cache_peek_spectrum (AlmuCache *self,
                          AlmuImage *image,
                          AlmuShape *shape,
                          gboolean   is_pixel,
                          int        stokes)
{
  AlmuLruKey    key = almu_cache_key_of_spectrum (image, stokes, shape, is_pixel);
  AlmuSpectrum *spectrum = almu_lru_lookup (self->lru, &key);

  return spectrum != NULL && shapes_equal (spectrum->shape, shape) ? spectrum : NULL;
}

/**
 * almu_cache_keep_spectrum:
 * @self: a cache
 * @image: of which
 * @stokes: index of a polarisation, or a computed #AlmuPolarisation
 * @spectrum: a whole one; held
 *
 * Keeps it for its place, pixel and region apart. See
 * almu_cache_keep_histogram().
 */
void
almu_cache_keep_spectrum (AlmuCache    *self,
                          AlmuImage    *image,
                          int           stokes,
                          AlmuSpectrum *spectrum)
{
  AlmuLruKey key = almu_cache_key_of_spectrum (image, stokes, spectrum->shape, spectrum->values != NULL);

  almu_lru_take (self->lru, &key, almu_spectrum_ref (spectrum), almu_spectrum_get_size (spectrum),
                 (GDestroyNotify) almu_spectrum_unref);
}

/* Whether they are counted alike. */
static gboolean
wants_same_bins (const AlmuHistogramWant *a,
                 const AlmuHistogramWant *b)
{
  if (a->has_fixed_bins != b->has_fixed_bins || (a->has_fixed_bins && a->n_bins != b->n_bins))
    return FALSE;

  return a->has_fixed_bounds == b->has_fixed_bounds &&
         (!a->has_fixed_bounds || (a->min == b->min && a->max == b->max));
}

/**
 * almu_cache_peek_cube:
 * @image: an image
 * @stokes: index of a polarisation, or a computed #AlmuPolarisation
 * @want: bins and bounds; the rest of it does not matter
 *
 * Valid until something is put into the cache.
 *
 * Returns: (nullable) (transfer none): the histogram of all channels that is
 *   wanted, if it is in memory
 */
AlmuHistogram *
almu_cache_peek_cube (AlmuCache               *self,
                      AlmuImage               *image,
                      int                      stokes,
                      const AlmuHistogramWant *want)
{
  AlmuLruKey key = almu_cache_key_of_cube (image, stokes, want);
  Cube      *cube = almu_lru_lookup (self->lru, &key);

  return cube != NULL && wants_same_bins (&cube->want, want) ? cube->histogram : NULL;
}

/**
 * almu_cache_keep_cube:
 * @self: a cache
 * @image: of which
 * @stokes: index of a polarisation, or a computed #AlmuPolarisation
 * @want: how it was counted; copied, but for its coordinate, which does not
 *   matter
 * @histogram: of all channels; held
 *
 * Keeps it for wants with the same bins and bounds. See
 * almu_cache_keep_histogram().
 */
void
almu_cache_keep_cube (AlmuCache               *self,
                      AlmuImage               *image,
                      int                      stokes,
                      const AlmuHistogramWant *want,
                      AlmuHistogram           *histogram)
{
  AlmuLruKey key = almu_cache_key_of_cube (image, stokes, want);
  Cube      *cube = g_new0 (Cube, 1);
  gsize      size = sizeof *cube + sizeof *histogram + (gsize) histogram->n_bins * sizeof histogram->counts[0];

  cube->want = *want;
  cube->want.coordinate = NULL; /* borrowed, and of no importance */
  cube->histogram = almu_histogram_ref (histogram);
  almu_lru_take (self->lru, &key, cube, size, cube_free);
}

/* -- spectra under way -------------------------------------------------- */

/* A spectrum to be read. */
typedef struct
{
  AlmuImage *image;
  AlmuShape *shape; /* NULL: all pixels */
  gboolean   is_pixel;
  int        stokes;
} Trip;

static AlmuLruKey
trip_key (const Trip *trip)
{
  return almu_cache_key_of_spectrum (trip->image, trip->stokes, trip->shape, trip->is_pixel);
}

static guint
trip_hash (gconstpointer data)
{
  AlmuLruKey key = trip_key (data);

  return g_int64_hash (&key.owner) ^ (g_int64_hash (&key.item) * 31) ^ g_int64_hash (&key.detail);
}

static gboolean
trip_equal (gconstpointer a,
            gconstpointer b)
{
  const Trip *x = a;
  const Trip *y = b;

  return x->image == y->image && x->stokes == y->stokes && x->is_pixel == y->is_pixel &&
         shapes_equal (x->shape, y->shape);
}

static void
trip_free (gpointer data)
{
  Trip *trip = data;

  g_object_unref (trip->image);
  g_clear_pointer (&trip->shape, almu_shape_unref);
  g_free (trip);
}

/**
 * almu_cache_spectra_new:
 *
 * For spectra that are being read.
 *
 * Returns: (transfer full): none yet
 */
AlmuErrands *
almu_cache_spectra_new (void)
{
  static const AlmuErrandKind kind = {
    trip_hash,
    trip_equal,
    trip_free,
    (gpointer (*) (gpointer)) almu_spectrum_ref,
    (GDestroyNotify) almu_spectrum_unref,
  };

  return almu_errands_new (&kind);
}

static void
on_spectrum_so_far (AlmuSpectrum *so_far,
                    double        progress,
                    gpointer      user_data)
{
  almu_errand_report (user_data, so_far, progress);
}

static void
on_spectrum (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  AlmuErrand *errand = user_data;
  Trip       *trip = almu_errand_get_request (errand);
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuSpectrum) spectrum = NULL;

  spectrum = almu_spectrum_finish (ALMU_IMAGE (source), result, &error);
  if (spectrum != NULL)
    almu_cache_keep_spectrum (almu_errand_get_source (errand), trip->image, trip->stokes, spectrum);
  almu_errand_end (errand, spectrum, error);
}

/**
 * almu_cache_get_spectrum_async:
 * @self: a cache
 * @convoy: with whom to travel along @image if nobody is on the way to the same
 * @shape: (nullable): the place, as for almu_cache_peek_spectrum()
 * @is_pixel: whether values are meant, not statistics
 * @stokes: index of a polarisation; for a pixel also a computed one
 * @cancellable: gives up waiting; reading ends when nobody waits any more
 * @progress: (scope async): told now and then how far it is
 * @user_data: for @progress and @callback; alive until @callback
 *
 * Reads a spectrum that is not in memory, and keeps it. Several who want the
 * same at the same time, whichever statistics they make of it, have it read
 * once.
 */
void
almu_cache_get_spectrum_async (AlmuCache          *self,
                               AlmuConvoy         *convoy,
                               AlmuImage          *image,
                               AlmuShape          *shape,
                               gboolean            is_pixel,
                               int                 stokes,
                               GCancellable       *cancellable,
                               AlmuErrandProgress  progress,
                               GAsyncReadyCallback callback,
                               gpointer            user_data)
{
  g_autoptr(GTask) task = NULL;
  AlmuErrand   *errand;
  GCancellable *common;
  Trip         *trip;

  g_return_if_fail (ALMU_IS_CACHE (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, almu_cache_get_spectrum_async);

  trip = g_new0 (Trip, 1);
  trip->image = g_object_ref (image);
  trip->shape = shape != NULL ? almu_shape_ref (shape) : NULL;
  trip->is_pixel = is_pixel;
  trip->stokes = stokes;
  errand = almu_errands_join (self->spectra, trip, task, progress, user_data);
  if (errand == NULL)
    return;

  common = almu_errand_get_cancellable (errand);
  if (is_pixel)
    almu_spectrum_read_async (image, shape, stokes, common, on_spectrum_so_far, on_spectrum, errand);
  else
    almu_convoy_measure_async (convoy, shape, stokes, common, on_spectrum_so_far, on_spectrum, errand);
}

/**
 * almu_cache_get_spectrum_finish:
 * @self: a cache
 * @result: what the callback got
 * @error: return location
 *
 * Fails as reading does, or with %G_IO_ERROR_CANCELLED.
 *
 * Returns: (transfer full): the whole spectrum
 */
AlmuSpectrum *
almu_cache_get_spectrum_finish (AlmuCache    *self,
                                GAsyncResult *result,
                                GError      **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* -- histograms of cubes under way -------------------------------------- */

/* Histograms to be counted together. */
typedef struct
{
  AlmuImage *image;
  int        stokes;
  GArray    *wants; /* AlmuHistogramWant */
} Census;

static guint
census_hash (gconstpointer data)
{
  const Census *census = data;

  return g_direct_hash (census->image) ^ ((guint) census->stokes * 31) ^ census->wants->len;
}

static gboolean
census_equal (gconstpointer a,
              gconstpointer b)
{
  const Census *x = a;
  const Census *y = b;

  if (x->image != y->image || x->stokes != y->stokes || x->wants->len != y->wants->len)
    return FALSE;

  for (guint i = 0; i < x->wants->len; i++)
    if (!wants_same_bins (&g_array_index (x->wants, AlmuHistogramWant, i),
                          &g_array_index (y->wants, AlmuHistogramWant, i)))
      return FALSE;

  return TRUE;
}

static void
census_free (gpointer data)
{
  Census *census = data;

  g_object_unref (census->image);
  g_array_unref (census->wants);
  g_free (census);
}

/**
 * almu_cache_cubes_new:
 *
 * For cubes that are being counted.
 *
 * Returns: (transfer full): none yet
 */
AlmuErrands *
almu_cache_cubes_new (void)
{
  static const AlmuErrandKind kind = {
    census_hash,
    census_equal,
    census_free,
    (gpointer (*) (gpointer)) g_ptr_array_ref,
    (GDestroyNotify) g_ptr_array_unref,
  };

  return almu_errands_new (&kind);
}

static void
on_counts_so_far (GPtrArray *histograms,
                  double     progress,
                  gpointer   user_data)
{
  almu_errand_report (user_data, histograms, progress);
}

static void
on_counted (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  AlmuErrand *errand = user_data;
  AlmuCache  *self = almu_errand_get_source (errand);
  Census     *census = almu_errand_get_request (errand);
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuCubeCount) count = NULL;

  count = almu_cube_count_finish (census->image, result, &error);
  if (count == NULL)
    {
      almu_errand_end (errand, NULL, error);
      return;
    }

  if (count->spectrum != NULL)
    almu_cache_keep_spectrum (self, census->image, census->stokes, count->spectrum);
  for (guint i = 0; i < census->wants->len; i++)
    almu_cache_keep_cube (self, census->image, census->stokes,
                          &g_array_index (census->wants, AlmuHistogramWant, i),
                          g_ptr_array_index (count->histograms, i));
  almu_errand_end (errand, count->histograms, NULL);
}

/**
 * almu_cache_count_cube_async:
 * @self: a cache
 * @stokes: index of a polarisation, or a computed #AlmuPolarisation
 * @wants: (element-type AlmuHistogramWant): what to count; not empty
 * @cancellable: gives up waiting; counting ends when nobody waits any more
 * @progress: (scope async): told now and then the histograms as far as they
 *   are, a #GPtrArray, or %NULL while only their bounds are being looked for
 * @user_data: for @progress and @callback; alive until @callback
 *
 * Counts histograms of a cube that are not in memory, and keeps them, with the
 * statistics of each channel. Several who want the same at the same time have
 * it counted once.
 */
void
almu_cache_count_cube_async (AlmuCache          *self,
                             AlmuImage          *image,
                             int                 stokes,
                             GArray             *wants,
                             GCancellable       *cancellable,
                             AlmuErrandProgress  progress,
                             GAsyncReadyCallback callback,
                             gpointer            user_data)
{
  g_autoptr(GTask) task = NULL;
  AlmuErrand *errand;
  Census     *census;

  g_return_if_fail (ALMU_IS_CACHE (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, almu_cache_count_cube_async);

  census = g_new0 (Census, 1);
  census->image = g_object_ref (image);
  census->stokes = stokes;
  census->wants = g_array_ref (wants);
  errand = almu_errands_join (self->cubes, census, task, progress, user_data);
  if (errand != NULL)
    almu_cube_count_async (image, stokes, almu_cache_peek_spectrum (self, image, NULL, FALSE, stokes), wants,
                           almu_errand_get_cancellable (errand), on_counts_so_far, on_counted, errand);
}

/**
 * almu_cache_count_cube_finish:
 * @self: a cache
 * @result: what the callback got
 * @error: return location
 *
 * Fails as reading does, or with %G_IO_ERROR_CANCELLED.
 *
 * Returns: (transfer full) (element-type AlmuHistogram): one for each that was
 *   wanted
 */
GPtrArray *
almu_cache_count_cube_finish (AlmuCache    *self,
                              GAsyncResult *result,
                              GError      **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
