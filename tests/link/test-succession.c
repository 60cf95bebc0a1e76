/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "almu-kept.h"
#include "almu-link.h"
#include "almu-succession.h"
#include "almu-test-archive.h"
#include "almu-test-ask.h"
#include "almu-test.h"
#include "comeback-fixture.h"

/* A session that a page rebuilds takes the place of the one before, with all
 * that was known of it, and not a moment earlier. */

static const float core[] = { 2, 3, 1, 1 };
static const float knot[] = { 5, 5, 2, 1 };

static void
remove_region (AlmuTestViewer *viewer,
               int             region_id)
{
  CARTA__RemoveRegion message = CARTA__REMOVE_REGION__INIT;

  message.region_id = region_id;
  almu_test_viewer_send (viewer, &message.base);
}

/* Two images, of which the second follows the first, and two regions. */
static AlmuTestViewer *
open_kept (Fixture *fixture,
           guint32 *out_id)
{
  AlmuTestViewer *viewer = open_page (fixture, BROWSER, out_id);
  AlmuSession    *session = almu_sessions_lookup (fixture->sessions, *out_id);

  almu_test_body_free (almu_test_viewer_open (viewer, "", "a.fits", "", 3));
  almu_test_body_free (almu_test_viewer_open (viewer, "", "b.fits", "", 7));
  g_assert_cmpint (almu_test_draw (viewer, 3, -1, CARTA__REGION_TYPE__POINT, core, 1, 0), ==, 1);
  g_assert_cmpint (almu_test_draw (viewer, 3, -1, CARTA__REGION_TYPE__RECTANGLE, core, 2, 0), ==, 2);
  g_assert_cmpint (almu_test_draw (viewer, 3, -1, CARTA__REGION_TYPE__RECTANGLE, knot, 2, 0), ==, 3);
  remove_region (viewer, 1);
  almu_test_viewer_await_pong (viewer);
  almu_file_set_look (almu_session_get_file (session, 3, NULL),
                      "{\"zoomLevel\":4.5,\"active\":true,\"selectedRegion\":3,\"regions\":{\"2\":{\"name\":\"core\"},\"3\":{\"name\":\"knot\"}}}");
  almu_file_set_look (almu_session_get_file (session, 7, NULL),
                      "{\"spatialReference\":3,\"renderConfig\":{\"colorMap\":\"viridis\"}}");

  return viewer;
}

static void
rebuild_files (AlmuTestViewer *viewer)
{
  almu_test_body_free (almu_test_viewer_open (viewer, "", "a.fits", "", 0));
  almu_test_body_free (almu_test_viewer_open (viewer, "", "b.fits", "", 1));
}

/* The page does not promise an order. */
static void
rebuild_regions (AlmuTestViewer *viewer)
{
  g_assert_cmpint (almu_test_draw (viewer, 0, -1, CARTA__REGION_TYPE__RECTANGLE, knot, 2, 0), ==, 1);
  g_assert_cmpint (almu_test_draw (viewer, 0, -1, CARTA__REGION_TYPE__RECTANGLE, core, 2, 0), ==, 2);
}

static void
assert_json (const char *text,
             const char *expected)
{
  g_autoptr(JsonNode) node = NULL;
  g_autoptr(JsonNode) wanted = json_from_string (expected, NULL);

  g_assert_nonnull (text);
  node = json_from_string (text, NULL);
  g_assert_nonnull (node);
  if (!json_node_equal (node, wanted))
    g_error ("%s is not %s", text, expected);
}

static void
assert_inherited (Fixture *fixture,
                  guint32  id)
{
  AlmuSession *session = almu_sessions_lookup (fixture->sessions, id);

  assert_json (almu_file_get_look (almu_session_get_file (session, 0, NULL)),
               "{\"zoomLevel\":4.5,\"active\":true,\"selectedRegion\":1,\"regions\":{\"1\":{\"name\":\"knot\"},\"2\":{\"name\":\"core\"}}}");
  assert_json (almu_file_get_look (almu_session_get_file (session, 1, NULL)),
               "{\"spatialReference\":0,\"renderConfig\":{\"colorMap\":\"viridis\"},\"regions\":{}}");
  g_assert_cmpstr (almu_session_get_viewer (session), ==, BROWSER);
}

typedef struct
{
  Fixture *fixture;
  guint32  kept_id;
  guint32  new_id;
  gboolean is_over;
} Watch;

static void
on_commit (AlmuSession *session,
           Watch       *watch)
{
  g_assert_null (almu_session_get_viewer (session));
  g_assert_nonnull (almu_sessions_lookup (watch->fixture->sessions, watch->kept_id));
}

static void
on_removed (AlmuSessions *sessions,
            AlmuSession  *session,
            Watch        *watch)
{
  g_assert_cmpuint (almu_session_get_id (session), ==, watch->kept_id);
  assert_inherited (watch->fixture, watch->new_id);
  watch->is_over = TRUE;
}

/* At every moment one of the two has everything and is the one that its
 * browser would be asked about. */
static void
test_succession_moment (Fixture      *fixture,
                        gconstpointer user_data)
{
  Watch                    watch = { fixture };
  AlmuTestViewer          *viewer = open_kept (fixture, &watch.kept_id);
  CARTA__ScriptingRequest *request;
  AlmuSession             *session;
  gulong                   handler;
  gulong                   commit_handler;

  lose_page (fixture, viewer);
  viewer = open_page (fixture, BROWSER, &watch.new_id);
  request = begin_load (viewer, watch.kept_id);
  session = almu_sessions_lookup (fixture->sessions, watch.new_id);
  handler = g_signal_connect (fixture->sessions, "session-removed", G_CALLBACK (on_removed), &watch);
  g_assert_null (almu_session_get_viewer (session));
  almu_succession_begin_somewhere (fixture->switchboard, BROWSER, watch.kept_id);
  rebuild_files (viewer);
  rebuild_regions (viewer);
  g_assert_null (almu_session_get_viewer (session));

  commit_handler = g_signal_connect (session, "commit", G_CALLBACK (on_commit), &watch);
  end_load (viewer, request);
  almu_test_viewer_await_pong (viewer);
  g_assert_true (watch.is_over);
  g_assert_null (almu_sessions_lookup (fixture->sessions, watch.kept_id));
  assert_inherited (fixture, watch.new_id);

  g_signal_handler_disconnect (fixture->sessions, handler);
  g_signal_handler_disconnect (session, commit_handler);
  almu_test_viewer_close (viewer);
  almu_test_viewer_free (viewer);
}

static gboolean
is_listed (Fixture *fixture,
           guint32  id)
{
  g_autoptr(GPtrArray) list = almu_kept_list (fixture->sessions, NULL);

  for (guint i = 0; i < list->len; i++)
    if (((AlmuArchiveEntry *) list->pdata[i])->id == id)
      return TRUE;

  return FALSE;
}

/* A part that was left is not shown beside the whole, unless something was
 * drawn there that the whole has not. */
static void
test_succession_left (Fixture      *fixture,
                      gconstpointer user_data)
{
  guint32         kept_id;
  guint32         new_id;
  AlmuTestViewer *viewer = open_kept (fixture, &kept_id);

  lose_page (fixture, viewer);
  viewer = open_page (fixture, BROWSER, &new_id);
  almu_test_body_free (begin_load (viewer, kept_id));
  rebuild_files (viewer);
  rebuild_regions (viewer);
  g_assert_true (is_listed (fixture, new_id));
  lose_page (fixture, viewer);
  g_assert_nonnull (almu_sessions_lookup (fixture->sessions, new_id));
  g_assert_false (is_listed (fixture, new_id));
  g_assert_true (is_listed (fixture, kept_id));

  viewer = open_page (fixture, BROWSER, &new_id);
  almu_test_body_free (begin_load (viewer, kept_id));
  rebuild_files (viewer);
  almu_test_draw (viewer, 1, -1, CARTA__REGION_TYPE__RECTANGLE, core, 2, 0);
  lose_page (fixture, viewer);
  g_assert_true (is_listed (fixture, new_id));
  g_assert_true (is_listed (fixture, kept_id));

  /* nor is it lost with the whole */
  g_assert_true (almu_sessions_forget (fixture->sessions, kept_id, NULL));
  g_assert_true (is_listed (fixture, new_id));
}

/* A page that goes in the middle of it is not what the next one is asked
 * about, though it was seen last. */
static void
test_succession_broken_off (Fixture      *fixture,
                            gconstpointer user_data)
{
  guint32         kept_id;
  guint32         new_id;
  AlmuTestViewer *viewer = open_kept (fixture, &kept_id);

  lose_page (fixture, viewer);
  viewer = open_page (fixture, BROWSER, &new_id);
  almu_test_body_free (begin_load (viewer, kept_id));
  rebuild_files (viewer);
  lose_page (fixture, viewer);

  viewer = open_page (fixture, BROWSER, &new_id);
  end_load (viewer, begin_load (viewer, kept_id));
  almu_test_viewer_close (viewer);
  almu_test_viewer_free (viewer);
}

typedef struct
{
  const char *name;
  guint32     rebuilds;
  gboolean    is_told;
} Acknowledged;

static void
on_file_commit (AlmuSession  *session,
                Acknowledged *file)
{
  GPtrArray *files = almu_session_list_files (session);

  if (files->len == 0 || !g_str_equal (almu_file_get_name (files->pdata[files->len - 1])->name, file->name))
    return;

  file->rebuilds = almu_session_get_rebuilds (session);
  file->is_told = TRUE;
}

/* What is not in the whole is written down as work of its own, before anybody
 * is told that it is there. */
static void
test_succession_other (Fixture      *fixture,
                       gconstpointer user_data)
{
  Acknowledged    file = { "a.fits" };
  guint32         kept_id;
  guint32         new_id;
  AlmuTestViewer *viewer = open_kept (fixture, &kept_id);
  AlmuSession    *session;
  gulong          handler;

  lose_page (fixture, viewer);
  viewer = open_page (fixture, BROWSER, &new_id);
  almu_test_body_free (begin_load (viewer, kept_id));
  session = almu_sessions_lookup (fixture->sessions, new_id);
  handler = g_signal_connect_after (session, "commit", G_CALLBACK (on_file_commit), &file);

  almu_test_body_free (almu_test_viewer_open (viewer, "", "a.fits", "", 0));
  g_assert_true (file.is_told);
  g_assert_cmpuint (file.rebuilds, ==, kept_id);
  file.is_told = FALSE;
  almu_test_body_free (almu_test_viewer_open (viewer, "", "a.fits", "", 1));
  g_assert_true (file.is_told);
  g_assert_cmpuint (file.rebuilds, ==, 0);

  g_signal_handler_disconnect (session, handler);
  lose_page (fixture, viewer);
  g_assert_true (is_listed (fixture, kept_id));
  g_assert_true (is_listed (fixture, new_id));
}

static gboolean
has_browser (gpointer user_data)
{
  return almu_session_get_viewer (user_data) != NULL;
}

/* What could not be opened is not lost. */
static void
test_succession_part (Fixture      *fixture,
                      gconstpointer user_data)
{
  guint32                  kept_id;
  guint32                  new_id;
  AlmuTestViewer          *viewer = open_kept (fixture, &kept_id);
  CARTA__ScriptingRequest *request;
  AlmuSession             *session;

  lose_page (fixture, viewer);
  viewer = open_page (fixture, BROWSER, &new_id);
  request = begin_load (viewer, kept_id);
  almu_test_body_free (almu_test_viewer_open (viewer, "", "b.fits", "", 0));
  end_load (viewer, request);

  session = almu_sessions_lookup (fixture->sessions, new_id);
  almu_test_await (has_browser, session);
  g_assert_nonnull (almu_sessions_lookup (fixture->sessions, kept_id));
  g_assert_cmpstr (almu_session_get_viewer (session), ==, BROWSER);
  g_assert_null (almu_file_get_look (almu_session_get_file (session, 0, NULL)));

  almu_test_viewer_close (viewer);
  almu_test_viewer_free (viewer);
}

static gboolean
has_gone (gpointer user_data)
{
  Watch *watch = user_data;

  return almu_sessions_lookup (watch->fixture->sessions, watch->kept_id) == NULL;
}

/* A page of another browser, which was led to the workspace: the newest wins.
 * Its other window shows the same files, and has nothing to do with it. */
static void
test_succession_elsewhere (Fixture      *fixture,
                           gconstpointer user_data)
{
  Watch           watch = { fixture };
  guint32         bystander_id;
  AlmuTestViewer *before = open_kept (fixture, &watch.kept_id);
  AlmuTestViewer *bystander = open_page (fixture, OTHER_BROWSER, &bystander_id);
  AlmuTestViewer *viewer;

  rebuild_files (bystander);
  rebuild_regions (bystander);
  viewer = open_page (fixture, OTHER_BROWSER, &watch.new_id);
  almu_succession_begin_somewhere (fixture->switchboard, OTHER_BROWSER, watch.kept_id);
  rebuild_files (viewer);
  almu_test_draw (viewer, 0, -1, CARTA__REGION_TYPE__RECTANGLE, core, 2, 0);
  almu_test_draw (viewer, 0, -1, CARTA__REGION_TYPE__RECTANGLE, knot, 2, 0);
  almu_test_viewer_await_pong (bystander);

  g_assert_cmpuint (almu_test_viewer_await_closed (before), ==, ALMU_CLOSE_TAKEN_OVER);
  almu_test_await (has_gone, &watch);
  assert_json (almu_file_get_look (almu_session_get_file (almu_sessions_lookup (fixture->sessions, watch.new_id), 1, NULL)),
               "{\"spatialReference\":0,\"renderConfig\":{\"colorMap\":\"viridis\"},\"regions\":{}}");
  g_assert_null (almu_file_get_look (almu_session_get_file (almu_sessions_lookup (fixture->sessions, bystander_id), 0, NULL)));

  almu_test_viewer_free (before);
  almu_test_viewer_close (bystander);
  almu_test_viewer_free (bystander);
  almu_test_viewer_close (viewer);
  almu_test_viewer_free (viewer);
}

/* The process ended while it was restored: that is not begun again by itself,
 * and whoever is asked knows why. */
static void
test_succession_suspect (Fixture      *fixture,
                         gconstpointer user_data)
{
  g_autoptr(AlmuTestArchive) archive = almu_test_archive_new ();
  AlmuMemento                                *kept = almu_test_archive_add (archive, 77, "a.fits", 1000);
  almu_test_autobody CARTA__ScriptingRequest *request = NULL;
  AlmuTestViewer                             *viewer;
  guint32                                     id;

  kept->viewer = g_strdup (BROWSER);
  kept->epoch = G_MAXUINT;
  almu_sessions_set_archive (fixture->sessions, ALMU_ARCHIVE (archive));
  viewer = open_page (fixture, BROWSER, &id);
  request = almu_test_viewer_await (viewer, CARTA__EVENT_TYPE__SCRIPTING_REQUEST);
  g_assert_cmpstr (request->action, ==, "showInteractiveAlert");
  g_assert_nonnull (strstr (request->parameters, "Resume your last session? a.fits, 0 regions, last seen"));
  g_assert_nonnull (strstr (request->parameters, "The service ended while it restored this session the last time"));

  lose_page (fixture, viewer);
  almu_sessions_set_archive (fixture->sessions, NULL);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/link/succession/moment", test_succession_moment);
  add_test ("/link/succession/broken-off", test_succession_broken_off);
  add_test ("/link/succession/left", test_succession_left);
  add_test ("/link/succession/other", test_succession_other);
  add_test ("/link/succession/part", test_succession_part);
  add_test ("/link/succession/elsewhere", test_succession_elsewhere);
  add_test ("/link/succession/suspect", test_succession_suspect);

  return g_test_run ();
}
