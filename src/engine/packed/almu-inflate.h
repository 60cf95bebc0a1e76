/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * AlmuInflateSize:
 *
 * What came of it.
 */
typedef struct
{
  gint64   n_bytes;
  gboolean is_in_memory; /* and not on a disk */
} AlmuInflateSize;

int almu_inflate (int              fd,
                  const char      *name,
                  AlmuInflateSize *out_size,
                  GError         **error);

G_END_DECLS
