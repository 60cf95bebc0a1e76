/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "almu-state-dir.h"
#include "almu-test.h"

typedef struct
{
  char         *folder;
  char         *path;
  AlmuStateDir *dir;
} Fixture;

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  fixture->folder = almu_test_make_folder ();
  fixture->path = g_build_filename (fixture->folder, "state", "almucantar", NULL);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_clear_pointer (&fixture->dir, almu_state_dir_free);
  almu_test_remove_folder (fixture->folder);
  g_free (fixture->folder);
  g_free (fixture->path);
}

static AlmuStateDir *
reopen (Fixture *fixture)
{
  g_autoptr(GError) error = NULL;

  g_clear_pointer (&fixture->dir, almu_state_dir_free);
  fixture->dir = almu_state_dir_open (fixture->path, &error);
  g_assert_no_error (error);
  g_assert_nonnull (fixture->dir);

  return fixture->dir;
}

static char *
path_of (Fixture    *fixture,
         const char *name)
{
  return g_build_filename (fixture->path, name, NULL);
}

static int
mode_of (const char *path)
{
  GStatBuf info;

  g_assert_cmpint (g_stat (path, &info), ==, 0);

  return info.st_mode & 0777;
}

static void
put (Fixture    *fixture,
     const char *name,
     const char *text,
     int         mode)
{
  g_autofree char *path = path_of (fixture, name);
  g_autoptr(GError) error = NULL;

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_chmod (path, mode), ==, 0);
}

static char *
token_of (Fixture *fixture)
{
  g_autoptr(GError) error = NULL;
  char *token = almu_state_dir_dup_token (fixture->dir, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (strlen (token), >=, 16);

  return token;
}

static void
open_badly (Fixture    *fixture,
            const char *named,
            int         code)
{
  g_autoptr(GError) error = NULL;

  g_assert_null (almu_state_dir_open (fixture->path, &error));
  g_assert_error (error, G_IO_ERROR, code);
  g_assert_nonnull (strstr (error->message, named));
}

static void
test_made_private (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_autofree char *name = path_of (fixture, "lock");

  reopen (fixture);
  g_assert_cmpstr (almu_state_dir_get_path (fixture->dir), ==, fixture->path);
  g_assert_cmpint (mode_of (fixture->path), ==, 0700);
  g_assert_cmpint (mode_of (name), ==, 0600);

  g_assert_cmpint (g_chmod (fixture->path, 0755), ==, 0);
  reopen (fixture);
  g_assert_cmpint (mode_of (fixture->path), ==, 0700);
}

static void
test_not_a_folder (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_autofree char *parent = g_path_get_dirname (fixture->path);

  g_assert_true (g_file_set_contents (parent, "", 0, NULL));
  open_badly (fixture, fixture->path, G_IO_ERROR_NOT_DIRECTORY);

  g_assert_cmpint (g_remove (parent), ==, 0);
  g_assert_cmpint (g_mkdir (parent, 0700), ==, 0);
  g_assert_true (g_file_set_contents (fixture->path, "", 0, NULL));
  open_badly (fixture, fixture->path, G_IO_ERROR_NOT_DIRECTORY);
}

static void
test_one_owner (Fixture      *fixture,
                gconstpointer user_data)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *address = NULL;

  g_assert_null (almu_state_dir_dup_running_address (fixture->path));

  reopen (fixture);
  g_assert_null (almu_state_dir_dup_running_address (fixture->path));
  open_badly (fixture, "does not listen yet", G_IO_ERROR_BUSY);

  g_assert_true (almu_state_dir_remember (fixture->dir, "http://127.0.0.1:3002", 3002, &error));
  g_assert_no_error (error);
  open_badly (fixture, "http://127.0.0.1:3002", G_IO_ERROR_BUSY);
  open_badly (fixture, fixture->path, G_IO_ERROR_BUSY);

  address = almu_state_dir_dup_running_address (fixture->path);
  g_assert_cmpstr (address, ==, "http://127.0.0.1:3002");

  /* a refused start leaves the owner's address */
  open_badly (fixture, "http://127.0.0.1:3002", G_IO_ERROR_BUSY);

  g_clear_pointer (&fixture->dir, almu_state_dir_free);
  g_assert_null (almu_state_dir_dup_running_address (fixture->path));
  reopen (fixture);
}

/* What a kill -9 leaves: the file, but not the lock. */
static void
test_owner_killed (Fixture      *fixture,
                   gconstpointer user_data)
{
  int   status;
  pid_t child;

  reopen (fixture);
  g_clear_pointer (&fixture->dir, almu_state_dir_free);

  child = fork ();
  if (child == 0)
    {
      AlmuStateDir *dir = almu_state_dir_open (fixture->path, NULL);

      almu_state_dir_remember (dir, "http://127.0.0.1:3055", 3055, NULL);
      raise (SIGKILL);
    }

  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFSIGNALED (status));

  g_assert_null (almu_state_dir_dup_running_address (fixture->path));
  reopen (fixture);
  g_assert_cmpuint (almu_state_dir_get_last_port (fixture->dir), ==, 3055);
}

static void
test_remembers (Fixture      *fixture,
                gconstpointer user_data)
{
  g_autofree char *name = path_of (fixture, "listener.json");
  g_autoptr(GError) error = NULL;

  reopen (fixture);
  g_assert_cmpuint (almu_state_dir_get_last_port (fixture->dir), ==, 0);
  g_assert_null (almu_state_dir_get_last_address (fixture->dir));

  g_assert_true (almu_state_dir_remember (fixture->dir, "http://[::1]:4000/a", 4000, &error));
  g_assert_no_error (error);
  g_assert_cmpint (mode_of (name), ==, 0600);

  reopen (fixture);
  g_assert_cmpuint (almu_state_dir_get_last_port (fixture->dir), ==, 4000);
  g_assert_cmpstr (almu_state_dir_get_last_address (fixture->dir), ==, "http://[::1]:4000/a");

  /* a shorter address leaves nothing of a longer one */
  g_assert_true (almu_state_dir_remember (fixture->dir, "http://[::1]:4000/a", 4000, &error));
  g_assert_true (almu_state_dir_remember (fixture->dir, "http://[::1]:5", 5, &error));
  g_free (g_steal_pointer (&name));
  name = almu_state_dir_dup_running_address (fixture->path);
  g_assert_cmpstr (name, ==, "http://[::1]:5");
}

static guint64
inode_of (const char *path)
{
  GStatBuf info;

  g_assert_cmpint (g_stat (path, &info), ==, 0);

  return info.st_ino;
}

/* Who begins to listen where it did before does not wait for the disk. */
static void
test_remembers_once (Fixture      *fixture,
                     gconstpointer user_data)
{
  g_autofree char *name = path_of (fixture, "listener.json");
  g_autofree char *running = NULL;
  g_autoptr(GError) error = NULL;
  guint64 inode;

  reopen (fixture);
  g_assert_true (almu_state_dir_remember (fixture->dir, "http://127.0.0.1:4000", 4000, &error));
  inode = inode_of (name);

  reopen (fixture);
  g_assert_true (almu_state_dir_remember (fixture->dir, "http://127.0.0.1:4000", 4000, &error));
  g_assert_cmpuint (inode_of (name), ==, inode);
  running = almu_state_dir_dup_running_address (fixture->path);
  g_assert_cmpstr (running, ==, "http://127.0.0.1:4000");

  g_assert_true (almu_state_dir_remember (fixture->dir, "http://[::1]:4000", 4000, &error));
  g_assert_cmpuint (inode_of (name), !=, inode);
}

static void
test_remembers_nonsense (Fixture      *fixture,
                         gconstpointer user_data)
{
  static const char *const texts[] = {
    "", "{", "[]", "null", "{ \"port\": 70000 }", "{ \"port\": -1 }", "{ \"port\": \"3002\" }",
    "{ \"port\": {} }", "{ \"port\": null, \"address\": [] }", "{ \"address\": 7 }", "\xff\xfe"
  };

  reopen (fixture);

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      put (fixture, "listener.json", texts[i], 0600);
      reopen (fixture);
      g_assert_cmpuint (almu_state_dir_get_last_port (fixture->dir), ==, 0);
      g_assert_null (almu_state_dir_get_last_address (fixture->dir));
    }
}

static void
test_cannot_remember (Fixture      *fixture,
                      gconstpointer user_data)
{
  g_autofree char *name = path_of (fixture, "listener.json");
  g_autoptr(GError) error = NULL;

  reopen (fixture);
  g_assert_cmpint (g_mkdir (name, 0700), ==, 0);

  g_assert_false (almu_state_dir_remember (fixture->dir, "http://127.0.0.1:3002", 3002, &error));
  g_assert_nonnull (strstr (error->message, name));
  g_assert_cmpuint (almu_state_dir_get_last_port (fixture->dir), ==, 0);
}

static void
test_token_stays (Fixture      *fixture,
                  gconstpointer user_data)
{
  g_autofree char *name = path_of (fixture, "token");
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autofree char *other = NULL;

  reopen (fixture);
  first = token_of (fixture);
  g_assert_cmpint (mode_of (name), ==, 0600);
  g_assert_cmpuint (strlen (first), ==, 32);
  g_assert_cmpuint (strspn (first, "0123456789abcdef"), ==, 32);

  reopen (fixture);
  second = token_of (fixture);
  g_assert_cmpstr (first, ==, second);

  g_assert_cmpint (g_remove (name), ==, 0);
  other = token_of (fixture);
  g_assert_cmpstr (first, !=, other);
}

static void
test_token_given (Fixture      *fixture,
                  gconstpointer user_data)
{
  g_autofree char *name = path_of (fixture, "token");
  g_autofree char *token = NULL;
  g_autofree char *made = NULL;

  reopen (fixture);
  token = almu_state_dir_dup_token (fixture->dir, "abc", NULL);
  g_assert_cmpstr (token, ==, "abc");
  g_assert_false (g_file_test (name, G_FILE_TEST_EXISTS));

  made = almu_state_dir_dup_token (fixture->dir, "", NULL);
  g_assert_cmpuint (strlen (made), ==, 32);
}

static void
test_token_by_hand (Fixture      *fixture,
                    gconstpointer user_data)
{
  g_autofree char *token = NULL;

  reopen (fixture);
  put (fixture, "token", "a-token_of.my~own-Choice\n", 0600);
  token = token_of (fixture);
  g_assert_cmpstr (token, ==, "a-token_of.my~own-Choice");
}

static void
expect_new_token (Fixture    *fixture,
                  const char *text,
                  int         mode,
                  const char *warning)
{
  g_autofree char *name = path_of (fixture, "token");
  g_autofree char *token = NULL;

  put (fixture, "token", text, mode);
  g_test_expect_message ("almu-store", G_LOG_LEVEL_WARNING, warning);
  token = token_of (fixture);
  g_test_assert_expected_messages ();

  g_assert_cmpstr (token, !=, text);
  g_assert_cmpint (mode_of (name), ==, 0600);
}

static void
test_token_unusable (Fixture      *fixture,
                     gconstpointer user_data)
{
  g_autofree char *endless = g_strnfill (100000, 'a');

  reopen (fixture);
  expect_new_token (fixture, "0123456789abcdef0123456789abcdef", 0644, "*could be read by others*");
  expect_new_token (fixture, "0123456789abcdef0123456789abcdef", 0640, "*could be read by others*");
  expect_new_token (fixture, "", 0600, "*is damaged*");
  expect_new_token (fixture, "short", 0600, "*is damaged*");
  expect_new_token (fixture, "0123456789 0123456789", 0600, "*is damaged*");
  expect_new_token (fixture, endless, 0600, "*is damaged*");
}

static void
test_token_link (Fixture      *fixture,
                 gconstpointer user_data)
{
  g_autofree char *name = path_of (fixture, "token");
  g_autofree char *target = path_of (fixture, "elsewhere");
  g_autofree char *token = NULL;

  reopen (fixture);
  put (fixture, "elsewhere", "0123456789abcdef", 0600);
  g_assert_cmpint (symlink (target, name), ==, 0);

  token = token_of (fixture);
  g_assert_cmpstr (token, !=, "0123456789abcdef");
  g_assert_false (g_file_test (name, G_FILE_TEST_IS_SYMLINK));
}

static void
test_token_folder (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_autofree char *name = path_of (fixture, "token");
  g_autoptr(GError) error = NULL;

  reopen (fixture);
  g_assert_cmpint (g_mkdir (name, 0700), ==, 0);

  g_assert_null (almu_state_dir_dup_token (fixture->dir, NULL, &error));
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, name));
}

#define add_test(path, func) \
  g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/store/state-dir/made-private", test_made_private);
  add_test ("/store/state-dir/not-a-folder", test_not_a_folder);
  add_test ("/store/state-dir/one-owner", test_one_owner);
  add_test ("/store/state-dir/owner-killed", test_owner_killed);
  add_test ("/store/state-dir/remembers", test_remembers);
  add_test ("/store/state-dir/remembers-once", test_remembers_once);
  add_test ("/store/state-dir/remembers-nonsense", test_remembers_nonsense);
  add_test ("/store/state-dir/cannot-remember", test_cannot_remember);
  add_test ("/store/token/stays", test_token_stays);
  add_test ("/store/token/given", test_token_given);
  add_test ("/store/token/by-hand", test_token_by_hand);
  add_test ("/store/token/unusable", test_token_unusable);
  add_test ("/store/token/link", test_token_link);
  add_test ("/store/token/folder", test_token_folder);

  return g_test_run ();
}
