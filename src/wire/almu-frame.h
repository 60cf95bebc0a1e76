/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The interface version we write by default, and the oldest a peer may
 * have; what lies between differs in nothing we rely on. */
#define ALMU_ICD_VERSION 30
#define ALMU_ICD_VERSION_OLDEST 28

/* What stands before the body of each binary message. */
#define ALMU_FRAME_BYTES 8

/**
 * AlmuFrame:
 * @event: the number of the event, see [func@Almu.catalog_lookup]
 * @icd_version: the interface version of the sender
 * @request_id: the number a reply repeats; ignored in streams
 *
 * The header of a message. On the wire all three are little-endian.
 */
typedef struct
{
  guint16 event;
  guint16 icd_version;
  guint32 request_id;
} AlmuFrame;

gboolean almu_frame_parse (const guint8 *data,
                           gsize         length,
                           AlmuFrame    *out_frame,
                           GError      **error);
void     almu_frame_write (const AlmuFrame *frame,
                           guint8          *data);
gboolean almu_frame_is_version_known (guint16 icd_version);

G_END_DECLS
