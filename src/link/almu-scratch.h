/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * AlmuScratch:
 *
 * Memory for the parts of a message while it is put together: parts borrow
 * from each other and all go at once.
 */
typedef GPtrArray AlmuScratch;

static inline AlmuScratch *
almu_scratch_new (void)
{
  return g_ptr_array_new_with_free_func (g_free);
}

static inline void
almu_scratch_free (AlmuScratch *self)
{
  g_ptr_array_unref (self);
}

static inline gpointer
almu_scratch_alloc (AlmuScratch *self,
                    gsize        n,
                    gsize        size)
{
  gpointer memory = g_malloc0_n (MAX (n, 1), size);

  g_ptr_array_add (self, memory);

  return memory;
}

static inline char *
almu_scratch_take_text (AlmuScratch *self,
                        char        *text)
{
  g_ptr_array_add (self, text);

  return text;
}

#define almu_scratch_array(scratch, type, n) ((type *) almu_scratch_alloc (scratch, n, sizeof (type)))

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuScratch, almu_scratch_free)

G_END_DECLS
