/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "almu-test.h"
#include "almu-whole-io.h"

/* More than a pipe holds, so that it is written piece by piece. */
#define N_BYTES (1024 * 1024 + 7)

static guint8 *
make_bytes (void)
{
  guint8 *bytes = g_malloc (N_BYTES);

  for (gsize i = 0; i < N_BYTES; i++)
    bytes[i] = (guint8) (i * 31 + i / 257);

  return bytes;
}

static void
check_failed (gboolean is_written,
              int      code)
{
  g_assert_cmpint (errno, ==, code);
  g_assert_false (is_written);
}

/* The kernel takes less than all of it where nobody has read yet. */
static gpointer
write_thread (gpointer user_data)
{
  g_autofree guint8 *bytes = make_bytes ();

  g_assert_true (almu_write_whole (GPOINTER_TO_INT (user_data), bytes, N_BYTES));
  close (GPOINTER_TO_INT (user_data));

  return NULL;
}

static void
test_whole_io_write (void)
{
  g_autofree guint8 *bytes = make_bytes ();
  g_autofree guint8 *found = g_malloc (N_BYTES + 1);
  gsize              n_found = 0;
  GThread           *thread;
  int                fds[2];
  gssize             n;
  int                full = open ("/dev/full", O_WRONLY | O_CLOEXEC);

  g_assert_cmpint (pipe (fds), ==, 0);
  thread = g_thread_new ("writer", write_thread, GINT_TO_POINTER (fds[1]));
  while ((n = read (fds[0], found + n_found, MIN (4096, N_BYTES + 1 - n_found))) > 0)
    n_found += (gsize) n;
  g_thread_join (thread);
  close (fds[0]);
  g_assert_cmpmem (found, n_found, bytes, N_BYTES);

  check_failed (almu_write_whole (full, bytes, 10), ENOSPC);
  close (full);
  check_failed (almu_write_whole (-1, bytes, 10), EBADF);
  g_assert_true (almu_write_whole (-1, bytes, 0));
}

static void
test_whole_io_read (void)
{
  g_autofree char   *folder = almu_test_make_folder ();
  g_autofree char   *path = g_build_filename (folder, "file", NULL);
  g_autofree guint8 *bytes = make_bytes ();
  g_autofree guint8 *found = g_malloc0 (N_BYTES);
  int                fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

  g_assert_true (almu_write_whole (fd, bytes, N_BYTES));
  g_assert_cmpint (almu_read_whole (fd, found, N_BYTES, 0), ==, N_BYTES);
  g_assert_cmpmem (found, N_BYTES, bytes, N_BYTES);

  /* up to its end, and behind it */
  g_assert_cmpint (almu_read_whole (fd, found, 100, N_BYTES - 40), ==, 40);
  g_assert_cmpmem (found, 40, bytes + N_BYTES - 40, 40);
  g_assert_cmpint (almu_read_whole (fd, found, 100, N_BYTES), ==, 0);
  close (fd);

  g_assert_cmpint (almu_read_whole (-1, found, 100, 0), ==, -1);
  g_assert_cmpint (errno, ==, EBADF);
  almu_test_remove_folder (folder);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/base/whole-io/write", test_whole_io_write);
  g_test_add_func ("/base/whole-io/read", test_whole_io_read);

  return g_test_run ();
}
