/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-region-text-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "almu-error.h"

/* One line of a region file, of either format, on its way to a shape: what
 * its words mean, and the shapes that both formats write alike.
 */

/**
 * almu_region_line_count:
 * @least: how many words there have to be
 * @most: how many there may be
 * @what: what the shape has, as a phrase in the language of the user
 * @error: return location; %ALMU_ERROR_FORMAT
 *
 * To be asked before words are looked at: nothing else counts them.
 *
 * Returns: whether the shape has as many words
 */
gboolean
almu_region_line_count (AlmuRegionLine *line,
                        guint           least,
                        guint           most,
                        const char     *what,
                        GError        **error)
{
  if (line->words->len >= least && line->words->len <= most)
    return TRUE;

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
               g_dngettext (GETTEXT_PACKAGE, "%s, not %u value", "%s, not %u values", line->words->len),
               what, line->words->len);
  return FALSE;
}

/**
 * almu_region_line_place:
 * @i: of the first of two words, from 0
 * @out_spot: (out caller-allocates): the place
 * @error: return location, as of almu_region_reader_place()
 *
 * Reads word @i and the one behind it as a place in the frame in force.
 *
 * Returns: whether they are one
 */
gboolean
almu_region_line_place (AlmuRegionLine *line,
                        guint           i,
                        AlmuRegionSpot *out_spot,
                        GError        **error)
{
  return almu_region_reader_place (line->reader, line->words->pdata[i], line->words->pdata[i + 1], out_spot, error);
}

/**
 * almu_region_line_measure:
 * @spot: where the length is
 * @i: of the word, from 0
 * @out_length: (out caller-allocates): the length
 * @error: return location, as of almu_region_reader_measure()
 *
 * Reads word @i as a length, which without a unit is of the frame's kind.
 *
 * Returns: whether it is one
 */
gboolean
almu_region_line_measure (AlmuRegionLine       *line,
                          const AlmuRegionSpot *spot,
                          guint                 i,
                          AlmuLength           *out_length,
                          GError              **error)
{
  return almu_region_reader_measure (line->reader, spot, line->words->pdata[i], out_length, error);
}

/**
 * almu_region_line_turn:
 * @i: of the word, from 0
 * @out_degrees: (out): the angle; 0 if the line ends before it
 * @error: return location, as of almu_region_reader_turn()
 *
 * Reads word @i as an angle, which may be left out.
 *
 * Returns: whether it is one, or is left out
 */
gboolean
almu_region_line_turn (AlmuRegionLine *line,
                       guint           i,
                       double         *out_degrees,
                       GError        **error)
{
  *out_degrees = 0;

  return line->words->len <= i || almu_region_reader_turn (line->words->pdata[i], out_degrees, error);
}

/**
 * almu_region_line_make_vertices:
 * @type: a shape that is nothing but its points
 * @error: return location, as of almu_region_reader_follow()
 *
 * All words are places, one behind the other.
 *
 * Returns: (nullable) (transfer full): the shape
 */
AlmuShape *
almu_region_line_make_vertices (AlmuRegionLine *line,
                                AlmuShapeType   type,
                                GError        **error)
{
  return almu_region_reader_follow (line->reader, type, line->words, 0, line->words->len, error);
}

/**
 * almu_region_line_make_circle:
 * @type: an ellipse, or the annotation that looks like one
 * @error: return location; %ALMU_ERROR_FORMAT, or as of almu_placer_get_local()
 *
 * A place and a radius: see almu_region_reader_round().
 *
 * Returns: (nullable) (transfer full): the shape
 */
AlmuShape *
almu_region_line_make_circle (AlmuRegionLine *line,
                              AlmuShapeType   type,
                              GError        **error)
{
  AlmuRegionSpot spot;
  AlmuLength     radius;

  if (!almu_region_line_count (line, 3, 3, _ ("a circle has a centre and a radius"), error) ||
      !almu_region_line_place (line, 0, &spot, error) ||
      !almu_region_line_measure (line, &spot, 2, &radius, error))
    return NULL;

  return almu_region_reader_round (type, &spot, &radius, error);
}

/**
 * almu_region_line_make_compass:
 * @type: the compass
 * @error: return location; %ALMU_ERROR_FORMAT, or as of almu_placer_get_local()
 *
 * A place and a length; the shape has it in pixels, measured to the north.
 *
 * Returns: (nullable) (transfer full): the shape
 */
AlmuShape *
almu_region_line_make_compass (AlmuRegionLine *line,
                               AlmuShapeType   type,
                               GError        **error)
{
  AlmuRegionSpot spots[2];
  AlmuLength     length;
  double         vector[2];

  if (!almu_region_line_count (line, 3, 3, _ ("a compass has a centre and a length"), error) ||
      !almu_region_line_place (line, 0, &spots[0], error) ||
      !almu_region_line_measure (line, &spots[0], 2, &length, error))
    return NULL;

  almu_local_to_pixels (&spots[0].local, &length, 90, vector);
  spots[1].pixel[0] = spots[1].pixel[1] = hypot (vector[0], vector[1]);

  return almu_region_reader_make (type, spots, 2, 0, error);
}
