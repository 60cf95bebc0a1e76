/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-session.h"

G_BEGIN_DECLS

/**
 * AlmuRegionWish:
 * @shape: (nullable): %NULL if what the viewer said is no shape
 * @error: (nullable): why not
 */
typedef struct
{
  int        id;
  AlmuShape *shape;
  GError    *error;
} AlmuRegionWish;

/**
 * AlmuFileWish:
 * @name: (nullable): what to open; %NULL if that cannot be opened here
 * @label: what people call the file, for messages
 * @error: (nullable): why it cannot
 * @regions: (element-type AlmuRegionWish): drawn on it
 *
 * How a viewer remembers one of its files.
 */
typedef struct
{
  int           id;
  AlmuFileName *name;
  char         *label;
  GError       *error;
  int           channel;
  int           stokes;
  gboolean      has_cursor;
  AlmuPoint     cursor;
  GArray       *regions;
} AlmuFileWish;

GPtrArray *almu_file_wishes_new (void);
GArray    *almu_region_wishes_new (void);

void     almu_resume_async (AlmuSession        *session,
                            GPtrArray          *wishes,
                            GCancellable       *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer            user_data);
gboolean almu_resume_finish (AlmuSession  *session,
                             GAsyncResult *result,
                             char       ***out_problems,
                             GError      **error);

G_END_DECLS
