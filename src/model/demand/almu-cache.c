/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-cache-private.h"

#include <malloc.h>
#include <string.h>

#include "almu-cache-key.h"
#include "almu-data-table.h"
#include "almu-figures.h"
#include "almu-inflated.h"
#include "almu-limits.h"
#include "almu-vertex-codec.h"

/**
 * AlmuCache:
 *
 * What was read and made from images, under one budget of bytes: planes,
 * the histograms of planes, spectra, encoded tiles, and, where there is room to
 * spare, cubes turned where they are visited often. What several ask for while
 * it is being made is made once: planes, spectra, histograms of cubes, contours.
 *
 * Shared by all sessions; main thread only.
 */
G_DEFINE_FINAL_TYPE (AlmuCache, almu_cache, G_TYPE_OBJECT)

enum
{
  CROWDED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* Workers that were told to end still hold pixels, and peers messages, when
 * their file is closed: what they let go of is given back a little later. */
#define LATE_TRIM_SECONDS 2

static void
almu_cache_dispose (GObject *object)
{
  AlmuCache *self = ALMU_CACHE (object);

  g_clear_handle_id (&self->trim_source, g_source_remove);
  g_clear_pointer (&self->planes, almu_errands_free);
  g_clear_pointer (&self->spectra, almu_errands_free);
  g_clear_pointer (&self->cubes, almu_errands_free);
  g_clear_pointer (&self->contours, almu_errands_free);
  g_clear_pointer (&self->users, almu_image_users_free);
  g_clear_pointer (&self->turned, almu_lru_free);
  g_clear_pointer (&self->visits, almu_visits_free);
  g_clear_pointer (&self->lru, almu_lru_free);

  G_OBJECT_CLASS (almu_cache_parent_class)->dispose (object);
}

static void
almu_cache_class_init (AlmuCacheClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = almu_cache_dispose;

  /**
   * AlmuCache::crowded:
   * @self: the cache
   *
   * There is no room for something new. Who has images that are worth less
   * than those in use gives one up and returns %TRUE; after that, what was
   * not used for longest is dropped.
   */
  signals[CROWDED] =
    g_signal_new ("crowded",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, g_signal_accumulator_true_handled, NULL, NULL,
                  G_TYPE_BOOLEAN, 0);
}

static void
almu_cache_init (AlmuCache *self)
{
  self->planes = almu_cache_planes_new ();
  self->spectra = almu_cache_spectra_new ();
  self->cubes = almu_cache_cubes_new ();
  self->contours = almu_cache_contours_new ();
  self->users = almu_image_users_new ();
  self->visits = almu_visits_new ();
}

static gboolean
relieve (gpointer user_data)
{
  AlmuCache *self = user_data;
  gboolean   is_relieved = FALSE;

  if (almu_lru_drop_oldest (self->turned))
    return TRUE;

  g_signal_emit (self, signals[CROWDED], 0, &is_relieved);

  return is_relieved;
}

/* What takes memory from the same budget without being among the planes and
 * what is made of them. */
static gsize
get_outside_bytes (gpointer user_data)
{
  AlmuCache *self = user_data;

  return (gsize) (almu_data_table_get_total_bytes () + almu_inflated_get_total_bytes (TRUE)) +
         almu_lru_get_size (self->turned);
}

/**
 * almu_cache_new:
 * @budget: bytes for everything kept
 *
 * Main thread. Others take from the same budget: tables, and files that could
 * only be unpacked into memory, but never so much that less than a quarter of
 * it is left.
 *
 * Returns: (transfer full): a cache with nothing in it
 */
AlmuCache *
almu_cache_new (gsize budget)
{
  AlmuCache *self = g_object_new (ALMU_TYPE_CACHE, NULL);

  self->turned = almu_lru_new (budget / ALMU_LIMIT_TURNED_PART);
  self->lru = almu_lru_new (budget);
  almu_lru_set_relief (self->lru, relieve, self);
  almu_lru_set_outside (self->lru, get_outside_bytes, self);

  return self;
}

/**
 * almu_cache_get_size:
 * @self: a cache
 *
 * Without what others take from the budget. More than the budget only if one
 * plane alone is.
 *
 * Returns: the bytes of everything kept
 */
gsize
almu_cache_get_size (AlmuCache *self)
{
  return almu_lru_get_size (self->lru) + almu_lru_get_size (self->turned);
}

static void
add_size (const AlmuLruKey *key,
          gsize             size,
          gpointer          user_data)
{
  gsize *sizes = user_data;

  sizes[almu_cache_key_get_kind (key)] += size;
}

/**
 * almu_cache_measure:
 * @self: a cache
 * @out_sizes: (out caller-allocates) (array fixed-size=5): the bytes of each
 *   kind; together they are almu_cache_get_size()
 *
 * Goes through everything kept: for figures, not for each request.
 */
void
almu_cache_measure (AlmuCache *self,
                    gsize      out_sizes[ALMU_N_CACHE_KINDS])
{
  memset (out_sizes, 0, ALMU_N_CACHE_KINDS * sizeof *out_sizes);
  almu_lru_foreach (self->lru, add_size, out_sizes);
  out_sizes[ALMU_CACHE_TURNED] = almu_lru_get_size (self->turned);
}

/**
 * almu_cache_get_budget:
 * @self: a cache
 *
 * It does not change while the cache lives.
 *
 * Returns: the bytes it was made with
 */
gsize
almu_cache_get_budget (AlmuCache *self)
{
  return almu_lru_get_budget (self->lru);
}

/**
 * almu_cache_get_image_size:
 * @image: an image
 *
 * Planes, tiles, histograms, spectra and what is turned, whoever asked for it.
 *
 * Returns: bytes of all that was made from @image
 */
gsize
almu_cache_get_image_size (AlmuCache *self,
                           AlmuImage *image)
{
  guint64 serial = almu_image_get_serial (image);

  return almu_lru_get_owner_size (self->lru, serial) + almu_lru_get_owner_size (self->turned, serial);
}

/* What was kept to be quick is held no longer than it is of use. */
static void
give_back (void)
{
  almu_vertex_release ();
  malloc_trim (0);
}

static gboolean
on_late_trim (gpointer user_data)
{
  AlmuCache *self = user_data;

  self->trim_source = 0;
  give_back ();

  return G_SOURCE_REMOVE;
}

static gboolean
on_idle_trim (gpointer user_data)
{
  AlmuCache *self = user_data;

  give_back ();
  self->trim_source = g_timeout_add_seconds (LATE_TRIM_SECONDS, on_late_trim, self);

  return G_SOURCE_REMOVE;
}

/**
 * almu_cache_share_image:
 * @image: just opened, or known
 * @name: as what
 *
 * Whoever opens what somebody has open already, in whatever session, uses the
 * same image from then on, and so all that was made from it, or is being read.
 * To be followed by almu_cache_drop_image().
 *
 * Returns: (transfer full): the image to use
 */
AlmuImage *
almu_cache_share_image (AlmuCache          *self,
                        AlmuImage          *image,
                        const AlmuFileName *name)
{
  g_return_val_if_fail (ALMU_IS_CACHE (self), NULL);

  return almu_image_users_add (self->users, image, name);
}

/**
 * almu_cache_is_shared:
 * @image: from almu_cache_share_image()
 *
 * Parking one of them would free nothing of it then.
 *
 * Returns: whether several have @image open
 */
gboolean
almu_cache_is_shared (AlmuCache *self,
                      AlmuImage *image)
{
  g_return_val_if_fail (ALMU_IS_CACHE (self), FALSE);

  return almu_image_users_count (self->users, image) > 1;
}

/**
 * almu_cache_drop_image:
 * @image: from almu_cache_share_image()
 *
 * One of those who have @image open has closed it. If that was the last one,
 * all that was made from it is forgotten. The memory goes back to the system
 * when there is nothing else to do: once for all files that are closed
 * together.
 */
void
almu_cache_drop_image (AlmuCache *self,
                       AlmuImage *image)
{
  if (almu_image_users_remove (self->users, image) > 0)
    return;

  almu_lru_drop_owner (self->lru, almu_image_get_serial (image));
  almu_lru_drop_owner (self->turned, almu_image_get_serial (image));
  g_clear_handle_id (&self->trim_source, g_source_remove);
  self->trim_source = g_idle_add_full (G_PRIORITY_LOW, on_idle_trim, self, NULL);
}

/**
 * almu_cache_look_up:
 * @self: a cache
 * @key: of a plane or a tile
 *
 * Counts in the figures whether it is found, or to be made.
 *
 * Returns: (nullable) (transfer none): the value, now the latest used
 */
gpointer
almu_cache_look_up (AlmuCache        *self,
                    const AlmuLruKey *key)
{
  gpointer value = almu_lru_lookup (self->lru, key);

  almu_figures_add (value != NULL ? ALMU_FIGURE_CACHE_HITS : ALMU_FIGURE_CACHE_MISSES, 1);

  return value;
}

/**
 * almu_cache_peek_histogram:
 * @self: a cache
 * @image: of which
 * @channel: from 0
 * @stokes: index of a polarisation, or a computed #AlmuPolarisation
 *
 * The histogram of the plane with automatic bins over all values.
 *
 * Returns: (nullable) (transfer none): it, if it is in memory; valid until
 *   something is put into the cache
 */
AlmuHistogram *
almu_cache_peek_histogram (AlmuCache *self,
                           AlmuImage *image,
                           int        channel,
                           int        stokes)
{
  AlmuLruKey key = almu_cache_key_of_histogram (image, channel, stokes);

  return almu_lru_lookup (self->lru, &key);
}

/**
 * almu_cache_keep_histogram:
 * @self: a cache
 * @image: of which
 * @channel: from 0
 * @stokes: index of a polarisation, or a computed #AlmuPolarisation
 * @histogram: of all values of the plane, with automatic bins; held
 *
 * Keeps it in place of one that was there. What was not used for longest may
 * have to go, and other references stay good.
 */
void
almu_cache_keep_histogram (AlmuCache     *self,
                           AlmuImage     *image,
                           int            channel,
                           int            stokes,
                           AlmuHistogram *histogram)
{
  AlmuLruKey key = almu_cache_key_of_histogram (image, channel, stokes);
  gsize      size = sizeof *histogram + (gsize) histogram->n_bins * sizeof histogram->counts[0];

  almu_lru_take (self->lru, &key, almu_histogram_ref (histogram), size,
                 (GDestroyNotify) almu_histogram_unref);
}

/**
 * almu_cache_peek_tile:
 * @self: a cache
 * @image: of which
 * @channel: from 0
 * @stokes: index of a polarisation, or a computed #AlmuPolarisation
 * @tile: its place
 * @compression: how it is encoded
 * @quality: and how well
 *
 * Counted in the figures as found or to be made.
 *
 * Returns: (nullable) (transfer none): the tile as it is sent, if it is in
 *   memory; valid until something is put into the cache
 */
AlmuTilePicture *
almu_cache_peek_tile (AlmuCache      *self,
                      AlmuImage      *image,
                      int             channel,
                      int             stokes,
                      const AlmuTile *tile,
                      AlmuCompression compression,
                      float           quality)
{
  AlmuLruKey key = almu_cache_key_of_tile (image, channel, stokes, tile, compression, quality);

  return almu_cache_look_up (self, &key);
}

/**
 * almu_cache_keep_tile:
 * @self: a cache
 * @image: of which
 * @channel: from 0
 * @stokes: index of a polarisation, or a computed #AlmuPolarisation
 * @tile: its place
 * @compression: how it is encoded
 * @quality: and how well
 * @picture: the tile as it is sent; held
 *
 * Keeps it for that place and compression and, for ZFP, that quality as a whole
 * number. See almu_cache_keep_histogram().
 */
void
almu_cache_keep_tile (AlmuCache       *self,
                      AlmuImage       *image,
                      int              channel,
                      int              stokes,
                      const AlmuTile  *tile,
                      AlmuCompression  compression,
                      float            quality,
                      AlmuTilePicture *picture)
{
  AlmuLruKey key = almu_cache_key_of_tile (image, channel, stokes, tile, compression, quality);

  almu_lru_take (self->lru, &key, almu_tile_picture_ref (picture),
                 almu_tile_picture_get_size (picture),
                 (GDestroyNotify) almu_tile_picture_unref);
}
