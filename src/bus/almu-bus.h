/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-bus-records.h"
#include "almu-page-address.h"
#include "almu-sessions.h"

G_BEGIN_DECLS

/**
 * AlmuBusStatusFunc:
 *
 * Returns: (transfer full): an a{sv}
 */
typedef GVariant *(*AlmuBusStatusFunc) (gpointer user_data);

#define ALMU_TYPE_BUS (almu_bus_get_type ())
G_DECLARE_FINAL_TYPE (AlmuBus, almu_bus, ALMU, BUS, GObject)

AlmuBus *almu_bus_new (AlmuSessions *sessions);
void     almu_bus_set_page_address (AlmuBus         *self,
                                    AlmuPageAddress *address);
void     almu_bus_set_trouble (AlmuBus    *self,
                               const char *trouble);
void     almu_bus_set_records (AlmuBus         *self,
                               AlmuBusWriteFunc write,
                               AlmuBusReadFunc  read);
void     almu_bus_set_status_func (AlmuBus          *self,
                                   AlmuBusStatusFunc func,
                                   gpointer          user_data);
gboolean almu_bus_export (AlmuBus         *self,
                          GDBusConnection *connection,
                          GError         **error);
void     almu_bus_unexport (AlmuBus *self);

G_END_DECLS
