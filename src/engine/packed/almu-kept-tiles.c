/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-kept-tiles.h"

#include "almu-limits.h"
#include "almu-lru.h"

/* Threads that want the same tile wait for the first of them, others hardly
 * ever. */
#define N_TURNS 61

static GMutex   turns[N_TURNS];
static GMutex   mutex;
static AlmuLru *kept; /* under the mutex; GBytes */

static void
free_bytes (gpointer bytes)
{
  g_bytes_unref (bytes);
}

/**
 * almu_kept_tiles_find:
 * @image: its serial number
 * @tile: counted from 0
 *
 * Makes nothing and never waits for a tile that is being made.
 *
 * Returns: (transfer full) (nullable): the pixels of a tile, if they are here
 */
GBytes *
almu_kept_tiles_find (guint64 image,
                      gint64  tile)
{
  const AlmuLruKey key = { image, (guint64) tile, 0 };
  GBytes          *bytes = NULL;

  g_mutex_lock (&mutex);
  if (kept != NULL)
    bytes = almu_lru_lookup (kept, &key);
  if (bytes != NULL)
    g_bytes_ref (bytes);
  g_mutex_unlock (&mutex);

  return bytes;
}

static void
keep (guint64 image,
      gint64  tile,
      GBytes *bytes)
{
  const AlmuLruKey key = { image, (guint64) tile, 0 };

  g_mutex_lock (&mutex);
  if (kept == NULL)
    kept = almu_lru_new (ALMU_LIMIT_KEPT_TILES_BYTES);
  almu_lru_take (kept, &key, g_bytes_ref (bytes), g_bytes_get_size (bytes), free_bytes);
  g_mutex_unlock (&mutex);
}

/**
 * almu_kept_tiles_get:
 * @image: its serial number
 * @tile: counted from 0
 * @make: (scope call): makes it if nobody has
 * @user_data: for @make
 * @error: return location, for @make
 *
 * Finds a tile or makes it, and keeps it. Threads that want the same tile wait
 * for the first of them; if that fails, the next one tries.
 *
 * Returns: (transfer full): the pixels of a tile, or %NULL
 */
GBytes *
almu_kept_tiles_get (guint64       image,
                     gint64        tile,
                     AlmuTileMaker make,
                     gpointer      user_data,
                     GError      **error)
{
  GMutex *turn = &turns[(image * 31 + (guint64) tile) % N_TURNS];
  GBytes *bytes;

  g_mutex_lock (turn);
  bytes = almu_kept_tiles_find (image, tile);
  if (bytes == NULL)
    {
      bytes = make (user_data, error);
      if (bytes != NULL)
        keep (image, tile, bytes);
    }
  g_mutex_unlock (turn);

  return bytes;
}

/**
 * almu_kept_tiles_drop:
 * @image: its serial number
 *
 * Forgets the tiles of an image.
 */
void
almu_kept_tiles_drop (guint64 image)
{
  g_mutex_lock (&mutex);
  if (kept != NULL)
    almu_lru_drop_owner (kept, image);
  g_mutex_unlock (&mutex);
}
