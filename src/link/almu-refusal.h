/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <protobuf-c/protobuf-c.h>

G_BEGIN_DECLS

ProtobufCMessage *almu_refusal_new (guint16     event,
                                    gint32      file_id,
                                    const char *text);
void              almu_refusal_free (ProtobufCMessage *self);

G_END_DECLS
