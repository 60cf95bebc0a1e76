/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "almu-overlay.h"
#include "almu-shape.h"

G_BEGIN_DECLS

/**
 * AlmuLookReference:
 *
 * What one file of a page follows another in.
 */
typedef enum
{
  ALMU_LOOK_SPATIAL,
  ALMU_LOOK_SPECTRAL,
  ALMU_LOOK_RASTER,
  ALMU_N_LOOK_REFERENCES,
} AlmuLookReference;

/**
 * AlmuLook: (foreign)
 *
 * How the page shows a file, read from what was written down; see
 * almu_look_parse() for the document. Nothing in it is trusted: members
 * that are not what they should be are as if they were not there.
 */
typedef struct _AlmuLook AlmuLook;

AlmuLook   *almu_look_parse (const char *text);
void        almu_look_free (AlmuLook *self);
gboolean    almu_look_is_active (AlmuLook *self);
int         almu_look_get_selected_region (AlmuLook *self);
gboolean    almu_look_get_reference (AlmuLook         *self,
                                     AlmuLookReference what,
                                     int              *out_file_id);
void        almu_look_add_to_file (AlmuLook   *self,
                                   JsonObject *file);
void        almu_look_add_to_region (AlmuLook     *self,
                                     int           region_id,
                                     AlmuShapeType type,
                                     JsonObject   *region);
void        almu_look_add_contours (AlmuLook                  *self,
                                    const AlmuContourSettings *settings,
                                    JsonObject                *file);
void        almu_look_add_vectors (AlmuLook                 *self,
                                   const AlmuVectorSettings *settings,
                                   JsonObject               *file);
JsonObject *almu_look_dup_point (double x,
                                 double y);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuLook, almu_look_free)

G_END_DECLS
