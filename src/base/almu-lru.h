/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * AlmuLruKey:
 * @owner: the image the value was made from
 * @item: which plane of it
 * @detail: 0 for the plane, otherwise what was made of it
 */
typedef struct
{
  guint64 owner;
  guint64 item;
  guint64 detail;
} AlmuLruKey;

typedef struct _AlmuLru AlmuLru;

/**
 * AlmuLruRelief:
 *
 * Gives up something that is worth less than what is in the cache. Returns
 * whether there was such a thing.
 */
typedef gboolean (*AlmuLruRelief) (gpointer user_data);

/**
 * AlmuLruFunc:
 *
 * Told of one value: its key, and its bytes.
 */
typedef void (*AlmuLruFunc) (const AlmuLruKey *key,
                             gsize             size,
                             gpointer          user_data);

/**
 * AlmuLruOutside:
 *
 * Bytes that something else takes from the same budget.
 */
typedef gsize (*AlmuLruOutside) (gpointer user_data);

AlmuLru *almu_lru_new (gsize budget);
void     almu_lru_free (AlmuLru *self);
gpointer almu_lru_lookup (AlmuLru          *self,
                          const AlmuLruKey *key);
void     almu_lru_take (AlmuLru          *self,
                        const AlmuLruKey *key,
                        gpointer          value,
                        gsize             size,
                        GDestroyNotify    free_value);
void     almu_lru_drop (AlmuLru          *self,
                        const AlmuLruKey *key);
gboolean almu_lru_drop_oldest (AlmuLru *self);
void     almu_lru_drop_owner (AlmuLru *self,
                              guint64  owner);
void     almu_lru_foreach (AlmuLru    *self,
                           AlmuLruFunc func,
                           gpointer    user_data);
void     almu_lru_set_relief (AlmuLru      *self,
                              AlmuLruRelief relief,
                              gpointer      user_data);
gsize    almu_lru_get_owner_size (AlmuLru *self,
                                  guint64  owner);
void     almu_lru_set_outside (AlmuLru       *self,
                               AlmuLruOutside outside,
                               gpointer       user_data);
gsize    almu_lru_get_free (AlmuLru *self);
gsize    almu_lru_get_size (AlmuLru *self);
gsize    almu_lru_get_budget (AlmuLru *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuLru, almu_lru_free)

G_END_DECLS
