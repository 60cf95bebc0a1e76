/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-fits-tiles.h"

#include "almu-cfitsio.h"
#include "almu-error.h"
#include "almu-limits.h"

/* cfitsio takes the memory that a tile claims to need before it reads the
 * tile. What a tile claims is looked at here first. */

/* Rows of the table that are looked at together. */
#define MAX_ROWS 4096

typedef struct
{
  fitsfile *handle;
  int       column;
  gint64    element_size;
  gint64   *lengths;
  gint64   *offsets;
} Claims;

/* A run of tiles side by side: rows of the table one after the other. */
static gboolean
check_run (Claims  *claims,
           gint64   row,
           gint64   n_rows,
           GError **error)
{
  gint64 heap_size = claims->handle->Fptr->heapsize;

  for (gint64 done = 0; done < n_rows; done += MAX_ROWS)
    {
      gint64 n = MIN (n_rows - done, MAX_ROWS);
      int    status = 0;

      almu_cfitsio->fits_read_descriptsll (claims->handle, claims->column, row + done + 1, n, (LONGLONG *) claims->lengths,
                                           (LONGLONG *) claims->offsets, &status);
      if (status != 0)
        {
          almu_cfitsio->fits_clear_errmsg ();
          g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, "has no tile %" G_GINT64_FORMAT, row + done + 1);
          return FALSE;
        }

      for (gint64 i = 0; i < n; i++)
        if (claims->lengths[i] < 0 || claims->offsets[i] < 0 || claims->offsets[i] > heap_size ||
            claims->lengths[i] > (heap_size - claims->offsets[i]) / claims->element_size)
          {
            g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                         "tile %" G_GINT64_FORMAT " claims to be %" G_GINT64_FORMAT " elements at byte %" G_GINT64_FORMAT
                         " of a heap that has %" G_GINT64_FORMAT " bytes",
                         row + done + i + 1, claims->lengths[i], claims->offsets[i], heap_size);
            return FALSE;
          }
    }

  return TRUE;
}

static gboolean
check_column (fitsfile     *handle,
              int           column,
              const gint64 *first,
              const gint64 *last,
              GError      **error)
{
  FITSfile          *file = handle->Fptr;
  g_autofree gint64 *lengths = g_new (gint64, MAX_ROWS);
  g_autofree gint64 *offsets = g_new (gint64, MAX_ROWS);
  Claims             claims = { .handle = handle, .column = column, .lengths = lengths, .offsets = offsets };
  gint64             tile[MAX_COMPRESS_DIM] = { 0 };
  int                type = 0;
  int                status = 0;

  almu_cfitsio->fits_get_coltypell (handle, column, &type, NULL, NULL, &status);
  /* what is not of variable length is within its row */
  if (status != 0 || type >= 0)
    return TRUE;

  claims.element_size = MAX (-type / 10, 1);
  for (int i = 0; i < file->zndim; i++)
    tile[i] = (first[i] - 1) / file->tilesize[i];

  for (;;)
    {
      gint64 row = 0;
      int    axis = 1;

      for (int i = file->zndim - 1; i >= 0; i--)
        row = row * ((file->znaxis[i] - 1) / file->tilesize[i] + 1) + tile[i];
      if (!check_run (&claims, row, (last[0] - 1) / file->tilesize[0] - tile[0] + 1, error))
        return FALSE;

      while (axis < file->zndim && ++tile[axis] > (last[axis] - 1) / file->tilesize[axis])
        {
          tile[axis] = (first[axis] - 1) / file->tilesize[axis];
          axis++;
        }
      if (axis >= file->zndim)
        return TRUE;
    }
}

/**
 * almu_fits_tiles_check:
 * @handle: a `fitsfile`, at an HDU that is an image
 * @first: first pixel on each FITS axis, counted from 1
 * @last: last pixel on each FITS axis, inclusive
 *
 * Returns: whether the tiles that have these pixels claim no more than the
 *   file has, and unpack into no more than %ALMU_LIMIT_TILE_PIXELS
 */
gboolean
almu_fits_tiles_check (gpointer      handle,
                       const gint64 *first,
                       const gint64 *last,
                       GError      **error)
{
  FITSfile *file = ((fitsfile *) handle)->Fptr;
  int       columns[3];
  gint64    n_pixels = 1;

  if (!file->compressimg)
    return TRUE;

  for (int i = 0; i < file->zndim; i++)
    {
      if (file->tilesize[i] < 1 || file->tilesize[i] > ALMU_LIMIT_TILE_PIXELS / n_pixels)
        {
          g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                       "ZTILE%d is %ld: a compressed tile may have from 1 to %d pixels",
                       i + 1, file->tilesize[i], ALMU_LIMIT_TILE_PIXELS);
          return FALSE;
        }
      n_pixels *= file->tilesize[i];
    }

  columns[0] = file->cn_compressed;
  columns[1] = file->cn_gzip_data;
  columns[2] = file->cn_uncompressed;
  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    if (columns[i] > 0 && !check_column (handle, columns[i], first, last, error))
      return FALSE;

  return TRUE;
}
