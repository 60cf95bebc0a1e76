/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-record-private.h"

G_BEGIN_DECLS

/* What the files that write a record share. It is written as text, not as a
 * tree of nodes: a session with a thousand regions is written before each of
 * them is acknowledged. */

void        almu_writer_append_comma (GString *text);
void        almu_writer_begin_line (GString    *text,
                                    const char *indent);
void        almu_writer_append_text (GString    *text,
                                     const char *value);
void        almu_writer_append_number (GString *text,
                                       double   value,
                                       gboolean is_float);
void        almu_writer_append_point (GString  *text,
                                      AlmuPoint point);
void        almu_writer_begin_member (GString    *text,
                                      const char *name);
void        almu_writer_add_text (GString    *text,
                                  const char *name,
                                  const char *value);
void        almu_writer_add_int (GString    *text,
                                 const char *name,
                                 gint64      value);
void        almu_writer_add_named (GString          *text,
                                   const char       *name,
                                   const RecordName *names,
                                   int               value);
void        almu_writer_add_true (GString    *text,
                                  const char *name,
                                  gboolean    value);
void        almu_writer_add_time (GString    *text,
                                  const char *name,
                                  gint64      seconds);
void        almu_writer_add_long (GString    *text,
                                  const char *name,
                                  gint64      value);
void        almu_writer_add_number (GString    *text,
                                    const char *name,
                                    double      value);
void        almu_writer_add_ints (GString    *text,
                                  const char *name,
                                  const int  *values,
                                  guint       n);
JsonObject *almu_writer_get_object (JsonObject *object,
                                    const char *member);
JsonArray  *almu_writer_get_array (JsonObject *object,
                                   const char *member);
JsonObject *almu_writer_find_element (JsonArray  *array,
                                      const char *member,
                                      int         number,
                                      const char *name);
void        almu_writer_append_node (GString  *text,
                                     JsonNode *node);
void        almu_writer_append_unknown (GString    *text,
                                        JsonObject *before,
                                        RecordLevel level);
void        almu_writer_append_region (GString              *text,
                                       const AlmuRegionWish *region,
                                       JsonArray            *before,
                                       GHashTable           *texts);
void        almu_writer_add_contours (GString                   *text,
                                      const AlmuContourSettings *settings,
                                      JsonObject                *before);
void        almu_writer_add_vectors (GString                  *text,
                                     const AlmuVectorSettings *settings,
                                     JsonObject               *before);
void        almu_writer_add_catalogs (GString           *text,
                                      const AlmuMemento *memento,
                                      JsonObject        *before);
void        almu_writer_add_look (GString    *text,
                                  const char *look,
                                  const char *label);
void        almu_writer_add_fingerprint (GString               *text,
                                         const AlmuFingerprint *fingerprint);
gboolean    almu_writer_can_be_found (const AlmuFileName *name);
gboolean    almu_writer_is_same_text (JsonObject *object,
                                      const char *member,
                                      const char *value);

G_END_DECLS
