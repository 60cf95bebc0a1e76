/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-hdf5.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "almu-error.h"
#include "almu-hdf5-private.h"

/* Groups of a file that are looked at, and bytes of their names. */
#define MAX_GROUPS 100
#define MAX_NAME_BYTES 64

static GMutex mutex;

/* Before any call of the library, and almu_hdf5_leave() after it. It is left
 * alone at exit, when other threads may still be in it. */
void
almu_hdf5_enter (void)
{
  static gboolean is_set_up = FALSE;

  g_mutex_lock (&mutex);
  if (!is_set_up)
    {
      almu_hdf5_set_up ();
      is_set_up = TRUE;
    }

  /* by thread, where the library knows threads */
  almu_libhdf5->H5Eset_auto2 (H5E_DEFAULT, NULL, NULL);
}

void
almu_hdf5_leave (void)
{
  g_mutex_unlock (&mutex);
}

static herr_t
take_message (unsigned            n,
              const H5E_error2_t *problem,
              void               *user_data)
{
  char **text = user_data;

  /* the last is the innermost */
  if (problem->desc != NULL && *problem->desc != '\0')
    {
      g_free (*text);
      *text = g_utf8_make_valid (problem->desc, -1);
    }

  return 0;
}

/* Inside the library: what it says is kept by thread. */
gboolean
almu_hdf5_fail (AlmuHdf5   *self,
                const char *path,
                const char *what,
                GError    **error)
{
  g_autofree char *text = NULL;

  almu_libhdf5->H5Ewalk2 (H5E_DEFAULT, H5E_WALK_DOWNWARD, take_message, &text);
  almu_libhdf5->H5Eclear2 (H5E_DEFAULT);
  g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, "%s: %s %s%s%s%s",
               self->name, path, what, text != NULL ? " (HDF5: " : "", text != NULL ? text : "",
               text != NULL ? ")" : "");

  return FALSE;
}

static gboolean
open_ids (AlmuHdf5   *self,
          const char *path,
          GError    **error)
{
  if (!almu_hdf5_probe (self->fd, self->name, error))
    return FALSE;

  self->file = almu_hdf5_open_file (path);
  self->access = almu_hdf5_make_access ();

  return (self->file >= 0 && self->access >= 0) ||
         almu_hdf5_fail (self, _ ("the file"), "cannot be opened", error);
}

/**
 * almu_hdf5_open:
 * @fd: an open file; stays the caller's and must stay open while in use
 * @name: for messages only
 */
AlmuHdf5 *
almu_hdf5_open (int         fd,
                const char *name,
                GError    **error)
{
  g_autoptr(AlmuHdf5) self = NULL;
  g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", fd);
  gboolean         is_open;

  if (!almu_libhdf5_load (error))
    {
      g_prefix_error (error, "%s: ", name);
      return NULL;
    }

  self = g_new0 (AlmuHdf5, 1);
  self->fd = fd;
  self->name = g_utf8_make_valid (name, -1);

  almu_hdf5_enter ();
  is_open = open_ids (self, path, error);
  almu_hdf5_leave ();

  return is_open ? g_steal_pointer (&self) : NULL;
}

void
almu_hdf5_close (AlmuHdf5 *self)
{
  if (self == NULL)
    return;

  almu_hdf5_enter ();
  if (self->access > 0)
    almu_libhdf5->H5Pclose (self->access);
  if (self->file > 0)
    almu_libhdf5->H5Fclose (self->file);
  almu_hdf5_leave ();

  g_free (self->name);
  g_free (self);
}

/* Each step of the path has to be there before the next may be asked for. */
gboolean
almu_hdf5_exists (AlmuHdf5   *self,
                  const char *path)
{
  g_autofree char *part = g_strdup (path);

  for (char *slash = strchr (part, '/');; slash = strchr (slash + 1, '/'))
    {
      if (slash != NULL)
        *slash = '\0';
      if (almu_libhdf5->H5Lexists (self->file, part, self->access) <= 0 ||
          almu_libhdf5->H5Oexists_by_name (self->file, part, self->access) <= 0)
        return FALSE;
      if (slash == NULL)
        return TRUE;
      *slash = '/';
    }
}

gboolean
almu_hdf5_has (AlmuHdf5   *self,
               const char *path)
{
  gboolean has;

  almu_hdf5_enter ();
  has = almu_hdf5_exists (self, path);
  almu_hdf5_leave ();

  return has;
}

/**
 * almu_hdf5_list_groups:
 *
 * Returns: (transfer full) (element-type utf8): the groups of the root that
 *   hold an image
 */
GPtrArray *
almu_hdf5_list_groups (AlmuHdf5 *self)
{
  GPtrArray *groups = g_ptr_array_new_with_free_func (g_free);
  H5G_info_t info = { 0 };

  almu_hdf5_enter ();
  if (almu_libhdf5->H5Gget_info (self->file, &info) < 0)
    info.nlinks = 0;

  for (hsize_t i = 0; i < MIN (info.nlinks, MAX_GROUPS); i++)
    {
      char             name[MAX_NAME_BYTES] = "";
      g_autofree char *path = NULL;
      ssize_t          n = almu_libhdf5->H5Lget_name_by_idx (self->file, ".", H5_INDEX_NAME, H5_ITER_INC, i,
                                                             name, sizeof name, H5P_DEFAULT);

      if (n <= 0 || n >= (ssize_t) sizeof name || !g_utf8_validate (name, -1, NULL))
        continue;

      path = g_strconcat (name, "/DATA", NULL);
      if (almu_hdf5_exists (self, path))
        g_ptr_array_add (groups, g_strdup (name));
    }
  almu_hdf5_leave ();

  return groups;
}
