/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-fits-extension.h"

#include "almu-card.h"
#include "almu-error.h"
#include "almu-hdu-reader.h"
#include "almu-limits.h"

static gint64
pad (gint64 n_bytes)
{
  return (n_bytes + ALMU_BLOCK_BYTES - 1) / ALMU_BLOCK_BYTES * ALMU_BLOCK_BYTES;
}

/* All of an HDU that begins at @start; the last one of a file may lack its
 * padding. */
static gboolean
read_hdu (AlmuImage *image, int fd, const AlmuHdu *hdu, gint64 start, GBytes **out_bytes, GError **error)
{
  gint64             n_file = hdu->data_offset - start + hdu->n_data_bytes;
  g_autofree guint8 *bytes = NULL;

  if (hdu->n_data_bytes > ALMU_LIMIT_EXTENSION_BYTES)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   "%s: HDU %d has %" G_GINT64_FORMAT " bytes; a table of coordinates may have %d",
                   almu_image_get_name (image), hdu->number, hdu->n_data_bytes, ALMU_LIMIT_EXTENSION_BYTES);
      return FALSE;
    }

  bytes = g_malloc0 ((gsize) pad (n_file));
  if (!almu_image_read_bytes (image, fd, start, (gsize) n_file, bytes, error))
    return FALSE;

  *out_bytes = g_bytes_new_take (g_steal_pointer (&bytes), (gsize) pad (n_file));

  return TRUE;
}

/**
 * almu_fits_extension_read:
 * @image: whose file it is
 * @fd: what @image is read from
 * @extension: EXTNAME
 * @version: EXTVER
 * @out_bytes: (out) (nullable): header and data; left as it is without such an HDU
 * @error: return location
 *
 * What almu_image_read_extension() gives of a FITS file.
 *
 * Returns: %FALSE if the file cannot be read
 */
gboolean
almu_fits_extension_read (AlmuImage  *image,
                          int         fd,
                          const char *extension,
                          gint64      version,
                          GBytes    **out_bytes,
                          GError    **error)
{
  g_autoptr(AlmuHduReader) reader = almu_hdu_reader_new (fd, almu_image_get_name (image), error);
  gint64 start = 0;

  if (reader == NULL)
    return FALSE;

  for (;;)
    {
      g_autoptr(AlmuHdu) hdu = NULL;
      g_autofree char *name = NULL;

      if (!almu_hdu_reader_next (reader, &hdu, error))
        return FALSE;
      if (hdu == NULL || hdu->n_data_bytes < 0)
        return TRUE;

      name = almu_hdu_dup_text (hdu, "EXTNAME");
      if (start > 0 && g_strcmp0 (name, extension) == 0 && almu_hdu_get_int (hdu, "EXTVER", 1) == version)
        return read_hdu (image, fd, hdu, start, out_bytes, error);
      start = hdu->data_offset + pad (hdu->n_data_bytes);
    }
}
