/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-session.h"

G_BEGIN_DECLS

/**
 * AlmuSavingRange:
 * @n: how many numbers were given, of first, last and stride; 0 for all
 * @number: these
 */
typedef struct
{
  gsize         n;
  const gint32 *number;
} AlmuSavingRange;

/**
 * AlmuSavingOrder:
 * @path: from almu_folder_normalize()
 * @overwrite: whether a file of that name may be replaced
 * @region_id: what part of the plane; %ALMU_SAVING_WHOLE for all of it
 * @channels: which channels
 * @stokes: which polarisations
 * @keep_degenerate: whether axes of one pixel stay
 * @rest_frequency: in Hz; 0 or NaN for that of the image
 *
 * How an image is to be saved.
 */
typedef struct
{
  const char     *path;
  gboolean        overwrite;
  int             region_id;
  AlmuSavingRange channels;
  AlmuSavingRange stokes;
  gboolean        keep_degenerate;
  double          rest_frequency;
} AlmuSavingOrder;

/* Any number up to this: the page says 0 or -1. */
#define ALMU_SAVING_WHOLE 0

void     almu_saving_async (AlmuSession           *session,
                            AlmuFile              *file,
                            const AlmuSavingOrder *order,
                            GCancellable          *cancellable,
                            GAsyncReadyCallback    callback,
                            gpointer               user_data);
gboolean almu_saving_finish (GAsyncResult *result,
                             char        **out_notice,
                             GError      **error);

G_END_DECLS
