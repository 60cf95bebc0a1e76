/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "almu-error.h"
#include "almu-frame.h"

static void
test_frame_layout (void)
{
  static const guint8 expected[] = { 0x2f, 0x00, 0x1e, 0x00, 0x04, 0x03, 0x02, 0x01 };
  guint8              data[ALMU_FRAME_BYTES];

  almu_frame_write (&(AlmuFrame){ 47, 30, 0x01020304 }, data);

  g_assert_cmpmem (data, sizeof data, expected, sizeof expected);
}

static void
test_frame_round_trip (void)
{
  static const AlmuFrame frames[] = {
    { 0, 0, 0 },
    { 1, 28, 1 },
    { G_MAXUINT16, G_MAXUINT16, G_MAXUINT32 },
    { 0x1234, 0xfedc, 0x89abcdef },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (frames); i++)
    {
      guint8    data[1 + ALMU_FRAME_BYTES];
      AlmuFrame frame;
      g_autoptr(GError) error = NULL;

      /* not aligned, as in a received buffer */
      almu_frame_write (&frames[i], data + 1);

      g_assert_true (almu_frame_parse (data + 1, ALMU_FRAME_BYTES, &frame, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (frame.event, ==, frames[i].event);
      g_assert_cmpuint (frame.icd_version, ==, frames[i].icd_version);
      g_assert_cmpuint (frame.request_id, ==, frames[i].request_id);
    }
}

static void
test_frame_short (void)
{
  static const guint8 data[ALMU_FRAME_BYTES] = { 1, 0, 30, 0, 1, 0, 0, 0 };

  for (gsize length = 0; length < sizeof data; length++)
    {
      AlmuFrame frame = { 7, 8, 9 };
      g_autoptr(GError) error = NULL;

      g_assert_false (almu_frame_parse (data, length, &frame, &error));
      g_assert_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT);
      g_assert_cmpuint (frame.event, ==, 7);
      g_assert_cmpuint (frame.request_id, ==, 9);
    }

  g_assert_false (almu_frame_parse (NULL, 0, &(AlmuFrame){ 0 }, NULL));
}

static void
test_frame_versions (void)
{
  g_assert_false (almu_frame_is_version_known (0));
  g_assert_false (almu_frame_is_version_known (27));
  g_assert_true (almu_frame_is_version_known (28));
  g_assert_true (almu_frame_is_version_known (29));
  g_assert_true (almu_frame_is_version_known (30));
  g_assert_false (almu_frame_is_version_known (31));
  g_assert_false (almu_frame_is_version_known (G_MAXUINT16));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/wire/frame/layout", test_frame_layout);
  g_test_add_func ("/wire/frame/round-trip", test_frame_round_trip);
  g_test_add_func ("/wire/frame/short", test_frame_short);
  g_test_add_func ("/wire/frame/versions", test_frame_versions);

  return g_test_run ();
}
