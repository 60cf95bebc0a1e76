/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <math.h>
#include <string.h>

#include "almu-test-ask.h"
#include "almu-test-daemon.h"
#include "almu-test-viewer.h"
#include "almu-test.h"

/* A folder with images, the program, and somebody who looks at them. */
typedef struct
{
  char           *folder;
  char           *state_dir;
  AlmuTestDaemon *daemon;
  AlmuTestViewer *viewer;
  guint32         session_id;
} Desk;

static inline AlmuTestViewer *
desk_connect (Desk *desk)
{
  g_autofree char *url = almu_test_daemon_dup_websocket_url (desk->daemon);
  AlmuTestViewer  *viewer = almu_test_viewer_connect (url);

  g_assert_nonnull (viewer);

  return viewer;
}

/* A page that begins, or one that returns. */
static inline AlmuTestViewer *
desk_register (Desk    *desk,
               guint32 *session_id)
{
  AlmuTestViewer                              *viewer = desk_connect (desk);
  almu_test_autobody CARTA__RegisterViewerAck *ack = almu_test_viewer_register (viewer, *session_id);

  g_assert_true (ack->success);
  g_assert_cmpint (ack->session_type, ==, *session_id == 0 ? CARTA__SESSION_TYPE__NEW : CARTA__SESSION_TYPE__RESUMED);
  g_assert_cmpuint (ack->session_id, !=, 0);
  g_assert_true (*session_id == 0 || *session_id == ack->session_id);
  *session_id = ack->session_id;

  return viewer;
}

static inline void
desk_start (Desk              *desk,
            const char *const *arguments)
{
  desk->daemon = almu_test_daemon_start (desk->folder, desk->state_dir, arguments);
}

/* The program, and a page with a session of its own. */
static inline void
desk_begin (Desk *desk)
{
  desk->session_id = 0;
  desk_start (desk, NULL);
  desk->viewer = desk_register (desk, &desk->session_id);
}

/* The page says good-bye, and the program ends well. */
static inline void
desk_end (Desk *desk)
{
  if (desk->viewer != NULL)
    {
      almu_test_viewer_close (desk->viewer);
      g_clear_pointer (&desk->viewer, almu_test_viewer_free);
    }

  if (desk->daemon != NULL)
    {
      g_assert_cmpint (almu_test_daemon_end (desk->daemon), ==, 0);
      g_clear_pointer (&desk->daemon, almu_test_daemon_free);
    }
}

static inline void
desk_prepare (Desk         *desk,
              gconstpointer user_data)
{
  desk->folder = almu_test_make_folder ();
  desk->state_dir = almu_test_make_folder ();
}

static inline void
desk_set_up (Desk         *desk,
             gconstpointer user_data)
{
  desk_prepare (desk, user_data);
  desk_begin (desk);
}

/* Nothing is left of a session whose page said good-bye, and the program
 * ends well. */
static inline void
desk_tear_down (Desk         *desk,
                gconstpointer user_data)
{
  desk_end (desk);
  almu_test_remove_folder (desk->folder);
  almu_test_remove_folder (desk->state_dir);
  g_free (desk->folder);
  g_free (desk->state_dir);
}

static inline void
desk_open (Desk       *desk,
           const char *name,
           int         file_id)
{
  almu_test_autobody CARTA__OpenFileAck *ack = NULL;

  ack = almu_test_viewer_open (desk->viewer, "", name, "", file_id);
  g_assert_cmpstr (ack->message, ==, "");
  g_assert_true (ack->success);
  g_assert_cmpint (ack->file_id, ==, file_id);
}

/* Writes a float image of which each pixel is what @func says. */
static inline void
desk_write (Desk         *desk,
            const char   *name,
            int           n_axes,
            const gint64 *shape,
            double (*func) (const gint64 *position,
                            gpointer      user_data),
            const char *const *cards)
{
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();
  g_autofree char *path = NULL;

  almu_test_fits_begin (fits, -32, n_axes, shape);
  for (guint i = 0; cards != NULL && cards[i] != NULL; i += 2)
    almu_test_fits_card (fits, cards[i], cards[i + 1]);
  almu_test_fits_end_header (fits);
  almu_test_fits_fill (fits, func, NULL);
  almu_test_fits_end (fits);
  path = almu_test_fits_save (fits, desk->folder, name);
}

/* Everything that was asked for so far has come: a later request of a quick
 * kind has been answered, and slower work has been waited for by its kind. */
static inline gpointer
desk_await (Desk   *desk,
            guint16 event)
{
  return almu_test_viewer_await (desk->viewer, event);
}

#define desk_add(path, func) g_test_add (path, Desk, NULL, desk_set_up, func, desk_tear_down)
