/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "crash-kinds.h"

/* Catalogs, and which of their rows are wanted. */

/* Always the same two, which are open or not. */
static int
random_catalog (void)
{
  return g_test_rand_int_range (1, 3);
}

static void
open_catalog (CrashScene *scene,
              CrashState *after,
              int         file_id,
              int         region_id)
{
  CARTA__OpenCatalogFile message = CARTA__OPEN_CATALOG_FILE__INIT;

  message.directory = (char *) "";
  message.name = (char *) CRASH_CATALOG;
  message.file_id = random_catalog ();
  message.preview_data_size = 1;
  scene->request_id = almu_test_viewer_send (scene->viewer, &message.base);
  crash_state_set (after, CRASH_CATALOG, "catalog/%d", message.file_id);
  crash_state_drop (after, "catalog/%d/", message.file_id);
}

static void
close_catalog (CrashScene *scene,
               CrashState *after,
               int         file_id,
               int         region_id)
{
  CARTA__CloseCatalogFile message = CARTA__CLOSE_CATALOG_FILE__INIT;

  message.file_id = random_catalog ();
  almu_test_viewer_send (scene->viewer, &message.base);
  crash_state_set (after, NULL, "catalog/%d", message.file_id);
  crash_state_drop (after, "catalog/%d/", message.file_id);
}

static void
filter_catalog (CrashScene *scene,
                CrashState *after,
                int         file_id,
                int         region_id)
{
  CARTA__CatalogFilterRequest message = CARTA__CATALOG_FILTER_REQUEST__INIT;
  CARTA__FilterConfig         filter = CARTA__FILTER_CONFIG__INIT;
  CARTA__FilterConfig        *filters[] = { &filter };
  g_autoptr(GArray) catalogs = crash_state_list (after, "catalog/");
  gint32           columns[] = { 0, 1 };
  g_autofree char *value = NULL;

  filter.column_name = (char *) "RA";
  filter.comparison_operator = CARTA__COMPARISON_OPERATOR__Greater;
  filter.value = crash_random_place ();
  filter.sub_string = (char *) "";
  message.file_id = g_array_index (catalogs, int, g_test_rand_int_range (0, (int) catalogs->len));
  message.n_filter_configs = 1;
  message.filter_configs = filters;
  message.n_column_indices = G_N_ELEMENTS (columns);
  message.column_indices = columns;
  message.subset_data_size = g_test_rand_int_range (1, 100);
  message.sort_column = (char *) "DEC";
  almu_test_viewer_send (scene->viewer, &message.base);

  value = g_strdup_printf ("RA > %g sort DEC rows %d", filter.value, message.subset_data_size);
  crash_state_set (after, value, "catalog/%d/want", message.file_id);
}

const CrashChange crash_changes_of_catalogs[] = {
  { "catalog", 3, CRASH_NEEDS_FILE, CARTA__EVENT_TYPE__OPEN_CATALOG_FILE_ACK, FALSE, open_catalog },
  { "no catalog", 1, CRASH_NEEDS_FILE, 0, FALSE, close_catalog },
  { "filter", 4, CRASH_NEEDS_CATALOG, 0, FALSE, filter_catalog },
  { NULL }
};
