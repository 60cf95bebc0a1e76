/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What every target begins with, before its first input: whatever is our bug
 * ends the process, and nothing else is said. */
static GLogWriterOutput
write_log (GLogLevelFlags   level,
           const GLogField *fields,
           gsize            n_fields,
           gpointer         user_data)
{
  if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
    return g_log_writer_standard_streams (level, fields, n_fields, user_data);

  return G_LOG_WRITER_HANDLED;
}

static void __attribute__ ((constructor))
set_up (void)
{
  g_log_set_writer_func (write_log, NULL, NULL);
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
}

/* A file of these bytes, in memory only. */
int
almu_fuzz_make_fd (const void *data,
                   gsize       size)
{
  int fd = memfd_create ("fuzz", MFD_CLOEXEC);

  g_assert_cmpint (fd, >=, 0);
  for (gsize done = 0; done < size;)
    {
      gssize n = write (fd, (const char *) data + done, size - done);

      g_assert_cmpint (n, >, 0);
      done += (gsize) n;
    }
  g_assert_cmpint (lseek (fd, 0, SEEK_SET), ==, 0);

  return fd;
}

/* Ended by a zero, which may come early: an exact allocation, so that a byte
 * too far is noticed. */
char *
almu_fuzz_make_text (const guint8 *data,
                     gsize         size)
{
  return size > 0 ? g_strndup ((const char *) data, strnlen ((const char *) data, size)) : g_strdup ("");
}

guint8
almu_tape_take (AlmuTape *self)
{
  if (self->left == 0)
    return 0;

  self->left--;
  return *self->data++;
}

guint
almu_tape_choose (AlmuTape *self,
                  guint     n)
{
  return almu_tape_take (self) % n;
}

guint64
almu_tape_take_bits (AlmuTape *self)
{
  guint64 bits = 0;

  for (int i = 0; i < 8; i++)
    bits = bits << 8 | almu_tape_take (self);

  return bits;
}

/* Up to 255 bytes as they are. */
gsize
almu_tape_cut (AlmuTape      *self,
               const guint8 **out_bytes)
{
  gsize length = almu_tape_take (self);

  length = MIN (length, self->left);
  *out_bytes = self->data;
  self->data += length;
  self->left -= length;

  return length;
}
