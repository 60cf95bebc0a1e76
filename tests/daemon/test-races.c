/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <unistd.h>

#include "almu-test-harm.h"
#include "test-desk.h"

/* A folder that is a way out of the top-level folder at the next moment, and a file
 * likewise, thousands of times while they are opened, listed, read and
 * written to. Nothing comes from outside, and nothing gets there.
 *
 *   base/outside/    what nobody may see: f.fits, r.reg, secret.fits
 *   base/top/        the top-level folder
 *     sub/  way      a folder and a link to outside/, which change places
 *     f.fits  f.way  a file and a link to outside/f.fits, likewise
 */

#define SIDE 8
#define INSIDE 1.0f
#define OUTSIDE 666.0f
#define N_EACH 15
#define N_FLIPS 2000
#define N_FLIPS_SLOW 50000

typedef struct
{
  Desk          desk;
  AlmuTestHarm *harm;
  char         *base;
  char         *outside;
  GThread      *thread;
  volatile int  is_over;
  volatile int  n_flips;
  guint         n_good;
  guint         n_refused;
} Fixture;

static double
inside (const gint64 *position,
        gpointer      user_data)
{
  return INSIDE;
}

static double
outside (const gint64 *position,
         gpointer      user_data)
{
  return OUTSIDE;
}

static void
write_image (const char *folder,
             const char *name,
             double (*func) (const gint64 *position,
                             gpointer      user_data))
{
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();

  almu_test_fits_begin (fits, -32, 2, (const gint64[]){ SIDE, SIDE });
  almu_test_fits_end_header (fits);
  almu_test_fits_fill (fits, func, NULL);
  almu_test_fits_end (fits);
  g_free (almu_test_fits_save (fits, folder, name));
}

static void
write_text (const char *folder,
            const char *name,
            const char *text)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static void
put_link (const char *folder,
          const char *name,
          const char *target)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  g_assert_cmpint (symlink (target, path), ==, 0);
}

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer is_by_hand)
{
  Desk            *desk = &fixture->desk;
  g_autofree char *sub = NULL;

  fixture->harm = almu_test_harm_new (ALMU_TEST_PRELOAD);
  fixture->base = almu_test_make_folder ();
  fixture->outside = g_build_filename (fixture->base, "outside", NULL);
  desk->folder = g_build_filename (fixture->base, "top", NULL);
  desk->state_dir = almu_test_make_folder ();
  sub = g_build_filename (desk->folder, "sub", NULL);
  g_assert_cmpint (g_mkdir_with_parents (fixture->outside, 0700), ==, 0);
  g_assert_cmpint (g_mkdir_with_parents (sub, 0700), ==, 0);

  write_image (fixture->outside, "f.fits", outside);
  write_image (fixture->outside, "secret.fits", outside);
  write_text (fixture->outside, "r.reg", "image\npoint(2,2)\npoint(3,3)\n");
  write_image (sub, "f.fits", inside);
  write_text (sub, "r.reg", "image\npoint(1,1)\n");
  write_image (desk->folder, "f.fits", inside);
  write_image (desk->folder, "still.fits", inside);
  put_link (desk->folder, "way", "../outside");
  put_link (desk->folder, "f.way", "../outside/f.fits");

  if (GPOINTER_TO_INT (is_by_hand))
    almu_test_harm_fail (fixture->harm, NULL, ALMU_TEST_CALL_BENEATH, 1, G_MAXUINT, ENOSYS);
  desk_start (desk, NULL);
  desk->viewer = desk_register (desk, &desk->session_id);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer is_by_hand)
{
  if (GPOINTER_TO_INT (is_by_hand))
    g_assert_cmpuint (almu_test_harm_get_n_failed (fixture->harm), >, 0);
  almu_test_harm_stop (fixture->harm);
  desk_tear_down (&fixture->desk, NULL);
  almu_test_remove_folder (fixture->base);
  g_free (fixture->outside);
  g_free (fixture->base);
  almu_test_harm_free (fixture->harm);
}

/* -- who changes them ---------------------------------------------------- */

static gpointer
flip_thread (gpointer user_data)
{
  Fixture *fixture = user_data;
  int      top = open (fixture->desk.folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

  while (!g_atomic_int_get (&fixture->is_over))
    {
      g_assert_cmpint (renameat2 (top, "sub", top, "way", RENAME_EXCHANGE), ==, 0);
      g_assert_cmpint (renameat2 (top, "f.fits", top, "f.way", RENAME_EXCHANGE), ==, 0);
      g_atomic_int_inc (&fixture->n_flips);
      g_thread_yield ();
    }
  close (top);

  return NULL;
}

static void
begin (Fixture *fixture)
{
  fixture->thread = g_thread_new ("flip", flip_thread, fixture);
}

static void
end (Fixture *fixture)
{
  g_atomic_int_set (&fixture->is_over, TRUE);
  g_thread_join (fixture->thread);
  g_test_message ("%d times, %u answers and %u refusals", fixture->n_flips, fixture->n_good, fixture->n_refused);
}

static void
note (Fixture *fixture,
      gboolean is_good)
{
  if (is_good)
    fixture->n_good++;
  else
    fixture->n_refused++;
}

/* Until both have happened often. */
static gboolean
is_enough (Fixture *fixture)
{
  return fixture->n_good >= N_EACH && fixture->n_refused >= N_EACH && g_atomic_int_get (&fixture->n_flips) >= (almu_test_is_slow () ? N_FLIPS_SLOW : N_FLIPS);
}

/* What is outside is as it was, and nothing more. */
static void
assert_untouched (Fixture *fixture)
{
  static const char *const names[] = { "f.fits", "secret.fits", "r.reg" };
  g_autoptr(GDir) dir = g_dir_open (fixture->outside, 0, NULL);
  const char *name;
  guint       n = 0;
  float       pixel;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      n++;
      if (!g_str_equal (name, names[0]) && !g_str_equal (name, names[1]) && !g_str_equal (name, names[2]))
        g_error ("%s was written outside", name);
    }
  g_assert_cmpuint (n, ==, G_N_ELEMENTS (names));

  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *path = g_build_filename (fixture->outside, names[i], NULL);
      g_autofree char *bytes = NULL;
      gsize            length;
      guint32          bits;

      g_assert_true (g_file_get_contents (path, &bytes, &length, NULL));
      g_assert_cmpuint (length, ==, 2 * 2880);
      memcpy (&bits, bytes + 2880, sizeof bits);
      bits = GUINT32_FROM_BE (bits);
      memcpy (&pixel, &bits, sizeof pixel);
      g_assert_cmpfloat (pixel, ==, OUTSIDE);
    }
}

/* -- what is asked ------------------------------------------------------- */

static void
open_image (Fixture    *fixture,
            const char *directory)
{
  g_autofree float                      *plane = NULL;
  almu_test_autobody CARTA__OpenFileAck *ack = almu_test_viewer_open (fixture->desk.viewer, directory, "f.fits", "", 1);

  note (fixture, ack->success);
  if (!ack->success)
    return;

  plane = almu_test_await_plane (fixture->desk.viewer, 1, SIDE, SIDE);
  for (int i = 0; i < SIDE * SIDE; i++)
    g_assert_cmpfloat (plane[i], ==, INSIDE);
  almu_test_ask_close (fixture->desk.viewer, 1);
}

static void
open_either (Fixture *fixture)
{
  open_image (fixture, g_test_rand_bit () ? "sub" : "");
}

static void
list_folder (Fixture *fixture)
{
  CARTA__FileListRequest                      request = CARTA__FILE_LIST_REQUEST__INIT;
  almu_test_autobody CARTA__FileListResponse *list = NULL;

  request.directory = (char *) "sub";
  request.filter_mode = CARTA__FILE_LIST_FILTER_MODE__AllFiles;
  list = almu_test_viewer_await_reply (fixture->desk.viewer, CARTA__EVENT_TYPE__FILE_LIST_RESPONSE,
                                       almu_test_viewer_send (fixture->desk.viewer, &request.base));
  note (fixture, list->success);
  for (gsize i = 0; i < list->n_files; i++)
    g_assert_cmpstr (list->files[i]->name, !=, "secret.fits");
}

static void
import_region (Fixture *fixture)
{
  CARTA__ImportRegion                        request = CARTA__IMPORT_REGION__INIT;
  almu_test_autobody CARTA__ImportRegionAck *ack = NULL;

  request.group_id = 0;
  request.type = CARTA__FILE_TYPE__DS9_REG;
  request.directory = (char *) "sub";
  request.file = (char *) "r.reg";
  ack = almu_test_viewer_await_reply (fixture->desk.viewer, CARTA__EVENT_TYPE__IMPORT_REGION_ACK,
                                      almu_test_viewer_send (fixture->desk.viewer, &request.base));
  note (fixture, ack->success);
  if (ack->success)
    g_assert_cmpuint (ack->n_regions, ==, 1);
}

static void
save_image (Fixture *fixture)
{
  CARTA__SaveFile                        request = CARTA__SAVE_FILE__INIT;
  almu_test_autobody CARTA__SaveFileAck *ack = NULL;

  request.output_file_directory = (char *) (g_test_rand_bit () ? "sub" : "");
  request.output_file_name = (char *) "f.fits";
  request.output_file_type = CARTA__FILE_TYPE__FITS;
  request.rest_freq = NAN;
  request.overwrite = TRUE;
  ack = almu_test_viewer_await_reply (fixture->desk.viewer, CARTA__EVENT_TYPE__SAVE_FILE_ACK,
                                      almu_test_viewer_send (fixture->desk.viewer, &request.base));
  note (fixture, ack->success);
}

static void
export_region (Fixture *fixture)
{
  CARTA__ExportRegion                        request = CARTA__EXPORT_REGION__INIT;
  CARTA__ExportRegion__RegionStylesEntry     entry = CARTA__EXPORT_REGION__REGION_STYLES_ENTRY__INIT;
  CARTA__ExportRegion__RegionStylesEntry    *entries[] = { &entry };
  CARTA__RegionStyle                         style = CARTA__REGION_STYLE__INIT;
  almu_test_autobody CARTA__ExportRegionAck *ack = NULL;

  style.name = style.color = (char *) "";
  entry.key = 1;
  entry.value = &style;
  request.type = CARTA__FILE_TYPE__DS9_REG;
  request.coord_type = CARTA__COORDINATE_TYPE__PIXEL;
  request.n_region_styles = 1;
  request.region_styles = entries;
  request.directory = (char *) "sub";
  request.file = (char *) "out.reg";
  request.overwrite = TRUE;
  ack = almu_test_viewer_await_reply (fixture->desk.viewer, CARTA__EVENT_TYPE__EXPORT_REGION_ACK,
                                      almu_test_viewer_send (fixture->desk.viewer, &request.base));
  note (fixture, ack->success);
}

static void
play (Fixture *fixture,
      void (*ask) (Fixture *fixture))
{
  begin (fixture);
  while (!is_enough (fixture))
    {
      ask (fixture);
      almu_test_viewer_clear (fixture->desk.viewer);
    }
  end (fixture);
  assert_untouched (fixture);
}

static void
test_races_open (Fixture      *fixture,
                 gconstpointer user_data)
{
  play (fixture, open_either);
}

static void
test_races_list (Fixture      *fixture,
                 gconstpointer user_data)
{
  play (fixture, list_folder);
}

static void
test_races_import (Fixture      *fixture,
                   gconstpointer user_data)
{
  desk_open (&fixture->desk, "still.fits", 0);
  play (fixture, import_region);
}

static void
test_races_save (Fixture      *fixture,
                 gconstpointer user_data)
{
  desk_open (&fixture->desk, "still.fits", 0);
  play (fixture, save_image);
}

static void
test_races_export (Fixture      *fixture,
                   gconstpointer user_data)
{
  desk_open (&fixture->desk, "still.fits", 0);
  g_assert_cmpint (almu_test_draw (fixture->desk.viewer, 0, -1, CARTA__REGION_TYPE__POINT, (const float[]){ 1, 1 }, 1, 0), ==, 1);
  play (fixture, export_region);
}

#define add_test(path, func)                                                                              \
  g_test_add (path "/kernel", Fixture, GINT_TO_POINTER (FALSE), fixture_set_up, func, fixture_tear_down); \
  g_test_add (path "/by-hand", Fixture, GINT_TO_POINTER (TRUE), fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/daemon/races/open", test_races_open);
  add_test ("/daemon/races/list", test_races_list);
  add_test ("/daemon/races/import", test_races_import);
  add_test ("/daemon/races/save", test_races_save);
  add_test ("/daemon/races/export", test_races_export);

  return g_test_run ();
}
