/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-offer.h"

#include "almu-sessions-page.h"
#include "almu-thumbnails.h"

static GBytes *
get_picture (guint32  id,
             gpointer user_data)
{
  return almu_thumbnails_load (user_data, id);
}

/* The server goes after the sessions have been parked: their pictures are
 * on the way. */
static void
let_go_of_thumbnails (gpointer user_data)
{
  almu_thumbnails_settle (user_data);
  g_object_unref (user_data);
}

/**
 * almu_offer_sessions:
 * @server: where the page is added
 * @sessions: the sessions; their archive is set already
 * @state_folder: where pictures of them are kept
 * @read_only: whether none may be forgotten
 *
 * Adds the page `/sessions`, and the pictures on it.
 */
void
almu_offer_sessions (AlmuServer   *server,
                     AlmuSessions *sessions,
                     const char   *state_folder,
                     gboolean      read_only)
{
  g_autofree char  *folder = g_build_filename (state_folder, "thumbnails", NULL);
  AlmuThumbnails   *thumbnails = almu_thumbnails_new (folder, sessions);
  AlmuSessionsPage *page = almu_sessions_page_new (sessions, read_only, get_picture,
                                                   thumbnails, let_go_of_thumbnails);

  almu_server_add_page (server, "/sessions", almu_sessions_page_answer,
                        page, (GDestroyNotify) almu_sessions_page_free);
}
