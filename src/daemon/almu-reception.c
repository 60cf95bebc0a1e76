/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-reception.h"

#define BUS "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"

/* Of RequestName: not in a queue behind somebody else. */
#define DO_NOT_QUEUE 4
#define PRIMARY_OWNER 1
#define ALREADY_OWNER 4

/* What the thread that reads the bus shares with the main thread, for as
 * long as either needs it. */
typedef struct
{
  GMutex         mutex;
  GHashTable    *waiting; /* "serial sender" of calls to answer; locked */
  guint          n_calls; /* that ever came; locked */
  AlmuReception *owner;   /* main thread; NULL once that is gone */
} Ledger;

struct _AlmuReception
{
  GDBusConnection  *connection;
  Ledger           *ledger;
  guint             filter;
  AlmuReceptionFunc on_quiet;
  gpointer          user_data;
};

static void
ledger_clear (gpointer data)
{
  Ledger *ledger = data;

  g_mutex_clear (&ledger->mutex);
  g_hash_table_unref (ledger->waiting);
}

static void
ledger_unref (gpointer data)
{
  g_atomic_rc_box_release_full (data, ledger_clear);
}

/* -- on the thread of the bus -------------------------------------------- */

static gboolean
on_quiet (gpointer user_data)
{
  Ledger *ledger = user_data;

  if (ledger->owner != NULL && almu_reception_get_n_waiting (ledger->owner) == 0)
    ledger->owner->on_quiet (ledger->owner->user_data);

  return G_SOURCE_REMOVE;
}

static void
note_call (Ledger       *ledger,
           GDBusMessage *message)
{
  g_autofree char *key = g_strdup_printf ("%u %s", g_dbus_message_get_serial (message),
                                          g_dbus_message_get_sender (message));

  g_mutex_lock (&ledger->mutex);
  ledger->n_calls++;
  if ((g_dbus_message_get_flags (message) & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED) == 0)
    g_hash_table_add (ledger->waiting, g_steal_pointer (&key));
  g_mutex_unlock (&ledger->mutex);
}

static void
note_answer (Ledger       *ledger,
             GDBusMessage *message)
{
  g_autofree char *key = g_strdup_printf ("%u %s", g_dbus_message_get_reply_serial (message),
                                          g_dbus_message_get_destination (message));
  gboolean         is_last;

  g_mutex_lock (&ledger->mutex);
  is_last = g_hash_table_remove (ledger->waiting, key) && g_hash_table_size (ledger->waiting) == 0;
  g_mutex_unlock (&ledger->mutex);

  if (is_last)
    g_idle_add_full (G_PRIORITY_DEFAULT, on_quiet, g_atomic_rc_box_acquire (ledger), ledger_unref);
}

static GDBusMessage *
on_message (GDBusConnection *connection,
            GDBusMessage    *message,
            gboolean         is_incoming,
            gpointer         user_data)
{
  GDBusMessageType type = g_dbus_message_get_message_type (message);

  if (is_incoming && type == G_DBUS_MESSAGE_TYPE_METHOD_CALL)
    note_call (user_data, message);
  else if (!is_incoming && (type == G_DBUS_MESSAGE_TYPE_METHOD_RETURN || type == G_DBUS_MESSAGE_TYPE_ERROR))
    note_answer (user_data, message);

  return message;
}

/* -- on the main thread -------------------------------------------------- */

/**
 * almu_reception_new:
 * @connection: to a bus; a reference is kept
 * @user_data: for the function
 * @on_quiet: called whenever the last call has been answered
 *
 * Counts the calls from now on; the name comes with
 * almu_reception_take_name().
 *
 * Returns: (transfer full): the reception, without the name
 */
AlmuReception *
almu_reception_new (GDBusConnection  *connection,
                    AlmuReceptionFunc quiet_func,
                    gpointer          user_data)
{
  AlmuReception *self;

  g_return_val_if_fail (G_IS_DBUS_CONNECTION (connection), NULL);
  g_return_val_if_fail (quiet_func != NULL, NULL);

  self = g_new0 (AlmuReception, 1);
  self->connection = g_object_ref (connection);
  self->on_quiet = quiet_func;
  self->user_data = user_data;
  self->ledger = g_atomic_rc_box_new0 (Ledger);
  g_mutex_init (&self->ledger->mutex);
  self->ledger->waiting = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->ledger->owner = self;
  self->filter = g_dbus_connection_add_filter (connection, on_message,
                                               g_atomic_rc_box_acquire (self->ledger), ledger_unref);

  return self;
}

/**
 * almu_reception_free:
 * @self: (nullable) (transfer full): a reception
 *
 * Stops counting. The name is kept, if it is ours: see
 * almu_reception_release_name(). Its function is not called any more.
 */
void
almu_reception_free (AlmuReception *self)
{
  if (self == NULL)
    return;

  g_dbus_connection_remove_filter (self->connection, self->filter);
  self->ledger->owner = NULL;
  ledger_unref (self->ledger);
  g_object_unref (self->connection);
  g_free (self);
}

static guint32
ask_bus (AlmuReception *self,
         const char    *method,
         GVariant      *parameters)
{
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GError) error = NULL;
  guint32 result = 0;

  reply = g_dbus_connection_call_sync (self->connection, BUS, BUS_PATH, BUS, method, parameters,
                                       G_VARIANT_TYPE ("(u)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  if (reply != NULL)
    g_variant_get (reply, "(u)", &result);
  else
    g_debug ("%s: %s", method, error->message);

  return result;
}

/**
 * almu_reception_take_name:
 *
 * Asks for the name of the service and waits for the bus. Does not get in line
 * behind somebody who has it. The bus not answering is as if somebody had it.
 *
 * Returns: %FALSE if somebody else has the name
 */
gboolean
almu_reception_take_name (AlmuReception *self)
{
  guint32 result = ask_bus (self, "RequestName", g_variant_new ("(su)", ALMU_BUS_NAME, DO_NOT_QUEUE));

  return result == PRIMARY_OWNER || result == ALREADY_OWNER;
}

/**
 * almu_reception_release_name:
 *
 * Gives the name up and waits until the bus has done so. Harmless if it is not
 * ours; a failure is only logged.
 */
void
almu_reception_release_name (AlmuReception *self)
{
  ask_bus (self, "ReleaseName", g_variant_new ("(s)", ALMU_BUS_NAME));
}

/**
 * almu_reception_get_n_calls:
 *
 * Calls of methods, of whatever object, and also those that want no answer.
 *
 * Returns: how many have ever come in
 */
guint
almu_reception_get_n_calls (AlmuReception *self)
{
  guint n;

  g_mutex_lock (&self->ledger->mutex);
  n = self->ledger->n_calls;
  g_mutex_unlock (&self->ledger->mutex);

  return n;
}

/**
 * almu_reception_get_n_waiting:
 *
 * Calls that have come in, want an answer and have none yet.
 *
 * Returns: how many there are
 */
guint
almu_reception_get_n_waiting (AlmuReception *self)
{
  guint n;

  g_mutex_lock (&self->ledger->mutex);
  n = g_hash_table_size (self->ledger->waiting);
  g_mutex_unlock (&self->ledger->mutex);

  return n;
}

static gboolean
on_time_over (gpointer user_data)
{
  gboolean *is_over = user_data;

  *is_over = TRUE;

  return G_SOURCE_REMOVE;
}

/**
 * almu_reception_drain:
 * @max_msec: how long this may take
 *
 * Runs the main context until every call that has come in is answered.
 */
void
almu_reception_drain (AlmuReception *self,
                      guint          max_msec)
{
  gboolean is_over = FALSE;
  guint    source;

  if (almu_reception_get_n_waiting (self) == 0)
    return;

  source = g_timeout_add (max_msec, on_time_over, &is_over);
  while (!is_over && almu_reception_get_n_waiting (self) > 0)
    g_main_context_iteration (NULL, TRUE);

  if (!is_over)
    g_source_remove (source);
}
