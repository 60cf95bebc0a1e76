/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-record-private.h"

#include "almu-error.h"
#include "almu-json-text.h"
#include "almu-polarisation.h"
#include "almu-want.h"

/* A record of a session is a JSON document for people and programs: a line
 * for each file, region and requirement, names where the ICD has numbers.
 * Numbers of 64 bits are strings, as everywhere in JSON.
 *
 * |[
 * {"version":1,"id":7,"state":"detached","title":"m17.fits",…,"files":[
 *  {"id":0,"directory":"maps","name":"m17.fits","hdu":"0","channel":3,"cursor":[1.5,2],"regions":[
 *   {"id":1,"type":"rectangle","points":[[10,20],[4,4]],"rotation":0}],"requirements":[
 *   {"region":1,"stats":[{"coordinate":"z","types":["mean","rms"]}]}]}],"catalogs":[
 *  {"id":1,"directory":"cats","name":"2mass.vot","preview":50,
 *   "filters":[{"column":"Jmag","is":"<","value":12.5}],"sort":"Jmag","columns":[0,1,5],"start":0,"rows":50}]}
 * ]|
 *
 * Members that this version does not know stay where they are.
 */

static const char *const members[N_LEVELS][24] = {
  [LEVEL_TOP] = { "version", "id", "state", "title", "peer", "viewer", "created", "last_seen", "epoch", "last_region_id", "rebuilds", "files", "catalogs" },
  [LEVEL_FILE] = { "id", "directory", "name", "hdu", "flags", "stokes_files", "fingerprint", "channel", "stokes", "cursor", "regions", "requirements", "look", "contours", "vectors" },
  [LEVEL_REGION] = { "id", "type", "points", "rotation" },
  [LEVEL_REQUIREMENT] = { "region", "spatial", "spectral", "stats", "histograms" },
  [LEVEL_CONTOURS] = { "reference", "levels", "smoothing", "factor", "decimation", "compression", "chunk_size", "bounds", "channels" },
  [LEVEL_VECTORS] = { "intensity", "angle", "factor", "fractional", "threshold", "threshold_of", "debiased", "q_error", "u_error", "compression", "quality", "bounds" },
  [LEVEL_CATALOG] = { "id", "directory", "name", "fingerprint", "preview", "filters", "sort", "descending", "columns", "start", "rows", "look" },
};

const RecordName almu_record_flags[] = {
  { "history-beam", ALMU_IMAGE_HISTORY_BEAM },
  { "first-only", ALMU_IMAGE_FIRST_ONLY },
  { NULL, 0 }
};

const RecordName almu_record_polarisations[] = {
  { "I", ALMU_POLARISATION_I },
  { "Q", ALMU_POLARISATION_Q },
  { "U", ALMU_POLARISATION_U },
  { "V", ALMU_POLARISATION_V },
  { "RR", ALMU_POLARISATION_RR },
  { "LL", ALMU_POLARISATION_LL },
  { "RL", ALMU_POLARISATION_RL },
  { "LR", ALMU_POLARISATION_LR },
  { "XX", ALMU_POLARISATION_XX },
  { "YY", ALMU_POLARISATION_YY },
  { "XY", ALMU_POLARISATION_XY },
  { "YX", ALMU_POLARISATION_YX },
  { NULL, 0 }
};

const RecordName almu_record_targets[] = {
  { "cursor", ALMU_REGION_CURSOR },
  { "image", ALMU_REGION_IMAGE },
  { "cube", ALMU_REGION_CUBE },
  { NULL, 0 }
};

const RecordName almu_record_channels[] = {
  { "current", ALMU_CHANNEL_CURRENT },
  { "all", ALMU_CHANNEL_ALL },
  { NULL, 0 }
};

const RecordName almu_record_bins[] = {
  { "auto", ALMU_BINS_AUTO },
  { NULL, 0 }
};

const RecordName almu_record_stats[] = {
  { "num_pixels", ALMU_STATS_NUM_PIXELS },
  { "nan_count", ALMU_STATS_NAN_COUNT },
  { "sum", ALMU_STATS_SUM },
  { "flux_density", ALMU_STATS_FLUX_DENSITY },
  { "mean", ALMU_STATS_MEAN },
  { "rms", ALMU_STATS_RMS },
  { "sigma", ALMU_STATS_SIGMA },
  { "sum_sq", ALMU_STATS_SUM_SQ },
  { "min", ALMU_STATS_MIN },
  { "max", ALMU_STATS_MAX },
  { "extrema", ALMU_STATS_EXTREMA },
  { "blc", ALMU_STATS_BLC },
  { "trc", ALMU_STATS_TRC },
  { "min_pos", ALMU_STATS_MIN_POS },
  { "max_pos", ALMU_STATS_MAX_POS },
  { "blcf", ALMU_STATS_BLCF },
  { "trcf", ALMU_STATS_TRCF },
  { "min_posf", ALMU_STATS_MIN_POSF },
  { "max_posf", ALMU_STATS_MAX_POSF },
  { NULL, 0 }
};

const RecordName almu_record_smoothings[] = {
  { "none", ALMU_SMOOTHING_NONE },
  { "block", ALMU_SMOOTHING_BLOCK },
  { "gaussian", ALMU_SMOOTHING_GAUSSIAN },
  { NULL, 0 }
};

const RecordName almu_record_sources[] = {
  { "none", ALMU_VECTOR_NONE },
  { "current", ALMU_VECTOR_CURRENT },
  { "computed", ALMU_VECTOR_COMPUTED },
  { NULL, 0 }
};

const RecordName almu_record_thresholds[] = {
  { "I", ALMU_POLARISATION_I },
  { "Plinear", ALMU_POLARISATION_PLINEAR },
  { NULL, 0 }
};

const RecordName almu_record_compressions[] = {
  { "none", ALMU_COMPRESSION_NONE },
  { "zfp", ALMU_COMPRESSION_ZFP },
  { NULL, 0 }
};

const RecordName almu_record_comparisons[] = {
  { "=", ALMU_COMPARISON_EQUAL },
  { "!=", ALMU_COMPARISON_NOT_EQUAL },
  { "<", ALMU_COMPARISON_LESSER },
  { ">", ALMU_COMPARISON_GREATER },
  { "<=", ALMU_COMPARISON_LESSER_OR_EQUAL },
  { ">=", ALMU_COMPARISON_GREATER_OR_EQUAL },
  { "within", ALMU_COMPARISON_RANGE_OPEN },
  { "from-to", ALMU_COMPARISON_RANGE_CLOSED },
  { NULL, 0 }
};

G_STATIC_ASSERT (G_N_ELEMENTS (almu_record_comparisons) == ALMU_N_COMPARISONS + 1);

G_STATIC_ASSERT (G_N_ELEMENTS (almu_record_stats) == ALMU_N_STATS + 1);

/**
 * almu_record_knows:
 * @level: where in a record
 * @member: name of a member there
 *
 * Whether this version reads and writes such a member. What it does not know is
 * carried over by almu_writer_append_unknown().
 */
gboolean
almu_record_knows (RecordLevel level,
                   const char *member)
{
  return g_strv_contains (members[level], member);
}

/**
 * almu_record_name_of:
 * @names: a table, ended by a %NULL name
 * @value: a number
 *
 * Looks through the table from its beginning.
 *
 * Returns: (nullable): what @value is called in records; %NULL if it has no
 *   name, and stands there as a number
 */
const char *
almu_record_name_of (const RecordName *names,
                     int               value)
{
  for (; names->name != NULL; names++)
    if (names->value == value)
      return names->name;

  return NULL;
}

/**
 * almu_record_value_of:
 * @names: a table, ended by a %NULL name
 * @name: a name, upper and lower case being different
 * @out_value: (out): what it stands for; left alone if @name is unknown
 *
 * The way back of almu_record_name_of().
 *
 * Returns: %FALSE if there is no such name, as when a newer version wrote it
 */
gboolean
almu_record_value_of (const RecordName *names,
                      const char       *name,
                      int              *out_value)
{
  for (; names->name != NULL; names++)
    if (g_str_equal (names->name, name))
      {
        *out_value = names->value;
        return TRUE;
      }

  return FALSE;
}

/**
 * almu_record_parse:
 * @text: what claims to be a JSON object
 * @error: return location
 *
 * Reads text from outside, which goes through almu_json_text_clean() first.
 * Fails with %ALMU_ERROR_FORMAT or %ALMU_ERROR_LIMIT.
 *
 * Returns: (transfer full): the object
 */
JsonObject *
almu_record_parse (const char *text,
                   GError    **error)
{
  g_autoptr(JsonParser) parser = json_parser_new ();
  g_autoptr(GError) reason = NULL;
  g_autofree char *clean = almu_json_text_clean (text, -1, error);
  JsonNode        *root;

  if (clean == NULL)
    return NULL;

  if (!json_parser_load_from_data (parser, clean, -1, &reason))
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, "Not JSON: %s", reason->message);
      return NULL;
    }

  root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    {
      g_set_error_literal (error, ALMU_ERROR, ALMU_ERROR_FORMAT, "Not a JSON object");
      return NULL;
    }

  return json_object_ref (json_node_get_object (root));
}

/**
 * almu_record_print:
 * @node: anything but a number that is not finite
 *
 * Prints JSON on one line, so that it can be read again: see
 * almu_json_text_mend().
 *
 * Returns: (transfer full): the text
 */
char *
almu_record_print (JsonNode *node)
{
  g_autofree char *text = json_to_string (node, FALSE);

  return almu_json_text_mend (text);
}

/* -- what a newer version has added ------------------------------------- */

static gboolean has_unknown (JsonObject *object,
                             RecordLevel level);

static gboolean
object_has_unknown (JsonObject *object,
                    const char *member,
                    RecordLevel level)
{
  JsonNode *node = json_object_get_member (object, member);

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) &&
         has_unknown (json_node_get_object (node), level);
}

static gboolean
any_has_unknown (JsonObject *object,
                 const char *member,
                 RecordLevel level)
{
  JsonNode  *node = json_object_get_member (object, member);
  JsonArray *array;

  if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node))
    return FALSE;

  array = json_node_get_array (node);
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *element = json_array_get_element (array, i);

      if (JSON_NODE_HOLDS_OBJECT (element) && has_unknown (json_node_get_object (element), level))
        return TRUE;
    }

  return FALSE;
}

static gboolean
has_unknown (JsonObject *object,
             RecordLevel level)
{
  g_autoptr(GList) names = json_object_get_members (object);

  for (GList *name = names; name != NULL; name = name->next)
    if (!almu_record_knows (level, name->data))
      return TRUE;

  if (level == LEVEL_TOP)
    return any_has_unknown (object, "files", LEVEL_FILE) ||
           any_has_unknown (object, "catalogs", LEVEL_CATALOG);

  return level == LEVEL_FILE &&
         (object_has_unknown (object, "contours", LEVEL_CONTOURS) ||
          object_has_unknown (object, "vectors", LEVEL_VECTORS) ||
          any_has_unknown (object, "regions", LEVEL_REGION) ||
          any_has_unknown (object, "requirements", LEVEL_REQUIREMENT));
}

/**
 * almu_record_has_unknown:
 * @text: a record
 *
 * Whether there is anything in @text that almu_record_write() would have to
 * keep, so that it need not look for it each time.
 */
gboolean
almu_record_has_unknown (const char *text)
{
  g_autoptr(JsonObject) object = NULL;

  g_return_val_if_fail (text != NULL, FALSE);

  object = almu_record_parse (text, NULL);

  return object != NULL && has_unknown (object, LEVEL_TOP);
}
