/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <sys/socket.h>

#include "socket-fixture.h"

/* -- broken rules ------------------------------------------------------- */

typedef struct
{
  const char *name;
  const char *bytes;
  gsize       length;
  guint       code;
} Violation;

#define BYTES(text) text, sizeof text - 1

static const Violation violations[] = {
  { "huge-length", BYTES ("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xfb"
                          "abcdx"),
    1002 },
  { "large-length", BYTES ("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xfb"
                           "abcdx"),
    1009 },
  { "oversized", BYTES ("\x82\xff\0\0\0\0\x02\0\0\x01"
                        "abcdx"),
    1009 },
  { "oversized-text", BYTES ("\x81\xfe\x04\x01"
                             "abcdx"),
    1009 },
  { "oversized-text-parts", BYTES ("\x01\x81"
                                   "abcdx"
                                   "\x00\xfe\x04\x00"
                                   "abcdx"),
    1009 },
  { "not-shortest-16", BYTES ("\x82\xfe\x00\x05"
                              "abcdxxxxx"),
    1002 },
  { "not-shortest-64", BYTES ("\x82\xff\0\0\0\0\0\0\0\x05"
                              "abcdxxxxx"),
    1002 },
  { "unmasked", BYTES ("\x82\x01"
                       "x"),
    1002 },
  { "reserved-bit-1", BYTES ("\xc2\x81"
                             "abcdx"),
    1002 },
  { "reserved-bit-2", BYTES ("\xa2\x81"
                             "abcdx"),
    1002 },
  { "reserved-bit-3", BYTES ("\x92\x81"
                             "abcdx"),
    1002 },
  { "reserved-opcode", BYTES ("\x83\x81"
                              "abcdx"),
    1002 },
  { "reserved-control", BYTES ("\x8b\x81"
                               "abcdx"),
    1002 },
  { "continues-nothing", BYTES ("\x80\x81"
                                "abcdx"),
    1002 },
  { "message-within-message", BYTES ("\x02\x81"
                                     "abcdx"
                                     "\x82\x81"
                                     "abcdx"),
    1002 },
  { "fragmented-control", BYTES ("\x09\x81"
                                 "abcdx"),
    1002 },
  { "long-control", BYTES ("\x89\xfe\x00\x7e"
                           "abcdx"),
    1002 },
  { "not-utf8", BYTES ("\x81\x81"
                       "\0\0\0\0"
                       "\xff"),
    1007 },
  { "half-a-character", BYTES ("\x81\x81"
                               "\0\0\0\0"
                               "\xc3"),
    1007 },
  { "surrogate", BYTES ("\x81\x83"
                        "\0\0\0\0"
                        "\xed\xa0\xbd"),
    1007 },
  { "close-code", BYTES ("\x88\x82"
                         "\0\0\0\0"
                         "\x03\xed"),
    1002 },
  { "close-reason", BYTES ("\x88\x83"
                           "\0\0\0\0"
                           "\x03\xe8\xff"),
    1007 },
};

/* What came before counts; what comes after does not; the peer is told. */
static void
test_socket_violation (Fixture      *fixture,
                       gconstpointer user_data)
{
  const Violation *violation = user_data;
  g_autofree char *rest = g_malloc0 (MIB);

  peer_send_frame (fixture, 0x82, "before", 6);
  peer_send_bytes (fixture, violation->bytes, violation->length);
  peer_send_bytes (fixture, rest, MIB);

  peer_await_close (fixture, violation->code, "");
  g_assert_false (almu_socket_is_open (fixture->socket));

  while (fixture->sent < fixture->to_send->len)
    g_main_context_iteration (NULL, TRUE);

  peer_hang_up (fixture);
  await_closed (fixture);
  g_assert_cmpuint (fixture->code, ==, ALMU_SOCKET_CODE_NONE);
  g_assert_false (fixture->clean);
  g_assert_cmpuint (fixture->binaries->len, ==, 1);
  g_assert_cmpuint (fixture->texts->len, ==, 0);
}

/* A peer that is told why, and stays. */
static void
test_socket_violation_stays (Fixture      *fixture,
                             gconstpointer user_data)
{
  peer_send_bytes (fixture, "\x82\x01x", 3);
  peer_await_close (fixture, 1002, "");
  await_closed (fixture);
  g_assert_false (fixture->clean);
}

static void
test_socket_endless_fragments (Fixture      *fixture,
                               gconstpointer user_data)
{
  g_autofree char *part = g_malloc0 (64 * 1024);

  peer_send_frame (fixture, 0x02, "x", 1);
  while (fixture->sent < fixture->to_send->len)
    g_main_context_iteration (NULL, TRUE);

  g_byte_array_set_size (fixture->to_send, 0);
  fixture->sent = 0;
  fixture->endless = TRUE;
  peer_send_frame (fixture, 0x00, part, 64 * 1024);

  peer_await_close (fixture, 1009, "");
  await_closed (fixture);
  g_assert_false (fixture->clean);
  g_assert_cmpuint (fixture->binaries->len, ==, 0);
}

static void
test_socket_random (Fixture      *fixture,
                    gconstpointer user_data)
{
  guint8 bytes[4096];

  for (gsize i = 0; i < sizeof bytes; i++)
    bytes[i] = (guint8) g_test_rand_int ();

  peer_send_bytes (fixture, bytes, sizeof bytes);
  while (fixture->sent < fixture->to_send->len)
    g_main_context_iteration (NULL, TRUE);

  peer_hang_up (fixture);
  await_closed (fixture);
}

/* -- ends --------------------------------------------------------------- */

static void
test_socket_peer_closes (Fixture      *fixture,
                         gconstpointer user_data)
{
  peer_send_frame (fixture, 0x82, "last", 4);
  peer_send_close (fixture, 1001);
  peer_await_close (fixture, 1001, "");
  await_closed (fixture);

  g_assert_cmpuint (fixture->code, ==, 1001);
  g_assert_true (fixture->clean);
  g_assert_cmpuint (fixture->binaries->len, ==, 1);

  while (!fixture->ended)
    g_main_context_iteration (NULL, TRUE);

  /* nothing of it does harm now */
  almu_socket_wake (fixture->socket);
  almu_socket_send_text (fixture->socket, "PONG");
  almu_socket_set_paused (fixture->socket, TRUE);
  almu_socket_set_idle (fixture->socket, 1);
  almu_socket_close (fixture->socket, 1000, NULL);
  settle ();
  g_assert_cmpuint (fixture->n_closed, ==, 1);
}

static void
test_socket_peer_closes_without_code (Fixture      *fixture,
                                      gconstpointer user_data)
{
  g_autoptr(GBytes) answer = NULL;

  peer_send_frame (fixture, 0x88, "", 0);
  answer = peer_await_frame (fixture, 0x8);
  g_assert_cmpuint (g_bytes_get_size (answer), ==, 0);
  await_closed (fixture);
  g_assert_cmpuint (fixture->code, ==, 1005);
  g_assert_true (fixture->clean);
}

/* A page that is closed says so and is gone: it left, it was not lost. */
static void
test_socket_peer_closes_and_vanishes (Fixture      *fixture,
                                      gconstpointer user_data)
{
  peer_stop_reading (fixture);
  for (int i = 0; i < 20; i++)
    g_queue_push_tail (&fixture->source, make_message (MIB));
  almu_socket_wake (fixture->socket);
  settle ();

  peer_send_close (fixture, 1001);
  while (fixture->sent < fixture->to_send->len)
    g_main_context_iteration (NULL, TRUE);
  peer_hang_up (fixture);

  await_closed (fixture);
  g_assert_cmpuint (fixture->code, ==, 1001);
  g_assert_true (fixture->clean);
}

static void
test_socket_no_close_frame (Fixture      *fixture,
                            gconstpointer user_data)
{
  peer_send_frame (fixture, 0x82, "last", 4);
  peer_send_frame (fixture, 0x02, "half", 4);
  while (fixture->sent < fixture->to_send->len)
    g_main_context_iteration (NULL, TRUE);
  peer_hang_up (fixture);

  await_closed (fixture);
  g_assert_cmpuint (fixture->code, ==, ALMU_SOCKET_CODE_NONE);
  g_assert_false (fixture->clean);
  g_assert_cmpuint (fixture->binaries->len, ==, 1);
}

static void
test_socket_reset (Fixture      *fixture,
                   gconstpointer user_data)
{
  struct linger at_once = { 1, 0 };

  g_queue_push_tail (&fixture->source, make_message (4 * MIB));
  almu_socket_wake (fixture->socket);
  peer_stop_reading (fixture);
  settle ();

  setsockopt (fixture->peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  peer_hang_up (fixture);

  await_closed (fixture);
  g_assert_cmpuint (fixture->code, ==, ALMU_SOCKET_CODE_NONE);
  g_assert_false (fixture->clean);
}

static void
test_socket_close (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_socket_close (fixture->socket, 4001, "taken over");
  g_assert_false (almu_socket_is_open (fixture->socket));
  almu_socket_close (fixture->socket, 1000, "again");

  peer_await_close (fixture, 4001, "taken over");
  peer_send_frame (fixture, 0x82, "late", 4);
  peer_send_close (fixture, 4001);

  await_closed (fixture);
  g_assert_cmpuint (fixture->code, ==, 4001);
  g_assert_true (fixture->clean);
  g_assert_cmpuint (fixture->binaries->len, ==, 0);
}

static void
test_socket_close_long_reason (Fixture      *fixture,
                               gconstpointer user_data)
{
  g_autoptr(GString) reason = g_string_new (NULL);
  g_autoptr(GString) expected = g_string_new (NULL);

  for (int i = 0; i < 100; i++)
    g_string_append (reason, "ö");
  for (int i = 0; i < 61; i++)
    g_string_append (expected, "ö");

  almu_socket_close (fixture->socket, 1011, reason->str);
  peer_await_close (fixture, 1011, expected->str);
}

/* What the source has goes first, however slowly. */
static void
test_socket_close_pending (Fixture      *fixture,
                           gconstpointer user_data)
{
  peer_stop_reading (fixture);
  for (int i = 0; i < 5; i++)
    g_queue_push_tail (&fixture->source, make_message (MIB));
  almu_socket_wake (fixture->socket);
  settle ();

  almu_socket_close (fixture->socket, 1001, NULL);
  peer_send_frame (fixture, 0x89, "", 0);
  settle ();
  peer_start_reading (fixture);

  for (int i = 0; i < 6;)
    {
      guint opcode = 0;
      g_autoptr(GBytes) got = peer_take_frame (fixture, &opcode);

      if (got == NULL)
        g_main_context_iteration (NULL, TRUE);
      else if (opcode == 0x2)
        i++;
      else if (opcode == 0x8)
        {
          g_assert_cmpint (i, ==, 5);
          break;
        }
    }

  peer_send_close (fixture, 1001);
  await_closed (fixture);
  g_assert_true (fixture->clean);
}

/* Neither does it read nor answer: the deadline ends it. */
static void
test_socket_close_unanswered (Fixture      *fixture,
                              gconstpointer user_data)
{
  peer_stop_reading (fixture);
  g_queue_push_tail (&fixture->source, make_message (8 * MIB));
  almu_socket_wake (fixture->socket);
  almu_socket_close (fixture->socket, 1001, NULL);

  await_closed (fixture);
  g_assert_cmpuint (fixture->code, ==, ALMU_SOCKET_CODE_NONE);
  g_assert_false (fixture->clean);
}

static void
test_socket_close_crossing (Fixture      *fixture,
                            gconstpointer user_data)
{
  almu_socket_close (fixture->socket, 4001, NULL);
  peer_send_close (fixture, 1000);
  await_closed (fixture);
  g_assert_cmpuint (fixture->code, ==, 1000);
  g_assert_true (fixture->clean);
  g_bytes_unref (peer_await_frame (fixture, 0x8));
}

static void
test_socket_idle (Fixture      *fixture,
                  gconstpointer user_data)
{
  gint64 last_seen = almu_socket_get_last_seen (fixture->socket);

  almu_socket_set_idle (fixture->socket, 1);

  /* two pings a second answered, and nothing else said */
  for (int i = 0; i < 4; i++)
    {
      g_bytes_unref (peer_await_frame (fixture, 0x9));
      peer_send_frame (fixture, 0x8a, "", 0);
    }

  g_assert_cmpuint (fixture->n_closed, ==, 0);

  peer_stop_reading (fixture);
  await_closed (fixture);
  g_assert_cmpuint (fixture->code, ==, ALMU_SOCKET_CODE_NONE);
  g_assert_false (fixture->clean);
  g_assert_cmpint (almu_socket_get_last_seen (fixture->socket), >, last_seen);
}

/* -- lives -------------------------------------------------------------- */

static void
test_socket_dropped_in_closed (Fixture      *fixture,
                               gconstpointer user_data)
{
  fixture->drops = TRUE;
  peer_send_close (fixture, 1000);
  await_closed (fixture);
  g_assert_null (fixture->socket);
}

static void
test_socket_dropped_in_binary (Fixture      *fixture,
                               gconstpointer user_data)
{
  fixture->drops = TRUE;
  peer_send_frame (fixture, 0x82, "a", 1);
  while (!fixture->ended)
    g_main_context_iteration (NULL, TRUE);

  g_assert_null (fixture->socket);
  g_assert_cmpuint (fixture->n_closed, ==, 0);
}

static GBytes *
close_from_source (gpointer user_data)
{
  Fixture *fixture = user_data;

  almu_socket_send_text (fixture->socket, "PONG");
  almu_socket_close (fixture->socket, 1000, NULL);

  return fixture->n_pulled++ == 0 ? g_bytes_new_static ("a", 1) : NULL;
}

static void
test_socket_calls_from_source (Fixture      *fixture,
                               gconstpointer user_data)
{
  almu_socket_set_source (fixture->socket, close_from_source, fixture);
  peer_await_text (fixture, "PONG");
  g_bytes_unref (peer_await_frame (fixture, 0x2));
  peer_await_close (fixture, 1000, "");
  peer_send_close (fixture, 1000);
  await_closed (fixture);
  g_assert_true (fixture->clean);
}

static guint
count_descriptors (void)
{
  g_autoptr(GDir) folder = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  if (folder == NULL)
    return 0;

  while (g_dir_read_name (folder) != NULL)
    n++;

  return n;
}

static void
live_once (int how)
{
  Fixture fixture = { 0 };

  fixture_set_up (&fixture, NULL);
  peer_send_frame (&fixture, 0x82, "hello", 5);
  await_binaries (&fixture, 1);

  switch (how)
    {
    case 0:
      peer_send_close (&fixture, 1000);
      await_closed (&fixture);
      break;

    case 1:
      peer_hang_up (&fixture);
      await_closed (&fixture);
      break;

    case 2:
      almu_socket_close (fixture.socket, 1001, "bye");
      peer_await_close (&fixture, 1001, "bye");
      peer_send_close (&fixture, 1001);
      await_closed (&fixture);
      break;

    default:
      break;
    }

  fixture_tear_down (&fixture, NULL);
}

static void
test_socket_descriptors (void)
{
  guint n_before;

  live_once (0);
  n_before = count_descriptors ();

  for (int i = 0; i < 100; i++)
    live_once (i % 4);

  g_assert_cmpuint (count_descriptors (), ==, n_before);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (violations); i++)
    {
      g_autofree char *path = g_strdup_printf ("/link/socket/violation/%s", violations[i].name);

      g_test_add (path, Fixture, &violations[i], fixture_set_up, test_socket_violation, fixture_tear_down);
    }

  add_test ("/link/socket/violation-stays", test_socket_violation_stays);
  add_test ("/link/socket/endless-fragments", test_socket_endless_fragments);
  add_test ("/link/socket/random", test_socket_random);

  add_test ("/link/socket/peer-closes", test_socket_peer_closes);
  add_test ("/link/socket/peer-closes-without-code", test_socket_peer_closes_without_code);
  add_test ("/link/socket/peer-closes-and-vanishes", test_socket_peer_closes_and_vanishes);
  add_test ("/link/socket/no-close-frame", test_socket_no_close_frame);
  add_test ("/link/socket/reset", test_socket_reset);
  add_test ("/link/socket/close", test_socket_close);
  add_test ("/link/socket/close-long-reason", test_socket_close_long_reason);
  add_test ("/link/socket/close-pending", test_socket_close_pending);
  add_test ("/link/socket/close-unanswered", test_socket_close_unanswered);
  add_test ("/link/socket/close-crossing", test_socket_close_crossing);
  add_test ("/link/socket/idle", test_socket_idle);

  add_test ("/link/socket/dropped-in-closed", test_socket_dropped_in_closed);
  add_test ("/link/socket/dropped-in-binary", test_socket_dropped_in_binary);
  add_test ("/link/socket/calls-from-source", test_socket_calls_from_source);
  g_test_add_func ("/link/socket/descriptors", test_socket_descriptors);

  return g_test_run ();
}
