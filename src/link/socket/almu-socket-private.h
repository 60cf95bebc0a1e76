/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-gather.h"
#include "almu-intake.h"
#include "almu-limits.h"
#include "almu-socket.h"

G_BEGIN_DECLS

/* What the files of AlmuSocket share: almu-socket.c has its states and what
 * can happen in each, almu-socket-read.c what comes in, almu-socket-write.c
 * what goes out, almu-socket-alive.c whether the peer is still there.
 */

/* OPEN → CLOSING: we said we want to end; what the source has goes first.
 * OPEN, CLOSING → ANSWERING: the peer's close frame is here; the answer to
 * it is the last thing that goes out.
 * OPEN, CLOSING → LINGERING: the peer broke the rules; it is told why, and
 * what it still sends is thrown away, because closing on unread bytes
 * would reset the connection before it has read that.
 * All → CLOSED: the stream is gone. */
typedef enum
{
  ALMU_SOCKET_OPEN,
  ALMU_SOCKET_CLOSING,
  ALMU_SOCKET_ANSWERING,
  ALMU_SOCKET_LINGERING,
  ALMU_SOCKET_CLOSED,
} AlmuSocketState;

struct _AlmuSocket
{
  GObject parent_instance;

  GIOStream             *stream;
  GPollableInputStream  *input;
  GPollableOutputStream *output;
  GMainContext          *context;
  AlmuIntake            *intake;
  AlmuGather             gather;

  GSource *read_source;
  GSource *write_source;
  GSource *deliver_source;
  GSource *tick_source;
  GSource *deadline_source;

  AlmuSocketState state;
  gboolean        paused;
  gboolean        writing;
  gboolean        told;

  gsize    read_budget;
  gboolean read_ended;

  AlmuSocketNext next;
  gpointer       next_data;
  gboolean       has_more;
  gboolean       write_failed;
  gboolean       close_wanted;
  guint          close_code;
  char          *close_reason;

  guint64 bytes_sent;
  guint64 bytes_received;
  gint64  last_seen;

  /* keep-alive, in microseconds */
  gint64 idle;
  gint64 idle_since;
  gint64 last_ping;
};

void almu_socket_end (AlmuSocket *self);
void almu_socket_arm_deadline (AlmuSocket *self);
void almu_socket_clear_source (GSource **source);
void almu_socket_attach_source (AlmuSocket *self,
                                GSource   **place,
                                GSource    *source,
                                GSourceFunc callback,
                                const char *name);
void almu_socket_update_sources (AlmuSocket *self);

gssize almu_socket_read_bytes (guint8  *data,
                               gsize    length,
                               gpointer user_data);
void   almu_socket_read_frames (AlmuSocket *self);
void   almu_socket_throw_away (AlmuSocket *self);

gboolean almu_socket_may_pull (AlmuSocket *self);
void     almu_socket_collect_control (AlmuSocket *self);
void     almu_socket_write_some (AlmuSocket *self,
                                 gboolean    pull);

void almu_socket_arm_tick (AlmuSocket *self);

G_END_DECLS
