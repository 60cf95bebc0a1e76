/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-region-text-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "almu-error.h"
#include "almu-limits.h"

/* -- reading ------------------------------------------------------------ */

static void
read_lines (AlmuRegionReader *self,
            AlmuRegionFormat  format,
            const char       *text,
            GCancellable     *cancellable)
{
  while (*text != '\0' && !g_cancellable_is_cancelled (cancellable))
    {
      gsize            n = strcspn (text, "\n");
      g_autofree char *line = g_strndup (text, n);

      self->line++;
      g_strdelimit (line, "\r\t", ' ');
      g_strstrip (line);
      if (format == ALMU_REGION_TEXT_CRTF)
        almu_crtf_read_line (self, line);
      else
        almu_ds9_read_line (self, line);
      text += n + (text[n] == '\n');
    }
}

/**
 * almu_region_text_read:
 * @format: in whose words
 * @text: a region file, UTF-8
 * @sky: (nullable): of the image that it is read for
 * @problems: (element-type utf8): receives a sentence for each line that was
 *   not taken as it stands, with its number
 * @cancellable: (nullable): asked at each line
 * @error: return location
 *
 * Reads regions. A line that cannot be read does not spoil the others.
 *
 * Returns: (transfer full) (element-type AlmuRegionEntry): the regions; none
 *   if the file has none. %NULL only when cancelled
 */
GPtrArray *
almu_region_text_read (AlmuRegionFormat format,
                       const char      *text,
                       AlmuSkyMap      *sky,
                       GPtrArray       *problems,
                       GCancellable    *cancellable,
                       GError         **error)
{
  g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func ((GDestroyNotify) almu_region_entry_free);
  AlmuRegionReader self = {
    .placer = { sky, TRUE },
    .entries = entries,
    .problems = problems,
  };

  almu_region_style_init (&self.defaults);
  if (format == ALMU_REGION_TEXT_CRTF)
    {
      self.needs_unit = TRUE;
      if (sky != NULL)
        self.placer.frame = *almu_sky_map_get_frame (sky);
    }
  else
    {
      self.first_pixel = 1;
    }

  read_lines (&self, format, text, cancellable);
  if (self.n_problems > ALMU_LIMIT_REGION_PROBLEMS)
    g_ptr_array_add (problems, g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u more line was not read", "%u more lines were not read",
                                                             self.n_problems - ALMU_LIMIT_REGION_PROBLEMS),
                                                self.n_problems - ALMU_LIMIT_REGION_PROBLEMS));
  almu_region_style_clear (&self.defaults);
  g_free (self.box_name);
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;

  return g_steal_pointer (&entries);
}

/* -- writing ------------------------------------------------------------ */

/* What both kinds of files can say. */
static AlmuSkyFrame
choose_frame (AlmuRegionFormat    format,
              const AlmuSkyFrame *frame)
{
  if (frame->system == ALMU_SKY_FK5)
    return (AlmuSkyFrame){ ALMU_SKY_FK5, 2000 };
  if (frame->system == ALMU_SKY_FK4)
    return (AlmuSkyFrame){ ALMU_SKY_FK4, 1950 };
  if (frame->system == ALMU_SKY_SUPERGALACTIC && format == ALMU_REGION_TEXT_DS9)
    return (AlmuSkyFrame){ ALMU_SKY_GALACTIC };

  return *frame;
}

static gboolean
set_frame (AlmuPlacer      *placer,
           AlmuRegionFormat format,
           GError         **error)
{
  g_autofree char *name = NULL;

  if (placer->is_pixel)
    return TRUE;

  if (placer->sky == NULL)
    {
      g_set_error_literal (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                           _ ("The image has no celestial axes, so that its regions can only be written "
                              "in pixels"));
      return FALSE;
    }

  placer->frame = choose_frame (format, almu_sky_map_get_frame (placer->sky));
  if (placer->frame.system != ALMU_SKY_OTHER)
    return TRUE;

  name = almu_sky_frame_dup_name (&placer->frame);
  g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
               _ ("Region files do not know the frame %s of the image; its regions can only be written in pixels"),
               name);
  return FALSE;
}

/**
 * almu_region_text_write:
 * @format: in whose words
 * @entries: (element-type AlmuRegionEntry): what to write
 * @is_world: in coordinates of the sky, in the frame of the image, or in
 *   its pixels
 * @sky: (nullable): of the image
 * @error: return location; %ALMU_ERROR_UNSUPPORTED if there is no sky, at some place
 *   of a region too, or no name for its frame in @format
 *
 * Writes regions, in the order they come in. Any thread, if nobody else uses @sky
 * meanwhile.
 *
 * Returns: (transfer full): a region file, to a thousandth of a pixel, or %NULL
 */
char *
almu_region_text_write (AlmuRegionFormat format,
                        GPtrArray       *entries,
                        gboolean         is_world,
                        AlmuSkyMap      *sky,
                        GError         **error)
{
  g_autoptr(GString) text = g_string_new (NULL);
  AlmuPlacer placer = { sky, !is_world };
  gboolean   is_written;

  if (!set_frame (&placer, format, error))
    return NULL;

  if (format == ALMU_REGION_TEXT_CRTF)
    is_written = almu_crtf_write (entries, &placer, text, error);
  else
    is_written = almu_ds9_write (entries, &placer, text, error);

  return is_written ? g_string_free (g_steal_pointer (&text), FALSE) : NULL;
}
