/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "bus-fixture.h"

#include <glib/gstdio.h>
#include <unistd.h>

#include "almu-workers.h"

static GTestDBus *bus_daemon;

/* -- files --------------------------------------------------------------- */

static double
one (const gint64 *position,
     gpointer      user_data)
{
  return 1;
}

static void
begin_image (AlmuTestFits *fits,
             gboolean      is_extension,
             int           n_axes,
             const gint64 *shape)
{
  if (is_extension)
    almu_test_fits_begin_extension (fits, -32, n_axes, shape, "IMAGE");
  else
    almu_test_fits_begin (fits, -32, n_axes, shape);
  if (n_axes > 2)
    {
      almu_test_fits_card (fits, "CTYPE3", "'FREQ'");
      almu_test_fits_card (fits, "CTYPE4", "'STOKES'");
    }
  almu_test_fits_end_header (fits);
  almu_test_fits_fill (fits, one, NULL);
  almu_test_fits_end (fits);
}

static void
put_image (Fixture    *fixture,
           const char *folder,
           const char *name,
           int         n_axes)
{
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();
  g_autofree char *where = g_build_filename (fixture->base, folder, NULL);
  g_autofree char *path = NULL;

  begin_image (fits, FALSE, n_axes, (gint64[]){ 4, 3, 5, 2 });
  if (g_str_equal (name, "two.fits"))
    begin_image (fits, TRUE, 2, (gint64[]){ 7, 6 });
  path = almu_test_fits_save (fits, where, name);
}

static void
put_files (Fixture *fixture)
{
  g_autofree char *sub = g_build_filename (fixture->base, "top", "sub", NULL);
  g_autofree char *top = g_build_filename (fixture->base, "top", NULL);
  g_autofree char *link = g_build_filename (fixture->base, "link", NULL);
  g_autofree char *notes = g_build_filename (top, "notes.txt", NULL);
  g_autoptr(GError) error = NULL;

  g_assert_cmpint (g_mkdir_with_parents (sub, 0700), ==, 0);
  g_assert_cmpint (symlink (top, link), ==, 0);
  g_file_set_contents (notes, "no image", -1, &error);
  g_assert_no_error (error);

  put_image (fixture, "top", "cube.fits", 4);
  put_image (fixture, "top", "a,b.fits", 2);
  put_image (fixture, "top", "two.fits", 2);
  put_image (fixture, "top/sub", "plain é.fits", 2);
  put_image (fixture, ".", "outside.fits", 2);
}

char *
uri_of (Fixture    *fixture,
        const char *name)
{
  g_autofree char *path = g_build_filename (fixture->base, name, NULL);

  return g_filename_to_uri (path, NULL, NULL);
}

/* -- both ends ----------------------------------------------------------- */

static GDBusConnection *
connect_to_bus (void)
{
  g_autoptr(GError) error = NULL;
  GDBusConnection *connection;

  connection = g_dbus_connection_new_for_address_sync (g_test_dbus_get_bus_address (bus_daemon),
                                                       G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                         G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                                       NULL, NULL, &error);
  g_assert_no_error (error);

  return connection;
}

static void
on_signal (GDBusConnection *connection,
           const char      *sender,
           const char      *path,
           const char      *interface,
           const char      *signal,
           GVariant        *parameters,
           gpointer         user_data)
{
  Fixture *fixture = user_data;

  if (g_str_equal (signal, "PropertiesChanged"))
    {
      const char *changed;
      const char *property;
      GVariant   *value;
      g_autoptr(GVariantIter) iter = NULL;

      g_variant_get (parameters, "(&sa{sv}as)", &changed, &iter, NULL);
      while (g_variant_iter_next (iter, "{&sv}", &property, &value))
        {
          g_hash_table_replace (fixture->changes,
                                g_strjoin (" ", path, changed, property, NULL),
                                g_variant_print (value, FALSE));
          g_variant_unref (value);
        }
    }
  else if (g_str_equal (interface, OBJECTS))
    {
      g_autoptr(GVariant) object = g_variant_get_child_value (parameters, 0);
      gboolean is_added = g_str_equal (signal, "InterfacesAdded");

      g_ptr_array_add (fixture->paths,
                       g_strconcat (is_added ? "+" : "-", g_variant_get_string (object, NULL), NULL));
    }
}

void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  g_autoptr(AlmuCache) cache = almu_cache_new (1 << 20);
  g_autoptr(GError) error = NULL;
  g_autofree char *made = almu_test_make_folder ();
  g_autofree char *top = NULL;

  fixture->base = realpath (made, NULL);
  put_files (fixture);

  top = g_build_filename (fixture->base, "top", NULL);
  fixture->folder = almu_folder_new (top, NULL, &error);
  g_assert_no_error (error);
  fixture->sessions = almu_sessions_new (fixture->folder, cache, 3600);

  fixture->changes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  fixture->paths = g_ptr_array_new_with_free_func (g_free);
  fixture->service = connect_to_bus ();
  fixture->client = connect_to_bus ();
  fixture->subscription =
    g_dbus_connection_signal_subscribe (fixture->client,
                                        g_dbus_connection_get_unique_name (fixture->service),
                                        NULL, NULL, NULL, NULL,
                                        G_DBUS_SIGNAL_FLAGS_NONE, on_signal, fixture, NULL);
}

void
start_bus (Fixture *fixture)
{
  g_autoptr(AlmuPageAddress) address = almu_page_address_new ("http://localhost:3002/p", "secret");
  g_autoptr(GError) error = NULL;

  fixture->bus = almu_bus_new (fixture->sessions);
  almu_bus_set_page_address (fixture->bus, address);
  almu_bus_export (fixture->bus, fixture->service, &error);
  g_assert_no_error (error);
}

void
fixture_set_up_exported (Fixture      *fixture,
                         gconstpointer user_data)
{
  fixture_set_up (fixture, user_data);
  start_bus (fixture);
}

static void
close_connection (GDBusConnection *connection)
{
  g_autoptr(GError) error = NULL;

  /* GDBus drops its last reference on a thread of its own */
  g_dbus_connection_close_sync (connection, NULL, &error);
  g_assert_no_error (error);
  g_object_unref (connection);
}

static void
end_sessions (AlmuSessions *sessions)
{
  g_autoptr(GPtrArray) list = almu_sessions_list (sessions);

  for (guint i = 0; i < list->len; i++)
    almu_sessions_end (sessions, list->pdata[i]);
}

void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  if (fixture->bus != NULL)
    {
      almu_bus_unexport (fixture->bus);
      almu_test_await_finalize (fixture->bus);
    }
  end_sessions (fixture->sessions);
  almu_test_await_finalize (fixture->sessions);
  almu_test_await_finalize (fixture->folder);
  g_dbus_connection_signal_unsubscribe (fixture->client, fixture->subscription);
  close_connection (fixture->client);
  close_connection (fixture->service);
  g_hash_table_unref (fixture->changes);
  g_ptr_array_unref (fixture->paths);
  almu_test_remove_folder (fixture->base);
  free (fixture->base);
}

/* -- what a client does -------------------------------------------------- */

void
on_ready (GObject      *source,
          GAsyncResult *result,
          gpointer      user_data)
{
  GAsyncResult **place = user_data;

  *place = g_object_ref (result);
}

GAsyncResult *
await_result (GAsyncResult **place)
{
  while (*place == NULL)
    g_main_context_iteration (NULL, TRUE);

  return *place;
}

void
begin_call (Fixture       *fixture,
            const char    *path,
            const char    *interface,
            const char    *method,
            GVariant      *parameters,
            GAsyncResult **place)
{
  g_dbus_connection_call (fixture->client, g_dbus_connection_get_unique_name (fixture->service),
                          path, interface, method, parameters, NULL,
                          G_DBUS_CALL_FLAGS_NONE, G_MAXINT, NULL, on_ready, place);
}

GVariant *
call (Fixture    *fixture,
      const char *path,
      const char *interface,
      const char *method,
      GVariant   *parameters,
      GError    **error)
{
  g_autoptr(GAsyncResult) result = NULL;

  begin_call (fixture, path, interface, method, parameters, &result);

  return g_dbus_connection_call_finish (fixture->client, await_result (&result), error);
}

GVariant *
call_well (Fixture    *fixture,
           const char *path,
           const char *interface,
           const char *method,
           GVariant   *parameters)
{
  g_autoptr(GError) error = NULL;
  GVariant *reply = call (fixture, path, interface, method, parameters, &error);

  g_assert_no_error (error);

  return reply;
}

void
call_simply (Fixture    *fixture,
             const char *path,
             const char *interface,
             const char *method,
             GVariant   *parameters)
{
  g_variant_unref (call_well (fixture, path, interface, method, parameters));
}

/* @part is a piece of the message. */
void
assert_remote_error (GError     *error,
                     const char *name,
                     const char *part)
{
  g_autofree char *remote = NULL;

  g_assert_nonnull (error);
  remote = g_dbus_error_get_remote_error (error);
  if (g_str_has_prefix (name, "org."))
    {
      g_assert_cmpstr (remote, ==, name);
    }
  else
    {
      g_autofree char *full = g_strconcat (INTERFACE "Error.", name, NULL);

      g_assert_cmpstr (remote, ==, full);
    }

  if (strstr (error->message, part) == NULL)
    g_error ("\"%s\" is not in \"%s\"", part, error->message);
}

void
call_badly (Fixture    *fixture,
            const char *path,
            const char *interface,
            const char *method,
            GVariant   *parameters,
            const char *name,
            const char *part)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = call (fixture, path, interface, method, parameters, &error);

  g_assert_null (reply);
  assert_remote_error (error, name, part);
}

void
assert_property (Fixture    *fixture,
                 const char *path,
                 const char *interface,
                 const char *property,
                 const char *expected)
{
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GVariant) value = NULL;
  g_autofree char *text = NULL;

  reply = call_well (fixture, path, PROPERTIES, "Get", g_variant_new ("(ss)", interface, property));
  g_variant_get (reply, "(v)", &value);
  text = g_variant_print (value, FALSE);
  g_assert_cmpstr (text, ==, expected);
}

/* Waits until the client is told, and sees that it can also ask. */
void
await_change (Fixture    *fixture,
              const char *path,
              const char *interface,
              const char *property,
              const char *expected)
{
  g_autofree char *key = g_strjoin (" ", path, interface, property, NULL);

  while (g_strcmp0 (g_hash_table_lookup (fixture->changes, key), expected) != 0)
    g_main_context_iteration (NULL, TRUE);

  g_hash_table_remove (fixture->changes, key);
  assert_property (fixture, path, interface, property, expected);
}

static int
compare_text (gconstpointer a,
              gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* The managed objects, without the root path, one after the other. */
static char *
list_objects (Fixture *fixture)
{
  g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GVariantIter) iter = NULL;
  const char *path;
  GVariant   *interfaces;

  reply = call_well (fixture, ALMU_BUS_PATH, OBJECTS, "GetManagedObjects", NULL);
  g_variant_get (reply, "(a{oa{sa{sv}}})", &iter);
  while (g_variant_iter_next (iter, "{&o@a{sa{sv}}}", &path, &interfaces))
    {
      g_assert_true (g_str_has_prefix (path, ALMU_BUS_PATH "/"));
      g_ptr_array_add (paths, g_strdup (path + strlen (ALMU_BUS_PATH)));
      g_variant_unref (interfaces);
    }
  g_ptr_array_sort (paths, compare_text);
  g_ptr_array_add (paths, NULL);

  return g_strjoinv (" ", (char **) paths->pdata);
}

void
assert_objects (Fixture    *fixture,
                const char *expected)
{
  g_autofree char *objects = list_objects (fixture);

  g_assert_cmpstr (objects, ==, expected);
}

/* -- what the other door does -------------------------------------------- */

AlmuSession *
create_session (Fixture *fixture,
                guint32  id)
{
  g_autoptr(GError) error = NULL;
  AlmuSession *session = almu_sessions_create (fixture->sessions, id, &error);

  g_assert_no_error (error);

  return session;
}

AlmuFile *
open_file (AlmuSession *session,
           int          file_id,
           const char  *directory,
           const char  *base)
{
  g_autoptr(AlmuFileName) name = almu_file_name_new (directory, base, "", 0);
  g_autoptr(GAsyncResult) result = NULL;
  g_autoptr(AlmuFile) file = NULL;
  g_autoptr(GError) error = NULL;

  almu_session_open_file_async (session, file_id, name, NULL, on_ready, &result);
  file = almu_session_open_file_finish (session, await_result (&result), &error);
  g_assert_no_error (error);

  return file;
}

AlmuRegion *
draw (AlmuSession  *session,
      int           region_id,
      int           file_id,
      AlmuShapeType type,
      AlmuPoint     first,
      AlmuPoint     second,
      float         rotation)
{
  const AlmuPoint points[] = { first, second };
  g_autoptr(AlmuShape) shape = NULL;
  g_autoptr(GError) error = NULL;
  AlmuRegion *region;

  shape = almu_shape_new (type, points, G_N_ELEMENTS (points), rotation, &error);
  g_assert_no_error (error);
  region = almu_session_set_region (session, region_id, file_id, shape, &error);
  g_assert_no_error (error);

  return region;
}

static GMutex gate;

static void
wait_at_gate (GTask        *task,
              gpointer      source_object,
              gpointer      task_data,
              GCancellable *cancellable)
{
  g_mutex_lock (&gate);
  g_mutex_unlock (&gate);
  g_task_return_boolean (task, TRUE);
}

/* Nothing that needs a worker gets on before the gate is unlocked. */
void
lock_gate (void)
{
  g_mutex_lock (&gate);
  for (guint i = 0; i < almu_workers_get_threads (); i++)
    {
      g_autoptr(GTask) task = g_task_new (NULL, NULL, NULL, NULL);

      almu_workers_run (task, ALMU_PRIORITY_CURSOR, wait_at_gate);
    }
}

void
unlock_gate (void)
{
  g_mutex_unlock (&gate);
}

AlmuSession *
create_full_session (Fixture *fixture)
{
  AlmuSession *session = create_session (fixture, 5);

  open_file (session, 1, "", "cube.fits");
  draw (session, 3, 1, ALMU_SHAPE_RECTANGLE, (AlmuPoint){ 1, 1.5 }, (AlmuPoint){ 2, 3 }, 30);

  return session;
}

GVariant *
no_options (void)
{
  return g_variant_new_array (G_VARIANT_TYPE ("{sv}"), NULL, 0);
}

GVariant *
one_option (const char *name,
            GVariant   *value)
{
  GVariant *entry = g_variant_new_dict_entry (g_variant_new_string (name), g_variant_new_variant (value));

  return g_variant_new_array (G_VARIANT_TYPE ("{sv}"), &entry, 1);
}

char *
list_sessions (Fixture  *fixture,
               GVariant *filter)
{
  g_autoptr(GVariant) reply = NULL;

  reply = call_well (fixture, ALMU_BUS_PATH, MANAGER, "ListSessions", g_variant_new ("(@a{sv})", filter));

  return g_variant_print (reply, FALSE);
}

/* Runs what @add_tests adds, on a bus of their own. */
int
run_bus_tests (int    *argc,
               char ***argv,
               void (*add_tests) (void))
{
  int status;

  g_test_init (argc, argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  if (almu_test_lacks_bus ())
    return 0;

  bus_daemon = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (bus_daemon);
  add_tests ();
  status = g_test_run ();
  g_test_dbus_down (bus_daemon);
  g_object_unref (bus_daemon);

  return status;
}
