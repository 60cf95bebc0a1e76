/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "almu-server.h"

G_BEGIN_DECLS

#define ALMU_TEST_TOKEN "3f1c-right"

/**
 * AlmuTestReply:
 *
 * What came back until the server closed: nothing at all has status 0.
 */
typedef struct
{
  guint       status;
  GHashTable *headers; /* lower-case name → values, by newlines */
  GBytes     *body;
} AlmuTestReply;

AlmuTestReply     *almu_test_fetch (AlmuServer *server,
                                    const char *format,
                                    ...) G_GNUC_PRINTF (2, 3);
AlmuTestReply     *almu_test_get (AlmuServer *server,
                                  const char *path,
                                  const char *more_headers);
AlmuTestReply     *almu_test_send (AlmuServer *server,
                                   const char *method,
                                   const char *path,
                                   const char *body);
AlmuTestReply     *almu_test_read (GSocketConnection *connection);
GSocketConnection *almu_test_connect (AlmuServer *server);
void               almu_test_write (GSocketConnection *connection,
                                    const void        *data,
                                    gssize             length);
const char        *almu_test_header (AlmuTestReply *reply,
                                     const char    *name);
const char        *almu_test_body (AlmuTestReply *reply);
void               almu_test_reply_free (AlmuTestReply *reply);
void               almu_test_settle (AlmuServer *server);
void               almu_test_end (AlmuServer *server);
guint              almu_test_count_descriptors (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuTestReply, almu_test_reply_free)

G_END_DECLS
