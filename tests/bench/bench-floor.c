/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "bench-floor.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zfp.h>

#include <glib/gstdio.h>

#include "almu-workers.h"
#include "bench-fail.h"
#include "bench-files.h"

#define N_TRIES 7
#define PIECE (256 * 1024)
#define TILE_PIXELS (256 * 256)

/* Of 32 bits per pixel; what the page asks for by default. */
#define PRECISION 11

typedef void (*Work) (gpointer data);

static double
take_best (Work     work,
           gpointer data)
{
  gint64 best = G_MAXINT64;

  for (int i = 0; i < N_TRIES; i++)
    {
      gint64 begin = g_get_monotonic_time ();

      work (data);
      best = MIN (best, g_get_monotonic_time () - begin);
    }

  return (double) best / 1e3;
}

/* -- files -------------------------------------------------------------- */

typedef struct
{
  int    fd;
  gint64 offset;
  gsize  n_bytes;
  int    n_places;
  gsize  stride;
} Reading;

/* Into a small buffer, which is what the page cache alone can give. */
static void
read_part (guint    part,
           gpointer data)
{
  const Reading   *reading = data;
  g_autofree char *buffer = g_malloc (PIECE);
  gsize            begin = reading->n_bytes / 64 * part;
  gsize            end = part == 63 ? reading->n_bytes : reading->n_bytes / 64 * (part + 1);

  for (gsize at = begin; at < end; at += PIECE)
    if (pread (reading->fd, buffer, MIN (PIECE, end - at), reading->offset + (gint64) at) < 0)
      bench_fail ("Cannot read: %s", g_strerror (errno));
}

static void
read_all (gpointer data)
{
  almu_workers_share (64, read_part, data);
}

static void
read_spread (gpointer data)
{
  const Reading *reading = data;
  float          value;

  for (int i = 0; i < reading->n_places; i++)
    if (pread (reading->fd, &value, sizeof value, (gint64) ((gsize) i * reading->stride)) < 0)
      bench_fail ("Cannot read: %s", g_strerror (errno));
}

static double
measure_reading (const char *path,
                 Reading    *reading,
                 Work        work)
{
  double ms;

  reading->fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);
  if (reading->fd < 0)
    bench_fail ("Cannot open %s: %s", path, g_strerror (errno));
  ms = take_best (work, reading);
  close (reading->fd);

  return ms;
}

double
bench_floor_read (const char *path,
                  gint64      offset,
                  gsize       n_bytes)
{
  Reading reading = { .offset = offset, .n_bytes = n_bytes };

  return measure_reading (path, &reading, read_all);
}

double
bench_floor_read_spread (const char *path,
                         int         n,
                         gsize       stride)
{
  Reading reading = { .n_places = n, .stride = stride };

  return measure_reading (path, &reading, read_spread);
}

/* -- the loopback interface --------------------------------------------- */

typedef struct
{
  int     listener;
  guint   port;
  gsize   n_answer;
  int     fd;
  guint8 *buffer;
} Echo;

static int
make_quick (int fd)
{
  int one = 1;

  if (fd < 0)
    bench_fail ("No socket: %s", g_strerror (errno));
  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);

  return fd;
}

static void
send_all (int           fd,
          const guint8 *bytes,
          gsize         n)
{
  while (n > 0)
    {
      gssize sent = send (fd, bytes, n, MSG_NOSIGNAL);

      if (sent <= 0)
        bench_fail ("Cannot send: %s", g_strerror (errno));
      bytes += sent;
      n -= (gsize) sent;
    }
}

static void
receive_all (int     fd,
             guint8 *bytes,
             gsize   n)
{
  while (n > 0)
    {
      gssize received = recv (fd, bytes, n, 0);

      if (received <= 0)
        bench_fail ("Cannot receive: %s", g_strerror (errno));
      bytes += received;
      n -= (gsize) received;
    }
}

/* Answers each byte by as many as are wanted, on one connection after the
 * other, until the listener is shut down. */
static gpointer
answer (gpointer data)
{
  Echo              *echo = data;
  g_autofree guint8 *buffer = g_malloc0 (MAX (echo->n_answer, 1));
  int                fd;

  while ((fd = accept4 (echo->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
    {
      guint8 byte;

      make_quick (fd);
      while (recv (fd, &byte, 1, 0) == 1)
        send_all (fd, buffer, echo->n_answer);
      close (fd);
    }

  return NULL;
}

static void
ask (gpointer data)
{
  Echo *echo = data;

  send_all (echo->fd, (const guint8 *) "?", 1);
  receive_all (echo->fd, echo->buffer, echo->n_answer);
}

static void
connect_echo (Echo *echo)
{
  struct sockaddr_in address = {
    .sin_family = AF_INET,
    .sin_port = (in_port_t) echo->port,
    .sin_addr = { htonl (INADDR_LOOPBACK) },
  };

  echo->fd = make_quick (socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect (echo->fd, (struct sockaddr *) &address, sizeof address) < 0)
    bench_fail ("Cannot connect: %s", g_strerror (errno));
}

static void
greet (gpointer data)
{
  Echo *echo = data;

  connect_echo (echo);
  ask (echo);
  ask (echo);
  close (echo->fd);
}

static GThread *
echo_start (Echo *echo)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl (INADDR_LOOPBACK) } };
  socklen_t          length = sizeof address;

  echo->listener = make_quick (socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (bind (echo->listener, (struct sockaddr *) &address, length) < 0 ||
      listen (echo->listener, 8) < 0 ||
      getsockname (echo->listener, (struct sockaddr *) &address, &length) < 0)
    bench_fail ("Cannot listen: %s", g_strerror (errno));
  echo->port = address.sin_port;
  echo->buffer = g_malloc (MAX (echo->n_answer, 1));

  return g_thread_new ("echo", answer, echo);
}

static void
echo_end (Echo    *echo,
          GThread *thread)
{
  shutdown (echo->listener, SHUT_RDWR);
  g_thread_join (thread);
  close (echo->listener);
  g_free (echo->buffer);
}

double
bench_floor_transfer (gsize n_bytes)
{
  Echo     echo = { .n_answer = n_bytes };
  GThread *thread = echo_start (&echo);
  double   ms;

  connect_echo (&echo);
  ms = take_best (ask, &echo);
  close (echo.fd);
  echo_end (&echo, thread);

  return ms;
}

double
bench_floor_connect (void)
{
  Echo     echo = { .n_answer = 200 };
  GThread *thread = echo_start (&echo);
  double   ms = take_best (greet, &echo);

  echo_end (&echo, thread);

  return ms;
}

/* -- tiles -------------------------------------------------------------- */

typedef struct
{
  const float *pixels;
  int          n_tiles;
} Tiles;

static void
encode_part (guint    part,
             gpointer data)
{
  const Tiles       *tiles = data;
  gsize              n_bytes = TILE_PIXELS * sizeof (float);
  g_autofree guint8 *buffer = g_malloc (n_bytes);
  zfp_field         *field = zfp_field_2d ((float *) tiles->pixels + (gsize) part * TILE_PIXELS, zfp_type_float, 256, 256);
  zfp_stream        *zfp = zfp_stream_open (NULL);
  bitstream         *bits = stream_open (buffer, n_bytes);

  zfp_stream_set_precision (zfp, PRECISION);
  zfp_stream_set_bit_stream (zfp, bits);
  zfp_compress (zfp, field);
  zfp_field_free (field);
  zfp_stream_close (zfp);
  stream_close (bits);
}

static void
encode_all (gpointer data)
{
  const Tiles *tiles = data;

  almu_workers_share ((guint) tiles->n_tiles, encode_part, data);
}

double
bench_floor_tiles (int n_tiles)
{
  g_autofree float *pixels = g_new (float, (gsize) n_tiles *TILE_PIXELS);
  Tiles             tiles = { pixels, n_tiles };

  bench_fill_noise (pixels, (gsize) n_tiles * TILE_PIXELS);

  return take_best (encode_all, &tiles);
}

/* -- memory ------------------------------------------------------------- */

typedef struct
{
  guint8 *from;
  guint8 *to;
  gsize   n_bytes;
} Copy;

static void
copy_part (guint    part,
           gpointer data)
{
  const Copy *copy = data;
  gsize       n = copy->n_bytes / 64;

  memcpy (copy->to + n * part, copy->from + n * part, n);
}

static void
copy_all (gpointer data)
{
  almu_workers_share (64, copy_part, data);
}

double
bench_floor_copy (gsize n_bytes)
{
  Copy   copy = { g_malloc (n_bytes), g_malloc (n_bytes), n_bytes };
  double ms;

  memset (copy.from, 1, n_bytes);
  memset (copy.to, 1, n_bytes);
  ms = take_best (copy_all, &copy);
  g_free (copy.from);
  g_free (copy.to);

  return ms;
}
