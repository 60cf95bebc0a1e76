/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-cache.h"

#include <glib/gi18n-lib.h>
#include <malloc.h>
#include <math.h>
#include <string.h>

#include "almu-data-table.h"
#include "almu-error.h"
#include "almu-figures.h"
#include "almu-image-users.h"
#include "almu-inflated.h"
#include "almu-lru.h"
#include "almu-polarisation.h"
#include "almu-vertex-codec.h"
#include "almu-workers.h"

/**
 * AlmuCache:
 *
 * What was read and made from images, under one budget of bytes: planes,
 * the histograms of planes, spectra, encoded tiles. A plane that several ask for
 * while it is being read is read once.
 *
 * Shared by all sessions; main thread only.
 */
struct _AlmuCache
{
  GObject parent_instance;

  AlmuLru    *lru;
  GHashTable *loads; /* AlmuLruKey → Load */

  AlmuImageUsers *users;
  guint           trim_source;
};

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

/* A plane on its way in, and who waits for it. */
typedef struct
{
  AlmuLruKey    key;
  AlmuImage    *image;
  int           channel;
  int           stokes;
  AlmuPlane    *parts[ALMU_MAX_PARTS]; /* of a computed one, if in memory */
  GCancellable *cancellable;
  GPtrArray    *waiting; /* GTask */
} Load;

/* What LRU details mean: 0 the plane, 1 its histogram, else a tile, or with
 * the first channel the spectrum of a place or a histogram of all channels. */
#define DETAIL_PLANE 0
#define DETAIL_HISTOGRAM 1
#define DETAIL_TILES (G_GUINT64_CONSTANT (1) << 63)
#define DETAIL_SPECTRA (G_GUINT64_CONSTANT (1) << 62)
#define DETAIL_PIXELS (G_GUINT64_CONSTANT (1) << 61)
#define DETAIL_CUBES (G_GUINT64_CONSTANT (1) << 60)

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

static void
load_free (gpointer data)
{
  Load *load = data;

  for (int i = 0; i < ALMU_MAX_PARTS; i++)
    g_clear_pointer (&load->parts[i], almu_plane_unref);
  g_clear_object (&load->image);
  g_clear_object (&load->cancellable);
  g_clear_pointer (&load->waiting, g_ptr_array_unref);
  g_free (load);
}

static guint
key_hash (gconstpointer data)
{
  const AlmuLruKey *key = data;

  return g_int64_hash (&key->owner) ^ (g_int64_hash (&key->item) * 31);
}

static gboolean
key_equal (gconstpointer a,
           gconstpointer b)
{
  const AlmuLruKey *x = a;
  const AlmuLruKey *y = b;

  return x->owner == y->owner && x->item == y->item;
}

static AlmuLruKey
make_key (AlmuImage *image,
          int        channel,
          int        stokes,
          guint64    detail)
{
  const AlmuImageInfo *info = almu_image_get_info (image);

  return (AlmuLruKey){
    .owner = almu_image_get_serial (image),
    .item = (guint64) stokes * (guint64) info->depth + (guint64) channel,
    .detail = detail,
  };
}

#define FNV_PRIME G_GUINT64_CONSTANT (0x100000001b3)

static guint64
float_bits (float value)
{
  guint32 bits;

  memcpy (&bits, &value, sizeof bits);

  return bits;
}

/* Two places may come to the same: who looks one up compares them too. */
static guint64
spectrum_detail (const AlmuShape *shape,
                 gboolean         is_pixel)
{
  guint64 hash = G_GUINT64_CONSTANT (0xcbf29ce484222325);
  guint64 kind = is_pixel ? DETAIL_SPECTRA | DETAIL_PIXELS : DETAIL_SPECTRA;

  if (shape == NULL)
    return kind;

  hash = (hash ^ (guint64) shape->type) * FNV_PRIME;
  hash = (hash ^ float_bits (shape->rotation)) * FNV_PRIME;
  for (guint i = 0; i < shape->n_points; i++)
    {
      hash = (hash ^ float_bits (shape->points[i].x)) * FNV_PRIME;
      hash = (hash ^ float_bits (shape->points[i].y)) * FNV_PRIME;
    }

  return kind | (hash & (DETAIL_PIXELS - 1));
}

static guint64
cube_detail (const AlmuHistogramWant *want)
{
  guint64 hash = G_GUINT64_CONSTANT (0xcbf29ce484222325);

  hash = (hash ^ (guint64) (want->has_fixed_bins ? want->n_bins : ALMU_BINS_AUTO)) * FNV_PRIME;
  if (want->has_fixed_bounds)
    {
      hash = (hash ^ g_double_hash (&want->min)) * FNV_PRIME;
      hash = (hash ^ g_double_hash (&want->max)) * FNV_PRIME;
    }

  return DETAIL_CUBES | (hash & (DETAIL_CUBES - 1));
}

static guint64
tile_detail (const AlmuTile *tile,
             AlmuCompression compression,
             float           quality)
{
  guint64 precision = compression == ALMU_COMPRESSION_ZFP ? (guint64) lroundf (CLAMP (quality, 0, 63)) : 0;

  return DETAIL_TILES | ((guint64) compression << 40) | (precision << 32) |
         (guint32) almu_tile_encode_place (tile);
}

static void
almu_cache_dispose (GObject *object)
{
  AlmuCache *self = ALMU_CACHE (object);

  g_clear_handle_id (&self->trim_source, g_source_remove);
  g_clear_pointer (&self->loads, g_hash_table_unref);
  g_clear_pointer (&self->users, almu_image_users_free);
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
  self->loads = g_hash_table_new_full (key_hash, key_equal, NULL, load_free);
  self->users = almu_image_users_new ();
}

static gboolean
relieve (gpointer user_data)
{
  gboolean is_relieved = FALSE;

  g_signal_emit (user_data, signals[CROWDED], 0, &is_relieved);

  return is_relieved;
}

/**
 * almu_cache_get_outside_bytes:
 *
 * Returns: what takes memory from the same budget without being in the cache:
 *   tables, and files that could only be unpacked into memory
 */
gsize
almu_cache_get_outside_bytes (void)
{
  return (gsize) (almu_data_table_get_total_bytes () + almu_inflated_get_total_bytes (TRUE));
}

/**
 * almu_cache_new:
 * @budget: bytes for everything kept
 */
AlmuCache *
almu_cache_new (gsize budget)
{
  AlmuCache *self = g_object_new (ALMU_TYPE_CACHE, NULL);

  self->lru = almu_lru_new (budget);
  almu_lru_set_relief (self->lru, relieve, self);
  almu_lru_set_outside (self->lru, almu_cache_get_outside_bytes);

  return self;
}

gsize
almu_cache_get_size (AlmuCache *self)
{
  return almu_lru_get_size (self->lru);
}

static AlmuCacheKind
get_kind (const AlmuLruKey *key)
{
  if ((key->detail & DETAIL_TILES) != 0)
    return ALMU_CACHE_TILES;
  if ((key->detail & DETAIL_SPECTRA) != 0)
    return ALMU_CACHE_SPECTRA;

  return key->detail == DETAIL_PLANE ? ALMU_CACHE_PLANES : ALMU_CACHE_HISTOGRAMS;
}

static void
add_size (const AlmuLruKey *key,
          gsize             size,
          gpointer          user_data)
{
  gsize *sizes = user_data;

  sizes[get_kind (key)] += size;
}

/**
 * almu_cache_measure:
 * @out_sizes: (out caller-allocates) (array fixed-size=4): the bytes of each
 *   kind; together they are almu_cache_get_size()
 */
void
almu_cache_measure (AlmuCache *self,
                    gsize      out_sizes[ALMU_N_CACHE_KINDS])
{
  memset (out_sizes, 0, ALMU_N_CACHE_KINDS * sizeof *out_sizes);
  almu_lru_foreach (self->lru, add_size, out_sizes);
}

gsize
almu_cache_get_budget (AlmuCache *self)
{
  return almu_lru_get_budget (self->lru);
}

/**
 * almu_cache_get_image_size:
 *
 * Returns: bytes of all that was made from @image
 */
gsize
almu_cache_get_image_size (AlmuCache *self,
                           AlmuImage *image)
{
  return almu_lru_get_owner_size (self->lru, almu_image_get_serial (image));
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
  g_clear_handle_id (&self->trim_source, g_source_remove);
  self->trim_source = g_idle_add_full (G_PRIORITY_LOW, on_idle_trim, self, NULL);
}

/* Planes and tiles, the big ones, are counted: found, or to be made. */
static gpointer
look_up (AlmuCache        *self,
         const AlmuLruKey *key)
{
  gpointer value = almu_lru_lookup (self->lru, key);

  almu_figures_add (value != NULL ? ALMU_FIGURE_CACHE_HITS : ALMU_FIGURE_CACHE_MISSES, 1);

  return value;
}

/**
 * almu_cache_peek_plane:
 *
 * Returns: (nullable) (transfer none): the plane if it is in memory
 */
AlmuPlane *
almu_cache_peek_plane (AlmuCache *self,
                       AlmuImage *image,
                       int        channel,
                       int        stokes)
{
  AlmuLruKey key = make_key (image, channel, stokes, DETAIL_PLANE);

  return almu_lru_lookup (self->lru, &key);
}

static gboolean
is_waiting (GTask *task)
{
  GCancellable *cancellable = g_task_get_cancellable (task);

  return cancellable == NULL || !g_cancellable_is_cancelled (cancellable);
}

/* Nobody wants the plane any more: stop reading it. */
static void
on_waiting_cancelled (GCancellable *cancellable,
                      Load         *load)
{
  for (guint i = 0; i < load->waiting->len; i++)
    {
      if (is_waiting (g_ptr_array_index (load->waiting, i)))
        return;
    }

  g_cancellable_cancel (load->cancellable);
}

static void
load_worker (GTask        *task,
             gpointer      source_object,
             gpointer      task_data,
             GCancellable *cancellable)
{
  Load *load = task_data;
  g_autoptr(GError) error = NULL;
  AlmuPlane *plane;

  if (almu_polarisation_is_computed_of (almu_image_get_info (load->image), load->stokes))
    plane = almu_plane_combine (load->image, load->channel, load->stokes, load->parts,
                                cancellable, &error);
  else
    plane = almu_plane_load (load->image, load->channel, load->stokes, cancellable, &error);
  if (plane != NULL)
    g_task_return_pointer (task, plane, (GDestroyNotify) almu_plane_unref);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
forget_load (AlmuCache *self,
             Load      *load)
{
  for (guint i = 0; i < load->waiting->len; i++)
    {
      GCancellable *cancellable = g_task_get_cancellable (g_ptr_array_index (load->waiting, i));

      if (cancellable != NULL)
        g_signal_handlers_disconnect_by_func (cancellable, on_waiting_cancelled, load);
    }

  if (g_hash_table_lookup (self->loads, &load->key) == load)
    g_hash_table_steal (self->loads, &load->key);
}

static void
on_loaded (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  AlmuCache *self = ALMU_CACHE (source);
  Load      *load = user_data;
  g_autoptr(GPtrArray) waiting = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuPlane) plane = NULL;

  plane = g_task_propagate_pointer (G_TASK (result), &error);
  forget_load (self, load);
  waiting = g_steal_pointer (&load->waiting);

  if (plane != NULL)
    almu_lru_take (self->lru, &load->key,
                   almu_plane_ref (plane), almu_plane_get_size (plane),
                   (GDestroyNotify) almu_plane_unref);

  for (guint i = 0; i < waiting->len; i++)
    {
      GTask *task = g_ptr_array_index (waiting, i);

      if (plane != NULL)
        g_task_return_pointer (task, almu_plane_ref (plane), (GDestroyNotify) almu_plane_unref);
      else
        g_task_return_error (task, g_error_copy (error));
    }

  load_free (load);
}

/* What a computed plane is made of and happens to be in memory. */
static void
take_parts (AlmuCache *self,
            Load      *load)
{
  const AlmuImageInfo *info = almu_image_get_info (load->image);
  AlmuParts            parts;

  if (!almu_polarisation_is_computed_of (info, load->stokes) ||
      !almu_polarisation_find_parts (info, load->stokes, &parts, NULL))
    return;

  for (int i = 0; i < parts.n; i++)
    {
      AlmuPlane *part = almu_cache_peek_plane (self, load->image, load->channel, parts.stokes[i]);

      load->parts[i] = part != NULL ? almu_plane_ref (part) : NULL;
    }
}

static void
start_load (AlmuCache *self,
            Load      *load,
            int        priority)
{
  g_autoptr(GTask) task = NULL;

  task = g_task_new (self, load->cancellable, on_loaded, load);
  g_task_set_source_tag (task, start_load);
  g_task_set_priority (task, priority);
  g_task_set_task_data (task, load, NULL);
  almu_workers_run (task, load_worker);
}

static gboolean
fits_budget (AlmuCache *self,
             AlmuImage *image,
             GError   **error)
{
  const AlmuImageInfo *info = almu_image_get_info (image);
  gsize                needed = almu_plane_estimate_size (info->width, info->height);
  gsize                budget = almu_lru_get_budget (self->lru);
  g_autofree char     *needed_text = NULL;
  g_autofree char     *budget_text = NULL;

  if (needed <= budget)
    return TRUE;

  needed_text = g_format_size_full (needed, G_FORMAT_SIZE_IEC_UNITS);
  budget_text = g_format_size_full (budget, G_FORMAT_SIZE_IEC_UNITS);
  g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
               _ ("A plane of %s (%d×%d pixels) needs %s of memory, but the cache may take %s: raise --cache-size"),
               almu_image_get_name (image), info->width, info->height, needed_text, budget_text);
  return FALSE;
}

/**
 * almu_cache_get_plane_async:
 * @priority: of the reading, if it has to be read
 *
 * Gives the plane, from memory if it is there.
 */
void
almu_cache_get_plane_async (AlmuCache          *self,
                            AlmuImage          *image,
                            int                 channel,
                            int                 stokes,
                            int                 priority,
                            GCancellable       *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer            user_data)
{
  AlmuLruKey key = make_key (image, channel, stokes, DETAIL_PLANE);
  g_autoptr(GTask) task = NULL;
  g_autoptr(GError) error = NULL;
  AlmuPlane *plane;
  Load      *load;

  g_return_if_fail (ALMU_IS_CACHE (self));
  g_return_if_fail (ALMU_IS_IMAGE (image));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, almu_cache_get_plane_async);

  plane = look_up (self, &key);
  if (plane != NULL)
    {
      g_task_return_pointer (task, almu_plane_ref (plane), (GDestroyNotify) almu_plane_unref);
      return;
    }

  if (!fits_budget (self, image, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  load = g_hash_table_lookup (self->loads, &key);
  if (load == NULL || g_cancellable_is_cancelled (load->cancellable))
    {
      /* A cancelled one finishes by itself and finds its key taken. */
      g_hash_table_steal (self->loads, &key);
      load = g_new0 (Load, 1);
      load->key = key;
      load->image = g_object_ref (image);
      load->channel = channel;
      load->stokes = stokes;
      load->cancellable = almu_workers_cancellable_new (cancellable);
      load->waiting = g_ptr_array_new_with_free_func (g_object_unref);
      g_hash_table_insert (self->loads, &load->key, load);
      take_parts (self, load);
      start_load (self, load, priority);
    }

  g_ptr_array_add (load->waiting, g_object_ref (task));
  if (cancellable != NULL)
    g_signal_connect (cancellable, "cancelled", G_CALLBACK (on_waiting_cancelled), load);
}

/**
 * almu_cache_get_plane_finish:
 *
 * Returns: (transfer full): the plane
 */
AlmuPlane *
almu_cache_get_plane_finish (AlmuCache    *self,
                             GAsyncResult *result,
                             GError      **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* The histogram of the plane with automatic bins over all values. */
AlmuHistogram *
almu_cache_peek_histogram (AlmuCache *self,
                           AlmuImage *image,
                           int        channel,
                           int        stokes)
{
  AlmuLruKey key = make_key (image, channel, stokes, DETAIL_HISTOGRAM);

  return almu_lru_lookup (self->lru, &key);
}

void
almu_cache_keep_histogram (AlmuCache     *self,
                           AlmuImage     *image,
                           int            channel,
                           int            stokes,
                           AlmuHistogram *histogram)
{
  AlmuLruKey key = make_key (image, channel, stokes, DETAIL_HISTOGRAM);
  gsize      size = sizeof *histogram + (gsize) histogram->n_bins * sizeof histogram->counts[0];

  almu_lru_take (self->lru, &key, almu_histogram_ref (histogram), size,
                 (GDestroyNotify) almu_histogram_unref);
}

static gboolean
is_of_place (const AlmuSpectrum *spectrum,
             const AlmuShape    *shape)
{
  if (shape == NULL || spectrum->shape == NULL)
    return spectrum->shape == shape;

  return almu_shape_equal (spectrum->shape, shape);
}

/**
 * almu_cache_peek_spectrum:
 * @shape: (nullable): the place; %NULL for all pixels of a channel
 * @is_pixel: whether values are meant, not statistics
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
  AlmuLruKey    key = make_key (image, 0, stokes, spectrum_detail (shape, is_pixel));
  AlmuSpectrum *spectrum = almu_lru_lookup (self->lru, &key);

  return spectrum != NULL && is_of_place (spectrum, shape) ? spectrum : NULL;
}

void
almu_cache_keep_spectrum (AlmuCache    *self,
                          AlmuImage    *image,
                          int           stokes,
                          AlmuSpectrum *spectrum)
{
  AlmuLruKey key = make_key (image, 0, stokes,
                             spectrum_detail (spectrum->shape, spectrum->values != NULL));

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
  AlmuLruKey key = make_key (image, 0, stokes, cube_detail (want));
  Cube      *cube = almu_lru_lookup (self->lru, &key);

  return cube != NULL && wants_same_bins (&cube->want, want) ? cube->histogram : NULL;
}

void
almu_cache_keep_cube (AlmuCache               *self,
                      AlmuImage               *image,
                      int                      stokes,
                      const AlmuHistogramWant *want,
                      AlmuHistogram           *histogram)
{
  AlmuLruKey key = make_key (image, 0, stokes, cube_detail (want));
  Cube      *cube = g_new0 (Cube, 1);
  gsize      size = sizeof *cube + sizeof *histogram + (gsize) histogram->n_bins * sizeof histogram->counts[0];

  cube->want = *want;
  cube->want.coordinate = NULL; /* borrowed, and of no importance */
  cube->histogram = almu_histogram_ref (histogram);
  almu_lru_take (self->lru, &key, cube, size, cube_free);
}

AlmuTilePicture *
almu_cache_peek_tile (AlmuCache      *self,
                      AlmuImage      *image,
                      int             channel,
                      int             stokes,
                      const AlmuTile *tile,
                      AlmuCompression compression,
                      float           quality)
{
  AlmuLruKey key = make_key (image, channel, stokes, tile_detail (tile, compression, quality));

  return look_up (self, &key);
}

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
  AlmuLruKey key = make_key (image, channel, stokes, tile_detail (tile, compression, quality));

  almu_lru_take (self->lru, &key, almu_tile_picture_ref (picture),
                 almu_tile_picture_get_size (picture),
                 (GDestroyNotify) almu_tile_picture_unref);
}
