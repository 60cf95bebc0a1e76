/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

char *almu_json_text_clean (const char *text,
                            gssize      length,
                            GError    **error);
char *almu_json_text_mend (const char *text);

G_END_DECLS
