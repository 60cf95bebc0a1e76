/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-error.h"

/* The names outlive releases: scripts match on them. */
static const GDBusErrorEntry entries[] = {
  { ALMU_ERROR_FORMAT, "io.github.almucantar.Almucantar.Error.Format" },
  { ALMU_ERROR_UNSUPPORTED, "io.github.almucantar.Almucantar.Error.Unsupported" },
  { ALMU_ERROR_LIMIT, "io.github.almucantar.Almucantar.Error.Limit" },
  { ALMU_ERROR_NOT_FOUND, "io.github.almucantar.Almucantar.Error.NotFound" },
  { ALMU_ERROR_REFUSED, "io.github.almucantar.Almucantar.Error.Refused" },
  { ALMU_ERROR_CHANGED, "io.github.almucantar.Almucantar.Error.Changed" },
};

G_STATIC_ASSERT (G_N_ELEMENTS (entries) == ALMU_N_ERRORS);

/**
 * almu_error_quark:
 *
 * The domain of #AlmuError. The first call registers the names that its codes
 * have on the bus: until then a remote error of ours comes as %G_IO_ERROR_DBUS_ERROR.
 * Any thread.
 *
 * Returns: the quark of `almu-error-quark`
 */
GQuark
almu_error_quark (void)
{
  static gsize quark = 0;

  g_dbus_error_register_error_domain ("almu-error-quark", &quark,
                                      entries, G_N_ELEMENTS (entries));

  return (GQuark) quark;
}
