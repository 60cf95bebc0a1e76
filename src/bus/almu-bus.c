/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-bus.h"

#include <glib/gi18n-lib.h>

#include "almu-bus-list.h"
#include "almu-bus-names.h"
#include "almu-bus-open.h"
#include "almu-bus-reply.h"
#include "almu-bus-session.h"
#include "almu-dbus-generated.h"
#include "almu-error.h"
#include "almu-kept.h"

/**
 * AlmuBus:
 *
 * The service as the session bus sees it: the sessions with their files and
 * regions, under one object manager, and the interface of the whole.
 *
 * The objects stand beside the model and follow it; nothing is kept here
 * but the address of the page and how to write a session down. Main thread only; the daemon owns it.
 */
struct _AlmuBus
{
  GObject parent_instance;

  AlmuSessions             *sessions;
  AlmuPageAddress          *address; /* NULL until there is a page */
  AlmuBusRecords            records;
  AlmuBusStatusFunc         status_func; /* NULL: nothing is known */
  gpointer                  status_data;
  GDBusObjectManagerServer *objects;
  AlmuDBusManager1         *manager;
};

G_DEFINE_FINAL_TYPE (AlmuBus, almu_bus, G_TYPE_OBJECT)

enum
{
  QUIT,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void on_state_changed (AlmuSession *session,
                              GParamSpec  *pspec,
                              AlmuBus     *self);

static void
unfollow_session (AlmuBus     *self,
                  AlmuSession *session)
{
  g_signal_handlers_disconnect_by_func (session, on_state_changed, self);
  almu_bus_session_unexport (self->objects, session);
}

static void
almu_bus_dispose (GObject *object)
{
  AlmuBus *self = ALMU_BUS (object);

  if (self->sessions != NULL)
    {
      g_autoptr(GPtrArray) list = almu_sessions_list (self->sessions);

      almu_bus_unexport (self);
      g_signal_handlers_disconnect_by_data (self->sessions, self);
      for (guint i = 0; i < list->len; i++)
        unfollow_session (self, list->pdata[i]);
    }

  g_clear_object (&self->sessions);
  g_clear_pointer (&self->address, almu_page_address_unref);
  g_clear_object (&self->objects);
  g_clear_object (&self->manager);

  G_OBJECT_CLASS (almu_bus_parent_class)->dispose (object);
}

static void
almu_bus_class_init (AlmuBusClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = almu_bus_dispose;

  /**
   * AlmuBus::quit:
   * @self: the bus
   *
   * Somebody has asked the service to leave, and has been answered.
   */
  signals[QUIT] =
    g_signal_new ("quit",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 0);
}

static void
almu_bus_init (AlmuBus *self)
{
  self->objects = g_dbus_object_manager_server_new (ALMU_BUS_PATH);
  self->manager = almu_dbus_manager1_skeleton_new ();
  almu_dbus_manager1_set_version (self->manager, ALMU_VERSION);
  almu_dbus_manager1_set_address (self->manager, "");
  almu_dbus_manager1_set_trouble (self->manager, "");
}

/* -- the sessions -------------------------------------------------------- */

static void
update_counts (AlmuBus *self)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{su}"));
  for (AlmuSessionState state = ALMU_SESSION_ATTACHED; state <= ALMU_SESSION_DETACHED; state++)
    g_variant_builder_add (&builder, "{su}",
                           almu_session_state_get_name (state),
                           almu_sessions_count (self->sessions, state));
  almu_dbus_manager1_set_sessions (self->manager, g_variant_builder_end (&builder));
}

static void
on_state_changed (AlmuSession *session,
                  GParamSpec  *pspec,
                  AlmuBus     *self)
{
  update_counts (self);
}

static void
on_session_added (AlmuSessions *sessions,
                  AlmuSession  *session,
                  AlmuBus      *self)
{
  almu_bus_session_export (self->objects, sessions, session, &self->records);
  g_signal_connect_object (session, "notify::state", G_CALLBACK (on_state_changed), self, 0);
  update_counts (self);
}

static void
on_session_removed (AlmuSessions *sessions,
                    AlmuSession  *session,
                    AlmuBus      *self)
{
  unfollow_session (self, session);
  update_counts (self);
}

/* -- Open and Resume ----------------------------------------------------- */

typedef struct
{
  AlmuBus               *self;
  GDBusMethodInvocation *invocation;
} Open;

static void
on_opened (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autofree Open *request = user_data;
  g_autoptr(AlmuBus) self = request->self;
  GError          *error = NULL;
  guint32          session_id;
  g_autofree char *url = almu_bus_open_finish (ALMU_SESSIONS (source), result, &session_id, &error);

  if (url != NULL)
    almu_dbus_manager1_complete_open (self->manager, request->invocation, session_id, url);
  else
    almu_bus_return_error (request->invocation, error);
}

static gboolean
on_handle_open (AlmuDBusManager1      *manager,
                GDBusMethodInvocation *invocation,
                const char *const     *uris,
                GVariant              *options,
                AlmuBus               *self)
{
  Open   *request;
  GError *error = NULL;

  if (!almu_bus_check_options (options, NULL, 0, &error))
    {
      almu_bus_return_error (invocation, error);
      return G_DBUS_METHOD_INVOCATION_HANDLED;
    }

  request = g_new0 (Open, 1);
  request->self = g_object_ref (self);
  request->invocation = invocation;
  almu_bus_open_async (self->sessions, self->address, uris, on_opened, request);

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
has_page (AlmuBus *self,
          GError **error)
{
  if (self->address != NULL)
    return TRUE;

  g_set_error_literal (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND,
                       _ ("There is no page: the service does not listen"));
  return FALSE;
}

/* What the page is to open, as it writes it. */
static char **
list_page_files (AlmuSession *session)
{
  GPtrArray *files = almu_session_list_files (session);
  GPtrArray *names = g_ptr_array_new ();

  for (guint i = 0; i < files->len; i++)
    {
      const AlmuFileName *name = almu_file_get_name (files->pdata[i]);
      g_autofree char    *path = almu_bus_names_make_path (almu_session_get_folder (session), name);

      if (*name->hdu != '\0')
        g_ptr_array_add (names, g_strdup_printf ("%s[%s]", path, name->hdu));
      else
        g_ptr_array_add (names, g_steal_pointer (&path));
    }
  g_ptr_array_add (names, NULL);

  return (char **) g_ptr_array_free (names, FALSE);
}

/* A page that opens the files of the session, or is the one it waits for. */
static char *
make_session_url (AlmuBus     *self,
                  AlmuSession *session,
                  GError     **error)
{
  g_auto(GStrv) files = list_page_files (session);

  if (!almu_page_address_check_files ((const char *const *) files, error))
    return NULL;

  return almu_page_address_make (self->address, almu_session_get_id (session), NULL,
                                 (const char *const *) files);
}

/* A page that builds up all that is known of the session. */
static char *
make_workspace_url (AlmuBus *self,
                    guint32  id)
{
  g_autofree char *name = g_strdup_printf (ALMU_KEPT_PREFIX "%u", id);

  return almu_page_address_make_workspace (self->address, name);
}

static gboolean
is_kept (AlmuBus *self,
         guint32  id)
{
  AlmuArchive *archive = almu_sessions_get_archive (self->sessions);

  return archive != NULL && almu_archive_contains (archive, id);
}

/* There is nothing to build up of a session that never had a file. Without
 * records there are no workspaces either. */
static gboolean
is_rebuilt (AlmuBus     *self,
            AlmuSession *session)
{
  return almu_sessions_get_archive (self->sessions) != NULL &&
         (session == NULL || almu_session_list_files (session)->len > 0);
}

static char *
make_resume_url (AlmuBus *self,
                 guint32  id,
                 GError **error)
{
  AlmuSession *session = almu_sessions_lookup (self->sessions, id);

  if (!has_page (self, error))
    return NULL;

  if (session == NULL && !is_kept (self, id))
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND, _ ("No session %u"), id);
      return NULL;
    }

  if (is_rebuilt (self, session))
    return make_workspace_url (self, id);

  return make_session_url (self, session, error);
}

static gboolean
on_handle_resume (AlmuDBusManager1      *manager,
                  GDBusMethodInvocation *invocation,
                  guint                  id,
                  AlmuBus               *self)
{
  GError          *error = NULL;
  g_autofree char *url = make_resume_url (self, id, &error);

  if (url != NULL)
    almu_dbus_manager1_complete_resume (manager, invocation, url);
  else
    almu_bus_return_error (invocation, error);

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
on_handle_get_state (AlmuDBusManager1      *manager,
                     GDBusMethodInvocation *invocation,
                     guint                  id,
                     AlmuBus               *self)
{
  GError          *error = NULL;
  g_autofree char *text = almu_bus_records_write (&self->records, self->sessions, id, &error);

  if (text != NULL)
    almu_dbus_manager1_complete_get_state (manager, invocation, text);
  else
    almu_bus_return_error (invocation, error);

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* -- ListSessions -------------------------------------------------------- */

static gboolean
on_handle_list_sessions (AlmuDBusManager1      *manager,
                         GDBusMethodInvocation *invocation,
                         GVariant              *filter,
                         AlmuBus               *self)
{
  static const AlmuBusOption known[] = { { "state", "s" } };
  const char                *state = NULL;
  GVariant                  *list = NULL;
  GError                    *error = NULL;

  if (almu_bus_check_options (filter, known, G_N_ELEMENTS (known), &error))
    {
      g_variant_lookup (filter, "state", "&s", &state);
      list = almu_bus_list_sessions (self->sessions, state, &error);
    }

  if (list != NULL)
    almu_dbus_manager1_complete_list_sessions (manager, invocation, list);
  else
    almu_bus_return_error (invocation, error);

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* -- GetStatus ----------------------------------------------------------- */

static gboolean
on_handle_get_status (AlmuDBusManager1      *manager,
                      GDBusMethodInvocation *invocation,
                      AlmuBus               *self)
{
  g_autoptr(GVariant) status = NULL;

  if (self->status_func != NULL)
    status = self->status_func (self->status_data);
  else
    status = g_variant_ref_sink (g_variant_new ("a{sv}", NULL));
  almu_dbus_manager1_complete_get_status (manager, invocation, status);

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* -- Forget and Quit ----------------------------------------------------- */

static gboolean
on_handle_forget (AlmuDBusManager1      *manager,
                  GDBusMethodInvocation *invocation,
                  guint                  id,
                  AlmuBus               *self)
{
  GError *error = NULL;

  if (almu_sessions_forget (self->sessions, id, &error))
    almu_dbus_manager1_complete_forget (manager, invocation);
  else
    almu_bus_return_error (invocation, error);

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
on_handle_quit (AlmuDBusManager1      *manager,
                GDBusMethodInvocation *invocation,
                AlmuBus               *self)
{
  almu_dbus_manager1_complete_quit (manager, invocation);
  g_signal_emit (self, signals[QUIT], 0);

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* ------------------------------------------------------------------------ */

static void
connect_manager (AlmuBus *self)
{
  const struct
  {
    const char *signal;
    GCallback   handler;
  } table[] = {
    { "handle-open", G_CALLBACK (on_handle_open) },
    { "handle-get-status", G_CALLBACK (on_handle_get_status) },
    { "handle-list-sessions", G_CALLBACK (on_handle_list_sessions) },
    { "handle-resume", G_CALLBACK (on_handle_resume) },
    { "handle-get-state", G_CALLBACK (on_handle_get_state) },
    { "handle-forget", G_CALLBACK (on_handle_forget) },
    { "handle-quit", G_CALLBACK (on_handle_quit) },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    g_signal_connect_object (self->manager, table[i].signal, table[i].handler, self, 0);
}

/**
 * almu_bus_new:
 * @sessions: what to show
 *
 * Follows the sessions at once; they are seen on a bus after
 * almu_bus_export().
 */
AlmuBus *
almu_bus_new (AlmuSessions *sessions)
{
  AlmuBus *self;
  g_autoptr(GPtrArray) list = NULL;

  g_return_val_if_fail (ALMU_IS_SESSIONS (sessions), NULL);

  self = g_object_new (ALMU_TYPE_BUS, NULL);
  self->sessions = g_object_ref (sessions);
  connect_manager (self);

  g_signal_connect_object (sessions, "session-added", G_CALLBACK (on_session_added), self, 0);
  g_signal_connect_object (sessions, "session-removed", G_CALLBACK (on_session_removed), self, 0);
  list = almu_sessions_list (sessions);
  for (guint i = 0; i < list->len; i++)
    on_session_added (sessions, list->pdata[i], self);
  update_counts (self);

  return self;
}

/**
 * almu_bus_set_page_address:
 * @address: (nullable): where the page is, %NULL if nothing listens
 *
 * What Open and Resume make addresses of, and what the property Address shows.
 * Without one that is empty and both methods fail with %ALMU_ERROR_NOT_FOUND.
 * A reference is kept.
 */
void
almu_bus_set_page_address (AlmuBus         *self,
                           AlmuPageAddress *address)
{
  g_return_if_fail (ALMU_IS_BUS (self));

  if (address != NULL)
    almu_page_address_ref (address);
  g_clear_pointer (&self->address, almu_page_address_unref);
  self->address = address;

  almu_dbus_manager1_set_address (self->manager,
                                  address != NULL ? almu_page_address_get_base (address) : "");
}

/**
 * almu_bus_set_trouble:
 * @trouble: (nullable): why sessions are kept in memory only; %NULL if they are not
 *
 * What the property Trouble shows, which is empty if there is none. Copied.
 */
void
almu_bus_set_trouble (AlmuBus    *self,
                      const char *trouble)
{
  g_return_if_fail (ALMU_IS_BUS (self));

  almu_dbus_manager1_set_trouble (self->manager, trouble != NULL ? trouble : "");
}

/**
 * almu_bus_set_records:
 * @write: (scope forever): makes a record
 * @read: (scope forever): understands one
 *
 * Sets what GetState and SetState speak.
 */
void
almu_bus_set_records (AlmuBus         *self,
                      AlmuBusWriteFunc write,
                      AlmuBusReadFunc  read)
{
  g_return_if_fail (ALMU_IS_BUS (self));

  self->records = (AlmuBusRecords){ write, read };
}

/**
 * almu_bus_set_status_func:
 * @func: (scope forever): tells how the process does
 * @user_data: for @func
 *
 * Sets what GetStatus answers.
 */
void
almu_bus_set_status_func (AlmuBus          *self,
                          AlmuBusStatusFunc func,
                          gpointer          user_data)
{
  g_return_if_fail (ALMU_IS_BUS (self));

  self->status_func = func;
  self->status_data = user_data;
}

/**
 * almu_bus_export:
 * @connection: a bus on which the name is not owned yet: who sees the name
 *   then sees the objects
 *
 * Shows everything on a bus, such as from #GApplicationClass.dbus_register.
 */
gboolean
almu_bus_export (AlmuBus         *self,
                 GDBusConnection *connection,
                 GError         **error)
{
  g_return_val_if_fail (ALMU_IS_BUS (self), FALSE);
  g_return_val_if_fail (G_IS_DBUS_CONNECTION (connection), FALSE);

  /* beside the object manager, not in it: what it manages lies below it */
  if (!g_dbus_interface_skeleton_export (G_DBUS_INTERFACE_SKELETON (self->manager), connection,
                                         ALMU_BUS_PATH, error))
    return FALSE;

  g_dbus_object_manager_server_set_connection (self->objects, connection);

  return TRUE;
}

/**
 * almu_bus_unexport:
 *
 * Takes all objects back from the bus, those of sessions too. Twice is harmless.
 */
void
almu_bus_unexport (AlmuBus *self)
{
  GDBusInterfaceSkeleton *manager;

  g_return_if_fail (ALMU_IS_BUS (self));

  manager = G_DBUS_INTERFACE_SKELETON (self->manager);
  if (g_dbus_interface_skeleton_get_connection (manager) == NULL)
    return;

  g_dbus_object_manager_server_set_connection (self->objects, NULL);
  g_dbus_interface_skeleton_unexport (manager);
}
