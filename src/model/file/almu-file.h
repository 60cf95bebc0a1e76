/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-demand.h"
#include "almu-file-name.h"

G_BEGIN_DECLS

/**
 * AlmuFileState:
 *
 * Whether there are pixels behind a file of a session.
 */
typedef enum
{
  ALMU_FILE_STATE_OPENING,
  ALMU_FILE_STATE_OPEN,
  ALMU_FILE_STATE_UNAVAILABLE,
} AlmuFileState;

#define ALMU_TYPE_FILE (almu_file_get_type ())
G_DECLARE_FINAL_TYPE (AlmuFile, almu_file, ALMU, FILE, AlmuProducer)

AlmuFile                  *almu_file_new (int                 id,
                                          const AlmuFileName *name);
int                        almu_file_get_id (AlmuFile *self);
const AlmuFileName        *almu_file_get_name (AlmuFile *self);
AlmuFileState              almu_file_get_state (AlmuFile *self);
AlmuImage                 *almu_file_get_image (AlmuFile *self);
AlmuDemand                *almu_file_get_demand (AlmuFile *self);
int                        almu_file_get_channel (AlmuFile *self);
int                        almu_file_get_stokes (AlmuFile *self);
AlmuPoint                  almu_file_get_cursor (AlmuFile *self);
gboolean                   almu_file_set_plane (AlmuFile *self,
                                                int       channel,
                                                int       stokes,
                                                GError  **error);
gboolean                   almu_file_has_plane (AlmuFile *self,
                                                int       channel,
                                                int       stokes,
                                                GError  **error);
void                       almu_file_show_frame (AlmuFile *self,
                                                 int       channel,
                                                 int       stokes);
gboolean                   almu_file_set_cursor (AlmuFile *self,
                                                 AlmuPoint cursor,
                                                 GError  **error);
GPtrArray                 *almu_file_dup_requirements (AlmuFile *self);
GPtrArray                 *almu_file_take_requirements (AlmuFile *self);
gboolean                   almu_file_has_cursor (AlmuFile *self);
void                       almu_file_keep_requirements (AlmuFile  *self,
                                                        GPtrArray *requirements);
const char                *almu_file_get_look (AlmuFile *self);
void                       almu_file_set_look (AlmuFile   *self,
                                               const char *look);
void                       almu_file_keep_place (AlmuFile        *self,
                                                 int              channel,
                                                 int              stokes,
                                                 const AlmuPoint *cursor);
void                       almu_file_come_alive (AlmuFile  *self,
                                                 AlmuCache *cache,
                                                 AlmuImage *image,
                                                 guint      owner,
                                                 guint      epoch);
void                       almu_file_fail (AlmuFile     *self,
                                           const GError *error);
const AlmuContourSettings *almu_file_get_contours (AlmuFile *self);
void                       almu_file_set_contours (AlmuFile                  *self,
                                                   const AlmuContourSettings *settings);
const AlmuVectorSettings  *almu_file_get_vectors (AlmuFile *self);
void                       almu_file_set_vectors (AlmuFile                 *self,
                                                  const AlmuVectorSettings *settings);

G_END_DECLS
