/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-options.h"
#include "almu-page-address.h"
#include "almu-server.h"
#include "almu-switchboard.h"

G_BEGIN_DECLS

AlmuServer *almu_launch_server (const AlmuOptions *options,
                                const char        *token,
                                AlmuSettings      *settings);
gboolean    almu_launch_listen (AlmuServer        *server,
                                const AlmuOptions *options,
                                guint16            last_port,
                                GError           **error);
void        almu_launch_browser (const AlmuOptions *options,
                                 const char        *url);
void        almu_launch_announce (const AlmuOptions *options,
                                  AlmuServer        *server,
                                  AlmuPageAddress   *address);
void        almu_launch_say_good_bye (AlmuSwitchboard *switchboard);

G_END_DECLS
