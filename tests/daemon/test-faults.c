/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "almu-test-table.h"
#include "test-uses.h"

/* What files and the machine do to a program that uses them. Whatever it is,
 * it is told, others are served, and the program ends well. */

#define VICTIM "victim.fits"
/* Each of a file of its own, so that it takes a descriptor of its own: more
 * than come free between counting and limiting. */
#define N_IMAGES 12

static double
waves (const gint64 *position,
       gpointer      user_data)
{
  return sin ((double) position[0] / 3) * cos ((double) position[1] / 5) + (double) position[2];
}

static void
write_cube (Desk       *desk,
            const char *name)
{
  desk_write (desk, name, 3, (const gint64[]){ SIDE, SIDE, DEPTH }, waves, NULL);
}

static char *
path_of (Desk       *desk,
         const char *name)
{
  return g_build_filename (desk->folder, name, NULL);
}

/* Another page is served as ever, from a file that nobody harmed. */
static void
assert_is_well (Desk *desk)
{
  guint32 session_id = 0;
  g_autoptr(AlmuTestViewer) viewer = desk_register (desk, &session_id);
  g_autofree float                      *plane = NULL;
  almu_test_autobody CARTA__OpenFileAck *ack = almu_test_viewer_open (viewer, "", "well.fits", "", 0);

  g_assert_cmpstr (ack->message, ==, "");
  g_assert_true (ack->success);
  plane = almu_test_await_plane (viewer, 0, SIDE, SIDE);
  g_assert_cmpfloat_with_epsilon (plane[SIDE + 1], sin (1 / 3.0) * cos (1 / 5.0), 1e-6);
  almu_test_viewer_close (viewer);
}

/* -- harm ----------------------------------------------------------------- */

static void
cut_short (Desk *desk)
{
  g_autofree char *path = path_of (desk, VICTIM);

  g_assert_cmpint (truncate (path, 2880 + SIDE * SIDE * 4), ==, 0);
}

static void
empty (Desk *desk)
{
  g_autofree char *path = path_of (desk, VICTIM);

  g_assert_cmpint (truncate (path, 0), ==, 0);
}

static void delete (Desk *desk)
{
  g_autofree char *path = path_of (desk, VICTIM);

  g_assert_cmpint (g_unlink (path), ==, 0);
}

static void
replace (Desk *desk)
{
  g_autofree char *path = path_of (desk, VICTIM);
  g_autofree char *fresh = path_of (desk, "fresh.fits");

  desk_write (desk, "fresh.fits", 2, (const gint64[]){ 7, 5 }, waves, NULL);
  g_assert_cmpint (g_rename (fresh, path), ==, 0);
}

static void
put_pipe (Desk *desk)
{
  g_autofree char *path = path_of (desk, VICTIM);

  delete (desk);
  g_assert_cmpint (mkfifo (path, 0600), ==, 0);
}

static void
overwrite (Desk *desk)
{
  g_autofree char *path = path_of (desk, VICTIM);
  g_autoptr(GError) error = NULL;

  g_assert_true (g_file_set_contents_full (path, "SIMPLE  = nonsense", -1, G_FILE_SET_CONTENTS_NONE, 0600, &error));
  g_assert_no_error (error);
}

static const struct
{
  const char *name;
  void (*harm) (Desk *desk);
  gboolean takes_pixels;
} harms[] = {
  { "cut short", cut_short, TRUE },
  { "empty", empty, TRUE },
  { "deleted", delete },
  { "replaced", replace },
  { "a pipe", put_pipe },
  { "overwritten", overwrite },
};

/* What is asked for after pixels have gone is complained about by name. */
static void
assert_complains (Desk *desk)
{
  g_autofree char *text = NULL;

  ask_planes (desk);
  while (text == NULL)
    {
      almu_test_autobody CARTA__ErrorData *error = desk_await (desk, CARTA__EVENT_TYPE__ERROR_DATA);

      if (strstr (error->message, VICTIM) != NULL)
        text = g_strdup (error->message);
    }
  g_assert_true (g_utf8_validate (text, -1, NULL));
}

static void
test_faults_in_use (Desk         *desk,
                    gconstpointer user_data)
{
  g_autofree char *path = path_of (desk, VICTIM);

  write_cube (desk, "well.fits");
  for (guint i = 0; i < G_N_ELEMENTS (harms); i++)
    for (guint j = 0; j < G_N_ELEMENTS (uses); j++)
      for (int asked_before = 0; asked_before <= 1; asked_before++)
        {
          g_test_message ("%s while used for %s", harms[i].name, uses[j].name);
          g_unlink (path);
          write_cube (desk, VICTIM);
          desk_open (desk, VICTIM, 0);
          if (asked_before)
            uses[j].ask (desk);
          harms[i].harm (desk);
          if (!asked_before)
            uses[j].ask (desk);
          almu_test_viewer_await_pong (desk->viewer);
          /* else all of them may have been read by then */
          if (harms[i].takes_pixels && !asked_before)
            assert_complains (desk);
          almu_test_ask_close (desk->viewer, -1);
          almu_test_viewer_await_pong (desk->viewer);
          almu_test_viewer_clear (desk->viewer);
        }
  assert_is_well (desk);
}

/* A session that was left and comes back to what is no file any more. */
static void
test_faults_resume (Desk         *desk,
                    gconstpointer user_data)
{
  g_autofree char *path = path_of (desk, VICTIM);

  write_cube (desk, "well.fits");
  for (guint i = 0; i < G_N_ELEMENTS (harms); i++)
    {
      g_unlink (path);
      write_cube (desk, VICTIM);
      desk_open (desk, VICTIM, 0);
      almu_test_viewer_cut (desk->viewer);
      almu_test_viewer_free (desk->viewer);
      harms[i].harm (desk);
      desk->viewer = desk_register (desk, &desk->session_id);
      ask_planes (desk);
      almu_test_viewer_await_pong (desk->viewer);
      assert_is_well (desk);
    }
}

/* -- what is no file ------------------------------------------------------ */

static void
assert_not_opened (Desk       *desk,
                   const char *name)
{
  CARTA__FileInfoRequest        info = CARTA__FILE_INFO_REQUEST__INIT;
  CARTA__CatalogFileInfoRequest catalog_info = CARTA__CATALOG_FILE_INFO_REQUEST__INIT;
  CARTA__OpenCatalogFile        catalog = CARTA__OPEN_CATALOG_FILE__INIT;
  CARTA__RegionFileInfoRequest  region_info = CARTA__REGION_FILE_INFO_REQUEST__INIT;
  CARTA__ImportRegion           import = CARTA__IMPORT_REGION__INIT;

  almu_test_autobody CARTA__OpenFileAck             *opened = NULL;
  almu_test_autobody CARTA__FileInfoResponse        *told = NULL;
  almu_test_autobody CARTA__CatalogFileInfoResponse *catalog_told = NULL;
  almu_test_autobody CARTA__OpenCatalogFileAck      *catalog_opened = NULL;
  almu_test_autobody CARTA__RegionFileInfoResponse  *region_told = NULL;
  almu_test_autobody CARTA__ImportRegionAck         *imported = NULL;

  info.directory = catalog_info.directory = catalog.directory = region_info.directory = import.directory = (char *) "";
  info.file = catalog_info.name = catalog.name = region_info.file = import.file = (char *) name;
  info.hdu = (char *) "";
  catalog.file_id = 3;
  import.type = CARTA__FILE_TYPE__DS9_REG;

  opened = almu_test_viewer_open (desk->viewer, "", name, "", 7);
  g_assert_false (opened->success);
  g_assert_nonnull (strstr (opened->message, name));
  told = almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__FILE_INFO_RESPONSE, almu_test_viewer_send (desk->viewer, &info.base));
  g_assert_false (told->success);
  catalog_told = almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__CATALOG_FILE_INFO_RESPONSE,
                                               almu_test_viewer_send (desk->viewer, &catalog_info.base));
  g_assert_false (catalog_told->success);
  catalog_opened = almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__OPEN_CATALOG_FILE_ACK,
                                                 almu_test_viewer_send (desk->viewer, &catalog.base));
  g_assert_false (catalog_opened->success);
  region_told = almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__REGION_FILE_INFO_RESPONSE,
                                              almu_test_viewer_send (desk->viewer, &region_info.base));
  g_assert_false (region_told->success);
  import.group_id = 0;
  imported = almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__IMPORT_REGION_ACK, almu_test_viewer_send (desk->viewer, &import.base));
  g_assert_false (imported->success);
}

/* Pipes that nobody writes to, sockets and devices: none is waited for. */
static void
test_faults_special (Desk         *desk,
                     gconstpointer user_data)
{
  static const char *const names[] = { "pipe.fits", "pipe.xml", "pipe.reg", "pipe.crtf", "pipe.hdf5", "zero.fits" };
  CARTA__FileListRequest   request = CARTA__FILE_LIST_REQUEST__INIT;
  g_autofree char         *well = NULL;

  almu_test_autobody CARTA__FileListResponse *list = NULL;

  write_cube (desk, "well.fits");
  desk_open (desk, "well.fits", 0);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = path_of (desk, names[i]);

      if (!g_str_has_prefix (names[i], "zero"))
        g_assert_cmpint (mkfifo (path, 0600), ==, 0);
      else if (mknod (path, S_IFCHR | 0600, makedev (1, 5)) < 0)
        continue;
      assert_not_opened (desk, names[i]);
    }

  request.directory = (char *) "";
  request.filter_mode = CARTA__FILE_LIST_FILTER_MODE__AllFiles;
  list = almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__FILE_LIST_RESPONSE, almu_test_viewer_send (desk->viewer, &request.base));
  g_assert_true (list->success);
  assert_is_well (desk);
}

/* -- out of descriptors --------------------------------------------------- */

static void
limit_descriptors (Desk  *desk,
                   rlim_t n)
{
  const struct rlimit limit = { n, 4096 };

  g_assert_cmpint (prlimit (almu_test_daemon_get_pid (desk->daemon), RLIMIT_NOFILE, &limit, NULL), ==, 0);
}

static void
test_faults_descriptors (Desk         *desk,
                         gconstpointer user_data)
{
  guint n_open;
  guint n_refused = 0;

  write_cube (desk, "well.fits");
  desk_open (desk, "well.fits", 0);
  assert_is_well (desk);
  n_open = almu_test_daemon_count_fds (desk->daemon);

  for (guint more = 0; more < 12; more++)
    {
      /* descriptors may have holes: the limit is a highest number */
      limit_descriptors (desk, n_open + more);
      for (int i = 1; i < 12; i++)
        {
          almu_test_autobody CARTA__OpenFileAck *ack = almu_test_viewer_open (desk->viewer, "", "well.fits", "", i);

          n_refused += !ack->success;
          g_assert_true (ack->success || strstr (ack->message, "well.fits") != NULL);
        }
      write_cube (desk, "well.fits");
      ask_saving (desk);
      ask_spectra (desk);
      ask_contours (desk);
      almu_test_viewer_await_pong (desk->viewer);
      almu_test_ask_close (desk->viewer, -1);
      almu_test_viewer_await_pong (desk->viewer);
      almu_test_viewer_clear (desk->viewer);
    }
  g_assert_cmpuint (n_refused, >, 0);

  /* and afterwards nothing is missing, and nothing is left */
  limit_descriptors (desk, 4096);
  assert_is_well (desk);
  almu_test_daemon_await_fds (desk->daemon, n_open + 2);
}

static char *
name_of (int file_id)
{
  return g_strdup_printf ("well-%d.fits", file_id);
}

static void
resume (Desk    *desk,
        gboolean is_complete)
{
  CARTA__ResumeSession                  message = CARTA__RESUME_SESSION__INIT;
  CARTA__ImageProperties                images[N_IMAGES];
  CARTA__ImageProperties               *pointers[N_IMAGES];
  CARTA__ImageProperties__RegionsEntry  entry = CARTA__IMAGE_PROPERTIES__REGIONS_ENTRY__INIT;
  CARTA__ImageProperties__RegionsEntry *entries[] = { &entry };
  CARTA__RegionInfo                     region = CARTA__REGION_INFO__INIT;
  CARTA__Point                          centre = CARTA__POINT__INIT;
  CARTA__Point                         *points[] = { &centre };
  char                                 *names[N_IMAGES];

  almu_test_autobody CARTA__ResumeSessionAck *ack = NULL;

  centre.x = centre.y = 5;
  region.region_type = CARTA__REGION_TYPE__POINT;
  region.n_control_points = 1;
  region.control_points = points;
  entry.key = 1;
  entry.value = &region;
  for (int i = 0; i < N_IMAGES; i++)
    {
      carta__image_properties__init (&images[i]);
      images[i].directory = images[i].hdu = (char *) "";
      images[i].file = names[i] = name_of (i);
      images[i].file_id = i;
      pointers[i] = &images[i];
    }
  images[0].n_regions = 1;
  images[0].regions = entries;
  message.n_images = N_IMAGES;
  message.images = pointers;
  ack = almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__RESUME_SESSION_ACK,
                                      almu_test_viewer_send (desk->viewer, &message.base));
  g_assert_true (ack->success);
  g_assert_true (is_complete == (*ack->message == '\0'));
  g_assert_true (is_complete || strstr (ack->message, "(well-") != NULL);
  for (int i = 0; i < N_IMAGES; i++)
    g_free (names[i]);
}

/* The service was killed, and has no descriptors left in the middle of bringing
 * back what it had: what cannot be opened is told, and all is there when
 * descriptors are. */
static void
test_faults_descriptors_resume (Desk         *desk,
                                gconstpointer user_data)
{
  for (int i = 0; i < N_IMAGES; i++)
    {
      g_autofree char *name = name_of (i);

      write_cube (desk, name);
      desk_open (desk, name, i);
    }
  g_assert_cmpint (almu_test_draw (desk->viewer, 0, -1, CARTA__REGION_TYPE__POINT, (const float[]){ 5, 5 }, 1, 0), ==, 1);

  for (guint more = 0; more < 3; more++)
    {
      almu_test_daemon_kill (desk->daemon);
      almu_test_viewer_free (desk->viewer);
      almu_test_daemon_free (desk->daemon);
      desk_start (desk, NULL);
      desk->viewer = desk_register (desk, &desk->session_id);
      limit_descriptors (desk, almu_test_daemon_count_fds (desk->daemon) + more);
      resume (desk, FALSE);

      /* and killed again: the record names all files as before */
      almu_test_daemon_kill (desk->daemon);
      almu_test_viewer_free (desk->viewer);
      almu_test_daemon_free (desk->daemon);
      desk_start (desk, NULL);
      desk->viewer = desk_register (desk, &desk->session_id);
      resume (desk, TRUE);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  desk_add ("/daemon/faults/in-use", test_faults_in_use);
  desk_add ("/daemon/faults/resume", test_faults_resume);
  desk_add ("/daemon/faults/special", test_faults_special);
  desk_add ("/daemon/faults/descriptors", test_faults_descriptors);
  desk_add ("/daemon/faults/descriptors-resume", test_faults_descriptors_resume);

  return g_test_run ();
}
