/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "comeback-fixture.h"

#include <gio/gunixfdlist.h>
#include <sys/socket.h>

#include "almu-test-table.h"
#include "almu-test.h"

static double
pixel (const gint64 *position,
       gpointer      user_data)
{
  return (double) position[0];
}

void
set_up (Fixture      *fixture,
        gconstpointer user_data)
{
  static const char *const names[] = { "a.fits", "b.fits" };
  const gint64             shape[] = { 8, 8 };
  const AlmuLinkOptions    options = { .idle_seconds = 15 };
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();
  g_autoptr(AlmuCache) cache = almu_cache_new (1024 * 1024);
  g_autoptr(AlmuFolder) folder = NULL;
  g_autofree char *text = almu_test_votable (30);

  fixture->folder = almu_test_make_folder ();
  almu_test_fits_begin (fits, -32, 2, shape);
  almu_test_fits_end_header (fits);
  almu_test_fits_fill (fits, pixel, NULL);
  almu_test_fits_end (fits);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_free (almu_test_fits_save (fits, fixture->folder, names[i]));
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

/* As when its tab is killed. */
void
lose_page (Fixture        *fixture,
           AlmuTestViewer *viewer)
{
  almu_test_viewer_cut (viewer);
  almu_test_viewer_free (viewer);
  almu_test_await (has_no_links, fixture->switchboard);
}

void
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

AlmuTestViewer *
open_page (Fixture    *fixture,
           const char *browser,
           guint32    *out_session_id)
{
  int fds[2];
  g_autoptr(GIOStream) ours = NULL;
  g_autoptr(GIOStream) theirs = NULL;
  almu_test_autobody CARTA__RegisterViewerAck *ack = NULL;
  AlmuTestViewer                              *viewer;

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  ours = stream_for_fd (fds[0]);
  theirs = stream_for_fd (fds[1]);
  almu_switchboard_accept (fixture->switchboard, ours, "127.0.0.1", browser, 0);
  viewer = almu_test_viewer_new_for_stream (theirs);
  ack = almu_test_viewer_register (viewer, 0);
  *out_session_id = ack->session_id;

  return viewer;
}

void
open_catalog (AlmuTestViewer *viewer)
{
  CARTA__OpenCatalogFile message = CARTA__OPEN_CATALOG_FILE__INIT;

  message.directory = (char *) "/";
  message.name = (char *) "stars.vot";
  message.file_id = 4;
  message.preview_data_size = 50;
  almu_test_viewer_send (viewer, &message.base);
  almu_test_body_free (almu_test_viewer_await (viewer, CARTA__EVENT_TYPE__OPEN_CATALOG_FILE_ACK));
}

void
open_things (AlmuTestViewer *viewer,
             gboolean        with_catalog)
{
  almu_test_body_free (almu_test_viewer_open (viewer, "", "a.fits", "", 0));
  if (with_catalog)
    open_catalog (viewer);
}

static void
reply (AlmuTestViewer                *viewer,
       const CARTA__ScriptingRequest *request,
       gboolean                       success,
       const char                    *response)
{
  CARTA__ScriptingResponse message = CARTA__SCRIPTING_RESPONSE__INIT;

  message.scripting_request_id = request->scripting_request_id;
  message.success = success;
  message.response = (char *) response;
  almu_test_viewer_send (viewer, &message.base);
}

/* The page is asked to load a workspace, and answers when it has. */
CARTA__ScriptingRequest *
begin_load (AlmuTestViewer *viewer,
            guint32         kept_id)
{
  CARTA__ScriptingRequest *request = almu_test_viewer_await (viewer, CARTA__EVENT_TYPE__SCRIPTING_REQUEST);
  g_autofree char         *parameters = g_strdup_printf ("[\"Session %u\"]", kept_id);

  g_assert_cmpstr (request->action, ==, "loadWorkspace");
  g_assert_cmpstr (request->parameters, ==, parameters);

  return request;
}

void
end_load (AlmuTestViewer          *viewer,
          CARTA__ScriptingRequest *request)
{
  reply (viewer, request, TRUE, "true");
  almu_test_body_free (request);
}

/* The page is asked for one thing, and answers. */
void
answer (AlmuTestViewer *viewer,
        const char     *path,
        const char     *action,
        const char     *parameters,
        gboolean        success,
        const char     *response)
{
  almu_test_autobody CARTA__ScriptingRequest *request = NULL;

  request = almu_test_viewer_await (viewer, CARTA__EVENT_TYPE__SCRIPTING_REQUEST);
  g_assert_cmpstr (request->target, ==, path);
  g_assert_cmpstr (request->action, ==, action);
  if (parameters != NULL)
    g_assert_cmpstr (request->parameters, ==, parameters);
  reply (viewer, request, success, response);
}
