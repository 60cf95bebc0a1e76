/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "socket-fixture.h"

/* -- messages ----------------------------------------------------------- */

static void
test_socket_text (Fixture      *fixture,
                  gconstpointer user_data)
{
  fixture->answers = TRUE;
  peer_send_frame (fixture, 0x81, "PING", 4);
  peer_await_text (fixture, "PONG");
  peer_send_frame (fixture, 0x81, "", 0);
  peer_await_text (fixture, "PONG");
  peer_send_frame (fixture, 0x81, "Größe", strlen ("Größe"));
  peer_await_text (fixture, "PONG");

  g_assert_cmpstr (fixture->texts->str, ==, "PING||Größe|");
  g_assert_true (almu_socket_is_open (fixture->socket));
  g_assert_cmpuint (almu_socket_get_bytes_received (fixture->socket), ==, 3 * 6 + 4 + 7);
  g_assert_cmpuint (almu_socket_get_bytes_sent (fixture->socket), ==, 3 * 6);
}

static const gsize lengths[] = { 0, 1, 125, 126, 127, 65535, 65536, 3 * MIB };

static void
test_socket_binary_in (Fixture      *fixture,
                       gconstpointer user_data)
{
  for (gsize i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_autoptr(GBytes) message = make_message (lengths[i]);

      peer_send_frame (fixture, 0x82, g_bytes_get_data (message, NULL), lengths[i]);
      await_binaries (fixture, (guint) i + 1);
      g_assert_true (g_bytes_equal (fixture->binaries->pdata[i], message));
    }
}

static void
test_socket_binary_out (Fixture      *fixture,
                        gconstpointer user_data)
{
  for (int round = 0; round < 3; round++)
    {
      for (gsize i = 0; i < G_N_ELEMENTS (lengths); i++)
        g_queue_push_tail (&fixture->source, make_message (lengths[i]));
      almu_socket_wake (fixture->socket);

      for (gsize i = 0; i < G_N_ELEMENTS (lengths); i++)
        {
          g_autoptr(GBytes) expected = make_message (lengths[i]);
          g_autoptr(GBytes) got = peer_await_frame (fixture, 0x2);

          g_assert_true (g_bytes_equal (got, expected));
        }
    }
}

static void
test_socket_many_small (Fixture      *fixture,
                        gconstpointer user_data)
{
  enum
  {
    N_MESSAGES = 5000
  };

  for (guint32 i = 0; i < N_MESSAGES; i++)
    g_queue_push_tail (&fixture->source, g_bytes_new (&i, sizeof i));
  almu_socket_wake (fixture->socket);

  for (guint32 i = 0; i < N_MESSAGES; i++)
    {
      g_autoptr(GBytes) got = peer_await_frame (fixture, 0x2);

      g_assert_cmpmem (g_bytes_get_data (got, NULL), g_bytes_get_size (got), &i, sizeof i);
    }

  for (guint32 i = 0; i < N_MESSAGES; i++)
    peer_send_frame (fixture, 0x82, &i, sizeof i);

  await_binaries (fixture, N_MESSAGES);
  for (guint32 i = 0; i < N_MESSAGES; i++)
    g_assert_cmpmem (g_bytes_get_data (fixture->binaries->pdata[i], NULL), 4, &i, sizeof i);
}

static void
test_socket_fragments (Fixture      *fixture,
                       gconstpointer user_data)
{
  g_autoptr(GBytes) pong = NULL;

  /* a control frame may come between the parts */
  peer_send_frame (fixture, 0x02, "ab", 2);
  peer_send_frame (fixture, 0x00, "", 0);
  peer_send_frame (fixture, 0x89, "?", 1);
  peer_send_frame (fixture, 0x00, "cd", 2);
  peer_send_frame (fixture, 0x80, "e", 1);
  await_binaries (fixture, 1);
  g_assert_cmpmem (g_bytes_get_data (fixture->binaries->pdata[0], NULL),
                   g_bytes_get_size (fixture->binaries->pdata[0]), "abcde", 5);

  pong = peer_await_frame (fixture, 0xa);
  g_assert_cmpmem (g_bytes_get_data (pong, NULL), g_bytes_get_size (pong), "?", 1);

  /* a character may be cut in two */
  peer_send_frame (fixture, 0x01, "\xc3", 1);
  peer_send_frame (fixture, 0x80, "\xb6", 1);
  peer_send_frame (fixture, 0x82, "", 0);
  await_binaries (fixture, 2);
  g_assert_cmpstr (fixture->texts->str, ==, "ö|");
}

/* Byte after byte, each a read of its own. */
static void
test_socket_slow_writer (Fixture      *fixture,
                         gconstpointer user_data)
{
  static const guint8 bytes[] = { 0x82, 0x83, 1, 2, 3, 4, 'a' ^ 1, 'b' ^ 2, 'c' ^ 3 };

  for (gsize i = 0; i < sizeof bytes; i++)
    {
      guint64 before = almu_socket_get_bytes_received (fixture->socket);

      g_assert_cmpuint (fixture->binaries->len, ==, 0);
      peer_send_bytes (fixture, bytes + i, 1);
      while (almu_socket_get_bytes_received (fixture->socket) == before)
        g_main_context_iteration (NULL, TRUE);
    }

  await_binaries (fixture, 1);
  g_assert_cmpmem (g_bytes_get_data (fixture->binaries->pdata[0], NULL), 3, "abc", 3);
}

static void
test_socket_tiny_fragments (Fixture      *fixture,
                            gconstpointer user_data)
{
  enum
  {
    N_PARTS = 100000
  };

  peer_send_frame (fixture, 0x02, "x", 1);
  for (int i = 0; i < N_PARTS; i++)
    peer_send_frame (fixture, 0x00, "x", 1);
  peer_send_frame (fixture, 0x80, "x", 1);

  await_binaries (fixture, 1);
  g_assert_cmpuint (g_bytes_get_size (fixture->binaries->pdata[0]), ==, N_PARTS + 2);
}

/* -- slow readers ------------------------------------------------------- */

/* What is not pulled can be dropped; what can be pulled is bounded by the
 * system's buffers and one batch. */
static void
test_socket_stalled_reader (Fixture      *fixture,
                            gconstpointer user_data)
{
  g_autoptr(GBytes) message = make_message (64 * 1024);
  guint n_pulled;

  peer_stop_reading (fixture);
  for (int i = 0; i < 1000; i++)
    g_queue_push_tail (&fixture->source, g_bytes_ref (message));
  almu_socket_wake (fixture->socket);
  settle ();

  n_pulled = fixture->n_pulled;
  g_assert_cmpuint (n_pulled, <, 200);

  g_queue_clear_full (&fixture->source, (GDestroyNotify) g_bytes_unref);
  g_queue_push_tail (&fixture->source, g_bytes_new_static ("last", 4));
  peer_start_reading (fixture);

  for (guint i = 0; i < n_pulled; i++)
    {
      g_autoptr(GBytes) got = peer_await_frame (fixture, 0x2);

      g_assert_true (g_bytes_equal (got, message));
    }

  g_bytes_unref (peer_await_frame (fixture, 0x2));
  g_assert_cmpuint (fixture->n_pulled, ==, n_pulled + 1);
}

/* What waits is written without a turn of the main loop, as far as the peer
 * takes it; the rest goes later, in order. */
static void
test_socket_flush (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_autoptr(GBytes) message = make_message (64 * 1024);
  GPollFD poll = { fixture->peer, G_IO_IN, 0 };
  guint   n_pulled;

  almu_socket_flush (fixture->socket);
  g_assert_cmpuint (fixture->n_pulled, ==, 0);

  g_queue_push_tail (&fixture->source, g_bytes_new_static ("first", 5));
  almu_socket_wake (fixture->socket);
  g_assert_cmpuint (fixture->n_pulled, ==, 0);
  almu_socket_flush (fixture->socket);
  g_assert_cmpuint (fixture->n_pulled, ==, 1);
  g_assert_cmpint (g_poll (&poll, 1, -1), ==, 1);
  g_bytes_unref (peer_await_frame (fixture, 0x2));

  peer_stop_reading (fixture);
  for (int i = 0; i < 1000; i++)
    g_queue_push_tail (&fixture->source, g_bytes_ref (message));
  almu_socket_wake (fixture->socket);
  for (int i = 0; i < 1000; i++)
    almu_socket_flush (fixture->socket);
  n_pulled = fixture->n_pulled;
  g_assert_cmpuint (n_pulled, <, 200);

  peer_start_reading (fixture);
  for (int i = 0; i < 1000; i++)
    {
      g_autoptr(GBytes) got = peer_await_frame (fixture, 0x2);

      g_assert_true (g_bytes_equal (got, message));
    }
  g_assert_cmpuint (fixture->n_pulled, ==, 1001);
}

/* At most the frame that is partly written goes before a PONG. */
static void
test_socket_text_first (Fixture      *fixture,
                        gconstpointer user_data)
{
  guint n_pulled;

  fixture->answers = TRUE;
  peer_stop_reading (fixture);
  for (int i = 0; i < 20; i++)
    g_queue_push_tail (&fixture->source, make_message (MIB));
  almu_socket_wake (fixture->socket);
  settle ();

  n_pulled = fixture->n_pulled;
  peer_send_frame (fixture, 0x81, "PING", 4);
  while (fixture->texts->len == 0)
    g_main_context_iteration (NULL, TRUE);

  peer_send_frame (fixture, 0x89, "", 0);
  settle ();

  peer_start_reading (fixture);
  for (guint i = 0; i < n_pulled; i++)
    g_bytes_unref (peer_await_frame (fixture, 0x2));
  peer_await_text (fixture, "PONG");
  g_bytes_unref (peer_await_frame (fixture, 0xa));

  for (guint i = n_pulled; i < 20; i++)
    g_bytes_unref (peer_await_frame (fixture, 0x2));
}

/* A batch of small messages may be passed as well. */
static void
test_socket_text_passes_batch (Fixture      *fixture,
                               gconstpointer user_data)
{
  guint opcode = 0;
  guint n_before = 0;

  peer_stop_reading (fixture);
  for (int i = 0; i < 1000; i++)
    g_queue_push_tail (&fixture->source, make_message (15000));
  almu_socket_wake (fixture->socket);
  settle ();

  almu_socket_send_text (fixture->socket, "PONG");
  peer_start_reading (fixture);

  while (opcode != 0x1)
    {
      g_autoptr(GBytes) got = peer_take_frame (fixture, &opcode);

      if (got == NULL)
        g_main_context_iteration (NULL, TRUE);
      else if (opcode == 0x2)
        n_before++;
    }

  g_assert_cmpuint (n_before, <, 1000);
  for (guint i = n_before; i < 1000; i++)
    g_bytes_unref (peer_await_frame (fixture, 0x2));
}

/* A peer that asks without reading the answers is not read either. */
static void
test_socket_ping_flood (Fixture      *fixture,
                        gconstpointer user_data)
{
  fixture->answers = TRUE;
  fixture->endless = TRUE;
  peer_stop_reading (fixture);

  for (int i = 0; i < 2000; i++)
    {
      peer_send_frame (fixture, 0x89, "0123456789", 10);
      peer_send_frame (fixture, 0x81, "PING", 4);
    }

  settle ();
  g_assert_cmpuint (almu_socket_get_bytes_received (fixture->socket), <, 16 * MIB);
  g_assert_true (almu_socket_is_open (fixture->socket));

  /* it is served as soon as it reads */
  peer_start_reading (fixture);
  while (fixture->received->len < 4 * MIB)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_socket_paused (Fixture      *fixture,
                    gconstpointer user_data)
{
  almu_socket_set_paused (fixture->socket, TRUE);
  peer_send_frame (fixture, 0x82, "a", 1);
  peer_send_frame (fixture, 0x82, "b", 1);
  settle ();
  g_assert_cmpuint (fixture->binaries->len, ==, 0);
  g_assert_cmpuint (almu_socket_get_bytes_received (fixture->socket), ==, 0);

  almu_socket_set_paused (fixture->socket, FALSE);
  await_binaries (fixture, 2);
}

static void
pause_socket (AlmuSocket *socket,
              GBytes     *message,
              gpointer    user_data)
{
  almu_socket_set_paused (socket, TRUE);
}

/* Not even what came in the same read. */
static void
test_socket_paused_within (Fixture      *fixture,
                           gconstpointer user_data)
{
  g_signal_connect (fixture->socket, "binary", G_CALLBACK (pause_socket), NULL);

  for (int i = 0; i < 10; i++)
    peer_send_frame (fixture, 0x82, "a", 1);

  for (guint i = 1; i <= 10; i++)
    {
      await_binaries (fixture, i);
      settle ();
      g_assert_cmpuint (fixture->binaries->len, ==, i);
      almu_socket_set_paused (fixture->socket, FALSE);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/link/socket/text", test_socket_text);
  add_test ("/link/socket/binary-in", test_socket_binary_in);
  add_test ("/link/socket/binary-out", test_socket_binary_out);
  add_test ("/link/socket/many-small", test_socket_many_small);
  add_test ("/link/socket/fragments", test_socket_fragments);
  add_test ("/link/socket/slow-writer", test_socket_slow_writer);
  add_test ("/link/socket/tiny-fragments", test_socket_tiny_fragments);

  add_test ("/link/socket/stalled-reader", test_socket_stalled_reader);
  add_test ("/link/socket/flush", test_socket_flush);
  add_test ("/link/socket/text-first", test_socket_text_first);
  add_test ("/link/socket/text-passes-batch", test_socket_text_passes_batch);
  add_test ("/link/socket/ping-flood", test_socket_ping_flood);
  add_test ("/link/socket/paused", test_socket_paused);
  add_test ("/link/socket/paused-within", test_socket_paused_within);

  return g_test_run ();
}
