/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-memento.h"
#include "almu-store.h"
#include "almu-test.h"

G_BEGIN_DECLS

/* A store, and sessions that it follows. */
typedef struct
{
  char         *folder;
  AlmuStore    *store;
  AlmuSessions *sessions;
  GPtrArray    *troubles; /* texts */
} Fixture;

#define FOR_EVER -1
#define MARK 1 /* the region that has a number */

void fixture_set_up (Fixture      *fixture,
                     gconstpointer user_data);
void fixture_tear_down (Fixture      *fixture,
                        gconstpointer user_data);
void open_store (Fixture *fixture,
                 gint64   retention_seconds,
                 guint    max_records);
void close_store (Fixture *fixture);
void reopen_store (Fixture *fixture);

char        *path_of (Fixture    *fixture,
                      const char *suffix);
AlmuSession *add_session (Fixture *fixture,
                          guint32  id);
void         add_file (AlmuSession *session,
                       int          file_id,
                       const char  *name);
void         set_mark (AlmuSession *session,
                       int          mark);
int          mark_of_region (const AlmuMemento *memento,
                             int                region_id);
int          get_mark (AlmuStore *store,
                       guint32    id);
guint        count_records (Fixture *fixture);
void         run_sql (Fixture    *fixture,
                      const char *sql);
char        *ask_sql (Fixture    *fixture,
                      const char *sql);
void         assert_sound (Fixture *fixture);
AlmuMemento *read_kept (const char *folder,
                        guint32     id);

#define add_test(path, func) \
  g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

G_END_DECLS
