/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-image-info.h"

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

/**
 * almu_image_info_get_beam:
 * @channel: channel index, or -1 for any
 * @stokes: Stokes index, or -1 for any
 *
 * The beam of a plane, or %NULL where none is known.
 */
const AlmuBeam *
almu_image_info_get_beam (const AlmuImageInfo *self,
                          int                  channel,
                          int                  stokes)
{
  g_return_val_if_fail (self != NULL, NULL);

  for (guint i = 0; i < self->beams->len; i++)
    {
      const AlmuBeam *beam = &g_array_index (self->beams, AlmuBeam, i);

      if (fits_place (channel, beam->channel) && fits_place (stokes, beam->stokes))
        return beam;
    }

  return NULL;
}
