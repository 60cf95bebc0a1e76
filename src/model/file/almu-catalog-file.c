/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-catalog-file.h"

#include <string.h>

#include "almu-error.h"
#include "almu-limits.h"
#include "almu-product.h"
#include "almu-workers.h"

/**
 * AlmuCatalogFile:
 *
 * A catalog that a session has open, or would have open if its file were
 * there: the table, and what of it the viewer wants to see.
 *
 * Rows leave in pieces, one at a time, each cut by a worker when the one
 * before it has left; while the viewer reads too slowly none is cut. A new
 * wish takes the place of the one before, whatever came of that.
 *
 * Main thread only.
 */
struct _AlmuCatalogFile
{
  AlmuProducer parent_instance;

  int             id;
  AlmuFileName   *name;
  int             preview_size;
  AlmuDataTable  *table; /* NULL unless it is there */
  AlmuFingerprint fingerprint;
  char           *error;
  char           *look; /* or NULL */
  gboolean        is_missing;

  AlmuRowsWant  *want;          /* the last one, or NULL */
  AlmuTableView *view;          /* of its query, or NULL */
  GCancellable  *work;          /* the one that counts, or NULL */
  gint64         next;          /* row of the view that leaves next */
  gboolean       is_waiting;    /* for the viewer to read */
  gboolean       is_unanswered; /* nothing of the wish has left yet */
  gboolean       is_paused;
  guint          epoch;
};

G_DEFINE_FINAL_TYPE (AlmuCatalogFile, almu_catalog_file, ALMU_TYPE_PRODUCER)

/* As many rows as the servers of the ICD have always put into a message. */
#define PIECE_ROWS 100000

/* Input of a worker, and what it made of it. */
typedef struct
{
  AlmuDataTable *table;
  AlmuRowsWant  *want;
  AlmuTableView *view;
  gint64         start;
  gint64         n_rows;
  GPtrArray     *cells; /* GBytes, as the columns that are wanted */
} Piece;

static void
piece_free (gpointer data)
{
  Piece *piece = data;

  almu_data_table_unref (piece->table);
  almu_rows_want_free (piece->want);
  g_clear_pointer (&piece->view, almu_table_view_unref);
  g_clear_pointer (&piece->cells, g_ptr_array_unref);
  g_free (piece);
}

static void
almu_catalog_file_dispose (GObject *object)
{
  AlmuCatalogFile *self = ALMU_CATALOG_FILE (object);

  almu_catalog_file_stop (self);
  g_clear_pointer (&self->view, almu_table_view_unref);
  g_clear_pointer (&self->table, almu_data_table_unref);

  G_OBJECT_CLASS (almu_catalog_file_parent_class)->dispose (object);
}

static void
almu_catalog_file_finalize (GObject *object)
{
  AlmuCatalogFile *self = ALMU_CATALOG_FILE (object);

  almu_file_name_free (self->name);
  g_free (self->error);
  g_free (self->look);
  g_clear_pointer (&self->want, almu_rows_want_free);

  G_OBJECT_CLASS (almu_catalog_file_parent_class)->finalize (object);
}

static void
almu_catalog_file_class_init (AlmuCatalogFileClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = almu_catalog_file_dispose;
  object_class->finalize = almu_catalog_file_finalize;
}

static void
almu_catalog_file_init (AlmuCatalogFile *self)
{
}

/**
 * almu_catalog_file_new:
 * @id: what the viewer calls it
 * @name: where it lies; copied
 * @preview_size: how many rows the viewer saw when it was opened
 *
 * Reads nothing: there is no table before almu_catalog_file_come_alive().
 *
 * Returns: (transfer full): a catalog
 */
AlmuCatalogFile *
almu_catalog_file_new (int                 id,
                       const AlmuFileName *name,
                       int                 preview_size)
{
  AlmuCatalogFile *self = g_object_new (ALMU_TYPE_CATALOG_FILE, NULL);

  self->id = id;
  self->name = almu_file_name_copy (name);
  self->preview_size = preview_size;

  return self;
}

/**
 * almu_catalog_file_get_id:
 * @self: a catalog
 *
 * Numbers of catalogs are apart from those of images.
 *
 * Returns: what the viewer calls it
 */
int
almu_catalog_file_get_id (AlmuCatalogFile *self)
{
  g_return_val_if_fail (ALMU_IS_CATALOG_FILE (self), -1);

  return self->id;
}

/**
 * almu_catalog_file_get_name:
 * @self: a catalog
 *
 * It does not change while the catalog lives.
 *
 * Returns: (transfer none): where it lies
 */
const AlmuFileName *
almu_catalog_file_get_name (AlmuCatalogFile *self)
{
  g_return_val_if_fail (ALMU_IS_CATALOG_FILE (self), NULL);

  return self->name;
}

/**
 * almu_catalog_file_get_preview_size:
 * @self: a catalog
 *
 * What was asked for, whether or not the table has so many.
 *
 * Returns: how many rows the viewer saw when it was opened
 */
int
almu_catalog_file_get_preview_size (AlmuCatalogFile *self)
{
  g_return_val_if_fail (ALMU_IS_CATALOG_FILE (self), 0);

  return self->preview_size;
}

/**
 * almu_catalog_file_get_table:
 *
 * Returns: (nullable) (transfer none): %NULL while the file is not there
 */
AlmuDataTable *
almu_catalog_file_get_table (AlmuCatalogFile *self)
{
  g_return_val_if_fail (ALMU_IS_CATALOG_FILE (self), NULL);

  return self->table;
}

/**
 * almu_catalog_file_get_error:
 * @self: a catalog
 *
 * The text of the last almu_catalog_file_fail(), for people.
 *
 * Returns: (nullable): why it is not open
 */
const char *
almu_catalog_file_get_error (AlmuCatalogFile *self)
{
  g_return_val_if_fail (ALMU_IS_CATALOG_FILE (self), NULL);

  return self->error;
}

/**
 * almu_catalog_file_get_fingerprint:
 * @self: a catalog
 *
 * Taken when the table was read, so that a file that has changed since can be
 * told from it.
 *
 * Returns: (transfer none): of the file; all zero if it was never there
 */
const AlmuFingerprint *
almu_catalog_file_get_fingerprint (AlmuCatalogFile *self)
{
  g_return_val_if_fail (ALMU_IS_CATALOG_FILE (self), NULL);

  return &self->fingerprint;
}

/**
 * almu_catalog_file_come_alive:
 * @table: what was read; held
 * @fingerprint: of the file then; copied
 * @epoch: of the session
 *
 * The file is there and was read.
 */
void
almu_catalog_file_come_alive (AlmuCatalogFile       *self,
                              AlmuDataTable         *table,
                              const AlmuFingerprint *fingerprint,
                              guint                  epoch)
{
  g_return_if_fail (ALMU_IS_CATALOG_FILE (self));

  almu_catalog_file_stop (self);
  g_clear_pointer (&self->view, almu_table_view_unref);
  g_clear_pointer (&self->table, almu_data_table_unref);
  g_clear_pointer (&self->error, g_free);
  self->table = almu_data_table_ref (table);
  self->fingerprint = *fingerprint;
  self->epoch = epoch;
}

/**
 * almu_catalog_file_fail:
 * @self: a catalog
 * @error: why its table could not be read
 *
 * Notes why it is not there. Any %G_IO_ERROR, and %ALMU_ERROR_NOT_FOUND, count
 * as a file that is missing and may come back. A table that is there stays.
 * Nobody is told.
 */
void
almu_catalog_file_fail (AlmuCatalogFile *self,
                        const GError    *error)
{
  g_return_if_fail (ALMU_IS_CATALOG_FILE (self));

  g_free (self->error);
  self->error = g_strdup (error->message);
  self->is_missing = error->domain == G_IO_ERROR || g_error_matches (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND);
}

/**
 * almu_catalog_file_is_missing:
 *
 * Whether the file was not there: it may be some day. One that cannot be
 * read will not be by trying again.
 */
gboolean
almu_catalog_file_is_missing (AlmuCatalogFile *self)
{
  g_return_val_if_fail (ALMU_IS_CATALOG_FILE (self), FALSE);

  return self->table == NULL && self->is_missing;
}

/* -- rows --------------------------------------------------------------- */

/* Text is longer in some rows than in others. */
static gint64
count_fitting (const Piece *piece,
               gint64       n_wanted)
{
  gint64 n_bytes = 0;
  gint64 n = 0;

  while (n < n_wanted && n_bytes < ALMU_LIMIT_ROWS_BYTES)
    {
      gsize row = almu_table_view_get_row (piece->view, (gsize) (piece->start + n));

      for (guint i = 0; i < piece->want->columns->len; i++)
        {
          const AlmuColumn *column = almu_data_table_get_column (piece->table, g_array_index (piece->want->columns, guint, i));

          n_bytes += column->type == ALMU_COLUMN_STRING
                       ? (gint64) strlen (almu_column_get_text (column, row)) + 8
                       : (gint64) almu_column_type_get_size (column->type);
        }
      n++;
    }

  return n;
}

static void
cut_worker (GTask        *task,
            gpointer      source_object,
            gpointer      task_data,
            GCancellable *cancellable)
{
  Piece *piece = task_data;
  g_autoptr(GError) error = NULL;
  gint64 end;

  if (piece->view == NULL)
    piece->view = almu_table_view_new (piece->table, piece->want->query, cancellable, &error);
  if (piece->view == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  end = MIN (piece->want->start + piece->want->n_rows, (gint64) piece->view->n_rows);
  piece->start = MIN (piece->start, (gint64) piece->view->n_rows);
  piece->n_rows = count_fitting (piece, CLAMP (end - piece->start, 0, PIECE_ROWS));
  piece->cells = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  for (guint i = 0; i < piece->want->columns->len; i++)
    g_ptr_array_add (piece->cells, almu_table_view_cut (piece->view, g_array_index (piece->want->columns, guint, i),
                                                        (gsize) piece->start, (gsize) piece->n_rows));

  g_task_return_boolean (task, TRUE);
}

static void
emit_rows (AlmuCatalogFile *self,
           const Piece     *piece,
           gint64           end)
{
  AlmuProduct product = {
    .kind = ALMU_PRODUCT_ROWS,
    .epoch = self->epoch,
    .file_id = self->id,
    .region_id = piece->want->region_id,
    .progress = 1,
    .rows = {
      .table = piece->table,
      .view = piece->view,
      .want = piece->want,
      .cells = piece->cells,
      .start = piece->start,
      .n_rows = piece->n_rows,
      .end = end,
    },
  };

  /* one that is not all of it must not round to that */
  if (end > self->next)
    product.progress = MIN (0.9999f, (float) (self->next - piece->want->start) / (float) (end - piece->want->start));

  almu_producer_emit_product (ALMU_PRODUCER (self), &product);
}

static void cut_next (AlmuCatalogFile *self);

static void
on_cut (GObject      *source,
        GAsyncResult *result,
        gpointer      user_data)
{
  AlmuCatalogFile *self = ALMU_CATALOG_FILE (source);
  Piece           *piece = g_task_get_task_data (G_TASK (result));
  GCancellable    *work = g_task_get_cancellable (G_TASK (result));
  g_autoptr(GError) error = NULL;
  gint64 end = 0;

  if (!g_task_propagate_boolean (G_TASK (result), &error))
    {
      if (work != self->work)
        return;

      /* the viewer waits for an end of it in any case */
      almu_producer_emit_failed (ALMU_PRODUCER (self), error);
      piece->n_rows = 0;
      piece->start = piece->want->start;
    }

  if (work != self->work)
    return;

  if (piece->view != NULL)
    {
      if (self->view == NULL)
        self->view = almu_table_view_ref (piece->view);
      end = MIN (piece->want->start + piece->want->n_rows, (gint64) piece->view->n_rows);
    }

  self->next = piece->start + piece->n_rows;
  self->is_unanswered = FALSE;
  if (end <= self->next)
    g_clear_object (&self->work);
  emit_rows (self, piece, end);

  /* whoever heard that may have asked for something else */
  if (work == self->work)
    cut_next (self);
}

static void
cut_next (AlmuCatalogFile *self)
{
  g_autoptr(GTask) task = NULL;
  Piece *piece;

  self->is_waiting = self->is_paused;
  if (self->is_waiting)
    return;

  piece = g_new0 (Piece, 1);
  piece->table = almu_data_table_ref (self->table);
  piece->want = almu_rows_want_copy (self->want);
  piece->view = self->view != NULL ? almu_table_view_ref (self->view) : NULL;
  piece->start = self->next;

  task = g_task_new (self, self->work, on_cut, NULL);
  g_task_set_source_tag (task, cut_next);
  g_task_set_task_data (task, piece, piece_free);
  almu_workers_run (task, ALMU_PRIORITY_NORMAL, cut_worker);
}

static void
begin (AlmuCatalogFile *self)
{
  almu_catalog_file_stop (self);
  self->work = g_cancellable_new ();
  self->next = self->want->start;
  self->is_unanswered = TRUE;
  cut_next (self);
}

/**
 * almu_catalog_file_get_want:
 *
 * Returns: (nullable) (transfer none): what was wanted last
 */
const AlmuRowsWant *
almu_catalog_file_get_want (AlmuCatalogFile *self)
{
  g_return_val_if_fail (ALMU_IS_CATALOG_FILE (self), NULL);

  return self->want;
}

/**
 * almu_catalog_file_get_look:
 *
 * Returns: (nullable): how the viewer plots the catalog, as JSON text that
 *   only doors understand
 */
const char *
almu_catalog_file_get_look (AlmuCatalogFile *self)
{
  g_return_val_if_fail (ALMU_IS_CATALOG_FILE (self), NULL);

  return self->look;
}

/**
 * almu_catalog_file_set_look:
 * @self: a catalog
 * @look: (nullable): how the viewer plots it, as JSON text; copied, not checked
 *
 * Emits [signal@Almu.Producer::changed] if it is another one, so that it is
 * written down.
 */
void
almu_catalog_file_set_look (AlmuCatalogFile *self,
                            const char      *look)
{
  g_return_if_fail (ALMU_IS_CATALOG_FILE (self));

  if (g_strcmp0 (self->look, look) == 0)
    return;

  g_free (self->look);
  self->look = g_strdup (look);
  almu_producer_emit_changed (ALMU_PRODUCER (self));
}

/**
 * almu_catalog_file_keep_want:
 * @want: (nullable): what the viewer saw
 *
 * Takes over what was wanted before. Nothing is sent: the viewer has it.
 */
void
almu_catalog_file_keep_want (AlmuCatalogFile    *self,
                             const AlmuRowsWant *want)
{
  g_return_if_fail (ALMU_IS_CATALOG_FILE (self));

  almu_catalog_file_stop (self);
  g_clear_pointer (&self->view, almu_table_view_unref);
  g_clear_pointer (&self->want, almu_rows_want_free);
  if (want != NULL)
    self->want = almu_rows_want_copy (want);
  self->is_unanswered = FALSE;
}

/**
 * almu_catalog_file_require:
 * @want: rows from 0; its columns are those of the table; copied
 *
 * Shows rows. Filtering and sorting is done once for all requests with the
 * same query.
 *
 * The table must be there. Emits [signal@Almu.Producer::changed], then rows
 * as [signal@Almu.Producer::product], at least one of them, the last with a
 * progress of 1.
 */
void
almu_catalog_file_require (AlmuCatalogFile    *self,
                           const AlmuRowsWant *want)
{
  g_return_if_fail (ALMU_IS_CATALOG_FILE (self));
  g_return_if_fail (self->table != NULL);

  if (self->want == NULL || !almu_query_equal (self->want->query, want->query))
    g_clear_pointer (&self->view, almu_table_view_unref);

  g_clear_pointer (&self->want, almu_rows_want_free);
  self->want = almu_rows_want_copy (want);
  almu_producer_emit_changed (ALMU_PRODUCER (self));
  begin (self);
}

/**
 * almu_catalog_file_stop:
 * @self: a catalog
 *
 * Ends the rows that are on their way: none is emitted any more, even if a
 * worker has cut it. What was wanted is still known.
 */
void
almu_catalog_file_stop (AlmuCatalogFile *self)
{
  g_return_if_fail (ALMU_IS_CATALOG_FILE (self));

  g_cancellable_cancel (self->work);
  g_clear_object (&self->work);
  self->is_waiting = FALSE;
}

/**
 * almu_catalog_file_set_epoch:
 * @self: a catalog
 * @epoch: of the session
 *
 * What is emitted from now on carries it. Rows that are on their way are not
 * stopped.
 */
void
almu_catalog_file_set_epoch (AlmuCatalogFile *self,
                             guint            epoch)
{
  g_return_if_fail (ALMU_IS_CATALOG_FILE (self));

  self->epoch = epoch;
}

/**
 * almu_catalog_file_renew:
 * @epoch: of the session
 *
 * A viewer has come back. It still has the rows it was shown; what it asked
 * for and never heard of follows.
 */
void
almu_catalog_file_renew (AlmuCatalogFile *self,
                         guint            epoch)
{
  g_return_if_fail (ALMU_IS_CATALOG_FILE (self));

  self->epoch = epoch;
  if (self->is_unanswered && self->table != NULL && self->want != NULL)
    begin (self);
}

/**
 * almu_catalog_file_set_paused:
 * @paused: whether the viewer reads too slowly for more rows
 *
 * The piece that a worker is cutting comes; the next one is cut when @paused is
 * %FALSE again.
 */
void
almu_catalog_file_set_paused (AlmuCatalogFile *self,
                              gboolean         paused)
{
  g_return_if_fail (ALMU_IS_CATALOG_FILE (self));

  self->is_paused = paused;
  if (!paused && self->is_waiting)
    cut_next (self);
}
