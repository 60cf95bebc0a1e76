/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "almu-session-catalogs.h"
#include "almu-test.h"
#include "comeback-fixture.h"

/* A page that was started again is made to open the catalogs of before, and
 * to ask for the rows it showed. */

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

static void
load (AlmuTestViewer *viewer,
      guint32         kept_id)
{
  CARTA__ScriptingRequest *request = begin_load (viewer, kept_id);

  open_things (viewer, FALSE);
  end_load (viewer, request);
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
  AlmuTestViewer *viewer = open_page (fixture, BROWSER, &kept_id);

  open_things (viewer, TRUE);
  ask_bright (viewer);
  lose_page (fixture, viewer);

  viewer = open_page (fixture, BROWSER, &new_id);
  load (viewer, kept_id);
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
  AlmuTestViewer                      *viewer = open_page (fixture, BROWSER, &kept_id);
  almu_test_autobody CARTA__ErrorData *error = NULL;

  open_things (viewer, TRUE);
  lose_page (fixture, viewer);

  viewer = open_page (fixture, BROWSER, &new_id);
  load (viewer, kept_id);
  answer (viewer, "", "appendCatalog", NULL, FALSE, "");
  error = almu_test_viewer_await (viewer, CARTA__EVENT_TYPE__ERROR_DATA);
  g_assert_nonnull (strstr (error->message, "stars.vot"));
  almu_test_viewer_await_pong (viewer);
  g_assert_null (almu_sessions_lookup (fixture->sessions, kept_id));

  almu_test_viewer_close (viewer);
  almu_test_viewer_free (viewer);
}

/* The page has no words of its own for how it was laid out, nor for the image
 * that a catalog belongs to. */
static void
test_comeback_desk (Fixture      *fixture,
                    gconstpointer user_data)
{
  static const char        mine[] = "\"Two \\u0024 of mine\"";
  guint32                  kept_id;
  guint32                  new_id;
  AlmuTestViewer          *viewer = open_page (fixture, BROWSER, &kept_id);
  AlmuSession             *session = almu_sessions_lookup (fixture->sessions, kept_id);
  CARTA__ScriptingRequest *request;

  open_things (viewer, TRUE);
  almu_test_body_free (almu_test_viewer_open (viewer, "", "b.fits", "", 1));
  almu_file_set_look (almu_session_get_file (session, 1, NULL), "{\"active\":true,\"layout\":\"Two $ of mine\"}");
  almu_catalog_file_set_look (almu_session_get_catalog (session, 4, NULL), "{\"image\":0}");
  lose_page (fixture, viewer);

  viewer = open_page (fixture, BROWSER, &new_id);
  request = begin_load (viewer, kept_id);
  open_things (viewer, FALSE);
  almu_test_body_free (almu_test_viewer_open (viewer, "", "b.fits", "", 1));
  end_load (viewer, request);
  answer (viewer, "", "fetchParameter", "[{\"macroTarget\":\"layoutStore\",\"macroVariable\":\"currentLayoutName\"}]", TRUE, "\"Default\"");
  {
    g_autofree char *parameters = g_strdup_printf ("[%s]", mine);

    answer (viewer, "layoutStore", "layoutExists", parameters, TRUE, "true");
    answer (viewer, "layoutStore", "applyLayout", parameters, TRUE, "true");
  }
  answer (viewer, "", "setActiveImageByIndex", "[0]", TRUE, "");
  open_catalog (viewer);
  answer (viewer, "", "appendCatalog", NULL, TRUE, "4");
  answer (viewer, "", "setActiveImageByIndex", "[1]", FALSE, "");
  almu_test_viewer_await_pong (viewer);
  g_assert_cmpstr (almu_catalog_file_get_look (almu_session_get_catalog (almu_sessions_lookup (fixture->sessions, new_id), 4, NULL)), ==,
                   "{\"image\":0}");
  g_assert_null (almu_sessions_lookup (fixture->sessions, kept_id));

  almu_test_viewer_close (viewer);
  almu_test_viewer_free (viewer);
}

/* One that the user has deleted since, and one that the page has already. */
static void
test_comeback_layout_gone (Fixture      *fixture,
                           gconstpointer user_data)
{
  for (guint i = 0; i < 2; i++)
    {
      guint32         kept_id;
      guint32         new_id;
      AlmuTestViewer *viewer = open_page (fixture, BROWSER, &kept_id);

      open_things (viewer, FALSE);
      almu_file_set_look (almu_session_get_file (almu_sessions_lookup (fixture->sessions, kept_id), 0, NULL),
                          "{\"active\":true,\"layout\":\"Mine\"}");
      lose_page (fixture, viewer);

      viewer = open_page (fixture, BROWSER, &new_id);
      load (viewer, kept_id);
      answer (viewer, "", "fetchParameter", NULL, TRUE, i == 0 ? "\"Default\"" : "\"Mine\"");
      if (i == 0)
        answer (viewer, "layoutStore", "layoutExists", "[\"Mine\"]", TRUE, "false");
      almu_test_viewer_await_pong (viewer);
      g_assert_null (almu_sessions_lookup (fixture->sessions, kept_id));
      lose_page (fixture, viewer);
      g_assert_true (almu_sessions_forget (fixture->sessions, new_id, NULL));
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/link/comeback/catalogs", test_comeback_catalogs);
  add_test ("/link/comeback/refused", test_comeback_refused);
  add_test ("/link/comeback/desk", test_comeback_desk);
  add_test ("/link/comeback/layout-gone", test_comeback_layout_gone);

  return g_test_run ();
}
