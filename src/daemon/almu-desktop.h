/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

void almu_desktop_show (GDBusConnection *connection,
                        const char      *url);
void almu_desktop_complain (GApplication *application,
                            const GError *error);

G_END_DECLS
