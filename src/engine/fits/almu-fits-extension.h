/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-image.h"

G_BEGIN_DECLS

gboolean almu_fits_extension_read (AlmuImage  *image,
                                   int         fd,
                                   const char *extension,
                                   gint64      version,
                                   GBytes    **out_bytes,
                                   GError    **error);

G_END_DECLS
