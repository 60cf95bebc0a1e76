/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-demand.h"

#include <math.h>
#include <string.h>

#include "almu-error.h"
#include "almu-measure.h"
#include "almu-profile.h"
#include "almu-spectrum.h"
#include "almu-tile-queue.h"
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
struct _AlmuDemand
{
  GObject parent_instance;

  AlmuCache     *cache;
  AlmuImage     *image;
  AlmuTileQueue *tiles;
  int            file_id;
  guint          epoch;

  int        channel;
  int        stokes;
  AlmuPoint  cursor;
  gboolean   is_started;
  AlmuPlane *plane; /* NULL while it is being read */

  GCancellable *plane_work; /* reading the plane, its histogram */
  GHashTable   *wants;      /* region id → Wants */
};

G_DEFINE_FINAL_TYPE (AlmuDemand, almu_demand, G_TYPE_OBJECT)

enum
{
  PRODUCT,
  FAILED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

typedef enum
{
  WANT_SPATIAL = 1 << 0,
  WANT_SPECTRAL = 1 << 1,
  WANT_STATS = 1 << 2,
  WANT_HISTOGRAMS = 1 << 3,
} WantKind;

/* What is wanted of one region, and what is under way for it. */
typedef struct
{
  AlmuDemand   *demand; /* unowned */
  int           region_id;
  AlmuRegion   *region; /* NULL: the image, the cursor */
  gulong        moved_handler;
  GArray       *spatial;
  GArray       *spectral;
  GArray       *stats;
  GArray       *histograms;
  GCancellable *measuring;
  GCancellable *cutting;
  GCancellable *scanning; /* along the spectrum */
  WantKind      told_after_resume;
} Wants;

/* Work on its way through the threads, and what it was asked for. */
typedef struct
{
  AlmuDemand   *demand;
  GCancellable *cancellable;
  guint         epoch;
  int           region_id;
  int           channel;
  int           stokes;
  AlmuShape    *shape;
  GArray       *spatial;
  GArray       *spectral;
  GArray       *stats;
  GArray       *histograms;
} Work;

static void renew_measures (Wants *wants);
static void renew_cuts (Wants *wants);
static void renew_spectra (Wants *wants);

static void
work_free (Work *work)
{
  g_clear_object (&work->demand);
  g_clear_object (&work->cancellable);
  g_clear_pointer (&work->shape, almu_shape_unref);
  g_clear_pointer (&work->spatial, g_array_unref);
  g_clear_pointer (&work->spectral, g_array_unref);
  g_clear_pointer (&work->stats, g_array_unref);
  g_clear_pointer (&work->histograms, g_array_unref);
  g_free (work);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Work, work_free)

static Work *
work_new (AlmuDemand   *self,
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

static GCancellable *
renew_cancellable (GCancellable **cancellable)
{
  g_cancellable_cancel (*cancellable);
  g_clear_object (cancellable);
  *cancellable = g_cancellable_new ();

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
  stop_cancellable (&wants->scanning);
}

static void
wants_free (gpointer data)
{
  Wants *wants = data;

  wants_stop (wants);
  if (wants->region != NULL)
    g_clear_signal_handler (&wants->moved_handler, wants->region);
  g_clear_object (&wants->region);
  g_clear_pointer (&wants->spatial, g_array_unref);
  g_clear_pointer (&wants->spectral, g_array_unref);
  g_clear_pointer (&wants->stats, g_array_unref);
  g_clear_pointer (&wants->histograms, g_array_unref);
  g_free (wants);
}

static void
almu_demand_dispose (GObject *object)
{
  AlmuDemand *self = ALMU_DEMAND (object);

  if (self->tiles != NULL)
    almu_demand_stop (self);
  g_clear_object (&self->tiles);
  g_clear_pointer (&self->wants, g_hash_table_unref);
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
}

static void
almu_demand_init (AlmuDemand *self)
{
  self->wants = g_hash_table_new_full (NULL, NULL, NULL, wants_free);
}

static void
emit_product (AlmuDemand        *self,
              const AlmuProduct *product)
{
  g_signal_emit (self, signals[PRODUCT], 0, product);
}

static void
emit_failure (AlmuDemand   *self,
              const GError *error)
{
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_signal_emit (self, signals[FAILED], 0, error);
}

static void
on_tile (AlmuProductKind        kind,
         int                    sync_id,
         int                    n_tiles,
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
    .tiles = { sync_id, n_tiles, tile, picture },
  };

  emit_product (self, &product);
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
  self->file_id = file_id;
  self->cursor.x = (float) (info->width - 1) / 2;
  self->cursor.y = (float) (info->height - 1) / 2;

  return self;
}

/* -- the plane ---------------------------------------------------------- */

static void
send_histogram (AlmuDemand    *self,
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
    .progress = 1,
    .histogram = { &automatic, histogram },
  };

  emit_product (self, &product);
}

/* The histogram goes first: the page takes the contrast of the tiles from
 * it. What else depends on the plane follows behind the tiles. */
static void
serve_plane (AlmuDemand    *self,
             AlmuHistogram *histogram)
{
  GHashTableIter iter;
  Wants         *wants;

  send_histogram (self, histogram);
  almu_tile_queue_begin (self->tiles, self->plane, self->channel, self->stokes);

  g_hash_table_iter_init (&iter, self->wants);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &wants))
    {
      renew_cuts (wants);
      renew_measures (wants);
    }
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
  AlmuHistogramWant automatic = { .channel = ALMU_CHANNEL_CURRENT, .n_bins = ALMU_BINS_AUTO };
  g_autoptr(GArray) wanted = almu_histogram_wants_new ();

  g_array_append_val (wanted, automatic);
  almu_measure_async (self->plane, NULL, wanted, ALMU_PRIORITY_PICTURE, self->plane_work,
                      on_plane_counted,
                      work_new (self, self->plane_work, ALMU_REGION_IMAGE, self->stokes));
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
      emit_failure (self, error);
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
static void
leave_plane (AlmuDemand *self)
{
  GHashTableIter iter;
  Wants         *wants;

  stop_cancellable (&self->plane_work);
  almu_tile_queue_clear (self->tiles);
  g_clear_pointer (&self->plane, almu_plane_unref);

  g_hash_table_iter_init (&iter, self->wants);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &wants))
    {
      stop_cancellable (&wants->measuring);
      stop_cancellable (&wants->cutting);
    }
}

static void
get_plane (AlmuDemand *self)
{
  renew_cancellable (&self->plane_work);
  almu_cache_get_plane_async (self->cache, self->image, self->channel, self->stokes,
                              ALMU_PRIORITY_PICTURE, self->plane_work, on_plane,
                              work_new (self, self->plane_work, ALMU_REGION_IMAGE, self->stokes));
}

static void
renew_all_spectra (AlmuDemand *self)
{
  GHashTableIter iter;
  Wants         *wants;

  g_hash_table_iter_init (&iter, self->wants);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &wants))
    renew_spectra (wants);
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
  get_plane (self);
  renew_all_spectra (self);
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
  leave_plane (self);

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
  g_clear_pointer (&self->plane, almu_plane_unref);

  g_hash_table_iter_init (&iter, self->wants);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &wants))
    {
      wants_stop (wants);
      wants->told_after_resume = WANT_SPATIAL | WANT_SPECTRAL | WANT_STATS | WANT_HISTOGRAMS;
    }

  get_plane (self);
  renew_all_spectra (self);
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

  almu_tile_queue_set_paused (self->tiles, paused);
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

  leave_plane (self);
  self->channel = channel;
  self->stokes = stokes;

  if (!self->is_started)
    return;

  get_plane (self);
  if (new_stokes)
    renew_all_spectra (self);
}

/* -- tiles -------------------------------------------------------------- */

/**
 * almu_demand_require_tiles:
 * @codes: places as the ICD writes them, the most wanted first
 *
 * Asks for tiles of the current plane; they come behind its histogram.
 */
gboolean
almu_demand_require_tiles (AlmuDemand     *self,
                           const gint32   *codes,
                           gsize           n_codes,
                           AlmuCompression compression,
                           float           quality,
                           GError        **error)
{
  g_return_val_if_fail (ALMU_IS_DEMAND (self), FALSE);

  return almu_tile_queue_add (self->tiles, codes, n_codes, compression, quality, error);
}

/* -- wants in general --------------------------------------------------- */

static void
on_region_moved (AlmuRegion *region,
                 GParamSpec *pspec,
                 Wants      *wants)
{
  wants->told_after_resume = 0;
  renew_cuts (wants);
  renew_measures (wants);
  renew_spectra (wants);
}

static Wants *
get_wants (AlmuDemand *self,
           int         region_id,
           AlmuRegion *region)
{
  Wants *wants = g_hash_table_lookup (self->wants, GINT_TO_POINTER (region_id));

  if (wants != NULL)
    return wants;

  wants = g_new0 (Wants, 1);
  wants->demand = self;
  wants->region_id = region_id;
  if (region != NULL)
    {
      wants->region = g_object_ref (region);
      wants->moved_handler = g_signal_connect (region, "notify::shape",
                                               G_CALLBACK (on_region_moved), wants);
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

/* TRUE if exactly this was sent after a resume already, unasked. */
static gboolean
take_told (Wants   *wants,
           WantKind kind,
           gboolean equal)
{
  gboolean told = (wants->told_after_resume & kind) != 0;

  wants->told_after_resume &= ~kind;

  return told && equal;
}

static void
replace_array (GArray **place,
               GArray  *with)
{
  g_array_ref (with);
  g_clear_pointer (place, g_array_unref);
  *place = with;
}

static gboolean
is_on_this_file (Wants *wants)
{
  g_autoptr(GError) error = NULL;
  int owner;

  if (wants->region == NULL)
    return TRUE;

  owner = almu_region_get_file_id (wants->region);
  if (owner == wants->demand->file_id)
    return TRUE;

  error = g_error_new (ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                       "Region %d is drawn on file %d; converting it to file %d is not there yet",
                       wants->region_id, owner, wants->demand->file_id);
  emit_failure (wants->demand, error);
  return FALSE;
}

static gboolean
resolve_stokes (AlmuDemand *self,
                const char *coordinate,
                int        *out_stokes)
{
  g_autoptr(GError) error = NULL;
  char axis;

  if (almu_coordinate_resolve (coordinate, almu_image_get_info (self->image), self->stokes,
                               &axis, out_stokes, &error))
    return TRUE;

  emit_failure (self, error);
  return FALSE;
}

/* -- statistics and histograms ------------------------------------------ */

static void
send_stats (AlmuDemand        *self,
            Work              *work,
            const AlmuMeasure *measure)
{
  for (guint i = 0; i < work->stats->len; i++)
    {
      const AlmuStatsWant      *want = &g_array_index (work->stats, AlmuStatsWant, i);
      g_autofree AlmuStatistic *values = g_new (AlmuStatistic, MAX (want->types->len, 1));
      guint                     n_values = 0;

      for (guint j = 0; j < want->types->len; j++)
        {
          AlmuStatsType type = (AlmuStatsType) g_array_index (want->types, int, j);

          values[n_values].type = type;
          values[n_values].value = almu_stats_get (&measure->stats, type,
                                                   almu_image_get_info (self->image),
                                                   work->channel, work->stokes);
          /* without a beam there is no flux density: no row, not a NaN */
          if (type != ALMU_STATS_FLUX_DENSITY || !isnan (values[n_values].value))
            n_values++;
        }

      emit_product (self, &(AlmuProduct){
                            .kind = ALMU_PRODUCT_STATS,
                            .epoch = work->epoch,
                            .file_id = self->file_id,
                            .region_id = work->region_id,
                            .channel = work->channel,
                            .stokes = work->stokes,
                            .progress = 1,
                            .stats = { values, n_values },
                          });
    }
}

static void
send_histograms (AlmuDemand        *self,
                 Work              *work,
                 const AlmuMeasure *measure)
{
  for (guint i = 0; i < work->histograms->len; i++)
    emit_product (self, &(AlmuProduct){
                          .kind = ALMU_PRODUCT_HISTOGRAM,
                          .epoch = work->epoch,
                          .file_id = self->file_id,
                          .region_id = work->region_id,
                          .channel = work->channel,
                          .stokes = work->stokes,
                          .progress = 1,
                          .histogram = { &g_array_index (work->histograms, AlmuHistogramWant, i),
                                         g_ptr_array_index (measure->histograms, i) },
                        });
}

static gboolean
is_current (Work *work,
            gsize cancellable_offset)
{
  Wants *wants = g_hash_table_lookup (work->demand->wants, GINT_TO_POINTER (work->region_id));

  return wants != NULL &&
         work->cancellable == G_STRUCT_MEMBER (GCancellable *, wants, cancellable_offset);
}

static void
on_measured (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr(Work) work = user_data;
  g_autoptr(AlmuMeasure) measure = almu_measure_finish (result, NULL);
  AlmuDemand *self = work->demand;

  if (measure == NULL || !is_current (work, G_STRUCT_OFFSET (Wants, measuring)))
    return;

  send_stats (self, work, measure);
  send_histograms (self, work, measure);
}

static void
on_plane_to_measure (GObject      *source,
                     GAsyncResult *result,
                     gpointer      user_data)
{
  g_autoptr(Work) work = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuPlane) plane = NULL;
  AlmuPlane    *plane_ref;
  AlmuShape    *shape = work->shape;
  GArray       *histograms = work->histograms;
  GCancellable *cancellable = work->cancellable;

  plane = almu_cache_get_plane_finish (work->demand->cache, result, &error);
  if (!is_current (work, G_STRUCT_OFFSET (Wants, measuring)))
    return;

  if (plane == NULL)
    {
      emit_failure (work->demand, error);
      return;
    }

  plane_ref = plane;
  almu_measure_async (plane_ref, shape, histograms, ALMU_PRIORITY_NORMAL, cancellable,
                      on_measured, g_steal_pointer (&work));
}

static void
append_stats_want (GArray              *to,
                   const AlmuStatsWant *want)
{
  AlmuStatsWant copy = { g_strdup (want->coordinate), g_array_ref (want->types) };

  g_array_append_val (to, copy);
}

static void
append_histogram_want (GArray                  *to,
                       const AlmuHistogramWant *want)
{
  AlmuHistogramWant copy = *want;

  copy.coordinate = g_strdup (want->coordinate);
  g_array_append_val (to, copy);
}

/* The measuring of one polarisation: all that is wanted of it at once. */
static Work *
get_measuring (Wants     *wants,
               GPtrArray *works,
               int        stokes)
{
  Work *work;

  for (guint i = 0; i < works->len; i++)
    {
      work = g_ptr_array_index (works, i);
      if (work->stokes == stokes)
        return work;
    }

  work = work_new (wants->demand, wants->measuring, wants->region_id, stokes);
  work->stats = almu_stats_wants_new ();
  work->histograms = almu_histogram_wants_new ();
  if (wants->region != NULL)
    work->shape = almu_shape_ref (almu_region_get_shape (wants->region));
  g_ptr_array_add (works, work);

  return work;
}

static GPtrArray *
plan_measures (Wants *wants)
{
  GPtrArray *works = g_ptr_array_new ();
  int        stokes;

  for (guint i = 0; wants->stats != NULL && i < wants->stats->len; i++)
    {
      const AlmuStatsWant *want = &g_array_index (wants->stats, AlmuStatsWant, i);

      if (resolve_stokes (wants->demand, want->coordinate, &stokes))
        append_stats_want (get_measuring (wants, works, stokes)->stats, want);
    }

  for (guint i = 0; wants->histograms != NULL && i < wants->histograms->len; i++)
    {
      const AlmuHistogramWant *want = &g_array_index (wants->histograms, AlmuHistogramWant, i);

      if (resolve_stokes (wants->demand, want->coordinate, &stokes))
        append_histogram_want (get_measuring (wants, works, stokes)->histograms, want);
    }

  return works;
}

static gboolean
wants_measures (Wants *wants)
{
  return (wants->stats != NULL && wants->stats->len > 0) ||
         (wants->histograms != NULL && wants->histograms->len > 0);
}

/* All statistics and histograms of a region, again. */
static void
renew_measures (Wants *wants)
{
  AlmuDemand *self = wants->demand;
  g_autoptr(GPtrArray) works = NULL;

  renew_cancellable (&wants->measuring);
  if (self->plane == NULL || !wants_measures (wants) || !is_on_this_file (wants))
    return;

  works = plan_measures (wants);
  for (guint i = 0; i < works->len; i++)
    {
      Work *work = g_ptr_array_index (works, i);

      almu_cache_get_plane_async (self->cache, self->image, work->channel, work->stokes,
                                  ALMU_PRIORITY_NORMAL, work->cancellable,
                                  on_plane_to_measure, work);
    }
}

/**
 * almu_demand_require_stats:
 * @region_id: a region, or %ALMU_REGION_IMAGE
 * @region: (nullable): the region of that id
 * @wants: (element-type AlmuStatsWant): replaces what was wanted so far
 */
void
almu_demand_require_stats (AlmuDemand *self,
                           int         region_id,
                           AlmuRegion *region,
                           GArray     *wants)
{
  Wants   *entry = get_wants (self, region_id, region);
  gboolean told = take_told (entry, WANT_STATS,
                             entry->stats != NULL && almu_stats_wants_equal (entry->stats, wants));

  replace_array (&entry->stats, wants);
  if (!told)
    renew_measures (entry);
}

/**
 * almu_demand_require_histograms:
 * @region_id: a region, or %ALMU_REGION_IMAGE
 * @region: (nullable): the region of that id
 * @wants: (element-type AlmuHistogramWant): replaces what was wanted so far
 */
void
almu_demand_require_histograms (AlmuDemand *self,
                                int         region_id,
                                AlmuRegion *region,
                                GArray     *wants)
{
  Wants   *entry = get_wants (self, region_id, region);
  gboolean told = take_told (entry, WANT_HISTOGRAMS,
                             entry->histograms != NULL &&
                               almu_histogram_wants_equal (entry->histograms, wants));

  replace_array (&entry->histograms, wants);
  if (!told)
    renew_measures (entry);
}

/* -- spatial profiles --------------------------------------------------- */

/* The pixel that a place falls into: half away from zero, as C rounds. */
static gboolean
find_pixel (AlmuDemand      *self,
            const AlmuPoint *place,
            int             *out_x,
            int             *out_y)
{
  const AlmuImageInfo *info = almu_image_get_info (self->image);
  float                x = roundf (place->x);
  float                y = roundf (place->y);

  if (!(x >= 0 && x < (float) info->width && y >= 0 && y < (float) info->height))
    return FALSE;

  *out_x = (int) x;
  *out_y = (int) y;
  return TRUE;
}

static gboolean
get_place (Wants *wants,
           int   *out_x,
           int   *out_y)
{
  const AlmuShape *shape;

  if (wants->region == NULL)
    return find_pixel (wants->demand, &wants->demand->cursor, out_x, out_y);

  shape = almu_region_get_shape (wants->region);
  return shape->type == ALMU_SHAPE_POINT &&
         find_pixel (wants->demand, &shape->points[0], out_x, out_y);
}

static AlmuProfile
cut (AlmuPlane             *plane,
     const AlmuSpatialWant *want,
     int                    x,
     int                    y)
{
  gsize           length = strlen (want->coordinate);
  AlmuProfileAxis axis = length > 0 && want->coordinate[length - 1] == 'y' ? ALMU_PROFILE_Y : ALMU_PROFILE_X;
  int             n_pixels = axis == ALMU_PROFILE_X ? almu_plane_get_width (plane) : almu_plane_get_height (plane);
  AlmuProfile     profile = { .coordinate = want->coordinate };

  profile.end = want->end <= 0 ? n_pixels : MIN (want->end, n_pixels);
  profile.start = CLAMP (want->start, 0, profile.end);
  profile.mip = want->mip;
  profile.values = almu_profile_cut (plane, axis, axis == ALMU_PROFILE_X ? y : x,
                                     profile.start, profile.end, profile.mip);

  return profile;
}

static void
send_cuts (AlmuDemand *self,
           Work       *work,
           AlmuPlane  *plane,
           int         x,
           int         y)
{
  g_autofree AlmuProfile *profiles = g_new0 (AlmuProfile, MAX (work->spatial->len, 1));

  for (guint i = 0; i < work->spatial->len; i++)
    profiles[i] = cut (plane, &g_array_index (work->spatial, AlmuSpatialWant, i), x, y);

  emit_product (self, &(AlmuProduct){
                        .kind = ALMU_PRODUCT_SPATIAL,
                        .epoch = work->epoch,
                        .file_id = self->file_id,
                        .region_id = work->region_id,
                        .channel = work->channel,
                        .stokes = work->stokes,
                        .progress = 1,
                        .profile = { x, y,
                                     almu_plane_get_pixels (plane)[(gsize) y * almu_plane_get_width (plane) + x],
                                     profiles, work->spatial->len },
                      });

  for (guint i = 0; i < work->spatial->len; i++)
    g_bytes_unref (profiles[i].values);
}

/* Cutting a row or a column takes less time than asking a thread to. */
static void
on_plane_to_cut (GObject      *source,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr(Work) work = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuPlane) plane = NULL;
  int x;
  int y;

  plane = almu_cache_get_plane_finish (work->demand->cache, result, &error);
  if (!is_current (work, G_STRUCT_OFFSET (Wants, cutting)))
    return;

  if (plane == NULL)
    emit_failure (work->demand, error);
  else if (get_place (g_hash_table_lookup (work->demand->wants, GINT_TO_POINTER (work->region_id)), &x, &y))
    send_cuts (work->demand, work, plane, x, y);
}

static Work *
get_cutting (Wants     *wants,
             GPtrArray *works,
             int        stokes)
{
  Work *work;

  for (guint i = 0; i < works->len; i++)
    {
      work = g_ptr_array_index (works, i);
      if (work->stokes == stokes)
        return work;
    }

  work = work_new (wants->demand, wants->cutting, wants->region_id, stokes);
  work->spatial = almu_spatial_wants_new ();
  g_ptr_array_add (works, work);

  return work;
}

static GPtrArray *
plan_cuts (Wants *wants)
{
  GPtrArray *works = g_ptr_array_new ();

  for (guint i = 0; wants->spatial != NULL && i < wants->spatial->len; i++)
    {
      AlmuSpatialWant want = g_array_index (wants->spatial, AlmuSpatialWant, i);
      int             stokes;

      if (!resolve_stokes (wants->demand, want.coordinate, &stokes))
        continue;

      want.coordinate = g_strdup (want.coordinate);
      g_array_append_val (get_cutting (wants, works, stokes)->spatial, want);
    }

  /* the cursor's value is shown even when no profile is */
  if (works->len == 0 && wants->region_id == ALMU_REGION_CURSOR)
    get_cutting (wants, works, wants->demand->stokes);

  return works;
}

/* All spatial profiles at a place, again. */
static void
renew_cuts (Wants *wants)
{
  AlmuDemand *self = wants->demand;
  g_autoptr(GPtrArray) works = NULL;
  int x;
  int y;

  renew_cancellable (&wants->cutting);
  if (self->plane == NULL || wants->region_id < 0 || !get_place (wants, &x, &y))
    return;

  works = plan_cuts (wants);
  if (works->len > 0 && !is_on_this_file (wants))
    {
      g_ptr_array_set_free_func (works, (GDestroyNotify) work_free);
      return;
    }

  for (guint i = 0; i < works->len; i++)
    {
      Work *work = g_ptr_array_index (works, i);

      if (work->stokes == self->stokes)
        {
          send_cuts (self, work, self->plane, x, y);
          work_free (work);
        }
      else
        almu_cache_get_plane_async (self->cache, self->image, work->channel, work->stokes,
                                    ALMU_PRIORITY_CURSOR, work->cancellable,
                                    on_plane_to_cut, work);
    }
}

/**
 * almu_demand_require_spatial:
 * @region_id: a point region, or %ALMU_REGION_CURSOR
 * @region: (nullable): the region of that id
 * @wants: (element-type AlmuSpatialWant): replaces what was wanted so far
 */
void
almu_demand_require_spatial (AlmuDemand *self,
                             int         region_id,
                             AlmuRegion *region,
                             GArray     *wants)
{
  Wants   *entry = get_wants (self, region_id, region);
  gboolean told = take_told (entry, WANT_SPATIAL,
                             entry->spatial != NULL &&
                               almu_spatial_wants_equal (entry->spatial, wants));

  replace_array (&entry->spatial, wants);
  if (!told)
    renew_cuts (entry);
}

/**
 * almu_demand_set_cursor:
 * @cursor: in pixels, the centre of the first at 0
 */
void
almu_demand_set_cursor (AlmuDemand *self,
                        AlmuPoint   cursor)
{
  Wants *wants = get_wants (self, ALMU_REGION_CURSOR, NULL);

  if (cursor.x != self->cursor.x || cursor.y != self->cursor.y)
    {
      self->cursor = cursor;
      renew_spectra (wants);
    }

  renew_cuts (wants);
}

/* -- spectral profiles -------------------------------------------------- */

static void
send_spectrum (Work   *work,
               GBytes *values,
               float   progress)
{
  AlmuDemand             *self = work->demand;
  g_autofree AlmuProfile *profiles = g_new0 (AlmuProfile, work->spectral->len);

  for (guint i = 0; i < work->spectral->len; i++)
    {
      const AlmuStatsWant *want = &g_array_index (work->spectral, AlmuStatsWant, i);

      profiles[i].coordinate = want->coordinate;
      profiles[i].stats_type = want->types->len > 0 ? (AlmuStatsType) g_array_index (want->types, int, 0)
                                                    : ALMU_STATS_MEAN;
      profiles[i].values = values;
    }

  emit_product (self, &(AlmuProduct){
                        .kind = ALMU_PRODUCT_SPECTRAL,
                        .epoch = work->epoch,
                        .file_id = self->file_id,
                        .region_id = work->region_id,
                        .channel = work->channel,
                        .stokes = work->stokes,
                        .progress = progress,
                        .profile = { .profiles = profiles, .n_profiles = work->spectral->len },
                      });
}

static void
on_spectrum_so_far (GBytes  *values,
                    float    progress,
                    gpointer user_data)
{
  Work *work = user_data;

  if (is_current (work, G_STRUCT_OFFSET (Wants, scanning)))
    send_spectrum (work, values, progress);
}

static void
on_spectrum (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr(Work) work = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) values = NULL;

  values = almu_spectrum_read_finish (ALMU_IMAGE (source), result, &error);
  if (!is_current (work, G_STRUCT_OFFSET (Wants, scanning)))
    return;

  if (values != NULL)
    send_spectrum (work, values, 1);
  else
    emit_failure (work->demand, error);
}

static void
scan (Wants               *wants,
      const AlmuStatsWant *want,
      int                  x,
      int                  y)
{
  AlmuDemand *self = wants->demand;
  Work       *work;
  int         stokes;

  if (!resolve_stokes (self, want->coordinate, &stokes))
    return;

  work = work_new (self, wants->scanning, wants->region_id, stokes);
  work->spectral = almu_stats_wants_new ();
  append_stats_want (work->spectral, want);
  almu_spectrum_read_async (self->image, x, y, stokes, wants->scanning,
                            on_spectrum_so_far, on_spectrum, work);
}

/* All spectra of a place, again. */
static void
renew_spectra (Wants *wants)
{
  AlmuDemand *self = wants->demand;
  int         x;
  int         y;

  renew_cancellable (&wants->scanning);
  if (!self->is_started || wants->spectral == NULL || wants->spectral->len == 0 ||
      !is_on_this_file (wants) || !get_place (wants, &x, &y))
    return;

  for (guint i = 0; i < wants->spectral->len; i++)
    scan (wants, &g_array_index (wants->spectral, AlmuStatsWant, i), x, y);
}

/**
 * almu_demand_require_spectral:
 * @region_id: a point region, or %ALMU_REGION_CURSOR
 * @region: (nullable): the region of that id
 * @wants: (element-type AlmuStatsWant): replaces what was wanted so far
 */
void
almu_demand_require_spectral (AlmuDemand *self,
                              int         region_id,
                              AlmuRegion *region,
                              GArray     *wants)
{
  Wants   *entry = get_wants (self, region_id, region);
  gboolean told = take_told (entry, WANT_SPECTRAL,
                             entry->spectral != NULL &&
                               almu_stats_wants_equal (entry->spectral, wants));

  replace_array (&entry->spectral, wants);
  if (!told)
    renew_spectra (entry);
}

guint
almu_demand_get_n_running (AlmuDemand *self)
{
  return almu_tile_queue_get_n_running (self->tiles);
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
