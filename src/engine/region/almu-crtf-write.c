/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-region-text-private.h"

#include <string.h>

#define ARCSEC_PER_DEGREE 3600.0

static const char mark_letters[ALMU_N_MARK_SHAPES] = {
  [ALMU_MARK_SHAPE_SQUARE] = 's',
  [ALMU_MARK_SHAPE_BOX] = 's',
  [ALMU_MARK_SHAPE_CIRCLE] = 'o',
  [ALMU_MARK_SHAPE_CIRCLE_LINED] = 'o',
  [ALMU_MARK_SHAPE_DIAMOND] = 'D',
  [ALMU_MARK_SHAPE_DIAMOND_LINED] = 'D',
  [ALMU_MARK_SHAPE_CROSS] = '+',
  [ALMU_MARK_SHAPE_X] = 'x',
};

/* CASA wants a frame even with pixels. */
static const char *
get_frame_name (const AlmuPlacer *placer)
{
  AlmuSkySystem system = placer->is_pixel ? ALMU_SKY_FK5 : placer->frame.system;

  switch (system)
    {
    case ALMU_SKY_ICRS:
      return "ICRS";
    case ALMU_SKY_FK4:
      return "B1950";
    case ALMU_SKY_GALACTIC:
      return "GALACTIC";
    case ALMU_SKY_SUPERGALACTIC:
      return "SUPERGAL";
    case ALMU_SKY_ECLIPTIC:
      return "ECLIPTIC";
    case ALMU_SKY_FK5:
    case ALMU_SKY_OTHER:
    case ALMU_N_SKY_SYSTEMS:
    default:
      return "J2000";
    }
}

static void
append_number (GString    *text,
               int         digits,
               double      number,
               const char *unit)
{
  almu_region_writer_append_number (text, digits, number);
  g_string_append (text, unit);
}

static gboolean
append_place (GString          *text,
              const AlmuPlacer *placer,
              const AlmuPoint  *point,
              GError          **error)
{
  double      numbers[2] = { point->x, point->y };
  const char *unit = placer->is_pixel ? "pix" : "deg";
  int         digits = almu_region_writer_get_digits (placer, 1, placer->is_pixel ? 4 : 9);

  if (!almu_placer_from_pixels (placer, numbers, numbers, error))
    return FALSE;

  g_string_append_c (text, '[');
  append_number (text, digits, numbers[0], unit);
  g_string_append (text, ", ");
  append_number (text, digits, numbers[1], unit);
  g_string_append_c (text, ']');

  return TRUE;
}

static void
append_length (GString          *text,
               const AlmuPlacer *placer,
               double            length)
{
  if (placer->is_pixel)
    append_number (text, 4, length, "pix");
  else
    append_number (text, almu_region_writer_get_digits (placer, ARCSEC_PER_DEGREE, 4),
                   length * ARCSEC_PER_DEGREE, "arcsec");
}

static gboolean
append_vertices (GString          *text,
                 const AlmuPlacer *placer,
                 const AlmuShape  *shape,
                 GError          **error)
{
  return almu_region_writer_append_places (text, placer, shape, append_place, error);
}

/* [x, y], [w, h], angle */
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

  g_string_append (text, ", [");
  append_length (text, placer, is_ellipse ? extent.up : extent.right);
  g_string_append (text, ", ");
  append_length (text, placer, is_ellipse ? extent.right : extent.up);
  g_string_append (text, "]");
  if (is_ellipse || extent.degrees != 0)
    {
      g_string_append (text, ", ");
      almu_words_append_number (text, "%.9g", extent.degrees);
      g_string_append (text, "deg");
    }

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

  g_string_append (text, ", ");
  append_length (text, placer, length);

  return TRUE;
}

typedef gboolean (*Append) (GString          *text,
                            const AlmuPlacer *placer,
                            const AlmuShape  *shape,
                            GError          **error);

/* What CASA does not know at all is a comment to it. */
static const struct
{
  const char *name;
  const char *annotation;
  Append      append;
} shapes[ALMU_N_SHAPES] = {
  [ALMU_SHAPE_POINT] = { "symbol", "ann symbol", append_vertices },
  [ALMU_SHAPE_LINE] = { "line", "ann line", append_vertices },
  [ALMU_SHAPE_POLYLINE] = { "polyline", "ann polyline", append_vertices },
  [ALMU_SHAPE_RECTANGLE] = { "rotbox", "ann rotbox", append_extent },
  [ALMU_SHAPE_ELLIPSE] = { "ellipse", "ann ellipse", append_extent },
  [ALMU_SHAPE_POLYGON] = { "poly", "ann poly", append_vertices },
  [ALMU_SHAPE_ANN_VECTOR] = { NULL, "vector", append_vertices },
  [ALMU_SHAPE_ANN_RULER] = { NULL, "# ruler", append_vertices },
  [ALMU_SHAPE_ANN_TEXT] = { NULL, "# textbox", append_extent },
  [ALMU_SHAPE_ANN_COMPASS] = { NULL, "# compass", append_compass },
};

/* Quotes close what quotes open. */
static void
append_quoted (GString    *text,
               const char *value)
{
  g_autofree char *clean = g_strdup (value);

  g_strdelimit (clean, "\"\n\r", '\'');
  g_string_append_printf (text, "\"%s\"", clean);
}

static const char *
get_line_style (const AlmuRegionStyle *style)
{
  if (style->n_dashes == 0 || (style->dashes[0] == 0 && style->dashes[1] == 0))
    return "-";

  return style->dashes[0] == 1 ? ":" : "--";
}

static const char *
get_font_style (const AlmuRegionStyle *style)
{
  gboolean is_bold = strstr (style->font_style, "Bold") != NULL;
  gboolean is_italic = strstr (style->font_style, "Italic") != NULL;

  return is_bold && is_italic ? "italic_bold" : is_bold   ? "bold"
                                              : is_italic ? "italic"
                                                          : "normal";
}

static void
append_style (GString               *text,
              const AlmuPlacer      *placer,
              AlmuShapeType          type,
              const AlmuRegionStyle *style)
{
  AlmuShapeType    plain = almu_region_get_plain_type (type);
  g_autofree char *color = g_ascii_strdown (*style->color == '#' ? style->color + 1 : style->color, -1);

  g_string_append_printf (text, " coord=%s, linewidth=%d, linestyle=%s, color=%s", get_frame_name (placer),
                          style->line_width, get_line_style (style), color);
  if (plain == ALMU_SHAPE_POINT)
    g_string_append_printf (text, ", symsize=%d, symthick=1", style->mark_size);
  if (plain >= ALMU_SHAPE_ANN_RULER)
    {
      g_autofree char *font = g_strdup (style->font);

      g_strdelimit (font, ", ='\"", '_');
      g_string_append_printf (text, ", font=%s, fontsize=%d, fontstyle=%s, usetex=false",
                              font, style->font_size, get_font_style (style));
    }
  if (plain == ALMU_SHAPE_ANN_RULER || plain == ALMU_SHAPE_ANN_COMPASS)
    {
      g_string_append (text, ", system=");
      append_quoted (text, style->frame);
    }
  if (plain == ALMU_SHAPE_ANN_COMPASS)
    {
      g_string_append (text, ", north=");
      append_quoted (text, style->labels[0]);
      g_string_append (text, ", east=");
      append_quoted (text, style->labels[1]);
      g_string_append_printf (text, ", arrows=%d%d", style->has_arrow[0], style->has_arrow[1]);
    }
  if (*style->name != '\0')
    {
      g_string_append (text, ", label=");
      append_quoted (text, style->name);
      g_string_append_printf (text, ", labelcolor=%s, labelpos=top", color);
    }
  g_string_append_c (text, '\n');
}

/* The box of a text and what it says are two lines: CASA has no size. */
static gboolean
append_text (GString               *text,
             const AlmuPlacer      *placer,
             const AlmuRegionEntry *entry,
             GError               **error)
{
  g_string_append_printf (text, "] coord=%s, align=%d\ntext [",
                          get_frame_name (placer), entry->style.text_position);
  if (!append_place (text, placer, &entry->shape->points[0], error))
    return FALSE;

  g_string_append (text, ", ");
  append_quoted (text, entry->style.labels[0]);

  return TRUE;
}

static gboolean
append_entry (GString               *text,
              const AlmuPlacer      *placer,
              const AlmuRegionEntry *entry,
              GError               **error)
{
  const AlmuShape *shape = entry->shape;
  AlmuShapeType    plain = almu_region_get_plain_type (shape->type);
  const char      *name = almu_shape_is_annotation (shape) ? shapes[plain].annotation : shapes[plain].name;

  g_string_append_printf (text, "%s [", name);
  if (!shapes[plain].append (text, placer, shape, error))
    return FALSE;

  if (plain == ALMU_SHAPE_POINT)
    g_string_append_printf (text, ", %c", mark_letters[entry->style.mark_shape]);
  if (plain == ALMU_SHAPE_ANN_TEXT && !append_text (text, placer, entry, error))
    return FALSE;

  g_string_append (text, "]");
  append_style (text, placer, shape->type, &entry->style);

  return TRUE;
}

/**
 * almu_crtf_write:
 * @entries: (element-type AlmuRegionEntry): what to write
 * @placer: what places are written in
 * @text: grows by a whole file, and by part of one on failure
 * @error: return location; %ALMU_ERROR_UNSUPPORTED for a place without sky
 *
 * Writes regions in CASA's format (CRTF, version 0), a line for each.
 *
 * Returns: whether all are written
 */
gboolean
almu_crtf_write (GPtrArray        *entries,
                 const AlmuPlacer *placer,
                 GString          *text,
                 GError          **error)
{
  g_string_append (text, "#CRTFv0 CASA Region Text Format version 0\n");

  for (guint i = 0; i < entries->len; i++)
    if (!append_entry (text, placer, entries->pdata[i], error))
      return FALSE;

  return TRUE;
}
