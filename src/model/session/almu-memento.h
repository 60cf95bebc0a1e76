/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-image.h"
#include "almu-file-name.h"
#include "almu-overlay.h"
#include "almu-rows-want.h"
#include "almu-shape.h"
#include "almu-want.h"

G_BEGIN_DECLS

/**
 * AlmuRequirement: (foreign)
 * @spatial: (nullable) (element-type AlmuSpatialWant)
 * @spectral: (nullable) (element-type AlmuStatsWant)
 * @stats: (nullable) (element-type AlmuStatsWant)
 * @histograms: (nullable) (element-type AlmuHistogramWant)
 *
 * All that is wanted of one region of a file.
 */
typedef struct
{
  int     region_id;
  GArray *spatial;
  GArray *spectral;
  GArray *stats;
  GArray *histograms;
} AlmuRequirement;

/**
 * AlmuRegionWish:
 * @shape: (nullable): %NULL if what was said is no shape
 * @error: (nullable): why not
 */
typedef struct
{
  int        id;
  AlmuShape *shape;
  GError    *error;
} AlmuRegionWish;

/**
 * AlmuFileWish: (foreign)
 * @name: (nullable): what to open; %NULL if that cannot be opened here
 * @label: what people call the file, for messages
 * @error: (nullable): why it cannot
 * @has_fingerprint: whether @fingerprint is known
 * @fingerprint: of the file when it was open last
 * @regions: (element-type AlmuRegionWish): drawn on it
 * @requirements: (nullable) (element-type AlmuRequirement): %NULL if unknown,
 *   as in what a viewer says
 * @knows_contours: whether @contours are what is wanted, or nobody said
 * @contours: (nullable): %NULL for none
 * @knows_vectors: likewise
 * @vectors: (nullable): likewise
 * @look: (nullable): how the viewer shows it, as JSON text that only doors
 *   understand
 *
 * How somebody remembers one of the files of a session.
 */
typedef struct
{
  int             id;
  AlmuFileName   *name;
  char           *label;
  GError         *error;
  gboolean        has_fingerprint;
  AlmuFingerprint fingerprint;
  int             channel;
  int             stokes;
  gboolean        has_cursor;
  AlmuPoint       cursor;
  GArray         *regions;
  GPtrArray      *requirements;
  char           *look;

  gboolean             knows_contours;
  AlmuContourSettings *contours;
  gboolean             knows_vectors;
  AlmuVectorSettings  *vectors;
} AlmuFileWish;

/**
 * AlmuCatalogWish: (foreign)
 * @name: (nullable): what to open; %NULL if that cannot be opened here
 * @label: what people call the catalog, for messages
 * @error: (nullable): why it cannot
 * @has_fingerprint: whether @fingerprint is known
 * @fingerprint: of the file when it was open last
 * @preview_size: how many rows were shown when it was opened; -1 if unknown
 * @is_passing: whether it need not be a file: it is not waited for then
 * @want: (nullable): what was wanted of it last; %NULL if unknown, as in
 *   what a viewer says
 * @look: (nullable): how it is plotted, see almu_catalog_file_get_look()
 *
 * How somebody remembers one of the catalogs of a session.
 */
typedef struct
{
  int             id;
  AlmuFileName   *name;
  char           *label;
  GError         *error;
  gboolean        has_fingerprint;
  AlmuFingerprint fingerprint;
  int             preview_size;
  gboolean        is_passing;
  AlmuRowsWant   *want;
  char           *look;
} AlmuCatalogWish;

/**
 * AlmuMemento: (foreign)
 * @state: name of the state, see almu_session_state_get_name()
 * @created: seconds since 1970, as is @last_seen
 * @last_region_id: the highest region number ever given out
 * @viewer: (nullable): the browser that had it
 * @rebuilds: the kept session of which this is a part so far, or 0
 * @files: (element-type AlmuFileWish): in the order of opening
 * @catalogs: (element-type AlmuCatalogWish): likewise
 *
 * A session as it can be written down: plain values, any thread.
 */
typedef struct
{
  guint32    id;
  char      *state;
  char      *title;
  char      *peer;
  char      *viewer;
  gint64     created;
  gint64     last_seen;
  guint      epoch;
  int        last_region_id;
  guint32    rebuilds;
  GPtrArray *files;
  GPtrArray *catalogs;
} AlmuMemento;

AlmuRequirement *almu_requirement_new (int region_id);
void             almu_requirement_free (AlmuRequirement *self);
GPtrArray       *almu_requirements_new (void);

AlmuFileWish *almu_file_wish_new (int id);
void          almu_file_wish_free (AlmuFileWish *self);
GPtrArray    *almu_file_wishes_new (void);

AlmuCatalogWish *almu_catalog_wish_new (int id);
void             almu_catalog_wish_free (AlmuCatalogWish *self);
GPtrArray       *almu_catalog_wishes_new (void);

AlmuMemento *almu_memento_new (guint32 id);
void         almu_memento_free (AlmuMemento *self);

AlmuFileWish *almu_memento_find_file (const AlmuMemento *self,
                                      int                id);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuRequirement, almu_requirement_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuFileWish, almu_file_wish_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuCatalogWish, almu_catalog_wish_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuMemento, almu_memento_free)

G_END_DECLS
