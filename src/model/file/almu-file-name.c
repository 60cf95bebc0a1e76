/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-file-name.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "almu-error.h"
#include "almu-limits.h"
#include "almu-polarisation.h"
#include "almu-stokes-cube.h"

/**
 * almu_file_name_new:
 * @directory: relative to the top-level folder, "" for itself
 * @name: base name
 * @hdu: (nullable): HDU as the viewer names it; %NULL and "" stand for the
 *   first image
 * @flags: how to read the header
 *
 * Copies the texts. No file is looked at, and nothing is checked: see
 * almu_folder_normalize().
 *
 * Returns: (transfer full): a name
 */
AlmuFileName *
almu_file_name_new (const char    *directory,
                    const char    *name,
                    const char    *hdu,
                    AlmuImageFlags flags)
{
  AlmuFileName *self = g_new0 (AlmuFileName, 1);

  self->directory = g_strdup (directory);
  self->name = g_strdup (name);
  self->hdu = g_strdup (hdu != NULL ? hdu : "");
  self->flags = flags;

  return self;
}

/* -- hypercubes --------------------------------------------------------- */

/**
 * almu_part_name_new:
 * @file: an image of one polarisation; copied
 * @polarisation: which, as the ICD numbers them from 1
 *
 * Whether there is such a polarisation is checked by
 * almu_file_name_new_hypercube().
 *
 * Returns: (transfer full): one of the files of a hypercube
 */
AlmuPartName *
almu_part_name_new (const AlmuFileName *file,
                    int                 polarisation)
{
  AlmuPartName *self = g_new0 (AlmuPartName, 1);

  self->file = almu_file_name_copy (file);
  self->polarisation = polarisation;

  return self;
}

/**
 * almu_part_name_free:
 * @self: (transfer full): a part
 *
 * Frees it and the name in it.
 */
void
almu_part_name_free (AlmuPartName *self)
{
  almu_file_name_free (self->file);
  g_free (self);
}

/**
 * almu_part_names_new:
 *
 * Returns: (transfer full) (element-type AlmuPartName): an empty list
 */
GPtrArray *
almu_part_names_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) almu_part_name_free);
}

static gboolean
check_parts (GPtrArray *parts,
             GError   **error)
{
  g_autofree int         *polarisations = g_new (int, parts->len);
  g_autofree const char **names = g_new (const char *, parts->len);

  if (parts->len > ALMU_LIMIT_HYPERCUBE_FILES)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("%u files are more than the %d polarisations there are"),
                   parts->len, ALMU_LIMIT_HYPERCUBE_FILES);
      return FALSE;
    }

  for (guint i = 0; i < parts->len; i++)
    {
      const AlmuPartName *part = parts->pdata[i];

      names[i] = part->file->name;
      polarisations[i] = part->polarisation;
    }

  return almu_stokes_cube_check_polarisations (polarisations, names, parts->len, error);
}

static int
compare_parts (gconstpointer a,
               gconstpointer b)
{
  return (*(AlmuPartName *const *) a)->polarisation - (*(AlmuPartName *const *) b)->polarisation;
}

/* How many bytes at the beginning all names have in common: whole
 * characters, and nothing of the last name extension. */
static gsize
get_common_start (GPtrArray *parts)
{
  const char *first = ((AlmuPartName *) parts->pdata[0])->file->name;
  const char *dot = strrchr (first, '.');
  gsize       n = dot != NULL ? (gsize) (dot - first) : strlen (first);

  for (guint i = 1; i < parts->len; i++)
    {
      const char *other = ((AlmuPartName *) parts->pdata[i])->file->name;
      gsize       j = 0;

      while (j < n && first[j] == other[j])
        j++;
      n = j;
    }

  while (n > 0 && (first[n] & 0xc0) == 0x80)
    n--;

  return n;
}

/* Likewise at the end, behind the first @start bytes. */
static gsize
get_common_end (GPtrArray *parts,
                gsize      start)
{
  const char *first = ((AlmuPartName *) parts->pdata[0])->file->name;
  gsize       length = strlen (first);
  gsize       n = length - start;

  for (guint i = 1; i < parts->len; i++)
    {
      const char *other = ((AlmuPartName *) parts->pdata[i])->file->name;
      gsize       other_length = strlen (other);
      gsize       j = 0;

      while (j < MIN (n, other_length - start) && first[length - 1 - j] == other[other_length - 1 - j])
        j++;
      n = j;
    }

  while (n > 0 && (first[length - n] & 0xc0) == 0x80)
    n--;

  return n;
}

static char *
make_label (GPtrArray *parts)
{
  const char *first = ((AlmuPartName *) parts->pdata[0])->file->name;
  gsize       start = get_common_start (parts);
  gsize       end = get_common_end (parts, start);
  GString    *label = g_string_new_len (first, (gssize) start);

  g_string_append (label, "hypercube_");
  for (guint i = 0; i < parts->len; i++)
    g_string_append (label, almu_polarisation_get_name (((AlmuPartName *) parts->pdata[i])->polarisation));
  g_string_append (label, first + strlen (first) - end);

  return g_string_free (label, FALSE);
}

/**
 * almu_file_name_new_hypercube:
 * @parts: (element-type AlmuPartName): in any order
 *
 * The name of several files that are opened as one, along the Stokes axis.
 * Fails for polarisations of which no axis can be made.
 *
 * Fails with %ALMU_ERROR_LIMIT beyond %ALMU_LIMIT_HYPERCUBE_FILES, and as
 * almu_stokes_cube_check_polarisations() does. Parts are copied, and sorted by
 * polarisation.
 *
 * Returns: (transfer full): the name
 */
AlmuFileName *
almu_file_name_new_hypercube (GPtrArray *parts,
                              GError   **error)
{
  g_autofree char *label = NULL;
  g_autoptr(GPtrArray) sorted = NULL;
  AlmuFileName *self;

  if (!check_parts (parts, error))
    return NULL;

  sorted = almu_part_names_new ();
  for (guint i = 0; i < parts->len; i++)
    {
      const AlmuPartName *part = parts->pdata[i];

      g_ptr_array_add (sorted, almu_part_name_new (part->file, part->polarisation));
    }
  g_ptr_array_sort (sorted, compare_parts);

  label = make_label (sorted);
  self = almu_file_name_new (((AlmuPartName *) sorted->pdata[0])->file->directory, label, "", ALMU_IMAGE_NONE);
  self->parts = g_steal_pointer (&sorted);

  return self;
}

/* -- all ---------------------------------------------------------------- */

/**
 * almu_file_name_copy:
 * @self: a name
 *
 * Parts of a hypercube are shared with the copy: nobody changes them once they
 * are in a name.
 *
 * Returns: (transfer full): the same name
 */
AlmuFileName *
almu_file_name_copy (const AlmuFileName *self)
{
  AlmuFileName *copy = almu_file_name_new (self->directory, self->name, self->hdu, self->flags);

  /* nobody changes what is in there */
  copy->parts = self->parts != NULL ? g_ptr_array_ref (self->parts) : NULL;

  return copy;
}

/**
 * almu_file_name_free:
 * @self: (transfer full): a name
 *
 * Frees it and its texts.
 */
void
almu_file_name_free (AlmuFileName *self)
{
  g_free (self->directory);
  g_free (self->name);
  g_free (self->hdu);
  g_clear_pointer (&self->parts, g_ptr_array_unref);
  g_free (self);
}

static gboolean
parts_are_equal (GPtrArray *a,
                 GPtrArray *b)
{
  if (a->len != b->len)
    return FALSE;

  for (guint i = 0; i < a->len; i++)
    {
      const AlmuPartName *x = a->pdata[i];
      const AlmuPartName *y = b->pdata[i];

      if (x->polarisation != y->polarisation || !almu_file_name_equal (x->file, y->file))
        return FALSE;
    }

  return TRUE;
}

/**
 * almu_file_name_equal:
 * @a: a name
 * @b: another
 *
 * Whether both would open the same: directory, name, HDU and flags, as text.
 * Hypercubes of the same files are the same, whatever people call them. Two
 * links to one file are two names.
 */
gboolean
almu_file_name_equal (const AlmuFileName *a,
                      const AlmuFileName *b)
{
  if (a->parts != NULL && b->parts != NULL)
    return parts_are_equal (a->parts, b->parts);

  return a->parts == NULL && b->parts == NULL &&
         g_str_equal (a->directory, b->directory) && g_str_equal (a->name, b->name) &&
         g_str_equal (a->hdu, b->hdu) && a->flags == b->flags;
}
