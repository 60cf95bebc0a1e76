/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-bus.h"

#include "almu-bus-names.h"
#include "almu-bus-reply.h"
#include "almu-bus-session.h"
#include "almu-dbus-generated.h"
#include "almu-error.h"

/**
 * AlmuBus:
 *
 * The service as the session bus sees it: the sessions with their files and
 * regions, under one object manager, and the interface of the whole.
 *
 * The objects stand beside the model and follow it; nothing is kept here
 * but the address of the page. Main thread only; the daemon owns it.
 */
struct _AlmuBus
{
  GObject parent_instance;

  AlmuSessions             *sessions;
  AlmuPageAddress          *address; /* NULL until there is a page */
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
  almu_bus_session_export (self->objects, sessions, session);
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

static AlmuSession *
find_session (AlmuBus *self,
              guint32  id,
              GError **error)
{
  AlmuSession *session = almu_sessions_lookup (self->sessions, id);

  if (session == NULL)
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                 "Session %u is not live, and keeping sessions on disk is not there yet", id);

  return session;
}

/* -- Open and Resume ----------------------------------------------------- */

typedef struct
{
  AlmuBus               *self;
  GDBusMethodInvocation *invocation; /* NULL once answered */
} Open;

static void
open_free (Open *request)
{
  g_clear_object (&request->self);
  g_clear_object (&request->invocation);
  g_free (request);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Open, open_free)

static gboolean
has_page (AlmuBus *self,
          GError **error)
{
  if (self->address != NULL)
    return TRUE;

  g_set_error_literal (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND,
                       "There is no page: the service does not listen");
  return FALSE;
}

static void
on_resolved (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr(Open) request = user_data;
  AlmuBus           *self = request->self;
  AlmuSession       *session = NULL;
  const char *const *files = NULL;
  GError            *error = NULL;
  g_autoptr(AlmuBusNames) names = NULL;
  g_autofree char *url = NULL;

  names = almu_bus_names_resolve_finish (ALMU_FOLDER (source), result, &error);
  if (names != NULL)
    files = (const char *const *) names->files;

  if (files != NULL && has_page (self, &error) && almu_page_address_check_files (files, &error))
    session = almu_sessions_create (self->sessions, 0, &error);

  if (session == NULL)
    {
      almu_bus_return_error (g_steal_pointer (&request->invocation), error);
      return;
    }

  url = almu_page_address_make (self->address, almu_session_get_id (session), names->folder, files);
  almu_dbus_manager1_complete_open (self->manager, g_steal_pointer (&request->invocation),
                                    almu_session_get_id (session), url);
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

  if (!has_page (self, &error) || !almu_bus_check_options (options, NULL, 0, &error))
    {
      almu_bus_return_error (invocation, error);
      return G_DBUS_METHOD_INVOCATION_HANDLED;
    }

  request = g_new0 (Open, 1);
  request->self = g_object_ref (self);
  request->invocation = invocation;
  almu_bus_names_resolve_async (almu_sessions_get_folder (self->sessions), uris, on_resolved, request);

  return G_DBUS_METHOD_INVOCATION_HANDLED;
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

static gboolean
on_handle_resume (AlmuDBusManager1      *manager,
                  GDBusMethodInvocation *invocation,
                  guint                  id,
                  AlmuBus               *self)
{
  AlmuSession *session;
  GError      *error = NULL;
  g_auto(GStrv) files = NULL;
  g_autofree char *url = NULL;

  session = find_session (self, id, &error);
  if (session != NULL)
    files = list_page_files (session);

  if (files == NULL || !has_page (self, &error) ||
      !almu_page_address_check_files ((const char *const *) files, &error))
    {
      almu_bus_return_error (invocation, error);
      return G_DBUS_METHOD_INVOCATION_HANDLED;
    }

  url = almu_page_address_make (self->address, id, NULL, (const char *const *) files);
  almu_dbus_manager1_complete_resume (manager, invocation, url);

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* -- ListSessions -------------------------------------------------------- */

static GVariant *
list_uris (AlmuSession *session)
{
  GPtrArray      *files = almu_session_list_files (session);
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_STRING_ARRAY);
  for (guint i = 0; i < files->len; i++)
    g_variant_builder_add_value (&builder,
                                 g_variant_new_take_string (almu_bus_names_make_uri (almu_session_get_folder (session),
                                                                                     almu_file_get_name (files->pdata[i]))));

  return g_variant_builder_end (&builder);
}

static GVariant *
describe_session (AlmuSession *session)
{
  g_autofree char *title = NULL;
  g_autofree char *peer = NULL;
  g_autofree char *safe_title = NULL;
  g_autofree char *safe_peer = NULL;
  gint64           created;
  GVariantBuilder  builder;

  g_object_get (session, "title", &title, "peer", &peer, "created", &created, NULL);
  safe_title = g_utf8_make_valid (title, -1);
  safe_peer = g_utf8_make_valid (peer, -1);

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&builder, "{sv}", "id", g_variant_new_uint32 (almu_session_get_id (session)));
  g_variant_builder_add (&builder, "{sv}", "title", g_variant_new_string (safe_title));
  g_variant_builder_add (&builder, "{sv}", "state",
                         g_variant_new_string (almu_session_state_get_name (almu_session_get_state (session))));
  g_variant_builder_add (&builder, "{sv}", "created", g_variant_new_int64 (created));
  g_variant_builder_add (&builder, "{sv}", "last-seen",
                         g_variant_new_int64 (almu_session_get_last_seen (session)));
  g_variant_builder_add (&builder, "{sv}", "peer", g_variant_new_string (safe_peer));
  g_variant_builder_add (&builder, "{sv}", "files", list_uris (session));

  return g_variant_builder_end (&builder);
}

static int
compare_sessions (gconstpointer a,
                  gconstpointer b)
{
  AlmuSession *first = *(AlmuSession *const *) a;
  AlmuSession *second = *(AlmuSession *const *) b;
  gint64       difference = almu_session_get_last_seen (second) - almu_session_get_last_seen (first);

  if (difference != 0)
    return difference > 0 ? 1 : -1;

  return almu_session_get_id (first) < almu_session_get_id (second) ? -1 : 1;
}

static gboolean
on_handle_list_sessions (AlmuDBusManager1      *manager,
                         GDBusMethodInvocation *invocation,
                         GVariant              *filter,
                         AlmuBus               *self)
{
  static const AlmuBusOption known[] = { { "state", "s" } };
  g_autoptr(GPtrArray) list = NULL;
  const char     *wanted = NULL;
  GError         *error = NULL;
  GVariantBuilder builder;

  if (!almu_bus_check_options (filter, known, G_N_ELEMENTS (known), &error))
    {
      almu_bus_return_error (invocation, error);
      return G_DBUS_METHOD_INVOCATION_HANDLED;
    }

  g_variant_lookup (filter, "state", "&s", &wanted);
  list = almu_sessions_list (self->sessions);
  g_ptr_array_sort (list, compare_sessions);

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < list->len; i++)
    {
      const char *state = almu_session_state_get_name (almu_session_get_state (list->pdata[i]));

      if (wanted == NULL || g_str_equal (state, wanted))
        g_variant_builder_add_value (&builder, describe_session (list->pdata[i]));
    }
  almu_dbus_manager1_complete_list_sessions (manager, invocation, g_variant_builder_end (&builder));

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* -- Forget and Quit ----------------------------------------------------- */

static gboolean
may_forget (AlmuSession *session,
            GError     **error)
{
  if (almu_session_get_state (session) != ALMU_SESSION_ATTACHED)
    return TRUE;

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_REFUSED,
               "A page is attached to session %u; close the session to end it all the same",
               almu_session_get_id (session));
  return FALSE;
}

static gboolean
on_handle_forget (AlmuDBusManager1      *manager,
                  GDBusMethodInvocation *invocation,
                  guint                  id,
                  AlmuBus               *self)
{
  AlmuSession *session;
  GError      *error = NULL;

  session = find_session (self, id, &error);
  if (session == NULL || !may_forget (session, &error))
    {
      almu_bus_return_error (invocation, error);
      return G_DBUS_METHOD_INVOCATION_HANDLED;
    }

  almu_sessions_end (self->sessions, session);
  almu_dbus_manager1_complete_forget (manager, invocation);

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
    { "handle-list-sessions", G_CALLBACK (on_handle_list_sessions) },
    { "handle-resume", G_CALLBACK (on_handle_resume) },
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

/* Twice is harmless. */
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
