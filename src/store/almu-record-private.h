/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "almu-record.h"
#include "almu-stats.h"

G_BEGIN_DECLS

/* What both directions have to agree on. */

typedef enum
{
  LEVEL_TOP,
  LEVEL_FILE,
  LEVEL_REGION,
  LEVEL_REQUIREMENT,
  LEVEL_CONTOURS,
  LEVEL_VECTORS,
  LEVEL_CATALOG,
  N_LEVELS
} RecordLevel;

typedef struct
{
  const char *name;
  int         value;
} RecordName;

gboolean    almu_record_knows (RecordLevel level,
                               const char *member);
const char *almu_record_name_of (const RecordName *names,
                                 int               value);
gboolean    almu_record_value_of (const RecordName *names,
                                  const char       *name,
                                  int              *out_value);

/* Ended by a NULL name. */
extern const RecordName almu_record_flags[];
extern const RecordName almu_record_polarisations[];
extern const RecordName almu_record_targets[];
extern const RecordName almu_record_channels[];
extern const RecordName almu_record_bins[];
extern const RecordName almu_record_stats[];
extern const RecordName almu_record_smoothings[];
extern const RecordName almu_record_sources[];
extern const RecordName almu_record_thresholds[];
extern const RecordName almu_record_compressions[];
extern const RecordName almu_record_comparisons[];

JsonObject *almu_record_parse (const char *text,
                               GError    **error);
char       *almu_record_print (JsonNode *node);

G_END_DECLS
