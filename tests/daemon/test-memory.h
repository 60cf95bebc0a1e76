/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "test-desk.h"

/* The files of a page, as it remembers them. */
typedef struct
{
  const char *name;
  int         file_id;
  int         channel;
  float       cursor[2];
  int         first_region; /* 0 for none */
  int         n_regions;
} Memory;

#define WIDTH 30
#define HEIGHT 20
#define DEPTH 4
#define PLANE_BYTES (WIDTH * HEIGHT * sizeof (float))

static inline double
cube (const gint64 *position,
      gpointer      user_data)
{
  return (double) (position[0] + 100 * position[1] + 10000 * position[2]);
}

static inline double
other_cube (const gint64 *position,
            gpointer      user_data)
{
  return -cube (position, NULL);
}

static inline void
write_cube (Desk       *desk,
            const char *name,
            gboolean    is_other)
{
  const gint64 shape[] = { WIDTH, HEIGHT, DEPTH };

  desk_write (desk, name, 3, shape, is_other ? other_cube : cube, NULL);
}

/* -- what a page says ---------------------------------------------------- */

static inline ProtobufCMessage *
copy (const ProtobufCMessage *message)
{
  g_autofree guint8 *bytes = g_malloc (protobuf_c_message_get_packed_size (message));
  gsize              length = protobuf_c_message_pack (message, bytes);

  return protobuf_c_message_unpack (message->descriptor, NULL, length, bytes);
}

/* A rectangle for each region, another for each number; region 0 is the
 * cursor, as the page has it. */
static inline CARTA__ImageProperties__RegionsEntry *
region_entry (int   region_id,
              float x,
              float y)
{
  CARTA__ImageProperties__RegionsEntry entry = CARTA__IMAGE_PROPERTIES__REGIONS_ENTRY__INIT;
  CARTA__RegionInfo                    info = CARTA__REGION_INFO__INIT;
  CARTA__Point                         points[] = { CARTA__POINT__INIT, CARTA__POINT__INIT };
  CARTA__Point                        *pointers[] = { &points[0], &points[1] };

  points[0].x = x;
  points[0].y = y;
  points[1].x = 4;
  points[1].y = 2;
  info.region_type = region_id == 0 ? CARTA__REGION_TYPE__POINT : CARTA__REGION_TYPE__RECTANGLE;
  info.n_control_points = region_id == 0 ? 1 : 2;
  info.control_points = pointers;
  entry.key = region_id;
  entry.value = &info;

  return (CARTA__ImageProperties__RegionsEntry *) copy (&entry.base);
}

static inline CARTA__ImageProperties *
image_properties (const Memory *memory)
{
  CARTA__ImageProperties            properties = CARTA__IMAGE_PROPERTIES__INIT;
  CARTA__SetContourParameters       contours = CARTA__SET_CONTOUR_PARAMETERS__INIT;
  CARTA__SetVectorOverlayParameters vectors = CARTA__SET_VECTOR_OVERLAY_PARAMETERS__INIT;
  g_autoptr(GPtrArray) regions = g_ptr_array_new_with_free_func ((GDestroyNotify) almu_test_body_free);

  g_ptr_array_add (regions, region_entry (0, memory->cursor[0], memory->cursor[1]));
  for (int i = 0; i < memory->n_regions; i++)
    g_ptr_array_add (regions, region_entry (memory->first_region + i, (float) (6 + i), 8));

  properties.directory = (char *) "";
  properties.file = (char *) memory->name;
  properties.hdu = (char *) "";
  properties.file_id = memory->file_id;
  properties.channel = memory->channel;
  properties.n_regions = regions->len;
  properties.regions = (CARTA__ImageProperties__RegionsEntry **) regions->pdata;
  properties.contour_settings = &contours;
  properties.vector_overlay_settings = &vectors;

  return (CARTA__ImageProperties *) copy (&properties.base);
}

static inline guint32
send_resume (AlmuTestViewer *viewer,
             const Memory   *memories,
             gsize           n_memories)
{
  CARTA__ResumeSession message = CARTA__RESUME_SESSION__INIT;
  g_autoptr(GPtrArray) images = g_ptr_array_new_with_free_func ((GDestroyNotify) almu_test_body_free);

  for (gsize i = 0; i < n_memories; i++)
    g_ptr_array_add (images, image_properties (&memories[i]));
  message.n_images = n_memories;
  message.images = (CARTA__ImageProperties **) images->pdata;

  return almu_test_viewer_send (viewer, &message.base);
}

static inline CARTA__ResumeSessionAck *
await_ack (AlmuTestViewer *viewer,
           guint32         request_id)
{
  return almu_test_viewer_await_reply (viewer, CARTA__EVENT_TYPE__RESUME_SESSION_ACK, request_id);
}

static inline void
resume (AlmuTestViewer *viewer,
        const Memory   *memories,
        gsize           n_memories)
{
  almu_test_autobody CARTA__ResumeSessionAck *ack = NULL;

  ack = await_ack (viewer, send_resume (viewer, memories, n_memories));
  g_assert_cmpstr (ack->message, ==, "");
  g_assert_true (ack->success);
}

static inline void
open_all (Desk         *desk,
          const Memory *memories,
          gsize         n_memories)
{
  for (gsize i = 0; i < n_memories; i++)
    {
      const Memory *memory = &memories[i];

      write_cube (desk, memory->name, FALSE);
      desk_open (desk, memory->name, memory->file_id);
      almu_test_ask_plane (desk->viewer, memory->file_id, memory->channel, 0, NULL, 0);
      almu_test_ask_cursor (desk->viewer, memory->file_id, memory->cursor[0], memory->cursor[1]);
      for (int j = 0; j < memory->n_regions; j++)
        {
          const float points[] = { (float) (6 + j), 8, 4, 2 };

          g_assert_cmpint (almu_test_draw (desk->viewer, memory->file_id, -1, CARTA__REGION_TYPE__RECTANGLE, points, 2, 0),
                           ==, memory->first_region + j);
        }
    }
}

/* Reads until everything that follows an opening or a resuming is there: the
 * histogram of each image at the channel it is shown at. */
static inline void
await_histograms (AlmuTestViewer *viewer,
                  const Memory   *memories,
                  gsize           n_memories)
{
  gsize n_found = 0;

  while (n_found < n_memories)
    {
      almu_test_autobody CARTA__RegionHistogramData *data = NULL;

      data = almu_test_viewer_await (viewer, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA);
      for (gsize i = 0; i < n_memories; i++)
        n_found += data->file_id == memories[i].file_id && data->channel == memories[i].channel && data->region_id == -1;
    }
}

static inline void
assert_cursor_value (AlmuTestViewer *viewer,
                     const Memory   *memory)
{
  static int                                    start = 0;
  double                                        value = memory->cursor[0] + 100 * memory->cursor[1] + 10000 * memory->channel;
  almu_test_autobody CARTA__SpatialProfileData *data = NULL;

  /* never twice the same: that would have been answered already */
  start = (start + 1) % WIDTH;
  almu_test_viewer_clear (viewer);
  almu_test_ask_spatial (viewer, memory->file_id, 0, "x", start, 0, 0);
  do
    {
      almu_test_body_clear (&data);
      data = almu_test_viewer_await (viewer, CARTA__EVENT_TYPE__SPATIAL_PROFILE_DATA);
    }
  while (data->file_id != memory->file_id || data->n_profiles == 0);
  g_assert_cmpint (data->channel, ==, memory->channel);
  g_assert_cmpfloat (data->value, ==, value);
}

/* At channels that are no step from the first: nothing is read ahead. */
static const Memory two[] = {
  { "a.fits", 0, 2, { 5, 6 }, 1, 2 },
  { "b.fits", 7, 3, { 11, 3 }, 3, 1 },
};
