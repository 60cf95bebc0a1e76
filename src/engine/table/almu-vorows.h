/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * AlmuVorowsEnd:
 * @ALMU_VOROWS_MORE: the bytes end before the row does
 * @ALMU_VOROWS_ODD: the next row has something that only XML explains
 * @ALMU_VOROWS_OTHER: what follows is no row
 * @ALMU_VOROWS_STOPPED: the listener has had enough
 *
 * Why rows are not taken any further.
 */
typedef enum
{
  ALMU_VOROWS_MORE,
  ALMU_VOROWS_ODD,
  ALMU_VOROWS_OTHER,
  ALMU_VOROWS_STOPPED,
} AlmuVorowsEnd;

/**
 * AlmuVorowsListener:
 * @cell: a cell, as it stands between TD and /TD
 * @row: after the last cell of each row
 *
 * Both return whether to go on.
 */
typedef struct
{
  gboolean (*cell) (const char *text,
                    gsize       n_bytes,
                    gpointer    user_data);
  gboolean (*row) (gpointer user_data);
  gpointer user_data;
} AlmuVorowsListener;

gsize almu_vorows_take (const char               *bytes,
                        gsize                     n_bytes,
                        const AlmuVorowsListener *listener,
                        AlmuVorowsEnd            *out_end);
gsize almu_vorows_find_end (const char *bytes,
                            gsize       n_bytes);

G_END_DECLS
