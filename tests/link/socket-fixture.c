/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib-unix.h>

#include "almu-test.h"
#include "socket-fixture.h"

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

void
peer_start_reading (Fixture *fixture)
{
  fixture->peer_reader = watch (fixture, G_IO_IN | G_IO_HUP | G_IO_ERR, on_peer_readable);
}

void
peer_stop_reading (Fixture *fixture)
{
  unwatch (&fixture->peer_reader);
}

void
peer_send_bytes (Fixture      *fixture,
                 gconstpointer data,
                 gsize         length)
{
  g_byte_array_append (fixture->to_send, data, (guint) length);

  if (fixture->peer_writer == NULL)
    fixture->peer_writer = watch (fixture, G_IO_OUT, on_peer_writable);
}

/* @first is the first byte of the frame: final bit, reserved, opcode. */
void
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

void
peer_send_close (Fixture *fixture,
                 guint    code)
{
  guint8 payload[] = { (guint8) (code >> 8), (guint8) code };

  peer_send_frame (fixture, 0x88, payload, sizeof payload);
}

void
peer_hang_up (Fixture *fixture)
{
  unwatch (&fixture->peer_reader);
  unwatch (&fixture->peer_writer);
  close (fixture->peer);
  fixture->peer = -1;
}

/* Takes the next whole frame of the server from what has been received;
 * %NULL if there is none yet. */
GBytes *
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

GBytes *
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

void
peer_await_text (Fixture    *fixture,
                 const char *text)
{
  g_autoptr(GBytes) payload = peer_await_frame (fixture, 0x1);

  g_assert_cmpmem (g_bytes_get_data (payload, NULL), g_bytes_get_size (payload), text, strlen (text));
}

void
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

void
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

void
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

void
await_closed (Fixture *fixture)
{
  while (fixture->n_closed == 0)
    g_main_context_iteration (NULL, TRUE);

  g_assert_cmpuint (fixture->n_closed, ==, 1);
}

void
await_binaries (Fixture *fixture,
                guint    n)
{
  while (fixture->binaries->len < n)
    g_main_context_iteration (NULL, TRUE);
}

/* Until nothing is ready any more. What is asserted afterwards are upper
 * bounds, which hold in the meantime too. */
void
settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

GBytes *
make_message (gsize length)
{
  guint8 *data = g_malloc (length + 1);

  for (gsize i = 0; i < length; i++)
    data[i] = (guint8) (i * 31 + i / 251);

  return g_bytes_new_take (data, length);
}
