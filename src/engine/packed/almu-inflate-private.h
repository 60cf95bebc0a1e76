/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define ALMU_INFLATE_IN_BYTES (256 * 1024)
#define ALMU_INFLATE_OUT_BYTES (1024 * 1024)

/**
 * AlmuInflating:
 * @at: how far the packed file was read
 * @in: packed bytes that were read ahead of that, from @in_at to @n_in
 * @n_out: how many bytes came out
 * @start: the first of them
 * @is_in_memory: where they are put
 *
 * A file on its way from packed to plain. Every kind is unpacked piece by
 * piece, so that a small file that claims or becomes very much takes time
 * and a place on disk up to the limit, but no memory.
 */
typedef struct
{
  int         fd;
  int         out_fd;
  const char *name;
  gint64      at;
  guint8     *in;
  gsize       n_in;
  gsize       in_at;
  gint64      n_out;
  char        start[8];
  gboolean    is_in_memory;
} AlmuInflating;

gssize   almu_inflating_look (AlmuInflating *self,
                              gsize          n_wanted,
                              guint8       **out_bytes,
                              GError       **error);
void     almu_inflating_skip (AlmuInflating *self,
                              gsize          n_bytes);
gssize   almu_inflating_get (AlmuInflating *self,
                             guint8        *bytes,
                             GError       **error);
gboolean almu_inflating_put (AlmuInflating *self,
                             const guint8  *bytes,
                             gsize          n_bytes,
                             GError       **error);
gboolean almu_inflating_fail (AlmuInflating *self,
                              const char    *why,
                              GError       **error);

/* almu-inflate-bzip2.c, almu-inflate-lzw.c */
gboolean almu_inflate_bzip2 (AlmuInflating *self,
                             GError       **error);
gboolean almu_inflate_lzw (AlmuInflating *self,
                           GError       **error);

G_END_DECLS
