/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz-image.h"

#include <unistd.h>

#include "almu-image.h"
#include "almu-plane.h"
#include "almu-profile.h"
#include "almu-sky-map.h"

/* Planes larger than that say nothing new. */
#define MAX_PIXELS (1 << 16)

static void
look_at (AlmuImage *image)
{
  const AlmuImageInfo *info = almu_image_get_info (image);
  const double         pixels[] = { 0, 0, info->width / 2.0, info->height - 1.0, -1e9, 1e9 };
  double               sky[6];
  double               back[6];
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuSkyMap) map = almu_sky_map_new (info, &error);
  g_autoptr(AlmuPlane) plane = NULL;
  g_autoptr(AlmuHistogram) histogram = NULL;

  if (map != NULL)
    {
      almu_sky_map_to_sky (map, 3, pixels, sky);
      almu_sky_map_to_pixels (map, 3, sky, back);
    }
  g_clear_error (&error);

  if ((gint64) info->width * info->height > MAX_PIXELS)
    return;
  plane = almu_plane_load (image, info->depth - 1, info->n_stokes - 1, NULL, &error);
  g_assert_true ((plane == NULL) == (error != NULL));
  if (plane == NULL)
    return;

  histogram = almu_plane_count (plane, 100, almu_plane_get_stats (plane)->min, almu_plane_get_stats (plane)->max);
}

/* All that is done with a file when it is looked at in the browser of files
 * and when it is opened. */
int
fuzz_image (const void *data,
            gsize       size)
{
  int fd = almu_fuzz_make_fd (data, size);
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) infos = almu_image_list (fd, "fuzz", NULL, ALMU_IMAGE_HISTORY_BEAM, &error);
  g_autoptr(AlmuImage) image = NULL;

  g_assert_true ((infos == NULL) == (error != NULL));
  g_clear_error (&error);
  image = almu_image_open (fd, "fuzz", "", ALMU_IMAGE_HISTORY_BEAM, &error);
  g_assert_true ((image == NULL) == (error != NULL));
  if (image != NULL)
    look_at (image);

  return 0;
}
