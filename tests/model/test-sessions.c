/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-error.h"
#include "almu-limits.h"
#include "almu-sessions.h"
#include "almu-test.h"

typedef struct
{
  char         *folder_path;
  AlmuFolder   *folder;
  AlmuCache    *cache;
  AlmuSessions *sessions;
  guint         n_added;
  guint         n_removed;
} Fixture;

static void
on_added (AlmuSessions *sessions,
          AlmuSession  *session,
          Fixture      *fixture)
{
  g_assert_true (almu_sessions_lookup (sessions, almu_session_get_id (session)) == session);
  fixture->n_added++;
}

static void
on_removed (AlmuSessions *sessions,
            AlmuSession  *session,
            Fixture      *fixture)
{
  g_assert_null (almu_sessions_lookup (sessions, almu_session_get_id (session)));
  fixture->n_removed++;
}

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer grace)
{
  fixture->folder_path = almu_test_make_folder ();
  fixture->folder = almu_folder_new (fixture->folder_path, NULL, NULL);
  fixture->cache = almu_cache_new (1024 * 1024);
  fixture->sessions = almu_sessions_new (fixture->folder, fixture->cache, GPOINTER_TO_UINT (grace));
  g_signal_connect (fixture->sessions, "session-added", G_CALLBACK (on_added), fixture);
  g_signal_connect (fixture->sessions, "session-removed", G_CALLBACK (on_removed), fixture);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer grace)
{
  almu_test_await_finalize (g_steal_pointer (&fixture->sessions));
  almu_test_await_finalize (g_steal_pointer (&fixture->cache));
  almu_test_await_finalize (g_steal_pointer (&fixture->folder));
  almu_test_remove_folder (fixture->folder_path);
  g_free (fixture->folder_path);
}

static void
test_sessions_ids (Fixture      *fixture,
                   gconstpointer grace)
{
  g_autoptr(GHashTable) seen = g_hash_table_new (NULL, NULL);

  for (int i = 0; i < 100; i++)
    {
      AlmuSession *session = almu_sessions_create (fixture->sessions, 0, NULL);

      g_assert_cmpuint (almu_session_get_id (session), !=, 0);
      g_assert_true (g_hash_table_add (seen, GUINT_TO_POINTER (almu_session_get_id (session))));
    }
  g_assert_cmpuint (almu_session_get_id (almu_sessions_create (fixture->sessions, G_MAXUINT32, NULL)), ==, G_MAXUINT32);
  g_assert_null (almu_sessions_lookup (fixture->sessions, 0));
  g_assert_cmpuint (fixture->n_added, ==, 101);
  g_assert_cmpuint (almu_sessions_count (fixture->sessions, ALMU_SESSION_DETACHED), ==, 101);
}

static void
test_sessions_end (Fixture      *fixture,
                   gconstpointer grace)
{
  g_autoptr(AlmuSession) session = g_object_ref (almu_sessions_create (fixture->sessions, 5, NULL));
  g_autoptr(GPtrArray) none = NULL;

  almu_session_attach (session, "127.0.0.1");
  g_assert_cmpuint (almu_sessions_count (fixture->sessions, ALMU_SESSION_ATTACHED), ==, 1);
  almu_sessions_end (fixture->sessions, session);
  g_assert_cmpint (almu_session_get_state (session), ==, ALMU_SESSION_CLOSED);
  g_assert_cmpuint (fixture->n_removed, ==, 1);

  /* twice is once */
  almu_sessions_end (fixture->sessions, session);
  g_assert_cmpuint (fixture->n_removed, ==, 1);
  none = almu_sessions_list (fixture->sessions);
  g_assert_cmpuint (none->len, ==, 0);
}

static void
test_sessions_limit (Fixture      *fixture,
                     gconstpointer grace)
{
  g_autoptr(GError) error = NULL;

  for (int i = 0; i < ALMU_LIMIT_SESSIONS; i++)
    g_assert_nonnull (almu_sessions_create (fixture->sessions, 0, NULL));
  g_assert_null (almu_sessions_create (fixture->sessions, 0, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);

  almu_sessions_park_all (fixture->sessions);
  g_assert_cmpuint (fixture->n_removed, ==, ALMU_LIMIT_SESSIONS);
  g_assert_nonnull (almu_sessions_create (fixture->sessions, 0, NULL));
}

static gboolean
is_removed (gpointer user_data)
{
  return ((Fixture *) user_data)->n_removed > 0;
}

static void
test_sessions_grace (Fixture      *fixture,
                     gconstpointer grace)
{
  g_autoptr(AlmuSession) leaves = g_object_ref (almu_sessions_create (fixture->sessions, 1, NULL));
  AlmuSession *stays = almu_sessions_create (fixture->sessions, 2, NULL);

  almu_session_attach (leaves, "127.0.0.1");
  almu_session_attach (stays, "127.0.0.1");
  almu_session_detach (leaves);
  almu_session_detach (stays);
  almu_session_attach (stays, "127.0.0.1");
  almu_test_await (is_removed, fixture);
  g_assert_null (almu_sessions_lookup (fixture->sessions, 1));
  g_assert_true (almu_sessions_lookup (fixture->sessions, 2) == stays);
  g_assert_cmpint (almu_session_get_state (leaves), ==, ALMU_SESSION_PARKED);
}

static void
test_sessions_forget (Fixture      *fixture,
                      gconstpointer grace)
{
  AlmuSession *session = almu_sessions_create (fixture->sessions, 5, NULL);
  g_autoptr(GError) error = NULL;

  g_assert_false (almu_sessions_forget (fixture->sessions, 6, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND);
  g_clear_error (&error);

  almu_session_attach (session, "127.0.0.1");
  g_assert_false (almu_sessions_forget (fixture->sessions, 5, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_REFUSED);
  g_clear_error (&error);

  almu_session_detach (session);
  g_assert_true (almu_sessions_forget (fixture->sessions, 5, &error));
  g_assert_no_error (error);
}

#define add_test(path, func, grace) \
  g_test_add (path, Fixture, GUINT_TO_POINTER (grace), fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/model/sessions/ids", test_sessions_ids, 3600);
  add_test ("/model/sessions/end", test_sessions_end, 3600);
  add_test ("/model/sessions/limit", test_sessions_limit, 3600);
  add_test ("/model/sessions/grace", test_sessions_grace, 0);
  add_test ("/model/sessions/forget", test_sessions_forget, 3600);

  return g_test_run ();
}
