/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "carta.pb-c.h"

G_BEGIN_DECLS

/**
 * AlmuTestViewer:
 *
 * A page without a page: speaks the ICD to a service over a real WebSocket.
 * What arrives is kept until it is asked for.
 */
typedef struct _AlmuTestViewer AlmuTestViewer;

/* A message that has arrived. */
typedef struct
{
  guint16           event;
  guint16           icd_version;
  guint32           request_id;
  ProtobufCMessage *message;
} AlmuTestMessage;

AlmuTestViewer *almu_test_viewer_connect (const char *url);
AlmuTestViewer *almu_test_viewer_connect_from (const char *url,
                                               const char *browser);
AlmuTestViewer *almu_test_viewer_new_for_stream (GIOStream *stream);
void            almu_test_viewer_free (AlmuTestViewer *self);
void            almu_test_viewer_set_icd_version (AlmuTestViewer *self,
                                                  guint16         version);
guint32         almu_test_viewer_send (AlmuTestViewer         *self,
                                       const ProtobufCMessage *message);
void            almu_test_viewer_send_raw (AlmuTestViewer *self,
                                           guint16         event,
                                           guint32         request_id,
                                           const void     *body,
                                           gsize           length);
void            almu_test_viewer_send_bytes (AlmuTestViewer *self,
                                             const char     *bytes,
                                             gsize           length);
void            almu_test_viewer_send_text (AlmuTestViewer *self,
                                            const char     *text);
gpointer        almu_test_viewer_await (AlmuTestViewer *self,
                                        guint16         event);
gpointer        almu_test_viewer_await_reply (AlmuTestViewer *self,
                                              guint16         event,
                                              guint32         request_id);
gpointer        almu_test_viewer_take (AlmuTestViewer *self,
                                       guint16         event);
void            almu_test_viewer_await_pong (AlmuTestViewer *self);
guint           almu_test_viewer_await_closed (AlmuTestViewer *self);
gboolean        almu_test_viewer_is_open (AlmuTestViewer *self);
GQueue         *almu_test_viewer_get_messages (AlmuTestViewer *self);
void            almu_test_viewer_clear (AlmuTestViewer *self);
int             almu_test_viewer_get_fd (AlmuTestViewer *self);
void            almu_test_viewer_close (AlmuTestViewer *self);
void            almu_test_viewer_cut (AlmuTestViewer *self);

CARTA__RegisterViewerAck *almu_test_viewer_register (AlmuTestViewer *self,
                                                     guint32         session_id);
CARTA__OpenFileAck       *almu_test_viewer_open (AlmuTestViewer *self,
                                                 const char     *directory,
                                                 const char     *name,
                                                 const char     *hdu,
                                                 int             file_id);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuTestViewer, almu_test_viewer_free)

/* g_autoptr for what await and take return */
typedef ProtobufCMessage AlmuTestBody;
void                     almu_test_body_free (gpointer message);

#define almu_test_autobody __attribute__ ((cleanup (almu_test_body_clear)))
static inline void
almu_test_body_clear (void *place)
{
  gpointer *message = place;

  if (*message != NULL)
    almu_test_body_free (*message);
}

G_END_DECLS
