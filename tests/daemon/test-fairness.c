/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <unistd.h>

#include "test-desk.h"

/* What one page wants takes nothing from another but its share of the
 * machine, however many others there are. */

#define SIDE 128

static double
ramp (const gint64 *position,
      gpointer      user_data)
{
  return (double) (position[0] + SIDE * position[1]);
}

/* What compress(1) makes of SIMPLE and of as many zeros as one file may become
 * when it is unpacked, of which the disk has the first bytes only. */
static void
write_bomb (Desk       *desk,
            const char *name)
{
  static const char word[] = "SIMPLE  ";
  guint8            start[3 + 9] = { 0x1f, 0x9d, 0x90 };
  g_autofree char  *path = g_build_filename (desk->folder, name, NULL);
  int               fd = open (path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

  for (guint i = 0; i < 8 * 9; i++)
    if (i % 9 < 8 && (word[i / 9] >> i % 9 & 1) != 0)
      start[3 + i / 8] |= (guint8) (1 << i % 8);
  g_assert_cmpint (write (fd, start, sizeof start), ==, sizeof start);
  g_assert_cmpint (ftruncate (fd, G_GINT64_CONSTANT (16) << 30), ==, 0);
  close (fd);
}

#define N_BAD 6
#define N_BOMBS 3

/* More sessions than there are places for work are at what takes minutes, and
 * each wants more: one that comes then opens its image, and sees it, while
 * they all go on. */
static void
test_fairness_bombs (Desk         *desk,
                     gconstpointer user_data)
{
  AlmuTestViewer   *bad[N_BAD];
  g_autofree float *plane = NULL;
  CARTA__OpenFile   message = CARTA__OPEN_FILE__INIT;

  desk_write (desk, "small.fits", 2, (const gint64[]){ SIDE, SIDE }, ramp, NULL);
  message.directory = message.hdu = (char *) "";
  for (guint i = 0; i < N_BAD; i++)
    {
      guint32 session_id = 0;

      bad[i] = desk_register (desk, &session_id);
      for (guint j = 0; j < N_BOMBS; j++)
        {
          g_autofree char *name = g_strdup_printf ("%u-%u.fits.Z", i, j);

          write_bomb (desk, name);
          message.file = name;
          message.file_id = (int) j;
          almu_test_viewer_send (bad[i], &message.base);
        }
      almu_test_viewer_await_pong (bad[i]);
    }

  desk_open (desk, "small.fits", 0);
  plane = almu_test_await_plane (desk->viewer, 0, SIDE, SIDE);
  g_assert_cmpfloat (plane[SIDE + 1], ==, SIDE + 1);

  for (guint i = 0; i < N_BAD; i++)
    {
      almu_test_viewer_await_pong (bad[i]);
      g_assert_null (almu_test_viewer_take (bad[i], CARTA__EVENT_TYPE__OPEN_FILE_ACK));
      almu_test_viewer_close (bad[i]);
      almu_test_viewer_free (bad[i]);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  desk_add ("/daemon/fairness/bombs", test_fairness_bombs);

  return g_test_run ();
}
