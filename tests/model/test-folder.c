/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <utime.h>

#include "almu-beneath.h"
#include "almu-error.h"
#include "almu-folder.h"
#include "almu-limits.h"
#include "almu-test.h"

/* base/            what is ours to clean up
 *   outside.fits
 *   top/           the top-level folder
 *     a.fits  b.hdf5  notes.txt  sub/c.fits  sub/deep/
 */
typedef struct
{
  char         *base;
  char         *top;
  AlmuFolder   *folder;
  GCancellable *cancellable;
  GAsyncResult *result;
  guint         n_reports;
  guint         last_checked;
  guint         last_total;
  guint         cancel_at;
} Fixture;

static char *
at (Fixture    *fixture,
    const char *name)
{
  return g_build_filename (fixture->base, name, NULL);
}

static void
put_bytes (Fixture    *fixture,
           const char *name,
           const char *bytes,
           gssize      n_bytes)
{
  g_autofree char *path = at (fixture, name);
  g_autoptr(GError) error = NULL;

  g_file_set_contents (path, bytes, n_bytes, &error);
  g_assert_no_error (error);
}

static void
put (Fixture    *fixture,
     const char *name,
     const char *text)
{
  put_bytes (fixture, name, text, -1);
}

static void
make_directory (Fixture    *fixture,
                const char *name)
{
  g_autofree char *path = at (fixture, name);

  g_assert_cmpint (g_mkdir_with_parents (path, 0755), ==, 0);
}

static void
make_link (Fixture    *fixture,
           const char *name,
           const char *target)
{
  g_autofree char *path = at (fixture, name);

  g_assert_cmpint (symlink (target, path), ==, 0);
}

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  g_autofree char *base = almu_test_make_folder ();
  g_autoptr(GError) error = NULL;

  fixture->base = realpath (base, NULL);
  fixture->top = at (fixture, "top");
  make_directory (fixture, "top/sub/deep");
  put (fixture, "outside.fits", "SIMPLE outside");
  put (fixture, "top/a.fits", "SIMPLE a");
  put (fixture, "top/b.hdf5", "\x89HDF b");
  put (fixture, "top/notes.txt", "notes");
  put (fixture, "top/sub/c.fits", "SIMPLE c");

  fixture->folder = almu_folder_new (fixture->top, NULL, &error);
  g_assert_no_error (error);
  fixture->cancellable = g_cancellable_new ();
  almu_beneath_set_fallback_for_testing (GPOINTER_TO_INT (user_data));
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_beneath_set_fallback_for_testing (FALSE);
  almu_folder_set_progress_times_for_testing (2 * G_USEC_PER_SEC, G_USEC_PER_SEC);
  g_clear_object (&fixture->result);
  g_clear_object (&fixture->cancellable);
  almu_test_await_finalize (g_steal_pointer (&fixture->folder));
  almu_test_remove_folder (fixture->base);
  g_clear_pointer (&fixture->base, free);
  g_clear_pointer (&fixture->top, g_free);
}

/* -- construction -------------------------------------------------------- */

static void
test_folder_new (Fixture      *fixture,
                 gconstpointer user_data)
{
  g_autofree char *start = at (fixture, "top/sub/deep");
  g_autofree char *missing = at (fixture, "top/missing");
  g_autofree char *file = at (fixture, "top/a.fits");
  g_autofree char *link = at (fixture, "link");
  g_autofree char *sibling = at (fixture, "topmost");
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuFolder) with_start = NULL;
  g_autoptr(AlmuFolder) with_missing = NULL;
  g_autoptr(AlmuFolder) with_file = NULL;
  g_autoptr(AlmuFolder) by_link = NULL;
  g_autoptr(AlmuFolder) same = NULL;
  g_autoptr(AlmuFolder) root = NULL;

  g_assert_cmpstr (almu_folder_get_top (fixture->folder), ==, fixture->top);
  g_assert_cmpstr (almu_folder_get_start (fixture->folder), ==, "");

  with_start = almu_folder_new (fixture->top, start, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (almu_folder_get_start (with_start), ==, "sub/deep");
  g_assert_false (almu_folder_is_start_replaced (with_start));

  same = almu_folder_new (fixture->top, fixture->top, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (almu_folder_get_start (same), ==, "");
  g_assert_false (almu_folder_is_start_replaced (same));

  with_missing = almu_folder_new (fixture->top, missing, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (almu_folder_get_start (with_missing), ==, "");
  g_assert_true (almu_folder_is_start_replaced (with_missing));

  with_file = almu_folder_new (fixture->top, file, &error);
  g_assert_no_error (error);
  g_assert_true (almu_folder_is_start_replaced (with_file));

  make_link (fixture, "link", "top");
  by_link = almu_folder_new (link, start, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (almu_folder_get_top (by_link), ==, fixture->top);
  g_assert_cmpstr (almu_folder_get_start (by_link), ==, "sub/deep");

  root = almu_folder_new ("/", start, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (almu_folder_get_top (root), ==, "/");
  g_assert_cmpstr (almu_folder_get_start (root), ==, start + 1);

  g_assert_null (almu_folder_new (fixture->top, fixture->base, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_REFUSED);
  g_clear_error (&error);

  /* a name that only begins like the top-level folder */
  make_directory (fixture, "topmost");
  g_assert_null (almu_folder_new (fixture->top, sibling, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_REFUSED);
  g_clear_error (&error);

  g_assert_null (almu_folder_new (missing, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "missing"));
  g_clear_error (&error);

  g_assert_null (almu_folder_new (file, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY);
  g_clear_error (&error);

  if (geteuid () != 0)
    {
      g_assert_cmpint (chmod (start, 0), ==, 0);
      g_assert_null (almu_folder_new (start, NULL, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
      g_assert_cmpint (chmod (start, 0755), ==, 0);
    }
}

/* -- names --------------------------------------------------------------- */

static void
assert_path (AlmuFolder *folder,
             const char *directory,
             const char *name,
             const char *expected)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *path = almu_folder_normalize (folder, directory, name, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (path, ==, expected);
}

static void
assert_refused (AlmuFolder *folder,
                const char *directory,
                const char *name,
                AlmuError   code,
                const char *text)
{
  g_autoptr(GError) error = NULL;

  g_assert_null (almu_folder_normalize (folder, directory, name, &error));
  g_assert_error (error, ALMU_ERROR, (int) code);
  g_assert_nonnull (strstr (error->message, text));
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_assert_cmpuint (strlen (error->message), <, 400);
}

static void
test_folder_normalize (Fixture      *fixture,
                       gconstpointer user_data)
{
  g_autofree char *start = at (fixture, "top/sub");
  g_autofree char *sibling = at (fixture, "topmost/x");
  g_autofree char *link = at (fixture, "link");
  g_autofree char *below_link = at (fixture, "link/sub/c.fits");
  g_autofree char *climbing = at (fixture, "top/../outside.fits");
  g_autoptr(AlmuFolder) folder = almu_folder_new (fixture->top, start, NULL);
  g_autoptr(AlmuFolder) by_link = NULL;
  g_autoptr(AlmuFolder) root = almu_folder_new ("/", start, NULL);

  assert_path (folder, "", "", "");
  assert_path (folder, NULL, NULL, "");
  assert_path (folder, ".", "", "");
  assert_path (folder, "/", "", "");
  assert_path (folder, "", "a.fits", "a.fits");
  assert_path (folder, "sub", "c.fits", "sub/c.fits");
  assert_path (folder, "./sub//deep/", "./c.fits", "sub/deep/c.fits");
  assert_path (folder, "sub/deep", "../c.fits", "sub/c.fits");
  assert_path (folder, "sub/..", "", "");
  assert_path (folder, "sub/deep/../../sub", NULL, "sub");
  assert_path (folder, "...", "..fits", ".../..fits");

  assert_path (folder, "$BASE", "", "sub");
  assert_path (folder, "$BASE", "c.fits", "sub/c.fits");
  assert_path (folder, "$BASE/deep", "", "sub/deep");
  assert_path (folder, "$BASE/..", "", "");
  assert_path (folder, "", "$BASE/c.fits", "sub/c.fits");
  assert_path (folder, "sub", "$BASE", "sub/$BASE");
  assert_path (folder, "$BASEMENT", "", "$BASEMENT");
  assert_path (fixture->folder, "$BASE", "", "");

  /* absolute: from the root if that leads here, else from the top */
  assert_path (folder, fixture->top, "", "");
  assert_path (folder, start, "c.fits", "sub/c.fits");
  assert_path (folder, "deep", start, "sub");
  assert_path (folder, "/sub", "c.fits", "sub/c.fits");
  assert_path (folder, "", "/etc/passwd", "etc/passwd");
  assert_path (folder, "", sibling, sibling + 1);
  assert_path (root, "", "/etc/passwd", "etc/passwd");
  assert_path (root, start, "", start + 1);

  make_link (fixture, "link", "top");
  by_link = almu_folder_new (link, NULL, NULL);
  assert_path (by_link, "", below_link, "sub/c.fits");
  assert_path (by_link, start, "c.fits", "sub/c.fits");

  assert_refused (folder, "..", "", ALMU_ERROR_REFUSED, "..");
  assert_refused (folder, "sub/../..", "", ALMU_ERROR_REFUSED, "sub/../..");
  assert_refused (folder, "sub", "../../outside.fits", ALMU_ERROR_REFUSED, "outside.fits");
  assert_refused (folder, "$BASE/../..", "", ALMU_ERROR_REFUSED, "$BASE");
  assert_refused (folder, "", climbing, ALMU_ERROR_REFUSED, "top-level");
  assert_refused (folder, "/..", "", ALMU_ERROR_REFUSED, "/..");
  assert_refused (root, "/..", "", ALMU_ERROR_REFUSED, "/..");
}

static void
test_folder_normalize_text (Fixture      *fixture,
                            gconstpointer user_data)
{
  g_autofree char *just = g_strnfill (ALMU_LIMIT_PATH_BYTES, 'x');
  g_autofree char *longer = g_strnfill (ALMU_LIMIT_PATH_BYTES + 1, 'x');
  g_autofree char *wide = g_strnfill (ALMU_LIMIT_PATH_BYTES - 2, 'y');

  assert_path (fixture->folder, just, "", just);
  assert_path (fixture->folder, "m\303\274ll", "\346\230\237.fits", "m\303\274ll/\346\230\237.fits");
  assert_refused (fixture->folder, longer, "", ALMU_ERROR_LIMIT, "4097");
  assert_refused (fixture->folder, "abc", wide, ALMU_ERROR_LIMIT, "abc/yyy");
  assert_refused (fixture->folder, "a\nb", "", ALMU_ERROR_REFUSED, "a?b");
  assert_refused (fixture->folder, "", "a\177b", ALMU_ERROR_REFUSED, "a?b");
  assert_refused (fixture->folder, "", "a\302\205b", ALMU_ERROR_REFUSED, "control");
  assert_refused (fixture->folder, "", "caf\351.fits", ALMU_ERROR_REFUSED, "caf");
}

/* -- opening ------------------------------------------------------------- */

static void
assert_opens (AlmuFolder *folder,
              const char *directory,
              const char *name,
              const char *content)
{
  g_autoptr(GError) error = NULL;
  char    bytes[100] = "";
  ssize_t length;
  int     fd = almu_folder_open (folder, directory, name, &error);

  g_assert_no_error (error);
  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (fcntl (fd, F_GETFD) & FD_CLOEXEC, !=, 0);
  g_assert_cmpint (fcntl (fd, F_GETFL) & O_ACCMODE, ==, O_RDONLY);
  length = read (fd, bytes, sizeof bytes - 1);
  g_assert_cmpint (length, >=, 0);
  g_assert_cmpstr (bytes, ==, content);
  close (fd);
}

static void
assert_no_open (AlmuFolder *folder,
                const char *directory,
                const char *name,
                GQuark      domain,
                int         code,
                const char *text)
{
  g_autoptr(GError) error = NULL;

  g_assert_cmpint (almu_folder_open (folder, directory, name, &error), ==, -1);
  g_assert_error (error, domain, code);
  g_assert_nonnull (strstr (error->message, text));

  g_assert_cmpint (almu_folder_open (folder, directory, name, NULL), ==, -1);
}

static void
test_folder_open (Fixture      *fixture,
                  gconstpointer user_data)
{
  AlmuFolder      *folder = fixture->folder;
  g_autofree char *path = at (fixture, "top/sub/c.fits");
  g_autofree char *longest = g_strnfill (300, 'z');

  assert_opens (folder, "", "a.fits", "SIMPLE a");
  assert_opens (folder, "sub", "c.fits", "SIMPLE c");
  assert_opens (folder, "$BASE/sub/deep/..", "c.fits", "SIMPLE c");
  assert_opens (folder, "", path, "SIMPLE c");

  assert_no_open (folder, "", "none.fits", ALMU_ERROR, ALMU_ERROR_NOT_FOUND, "none.fits");
  assert_no_open (folder, "none", "a.fits", ALMU_ERROR, ALMU_ERROR_NOT_FOUND, "none/a.fits");
  assert_no_open (folder, "a.fits", "b.fits", ALMU_ERROR, ALMU_ERROR_NOT_FOUND, "a.fits/b.fits");
  assert_no_open (folder, "..", "outside.fits", ALMU_ERROR, ALMU_ERROR_REFUSED, "..");
  assert_no_open (folder, "", "sub", ALMU_ERROR, ALMU_ERROR_REFUSED, "sub is a folder");
  assert_no_open (folder, "", "", ALMU_ERROR, ALMU_ERROR_REFUSED, "folder");
  assert_no_open (folder, "", "/etc/passwd", ALMU_ERROR, ALMU_ERROR_NOT_FOUND, "etc/passwd");
  assert_no_open (folder, "", longest, ALMU_ERROR, ALMU_ERROR_LIMIT, "zzz");
}

static void
test_folder_open_links (Fixture      *fixture,
                        gconstpointer user_data)
{
  AlmuFolder      *folder = fixture->folder;
  g_autofree char *inside = at (fixture, "top/sub/c.fits");
  g_autofree char *outside = at (fixture, "outside.fits");
  g_autofree char *sibling = at (fixture, "topmost");

  make_directory (fixture, "topmost");
  put (fixture, "topmost/t.fits", "SIMPLE t");

  /* that stay inside, however they say it */
  make_link (fixture, "top/near.fits", "a.fits");
  make_link (fixture, "top/sub/up.fits", "../a.fits");
  make_link (fixture, "top/folder", "sub/deep");
  make_link (fixture, "top/twice.fits", "folder/../c.fits");
  make_link (fixture, "top/absolute.fits", inside);
  make_link (fixture, "top/around.fits", "../top/sub/c.fits");
  make_link (fixture, "top/home", fixture->top);
  make_link (fixture, "top/sub/back", "../../top/./sub//.");
  assert_opens (folder, "", "near.fits", "SIMPLE a");
  assert_opens (folder, "sub", "up.fits", "SIMPLE a");
  assert_opens (folder, "", "twice.fits", "SIMPLE c");
  assert_opens (folder, "", "absolute.fits", "SIMPLE c");
  assert_opens (folder, "", "around.fits", "SIMPLE c");
  assert_opens (folder, "home/home/home", "a.fits", "SIMPLE a");
  assert_opens (folder, "home/sub/back/back", "c.fits", "SIMPLE c");

  /* that lead out */
  make_link (fixture, "top/out.fits", "../outside.fits");
  make_link (fixture, "top/out-absolute.fits", outside);
  make_link (fixture, "top/out-folder", "..");
  make_link (fixture, "top/out-sibling", sibling);
  make_link (fixture, "top/sub/out-deep", "../../..");
  make_link (fixture, "top/out-chain", "out-folder");
  make_link (fixture, "top/out-root", "/");
  assert_no_open (folder, "", "out.fits", ALMU_ERROR, ALMU_ERROR_REFUSED, "out.fits");
  assert_no_open (folder, "", "out-absolute.fits", ALMU_ERROR, ALMU_ERROR_REFUSED, "outside the top-level folder");
  assert_no_open (folder, "out-folder", "outside.fits", ALMU_ERROR, ALMU_ERROR_REFUSED, "outside");
  assert_no_open (folder, "out-sibling", "t.fits", ALMU_ERROR, ALMU_ERROR_REFUSED, "outside");
  assert_no_open (folder, "sub/out-deep", "x", ALMU_ERROR, ALMU_ERROR_REFUSED, "outside");
  assert_no_open (folder, "out-chain", "outside.fits", ALMU_ERROR, ALMU_ERROR_REFUSED, "outside");
  assert_no_open (folder, "out-root/etc", "passwd", ALMU_ERROR, ALMU_ERROR_REFUSED, "outside");

  /* that lead nowhere */
  make_link (fixture, "top/loop", "loop");
  make_link (fixture, "top/tick", "tock/x");
  make_link (fixture, "top/tock", "tick/x");
  make_link (fixture, "top/dangling", "gone.fits");
  assert_no_open (folder, "", "loop", ALMU_ERROR, ALMU_ERROR_REFUSED, "no end");
  assert_no_open (folder, "tick", "a.fits", ALMU_ERROR, ALMU_ERROR_REFUSED, "no end");
  assert_no_open (folder, "", "dangling", ALMU_ERROR, ALMU_ERROR_NOT_FOUND, "dangling");
}

/* A top-level folder given by a link, and links that use that name. */
static void
test_folder_open_alias (Fixture      *fixture,
                        gconstpointer user_data)
{
  g_autofree char *alias = at (fixture, "alias");
  g_autofree char *target = at (fixture, "alias/sub/c.fits");
  g_autoptr(AlmuFolder) folder = NULL;

  make_link (fixture, "alias", "top");
  make_link (fixture, "top/by-alias.fits", target);
  folder = almu_folder_new (alias, NULL, NULL);

  assert_opens (folder, "", "by-alias.fits", "SIMPLE c");
  assert_opens (folder, "", target, "SIMPLE c");
  assert_no_open (fixture->folder, "", "by-alias.fits", ALMU_ERROR, ALMU_ERROR_REFUSED, "outside");
}

static void
test_folder_open_special (Fixture      *fixture,
                          gconstpointer user_data)
{
  AlmuFolder        *folder = fixture->folder;
  g_autofree char   *fifo = at (fixture, "top/fifo.fits");
  g_autofree char   *locked = at (fixture, "top/locked.fits");
  g_autofree char   *node = at (fixture, "top/null.fits");
  g_autofree char   *sock = at (fixture, "top/s");
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int                fd;

  g_assert_cmpint (mkfifo (fifo, 0644), ==, 0);
  assert_no_open (folder, "", "fifo.fits", ALMU_ERROR, ALMU_ERROR_REFUSED, "fifo.fits is a pipe");

  g_assert_cmpuint (strlen (sock), <, sizeof address.sun_path);
  strcpy (address.sun_path, sock);
  fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_cmpint (bind (fd, (struct sockaddr *) &address, sizeof address), ==, 0);
  assert_no_open (folder, "", "s", ALMU_ERROR, ALMU_ERROR_REFUSED, "s is a socket");
  close (fd);

  if (mknod (node, S_IFCHR | 0644, 0x103) == 0)
    assert_no_open (folder, "", "null.fits", ALMU_ERROR, ALMU_ERROR_REFUSED, "null.fits is a device");

  put (fixture, "top/locked.fits", "SIMPLE locked");
  if (geteuid () != 0)
    {
      g_assert_cmpint (chmod (locked, 0), ==, 0);
      assert_no_open (folder, "", "locked.fits", G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, "not readable");
    }
}

/* With the root as top-level folder, /proc must not lead around the rules:
 * its links are followed as text, or not at all. */
static void
test_folder_open_proc (Fixture      *fixture,
                       gconstpointer user_data)
{
  g_autofree char *path = at (fixture, "top/a.fits");
  g_autofree char *proc = NULL;
  g_autoptr(AlmuFolder) root = almu_folder_new ("/", NULL, NULL);
  int pipes[2];
  int fd;

  assert_opens (root, "", path, "SIMPLE a");

  g_assert_cmpint (pipe2 (pipes, O_CLOEXEC), ==, 0);
  proc = g_strdup_printf ("/proc/self/fd/%d", pipes[0]);
  g_assert_cmpint (almu_folder_open (root, "", proc, NULL), ==, -1);
  close (pipes[0]);
  close (pipes[1]);

  /* from a folder inside, a link into /proc and from there anywhere */
  fd = open ("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  g_free (proc);
  proc = g_strdup_printf ("/proc/self/fd/%d/etc/passwd", fd);
  make_link (fixture, "top/magic", proc);
  make_link (fixture, "top/cwd", "/proc/self/cwd");
  assert_no_open (fixture->folder, "", "magic", ALMU_ERROR, ALMU_ERROR_REFUSED, "outside");
  assert_no_open (fixture->folder, "cwd", "x", ALMU_ERROR, ALMU_ERROR_REFUSED, "outside");
  close (fd);

  g_assert_cmpint (almu_folder_open (root, "/dev", "null", NULL), ==, -1);
}

/* The folder behind the name may be replaced while we run. */
static void
test_folder_open_replaced (Fixture      *fixture,
                           gconstpointer user_data)
{
  g_autofree char *moved = at (fixture, "moved");

  g_assert_cmpint (rename (fixture->top, moved), ==, 0);
  assert_no_open (fixture->folder, "", "a.fits", ALMU_ERROR, ALMU_ERROR_NOT_FOUND, "a.fits");

  make_directory (fixture, "top");
  put (fixture, "top/a.fits", "SIMPLE anew");
  assert_opens (fixture->folder, "", "a.fits", "SIMPLE anew");
}

/* Both ways of opening agree about any tree of links. */
static void
test_folder_open_random (Fixture      *fixture,
                         gconstpointer user_data)
{
  static const char *const parts[] = { "..", ".", "l0", "l1", "l2", "l3", "l4", "sub", "deep", "a.fits", "c.fits", "top" };
  guint                    seed = g_test_rand_int ();
  g_autoptr(GRand) rand = g_rand_new_with_seed (seed);

  g_test_message ("seed %u", seed);
  for (int round = 0; round < 200; round++)
    {
      for (int i = 0; i < 5; i++)
        {
          static const char *const places[] = { "top/", "top/sub/", "top/sub/deep/" };
          g_autofree char         *name = g_strdup_printf ("%sl%d", places[i % 3], i);
          g_autofree char         *path = at (fixture, name);
          g_autoptr(GString) target = g_string_new (g_rand_int_range (rand, 0, 8) == 0 ? fixture->top : ".");

          for (int j = g_rand_int_range (rand, 1, 5); j > 0; j--)
            g_string_append_printf (target, "/%s", parts[g_rand_int_range (rand, 0, G_N_ELEMENTS (parts))]);
          unlink (path);
          make_link (fixture, name, target->str);
        }

      for (int i = 0; i < 20; i++)
        {
          g_autoptr(GString) path = g_string_new (parts[g_rand_int_range (rand, 2, G_N_ELEMENTS (parts))]);
          struct stat by_kernel = { 0 }, by_hand = { 0 };
          int         fd, code;

          for (int j = g_rand_int_range (rand, 0, 4); j > 0; j--)
            g_string_append_printf (path, "/%s", parts[g_rand_int_range (rand, 2, G_N_ELEMENTS (parts))]);

          almu_beneath_set_fallback_for_testing (FALSE);
          fd = almu_folder_open_path (fixture->folder, path->str, O_PATH);
          code = fd < 0 ? errno : 0;
          if (fd >= 0)
            g_assert_cmpint (fstat (fd, &by_kernel), ==, 0);
          if (fd >= 0)
            close (fd);

          almu_beneath_set_fallback_for_testing (TRUE);
          fd = almu_folder_open_path (fixture->folder, path->str, O_PATH);
          if (fd >= 0)
            g_assert_cmpint (fstat (fd, &by_hand), ==, 0);
          else
            g_assert_cmpint (errno, ==, code);
          if (fd >= 0)
            close (fd);

          g_assert_cmpint (by_kernel.st_ino, ==, by_hand.st_ino);
        }
    }
}

/* -- listing ------------------------------------------------------------- */

static void
on_listed (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  Fixture *fixture = user_data;

  g_set_object (&fixture->result, result);
}

static void
on_progress (guint    n_checked,
             guint    n_total,
             gpointer user_data)
{
  Fixture *fixture = user_data;

  g_assert_null (fixture->result);
  g_assert_cmpuint (n_checked, >, fixture->last_checked);
  g_assert_cmpuint (n_checked, <=, n_total);
  fixture->n_reports++;
  fixture->last_checked = n_checked;
  fixture->last_total = n_total;
  if (fixture->cancel_at > 0 && n_checked >= fixture->cancel_at)
    g_cancellable_cancel (fixture->cancellable);
}

static gboolean
has_result (gpointer user_data)
{
  return ((Fixture *) user_data)->result != NULL;
}

static AlmuListing *
list (Fixture       *fixture,
      AlmuFolder    *folder,
      const char    *directory,
      AlmuListFilter filter,
      AlmuListKind   kind,
      GError       **error)
{
  g_clear_object (&fixture->result);
  almu_folder_list_async (folder, directory, filter, kind, on_progress, fixture,
                          fixture->cancellable, on_listed, fixture);
  almu_test_await (has_result, fixture);

  return almu_folder_list_finish (folder, fixture->result, error);
}

/* "a.fits:3 sub/:2" */
static char *
describe (const AlmuListing *listing)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < listing->entries->len; i++)
    {
      const AlmuFolderEntry *entry = almu_listing_get_entry (listing, i);

      g_string_append_printf (text, "%s%s%s:%d", i > 0 ? " " : "",
                              entry->name, entry->is_folder ? "/" : "",
                              entry->is_folder ? entry->item_count : (int) entry->type);
    }

  return g_string_free (text, FALSE);
}

static void
assert_listing (Fixture       *fixture,
                const char    *directory,
                AlmuListFilter filter,
                AlmuListKind   kind,
                const char    *expected)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuListing) listing = list (fixture, fixture->folder, directory, filter, kind, &error);
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  g_assert_false (listing->is_cancelled);
  text = describe (listing);
  g_assert_cmpstr (text, ==, expected);
}

static void
test_folder_list (Fixture      *fixture,
                  gconstpointer user_data)
{
  g_autoptr(AlmuListing) top = NULL;
  g_autoptr(AlmuListing) sub = NULL;
  g_autoptr(AlmuListing) deep = NULL;
  g_autofree char       *path = at (fixture, "top/a.fits");
  const AlmuFolderEntry *entry;

  g_assert_cmpint (utime (path, &(struct utimbuf){ 1234567, 1234567 }), ==, 0);

  top = list (fixture, fixture->folder, "$BASE", ALMU_LIST_CONTENT, ALMU_LIST_IMAGES, NULL);
  g_assert_cmpstr (top->directory, ==, "");
  g_assert_cmpstr (top->parent, ==, ".");
  g_assert_cmpuint (top->entries->len, ==, 3);
  entry = almu_listing_get_entry (top, 0);
  g_assert_cmpstr (entry->name, ==, "a.fits");
  g_assert_cmpint (entry->size, ==, 8);
  g_assert_cmpint (entry->mtime, ==, 1234567);
  entry = almu_listing_get_entry (top, 2);
  g_assert_true (entry->is_folder);
  g_assert_cmpint (entry->item_count, ==, 2);
  g_assert_cmpint (entry->mtime, >, 1234567);

  sub = list (fixture, fixture->folder, "./sub//", ALMU_LIST_CONTENT, ALMU_LIST_IMAGES, NULL);
  g_assert_cmpstr (sub->directory, ==, "sub");
  g_assert_cmpstr (sub->parent, ==, ".");
  deep = list (fixture, fixture->folder, "sub/deep", ALMU_LIST_CONTENT, ALMU_LIST_IMAGES, NULL);
  g_assert_cmpstr (deep->directory, ==, "sub/deep");
  g_assert_cmpstr (deep->parent, ==, "sub");
  g_assert_cmpuint (deep->entries->len, ==, 0);
}

static void
test_folder_list_images (Fixture      *fixture,
                         gconstpointer user_data)
{
  make_directory (fixture, "top/i");
  put (fixture, "top/i/fake.fits", "no");
  put (fixture, "top/i/plain", "SIMPLE  =");
  put (fixture, "top/i/short", "SIM");
  put (fixture, "top/i/empty.fits", "");
  put (fixture, "top/i/x.FITS", "SIMPLE");
  put (fixture, "top/i/x.fits.gz", "\x1f\x8b...");
  put (fixture, "top/i/x.fit.gz", "\x1f\x8b...");
  put (fixture, "top/i/x.fits.bz2", "BZh9...");
  put (fixture, "top/i/x.fits.Z", "\x1f\x9d...");
  put (fixture, "top/i/x.tar.gz", "\x1f\x8b...");
  put (fixture, "top/i/x.gz", "\x1f\x8b...");
  put (fixture, "top/i/y.hdf5", "\x89HDF\r\n");
  put (fixture, "top/i/z.fz", "SIMPLE");
  put (fixture, "top/i/.hidden.fits", "SIMPLE");

  assert_listing (fixture, "i", ALMU_LIST_CONTENT, ALMU_LIST_IMAGES,
                  "plain:3 x.FITS:3 x.fit.gz:3 x.fits.Z:3 x.fits.bz2:3 x.fits.gz:3 y.hdf5:4 z.fz:3");
  assert_listing (fixture, "i", ALMU_LIST_EXTENSION, ALMU_LIST_IMAGES,
                  "empty.fits:3 fake.fits:3 x.FITS:3 x.fit.gz:3 x.fits.Z:3 x.fits.bz2:3 x.fits.gz:3 y.hdf5:4 z.fz:3");
  assert_listing (fixture, "i", ALMU_LIST_ALL, ALMU_LIST_IMAGES,
                  "empty.fits:3 fake.fits:3 plain:6 short:6 x.FITS:3 x.fit.gz:3 x.fits.Z:3 x.fits.bz2:3 "
                  "x.fits.gz:3 x.gz:6 x.tar.gz:6 y.hdf5:4 z.fz:3");
}

static void
test_folder_list_regions (Fixture      *fixture,
                          gconstpointer user_data)
{
  make_directory (fixture, "top/r/more");
  put (fixture, "top/r/a.txt", "#CRTFv0 CASA\n");
  put (fixture, "top/r/b.txt", "# Region file format: DS9 version 4.1\n");
  put (fixture, "top/r/c.reg", "circle(1,2,3)\n");
  put (fixture, "top/r/d.crtf", "");
  put (fixture, "top/r/e.fits", "SIMPLE");
  put (fixture, "top/r/f.txt", "text");

  assert_listing (fixture, "r", ALMU_LIST_CONTENT, ALMU_LIST_REGIONS, "a.txt:1 b.txt:2 c.reg:2 d.crtf:1 more/:0");
  assert_listing (fixture, "r", ALMU_LIST_EXTENSION, ALMU_LIST_REGIONS, "c.reg:2 d.crtf:1 more/:0");
  assert_listing (fixture, "r", ALMU_LIST_ALL, ALMU_LIST_REGIONS,
                  "a.txt:6 b.txt:6 c.reg:2 d.crtf:1 e.fits:6 f.txt:6 more/:0");
}

static void
test_folder_list_catalogs (Fixture      *fixture,
                           gconstpointer user_data)
{
  make_directory (fixture, "top/c");
  put (fixture, "top/c/a.txt", "<?xml version='1.0'?>");
  put (fixture, "top/c/b.vot", "<VOTABLE version='1.4'>");
  put (fixture, "top/c/c.fits", "SIMPLE");
  put (fixture, "top/c/d.xml", "nothing");

  assert_listing (fixture, "c", ALMU_LIST_CONTENT, ALMU_LIST_CATALOGS, "a.txt:7 b.vot:7 c.fits:3");
  assert_listing (fixture, "c", ALMU_LIST_EXTENSION, ALMU_LIST_CATALOGS, "b.vot:7 c.fits:3 d.xml:7");
  assert_listing (fixture, "c", ALMU_LIST_ALL, ALMU_LIST_CATALOGS, "a.txt:6 b.vot:7 c.fits:3 d.xml:7");
}

static void
test_folder_list_directory_images (Fixture      *fixture,
                                   gconstpointer user_data)
{
  g_autoptr(AlmuListing) listing = NULL;

  make_directory (fixture, "top/d/casa.image/logtable");
  put (fixture, "top/d/casa.image/table.dat", "0123456789");
  put (fixture, "top/d/casa.image/table.info", "Type = Image\nSubType = \n\n");
  put (fixture, "top/d/casa.image/logtable/table.dat", "01234");
  make_directory (fixture, "top/d/concat.image");
  put (fixture, "top/d/concat.image/imageconcat.json", "{}");
  make_directory (fixture, "top/d/half");
  put (fixture, "top/d/half/table.info", "Type = Image\n");
  make_directory (fixture, "top/d/miriad");
  put (fixture, "top/d/miriad/header", "bpa");
  put (fixture, "top/d/miriad/image", "1234");
  make_directory (fixture, "top/d/not-miriad/image");
  put (fixture, "top/d/not-miriad/header", "bpa");
  make_directory (fixture, "top/d/obs.ms");
  put (fixture, "top/d/obs.ms/table.dat", "x");
  put (fixture, "top/d/obs.ms/table.info", "Type = Measurement Set\nSubType = \n");
  make_link (fixture, "top/d/via", "casa.image");

  for (int filter = ALMU_LIST_CONTENT; filter <= ALMU_LIST_ALL; filter++)
    assert_listing (fixture, "d", filter, ALMU_LIST_IMAGES,
                    "casa.image:0 concat.image:0 half/:1 miriad:5 not-miriad/:2 obs.ms/:2 via:0");
  assert_listing (fixture, "d", ALMU_LIST_CONTENT, ALMU_LIST_REGIONS, "half/:1 not-miriad/:2 obs.ms/:2");
  assert_listing (fixture, "d", ALMU_LIST_ALL, ALMU_LIST_REGIONS,
                  "casa.image:0 concat.image:0 half/:1 miriad:5 not-miriad/:2 obs.ms/:2 via:0");

  listing = list (fixture, fixture->folder, "d", ALMU_LIST_CONTENT, ALMU_LIST_IMAGES, NULL);
  g_assert_cmpint (almu_listing_get_entry (listing, 0)->size, ==, 10 + 25 + 5);
  g_assert_cmpint (almu_listing_get_entry (listing, 6)->size, ==, 10 + 25 + 5);
}

static void
test_folder_list_real (Fixture      *fixture,
                       gconstpointer user_data)
{
  g_autofree char *shared = almu_test_shared_path (".");
  g_autofree char *casa = NULL;
  g_autofree char *miriad = NULL;
  g_autofree char *packed = NULL;
  g_autoptr(AlmuFolder) folder = NULL;
  g_autoptr(AlmuListing) in_casa = NULL;
  g_autoptr(AlmuListing) in_miriad = NULL;
  g_autoptr(AlmuListing) in_gz = NULL;

  if (shared == NULL)
    return;

  folder = almu_folder_new (shared, NULL, NULL);
  in_casa = list (fixture, folder, "casa", ALMU_LIST_CONTENT, ALMU_LIST_IMAGES, NULL);
  in_miriad = list (fixture, folder, "miriad", ALMU_LIST_CONTENT, ALMU_LIST_IMAGES, NULL);
  in_gz = list (fixture, folder, "gz", ALMU_LIST_CONTENT, ALMU_LIST_IMAGES, NULL);
  casa = describe (in_casa);
  miriad = describe (in_miriad);
  packed = describe (in_gz);

  g_assert_cmpstr (casa, ==, "M17_SWex_unit.image:0");
  g_assert_cmpint (almu_listing_get_entry (in_casa, 0)->size, >, 8807);
  g_assert_cmpstr (miriad, ==, "M17_SWex_unit.miriad:5");
  g_assert_cmpstr (packed, ==, "dss.14.29.56-62.41.05.fits.gz:3 ngc0925_na.fits.gz:3 "
                               "test.fits.Z:3 test.fits.bz2:3 test.fits.gz:3");
}

static void
test_folder_list_odd_entries (Fixture      *fixture,
                              gconstpointer user_data)
{
  g_autofree char *fifo = NULL;
  g_autofree char *locked = NULL;
  g_autofree char *locked_folder = NULL;
  g_autofree char *inside = at (fixture, "top/a.fits");

  make_directory (fixture, "top/o/plain");
  put (fixture, "top/o/plain/.hidden", "");
  put (fixture, "top/o/good.fits", "SIMPLE");
  put (fixture, "top/o/m\303\274ll.fits", "SIMPLE");
  put (fixture, "top/o/latin-\351.fits", "SIMPLE");
  put (fixture, "top/o/new\nline.fits", "SIMPLE");
  make_link (fixture, "top/o/in.fits", "../a.fits");
  make_link (fixture, "top/o/in-absolute.fits", inside);
  make_link (fixture, "top/o/in-folder", "../sub");
  make_link (fixture, "top/o/out.fits", "../../outside.fits");
  make_link (fixture, "top/o/out-folder", "../..");
  make_link (fixture, "top/o/out-etc", "/etc");
  make_link (fixture, "top/o/loop.fits", "loop.fits");
  make_link (fixture, "top/o/dangling.fits", "gone.fits");
  make_link (fixture, "top/o/pipe-link.fits", "fifo.fits");
  fifo = at (fixture, "top/o/fifo.fits");
  g_assert_cmpint (mkfifo (fifo, 0644), ==, 0);

  if (geteuid () != 0)
    {
      put (fixture, "top/o/locked.fits", "SIMPLE");
      make_directory (fixture, "top/o/locked-folder");
      locked = at (fixture, "top/o/locked.fits");
      locked_folder = at (fixture, "top/o/locked-folder");
      g_assert_cmpint (chmod (locked, 0), ==, 0);
      g_assert_cmpint (chmod (locked_folder, 0), ==, 0);
    }

  for (int filter = ALMU_LIST_CONTENT; filter <= ALMU_LIST_ALL; filter++)
    assert_listing (fixture, "o", filter, ALMU_LIST_IMAGES,
                    "good.fits:3 in-absolute.fits:3 in-folder/:2 in.fits:3 m\303\274ll.fits:3 plain/:1");
}

static void
assert_no_listing (Fixture    *fixture,
                   const char *directory,
                   int         code,
                   const char *text)
{
  g_autoptr(GError) error = NULL;

  g_assert_null (list (fixture, fixture->folder, directory, ALMU_LIST_CONTENT, ALMU_LIST_IMAGES, &error));
  g_assert_error (error, ALMU_ERROR, code);
  g_assert_nonnull (strstr (error->message, text));
}

static void
test_folder_list_refused (Fixture      *fixture,
                          gconstpointer user_data)
{
  make_link (fixture, "top/out", "..");

  assert_no_listing (fixture, "none", ALMU_ERROR_NOT_FOUND, "none does not exist");
  assert_no_listing (fixture, "a.fits", ALMU_ERROR_NOT_FOUND, "a.fits is not a directory");
  assert_no_listing (fixture, "..", ALMU_ERROR_REFUSED, "..");
  assert_no_listing (fixture, "sub/../../top", ALMU_ERROR_REFUSED, "top");
  assert_no_listing (fixture, "out", ALMU_ERROR_REFUSED, "out");
  assert_no_listing (fixture, "out/other", ALMU_ERROR_REFUSED, "out/other");
}

static void
fill (Fixture *fixture,
      guint    n_files)
{
  g_autofree char *many = at (fixture, "top/many");
  int              folder;

  make_directory (fixture, "top/many");
  folder = open (many, O_PATH | O_DIRECTORY | O_CLOEXEC);
  for (guint i = 0; i < n_files; i++)
    {
      char name[32];
      int  fd;

      g_snprintf (name, sizeof name, "f%05u.fits", i);
      fd = openat (folder, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
      g_assert_cmpint (fd, >=, 0);
      g_assert_cmpint (write (fd, "SIMPLE", 6), ==, 6);
      close (fd);
    }
  close (folder);
}

static void
test_folder_list_many (Fixture      *fixture,
                       gconstpointer user_data)
{
  g_autoptr(AlmuListing) by_name = NULL;
  g_autoptr(AlmuListing) by_content = NULL;
  g_autoptr(AlmuListing) top = NULL;
  double seconds;

  fill (fixture, 25000);

  g_test_timer_start ();
  by_name = list (fixture, fixture->folder, "many", ALMU_LIST_EXTENSION, ALMU_LIST_IMAGES, NULL);
  seconds = g_test_timer_elapsed ();
  g_test_minimized_result (seconds, "25000 names: %.3f s", seconds);
  g_assert_cmpuint (by_name->entries->len, ==, 25000);
  for (guint i = 0; i < 25000; i++)
    g_assert_cmpint (atoi (almu_listing_get_entry (by_name, i)->name + 1), ==, i);

  g_test_timer_start ();
  by_content = list (fixture, fixture->folder, "many", ALMU_LIST_CONTENT, ALMU_LIST_IMAGES, NULL);
  seconds = g_test_timer_elapsed ();
  g_test_minimized_result (seconds, "25000 files: %.3f s", seconds);
  g_assert_cmpuint (by_content->entries->len, ==, 25000);

  top = list (fixture, fixture->folder, "", ALMU_LIST_CONTENT, ALMU_LIST_IMAGES, NULL);
  g_assert_cmpstr (almu_listing_get_entry (top, 2)->name, ==, "many");
  g_assert_cmpint (almu_listing_get_entry (top, 2)->item_count, ==, 25000);
}

static void
test_folder_list_progress (Fixture      *fixture,
                           gconstpointer user_data)
{
  g_autoptr(AlmuListing) listing = NULL;

  fill (fixture, 50);
  almu_folder_set_progress_times_for_testing (0, 0);

  listing = list (fixture, fixture->folder, "many", ALMU_LIST_CONTENT, ALMU_LIST_IMAGES, NULL);
  g_assert_cmpuint (listing->entries->len, ==, 50);
  g_assert_cmpuint (fixture->n_reports, ==, 50);
  g_assert_cmpuint (fixture->last_checked, ==, 50);
  g_assert_cmpuint (fixture->last_total, ==, 50);
}

static void
test_folder_list_cancelled (Fixture      *fixture,
                            gconstpointer user_data)
{
  g_autoptr(AlmuListing) partly = NULL;
  g_autoptr(AlmuListing) none = NULL;
  g_autoptr(GError) error = NULL;

  fill (fixture, 20000);
  almu_folder_set_progress_times_for_testing (0, 0);
  fixture->cancel_at = 1;

  partly = list (fixture, fixture->folder, "many", ALMU_LIST_CONTENT, ALMU_LIST_IMAGES, &error);
  g_assert_no_error (error);
  g_assert_true (partly->is_cancelled);
  g_assert_cmpuint (partly->entries->len, >=, 1);

  /* before it began */
  none = list (fixture, fixture->folder, "many", ALMU_LIST_CONTENT, ALMU_LIST_IMAGES, &error);
  g_assert_no_error (error);
  g_assert_true (none->is_cancelled);
  g_assert_cmpuint (none->entries->len, ==, 0);
  g_assert_cmpstr (none->directory, ==, "many");
}

#define add_test(path, func) \
  g_test_add (path, Fixture, GINT_TO_POINTER (FALSE), fixture_set_up, func, fixture_tear_down)
#define add_both(path, func)                                                                                \
  G_STMT_START                                                                                              \
  {                                                                                                         \
    g_test_add (path "/kernel", Fixture, GINT_TO_POINTER (FALSE), fixture_set_up, func, fixture_tear_down); \
    g_test_add (path "/by-hand", Fixture, GINT_TO_POINTER (TRUE), fixture_set_up, func, fixture_tear_down); \
  }                                                                                                         \
  G_STMT_END

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/model/folder/new", test_folder_new);
  add_test ("/model/folder/normalize/paths", test_folder_normalize);
  add_test ("/model/folder/normalize/text", test_folder_normalize_text);
  add_both ("/model/folder/open/files", test_folder_open);
  add_both ("/model/folder/open/links", test_folder_open_links);
  add_both ("/model/folder/open/alias", test_folder_open_alias);
  add_both ("/model/folder/open/special", test_folder_open_special);
  add_both ("/model/folder/open/proc", test_folder_open_proc);
  add_both ("/model/folder/open/replaced", test_folder_open_replaced);
  add_test ("/model/folder/open/random", test_folder_open_random);
  add_both ("/model/folder/list/folders", test_folder_list);
  add_test ("/model/folder/list/images", test_folder_list_images);
  add_test ("/model/folder/list/regions", test_folder_list_regions);
  add_test ("/model/folder/list/catalogs", test_folder_list_catalogs);
  add_both ("/model/folder/list/directory-images", test_folder_list_directory_images);
  add_test ("/model/folder/list/real", test_folder_list_real);
  add_both ("/model/folder/list/odd-entries", test_folder_list_odd_entries);
  add_both ("/model/folder/list/refused", test_folder_list_refused);
  add_test ("/model/folder/list/many", test_folder_list_many);
  add_test ("/model/folder/list/progress", test_folder_list_progress);
  add_test ("/model/folder/list/cancelled", test_folder_list_cancelled);

  return g_test_run ();
}
