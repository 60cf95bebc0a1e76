/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "test-desk.h"

/* Folders, headers, regions: what a page does besides looking. */

#define WIDTH 60
#define HEIGHT 50

static double
ramp (const gint64 *position,
      gpointer      user_data)
{
  if (position[0] == 20 && position[1] == 20)
    return NAN;

  return (double) (position[0] + 1000 * position[1]);
}

static void
write_ramp (Desk       *desk,
            const char *name)
{
  const gint64 shape[] = { WIDTH, HEIGHT };

  desk_write (desk, name, 2, shape, ramp, NULL);
}

static void
open_ramp (Desk *desk)
{
  write_ramp (desk, "ramp.fits");
  desk_open (desk, "ramp.fits", 0);
  almu_test_body_free (desk_await (desk, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA));
}

/* -- lists ---------------------------------------------------------------- */

static CARTA__FileListResponse *
list (Desk       *desk,
      const char *directory,
      int         filter)
{
  CARTA__FileListRequest message = CARTA__FILE_LIST_REQUEST__INIT;

  message.directory = (char *) directory;
  message.filter_mode = (CARTA__FileListFilterMode) filter;

  return almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__FILE_LIST_RESPONSE,
                                       almu_test_viewer_send (desk->viewer, &message.base));
}

static gboolean
has_file (const CARTA__FileListResponse *response,
          const char                    *name)
{
  for (gsize i = 0; i < response->n_files; i++)
    {
      if (g_str_equal (response->files[i]->name, name))
        return TRUE;
    }

  return FALSE;
}

static void
write_text (Desk       *desk,
            const char *name,
            const char *text)
{
  g_autofree char *path = g_build_filename (desk->folder, name, NULL);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static void
test_files_list (Desk         *desk,
                 gconstpointer user_data)
{
  /* by what is inside, by the name, all */
  const struct
  {
    const char *name;
    gboolean    is_listed[3];
  } expected[] = {
    { "real.fits", { TRUE, TRUE, TRUE } },
    { "real.data", { TRUE, FALSE, TRUE } },
    { "pretends.fits", { FALSE, TRUE, TRUE } },
    { "notes.txt", { FALSE, FALSE, TRUE } },
    { ".hidden.fits", { FALSE, FALSE, FALSE } },
  };
  g_autofree char *sub = g_build_filename (desk->folder, "sub", NULL);

  write_ramp (desk, "real.fits");
  write_ramp (desk, "real.data");
  write_ramp (desk, ".hidden.fits");
  write_text (desk, "pretends.fits", "nothing");
  write_text (desk, "notes.txt", "nothing");
  g_assert_cmpint (g_mkdir (sub, 0755), ==, 0);
  write_ramp (desk, "sub/inner.fits");

  for (int filter = 0; filter < 3; filter++)
    {
      almu_test_autobody CARTA__FileListResponse *response = list (desk, filter == 0 ? "$BASE" : filter == 1 ? "/"
                                                                                                             : "",
                                                                   filter);

      g_assert_true (response->success);
      /* page 6.0.0 takes an empty name for none */
      g_assert_cmpstr (response->directory, ==, "/");
      for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
        g_assert_cmpint (has_file (response, expected[i].name), ==, expected[i].is_listed[filter]);
      g_assert_cmpuint (response->n_subdirectories, ==, 1);
      g_assert_cmpstr (response->subdirectories[0]->name, ==, "sub");
      g_assert_cmpint (response->subdirectories[0]->item_count, ==, 1);
    }
}

static void
test_files_list_places (Desk         *desk,
                        gconstpointer user_data)
{
  const char                                 *outside[] = { "..", "../..", "/etc", "sub/../../..", "$BASE/..", "no-such-folder", "real.fits" };
  g_autofree char                            *sub = g_build_filename (desk->folder, "sub", NULL);
  almu_test_autobody CARTA__FileListResponse *inner = NULL;

  write_ramp (desk, "real.fits");
  g_assert_cmpint (g_mkdir (sub, 0755), ==, 0);
  write_ramp (desk, "sub/inner.fits");

  inner = list (desk, "sub", 0);
  g_assert_true (inner->success);
  g_assert_cmpstr (inner->directory, ==, "sub");
  g_assert_cmpuint (inner->n_files, ==, 1);
  g_assert_cmpstr (inner->files[0]->name, ==, "inner.fits");
  g_assert_cmpint (inner->files[0]->type, ==, CARTA__FILE_TYPE__FITS);
  g_assert_cmpint (inner->files[0]->size, ==, (2880 + (WIDTH * HEIGHT * 4 + 2879) / 2880 * 2880));

  for (guint i = 0; i < G_N_ELEMENTS (outside); i++)
    {
      almu_test_autobody CARTA__FileListResponse *response = list (desk, outside[i], 0);

      g_assert_false (response->success);
      g_assert_cmpstr (response->message, !=, "");
      g_assert_cmpuint (response->n_files, ==, 0);
    }
}

static void
test_files_list_stopped (Desk         *desk,
                         gconstpointer user_data)
{
  CARTA__FileListRequest                      message = CARTA__FILE_LIST_REQUEST__INIT;
  guint32                                     request_id;
  almu_test_autobody CARTA__FileListResponse *response = NULL;

  for (int i = 0; i < 300; i++)
    {
      g_autofree char *name = g_strdup_printf ("%d.txt", i);

      write_text (desk, name, "nothing");
    }

  /* there is an answer, stopped or not, and one to each that is asked */
  message.directory = (char *) "";
  request_id = almu_test_viewer_send (desk->viewer, &message.base);
  almu_test_viewer_send_raw (desk->viewer, CARTA__EVENT_TYPE__STOP_FILE_LIST, 0, NULL, 0);
  response = almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__FILE_LIST_RESPONSE, request_id);
  g_assert_true (response->success);
  for (int i = 0; i < 5; i++)
    request_id = almu_test_viewer_send (desk->viewer, &message.base);
  for (guint32 i = 0; i < 5; i++)
    almu_test_body_free (almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__FILE_LIST_RESPONSE, request_id - i));
}

/* -- headers -------------------------------------------------------------- */

static CARTA__FileInfoResponse *
inspect (Desk       *desk,
         const char *name,
         const char *hdu)
{
  CARTA__FileInfoRequest message = CARTA__FILE_INFO_REQUEST__INIT;

  message.directory = (char *) "";
  message.file = (char *) name;
  message.hdu = (char *) hdu;

  return almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__FILE_INFO_RESPONSE,
                                       almu_test_viewer_send (desk->viewer, &message.base));
}

static void
test_files_many_hdus (Desk         *desk,
                      gconstpointer user_data)
{
  const gint64 none[] = { 0 };
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();
  g_autofree char                            *path = NULL;
  g_autofree float                           *plane = NULL;
  almu_test_autobody CARTA__FileInfoResponse *all = NULL;
  almu_test_autobody CARTA__FileInfoResponse *one = NULL;
  almu_test_autobody CARTA__FileInfoResponse *wrong = NULL;
  almu_test_autobody CARTA__OpenFileAck      *ack = NULL;

  almu_test_fits_begin (fits, 8, 0, none);
  almu_test_fits_end_header (fits);
  for (int i = 1; i <= 40; i++)
    {
      const gint64     shape[] = { 2 + i, 3 };
      g_autofree char *name = g_strdup_printf ("EXT%d", i);

      almu_test_fits_begin_extension (fits, -32, 2, shape, name);
      almu_test_fits_end_header (fits);
      almu_test_fits_fill (fits, ramp, NULL);
      almu_test_fits_end (fits);
    }
  path = almu_test_fits_save (fits, desk->folder, "many.fits");

  all = inspect (desk, "many.fits", "");
  g_assert_true (all->success);
  g_assert_cmpstr (all->file_info->name, ==, "many.fits");
  g_assert_cmpuint (all->n_file_info_extended, ==, 40);
  for (gsize i = 0; i < 40; i++)
    {
      const CARTA__FileInfoExtended *info = all->file_info_extended[i]->value;
      int                            number = atoi (all->file_info_extended[i]->key);

      g_assert_cmpint (info->width, ==, 2 + number);
      g_assert_cmpint (info->height, ==, 3);
      g_assert_cmpstr (info->computed_entries[0]->name, ==, "Name");
      g_assert_cmpstr (info->computed_entries[1]->name, ==, "HDU");
      g_assert_cmpstr (info->computed_entries[2]->name, ==, "Extension name");
    }

  one = inspect (desk, "many.fits", "7");
  g_assert_true (one->success);
  g_assert_cmpuint (one->n_file_info_extended, ==, 1);
  g_assert_cmpstr (one->file_info_extended[0]->key, ==, "7");
  wrong = inspect (desk, "many.fits", "41");
  g_assert_false (wrong->success);
  g_assert_nonnull (strstr (wrong->message, "41"));

  ack = almu_test_viewer_open (desk->viewer, "", "many.fits", "7", 0);
  g_assert_true (ack->success);
  g_assert_cmpstr (ack->file_info->hdu_list[0], ==, "7");
  plane = almu_test_await_plane (desk->viewer, 0, 9, 3);
  g_assert_cmpfloat (plane[9 + 8], ==, 1008);
}

static void
test_files_refused (Desk         *desk,
                    gconstpointer user_data)
{
  const char      *names[] = { "missing.fits", "text.fits", "empty.fits", "", ".", "..", "../../etc/passwd", "/etc/passwd", "sub" };
  g_autofree char *sub = g_build_filename (desk->folder, "sub", NULL);

  write_text (desk, "text.fits", "This is not FITS");
  write_text (desk, "empty.fits", "");
  g_assert_cmpint (g_mkdir (sub, 0755), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      almu_test_autobody CARTA__OpenFileAck      *ack = almu_test_viewer_open (desk->viewer, "", names[i], "", 3);
      almu_test_autobody CARTA__FileInfoResponse *info = inspect (desk, names[i], "");

      g_test_message ("%s: %s", names[i], ack->message);
      g_assert_false (ack->success);
      g_assert_cmpint (ack->file_id, ==, 3);
      g_assert_cmpstr (ack->message, !=, "");
      g_assert_false (info->success);
      g_assert_cmpstr (info->message, !=, "");
    }
}

/* -- a file that goes away under our hands --------------------------------- */

static void
test_files_shrinks (Desk         *desk,
                    gconstpointer user_data)
{
  const gint64                         shape[] = { WIDTH, HEIGHT, 20 };
  const gint32                         code = 0;
  g_autofree char                     *path = g_build_filename (desk->folder, "cube.fits", NULL);
  almu_test_autobody CARTA__ErrorData *error = NULL;

  desk_write (desk, "cube.fits", 3, shape, ramp, NULL);
  desk_open (desk, "cube.fits", 0);
  almu_test_body_free (desk_await (desk, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA));
  g_assert_cmpint (truncate (path, 2880 + 100), ==, 0);
  almu_test_ask_plane (desk->viewer, 0, 15, 0, &code, 1);
  error = desk_await (desk, CARTA__EVENT_TYPE__ERROR_DATA);
  g_assert_nonnull (strstr (error->message, "cube.fits"));

  open_ramp (desk);
}

/* -- profiles -------------------------------------------------------------- */

static CARTA__SpatialProfileData *
cut (Desk       *desk,
     const char *coordinate,
     int         start,
     int         end,
     int         mip)
{
  almu_test_viewer_await_pong (desk->viewer);
  almu_test_viewer_clear (desk->viewer);
  almu_test_ask_spatial (desk->viewer, 0, 0, coordinate, start, end, mip);

  return desk_await (desk, CARTA__EVENT_TYPE__SPATIAL_PROFILE_DATA);
}

static void
test_files_profiles (Desk         *desk,
                     gconstpointer user_data)
{
  const float                                  *values;
  almu_test_autobody CARTA__SpatialProfileData *whole = NULL;
  almu_test_autobody CARTA__SpatialProfileData *part = NULL;
  almu_test_autobody CARTA__SpatialProfileData *column = NULL;
  almu_test_autobody CARTA__SpatialProfileData *coarse = NULL;

  open_ramp (desk);
  almu_test_ask_cursor (desk->viewer, 0, 11, 7);
  almu_test_body_free (desk_await (desk, CARTA__EVENT_TYPE__SPATIAL_PROFILE_DATA));

  whole = cut (desk, "x", 0, 0, 0);
  g_assert_cmpint (whole->profiles[0]->start, ==, 0);
  g_assert_cmpint (whole->profiles[0]->end, ==, WIDTH);
  g_assert_cmpuint (whole->profiles[0]->raw_values_fp32.len, ==, WIDTH * sizeof (float));
  values = (const float *) whole->profiles[0]->raw_values_fp32.data;
  for (int x = 0; x < WIDTH; x++)
    g_assert_cmpfloat (values[x], ==, x + 7000);

  part = cut (desk, "x", 10, 14, 1);
  g_assert_cmpint (part->profiles[0]->start, ==, 10);
  g_assert_cmpint (part->profiles[0]->end, ==, 14);
  g_assert_cmpuint (part->profiles[0]->raw_values_fp32.len, ==, 4 * sizeof (float));
  g_assert_cmpfloat (((const float *) part->profiles[0]->raw_values_fp32.data)[3], ==, 7013);

  column = cut (desk, "y", 0, HEIGHT, 0);
  g_assert_cmpuint (column->profiles[0]->raw_values_fp32.len, ==, HEIGHT * sizeof (float));
  g_assert_cmpfloat (((const float *) column->profiles[0]->raw_values_fp32.data)[49], ==, 49011);

  /* the smallest and the largest of each eight, in their order */
  coarse = cut (desk, "x", 0, WIDTH, 4);
  g_assert_cmpint (coarse->profiles[0]->mip, ==, 4);
  g_assert_cmpuint (coarse->profiles[0]->raw_values_fp32.len, ==, 16 * sizeof (float));
  values = (const float *) coarse->profiles[0]->raw_values_fp32.data;
  for (int i = 0; i < 8; i++)
    {
      g_assert_cmpfloat (values[2 * i], ==, 8 * i + 7000);
      g_assert_cmpfloat (values[2 * i + 1], ==, MIN (8 * i + 7, WIDTH - 1) + 7000);
    }
}

/* -- regions --------------------------------------------------------------- */

typedef struct
{
  const char *name;
  int         type;
  float       points[8];
  gsize       n_points;
  float       rotation;
  gboolean (*contains) (double x,
                        double y);
} Drawn;

static gboolean
in_rectangle (double x,
              double y)
{
  return fabs (x - 20) <= 3 && fabs (y - 21) <= 2;
}

static gboolean
in_turned (double x,
           double y)
{
  double u = ((x - 30) + (y - 25)) / sqrt (2);
  double v = ((y - 25) - (x - 30)) / sqrt (2);

  return fabs (u) <= 5.5 && fabs (v) <= 2.25;
}

static gboolean
in_ellipse (double x,
            double y)
{
  return (x - 20) * (x - 20) / (4.25 * 4.25) + (y - 20) * (y - 20) / (7.25 * 7.25) <= 1;
}

static gboolean
in_triangle (double x,
             double y)
{
  return y >= 4 && y <= x - 1 && x <= 30.5;
}

static gboolean
in_point (double x,
          double y)
{
  return x == 33 && y == 12;
}

static gboolean
beyond_the_edge (double x,
                 double y)
{
  return fabs (x - 58) <= 4 && fabs (y - 48) <= 4;
}

static const Drawn drawings[] = {
  { "rectangle", CARTA__REGION_TYPE__RECTANGLE, { 20, 21, 6, 4 }, 2, 0, in_rectangle },
  { "turned rectangle", CARTA__REGION_TYPE__RECTANGLE, { 30, 25, 11, 4.5f }, 2, 45, in_turned },
  { "ellipse", CARTA__REGION_TYPE__ELLIPSE, { 20, 20, 7.25f, 4.25f }, 2, 0, in_ellipse },
  { "polygon", CARTA__REGION_TYPE__POLYGON, { 5, 4, 30.5f, 4, 30.5f, 29.5f }, 3, 0, in_triangle },
  { "point", CARTA__REGION_TYPE__POINT, { 33, 12 }, 1, 0, in_point },
  { "rectangle over the edge", CARTA__REGION_TYPE__RECTANGLE, { 58, 48, 8, 8 }, 2, 0, beyond_the_edge },
};

static CARTA__RegionStatsData *
await_stats (Desk *desk,
             int   region_id)
{
  CARTA__RegionStatsData *stats = desk_await (desk, CARTA__EVENT_TYPE__REGION_STATS_DATA);

  g_assert_cmpint (stats->region_id, ==, region_id);

  return stats;
}

static void
check_drawing (Desk        *desk,
               const Drawn *drawn)
{
  int                                            n = 0;
  int                                            n_blank = 0;
  double                                         sum = 0;
  gint64                                         n_counted = 0;
  int                                            region_id;
  almu_test_autobody CARTA__RegionStatsData     *stats = NULL;
  almu_test_autobody CARTA__RegionHistogramData *histogram = NULL;

  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDTH; x++)
      {
        double value = ramp ((const gint64[]){ x, y }, NULL);

        if (!drawn->contains (x, y))
          continue;
        if (isnan (value))
          n_blank++;
        else
          n++, sum += value;
      }

  g_test_message ("%s: %d pixels", drawn->name, n);
  region_id = almu_test_draw (desk->viewer, 0, -1, drawn->type, drawn->points, drawn->n_points, drawn->rotation);
  g_assert_cmpint (region_id, >, 0);
  almu_test_ask_stats (desk->viewer, 0, region_id, "z");
  stats = await_stats (desk, region_id);
  g_assert_cmpfloat (almu_test_stats_get (stats, CARTA__STATS_TYPE__NumPixels), ==, n);
  g_assert_cmpfloat (almu_test_stats_get (stats, CARTA__STATS_TYPE__NanCount), ==, n_blank);
  g_assert_cmpfloat_with_epsilon (almu_test_stats_get (stats, CARTA__STATS_TYPE__Sum), sum, 1e-6 * sum);

  almu_test_ask_histogram (desk->viewer, 0, region_id, 7, 0, 100000);
  histogram = desk_await (desk, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA);
  g_assert_cmpint (histogram->region_id, ==, region_id);
  g_assert_cmpint (histogram->histograms->num_bins, ==, 7);
  for (gsize i = 0; i < histogram->histograms->n_bins; i++)
    n_counted += histogram->histograms->bins[i];
  g_assert_cmpint (n_counted, ==, n);

  /* asking for one kind may send the other again */
  almu_test_viewer_await_pong (desk->viewer);
}

static void
test_files_regions (Desk         *desk,
                    gconstpointer user_data)
{
  open_ramp (desk);
  for (guint i = 0; i < G_N_ELEMENTS (drawings); i++)
    {
      CARTA__RemoveRegion remove = CARTA__REMOVE_REGION__INIT;

      check_drawing (desk, &drawings[i]);
      remove.region_id = (gint32) i + 1;
      almu_test_viewer_send (desk->viewer, &remove.base);
      almu_test_viewer_await_pong (desk->viewer);
      almu_test_viewer_clear (desk->viewer);
    }
}

static void
test_files_region_outside (Desk         *desk,
                           gconstpointer user_data)
{
  const float                                points[] = { 500, 500, 4, 4 };
  int                                        region_id;
  almu_test_autobody CARTA__RegionStatsData *stats = NULL;

  open_ramp (desk);
  region_id = almu_test_draw (desk->viewer, 0, -1, CARTA__REGION_TYPE__RECTANGLE, points, 2, 0);
  almu_test_ask_stats (desk->viewer, 0, region_id, "z");
  stats = await_stats (desk, region_id);
  g_assert_true (isnan (almu_test_stats_get (stats, CARTA__STATS_TYPE__Mean)));
  g_assert_cmpfloat (almu_test_stats_get (stats, CARTA__STATS_TYPE__NumPixels), ==, 0);
}

static void
test_files_region_refused (Desk         *desk,
                           gconstpointer user_data)
{
  const float right[] = { 5, 5, 2, 2 };
  const float nan_point[] = { NAN, 5, 2, 2 };
  const float negative[] = { 5, 5, -2, 2 };

  open_ramp (desk);
  g_assert_cmpint (almu_test_draw (desk->viewer, 0, -1, CARTA__REGION_TYPE__RECTANGLE, nan_point, 2, 0), ==, 0);
  g_assert_cmpint (almu_test_draw (desk->viewer, 0, -1, CARTA__REGION_TYPE__RECTANGLE, negative, 2, 0), ==, 0);
  g_assert_cmpint (almu_test_draw (desk->viewer, 0, -1, CARTA__REGION_TYPE__RECTANGLE, right, 1, 0), ==, 0);
  g_assert_cmpint (almu_test_draw (desk->viewer, 0, -1, CARTA__REGION_TYPE__POLYGON, right, 2, 0), ==, 0);
  g_assert_cmpint (almu_test_draw (desk->viewer, 0, -1, 99, right, 2, 0), ==, 0);
  g_assert_cmpint (almu_test_draw (desk->viewer, 5, -1, CARTA__REGION_TYPE__RECTANGLE, right, 2, 0), ==, 0);
  g_assert_cmpint (almu_test_draw (desk->viewer, 0, G_MAXINT, CARTA__REGION_TYPE__RECTANGLE, right, 2, 0), ==, 0);
  g_assert_cmpint (almu_test_draw (desk->viewer, 0, -1, CARTA__REGION_TYPE__RECTANGLE, right, 2, 0), ==, 1);
}

/* -- real files ------------------------------------------------------------ */

/* Opens the first image of a file and looks at all of it. */
static gboolean
look_at (Desk       *desk,
         const char *name)
{
  g_autofree char                       *directory = g_path_get_dirname (name);
  g_autofree char                       *base = g_path_get_basename (name);
  g_autofree float                      *plane = NULL;
  almu_test_autobody CARTA__OpenFileAck *ack = NULL;

  ack = almu_test_viewer_open (desk->viewer, directory, base, "", 0);
  g_test_message ("%s: %s", name, ack->success ? "opens" : ack->message);
  if (!ack->success)
    {
      g_assert_nonnull (strstr (ack->message, base));
      return FALSE;
    }

  g_assert_cmpint (ack->file_info_extended->width, >, 0);
  g_assert_cmpint (ack->file_info_extended->height, >, 0);
  plane = almu_test_await_plane (desk->viewer, 0, ack->file_info_extended->width, ack->file_info_extended->height);
  almu_test_ask_close (desk->viewer, 0);
  almu_test_viewer_await_pong (desk->viewer);
  almu_test_viewer_clear (desk->viewer);

  return TRUE;
}

/* Whether a line of the list of files tells of an image of two axes or more
 * that FITS can hold. */
static gboolean
is_image (const char *name,
          const char *headers)
{
  return !g_str_has_prefix (name, "bad/") &&
         g_regex_match_simple ("\\] (PRIMARY bitpix|IMAGE(\\([^)]*\\))? bitpix|BINTABLE(\\([^)]*\\))? ZIMAGE [A-Z0-9_]+ zbitpix)"
                               " -?[0-9]+ [1-9][0-9]*x[1-9]",
                               headers, 0, 0);
}

static void
test_files_shared (Desk         *desk,
                   gconstpointer user_data)
{
  g_autofree char *folder = almu_test_shared_path (".");
  g_autofree char *manifest = almu_test_shared_path ("MANIFEST.tsv");
  g_autofree char *text = NULL;
  g_auto(GStrv) lines = NULL;
  guint n_opened = 0;

  if (folder == NULL || manifest == NULL)
    return;

  g_assert_true (g_file_get_contents (manifest, &text, NULL, NULL));
  almu_test_remove_folder (desk->folder);
  g_free (desk->folder);
  desk->folder = g_steal_pointer (&folder);
  desk_start (desk, NULL);
  desk->viewer = desk_register (desk, &desk->session_id);

  lines = g_strsplit (text, "\n", -1);
  for (guint i = 1; lines[i] != NULL && *lines[i] != '\0'; i++)
    {
      g_auto(GStrv) fields = g_strsplit (lines[i], "\t", -1);

      if (look_at (desk, fields[0]))
        n_opened++;
      else if (is_image (fields[0], fields[7]))
        g_error ("%s does not open", fields[0]);
    }
  g_test_message ("%u files open", n_opened);
  g_assert_cmpuint (n_opened, >=, 60);

  /* not ours to remove */
  g_free (desk->folder);
  desk->folder = almu_test_make_folder ();
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  desk_add ("/daemon/files/list", test_files_list);
  desk_add ("/daemon/files/list/places", test_files_list_places);
  desk_add ("/daemon/files/list/stopped", test_files_list_stopped);
  desk_add ("/daemon/files/many-hdus", test_files_many_hdus);
  desk_add ("/daemon/files/refused", test_files_refused);
  desk_add ("/daemon/files/shrinks", test_files_shrinks);
  desk_add ("/daemon/files/profiles", test_files_profiles);
  desk_add ("/daemon/files/regions", test_files_regions);
  desk_add ("/daemon/files/regions/outside", test_files_region_outside);
  desk_add ("/daemon/files/regions/refused", test_files_region_refused);
  g_test_add ("/daemon/files/shared", Desk, NULL, desk_prepare, test_files_shared, desk_tear_down);

  return g_test_run ();
}
