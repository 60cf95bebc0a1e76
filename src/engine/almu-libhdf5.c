/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-libhdf5.h"

const AlmuLibhdf5 *almu_libhdf5 = NULL;

/**
 * almu_libhdf5_load:
 *
 * Any thread; before anything of the library is called.
 */
gboolean
almu_libhdf5_load (GError **error)
{
  gconstpointer table = g_atomic_pointer_get (&almu_libhdf5);

  if (table != NULL)
    return TRUE;

  /* Two threads may come here at once, and get the same. */
  table = almu_module_load ("almucantar-libhdf5", ALMU_LIBHDF5_CALLS (ALMU_MODULE_NAME), error);
  if (table == NULL)
    return FALSE;

  g_atomic_pointer_set (&almu_libhdf5, table);

  return TRUE;
}
