/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-region-place.h"
#include "almu-region-text.h"
#include "almu-region-words.h"

G_BEGIN_DECLS

/* What the readers and writers of both kinds of region files share. */

/**
 * AlmuRegionReader:
 * @placer: of the frame in force
 * @first_pixel: what the file calls the first pixel: 1 or 0
 * @needs_unit: whether numbers without a unit are wrong
 * @defaults: style in force
 * @box: size in pixels that the next text has
 * @box_name: (nullable): and what people call it
 */
typedef struct
{
  AlmuPlacer      placer;
  double          first_pixel;
  gboolean        needs_unit;
  AlmuRegionStyle defaults;
  GPtrArray      *entries;
  GPtrArray      *problems;
  guint           n_problems;
  guint           line;
  gboolean        has_box;
  double          box[2];
  double          box_rotation;
  int             box_position;
  char           *box_name;
} AlmuRegionReader;

/* A place with its surroundings: pixels, and what a unit is there. */
typedef struct
{
  gboolean  is_pixel;
  double    pixel[2];
  AlmuLocal local;
} AlmuRegionSpot;

void       almu_region_reader_complain (AlmuRegionReader *self,
                                        const char       *format,
                                        ...) G_GNUC_PRINTF (2, 3);
gboolean   almu_region_reader_place (AlmuRegionReader *self,
                                     const char       *x,
                                     const char       *y,
                                     AlmuRegionSpot   *out_spot,
                                     GError          **error);
gboolean   almu_region_reader_measure (AlmuRegionReader     *self,
                                       const AlmuRegionSpot *spot,
                                       const char           *text,
                                       AlmuLength           *out_length,
                                       GError              **error);
gboolean   almu_region_reader_turn (const char *text,
                                    double     *out_degrees,
                                    GError    **error);
AlmuShape *almu_region_reader_frame (AlmuShapeType         type,
                                     const AlmuRegionSpot *spot,
                                     const AlmuLength     *right,
                                     const AlmuLength     *up,
                                     double                degrees,
                                     GError              **error);
AlmuShape *almu_region_reader_round (AlmuShapeType         type,
                                     const AlmuRegionSpot *spot,
                                     const AlmuLength     *radius,
                                     GError              **error);
AlmuShape *almu_region_reader_make (AlmuShapeType         type,
                                    const AlmuRegionSpot *spots,
                                    gsize                 n,
                                    double                rotation,
                                    GError              **error);
AlmuShape *almu_region_reader_follow (AlmuRegionReader *self,
                                      AlmuShapeType     type,
                                      GPtrArray        *words,
                                      guint             first,
                                      guint             n_words,
                                      GError          **error);
void       almu_region_reader_add (AlmuRegionReader      *self,
                                   AlmuShape             *shape,
                                   const AlmuRegionStyle *style);

/**
 * AlmuRegionLine:
 * @text: what is quoted among the words; CRTF only, as is the style
 */
typedef struct
{
  AlmuRegionReader *reader;
  GPtrArray        *words;
  const char       *text;
  AlmuRegionStyle  *style;
} AlmuRegionLine;

typedef AlmuShape *(*AlmuRegionLineMake) (AlmuRegionLine *line,
                                          AlmuShapeType   type,
                                          GError        **error);

gboolean   almu_region_line_count (AlmuRegionLine *line,
                                   guint           least,
                                   guint           most,
                                   const char     *what,
                                   GError        **error);
gboolean   almu_region_line_place (AlmuRegionLine *line,
                                   guint           i,
                                   AlmuRegionSpot *out_spot,
                                   GError        **error);
gboolean   almu_region_line_measure (AlmuRegionLine       *line,
                                     const AlmuRegionSpot *spot,
                                     guint                 i,
                                     AlmuLength           *out_length,
                                     GError              **error);
gboolean   almu_region_line_turn (AlmuRegionLine *line,
                                  guint           i,
                                  double         *out_degrees,
                                  GError        **error);
AlmuShape *almu_region_line_make_vertices (AlmuRegionLine *line,
                                           AlmuShapeType   type,
                                           GError        **error);
AlmuShape *almu_region_line_make_circle (AlmuRegionLine *line,
                                         AlmuShapeType   type,
                                         GError        **error);
AlmuShape *almu_region_line_make_compass (AlmuRegionLine *line,
                                          AlmuShapeType   type,
                                          GError        **error);

void almu_crtf_read_line (AlmuRegionReader *self,
                          const char       *line);
void almu_ds9_read_line (AlmuRegionReader *self,
                         const char       *line);

/* A rectangle or ellipse as files have it. */
typedef struct
{
  double right;
  double up;
  double degrees;
} AlmuRegionExtent;

gboolean      almu_region_writer_get_extent (const AlmuPlacer *placer,
                                             const AlmuShape  *shape,
                                             AlmuRegionExtent *out_extent,
                                             GError          **error);
int           almu_region_writer_get_digits (const AlmuPlacer *placer,
                                             double            per_degree,
                                             int               least);
AlmuShapeType almu_region_get_plain_type (AlmuShapeType type);

/* Writes a place as the format has it. */
typedef gboolean (*AlmuRegionWritePlace) (GString          *text,
                                          const AlmuPlacer *placer,
                                          const AlmuPoint  *point,
                                          GError          **error);

void     almu_region_writer_append_number (GString *text,
                                           int      digits,
                                           double   number);
gboolean almu_region_writer_append_places (GString             *text,
                                           const AlmuPlacer    *placer,
                                           const AlmuShape     *shape,
                                           AlmuRegionWritePlace append_place,
                                           GError             **error);
gboolean almu_region_writer_measure_compass (const AlmuPlacer *placer,
                                             const AlmuShape  *shape,
                                             double           *out_length,
                                             GError          **error);

gboolean almu_crtf_write (GPtrArray        *entries,
                          const AlmuPlacer *placer,
                          GString          *text,
                          GError          **error);
gboolean almu_ds9_write (GPtrArray        *entries,
                         const AlmuPlacer *placer,
                         GString          *text,
                         GError          **error);

G_END_DECLS
