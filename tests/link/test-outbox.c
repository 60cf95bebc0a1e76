/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "almu-error.h"
#include "almu-limits.h"
#include "almu-outbox.h"
#include "almu-test.h"

#define MIB (1024 * 1024)

typedef struct
{
  AlmuOutbox *outbox;
  GBytes     *large;
  guint       n_drained;
} Fixture;

static void
on_drained (AlmuOutbox *outbox,
            gpointer    user_data)
{
  Fixture *fixture = user_data;

  fixture->n_drained++;
  g_assert_false (almu_outbox_is_full (outbox));
}

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  fixture->outbox = almu_outbox_new ();
  fixture->large = g_bytes_new_take (g_malloc0 (MIB), MIB);
  g_signal_connect (fixture->outbox, "drained", G_CALLBACK (on_drained), fixture);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_test_await_finalize (g_steal_pointer (&fixture->outbox));

  /* nothing of it is kept by anyone */
  g_assert_true (g_bytes_get_size (fixture->large) == MIB);
  g_clear_pointer (&fixture->large, g_bytes_unref);
}

static void
push (Fixture       *fixture,
      const char    *text,
      AlmuOutboxLane lane,
      guint64        key)
{
  g_autoptr(GBytes) message = g_bytes_new (text, strlen (text));
  g_autoptr(GError) error = NULL;

  g_assert_true (almu_outbox_push (fixture->outbox, message, lane, key, &error));
  g_assert_no_error (error);
}

static gboolean
push_large (Fixture *fixture,
            guint64  key)
{
  return almu_outbox_push (fixture->outbox, fixture->large, ALMU_OUTBOX_GROUP, key, NULL);
}

static void
assert_pops (Fixture    *fixture,
             const char *expected)
{
  g_autoptr(GString) popped = g_string_new (NULL);
  GBytes *message;

  while ((message = almu_outbox_pop (fixture->outbox)) != NULL)
    {
      g_string_append_len (popped, g_bytes_get_data (message, NULL), (gssize) g_bytes_get_size (message));
      g_string_append_c (popped, ' ');
      g_bytes_unref (message);
    }

  g_assert_cmpstr (popped->str, ==, expected);
  g_assert_cmpuint (almu_outbox_get_count (fixture->outbox), ==, 0);
  g_assert_cmpuint (almu_outbox_get_bytes (fixture->outbox), ==, 0);
}

static void
test_outbox_order (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_assert_null (almu_outbox_pop (fixture->outbox));

  push (fixture, "ack", ALMU_OUTBOX_ORDERED, 0);
  push (fixture, "sync", ALMU_OUTBOX_ORDERED, 0);
  push (fixture, "tile", ALMU_OUTBOX_GROUP, 1);
  push (fixture, "stats", ALMU_OUTBOX_NEWEST, 1);
  push (fixture, "error", ALMU_OUTBOX_ORDERED, 1);
  g_assert_cmpuint (almu_outbox_get_count (fixture->outbox), ==, 5);
  g_assert_cmpuint (almu_outbox_get_bytes (fixture->outbox), ==, 21);

  assert_pops (fixture, "ack sync tile stats error ");
}

static void
test_outbox_newest (Fixture      *fixture,
                    gconstpointer user_data)
{
  push (fixture, "a1", ALMU_OUTBOX_NEWEST, 1);
  push (fixture, "b1", ALMU_OUTBOX_NEWEST, G_MAXUINT64);
  push (fixture, "a2", ALMU_OUTBOX_NEWEST, 1);
  push (fixture, "c", ALMU_OUTBOX_ORDERED, 1);
  push (fixture, "a3", ALMU_OUTBOX_NEWEST, 1);
  g_assert_cmpuint (almu_outbox_get_count (fixture->outbox), ==, 3);
  g_assert_cmpuint (almu_outbox_get_bytes (fixture->outbox), ==, 5);
  assert_pops (fixture, "b1 c a3 ");

  /* what has left is not replaced */
  push (fixture, "a4", ALMU_OUTBOX_NEWEST, 1);
  assert_pops (fixture, "a4 ");
}

static void
test_outbox_groups (Fixture      *fixture,
                    gconstpointer user_data)
{
  push (fixture, "t1", ALMU_OUTBOX_GROUP, 7);
  push (fixture, "u1", ALMU_OUTBOX_GROUP, 8);
  push (fixture, "p", ALMU_OUTBOX_NEWEST, 7);
  push (fixture, "t2", ALMU_OUTBOX_GROUP, 7);
  push (fixture, "s", ALMU_OUTBOX_ORDERED, 7);
  push (fixture, "t3", ALMU_OUTBOX_GROUP, 7);

  g_bytes_unref (almu_outbox_pop (fixture->outbox));
  g_assert_cmpuint (almu_outbox_drop_group (fixture->outbox, 7), ==, 2);
  g_assert_cmpuint (almu_outbox_drop_group (fixture->outbox, 7), ==, 0);
  g_assert_cmpuint (almu_outbox_drop_group (fixture->outbox, 9), ==, 0);

  push (fixture, "t4", ALMU_OUTBOX_GROUP, 7);
  assert_pops (fixture, "u1 p s t4 ");
}

static void
test_outbox_clear (Fixture      *fixture,
                   gconstpointer user_data)
{
  push (fixture, "a", ALMU_OUTBOX_ORDERED, 0);
  push (fixture, "b", ALMU_OUTBOX_NEWEST, 1);
  push (fixture, "c", ALMU_OUTBOX_GROUP, 1);
  almu_outbox_clear (fixture->outbox);
  assert_pops (fixture, "");

  push (fixture, "d", ALMU_OUTBOX_NEWEST, 1);
  push (fixture, "e", ALMU_OUTBOX_GROUP, 1);
  assert_pops (fixture, "d e ");
}

static void
fill (Fixture *fixture)
{
  guint64 key = 0;

  while (!almu_outbox_is_full (fixture->outbox))
    g_assert_true (push_large (fixture, key++ % 2));
}

static void
test_outbox_full (Fixture      *fixture,
                  gconstpointer user_data)
{
  fill (fixture);
  g_assert_cmpuint (almu_outbox_get_bytes (fixture->outbox), <=, ALMU_LIMIT_OUTBOX_BYTES + MIB);
  g_assert_cmpuint (fixture->n_drained, ==, 0);

  while (almu_outbox_is_full (fixture->outbox))
    {
      g_assert_cmpuint (almu_outbox_get_bytes (fixture->outbox), >=, ALMU_LIMIT_OUTBOX_BYTES / 2 - MIB);
      g_bytes_unref (almu_outbox_pop (fixture->outbox));
    }

  g_assert_cmpuint (fixture->n_drained, ==, 1);
  g_assert_cmpuint (almu_outbox_get_bytes (fixture->outbox), <=, ALMU_LIMIT_OUTBOX_BYTES / 2);

  while (almu_outbox_get_count (fixture->outbox) > 0)
    g_bytes_unref (almu_outbox_pop (fixture->outbox));
  g_assert_cmpuint (fixture->n_drained, ==, 1);
}

static void
test_outbox_full_drop (Fixture      *fixture,
                       gconstpointer user_data)
{
  fill (fixture);
  g_assert_cmpuint (almu_outbox_drop_group (fixture->outbox, 0), >, 0);
  g_assert_cmpuint (almu_outbox_drop_group (fixture->outbox, 1), >, 0);
  g_assert_cmpuint (fixture->n_drained, ==, 1);

  fill (fixture);
  almu_outbox_clear (fixture->outbox);
  g_assert_cmpuint (fixture->n_drained, ==, 2);
}

static void
push_more (AlmuOutbox *outbox,
           gpointer    user_data)
{
  fill (user_data);
}

/* The producer goes on at once. */
static void
test_outbox_refill (Fixture      *fixture,
                    gconstpointer user_data)
{
  g_signal_connect (fixture->outbox, "drained", G_CALLBACK (push_more), fixture);

  fill (fixture);
  while (fixture->n_drained < 3)
    g_bytes_unref (almu_outbox_pop (fixture->outbox));

  g_assert_true (almu_outbox_is_full (fixture->outbox));
}

static void
test_outbox_ceiling_bytes (Fixture      *fixture,
                           gconstpointer user_data)
{
  guint n = 0;
  guint count;
  g_autoptr(GError) error = NULL;

  while (almu_outbox_push (fixture->outbox, fixture->large, ALMU_OUTBOX_ORDERED, 0, &error))
    g_assert_cmpuint (++n, <, 1000);

  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);
  count = almu_outbox_get_count (fixture->outbox);
  g_assert_cmpuint (count, ==, n);
  g_assert_cmpuint (almu_outbox_get_bytes (fixture->outbox), <=, 4 * ALMU_LIMIT_OUTBOX_BYTES + MIB);

  /* nothing has changed, and room makes room */
  g_assert_false (push_large (fixture, 0));
  g_bytes_unref (almu_outbox_pop (fixture->outbox));
  g_bytes_unref (almu_outbox_pop (fixture->outbox));
  g_assert_true (push_large (fixture, 0));
}

static void
test_outbox_ceiling_messages (Fixture      *fixture,
                              gconstpointer user_data)
{
  g_autoptr(GBytes) small = g_bytes_new_static ("x", 1);
  g_autoptr(GError) error = NULL;

  for (guint i = 0; i < ALMU_LIMIT_OUTBOX_MESSAGES; i++)
    g_assert_true (almu_outbox_push (fixture->outbox, small, ALMU_OUTBOX_ORDERED, 0, NULL));

  g_assert_false (almu_outbox_push (fixture->outbox, small, ALMU_OUTBOX_ORDERED, 0, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);

  /* replies are counted, not what can be replaced */
  g_assert_true (almu_outbox_push (fixture->outbox, small, ALMU_OUTBOX_NEWEST, 1, NULL));
}

/* Against a plain list that does the same slowly. */
static void
test_outbox_random (Fixture      *fixture,
                    gconstpointer user_data)
{
  g_autoptr(GArray) model = g_array_new (FALSE, FALSE, 3 * sizeof (guint));
  gsize bytes = 0;

  for (guint i = 1; i < 20000; i++)
    {
      guint entry[3] = { i, (guint) g_test_rand_int_range (0, 3), (guint) g_test_rand_int_range (0, 8) };

      if (g_test_rand_int_range (0, 20) == 0)
        {
          guint n_dropped = 0;

          for (guint j = 0; j < model->len;)
            {
              guint *other = (guint *) (gpointer) model->data + 3 * j;

              if (other[1] == ALMU_OUTBOX_GROUP && other[2] == entry[2])
                {
                  g_array_remove_index (model, j);
                  n_dropped++;
                }
              else
                {
                  j++;
                }
            }

          g_assert_cmpuint (almu_outbox_drop_group (fixture->outbox, entry[2]), ==, n_dropped);
        }
      else if (g_test_rand_int_range (0, 5) < 2)
        {
          g_autoptr(GBytes) message = almu_outbox_pop (fixture->outbox);

          g_assert_cmpint (message == NULL, ==, model->len == 0);
          if (message != NULL)
            {
              g_assert_cmpmem (g_bytes_get_data (message, NULL), sizeof (guint), model->data, sizeof (guint));
              g_array_remove_index (model, 0);
            }
        }
      else
        {
          g_autoptr(GBytes) message = g_bytes_new (&i, sizeof i);

          for (guint j = 0; entry[1] == ALMU_OUTBOX_NEWEST && j < model->len; j++)
            {
              guint *other = (guint *) (gpointer) model->data + 3 * j;

              if (other[1] == ALMU_OUTBOX_NEWEST && other[2] == entry[2])
                g_array_remove_index (model, j--);
            }

          g_array_append_vals (model, entry, 1);
          g_assert_true (almu_outbox_push (fixture->outbox, message, (AlmuOutboxLane) entry[1], entry[2], NULL));
        }

      bytes = model->len * sizeof (guint);
      g_assert_cmpuint (almu_outbox_get_count (fixture->outbox), ==, model->len);
      g_assert_cmpuint (almu_outbox_get_bytes (fixture->outbox), ==, bytes);
    }
}

#define add_test(path, func) \
  g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/link/outbox/order", test_outbox_order);
  add_test ("/link/outbox/newest", test_outbox_newest);
  add_test ("/link/outbox/groups", test_outbox_groups);
  add_test ("/link/outbox/clear", test_outbox_clear);
  add_test ("/link/outbox/full", test_outbox_full);
  add_test ("/link/outbox/full-drop", test_outbox_full_drop);
  add_test ("/link/outbox/refill", test_outbox_refill);
  add_test ("/link/outbox/ceiling-bytes", test_outbox_ceiling_bytes);
  add_test ("/link/outbox/ceiling-messages", test_outbox_ceiling_messages);
  add_test ("/link/outbox/random", test_outbox_random);

  return g_test_run ();
}
