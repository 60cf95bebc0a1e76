/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-file.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "almu-error.h"

/**
 * AlmuFile:
 *
 * One image that a session has open, or would have open if the file were
 * there: its name, the plane and the place being looked at, and what is
 * demanded of it.
 */
struct _AlmuFile
{
  AlmuProducer parent_instance;

  int           id;
  AlmuFileName *name;
  AlmuFileState state;
  char         *error;
  AlmuImage    *image; /* NULL unless open, as is the demand */
  AlmuCache    *cache;
  AlmuDemand   *demand;
  int           channel;
  int           stokes;
  AlmuPoint     cursor;
  gboolean      has_cursor;
  GPtrArray    *requirements; /* while there is no demand to hold them */
  char         *look;

  AlmuContourSettings *contours; /* NULL for none, as are the vectors */
  AlmuVectorSettings  *vectors;
};

G_DEFINE_FINAL_TYPE (AlmuFile, almu_file, ALMU_TYPE_PRODUCER)

enum
{
  PROP_0,
  PROP_ID,
  PROP_STATE,
  PROP_ERROR,
  PROP_CHANNEL,
  PROP_STOKES,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
almu_file_dispose (GObject *object)
{
  AlmuFile *self = ALMU_FILE (object);

  /* closing frees at once what was made from the image */
  if (self->demand != NULL)
    almu_demand_stop (self->demand);
  if (self->cache != NULL && self->image != NULL)
    almu_cache_drop_image (self->cache, self->image);
  g_clear_object (&self->demand);
  g_clear_object (&self->image);
  g_clear_object (&self->cache);

  G_OBJECT_CLASS (almu_file_parent_class)->dispose (object);
}

static void
almu_file_finalize (GObject *object)
{
  AlmuFile *self = ALMU_FILE (object);

  g_clear_pointer (&self->name, almu_file_name_free);
  g_clear_pointer (&self->error, g_free);
  g_clear_pointer (&self->requirements, g_ptr_array_unref);
  g_clear_pointer (&self->look, g_free);
  g_clear_pointer (&self->contours, almu_contour_settings_free);
  g_clear_pointer (&self->vectors, almu_vector_settings_free);

  G_OBJECT_CLASS (almu_file_parent_class)->finalize (object);
}

static void
almu_file_get_property (GObject    *object,
                        guint       prop_id,
                        GValue     *value,
                        GParamSpec *pspec)
{
  AlmuFile *self = ALMU_FILE (object);

  switch (prop_id)
    {
    case PROP_ID:
      g_value_set_int (value, self->id);
      break;

    case PROP_STATE:
      g_value_set_int (value, self->state);
      break;

    case PROP_ERROR:
      g_value_set_string (value, self->error != NULL ? self->error : "");
      break;

    case PROP_CHANNEL:
      g_value_set_int (value, self->channel);
      break;

    case PROP_STOKES:
      g_value_set_int (value, self->stokes);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
almu_file_class_init (AlmuFileClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = almu_file_dispose;
  object_class->finalize = almu_file_finalize;
  object_class->get_property = almu_file_get_property;

  /**
   * AlmuFile:id:
   *
   * The number the viewer calls the file by.
   */
  properties[PROP_ID] =
    g_param_spec_int ("id", NULL, NULL,
                      0, G_MAXINT, 0,
                      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * AlmuFile:state:
   *
   * An #AlmuFileState.
   */
  properties[PROP_STATE] =
    g_param_spec_int ("state", NULL, NULL,
                      ALMU_FILE_STATE_OPENING, ALMU_FILE_STATE_UNAVAILABLE, ALMU_FILE_STATE_OPENING,
                      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * AlmuFile:error:
   *
   * Why the file is unavailable; "" if it is not.
   */
  properties[PROP_ERROR] =
    g_param_spec_string ("error", NULL, NULL,
                         "",
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * AlmuFile:channel:
   *
   * Index of the channel being looked at.
   */
  properties[PROP_CHANNEL] =
    g_param_spec_int ("channel", NULL, NULL,
                      0, G_MAXINT, 0,
                      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * AlmuFile:stokes:
   *
   * Index of the polarisation being looked at.
   */
  properties[PROP_STOKES] =
    g_param_spec_int ("stokes", NULL, NULL,
                      0, G_MAXINT, 0,
                      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
almu_file_init (AlmuFile *self)
{
}

/**
 * almu_file_new:
 * @id: what the viewer calls it
 * @name: what to open; copied
 *
 * A file that is yet to be opened.
 *
 * Returns: (transfer full): a file
 */
AlmuFile *
almu_file_new (int                 id,
               const AlmuFileName *name)
{
  AlmuFile *self = g_object_new (ALMU_TYPE_FILE, NULL);

  self->id = id;
  self->name = almu_file_name_copy (name);

  return self;
}

/**
 * almu_file_get_id:
 * @self: a file
 *
 * Numbers are the viewer's, from 0 to %ALMU_LIMIT_FILE_ID, and are given again
 * once a file is closed.
 *
 * Returns: what the viewer calls it
 */
int
almu_file_get_id (AlmuFile *self)
{
  g_return_val_if_fail (ALMU_IS_FILE (self), -1);

  return self->id;
}

/**
 * almu_file_get_name:
 * @self: a file
 *
 * It does not change while the file lives.
 *
 * Returns: (transfer none): what it was opened as
 */
const AlmuFileName *
almu_file_get_name (AlmuFile *self)
{
  g_return_val_if_fail (ALMU_IS_FILE (self), NULL);

  return self->name;
}

/**
 * almu_file_get_state:
 * @self: a file
 *
 * Notified as [property@Almu.File:state].
 *
 * Returns: whether there are pixels behind it
 */
AlmuFileState
almu_file_get_state (AlmuFile *self)
{
  g_return_val_if_fail (ALMU_IS_FILE (self), ALMU_FILE_STATE_UNAVAILABLE);

  return self->state;
}

/**
 * almu_file_get_image:
 *
 * Returns: (nullable) (transfer none): the image, %NULL unless the file is open
 */
AlmuImage *
almu_file_get_image (AlmuFile *self)
{
  g_return_val_if_fail (ALMU_IS_FILE (self), NULL);

  return self->image;
}

/**
 * almu_file_get_demand:
 *
 * Returns: (nullable) (transfer none): what is demanded, %NULL unless the file is open
 */
AlmuDemand *
almu_file_get_demand (AlmuFile *self)
{
  g_return_val_if_fail (ALMU_IS_FILE (self), NULL);

  return self->demand;
}

/**
 * almu_file_get_channel:
 * @self: a file
 *
 * Known while the file is not open too, but not checked then.
 *
 * Returns: the channel that is looked at, from 0
 */
int
almu_file_get_channel (AlmuFile *self)
{
  g_return_val_if_fail (ALMU_IS_FILE (self), 0);

  return self->channel;
}

/**
 * almu_file_get_stokes:
 * @self: a file
 *
 * Known while the file is not open too, but not checked then.
 *
 * Returns: the polarisation that is looked at: an index from 0, or the number
 *   of a computed #AlmuPolarisation
 */
int
almu_file_get_stokes (AlmuFile *self)
{
  g_return_val_if_fail (ALMU_IS_FILE (self), 0);

  return self->stokes;
}

/**
 * almu_file_get_cursor:
 * @self: a file
 *
 * In the middle of the image if it was never set, and at (0, 0) before such a
 * file is open.
 *
 * Returns: where the cursor is, in pixels from 0 at the centre of the first
 */
AlmuPoint
almu_file_get_cursor (AlmuFile *self)
{
  return self->cursor;
}

static void
set_channel (AlmuFile *self,
             int       channel)
{
  if (self->channel == channel)
    return;

  self->channel = channel;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CHANNEL]);
}

static void
set_stokes (AlmuFile *self,
            int       stokes)
{
  if (self->stokes == stokes)
    return;

  self->stokes = stokes;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STOKES]);
}

static gboolean
is_open (AlmuFile *self,
         GError  **error)
{
  if (self->image != NULL)
    return TRUE;

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND,
               _ ("File %d (%s) is not open: %s"), self->id, self->name->name,
               self->error != NULL ? self->error : _ ("still opening"));
  return FALSE;
}

static gboolean
has_plane (AlmuImage *image,
           int        channel,
           int        stokes,
           GError   **error)
{
  const AlmuImageInfo *info = almu_image_get_info (image);
  AlmuParts            parts;

  if (channel < 0 || channel >= info->depth)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("%s has channels 0 to %d, not %d"),
                   almu_image_get_name (image), info->depth - 1, channel);
      return FALSE;
    }

  if (almu_polarisation_is_computed_of (info, stokes))
    {
      if (almu_polarisation_find_parts (info, stokes, &parts, error))
        return TRUE;

      g_prefix_error (error, "%s: ", almu_image_get_name (image));
      return FALSE;
    }

  if (stokes < 0 || stokes >= info->n_stokes)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("%s has polarisations 0 to %d, not %d"),
                   almu_image_get_name (image), info->n_stokes - 1, stokes);
      return FALSE;
    }

  return TRUE;
}

/**
 * almu_file_set_plane:
 * @channel: from 0
 * @stokes: index of a polarisation, or a computed #AlmuPolarisation
 *
 * Looks at another plane.
 *
 * Fails with %ALMU_ERROR_NOT_FOUND if the file is not open, and with
 * %ALMU_ERROR_LIMIT beyond its axes.
 *
 * Returns: %FALSE if there is no such plane; nothing is changed then
 */
gboolean
almu_file_set_plane (AlmuFile *self,
                     int       channel,
                     int       stokes,
                     GError  **error)
{
  g_return_val_if_fail (ALMU_IS_FILE (self), FALSE);

  if (!is_open (self, error) || !has_plane (self->image, channel, stokes, error))
    return FALSE;

  almu_demand_set_plane (self->demand, channel, stokes);
  set_channel (self, channel);
  set_stokes (self, stokes);

  return TRUE;
}

/**
 * almu_file_has_plane:
 * @channel: from 0
 * @stokes: index of a polarisation, or a computed #AlmuPolarisation
 * @error: return location
 *
 * Reads nothing. Fails with %ALMU_ERROR_NOT_FOUND if the file is not open, with
 * %ALMU_ERROR_LIMIT beyond its axes, and as almu_polarisation_find_parts() does
 * for a computed one.
 *
 * Returns: whether the file is open and has such a plane
 */
gboolean
almu_file_has_plane (AlmuFile *self,
                     int       channel,
                     int       stokes,
                     GError  **error)
{
  g_return_val_if_fail (ALMU_IS_FILE (self), FALSE);

  return is_open (self, error) && has_plane (self->image, channel, stokes, error);
}

/**
 * almu_file_show_frame:
 * @channel: from 0
 * @stokes: index of a polarisation, or a computed #AlmuPolarisation
 *
 * Looks at a plane, which exists, as part of an animation.
 */
void
almu_file_show_frame (AlmuFile *self,
                      int       channel,
                      int       stokes)
{
  g_return_if_fail (ALMU_IS_FILE (self));
  g_return_if_fail (self->demand != NULL);

  almu_demand_show_frame (self->demand, channel, stokes);
  set_channel (self, channel);
  set_stokes (self, stokes);
}

/**
 * almu_file_set_cursor:
 * @self: a file
 * @cursor: in pixels from 0 at the centre of the first; may lie outside the
 *   image
 * @error: return location
 *
 * Moves the cursor; what is wanted of it follows. Fails with
 * %ALMU_ERROR_NOT_FOUND if the file is not open, and with %ALMU_ERROR_FORMAT if
 * a coordinate is not finite; the cursor stays then.
 *
 * Returns: whether it was moved
 */
gboolean
almu_file_set_cursor (AlmuFile *self,
                      AlmuPoint cursor,
                      GError  **error)
{
  g_return_val_if_fail (ALMU_IS_FILE (self), FALSE);

  if (!is_open (self, error))
    return FALSE;

  if (!isfinite (cursor.x) || !isfinite (cursor.y))
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                   _ ("Cursor of file %d is not a number"), self->id);
      return FALSE;
    }

  self->cursor = cursor;
  self->has_cursor = TRUE;
  almu_demand_set_cursor (self->demand, cursor);

  return TRUE;
}

/**
 * almu_file_keep_place:
 * @channel: from 0
 * @stokes: index of a polarisation, or a computed #AlmuPolarisation
 * @cursor: (nullable): %NULL for the middle of the image
 *
 * What to look at once the file can be opened, without any check yet.
 */
void
almu_file_keep_place (AlmuFile        *self,
                      int              channel,
                      int              stokes,
                      const AlmuPoint *cursor)
{
  g_return_if_fail (ALMU_IS_FILE (self));

  set_channel (self, channel);
  set_stokes (self, stokes);
  if (cursor != NULL)
    self->cursor = *cursor;
  self->has_cursor = cursor != NULL;
}

static void
set_state (AlmuFile     *self,
           AlmuFileState state,
           const char   *error)
{
  g_autoptr(GObject) object = g_object_ref (G_OBJECT (self));

  g_object_freeze_notify (object);

  if (self->state != state)
    {
      self->state = state;
      g_object_notify_by_pspec (object, properties[PROP_STATE]);
    }

  if (g_strcmp0 (self->error, error) != 0)
    {
      g_free (self->error);
      self->error = g_strdup (error);
      g_object_notify_by_pspec (object, properties[PROP_ERROR]);
    }

  g_object_thaw_notify (object);
}

/**
 * almu_file_come_alive:
 * @cache: where what is made of it goes; held
 * @image: what was opened under the file's name
 * @owner: whose work it makes, see almu_workers_set_owner()
 * @epoch: of the session
 *
 * Puts the image in place, or the one that somebody else has open from the
 * same file, where it was being looked at if that is known and still exists.
 */
void
almu_file_come_alive (AlmuFile  *self,
                      AlmuCache *cache,
                      AlmuImage *image,
                      guint      owner,
                      guint      epoch)
{
  const AlmuImageInfo *info;

  g_return_if_fail (ALMU_IS_FILE (self));
  g_return_if_fail (self->image == NULL);

  image = almu_cache_share_image (cache, image, self->name);
  info = almu_image_get_info (image);
  self->image = image;
  self->cache = g_object_ref (cache);
  self->demand = almu_demand_new (cache, image, self->id);
  almu_demand_set_owner (self->demand, owner);
  almu_demand_set_epoch (self->demand, epoch);
  almu_demand_set_contours (self->demand, self->contours);
  almu_demand_set_vectors (self->demand, self->vectors);
  g_signal_connect_object (self->demand, "product", G_CALLBACK (almu_producer_emit_product), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->demand, "failed", G_CALLBACK (almu_producer_emit_failed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->demand, "changed", G_CALLBACK (almu_producer_emit_changed), self, G_CONNECT_SWAPPED);

  if (!has_plane (image, self->channel, self->stokes, NULL))
    {
      set_channel (self, 0);
      set_stokes (self, 0);
    }
  almu_demand_set_plane (self->demand, self->channel, self->stokes);

  if (self->has_cursor)
    almu_demand_set_cursor (self->demand, self->cursor);
  else
    self->cursor = (AlmuPoint){ (float) (info->width - 1) / 2, (float) (info->height - 1) / 2 };

  set_state (self, ALMU_FILE_STATE_OPEN, NULL);
}

/**
 * almu_file_dup_requirements:
 * @self: a file
 *
 * From its demand if it is open, else what was kept. The lists are shared, and
 * not to be changed.
 *
 * Returns: (transfer full) (element-type AlmuRequirement): what is wanted of
 *   the file and its regions
 */
GPtrArray *
almu_file_dup_requirements (AlmuFile *self)
{
  g_return_val_if_fail (ALMU_IS_FILE (self), NULL);

  if (self->demand != NULL)
    return almu_demand_list_requirements (self->demand);

  return self->requirements != NULL ? g_ptr_array_ref (self->requirements) : almu_requirements_new ();
}

/**
 * almu_file_keep_requirements:
 * @requirements: (element-type AlmuRequirement): what will be wanted once the
 *   file is open
 *
 * Replaces what was kept; nothing is checked. They are put in force by
 * almu_session_require_kept(), once there is an image.
 */
void
almu_file_keep_requirements (AlmuFile  *self,
                             GPtrArray *requirements)
{
  g_return_if_fail (ALMU_IS_FILE (self));

  g_ptr_array_ref (requirements);
  g_clear_pointer (&self->requirements, g_ptr_array_unref);
  self->requirements = requirements;
}

/**
 * almu_file_take_requirements:
 *
 * Returns: (nullable) (transfer full) (element-type AlmuRequirement): what was
 *   kept; it is not kept any more
 */
GPtrArray *
almu_file_take_requirements (AlmuFile *self)
{
  g_return_val_if_fail (ALMU_IS_FILE (self), NULL);

  return g_steal_pointer (&self->requirements);
}

/**
 * almu_file_has_cursor:
 *
 * Returns: whether the cursor was ever set; else it is in the middle
 */
gboolean
almu_file_has_cursor (AlmuFile *self)
{
  g_return_val_if_fail (ALMU_IS_FILE (self), FALSE);

  return self->has_cursor;
}

/**
 * almu_file_get_contours:
 *
 * Returns: (nullable): the contours that are wanted
 */
const AlmuContourSettings *
almu_file_get_contours (AlmuFile *self)
{
  g_return_val_if_fail (ALMU_IS_FILE (self), NULL);

  return self->contours;
}

/**
 * almu_file_set_contours:
 * @settings: (nullable): %NULL for none; has been checked
 *
 * They are sent for every plane that is shown, whether or not the file is
 * open yet.
 */
void
almu_file_set_contours (AlmuFile                  *self,
                        const AlmuContourSettings *settings)
{
  g_return_if_fail (ALMU_IS_FILE (self));

  if (almu_contour_settings_equal (self->contours, settings))
    return;

  almu_contour_settings_free (self->contours);
  self->contours = almu_contour_settings_copy (settings);
  if (self->demand != NULL)
    almu_demand_set_contours (self->demand, self->contours);
  else
    almu_producer_emit_changed (ALMU_PRODUCER (self));
}

/**
 * almu_file_get_vectors:
 *
 * Returns: (nullable): the vectors that are wanted
 */
const AlmuVectorSettings *
almu_file_get_vectors (AlmuFile *self)
{
  g_return_val_if_fail (ALMU_IS_FILE (self), NULL);

  return self->vectors;
}

/**
 * almu_file_set_vectors:
 * @settings: (nullable): %NULL for none; has been checked
 *
 * See almu_file_set_contours().
 */
void
almu_file_set_vectors (AlmuFile                 *self,
                       const AlmuVectorSettings *settings)
{
  g_return_if_fail (ALMU_IS_FILE (self));

  if (almu_vector_settings_equal (self->vectors, settings))
    return;

  almu_vector_settings_free (self->vectors);
  self->vectors = almu_vector_settings_copy (settings);
  if (self->demand != NULL)
    almu_demand_set_vectors (self->demand, self->vectors);
  else
    almu_producer_emit_changed (ALMU_PRODUCER (self));
}

/**
 * almu_file_get_look:
 *
 * Returns: (nullable): how the viewer shows the file, as JSON text that only
 *   doors understand
 */
const char *
almu_file_get_look (AlmuFile *self)
{
  g_return_val_if_fail (ALMU_IS_FILE (self), NULL);

  return self->look;
}

/**
 * almu_file_set_look:
 * @self: a file
 * @look: (nullable): how the viewer shows it, as JSON text; copied, not checked
 *
 * Emits [signal@Almu.Producer::changed] if it is another one, so that it is written
 * down.
 */
void
almu_file_set_look (AlmuFile   *self,
                    const char *look)
{
  g_return_if_fail (ALMU_IS_FILE (self));

  if (g_strcmp0 (self->look, look) == 0)
    return;

  g_free (self->look);
  self->look = g_strdup (look);
  almu_producer_emit_changed (ALMU_PRODUCER (self));
}

/**
 * almu_file_fail:
 *
 * The file cannot be opened; everything known of it is kept.
 */
void
almu_file_fail (AlmuFile     *self,
                const GError *error)
{
  g_return_if_fail (ALMU_IS_FILE (self));

  set_state (self, ALMU_FILE_STATE_UNAVAILABLE, error->message);
}
