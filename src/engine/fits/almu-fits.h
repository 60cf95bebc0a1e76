/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * AlmuFits: (foreign)
 *
 * An open cfitsio handle, for what plain reads cannot do: tables. One thread
 * at a time; several handles may be in use on several threads.
 */
typedef struct _AlmuFits AlmuFits;

AlmuFits *almu_fits_open (int         fd,
                          const char *name,
                          GError    **error);
void      almu_fits_close (AlmuFits *self);
gboolean  almu_fits_is_compressed_start (const guint8 *bytes,
                                         gsize         n_bytes);
gpointer  almu_fits_get_handle (AlmuFits *self);
int       almu_fits_get_plain_fd (AlmuFits *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuFits, almu_fits_close)

G_END_DECLS
