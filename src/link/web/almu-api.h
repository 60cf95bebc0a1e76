/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

#include "almu-script.h"
#include "almu-settings.h"

G_BEGIN_DECLS

#define ALMU_TYPE_API (almu_api_get_type ())
G_DECLARE_FINAL_TYPE (AlmuApi, almu_api, ALMU, API, GObject)

AlmuApi *almu_api_new (AlmuSettings *settings,
                       gboolean      read_only);
void     almu_api_set_script_func (AlmuApi       *self,
                                   AlmuScriptFunc func,
                                   gpointer       user_data,
                                   GDestroyNotify destroy);
void     almu_api_serve (AlmuApi           *self,
                         SoupServerMessage *msg,
                         const char        *path);
void     almu_api_stop (AlmuApi *self);

G_END_DECLS
