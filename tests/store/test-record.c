/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>
#include <string.h>

#include "almu-error.h"
#include "almu-limits.h"
#include "almu-polarisation.h"
#include "almu-record.h"
#include "almu-session.h"
#include "almu-stats.h"
#include "almu-test.h"

/* -- sessions to write down --------------------------------------------- */

static void
add_region (AlmuFileWish    *file,
            int              id,
            AlmuShapeType    type,
            const AlmuPoint *points,
            gsize            n_points,
            float            rotation)
{
  g_autoptr(GError) error = NULL;
  AlmuRegionWish region = { .id = id };

  region.shape = almu_shape_new (type, points, n_points, rotation, &error);
  g_assert_no_error (error);
  g_array_append_val (file->regions, region);
}

static AlmuFileWish *
add_file (AlmuMemento *memento,
          int          id,
          const char  *name)
{
  AlmuFileWish *file = almu_file_wish_new (id);

  file->name = almu_file_name_new ("maps/été", name, "2", ALMU_IMAGE_NONE);
  file->label = g_strdup (name);
  g_ptr_array_add (memento->files, file);

  return file;
}

static AlmuMemento *
make_memento (void)
{
  AlmuMemento *memento = almu_memento_new (G_MAXUINT32);

  memento->state = g_strdup ("detached");
  memento->title = g_strdup ("a \"quoted\"\\\n\ttitle \x01 ü");
  memento->peer = g_strdup ("127.0.0.1");
  memento->created = 1700000000;
  memento->last_seen = 1700000001;
  memento->epoch = 12;
  memento->last_region_id = 40;
  memento->rebuilds = 4000000001;

  return memento;
}

static void
add_stats (GArray     *wants,
           const char *coordinate,
           int         first,
           int         last)
{
  g_autoptr(GArray) types = g_array_new (FALSE, FALSE, sizeof (int));

  for (int type = first; type <= last; type++)
    g_array_append_val (types, type);
  almu_stats_wants_append (wants, &(AlmuStatsWant){ (char *) coordinate, types });
}

static void
add_requirements (AlmuFileWish *file)
{
  AlmuRequirement *cursor = almu_requirement_new (ALMU_REGION_CURSOR);
  AlmuRequirement *region = almu_requirement_new (3);
  AlmuSpatialWant  spatial = { g_strdup ("Qx"), -5, 90000, 4, 3 };

  cursor->spatial = almu_spatial_wants_new ();
  g_array_append_val (cursor->spatial, spatial);
  cursor->spectral = almu_stats_wants_new ();
  add_stats (cursor->spectral, "z", ALMU_STATS_MEAN, ALMU_STATS_MEAN);
  cursor->stats = almu_stats_wants_new ();

  region->stats = almu_stats_wants_new ();
  add_stats (region->stats, "Ptotalz", 0, ALMU_N_STATS - 1);
  region->histograms = almu_histogram_wants_new ();
  almu_histogram_wants_append (region->histograms,
                               &(AlmuHistogramWant){ (char *) "z", ALMU_CHANNEL_ALL, TRUE, 77, TRUE, -1e-10, 0.1 });
  almu_histogram_wants_append (region->histograms,
                               &(AlmuHistogramWant){ (char *) "", 5, FALSE, ALMU_BINS_AUTO, FALSE, 3, 1.0 / 3 });

  file->requirements = almu_requirements_new ();
  g_ptr_array_add (file->requirements, cursor);
  g_ptr_array_add (file->requirements, region);
  g_ptr_array_add (file->requirements, almu_requirement_new (ALMU_REGION_IMAGE));
}

static void
add_overlays (AlmuFileWish *file)
{
  const double levels[] = { -1e-300, 0.1 + 0.2, 3, -0.0, 1e38 };

  file->contours = almu_contour_settings_new ();
  almu_contour_settings_set_levels (file->contours, levels, G_N_ELEMENTS (levels));
  file->contours->reference_file_id = 7;
  file->contours->bounds = (AlmuOverlayBounds){ TRUE, -1, 20, 3, 400 };
  file->contours->smoothing = ALMU_SMOOTHING_GAUSSIAN;
  file->contours->factor = 5;
  file->contours->decimation = 0;
  file->contours->compression_level = -3;
  file->contours->chunk_size = 17;
  file->contours->has_channels = TRUE;
  file->contours->first_channel = 2;
  file->contours->last_channel = 9;

  file->vectors = almu_vector_settings_new ();
  file->vectors->factor = 8;
  file->vectors->is_fractional = TRUE;
  file->vectors->threshold = 1.0 / 3;
  file->vectors->threshold_polarisation = ALMU_POLARISATION_PLINEAR;
  file->vectors->is_debiased = TRUE;
  file->vectors->q_error = 1e-5;
  file->vectors->u_error = 2;
  file->vectors->intensity = ALMU_VECTOR_COMPUTED;
  file->vectors->angle = ALMU_VECTOR_CURRENT;
  file->vectors->compression = ALMU_COMPRESSION_ZFP;
  file->vectors->quality = 11;
}

static AlmuMemento *
make_full_memento (void)
{
  AlmuMemento  *memento = make_memento ();
  AlmuFileWish *file = add_file (memento, 0, "m17 \"x\".fits");
  AlmuPoint     many[40];

  memento->viewer = g_strdup ("0123abc");
  file->name->flags = ALMU_IMAGE_HISTORY_BEAM | ALMU_IMAGE_FIRST_ONLY;
  file->has_fingerprint = TRUE;
  file->fingerprint = (AlmuFingerprint){ G_MAXUINT64, 1 + (guint64) G_MAXINT64, G_MAXINT64, 1763882550123456789 };
  file->channel = 7;
  file->stokes = 2;
  file->has_cursor = TRUE;
  file->cursor = (AlmuPoint){ 0.1f, -1234567.9f };
  file->look = g_strdup ("{\"zoom\":0.25,\"map\":[\"inferno\",{\"a\":[]}]}");

  for (guint i = 0; i < G_N_ELEMENTS (many); i++)
    many[i] = (AlmuPoint){ (float) sin (i) * 1000, i % 3 == 0 ? -0.0f : (float) exp (i) };
  add_region (file, 1, ALMU_SHAPE_RECTANGLE, (AlmuPoint[]){ { 10, 20.5f }, { 1e-30f, 3e38f } }, 2, -0.7f);
  add_region (file, 3, ALMU_SHAPE_POLYGON, many, G_N_ELEMENTS (many), 0);
  add_region (file, 40, ALMU_SHAPE_ANN_TEXT, (AlmuPoint[]){ { 1, 2 }, { 0, 0 } }, 2, 359.9999f);
  add_requirements (file);

  add_overlays (file);

  add_file (memento, 7, "b.fits")->requirements = almu_requirements_new ();
  add_file (memento, ALMU_LIMIT_FILE_ID, "c.fits");

  return memento;
}

static void
test_overlays_off (void)
{
  g_autoptr(AlmuMemento) memento = make_memento ();
  AlmuFileWish    *file = add_file (memento, 0, "a.fits");
  g_autofree char *text = NULL;
  g_autoptr(AlmuMemento) after = NULL;
  g_autoptr(GError) error = NULL;

  /* no threshold is no number */
  file->vectors = almu_vector_settings_new ();
  file->vectors->factor = 1;
  file->vectors->angle = ALMU_VECTOR_COMPUTED;
  text = almu_record_write (memento, NULL);
  after = almu_record_read (text, &error);
  g_assert_no_error (error);
  file = after->files->pdata[0];
  g_assert_true (file->knows_contours && file->contours == NULL);
  g_assert_true (file->knows_vectors && isnan (file->vectors->threshold));
}

static void
test_overlays_other_version (void)
{
  const char *const old =
    "{\"version\":1,\"id\":3,\"files\":[{\"id\":0,\"name\":\"a.fits\","
    "\"contours\":{\"levels\":[1],\"smoothing\":\"none\",\"ink\":[1,{\"x\":2}]},"
    "\"vectors\":{\"factor\":2,\"intensity\":\"computed\",\"curl\":true}}]}";
  const char *const unknown =
    "{\"version\":1,\"id\":3,\"files\":[{\"id\":0,\"name\":\"a.fits\","
    "\"contours\":{\"levels\":[1],\"smoothing\":\"median\"},"
    "\"vectors\":{\"factor\":2,\"intensity\":\"guessed\"}}]}";
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuMemento) memento = almu_record_read (old, &error);
  g_autoptr(AlmuMemento) other = almu_record_read (unknown, NULL);
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  g_assert_true (almu_record_has_unknown (old));
  text = almu_record_write (memento, old);
  g_assert_nonnull (strstr (text, "\"ink\":[1,{\"x\":2}]"));
  g_assert_nonnull (strstr (text, "\"curl\":true"));

  /* a name of a newer version leaves out what it is about */
  g_assert_null (((AlmuFileWish *) other->files->pdata[0])->contours);
  g_assert_null (((AlmuFileWish *) other->files->pdata[0])->vectors);
}

static void
test_overlays_wrong (void)
{
  static const char *const wrong[][2] = {
    { "\"contours\":3", "files[0].contours" },
    { "\"contours\":{\"levels\":[1,\"a\"]}", "files[0].contours.levels[1]" },
    { "\"contours\":{\"levels\":[1e39]}", "files[0].contours" },
    { "\"contours\":{\"levels\":[1],\"smoothing\":\"block\",\"factor\":1025}", "1025" },
    { "\"contours\":{\"levels\":[1],\"bounds\":[1,2,3]}", "files[0].contours.bounds" },
    { "\"vectors\":{\"factor\":0,\"angle\":\"current\"}", "files[0].vectors.factor" },
    { "\"vectors\":{\"angle\":\"current\"}", "Pixel averaging" },
    { "\"vectors\":{\"factor\":2,\"threshold\":true}", "files[0].vectors.threshold" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autofree char *text = g_strdup_printf ("{\"version\":1,\"id\":3,\"files\":[{\"id\":0,\"name\":\"a.fits\",%s}]}", wrong[i][0]);
      g_autoptr(GError) error = NULL;

      g_assert_null (almu_record_read (text, &error));
      g_assert_nonnull (error);
      g_assert_nonnull (strstr (error->message, wrong[i][1]));
    }
}

/* -- comparing ---------------------------------------------------------- */

static void
assert_same_regions (const AlmuFileWish *a,
                     const AlmuFileWish *b)
{
  g_assert_cmpuint (a->regions->len, ==, b->regions->len);
  for (guint i = 0; i < a->regions->len; i++)
    {
      const AlmuRegionWish *x = &g_array_index (a->regions, AlmuRegionWish, i);
      const AlmuRegionWish *y = &g_array_index (b->regions, AlmuRegionWish, i);

      g_assert_cmpint (x->id, ==, y->id);
      g_assert_true (almu_shape_equal (x->shape, y->shape));
    }
}

static void
assert_same_wants (GArray *a,
                   GArray *b,
                   gboolean (*equal) (const GArray *,
                                      const GArray *))
{
  g_assert_true ((a == NULL) == (b == NULL));
  g_assert_true (a == NULL || equal (a, b));
}

static void
assert_same_requirements (GPtrArray *a,
                          GPtrArray *b)
{
  g_assert_true ((a == NULL) == (b == NULL));
  if (a == NULL)
    return;

  g_assert_cmpuint (a->len, ==, b->len);
  for (guint i = 0; i < a->len; i++)
    {
      const AlmuRequirement *x = a->pdata[i];
      const AlmuRequirement *y = b->pdata[i];

      g_assert_cmpint (x->region_id, ==, y->region_id);
      assert_same_wants (x->spatial, y->spatial, almu_spatial_wants_equal);
      assert_same_wants (x->spectral, y->spectral, almu_stats_wants_equal);
      assert_same_wants (x->stats, y->stats, almu_stats_wants_equal);
      assert_same_wants (x->histograms, y->histograms, almu_histogram_wants_equal);
    }
}

static void
assert_same_file (const AlmuFileWish *a,
                  const AlmuFileWish *b)
{
  g_assert_cmpint (a->id, ==, b->id);
  g_assert_true (almu_file_name_equal (a->name, b->name));
  g_assert_cmpstr (a->label, ==, b->label);
  g_assert_cmpint (a->has_fingerprint, ==, b->has_fingerprint);
  g_assert_true (almu_fingerprint_equal (&a->fingerprint, &b->fingerprint));
  g_assert_cmpint (a->channel, ==, b->channel);
  g_assert_cmpint (a->stokes, ==, b->stokes);
  g_assert_cmpint (a->has_cursor, ==, b->has_cursor);
  g_assert_true (a->cursor.x == b->cursor.x && a->cursor.y == b->cursor.y);
  g_assert_cmpstr (a->look, ==, b->look);
  g_assert_true (almu_contour_settings_equal (a->contours, b->contours));
  g_assert_true (almu_vector_settings_equal (a->vectors, b->vectors));
  assert_same_regions (a, b);
  assert_same_requirements (a->requirements, b->requirements);
}

static void
assert_same (const AlmuMemento *a,
             const AlmuMemento *b)
{
  g_assert_cmpuint (a->id, ==, b->id);
  g_assert_cmpstr (a->state, ==, b->state);
  g_assert_cmpstr (a->title, ==, b->title);
  g_assert_cmpstr (a->peer, ==, b->peer);
  g_assert_cmpstr (a->viewer, ==, b->viewer);
  g_assert_cmpint (a->created, ==, b->created);
  g_assert_cmpint (a->last_seen, ==, b->last_seen);
  g_assert_cmpuint (a->epoch, ==, b->epoch);
  g_assert_cmpint (a->last_region_id, ==, b->last_region_id);
  g_assert_cmpuint (a->rebuilds, ==, b->rebuilds);
  g_assert_cmpuint (a->files->len, ==, b->files->len);
  for (guint i = 0; i < a->files->len; i++)
    assert_same_file (a->files->pdata[i], b->files->pdata[i]);
}

static AlmuMemento *
read_well (const char *text)
{
  g_autoptr(GError) error = NULL;
  AlmuMemento *memento = almu_record_read (text, &error);

  g_assert_no_error (error);
  g_assert_nonnull (memento);

  return memento;
}

/* -- round trips -------------------------------------------------------- */

static void
test_round_trip (void)
{
  g_autoptr(AlmuMemento) before = make_full_memento ();
  g_autofree char *text = almu_record_write (before, NULL);
  g_autofree char *again = NULL;
  g_autoptr(AlmuMemento) after = read_well (text);

  assert_same (before, after);
  g_assert_false (almu_record_has_unknown (text));
  again = almu_record_write (after, text);
  g_assert_cmpstr (text, ==, again);
}

static void
test_round_trip_empty (void)
{
  g_autoptr(AlmuMemento) before = almu_memento_new (1);
  g_autofree char *text = NULL;
  g_autoptr(AlmuMemento) after = NULL;

  before->state = g_strdup ("closed");
  text = almu_record_write (before, NULL);
  after = read_well (text);
  g_assert_cmpstr (after->title, ==, "");
  g_assert_null (after->viewer);
  g_assert_cmpuint (after->files->len, ==, 0);
}

/* Every float, not only the pretty ones. */
static void
test_round_trip_numbers (void)
{
  g_autoptr(AlmuMemento) before = make_memento ();
  AlmuFileWish *file = add_file (before, 1, "a.fits");

  for (int i = 1; i <= 4000; i++)
    {
      union
      {
        guint32 bits;
        float   value;
      } x = { (guint32) g_test_rand_int () }, y = { (guint32) g_test_rand_int () };

      if (i % 2)
        y.value = (float) g_test_rand_double_range (-5000, 5000);
      if (isfinite (x.value) && isfinite (y.value))
        add_region (file, i, ALMU_SHAPE_POINT, (AlmuPoint[]){ { x.value, y.value } }, 1, x.value);
    }

  {
    g_autofree char *text = almu_record_write (before, NULL);
    g_autoptr(AlmuMemento) after = read_well (text);

    assert_same_regions (file, after->files->pdata[0]);
  }
}

static void
test_readable (void)
{
  g_autoptr(AlmuMemento) memento = make_full_memento ();
  g_autofree char *text = almu_record_write (memento, NULL);
  const char      *parts[] = {
         "\"version\":1",
         "\"created\":\"2023-11-14T22:13:20Z\"",
         "\"type\":\"rectangle\",\"points\":[[10,20.5],",
         "\"cursor\":[0.1,-1234567.9]",
         "\"look\":{\"zoom\":0.25",
         "\"region\":\"cursor\"",
         "\"types\":[\"mean\"]",
         "\"channel\":\"all\"",
         "\"bins\":\"auto\"",
         "\"bounds\":[-1e-10,0.1]",
         "\"mtime_ns\":\"1763882550123456789\"",
         "\"flags\":[\"history-beam\",\"first-only\"]",
  };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (strstr (text, parts[i]) == NULL)
      g_error ("No %s in %s", parts[i], text);
}

/* What cannot be read again is not written. */
static void
test_left_out (void)
{
  g_autoptr(AlmuMemento) memento = make_memento ();
  g_autofree char *long_name = g_strnfill (ALMU_LIMIT_PATH_BYTES + 1, 'x');
  g_autoptr(GString) deep = g_string_new ("{\"a\":");
  g_autofree char *text = NULL;
  g_autoptr(AlmuMemento) after = NULL;
  AlmuFileWish    *file = add_file (memento, 1, "a.fits");
  AlmuFileWish    *other = add_file (memento, 2, "b.fits");
  AlmuRequirement *requirement = almu_requirement_new (ALMU_REGION_CURSOR);
  AlmuRegionWish   nothing = { .id = 4, .error = g_error_new_literal (ALMU_ERROR, ALMU_ERROR_FORMAT, "x") };

  add_file (memento, 3, long_name);
  g_ptr_array_add (memento->files, almu_file_wish_new (4));
  for (int i = 0; i < ALMU_LIMIT_LOOK_DEPTH; i++)
    g_string_append_c (deep, '[');
  for (int i = 0; i < ALMU_LIMIT_LOOK_DEPTH; i++)
    g_string_append_c (deep, ']');
  g_string_append_c (deep, '}');
  file->look = g_strdup (deep->str);
  file->has_cursor = TRUE;
  file->cursor.x = NAN;
  g_array_append_val (file->regions, nothing);
  other->look = g_strdup ("not JSON");

  requirement->histograms = almu_histogram_wants_new ();
  almu_histogram_wants_append (requirement->histograms, &(AlmuHistogramWant){ (char *) "z", 0, FALSE, 1, TRUE, -INFINITY, 1 });
  almu_histogram_wants_append (requirement->histograms, &(AlmuHistogramWant){ (char *) "z", 0, FALSE, 1, FALSE, NAN, 1 });
  almu_histogram_wants_append (requirement->histograms, &(AlmuHistogramWant){ (char *) "nonsense", 0 });
  file->requirements = almu_requirements_new ();
  g_ptr_array_add (file->requirements, requirement);

  text = almu_record_write (memento, NULL);
  after = read_well (text);
  g_assert_cmpuint (after->files->len, ==, 2);
  file = after->files->pdata[0];
  g_assert_null (file->look);
  g_assert_false (file->has_cursor);
  g_assert_cmpuint (file->regions->len, ==, 0);
  requirement = file->requirements->pdata[0];
  g_assert_cmpuint (requirement->histograms->len, ==, 1);
  g_assert_null (((AlmuFileWish *) after->files->pdata[1])->look);
}

static void
test_bad_text (void)
{
  g_autoptr(AlmuMemento) before = make_memento ();
  g_autoptr(AlmuMemento) after = NULL;
  g_autofree char *text = NULL;

  g_free (before->title);
  before->title = g_strdup ("caf\xe9");
  text = almu_record_write (before, NULL);
  after = read_well (text);
  g_assert_cmpstr (after->title, ==, "caf\xef\xbf\xbd");
}

/* -- regions set since ---------------------------------------------------- */

static const char drawn_on[] =
  "{\"version\":1,\"id\":9,\"last_region_id\":5,\"files\":["
  "{\"id\":0,\"name\":\"a.fits\",\"regions\":[{\"id\":1,\"type\":\"point\",\"points\":[[1,2]]},"
  "{\"id\":5,\"type\":\"point\",\"points\":[[5,2]]}]},"
  "{\"id\":2,\"name\":\"b.fits\",\"regions\":[{\"id\":3,\"type\":\"point\",\"points\":[[3,2]]}]}]}";

static void
set_region (AlmuMemento *memento,
            int          file_id,
            int          region_id,
            float        x)
{
  AlmuFileWish  *file = almu_memento_find_file (memento, file_id);
  AlmuRegionWish region = { region_id, almu_shape_new (ALMU_SHAPE_POINT, &(AlmuPoint){ x, 0 }, 1, 0, NULL), NULL };

  if (file == NULL)
    {
      file = almu_file_wish_new (file_id);
      g_ptr_array_add (memento->files, file);
    }
  g_array_append_val (file->regions, region);
  memento->last_region_id = MAX (memento->last_region_id, region_id);
}

static float
get_x (const AlmuMemento *memento,
       int                file_id,
       guint              i)
{
  const AlmuFileWish *file = almu_memento_find_file (memento, file_id);

  g_assert_cmpuint (i, <, file->regions->len);

  return g_array_index (file->regions, AlmuRegionWish, i).shape->points[0].x;
}

static void
test_regions_since (void)
{
  g_autoptr(AlmuMemento) memento = read_well (drawn_on);
  g_autoptr(AlmuMemento) since = almu_memento_new (9);
  g_autofree char *text = NULL;
  g_autoptr(GError) error = NULL;

  set_region (since, 0, 5, 50);
  set_region (since, 0, 7, 70.5);
  set_region (since, 2, 6, 60);
  text = almu_record_write_regions (since, NULL);
  g_assert_true (almu_record_add_regions (memento, text, &error));
  g_assert_no_error (error);

  g_assert_cmpint (memento->last_region_id, ==, 7);
  g_assert_cmpuint (almu_memento_find_file (memento, 0)->regions->len, ==, 3);
  g_assert_cmpfloat (get_x (memento, 0, 0), ==, 1);
  g_assert_cmpfloat (get_x (memento, 0, 1), ==, 50);
  g_assert_cmpfloat (get_x (memento, 0, 2), ==, 70.5);
  g_assert_cmpuint (almu_memento_find_file (memento, 2)->regions->len, ==, 2);
  g_assert_cmpfloat (get_x (memento, 2, 1), ==, 60);
}

/* Nothing of it is taken then. */
static void
test_regions_since_wrong (void)
{
  static const struct
  {
    const char *text;
    const char *said;
  } wrong[] = {
    { "", "JSON" },
    { "[]", "object" },
    { "{\"files\":[{\"id\":0,\"regions\":[{\"id\":1,\"type\":\"point\",\"points\":[[9,9]]}]},{\"id\":1}]}", "file 1" },
    { "{\"files\":[{\"id\":0,\"regions\":[{\"id\":3,\"type\":\"point\",\"points\":[[9,9]]}]}]}", "Region 3" },
    { "{\"files\":[{\"regions\":[]}]}", "files[0].id" },
    { "{\"files\":[{\"id\":0,\"regions\":[]},{\"id\":0,\"regions\":[]}]}", "another file" },
    { "{\"files\":[{\"id\":0,\"regions\":[{\"type\":\"point\"}]}]}", "files[0].regions[0].id" },
    { "{\"files\":[{\"id\":0,\"regions\":[{\"id\":1,\"type\":\"point\",\"points\":[]}]}]}", "points" },
    { "{\"files\":[{\"id\":0,\"regions\":[{\"id\":4,\"type\":\"point\",\"points\":[[9,9]]},"
      "{\"id\":4,\"type\":\"point\",\"points\":[[9,9]]}]}]}",
      "another" },
    { "{\"last_region_id\":-1}", "last_region_id" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr(AlmuMemento) memento = read_well (drawn_on);
      g_autofree char *before = almu_record_write (memento, NULL);
      g_autofree char *after = NULL;
      g_autoptr(GError) error = NULL;

      g_assert_false (almu_record_add_regions (memento, wrong[i].text, &error));
      g_assert_nonnull (error);
      g_assert_nonnull (strstr (error->message, wrong[i].said));
      after = almu_record_write (memento, NULL);
      g_assert_cmpstr (after, ==, before);
    }
}

static void
test_regions_since_many (void)
{
  g_autoptr(AlmuMemento) memento = read_well (drawn_on);
  g_autoptr(AlmuMemento) since = almu_memento_new (9);
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL;
  g_autofree char *more = NULL;

  for (int i = 0; i < ALMU_LIMIT_REGIONS - 3; i++)
    set_region (since, 0, 10 + i, 1);
  text = almu_record_write_regions (since, NULL);
  set_region (since, 0, 9, 1);
  more = almu_record_write_regions (since, NULL);

  g_assert_false (almu_record_add_regions (memento, more, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);
  g_clear_error (&error);
  g_assert_true (almu_record_add_regions (memento, text, &error));
  g_assert_no_error (error);
}

/* -- newer versions ----------------------------------------------------- */

static const char newer[] =
  "{\"version\":1,\"id\":9,\"state\":\"parked\",\"mood\":{\"good\":[1.5,null]},\"files\":["
  "{\"id\":0,\"directory\":\"\",\"name\":\"a.fits\",\"hdu\":\"\",\"overlay\":[1e-10],\"regions\":["
  "{\"id\":1,\"type\":\"point\",\"points\":[[1,2]],\"colour\":\"red\"},"
  "{\"id\":2,\"type\":\"spiral\",\"points\":[[1,2]],\"arms\":4}],"
  "\"requirements\":[{\"region\":\"cursor\",\"moments\":[0]},{\"region\":1,\"stats\":[{\"types\":[\"mode\",\"sum\"]}],\"fit\":true}]},"
  "{\"id\":1,\"name\":\"b.fits\",\"overlay\":2}]}";

static void
test_newer_kept (void)
{
  g_autoptr(AlmuMemento) memento = read_well (newer);
  AlmuFileWish    *file = memento->files->pdata[0];
  AlmuRegionWish  *spiral = &g_array_index (file->regions, AlmuRegionWish, 1);
  g_autofree char *text = NULL;
  g_autofree char *twice = NULL;
  const char      *parts[] = {
         "\"mood\":{\"good\":[1.5,null]}",
         "\"overlay\":[1e-10]",
         "\"colour\":\"red\"",
         "\"type\":\"spiral\"",
         "\"arms\":4",
         "\"moments\":[0]",
         "\"fit\":true",
         "\"overlay\":2",
  };

  g_assert_null (spiral->shape);
  g_assert_error (spiral->error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (spiral->error->message, "spiral"));
  g_assert_true (almu_record_has_unknown (newer));

  memento->epoch = 5;
  text = almu_record_write (memento, newer);
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    g_assert_nonnull (strstr (text, parts[i]));
  g_assert_true (almu_record_has_unknown (text));

  twice = almu_record_write (memento, text);
  g_assert_cmpstr (text, ==, twice);
}

/* What belongs to something that is gone, goes. */
static void
test_newer_gone (void)
{
  g_autoptr(AlmuMemento) memento = read_well (newer);
  AlmuFileWish    *file = memento->files->pdata[0];
  g_autofree char *text = NULL;

  g_ptr_array_remove_index (memento->files, 1);
  g_array_remove_range (file->regions, 0, 2);
  g_ptr_array_set_size (file->requirements, 0);
  text = almu_record_write (memento, newer);
  g_assert_nonnull (strstr (text, "\"mood\""));
  g_assert_nonnull (strstr (text, "\"overlay\":[1e-10]"));
  g_assert_null (strstr (text, "colour"));
  g_assert_null (strstr (text, "arms"));
  g_assert_null (strstr (text, "moments"));
  g_assert_null (strstr (text, "fit\""));
  g_assert_null (strstr (text, "\"overlay\":2"));
}

/* Another file that got the id of one is not that one. */
static void
test_newer_other_file (void)
{
  g_autoptr(AlmuMemento) memento = read_well (newer);
  AlmuFileWish    *file = memento->files->pdata[0];
  g_autofree char *text = NULL;

  g_free (file->name->name);
  file->name->name = g_strdup ("other.fits");
  text = almu_record_write (memento, newer);
  g_assert_null (strstr (text, "\"overlay\":[1e-10]"));
}

/* Members that were known and are not there any more do not come back, and
 * a previous text that is none does no harm. */
static void
test_previous_known (void)
{
  g_autoptr(AlmuMemento) full = make_full_memento ();
  g_autoptr(AlmuMemento) memento = make_full_memento ();
  g_autofree char *before = almu_record_write (full, NULL);
  g_autofree char *alone = NULL;
  g_autofree char *after = NULL;
  g_autofree char *odd = NULL;
  AlmuFileWish    *file = memento->files->pdata[0];

  g_clear_pointer (&memento->viewer, g_free);
  g_clear_pointer (&file->look, g_free);
  g_clear_pointer (&file->requirements, g_ptr_array_unref);
  file->has_cursor = FALSE;
  file->has_fingerprint = FALSE;
  alone = almu_record_write (memento, NULL);
  after = almu_record_write (memento, before);
  odd = almu_record_write (memento, "[1,2");
  g_assert_cmpstr (after, ==, alone);
  g_assert_cmpstr (odd, ==, alone);
  g_assert_null (strstr (after, "look"));
}

/* -- what is wrong ------------------------------------------------------ */

typedef struct
{
  const char *text;
  int         code;
  const char *named;
} Wrong;

#define TOP(members) "{\"version\":1,\"id\":7," members "}"
#define FILE_(members) TOP ("\"files\":[{\"id\":1,\"name\":\"a\"},{\"id\":2,\"name\":\"b\"," members "}]")
#define REGION(members) FILE_ ("\"regions\":[{\"id\":1,\"type\":\"point\",\"points\":[[1,2]]},{" members "}]")
#define WANT(members) FILE_ ("\"requirements\":[{\"region\":\"image\"," members "}]")

static const Wrong wrongs[] = {
  { "", ALMU_ERROR_FORMAT, "Record" },
  { "[]", ALMU_ERROR_FORMAT, "object" },
  { "{\"version\":1,", ALMU_ERROR_FORMAT, "JSON" },
  { "{\"id\":7}", ALMU_ERROR_FORMAT, "version" },
  { "{\"version\":2,\"id\":7}", ALMU_ERROR_UNSUPPORTED, "version is 2" },
  { "{\"version\":0,\"id\":7}", ALMU_ERROR_FORMAT, "version" },
  { "{\"version\":1}", ALMU_ERROR_FORMAT, "id is missing" },
  { "{\"version\":1,\"id\":0}", ALMU_ERROR_FORMAT, "id" },
  { "{\"version\":1,\"id\":4294967296}", ALMU_ERROR_FORMAT, "4294967295" },
  { "{\"version\":1,\"id\":1.5}", ALMU_ERROR_FORMAT, "id" },
  { "{\"version\":1,\"id\":99999999999999999999}", ALMU_ERROR_FORMAT, "id" },
  { "{\"version\":1,\"id\":true}", ALMU_ERROR_FORMAT, "id" },
  { TOP ("\"state\":\"asleep\""), ALMU_ERROR_FORMAT, "parked" },
  { TOP ("\"state\":1"), ALMU_ERROR_FORMAT, "state is not a text" },
  { TOP ("\"title\":[]"), ALMU_ERROR_FORMAT, "title" },
  { TOP ("\"created\":\"yesterday\""), ALMU_ERROR_FORMAT, "created is “yesterday”" },
  { TOP ("\"last_seen\":5"), ALMU_ERROR_FORMAT, "last_seen" },
  { TOP ("\"epoch\":-1"), ALMU_ERROR_FORMAT, "epoch" },
  { TOP ("\"last_region_id\":2000000000"), ALMU_ERROR_FORMAT, "last_region_id" },
  { TOP ("\"rebuilds\":5000000000"), ALMU_ERROR_FORMAT, "rebuilds" },
  { TOP ("\"files\":{}"), ALMU_ERROR_FORMAT, "files is not a list" },
  { TOP ("\"files\":[7]"), ALMU_ERROR_FORMAT, "files[0]" },
  { TOP ("\"files\":[{\"name\":\"a\"}]"), ALMU_ERROR_FORMAT, "files[0].id is missing" },
  { TOP ("\"files\":[{\"id\":65536,\"name\":\"a\"}]"), ALMU_ERROR_FORMAT, "files[0].id" },
  { TOP ("\"files\":[{\"id\":1}]"), ALMU_ERROR_FORMAT, "files[0].name is missing" },
  { TOP ("\"files\":[{\"id\":1,\"name\":\"a\"},{\"id\":1,\"name\":\"a\"}]"), ALMU_ERROR_FORMAT, "files[1].id" },
  { FILE_ ("\"directory\":1"), ALMU_ERROR_FORMAT, "files[1].directory" },
  { FILE_ ("\"flags\":\"first-only\""), ALMU_ERROR_FORMAT, "files[1].flags" },
  { FILE_ ("\"flags\":[1]"), ALMU_ERROR_FORMAT, "files[1].flags[0]" },
  { FILE_ ("\"fingerprint\":[]"), ALMU_ERROR_FORMAT, "fingerprint" },
  { FILE_ ("\"fingerprint\":{\"size\":\"12x\"}"), ALMU_ERROR_FORMAT, "size" },
  { FILE_ ("\"fingerprint\":{\"size\":-1}"), ALMU_ERROR_FORMAT, "size" },
  { FILE_ ("\"channel\":-1"), ALMU_ERROR_FORMAT, "files[1].channel" },
  { FILE_ ("\"stokes\":10000000"), ALMU_ERROR_FORMAT, "files[1].stokes" },
  { FILE_ ("\"cursor\":[1]"), ALMU_ERROR_FORMAT, "files[1].cursor" },
  { FILE_ ("\"cursor\":[1,\"2\"]"), ALMU_ERROR_FORMAT, "files[1].cursor" },
  { FILE_ ("\"cursor\":[1,1e39]"), ALMU_ERROR_FORMAT, "files[1].cursor" },
  { FILE_ ("\"look\":\"{}\""), ALMU_ERROR_FORMAT, "files[1].look" },
  { FILE_ ("\"regions\":5"), ALMU_ERROR_FORMAT, "files[1].regions" },
  { REGION ("\"type\":\"point\""), ALMU_ERROR_FORMAT, "files[1].regions[1].id is missing" },
  { REGION ("\"id\":0"), ALMU_ERROR_FORMAT, "regions[1].id" },
  { REGION ("\"id\":1"), ALMU_ERROR_FORMAT, "regions[1].id is 1" },
  { REGION ("\"id\":2"), ALMU_ERROR_FORMAT, "regions[1].type is missing" },
  { REGION ("\"id\":2,\"type\":5"), ALMU_ERROR_FORMAT, "regions[1].type" },
  { REGION ("\"id\":2,\"type\":\"rectangle\",\"points\":[[1,2]]"), ALMU_ERROR_FORMAT, "regions[1].points are wrong: A rectangle has 2" },
  { REGION ("\"id\":2,\"type\":\"annulus\",\"points\":[]"), ALMU_ERROR_UNSUPPORTED, "annulus" },
  { REGION ("\"id\":2,\"type\":\"point\",\"points\":[[1,2,3]]"), ALMU_ERROR_FORMAT, "regions[1].points[0]" },
  { REGION ("\"id\":2,\"type\":\"point\",\"points\":\"1\""), ALMU_ERROR_FORMAT, "x,y" },
  { REGION ("\"id\":2,\"type\":\"point\",\"points\":\"1,2;\""), ALMU_ERROR_FORMAT, "x,y" },
  { REGION ("\"id\":2,\"type\":\"point\",\"points\":\"1,nan\""), ALMU_ERROR_FORMAT, "x,y" },
  { REGION ("\"id\":2,\"type\":\"point\",\"points\":\"1e300,1\""), ALMU_ERROR_FORMAT, "x,y" },
  { REGION ("\"id\":2,\"type\":\"point\",\"points\":[[1,2]],\"rotation\":\"up\""), ALMU_ERROR_FORMAT, "rotation" },
  { FILE_ ("\"requirements\":[{}]"), ALMU_ERROR_FORMAT, "requirements[0].region" },
  { FILE_ ("\"requirements\":[{\"region\":-3}]"), ALMU_ERROR_FORMAT, "region" },
  { FILE_ ("\"requirements\":[{\"region\":\"moon\"}]"), ALMU_ERROR_FORMAT, "cursor" },
  { WANT ("\"spatial\":{}"), ALMU_ERROR_FORMAT, "requirements[0].spatial" },
  { WANT ("\"spatial\":[{\"coordinate\":\"w\"}]"), ALMU_ERROR_FORMAT, "spatial[0].coordinate" },
  { WANT ("\"spatial\":[{\"coordinate\":\"x\",\"mip\":-1}]"), ALMU_ERROR_FORMAT, "spatial[0].mip" },
  { WANT ("\"spectral\":[{\"types\":7}]"), ALMU_ERROR_FORMAT, "spectral[0].types" },
  { WANT ("\"stats\":[{\"types\":[4]}]"), ALMU_ERROR_FORMAT, "stats[0].types[0]" },
  { WANT ("\"histograms\":[{\"bins\":2000000,\"fixed_bins\":true}]"), ALMU_ERROR_LIMIT, "bins is 2000000" },
  { WANT ("\"histograms\":[{\"bins\":\"many\"}]"), ALMU_ERROR_FORMAT, "auto" },
  { WANT ("\"histograms\":[{\"channel\":\"best\"}]"), ALMU_ERROR_FORMAT, "current" },
  { WANT ("\"histograms\":[{\"bounds\":[1]}]"), ALMU_ERROR_FORMAT, "bounds" },
  { WANT ("\"histograms\":[{\"bounds\":[2,1],\"fixed_bounds\":true}]"), ALMU_ERROR_FORMAT, "bounds 2 to 1" },
  { WANT ("\"histograms\":[{\"fixed_bounds\":1}]"), ALMU_ERROR_FORMAT, "fixed_bounds" },
};

static void
test_wrong (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (wrongs); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(AlmuMemento) memento = almu_record_read (wrongs[i].text, &error);

      g_test_message ("%s: %s", wrongs[i].text, error != NULL ? error->message : "taken");
      g_assert_null (memento);
      g_assert_error (error, ALMU_ERROR, wrongs[i].code);
      g_assert_nonnull (strstr (error->message, wrongs[i].named));
    }
}

static void
test_too_many (void)
{
  g_autoptr(GString) text = g_string_new ("{\"version\":1,\"id\":7,\"files\":[");
  g_autoptr(AlmuMemento) memento = NULL;
  g_autoptr(GError) error = NULL;

  for (int i = 0; i <= ALMU_LIMIT_FILES; i++)
    g_string_append_printf (text, "%s{\"id\":%d,\"name\":\"a\"}", i > 0 ? "," : "", i);
  g_string_append (text, "]}");
  memento = almu_record_read (text->str, &error);
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);
  g_assert_null (memento);
}

/* As many regions as a session may have, outlines of any length. */
static void
test_largest (void)
{
  g_autoptr(AlmuMemento) memento = make_memento ();
  AlmuFileWish *file = add_file (memento, 1, "a.fits");
  AlmuPoint     points[16];

  for (guint i = 0; i < G_N_ELEMENTS (points); i++)
    points[i] = (AlmuPoint){ (float) i * 1.1f, (float) i };
  for (int i = 1; i <= ALMU_LIMIT_REGIONS; i++)
    add_region (file, i, ALMU_SHAPE_POLYGON, points, G_N_ELEMENTS (points), 0);

  {
    g_autofree char *text = almu_record_write (memento, NULL);
    g_autoptr(AlmuMemento) after = read_well (text);

    g_test_message ("%" G_GSIZE_FORMAT " bytes", strlen (text));
    assert_same_regions (file, after->files->pdata[0]);
  }
}

/* Whatever happens to a text, it is read or refused. */
static void
test_mutated (void)
{
  g_autoptr(AlmuMemento) memento = make_full_memento ();
  g_autofree char *text = almu_record_write (memento, NULL);
  gsize            length = strlen (text);
  int              n_rounds = almu_test_is_slow () ? 200000 : 4000;

  for (int round = 0; round < n_rounds; round++)
    {
      g_autofree char *copy = g_strdup (text);
      g_autoptr(AlmuMemento) read = NULL;
      g_autoptr(GError) error = NULL;

      for (int i = g_test_rand_int_range (1, 4); i > 0; i--)
        {
          gsize at = (gsize) g_test_rand_int_range (0, (gint32) length);

          copy[at] = g_test_rand_int () % 2 ? copy[g_test_rand_int_range (0, (gint32) length)]
                                            : "0-9.,[]{}\":e tn"[g_test_rand_int_range (0, 15)];
        }
      read = almu_record_read (copy, &error);
      g_assert_true ((read == NULL) == (error != NULL));
      if (read != NULL)
        {
          g_autofree char *again = almu_record_write (read, copy);
          g_autoptr(AlmuMemento) twice = read_well (again);

          g_assert_cmpuint (twice->files->len, ==, read->files->len);
        }
    }
}

/* -- catalogs ------------------------------------------------------------ */

static void
test_catalogs (void)
{
  g_autoptr(AlmuMemento) memento = make_memento ();
  g_autoptr(AlmuMemento) again = NULL;
  AlmuCatalogWish       *catalog = almu_catalog_wish_new (7);
  const AlmuCatalogWish *read;
  guint                  columns[] = { 0, 5, 2 };
  g_autofree char       *text = NULL;
  g_autoptr(GError) error = NULL;

  catalog->name = almu_file_name_new ("cats/été", "a \"b\".vot", "", ALMU_IMAGE_NONE);
  catalog->has_fingerprint = TRUE;
  catalog->fingerprint.mtime_ns = G_MAXINT64;
  catalog->preview_size = 50;
  catalog->want = almu_rows_want_new ();
  catalog->want->start = 100;
  catalog->want->n_rows = 50;
  g_array_append_vals (catalog->want->columns, columns, G_N_ELEMENTS (columns));
  g_free (catalog->want->query->sort_column);
  catalog->want->query->sort_column = g_strdup ("RA");
  catalog->want->query->is_descending = TRUE;
  for (int i = 0; i < ALMU_N_COMPARISONS; i++)
    g_ptr_array_add (catalog->want->query->filters, almu_filter_new ("x", i, 0.1 * i, 1e300, i == 0 ? "söme" : ""));
  g_ptr_array_add (catalog->want->query->filters, almu_filter_new ("y", ALMU_COMPARISON_RANGE_OPEN, NAN, -INFINITY, ""));
  catalog->look = g_strdup ("{\"xAxis\":\"RA\"}");
  g_ptr_array_add (memento->catalogs, catalog);

  text = almu_record_write (memento, NULL);
  again = almu_record_read (text, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (again->catalogs->len, ==, 1);
  read = again->catalogs->pdata[0];
  g_assert_cmpint (read->id, ==, 7);
  g_assert_true (almu_file_name_equal (read->name, catalog->name));
  g_assert_true (almu_fingerprint_equal (&read->fingerprint, &catalog->fingerprint));
  g_assert_cmpint (read->preview_size, ==, 50);
  g_assert_cmpstr (read->look, ==, catalog->look);
  g_assert_cmpint (read->want->start, ==, 100);
  g_assert_cmpint (read->want->n_rows, ==, 50);
  g_assert_cmpmem (read->want->columns->data, read->want->columns->len * sizeof (guint), columns, sizeof columns);
  g_assert_cmpuint (read->want->query->filters->len, ==, ALMU_N_COMPARISONS + 1);
  for (guint i = 0; i < read->want->query->filters->len; i++)
    {
      const AlmuFilter *a = read->want->query->filters->pdata[i];
      const AlmuFilter *b = catalog->want->query->filters->pdata[i];

      g_assert_cmpstr (a->column, ==, b->column);
      g_assert_cmpint (a->comparison, ==, b->comparison);
      g_assert_true (a->value == b->value || (isnan (a->value) && isnan (b->value)));
      if (b->comparison >= ALMU_COMPARISON_RANGE_OPEN)
        g_assert_cmpfloat (a->second, ==, b->second);
      g_assert_cmpstr (a->text, ==, b->text);
    }
  g_assert_true (read->want->query->is_descending);
}

static void
test_catalogs_newer (void)
{
  static const char added[] =
    "{\"version\":1,\"id\":5,\"files\":[],\"catalogs\":[{\"id\":1,\"name\":\"a.vot\",\"symbol\":\"star\"}]}";
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuMemento) memento = almu_record_read (added, &error);
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  g_assert_true (almu_record_has_unknown (added));
  g_assert_null (((const AlmuCatalogWish *) memento->catalogs->pdata[0])->want);
  text = almu_record_write (memento, added);
  g_assert_nonnull (strstr (text, "\"symbol\":\"star\""));
}

static void
test_catalogs_wrong (void)
{
  static const struct
  {
    const char *catalogs;
    const char *part;
  } cases[] = {
    { "[{\"name\":\"a\"}]", "catalogs[0].id is missing" },
    { "[{\"id\":1}]", "catalogs[0].name is missing" },
    { "[{\"id\":1,\"name\":\"a\"},{\"id\":1,\"name\":\"b\"}]", "catalogs[1].id is 1" },
    { "[{\"id\":1,\"name\":\"a\",\"filters\":[{\"column\":\"x\",\"value\":\"many\"}]}]", "filters[0].value is not a number" },
    { "[{\"id\":1,\"name\":\"a\",\"filters\":[],\"columns\":[-1]}]", "columns[0] is not the number" },
    { "[{\"id\":1,\"name\":\"a\",\"filters\":[],\"start\":-1}]", "start is not an integer" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strdup_printf ("{\"version\":1,\"id\":5,\"files\":[],\"catalogs\":%s}", cases[i].catalogs);
      g_autoptr(GError) error = NULL;
      g_autoptr(AlmuMemento) memento = almu_record_read (text, &error);

      g_assert_null (memento);
      g_assert_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT);
      g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, cases[i].part));
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/store/record/round-trip", test_round_trip);
  g_test_add_func ("/store/record/round-trip/empty", test_round_trip_empty);
  g_test_add_func ("/store/record/round-trip/numbers", test_round_trip_numbers);
  g_test_add_func ("/store/record/readable", test_readable);
  g_test_add_func ("/store/record/left-out", test_left_out);
  g_test_add_func ("/store/record/bad-text", test_bad_text);
  g_test_add_func ("/store/record/regions-since", test_regions_since);
  g_test_add_func ("/store/record/regions-since-wrong", test_regions_since_wrong);
  g_test_add_func ("/store/record/regions-since-many", test_regions_since_many);
  g_test_add_func ("/store/record/newer/kept", test_newer_kept);
  g_test_add_func ("/store/record/newer/gone", test_newer_gone);
  g_test_add_func ("/store/record/newer/other-file", test_newer_other_file);
  g_test_add_func ("/store/record/previous-known", test_previous_known);
  g_test_add_func ("/store/record/overlays/off", test_overlays_off);
  g_test_add_func ("/store/record/overlays/other-version", test_overlays_other_version);
  g_test_add_func ("/store/record/overlays/wrong", test_overlays_wrong);
  g_test_add_func ("/store/record/catalogs", test_catalogs);
  g_test_add_func ("/store/record/catalogs/newer", test_catalogs_newer);
  g_test_add_func ("/store/record/catalogs/wrong", test_catalogs_wrong);
  g_test_add_func ("/store/record/wrong", test_wrong);
  g_test_add_func ("/store/record/too-many", test_too_many);
  g_test_add_func ("/store/record/largest", test_largest);
  g_test_add_func ("/store/record/mutated", test_mutated);

  return g_test_run ();
}
