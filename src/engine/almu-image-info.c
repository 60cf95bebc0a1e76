/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-image-info.h"

#include "almu-polarisation.h"

/**
 * almu_image_info_free:
 * @self: (nullable) (transfer full): what is known of an image
 *
 * Frees the value, with its references to headers that others may have too.
 */
void
almu_image_info_free (AlmuImageInfo *self)
{
  if (self == NULL)
    return;

  g_free (self->hdu);
  g_free (self->extension);
  g_clear_pointer (&self->header, almu_header_unref);
  g_clear_pointer (&self->records, g_bytes_unref);
  g_clear_pointer (&self->computed, almu_header_unref);
  g_free (self->unit);
  g_clear_pointer (&self->beams, g_array_unref);
  g_free (self->stokes_codes);
  g_free (self);
}

static gboolean
fits_place (int wanted,
            int found)
{
  return found < 0 || wanted < 0 || found == wanted;
}

/* An intensity is seen with the beam of Q, a ratio to I with that of I. */
static int
find_beam_stokes (const AlmuImageInfo *self,
                  int                  polarisation)
{
  gboolean is_intensity = polarisation <= ALMU_POLARISATION_PLINEAR;

  return almu_polarisation_find (self, is_intensity ? ALMU_POLARISATION_Q : ALMU_POLARISATION_I);
}

/* Tables have the beams of all planes in this order, nearly always; a walk
 * for each channel of a long spectrum would take its square. */
static const AlmuBeam *
guess_beam (const AlmuImageInfo *self,
            int                  channel,
            int                  stokes)
{
  gint64          place = (gint64) stokes * self->depth + channel;
  const AlmuBeam *beam;

  if (channel < 0 || stokes < 0 || place >= self->beams->len)
    return NULL;

  beam = &g_array_index (self->beams, AlmuBeam, place);

  return beam->channel == channel && beam->stokes == stokes ? beam : NULL;
}

/**
 * almu_image_info_get_beam:
 * @channel: channel index, or -1 for any
 * @stokes: Stokes index, -1 for any, or a computed #AlmuPolarisation
 *
 * The beam of a plane, or %NULL where none is known. Angles have none of
 * several.
 */
const AlmuBeam *
almu_image_info_get_beam (const AlmuImageInfo *self,
                          int                  channel,
                          int                  stokes)
{
  const AlmuBeam *guess;

  g_return_val_if_fail (self != NULL, NULL);

  if (almu_polarisation_is_computed_of (self, stokes))
    {
      if (stokes == ALMU_POLARISATION_PANGLE && self->beams->len > 1)
        return NULL;
      stokes = find_beam_stokes (self, stokes);
    }

  guess = guess_beam (self, channel, stokes);
  if (guess != NULL)
    return guess;

  for (guint i = 0; i < self->beams->len; i++)
    {
      const AlmuBeam *beam = &g_array_index (self->beams, AlmuBeam, i);

      if (fits_place (channel, beam->channel) && fits_place (stokes, beam->stokes))
        return beam;
    }

  return NULL;
}
