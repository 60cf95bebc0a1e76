/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <gio/gunixfdlist.h>
#include <string.h>
#include <sys/socket.h>

#include "almu-greeter.h"
#include "almu-session-catalogs.h"
#include "almu-switchboard.h"
#include "almu-test-ask.h"
#include "almu-test-table.h"
#include "almu-test-viewer.h"
#include "almu-test.h"

/* A page that was started again is made to open the catalogs of before, and
 * to ask for the rows it showed. The test does what the page would. */

#define BROWSER "0123456789abcdef0123456789abcdef"

typedef struct
{
  char            *folder;
  AlmuSessions    *sessions;
  AlmuSwitchboard *switchboard;
  AlmuGreeter     *greeter;
} Fixture;

static double
pixel (const gint64 *position,
       gpointer      user_data)
{
  return (double) position[0];
}

static void
set_up (Fixture      *fixture,
        gconstpointer user_data)
{
  const gint64          shape[] = { 8, 8 };
  const AlmuLinkOptions options = { .idle_seconds = 15 };
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();
  g_autoptr(AlmuCache) cache = almu_cache_new (1024 * 1024);
  g_autoptr(AlmuFolder) folder = NULL;
  g_autofree char *path = NULL;
  g_autofree char *text = almu_test_votable (30);

  fixture->folder = almu_test_make_folder ();
  almu_test_fits_begin (fits, -32, 2, shape);
  almu_test_fits_end_header (fits);
  almu_test_fits_fill (fits, pixel, NULL);
  almu_test_fits_end (fits);
  path = almu_test_fits_save (fits, fixture->folder, "a.fits");
  almu_test_save_text (text, fixture->folder, "stars.vot");

  folder = almu_folder_new (fixture->folder, NULL, NULL);
  fixture->sessions = almu_sessions_new (folder, cache, 3600);
  fixture->switchboard = almu_switchboard_new (fixture->sessions, &options);
  fixture->greeter = almu_greeter_new (fixture->switchboard, ALMU_GREETER_AUTO);
}

static gboolean
has_no_links (gpointer user_data)
{
  return almu_switchboard_get_n_links (user_data) == 0;
}

static void
tear_down (Fixture      *fixture,
           gconstpointer user_data)
{
  almu_test_await (has_no_links, fixture->switchboard);
  almu_sessions_park_all (fixture->sessions);
  almu_test_await_finalize (g_steal_pointer (&fixture->greeter));
  almu_test_await_finalize (g_steal_pointer (&fixture->switchboard));
  almu_test_await_finalize (g_steal_pointer (&fixture->sessions));
  almu_test_remove_folder (fixture->folder);
  g_free (fixture->folder);
}

static GIOStream *
stream_for_fd (int fd)
{
  g_autoptr(GSocket) socket = g_socket_new_from_fd (fd, NULL);

  g_socket_set_blocking (socket, FALSE);

  return G_IO_STREAM (g_object_new (G_TYPE_SOCKET_CONNECTION, "socket", socket, NULL));
}

static AlmuTestViewer *
open_page (Fixture *fixture,
           guint32 *out_session_id)
{
  int fds[2];
  g_autoptr(GIOStream) ours = NULL;
  g_autoptr(GIOStream) theirs = NULL;
  almu_test_autobody CARTA__RegisterViewerAck *ack = NULL;
  AlmuTestViewer                              *viewer;

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  ours = stream_for_fd (fds[0]);
  theirs = stream_for_fd (fds[1]);
  almu_switchboard_accept (fixture->switchboard, ours, "127.0.0.1", BROWSER, 0);
  viewer = almu_test_viewer_new_for_stream (theirs);
  ack = almu_test_viewer_register (viewer, 0);
  *out_session_id = ack->session_id;

  return viewer;
}

static void
open_things (AlmuTestViewer *viewer,
             gboolean        with_catalog)
{
  CARTA__OpenCatalogFile message = CARTA__OPEN_CATALOG_FILE__INIT;

  almu_test_body_free (almu_test_viewer_open (viewer, "", "a.fits", "", 0));
  if (!with_catalog)
    return;

  message.directory = (char *) "/";
  message.name = (char *) "stars.vot";
  message.file_id = 4;
  message.preview_data_size = 50;
  almu_test_viewer_send (viewer, &message.base);
  almu_test_body_free (almu_test_viewer_await (viewer, CARTA__EVENT_TYPE__OPEN_CATALOG_FILE_ACK));
}

static void
ask_bright (AlmuTestViewer *viewer)
{
  CARTA__CatalogFilterRequest message = CARTA__CATALOG_FILTER_REQUEST__INIT;
  CARTA__FilterConfig         mag = CARTA__FILTER_CONFIG__INIT;
  CARTA__FilterConfig         flag = CARTA__FILTER_CONFIG__INIT;
  CARTA__FilterConfig        *configs[] = { &mag, &flag };
  gint32                      columns[] = { 0, 4, 5 };

  mag.column_name = (char *) "mag";
  mag.comparison_operator = CARTA__COMPARISON_OPERATOR__RangeClosed;
  mag.value = 8.5;
  mag.secondary_value = 15;
  flag.column_name = (char *) "flag";
  flag.value = 1;
  message.n_filter_configs = 2;
  message.filter_configs = configs;
  message.file_id = 4;
  message.n_column_indices = 3;
  message.column_indices = columns;
  message.sort_column = (char *) "mag";
  message.sorting_type = CARTA__SORTING_TYPE__Descending;
  message.subset_data_size = 20;
  almu_test_viewer_send (viewer, &message.base);
  almu_test_body_free (almu_test_viewer_await (viewer, CARTA__EVENT_TYPE__CATALOG_FILTER_RESPONSE));
}

/* The page is asked for one thing, and answers. */
static void
answer (AlmuTestViewer *viewer,
        const char     *path,
        const char     *action,
        const char     *parameters,
        gboolean        success,
        const char     *response)
{
  almu_test_autobody CARTA__ScriptingRequest *request = NULL;
  CARTA__ScriptingResponse                    message = CARTA__SCRIPTING_RESPONSE__INIT;

  request = almu_test_viewer_await (viewer, CARTA__EVENT_TYPE__SCRIPTING_REQUEST);
  g_assert_cmpstr (request->target, ==, path);
  g_assert_cmpstr (request->action, ==, action);
  if (parameters != NULL)
    g_assert_cmpstr (request->parameters, ==, parameters);
  message.scripting_request_id = request->scripting_request_id;
  message.success = success;
  message.response = (char *) response;
  almu_test_viewer_send (viewer, &message.base);
}

static void
test_comeback_catalogs (Fixture      *fixture,
                        gconstpointer user_data)
{
  static const char table[] = "catalogStore.catalogProfileStores.data_[4].value_";
  static const char request[] =
    "[{\"fileId\":4,\"subsetStartIndex\":0,\"subsetDataSize\":20,\"imageBounds\":{},\"sortColumn\":\"mag\",\"sortingType\":1,"
    "\"columnIndices\":[0,4,5],\"filterConfigs\":["
    "{\"columnName\":\"mag\",\"comparisonOperator\":7,\"value\":8.5,\"secondaryValue\":15.0,\"subString\":\"\"},"
    "{\"columnName\":\"flag\",\"comparisonOperator\":0,\"value\":1.0,\"secondaryValue\":0.0,\"subString\":\"\"}]}]";
  guint32         kept_id;
  guint32         new_id;
  AlmuTestViewer *viewer = open_page (fixture, &kept_id);

  open_things (viewer, TRUE);
  ask_bright (viewer);
  almu_test_viewer_cut (viewer);
  almu_test_viewer_free (viewer);
  almu_test_await (has_no_links, fixture->switchboard);

  viewer = open_page (fixture, &new_id);
  {
    almu_test_autobody CARTA__ScriptingRequest *load = almu_test_viewer_await (viewer, CARTA__EVENT_TYPE__SCRIPTING_REQUEST);
    CARTA__ScriptingResponse                    message = CARTA__SCRIPTING_RESPONSE__INIT;

    g_assert_cmpstr (load->action, ==, "loadWorkspace");
    open_things (viewer, FALSE);
    message.scripting_request_id = load->scripting_request_id;
    message.success = TRUE;
    message.response = (char *) "true";
    almu_test_viewer_send (viewer, &message.base);
  }
  {
    almu_test_autobody CARTA__ScriptingRequest *append = almu_test_viewer_await (viewer, CARTA__EVENT_TYPE__SCRIPTING_REQUEST);
    CARTA__ScriptingResponse                    message = CARTA__SCRIPTING_RESPONSE__INIT;

    g_assert_cmpstr (append->action, ==, "appendCatalog");
    g_assert_cmpstr (append->parameters, ==, "[\"/\",\"stars.vot\",50,1]");
    open_things (viewer, TRUE);
    message.scripting_request_id = append->scripting_request_id;
    message.success = TRUE;
    message.response = (char *) "4";
    almu_test_viewer_send (viewer, &message.base);
  }
  answer (viewer, table, "setHeaderDisplay", "[true,\"mag\"]", TRUE, "");
  answer (viewer, table, "setColumnFilter", "[\"8.5...15\",\"mag\"]", TRUE, "");
  answer (viewer, table, "setHeaderDisplay", "[true,\"flag\"]", TRUE, "");
  answer (viewer, table, "setColumnFilter", "[\"true\",\"flag\"]", TRUE, "");
  answer (viewer, table, "setSortingInfo", "[\"mag\",1]", TRUE, "");
  answer (viewer, table, "resetFilterRequest", "[]", TRUE, "");
  /* until then the session before is kept */
  g_assert_nonnull (almu_sessions_lookup (fixture->sessions, kept_id));
  answer (viewer, table, "setUserFilter", request, TRUE, "");
  answer (viewer, "", "sendCatalogFilter", request, TRUE, "");
  almu_test_viewer_await_pong (viewer);
  g_assert_null (almu_sessions_lookup (fixture->sessions, kept_id));
  g_assert_cmpuint (almu_session_list_catalogs (almu_sessions_lookup (fixture->sessions, new_id))->len, ==, 1);

  almu_test_viewer_close (viewer);
  almu_test_viewer_free (viewer);
}

/* One that the page cannot open is named, and the rest goes on. */
static void
test_comeback_refused (Fixture      *fixture,
                       gconstpointer user_data)
{
  guint32                              kept_id;
  guint32                              new_id;
  AlmuTestViewer                      *viewer = open_page (fixture, &kept_id);
  almu_test_autobody CARTA__ErrorData *error = NULL;

  open_things (viewer, TRUE);
  almu_test_viewer_cut (viewer);
  almu_test_viewer_free (viewer);
  almu_test_await (has_no_links, fixture->switchboard);

  viewer = open_page (fixture, &new_id);
  answer (viewer, "", "loadWorkspace", NULL, TRUE, "true");
  answer (viewer, "", "appendCatalog", NULL, FALSE, "");
  error = almu_test_viewer_await (viewer, CARTA__EVENT_TYPE__ERROR_DATA);
  g_assert_nonnull (strstr (error->message, "stars.vot"));
  almu_test_viewer_await_pong (viewer);
  g_assert_null (almu_sessions_lookup (fixture->sessions, kept_id));

  almu_test_viewer_close (viewer);
  almu_test_viewer_free (viewer);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add ("/link/comeback/catalogs", Fixture, NULL, set_up, test_comeback_catalogs, tear_down);
  g_test_add ("/link/comeback/refused", Fixture, NULL, set_up, test_comeback_refused, tear_down);

  return g_test_run ();
}
