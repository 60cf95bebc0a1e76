/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-daemon.h"

#include <glib/gi18n.h>
#include <glib-unix.h>
#include <stdlib.h>
#include <unistd.h>

#include "almu-bus.h"
#include "almu-bus-open.h"
#include "almu-data-table.h"
#include "almu-desktop.h"
#include "almu-error.h"
#include "almu-greeter.h"
#include "almu-handover.h"
#include "almu-idle.h"
#include "almu-kept.h"
#include "almu-launch.h"
#include "almu-library.h"
#include "almu-limits.h"
#include "almu-metrics.h"
#include "almu-offer.h"
#include "almu-onlooker.h"
#include "almu-page-address.h"
#include "almu-reception.h"
#include "almu-record.h"
#include "almu-scripting.h"
#include "almu-server.h"
#include "almu-sessions.h"
#include "almu-shelf.h"
#include "almu-state-dir.h"
#include "almu-store.h"
#include "almu-succession.h"
#include "almu-switchboard.h"
#include "almu-vacancy.h"
#include "almu-workers.h"

/**
 * AlmuDaemon:
 *
 * The process: introduces the doors (HTTP and WebSocket, D-Bus, disk) to
 * the model, and ends them in the opposite order.
 */
struct _AlmuDaemon
{
  GApplication parent_instance;

  AlmuOptions     *options;
  AlmuStateDir    *state_dir;
  AlmuStore       *store;   /* NULL if nothing can be kept … */
  char            *trouble; /* … because of this */
  AlmuSessions    *sessions;
  AlmuSwitchboard *switchboard;
  AlmuGreeter     *greeter;
  AlmuOnlooker    *onlooker;
  AlmuServer      *server;
  AlmuPageAddress *address;
  AlmuBus         *bus;
  AlmuReception   *reception; /* NULL without a bus */
  AlmuIdle        *idle;      /* NULL if it stays for ever */
  AlmuVacancy     *vacancy;
  int              exit_status;
  gboolean         has_begun;
  gboolean         is_activated;
  gboolean         is_serving;
};

G_DEFINE_FINAL_TYPE (AlmuDaemon, almu_daemon, G_TYPE_APPLICATION)

static void
almu_daemon_finalize (GObject *object)
{
  AlmuDaemon *self = ALMU_DAEMON (object);

  g_clear_pointer (&self->options, almu_options_free);
  g_clear_pointer (&self->trouble, g_free);

  G_OBJECT_CLASS (almu_daemon_parent_class)->finalize (object);
}

/* -- the end ------------------------------------------------------------ */

/* What calls in flight may take of the 2 s that an end may. */
#define DRAIN_MSEC 500

static gboolean
on_signal (gpointer user_data)
{
  g_message ("Asked to end");
  g_application_quit (G_APPLICATION (user_data));

  return G_SOURCE_CONTINUE;
}

/* -- nobody there -------------------------------------------------------- */

static gboolean
is_busy (gpointer user_data)
{
  AlmuDaemon *self = user_data;

  return almu_switchboard_get_n_links (self->switchboard) > 0 ||
         almu_server_get_n_connections (self->server) > 0;
}

static void
withdraw_address (gpointer user_data)
{
  AlmuDaemon *self = user_data;

  almu_state_dir_withdraw (self->state_dir);
}

static void
tell_address (gpointer user_data)
{
  AlmuDaemon      *self = user_data;
  g_autofree char *base = almu_server_dup_address (self->server);
  g_autoptr(GError) error = NULL;

  if (!almu_state_dir_remember (self->state_dir, base, (guint16) almu_server_get_port (self->server), &error))
    g_warning ("The address cannot be remembered for the next start: %s", error->message);
}

static void
leave (gpointer user_data)
{
  g_message ("Nobody is here any more");
  g_application_quit (G_APPLICATION (user_data));
}

static const AlmuIdleFuncs idle_funcs = { is_busy, withdraw_address, tell_address, leave };

static void
on_somebody (gpointer user_data)
{
  AlmuDaemon *self = user_data;

  if (self->idle != NULL)
    almu_idle_touch (self->idle);
}

/* -- the doors ---------------------------------------------------------- */

static void
on_link (AlmuServer *server,
         GIOStream  *stream,
         AlmuPeer   *peer,
         AlmuDaemon *self)
{
  almu_switchboard_accept (self->switchboard, stream, peer->address, peer->viewer,
                           almu_page_address_parse_session (peer->path));
}

static void
on_page (AlmuServer *server,
         const char *viewer,
         const char *query,
         AlmuDaemon *self)
{
  almu_greeter_note_page (self->greeter, viewer, query);
}

static void
on_workspace (AlmuServer *server,
              const char *viewer,
              const char *name,
              AlmuDaemon *self)
{
  guint32 id = almu_kept_parse_name (name);

  if (viewer != NULL && id != 0)
    almu_succession_begin_somewhere (self->switchboard, viewer, id);
}

static guint
on_metrics (const AlmuPageRequest *request,
            const char           **out_type,
            GBytes               **out_body,
            gpointer               user_data)
{
  AlmuDaemon *self = user_data;
  char       *text = almu_metrics_write (self->sessions, self->switchboard);

  *out_type = "text/plain; version=0.0.4; charset=utf-8";
  *out_body = g_bytes_new_take (text, strlen (text));

  return 200;
}

static const AlmuGreeterMode greeter_modes[] = {
  [ALMU_RESTORE_ASK] = ALMU_GREETER_ASK,
  [ALMU_RESTORE_AUTO] = ALMU_GREETER_AUTO,
  [ALMU_RESTORE_NEVER] = ALMU_GREETER_NEVER,
};

/* As long as a timer of GLib may be: 49 days stand for ever. */
#define MAX_GRACE_SECONDS (G_MAXUINT / 1000)

static guint
get_grace (AlmuDaemon *self)
{
  int grace = self->options->session_grace;

  return grace < 0 ? MAX_GRACE_SECONDS : MIN ((guint) grace, MAX_GRACE_SECONDS);
}

static void
on_trouble (AlmuStore  *store,
            const char *text,
            AlmuDaemon *self)
{
  g_warning ("%s", text);
  /* one session only, if the store itself is well */
  if (almu_store_get_trouble (store) == NULL && self->switchboard != NULL)
    almu_switchboard_warn (self->switchboard, text);
}

static void
on_trouble_changed (AlmuStore  *store,
                    GParamSpec *pspec,
                    AlmuDaemon *self)
{
  /* the store writes until its own end, when nobody is there to be told */
  if (self->switchboard != NULL)
    almu_switchboard_set_trouble (self->switchboard, almu_store_get_trouble (store));
  if (self->bus != NULL)
    almu_bus_set_trouble (self->bus, almu_store_get_trouble (store));
}

/* The service always starts. */
static void
open_store (AlmuDaemon *self)
{
  g_autoptr(GError) error = NULL;

  self->store = almu_store_new (almu_state_dir_get_path (self->state_dir),
                                self->options->session_retention, ALMU_DEFAULT_RECORDS, &error);
  if (self->store == NULL)
    {
      self->trouble = g_strdup_printf (_ ("Sessions will not outlive this process: %s"), error->message);
      g_warning ("%s", self->trouble);
      return;
    }

  almu_sessions_set_archive (self->sessions, ALMU_ARCHIVE (self->store));
  almu_store_watch (self->store, self->sessions);
}

/* After which a job that waits for a disk is in nobody's way any more. */
#define PATIENCE_MSEC 1000

static gboolean
open_model (AlmuDaemon *self,
            GError    **error)
{
  g_autoptr(AlmuFolder) folder = NULL;
  g_autoptr(AlmuCache) cache = NULL;
  AlmuLinkOptions link_options = {
    .read_only = self->options->read_only_mode,
    .scripting = self->options->enable_scripting,
    .log_messages = self->options->log_protocol_messages,
    .log_performance = self->options->log_performance,
    .idle_seconds = (guint) MAX (self->options->link_idle, 0),
    .idle_timeout = (guint) MAX (self->options->idle_timeout, 0),
  };

  folder = almu_folder_new (self->options->top_level_folder, self->options->starting_folder, error);
  if (folder == NULL)
    return FALSE;

  almu_workers_set_threads ((guint) MAX (self->options->omp_threads, 0));
  almu_workers_set_patience (PATIENCE_MSEC);
  cache = almu_cache_new (self->options->cache_size);
  almu_data_table_set_budget ((gint64) MIN (self->options->cache_size, G_MAXINT64));
  self->sessions = almu_sessions_new (folder, cache, get_grace (self));
  open_store (self);
  self->switchboard = almu_switchboard_new (self->sessions, &link_options);
  almu_switchboard_set_trouble (self->switchboard, self->trouble);
  if (self->store != NULL)
    {
      g_signal_connect_object (self->store, "trouble", G_CALLBACK (on_trouble), self, 0);
      g_signal_connect_object (self->store, "notify::trouble", G_CALLBACK (on_trouble_changed), self, 0);
    }
  g_signal_connect_object (self->switchboard, "links-changed", G_CALLBACK (on_somebody), self, G_CONNECT_SWAPPED);
  self->greeter = almu_greeter_new (self->switchboard, greeter_modes[self->options->restore]);
  self->onlooker = almu_onlooker_new (self->switchboard);

  return TRUE;
}

static gboolean
open_server (AlmuDaemon *self,
             const char *token,
             GError    **error)
{
  g_autofree char *config = g_build_filename (almu_state_dir_get_path (self->state_dir), "config", NULL);
  g_autoptr(AlmuShelf) shelf = NULL;
  g_autoptr(AlmuLibrary) library = NULL;

  shelf = almu_shelf_new (config, self->options->read_only_mode);
  library = almu_library_new (ALMU_SETTINGS (shelf), self->sessions);
  self->server = almu_launch_server (self->options, token, ALMU_SETTINGS (library));
  almu_offer_sessions (self->server, self->sessions, almu_state_dir_get_path (self->state_dir),
                       self->options->read_only_mode);
  if (self->options->enable_scripting)
    almu_server_set_script_func (self->server, almu_scripting_run,
                                 g_object_ref (self->switchboard), g_object_unref);
  almu_server_add_page (self->server, "/metrics", on_metrics, self, NULL);
  g_signal_connect_object (self->server, "link", G_CALLBACK (on_link), self, 0);
  g_signal_connect_object (self->server, "page", G_CALLBACK (on_page), self, 0);
  g_signal_connect_object (self->server, "workspace", G_CALLBACK (on_workspace), self, 0);

  return almu_launch_listen (self->server, self->options,
                             almu_state_dir_get_last_port (self->state_dir), error);
}

static char *
write_record (const AlmuMemento *memento)
{
  return almu_record_write (memento, NULL);
}

static GVariant *
get_status (gpointer user_data)
{
  AlmuDaemon *self = user_data;

  return almu_metrics_describe (self->sessions, self->switchboard);
}

static void
open_bus (AlmuDaemon *self)
{
  self->bus = almu_bus_new (self->sessions);
  almu_bus_set_trouble (self->bus, self->trouble);
  almu_bus_set_records (self->bus, write_record, almu_record_read);
  almu_bus_set_page_address (self->bus, self->address);
  almu_bus_set_status_func (self->bus, get_status, self);
  g_signal_connect_object (self->bus, "quit", G_CALLBACK (g_application_quit), self, G_CONNECT_SWAPPED);
}

/* Fails with the exit status that fits; 0 if another process does it all. */
static gboolean
serve (AlmuDaemon      *self,
       GDBusConnection *connection)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *token = NULL;
  g_autofree char *base = NULL;

  /* with a bus it is the name that waits for this, else the start */
  if (self->has_begun)
    return self->is_serving;

  self->has_begun = TRUE;
  self->exit_status = ALMU_EXIT_START;
  self->state_dir = almu_handover_open (self->options, connection, &error);
  if (self->state_dir == NULL && error == NULL)
    {
      self->exit_status = 0;
      return FALSE;
    }
  if (self->state_dir == NULL || !open_model (self, &error))
    goto failed;

  if (!self->options->debug_no_auth)
    {
      token = almu_state_dir_dup_token (self->state_dir, self->options->auth_token, &error);
      if (token == NULL)
        goto failed;
    }

  self->exit_status = ALMU_EXIT_LISTEN;
  if (!open_server (self, token, &error))
    goto failed;

  self->exit_status = 0;
  base = almu_server_dup_address (self->server);
  self->address = almu_page_address_new (base, token);
  open_bus (self);
  self->is_serving = TRUE;

  return TRUE;

failed:
  g_critical ("%s", error->message);
  return FALSE;
}

/* -- GApplication ------------------------------------------------------- */

static gboolean
almu_daemon_dbus_register (GApplication    *application,
                           GDBusConnection *connection,
                           const char      *object_path,
                           GError         **error)
{
  AlmuDaemon *self = ALMU_DAEMON (application);

  if (!G_APPLICATION_CLASS (almu_daemon_parent_class)->dbus_register (application, connection, object_path, error))
    return FALSE;

  /* objects first, then the name: who finds the name finds them */
  if (!serve (self, connection))
    return TRUE;
  if (!almu_bus_export (self->bus, connection, error))
    return FALSE;

  self->reception = almu_reception_new (connection, on_somebody, self);
  if (!almu_reception_take_name (self->reception))
    g_message ("Another service has the name %s on the bus: this one is not found there", ALMU_BUS_NAME);

  return TRUE;
}

static void
almu_daemon_dbus_unregister (GApplication    *application,
                             GDBusConnection *connection,
                             const char      *object_path)
{
  AlmuDaemon *self = ALMU_DAEMON (application);

  if (self->bus != NULL)
    almu_bus_unexport (self->bus);

  G_APPLICATION_CLASS (almu_daemon_parent_class)->dbus_unregister (application, connection, object_path);
}

static void
almu_daemon_startup (GApplication *application)
{
  AlmuDaemon *self = ALMU_DAEMON (application);

  G_APPLICATION_CLASS (almu_daemon_parent_class)->startup (application);

  g_application_hold (application);
  g_unix_signal_add (SIGTERM, on_signal, self);
  g_unix_signal_add (SIGINT, on_signal, self);

  if (g_application_get_dbus_connection (application) == NULL)
    g_message ("No session bus: everything but D-Bus works");

  if (!serve (self, NULL))
    {
      g_application_quit (application);
      return;
    }

  tell_address (self);
  almu_launch_announce (self->options, self->server, self->address);
  self->vacancy = almu_vacancy_new (self->sessions, self->options->initial_timeout, self->options->exit_timeout,
                                    (AlmuVacancyFunc) g_application_quit, self);
  if (self->options->idle_exit >= 0)
    self->idle = almu_idle_new ((guint) self->options->idle_exit, self->reception, &idle_funcs, self);
}

/* Once by GApplication itself, after the start; later by a click on the
 * icon: a page without a session of its own, which may ask for the last. */
static void
almu_daemon_activate (GApplication *application)
{
  AlmuDaemon       *self = ALMU_DAEMON (application);
  const char *const nothing[] = { NULL };
  g_autofree char  *url = NULL;

  if (!self->is_activated)
    {
      self->is_activated = TRUE;
      return;
    }

  url = almu_page_address_make (self->address, 0, NULL, nothing);
  almu_desktop_show (g_application_get_dbus_connection (application), url);
}

static void
on_opened (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(GApplication) application = user_data;
  g_autoptr(GError) error = NULL;
  g_autofree char *url = almu_bus_open_finish (ALMU_SESSIONS (source), result, NULL, &error);

  if (url != NULL)
    almu_desktop_show (g_application_get_dbus_connection (application), url);
  else
    almu_desktop_complain (application, error);
  g_application_release (application);
}

/* By a double click on files. The launcher has its answer already. */
static void
almu_daemon_open (GApplication *application,
                  GFile       **files,
                  int           n_files,
                  const char   *hint)
{
  AlmuDaemon *self = ALMU_DAEMON (application);
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new ();
  g_auto(GStrv) uris = NULL;

  for (int i = 0; i < n_files; i++)
    {
      g_autofree char *uri = g_file_get_uri (files[i]);

      g_strv_builder_add (builder, uri);
    }
  uris = g_strv_builder_end (builder);

  g_application_hold (application);
  almu_bus_open_async (self->sessions, self->address, (const char *const *) uris, on_opened,
                       g_object_ref (application));
}

/* From now on the bus starts another process, which waits for the lock. */
static void
leave_bus (AlmuDaemon *self)
{
  g_clear_pointer (&self->idle, almu_idle_free);
  if (self->state_dir != NULL)
    almu_state_dir_withdraw (self->state_dir);
  if (self->reception == NULL)
    return;

  almu_reception_release_name (self->reception);
  almu_reception_drain (self->reception, DRAIN_MSEC);
}

/* Said good-bye to pages before sessions, to sessions before the rest. The
 * signals are listened to until the process is gone: systemd sends one when it
 * sees the name go. */
static void
almu_daemon_shutdown (GApplication *application)
{
  AlmuDaemon *self = ALMU_DAEMON (application);

  g_clear_pointer (&self->vacancy, almu_vacancy_free);
  leave_bus (self);

  if (self->switchboard != NULL)
    almu_launch_say_good_bye (self->switchboard);
  if (self->server != NULL)
    almu_server_stop (self->server);
  if (self->bus != NULL)
    almu_bus_unexport (self->bus);
  if (self->sessions != NULL)
    almu_sessions_park_all (self->sessions);

  g_clear_pointer (&self->reception, almu_reception_free);
  g_clear_object (&self->bus);
  g_clear_object (&self->server);
  g_clear_object (&self->greeter);
  g_clear_object (&self->onlooker);
  g_clear_object (&self->switchboard);
  g_clear_object (&self->sessions);
  /* work under way may hold it: the database is closed all the same */
  if (self->store != NULL)
    g_object_run_dispose (G_OBJECT (self->store));
  g_clear_object (&self->store);
  g_clear_pointer (&self->address, almu_page_address_unref);
  g_clear_pointer (&self->state_dir, almu_state_dir_free);

  G_APPLICATION_CLASS (almu_daemon_parent_class)->shutdown (application);
}

static void
almu_daemon_class_init (AlmuDaemonClass *klass)
{
  GObjectClass      *object_class = G_OBJECT_CLASS (klass);
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  object_class->finalize = almu_daemon_finalize;
  application_class->dbus_register = almu_daemon_dbus_register;
  application_class->dbus_unregister = almu_daemon_dbus_unregister;
  application_class->startup = almu_daemon_startup;
  application_class->activate = almu_daemon_activate;
  application_class->open = almu_daemon_open;
  application_class->shutdown = almu_daemon_shutdown;
}

static void
almu_daemon_init (AlmuDaemon *self)
{
}

/**
 * almu_daemon_new:
 * @options: (transfer full): what it was told
 *
 * The name on the bus is taken by hand, after the objects are there and
 * only if it is free: a second service with a state directory of its own
 * is independent of the first.
 */
AlmuDaemon *
almu_daemon_new (AlmuOptions *options)
{
  AlmuDaemon *self;

  self = g_object_new (ALMU_TYPE_DAEMON,
                       "application-id", ALMU_BUS_NAME,
                       "flags", G_APPLICATION_NON_UNIQUE | G_APPLICATION_HANDLES_OPEN,
                       NULL);
  self->options = options;

  return self;
}

/**
 * almu_daemon_get_exit_status:
 *
 * To be asked when g_application_run() has returned 0.
 *
 * Returns: 0, or why the service did not start: %ALMU_EXIT_LISTEN or
 *   %ALMU_EXIT_START
 */
int
almu_daemon_get_exit_status (AlmuDaemon *self)
{
  return self->exit_status;
}
