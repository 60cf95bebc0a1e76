/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-vectors.h"

#include <math.h>

#include "almu-smoother.h"

/* Means of the blocks of one tile, of each plane there is. */
typedef struct
{
  int    width;
  int    height;
  gsize  n;
  float *current;
  float *i;
  float *q;
  float *u;
} Means;

static int
count_along (int length,
             int factor)
{
  return (int) ((length - 1) / ((gint64) ALMU_TILE_SIZE * factor)) + 1;
}

/**
 * almu_vectors_count_tiles:
 * @width: pixels of the image
 * @height: likewise
 * @factor: how many pixels each way are one vector
 *
 * How far the index of almu_vectors_make_tile() goes.
 *
 * Returns: how many tiles of vectors cover an image
 */
guint
almu_vectors_count_tiles (int width,
                          int height,
                          int factor)
{
  g_return_val_if_fail (width > 0 && height > 0 && factor > 0, 0);

  return (guint) count_along (width, factor) * (guint) count_along (height, factor);
}

/* The layer that has tiles of about this size. */
static int
find_layer (int width,
            int height,
            int factor)
{
  double n_tiles = MAX (count_along (width, 1), count_along (height, 1));

  return MAX (0, (int) ceil (log2 (n_tiles / factor)));
}

static float *
take_means (AlmuPlane      *plane,
            const AlmuRect *area,
            int             factor,
            gsize           n,
            float          *room)
{
  gsize  stride;
  float *means;

  if (plane == NULL)
    return NULL;

  stride = (gsize) almu_plane_get_width (plane);
  means = g_new (float, n);
  almu_smooth_blocks (almu_plane_get_pixels (plane) + (gsize) area->y * stride + (gsize) area->x,
                      stride, area->width, area->height, factor, means, room);

  return means;
}

static void
means_init (Means                  *means,
            const AlmuVectorRecipe *recipe,
            const AlmuRect         *area)
{
  g_autofree float *room = g_new (float, 2 * (gsize) area->width);
  int               factor = recipe->factor;

  means->width = (area->width - 1) / factor + 1;
  means->height = (area->height - 1) / factor + 1;
  means->n = (gsize) means->width * (gsize) means->height;
  means->current = take_means (recipe->current, area, factor, means->n, room);
  means->i = take_means (recipe->i, area, factor, means->n, room);
  means->q = take_means (recipe->q, area, factor, means->n, room);
  means->u = take_means (recipe->u, area, factor, means->n, room);
}

static void
means_clear (Means *means)
{
  g_free (means->current);
  g_free (means->i);
  g_free (means->q);
  g_free (means->u);
}

/* The square root of less than nothing is NaN, as is wanted. */
static float
get_linear (const AlmuVectorRecipe *recipe,
            const Means            *means,
            gsize                   k)
{
  double q = means->q[k];
  double u = means->u[k];

  return (float) sqrt (q * q + u * u - recipe->bias);
}

static float
get_intensity (const AlmuVectorRecipe *recipe,
               const Means            *means,
               gsize                   k)
{
  float linear;

  if (recipe->intensity == ALMU_VECTOR_CURRENT)
    return means->current[k];

  linear = get_linear (recipe, means, k);

  return recipe->is_fractional ? 100.0f * (linear / means->i[k]) : linear;
}

static float
get_angle (const AlmuVectorRecipe *recipe,
           const Means            *means,
           gsize                   k)
{
  if (recipe->angle == ALMU_VECTOR_CURRENT)
    return means->current[k];

  return (float) (180.0 / G_PI) * atan2f (means->u[k], means->q[k]) / 2;
}

/* What has to reach the threshold for a value from @source. */
static gboolean
is_weak (const AlmuVectorRecipe *recipe,
         const Means            *means,
         AlmuVectorSource        source,
         gsize                   k)
{
  float tested;

  if (isnan (recipe->threshold))
    return FALSE;

  if (source == ALMU_VECTOR_CURRENT)
    tested = means->current[k];
  else if (recipe->threshold_is_linear)
    tested = get_linear (recipe, means, k);
  else
    tested = means->i[k];

  return isnan (tested) || tested < recipe->threshold;
}

static float *
make_values (const AlmuVectorRecipe *recipe,
             const Means            *means,
             AlmuVectorSource        source,
             float (*get) (const AlmuVectorRecipe *,
                           const Means *,
                           gsize))
{
  float *values;

  if (source == ALMU_VECTOR_NONE)
    return NULL;

  values = g_new (float, means->n);
  for (gsize k = 0; k < means->n; k++)
    values[k] = is_weak (recipe, means, source, k) ? NAN : get (recipe, means, k);

  return values;
}

static AlmuTilePicture *
make_picture (const AlmuVectorRecipe *recipe,
              const Means            *means,
              const float            *values)
{
  if (values == NULL)
    return NULL;

  return almu_tile_picture_new_plain (values, means->width, means->height,
                                      recipe->compression, recipe->quality);
}

/* A vector has all that it is said to have. */
static gboolean
has_vectors (const float *lengths,
             const float *angles,
             gsize        n)
{
  for (gsize k = 0; k < n; k++)
    if ((lengths == NULL || isfinite (lengths[k])) && (angles == NULL || isfinite (angles[k])))
      return TRUE;

  return FALSE;
}

static AlmuPlane *
get_any_plane (const AlmuVectorRecipe *recipe)
{
  return recipe->current != NULL ? recipe->current : recipe->q;
}

/**
 * almu_vectors_make_tile:
 * @recipe: what is made of which planes
 * @index: from the lower left, row by row
 *
 * Makes vectors of the means of blocks of pixels: computed lengths are
 * √(Q² + U² − bias), in percent of I if so wanted, computed angles
 * ½·atan2 (U, Q) in degrees. Where a mean is blank, or too weak, there is no
 * vector.
 *
 * Returns: (transfer full): the vectors of the tile
 */
AlmuVectorTile *
almu_vectors_make_tile (const AlmuVectorRecipe *recipe,
                        guint                   index)
{
  int               width, height;
  gint64            side = (gint64) ALMU_TILE_SIZE * recipe->factor;
  guint             n_across;
  AlmuRect          area;
  Means             means;
  AlmuVectorTile   *tile;
  g_autofree float *lengths = NULL;
  g_autofree float *angles = NULL;

  g_return_val_if_fail (get_any_plane (recipe) != NULL, NULL);

  width = almu_plane_get_width (get_any_plane (recipe));
  height = almu_plane_get_height (get_any_plane (recipe));
  n_across = (guint) count_along (width, recipe->factor);
  tile = g_new0 (AlmuVectorTile, 1);
  tile->mip = recipe->factor;
  tile->place.layer = find_layer (width, height, recipe->factor);
  tile->place.x = (int) (index % n_across);
  tile->place.y = (int) (index / n_across);

  area.x = (int) (tile->place.x * side);
  area.y = (int) (tile->place.y * side);
  area.width = (int) MIN (side, width - area.x);
  area.height = (int) MIN (side, height - area.y);
  means_init (&means, recipe, &area);
  lengths = make_values (recipe, &means, recipe->intensity, get_intensity);
  angles = make_values (recipe, &means, recipe->angle, get_angle);
  tile->has_vectors = has_vectors (lengths, angles, means.n);
  tile->intensity = make_picture (recipe, &means, lengths);
  tile->angle = make_picture (recipe, &means, angles);
  means_clear (&means);

  return tile;
}

/**
 * almu_vector_tile_free:
 * @self: (transfer full): some vectors
 *
 * Lets go of the pictures, either of which may be %NULL. Not for %NULL itself.
 */
void
almu_vector_tile_free (AlmuVectorTile *self)
{
  g_clear_pointer (&self->intensity, almu_tile_picture_unref);
  g_clear_pointer (&self->angle, almu_tile_picture_unref);
  g_free (self);
}
