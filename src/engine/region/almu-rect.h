/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * AlmuRect: (foreign)
 *
 * Pixels of a plane, counted from 0 at the lower left.
 */
typedef struct
{
  int x;
  int y;
  int width;
  int height;
} AlmuRect;

/**
 * AlmuBox:
 * @area: pixels of the rendered plane
 * @channel: the first channel
 * @n_channels: how many
 * @stokes: index on the Stokes axis, or a computed #AlmuPolarisation
 *
 * Pixels of a cube. Stored x fastest, then y, then channel.
 */
typedef struct
{
  AlmuRect area;
  int      channel;
  int      n_channels;
  int      stokes;
} AlmuBox;

G_END_DECLS
