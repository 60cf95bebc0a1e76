/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-overlay.h"

#include <float.h>
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "almu-error.h"
#include "almu-limits.h"
#include "almu-polarisation.h"

static gboolean
bounds_equal (const AlmuOverlayBounds *a,
              const AlmuOverlayBounds *b)
{
  if (a->is_set != b->is_set)
    return FALSE;

  return !a->is_set || (a->x_min == b->x_min && a->x_max == b->x_max &&
                        a->y_min == b->y_min && a->y_max == b->y_max);
}

/* -- contours ----------------------------------------------------------- */

/**
 * almu_contour_settings_new:
 *
 * What the page begins with, without any level.
 *
 * Returns: (transfer full): settings without levels
 */
AlmuContourSettings *
almu_contour_settings_new (void)
{
  AlmuContourSettings *self = g_new0 (AlmuContourSettings, 1);

  self->decimation = ALMU_CONTOUR_DECIMATION;
  self->compression_level = ALMU_CONTOUR_COMPRESSION;
  self->chunk_size = ALMU_CONTOUR_CHUNK_SIZE;

  return self;
}

/**
 * almu_contour_settings_copy:
 * @self: (nullable): settings
 *
 * Copies the levels too.
 *
 * Returns: (nullable) (transfer full): the same; %NULL for %NULL
 */
AlmuContourSettings *
almu_contour_settings_copy (const AlmuContourSettings *self)
{
  AlmuContourSettings *copy;

  if (self == NULL)
    return NULL;

  copy = g_memdup2 (self, sizeof *self);
  copy->levels = g_memdup2 (self->levels, self->n_levels * sizeof *self->levels);

  return copy;
}

/**
 * almu_contour_settings_free:
 * @self: (nullable) (transfer full): settings
 *
 * Frees them and the levels.
 */
void
almu_contour_settings_free (AlmuContourSettings *self)
{
  if (self == NULL)
    return;

  g_free (self->levels);
  g_free (self);
}

/**
 * almu_contour_settings_set_levels:
 * @self: settings
 * @levels: (array length=n_levels): values of pixels
 * @n_levels: how many; 0 for none
 *
 * Copies the levels in place of those that were there. They are checked by
 * almu_contour_settings_check() only.
 */
void
almu_contour_settings_set_levels (AlmuContourSettings *self,
                                  const double        *levels,
                                  guint                n_levels)
{
  double *copy = g_memdup2 (levels, n_levels * sizeof *levels);

  g_free (self->levels);
  self->levels = copy;
  self->n_levels = n_levels;
}

/**
 * almu_contour_settings_equal:
 * @a: (nullable)
 * @b: (nullable)
 *
 * Whether just the same is wanted, the order of the levels included. Two that
 * are %NULL are equal.
 *
 * Returns: whether they are equal
 */
gboolean
almu_contour_settings_equal (const AlmuContourSettings *a,
                             const AlmuContourSettings *b)
{
  if (a == NULL || b == NULL)
    return a == b;

  return a->n_levels == b->n_levels &&
         (a->n_levels == 0 || memcmp (a->levels, b->levels, a->n_levels * sizeof *a->levels) == 0) &&
         a->reference_file_id == b->reference_file_id &&
         bounds_equal (&a->bounds, &b->bounds) &&
         a->smoothing == b->smoothing &&
         a->factor == b->factor &&
         a->decimation == b->decimation &&
         a->compression_level == b->compression_level &&
         a->chunk_size == b->chunk_size &&
         a->has_channels == b->has_channels &&
         (!a->has_channels || (a->first_channel == b->first_channel && a->last_channel == b->last_channel));
}

static gboolean
check_levels (const AlmuContourSettings *self,
              GError                   **error)
{
  if (self->n_levels > ALMU_LIMIT_CONTOUR_LEVELS)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("%u contour levels are more than the %d that are traced"),
                   self->n_levels, ALMU_LIMIT_CONTOUR_LEVELS);
      return FALSE;
    }

  for (guint i = 0; i < self->n_levels; i++)
    {
      if (fabs (self->levels[i]) < FLT_MAX)
        continue;

      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                   _ ("Contour level %g is not a number that a pixel may have"), self->levels[i]);
      return FALSE;
    }

  return TRUE;
}

static gboolean
check_factor (const char *what,
              int         factor,
              int         min,
              GError    **error)
{
  if (factor >= min && factor <= ALMU_LIMIT_SMOOTHING)
    return TRUE;

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
               _ ("%s %d is not one from %d to %d"), what, factor, min, ALMU_LIMIT_SMOOTHING);
  return FALSE;
}

/**
 * almu_contour_settings_check:
 * @self: settings, as a peer or a record has them
 * @error: return location
 *
 * Whether contours can be made like this.
 *
 * Fails with %ALMU_ERROR_FORMAT for an unknown smoothing and for levels that no
 * pixel can have, and with %ALMU_ERROR_LIMIT for too many levels, chunks of no
 * vertices, and factors beyond %ALMU_LIMIT_SMOOTHING.
 */
gboolean
almu_contour_settings_check (const AlmuContourSettings *self,
                             GError                   **error)
{
  if ((guint) self->smoothing >= ALMU_N_SMOOTHINGS)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                   _ ("Smoothing mode %d of contours is not one of none (0), block average (1) and Gaussian (2)"),
                   (int) self->smoothing);
      return FALSE;
    }

  if (self->chunk_size < 1)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("Contour chunks of %d vertices cannot be sent"), self->chunk_size);
      return FALSE;
    }

  return check_levels (self, error) &&
         (self->smoothing == ALMU_SMOOTHING_NONE ||
          check_factor (_ ("Smoothing factor of contours"), self->factor, 0, error));
}

/* -- vectors ------------------------------------------------------------ */

/**
 * almu_vector_settings_new:
 *
 * Without sources, threshold, compression and averaging: the latter has to be
 * set before almu_vector_settings_check() lets them pass.
 *
 * Returns: (transfer full): no vectors
 */
AlmuVectorSettings *
almu_vector_settings_new (void)
{
  AlmuVectorSettings *self = g_new0 (AlmuVectorSettings, 1);

  self->threshold = NAN;
  self->threshold_polarisation = ALMU_POLARISATION_I;
  self->intensity = ALMU_VECTOR_NONE;
  self->angle = ALMU_VECTOR_NONE;

  return self;
}

/**
 * almu_vector_settings_copy:
 * @self: (nullable): settings
 *
 * A plain value, without anything that would be shared.
 *
 * Returns: (nullable) (transfer full): the same; %NULL for %NULL
 */
AlmuVectorSettings *
almu_vector_settings_copy (const AlmuVectorSettings *self)
{
  return self != NULL ? g_memdup2 (self, sizeof *self) : NULL;
}

/**
 * almu_vector_settings_free:
 * @self: (nullable) (transfer full): settings
 *
 * Frees them.
 */
void
almu_vector_settings_free (AlmuVectorSettings *self)
{
  g_free (self);
}

static gboolean
numbers_equal (double a,
               double b)
{
  return a == b || (isnan (a) && isnan (b));
}

/**
 * almu_vector_settings_equal:
 * @a: (nullable)
 * @b: (nullable)
 *
 * Whether just the same is wanted. Two that are %NULL are equal, and so are
 * numbers that are NaN.
 *
 * Returns: whether they are equal
 */
gboolean
almu_vector_settings_equal (const AlmuVectorSettings *a,
                            const AlmuVectorSettings *b)
{
  if (a == NULL || b == NULL)
    return a == b;

  return bounds_equal (&a->bounds, &b->bounds) &&
         a->factor == b->factor &&
         a->is_fractional == b->is_fractional &&
         numbers_equal (a->threshold, b->threshold) &&
         a->threshold_polarisation == b->threshold_polarisation &&
         a->is_debiased == b->is_debiased &&
         numbers_equal (a->q_error, b->q_error) &&
         numbers_equal (a->u_error, b->u_error) &&
         a->intensity == b->intensity &&
         a->angle == b->angle &&
         a->compression == b->compression &&
         a->quality == b->quality;
}

/**
 * almu_vector_settings_check:
 * @self: settings, as a peer or a record has them
 * @error: return location
 *
 * Whether vectors can be made like this.
 *
 * Fails with %ALMU_ERROR_FORMAT for unknown sources and for errors of Q and U
 * that are not finite where they are needed, with %ALMU_ERROR_UNSUPPORTED for
 * an unknown compression, and with %ALMU_ERROR_LIMIT for an averaging that is
 * not from 1 to %ALMU_LIMIT_SMOOTHING.
 */
gboolean
almu_vector_settings_check (const AlmuVectorSettings *self,
                            GError                  **error)
{
  const AlmuVectorSource sources[] = { self->intensity, self->angle };

  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    {
      if ((int) sources[i] >= ALMU_VECTOR_NONE && (int) sources[i] <= ALMU_VECTOR_COMPUTED)
        continue;

      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                   _ ("Source %d of vectors is not one of none (-1), current (0) and computed (1)"),
                   (int) sources[i]);
      return FALSE;
    }

  if ((int) self->compression > ALMU_COMPRESSION_ZFP || (int) self->compression < 0)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                   _ ("Compression type %d of vectors is not one of NONE (0) and ZFP (1)"),
                   (int) self->compression);
      return FALSE;
    }

  if (self->is_debiased && !(isfinite (self->q_error) && isfinite (self->u_error)))
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                   _ ("Errors %g of Q and %g of U are not numbers to take a bias from"),
                   self->q_error, self->u_error);
      return FALSE;
    }

  return check_factor (_ ("Pixel averaging of vectors"), self->factor, 1, error);
}
