/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <gio/gio.h>
#include <malloc.h>
#include <sys/socket.h>

#include "almu-limits.h"
#include "almu-reception.h"
#include "almu-test.h"

/* How many calls may wait for their answers: below, at and above each ceiling. The
 * main thread, which answers, does nothing meanwhile. */

#define PATH "/here"
#define INTERFACE "io.github.almucantar.Test"
#define N_STRINGS 100000
#define N_BODIES 16
#define LIMIT_ERROR "io.github.almucantar.Almucantar.Error.Limit"

typedef struct
{
  GDBusConnection *service;
  GDBusConnection *client;
  AlmuReception   *reception;
  const char      *method;
  volatile int     n_refused;
  volatile int     n_answered;
  guint            n_quiet;
} Fixture;

static GDBusMessage *
on_message (GDBusConnection *connection,
            GDBusMessage    *message,
            gboolean         is_incoming,
            gpointer         user_data)
{
  Fixture *fixture = user_data;

  if (!is_incoming)
    return message;

  if (g_strcmp0 (g_dbus_message_get_error_name (message), LIMIT_ERROR) == 0)
    g_atomic_int_inc (&fixture->n_refused);
  else
    g_atomic_int_inc (&fixture->n_answered);
  g_object_unref (message);

  return NULL;
}

static void
on_quiet (gpointer user_data)
{
  ((Fixture *) user_data)->n_quiet++;
}

static void
on_call (GDBusConnection       *connection,
         const char            *sender,
         const char            *path,
         const char            *interface,
         const char            *method,
         GVariant              *parameters,
         GDBusMethodInvocation *invocation,
         gpointer               user_data)
{
  g_dbus_method_invocation_return_value (invocation, NULL);
}

/* GDBus itself answers for objects that are not there. */
static void
put_object (Fixture *fixture)
{
  static const char                 xml[] = "<node><interface name='" INTERFACE "'>"
                                            "<method name='Call'><arg type='ay' direction='in'/></method>"
                                            "<method name='Open'><arg type='as' direction='in'/></method>"
                                            "<method name='GetState'><arg type='ay' direction='in'/></method></interface></node>";
  static const GDBusInterfaceVTable table = { .method_call = on_call };
  g_autoptr(GError) error = NULL;
  g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (xml, &error);

  g_assert_no_error (error);
  g_dbus_connection_register_object (fixture->service, PATH, node->interfaces[0], &table, NULL, NULL, &error);
  g_assert_no_error (error);
}

static GIOStream *
stream_for (int fd)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GSocket) socket = g_socket_new_from_fd (fd, &error);

  g_assert_no_error (error);

  return G_IO_STREAM (g_socket_connection_factory_create_connection (socket));
}

static void
on_connected (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr(GError) error = NULL;

  *(GDBusConnection **) user_data = g_dbus_connection_new_finish (result, &error);
  g_assert_no_error (error);
}

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  g_autofree char *guid = g_dbus_generate_guid ();
  g_autoptr(GIOStream) ours = NULL;
  g_autoptr(GIOStream) theirs = NULL;
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  ours = stream_for (fds[0]);
  theirs = stream_for (fds[1]);
  g_dbus_connection_new (ours, guid, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_SERVER, NULL, NULL, on_connected, &fixture->service);
  g_dbus_connection_new (theirs, NULL, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, NULL, NULL, on_connected, &fixture->client);
  while (fixture->service == NULL || fixture->client == NULL)
    g_main_context_iteration (NULL, TRUE);

  fixture->method = "Call";
  put_object (fixture);
  fixture->reception = almu_reception_new (fixture->service, on_quiet, fixture);
  g_dbus_connection_add_filter (fixture->client, on_message, fixture, NULL);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_autoptr(GError) error = NULL;

  almu_reception_free (fixture->reception);
  g_dbus_connection_close_sync (fixture->client, NULL, &error);
  g_assert_no_error (error);
  g_dbus_connection_close_sync (fixture->service, NULL, NULL);
  g_object_unref (fixture->client);
  g_object_unref (fixture->service);
}

static void
send_body (Fixture          *fixture,
           guint             sender,
           GVariant         *body,
           GDBusMessageFlags flags)
{
  g_autoptr(GDBusMessage) message = g_dbus_message_new_method_call (NULL, PATH, INTERFACE, fixture->method);
  g_autofree char *name = g_strdup_printf (":1.%u", sender);
  g_autoptr(GError) error = NULL;

  g_dbus_message_set_sender (message, name);
  g_dbus_message_set_flags (message, flags);
  g_dbus_message_set_body (message, body);
  g_dbus_connection_send_message (fixture->client, message, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, &error);
  g_assert_no_error (error);
}

static void
send_call (Fixture          *fixture,
           guint             sender,
           gsize             n_bytes,
           GDBusMessageFlags flags)
{
  g_autofree guint8 *bytes = g_malloc0 (MAX (n_bytes, 1));

  send_body (fixture, sender,
             g_variant_new ("(@ay)", g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, bytes, n_bytes, 1)), flags);
}

/* All have come in, and @n_refused of them not far. */
static void
await_calls (Fixture *fixture,
             guint    n_calls,
             int      n_refused)
{
  while (almu_reception_get_n_calls (fixture->reception) < n_calls || g_atomic_int_get (&fixture->n_refused) < n_refused)
    g_thread_yield ();
  g_assert_cmpint (g_atomic_int_get (&fixture->n_refused), ==, n_refused);
  g_assert_cmpuint (almu_reception_get_n_waiting (fixture->reception), ==, n_calls - (guint) n_refused);
}

/* Whoever was let in is answered, and then there is room again. */
static void
assert_ends (Fixture *fixture,
             guint    n_calls,
             guint    n_unheard)
{
  guint n_refused = (guint) g_atomic_int_get (&fixture->n_refused);
  guint n_answered = n_calls - n_refused - n_unheard;

  while (almu_reception_get_n_waiting (fixture->reception) > 0 || fixture->n_quiet == 0 ||
         (guint) g_atomic_int_get (&fixture->n_answered) < n_answered)
    g_main_context_iteration (NULL, FALSE);

  send_call (fixture, 1, 0, G_DBUS_MESSAGE_FLAGS_NONE);
  while ((guint) g_atomic_int_get (&fixture->n_answered) < n_answered + 1)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpint (g_atomic_int_get (&fixture->n_refused), ==, (int) n_refused);
}

static void
test_reception_one (Fixture      *fixture,
                    gconstpointer user_data)
{
  for (int i = 0; i < ALMU_LIMIT_BUS_CALLS_OF_ONE - 1; i++)
    send_call (fixture, 7, 0, G_DBUS_MESSAGE_FLAGS_NONE);
  await_calls (fixture, ALMU_LIMIT_BUS_CALLS_OF_ONE - 1, 0);
  send_call (fixture, 7, 0, G_DBUS_MESSAGE_FLAGS_NONE);
  await_calls (fixture, ALMU_LIMIT_BUS_CALLS_OF_ONE, 0);
  send_call (fixture, 7, 0, G_DBUS_MESSAGE_FLAGS_NONE);
  await_calls (fixture, ALMU_LIMIT_BUS_CALLS_OF_ONE + 1, 1);

  /* it is not for others to wait */
  send_call (fixture, 8, 0, G_DBUS_MESSAGE_FLAGS_NONE);
  await_calls (fixture, ALMU_LIMIT_BUS_CALLS_OF_ONE + 2, 1);
  assert_ends (fixture, ALMU_LIMIT_BUS_CALLS_OF_ONE + 2, 0);
}

/* As a frontend asks for all that there is of a session. */
static void
test_reception_long (Fixture      *fixture,
                     gconstpointer user_data)
{
  const int n = ALMU_LIMIT_BUS_CALLS_OF_ONE / ALMU_LIMIT_BUS_LONG_CALL;

  G_STATIC_ASSERT (ALMU_LIMIT_BUS_CALLS_OF_ONE % ALMU_LIMIT_BUS_LONG_CALL == 0);
  fixture->method = "GetState";
  for (int i = 0; i < n; i++)
    send_call (fixture, 7, 0, G_DBUS_MESSAGE_FLAGS_NONE);
  await_calls (fixture, (guint) n, 0);
  send_call (fixture, 7, 0, G_DBUS_MESSAGE_FLAGS_NONE);
  await_calls (fixture, (guint) n + 1, 1);
  fixture->method = "Call";
  send_call (fixture, 7, 0, G_DBUS_MESSAGE_FLAGS_NONE);
  await_calls (fixture, (guint) n + 2, 2);
  assert_ends (fixture, (guint) n + 2, 0);
}

static void
test_reception_all (Fixture      *fixture,
                    gconstpointer user_data)
{
  const guint n_callers = ALMU_LIMIT_BUS_CALLS / ALMU_LIMIT_BUS_CALLS_OF_ONE + 1;

  G_STATIC_ASSERT (ALMU_LIMIT_BUS_CALLS > ALMU_LIMIT_BUS_CALLS_OF_ONE);
  for (guint i = 0; i < ALMU_LIMIT_BUS_CALLS - 1; i++)
    send_call (fixture, 10 + i % n_callers, 0, G_DBUS_MESSAGE_FLAGS_NONE);
  await_calls (fixture, ALMU_LIMIT_BUS_CALLS - 1, 0);
  send_call (fixture, 7, 0, G_DBUS_MESSAGE_FLAGS_NONE);
  await_calls (fixture, ALMU_LIMIT_BUS_CALLS, 0);
  send_call (fixture, 8, 0, G_DBUS_MESSAGE_FLAGS_NONE);
  await_calls (fixture, ALMU_LIMIT_BUS_CALLS + 1, 1);
  assert_ends (fixture, ALMU_LIMIT_BUS_CALLS + 1, 0);
}

/* A body that is one array of bytes is as large as that. */
static void
test_reception_bytes (Fixture      *fixture,
                      gconstpointer user_data)
{
  send_call (fixture, 7, ALMU_LIMIT_BUS_CALL_BYTES - 2, G_DBUS_MESSAGE_FLAGS_NONE);
  await_calls (fixture, 1, 0);
  send_call (fixture, 7, 1, G_DBUS_MESSAGE_FLAGS_NONE);
  await_calls (fixture, 2, 0);
  send_call (fixture, 8, 2, G_DBUS_MESSAGE_FLAGS_NONE);
  await_calls (fixture, 3, 1);
  send_call (fixture, 8, 1, G_DBUS_MESSAGE_FLAGS_NONE);
  await_calls (fixture, 4, 1);
  assert_ends (fixture, 4, 0);
}

static GVariant *
make_strings (void)
{
  GVariantBuilder strings;

  g_variant_builder_init (&strings, G_VARIANT_TYPE ("as"));
  for (int i = 0; i < N_STRINGS; i++)
    g_variant_builder_add (&strings, "s", "");

  return g_variant_new ("(as)", &strings);
}

static gsize
get_memory (void)
{
  struct mallinfo2 info = mallinfo2 ();

  return info.uordblks + info.hblkhd;
}

/* What waits takes as much memory as is counted, and not as much as GDBus takes for
 * it at first, which is used again for the next: GLib keeps it. */
static void
test_reception_strings (Fixture      *fixture,
                        gconstpointer user_data)
{
  gsize before = get_memory ();
  g_autoptr(GVariant) strings = g_variant_ref_sink (make_strings ());
  gsize of_one = get_memory () - before;

  fixture->method = "Open";
  for (guint i = 0; i < N_BODIES; i++)
    {
      send_body (fixture, 7, strings, G_DBUS_MESSAGE_FLAGS_NONE);
      await_calls (fixture, i + 1, 0);
    }

  /* one more, so that the last of them is certainly in one piece */
  fixture->method = "Call";
  send_call (fixture, 7, 0, G_DBUS_MESSAGE_FLAGS_NONE);
  await_calls (fixture, N_BODIES + 1, 0);
  g_test_message ("%d bodies of %zu bytes: %zu more in use", N_BODIES, of_one, get_memory () - before);
  if (g_getenv ("ALMU_TEST_SANITIZED") == NULL)
    g_assert_cmpuint (get_memory () - before, <, N_BODIES / 2 * of_one);
  assert_ends (fixture, N_BODIES + 1, 0);
}

/* They wait too, and nobody is told. */
static void
test_reception_unheard (Fixture      *fixture,
                        gconstpointer user_data)
{
  const guint n = ALMU_LIMIT_BUS_CALLS_OF_ONE + 5;

  for (guint i = 0; i < n; i++)
    send_call (fixture, 7, 0, G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED);
  while (almu_reception_get_n_calls (fixture->reception) < n)
    g_thread_yield ();
  g_assert_cmpuint (almu_reception_get_n_waiting (fixture->reception), ==, ALMU_LIMIT_BUS_CALLS_OF_ONE);
  assert_ends (fixture, n, n);
}

#define add_test(path, func) g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/daemon/reception/one", test_reception_one);
  add_test ("/daemon/reception/long", test_reception_long);
  add_test ("/daemon/reception/all", test_reception_all);
  add_test ("/daemon/reception/bytes", test_reception_bytes);
  add_test ("/daemon/reception/strings", test_reception_strings);
  add_test ("/daemon/reception/unheard", test_reception_unheard);

  return g_test_run ();
}
