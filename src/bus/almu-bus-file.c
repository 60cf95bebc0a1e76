/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-bus-file.h"

#include <glib/gi18n-lib.h>

#include "almu-bus-names.h"
#include "almu-bus-reply.h"
#include "almu-dbus-generated.h"
#include "almu-error.h"

static const char *const state_names[] = {
  [ALMU_FILE_STATE_OPENING] = "opening",
  [ALMU_FILE_STATE_OPEN] = "open",
  [ALMU_FILE_STATE_UNAVAILABLE] = "unavailable",
};

static char *
file_path (GDBusObjectManagerServer *manager,
           AlmuSession              *session,
           AlmuFile                 *file)
{
  return g_strdup_printf ("%s/sessions/%u/files/%d",
                          g_dbus_object_manager_get_object_path (G_DBUS_OBJECT_MANAGER (manager)),
                          almu_session_get_id (session),
                          almu_file_get_id (file));
}

static gboolean
transform_state (GBinding     *binding,
                 const GValue *from,
                 GValue       *to,
                 gpointer      user_data)
{
  int state = g_value_get_int (from);

  g_assert (state >= 0 && state < (int) G_N_ELEMENTS (state_names));
  g_value_set_string (to, state_names[state]);

  return TRUE;
}

/* A file has a shape when it is open; @from is its state. */
static gboolean
transform_shape (GBinding     *binding,
                 const GValue *from,
                 GValue       *to,
                 gpointer      user_data)
{
  g_autoptr(AlmuFile) file = ALMU_FILE (g_binding_dup_source (binding));
  AlmuImage *image = almu_file_get_image (file);
  guint32    shape[4];

  if (image != NULL)
    {
      const AlmuImageInfo *info = almu_image_get_info (image);

      shape[0] = (guint32) info->width;
      shape[1] = (guint32) info->height;
      shape[2] = (guint32) info->depth;
      shape[3] = (guint32) info->n_stokes;
    }

  g_value_set_variant (to, g_variant_new_fixed_array (G_VARIANT_TYPE_UINT32, shape,
                                                      image != NULL ? G_N_ELEMENTS (shape) : 0,
                                                      sizeof *shape));

  return TRUE;
}

static gboolean
set_plane (AlmuSession *session,
           int          file_id,
           guint        channel,
           guint        stokes,
           GError     **error)
{
  AlmuFile *file = almu_session_get_file (session, file_id, error);

  if (file == NULL)
    return FALSE;

  if (channel > G_MAXINT || stokes > G_MAXINT)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("%s has no channel %u with polarisation %u"),
                   almu_file_get_name (file)->name, channel, stokes);
      return FALSE;
    }

  return almu_session_choose_plane (session, file, (int) channel, (int) stokes, error);
}

static gboolean
on_handle_set_channel (AlmuDBusFile1         *iface,
                       GDBusMethodInvocation *invocation,
                       guint                  channel,
                       guint                  stokes,
                       AlmuSession           *session)
{
  GError *error = NULL;

  if (!set_plane (session, (int) almu_dbus_file1_get_id (iface), channel, stokes, &error))
    {
      almu_bus_return_error (invocation, error);
      return G_DBUS_METHOD_INVOCATION_HANDLED;
    }

  /* who has the answer has been told of the change */
  g_dbus_interface_skeleton_flush (G_DBUS_INTERFACE_SKELETON (iface));
  almu_session_commit (session);
  almu_dbus_file1_complete_set_channel (iface, invocation);

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
on_handle_close (AlmuDBusFile1         *iface,
                 GDBusMethodInvocation *invocation,
                 AlmuSession           *session)
{
  GError *error = NULL;

  if (!almu_session_close_file (session, (int) almu_dbus_file1_get_id (iface), &error))
    {
      almu_bus_return_error (invocation, error);
      return G_DBUS_METHOD_INVOCATION_HANDLED;
    }

  almu_session_commit (session);
  almu_dbus_file1_complete_close (iface, invocation);

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
bind_file (AlmuFile      *file,
           AlmuDBusFile1 *iface)
{
  const struct
  {
    const char           *source;
    const char           *target;
    GBindingTransformFunc transform; /* NULL if the types are alike */
  } table[] = {
    { "id", "id", NULL },
    { "channel", "channel", NULL },
    { "stokes", "stokes", NULL },
    { "state", "state", transform_state },
    { "state", "shape", transform_shape },
    { "error", "error", almu_bus_transform_text },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    g_object_bind_property_full (file, table[i].source, iface, table[i].target, G_BINDING_SYNC_CREATE,
                                 table[i].transform, NULL, NULL, NULL);
}

/**
 * almu_bus_file_export:
 * @manager: where objects are exported
 * @session: the session that has the file open
 * @file: the file
 *
 * Makes a file an object of the interface File1, below that of its session.
 * URI and HDU are those at this moment; what else it shows is bound to
 * properties of @file. Its SetChannel and Close act on @session. Main thread.
 */
void
almu_bus_file_export (GDBusObjectManagerServer *manager,
                      AlmuSession              *session,
                      AlmuFile                 *file)
{
  const AlmuFileName *name;
  g_autofree char    *path = NULL;
  g_autofree char    *uri = NULL;
  g_autofree char    *hdu = NULL;
  g_autoptr(AlmuDBusObjectSkeleton) object = NULL;
  g_autoptr(AlmuDBusFile1) iface = NULL;

  g_return_if_fail (G_IS_DBUS_OBJECT_MANAGER_SERVER (manager));
  g_return_if_fail (ALMU_IS_SESSION (session));
  g_return_if_fail (ALMU_IS_FILE (file));

  name = almu_file_get_name (file);
  uri = almu_bus_names_make_uri (almu_session_get_folder (session), name);
  hdu = g_utf8_make_valid (name->hdu, -1);

  iface = almu_dbus_file1_skeleton_new ();
  almu_dbus_file1_set_uri (iface, uri);
  almu_dbus_file1_set_hdu (iface, hdu);
  bind_file (file, iface);

  g_signal_connect_object (iface, "handle-set-channel", G_CALLBACK (on_handle_set_channel), session, 0);
  g_signal_connect_object (iface, "handle-close", G_CALLBACK (on_handle_close), session, 0);

  path = file_path (manager, session, file);
  object = almu_dbus_object_skeleton_new (path);
  almu_dbus_object_skeleton_set_file1 (object, iface);
  g_dbus_object_manager_server_export (manager, G_DBUS_OBJECT_SKELETON (object));
}

/**
 * almu_bus_file_unexport:
 * @manager: where objects are exported
 * @session: the session that had the file open
 * @file: the file
 *
 * Takes back what almu_bus_file_export() did. Its regions are objects of their
 * own and are not taken back with it. Harmless if it was not exported.
 */
void
almu_bus_file_unexport (GDBusObjectManagerServer *manager,
                        AlmuSession              *session,
                        AlmuFile                 *file)
{
  g_autofree char *path = file_path (manager, session, file);

  g_dbus_object_manager_server_unexport (manager, path);
}
