/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-slice.h"

#include <sys/syscall.h>
#include <unistd.h>

/* Many times what the kernel gives by itself, and short enough for a desktop. */
#define SLICE_NSEC (20 * G_GINT64_CONSTANT (1000000))

/* As the kernel's linux/sched/types.h has it, which quarrels with the sched.h
 * of a newer C library. */
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

static void
ask_for_slice (void)
{
  Attributes attributes = { 0 };

  if (syscall (SYS_sched_getattr, 0, &attributes, (guint) sizeof attributes, 0u) < 0)
    return;

  attributes.runtime = SLICE_NSEC;
  if (syscall (SYS_sched_setattr, 0, &attributes, 0u) < 0)
    g_debug ("This thread computes in short slices");
}

/**
 * almu_slice_lengthen:
 *
 * Makes the calling thread one that computes: it gets as much of a core as
 * before, but in longer slices, and so whoever wakes for something short need
 * not wait for the end of one. With all cores computing that is what the
 * thread waits for which hands out what they make, and the program that takes
 * it.
 *
 * Linux knows this since 6.12. An older one, or one that forbids it, leaves
 * all as it is.
 */
void
almu_slice_lengthen (void)
{
  static GPrivate is_long;

  if (g_private_get (&is_long) != NULL)
    return;

  g_private_set (&is_long, GINT_TO_POINTER (TRUE));
  ask_for_slice ();
}
