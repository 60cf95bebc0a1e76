/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-region.h"

/**
 * AlmuRegion:
 *
 * An area of interest that a session has drawn on a file.
 *
 * A region knows where it lies; what is computed over it belongs to whoever
 * listens to [property@Almu.Region:shape].
 */
struct _AlmuRegion
{
  GObject parent_instance;

  int        id;
  int        file_id;
  AlmuShape *shape;
  AlmuImage *image; /* NULL while the file is not open */
};

G_DEFINE_FINAL_TYPE (AlmuRegion, almu_region, G_TYPE_OBJECT)

G_DEFINE_BOXED_TYPE (AlmuShape, almu_shape_boxed, almu_shape_ref, almu_shape_unref)

enum
{
  PROP_0,
  PROP_ID,
  PROP_FILE_ID,
  PROP_SHAPE,
  PROP_IMAGE,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
almu_region_dispose (GObject *object)
{
  AlmuRegion *self = ALMU_REGION (object);

  g_clear_object (&self->image);

  G_OBJECT_CLASS (almu_region_parent_class)->dispose (object);
}

static void
almu_region_finalize (GObject *object)
{
  AlmuRegion *self = ALMU_REGION (object);

  g_clear_pointer (&self->shape, almu_shape_unref);

  G_OBJECT_CLASS (almu_region_parent_class)->finalize (object);
}

static void
almu_region_get_property (GObject    *object,
                          guint       prop_id,
                          GValue     *value,
                          GParamSpec *pspec)
{
  AlmuRegion *self = ALMU_REGION (object);

  switch (prop_id)
    {
    case PROP_ID:
      g_value_set_int (value, self->id);
      break;

    case PROP_FILE_ID:
      g_value_set_int (value, self->file_id);
      break;

    case PROP_SHAPE:
      g_value_set_boxed (value, self->shape);
      break;

    case PROP_IMAGE:
      g_value_set_object (value, self->image);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
almu_region_class_init (AlmuRegionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = almu_region_dispose;
  object_class->finalize = almu_region_finalize;
  object_class->get_property = almu_region_get_property;

  /**
   * AlmuRegion:id:
   *
   * The number the viewer knows the region by; never reused in a session.
   */
  properties[PROP_ID] =
    g_param_spec_int ("id", NULL, NULL,
                      1, G_MAXINT, 1,
                      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * AlmuRegion:file-id:
   *
   * The file whose pixels the shape is given in.
   */
  properties[PROP_FILE_ID] =
    g_param_spec_int ("file-id", NULL, NULL,
                      0, G_MAXINT, 0,
                      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * AlmuRegion:shape:
   *
   * Where the region lies.
   */
  properties[PROP_SHAPE] =
    g_param_spec_boxed ("shape", NULL, NULL,
                        ALMU_TYPE_SHAPE,
                        G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * AlmuRegion:image:
   *
   * The image whose pixels the shape is given in, which places it on others;
   * %NULL while its file is not open.
   */
  properties[PROP_IMAGE] =
    g_param_spec_object ("image", NULL, NULL,
                         ALMU_TYPE_IMAGE,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
almu_region_init (AlmuRegion *self)
{
}

/**
 * almu_region_new:
 * @id: the number the viewer will know it by, above 0
 * @file_id: the file that it is drawn on
 * @shape: where it lies, in pixels of that file; held
 *
 * Knows no image yet: see almu_region_set_image().
 *
 * Returns: (transfer full): a region
 */
AlmuRegion *
almu_region_new (int        id,
                 int        file_id,
                 AlmuShape *shape)
{
  AlmuRegion *self;

  g_return_val_if_fail (id > 0, NULL);
  g_return_val_if_fail (shape != NULL, NULL);

  self = g_object_new (ALMU_TYPE_REGION, NULL);
  self->id = id;
  self->file_id = file_id;
  self->shape = almu_shape_ref (shape);

  return self;
}

/**
 * almu_region_get_id:
 * @self: a region
 *
 * Never given to another region of the session.
 *
 * Returns: the number the viewer knows it by, above 0
 */
int
almu_region_get_id (AlmuRegion *self)
{
  g_return_val_if_fail (ALMU_IS_REGION (self), 0);

  return self->id;
}

/**
 * almu_region_get_file_id:
 * @self: a region
 *
 * The file may have been closed since.
 *
 * Returns: the file that it is drawn on
 */
int
almu_region_get_file_id (AlmuRegion *self)
{
  g_return_val_if_fail (ALMU_IS_REGION (self), 0);

  return self->file_id;
}

/**
 * almu_region_get_shape:
 * @self: a region
 *
 * Shapes never change: a region that moves gets another.
 *
 * Returns: (transfer none): where it lies, in pixels of its file
 */
AlmuShape *
almu_region_get_shape (AlmuRegion *self)
{
  g_return_val_if_fail (ALMU_IS_REGION (self), NULL);

  return self->shape;
}

/**
 * almu_region_set_shape:
 * @self: a region
 * @shape: where it lies now; held
 *
 * Notifies [property@Almu.Region:shape] if that is another place, on which
 * whatever is computed of it begins anew.
 */
void
almu_region_set_shape (AlmuRegion *self,
                       AlmuShape  *shape)
{
  g_return_if_fail (ALMU_IS_REGION (self));
  g_return_if_fail (shape != NULL);

  if (almu_shape_equal (self->shape, shape))
    return;

  almu_shape_ref (shape);
  almu_shape_unref (self->shape);
  self->shape = shape;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SHAPE]);
}

/**
 * almu_region_get_image:
 *
 * Returns: (transfer none) (nullable): the image it is drawn on
 */
AlmuImage *
almu_region_get_image (AlmuRegion *self)
{
  g_return_val_if_fail (ALMU_IS_REGION (self), NULL);

  return self->image;
}

/**
 * almu_region_set_image:
 * @self: a region
 * @image: (nullable): of its file; %NULL while that is not open; held
 *
 * Notifies [property@Almu.Region:image] if it is another one.
 */
void
almu_region_set_image (AlmuRegion *self,
                       AlmuImage  *image)
{
  g_return_if_fail (ALMU_IS_REGION (self));

  if (g_set_object (&self->image, image))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_IMAGE]);
}
