/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "crash-kinds.h"

#include <stdio.h>
#include <string.h>

/* Regions: drawn, moved, read from a file. */

static const struct
{
  const char *name;
  int         type;
  guint       n_points;
  const char *ds9; /* NULL if DS9's own differs by more than where it counts from */
} kinds[] = {
  { "point", CARTA__REGION_TYPE__POINT, 1, "point" },
  { "line", CARTA__REGION_TYPE__LINE, 2, NULL },
  { "rectangle", CARTA__REGION_TYPE__RECTANGLE, 2, "box" },
  { "ellipse", CARTA__REGION_TYPE__ELLIPSE, 2, NULL },
  { "polygon", CARTA__REGION_TYPE__POLYGON, 3, "polygon" },
};

static guint
find_kind (int type)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (kinds[i].type == type)
      return i;

  g_assert_not_reached ();
}

float
crash_random_place (void)
{
  return (float) g_test_rand_int_range (0, CRASH_SIDE * 16) / 16;
}

int
crash_shape_random_type (void)
{
  return kinds[g_test_rand_int_range (0, G_N_ELEMENTS (kinds))].type;
}

void
crash_shape_make (CrashShape *shape,
                  int         type)
{
  *shape = (CrashShape){ .type = type, .n_points = kinds[find_kind (type)].n_points };
  for (guint i = 0; i < shape->n_points; i++)
    for (int k = 0; k < 2; k++)
      shape->points[i][k] = 1 + crash_random_place ();
  if (type == CARTA__REGION_TYPE__RECTANGLE || type == CARTA__REGION_TYPE__ELLIPSE)
    shape->rotation = crash_random_place ();
}

/* What crash_put_region() wrote. */
void
crash_shape_read (CrashShape *shape,
                  const char *text)
{
  char name[16];
  int  n_read = 0;

  g_assert_cmpint (sscanf (text, "%15s%n", name, &n_read), ==, 1);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (g_str_equal (kinds[i].name, name))
      *shape = (CrashShape){ .type = kinds[i].type, .n_points = kinds[i].n_points };

  text += n_read;
  for (guint i = 0; i < shape->n_points; i++)
    {
      g_assert_cmpint (sscanf (text, "%f %f%n", &shape->points[i][0], &shape->points[i][1], &n_read), ==, 2);
      text += n_read;
    }
  g_assert_cmpint (sscanf (text, "%f", &shape->rotation), ==, 1);
}

void
crash_put_region (CrashState       *after,
                  int               file_id,
                  int               region_id,
                  const CrashShape *shape)
{
  GString         *text = g_string_new (kinds[find_kind (shape->type)].name);
  g_autofree char *value = NULL;

  for (guint i = 0; i < shape->n_points; i++)
    g_string_append_printf (text, " %g %g", shape->points[i][0], shape->points[i][1]);
  g_string_append_printf (text, " %g", shape->rotation);
  value = g_string_free (text, FALSE);
  crash_state_set (after, value, "%d/region/%d", file_id, region_id);
}

static void
send_region (CrashScene *scene,
             CrashState *after,
             int         file_id,
             int         asked_id,
             int         region_id,
             int         type)
{
  CARTA__SetRegion  message = CARTA__SET_REGION__INIT;
  CARTA__RegionInfo info = CARTA__REGION_INFO__INIT;
  CARTA__Point      points[CRASH_MAX_POINTS];
  CARTA__Point     *pointers[CRASH_MAX_POINTS];
  CrashShape        shape;

  crash_shape_make (&shape, type);
  for (guint i = 0; i < shape.n_points; i++)
    {
      carta__point__init (&points[i]);
      points[i].x = shape.points[i][0];
      points[i].y = shape.points[i][1];
      pointers[i] = &points[i];
    }
  info.region_type = (CARTA__RegionType) type;
  info.rotation = shape.rotation;
  info.n_control_points = shape.n_points;
  info.control_points = pointers;
  message.file_id = file_id;
  message.region_id = asked_id;
  message.region_info = &info;
  scene->request_id = almu_test_viewer_send (scene->viewer, &message.base);
  crash_put_region (after, file_id, region_id, &shape);
}

static void
draw_region (CrashScene *scene,
             CrashState *after,
             int         file_id,
             int         region_id)
{
  send_region (scene, after, file_id, -1, ++after->last_region_id, crash_shape_random_type ());
}

static void
move_region (CrashScene *scene,
             CrashState *after,
             int         file_id,
             int         region_id)
{
  CrashShape shape;

  crash_shape_read (&shape, crash_state_get (after, "%d/region/%d", file_id, region_id));
  send_region (scene, after, file_id, region_id, region_id, shape.type);
}

void
crash_drop_region (CrashState *after,
                   int         file_id,
                   int         region_id)
{
  crash_state_set (after, NULL, "%d/region/%d", file_id, region_id);
  crash_state_drop (after, "%d/want/%d/", file_id, region_id);
}

static void
remove_region (CrashScene *scene,
               CrashState *after,
               int         file_id,
               int         region_id)
{
  CARTA__RemoveRegion message = CARTA__REMOVE_REGION__INIT;

  message.region_id = region_id;
  almu_test_viewer_send (scene->viewer, &message.base);
  crash_drop_region (after, file_id, region_id);
}

/* -- from a file --------------------------------------------------------- */

static void
print_shape (GString          *text,
             const CrashShape *shape,
             const char       *name)
{
  gboolean has_size = shape->type == CARTA__REGION_TYPE__RECTANGLE;

  g_string_append_printf (text, "%s(", name);
  for (guint i = 0; i < shape->n_points; i++)
    {
      double origin = i > 0 && has_size ? 0 : 1; /* DS9 counts pixels from 1 */

      g_string_append_printf (text, "%s%g,%g", i > 0 ? "," : "", shape->points[i][0] + origin,
                              shape->points[i][1] + origin);
    }
  if (has_size)
    g_string_append_printf (text, ",%g", shape->rotation);
  g_string_append (text, ")\n");
}

static void
import_regions (CrashScene *scene,
                CrashState *after,
                int         file_id,
                int         region_id)
{
  CARTA__ImportRegion message = CARTA__IMPORT_REGION__INIT;
  g_autoptr(GString) text = g_string_new ("image\n");

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      CrashShape shape;

      if (kinds[i].ds9 == NULL || (i > 0 && g_test_rand_bit ()))
        continue;

      crash_shape_make (&shape, kinds[i].type);
      print_shape (text, &shape, kinds[i].ds9);
      crash_put_region (after, file_id, ++after->last_region_id, &shape);
    }

  message.group_id = file_id;
  message.type = CARTA__FILE_TYPE__DS9_REG;
  message.directory = (char *) "";
  message.file = (char *) "";
  message.n_contents = 1;
  message.contents = &text->str;
  scene->request_id = almu_test_viewer_send (scene->viewer, &message.base);
}

const CrashChange crash_changes_of_regions[] = {
  { "draw", 6, CRASH_NEEDS_FILE, CARTA__EVENT_TYPE__SET_REGION_ACK, FALSE, draw_region },
  { "move", 3, CRASH_NEEDS_REGION, CARTA__EVENT_TYPE__SET_REGION_ACK, FALSE, move_region },
  { "remove", 3, CRASH_NEEDS_REGION, 0, FALSE, remove_region },
  { "import", 3, CRASH_NEEDS_FILE, CARTA__EVENT_TYPE__IMPORT_REGION_ACK, FALSE, import_regions },
  { NULL }
};
