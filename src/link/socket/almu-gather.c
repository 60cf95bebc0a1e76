/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-gather.h"

#include <string.h>

/* What one system call takes; far below what any system allows. */
#define MAX_VECTORS 64

#define MAX_HEADER_BYTES 10

typedef struct
{
  guint8   header[MAX_HEADER_BYTES];
  guint8   header_length;
  gboolean urgent;
  GBytes  *payload;
} Frame;

static void
frame_free (gpointer data)
{
  Frame *frame = data;

  g_bytes_unref (frame->payload);
  g_free (frame);
}

static gsize
frame_get_size (const Frame *frame)
{
  return frame->header_length + g_bytes_get_size (frame->payload);
}

/* A server's frame: final, and not masked. */
static void
frame_make_header (Frame *frame,
                   guint8 opcode)
{
  guint64 length = g_bytes_get_size (frame->payload);
  guint8 *header = frame->header;

  header[0] = 0x80 | opcode;

  if (length < 126)
    {
      header[1] = (guint8) length;
      frame->header_length = 2;
    }
  else if (length <= G_MAXUINT16)
    {
      guint16 value = GUINT16_TO_BE ((guint16) length);

      header[1] = 126;
      memcpy (header + 2, &value, sizeof value);
      frame->header_length = 4;
    }
  else
    {
      guint64 value = GUINT64_TO_BE (length);

      header[1] = 127;
      memcpy (header + 2, &value, sizeof value);
      frame->header_length = 10;
    }
}

static Frame *
frame_new (GBytes *payload)
{
  Frame *frame = g_new0 (Frame, 1);

  frame->payload = payload;

  return frame;
}

/* Behind the frame that is partly written, and behind urgent ones that
 * came earlier: there are a handful of either. */
static void
push_urgent_frame (AlmuGather *self,
                   Frame      *frame)
{
  Frame *head = g_queue_peek_head (&self->frames);
  guint  position = self->n_urgent;

  if (self->head_written > 0 && !head->urgent)
    position++;

  frame->urgent = TRUE;
  self->n_urgent++;
  g_queue_push_nth (&self->frames, frame, (int) position);
}

static void
pop_frame (AlmuGather *self)
{
  Frame *frame = g_queue_pop_head (&self->frames);

  if (frame->urgent)
    self->n_urgent--;

  self->head_written = 0;
  frame_free (frame);
}

static void
advance (AlmuGather *self,
         gsize       written)
{
  while (!g_queue_is_empty (&self->frames))
    {
      gsize rest = frame_get_size (g_queue_peek_head (&self->frames)) - self->head_written;

      if (written < rest)
        break;

      written -= rest;
      pop_frame (self);
    }

  self->head_written += written;
}

/* Adds what is left of @data behind the first @skip bytes; @skip loses
 * what it has been used for. */
static guint
add_vector (GOutputVector *vectors,
            guint          n_vectors,
            const guint8  *data,
            gsize          length,
            gsize         *skip)
{
  gsize skipped = MIN (*skip, length);

  *skip -= skipped;
  if (length > skipped)
    vectors[n_vectors++] = (GOutputVector){ data + skipped, length - skipped };

  return n_vectors;
}

static guint
fill_vectors (AlmuGather    *self,
              GOutputVector *vectors)
{
  gsize skip = self->head_written;
  guint n_vectors = 0;

  for (GList *l = self->frames.head; l != NULL && n_vectors + 2 <= MAX_VECTORS; l = l->next)
    {
      Frame        *frame = l->data;
      gsize         length;
      const guint8 *payload = g_bytes_get_data (frame->payload, &length);

      n_vectors = add_vector (vectors, n_vectors, frame->header, frame->header_length, &skip);
      n_vectors = add_vector (vectors, n_vectors, payload, length, &skip);
    }

  return n_vectors;
}

/**
 * almu_gather_init:
 * @self: (out caller-allocates): a gather
 *
 * Makes it empty. What was in it before is not freed.
 */
void
almu_gather_init (AlmuGather *self)
{
  *self = (AlmuGather){ G_QUEUE_INIT, 0, 0 };
}

/**
 * almu_gather_clear:
 * @self: a gather
 *
 * Throws away all frames, the one that is partly written too, and leaves it
 * empty: only for a stream that ends.
 */
void
almu_gather_clear (AlmuGather *self)
{
  g_queue_clear_full (&self->frames, frame_free);
  self->n_urgent = 0;
  self->head_written = 0;
}

/**
 * almu_gather_push:
 * @self: a gather
 * @opcode: what the frame is
 * @payload: (transfer full): its payload
 *
 * Adds a frame at the tail.
 */
void
almu_gather_push (AlmuGather *self,
                  guint8      opcode,
                  GBytes     *payload)
{
  Frame *frame = frame_new (payload);

  frame_make_header (frame, opcode);
  g_queue_push_tail (&self->frames, frame);
}

/**
 * almu_gather_push_urgent:
 * @self: a gather
 * @opcode: what the frame is
 * @payload: (transfer full): its payload
 *
 * Adds a frame before all that have not begun, but for earlier urgent ones.
 */
void
almu_gather_push_urgent (AlmuGather *self,
                         guint8      opcode,
                         GBytes     *payload)
{
  Frame *frame = frame_new (payload);

  frame_make_header (frame, opcode);
  push_urgent_frame (self, frame);
}

/**
 * almu_gather_push_made:
 * @self: a gather
 * @frames: (transfer full): whole frames with their headers
 *
 * Like almu_gather_push_urgent(), for frames that somebody else has made.
 */
void
almu_gather_push_made (AlmuGather *self,
                       GBytes     *frames)
{
  push_urgent_frame (self, frame_new (frames));
}

/**
 * almu_gather_drop_waiting:
 * @self: a gather
 *
 * Forgets every frame that has not begun: a frame that has must be
 * finished before the peer understands anything else.
 */
void
almu_gather_drop_waiting (AlmuGather *self)
{
  guint keep = self->head_written > 0 ? 1 : 0;

  while (self->frames.length > keep)
    {
      Frame *frame = g_queue_pop_tail (&self->frames);

      if (frame->urgent)
        self->n_urgent--;

      frame_free (frame);
    }
}

/**
 * almu_gather_is_empty:
 * @self: a gather
 *
 * Whether everything has been handed to the kernel.
 */
gboolean
almu_gather_is_empty (AlmuGather *self)
{
  return g_queue_is_empty (&self->frames);
}

/**
 * almu_gather_has_ordinary:
 * @self: a gather
 *
 * As long as there are some the next message need not be made.
 *
 * Returns: whether there are frames that are not urgent
 */
gboolean
almu_gather_has_ordinary (AlmuGather *self)
{
  return self->frames.length > self->n_urgent;
}

/**
 * almu_gather_get_n_urgent:
 * @self: a gather
 *
 * Pongs and close frames wait here; a peer that makes us answer faster than it
 * reads makes them pile up.
 *
 * Returns: how many urgent frames wait, the one that is partly written among
 *   them
 */
guint
almu_gather_get_n_urgent (AlmuGather *self)
{
  return self->n_urgent;
}

/**
 * almu_gather_write:
 * @self: a gather, not empty
 * @stream: where to
 * @out_written: (out): bytes that went out
 * @error: return location for an error
 *
 * Writes as much as one call takes.
 *
 * What is partly written goes on with the next call. A failure is that of the
 * stream, after which nothing of it can be said.
 *
 * Returns: as g_pollable_output_stream_writev_nonblocking()
 */
GPollableReturn
almu_gather_write (AlmuGather            *self,
                   GPollableOutputStream *stream,
                   gsize                 *out_written,
                   GError               **error)
{
  GOutputVector   vectors[MAX_VECTORS];
  guint           n_vectors = fill_vectors (self, vectors);
  gsize           written = 0;
  GPollableReturn result;

  result = g_pollable_output_stream_writev_nonblocking (stream, vectors, n_vectors,
                                                        &written, NULL, error);
  if (result == G_POLLABLE_RETURN_OK)
    {
      advance (self, written);
      *out_written = written;
    }

  return result;
}
