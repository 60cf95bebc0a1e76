/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-catalog-plot.h"

#include "almu-json-text.h"

/* How a catalog is drawn over an image is known to a widget of the page. It
 * lies in a map by a name, where scripts look up numbers only; but a widget
 * may be made before its catalog is opened, in the page's own way of making
 * one of its layout, and then it gets a number for a name.
 */

struct _AlmuCatalogPlot
{
  JsonObject *look;
};

const char *const almu_catalog_plot_leaves[] = {
  "hasPlottedImageOverlay",
  "plottedImageOverlayXAxis",
  "plottedImageOverlayYAxis",
  "catalogColor",
  "highlightColor",
  "catalogShape",
  "catalogSize",
  "thickness",
  "tableSeparatorPosition",
  NULL
};

/* Of these, what a widget is made with. */
#define FIRST_STYLE 3

/* What the page calls the way of taking rows in which it also plots them. */
#define MODE_PLOT "ViewUpdate"

static const char *
get_axis (AlmuCatalogPlot *self,
          const char      *name)
{
  return json_object_get_string_member_with_default (self->look, name, "");
}

static const char *
get_x (AlmuCatalogPlot *self)
{
  return get_axis (self, "plottedImageOverlayXAxis");
}

static const char *
get_y (AlmuCatalogPlot *self)
{
  return get_axis (self, "plottedImageOverlayYAxis");
}

static gboolean
holds_text (JsonObject *object,
            const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && json_node_get_value_type (node) == G_TYPE_STRING;
}

static JsonNode *
parse (const char *look)
{
  g_autofree char *clean = look != NULL ? almu_json_text_clean (look, -1, NULL) : NULL;
  g_autoptr(JsonNode) root = clean != NULL ? json_from_string (clean, NULL) : NULL;

  return root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? g_steal_pointer (&root) : NULL;
}

/**
 * almu_catalog_plot_find_image:
 * @look: (nullable): see almu_catalog_file_get_look()
 *
 * Reads the member %ALMU_CATALOG_PLOT_IMAGE. The id is that of the session in
 * which the look was written; whether there is such a file is for the caller to
 * see.
 *
 * Returns: the id of the file that the catalog belongs to, or -1
 */
int
almu_catalog_plot_find_image (const char *look)
{
  g_autoptr(JsonNode) root = parse (look);
  JsonNode *image = root != NULL ? json_object_get_member (json_node_get_object (root), ALMU_CATALOG_PLOT_IMAGE) : NULL;

  if (image == NULL || json_node_get_value_type (image) != G_TYPE_INT64)
    return -1;

  return (int) CLAMP (json_node_get_int (image), -1, G_MAXINT);
}

/**
 * almu_catalog_plot_parse:
 * @look: (nullable): see almu_catalog_file_get_look()
 *
 * Which columns are drawn is all that is looked at here; the rest of the look
 * is copied to the page as it is.
 *
 * Returns: (nullable) (transfer full): %NULL for a catalog that is not plotted
 */
AlmuCatalogPlot *
almu_catalog_plot_parse (const char *look)
{
  g_autoptr(JsonNode) root = parse (look);
  JsonObject      *object = root != NULL ? json_node_get_object (root) : NULL;
  AlmuCatalogPlot *self;

  if (object == NULL || !holds_text (object, "plottedImageOverlayXAxis") ||
      !holds_text (object, "plottedImageOverlayYAxis"))
    return NULL;

  self = g_new0 (AlmuCatalogPlot, 1);
  self->look = json_object_ref (object);

  return self;
}

/**
 * almu_catalog_plot_free:
 * @self: (nullable): a plot
 *
 * Frees a plot and its look.
 */
void
almu_catalog_plot_free (AlmuCatalogPlot *self)
{
  if (self == NULL)
    return;

  json_object_unref (self->look);
  g_free (self);
}

/* -- scripts ------------------------------------------------------------ */

/* In its parameters the page takes $ for the beginning of a name. */
static char *
print_parameters (JsonBuilder *builder)
{
  g_autoptr(JsonNode) root = json_builder_get_root (builder);
  g_autofree char *text = json_to_string (root, FALSE);
  g_autofree char *mended = almu_json_text_mend (text);
  g_auto(GStrv) parts = g_strsplit (mended, "$", -1);

  return g_strjoinv ("\\u0024", parts);
}

/**
 * almu_catalog_script_begin:
 *
 * Returns: (transfer full): an object that is begun, for the parameters of a
 *   script
 */
JsonBuilder *
almu_catalog_script_begin (void)
{
  return json_builder_begin_array (json_builder_new ());
}

/**
 * almu_catalog_script_new:
 * @path: (transfer full): where in the page
 * @builder: (transfer full): the parameters
 * @action: name of a function there
 *
 * Ends @builder's array, which almu_catalog_script_begin() has begun, and keeps
 * the page from reading a `$` in it as the beginning of a name.
 *
 * Returns: (transfer full): a script that returns nothing
 */
AlmuScript *
almu_catalog_script_new (char        *path,
                         const char  *action,
                         JsonBuilder *builder)
{
  AlmuScript *script = g_new0 (AlmuScript, 1);

  json_builder_end_array (builder);
  script->path = path;
  script->action = g_strdup (action);
  script->parameters = print_parameters (builder);
  g_object_unref (builder);

  return script;
}

/**
 * almu_catalog_script_dup_table:
 * @catalog_id: one that the page has
 *
 * The page's map of tables is one of MobX, into which scripts do not see; its
 * own map inside is a plain one.
 *
 * Returns: (transfer full): where in the page the table of a catalog is
 */
char *
almu_catalog_script_dup_table (int catalog_id)
{
  return g_strdup_printf ("catalogStore.catalogProfileStores.data_[%d].value_", catalog_id);
}

static char *
dup_widget (int catalog_id)
{
  return g_strdup_printf ("widgetsStore.catalogWidgets.data_[%d].value_", catalog_id);
}

static void
push_text (GQueue     *scripts,
           char       *path,
           const char *action,
           const char *text)
{
  JsonBuilder *parameters = almu_catalog_script_begin ();

  json_builder_add_string_value (parameters, text);
  g_queue_push_tail (scripts, almu_catalog_script_new (path, action, parameters));
}

/* Instead of a value, where in the page it is. */
static void
add_place (JsonBuilder *builder,
           const char  *object,
           const char  *name)
{
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "macroTarget");
  json_builder_add_string_value (builder, object);
  json_builder_set_member_name (builder, "macroVariable");
  json_builder_add_string_value (builder, name);
  json_builder_end_object (builder);
}

static void
push_shown (GQueue     *scripts,
            int         catalog_id,
            const char *column)
{
  JsonBuilder *parameters = almu_catalog_script_begin ();

  json_builder_add_boolean_value (parameters, TRUE);
  json_builder_add_string_value (parameters, column);
  g_queue_push_tail (scripts, almu_catalog_script_new (almu_catalog_script_dup_table (catalog_id), "setHeaderDisplay", parameters));
}

/**
 * almu_catalog_plot_make_question:
 * @catalog_id: one that the page has
 * @leaf: one of almu_catalog_plot_leaves
 *
 * Reads one leaf of the catalog's widget, for which the page makes a widget if
 * it has none.
 *
 * Returns: (transfer full): for almu_scripting_ask()
 */
AlmuScript *
almu_catalog_plot_make_question (int         catalog_id,
                                 const char *leaf)
{
  JsonBuilder *parameters = almu_catalog_script_begin ();
  AlmuScript  *script;

  json_builder_add_int_value (parameters, catalog_id);
  script = almu_catalog_script_new (g_strdup ("catalogStore"), "getCatalogWidgetStore", parameters);
  script->return_path = g_strdup (leaf);

  return script;
}

/**
 * almu_catalog_plot_push_before:
 * @catalog_id: the number that the catalog will get
 * @scripts: #AlmuScript, to be asked in order; some are added
 *
 * What is to be done before the catalog is opened: once its widget is seen,
 * it would choose its axes by itself.
 */
void
almu_catalog_plot_push_before (AlmuCatalogPlot *self,
                               int              catalog_id,
                               GQueue          *scripts)
{
  JsonBuilder *parameters = almu_catalog_script_begin ();

  json_builder_add_int_value (parameters, catalog_id);
  json_builder_add_int_value (parameters, catalog_id);
  json_builder_begin_object (parameters);
  json_builder_set_member_name (parameters, "catalogFileId");
  json_builder_add_int_value (parameters, catalog_id);
  for (guint i = FIRST_STYLE; almu_catalog_plot_leaves[i] != NULL; i++)
    {
      JsonNode *value = json_object_get_member (self->look, almu_catalog_plot_leaves[i]);

      if (value == NULL || !JSON_NODE_HOLDS_VALUE (value))
        continue;

      json_builder_set_member_name (parameters, almu_catalog_plot_leaves[i]);
      json_builder_add_value (parameters, json_node_copy (value));
    }
  json_builder_end_object (parameters);
  g_queue_push_tail (scripts, almu_catalog_script_new (g_strdup ("widgetsStore"), "addCatalogWidget", parameters));

  push_text (scripts, dup_widget (catalog_id), "setxAxis", get_x (self));
  push_text (scripts, dup_widget (catalog_id), "setyAxis", get_y (self));

  parameters = almu_catalog_script_begin ();
  json_builder_add_boolean_value (parameters, TRUE);
  g_queue_push_tail (scripts, almu_catalog_script_new (dup_widget (catalog_id), "setAutoSelectImageOverlayAxesAttempted", parameters));
}

static gboolean
has_columns (AlmuCatalogPlot     *self,
             const AlmuDataTable *table)
{
  return almu_data_table_find_column (table, get_x (self)) >= 0 && almu_data_table_find_column (table, get_y (self)) >= 0;
}

/**
 * almu_catalog_plot_push_mode:
 * @catalog_id: one that the page has
 * @table: the catalog; without both columns nothing is added
 * @scripts: #AlmuScript, to be asked in order; some are added
 *
 * The rows that come next are plotted as they come.
 */
void
almu_catalog_plot_push_mode (AlmuCatalogPlot     *self,
                             int                  catalog_id,
                             const AlmuDataTable *table,
                             GQueue              *scripts)
{
  JsonBuilder *parameters;

  if (!has_columns (self, table))
    return;

  push_shown (scripts, catalog_id, get_x (self));
  push_shown (scripts, catalog_id, get_y (self));
  push_text (scripts, almu_catalog_script_dup_table (catalog_id), "setUpdateMode", MODE_PLOT);

  /* none is selected; the page draws no points before it was told which are */
  parameters = almu_catalog_script_begin ();
  json_builder_begin_array (parameters);
  json_builder_end_array (parameters);
  json_builder_add_boolean_value (parameters, FALSE);
  g_queue_push_tail (scripts, almu_catalog_script_new (almu_catalog_script_dup_table (catalog_id), "setSelectedPointIndices", parameters));
}

static void
add_data (JsonBuilder *builder,
          int          catalog_id,
          int          column)
{
  g_autofree char *table = almu_catalog_script_dup_table (catalog_id);
  g_autofree char *object = g_strdup_printf ("%s.catalogData.data_[%d].value_", table, column);

  add_place (builder, object, "data");
}

static void
add_system (JsonBuilder *builder,
            int          catalog_id)
{
  g_autofree char *table = almu_catalog_script_dup_table (catalog_id);
  g_autofree char *object = g_strconcat (table, ".catalogCoordinateSystem", NULL);

  add_place (builder, object, "system");
}

/**
 * almu_catalog_plot_push_preview:
 * @catalog_id: one that the page has
 * @table: the catalog; without both columns nothing is added
 * @scripts: #AlmuScript, to be asked in order; some are added
 *
 * Plots the rows that came when the catalog was opened.
 */
void
almu_catalog_plot_push_preview (AlmuCatalogPlot     *self,
                                int                  catalog_id,
                                const AlmuDataTable *table,
                                GQueue              *scripts)
{
  JsonBuilder *parameters;
  int          x = almu_data_table_find_column (table, get_x (self));
  int          y = almu_data_table_find_column (table, get_y (self));

  if (x < 0 || y < 0)
    return;

  almu_catalog_plot_push_mode (self, catalog_id, table, scripts);

  parameters = almu_catalog_script_begin ();
  json_builder_add_int_value (parameters, catalog_id);
  add_data (parameters, catalog_id, x);
  add_data (parameters, catalog_id, y);
  add_place (parameters, "activeFrame", "wcsInfo");
  json_builder_add_string_value (parameters, almu_data_table_get_column (table, (guint) x)->unit);
  json_builder_add_string_value (parameters, almu_data_table_get_column (table, (guint) y)->unit);
  add_system (parameters, catalog_id);
  json_builder_add_int_value (parameters, 0);
  json_builder_add_int_value (parameters, 0);
  g_queue_push_tail (scripts, almu_catalog_script_new (g_strdup ("catalogStore"), "convertToImageCoordinate", parameters));

  parameters = almu_catalog_script_begin ();
  json_builder_add_string_value (parameters, get_x (self));
  json_builder_add_string_value (parameters, get_y (self));
  add_system (parameters, catalog_id);
  g_queue_push_tail (scripts, almu_catalog_script_new (dup_widget (catalog_id), "setPlottedImageOverlayState", parameters));
}
