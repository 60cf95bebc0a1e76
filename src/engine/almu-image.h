/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "almu-hdu-list.h"
#include "almu-image-info.h"
#include "almu-rect.h"

G_BEGIN_DECLS

/**
 * AlmuFingerprint:
 *
 * What makes two files the same file with the same content.
 */
typedef struct
{
  guint64 device;
  guint64 inode;
  gint64  size;
  gint64  mtime_ns;
} AlmuFingerprint;

#define ALMU_TYPE_IMAGE (almu_image_get_type ())
G_DECLARE_DERIVABLE_TYPE (AlmuImage, almu_image, ALMU, IMAGE, GObject)

/**
 * AlmuImageClass:
 * @read: fills @pixels with the values of @box, blanks as NaN. @box is
 *   within the image. Any thread, several at a time.
 *
 * An image: one HDU of an open file, immutable, usable from any thread.
 * A further kind of file is a further subclass.
 */
struct _AlmuImageClass
{
  GObjectClass parent_class;

  gboolean (*read) (AlmuImage     *self,
                    const AlmuBox *box,
                    float         *pixels,
                    GCancellable  *cancellable,
                    GError       **error);
};

AlmuImage             *almu_image_open (int            fd,
                                        const char    *name,
                                        const char    *hdu,
                                        AlmuImageFlags flags,
                                        GError       **error);
GPtrArray             *almu_image_list (int            fd,
                                        const char    *name,
                                        const char    *hdu,
                                        AlmuImageFlags flags,
                                        GError       **error);
const AlmuImageInfo   *almu_image_get_info (AlmuImage *self);
const AlmuFingerprint *almu_image_get_fingerprint (AlmuImage *self);
const char            *almu_image_get_name (AlmuImage *self);
guint64                almu_image_get_serial (AlmuImage *self);
gboolean               almu_image_read (AlmuImage     *self,
                                        const AlmuBox *box,
                                        float         *pixels,
                                        GCancellable  *cancellable,
                                        GError       **error);

gboolean almu_fingerprint_read (int              fd,
                                AlmuFingerprint *out_fingerprint,
                                GError         **error);
gboolean almu_fingerprint_equal (const AlmuFingerprint *a,
                                 const AlmuFingerprint *b);

guint64 almu_image_get_total_bytes_read (void);

/* For subclasses. */
void almu_image_set_up (AlmuImage             *self,
                        const char            *name,
                        const AlmuFingerprint *fingerprint,
                        AlmuImageInfo         *info);
void almu_image_add_bytes_read (gsize n_bytes);

G_END_DECLS
