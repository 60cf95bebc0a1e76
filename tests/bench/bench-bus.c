/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "bench-fail.h"

/* What a desktop waits for that starts the service by its name. */

#define N_ROUNDS 9
#define ROOT_PATH "/io/github/almucantar/Almucantar"
#define MANAGER ALMU_BUS_NAME ".Manager1"

static void
write_service (Bench      *bench,
               const char *services)
{
  g_autofree char *path = g_build_filename (services, ALMU_BUS_NAME ".service", NULL);
  g_autofree char *state = g_build_filename (services, "state", NULL);
  g_autofree char *text = NULL;
  g_autoptr(GError) error = NULL;

  text = g_strdup_printf ("[D-BUS Service]\n"
                          "Name=" ALMU_BUS_NAME "\n"
                          "Exec=%s --gapplication-service --no-system-config --no-user-config --verbosity 0 "
                          "--port 0 --state-dir %s --top-level-folder %s\n",
                          bench->program, state, bench->folder);
  g_mkdir_with_parents (services, 0700);
  if (!g_file_set_contents (path, text, -1, &error))
    bench_fail ("%s", error->message);
}

/* Returns what the bus knows about the service, or ends the program. */
static GVariant *
call (GDBusConnection    *bus,
      const char         *name,
      const char         *path,
      const char         *interface,
      const char         *method,
      GVariant           *arguments,
      const GVariantType *type)
{
  g_autoptr(GError) error = NULL;
  GVariant *answer;

  answer = g_dbus_connection_call_sync (bus, name, path, interface, method, arguments, type,
                                        G_DBUS_CALL_FLAGS_NONE, 60000, NULL, &error);
  if (answer == NULL)
    bench_fail ("%s", error->message);

  return answer;
}

/* Signals are blocked here, and whoever the bus starts must not inherit that.
 * Nor is what a bus says about itself wanted among the figures. */
static void
start_bus (GTestDBus *test_bus)
{
  sigset_t none, before;
  int      errors = dup (STDERR_FILENO);
  int      nothing = open ("/dev/null", O_WRONLY | O_CLOEXEC);

  sigemptyset (&none);
  dup2 (nothing, STDERR_FILENO);
  pthread_sigmask (SIG_SETMASK, &none, &before);
  g_test_dbus_up (test_bus);
  pthread_sigmask (SIG_SETMASK, &before, NULL);
  dup2 (errors, STDERR_FILENO);
  close (errors);
  close (nothing);
}

static void
end_service (GDBusConnection *bus)
{
  g_autoptr(GVariant) answer = call (bus, "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "GetConnectionUnixProcessID",
                                      g_variant_new ("(s)", ALMU_BUS_NAME), G_VARIANT_TYPE ("(u)"));
  guint32       pid;
  struct pollfd end = { .events = POLLIN };

  g_variant_get (answer, "(u)", &pid);
  end.fd = pidfd_open ((int) pid, 0);
  if (end.fd < 0)
    bench_fail ("process %u of the service cannot be watched: %s", pid, g_strerror (errno));

  kill ((int) pid, SIGTERM);
  while (poll (&end, 1, -1) < 0 && errno == EINTR)
    ;
  close (end.fd);
}

static void
activate (GDBusConnection *bus,
          BenchSeries     *times)
{
  gint64 begin = g_get_monotonic_time ();
  g_autoptr(GVariant) answer = call (bus, ALMU_BUS_NAME, ROOT_PATH, "org.freedesktop.DBus.Properties", "Get",
                                      g_variant_new ("(ss)", MANAGER, "Version"), G_VARIANT_TYPE ("(v)"));

  bench_series_add_since (times, begin);
}

/* Asked again, it answers at once: what remains of the figure is the start. */
void
bench_bus (Bench *bench)
{
  g_autofree char *services = g_build_filename (bench->state_dir, "services", NULL);
  g_autoptr(GTestDBus) test_bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_autoptr(GDBusConnection) bus = NULL;
  g_autoptr(BenchSeries) starts = bench_series_new ();
  g_autoptr(BenchSeries) replies = bench_series_new ();
  g_autoptr(GError) error = NULL;

  write_service (bench, services);
  g_test_dbus_add_service_dir (test_bus, services);
  start_bus (test_bus);
  bus = g_dbus_connection_new_for_address_sync (g_test_dbus_get_bus_address (test_bus),
                                                G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                  G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                                NULL, NULL, &error);
  if (bus == NULL)
    bench_fail ("%s", error->message);

  for (int i = 0; i < N_ROUNDS; i++)
    {
      activate (bus, starts);
      activate (bus, replies);
      end_service (bus);
    }

  g_clear_object (&bus);
  g_test_dbus_stop (test_bus);
  bench_report_add (bench->report, "D-Bus activation → first reply", "ms", starts,
                    bench_series_get_median (replies), 0);
}
