/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What #AlmuSocket::closed tells when no close frame came. */
#define ALMU_SOCKET_CODE_NONE 1006

/**
 * AlmuSocketNext:
 * @user_data: what was given with the function
 *
 * Called when the peer can take more. It may call anything of the socket.
 *
 * Returns: (transfer full) (nullable): the next binary message, or %NULL if
 *   none waits; then it is not called again before almu_socket_wake()
 */
typedef GBytes *(*AlmuSocketNext) (gpointer user_data);

#define ALMU_TYPE_SOCKET (almu_socket_get_type ())
G_DECLARE_FINAL_TYPE (AlmuSocket, almu_socket, ALMU, SOCKET, GObject)

AlmuSocket *almu_socket_new (GIOStream *stream);
void        almu_socket_set_source (AlmuSocket    *self,
                                    AlmuSocketNext next,
                                    gpointer       user_data);
void        almu_socket_wake (AlmuSocket *self);
void        almu_socket_flush (AlmuSocket *self);
void        almu_socket_send_text (AlmuSocket *self,
                                   const char *text);
void        almu_socket_set_paused (AlmuSocket *self,
                                    gboolean    paused);
void        almu_socket_set_idle (AlmuSocket *self,
                                  guint       seconds);
void        almu_socket_close (AlmuSocket *self,
                               guint       code,
                               const char *reason);
gboolean    almu_socket_is_open (AlmuSocket *self);
guint64     almu_socket_get_bytes_sent (AlmuSocket *self);
guint64     almu_socket_get_bytes_received (AlmuSocket *self);
gint64      almu_socket_get_last_seen (AlmuSocket *self);

G_END_DECLS
