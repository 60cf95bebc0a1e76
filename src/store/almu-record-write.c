/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-record-private.h"

#include <math.h>
#include <string.h>

#include "almu-json-text.h"
#include "almu-limits.h"
#include "almu-polarisation.h"

/* Written as text, not as a tree of nodes: a session with a thousand regions
 * is written before each of them is acknowledged. */

/* An outline of more points is one string, as in SVG: read as nodes of their
 * own they would need a hundred times its memory. */
#define MAX_LISTED_POINTS 16

/* RFC 3339 ends with the year 9999. */
#define MAX_TIME G_GINT64_CONSTANT (253402300799)

/* -- signs -------------------------------------------------------------- */

static void
append_comma (GString *text)
{
  char last = text->len > 0 ? text->str[text->len - 1] : '[';

  if (last != '[' && last != '{' && last != ':')
    g_string_append_c (text, ',');
}

/* Each on a line of its own. */
static void
begin_line (GString    *text,
            const char *indent)
{
  append_comma (text);
  g_string_append_c (text, '\n');
  g_string_append (text, indent);
}

static void
append_text (GString    *text,
             const char *value)
{
  g_autofree char *valid = g_utf8_validate (value, -1, NULL) ? NULL : g_utf8_make_valid (value, -1);

  g_string_append_c (text, '"');
  for (const char *p = valid != NULL ? valid : value; *p != '\0'; p++)
    {
      if (*p == '"' || *p == '\\')
        g_string_append_c (text, '\\');
      if ((guchar) *p < 0x20 || *p == 0x7f)
        g_string_append_printf (text, "\\u%04x", *p);
      else
        g_string_append_c (text, *p);
    }
  g_string_append_c (text, '"');
}

static void
append_decimal (GString *text,
                gboolean is_negative,
                guint64  digits,
                int      n_decimals)
{
  char  buffer[32];
  char *p = buffer + sizeof buffer;

  *--p = '\0';
  for (int i = 0; i <= n_decimals || digits > 0; i++)
    {
      if (i == n_decimals && i > 0)
        *--p = '.';
      *--p = (char) ('0' + digits % 10);
      digits /= 10;
    }
  if (is_negative)
    *--p = '-';
  g_string_append (text, p);
}

/* Coordinates have a few decimals, and there are many: an integer divided by
 * a power of ten is rounded as a parser rounds the same digits. */
static gboolean
append_float (GString *text,
              float    value)
{
  double size = fabs ((double) value);
  double scale = 1;

  for (int n_decimals = 0; n_decimals <= 7 && size * scale < 1e15; n_decimals++, scale *= 10)
    {
      double digits = round (size * scale);

      if ((float) (digits / scale) != (float) size)
        continue;

      append_decimal (text, value < 0, (guint64) digits, n_decimals);
      return TRUE;
    }

  return FALSE;
}

/* The fewest digits that are read as the same number. */
static void
append_number (GString *text,
               double   value,
               gboolean is_float)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];
  int  last = is_float ? 9 : 17;

  if (is_float && fabs (value) < 1e6 && !(value == 0 && signbit (value)) && append_float (text, (float) value))
    return;

  for (int digits = is_float ? 6 : 15; digits <= last; digits++)
    {
      char   format[8];
      double again;

      g_snprintf (format, sizeof format, "%%.%dg", digits);
      g_ascii_formatd (buffer, sizeof buffer, format, value);
      again = g_ascii_strtod (buffer, NULL);
      if (is_float ? (float) again == (float) value : again == value)
        break;
    }

  g_string_append (text, buffer);
  /* or a parser may take it for an integer beyond 64 bits */
  if (strpbrk (buffer, ".e") == NULL)
    g_string_append (text, ".0");
}

static void
append_point (GString  *text,
              AlmuPoint point)
{
  append_comma (text);
  g_string_append_c (text, '[');
  append_number (text, point.x, TRUE);
  g_string_append_c (text, ',');
  append_number (text, point.y, TRUE);
  g_string_append_c (text, ']');
}

static void
begin_member (GString    *text,
              const char *name)
{
  append_comma (text);
  g_string_append_c (text, '"');
  g_string_append (text, name);
  g_string_append (text, "\":");
}

static void
add_text (GString    *text,
          const char *name,
          const char *value)
{
  begin_member (text, name);
  append_text (text, value != NULL ? value : "");
}

static void
add_int (GString    *text,
         const char *name,
         gint64      value)
{
  begin_member (text, name);
  g_string_append_printf (text, "%" G_GINT64_FORMAT, value);
}

static void
add_named (GString          *text,
           const char       *name,
           const RecordName *names,
           int               value)
{
  const char *found = almu_record_name_of (names, value);

  if (found != NULL)
    add_text (text, name, found);
  else
    add_int (text, name, value);
}

static void
add_true (GString    *text,
          const char *name,
          gboolean    value)
{
  if (!value)
    return;

  begin_member (text, name);
  g_string_append (text, "true");
}

static void
add_time (GString    *text,
          const char *name,
          gint64      seconds)
{
  g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc (CLAMP (seconds, 0, MAX_TIME));
  g_autofree char *value = g_date_time_format (time, "%Y-%m-%dT%H:%M:%SZ");

  add_text (text, name, value);
}

/* Integers of 64 bits. */
static void
add_long (GString    *text,
          const char *name,
          gint64      value)
{
  begin_member (text, name);
  g_string_append_printf (text, "\"%" G_GINT64_FORMAT "\"", value);
}

/* -- what a newer version has added ------------------------------------- */

static JsonArray *
get_array (JsonObject *object,
           const char *member)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, member) : NULL;

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

/* The element of @array that has this number, or name, in @member. */
static JsonObject *
find_element (JsonArray  *array,
              const char *member,
              int         number,
              const char *name)
{
  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      JsonNode   *element = json_array_get_element (array, i);
      JsonObject *object = JSON_NODE_HOLDS_OBJECT (element) ? json_node_get_object (element) : NULL;
      JsonNode   *node = object != NULL ? json_object_get_member (object, member) : NULL;

      if (node == NULL || !JSON_NODE_HOLDS_VALUE (node))
        continue;

      if (name != NULL ? g_strcmp0 (json_node_get_string (node), name) == 0
                       : json_node_get_value_type (node) == G_TYPE_INT64 && json_node_get_int (node) == number)
        return object;
    }

  return NULL;
}

static void
append_node (GString  *text,
             JsonNode *node)
{
  g_autofree char *printed = almu_record_print (node);

  g_string_append (text, printed);
}

static void
append_unknown (GString    *text,
                JsonObject *before,
                RecordLevel level)
{
  g_autoptr(GList) names = before != NULL ? json_object_get_members (before) : NULL;

  for (GList *name = names; name != NULL; name = name->next)
    {
      if (almu_record_knows (level, name->data))
        continue;

      append_comma (text);
      append_text (text, name->data);
      g_string_append_c (text, ':');
      append_node (text, json_object_get_member (before, name->data));
    }
}

/* -- what is wanted ----------------------------------------------------- */

/* What no parser of ours takes never has any effect. */
static gboolean
has_meaning (const char *coordinate)
{
  AlmuCoordinate ignored;

  return coordinate != NULL && almu_coordinate_parse (coordinate, &ignored, NULL);
}

static void
append_spatial (GString      *text,
                gconstpointer data)
{
  const AlmuSpatialWant *want = data;

  if (!has_meaning (want->coordinate))
    return;

  append_comma (text);
  g_string_append_c (text, '{');
  add_text (text, "coordinate", want->coordinate);
  add_int (text, "start", want->start);
  add_int (text, "end", want->end);
  add_int (text, "mip", want->mip);
  add_int (text, "width", want->width);
  g_string_append_c (text, '}');
}

static void
append_stats (GString      *text,
              gconstpointer data)
{
  const AlmuStatsWant *want = data;

  if (!has_meaning (want->coordinate))
    return;

  append_comma (text);
  g_string_append_c (text, '{');
  add_text (text, "coordinate", want->coordinate);
  begin_member (text, "types");
  g_string_append_c (text, '[');
  for (guint i = 0; i < want->types->len; i++)
    {
      const char *name = almu_record_name_of (almu_record_stats, g_array_index (want->types, int, i));

      if (name == NULL)
        continue;

      append_comma (text);
      append_text (text, name);
    }
  g_string_append (text, "]}");
}

static void
append_histogram (GString      *text,
                  gconstpointer data)
{
  const AlmuHistogramWant *want = data;
  gboolean                 has_numbers = isfinite (want->min) && isfinite (want->max);

  if (!has_meaning (want->coordinate) || (want->has_fixed_bounds && !has_numbers))
    return;

  append_comma (text);
  g_string_append_c (text, '{');
  add_text (text, "coordinate", want->coordinate);
  add_named (text, "channel", almu_record_channels, want->channel);
  add_named (text, "bins", almu_record_bins, want->n_bins);
  add_true (text, "fixed_bins", want->has_fixed_bins);
  if (has_numbers)
    {
      begin_member (text, "bounds");
      g_string_append_c (text, '[');
      append_number (text, want->min, FALSE);
      g_string_append_c (text, ',');
      append_number (text, want->max, FALSE);
      g_string_append_c (text, ']');
    }
  add_true (text, "fixed_bounds", want->has_fixed_bounds);
  g_string_append_c (text, '}');
}

static void
add_wants (GString    *text,
           const char *name,
           GArray     *wants,
           void (*append) (GString *,
                           gconstpointer))
{
  gsize size;

  if (wants == NULL)
    return;

  size = g_array_get_element_size (wants);
  begin_member (text, name);
  g_string_append_c (text, '[');
  for (guint i = 0; i < wants->len; i++)
    append (text, wants->data + i * size);
  g_string_append_c (text, ']');
}

static void
append_requirement (GString               *text,
                    const AlmuRequirement *requirement,
                    JsonArray             *before)
{
  int         region_id = requirement->region_id;
  const char *name = almu_record_name_of (almu_record_targets, region_id);

  begin_line (text, "   ");
  g_string_append_c (text, '{');
  add_named (text, "region", almu_record_targets, region_id);
  add_wants (text, "spatial", requirement->spatial, append_spatial);
  add_wants (text, "spectral", requirement->spectral, append_stats);
  add_wants (text, "stats", requirement->stats, append_stats);
  add_wants (text, "histograms", requirement->histograms, append_histogram);
  append_unknown (text, find_element (before, "region", region_id, name), LEVEL_REQUIREMENT);
  g_string_append_c (text, '}');
}

/* -- regions ------------------------------------------------------------ */

static void
add_points (GString         *text,
            const AlmuShape *shape)
{
  begin_member (text, "points");

  if (shape->n_points <= MAX_LISTED_POINTS)
    {
      g_string_append_c (text, '[');
      for (guint i = 0; i < shape->n_points; i++)
        append_point (text, shape->points[i]);
      g_string_append_c (text, ']');
      return;
    }

  g_string_append_c (text, '"');
  for (guint i = 0; i < shape->n_points; i++)
    {
      if (i > 0)
        g_string_append_c (text, ' ');
      append_number (text, shape->points[i].x, TRUE);
      g_string_append_c (text, ',');
      append_number (text, shape->points[i].y, TRUE);
    }
  g_string_append_c (text, '"');
}

static void
append_region (GString              *text,
               const AlmuRegionWish *region,
               JsonArray            *before)
{
  JsonObject *old = find_element (before, "id", region->id, NULL);

  if (region->shape == NULL)
    {
      g_autoptr(JsonNode) node = NULL;

      /* of a type that only a newer version knows */
      if (old == NULL)
        return;

      begin_line (text, "   ");
      node = json_node_init_object (json_node_alloc (), old);
      append_node (text, node);
      return;
    }

  begin_line (text, "   ");
  g_string_append_c (text, '{');
  add_int (text, "id", region->id);
  add_text (text, "type", almu_shape_type_get_name (region->shape->type));
  add_points (text, region->shape);
  begin_member (text, "rotation");
  append_number (text, region->shape->rotation, TRUE);
  append_unknown (text, old, LEVEL_REGION);
  g_string_append_c (text, '}');
}

/* -- what is drawn over a file ------------------------------------------- */

static JsonObject *
get_object (JsonObject *object,
            const char *member)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, member) : NULL;

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static void
add_number (GString    *text,
            const char *name,
            double      value)
{
  if (!isfinite (value))
    return;

  begin_member (text, name);
  append_number (text, value, FALSE);
}

static void
add_ints (GString    *text,
          const char *name,
          const int  *values,
          guint       n)
{
  begin_member (text, name);
  g_string_append_c (text, '[');
  for (guint i = 0; i < n; i++)
    {
      append_comma (text);
      g_string_append_printf (text, "%d", values[i]);
    }
  g_string_append_c (text, ']');
}

static void
add_bounds (GString                 *text,
            const AlmuOverlayBounds *bounds)
{
  const int values[] = { bounds->x_min, bounds->x_max, bounds->y_min, bounds->y_max };

  if (bounds->is_set)
    add_ints (text, "bounds", values, G_N_ELEMENTS (values));
}

static void
add_contours (GString                   *text,
              const AlmuContourSettings *settings,
              JsonObject                *before)
{
  const int channels[] = { settings->first_channel, settings->last_channel };

  begin_member (text, "contours");
  g_string_append_c (text, '{');
  add_int (text, "reference", settings->reference_file_id);
  begin_member (text, "levels");
  g_string_append_c (text, '[');
  for (guint i = 0; i < settings->n_levels; i++)
    {
      append_comma (text);
      append_number (text, settings->levels[i], FALSE);
    }
  g_string_append_c (text, ']');
  add_named (text, "smoothing", almu_record_smoothings, (int) settings->smoothing);
  add_int (text, "factor", settings->factor);
  add_int (text, "decimation", settings->decimation);
  add_int (text, "compression", settings->compression_level);
  add_int (text, "chunk_size", settings->chunk_size);
  add_bounds (text, &settings->bounds);
  if (settings->has_channels)
    add_ints (text, "channels", channels, G_N_ELEMENTS (channels));
  append_unknown (text, get_object (before, "contours"), LEVEL_CONTOURS);
  g_string_append_c (text, '}');
}

static void
add_vectors (GString                  *text,
             const AlmuVectorSettings *settings,
             JsonObject               *before)
{
  begin_member (text, "vectors");
  g_string_append_c (text, '{');
  add_named (text, "intensity", almu_record_sources, (int) settings->intensity);
  add_named (text, "angle", almu_record_sources, (int) settings->angle);
  add_int (text, "factor", settings->factor);
  add_true (text, "fractional", settings->is_fractional);
  add_number (text, "threshold", settings->threshold);
  add_text (text, "threshold_of",
            almu_record_name_of (almu_record_thresholds,
                                 settings->threshold_polarisation == ALMU_POLARISATION_PLINEAR
                                   ? ALMU_POLARISATION_PLINEAR
                                   : ALMU_POLARISATION_I));
  add_true (text, "debiased", settings->is_debiased);
  add_number (text, "q_error", settings->q_error);
  add_number (text, "u_error", settings->u_error);
  add_named (text, "compression", almu_record_compressions, (int) settings->compression);
  add_number (text, "quality", settings->quality);
  add_bounds (text, &settings->bounds);
  append_unknown (text, get_object (before, "vectors"), LEVEL_VECTORS);
  g_string_append_c (text, '}');
}

/* -- files -------------------------------------------------------------- */

static gsize
count_depth (const char *clean)
{
  gsize depth = 0;
  gsize deepest = 0;

  for (const char *p = clean; *p != '\0'; p++)
    {
      if (*p == '"')
        for (p++; *p != '"'; p++)
          p += *p == '\\';
      else if (*p == '{' || *p == '[')
        deepest = MAX (deepest, ++depth);
      else if (*p == '}' || *p == ']')
        depth--;
    }

  return deepest;
}

/* Nothing that is put in as it is may make the whole unreadable. */
static void
add_look (GString    *text,
          const char *look,
          const char *label)
{
  g_autofree char *clean = NULL;
  g_autoptr(JsonObject) object = NULL;
  g_autoptr(JsonNode) node = NULL;
  g_autoptr(GError) error = NULL;

  if (look == NULL)
    return;

  if (strlen (look) > ALMU_LIMIT_LOOK_BYTES)
    {
      g_debug ("How %s is shown has more than %d bytes", label, ALMU_LIMIT_LOOK_BYTES);
      return;
    }

  clean = almu_json_text_clean (look, -1, &error);
  if (clean != NULL && count_depth (clean) <= ALMU_LIMIT_LOOK_DEPTH)
    object = almu_record_parse (clean, &error);

  if (object == NULL)
    {
      g_debug ("How %s is shown cannot be kept: %s", label,
               error != NULL ? error->message : "nested too deeply");
      return;
    }

  begin_member (text, "look");
  node = json_node_init_object (json_node_alloc (), object);
  append_node (text, node);
}

static void
add_flags (GString       *text,
           AlmuImageFlags flags)
{
  if (flags == ALMU_IMAGE_NONE)
    return;

  begin_member (text, "flags");
  g_string_append_c (text, '[');
  for (const RecordName *flag = almu_record_flags; flag->name != NULL; flag++)
    {
      if ((flags & (guint) flag->value) == 0)
        continue;

      append_comma (text);
      append_text (text, flag->name);
    }
  g_string_append_c (text, ']');
}

static void
add_fingerprint (GString               *text,
                 const AlmuFingerprint *fingerprint)
{
  begin_member (text, "fingerprint");
  g_string_append_c (text, '{');
  add_long (text, "device", (gint64) fingerprint->device);
  add_long (text, "inode", (gint64) fingerprint->inode);
  add_long (text, "size", fingerprint->size);
  add_long (text, "mtime_ns", fingerprint->mtime_ns);
  g_string_append_c (text, '}');
}

static void
add_name (GString            *text,
          const AlmuFileName *name)
{
  add_text (text, "directory", name->directory);
  add_text (text, "name", name->name);
  add_text (text, "hdu", name->hdu);
  add_flags (text, name->flags);
}

/* The files that a hypercube is made of. */
static void
add_parts (GString   *text,
           GPtrArray *parts)
{
  if (parts == NULL)
    return;

  begin_member (text, "stokes_files");
  g_string_append_c (text, '[');
  for (guint i = 0; i < parts->len; i++)
    {
      const AlmuPartName *part = parts->pdata[i];

      begin_line (text, "  ");
      g_string_append_c (text, '{');
      add_text (text, "polarisation", almu_record_name_of (almu_record_polarisations, part->polarisation));
      add_name (text, part->file);
      g_string_append_c (text, '}');
    }
  g_string_append_c (text, ']');
}

/* A name that no folder can have was never opened. */
static gboolean
can_be_found (const AlmuFileName *name)
{
  return name != NULL &&
         strlen (name->directory) <= ALMU_LIMIT_PATH_BYTES &&
         strlen (name->name) <= ALMU_LIMIT_PATH_BYTES &&
         strlen (name->hdu) <= ALMU_LIMIT_PATH_BYTES;
}

static gboolean
is_same_text (JsonObject *object,
              const char *member,
              const char *value)
{
  JsonNode *node = json_object_get_member (object, member);

  if (node == NULL)
    return *value == '\0';

  return JSON_NODE_HOLDS_VALUE (node) && g_strcmp0 (json_node_get_string (node), value) == 0;
}

/* Ids of files are given again, so that the name has to be the same too. */
static JsonObject *
find_file (JsonObject         *before,
           const AlmuFileWish *file)
{
  JsonObject *old = find_element (get_array (before, "files"), "id", file->id, NULL);

  if (old == NULL || !is_same_text (old, "name", file->name->name) ||
      !is_same_text (old, "directory", file->name->directory) ||
      !is_same_text (old, "hdu", file->name->hdu))
    return NULL;

  return old;
}

static void
append_file (GString            *text,
             const AlmuFileWish *file,
             JsonObject         *before)
{
  JsonObject *old = find_file (before, file);

  begin_line (text, " ");
  g_string_append_c (text, '{');
  add_int (text, "id", file->id);
  add_name (text, file->name);
  add_parts (text, file->name->parts);
  if (file->has_fingerprint)
    add_fingerprint (text, &file->fingerprint);
  add_int (text, "channel", file->channel);
  add_int (text, "stokes", file->stokes);
  if (file->has_cursor && isfinite (file->cursor.x) && isfinite (file->cursor.y))
    {
      begin_member (text, "cursor");
      append_point (text, file->cursor);
    }
  add_look (text, file->look, file->name->name);
  if (file->contours != NULL)
    add_contours (text, file->contours, old);
  if (file->vectors != NULL)
    add_vectors (text, file->vectors, old);
  begin_member (text, "regions");
  g_string_append_c (text, '[');
  for (guint i = 0; i < file->regions->len; i++)
    append_region (text, &g_array_index (file->regions, AlmuRegionWish, i), get_array (old, "regions"));
  g_string_append_c (text, ']');
  if (file->requirements != NULL)
    {
      begin_member (text, "requirements");
      g_string_append_c (text, '[');
      for (guint i = 0; i < file->requirements->len; i++)
        append_requirement (text, file->requirements->pdata[i], get_array (old, "requirements"));
      g_string_append_c (text, ']');
    }
  append_unknown (text, old, LEVEL_FILE);
  g_string_append_c (text, '}');
}

/* -- catalogs ----------------------------------------------------------- */

/* JSON has no word for some numbers that may be compared with. */
static void
add_any_number (GString    *text,
                const char *name,
                double      value)
{
  if (!isfinite (value))
    {
      add_text (text, name, isnan (value) ? "nan" : value > 0 ? "inf"
                                                              : "-inf");
      return;
    }

  begin_member (text, name);
  append_number (text, value, FALSE);
}

static void
append_filter (GString          *text,
               const AlmuFilter *filter)
{
  append_comma (text);
  g_string_append_c (text, '{');
  add_text (text, "column", filter->column);
  add_named (text, "is", almu_record_comparisons, (int) filter->comparison);
  add_any_number (text, "value", filter->value);
  if (filter->comparison >= ALMU_COMPARISON_RANGE_OPEN)
    add_any_number (text, "to", filter->second);
  if (*filter->text != '\0')
    add_text (text, "text", filter->text);
  g_string_append_c (text, '}');
}

static void
add_rows_want (GString            *text,
               const AlmuRowsWant *want)
{
  const AlmuQuery *query = want->query;

  begin_member (text, "filters");
  g_string_append_c (text, '[');
  for (guint i = 0; i < query->filters->len; i++)
    append_filter (text, query->filters->pdata[i]);
  g_string_append_c (text, ']');
  if (*query->sort_column != '\0')
    add_text (text, "sort", query->sort_column);
  add_true (text, "descending", query->is_descending);
  begin_member (text, "columns");
  g_string_append_c (text, '[');
  for (guint i = 0; i < want->columns->len; i++)
    {
      append_comma (text);
      g_string_append_printf (text, "%u", g_array_index (want->columns, guint, i));
    }
  g_string_append_c (text, ']');
  add_int (text, "start", want->start);
  add_int (text, "rows", want->n_rows);
}

static void
append_catalog (GString               *text,
                const AlmuCatalogWish *catalog,
                JsonObject            *before)
{
  JsonObject *old = find_element (get_array (before, "catalogs"), "id", catalog->id, NULL);

  if (old != NULL && (!is_same_text (old, "name", catalog->name->name) ||
                      !is_same_text (old, "directory", catalog->name->directory)))
    old = NULL;

  begin_line (text, " ");
  g_string_append_c (text, '{');
  add_int (text, "id", catalog->id);
  add_text (text, "directory", catalog->name->directory);
  add_text (text, "name", catalog->name->name);
  if (catalog->has_fingerprint)
    add_fingerprint (text, &catalog->fingerprint);
  add_int (text, "preview", MAX (catalog->preview_size, 0));
  if (catalog->want != NULL)
    add_rows_want (text, catalog->want);
  add_look (text, catalog->look, catalog->name->name);
  append_unknown (text, old, LEVEL_CATALOG);
  g_string_append_c (text, '}');
}

static void
add_catalogs (GString           *text,
              const AlmuMemento *memento,
              JsonObject        *before)
{
  if (memento->catalogs->len == 0)
    return;

  begin_member (text, "catalogs");
  g_string_append_c (text, '[');
  for (guint i = 0; i < memento->catalogs->len; i++)
    {
      const AlmuCatalogWish *catalog = memento->catalogs->pdata[i];

      if (can_be_found (catalog->name))
        append_catalog (text, catalog, before);
    }
  g_string_append_c (text, ']');
}

/**
 * almu_record_write:
 * @previous_text: (nullable): the record that is replaced, if anything in it
 *   may be of a newer version
 *
 * Returns: (transfer full): @memento as JSON text, with what
 *   @previous_text has beside
 */
char *
almu_record_write (const AlmuMemento *memento,
                   const char        *previous_text)
{
  GString *text = g_string_sized_new (1024);
  g_autoptr(JsonObject) before = NULL;

  if (previous_text != NULL)
    before = almu_record_parse (previous_text, NULL);

  g_string_append_c (text, '{');
  add_int (text, "version", ALMU_RECORD_VERSION);
  add_int (text, "id", memento->id);
  add_text (text, "state", memento->state);
  add_text (text, "title", memento->title);
  add_text (text, "peer", memento->peer);
  if (memento->viewer != NULL)
    add_text (text, "viewer", memento->viewer);
  add_time (text, "created", memento->created);
  add_time (text, "last_seen", memento->last_seen);
  add_int (text, "epoch", memento->epoch);
  add_int (text, "last_region_id", memento->last_region_id);
  begin_member (text, "files");
  g_string_append_c (text, '[');
  for (guint i = 0; i < memento->files->len; i++)
    {
      const AlmuFileWish *file = memento->files->pdata[i];

      if (can_be_found (file->name))
        append_file (text, file, before);
    }
  g_string_append_c (text, ']');
  add_catalogs (text, memento, before);
  append_unknown (text, before, LEVEL_TOP);
  g_string_append_c (text, '}');

  return g_string_free (text, FALSE);
}
