/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-file.h"
#include "almu-scratch.h"
#include "carta.pb-c.h"

G_BEGIN_DECLS

CARTA__FileInfoExtended *almu_speak_image_info (const AlmuImageInfo *info,
                                                const char          *name,
                                                guint                n_cards,
                                                AlmuScratch         *scratch);
CARTA__OpenFileAck      *almu_speak_open_file_ack (AlmuFile    *file,
                                                   AlmuScratch *scratch);

G_END_DECLS
