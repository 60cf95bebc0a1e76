/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <protobuf-c/protobuf-c.h>

G_BEGIN_DECLS

/**
 * AlmuDirection:
 * @ALMU_DIRECTION_NONE: never on the wire
 * @ALMU_DIRECTION_TO_US: the page sends it
 * @ALMU_DIRECTION_FROM_US: we send it
 *
 * Which way an event travels.
 */
typedef enum
{
  ALMU_DIRECTION_NONE,
  ALMU_DIRECTION_TO_US,
  ALMU_DIRECTION_FROM_US,
} AlmuDirection;

/**
 * AlmuCatalogEntry:
 * @event: the number in the header (`CARTA__EVENT_TYPE__…`)
 * @reply: the event that answers this one, or 0 when none is awaited
 * @direction: which way it travels
 * @name: its name in the interface, such as "OPEN_FILE"
 * @descriptor: (nullable): what the body is; %NULL for `EMPTY_EVENT` only
 *
 * One event of the interface. The reply repeats the request id of what it
 * answers, but for `CATALOG_FILTER_RESPONSE`, which is a stream, and for
 * `SCRIPTING_RESPONSE`, which names its request inside the body.
 */
typedef struct
{
  guint16                           event;
  guint16                           reply;
  AlmuDirection                     direction;
  const char                       *name;
  const ProtobufCMessageDescriptor *descriptor;
} AlmuCatalogEntry;

const AlmuCatalogEntry *almu_catalog_lookup (guint16 event);
const AlmuCatalogEntry *almu_catalog_lookup_descriptor (const ProtobufCMessageDescriptor *descriptor);
const char             *almu_catalog_get_name (guint16 event);
guint                   almu_catalog_get_size (void);

G_END_DECLS
