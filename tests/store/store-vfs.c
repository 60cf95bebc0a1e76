/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store-vfs.h"

#include <sqlite3.h>
#include <string.h>

typedef struct
{
  sqlite3_file  base;
  sqlite3_file *real;
} File;

static sqlite3_vfs  vfs;
static sqlite3_vfs *real_vfs;

/* Of the test; a worker that writes the log back may be at it too. */
static GMutex plan_mutex;

static struct
{
  guint n_calls;
  guint first; /* 1 is the next call; 0 none */
  guint n_failures;
  guint n_failed;
  int   status;
} plan;

/* Counts a call that changes the disk, and says whether it works. */
static int
next (void)
{
  g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&plan_mutex);
  guint call = ++plan.n_calls;

  if (plan.first == 0 || call < plan.first || call - plan.first >= plan.n_failures)
    return SQLITE_OK;

  plan.n_failed++;
  return plan.status;
}

static int
close_file (sqlite3_file *file)
{
  File *self = (File *) file;
  int   status = self->real->pMethods->xClose (self->real);

  g_free (self->real);
  return status;
}

static int
read_file (sqlite3_file *file,
           void         *bytes,
           int           n_bytes,
           sqlite3_int64 offset)
{
  sqlite3_file *real = ((File *) file)->real;

  return real->pMethods->xRead (real, bytes, n_bytes, offset);
}

/* One that fails may have written a part. */
static int
write_file (sqlite3_file *file,
            const void   *bytes,
            int           n_bytes,
            sqlite3_int64 offset)
{
  sqlite3_file *real = ((File *) file)->real;
  int           status = next ();

  if (status == SQLITE_OK)
    return real->pMethods->xWrite (real, bytes, n_bytes, offset);

  real->pMethods->xWrite (real, bytes, n_bytes / 2, offset);
  return status;
}

static int
truncate_file (sqlite3_file *file,
               sqlite3_int64 size)
{
  sqlite3_file *real = ((File *) file)->real;
  int           status = next ();

  return status == SQLITE_OK ? real->pMethods->xTruncate (real, size) : status;
}

/* Only told: nobody pulls the plug of this machine, and it is what takes the
 * time. */
static int
sync_file (sqlite3_file *file,
           int           flags)
{
  return next ();
}

static int
size_file (sqlite3_file  *file,
           sqlite3_int64 *out_size)
{
  sqlite3_file *real = ((File *) file)->real;

  return real->pMethods->xFileSize (real, out_size);
}

static int
lock_file (sqlite3_file *file,
           int           lock)
{
  sqlite3_file *real = ((File *) file)->real;

  return real->pMethods->xLock (real, lock);
}

static int
unlock_file (sqlite3_file *file,
             int           lock)
{
  sqlite3_file *real = ((File *) file)->real;

  return real->pMethods->xUnlock (real, lock);
}

static int
check_reserved (sqlite3_file *file,
                int          *out_result)
{
  sqlite3_file *real = ((File *) file)->real;

  return real->pMethods->xCheckReservedLock (real, out_result);
}

static int
control_file (sqlite3_file *file,
              int           operation,
              void         *argument)
{
  sqlite3_file *real = ((File *) file)->real;

  return real->pMethods->xFileControl (real, operation, argument);
}

static int
get_sector_size (sqlite3_file *file)
{
  sqlite3_file *real = ((File *) file)->real;

  return real->pMethods->xSectorSize (real);
}

static int
get_characteristics (sqlite3_file *file)
{
  sqlite3_file *real = ((File *) file)->real;

  return real->pMethods->xDeviceCharacteristics (real);
}

static int
map_shared (sqlite3_file   *file,
            int             page,
            int             page_size,
            int             extend,
            void volatile **out_memory)
{
  sqlite3_file *real = ((File *) file)->real;

  return real->pMethods->xShmMap (real, page, page_size, extend, out_memory);
}

static int
lock_shared (sqlite3_file *file,
             int           offset,
             int           n,
             int           flags)
{
  sqlite3_file *real = ((File *) file)->real;

  return real->pMethods->xShmLock (real, offset, n, flags);
}

static void
order_shared (sqlite3_file *file)
{
  sqlite3_file *real = ((File *) file)->real;

  real->pMethods->xShmBarrier (real);
}

static int
unmap_shared (sqlite3_file *file,
              int           remove)
{
  sqlite3_file *real = ((File *) file)->real;

  return real->pMethods->xShmUnmap (real, remove);
}

/* Version 2: without memory mapping of the database itself. */
static const sqlite3_io_methods methods = {
  2, close_file, read_file, write_file, truncate_file, sync_file, size_file,
  lock_file, unlock_file, check_reserved, control_file, get_sector_size, get_characteristics,
  map_shared, lock_shared, order_shared, unmap_shared
};

static int
open_file (sqlite3_vfs  *ignored,
           const char   *name,
           sqlite3_file *file,
           int           flags,
           int          *out_flags)
{
  File *self = (File *) file;
  int   status;

  self->real = g_malloc0 ((gsize) real_vfs->szOsFile);
  status = real_vfs->xOpen (real_vfs, name, self->real, flags, out_flags);
  if (status != SQLITE_OK)
    {
      g_free (self->real);
      self->base.pMethods = NULL;
      return status;
    }

  self->base.pMethods = &methods;
  return SQLITE_OK;
}

void
store_vfs_install (void)
{
  real_vfs = sqlite3_vfs_find (NULL);
  vfs = *real_vfs;
  vfs.zName = "almu-test";
  vfs.szOsFile = sizeof (File);
  vfs.xOpen = open_file;
  vfs.pNext = NULL;
  sqlite3_vfs_register (&vfs, TRUE);
}

/* Of the calls from now on, the @first-th and those after it fail; 0 for
 * none. */
void
store_vfs_fail (guint first,
                guint n_failures,
                int   status)
{
  g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&plan_mutex);

  plan.n_calls = 0;
  plan.n_failed = 0;
  plan.first = first;
  plan.n_failures = n_failures;
  plan.status = status;
}

guint
store_vfs_get_n_failed (void)
{
  g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&plan_mutex);

  return plan.n_failed;
}

guint
store_vfs_get_n_calls (void)
{
  g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&plan_mutex);

  return plan.n_calls;
}
