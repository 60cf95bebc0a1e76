/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-tiled-image.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#include "almu-error.h"
#include "almu-fits-extension.h"
#include "almu-kept-tiles.h"
#include "almu-tiled-layout.h"
#include "almu-tiled-unpacker.h"
#include "almu-workers.h"

/* Pixels that are worth the help of other threads. */
#define SHARED_PIXELS (256 * 1024)

/* What one thread takes at a time of them. */
#define PART_PIXELS (64 * 1024)

/* Larger tiles are kept if others of their pixels may be wanted next: who goes
 * through an image reads a few rows at a time, which tiles are taller than. */
#define KEPT_PIXELS (16 * 1024)

/* Larger tiles are unpacked one at a time in the process: threads must not
 * each take a gigabyte. Of such as these, each takes 64 MiB. */
#define LARGE_PIXELS (1 << 22)

/**
 * AlmuTiledImage:
 *
 * An image of a FITS file whose tiles are packed each for itself, in the rows
 * of a binary table (FITS Standard 4.0, section 10). A tile is unpacked when
 * pixels of it are wanted; what is damaged spoils no more than its own.
 */
struct _AlmuTiledImage
{
  AlmuImage parent_instance;

  int             fd;
  AlmuTiledLayout layout;
};

G_DEFINE_FINAL_TYPE (AlmuTiledImage, almu_tiled_image, ALMU_TYPE_IMAGE)

/* The same along the axes of the file. */
typedef struct
{
  gint64 first[ALMU_TILED_AXES];
  gint64 count[ALMU_TILED_AXES];
  gint64 stride[ALMU_TILED_AXES]; /* between neighbours, where they are put */
} Box;

typedef struct
{
  gint64 number;
  gint64 first[ALMU_TILED_AXES];
  gint64 count[ALMU_TILED_AXES];
  gint64 n_pixels;
} Tile;

/* Tiles are numbered along the box, and cut into parts. */
typedef struct
{
  AlmuTiledImage *self;
  Box             box;
  float          *pixels;
  GCancellable   *cancellable;
  gint64          first_tile[ALMU_TILED_AXES];
  gint64          n_tiles[ALMU_TILED_AXES];
  gint64          n_all_tiles;
  gint64          tiles_per_part;

  GMutex  mutex;
  GError *error;  /* under the mutex */
  int     failed; /* atomic */
} Walk;

static GMutex large_mutex;

static void
almu_tiled_image_finalize (GObject *object)
{
  AlmuTiledImage *self = ALMU_TILED_IMAGE (object);

  almu_kept_tiles_drop (almu_image_get_serial (ALMU_IMAGE (self)));
  if (self->fd >= 0)
    close (self->fd);

  G_OBJECT_CLASS (almu_tiled_image_parent_class)->finalize (object);
}

/* -- one tile ----------------------------------------------------------- */

static Tile
get_tile (const Walk *walk,
          gint64      index)
{
  const AlmuTiledLayout *layout = &walk->self->layout;
  Tile                   tile = { .n_pixels = 1 };
  gint64                 n_before = 1;

  for (int i = 0; i < layout->n_axes; i++)
    {
      gint64 at = walk->first_tile[i] + index % walk->n_tiles[i];

      index /= walk->n_tiles[i];
      tile.number += at * n_before;
      n_before *= layout->n_tiles[i];
      tile.first[i] = at * layout->tile[i];
      tile.count[i] = MIN (layout->tile[i], layout->shape[i] - tile.first[i]);
      tile.n_pixels *= tile.count[i];
    }

  return tile;
}

/* What a tile and the box have in common; returns whether it is all of the
 * tile. */
static gboolean
intersect (const Walk *walk,
           const Tile *tile,
           Box        *common)
{
  gboolean is_all = TRUE;

  for (int i = 0; i < walk->self->layout.n_axes; i++)
    {
      gint64 first = MAX (tile->first[i], walk->box.first[i]);
      gint64 end = MIN (tile->first[i] + tile->count[i], walk->box.first[i] + walk->box.count[i]);

      common->first[i] = first;
      common->count[i] = end - first;
      is_all = is_all && common->count[i] == tile->count[i];
    }

  return is_all;
}

/* Some pixels of a tile, which are neighbours in it: from where they are kept,
 * or as they are unpacked. */
static void
get_pixels (AlmuTiledUnpacker *unpacker,
            const float       *kept,
            gint64             first,
            gint64             n_pixels,
            float             *pixels)
{
  if (kept != NULL)
    memcpy (pixels, kept + first, (gsize) n_pixels * sizeof *pixels);
  else
    almu_tiled_unpacker_get (unpacker, (gsize) first, (gsize) n_pixels, pixels);
}

/* Row by row of the file into the box. */
static void
put_tile (Walk              *walk,
          const Tile        *tile,
          const Box         *common,
          AlmuTiledUnpacker *unpacker,
          const float       *kept)
{
  const Box        *box = &walk->box;
  int               n_axes = walk->self->layout.n_axes;
  g_autofree float *row = box->stride[0] != 1 ? g_new (float, common->count[0]) : NULL;
  gint64            at[ALMU_TILED_AXES] = { 0 };
  int               axis;

  do
    {
      gint64 from = 0;
      gint64 to = 0;
      gint64 pitch = 1;

      for (int i = 0; i < n_axes; i++)
        {
          from += (common->first[i] + at[i] - tile->first[i]) * pitch;
          to += (common->first[i] + at[i] - box->first[i]) * box->stride[i];
          pitch *= tile->count[i];
        }

      get_pixels (unpacker, kept, from, common->count[0], row != NULL ? row : walk->pixels + to);
      for (gint64 x = 0; row != NULL && x < common->count[0]; x++)
        walk->pixels[to + x * box->stride[0]] = row[x];

      for (axis = 1; axis < n_axes && ++at[axis] == common->count[axis]; axis++)
        at[axis] = 0;
    }
  while (axis < n_axes);
}

/* Tiles of which only a part is wanted now. */
typedef struct
{
  AlmuTiledUnpacker *unpacker;
  const Tile        *tile;
} Making;

static GBytes *
make_tile (gpointer user_data,
           GError **error)
{
  Making           *making = user_data;
  gsize             n = (gsize) making->tile->n_pixels;
  g_autofree float *pixels = NULL;

  if (!almu_tiled_unpacker_load (making->unpacker, making->tile->number, n, error))
    return NULL;

  pixels = g_try_new (float, n);
  if (pixels == NULL)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("there is no memory for a tile of %zu pixels"), n);
      return NULL;
    }

  almu_tiled_unpacker_get (making->unpacker, 0, n, pixels);

  return g_bytes_new_take (g_steal_pointer (&pixels), n * sizeof *pixels);
}

static gboolean
read_tile (Walk              *walk,
           const Tile        *tile,
           AlmuTiledUnpacker *unpacker,
           GError           **error)
{
  guint64  serial = almu_image_get_serial (ALMU_IMAGE (walk->self));
  Making   making = { unpacker, tile };
  gboolean is_all;
  Box      common;
  g_autoptr(GBytes) kept = NULL;

  is_all = intersect (walk, tile, &common);
  if (tile->n_pixels > KEPT_PIXELS)
    kept = is_all ? almu_kept_tiles_find (serial, tile->number)
                  : almu_kept_tiles_get (serial, tile->number, make_tile, &making, error);

  if (kept == NULL && tile->n_pixels > KEPT_PIXELS && !is_all)
    return FALSE;

  if (kept == NULL && !almu_tiled_unpacker_load (unpacker, tile->number, (gsize) tile->n_pixels, error))
    return FALSE;

  put_tile (walk, tile, &common, unpacker, kept != NULL ? g_bytes_get_data (kept, NULL) : NULL);

  return TRUE;
}

/* With memory of its own, which is given back at once. */
static gboolean
read_large_tile (Walk       *walk,
                 const Tile *tile,
                 GError    **error)
{
  AlmuTiledUnpacker *unpacker;
  gboolean           is_read;

  g_mutex_lock (&large_mutex);
  unpacker = almu_tiled_unpacker_new (ALMU_IMAGE (walk->self), walk->self->fd, &walk->self->layout);
  is_read = read_tile (walk, tile, unpacker, error);
  almu_tiled_unpacker_free (unpacker);
  g_mutex_unlock (&large_mutex);

  return is_read;
}

/* -- all tiles of a box ------------------------------------------------- */

static void
walk_take_error (Walk   *walk,
                 GError *error)
{
  g_mutex_lock (&walk->mutex);
  if (walk->error == NULL)
    walk->error = g_steal_pointer (&error);
  g_mutex_unlock (&walk->mutex);

  g_clear_error (&error);
  g_atomic_int_set (&walk->failed, TRUE);
}

static void
read_part (guint    part,
           gpointer user_data)
{
  Walk           *walk = user_data;
  AlmuTiledImage *self = walk->self;
  gint64          begin = part * walk->tiles_per_part;
  gint64          end = MIN (begin + walk->tiles_per_part, walk->n_all_tiles);
  GError         *error = NULL;
  g_autoptr(AlmuTiledUnpacker) unpacker = almu_tiled_unpacker_new (ALMU_IMAGE (self), self->fd, &self->layout);

  for (gint64 i = begin; i < end && !g_atomic_int_get (&walk->failed); i++)
    {
      Tile     tile = get_tile (walk, i);
      gboolean is_read = !g_cancellable_set_error_if_cancelled (walk->cancellable, &error);

      if (is_read && tile.n_pixels > LARGE_PIXELS)
        is_read = read_large_tile (walk, &tile, &error);
      else if (is_read)
        is_read = read_tile (walk, &tile, unpacker, &error);
      if (!is_read)
        walk_take_error (walk, error);
    }
}

static void
set_range (Box   *box,
           int    axis,
           int    first,
           int    count,
           gint64 stride)
{
  if (axis == 0)
    return;

  box->first[axis - 1] = first;
  box->count[axis - 1] = count;
  box->stride[axis - 1] = stride;
}

static void
walk_init (Walk          *walk,
           const AlmuBox *box)
{
  const AlmuTiledLayout *layout = &walk->self->layout;
  const AlmuAxes        *axes = &almu_image_get_info (ALMU_IMAGE (walk->self))->axes;
  const AlmuRect        *area = &box->area;
  gint64                 tile_pixels = 1;

  for (int i = 0; i < layout->n_axes; i++)
    walk->box.count[i] = 1;
  set_range (&walk->box, axes->render[0], area->x, area->width, 1);
  set_range (&walk->box, axes->render[1], area->y, area->height, area->width);
  set_range (&walk->box, axes->depth, box->channel, box->n_channels, area->width * (gint64) area->height);
  set_range (&walk->box, axes->stokes, box->stokes, 1, 0);

  walk->n_all_tiles = 1;
  for (int i = 0; i < layout->n_axes; i++)
    {
      gint64 last = walk->box.first[i] + walk->box.count[i] - 1;

      walk->first_tile[i] = walk->box.first[i] / layout->tile[i];
      walk->n_tiles[i] = last / layout->tile[i] - walk->first_tile[i] + 1;
      walk->n_all_tiles *= walk->n_tiles[i];
      tile_pixels *= layout->tile[i];
    }

  walk->tiles_per_part = walk->n_all_tiles;
  if (walk->n_all_tiles > 1 && walk->n_all_tiles > SHARED_PIXELS / tile_pixels)
    walk->tiles_per_part = MAX (MAX (1, PART_PIXELS / tile_pixels), walk->n_all_tiles / G_MAXINT32 + 1);
}

static gboolean
almu_tiled_image_read (AlmuImage     *image,
                       const AlmuBox *box,
                       float         *pixels,
                       GCancellable  *cancellable,
                       GError       **error)
{
  Walk walk = { .self = ALMU_TILED_IMAGE (image), .pixels = pixels, .cancellable = cancellable };

  walk_init (&walk, box);
  g_mutex_init (&walk.mutex);
  almu_workers_share ((guint) ((walk.n_all_tiles - 1) / walk.tiles_per_part + 1), read_part, &walk);
  g_mutex_clear (&walk.mutex);

  if (walk.error == NULL)
    return TRUE;

  g_propagate_error (error, walk.error);

  return FALSE;
}

static gboolean
almu_tiled_image_read_extension (AlmuImage  *image,
                                 const char *extension,
                                 gint64      version,
                                 GBytes    **out_bytes,
                                 GError    **error)
{
  return almu_fits_extension_read (image, ALMU_TILED_IMAGE (image)->fd, extension, version, out_bytes, error);
}

static void
almu_tiled_image_class_init (AlmuTiledImageClass *klass)
{
  GObjectClass   *object_class = G_OBJECT_CLASS (klass);
  AlmuImageClass *image_class = ALMU_IMAGE_CLASS (klass);

  object_class->finalize = almu_tiled_image_finalize;
  image_class->read = almu_tiled_image_read;
  image_class->read_extension = almu_tiled_image_read_extension;
}

static void
almu_tiled_image_init (AlmuTiledImage *self)
{
  self->fd = -1;
}

/**
 * almu_tiled_image_new:
 * @fd: a file that is not compressed as a whole; taken, and closed here on
 *   failure
 * @name: for messages
 * @fingerprint: of the file that was opened
 * @info: (transfer full): what the header says of the image
 * @error: return location
 *
 * Reads where the tiles are; of the pixels, nothing yet.
 *
 * Returns: (transfer full): the image, or %NULL
 */
AlmuImage *
almu_tiled_image_new (int                    fd,
                      const char            *name,
                      const AlmuFingerprint *fingerprint,
                      AlmuImageInfo         *info,
                      GError               **error)
{
  g_autoptr(AlmuTiledImage) self = g_object_new (ALMU_TYPE_TILED_IMAGE, NULL);

  self->fd = fd;
  almu_image_set_up (ALMU_IMAGE (self), name, fingerprint, info);
  if (!almu_tiled_layout_read (fd, name, info->hdu_number, &self->layout, error))
    return NULL;

  /* what boxes are checked against is what tiles are counted by */
  if (self->layout.n_axes != info->n_axes ||
      memcmp (self->layout.shape, info->shape, (gsize) info->n_axes * sizeof *info->shape) != 0)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("%s: HDU %s: ZNAXISn are there twice, and differ"), name, info->hdu);
      return NULL;
    }

  return ALMU_IMAGE (g_steal_pointer (&self));
}
