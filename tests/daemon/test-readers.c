/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "almu-test-harm.h"
#include "almu-test-hdf5.h"
#include "test-desk.h"

/* What an image needs beside its file: a program that reads it, or a place for
 * what is unpacked. Whatever that comes to, the answer names the file, nothing
 * of it is left, and everybody else is served. */

#define SIDE 32
#define WELL "well.fits"
#define CUBE "cube.hdf5"
#define PACKED "packed.fits.gz"

typedef struct
{
  Desk          desk;
  AlmuTestHarm *harm;
  char         *cache; /* a folder */
} Fixture;

static float
value_at (gint64 x,
          gint64 y)
{
  return (float) (x * 3 + y);
}

static double
ramp (const gint64 *position,
      gpointer      user_data)
{
  return value_at (position[0], position[1]);
}

static void
write_cube (Desk *desk)
{
  const hsize_t     dims[] = { SIDE, SIDE };
  const hsize_t     chunk[] = { 8, 8 };
  g_autofree float *pixels = g_new (float, SIDE *SIDE);
  g_autofree char  *path = g_build_filename (desk->folder, CUBE, NULL);
  hid_t             file = H5Fcreate (path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  hid_t             group = test_hdf5_group (file, "0");

  for (int y = 0; y < SIDE; y++)
    for (int x = 0; x < SIDE; x++)
      pixels[y * SIDE + x] = value_at (x, y);
  test_hdf5_text (group, "CTYPE1", "RA---SIN");
  test_hdf5_text (group, "CTYPE2", "DEC--SIN");
  test_hdf5_data (group, "DATA", H5T_IEEE_F32LE, 2, dims, chunk, H5T_NATIVE_FLOAT, pixels);
  H5Gclose (group);
  H5Fclose (file);
}

static void
write_packed (Desk *desk)
{
  g_autofree char *path = g_build_filename (desk->folder, PACKED, NULL);
  g_autofree char *plain = g_build_filename (desk->folder, WELL, NULL);
  g_autoptr(GFile) file = g_file_new_for_path (path);
  g_autoptr(GZlibCompressor) packer = g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP, 6);
  g_autoptr(GFileOutputStream) out = g_file_replace (file, NULL, FALSE, G_FILE_CREATE_NONE, NULL, NULL);
  g_autoptr(GOutputStream) packing = g_converter_output_stream_new (G_OUTPUT_STREAM (out), G_CONVERTER (packer));
  g_autofree char *bytes = NULL;
  gsize            n_bytes;

  g_assert_true (g_file_get_contents (plain, &bytes, &n_bytes, NULL));
  g_assert_true (g_output_stream_write_all (packing, bytes, n_bytes, NULL, NULL, NULL));
  g_assert_true (g_output_stream_close (packing, NULL, NULL));
}

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  fixture->harm = almu_test_harm_new (ALMU_TEST_PRELOAD);
  desk_prepare (&fixture->desk, NULL);
  fixture->cache = almu_test_make_folder ();
  g_setenv ("XDG_CACHE_HOME", fixture->cache, TRUE);
  desk_write (&fixture->desk, WELL, 2, (gint64[]){ SIDE, SIDE }, ramp, NULL);
  write_cube (&fixture->desk);
  write_packed (&fixture->desk);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_test_harm_stop (fixture->harm);
  desk_tear_down (&fixture->desk, NULL);
  almu_test_harm_free (fixture->harm);
  almu_test_remove_folder (fixture->cache);
  g_free (fixture->cache);
}

/* -- what is there ------------------------------------------------------- */

static void
append_children (GString    *pids,
                 int         pid,
                 const char *thread)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/task/%s/children", pid, thread);
  g_autofree char *text = NULL;

  if (g_file_get_contents (path, &text, NULL, NULL))
    g_string_append (pids, text);
}

/* Of all its threads: "" if there are none. */
static char *
list_children (Fixture *fixture)
{
  int              pid = almu_test_daemon_get_pid (fixture->desk.daemon);
  g_autofree char *folder = g_strdup_printf ("/proc/%d/task", pid);
  g_autoptr(GDir) threads = g_dir_open (folder, 0, NULL);
  GString    *pids = g_string_new (NULL);
  const char *thread;

  g_assert_nonnull (threads);
  while ((thread = g_dir_read_name (threads)) != NULL)
    append_children (pids, pid, thread);

  return g_strstrip (g_string_free (pids, FALSE));
}

static gboolean
has_children (Fixture *fixture)
{
  g_autofree char *pids = list_children (fixture);

  return *pids != '\0';
}

/* Programs that read end beside. */
static void
await_no_children (Fixture *fixture)
{
  while (has_children (fixture))
    almu_test_viewer_await_pong (fixture->desk.viewer);
}

static void
close_all (Fixture *fixture)
{
  almu_test_ask_close (fixture->desk.viewer, -1);
  almu_test_viewer_await_pong (fixture->desk.viewer);
  almu_test_viewer_clear (fixture->desk.viewer);
}

/* Says whether it was opened. */
static gboolean
try_open (Fixture    *fixture,
          const char *name)
{
  almu_test_autobody CARTA__OpenFileAck *ack = almu_test_viewer_open (fixture->desk.viewer, "", name, "", 0);

  if (ack->success)
    return TRUE;

  g_test_message ("%s", ack->message);
  g_assert_nonnull (strstr (ack->message, name));
  g_assert_true (g_utf8_validate (ack->message, -1, NULL));

  return FALSE;
}

static void
assert_shows (Fixture    *fixture,
              const char *name,
              int         file_id)
{
  g_autofree float                      *plane = NULL;
  almu_test_autobody CARTA__OpenFileAck *ack = almu_test_viewer_open (fixture->desk.viewer, "", name, "", file_id);

  g_assert_cmpstr (ack->message, ==, "");
  g_assert_true (ack->success);
  plane = almu_test_await_plane (fixture->desk.viewer, file_id, SIDE, SIDE);
  for (int i = 0; i < SIDE * SIDE; i++)
    g_assert_cmpfloat_with_epsilon (plane[i], value_at (i % SIDE, i / SIDE), 1e-3);
}

/* -- each step of its beginning fails ------------------------------------ */

/* Until nothing fails any more: then all steps have. */
static void
fail_each (Fixture    *fixture,
           const char *name,
           const char *folder,
           int         calls,
           int         code,
           gboolean    is_needed)
{
  guint n_fds = almu_test_daemon_count_fds (fixture->desk.daemon);
  guint n_failed = 0;
  guint n;

  for (n = 1;; n++)
    {
      gboolean is_open;

      almu_test_harm_fail (fixture->harm, folder, calls, n, 1, code);
      is_open = try_open (fixture, name);
      almu_test_harm_stop (fixture->harm);
      n_failed += !is_open;
      close_all (fixture);
      await_no_children (fixture);
      almu_test_daemon_await_fds (fixture->desk.daemon, n_fds);
      if (almu_test_harm_get_n_failed (fixture->harm) == 0)
        {
          g_assert_true (is_open);
          break;
        }
    }
  g_test_message ("%s, calls %x: %u steps, %u of them in vain: %s", name, (guint) calls, n - 1, n_failed, g_strerror (code));
  if (is_needed)
    g_assert_cmpuint (n_failed, >, 0);
  g_assert_cmpuint (n, >, 1);
}

/* Once without harm, so that what is there for good is there. */
static void
warm_up (Fixture *fixture)
{
  assert_shows (fixture, WELL, 1);
  assert_shows (fixture, CUBE, 2);
  close_all (fixture);
  await_no_children (fixture);
}

static void
test_readers_start (Fixture      *fixture,
                    gconstpointer user_data)
{
  static const int codes[] = { EMFILE, ENOMEM, EAGAIN };

  desk_begin (&fixture->desk);
  warm_up (fixture);
  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    fail_each (fixture, CUBE, NULL, ALMU_TEST_CALL_CHILD, codes[i], TRUE);
  assert_shows (fixture, CUBE, 0);
  assert_shows (fixture, WELL, 1);
}

/* What is unpacked finds no place. */
static void
test_readers_place (Fixture      *fixture,
                    gconstpointer user_data)
{
  static const struct
  {
    int      calls;
    int      code;
    gboolean is_needed;
  } faults[] = {
    /* memory is a place, too */
    { ALMU_TEST_CALL_OPEN, EACCES, FALSE },
    { ALMU_TEST_CALL_OPEN, EMFILE, FALSE },
    { ALMU_TEST_CALL_WRITE, ENOSPC, TRUE },
    { ALMU_TEST_CALL_WRITE, EIO, TRUE },
    { ALMU_TEST_CALL_WRITE, EDQUOT, TRUE },
    { ALMU_TEST_CALL_READ, EIO, TRUE },
    { ALMU_TEST_CALL_WRITE, ALMU_TEST_CODE_SHORT, FALSE },
    { ALMU_TEST_CALL_READ, ALMU_TEST_CODE_SHORT, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      /* what was unpacked once is kept for a while */
      desk_begin (&fixture->desk);
      assert_shows (fixture, WELL, 1);
      close_all (fixture);
      almu_test_harm_fail (fixture->harm, fixture->cache, faults[i].calls, 1, G_MAXUINT, faults[i].code);
      g_assert_true (try_open (fixture, PACKED) == !faults[i].is_needed);
      g_assert_cmpuint (almu_test_harm_get_n_failed (fixture->harm), >, 0);
      almu_test_harm_stop (fixture->harm);
      close_all (fixture);
      assert_shows (fixture, PACKED, 0);
      assert_shows (fixture, WELL, 1);
      desk_end (&fixture->desk);
    }
}

/* -- programs that are none ---------------------------------------------- */

static const struct
{
  const char *name;
  const char *text; /* NULL: there is none */
  int         mode;
} programs[] = {
  { "missing", NULL, 0 },
  { "not to be executed", "#!/bin/sh\nexit 0\n", 0600 },
  { "no program", "nonsense\n", 0700 },
  { "cut short", "\177ELF\2\1\1", 0700 },
  { "ends at once", "#!/bin/sh\nexit 0\n", 0700 },
  { "fails at once", "#!/bin/sh\nexit 3\n", 0700 },
  { "killed at the start", "#!/bin/sh\nkill -KILL $$\n", 0700 },
  { "dies at the start", "#!/bin/sh\nkill -SEGV $$\n", 0700 },
  { "says something else", "#!/bin/sh\necho nonsense >&3\n", 0700 },
};

/* A copy of the service finds its reader beside itself, where @text is. */
static char *
copy_service (Fixture    *fixture,
              const char *text,
              int         mode)
{
  g_autofree char *from = g_strdup (g_getenv ("ALMUCANTARD"));
  g_autofree char *folder = g_build_filename (fixture->desk.state_dir, "elsewhere", NULL);
  g_autofree char *engine = g_build_filename (folder, "engine", NULL);
  g_autofree char *daemon = g_build_filename (folder, "daemon", NULL);
  g_autofree char *reader = g_build_filename (engine, "almucantar-hdf5-reader", NULL);
  char            *copy = g_build_filename (daemon, "almucantard", NULL);
  g_autoptr(GFile) source = g_file_new_for_path (from);
  g_autoptr(GFile) target = g_file_new_for_path (copy);
  g_autoptr(GError) error = NULL;

  g_assert_cmpint (g_mkdir_with_parents (engine, 0700), ==, 0);
  g_assert_cmpint (g_mkdir_with_parents (daemon, 0700), ==, 0);
  if (!g_file_test (copy, G_FILE_TEST_EXISTS))
    g_file_copy (source, target, G_FILE_COPY_NONE, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_unlink (reader);
  if (text != NULL)
    {
      g_assert_true (g_file_set_contents (reader, text, -1, NULL));
      g_assert_cmpint (g_chmod (reader, mode), ==, 0);
    }

  return copy;
}

static void
start_with (Fixture    *fixture,
            const char *text,
            int         mode)
{
  g_autofree char *program = g_strdup (g_getenv ("ALMUCANTARD"));
  g_autofree char *copy = copy_service (fixture, text, mode);

  g_setenv ("ALMUCANTARD", copy, TRUE);
  desk_begin (&fixture->desk);
  g_setenv ("ALMUCANTARD", program, TRUE);
}

static gboolean
is_installed (void)
{
  return g_file_test (ALMU_PKGLIBEXECDIR "/almucantar-hdf5-reader", G_FILE_TEST_EXISTS);
}

static void
test_readers_none (Fixture      *fixture,
                   gconstpointer user_data)
{
  for (guint i = 0; i < G_N_ELEMENTS (programs); i++)
    {
      guint n_fds;

      if (programs[i].text == NULL && is_installed ())
        continue;

      g_test_message ("%s", programs[i].name);
      start_with (fixture, programs[i].text, programs[i].mode);
      assert_shows (fixture, WELL, 1);
      close_all (fixture);
      n_fds = almu_test_daemon_count_fds (fixture->desk.daemon);
      for (int k = 0; k < 3; k++)
        {
          g_assert_false (try_open (fixture, CUBE));
          await_no_children (fixture);
          almu_test_daemon_await_fds (fixture->desk.daemon, n_fds);
        }
      assert_shows (fixture, WELL, 1);
      desk_end (&fixture->desk);
    }
}

/* Going on again, it sees that the service has gone. */
static void
end_stalled (const char *pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%s/stat", pid);
  gboolean         is_there = TRUE;

  g_assert_cmpstr (pid, !=, "");
  kill ((pid_t) g_ascii_strtoll (pid, NULL, 10), SIGCONT);
  while (is_there)
    {
      g_autofree char *text = NULL;

      /* or what is left of it, where nobody takes note */
      is_there = g_file_get_contents (path, &text, NULL, NULL) && strstr (text, ") Z ") == NULL;
      g_thread_yield ();
    }
}

/* It never answers: who waits for it waits, others are served, and it ends
 * with the service. */
static void
test_readers_stalled (Fixture      *fixture,
                      gconstpointer user_data)
{
  CARTA__OpenFile  message = CARTA__OPEN_FILE__INIT;
  g_autofree char *pids = NULL;

  start_with (fixture, "#!/bin/sh\nkill -STOP $$\ncat <&3\n", 0700);
  message.directory = message.hdu = (char *) "";
  message.file = (char *) CUBE;
  message.file_id = 0;
  almu_test_viewer_send (fixture->desk.viewer, &message.base);
  while (!has_children (fixture))
    almu_test_viewer_await_pong (fixture->desk.viewer);
  assert_shows (fixture, WELL, 1);
  almu_test_ask_close (fixture->desk.viewer, 0);
  almu_test_viewer_await_pong (fixture->desk.viewer);
  assert_shows (fixture, WELL, 2);

  pids = list_children (fixture);
  desk_end (&fixture->desk);
  end_stalled (pids);
}

#define add_test(path, func) g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/daemon/readers/start", test_readers_start);
  add_test ("/daemon/readers/place", test_readers_place);
  add_test ("/daemon/readers/none", test_readers_none);
  add_test ("/daemon/readers/stalled", test_readers_stalled);

  return g_test_run ();
}
