/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-demand-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "almu-error.h"
#include "almu-polarisation.h"
#include "almu-spectrum.h"
#include "almu-workers.h"

/* Spectra of the cursor and of regions. Each polarisation of a place is read
 * once, however many profiles are made of it: a track. Tracks live while one
 * of them is under way; what they have found is in the cache by then. */

/* One polarisation of a place. */
typedef struct
{
  int           stokes;
  GCancellable *cancellable; /* while it is being read */
  AlmuSpectrum *spectrum;    /* NULL, so far, or whole */
  double        progress;
} Track;

/* What a profile is made of: one polarisation, or what one is computed from. */
typedef struct
{
  int    stokes;
  int    n_tracks;
  int    track_stokes[ALMU_MAX_PARTS];
  Track *tracks[ALMU_MAX_PARTS];
} Recipe;

static void
track_free (gpointer data)
{
  Track *track = data;

  g_cancellable_cancel (track->cancellable);
  g_clear_object (&track->cancellable);
  g_clear_pointer (&track->spectrum, almu_spectrum_unref);
  g_free (track);
}

/**
 * almu_wants_tracks_new:
 *
 * For #Wants: what is in it is cancelled when it is removed.
 *
 * Returns: (transfer full): no spectrum under way
 */
GPtrArray *
almu_wants_tracks_new (void)
{
  return g_ptr_array_new_with_free_func (track_free);
}

static Track *
find_track (Wants *wants,
            int    stokes)
{
  for (guint i = 0; i < wants->tracks->len; i++)
    {
      Track *track = g_ptr_array_index (wants->tracks, i);

      if (track->stokes == stokes)
        return track;
    }

  return NULL;
}

/* The track that some work is for, if it is still wanted. */
static Track *
find_track_of (Work *work)
{
  Wants *wants = g_hash_table_lookup (work->demand->wants, GINT_TO_POINTER (work->region_id));
  Track *track = wants != NULL ? find_track (wants, work->stokes) : NULL;

  return track != NULL && track->cancellable == work->cancellable ? track : NULL;
}

static gboolean
is_pixel (Wants *wants)
{
  return wants->region == NULL;
}

/* -- what is told ------------------------------------------------------- */

static double
get_progress (const Recipe *recipe)
{
  double sum = 0;

  for (int i = 0; i < recipe->n_tracks; i++)
    sum += recipe->tracks[i]->progress;

  return sum / recipe->n_tracks;
}

/* Pixels that are there in all parts, or blank in one, cannot be told from
 * counts of each: as many as in the part that has fewest, or lacks most. */
static double
combine_counts (const double *counts,
                int           n,
                gboolean      is_blanks)
{
  double combined = counts[0];

  for (int i = 1; i < n; i++)
    combined = is_blanks ? MAX (combined, counts[i]) : MIN (combined, counts[i]);

  return combined;
}

/* The statistic of each part first, then what is computed from them: not the
 * statistic of the computed image. */
static double
get_point (const Recipe        *recipe,
           AlmuStatsType        type,
           const AlmuImageInfo *info,
           int                  channel)
{
  double parts[ALMU_MAX_PARTS];

  for (int i = 0; i < recipe->n_tracks; i++)
    {
      const Track *track = recipe->tracks[i];

      if (track->spectrum == NULL)
        return NAN;
      parts[i] = almu_spectrum_get (track->spectrum, type, info, channel, track->stokes);
    }

  if (recipe->n_tracks == 1)
    return parts[0];
  if (type == ALMU_STATS_NUM_PIXELS || type == ALMU_STATS_NAN_COUNT)
    return combine_counts (parts, recipe->n_tracks, type == ALMU_STATS_NAN_COUNT);

  return almu_polarisation_combine_double (recipe->stokes, parts);
}

static GBytes *
encode_doubles (double *values,
                gsize   n_values)
{
  if (G_BYTE_ORDER == G_BIG_ENDIAN)
    for (gsize i = 0; i < n_values; i++)
      {
        guint64 bits;

        memcpy (&bits, values + i, sizeof bits);
        bits = GUINT64_TO_LE (bits);
        memcpy (values + i, &bits, sizeof bits);
      }

  return g_bytes_new_take (values, n_values * sizeof *values);
}

static GBytes *
encode_floats (const double *values,
               gsize         n_values)
{
  float *floats = g_new (float, n_values);

  for (gsize i = 0; i < n_values; i++)
    {
      guint32 bits;

      floats[i] = (float) values[i];
      memcpy (&bits, floats + i, sizeof bits);
      bits = GUINT32_TO_LE (bits);
      memcpy (floats + i, &bits, sizeof bits);
    }

  return g_bytes_new_take (floats, n_values * sizeof *floats);
}

/* For the cursor as wide as pixels are, for regions as statistics are. */
static GBytes *
make_profile (Wants        *wants,
              const Recipe *recipe,
              AlmuStatsType type)
{
  const AlmuImageInfo *info = almu_image_get_info (wants->demand->image);
  g_autofree double   *values = g_new (double, info->depth);

  for (int channel = 0; channel < info->depth; channel++)
    values[channel] = get_point (recipe, type, info, channel);

  return is_pixel (wants) ? encode_floats (values, (gsize) info->depth)
                          : encode_doubles (g_steal_pointer (&values), (gsize) info->depth);
}

/* A pixel has one profile, whatever it is called. */
static void
send_spectrum (Wants               *wants,
               const AlmuStatsWant *want,
               const Recipe        *recipe,
               double               progress)
{
  AlmuDemand             *self = wants->demand;
  guint                   n_types = is_pixel (wants) ? MIN (want->types->len, 1) : want->types->len;
  guint                   n = MAX (n_types, 1);
  g_autofree AlmuProfile *profiles = g_new0 (AlmuProfile, n);

  for (guint i = 0; i < n; i++)
    {
      profiles[i].coordinate = want->coordinate;
      profiles[i].stats_type = n_types > 0 ? (AlmuStatsType) g_array_index (want->types, int, i)
                                           : ALMU_STATS_MEAN;
      profiles[i].values = make_profile (wants, recipe, profiles[i].stats_type);
    }

  almu_demand_emit_product (self, &(AlmuProduct){
                                    .kind = ALMU_PRODUCT_SPECTRAL,
                                    .epoch = self->epoch,
                                    .file_id = self->file_id,
                                    .region_id = wants->region_id,
                                    .channel = self->channel,
                                    .stokes = recipe->stokes,
                                    .progress = (float) progress,
                                    .profile = { .profiles = profiles, .n_profiles = n },
                                  });

  for (guint i = 0; i < n; i++)
    g_bytes_unref (profiles[i].values);
}

static void
send_if_whole (Wants               *wants,
               const AlmuStatsWant *want,
               const Recipe        *recipe)
{
  if (get_progress (recipe) >= 1)
    send_spectrum (wants, want, recipe, 1);
}

/* Below 1 until it is whole, however it is rounded. */
static void
send_so_far (Wants               *wants,
             const AlmuStatsWant *want,
             const Recipe        *recipe)
{
  send_spectrum (wants, want, recipe, MIN (get_progress (recipe), 0.999));
}

/* -- what it is made of ------------------------------------------------- */

/* A computed pixel is read as such: it is what the picture shows. */
static gboolean
find_ingredients (Wants  *wants,
                  int     stokes,
                  Recipe *recipe)
{
  const AlmuImageInfo *info = almu_image_get_info (wants->demand->image);
  AlmuParts            parts = { .n = 1, .stokes = { stokes } };

  if (!is_pixel (wants) && almu_polarisation_is_computed_of (info, stokes) &&
      !almu_polarisation_find_parts (info, stokes, &parts, NULL))
    return FALSE;

  recipe->stokes = stokes;
  recipe->n_tracks = parts.n;
  memcpy (recipe->track_stokes, parts.stokes, sizeof recipe->track_stokes);

  return TRUE;
}

/* What @want is made of, if all of it is under way. */
static gboolean
get_recipe (Wants               *wants,
            const AlmuStatsWant *want,
            Recipe              *recipe)
{
  char axis;
  int  stokes;

  if (!almu_coordinate_resolve (want->coordinate, almu_image_get_info (wants->demand->image),
                                wants->demand->stokes, &axis, &stokes, NULL) ||
      !find_ingredients (wants, stokes, recipe))
    return FALSE;

  for (int i = 0; i < recipe->n_tracks; i++)
    {
      recipe->tracks[i] = find_track (wants, recipe->track_stokes[i]);
      if (recipe->tracks[i] == NULL)
        return FALSE;
    }

  return TRUE;
}

/* Everything that has to do with a track. */
static void
tell_track (Wants *wants,
            Track *track,
            void (*send) (Wants               *wants,
                          const AlmuStatsWant *want,
                          const Recipe        *recipe))
{
  for (guint i = 0; i < wants->spectral->len; i++)
    {
      const AlmuStatsWant *want = &g_array_index (wants->spectral, AlmuStatsWant, i);
      Recipe               recipe;
      gboolean             is_part = FALSE;

      if (!get_recipe (wants, want, &recipe))
        continue;

      for (int j = 0; j < recipe.n_tracks; j++)
        is_part |= recipe.tracks[j] == track;
      if (is_part)
        send (wants, want, &recipe);
    }
}

/* -- reading it --------------------------------------------------------- */

/* What is in the cache need not be held here too. */
static void
forget_tracks (Wants *wants)
{
  for (guint i = 0; i < wants->tracks->len; i++)
    if (((Track *) g_ptr_array_index (wants->tracks, i))->cancellable != NULL)
      return;

  g_ptr_array_set_size (wants->tracks, 0);
}

static void
on_spectrum_so_far (gpointer so_far,
                    double   progress,
                    gpointer user_data)
{
  Work  *work = user_data;
  Track *track = find_track_of (work);
  Wants *wants;

  if (track == NULL)
    return;

  wants = g_hash_table_lookup (work->demand->wants, GINT_TO_POINTER (work->region_id));
  g_clear_pointer (&track->spectrum, almu_spectrum_unref);
  track->spectrum = almu_spectrum_ref (so_far);
  track->progress = progress;
  tell_track (wants, track, send_so_far);
}

static void
on_spectrum (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr(Work) work = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuSpectrum) spectrum = NULL;
  AlmuDemand *self = work->demand;
  Track      *track;
  Wants      *wants;

  spectrum = almu_cache_get_spectrum_finish (ALMU_CACHE (source), result, &error);
  track = find_track_of (work);
  if (track == NULL)
    return;

  wants = g_hash_table_lookup (self->wants, GINT_TO_POINTER (work->region_id));
  g_clear_object (&track->cancellable);
  g_clear_pointer (&track->spectrum, almu_spectrum_unref);
  if (spectrum == NULL)
    {
      g_ptr_array_remove (wants->tracks, track);
      almu_demand_emit_failure (self, error);
      return;
    }

  track->spectrum = g_steal_pointer (&spectrum);
  track->progress = 1;
  tell_track (wants, track, send_if_whole);
  forget_tracks (wants);
}

/* What is in memory, as it is or in another order. */
static AlmuSpectrum *
dup_known (Wants     *wants,
           AlmuShape *shape,
           int        stokes)
{
  AlmuDemand   *self = wants->demand;
  AlmuSpectrum *known = almu_cache_peek_spectrum (self->cache, self->image, shape, is_pixel (wants), stokes);

  if (known != NULL)
    return almu_spectrum_ref (known);

  if (shape->type != ALMU_SHAPE_POINT)
    return NULL;

  return almu_cache_visit (self->cache, self->image, shape, is_pixel (wants), stokes, self);
}

static void
start_track (Wants     *wants,
             AlmuShape *shape,
             int        stokes)
{
  AlmuDemand *self = wants->demand;
  Track      *track = g_new0 (Track, 1);
  Work       *work;

  track->stokes = stokes;
  g_ptr_array_add (wants->tracks, track);
  track->spectrum = dup_known (wants, shape, stokes);
  if (track->spectrum != NULL)
    {
      track->progress = 1;
      return;
    }

  track->cancellable = almu_workers_cancellable_new (wants->demand);
  work = almu_work_new (self, track->cancellable, wants->region_id, stokes);
  almu_cache_get_spectrum_async (self->cache, self->convoy, self->image, shape, is_pixel (wants), stokes,
                                 track->cancellable, on_spectrum_so_far, on_spectrum, work);
}

static AlmuShape *
make_pixel (int x,
            int y)
{
  const AlmuPoint place = { (float) x, (float) y };

  return almu_shape_new (ALMU_SHAPE_POINT, &place, 1, 0, NULL);
}

/* Where it is to be read; NULL if nowhere, which the viewer was told if it is
 * worth a word. */
static AlmuShape *
dup_place (Wants *wants)
{
  g_autoptr(GError) error = NULL;
  AlmuShape *shape;
  int        x, y;

  if (is_pixel (wants))
    return almu_wants_get_place (wants, &x, &y) ? make_pixel (x, y) : NULL;

  shape = almu_wants_get_shape (wants);
  if (shape == NULL)
    return NULL;

  if (shape->type == ALMU_SHAPE_POINT || almu_shape_is_closed (shape))
    return almu_shape_ref (shape);

  error = g_error_new (ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                       _ ("Region %d (%s) has no spectral profile: only points, rectangles, ellipses and polygons do"),
                       wants->region_id, _ (almu_shape_type_get_name (shape->type)));
  almu_demand_emit_failure (wants->demand, error);

  return NULL;
}

static gboolean
want_is_of_current (const AlmuStatsWant *want)
{
  AlmuCoordinate coordinate;

  return almu_coordinate_parse (want->coordinate, &coordinate, NULL) &&
         coordinate.polarisation == ALMU_POLARISATION_CURRENT;
}

static gboolean
is_among (const GArray *needed,
          int           stokes)
{
  for (guint i = 0; i < needed->len; i++)
    if (g_array_index (needed, int, i) == stokes)
      return TRUE;

  return FALSE;
}

/* Polarisations that are to be read, as indices; each once. */
static GArray *
list_needed (Wants *wants)
{
  GArray *needed = g_array_new (FALSE, FALSE, sizeof (int));

  for (guint i = 0; i < wants->spectral->len; i++)
    {
      const AlmuStatsWant *want = &g_array_index (wants->spectral, AlmuStatsWant, i);
      Recipe               recipe;
      int                  stokes;

      if (!almu_demand_resolve_stokes (wants->demand, want->coordinate, &stokes) ||
          !find_ingredients (wants, stokes, &recipe))
        continue;

      for (int j = 0; j < recipe.n_tracks; j++)
        if (!is_among (needed, recipe.track_stokes[j]))
          g_array_append_val (needed, recipe.track_stokes[j]);
    }

  return needed;
}

static void
drop_unneeded (Wants        *wants,
               const GArray *needed)
{
  for (guint i = wants->tracks->len; i > 0; i--)
    {
      Track *track = g_ptr_array_index (wants->tracks, i - 1);

      if (!is_among (needed, track->stokes))
        g_ptr_array_remove_index (wants->tracks, i - 1);
    }
}

/* Brings the tracks in line with what is wanted, and tells what is known
 * already. One that is under way goes on if it is still wanted. */
static void
update_tracks (Wants   *wants,
               gboolean only_current)
{
  AlmuDemand *self = wants->demand;
  g_autoptr(AlmuShape) place = NULL;
  g_autoptr(GArray) needed = NULL;

  if (!self->is_started || wants->spectral == NULL || wants->spectral->len == 0)
    {
      almu_wants_stop_spectra (wants);
      return;
    }

  place = dup_place (wants);
  if (place == NULL)
    {
      almu_wants_stop_spectra (wants);
      return;
    }

  needed = list_needed (wants);
  drop_unneeded (wants, needed);
  for (guint i = 0; i < needed->len; i++)
    if (find_track (wants, g_array_index (needed, int, i)) == NULL)
      start_track (wants, place, g_array_index (needed, int, i));

  for (guint i = 0; i < wants->spectral->len; i++)
    {
      const AlmuStatsWant *want = &g_array_index (wants->spectral, AlmuStatsWant, i);
      Recipe               recipe;

      if ((!only_current || want_is_of_current (want)) && get_recipe (wants, want, &recipe))
        send_if_whole (wants, want, &recipe);
    }
  forget_tracks (wants);
}

/**
 * almu_wants_renew_spectra:
 * @wants: what is wanted of the cursor or a region
 *
 * Makes all its spectra anew, from the beginning.
 */
void
almu_wants_renew_spectra (Wants *wants)
{
  almu_wants_stop_spectra (wants);
  update_tracks (wants, FALSE);
}

/**
 * almu_wants_change_stokes:
 * @wants: what is wanted of the cursor or a region
 *
 * Makes spectra of the polarisation on display, which is another now. Those of
 * a given one go on.
 */
void
almu_wants_change_stokes (Wants *wants)
{
  update_tracks (wants, TRUE);
}

/**
 * almu_wants_stop_spectra:
 * @wants: what is wanted of the cursor or a region
 *
 * Ends its spectra. What was whole is in the cache.
 */
void
almu_wants_stop_spectra (Wants *wants)
{
  g_ptr_array_set_size (wants->tracks, 0);
}

/**
 * almu_demand_require_spectral:
 * @self: a demand
 * @region_id: a region, or %ALMU_REGION_CURSOR
 * @region: (nullable): the region of that id
 * @wants: (element-type AlmuStatsWant): replaces what was wanted so far
 *
 * As almu_demand_require_spatial(), but products are of %ALMU_PRODUCT_SPECTRAL,
 * and not of one plane: several, with a progress below 1, until the spectrum is
 * whole. One that is under way goes on if it is still wanted.
 */
void
almu_demand_require_spectral (AlmuDemand *self,
                              int         region_id,
                              AlmuRegion *region,
                              GArray     *wants)
{
  Wants   *entry = almu_demand_get_wants (self, region_id, region);
  gboolean is_equal = entry->spectral != NULL && almu_stats_wants_equal (entry->spectral, wants);

  if (almu_wants_replace (entry, WANT_SPECTRAL, &entry->spectral, wants, is_equal))
    update_tracks (entry, FALSE);
}
