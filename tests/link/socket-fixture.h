/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-socket.h"

G_BEGIN_DECLS

#define MIB (1024 * 1024)

/* A socket, and a peer at the other end of a real connection that writes
 * and reads bytes as it likes. */
typedef struct
{
  AlmuSocket *socket;
  GString    *texts;
  GPtrArray  *binaries;
  GQueue      source;
  guint       n_pulled;
  guint       n_closed;
  guint       code;
  gboolean    clean;
  gboolean    answers;
  gboolean    drops;

  int         peer;
  GSource    *peer_reader;
  GSource    *peer_writer;
  GByteArray *received;
  GByteArray *to_send;
  gsize       sent;
  gboolean    endless;
  gboolean    ended;
} Fixture;

#define add_test(path, func) \
  g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

void fixture_set_up (Fixture      *fixture,
                     gconstpointer user_data);
void fixture_tear_down (Fixture      *fixture,
                        gconstpointer user_data);

void    peer_start_reading (Fixture *fixture);
void    peer_stop_reading (Fixture *fixture);
void    peer_send_bytes (Fixture      *fixture,
                         gconstpointer data,
                         gsize         length);
void    peer_send_frame (Fixture      *fixture,
                         guint8        first,
                         gconstpointer payload,
                         gsize         length);
void    peer_send_close (Fixture *fixture,
                         guint    code);
void    peer_hang_up (Fixture *fixture);
GBytes *peer_take_frame (Fixture *fixture,
                         guint   *out_opcode);
GBytes *peer_await_frame (Fixture *fixture,
                          guint    opcode);
void    peer_await_text (Fixture    *fixture,
                         const char *text);
void    peer_await_close (Fixture    *fixture,
                          guint       code,
                          const char *reason);

void    await_closed (Fixture *fixture);
void    await_binaries (Fixture *fixture,
                        guint    n);
void    settle (void);
GBytes *make_message (gsize length);

G_END_DECLS
