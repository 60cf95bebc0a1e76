/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-sessions.h"

G_BEGIN_DECLS

/**
 * AlmuBusWriteFunc:
 *
 * Returns: (transfer full): the session as text
 */
typedef char *(*AlmuBusWriteFunc) (const AlmuMemento *memento);

/**
 * AlmuBusReadFunc:
 *
 * Returns: (transfer full): what the text says
 */
typedef AlmuMemento *(*AlmuBusReadFunc) (const char *text,
                                         GError    **error);

/**
 * AlmuBusRecords:
 *
 * How sessions are written down. The bus carries such text and does not
 * know it; who introduces the two lends these.
 */
typedef struct
{
  AlmuBusWriteFunc write;
  AlmuBusReadFunc  read;
} AlmuBusRecords;

char    *almu_bus_records_write (const AlmuBusRecords *self,
                                 AlmuSessions         *sessions,
                                 guint32               id,
                                 GError              **error);
void     almu_bus_records_apply_async (const AlmuBusRecords *self,
                                       AlmuSession          *session,
                                       const char           *text,
                                       GAsyncReadyCallback   callback,
                                       gpointer              user_data);
gboolean almu_bus_records_apply_finish (AlmuSession  *session,
                                        GAsyncResult *result,
                                        GError      **error);

G_END_DECLS
