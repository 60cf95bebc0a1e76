/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-animation.h"
#include "almu-catalog-file.h"
#include "almu-file.h"
#include "almu-folder.h"
#include "almu-memento.h"
#include "almu-region.h"

G_BEGIN_DECLS

/**
 * AlmuSessionState:
 *
 * Where a session is, and whether somebody looks at it.
 */
typedef enum
{
  ALMU_SESSION_ATTACHED,
  ALMU_SESSION_DETACHED,
  ALMU_SESSION_PARKED,
  ALMU_SESSION_CLOSED,
} AlmuSessionState;

#define ALMU_TYPE_SESSION (almu_session_get_type ())
G_DECLARE_FINAL_TYPE (AlmuSession, almu_session, ALMU, SESSION, AlmuProducer)

AlmuSession     *almu_session_new (guint32     id,
                                   AlmuFolder *folder,
                                   AlmuCache  *cache);
guint32          almu_session_get_id (AlmuSession *self);
AlmuSessionState almu_session_get_state (AlmuSession *self);
const char      *almu_session_state_get_name (AlmuSessionState state);
AlmuFolder      *almu_session_get_folder (AlmuSession *self);
AlmuCache       *almu_session_get_cache (AlmuSession *self);
guint            almu_session_get_epoch (AlmuSession *self);
gint64           almu_session_get_last_seen (AlmuSession *self);

void almu_session_attach (AlmuSession *self,
                          const char  *peer);
void almu_session_detach (AlmuSession *self);
void almu_session_park (AlmuSession *self);
void almu_session_close (AlmuSession *self);
void almu_session_commit (AlmuSession *self);
void almu_session_set_congested (AlmuSession *self,
                                 gboolean     congested);

void       almu_session_open_file_async (AlmuSession        *self,
                                         int                 file_id,
                                         const AlmuFileName *name,
                                         GCancellable       *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer            user_data);
AlmuFile  *almu_session_open_file_finish (AlmuSession  *self,
                                          GAsyncResult *result,
                                          GError      **error);
int        almu_session_find_free_file_id (AlmuSession *self);
AlmuFile  *almu_session_get_file (AlmuSession *self,
                                  int          file_id,
                                  GError     **error);
GPtrArray *almu_session_list_files (AlmuSession *self);
void       almu_session_take_file (AlmuSession *self,
                                   AlmuFile    *file);
gboolean   almu_session_choose_plane (AlmuSession *self,
                                      AlmuFile    *file,
                                      int          channel,
                                      int          stokes,
                                      GError     **error);
gboolean   almu_session_close_file (AlmuSession *self,
                                    int          file_id,
                                    GError     **error);
void       almu_session_close_all_files (AlmuSession *self);

AlmuRegion *almu_session_get_region (AlmuSession *self,
                                     int          region_id,
                                     GError     **error);
GPtrArray  *almu_session_list_regions (AlmuSession *self,
                                       int          file_id);
guint       almu_session_get_n_regions (AlmuSession *self);
AlmuRegion *almu_session_set_region (AlmuSession *self,
                                     int          region_id,
                                     int          file_id,
                                     AlmuShape   *shape,
                                     GError     **error);
gboolean    almu_session_remove_region (AlmuSession *self,
                                        int          region_id,
                                        GError     **error);

void almu_session_require_kept (AlmuSession *self,
                                AlmuFile    *file);

int            almu_session_prepare_animation (AlmuSession             *self,
                                               const AlmuAnimationPlan *plan,
                                               GError                 **error);
void           almu_session_play (AlmuSession *self);
AlmuAnimation *almu_session_get_animation (AlmuSession *self);
void           almu_session_end_animation (AlmuSession *self);

guint almu_session_begin_epoch (AlmuSession *self);
void  almu_session_renew (AlmuSession *self);

const char  *almu_session_get_viewer (AlmuSession *self);
void         almu_session_set_viewer (AlmuSession *self,
                                      const char  *viewer);
guint32      almu_session_get_rebuilds (AlmuSession *self);
void         almu_session_set_rebuilds (AlmuSession *self,
                                        guint32      kept_id);
AlmuMemento *almu_session_describe (AlmuSession *self);
AlmuMemento *almu_session_describe_regions (AlmuSession *self,
                                            GHashTable  *ids);
void         almu_session_recall (AlmuSession       *self,
                                  const AlmuMemento *memento);
gboolean     almu_session_is_recalled (AlmuSession *self);
void         almu_session_end_recall (AlmuSession *self);

G_END_DECLS
