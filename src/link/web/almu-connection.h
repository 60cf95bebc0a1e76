/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

#define ALMU_TYPE_CONNECTION (almu_connection_get_type ())
G_DECLARE_FINAL_TYPE (AlmuConnection, almu_connection, ALMU, CONNECTION, GIOStream)

AlmuConnection *almu_connection_new (GSocketConnection *base);
AlmuConnection *almu_connection_for_message (SoupServerMessage *msg);
GSocketAddress *almu_connection_get_local (AlmuConnection *self);
GSocketAddress *almu_connection_get_remote (AlmuConnection *self);
void            almu_connection_set_deadline (AlmuConnection *self,
                                              guint           seconds,
                                              guint           status);
void            almu_connection_clear_deadline (AlmuConnection *self);
void            almu_connection_watch_hangup (AlmuConnection *self);
void            almu_connection_set_linked (AlmuConnection *self);
gboolean        almu_connection_is_linked (AlmuConnection *self);
void            almu_connection_shut (AlmuConnection *self);
void            almu_connection_refuse (GSocketConnection *base,
                                        guint              status);

G_END_DECLS
