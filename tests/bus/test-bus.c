/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>

#include "bus-fixture.h"

/* -- objects ------------------------------------------------------------- */

static gboolean
has_come_and_gone (gpointer user_data)
{
  GPtrArray *paths = user_data;

  return paths->len == 10;
}

static void
test_objects_come_and_go (Fixture      *fixture,
                          gconstpointer user_data)
{
  static const char *const expected[] = {
    "+" S5,
    "+" F1,
    "+" R3,
    "+" S5 "/files/2",
    "-" R3,
    "+" S5 "/files/2/regions/3",
    "-" S5 "/files/2/regions/3",
    "-" S5 "/files/2",
    "-" F1,
    "-" S5,
  };
  AlmuSession *session;

  assert_objects (fixture, "");

  session = create_full_session (fixture);
  assert_objects (fixture, "/sessions/5 /sessions/5/files/1 /sessions/5/files/1/regions/3");

  /* drawn anew on another file */
  open_file (session, 2, "sub", "plain é.fits");
  draw (session, 3, 2, ALMU_SHAPE_LINE, (AlmuPoint){ 0, 0 }, (AlmuPoint){ 1, 1 }, 0);
  assert_objects (fixture, "/sessions/5 /sessions/5/files/1 /sessions/5/files/2 /sessions/5/files/2/regions/3");

  almu_session_close_file (session, 2, NULL);
  assert_objects (fixture, "/sessions/5 /sessions/5/files/1");

  almu_sessions_end (fixture->sessions, session);
  assert_objects (fixture, "");

  almu_test_await (has_come_and_gone, fixture->paths);
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    g_assert_cmpstr (fixture->paths->pdata[i], ==, expected[i]);
}

static void
test_objects_before_the_bus (Fixture      *fixture,
                             gconstpointer user_data)
{
  create_full_session (fixture);
  create_session (fixture, 6);
  start_bus (fixture);

  assert_objects (fixture, "/sessions/5 /sessions/5/files/1 /sessions/5/files/1/regions/3 /sessions/6");
  assert_property (fixture, ALMU_BUS_PATH, MANAGER, "Sessions", "{'attached': 0, 'detached': 2}");
}

static void
test_objects_file_replaced (Fixture      *fixture,
                            gconstpointer user_data)
{
  AlmuSession *session = create_full_session (fixture);

  open_file (session, 1, "sub", "plain é.fits");

  assert_objects (fixture, "/sessions/5 /sessions/5/files/1");
  assert_property (fixture, F1, FILE_, "Shape", "[4, 3, 1, 1]");
}

static void
test_unexport (Fixture      *fixture,
               gconstpointer user_data)
{
  static const char *const paths[] = { ALMU_BUS_PATH, S5, F1, R3 };
  g_autoptr(GError) error = NULL;

  create_full_session (fixture);
  almu_bus_unexport (fixture->bus);
  almu_bus_unexport (fixture->bus);

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr(GVariant) reply = NULL;
      const char *xml;

      call_badly (fixture, paths[i], PROPERTIES, "GetAll", g_variant_new ("(s)", ""),
                  "org.freedesktop.DBus.Error.UnknownMethod", paths[i]);
      reply = call_well (fixture, paths[i], "org.freedesktop.DBus.Introspectable", "Introspect", NULL);
      g_variant_get (reply, "(&s)", &xml);
      g_assert_null (strstr (xml, "<interface"));
      g_assert_null (strstr (xml, "<node name"));
    }

  /* and everything is there again */
  almu_bus_export (fixture->bus, fixture->service, &error);
  g_assert_no_error (error);
  assert_objects (fixture, "/sessions/5 /sessions/5/files/1 /sessions/5/files/1/regions/3");
}

static void
test_bus_goes_first (Fixture      *fixture,
                     gconstpointer user_data)
{
  AlmuSession *session = create_full_session (fixture);

  almu_test_await_finalize (g_steal_pointer (&fixture->bus));

  call_badly (fixture, S5, SESSION, "Close", NULL, "org.freedesktop.DBus.Error.UnknownMethod", S5);
  open_file (session, 2, "", "two.fits");
  draw (session, 0, 2, ALMU_SHAPE_LINE, (AlmuPoint){ 0, 0 }, (AlmuPoint){ 1, 1 }, 0);
}

static void
test_export_twice (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_autoptr(AlmuBus) other = almu_bus_new (fixture->sessions);
  g_autoptr(GError) error = NULL;

  g_assert_false (almu_bus_export (other, fixture->service, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  assert_objects (fixture, "");
}

/* -- Session1 ------------------------------------------------------------ */

static void
test_session_properties (Fixture      *fixture,
                         gconstpointer user_data)
{
  AlmuSession     *session = create_session (fixture, 5);
  g_autofree char *created = NULL;
  g_autofree char *last_seen = NULL;
  gint64           time;

  g_object_get (session, "created", &time, NULL);
  created = g_strdup_printf ("%" G_GINT64_FORMAT, time);
  assert_property (fixture, S5, SESSION, "Id", "5");
  assert_property (fixture, S5, SESSION, "State", "'detached'");
  assert_property (fixture, S5, SESSION, "Title", "''");
  assert_property (fixture, S5, SESSION, "Created", created);
  assert_property (fixture, S5, SESSION, "Epoch", "0");
  assert_property (fixture, S5, SESSION, "Peer", "''");

  almu_session_attach (session, "10.0.0.1");
  await_change (fixture, S5, SESSION, "State", "'attached'");
  await_change (fixture, S5, SESSION, "Peer", "'10.0.0.1'");
  await_change (fixture, S5, SESSION, "Epoch", "1");
  last_seen = g_strdup_printf ("%" G_GINT64_FORMAT, almu_session_get_last_seen (session));
  assert_property (fixture, S5, SESSION, "LastSeen", last_seen);

  open_file (session, 1, "", "cube.fits");
  await_change (fixture, S5, SESSION, "Title", "'cube.fits'");
  open_file (session, 2, "", "two.fits");
  await_change (fixture, S5, SESSION, "Title", "'cube.fits and 1 more'");

  almu_session_detach (session);
  await_change (fixture, S5, SESSION, "State", "'detached'");
  await_change (fixture, S5, SESSION, "Epoch", "2");
}

/* A page may send names that the bus cannot carry. */
static void
test_session_names_are_text (Fixture      *fixture,
                             gconstpointer user_data)
{
  g_autoptr(AlmuFileName) name = almu_file_name_new ("", "\xff.fits", "\xfe", 0);
  g_autoptr(GError) error = g_error_new_literal (ALMU_ERROR, ALMU_ERROR_FORMAT, "No \xff");
  g_autofree char *top = uri_of (fixture, "top");
  g_autofree char *uri = g_strdup_printf ("'%s/%%FF.fits'", top);
  g_autofree char *sessions = NULL;
  AlmuSession     *session = create_session (fixture, 5);
  AlmuFile        *file = almu_file_new (1, name);

  almu_session_attach (session, "\xff");
  almu_session_take_file (session, file);
  almu_file_fail (file, error);

  assert_property (fixture, S5, SESSION, "Title", "'\357\277\275.fits'");
  assert_property (fixture, S5, SESSION, "Peer", "'\357\277\275'");
  assert_property (fixture, F1, FILE_, "Uri", uri);
  assert_property (fixture, F1, FILE_, "Hdu", "'\357\277\275'");
  assert_property (fixture, F1, FILE_, "Error", "'No \357\277\275'");
  sessions = list_sessions (fixture, no_options ());
  g_assert_nonnull (strstr (sessions, uri));

  call_badly (fixture, F1, FILE_, "SetChannel", g_variant_new ("(uu)", 0, 0), "NotFound", "\357\277\275.fits");
  call_badly (fixture, ALMU_BUS_PATH, MANAGER, "Resume", g_variant_new ("(u)", 5), "Format", "UTF-8");
}

static void
test_session_close (Fixture      *fixture,
                    gconstpointer user_data)
{
  AlmuSession *session = create_full_session (fixture);

  almu_session_attach (session, "here");
  call_simply (fixture, S5, SESSION, "Close", NULL);

  g_assert_null (almu_sessions_lookup (fixture->sessions, 5));
  assert_objects (fixture, "");
  call_badly (fixture, S5, SESSION, "Close", NULL, "org.freedesktop.DBus.Error.UnknownMethod", S5);
}

static GVariant *
open_file_arguments (const char *uri,
                     GVariant   *options)
{
  return g_variant_new ("(s@a{sv})", uri, options);
}

static void
check_open_file (Fixture    *fixture,
                 const char *uri,
                 GVariant   *options,
                 const char *name,
                 const char *shape)
{
  g_autoptr(GVariant) reply = NULL;
  g_autofree char *path = NULL;
  g_autofree char *whole = uri_of (fixture, name);
  g_autofree char *expected_uri = g_strdup_printf ("'%s'", whole);
  guint32          id;

  reply = call_well (fixture, S5, SESSION, "OpenFile", open_file_arguments (uri, options));
  g_variant_get (reply, "(u)", &id);
  path = g_strdup_printf (S5 "/files/%u", id);

  assert_property (fixture, path, FILE_, "State", "'open'");
  assert_property (fixture, path, FILE_, "Uri", expected_uri);
  assert_property (fixture, path, FILE_, "Shape", shape);
}

static void
test_open_file (Fixture      *fixture,
                gconstpointer user_data)
{
  g_autofree char *cube = uri_of (fixture, "link/cube.fits");
  g_autofree char *two = g_build_filename (fixture->base, "top/two.fits", NULL);
  AlmuSession     *session = create_session (fixture, 5);

  check_open_file (fixture, cube, no_options (), "top/cube.fits", "[4, 3, 5, 2]");
  check_open_file (fixture, "sub/plain é.fits", no_options (), "top/sub/plain é.fits", "[4, 3, 1, 1]");
  check_open_file (fixture, two, no_options (), "top/two.fits", "[4, 3, 1, 1]");
  check_open_file (fixture, two, one_option ("hdu", g_variant_new_string ("1")), "top/two.fits", "[7, 6, 1, 1]");
  g_assert_cmpuint (almu_session_list_files (session)->len, ==, 4);
}

static void
check_open_file_error (Fixture    *fixture,
                       const char *uri,
                       GVariant   *options,
                       const char *name,
                       const char *part)
{
  call_badly (fixture, S5, SESSION, "OpenFile", open_file_arguments (uri, options), name, part);
}

static void
test_open_file_errors (Fixture      *fixture,
                       gconstpointer user_data)
{
  AlmuSession     *session = create_session (fixture, 5);
  g_autofree char *outside = uri_of (fixture, "outside.fits");

  check_open_file_error (fixture, "missing.fits", no_options (), "NotFound", "missing.fits");
  check_open_file_error (fixture, outside, no_options (), "Refused", "outside.fits");
  check_open_file_error (fixture, "notes.txt", no_options (), "Unsupported", "notes.txt");
  check_open_file_error (fixture, "sub", no_options (), "Refused", "sub is a folder");
  check_open_file_error (fixture, ".", no_options (), "Refused", "is a folder");
  check_open_file_error (fixture, "", no_options (), "Format", "empty");
  check_open_file_error (fixture, "cube.fits", one_option ("hdu", g_variant_new_string ("7")), "NotFound", "7");
  check_open_file_error (fixture, "cube.fits", one_option ("hdu", g_variant_new_int32 (1)), "Format", "hdu");
  check_open_file_error (fixture, "cube.fits", one_option ("channel", g_variant_new_int32 (1)),
                         "Unsupported", "channel");

  g_assert_cmpuint (almu_session_list_files (session)->len, ==, 0);
  assert_objects (fixture, "/sessions/5");
}

static void
test_open_file_together (Fixture      *fixture,
                         gconstpointer user_data)
{
  GAsyncResult *results[8] = { NULL };
  AlmuSession  *session = create_session (fixture, 5);

  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    begin_call (fixture, S5, SESSION, "OpenFile", open_file_arguments ("cube.fits", no_options ()), &results[i]);

  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(GVariant) reply = NULL;

      reply = g_dbus_connection_call_finish (fixture->client, await_result (&results[i]), &error);
      g_assert_no_error (error);
      g_object_unref (results[i]);
    }

  g_assert_cmpuint (almu_session_list_files (session)->len, ==, G_N_ELEMENTS (results));
}

static void
test_open_file_of_closed_session (Fixture      *fixture,
                                  gconstpointer user_data)
{
  g_autoptr(AlmuSession) session = g_object_ref (create_session (fixture, 5));
  g_autoptr(GAsyncResult) result = NULL;
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;

  lock_gate ();
  begin_call (fixture, S5, SESSION, "OpenFile", open_file_arguments ("cube.fits", no_options ()), &result);
  call_simply (fixture, S5, SESSION, "Close", NULL);
  unlock_gate ();

  reply = g_dbus_connection_call_finish (fixture->client, await_result (&result), &error);
  g_assert_null (reply);
  assert_remote_error (error, "NotFound", "Session 5");
  g_assert_cmpuint (almu_session_list_files (session)->len, ==, 0);
  assert_objects (fixture, "");
}

/* -- File1 --------------------------------------------------------------- */

static AlmuImage *
open_image (Fixture    *fixture,
            const char *name)
{
  g_autoptr(GError) error = NULL;
  AlmuImage *image;
  int        fd = almu_folder_open (fixture->folder, NULL, name, &error);

  g_assert_no_error (error);
  image = almu_image_open (fd, name, "", 0, &error);
  g_assert_no_error (error);

  return image;
}

static void
test_file_properties (Fixture      *fixture,
                      gconstpointer user_data)
{
  g_autoptr(AlmuFileName) name = almu_file_name_new (".", "cube.fits", "0", 0);
  g_autoptr(AlmuImage) image = open_image (fixture, "cube.fits");
  g_autoptr(GError) why = g_error_new_literal (ALMU_ERROR, ALMU_ERROR_NOT_FOUND, "It is gone");
  g_autofree char *cube = uri_of (fixture, "top/cube.fits");
  g_autofree char *uri = g_strdup_printf ("'%s'", cube);
  g_autoptr(GError) error = NULL;
  AlmuSession *session = create_session (fixture, 5);
  AlmuFile    *file = almu_file_new (1, name);

  almu_file_keep_place (file, 2, 1, NULL);
  almu_session_take_file (session, file);
  assert_property (fixture, F1, FILE_, "Id", "1");
  assert_property (fixture, F1, FILE_, "Uri", uri);
  assert_property (fixture, F1, FILE_, "Hdu", "'0'");
  assert_property (fixture, F1, FILE_, "State", "'opening'");
  assert_property (fixture, F1, FILE_, "Error", "''");
  assert_property (fixture, F1, FILE_, "Shape", "[]");
  assert_property (fixture, F1, FILE_, "Channel", "2");
  assert_property (fixture, F1, FILE_, "Stokes", "1");

  almu_file_fail (file, why);
  await_change (fixture, F1, FILE_, "State", "'unavailable'");
  await_change (fixture, F1, FILE_, "Error", "'It is gone'");

  almu_file_come_alive (file, almu_sessions_get_cache (fixture->sessions), image, 0, 0);
  await_change (fixture, F1, FILE_, "State", "'open'");
  await_change (fixture, F1, FILE_, "Error", "''");
  await_change (fixture, F1, FILE_, "Shape", "[4, 3, 5, 2]");

  g_assert_true (almu_file_set_plane (file, 4, 0, &error));
  g_assert_no_error (error);
  await_change (fixture, F1, FILE_, "Channel", "4");
  await_change (fixture, F1, FILE_, "Stokes", "0");
}

/* Who has the answer has been told of the change. */
static void
assert_told (Fixture    *fixture,
             const char *path,
             const char *interface,
             const char *property,
             const char *expected)
{
  g_autofree char *key = g_strjoin (" ", path, interface, property, NULL);

  g_assert_cmpstr (g_hash_table_lookup (fixture->changes, key), ==, expected);
}

static void
test_set_channel (Fixture      *fixture,
                  gconstpointer user_data)
{
  AlmuSession *session = create_full_session (fixture);
  AlmuFile    *file = almu_session_get_file (session, 1, NULL);

  call_simply (fixture, F1, FILE_, "SetChannel", g_variant_new ("(uu)", 4, 1));
  assert_told (fixture, F1, FILE_, "Channel", "4");
  assert_told (fixture, F1, FILE_, "Stokes", "1");
  g_assert_cmpint (almu_file_get_channel (file), ==, 4);
  g_assert_cmpint (almu_file_get_stokes (file), ==, 1);

  call_badly (fixture, F1, FILE_, "SetChannel", g_variant_new ("(uu)", 5, 0), "Limit", "cube.fits");
  call_badly (fixture, F1, FILE_, "SetChannel", g_variant_new ("(uu)", 0, 2), "Limit", "cube.fits");
  call_badly (fixture, F1, FILE_, "SetChannel", g_variant_new ("(uu)", G_MAXUINT32, 0), "Limit", "4294967295");
  call_badly (fixture, F1, FILE_, "SetChannel", g_variant_new ("(uu)", 0, G_MAXUINT32), "Limit", "4294967295");
  g_assert_cmpint (almu_file_get_channel (file), ==, 4);
  g_assert_cmpint (almu_file_get_stokes (file), ==, 1);
}

static void
test_file_close (Fixture      *fixture,
                 gconstpointer user_data)
{
  AlmuSession *session = create_full_session (fixture);

  call_simply (fixture, F1, FILE_, "Close", NULL);

  g_assert_cmpuint (almu_session_list_files (session)->len, ==, 0);
  assert_objects (fixture, "/sessions/5");
  call_badly (fixture, R3, REGION, "Remove", NULL, "org.freedesktop.DBus.Error.UnknownMethod", R3);
}

/* -- Region1 ------------------------------------------------------------- */

static void
test_region_properties (Fixture      *fixture,
                        gconstpointer user_data)
{
  AlmuSession *session = create_full_session (fixture);

  assert_property (fixture, R3, REGION, "Id", "3");
  assert_property (fixture, R3, REGION, "Type", "'rectangle'");
  assert_property (fixture, R3, REGION, "ControlPoints", "[(1.0, 1.5), (2.0, 3.0)]");
  assert_property (fixture, R3, REGION, "Rotation", "30.0");

  draw (session, 3, 1, ALMU_SHAPE_ELLIPSE, (AlmuPoint){ 2, 2 }, (AlmuPoint){ 1, 0.5 }, -45);
  await_change (fixture, R3, REGION, "Type", "'ellipse'");
  await_change (fixture, R3, REGION, "ControlPoints", "[(2.0, 2.0), (1.0, 0.5)]");
  await_change (fixture, R3, REGION, "Rotation", "-45.0");
}

static GVariant *
set_arguments (guint  n_points,
               double value,
               double rotation)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(dd)"));
  for (guint i = 0; i < n_points; i++)
    g_variant_builder_add (&builder, "(dd)", value, value);

  return g_variant_new ("(@a(dd)d)", g_variant_builder_end (&builder), rotation);
}

static void
test_region_set (Fixture      *fixture,
                 gconstpointer user_data)
{
  AlmuSession     *session = create_full_session (fixture);
  AlmuRegion      *region = almu_session_get_region (session, 3, NULL);
  const AlmuShape *shape;

  call_simply (fixture, R3, REGION, "Set", set_arguments (2, 2.5, 90));
  assert_told (fixture, R3, REGION, "ControlPoints", "[(2.5, 2.5), (2.5, 2.5)]");
  assert_told (fixture, R3, REGION, "Rotation", "90.0");
  g_assert_true (almu_session_get_region (session, 3, NULL) == region);
  shape = almu_region_get_shape (region);
  g_assert_cmpint (shape->type, ==, ALMU_SHAPE_RECTANGLE);
  g_assert_cmpint (shape->n_points, ==, 2);
  g_assert_cmpfloat (shape->points[1].y, ==, 2.5f);
  g_assert_cmpfloat (shape->rotation, ==, 90);

  call_badly (fixture, R3, REGION, "Set", set_arguments (0, 1, 0), "Format", "Region 3");
  call_badly (fixture, R3, REGION, "Set", set_arguments (3, 1, 0), "Format", "rectangle");
  call_badly (fixture, R3, REGION, "Set", set_arguments (2, 0, 0), "Format", "Size");
  call_badly (fixture, R3, REGION, "Set", set_arguments (2, NAN, 0), "Format", "Control point 1");
  call_badly (fixture, R3, REGION, "Set", set_arguments (2, 1e300, 0), "Format", "Control point 1");
  call_badly (fixture, R3, REGION, "Set", set_arguments (2, 1, INFINITY), "Format", "Rotation");
  call_badly (fixture, R3, REGION, "Set", set_arguments (ALMU_LIMIT_CONTROL_POINTS + 1, 1, 0), "Limit", "100001");
  g_assert_true (almu_region_get_shape (region) == shape);
}

static void
test_region_remove (Fixture      *fixture,
                    gconstpointer user_data)
{
  AlmuSession *session = create_full_session (fixture);

  call_simply (fixture, R3, REGION, "Remove", NULL);

  g_assert_null (almu_session_get_region (session, 3, NULL));
  assert_objects (fixture, "/sessions/5 /sessions/5/files/1");
  call_badly (fixture, R3, REGION, "Remove", NULL, "org.freedesktop.DBus.Error.UnknownMethod", R3);
}

static void
add_tests (void)
{
  add_test ("/bus/objects/come-and-go", test_objects_come_and_go);
  g_test_add ("/bus/objects/before-the-bus", Fixture, NULL,
              fixture_set_up, test_objects_before_the_bus, fixture_tear_down);
  add_test ("/bus/objects/file-replaced", test_objects_file_replaced);
  add_test ("/bus/unexport", test_unexport);
  add_test ("/bus/goes-first", test_bus_goes_first);
  add_test ("/bus/export-twice", test_export_twice);
  add_test ("/bus/session/properties", test_session_properties);
  add_test ("/bus/session/names-are-text", test_session_names_are_text);
  add_test ("/bus/session/close", test_session_close);
  add_test ("/bus/session/open-file", test_open_file);
  add_test ("/bus/session/open-file/errors", test_open_file_errors);
  add_test ("/bus/session/open-file/together", test_open_file_together);
  add_test ("/bus/session/open-file/of-closed-session", test_open_file_of_closed_session);
  add_test ("/bus/file/properties", test_file_properties);
  add_test ("/bus/file/set-channel", test_set_channel);
  add_test ("/bus/file/close", test_file_close);
  add_test ("/bus/region/properties", test_region_properties);
  add_test ("/bus/region/set", test_region_set);
  add_test ("/bus/region/remove", test_region_remove);
}

int
main (int   argc,
      char *argv[])
{
  return run_bus_tests (&argc, &argv, add_tests);
}
