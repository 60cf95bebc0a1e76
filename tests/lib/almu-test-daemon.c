/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-test-daemon.h"

#include <libsoup/soup.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "almu-test-status.h"

#define ACCESSIBLE "CARTA is accessible at "

struct _AlmuTestDaemon
{
  GSubprocess      *process;
  GDataInputStream *output;
  char             *url;
  GUri             *uri;
  GQueue            lines; /* of the log, not asked for yet */
  GCancellable     *reading;
  gboolean          output_ended;
  gboolean          has_ended;
};

static void on_line (GObject      *source,
                     GAsyncResult *result,
                     gpointer      user_data);

static void
read_on (AlmuTestDaemon *self)
{
  g_data_input_stream_read_line_async (self->output, G_PRIORITY_DEFAULT, self->reading, on_line, self);
}

static void
on_line (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  AlmuTestDaemon  *self = user_data;
  g_autofree char *line = NULL;
  g_autoptr(GError) error = NULL;

  line = g_data_input_stream_read_line_finish_utf8 (G_DATA_INPUT_STREAM (source), result, NULL, &error);
  if (line == NULL)
    {
      if (error == NULL)
        self->output_ended = TRUE;
      return;
    }

  g_test_message ("%s", line);
  g_queue_push_tail (&self->lines, g_steal_pointer (&line));
  read_on (self);
}

/* Reads on until the program says where it is. */
static void
await_address (AlmuTestDaemon *self)
{
  g_autoptr(GError) error = NULL;

  while (self->url == NULL)
    {
      g_autofree char *line = g_data_input_stream_read_line_utf8 (self->output, NULL, NULL, &error);
      const char      *found;

      g_assert_no_error (error);
      if (line == NULL)
        g_error ("The service ended before it was accessible");

      g_test_message ("%s", line);
      found = strstr (line, ACCESSIBLE);
      if (found != NULL)
        self->url = g_strdup (found + strlen (ACCESSIBLE));
    }

  self->uri = g_uri_parse (self->url, G_URI_FLAGS_NONE, &error);
  g_assert_no_error (error);
  self->reading = g_cancellable_new ();
  read_on (self);
}

/* A test that fails takes its program with it. */
static void
end_with_parent (gpointer user_data)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

/* Starts the program and returns when it listens. */
AlmuTestDaemon *
almu_test_daemon_start (const char        *folder,
                        const char        *state_dir,
                        const char *const *arguments)
{
  AlmuTestDaemon *self = g_new0 (AlmuTestDaemon, 1);
  g_autoptr(GSubprocessLauncher) launcher = NULL;
  g_autoptr(GPtrArray) argv = g_ptr_array_new ();
  g_autoptr(GError) error = NULL;

  g_ptr_array_add (argv, (char *) g_getenv ("ALMUCANTARD"));
  g_ptr_array_add (argv, (char *) "--no_browser");
  g_ptr_array_add (argv, (char *) "--no_user_config");
  g_ptr_array_add (argv, (char *) "--no_system_config");
  g_ptr_array_add (argv, (char *) "--state-dir");
  g_ptr_array_add (argv, (char *) state_dir);
  g_ptr_array_add (argv, (char *) "--top_level_folder");
  g_ptr_array_add (argv, (char *) folder);
  for (guint i = 0; arguments != NULL && arguments[i] != NULL; i++)
    g_ptr_array_add (argv, (char *) arguments[i]);
  g_ptr_array_add (argv, (char *) folder);
  g_ptr_array_add (argv, NULL);

  launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  g_subprocess_launcher_set_child_setup (launcher, end_with_parent, NULL, NULL);
  g_subprocess_launcher_unsetenv (launcher, "DISPLAY");
  g_subprocess_launcher_unsetenv (launcher, "WAYLAND_DISPLAY");
  if (g_getenv ("ALMU_TEST_BUS") == NULL)
    g_subprocess_launcher_setenv (launcher, "DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus", TRUE);
  self->process = g_subprocess_launcher_spawnv (launcher, (const char *const *) argv->pdata, &error);
  g_assert_no_error (error);

  self->output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (self->process));
  await_address (self);

  return self;
}

/* As a crash would: SIGKILL. */
void
almu_test_daemon_kill (AlmuTestDaemon *self)
{
  g_subprocess_send_signal (self->process, SIGKILL);
  g_subprocess_wait (self->process, NULL, NULL);
  self->has_ended = TRUE;
}

/* As a desktop would: SIGTERM. Returns the exit status. */
int
almu_test_daemon_end (AlmuTestDaemon *self)
{
  g_subprocess_send_signal (self->process, SIGTERM);
  g_subprocess_wait (self->process, NULL, NULL);
  self->has_ended = TRUE;

  g_assert_true (g_subprocess_get_if_exited (self->process));

  return g_subprocess_get_exit_status (self->process);
}

void
almu_test_daemon_free (AlmuTestDaemon *self)
{
  if (!self->has_ended)
    almu_test_daemon_kill (self);

  g_cancellable_cancel (self->reading);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_clear_object (&self->reading);
  g_queue_clear_full (&self->lines, g_free);
  g_clear_object (&self->output);
  g_clear_object (&self->process);
  g_clear_pointer (&self->uri, g_uri_unref);
  g_free (self->url);
  g_free (self);
}

const char *
almu_test_daemon_get_url (AlmuTestDaemon *self)
{
  return self->url;
}

guint
almu_test_daemon_get_port (AlmuTestDaemon *self)
{
  return (guint) g_uri_get_port (self->uri);
}

int
almu_test_daemon_get_pid (AlmuTestDaemon *self)
{
  return atoi (g_subprocess_get_identifier (self->process));
}

char *
almu_test_daemon_dup_websocket_url (AlmuTestDaemon *self)
{
  return g_strdup_printf ("ws://127.0.0.1:%d%s?%s", g_uri_get_port (self->uri),
                          g_uri_get_path (self->uri), g_uri_get_query (self->uri));
}

/* The next line of the log that has @part in it. */
char *
almu_test_daemon_await_line (AlmuTestDaemon *self,
                             const char     *part)
{
  while (TRUE)
    {
      g_autofree char *line = g_queue_pop_head (&self->lines);

      if (line != NULL && strstr (line, part) != NULL)
        return g_steal_pointer (&line);

      if (line == NULL && self->output_ended)
        g_error ("The service ended before it said “%s”", part);

      if (line == NULL)
        g_main_context_iteration (NULL, TRUE);
    }
}

/* A number of /proc/PID/status, such as "VmRSS" (kB). */
guint64
almu_test_daemon_get_status (AlmuTestDaemon *self,
                             const char     *key)
{
  return almu_test_status_get (almu_test_daemon_get_pid (self), key);
}

/* What was lost or ended may not have been cleared away yet; what leaks is
 * waited for until the test's time is over. */
void
almu_test_daemon_await_fds (AlmuTestDaemon *self,
                            guint           at_most)
{
  while (almu_test_daemon_count_fds (self) > at_most)
    g_main_context_iteration (NULL, FALSE);
}

/* What is computed, or waits to be. */
guint64
almu_test_daemon_count_jobs (AlmuTestDaemon *self)
{
  return almu_test_daemon_get_metric (self, "running_jobs") +
         almu_test_daemon_get_metric (self, "waiting_jobs{kind=\"short\"}") +
         almu_test_daemon_get_metric (self, "waiting_jobs{kind=\"long\"}");
}

guint
almu_test_daemon_count_fds (AlmuTestDaemon *self)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/fd", almu_test_daemon_get_pid (self));
  g_autoptr(GDir) folder = g_dir_open (path, 0, NULL);
  guint n = 0;

  g_assert_nonnull (folder);
  while (g_dir_read_name (folder) != NULL)
    n++;

  return n;
}

/* All that /metrics says. */
char *
almu_test_daemon_dup_metrics (AlmuTestDaemon *self)
{
  g_autofree char *url = g_strdup_printf ("http://127.0.0.1:%d/metrics?%s", g_uri_get_port (self->uri),
                                          g_uri_get_query (self->uri));
  g_autoptr(SoupSession) session = soup_session_new_with_options ("proxy-resolver", NULL, NULL);
  g_autoptr(SoupMessage) message = soup_message_new ("GET", url);
  g_autoptr(GBytes) body = NULL;
  g_autoptr(GError) error = NULL;

  body = soup_session_send_and_read (session, message, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (soup_message_get_status (message), ==, 200);
  g_assert_cmpstr (soup_message_headers_get_one (soup_message_get_response_headers (message), "Content-Type"), ==,
                   "text/plain; version=0.0.4; charset=utf-8");

  return g_strndup (g_bytes_get_data (body, NULL), g_bytes_get_size (body));
}

/* A figure of /metrics, such as "image_read_bytes_total". */
guint64
almu_test_daemon_get_metric (AlmuTestDaemon *self,
                             const char     *name)
{
  g_autofree char *key = g_strdup_printf ("\nalmucantar_%s ", name);
  g_autofree char *text = almu_test_daemon_dup_metrics (self);
  const char      *found = strstr (text, key);

  g_assert_nonnull (found);

  return g_ascii_strtoull (found + strlen (key), NULL, 10);
}
