/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

void almu_log_init (int verbosity);
void almu_log_session (const char *domain,
                       guint32     session_id,
                       const char *peer,
                       const char *format,
                       ...) G_GNUC_PRINTF (4, 5);

G_END_DECLS
