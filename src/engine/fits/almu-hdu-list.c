/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-hdu-list.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "almu-beam.h"
#include "almu-card.h"
#include "almu-error.h"
#include "almu-hdu-reader.h"
#include "almu-image-info-read.h"
#include "almu-limits.h"
#include "almu-tiled-header.h"

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
  gsize          n_cards;     /* of all infos */
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
      return _ ("header only");
    case ALMU_HDU_TABLE:
      return _ ("table");
    case ALMU_HDU_GROUPS:
      return _ ("random groups (visibilities)");
    case ALMU_HDU_TILED:
      return _ ("compressed image");
    case ALMU_HDU_IMAGE:
      return hdu->n_axes < 2 ? _ ("array of one axis") : _ ("image");
    default:
      return _ ("unknown kind of extension");
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
make_info (Walk          *walk,
           const AlmuHdu *hdu,
           gboolean       is_tiled,
           GError       **error)
{
  AlmuImageInfo *info = almu_image_info_read (hdu, error);

  if (info == NULL)
    return NULL;

  info->format = ALMU_IMAGE_FITS;
  info->is_compressed = is_tiled;
  if (is_tiled || almu_hdu_reader_is_compressed (walk->reader))
    info->data_offset = -1;

  return info;
}

static AlmuImageInfo *
read_image (Walk    *walk,
            AlmuHdu *hdu,
            GError **error)
{
  g_autoptr(AlmuHdu) translated = NULL;

  if (hdu->n_data_bytes < 0 && !almu_hdu_read_layout (hdu, error))
    return NULL;

  if (hdu->kind == ALMU_HDU_TILED)
    {
      translated = almu_tiled_header_translate (hdu, error);
      if (translated == NULL)
        return NULL;

      return make_info (walk, translated, TRUE, error);
    }

  if (hdu->kind == ALMU_HDU_IMAGE)
    return make_info (walk, hdu, FALSE, error);

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED, _ ("is not an image: %s"), get_kind_name (hdu));

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
      g_prefix_error (&local_error, _ ("%s: HDU %d: "), almu_hdu_reader_get_name (walk->reader), hdu->number);
      if (walk->wanted != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return FALSE;
        }

      if (walk->first_error == NULL)
        walk->first_error = g_steal_pointer (&local_error);
      return TRUE;
    }

  walk->n_cards += almu_header_get_length (info->header);
  is_from_history = almu_image_info_take_beam (info, walk->flags);
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
  while (walk->n_cards < ALMU_LIMIT_LISTED_CARDS && (!walk->is_found || walk->n_without_beams > 0))
    {
      g_autoptr(AlmuHdu) hdu = NULL;
      g_autoptr(GError) local_error = NULL;

      if (g_cancellable_set_error_if_cancelled (g_cancellable_get_current (), error))
        return FALSE;

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
finish (Walk *walk)
{
  for (guint i = 0; i < walk->infos->len; i++)
    almu_image_info_compute (g_ptr_array_index (walk->infos, i), walk->name,
                             g_array_index (walk->is_from_history, gboolean, i));
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
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND, _ ("%s: there is no HDU “%s”; the file has %s"),
                 name, walk->wanted, walk->described->str);
  else
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED, _ ("%s: there is no image in the file; it has %s"),
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
 * @flags: what to take from the headers
 * @error: return location
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
