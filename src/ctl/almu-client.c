/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-client.h"

#include <glib/gi18n.h>

#include "almu-error.h"

struct _AlmuClient
{
  GDBusConnection *connection;
  GDBusCallFlags   flags;
};

/**
 * almu_client_new:
 * @may_start: the bus may start the service if it is not running
 * @error: return location; of the domains of GIO, with a prefix that says what
 *   is missing
 *
 * Connects to the session bus, and waits for that. The service itself is not
 * asked for anything yet, and losing the bus does not end the process.
 *
 * Returns: (transfer full): the client, or %NULL if there is no session bus
 */
AlmuClient *
almu_client_new (gboolean may_start,
                 GError **error)
{
  GDBusConnection *connection = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, error);
  AlmuClient      *self;

  if (connection == NULL)
    {
      g_prefix_error_literal (error, _ ("There is no session bus: "));
      return NULL;
    }

  /* a bus that goes away is an error like others */
  g_dbus_connection_set_exit_on_close (connection, FALSE);
  /* or remote errors of ours are not recognised */
  almu_error_quark ();

  self = g_new0 (AlmuClient, 1);
  self->connection = connection;
  self->flags = may_start ? G_DBUS_CALL_FLAGS_NONE : G_DBUS_CALL_FLAGS_NO_AUTO_START;

  return self;
}

/**
 * almu_client_free:
 * @self: (transfer full): a client
 *
 * Lets go of the connection. The service hears nothing of it.
 */
void
almu_client_free (AlmuClient *self)
{
  g_object_unref (self->connection);
  g_free (self);
}

/**
 * almu_client_call:
 * @interface: of the service
 * @method: of @interface, on the object of the service
 * @parameters: (nullable): a tuple; a floating one is taken
 * @reply_type: a GVariant type string
 * @error: return location; what the service says has no prefix
 *
 * Calls a method and waits for its answer, as long as GDBus waits at most. Errors
 * of ours come back as %ALMU_ERROR, others in %G_DBUS_ERROR or %G_IO_ERROR.
 *
 * Returns: (transfer full): the answer, of @reply_type, or %NULL
 */
GVariant *
almu_client_call (AlmuClient *self,
                  const char *interface,
                  const char *method,
                  GVariant   *parameters,
                  const char *reply_type,
                  GError    **error)
{
  GError   *local_error = NULL;
  GVariant *reply;

  reply = g_dbus_connection_call_sync (self->connection, ALMU_BUS_NAME, ALMU_BUS_PATH, interface, method,
                                       parameters, G_VARIANT_TYPE (reply_type), self->flags, -1,
                                       NULL, &local_error);
  if (reply != NULL)
    return reply;

  g_dbus_error_strip_remote_error (local_error);
  g_propagate_error (error, local_error);

  return NULL;
}

/**
 * almu_client_is_absence:
 * @error: what almu_client_call() has returned
 *
 * Tells a service that is not there from one that fails.
 *
 * Returns: whether it means that nobody has the name of the service on the bus,
 *   and that nobody is started for it
 */
gboolean
almu_client_is_absence (const GError *error)
{
  return g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
         g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER);
}

/* It did not begin, or did not answer. */
static gboolean
is_no_answer (const GError *error)
{
  if (almu_client_is_absence (error))
    return TRUE;

  if (error->domain != G_DBUS_ERROR)
    return error->domain != ALMU_ERROR;

  switch (error->code)
    {
    case G_DBUS_ERROR_NO_REPLY:
    case G_DBUS_ERROR_NO_SERVER:
    case G_DBUS_ERROR_TIMEOUT:
    case G_DBUS_ERROR_TIMED_OUT:
    case G_DBUS_ERROR_NO_NETWORK:
    case G_DBUS_ERROR_DISCONNECTED:
    case G_DBUS_ERROR_LIMITS_EXCEEDED:
    case G_DBUS_ERROR_NO_MEMORY:
      return TRUE;

    default:
      return error->code >= G_DBUS_ERROR_SPAWN_EXEC_FAILED && error->code <= G_DBUS_ERROR_SPAWN_NO_MEMORY;
    }
}

/**
 * almu_client_get_status:
 * @error: what almu_client_call() has returned
 *
 * What a script learns of a call that failed.
 *
 * Returns: the exit status that @error deserves: %ALMU_CTL_NO_SERVICE if the
 *   service did not begin or did not answer, %ALMU_CTL_REFUSED if it said no
 */
int
almu_client_get_status (const GError *error)
{
  return is_no_answer (error) ? ALMU_CTL_NO_SERVICE : ALMU_CTL_REFUSED;
}
