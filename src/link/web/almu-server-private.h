/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

#include "almu-api.h"
#include "almu-guard.h"
#include "almu-listener.h"
#include "almu-route.h"
#include "almu-server.h"
#include "almu-site.h"

G_BEGIN_DECLS

typedef struct
{
  AlmuPageFunc   func;
  gpointer       user_data;
  GDestroyNotify destroy;
} AlmuServerPage;

/* What is found out when the head of a request is there. */
typedef struct
{
  AlmuRoute       route;
  const char     *rest; /* in the message's URI */
  AlmuServerPage *page;
  gboolean        upgrade;
  gsize           n_body_bytes;
  guint           refusal; /* found while the body came */
} AlmuServerRequest;

struct _AlmuServer
{
  GObject parent_instance;

  char           *prefix;
  char           *host;
  char           *site_folder;
  char           *token;
  AlmuSettings   *settings;
  gboolean        read_only;
  AlmuServerFlags flags;
  char          **allowed_hosts;
  char          **allowed_origins;

  SoupServer   *soup;
  AlmuListener *listener;
  AlmuGuard    *guard;
  AlmuSite     *site;
  AlmuApi      *api;
  GHashTable   *pages;       /* path → AlmuServerPage */
  GHashTable   *connections; /* of AlmuConnection, not owned */
  guint         n_links;
  gsize         n_body_bytes;
};

void               almu_server_judge (AlmuServer        *self,
                                      SoupServerMessage *msg);
AlmuServerRequest *almu_server_request_of (SoupServerMessage *msg);
const char        *almu_server_query_of (SoupServerMessage *msg);
void               almu_server_answer (AlmuServer        *self,
                                       SoupServerMessage *msg,
                                       AlmuServerRequest *request);

G_END_DECLS
