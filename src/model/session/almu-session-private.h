/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-session.h"
#include "almu-session-catalogs.h"

G_BEGIN_DECLS

/* What the files of AlmuSession share. */

struct _AlmuSession
{
  AlmuProducer parent_instance;

  guint32          id;
  AlmuSessionState state;
  AlmuFolder      *folder;
  AlmuCache       *cache;
  char            *peer;
  char            *viewer;   /* which browser it was, or NULL */
  guint32          rebuilds; /* the kept session it is a part of, or 0 */
  char            *title;
  gint64           created; /* seconds since 1970, as is the next */
  gint64           last_seen;
  guint            epoch;
  gboolean         is_congested;
  gboolean         is_ending;   /* what happens now is no change of the session */
  gboolean         is_recalled; /* not all is back yet: no state to write down */
  GPtrArray       *files;       /* in the order of opening */
  GPtrArray       *catalogs;    /* likewise */
  GHashTable      *regions;     /* id → AlmuRegion */
  int              last_region_id;
  guint            retry_source;
  int              last_free_file_id;
  AlmuAnimation   *animation; /* NULL: the viewer chooses the planes */
};

void almu_session_emit_changed (AlmuSession *self);
void almu_session_emit_returned (AlmuSession *self,
                                 const char  *what,
                                 int          id,
                                 const char  *name);
void almu_session_await_missing (AlmuSession *self);
void almu_session_place_regions (AlmuSession *self,
                                 AlmuFile    *file);

G_END_DECLS
