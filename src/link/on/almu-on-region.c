/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-dispatch.h"

#include <glib/gi18n-lib.h>

#include "almu-error.h"
#include "almu-limits.h"

/**
 * almu_shape_new_for_message:
 * @info: (nullable): what a message says of a region
 *
 * Control points are pixels, from 0 at the centre of the first. Fails with
 * %ALMU_ERROR_FORMAT if there is no shape, with %ALMU_ERROR_LIMIT if it has
 * more than %ALMU_LIMIT_CONTROL_POINTS, and as almu_shape_new() does.
 *
 * Returns: (transfer full): the shape
 */
AlmuShape *
almu_shape_new_for_message (const CARTA__RegionInfo *info,
                            GError                 **error)
{
  g_autofree AlmuPoint *points = NULL;

  if (info == NULL)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("No shape was given (region_info)"));
      return NULL;
    }

  if (info->n_control_points > ALMU_LIMIT_CONTROL_POINTS)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("%zu control points are more than the %d a region may have"),
                   info->n_control_points, ALMU_LIMIT_CONTROL_POINTS);
      return NULL;
    }

  points = g_new (AlmuPoint, MAX (info->n_control_points, 1));
  for (gsize i = 0; i < info->n_control_points; i++)
    points[i] = (AlmuPoint){ info->control_points[i]->x, info->control_points[i]->y };

  return almu_shape_new ((int) info->region_type, points, info->n_control_points,
                         info->rotation, error);
}

/**
 * almu_on_set_region:
 * @link: who says it
 * @request_id: what the reply repeats
 * @message: a SET_REGION
 *
 * Draws a region, if its id is below 1, or moves one, and answers by
 * SET_REGION_ACK when that is written down. What is wanted of it is sent anew.
 */
void
almu_on_set_region (AlmuLink               *link,
                    guint32                 request_id,
                    const ProtobufCMessage *message)
{
  const CARTA__SetRegion *request = (const CARTA__SetRegion *) message;
  CARTA__SetRegionAck     ack = CARTA__SET_REGION_ACK__INIT;
  g_autoptr(AlmuShape) shape = NULL;
  g_autoptr(GError) error = NULL;
  AlmuRegion *region = NULL;

  shape = almu_shape_new_for_message (request->region_info, &error);
  if (shape != NULL)
    region = almu_session_set_region (almu_link_get_session (link), request->region_id,
                                      request->file_id, shape, &error);

  if (region == NULL)
    {
      g_prefix_error (&error, _ ("Region %d of file %d: "), request->region_id, request->file_id);
      almu_link_refuse (link, CARTA__EVENT_TYPE__SET_REGION, request_id, request->file_id, error);
      return;
    }

  almu_link_promise (link);
  ack.success = TRUE;
  ack.region_id = almu_region_get_id (region);
  almu_link_reply (link, request_id, &ack.base);
}

/**
 * almu_on_remove_region:
 * @link: who says it
 * @request_id: not used, as there is no reply
 * @message: a REMOVE_REGION
 *
 * Removes a region and ends what is computed of it. One that is not there is
 * told by ERROR_DATA.
 */
void
almu_on_remove_region (AlmuLink               *link,
                       guint32                 request_id,
                       const ProtobufCMessage *message)
{
  const CARTA__RemoveRegion *request = (const CARTA__RemoveRegion *) message;
  g_autoptr(GError) error = NULL;

  if (!almu_session_remove_region (almu_link_get_session (link), request->region_id, &error))
    almu_link_report (link, CARTA__ERROR_SEVERITY__WARNING, "region", error->message);
}
