/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>

#include "almu-test-table.h"
#include "test-uses.h"

/* The life of the program under valgrind: it starts, somebody works, is cut
 * off, comes back and leaves, it is ended and finds all of it again. Nothing
 * is read that was never written, and nothing is left that nobody knows. */

#define CUBE "cube.fits"
#define CATALOG "stars.xml"

typedef struct
{
  Desk  desk;
  char *tools;    /* a folder: the program as it is started, and what was found */
  char *valgrind; /* NULL: there is none */
} Fixture;

static double
waves (const gint64 *position,
       gpointer      user_data)
{
  return sin ((double) position[0] / 3) * cos ((double) position[1] / 5) + (double) position[2];
}

/* The program, as one that starts valgrind with it. */
static void
make_program (Fixture *fixture)
{
  g_autofree char *path = g_build_filename (fixture->tools, "almucantard", NULL);
  g_autofree char *glib = g_strdup ("/usr/share/glib-2.0/valgrind/glib.supp");
  g_autofree char *known = g_file_test (glib, G_FILE_TEST_EXISTS) ? g_strdup_printf ("--suppressions=%s", glib) : g_strdup ("");
  g_autofree char *script =
    g_strdup_printf ("#!/bin/sh\n"
                     "G_SLICE=always-malloc MALLOC_CHECK_= exec '%s' --quiet --error-exitcode=99 --num-callers=30 --leak-check=full"
                     " --show-leak-kinds=definite --errors-for-leak-kinds=definite %s '--log-file=%s/found.%%p' '%s' \"$@\"\n",
                     fixture->valgrind, known, fixture->tools, g_getenv ("ALMUCANTARD"));

  almu_test_save_text (script, fixture->tools, "almucantard");
  g_assert_cmpint (g_chmod (path, 0700), ==, 0);
  g_setenv ("ALMUCANTARD", path, TRUE);
}

static void
set_up (Fixture      *fixture,
        gconstpointer user_data)
{
  g_autofree char *text = almu_test_votable (1000);

  desk_prepare (&fixture->desk, NULL);
  fixture->tools = almu_test_make_folder ();
  fixture->valgrind = g_find_program_in_path ("valgrind");
  desk_write (&fixture->desk, CUBE, 3, (gint64[]){ SIDE, SIDE, DEPTH }, waves, NULL);
  almu_test_save_text (text, fixture->desk.folder, CATALOG);
  almu_test_save_text ("#CRTFv0\ncircle[[5pix,5pix],3pix]\npoly[[1pix,1pix],[5pix,1pix],[3pix,6pix]]\n", fixture->desk.folder, "two.crtf");
}

static void
tear_down (Fixture      *fixture,
           gconstpointer user_data)
{
  desk_tear_down (&fixture->desk, NULL);
  almu_test_remove_folder (fixture->tools);
  g_free (fixture->tools);
  g_free (fixture->valgrind);
}

/* Says what valgrind found, if that made the program fail. */
static void
assert_ends_well (Fixture *fixture)
{
  int status = almu_test_daemon_end (fixture->desk.daemon);

  if (status != 0)
    {
      g_autoptr(GDir) dir = g_dir_open (fixture->tools, 0, NULL);
      const char *name;

      while ((name = g_dir_read_name (dir)) != NULL)
        {
          g_autofree char *path = g_build_filename (fixture->tools, name, NULL);
          g_autofree char *text = NULL;

          if (g_str_has_prefix (name, "found.") && g_file_get_contents (path, &text, NULL, NULL))
            g_printerr ("%s\n", text);
        }
    }
  g_assert_cmpint (status, ==, 0);
  g_clear_pointer (&fixture->desk.daemon, almu_test_daemon_free);
}

/* -- work ------------------------------------------------------------------ */

static void
look_through_folder (Desk *desk)
{
  CARTA__FileListRequest                      list = CARTA__FILE_LIST_REQUEST__INIT;
  CARTA__FileInfoRequest                      info = CARTA__FILE_INFO_REQUEST__INIT;
  almu_test_autobody CARTA__FileListResponse *listed = NULL;
  almu_test_autobody CARTA__FileInfoResponse *told = NULL;

  almu_test_viewer_send (desk->viewer, &list.base);
  listed = desk_await (desk, CARTA__EVENT_TYPE__FILE_LIST_RESPONSE);
  g_assert_true (listed->success);
  info.directory = (char *) "";
  info.file = (char *) CUBE;
  almu_test_viewer_send (desk->viewer, &info.base);
  told = desk_await (desk, CARTA__EVENT_TYPE__FILE_INFO_RESPONSE);
  g_assert_true (told->success);
}

static void
import_and_export (Desk *desk)
{
  CARTA__ImportRegion import = CARTA__IMPORT_REGION__INIT;
  CARTA__ExportRegion export = CARTA__EXPORT_REGION__INIT;
  CARTA__ExportRegion__RegionStylesEntry     entry = CARTA__EXPORT_REGION__REGION_STYLES_ENTRY__INIT;
  CARTA__ExportRegion__RegionStylesEntry    *entries[] = { &entry };
  CARTA__RegionStyle                         style = CARTA__REGION_STYLE__INIT;
  almu_test_autobody CARTA__ImportRegionAck *imported = NULL;
  almu_test_autobody CARTA__ExportRegionAck *exported = NULL;

  import.type = CARTA__FILE_TYPE__CRTF;
  import.directory = (char *) "";
  import.file = (char *) "two.crtf";
  almu_test_viewer_send (desk->viewer, &import.base);
  imported = desk_await (desk, CARTA__EVENT_TYPE__IMPORT_REGION_ACK);
  g_assert_true (imported->success);
  g_assert_cmpuint (imported->n_regions, ==, 2);

  entry.key = imported->regions[0]->key;
  entry.value = &style;
  export.type = CARTA__FILE_TYPE__DS9_REG;
  export.coord_type = CARTA__COORDINATE_TYPE__PIXEL;
  export.directory = (char *) "";
  export.file = (char *) "one.reg";
  export.overwrite = TRUE;
  export.n_region_styles = 1;
  export.region_styles = entries;
  almu_test_viewer_send (desk->viewer, &export.base);
  exported = desk_await (desk, CARTA__EVENT_TYPE__EXPORT_REGION_ACK);
  g_assert_true (exported->success);
}

static void
use_catalog (Desk *desk)
{
  CARTA__OpenCatalogFile                           open = CARTA__OPEN_CATALOG_FILE__INIT;
  CARTA__CatalogFilterRequest                      filter = CARTA__CATALOG_FILTER_REQUEST__INIT;
  gint32                                           columns[] = { 0, 1, 4 };
  almu_test_autobody CARTA__OpenCatalogFileAck    *opened = NULL;
  almu_test_autobody CARTA__CatalogFilterResponse *rows = NULL;

  open.directory = (char *) "";
  open.name = (char *) CATALOG;
  open.file_id = 1;
  open.preview_data_size = 50;
  almu_test_viewer_send (desk->viewer, &open.base);
  opened = desk_await (desk, CARTA__EVENT_TYPE__OPEN_CATALOG_FILE_ACK);
  g_assert_true (opened->success);

  filter.file_id = 1;
  filter.n_column_indices = G_N_ELEMENTS (columns);
  filter.column_indices = columns;
  filter.sort_column = (char *) "mag";
  filter.subset_data_size = 1000;
  almu_test_viewer_send (desk->viewer, &filter.base);
  rows = desk_await (desk, CARTA__EVENT_TYPE__CATALOG_FILTER_RESPONSE);
}

/* All of it, and waits for the end of what has one. */
static void
work (Desk *desk)
{
  g_autofree float                      *plane = NULL;
  CARTA__StopAnimation                   stop = CARTA__STOP_ANIMATION__INIT;
  CARTA__AnimationFrame                  frame = CARTA__ANIMATION_FRAME__INIT;
  almu_test_autobody CARTA__SaveFileAck *saved = NULL;

  look_through_folder (desk);
  desk_open (desk, CUBE, 0);
  plane = almu_test_await_plane (desk->viewer, 0, SIDE, SIDE);
  ask_contours (desk);
  almu_test_body_free (desk_await (desk, CARTA__EVENT_TYPE__CONTOUR_IMAGE_DATA));
  ask_vectors (desk);
  almu_test_body_free (desk_await (desk, CARTA__EVENT_TYPE__VECTOR_OVERLAY_TILE_DATA));
  ask_spectra (desk);
  almu_test_body_free (desk_await (desk, CARTA__EVENT_TYPE__SPECTRAL_PROFILE_DATA));
  ask_histogram (desk);
  almu_test_ask_spatial (desk->viewer, 0, 0, "x", 0, 0, 0);
  almu_test_ask_stats (desk->viewer, 0, -1, "z");
  almu_test_body_free (desk_await (desk, CARTA__EVENT_TYPE__REGION_STATS_DATA));
  ask_saving (desk);
  saved = desk_await (desk, CARTA__EVENT_TYPE__SAVE_FILE_ACK);
  g_assert_true (saved->success);
  import_and_export (desk);
  use_catalog (desk);

  ask_animation (desk);
  almu_test_body_free (desk_await (desk, CARTA__EVENT_TYPE__RASTER_TILE_SYNC));
  stop.end_frame = &frame;
  almu_test_viewer_send (desk->viewer, &stop.base);
  almu_test_viewer_await_pong (desk->viewer);
}

/* As a page does that had lost its link. */
static void
come_back (Desk *desk)
{
  CARTA__ResumeSession                        message = CARTA__RESUME_SESSION__INIT;
  CARTA__ImageProperties                      image = CARTA__IMAGE_PROPERTIES__INIT;
  CARTA__ImageProperties                     *images[] = { &image };
  g_autofree float                           *plane = NULL;
  almu_test_autobody CARTA__ResumeSessionAck *ack = NULL;

  g_clear_pointer (&desk->viewer, almu_test_viewer_free);
  desk->viewer = desk_register (desk, &desk->session_id);
  image.directory = (char *) "";
  image.file = (char *) CUBE;
  image.hdu = (char *) "";
  message.n_images = 1;
  message.images = images;
  almu_test_viewer_send (desk->viewer, &message.base);
  ack = desk_await (desk, CARTA__EVENT_TYPE__RESUME_SESSION_ACK);
  g_assert_true (ack->success);
  plane = almu_test_await_plane (desk->viewer, 0, SIDE, SIDE);
}

static void
test_valgrind_life (Fixture      *fixture,
                    gconstpointer user_data)
{
  Desk *desk = &fixture->desk;

  if (fixture->valgrind == NULL || !almu_test_is_slow () || g_getenv ("ALMU_TEST_SANITIZED") != NULL)
    {
      g_test_skip ("needs valgrind, a program without sanitizers, and its time; -m slow runs it");
      return;
    }

  make_program (fixture);
  desk_start (desk, NULL);
  desk->viewer = desk_register (desk, &desk->session_id);
  work (desk);
  almu_test_viewer_cut (desk->viewer);
  come_back (desk);

  /* in the middle of everything */
  for (guint i = 0; i < G_N_ELEMENTS (uses); i++)
    uses[i].ask (desk);
  assert_ends_well (fixture);

  desk_start (desk, NULL);
  come_back (desk);
  almu_test_ask_close (desk->viewer, -1);
  desk_open (desk, CUBE, 3);
  almu_test_viewer_close (desk->viewer);
  g_clear_pointer (&desk->viewer, almu_test_viewer_free);
  assert_ends_well (fixture);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add ("/daemon/valgrind/life", Fixture, NULL, set_up, test_valgrind_life, tear_down);

  return g_test_run ();
}
