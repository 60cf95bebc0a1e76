/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

#define ALMU_TOKEN_NAME "carta-auth-token"
#define ALMU_VIEWER_COOKIE "almucantar-viewer"

typedef struct _AlmuGuard AlmuGuard;

AlmuGuard *almu_guard_new (const char        *token,
                           const char *const *hosts,
                           const char *const *origins);
void       almu_guard_free (AlmuGuard *self);
gboolean   almu_guard_has_token (AlmuGuard *self);
gboolean   almu_guard_allows_token (AlmuGuard          *self,
                                    SoupMessageHeaders *request,
                                    const char         *query);
gboolean   almu_guard_allows_host (AlmuGuard          *self,
                                   SoupMessageHeaders *request,
                                   GInetAddress       *local);
gboolean   almu_guard_allows_origin (AlmuGuard          *self,
                                     SoupMessageHeaders *request);
void       almu_guard_add_cors (AlmuGuard          *self,
                                SoupMessageHeaders *request,
                                SoupMessageHeaders *response);
void       almu_guard_add_token_cookies (AlmuGuard          *self,
                                         SoupMessageHeaders *request,
                                         SoupMessageHeaders *response,
                                         const char         *path);

const char *almu_guard_find_fault (SoupMessageHeaders *request,
                                   SoupHTTPVersion     version);
gboolean    almu_guard_query_has_token (const char *query);
char       *almu_guard_strip_token (const char *query);
char       *almu_guard_dup_viewer (SoupMessageHeaders *request);
char       *almu_guard_make_viewer (SoupMessageHeaders *response,
                                    const char         *path);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuGuard, almu_guard_free)

G_END_DECLS
