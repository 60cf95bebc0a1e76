/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <protobuf-c/protobuf-c.h>

G_BEGIN_DECLS

/* The bodies of events. Their C types are those of carta.pb-c.h, which
 * users include beside this file. */

ProtobufCMessage *almu_message_unpack (guint16       event,
                                       const guint8 *body,
                                       gsize         length,
                                       GError      **error);
void              almu_message_free (gpointer message);
GBytes           *almu_message_pack (const ProtobufCMessage *message,
                                     guint16                 icd_version,
                                     guint32                 request_id);
gboolean          almu_message_get_file_id (const ProtobufCMessage *message,
                                            gint32                 *out_file_id);
char             *almu_message_clean_text (const char *text,
                                           gssize      length);

G_END_DECLS
