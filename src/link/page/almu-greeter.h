/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-switchboard.h"

G_BEGIN_DECLS

/**
 * AlmuGreeterMode:
 *
 * What happens when a browser returns without knowing its session.
 */
typedef enum
{
  ALMU_GREETER_ASK,
  ALMU_GREETER_AUTO,
  ALMU_GREETER_NEVER,
} AlmuGreeterMode;

#define ALMU_TYPE_GREETER (almu_greeter_get_type ())
G_DECLARE_FINAL_TYPE (AlmuGreeter, almu_greeter, ALMU, GREETER, GObject)

AlmuGreeter *almu_greeter_new (AlmuSwitchboard *switchboard,
                               AlmuGreeterMode  mode);
void         almu_greeter_note_page (AlmuGreeter *self,
                                     const char  *viewer,
                                     const char  *query);

G_END_DECLS
