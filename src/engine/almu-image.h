/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "almu-hdu-list.h"
#include "almu-histogram.h"
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
 * @has_mip: (nullable): whether the file keeps a copy of every plane that is
 *   smaller by @mip, a power of two above 1
 * @read_mip: (nullable): like @read, of such a copy; @box is in its pixels.
 *   A value is the mean of the finite pixels of a block.
 * @read_histogram: (nullable): what the file keeps of a plane, or of all
 *   channels for %ALMU_ALL_CHANNELS: the histogram between the smallest and
 *   the largest value, in as many bins as almu_histogram_auto_bins() says;
 *   %NULL without one, or if it cannot be right
 * @read_extension: (nullable): another HDU of the file as it stands, header
 *   and data; nothing if there is none of that name and version
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
  gboolean (*has_mip) (AlmuImage *self,
                       int        mip);
  gboolean (*read_mip) (AlmuImage     *self,
                        int            mip,
                        const AlmuBox *box,
                        float         *pixels,
                        GCancellable  *cancellable,
                        GError       **error);
  AlmuHistogram *(*read_histogram) (AlmuImage    *self,
                                    int           channel,
                                    int           stokes,
                                    GCancellable *cancellable);
  gboolean (*read_extension) (AlmuImage  *self,
                              const char *extension,
                              gint64      version,
                              GBytes    **out_bytes,
                              GError    **error);
};

/* In place of a channel. */
#define ALMU_ALL_CHANNELS -2

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
gboolean               almu_image_has_mip (AlmuImage *self,
                                           int        mip);
gboolean               almu_image_read_mip (AlmuImage     *self,
                                            int            mip,
                                            const AlmuBox *box,
                                            float         *pixels,
                                            GCancellable  *cancellable,
                                            GError       **error);
AlmuHistogram         *almu_image_read_histogram (AlmuImage    *self,
                                                  int           channel,
                                                  int           stokes,
                                                  GCancellable *cancellable);

gboolean almu_image_read_extension (AlmuImage  *self,
                                    const char *extension,
                                    gint64      version,
                                    GBytes    **out_bytes,
                                    GError    **error);

gboolean almu_fingerprint_read (int              fd,
                                AlmuFingerprint *out_fingerprint,
                                GError         **error);
gboolean almu_fingerprint_equal (const AlmuFingerprint *a,
                                 const AlmuFingerprint *b);

guint64 almu_image_get_total_bytes_read (void);

/* For subclasses. */
void     almu_image_set_up (AlmuImage             *self,
                            const char            *name,
                            const AlmuFingerprint *fingerprint,
                            AlmuImageInfo         *info);
gboolean almu_image_read_bytes (AlmuImage *image,
                                int        fd,
                                gint64     offset,
                                gsize      size,
                                void      *bytes,
                                GError   **error);
void     almu_image_add_bytes_read (gsize n_bytes);

G_END_DECLS
