/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-demand-private.h"

/* What is wanted of each region, of the cursor and of the image as a whole,
 * and the work that is under way for it.
 */

/* -- work --------------------------------------------------------------- */

/**
 * almu_work_free:
 * @work: (transfer full): a note
 *
 * Frees it and lets the demand go, on the main thread.
 */
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

/**
 * almu_work_new:
 * @demand: for whom; held while the work is on its way
 * @cancellable: of what it hangs on; held
 * @region_id: what it is about
 * @stokes: of which polarisation; the channel is that on display
 *
 * Notes what was asked for, and in which epoch, before threads take over.
 *
 * Returns: (transfer full): a note for the callback
 */
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

/**
 * almu_work_is_current:
 * @work: what has come back
 * @cancellable_offset: where in #Wants the cancellable is that it hung on
 *
 * Whether what it was asked for is still wanted: the cancellable is compared by
 * identity, so that a result which was already on its way when it was cancelled
 * is void too.
 */
gboolean
almu_work_is_current (Work *work,
                      gsize cancellable_offset)
{
  Wants *wants = g_hash_table_lookup (work->demand->wants, GINT_TO_POINTER (work->region_id));

  return wants != NULL &&
         work->cancellable == G_STRUCT_MEMBER (GCancellable *, wants, cancellable_offset);
}

/* -- wants -------------------------------------------------------------- */

/**
 * almu_wants_stop:
 * @wants: what is wanted of a region
 *
 * Ends all work for it. What is wanted stays known.
 */
void
almu_wants_stop (Wants *wants)
{
  almu_demand_stop_cancellable (&wants->measuring);
  almu_demand_stop_cancellable (&wants->cutting);
  almu_demand_stop_cancellable (&wants->counting);
  almu_wants_stop_spectra (wants);
}

/**
 * almu_wants_free:
 * @data: a #Wants
 *
 * Ends all work for it, stops listening to the region and frees it.
 */
void
almu_wants_free (gpointer data)
{
  Wants *wants = data;

  almu_wants_stop (wants);
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

/**
 * almu_wants_renew:
 * @wants: what is wanted of a region
 *
 * Makes anew all that has to do with where it lies: profiles, statistics and
 * histograms, spectra.
 */
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

/**
 * almu_demand_get_wants:
 * @self: a demand
 * @region_id: a region, or what stands for one
 * @region: (nullable): that region, which is held and listened to if it is not
 *   known yet
 *
 * Looks up what is wanted of a region; nothing is, if nobody has asked yet.
 *
 * Returns: (transfer none): what is wanted, until almu_demand_forget_region()
 */
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
 * @region_id: a region
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

/**
 * almu_wants_replace:
 * @wants: what is wanted of a region
 * @kind: of what kind
 * @place: (inout): the list of that kind in @wants
 * @with: what is wanted from now on; held, and not to be changed any more
 * @is_equal: whether it is what was wanted before
 *
 * Takes over what is wanted, and notes that the record has changed if it is
 * something else.
 *
 * Returns: %FALSE if exactly this was sent after a resume already, unasked, and
 *   need not be sent again
 */
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
    almu_demand_emit_changed (wants->demand);

  return !(is_told && is_equal);
}

/**
 * almu_demand_resolve_stokes:
 * @self: a demand
 * @coordinate: as it was asked for
 * @out_stokes: (out): index of the polarisation that is meant, or a computed
 *   #AlmuPolarisation; left alone if there is none
 *
 * almu_coordinate_resolve() for this image and the polarisation on display.
 * What cannot be resolved is emitted as a failure.
 *
 * Returns: whether there is such a polarisation
 */
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
 * @self: a demand
 *
 * Regions of which nothing is wanted any more may be among them, without lists.
 * The lists are shared, and not to be changed.
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
