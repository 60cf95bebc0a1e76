/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-demand.h"

G_BEGIN_DECLS

typedef enum
{
  ALMU_FILE_STATE_OPENING,
  ALMU_FILE_STATE_OPEN,
  ALMU_FILE_STATE_UNAVAILABLE,
} AlmuFileState;

/**
 * AlmuFileName:
 * @directory: relative to the top-level folder, "" for itself
 * @name: base name
 * @hdu: HDU as the viewer names it; "" for the first image
 * @flags: how to read the header
 *
 * What a viewer says to open a file.
 */
typedef struct
{
  char          *directory;
  char          *name;
  char          *hdu;
  AlmuImageFlags flags;
} AlmuFileName;

AlmuFileName *almu_file_name_new (const char    *directory,
                                  const char    *name,
                                  const char    *hdu,
                                  AlmuImageFlags flags);
AlmuFileName *almu_file_name_copy (const AlmuFileName *self);
void          almu_file_name_free (AlmuFileName *self);
gboolean      almu_file_name_equal (const AlmuFileName *a,
                                    const AlmuFileName *b);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuFileName, almu_file_name_free)

#define ALMU_TYPE_FILE (almu_file_get_type ())
G_DECLARE_FINAL_TYPE (AlmuFile, almu_file, ALMU, FILE, GObject)

AlmuFile           *almu_file_new (int                 id,
                                   const AlmuFileName *name);
int                 almu_file_get_id (AlmuFile *self);
const AlmuFileName *almu_file_get_name (AlmuFile *self);
AlmuFileState       almu_file_get_state (AlmuFile *self);
AlmuImage          *almu_file_get_image (AlmuFile *self);
AlmuDemand         *almu_file_get_demand (AlmuFile *self);
int                 almu_file_get_channel (AlmuFile *self);
int                 almu_file_get_stokes (AlmuFile *self);
AlmuPoint           almu_file_get_cursor (AlmuFile *self);
gboolean            almu_file_set_plane (AlmuFile *self,
                                         int       channel,
                                         int       stokes,
                                         GError  **error);
gboolean            almu_file_set_cursor (AlmuFile *self,
                                          AlmuPoint cursor,
                                          GError  **error);
void                almu_file_keep_place (AlmuFile        *self,
                                          int              channel,
                                          int              stokes,
                                          const AlmuPoint *cursor);
void                almu_file_come_alive (AlmuFile  *self,
                                          AlmuCache *cache,
                                          AlmuImage *image,
                                          guint      epoch);
void                almu_file_fail (AlmuFile     *self,
                                    const GError *error);

G_END_DECLS
