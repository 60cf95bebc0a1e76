/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "bus-fixture.h"

#include "almu-error.h"
#include "almu-test-archive.h"

/* Sessions that are kept, and the text in which they are written down. */

static AlmuTestArchive *
add_archive (Fixture *fixture)
{
  g_autoptr(AlmuTestArchive) archive = almu_test_archive_new ();

  almu_sessions_set_archive (fixture->sessions, ALMU_ARCHIVE (archive));

  return archive;
}

/* -- records of our own: "ID:NAME,NAME…" --------------------------------- */

static char *
write_record (const AlmuMemento *memento)
{
  GString *text = g_string_new (NULL);

  g_string_printf (text, "%u:", memento->id);
  for (guint i = 0; i < memento->files->len; i++)
    {
      const AlmuFileWish *wish = memento->files->pdata[i];

      g_string_append_printf (text, "%s%s", i > 0 ? "," : "", wish->name->name);
    }

  return g_string_free (text, FALSE);
}

static AlmuMemento *
read_record (const char *text,
             GError    **error)
{
  g_auto(GStrv) parts = g_strsplit (text, ":", 2);
  g_auto(GStrv) names = NULL;
  AlmuMemento *memento;

  if (g_strv_length (parts) != 2)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, "“%s” is no record", text);
      return NULL;
    }

  memento = almu_memento_new ((guint32) g_ascii_strtoull (parts[0], NULL, 10));
  memento->title = g_strdup ("as it was");
  memento->last_region_id = 9;
  names = g_strsplit (parts[1], ",", -1);
  for (guint i = 0; names[i] != NULL; i++)
    {
      /* a name of no letters is a file twice */
      AlmuFileWish *wish = almu_file_wish_new (*names[i] != '\0' ? (int) i + 1 : 1);

      wish->name = almu_file_name_new ("", names[i], "", 0);
      wish->label = g_strdup (names[i]);
      g_ptr_array_add (memento->files, wish);
    }

  return memento;
}

static void
fixture_set_up_records (Fixture      *fixture,
                        gconstpointer user_data)
{
  fixture_set_up_exported (fixture, user_data);
  almu_bus_set_records (fixture->bus, write_record, read_record);
}

/* -- kept sessions ------------------------------------------------------- */

static void
test_kept_list (Fixture      *fixture,
                gconstpointer user_data)
{
  AlmuTestArchive *archive = add_archive (fixture);
  g_autofree char *all = NULL;
  g_autofree char *parked = NULL;
  g_autofree char *closed = NULL;
  AlmuMemento     *memento;

  almu_test_archive_add (archive, 7, "new", 200);
  memento = almu_test_archive_add (archive, 8, "old", 100);
  memento->epoch = G_MAXUINT;
  g_free (memento->state);
  memento->state = g_strdup ("closed");
  /* as a process leaves it that is killed */
  memento = almu_test_archive_add (archive, 9, "older", 50);
  g_free (memento->state);
  memento->state = g_strdup ("attached");
  /* what is in memory speaks for itself */
  almu_test_archive_add (archive, 5, "not this", 300);
  create_session (fixture, 5);

  all = list_sessions (fixture, no_options ());
  g_assert_null (strstr (all, "not this"));
  g_assert_nonnull (strstr (all, "{'id': <uint32 7>, 'title': <'new'>, 'state': <'parked'>, 'created': <int64 0>, "
                                 "'last-seen': <int64 200>, 'n-files': <uint32 1>, 'n-regions': <uint32 0>}"));

  parked = list_sessions (fixture, one_option ("state", g_variant_new_string ("parked")));
  g_assert_nonnull (strstr (parked, "'new'"));
  g_assert_nonnull (strstr (parked, "'older'"));
  g_assert_null (strstr (parked, "'old'"));
  g_assert_cmpint (strstr (parked, "'new'") - parked, <, strstr (parked, "'older'") - parked);

  closed = list_sessions (fixture, one_option ("state", g_variant_new_string ("closed")));
  g_assert_nonnull (strstr (closed, "'n-regions': <uint32 0>, 'suspect': <true>}"));

  almu_test_archive_set_broken (archive, TRUE);
  call_badly (fixture, ALMU_BUS_PATH, MANAGER, "ListSessions", g_variant_new ("(@a{sv})", no_options ()),
              "org.freedesktop.DBus.Error.IOError", "broken");
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
test_kept_resume (Fixture      *fixture,
                  gconstpointer user_data)
{
  AlmuTestArchive *archive = add_archive (fixture);
  AlmuSession     *session;

  almu_test_archive_add (archive, 4000000000, "kept", 1);
  check_resume (fixture, 4000000000, "http://localhost:3002/p/?token=secret&workspace=Session%204000000000");

  /* one in memory, before it is written down, and with a page */
  session = create_full_session (fixture);
  check_resume (fixture, 5, "http://localhost:3002/p/?token=secret&workspace=Session%205");
  almu_session_attach (session, "here");
  check_resume (fixture, 5, "http://localhost:3002/p/?token=secret&workspace=Session%205");

  /* nothing to build up */
  almu_test_archive_add (archive, 6, "kept", 1);
  create_session (fixture, 6);
  check_resume (fixture, 6, "http://localhost:3002/p/s/6/?token=secret");

  call_badly (fixture, ALMU_BUS_PATH, MANAGER, "Resume", g_variant_new ("(u)", 3), "NotFound", "session 3");
  almu_bus_set_page_address (fixture->bus, NULL);
  call_badly (fixture, ALMU_BUS_PATH, MANAGER, "Resume", g_variant_new ("(u)", 4000000000), "NotFound", "does not listen");
}

static void
test_kept_forget (Fixture      *fixture,
                  gconstpointer user_data)
{
  AlmuTestArchive *archive = add_archive (fixture);

  almu_test_archive_add (archive, 5, "in memory too", 1);
  create_session (fixture, 5);
  almu_test_archive_add (archive, 7, "kept", 1);

  almu_test_archive_set_broken (archive, TRUE);
  call_badly (fixture, ALMU_BUS_PATH, MANAGER, "Forget", g_variant_new ("(u)", 7),
              "org.freedesktop.DBus.Error.IOError", "broken");
  almu_test_archive_set_broken (archive, FALSE);

  call_simply (fixture, ALMU_BUS_PATH, MANAGER, "Forget", g_variant_new ("(u)", 7));
  call_simply (fixture, ALMU_BUS_PATH, MANAGER, "Forget", g_variant_new ("(u)", 5));
  g_assert_false (almu_archive_contains (ALMU_ARCHIVE (archive), 5));
  g_assert_false (almu_archive_contains (ALMU_ARCHIVE (archive), 7));
  g_assert_null (almu_sessions_lookup (fixture->sessions, 5));

  call_badly (fixture, ALMU_BUS_PATH, MANAGER, "Forget", g_variant_new ("(u)", 7), "NotFound", "7");
}

/* -- records ------------------------------------------------------------- */

static void
check_state (Fixture    *fixture,
             const char *path,
             const char *interface,
             GVariant   *arguments,
             const char *expected)
{
  g_autoptr(GVariant) reply = call_well (fixture, path, interface, "GetState", arguments);
  const char *text;

  g_variant_get (reply, "(&s)", &text);
  g_assert_cmpstr (text, ==, expected);
}

static void
test_records_get (Fixture      *fixture,
                  gconstpointer user_data)
{
  AlmuTestArchive *archive = add_archive (fixture);

  create_full_session (fixture);
  almu_test_archive_add (archive, 7, "kept", 1);

  check_state (fixture, S5, SESSION, NULL, "5:cube.fits");
  check_state (fixture, ALMU_BUS_PATH, MANAGER, g_variant_new ("(u)", 5), "5:cube.fits");
  check_state (fixture, ALMU_BUS_PATH, MANAGER, g_variant_new ("(u)", 7), "7:a.fits");
  call_badly (fixture, ALMU_BUS_PATH, MANAGER, "GetState", g_variant_new ("(u)", 8), "NotFound", "8");
}

/* What is half back is told as it is kept. */
static void
test_records_get_early (Fixture      *fixture,
                        gconstpointer user_data)
{
  AlmuTestArchive *archive = add_archive (fixture);
  AlmuSession     *session = create_session (fixture, 5);
  g_autoptr(AlmuMemento) memento = almu_memento_new (5);

  almu_test_archive_add (archive, 5, "kept", 1);
  almu_session_recall (session, memento);
  check_state (fixture, S5, SESSION, NULL, "5:a.fits");
  call_badly (fixture, S5, SESSION, "SetState", g_variant_new ("(s)", "5:"), "Refused", "brought back");
  almu_session_end_recall (session);
  check_state (fixture, S5, SESSION, NULL, "5:");
}

static void
on_commit (AlmuSession *session,
           guint       *n_commits)
{
  (*n_commits)++;
}

static void
test_records_set (Fixture      *fixture,
                  gconstpointer user_data)
{
  AlmuSession *session = create_full_session (fixture);
  guint        n_commits = 0;
  g_autoptr(AlmuMemento) before = almu_session_describe (session);
  g_autoptr(AlmuMemento) after = NULL;

  g_signal_connect (session, "commit", G_CALLBACK (on_commit), &n_commits);
  call_simply (fixture, S5, SESSION, "SetState", g_variant_new ("(s)", "77:two.fits,gone.fits"));
  g_assert_cmpuint (n_commits, >, 0);
  g_signal_handlers_disconnect_by_data (session, &n_commits);

  /* it is still the same session, on other files */
  after = almu_session_describe (session);
  g_assert_cmpuint (after->id, ==, 5);
  g_assert_cmpint (after->created, ==, before->created);
  g_assert_cmpuint (after->epoch, >, before->epoch);
  g_assert_cmpint (after->last_region_id, ==, 9);
  check_state (fixture, S5, SESSION, NULL, "5:two.fits,gone.fits");
  assert_objects (fixture, "/sessions/5 /sessions/5/files/1 /sessions/5/files/2");
  assert_property (fixture, F1, "io.github.almucantar.Almucantar.File1", "State", "'open'");
  assert_property (fixture, S5 "/files/2", "io.github.almucantar.Almucantar.File1", "State", "'unavailable'");
  assert_property (fixture, S5, SESSION, "State", "'detached'");
}

static void
test_records_set_errors (Fixture      *fixture,
                         gconstpointer user_data)
{
  AlmuSession *session = create_full_session (fixture);

  call_badly (fixture, S5, SESSION, "SetState", g_variant_new ("(s)", "nothing"), "Format", "nothing");
  call_badly (fixture, S5, SESSION, "SetState", g_variant_new ("(s)", "5:a.fits,,"), "Format", "two files");
  check_state (fixture, S5, SESSION, NULL, "5:cube.fits");
  assert_property (fixture, S5, SESSION, "Title", "'cube.fits'");
  assert_objects (fixture, "/sessions/5 /sessions/5/files/1 /sessions/5/files/1/regions/3");

  almu_session_attach (session, "here");
  call_badly (fixture, S5, SESSION, "SetState", g_variant_new ("(s)", "5:two.fits"), "Refused", "Session 5");

  almu_bus_set_records (fixture->bus, NULL, NULL);
  call_badly (fixture, S5, SESSION, "GetState", NULL, "Unsupported", "no records");
  call_badly (fixture, S5, SESSION, "SetState", g_variant_new ("(s)", "5:"), "Unsupported", "no records");
}

/* The session goes while its files are opened. */
static void
test_records_set_closed (Fixture      *fixture,
                         gconstpointer user_data)
{
  AlmuSession *session = create_session (fixture, 5);
  g_autoptr(GAsyncResult) result = NULL;
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;

  lock_gate ();
  begin_call (fixture, S5, SESSION, "SetState", g_variant_new ("(s)", "5:two.fits"), &result);
  /* answered in turn: the request has been taken when this returns */
  assert_property (fixture, ALMU_BUS_PATH, MANAGER, "Version", "'" ALMU_VERSION "'");
  almu_sessions_end (fixture->sessions, session);
  unlock_gate ();

  reply = g_dbus_connection_call_finish (fixture->client, await_result (&result), &error);
  g_assert_null (reply);
  g_assert_nonnull (error);
  assert_objects (fixture, "");
}

#define add_record_test(path, func) \
  g_test_add (path, Fixture, NULL, fixture_set_up_records, func, fixture_tear_down)

static void
add_tests (void)
{
  add_test ("/bus/kept/list", test_kept_list);
  add_test ("/bus/kept/resume", test_kept_resume);
  add_test ("/bus/kept/forget", test_kept_forget);
  add_record_test ("/bus/records/get", test_records_get);
  add_record_test ("/bus/records/get-early", test_records_get_early);
  add_record_test ("/bus/records/set", test_records_set);
  add_record_test ("/bus/records/set/errors", test_records_set_errors);
  add_record_test ("/bus/records/set/closed", test_records_set_closed);
}

int
main (int   argc,
      char *argv[])
{
  return run_bus_tests (&argc, &argv, add_tests);
}
