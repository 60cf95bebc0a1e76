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

/**
 * almu_scratch_new:
 *
 * To be freed once the message that borrows from it has been packed.
 *
 * Returns: (transfer full): memory with nothing in it yet
 */
static inline AlmuScratch *
almu_scratch_new (void)
{
  return g_ptr_array_new_with_free_func (g_free);
}

/**
 * almu_scratch_free:
 * @self: (transfer full): memory
 *
 * Frees all that was taken from it; a message that borrows from it must have
 * been packed.
 */
static inline void
almu_scratch_free (AlmuScratch *self)
{
  g_ptr_array_unref (self);
}

/**
 * almu_scratch_alloc:
 * @self: memory
 * @n: how many; with 0 there is room for one
 * @size: bytes of each
 *
 * Takes zeroed room for @n elements. Does not fail: the process ends if there
 * is no memory, so that @n must have been checked.
 *
 * Returns: (transfer none): the room
 */
static inline gpointer
almu_scratch_alloc (AlmuScratch *self,
                    gsize        n,
                    gsize        size)
{
  gpointer memory = g_malloc0_n (MAX (n, 1), size);

  g_ptr_array_add (self, memory);

  return memory;
}

/**
 * almu_scratch_take_text:
 * @self: memory
 * @text: (transfer full): allocated by g_malloc(); %NULL is allowed
 *
 * Keeps @text for as long as the rest.
 *
 * Returns: (transfer none): @text
 */
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
