/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-database.h"
#include "almu-store.h"

G_BEGIN_DECLS

/* A change that nobody is told of is in the file after 250 ms, the time to
 * write it included. */
#define ALMU_STORE_DELAY_MSEC 200

/* Sessions that somebody looks at for days are not old. */
#define ALMU_STORE_TOUCH_SECONDS (60 * 60)

struct _AlmuStore
{
  GObject parent_instance;

  char         *folder;
  gint64        retention_seconds;
  guint         max_records;
  guint         retry_msec;
  AlmuDatabase *database;  /* NULL while it cannot be opened */
  GHashTable   *followed;  /* id → Followed */
  GHashTable   *restoring; /* ids */
  char         *trouble;   /* NULL while all is well */
  guint         write_source;
  guint         retry_source;
  guint         touch_source;
  guint64       n_writes;
};

/* A session in memory, or one that has left it and is not written yet. */
typedef struct
{
  AlmuStore        *store; /* unowned */
  guint32           id;
  AlmuSession      *session;    /* NULL once it has left */
  gboolean          is_kept;    /* has a record in the database */
  char             *written;    /* that record, NULL if it is not known */
  GHashTable       *texts;      /* of its regions, as they were written last */
  GHashTable       *set;        /* regions that were set and are not written */
  guint             n_appended; /* texts beside the record, to be taken up in it */
  gsize             n_bytes;    /* of both, as they are written */
  gboolean          keeps_unknown;
  gboolean          had_files;
  gboolean          is_dirty; /* otherwise than by regions that were set */
  gboolean          is_too_large;
  gboolean          must_write; /* even if the record is the same */
  AlmuArchiveEntry *draft;      /* what is to be written, NULL if all is */
  char             *json;       /* of the draft; NULL to remove the record */
} Followed;

void      almu_followed_free (gpointer data);
void      almu_followed_drop_draft (Followed *self);
void      almu_followed_take_written (Followed *self,
                                      char     *json);
void      almu_followed_make_draft (Followed *self);
gboolean  almu_followed_is_behind (const Followed *self);
gint64    almu_followed_get_last_seen (const Followed *self);
void      almu_store_let_go (AlmuStore *self,
                             guint32    id);
void      almu_store_schedule (AlmuStore *self);
void      almu_store_follow_all (AlmuStore    *self,
                                 AlmuSessions *sessions);
Followed *almu_store_find (AlmuStore *self,
                           guint32    id);
Followed *almu_store_add (AlmuStore *self,
                          guint32    id);

gboolean almu_store_write (AlmuStore *self,
                           GPtrArray *drafts);
gboolean almu_store_append (AlmuStore  *self,
                            Followed   *followed,
                            const char *json);
void     almu_store_write_all (AlmuStore *self);
void     almu_store_report (AlmuStore    *self,
                            const GError *error);
void     almu_store_apply_retention (AlmuStore *self);
gboolean almu_store_open (AlmuStore *self,
                          GError   **error);

void almu_store_archive_init (AlmuArchiveInterface *iface);
void almu_store_emit_trouble (AlmuStore  *self,
                              const char *text);

G_END_DECLS
