/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-polarised.h"

#include "almu-polarisation.h"

/* Values that are read of each part before they are combined: all parts
 * together stay in the second-level cache. */
#define PIECE 32768

/* Tiles of a compressed image are inflated again for each call but the
 * next; they are rarely taller than this. */
#define COMPRESSED_ROWS 256

typedef struct
{
  AlmuImage          *image;
  AlmuParts           parts;
  const float *const *known;
  float              *scratch; /* room for all parts of a piece */
  GCancellable       *cancellable;
} Reading;

/* Kept for the next piece, as that of the FITS reader, and for the same
 * reason. */
static float *
get_scratch (void)
{
  static GPrivate scratch = G_PRIVATE_INIT (g_free);
  float          *values = g_private_get (&scratch);

  if (values == NULL)
    {
      values = g_new (float, (gsize) ALMU_MAX_PARTS *PIECE);
      g_private_set (&scratch, values);
    }

  return values;
}

/* How many channels, or rows of a channel, make a piece. */
static void
plan_pieces (const AlmuImageInfo *info,
             const AlmuBox       *box,
             int                 *out_n_channels,
             int                 *out_n_rows)
{
  gint64 n_plane = (gint64) box->area.width * box->area.height;
  int    n_rows = MAX (1, PIECE / box->area.width);

  if (info->data_offset < 0)
    n_rows = MAX (n_rows, COMPRESSED_ROWS);

  *out_n_channels = (int) CLAMP (PIECE / n_plane, 1, box->n_channels);
  *out_n_rows = MIN (n_rows, box->area.height);
}

/* @offset is where the piece begins in the pixels of the whole box. */
static gboolean
combine_piece (Reading       *reading,
               const AlmuBox *piece,
               gsize          offset,
               float         *pixels,
               GError       **error)
{
  gsize        n = (gsize) piece->area.width * piece->area.height * piece->n_channels;
  const float *values[ALMU_MAX_PARTS] = { NULL };

  for (int i = 0; i < reading->parts.n; i++)
    {
      AlmuBox box = *piece;
      float  *room = reading->scratch + (gsize) i * n;

      values[i] = room;
      if (reading->known != NULL && reading->known[i] != NULL)
        {
          values[i] = reading->known[i] + offset;
          continue;
        }

      box.stokes = reading->parts.stokes[i];
      if (!almu_image_read (reading->image, &box, room, reading->cancellable, error))
        return FALSE;
    }

  almu_polarisation_combine (reading->parts.polarisation, values, n, pixels + offset);

  return TRUE;
}

static gboolean
combine_pieces (Reading       *reading,
                const AlmuBox *box,
                int            n_channels,
                int            n_rows,
                float         *pixels,
                GError       **error)
{
  for (int channel = 0; channel < box->n_channels; channel += n_channels)
    for (int y = 0; y < box->area.height; y += n_rows)
      {
        AlmuBox piece = *box;
        gsize   row = (gsize) channel * box->area.height + y;

        piece.channel += channel;
        piece.n_channels = MIN (n_channels, box->n_channels - channel);
        piece.area.y += y;
        piece.area.height = MIN (n_rows, box->area.height - y);

        if (g_cancellable_set_error_if_cancelled (reading->cancellable, error) ||
            !combine_piece (reading, &piece, row * box->area.width, pixels, error))
          return FALSE;
      }

  return TRUE;
}

/**
 * almu_polarised_read:
 * @image: an image
 * @box: which pixels, of a computed polarisation
 * @known: (nullable) (array): pixels of the box in each part, in the order of
 *   #AlmuParts, %NULL for those that have to be read; %NULL for none
 * @pixels: (out caller-allocates): room for all of them
 * @cancellable: (nullable): asked between pieces
 * @error: return location
 *
 * Reads the parts of a computed polarisation piece by piece, side by side,
 * and combines them while they are in the processor's cache. Each pixel of a
 * part is read once, and none of it needs memory of its own.
 */
gboolean
almu_polarised_read (AlmuImage          *image,
                     const AlmuBox      *box,
                     const float *const *known,
                     float              *pixels,
                     GCancellable       *cancellable,
                     GError            **error)
{
  const AlmuImageInfo *info = almu_image_get_info (image);
  Reading              reading = { .image = image, .known = known, .cancellable = cancellable };
  g_autofree float    *room = NULL;
  gsize                n_piece;
  int                  n_channels;
  int                  n_rows;

  if (!almu_polarisation_find_parts (info, box->stokes, &reading.parts, error))
    {
      g_prefix_error (error, "%s: ", almu_image_get_name (image));
      return FALSE;
    }

  plan_pieces (info, box, &n_channels, &n_rows);
  n_piece = (gsize) box->area.width * n_rows * n_channels;
  if (n_piece > PIECE)
    room = g_new (float, n_piece *ALMU_MAX_PARTS);
  reading.scratch = room != NULL ? room : get_scratch ();

  return combine_pieces (&reading, box, n_channels, n_rows, pixels, error);
}
