/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-header.h"
#include "almu-limits.h"

G_BEGIN_DECLS

/**
 * AlmuAxes:
 * @render: FITS axis numbers (1-based) of the plane's x and y
 * @depth: FITS axis number of the channels, 0 if there is none
 * @stokes: FITS axis number of the polarisations, 0 if there is none
 * @spatial: FITS axis numbers of the celestial (else linear) axes, 0 if none
 * @spectral: FITS axis number of the spectral axis, 0 if none
 *
 * Which axis of the file is which of the image. All others have length 1 or
 * are read at their first element.
 */
typedef struct
{
  int render[2];
  int depth;
  int stokes;
  int spatial[2];
  int spectral;
} AlmuAxes;

/**
 * AlmuBeam:
 * @channel: channel index, -1 for all
 * @stokes: Stokes index, -1 for all
 * @major: full width at half maximum, arcsec
 * @minor: likewise
 * @angle: position angle, degrees
 */
typedef struct
{
  int    channel;
  int    stokes;
  double major;
  double minor;
  double angle;
} AlmuBeam;

/**
 * AlmuImageFormat:
 *
 * Kinds of files, numbered as in the ICD.
 */
typedef enum
{
  ALMU_IMAGE_FITS = 3,
  ALMU_IMAGE_HDF5 = 4,
} AlmuImageFormat;

/**
 * AlmuImageFeatures:
 *
 * What a file has besides its pixels, numbered as in the ICD.
 */
typedef enum
{
  ALMU_FEATURE_ROTATED = 1 << 0, /* spectra lie together */
  ALMU_FEATURE_CHANNEL_HISTOGRAMS = 1 << 1,
  ALMU_FEATURE_CUBE_HISTOGRAMS = 1 << 2,
  ALMU_FEATURE_CHANNEL_STATS = 1 << 3,
  ALMU_FEATURE_MIPS = 1 << 5, /* smaller copies of the planes */
} AlmuImageFeatures;

/**
 * AlmuImageInfo: (foreign)
 * @format: what kind of file it is
 * @features: what the file has besides the pixels
 * @hdu: HDU number as text, "0" for the primary
 * @extension: EXTNAME, or %NULL
 * @header: cards as shown to people
 * @records: (nullable): the raw 80-byte records, for wcslib
 * @computed: what a reader works out from the header: shape, coordinates …
 * @unit: BUNIT, tidied; "" for none
 * @beams: (element-type AlmuBeam): restoring beams; empty for none
 * @pixel_area: area of a pixel in square arcsec, 0 where it has no meaning
 * @stokes_codes: FITS code of each Stokes index (1..4, -1..-8), 0 unknown;
 *   %NULL without a Stokes axis
 *
 * Everything about an image that can be told without its pixels.
 * Immutable, any thread; belongs to the image or the list it came in.
 */
typedef struct
{
  AlmuImageFormat   format;
  AlmuImageFeatures features;

  char       *hdu;
  char       *extension;
  AlmuHeader *header;
  GBytes     *records;
  AlmuHeader *computed;
  char       *unit;
  GArray     *beams;
  double      pixel_area;
  int        *stokes_codes;

  int      bitpix;
  gboolean is_compressed; /* tiles in a binary table (ZIMAGE) */
  double   scale;         /* BSCALE */
  double   zero;          /* BZERO */
  gboolean has_blank;     /* integers only */
  gint64   blank;
  int      n_axes;
  gint64   shape[ALMU_LIMIT_AXES];
  AlmuAxes axes;
  gint64   data_offset; /* in the file as stored; -1 if compressed */
  int      hdu_number;  /* 0-based */

  int width;
  int height;
  int depth;    /* 1 without that axis */
  int n_stokes; /* 1 without that axis */
} AlmuImageInfo;

void almu_image_info_free (AlmuImageInfo *self);

const AlmuBeam *almu_image_info_get_beam (const AlmuImageInfo *self,
                                          int                  channel,
                                          int                  stokes);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuImageInfo, almu_image_info_free)

G_END_DECLS
