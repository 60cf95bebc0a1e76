/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>

#include "test-desk.h"

/* Region files and profiles along lines, against the real program. */

#define WIDTH 60
#define HEIGHT 50

static const float box[] = { 20, 25.5f, 8, 4 };
static const float line[] = { 10, 20, 30, 20 };
static const float triangle[] = { 5, 5, 25, 6, 14, 40 };

static double
ramp (const gint64 *position,
      gpointer      user_data)
{
  return (double) (position[0] + 100 * position[1]);
}

static void
open_image (Desk *desk)
{
  static const char *const cards[] = {
    "CTYPE1", "'RA---SIN'", "CTYPE2", "'DEC--SIN'", "CRVAL1", "51.3", "CRVAL2", "30.5",
    "CRPIX1", "30.0", "CRPIX2", "25.0", "CDELT1", "-0.001", "CDELT2", "0.001",
    "EQUINOX", "2000.0", NULL
  };
  static const char *const others[] = {
    "CTYPE1", "'GLON-TAN'", "CTYPE2", "'GLAT-TAN'", "CRVAL1", "158.13", "CRVAL2", "-21.666",
    "CRPIX1", "200.0", "CRPIX2", "200.0", "CDELT1", "-0.001", "CDELT2", "0.001", NULL
  };

  desk_write (desk, "image.fits", 2, (const gint64[]){ WIDTH, HEIGHT }, ramp, cards);
  desk_write (desk, "other.fits", 2, (const gint64[]){ 400, 400 }, ramp, others);
  desk_open (desk, "image.fits", 0);
}

static CARTA__ExportRegionAck *export(Desk       *desk,
                                      int         first_id,
                                      int         n,
                                      int         type,
                                      int         coordinates,
                                      const char *file,
                                      gboolean    overwrite)
{
  CARTA__ExportRegion                     request = CARTA__EXPORT_REGION__INIT;
  CARTA__ExportRegion__RegionStylesEntry  entries[4];
  CARTA__ExportRegion__RegionStylesEntry *pointers[4];
  CARTA__RegionStyle                      style = CARTA__REGION_STYLE__INIT;

  style.name = (char *) "core";
  style.color = (char *) "#FF00AA";
  style.line_width = 3;
  for (int i = 0; i < n; i++)
    {
      carta__export_region__region_styles_entry__init (&entries[i]);
      entries[i].key = first_id + i;
      entries[i].value = &style;
      pointers[i] = &entries[i];
    }
  request.type = (CARTA__FileType) type;
  request.coord_type = (CARTA__CoordinateType) coordinates;
  request.n_region_styles = (gsize) n;
  request.region_styles = pointers;
  request.file = (char *) file;
  request.overwrite = overwrite;

  return almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__EXPORT_REGION_ACK,
                                       almu_test_viewer_send (desk->viewer, &request.base));
}

static CARTA__ImportRegionAck *
import (Desk       *desk,
        int         file_id,
        int         type,
        const char *file,
        const char *contents)
{
  CARTA__ImportRegion request = CARTA__IMPORT_REGION__INIT;

  request.group_id = file_id;
  request.type = (CARTA__FileType) type;
  request.file = (char *) (file != NULL ? file : "");
  request.n_contents = contents != NULL;
  request.contents = (char **) &contents;

  return almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__IMPORT_REGION_ACK,
                                       almu_test_viewer_send (desk->viewer, &request.base));
}

static void
draw_three (Desk *desk)
{
  g_assert_cmpint (almu_test_draw (desk->viewer, 0, -1, CARTA__REGION_TYPE__RECTANGLE, box, 2, 30), ==, 1);
  g_assert_cmpint (almu_test_draw (desk->viewer, 0, -1, CARTA__REGION_TYPE__LINE, line, 2, 0), ==, 2);
  g_assert_cmpint (almu_test_draw (desk->viewer, 0, -1, CARTA__REGION_TYPE__POLYGON, triangle, 3, 0), ==, 3);
}

static void
assert_points (const CARTA__ImportRegionAck *ack,
               guint                         i,
               int                           id,
               int                           type,
               const float                  *points,
               float                         rotation)
{
  const CARTA__RegionInfo *info = ack->regions[i]->value;

  g_assert_cmpint (ack->regions[i]->key, ==, id);
  g_assert_cmpint (info->region_type, ==, type);
  g_assert_cmpfloat_with_epsilon (info->rotation, rotation, 0.01);
  for (gsize j = 0; j < info->n_control_points; j++)
    {
      g_assert_cmpfloat_with_epsilon (info->control_points[j]->x, points[2 * j], 0.01);
      g_assert_cmpfloat_with_epsilon (info->control_points[j]->y, points[2 * j + 1], 0.01);
    }
}

static void
test_regions_out_and_in (Desk         *desk,
                         gconstpointer user_data)
{
  static const int types[] = { CARTA__FILE_TYPE__CRTF, CARTA__FILE_TYPE__DS9_REG };
  int              next = 4;

  open_image (desk);
  draw_three (desk);
  for (int i = 0; i < 4; i++)
    {
      g_autofree char                           *name = g_strdup_printf ("regions-%d.reg", i);
      almu_test_autobody CARTA__ExportRegionAck *exported = NULL;
      almu_test_autobody CARTA__ImportRegionAck *imported = NULL;

      exported = export(desk, 1, 3, types[i / 2], i % 2, name, FALSE);
      g_assert_cmpstr (exported->message, ==, "");
      g_assert_true (exported->success);

      imported = import (desk, 0, types[i / 2], name, NULL);
      g_assert_cmpstr (imported->message, ==, "");
      g_assert_true (imported->success);
      g_assert_cmpuint (imported->n_regions, ==, 3);
      assert_points (imported, 0, next, CARTA__REGION_TYPE__RECTANGLE, box, 30);
      assert_points (imported, 1, next + 1, CARTA__REGION_TYPE__LINE, line, 0);
      assert_points (imported, 2, next + 2, CARTA__REGION_TYPE__POLYGON, triangle, 0);
      g_assert_cmpstr (imported->region_styles[1]->value->name, ==, "core");
      g_assert_cmpstr (imported->region_styles[1]->value->color, ==, "#FF00AA");
      g_assert_cmpint (imported->region_styles[1]->value->line_width, ==, 3);
      next += 3;
    }

  /* what was imported is a region like any other */
  almu_test_ask_stats (desk->viewer, 0, next - 3, "z");
  {
    almu_test_autobody CARTA__RegionStatsData *stats = desk_await (desk, CARTA__EVENT_TYPE__REGION_STATS_DATA);

    g_assert_cmpint (stats->region_id, ==, next - 3);
    g_assert_cmpfloat (almu_test_stats_get (stats, CARTA__STATS_TYPE__NumPixels), >, 25);
  }
}

static void
test_regions_contents (Desk         *desk,
                       gconstpointer user_data)
{
  almu_test_autobody CARTA__ExportRegionAck *exported = NULL;
  almu_test_autobody CARTA__ImportRegionAck *imported = NULL;
  almu_test_autobody CARTA__ImportRegionAck *spoilt = NULL;
  almu_test_autobody CARTA__ImportRegionAck *nothing = NULL;
  almu_test_autobody CARTA__ErrorData       *told = NULL;

  open_image (desk);
  draw_three (desk);
  exported = export(desk, 1, 3, CARTA__FILE_TYPE__DS9_REG, CARTA__COORDINATE_TYPE__PIXEL, "", FALSE);
  g_assert_true (exported->success);
  g_assert_cmpuint (exported->n_contents, ==, 6);
  g_assert_true (g_str_has_prefix (exported->contents[3], "box(21.0000, 26.5000, 8.0000, 4.0000, 30)"));

  imported = import (desk, 0, CARTA__FILE_TYPE__DS9_REG, NULL, "image\nbox(21, 26.5, 8, 4, 30)\n");
  g_assert_true (imported->success);
  assert_points (imported, 0, 4, CARTA__REGION_TYPE__RECTANGLE, box, 30);

  /* what cannot be read is named, and does not spoil the rest */
  spoilt = import (desk, 0, CARTA__FILE_TYPE__DS9_REG, NULL, "image\npanda(1,2,3)\nbox(21, 26.5, 8, 4, 30)\nbox(1)\n");
  g_assert_true (spoilt->success);
  g_assert_cmpuint (spoilt->n_regions, ==, 1);
  g_assert_nonnull (strstr (spoilt->message, "Line 2: DS9 panda"));
  g_assert_nonnull (strstr (spoilt->message, "Line 4: a box"));
  told = desk_await (desk, CARTA__EVENT_TYPE__ERROR_DATA);
  g_assert_cmpint (told->severity, ==, CARTA__ERROR_SEVERITY__WARNING);

  nothing = import (desk, 0, CARTA__FILE_TYPE__CRTF, NULL, "#CRTFv0\nblob [[1pix, 2pix]]\n");
  g_assert_false (nothing->success);
  g_assert_nonnull (strstr (nothing->message, "Line 2: "));
}

static void
assert_export_fails (Desk       *desk,
                     int         first_id,
                     int         n,
                     const char *file,
                     const char *reason)
{
  almu_test_autobody CARTA__ExportRegionAck *ack = NULL;

  ack = export(desk, first_id, n, CARTA__FILE_TYPE__CRTF, CARTA__COORDINATE_TYPE__PIXEL, file, FALSE);
  g_assert_false (ack->success);
  if (strstr (ack->message, reason) == NULL)
    g_error ("“%s” does not tell “%s”", ack->message, reason);
}

static void
test_regions_refused (Desk         *desk,
                      gconstpointer user_data)
{
  g_autofree char                           *path = g_build_filename (desk->folder, "there.crtf", NULL);
  g_autofree char                           *text = NULL;
  almu_test_autobody CARTA__ExportRegionAck *asked = NULL;
  almu_test_autobody CARTA__ExportRegionAck *written = NULL;
  almu_test_autobody CARTA__ImportRegionAck *missing = NULL;
  almu_test_autobody CARTA__ImportRegionAck *outside = NULL;
  almu_test_autobody CARTA__ImportRegionAck *no_file = NULL;

  open_image (desk);
  draw_three (desk);
  g_assert_true (g_file_set_contents (path, "mine", -1, NULL));

  asked = export(desk, 1, 1, CARTA__FILE_TYPE__CRTF, CARTA__COORDINATE_TYPE__WORLD, "there.crtf", FALSE);
  g_assert_false (asked->success);
  g_assert_true (asked->overwrite_confirmation_required);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "mine");
  written = export(desk, 1, 1, CARTA__FILE_TYPE__CRTF, CARTA__COORDINATE_TYPE__WORLD, "there.crtf", TRUE);
  g_assert_true (written->success);
  g_clear_pointer (&text, g_free);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_true (g_str_has_prefix (text, "#CRTFv0"));

  assert_export_fails (desk, 1, 0, "a.crtf", "no regions requested");
  assert_export_fails (desk, 77, 1, "a.crtf", "No region 77");
  assert_export_fails (desk, 1, 1, "../a.crtf", "top-level folder");
  assert_export_fails (desk, 1, 1, "no/such/a.crtf", "no/such");

  missing = import (desk, 0, CARTA__FILE_TYPE__CRTF, "nowhere.crtf", NULL);
  g_assert_false (missing->success);
  g_assert_nonnull (strstr (missing->message, "nowhere.crtf"));
  outside = import (desk, 0, CARTA__FILE_TYPE__CRTF, "../../../etc/passwd", NULL);
  g_assert_false (outside->success);
  no_file = import (desk, 9, CARTA__FILE_TYPE__CRTF, "there.crtf", NULL);
  g_assert_false (no_file->success);
  g_assert_nonnull (strstr (no_file->message, "file 9"));
}

static void
test_regions_read_only (Desk         *desk,
                        gconstpointer user_data)
{
  static const char *const                   arguments[] = { "--read_only_mode", NULL };
  almu_test_autobody CARTA__ExportRegionAck *contents = NULL;

  desk_start (desk, arguments);
  desk->viewer = desk_register (desk, &desk->session_id);
  open_image (desk);
  draw_three (desk);
  assert_export_fails (desk, 1, 1, "a.crtf", "read-only");

  contents = export(desk, 1, 1, CARTA__FILE_TYPE__CRTF, CARTA__COORDINATE_TYPE__PIXEL, "", FALSE);
  g_assert_true (contents->success);
  g_assert_cmpuint (contents->n_contents, ==, 2);
}

static void
test_regions_listed (Desk         *desk,
                     gconstpointer user_data)
{
  CARTA__RegionListRequest                          list = CARTA__REGION_LIST_REQUEST__INIT;
  CARTA__RegionFileInfoRequest                      info = CARTA__REGION_FILE_INFO_REQUEST__INIT;
  g_autofree char                                  *path = g_build_filename (desk->folder, "some.reg", NULL);
  almu_test_autobody CARTA__RegionListResponse     *listed = NULL;
  almu_test_autobody CARTA__RegionFileInfoResponse *shown = NULL;
  almu_test_autobody CARTA__RegionFileInfoResponse *missing = NULL;

  open_image (desk);
  g_assert_true (g_file_set_contents (path, "# Region file format: DS9 version 4.1\nimage\ncircle(1,2,3)\n", -1, NULL));

  listed = almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__REGION_LIST_RESPONSE,
                                         almu_test_viewer_send (desk->viewer, &list.base));
  g_assert_true (listed->success);
  g_assert_cmpuint (listed->n_files, ==, 1);
  g_assert_cmpstr (listed->files[0]->name, ==, "some.reg");
  g_assert_cmpint (listed->files[0]->type, ==, CARTA__FILE_TYPE__DS9_REG);

  info.file = (char *) "some.reg";
  shown = almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__REGION_FILE_INFO_RESPONSE,
                                        almu_test_viewer_send (desk->viewer, &info.base));
  g_assert_true (shown->success);
  g_assert_cmpint (shown->file_info->type, ==, CARTA__FILE_TYPE__DS9_REG);
  g_assert_cmpuint (shown->n_contents, >=, 3);
  g_assert_cmpstr (shown->contents[2], ==, "circle(1,2,3)");

  info.file = (char *) "none.reg";
  missing = almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__REGION_FILE_INFO_RESPONSE,
                                          almu_test_viewer_send (desk->viewer, &info.base));
  g_assert_false (missing->success);
  g_assert_nonnull (strstr (missing->message, "none.reg"));
}

static void
ask_line (Desk *desk,
          int   file_id,
          int   region_id,
          int   width)
{
  CARTA__SetSpatialRequirements                 request = CARTA__SET_SPATIAL_REQUIREMENTS__INIT;
  CARTA__SetSpatialRequirements__SpatialConfig  config = CARTA__SET_SPATIAL_REQUIREMENTS__SPATIAL_CONFIG__INIT;
  CARTA__SetSpatialRequirements__SpatialConfig *configs[] = { &config };

  config.width = width;
  request.file_id = file_id;
  request.region_id = region_id;
  request.n_spatial_profiles = 1;
  request.spatial_profiles = configs;
  almu_test_viewer_send (desk->viewer, &request.base);
}

static void
assert_width_refused (Desk *desk,
                      int   width)
{
  almu_test_autobody CARTA__ErrorData *told = NULL;

  ask_line (desk, 0, 2, width);
  told = desk_await (desk, CARTA__EVENT_TYPE__ERROR_DATA);
  g_assert_nonnull (strstr (told->message, "1 to 20"));
}

static void
test_regions_line (Desk         *desk,
                   gconstpointer user_data)
{
  almu_test_autobody CARTA__SpatialProfileData *data = NULL;
  const CARTA__SpatialProfile                  *profile;
  const float                                  *values;

  open_image (desk);
  draw_three (desk);
  assert_width_refused (desk, 0);
  assert_width_refused (desk, 21);
  almu_test_viewer_clear (desk->viewer);

  ask_line (desk, 0, 2, 3);
  do
    {
      if (data != NULL)
        almu_test_body_free (data);
      data = desk_await (desk, CARTA__EVENT_TYPE__SPATIAL_PROFILE_DATA);
    }
  while (data->region_id != 2);

  g_assert_cmpuint (data->n_profiles, ==, 1);
  profile = data->profiles[0];
  g_assert_cmpuint (profile->raw_values_fp32.len, ==, 21 * sizeof (float));
  g_assert_cmpint (profile->end, ==, 20);
  values = (const float *) (const void *) profile->raw_values_fp32.data;
  for (int i = 0; i < 21; i++)
    g_assert_cmpfloat (values[i], ==, 30 - i + 100 * 20);
  g_assert_nonnull (profile->line_axis);
  g_assert_cmpint (profile->line_axis->axis_type, ==, CARTA__PROFILE_AXIS_TYPE__Offset);
  g_assert_cmpfloat (profile->line_axis->crpix, ==, 10);
  g_assert_cmpfloat (profile->line_axis->crval, ==, 0);
  g_assert_cmpstr (profile->line_axis->unit, ==, "arcsec");
  g_assert_cmpfloat_with_epsilon (profile->line_axis->cdelt, 3.6, 0.01);
}

/* The regions of one file on another of the same sky, in another frame. */
static void
test_regions_matched (Desk         *desk,
                      gconstpointer user_data)
{
  almu_test_autobody CARTA__RegionStatsData *here = NULL;
  almu_test_autobody CARTA__RegionStatsData *there = NULL;
  double                                     n;

  open_image (desk);
  desk_open (desk, "other.fits", 1);
  draw_three (desk);
  almu_test_ask_stats (desk->viewer, 0, 3, "z");
  here = desk_await (desk, CARTA__EVENT_TYPE__REGION_STATS_DATA);
  n = almu_test_stats_get (here, CARTA__STATS_TYPE__NumPixels);
  g_assert_cmpfloat (n, >, 300);

  almu_test_ask_stats (desk->viewer, 1, 3, "z");
  there = desk_await (desk, CARTA__EVENT_TYPE__REGION_STATS_DATA);
  g_assert_cmpint (there->file_id, ==, 1);
  g_assert_cmpint (there->region_id, ==, 3);
  g_assert_cmpfloat_with_epsilon (almu_test_stats_get (there, CARTA__STATS_TYPE__NumPixels), n, 0.06 * n);

  /* the file it is drawn on takes it along */
  almu_test_ask_close (desk->viewer, 0);
  almu_test_ask_stats (desk->viewer, 1, 3, "z");
  {
    almu_test_autobody CARTA__ErrorData *told = desk_await (desk, CARTA__EVENT_TYPE__ERROR_DATA);

    g_assert_nonnull (strstr (told->message, "region 3"));
  }
}

#define N_MANY 100000

/* The largest outline there may be. Somebody else is answered meanwhile. */
static void
test_regions_matched_outline (Desk         *desk,
                              gconstpointer user_data)
{
  g_autofree float                          *points = g_new (float, 2 * N_MANY);
  guint32                                    nobody = 0;
  gint64                                     worst = 0;
  double                                     n;
  AlmuTestViewer                            *other = NULL;
  almu_test_autobody CARTA__RegionStatsData *here = NULL;
  almu_test_autobody CARTA__RegionStatsData *there = NULL;

  open_image (desk);
  desk_open (desk, "other.fits", 1);
  other = desk_register (desk, &nobody);
  for (int i = 0; i < N_MANY; i++)
    {
      points[2 * i] = (float) (30 + 20 * cos (2 * G_PI * i / N_MANY));
      points[2 * i + 1] = (float) (25 + 20 * sin (2 * G_PI * i / N_MANY));
    }

  g_assert_cmpint (almu_test_draw (desk->viewer, 0, -1, CARTA__REGION_TYPE__POLYGON, points, N_MANY, 0), ==, 1);
  almu_test_ask_stats (desk->viewer, 0, 1, "z");
  here = desk_await (desk, CARTA__EVENT_TYPE__REGION_STATS_DATA);
  n = almu_test_stats_get (here, CARTA__STATS_TYPE__NumPixels);
  g_assert_cmpfloat_with_epsilon (n, G_PI * 400, 20);

  almu_test_ask_stats (desk->viewer, 1, 1, "z");
  while ((there = almu_test_viewer_take (desk->viewer, CARTA__EVENT_TYPE__REGION_STATS_DATA)) == NULL)
    {
      gint64 begin = g_get_monotonic_time ();

      almu_test_viewer_await_pong (other);
      worst = MAX (worst, g_get_monotonic_time () - begin);
    }
  g_test_message ("the worst PONG of another session took %" G_GINT64_FORMAT " µs", worst);
  g_assert_cmpint (there->file_id, ==, 1);
  g_assert_cmpfloat_with_epsilon (almu_test_stats_get (there, CARTA__STATS_TYPE__NumPixels), n, 0.03 * n);
  almu_test_viewer_free (other);
}

int
main (int    argc,
      char **argv)
{
#define add_test(path, func) \
  g_test_add (path, Desk, NULL, desk_set_up, func, desk_tear_down)

  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  add_test ("/daemon/regions/out-and-in", test_regions_out_and_in);
  add_test ("/daemon/regions/contents", test_regions_contents);
  add_test ("/daemon/regions/refused", test_regions_refused);
  g_test_add ("/daemon/regions/read-only", Desk, NULL, desk_prepare, test_regions_read_only, desk_tear_down);
  add_test ("/daemon/regions/listed", test_regions_listed);
  add_test ("/daemon/regions/line", test_regions_line);
  add_test ("/daemon/regions/matched", test_regions_matched);
  add_test ("/daemon/regions/matched-outline", test_regions_matched_outline);

  return g_test_run ();
}
