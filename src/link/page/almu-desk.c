/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-desk.h"

#include <json-glib/json-glib.h>

#include "almu-json-text.h"

/* What a page that is started again has to be told beyond its workspace: how
 * its widgets were laid out, and which of its images is which. It opens those
 * in the order of the files, and a hypercube as its files one by one.
 */

static guint
count_images (const AlmuFileWish *file)
{
  if (file->name == NULL)
    return 0;

  return file->name->parts != NULL ? file->name->parts->len : 1;
}

static JsonNode *
parse_look (const AlmuFileWish *file)
{
  g_autofree char *clean = file->look != NULL ? almu_json_text_clean (file->look, -1, NULL) : NULL;
  g_autoptr(JsonNode) look = clean != NULL ? json_from_string (clean, NULL) : NULL;

  return look != NULL && JSON_NODE_HOLDS_OBJECT (look) ? g_steal_pointer (&look) : NULL;
}

static gboolean
is_in_front (JsonNode *look)
{
  JsonNode *active = json_object_get_member (json_node_get_object (look), "active");

  return active != NULL && json_node_get_value_type (active) == G_TYPE_BOOLEAN && json_node_get_boolean (active);
}

/**
 * almu_desk_find_front:
 * @memento: the session before
 *
 * Images count from 0, in the order in which the page opens them: a hypercube
 * is as many as it has files.
 *
 * Returns: which image of the page was in front, the first if that is unknown
 */
int
almu_desk_find_front (const AlmuMemento *memento)
{
  guint place = 0;

  for (guint i = 0; i < memento->files->len; i++)
    {
      const AlmuFileWish *file = memento->files->pdata[i];
      g_autoptr(JsonNode) look = parse_look (file);

      if (look != NULL && is_in_front (look))
        return (int) place;
      place += count_images (file);
    }

  return 0;
}

/**
 * almu_desk_find_image:
 * @memento: the session before
 * @file_id: of the session before
 *
 * Images count from 0, in the order in which the page opens them: a hypercube
 * is as many as it has files, and this is its first.
 *
 * Returns: which image of the page it is, or -1
 */
int
almu_desk_find_image (const AlmuMemento *memento,
                      int                file_id)
{
  guint place = 0;

  for (guint i = 0; i < memento->files->len; i++)
    {
      const AlmuFileWish *file = memento->files->pdata[i];

      if (file->id == file_id && count_images (file) > 0)
        return (int) place;
      place += count_images (file);
    }

  return -1;
}

/**
 * almu_desk_dup_layout:
 * @memento: the session before
 *
 * The look of the file in front knows it.
 *
 * Returns: (nullable) (transfer full): the name of a layout
 */
char *
almu_desk_dup_layout (const AlmuMemento *memento)
{
  for (guint i = 0; i < memento->files->len; i++)
    {
      g_autoptr(JsonNode) look = parse_look (memento->files->pdata[i]);
      JsonNode *layout = NULL;

      if (look != NULL && is_in_front (look))
        layout = json_object_get_member (json_node_get_object (look), "layout");
      if (layout != NULL && json_node_get_value_type (layout) == G_TYPE_STRING && *json_node_get_string (layout) != '\0')
        return g_strdup (json_node_get_string (layout));
    }

  return NULL;
}
