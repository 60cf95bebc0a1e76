/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-hdf5-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "almu-error.h"
#include "almu-module.h"
#include "almu-whole-io.h"

/* A program of its own, and no fork() that goes on here: a copy of a process
 * with gigabytes of pixels takes long. */
#define PROGRAM "almucantar-hdf5-reader"

/* Copies of descriptors lie above those that the program gets. */
#define MIN_FD 10

/* -- beginning and end -------------------------------------------------- */

static int
spawn (const char *path,
       const int  *fds,
       pid_t      *out_pid)
{
  char *const                argv[] = { (char *) PROGRAM, (char *) ALMU_HDF5_WIRE, NULL };
  char *const                environment[] = { (char *) "LC_ALL=C", NULL };
  const int                  targets[] = { ALMU_HDF5_FILE_FD, ALMU_HDF5_SOCKET_FD, ALMU_HDF5_ROOM_FD };
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t          attributes;
  sigset_t                   none, all;
  int                        problem = 0;

  sigemptyset (&none);
  sigfillset (&all);
  posix_spawnattr_init (&attributes);
  posix_spawnattr_setflags (&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setsigmask (&attributes, &none);
  posix_spawnattr_setsigdefault (&attributes, &all);
  posix_spawn_file_actions_init (&actions);
  for (gsize i = 0; problem == 0 && i < G_N_ELEMENTS (targets); i++)
    problem = posix_spawn_file_actions_adddup2 (&actions, fds[i], targets[i]);
  if (problem == 0)
    problem = posix_spawn (out_pid, path, &actions, &attributes, argv, environment);
  posix_spawn_file_actions_destroy (&actions);
  posix_spawnattr_destroy (&attributes);

  return problem;
}

/* Every copy is closed when the program is started, by whoever starts one. */
static int
spawn_with (const char *path,
            int         file,
            int         socket,
            int         room,
            pid_t      *out_pid)
{
  int fds[] = { fcntl (file, F_DUPFD_CLOEXEC, MIN_FD), fcntl (socket, F_DUPFD_CLOEXEC, MIN_FD),
                fcntl (room, F_DUPFD_CLOEXEC, MIN_FD) };
  int problem = fds[0] < 0 || fds[1] < 0 || fds[2] < 0 ? errno : spawn (path, fds, out_pid);

  for (gsize i = 0; i < G_N_ELEMENTS (fds); i++)
    if (fds[i] >= 0)
      close (fds[i]);

  return problem;
}

static gboolean
start_reader (AlmuHdf5 *self,
              GError  **error)
{
  g_autofree char *path = almu_module_find_file (ALMU_PKGLIBEXECDIR, PROGRAM);
  int              pair[2] = { -1, -1 };
  int              room = memfd_create (PROGRAM, MFD_CLOEXEC);
  int              problem = 0;

  if (room < 0 || socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
    problem = errno;
  if (problem == 0)
    problem = spawn_with (path, self->fd, pair[1], room, &self->pid);
  if (pair[1] >= 0)
    close (pair[1]);

  if (problem == 0)
    {
      self->socket = pair[0];
      self->room = room;
      return TRUE;
    }

  self->pid = 0;
  if (pair[0] >= 0)
    close (pair[0]);
  if (room >= 0)
    close (room);
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (problem),
               _ ("%s: the program that reads it cannot be started: %s: %s"), self->name, path, g_strerror (problem));

  return FALSE;
}

static int
reap (pid_t pid)
{
  int status = 0;

  while (waitpid (pid, &status, 0) < 0)
    if (errno != EINTR)
      break;

  return status;
}

static gpointer
reap_thread (gpointer user_data)
{
  reap (GPOINTER_TO_INT (user_data));

  return NULL;
}

static pid_t
leave_reader (AlmuHdf5 *self)
{
  pid_t pid = self->pid;

  /* it ends of that */
  close (self->socket);
  close (self->room);
  self->pid = 0;

  return pid;
}

/**
 * almu_hdf5_end_reader:
 * @self: an open file
 *
 * Lets the program that reads the file end; the next question starts another.
 * Waits for nothing, since files are closed on the main thread, too; unless no
 * thread can be had that waits for it.
 */
void
almu_hdf5_end_reader (AlmuHdf5 *self)
{
  GThread *thread;
  pid_t    pid;

  if (self->pid == 0)
    return;

  pid = leave_reader (self);
  thread = g_thread_try_new ("hdf5-reader-end", reap_thread, GINT_TO_POINTER (pid), NULL);
  if (thread != NULL)
    g_thread_unref (thread);
  else
    reap (pid);
}

/* What a file does to the library, and not what the world does to a program. */
static gboolean
is_of_file (int signal)
{
  static const int signals[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGTRAP, SIGPROF };

  for (gsize i = 0; i < G_N_ELEMENTS (signals); i++)
    if (signal == signals[i])
      return TRUE;

  return FALSE;
}

static gboolean
fail_deadly (AlmuHdf5 *self,
             GError  **error)
{
  g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
               _ ("%s: is damaged: libhdf5 does not survive reading it"), self->name);

  return FALSE;
}

/* There was no answer. */
static gboolean
bury_reader (AlmuHdf5 *self,
             GError  **error)
{
  pid_t pid = leave_reader (self);
  int   status = reap (pid);

  self->is_deadly = WIFSIGNALED (status) && is_of_file (WTERMSIG (status));
  if (self->is_deadly)
    return fail_deadly (self, error);

  if (WIFEXITED (status) && WEXITSTATUS (status) == ALMU_HDF5_EXIT_VERSION)
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                 _ ("%s: the program that reads it is of another version"), self->name);
  else
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                 _ ("%s: the program that reads it has ended: %s"), self->name,
                 WIFSIGNALED (status) ? g_strsignal (WTERMSIG (status)) : "exit");

  return FALSE;
}

/* -- questions ---------------------------------------------------------- */

static gboolean
exchange (AlmuHdf5              *self,
          const AlmuHdf5Request *request,
          AlmuHdf5Reply         *reply,
          GError               **error)
{
  ssize_t n;

  if (send (self->socket, request, sizeof *request, MSG_NOSIGNAL) != sizeof *request)
    return bury_reader (self, error);

  do
    n = recv (self->socket, reply, sizeof *reply, 0);
  while (n < 0 && errno == EINTR);
  if (n != sizeof *reply)
    return bury_reader (self, error);

  reply->why[sizeof reply->why - 1] = '\0';

  return TRUE;
}

/* A program that ended of something else than the file, such as for the want
 * of memory, is replaced by another, once for each question. */
static gboolean
exchange_again (AlmuHdf5              *self,
                const AlmuHdf5Request *request,
                AlmuHdf5Reply         *reply,
                GError               **error)
{
  gboolean was_there = self->pid != 0;

  if (self->is_deadly)
    return fail_deadly (self, error);
  if (was_there && exchange (self, request, reply, error))
    return TRUE;
  if (self->is_deadly)
    return FALSE;

  if (was_there)
    g_clear_error (error);

  return start_reader (self, error) && exchange (self, request, reply, error);
}

/* Into the place where it is wanted, and not by a mapping: that would end
 * where the other side says. */
static gboolean
read_room (AlmuHdf5            *self,
           const AlmuHdf5Reply *reply,
           void                *bytes,
           gsize                n_bytes,
           GError             **error)
{
  return (reply->n_bytes == (gint64) n_bytes && almu_read_whole (self->room, bytes, n_bytes, 0) == reply->n_bytes) ||
         almu_hdf5_fail (self, _ ("the file"), _ ("cannot be read"), NULL, error);
}

static gboolean
read_text (AlmuHdf5      *self,
           AlmuHdf5Ask    what,
           AlmuHdf5Reply *reply,
           GVariant     **out_text,
           GError       **error)
{
  const GVariantType *type = G_VARIANT_TYPE (what == ALMU_HDF5_ASK_GROUPS ? ALMU_HDF5_GROUPS_TYPE : ALMU_HDF5_ATTRIBUTES_TYPE);
  g_autofree guint8  *bytes = NULL;
  gsize               size;

  if (reply->n_bytes < 0 || reply->n_bytes > ALMU_HDF5_TEXT_BYTES)
    return almu_hdf5_fail (self, _ ("the file"), _ ("cannot be read"), NULL, error);

  size = (gsize) reply->n_bytes;
  bytes = g_malloc (MAX (size, 1));
  if (!read_room (self, reply, bytes, size, error))
    return FALSE;

  *out_text = g_variant_ref_sink (g_variant_new_from_data (type, bytes, size, FALSE, g_free, bytes));
  bytes = NULL;

  return TRUE;
}

static gsize
count_bytes (const AlmuHdf5Request *request)
{
  gsize n = request->type == ALMU_HDF5_FLOAT ? sizeof (float) : 8;

  for (int i = 0; i < ALMU_LIMIT_AXES; i++)
    n *= (gsize) MAX (request->count[i], 1);

  return n;
}

static gboolean
ask_locked (AlmuHdf5              *self,
            const AlmuHdf5Request *request,
            AlmuHdf5Reply         *reply,
            void                  *values,
            GVariant             **out_text,
            GError               **error)
{
  if (!exchange_again (self, request, reply, error))
    return FALSE;

  if (reply->answer == ALMU_HDF5_ANSWER_NO_FILE)
    return almu_hdf5_fail (self, _ ("the file"), _ ("cannot be opened"), reply->why, error);
  if (reply->answer != ALMU_HDF5_ANSWER_GOOD)
    return TRUE;

  if (values != NULL)
    return read_room (self, reply, values, count_bytes (request), error);

  return out_text == NULL || read_text (self, request->what, reply, out_text, error);
}

/**
 * almu_hdf5_ask:
 * @request: the question
 * @reply: (out caller-allocates): the answer
 * @values: (nullable): where those that are asked for go
 * @out_text: (out) (optional): for an answer that is text
 * @error: return location
 *
 * Any thread; one question at a time.
 *
 * Returns: whether there is an answer, which may be that there is none such
 */
gboolean
almu_hdf5_ask (AlmuHdf5              *self,
               const AlmuHdf5Request *request,
               AlmuHdf5Reply         *reply,
               void                  *values,
               GVariant             **out_text,
               GError               **error)
{
  gboolean is_answered;

  g_mutex_lock (&self->mutex);
  is_answered = ask_locked (self, request, reply, values, out_text, error);
  g_mutex_unlock (&self->mutex);

  return is_answered;
}

/**
 * almu_hdf5_ask_of_path:
 * @self: an open file
 * @what: the question
 * @path: which group or array it is about, from the root
 * @reply: (out caller-allocates): the answer
 * @out_text: (out) (optional) (transfer full): what the answer lists, for
 *   questions that have such answers
 * @error: return location
 *
 * almu_hdf5_ask() about a path. One that is too long for the question is not in
 * the file: %ALMU_HDF5_ANSWER_NONE. Blocks; any thread.
 *
 * Returns: whether there is an answer
 */
gboolean
almu_hdf5_ask_of_path (AlmuHdf5      *self,
                       AlmuHdf5Ask    what,
                       const char    *path,
                       AlmuHdf5Reply *reply,
                       GVariant     **out_text,
                       GError       **error)
{
  AlmuHdf5Request request = { .what = what };

  if (g_strlcpy (request.path, path, sizeof request.path) >= sizeof request.path)
    {
      *reply = (AlmuHdf5Reply){ .answer = ALMU_HDF5_ANSWER_NONE };
      return TRUE;
    }

  return almu_hdf5_ask (self, &request, reply, NULL, out_text, error);
}
