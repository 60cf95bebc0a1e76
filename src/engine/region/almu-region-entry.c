/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-region-entry.h"

/**
 * almu_region_style_init:
 * @self: (out caller-allocates): a style
 *
 * What the page gives to regions that say nothing: its colour, lines 2 pixels
 * wide, marks of 6, Helvetica of 20, and arrows to the north and to the east.
 */
void
almu_region_style_init (AlmuRegionStyle *self)
{
  *self = (AlmuRegionStyle){
    .name = g_strdup (""),
    .color = g_strdup ("#2EE6D6"),
    .line_width = 2,
    .mark_size = 6,
    .labels = { g_strdup (""), g_strdup ("") },
    .frame = g_strdup (""),
    .has_arrow = { TRUE, TRUE },
    .font = g_strdup ("Helvetica"),
    .font_style = g_strdup ("Normal"),
    .font_size = 20,
  };
}

/**
 * almu_region_style_copy:
 * @self: (out caller-allocates): a style; what it held is not freed
 * @from: what to copy
 *
 * Copies the text, too: almu_region_style_clear() is for each of the two.
 */
void
almu_region_style_copy (AlmuRegionStyle       *self,
                        const AlmuRegionStyle *from)
{
  *self = *from;
  self->name = g_strdup (from->name);
  self->color = g_strdup (from->color);
  self->labels[0] = g_strdup (from->labels[0]);
  self->labels[1] = g_strdup (from->labels[1]);
  self->frame = g_strdup (from->frame);
  self->font = g_strdup (from->font);
  self->font_style = g_strdup (from->font_style);
}

/**
 * almu_region_style_clear:
 *
 * Frees the text. Twice is harmless.
 */
void
almu_region_style_clear (AlmuRegionStyle *self)
{
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->color, g_free);
  g_clear_pointer (&self->labels[0], g_free);
  g_clear_pointer (&self->labels[1], g_free);
  g_clear_pointer (&self->frame, g_free);
  g_clear_pointer (&self->font, g_free);
  g_clear_pointer (&self->font_style, g_free);
}

/**
 * almu_region_entry_new:
 * @shape: where it lies; a reference is kept
 * @style: how it looks; copied
 *
 * Puts together what a region file says of a region.
 *
 * Returns: (transfer full): the region as region files know it
 */
AlmuRegionEntry *
almu_region_entry_new (AlmuShape             *shape,
                       const AlmuRegionStyle *style)
{
  AlmuRegionEntry *self = g_new0 (AlmuRegionEntry, 1);

  self->shape = almu_shape_ref (shape);
  almu_region_style_copy (&self->style, style);

  return self;
}

/**
 * almu_region_entry_free:
 * @self: (transfer full): an entry
 *
 * Frees the entry and lets go of its shape. Not for %NULL.
 */
void
almu_region_entry_free (AlmuRegionEntry *self)
{
  almu_shape_unref (self->shape);
  almu_region_style_clear (&self->style);
  g_free (self);
}
