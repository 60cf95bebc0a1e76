/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-overlay.h"
#include "carta.pb-c.h"

G_BEGIN_DECLS

/* almu-on-overlay.c */
gboolean almu_contour_settings_for_message (const CARTA__SetContourParameters *message,
                                            int                                reference_file_id,
                                            AlmuContourSettings              **out_settings,
                                            GError                           **error);
gboolean almu_vector_settings_for_message (const CARTA__SetVectorOverlayParameters *message,
                                           AlmuVectorSettings                     **out_settings,
                                           GError                                 **error);

G_END_DECLS
