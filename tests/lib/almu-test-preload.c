/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The calls under their own names, not those of another size of offsets. */
#undef _FILE_OFFSET_BITS
#undef _FORTIFY_SOURCE
#define _GNU_SOURCE 1
#define _LARGEFILE64_SOURCE 1

#include "almu-test-plan.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* Stands between a program and its system, and does what a plan says, which
 * a test writes into memory that both of them see. */

static AlmuTestPlan idle;

#define REAL(name)                \
  static __typeof__ (name) *real; \
  if (real == NULL)               \
  real = (__typeof__ (real)) dlsym (RTLD_NEXT, #name)

static AlmuTestPlan *
get_plan (void)
{
  static AlmuTestPlan *plan;
  AlmuTestPlan        *mapped;
  const char          *path;
  int                  fd;

  if (__atomic_load_n (&plan, __ATOMIC_ACQUIRE) != NULL)
    return plan;

  path = getenv (ALMU_TEST_PLAN);
  mapped = &idle;
  fd = path != NULL ? (int) syscall (SYS_open, path, O_RDWR | O_CLOEXEC) : -1;
  if (fd >= 0)
    {
      mapped = mmap (NULL, sizeof *mapped, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
      syscall (SYS_close, fd);
      if (mapped == MAP_FAILED)
        mapped = &idle;
    }
  __atomic_store_n (&plan, mapped, __ATOMIC_RELEASE);

  return mapped;
}

/* Counts a call, and says what becomes of it. */
static int
next (AlmuTestPlan *plan)
{
  int first = __atomic_load_n (&plan->first, __ATOMIC_ACQUIRE);
  int call = __atomic_add_fetch (&plan->n_calls, 1, __ATOMIC_ACQ_REL);

  if (first == 0 || call < first || call - first >= plan->n_failures)
    return 0;

  __atomic_add_fetch (&plan->n_failed, 1, __ATOMIC_ACQ_REL);

  return plan->code;
}

static int
is_meant (AlmuTestPlan *plan,
          int           kind)
{
  return (__atomic_load_n (&plan->calls, __ATOMIC_ACQUIRE) & kind) != 0;
}

static int
is_beneath (const AlmuTestPlan *plan,
            const char         *path)
{
  size_t length = strlen (plan->prefix);

  return strncmp (path, plan->prefix, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static int
is_open_beneath (const AlmuTestPlan *plan,
                 int                 fd)
{
  char    link[64];
  char    path[PATH_MAX];
  ssize_t length;

  snprintf (link, sizeof link, "/proc/self/fd/%d", fd);
  length = syscall (SYS_readlink, link, path, sizeof path - 1);
  if (length < 0)
    return 0;
  path[length] = '\0';

  return is_beneath (plan, path);
}

static int
is_named_beneath (const AlmuTestPlan *plan,
                  int                 folder_fd,
                  const char         *path)
{
  return path[0] == '/' ? is_beneath (plan, path) : folder_fd >= 0 && is_open_beneath (plan, folder_fd);
}

/* 0, or what the call on a descriptor fails with. */
static int
judge (int kind,
       int fd)
{
  AlmuTestPlan *plan = get_plan ();
  int           saved = errno;
  int           code = 0;

  if (kind == ALMU_TEST_CALL_READ && __atomic_load_n (&plan->is_stalled, __ATOMIC_ACQUIRE) && is_open_beneath (plan, fd))
    {
      __atomic_add_fetch (&plan->n_waiting, 1, __ATOMIC_ACQ_REL);
      while (__atomic_load_n (&plan->is_stalled, __ATOMIC_ACQUIRE))
        syscall (SYS_futex, &plan->is_stalled, FUTEX_WAIT, 1, NULL, NULL, 0);
      __atomic_sub_fetch (&plan->n_waiting, 1, __ATOMIC_ACQ_REL);
    }
  if (is_meant (plan, kind) && is_open_beneath (plan, fd))
    code = next (plan);
  errno = saved;

  return code;
}

static int
judge_name (int         kind,
            int         folder_fd,
            const char *path)
{
  AlmuTestPlan *plan = get_plan ();
  int           saved = errno;
  int           code = 0;

  if (is_meant (plan, kind) && is_named_beneath (plan, folder_fd, path))
    code = next (plan);
  errno = saved;

  return code;
}

/* Wherever it is, or if it is about no file. */
static int
judge_plain (int kind)
{
  AlmuTestPlan *plan = get_plan ();

  return is_meant (plan, kind) ? next (plan) : 0;
}

#define FAIL_IF(judgement)     \
  do                           \
    {                          \
      int code_ = (judgement); \
      if (code_ > 0)           \
        {                      \
          errno = code_;       \
          return -1;           \
        }                      \
    }                          \
  while (0)

/* Of @n bytes. */
#define SHORTEN_OR_FAIL(judgement, n)    \
  do                                     \
    {                                    \
      int code_ = (judgement);           \
      if (code_ > 0)                     \
        {                                \
          errno = code_;                 \
          return -1;                     \
        }                                \
      if (code_ == ALMU_TEST_CODE_SHORT) \
        n = (n + 1) / 2;                 \
    }                                    \
  while (0)

/* -- open ---------------------------------------------------------------- */

#define MODE(flags, mode)                               \
  mode_t mode = 0;                                      \
  if ((flags) & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) \
    {                                                   \
      va_list args_;                                    \
      va_start (args_, flags);                          \
      mode = va_arg (args_, mode_t);                    \
      va_end (args_);                                   \
    }

int
open (const char *path,
      int         flags,
      ...)
{
  MODE (flags, mode)
  REAL (open);
  FAIL_IF (judge_name (ALMU_TEST_CALL_OPEN, -1, path));

  return real (path, flags, mode);
}

int
open64 (const char *path,
        int         flags,
        ...)
{
  MODE (flags, mode)
  REAL (open64);
  FAIL_IF (judge_name (ALMU_TEST_CALL_OPEN, -1, path));

  return real (path, flags, mode);
}

int
openat (int         folder_fd,
        const char *path,
        int         flags,
        ...)
{
  MODE (flags, mode)
  REAL (openat);
  FAIL_IF (judge_name (ALMU_TEST_CALL_OPEN, folder_fd, path));

  return real (folder_fd, path, flags, mode);
}

int
openat64 (int         folder_fd,
          const char *path,
          int         flags,
          ...)
{
  MODE (flags, mode)
  REAL (openat64);
  FAIL_IF (judge_name (ALMU_TEST_CALL_OPEN, folder_fd, path));

  return real (folder_fd, path, flags, mode);
}

/* openat2() has no function of its own. */
long
syscall (long number,
         ...)
{
  static long (*real) (long, ...);
  long    a[6];
  va_list args;

  va_start (args, number);
  for (int i = 0; i < 6; i++)
    a[i] = va_arg (args, long);
  va_end (args);

  if (real == NULL)
    real = (__typeof__ (real)) dlsym (RTLD_NEXT, "syscall");
  if (number == SYS_openat2)
    {
      FAIL_IF (judge_plain (ALMU_TEST_CALL_BENEATH));
      FAIL_IF (judge_name (ALMU_TEST_CALL_OPEN, (int) a[0], (const char *) a[1]));
    }

  return real (number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* -- read and write ------------------------------------------------------ */

ssize_t
read (int    fd,
      void  *bytes,
      size_t n)
{
  REAL (read);
  SHORTEN_OR_FAIL (judge (ALMU_TEST_CALL_READ, fd), n);

  return real (fd, bytes, n);
}

ssize_t
pread64 (int       fd,
         void     *bytes,
         size_t    n,
         __off64_t offset)
{
  REAL (pread64);
  SHORTEN_OR_FAIL (judge (ALMU_TEST_CALL_READ, fd), n);

  return real (fd, bytes, n, offset);
}

ssize_t __pread64_chk (int       fd,
                       void     *bytes,
                       size_t    n,
                       __off64_t offset,
                       size_t    room);

ssize_t
__pread64_chk (int       fd,
               void     *bytes,
               size_t    n,
               __off64_t offset,
               size_t    room)
{
  return pread64 (fd, bytes, n, offset);
}

ssize_t
preadv64 (int                 fd,
          const struct iovec *parts,
          int                 n,
          __off64_t           offset)
{
  REAL (preadv64);
  SHORTEN_OR_FAIL (judge (ALMU_TEST_CALL_READ, fd), n);

  return real (fd, parts, n, offset);
}

ssize_t
write (int         fd,
       const void *bytes,
       size_t      n)
{
  REAL (write);
  SHORTEN_OR_FAIL (judge (ALMU_TEST_CALL_WRITE, fd), n);

  return real (fd, bytes, n);
}

ssize_t
pwrite64 (int         fd,
          const void *bytes,
          size_t      n,
          __off64_t   offset)
{
  REAL (pwrite64);
  SHORTEN_OR_FAIL (judge (ALMU_TEST_CALL_WRITE, fd), n);

  return real (fd, bytes, n, offset);
}

int
fsync (int fd)
{
  REAL (fsync);
  FAIL_IF (judge (ALMU_TEST_CALL_SYNC, fd));

  return real (fd);
}

int
fdatasync (int fd)
{
  REAL (fdatasync);
  FAIL_IF (judge (ALMU_TEST_CALL_SYNC, fd));

  return real (fd);
}

int
ftruncate64 (int       fd,
             __off64_t size)
{
  REAL (ftruncate64);
  FAIL_IF (judge (ALMU_TEST_CALL_SIZE, fd));

  return real (fd, size);
}

int
fallocate64 (int       fd,
             int       mode,
             __off64_t offset,
             __off64_t length)
{
  REAL (fallocate64);
  FAIL_IF (judge (ALMU_TEST_CALL_SIZE, fd));

  return real (fd, mode, offset, length);
}

/* -- names --------------------------------------------------------------- */

int
rename (const char *from,
        const char *to)
{
  REAL (rename);
  FAIL_IF (judge_name (ALMU_TEST_CALL_NAME, -1, to));

  return real (from, to);
}

int
renameat (int         from_fd,
          const char *from,
          int         to_fd,
          const char *to)
{
  REAL (renameat);
  FAIL_IF (judge_name (ALMU_TEST_CALL_NAME, to_fd, to));

  return real (from_fd, from, to_fd, to);
}

int
renameat2 (int          from_fd,
           const char  *from,
           int          to_fd,
           const char  *to,
           unsigned int flags)
{
  REAL (renameat2);
  FAIL_IF (judge_name (ALMU_TEST_CALL_NAME, to_fd, to));

  return real (from_fd, from, to_fd, to, flags);
}

int
linkat (int         from_fd,
        const char *from,
        int         to_fd,
        const char *to,
        int         flags)
{
  REAL (linkat);
  FAIL_IF (judge_name (ALMU_TEST_CALL_NAME, to_fd, to));

  return real (from_fd, from, to_fd, to, flags);
}

int
fstat64 (int            fd,
         struct stat64 *info)
{
  REAL (fstat64);
  FAIL_IF (judge (ALMU_TEST_CALL_LOOK, fd));

  return real (fd, info);
}

int
fstatat64 (int            folder_fd,
           const char    *path,
           struct stat64 *info,
           int            flags)
{
  REAL (fstatat64);
  FAIL_IF (judge_name (ALMU_TEST_CALL_LOOK, folder_fd, path));

  return real (folder_fd, path, info, flags);
}

/* -- threads ------------------------------------------------------------- */

int
pthread_create (pthread_t            *thread,
                const pthread_attr_t *attributes,
                void *(*func) (void *),
                void *data)
{
  int code;

  REAL (pthread_create);
  code = is_meant (get_plan (), ALMU_TEST_CALL_THREAD) ? next (get_plan ()) : 0;

  return code > 0 ? code : real (thread, attributes, func, data);
}

/* -- other programs ------------------------------------------------------ */

int
memfd_create (const char  *name,
              unsigned int flags)
{
  REAL (memfd_create);
  FAIL_IF (judge_plain (ALMU_TEST_CALL_CHILD));

  return real (name, flags);
}

int
socketpair (int domain,
            int type,
            int protocol,
            int fds[2])
{
  REAL (socketpair);
  FAIL_IF (judge_plain (ALMU_TEST_CALL_CHILD));

  return real (domain, type, protocol, fds);
}

/* Only what copies a descriptor can fail for the want of one. */
int
fcntl64 (int fd,
         int what,
         ...)
{
  va_list args;
  void   *value;

  REAL (fcntl64);
  va_start (args, what);
  value = va_arg (args, void *);
  va_end (args);
  if (what == F_DUPFD_CLOEXEC)
    FAIL_IF (judge_plain (ALMU_TEST_CALL_CHILD));

  return real (fd, what, value);
}

int
posix_spawn_file_actions_adddup2 (posix_spawn_file_actions_t *actions,
                                  int                         fd,
                                  int                         new_fd)
{
  int code;

  REAL (posix_spawn_file_actions_adddup2);
  code = judge_plain (ALMU_TEST_CALL_CHILD);

  return code > 0 ? code : real (actions, fd, new_fd);
}

int
posix_spawn (pid_t                            *pid,
             const char                       *path,
             const posix_spawn_file_actions_t *actions,
             const posix_spawnattr_t          *attributes,
             char *const                      *argv,
             char *const                      *environment)
{
  int code;

  REAL (posix_spawn);
  code = judge_plain (ALMU_TEST_CALL_CHILD);

  return code > 0 ? code : real (pid, path, actions, attributes, argv, environment);
}

/* -- the wall clock ------------------------------------------------------ */

int
clock_gettime (clockid_t        id,
               struct timespec *now)
{
  int status;

  REAL (clock_gettime);
  status = real (id, now);
  if (status == 0 && id == CLOCK_REALTIME)
    now->tv_sec += __atomic_load_n (&get_plan ()->clock_offset, __ATOMIC_ACQUIRE);

  return status;
}

int
gettimeofday (struct timeval *restrict now,
              void *restrict zone)
{
  int status;

  REAL (gettimeofday);
  status = real (now, zone);
  if (status == 0)
    now->tv_sec += __atomic_load_n (&get_plan ()->clock_offset, __ATOMIC_ACQUIRE);

  return status;
}

time_t
time (time_t *out)
{
  struct timeval now;

  gettimeofday (&now, NULL);
  if (out != NULL)
    *out = now.tv_sec;

  return now.tv_sec;
}
