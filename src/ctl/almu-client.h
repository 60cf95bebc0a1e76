/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Exit statuses, beside 0. */
#define ALMU_CTL_USAGE 1
#define ALMU_CTL_NO_SERVICE 2
#define ALMU_CTL_REFUSED 3

#define ALMU_CTL_MANAGER "io.github.almucantar.Almucantar.Manager1"

/**
 * AlmuClient:
 *
 * The service as somebody on the bus sees it.
 *
 * Every call goes to its name, never to the connection that has the name
 * just now, as a proxy's would: a call that comes when the service is about
 * to leave for want of work then reaches the next one.
 */
typedef struct _AlmuClient AlmuClient;

AlmuClient *almu_client_new (gboolean may_start,
                             GError **error);
void        almu_client_free (AlmuClient *self);
GVariant   *almu_client_call (AlmuClient *self,
                              const char *interface,
                              const char *method,
                              GVariant   *parameters,
                              const char *reply_type,
                              GError    **error);
gboolean    almu_client_is_absence (const GError *error);
int         almu_client_get_status (const GError *error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuClient, almu_client_free)

G_END_DECLS
