/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-link.h"

G_BEGIN_DECLS

/* What the files of AlmuLink share. */

/* What was asked last and may be answered yet. A page that asks for more at
 * a time is served all the same: the oldest is then not timed. */
#define ALMU_LINK_N_ASKED 64

typedef struct
{
  guint32 request_id;
  guint16 event; /* 0: answered */
  gint64  came;  /* monotonic, µs */
} AlmuAsked;

struct _AlmuLink
{
  GObject parent_instance;

  AlmuSwitchboard *switchboard; /* unowned, outlives all links */
  AlmuSocket      *socket;
  AlmuOutbox      *outbox;
  AlmuSession     *session;
  char            *peer;
  char            *viewer; /* which browser it is, or NULL */
  guint32          prepared_id;
  guint16          icd_version;
  GCancellable    *cancellable; /* ends with the binding */
  GCancellable    *listing;
  GQueue           waiting; /* AlmuHeld, messages held up */
  gsize            waiting_bytes;
  gboolean         is_barred;    /* one of them is about everything */
  GHashTable      *busy;         /* file id → how many orders */
  GHashTable      *scripts;      /* number → GTask, see almu-scripting.c */
  gint64           last_message; /* monotonic, µs */
  AlmuAsked        asked[ALMU_LINK_N_ASKED];
  guint            next_asked;
  gboolean         is_flushing;
  gboolean         has_promised; /* a commit, before anything goes out */
};

void almu_link_listen (AlmuLink *self);
void almu_link_forget_waiting (AlmuLink *self);
void almu_link_note_asked (AlmuLink *self,
                           guint16   event,
                           guint32   request_id);
void almu_link_note_message (AlmuLink   *self,
                             const char *what,
                             const char *message);

G_END_DECLS
