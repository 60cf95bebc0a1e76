/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-hdf5-private.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "almu-error.h"

/* A program of its own, and no fork() that goes on here: of a process with
 * many threads the copy has one, and libhdf5 in it would wait for ever for a
 * lock that another held, as the translator of error texts has one. A copy
 * of a process with gigabytes of pixels takes long, too.
 */
#define PROGRAM "almucantar-hdf5-probe"

/* Files that were found good, by which they are known again. */
#define MAX_GOOD 64

/* A file that was written to just now may be written to again without its
 * time being another. */
#define MIN_AGE_NS (G_GINT64_CONSTANT (2) * 1000 * 1000 * 1000)

static AlmuFingerprint good[MAX_GOOD]; /* inside the library, as is all here */
static guint           n_good;

static gboolean
is_known (const AlmuFingerprint *fingerprint)
{
  for (guint i = 0; i < MIN (n_good, MAX_GOOD); i++)
    if (almu_fingerprint_equal (&good[i], fingerprint))
      return TRUE;

  return FALSE;
}

static void
remember (const AlmuFingerprint *fingerprint)
{
  gint64 now = g_get_real_time () * 1000;

  if (now - fingerprint->mtime_ns > MIN_AGE_NS)
    good[n_good++ % MAX_GOOD] = *fingerprint;
}

/* The daemon's memory is not this program's: what libhdf5 reads of its own
 * without having written it is made to look wrong at once, rather than now
 * and then. */
static int
spawn (const char *path,
       int         fd,
       pid_t      *out_pid)
{
  char *const                argv[] = { (char *) PROGRAM, NULL };
  char *const                environment[] = { (char *) "LC_ALL=C", (char *) "MALLOC_PERTURB_=165", NULL };
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t          attributes;
  sigset_t                   none, all;
  int                        problem;

  sigemptyset (&none);
  sigfillset (&all);
  posix_spawnattr_init (&attributes);
  posix_spawnattr_setflags (&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setsigmask (&attributes, &none);
  posix_spawnattr_setsigdefault (&attributes, &all);
  posix_spawn_file_actions_init (&actions);
  posix_spawn_file_actions_adddup2 (&actions, fd, STDIN_FILENO);
  problem = posix_spawn (out_pid, path, &actions, &attributes, argv, environment);
  posix_spawn_file_actions_destroy (&actions);
  posix_spawnattr_destroy (&attributes);

  return problem;
}

static gboolean
run (int         fd,
     const char *name,
     GError    **error)
{
  g_autofree char *path = almu_module_find_file (ALMU_PKGLIBEXECDIR, PROGRAM);
  int              status = 0;
  pid_t            pid;
  int              problem = spawn (path, fd, &pid);

  if (problem != 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (problem),
                   _ ("%s: cannot be looked through before it is opened: %s: %s"), name, path, g_strerror (problem));
      return FALSE;
    }

  while (waitpid (pid, &status, 0) < 0)
    if (errno != EINTR)
      break;

  if (WIFEXITED (status) && WEXITSTATUS (status) == 0)
    return TRUE;

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
               _ ("%s: is damaged: libhdf5 does not survive reading it"), name);

  return FALSE;
}

/**
 * almu_hdf5_probe:
 * @fd: an open file
 * @name: for messages
 *
 * Inside the library: whether it can be let loose on the file. Asked once
 * for each content.
 */
gboolean
almu_hdf5_probe (int         fd,
                 const char *name,
                 GError    **error)
{
  AlmuFingerprint before, after;

  if (!almu_fingerprint_read (fd, &before, error))
    return FALSE;
  if (is_known (&before))
    return TRUE;
  if (!run (fd, name, error))
    return FALSE;

  if (almu_fingerprint_read (fd, &after, NULL) && almu_fingerprint_equal (&before, &after))
    remember (&before);

  return TRUE;
}
