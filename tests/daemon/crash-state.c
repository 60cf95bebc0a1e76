/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "crash-state.h"

#include <json-glib/json-glib.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

CrashState *
crash_state_new (void)
{
  CrashState *self = g_new0 (CrashState, 1);

  self->values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  return self;
}

CrashState *
crash_state_copy (const CrashState *self)
{
  CrashState    *copy = crash_state_new ();
  GHashTableIter iter;
  gpointer       key;
  gpointer       value;

  copy->last_region_id = self->last_region_id;
  g_hash_table_iter_init (&iter, self->values);
  while (g_hash_table_iter_next (&iter, &key, &value))
    g_hash_table_insert (copy->values, g_strdup (key), g_strdup (value));

  return copy;
}

void
crash_state_free (CrashState *self)
{
  g_hash_table_unref (self->values);
  g_free (self);
}

/* -- values -------------------------------------------------------------- */

/* @value: NULL takes it away */
void
crash_state_set (CrashState *self,
                 const char *value,
                 const char *key_format,
                 ...)
{
  va_list          args;
  g_autofree char *key = NULL;

  va_start (args, key_format);
  key = g_strdup_vprintf (key_format, args);
  va_end (args);

  if (value != NULL)
    g_hash_table_insert (self->values, g_steal_pointer (&key), g_strdup (value));
  else
    g_hash_table_remove (self->values, key);
}

const char *
crash_state_get (const CrashState *self,
                 const char       *key_format,
                 ...)
{
  va_list          args;
  g_autofree char *key = NULL;

  va_start (args, key_format);
  key = g_strdup_vprintf (key_format, args);
  va_end (args);

  return g_hash_table_lookup (self->values, key);
}

static gboolean
is_beneath (gpointer key,
            gpointer value,
            gpointer prefix)
{
  return g_str_has_prefix (key, prefix);
}

/* Everything of which the key begins so. */
void
crash_state_drop (CrashState *self,
                  const char *prefix_format,
                  ...)
{
  va_list          args;
  g_autofree char *prefix = NULL;

  va_start (args, prefix_format);
  prefix = g_strdup_vprintf (prefix_format, args);
  va_end (args);
  g_hash_table_foreach_remove (self->values, is_beneath, prefix);
}

static int
compare_numbers (gconstpointer a,
                 gconstpointer b)
{
  return *(const int *) a - *(const int *) b;
}

/* The numbers that follow @prefix and end a key: "" the files, "0/region/"
 * the regions of file 0. */
GArray *
crash_state_list (const CrashState *self,
                  const char       *prefix)
{
  GArray        *numbers = g_array_new (FALSE, FALSE, sizeof (int));
  GHashTableIter iter;
  const char    *key;

  g_hash_table_iter_init (&iter, self->values);
  while (g_hash_table_iter_next (&iter, (gpointer *) &key, NULL))
    {
      char *end = NULL;
      int   number;

      if (!g_str_has_prefix (key, prefix))
        continue;

      number = (int) strtol (key + strlen (prefix), &end, 10);
      if (end > key + strlen (prefix) && *end == '\0')
        g_array_append_val (numbers, number);
    }
  g_array_sort (numbers, compare_numbers);

  return numbers;
}

char *
crash_state_to_text (const CrashState *self)
{
  g_autoptr(GList) keys = g_list_sort (g_hash_table_get_keys (self->values), (GCompareFunc) strcmp);
  GString *text = g_string_new (NULL);

  for (GList *key = keys; key != NULL; key = key->next)
    g_string_append_printf (text, "%s = %s\n", (const char *) key->data,
                            (const char *) g_hash_table_lookup (self->values, key->data));

  return g_string_free (text, FALSE);
}

/* -- the record ---------------------------------------------------------- */

static void
append_numbers (GString   *text,
                JsonArray *array)
{
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *element = json_array_get_element (array, i);

      if (JSON_NODE_HOLDS_ARRAY (element))
        append_numbers (text, json_node_get_array (element));
      else
        g_string_append_printf (text, " %g", json_node_get_double (element));
    }
}

static void
read_region (CrashState *self,
             int         file_id,
             JsonObject *region)
{
  GString         *text = g_string_new (json_object_get_string_member (region, "type"));
  g_autofree char *value = NULL;

  append_numbers (text, json_object_get_array_member (region, "points"));
  g_string_append_printf (text, " %g", json_object_get_double_member (region, "rotation"));
  value = g_string_free (text, FALSE);
  crash_state_set (self, value, "%d/region/%d", file_id, (int) json_object_get_int_member (region, "id"));
}

static void
read_contours (CrashState *self,
               int         file_id,
               JsonObject *contours)
{
  GString         *text = g_string_new (NULL);
  g_autofree char *value = NULL;

  append_numbers (text, json_object_get_array_member (contours, "levels"));
  g_string_append_printf (text, " factor %d", (int) json_object_get_int_member (contours, "factor"));
  value = g_string_free (text, FALSE);
  crash_state_set (self, value, "%d/contours", file_id);
}

static void
read_vectors (CrashState *self,
              int         file_id,
              JsonObject *vectors)
{
  g_autofree char *value =
    g_strdup_printf ("intensity %s angle %s factor %d threshold %g errors %g %g",
                     json_object_get_string_member (vectors, "intensity"),
                     json_object_get_string_member (vectors, "angle"),
                     (int) json_object_get_int_member (vectors, "factor"),
                     json_object_get_double_member (vectors, "threshold"),
                     json_object_get_double_member (vectors, "q_error"),
                     json_object_get_double_member (vectors, "u_error"));

  crash_state_set (self, value, "%d/vectors", file_id);
}

/* The members of the first that is wanted, but for a list of types. */
static char *
print_want (JsonObject *want)
{
  g_autoptr(GList) members = json_object_get_members (want);
  GString *text = g_string_new (NULL);

  for (GList *member = members; member != NULL; member = member->next)
    {
      JsonNode *node = json_object_get_member (want, member->data);

      if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
        g_string_append_printf (text, "%s %s ", (const char *) member->data, json_node_get_string (node));
      else if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_INT64)
        g_string_append_printf (text, "%s %d ", (const char *) member->data, (int) json_node_get_int (node));
    }

  return g_string_free (text, FALSE);
}

static void
read_requirement (CrashState *self,
                  int         file_id,
                  JsonObject *requirement)
{
  static const char *const kinds[] = { "spatial", "spectral", "stats", "histograms" };
  JsonNode                *region = json_object_get_member (requirement, "region");
  g_autofree char         *target = NULL;

  if (json_node_get_value_type (region) == G_TYPE_STRING)
    target = json_node_dup_string (region);
  else
    target = g_strdup_printf ("%d", (int) json_node_get_int (region));

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *value = NULL;
      JsonArray       *wants;

      if (!json_object_has_member (requirement, kinds[i]))
        continue;

      wants = json_object_get_array_member (requirement, kinds[i]);
      if (json_array_get_length (wants) == 0)
        continue;

      value = print_want (json_array_get_object_element (wants, 0));
      crash_state_set (self, value, "%d/want/%s/%s", file_id, target, kinds[i]);
    }
}

/* What is kept of a file beside its regions and what is wanted of them: each
 * under its own name. */
static const char *const file_members[] = { "channel", "stokes", "cursor" };

static void
read_file (CrashState *self,
           JsonObject *file)
{
  int        file_id = (int) json_object_get_int_member (file, "id");
  JsonArray *regions = json_object_get_array_member (file, "regions");
  JsonArray *requirements = NULL;

  crash_state_set (self, json_object_get_string_member (file, "name"), "%d", file_id);
  for (guint i = 0; i < G_N_ELEMENTS (file_members); i++)
    {
      GString         *text = g_string_new (NULL);
      JsonNode        *node = json_object_get_member (file, file_members[i]);
      g_autofree char *value = NULL;

      if (node != NULL && JSON_NODE_HOLDS_ARRAY (node))
        append_numbers (text, json_node_get_array (node));
      else if (node != NULL)
        g_string_append_printf (text, " %g", json_node_get_double (node));
      value = g_string_free (text, FALSE);
      crash_state_set (self, node != NULL ? value : NULL, "%d/%s", file_id, file_members[i]);
    }

  if (json_object_has_member (file, "contours"))
    read_contours (self, file_id, json_object_get_object_member (file, "contours"));
  if (json_object_has_member (file, "vectors"))
    read_vectors (self, file_id, json_object_get_object_member (file, "vectors"));
  for (guint i = 0; i < json_array_get_length (regions); i++)
    read_region (self, file_id, json_array_get_object_element (regions, i));
  if (json_object_has_member (file, "requirements"))
    requirements = json_object_get_array_member (file, "requirements");
  for (guint i = 0; requirements != NULL && i < json_array_get_length (requirements); i++)
    read_requirement (self, file_id, json_array_get_object_element (requirements, i));
}

static void
read_rows (CrashState *self,
           int         catalog_id,
           JsonObject *catalog)
{
  JsonObject *filter = json_array_get_object_element (json_object_get_array_member (catalog, "filters"), 0);

  g_autofree char *value =
    g_strdup_printf ("%s %s %g sort %s rows %d",
                     json_object_get_string_member (filter, "column"),
                     json_object_get_string_member (filter, "is"),
                     json_object_get_double_member (filter, "value"),
                     json_object_get_string_member (catalog, "sort"),
                     (int) json_object_get_int_member (catalog, "rows"));

  crash_state_set (self, value, "catalog/%d/want", catalog_id);
}

static void
read_catalogs (CrashState *self,
               JsonArray  *catalogs)
{
  for (guint i = 0; i < json_array_get_length (catalogs); i++)
    {
      JsonObject *catalog = json_array_get_object_element (catalogs, i);
      int         id = (int) json_object_get_int_member (catalog, "id");

      crash_state_set (self, json_object_get_string_member (catalog, "name"), "catalog/%d", id);
      if (json_object_has_member (catalog, "filters"))
        read_rows (self, id, catalog);
    }
}

/* The first one is the record, and each of the others what was set since. */
static GPtrArray *
read_texts (const char *path,
            guint32     session_id)
{
  g_autofree char *sql = g_strdup_printf ("SELECT json FROM records WHERE id = %u UNION ALL"
                                          " SELECT json FROM (SELECT json FROM changes WHERE id = %u ORDER BY n)",
                                          session_id, session_id);
  GPtrArray       *texts = g_ptr_array_new_with_free_func (g_free);
  sqlite3         *database = NULL;
  sqlite3_stmt    *statement = NULL;
  int              status;

  g_assert_cmpint (sqlite3_open_v2 (path, &database, SQLITE_OPEN_READWRITE, NULL), ==, SQLITE_OK);
  sqlite3_busy_timeout (database, 10000);
  g_assert_cmpint (sqlite3_prepare_v2 (database, sql, -1, &statement, NULL), ==, SQLITE_OK);
  while ((status = sqlite3_step (statement)) == SQLITE_ROW)
    g_ptr_array_add (texts, g_strdup ((const char *) sqlite3_column_text (statement, 0)));
  g_assert_cmpint (status, ==, SQLITE_DONE);
  sqlite3_finalize (statement);
  sqlite3_close (database);

  return texts;
}

static void
read_record (CrashState *self,
             JsonObject *object)
{
  JsonArray *files = json_object_get_array_member (object, "files");

  self->last_region_id = (int) json_object_get_int_member (object, "last_region_id");
  for (guint i = 0; i < json_array_get_length (files); i++)
    read_file (self, json_array_get_object_element (files, i));
  if (json_object_has_member (object, "catalogs"))
    read_catalogs (self, json_object_get_array_member (object, "catalogs"));
}

static void
read_set (CrashState *self,
          JsonObject *object)
{
  JsonArray *files = json_object_get_array_member (object, "files");

  self->last_region_id = (int) json_object_get_int_member (object, "last_region_id");
  for (guint i = 0; i < json_array_get_length (files); i++)
    {
      JsonObject *file = json_array_get_object_element (files, i);
      JsonArray  *regions = json_object_get_array_member (file, "regions");

      for (guint k = 0; k < json_array_get_length (regions); k++)
        read_region (self, (int) json_object_get_int_member (file, "id"), json_array_get_object_element (regions, k));
    }
}

/* The session as the database at @path has it; with nothing in it if there
 * is no record. */
CrashState *
crash_state_read (const char *path,
                  guint32     session_id)
{
  CrashState *self = crash_state_new ();
  g_autoptr(GPtrArray) texts = read_texts (path, session_id);

  for (guint i = 0; i < texts->len; i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(JsonNode) root = json_from_string (texts->pdata[i], &error);

      g_assert_no_error (error);
      if (i == 0)
        read_record (self, json_node_get_object (root));
      else
        read_set (self, json_node_get_object (root));
    }

  return self;
}
