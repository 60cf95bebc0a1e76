/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-archive.h"

G_BEGIN_DECLS

/**
 * AlmuDatabase: (foreign)
 *
 * `sessions.db`: one row of `sessions` for each kept session, with what a
 * list shows of it, its record as JSON text in `records`, and in `changes`
 * regions that were set since that was written.
 *
 * A plain value for the main thread. Errors are %ALMU_ERROR_FORMAT if the
 * file is damaged and %G_IO_ERROR for what the world does.
 */
typedef struct _AlmuDatabase AlmuDatabase;

#define ALMU_DATABASE_NAME "sessions.db"
#define ALMU_DATABASE_VERSION 4

AlmuDatabase *almu_database_open (const char *folder,
                                  char      **out_aside,
                                  GError    **error);
char         *almu_database_set_aside (const char *folder,
                                       GError    **error);
void          almu_database_close (AlmuDatabase *self);
void          almu_database_be_patient (AlmuDatabase *self,
                                        gboolean      is_patient);

gboolean almu_database_begin (AlmuDatabase *self,
                              GError      **error);
gboolean almu_database_end (AlmuDatabase *self,
                            GError      **error);
void     almu_database_undo (AlmuDatabase *self);

gboolean   almu_database_put (AlmuDatabase           *self,
                              const AlmuArchiveEntry *entry,
                              const char             *json,
                              GError                **error);
char      *almu_database_get (AlmuDatabase *self,
                              guint32       id,
                              GError      **error);
gboolean   almu_database_append (AlmuDatabase *self,
                                 guint32       id,
                                 guint         n_regions,
                                 gint64        last_seen,
                                 const char   *json,
                                 GError      **error);
GPtrArray *almu_database_list_changes (AlmuDatabase *self,
                                       guint32       id,
                                       GError      **error);
gboolean   almu_database_contains (AlmuDatabase *self,
                                   guint32       id,
                                   gboolean     *out_contains,
                                   GError      **error);
gboolean   almu_database_remove (AlmuDatabase *self,
                                 guint32       id,
                                 GError      **error);
gboolean   almu_database_set_suspect (AlmuDatabase *self,
                                      guint32       id,
                                      gboolean      is_suspect,
                                      GError      **error);
gboolean   almu_database_touch (AlmuDatabase *self,
                                guint32       id,
                                gint64        last_seen,
                                GError      **error);
GPtrArray *almu_database_list (AlmuDatabase *self,
                               GError      **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuDatabase, almu_database_close)

G_END_DECLS
