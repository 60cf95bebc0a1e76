/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-opening.h"

#include <unistd.h>

#include "almu-stokes-cube.h"
#include "almu-workers.h"

typedef struct
{
  AlmuFolder   *folder;
  AlmuFileName *name;
  AlmuImage    *known;
} Opening;

static void
opening_free (gpointer data)
{
  Opening *opening = data;

  g_clear_object (&opening->folder);
  g_clear_object (&opening->known);
  g_clear_pointer (&opening->name, almu_file_name_free);
  g_free (opening);
}

static gboolean
is_unchanged (AlmuImage *known,
              int        fd)
{
  AlmuFingerprint now;

  return known != NULL &&
         almu_fingerprint_read (fd, &now, NULL) &&
         almu_fingerprint_equal (&now, almu_image_get_fingerprint (known));
}

static AlmuImage *
open_one (AlmuFolder         *folder,
          const AlmuFileName *name,
          AlmuImage          *known,
          GError            **error)
{
  int fd = almu_folder_open (folder, name->directory, name->name, error);

  if (fd < 0)
    return NULL;

  if (!is_unchanged (known, fd))
    return almu_image_open (fd, name->name, name->hdu, name->flags, error);

  close (fd);

  return g_object_ref (known);
}

/* -- hypercubes --------------------------------------------------------- */

typedef struct
{
  AlmuFolder     *folder;
  GPtrArray      *names;  /* AlmuPartName */
  AlmuStokesCube *known;  /* or NULL */
  AlmuStokesPart *parts;  /* to be */
  GError        **errors; /* for each */
} Assembly;

/* Parts of the known hypercube are in the order of its names. */
static void
open_part (guint    index,
           gpointer user_data)
{
  Assembly           *assembly = user_data;
  const AlmuPartName *name = assembly->names->pdata[index];
  AlmuImage          *known = NULL;

  if (assembly->known != NULL)
    known = almu_stokes_cube_get_part (assembly->known, index);

  assembly->parts[index].polarisation = name->polarisation;
  assembly->parts[index].image = open_one (assembly->folder, name->file, known, &assembly->errors[index]);
}

static AlmuImage *
assemble (Assembly           *assembly,
          const AlmuFileName *name,
          GError            **error)
{
  gboolean is_known = assembly->known != NULL;

  for (guint i = 0; i < assembly->names->len; i++)
    {
      if (assembly->parts[i].image == NULL)
        {
          g_propagate_error (error, g_steal_pointer (&assembly->errors[i]));
          return NULL;
        }

      is_known = is_known && assembly->parts[i].image == almu_stokes_cube_get_part (assembly->known, i);
    }

  if (is_known)
    return g_object_ref (ALMU_IMAGE (assembly->known));

  return almu_stokes_cube_new (name->name, assembly->parts, assembly->names->len, error);
}

/* All files at once: each may be on a disk that takes its time. */
static AlmuImage *
open_hypercube (AlmuFolder         *folder,
                const AlmuFileName *name,
                AlmuImage          *known,
                GError            **error)
{
  guint      n = name->parts->len;
  Assembly   assembly = { .folder = folder, .names = name->parts };
  AlmuImage *image;

  if (known != NULL && ALMU_IS_STOKES_CUBE (known) && almu_stokes_cube_get_n_parts (ALMU_STOKES_CUBE (known)) == n)
    assembly.known = ALMU_STOKES_CUBE (known);
  assembly.parts = g_new0 (AlmuStokesPart, n);
  assembly.errors = g_new0 (GError *, n);

  almu_workers_share (n, open_part, &assembly);
  image = assemble (&assembly, name, error);

  for (guint i = 0; i < n; i++)
    {
      g_clear_object (&assembly.parts[i].image);
      g_clear_error (&assembly.errors[i]);
    }
  g_free (assembly.parts);
  g_free (assembly.errors);

  return image;
}

static void
open_worker (GTask        *task,
             gpointer      source_object,
             gpointer      task_data,
             GCancellable *cancellable)
{
  Opening *opening = task_data;
  g_autoptr(GError) error = NULL;
  AlmuImage *image;

  if (opening->name->parts != NULL)
    image = open_hypercube (opening->folder, opening->name, opening->known, &error);
  else
    image = open_one (opening->folder, opening->name, opening->known, &error);

  if (image != NULL)
    g_task_return_pointer (task, image, g_object_unref);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/**
 * almu_opening_async:
 * @folder: beneath which it lies
 * @name: what to open, or the files of a hypercube
 * @known: (nullable): an image opened under this name before
 * @cancellable: (nullable): gives it up
 *
 * Opens an image on a worker thread: its header, not its pixels. If the
 * file is still the one that @known was opened from, the result is @known;
 * of a hypercube, if that is so of all its files.
 */
void
almu_opening_async (AlmuFolder         *folder,
                    const AlmuFileName *name,
                    AlmuImage          *known,
                    GCancellable       *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer            user_data)
{
  g_autoptr(GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Opening *opening = g_new0 (Opening, 1);

  opening->folder = g_object_ref (folder);
  opening->name = almu_file_name_copy (name);
  opening->known = known != NULL ? g_object_ref (known) : NULL;

  g_task_set_source_tag (task, almu_opening_async);
  g_task_set_task_data (task, opening, opening_free);
  almu_workers_run (task, ALMU_PRIORITY_PICTURE, open_worker);
}

/**
 * almu_opening_finish:
 * @result: what the callback got
 * @error: return location
 *
 * Fails as almu_folder_open() and almu_image_open() do; of a hypercube as the
 * first file that cannot be opened, or if the files do not go together.
 *
 * Returns: (transfer full): the image
 */
AlmuImage *
almu_opening_finish (GAsyncResult *result,
                     GError      **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
