/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define ALMU_TYPE_SERIES (almu_series_get_type ())
G_DECLARE_FINAL_TYPE (AlmuSeries, almu_series, ALMU, SERIES, GObject)

/**
 * AlmuSeriesMake:
 * @index: which item
 * @data: what all items are made from
 *
 * Makes an item, on a worker thread, several at a time.
 *
 * Returns: (nullable): the item; %NULL only if cancelled
 */
typedef gpointer (*AlmuSeriesMake) (guint         index,
                                    gpointer      data,
                                    GCancellable *cancellable);

/**
 * AlmuSeriesTake:
 * @index: which item; the number of items when all have been taken
 * @item: (nullable): borrowed
 *
 * Gets the items one after another, on the main thread, and is told of the
 * end.
 */
typedef void (*AlmuSeriesTake) (guint    index,
                                gpointer item,
                                gpointer user_data);

AlmuSeries *almu_series_new (guint          n_items,
                             AlmuSeriesMake make,
                             GDestroyNotify free_item,
                             gpointer       data,
                             GDestroyNotify free_data);
void        almu_series_start (AlmuSeries    *self,
                               gboolean       paused,
                               AlmuSeriesTake take,
                               gpointer       user_data);
void        almu_series_stop (AlmuSeries *self);
void        almu_series_set_paused (AlmuSeries *self,
                                    gboolean    paused);

G_END_DECLS
