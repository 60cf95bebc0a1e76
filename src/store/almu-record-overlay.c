/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-record-reader.h"

#include <math.h>

#include "almu-error.h"
#include "almu-limits.h"

/* Contours and vectors, on their way back. A name that only a newer version
 * knows leaves out what it is about. */

static gboolean
read_number (RecordReader *reader,
             JsonObject   *object,
             const char   *member,
             double       *out,
             GError      **error)
{
  JsonNode *node = almu_reader_find (object, member);

  return node == NULL || almu_reader_get_number (node, out) ||
         almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, member, "is not a number");
}

static gboolean
read_name (RecordReader     *reader,
           JsonObject       *object,
           const char       *member,
           const RecordName *names,
           int              *out,
           gboolean         *out_is_known,
           GError          **error)
{
  g_autofree char *name = NULL;

  if (!almu_reader_text (reader, object, member, ALMU_LIMIT_NAME_BYTES, &name, error))
    return FALSE;

  if (name != NULL && !almu_record_value_of (names, name, out))
    *out_is_known = FALSE;

  return TRUE;
}

static gboolean
read_level (RecordReader *reader,
            JsonNode     *element,
            gpointer      target,
            GError      **error)
{
  double level;

  if (!almu_reader_get_number (element, &level))
    return almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, "", "is not a number");

  g_array_append_val ((GArray *) target, level);

  return TRUE;
}

static gboolean
read_int_element (RecordReader *reader,
                  JsonNode     *element,
                  gpointer      target,
                  GError      **error)
{
  gint64 value;
  int    number;

  if (!almu_reader_get_int (element, G_MININT, G_MAXINT, &value))
    return almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, "", "is not an integer");

  number = (int) value;
  g_array_append_val ((GArray *) target, number);

  return TRUE;
}

/* All of the numbers, or none. */
static gboolean
read_ints (RecordReader *reader,
           JsonObject   *object,
           const char   *member,
           int *const   *out,
           guint         n,
           gboolean     *out_is_set,
           GError      **error)
{
  g_autoptr(GArray) numbers = g_array_new (FALSE, FALSE, sizeof (int));

  if (!almu_reader_list (reader, object, member, n, read_int_element, numbers, error))
    return FALSE;

  if (numbers->len != 0 && numbers->len != n)
    return almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, member, "is not a list of %u integers", n);

  for (guint i = 0; i < numbers->len; i++)
    *out[i] = g_array_index (numbers, int, i);
  *out_is_set = numbers->len == n;

  return TRUE;
}

static gboolean
read_bounds (RecordReader      *reader,
             JsonObject        *object,
             AlmuOverlayBounds *bounds,
             GError           **error)
{
  int *const places[] = { &bounds->x_min, &bounds->x_max, &bounds->y_min, &bounds->y_max };

  return read_ints (reader, object, "bounds", places, G_N_ELEMENTS (places), &bounds->is_set, error);
}

static gboolean
read_channels (RecordReader        *reader,
               JsonObject          *object,
               AlmuContourSettings *settings,
               GError             **error)
{
  int *const places[] = { &settings->first_channel, &settings->last_channel };

  return read_ints (reader, object, "channels", places, G_N_ELEMENTS (places), &settings->has_channels, error);
}

/* The object that is the @member, if there is one; whoever reads it appends
 * to where. */
static gboolean
enter (RecordReader *reader,
       JsonObject   *object,
       const char   *member,
       JsonObject  **out,
       GError      **error)
{
  JsonNode *node = almu_reader_find (object, member);

  *out = NULL;
  if (node == NULL)
    return TRUE;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    return almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, member, "is not an object");

  *out = json_node_get_object (node);
  g_string_append_printf (reader->where, "%s.", member);

  return TRUE;
}

static gboolean
read_contour_members (RecordReader        *reader,
                      JsonObject          *object,
                      AlmuContourSettings *settings,
                      gboolean            *out_is_known,
                      GError             **error)
{
  g_autoptr(GArray) levels = g_array_new (FALSE, FALSE, sizeof (double));
  int smoothing = ALMU_SMOOTHING_NONE;

  if (!almu_reader_list (reader, object, "levels", ALMU_LIMIT_CONTOUR_LEVELS, read_level, levels, error) ||
      !almu_reader_int32 (reader, object, "reference", 0, ALMU_LIMIT_FILE_ID, &settings->reference_file_id, error) ||
      !read_name (reader, object, "smoothing", almu_record_smoothings, &smoothing, out_is_known, error) ||
      !almu_reader_int32 (reader, object, "factor", G_MININT, G_MAXINT, &settings->factor, error) ||
      !almu_reader_int32 (reader, object, "decimation", G_MININT, G_MAXINT, &settings->decimation, error) ||
      !almu_reader_int32 (reader, object, "compression", G_MININT, G_MAXINT, &settings->compression_level, error) ||
      !almu_reader_int32 (reader, object, "chunk_size", 1, G_MAXINT, &settings->chunk_size, error) ||
      !read_bounds (reader, object, &settings->bounds, error) ||
      !read_channels (reader, object, settings, error))
    return FALSE;

  settings->smoothing = (AlmuSmoothing) smoothing;
  almu_contour_settings_set_levels (settings, (const double *) levels->data, levels->len);

  return TRUE;
}

/**
 * almu_reader_contours:
 * @reader: where the record is being read
 * @object: a file of the record
 * @file: gets the settings; none if a name in them is of a newer version
 *
 * Reads the contours that are wanted of a file.
 *
 * Without the member there are none. Settings that
 * almu_contour_settings_check() does not let pass make the record wrong.
 *
 * Returns: whether the record is right so far
 */
gboolean
almu_reader_contours (RecordReader *reader,
                      JsonObject   *object,
                      AlmuFileWish *file,
                      GError      **error)
{
  gsize    length = reader->where->len;
  gboolean is_known = TRUE;
  g_autoptr(AlmuContourSettings) settings = almu_contour_settings_new ();
  g_autoptr(GError) reason = NULL;

  file->knows_contours = TRUE;
  if (!enter (reader, object, "contours", &object, error))
    return FALSE;

  if (object == NULL)
    return TRUE;

  settings->reference_file_id = file->id;
  if (!read_contour_members (reader, object, settings, &is_known, error))
    return FALSE;

  if (is_known && !almu_contour_settings_check (settings, &reason))
    return almu_reader_fail (reader, error, reason->code, "", "is wrong: %s", reason->message);

  if (is_known && settings->n_levels > 0)
    file->contours = g_steal_pointer (&settings);
  g_string_truncate (reader->where, length);

  return TRUE;
}

static gboolean
read_vector_members (RecordReader       *reader,
                     JsonObject         *object,
                     AlmuVectorSettings *settings,
                     gboolean           *out_is_known,
                     GError            **error)
{
  int    intensity = ALMU_VECTOR_NONE;
  int    angle = ALMU_VECTOR_NONE;
  int    compression = ALMU_COMPRESSION_NONE;
  double quality = 0;

  if (!read_name (reader, object, "intensity", almu_record_sources, &intensity, out_is_known, error) ||
      !read_name (reader, object, "angle", almu_record_sources, &angle, out_is_known, error) ||
      !almu_reader_int32 (reader, object, "factor", 1, G_MAXINT, &settings->factor, error) ||
      !almu_reader_true (reader, object, "fractional", &settings->is_fractional, error) ||
      !read_number (reader, object, "threshold", &settings->threshold, error) ||
      !read_name (reader, object, "threshold_of", almu_record_thresholds,
                  &settings->threshold_polarisation, out_is_known, error) ||
      !almu_reader_true (reader, object, "debiased", &settings->is_debiased, error) ||
      !read_number (reader, object, "q_error", &settings->q_error, error) ||
      !read_number (reader, object, "u_error", &settings->u_error, error) ||
      !read_name (reader, object, "compression", almu_record_compressions, &compression, out_is_known, error) ||
      !read_number (reader, object, "quality", &quality, error) ||
      !read_bounds (reader, object, &settings->bounds, error))
    return FALSE;

  settings->intensity = (AlmuVectorSource) intensity;
  settings->angle = (AlmuVectorSource) angle;
  settings->compression = (AlmuCompression) compression;
  settings->quality = (float) CLAMP (quality, -G_MAXFLOAT, G_MAXFLOAT);

  return TRUE;
}

/**
 * almu_reader_vectors:
 * @reader: where the record is being read
 * @object: a file of the record
 * @file: gets the settings; none if a name in them is of a newer version
 *
 * Reads the vectors that are wanted of a file.
 *
 * Without the member there are none. Settings that almu_vector_settings_check()
 * does not let pass make the record wrong.
 *
 * Returns: whether the record is right so far
 */
gboolean
almu_reader_vectors (RecordReader *reader,
                     JsonObject   *object,
                     AlmuFileWish *file,
                     GError      **error)
{
  gsize    length = reader->where->len;
  gboolean is_known = TRUE;
  g_autoptr(AlmuVectorSettings) settings = almu_vector_settings_new ();
  g_autoptr(GError) reason = NULL;

  file->knows_vectors = TRUE;
  if (!enter (reader, object, "vectors", &object, error))
    return FALSE;

  if (object == NULL)
    return TRUE;

  if (!read_vector_members (reader, object, settings, &is_known, error))
    return FALSE;

  if (is_known && !almu_vector_settings_check (settings, &reason))
    return almu_reader_fail (reader, error, reason->code, "", "is wrong: %s", reason->message);

  if (is_known && (settings->intensity != ALMU_VECTOR_NONE || settings->angle != ALMU_VECTOR_NONE))
    file->vectors = g_steal_pointer (&settings);
  g_string_truncate (reader->where, length);

  return TRUE;
}
