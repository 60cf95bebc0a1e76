/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "almu-intake.h"
#include "almu-limits.h"

/* Bytes that come in pieces, with nothing to read after each. */
typedef struct
{
  const guint8 *data;
  gsize         length;
  gsize         offset;
  gsize         piece;
  gsize         ready;
} Feed;

static gssize
read_feed (guint8  *data,
           gsize    length,
           gpointer user_data)
{
  Feed *feed = user_data;
  gsize n;

  if (feed->offset == feed->length)
    return -1;

  n = MIN (MIN (length, feed->ready), feed->length - feed->offset);
  memcpy (data, feed->data + feed->offset, n);
  feed->offset += n;
  feed->ready -= n;

  return (gssize) n;
}

/* A mask of zeros, so that bytes are what they look like. */
#define FRAME(first, length) first, 0x80 | length, 0, 0, 0, 0

static const guint8 conversation[] = {
  FRAME (0x81, 4),
  'P',
  'I',
  'N',
  'G',
  FRAME (0x02, 2),
  'a',
  'b',
  FRAME (0x89, 1),
  '?',
  FRAME (0x00, 0),
  FRAME (0x80, 1),
  'c',
  FRAME (0x82, 0),
  FRAME (0x8a, 0),
  FRAME (0x88, 5),
  0x0f,
  0xa1,
  'b',
  'y',
  'e',
};

static void
append_messages (AlmuIntake *intake,
                 GString    *said)
{
  while (almu_intake_has_message (intake))
    {
      gboolean is_text = FALSE;
      g_autoptr(GBytes) message = almu_intake_take_message (intake, &is_text);

      g_string_append (said, is_text ? "t:" : "b:");
      if (g_bytes_get_size (message) > 0)
        g_string_append_len (said, g_bytes_get_data (message, NULL),
                             (gssize) g_bytes_get_size (message) - (is_text ? 1 : 0));
      g_string_append_c (said, ' ');
    }
}

static AlmuIntakeResult
run_all (AlmuIntake *intake,
         Feed       *feed,
         GString    *said)
{
  AlmuIntakeResult result = ALMU_INTAKE_MORE;

  while (result == ALMU_INTAKE_MORE)
    {
      feed->ready = feed->piece;
      result = almu_intake_run (intake);
      append_messages (intake, said);
    }

  return result;
}

/* However the bytes are cut, they say the same. */
static void
test_intake_pieces (void)
{
  static const guint8 expected[] = { 0x88, 5, 0x0f, 0xa1, 'b', 'y', 'e' };
  static const guint8 pong[] = { 0x8a, 1, '?' };

  for (gsize piece = 1; piece <= sizeof conversation; piece++)
    {
      Feed  feed = { conversation, sizeof conversation, 0, piece, 0 };
      guint code = 0;
      g_autoptr(AlmuIntake) intake = almu_intake_new (read_feed, &feed);
      g_autoptr(GString) said = g_string_new (NULL);
      g_autoptr(GBytes) control = NULL;

      g_autoptr(GBytes) answer = NULL;

      /* the answer to the PING, if the close frame did not come with it */
      while (!almu_intake_get_close_code (intake, &code) && answer == NULL)
        {
          feed.ready = piece;
          almu_intake_run (intake);
          append_messages (intake, said);
          answer = almu_intake_take_control (intake);
        }

      if (code == 0)
        {
          g_assert_cmpmem (g_bytes_get_data (answer, NULL), g_bytes_get_size (answer), pong, sizeof pong);
          g_assert_cmpint (run_all (intake, &feed, said), ==, ALMU_INTAKE_CLOSED);
          control = almu_intake_take_control (intake);
        }
      else
        {
          control = g_steal_pointer (&answer);
        }

      g_assert_cmpstr (said->str, ==, "t:PING b:abc b: ");
      g_assert_cmpmem (g_bytes_get_data (control, NULL), g_bytes_get_size (control),
                       expected, sizeof expected);
      g_assert_null (almu_intake_take_control (intake));
      g_assert_true (almu_intake_has_sent_close (intake));
      g_assert_true (almu_intake_get_close_code (intake, &code));
      g_assert_cmpuint (code, ==, 4001);
    }
}

static void
test_intake_truncated (void)
{
  for (gsize length = 0; length < sizeof conversation; length++)
    {
      Feed feed = { conversation, length, 0, 7, 0 };
      g_autoptr(AlmuIntake) intake = almu_intake_new (read_feed, &feed);
      g_autoptr(GString) said = g_string_new (NULL);

      g_assert_cmpint (run_all (intake, &feed, said), ==, ALMU_INTAKE_ENDED);
    }
}

/* A run stops when enough waits, and loses nothing by it. */
static void
test_intake_pauses (void)
{
  enum
  {
    N_MESSAGES = 1000
  };
  static const guint8 frame[] = { FRAME (0x82, 1), 'x' };
  g_autoptr(GByteArray) bytes = g_byte_array_new ();
  g_autoptr(GString) said = g_string_new (NULL);
  g_autoptr(AlmuIntake) intake = NULL;
  Feed feed;

  for (int i = 0; i < N_MESSAGES; i++)
    g_byte_array_append (bytes, frame, sizeof frame);

  feed = (Feed){ bytes->data, bytes->len, 0, bytes->len, bytes->len };
  intake = almu_intake_new (read_feed, &feed);
  g_assert_cmpint (almu_intake_run (intake), ==, ALMU_INTAKE_MORE);
  g_assert_cmpuint (feed.offset, <, bytes->len);

  g_assert_cmpint (run_all (intake, &feed, said), ==, ALMU_INTAKE_ENDED);
  g_assert_cmpuint (said->len, ==, N_MESSAGES * strlen ("b:x "));
}

static void
test_intake_stop (void)
{
  Feed feed = { conversation, sizeof conversation, 0, 1, 0 };
  g_autoptr(AlmuIntake) intake = almu_intake_new (read_feed, &feed);
  g_autoptr(GString) said = g_string_new (NULL);

  /* within the second message */
  feed.ready = 17;
  g_assert_cmpint (almu_intake_run (intake), ==, ALMU_INTAKE_MORE);
  g_assert_true (almu_intake_has_message (intake));

  almu_intake_stop (intake);
  g_assert_false (almu_intake_has_message (intake));
  g_assert_cmpint (run_all (intake, &feed, said), ==, ALMU_INTAKE_CLOSED);
  g_assert_cmpstr (said->str, ==, "");
}

static void
test_intake_own_frames (void)
{
  static const guint8 expected[] = { 0x89, 0, 0x88, 5, 0x03, 0xe9, 'b', 'y', 'e' };
  Feed                feed = { conversation, sizeof conversation, 0, 1, 0 };
  g_autoptr(AlmuIntake) intake = almu_intake_new (read_feed, &feed);
  g_autoptr(GBytes) control = NULL;

  almu_intake_ping (intake);
  g_assert_false (almu_intake_has_sent_close (intake));
  control = almu_intake_take_control (intake);
  almu_intake_close (intake, 1001, "bye");
  almu_intake_ping (intake);

  {
    g_autoptr(GBytes) last = almu_intake_take_control (intake);

    g_assert_cmpmem (g_bytes_get_data (control, NULL), g_bytes_get_size (control), expected, 2);
    g_assert_cmpmem (g_bytes_get_data (last, NULL), g_bytes_get_size (last), expected + 2, sizeof expected - 2);
  }
  g_assert_true (almu_intake_has_sent_close (intake));
}

static void
test_intake_random (void)
{
  for (int i = 0; i < 20000; i++)
    {
      guint8 bytes[256];
      Feed   feed = { bytes, sizeof bytes, 0, (gsize) g_test_rand_int_range (1, 64), 0 };
      g_autoptr(AlmuIntake) intake = almu_intake_new (read_feed, &feed);
      g_autoptr(GString) said = g_string_new (NULL);
      g_autoptr(GBytes) control = NULL;

      /* a conversation with a few wrong bytes goes further than noise */
      for (gsize j = 0; j < sizeof bytes; j++)
        bytes[j] = i % 2 == 0 ? (guint8) g_test_rand_int () : conversation[j % (sizeof conversation - 11)];
      for (int j = 0; j < 3; j++)
        bytes[g_test_rand_int_range (0, sizeof bytes)] = (guint8) g_test_rand_int ();

      g_assert_cmpint (run_all (intake, &feed, said), !=, ALMU_INTAKE_MORE);
      control = almu_intake_take_control (intake);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/link/intake/pieces", test_intake_pieces);
  g_test_add_func ("/link/intake/truncated", test_intake_truncated);
  g_test_add_func ("/link/intake/pauses", test_intake_pauses);
  g_test_add_func ("/link/intake/stop", test_intake_stop);
  g_test_add_func ("/link/intake/own-frames", test_intake_own_frames);
  g_test_add_func ("/link/intake/random", test_intake_random);

  return g_test_run ();
}
