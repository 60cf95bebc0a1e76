/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-region-text-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "almu-error.h"

/* One line of a region file, of either format, on its way to a shape: what
 * its words mean, and the shapes that both formats write alike.
 */

/* Whether there are as many words as the shape has: @what, as a phrase. */
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

/* Words @i and the one behind it are a place. */
gboolean
almu_region_line_place (AlmuRegionLine *line,
                        guint           i,
                        AlmuRegionSpot *out_spot,
                        GError        **error)
{
  return almu_region_reader_place (line->reader, line->words->pdata[i], line->words->pdata[i + 1], out_spot, error);
}

gboolean
almu_region_line_measure (AlmuRegionLine       *line,
                          const AlmuRegionSpot *spot,
                          guint                 i,
                          AlmuLength           *out_length,
                          GError              **error)
{
  return almu_region_reader_measure (line->reader, spot, line->words->pdata[i], out_length, error);
}

/* An angle that is left out is 0. */
gboolean
almu_region_line_turn (AlmuRegionLine *line,
                       guint           i,
                       double         *out_degrees,
                       GError        **error)
{
  *out_degrees = 0;

  return line->words->len <= i || almu_region_reader_turn (line->words->pdata[i], out_degrees, error);
}

AlmuShape *
almu_region_line_make_vertices (AlmuRegionLine *line,
                                AlmuShapeType   type,
                                GError        **error)
{
  return almu_region_reader_follow (line->reader, type, line->words, 0, line->words->len, error);
}

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
