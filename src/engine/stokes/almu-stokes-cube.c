/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-stokes-cube.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "almu-axes.h"
#include "almu-error.h"
#include "almu-polarisation.h"
#include "almu-stokes-header.h"

/**
 * AlmuStokesCube:
 *
 * Images of one polarisation each, seen as one with a Stokes axis. Its
 * header is that of the first with another Stokes axis; its pixels are read
 * where they are.
 */
struct _AlmuStokesCube
{
  AlmuImage parent_instance;

  GPtrArray *parts; /* AlmuImage, by index on the Stokes axis */
};

G_DEFINE_FINAL_TYPE (AlmuStokesCube, almu_stokes_cube, ALMU_TYPE_IMAGE)

static void
almu_stokes_cube_finalize (GObject *object)
{
  AlmuStokesCube *self = ALMU_STOKES_CUBE (object);

  g_clear_pointer (&self->parts, g_ptr_array_unref);

  G_OBJECT_CLASS (almu_stokes_cube_parent_class)->finalize (object);
}

static gboolean
almu_stokes_cube_read (AlmuImage     *image,
                       const AlmuBox *box,
                       float         *pixels,
                       GCancellable  *cancellable,
                       GError       **error)
{
  AlmuStokesCube *self = ALMU_STOKES_CUBE (image);
  AlmuBox         box_of_part = *box;

  box_of_part.stokes = 0;

  return almu_image_read (self->parts->pdata[box->stokes], &box_of_part, pixels, cancellable, error);
}

/* What its header speaks of is beside the first. */
static gboolean
almu_stokes_cube_read_extension (AlmuImage  *image,
                                 const char *extension,
                                 gint64      version,
                                 GBytes    **out_bytes,
                                 GError    **error)
{
  return almu_image_read_extension (ALMU_STOKES_CUBE (image)->parts->pdata[0], extension, version, out_bytes, error);
}

static void
almu_stokes_cube_class_init (AlmuStokesCubeClass *klass)
{
  AlmuImageClass *image_class = ALMU_IMAGE_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = almu_stokes_cube_finalize;
  image_class->read = almu_stokes_cube_read;
  image_class->read_extension = almu_stokes_cube_read_extension;
}

static void
almu_stokes_cube_init (AlmuStokesCube *self)
{
  self->parts = g_ptr_array_new_with_free_func (g_object_unref);
}

/* -- which polarisations ------------------------------------------------ */

static gboolean
check_polarisation (int         polarisation,
                    const char *name,
                    GError    **error)
{
  if (polarisation >= ALMU_POLARISATION_I && polarisation <= ALMU_POLARISATION_YX)
    return TRUE;

  if (almu_polarisation_is_computed (polarisation))
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                 _ ("%s: %s is computed, and no part of a hypercube: it may be I, Q, U, V, "
                    "RR, LL, RL, LR, XX, YY, XY or YX"),
                 name, almu_polarisation_get_name (polarisation));
  else
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                 _ ("%s: its polarisation was not said: it may be I, Q, U, V, "
                    "RR, LL, RL, LR, XX, YY, XY or YX"),
                 name);

  return FALSE;
}

static gboolean
check_distinct (const int         *polarisations,
                const char *const *names,
                guint              n,
                GError           **error)
{
  for (guint i = 0; i < n; i++)
    for (guint j = 0; j < i; j++)
      if (polarisations[i] == polarisations[j])
        {
          g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                       _ ("%s and %s are both said to be polarisation %s"),
                       names[j], names[i], almu_polarisation_get_name (polarisations[i]));
          return FALSE;
        }

  return TRUE;
}

static int
compare_ints (gconstpointer a,
              gconstpointer b)
{
  return *(const int *) a - *(const int *) b;
}

/* An axis has one step. */
static gboolean
check_steps (const int *polarisations,
             guint      n,
             GError   **error)
{
  g_autofree int *sorted = g_memdup2 (polarisations, n * sizeof *polarisations);
  g_autoptr(GString) list = g_string_new (NULL);
  gboolean is_even = TRUE;

  qsort (sorted, n, sizeof *sorted, compare_ints);
  for (guint i = 0; i < n; i++)
    {
      g_string_append_printf (list, "%s%s", i > 0 ? ", " : "", almu_polarisation_get_name (sorted[i]));
      if (i > 1)
        is_even = is_even && almu_polarisation_to_fits (sorted[i]) - almu_polarisation_to_fits (sorted[i - 1]) ==
                               almu_polarisation_to_fits (sorted[1]) - almu_polarisation_to_fits (sorted[0]);
    }

  if (!is_even)
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                 _ ("Polarisations %s cannot be one axis: the numbers that FITS has for them "
                    "(I, Q, U, V from 1 to 4; RR, LL, RL, LR, XX, YY, XY, YX from -1 to -8) are not evenly spaced"),
                 list->str);

  return is_even;
}

/**
 * almu_stokes_cube_check_polarisations:
 * @polarisations: (array length=n): of each file, as the ICD numbers them
 * @names: (array length=n): of the files, for messages
 * @n: how many
 * @error: return location
 *
 * Whether a Stokes axis can be made of @polarisations, in whatever order,
 * before a file is opened.
 *
 * Returns: %FALSE with an error if not
 */
gboolean
almu_stokes_cube_check_polarisations (const int         *polarisations,
                                      const char *const *names,
                                      guint              n,
                                      GError           **error)
{
  if (n < 2)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                   _ ("A hypercube is made of at least two files, not of %u"), n);
      return FALSE;
    }

  for (guint i = 0; i < n; i++)
    if (!check_polarisation (polarisations[i], names[i], error))
      return FALSE;

  return check_distinct (polarisations, names, n, error) && check_steps (polarisations, n, error);
}

/* -- whether the images fit --------------------------------------------- */

static char *
describe_shape (const AlmuImageInfo *info)
{
  GString *text = g_string_new (NULL);

  for (int i = 0; i < info->n_axes; i++)
    g_string_append_printf (text, "%s%" G_GINT64_FORMAT, i > 0 ? "×" : "", info->shape[i]);

  return g_string_free (text, FALSE);
}

static gboolean
check_single (AlmuImage *image,
              GError   **error)
{
  const AlmuImageInfo *info = almu_image_get_info (image);

  if (info->n_stokes == 1)
    return TRUE;

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
               _ ("%s: HDU %s has %d polarisations; each file of a hypercube has one"),
               almu_image_get_name (image), info->hdu, info->n_stokes);
  return FALSE;
}

static gboolean
check_shape (AlmuImage *first,
             AlmuImage *other,
             GError   **error)
{
  const AlmuImageInfo *a = almu_image_get_info (first);
  const AlmuImageInfo *b = almu_image_get_info (other);
  g_autofree char     *shape_a = NULL;
  g_autofree char     *shape_b = NULL;

  if (a->n_axes == b->n_axes && memcmp (a->shape, b->shape, sizeof a->shape[0] * (gsize) a->n_axes) == 0)
    return TRUE;

  shape_a = describe_shape (a);
  shape_b = describe_shape (b);
  g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
               _ ("%s: HDU %s has %s pixels, and %s has %s: files of a hypercube are of one shape"),
               almu_image_get_name (other), b->hdu, shape_b, almu_image_get_name (first), shape_a);
  return FALSE;
}

static gboolean
check_axes (AlmuImage *first,
            AlmuImage *other,
            GError   **error)
{
  const AlmuImageInfo *a = almu_image_get_info (first);
  const AlmuImageInfo *b = almu_image_get_info (other);

  for (int axis = 1; axis <= a->n_axes; axis++)
    {
      g_autofree char *type_a = almu_axes_dup_type (a->header, axis);
      g_autofree char *type_b = almu_axes_dup_type (b->header, axis);

      if (axis == a->axes.stokes && axis == b->axes.stokes)
        continue;

      if (axis == a->axes.stokes || axis == b->axes.stokes || g_strcmp0 (type_a, type_b) != 0)
        {
          g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                       _ ("%s: HDU %s: CTYPE%d is “%s”, and in %s “%s”: files of a hypercube have the same axes"),
                       almu_image_get_name (other), b->hdu, axis, type_b != NULL ? type_b : "",
                       almu_image_get_name (first), type_a != NULL ? type_a : "");
          return FALSE;
        }
    }

  return TRUE;
}

static gboolean
check_parts (const AlmuStokesPart *parts,
             guint                 n_parts,
             GError              **error)
{
  g_autofree int         *polarisations = g_new (int, n_parts);
  g_autofree const char **names = g_new (const char *, n_parts);

  for (guint i = 0; i < n_parts; i++)
    {
      polarisations[i] = parts[i].polarisation;
      names[i] = almu_image_get_name (parts[i].image);
    }

  if (!almu_stokes_cube_check_polarisations (polarisations, names, n_parts, error))
    return FALSE;

  for (guint i = 0; i < n_parts; i++)
    if (!check_single (parts[i].image, error))
      return FALSE;

  for (guint i = 1; i < n_parts; i++)
    if (!check_shape (parts[0].image, parts[i].image, error) ||
        !check_axes (parts[0].image, parts[i].image, error))
      return FALSE;

  return TRUE;
}

/* -- making one --------------------------------------------------------- */

static int
compare_parts (gconstpointer a,
               gconstpointer b)
{
  return ((const AlmuStokesPart *) a)->polarisation - ((const AlmuStokesPart *) b)->polarisation;
}

/* One for all where all are the same; else those of each, at its place. */
static GArray *
collect_beams (const AlmuStokesPart *parts,
               guint                 n_parts)
{
  GArray  *all = g_array_new (FALSE, FALSE, sizeof (AlmuBeam));
  gboolean is_one = TRUE;

  for (guint i = 0; i < n_parts; i++)
    {
      const GArray *beams = almu_image_get_info (parts[i].image)->beams;

      for (guint j = 0; j < beams->len; j++)
        {
          AlmuBeam        beam = g_array_index (beams, AlmuBeam, j);
          const AlmuBeam *first = all->len > 0 ? &g_array_index (all, AlmuBeam, 0) : &beam;

          is_one = is_one && beams->len == 1 && beam.channel < 0 && beam.major == first->major &&
                   beam.minor == first->minor && beam.angle == first->angle;
          beam.stokes = (int) i;
          g_array_append_val (all, beam);
        }
    }

  if (is_one && all->len == n_parts)
    {
      g_array_set_size (all, 1);
      g_array_index (all, AlmuBeam, 0).stokes = -1;
    }

  return all;
}

/* The file is all of its files: a change of one is a change of it. */
static AlmuFingerprint
merge_fingerprints (const AlmuStokesPart *parts,
                    guint                 n_parts)
{
  AlmuFingerprint merged = *almu_image_get_fingerprint (parts[0].image);

  for (guint i = 1; i < n_parts; i++)
    {
      const AlmuFingerprint *part = almu_image_get_fingerprint (parts[i].image);

      merged.size += part->size;
      merged.mtime_ns = MAX (merged.mtime_ns, part->mtime_ns);
    }

  return merged;
}

static gboolean
any_is_compressed (const AlmuStokesPart *parts,
                   guint                 n_parts)
{
  for (guint i = 0; i < n_parts; i++)
    if (almu_image_get_info (parts[i].image)->data_offset < 0)
      return TRUE;

  return FALSE;
}

/* Axes that do not say what they are could be taken for others beside a
 * Stokes axis. */
static gboolean
is_like_part (const AlmuImageInfo *info,
              const AlmuImageInfo *part)
{
  return info->width == part->width && info->height == part->height && info->depth == part->depth &&
         info->axes.render[0] == part->axes.render[0] && info->axes.render[1] == part->axes.render[1];
}

/**
 * almu_stokes_cube_new:
 * @name: for people
 * @parts: (array length=n_parts): in any order; ordered by polarisation here
 * @n_parts: how many
 * @error: return location
 *
 * Puts images of the same shape and axes together along the Stokes axis,
 * which is the last axis where they have none. Nothing is read.
 *
 * Returns: (transfer full): the image, or %NULL
 */
AlmuImage *
almu_stokes_cube_new (const char           *name,
                      const AlmuStokesPart *parts,
                      guint                 n_parts,
                      GError              **error)
{
  g_autoptr(AlmuStokesCube) self = NULL;
  g_autofree AlmuStokesPart *sorted = NULL;
  g_autofree int            *polarisations = NULL;
  AlmuFingerprint            fingerprint;
  AlmuImageInfo             *info;

  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (parts != NULL || n_parts == 0, NULL);

  if (!check_parts (parts, n_parts, error))
    return NULL;

  self = g_object_new (ALMU_TYPE_STOKES_CUBE, NULL);
  sorted = g_memdup2 (parts, n_parts * sizeof *parts);
  qsort (sorted, n_parts, sizeof *sorted, compare_parts);
  polarisations = g_new (int, n_parts);
  for (guint i = 0; i < n_parts; i++)
    {
      polarisations[i] = sorted[i].polarisation;
      g_ptr_array_add (self->parts, g_object_ref (sorted[i].image));
    }

  info = almu_stokes_header_extend (almu_image_get_info (sorted[0].image), name,
                                    polarisations, n_parts, collect_beams (sorted, n_parts), error);
  if (info == NULL)
    {
      g_prefix_error (error, "%s: ", almu_image_get_name (sorted[0].image));
      return NULL;
    }

  if (!is_like_part (info, almu_image_get_info (sorted[0].image)))
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                   _ ("%s: HDU %s: with an axis of polarisations its other axes would not be the same"),
                   almu_image_get_name (sorted[0].image), info->hdu);
      almu_image_info_free (info);
      return NULL;
    }

  info->data_offset = any_is_compressed (sorted, n_parts) ? -1 : 0;
  fingerprint = merge_fingerprints (sorted, n_parts);
  almu_image_set_up (ALMU_IMAGE (self), name, &fingerprint, info);

  return ALMU_IMAGE (g_steal_pointer (&self));
}

/**
 * almu_stokes_cube_get_n_parts:
 *
 * The length of the Stokes axis.
 *
 * Returns: how many images were put together
 */
guint
almu_stokes_cube_get_n_parts (AlmuStokesCube *self)
{
  g_return_val_if_fail (ALMU_IS_STOKES_CUBE (self), 0);

  return self->parts->len;
}

/**
 * almu_stokes_cube_get_part:
 * @index: on the Stokes axis, from 0
 *
 * The images are in the order of their polarisations, whatever order they came in.
 *
 * Returns: (transfer none): the image of that polarisation
 */
AlmuImage *
almu_stokes_cube_get_part (AlmuStokesCube *self,
                           guint           index)
{
  g_return_val_if_fail (ALMU_IS_STOKES_CUBE (self), NULL);
  g_return_val_if_fail (index < self->parts->len, NULL);

  return self->parts->pdata[index];
}
