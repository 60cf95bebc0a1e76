/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-record-private.h"

G_BEGIN_DECLS

/* What the files that read a record share. Functions return FALSE with an
 * error that names the place in the record.
 */
typedef struct
{
  GString    *where;      /* "files[2].regions[0]." */
  GHashTable *file_ids;   /* seen until now */
  GHashTable *region_ids; /* likewise, of the whole session */
} RecordReader;

typedef gboolean (*RecordReadElement) (RecordReader *reader,
                                       JsonNode     *element,
                                       gpointer      target,
                                       GError      **error);

gboolean almu_reader_fail (RecordReader *reader,
                           GError      **error,
                           int           code,
                           const char   *member,
                           const char   *format,
                           ...) G_GNUC_PRINTF (5, 6);

/* -- values; each leaves @out as it is if there is no such member -------- */

JsonNode   *almu_reader_find (JsonObject *object,
                              const char *member);
gboolean    almu_reader_is_of_type (JsonNode *node,
                                    GType     type);
gboolean    almu_reader_get_number (JsonNode *node,
                                    double   *out);
gboolean    almu_reader_get_int (JsonNode *node,
                                 gint64    min,
                                 gint64    max,
                                 gint64   *out);
gboolean    almu_reader_get_pair (JsonNode *node,
                                  double   *out_first,
                                  double   *out_second);
gboolean    almu_reader_get_point (JsonNode  *node,
                                   AlmuPoint *out);
JsonObject *almu_reader_get_object (RecordReader *reader,
                                    JsonNode     *element,
                                    GError      **error);
gboolean    almu_reader_text (RecordReader *reader,
                              JsonObject   *object,
                              const char   *member,
                              gsize         max_bytes,
                              char        **out,
                              GError      **error);
gboolean    almu_reader_int (RecordReader *reader,
                             JsonObject   *object,
                             const char   *member,
                             gint64        min,
                             gint64        max,
                             gint64       *out,
                             GError      **error);
gboolean    almu_reader_int32 (RecordReader *reader,
                               JsonObject   *object,
                               const char   *member,
                               int           min,
                               int           max,
                               int          *out,
                               GError      **error);
gboolean    almu_reader_named (RecordReader     *reader,
                               JsonObject       *object,
                               const char       *member,
                               const RecordName *names,
                               int               min,
                               int              *out,
                               GError          **error);
gboolean    almu_reader_true (RecordReader *reader,
                              JsonObject   *object,
                              const char   *member,
                              gboolean     *out,
                              GError      **error);
gboolean    almu_reader_time (RecordReader *reader,
                              JsonObject   *object,
                              const char   *member,
                              gint64       *out,
                              GError      **error);
gboolean    almu_reader_list (RecordReader     *reader,
                              JsonObject       *object,
                              const char       *member,
                              guint             max,
                              RecordReadElement read,
                              gpointer          target,
                              GError          **error);

/* -- what is drawn over a file -------------------------------------------- */

gboolean almu_reader_contours (RecordReader *reader,
                               JsonObject   *object,
                               AlmuFileWish *file,
                               GError      **error);
gboolean almu_reader_vectors (RecordReader *reader,
                              JsonObject   *object,
                              AlmuFileWish *file,
                              GError      **error);

/* -- elements of lists --------------------------------------------------- */

gboolean      almu_reader_fingerprint (RecordReader    *reader,
                                       JsonObject      *object,
                                       gboolean        *out_is_there,
                                       AlmuFingerprint *out,
                                       GError         **error);
gboolean      almu_reader_look (RecordReader *reader,
                                JsonObject   *object,
                                char        **out,
                                GError      **error);
gboolean      almu_reader_catalog (RecordReader *reader,
                                   JsonNode     *element,
                                   gpointer      target,
                                   GError      **error);
AlmuFileWish *almu_reader_file (RecordReader *reader,
                                JsonNode     *element,
                                JsonObject  **out_object,
                                GError      **error);
gboolean      almu_reader_region (RecordReader *reader,
                                  JsonNode     *element,
                                  gpointer      target,
                                  GError      **error);
gboolean      almu_reader_requirement (RecordReader *reader,
                                       JsonNode     *element,
                                       gpointer      target,
                                       GError      **error);

G_END_DECLS
