/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-desktop.h"

#include <glib/gi18n.h>

/* A service that nobody sees shows pages and says what is wrong by others:
 * a browser that it started itself would inherit what its unit forbids, and
 * die with it.
 */

#define PORTAL "org.freedesktop.portal.Desktop"
#define PORTAL_PATH "/org/freedesktop/portal/desktop"
#define PORTAL_OPEN "org.freedesktop.portal.OpenURI"

#define SYSTEMD "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER "org.freedesktop.systemd1.Manager"

/* What systemd tells those whom it has started. */
static gboolean
is_in_unit (void)
{
  return g_getenv ("INVOCATION_ID") != NULL;
}

/* The address is not logged: it holds the token. */
static void
give_up (const GError *error)
{
  g_warning ("No browser could be started to show a page: %s", error->message);
}

static void
on_launched (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr(GError) error = NULL;

  if (!g_app_info_launch_default_for_uri_finish (result, &error))
    give_up (error);
}

static void
on_unit_started (GObject      *source,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autofree char *url = user_data;
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;

  reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  if (reply == NULL)
    give_up (error);
}

/* A unit of its own, beside ours. */
static void
start_unit (GDBusConnection *connection,
            char            *url)
{
  const char *const command[] = { "xdg-open", url, NULL };
  g_autofree char  *name = g_strdup_printf ("almucantar-page-%08x.service", g_random_int ());
  GVariantBuilder   properties;
  GVariantBuilder   commands;

  g_variant_builder_init (&commands, G_VARIANT_TYPE ("a(sasb)"));
  g_variant_builder_add (&commands, "(s^asb)", "xdg-open", command, FALSE);
  g_variant_builder_init (&properties, G_VARIANT_TYPE ("a(sv)"));
  g_variant_builder_add (&properties, "(sv)", "Description", g_variant_new_string ("Page of Almucantar"));
  g_variant_builder_add (&properties, "(sv)", "CollectMode", g_variant_new_string ("inactive-or-failed"));
  g_variant_builder_add (&properties, "(sv)", "ExecStart", g_variant_builder_end (&commands));

  g_dbus_connection_call (connection, SYSTEMD, SYSTEMD_PATH, SYSTEMD_MANAGER, "StartTransientUnit",
                          g_variant_new ("(ssa(sv)a(sa(sv)))", name, "fail", &properties, NULL),
                          G_VARIANT_TYPE ("(o)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL,
                          on_unit_started, url);
}

static void
on_portal_asked (GObject      *source,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autofree char *url = user_data;
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;

  reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  if (reply != NULL)
    return;

  g_info ("No portal that shows pages: %s", error->message);
  if (is_in_unit ())
    start_unit (G_DBUS_CONNECTION (source), g_steal_pointer (&url));
  else
    g_app_info_launch_default_for_uri_async (url, NULL, NULL, on_launched, NULL);
}

/**
 * almu_desktop_show:
 * @connection: the session bus
 * @url: a page
 *
 * Shows a page to the user of the desktop: by its portal; else by a unit of
 * systemd's; else by the browser, started from here.
 */
void
almu_desktop_show (GDBusConnection *connection,
                   const char      *url)
{
  g_return_if_fail (G_IS_DBUS_CONNECTION (connection));
  g_return_if_fail (url != NULL);

  g_dbus_connection_call (connection, PORTAL, PORTAL_PATH, PORTAL_OPEN, "OpenURI",
                          g_variant_new ("(ssa{sv})", "", url, NULL),
                          G_VARIANT_TYPE ("(o)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL,
                          on_portal_asked, g_strdup (url));
}

/**
 * almu_desktop_complain:
 * @application: in whose name
 * @error: why something that the user clicked on cannot be shown
 *
 * Says so in a notification.
 */
void
almu_desktop_complain (GApplication *application,
                       const GError *error)
{
  g_autoptr(GNotification) notification = g_notification_new (_ ("The files cannot be shown"));

  g_return_if_fail (G_IS_APPLICATION (application));
  g_return_if_fail (error != NULL);

  g_notification_set_body (notification, error->message);
  g_application_send_notification (application, "open", notification);
}
