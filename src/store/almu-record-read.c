/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-record-private.h"

#include <math.h>
#include <string.h>

#include "almu-error.h"
#include "almu-limits.h"
#include "almu-session.h"

/* A record may have been edited, or come from another machine: whatever
 * passes here is as safe as what a viewer's messages were checked for. What
 * has the right form but a name of a newer version is left out by itself.
 */
typedef struct
{
  GString    *where;      /* "files[2].regions[0]." */
  GHashTable *file_ids;   /* seen until now */
  GHashTable *region_ids; /* likewise, of the whole session */
} Reader;

typedef gboolean (*ReadElement) (Reader   *reader,
                                 JsonNode *element,
                                 gpointer  target,
                                 GError  **error);

static gboolean
fail (Reader     *reader,
      GError    **error,
      int         code,
      const char *member,
      const char *format,
      ...) G_GNUC_PRINTF (5, 6);

static gboolean
fail (Reader     *reader,
      GError    **error,
      int         code,
      const char *member,
      const char *format,
      ...)
{
  g_autofree char *what = NULL;
  va_list          args;

  if (*member == '\0' && reader->where->len > 0)
    g_string_truncate (reader->where, reader->where->len - 1);

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, ALMU_ERROR, code, "Record: %s%s %s", reader->where->str, member, what);

  return FALSE;
}

/* -- values ------------------------------------------------------------- */

static JsonNode *
find (JsonObject *object,
      const char *member)
{
  JsonNode *node = json_object_get_member (object, member);

  return node == NULL || JSON_NODE_HOLDS_NULL (node) ? NULL : node;
}

static gboolean
is_of_type (JsonNode *node,
            GType     type)
{
  return JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == type;
}

/* Leaves @out as it is if there is no such member. */
static gboolean
read_text (Reader     *reader,
           JsonObject *object,
           const char *member,
           gsize       max_bytes,
           char      **out,
           GError    **error)
{
  JsonNode *node = find (object, member);

  if (node == NULL)
    return TRUE;

  if (!is_of_type (node, G_TYPE_STRING))
    return fail (reader, error, ALMU_ERROR_FORMAT, member, "is not a text");

  if (strlen (json_node_get_string (node)) > max_bytes)
    return fail (reader, error, ALMU_ERROR_LIMIT, member,
                 "is longer than %" G_GSIZE_FORMAT " bytes", max_bytes);

  g_free (*out);
  *out = g_strdup (json_node_get_string (node));

  return TRUE;
}

static gboolean
get_number (JsonNode *node,
            double   *out)
{
  if (is_of_type (node, G_TYPE_INT64))
    *out = (double) json_node_get_int (node);
  else if (is_of_type (node, G_TYPE_DOUBLE))
    *out = json_node_get_double (node);
  else
    return FALSE;

  return isfinite (*out);
}

static gboolean
get_int (JsonNode *node,
         gint64    min,
         gint64    max,
         gint64   *out)
{
  gint64 value;

  if (is_of_type (node, G_TYPE_INT64))
    value = json_node_get_int (node);
  else if (is_of_type (node, G_TYPE_STRING))
    {
      const char *text = json_node_get_string (node);
      char       *end;

      value = g_ascii_strtoll (text, &end, 10);
      if (end == text || *end != '\0')
        return FALSE;
    }
  else
    return FALSE;

  if (value < min || value > max)
    return FALSE;

  *out = value;
  return TRUE;
}

/* Leaves @out as it is if there is no such member. */
static gboolean
read_int (Reader     *reader,
          JsonObject *object,
          const char *member,
          gint64      min,
          gint64      max,
          gint64     *out,
          GError    **error)
{
  JsonNode *node = find (object, member);

  if (node == NULL || get_int (node, min, max, out))
    return TRUE;

  return fail (reader, error, ALMU_ERROR_FORMAT, member,
               "is not an integer from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, min, max);
}

static gboolean
read_int32 (Reader     *reader,
            JsonObject *object,
            const char *member,
            int         min,
            int         max,
            int        *out,
            GError    **error)
{
  gint64 value = *out;

  if (!read_int (reader, object, member, min, max, &value, error))
    return FALSE;

  *out = (int) value;
  return TRUE;
}

/* A name, or a number for what has none. */
static gboolean
read_named (Reader           *reader,
            JsonObject       *object,
            const char       *member,
            const RecordName *names,
            int               min,
            int              *out,
            GError          **error)
{
  JsonNode *node = find (object, member);
  gint64    value;

  if (node == NULL)
    return TRUE;

  if (is_of_type (node, G_TYPE_STRING) &&
      almu_record_value_of (names, json_node_get_string (node), out))
    return TRUE;

  if (!is_of_type (node, G_TYPE_INT64) || !get_int (node, min, G_MAXINT, &value))
    return fail (reader, error, ALMU_ERROR_FORMAT, member,
                 "is neither a number nor a name, such as “%s”", names[0].name);

  *out = (int) value;
  return TRUE;
}

static gboolean
read_true (Reader     *reader,
           JsonObject *object,
           const char *member,
           gboolean   *out,
           GError    **error)
{
  JsonNode *node = find (object, member);

  if (node == NULL)
    return TRUE;

  if (!is_of_type (node, G_TYPE_BOOLEAN))
    return fail (reader, error, ALMU_ERROR_FORMAT, member, "is neither true nor false");

  *out = json_node_get_boolean (node);
  return TRUE;
}

static gboolean
read_time (Reader     *reader,
           JsonObject *object,
           const char *member,
           gint64     *out,
           GError    **error)
{
  g_autofree char *text = NULL;
  g_autoptr(GDateTime) time = NULL;

  if (!read_text (reader, object, member, ALMU_LIMIT_NAME_BYTES, &text, error))
    return FALSE;

  if (text == NULL)
    return TRUE;

  time = g_date_time_new_from_iso8601 (text, NULL);
  if (time == NULL)
    return fail (reader, error, ALMU_ERROR_FORMAT, member,
                 "is “%s”, not a time such as 2026-01-31T12:00:00Z", text);

  *out = g_date_time_to_unix (time);
  return TRUE;
}

static gboolean
get_pair (JsonNode *node,
          double   *out_first,
          double   *out_second)
{
  JsonArray *array;

  if (!JSON_NODE_HOLDS_ARRAY (node))
    return FALSE;

  array = json_node_get_array (node);

  return json_array_get_length (array) == 2 &&
         get_number (json_array_get_element (array, 0), out_first) &&
         get_number (json_array_get_element (array, 1), out_second);
}

static gboolean
get_point (JsonNode  *node,
           AlmuPoint *out)
{
  double x;
  double y;

  if (!get_pair (node, &x, &y) || fabs (x) > G_MAXFLOAT || fabs (y) > G_MAXFLOAT)
    return FALSE;

  *out = (AlmuPoint){ (float) x, (float) y };
  return TRUE;
}

/* -- lists -------------------------------------------------------------- */

/* Reads each element of a list, if there is one. */
static gboolean
read_list (Reader     *reader,
           JsonObject *object,
           const char *member,
           guint       max,
           ReadElement read,
           gpointer    target,
           GError    **error)
{
  JsonNode  *node = find (object, member);
  gsize      length = reader->where->len;
  JsonArray *array;

  if (node == NULL)
    return TRUE;

  if (!JSON_NODE_HOLDS_ARRAY (node))
    return fail (reader, error, ALMU_ERROR_FORMAT, member, "is not a list");

  array = json_node_get_array (node);
  if (json_array_get_length (array) > max)
    return fail (reader, error, ALMU_ERROR_LIMIT, member,
                 "has %u elements, at most %u are allowed", json_array_get_length (array), max);

  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      g_string_append_printf (reader->where, "%s[%u].", member, i);
      if (!read (reader, json_array_get_element (array, i), target, error))
        return FALSE;
      g_string_truncate (reader->where, length);
    }

  return TRUE;
}

static JsonObject *
get_object (Reader   *reader,
            JsonNode *element,
            GError  **error)
{
  if (JSON_NODE_HOLDS_OBJECT (element))
    return json_node_get_object (element);

  fail (reader, error, ALMU_ERROR_FORMAT, "", "is not an object");
  return NULL;
}

/* -- what is wanted ----------------------------------------------------- */

static gboolean
read_coordinate (Reader     *reader,
                 JsonObject *object,
                 char      **out,
                 GError    **error)
{
  AlmuCoordinate ignored;
  g_autoptr(GError) reason = NULL;

  *out = g_strdup ("");
  if (!read_text (reader, object, "coordinate", ALMU_LIMIT_NAME_BYTES, out, error))
    return FALSE;

  return almu_coordinate_parse (*out, &ignored, &reason) ||
         fail (reader, error, ALMU_ERROR_FORMAT, "coordinate", "is wrong: %s", reason->message);
}

static gboolean
read_spatial (Reader   *reader,
              JsonNode *element,
              gpointer  target,
              GError  **error)
{
  JsonObject     *object = get_object (reader, element, error);
  AlmuSpatialWant want = { 0 };

  if (object == NULL)
    return FALSE;

  if (read_coordinate (reader, object, &want.coordinate, error) &&
      read_int32 (reader, object, "start", G_MININT, G_MAXINT, &want.start, error) &&
      read_int32 (reader, object, "end", G_MININT, G_MAXINT, &want.end, error) &&
      read_int32 (reader, object, "mip", 0, ALMU_LIMIT_AXIS_LENGTH, &want.mip, error) &&
      read_int32 (reader, object, "width", G_MININT, G_MAXINT, &want.width, error))
    {
      g_array_append_val ((GArray *) target, want);
      return TRUE;
    }

  g_free (want.coordinate);
  return FALSE;
}

static gboolean
read_stats_type (Reader   *reader,
                 JsonNode *element,
                 gpointer  target,
                 GError  **error)
{
  int type;

  if (!is_of_type (element, G_TYPE_STRING))
    return fail (reader, error, ALMU_ERROR_FORMAT, "",
                 "is not the name of a statistic, such as “%s”", almu_record_stats[ALMU_STATS_MEAN].name);

  if (almu_record_value_of (almu_record_stats, json_node_get_string (element), &type))
    g_array_append_val ((GArray *) target, type);

  return TRUE;
}

static gboolean
read_stats (Reader   *reader,
            JsonNode *element,
            gpointer  target,
            GError  **error)
{
  JsonObject      *object = get_object (reader, element, error);
  g_autofree char *coordinate = NULL;
  g_autoptr(GArray) types = g_array_new (FALSE, FALSE, sizeof (int));

  if (object == NULL ||
      !read_coordinate (reader, object, &coordinate, error) ||
      !read_list (reader, object, "types", ALMU_LIMIT_REQUIREMENTS, read_stats_type, types, error))
    return FALSE;

  almu_stats_wants_append (target, &(AlmuStatsWant){ coordinate, types });

  return TRUE;
}

static gboolean
read_bounds (Reader            *reader,
             JsonObject        *object,
             AlmuHistogramWant *want,
             GError           **error)
{
  JsonNode *node = find (object, "bounds");

  if (node != NULL && !get_pair (node, &want->min, &want->max))
    return fail (reader, error, ALMU_ERROR_FORMAT, "bounds", "is not a list of two numbers");

  if (!read_true (reader, object, "fixed_bounds", &want->has_fixed_bounds, error))
    return FALSE;

  if (want->has_fixed_bounds && !(want->min < want->max))
    return fail (reader, error, ALMU_ERROR_FORMAT, "bounds", "%g to %g do not rise", want->min, want->max);

  return TRUE;
}

static gboolean
read_bins (Reader            *reader,
           JsonObject        *object,
           AlmuHistogramWant *want,
           GError           **error)
{
  want->n_bins = ALMU_BINS_AUTO;
  if (!read_named (reader, object, "bins", almu_record_bins, G_MININT, &want->n_bins, error) ||
      !read_true (reader, object, "fixed_bins", &want->has_fixed_bins, error))
    return FALSE;

  if (want->has_fixed_bins && (want->n_bins < ALMU_BINS_AUTO || want->n_bins > ALMU_LIMIT_BINS))
    return fail (reader, error, ALMU_ERROR_LIMIT, "bins", "is %d, not from 1 to %d or “%s”",
                 want->n_bins, ALMU_LIMIT_BINS, almu_record_bins[0].name);

  return TRUE;
}

static gboolean
read_histogram (Reader   *reader,
                JsonNode *element,
                gpointer  target,
                GError  **error)
{
  JsonObject       *object = get_object (reader, element, error);
  g_autofree char  *coordinate = NULL;
  AlmuHistogramWant want = { .channel = ALMU_CHANNEL_CURRENT };

  if (object == NULL ||
      !read_coordinate (reader, object, &coordinate, error) ||
      !read_named (reader, object, "channel", almu_record_channels, G_MININT, &want.channel, error) ||
      !read_bins (reader, object, &want, error) ||
      !read_bounds (reader, object, &want, error))
    return FALSE;

  want.coordinate = coordinate;
  almu_histogram_wants_append (target, &want);

  return TRUE;
}

/* No list stands for nothing said, an empty one for nothing wanted. */
static gboolean
read_wants (Reader     *reader,
            JsonObject *object,
            const char *member,
            GArray *(*make) (void),
            ReadElement read,
            GArray    **out,
            GError    **error)
{
  if (find (object, member) == NULL)
    return TRUE;

  *out = make ();

  return read_list (reader, object, member, ALMU_LIMIT_REQUIREMENTS, read, *out, error);
}

static gboolean
read_requirement (Reader   *reader,
                  JsonNode *element,
                  gpointer  target,
                  GError  **error)
{
  JsonObject *object = get_object (reader, element, error);
  g_autoptr(AlmuRequirement) requirement = almu_requirement_new (ALMU_REGION_CUBE - 1);

  if (object == NULL ||
      !read_named (reader, object, "region", almu_record_targets, ALMU_REGION_CUBE,
                   &requirement->region_id, error))
    return FALSE;

  if (requirement->region_id < ALMU_REGION_CUBE || requirement->region_id > ALMU_LIMIT_REGION_ID)
    return fail (reader, error, ALMU_ERROR_FORMAT, "region",
                 "is not the number of a region, nor “cursor”, “image” or “cube”");

  if (!read_wants (reader, object, "spatial", almu_spatial_wants_new, read_spatial, &requirement->spatial, error) ||
      !read_wants (reader, object, "spectral", almu_stats_wants_new, read_stats, &requirement->spectral, error) ||
      !read_wants (reader, object, "stats", almu_stats_wants_new, read_stats, &requirement->stats, error) ||
      !read_wants (reader, object, "histograms", almu_histogram_wants_new, read_histogram, &requirement->histograms, error))
    return FALSE;

  g_ptr_array_add (target, g_steal_pointer (&requirement));

  return TRUE;
}

/* -- regions ------------------------------------------------------------ */

static gboolean
read_point (Reader   *reader,
            JsonNode *element,
            gpointer  target,
            GError  **error)
{
  AlmuPoint point;

  if (!get_point (element, &point))
    return fail (reader, error, ALMU_ERROR_FORMAT, "", "is not a list of two numbers");

  g_array_append_val ((GArray *) target, point);

  return TRUE;
}

static gboolean
scan_coordinate (const char **text,
                 char         after,
                 gboolean     may_end,
                 float       *out)
{
  char  *end;
  double value = g_ascii_strtod (*text, &end);

  if (end == *text || !(fabs (value) <= G_MAXFLOAT) ||
      (*end != after && (*end != '\0' || !may_end)))
    return FALSE;

  *out = (float) value;
  *text = end + (*end != '\0');
  return TRUE;
}

/* "x,y x,y …" */
static gboolean
read_outline (Reader     *reader,
              const char *text,
              GArray     *points,
              GError    **error)
{
  while (*text != '\0')
    {
      AlmuPoint point;

      if (points->len >= ALMU_LIMIT_CONTROL_POINTS ||
          !scan_coordinate (&text, ',', FALSE, &point.x) || !scan_coordinate (&text, ' ', TRUE, &point.y))
        break;

      g_array_append_val (points, point);
    }

  if (*text == '\0')
    return TRUE;

  return fail (reader, error, ALMU_ERROR_FORMAT, "points",
               "is not of the form “x,y x,y …” with at most %d points at “%.20s”",
               ALMU_LIMIT_CONTROL_POINTS, text);
}

static gboolean
read_points (Reader     *reader,
             JsonObject *object,
             GArray     *points,
             GError    **error)
{
  JsonNode *node = find (object, "points");

  if (node != NULL && is_of_type (node, G_TYPE_STRING))
    return read_outline (reader, json_node_get_string (node), points, error);

  return read_list (reader, object, "points", ALMU_LIMIT_CONTROL_POINTS, read_point, points, error);
}

static int
find_shape_type (const char *name)
{
  for (int type = 0; name != NULL && type < ALMU_N_SHAPES; type++)
    if (g_str_equal (almu_shape_type_get_name (type), name))
      return type;

  return -1;
}

static gboolean
read_shape (Reader         *reader,
            JsonObject     *object,
            AlmuRegionWish *region,
            GError        **error)
{
  g_autofree char *name = NULL;
  g_autoptr(GArray) points = g_array_new (FALSE, FALSE, sizeof (AlmuPoint));
  g_autoptr(GError) reason = NULL;
  JsonNode *rotation = find (object, "rotation");
  double    degrees = 0;
  int       type;

  if (!read_text (reader, object, "type", ALMU_LIMIT_NAME_BYTES, &name, error))
    return FALSE;

  if (name == NULL)
    return fail (reader, error, ALMU_ERROR_FORMAT, "type", "is missing; it may be “rectangle”");

  type = find_shape_type (name);
  if (type < 0)
    {
      g_set_error (&region->error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                   "Regions of type “%s” are not known to this version", name);
      return TRUE;
    }

  if (rotation != NULL && (!get_number (rotation, &degrees) || fabs (degrees) > G_MAXFLOAT))
    return fail (reader, error, ALMU_ERROR_FORMAT, "rotation", "is not a number of degrees");

  if (!read_points (reader, object, points, error))
    return FALSE;

  region->shape = almu_shape_new (type, (AlmuPoint *) points->data, points->len, (float) degrees, &reason);

  return region->shape != NULL ||
         fail (reader, error, reason->code, "points", "are wrong: %s", reason->message);
}

static gboolean
read_region (Reader   *reader,
             JsonNode *element,
             gpointer  target,
             GError  **error)
{
  JsonObject    *object = get_object (reader, element, error);
  AlmuRegionWish region = { 0 };

  if (object == NULL ||
      !read_int32 (reader, object, "id", 1, ALMU_LIMIT_REGION_ID, &region.id, error))
    return FALSE;

  if (region.id == 0)
    return fail (reader, error, ALMU_ERROR_FORMAT, "id", "is missing");

  if (!g_hash_table_add (reader->region_ids, GINT_TO_POINTER (region.id)))
    return fail (reader, error, ALMU_ERROR_FORMAT, "id", "is %d, as another region's is", region.id);

  if (g_hash_table_size (reader->region_ids) > ALMU_LIMIT_REGIONS)
    return fail (reader, error, ALMU_ERROR_LIMIT, "", "is one more than the %d regions a session may have",
                 ALMU_LIMIT_REGIONS);

  if (!read_shape (reader, object, &region, error))
    return FALSE;

  g_array_append_val ((GArray *) target, region);

  return TRUE;
}

/* -- files -------------------------------------------------------------- */

static gboolean
read_flag (Reader   *reader,
           JsonNode *element,
           gpointer  target,
           GError  **error)
{
  AlmuImageFlags *flags = target;
  int             flag;

  if (!is_of_type (element, G_TYPE_STRING))
    return fail (reader, error, ALMU_ERROR_FORMAT, "", "is not a text");

  if (almu_record_value_of (almu_record_flags, json_node_get_string (element), &flag))
    *flags |= (guint) flag;

  return TRUE;
}

static gboolean
read_name (Reader       *reader,
           JsonObject   *object,
           AlmuFileWish *file,
           GError      **error)
{
  g_autofree char *directory = g_strdup ("");
  g_autofree char *name = NULL;
  g_autofree char *hdu = g_strdup ("");
  AlmuImageFlags   flags = ALMU_IMAGE_NONE;

  if (!read_text (reader, object, "directory", ALMU_LIMIT_PATH_BYTES, &directory, error) ||
      !read_text (reader, object, "name", ALMU_LIMIT_PATH_BYTES, &name, error) ||
      !read_text (reader, object, "hdu", ALMU_LIMIT_PATH_BYTES, &hdu, error) ||
      !read_list (reader, object, "flags", ALMU_LIMIT_REQUIREMENTS, read_flag, &flags, error))
    return FALSE;

  if (name == NULL)
    return fail (reader, error, ALMU_ERROR_FORMAT, "name", "is missing: the file's name without its directory");

  file->name = almu_file_name_new (directory, name, hdu, flags);
  file->label = g_steal_pointer (&name);

  return TRUE;
}

static gboolean
read_fingerprint (Reader       *reader,
                  JsonObject   *object,
                  AlmuFileWish *file,
                  GError      **error)
{
  JsonNode       *node = find (object, "fingerprint");
  AlmuFingerprint fingerprint = { 0 };
  gint64          device = 0;
  gint64          inode = 0;

  if (node == NULL)
    return TRUE;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    return fail (reader, error, ALMU_ERROR_FORMAT, "fingerprint", "is not an object");

  object = json_node_get_object (node);
  if (!read_int (reader, object, "device", G_MININT64, G_MAXINT64, &device, error) ||
      !read_int (reader, object, "inode", G_MININT64, G_MAXINT64, &inode, error) ||
      !read_int (reader, object, "size", 0, G_MAXINT64, &fingerprint.size, error) ||
      !read_int (reader, object, "mtime_ns", G_MININT64, G_MAXINT64, &fingerprint.mtime_ns, error))
    return FALSE;

  fingerprint.device = (guint64) device;
  fingerprint.inode = (guint64) inode;
  file->fingerprint = fingerprint;
  file->has_fingerprint = TRUE;

  return TRUE;
}

static gboolean
read_cursor (Reader       *reader,
             JsonObject   *object,
             AlmuFileWish *file,
             GError      **error)
{
  JsonNode *node = find (object, "cursor");

  if (node == NULL)
    return TRUE;

  if (!get_point (node, &file->cursor))
    return fail (reader, error, ALMU_ERROR_FORMAT, "cursor", "is not a list of two numbers, x and y");

  file->has_cursor = TRUE;

  return TRUE;
}

static gboolean
read_look (Reader       *reader,
           JsonObject   *object,
           AlmuFileWish *file,
           GError      **error)
{
  JsonNode *node = find (object, "look");

  if (node == NULL)
    return TRUE;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    return fail (reader, error, ALMU_ERROR_FORMAT, "look", "is not an object");

  file->look = almu_record_print (node);

  return TRUE;
}

static gboolean
read_file_members (Reader       *reader,
                   JsonObject   *object,
                   AlmuFileWish *file,
                   GError      **error)
{
  if (find (object, "requirements") != NULL)
    file->requirements = almu_requirements_new ();

  return read_name (reader, object, file, error) &&
         read_fingerprint (reader, object, file, error) &&
         read_int32 (reader, object, "channel", 0, ALMU_LIMIT_AXIS_LENGTH, &file->channel, error) &&
         read_int32 (reader, object, "stokes", 0, ALMU_LIMIT_STOKES, &file->stokes, error) &&
         read_cursor (reader, object, file, error) &&
         read_look (reader, object, file, error) &&
         read_list (reader, object, "regions", ALMU_LIMIT_REGIONS, read_region, file->regions, error) &&
         /* one for each region, the cursor, the image and the cube */
         read_list (reader, object, "requirements", ALMU_LIMIT_REGIONS + 3, read_requirement,
                    file->requirements, error);
}

static gboolean
read_file (Reader   *reader,
           JsonNode *element,
           gpointer  target,
           GError  **error)
{
  JsonObject *object = get_object (reader, element, error);
  g_autoptr(AlmuFileWish) file = NULL;
  int id = -1;

  if (object == NULL || !read_int32 (reader, object, "id", 0, ALMU_LIMIT_FILE_ID, &id, error))
    return FALSE;

  if (id < 0)
    return fail (reader, error, ALMU_ERROR_FORMAT, "id", "is missing");

  if (!g_hash_table_add (reader->file_ids, GINT_TO_POINTER (id)))
    return fail (reader, error, ALMU_ERROR_FORMAT, "id", "is %d, as another file's is", id);

  file = almu_file_wish_new (id);
  if (!read_file_members (reader, object, file, error))
    return FALSE;

  g_ptr_array_add (target, g_steal_pointer (&file));

  return TRUE;
}

/* -- the session -------------------------------------------------------- */

static gboolean
read_version (Reader     *reader,
              JsonObject *object,
              GError    **error)
{
  gint64 version = 0;

  if (!read_int (reader, object, "version", 1, G_MAXINT, &version, error))
    return FALSE;

  if (version == 0)
    return fail (reader, error, ALMU_ERROR_FORMAT, "version",
                 "is missing; this program writes version %d", ALMU_RECORD_VERSION);

  if (version > ALMU_RECORD_VERSION)
    return fail (reader, error, ALMU_ERROR_UNSUPPORTED, "version",
                 "is %d, of a newer program; this one reads up to %d", (int) version, ALMU_RECORD_VERSION);

  return TRUE;
}

static gboolean
read_state (Reader      *reader,
            JsonObject  *object,
            AlmuMemento *memento,
            GError     **error)
{
  memento->state = g_strdup (almu_session_state_get_name (ALMU_SESSION_PARKED));
  if (!read_text (reader, object, "state", ALMU_LIMIT_NAME_BYTES, &memento->state, error))
    return FALSE;

  for (int state = ALMU_SESSION_ATTACHED; state <= ALMU_SESSION_CLOSED; state++)
    if (g_str_equal (almu_session_state_get_name (state), memento->state))
      return TRUE;

  return fail (reader, error, ALMU_ERROR_FORMAT, "state",
               "is “%s”, not attached, detached, parked or closed", memento->state);
}

static gboolean
read_session (Reader      *reader,
              JsonObject  *object,
              AlmuMemento *memento,
              GError     **error)
{
  gint64 id = 0;
  gint64 epoch = 0;

  memento->title = g_strdup ("");
  memento->peer = g_strdup ("");
  if (!read_version (reader, object, error) ||
      !read_int (reader, object, "id", 1, G_MAXUINT32, &id, error) ||
      !read_state (reader, object, memento, error) ||
      !read_text (reader, object, "title", ALMU_LIMIT_RECORD_BYTES, &memento->title, error) ||
      !read_text (reader, object, "peer", ALMU_LIMIT_RECORD_BYTES, &memento->peer, error) ||
      !read_text (reader, object, "viewer", ALMU_LIMIT_RECORD_BYTES, &memento->viewer, error) ||
      !read_time (reader, object, "created", &memento->created, error) ||
      !read_time (reader, object, "last_seen", &memento->last_seen, error) ||
      !read_int (reader, object, "epoch", 0, G_MAXUINT, &epoch, error) ||
      !read_int32 (reader, object, "last_region_id", 0, ALMU_LIMIT_REGION_ID, &memento->last_region_id, error))
    return FALSE;

  if (id == 0)
    return fail (reader, error, ALMU_ERROR_FORMAT, "id", "is missing");

  memento->id = (guint32) id;
  memento->epoch = (guint) epoch;

  return read_list (reader, object, "files", ALMU_LIMIT_FILES, read_file, memento->files, error);
}

/**
 * almu_record_read:
 * @text: what almu_record_write() wrote, or somebody by hand
 *
 * Returns: (transfer full): the session as it was written down
 */
AlmuMemento *
almu_record_read (const char *text,
                  GError    **error)
{
  g_autoptr(JsonObject) object = NULL;
  g_autoptr(AlmuMemento) memento = NULL;
  gboolean is_right;
  Reader   reader;

  g_return_val_if_fail (text != NULL, NULL);

  if (strlen (text) > ALMU_LIMIT_RECORD_BYTES)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   "Record has more than %d bytes", ALMU_LIMIT_RECORD_BYTES);
      return NULL;
    }

  object = almu_record_parse (text, error);
  if (object == NULL)
    {
      g_prefix_error (error, "Record: ");
      return NULL;
    }

  reader.where = g_string_new (NULL);
  reader.file_ids = g_hash_table_new (NULL, NULL);
  reader.region_ids = g_hash_table_new (NULL, NULL);
  memento = almu_memento_new (0);
  is_right = read_session (&reader, object, memento, error);
  g_string_free (reader.where, TRUE);
  g_hash_table_unref (reader.file_ids);
  g_hash_table_unref (reader.region_ids);

  return is_right ? g_steal_pointer (&memento) : NULL;
}
