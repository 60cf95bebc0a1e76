/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "almu-test-bus.h"
#include "almu-test.h"

#define APPLICATION "org.freedesktop.Application"

/* A desktop without a desktop: what shows pages, what starts units and what
 * notifies, each with one method that writes down what it was asked. */
typedef struct
{
  const char *name;
  const char *path;
  const char *xml;
} Service;

static const Service portal = {
  "org.freedesktop.portal.Desktop",
  "/org/freedesktop/portal/desktop",
  "<node><interface name='org.freedesktop.portal.OpenURI'><method name='OpenURI'>"
  "<arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='a{sv}' direction='in'/>"
  "<arg type='o' direction='out'/></method></interface></node>",
};

static const Service systemd = {
  "org.freedesktop.systemd1",
  "/org/freedesktop/systemd1",
  "<node><interface name='org.freedesktop.systemd1.Manager'><method name='StartTransientUnit'>"
  "<arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='a(sv)' direction='in'/>"
  "<arg type='a(sa(sv))' direction='in'/><arg type='o' direction='out'/></method></interface></node>",
};

static const Service notifications = {
  "org.freedesktop.Notifications",
  "/org/freedesktop/Notifications",
  "<node><interface name='org.freedesktop.Notifications'><method name='Notify'>"
  "<arg type='s' direction='in'/><arg type='u' direction='in'/><arg type='s' direction='in'/>"
  "<arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='as' direction='in'/>"
  "<arg type='a{sv}' direction='in'/><arg type='i' direction='in'/>"
  "<arg type='u' direction='out'/></method></interface></node>",
};

typedef struct
{
  AlmuTestBus     *bus;
  GDBusConnection *client;
  GDBusConnection *desktop;
  char            *asked; /* "METHOD PARAMETERS", of the last call of the desktop */
  char            *image;
} Fixture;

static void
on_asked (GDBusConnection       *connection,
          const char            *sender,
          const char            *path,
          const char            *interface,
          const char            *method,
          GVariant              *parameters,
          GDBusMethodInvocation *invocation,
          gpointer               user_data)
{
  Fixture         *fixture = user_data;
  g_autofree char *text = g_variant_print (parameters, FALSE);

  g_free (fixture->asked);
  fixture->asked = g_strconcat (method, " ", text, NULL);
  g_dbus_method_invocation_return_value (invocation,
                                         g_str_equal (method, "Notify") ? g_variant_new ("(u)", 1)
                                                                        : g_variant_new ("(o)", "/done"));
}

static void
offer (Fixture       *fixture,
       const Service *service)
{
  static const GDBusInterfaceVTable vtable = { .method_call = on_asked };
  g_autoptr(GDBusNodeInfo) info = NULL;
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;

  info = g_dbus_node_info_new_for_xml (service->xml, &error);
  g_assert_no_error (error);
  g_dbus_connection_register_object (fixture->desktop, service->path, info->interfaces[0], &vtable, fixture, NULL, &error);
  g_assert_no_error (error);
  reply = g_dbus_connection_call_sync (fixture->desktop, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                       "org.freedesktop.DBus", "RequestName", g_variant_new ("(su)", service->name, 4),
                                       NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  g_assert_no_error (error);
}

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  g_autoptr(GError) error = NULL;

  fixture->bus = almu_test_bus_up (NULL);
  fixture->client = almu_test_bus_connect (fixture->bus);
  fixture->desktop = almu_test_bus_connect (fixture->bus);
  fixture->image = g_build_filename (almu_test_bus_get_folder (fixture->bus), "a b.fits", NULL);
  g_file_set_contents (fixture->image, "no image", -1, &error);
  g_assert_no_error (error);
}

/* Started as systemd does; the bus would not hand the variable on. */
static void
fixture_set_up_unit (Fixture      *fixture,
                     gconstpointer user_data)
{
  g_autofree char *program = g_strdup (g_getenv ("ALMUCANTARD"));
  g_autofree char *command = g_strdup_printf ("/usr/bin/env INVOCATION_ID=0123456789abcdef0123456789abcdef %s", program);

  g_setenv ("ALMUCANTARD", command, TRUE);
  fixture_set_up (fixture, user_data);
  g_setenv ("ALMUCANTARD", program, TRUE);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_test_bus_disconnect (fixture->desktop);
  almu_test_bus_disconnect (fixture->client);
  almu_test_bus_down (fixture->bus);
  g_free (fixture->asked);
  g_free (fixture->image);
}

static void
call (Fixture    *fixture,
      const char *method,
      GVariant   *parameters,
      GError    **error)
{
  g_autoptr(GVariant) reply = NULL;

  reply = g_dbus_connection_call_sync (fixture->client, ALMU_BUS_NAME, ALMU_BUS_PATH, APPLICATION, method, parameters,
                                       NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, error);
}

static void
call_open (Fixture    *fixture,
           const char *path,
           GError    **error)
{
  g_autofree char *uri = g_filename_to_uri (path, NULL, NULL);
  const char      *uris[] = { uri, NULL };

  call (fixture, "Open", g_variant_new ("(^asa{sv})", uris, NULL), error);
}

static gboolean
is_asked (gpointer user_data)
{
  return ((Fixture *) user_data)->asked != NULL;
}

static void
assert_asked (Fixture    *fixture,
              const char *method,
              const char *part)
{
  almu_test_await (is_asked, fixture);
  g_test_message ("%s", fixture->asked);
  g_assert_true (g_str_has_prefix (fixture->asked, method));
  g_assert_nonnull (strstr (fixture->asked, part));
}

static void
test_open (Fixture      *fixture,
           gconstpointer user_data)
{
  g_autoptr(GError) error = NULL;

  offer (fixture, &portal);
  call_open (fixture, fixture->image, &error);
  g_assert_no_error (error);

  assert_asked (fixture, "OpenURI ", "&file=a%20b.fits");
  g_assert_nonnull (strstr (fixture->asked, "/s/"));
}

static void
test_activate (Fixture      *fixture,
               gconstpointer user_data)
{
  g_autoptr(GError) error = NULL;

  offer (fixture, &portal);
  call (fixture, "Activate", g_variant_new ("(a{sv})", NULL), &error);
  g_assert_no_error (error);

  assert_asked (fixture, "OpenURI ", "/?token=");
  g_assert_null (strstr (fixture->asked, "/s/"));
}

static void
test_no_portal (Fixture      *fixture,
                gconstpointer user_data)
{
  g_autoptr(GError) error = NULL;

  offer (fixture, &systemd);
  call_open (fixture, fixture->image, &error);
  g_assert_no_error (error);

  assert_asked (fixture, "StartTransientUnit ", "['xdg-open', 'http://127.0.0.1:");
}

static void
test_missing (Fixture      *fixture,
              gconstpointer user_data)
{
  g_autofree char *path = g_build_filename (almu_test_bus_get_folder (fixture->bus), "gone.fits", NULL);
  g_autoptr(GError) error = NULL;

  offer (fixture, &notifications);
  call_open (fixture, path, &error);
  g_assert_no_error (error);

  assert_asked (fixture, "Notify ", "gone.fits");
}

#define add_test(path, set_up, func) \
  g_test_add (path, Fixture, NULL, set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/daemon/desktop/open", fixture_set_up, test_open);
  add_test ("/daemon/desktop/activate", fixture_set_up, test_activate);
  add_test ("/daemon/desktop/no-portal", fixture_set_up_unit, test_no_portal);
  add_test ("/daemon/desktop/missing", fixture_set_up, test_missing);

  return g_test_run ();
}
