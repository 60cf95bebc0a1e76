/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-cutout-header.h"

#include <string.h>

#include "almu-card-write.h"
#include "almu-card.h"

#define ROW_BYTES (3 * sizeof (float) + 2 * sizeof (gint32))

/* Returns the number a plane has among those that are kept, -1 for none. */
static int
find_step (const AlmuSteps *steps,
           int              index)
{
  int offset = index - steps->first;

  if (index < 0)
    return 0;
  if (offset < 0 || offset % steps->stride != 0 || offset / steps->stride >= steps->n)
    return -1;

  return offset / steps->stride;
}

/**
 * almu_cutout_dup_beams:
 * @cutout: what is cut out
 * @info: of the image, with beams
 *
 * Channels and polarisations are numbered as they are in the new file.
 *
 * Returns: (transfer full) (element-type AlmuBeam): the beams of the planes that are
 *   kept; may be none
 */
GArray *
almu_cutout_dup_beams (const AlmuCutout    *cutout,
                       const AlmuImageInfo *info)
{
  GArray *kept = g_array_new (FALSE, FALSE, sizeof (AlmuBeam));

  for (guint i = 0; i < info->beams->len; i++)
    {
      AlmuBeam beam = g_array_index (info->beams, AlmuBeam, i);

      beam.channel = find_step (&cutout->channels, beam.channel);
      beam.stokes = find_step (&cutout->stokes, beam.stokes);
      if (beam.channel >= 0 && beam.stokes >= 0)
        g_array_append_val (kept, beam);
    }

  return kept;
}

static void
put_header (GByteArray       *bytes,
            const AlmuCutout *cutout,
            guint             n_rows)
{
  static const struct
  {
    const char *type;
    const char *form;
    const char *unit;
  } columns[] = {
    { "BMAJ", "1E", "arcsec" },
    { "BMIN", "1E", "arcsec" },
    { "BPA", "1E", "deg" },
    { "CHAN", "1J", NULL },
    { "POL", "1J", NULL },
  };

  almu_put_text (bytes, "XTENSION", "BINTABLE", "binary table extension");
  almu_put_int (bytes, "BITPIX", 8, NULL);
  almu_put_int (bytes, "NAXIS", 2, NULL);
  almu_put_int (bytes, "NAXIS1", ROW_BYTES, NULL);
  almu_put_int (bytes, "NAXIS2", n_rows, NULL);
  almu_put_int (bytes, "PCOUNT", 0, NULL);
  almu_put_int (bytes, "GCOUNT", 1, NULL);
  almu_put_int (bytes, "TFIELDS", G_N_ELEMENTS (columns), NULL);

  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    {
      g_autofree char *type = g_strdup_printf ("TTYPE%u", i + 1);
      g_autofree char *form = g_strdup_printf ("TFORM%u", i + 1);
      g_autofree char *unit = g_strdup_printf ("TUNIT%u", i + 1);

      almu_put_text (bytes, type, columns[i].type, NULL);
      almu_put_text (bytes, form, columns[i].form, NULL);
      if (columns[i].unit != NULL)
        almu_put_text (bytes, unit, columns[i].unit, NULL);
    }

  almu_put_text (bytes, "EXTNAME", "BEAMS", NULL);
  almu_put_int (bytes, "EXTVER", 1, NULL);
  almu_put_int (bytes, "NCHAN", cutout->channels.n, NULL);
  almu_put_int (bytes, "NPOL", cutout->stokes.n, NULL);
  almu_put_end (bytes);
}

static void
put_row (GByteArray     *bytes,
         const AlmuBeam *beam)
{
  float   sizes[3] = { (float) beam->major, (float) beam->minor, (float) beam->angle };
  gint32  places[2] = { beam->channel, beam->stokes };
  guint32 words[5];

  memcpy (words, sizes, sizeof sizes);
  memcpy (words + 3, places, sizeof places);
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    words[i] = GUINT32_TO_BE (words[i]);

  g_byte_array_append (bytes, (const guint8 *) words, sizeof words);
}

/**
 * almu_cutout_beams_new:
 * @cutout: what is cut out
 * @info: of the image, with beams
 *
 * An extension BEAMS, header and data.
 *
 * Returns: (transfer full) (nullable): whole blocks of 2880 bytes; %NULL where fewer
 *   than two beams are left
 */
GByteArray *
almu_cutout_beams_new (const AlmuCutout    *cutout,
                       const AlmuImageInfo *info)
{
  g_autoptr(GArray) beams = almu_cutout_dup_beams (cutout, info);
  GByteArray *bytes;
  guint       n_data;

  if (beams->len < 2)
    return NULL;

  bytes = g_byte_array_new ();
  put_header (bytes, cutout, beams->len);
  for (guint i = 0; i < beams->len; i++)
    put_row (bytes, &g_array_index (beams, AlmuBeam, i));

  n_data = bytes->len;
  g_byte_array_set_size (bytes, (n_data + ALMU_BLOCK_BYTES - 1) / ALMU_BLOCK_BYTES * ALMU_BLOCK_BYTES);
  memset (bytes->data + n_data, 0, bytes->len - n_data);

  return bytes;
}
