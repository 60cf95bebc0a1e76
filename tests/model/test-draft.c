/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "almu-draft.h"
#include "almu-error.h"
#include "almu-test.h"

typedef struct
{
  char       *path;
  AlmuFolder *folder;
} Fixture;

/* @user_data: whether files have to be named from the start. */
static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  g_autoptr(GError) error = NULL;

  almu_draft_set_named_for_testing (user_data != NULL);
  fixture->path = almu_test_make_folder ();
  fixture->folder = almu_folder_new (fixture->path, NULL, &error);
  g_assert_no_error (error);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_object_unref (fixture->folder);
  almu_test_remove_folder (fixture->path);
  g_free (fixture->path);
}

static void
write_file (Fixture    *fixture,
            const char *name,
            const char *text)
{
  g_autofree char *path = g_build_filename (fixture->path, name, NULL);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static void
assert_text (Fixture    *fixture,
             const char *name,
             const char *text)
{
  g_autofree char *path = g_build_filename (fixture->path, name, NULL);
  g_autofree char *found = NULL;

  if (g_file_get_contents (path, &found, NULL, NULL))
    g_assert_cmpstr (found, ==, text);
  else
    g_assert_null (text);
}

static guint
count_files (Fixture *fixture)
{
  g_autoptr(GDir) dir = g_dir_open (fixture->path, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;

  return n;
}

static void
put (AlmuDraft  *draft,
     const char *text)
{
  g_assert_cmpint (write (almu_draft_get_fd (draft), text, strlen (text)), ==, strlen (text));
}

static AlmuDraft *
begin (Fixture    *fixture,
       const char *path,
       gboolean    overwrite)
{
  g_autoptr(GError) error = NULL;
  AlmuDraft *draft = almu_draft_new (fixture->folder, path, overwrite, NULL, &error);

  g_assert_no_error (error);
  put (draft, "new");

  return draft;
}

static void
assert_refused (Fixture               *fixture,
                const char            *path,
                gboolean               overwrite,
                const AlmuFingerprint *source,
                GQuark                 domain,
                int                    code)
{
  g_autoptr(GError) error = NULL;

  g_assert_null (almu_draft_new (fixture->folder, path, overwrite, source, &error));
  g_assert_error (error, domain, code);
}

static void
test_draft_commit (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_autoptr(GError) error = NULL;
  AlmuDraft       *draft = begin (fixture, "a.fits", FALSE);
  mode_t           mask = umask (0);
  struct stat      buffer;
  g_autofree char *path = g_build_filename (fixture->path, "a.fits", NULL);

  umask (mask);
  assert_text (fixture, "a.fits", NULL);
  g_assert_true (almu_draft_commit (draft, &error));
  almu_draft_free (draft);

  assert_text (fixture, "a.fits", "new");
  g_assert_cmpuint (count_files (fixture), ==, 1);
  g_assert_cmpint (g_stat (path, &buffer), ==, 0);
  g_assert_cmpint (buffer.st_mode & 0777, ==, 0666 & ~mask);
}

static void
test_draft_give_up (Fixture      *fixture,
                    gconstpointer user_data)
{
  almu_draft_free (begin (fixture, "a.fits", FALSE));
  g_assert_cmpuint (count_files (fixture), ==, 0);

  write_file (fixture, "a.fits", "old");
  almu_draft_free (begin (fixture, "a.fits", TRUE));
  assert_text (fixture, "a.fits", "old");
  g_assert_cmpuint (count_files (fixture), ==, 1);
}

static void
test_draft_overwrite (Fixture      *fixture,
                      gconstpointer user_data)
{
  g_autoptr(AlmuDraft) draft = NULL;
  g_autoptr(GError) error = NULL;

  write_file (fixture, "a.fits", "old");
  assert_refused (fixture, "a.fits", FALSE, NULL, G_IO_ERROR, G_IO_ERROR_EXISTS);
  assert_text (fixture, "a.fits", "old");

  draft = begin (fixture, "a.fits", TRUE);
  assert_text (fixture, "a.fits", "old");
  g_assert_true (almu_draft_commit (draft, &error));
  assert_text (fixture, "a.fits", "new");
  g_assert_cmpuint (count_files (fixture), ==, 1);
}

/* Two at a time for one name: nobody has been asked about the first when the
 * second is done. */
static void
test_draft_race (Fixture      *fixture,
                 gconstpointer user_data)
{
  AlmuDraft *first = begin (fixture, "a.fits", FALSE);
  AlmuDraft *second = begin (fixture, "a.fits", FALSE);
  g_autoptr(GError) error = NULL;

  put (second, "er");
  g_assert_true (almu_draft_commit (second, &error));
  g_assert_false (almu_draft_commit (first, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  almu_draft_free (first);
  almu_draft_free (second);

  assert_text (fixture, "a.fits", "newer");
  g_assert_cmpuint (count_files (fixture), ==, 1);
}

/* The source is known by what it is, whatever it is called. */
static void
test_draft_source (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_autofree char *path = g_build_filename (fixture->path, "source.fits", NULL);
  g_autofree char *soft = g_build_filename (fixture->path, "soft.fits", NULL);
  g_autofree char *hard = g_build_filename (fixture->path, "hard.fits", NULL);
  AlmuFingerprint  source;
  int              fd;

  write_file (fixture, "source.fits", "old");
  g_assert_cmpint (symlink ("source.fits", soft), ==, 0);
  g_assert_cmpint (link (path, hard), ==, 0);
  fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);
  g_assert_true (almu_fingerprint_read (fd, &source, NULL));
  close (fd);

  for (int overwrite = 0; overwrite < 2; overwrite++)
    {
      assert_refused (fixture, "source.fits", overwrite, &source, ALMU_ERROR, ALMU_ERROR_REFUSED);
      assert_refused (fixture, "soft.fits", overwrite, &source, ALMU_ERROR, ALMU_ERROR_REFUSED);
      assert_refused (fixture, "hard.fits", overwrite, &source, ALMU_ERROR, ALMU_ERROR_REFUSED);
    }
  assert_text (fixture, "source.fits", "old");
}

static void
test_draft_places (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_autofree char *outside = almu_test_make_folder ();
  g_autofree char *victim = g_build_filename (outside, "victim.fits", NULL);
  g_autofree char *way_out = g_build_filename (fixture->path, "way-out", NULL);
  g_autofree char *file_out = g_build_filename (fixture->path, "out.fits", NULL);
  g_autofree char *sub = g_build_filename (fixture->path, "sub", NULL);
  g_autofree char *kept = NULL;
  g_autoptr(AlmuDraft) draft = NULL;
  g_autoptr(GError) error = NULL;

  g_assert_true (g_file_set_contents (victim, "old", -1, NULL));
  g_assert_cmpint (symlink (outside, way_out), ==, 0);
  g_assert_cmpint (symlink (victim, file_out), ==, 0);
  g_assert_cmpint (g_mkdir (sub, 0755), ==, 0);

  assert_refused (fixture, "way-out/victim.fits", TRUE, NULL, ALMU_ERROR, ALMU_ERROR_REFUSED);
  assert_refused (fixture, "no-such-folder/a.fits", TRUE, NULL, ALMU_ERROR, ALMU_ERROR_NOT_FOUND);
  assert_refused (fixture, "sub", TRUE, NULL, ALMU_ERROR, ALMU_ERROR_REFUSED);
  assert_refused (fixture, "", TRUE, NULL, ALMU_ERROR, ALMU_ERROR_FORMAT);

  /* the link is replaced, not what it leads to */
  draft = begin (fixture, "out.fits", TRUE);
  g_assert_true (almu_draft_commit (draft, &error));
  g_assert_true (g_file_get_contents (victim, &kept, NULL, NULL));
  g_assert_cmpstr (kept, ==, "old");
  g_assert_false (g_file_test (file_out, G_FILE_TEST_IS_SYMLINK));

  almu_test_remove_folder (outside);
}

#define add_test(path, func)                                                             \
  g_test_add (path "/nameless", Fixture, NULL, fixture_set_up, func, fixture_tear_down); \
  g_test_add (path "/named", Fixture, "named", fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add_test ("/model/draft/commit", test_draft_commit);
  add_test ("/model/draft/give-up", test_draft_give_up);
  add_test ("/model/draft/overwrite", test_draft_overwrite);
  add_test ("/model/draft/race", test_draft_race);
  add_test ("/model/draft/source", test_draft_source);
  add_test ("/model/draft/places", test_draft_places);

  return g_test_run ();
}
