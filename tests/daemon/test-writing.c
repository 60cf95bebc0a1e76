/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <libsoup/soup.h>

#include "almu-test-harm.h"
#include "test-desk.h"

/* What is written for somebody, with the n-th call failing for every n: what
 * was acknowledged is there, whole; what was refused has left everything as
 * it was; and in no case is there anything else.
 */

#define SIDE 64
#define SAVED "saved.fits"
#define EXPORTED "exported.reg"

typedef struct
{
  Desk          desk;
  AlmuTestHarm *harm;
  SoupSession  *http;
  char         *config;
} Fixture;

static double
ramp (const gint64 *position,
      gpointer      user_data)
{
  return (double) (position[0] + SIDE * position[1]);
}

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  fixture->harm = almu_test_harm_new (ALMU_TEST_PRELOAD);
  desk_prepare (&fixture->desk, NULL);
  fixture->config = g_build_filename (fixture->desk.state_dir, "config", NULL);
  fixture->http = soup_session_new_with_options ("proxy-resolver", NULL, NULL);
  desk_write (&fixture->desk, "a.fits", 2, (gint64[]){ SIDE, SIDE }, ramp, NULL);
  desk_start (&fixture->desk, NULL);
  fixture->desk.viewer = desk_register (&fixture->desk, &fixture->desk.session_id);
  desk_open (&fixture->desk, "a.fits", 0);
  for (int i = 1; i <= 3; i++)
    almu_test_draw (fixture->desk.viewer, 0, -1, CARTA__REGION_TYPE__RECTANGLE,
                    (float[]){ (float) i * 10, 20, 5, 6 }, 2, 0);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_test_harm_stop (fixture->harm);
  desk_tear_down (&fixture->desk, NULL);
  g_object_unref (fixture->http);
  g_free (fixture->config);
  almu_test_harm_free (fixture->harm);
}

/* -- what is written ----------------------------------------------------- */

/* Each says whether it was acknowledged, and what was said if not. */

static gboolean
save_image (Fixture *fixture,
            char   **out_message)
{
  CARTA__SaveFile                        request = CARTA__SAVE_FILE__INIT;
  almu_test_autobody CARTA__SaveFileAck *ack = NULL;

  request.output_file_directory = (char *) "";
  request.output_file_name = (char *) SAVED;
  request.output_file_type = CARTA__FILE_TYPE__FITS;
  request.rest_freq = NAN;
  request.overwrite = TRUE;
  ack = almu_test_viewer_await_reply (fixture->desk.viewer, CARTA__EVENT_TYPE__SAVE_FILE_ACK,
                                      almu_test_viewer_send (fixture->desk.viewer, &request.base));
  *out_message = g_strdup (ack->message);

  return ack->success;
}

static gboolean
export_regions (Fixture *fixture,
                char   **out_message)
{
  CARTA__ExportRegion                        request = CARTA__EXPORT_REGION__INIT;
  CARTA__RegionStyle                         style = CARTA__REGION_STYLE__INIT;
  CARTA__ExportRegion__RegionStylesEntry     entries[3];
  CARTA__ExportRegion__RegionStylesEntry    *pointers[3];
  almu_test_autobody CARTA__ExportRegionAck *ack = NULL;

  for (int i = 0; i < 3; i++)
    {
      carta__export_region__region_styles_entry__init (&entries[i]);
      entries[i].key = i + 1;
      entries[i].value = &style;
      pointers[i] = &entries[i];
    }
  request.type = CARTA__FILE_TYPE__DS9_REG;
  request.directory = (char *) "";
  request.file = (char *) EXPORTED;
  request.n_region_styles = 3;
  request.region_styles = pointers;
  request.overwrite = TRUE;
  ack = almu_test_viewer_await_reply (fixture->desk.viewer, CARTA__EVENT_TYPE__EXPORT_REGION_ACK,
                                      almu_test_viewer_send (fixture->desk.viewer, &request.base));
  *out_message = g_strdup (ack->message);

  return ack->success;
}

static gboolean
put (Fixture    *fixture,
     const char *method,
     const char *path,
     const char *json,
     char      **out_message)
{
  const char      *token = strstr (almu_test_daemon_get_url (fixture->desk.daemon), "token=") + strlen ("token=");
  g_autofree char *address = g_strdup_printf ("http://127.0.0.1:%u/api/database/%s",
                                              almu_test_daemon_get_port (fixture->desk.daemon), path);
  g_autofree char *bearer = g_strconcat ("Bearer ", token, NULL);
  g_autoptr(SoupMessage) message = soup_message_new (method, address);
  g_autoptr(GBytes) body = g_bytes_new_static (json, strlen (json));
  g_autoptr(GBytes) reply = NULL;
  g_autoptr(GError) error = NULL;

  soup_message_headers_append (soup_message_get_request_headers (message), "Authorization", bearer);
  soup_message_set_request_body_from_bytes (message, "application/json", body);
  reply = soup_session_send_and_read (fixture->http, message, NULL, &error);
  g_assert_no_error (error);
  *out_message = g_strndup (g_bytes_get_data (reply, NULL), g_bytes_get_size (reply));

  return soup_message_get_status (message) == 200;
}

static gboolean
put_preference (Fixture *fixture,
                char   **out_message)
{
  return put (fixture, "PUT", "preferences", "{\"theme\":\"dark\"}", out_message);
}

static gboolean
put_layout (Fixture *fixture,
            char   **out_message)
{
  return put (fixture, "PUT", "layout", "{\"layoutName\":\"mine\",\"layout\":{\"docked\":[1,2,3]}}", out_message);
}

static const struct
{
  const char *name;
  gboolean (*write) (Fixture *fixture,
                     char   **out_message);
  gboolean    is_setting;
  const char *target; /* beneath its folder */
  const char *before; /* what lies there before, if anything does */
} orders[] = {
  { "SAVE_FILE", save_image, FALSE, SAVED, "something else" },
  { "EXPORT_REGION", export_regions, FALSE, EXPORTED, "something else" },
  { "preferences", put_preference, TRUE, "preferences.json", "{\"theme\":\"light\"}" },
  { "layout", put_layout, TRUE, "layouts/mine.json", "{\"docked\":[]}" },
};

/* -- what is there ------------------------------------------------------- */

static void
list (GPtrArray  *names,
      const char *folder)
{
  g_autoptr(GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        list (names, path);
      else
        g_ptr_array_add (names, g_steal_pointer (&path));
    }
}

static int
compare_texts (gconstpointer a,
               gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static char *
list_all (const char *folder)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  list (names, folder);
  g_ptr_array_sort (names, compare_texts);
  g_ptr_array_add (names, NULL);

  return g_strjoinv ("\n", (char **) names->pdata);
}

static GBytes *
read_target (const char *path)
{
  char *content;
  gsize length;

  return g_file_get_contents (path, &content, &length, NULL) ? g_bytes_new_take (content, length) : NULL;
}

static void
put_before (const char *path,
            const char *before)
{
  g_autofree char *folder = g_path_get_dirname (path);

  g_unlink (path);
  g_mkdir_with_parents (folder, 0700);
  if (before != NULL)
    g_assert_true (g_file_set_contents_full (path, before, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

/* Once, with the n-th call failing; FALSE if there were fewer. */
static gboolean
write_badly (Fixture *fixture,
             guint    order,
             gboolean has_before,
             int      calls,
             guint    n,
             guint    n_failures,
             int      code)
{
  const char      *folder = orders[order].is_setting ? fixture->config : fixture->desk.folder;
  const char      *before = has_before ? orders[order].before : NULL;
  g_autofree char *path = g_build_filename (folder, orders[order].target, NULL);
  g_autofree char *message = NULL;
  g_autofree char *unharmed_message = NULL;
  g_autofree char *there = NULL;
  g_autofree char *expected = NULL;
  g_autoptr(GBytes) after = NULL;
  g_autoptr(GBytes) found = NULL;
  gboolean is_acknowledged;
  guint    n_failed;

  put_before (path, before);
  almu_test_harm_fail (fixture->harm, folder, calls, n, n_failures, code);
  is_acknowledged = orders[order].write (fixture, &message);
  n_failed = almu_test_harm_get_n_failed (fixture->harm);
  almu_test_harm_stop (fixture->harm);
  found = read_target (path);
  there = list_all (folder);
  if (n_failed == 0)
    g_assert_true (is_acknowledged);

  if (!is_acknowledged)
    {
      g_test_message ("%s: %s", orders[order].name, message);
      g_assert_nonnull (strstr (message, g_strerror (code)));
      if (before == NULL)
        g_assert_null (found);
      else
        g_assert_cmpmem (g_bytes_get_data (found, NULL), g_bytes_get_size (found), before, strlen (before));
    }

  /* and then it goes */
  if (!orders[order].write (fixture, &unharmed_message))
    g_error ("%s", unharmed_message);
  after = read_target (path);
  g_assert_nonnull (after);
  if (is_acknowledged)
    g_assert_true (g_bytes_equal (found, after));

  expected = list_all (folder);
  if (is_acknowledged || before != NULL)
    {
      g_assert_cmpstr (there, ==, expected);
    }
  else
    {
      g_autofree char *without = NULL;

      g_unlink (path);
      without = list_all (folder);
      g_assert_cmpstr (there, ==, without);
    }

  return n_failed > 0;
}

static const struct
{
  const char *name;
  int         calls;
  gboolean    is_needed; /* by everybody who writes */
  int         codes[3];
} faults[] = {
  { "open", ALMU_TEST_CALL_OPEN, TRUE, { EIO, EACCES, ENOSPC } },
  { "read", ALMU_TEST_CALL_READ, FALSE, { EIO, EINTR, ALMU_TEST_CODE_SHORT } },
  { "write", ALMU_TEST_CALL_WRITE, TRUE, { ENOSPC, EINTR, ALMU_TEST_CODE_SHORT } },
  { "sync", ALMU_TEST_CALL_SYNC, TRUE, { EIO, ENOSPC } },
  { "size", ALMU_TEST_CALL_SIZE, FALSE, { ENOSPC, EIO } },
  { "name", ALMU_TEST_CALL_NAME, TRUE, { EIO, ENOSPC, EACCES } },
  { "look", ALMU_TEST_CALL_LOOK, FALSE, { EIO, EACCES } },
};

static void
fail (Fixture *fixture,
      guint    n_failures)
{
  for (guint order = 0; order < G_N_ELEMENTS (orders); order++)
    for (int has_before = 0; has_before <= 1; has_before++)
      for (guint fault = 0; fault < G_N_ELEMENTS (faults); fault++)
        for (guint i = 0; i < G_N_ELEMENTS (faults[fault].codes) && faults[fault].codes[i] != 0; i++)
          {
            guint n = 1;

            /* one that is interrupted for ever waits for ever */
            if (n_failures > 1 && faults[fault].codes[i] == EINTR)
              continue;

            while (write_badly (fixture, order, has_before, faults[fault].calls, n, n_failures, faults[fault].codes[i]))
              n++;
            g_assert_true (n > 1 || !faults[fault].is_needed);
            g_test_message ("%s: %u calls to %s", orders[order].name, n - 1, faults[fault].name);
          }
}

static void
test_fails_once (Fixture      *fixture,
                 gconstpointer user_data)
{
  fail (fixture, 1);
}

static void
test_fails_for_good (Fixture      *fixture,
                     gconstpointer user_data)
{
  fail (fixture, G_MAXUINT);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add ("/daemon/writing/once", Fixture, NULL, fixture_set_up, test_fails_once, fixture_tear_down);
  g_test_add ("/daemon/writing/for-good", Fixture, NULL, fixture_set_up, test_fails_for_good, fixture_tear_down);

  return g_test_run ();
}
