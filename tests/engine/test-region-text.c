/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "almu-error.h"
#include "almu-limits.h"
#include "almu-region-text-private.h"
#include "almu-region-text.h"
#include "almu-test.h"
#include "test-sky.h"

typedef struct
{
  GPtrArray *entries;
  GPtrArray *problems;
} Read;

static void
read_clear (Read *read)
{
  g_clear_pointer (&read->entries, g_ptr_array_unref);
  g_clear_pointer (&read->problems, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Read, read_clear)

static Read
read_text (AlmuRegionFormat format,
           const char      *text,
           AlmuSkyMap      *sky)
{
  g_autoptr(GError) error = NULL;
  Read read = { NULL, g_ptr_array_new_with_free_func (g_free) };

  read.entries = almu_region_text_read (format, text, sky, read.problems, NULL, &error);
  g_assert_no_error (error);

  return read;
}

static const AlmuRegionEntry *
get_entry (const Read *read,
           guint       i)
{
  g_assert_cmpuint (read->entries->len, >, i);

  return read->entries->pdata[i];
}

static void
assert_shape (const Read   *read,
              guint         i,
              AlmuShapeType type,
              double        x0,
              double        y0,
              double        x1,
              double        y1,
              double        rotation)
{
  const AlmuShape *shape = get_entry (read, i)->shape;

  g_assert_cmpint (shape->type, ==, type);
  g_assert_cmpfloat_with_epsilon (shape->points[0].x, x0, 0.01);
  g_assert_cmpfloat_with_epsilon (shape->points[0].y, y0, 0.01);
  if (shape->n_points > 1)
    {
      g_assert_cmpfloat_with_epsilon (shape->points[1].x, x1, 0.01);
      g_assert_cmpfloat_with_epsilon (shape->points[1].y, y1, 0.01);
    }
  g_assert_cmpfloat_with_epsilon (shape->rotation, rotation, 0.01);
}

/* 1" to the pixel, north up, east left; J2000 as many surveys are. */
static AlmuSkyMap *
survey (void)
{
  return test_sky_map_new ("RA--", "DEC-", "TAN", "EQUINOX = 2000.0", 202.47, 47.195, 1 / 3600.0, 0, FALSE);
}

static void
test_ds9_pixels (void)
{
  g_auto(Read) read = read_text (ALMU_REGION_TEXT_DS9,
                                  "# Region file format: DS9 version 4.1\n"
                                  "global color=green dashlist=8 3 width=1 dash=0\r\n"
                                  "image\n"
                                  "circle(166,546,20) # color=pink width=3 text={A # ; b} tag={foo}\n"
                                  "ellipse(248,529,40,20,45); box 338 527 80 40 45 # dash=1\n"
                                  "polygon(1,2,3,4,5,7)\n"
                                  "+line(509,513,569,564) # line=1 1 color=#0af\n"
                                  "point(10.5,20) # point=diamond 11 fill=1\n"
                                  "cross point(1,1)\n"
                                  "# text(658,521) color=magenta text={Region}\n"
                                  "# vector(10,10,5,90) vector=1\n"
                                  "polyline(1,1,2,2,3,1)\n",
                                  NULL);

  g_assert_cmpuint (read.problems->len, ==, 0);
  g_assert_cmpuint (read.entries->len, ==, 10);
  assert_shape (&read, 0, ALMU_SHAPE_ELLIPSE, 165, 545, 20, 20, 0);
  g_assert_cmpstr (get_entry (&read, 0)->style.name, ==, "A # ; b");
  g_assert_cmpstr (get_entry (&read, 0)->style.color, ==, "pink");
  g_assert_cmpint (get_entry (&read, 0)->style.line_width, ==, 3);
  assert_shape (&read, 1, ALMU_SHAPE_ELLIPSE, 247, 528, 40, 20, -45);
  g_assert_cmpstr (get_entry (&read, 1)->style.color, ==, "green");
  assert_shape (&read, 2, ALMU_SHAPE_RECTANGLE, 337, 526, 80, 40, 45);
  g_assert_cmpint (get_entry (&read, 2)->style.n_dashes, ==, 2);
  g_assert_cmpint (get_entry (&read, 2)->style.dashes[1], ==, 3);
  assert_shape (&read, 3, ALMU_SHAPE_POLYGON, 0, 1, 2, 3, 0);
  assert_shape (&read, 4, ALMU_SHAPE_LINE, 508, 512, 568, 563, 0);
  g_assert_cmpstr (get_entry (&read, 4)->style.color, ==, "#00AAFF");
  assert_shape (&read, 5, ALMU_SHAPE_POINT, 9.5, 19, 0, 0, 0);
  g_assert_cmpint (get_entry (&read, 5)->style.mark_shape, ==, ALMU_MARK_SHAPE_DIAMOND);
  g_assert_cmpint (get_entry (&read, 5)->style.mark_size, ==, 11);
  assert_shape (&read, 6, ALMU_SHAPE_POINT, 0, 0, 0, 0, 0);
  g_assert_cmpint (get_entry (&read, 6)->style.mark_shape, ==, ALMU_MARK_SHAPE_CROSS);
  assert_shape (&read, 7, ALMU_SHAPE_ANN_TEXT, 657, 520, 0, 0, 0);
  g_assert_cmpstr (get_entry (&read, 7)->style.labels[0], ==, "Region");
  g_assert_cmpstr (get_entry (&read, 7)->style.color, ==, "magenta");
  assert_shape (&read, 8, ALMU_SHAPE_ANN_VECTOR, 9, 9, 9, 14, 0);
  g_assert_cmpint (get_entry (&read, 9)->shape->type, ==, ALMU_SHAPE_POLYLINE);
}

static void
test_ds9_sky (void)
{
  g_autoptr(AlmuSkyMap) sky = survey ();
  g_auto(Read) read = read_text (ALMU_REGION_TEXT_DS9,
                                  "fk5\n"
                                  "circle(13:29:52.8,+47:11:42.0,2\")\n"
                                  "circle(202.47,47.195,0.05')\n"
                                  "ellipse(202.47,47.195,10\",5\",30)\n"
                                  "box(13h29m52.8s,47d11m42s,10,5i,20)\n"
                                  "galactic;box(104.850561,68.560824,10\",20\",0)\n"
                                  "image; circle(100,100,3\")\n",
                                  sky);

  g_assert_cmpuint (read.problems->len, ==, 0);
  assert_shape (&read, 0, ALMU_SHAPE_ELLIPSE, 499.5, 479.25, 2, 2, 0);
  assert_shape (&read, 1, ALMU_SHAPE_ELLIPSE, 499.5, 479.25, 3, 3, 0);
  assert_shape (&read, 2, ALMU_SHAPE_ELLIPSE, 499.5, 479.25, 10, 5, -60);
  assert_shape (&read, 3, ALMU_SHAPE_RECTANGLE, 499.5, 479.25, 36000, 5, 20);
  /* turned as galactic north is turned there */
  g_assert_cmpint (get_entry (&read, 4)->shape->type, ==, ALMU_SHAPE_RECTANGLE);
  g_assert_cmpfloat_with_epsilon (get_entry (&read, 4)->shape->points[1].x, 10, 0.01);
  g_assert_cmpfloat (fabs (get_entry (&read, 4)->shape->rotation), >, 10);
  assert_shape (&read, 5, ALMU_SHAPE_ELLIPSE, 99, 99, 3, 3, 0);
}

/* Each with its number and reason; the rest is there. */
static void
assert_problems (AlmuRegionFormat   format,
                 const char        *text,
                 guint              n_entries,
                 const char *const *expected)
{
  g_auto(Read) read = read_text (format, text, NULL);
  guint n = g_strv_length ((char **) expected);

  for (guint i = 0; i < MIN (n, read.problems->len); i++)
    if (strstr (read.problems->pdata[i], expected[i]) == NULL)
      g_error ("“%s” does not tell “%s”", (char *) read.problems->pdata[i], expected[i]);
  g_assert_cmpuint (read.problems->len, ==, n);
  // X1
}

static void
test_problems (void)
{
  assert_problems (ALMU_REGION_TEXT_DS9,
                   "image\ncircle(1,2,3)\nannulus(1,2,3,4)\ncircle(1,2)\nfoo(1)\nbox(1,2,3,-4)\n"
                   "polygon(1,2,3)\ncircle(1,b,3)\nfk5\ncircle(1,2,3)\nimage\n-circle(5,6,7)\n"
                   "circle(nan,2,3)\nellipse(1,2,3,4,5,6,7)\nwcs\ncircle(1,2,3)",
                   2,
                   (const char *[]){ "Line 3: DS9 annulus", "Line 4: a circle", "Line 5: “foo(1", "Line 6: Size",
                                     "Line 7: a polygon", "Line 8: “b”", "Line 10: world coordinates", "Line 12",
                                     "Line 13: ", "Line 14: elliptical annuli", "Line 15: the coordinate system wcs",
                                     "Line 16: ", NULL });
  assert_problems (ALMU_REGION_TEXT_CRTF,
                   "#CRTFv0\ncircle[[1pix, 2pix], 3pix]\nannulus[[1pix, 2pix], [3pix, 4pix]]\ncircle[[1, 2], 3pix]\n"
                   "blob[[1pix, 2pix]]\npoly[[1pix, 2pix]\ncircle[[1deg, 2deg], 1deg]\n# a comment\n"
                   "circle[[1pix, 2deg], 3pix]\nline[[1pix, 2pix], [3pix, 4pix]], coord=MARS\n"
                   "rotbox[[1pix, 2pix], [3pix, 4pix], 10pix]",
                   1,
                   (const char *[]){ "Line 3: CRTF annulus", "Line 4: “1” has no unit", "Line 5: “blob", "Line 6: the brackets",
                                     "Line 7: world coordinates", "Line 9: ", "Line 10: the coordinate system MARS",
                                     "Line 11: “10pix” is no angle", NULL });
}

static void
test_crtf (void)
{
  g_autoptr(AlmuSkyMap) sky = survey ();
  g_auto(Read) read = read_text (ALMU_REGION_TEXT_CRTF,
                                  "#CRTFv0 CASA Region Text Format version 0\n"
                                  "global coord=ICRS, frame=BARY, corr=[I, Q], color=blue\n"
                                  "ann circle[[13h29m52.8s, 47d11m42.0s], 2.3arcsec]\n"
                                  "rotbox[[202.47deg, 47.11.42.0], [3arcsec, 1arcmin], 12deg], range=[-1240km/s, 1240km/s]\n"
                                  "ellipse [[499.5pix, 479.25pix], [10pix, 5pix], 30deg] coord=J2000, linewidth=3, linestyle=:, "
                                  "color=2ee6d6, label=\"a, b = c\", labelcolor=green\n"
                                  "symbol[[10pix, 20pix], D], symsize=2\n"
                                  "box[[1pix, 2pix], [3pix, 8pix]]\n"
                                  "text[[32pix, 12pix], 'my [text'], color=red\n"
                                  "poly [[1pix, 1pix], [2pix, 5pix], [9pix, 9pix]]\n",
                                  sky);

  g_assert_cmpuint (read.problems->len, ==, 0);
  assert_shape (&read, 0, ALMU_SHAPE_ANN_ELLIPSE, 499.5, 479.25, 2.3, 2.3, 0);
  g_assert_cmpstr (get_entry (&read, 0)->style.color, ==, "blue");
  assert_shape (&read, 1, ALMU_SHAPE_RECTANGLE, 499.5, 479.25, 3, 60, 12);
  assert_shape (&read, 2, ALMU_SHAPE_ELLIPSE, 499.5, 479.25, 10, 5, 30);
  g_assert_cmpstr (get_entry (&read, 2)->style.color, ==, "#2EE6D6");
  g_assert_cmpstr (get_entry (&read, 2)->style.name, ==, "a, b = c");
  g_assert_cmpint (get_entry (&read, 2)->style.line_width, ==, 3);
  g_assert_cmpint (get_entry (&read, 2)->style.dashes[0], ==, 1);
  assert_shape (&read, 3, ALMU_SHAPE_POINT, 10, 20, 0, 0, 0);
  g_assert_cmpint (get_entry (&read, 3)->style.mark_shape, ==, ALMU_MARK_SHAPE_DIAMOND);
  assert_shape (&read, 4, ALMU_SHAPE_RECTANGLE, 2, 5, 2, 6, 0);
  assert_shape (&read, 5, ALMU_SHAPE_ANN_TEXT, 32, 12, 0, 0, 0);
  g_assert_cmpstr (get_entry (&read, 5)->style.labels[0], ==, "my [text");
  assert_shape (&read, 6, ALMU_SHAPE_POLYGON, 1, 1, 2, 5, 0);
}

/* -- out and in again --------------------------------------------------- */

static AlmuShape *
random_shape (AlmuShapeType type)
{
  AlmuPoint points[6];
  gsize     n = 2;
  float     rotation = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (points); i++)
    points[i] = (AlmuPoint){ (float) g_test_rand_double_range (0, 1000), (float) g_test_rand_double_range (0, 1000) };

  switch ((int) type)
    {
    case ALMU_SHAPE_POINT:
    case ALMU_SHAPE_ANN_POINT:
      n = 1;
      break;
    case ALMU_SHAPE_POLYGON:
    case ALMU_SHAPE_ANN_POLYGON:
    case ALMU_SHAPE_POLYLINE:
    case ALMU_SHAPE_ANN_POLYLINE:
      n = (gsize) g_test_rand_int_range (3, 7);
      break;
    case ALMU_SHAPE_RECTANGLE:
    case ALMU_SHAPE_ELLIPSE:
    case ALMU_SHAPE_ANN_RECTANGLE:
    case ALMU_SHAPE_ANN_ELLIPSE:
    case ALMU_SHAPE_ANN_TEXT:
      points[1] = (AlmuPoint){ (float) g_test_rand_double_range (0.5, 200), (float) g_test_rand_double_range (0.5, 200) };
      rotation = g_test_rand_bit () ? 0 : (float) g_test_rand_double_range (-180, 360);
      break;
    case ALMU_SHAPE_ANN_COMPASS:
      points[1].x = points[1].y = (float) g_test_rand_double_range (1, 200);
      break;
    default:
      break;
    }

  return almu_shape_new ((int) type, points, n, rotation, NULL);
}

/* How far two shapes of one kind are apart, in pixels of their outlines. */
static double
get_difference (const AlmuShape *a,
                const AlmuShape *b)
{
  double worst = 0;
  double reach = 0;

  g_assert_cmpint (a->type, ==, b->type);
  g_assert_cmpuint (a->n_points, ==, b->n_points);
  for (guint i = 0; i < a->n_points; i++)
    worst = MAX (worst, MAX (fabs (a->points[i].x - b->points[i].x), fabs (a->points[i].y - b->points[i].y)));
  if (a->n_points == 2)
    reach = MAX (a->points[1].x, a->points[1].y) / 2;

  return MAX (worst, fabs (remainder (a->rotation - b->rotation, 360)) * (G_PI / 180) * reach);
}

static AlmuSkyMap *
random_map (void)
{
  static const struct
  {
    const char *longitude;
    const char *latitude;
    const char *card;
  } frames[] = {
    { "RA--", "DEC-", "RADESYS = 'ICRS'" },
    { "RA--", "DEC-", "EQUINOX = 2000.0" },
    { "RA--", "DEC-", "EQUINOX = 1950.0" },
    { "RA--", "DEC-", "EQUINOX = 1991.25" },
    { "GLON", "GLAT", "COMMENT" },
    { "SLON", "SLAT", "COMMENT" },
    { "ELON", "ELAT", "COMMENT" },
  };
  static const char *const projections[] = { "TAN", "SIN", "ARC", "STG" };
  int                      i = g_test_rand_int_range (0, G_N_ELEMENTS (frames));

  gboolean is_sheared = g_test_rand_bit ();

  return test_sky_map_new_sheared (frames[i].longitude, frames[i].latitude,
                                   projections[g_test_rand_int_range (0, G_N_ELEMENTS (projections))], frames[i].card,
                                   g_test_rand_double_range (0, 360), g_test_rand_double_range (-80, 80),
                                   pow (10, g_test_rand_double_range (-9, -4)), g_test_rand_double_range (-180, 180),
                                   g_test_rand_bit (),
                                   is_sheared ? pow (2, g_test_rand_double_range (-1, 1)) : 1,
                                   is_sheared ? g_test_rand_double_range (-0.3, 0.3) : 0);
}

/* CRTF has one letter for a mark and its outline, and no lengths of dashes. */
static AlmuRegionStyle
random_style (AlmuRegionFormat format)
{
  static const char *const names[] = { "NGC 1; a = b", "", "“Ü” # 5%, [or] 6", "color=red -circle", "+1" };
  static const char *const font_styles[] = { "Normal", "Bold", "Italic", "Italic Bold" };
  AlmuRegionStyle          style = { 0 };
  int                      dash = g_test_rand_int_range (0, 3);

  almu_region_style_init (&style);
  g_free (style.name);
  g_free (style.color);
  g_free (style.labels[0]);
  g_free (style.font_style);
  style.name = g_strdup (names[g_test_rand_int_range (0, G_N_ELEMENTS (names))]);
  style.color = g_strdup_printf ("#%06X", (guint) g_test_rand_int_range (0, 0x1000000));
  style.labels[0] = g_strdup ("a [text], of = words");
  style.font_style = g_strdup (font_styles[g_test_rand_int_range (0, G_N_ELEMENTS (font_styles))]);
  style.font_size = g_test_rand_int_range (1, 500);
  style.line_width = g_test_rand_int_range (0, 101);
  style.mark_shape = (AlmuMarkShape) g_test_rand_int_range (0, ALMU_N_MARK_SHAPES);
  style.mark_size = g_test_rand_int_range (1, 501);
  if (format == ALMU_REGION_TEXT_CRTF && (style.mark_shape == ALMU_MARK_SHAPE_BOX || style.mark_shape == ALMU_MARK_SHAPE_CIRCLE_LINED ||
                                          style.mark_shape == ALMU_MARK_SHAPE_DIAMOND_LINED))
    style.mark_shape = ALMU_MARK_SHAPE_X;
  style.n_dashes = dash > 0 ? 2 : 0;
  for (guint i = 0; i < 2; i++)
    style.dashes[i] = format == ALMU_REGION_TEXT_CRTF || dash == 0 ? dash : g_test_rand_int_range (1, 101);

  return style;
}

static void
assert_style (const AlmuRegionEntry *before,
              const AlmuRegionEntry *after)
{
  AlmuShapeType plain = almu_region_get_plain_type (before->shape->type);

  g_assert_cmpstr (after->style.name, ==, before->style.name);
  g_assert_cmpstr (after->style.color, ==, before->style.color);
  g_assert_cmpint (after->style.line_width, ==, before->style.line_width);
  g_assert_cmpint (after->style.n_dashes, ==, before->style.n_dashes);
  for (int i = 0; i < before->style.n_dashes; i++)
    g_assert_cmpint (after->style.dashes[i], ==, before->style.dashes[i]);
  if (plain == ALMU_SHAPE_POINT)
    {
      g_assert_cmpint (after->style.mark_shape, ==, before->style.mark_shape);
      g_assert_cmpint (after->style.mark_size, ==, before->style.mark_size);
    }
  if (plain == ALMU_SHAPE_ANN_TEXT)
    g_assert_cmpstr (after->style.labels[0], ==, before->style.labels[0]);
  if (plain >= ALMU_SHAPE_ANN_RULER)
    {
      g_assert_cmpint (after->style.font_size, ==, before->style.font_size);
      g_assert_cmpstr (after->style.font_style, ==, before->style.font_style);
    }
}

static void
round_trip (AlmuRegionFormat format,
            gboolean         is_world)
{
  g_autoptr(AlmuSkyMap) sky = random_map ();
  g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func ((GDestroyNotify) almu_region_entry_free);
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL;
  g_auto(Read) read = { NULL };

  for (int type = 0; type < ALMU_N_SHAPES; type++)
    {
      g_autoptr(AlmuShape) shape = type != ALMU_SHAPE_ANNULUS ? random_shape ((AlmuShapeType) type) : NULL;
      g_auto(AlmuRegionStyle) style = random_style (format);

      if (shape != NULL)
        g_ptr_array_add (entries, almu_region_entry_new (shape, &style));
    }

  text = almu_region_text_write (format, entries, is_world, sky, &error);
  g_assert_no_error (error);
  read = read_text (format, text, sky);
  for (guint i = 0; i < read.problems->len; i++)
    g_test_message ("%s", (char *) read.problems->pdata[i]);
  g_assert_cmpuint (read.problems->len, ==, 0);
  g_assert_cmpuint (read.entries->len, ==, entries->len);

  for (guint i = 0; i < entries->len; i++)
    {
      const AlmuRegionEntry *before = entries->pdata[i];
      const AlmuRegionEntry *after = read.entries->pdata[i];

      if (get_difference (before->shape, after->shape) > 0.01)
        g_error ("%s differs by %g in\n%s", almu_shape_type_get_name (before->shape->type),
                 get_difference (before->shape, after->shape), text);
      assert_style (before, after);
    }
}

static void
test_round_trip (void)
{
  for (int i = 0; i < 100; i++)
    {
      round_trip (ALMU_REGION_TEXT_CRTF, FALSE);
      round_trip (ALMU_REGION_TEXT_CRTF, TRUE);
      round_trip (ALMU_REGION_TEXT_DS9, FALSE);
      round_trip (ALMU_REGION_TEXT_DS9, TRUE);
    }
}

static void
test_write_refused (void)
{
  g_autoptr(AlmuSkyMap) sun = test_sky_map_new ("HPLN", "HPLT", "TAN", "COMMENT", 0, 0, 0.001, 0, FALSE);
  g_autoptr(GPtrArray) entries = g_ptr_array_new ();
  g_autoptr(GError) error = NULL;

  g_assert_null (almu_region_text_write (ALMU_REGION_TEXT_DS9, entries, TRUE, NULL, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  g_assert_null (almu_region_text_write (ALMU_REGION_TEXT_CRTF, entries, TRUE, sun, &error));
  g_assert_nonnull (strstr (error->message, "HPLN"));
}

/* No text does harm, however it is cut and mixed. */
static void
test_any_text (void)
{
  static const char *const pieces[] = {
    "circle", "box[[", "]", "1", "2pix", "3\"", "'", "\"", "{", "}", "#", " ", ",", ";", "\n", "-", "fk5", "galactic",
    "image", "text", "textbox(", "global", "color=", "font=\"a 1", "point=", "||", "poly", "12:30:00", "1e999", "nan",
    "dashlist=", "compass={", "symbol", "ann ", "coord=", "\xc3\xa9", "=", "corr=[", "(", ")", "ellipse", "0x", "1h", "\r"
  };
  g_autoptr(AlmuSkyMap) sky = survey ();

  for (int i = 0; i < 4000; i++)
    {
      g_autoptr(GString) text = g_string_new (NULL);
      int n = g_test_rand_int_range (1, 40);

      for (int j = 0; j < n; j++)
        g_string_append (text, pieces[g_test_rand_int_range (0, G_N_ELEMENTS (pieces))]);
      {
        g_auto(Read) crtf = read_text (ALMU_REGION_TEXT_CRTF, text->str, sky);
        g_auto(Read) ds9 = read_text (ALMU_REGION_TEXT_DS9, text->str, sky);
      }
    }
}

static void
test_many_problems (void)
{
  g_autoptr(GString) text = g_string_new (NULL);
  g_auto(Read) read = { NULL };

  for (int i = 0; i < ALMU_LIMIT_REGION_PROBLEMS + 7; i++)
    g_string_append (text, "what\n");
  read = read_text (ALMU_REGION_TEXT_DS9, text->str, NULL);
  g_assert_cmpuint (read.problems->len, ==, ALMU_LIMIT_REGION_PROBLEMS + 1);
  g_assert_cmpstr (read.problems->pdata[ALMU_LIMIT_REGION_PROBLEMS], ==, "7 more lines were not read");
}

/* -- files from the field ----------------------------------------------- */

static Read
read_shared (const char *name)
{
  g_autoptr(AlmuSkyMap) sky = survey ();
  g_autofree char *relative = g_build_filename ("regions", name, NULL);
  g_autofree char *path = almu_test_shared_path (relative);
  g_autofree char *text = NULL;

  if (path == NULL || !g_file_get_contents (path, &text, NULL, NULL))
    return (Read){ NULL };

  return read_text (g_str_has_suffix (name, ".crtf") ? ALMU_REGION_TEXT_CRTF : ALMU_REGION_TEXT_DS9, text, sky);
}

/* Many of them are about another part of the sky than the image. */
static void
test_shared (void)
{
  static const struct
  {
    const char *name;
    guint       n_entries;
    guint       n_problems;
  } files[] = {
    { "255-fk5.reg", 0, 1 },
    { "CRTF_CARTA.crtf", 0, 2 },
    { "CRTFgeneral.crtf", 2, 6 },
    { "ds9.color.reg", 7, 0 },
    { "ds9.composite.reg", 13, 7 },
    { "ds9.fk5.reg", 13, 6 },
    { "ds9.galactic.reg", 13, 6 },
    { "ds9.icrs.hms.reg", 13, 6 },
    { "ds9.image.oneline.reg", 12, 21 },
    { "ds9.image.reg", 13, 6 },
    { "test01_mixed.reg", 1, 4 },
    { "test_annuli.reg", 0, 8 },
    { "test_context.reg", 37, 1 },
    { "test_text.reg", 0, 6 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_auto(Read) read = read_shared (files[i].name);

      if (read.entries == NULL)
        return;

      g_test_message ("%s", files[i].name);
      g_assert_cmpuint (read.entries->len, ==, files[i].n_entries);
      g_assert_cmpuint (read.problems->len, ==, files[i].n_problems);
    }
}

/* DS9 wrote the same regions in several frames. */
static void
test_shared_frames (void)
{
  static const char *const others[] = { "ds9.galactic.reg", "ds9.icrs.hms.reg" };
  g_auto(Read) fk5 = read_shared ("ds9.fk5.reg");

  for (gsize i = 0; fk5.entries != NULL && i < G_N_ELEMENTS (others); i++)
    {
      g_auto(Read) other = read_shared (others[i]);

      for (guint j = 0; j < fk5.entries->len; j++)
        {
          const AlmuShape *a = get_entry (&fk5, j)->shape;
          const AlmuShape *b = get_entry (&other, j)->shape;

          g_assert_cmpint (a->type, ==, b->type);
          g_assert_cmpuint (a->n_points, ==, b->n_points);
          for (guint k = 0; k < a->n_points; k++)
            {
              g_assert_cmpfloat_with_epsilon (a->points[k].x, b->points[k].x, 0.1);
              g_assert_cmpfloat_with_epsilon (a->points[k].y, b->points[k].y, 0.1);
            }
          g_assert_cmpfloat (fabs (remainder (a->rotation - b->rotation, 180)), <, 0.05);
        }
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/engine/region-text/ds9/pixels", test_ds9_pixels);
  g_test_add_func ("/engine/region-text/ds9/sky", test_ds9_sky);
  g_test_add_func ("/engine/region-text/crtf", test_crtf);
  g_test_add_func ("/engine/region-text/problems", test_problems);
  g_test_add_func ("/engine/region-text/problems/many", test_many_problems);
  g_test_add_func ("/engine/region-text/round-trip", test_round_trip);
  g_test_add_func ("/engine/region-text/write/refused", test_write_refused);
  g_test_add_func ("/engine/region-text/any-text", test_any_text);
  g_test_add_func ("/engine/region-text/shared/all", test_shared);
  g_test_add_func ("/engine/region-text/shared/frames", test_shared_frames);

  return g_test_run ();
}
