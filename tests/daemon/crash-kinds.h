/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "crash-changes.h"

G_BEGIN_DECLS

/* Each ends with a kind that has no name. */
extern const CrashChange crash_changes_of_files[];
extern const CrashChange crash_changes_of_regions[];
extern const CrashChange crash_changes_of_wants[];
extern const CrashChange crash_changes_of_overlays[];
extern const CrashChange crash_changes_of_catalogs[];
extern const CrashChange crash_changes_of_return[];
extern const CrashChange crash_changes_of_bus[];

/* -- the same to what is expected ---------------------------------------- */

void  crash_begin_file (CrashState *after,
                        int         file_id,
                        const char *name);
void  crash_end_file (CrashState *after,
                      int         file_id);
void  crash_put_plane (CrashState *after,
                       int         file_id,
                       int         channel,
                       int         stokes);
char *crash_random_name (void);
void  crash_fill_parts (CARTA__StokesFile  *parts,
                        CARTA__StokesFile **pointers);

/* As many as any kind has. */
#define CRASH_MAX_POINTS 3
#define CRASH_N_PARTS 2

/**
 * CrashShape:
 * @type: of the interface
 *
 * A region.
 */
typedef struct
{
  int   type;
  guint n_points;
  float points[CRASH_MAX_POINTS][2];
  float rotation;
} CrashShape;

void  crash_shape_make (CrashShape *shape,
                        int         type);
int   crash_shape_random_type (void);
void  crash_shape_read (CrashShape *shape,
                        const char *text);
float crash_random_place (void);
void  crash_put_region (CrashState       *after,
                        int               file_id,
                        int               region_id,
                        const CrashShape *shape);
void  crash_drop_region (CrashState *after,
                         int         file_id,
                         int         region_id);

/* -- what a page remembers of what is drawn over a file ------------------ */

#define CRASH_N_LEVELS 2

gboolean crash_read_contours (CARTA__SetContourParameters *message,
                              const CrashState            *state,
                              int                          file_id,
                              double                      *levels);
gboolean crash_read_vectors (CARTA__SetVectorOverlayParameters *message,
                             const CrashState                  *state,
                             int                                file_id);

G_END_DECLS
