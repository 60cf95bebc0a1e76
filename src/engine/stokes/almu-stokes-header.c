/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-stokes-header.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "almu-card.h"
#include "almu-card-write.h"
#include "almu-error.h"
#include "almu-image-info-read.h"
#include "almu-hdu-reader.h"
#include "almu-polarisation.h"

#define KEY_SIZE 16

/* The header of a hypercube: that of one of its images, with the Stokes axis
 * written anew. Records are changed, not cards, because coordinates are read
 * from records.
 */
typedef struct
{
  const char *records; /* of the image */
  gsize       n_records;
  int         axis; /* of the polarisations */
  gboolean    is_new;
  gboolean    has_matrix;
} Source;

static gboolean
is_of_axis (const char *record,
            const char *name,
            int         axis)
{
  char key[KEY_SIZE];

  g_snprintf (key, sizeof key, "%s%d", name, axis);

  return almu_record_is (record, key);
}

static gboolean
is_of_matrix (const char *record,
              int         axis)
{
  char key[KEY_SIZE];

  g_snprintf (key, sizeof key, "CD%d_%d", axis, axis);

  return almu_record_is (record, key);
}

static gboolean
is_replaced (const Source *source,
             const char   *record)
{
  static const char *const names[] = { "NAXIS", "CTYPE", "CRVAL", "CRPIX", "CDELT", "CROTA", "CUNIT" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (is_of_axis (record, names[i], source->axis))
      return TRUE;

  /* beams are in a table of each file, not in one behind this header */
  return is_of_matrix (record, source->axis) ||
         almu_record_is (record, "NAXIS") || almu_record_is (record, "CASAMBM");
}

/* A matrix takes the place of CDELT: without an element for the new axis it
 * could not be inverted. */
static gboolean
has_matrix (const char *records,
            gsize       n_records)
{
  for (gsize i = 0; i < n_records; i++)
    {
      const char *record = records + i * ALMU_RECORD_BYTES;

      if (record[0] == 'C' && record[1] == 'D' && g_ascii_isdigit (record[2]))
        return TRUE;
    }

  return FALSE;
}

static void
append (GByteArray *records,
        const char *record)
{
  g_byte_array_append (records, (const guint8 *) record, ALMU_RECORD_BYTES);
}

static char *
key_of_axis (char       *key,
             const char *name,
             int         axis)
{
  g_snprintf (key, KEY_SIZE, "%s%d", name, axis);

  return key;
}

static void
append_axis (GByteArray   *records,
             const Source *source,
             const int    *polarisations,
             guint         n)
{
  int  first = almu_polarisation_to_fits (polarisations[0]);
  int  step = almu_polarisation_to_fits (polarisations[1]) - first;
  int  axis = source->axis;
  char key[KEY_SIZE];

  almu_put_text (records, key_of_axis (key, "CTYPE", axis), "STOKES", NULL);
  almu_put_real (records, key_of_axis (key, "CRVAL", axis), first, NULL);
  almu_put_real (records, key_of_axis (key, "CRPIX", axis), 1, NULL);
  almu_put_real (records, key_of_axis (key, "CDELT", axis), step, NULL);
  if (!source->has_matrix)
    return;

  g_snprintf (key, sizeof key, "CD%d_%d", axis, axis);
  almu_put_real (records, key, step, NULL);
}

/* NAXIS stands where it stood, the length of the axis behind those of the
 * others, and the rest at the end of what is there about axes. */
static GByteArray *
rewrite (const Source *source,
         int           n_axes,
         const int    *polarisations,
         guint         n)
{
  GByteArray *records = g_byte_array_new ();
  char        key[KEY_SIZE];
  int         before = source->is_new ? source->axis - 1 : source->axis;

  for (gsize i = 0; i < source->n_records; i++)
    {
      const char *record = source->records + i * ALMU_RECORD_BYTES;

      if (almu_record_is (record, "NAXIS"))
        almu_put_int (records, "NAXIS", n_axes, NULL);
      if (!is_replaced (source, record))
        append (records, record);
      if (is_of_axis (record, "NAXIS", before))
        almu_put_int (records, key_of_axis (key, "NAXIS", source->axis), n, NULL);
    }
  append_axis (records, source, polarisations, n);

  return records;
}

/**
 * almu_stokes_header_extend:
 * @info: an image of one polarisation
 * @name: of the file to be
 * @polarisations: (array length=n): along the axis, at least two
 * @n: how many
 * @beams: (transfer full) (element-type AlmuBeam): of all polarisations
 * @error: return location
 *
 * Tells what an image is that has @polarisations along its Stokes axis, or
 * along a new last one where it has none, and is like @info otherwise.
 *
 * Returns: (transfer full): what the image is, or %NULL
 */
AlmuImageInfo *
almu_stokes_header_extend (const AlmuImageInfo *info,
                           const char          *name,
                           const int           *polarisations,
                           guint                n,
                           GArray              *beams,
                           GError             **error)
{
  g_autoptr(GByteArray) records = NULL;
  g_autoptr(GArray) all_beams = beams;
  Source  source = { .is_new = info->axes.stokes == 0 };
  AlmuHdu hdu = {
    .number = info->hdu_number,
    .kind = ALMU_HDU_IMAGE,
    .bitpix = info->bitpix,
    .n_axes = info->n_axes + source.is_new,
  };

  source.axis = source.is_new ? hdu.n_axes : info->axes.stokes;
  if (hdu.n_axes > ALMU_LIMIT_AXES)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("HDU %s has %d axes: there is no room for one of polarisations"),
                   info->hdu, info->n_axes);
      return NULL;
    }

  if (info->records != NULL)
    source.records = g_bytes_get_data (info->records, &source.n_records);
  source.n_records /= ALMU_RECORD_BYTES;
  source.has_matrix = has_matrix (source.records, source.n_records);

  records = rewrite (&source, hdu.n_axes, polarisations, n);
  hdu.records = (char *) records->data;
  hdu.n_records = records->len / ALMU_RECORD_BYTES;
  memcpy (hdu.shape, info->shape, sizeof hdu.shape);
  hdu.shape[source.axis - 1] = n;

  return almu_image_info_new_for_hdu (&hdu, name, all_beams, error);
}
