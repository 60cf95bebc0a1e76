/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "almu-image-info.h"
#include "almu-smoother.h"
#include "almu-vectors.h"

G_BEGIN_DECLS

/**
 * AlmuOverlayBounds:
 * @is_set: whether anybody said so; else the whole image
 *
 * What of an image an overlay is for. Kept for who asks; overlays are made
 * of whole images.
 */
typedef struct
{
  gboolean is_set;
  int      x_min;
  int      x_max;
  int      y_min;
  int      y_max;
} AlmuOverlayBounds;

/**
 * AlmuContourSettings: (foreign)
 * @reference_file_id: the file they are drawn over
 * @levels: (array length=n_levels): at least one; who wants none has no
 *   settings
 * @decimation: steps of fixed point per pixel
 * @compression_level: of zstd; below 1 for floats
 * @chunk_size: vertices of one message, more or less
 * @has_channels: whether @first_channel and @last_channel were said
 *
 * Which contours a viewer wants of a file. A plain value.
 */
typedef struct
{
  int               reference_file_id;
  AlmuOverlayBounds bounds;
  double           *levels;
  guint             n_levels;
  AlmuSmoothing     smoothing;
  int               factor;
  int               decimation;
  int               compression_level;
  int               chunk_size;
  gboolean          has_channels;
  int               first_channel;
  int               last_channel;
} AlmuContourSettings;

#define ALMU_CONTOUR_DECIMATION 4
#define ALMU_CONTOUR_COMPRESSION 8
#define ALMU_CONTOUR_CHUNK_SIZE 100000

/**
 * AlmuVectorSettings: (foreign)
 * @factor: how many pixels each way are one vector
 * @is_fractional: intensity in percent of Stokes I
 * @threshold: NaN for none
 * @threshold_polarisation: what has to reach it: %ALMU_POLARISATION_I or
 *   %ALMU_POLARISATION_PLINEAR
 *
 * Which vectors a viewer wants of a file. A plain value.
 */
typedef struct
{
  AlmuOverlayBounds bounds;
  int               factor;
  gboolean          is_fractional;
  double            threshold;
  int               threshold_polarisation;
  gboolean          is_debiased;
  double            q_error;
  double            u_error;
  AlmuVectorSource  intensity;
  AlmuVectorSource  angle;
  AlmuCompression   compression;
  float             quality;
} AlmuVectorSettings;

AlmuContourSettings *almu_contour_settings_new (void);
AlmuContourSettings *almu_contour_settings_copy (const AlmuContourSettings *self);
void                 almu_contour_settings_free (AlmuContourSettings *self);
void                 almu_contour_settings_set_levels (AlmuContourSettings *self,
                                                       const double        *levels,
                                                       guint                n_levels);
gboolean             almu_contour_settings_equal (const AlmuContourSettings *a,
                                                  const AlmuContourSettings *b);
gboolean             almu_contour_settings_check (const AlmuContourSettings *self,
                                                  GError                   **error);

AlmuVectorSettings *almu_vector_settings_new (void);
AlmuVectorSettings *almu_vector_settings_copy (const AlmuVectorSettings *self);
void                almu_vector_settings_free (AlmuVectorSettings *self);
gboolean            almu_vector_settings_equal (const AlmuVectorSettings *a,
                                                const AlmuVectorSettings *b);
gboolean            almu_vector_settings_check (const AlmuVectorSettings *self,
                                                GError                  **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuContourSettings, almu_contour_settings_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuVectorSettings, almu_vector_settings_free)

G_END_DECLS
