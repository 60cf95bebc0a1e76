/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-record-reader.h"

#include "almu-error.h"
#include "almu-limits.h"

/* What is wanted of a region, on its way back. */

static gboolean
read_coordinate (RecordReader *reader,
                 JsonObject   *object,
                 char        **out,
                 GError      **error)
{
  AlmuCoordinate ignored;
  g_autoptr(GError) reason = NULL;

  *out = g_strdup ("");
  if (!almu_reader_text (reader, object, "coordinate", ALMU_LIMIT_NAME_BYTES, out, error))
    return FALSE;

  return almu_coordinate_parse (*out, &ignored, &reason) ||
         almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, "coordinate", "is wrong: %s", reason->message);
}

static gboolean
read_spatial (RecordReader *reader,
              JsonNode     *element,
              gpointer      target,
              GError      **error)
{
  JsonObject     *object = almu_reader_get_object (reader, element, error);
  AlmuSpatialWant want = { 0 };

  if (object == NULL)
    return FALSE;

  if (read_coordinate (reader, object, &want.coordinate, error) &&
      almu_reader_int32 (reader, object, "start", G_MININT, G_MAXINT, &want.start, error) &&
      almu_reader_int32 (reader, object, "end", G_MININT, G_MAXINT, &want.end, error) &&
      almu_reader_int32 (reader, object, "mip", 0, ALMU_LIMIT_AXIS_LENGTH, &want.mip, error) &&
      almu_reader_int32 (reader, object, "width", G_MININT, G_MAXINT, &want.width, error))
    {
      g_array_append_val ((GArray *) target, want);
      return TRUE;
    }

  g_free (want.coordinate);
  return FALSE;
}

static gboolean
read_stats_type (RecordReader *reader,
                 JsonNode     *element,
                 gpointer      target,
                 GError      **error)
{
  int type;

  if (!almu_reader_is_of_type (element, G_TYPE_STRING))
    return almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, "",
                             "is not the name of a statistic, such as “%s”", almu_record_stats[ALMU_STATS_MEAN].name);

  if (almu_record_value_of (almu_record_stats, json_node_get_string (element), &type))
    g_array_append_val ((GArray *) target, type);

  return TRUE;
}

static gboolean
read_stats (RecordReader *reader,
            JsonNode     *element,
            gpointer      target,
            GError      **error)
{
  JsonObject      *object = almu_reader_get_object (reader, element, error);
  g_autofree char *coordinate = NULL;
  g_autoptr(GArray) types = g_array_new (FALSE, FALSE, sizeof (int));

  if (object == NULL ||
      !read_coordinate (reader, object, &coordinate, error) ||
      !almu_reader_list (reader, object, "types", ALMU_LIMIT_REQUIREMENTS, read_stats_type, types, error))
    return FALSE;

  almu_stats_wants_append (target, &(AlmuStatsWant){ coordinate, types });

  return TRUE;
}

static gboolean
read_bounds (RecordReader      *reader,
             JsonObject        *object,
             AlmuHistogramWant *want,
             GError           **error)
{
  JsonNode *node = almu_reader_find (object, "bounds");

  if (node != NULL && !almu_reader_get_pair (node, &want->min, &want->max))
    return almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, "bounds", "is not a list of two numbers");

  if (!almu_reader_true (reader, object, "fixed_bounds", &want->has_fixed_bounds, error))
    return FALSE;

  if (want->has_fixed_bounds && !(want->min < want->max))
    return almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, "bounds", "%g to %g do not rise", want->min, want->max);

  return TRUE;
}

static gboolean
read_bins (RecordReader      *reader,
           JsonObject        *object,
           AlmuHistogramWant *want,
           GError           **error)
{
  want->n_bins = ALMU_BINS_AUTO;
  if (!almu_reader_named (reader, object, "bins", almu_record_bins, G_MININT, &want->n_bins, error) ||
      !almu_reader_true (reader, object, "fixed_bins", &want->has_fixed_bins, error))
    return FALSE;

  if (want->has_fixed_bins && (want->n_bins < ALMU_BINS_AUTO || want->n_bins > ALMU_LIMIT_BINS))
    return almu_reader_fail (reader, error, ALMU_ERROR_LIMIT, "bins", "is %d, not from 1 to %d or “%s”",
                             want->n_bins, ALMU_LIMIT_BINS, almu_record_bins[0].name);

  return TRUE;
}

static gboolean
read_histogram (RecordReader *reader,
                JsonNode     *element,
                gpointer      target,
                GError      **error)
{
  JsonObject       *object = almu_reader_get_object (reader, element, error);
  g_autofree char  *coordinate = NULL;
  AlmuHistogramWant want = { .channel = ALMU_CHANNEL_CURRENT };

  if (object == NULL ||
      !read_coordinate (reader, object, &coordinate, error) ||
      !almu_reader_named (reader, object, "channel", almu_record_channels, G_MININT, &want.channel, error) ||
      !read_bins (reader, object, &want, error) ||
      !read_bounds (reader, object, &want, error))
    return FALSE;

  want.coordinate = coordinate;
  almu_histogram_wants_append (target, &want);

  return TRUE;
}

/* No list stands for nothing said, an empty one for nothing wanted. */
static gboolean
read_wants (RecordReader *reader,
            JsonObject   *object,
            const char   *member,
            GArray *(*make) (void),
            RecordReadElement read,
            GArray          **out,
            GError          **error)
{
  if (almu_reader_find (object, member) == NULL)
    return TRUE;

  *out = make ();

  return almu_reader_list (reader, object, member, ALMU_LIMIT_REQUIREMENTS, read, *out, error);
}

/**
 * almu_reader_requirement:
 * @reader: where the record is being read
 * @element: of the list `requirements`
 * @target: (type GPtrArray) (element-type AlmuRequirement): those read until
 *   now; the new one is added
 * @error: return location
 *
 * Reads what is wanted of one region. A list that is missing is %NULL, nothing
 * having been said; an empty one says that nothing is wanted. Whether there is
 * such a region is not asked.
 *
 * Returns: whether the record is right so far
 */
gboolean
almu_reader_requirement (RecordReader *reader,
                         JsonNode     *element,
                         gpointer      target,
                         GError      **error)
{
  JsonObject *object = almu_reader_get_object (reader, element, error);
  g_autoptr(AlmuRequirement) requirement = almu_requirement_new (ALMU_REGION_CUBE - 1);

  if (object == NULL ||
      !almu_reader_named (reader, object, "region", almu_record_targets, ALMU_REGION_CUBE,
                          &requirement->region_id, error))
    return FALSE;

  if (requirement->region_id < ALMU_REGION_CUBE || requirement->region_id > ALMU_LIMIT_REGION_ID)
    return almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, "region",
                             "is not the number of a region, nor “cursor”, “image” or “cube”");

  if (!read_wants (reader, object, "spatial", almu_spatial_wants_new, read_spatial, &requirement->spatial, error) ||
      !read_wants (reader, object, "spectral", almu_stats_wants_new, read_stats, &requirement->spectral, error) ||
      !read_wants (reader, object, "stats", almu_stats_wants_new, read_stats, &requirement->stats, error) ||
      !read_wants (reader, object, "histograms", almu_histogram_wants_new, read_histogram, &requirement->histograms, error))
    return FALSE;

  g_ptr_array_add (target, g_steal_pointer (&requirement));

  return TRUE;
}
