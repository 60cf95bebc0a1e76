/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-test-harm.h"

#include <glib/gstdio.h>
#include <limits.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct _AlmuTestHarm
{
  AlmuTestPlan *plan;
  char         *path;
};

/* @library: what is loaded into the programs, see almu-test-preload.c */
AlmuTestHarm *
almu_test_harm_new (const char *library)
{
  AlmuTestHarm    *self = g_new0 (AlmuTestHarm, 1);
  const char      *options = g_getenv ("ASAN_OPTIONS");
  g_autofree char *more = NULL;
  g_autoptr(GError) error = NULL;
  int fd = g_file_open_tmp ("almu-test-plan-XXXXXX", &self->path, &error);

  g_assert_no_error (error);
  g_assert_cmpint (ftruncate (fd, sizeof *self->plan), ==, 0);
  self->plan = mmap (NULL, sizeof *self->plan, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  g_assert_true (self->plan != MAP_FAILED);
  close (fd);

  g_setenv (ALMU_TEST_PLAN, self->path, TRUE);
  g_setenv ("LD_PRELOAD", library, TRUE);
  /* else it insists on being the first */
  more = g_strconcat (options != NULL ? options : "", ":verify_asan_link_order=0", NULL);
  g_setenv ("ASAN_OPTIONS", more, TRUE);

  return self;
}

void
almu_test_harm_free (AlmuTestHarm *self)
{
  g_unsetenv ("LD_PRELOAD");
  g_unsetenv (ALMU_TEST_PLAN);
  munmap (self->plan, sizeof *self->plan);
  g_unlink (self->path);
  g_free (self->path);
  g_free (self);
}

/**
 * almu_test_harm_fail:
 * @folder: (nullable): calls that concern what lies there
 * @calls: of these kinds
 * @first: count; the first of them fails, 1 is the next
 * @n_failures: and so many in all
 * @code: by saying this, or %ALMU_TEST_CODE_SHORT
 */
void
almu_test_harm_fail (AlmuTestHarm *self,
                     const char   *folder,
                     int           calls,
                     guint         first,
                     guint         n_failures,
                     int           code)
{
  almu_test_harm_stop (self);
  g_strlcpy (self->plan->prefix, folder != NULL ? folder : "", sizeof self->plan->prefix);
  self->plan->n_failures = (gint32) MIN (n_failures, G_MAXINT32);
  self->plan->code = code;
  g_atomic_int_set (&self->plan->n_calls, 0);
  g_atomic_int_set (&self->plan->n_failed, 0);
  g_atomic_int_set (&self->plan->first, (gint32) first);
  g_atomic_int_set (&self->plan->calls, calls);
}

/* Everything works again. */
void
almu_test_harm_stop (AlmuTestHarm *self)
{
  g_atomic_int_set (&self->plan->calls, 0);
  g_atomic_int_set (&self->plan->first, 0);
  g_atomic_int_set (&self->plan->is_stalled, FALSE);
  syscall (SYS_futex, &self->plan->is_stalled, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

guint
almu_test_harm_get_n_calls (AlmuTestHarm *self)
{
  return (guint) g_atomic_int_get (&self->plan->n_calls);
}

guint
almu_test_harm_get_n_failed (AlmuTestHarm *self)
{
  return (guint) g_atomic_int_get (&self->plan->n_failed);
}

/* Who reads what lies in @folder waits for almu_test_harm_stop(). */
void
almu_test_harm_stall (AlmuTestHarm *self,
                      const char   *folder)
{
  almu_test_harm_stop (self);
  g_strlcpy (self->plan->prefix, folder, sizeof self->plan->prefix);
  g_atomic_int_set (&self->plan->is_stalled, TRUE);
}

guint
almu_test_harm_get_n_waiting (AlmuTestHarm *self)
{
  return (guint) g_atomic_int_get (&self->plan->n_waiting);
}

/* How far the wall clock is ahead. */
void
almu_test_harm_set_clock (AlmuTestHarm *self,
                          gint64        seconds)
{
  __atomic_store_n (&self->plan->clock_offset, seconds, __ATOMIC_RELEASE);
}
