/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-hdu-list.h"

#include <math.h>
#include <string.h>

#include "almu-axes.h"
#include "almu-beam.h"
#include "almu-card.h"
#include "almu-computed-entries.h"
#include "almu-error.h"
#include "almu-hdu-reader.h"
#include "almu-tiled-header.h"
#include "almu-wcs.h"

/* HDUs that are named in an error. */
#define MAX_DESCRIBED 8

typedef struct
{
  AlmuHduReader *reader;
  const char    *name;          /* of the file, as given */
  char          *wanted;        /* HDU number or EXTNAME; NULL for all */
  gint64         wanted_number; /* -1 where it is a name */
  AlmuImageFlags flags;
  GPtrArray     *infos;
  GArray        *is_from_history; /* of the beam, for each info */
  guint          n_without_beams; /* that wait for the BEAMS table */
  gboolean       is_found;
  GString       *described;
  guint          n_hdus;
  GError        *first_error; /* of an image that cannot be used */
} Walk;

static void
walk_clear (Walk *walk)
{
  g_clear_pointer (&walk->reader, almu_hdu_reader_free);
  g_clear_pointer (&walk->infos, g_ptr_array_unref);
  g_clear_pointer (&walk->is_from_history, g_array_unref);
  g_clear_error (&walk->first_error);
  g_free (walk->wanted);
  if (walk->described != NULL)
    g_string_free (walk->described, TRUE);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Walk, walk_clear)

/* -- one image ---------------------------------------------------------- */

static gboolean
check_axes (const AlmuHdu *hdu,
            GError       **error)
{
  if (hdu->n_axes < 2)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                   "NAXIS = %d: an image has at least two axes", hdu->n_axes);
      return FALSE;
    }

  if (hdu->n_axes > ALMU_LIMIT_AXES)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                   "NAXIS = %d: at most %d axes are supported", hdu->n_axes, ALMU_LIMIT_AXES);
      return FALSE;
    }

  for (int i = 0; i < hdu->n_axes; i++)
    {
      if (hdu->shape[i] < 1)
        {
          g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                       "NAXIS%d = 0: the image has no pixels", i + 1);
          return FALSE;
        }

      if (hdu->shape[i] > ALMU_LIMIT_AXIS_LENGTH)
        {
          g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                       "NAXIS%d = %" G_GINT64_FORMAT ": at most %d pixels along an axis are supported",
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
               "NAXIS%d = %d: at most %d polarisations are supported",
               info->axes.stokes, info->n_stokes, ALMU_LIMIT_STOKES);

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

/* Returns whether the beam is from HISTORY. */
static gboolean
take_beam (AlmuImageInfo *info,
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

static AlmuImageInfo *
make_info (const AlmuHdu *hdu,
           gboolean       is_tiled,
           gboolean       is_compressed,
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
  info->is_compressed = is_tiled;
  info->data_offset = is_tiled || is_compressed ? -1 : hdu->data_offset;

  text = almu_header_get_text (info->header, "EXTNAME");
  info->extension = text != NULL && *text != '\0' ? g_strdup (text) : NULL;
  text = almu_header_get_text (info->header, "BUNIT");
  info->unit = g_strdup (text != NULL ? text : "");

  take_scale (info, hdu);
  take_axes (info, hdu);
  if (!check_stokes (info, error))
    return NULL;

  if (info->axes.stokes > 0)
    info->stokes_codes = almu_axes_dup_stokes_codes (info->header, info->axes.stokes, info->n_stokes);

  return g_steal_pointer (&info);
}

static gboolean
has_many_beams (const AlmuImageInfo *info)
{
  const AlmuCard *card = almu_header_lookup (info->header, "CASAMBM");

  return card != NULL && card->type == ALMU_CARD_INT && card->number != 0.0;
}

/* -- the walk ----------------------------------------------------------- */

static const char *
get_kind_name (const AlmuHdu *hdu)
{
  switch (hdu->kind)
    {
    case ALMU_HDU_EMPTY:
      return "header only";
    case ALMU_HDU_TABLE:
      return "table";
    case ALMU_HDU_GROUPS:
      return "random groups (visibilities)";
    case ALMU_HDU_TILED:
      return "compressed image";
    case ALMU_HDU_IMAGE:
      return hdu->n_axes < 2 ? "array of one axis" : "image";
    default:
      return "unknown kind of extension";
    }
}

static void
describe (Walk          *walk,
          const AlmuHdu *hdu)
{
  g_autofree char *extension = NULL;

  if (walk->n_hdus++ >= MAX_DESCRIBED)
    return;

  extension = almu_hdu_dup_text (hdu, "EXTNAME");
  g_string_append_printf (walk->described, "%sHDU %d", walk->described->len > 0 ? ", " : "", hdu->number);
  if (extension != NULL && *extension != '\0')
    g_string_append_printf (walk->described, " “%s”", extension);
  g_string_append_printf (walk->described, ": %s", get_kind_name (hdu));
}

static gboolean
is_wanted (Walk          *walk,
           const AlmuHdu *hdu)
{
  g_autofree char *extension = NULL;

  if (walk->is_found)
    return FALSE;
  if (walk->wanted == NULL)
    return hdu->kind == ALMU_HDU_IMAGE || hdu->kind == ALMU_HDU_TILED || hdu->n_data_bytes < 0;
  if (walk->wanted_number >= 0)
    return hdu->number == walk->wanted_number;

  extension = almu_hdu_dup_text (hdu, "EXTNAME");

  return extension != NULL && g_ascii_strcasecmp (extension, walk->wanted) == 0;
}

static AlmuImageInfo *
read_image (Walk    *walk,
            AlmuHdu *hdu,
            GError **error)
{
  g_autoptr(AlmuHdu) translated = NULL;
  gboolean is_compressed = almu_hdu_reader_is_compressed (walk->reader);

  if (hdu->n_data_bytes < 0 && !almu_hdu_read_layout (hdu, error))
    return NULL;

  if (hdu->kind == ALMU_HDU_TILED)
    {
      translated = almu_tiled_header_translate (hdu, error);
      if (translated == NULL)
        return NULL;

      return make_info (translated, TRUE, is_compressed, error);
    }

  if (hdu->kind == ALMU_HDU_IMAGE)
    return make_info (hdu, FALSE, is_compressed, error);

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED, "is not an image: %s", get_kind_name (hdu));

  return NULL;
}

/* Returns FALSE only where the walk has to end: an HDU that was asked for
 * by name cannot be used. */
static gboolean
take_image (Walk    *walk,
            AlmuHdu *hdu,
            GError **error)
{
  g_autoptr(GError) local_error = NULL;
  AlmuImageInfo *info = read_image (walk, hdu, &local_error);
  gboolean       is_from_history;

  if (info == NULL)
    {
      g_prefix_error (&local_error, "%s: HDU %d: ", almu_hdu_reader_get_name (walk->reader), hdu->number);
      if (walk->wanted != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return FALSE;
        }

      if (walk->first_error == NULL)
        walk->first_error = g_steal_pointer (&local_error);
      return TRUE;
    }

  is_from_history = take_beam (info, walk->flags);
  g_ptr_array_add (walk->infos, info);
  g_array_append_val (walk->is_from_history, is_from_history);
  walk->n_without_beams += has_many_beams (info);
  walk->is_found = walk->wanted != NULL || (walk->flags & ALMU_IMAGE_FIRST_ONLY) != 0;

  return TRUE;
}

/* CASA keeps the beams of an image in one table behind it. */
static void
take_beams (Walk          *walk,
            const AlmuHdu *hdu)
{
  g_autofree char *extension = almu_hdu_dup_text (hdu, "EXTNAME");

  if (extension == NULL || g_ascii_strcasecmp (extension, "BEAMS") != 0)
    return;

  for (guint i = 0; i < walk->infos->len; i++)
    {
      AlmuImageInfo *info = g_ptr_array_index (walk->infos, i);
      g_autoptr(GArray) beams = NULL;

      if (!has_many_beams (info) || info->beams->len > 1)
        continue;

      beams = g_array_new (FALSE, FALSE, sizeof (AlmuBeam));
      almu_beam_read_table (walk->reader, hdu, info->depth, info->n_stokes, beams);
      if (beams->len == 0)
        continue;

      g_array_unref (info->beams);
      info->beams = g_steal_pointer (&beams);
      g_array_index (walk->is_from_history, gboolean, i) = FALSE;
    }

  walk->n_without_beams = 0;
}

static gboolean
walk_file (Walk    *walk,
           GError **error)
{
  while (!walk->is_found || walk->n_without_beams > 0)
    {
      g_autoptr(AlmuHdu) hdu = NULL;
      g_autoptr(GError) local_error = NULL;

      if (!almu_hdu_reader_next (walk->reader, &hdu, &local_error))
        {
          /* damage behind what is wanted does no harm */
          if (walk->infos->len > 0)
            return TRUE;

          g_propagate_error (error, g_steal_pointer (&local_error));
          return FALSE;
        }

      if (hdu == NULL)
        return TRUE;

      describe (walk, hdu);
      if (is_wanted (walk, hdu) && !take_image (walk, hdu, error))
        return FALSE;
      if (hdu->kind == ALMU_HDU_TABLE && walk->n_without_beams > 0)
        take_beams (walk, hdu);
    }

  return TRUE;
}

static void
finish_info (AlmuImageInfo *info,
             const char    *name,
             gboolean       beam_is_from_history)
{
  g_autoptr(AlmuWcs) wcs = NULL;
  gsize       n_bytes;
  const char *records = g_bytes_get_data (info->records, &n_bytes);

  /* an image without usable coordinates is still an image */
  if (n_bytes > 0)
    wcs = almu_wcs_new (records, n_bytes / ALMU_RECORD_BYTES, NULL);
  if (wcs != NULL)
    info->pixel_area = almu_wcs_get_pixel_area (wcs);

  info->computed = almu_computed_entries_new (info, wcs, name, beam_is_from_history);
}

static void
finish (Walk *walk)
{
  for (guint i = 0; i < walk->infos->len; i++)
    finish_info (g_ptr_array_index (walk->infos, i), walk->name,
                 g_array_index (walk->is_from_history, gboolean, i));
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
  AlmuImageInfo *info = make_info (hdu, FALSE, FALSE, error);

  if (info == NULL)
    return NULL;

  g_array_unref (info->beams);
  info->beams = g_array_ref (beams);
  finish_info (info, name, FALSE);

  return info;
}

static gboolean
check_found (Walk    *walk,
             GError **error)
{
  const char *name = almu_hdu_reader_get_name (walk->reader);

  if (walk->infos->len > 0)
    return TRUE;

  if (walk->n_hdus > MAX_DESCRIBED)
    g_string_append_printf (walk->described, " and %u more", walk->n_hdus - MAX_DESCRIBED);

  if (walk->first_error != NULL)
    g_propagate_error (error, g_steal_pointer (&walk->first_error));
  else if (walk->wanted != NULL)
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND, "%s: there is no HDU “%s”; the file has %s",
                 name, walk->wanted, walk->described->str);
  else
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED, "%s: there is no image in the file; it has %s",
                 name, walk->described->str);

  return FALSE;
}

static gint64
parse_number (const char *hdu)
{
  gsize n = strlen (hdu);

  if (n == 0 || n > 9 || strspn (hdu, "0123456789") != n)
    return -1;

  return g_ascii_strtoll (hdu, NULL, 10);
}

/**
 * almu_hdu_list_read:
 * @fd: an open file; only read with positions, any thread
 * @name: of the file, for messages and the entry "Name"
 * @hdu: (nullable): number or EXTNAME of one HDU; %NULL or "" for all images
 *
 * Tells everything about the images of a file without reading pixels. A
 * file that ends before its pixels do is opened all the same: what is there
 * can be looked at, and reading what is not fails then. Images that cannot
 * be used are left out unless asked for by name or the only ones.
 *
 * Returns: (transfer full) (element-type AlmuImageInfo): at least one
 */
GPtrArray *
almu_hdu_list_read (int            fd,
                    const char    *name,
                    const char    *hdu,
                    AlmuImageFlags flags,
                    GError       **error)
{
  g_auto(Walk) walk = { 0 };

  g_return_val_if_fail (fd >= 0, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  walk.reader = almu_hdu_reader_new (fd, name, error);
  if (walk.reader == NULL)
    return NULL;

  walk.name = almu_hdu_reader_get_name (walk.reader);
  walk.flags = flags;
  walk.wanted = hdu != NULL && *hdu != '\0' ? g_utf8_make_valid (hdu, -1) : NULL;
  walk.wanted_number = walk.wanted != NULL ? parse_number (walk.wanted) : -1;
  walk.infos = g_ptr_array_new_with_free_func ((GDestroyNotify) almu_image_info_free);
  walk.is_from_history = g_array_new (FALSE, FALSE, sizeof (gboolean));
  walk.described = g_string_new (NULL);

  if (!walk_file (&walk, error) || !check_found (&walk, error))
    return NULL;

  finish (&walk);

  return g_steal_pointer (&walk.infos);
}
