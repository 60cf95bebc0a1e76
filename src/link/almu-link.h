/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "almu-outbox.h"
#include "almu-session.h"
#include "almu-sessions.h"
#include "almu-socket.h"
#include "almu-switchboard.h"
#include "carta.pb-c.h"

G_BEGIN_DECLS

#define ALMU_TYPE_LINK (almu_link_get_type ())
G_DECLARE_FINAL_TYPE (AlmuLink, almu_link, ALMU, LINK, GObject)

/* Close codes of our own. */
#define ALMU_CLOSE_TAKEN_OVER 4001
#define ALMU_CLOSE_VERSION 4002
#define ALMU_CLOSE_OVERFLOW 4003
#define ALMU_CLOSE_IDLE 4004

AlmuLink        *almu_link_new (AlmuSwitchboard *switchboard,
                                AlmuSocket      *socket,
                                const char      *peer,
                                const char      *viewer,
                                guint32          prepared_id);
AlmuSwitchboard *almu_link_get_switchboard (AlmuLink *self);
AlmuSession     *almu_link_get_session (AlmuLink *self);
const char      *almu_link_get_peer (AlmuLink *self);
const char      *almu_link_get_viewer (AlmuLink *self);
guint32          almu_link_get_prepared_id (AlmuLink *self);
guint16          almu_link_get_icd_version (AlmuLink *self);
GCancellable    *almu_link_get_cancellable (AlmuLink *self);
AlmuFolder      *almu_link_get_folder (AlmuLink *self);
gsize            almu_link_get_outbox_bytes (AlmuLink *self);
guint            almu_link_get_n_outgoing (AlmuLink *self);
guint            almu_link_get_n_held (AlmuLink *self);

void almu_link_bind (AlmuLink    *self,
                     AlmuSession *session);
void almu_link_lose (AlmuLink   *self,
                     guint       code,
                     const char *reason);

/* -- saying something --------------------------------------------------- */

void almu_link_reply (AlmuLink               *self,
                      guint32                 request_id,
                      const ProtobufCMessage *message);
void almu_link_flush (AlmuLink *self);
void almu_link_promise (AlmuLink *self);
void almu_link_stream (AlmuLink               *self,
                       const ProtobufCMessage *message,
                       AlmuOutboxLane          lane,
                       guint64                 key);
void almu_link_drop_pictures (AlmuLink *self,
                              int       file_id);
void almu_link_drop_frames (AlmuLink *self);

void almu_link_drop_group (AlmuLink *self,
                           guint64   key);
void almu_link_drop_rows (AlmuLink *self,
                          int       catalog_id);
void almu_link_refuse (AlmuLink     *self,
                       guint16       event,
                       guint32       request_id,
                       gint32        file_id,
                       const GError *error);
void almu_link_report (AlmuLink            *self,
                       CARTA__ErrorSeverity severity,
                       const char          *tag,
                       const char          *text);

/* -- what handlers need ------------------------------------------------- */

AlmuFile *almu_link_get_file (AlmuLink   *self,
                              int         file_id,
                              const char *tag);
void      almu_link_begin_order (AlmuLink *self,
                                 int       file_id);
void      almu_link_end_order (AlmuLink *self,
                               int       file_id);
gboolean  almu_link_has_orders (AlmuLink *self);

/* Stands for all files in almu_link_begin_order(). */
#define ALMU_LINK_ALL_FILES -1

/* Stands for a catalog there: they are numbered beside the images, and any
 * number may be asked for. */
#define ALMU_LINK_CATALOG(catalog_id) (-2 - CLAMP ((catalog_id), 0, G_MAXINT32 - 2))

/* The group of its rows that wait to be sent, apart from those of tiles. */
#define ALMU_LINK_ROWS_KEY(catalog_id) ((G_GUINT64_CONSTANT (1) << 32) | (guint32) (catalog_id))

GCancellable *almu_link_renew_listing (AlmuLink *self);
GHashTable   *almu_link_get_scripts (AlmuLink *self);

G_END_DECLS
