/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <unistd.h>

#include "bus-fixture.h"

/* The service as a whole: Manager1. */

static void
test_manager_properties (Fixture      *fixture,
                         gconstpointer user_data)
{
  g_autoptr(AlmuPageAddress) address = almu_page_address_new ("http://localhost:3003", "secret");
  AlmuSession *session;

  assert_property (fixture, ALMU_BUS_PATH, MANAGER, "Version", "'" ALMU_VERSION "'");
  assert_property (fixture, ALMU_BUS_PATH, MANAGER, "Address", "'http://localhost:3002/p/'");
  assert_property (fixture, ALMU_BUS_PATH, MANAGER, "Sessions", "{'attached': 0, 'detached': 0}");

  almu_bus_set_page_address (fixture->bus, address);
  await_change (fixture, ALMU_BUS_PATH, MANAGER, "Address", "'http://localhost:3003/'");
  almu_bus_set_page_address (fixture->bus, NULL);
  await_change (fixture, ALMU_BUS_PATH, MANAGER, "Address", "''");

  session = create_session (fixture, 5);
  await_change (fixture, ALMU_BUS_PATH, MANAGER, "Sessions", "{'attached': 0, 'detached': 1}");
  almu_session_attach (session, "here");
  await_change (fixture, ALMU_BUS_PATH, MANAGER, "Sessions", "{'attached': 1, 'detached': 0}");
  almu_session_detach (session);
  await_change (fixture, ALMU_BUS_PATH, MANAGER, "Sessions", "{'attached': 0, 'detached': 1}");
  almu_sessions_end (fixture->sessions, session);
  await_change (fixture, ALMU_BUS_PATH, MANAGER, "Sessions", "{'attached': 0, 'detached': 0}");
}

static GVariant *
open_arguments (const char *const *uris,
                GVariant          *options)
{
  return g_variant_new ("(^as@a{sv})", uris, options);
}

static void
check_open (Fixture           *fixture,
            const char *const *uris,
            const char        *expected_query)
{
  g_autoptr(GVariant) reply = NULL;
  g_autofree char *expected = NULL;
  AlmuSession     *session;
  guint32          id;
  const char      *url;

  reply = call_well (fixture, ALMU_BUS_PATH, MANAGER, "Open", open_arguments (uris, no_options ()));
  g_variant_get (reply, "(u&s)", &id, &url);

  expected = g_strdup_printf ("http://localhost:3002/p/s/%u/?token=secret%s", id, expected_query);
  g_assert_cmpstr (url, ==, expected);

  session = almu_sessions_lookup (fixture->sessions, id);
  g_assert_nonnull (session);
  g_assert_cmpint (almu_session_get_state (session), ==, ALMU_SESSION_DETACHED);
  g_assert_cmpuint (almu_session_list_files (session)->len, ==, 0);
}

static void
test_open (Fixture      *fixture,
           gconstpointer user_data)
{
  g_autofree char *cube = uri_of (fixture, "top/cube.fits");
  g_autofree char *plain = g_build_filename (fixture->base, "top/sub/plain é.fits", NULL);
  g_autofree char *linked = uri_of (fixture, "link/sub/../two.fits");
  g_autofree char *sub = uri_of (fixture, "top/sub/");
  g_autofree char *top = uri_of (fixture, "link");

  check_open (fixture, (const char *[]){ cube, NULL }, "&file=cube.fits");
  check_open (fixture, (const char *[]){ plain, NULL }, "&file=sub/plain%20%C3%A9.fits");
  check_open (fixture, (const char *[]){ "a,b.fits", NULL }, "&file=a%2Cb.fits");
  check_open (fixture, (const char *[]){ linked, "./cube.fits", plain, NULL },
              "&files=two.fits%2Ccube.fits%2Csub/plain%20%C3%A9.fits");
  check_open (fixture, (const char *[]){ NULL }, "");
  check_open (fixture, (const char *[]){ sub, NULL }, "&folder=sub");
  check_open (fixture, (const char *[]){ top, NULL }, "");
  g_assert_cmpuint (almu_sessions_count (fixture->sessions, ALMU_SESSION_DETACHED), ==, 7);
}

static void
check_open_error (Fixture           *fixture,
                  const char *const *uris,
                  const char        *name,
                  const char        *part)
{
  call_badly (fixture, ALMU_BUS_PATH, MANAGER, "Open", open_arguments (uris, no_options ()), name, part);
}

static void
test_open_errors (Fixture      *fixture,
                  gconstpointer user_data)
{
  g_autofree char *cube = uri_of (fixture, "top/cube.fits");
  g_autofree char *missing = uri_of (fixture, "top/missing.fits");
  g_autofree char *outside = uri_of (fixture, "outside.fits");
  g_autofree char *escape = g_build_filename (fixture->base, "top", "escape.fits", NULL);
  g_autofree char *beside = g_strconcat (fixture->base, "/topping.fits", NULL);
  g_autoptr(GPtrArray) many = g_ptr_array_new ();

  g_assert_cmpint (symlink ("../outside.fits", escape), ==, 0);

  check_open_error (fixture, (const char *[]){ cube, missing, NULL }, "NotFound", missing);
  check_open_error (fixture, (const char *[]){ "nowhere/a.fits", NULL }, "NotFound", "nowhere/a.fits");
  check_open_error (fixture, (const char *[]){ "cube.fits/a", NULL }, "NotFound", "cube.fits/a");
  check_open_error (fixture, (const char *[]){ outside, NULL }, "Refused", outside);
  check_open_error (fixture, (const char *[]){ outside, NULL }, "Refused", "top-level folder");
  check_open_error (fixture, (const char *[]){ "/nowhere/at/all", NULL }, "Refused", "/nowhere/at/all");
  check_open_error (fixture, (const char *[]){ "../outside.fits", NULL }, "Refused", "../outside.fits");
  check_open_error (fixture, (const char *[]){ beside, NULL }, "Refused", "topping.fits");
  check_open_error (fixture, (const char *[]){ "escape.fits", NULL }, "Refused", "escape.fits");
  check_open_error (fixture, (const char *[]){ "sub", cube, NULL }, "Refused", "folder");
  check_open_error (fixture, (const char *[]){ "", NULL }, "Format", "empty");
  check_open_error (fixture, (const char *[]){ "file:/nowhere/at/all", NULL }, "Refused", "file:/nowhere/at/all");
  check_open_error (fixture, (const char *[]){ "file:///%zz", NULL }, "Format", "%zz");
  check_open_error (fixture, (const char *[]){ "file:///%ff", NULL }, "Refused", "%ff");
  check_open_error (fixture, (const char *[]){ "http://localhost/cube.fits", NULL }, "Unsupported", "http://");
  check_open_error (fixture, (const char *[]){ "file://elsewhere/cube.fits", NULL }, "Unsupported", "elsewhere");
  check_open_error (fixture, (const char *[]){ cube, "a,b.fits", NULL }, "Unsupported", "a,b.fits");

  for (guint i = 0; i <= ALMU_LIMIT_FILES; i++)
    g_ptr_array_add (many, cube);
  g_ptr_array_add (many, NULL);
  check_open_error (fixture, (const char *const *) many->pdata, "Limit", "513");

  call_badly (fixture, ALMU_BUS_PATH, MANAGER, "Open",
              open_arguments ((const char *[]){ cube, NULL }, one_option ("zoom", g_variant_new_double (2))),
              "Unsupported", "zoom");

  almu_bus_set_page_address (fixture->bus, NULL);
  check_open_error (fixture, (const char *[]){ cube, NULL }, "NotFound", "does not listen");

  g_assert_cmpuint (almu_sessions_count (fixture->sessions, ALMU_SESSION_DETACHED), ==, 0);
  assert_objects (fixture, "");
}

static void
test_open_too_many (Fixture      *fixture,
                    gconstpointer user_data)
{
  for (guint i = 0; i < ALMU_LIMIT_SESSIONS; i++)
    create_session (fixture, 0);

  check_open_error (fixture, (const char *[]){ "cube.fits", NULL }, "Limit", "1024 sessions");
}

/* The bus may leave while somebody waits. */
static void
test_open_while_leaving (Fixture      *fixture,
                         gconstpointer user_data)
{
  const char *const uris[] = { "cube.fits", NULL };
  g_autoptr(GAsyncResult) result = NULL;
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;

  lock_gate ();
  begin_call (fixture, ALMU_BUS_PATH, MANAGER, "Open", open_arguments (uris, no_options ()), &result);
  /* answered in turn: the request has been taken when this returns */
  assert_property (fixture, ALMU_BUS_PATH, MANAGER, "Version", "'" ALMU_VERSION "'");
  almu_bus_unexport (fixture->bus);
  unlock_gate ();

  reply = g_dbus_connection_call_finish (fixture->client, await_result (&result), &error);
  g_assert_no_error (error);
}

static char *
describe (AlmuSession *session,
          const char  *title,
          const char  *state,
          const char  *peer,
          const char  *files)
{
  gint64 created;

  g_object_get (session, "created", &created, NULL);

  return g_strdup_printf ("{'id': <uint32 %u>, 'title': <'%s'>, 'state': <'%s'>, 'created': <int64 %" G_GINT64_FORMAT
                          ">, 'last-seen': <int64 %" G_GINT64_FORMAT ">, 'n-files': <uint32 %u>, 'n-regions': <uint32 %u>, "
                          "'peer': <'%s'>, 'files': <%s>}",
                          almu_session_get_id (session), title, state, created,
                          almu_session_get_last_seen (session), almu_session_list_files (session)->len,
                          almu_session_get_n_regions (session), peer, files);
}

static void
test_list_sessions (Fixture      *fixture,
                    gconstpointer user_data)
{
  AlmuSession     *full, *empty;
  g_autofree char *cube = uri_of (fixture, "top/cube.fits");
  g_autofree char *plain = uri_of (fixture, "top/sub/plain é.fits");
  g_autofree char *uris = g_strdup_printf ("['%s', '%s']", cube, plain);
  g_autofree char *none = list_sessions (fixture, no_options ());
  g_autofree char *all = NULL;
  g_autofree char *attached = NULL;
  g_autofree char *closed = NULL;
  g_autofree char *expected = NULL;
  g_autofree char *full_text = NULL;
  g_autofree char *empty_text = NULL;

  g_assert_cmpstr (none, ==, "([],)");

  full = create_full_session (fixture);
  open_file (full, 2, "sub", "plain é.fits");
  empty = create_session (fixture, 4);
  almu_session_attach (full, "10.0.0.1");

  all = list_sessions (fixture, no_options ());
  full_text = describe (full, "cube.fits and 1 more", "attached", "10.0.0.1", uris);
  empty_text = describe (empty, "", "detached", "", "@as []");
  g_assert_nonnull (strstr (all, full_text));
  g_assert_nonnull (strstr (all, empty_text));

  attached = list_sessions (fixture, one_option ("state", g_variant_new_string ("attached")));
  expected = g_strdup_printf ("([%s],)", full_text);
  g_assert_cmpstr (attached, ==, expected);
  closed = list_sessions (fixture, one_option ("state", g_variant_new_string ("closed")));
  g_assert_cmpstr (closed, ==, "([],)");

  call_badly (fixture, ALMU_BUS_PATH, MANAGER, "ListSessions",
              g_variant_new ("(@a{sv})", one_option ("owner", g_variant_new_string ("me"))),
              "Unsupported", "owner");
  call_badly (fixture, ALMU_BUS_PATH, MANAGER, "ListSessions",
              g_variant_new ("(@a{sv})", one_option ("state", g_variant_new_int32 (1))),
              "Format", "state");
}

static void
check_resume (Fixture    *fixture,
              guint32     id,
              const char *expected)
{
  g_autoptr(GVariant) reply = NULL;
  const char *url;

  reply = call_well (fixture, ALMU_BUS_PATH, MANAGER, "Resume", g_variant_new ("(u)", id));
  g_variant_get (reply, "(&s)", &url);
  g_assert_cmpstr (url, ==, expected);
}

static void
test_resume (Fixture      *fixture,
             gconstpointer user_data)
{
  g_autoptr(AlmuFileName) second = almu_file_name_new ("", "two.fits", "1", 0);
  AlmuSession *session = create_session (fixture, 5);

  check_resume (fixture, 5, "http://localhost:3002/p/s/5/?token=secret");
  open_file (session, 0, "./sub/", "plain é.fits");
  check_resume (fixture, 5, "http://localhost:3002/p/s/5/?token=secret&file=sub/plain%20%C3%A9.fits");
  almu_session_take_file (session, almu_file_new (1, second));
  check_resume (fixture, 5,
                "http://localhost:3002/p/s/5/?token=secret&files=sub/plain%20%C3%A9.fits%2Ctwo.fits%5B1%5D");

  open_file (session, 2, "", "a,b.fits");
  call_badly (fixture, ALMU_BUS_PATH, MANAGER, "Resume", g_variant_new ("(u)", 5), "Unsupported", "a,b.fits");
  call_badly (fixture, ALMU_BUS_PATH, MANAGER, "Resume", g_variant_new ("(u)", 6), "NotFound", "session 6");
  call_badly (fixture, ALMU_BUS_PATH, MANAGER, "Resume", g_variant_new ("(u)", 0), "NotFound", "session 0");

  almu_bus_set_page_address (fixture->bus, NULL);
  call_badly (fixture, ALMU_BUS_PATH, MANAGER, "Resume", g_variant_new ("(u)", 5), "NotFound", "does not listen");
}

static void
test_forget (Fixture      *fixture,
             gconstpointer user_data)
{
  AlmuSession *session = create_full_session (fixture);

  almu_session_attach (session, "here");
  call_badly (fixture, ALMU_BUS_PATH, MANAGER, "Forget", g_variant_new ("(u)", 5), "Refused", "Session 5");
  g_assert_nonnull (almu_sessions_lookup (fixture->sessions, 5));

  almu_session_detach (session);
  call_simply (fixture, ALMU_BUS_PATH, MANAGER, "Forget", g_variant_new ("(u)", 5));
  g_assert_null (almu_sessions_lookup (fixture->sessions, 5));
  assert_objects (fixture, "");

  call_badly (fixture, ALMU_BUS_PATH, MANAGER, "Forget", g_variant_new ("(u)", 5), "NotFound", "session 5");
}

static void
on_quit (AlmuBus *bus,
         Fixture *fixture)
{
  fixture->has_quit = TRUE;
}

static void
test_quit (Fixture      *fixture,
           gconstpointer user_data)
{
  g_signal_connect (fixture->bus, "quit", G_CALLBACK (on_quit), fixture);

  call_simply (fixture, ALMU_BUS_PATH, MANAGER, "Quit", NULL);
  g_assert_true (fixture->has_quit);
}

static void
add_tests (void)
{
  add_test ("/bus/manager/properties", test_manager_properties);
  add_test ("/bus/manager/open", test_open);
  add_test ("/bus/manager/open/errors", test_open_errors);
  add_test ("/bus/manager/open/too-many", test_open_too_many);
  add_test ("/bus/manager/open/while-leaving", test_open_while_leaving);
  add_test ("/bus/manager/list-sessions", test_list_sessions);
  add_test ("/bus/manager/resume", test_resume);
  add_test ("/bus/manager/forget", test_forget);
  add_test ("/bus/manager/quit", test_quit);
}

int
main (int   argc,
      char *argv[])
{
  return run_bus_tests (&argc, &argv, add_tests);
}
