/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-record-writer.h"

#include "almu-polarisation.h"

/* -- what is drawn over a file ------------------------------------------- */

static void
add_bounds (GString                 *text,
            const AlmuOverlayBounds *bounds)
{
  const int values[] = { bounds->x_min, bounds->x_max, bounds->y_min, bounds->y_max };

  if (bounds->is_set)
    almu_writer_add_ints (text, "bounds", values, G_N_ELEMENTS (values));
}

/**
 * almu_writer_add_contours:
 * @text: a record that is being written, in a file
 * @settings: the contours that are wanted of it
 * @before: (nullable): that file in the record that is replaced
 *
 * Appends the member `contours`, with what a newer version had there beside.
 */
void
almu_writer_add_contours (GString                   *text,
                          const AlmuContourSettings *settings,
                          JsonObject                *before)
{
  const int channels[] = { settings->first_channel, settings->last_channel };

  almu_writer_begin_member (text, "contours");
  g_string_append_c (text, '{');
  almu_writer_add_int (text, "reference", settings->reference_file_id);
  almu_writer_begin_member (text, "levels");
  g_string_append_c (text, '[');
  for (guint i = 0; i < settings->n_levels; i++)
    {
      almu_writer_append_comma (text);
      almu_writer_append_number (text, settings->levels[i], FALSE);
    }
  g_string_append_c (text, ']');
  almu_writer_add_named (text, "smoothing", almu_record_smoothings, (int) settings->smoothing);
  almu_writer_add_int (text, "factor", settings->factor);
  almu_writer_add_int (text, "decimation", settings->decimation);
  almu_writer_add_int (text, "compression", settings->compression_level);
  almu_writer_add_int (text, "chunk_size", settings->chunk_size);
  add_bounds (text, &settings->bounds);
  if (settings->has_channels)
    almu_writer_add_ints (text, "channels", channels, G_N_ELEMENTS (channels));
  almu_writer_append_unknown (text, almu_writer_get_object (before, "contours"), LEVEL_CONTOURS);
  g_string_append_c (text, '}');
}

/**
 * almu_writer_add_vectors:
 * @text: a record that is being written, in a file
 * @settings: the vectors that are wanted of it
 * @before: (nullable): that file in the record that is replaced
 *
 * Appends the member `vectors`, with what a newer version had there beside. A
 * threshold that is NaN, which is none, is not written.
 */
void
almu_writer_add_vectors (GString                  *text,
                         const AlmuVectorSettings *settings,
                         JsonObject               *before)
{
  almu_writer_begin_member (text, "vectors");
  g_string_append_c (text, '{');
  almu_writer_add_named (text, "intensity", almu_record_sources, (int) settings->intensity);
  almu_writer_add_named (text, "angle", almu_record_sources, (int) settings->angle);
  almu_writer_add_int (text, "factor", settings->factor);
  almu_writer_add_true (text, "fractional", settings->is_fractional);
  almu_writer_add_number (text, "threshold", settings->threshold);
  almu_writer_add_text (text, "threshold_of",
                        almu_record_name_of (almu_record_thresholds,
                                             settings->threshold_polarisation == ALMU_POLARISATION_PLINEAR
                                               ? ALMU_POLARISATION_PLINEAR
                                               : ALMU_POLARISATION_I));
  almu_writer_add_true (text, "debiased", settings->is_debiased);
  almu_writer_add_number (text, "q_error", settings->q_error);
  almu_writer_add_number (text, "u_error", settings->u_error);
  almu_writer_add_named (text, "compression", almu_record_compressions, (int) settings->compression);
  almu_writer_add_number (text, "quality", settings->quality);
  add_bounds (text, &settings->bounds);
  almu_writer_append_unknown (text, almu_writer_get_object (before, "vectors"), LEVEL_VECTORS);
  g_string_append_c (text, '}');
}
