/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <protobuf-c/protobuf-c.h>

#include "carta.pb-c.h"

G_BEGIN_DECLS

/**
 * BenchLink:
 *
 * A viewer's connection made for measuring: blocking, on one thread, with
 * nothing between the kernel and the clock, so that a figure is the
 * service's and not that of a main loop here. Any failure ends the program.
 */
typedef struct _BenchLink BenchLink;

typedef struct
{
  gboolean      is_text;
  guint16       event;
  const guint8 *body; /* until the next one is received */
  gsize         length;
} BenchMessage;

/* Whether a message is the one that is waited for. */
typedef gboolean (*BenchCondition) (const ProtobufCMessage *message,
                                    gpointer                user_data);

BenchLink *bench_link_new (const char *url);
char      *bench_link_fetch (const char *url,
                             const char *path);
void       bench_link_close (BenchLink *self);
void       bench_link_cut (BenchLink *self);

void     bench_link_send (BenchLink              *self,
                          const ProtobufCMessage *message);
void     bench_link_send_text (BenchLink  *self,
                               const char *text);
gboolean bench_link_receive (BenchLink    *self,
                             int           timeout_ms,
                             BenchMessage *out_message);
void     bench_link_await (BenchLink *self,
                           guint16    event,
                           int        n);
void     bench_link_await_that (BenchLink     *self,
                                guint16        event,
                                BenchCondition condition,
                                gpointer       user_data);
gint64   bench_link_await_pong (BenchLink *self);
void     bench_link_settle (BenchLink *self);

guint32 bench_link_register (BenchLink *self,
                             guint32    session_id);

G_END_DECLS
