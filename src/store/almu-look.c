/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-look.h"

#include <math.h>
#include <string.h>

#include "almu-json-text.h"

/* A clip limit for each polarisation, levels of contours, a pattern of
 * dashes: the page has at most 256 levels. */
#define MAX_NUMBERS 256

/* Names of colour maps, fonts and regions; text of annotations. */
#define MAX_TEXT_BYTES 4096

struct _AlmuLook
{
  JsonObject *object;
};

/* What a member has to be. */
typedef enum
{
  KIND_NUMBER,
  KIND_INTEGER,
  KIND_BOOLEAN,
  KIND_TEXT,
  KIND_NUMBERS,
  KIND_POINT,
  KIND_COLOUR,
} Kind;

/* A member of the page's documents: its name, bounds for its numbers, what
 * stands for it, as JSON, where the page cannot do without it, and what it
 * is called in the page itself if that is not the same. */
typedef struct
{
  const char *name;
  Kind        kind;
  double      min;
  double      max;
  const char *otherwise;
  const char *inside;
} Member;

#define ANY -G_MAXDOUBLE, G_MAXDOUBLE

static const Member view_members[] = {
  { "center", KIND_POINT, ANY },
  { "zoomLevel", KIND_NUMBER, 1e-9, 1e9 },
};

static const Member render_members[] = {
  { "scaling", KIND_INTEGER, 0, 7 },
  { "colorMap", KIND_TEXT },
  { "customColormapHexEnd", KIND_TEXT },
  { "customColormapHexStart", KIND_TEXT },
  { "bias", KIND_NUMBER, ANY },
  { "contrast", KIND_NUMBER, ANY },
  { "gamma", KIND_NUMBER, ANY },
  { "alpha", KIND_NUMBER, ANY },
  { "inverted", KIND_BOOLEAN, ANY, NULL, "isInverted" },
  { "scaleMin", KIND_NUMBERS, ANY },
  { "scaleMax", KIND_NUMBERS, ANY },
  { "selectedPercentile", KIND_NUMBERS, -1, 100 },
  { "visible", KIND_BOOLEAN, ANY, NULL, "isVisible" },
};

/* The page takes these over as they are, absent ones too. */
static const Member contour_members[] = {
  { "levels", KIND_NUMBERS, ANY, "[]" },
  { "smoothingMode", KIND_INTEGER, 0, 2, "2" },
  { "smoothingFactor", KIND_NUMBER, 0, 1000, "4" },
  { "color", KIND_COLOUR, ANY, "{\"r\":46,\"g\":230,\"b\":214,\"a\":1}" },
  { "colormapEnabled", KIND_BOOLEAN, ANY, "false", "isColormapEnabled" },
  { "colormap", KIND_TEXT },
  { "colormapContrast", KIND_NUMBER, ANY, "1" },
  { "colormapBias", KIND_NUMBER, ANY, "0" },
  { "dashMode", KIND_TEXT, ANY, "\"None\"" },
  { "thickness", KIND_NUMBER, 0, 1000, "1" },
  { "visible", KIND_BOOLEAN, ANY, "true", "isVisible" },
};

static const Member vector_members[] = {
  { "angularSource", KIND_INTEGER, -1, 1, "-1" },
  { "intensitySource", KIND_INTEGER, -1, 1, "-1" },
  { "fractionalIntensity", KIND_BOOLEAN, ANY, "false", "isFractionalIntensity" },
  { "pixelAveraging", KIND_NUMBER, 0, 1e6, "4" },
  { "thresholdEnabled", KIND_BOOLEAN, ANY, "false", "isThresholdEnabled" },
  { "threshold", KIND_NUMBER, ANY, "0" },
  { "thresholdOption", KIND_INTEGER, 0, 17 },
  { "debiasing", KIND_BOOLEAN, ANY, "false", "isDebiasing" },
  { "qError", KIND_NUMBER, ANY, "0" },
  { "uError", KIND_NUMBER, ANY, "0" },
  { "visible", KIND_BOOLEAN, ANY, "true", "isVisible" },
  { "thickness", KIND_NUMBER, 0, 1000, "1" },
  { "colormapEnabled", KIND_BOOLEAN, ANY, "false", "isColormapEnabled" },
  { "color", KIND_COLOUR, ANY, "{\"r\":46,\"g\":230,\"b\":214,\"a\":1}" },
  { "colormap", KIND_TEXT },
  { "colormapContrast", KIND_NUMBER, ANY, "1" },
  { "colormapBias", KIND_NUMBER, ANY, "0" },
  { "lengthMin", KIND_NUMBER, 0, 1e6, "0" },
  { "lengthMax", KIND_NUMBER, 0, 1e6, "20" },
  /* absent: from the data; the page has the largest numbers there are while it had none */
  { "intensityMin", KIND_NUMBER, -G_MAXFLOAT, G_MAXFLOAT },
  { "intensityMax", KIND_NUMBER, -G_MAXFLOAT, G_MAXFLOAT },
  { "rotationOffset", KIND_NUMBER, ANY, "0" },
};

static const Member region_members[] = {
  { "name", KIND_TEXT },
  { "color", KIND_TEXT },
  { "lineWidth", KIND_NUMBER, 0, 1000 },
  { "dashes", KIND_NUMBERS, 0, 1000, NULL, "dashLength" },
  { "locked", KIND_BOOLEAN, ANY, NULL, "isLocked" },
};

static const Member annotation_members[] = {
  { "pointShape", KIND_INTEGER, 0, 100 },
  { "pointWidth", KIND_NUMBER, 0, 1000 },
  { "textLabel0", KIND_TEXT },
  { "textLabel1", KIND_TEXT },
  { "isNorthArrow", KIND_BOOLEAN },
  { "isEastArrow", KIND_BOOLEAN },
  { "fontSize", KIND_NUMBER, 1, 1000 },
  { "fontStyle", KIND_TEXT },
  { "font", KIND_TEXT },
  { "textPosition", KIND_INTEGER, 0, 100 },
  { "northTextOffset", KIND_POINT, ANY },
  { "eastTextOffset", KIND_POINT, ANY },
  { "pointerWidth", KIND_NUMBER, 0, 1e6 },
  { "pointerLength", KIND_NUMBER, 0, 1e6 },
  { "length", KIND_NUMBER, 0, 1e9 },
  { "auxiliaryLineVisible", KIND_BOOLEAN },
  { "auxiliaryLineDashLength", KIND_NUMBER, 0, 1000 },
  { "auxiliaryTextVisible", KIND_BOOLEAN },
  { "textOffset", KIND_POINT, ANY },
  { "xTextOffset", KIND_POINT, ANY },
  { "yTextOffset", KIND_POINT, ANY },
};

/* -- members ------------------------------------------------------------ */

static gboolean
get_number (JsonNode *node,
            double    min,
            double    max,
            double   *out_value)
{
  GType  type = node != NULL ? json_node_get_value_type (node) : G_TYPE_INVALID;
  double value;

  if (type != G_TYPE_INT64 && type != G_TYPE_DOUBLE)
    return FALSE;

  value = json_node_get_double (node);
  if (!isfinite (value) || value < min || value > max)
    return FALSE;

  *out_value = value;
  return TRUE;
}

static gboolean
get_integer (JsonNode *node,
             double    min,
             double    max,
             gint64   *out_value)
{
  double value;

  /* what came through JavaScript may have a point */
  if (!get_number (node, MAX (min, -G_MAXINT32), MIN (max, G_MAXINT32), &value) || value != floor (value))
    return FALSE;

  *out_value = (gint64) value;
  return TRUE;
}

static JsonObject *
get_object (JsonObject *object,
            const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

/**
 * almu_look_dup_point:
 * @x: in pixels, as it stands in the page's documents
 * @y: likewise
 *
 * Makes `{"x":…,"y":…}`. The numbers must be finite: JSON has no word for
 * others.
 *
 * Returns: (transfer full): a point
 */
JsonObject *
almu_look_dup_point (double x,
                     double y)
{
  JsonObject *point = json_object_new ();

  json_object_set_double_member (point, "x", x);
  json_object_set_double_member (point, "y", y);

  return point;
}

/* One alone is what the page has for the dashes of a region. */
static JsonNode *
copy_number_alone (JsonNode     *node,
                   const Member *member)
{
  g_autoptr(JsonArray) to = json_array_new ();
  double value;

  if (!get_number (node, member->min, member->max, &value))
    return NULL;

  json_array_add_double_element (to, value);

  return json_node_init_array (json_node_alloc (), to);
}

static JsonNode *
copy_numbers (JsonNode     *node,
              const Member *member)
{
  JsonArray *from = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  guint      n = from != NULL ? json_array_get_length (from) : 0;
  g_autoptr(JsonArray) to = json_array_new ();

  if (from == NULL)
    return copy_number_alone (node, member);

  if (n > MAX_NUMBERS)
    return NULL;

  for (guint i = 0; i < n; i++)
    {
      double value;

      if (!get_number (json_array_get_element (from, i), member->min, member->max, &value))
        return NULL;
      json_array_add_double_element (to, value);
    }

  return json_node_init_array (json_node_alloc (), to);
}

static JsonNode *
copy_point (JsonNode     *node,
            const Member *member)
{
  JsonObject *from = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  g_autoptr(JsonObject) to = NULL;
  double x;
  double y;

  if (from == NULL ||
      !get_number (json_object_get_member (from, "x"), member->min, member->max, &x) ||
      !get_number (json_object_get_member (from, "y"), member->min, member->max, &y))
    return NULL;

  to = almu_look_dup_point (x, y);

  return json_node_init_object (json_node_alloc (), to);
}

static JsonNode *
copy_colour (JsonNode *node)
{
  static const char *const parts[] = { "r", "g", "b" };
  JsonObject              *from = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  g_autoptr(JsonObject) to = json_object_new ();
  double alpha = 1;

  if (from == NULL)
    return NULL;

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      gint64 value;

      if (!get_integer (json_object_get_member (from, parts[i]), 0, 255, &value))
        return NULL;
      json_object_set_int_member (to, parts[i], value);
    }

  get_number (json_object_get_member (from, "a"), 0, 1, &alpha);
  json_object_set_double_member (to, "a", alpha);

  return json_node_init_object (json_node_alloc (), to);
}

static JsonNode *
copy_scalar (JsonNode     *node,
             const Member *member)
{
  JsonNode *copy = json_node_alloc ();
  double    number;
  gint64    integer;

  if (member->kind == KIND_NUMBER && get_number (node, member->min, member->max, &number))
    return json_node_init_double (copy, number);

  if (member->kind == KIND_INTEGER && get_integer (node, member->min, member->max, &integer))
    return json_node_init_int (copy, integer);

  if (member->kind == KIND_BOOLEAN && json_node_get_value_type (node) == G_TYPE_BOOLEAN)
    return json_node_init_boolean (copy, json_node_get_boolean (node));

  if (member->kind == KIND_TEXT && json_node_get_value_type (node) == G_TYPE_STRING &&
      strlen (json_node_get_string (node)) <= MAX_TEXT_BYTES)
    return json_node_init_string (copy, json_node_get_string (node));

  json_node_unref (copy);

  return NULL;
}

/* What @member should be made of @node, or NULL if it is something else. */
static JsonNode *
copy_value (JsonNode     *node,
            const Member *member)
{
  switch (member->kind)
    {
    case KIND_NUMBERS:
      return copy_numbers (node, member);

    case KIND_POINT:
      return copy_point (node, member);

    case KIND_COLOUR:
      return copy_colour (node);

    default:
      return copy_scalar (node, member);
    }
}

static void
copy_members (JsonObject   *from,
              const Member *members,
              gsize         n_members,
              JsonObject   *to)
{
  for (gsize i = 0; i < n_members; i++)
    {
      JsonNode *node = json_object_get_member (from, members[i].name);
      JsonNode *copy;

      if (node == NULL && members[i].inside != NULL)
        node = json_object_get_member (from, members[i].inside);
      copy = node != NULL ? copy_value (node, &members[i]) : NULL;
      if (copy == NULL && members[i].otherwise != NULL)
        copy = json_from_string (members[i].otherwise, NULL);
      if (copy != NULL)
        json_object_set_member (to, members[i].name, copy);
    }
}

/* The object called @name with what is right in it. */
static JsonObject *
dup_member_object (JsonObject   *from,
                   const char   *name,
                   const Member *members,
                   gsize         n_members)
{
  JsonObject *object = get_object (from, name);
  JsonObject *copy;

  if (object == NULL)
    return NULL;

  copy = json_object_new ();
  copy_members (object, members, n_members, copy);

  return copy;
}

/* -- the document ------------------------------------------------------- */

/**
 * almu_look_parse:
 * @text: (nullable): the `look` of an #AlmuFileWish
 *
 * The look of a file is a JSON object with what only the page knows of it.
 * Every member may be absent; names and values are those of the page's own
 * workspaces where these have them, or those inside the page:
 *
 * | member | value | in the page, below `frames[i]` |
 * | --- | --- | --- |
 * | `zoomLevel` | number | `zoomLevel` |
 * | `center` | `{"x":,"y":}`, pixels | `center` |
 * | `active` | whether this is the file in front | `activeFrameFileId` of the page itself |
 * | `layout` | text, only of the file in front | `layoutStore.currentLayoutName` of the page itself |
 * | `selectedRegion` | id of the region whose figures are shown; 0 for the cursor | `regionSet.focusedRegion.regionId` |
 * | `renderConfig` | `scaling` (0 … 7), `colorMap`, `inverted`, `bias`, `contrast`, `gamma`, `alpha`, `scaleMin` [], `scaleMax` [], `selectedPercentile` [], `visible`, `customColormapHexStart`, `customColormapHexEnd` | `renderConfig`, with `isInverted` and `isVisible` |
 * | `contourConfig` | `levels` [], `smoothingMode`, `smoothingFactor`, `color` `{"r":,"g":,"b":,"a":}`, `colormapEnabled`, `colormap`, `colormapContrast`, `colormapBias`, `dashMode`, `thickness`, `visible` | `contourConfig`, with `isColormapEnabled` and `isVisible`; only if `isEnabled` |
 * | `vectorOverlayConfig` | as in workspaces | `vectorOverlayConfig`; only if `isEnabled` |
 * | `spatialReference` | id of the file it is matched to, its own if others are matched to it | `spatialReference.frameInfo.fileId` |
 * | `spectralReference` | likewise | `spectralReference.frameInfo.fileId` |
 * | `rasterScalingReference` | likewise | `rasterScalingReference.frameInfo.fileId` |
 * | `regions` | `{"<region id>": {"name", "color", "lineWidth", "dashes" [], "locked", "annotationStyles" {}}}` | `regionSet.regions[j]`, with `dashLength`, a number, and `isLocked` |
 *
 * Ids of files and regions are the session's. `scaleMin`, `scaleMax` and
 * `selectedPercentile` have a value for each polarisation of the image.
 *
 * Returns: (nullable) (transfer full): %NULL if @text is no such document
 */
AlmuLook *
almu_look_parse (const char *text)
{
  g_autoptr(JsonParser) parser = json_parser_new ();
  g_autofree char *clean = text != NULL ? almu_json_text_clean (text, -1, NULL) : NULL;
  JsonNode        *root;
  AlmuLook        *self;

  if (clean == NULL || !json_parser_load_from_data (parser, clean, -1, NULL))
    return NULL;

  root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    return NULL;

  self = g_new0 (AlmuLook, 1);
  self->object = json_object_ref (json_node_get_object (root));

  return self;
}

/**
 * almu_look_free:
 * @self: (nullable): a look
 *
 * Frees a look and its document.
 */
void
almu_look_free (AlmuLook *self)
{
  if (self == NULL)
    return;

  json_object_unref (self->object);
  g_free (self);
}

/**
 * almu_look_is_active:
 * @self: a look
 *
 * Whether this is the file in front: only if `active` is %TRUE itself.
 */
gboolean
almu_look_is_active (AlmuLook *self)
{
  JsonNode *node = json_object_get_member (self->object, "active");

  return node != NULL && json_node_get_value_type (node) == G_TYPE_BOOLEAN && json_node_get_boolean (node);
}

/**
 * almu_look_get_selected_region:
 * @self: a look
 *
 * Whether there is such a region is for the caller to see.
 *
 * Returns: the region whose figures are shown; 0 for the cursor
 */
int
almu_look_get_selected_region (AlmuLook *self)
{
  gint64 id;

  return get_integer (json_object_get_member (self->object, "selectedRegion"), 0, G_MAXINT32, &id) ? (int) id : 0;
}

/**
 * almu_look_get_reference:
 * @self: a look
 * @what: in which respect
 * @out_file_id: (out): id of a file of the session, the look's own if others
 *   are matched to it; left alone if there is none
 *
 * Which file this one is matched to. Whether there is such a file is for the
 * caller to see.
 *
 * Returns: %FALSE if it is matched to none
 */
gboolean
almu_look_get_reference (AlmuLook         *self,
                         AlmuLookReference what,
                         int              *out_file_id)
{
  static const char *const names[] = { "spatialReference", "spectralReference", "rasterScalingReference" };
  gint64                   id;

  G_STATIC_ASSERT (G_N_ELEMENTS (names) == ALMU_N_LOOK_REFERENCES);

  if (!get_integer (json_object_get_member (self->object, names[what]), 0, G_MAXINT32, &id))
    return FALSE;

  *out_file_id = (int) id;
  return TRUE;
}

/* Contours without levels are no contours. */
static JsonObject *
dup_contours (AlmuLook *self)
{
  g_autoptr(JsonObject) contours = NULL;

  contours = dup_member_object (self->object, "contourConfig",
                                contour_members, G_N_ELEMENTS (contour_members));
  if (contours == NULL || json_array_get_length (json_object_get_array_member (contours, "levels")) == 0)
    return NULL;

  return g_steal_pointer (&contours);
}

/**
 * almu_look_add_to_file:
 * @self: a look
 * @file: a file of a workspace
 *
 * Adds what the page reads again, but references and regions.
 */
void
almu_look_add_to_file (AlmuLook   *self,
                       JsonObject *file)
{
  JsonObject *render = dup_member_object (self->object, "renderConfig",
                                          render_members, G_N_ELEMENTS (render_members));
  JsonObject *contours = dup_contours (self);
  JsonObject *vectors = dup_member_object (self->object, "vectorOverlayConfig",
                                           vector_members, G_N_ELEMENTS (vector_members));

  copy_members (self->object, view_members, G_N_ELEMENTS (view_members), file);
  if (render != NULL)
    json_object_set_object_member (file, "renderConfig", render);
  if (contours != NULL)
    json_object_set_object_member (file, "contourConfig", contours);
  if (vectors != NULL)
    json_object_set_object_member (file, "vectorOverlayConfig", vectors);
}

/* How something is drawn, as far as it is known; what the page cannot do
 * without is there in any case. */
static JsonObject *
dup_overlay (AlmuLook     *self,
             const char   *name,
             const Member *members,
             gsize         n_members)
{
  JsonObject *from = self != NULL ? get_object (self->object, name) : NULL;
  JsonObject *to = json_object_new ();
  g_autoptr(JsonObject) nothing = json_object_new ();

  copy_members (from != NULL ? from : nothing, members, n_members, to);

  return to;
}

/**
 * almu_look_add_contours:
 * @self: (nullable): a look
 * @settings: (nullable): which contours there are, whatever the look says
 * @file: a file of a workspace
 *
 * Adds contours, in the colours of the look.
 */
void
almu_look_add_contours (AlmuLook                  *self,
                        const AlmuContourSettings *settings,
                        JsonObject                *file)
{
  JsonObject *contours;
  JsonArray  *levels;

  if (settings == NULL)
    {
      json_object_remove_member (file, "contourConfig");
      return;
    }

  contours = dup_overlay (self, "contourConfig", contour_members, G_N_ELEMENTS (contour_members));
  levels = json_array_new ();
  for (guint i = 0; i < settings->n_levels; i++)
    json_array_add_double_element (levels, settings->levels[i]);
  json_object_set_array_member (contours, "levels", levels);
  json_object_set_int_member (contours, "smoothingMode", settings->smoothing);
  json_object_set_int_member (contours, "smoothingFactor", settings->factor);
  json_object_set_object_member (file, "contourConfig", contours);
}

static void
set_number (JsonObject *object,
            const char *name,
            double      value)
{
  json_object_set_double_member (object, name, isfinite (value) ? value : 0);
}

/**
 * almu_look_add_vectors:
 * @self: (nullable): a look
 * @settings: (nullable): which vectors there are, whatever the look says
 * @file: a file of a workspace
 *
 * Adds vectors, drawn as the look says.
 */
void
almu_look_add_vectors (AlmuLook                 *self,
                       const AlmuVectorSettings *settings,
                       JsonObject               *file)
{
  JsonObject *vectors;

  if (settings == NULL)
    {
      json_object_remove_member (file, "vectorOverlayConfig");
      return;
    }

  vectors = dup_overlay (self, "vectorOverlayConfig", vector_members, G_N_ELEMENTS (vector_members));
  json_object_set_int_member (vectors, "angularSource", settings->angle);
  json_object_set_int_member (vectors, "intensitySource", settings->intensity);
  json_object_set_boolean_member (vectors, "fractionalIntensity", settings->is_fractional);
  json_object_set_int_member (vectors, "pixelAveraging", settings->factor);
  json_object_set_boolean_member (vectors, "thresholdEnabled", isfinite (settings->threshold));
  set_number (vectors, "threshold", settings->threshold);
  json_object_set_int_member (vectors, "thresholdOption", settings->threshold_polarisation);
  json_object_set_boolean_member (vectors, "debiasing", settings->is_debiased);
  set_number (vectors, "qError", settings->q_error);
  set_number (vectors, "uError", settings->u_error);
  json_object_set_object_member (file, "vectorOverlayConfig", vectors);
}

/* The page draws nothing for a point of no shape. */
static gboolean
is_complete (JsonObject   *styles,
             AlmuShapeType type)
{
  if (type == ALMU_SHAPE_ANN_POINT)
    return json_object_has_member (styles, "pointShape") && json_object_has_member (styles, "pointWidth");

  return json_object_get_size (styles) > 0;
}

/**
 * almu_look_add_to_region:
 * @self: a look
 * @region_id: which region of it
 * @type: of the region
 * @region: a region of a workspace
 *
 * Adds its name and how it is drawn.
 */
void
almu_look_add_to_region (AlmuLook     *self,
                         int           region_id,
                         AlmuShapeType type,
                         JsonObject   *region)
{
  g_autofree char *name = g_strdup_printf ("%d", region_id);
  JsonObject      *regions = get_object (self->object, "regions");
  JsonObject      *from = regions != NULL ? get_object (regions, name) : NULL;
  g_autoptr(JsonObject) styles = NULL;

  if (from == NULL)
    return;

  copy_members (from, region_members, G_N_ELEMENTS (region_members), region);
  if (type < ALMU_SHAPE_ANN_POINT)
    return;

  styles = dup_member_object (from, "annotationStyles",
                              annotation_members, G_N_ELEMENTS (annotation_members));
  if (styles != NULL && is_complete (styles, type))
    json_object_set_object_member (region, "annotationStyles", g_steal_pointer (&styles));
}
