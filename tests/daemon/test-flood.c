/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <gio/gunixsocketaddress.h>
#include <unistd.h>

#include "almu-test-bus.h"
#include "test-play.h"

/* Somebody on the bus who calls without end, never reads an answer, and says what
 * no program says. Whoever looks at an image meanwhile is served as ever, and
 * nothing piles up. */

#define MANAGER "io.github.almucantar.Almucantar.Manager1"
#define SESSION "io.github.almucantar.Almucantar.Session1"
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define OBJECTS "org.freedesktop.DBus.ObjectManager"

#define N_FRAMES 20
#define N_NAMES 10000
#define N_REGIONS 1000
#define LONG_TEXT (1024 * 1024)
#define MAX_GROWTH_KB (256 * 1024) /* what may wait, and as much again for what is being read */

typedef struct
{
  AlmuTestBus     *bus;
  GDBusConnection *client;
  Desk             desk;
  char            *session_path;
} Fixture;

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  fixture->bus = almu_test_bus_up (NULL);
  fixture->client = almu_test_bus_connect (fixture->bus);
  desk_set_up (&fixture->desk, NULL);
  fixture->session_path = g_strdup_printf (ALMU_BUS_PATH "/sessions/%u", fixture->desk.session_id);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_test_bus_disconnect (fixture->client);
  desk_tear_down (&fixture->desk, NULL);
  almu_test_bus_down (fixture->bus);
  g_free (fixture->session_path);
}

/* -- what is called ------------------------------------------------------ */

static GDBusMessage *
call (const char *path,
      const char *interface,
      const char *method,
      GVariant   *body)
{
  GDBusMessage *message = g_dbus_message_new_method_call (ALMU_BUS_NAME, path, interface, method);

  if (body != NULL)
    g_dbus_message_set_body (message, body);

  return message;
}

static GDBusMessage *
get_state (Fixture *fixture,
           guint    n)
{
  return call (fixture->session_path, SESSION, "GetState", NULL);
}

static GDBusMessage *
get_state_unheard (Fixture *fixture,
                   guint    n)
{
  GDBusMessage *message = get_state (fixture, n);

  g_dbus_message_set_flags (message, G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED);

  return message;
}

static GDBusMessage *
open_many (Fixture *fixture,
           guint    n)
{
  GVariantBuilder names;

  g_variant_builder_init (&names, G_VARIANT_TYPE ("as"));
  for (guint i = 0; i < N_NAMES; i++)
    g_variant_builder_add (&names, "s", "file:///nowhere/at-all.fits");

  return call (ALMU_BUS_PATH, MANAGER, "Open", g_variant_new ("(asa{sv})", &names, NULL));
}

static GDBusMessage *
set_long_state (Fixture *fixture,
                guint    n)
{
  g_autofree char *text = g_strnfill (LONG_TEXT, '[');

  return call (fixture->session_path, SESSION, "SetState", g_variant_new ("(s)", text));
}

static GDBusMessage *
list_all (Fixture *fixture,
          guint    n)
{
  switch (n % 3)
    {
    case 0:
      return call (ALMU_BUS_PATH, OBJECTS, "GetManagedObjects", NULL);
    case 1:
      return call (ALMU_BUS_PATH, MANAGER, "ListSessions", g_variant_new ("(a{sv})", NULL));
    default:
      return call (fixture->session_path, "org.freedesktop.DBus.Introspectable", "Introspect", NULL);
    }
}

/* Objects, interfaces, methods and values that are not there, or of another kind. */
static GDBusMessage *
call_nonsense (Fixture *fixture,
               guint    n)
{
  g_autofree char *nowhere = g_strdup_printf (ALMU_BUS_PATH "/sessions/%u/files/%u/regions/%u", n, n, n);

  switch (n % 8)
    {
    case 0:
      return call (nowhere, SESSION, "GetState", NULL);
    case 1:
      return call ("/", MANAGER, "Open", NULL);
    case 2:
      return call (fixture->session_path, "no.such.Interface", "GetState", NULL);
    case 3:
      return call (fixture->session_path, SESSION, "NoSuchMethod", g_variant_new ("(u)", n));
    case 4:
      return call (ALMU_BUS_PATH, MANAGER, "Open", g_variant_new ("(u)", n));
    case 5:
      return call (ALMU_BUS_PATH, MANAGER, "Resume", g_variant_new ("(s)", "nonsense"));
    case 6:
      return call (fixture->session_path, PROPERTIES, "Set", g_variant_new ("(ssv)", SESSION, "Id", g_variant_new_uint32 (n)));
    default:
      return call (fixture->session_path, PROPERTIES, "Get", g_variant_new ("(ss)", "", ""));
    }
}

static const struct
{
  const char *name;
  GDBusMessage *(*make) (Fixture *fixture,
                         guint    n);
} floods[] = {
  { "GetState", get_state },
  { "GetState, no answer wanted", get_state_unheard },
  { "Open of ten thousand names", open_many },
  { "SetState of a long text", set_long_state },
  { "all there is", list_all },
  { "nonsense", call_nonsense },
};

/* -- who calls ----------------------------------------------------------- */

/* On a connection that is not read from. */
typedef struct
{
  Fixture     *fixture;
  guint        which;
  GIOStream   *stream;
  GThread     *thread;
  volatile int is_over;
  volatile int n_sent;
} Flood;

static gboolean
send_bytes (Flood      *flood,
            const void *bytes,
            gsize       length)
{
  return g_output_stream_write_all (g_io_stream_get_output_stream (flood->stream), bytes, length, NULL, NULL, NULL);
}

static gboolean
send_message (Flood        *flood,
              GDBusMessage *message,
              guint32       serial)
{
  g_autoptr(GError) error = NULL;
  g_autofree guint8 *bytes = NULL;
  gsize              length;

  g_dbus_message_set_serial (message, serial);
  bytes = g_dbus_message_to_blob (message, &length, G_DBUS_CAPABILITY_FLAGS_NONE, &error);
  g_assert_no_error (error);

  return send_bytes (flood, bytes, length);
}

/* By hand: GDBus would read. */
static void
join (Flood *flood)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GDBusMessage) hello = g_dbus_message_new_method_call ("org.freedesktop.DBus", "/org/freedesktop/DBus",
                                                                   "org.freedesktop.DBus", "Hello");
  g_autoptr(GDBusMessage) match = g_dbus_message_new_method_call ("org.freedesktop.DBus", "/org/freedesktop/DBus",
                                                                   "org.freedesktop.DBus", "AddMatch");
  g_autofree char *user = g_strdup_printf ("%u", getuid ());
  GString         *words = g_string_new ("AUTH EXTERNAL ");
  GInputStream    *in;
  char             c = ' ';

  flood->stream = g_dbus_address_get_stream_sync (g_getenv ("DBUS_SESSION_BUS_ADDRESS"), NULL, NULL, &error);
  g_assert_no_error (error);
  for (const char *digit = user; *digit != '\0'; digit++)
    g_string_append_printf (words, "%02x", (guint) *digit);
  g_string_append (words, "\r\n");
  g_assert_true (send_bytes (flood, "", 1));
  g_assert_true (send_bytes (flood, words->str, words->len));
  g_string_free (words, TRUE);
  in = g_io_stream_get_input_stream (flood->stream);
  while (c != '\n')
    g_assert_cmpint (g_input_stream_read (in, &c, 1, NULL, &error), ==, 1);
  g_assert_true (send_bytes (flood, "BEGIN\r\n", 7));

  g_assert_true (send_message (flood, hello, 1));
  g_dbus_message_set_body (match, g_variant_new ("(s)", "type='signal'"));
  g_assert_true (send_message (flood, match, 2));
}

static gpointer
flood_thread (gpointer user_data)
{
  Flood  *flood = user_data;
  guint32 serial = 3;

  while (!g_atomic_int_get (&flood->is_over))
    {
      g_autoptr(GDBusMessage) message = floods[flood->which].make (flood->fixture, serial);

      /* the bus may have enough of it */
      if (!send_message (flood, message, serial++))
        break;
      g_atomic_int_inc (&flood->n_sent);
    }

  return NULL;
}

static void
flood_begin (Flood   *flood,
             Fixture *fixture,
             guint    which)
{
  *flood = (Flood){ .fixture = fixture, .which = which };
  join (flood);
  flood->thread = g_thread_new ("flood", flood_thread, flood);
}

static void
flood_end (Flood *flood)
{
  g_atomic_int_set (&flood->is_over, TRUE);
  /* it may wait for the bus */
  g_socket_shutdown (g_socket_connection_get_socket (G_SOCKET_CONNECTION (flood->stream)), TRUE, TRUE, NULL);
  g_thread_join (flood->thread);
  g_object_unref (flood->stream);
}

/* -- who is there beside ------------------------------------------------- */

static void
assert_answers (Fixture *fixture)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GVariant) list = NULL;

  reply = g_dbus_connection_call_sync (fixture->client, ALMU_BUS_NAME, ALMU_BUS_PATH, MANAGER, "ListSessions",
                                       g_variant_new ("(a{sv})", NULL), G_VARIANT_TYPE ("(aa{sv})"),
                                       G_DBUS_CALL_FLAGS_NO_AUTO_START, G_MAXINT, NULL, &error);
  g_assert_no_error (error);
  list = g_variant_get_child_value (reply, 0);
  g_assert_cmpuint (g_variant_n_children (list), ==, 1);
}

/* An animation goes on for as long as there is a flood, and not only once it is
 * over: the test would never end. */
static void
watch (Desk *desk,
       int   id)
{
  for (int i = 0; i < N_FRAMES; i++)
    {
      Picture picture = await_picture (desk, 0, id);

      acknowledge (desk, 0, picture.channel, 0);
      almu_test_viewer_await_pong (desk->viewer);
    }
}

static void
test_flood_page (Fixture      *fixture,
                 gconstpointer user_data)
{
  const Play play = { .first = 0, .last = DEPTH - 1, .start = 0, .delta = 1, .is_looping = TRUE };
  Desk      *desk = &fixture->desk;
  guint64    memory;
  int        id;

  open_cube (desk, "a.fits", 0);
  /* so that it takes a while to tell of it */
  for (int i = 0; i < N_REGIONS; i++)
    almu_test_draw (desk->viewer, 0, -1, CARTA__REGION_TYPE__POINT, (const float[]){ (float) i, 5 }, 1, 0);
  id = start (desk, &play);
  watch (desk, id);
  memory = almu_test_daemon_get_status (desk->daemon, "VmRSS");
  for (guint i = 0; i < G_N_ELEMENTS (floods); i++)
    {
      Flood flood;

      flood_begin (&flood, fixture, i);
      while (g_atomic_int_get (&flood.n_sent) == 0)
        g_thread_yield ();
      watch (desk, id);
      assert_answers (fixture);
      flood_end (&flood);
      g_test_message ("%s: %d calls, %" G_GUINT64_FORMAT " → %" G_GUINT64_FORMAT " kB", floods[i].name, flood.n_sent, memory,
                      almu_test_daemon_get_status (desk->daemon, "VmRSS"));
      if (g_getenv ("ALMU_TEST_SANITIZED") == NULL)
        g_assert_cmpuint (almu_test_daemon_get_status (desk->daemon, "VmRSS"), <, memory + MAX_GROWTH_KB);
    }
  assert_answers (fixture);
}

#define add_test(path, func) g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  if (almu_test_lacks_bus ())
    return 0;

  add_test ("/daemon/flood/page", test_flood_page);

  return g_test_run ();
}
