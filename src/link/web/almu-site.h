/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

#define ALMU_TYPE_SITE (almu_site_get_type ())
G_DECLARE_FINAL_TYPE (AlmuSite, almu_site, ALMU, SITE, GObject)

/**
 * AlmuSiteFile: (foreign)
 * @bytes: what to send
 * @etag: what tells this version, and this encoding of it, from others
 * @type: its media type
 * @gzipped: whether @bytes are compressed
 * @varies: whether they could have been
 * @hashed: whether the name changes with the content
 */
typedef struct
{
  GBytes     *bytes;
  char       *etag;
  const char *type;
  gboolean    gzipped;
  gboolean    varies;
  gboolean    hashed;
} AlmuSiteFile;

AlmuSite     *almu_site_new (const char *folder);
void          almu_site_load_async (AlmuSite           *self,
                                    const char         *path,
                                    gboolean            gzip,
                                    GAsyncReadyCallback callback,
                                    gpointer            user_data);
AlmuSiteFile *almu_site_load_finish (AlmuSite     *self,
                                     GAsyncResult *result,
                                     GError      **error);
void          almu_site_file_free (AlmuSiteFile *file);
void          almu_site_serve (AlmuSite          *self,
                               SoupServerMessage *msg,
                               const char        *path);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuSiteFile, almu_site_file_free)

G_END_DECLS
