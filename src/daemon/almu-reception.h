/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * AlmuReception:
 *
 * The name of the service on a bus, and the calls that have come in and are
 * not answered yet.
 *
 * The bus delivers in order: what was sent to the name before
 * almu_reception_release_name() has been counted when that returns, and what
 * is sent later starts another process. For the main thread.
 */
typedef struct _AlmuReception AlmuReception;

/* Called on the main thread after the last call has been answered. */
typedef void (*AlmuReceptionFunc) (gpointer user_data);

AlmuReception *almu_reception_new (GDBusConnection  *connection,
                                   AlmuReceptionFunc on_quiet,
                                   gpointer          user_data);
void           almu_reception_free (AlmuReception *self);
gboolean       almu_reception_take_name (AlmuReception *self);
void           almu_reception_release_name (AlmuReception *self);
guint          almu_reception_get_n_calls (AlmuReception *self);
guint          almu_reception_get_n_waiting (AlmuReception *self);
void           almu_reception_drain (AlmuReception *self,
                                     guint          max_msec);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuReception, almu_reception_free)

G_END_DECLS
