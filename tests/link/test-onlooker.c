/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "almu-onlooker.h"
#include "almu-test-ask.h"
#include "almu-test.h"
#include "comeback-fixture.h"

/* What the page is asked when, by the one that keeps its looks. */

#define N_LEAVES 200 /* more than a file has */

typedef struct
{
  Fixture         fixture;
  AlmuOnlooker   *onlooker;
  AlmuTestViewer *viewer;
  guint32         id;
} Page;

static void
page_set_up (Page         *page,
             gconstpointer user_data)
{
  set_up (&page->fixture, user_data);
  page->onlooker = almu_onlooker_new (page->fixture.switchboard);
  page->viewer = open_page (&page->fixture, BROWSER, &page->id);
  open_things (page->viewer, FALSE);
}

static void
page_tear_down (Page         *page,
                gconstpointer user_data)
{
  almu_test_viewer_close (page->viewer);
  almu_test_viewer_free (page->viewer);
  almu_test_await_finalize (g_steal_pointer (&page->onlooker));
  tear_down (&page->fixture, user_data);
}

static void
answer_next (Page       *page,
             const char *variable,
             const char *response)
{
  g_autofree char *parameters = g_strdup_printf ("[{\"macroTarget\":\"%s\"}]", variable);

  answer (page->viewer, "", "fetchParameter", parameters, TRUE, response);
}

#define LENGTH "frames\",\"macroVariable\":\"length"
#define ACTIVE "activeFrame.frameInfo\",\"macroVariable\":\"fileId"
#define LAYOUT "layoutStore\",\"macroVariable\":\"currentLayoutName"
#define FIRST "frames[0].frameInfo\",\"macroVariable\":\"fileId"
#define COLOUR "frames[0].renderConfig\",\"macroVariable\":\"colorMap"
#define MAP "channelMapStore\",\"macroVariable\":\"isChannelMapEnabled"
#define TILES "tileService\",\"macroVariable\":\"remainingTiles"
#define SHOWN "imageViewConfigStore.visibleFrames\",\"macroVariable\":\"length"

static gboolean
is_for (const CARTA__ScriptingRequest *request,
        const char                    *variable)
{
  return strstr (request->parameters, variable) != NULL;
}

/* One look, of which the colour map is to be seen, and nothing else. */
static void
answer_look (Page       *page,
             const char *colour)
{
  guint n = 0;

  answer_next (page, LENGTH, "1");
  answer_next (page, ACTIVE, "0");
  answer_next (page, LAYOUT, "\"Default\"");
  answer_next (page, FIRST, "0");
  for (gboolean is_last = FALSE; !is_last; n++)
    {
      almu_test_autobody CARTA__ScriptingRequest *request = NULL;
      CARTA__ScriptingResponse                    message = CARTA__SCRIPTING_RESPONSE__INIT;

      request = almu_test_viewer_await (page->viewer, CARTA__EVENT_TYPE__SCRIPTING_REQUEST);
      g_assert_cmpuint (n, <, N_LEAVES);
      is_last = is_for (request, "regionSet.regions");
      message.scripting_request_id = request->scripting_request_id;
      message.success = TRUE;
      message.response = (char *) (is_for (request, COLOUR) ? colour : "null");
      almu_test_viewer_send (page->viewer, &message.base);
    }
  almu_test_viewer_await_pong (page->viewer);
}

static void
assert_look (Page       *page,
             const char *part)
{
  AlmuSession *session = almu_sessions_lookup (page->fixture.sessions, page->id);
  const char  *look = almu_file_get_look (almu_session_get_file (session, 0, NULL));

  g_assert_nonnull (look);
  g_assert_nonnull (strstr (look, part));
}

/* It says nothing when somebody chooses another colour map. */
static void
test_onlooker_silence (Page         *page,
                       gconstpointer user_data)
{
  answer_look (page, "\"inferno\"");
  assert_look (page, "inferno");
  answer_next (page, MAP, "false");
  answer_next (page, TILES, "0");
  answer_look (page, "\"viridis\"");
  assert_look (page, "viridis");
}

/* It waits for tiles that are not owed to it: it is made to ask for those of
 * each image that it shows, and once; if they do not come by that, they do not
 * come. */
static void
test_onlooker_straggler (Page         *page,
                         gconstpointer user_data)
{
  answer_look (page, "\"inferno\"");
  answer_next (page, MAP, "false");
  answer_next (page, TILES, "3");
  answer_next (page, SHOWN, "2");
  for (int i = 0; i < 2; i++)
    {
      g_autofree char *parameters = NULL;

      parameters = g_strdup_printf ("[{\"macroTarget\":\"imageViewConfigStore.visibleFrames[%d]\",\"macroVariable\":\"requiredTiles[0]\"},"
                                    "{\"macroTarget\":\"imageViewConfigStore.visibleFrames[%d].frameInfo\",\"macroVariable\":\"fileId\"},"
                                    "{\"macroTarget\":\"imageViewConfigStore.visibleFrames[%d]\",\"macroVariable\":\"channel\"},"
                                    "{\"macroTarget\":\"imageViewConfigStore.visibleFrames[%d]\",\"macroVariable\":\"stokes\"},"
                                    "{\"macroTarget\":\"imageViewConfigStore.visibleFrames[%d]\",\"macroVariable\":\"requiredTiles[1]\"},32,true]",
                                    i, i, i, i, i);
      answer (page->viewer, "tileService", "requestTiles", parameters, TRUE, NULL);
    }

  answer_look (page, "\"viridis\"");
  answer_next (page, MAP, "false");
  answer_next (page, TILES, "3");
  answer_look (page, "\"gray\"");
}

/* A map of channels has others to wait for. */
static void
test_onlooker_map (Page         *page,
                   gconstpointer user_data)
{
  answer_look (page, "\"inferno\"");
  answer_next (page, MAP, "true");
  answer_look (page, "\"viridis\"");
}

/* It has said something meanwhile: what it waits for may be that. */
static void
test_onlooker_straggler_late (Page         *page,
                              gconstpointer user_data)
{
  answer_look (page, "\"inferno\"");
  answer_next (page, MAP, "false");
  almu_test_ask_cursor (page->viewer, 0, 1, 1);
  almu_test_viewer_await_pong (page->viewer);
  answer_next (page, TILES, "1");
  answer_look (page, "\"viridis\"");
}

/* What happens while it is asked may concern what it has answered. */
static void
test_onlooker_late (Page         *page,
                    gconstpointer user_data)
{
  gint64 begin;

  answer_next (page, LENGTH, "1");
  almu_test_ask_cursor (page->viewer, 0, 1, 1);
  almu_test_viewer_await_pong (page->viewer);
  begin = g_get_monotonic_time ();
  answer_next (page, ACTIVE, "0");
  answer_next (page, LAYOUT, "\"Default\"");
  answer_next (page, FIRST, "-1");
  almu_test_viewer_await_pong (page->viewer);
  answer_look (page, "\"inferno\"");
  assert_look (page, "inferno");
  g_test_message ("looked at again after %.1f s", (double) (g_get_monotonic_time () - begin) / 1e6);
}

#define add_page_test(path, func) g_test_add (path, Page, NULL, page_set_up, func, page_tear_down)

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_page_test ("/link/onlooker/silence", test_onlooker_silence);
  add_page_test ("/link/onlooker/late", test_onlooker_late);
  add_page_test ("/link/onlooker/straggler", test_onlooker_straggler);
  add_page_test ("/link/onlooker/straggler-late", test_onlooker_straggler_late);
  add_page_test ("/link/onlooker/map", test_onlooker_map);

  return g_test_run ();
}
