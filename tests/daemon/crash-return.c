/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "crash-kinds.h"

/* A page that returns. */

static gpointer
copy (const ProtobufCMessage *message)
{
  g_autofree guint8 *bytes = g_malloc (protobuf_c_message_get_packed_size (message));
  gsize              length = protobuf_c_message_pack (message, bytes);

  return protobuf_c_message_unpack (message->descriptor, NULL, length, bytes);
}

static CARTA__ImageProperties__RegionsEntry *
copy_region (int               region_id,
             const CrashShape *shape)
{
  CARTA__ImageProperties__RegionsEntry entry = CARTA__IMAGE_PROPERTIES__REGIONS_ENTRY__INIT;
  CARTA__RegionInfo                    info = CARTA__REGION_INFO__INIT;
  CARTA__Point                         points[CRASH_MAX_POINTS];
  CARTA__Point                        *pointers[CRASH_MAX_POINTS];

  for (guint i = 0; i < shape->n_points; i++)
    {
      carta__point__init (&points[i]);
      points[i].x = shape->points[i][0];
      points[i].y = shape->points[i][1];
      pointers[i] = &points[i];
    }
  info.region_type = (CARTA__RegionType) shape->type;
  info.rotation = shape->rotation;
  info.n_control_points = shape->n_points;
  info.control_points = pointers;
  entry.key = region_id;
  entry.value = &info;

  return copy (&entry.base);
}

/* The cursor is told as a region of number 0. */
static GPtrArray *
copy_regions (const CrashState *state,
              int               file_id)
{
  g_autofree char *prefix = g_strdup_printf ("%d/region/", file_id);
  g_autoptr(GArray) ids = crash_state_list (state, prefix);
  GPtrArray  *regions = g_ptr_array_new_with_free_func (almu_test_body_free);
  const char *cursor = crash_state_get (state, "%d/cursor", file_id);
  CrashShape  shape;

  if (cursor != NULL)
    {
      g_autofree char *text = g_strdup_printf ("point%s 0", cursor);

      crash_shape_read (&shape, text);
      g_ptr_array_add (regions, copy_region (0, &shape));
    }

  for (guint i = 0; i < ids->len; i++)
    {
      int id = g_array_index (ids, int, i);

      crash_shape_read (&shape, crash_state_get (state, "%d/region/%d", file_id, id));
      g_ptr_array_add (regions, copy_region (id, &shape));
    }

  return regions;
}

static CARTA__ImageProperties *
copy_image (const CrashState *state,
            int               file_id)
{
  CARTA__ImageProperties properties = CARTA__IMAGE_PROPERTIES__INIT;
  g_autoptr(GPtrArray) regions = copy_regions (state, file_id);
  CARTA__SetContourParameters       contours = CARTA__SET_CONTOUR_PARAMETERS__INIT;
  CARTA__SetVectorOverlayParameters vectors = CARTA__SET_VECTOR_OVERLAY_PARAMETERS__INIT;
  CARTA__StokesFile                 parts[CRASH_N_PARTS];
  CARTA__StokesFile                *part_pointers[CRASH_N_PARTS];
  double                            levels[CRASH_N_LEVELS];

  properties.directory = (char *) "";
  properties.file = (char *) crash_state_get (state, "%d", file_id);
  properties.hdu = (char *) "";
  properties.file_id = file_id;
  properties.channel = (int) g_ascii_strtoll (crash_state_get (state, "%d/channel", file_id), NULL, 10);
  properties.stokes = (int) g_ascii_strtoll (crash_state_get (state, "%d/stokes", file_id), NULL, 10);
  if (g_str_equal (properties.file, CRASH_HYPERCUBE))
    {
      crash_fill_parts (parts, part_pointers);
      properties.n_stokes_files = CRASH_N_PARTS;
      properties.stokes_files = part_pointers;
    }
  crash_read_contours (&contours, state, file_id, levels);
  crash_read_vectors (&vectors, state, file_id);
  properties.contour_settings = &contours;
  properties.vector_overlay_settings = &vectors;
  properties.n_regions = regions->len;
  properties.regions = (CARTA__ImageProperties__RegionsEntry **) regions->pdata;

  return copy (&properties.base);
}

/* What a page says that remembers @state. */
void
crash_send_resume (CrashScene       *scene,
                   const CrashState *state)
{
  CARTA__ResumeSession message = CARTA__RESUME_SESSION__INIT;
  g_autoptr(GArray) ids = crash_state_list (state, "");
  g_autoptr(GArray) catalog_ids = NULL;
  g_autoptr(GPtrArray) images = g_ptr_array_new_with_free_func (almu_test_body_free);
  CARTA__OpenCatalogFile  catalogs[2];
  CARTA__OpenCatalogFile *catalog_pointers[2];

  for (guint i = 0; i < ids->len; i++)
    g_ptr_array_add (images, copy_image (state, g_array_index (ids, int, i)));
  message.n_images = images->len;
  message.images = (CARTA__ImageProperties **) images->pdata;
  catalog_ids = crash_state_list (state, "catalog/");
  g_assert_cmpuint (catalog_ids->len, <=, G_N_ELEMENTS (catalogs));
  for (guint i = 0; i < catalog_ids->len; i++)
    {
      carta__open_catalog_file__init (&catalogs[i]);
      catalogs[i].directory = (char *) "";
      catalogs[i].name = (char *) CRASH_CATALOG;
      catalogs[i].file_id = g_array_index (catalog_ids, int, i);
      catalog_pointers[i] = &catalogs[i];
    }
  message.n_catalog_files = catalog_ids->len;
  message.catalog_files = catalog_pointers;
  scene->request_id = almu_test_viewer_send (scene->viewer, &message.base);
}

/* Its memory differs: a plane, a region, a file that is not there any more. */
static void
resume_otherwise (CrashScene *scene,
                  CrashState *after,
                  int         file_id,
                  int         region_id)
{
  CrashShape shape;

  switch (g_test_rand_int_range (0, 3))
    {
    case 0:
      crash_put_plane (after, file_id, g_test_rand_int_range (0, CRASH_DEPTH), g_test_rand_int_range (0, CRASH_N_STOKES));
      break;

    case 1:
      crash_shape_make (&shape, crash_shape_random_type ());
      crash_put_region (after, file_id, ++after->last_region_id, &shape);
      break;

    default:
      crash_end_file (after, file_id);
    }
  crash_send_resume (scene, after);
}

const CrashChange crash_changes_of_return[] = {
  { "resume", 2, CRASH_NEEDS_FILE, CARTA__EVENT_TYPE__RESUME_SESSION_ACK, FALSE, resume_otherwise },
  { NULL }
};
