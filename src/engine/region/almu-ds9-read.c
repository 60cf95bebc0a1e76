/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-region-text-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "almu-error.h"

/* -- styles ------------------------------------------------------------- */

static const struct
{
  const char   *name;
  AlmuMarkShape open;
  AlmuMarkShape filled;
} marks[] = {
  { "box", ALMU_MARK_SHAPE_BOX, ALMU_MARK_SHAPE_SQUARE },
  { "circle", ALMU_MARK_SHAPE_CIRCLE_LINED, ALMU_MARK_SHAPE_CIRCLE },
  { "diamond", ALMU_MARK_SHAPE_DIAMOND_LINED, ALMU_MARK_SHAPE_DIAMOND },
  { "cross", ALMU_MARK_SHAPE_CROSS, ALMU_MARK_SHAPE_CROSS },
  { "x", ALMU_MARK_SHAPE_X, ALMU_MARK_SHAPE_X },
  { "arrow", ALMU_MARK_SHAPE_X, ALMU_MARK_SHAPE_X },
  { "boxcircle", ALMU_MARK_SHAPE_BOX, ALMU_MARK_SHAPE_BOX },
};

static void
take_dashes (AlmuRegionStyle *style,
             GHashTable      *settings)
{
  const char *dash = g_hash_table_lookup (settings, "dash");
  const char *list = g_hash_table_lookup (settings, "dashlist");

  if (list != NULL)
    {
      g_auto(GStrv) words = g_strsplit (list, " ", 3);

      for (int i = 0; i < 2; i++)
        style->dashes[i] = words[0] != NULL && words[i] != NULL ? almu_words_get_int (words[i], 0, 100) : 0;
    }
  if (dash != NULL)
    style->n_dashes = *dash == '1' ? 2 : 0;
}

/* font="helvetica 10 normal roman" */
static void
take_font (AlmuRegionStyle *style,
           const char      *text)
{
  g_autoptr(GPtrArray) words = almu_words_split (text, " ");
  gboolean is_bold = FALSE, is_italic = FALSE;

  if (words->len > 0)
    {
      almu_words_set_text (&style->font, words->pdata[0]);
      *style->font = g_ascii_toupper (*style->font);
    }
  if (words->len > 1)
    style->font_size = almu_words_get_int (words->pdata[1], 1, 500);
  for (guint i = 2; i < words->len; i++)
    {
      is_bold |= strcmp (words->pdata[i], "bold") == 0;
      is_italic |= strcmp (words->pdata[i], "italic") == 0;
    }
  almu_words_set_text (&style->font_style, is_bold && is_italic ? "Italic Bold" : is_bold   ? "Bold"
                                                                                : is_italic ? "Italic"
                                                                                            : "Normal");
}

static void
take_mark (AlmuRegionStyle *style,
           const char      *text,
           gboolean         is_filled)
{
  g_autoptr(GPtrArray) words = almu_words_split (text, " ");

  for (gsize i = 0; i < G_N_ELEMENTS (marks) && words->len > 0; i++)
    if (strcmp (marks[i].name, words->pdata[0]) == 0)
      style->mark_shape = is_filled ? marks[i].filled : marks[i].open;
  if (words->len > 1)
    style->mark_size = almu_words_get_int (words->pdata[1], 1, 500);
}

/* compass=fk5 {N} {E} 1 1; the braces are gone by now */
static void
take_compass (AlmuRegionStyle *style,
              const char      *text)
{
  g_autoptr(GPtrArray) words = almu_words_split (text, " ");

  if (words->len > 0)
    almu_words_set_text (&style->frame, words->pdata[0]);
  for (guint i = 0; i < 2; i++)
    {
      if (words->len > 1 + i)
        almu_words_set_text (&style->labels[i], words->pdata[1 + i]);
      if (words->len > 3 + i)
        style->has_arrow[i] = strcmp (words->pdata[3 + i], "1") == 0;
    }
}

static void
take_style (AlmuRegionStyle *style,
            const char      *text)
{
  g_autoptr(GHashTable) settings = almu_settings_words_parse (text, '\0');
  const char *value;
  const char *fill = g_hash_table_lookup (settings, "fill");

  if ((value = g_hash_table_lookup (settings, "color")) != NULL)
    {
      g_free (style->color);
      style->color = almu_color_clean (value);
    }
  if ((value = g_hash_table_lookup (settings, "width")) != NULL)
    style->line_width = almu_words_get_int (value, 0, 100);
  if ((value = g_hash_table_lookup (settings, "text")) != NULL)
    almu_words_set_text (&style->name, value);
  if ((value = g_hash_table_lookup (settings, "font")) != NULL)
    take_font (style, value);
  if ((value = g_hash_table_lookup (settings, "point")) != NULL)
    take_mark (style, value, fill != NULL && *fill == '1');
  if ((value = g_hash_table_lookup (settings, "compass")) != NULL)
    take_compass (style, value);
  if ((value = g_hash_table_lookup (settings, "ruler")) != NULL)
    {
      almu_words_set_text (&style->frame, value);
      style->frame[strcspn (style->frame, " ")] = '\0';
    }
  if ((value = g_hash_table_lookup (settings, "align")) != NULL)
    style->text_position = almu_words_get_int (value, 0, ALMU_N_TEXT_POSITIONS - 1);
  take_dashes (style, settings);
}

/* -- frames ------------------------------------------------------------- */

/* "image" and "physical" are pixels to us; of the rest NULL is what we have
 * no coordinates for. */
static const struct
{
  const char   *name;
  gboolean      is_pixel;
  AlmuSkySystem system;
  double        equinox;
} frames[] = {
  { "image", TRUE },
  { "physical", TRUE },
  { "fk4", FALSE, ALMU_SKY_FK4, 1950 },
  { "b1950", FALSE, ALMU_SKY_FK4, 1950 },
  { "fk5", FALSE, ALMU_SKY_FK5, 2000 },
  { "j2000", FALSE, ALMU_SKY_FK5, 2000 },
  { "icrs", FALSE, ALMU_SKY_ICRS },
  { "galactic", FALSE, ALMU_SKY_GALACTIC },
  { "ecliptic", FALSE, ALMU_SKY_ECLIPTIC },
};

static gboolean
take_frame (AlmuRegionReader *self,
            const char       *word)
{
  static const char *const others[] = { "linear", "amplifier", "detector", "wcs" };

  for (gsize i = 0; i < G_N_ELEMENTS (frames); i++)
    {
      if (strcmp (frames[i].name, word) != 0)
        continue;

      self->placer.is_pixel = frames[i].is_pixel;
      self->placer.frame = (AlmuSkyFrame){ frames[i].system, frames[i].equinox, "" };
      return TRUE;
    }

  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    {
      if (!g_str_has_prefix (word, others[i]))
        continue;

      almu_region_reader_complain (self, _ ("the coordinate system %s is not supported; "
                                            "what follows in it is left out"),
                                   word);
      /* nothing can be placed in it */
      self->placer.is_pixel = FALSE;
      self->placer.frame = (AlmuSkyFrame){ ALMU_SKY_OTHER };
      g_strlcpy (self->placer.frame.type, word, sizeof self->placer.frame.type);
      return TRUE;
    }

  return FALSE;
}

/* -- shapes ------------------------------------------------------------- */

static AlmuShape *
make_point (AlmuRegionLine *line,
            AlmuShapeType   type,
            GError        **error)
{
  AlmuRegionSpot spot;

  if (!almu_region_line_count (line, 2, 2, _ ("a point has 2 coordinates"), error) || !almu_region_line_place (line, 0, &spot, error))
    return NULL;

  return almu_region_reader_make (type, &spot, 1, 0, error);
}

/* The first radius of DS9 lies along x, ours along y. */
static AlmuShape *
make_ellipse (AlmuRegionLine *line,
              AlmuShapeType   type,
              GError        **error)
{
  AlmuRegionSpot spot;
  AlmuLength     first, second;
  double         degrees;

  if (line->words->len > 5)
    {
      g_set_error_literal (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED, _ ("elliptical annuli are not supported"));
      return NULL;
    }
  if (!almu_region_line_count (line, 4, 5, _ ("an ellipse has a centre, 2 radii and an angle"), error) ||
      !almu_region_line_place (line, 0, &spot, error) || !almu_region_line_measure (line, &spot, 2, &first, error) ||
      !almu_region_line_measure (line, &spot, 3, &second, error) || !almu_region_line_turn (line, 4, &degrees, error))
    return NULL;

  return almu_region_reader_frame (type, &spot, &second, &first, degrees - 90, error);
}

static AlmuShape *
make_box (AlmuRegionLine *line,
          AlmuShapeType   type,
          GError        **error)
{
  AlmuRegionSpot spot;
  AlmuLength     width, height;
  double         degrees;

  if (line->words->len > 5)
    {
      g_set_error_literal (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED, _ ("box annuli are not supported"));
      return NULL;
    }
  if (!almu_region_line_count (line, 4, 5, _ ("a box has a centre, 2 sizes and an angle"), error) ||
      !almu_region_line_place (line, 0, &spot, error) || !almu_region_line_measure (line, &spot, 2, &width, error) ||
      !almu_region_line_measure (line, &spot, 3, &height, error) || !almu_region_line_turn (line, 4, &degrees, error))
    return NULL;

  return almu_region_reader_frame (type, &spot, &width, &height, degrees, error);
}

static AlmuShape *
make_vector (AlmuRegionLine *line,
             AlmuShapeType   type,
             GError        **error)
{
  AlmuRegionSpot spots[2];
  AlmuLength     length;
  double         degrees;
  double         vector[2];

  if (!almu_region_line_count (line, 4, 4, _ ("a vector has a beginning, a length and an angle"), error) ||
      !almu_region_line_place (line, 0, &spots[0], error) || !almu_region_line_measure (line, &spots[0], 2, &length, error) ||
      !almu_region_line_turn (line, 3, &degrees, error))
    return NULL;

  almu_local_to_pixels (&spots[0].local, &length, degrees, vector);
  spots[1] = spots[0];
  spots[1].pixel[0] += vector[0];
  spots[1].pixel[1] += vector[1];

  return almu_region_reader_make (type, spots, 2, 0, error);
}

/* The size of a text comes before it, on a line that only we write. */
static AlmuShape *
make_text (AlmuRegionLine *line,
           AlmuShapeType   type,
           GError        **error)
{
  AlmuRegionReader *reader = line->reader;
  AlmuRegionSpot    spots[2];

  if (!almu_region_line_count (line, 2, 2, _ ("a text has 2 coordinates"), error) || !almu_region_line_place (line, 0, &spots[0], error))
    return NULL;

  spots[1].pixel[0] = reader->has_box ? reader->box[0] : 0;
  spots[1].pixel[1] = reader->has_box ? reader->box[1] : 0;

  return almu_region_reader_make (type, spots, 2, reader->has_box ? reader->box_rotation : 0, error);
}

/* Remembers, and makes nothing yet. */
static AlmuShape *
make_text_box (AlmuRegionLine *line,
               AlmuShapeType   type,
               GError        **error)
{
  g_autoptr(AlmuShape) box = make_box (line, ALMU_SHAPE_ANN_TEXT, error);

  if (box == NULL)
    return NULL;

  line->reader->has_box = TRUE;
  line->reader->box[0] = box->points[1].x;
  line->reader->box[1] = box->points[1].y;
  line->reader->box_rotation = box->rotation;

  return NULL;
}

static const struct
{
  const char        *name;
  AlmuShapeType      type;
  AlmuShapeType      annotation;
  AlmuRegionLineMake make; /* NULL: not supported */
} shapes[] = {
  { "point", ALMU_SHAPE_POINT, ALMU_SHAPE_ANN_POINT, make_point },
  { "circle", ALMU_SHAPE_ELLIPSE, ALMU_SHAPE_ANN_ELLIPSE, almu_region_line_make_circle },
  { "ellipse", ALMU_SHAPE_ELLIPSE, ALMU_SHAPE_ANN_ELLIPSE, make_ellipse },
  { "box", ALMU_SHAPE_RECTANGLE, ALMU_SHAPE_ANN_RECTANGLE, make_box },
  { "polygon", ALMU_SHAPE_POLYGON, ALMU_SHAPE_ANN_POLYGON, almu_region_line_make_vertices },
  { "line", ALMU_SHAPE_LINE, ALMU_SHAPE_ANN_LINE, almu_region_line_make_vertices },
  { "polyline", ALMU_SHAPE_POLYLINE, ALMU_SHAPE_ANN_POLYLINE, almu_region_line_make_vertices },
  { "segment", ALMU_SHAPE_ANN_POLYLINE, ALMU_SHAPE_ANN_POLYLINE, almu_region_line_make_vertices },
  { "vector", ALMU_SHAPE_ANN_VECTOR, ALMU_SHAPE_ANN_VECTOR, make_vector },
  { "ruler", ALMU_SHAPE_ANN_RULER, ALMU_SHAPE_ANN_RULER, almu_region_line_make_vertices },
  { "compass", ALMU_SHAPE_ANN_COMPASS, ALMU_SHAPE_ANN_COMPASS, almu_region_line_make_compass },
  { "text", ALMU_SHAPE_ANN_TEXT, ALMU_SHAPE_ANN_TEXT, make_text },
  { "textbox", ALMU_SHAPE_ANN_TEXT, ALMU_SHAPE_ANN_TEXT, make_text_box },
  { "annulus" },
  { "panda" },
  { "epanda" },
  { "bpanda" },
  { "projection" },
  { "composite" },
};

static int
find_shape (const char *name,
            gsize       length)
{
  for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++)
    if (strlen (shapes[i].name) == length && g_ascii_strncasecmp (shapes[i].name, name, length) == 0)
      return (int) i;

  return -1;
}

/* -- lines -------------------------------------------------------------- */

static gsize
get_word_length (const char *text)
{
  gsize n = 0;

  while (g_ascii_isalnum (text[n]))
    n++;

  return n;
}

/* What is said of the shape, without what is said of its style: behind the
 * parenthesis or a hash, and, for a part of a composite, behind bars. */
static char *
take_comment (const char *text,
              char      **out_comment)
{
  gsize       n = strcspn (text, "#)");
  const char *comment = text + n + (text[n] != '\0');

  comment += strspn (comment, " |#");
  *out_comment = g_strdup (comment);

  return g_strndup (text, n);
}

static void
read_shape (AlmuRegionReader *self,
            int               index,
            const char       *numbers,
            const char       *comment,
            const char       *mark,
            gboolean          is_annotation)
{
  g_autoptr(GPtrArray) words = almu_words_split (numbers, " ,()|");
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuShape) shape = NULL;
  g_auto(AlmuRegionStyle) style = { 0 };
  AlmuRegionLine line = { self, words };
  AlmuShapeType  type;

  if (shapes[index].make == NULL)
    {
      almu_region_reader_complain (self, _ ("DS9 %s regions are not supported"), shapes[index].name);
      return;
    }

  type = is_annotation ? shapes[index].annotation : shapes[index].type;
  shape = shapes[index].make (&line, type, &error);
  if (error != NULL)
    almu_region_reader_complain (self, "%s", error->message);

  almu_region_style_copy (&style, &self->defaults);
  if (mark != NULL)
    take_mark (&style, mark, FALSE);
  take_style (&style, comment);

  if (shape == NULL)
    {
      self->box_position = style.text_position;
      almu_words_set_text (&self->box_name, style.name);
      return;
    }

  if (type == ALMU_SHAPE_ANN_TEXT)
    {
      almu_words_set_text (&style.labels[0], style.name);
      if (self->has_box)
        {
          style.text_position = self->box_position;
          almu_words_set_text (&style.name, self->box_name);
        }
    }
  self->has_box = FALSE;
  almu_region_reader_add (self, shape, &style);
}

static void
read_region (AlmuRegionReader *self,
             const char       *text,
             gboolean          is_annotation)
{
  g_autofree char *comment = NULL;
  g_autofree char *plain = take_comment (text, &comment);
  g_autofree char *word = NULL;
  const char      *rest = plain;
  const char      *mark = NULL;
  gboolean         is_excluded = *rest == '-';
  gsize            n;
  int              index;

  if (*rest == '-' || *rest == '+')
    rest++;
  rest += strspn (rest, " ");
  n = get_word_length (rest);
  word = g_ascii_strdown (rest, (gssize) n);
  rest += n;

  if (take_frame (self, word))
    {
      /* a region may follow on the same line, as very old files have it */
      rest += strspn (rest, " ");
      if (*rest != '\0')
        read_region (self, rest, is_annotation);
      return;
    }

  /* circle point(…) */
  if (g_str_has_prefix (rest, " point"))
    {
      mark = word;
      rest += strlen (" point");
      index = find_shape ("point", strlen ("point"));
    }
  else
    {
      index = find_shape (word, n);
    }

  if (index < 0)
    {
      almu_region_reader_complain (self, _ ("“%s” is no region or coordinate system of DS9"), plain);
      return;
    }

  if (is_excluded && shapes[index].make != NULL)
    almu_region_reader_complain (self, _ ("the region is taken, but not that it excludes its area (-)"));
  read_shape (self, index, rest, comment, mark, is_annotation);
}

/* What DS9 itself hides in comments, and what we do. */
static void
read_comment (AlmuRegionReader *self,
              const char       *text)
{
  gsize n;

  text += strspn (text, "# ");
  n = get_word_length (text);
  if (find_shape (text, n) >= 0 && text[n + strspn (text + n, " ")] == '(')
    read_region (self, text, TRUE);
}

static void
read_statement (AlmuRegionReader *self,
                const char       *text)
{
  text += strspn (text, " ");
  if (*text == '\0')
    return;

  if (*text == '#')
    read_comment (self, text);
  else if (g_str_has_prefix (text, "global"))
    take_style (&self->defaults, text + strlen ("global"));
  else
    read_region (self, text, FALSE);
}

/* The end of a statement: a semicolon outside of quotes, which only comments
 * have; before them quotes are arcsec and arcmin. */
static gsize
find_end (const char *text)
{
  gboolean is_comment = FALSE;
  gsize    n = 0;

  for (; text[n] != '\0' && text[n] != ';'; n++)
    {
      char        close = text[n] == '{' ? '}' : text[n];
      const char *end;

      is_comment |= text[n] == '#';
      if (!is_comment || (text[n] != '{' && text[n] != '"' && text[n] != '\''))
        continue;

      end = strchr (text + n + 1, close);
      if (end != NULL)
        n = (gsize) (end - text);
    }

  return n;
}

/**
 * almu_ds9_read_line:
 * @line: one line, without blanks at its ends
 *
 * Takes the statements of a line of DS9's format, which semicolons part: regions,
 * frames, what holds for those that follow (global), and comments in which DS9 has
 * some of its shapes. What cannot be taken is complained of.
 */
void
almu_ds9_read_line (AlmuRegionReader *self,
                    const char       *line)
{
  while (*line != '\0')
    {
      gsize            n = find_end (line);
      g_autofree char *statement = g_strndup (line, n);

      g_strchomp (statement);
      read_statement (self, statement);
      line += n + (line[n] == ';');
    }
}
