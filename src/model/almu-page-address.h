/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * AlmuPageAddress: (foreign)
 *
 * Where the page is, and how to say in its address what it is to show.
 *
 * `http://127.0.0.1:3002/prefix/s/123/?token=…&folder=…&files=…`: the page's
 * WebSocket goes to the page's own path, so it is the path that tells which
 * prepared session a page belongs to; the query is read by the page.
 *
 * A value: atomically reference counted, immutable.
 */
typedef struct _AlmuPageAddress AlmuPageAddress;

AlmuPageAddress *almu_page_address_new (const char *base,
                                        const char *token);
AlmuPageAddress *almu_page_address_ref (AlmuPageAddress *self);
void             almu_page_address_unref (AlmuPageAddress *self);
const char      *almu_page_address_get_base (AlmuPageAddress *self);
char            *almu_page_address_make (AlmuPageAddress   *self,
                                         guint32            session_id,
                                         const char        *folder,
                                         const char *const *files);
char            *almu_page_address_make_workspace (AlmuPageAddress *self,
                                                   const char      *name);
gboolean         almu_page_address_check_files (const char *const *files,
                                                GError           **error);
guint32          almu_page_address_parse_session (const char *path);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuPageAddress, almu_page_address_unref)

G_END_DECLS
