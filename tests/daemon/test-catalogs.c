/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>

#include "almu-test-table.h"
#include "test-desk.h"

/* Catalogs over the wire: listed, looked at, opened, filtered, sorted, and
 * there again after whatever happens. */

#define N_ROWS 1000

static void
set_up (Desk         *desk,
        gconstpointer user_data)
{
  g_autofree char *text = almu_test_votable (N_ROWS);
  g_autofree char *cats = NULL;

  desk_prepare (desk, user_data);
  cats = g_build_filename (desk->folder, "cats", NULL);
  g_assert_cmpint (g_mkdir (cats, 0700), ==, 0);
  almu_test_save_text (text, cats, "stars.vot");
  almu_test_save_text ("not a table", cats, "notes.txt");
  desk_start (desk, NULL);
  desk->viewer = desk_register (desk, &desk->session_id);
}

/* -- what a page asks ---------------------------------------------------- */

static CARTA__OpenCatalogFileAck *
open_catalog (Desk       *desk,
              const char *directory,
              const char *name,
              int         id)
{
  CARTA__OpenCatalogFile message = CARTA__OPEN_CATALOG_FILE__INIT;
  guint32                request_id;

  message.directory = (char *) directory;
  message.name = (char *) name;
  message.file_id = id;
  message.preview_data_size = 50;
  request_id = almu_test_viewer_send (desk->viewer, &message.base);

  return almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__OPEN_CATALOG_FILE_ACK, request_id);
}

typedef struct
{
  const char *column;
  int         comparison;
  double      value;
  double      second;
  const char *text;
} Filter;

static void
ask_rows (Desk         *desk,
          int           id,
          const Filter *filter,
          const char   *sort,
          int           sorting,
          int           start,
          int           n_rows)
{
  CARTA__CatalogFilterRequest message = CARTA__CATALOG_FILTER_REQUEST__INIT;
  CARTA__FilterConfig         config = CARTA__FILTER_CONFIG__INIT;
  CARTA__FilterConfig        *configs[] = { &config };
  gint32                      columns[] = { 0, 1, 4 };

  if (filter != NULL)
    {
      config.column_name = (char *) filter->column;
      config.comparison_operator = filter->comparison;
      config.value = filter->value;
      config.secondary_value = filter->second;
      config.sub_string = (char *) (filter->text != NULL ? filter->text : "");
      message.n_filter_configs = 1;
      message.filter_configs = configs;
    }
  message.file_id = id;
  message.n_column_indices = G_N_ELEMENTS (columns);
  message.column_indices = columns;
  message.sort_column = (char *) sort;
  message.sorting_type = sorting;
  message.subset_start_index = start;
  message.subset_data_size = n_rows;
  message.image_file_id = 3;
  almu_test_viewer_send (desk->viewer, &message.base);
}

static CARTA__CatalogFilterResponse *
await_rows (Desk *desk)
{
  return desk_await (desk, CARTA__EVENT_TYPE__CATALOG_FILTER_RESPONSE);
}

static const CARTA__ColumnData *
get_column (const CARTA__CatalogFilterResponse *rows,
            guint                               index)
{
  for (gsize i = 0; i < rows->n_columns; i++)
    if (rows->columns[i]->key == index)
      return rows->columns[i]->value;

  g_assert_not_reached ();
}

/* What almu_test_votable() writes. */
static float
get_mag (gint64 id)
{
  gint64 i = id - 1;

  return i % 7 == 6 ? NAN : (float) (8 + (double) (i * 37 % 101) / 8);
}

static void
assert_rows (const CARTA__CatalogFilterResponse *rows,
             int                                 n_filtered,
             int                                 start,
             int                                 n)
{
  const CARTA__ColumnData *ids = get_column (rows, 0);
  const CARTA__ColumnData *names = get_column (rows, 1);
  const CARTA__ColumnData *mags = get_column (rows, 4);

  g_assert_cmpfloat (rows->progress, ==, 1);
  g_assert_cmpint (rows->filter_data_size, ==, n_filtered);
  g_assert_cmpint (rows->subset_data_size, ==, n);
  g_assert_cmpint (rows->subset_end_index, ==, start + n);
  g_assert_cmpint (rows->request_end_index, ==, start + n);
  g_assert_cmpint (rows->image_file_id, ==, 3);
  g_assert_cmpint (ids->data_type, ==, CARTA__COLUMN_TYPE__Int64);
  g_assert_cmpuint (ids->binary_data.len, ==, (gsize) n * 8);
  g_assert_cmpuint (names->n_string_data, ==, n);
  g_assert_cmpuint (mags->binary_data.len, ==, (gsize) n * 4);
  for (int i = 0; i < n; i++)
    {
      gint64           id;
      float            mag;
      g_autofree char *name = NULL;

      memcpy (&id, ids->binary_data.data + 8 * i, sizeof id);
      memcpy (&mag, mags->binary_data.data + 4 * i, sizeof mag);
      name = g_strdup_printf ("star %d", (int) ((id - 1) * 31 % N_ROWS));
      g_assert_cmpstr (names->string_data[i], ==, name);
      g_assert_true (isnan (mag) ? isnan (get_mag (id)) : mag == get_mag (id));
    }
}

static gint64
get_id (const CARTA__CatalogFilterResponse *rows,
        int                                 i)
{
  gint64 id;

  memcpy (&id, get_column (rows, 0)->binary_data.data + 8 * i, sizeof id);

  return id;
}

static int
count_below (double mag)
{
  int n = 0;

  for (int id = 1; id <= N_ROWS; id++)
    n += get_mag (id) < mag;

  return n;
}

/* -- before one is open -------------------------------------------------- */

static void
test_catalogs_list (Desk         *desk,
                    gconstpointer user_data)
{
  CARTA__CatalogListRequest                      message = CARTA__CATALOG_LIST_REQUEST__INIT;
  almu_test_autobody CARTA__CatalogListResponse *top = NULL;
  almu_test_autobody CARTA__CatalogListResponse *list = NULL;
  almu_test_autobody CARTA__CatalogListResponse *all = NULL;
  almu_test_autobody CARTA__CatalogListResponse *outside = NULL;
  guint32                                        request_id;

  message.directory = (char *) "";
  request_id = almu_test_viewer_send (desk->viewer, &message.base);
  top = almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__CATALOG_LIST_RESPONSE, request_id);
  g_assert_true (top->success);
  /* with an empty one the page would open nothing */
  g_assert_cmpstr (top->directory, ==, "/");
  g_assert_cmpuint (top->n_subdirectories, ==, 1);
  g_assert_cmpstr (top->subdirectories[0]->name, ==, "cats");

  message.directory = (char *) "cats";
  request_id = almu_test_viewer_send (desk->viewer, &message.base);
  list = almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__CATALOG_LIST_RESPONSE, request_id);
  g_assert_cmpstr (list->directory, ==, "cats");
  g_assert_cmpuint (list->n_files, ==, 1);
  g_assert_cmpstr (list->files[0]->name, ==, "stars.vot");
  g_assert_cmpint (list->files[0]->type, ==, CARTA__CATALOG_FILE_TYPE__VOTable);
  g_assert_cmpint (list->files[0]->file_size, >, 1000);

  message.filter_mode = CARTA__FILE_LIST_FILTER_MODE__AllFiles;
  request_id = almu_test_viewer_send (desk->viewer, &message.base);
  all = almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__CATALOG_LIST_RESPONSE, request_id);
  g_assert_cmpuint (all->n_files, ==, 2);

  message.directory = (char *) "../..";
  request_id = almu_test_viewer_send (desk->viewer, &message.base);
  outside = almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__CATALOG_LIST_RESPONSE, request_id);
  g_assert_false (outside->success);
  g_assert_cmpstr (outside->message, !=, "");
}

static CARTA__CatalogListResponse *
list_cats (Desk                     *desk,
           CARTA__FileListFilterMode filter)
{
  CARTA__CatalogListRequest message = CARTA__CATALOG_LIST_REQUEST__INIT;

  message.directory = (char *) "cats";
  message.filter_mode = filter;

  return almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__CATALOG_LIST_RESPONSE,
                                       almu_test_viewer_send (desk->viewer, &message.base));
}

/* A compressed catalog is listed as what is inside, by content and by name,
 * and opened like any. */
static void
test_catalogs_packed (Desk         *desk,
                      gconstpointer user_data)
{
  g_autofree char                              *path = g_build_filename (desk->folder, "cats", "stars.vot", NULL);
  const char                                   *arguments[] = { "gzip", "-1", path, NULL };
  almu_test_autobody CARTA__OpenCatalogFileAck *ack = NULL;

  g_assert_true (g_spawn_sync (NULL, (char **) arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));
  for (int filter = CARTA__FILE_LIST_FILTER_MODE__Content; filter <= CARTA__FILE_LIST_FILTER_MODE__Extension; filter++)
    {
      almu_test_autobody CARTA__CatalogListResponse *list = list_cats (desk, (CARTA__FileListFilterMode) filter);

      g_assert_cmpuint (list->n_files, ==, 1);
      g_assert_cmpstr (list->files[0]->name, ==, "stars.vot.gz");
      g_assert_cmpint (list->files[0]->type, ==, CARTA__CATALOG_FILE_TYPE__VOTable);
    }

  ack = open_catalog (desk, "cats", "stars.vot.gz", 1);
  g_assert_true (ack->success);
  g_assert_cmpint (ack->data_size, ==, N_ROWS);
}

/* There is an answer, stopped or not, and the next list is a whole one. */
static void
test_catalogs_list_stopped (Desk         *desk,
                            gconstpointer user_data)
{
  CARTA__CatalogListRequest                      message = CARTA__CATALOG_LIST_REQUEST__INIT;
  almu_test_autobody CARTA__CatalogListResponse *stopped = NULL;
  almu_test_autobody CARTA__CatalogListResponse *list = NULL;
  guint32                                        request_id;

  for (int i = 0; i < 300; i++)
    {
      g_autofree char *name = g_strdup_printf ("cats/%d.xml", i);
      g_autofree char *path = g_build_filename (desk->folder, name, NULL);

      g_assert_true (g_file_set_contents (path, "<?xml version='1.0'?>", -1, NULL));
    }

  message.directory = (char *) "cats";
  request_id = almu_test_viewer_send (desk->viewer, &message.base);
  almu_test_viewer_send_raw (desk->viewer, CARTA__EVENT_TYPE__STOP_FILE_LIST, 0, NULL, 0);
  stopped = almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__CATALOG_LIST_RESPONSE, request_id);
  g_assert_true (stopped->success);
  g_assert_true (stopped->cancel || stopped->n_files == 301);

  list = list_cats (desk, CARTA__FILE_LIST_FILTER_MODE__Content);
  g_assert_false (list->cancel);
  g_assert_cmpuint (list->n_files, ==, 301);
}

static void
test_catalogs_info (Desk         *desk,
                    gconstpointer user_data)
{
  CARTA__CatalogFileInfoRequest                      message = CARTA__CATALOG_FILE_INFO_REQUEST__INIT;
  almu_test_autobody CARTA__CatalogFileInfoResponse *info = NULL;
  almu_test_autobody CARTA__CatalogFileInfoResponse *none = NULL;
  guint32                                            request_id;

  message.directory = (char *) "cats";
  message.name = (char *) "stars.vot";
  request_id = almu_test_viewer_send (desk->viewer, &message.base);
  info = almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__CATALOG_FILE_INFO_RESPONSE, request_id);
  g_assert_true (info->success);
  g_assert_cmpuint (info->n_headers, ==, 6);
  g_assert_cmpstr (info->headers[2]->name, ==, "RA");
  g_assert_cmpstr (info->headers[2]->units, ==, "deg");
  g_assert_cmpstr (info->headers[2]->description, ==, "Right ascension");
  g_assert_cmpint (info->headers[2]->column_index, ==, 2);
  g_assert_cmpint (info->headers[2]->data_type, ==, CARTA__COLUMN_TYPE__Double);
  g_assert_cmpuint (info->file_info->n_coosys, ==, 1);
  g_assert_nonnull (strstr (info->file_info->description, "Column Count: 6\n"));
  g_assert_nonnull (strstr (info->file_info->description, "origin: a test\n"));

  message.name = (char *) "notes.txt";
  request_id = almu_test_viewer_send (desk->viewer, &message.base);
  none = almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__CATALOG_FILE_INFO_RESPONSE, request_id);
  g_assert_false (none->success);
  g_assert_nonnull (strstr (none->message, "notes.txt"));
}

/* -- rows ---------------------------------------------------------------- */

static void
test_catalogs_open (Desk         *desk,
                    gconstpointer user_data)
{
  almu_test_autobody CARTA__OpenCatalogFileAck *ack = open_catalog (desk, "cats", "stars.vot", 1);
  almu_test_autobody CARTA__OpenCatalogFileAck *missing = NULL;
  almu_test_autobody CARTA__OpenCatalogFileAck *outside = NULL;

  g_assert_true (ack->success);
  g_assert_cmpint (ack->file_id, ==, 1);
  g_assert_cmpint (ack->data_size, ==, N_ROWS);
  g_assert_cmpuint (ack->n_headers, ==, 6);
  g_assert_cmpstr (ack->file_info->name, ==, "stars.vot");
  g_assert_cmpstr (ack->file_info->description, ==, "Stars on a grid");
  g_assert_cmpstr (ack->file_info->coosys[0]->system, ==, "eq_FK5");
  g_assert_cmpuint (ack->n_preview_data, ==, 6);
  g_assert_cmpuint (ack->preview_data[1]->value->n_string_data, ==, 50);
  g_assert_cmpstr (ack->preview_data[1]->value->string_data[1], ==, "star 31");
  g_assert_cmpuint (ack->preview_data[5]->value->binary_data.len, ==, 50);
  g_assert_cmpint (ack->preview_data[5]->value->binary_data.data[3], ==, 1);

  missing = open_catalog (desk, "cats", "none.vot", 2);
  g_assert_false (missing->success);
  g_assert_nonnull (strstr (missing->message, "none.vot"));
  outside = open_catalog (desk, "cats", "../../etc/passwd", 2);
  g_assert_false (outside->success);
}

static void
test_catalogs_filter (Desk         *desk,
                      gconstpointer user_data)
{
  const Filter bright = { "mag", CARTA__COMPARISON_OPERATOR__Lesser, 9, 0, NULL };
  const Filter named = { "name", CARTA__COMPARISON_OPERATOR__Equal, 0, 0, "star 99" };

  almu_test_body_free (open_catalog (desk, "cats", "stars.vot", 1));

  {
    almu_test_autobody CARTA__CatalogFilterResponse *rows = NULL;

    ask_rows (desk, 1, NULL, "", 0, 10, 20);
    rows = await_rows (desk);
    assert_rows (rows, N_ROWS, 10, 20);
    g_assert_cmpint (get_id (rows, 0), ==, 11);
  }

  {
    almu_test_autobody CARTA__CatalogFilterResponse *rows = NULL;

    ask_rows (desk, 1, &bright, "col1", CARTA__SORTING_TYPE__Descending, 0, N_ROWS);
    rows = await_rows (desk);
    assert_rows (rows, count_below (9), 0, count_below (9));
    for (int i = 1; i < rows->subset_data_size; i++)
      g_assert_cmpint (get_id (rows, i), <, get_id (rows, i - 1));
  }

  {
    almu_test_autobody CARTA__CatalogFilterResponse *rows = NULL;

    ask_rows (desk, 1, &named, "", 0, 0, 50);
    rows = await_rows (desk);
    assert_rows (rows, 11, 0, 11);
  }

  /* behind the end there is nothing, and that is said */
  {
    almu_test_autobody CARTA__CatalogFilterResponse *rows = NULL;

    ask_rows (desk, 1, &bright, "", 0, 5000, 10);
    rows = await_rows (desk);
    g_assert_cmpint (rows->subset_data_size, ==, 0);
    g_assert_cmpfloat (rows->progress, ==, 1);
  }
}

static void
test_catalogs_wrong (Desk         *desk,
                     gconstpointer user_data)
{
  const Filter wrong[] = {
    { "none", CARTA__COMPARISON_OPERATOR__Lesser, 9, 0, NULL },
    { "mag", 99, 9, 0, NULL },
  };

  almu_test_body_free (open_catalog (desk, "cats", "stars.vot", 1));
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      almu_test_autobody CARTA__ErrorData             *error = NULL;
      almu_test_autobody CARTA__CatalogFilterResponse *rows = NULL;

      ask_rows (desk, 1, &wrong[i], "", 0, 0, 10);
      error = desk_await (desk, CARTA__EVENT_TYPE__ERROR_DATA);
      g_assert_nonnull (strstr (error->message, wrong[i].column));
      rows = await_rows (desk);
      g_assert_cmpfloat (rows->progress, ==, 1);
      g_assert_cmpint (rows->filter_data_size, ==, 0);
    }

  /* one that is not open */
  {
    almu_test_autobody CARTA__ErrorData             *error = NULL;
    almu_test_autobody CARTA__CatalogFilterResponse *rows = NULL;

    ask_rows (desk, 8, NULL, "", 0, 0, 10);
    error = desk_await (desk, CARTA__EVENT_TYPE__ERROR_DATA);
    rows = await_rows (desk);
    g_assert_cmpint (rows->file_id, ==, 8);
  }
}

/* Many rows come in pieces, each where it belongs; a newer request ends an
 * older one. */
static void
test_catalogs_pieces (Desk         *desk,
                      gconstpointer user_data)
{
  const int        n_rows = 250000;
  g_autofree char *text = almu_test_votable ((gsize) n_rows);
  g_autofree char *cats = g_build_filename (desk->folder, "cats", NULL);
  int              end = 0;
  int              n_pieces = 0;
  gboolean         is_over = FALSE;

  almu_test_save_text (text, cats, "many.vot");
  almu_test_body_free (open_catalog (desk, "cats", "many.vot", 1));
  ask_rows (desk, 1, NULL, "mag", 0, 0, n_rows);
  ask_rows (desk, 1, NULL, "col1", CARTA__SORTING_TYPE__Descending, 0, n_rows);
  while (!is_over)
    {
      almu_test_autobody CARTA__CatalogFilterResponse *rows = await_rows (desk);

      /* of the older one at most what had left */
      if (get_id (rows, 0) != n_rows - end)
        continue;

      g_assert_cmpint (rows->subset_end_index - rows->subset_data_size, ==, end);
      g_assert_cmpint (rows->subset_data_size, <=, 100000);
      g_assert_cmpint (rows->request_end_index, ==, n_rows);
      end = rows->subset_end_index;
      is_over = rows->progress == 1;
      g_assert_true (is_over == (end == n_rows));
      n_pieces++;
    }
  g_assert_cmpint (n_pieces, >=, 3);
}

/* -- coming back --------------------------------------------------------- */

static void
resume (Desk       *desk,
        const char *directory,
        const char *name,
        int         n_times,
        const char *problem)
{
  CARTA__ResumeSession                        message = CARTA__RESUME_SESSION__INIT;
  CARTA__OpenCatalogFile                      catalog = CARTA__OPEN_CATALOG_FILE__INIT;
  CARTA__OpenCatalogFile                     *catalogs[] = { &catalog, &catalog };
  almu_test_autobody CARTA__ResumeSessionAck *ack = NULL;
  guint32                                     request_id;

  catalog.directory = (char *) directory;
  catalog.name = (char *) name;
  catalog.file_id = 1;
  message.n_catalog_files = (gsize) n_times;
  message.catalog_files = catalogs;
  request_id = almu_test_viewer_send (desk->viewer, &message.base);
  ack = almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__RESUME_SESSION_ACK, request_id);
  g_assert_true (ack->success);
  if (problem != NULL)
    g_assert_nonnull (strstr (ack->message, problem));
  else
    g_assert_cmpstr (ack->message, ==, "");
  g_assert_null (almu_test_viewer_take (desk->viewer, CARTA__EVENT_TYPE__OPEN_CATALOG_FILE_ACK));
}

static char *
get_record (Desk *desk)
{
  g_autofree char *path = g_build_filename (desk->state_dir, "sessions.db", NULL);
  g_autofree char *wal = g_strconcat (path, "-wal", NULL);
  g_autofree char *bytes = NULL;
  GString         *all = g_string_new (NULL);
  gsize            length;

  for (int i = 0; i < 2; i++)
    if (g_file_get_contents (i == 0 ? path : wal, &bytes, &length, NULL))
      {
        g_string_append_len (all, bytes, (gssize) length);
        g_clear_pointer (&bytes, g_free);
      }
  for (gsize i = 0; i < all->len; i++)
    if (all->str[i] == '\0')
      all->str[i] = ' ';

  return g_string_free (all, FALSE);
}

static void
restart (Desk *desk)
{
  almu_test_daemon_kill (desk->daemon);
  almu_test_daemon_free (desk->daemon);
  almu_test_viewer_free (desk->viewer);
  desk_start (desk, NULL);
  desk->viewer = desk_register (desk, &desk->session_id);
}

static gboolean
has_filter (gpointer user_data)
{
  g_autofree char *record = get_record (user_data);

  return strstr (record, "\"filters\":[{\"column\":\"mag\",\"is\":\"<\",\"value\":9.0}],\"sort\":\"col1\",\"descending\":true") != NULL;
}

static void
test_catalogs_killed (Desk         *desk,
                      gconstpointer user_data)
{
  const Filter                                     bright = { "mag", CARTA__COMPARISON_OPERATOR__Lesser, 9, 0, NULL };
  almu_test_autobody CARTA__CatalogFilterResponse *rows = NULL;
  g_autofree char                                 *record = NULL;

  almu_test_body_free (open_catalog (desk, "cats", "stars.vot", 1));
  record = get_record (desk);
  /* acknowledged, and so written down */
  g_assert_nonnull (strstr (record, "{\"id\":1,\"directory\":\"cats\",\"name\":\"stars.vot\",\"fingerprint\""));
  ask_rows (desk, 1, &bright, "col1", CARTA__SORTING_TYPE__Descending, 0, 20);
  almu_test_body_free (await_rows (desk));
  almu_test_await (has_filter, desk);

  restart (desk);
  resume (desk, "cats", "stars.vot", 2, NULL);
  g_assert_true (has_filter (desk));
  ask_rows (desk, 1, &bright, "col1", CARTA__SORTING_TYPE__Descending, 20, 10);
  rows = await_rows (desk);
  assert_rows (rows, count_below (9), 20, 10);
}

/* The session comes back by itself, before the page says anything of it. */
static void
test_catalogs_revived (Desk         *desk,
                       gconstpointer user_data)
{
  almu_test_autobody CARTA__CatalogFilterResponse *rows = NULL;

  almu_test_body_free (open_catalog (desk, "cats", "stars.vot", 1));
  restart (desk);
  ask_rows (desk, 1, NULL, "", 0, 0, 5);
  rows = await_rows (desk);
  assert_rows (rows, N_ROWS, 0, 5);
}

static void
test_catalogs_cut (Desk         *desk,
                   gconstpointer user_data)
{
  almu_test_autobody CARTA__CatalogFilterResponse *rows = NULL;
  almu_test_autobody CARTA__CatalogFilterResponse *none = NULL;

  almu_test_body_free (open_catalog (desk, "cats", "stars.vot", 1));
  almu_test_viewer_cut (desk->viewer);
  almu_test_viewer_free (desk->viewer);
  desk->viewer = desk_register (desk, &desk->session_id);
  resume (desk, "cats", "stars.vot", 1, NULL);
  ask_rows (desk, 1, NULL, "", 0, 0, 5);
  rows = await_rows (desk);
  assert_rows (rows, N_ROWS, 0, 5);

  /* left out is closed */
  resume (desk, "cats", "stars.vot", 0, NULL);
  ask_rows (desk, 1, NULL, "", 0, 0, 5);
  none = await_rows (desk);
  g_assert_cmpint (none->filter_data_size, ==, 0);
}

/* Changed, gone and back again; and one that never was a file. */
static void
test_catalogs_other_file (Desk         *desk,
                          gconstpointer user_data)
{
  g_autofree char                                 *cats = g_build_filename (desk->folder, "cats", NULL);
  g_autofree char                                 *path = g_build_filename (cats, "stars.vot", NULL);
  g_autofree char                                 *away = g_build_filename (cats, "away", NULL);
  g_autofree char                                 *text = almu_test_votable (77);
  almu_test_autobody CARTA__CatalogFilterResponse *rows = NULL;
  almu_test_autobody CARTA__ErrorData             *bad_news = NULL;
  almu_test_autobody CARTA__ErrorData             *good_news = NULL;

  almu_test_body_free (open_catalog (desk, "cats", "stars.vot", 1));
  g_assert_cmpint (g_rename (path, away), ==, 0);
  almu_test_viewer_cut (desk->viewer);
  almu_test_viewer_free (desk->viewer);
  desk->viewer = desk_register (desk, &desk->session_id);
  resume (desk, "cats", "stars.vot", 1, "Catalog 1 (stars.vot) cannot be opened");

  bad_news = desk_await (desk, CARTA__EVENT_TYPE__ERROR_DATA);
  g_assert_nonnull (strstr (bad_news->message, "cannot be opened"));

  /* there again, and another */
  almu_test_save_text (text, cats, "stars.vot");
  good_news = desk_await (desk, CARTA__EVENT_TYPE__ERROR_DATA);
  g_assert_cmpstr (good_news->message, ==, "Catalog 1 (stars.vot) is there again");
  ask_rows (desk, 1, NULL, "", 0, 0, 5);
  rows = await_rows (desk);
  g_assert_cmpint (rows->filter_data_size, ==, 77);

  resume (desk, "", "SIMBAD_ICRS_10deg", 1, "online query");
}

static void
test_catalogs_closed (Desk         *desk,
                      gconstpointer user_data)
{
  almu_test_autobody CARTA__CatalogFilterResponse *rows = NULL;
  CARTA__CloseCatalogFile                          message = CARTA__CLOSE_CATALOG_FILE__INIT;

  almu_test_body_free (open_catalog (desk, "cats", "stars.vot", 1));
  g_assert_cmpuint (almu_test_daemon_get_metric (desk->daemon, "table_bytes"), >=, N_ROWS * (4 + 8 + 8 + 4));
  message.file_id = 1;
  almu_test_viewer_send (desk->viewer, &message.base);
  ask_rows (desk, 1, NULL, "", 0, 0, 5);
  rows = await_rows (desk);
  g_assert_cmpint (rows->filter_data_size, ==, 0);
  g_assert_cmpuint (almu_test_daemon_get_metric (desk->daemon, "table_bytes"), ==, 0);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

#define add_test(path, func) g_test_add (path, Desk, NULL, set_up, func, desk_tear_down)
  add_test ("/daemon/catalogs/list", test_catalogs_list);
  add_test ("/daemon/catalogs/list/packed", test_catalogs_packed);
  add_test ("/daemon/catalogs/list/stopped", test_catalogs_list_stopped);
  add_test ("/daemon/catalogs/info", test_catalogs_info);
  add_test ("/daemon/catalogs/open", test_catalogs_open);
  add_test ("/daemon/catalogs/filter", test_catalogs_filter);
  add_test ("/daemon/catalogs/wrong", test_catalogs_wrong);
  add_test ("/daemon/catalogs/pieces", test_catalogs_pieces);
  add_test ("/daemon/catalogs/killed", test_catalogs_killed);
  add_test ("/daemon/catalogs/revived", test_catalogs_revived);
  add_test ("/daemon/catalogs/cut", test_catalogs_cut);
  add_test ("/daemon/catalogs/other-file", test_catalogs_other_file);
  add_test ("/daemon/catalogs/closed", test_catalogs_closed);

  return g_test_run ();
}
