/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-fuzz.h"
#include "almu-region-text.h"
#include "test-sky.h"

/* The first byte tells the kind of file and whether the image knows the sky.
 * What was understood is written, and what was written is understood. */
static void
write_again (GPtrArray  *entries,
             gboolean    is_world,
             AlmuSkyMap *sky)
{
  for (int format = ALMU_REGION_TEXT_CRTF; format <= ALMU_REGION_TEXT_DS9; format++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func (g_free);
      g_autoptr(GPtrArray) again = NULL;
      g_autofree char *text = almu_region_text_write ((AlmuRegionFormat) format, entries, is_world, sky, &error);

      g_assert_true ((text == NULL) == (error != NULL));
      if (text == NULL)
        continue;

      g_assert_true (g_utf8_validate (text, -1, NULL));
      again = almu_region_text_read ((AlmuRegionFormat) format, text, sky, problems, NULL, &error);
      g_assert_no_error (error);
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  static AlmuSkyMap *sky = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(GPtrArray) entries = NULL;
  g_autofree char *text = NULL;
  AlmuSkyMap      *known;

  if (size == 0 || size > 64 * 1024)
    return 0;
  if (sky == NULL)
    sky = test_sky_map_new ("RA--", "DEC-", "SIN", "RADESYS = 'ICRS'", 83.6, -5.4, 0.001, 30, FALSE);

  known = data[0] & 2 ? sky : NULL;
  text = g_utf8_make_valid ((const char *) data + 1, (gssize) (size - 1));
  entries = almu_region_text_read (data[0] & 1 ? ALMU_REGION_TEXT_DS9 : ALMU_REGION_TEXT_CRTF, text, known, problems, NULL, &error);
  g_assert_true ((entries == NULL) == (error != NULL));
  if (entries == NULL)
    return 0;

  write_again (entries, FALSE, known);
  write_again (entries, TRUE, known);

  return 0;
}
