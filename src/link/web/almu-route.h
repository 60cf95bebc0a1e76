/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/**
 * AlmuRoute:
 * @ALMU_ROUTE_NONE: outside the prefix
 * @ALMU_ROUTE_BARE: the prefix without its slash
 * @ALMU_ROUTE_CONFIG: where the page finds the API
 * @ALMU_ROUTE_HEALTH: whether we live
 * @ALMU_ROUTE_API: settings and scripts
 * @ALMU_ROUTE_SITE: anything else: the page's files
 *
 * What a path leads to.
 */
typedef enum
{
  ALMU_ROUTE_NONE,
  ALMU_ROUTE_BARE,
  ALMU_ROUTE_CONFIG,
  ALMU_ROUTE_HEALTH,
  ALMU_ROUTE_API,
  ALMU_ROUTE_SITE,
} AlmuRoute;

AlmuRoute almu_route_find (const char  *prefix,
                           const char  *path,
                           const char **out_rest);
gboolean  almu_route_allows (AlmuRoute   route,
                             const char *method);
gboolean  almu_route_is_index (const char *rest);
gboolean  almu_route_is_upgrade (SoupServerMessage *msg);
char     *almu_route_clean_prefix (const char *text,
                                   GError    **error);

G_END_DECLS
