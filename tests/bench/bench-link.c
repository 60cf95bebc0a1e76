/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "bench-link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "almu-catalog.h"
#include "almu-frame.h"
#include "almu-message.h"
#include "bench-fail.h"

#define CHUNK (1024 * 1024)

/* Longer than anything that is measured: what does not come in this time
 * does not come. */
#define PATIENCE_MSEC 60000

/* No message for so long means that all have come. */
#define QUIET_MSEC 25

/* RFC 6455 */
#define OP_TEXT 1
#define OP_BINARY 2
#define OP_CLOSE 8
#define OP_PING 9
#define OP_PONG 10

struct _BenchLink
{
  int     fd;
  guint32 last_request_id;
  guint8 *buffer;
  gsize   size;
  gsize   begin; /* of what has come and was not looked at yet */
  gsize   end;
};

static int
connect_to (GUri *uri)
{
  struct addrinfo  hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM };
  struct addrinfo *found;
  g_autofree char *port = g_strdup_printf ("%d", g_uri_get_port (uri));
  int              one = 1;
  int              fd;

  if (getaddrinfo (g_uri_get_host (uri), port, &hints, &found) != 0)
    bench_fail ("There is no host %s", g_uri_get_host (uri));

  fd = socket (found->ai_family, found->ai_socktype | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect (fd, found->ai_addr, found->ai_addrlen) < 0)
    bench_fail ("Cannot connect to %s:%s: %s", g_uri_get_host (uri), port, g_strerror (errno));
  freeaddrinfo (found);
  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);

  return fd;
}

static void
send_all (BenchLink  *self,
          const void *bytes,
          gsize       n)
{
  for (gsize done = 0; done < n;)
    {
      gssize sent = send (self->fd, (const char *) bytes + done, n - done, MSG_NOSIGNAL);

      if (sent < 0 && errno != EINTR)
        bench_fail ("Cannot send: %s", g_strerror (errno));
      done += (gsize) MAX (sent, 0);
    }
}

/* Returns FALSE if nothing comes. */
static gboolean
receive_more (BenchLink *self,
              int        timeout_ms)
{
  struct pollfd poll_fd = { self->fd, POLLIN, 0 };
  gssize        n;

  if (timeout_ms >= 0 && poll (&poll_fd, 1, timeout_ms) == 0)
    return FALSE;

  if (self->begin > 0)
    {
      memmove (self->buffer, self->buffer + self->begin, self->end - self->begin);
      self->end -= self->begin;
      self->begin = 0;
    }
  if (self->size - self->end < CHUNK)
    {
      self->size = self->end + 2 * CHUNK;
      self->buffer = g_realloc (self->buffer, self->size);
    }

  n = recv (self->fd, self->buffer + self->end, self->size - self->end, 0);
  if (n <= 0)
    bench_fail ("The service closed the link: %s", n < 0 ? g_strerror (errno) : "end of stream");
  self->end += (gsize) n;

  return TRUE;
}

static void
upgrade (BenchLink *self,
         GUri      *uri)
{
  g_autofree char *query = NULL;
  g_autofree char *request = NULL;
  const guint8    *head_end = NULL;

  query = g_uri_get_query (uri) != NULL ? g_strconcat ("?", g_uri_get_query (uri), NULL) : g_strdup ("");
  request = g_strdup_printf ("GET %s%s HTTP/1.1\r\nHost: %s:%d\r\nUpgrade: websocket\r\n"
                             "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                             "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
                             *g_uri_get_path (uri) != '\0' ? g_uri_get_path (uri) : "/", query,
                             g_uri_get_host (uri), g_uri_get_port (uri));
  send_all (self, request, strlen (request));

  while (head_end == NULL)
    {
      receive_more (self, -1);
      head_end = memmem (self->buffer, self->end, "\r\n\r\n", 4);
    }
  if (memcmp (self->buffer, "HTTP/1.1 101", 12) != 0)
    bench_fail ("No link: %.60s", self->buffer);
  self->begin = (gsize) (head_end + 4 - self->buffer);
}

/* What stands at @path of the same service: the whole answer, with its head. */
char *
bench_link_fetch (const char *url,
                  const char *path)
{
  BenchLink self = { 0 };
  g_autoptr(GUri) uri = g_uri_parse (url, G_URI_FLAGS_ENCODED, NULL);
  g_autofree char *request = NULL;
  g_autofree char *answer = g_malloc (CHUNK);
  gsize            length = 0;
  gssize           n;

  request = g_strdup_printf ("GET %s?%s HTTP/1.1\r\nHost: %s:%d\r\nConnection: close\r\n\r\n", path,
                             g_uri_get_query (uri) != NULL ? g_uri_get_query (uri) : "",
                             g_uri_get_host (uri), g_uri_get_port (uri));
  self.fd = connect_to (uri);
  send_all (&self, request, strlen (request));
  do
    {
      n = recv (self.fd, answer + length, CHUNK - 1 - length, 0);
      length += (gsize) MAX (n, 0);
    }
  while (n > 0);
  close (self.fd);
  answer[length] = '\0';
  if (!g_str_has_prefix (answer, "HTTP/1.1 200"))
    bench_fail ("Nothing at %s: %.60s", path, answer);

  return g_steal_pointer (&answer);
}

BenchLink *
bench_link_new (const char *url)
{
  BenchLink *self = g_new0 (BenchLink, 1);
  g_autoptr(GError) error = NULL;
  g_autoptr(GUri) uri = g_uri_parse (url, G_URI_FLAGS_ENCODED, &error);

  if (uri == NULL)
    bench_fail ("%s is not an address: %s", url, error->message);

  self->fd = connect_to (uri);
  upgrade (self, uri);

  return self;
}

static void
link_free (BenchLink *self)
{
  close (self->fd);
  g_free (self->buffer);
  g_free (self);
}

/* The mask is zero: it has to be there, not to be random. */
static void
send_frame (BenchLink    *self,
            guint8        opcode,
            const guint8 *payload,
            gsize         length)
{
  g_autofree guint8 *frame = g_malloc0 (14 + length);
  gsize              at = 2;

  frame[0] = (guint8) (0x80 | opcode);
  if (length < 126)
    {
      frame[1] = (guint8) (0x80 | length);
    }
  else if (length <= G_MAXUINT16)
    {
      guint16 big_endian = GUINT16_TO_BE ((guint16) length);

      frame[1] = 0x80 | 126;
      memcpy (frame + 2, &big_endian, 2);
      at = 4;
    }
  else
    {
      guint64 big_endian = GUINT64_TO_BE ((guint64) length);

      frame[1] = 0x80 | 127;
      memcpy (frame + 2, &big_endian, 8);
      at = 10;
    }
  at += 4;

  if (length > 0)
    memcpy (frame + at, payload, length);
  send_all (self, frame, at + length);
}

/* As a page does that is left. Returns when the service has answered. */
void
bench_link_close (BenchLink *self)
{
  static const guint8 going_away[2] = { 1001 >> 8, 1001 & 0xff };
  gssize              n;

  send_frame (self, OP_CLOSE, going_away, sizeof going_away);
  do
    n = recv (self->fd, self->buffer, self->size, 0);
  while (n > 0);

  link_free (self);
}

/* As a network does that is lost: without a word. */
void
bench_link_cut (BenchLink *self)
{
  struct linger reset = { 1, 0 };

  setsockopt (self->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  link_free (self);
}

void
bench_link_send (BenchLink              *self,
                 const ProtobufCMessage *message)
{
  g_autoptr(GBytes) bytes = almu_message_pack (message, ALMU_ICD_VERSION, ++self->last_request_id);
  gsize         length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  send_frame (self, OP_BINARY, data, length);
}

void
bench_link_send_text (BenchLink  *self,
                      const char *text)
{
  send_frame (self, OP_TEXT, (const guint8 *) text, strlen (text));
}

/* Looks whether a whole frame is there; services do not fragment. */
static gboolean
take_frame (BenchLink     *self,
            guint8        *out_opcode,
            const guint8 **out_payload,
            gsize         *out_length)
{
  const guint8 *frame = self->buffer + self->begin;
  gsize         n = self->end - self->begin;
  gsize         head = 2;
  guint64       length;

  if (n < 2)
    return FALSE;

  length = frame[1] & 0x7f;
  head += length == 126 ? 2 : length == 127 ? 8
                                            : 0;
  if (n < head)
    return FALSE;

  if (length >= 126)
    {
      length = 0;
      for (gsize i = 2; i < head; i++)
        length = length << 8 | frame[i];
    }
  if (n - head < length)
    return FALSE;
  if ((frame[0] & 0x80) == 0)
    bench_fail ("The service sends fragments, which are not understood here");

  *out_opcode = frame[0] & 0x0f;
  *out_payload = frame + head;
  *out_length = (gsize) length;
  self->begin += head + (gsize) length;

  return TRUE;
}

/* Returns FALSE if none comes in time; -1 waits as long as it takes. */
gboolean
bench_link_receive (BenchLink    *self,
                    int           timeout_ms,
                    BenchMessage *out_message)
{
  const guint8 *payload;
  gsize         length;
  guint8        opcode;
  AlmuFrame     frame;

  for (;;)
    {
      while (!take_frame (self, &opcode, &payload, &length))
        if (!receive_more (self, timeout_ms))
          return FALSE;

      if (opcode == OP_TEXT)
        {
          *out_message = (BenchMessage){ .is_text = TRUE, .body = payload, .length = length };
          return TRUE;
        }
      if (opcode == OP_BINARY && almu_frame_parse (payload, length, &frame, NULL))
        {
          *out_message = (BenchMessage){ FALSE, frame.event, payload + ALMU_FRAME_BYTES, length - ALMU_FRAME_BYTES };
          return TRUE;
        }
      if (opcode == OP_PING)
        send_frame (self, OP_PONG, payload, length);
      if (opcode == OP_CLOSE)
        bench_fail ("The service ends the link: %.*s", (int) MAX (length, 2) - 2, payload + 2);
    }
}

static void
complain (const BenchMessage *message)
{
  CARTA__ErrorData *body = NULL;

  if (message->is_text || message->event != CARTA__EVENT_TYPE__ERROR_DATA)
    return;

  body = (CARTA__ErrorData *) almu_message_unpack (message->event, message->body, message->length, NULL);
  g_printerr ("The service says: %s\n", body != NULL ? body->message : "?");
  if (body != NULL)
    almu_message_free (body);
}

/* Waits for messages of that event, whatever they say. */
void
bench_link_await (BenchLink *self,
                  guint16    event,
                  int        n)
{
  BenchMessage message;

  while (n > 0)
    {
      if (!bench_link_receive (self, PATIENCE_MSEC, &message))
        bench_fail ("%s does not come", almu_catalog_get_name (event));
      complain (&message);
      if (!message.is_text && message.event == event)
        n--;
    }
}

/* Waits for the message of that event of which @condition is true. */
void
bench_link_await_that (BenchLink     *self,
                       guint16        event,
                       BenchCondition condition,
                       gpointer       user_data)
{
  gboolean is_it = FALSE;

  while (!is_it)
    {
      BenchMessage      message;
      ProtobufCMessage *body;

      if (!bench_link_receive (self, PATIENCE_MSEC, &message))
        bench_fail ("%s does not come", almu_catalog_get_name (event));
      complain (&message);
      if (message.is_text || message.event != event)
        continue;

      body = almu_message_unpack (event, message.body, message.length, NULL);
      if (body == NULL)
        bench_fail ("%s cannot be read", almu_catalog_get_name (event));
      is_it = condition (body, user_data);
      almu_message_free (body);
    }
}

/* Returns how long it took, in µs. */
gint64
bench_link_await_pong (BenchLink *self)
{
  gint64       begin = g_get_monotonic_time ();
  BenchMessage message = { 0 };

  bench_link_send_text (self, "PING");
  while (!message.is_text)
    if (!bench_link_receive (self, PATIENCE_MSEC, &message))
      bench_fail ("PONG does not come");

  return g_get_monotonic_time () - begin;
}

/* Until nothing more comes. */
void
bench_link_settle (BenchLink *self)
{
  BenchMessage message;

  bench_link_await_pong (self);
  while (bench_link_receive (self, QUIET_MSEC, &message))
    complain (&message);
}

static gboolean
take_session_id (const ProtobufCMessage *message,
                 gpointer                user_data)
{
  const CARTA__RegisterViewerAck *ack = (const CARTA__RegisterViewerAck *) message;
  guint32                        *session_id = user_data;

  if (!ack->success)
    bench_fail ("Not registered: %s", ack->message);
  *session_id = ack->session_id;

  return TRUE;
}

/* Returns the id of the session. */
guint32
bench_link_register (BenchLink *self,
                     guint32    session_id)
{
  CARTA__RegisterViewer message = CARTA__REGISTER_VIEWER__INIT;

  message.session_id = session_id;
  message.client_feature_flags = 5;
  bench_link_send (self, &message.base);
  bench_link_await_that (self, CARTA__EVENT_TYPE__REGISTER_VIEWER_ACK, take_session_id, &session_id);

  return session_id;
}
