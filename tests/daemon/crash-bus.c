/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "crash-kinds.h"

#include <json-glib/json-glib.h>

#include "almu-test-bus.h"

/* The other door. */

/* Of files that the bus opens, see almu_session_find_free_file_id(). */
#define FIRST_FREE_FILE_ID 1000

#define BUS(name) "io.github.almucantar.Almucantar." name

static char *
path_of (CrashScene *scene,
         int         file_id,
         int         region_id)
{
  GString *path = g_string_new (ALMU_BUS_PATH);

  g_string_append_printf (path, "/sessions/%u", scene->session_id);
  if (file_id >= 0)
    g_string_append_printf (path, "/files/%d", file_id);
  if (region_id > 0)
    g_string_append_printf (path, "/regions/%d", region_id);

  return g_string_free (path, FALSE);
}

static void
call (CrashScene *scene,
      int         file_id,
      int         region_id,
      const char *interface,
      const char *method,
      GVariant   *parameters)
{
  g_autofree char *path = path_of (scene, file_id, region_id);

  scene->call = g_dbus_message_new_method_call (ALMU_BUS_NAME, path, interface, method);
  g_dbus_message_set_flags (scene->call, G_DBUS_MESSAGE_FLAGS_NO_AUTO_START);
  if (parameters != NULL)
    g_dbus_message_set_body (scene->call, parameters);
}

static void
bus_set_channel (CrashScene *scene,
                 CrashState *after,
                 int         file_id,
                 int         region_id)
{
  int channel = g_test_rand_int_range (0, CRASH_DEPTH);
  int stokes = g_test_rand_int_range (0, CRASH_N_STOKES);

  call (scene, file_id, 0, BUS ("File1"), "SetChannel",
        g_variant_new ("(uu)", (guint) channel, (guint) stokes));
  crash_put_plane (after, file_id, channel, stokes);
}

static void
bus_close (CrashScene *scene,
           CrashState *after,
           int         file_id,
           int         region_id)
{
  call (scene, file_id, 0, BUS ("File1"), "Close", NULL);
  crash_end_file (after, file_id);
}

/* The service gives the number: another one each time, far above those of
 * the page. */
static void
bus_open (CrashScene *scene,
          CrashState *after,
          int         file_id,
          int         region_id)
{
  g_autofree char *name = crash_random_name ();

  do
    scene->last_free_id = MAX (scene->last_free_id + 1, FIRST_FREE_FILE_ID);
  while (crash_state_get (after, "%d", scene->last_free_id) != NULL);

  call (scene, -1, 0, BUS ("Session1"), "OpenFile", g_variant_new ("(sa{sv})", name, NULL));
  crash_begin_file (after, scene->last_free_id, name);
}

static void
bus_move_region (CrashScene *scene,
                 CrashState *after,
                 int         file_id,
                 int         region_id)
{
  CrashShape      shape;
  GVariantBuilder points;

  crash_shape_read (&shape, crash_state_get (after, "%d/region/%d", file_id, region_id));
  crash_shape_make (&shape, shape.type);
  g_variant_builder_init (&points, G_VARIANT_TYPE ("a(dd)"));
  for (guint i = 0; i < shape.n_points; i++)
    g_variant_builder_add (&points, "(dd)", (double) shape.points[i][0], (double) shape.points[i][1]);
  call (scene, file_id, region_id, BUS ("Region1"), "Set", g_variant_new ("(a(dd)d)", &points, (double) shape.rotation));
  crash_put_region (after, file_id, region_id, &shape);
}

static void
bus_remove_region (CrashScene *scene,
                   CrashState *after,
                   int         file_id,
                   int         region_id)
{
  call (scene, file_id, region_id, BUS ("Region1"), "Remove", NULL);
  crash_drop_region (after, file_id, region_id);
}

static JsonObject *
find_file (JsonNode *root,
           int       file_id)
{
  JsonArray *files = json_object_get_array_member (json_node_get_object (root), "files");

  for (guint i = 0; i < json_array_get_length (files); i++)
    {
      JsonObject *file = json_array_get_object_element (files, i);

      if (json_object_get_int_member (file, "id") == file_id)
        return file;
    }

  g_error ("No file %d in the state", file_id);
}

static gboolean
is_detached (CrashScene *scene)
{
  g_autofree char *path = path_of (scene, -1, 0);
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GVariant) state = NULL;
  g_autoptr(GError) error = NULL;

  reply = g_dbus_connection_call_sync (scene->bus, ALMU_BUS_NAME, path, "org.freedesktop.DBus.Properties", "Get",
                                       g_variant_new ("(ss)", BUS ("Session1"), "State"), G_VARIANT_TYPE ("(v)"),
                                       G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, &error);
  g_assert_no_error (error);
  g_variant_get (reply, "(v)", &state);

  return g_str_equal (g_variant_get_string (state, NULL), "detached");
}

/* What a page shows is not changed behind its back: it has to go first. */
static void
leave (CrashScene *scene)
{
  almu_test_viewer_cut (scene->viewer);
  g_clear_pointer (&scene->viewer, almu_test_viewer_free);
  while (!is_detached (scene))
    ;
}

/* What GetState says, with another plane. */
static void
bus_set_state (CrashScene *scene,
               CrashState *after,
               int         file_id,
               int         region_id)
{
  g_autofree char *path = path_of (scene, -1, 0);
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(JsonNode) root = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL;
  const char      *state;
  int              channel = g_test_rand_int_range (0, CRASH_DEPTH);

  leave (scene);
  reply = g_dbus_connection_call_sync (scene->bus, ALMU_BUS_NAME, path, BUS ("Session1"), "GetState", NULL,
                                       G_VARIANT_TYPE ("(s)"), G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, &error);
  g_assert_no_error (error);
  g_variant_get (reply, "(&s)", &state);
  root = json_from_string (state, &error);
  g_assert_no_error (error);
  json_object_set_int_member (find_file (root, file_id), "channel", channel);
  json_object_set_int_member (find_file (root, file_id), "stokes", 0);
  text = json_to_string (root, FALSE);
  call (scene, -1, 0, BUS ("Session1"), "SetState", g_variant_new ("(s)", text));
  crash_put_plane (after, file_id, channel, 0);
}

/* Nothing of it is lost; whoever returns finds what was kept. */
static void
bus_close_session (CrashScene *scene,
                   CrashState *after,
                   int         file_id,
                   int         region_id)
{
  leave (scene);
  call (scene, -1, 0, BUS ("Session1"), "Close", NULL);
  scene->last_free_id = 0;
}

static void
bus_forget (CrashScene *scene,
            CrashState *after,
            int         file_id,
            int         region_id)
{
  leave (scene);
  scene->call = g_dbus_message_new_method_call (ALMU_BUS_NAME, ALMU_BUS_PATH, BUS ("Manager1"), "Forget");
  g_dbus_message_set_flags (scene->call, G_DBUS_MESSAGE_FLAGS_NO_AUTO_START);
  g_dbus_message_set_body (scene->call, g_variant_new ("(u)", scene->session_id));
  scene->last_free_id = 0;
  crash_state_drop (after, "%s", "");
  after->last_region_id = 0;
}

const CrashChange crash_changes_of_bus[] = {
  { "SetChannel", 3, CRASH_NEEDS_FILE, 0, TRUE, bus_set_channel },
  { "OpenFile", 3, CRASH_NEEDS_ROOM, 0, TRUE, bus_open },
  { "File1.Close", 1, CRASH_NEEDS_FILE, 0, TRUE, bus_close },
  { "Region1.Set", 3, CRASH_NEEDS_REGION, 0, TRUE, bus_move_region },
  { "Region1.Remove", 3, CRASH_NEEDS_REGION, 0, TRUE, bus_remove_region },
  { "SetState", 3, CRASH_NEEDS_FILE, 0, TRUE, bus_set_state },
  { "Session1.Close", 1, CRASH_NEEDS_FILE, 0, TRUE, bus_close_session },
  { "Forget", 1, CRASH_NEEDS_FILE, 0, TRUE, bus_forget },
  { NULL }
};
