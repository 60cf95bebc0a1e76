/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-errand.h"
#include "almu-test.h"
#include "almu-workers.h"

/* Requests are words, results strings that are counted. */

typedef struct
{
  GObject     *source;
  AlmuErrands *errands;
} Fixture;

typedef struct
{
  GCancellable *cancellable;
  GString      *heard; /* a digit for each report */
  GCancellable *takes_along;
  gboolean      is_done;
  char         *result;
  GError       *error;
} Asker;

static const AlmuErrandKind kind = {
  g_str_hash,
  g_str_equal,
  g_free,
  (gpointer (*) (gpointer)) g_ref_string_acquire,
  (GDestroyNotify) g_ref_string_release,
};

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  fixture->source = g_object_new (G_TYPE_OBJECT, NULL);
  fixture->errands = almu_errands_new (&kind);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_test_await_finalize (g_steal_pointer (&fixture->source));
  almu_errands_free (fixture->errands);
}

static void
on_progress (gpointer so_far,
             double   progress,
             gpointer user_data)
{
  Asker *asker = user_data;

  g_string_append_printf (asker->heard, "%.0f%s", progress * 10, so_far != NULL ? (const char *) so_far : "");
  g_cancellable_cancel (asker->takes_along);
}

static void
on_done (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  Asker *asker = user_data;

  g_assert_false (asker->is_done);
  asker->is_done = TRUE;
  asker->result = g_task_propagate_pointer (G_TASK (result), &asker->error);
}

static AlmuErrand *
ask (Fixture    *fixture,
     Asker      *asker,
     const char *request,
     guint       owner)
{
  g_autoptr(GTask) task = NULL;

  *asker = (Asker){ .cancellable = g_cancellable_new (), .heard = g_string_new (NULL) };
  almu_workers_set_owner (asker->cancellable, owner);
  task = g_task_new (fixture->source, asker->cancellable, on_done, asker);

  return almu_errands_join (fixture->errands, g_strdup (request), task, on_progress, asker);
}

static gboolean
is_done (gpointer user_data)
{
  return ((Asker *) user_data)->is_done;
}

static void
asker_clear (Asker *asker)
{
  g_object_unref (asker->cancellable);
  g_string_free (asker->heard, TRUE);
  g_clear_pointer (&asker->result, g_ref_string_release);
  g_clear_error (&asker->error);
}

static void
assert_left (Asker *asker)
{
  almu_test_await (is_done, asker);
  g_assert_error (asker->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_null (asker->result);
}

static void
end (AlmuErrand *errand,
     const char *text)
{
  char *result = g_ref_string_new (text);

  almu_errand_end (errand, result, NULL);
  g_ref_string_release (result);
}

/* Who asks for the same is given the same, and told of it; who asks for
 * something else, or when it is over, is not. */
static void
test_errand_joined (Fixture      *fixture,
                    gconstpointer user_data)
{
  Asker       first, second, other, late;
  AlmuErrand *errand = ask (fixture, &first, "a", 1);
  AlmuErrand *another;

  g_assert_nonnull (errand);
  g_assert_cmpstr (almu_errand_get_request (errand), ==, "a");
  g_assert_true (almu_errand_get_source (errand) == fixture->source);
  almu_errand_report (errand, NULL, 0.1);
  g_assert_null (ask (fixture, &second, "a", 2));
  another = ask (fixture, &other, "b", 1);
  g_assert_nonnull (another);
  almu_errand_report (errand, (gpointer) "x", 0.2);
  almu_errand_report (another, NULL, 0.3);

  end (errand, "done");
  g_assert_nonnull (errand = ask (fixture, &late, "a", 1));
  almu_test_await (is_done, &first);
  almu_test_await (is_done, &second);
  g_assert_cmpstr (first.heard->str, ==, "12x");
  g_assert_cmpstr (second.heard->str, ==, "2x");
  g_assert_cmpstr (other.heard->str, ==, "3");
  g_assert_cmpstr (first.result, ==, "done");
  g_assert_true (first.result == second.result);
  g_assert_false (other.is_done || late.is_done);

  end (another, "other");
  end (errand, "late");
  almu_test_await (is_done, &other);
  almu_test_await (is_done, &late);
  g_assert_cmpstr (other.result, ==, "other");
  g_assert_cmpstr (late.result, ==, "late");
  asker_clear (&first);
  asker_clear (&second);
  asker_clear (&other);
  asker_clear (&late);
}

/* Who leaves is rid of it at once, and it goes on in the name of who stays. */
static void
test_errand_one_leaves (Fixture      *fixture,
                        gconstpointer user_data)
{
  Asker       first, second;
  AlmuErrand *errand = ask (fixture, &first, "a", 7);

  g_assert_cmpuint (almu_workers_get_owner (almu_errand_get_cancellable (errand)), ==, 7);
  g_assert_null (ask (fixture, &second, "a", 8));
  g_cancellable_cancel (first.cancellable);
  g_assert_false (first.is_done);
  assert_left (&first);
  g_assert_false (g_cancellable_is_cancelled (almu_errand_get_cancellable (errand)));
  g_assert_cmpuint (almu_workers_get_owner (almu_errand_get_cancellable (errand)), ==, 8);

  almu_errand_report (errand, NULL, 0.5);
  g_assert_cmpstr (first.heard->str, ==, "");
  g_assert_cmpstr (second.heard->str, ==, "5");
  end (errand, "done");
  almu_test_await (is_done, &second);
  g_assert_cmpstr (second.result, ==, "done");
  asker_clear (&first);
  asker_clear (&second);
}

/* The last who leaves ends it; who comes before it has ended begins anew. */
static void
test_errand_all_leave (Fixture      *fixture,
                       gconstpointer user_data)
{
  Asker       first, second, late;
  AlmuErrand *errand = ask (fixture, &first, "a", 1);
  AlmuErrand *next;
  g_autoptr(GError) error = g_error_new (G_IO_ERROR, G_IO_ERROR_CANCELLED, "called off");

  g_assert_null (ask (fixture, &second, "a", 2));
  g_cancellable_cancel (second.cancellable);
  g_cancellable_cancel (first.cancellable);
  g_assert_true (g_cancellable_is_cancelled (almu_errand_get_cancellable (errand)));

  next = ask (fixture, &late, "a", 3);
  g_assert_nonnull (next);
  g_assert_true (next != errand);
  almu_errand_end (errand, NULL, error);
  assert_left (&first);
  assert_left (&second);

  /* what has ended did not take its successor along */
  g_assert_false (g_cancellable_is_cancelled (almu_errand_get_cancellable (next)));
  asker_clear (&first);
  g_assert_null (ask (fixture, &first, "a", 4));
  end (next, "done");
  almu_test_await (is_done, &late);
  almu_test_await (is_done, &first);
  g_assert_cmpstr (late.result, ==, "done");
  asker_clear (&first);
  asker_clear (&second);
  asker_clear (&late);
}

static void
test_errand_never_waited (Fixture      *fixture,
                          gconstpointer user_data)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GTask) task = NULL;
  Asker asker = { .heard = g_string_new (NULL), .cancellable = g_object_ref (cancellable) };

  g_cancellable_cancel (cancellable);
  task = g_task_new (fixture->source, cancellable, on_done, &asker);
  g_assert_null (almu_errands_join (fixture->errands, g_strdup ("a"), task, on_progress, &asker));
  assert_left (&asker);
  asker_clear (&asker);
}

/* Who is told may have somebody leave, itself too: that one is told no more. */
static void
test_errand_leaves_when_told (Fixture      *fixture,
                              gconstpointer user_data)
{
  Asker       askers[4];
  AlmuErrand *errand = ask (fixture, &askers[0], "a", 1);
  g_autoptr(GError) error = g_error_new (G_IO_ERROR, G_IO_ERROR_CANCELLED, "called off");

  for (guint i = 1; i < G_N_ELEMENTS (askers); i++)
    g_assert_null (ask (fixture, &askers[i], "a", 1));
  askers[0].takes_along = askers[2].cancellable;
  askers[1].takes_along = askers[1].cancellable;
  askers[3].takes_along = askers[0].cancellable;
  almu_errand_report (errand, NULL, 0.1);
  g_assert_cmpstr (askers[0].heard->str, ==, "1");
  g_assert_cmpstr (askers[1].heard->str, ==, "1");
  g_assert_cmpstr (askers[2].heard->str, ==, "");
  g_assert_cmpstr (askers[3].heard->str, ==, "1");
  g_assert_false (g_cancellable_is_cancelled (almu_errand_get_cancellable (errand)));

  askers[3].takes_along = askers[3].cancellable;
  almu_errand_report (errand, NULL, 0.2);
  g_assert_true (g_cancellable_is_cancelled (almu_errand_get_cancellable (errand)));
  almu_errand_report (errand, NULL, 0.3);
  almu_errand_end (errand, NULL, error);
  for (guint i = 0; i < G_N_ELEMENTS (askers); i++)
    assert_left (&askers[i]);
  g_assert_cmpstr (askers[3].heard->str, ==, "12");
  for (guint i = 0; i < G_N_ELEMENTS (askers); i++)
    asker_clear (&askers[i]);
}

static void
test_errand_failed (Fixture      *fixture,
                    gconstpointer user_data)
{
  Asker       askers[3];
  AlmuErrand *errand = ask (fixture, &askers[0], "a", 1);
  g_autoptr(GError) error = g_error_new (G_IO_ERROR, G_IO_ERROR_FAILED, "no such thing");

  for (guint i = 1; i < G_N_ELEMENTS (askers); i++)
    g_assert_null (ask (fixture, &askers[i], "a", 1));
  almu_errand_end (errand, NULL, error);
  for (guint i = 0; i < G_N_ELEMENTS (askers); i++)
    {
      almu_test_await (is_done, &askers[i]);
      g_assert_error (askers[i].error, G_IO_ERROR, G_IO_ERROR_FAILED);
      g_assert_cmpstr (askers[i].error->message, ==, "no such thing");
      asker_clear (&askers[i]);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define add_test(path, func) \
  g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

  add_test ("/model/errand/joined", test_errand_joined);
  add_test ("/model/errand/one-leaves", test_errand_one_leaves);
  add_test ("/model/errand/all-leave", test_errand_all_leave);
  add_test ("/model/errand/never-waited", test_errand_never_waited);
  add_test ("/model/errand/leaves-when-told", test_errand_leaves_when_told);
  add_test ("/model/errand/failed", test_errand_failed);

  return g_test_run ();
}
