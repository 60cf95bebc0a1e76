/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-image-info.h"
#include "almu-scratch.h"
#include "carta.pb-c.h"

G_BEGIN_DECLS

CARTA__FileInfoExtended *almu_speak_image_info (const AlmuImageInfo *info,
                                                const char          *name,
                                                AlmuScratch         *scratch);
void                     almu_speak_beams (const AlmuImageInfo *info,
                                           CARTA__OpenFileAck  *ack,
                                           AlmuScratch         *scratch);

G_END_DECLS
