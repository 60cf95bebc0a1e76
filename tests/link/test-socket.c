/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib-unix.h>

#include "almu-limits.h"
#include "almu-socket.h"
#include "almu-test.h"

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

/* -- the peer ----------------------------------------------------------- */

static void
make_connection (int *out_server,
                 int *out_client)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t          length = sizeof address;
  int                listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int                size = 64 * 1024;

  /* small buffers: a stalled reader stalls soon */
  setsockopt (listener, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  setsockopt (listener, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  g_assert_cmpint (bind (listener, (struct sockaddr *) &address, length), ==, 0);
  g_assert_cmpint (listen (listener, 1), ==, 0);
  g_assert_cmpint (getsockname (listener, (struct sockaddr *) &address, &length), ==, 0);

  *out_client = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt (*out_client, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  setsockopt (*out_client, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  g_assert_cmpint (connect (*out_client, (struct sockaddr *) &address, length), ==, 0);
  *out_server = accept4 (listener, NULL, NULL, SOCK_CLOEXEC);
  g_assert_cmpint (*out_server, >=, 0);

  close (listener);
}

static gboolean
on_peer_readable (int          fd,
                  GIOCondition condition,
                  gpointer     user_data)
{
  Fixture      *fixture = user_data;
  static guint8 buffer[256 * 1024];
  ssize_t       n = recv (fd, buffer, sizeof buffer, MSG_DONTWAIT);

  if (n > 0)
    {
      g_byte_array_append (fixture->received, buffer, (guint) n);
      return G_SOURCE_CONTINUE;
    }

  if (n < 0 && errno == EAGAIN)
    return G_SOURCE_CONTINUE;

  fixture->ended = TRUE;
  return G_SOURCE_REMOVE;
}

static gboolean
on_peer_writable (int          fd,
                  GIOCondition condition,
                  gpointer     user_data)
{
  Fixture *fixture = user_data;
  ssize_t  n;

  n = send (fd, fixture->to_send->data + fixture->sent, fixture->to_send->len - fixture->sent,
            MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n > 0)
    fixture->sent += (gsize) n;

  if (fixture->sent == fixture->to_send->len && fixture->endless)
    fixture->sent = 0;

  if ((n < 0 && errno != EAGAIN) || fixture->sent == fixture->to_send->len)
    {
      g_clear_pointer (&fixture->peer_writer, g_source_unref);
      return G_SOURCE_REMOVE;
    }

  return G_SOURCE_CONTINUE;
}

static GSource *
watch (Fixture          *fixture,
       GIOCondition      condition,
       GUnixFDSourceFunc func)
{
  GSource *source = g_unix_fd_source_new (fixture->peer, condition);

  g_source_set_callback (source, G_SOURCE_FUNC (func), fixture, NULL);
  g_source_attach (source, NULL);

  return source;
}

static void
unwatch (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);

  g_clear_pointer (source, g_source_unref);
}

static void
peer_start_reading (Fixture *fixture)
{
  fixture->peer_reader = watch (fixture, G_IO_IN | G_IO_HUP | G_IO_ERR, on_peer_readable);
}

static void
peer_stop_reading (Fixture *fixture)
{
  unwatch (&fixture->peer_reader);
}

static void
peer_send_bytes (Fixture      *fixture,
                 gconstpointer data,
                 gsize         length)
{
  g_byte_array_append (fixture->to_send, data, (guint) length);

  if (fixture->peer_writer == NULL)
    fixture->peer_writer = watch (fixture, G_IO_OUT, on_peer_writable);
}

/* @first is the first byte of the frame: final bit, reserved, opcode. */
static void
peer_send_frame (Fixture      *fixture,
                 guint8        first,
                 gconstpointer payload,
                 gsize         length)
{
  static const guint8 mask[] = { 0x12, 0x34, 0x56, 0x78 };
  guint8              header[10] = { first };
  gsize               header_length = 2;
  g_autofree guint8  *masked = g_malloc (length + 1);

  if (length < 126)
    {
      header[1] = (guint8) (0x80 | length);
    }
  else if (length < 65536)
    {
      header[1] = 0x80 | 126;
      header[2] = (guint8) (length >> 8);
      header[3] = (guint8) length;
      header_length = 4;
    }
  else
    {
      guint64 big = GUINT64_TO_BE ((guint64) length);

      header[1] = 0x80 | 127;
      memcpy (header + 2, &big, sizeof big);
      header_length = 10;
    }

  for (gsize i = 0; i < length; i++)
    masked[i] = ((const guint8 *) payload)[i] ^ mask[i % 4];

  peer_send_bytes (fixture, header, header_length);
  peer_send_bytes (fixture, mask, sizeof mask);
  peer_send_bytes (fixture, masked, length);
}

static void
peer_send_close (Fixture *fixture,
                 guint    code)
{
  guint8 payload[] = { (guint8) (code >> 8), (guint8) code };

  peer_send_frame (fixture, 0x88, payload, sizeof payload);
}

static void
peer_hang_up (Fixture *fixture)
{
  unwatch (&fixture->peer_reader);
  unwatch (&fixture->peer_writer);
  close (fixture->peer);
  fixture->peer = -1;
}

/* Takes the next whole frame of the server from what has been received;
 * %NULL if there is none yet. */
static GBytes *
peer_take_frame (Fixture *fixture,
                 guint   *out_opcode)
{
  const guint8 *data = fixture->received->data;
  gsize         header_length = 2;
  guint64       length;
  GBytes       *payload;

  if (fixture->received->len < 2)
    return NULL;

  g_assert_cmphex (data[0] & 0xf0, ==, 0x80);
  g_assert_cmphex (data[1] & 0x80, ==, 0);
  length = data[1];

  if (length == 126)
    {
      if (fixture->received->len < 4)
        return NULL;
      length = (guint64) data[2] << 8 | data[3];
      header_length = 4;
      g_assert_cmpuint (length, >=, 126);
    }
  else if (length == 127)
    {
      if (fixture->received->len < 10)
        return NULL;
      memcpy (&length, data + 2, sizeof length);
      length = GUINT64_FROM_BE (length);
      header_length = 10;
      g_assert_cmpuint (length, >, G_MAXUINT16);
    }

  if (fixture->received->len < header_length + length)
    return NULL;

  *out_opcode = data[0] & 0x0f;
  payload = g_bytes_new (data + header_length, length);
  g_byte_array_remove_range (fixture->received, 0, (guint) (header_length + length));

  return payload;
}

static GBytes *
peer_await_frame (Fixture *fixture,
                  guint    opcode)
{
  GBytes *payload;
  guint   got = 0;

  while ((payload = peer_take_frame (fixture, &got)) == NULL)
    {
      g_assert_false (fixture->ended);
      g_main_context_iteration (NULL, TRUE);
    }

  g_assert_cmphex (got, ==, opcode);

  return payload;
}

static void
peer_await_text (Fixture    *fixture,
                 const char *text)
{
  g_autoptr(GBytes) payload = peer_await_frame (fixture, 0x1);

  g_assert_cmpmem (g_bytes_get_data (payload, NULL), g_bytes_get_size (payload), text, strlen (text));
}

static void
peer_await_close (Fixture    *fixture,
                  guint       code,
                  const char *reason)
{
  g_autoptr(GBytes) payload = peer_await_frame (fixture, 0x8);
  gsize         length;
  const guint8 *data = g_bytes_get_data (payload, &length);

  g_assert_cmpuint (length, >=, 2);
  g_assert_cmpuint (data[0] << 8 | data[1], ==, code);
  g_assert_cmpmem (data + 2, length - 2, reason, strlen (reason));
}

/* -- the socket --------------------------------------------------------- */

static GBytes *
take_next (gpointer user_data)
{
  Fixture *fixture = user_data;
  GBytes  *message = g_queue_pop_head (&fixture->source);

  if (message != NULL)
    fixture->n_pulled++;

  return message;
}

static void
on_text (AlmuSocket *socket,
         const char *text,
         gpointer    user_data)
{
  Fixture *fixture = user_data;

  g_string_append_printf (fixture->texts, "%s|", text);

  if (fixture->answers)
    almu_socket_send_text (socket, "PONG");
}

static void
on_binary (AlmuSocket *socket,
           GBytes     *message,
           gpointer    user_data)
{
  Fixture *fixture = user_data;

  g_ptr_array_add (fixture->binaries, g_bytes_ref (message));

  if (fixture->drops)
    g_clear_object (&fixture->socket);
}

static void
on_closed (AlmuSocket *socket,
           guint       code,
           gboolean    clean,
           gpointer    user_data)
{
  Fixture *fixture = user_data;

  fixture->n_closed++;
  fixture->code = code;
  fixture->clean = clean;

  if (fixture->drops)
    g_clear_object (&fixture->socket);
}

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  g_autoptr(GSocket) end = NULL;
  g_autoptr(GSocketConnection) connection = NULL;
  g_autoptr(GError) error = NULL;
  int fd = -1;

  make_connection (&fd, &fixture->peer);
  end = g_socket_new_from_fd (fd, &error);
  g_assert_no_error (error);
  connection = g_socket_connection_factory_create_connection (end);

  fixture->texts = g_string_new (NULL);
  fixture->binaries = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  fixture->received = g_byte_array_new ();
  fixture->to_send = g_byte_array_new ();
  g_queue_init (&fixture->source);

  fixture->socket = almu_socket_new (G_IO_STREAM (connection));
  almu_socket_set_source (fixture->socket, take_next, fixture);
  g_signal_connect (fixture->socket, "text", G_CALLBACK (on_text), fixture);
  g_signal_connect (fixture->socket, "binary", G_CALLBACK (on_binary), fixture);
  g_signal_connect (fixture->socket, "closed", G_CALLBACK (on_closed), fixture);

  peer_start_reading (fixture);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  if (fixture->socket != NULL)
    almu_test_await_finalize (g_steal_pointer (&fixture->socket));

  unwatch (&fixture->peer_reader);
  unwatch (&fixture->peer_writer);
  if (fixture->peer >= 0)
    close (fixture->peer);

  g_string_free (fixture->texts, TRUE);
  g_ptr_array_unref (fixture->binaries);
  g_byte_array_unref (fixture->received);
  g_byte_array_unref (fixture->to_send);
  g_queue_clear_full (&fixture->source, (GDestroyNotify) g_bytes_unref);
  memset (fixture, 0, sizeof *fixture);
}

static void
await_closed (Fixture *fixture)
{
  while (fixture->n_closed == 0)
    g_main_context_iteration (NULL, TRUE);

  g_assert_cmpuint (fixture->n_closed, ==, 1);
}

static void
await_binaries (Fixture *fixture,
                guint    n)
{
  while (fixture->binaries->len < n)
    g_main_context_iteration (NULL, TRUE);
}

/* Until nothing is ready any more. What is asserted afterwards are upper
 * bounds, which hold in the meantime too. */
static void
settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static GBytes *
make_message (gsize length)
{
  guint8 *data = g_malloc (length + 1);

  for (gsize i = 0; i < length; i++)
    data[i] = (guint8) (i * 31 + i / 251);

  return g_bytes_new_take (data, length);
}

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

#define add_test(path, func) \
  g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

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
  add_test ("/link/socket/text-first", test_socket_text_first);
  add_test ("/link/socket/text-passes-batch", test_socket_text_passes_batch);
  add_test ("/link/socket/ping-flood", test_socket_ping_flood);
  add_test ("/link/socket/paused", test_socket_paused);
  add_test ("/link/socket/paused-within", test_socket_paused_within);

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
