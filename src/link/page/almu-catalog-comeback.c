/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-catalog-comeback.h"

#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "almu-catalog-plot.h"
#include "almu-desk.h"
#include "almu-frame.h"
#include "almu-json-text.h"
#include "almu-link.h"
#include "almu-scripting.h"
#include "almu-session-catalogs.h"

/* The catalogs of a session that a new page is rebuilding, and its layout. A
 * workspace has no place for them, but the page has an action that opens a
 * catalog, and its tables can be told their filters: it then asks for the rows
 * by itself.
 *
 * Catalogs come one after the other, since each is opened onto the image that
 * is in front: the one that it belongs to is put there meanwhile. One that was
 * plotted is plotted again, in the same way.
 */

/* What the page calls every catalog that is a file. */
#define CATALOG_IS_FILE 1

typedef struct
{
  AlmuMemento     *kept;
  char            *layout;      /* to be asked about, or NULL */
  int              front;       /* image that the page has there */
  gboolean         is_placed;   /* the image of the next catalog is in front */
  guint            next;        /* catalog */
  AlmuCatalogPlot *plot;        /* of the one that is opened, or NULL */
  gboolean         is_prepared; /* the page can open the next */
  GQueue           scripts;     /* AlmuScript */
  gboolean         is_viewed;   /* they are filters and order of the catalog before @next */
} Comeback;

static void
comeback_free (gpointer data)
{
  Comeback *comeback = data;

  almu_memento_free (comeback->kept);
  g_free (comeback->layout);
  g_clear_pointer (&comeback->plot, almu_catalog_plot_free);
  g_queue_clear_full (&comeback->scripts, (GDestroyNotify) almu_script_free);
  g_free (comeback);
}

/* -- what the page is told ---------------------------------------------- */

static AlmuScript *
make_opening (const AlmuCatalogWish *wish)
{
  JsonBuilder *parameters = almu_catalog_script_begin ();

  json_builder_add_string_value (parameters, *wish->name->directory != '\0' ? wish->name->directory : "/");
  json_builder_add_string_value (parameters, wish->name->name);
  json_builder_add_int_value (parameters, MAX (wish->preview_size, 1));
  json_builder_add_int_value (parameters, CATALOG_IS_FILE);

  return almu_catalog_script_new (g_strdup (""), "appendCatalog", parameters);
}

/* The page reads no exponents. */
static char *
print_number (double value)
{
  char  buffer[512];
  char *end;

  g_ascii_formatd (buffer, sizeof buffer, "%.15f", value);
  for (end = buffer + strlen (buffer); end[-1] == '0'; end--)
    ;
  *(end[-1] == '.' ? end - 1 : end) = '\0';

  return g_strdup (buffer);
}

/* A condition as a person would type it into the page's table. */
static char *
print_filter (const AlmuFilter *filter,
              AlmuColumnType    type)
{
  static const char *const signs[] = { "==", "!=", "<", ">", "<=", ">=", "..", "..." };
  g_autofree char         *low = NULL;
  g_autofree char         *high = NULL;

  if (type == ALMU_COLUMN_STRING)
    return g_strdup (filter->text);
  if (type == ALMU_COLUMN_BOOL)
    return g_strdup (filter->value != 0 ? "true" : "false");

  low = print_number (filter->value);
  if (filter->comparison < ALMU_COMPARISON_RANGE_OPEN)
    return g_strconcat (signs[filter->comparison], low, NULL);

  high = print_number (filter->second);

  return g_strconcat (low, signs[filter->comparison], high, NULL);
}

static void
add_member (JsonBuilder *builder,
            const char  *name,
            double       value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_double_value (builder, isfinite (value) ? value : 0);
}

/* The request that the page would send: it keeps it, and asks for further
 * rows by it. */
static void
add_request (JsonBuilder        *builder,
             int                 catalog_id,
             const AlmuRowsWant *want)
{
  const AlmuQuery *query = want->query;

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "fileId");
  json_builder_add_int_value (builder, catalog_id);
  json_builder_set_member_name (builder, "subsetStartIndex");
  json_builder_add_int_value (builder, 0);
  json_builder_set_member_name (builder, "subsetDataSize");
  json_builder_add_int_value (builder, MAX (want->start + want->n_rows, 1));
  json_builder_set_member_name (builder, "imageBounds");
  json_builder_begin_object (builder);
  json_builder_end_object (builder);
  if (*query->sort_column != '\0')
    {
      json_builder_set_member_name (builder, "sortColumn");
      json_builder_add_string_value (builder, query->sort_column);
      json_builder_set_member_name (builder, "sortingType");
      json_builder_add_int_value (builder, query->is_descending);
    }
  json_builder_set_member_name (builder, "columnIndices");
  json_builder_begin_array (builder);
  for (guint i = 0; i < want->columns->len; i++)
    json_builder_add_int_value (builder, g_array_index (want->columns, guint, i));
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "filterConfigs");
  json_builder_begin_array (builder);
  for (guint i = 0; i < query->filters->len; i++)
    {
      const AlmuFilter *filter = query->filters->pdata[i];

      json_builder_begin_object (builder);
      json_builder_set_member_name (builder, "columnName");
      json_builder_add_string_value (builder, filter->column);
      json_builder_set_member_name (builder, "comparisonOperator");
      json_builder_add_int_value (builder, filter->comparison);
      add_member (builder, "value", filter->value);
      add_member (builder, "secondaryValue", filter->second);
      json_builder_set_member_name (builder, "subString");
      json_builder_add_string_value (builder, filter->text);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
}

static void
push_filter (Comeback            *comeback,
             int                  catalog_id,
             const AlmuDataTable *table,
             const AlmuFilter    *filter)
{
  int              column = almu_data_table_find_column (table, filter->column);
  g_autofree char *text = NULL;
  JsonBuilder     *parameters;

  if (column < 0)
    return;

  /* only columns that are shown have filters there */
  parameters = almu_catalog_script_begin ();
  json_builder_add_boolean_value (parameters, TRUE);
  json_builder_add_string_value (parameters, filter->column);
  g_queue_push_tail (&comeback->scripts, almu_catalog_script_new (almu_catalog_script_dup_table (catalog_id), "setHeaderDisplay", parameters));

  text = print_filter (filter, almu_data_table_get_column (table, (guint) column)->type);
  parameters = almu_catalog_script_begin ();
  json_builder_add_string_value (parameters, text);
  json_builder_add_string_value (parameters, filter->column);
  g_queue_push_tail (&comeback->scripts, almu_catalog_script_new (almu_catalog_script_dup_table (catalog_id), "setColumnFilter", parameters));
}

static void
push_request (Comeback           *comeback,
              char               *path,
              const char         *action,
              int                 catalog_id,
              const AlmuRowsWant *want)
{
  JsonBuilder *parameters = almu_catalog_script_begin ();

  add_request (parameters, catalog_id, want);
  g_queue_push_tail (&comeback->scripts, almu_catalog_script_new (path, action, parameters));
}

/* Filters and order of a catalog that the page has opened. */
static void
push_view (Comeback              *comeback,
           int                    catalog_id,
           const AlmuDataTable   *table,
           const AlmuCatalogWish *wish)
{
  const AlmuRowsWant *want = wish->want;
  AlmuCatalogPlot    *plot = comeback->plot;
  JsonBuilder        *parameters;

  if (want == NULL && plot != NULL)
    almu_catalog_plot_push_preview (plot, catalog_id, table, &comeback->scripts);
  if (want == NULL || (plot == NULL && want->query->filters->len == 0 && *want->query->sort_column == '\0'))
    return;

  for (guint i = 0; i < want->query->filters->len; i++)
    push_filter (comeback, catalog_id, table, want->query->filters->pdata[i]);

  if (*want->query->sort_column != '\0')
    {
      parameters = almu_catalog_script_begin ();
      json_builder_add_string_value (parameters, want->query->sort_column);
      json_builder_add_int_value (parameters, want->query->is_descending);
      g_queue_push_tail (&comeback->scripts, almu_catalog_script_new (almu_catalog_script_dup_table (catalog_id), "setSortingInfo", parameters));
    }

  g_queue_push_tail (&comeback->scripts,
                     almu_catalog_script_new (almu_catalog_script_dup_table (catalog_id), "resetFilterRequest", almu_catalog_script_begin ()));
  if (plot != NULL)
    almu_catalog_plot_push_mode (plot, catalog_id, table, &comeback->scripts);
  push_request (comeback, almu_catalog_script_dup_table (catalog_id), "setUserFilter", catalog_id, want);
  push_request (comeback, g_strdup (""), "sendCatalogFilter", catalog_id, want);
}

/* -- one after the other ------------------------------------------------ */

static void go_on (GTask *task);

/* A page that is made otherwise shows the catalog as it is in the file. */
static void
leave_view (GTask      *task,
            const char *why)
{
  AlmuLink              *link = g_task_get_source_object (task);
  Comeback              *comeback = g_task_get_task_data (task);
  const AlmuCatalogWish *wish = comeback->kept->catalogs->pdata[comeback->next - 1];
  g_autofree char       *text = NULL;

  text = g_strdup_printf (_ ("Filters and order of catalog %s are not set again: %s"), wish->label,
                          why != NULL ? why : _ ("the page does not say why"));
  almu_link_report (link, CARTA__ERROR_SEVERITY__WARNING, "restore", text);
  g_queue_clear_full (&comeback->scripts, (GDestroyNotify) almu_script_free);
}

static void
on_told (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  Comeback *comeback = g_task_get_task_data (task);
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuScriptReply) reply = almu_script_finish (result, &error);

  if (reply == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  if (!reply->success && comeback->is_viewed)
    leave_view (task, reply->message);
  else if (!reply->success)
    g_queue_clear_full (&comeback->scripts, (GDestroyNotify) almu_script_free);
  go_on (g_steal_pointer (&task));
}

/* The page answers with the number that it gave the catalog. */
static void
on_opened (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  AlmuLink              *link = g_task_get_source_object (task);
  Comeback              *comeback = g_task_get_task_data (task);
  const AlmuCatalogWish *wish = comeback->kept->catalogs->pdata[comeback->next - 1];
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuScriptReply) reply = almu_script_finish (result, &error);
  AlmuCatalogFile *catalog = NULL;
  int              catalog_id = -1;

  if (reply == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  if (reply->success && reply->response != NULL)
    catalog_id = (int) CLAMP (g_ascii_strtoll (reply->response, NULL, 10), -1, G_MAXINT);
  if (catalog_id >= 0 && almu_link_get_session (link) != NULL)
    catalog = almu_session_get_catalog (almu_link_get_session (link), catalog_id, NULL);

  if (catalog != NULL && almu_catalog_file_get_table (catalog) != NULL)
    {
      comeback->is_viewed = TRUE;
      push_view (comeback, catalog_id, almu_catalog_file_get_table (catalog), wish);
    }
  else
    {
      g_autofree char *text = g_strdup_printf (_ ("Catalog %s of the session before was not opened again"), wish->label);

      almu_link_report (link, CARTA__ERROR_SEVERITY__WARNING, "restore", text);
    }

  go_on (g_steal_pointer (&task));
}

/* The page answers with the number that it gives the next catalog. */
static void
on_next_id (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  Comeback *comeback = g_task_get_task_data (task);
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuScriptReply) reply = almu_script_finish (result, &error);
  gint64 catalog_id = 0;

  if (reply == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  if (reply->success && reply->response != NULL)
    catalog_id = g_ascii_strtoll (reply->response, NULL, 10);
  if (catalog_id > 0 && catalog_id < G_MAXINT32)
    almu_catalog_plot_push_before (comeback->plot, (int) catalog_id, &comeback->scripts);
  go_on (g_steal_pointer (&task));
}

/* -- layout ------------------------------------------------------------- */

static void
ask_page (GTask              *task,
          const char         *path,
          const char         *action,
          const char         *parameters,
          GAsyncReadyCallback callback)
{
  const AlmuScript script = {
    .path = (char *) path,
    .action = (char *) action,
    .parameters = (char *) parameters,
  };

  almu_scripting_ask (g_task_get_source_object (task), &script, g_task_get_cancellable (task), callback, task);
}

static char *
print_name (const char *name)
{
  JsonBuilder *parameters = almu_catalog_script_begin ();
  g_autoptr(AlmuScript) script = NULL;

  json_builder_add_string_value (parameters, name);
  script = almu_catalog_script_new (NULL, "", parameters);

  return g_steal_pointer (&script->parameters);
}

/* One of the user's may be gone: the page would complain in front of him. */
static void
on_layout_exists (GObject      *source,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  Comeback *comeback = g_task_get_task_data (task);
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuScriptReply) reply = almu_script_finish (result, &error);
  g_autofree char *layout = g_steal_pointer (&comeback->layout);
  JsonBuilder     *parameters;

  if (reply == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  if (reply->success && g_strcmp0 (reply->response, "true") == 0)
    {
      parameters = almu_catalog_script_begin ();
      json_builder_add_string_value (parameters, layout);
      g_queue_push_tail (&comeback->scripts, almu_catalog_script_new (g_strdup ("layoutStore"), "applyLayout", parameters));
    }
  go_on (g_steal_pointer (&task));
}

/* To apply the one that the page has already would only make it flicker. */
static void
on_layout_known (GObject      *source,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  Comeback *comeback = g_task_get_task_data (task);
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuScriptReply) reply = almu_script_finish (result, &error);
  g_autoptr(JsonNode) name = NULL;
  g_autofree char *clean = NULL;
  g_autofree char *parameters = NULL;

  if (reply == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  if (reply->success && reply->response != NULL)
    clean = almu_json_text_clean (reply->response, -1, NULL);
  if (clean != NULL)
    name = json_from_string (clean, NULL);
  if (name == NULL || json_node_get_value_type (name) != G_TYPE_STRING ||
      g_str_equal (json_node_get_string (name), comeback->layout))
    {
      g_clear_pointer (&comeback->layout, g_free);
      go_on (g_steal_pointer (&task));
      return;
    }

  parameters = print_name (comeback->layout);
  ask_page (g_steal_pointer (&task), "layoutStore", "layoutExists", parameters, on_layout_exists);
}

/* -- one catalog -------------------------------------------------------- */

static void
put_in_front (Comeback *comeback,
              int       image)
{
  JsonBuilder *parameters = almu_catalog_script_begin ();

  json_builder_add_int_value (parameters, image);
  g_queue_push_tail (&comeback->scripts, almu_catalog_script_new (g_strdup (""), "setActiveImageByIndex", parameters));
  comeback->front = image;
}

/* Puts the image in front that the next catalog belongs to, or at the end the
 * one that was there. */
static void
place (GTask *task)
{
  AlmuLink              *link = g_task_get_source_object (task);
  Comeback              *comeback = g_task_get_task_data (task);
  const AlmuMemento     *kept = comeback->kept;
  const AlmuCatalogWish *wish = comeback->next < kept->catalogs->len ? kept->catalogs->pdata[comeback->next] : NULL;
  int                    image = -1;

  /* an older page calls it otherwise */
  if (comeback->is_placed || almu_link_get_icd_version (link) < ALMU_ICD_VERSION)
    return;

  comeback->is_placed = TRUE;
  if (wish != NULL)
    image = almu_desk_find_image (kept, almu_catalog_plot_find_image (wish->look));
  if (image < 0)
    image = almu_desk_find_front (kept);
  if (image != comeback->front)
    put_in_front (comeback, image);
}

/* Gets the page ready for the next catalog, if there is something to do. */
static gboolean
prepare (GTask *task)
{
  AlmuLink              *link = g_task_get_source_object (task);
  Comeback              *comeback = g_task_get_task_data (task);
  const AlmuCatalogWish *wish = comeback->kept->catalogs->pdata[comeback->next];

  if (comeback->is_prepared)
    return FALSE;

  comeback->is_prepared = TRUE;
  g_clear_pointer (&comeback->plot, almu_catalog_plot_free);
  comeback->plot = almu_catalog_plot_parse (wish->look);
  if (comeback->plot == NULL)
    return FALSE;

  almu_scripting_fetch (link, "", "catalogNextFileId", g_task_get_cancellable (task), on_next_id, task);

  return TRUE;
}

static void
go_on (GTask *task)
{
  AlmuLink              *link = g_task_get_source_object (task);
  Comeback              *comeback = g_task_get_task_data (task);
  GCancellable          *cancellable = g_task_get_cancellable (task);
  AlmuScript            *script;
  const AlmuCatalogWish *wish;

  if (comeback->layout != NULL)
    {
      almu_scripting_fetch (link, "layoutStore", "currentLayoutName", g_task_get_cancellable (task), on_layout_known, task);
      return;
    }

  if (g_queue_is_empty (&comeback->scripts))
    {
      comeback->is_viewed = FALSE;
      place (task);
    }
  script = g_queue_pop_head (&comeback->scripts);
  if (script != NULL)
    {
      almu_scripting_ask (link, script, cancellable, on_told, task);
      almu_script_free (script);
      return;
    }

  if (comeback->next == comeback->kept->catalogs->len)
    {
      g_task_return_boolean (task, TRUE);
      g_object_unref (task);
      return;
    }

  if (prepare (task))
    return;

  wish = comeback->kept->catalogs->pdata[comeback->next++];
  comeback->is_prepared = FALSE;
  comeback->is_placed = FALSE;
  script = make_opening (wish);
  almu_scripting_ask (link, script, cancellable, on_opened, task);
  almu_script_free (script);
}

/**
 * almu_catalog_comeback_async:
 * @link: to the page; held until @callback
 * @kept: (transfer full): the session before
 *
 * Makes the page at the other end of @link take the layout of @kept and open
 * its catalogs, when its images are there.
 */
void
almu_catalog_comeback_async (AlmuLink           *link,
                             AlmuMemento        *kept,
                             GCancellable       *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer            user_data)
{
  GTask    *task = g_task_new (link, cancellable, callback, user_data);
  Comeback *comeback = g_new0 (Comeback, 1);

  comeback->kept = kept;
  comeback->layout = almu_desk_dup_layout (kept);
  comeback->front = almu_desk_find_front (kept);
  g_queue_init (&comeback->scripts);
  g_task_set_source_tag (task, almu_catalog_comeback_async);
  g_task_set_task_data (task, comeback, comeback_free);
  go_on (task);
}

/**
 * almu_catalog_comeback_finish:
 * @link: to the page
 * @result: what the callback got
 * @error: return location
 *
 * Whether the page took a layout or opened a catalog is its own affair and no
 * failure: it ends early only if the page goes (%ALMU_ERROR_NOT_FOUND) or is no
 * longer asked (%G_IO_ERROR_CANCELLED).
 *
 * Returns: %FALSE if the page was not told everything
 */
gboolean
almu_catalog_comeback_finish (AlmuLink     *link,
                              GAsyncResult *result,
                              GError      **error)
{
  g_return_val_if_fail (g_task_is_valid (result, link), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
