/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-test-image.h"

struct _AlmuTestImage
{
  AlmuImage parent_instance;

  AlmuTestPixel  pixel;
  AlmuTestPixel  mip_pixel; /* NULL: no smaller copies */
  AlmuHistogram *histogram;
  GMutex         mutex; /* for all below */
  GCond          changed;
  guint64        n_pixels;
  guint          n_reads;
  guint          n_cancelled;
  guint          n_held;
  guint          fail_at;
  gboolean       is_holding;
};

G_DEFINE_FINAL_TYPE (AlmuTestImage, almu_test_image, ALMU_TYPE_IMAGE)

static void
on_cancelled (GCancellable  *cancellable,
              AlmuTestImage *self)
{
  g_mutex_lock (&self->mutex);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->mutex);
}

/* Stays here while reads are held up and wanted. */
static void
wait_for_release (AlmuTestImage *self,
                  GCancellable  *cancellable)
{
  gulong handler = 0;

  if (cancellable != NULL)
    handler = g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), self, NULL);

  g_mutex_lock (&self->mutex);
  self->n_held++;
  g_cond_broadcast (&self->changed);
  while (self->is_holding && !g_cancellable_is_cancelled (cancellable))
    g_cond_wait (&self->changed, &self->mutex);
  self->n_held--;
  if (g_cancellable_is_cancelled (cancellable))
    self->n_cancelled++;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->mutex);

  g_cancellable_disconnect (cancellable, handler);
}

static gboolean
begin_read (AlmuTestImage *self,
            const AlmuBox *box,
            GCancellable  *cancellable,
            GError       **error)
{
  gboolean fails;

  wait_for_release (self, cancellable);
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;

  g_mutex_lock (&self->mutex);
  fails = ++self->n_reads == self->fail_at;
  self->n_pixels += (guint64) box->area.width * box->area.height * box->n_channels;
  g_mutex_unlock (&self->mutex);

  if (fails)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "test.fits: read %u fails", self->fail_at);

  return !fails;
}

static gboolean
almu_test_image_read (AlmuImage     *image,
                      const AlmuBox *box,
                      float         *pixels,
                      GCancellable  *cancellable,
                      GError       **error)
{
  AlmuTestImage *self = ALMU_TEST_IMAGE (image);

  if (!begin_read (self, box, cancellable, error))
    return FALSE;

  for (int channel = 0; channel < box->n_channels; channel++)
    for (int y = 0; y < box->area.height; y++)
      for (int x = 0; x < box->area.width; x++)
        *pixels++ = self->pixel (box->area.x + x, box->area.y + y, box->channel + channel, box->stokes);

  return TRUE;
}

static gboolean
almu_test_image_has_mip (AlmuImage *image,
                         int        mip)
{
  return ALMU_TEST_IMAGE (image)->mip_pixel != NULL && mip > 1;
}

static gboolean
almu_test_image_read_mip (AlmuImage     *image,
                          int            mip,
                          const AlmuBox *box,
                          float         *pixels,
                          GCancellable  *cancellable,
                          GError       **error)
{
  AlmuTestImage *self = ALMU_TEST_IMAGE (image);

  if (!begin_read (self, box, cancellable, error))
    return FALSE;

  for (int y = 0; y < box->area.height; y++)
    for (int x = 0; x < box->area.width; x++)
      *pixels++ = self->mip_pixel (box->area.x + x, box->area.y + y, box->channel, box->stokes);

  return TRUE;
}

static void
almu_test_image_finalize (GObject *object)
{
  AlmuTestImage *self = ALMU_TEST_IMAGE (object);

  g_clear_pointer (&self->histogram, almu_histogram_unref);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->changed);

  G_OBJECT_CLASS (almu_test_image_parent_class)->finalize (object);
}

static AlmuHistogram *
almu_test_image_read_histogram (AlmuImage    *image,
                                int           channel,
                                int           stokes,
                                GCancellable *cancellable)
{
  AlmuTestImage *self = ALMU_TEST_IMAGE (image);

  return self->histogram != NULL ? almu_histogram_ref (self->histogram) : NULL;
}

static void
almu_test_image_class_init (AlmuTestImageClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = almu_test_image_finalize;
  ALMU_IMAGE_CLASS (klass)->read = almu_test_image_read;
  ALMU_IMAGE_CLASS (klass)->has_mip = almu_test_image_has_mip;
  ALMU_IMAGE_CLASS (klass)->read_mip = almu_test_image_read_mip;
  ALMU_IMAGE_CLASS (klass)->read_histogram = almu_test_image_read_histogram;
}

static void
almu_test_image_init (AlmuTestImage *self)
{
  g_mutex_init (&self->mutex);
  g_cond_init (&self->changed);
}

/* Stokes I, Q, U … as far as they go. */
AlmuImage *
almu_test_image_new (int           width,
                     int           height,
                     int           depth,
                     int           n_stokes,
                     AlmuTestPixel pixel)
{
  AlmuTestImage  *self = g_object_new (ALMU_TYPE_TEST_IMAGE, NULL);
  AlmuImageInfo  *info = g_new0 (AlmuImageInfo, 1);
  AlmuFingerprint fingerprint = { 0 };

  info->hdu = g_strdup ("0");
  info->header = almu_header_new ();
  info->computed = almu_header_new ();
  info->unit = g_strdup ("");
  info->beams = g_array_new (FALSE, FALSE, sizeof (AlmuBeam));
  info->bitpix = -32;
  info->scale = 1;
  info->n_axes = 4;
  info->shape[0] = info->width = width;
  info->shape[1] = info->height = height;
  info->shape[2] = info->depth = depth;
  info->shape[3] = info->n_stokes = n_stokes;
  info->axes = (AlmuAxes){ .render = { 1, 2 }, .depth = 3, .stokes = 4, .spatial = { 1, 2 } };
  info->stokes_codes = g_new (int, n_stokes);
  for (int i = 0; i < n_stokes; i++)
    info->stokes_codes[i] = i + 1;

  self->pixel = pixel;
  almu_image_set_up (ALMU_IMAGE (self), "test.fits", &fingerprint, info);

  return ALMU_IMAGE (self);
}

/* What the header says, for whoever asks for coordinates. Before anybody has
 * the image. */
void
almu_test_image_set_cards (AlmuTestImage     *self,
                           const char *const *cards)
{
  AlmuImageInfo *info = (AlmuImageInfo *) almu_image_get_info (ALMU_IMAGE (self));
  GString       *records = g_string_new (NULL);

  for (gsize i = 0; cards[i] != NULL; i++)
    g_string_append_printf (records, "%-80s", cards[i]);

  g_clear_pointer (&info->records, g_bytes_unref);
  info->records = g_string_free_to_bytes (records);
}

/* Every smaller copy of the planes has these pixels. */
void
almu_test_image_set_mips (AlmuTestImage *self,
                          AlmuTestPixel  pixel)
{
  self->mip_pixel = pixel;
}

/**
 * almu_test_image_set_histogram:
 *
 * What it says has been counted of each plane, before anybody reads it.
 */
void
almu_test_image_set_histogram (AlmuTestImage *self,
                               AlmuHistogram *histogram)
{
  g_clear_pointer (&self->histogram, almu_histogram_unref);
  self->histogram = almu_histogram_ref (histogram);
}

static guint64
get_locked (AlmuTestImage *self,
            gsize          offset,
            gsize          size)
{
  guint64 value;

  g_mutex_lock (&self->mutex);
  value = size == sizeof (guint64) ? G_STRUCT_MEMBER (guint64, self, offset)
                                   : G_STRUCT_MEMBER (guint, self, offset);
  g_mutex_unlock (&self->mutex);

  return value;
}

#define GET(self, member) get_locked (self, G_STRUCT_OFFSET (AlmuTestImage, member), sizeof (self)->member)

guint64
almu_test_image_get_n_pixels (AlmuTestImage *self)
{
  return GET (self, n_pixels);
}

guint
almu_test_image_get_n_reads (AlmuTestImage *self)
{
  return (guint) GET (self, n_reads);
}

guint
almu_test_image_get_n_cancelled (AlmuTestImage *self)
{
  return (guint) GET (self, n_cancelled);
}

/* The @nth read from the beginning fails, others do not. */
void
almu_test_image_fail_at (AlmuTestImage *self,
                         guint          nth)
{
  self->fail_at = nth;
}

/* From now on whoever reads has to wait. */
void
almu_test_image_hold (AlmuTestImage *self)
{
  g_mutex_lock (&self->mutex);
  self->is_holding = TRUE;
  g_mutex_unlock (&self->mutex);
}

void
almu_test_image_release (AlmuTestImage *self)
{
  g_mutex_lock (&self->mutex);
  self->is_holding = FALSE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->mutex);
}

/* Returns when somebody is being held up. */
void
almu_test_image_await_held (AlmuTestImage *self)
{
  g_mutex_lock (&self->mutex);
  while (self->n_held == 0)
    g_cond_wait (&self->changed, &self->mutex);
  g_mutex_unlock (&self->mutex);
}

/* Returns when nobody is. */
void
almu_test_image_await_free (AlmuTestImage *self)
{
  g_mutex_lock (&self->mutex);
  while (self->n_held > 0)
    g_cond_wait (&self->changed, &self->mutex);
  g_mutex_unlock (&self->mutex);
}
