/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-bus-session.h"

#include <glib/gi18n-lib.h>

#include "almu-bus-file.h"
#include "almu-bus-names.h"
#include "almu-bus-records.h"
#include "almu-bus-region.h"
#include "almu-bus-reply.h"
#include "almu-dbus-generated.h"
#include "almu-error.h"

static char *
session_path (GDBusObjectManagerServer *manager,
              AlmuSession              *session)
{
  return g_strdup_printf ("%s/sessions/%u",
                          g_dbus_object_manager_get_object_path (G_DBUS_OBJECT_MANAGER (manager)),
                          almu_session_get_id (session));
}

static gboolean
transform_state (GBinding     *binding,
                 const GValue *from,
                 GValue       *to,
                 gpointer      user_data)
{
  g_value_set_string (to, almu_session_state_get_name (g_value_get_int (from)));

  return TRUE;
}

/* -- what is below it ---------------------------------------------------- */

static void
on_file_added (AlmuSession              *session,
               AlmuFile                 *file,
               GDBusObjectManagerServer *manager)
{
  almu_bus_file_export (manager, session, file);
}

static void
on_file_removed (AlmuSession              *session,
                 AlmuFile                 *file,
                 GDBusObjectManagerServer *manager)
{
  almu_bus_file_unexport (manager, session, file);
}

static void
on_region_added (AlmuSession              *session,
                 AlmuRegion               *region,
                 GDBusObjectManagerServer *manager)
{
  almu_bus_region_export (manager, session, region);
}

static void
on_region_removed (AlmuSession              *session,
                   AlmuRegion               *region,
                   GDBusObjectManagerServer *manager)
{
  almu_bus_region_unexport (manager, session, region);
}

static void
export_files (GDBusObjectManagerServer *manager,
              AlmuSession              *session)
{
  GPtrArray *files = almu_session_list_files (session);

  for (guint i = 0; i < files->len; i++)
    {
      g_autoptr(GPtrArray) regions = NULL;

      almu_bus_file_export (manager, session, files->pdata[i]);
      regions = almu_session_list_regions (session, almu_file_get_id (files->pdata[i]));
      for (guint j = 0; j < regions->len; j++)
        almu_bus_region_export (manager, session, regions->pdata[j]);
    }
}

static void
unexport_files (GDBusObjectManagerServer *manager,
                AlmuSession              *session)
{
  GPtrArray *files = almu_session_list_files (session);

  for (guint i = 0; i < files->len; i++)
    {
      g_autoptr(GPtrArray) regions = NULL;

      regions = almu_session_list_regions (session, almu_file_get_id (files->pdata[i]));
      for (guint j = 0; j < regions->len; j++)
        almu_bus_region_unexport (manager, session, regions->pdata[j]);
      almu_bus_file_unexport (manager, session, files->pdata[i]);
    }
}

/* -- OpenFile ------------------------------------------------------------ */

typedef struct
{
  AlmuSession           *session;
  AlmuDBusSession1      *iface;
  GDBusMethodInvocation *invocation; /* NULL once answered */
  char                  *hdu;
} OpenFile;

static void
open_file_free (OpenFile *request)
{
  g_clear_object (&request->session);
  g_clear_object (&request->iface);
  g_clear_object (&request->invocation);
  g_free (request->hdu);
  g_free (request);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (OpenFile, open_file_free)

static void
open_file_fail (OpenFile *request,
                GError   *error)
{
  almu_bus_return_error (g_steal_pointer (&request->invocation), error);
}

static gboolean
is_still_there (AlmuSession *session,
                GError     **error)
{
  AlmuSessionState state = almu_session_get_state (session);

  if (state == ALMU_SESSION_ATTACHED || state == ALMU_SESSION_DETACHED)
    return TRUE;

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND,
               _ ("Session %u was %s before the file was open"),
               almu_session_get_id (session), almu_session_state_get_name (state));
  return FALSE;
}

static void
on_opened (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(OpenFile) request = user_data;
  g_autoptr(AlmuFile) file = NULL;
  GError *error = NULL;

  file = almu_session_open_file_finish (request->session, result, &error);
  if (file == NULL)
    {
      open_file_fail (request, error);
      return;
    }

  if (!is_still_there (request->session, &error))
    {
      almu_session_close_all_files (request->session);
      open_file_fail (request, error);
      return;
    }

  almu_session_commit (request->session);
  almu_dbus_session1_complete_open_file (request->iface, g_steal_pointer (&request->invocation),
                                         (guint) almu_file_get_id (file));
}

static void
open_path (OpenFile   *request,
           const char *path)
{
  g_autofree char *slash = g_path_get_dirname (path);
  g_autofree char *base = g_path_get_basename (path);
  g_autoptr(AlmuFileName) name = NULL;

  name = almu_file_name_new (g_str_equal (slash, ".") ? "" : slash, base, request->hdu, 0);
  almu_session_open_file_async (request->session,
                                almu_session_find_free_file_id (request->session),
                                name, NULL, on_opened, request);
}

static void
on_resolved (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr(OpenFile) request = user_data;
  g_autoptr(AlmuBusNames) names = NULL;
  GError *error = NULL;

  names = almu_bus_names_resolve_finish (ALMU_FOLDER (source), result, &error);
  if (names == NULL || !is_still_there (request->session, &error))
    {
      open_file_fail (request, error);
      return;
    }

  if (names->folder != NULL)
    {
      open_file_fail (request, g_error_new (ALMU_ERROR, ALMU_ERROR_REFUSED,
                                            _ ("%s is a folder, not a file"),
                                            *names->folder != '\0' ? names->folder : _ ("The top-level folder")));
      return;
    }

  open_path (g_steal_pointer (&request), names->files[0]);
}

static gboolean
on_handle_open_file (AlmuDBusSession1      *iface,
                     GDBusMethodInvocation *invocation,
                     const char            *uri,
                     GVariant              *options,
                     AlmuSession           *session)
{
  static const AlmuBusOption known[] = { { "hdu", "s" } };
  const char *const          uris[] = { uri, NULL };
  OpenFile                  *request;
  GError                    *error = NULL;

  if (!almu_bus_check_options (options, known, G_N_ELEMENTS (known), &error))
    {
      almu_bus_return_error (invocation, error);
      return G_DBUS_METHOD_INVOCATION_HANDLED;
    }

  request = g_new0 (OpenFile, 1);
  request->session = g_object_ref (session);
  request->iface = g_object_ref (iface);
  request->invocation = invocation;
  g_variant_lookup (options, "hdu", "s", &request->hdu);
  almu_bus_names_resolve_async (almu_session_get_folder (session), uris, on_resolved, request);

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* -- the session itself -------------------------------------------------- */

static gboolean
on_handle_close (AlmuDBusSession1      *iface,
                 GDBusMethodInvocation *invocation,
                 AlmuSessions          *sessions)
{
  AlmuSession *session = almu_sessions_lookup (sessions, almu_dbus_session1_get_id (iface));

  /* the object leaves the bus with the session */
  if (session != NULL)
    almu_sessions_end (sessions, session);
  almu_dbus_session1_complete_close (iface, invocation);

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* -- GetState and SetState ----------------------------------------------- */

#define RECORDS "almu-records"

static gboolean
on_handle_get_state (AlmuDBusSession1      *iface,
                     GDBusMethodInvocation *invocation,
                     AlmuSessions          *sessions)
{
  GError          *error = NULL;
  g_autofree char *text = NULL;

  text = almu_bus_records_write (g_object_get_data (G_OBJECT (iface), RECORDS), sessions,
                                 almu_dbus_session1_get_id (iface), &error);
  if (text != NULL)
    almu_dbus_session1_complete_get_state (iface, invocation, text);
  else
    almu_bus_return_error (invocation, error);

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
on_applied (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(GDBusMethodInvocation) invocation = user_data;
  AlmuSession *session = ALMU_SESSION (source);
  GError      *error = NULL;

  if (!almu_bus_records_apply_finish (session, result, &error))
    {
      almu_bus_return_error (g_steal_pointer (&invocation), error);
      return;
    }

  almu_session_commit (session);
  g_dbus_method_invocation_return_value (g_steal_pointer (&invocation), NULL);
}

static gboolean
on_handle_set_state (AlmuDBusSession1      *iface,
                     GDBusMethodInvocation *invocation,
                     const char            *state,
                     AlmuSession           *session)
{
  almu_bus_records_apply_async (g_object_get_data (G_OBJECT (iface), RECORDS), session, state,
                                on_applied, invocation);

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static AlmuDBusSession1 *
make_iface (AlmuSessions         *sessions,
            AlmuSession          *session,
            const AlmuBusRecords *records)
{
  AlmuDBusSession1 *iface = almu_dbus_session1_skeleton_new ();
  const struct
  {
    const char           *property;
    GBindingTransformFunc transform; /* NULL if the types are alike */
  } table[] = {
    { "id", NULL },
    { "state", transform_state },
    { "title", almu_bus_transform_text },
    { "created", NULL },
    { "last-seen", NULL },
    { "epoch", NULL },
    { "peer", almu_bus_transform_text },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    g_object_bind_property_full (session, table[i].property, iface, table[i].property, G_BINDING_SYNC_CREATE,
                                 table[i].transform, NULL, NULL, NULL);

  g_signal_connect_object (iface, "handle-open-file", G_CALLBACK (on_handle_open_file), session, 0);
  g_object_set_data (G_OBJECT (iface), RECORDS, (gpointer) records);
  g_signal_connect_object (iface, "handle-get-state", G_CALLBACK (on_handle_get_state), sessions, 0);
  g_signal_connect_object (iface, "handle-set-state", G_CALLBACK (on_handle_set_state), session, 0);
  g_signal_connect_object (iface, "handle-close", G_CALLBACK (on_handle_close), sessions, 0);

  return iface;
}

/**
 * almu_bus_session_export:
 * @manager: where objects are exported
 * @sessions: the sessions
 * @session: one of them
 * @records: must live longer
 *
 * Shows a session, its files and its regions, and from then on follows what
 * comes and goes in it.
 */
void
almu_bus_session_export (GDBusObjectManagerServer *manager,
                         AlmuSessions             *sessions,
                         AlmuSession              *session,
                         const AlmuBusRecords     *records)
{
  g_autofree char *path = NULL;
  g_autoptr(AlmuDBusObjectSkeleton) object = NULL;
  g_autoptr(AlmuDBusSession1) iface = NULL;

  g_return_if_fail (G_IS_DBUS_OBJECT_MANAGER_SERVER (manager));
  g_return_if_fail (ALMU_IS_SESSIONS (sessions));
  g_return_if_fail (ALMU_IS_SESSION (session));

  iface = make_iface (sessions, session, records);
  path = session_path (manager, session);
  object = almu_dbus_object_skeleton_new (path);
  almu_dbus_object_skeleton_set_session1 (object, iface);
  g_dbus_object_manager_server_export (manager, G_DBUS_OBJECT_SKELETON (object));

  export_files (manager, session);
  g_signal_connect_object (session, "file-added", G_CALLBACK (on_file_added), manager, 0);
  g_signal_connect_object (session, "file-removed", G_CALLBACK (on_file_removed), manager, 0);
  g_signal_connect_object (session, "region-added", G_CALLBACK (on_region_added), manager, 0);
  g_signal_connect_object (session, "region-removed", G_CALLBACK (on_region_removed), manager, 0);
}

/**
 * almu_bus_session_unexport:
 * @manager: where objects are exported
 * @session: the session
 *
 * Takes back the object of a session and those of its files and their regions,
 * and follows it no longer. Harmless if it was not exported.
 */
void
almu_bus_session_unexport (GDBusObjectManagerServer *manager,
                           AlmuSession              *session)
{
  g_autofree char *path = session_path (manager, session);

  g_signal_handlers_disconnect_by_data (session, manager);
  unexport_files (manager, session);
  g_dbus_object_manager_server_unexport (manager, path);
}
