/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "almu-sessions.h"

G_BEGIN_DECLS

typedef struct _AlmuLink AlmuLink;

/**
 * AlmuLinkOptions:
 * @read_only: no message may write a file
 * @scripting: scripts may be sent to pages
 * @idle_seconds: how long a link may be silent
 * @idle_timeout: seconds after which an unused page is shut out; 0 for never
 */
typedef struct
{
  gboolean read_only;
  gboolean scripting;
  gboolean log_messages;
  gboolean log_performance;
  guint    idle_seconds;
  guint    idle_timeout;
} AlmuLinkOptions;

#define ALMU_TYPE_SWITCHBOARD (almu_switchboard_get_type ())
G_DECLARE_FINAL_TYPE (AlmuSwitchboard, almu_switchboard, ALMU, SWITCHBOARD, GObject)

AlmuSwitchboard       *almu_switchboard_new (AlmuSessions          *sessions,
                                             const AlmuLinkOptions *options);
AlmuSessions          *almu_switchboard_get_sessions (AlmuSwitchboard *self);
const AlmuLinkOptions *almu_switchboard_get_options (AlmuSwitchboard *self);
void                   almu_switchboard_accept (AlmuSwitchboard *self,
                                                GIOStream       *stream,
                                                const char      *peer,
                                                const char      *viewer,
                                                guint32          prepared_id);
AlmuLink              *almu_switchboard_find (AlmuSwitchboard *self,
                                              AlmuSession     *session);
GPtrArray             *almu_switchboard_list_links (AlmuSwitchboard *self,
                                                    const char      *viewer);
guint                  almu_switchboard_get_n_links (AlmuSwitchboard *self);
gsize                  almu_switchboard_get_outbox_bytes (AlmuSwitchboard *self);
void                   almu_switchboard_count_waiting (AlmuSwitchboard *self,
                                                       guint           *out_n_outgoing,
                                                       guint           *out_n_held);
void                   almu_switchboard_warn (AlmuSwitchboard *self,
                                              const char      *text);
void                   almu_switchboard_set_trouble (AlmuSwitchboard *self,
                                                     const char      *trouble);
void                   almu_switchboard_close_all (AlmuSwitchboard *self);

/* Called by links only. */
void almu_switchboard_note_registered (AlmuSwitchboard *self,
                                       AlmuLink        *link,
                                       gboolean         is_new);
void almu_switchboard_note_closed (AlmuSwitchboard *self,
                                   AlmuLink        *link);

G_END_DECLS
