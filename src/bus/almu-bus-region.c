/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-bus-region.h"

#include <glib/gi18n-lib.h>

#include "almu-bus-reply.h"
#include "almu-dbus-generated.h"
#include "almu-error.h"
#include "almu-limits.h"

static char *
region_path (GDBusObjectManagerServer *manager,
             AlmuSession              *session,
             AlmuRegion               *region)
{
  return g_strdup_printf ("%s/sessions/%u/files/%d/regions/%d",
                          g_dbus_object_manager_get_object_path (G_DBUS_OBJECT_MANAGER (manager)),
                          almu_session_get_id (session),
                          almu_region_get_file_id (region),
                          almu_region_get_id (region));
}

/* As one block: a value of its own for each number would take the main thread
 * a quarter of a second for the largest outlines. One that is known to be well
 * formed: others are compared with the one before by printing both. */
static GVariant *
make_points (const AlmuShape *shape)
{
  gsize   n_bytes = 2 * shape->n_points * sizeof (double);
  double *numbers = g_malloc (n_bytes);
  g_autoptr(GBytes) bytes = g_bytes_new_take (numbers, n_bytes);

  for (gsize i = 0; i < shape->n_points; i++)
    {
      numbers[2 * i] = (double) shape->points[i].x;
      numbers[2 * i + 1] = (double) shape->points[i].y;
    }

  return g_variant_new_from_bytes (G_VARIANT_TYPE ("a(dd)"), bytes, TRUE);
}

/* By one handler: of a thousand regions that come back, bindings were half of
 * what the main thread did. */
static void
on_shape_changed (AlmuRegion      *region,
                  GParamSpec      *pspec,
                  AlmuDBusRegion1 *iface)
{
  const AlmuShape *shape = almu_region_get_shape (region);

  almu_dbus_region1_set_type_ (iface, almu_shape_type_get_name (shape->type));
  almu_dbus_region1_set_control_points (iface, make_points (shape));
  almu_dbus_region1_set_rotation (iface, (double) shape->rotation);
}

/* The shape of a type with other points. */
static AlmuShape *
parse_shape (AlmuShapeType type,
             GVariant     *control_points,
             double        rotation,
             GError      **error)
{
  g_autofree AlmuPoint *points = NULL;
  gsize                 n_points = g_variant_n_children (control_points);

  if (n_points > ALMU_LIMIT_CONTROL_POINTS)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("Region has %zu control points, at most %d are allowed"),
                   n_points, ALMU_LIMIT_CONTROL_POINTS);
      return NULL;
    }

  points = g_new (AlmuPoint, n_points);
  for (gsize i = 0; i < n_points; i++)
    {
      double x, y;

      g_variant_get_child (control_points, i, "(dd)", &x, &y);
      points[i] = (AlmuPoint){ (float) x, (float) y };
    }

  return almu_shape_new (type, points, n_points, (float) rotation, error);
}

static gboolean
set_shape (AlmuSession *session,
           int          region_id,
           GVariant    *control_points,
           double       rotation,
           GError     **error)
{
  AlmuRegion *region;
  g_autoptr(AlmuShape) shape = NULL;

  region = almu_session_get_region (session, region_id, error);
  if (region == NULL)
    return FALSE;

  shape = parse_shape (almu_region_get_shape (region)->type, control_points, rotation, error);
  if (shape == NULL)
    {
      g_prefix_error (error, _ ("Region %d: "), region_id);
      return FALSE;
    }

  return almu_session_set_region (session, region_id, almu_region_get_file_id (region), shape, error) != NULL;
}

static gboolean
on_handle_set (AlmuDBusRegion1       *iface,
               GDBusMethodInvocation *invocation,
               GVariant              *control_points,
               double                 rotation,
               AlmuSession           *session)
{
  GError *error = NULL;

  if (!set_shape (session, (int) almu_dbus_region1_get_id (iface), control_points, rotation, &error))
    {
      almu_bus_return_error (invocation, error);
      return G_DBUS_METHOD_INVOCATION_HANDLED;
    }

  /* who has the answer has been told of the change */
  g_dbus_interface_skeleton_flush (G_DBUS_INTERFACE_SKELETON (iface));
  almu_session_commit (session);
  almu_dbus_region1_complete_set (iface, invocation);

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
on_handle_remove (AlmuDBusRegion1       *iface,
                  GDBusMethodInvocation *invocation,
                  AlmuSession           *session)
{
  GError *error = NULL;

  if (!almu_session_remove_region (session, (int) almu_dbus_region1_get_id (iface), &error))
    {
      almu_bus_return_error (invocation, error);
      return G_DBUS_METHOD_INVOCATION_HANDLED;
    }

  almu_session_commit (session);
  almu_dbus_region1_complete_remove (iface, invocation);

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/**
 * almu_bus_region_export:
 * @manager: where objects are exported
 * @session: the session that has the region
 * @region: the region
 *
 * Makes a region an object of the interface Region1, below that of its file.
 * Its properties follow those of @region; its Set and Remove act on @session.
 * Main thread.
 */
void
almu_bus_region_export (GDBusObjectManagerServer *manager,
                        AlmuSession              *session,
                        AlmuRegion               *region)
{
  g_autofree char *path = NULL;
  g_autoptr(AlmuDBusObjectSkeleton) object = NULL;
  g_autoptr(AlmuDBusRegion1) iface = NULL;

  g_return_if_fail (G_IS_DBUS_OBJECT_MANAGER_SERVER (manager));
  g_return_if_fail (ALMU_IS_SESSION (session));
  g_return_if_fail (ALMU_IS_REGION (region));

  iface = almu_dbus_region1_skeleton_new ();
  almu_dbus_region1_set_id (iface, almu_region_get_id (region));
  on_shape_changed (region, NULL, iface);
  g_signal_connect_object (region, "notify::shape", G_CALLBACK (on_shape_changed), iface, 0);

  g_signal_connect_object (iface, "handle-set", G_CALLBACK (on_handle_set), session, 0);
  g_signal_connect_object (iface, "handle-remove", G_CALLBACK (on_handle_remove), session, 0);

  path = region_path (manager, session, region);
  object = almu_dbus_object_skeleton_new (path);
  almu_dbus_object_skeleton_set_region1 (object, iface);
  g_dbus_object_manager_server_export (manager, G_DBUS_OBJECT_SKELETON (object));
}

/**
 * almu_bus_region_unexport:
 * @manager: where objects are exported
 * @session: the session that had the region
 * @region: the region
 *
 * Takes back what almu_bus_region_export() did. Harmless if it was not exported.
 */
void
almu_bus_region_unexport (GDBusObjectManagerServer *manager,
                          AlmuSession              *session,
                          AlmuRegion               *region)
{
  g_autofree char *path = region_path (manager, session, region);

  g_dbus_object_manager_server_unexport (manager, path);
}
