/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-region-text-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "almu-error.h"

#define DELIMITERS " ,[]()"

/* -- styles ------------------------------------------------------------- */

static const struct
{
  char          letter;
  AlmuMarkShape shape;
} marks[] = {
  { 's', ALMU_MARK_SHAPE_SQUARE },
  { 'o', ALMU_MARK_SHAPE_CIRCLE },
  { 'D', ALMU_MARK_SHAPE_DIAMOND },
  { '+', ALMU_MARK_SHAPE_CROSS },
  { 'x', ALMU_MARK_SHAPE_X },
  { '.', ALMU_MARK_SHAPE_SQUARE },
};

static void
take_line_style (AlmuRegionStyle *style,
                 const char      *text)
{
  gboolean is_solid = strcmp (text, "-") == 0;
  gboolean is_dotted = strcmp (text, ":") == 0;

  style->n_dashes = is_solid ? 0 : 2;
  style->dashes[0] = style->dashes[1] = is_solid ? 0 : is_dotted ? 1
                                                                 : 2;
}

static const char *
get_font_style (const char *text)
{
  if (strcmp (text, "bold") == 0)
    return "Bold";
  if (strcmp (text, "italic") == 0)
    return "Italic";

  return strcmp (text, "italic_bold") == 0 ? "Italic Bold" : "Normal";
}

/* CASA draws in green, one pixel wide, where nothing is said. */
static void
take_style (AlmuRegionStyle *style,
            GHashTable      *settings)
{
  const char *value;

  if ((value = g_hash_table_lookup (settings, "color")) != NULL)
    {
      g_free (style->color);
      style->color = almu_color_clean (value);
    }
  if ((value = g_hash_table_lookup (settings, "linewidth")) != NULL)
    style->line_width = almu_words_get_int (value, 0, 100);
  if ((value = g_hash_table_lookup (settings, "linestyle")) != NULL)
    take_line_style (style, value);
  if ((value = g_hash_table_lookup (settings, "label")) != NULL)
    almu_words_set_text (&style->name, value);
  if ((value = g_hash_table_lookup (settings, "symsize")) != NULL)
    style->mark_size = almu_words_get_int (value, 1, 500);
  if ((value = g_hash_table_lookup (settings, "font")) != NULL)
    almu_words_set_text (&style->font, value);
  if ((value = g_hash_table_lookup (settings, "fontsize")) != NULL)
    style->font_size = almu_words_get_int (value, 1, 500);
  if ((value = g_hash_table_lookup (settings, "fontstyle")) != NULL)
    almu_words_set_text (&style->font_style, get_font_style (value));
  if ((value = g_hash_table_lookup (settings, "align")) != NULL)
    style->text_position = almu_words_get_int (value, 0, ALMU_N_TEXT_POSITIONS - 1);
  if ((value = g_hash_table_lookup (settings, "system")) != NULL)
    almu_words_set_text (&style->frame, value);
  if ((value = g_hash_table_lookup (settings, "north")) != NULL)
    almu_words_set_text (&style->labels[0], value);
  if ((value = g_hash_table_lookup (settings, "east")) != NULL)
    almu_words_set_text (&style->labels[1], value);
  if ((value = g_hash_table_lookup (settings, "arrows")) != NULL)
    for (int i = 0; i < 2; i++)
      style->has_arrow[i] = strlen (value) == 2 && value[i] == '1';
}

/* -- frames ------------------------------------------------------------- */

static const struct
{
  const char   *name;
  AlmuSkySystem system;
  double        equinox;
} frames[] = {
  { "J2000", ALMU_SKY_FK5, 2000 },
  { "B1950", ALMU_SKY_FK4, 1950 },
  { "B1950_VLA", ALMU_SKY_FK4, 1950 },
  { "ICRS", ALMU_SKY_ICRS },
  { "GALACTIC", ALMU_SKY_GALACTIC },
  { "SUPERGAL", ALMU_SKY_SUPERGALACTIC },
  { "ECLIPTIC", ALMU_SKY_ECLIPTIC },
};

static gboolean
take_frame (AlmuPlacer *placer,
            GHashTable *settings,
            GError    **error)
{
  const char *name = g_hash_table_lookup (settings, "coord");

  if (name == NULL)
    return TRUE;

  for (gsize i = 0; i < G_N_ELEMENTS (frames); i++)
    {
      if (g_ascii_strcasecmp (frames[i].name, name) != 0)
        continue;

      placer->frame = (AlmuSkyFrame){ frames[i].system, frames[i].equinox, "" };
      return TRUE;
    }

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED, _ ("the coordinate system %s is not supported"), name);
  return FALSE;
}

/* -- shapes ------------------------------------------------------------- */

static AlmuShape *
make_symbol (AlmuRegionLine *line,
             AlmuShapeType   type,
             GError        **error)
{
  AlmuRegionSpot spot;

  if (!almu_region_line_count (line, 2, 3, _ ("a symbol has 2 coordinates and a letter"), error) ||
      !almu_region_line_place (line, 0, &spot, error))
    return NULL;

  for (gsize i = 0; line->words->len > 2 && i < G_N_ELEMENTS (marks); i++)
    if (*(char *) line->words->pdata[2] == marks[i].letter)
      line->style->mark_shape = marks[i].shape;

  return almu_region_reader_make (type, &spot, 1, 0, error);
}

/* The first radius points up at angle 0, as ours does. */
static AlmuShape *
make_ellipse (AlmuRegionLine *line,
              AlmuShapeType   type,
              GError        **error)
{
  AlmuRegionSpot spot;
  AlmuLength     up, right;
  double         degrees;

  if (!almu_region_line_count (line, 4, 5, _ ("an ellipse has a centre, 2 radii and an angle"), error) ||
      !almu_region_line_place (line, 0, &spot, error) || !almu_region_line_measure (line, &spot, 2, &up, error) ||
      !almu_region_line_measure (line, &spot, 3, &right, error) || !almu_region_line_turn (line, 4, &degrees, error))
    return NULL;

  return almu_region_reader_frame (type, &spot, &right, &up, degrees, error);
}

static AlmuShape *
make_centred_box (AlmuRegionLine *line,
                  AlmuShapeType   type,
                  GError        **error)
{
  AlmuRegionSpot spot;
  AlmuLength     width, height;
  double         degrees;

  if (!almu_region_line_count (line, 4, 5, _ ("this box has a centre, 2 sizes and, if turned, an angle"), error) ||
      !almu_region_line_place (line, 0, &spot, error) || !almu_region_line_measure (line, &spot, 2, &width, error) ||
      !almu_region_line_measure (line, &spot, 3, &height, error) || !almu_region_line_turn (line, 4, &degrees, error))
    return NULL;

  return almu_region_reader_frame (type, &spot, &width, &height, degrees, error);
}

/* By two opposite corners. */
static AlmuShape *
make_box (AlmuRegionLine *line,
          AlmuShapeType   type,
          GError        **error)
{
  AlmuRegionSpot corners[2], spots[2];

  if (!almu_region_line_count (line, 4, 4, _ ("a box has 2 corners"), error) ||
      !almu_region_line_place (line, 0, &corners[0], error) || !almu_region_line_place (line, 2, &corners[1], error))
    return NULL;

  for (int i = 0; i < 2; i++)
    {
      spots[0].pixel[i] = (corners[0].pixel[i] + corners[1].pixel[i]) / 2;
      spots[1].pixel[i] = ABS (corners[1].pixel[i] - corners[0].pixel[i]);
    }

  return almu_region_reader_make (type, spots, 2, 0, error);
}

static AlmuShape *
make_text (AlmuRegionLine *line,
           AlmuShapeType   type,
           GError        **error)
{
  AlmuRegionReader *reader = line->reader;
  AlmuRegionSpot    spots[2];

  if (!almu_region_line_count (line, 2, 2, _ ("a text has 2 coordinates and what it says"), error) ||
      !almu_region_line_place (line, 0, &spots[0], error))
    return NULL;

  spots[1].pixel[0] = reader->has_box ? reader->box[0] : 0;
  spots[1].pixel[1] = reader->has_box ? reader->box[1] : 0;
  almu_words_set_text (&line->style->labels[0], line->text);
  if (reader->has_box)
    line->style->text_position = reader->box_position;

  return almu_region_reader_make (type, spots, 2, reader->has_box ? reader->box_rotation : 0, error);
}

/* Tells the size of the text on the next line. */
static AlmuShape *
make_text_box (AlmuRegionLine *line,
               AlmuShapeType   type,
               GError        **error)
{
  g_autoptr(AlmuShape) box = make_centred_box (line, ALMU_SHAPE_ANN_TEXT, error);

  if (box == NULL)
    return NULL;

  line->reader->has_box = TRUE;
  line->reader->box[0] = box->points[1].x;
  line->reader->box[1] = box->points[1].y;
  line->reader->box_rotation = box->rotation;
  line->reader->box_position = line->style->text_position;

  return NULL;
}

static const struct
{
  const char        *name;
  AlmuShapeType      type;
  AlmuShapeType      annotation;
  AlmuRegionLineMake make; /* NULL: not supported */
} shapes[] = {
  { "symbol", ALMU_SHAPE_POINT, ALMU_SHAPE_ANN_POINT, make_symbol },
  { "circle", ALMU_SHAPE_ELLIPSE, ALMU_SHAPE_ANN_ELLIPSE, almu_region_line_make_circle },
  { "ellipse", ALMU_SHAPE_ELLIPSE, ALMU_SHAPE_ANN_ELLIPSE, make_ellipse },
  { "box", ALMU_SHAPE_RECTANGLE, ALMU_SHAPE_ANN_RECTANGLE, make_box },
  { "centerbox", ALMU_SHAPE_RECTANGLE, ALMU_SHAPE_ANN_RECTANGLE, make_centred_box },
  { "rotbox", ALMU_SHAPE_RECTANGLE, ALMU_SHAPE_ANN_RECTANGLE, make_centred_box },
  { "poly", ALMU_SHAPE_POLYGON, ALMU_SHAPE_ANN_POLYGON, almu_region_line_make_vertices },
  { "polygon", ALMU_SHAPE_POLYGON, ALMU_SHAPE_ANN_POLYGON, almu_region_line_make_vertices },
  { "line", ALMU_SHAPE_LINE, ALMU_SHAPE_ANN_LINE, almu_region_line_make_vertices },
  { "polyline", ALMU_SHAPE_POLYLINE, ALMU_SHAPE_ANN_POLYLINE, almu_region_line_make_vertices },
  { "vector", ALMU_SHAPE_ANN_VECTOR, ALMU_SHAPE_ANN_VECTOR, almu_region_line_make_vertices },
  { "ruler", ALMU_SHAPE_ANN_RULER, ALMU_SHAPE_ANN_RULER, almu_region_line_make_vertices },
  { "compass", ALMU_SHAPE_ANN_COMPASS, ALMU_SHAPE_ANN_COMPASS, almu_region_line_make_compass },
  { "text", ALMU_SHAPE_ANN_TEXT, ALMU_SHAPE_ANN_TEXT, make_text },
  { "textbox", ALMU_SHAPE_ANN_TEXT, ALMU_SHAPE_ANN_TEXT, make_text_box },
  { "annulus" },
};

static int
find_shape (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++)
    if (g_ascii_strcasecmp (shapes[i].name, name) == 0)
      return (int) i;

  return -1;
}

/* -- lines -------------------------------------------------------------- */

/* Where the brackets that begin the line are closed. A quoted text may have
 * brackets of its own. */
static const char *
find_close (const char *text)
{
  int depth = 0;

  for (; *text != '\0'; text++)
    {
      if (*text == '\'' || *text == '"')
        {
          const char *end = depth > 0 ? strchr (text + 1, *text) : NULL;

          text = end != NULL ? end : text;
        }
      else if (*text == '[')
        {
          depth++;
        }
      else if (*text == ']' && --depth == 0)
        {
          return text + 1;
        }
    }

  return NULL;
}

/* Takes a quoted word out of the numbers: what a text says. */
static char *
take_quoted (char *numbers)
{
  char *begin = strpbrk (numbers, "'\"");
  char *end;

  /* 12" and 3' are lengths */
  while (begin != NULL && begin > numbers && g_ascii_isdigit (begin[-1]))
    begin = strpbrk (begin + 1, "'\"");

  end = begin != NULL ? strrchr (begin + 1, *begin) : NULL;
  if (end == NULL)
    return NULL;

  {
    char *text = g_strndup (begin + 1, (gsize) (end - begin - 1));

    memset (begin, ' ', (gsize) (end - begin + 1));
    return text;
  }
}

static void
read_shape (AlmuRegionReader *self,
            int               index,
            const char       *rest,
            gboolean          is_annotation)
{
  const char      *close = find_close (rest);
  g_autofree char *numbers = close != NULL ? g_strndup (rest, (gsize) (close - rest)) : g_strdup (rest);
  g_autofree char *text = take_quoted (numbers);
  g_autoptr(GPtrArray) words = almu_words_split (numbers, DELIMITERS);
  g_autoptr(GHashTable) settings = almu_settings_words_parse (close != NULL ? close : "", ',');
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuShape) shape = NULL;
  g_auto(AlmuRegionStyle) style = { 0 };
  AlmuPlacer     kept = self->placer;
  AlmuRegionLine line = { self, words, text != NULL ? text : "", &style };
  AlmuShapeType  type = is_annotation ? shapes[index].annotation : shapes[index].type;

  if (shapes[index].make == NULL)
    {
      almu_region_reader_complain (self, _ ("CRTF %s regions are not supported"), shapes[index].name);
      return;
    }
  if (close == NULL)
    {
      almu_region_reader_complain (self, _ ("the brackets of the %s are not closed"), shapes[index].name);
      return;
    }

  almu_region_style_copy (&style, &self->defaults);
  take_style (&style, settings);
  self->placer.is_pixel = FALSE;
  if (take_frame (&self->placer, settings, &error))
    shape = shapes[index].make (&line, type, &error);
  self->placer = kept;

  if (error != NULL)
    almu_region_reader_complain (self, "%s", error->message);
  if (shape == NULL)
    return;

  self->has_box = FALSE;
  almu_region_reader_add (self, shape, &style);
}

static void
read_global (AlmuRegionReader *self,
             const char       *text)
{
  g_autoptr(GHashTable) settings = almu_settings_words_parse (text, ',');
  g_autoptr(GError) error = NULL;

  take_style (&self->defaults, settings);
  if (!take_frame (&self->placer, settings, &error))
    almu_region_reader_complain (self, "%s", error->message);
}

static gboolean
take_word (const char **text,
           const char  *word)
{
  gsize n = strlen (word);

  if (g_ascii_strncasecmp (*text, word, n) != 0 || (*text)[n] != ' ')
    return FALSE;

  *text += n;
  *text += strspn (*text, " ");
  return TRUE;
}

/**
 * almu_crtf_read_line:
 * @line: one line, without blanks at its ends
 *
 * Takes a line of CASA's format: a region, what holds for those that follow
 * (global), or a comment, in which there may be an annotation of ours. What
 * cannot be taken is complained of.
 */
void
almu_crtf_read_line (AlmuRegionReader *self,
                     const char       *line)
{
  gboolean         is_comment = *line == '#';
  gboolean         is_annotation = is_comment;
  gboolean         is_excluded = FALSE;
  g_autofree char *name = NULL;
  gsize            n;
  int              index;

  if (is_comment)
    line += strspn (line, "# ");
  if (*line == '\0')
    return;

  if (!is_comment && (*line == '-' || *line == '+'))
    {
      is_excluded = *line == '-';
      line += 1 + strspn (line + 1, " ");
    }
  if (take_word (&line, "global"))
    {
      if (!is_comment)
        read_global (self, line);
      return;
    }
  if (take_word (&line, "ann"))
    is_annotation = TRUE;

  for (n = 0; g_ascii_isalpha (line[n]); n++)
    ;
  name = g_strndup (line, n);
  index = find_shape (name);

  /* a comment, unless it is one of the shapes that we hide in comments */
  if (is_comment && (index < 0 || shapes[index].type < ALMU_SHAPE_ANN_POINT || shapes[index].make == NULL ||
                     line[n + strspn (line + n, " ")] != '['))
    return;

  if (index < 0)
    {
      almu_region_reader_complain (self, _ ("“%s” begins no region of CRTF"), line);
      return;
    }
  if (is_excluded && shapes[index].make != NULL)
    almu_region_reader_complain (self, _ ("the region is taken, but not that it excludes its area (-)"));
  read_shape (self, index, line + n, is_annotation);
}
