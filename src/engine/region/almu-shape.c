/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-shape.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "almu-error.h"
#include "almu-limits.h"

typedef enum
{
  SIZE_NONE,     /* all points are places */
  SIZE_POSITIVE, /* the second point is a size */
  SIZE_OR_ZERO,
} SizeRule;

typedef struct
{
  const char *name;
  guint       min_points;
  guint       max_points;
  SizeRule    size;
} TypeRule;

#define ANY_NUMBER ALMU_LIMIT_CONTROL_POINTS

static const TypeRule rules[ALMU_N_SHAPES] = {
  [ALMU_SHAPE_POINT] = { N_ ("point"), 1, 1, SIZE_NONE },
  [ALMU_SHAPE_LINE] = { N_ ("line"), 2, 2, SIZE_NONE },
  [ALMU_SHAPE_POLYLINE] = { N_ ("polyline"), 3, ANY_NUMBER, SIZE_NONE },
  [ALMU_SHAPE_RECTANGLE] = { N_ ("rectangle"), 2, 2, SIZE_POSITIVE },
  [ALMU_SHAPE_ELLIPSE] = { N_ ("ellipse"), 2, 2, SIZE_POSITIVE },
  [ALMU_SHAPE_ANNULUS] = { N_ ("annulus"), 0, 0, SIZE_NONE },
  [ALMU_SHAPE_POLYGON] = { N_ ("polygon"), 3, ANY_NUMBER, SIZE_NONE },
  [ALMU_SHAPE_ANN_POINT] = { N_ ("point annotation"), 1, 1, SIZE_NONE },
  [ALMU_SHAPE_ANN_LINE] = { N_ ("line annotation"), 2, 2, SIZE_NONE },
  [ALMU_SHAPE_ANN_POLYLINE] = { N_ ("polyline annotation"), 3, ANY_NUMBER, SIZE_NONE },
  [ALMU_SHAPE_ANN_RECTANGLE] = { N_ ("rectangle annotation"), 2, 2, SIZE_POSITIVE },
  [ALMU_SHAPE_ANN_ELLIPSE] = { N_ ("ellipse annotation"), 2, 2, SIZE_POSITIVE },
  [ALMU_SHAPE_ANN_POLYGON] = { N_ ("polygon annotation"), 3, ANY_NUMBER, SIZE_NONE },
  [ALMU_SHAPE_ANN_VECTOR] = { N_ ("vector annotation"), 2, 2, SIZE_NONE },
  [ALMU_SHAPE_ANN_RULER] = { N_ ("ruler annotation"), 2, 2, SIZE_NONE },
  [ALMU_SHAPE_ANN_TEXT] = { N_ ("text annotation"), 2, 2, SIZE_OR_ZERO },
  [ALMU_SHAPE_ANN_COMPASS] = { N_ ("compass annotation"), 2, 2, SIZE_POSITIVE },
};

static gboolean
check_type (int      type,
            GError **error)
{
  if (type < 0 || type >= ALMU_N_SHAPES)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                   _ ("Region type %d is not known; types go from 0 (%s) to %d (%s)"),
                   type, _ (rules[0].name), ALMU_N_SHAPES - 1, _ (rules[ALMU_N_SHAPES - 1].name));
      return FALSE;
    }

  if (type == ALMU_SHAPE_ANNULUS)
    {
      g_set_error_literal (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                           _ ("Regions of type annulus are not supported; "
                              "two ellipses describe the same area"));
      return FALSE;
    }

  return TRUE;
}

static gboolean
check_number (const TypeRule *rule,
              gsize           n_points,
              GError        **error)
{
  if (n_points > ALMU_LIMIT_CONTROL_POINTS)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("Region has %zu control points, at most %d are allowed"),
                   n_points, ALMU_LIMIT_CONTROL_POINTS);
      return FALSE;
    }

  if (n_points < rule->min_points || n_points > rule->max_points)
    {
      const char *text = rule->max_points > rule->min_points
                           ? g_dngettext (GETTEXT_PACKAGE, "A %s has at least %u control point, not %zu",
                                          "A %s has at least %u control points, not %zu", rule->min_points)
                           : g_dngettext (GETTEXT_PACKAGE, "A %s has %u control point, not %zu",
                                          "A %s has %u control points, not %zu", rule->min_points);

      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, text, _ (rule->name), rule->min_points, n_points);
      return FALSE;
    }

  return TRUE;
}

static gboolean
check_finite (const TypeRule  *rule,
              const AlmuPoint *points,
              gsize            n_points,
              float            rotation,
              GError         **error)
{
  for (gsize i = 0; i < n_points; i++)
    {
      if (isfinite (points[i].x) && isfinite (points[i].y))
        continue;

      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                   _ ("Control point %zu of the %s is (%g, %g), not two finite numbers"),
                   i + 1, _ (rule->name), points[i].x, points[i].y);
      return FALSE;
    }

  if (!isfinite (rotation))
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                   _ ("Rotation of the %s is %g, not a finite number of degrees"),
                   _ (rule->name), rotation);
      return FALSE;
    }

  return TRUE;
}

static gboolean
check_size (const TypeRule  *rule,
            const AlmuPoint *points,
            GError         **error)
{
  const AlmuPoint *size = &points[1];

  if (rule->size == SIZE_NONE ||
      (size->x > 0 && size->y > 0) ||
      (rule->size == SIZE_OR_ZERO && size->x >= 0 && size->y >= 0))
    return TRUE;

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
               rule->size == SIZE_OR_ZERO ? _ ("Size of the %s is (%g, %g), both numbers have to be 0 or more")
                                          : _ ("Size of the %s is (%g, %g), both numbers have to be greater than 0"),
               _ (rule->name), size->x, size->y);
  return FALSE;
}

/**
 * almu_shape_new:
 * @type: an #AlmuShapeType, or any number a peer sent for one
 * @points: (array length=n_points): control points
 * @n_points: how many
 * @rotation: degrees
 * @error: return location for an error
 *
 * Takes what a peer or a region file says about a region. Whatever passes
 * here is safe to compute with: types, counts, finite numbers and sizes are
 * checked once, and nowhere else.
 *
 * Returns: (transfer full) (nullable): the shape
 */
AlmuShape *
almu_shape_new (int              type,
                const AlmuPoint *points,
                gsize            n_points,
                float            rotation,
                GError         **error)
{
  AlmuShape      *self;
  const TypeRule *rule;

  g_return_val_if_fail (points != NULL || n_points == 0, NULL);

  if (!check_type (type, error))
    return NULL;

  rule = &rules[type];
  if (!check_number (rule, n_points, error) ||
      !check_finite (rule, points, n_points, rotation, error) ||
      !check_size (rule, points, error))
    return NULL;

  self = g_malloc (sizeof *self + n_points * sizeof *points);
  g_atomic_ref_count_init (&self->refs);
  self->type = type;
  self->rotation = rotation;
  self->n_points = n_points;
  for (gsize i = 0; i < n_points; i++)
    self->points[i] = points[i];

  return self;
}

/**
 * almu_shape_ref:
 *
 * Any thread.
 *
 * Returns: (transfer full): @self
 */
AlmuShape *
almu_shape_ref (AlmuShape *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->refs);

  return self;
}

/**
 * almu_shape_unref:
 * @self: (transfer full): a shape
 *
 * Frees the shape with the last reference. Any thread.
 */
void
almu_shape_unref (AlmuShape *self)
{
  g_return_if_fail (self != NULL);

  if (g_atomic_ref_count_dec (&self->refs))
    g_free (self);
}

/**
 * almu_shape_equal:
 * @a: a shape
 * @b: a shape
 *
 * Exactly, to the last bit: what was moved there and back may not be the same.
 *
 * Returns: whether type, control points and rotation are the same
 */
gboolean
almu_shape_equal (const AlmuShape *a,
                  const AlmuShape *b)
{
  g_return_val_if_fail (a != NULL && b != NULL, FALSE);

  if (a == b)
    return TRUE;

  if (a->type != b->type || a->n_points != b->n_points || a->rotation != b->rotation)
    return FALSE;

  for (guint i = 0; i < a->n_points; i++)
    {
      if (a->points[i].x != b->points[i].x || a->points[i].y != b->points[i].y)
        return FALSE;
    }

  return TRUE;
}

/**
 * almu_shape_type_get_name:
 * @type: a type of shape
 *
 * In English: on the bus and in records as it stands, in messages translated.
 *
 * Returns: (transfer none): what a region of this type is called
 */
const char *
almu_shape_type_get_name (AlmuShapeType type)
{
  g_return_val_if_fail ((guint) type < ALMU_N_SHAPES, NULL);

  return rules[type].name;
}

/**
 * almu_shape_is_closed:
 *
 * Rectangles, ellipses and polygons; no annotation.
 *
 * Returns: whether it encloses an area that has statistics
 */
gboolean
almu_shape_is_closed (const AlmuShape *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->type == ALMU_SHAPE_RECTANGLE ||
         self->type == ALMU_SHAPE_ELLIPSE ||
         self->type == ALMU_SHAPE_POLYGON;
}

/**
 * almu_shape_is_annotation:
 *
 * Annotations are kept and exported for the page, but are never the source of any
 * data.
 *
 * Returns: whether it is one
 */
gboolean
almu_shape_is_annotation (const AlmuShape *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->type >= ALMU_SHAPE_ANN_POINT;
}
