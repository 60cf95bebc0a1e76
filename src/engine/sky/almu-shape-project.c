/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-shape-project.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "almu-error.h"
#include "almu-limits.h"

/* How far a shape may be bent before it is followed point by point: the
 * relative change of its proportions, the cosine between its axes, and the
 * pixels by which a point of its outline is off. */
#define MAX_STRETCH 1e-4
#define MAX_SHEAR 1e-2
#define MAX_BEND 0.02

/* Points of an outline that is followed, and the pixels between two. */
#define N_VERTICES 1000
#define MIN_STEP 0.1

/* Rotations below it turn the largest images by less than a hundredth of a
 * pixel: the rounding of frames that differ in name. */
#define SMALLEST_DEGREES 1e-5

/* Converted before it is asked whether anybody still wants to know. */
#define N_POINTS_AT_ONCE 1024

typedef struct
{
  double x;
  double y;
} Place;

G_STATIC_ASSERT (sizeof (Place) == 2 * sizeof (double));

typedef struct
{
  AlmuShape    *shape;
  AlmuSkyMap   *from;
  AlmuSkyMap   *to;
  GCancellable *cancellable;
} Projection;

/* A rectangle or an ellipse by its centre and the vectors to the middle of
 * its right and its upper side. */
typedef struct
{
  Place  centre;
  Place  right;
  Place  up;
  double angle; /* of right */
} Frame;

/* -- points ------------------------------------------------------------- */

static gboolean
project_some (Projection *self,
              gsize       n,
              Place      *places,
              GError    **error)
{
  double *numbers = &places->x;

  if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
    return FALSE;

  almu_sky_map_to_sky (self->from, n, numbers, numbers);
  if (!almu_sky_frame_convert (almu_sky_map_get_frame (self->from), almu_sky_map_get_frame (self->to),
                               n, numbers, error))
    return FALSE;
  almu_sky_map_to_pixels (self->to, n, numbers, numbers);

  for (gsize i = 0; i < n; i++)
    {
      if (fabs (places[i].x) < ALMU_LIMIT_AXIS_LENGTH && fabs (places[i].y) < ALMU_LIMIT_AXIS_LENGTH)
        continue;

      g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                   _ ("a part of the %s lies where the projection shows nothing"),
                   _ (almu_shape_type_get_name (self->shape->type)));
      return FALSE;
    }

  return TRUE;
}

static gboolean
project (Projection *self,
         gsize       n,
         Place      *places,
         GError    **error)
{
  for (gsize i = 0; i < n; i += N_POINTS_AT_ONCE)
    if (!project_some (self, MIN (n - i, N_POINTS_AT_ONCE), places + i, error))
      return FALSE;

  return TRUE;
}

static double
get_distance (const Place *a,
              const Place *b)
{
  return hypot (b->x - a->x, b->y - a->y);
}

static AlmuShape *
make_shape (AlmuShapeType type,
            const Place  *places,
            gsize         n,
            double        rotation,
            GError      **error)
{
  g_autofree AlmuPoint *points = g_new (AlmuPoint, n);

  for (gsize i = 0; i < n; i++)
    points[i] = (AlmuPoint){ (float) places[i].x, (float) places[i].y };

  return almu_shape_new ((int) type, points, n, (float) rotation, error);
}

/* -- outlines that are followed ----------------------------------------- */

/* Points in equal steps along a closed outline, with all its corners. */
static GArray *
walk_outline (const Place *corners,
              gsize        n_corners)
{
  GArray *places = g_array_new (FALSE, FALSE, sizeof (Place));
  double  length = 0;
  double  step;

  for (gsize i = 0; i < n_corners; i++)
    length += get_distance (&corners[i], &corners[(i + 1) % n_corners]);
  step = MAX (length / N_VERTICES, MIN_STEP);

  for (gsize i = 0; i < n_corners; i++)
    {
      const Place *a = &corners[i];
      const Place *b = &corners[(i + 1) % n_corners];
      int          n_steps = MAX ((int) (get_distance (a, b) / step), 1);

      for (int j = 0; j < n_steps; j++)
        {
          double part = (double) j / n_steps;
          Place  place = { a->x + part * (b->x - a->x), a->y + part * (b->y - a->y) };

          g_array_append_val (places, place);
        }
    }

  return places;
}

/* Points between others on what is a row of pixels but for rounding would
 * each begin an edge of its own that means nothing. */
static void
drop_level (GArray *places)
{
  guint n = 0;

  for (guint i = 0; i < places->len; i++)
    {
      const Place *place = &g_array_index (places, Place, i);
      const Place *last = &g_array_index (places, Place, n > 0 ? n - 1 : 0);
      const Place *next = &g_array_index (places, Place, MIN (i + 1, places->len - 1));
      double       near = 1e-5 * MAX (fabs (place->y), 1);
      gboolean     is_level = fabs (last->y - place->y) <= near && fabs (next->y - place->y) <= near &&
                          (last->x - place->x) * (next->x - place->x) < 0;

      if (!is_level)
        g_array_index (places, Place, n++) = *place;
    }

  g_array_set_size (places, n);
}

static AlmuShape *
follow (Projection *self,
        GArray     *places,
        GError    **error)
{
  if (!project (self, places->len, (Place *) (void *) places->data, error))
    return NULL;

  drop_level (places);

  return make_shape (ALMU_SHAPE_POLYGON, (Place *) (void *) places->data, places->len, 0, error);
}

/* -- rectangles and ellipses -------------------------------------------- */

static Frame
get_frame (const AlmuShape *shape)
{
  gboolean is_ellipse = shape->type == ALMU_SHAPE_ELLIPSE;
  double   angle = fmod (shape->rotation, 360) * (G_PI / 180);
  /* the first size of an ellipse points up, the second to the right */
  double right = is_ellipse ? shape->points[1].y : shape->points[1].x / 2.0;
  double up = is_ellipse ? shape->points[1].x : shape->points[1].y / 2.0;

  return (Frame){
    .centre = { shape->points[0].x, shape->points[0].y },
    .right = { right * cos (angle), right * sin (angle) },
    .up = { -up * sin (angle), up * cos (angle) },
    .angle = angle,
  };
}

static Place
place_in (const Frame *frame,
          double       right,
          double       up)
{
  return (Place){ frame->centre.x + right * frame->right.x + up * frame->up.x,
                  frame->centre.y + right * frame->right.y + up * frame->up.y };
}

/* How far along the diagonals the outline is. */
static double
get_diagonal (const AlmuShape *shape)
{
  return shape->type == ALMU_SHAPE_ELLIPSE ? G_SQRT2 / 2 : 1;
}

/* The frame on the other image, if it is one there. */
static gboolean
project_frame (Projection  *self,
               const Frame *frame,
               Frame       *out_frame,
               gboolean    *out_is_bent,
               GError     **error)
{
  double diagonal = get_diagonal (self->shape);
  Place  places[9] = {
     place_in (frame, 0, 0),
     place_in (frame, 1, 0),
     place_in (frame, -1, 0),
     place_in (frame, 0, 1),
     place_in (frame, 0, -1),
     place_in (frame, diagonal, diagonal),
     place_in (frame, -diagonal, diagonal),
     place_in (frame, -diagonal, -diagonal),
     place_in (frame, diagonal, -diagonal),
  };
  Frame  made;
  double right, up, stretch, shear;

  if (!project (self, G_N_ELEMENTS (places), places, error))
    return FALSE;

  made.centre = places[0];
  made.right = (Place){ (places[1].x - places[2].x) / 2, (places[1].y - places[2].y) / 2 };
  made.up = (Place){ (places[3].x - places[4].x) / 2, (places[3].y - places[4].y) / 2 };
  made.angle = atan2 (made.right.y, made.right.x);

  right = hypot (made.right.x, made.right.y);
  up = hypot (made.up.x, made.up.y);
  stretch = right / up * hypot (frame->up.x, frame->up.y) / hypot (frame->right.x, frame->right.y);
  shear = (made.right.x * made.up.x + made.right.y * made.up.y) / (right * up);

  *out_is_bent = !(fabs (stretch - 1) <= MAX_STRETCH && fabs (shear) <= MAX_SHEAR);
  for (int i = 0; i < 4; i++)
    {
      double sign[2] = { i == 0 || i == 3 ? 1 : -1, i < 2 ? 1 : -1 };
      Place  expected = place_in (&made, sign[0] * diagonal, sign[1] * diagonal);

      *out_is_bent |= !(get_distance (&expected, &places[5 + i]) <= MAX_BEND);
    }
  *out_frame = made;

  return TRUE;
}

static AlmuShape *
make_framed (AlmuShapeType type,
             const Frame  *frame,
             GError      **error)
{
  double right = hypot (frame->right.x, frame->right.y);
  double up = hypot (frame->up.x, frame->up.y);
  double degrees = frame->angle * (180 / G_PI);
  double quarters = round (degrees / 90) * 90;
  Place  places[2] = { frame->centre };

  places[1] = type == ALMU_SHAPE_ELLIPSE ? (Place){ up, right } : (Place){ 2 * right, 2 * up };
  if (fabs (degrees - quarters) < SMALLEST_DEGREES)
    degrees = quarters;

  /* both look the same after half a turn */
  return make_shape (type, places, 2, fmod (degrees + 180, 180), error);
}

static GArray *
outline_frame (const Frame  *frame,
               AlmuShapeType type)
{
  Place corners[] = {
    place_in (frame, -1, -1),
    place_in (frame, 1, -1),
    place_in (frame, 1, 1),
    place_in (frame, -1, 1),
  };
  GArray *places;

  if (type != ALMU_SHAPE_ELLIPSE)
    return walk_outline (corners, G_N_ELEMENTS (corners));

  places = g_array_sized_new (FALSE, FALSE, sizeof (Place), N_VERTICES);
  for (int i = 0; i < N_VERTICES; i++)
    {
      double t = 2 * G_PI * i / N_VERTICES;
      Place  place = place_in (frame, cos (t), sin (t));

      g_array_append_val (places, place);
    }

  return places;
}

static AlmuShape *
project_framed (Projection *self,
                GError    **error)
{
  Frame    frame = get_frame (self->shape);
  Frame    made;
  gboolean is_bent;
  g_autoptr(GArray) places = NULL;

  if (!project_frame (self, &frame, &made, &is_bent, error))
    return NULL;

  if (!is_bent)
    return make_framed (self->shape->type, &made, error);

  places = outline_frame (&frame, self->shape->type);

  return follow (self, places, error);
}

/* -- what is given by its points ---------------------------------------- */

/* Whether edges that are straight on one image are so on the other. */
static gboolean
project_corners (Projection *self,
                 Place      *corners,
                 gsize       n,
                 gboolean   *out_is_bent,
                 GError    **error)
{
  g_autofree Place *middles = g_new (Place, n);

  for (gsize i = 0; i < n; i++)
    {
      const Place *next = &corners[(i + 1) % n];

      middles[i] = (Place){ (corners[i].x + next->x) / 2, (corners[i].y + next->y) / 2 };
    }

  if (!project (self, n, corners, error) || !project (self, n, middles, error))
    return FALSE;

  *out_is_bent = FALSE;
  for (gsize i = 0; i < n; i++)
    {
      const Place *next = &corners[(i + 1) % n];
      Place        expected = { (corners[i].x + next->x) / 2, (corners[i].y + next->y) / 2 };

      *out_is_bent |= !(get_distance (&expected, &middles[i]) <= MAX_BEND);
    }

  return TRUE;
}

static AlmuShape *
project_points (Projection *self,
                GError    **error)
{
  gsize             n = self->shape->n_points;
  g_autofree Place *corners = g_new (Place, n);
  g_autofree Place *projected = NULL;
  g_autoptr(GArray) places = NULL;
  gboolean is_bent = FALSE;

  for (gsize i = 0; i < n; i++)
    corners[i] = (Place){ self->shape->points[i].x, self->shape->points[i].y };
  projected = g_memdup2 (corners, n * sizeof *corners);

  if (self->shape->type != ALMU_SHAPE_POLYGON)
    {
      if (!project (self, n, projected, error))
        return NULL;
      return make_shape (self->shape->type, projected, n, self->shape->rotation, error);
    }

  if (!project_corners (self, projected, n, &is_bent, error))
    return NULL;
  if (!is_bent)
    return make_shape (ALMU_SHAPE_POLYGON, projected, n, 0, error);

  places = walk_outline (corners, n);

  return follow (self, places, error);
}

/**
 * almu_shape_project:
 * @shape: in pixels of the image that @from is of
 * @from: of the image it is drawn on
 * @to: of another image
 * @cancellable: (nullable): asked now and then
 * @error: return location
 *
 * The same part of the sky in pixels of another image. Shapes keep their kind
 * as long as that is right to a few hundredths of a pixel; rectangles,
 * ellipses and polygons that come out bent become polygons of many points.
 * The points of lines and annotations are converted one by one.
 *
 * Returns: (transfer full): the shape, or %NULL if a part of it cannot be
 *   shown there
 */
AlmuShape *
almu_shape_project (AlmuShape    *shape,
                    AlmuSkyMap   *from,
                    AlmuSkyMap   *to,
                    GCancellable *cancellable,
                    GError      **error)
{
  Projection self = { shape, from, to, cancellable };

  g_return_val_if_fail (shape != NULL && from != NULL && to != NULL, NULL);

  if (shape->type == ALMU_SHAPE_RECTANGLE || shape->type == ALMU_SHAPE_ELLIPSE)
    return project_framed (&self, error);

  return project_points (&self, error);
}
