/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * AlmuByteSource: (foreign)
 *
 * A file that is read from its start to its end, piece by piece, unpacked
 * where it is packed.
 */
typedef struct _AlmuByteSource AlmuByteSource;

AlmuByteSource *almu_byte_source_new (int      fd,
                                      gboolean is_packed);
void            almu_byte_source_free (AlmuByteSource *self);
gssize          almu_byte_source_read (AlmuByteSource *self,
                                       guint8         *bytes,
                                       gsize           size,
                                       GError        **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuByteSource, almu_byte_source_free)

G_END_DECLS
