/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-cfitsio.h"

const AlmuCfitsio *almu_cfitsio = NULL;

/**
 * almu_cfitsio_load:
 *
 * Any thread; before anything of the library is called.
 */
gboolean
almu_cfitsio_load (GError **error)
{
  gconstpointer table = g_atomic_pointer_get (&almu_cfitsio);

  if (table != NULL)
    return TRUE;

  /* Two threads may come here at once, and get the same: the first has it in place
   * before the other reads it. */
  table = almu_module_load ("almucantar-cfitsio", ALMU_CFITSIO_CALLS (ALMU_MODULE_NAME), error);
  if (table == NULL)
    return FALSE;

  g_atomic_pointer_compare_and_exchange (&almu_cfitsio, NULL, (gpointer) table);

  return TRUE;
}
