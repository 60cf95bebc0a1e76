/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-rows-want.h"

/**
 * almu_rows_want_new:
 *
 * A query without conditions, which leaves the rows in their order, and no
 * columns.
 *
 * Returns: (transfer full): what is wanted, to be filled in
 */
AlmuRowsWant *
almu_rows_want_new (void)
{
  AlmuRowsWant *self = g_new0 (AlmuRowsWant, 1);

  self->query = almu_query_new ();
  self->columns = g_array_new (FALSE, FALSE, sizeof (guint));

  return self;
}

/**
 * almu_rows_want_copy:
 * @self: what is wanted
 *
 * Copies all of it, so that a worker may have its own.
 *
 * Returns: (transfer full): the same
 */
AlmuRowsWant *
almu_rows_want_copy (const AlmuRowsWant *self)
{
  AlmuRowsWant *copy = g_memdup2 (self, sizeof *self);

  copy->query = almu_query_copy (self->query);
  copy->columns = g_array_copy (self->columns);

  return copy;
}

/**
 * almu_rows_want_free:
 * @self: (transfer full): what is wanted
 *
 * Frees it with its query and its columns.
 */
void
almu_rows_want_free (AlmuRowsWant *self)
{
  almu_query_free (self->query);
  g_array_unref (self->columns);
  g_free (self);
}
