/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Opcodes of RFC 6455 that we send by ourselves. */
#define ALMU_OPCODE_TEXT 0x1
#define ALMU_OPCODE_BINARY 0x2
#define ALMU_OPCODE_CLOSE 0x8

/**
 * AlmuGather:
 *
 * The WebSocket frames that are being written: headers and payloads as they
 * are, gathered by the kernel, so that no payload is copied.
 *
 * Urgent frames pass all others but the one that is partly written. Part of
 * a socket, which lives on one thread.
 */
typedef struct
{
  /*< private >*/
  GQueue frames;
  guint  n_urgent;
  gsize  head_written;
} AlmuGather;

void            almu_gather_init (AlmuGather *self);
void            almu_gather_clear (AlmuGather *self);
void            almu_gather_push (AlmuGather *self,
                                  guint8      opcode,
                                  GBytes     *payload);
void            almu_gather_push_urgent (AlmuGather *self,
                                         guint8      opcode,
                                         GBytes     *payload);
void            almu_gather_push_made (AlmuGather *self,
                                       GBytes     *frames);
void            almu_gather_drop_waiting (AlmuGather *self);
gboolean        almu_gather_is_empty (AlmuGather *self);
gboolean        almu_gather_has_ordinary (AlmuGather *self);
guint           almu_gather_get_n_urgent (AlmuGather *self);
GPollableReturn almu_gather_write (AlmuGather            *self,
                                   GPollableOutputStream *stream,
                                   gsize                 *out_written,
                                   GError               **error);

G_END_DECLS
