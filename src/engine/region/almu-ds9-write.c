/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-region-text-private.h"

#include <math.h>
#include <string.h>

#define ARCSEC_PER_DEGREE 3600.0

static const char *const mark_names[ALMU_N_MARK_SHAPES] = {
  [ALMU_MARK_SHAPE_SQUARE] = "box",
  [ALMU_MARK_SHAPE_BOX] = "box",
  [ALMU_MARK_SHAPE_CIRCLE] = "circle",
  [ALMU_MARK_SHAPE_CIRCLE_LINED] = "circle",
  [ALMU_MARK_SHAPE_DIAMOND] = "diamond",
  [ALMU_MARK_SHAPE_DIAMOND_LINED] = "diamond",
  [ALMU_MARK_SHAPE_CROSS] = "cross",
  [ALMU_MARK_SHAPE_X] = "x",
};

static const char *
get_frame_name (const AlmuPlacer *placer)
{
  if (placer->is_pixel)
    return "image";

  switch (placer->frame.system)
    {
    case ALMU_SKY_FK4:
      return "fk4";
    case ALMU_SKY_FK5:
      return "fk5";
    case ALMU_SKY_GALACTIC:
      return "galactic";
    case ALMU_SKY_ECLIPTIC:
      return "ecliptic";
    case ALMU_SKY_ICRS:
    case ALMU_SKY_OTHER:
    case ALMU_SKY_SUPERGALACTIC:
    case ALMU_N_SKY_SYSTEMS:
    default:
      return "icrs";
    }
}

/* Pixels are counted from 1. */
static gboolean
append_place (GString          *text,
              const AlmuPlacer *placer,
              const AlmuPoint  *point,
              GError          **error)
{
  double numbers[2] = { point->x, point->y };
  int    digits = almu_region_writer_get_digits (placer, 1, placer->is_pixel ? 4 : 9);

  if (!almu_placer_from_pixels (placer, numbers, numbers, error))
    return FALSE;

  almu_region_writer_append_number (text, digits, numbers[0] + placer->is_pixel);
  g_string_append (text, ", ");
  almu_region_writer_append_number (text, digits, numbers[1] + placer->is_pixel);

  return TRUE;
}

static void
append_length (GString          *text,
               const AlmuPlacer *placer,
               double            length)
{
  g_string_append (text, ", ");
  if (placer->is_pixel)
    almu_region_writer_append_number (text, 4, length);
  else
    almu_region_writer_append_number (text, almu_region_writer_get_digits (placer, ARCSEC_PER_DEGREE, 4), length * ARCSEC_PER_DEGREE);
  if (!placer->is_pixel)
    g_string_append_c (text, '"');
}

static void
append_angle (GString *text,
              double   degrees)
{
  g_string_append (text, ", ");
  almu_words_append_number (text, "%.9g", degrees);
}

static gboolean
append_vertices (GString          *text,
                 const AlmuPlacer *placer,
                 const AlmuShape  *shape,
                 GError          **error)
{
  return almu_region_writer_append_places (text, placer, shape, append_place, error);
}

static gboolean
append_extent (GString          *text,
               const AlmuPlacer *placer,
               const AlmuShape  *shape,
               GError          **error)
{
  gboolean         is_ellipse = almu_region_get_plain_type (shape->type) == ALMU_SHAPE_ELLIPSE;
  AlmuRegionExtent extent;

  if (!append_place (text, placer, &shape->points[0], error) ||
      !almu_region_writer_get_extent (placer, shape, &extent, error))
    return FALSE;

  /* the first radius of DS9 lies along x */
  append_length (text, placer, is_ellipse ? extent.up : extent.right);
  append_length (text, placer, is_ellipse ? extent.right : extent.up);
  append_angle (text, is_ellipse ? fmod (extent.degrees + 90, 360) : extent.degrees);

  return TRUE;
}

static gboolean
append_vector (GString          *text,
               const AlmuPlacer *placer,
               const AlmuShape  *shape,
               GError          **error)
{
  const double pixel[2] = { shape->points[0].x, shape->points[0].y };
  const double vector[2] = { shape->points[1].x - pixel[0], shape->points[1].y - pixel[1] };
  AlmuLocal    local;
  double       length, degrees;

  if (!append_place (text, placer, &shape->points[0], error) ||
      !almu_placer_get_local (placer, pixel, &local, error))
    return FALSE;

  almu_local_from_pixels (&local, vector, &length, &degrees);
  append_length (text, placer, length);
  append_angle (text, degrees);

  return TRUE;
}

static gboolean
append_compass (GString          *text,
                const AlmuPlacer *placer,
                const AlmuShape  *shape,
                GError          **error)
{
  double length;

  if (!append_place (text, placer, &shape->points[0], error) ||
      !almu_region_writer_measure_compass (placer, shape, &length, error))
    return FALSE;

  append_length (text, placer, length);

  return TRUE;
}

typedef gboolean (*Append) (GString          *text,
                            const AlmuPlacer *placer,
                            const AlmuShape  *shape,
                            GError          **error);

static const struct
{
  const char *name;
  Append      append;
} shapes[ALMU_N_SHAPES] = {
  [ALMU_SHAPE_POINT] = { "point", append_vertices },
  [ALMU_SHAPE_LINE] = { "line", append_vertices },
  [ALMU_SHAPE_POLYLINE] = { "polyline", append_vertices },
  [ALMU_SHAPE_RECTANGLE] = { "box", append_extent },
  [ALMU_SHAPE_ELLIPSE] = { "ellipse", append_extent },
  [ALMU_SHAPE_POLYGON] = { "polygon", append_vertices },
  [ALMU_SHAPE_ANN_VECTOR] = { "vector", append_vector },
  [ALMU_SHAPE_ANN_RULER] = { "ruler", append_vertices },
  [ALMU_SHAPE_ANN_TEXT] = { "textbox", append_extent },
  [ALMU_SHAPE_ANN_COMPASS] = { "compass", append_compass },
};

/* -- styles ------------------------------------------------------------- */

/* Nothing closes what DS9 opens with a brace, so there is none inside. */
static void
append_braced (GString    *text,
               const char *name,
               const char *value)
{
  g_autofree char *clean = g_strdup (value);

  g_strdelimit (clean, "{}\n\r", ' ');
  g_string_append_printf (text, "%s{%s}", name, clean);
}

static void
append_font (GString               *text,
             const AlmuRegionStyle *style)
{
  g_autofree char *family = g_ascii_strdown (style->font, -1);
  gboolean         is_bold = strstr (style->font_style, "Bold") != NULL;
  gboolean         is_italic = strstr (style->font_style, "Italic") != NULL;

  g_strdelimit (family, "\" ", '_');
  g_string_append_printf (text, " font=\"%s %d %s %s\"", family, style->font_size,
                          is_bold ? "bold" : "normal", is_italic ? "italic" : "roman");
}

static void
append_style (GString               *text,
              AlmuShapeType          type,
              const AlmuRegionStyle *style)
{
  AlmuShapeType plain = almu_region_get_plain_type (type);
  const char   *frame = *style->frame != '\0' ? style->frame : "physical";

  g_string_append_printf (text, " color=%s width=%d", style->color, style->line_width);
  if (style->n_dashes > 0 && (style->dashes[0] > 0 || style->dashes[1] > 0))
    g_string_append_printf (text, " dash=1 dashlist=%d %d", style->dashes[0], style->dashes[1]);
  if (plain == ALMU_SHAPE_POINT)
    {
      g_string_append_printf (text, " point=%s %d", mark_names[style->mark_shape], style->mark_size);
      if (style->mark_shape == ALMU_MARK_SHAPE_SQUARE || style->mark_shape == ALMU_MARK_SHAPE_CIRCLE ||
          style->mark_shape == ALMU_MARK_SHAPE_DIAMOND)
        g_string_append (text, " fill=1");
    }
  if (plain == ALMU_SHAPE_ANN_VECTOR)
    g_string_append (text, " vector=1");
  if (plain == ALMU_SHAPE_ANN_RULER)
    g_string_append_printf (text, " ruler=%s degrees", frame);
  if (plain == ALMU_SHAPE_ANN_COMPASS)
    {
      g_string_append_printf (text, " compass=%s", frame);
      append_braced (text, " ", *style->labels[0] != '\0' ? style->labels[0] : "N");
      append_braced (text, " ", *style->labels[1] != '\0' ? style->labels[1] : "E");
      g_string_append_printf (text, " %d %d", style->has_arrow[0], style->has_arrow[1]);
    }
  if (plain >= ALMU_SHAPE_ANN_RULER)
    append_font (text, style);
  if (plain == ALMU_SHAPE_ANN_TEXT)
    append_braced (text, " text=", style->labels[0]);
  else if (*style->name != '\0')
    append_braced (text, " text=", style->name);
}

/* What DS9 does not draw as a region it has in comments; and what is not a
 * region to us we put there, too. */
static gboolean
append_entry (GString               *text,
              const AlmuPlacer      *placer,
              const AlmuRegionEntry *entry,
              GError               **error)
{
  const AlmuShape *shape = entry->shape;
  AlmuShapeType    plain = almu_region_get_plain_type (shape->type);
  gboolean         is_annotation = almu_shape_is_annotation (shape);

  if (is_annotation)
    g_string_append (text, "# ");
  g_string_append_printf (text, "%s(", shapes[plain].name);
  if (!shapes[plain].append (text, placer, shape, error))
    return FALSE;
  g_string_append_c (text, ')');

  if (plain == ALMU_SHAPE_ANN_TEXT)
    {
      g_string_append_printf (text, " align=%d", entry->style.text_position);
      append_braced (text, " text=", entry->style.name);
      g_string_append (text, "\n# text(");
      if (!append_place (text, placer, &shape->points[0], error))
        return FALSE;
      g_string_append_c (text, ')');
    }

  if (!is_annotation)
    g_string_append (text, " #");
  append_style (text, shape->type, &entry->style);
  g_string_append_c (text, '\n');

  return TRUE;
}

/**
 * almu_ds9_write:
 * @entries: (element-type AlmuRegionEntry): what to write
 * @placer: what places are written in
 * @text: grows by a whole file, and by part of one on failure
 * @error: return location; %ALMU_ERROR_UNSUPPORTED for a place without sky
 *
 * Writes regions in DS9's format, the frame first and then a line for each.
 *
 * Returns: whether all are written
 */
gboolean
almu_ds9_write (GPtrArray        *entries,
                const AlmuPlacer *placer,
                GString          *text,
                GError          **error)
{
  g_string_append (text, "# Region file format: DS9 CARTA " ALMU_VERSION "\n");
  g_string_append (text, "global color=green dashlist=8 3 width=1 font=\"helvetica 10 normal roman\" "
                         "select=1 highlite=1 dash=0 fixed=0 edit=1 move=1 delete=1 include=1 source=1\n");
  g_string_append_printf (text, "%s\n", get_frame_name (placer));

  for (guint i = 0; i < entries->len; i++)
    if (!append_entry (text, placer, entries->pdata[i], error))
      return FALSE;

  return TRUE;
}
