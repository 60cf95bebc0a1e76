/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-demand.h"

#include "almu-channel-map.h"
#include "almu-read-ahead.h"
#include "almu-sky-map.h"
#include "almu-contour-queue.h"
#include "almu-convoy.h"
#include "almu-tile-queue.h"
#include "almu-vector-queue.h"

G_BEGIN_DECLS

/* What the files of AlmuDemand share: almu-demand.c has its life and the
 * tiles, almu-demand-plane.c the plane on display, almu-demand-frames.c what
 * moves by itself, almu-demand-wants.c what is wanted of regions, the others
 * one kind of requirement each.
 */

/* The tiles that every frame of an animation gets. */
typedef struct
{
  GArray         *tiles; /* AlmuTile; NULL for none */
  AlmuCompression compression;
  float           quality;
} View;

struct _AlmuDemand
{
  AlmuProducer parent_instance;

  AlmuCache        *cache;
  AlmuImage        *image;
  AlmuTileQueue    *tiles;
  AlmuContourQueue *contours;
  AlmuVectorQueue  *vectors;
  AlmuConvoy       *convoy;
  int               file_id;
  guint             epoch;

  int        channel;
  int        stokes;
  AlmuPoint  cursor;
  gboolean   is_started;
  AlmuPlane *plane;    /* NULL while it is being read */
  gboolean   is_early; /* its histogram came before it, from the file */
  gboolean   is_served;
  gboolean   is_shown; /* whether the tiles asked for so far were handed out */

  GCancellable *plane_work; /* reading the plane, its histogram */
  GHashTable   *wants;      /* region id → Wants */

  AlmuSkyMap *sky;       /* of the image; NULL until it is needed */
  AlmuSkyMap *other_sky; /* of the image that regions were drawn on last */
  guint64     other_serial;

  int             animation_id; /* 0: the viewer chooses the planes itself */
  guint           frame;        /* counts them, from 1 */
  View            view;
  int             last_step;
  gboolean        is_stepping;
  gboolean        is_paused;
  AlmuReadAhead  *ahead;
  AlmuChannelMap *map; /* NULL until the viewer has shown one */
};

typedef enum
{
  WANT_SPATIAL = 1 << 0,
  WANT_SPECTRAL = 1 << 1,
  WANT_STATS = 1 << 2,
  WANT_HISTOGRAMS = 1 << 3,
} WantKind;

/* What is wanted of one region, and what is under way for it. */
typedef struct
{
  AlmuDemand   *demand; /* unowned */
  int           region_id;
  AlmuRegion   *region; /* NULL: the image, the cursor */
  gulong        moved_handler;
  gulong        placed_handler;
  AlmuShape    *drawn; /* the region's shape that the next was made of */
  AlmuShape    *shape; /* in pixels of this image; NULL if it has none, or not yet */
  GCancellable *converting;
  GArray       *spatial;
  GArray       *spectral;
  GArray       *stats;
  GArray       *histograms;
  GCancellable *measuring;
  GCancellable *cutting;
  GCancellable *counting; /* the cube */
  GPtrArray    *tracks;   /* along the spectrum: almu-demand-scan.c */
  WantKind      told_after_resume;
} Wants;

/* Work on its way through the threads, and what it was asked for. */
typedef struct
{
  AlmuDemand   *demand;
  GCancellable *cancellable;
  guint         epoch;
  int           region_id;
  int           channel;
  int           stokes;
  AlmuShape    *shape;
  GArray       *spatial;
  GArray       *stats;
  GArray       *histograms;
} Work;

Work *almu_work_new (AlmuDemand   *demand,
                     GCancellable *cancellable,
                     int           region_id,
                     int           stokes);
void  almu_work_free (Work *work);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Work, almu_work_free)

GCancellable *almu_demand_renew_cancellable (AlmuDemand    *demand,
                                             GCancellable **cancellable);
void          almu_demand_stop_cancellable (GCancellable **cancellable);

void     almu_demand_emit_changed (AlmuDemand *self);
void     almu_demand_emit_shown (AlmuDemand *self,
                                 gboolean    is_there);
void     almu_demand_leave_plane (AlmuDemand *self);
void     almu_demand_get_plane (AlmuDemand *self);
void     almu_demand_begin_early (AlmuDemand *self);
void     almu_demand_send_histogram (AlmuDemand    *self,
                                     AlmuHistogram *histogram);
void     almu_demand_change_stokes_of_sweeps (AlmuDemand *self);
void     almu_demand_note_step (AlmuDemand *self,
                                int         channel,
                                int         stokes);
void     almu_demand_read_next (AlmuDemand *self);
void     almu_demand_check_shown (AlmuDemand *self);
void     almu_demand_clear_frames (AlmuDemand *self);
void     almu_demand_emit_product (AlmuDemand        *self,
                                   const AlmuProduct *product);
void     almu_demand_emit_failure (AlmuDemand   *self,
                                   const GError *error);
gboolean almu_demand_resolve_stokes (AlmuDemand *self,
                                     const char *coordinate,
                                     int        *out_stokes);
Wants   *almu_demand_get_wants (AlmuDemand *self,
                                int         region_id,
                                AlmuRegion *region);

AlmuShape *almu_wants_get_shape (Wants *wants);
void       almu_wants_drop_shape (Wants *wants);
void       almu_wants_stop (Wants *wants);
void       almu_wants_free (gpointer data);
void       almu_wants_renew (Wants *wants);
gboolean   almu_wants_get_place (Wants *wants,
                                 int   *out_x,
                                 int   *out_y);
gboolean   almu_wants_replace (Wants   *wants,
                               WantKind kind,
                               GArray **place,
                               GArray  *with,
                               gboolean is_equal);
void       almu_wants_follow_line (Wants *wants,
                                   Work  *work);
void       almu_wants_renew_measures (Wants *wants);
void       almu_wants_renew_cuts (Wants *wants);
void       almu_wants_renew_spectra (Wants *wants);
void       almu_wants_renew_cube (Wants *wants);
void       almu_wants_leave_cube (Wants *wants);
void       almu_wants_change_stokes (Wants *wants);
void       almu_wants_stop_spectra (Wants *wants);
GPtrArray *almu_wants_tracks_new (void);

/* Whether the work's cancellable is still the one its wants have now. */
gboolean almu_work_is_current (Work *work,
                               gsize cancellable_offset);

/* almu-demand-overlay.c */
void     almu_demand_overlay_init (AlmuDemand *self);
void     almu_demand_overlay_set_owner (AlmuDemand *self,
                                        guint       owner);
void     almu_demand_overlay_clear (AlmuDemand *self);
void     almu_demand_overlay_begin (AlmuDemand *self);
void     almu_demand_overlay_leave (AlmuDemand *self);
gboolean almu_demand_overlay_is_idle (AlmuDemand *self);
void     almu_demand_overlay_set_paused (AlmuDemand *self,
                                         gboolean    paused);

G_END_DECLS
