/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-image-info-read.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "almu-axes.h"
#include "almu-beam.h"
#include "almu-card.h"
#include "almu-computed-entries.h"
#include "almu-error.h"
#include "almu-wcs.h"

static gboolean
check_axes (const AlmuHdu *hdu,
            GError       **error)
{
  if (hdu->n_axes < 2)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                   _ ("NAXIS = %d: an image has at least two axes"), hdu->n_axes);
      return FALSE;
    }

  if (hdu->n_axes > ALMU_LIMIT_AXES)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                   _ ("NAXIS = %d: at most %d axes are supported"), hdu->n_axes, ALMU_LIMIT_AXES);
      return FALSE;
    }

  for (int i = 0; i < hdu->n_axes; i++)
    {
      if (hdu->shape[i] < 1)
        {
          g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                       _ ("NAXIS%d = 0: the image has no pixels"), i + 1);
          return FALSE;
        }

      if (hdu->shape[i] > ALMU_LIMIT_AXIS_LENGTH)
        {
          g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                       _ ("NAXIS%d = %" PRId64 ": at most %d pixels along an axis are supported"),
                       i + 1, hdu->shape[i], ALMU_LIMIT_AXIS_LENGTH);
          return FALSE;
        }
    }

  return TRUE;
}

/* BLANK has a meaning for integers only; on reals it is a common mistake. */
static void
take_scale (AlmuImageInfo *info,
            const AlmuHdu *hdu)
{
  const char *blank = almu_hdu_find (hdu, "BLANK");
  double      number;

  info->scale = 1.0;
  info->zero = 0.0;
  if (almu_header_get_number (info->header, "BSCALE", &number) && isfinite (number) && number != 0.0)
    info->scale = number;
  if (almu_header_get_number (info->header, "BZERO", &number) && isfinite (number))
    info->zero = number;

  info->has_blank = hdu->bitpix > 0 && blank != NULL && almu_record_get_int (blank, &info->blank);
}

static void
take_axes (AlmuImageInfo *info,
           const AlmuHdu *hdu)
{
  info->bitpix = hdu->bitpix;
  info->n_axes = hdu->n_axes;
  memcpy (info->shape, hdu->shape, sizeof info->shape);

  almu_axes_find (info->header, info->n_axes, info->shape, &info->axes);
  info->width = info->shape[info->axes.render[0] - 1];
  info->height = info->shape[info->axes.render[1] - 1];
  info->depth = info->axes.depth > 0 ? info->shape[info->axes.depth - 1] : 1;
  info->n_stokes = info->axes.stokes > 0 ? info->shape[info->axes.stokes - 1] : 1;
}

static gboolean
check_stokes (const AlmuImageInfo *info,
              GError             **error)
{
  if (info->n_stokes <= ALMU_LIMIT_STOKES)
    return TRUE;

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
               _ ("NAXIS%d = %d: at most %d polarisations are supported"),
               info->axes.stokes, info->n_stokes, ALMU_LIMIT_STOKES);

  return FALSE;
}

static gboolean
check_depth (const AlmuImageInfo *info,
             GError             **error)
{
  if (info->depth <= ALMU_LIMIT_CHANNELS)
    return TRUE;

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
               _ ("NAXIS%d = %d: at most %d channels are supported"),
               info->axes.depth, info->depth, ALMU_LIMIT_CHANNELS);

  return FALSE;
}

static void
take_history_beam (AlmuImageInfo *info,
                   AlmuBeam      *beam)
{
  const struct
  {
    const char *name;
    double      number;
  } cards[] = {
    { "BMAJ", beam->major / 3600.0 },
    { "BMIN", beam->minor / 3600.0 },
    { "BPA", beam->angle },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cards); i++)
    {
      g_autofree char *text = almu_format_card_number (cards[i].name, cards[i].number);

      almu_header_append (info->header, ALMU_CARD_FLOAT, cards[i].name, text, cards[i].number,
                          "extracted from HISTORY");
    }

  g_array_append_val (info->beams, *beam);
}

/**
 * almu_image_info_take_beam:
 * @info: of an image; receives the beam
 * @flags: what to take from the header
 *
 * Looks for a beam in the cards, and in HISTORY if @flags say so.
 *
 * Returns: whether it is from HISTORY
 */
gboolean
almu_image_info_take_beam (AlmuImageInfo *info,
                           AlmuImageFlags flags)
{
  AlmuBeam beam;

  if (almu_beam_read_cards (info->header, &beam))
    {
      g_array_append_val (info->beams, beam);
      return FALSE;
    }

  if ((flags & ALMU_IMAGE_HISTORY_BEAM) == 0 || !almu_beam_read_history (info->header, &beam))
    return FALSE;

  take_history_beam (info, &beam);

  return TRUE;
}

/**
 * almu_image_info_read:
 * @hdu: of an image
 *
 * What the cards say of an image, but for its beams and what is computed
 * when these are known. Of kinds of files other than FITS the reader makes
 * cards.
 */
AlmuImageInfo *
almu_image_info_read (const AlmuHdu *hdu,
                      GError       **error)
{
  g_autoptr(AlmuImageInfo) info = NULL;
  const char *text;

  if (!check_axes (hdu, error))
    return NULL;

  info = g_new0 (AlmuImageInfo, 1);
  info->hdu = g_strdup_printf ("%d", hdu->number);
  info->hdu_number = hdu->number;
  info->records = g_bytes_new (hdu->records, hdu->n_records * ALMU_RECORD_BYTES);
  info->header = almu_header_new_for_records (hdu->records, hdu->n_records);
  info->beams = g_array_new (FALSE, FALSE, sizeof (AlmuBeam));
  info->data_offset = hdu->data_offset;

  text = almu_header_get_text (info->header, "EXTNAME");
  info->extension = text != NULL && *text != '\0' ? g_strdup (text) : NULL;
  text = almu_header_get_text (info->header, "BUNIT");
  info->unit = g_strdup (text != NULL ? text : "");

  take_scale (info, hdu);
  take_axes (info, hdu);
  if (!check_stokes (info, error) || !check_depth (info, error))
    return NULL;

  if (info->axes.stokes > 0)
    info->stokes_codes = almu_axes_dup_stokes_codes (info->header, info->axes.stokes, info->n_stokes);

  return g_steal_pointer (&info);
}

/**
 * almu_image_info_compute:
 * @info: of an image, with its beams
 * @name: of the file
 * @is_from_history: whether the beam is
 *
 * The last step: everything that is worked out from the cards.
 */
void
almu_image_info_compute (AlmuImageInfo *info,
                         const char    *name,
                         gboolean       is_from_history)
{
  g_autoptr(AlmuWcs) wcs = NULL;
  gsize       n_bytes;
  const char *records = g_bytes_get_data (info->records, &n_bytes);

  /* an image without usable coordinates is still an image */
  if (n_bytes > 0)
    wcs = almu_wcs_new (records, n_bytes / ALMU_RECORD_BYTES, NULL);
  if (wcs != NULL)
    info->pixel_area = almu_wcs_get_pixel_area (wcs);

  info->computed = almu_computed_entries_new (info, wcs, name, is_from_history);
}

/**
 * almu_image_info_new_for_hdu:
 * @hdu: a header, of a file or made up
 * @name: of the file, for the entry "Name"
 * @beams: (element-type AlmuBeam): beams of the image, whatever the header
 *   says of them
 *
 * Tells everything about an image whose header is not in a file as it is.
 */
AlmuImageInfo *
almu_image_info_new_for_hdu (const AlmuHdu *hdu,
                             const char    *name,
                             GArray        *beams,
                             GError       **error)
{
  AlmuImageInfo *info = almu_image_info_read (hdu, error);

  if (info == NULL)
    return NULL;

  info->format = ALMU_IMAGE_FITS;
  g_array_unref (info->beams);
  info->beams = g_array_ref (beams);
  almu_image_info_compute (info, name, FALSE);

  return info;
}
