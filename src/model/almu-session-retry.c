/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-session-private.h"

#include "almu-opening.h"

/* A file that could not be opened stays in its session, and is opened as
 * soon as it is there again: a disk that was not mounted yet, a cube that is
 * being copied. Looking is a failing open(), which costs nothing; watching
 * the folder instead would not see a file server come back.
 */

#define RETRY_SECONDS 3

typedef struct
{
  AlmuSession *session;
  AlmuFile    *file;
} Attempt;

static void
attempt_free (Attempt *attempt)
{
  g_object_unref (attempt->session);
  g_object_unref (attempt->file);
  g_free (attempt);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Attempt, attempt_free)

static gboolean
is_missing (AlmuFile *file)
{
  return almu_file_get_state (file) == ALMU_FILE_STATE_UNAVAILABLE;
}

static void
on_opened (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(Attempt) attempt = user_data;
  AlmuSession *self = attempt->session;
  AlmuFile    *file = attempt->file;
  g_autoptr(AlmuImage) image = almu_opening_finish (result, NULL);

  if (self->files == NULL || !g_ptr_array_find (self->files, file, NULL) || !is_missing (file))
    return;

  if (image == NULL)
    {
      almu_session_await_missing (self);
      return;
    }

  almu_file_come_alive (file, self->cache, image, self->epoch);
  almu_session_place_regions (self, file);
  almu_session_require_kept (self, file);
  almu_session_emit_changed (self);
  if (self->state == ALMU_SESSION_ATTACHED)
    almu_demand_start (almu_file_get_demand (file));
}

static gboolean
on_retry (gpointer user_data)
{
  AlmuSession *self = user_data;

  self->retry_source = 0;
  for (guint i = 0; i < self->files->len; i++)
    {
      AlmuFile *file = self->files->pdata[i];
      Attempt  *attempt;

      if (!is_missing (file))
        continue;

      attempt = g_new0 (Attempt, 1);
      attempt->session = g_object_ref (self);
      attempt->file = g_object_ref (file);
      almu_opening_async (self->folder, almu_file_get_name (file), NULL, NULL, on_opened, attempt);
    }

  return G_SOURCE_REMOVE;
}

/**
 * almu_session_await_missing:
 *
 * Looks now and then for files that could not be opened, while somebody is
 * there to see them.
 */
void
almu_session_await_missing (AlmuSession *self)
{
  if (self->retry_source != 0 || self->state != ALMU_SESSION_ATTACHED)
    return;

  for (guint i = 0; i < self->files->len; i++)
    {
      if (!is_missing (self->files->pdata[i]))
        continue;

      self->retry_source = g_timeout_add_seconds (RETRY_SECONDS, on_retry, self);
      return;
    }
}
