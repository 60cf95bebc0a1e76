/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _AlmuListener AlmuListener;

/**
 * AlmuListenerFunc:
 * @connection: (transfer none): a peer that came
 * @user_data: what was given with the function
 */
typedef void (*AlmuListenerFunc) (GSocketConnection *connection,
                                  gpointer           user_data);

AlmuListener   *almu_listener_new (AlmuListenerFunc func,
                                   gpointer         user_data);
void            almu_listener_free (AlmuListener *self);
gboolean        almu_listener_bind (AlmuListener *self,
                                    const char   *host,
                                    guint         first_port,
                                    guint         last_port,
                                    GError      **error);
gboolean        almu_listener_take_fd (AlmuListener *self,
                                       int           fd,
                                       GError      **error);
GSocketAddress *almu_listener_dup_address (AlmuListener *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuListener, almu_listener_free)

G_END_DECLS
