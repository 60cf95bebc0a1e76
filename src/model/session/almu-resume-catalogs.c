/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-resume-catalogs.h"

#include <glib/gi18n-lib.h>

#include "almu-catalog-opening.h"
#include "almu-error.h"
#include "almu-limits.h"
#include "almu-session-catalogs.h"

/* The part of resuming that is about catalogs: read beside the images, all
 * at once, and taken in with them. */

typedef struct
{
  AlmuDataTable  *table; /* NULL if it cannot be read */
  AlmuFingerprint fingerprint;
  GError         *error;
} Found;

struct _AlmuResumeCatalogs
{
  GPtrArray *wishes;
  Found     *found; /* as wishes */
  guint      n_waiting;
  void (*done) (gpointer user_data);
  gpointer user_data;
};

typedef struct
{
  AlmuResumeCatalogs *owner;
  guint               index;
} Answer;

/**
 * almu_resume_catalogs_check:
 * @wishes: (element-type AlmuCatalogWish)
 * @error: return location
 *
 * There are at most %ALMU_LIMIT_CATALOGS, and their ids are from 0 to
 * %ALMU_LIMIT_FILE_ID; anything else is %ALMU_ERROR_LIMIT. One id may be there
 * twice: the last word counts.
 *
 * Returns: %FALSE if they make no sense together
 */
gboolean
almu_resume_catalogs_check (GPtrArray *wishes,
                            GError   **error)
{
  if (wishes->len > ALMU_LIMIT_CATALOGS)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("%u catalogs are more than the %d a session may have"), wishes->len, ALMU_LIMIT_CATALOGS);
      return FALSE;
    }

  for (guint i = 0; i < wishes->len; i++)
    {
      const AlmuCatalogWish *wish = wishes->pdata[i];

      if (wish->id < 0 || wish->id > ALMU_LIMIT_FILE_ID)
        {
          g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                       _ ("Catalog id %d is not one from 0 to %d"), wish->id, ALMU_LIMIT_FILE_ID);
          return FALSE;
        }
    }

  return TRUE;
}

/* The page may name one twice: the last word is the one that counts. */
static gboolean
is_overruled (GPtrArray *wishes,
              guint      index)
{
  const AlmuCatalogWish *wish = wishes->pdata[index];

  for (guint i = index + 1; i < wishes->len; i++)
    if (((const AlmuCatalogWish *) wishes->pdata[i])->id == wish->id)
      return TRUE;

  return FALSE;
}

/**
 * almu_resume_catalogs_new:
 * @wishes: (element-type AlmuCatalogWish): what the page had
 *
 * Reads nothing before almu_resume_catalogs_read(). @wishes are held and must
 * not change.
 *
 * Returns: (transfer full): what is to be done
 */
AlmuResumeCatalogs *
almu_resume_catalogs_new (GPtrArray *wishes)
{
  AlmuResumeCatalogs *self = g_new0 (AlmuResumeCatalogs, 1);

  self->wishes = g_ptr_array_ref (wishes);
  self->found = g_new0 (Found, wishes->len + 1);

  return self;
}

/**
 * almu_resume_catalogs_free:
 * @self: (transfer full): what was to be done
 *
 * Not while something is being read.
 */
void
almu_resume_catalogs_free (AlmuResumeCatalogs *self)
{
  for (guint i = 0; i < self->wishes->len; i++)
    {
      g_clear_pointer (&self->found[i].table, almu_data_table_unref);
      g_clear_error (&self->found[i].error);
    }
  g_free (self->found);
  g_ptr_array_unref (self->wishes);
  g_free (self);
}

/* -- reading ------------------------------------------------------------ */

static void
end_one (AlmuResumeCatalogs *self)
{
  if (--self->n_waiting == 0)
    self->done (self->user_data);
}

static void
on_read (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autofree Answer *answer = user_data;
  Found             *found = &answer->owner->found[answer->index];

  found->table = almu_catalog_opening_finish (result, &found->fingerprint, &found->error);
  end_one (answer->owner);
}

/* The catalog that the session has under this id, if the viewer means the
 * same by it. */
static AlmuCatalogFile *
find_known (AlmuSession           *session,
            const AlmuCatalogWish *wish)
{
  AlmuCatalogFile *catalog = almu_session_get_catalog (session, wish->id, NULL);

  if (catalog == NULL || wish->name == NULL ||
      !almu_file_name_equal (almu_catalog_file_get_name (catalog), wish->name))
    return NULL;

  return catalog;
}

/**
 * almu_resume_catalogs_read:
 * @session: that is resumed
 * @cancellable: (nullable): ends reading early; @done is called all the same
 * @done: called once, never before this returns to the main loop unless
 *   there is nothing to read
 *
 * Reads what is not known yet, and looks at what is.
 */
void
almu_resume_catalogs_read (AlmuResumeCatalogs *self,
                           AlmuSession        *session,
                           GCancellable       *cancellable,
                           void (*done) (gpointer user_data),
                           gpointer user_data)
{
  self->done = done;
  self->user_data = user_data;
  self->n_waiting = 1;

  for (guint i = 0; i < self->wishes->len; i++)
    {
      const AlmuCatalogWish *wish = self->wishes->pdata[i];
      AlmuCatalogFile       *known = find_known (session, wish);
      AlmuDataTable         *table = known != NULL ? almu_catalog_file_get_table (known) : NULL;
      Answer                *answer;

      if (wish->name == NULL || is_overruled (self->wishes, i))
        continue;

      answer = g_new0 (Answer, 1);
      answer->owner = self;
      answer->index = i;
      self->n_waiting++;
      almu_catalog_opening_async (almu_session_get_folder (session), wish->name, ALMU_TABLE_ALL, table,
                                  table != NULL ? almu_catalog_file_get_fingerprint (known) : NULL,
                                  cancellable, on_read, answer);
    }

  end_one (self);
}

/* -- taking it in ------------------------------------------------------- */

static gboolean
is_wished (AlmuResumeCatalogs *self,
           int                 catalog_id)
{
  for (guint i = 0; i < self->wishes->len; i++)
    if (((const AlmuCatalogWish *) self->wishes->pdata[i])->id == catalog_id)
      return TRUE;

  return FALSE;
}

static void
close_others (AlmuResumeCatalogs *self,
              AlmuSession        *session)
{
  GPtrArray *catalogs = almu_session_list_catalogs (session);
  guint      i = 0;

  while (i < catalogs->len)
    {
      int catalog_id = almu_catalog_file_get_id (catalogs->pdata[i]);

      if (is_wished (self, catalog_id))
        i++;
      else
        almu_session_close_catalog (session, catalog_id, NULL);
    }
}

static void
take_one (AlmuSession           *session,
          const AlmuCatalogWish *wish,
          const Found           *found,
          GPtrArray             *problems)
{
  AlmuCatalogFile    *known = find_known (session, wish);
  AlmuCatalogFile    *catalog;
  const AlmuRowsWant *want = wish->want;
  const char         *look = wish->look;
  int                 preview_size = wish->preview_size;

  if (known != NULL && found->table != NULL && almu_catalog_file_get_table (known) == found->table)
    return;

  if (known == NULL && found->table == NULL && wish->is_passing)
    {
      almu_session_close_catalog (session, wish->id, NULL);
      g_ptr_array_add (problems, g_strdup_printf (_ ("Catalog %d (%s) is no file here: what an online query found stays in the page only"),
                                                  wish->id, wish->label));
      return;
    }

  if (wish->name == NULL || found->table == NULL)
    g_ptr_array_add (problems, g_strdup_printf (_ ("Catalog %d (%s) cannot be opened: %s"), wish->id, wish->label,
                                                wish->name == NULL ? wish->error->message : found->error->message));
  if (wish->name == NULL)
    {
      almu_session_close_catalog (session, wish->id, NULL);
      return;
    }

  if (want == NULL && known != NULL)
    want = almu_catalog_file_get_want (known);
  if (look == NULL && known != NULL)
    look = almu_catalog_file_get_look (known);
  if (preview_size < 0)
    preview_size = known != NULL ? almu_catalog_file_get_preview_size (known) : 0;

  catalog = almu_catalog_file_new (wish->id, wish->name, preview_size);
  almu_catalog_file_keep_want (catalog, want);
  almu_catalog_file_set_look (catalog, look);
  if (found->table != NULL)
    almu_catalog_file_come_alive (catalog, found->table, &found->fingerprint, almu_session_get_epoch (session));
  else
    almu_catalog_file_fail (catalog, found->error);
  almu_session_take_catalog (session, catalog);
}

/**
 * almu_resume_catalogs_take:
 * @session: that is resumed
 * @problems: (element-type utf8): what could not be restored, in words
 *
 * Brings the catalogs of @session to what is wished.
 */
void
almu_resume_catalogs_take (AlmuResumeCatalogs *self,
                           AlmuSession        *session,
                           GPtrArray          *problems)
{
  close_others (self, session);

  for (guint i = 0; i < self->wishes->len; i++)
    if (!is_overruled (self->wishes, i))
      take_one (session, self->wishes->pdata[i], &self->found[i], problems);
}
