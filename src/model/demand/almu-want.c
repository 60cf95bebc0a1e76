/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-want.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "almu-error.h"

static void
clear_spatial (gpointer data)
{
  AlmuSpatialWant *want = data;

  g_clear_pointer (&want->coordinate, g_free);
}

static void
clear_stats (gpointer data)
{
  AlmuStatsWant *want = data;

  g_clear_pointer (&want->coordinate, g_free);
  g_clear_pointer (&want->types, g_array_unref);
}

static void
clear_histogram (gpointer data)
{
  AlmuHistogramWant *want = data;

  g_clear_pointer (&want->coordinate, g_free);
}

static GArray *
wants_new (gsize          element_size,
           GDestroyNotify clear)
{
  GArray *wants = g_array_new (FALSE, TRUE, element_size);

  g_array_set_clear_func (wants, clear);

  return wants;
}

/**
 * almu_spatial_wants_new:
 *
 * Returns: (transfer full) (element-type AlmuSpatialWant): an empty list
 */
GArray *
almu_spatial_wants_new (void)
{
  return wants_new (sizeof (AlmuSpatialWant), clear_spatial);
}

/**
 * almu_stats_wants_new:
 *
 * Returns: (transfer full) (element-type AlmuStatsWant): an empty list
 */
GArray *
almu_stats_wants_new (void)
{
  return wants_new (sizeof (AlmuStatsWant), clear_stats);
}

/**
 * almu_histogram_wants_new:
 *
 * Returns: (transfer full) (element-type AlmuHistogramWant): an empty list
 */
GArray *
almu_histogram_wants_new (void)
{
  return wants_new (sizeof (AlmuHistogramWant), clear_histogram);
}

/**
 * almu_stats_wants_append:
 * @self: (element-type AlmuStatsWant): a list
 * @want: copied; its types are shared, and not to be changed any more
 *
 * Adds one to the end.
 */
void
almu_stats_wants_append (GArray              *self,
                         const AlmuStatsWant *want)
{
  AlmuStatsWant copy = { g_strdup (want->coordinate), g_array_ref (want->types) };

  g_array_append_val (self, copy);
}

/**
 * almu_histogram_wants_append:
 * @self: (element-type AlmuHistogramWant): a list
 * @want: copied
 *
 * Adds one to the end.
 */
void
almu_histogram_wants_append (GArray                  *self,
                             const AlmuHistogramWant *want)
{
  AlmuHistogramWant copy = *want;

  copy.coordinate = g_strdup (want->coordinate);
  g_array_append_val (self, copy);
}

/**
 * almu_spatial_wants_equal:
 * @a: (element-type AlmuSpatialWant): a list
 * @b: (element-type AlmuSpatialWant): another
 *
 * Whether both ask for the same in the same order.
 *
 * Returns: whether they are equal
 */
gboolean
almu_spatial_wants_equal (const GArray *a,
                          const GArray *b)
{
  if (a->len != b->len)
    return FALSE;

  for (guint i = 0; i < a->len; i++)
    {
      const AlmuSpatialWant *x = &g_array_index (a, AlmuSpatialWant, i);
      const AlmuSpatialWant *y = &g_array_index (b, AlmuSpatialWant, i);

      if (!g_str_equal (x->coordinate, y->coordinate) ||
          x->start != y->start || x->end != y->end || x->mip != y->mip || x->width != y->width)
        return FALSE;
    }

  return TRUE;
}

/**
 * almu_stats_wants_equal:
 * @a: (element-type AlmuStatsWant): a list
 * @b: (element-type AlmuStatsWant): another
 *
 * Whether both ask for the same in the same order, that of the types included.
 *
 * Returns: whether they are equal
 */
gboolean
almu_stats_wants_equal (const GArray *a,
                        const GArray *b)
{
  if (a->len != b->len)
    return FALSE;

  for (guint i = 0; i < a->len; i++)
    {
      const AlmuStatsWant *x = &g_array_index (a, AlmuStatsWant, i);
      const AlmuStatsWant *y = &g_array_index (b, AlmuStatsWant, i);

      if (!g_str_equal (x->coordinate, y->coordinate) ||
          x->types->len != y->types->len ||
          (x->types->len > 0 && memcmp (x->types->data, y->types->data, x->types->len * sizeof (int)) != 0))
        return FALSE;
    }

  return TRUE;
}

/**
 * almu_histogram_wants_equal:
 * @a: (element-type AlmuHistogramWant): a list
 * @b: (element-type AlmuHistogramWant): another
 *
 * Whether both ask for the same in the same order. A bound that is NaN is equal
 * to none.
 *
 * Returns: whether they are equal
 */
gboolean
almu_histogram_wants_equal (const GArray *a,
                            const GArray *b)
{
  if (a->len != b->len)
    return FALSE;

  for (guint i = 0; i < a->len; i++)
    {
      const AlmuHistogramWant *x = &g_array_index (a, AlmuHistogramWant, i);
      const AlmuHistogramWant *y = &g_array_index (b, AlmuHistogramWant, i);

      if (!g_str_equal (x->coordinate, y->coordinate) ||
          x->channel != y->channel ||
          x->has_fixed_bins != y->has_fixed_bins || x->n_bins != y->n_bins ||
          x->has_fixed_bounds != y->has_fixed_bounds ||
          x->min != y->min || x->max != y->max)
        return FALSE;
    }

  return TRUE;
}

/**
 * almu_coordinate_parse:
 * @text: "x", "Iy", "z", "Ptotalz" …; "" is "z"
 * @out_coordinate: (out): axis and polarisation; left alone on failure
 * @error: return location
 *
 * An axis alone is of the polarisation on display, and a polarisation alone is
 * along z. Anything else is %ALMU_ERROR_FORMAT; whether an image has that
 * polarisation is not asked.
 *
 * Returns: whether @text is a coordinate
 */
gboolean
almu_coordinate_parse (const char     *text,
                       AlmuCoordinate *out_coordinate,
                       GError        **error)
{
  AlmuCoordinate coordinate = { .axis = 'z' };
  gsize          length = strlen (text);

  if (length > 0 && strchr ("xyz", text[length - 1]) != NULL)
    coordinate.axis = text[--length];

  for (int i = 0; i < ALMU_N_POLARISATIONS; i++)
    {
      const char *name = almu_polarisation_get_name (i);

      if (strlen (name) != length || strncmp (name, text, length) != 0)
        continue;

      coordinate.polarisation = i;
      *out_coordinate = coordinate;
      return TRUE;
    }

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
               _ ("Coordinate “%s” is not an axis (x, y, z), nor one after a polarisation (Ix, Qz, Ptotalz)"),
               text);
  return FALSE;
}

static gboolean
find_stokes (const AlmuImageInfo *info,
             int                  polarisation,
             int                 *out_stokes,
             GError             **error)
{
  AlmuParts parts;
  int       stokes = polarisation;

  if (almu_polarisation_is_computed (polarisation))
    {
      if (!almu_polarisation_find_parts (info, polarisation, &parts, error))
        return FALSE;
    }
  else
    {
      stokes = almu_polarisation_find (info, polarisation);
    }

  if (stokes < 0)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND,
                   _ ("The image has no polarisation %s"), almu_polarisation_get_name (polarisation));
      return FALSE;
    }

  *out_stokes = stokes;
  return TRUE;
}

/**
 * almu_coordinate_resolve:
 * @text: a coordinate
 * @info: the image
 * @current_stokes: index of the polarisation on display, or a computed one
 * @out_axis: 'x', 'y' or 'z'
 * @out_stokes: index of the polarisation that is meant, or a computed
 *   #AlmuPolarisation; either way what planes and boxes are asked for with
 * @error: return location
 *
 * Fails as almu_coordinate_parse() does, with %ALMU_ERROR_NOT_FOUND if the
 * image has no such polarisation, and as almu_polarisation_find_parts() does
 * for one that it would be computed from. Both are left alone then.
 *
 * Returns: whether the image has what is meant
 */
gboolean
almu_coordinate_resolve (const char          *text,
                         const AlmuImageInfo *info,
                         int                  current_stokes,
                         char                *out_axis,
                         int                 *out_stokes,
                         GError             **error)
{
  AlmuCoordinate coordinate;
  int            stokes = current_stokes;

  if (!almu_coordinate_parse (text, &coordinate, error))
    return FALSE;

  if (coordinate.polarisation != ALMU_POLARISATION_CURRENT &&
      !find_stokes (info, coordinate.polarisation, &stokes, error))
    return FALSE;

  *out_axis = coordinate.axis;
  *out_stokes = stokes;
  return TRUE;
}
