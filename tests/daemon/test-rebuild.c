/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-test-bus.h"
#include "crash-kinds.h"
#include "test-desk.h"

/* The service is killed while it brings sessions back, at moments chosen at
 * random: out of the record for a page that remembers, and in a new page that
 * builds up anew what its browser had. Afterwards all is there as before, once.
 */

#define MANAGER "io.github.almucantar.Almucantar.Manager1"
#define N_FILES 12
#define N_REGIONS 24
#define N_RESUMES 40
#define N_BROWSERS 8
#define N_ROUNDS 4
#define SLOWER 20

typedef struct
{
  AlmuTestBus     *bus;
  GDBusConnection *client;
  Desk             desk;
} Fixture;

static double
flat (const gint64 *position,
      gpointer      user_data)
{
  return 1;
}

static char *
name_of (int i)
{
  return g_strdup_printf ("%d.fits", i);
}

static void
start (Fixture *fixture)
{
  static const char *const arguments[] = { "--restore", "auto", NULL };

  desk_start (&fixture->desk, arguments);
}

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  static const char *const cards[] = { "CTYPE3", "'FREQ'", "CTYPE4", "'STOKES'", NULL };

  fixture->bus = almu_test_bus_up (NULL);
  fixture->client = almu_test_bus_connect (fixture->bus);
  desk_prepare (&fixture->desk, NULL);
  for (int i = 0; i < N_FILES; i++)
    {
      g_autofree char *name = name_of (i);

      desk_write (&fixture->desk, name, 4, (gint64[]){ CRASH_SIDE, CRASH_SIDE, CRASH_DEPTH, CRASH_N_STOKES }, flat, cards);
    }
  start (fixture);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_test_bus_disconnect (fixture->client);
  desk_tear_down (&fixture->desk, NULL);
  almu_test_bus_down (fixture->bus);
}

static void
kill_service (Fixture *fixture)
{
  almu_test_daemon_kill (fixture->desk.daemon);
  g_clear_pointer (&fixture->desk.daemon, almu_test_daemon_free);
}

static CrashState *
read_record (Fixture *fixture,
             guint32  id)
{
  g_autofree char *path = g_build_filename (fixture->desk.state_dir, "sessions.db", NULL);

  return crash_state_read (path, id);
}

static void
assert_same (const CrashState *state,
             const CrashState *expected)
{
  g_autofree char *text = crash_state_to_text (state);
  g_autofree char *expected_text = crash_state_to_text (expected);

  g_assert_cmpstr (text, ==, expected_text);
}

/* What anybody who asks for the sessions is offered. */
static GHashTable *
list_sessions (Fixture *fixture)
{
  GHashTable *ids = g_hash_table_new (NULL, NULL);
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GVariant) list = NULL;
  g_autoptr(GError) error = NULL;

  reply = g_dbus_connection_call_sync (fixture->client, ALMU_BUS_NAME, ALMU_BUS_PATH, MANAGER, "ListSessions",
                                       g_variant_new ("(a{sv})", NULL), G_VARIANT_TYPE ("(aa{sv})"),
                                       G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, &error);
  g_assert_no_error (error);
  list = g_variant_get_child_value (reply, 0);
  for (gsize i = 0; i < g_variant_n_children (list); i++)
    {
      g_autoptr(GVariant) session = g_variant_get_child_value (list, i);
      guint32 id = 0;

      g_assert_true (g_variant_lookup (session, "id", "u", &id));
      g_assert_true (g_hash_table_add (ids, GUINT_TO_POINTER (id)));
    }

  return ids;
}

static void
open_file (AlmuTestViewer *viewer,
           int             file_id,
           const char     *name)
{
  almu_test_autobody CARTA__OpenFileAck *ack = almu_test_viewer_open (viewer, "", name, "", file_id);

  g_assert_cmpstr (ack->message, ==, "");
  g_assert_true (ack->success);
}

static int
draw (AlmuTestViewer   *viewer,
      int               file_id,
      const CrashShape *shape)
{
  return almu_test_draw (viewer, file_id, -1, shape->type, &shape->points[0][0], shape->n_points, shape->rotation);
}

/* -- for a page that remembers ------------------------------------------- */

static void
fill (Fixture    *fixture,
      CrashState *state)
{
  AlmuTestViewer *viewer = fixture->desk.viewer;

  for (int i = 0; i < N_FILES; i++)
    {
      g_autofree char *name = name_of (i);

      open_file (viewer, i, name);
      crash_begin_file (state, i, name);
    }
  for (int i = 0; i < N_REGIONS; i++)
    {
      int        file_id = g_test_rand_int_range (0, N_FILES);
      CrashShape shape;

      crash_shape_make (&shape, crash_shape_random_type ());
      state->last_region_id = draw (viewer, file_id, &shape);
      crash_put_region (state, file_id, state->last_region_id, &shape);
    }
}

/* What the page remembers differs now and then. */
static CrashState *
remember (const CrashState *state)
{
  CrashState *memory = crash_state_copy (state);

  if (g_test_rand_bit ())
    crash_put_plane (memory, g_test_rand_int_range (0, N_FILES), g_test_rand_int_range (0, CRASH_DEPTH),
                     g_test_rand_int_range (0, CRASH_N_STOKES));
  if (g_test_rand_bit ())
    {
      CrashShape shape;

      crash_shape_make (&shape, crash_shape_random_type ());
      crash_put_region (memory, g_test_rand_int_range (0, N_FILES), ++memory->last_region_id, &shape);
    }

  return memory;
}

static gboolean
is_in_record (Fixture          *fixture,
              const CrashState *state)
{
  g_autoptr(CrashState) kept = read_record (fixture, fixture->desk.session_id);
  g_autofree char *text = crash_state_to_text (kept);
  g_autofree char *expected = crash_state_to_text (state);

  return g_str_equal (text, expected);
}

/* Killed within; says whether it was all back before. */
static gboolean
resume_and_kill (Fixture    *fixture,
                 CrashState *memory,
                 gint64     *duration)
{
  Desk      *desk = &fixture->desk;
  CrashScene scene = { .session_id = desk->session_id };
  gboolean   is_back = FALSE;

  scene.viewer = desk_register (desk, &desk->session_id);
  if (*duration == 0)
    {
      gint64                                      begin = g_get_monotonic_time ();
      almu_test_autobody CARTA__ResumeSessionAck *ack = NULL;

      crash_send_resume (&scene, memory);
      ack = almu_test_viewer_await_reply (scene.viewer, CARTA__EVENT_TYPE__RESUME_SESSION_ACK, scene.request_id);
      g_assert_cmpstr (ack->message, ==, "");
      g_assert_true (ack->success);
      is_back = TRUE;
      *duration = g_get_monotonic_time () - begin;
    }
  else
    {
      crash_send_resume (&scene, memory);
      almu_test_let_pass ((gulong) MIN (*duration, G_USEC_PER_SEC));
    }
  kill_service (fixture);
  almu_test_viewer_free (scene.viewer);

  return is_back;
}

static void
test_rebuild_resume (Fixture      *fixture,
                     gconstpointer user_data)
{
  Desk *desk = &fixture->desk;
  int   n_rounds = almu_test_is_slow () ? N_RESUMES * SLOWER : N_RESUMES;
  g_autoptr(CrashState) state = crash_state_new ();
  gint64 duration = 0;
  int    n_before = 0;

  desk->viewer = desk_register (desk, &desk->session_id);
  fill (fixture, state);
  kill_service (fixture);
  g_clear_pointer (&desk->viewer, almu_test_viewer_free);

  for (int i = 0; i < n_rounds; i++)
    {
      g_autoptr(CrashState) memory = remember (state);
      g_autoptr(GHashTable) ids = NULL;
      gboolean is_back;

      start (fixture);
      ids = list_sessions (fixture);
      g_assert_cmpuint (g_hash_table_size (ids), ==, 1);
      g_assert_true (g_hash_table_contains (ids, GUINT_TO_POINTER (desk->session_id)));
      is_back = resume_and_kill (fixture, memory, &duration);

      if (!is_back && is_in_record (fixture, state))
        {
          n_before++;
          continue;
        }
      if (!is_in_record (fixture, memory))
        {
          g_autoptr(CrashState) kept = read_record (fixture, desk->session_id);

          assert_same (kept, memory);
        }
      crash_state_free (state);
      state = g_steal_pointer (&memory);
    }
  g_test_message ("%d of %d times killed before anything was written", n_before, n_rounds);

  duration = 0;
  start (fixture);
  g_assert_true (resume_and_kill (fixture, state, &duration));
  g_assert_true (is_in_record (fixture, state));
  start (fixture);
}

/* -- in a page that does not --------------------------------------------- */

/* How far it gets before the end. */
typedef enum
{
  BROWSER_ANYWHERE,
  BROWSER_MIDST, /* not to the end */
  BROWSER_END
} BrowserFate;

/* What it had, and the page that builds that up again. */
typedef struct
{
  char           *cookie;
  guint32         kept_id;
  CrashState     *kept;
  int             n_files;
  AlmuTestViewer *viewer;
  guint32         new_id;
  int             script_id;
  gboolean        has_more; /* something was drawn beside, and acknowledged */
  int             n_more;
  BrowserFate     fate;
} Browser;

static void
browser_connect (Browser *browser,
                 Fixture *fixture)
{
  g_autofree char                             *url = almu_test_daemon_dup_websocket_url (fixture->desk.daemon);
  almu_test_autobody CARTA__RegisterViewerAck *ack = NULL;

  browser->viewer = almu_test_viewer_connect_from (url, browser->cookie);
  g_assert_nonnull (browser->viewer);
  ack = almu_test_viewer_register (browser->viewer, 0);
  g_assert_cmpint (ack->session_type, ==, CARTA__SESSION_TYPE__NEW);
  browser->new_id = ack->session_id;
  browser->has_more = FALSE;
}

static void
browser_begin (Browser *browser,
               Fixture *fixture,
               int      number)
{
  browser->cookie = g_strdup_printf ("%032x", number + 1);
  browser->n_files = 1 + number % 3;
  browser_connect (browser, fixture);
  for (int i = 0; i < browser->n_files; i++)
    {
      g_autofree char *name = name_of (i);

      open_file (browser->viewer, i, name);
      for (int k = 0; k <= number % 4; k++)
        {
          CrashShape shape;

          crash_shape_make (&shape, crash_shape_random_type ());
          draw (browser->viewer, i, &shape);
        }
    }
  browser->kept_id = browser->new_id;
  browser->kept = read_record (fixture, browser->kept_id);
}

static void
browser_end (Browser *browser)
{
  g_clear_pointer (&browser->viewer, almu_test_viewer_free);
  g_clear_pointer (&browser->kept, crash_state_free);
  g_free (browser->cookie);
}

/* Its page has been quiet for a while. */
static void
browser_await_order (Browser *browser)
{
  almu_test_autobody CARTA__ScriptingRequest *request = NULL;
  g_autofree char                            *parameters = g_strdup_printf ("[\"Session %u\"]", browser->kept_id);

  request = almu_test_viewer_await (browser->viewer, CARTA__EVENT_TYPE__SCRIPTING_REQUEST);
  g_assert_cmpstr (request->action, ==, "loadWorkspace");
  g_assert_cmpstr (request->parameters, ==, parameters);
  browser->script_id = request->scripting_request_id;
}

/* Regions of a file of the whole, as a page draws them: under other numbers. */
static void
browser_draw_all (Browser *browser,
                  int      file_id)
{
  g_autofree char *prefix = g_strdup_printf ("%d/region/", file_id);
  g_autoptr(GArray) ids = crash_state_list (browser->kept, prefix);

  for (guint i = ids->len; i > 0; i--)
    {
      CrashShape shape;

      crash_shape_read (&shape, crash_state_get (browser->kept, "%d/region/%d", file_id, g_array_index (ids, int, i - 1)));
      draw (browser->viewer, file_id, &shape);
    }
}

static void
browser_draw_more (Browser *browser)
{
  CrashShape shape = { .type = CARTA__REGION_TYPE__POINT, .n_points = 1, .points = { { 100 + (float) ++browser->n_more, 100 } } };

  draw (browser->viewer, 0, &shape);
  browser->has_more = TRUE;
}

static void
browser_say_done (Browser *browser)
{
  CARTA__ScriptingResponse message = CARTA__SCRIPTING_RESPONSE__INIT;

  message.scripting_request_id = browser->script_id;
  message.success = TRUE;
  message.response = (char *) "true";
  almu_test_viewer_send (browser->viewer, &message.base);
}

static void
browser_send_open (Browser *browser,
                   int      file_id)
{
  CARTA__OpenFile  message = CARTA__OPEN_FILE__INIT;
  g_autofree char *name = name_of (file_id);

  message.directory = message.hdu = (char *) "";
  message.file = name;
  message.file_id = file_id;
  almu_test_viewer_send (browser->viewer, &message.base);
}

/* What it does last is not waited for. */
static void
browser_rebuild (Browser *browser)
{
  int n_files = browser->fate == BROWSER_ANYWHERE ? g_test_rand_int_range (0, browser->n_files + 1) : browser->n_files;

  if (browser->fate == BROWSER_MIDST)
    n_files--;
  for (int i = 0; i < n_files; i++)
    {
      g_autofree char *name = name_of (i);

      open_file (browser->viewer, i, name);
    }
  for (int i = 0; i < n_files; i++)
    browser_draw_all (browser, i);

  if (browser->fate == BROWSER_ANYWHERE && n_files > 0 && g_test_rand_int_range (0, 4) == 0)
    browser_draw_more (browser);
  if (n_files < browser->n_files)
    browser_send_open (browser, n_files);
  else if (browser->fate == BROWSER_END || g_test_rand_int_range (0, 4) > 0)
    browser_say_done (browser);
}

static void
await_replaced (Fixture *fixture,
                guint32  id)
{
  gboolean is_there = TRUE;

  while (is_there)
    {
      g_autoptr(GHashTable) ids = list_sessions (fixture);

      is_there = g_hash_table_contains (ids, GUINT_TO_POINTER (id));
    }
}

static int
compare_lines (gconstpointer a,
               gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* The values, without the numbers that a page gives anew. */
static char *
print_values (const CrashState *state)
{
  g_autoptr(GList) keys = g_hash_table_get_keys (state->values);
  g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  GString *text = g_string_new (NULL);

  for (GList *l = keys; l != NULL; l = l->next)
    {
      const char *region = strstr (l->data, "/region/");
      int         length = region != NULL ? (int) (region - (const char *) l->data) : (int) strlen (l->data);

      g_ptr_array_add (lines, g_strdup_printf ("%.*s = %s\n", length, (const char *) l->data,
                                               (const char *) g_hash_table_lookup (state->values, l->data)));
    }
  g_ptr_array_sort (lines, compare_lines);
  for (guint i = 0; i < lines->len; i++)
    g_string_append (text, lines->pdata[i]);

  return g_string_free (text, FALSE);
}

static void
forget (Fixture *fixture,
        guint32  id)
{
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;

  reply = g_dbus_connection_call_sync (fixture->client, ALMU_BUS_NAME, ALMU_BUS_PATH, MANAGER, "Forget",
                                       g_variant_new ("(u)", id), NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, &error);
  g_assert_no_error (error);
}

/* One of the two, and that whole. Only what has more than the other stands
 * beside it. Says whether the new one took the place. */
static gboolean
browser_check (Browser    *browser,
               Fixture    *fixture,
               GHashTable *ids)
{
  gboolean has_kept = g_hash_table_contains (ids, GUINT_TO_POINTER (browser->kept_id));
  gboolean has_new = g_hash_table_contains (ids, GUINT_TO_POINTER (browser->new_id));

  g_test_message ("%s: %u %s, %u %s%s", browser->cookie, browser->kept_id, has_kept ? "is there" : "is gone",
                  browser->new_id, has_new ? "is there" : "is not", browser->has_more ? ", and has more" : "");
  if (has_kept)
    {
      g_autoptr(CrashState) kept = read_record (fixture, browser->kept_id);

      assert_same (kept, browser->kept);
      g_assert_true (has_new == browser->has_more);
      g_assert_cmpint (browser->fate, !=, BROWSER_END);
    }
  else
    {
      g_assert_true (has_new);
      g_assert_cmpint (browser->fate, !=, BROWSER_MIDST);
    }

  if (has_new)
    {
      g_autoptr(CrashState) built = read_record (fixture, browser->new_id);
      g_autofree char *text = print_values (built);
      g_autofree char *whole = print_values (browser->kept);
      g_autofree char *more = g_strdup_printf ("= point %d 100 ", 100 + browser->n_more);

      g_assert_true (!browser->has_more || strstr (text, more) != NULL);
      if (!has_kept && !browser->has_more)
        g_assert_cmpstr (text, ==, whole);
    }

  if (has_kept && has_new)
    forget (fixture, browser->new_id);
  if (has_kept)
    return FALSE;

  browser->kept_id = browser->new_id;
  crash_state_free (browser->kept);
  browser->kept = read_record (fixture, browser->kept_id);

  return TRUE;
}

static guint
rebuild_and_kill (Fixture *fixture,
                  Browser *browsers)
{
  g_autoptr(GHashTable) ids = NULL;
  guint n_replaced = 0;

  for (int i = 0; i < N_BROWSERS; i++)
    browser_connect (&browsers[i], fixture);
  for (int i = 0; i < N_BROWSERS; i++)
    browser_await_order (&browsers[i]);
  for (int i = 0; i < N_BROWSERS; i++)
    {
      browsers[i].fate = i == 0 ? BROWSER_END : (i == 1 ? BROWSER_MIDST : BROWSER_ANYWHERE);
      browser_rebuild (&browsers[i]);
      if (browsers[i].fate == BROWSER_END)
        await_replaced (fixture, browsers[i].kept_id);
    }
  almu_test_let_pass (3000);
  kill_service (fixture);
  for (int i = 0; i < N_BROWSERS; i++)
    g_clear_pointer (&browsers[i].viewer, almu_test_viewer_free);

  start (fixture);
  ids = list_sessions (fixture);
  for (int i = 0; i < N_BROWSERS; i++)
    n_replaced += browser_check (&browsers[i], fixture, ids);

  return n_replaced;
}

static void
test_rebuild_page (Fixture      *fixture,
                   gconstpointer user_data)
{
  Browser browsers[N_BROWSERS] = { 0 };
  int     n_rounds = almu_test_is_slow () ? N_ROUNDS * SLOWER : N_ROUNDS;
  guint   n_replaced = 0;

  for (int i = 0; i < N_BROWSERS; i++)
    browser_begin (&browsers[i], fixture, i);
  kill_service (fixture);
  for (int i = 0; i < N_BROWSERS; i++)
    g_clear_pointer (&browsers[i].viewer, almu_test_viewer_free);
  start (fixture);

  for (int round = 0; round < n_rounds; round++)
    n_replaced += rebuild_and_kill (fixture, browsers);
  g_test_message ("%u of %d were replaced before the end", n_replaced, n_rounds * N_BROWSERS);

  for (int i = 0; i < N_BROWSERS; i++)
    browser_end (&browsers[i]);
}

#define add_test(path, func) g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  if (almu_test_lacks_bus ())
    return 0;

  add_test ("/daemon/rebuild/resume", test_rebuild_resume);
  add_test ("/daemon/rebuild/page", test_rebuild_page);

  return g_test_run ();
}
