/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-config.h"

#include <string.h>

#include <glib/gi18n.h>
#include <json-glib/json-glib.h>

#include "almu-limits.h"
#include "almu-option-table.h"

typedef struct
{
  const char  *path;
  AlmuOptions *options;
} Reader;

static void
warn (Reader     *reader,
      const char *format,
      ...) G_GNUC_PRINTF (2, 3);

static void
warn (Reader     *reader,
      const char *format,
      ...)
{
  va_list args;

  va_start (args, format);
  g_ptr_array_add (reader->options->warnings, g_strdup_vprintf (format, args));
  va_end (args);
}

static gboolean
holds (JsonNode *node,
       GType     type)
{
  return JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == type;
}

/* How @node would be written on a command line, or NULL if its type is not
 * one that @option takes.
 */
static char *
dup_as_text (const AlmuOption *option,
             JsonNode         *node)
{
  gboolean is_string = holds (node, G_TYPE_STRING);

  switch (option->kind)
    {
    case ALMU_OPTION_FLAG:
      if (!holds (node, G_TYPE_BOOLEAN))
        return NULL;
      return g_strdup (json_node_get_boolean (node) ? "true" : "false");

    case ALMU_OPTION_NUMBER:
    case ALMU_OPTION_PORT:
      is_string = FALSE;
      break;

    case ALMU_OPTION_NOTHING:
      return g_strdup ("");

    default:
      break;
    }

  if (is_string)
    return json_node_dup_string (node);

  if (holds (node, G_TYPE_INT64) && (option->kind == ALMU_OPTION_NUMBER || option->kind == ALMU_OPTION_PORT ||
                                     option->kind == ALMU_OPTION_PERIOD || option->kind == ALMU_OPTION_SIZE))
    return g_strdup_printf ("%" G_GINT64_FORMAT, json_node_get_int (node));

  return NULL;
}

static gboolean
set_port_pair (const AlmuOption *option,
               AlmuOptions      *options,
               JsonArray        *pair)
{
  g_autofree char *text = NULL;

  if (json_array_get_length (pair) != 2 ||
      !holds (json_array_get_element (pair, 0), G_TYPE_INT64) ||
      !holds (json_array_get_element (pair, 1), G_TYPE_INT64))
    return FALSE;

  text = g_strdup_printf ("%" G_GINT64_FORMAT ",%" G_GINT64_FORMAT,
                          json_array_get_int_element (pair, 0),
                          json_array_get_int_element (pair, 1));

  return almu_option_set (option, options, text);
}

static gboolean
set_list (const AlmuOption *option,
          AlmuOptions      *options,
          JsonArray        *list)
{
  for (guint i = 0; i < json_array_get_length (list); i++)
    if (!holds (json_array_get_element (list, i), G_TYPE_STRING))
      return FALSE;

  for (guint i = 0; i < json_array_get_length (list); i++)
    almu_option_set (option, options, json_array_get_string_element (list, i));

  return TRUE;
}

static gboolean
set_from_node (const AlmuOption *option,
               AlmuOptions      *options,
               JsonNode         *node)
{
  g_autofree char *text = NULL;

  if (JSON_NODE_HOLDS_ARRAY (node) && option->kind == ALMU_OPTION_PORT)
    return set_port_pair (option, options, json_node_get_array (node));

  if (JSON_NODE_HOLDS_ARRAY (node) && option->kind == ALMU_OPTION_LIST)
    return set_list (option, options, json_node_get_array (node));

  text = dup_as_text (option, node);

  return text != NULL && almu_option_set (option, options, text);
}

static void
read_member (JsonObject *object,
             const char *key,
             JsonNode   *node,
             gpointer    user_data)
{
  Reader           *reader = user_data;
  const AlmuOption *option = almu_option_find (key, strlen (key));
  g_autofree char  *value = NULL;
  g_autofree char  *expected = NULL;

  /* editors look for it */
  if (g_str_equal (key, "$schema"))
    return;

  if (option == NULL || (option->traits & ALMU_OPTION_COMMAND_LINE) != 0)
    {
      warn (reader, _ ("Problem in config file %s at key %s: there is no such setting; it is ignored"),
            reader->path, key);
      return;
    }

  if ((option->traits & ALMU_OPTION_DEPRECATED) != 0)
    warn (reader, _ ("Option %s found in %s is deprecated. %s"), key, reader->path, _ (option->help));

  if (set_from_node (option, reader->options, node))
    return;

  value = json_to_string (node, FALSE);
  expected = almu_option_dup_expected (option);
  warn (reader, _ ("Problem in config file %s at key %s: current value is %s, but %s is expected; it is ignored"),
        reader->path, key, value, expected);
}

static gsize
comment_length (const char *text)
{
  const char *end;

  if (g_str_has_prefix (text, "//"))
    return strcspn (text, "\n");

  if (!g_str_has_prefix (text, "/*"))
    return 0;

  end = strstr (text + 2, "*/");

  return end == NULL ? strlen (text) : (gsize) (end + 2 - text);
}

/* json-glib knows no `//`. Blanks take the place of comments and line ends
 * stay, so that the parser's line numbers are those of the file.
 */
static void
blank_comments (char *text)
{
  gboolean in_string = FALSE;

  for (char *c = text; *c != '\0'; c++)
    {
      gsize length = in_string ? 0 : comment_length (c);

      for (gsize i = 0; i < length; i++)
        c[i] = c[i] == '\n' ? '\n' : ' ';

      if (length > 0)
        c += length - 1;
      else if (*c == '"')
        in_string = !in_string;
      else if (in_string && *c == '\\' && c[1] != '\0')
        c++;
    }
}

/* Only a file of a sane size; a missing one is no news. */
static JsonNode *
read_root (Reader *reader)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GFile) file = g_file_new_for_path (reader->path);
  g_autoptr(GFileInfo) info = NULL;
  g_autoptr(JsonParser) parser = json_parser_new ();
  g_autofree char *text = NULL;

  info = g_file_query_info (file, G_FILE_ATTRIBUTE_STANDARD_SIZE "," G_FILE_ATTRIBUTE_STANDARD_TYPE,
                            G_FILE_QUERY_INFO_NONE, NULL, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) ||
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY))
    return NULL;

  if (info != NULL && (g_file_info_get_file_type (info) != G_FILE_TYPE_REGULAR ||
                       g_file_info_get_size (info) > ALMU_LIMIT_CONFIG_BYTES))
    {
      warn (reader, _ ("Config file %s is not a regular file of at most %d bytes; it is ignored"),
            reader->path, ALMU_LIMIT_CONFIG_BYTES);
      return NULL;
    }

  if (info != NULL && g_file_load_contents (file, NULL, &text, NULL, NULL, &error))
    {
      blank_comments (text);
      json_parser_load_from_data (parser, text, -1, &error);
    }

  if (error != NULL)
    {
      warn (reader, _ ("Config file %s cannot be read: %s; it is ignored"), reader->path, error->message);
      return NULL;
    }

  return json_parser_steal_root (parser);
}

/**
 * almu_config_load:
 * @path: a JSON file; comments are allowed
 * @options: what the file's keys go into
 *
 * Every fault becomes a warning that names the file and the key: a typing
 * error in a file must not keep the service from starting.
 */
void
almu_config_load (const char  *path,
                  AlmuOptions *options)
{
  Reader reader = { path, options };
  g_autoptr(JsonNode) root = NULL;

  g_return_if_fail (path != NULL && options != NULL);

  root = read_root (&reader);
  if (root == NULL)
    return;

  if (!JSON_NODE_HOLDS_OBJECT (root))
    {
      warn (&reader, _ ("Config file %s does not hold a JSON object; it is ignored"), path);
      return;
    }

  json_object_foreach_member (json_node_get_object (root), read_member, &reader);
}
