/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-limits.h"
#include "almu-test-table.h"
#include "test-desk.h"

/* Ceilings of what a message asks for: at them it is done, above them it is
 * refused with the number, and nothing else changes. */

static double
ramp (const gint64 *position,
      gpointer      user_data)
{
  return (double) (position[0] + position[1]);
}

static void
open_image (Desk *desk)
{
  desk_write (desk, "a.fits", 2, (const gint64[]){ 40, 30 }, ramp, NULL);
  desk_open (desk, "a.fits", 0);
}

/* Waits for all answers of what was asked. */
static void
assert_fine (Desk *desk)
{
  almu_test_autobody CARTA__ErrorData *error = NULL;

  almu_test_viewer_await_pong (desk->viewer);
  error = almu_test_viewer_take (desk->viewer, CARTA__EVENT_TYPE__ERROR_DATA);
  if (error != NULL)
    g_error ("at the limit: %s", error->message);
}

static void
assert_refused (Desk *desk,
                int   limit)
{
  g_autofree char                     *number = g_strdup_printf ("%d", limit);
  almu_test_autobody CARTA__ErrorData *error = desk_await (desk, CARTA__EVENT_TYPE__ERROR_DATA);

  if (strstr (error->message, number) == NULL)
    g_error ("“%s” does not tell the limit of %s", error->message, number);
}

static void
ask_contours (Desk *desk,
              gsize n_levels,
              int   smoothing)
{
  CARTA__SetContourParameters message = CARTA__SET_CONTOUR_PARAMETERS__INIT;
  g_autofree double          *levels = g_new (double, n_levels);

  for (gsize i = 0; i < n_levels; i++)
    levels[i] = (double) i / 10 + 0.01;
  message.n_levels = n_levels;
  message.levels = levels;
  message.smoothing_mode = CARTA__SMOOTHING_MODE__BlockAverage;
  message.smoothing_factor = smoothing;
  message.decimation_factor = 4;
  message.compression_level = 8;
  message.contour_chunk_size = 100000;
  almu_test_viewer_send (desk->viewer, &message.base);
}

static void
test_limits_contours (Desk         *desk,
                      gconstpointer user_data)
{
  open_image (desk);
  ask_contours (desk, ALMU_LIMIT_CONTOUR_LEVELS - 1, 4);
  ask_contours (desk, ALMU_LIMIT_CONTOUR_LEVELS, 4);
  assert_fine (desk);
  ask_contours (desk, ALMU_LIMIT_CONTOUR_LEVELS + 1, 4);
  assert_refused (desk, ALMU_LIMIT_CONTOUR_LEVELS);
  ask_contours (desk, 1, ALMU_LIMIT_SMOOTHING - 1);
  ask_contours (desk, 1, ALMU_LIMIT_SMOOTHING);
  assert_fine (desk);
  ask_contours (desk, 1, ALMU_LIMIT_SMOOTHING + 1);
  assert_refused (desk, ALMU_LIMIT_SMOOTHING);
}

static void
ask_vectors (Desk *desk,
             guint smoothing)
{
  CARTA__SetVectorOverlayParameters message = CARTA__SET_VECTOR_OVERLAY_PARAMETERS__INIT;

  message.smoothing_factor = smoothing;
  message.stokes_angle = -1;
  almu_test_viewer_send (desk->viewer, &message.base);
}

static void
test_limits_vectors (Desk         *desk,
                     gconstpointer user_data)
{
  open_image (desk);
  ask_vectors (desk, ALMU_LIMIT_SMOOTHING - 1);
  ask_vectors (desk, ALMU_LIMIT_SMOOTHING);
  assert_fine (desk);
  ask_vectors (desk, ALMU_LIMIT_SMOOTHING + 1);
  assert_refused (desk, ALMU_LIMIT_SMOOTHING);
  ask_vectors (desk, G_MAXUINT);
  assert_refused (desk, G_MAXINT);
}

/* A header with so many cards of what was done to it; how many are told, and
 * the last of them, both when the image is opened and when it is asked about. */
static void
assert_told (Desk       *desk,
             guint       n_history,
             guint       n_told,
             const char *last)
{
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();
  g_autofree char       *path = NULL;
  CARTA__FileInfoRequest request = CARTA__FILE_INFO_REQUEST__INIT;

  almu_test_autobody CARTA__OpenFileAck      *ack = NULL;
  almu_test_autobody CARTA__FileInfoResponse *info = NULL;

  almu_test_fits_begin (fits, -32, 2, (const gint64[]){ 1, 1 });
  for (guint i = 0; i < n_history; i++)
    almu_test_fits_record (fits, "HISTORY of what was done to it");
  almu_test_fits_end_header (fits);
  almu_test_fits_values (fits, 1, (double[]){ 1 });
  almu_test_fits_end (fits);
  path = almu_test_fits_save (fits, desk->folder, "long.fits");

  ack = almu_test_viewer_open (desk->viewer, "", "long.fits", "", 0);
  g_assert_true (ack->success);
  g_assert_cmpuint (ack->file_info_extended->n_header_entries, ==, n_told);
  g_assert_cmpstr (ack->file_info_extended->header_entries[n_told - 1]->value, ==, last);

  request.directory = request.hdu = (char *) "";
  request.file = (char *) "long.fits";
  info = almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__FILE_INFO_RESPONSE,
                                       almu_test_viewer_send (desk->viewer, &request.base));
  g_assert_true (info->success);
  g_assert_cmpuint (info->file_info_extended[0]->value->n_header_entries, ==, n_told);
  g_assert_cmpstr (info->file_info_extended[0]->value->header_entries[n_told - 1]->value, ==, last);
}

/* The mandatory ones are told, too. What a HISTORY says is no value. */
#define N_OTHER_CARDS 5

static void
test_limits_cards (Desk         *desk,
                   gconstpointer user_data)
{
  assert_told (desk, 3, 3 + N_OTHER_CARDS, "");
  assert_told (desk, ALMU_LIMIT_TOLD_CARDS - N_OTHER_CARDS - 1, ALMU_LIMIT_TOLD_CARDS - 1, "");
  assert_told (desk, ALMU_LIMIT_TOLD_CARDS - N_OTHER_CARDS, ALMU_LIMIT_TOLD_CARDS, "");
  assert_told (desk, ALMU_LIMIT_TOLD_CARDS - N_OTHER_CARDS + 1, ALMU_LIMIT_TOLD_CARDS, "and 2 more cards");
}

static CARTA__OpenCatalogFileAck *
open_catalog (Desk *desk,
              int   id)
{
  CARTA__OpenCatalogFile message = CARTA__OPEN_CATALOG_FILE__INIT;

  message.directory = (char *) "";
  message.name = (char *) "table.xml";
  message.file_id = id;
  message.preview_data_size = 1;

  return almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__OPEN_CATALOG_FILE_ACK,
                                       almu_test_viewer_send (desk->viewer, &message.base));
}

static void
test_limits_catalogs (Desk         *desk,
                      gconstpointer user_data)
{
  g_autofree char *text = almu_test_votable (5);

  almu_test_save_text (text, desk->folder, "table.xml");
  for (int id = 1; id <= ALMU_LIMIT_CATALOGS + 1; id++)
    {
      almu_test_autobody CARTA__OpenCatalogFileAck *ack = open_catalog (desk, id);

      g_assert_cmpint (ack->success, ==, id <= ALMU_LIMIT_CATALOGS);
      g_assert_true (ack->success || strstr (ack->message, "128") != NULL);
    }
}

static void
ask_filters (Desk *desk,
             gsize n)
{
  CARTA__CatalogFilterRequest      message = CARTA__CATALOG_FILTER_REQUEST__INIT;
  CARTA__FilterConfig              filter = CARTA__FILTER_CONFIG__INIT;
  g_autofree CARTA__FilterConfig **filters = g_new (CARTA__FilterConfig *, n);
  gint32                           column = 0;

  filter.column_name = (char *) "mag";
  filter.comparison_operator = CARTA__COMPARISON_OPERATOR__Greater;
  filter.value = -100;
  for (gsize i = 0; i < n; i++)
    filters[i] = &filter;
  message.file_id = 1;
  message.n_filter_configs = n;
  message.filter_configs = filters;
  message.subset_data_size = 5;
  message.n_column_indices = 1;
  message.column_indices = &column;
  almu_test_viewer_send (desk->viewer, &message.base);
}

static void
test_limits_filters (Desk         *desk,
                     gconstpointer user_data)
{
  g_autofree char                              *text = almu_test_votable (5);
  almu_test_autobody CARTA__OpenCatalogFileAck *ack = NULL;

  almu_test_save_text (text, desk->folder, "table.xml");
  ack = open_catalog (desk, 1);
  g_assert_true (ack->success);
  ask_filters (desk, ALMU_LIMIT_FILTERS - 1);
  ask_filters (desk, ALMU_LIMIT_FILTERS);
  assert_fine (desk);
  ask_filters (desk, ALMU_LIMIT_FILTERS + 1);
  assert_refused (desk, ALMU_LIMIT_FILTERS);
}

/* -- hypercubes ---------------------------------------------------------- */

static void
test_limits_hypercube (Desk         *desk,
                       gconstpointer user_data)
{
  for (gsize n = ALMU_LIMIT_HYPERCUBE_FILES - 1; n <= ALMU_LIMIT_HYPERCUBE_FILES + 1; n++)
    {
      CARTA__ConcatStokesFiles                        message = CARTA__CONCAT_STOKES_FILES__INIT;
      CARTA__StokesFile                               files[ALMU_LIMIT_HYPERCUBE_FILES + 1];
      CARTA__StokesFile                              *pointers[ALMU_LIMIT_HYPERCUBE_FILES + 1];
      almu_test_autobody CARTA__ConcatStokesFilesAck *ack = NULL;

      for (gsize i = 0; i < n; i++)
        {
          g_autofree char *name = g_strdup_printf ("sky_%" G_GSIZE_FORMAT ".fits", i);

          desk_write (desk, name, 2, (const gint64[]){ 8, 8 }, ramp, NULL);
          carta__stokes_file__init (&files[i]);
          files[i].directory = (char *) "";
          files[i].file = g_steal_pointer (&name);
          files[i].hdu = (char *) "";
          files[i].polarization_type = (CARTA__PolarizationType) MIN (i + 1, ALMU_LIMIT_HYPERCUBE_FILES);
          pointers[i] = &files[i];
        }
      message.n_stokes_files = n;
      message.stokes_files = pointers;
      ack = almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__CONCAT_STOKES_FILES_ACK,
                                          almu_test_viewer_send (desk->viewer, &message.base));
      /* so many make no axis, but they are all looked at */
      g_assert_false (ack->success);
      g_assert_true ((strstr (ack->message, "are more than the 12") != NULL) == (n > ALMU_LIMIT_HYPERCUBE_FILES));
      for (gsize i = 0; i < n; i++)
        g_free (files[i].file);
    }
}

/* -- channel maps -------------------------------------------------------- */

static void
ask_map (Desk *desk,
         int   n_channels)
{
  CARTA__SetImageChannels message = CARTA__SET_IMAGE_CHANNELS__INIT;
  CARTA__IntBounds        range = CARTA__INT_BOUNDS__INIT;
  CARTA__IntBounds        current = CARTA__INT_BOUNDS__INIT;
  CARTA__AddRequiredTiles tiles = CARTA__ADD_REQUIRED_TILES__INIT;
  gint32                  code = 0;

  range.max = n_channels - 1;
  tiles.n_tiles = 1;
  tiles.tiles = &code;
  message.channel_range = &range;
  message.current_range = &current;
  message.channel_map_enabled = TRUE;
  message.required_tiles = &tiles;
  almu_test_viewer_send (desk->viewer, &message.base);
}

static void
test_limits_map (Desk         *desk,
                 gconstpointer user_data)
{
  desk_write (desk, "deep.fits", 3, (const gint64[]){ 2, 2, ALMU_LIMIT_MAP_CHANNELS + 1 }, ramp, NULL);
  desk_open (desk, "deep.fits", 0);
  ask_map (desk, ALMU_LIMIT_MAP_CHANNELS - 1);
  ask_map (desk, ALMU_LIMIT_MAP_CHANNELS);
  assert_fine (desk);
  ask_map (desk, ALMU_LIMIT_MAP_CHANNELS + 1);
  assert_refused (desk, ALMU_LIMIT_MAP_CHANNELS);
}

/* -- region files -------------------------------------------------------- */

/* Of comments but for the last line. */
static void
test_limits_region_text (Desk         *desk,
                         gconstpointer user_data)
{
  g_autofree char *text = g_strnfill (ALMU_LIMIT_REGION_TEXT_BYTES + 1, '#');

  for (gsize i = 100; i < ALMU_LIMIT_REGION_TEXT_BYTES; i += 100)
    text[i - 1] = '\n';
  open_image (desk);
  for (int step = -1; step <= 1; step++)
    {
      const char                                *last = "\nimage\npoint(3,4)\n";
      gsize                                      n = ALMU_LIMIT_REGION_TEXT_BYTES + (gsize) (step + 1) - 1;
      CARTA__ImportRegion                        message = CARTA__IMPORT_REGION__INIT;
      almu_test_autobody CARTA__ImportRegionAck *ack = NULL;
      g_autofree char                           *path = g_build_filename (desk->folder, "large.reg", NULL);
      g_autofree char                           *copy = g_memdup2 (text, n);

      memcpy (copy + n - strlen (last), last, strlen (last));
      g_assert_true (g_file_set_contents_full (path, copy, (gssize) n, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
      message.type = CARTA__FILE_TYPE__DS9_REG;
      message.directory = (char *) "";
      message.file = (char *) "large.reg";
      ack = almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__IMPORT_REGION_ACK,
                                          almu_test_viewer_send (desk->viewer, &message.base));
      g_assert_cmpint (ack->success, ==, step <= 0);
      g_assert_true (ack->success || strstr (ack->message, "33554432") != NULL);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  desk_add ("/daemon/limits/contours", test_limits_contours);
  desk_add ("/daemon/limits/vectors", test_limits_vectors);
  desk_add ("/daemon/limits/cards", test_limits_cards);
  desk_add ("/daemon/limits/catalogs", test_limits_catalogs);
  desk_add ("/daemon/limits/filters", test_limits_filters);
  desk_add ("/daemon/limits/hypercube", test_limits_hypercube);
  desk_add ("/daemon/limits/map", test_limits_map);
  desk_add ("/daemon/limits/region-text", test_limits_region_text);

  return g_test_run ();
}
