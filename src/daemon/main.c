/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>
#include <locale.h>
#include <malloc.h>

#include "almu-daemon.h"
#include "almu-error.h"
#include "almu-log.h"

/* Planes and messages are large and come and go: let the allocator give
 * them back to the system instead of learning to keep them. */
#define MMAP_THRESHOLD (128 * 1024)

/* Tiles and their messages are below that, and dozens come and go with each
 * picture: the heap does not shrink and grow for them. The cache gives it
 * back when a file is closed, which works for the main arena only, so that
 * is the one all threads use: they compute more than they allocate. */
#define TRIM_THRESHOLD (16 * 1024 * 1024)

/* GLib takes some threads for itself, and gives up without a word of ours where
 * it cannot have them. */
#define FIRST_THREADS 4

static gpointer
stay (gpointer data)
{
  g_mutex_lock (data);
  g_mutex_unlock (data);

  return NULL;
}

static gboolean
can_start_threads (GError **error)
{
  GThread *threads[FIRST_THREADS] = { NULL };
  GMutex   mutex;
  guint    n = 0;

  g_mutex_init (&mutex);
  g_mutex_lock (&mutex);
  while (n < FIRST_THREADS && (threads[n] = g_thread_try_new ("probe", stay, &mutex, error)) != NULL)
    n++;
  g_mutex_unlock (&mutex);
  for (guint i = 0; i < n; i++)
    g_thread_join (threads[i]);
  g_mutex_clear (&mutex);

  return n == FIRST_THREADS;
}

int
main (int   argc,
      char *argv[])
{
  g_autoptr(AlmuOptions) options = NULL;
  g_autoptr(AlmuDaemon) daemon = NULL;
  g_autoptr(GError) error = NULL;
  int status;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, ALMU_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  mallopt (M_MMAP_THRESHOLD, MMAP_THRESHOLD);
  mallopt (M_TRIM_THRESHOLD, TRIM_THRESHOLD);
  mallopt (M_ARENA_MAX, 1);

  if (!almu_options_parse (argc, argv, &options, &error))
    {
      g_printerr ("almucantard: %s\n", error->message);
      return ALMU_EXIT_USAGE;
    }

  if (options->answer != NULL)
    {
      g_print ("%s", options->answer);
      return 0;
    }

  almu_log_init (options->verbosity);
  for (guint i = 0; i < options->warnings->len; i++)
    g_warning ("%s", (const char *) options->warnings->pdata[i]);

  if (!can_start_threads (&error))
    {
      g_printerr ("almucantard: %s\n", error->message);
      return ALMU_EXIT_START;
    }

  daemon = almu_daemon_new (g_steal_pointer (&options));
  status = g_application_run (G_APPLICATION (daemon), 1, argv);

  return status != 0 ? status : almu_daemon_get_exit_status (daemon);
}
