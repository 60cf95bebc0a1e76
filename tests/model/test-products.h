/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <string.h>

#include "almu-product.h"

/* What a demand had to say, kept after the signal that carried it. */
typedef struct
{
  AlmuProduct      product; /* what it points to is gone */
  AlmuTile         tile;
  AlmuTilePicture *picture;
  AlmuHistogram   *histogram;
  GArray          *stats;    /* AlmuStatistic */
  GPtrArray       *profiles; /* GBytes */
} TestProduct;

typedef struct
{
  GPtrArray *products; /* TestProduct */
  GPtrArray *failures; /* text */
} TestProducts;

static inline void
test_product_free (gpointer data)
{
  TestProduct *kept = data;

  g_clear_pointer (&kept->picture, almu_tile_picture_unref);
  g_clear_pointer (&kept->histogram, almu_histogram_unref);
  g_array_unref (kept->stats);
  g_ptr_array_unref (kept->profiles);
  g_free (kept);
}

static inline void
test_products_keep (GObject           *source,
                    const AlmuProduct *product,
                    TestProducts      *self)
{
  TestProduct *kept = g_new0 (TestProduct, 1);

  kept->product = *product;
  kept->stats = g_array_new (FALSE, FALSE, sizeof (AlmuStatistic));
  kept->profiles = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

  switch (product->kind)
    {
    case ALMU_PRODUCT_HISTOGRAM:
      if (product->histogram.histogram != NULL)
        kept->histogram = almu_histogram_ref ((AlmuHistogram *) product->histogram.histogram);
      break;

    case ALMU_PRODUCT_STATS:
      g_array_append_vals (kept->stats, product->stats.values, product->stats.n_values);
      break;

    case ALMU_PRODUCT_SPATIAL:
    case ALMU_PRODUCT_SPECTRAL:
      for (guint i = 0; i < product->profile.n_profiles; i++)
        g_ptr_array_add (kept->profiles, g_bytes_ref (product->profile.profiles[i].values));
      break;

    case ALMU_PRODUCT_TILE:
      kept->tile = *product->tiles.tile;
      kept->picture = almu_tile_picture_ref ((AlmuTilePicture *) product->tiles.picture);
      break;

    case ALMU_PRODUCT_TILES_BEGIN:
    case ALMU_PRODUCT_TILES_END:
    default:
      break;
    }

  g_ptr_array_add (self->products, kept);
}

static inline void
test_products_keep_failure (GObject      *source,
                            const GError *error,
                            TestProducts *self)
{
  g_ptr_array_add (self->failures, g_strdup (error->message));
}

static inline void
test_products_init (TestProducts *self)
{
  self->products = g_ptr_array_new_with_free_func (test_product_free);
  self->failures = g_ptr_array_new_with_free_func (g_free);
}

static inline void
test_products_clear (TestProducts *self)
{
  g_ptr_array_unref (self->products);
  g_ptr_array_unref (self->failures);
}

static inline void
test_products_forget (TestProducts *self)
{
  g_ptr_array_set_size (self->products, 0);
  g_ptr_array_set_size (self->failures, 0);
}

static inline void
test_products_listen (TestProducts *self,
                      gpointer      source)
{
  g_signal_connect (source, "product", G_CALLBACK (test_products_keep), self);
  g_signal_connect (source, "failed", G_CALLBACK (test_products_keep_failure), self);
}

static inline guint
test_products_count (TestProducts   *self,
                     AlmuProductKind kind)
{
  guint n = 0;

  for (guint i = 0; i < self->products->len; i++)
    n += ((TestProduct *) self->products->pdata[i])->product.kind == kind;

  return n;
}

/* The @nth of a kind, or NULL. */
static inline TestProduct *
test_products_get (TestProducts   *self,
                   AlmuProductKind kind,
                   guint           nth)
{
  for (guint i = 0; i < self->products->len; i++)
    {
      TestProduct *kept = self->products->pdata[i];

      if (kept->product.kind == kind && nth-- == 0)
        return kept;
    }

  return NULL;
}

/* In the order they came, one letter each: Histogram, Stats, sPatial,
 * speCtral, ( tiles begin, Tile, ) tiles end, cOntours, Vectors. */
static inline char *
test_products_spell (TestProducts *self)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < self->products->len; i++)
    g_string_append_c (text, "HSPC(T)OV"[((TestProduct *) self->products->pdata[i])->product.kind]);

  return g_string_free (text, FALSE);
}
