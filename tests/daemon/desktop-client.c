/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

#include "almu-test-ask.h"
#include "almu-test-viewer.h"

#define BUS(name) "io.github.almucantar.Almucantar." name

/* A small frontend of a desktop, which may crash at any point: it attaches
 * over the bus, changes things through both doors, and follows what becomes
 * of them. Started again it finds its session on the bus, and resumes it over
 * the WebSocket with the state that the bus gives it.
 *
 *   desktop-client begin FILE    says “ready ID” and waits to be killed
 *   desktop-client again         says “resumed ID VALUE”, the cursor's
 *
 * Both say what GetState gives then, in one line.
 */

static GDBusConnection *bus;

static GVariant *
call (const char         *path,
      const char         *interface,
      const char         *method,
      GVariant           *parameters,
      const GVariantType *reply_type)
{
  g_autoptr(GError) error = NULL;
  GVariant *reply;

  reply = g_dbus_connection_call_sync (bus, ALMU_BUS_NAME, path, interface, method, parameters, reply_type,
                                       G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  if (reply == NULL)
    g_error ("%s: %s", method, error->message);

  return reply;
}

static void
say (const char *format,
     ...) G_GNUC_PRINTF (1, 2);

static void
say (const char *format,
     ...)
{
  va_list          args;
  g_autofree char *line = NULL;

  va_start (args, format);
  line = g_strdup_vprintf (format, args);
  va_end (args);
  g_print ("%s\n", line);
  fflush (stdout);
}

/* -- the state ----------------------------------------------------------- */

/* Of a session in memory or on disk. */
static JsonNode *
get_state (guint32 id)
{
  g_autoptr(GVariant) reply = call (ALMU_BUS_PATH, BUS ("Manager1"), "GetState",
                                     g_variant_new ("(u)", id), G_VARIANT_TYPE ("(s)"));
  g_autoptr(GError) error = NULL;
  const char *text;
  JsonNode   *root;

  g_variant_get (reply, "(&s)", &text);
  root = json_from_string (text, &error);
  g_assert_no_error (error);

  return root;
}

static void
say_state (guint32 id)
{
  g_autoptr(JsonNode) state = get_state (id);
  g_autofree char *text = json_to_string (state, FALSE);

  say ("%s", text);
}

static const char *const shapes[] = {
  [CARTA__REGION_TYPE__POINT] = "point",
  [CARTA__REGION_TYPE__LINE] = "line",
  [CARTA__REGION_TYPE__POLYLINE] = "polyline",
  [CARTA__REGION_TYPE__RECTANGLE] = "rectangle",
  [CARTA__REGION_TYPE__ELLIPSE] = "ellipse",
  [CARTA__REGION_TYPE__ANNULUS] = "annulus",
  [CARTA__REGION_TYPE__POLYGON] = "polygon",
};

static CARTA__RegionType
find_type (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
    {
      if (g_str_equal (shapes[i], name))
        return (CARTA__RegionType) i;
    }

  g_error ("No shape “%s”", name);
}

static gpointer
copy (const ProtobufCMessage *message)
{
  g_autofree guint8 *bytes = g_malloc (protobuf_c_message_get_packed_size (message));
  gsize              length = protobuf_c_message_pack (message, bytes);

  return protobuf_c_message_unpack (message->descriptor, NULL, length, bytes);
}

static CARTA__ImageProperties__RegionsEntry *
make_region (int               id,
             CARTA__RegionType type,
             JsonArray        *points,
             double            rotation)
{
  CARTA__ImageProperties__RegionsEntry entry = CARTA__IMAGE_PROPERTIES__REGIONS_ENTRY__INIT;
  CARTA__RegionInfo                    info = CARTA__REGION_INFO__INIT;
  guint                                n = json_array_get_length (points);
  g_autofree CARTA__Point             *places = g_new (CARTA__Point, n);
  g_autofree CARTA__Point            **pointers = g_new (CARTA__Point *, n);

  for (guint i = 0; i < n; i++)
    {
      JsonArray *point = json_array_get_array_element (points, i);

      carta__point__init (&places[i]);
      places[i].x = (float) json_array_get_double_element (point, 0);
      places[i].y = (float) json_array_get_double_element (point, 1);
      pointers[i] = &places[i];
    }
  info.region_type = type;
  info.n_control_points = n;
  info.control_points = pointers;
  info.rotation = (float) rotation;
  entry.key = id;
  entry.value = &info;

  return copy (&entry.base);
}

static void
add_cursor (GPtrArray  *regions,
            JsonObject *file)
{
  g_autoptr(JsonArray) points = NULL;

  if (!json_object_has_member (file, "cursor"))
    return;

  points = json_array_new ();
  json_array_add_array_element (points, json_array_ref (json_object_get_array_member (file, "cursor")));
  g_ptr_array_add (regions, make_region (0, CARTA__REGION_TYPE__POINT, points, 0));
}

static CARTA__ImageProperties *
make_image (JsonObject *file)
{
  CARTA__ImageProperties image = CARTA__IMAGE_PROPERTIES__INIT;
  JsonArray             *list = json_object_get_array_member (file, "regions");
  g_autoptr(GPtrArray) regions = g_ptr_array_new_with_free_func (almu_test_body_free);

  add_cursor (regions, file);
  for (guint i = 0; i < json_array_get_length (list); i++)
    {
      JsonObject *region = json_array_get_object_element (list, i);

      g_ptr_array_add (regions, make_region ((int) json_object_get_int_member (region, "id"),
                                             find_type (json_object_get_string_member (region, "type")),
                                             json_object_get_array_member (region, "points"),
                                             json_object_get_double_member (region, "rotation")));
    }

  image.directory = (char *) json_object_get_string_member (file, "directory");
  image.file = (char *) json_object_get_string_member (file, "name");
  image.hdu = (char *) json_object_get_string_member (file, "hdu");
  image.file_id = (int) json_object_get_int_member (file, "id");
  image.channel = (int) json_object_get_int_member (file, "channel");
  image.stokes = (int) json_object_get_int_member (file, "stokes");
  image.n_regions = regions->len;
  image.regions = (CARTA__ImageProperties__RegionsEntry **) regions->pdata;

  return copy (&image.base);
}

/* RESUME_SESSION as GetState says it. */
static void
resume (AlmuTestViewer *viewer,
        JsonNode       *state)
{
  CARTA__ResumeSession message = CARTA__RESUME_SESSION__INIT;
  JsonArray           *files = json_object_get_array_member (json_node_get_object (state), "files");
  g_autoptr(GPtrArray) images = g_ptr_array_new_with_free_func (almu_test_body_free);
  almu_test_autobody CARTA__ResumeSessionAck *ack = NULL;

  for (guint i = 0; i < json_array_get_length (files); i++)
    g_ptr_array_add (images, make_image (json_array_get_object_element (files, i)));
  message.n_images = images->len;
  message.images = (CARTA__ImageProperties **) images->pdata;
  ack = almu_test_viewer_await_reply (viewer, CARTA__EVENT_TYPE__RESUME_SESSION_ACK,
                                      almu_test_viewer_send (viewer, &message.base));
  g_assert_cmpstr (ack->message, ==, "");
  g_assert_true (ack->success);
}

/* -- the WebSocket ------------------------------------------------------- */

/* @url: of the page, as the bus tells it */
static AlmuTestViewer *
attach (const char *url,
        guint32     session_id)
{
  g_autofree char                             *address = g_strconcat ("ws", url + strlen ("http"), NULL);
  AlmuTestViewer                              *viewer = almu_test_viewer_connect (address);
  almu_test_autobody CARTA__RegisterViewerAck *ack = NULL;

  g_assert_nonnull (viewer);
  ack = almu_test_viewer_register (viewer, session_id);
  g_assert_true (ack->success);

  return viewer;
}

/* -- begin --------------------------------------------------------------- */

/* What somebody else would see of the changes. */
static void
on_properties_changed (GDBusConnection *connection,
                       const char      *sender,
                       const char      *path,
                       const char      *interface,
                       const char      *signal_name,
                       GVariant        *parameters,
                       gpointer         user_data)
{
  guint *n_channel = user_data;
  g_autoptr(GVariant) changed = g_variant_get_child_value (parameters, 1);
  guint channel;

  if (g_variant_lookup (changed, "Channel", "u", &channel))
    *n_channel = channel;
}

static void
begin (const char *file)
{
  const char *const none[] = { NULL };
  g_autoptr(GVariant) opened = NULL;
  g_autoptr(GVariant) file_reply = NULL;
  g_autofree char *session_path = NULL;
  g_autofree char *file_path = NULL;
  g_autofree char *region_path = NULL;
  AlmuTestViewer  *viewer;
  GVariantBuilder  points;
  const char      *url;
  guint32          id;
  guint            file_id;
  guint            seen_channel = 0;
  int              region_id;

  opened = call (ALMU_BUS_PATH, BUS ("Manager1"), "Open", g_variant_new ("(^asa{sv})", none, NULL), G_VARIANT_TYPE ("(us)"));
  g_variant_get (opened, "(u&s)", &id, &url);
  g_dbus_connection_signal_subscribe (bus, ALMU_BUS_NAME, "org.freedesktop.DBus.Properties", "PropertiesChanged",
                                      NULL, BUS ("File1"), G_DBUS_SIGNAL_FLAGS_NONE, on_properties_changed,
                                      &seen_channel, NULL);
  viewer = attach (url, 0);

  session_path = g_strdup_printf (ALMU_BUS_PATH "/sessions/%u", id);
  file_reply = call (session_path, BUS ("Session1"), "OpenFile", g_variant_new ("(sa{sv})", file, NULL), G_VARIANT_TYPE ("(u)"));
  g_variant_get (file_reply, "(u)", &file_id);

  /* through one door, and through the other */
  file_path = g_strdup_printf ("%s/files/%u", session_path, file_id);
  g_variant_unref (call (file_path, BUS ("File1"), "SetChannel", g_variant_new ("(uu)", 2u, 0u), NULL));
  while (seen_channel != 2)
    g_main_context_iteration (NULL, TRUE);
  almu_test_ask_plane (viewer, (int) file_id, 3, 0, NULL, 0);
  while (seen_channel != 3)
    g_main_context_iteration (NULL, TRUE);

  almu_test_ask_cursor (viewer, (int) file_id, 5, 6);
  almu_test_ask_stats (viewer, (int) file_id, -1, "z");
  region_id = almu_test_draw (viewer, (int) file_id, -1, CARTA__REGION_TYPE__RECTANGLE, (float[]){ 4, 5, 2, 3 }, 2, 30);
  region_path = g_strdup_printf ("%s/regions/%d", file_path, region_id);
  g_variant_builder_init (&points, G_VARIANT_TYPE ("a(dd)"));
  g_variant_builder_add (&points, "(dd)", 7.0, 8.0);
  g_variant_builder_add (&points, "(dd)", 2.0, 3.0);
  g_variant_unref (call (region_path, BUS ("Region1"), "Set", g_variant_new ("(a(dd)d)", &points, 45.0), NULL));

  say ("ready %u", id);
  say_state (id);
  while (TRUE)
    g_main_context_iteration (NULL, TRUE);
}

/* -- again --------------------------------------------------------------- */

/* The one that was seen last. */
static guint32
find_session (void)
{
  g_autoptr(GVariant) reply = call (ALMU_BUS_PATH, BUS ("Manager1"), "ListSessions",
                                     g_variant_new ("(a{sv})", NULL), G_VARIANT_TYPE ("(aa{sv})"));
  g_autoptr(GVariant) list = g_variant_get_child_value (reply, 0);
  g_autoptr(GVariant) first = NULL;
  guint32 id = 0;

  if (g_variant_n_children (list) == 0)
    g_error ("No session is there any more");

  first = g_variant_get_child_value (list, 0);
  g_assert_true (g_variant_lookup (first, "id", "u", &id));

  return id;
}

static double
await_value (AlmuTestViewer *viewer,
             int             file_id)
{
  almu_test_ask_spatial (viewer, file_id, 0, "x", 0, 0, 0);
  while (TRUE)
    {
      almu_test_autobody CARTA__SpatialProfileData *data = NULL;

      data = almu_test_viewer_await (viewer, CARTA__EVENT_TYPE__SPATIAL_PROFILE_DATA);
      if (data->n_profiles > 0)
        return data->value;
    }
}

static void
again (void)
{
  guint32 id = find_session ();
  g_autoptr(JsonNode) state = get_state (id);
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(AlmuTestViewer) viewer = NULL;
  g_autoptr(GUri) uri = NULL;
  g_autofree char *address = NULL;
  JsonArray       *files;
  const char      *url;
  int              file_id;

  /* any address of the page will do, for it holds the token */
  reply = call (ALMU_BUS_PATH, BUS ("Manager1"), "Resume", g_variant_new ("(u)", id), G_VARIANT_TYPE ("(s)"));
  g_variant_get (reply, "(&s)", &url);
  viewer = attach (url, id);
  resume (viewer, state);

  files = json_object_get_array_member (json_node_get_object (state), "files");
  file_id = (int) json_object_get_int_member (json_array_get_object_element (files, 0), "id");
  /* what was wanted comes unasked */
  almu_test_body_free (almu_test_viewer_await (viewer, CARTA__EVENT_TYPE__REGION_STATS_DATA));
  say ("resumed %u %g", id, await_value (viewer, file_id));
  say_state (id);
}

int
main (int   argc,
      char *argv[])
{
  g_autoptr(GError) error = NULL;

  bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);
  if (bus == NULL)
    g_error ("%s", error->message);

  if (argc == 3 && g_str_equal (argv[1], "begin"))
    begin (argv[2]);
  else if (argc == 2 && g_str_equal (argv[1], "again"))
    again ();
  else
    g_error ("Usage: %s begin FILE | again", argv[0]);

  return 0;
}
