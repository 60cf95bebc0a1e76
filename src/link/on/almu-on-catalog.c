/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-dispatch.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "almu-error.h"
#include "almu-file-message.h"
#include "almu-limits.h"
#include "almu-message.h"
#include "almu-session-catalogs.h"
#include "almu-speak-catalog.h"

/* Catalogs that a viewer opens, looks at and closes. Their ids are numbers of
 * their own, beside those of images. */

/* What the page asks for when it does not say. */
#define DEFAULT_PREVIEW 50
#define MAX_PREVIEW 10000

typedef struct
{
  AlmuLink *link;
  guint32   request_id;
  int       catalog_id;
} Opening;

static void
opening_free (Opening *opening)
{
  g_object_unref (opening->link);
  g_free (opening);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Opening, opening_free)

/* -- OPEN_CATALOG_FILE -------------------------------------------------- */

static void
speak_preview (CARTA__OpenCatalogFileAck *ack,
               AlmuDataTable             *table,
               int                        preview_size,
               GPtrArray                 *cells,
               AlmuScratch               *scratch)
{
  g_autoptr(AlmuQuery) all = almu_query_new ();
  g_autoptr(AlmuTableView) view = almu_table_view_new (table, all, NULL, NULL);
  guint                                        n = table->columns->len;
  gsize                                        n_rows = MIN ((gsize) preview_size, view->n_rows);
  CARTA__OpenCatalogFileAck__PreviewDataEntry *entries;

  entries = almu_scratch_array (scratch, CARTA__OpenCatalogFileAck__PreviewDataEntry, n);
  ack->preview_data = almu_scratch_array (scratch, CARTA__OpenCatalogFileAck__PreviewDataEntry *, n);
  for (guint i = 0; i < n; i++)
    {
      if (almu_data_table_get_column (table, i)->type == ALMU_COLUMN_UNSUPPORTED)
        continue;

      g_ptr_array_add (cells, almu_table_view_cut (view, i, 0, n_rows));
      carta__open_catalog_file_ack__preview_data_entry__init (&entries[i]);
      entries[i].key = i;
      entries[i].value = almu_speak_column (table, i, cells->pdata[cells->len - 1], scratch);
      ack->preview_data[ack->n_preview_data++] = &entries[i];
    }
}

static void
acknowledge (Opening         *opening,
             AlmuCatalogFile *catalog)
{
  CARTA__OpenCatalogFileAck ack = CARTA__OPEN_CATALOG_FILE_ACK__INIT;
  AlmuDataTable            *table = almu_catalog_file_get_table (catalog);
  g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autoptr(AlmuScratch) scratch = almu_scratch_new ();

  ack.success = TRUE;
  ack.file_id = opening->catalog_id;
  ack.file_info = almu_speak_catalog_info (table, almu_catalog_file_get_name (catalog)->name,
                                           almu_catalog_file_get_fingerprint (catalog), scratch);
  ack.data_size = (gint32) table->n_rows;
  ack.n_headers = table->columns->len;
  ack.headers = almu_speak_catalog_headers (table, scratch);
  speak_preview (&ack, table, almu_catalog_file_get_preview_size (catalog), cells, scratch);
  almu_session_commit (almu_link_get_session (opening->link));
  almu_link_reply (opening->link, opening->request_id, &ack.base);
}

static void
tell_odd_cells (AlmuLink        *link,
                AlmuCatalogFile *catalog)
{
  const AlmuDataTable *table = almu_catalog_file_get_table (catalog);
  g_autofree char     *text = NULL;

  if (table->odd_cell == NULL)
    return;

  text = g_strdup_printf (_ ("%s: %s; %" PRIu64 " cells are shown as NaN or 0"),
                          almu_catalog_file_get_name (catalog)->name, table->odd_cell, table->n_odd_cells);
  almu_link_report (link, CARTA__ERROR_SEVERITY__WARNING, "catalog", text);
}

static void
on_opened (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(Opening) opening = user_data;
  g_autoptr(AlmuCatalogFile) catalog = NULL;
  g_autoptr(GError) error = NULL;
  AlmuSession *session = ALMU_SESSION (source);

  catalog = almu_session_open_catalog_finish (session, result, &error);
  if (almu_link_get_session (opening->link) != session)
    return;

  if (catalog != NULL)
    {
      acknowledge (opening, catalog);
      tell_odd_cells (opening->link, catalog);
    }
  else
    {
      almu_link_refuse (opening->link, CARTA__EVENT_TYPE__OPEN_CATALOG_FILE, opening->request_id,
                        opening->catalog_id, error);
    }

  almu_link_end_order (opening->link, ALMU_LINK_CATALOG (opening->catalog_id));
}

/**
 * almu_on_open_catalog_file:
 * @link: who says it
 * @request_id: what the reply repeats
 * @message: an OPEN_CATALOG_FILE
 *
 * Reads a table into memory on a worker, in place of a catalog of that id, and
 * answers by OPEN_CATALOG_FILE_ACK with its first rows: as many as are asked
 * for, 50 if none are, 10,000 at most. The session is written down by then.
 * Other messages about that catalog wait. Cells that make no sense are told by
 * ERROR_DATA.
 */
void
almu_on_open_catalog_file (AlmuLink               *link,
                           guint32                 request_id,
                           const ProtobufCMessage *message)
{
  const CARTA__OpenCatalogFile *request = (const CARTA__OpenCatalogFile *) message;
  g_autoptr(AlmuFileName) name = NULL;
  g_autoptr(GError) error = NULL;
  Opening *opening;
  int      preview_size = request->preview_data_size;

  name = almu_file_name_new_for_message (almu_link_get_folder (link), request->directory, request->name,
                                         "", FALSE, &error);
  if (name == NULL)
    {
      almu_link_refuse (link, CARTA__EVENT_TYPE__OPEN_CATALOG_FILE, request_id, request->file_id, error);
      return;
    }

  opening = g_new0 (Opening, 1);
  opening->link = g_object_ref (link);
  opening->request_id = request_id;
  opening->catalog_id = request->file_id;
  almu_link_drop_rows (link, request->file_id);
  almu_link_begin_order (link, ALMU_LINK_CATALOG (request->file_id));
  almu_session_open_catalog_async (almu_link_get_session (link), request->file_id, name,
                                   preview_size > 0 ? MIN (preview_size, MAX_PREVIEW) : DEFAULT_PREVIEW,
                                   almu_link_get_cancellable (link), on_opened, opening);
}

/* -- CLOSE_CATALOG_FILE ------------------------------------------------- */

/**
 * almu_on_close_catalog_file:
 * @link: who says it
 * @request_id: not used, as there is no reply
 * @message: a CLOSE_CATALOG_FILE
 *
 * Closes a catalog, and drops its rows that have not been sent. One that is not
 * open is told by ERROR_DATA of severity DEBUG.
 */
void
almu_on_close_catalog_file (AlmuLink               *link,
                            guint32                 request_id,
                            const ProtobufCMessage *message)
{
  const CARTA__CloseCatalogFile *request = (const CARTA__CloseCatalogFile *) message;
  g_autoptr(GError) error = NULL;

  almu_link_drop_rows (link, request->file_id);
  /* what an online query found was never open here */
  if (!almu_session_close_catalog (almu_link_get_session (link), request->file_id, &error))
    almu_link_report (link, CARTA__ERROR_SEVERITY__DEBUG, "catalog", error->message);
}

/* -- CATALOG_FILTER_REQUEST --------------------------------------------- */

static gboolean
take_filters (AlmuRowsWant                      *want,
              const CARTA__CatalogFilterRequest *request,
              GError                           **error)
{
  if (request->n_filter_configs > ALMU_LIMIT_FILTERS)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("%zu filters are more than %d"), request->n_filter_configs, ALMU_LIMIT_FILTERS);
      return FALSE;
    }

  for (gsize i = 0; i < request->n_filter_configs; i++)
    {
      const CARTA__FilterConfig *config = request->filter_configs[i];

      if ((guint) config->comparison_operator >= ALMU_N_COMPARISONS)
        {
          g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                       _ ("Comparison %d of the filter on “%.40s” is not one from 0 to %d"),
                       (int) config->comparison_operator, config->column_name, ALMU_N_COMPARISONS - 1);
          return FALSE;
        }

      g_ptr_array_add (want->query->filters,
                       almu_filter_new (config->column_name, (AlmuComparison) config->comparison_operator,
                                        config->value, config->secondary_value, config->sub_string));
    }

  g_free (want->query->sort_column);
  want->query->sort_column = g_strdup (request->sort_column);
  want->query->is_descending = request->sorting_type == CARTA__SORTING_TYPE__Descending;

  return TRUE;
}

static gboolean
take_columns (AlmuRowsWant                      *want,
              const CARTA__CatalogFilterRequest *request,
              const AlmuDataTable               *table,
              GError                           **error)
{
  g_autofree gboolean *is_there = g_new0 (gboolean, table->columns->len + 1);

  for (gsize i = 0; i < request->n_column_indices; i++)
    {
      guint column = (guint) request->column_indices[i];

      if (column >= table->columns->len)
        {
          g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND,
                       _ ("Column %d is not one of the %u columns, counted from 0"),
                       request->column_indices[i], table->columns->len);
          return FALSE;
        }

      if (!is_there[column])
        g_array_append_val (want->columns, column);
      is_there[column] = TRUE;
    }

  return TRUE;
}

static AlmuCatalogFile *
get_catalog (AlmuLink *link,
             int       catalog_id,
             GError  **error)
{
  AlmuCatalogFile *catalog = almu_session_get_catalog (almu_link_get_session (link), catalog_id, error);

  if (catalog == NULL || almu_catalog_file_get_table (catalog) != NULL)
    return catalog;

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND, _ ("It is not available: %s"),
               almu_catalog_file_get_error (catalog));

  return NULL;
}

static AlmuRowsWant *
want_new (AlmuCatalogFile                   *catalog,
          const CARTA__CatalogFilterRequest *request,
          GError                           **error)
{
  g_autoptr(AlmuRowsWant) want = almu_rows_want_new ();

  want->start = MAX (request->subset_start_index, 0);
  want->n_rows = MAX (request->subset_data_size, 0);
  want->image_file_id = request->image_file_id;
  want->region_id = request->region_id;
  if (!take_filters (want, request, error) ||
      !take_columns (want, request, almu_catalog_file_get_table (catalog), error))
    return NULL;

  return g_steal_pointer (&want);
}

/**
 * almu_on_catalog_filter_request:
 * @link: who says it
 * @request_id: not used, as there is no reply
 * @message: a CATALOG_FILTER_REQUEST
 *
 * Has rows of a catalog filtered, sorted and sent as CATALOG_FILTER_RESPONSE;
 * those of an earlier request that wait to be sent are dropped. What cannot be
 * done is told by ERROR_DATA and a response without rows, so that the page does
 * not wait.
 *
 * Bounds of an image are not looked at: the page names two columns there and
 * never gives any.
 */
void
almu_on_catalog_filter_request (AlmuLink               *link,
                                guint32                 request_id,
                                const ProtobufCMessage *message)
{
  const CARTA__CatalogFilterRequest *request = (const CARTA__CatalogFilterRequest *) message;
  g_autoptr(AlmuRowsWant) want = NULL;
  g_autoptr(GError) error = NULL;
  AlmuCatalogFile *catalog;

  almu_link_drop_rows (link, request->file_id);
  catalog = get_catalog (link, request->file_id, &error);
  if (catalog != NULL)
    want = want_new (catalog, request, &error);

  if (want == NULL)
    {
      g_autofree char *text = g_strdup_printf (_ ("Catalog %d: %s"), request->file_id, error->message);

      almu_link_report (link, CARTA__ERROR_SEVERITY__ERROR, "catalog", text);
      almu_speak_no_rows (link, request->file_id);
      return;
    }

  almu_catalog_file_require (catalog, want);
}

/* -- RESUME_SESSION ----------------------------------------------------- */

/**
 * almu_catalog_wish_new_for_message:
 * @folder: what names are relative to
 * @message: what a page says of a catalog it has
 *
 * What a page remembers of a catalog. One without a folder may be what an
 * online query found, which the page lists as if it were a file.
 *
 * A name that cannot be one is noted in the wish.
 *
 * Returns: (transfer full): the same as the model has it
 */
AlmuCatalogWish *
almu_catalog_wish_new_for_message (AlmuFolder                   *folder,
                                   const CARTA__OpenCatalogFile *message)
{
  AlmuCatalogWish *wish = almu_catalog_wish_new (message->file_id);

  wish->label = almu_message_clean_text (message->name, -1);
  wish->is_passing = *message->directory == '\0';
  if (message->preview_data_size > 0)
    wish->preview_size = MIN (message->preview_data_size, MAX_PREVIEW);
  wish->name = almu_file_name_new_for_message (folder, message->directory, message->name,
                                               "", FALSE, &wish->error);

  return wish;
}
