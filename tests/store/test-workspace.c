/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include <json-glib/json-glib.h>

#include "almu-test.h"
#include "almu-workspace.h"

static AlmuMemento *
memento_new (void)
{
  AlmuMemento *memento = almu_memento_new (7);

  memento->title = g_strdup ("a.fits and 1 more");
  memento->last_seen = 1700000000;

  return memento;
}

static AlmuFileWish *
add_file (AlmuMemento *memento,
          int          id,
          const char  *name)
{
  AlmuFileWish *wish = almu_file_wish_new (id);

  wish->name = almu_file_name_new ("cubes", name, "1", 0);
  wish->label = g_strdup (name);
  g_ptr_array_add (memento->files, wish);

  return wish;
}

static void
add_region (AlmuFileWish    *wish,
            int              id,
            AlmuShapeType    type,
            const AlmuPoint *points,
            gsize            n_points,
            float            rotation)
{
  AlmuRegionWish region = { .id = id };
  g_autoptr(GError) error = NULL;

  region.shape = almu_shape_new (type, points, n_points, rotation, &error);
  g_assert_no_error (error);
  g_array_append_val (wish->regions, region);
}

static JsonObject *
write_workspace (const AlmuMemento *memento)
{
  g_autofree char *text = almu_workspace_write (memento, "Session 7");
  g_autoptr(GError) error = NULL;
  g_autoptr(JsonNode) node = json_from_string (text, &error);

  g_assert_no_error (error);

  return json_object_ref (json_node_get_object (node));
}

static JsonObject *
get_file (JsonObject *workspace,
          guint       i)
{
  return json_array_get_object_element (json_object_get_array_member (workspace, "files"), i);
}

static JsonArray *
get_regions (JsonObject *file)
{
  return json_object_get_array_member (json_object_get_object_member (file, "regionsSet"), "regions");
}

static void
test_workspace_plain (void)
{
  g_autoptr(AlmuMemento) memento = memento_new ();
  AlmuFileWish *wish = add_file (memento, 0, "a.fits");
  g_autoptr(JsonObject) workspace = NULL;
  JsonObject *file;

  wish->channel = 12;
  wish->stokes = 2;
  workspace = write_workspace (memento);

  g_assert_cmpint (json_object_get_int_member (workspace, "workspaceVersion"), ==, 0);
  g_assert_cmpstr (json_object_get_string_member (workspace, "name"), ==, "Session 7");
  g_assert_cmpstr (json_object_get_string_member (workspace, "description"), ==, "a.fits and 1 more");
  g_assert_cmpint (json_object_get_int_member (workspace, "date"), ==, 1700000000);
  g_assert_cmpint (json_object_get_int_member (workspace, "selectedFile"), ==, 0);

  file = get_file (workspace, 0);
  g_assert_cmpint (json_object_get_int_member (file, "id"), ==, 0);
  g_assert_cmpstr (json_object_get_string_member (file, "directory"), ==, "cubes");
  g_assert_cmpstr (json_object_get_string_member (file, "filename"), ==, "a.fits");
  g_assert_cmpstr (json_object_get_string_member (file, "hdu"), ==, "1");
  g_assert_cmpint (json_object_get_int_member (file, "channel"), ==, 12);
  g_assert_cmpint (json_object_get_int_member (file, "stokes"), ==, 2);
  g_assert_false (json_object_has_member (file, "regionsSet"));
  g_assert_false (json_object_has_member (file, "renderConfig"));
  g_assert_false (json_object_has_member (file, "references"));
}

static void
test_workspace_empty (void)
{
  g_autoptr(AlmuMemento) memento = almu_memento_new (7);
  g_autoptr(JsonObject) workspace = write_workspace (memento);

  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (workspace, "files")), ==, 0);
}

static void
test_workspace_look (void)
{
  g_autoptr(AlmuMemento) memento = memento_new ();
  AlmuFileWish *wish = add_file (memento, 0, "a.fits");
  g_autoptr(JsonObject) workspace = NULL;
  JsonObject *file;
  JsonObject *render;
  JsonObject *contours;

  wish->look = g_strdup ("{\"zoomLevel\":2.5,\"center\":{\"x\":1e-7,\"y\":20},"
                         "\"renderConfig\":{\"scaling\":3,\"colorMap\":\"viridis\",\"inverted\":true,"
                         "\"scaleMin\":[-0.1,0],\"scaleMax\":[1.5e-9,7],\"selectedPercentile\":[-1,99.5],\"visible\":true},"
                         "\"contourConfig\":{\"levels\":[1,2.5],\"color\":{\"r\":255,\"g\":0,\"b\":1,\"a\":0.5}}}");
  workspace = write_workspace (memento);
  file = get_file (workspace, 0);
  render = json_object_get_object_member (file, "renderConfig");
  contours = json_object_get_object_member (file, "contourConfig");

  g_assert_cmpfloat (json_object_get_double_member (file, "zoomLevel"), ==, 2.5);
  g_assert_cmpfloat (json_object_get_double_member (json_object_get_object_member (file, "center"), "x"), ==, 1e-7);
  g_assert_cmpint (json_object_get_int_member (render, "scaling"), ==, 3);
  g_assert_cmpstr (json_object_get_string_member (render, "colorMap"), ==, "viridis");
  g_assert_true (json_object_get_boolean_member (render, "inverted"));
  g_assert_cmpfloat (json_array_get_double_element (json_object_get_array_member (render, "scaleMax"), 0), ==, 1.5e-9);
  g_assert_false (json_object_has_member (render, "gamma"));

  /* what the page cannot do without is there */
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (contours, "levels")), ==, 2);
  g_assert_cmpint (json_object_get_int_member (json_object_get_object_member (contours, "color"), "r"), ==, 255);
  g_assert_cmpstr (json_object_get_string_member (contours, "dashMode"), ==, "None");
  g_assert_true (json_object_get_boolean_member (contours, "visible"));
  g_assert_false (json_object_has_member (file, "vectorOverlayConfig"));
}

/* What is drawn over a file the session knows, how the page does. */
static void
test_workspace_overlays (void)
{
  g_autoptr(AlmuMemento) memento = memento_new ();
  AlmuFileWish *wish = add_file (memento, 0, "a.fits");
  AlmuFileWish *plain = add_file (memento, 1, "b.fits");
  const double  levels[] = { 0.1, 1e-7 };
  g_autoptr(JsonObject) workspace = NULL;
  JsonObject *contours;
  JsonObject *vectors;

  wish->look = g_strdup ("{\"contourConfig\":{\"levels\":[7],\"smoothingFactor\":9,\"dashMode\":\"Dashed\",\"thickness\":2.5},"
                         "\"vectorOverlayConfig\":{\"thickness\":3,\"isVisible\":false,\"pixelAveraging\":2}}");
  wish->knows_contours = wish->knows_vectors = TRUE;
  wish->contours = almu_contour_settings_new ();
  wish->contours->smoothing = ALMU_SMOOTHING_GAUSSIAN;
  wish->contours->factor = 4;
  almu_contour_settings_set_levels (wish->contours, levels, G_N_ELEMENTS (levels));
  wish->vectors = almu_vector_settings_new ();
  wish->vectors->factor = 16;
  wish->vectors->angle = ALMU_VECTOR_COMPUTED;
  plain->look = g_strdup ("{\"contourConfig\":{\"levels\":[7]},\"vectorOverlayConfig\":{}}");
  plain->knows_contours = plain->knows_vectors = TRUE;
  workspace = write_workspace (memento);

  contours = json_object_get_object_member (get_file (workspace, 0), "contourConfig");
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (contours, "levels")), ==, 2);
  g_assert_cmpfloat (json_array_get_double_element (json_object_get_array_member (contours, "levels"), 1), ==, 1e-7);
  g_assert_cmpint (json_object_get_int_member (contours, "smoothingMode"), ==, 2);
  g_assert_cmpint (json_object_get_int_member (contours, "smoothingFactor"), ==, 4);
  g_assert_cmpstr (json_object_get_string_member (contours, "dashMode"), ==, "Dashed");
  g_assert_cmpfloat (json_object_get_double_member (contours, "thickness"), ==, 2.5);
  g_assert_true (json_object_has_member (contours, "color"));

  vectors = json_object_get_object_member (get_file (workspace, 0), "vectorOverlayConfig");
  g_assert_cmpint (json_object_get_int_member (vectors, "pixelAveraging"), ==, 16);
  g_assert_cmpint (json_object_get_int_member (vectors, "angularSource"), ==, 1);
  g_assert_cmpint (json_object_get_int_member (vectors, "intensitySource"), ==, -1);
  g_assert_false (json_object_get_boolean_member (vectors, "thresholdEnabled"));
  g_assert_cmpfloat (json_object_get_double_member (vectors, "thickness"), ==, 3);
  g_assert_false (json_object_get_boolean_member (vectors, "visible"));

  /* the look lags behind: the session has none */
  g_assert_false (json_object_has_member (get_file (workspace, 1), "contourConfig"));
  g_assert_false (json_object_has_member (get_file (workspace, 1), "vectorOverlayConfig"));
}

static void
test_workspace_regions (void)
{
  static const AlmuPoint points[] = { { 10, 20 }, { 3, 4 }, { 5, 6 } };
  g_autoptr(AlmuMemento) memento = memento_new ();
  AlmuFileWish  *wish = add_file (memento, 0, "a.fits");
  AlmuRegionWish broken = { .id = 9 };
  g_autoptr(JsonObject) workspace = NULL;
  JsonArray  *regions;
  JsonObject *region;

  add_region (wish, 4, ALMU_SHAPE_ELLIPSE, points, 2, 30);
  add_region (wish, 5, ALMU_SHAPE_POLYGON, points, 3, 0);
  add_region (wish, 6, ALMU_SHAPE_ANN_TEXT, points, 2, 0);
  add_region (wish, 7, ALMU_SHAPE_ANN_POINT, points, 1, 0);
  g_array_append_val (wish->regions, broken);
  wish->look = g_strdup ("{\"selectedRegion\":5,\"regions\":{\"4\":{\"name\":\"core\\u00e9\",\"color\":\"#FF0000\",\"lineWidth\":3,\"dashes\":[5],\"locked\":true,"
                         "\"annotationStyles\":{\"fontSize\":12}},"
                         "\"6\":{\"annotationStyles\":{\"textLabel0\":\"here\",\"fontSize\":12,\"secret\":1}},"
                         "\"7\":{\"name\":\"p\",\"isLocked\":true,\"dashLength\":4,\"annotationStyles\":{\"pointWidth\":2}}}}");
  workspace = write_workspace (memento);
  regions = get_regions (get_file (workspace, 0));
  g_assert_cmpuint (json_array_get_length (regions), ==, 4);
  g_assert_cmpint (json_object_get_int_member (json_object_get_object_member (get_file (workspace, 0), "regionsSet"), "selectedRegion"), ==, 5);

  region = json_array_get_object_element (regions, 0);
  g_assert_cmpint (json_object_get_int_member (region, "id"), ==, 4);
  g_assert_cmpint (json_object_get_int_member (region, "type"), ==, ALMU_SHAPE_ELLIPSE);
  g_assert_cmpfloat (json_object_get_double_member (region, "rotation"), ==, 30);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (region, "points")), ==, 2);
  g_assert_cmpstr (json_object_get_string_member (region, "name"), ==, "coreé");
  g_assert_cmpstr (json_object_get_string_member (region, "color"), ==, "#FF0000");
  g_assert_cmpfloat (json_object_get_double_member (region, "lineWidth"), ==, 3);
  g_assert_true (json_object_get_boolean_member (region, "locked"));
  g_assert_false (json_object_has_member (region, "annotationStyles"));

  region = json_array_get_object_element (regions, 1);
  g_assert_false (json_object_has_member (region, "name"));

  region = json_object_get_object_member (json_array_get_object_element (regions, 2), "annotationStyles");
  g_assert_cmpstr (json_object_get_string_member (region, "textLabel0"), ==, "here");
  g_assert_false (json_object_has_member (region, "secret"));

  /* half a style would take the point away */
  region = json_array_get_object_element (regions, 3);
  g_assert_cmpstr (json_object_get_string_member (region, "name"), ==, "p");
  g_assert_true (json_object_get_boolean_member (region, "locked"));
  g_assert_cmpfloat (json_array_get_double_element (json_object_get_array_member (region, "dashes"), 0), ==, 4);
  g_assert_false (json_object_has_member (region, "annotationStyles"));
}

static void
test_workspace_references (void)
{
  g_autoptr(AlmuMemento) memento = memento_new ();
  AlmuFileWish *a = add_file (memento, 3, "a.fits");
  AlmuFileWish *b = add_file (memento, 8, "b.fits");
  AlmuFileWish *c = add_file (memento, 9, "c.fits");
  g_autoptr(JsonObject) workspace = NULL;
  JsonObject *references;

  a->look = g_strdup ("{\"spatialReference\":8,\"rasterScalingReference\":77}");
  b->look = g_strdup ("{\"spatialReference\":8,\"active\":true}");
  c->look = g_strdup ("{\"spatialReference\":\"8\"}");
  workspace = write_workspace (memento);

  references = json_object_get_object_member (workspace, "references");
  g_assert_cmpint (json_object_get_int_member (references, "spatial"), ==, 1);
  /* no file's: the page must not find two that are absent equal */
  g_assert_cmpint (json_object_get_int_member (references, "spectral"), ==, 3);
  g_assert_cmpint (json_object_get_int_member (references, "raster"), ==, 3);
  g_assert_cmpint (json_object_get_int_member (workspace, "selectedFile"), ==, 1);

  references = json_object_get_object_member (get_file (workspace, 0), "references");
  g_assert_cmpint (json_object_get_int_member (references, "spatial"), ==, 1);
  g_assert_cmpuint (json_object_get_size (references), ==, 1);
  g_assert_false (json_object_has_member (get_file (workspace, 1), "references"));
  g_assert_false (json_object_has_member (get_file (workspace, 2), "references"));
}

static void
test_workspace_no_files (void)
{
  g_autoptr(AlmuMemento) memento = memento_new ();
  AlmuFileWish *broken = almu_file_wish_new (0);
  g_autoptr(JsonObject) workspace = NULL;

  broken->look = g_strdup ("{\"spatialReference\":0}");
  g_ptr_array_add (memento->files, broken);
  add_file (memento, 1, "b.fits")->look = g_strdup ("{\"spatialReference\":0}");
  workspace = write_workspace (memento);

  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (workspace, "files")), ==, 1);
  g_assert_cmpint (json_object_get_int_member (get_file (workspace, 0), "id"), ==, 0);
}

static const char *const values[] = {
  "null", "true", "-1", "3", "0.5", "1e300", "1e999", "\"text\"", "\"\"", "[]", "[1]", "[1,\"a\"]", "[null]",
  "{}", "{\"x\":1}", "{\"x\":1,\"y\":null}", "{\"r\":300,\"g\":0,\"b\":0}", "[[[]]]", "{\"4\":3}", "{\"4\":{\"name\":5}}",
  "{\"levels\":3}", "{\"levels\":[1],\"color\":[]}", "{\"scaling\":8,\"scaleMin\":{}}", "99999999999999999999"
};

static const char *const names[] = {
  "zoomLevel", "center", "active", "renderConfig", "contourConfig", "vectorOverlayConfig",
  "spatialReference", "spectralReference", "rasterScalingReference", "regions"
};

static void
try_look (const char *look)
{
  static const AlmuPoint point = { 1, 2 };
  g_autoptr(AlmuMemento) memento = memento_new ();
  AlmuFileWish *wish = add_file (memento, 0, "a.fits");
  g_autoptr(JsonObject) workspace = NULL;
  JsonObject *file;

  add_region (wish, 4, ALMU_SHAPE_ANN_POINT, &point, 1, 0);
  wish->look = g_strdup (look);
  workspace = write_workspace (memento);
  file = get_file (workspace, 0);

  g_assert_cmpstr (json_object_get_string_member (file, "filename"), ==, "a.fits");
  g_assert_cmpuint (json_array_get_length (get_regions (file)), ==, 1);
  if (json_object_has_member (file, "zoomLevel"))
    g_assert_true (isfinite (json_object_get_double_member (file, "zoomLevel")));
}

static void
test_workspace_wrong_looks (void)
{
  static const char *const texts[] = { "", " ", "{", "[]", "3", "null", "{\"zoomLevel\":}", "\xff", "{\"a\":\"\\u0000\"}" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    try_look (texts[i]);

  for (guint name = 0; name < G_N_ELEMENTS (names); name++)
    for (guint value = 0; value < G_N_ELEMENTS (values); value++)
      {
        g_autofree char *look = g_strdup_printf ("{\"%s\":%s}", names[name], values[value]);
        g_autofree char *deep = g_strdup_printf ("{\"%s\":{\"%s\":%s,\"scaleMin\":%s,\"color\":%s,\"4\":%s}}", names[name],
                                                 names[value % G_N_ELEMENTS (names)], values[value], values[value], values[value], values[value]);

        try_look (look);
        try_look (deep);
      }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/store/workspace/plain", test_workspace_plain);
  g_test_add_func ("/store/workspace/empty", test_workspace_empty);
  g_test_add_func ("/store/workspace/look", test_workspace_look);
  g_test_add_func ("/store/workspace/overlays", test_workspace_overlays);
  g_test_add_func ("/store/workspace/regions", test_workspace_regions);
  g_test_add_func ("/store/workspace/references", test_workspace_references);
  g_test_add_func ("/store/workspace/no-files", test_workspace_no_files);
  g_test_add_func ("/store/workspace/wrong-looks", test_workspace_wrong_looks);

  return g_test_run ();
}
