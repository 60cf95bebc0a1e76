/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <gio/gunixfdlist.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "almu-catalog.h"
#include "almu-frame.h"
#include "almu-switchboard.h"
#include "almu-test-table.h"
#include "almu-test-viewer.h"
#include "almu-test.h"
#include "fuzz-message.h"

/* A viewer that says anything in any order to the whole service but its
 * process, and loses its link, and whose files are taken away while they are
 * in use. All of it ends afterwards, and nothing is left. */

#define MAX_STEPS 200
#define CUBE "cube.fits"

typedef struct
{
  AlmuSessions    *sessions;
  AlmuSwitchboard *switchboard;
  AlmuTestViewer  *viewer;
  guint32          session_id;
} Stage;

static const char *top;

static double
ramp (const gint64 *position,
      gpointer      user_data)
{
  return position[0] == 3 && position[1] == 3 ? 0.0 / 0.0 : (double) (position[0] + 10 * position[1] + 100 * position[2]);
}

static void
write_image (const char   *name,
             int           n_axes,
             const gint64 *shape)
{
  static const char *const axes[][3] = {
    { "'RA---SIN'", "83.6", "-0.01" },
    { "'DEC--SIN'", "-5.4", "0.01" },
    { "'FREQ'", "1.4E9", "1E6" },
    { "'STOKES'", "1", "1" },
  };
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();
  g_autofree char *path = NULL;

  almu_test_fits_begin (fits, -32, n_axes, shape);
  for (int i = 0; i < n_axes; i++)
    for (int j = 0; j < 3; j++)
      {
        static const char *const words[] = { "CTYPE", "CRVAL", "CDELT" };
        g_autofree char         *card = g_strdup_printf ("%s%d", words[j], i + 1);

        almu_test_fits_card (fits, card, axes[i][j]);
      }
  almu_test_fits_card (fits, "BMAJ", "0.02");
  almu_test_fits_card (fits, "BMIN", "0.02");
  almu_test_fits_end_header (fits);
  almu_test_fits_fill (fits, ramp, NULL);
  almu_test_fits_end (fits);
  path = almu_test_fits_save (fits, top, name);
}

static void
write_cube (void)
{
  const gint64 shape[] = { 20, 10, 5 };

  write_image (CUBE, 3, shape);
}

static void
write_files (void)
{
  const gint64     cube[] = { 12, 10, 3, 4 };
  const gint64     plane[] = { 12, 10, 3, 1 };
  g_autofree char *votable = almu_test_votable (200);

  write_cube ();
  write_image ("stokes.fits", 4, cube);
  write_image ("I.fits", 4, plane);
  write_image ("Q.fits", 4, plane);
  almu_test_save_text (votable, top, "table.xml");
  almu_test_save_text ("#CRTFv0\ncircle[[5pix,5pix],3pix]\npoly[[1pix,1pix],[5pix,1pix],[3pix,6pix]]\n", top, "regions.crtf");
  almu_test_save_text ("image\ncircle(5,5,3)\nfk5\nbox(83.6,-5.4,30\",60\",12)\n", top, "regions.reg");
}

static GIOStream *
stream_for_fd (int fd)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GSocket) socket = g_socket_new_from_fd (fd, &error);

  g_assert_no_error (error);
  g_socket_set_blocking (socket, FALSE);

  return G_IO_STREAM (g_object_new (G_TYPE_SOCKET_CONNECTION, "socket", socket, NULL));
}

static void
enter (Stage  *stage,
       guint32 session_id)
{
  int fds[2];
  g_autoptr(GIOStream) ours = NULL;
  g_autoptr(GIOStream) theirs = NULL;
  almu_test_autobody CARTA__RegisterViewerAck *ack = NULL;

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  ours = stream_for_fd (fds[0]);
  theirs = stream_for_fd (fds[1]);
  almu_switchboard_accept (stage->switchboard, ours, "127.0.0.1", NULL, 0);
  stage->viewer = almu_test_viewer_new_for_stream (theirs);
  ack = almu_test_viewer_register (stage->viewer, session_id);
  g_assert_true (ack->success);
  stage->session_id = ack->session_id;
}

static void
leave (Stage   *stage,
       gboolean says_good_bye)
{
  if (says_good_bye && almu_test_viewer_is_open (stage->viewer))
    almu_test_viewer_close (stage->viewer);
  else
    almu_test_viewer_cut (stage->viewer);
  g_clear_pointer (&stage->viewer, almu_test_viewer_free);
}

static void
open_image (Stage      *stage,
            const char *name,
            int         file_id)
{
  CARTA__OpenFile message = CARTA__OPEN_FILE__INIT;

  message.directory = (char *) "";
  message.file = (char *) name;
  message.hdu = (char *) "";
  message.file_id = file_id;
  almu_test_viewer_send (stage->viewer, &message.base);
}

/* -- steps -------------------------------------------------------------- */

static void
say (Stage    *stage,
     AlmuTape *tape)
{
  guint16                 event = (guint16) almu_tape_choose (tape, almu_catalog_get_size ());
  const AlmuCatalogEntry *entry = almu_catalog_lookup (event);
  g_autoptr(GByteArray) body = NULL;

  if (entry == NULL || entry->descriptor == NULL || entry->direction != ALMU_DIRECTION_TO_US)
    return;

  body = fuzz_message_new (entry->descriptor, tape);
  almu_test_viewer_send_raw (stage->viewer, event, almu_tape_take (tape), body->data, body->len);
}

static void
garble (Stage    *stage,
        AlmuTape *tape)
{
  guint16       event = almu_tape_take (tape);
  const guint8 *bytes;
  gsize         length = almu_tape_cut (tape, &bytes);

  almu_test_viewer_send_raw (stage->viewer, event, 1, bytes, length);
}

static void
reconnect (Stage    *stage,
           AlmuTape *tape)
{
  guint choice = almu_tape_choose (tape, 4);

  if (choice == 3)
    {
      /* taken over by another link, while the first is still there */
      AlmuTestViewer *before = g_steal_pointer (&stage->viewer);

      enter (stage, stage->session_id);
      almu_test_viewer_cut (before);
      almu_test_viewer_free (before);
      return;
    }

  leave (stage, choice == 0);
  enter (stage, choice == 1 ? 0 : stage->session_id);
}

static void
damage (AlmuTape *tape)
{
  g_autofree char *path = g_build_filename (top, CUBE, NULL);

  switch (almu_tape_choose (tape, 4))
    {
    case 0:
      write_cube ();
      break;
    case 1:
      g_unlink (path);
      break;
    case 2:
      if (truncate (path, almu_tape_take (tape) * 32) < 0)
        break;
      break;
    default:
      g_chmod (path, 0);
    }
}

static void
step (Stage    *stage,
      AlmuTape *tape)
{
  guint choice = almu_tape_take (tape);

  if (choice < 200)
    say (stage, tape);
  else if (choice < 210)
    garble (stage, tape);
  else if (choice < 218)
    open_image (stage, almu_tape_choose (tape, 2) ? "stokes.fits" : CUBE, (int) almu_tape_choose (tape, 3));
  else if (choice < 222)
    reconnect (stage, tape);
  else if (choice < 226)
    damage (tape);
  else if (choice < 240)
    almu_test_viewer_await_pong (stage->viewer);
  else
    g_main_context_iteration (NULL, FALSE);

  if (!almu_test_viewer_is_open (stage->viewer))
    {
      g_clear_pointer (&stage->viewer, almu_test_viewer_free);
      enter (stage, stage->session_id);
    }
}

static gboolean
has_no_links (gpointer user_data)
{
  return almu_switchboard_get_n_links (user_data) == 0;
}

static void
begin (Stage *stage)
{
  const AlmuLinkOptions options = { .idle_seconds = 15 };
  g_autoptr(AlmuCache) cache = almu_cache_new (16 * 1024 * 1024);
  g_autoptr(AlmuFolder) folder = NULL;
  g_autoptr(GError) error = NULL;

  if (top == NULL)
    {
      top = almu_test_make_folder ();
      write_files ();
    }

  folder = almu_folder_new (top, NULL, &error);
  g_assert_no_error (error);
  stage->sessions = almu_sessions_new (folder, cache, 3600);
  stage->switchboard = almu_switchboard_new (stage->sessions, &options);
  enter (stage, 0);
  open_image (stage, CUBE, 0);
  open_image (stage, "stokes.fits", 1);
}

static void
end (Stage *stage)
{
  leave (stage, TRUE);
  almu_test_await (has_no_links, stage->switchboard);
  almu_sessions_park_all (stage->sessions);
  almu_test_await_finalize (g_steal_pointer (&stage->switchboard));
  almu_test_await_finalize (g_steal_pointer (&stage->sessions));
  write_cube ();
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  AlmuTape tape = { data, size };
  Stage    stage = { 0 };

  begin (&stage);
  for (int i = 0; i < MAX_STEPS && tape.left > 0; i++)
    step (&stage, &tape);
  end (&stage);

  return 0;
}
