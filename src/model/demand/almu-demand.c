/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-demand-private.h"

#include "almu-error.h"
#include "almu-measure.h"
#include "almu-workers.h"

/**
 * AlmuDemand:
 *
 * What a viewer wants to know of one file, and the only place where that
 * turns into work.
 *
 * Three things can make work stale: another plane, another place (of the
 * cursor or a region), another epoch. Each cancels what hangs on it, and a
 * result is handed on only if its cancellable is still the current one.
 * Results leave through [signal@Almu.Demand::product]. Main thread only.
 */
G_DEFINE_FINAL_TYPE (AlmuDemand, almu_demand, G_TYPE_OBJECT)

enum
{
  PRODUCT,
  FAILED,
  CHANGED,
  SHOWN,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

void
almu_work_free (Work *work)
{
  g_clear_object (&work->demand);
  g_clear_object (&work->cancellable);
  g_clear_pointer (&work->shape, almu_shape_unref);
  g_clear_pointer (&work->spatial, g_array_unref);
  g_clear_pointer (&work->stats, g_array_unref);
  g_clear_pointer (&work->histograms, g_array_unref);
  g_free (work);
}

Work *
almu_work_new (AlmuDemand   *self,
               GCancellable *cancellable,
               int           region_id,
               int           stokes)
{
  Work *work = g_new0 (Work, 1);

  work->demand = g_object_ref (self);
  work->cancellable = g_object_ref (cancellable);
  work->epoch = self->epoch;
  work->region_id = region_id;
  work->channel = self->channel;
  work->stokes = stokes;

  return work;
}

GCancellable *
almu_demand_renew_cancellable (AlmuDemand    *self,
                               GCancellable **cancellable)
{
  g_cancellable_cancel (*cancellable);
  g_clear_object (cancellable);
  *cancellable = almu_workers_cancellable_new (self);

  return *cancellable;
}

static void
stop_cancellable (GCancellable **cancellable)
{
  g_cancellable_cancel (*cancellable);
  g_clear_object (cancellable);
}

static void
wants_stop (Wants *wants)
{
  stop_cancellable (&wants->measuring);
  stop_cancellable (&wants->cutting);
  stop_cancellable (&wants->counting);
  almu_wants_stop_spectra (wants);
}

static void
wants_free (gpointer data)
{
  Wants *wants = data;

  wants_stop (wants);
  if (wants->region != NULL)
    {
      g_clear_signal_handler (&wants->moved_handler, wants->region);
      g_clear_signal_handler (&wants->placed_handler, wants->region);
    }
  g_clear_object (&wants->region);
  almu_wants_drop_shape (wants);
  g_clear_pointer (&wants->spatial, g_array_unref);
  g_clear_pointer (&wants->spectral, g_array_unref);
  g_clear_pointer (&wants->stats, g_array_unref);
  g_clear_pointer (&wants->histograms, g_array_unref);
  g_ptr_array_unref (wants->tracks);
  g_free (wants);
}

static void
almu_demand_dispose (GObject *object)
{
  AlmuDemand *self = ALMU_DEMAND (object);

  if (self->tiles != NULL)
    almu_demand_stop (self);
  g_clear_pointer (&self->view.tiles, g_array_unref);
  g_clear_object (&self->ahead);
  g_clear_object (&self->convoy);
  g_clear_object (&self->map);
  g_clear_object (&self->tiles);
  almu_demand_overlay_clear (self);
  g_clear_pointer (&self->wants, g_hash_table_unref);
  g_clear_pointer (&self->sky, almu_sky_map_free);
  g_clear_pointer (&self->other_sky, almu_sky_map_free);
  g_clear_object (&self->image);
  g_clear_object (&self->cache);

  G_OBJECT_CLASS (almu_demand_parent_class)->dispose (object);
}

static void
almu_demand_class_init (AlmuDemandClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = almu_demand_dispose;

  /**
   * AlmuDemand::product:
   * @self: the demand
   * @product: an #AlmuProduct, valid during the emission
   *
   * Something that was wanted is there.
   */
  signals[PRODUCT] =
    g_signal_new ("product",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, G_TYPE_POINTER);

  /**
   * AlmuDemand::failed:
   * @self: the demand
   * @error: why
   *
   * Something that was wanted cannot be had.
   */
  signals[FAILED] =
    g_signal_new ("failed",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, G_TYPE_ERROR);

  /**
   * AlmuDemand::changed:
   * @self: the demand
   *
   * Another plane, place or requirement.
   */
  signals[CHANGED] =
    g_signal_new ("changed",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 0);

  /**
   * AlmuDemand::shown:
   * @self: the demand
   * @is_there: %FALSE if the plane cannot be read
   *
   * The histogram of the plane and all tiles that were asked for so far have
   * been handed out, and nobody waits for a picture any more.
   */
  signals[SHOWN] =
    g_signal_new ("shown",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, G_TYPE_BOOLEAN);
}

static void
almu_demand_init (AlmuDemand *self)
{
  self->wants = g_hash_table_new_full (NULL, NULL, NULL, wants_free);
}

void
almu_demand_emit_product (AlmuDemand        *self,
                          const AlmuProduct *product)
{
  g_signal_emit (self, signals[PRODUCT], 0, product);
}

void
almu_demand_emit_failure (AlmuDemand   *self,
                          const GError *error)
{
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_signal_emit (self, signals[FAILED], 0, error);
}

static void
emit_shown (AlmuDemand *self,
            gboolean    is_there)
{
  self->is_shown = TRUE;
  g_signal_emit (self, signals[SHOWN], 0, is_there);
  if (self->is_shown && is_there)
    almu_demand_read_next (self);
}

void
almu_demand_check_shown (AlmuDemand *self)
{
  if (self->is_served && !self->is_shown && almu_tile_queue_is_idle (self->tiles) &&
      almu_demand_overlay_is_idle (self))
    emit_shown (self, TRUE);
}

static void
on_tile (AlmuProductKind        kind,
         int                    sync_id,
         int                    n_tiles,
         int                    animation_id,
         const AlmuTile        *tile,
         const AlmuTilePicture *picture,
         gpointer               user_data)
{
  AlmuDemand *self = user_data;
  AlmuProduct product = {
    .kind = kind,
    .epoch = self->epoch,
    .file_id = self->file_id,
    .region_id = ALMU_REGION_IMAGE,
    .channel = self->channel,
    .stokes = self->stokes,
    .progress = 1,
    .tiles = { sync_id, n_tiles, tile, picture, animation_id },
  };

  almu_demand_emit_product (self, &product);
  if (kind == ALMU_PRODUCT_TILES_END)
    almu_demand_check_shown (self);
}

/**
 * almu_demand_new:
 * @cache: what is shared by all
 * @image: the file's image
 * @file_id: how the viewer calls it
 *
 * A demand for nothing yet: channel and polarisation 0, the cursor in the
 * middle, as the page begins.
 */
AlmuDemand *
almu_demand_new (AlmuCache *cache,
                 AlmuImage *image,
                 int        file_id)
{
  const AlmuImageInfo *info = almu_image_get_info (image);
  AlmuDemand          *self = g_object_new (ALMU_TYPE_DEMAND, NULL);

  self->cache = g_object_ref (cache);
  self->image = g_object_ref (image);
  self->tiles = almu_tile_queue_new (cache, image, on_tile, self);
  self->ahead = almu_read_ahead_new (cache, image);
  self->convoy = almu_convoy_new (image);
  almu_demand_overlay_init (self);
  self->file_id = file_id;
  self->cursor.x = (float) (info->width - 1) / 2;
  self->cursor.y = (float) (info->height - 1) / 2;

  return self;
}

/**
 * almu_demand_set_owner:
 * @owner: whose work it is, see almu_workers_set_owner()
 *
 * Before anything is wanted.
 */
void
almu_demand_set_owner (AlmuDemand *self,
                       guint       owner)
{
  g_return_if_fail (ALMU_IS_DEMAND (self));

  almu_workers_set_owner (self, owner);
  almu_workers_set_owner (self->tiles, owner);
  almu_workers_set_owner (self->ahead, owner);
  almu_workers_set_owner (self->convoy, owner);
  almu_demand_overlay_set_owner (self, owner);
}

/* -- the plane ---------------------------------------------------------- */

void
almu_demand_send_histogram (AlmuDemand    *self,
                            AlmuHistogram *histogram)
{
  static const AlmuHistogramWant automatic = {
    .coordinate = (char *) "z",
    .channel = ALMU_CHANNEL_CURRENT,
    .n_bins = ALMU_BINS_AUTO,
  };
  AlmuProduct product = {
    .kind = ALMU_PRODUCT_HISTOGRAM,
    .epoch = self->epoch,
    .file_id = self->file_id,
    .region_id = ALMU_REGION_IMAGE,
    .channel = self->channel,
    .stokes = self->stokes,
    .frame = self->animation_id != 0 ? self->frame : 0,
    .progress = 1,
    .histogram = { &automatic, histogram },
  };

  almu_demand_emit_product (self, &product);
}

/* The histogram goes first: the page takes the contrast of the tiles from
 * it. What else depends on the plane follows behind the tiles. */
static void
serve_plane (AlmuDemand    *self,
             AlmuHistogram *histogram)
{
  GHashTableIter iter;
  Wants         *wants;

  if (!self->is_early)
    almu_demand_send_histogram (self, histogram);
  almu_tile_queue_begin (self->tiles, self->plane, self->channel, self->stokes);
  almu_demand_overlay_begin (self);

  g_hash_table_iter_init (&iter, self->wants);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &wants))
    {
      almu_wants_renew_cuts (wants);
      almu_wants_renew_measures (wants);
    }

  self->is_served = TRUE;
  almu_demand_check_shown (self);
}

static void
on_plane_counted (GObject      *source,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  g_autoptr(Work) work = user_data;
  g_autoptr(AlmuMeasure) measure = NULL;
  AlmuDemand    *self = work->demand;
  AlmuHistogram *histogram;

  measure = almu_measure_finish (result, NULL);
  if (measure == NULL || work->cancellable != self->plane_work)
    return;

  histogram = g_ptr_array_index (measure->histograms, 0);
  almu_cache_keep_histogram (self->cache, self->image, self->channel, self->stokes, histogram);
  serve_plane (self, histogram);
}

static void
count_plane (AlmuDemand *self)
{
  almu_measure_plane_async (self->plane, self->image, self->channel, self->stokes,
                            ALMU_PRIORITY_PICTURE, self->plane_work, on_plane_counted,
                            almu_work_new (self, self->plane_work, ALMU_REGION_IMAGE, self->stokes));
}

static void
on_plane (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr(Work) work = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuPlane) plane = NULL;
  AlmuDemand    *self = work->demand;
  AlmuHistogram *histogram;

  plane = almu_cache_get_plane_finish (self->cache, result, &error);
  if (work->cancellable != self->plane_work)
    return;

  if (plane == NULL)
    {
      almu_demand_emit_failure (self, error);
      emit_shown (self, FALSE);
      return;
    }

  self->plane = g_steal_pointer (&plane);
  histogram = almu_cache_peek_histogram (self->cache, self->image, self->channel, self->stokes);
  if (histogram != NULL)
    serve_plane (self, histogram);
  else
    count_plane (self);
}

/* Whatever hangs on the plane that was shown so far ends here. */
void
almu_demand_leave_plane (AlmuDemand *self)
{
  GHashTableIter iter;
  Wants         *wants;

  self->is_early = FALSE;
  self->is_served = FALSE;
  self->is_shown = FALSE;
  stop_cancellable (&self->plane_work);
  almu_tile_queue_clear (self->tiles);
  almu_demand_overlay_leave (self);
  g_clear_pointer (&self->plane, almu_plane_unref);

  g_hash_table_iter_init (&iter, self->wants);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &wants))
    {
      stop_cancellable (&wants->measuring);
      stop_cancellable (&wants->cutting);
    }
}

/* What was being read ahead ends only when this has been asked for: it may
 * be the same. */
void
almu_demand_get_plane (AlmuDemand *self)
{
  almu_demand_renew_cancellable (self, &self->plane_work);
  almu_demand_begin_early (self);
  almu_cache_get_plane_async (self->cache, self->image, self->channel, self->stokes,
                              ALMU_PRIORITY_PICTURE, self->plane_work, on_plane,
                              almu_work_new (self, self->plane_work, ALMU_REGION_IMAGE, self->stokes));
  almu_read_ahead_stop (self->ahead);
}

/* What is made of all channels, whichever is on display. */
static void
renew_sweeps (AlmuDemand *self)
{
  GHashTableIter iter;
  Wants         *wants;

  g_hash_table_iter_init (&iter, self->wants);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &wants))
    {
      almu_wants_renew_spectra (wants);
      almu_wants_renew_cube (wants);
    }
}

void
almu_demand_change_stokes_of_sweeps (AlmuDemand *self)
{
  GHashTableIter iter;
  Wants         *wants;

  g_hash_table_iter_init (&iter, self->wants);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &wants))
    {
      almu_wants_change_stokes (wants);
      almu_wants_leave_cube (wants);
    }
}

/**
 * almu_demand_start:
 *
 * Begins to serve: reads the plane, sends its histogram and whatever is
 * wanted. Before it nothing is read and nothing sent.
 */
void
almu_demand_start (AlmuDemand *self)
{
  g_return_if_fail (ALMU_IS_DEMAND (self));

  if (self->is_started)
    return;

  self->is_started = TRUE;
  almu_demand_get_plane (self);
  renew_sweeps (self);
}

/**
 * almu_demand_stop:
 *
 * Ends all work. What is wanted stays known.
 */
void
almu_demand_stop (AlmuDemand *self)
{
  GHashTableIter iter;
  Wants         *wants;

  g_return_if_fail (ALMU_IS_DEMAND (self));

  self->is_started = FALSE;
  almu_demand_leave_plane (self);
  almu_demand_clear_frames (self);

  g_hash_table_iter_init (&iter, self->wants);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &wants))
    wants_stop (wants);
}

/**
 * almu_demand_renew:
 * @epoch: the session's new epoch
 *
 * Starts again for a viewer who has come back: everything that is in force
 * is sent anew, from memory where it is there. A viewer who then asks for
 * the same again has it already. Tiles asked for meanwhile still come.
 */
void
almu_demand_renew (AlmuDemand *self,
                   guint       epoch)
{
  GHashTableIter iter;
  Wants         *wants;

  g_return_if_fail (ALMU_IS_DEMAND (self));

  self->epoch = epoch;
  self->is_started = TRUE;
  self->is_served = FALSE;
  self->is_shown = FALSE;
  almu_demand_clear_frames (self);
  almu_demand_overlay_leave (self);
  g_clear_pointer (&self->plane, almu_plane_unref);

  g_hash_table_iter_init (&iter, self->wants);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &wants))
    {
      wants_stop (wants);
      wants->told_after_resume = WANT_SPATIAL | WANT_SPECTRAL | WANT_STATS | WANT_HISTOGRAMS;
    }

  almu_demand_get_plane (self);
  renew_sweeps (self);
}

/**
 * almu_demand_set_paused:
 * @paused: whether the viewer reads too slowly for more pictures
 */
void
almu_demand_set_paused (AlmuDemand *self,
                        gboolean    paused)
{
  g_return_if_fail (ALMU_IS_DEMAND (self));

  self->is_paused = paused;
  almu_tile_queue_set_paused (self->tiles, paused);
  if (self->map != NULL)
    almu_channel_map_set_paused (self->map, paused);
  almu_demand_overlay_set_paused (self, paused);
}

/**
 * almu_demand_set_plane:
 *
 * Shows another plane. The caller has checked that it exists.
 */
void
almu_demand_set_plane (AlmuDemand *self,
                       int         channel,
                       int         stokes)
{
  gboolean new_stokes = stokes != self->stokes;

  g_return_if_fail (ALMU_IS_DEMAND (self));

  if (channel == self->channel && !new_stokes)
    return;

  almu_demand_leave_plane (self);
  almu_demand_note_step (self, channel, stokes);
  self->channel = channel;
  self->stokes = stokes;
  g_signal_emit (self, signals[CHANGED], 0);

  if (!self->is_started)
    return;

  almu_demand_get_plane (self);
  if (new_stokes)
    almu_demand_change_stokes_of_sweeps (self);
}

/* -- tiles -------------------------------------------------------------- */

/**
 * almu_demand_require_tiles:
 * @codes: places as the ICD writes them, the most wanted first
 *
 * Asks for tiles of the current plane; they come behind its histogram. While
 * the planes move by themselves, asks for the same tiles of every one that
 * follows, and of none that was shown.
 */
gboolean
almu_demand_require_tiles (AlmuDemand     *self,
                           const gint32   *codes,
                           gsize           n_codes,
                           AlmuCompression compression,
                           float           quality,
                           GError        **error)
{
  g_autoptr(GArray) tiles = NULL;

  g_return_val_if_fail (ALMU_IS_DEMAND (self), FALSE);

  tiles = almu_tile_queue_decode (self->tiles, codes, n_codes, error);
  if (tiles == NULL)
    return FALSE;

  if (self->animation_id != 0)
    {
      g_clear_pointer (&self->view.tiles, g_array_unref);
      self->view = (View){ g_steal_pointer (&tiles), compression, quality };
      return TRUE;
    }

  almu_read_ahead_stop (self->ahead);
  almu_demand_end_map (self);
  self->is_shown = FALSE;
  almu_tile_queue_add_tiles (self->tiles, tiles, compression, quality, 0);
  almu_demand_check_shown (self);

  return TRUE;
}

/**
 * almu_demand_owes_tiles:
 *
 * Returns: whether tiles of the plane, or of planes that move by themselves,
 * are still to come
 */
gboolean
almu_demand_owes_tiles (AlmuDemand *self)
{
  g_return_val_if_fail (ALMU_IS_DEMAND (self), FALSE);

  return self->animation_id != 0 || !almu_tile_queue_is_idle (self->tiles);
}

/* -- wants in general --------------------------------------------------- */

/* All that has to do with where a region lies. */
void
almu_wants_renew (Wants *wants)
{
  almu_wants_renew_cuts (wants);
  almu_wants_renew_measures (wants);
  almu_wants_renew_spectra (wants);
}

static void
on_region_moved (AlmuRegion *region,
                 GParamSpec *pspec,
                 Wants      *wants)
{
  wants->told_after_resume = 0;
  almu_wants_renew (wants);
}

/* The file it is drawn on was opened, or is another one now. */
static void
on_region_placed (AlmuRegion *region,
                  GParamSpec *pspec,
                  Wants      *wants)
{
  if (almu_region_get_file_id (region) == wants->demand->file_id)
    return;

  almu_wants_drop_shape (wants);
  on_region_moved (region, pspec, wants);
}

Wants *
almu_demand_get_wants (AlmuDemand *self,
                       int         region_id,
                       AlmuRegion *region)
{
  Wants *wants = g_hash_table_lookup (self->wants, GINT_TO_POINTER (region_id));

  if (wants != NULL)
    return wants;

  wants = g_new0 (Wants, 1);
  wants->demand = self;
  wants->region_id = region_id;
  wants->tracks = almu_wants_tracks_new ();
  if (region != NULL)
    {
      wants->region = g_object_ref (region);
      wants->moved_handler = g_signal_connect (region, "notify::shape",
                                               G_CALLBACK (on_region_moved), wants);
      wants->placed_handler = g_signal_connect (region, "notify::image",
                                                G_CALLBACK (on_region_placed), wants);
    }
  g_hash_table_insert (self->wants, GINT_TO_POINTER (region_id), wants);

  return wants;
}

/**
 * almu_demand_forget_region:
 *
 * Drops all that is wanted of a region which is no more.
 */
void
almu_demand_forget_region (AlmuDemand *self,
                           int         region_id)
{
  g_return_if_fail (ALMU_IS_DEMAND (self));

  g_hash_table_remove (self->wants, GINT_TO_POINTER (region_id));
}

/* Puts @with in the @place of a kind of wants. Returns FALSE if exactly this
 * was sent after a resume already, unasked, and need not be sent again. */
gboolean
almu_wants_replace (Wants   *wants,
                    WantKind kind,
                    GArray **place,
                    GArray  *with,
                    gboolean is_equal)
{
  gboolean is_told = (wants->told_after_resume & kind) != 0;

  wants->told_after_resume &= ~kind;
  g_array_ref (with);
  g_clear_pointer (place, g_array_unref);
  *place = with;
  if (!is_equal)
    g_signal_emit (wants->demand, signals[CHANGED], 0);

  return !(is_told && is_equal);
}

gboolean
almu_demand_resolve_stokes (AlmuDemand *self,
                            const char *coordinate,
                            int        *out_stokes)
{
  g_autoptr(GError) error = NULL;
  char axis;

  if (almu_coordinate_resolve (coordinate, almu_image_get_info (self->image), self->stokes,
                               &axis, out_stokes, &error))
    return TRUE;

  almu_demand_emit_failure (self, error);
  return FALSE;
}

gboolean
almu_work_is_current (Work *work,
                      gsize cancellable_offset)
{
  Wants *wants = g_hash_table_lookup (work->demand->wants, GINT_TO_POINTER (work->region_id));

  return wants != NULL &&
         work->cancellable == G_STRUCT_MEMBER (GCancellable *, wants, cancellable_offset);
}

/**
 * almu_demand_set_epoch:
 *
 * What products are marked with, before the first is made.
 */
void
almu_demand_set_epoch (AlmuDemand *self,
                       guint       epoch)
{
  g_return_if_fail (ALMU_IS_DEMAND (self));

  self->epoch = epoch;
}

static GArray *
ref_if_any (GArray *wants)
{
  return wants != NULL && wants->len > 0 ? g_array_ref (wants) : NULL;
}

static int
compare_requirements (gconstpointer a,
                      gconstpointer b)
{
  return (*(AlmuRequirement *const *) a)->region_id - (*(AlmuRequirement *const *) b)->region_id;
}

/**
 * almu_demand_list_requirements:
 *
 * Returns: (transfer full) (element-type AlmuRequirement): what is wanted, by
 *   region
 */
GPtrArray *
almu_demand_list_requirements (AlmuDemand *self)
{
  GPtrArray     *list = almu_requirements_new ();
  GHashTableIter iter;
  Wants         *wants;

  g_hash_table_iter_init (&iter, self->wants);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &wants))
    {
      AlmuRequirement *requirement = almu_requirement_new (wants->region_id);

      requirement->spatial = ref_if_any (wants->spatial);
      requirement->spectral = ref_if_any (wants->spectral);
      requirement->stats = ref_if_any (wants->stats);
      requirement->histograms = ref_if_any (wants->histograms);
      g_ptr_array_add (list, requirement);
    }
  g_ptr_array_sort (list, compare_requirements);

  return list;
}

void
almu_demand_emit_changed (AlmuDemand *self)
{
  g_signal_emit (self, signals[CHANGED], 0);
}
