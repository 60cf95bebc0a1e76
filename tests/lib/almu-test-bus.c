/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-test-bus.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "almu-test.h"

struct _AlmuTestBus
{
  GTestDBus *bus;
  char      *base;
  char      *folder;
  char      *state_dir;
};

static char *
make_folder (const char *base,
             const char *name)
{
  char *path = g_build_filename (base, name, NULL);

  g_assert_cmpint (g_mkdir_with_parents (path, 0700), ==, 0);

  return path;
}

static void
write_service (AlmuTestBus *self,
               const char  *services,
               const char  *arguments)
{
  g_autofree char *path = g_build_filename (services, ALMU_BUS_NAME ".service", NULL);
  g_autofree char *text = NULL;
  g_autoptr(GError) error = NULL;

  text = g_strdup_printf ("[D-BUS Service]\n"
                          "Name=" ALMU_BUS_NAME "\n"
                          "Exec=%s --gapplication-service --no-system-config --verbosity 0 --port 0 --state-dir %s --top-level-folder %s%s%s\n",
                          g_getenv ("ALMUCANTARD"), self->state_dir, self->folder,
                          arguments != NULL ? " " : "", arguments != NULL ? arguments : "");
  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

/* @arguments are those of a service that the bus starts. */
AlmuTestBus *
almu_test_bus_up (const char *arguments)
{
  AlmuTestBus     *self = g_new0 (AlmuTestBus, 1);
  g_autofree char *services = NULL;
  g_autofree char *configs = NULL;
  g_autofree char *log = NULL;

  self->base = almu_test_make_folder ();
  self->folder = make_folder (self->base, "top");
  self->state_dir = make_folder (self->base, "state");
  services = make_folder (self->base, "services");
  configs = make_folder (self->base, "config");
  write_service (self, services, arguments);

  /* nobody's settings, nobody's desktop */
  g_setenv ("XDG_CONFIG_HOME", configs, TRUE);
  g_unsetenv ("DISPLAY");
  g_unsetenv ("WAYLAND_DISPLAY");
  g_setenv ("ALMU_TEST_BUS", "1", TRUE);

  self->bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_add_service_dir (self->bus, services);
  g_test_dbus_up (self->bus);

  return self;
}

/* Whoever is still there sees the bus go and ends as well. */
void
almu_test_bus_down (AlmuTestBus *self)
{
  almu_test_bus_end_service (self);
  g_test_dbus_down (self->bus);
  g_object_unref (self->bus);
  g_unsetenv ("ALMU_TEST_BUS");
  almu_test_remove_folder (self->base);
  g_free (self->base);
  g_free (self->folder);
  g_free (self->state_dir);
  g_free (self);
}

/* What the service may show. */
const char *
almu_test_bus_get_folder (AlmuTestBus *self)
{
  return self->folder;
}

const char *
almu_test_bus_get_state_dir (AlmuTestBus *self)
{
  return self->state_dir;
}

GDBusConnection *
almu_test_bus_connect (AlmuTestBus *self)
{
  g_autoptr(GError) error = NULL;
  GDBusConnection *connection;

  connection = g_dbus_connection_new_for_address_sync (g_test_dbus_get_bus_address (self->bus),
                                                       G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                         G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                                       NULL, NULL, &error);
  g_assert_no_error (error);

  return connection;
}

void
almu_test_bus_disconnect (GDBusConnection *connection)
{
  g_autoptr(GError) error = NULL;

  /* GDBus drops its last reference on a thread of its own */
  g_dbus_connection_close_sync (connection, NULL, &error);
  g_assert_no_error (error);
  g_object_unref (connection);
}

/* Until nobody owns the state directory: the process is as good as gone. */
void
almu_test_bus_await_free (AlmuTestBus *self)
{
  g_autofree char *path = g_build_filename (self->state_dir, "lock", NULL);
  int              fd = open (path, O_RDONLY | O_CLOEXEC);
  struct flock     lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };

  if (fd < 0)
    return;

  while (fcntl (fd, F_OFD_SETLKW, &lock) != 0)
    g_assert_cmpint (errno, ==, EINTR);
  close (fd);
}

/* The one that the bus has started, if there is one. */
void
almu_test_bus_end_service (AlmuTestBus *self)
{
  GDBusConnection *connection = almu_test_bus_connect (self);
  g_autoptr(GVariant) reply = NULL;

  reply = g_dbus_connection_call_sync (connection, ALMU_BUS_NAME, ALMU_BUS_PATH,
                                       "io.github.almucantar.Almucantar.Manager1", "Quit", NULL, NULL,
                                       G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL);
  almu_test_bus_disconnect (connection);
  almu_test_bus_await_free (self);
}

/* Runs a program to its end and returns its exit status. @bus_address is the
 * session bus it finds; NULL is the one that is up, "" is none. */
int
almu_test_run (const char *const *argv,
               const char        *bus_address,
               char             **out_output,
               char             **out_errors)
{
  g_autoptr(GSubprocessLauncher) launcher = NULL;
  g_autoptr(GSubprocess) process = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *output = NULL;
  g_autofree char *errors = NULL;

  launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
  if (bus_address != NULL)
    g_subprocess_launcher_setenv (launcher, "DBUS_SESSION_BUS_ADDRESS",
                                  *bus_address != '\0' ? bus_address : "unix:path=/nonexistent/bus", TRUE);
  g_subprocess_launcher_setenv (launcher, "LC_ALL", "C.UTF-8", TRUE);
  process = g_subprocess_launcher_spawnv (launcher, argv, &error);
  g_assert_no_error (error);
  g_subprocess_communicate_utf8 (process, NULL, NULL, &output, &errors, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_if_exited (process));

  for (guint i = 0; argv[i] != NULL; i++)
    g_test_message ("%s", argv[i]);
  g_test_message ("→ %d\n%s%s", g_subprocess_get_exit_status (process), output, errors);

  if (out_output != NULL)
    *out_output = g_steal_pointer (&output);
  if (out_errors != NULL)
    *out_errors = g_steal_pointer (&errors);

  return g_subprocess_get_exit_status (process);
}
