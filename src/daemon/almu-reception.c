/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-reception.h"

#include <glib/gi18n-lib.h>

#include "almu-error.h"
#include "almu-limits.h"

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
  GHashTable    *waiting; /* "serial sender" of calls to answer → Call; locked */
  GHashTable    *senders; /* → what theirs count for; locked */
  guint          weight;  /* what all of them count for; locked */
  gsize          n_bytes; /* of them; locked */
  guint          n_calls; /* that ever came; locked */
  AlmuReception *owner;   /* main thread; NULL once that is gone */
} Ledger;

typedef struct
{
  char *sender;
  guint weight;
  gsize n_bytes;
} Call;

static void
call_free (gpointer data)
{
  Call *call = data;

  g_free (call->sender);
  g_free (call);
}

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
  g_hash_table_unref (ledger->senders);
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

static guint
get_weight (GDBusMessage *message)
{
  static const char *const takes_long[] = { "GetState", "SetState", "GetManagedObjects", NULL };
  const char              *method = g_dbus_message_get_member (message);

  return method != NULL && g_strv_contains (takes_long, method) ? ALMU_LIMIT_BUS_LONG_CALL : 1;
}

static guint
weight_of (Ledger     *ledger,
           const char *sender)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (ledger->senders, sender));
}

/* Calls are handed on as fast as they come, and what is not answered yet lies in
 * memory, all of it before the next page is heard: whoever calls without end has
 * to wait for answers, and nobody else for that. */
static gboolean
has_room (Ledger     *ledger,
          const char *key,
          const Call *call)
{
  /* who counts wrongly would not be counted rightly */
  return !g_hash_table_contains (ledger->waiting, key) &&
         weight_of (ledger, call->sender) + call->weight <= ALMU_LIMIT_BUS_CALLS_OF_ONE &&
         ledger->weight + call->weight <= ALMU_LIMIT_BUS_CALLS &&
         call->n_bytes <= ALMU_LIMIT_BUS_CALL_BYTES - ledger->n_bytes;
}

static void
count (Ledger     *ledger,
       const Call *call,
       int         sign)
{
  guint weight = weight_of (ledger, call->sender) + (guint) sign * call->weight;

  ledger->weight += (guint) sign * call->weight;
  ledger->n_bytes += (gsize) sign * call->n_bytes;
  if (weight > 0)
    g_hash_table_insert (ledger->senders, g_strdup (call->sender), GUINT_TO_POINTER (weight));
  else
    g_hash_table_remove (ledger->senders, call->sender);
}

static gboolean
drop (Ledger     *ledger,
      const char *key)
{
  const Call *call = g_hash_table_lookup (ledger->waiting, key);

  if (call != NULL)
    count (ledger, call, -1);

  return g_hash_table_remove (ledger->waiting, key);
}

/* The last is told of. */
static void
settle (Ledger     *ledger,
        const char *key)
{
  gboolean is_last;

  g_mutex_lock (&ledger->mutex);
  is_last = drop (ledger, key) && g_hash_table_size (ledger->waiting) == 0;
  g_mutex_unlock (&ledger->mutex);

  if (is_last)
    g_idle_add_full (G_PRIORITY_DEFAULT, on_quiet, g_atomic_rc_box_acquire (ledger), ledger_unref);
}

/* One that wants no answer has been handed on by the time this is called: the
 * main thread takes one after the other. */
typedef struct
{
  Ledger *ledger;
  char   *key;
} Passing;

static gboolean
on_passed (gpointer user_data)
{
  const Passing *passing = user_data;

  settle (passing->ledger, passing->key);

  return G_SOURCE_REMOVE;
}

static void
passing_free (gpointer data)
{
  Passing *passing = data;

  ledger_unref (passing->ledger);
  g_free (passing->key);
  g_free (passing);
}

static void
await_passing (Ledger     *ledger,
               const char *key)
{
  Passing *passing = g_new0 (Passing, 1);

  passing->ledger = g_atomic_rc_box_acquire (ledger);
  passing->key = g_strdup (key);
  g_idle_add_full (G_PRIORITY_DEFAULT, on_passed, passing, passing_free);
}

static Call *
call_new (GDBusMessage *message)
{
  GVariant *body = g_dbus_message_get_body (message);
  Call     *call = g_new0 (Call, 1);

  call->sender = g_strdup (g_dbus_message_get_sender (message) != NULL ? g_dbus_message_get_sender (message) : "");
  call->weight = get_weight (message);
  call->n_bytes = body != NULL ? g_variant_get_size (body) : 0;

  return call;
}

/* GDBus makes a node of each string of a call, which takes up to a hundred times the
 * bytes that are counted. Whoever asks for all of the bytes at once has them made
 * one piece; the first argument is one more, as the message keeps it beside. */
static void
pack (GDBusMessage *message)
{
  GVariant *body = g_dbus_message_get_body (message);
  g_autoptr(GVariant) first = NULL;

  if (body == NULL || g_variant_n_children (body) == 0)
    return;

  first = g_variant_get_child_value (body, 0);
  g_variant_get_data (first);
  g_variant_get_data (body);
}

/* Whether it may come in. */
static gboolean
note_call (Ledger       *ledger,
           GDBusMessage *message)
{
  Call            *call = call_new (message);
  g_autofree char *key = g_strdup_printf ("%u %s", g_dbus_message_get_serial (message), call->sender);
  gboolean         is_welcome;

  g_mutex_lock (&ledger->mutex);
  ledger->n_calls++;
  is_welcome = has_room (ledger, key, call);
  if (is_welcome)
    {
      count (ledger, call, 1);
      g_hash_table_insert (ledger->waiting, g_strdup (key), g_steal_pointer (&call));
    }
  g_mutex_unlock (&ledger->mutex);

  g_clear_pointer (&call, call_free);
  if (is_welcome)
    pack (message);
  if (is_welcome && (g_dbus_message_get_flags (message) & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED) != 0)
    await_passing (ledger, key);

  return is_welcome;
}

static void
note_answer (Ledger       *ledger,
             GDBusMessage *message)
{
  g_autofree char *key = g_strdup_printf ("%u %s", g_dbus_message_get_reply_serial (message),
                                          g_dbus_message_get_destination (message));

  settle (ledger, key);
}

static void
refuse (GDBusConnection *connection,
        GDBusMessage    *message)
{
  g_autoptr(GError) error = g_error_new (ALMU_ERROR, ALMU_ERROR_LIMIT,
                                          _ ("Too many calls wait for an answer: of one caller %d may, or %d that take long; wait for answers first"),
                                          ALMU_LIMIT_BUS_CALLS_OF_ONE,
                                          ALMU_LIMIT_BUS_CALLS_OF_ONE / ALMU_LIMIT_BUS_LONG_CALL);
  g_autofree char *name = g_dbus_error_encode_gerror (error);
  g_autoptr(GDBusMessage) reply = NULL;

  if ((g_dbus_message_get_flags (message) & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED) != 0)
    return;

  reply = g_dbus_message_new_method_error_literal (message, name, error->message);
  g_dbus_connection_send_message (connection, reply, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
}

static GDBusMessage *
on_message (GDBusConnection *connection,
            GDBusMessage    *message,
            gboolean         is_incoming,
            gpointer         user_data)
{
  GDBusMessageType type = g_dbus_message_get_message_type (message);

  if (is_incoming && type == G_DBUS_MESSAGE_TYPE_METHOD_CALL && !note_call (user_data, message))
    {
      refuse (connection, message);
      g_object_unref (message);
      return NULL;
    }

  if (!is_incoming && (type == G_DBUS_MESSAGE_TYPE_METHOD_RETURN || type == G_DBUS_MESSAGE_TYPE_ERROR))
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
 * Counts the calls from now on, and refuses those that are too many beside what
 * waits for an answer; the name comes with almu_reception_take_name().
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
  self->ledger->waiting = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, call_free);
  self->ledger->senders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
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
