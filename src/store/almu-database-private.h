/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <sqlite3.h>

#include "almu-database.h"

G_BEGIN_DECLS

/* What the files of AlmuDatabase share: almu-database-open.c has the file,
 * almu-database.c what is written to it and read from it.
 */

typedef struct _AlmuLogMover AlmuLogMover;

typedef enum
{
  STATEMENT_BEGIN,
  STATEMENT_END,
  STATEMENT_UNDO,
  STATEMENT_PUT_SESSION,
  STATEMENT_PUT_RECORD,
  STATEMENT_NOTE_REGIONS,
  STATEMENT_PUT_CHANGE,
  STATEMENT_DROP_CHANGES,
  STATEMENT_GET,
  STATEMENT_LIST_CHANGES,
  STATEMENT_CONTAINS,
  STATEMENT_REMOVE,
  STATEMENT_SET_SUSPECT,
  STATEMENT_TOUCH,
  STATEMENT_LIST,
  N_STATEMENTS
} Statement;

struct _AlmuDatabase
{
  sqlite3      *sqlite;
  sqlite3_stmt *prepared[N_STATEMENTS];
  AlmuLogMover *mover;
};

gboolean almu_database_prepare (AlmuDatabase *self,
                                GError      **error);
gboolean almu_database_fail (AlmuDatabase *self,
                             int           status,
                             const char   *what,
                             GError      **error);

G_END_DECLS
