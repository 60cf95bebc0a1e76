/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-cutout.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "almu-card.h"
#include "almu-cutout-header.h"
#include "almu-whole-io.h"

/* Read, turned round and written at a time: what a cancelled writer still
 * does. */
#define PIECE_BYTES (1024 * 1024)

/* -- where to ----------------------------------------------------------- */

static gboolean
fail_writing (int      code,
              GError **error)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
               _ ("cannot be written: %s"), g_strerror (code));

  return FALSE;
}

static gboolean
write_bytes (int         fd,
             const void *bytes,
             gsize       n_bytes,
             GError    **error)
{
  return almu_write_whole (fd, bytes, n_bytes) || fail_writing (errno, error);
}

/* A disk that is too full says so now and not after an hour. Not all file
 * systems can tell. */
static gboolean
reserve (int      fd,
         gint64   n_bytes,
         GError **error)
{
  if (fallocate (fd, 0, 0, n_bytes) == 0 || (errno != ENOSPC && errno != EFBIG && errno != EDQUOT))
    return TRUE;

  return fail_writing (errno, error);
}

static gint64
pad (gint64 n_bytes)
{
  return (n_bytes + ALMU_BLOCK_BYTES - 1) / ALMU_BLOCK_BYTES * ALMU_BLOCK_BYTES;
}

/* -- pixels ------------------------------------------------------------- */

/* Blanks what is not in the mask; @span is the first that is not above the
 * rows, and then the first behind them. */
static void
blank_outside (const AlmuMask *mask,
               const AlmuRect *rows,
               guint          *span,
               float          *pixels)
{
  for (int y = rows->y; y < rows->y + rows->height; y++, pixels += rows->width)
    {
      int x = 0;

      for (; *span < mask->n_spans && mask->spans[*span].y <= y; (*span)++)
        {
          const AlmuSpan *kept = &mask->spans[*span];

          for (; x < kept->x - rows->x; x++)
            pixels[x] = NAN;
          x = kept->x - rows->x + kept->length;
        }

      for (; x < rows->width; x++)
        pixels[x] = NAN;
    }
}

/* FITS has the most significant byte first. */
static void
turn_round (float *pixels,
            gsize  n_pixels)
{
  for (gsize i = 0; i < n_pixels; i++)
    {
      guint32 bits;

      memcpy (&bits, &pixels[i], sizeof bits);
      bits = GUINT32_TO_BE (bits);
      memcpy (&pixels[i], &bits, sizeof bits);
    }
}

static gboolean
write_plane (const AlmuCutout *self,
             AlmuImage        *image,
             int               channel,
             int               stokes,
             float            *pixels,
             int               rows_per_piece,
             int               fd,
             GCancellable     *cancellable,
             GError          **error)
{
  guint span = 0;

  for (int y = 0; y < self->area.height; y += rows_per_piece)
    {
      AlmuBox box = {
        .area = { self->area.x, self->area.y + y, self->area.width, MIN (rows_per_piece, self->area.height - y) },
        .channel = channel,
        .n_channels = 1,
        .stokes = stokes,
      };
      gsize n_pixels = (gsize) box.area.width * box.area.height;

      if (g_cancellable_set_error_if_cancelled (cancellable, error) ||
          !almu_image_read (image, &box, pixels, cancellable, error))
        return FALSE;

      if (self->mask != NULL)
        blank_outside (self->mask, &box.area, &span, pixels);
      turn_round (pixels, n_pixels);
      if (!write_bytes (fd, pixels, n_pixels * sizeof *pixels, error))
        return FALSE;
    }

  return TRUE;
}

/* Planes follow each other as their axes do in the file. */
static gboolean
write_planes (const AlmuCutout *self,
              AlmuImage        *image,
              int               fd,
              GCancellable     *cancellable,
              GError          **error)
{
  const AlmuAxes   *axes = &almu_image_get_info (image)->axes;
  gboolean          is_stokes_inner = axes->stokes > 0 && axes->stokes < axes->depth;
  int               n_inner = is_stokes_inner ? self->stokes.n : self->channels.n;
  gint64            n_planes = (gint64) self->stokes.n * self->channels.n;
  int               n_rows = (int) CLAMP (PIECE_BYTES / ((gint64) self->area.width * sizeof (float)), 1, self->area.height);
  g_autofree float *pixels = NULL;

  pixels = g_try_new (float, (gsize) n_rows * self->area.width);
  if (pixels == NULL)
    return fail_writing (ENOMEM, error);

  for (gint64 i = 0; i < n_planes; i++)
    {
      int inner = (int) (i % n_inner);
      int outer = (int) (i / n_inner);
      int channel = self->channels.first + self->channels.stride * (is_stokes_inner ? outer : inner);
      int stokes = self->stokes.first + self->stokes.stride * (is_stokes_inner ? inner : outer);

      if (!write_plane (self, image, channel, stokes, pixels, n_rows, fd, cancellable, error))
        return FALSE;
    }

  return TRUE;
}

/* -- the whole ---------------------------------------------------------- */

/**
 * almu_cutout_new:
 * @info: of an image; not kept
 *
 * To be narrowed down by its members. Axes of one pixel stay, and the rest
 * frequency is that of the image.
 *
 * Returns: (transfer full): all of the image
 */
AlmuCutout *
almu_cutout_new (const AlmuImageInfo *info)
{
  AlmuCutout *self = g_new0 (AlmuCutout, 1);

  self->area = (AlmuRect){ 0, 0, info->width, info->height };
  self->channels = (AlmuSteps){ 0, info->depth, 1 };
  self->stokes = (AlmuSteps){ 0, info->n_stokes, 1 };
  self->keep_degenerate = TRUE;
  self->rest_frequency = NAN;

  return self;
}

/**
 * almu_cutout_free:
 * @self: (nullable) (transfer full): a cut-out
 *
 * Frees the value and lets go of its mask.
 */
void
almu_cutout_free (AlmuCutout *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->mask, almu_mask_unref);
  g_free (self);
}

/**
 * almu_cutout_write:
 * @self: lies within the image
 * @image: what to cut from
 * @fd: a new file, open for writing
 * @out_lost: (out) (optional) (nullable): what of the coordinates could not
 *   be kept, for people
 * @cancellable: (nullable): asked between pieces
 * @error: return location
 *
 * Writes a FITS file of 32-bit floats: the cards of the image with its
 * coordinates corrected, the pixels, and the beams where each plane has its
 * own; also the tables that coordinates are looked up in. Any thread. On
 * failure what is in the file is of no use.
 */
gboolean
almu_cutout_write (const AlmuCutout *self,
                   AlmuImage        *image,
                   int               fd,
                   char            **out_lost,
                   GCancellable     *cancellable,
                   GError          **error)
{
  static const guint8  zeros[ALMU_BLOCK_BYTES];
  const AlmuImageInfo *info = almu_image_get_info (image);
  AlmuCutoutAxis       axes[ALMU_LIMIT_AXES + 1];
  g_autoptr(GString) lost = g_string_new (NULL);
  g_autoptr(GByteArray) header = almu_cutout_header_new (self, info, axes);
  g_autoptr(GByteArray) beams = almu_cutout_beams_new (self, info);
  g_autoptr(GByteArray) tables = almu_cutout_tables_new (header, axes, image, lost, error);
  gint64 n_bytes = (gint64) sizeof (float) * self->area.width * self->area.height * self->channels.n * self->stokes.n;

  if (tables == NULL ||
      !reserve (fd, header->len + pad (n_bytes) + tables->len + (beams != NULL ? beams->len : 0), error) ||
      !write_bytes (fd, header->data, header->len, error) ||
      !write_planes (self, image, fd, cancellable, error) ||
      !write_bytes (fd, zeros, pad (n_bytes) - n_bytes, error) ||
      !write_bytes (fd, tables->data, tables->len, error) ||
      (beams != NULL && !write_bytes (fd, beams->data, beams->len, error)))
    return FALSE;

  if (out_lost != NULL)
    *out_lost = lost->len > 0 ? g_strdup (lost->str) : NULL;

  return TRUE;
}
