/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "bench-server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "bench-fail.h"
#include "bench-link.h"

#define ACCESSIBLE "CARTA is accessible at "

struct _BenchServer
{
  int      pid;
  gboolean is_ours;
  char    *url;
  gint64   start_usec;
  FILE    *output;
  GThread *reader;
};

/* Whoever writes to a pipe that nobody reads is held up. */
static gpointer
read_on (gpointer data)
{
  FILE *output = data;
  char  line[4096];

  while (fgets (line, sizeof line, output) != NULL)
    ;
  fclose (output);

  return NULL;
}

/* "http://host:port/?token=…" → "ws://…" */
static char *
get_websocket_url (const char *line)
{
  const char      *found = strstr (line, ACCESSIBLE "http://");
  g_autofree char *rest = NULL;

  if (found == NULL)
    return NULL;

  rest = g_strdup (found + strlen (ACCESSIBLE "http://"));

  return g_strconcat ("ws://", g_strchomp (rest), NULL);
}

static void
await_address (BenchServer *self)
{
  char line[4096];

  while (self->url == NULL)
    {
      if (fgets (line, sizeof line, self->output) == NULL)
        bench_fail ("The service ended before it was accessible");
      self->url = get_websocket_url (line);
    }
}

/* Who is measured must not outlive who measures, however that ends. */
static void
set_up_child (gpointer data)
{
  sigset_t none;

  prctl (PR_SET_PDEATHSIG, SIGTERM);
  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
}

/* Starts the program and returns when it listens; @n_threads may be 0, one
 * for each core, and @cache_mib 0, what it takes by itself. Without a session
 * bus, so that neither the bus nor what else is on it is measured. */
BenchServer *
bench_server_start (const char *program,
                    const char *folder,
                    const char *state_dir,
                    int         n_threads,
                    int         cache_mib)
{
  BenchServer      *self = g_new0 (BenchServer, 1);
  g_autofree char  *threads = g_strdup_printf ("--omp_threads=%d", n_threads > 0 ? n_threads : -1);
  g_autofree char  *cache = cache_mib > 0 ? g_strdup_printf ("--cache-size=%dM", cache_mib) : NULL;
  const char *const argv[] = {
    program, "--no_browser", "--no_user_config", "--no_system_config", threads,
    "--state-dir", state_dir, "--top_level_folder", folder, folder, cache, NULL
  };
  g_auto(GStrv) environment = g_get_environ ();
  g_autoptr(GError) error = NULL;
  gint64 begin;
  int    output;

  environment = g_environ_unsetenv (environment, "DISPLAY");
  if (g_getenv ("ALMU_TEST_BUS") == NULL)
    environment = g_environ_setenv (environment, "DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus", TRUE);

  begin = g_get_monotonic_time ();
  if (!g_spawn_async_with_pipes (NULL, (char **) argv, environment,
                                 G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL,
                                 set_up_child, NULL, &self->pid, NULL, &output, NULL, &error))
    bench_fail ("%s", error->message);

  self->is_ours = TRUE;
  self->output = fdopen (output, "r");
  await_address (self);
  self->start_usec = g_get_monotonic_time () - begin;
  self->reader = g_thread_new ("log", read_on, self->output);

  return self;
}

BenchServer *
bench_server_new_for_address (const char *url,
                              int         pid)
{
  BenchServer *self = g_new0 (BenchServer, 1);

  self->url = g_strdup (url);
  self->pid = pid;

  return self;
}

/* As a desktop would: SIGTERM. */
void
bench_server_end (BenchServer *self)
{
  if (self->is_ours)
    {
      kill (self->pid, SIGTERM);
      waitpid (self->pid, NULL, 0);
      g_thread_join (self->reader);
    }
  g_free (self->url);
  g_free (self);
}

const char *
bench_server_get_url (BenchServer *self)
{
  return self->url;
}

gboolean
bench_server_is_ours (BenchServer *self)
{
  return self->is_ours;
}

gint64
bench_server_get_start_usec (BenchServer *self)
{
  return self->start_usec;
}

/* The number behind @key in a file of /proc, or -1. */
static gint64
get_number (BenchServer *self,
            const char  *name,
            const char  *key)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/%s", self->pid, name);
  g_autofree char *text = NULL;
  g_autofree char *line = g_strconcat ("\n", key, ":", NULL);
  const char      *found;

  if (self->pid <= 0 || !g_file_get_contents (path, &text, NULL, NULL))
    return -1;

  found = strstr (text, g_str_has_prefix (text, line + 1) ? line + 1 : line);

  return found != NULL ? g_ascii_strtoll (strchr (found, ':') + 1, NULL, 10) : -1;
}

/* @field as in /proc/PID/status: VmRSS, VmHWM, RssAnon. */
double
bench_server_get_memory_mib (BenchServer *self,
                             const char  *field)
{
  gint64 kib = get_number (self, "status", field);

  return kib < 0 ? -1 : (double) kib / 1024;
}

/* The largest so far is the present one again. */
void
bench_server_reset_peak (BenchServer *self)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/clear_refs", self->pid);
  FILE            *file = fopen (path, "we");

  if (file == NULL || fputs ("5", file) < 0 || fclose (file) != 0)
    bench_fail ("Cannot write %s: %s", path, g_strerror (errno));
}

/* By read(), pread() and the like, from wherever; not what came by recv(). */
gint64
bench_server_get_bytes_read (BenchServer *self)
{
  return get_number (self, "io", "rchar");
}

/* What all its threads have used so far, or -1: the clock of another process
 * is read like one's own. */
double
bench_server_get_cpu_ms (BenchServer *self)
{
  struct timespec time;
  clockid_t       clock;

  if (self->pid <= 0 || clock_getcpuclockid (self->pid, &clock) != 0 || clock_gettime (clock, &time) != 0)
    return -1;

  return (double) time.tv_sec * 1e3 + (double) time.tv_nsec / 1e6;
}

/* -- jobs --------------------------------------------------------------- */

static guint
find_figure (const char *text,
             const char *name)
{
  g_autofree char *key = g_strdup_printf ("\nalmucantar_%s ", name);
  const char      *found = strstr (text, key);

  if (found == NULL)
    bench_fail ("There is no figure %s", name);

  return (guint) g_ascii_strtoull (found + strlen (key), NULL, 10);
}

guint
bench_server_count_jobs (BenchServer *self)
{
  g_autofree char *text = bench_link_fetch (self->url, "/metrics");

  return find_figure (text, "running_jobs") +
         find_figure (text, "waiting_jobs{kind=\"short\"}") + find_figure (text, "waiting_jobs{kind=\"long\"}");
}
