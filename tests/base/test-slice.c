/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "almu-slice.h"
#include "almu-test.h"

/* The first form of what the kernel tells of a thread. */
typedef struct
{
  guint32 size;
  guint32 policy;
  guint64 flags;
  gint32  nice;
  guint32 priority;
  guint64 runtime;
  guint64 deadline;
  guint64 period;
} Attributes;

static Attributes
look (void)
{
  Attributes attributes = { 0 };

  g_assert_cmpint (syscall (SYS_sched_getattr, 0, &attributes, (guint) sizeof attributes, 0u), ==, 0);

  return attributes;
}

static gpointer
lengthen (gpointer data)
{
  Attributes *seen = data;

  seen[0] = look ();
  almu_slice_lengthen ();
  almu_slice_lengthen ();
  seen[1] = look ();

  return NULL;
}

/* Only the slice becomes another, and only that of the thread. */
static void
test_slice_lengthen (void)
{
  Attributes ours = look ();
  Attributes seen[2];

  if (ours.runtime == 0)
    {
      g_test_skip ("This kernel has no slices to ask for");
      return;
    }

  g_thread_join (g_thread_new ("computes", lengthen, seen));
  g_assert_cmpuint (seen[0].runtime, ==, ours.runtime);
  g_assert_cmpuint (seen[1].runtime, >, ours.runtime);
  g_assert_cmpint (seen[1].nice, ==, ours.nice);
  g_assert_cmpuint (seen[1].policy, ==, ours.policy);
  g_assert_cmpuint (look ().runtime, ==, ours.runtime);
}

/* Who has stepped back may not step forward again without being asked. */
static void
test_slice_nice (void)
{
  Attributes seen[2];

  if (g_test_subprocess ())
    {
      g_assert_cmpint (setpriority (PRIO_PROCESS, 0, 7), ==, 0);
      g_thread_join (g_thread_new ("computes", lengthen, seen));
      g_assert_cmpint (seen[1].nice, ==, 7);
      return;
    }

  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/slice/lengthen", test_slice_lengthen);
  g_test_add_func ("/slice/nice", test_slice_nice);

  return g_test_run ();
}
