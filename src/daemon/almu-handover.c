/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-handover.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#include "almu-launch.h"
#include "almu-page-address.h"

#define MANAGER "io.github.almucantar.Almucantar.Manager1"

/* One process owns a state folder. What a second start does that finds it
 * owned depends on who asked for it, and on whether the owner is here to
 * stay: while it starts, and while it may be leaving, it tells no address.
 */

/* -- waiting for the owner ----------------------------------------------- */

typedef struct
{
  gboolean is_over;
  gboolean was_owned; /* the name on the bus */
} Wait;

/* Not ours yet when this returns: everybody who waited may try. */
static void
await_lock_worker (GTask        *task,
                   gpointer      source_object,
                   gpointer      task_data,
                   GCancellable *cancellable)
{
  int          fd = open (task_data, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };

  while (fd >= 0 && fcntl (fd, F_OFD_SETLKW, &lock) != 0 && errno == EINTR)
    ;
  if (fd >= 0)
    close (fd);
  g_task_return_boolean (task, TRUE);
}

static void
on_unlocked (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  gboolean *is_free = user_data;

  *is_free = TRUE;
}

static void
on_changed (GFileMonitor     *monitor,
            GFile            *file,
            GFile            *other,
            GFileMonitorEvent event,
            Wait             *wait)
{
  wait->is_over = TRUE;
}

static void
on_appeared (GDBusConnection *connection,
             const char      *name,
             const char      *owner,
             gpointer         user_data)
{
  Wait *wait = user_data;

  wait->is_over = wait->is_over || !wait->was_owned;
}

static void
on_vanished (GDBusConnection *connection,
             const char      *name,
             gpointer         user_data)
{
  Wait *wait = user_data;

  wait->is_over = wait->is_over || wait->was_owned;
}

/* Until the folder is free, its owner tells its address, or the name on the
 * bus changes hands. There is one waiting thread at most: it cannot be
 * called back. */
static void
await_change (const char      *state_dir,
              GDBusConnection *connection,
              gboolean         is_owned)
{
  static gboolean  is_waiting;
  static gboolean  is_free;
  Wait             wait = { .was_owned = is_owned };
  g_autofree char *lock_path = almu_state_dir_dup_lock_path (state_dir);
  g_autofree char *address = NULL;
  g_autoptr(GFile) file = g_file_new_for_path (lock_path);
  g_autoptr(GFileMonitor) monitor = g_file_monitor_file (file, G_FILE_MONITOR_NONE, NULL, NULL);
  guint watch = 0;

  if (!is_waiting)
    {
      g_autoptr(GTask) task = g_task_new (NULL, NULL, on_unlocked, &is_free);

      g_task_set_task_data (task, g_strdup (lock_path), g_free);
      g_task_run_in_thread (task, await_lock_worker);
      is_waiting = TRUE;
      is_free = FALSE;
    }
  if (monitor != NULL)
    g_signal_connect (monitor, "changed", G_CALLBACK (on_changed), &wait);
  if (connection != NULL)
    watch = g_bus_watch_name_on_connection (connection, ALMU_BUS_NAME, G_BUS_NAME_WATCHER_FLAGS_NONE,
                                            on_appeared, on_vanished, &wait, NULL);

  /* told before anybody listened */
  address = almu_state_dir_dup_running_address (state_dir);
  while (address == NULL && !wait.is_over && !is_free)
    g_main_context_iteration (NULL, TRUE);

  is_waiting = !is_free;
  if (watch != 0)
    g_bus_unwatch_name (watch);
  if (monitor != NULL)
    g_signal_handlers_disconnect_by_data (monitor, &wait);
}

/* -- asking the owner ---------------------------------------------------- */

static gboolean
has_owner (GDBusConnection *connection)
{
  g_autoptr(GVariant) reply = NULL;
  gboolean is_owned = FALSE;

  if (connection == NULL)
    return FALSE;

  reply = g_dbus_connection_call_sync (connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                       "org.freedesktop.DBus", "NameHasOwner",
                                       g_variant_new ("(s)", ALMU_BUS_NAME), G_VARIANT_TYPE ("(b)"),
                                       G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);
  if (reply != NULL)
    g_variant_get (reply, "(b)", &is_owned);

  return is_owned;
}

static gboolean
same_address (const char *one,
              const char *other)
{
  gsize length = strlen (one);
  gsize other_length = strlen (other);

  length -= length > 0 && one[length - 1] == '/';
  other_length -= other_length > 0 && other[other_length - 1] == '/';

  return length == other_length && strncmp (one, other, length) == 0;
}

/* The name may belong to a service with another state folder. */
static gboolean
is_on_bus (GDBusConnection *connection,
           const char      *address)
{
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GVariant) value = NULL;

  if (connection == NULL)
    return FALSE;

  reply = g_dbus_connection_call_sync (connection, ALMU_BUS_NAME, ALMU_BUS_PATH,
                                       "org.freedesktop.DBus.Properties", "Get",
                                       g_variant_new ("(ss)", MANAGER, "Address"), G_VARIANT_TYPE ("(v)"),
                                       G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL);
  if (reply == NULL)
    return FALSE;

  g_variant_get (reply, "(v)", &value);

  return g_variant_is_of_type (value, G_VARIANT_TYPE_STRING) &&
         same_address (g_variant_get_string (value, NULL), address);
}

static GVariant *
list_uris (const AlmuOptions *options)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_STRING_ARRAY);
  for (guint i = 0; i < options->files->len; i++)
    {
      g_autofree char *path = g_build_filename (options->top_level_folder, options->files->pdata[i], NULL);

      g_variant_builder_add_value (&builder, g_variant_new_take_string (g_filename_to_uri (path, NULL, NULL)));
    }

  if (options->files->len == 0 && options->folder_named)
    g_variant_builder_add_value (&builder,
                                 g_variant_new_take_string (g_filename_to_uri (options->starting_folder, NULL, NULL)));

  return g_variant_builder_end (&builder);
}

static char *
open_on_bus (const AlmuOptions *options,
             GDBusConnection   *connection,
             const char        *address,
             GError           **error)
{
  g_autoptr(GVariant) reply = NULL;
  char *url = NULL;

  reply = g_dbus_connection_call_sync (connection, ALMU_BUS_NAME, ALMU_BUS_PATH, MANAGER, "Open",
                                       g_variant_new ("(@as@a{sv})", list_uris (options),
                                                      g_variant_new_array (G_VARIANT_TYPE ("{sv}"), NULL, 0)),
                                       G_VARIANT_TYPE ("(us)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, error);
  if (reply == NULL)
    {
      if (error != NULL && *error != NULL)
        g_dbus_error_strip_remote_error (*error);
      g_prefix_error (error, _ ("The service at %s does not open it: "), address);
      return NULL;
    }

  g_variant_get (reply, "(us)", NULL, &url);

  return url;
}

/* What the page calls the folder. */
static const char *
get_folder (const AlmuOptions *options)
{
  const char *below = options->starting_folder + strlen (options->top_level_folder);

  return *below == '/' ? below + 1 : below;
}

/* Nobody can be asked: the page itself is told, by its address. */
static char *
make_url (const AlmuOptions *options,
          const char        *running)
{
  g_autofree char *token = g_strdup (options->auth_token);
  const char      *folder = NULL;
  g_autoptr(AlmuPageAddress) address = NULL;
  g_autoptr(GPtrArray) files = g_ptr_array_new ();

  if (token == NULL && !options->debug_no_auth)
    token = almu_state_dir_dup_kept_token (options->state_dir);
  if (options->files->len == 0 && options->folder_named)
    folder = get_folder (options);
  for (guint i = 0; i < options->files->len; i++)
    g_ptr_array_add (files, options->files->pdata[i]);
  g_ptr_array_add (files, NULL);
  address = almu_page_address_new (running, token);

  return almu_page_address_make (address, 0, folder, (const char *const *) files->pdata);
}

static gboolean
hand_over (const AlmuOptions *options,
           GDBusConnection   *connection,
           const char        *address,
           GError           **error)
{
  g_autofree char *url = NULL;

  if (is_on_bus (connection, address))
    url = open_on_bus (options, connection, address, error);
  else
    url = make_url (options, address);
  if (url == NULL)
    return FALSE;

  g_message ("The service is running already; CARTA is accessible at %s", url);
  almu_launch_browser (options, url);

  return TRUE;
}

/* ------------------------------------------------------------------------ */

typedef enum
{
  WAIT,
  HAND_OVER,
  NOTHING_TO_DO,
  GIVE_UP,
} Decision;

/* @address is what the owner tells now, or NULL. */
static Decision
decide (const AlmuOptions *options,
        const char        *address,
        gboolean           is_owned)
{
  if (options->activated)
    {
      /* the bus gives what waits there to whoever has the name */
      if (is_owned)
        return NOTHING_TO_DO;
      return address == NULL ? WAIT : GIVE_UP;
    }

  if (address == NULL)
    return WAIT;

  return options->has_settings ? GIVE_UP : HAND_OVER;
}

/**
 * almu_handover_open:
 * @options: of this start
 * @connection: (nullable): the session bus
 * @error: return location for an error
 *
 * Makes this process the owner of its state folder. If there is an owner
 * who stays, a start that only names files or a folder passes them on, one
 * that the bus has asked for leaves the work to the owner, and any other
 * one fails and names its address. Runs the main context while it waits.
 *
 * Returns: (nullable): the folder, or %NULL without @error if all is done
 */
AlmuStateDir *
almu_handover_open (const AlmuOptions *options,
                    GDBusConnection   *connection,
                    GError           **error)
{
  while (TRUE)
    {
      g_autoptr(GError) local_error = NULL;
      g_autofree char *address = NULL;
      gboolean         is_owned;
      AlmuStateDir    *state_dir = almu_state_dir_open (options->state_dir, &local_error);
      Decision         decision;

      if (state_dir != NULL)
        return state_dir;
      if (!g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_BUSY))
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return NULL;
        }

      /* an owner withdraws its address before the name and tells it after:
       * in this order the two cannot be missed both */
      is_owned = has_owner (connection);
      address = almu_state_dir_dup_running_address (options->state_dir);
      decision = decide (options, address, is_owned);
      if (decision == GIVE_UP && options->activated && has_owner (connection))
        decision = NOTHING_TO_DO;

      switch (decision)
        {
        case WAIT:
          await_change (options->state_dir, connection, is_owned);
          break;

        case HAND_OVER:
          hand_over (options, connection, address, error);
          return NULL;

        case NOTHING_TO_DO:
          g_message ("The service at the other end of the bus stays; nothing to do");
          return NULL;

        case GIVE_UP:
        default:
          g_propagate_error (error, g_steal_pointer (&local_error));
          return NULL;
        }
    }
}
