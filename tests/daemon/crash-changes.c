/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "crash-changes.h"

#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

#include "almu-test-ask.h"

/* Of files that the bus opens, see almu_session_find_free_file_id(). */
#define FIRST_FREE_FILE_ID 1000

#define BUS(name) "io.github.almucantar.Almucantar." name

static float
random_place (void)
{
  return (float) g_test_rand_int_range (0, CRASH_SIDE * 16) / 16;
}

/* -- files --------------------------------------------------------------- */

static void
begin_file (CrashState *after,
            int         file_id,
            const char *name)
{
  crash_state_set (after, name, "%d", file_id);
  crash_state_set (after, " 0", "%d/channel", file_id);
  crash_state_set (after, " 0", "%d/stokes", file_id);
}

static void
end_file (CrashState *after,
          int         file_id)
{
  crash_state_set (after, NULL, "%d", file_id);
  crash_state_drop (after, "%d/", file_id);
}

static char *
random_name (void)
{
  return g_strdup_printf ("%d.fits", g_test_rand_int_range (0, CRASH_N_IMAGES));
}

static void
open_file (CrashScene *scene,
           CrashState *after,
           int         file_id,
           int         region_id)
{
  CARTA__OpenFile  message = CARTA__OPEN_FILE__INIT;
  g_autofree char *name = random_name ();

  message.directory = (char *) "";
  message.file = name;
  message.hdu = (char *) "";
  message.file_id = file_id;
  begin_file (after, file_id, name);
  scene->request_id = almu_test_viewer_send (scene->viewer, &message.base);
}

static void
close_file (CrashScene *scene,
            CrashState *after,
            int         file_id,
            int         region_id)
{
  almu_test_ask_close (scene->viewer, file_id);
  end_file (after, file_id);
}

static void
close_all (CrashScene *scene,
           CrashState *after,
           int         file_id,
           int         region_id)
{
  g_autoptr(GArray) files = crash_state_list (after, "");

  almu_test_ask_close (scene->viewer, -1);
  for (guint i = 0; i < files->len; i++)
    end_file (after, g_array_index (files, int, i));
}

static void
put_plane (CrashState *after,
           int         file_id,
           int         channel,
           int         stokes)
{
  g_autofree char *first = g_strdup_printf (" %d", channel);
  g_autofree char *second = g_strdup_printf (" %d", stokes);

  crash_state_set (after, first, "%d/channel", file_id);
  crash_state_set (after, second, "%d/stokes", file_id);
}

static void
set_plane (CrashScene *scene,
           CrashState *after,
           int         file_id,
           int         region_id)
{
  int channel = g_test_rand_int_range (0, CRASH_DEPTH);
  int stokes = g_test_rand_int_range (0, CRASH_N_STOKES);

  almu_test_ask_plane (scene->viewer, file_id, channel, stokes, NULL, 0);
  put_plane (after, file_id, channel, stokes);
}

static void
set_cursor (CrashScene *scene,
            CrashState *after,
            int         file_id,
            int         region_id)
{
  float            x = random_place ();
  float            y = random_place ();
  g_autofree char *value = g_strdup_printf (" %g %g", x, y);

  almu_test_ask_cursor (scene->viewer, file_id, x, y);
  crash_state_set (after, value, "%d/cursor", file_id);
}

/* -- regions ------------------------------------------------------------- */

static void
put_point (CrashState *after,
           int         file_id,
           int         region_id,
           float       x,
           float       y)
{
  g_autofree char *value = g_strdup_printf ("point %g %g 0", x, y);

  crash_state_set (after, value, "%d/region/%d", file_id, region_id);
}

static void
send_region (CrashScene *scene,
             CrashState *after,
             int         file_id,
             int         asked_id,
             int         region_id)
{
  CARTA__SetRegion  message = CARTA__SET_REGION__INIT;
  CARTA__RegionInfo info = CARTA__REGION_INFO__INIT;
  CARTA__Point      point = CARTA__POINT__INIT;
  CARTA__Point     *points[] = { &point };

  point.x = random_place ();
  point.y = random_place ();
  info.n_control_points = 1;
  info.control_points = points;
  message.file_id = file_id;
  message.region_id = asked_id;
  message.region_info = &info;
  scene->request_id = almu_test_viewer_send (scene->viewer, &message.base);
  put_point (after, file_id, region_id, point.x, point.y);
}

static void
draw_region (CrashScene *scene,
             CrashState *after,
             int         file_id,
             int         region_id)
{
  send_region (scene, after, file_id, -1, ++after->last_region_id);
}

static void
move_region (CrashScene *scene,
             CrashState *after,
             int         file_id,
             int         region_id)
{
  send_region (scene, after, file_id, region_id, region_id);
}

static void
drop_region (CrashState *after,
             int         file_id,
             int         region_id)
{
  crash_state_set (after, NULL, "%d/region/%d", file_id, region_id);
  crash_state_drop (after, "%d/want/%d/", file_id, region_id);
}

static void
remove_region (CrashScene *scene,
               CrashState *after,
               int         file_id,
               int         region_id)
{
  CARTA__RemoveRegion message = CARTA__REMOVE_REGION__INIT;

  message.region_id = region_id;
  almu_test_viewer_send (scene->viewer, &message.base);
  drop_region (after, file_id, region_id);
}

/* -- what is wanted ------------------------------------------------------ */

static void
want_spatial (CrashScene *scene,
              CrashState *after,
              int         file_id,
              int         region_id)
{
  int              start = g_test_rand_int_range (0, CRASH_SIDE / 2);
  g_autofree char *value = g_strdup_printf ("coordinate x start %d end %d mip 1 width 0 ", start, CRASH_SIDE);

  almu_test_ask_spatial (scene->viewer, file_id, 0, "x", start, CRASH_SIDE, 1);
  crash_state_set (after, value, "%d/want/cursor/spatial", file_id);
}

static void
want_spectrum (CrashScene *scene,
               CrashState *after,
               int         file_id,
               int         region_id)
{
  almu_test_ask_spectral (scene->viewer, file_id, 0, "z");
  crash_state_set (after, "coordinate z ", "%d/want/cursor/spectral", file_id);
}

static void
want_stats (CrashScene *scene,
            CrashState *after,
            int         file_id,
            int         region_id)
{
  almu_test_ask_stats (scene->viewer, file_id, region_id, "z");
  crash_state_set (after, "coordinate z ", "%d/want/%d/stats", file_id, region_id);
}

static void
want_no_stats (CrashScene *scene,
               CrashState *after,
               int         file_id,
               int         region_id)
{
  CARTA__SetStatsRequirements message = CARTA__SET_STATS_REQUIREMENTS__INIT;

  message.file_id = file_id;
  message.region_id = region_id;
  almu_test_viewer_send (scene->viewer, &message.base);
  crash_state_set (after, NULL, "%d/want/%d/stats", file_id, region_id);
}

static void
want_histogram (CrashScene *scene,
                CrashState *after,
                int         file_id,
                int         region_id)
{
  int              n_bins = g_test_rand_int_range (1, 1000);
  g_autofree char *value = g_strdup_printf ("coordinate z channel current bins %d ", n_bins);

  almu_test_ask_histogram (scene->viewer, file_id, region_id, n_bins, 0, 0);
  crash_state_set (after, value, "%d/want/%d/histograms", file_id, region_id);
}

/* -- contours ------------------------------------------------------------ */

#define N_LEVELS 2

static void
fill_contours (CARTA__SetContourParameters *message,
               int                          file_id,
               double                      *levels,
               int                          factor)
{
  message->file_id = (guint32) file_id;
  message->reference_file_id = (guint32) file_id;
  message->n_levels = N_LEVELS;
  message->levels = levels;
  message->smoothing_mode = CARTA__SMOOTHING_MODE__BlockAverage;
  message->smoothing_factor = factor;
  message->decimation_factor = 4;
  message->compression_level = 8;
  message->contour_chunk_size = 100000;
}

static void
set_contours (CrashScene *scene,
              CrashState *after,
              int         file_id,
              int         region_id)
{
  CARTA__SetContourParameters message = CARTA__SET_CONTOUR_PARAMETERS__INIT;
  double                      first = g_test_rand_int_range (1, 1000);
  double                      levels[N_LEVELS] = { first, first + 0.5 };
  int                         factor = g_test_rand_int_range (2, 6);
  g_autofree char            *value = g_strdup_printf (" %g %g factor %d", levels[0], levels[1], factor);

  fill_contours (&message, file_id, levels, factor);
  almu_test_viewer_send (scene->viewer, &message.base);
  crash_state_set (after, value, "%d/contours", file_id);
}

static void
clear_contours (CrashScene *scene,
                CrashState *after,
                int         file_id,
                int         region_id)
{
  CARTA__SetContourParameters message = CARTA__SET_CONTOUR_PARAMETERS__INIT;

  message.file_id = (guint32) file_id;
  message.reference_file_id = (guint32) file_id;
  almu_test_viewer_send (scene->viewer, &message.base);
  crash_state_set (after, NULL, "%d/contours", file_id);
}

/* -- catalogs ------------------------------------------------------------ */

/* Always the same two, which are open or not. */
static int
random_catalog (void)
{
  return g_test_rand_int_range (1, 3);
}

static void
open_catalog (CrashScene *scene,
              CrashState *after,
              int         file_id,
              int         region_id)
{
  CARTA__OpenCatalogFile message = CARTA__OPEN_CATALOG_FILE__INIT;

  message.directory = (char *) "";
  message.name = (char *) CRASH_CATALOG;
  message.file_id = random_catalog ();
  message.preview_data_size = 1;
  scene->request_id = almu_test_viewer_send (scene->viewer, &message.base);
  crash_state_set (after, CRASH_CATALOG, "catalog/%d", message.file_id);
}

static void
close_catalog (CrashScene *scene,
               CrashState *after,
               int         file_id,
               int         region_id)
{
  CARTA__CloseCatalogFile message = CARTA__CLOSE_CATALOG_FILE__INIT;

  message.file_id = random_catalog ();
  almu_test_viewer_send (scene->viewer, &message.base);
  crash_state_set (after, NULL, "catalog/%d", message.file_id);
}

/* -- a page that returns ------------------------------------------------- */

static gpointer
copy (const ProtobufCMessage *message)
{
  g_autofree guint8 *bytes = g_malloc (protobuf_c_message_get_packed_size (message));
  gsize              length = protobuf_c_message_pack (message, bytes);

  return protobuf_c_message_unpack (message->descriptor, NULL, length, bytes);
}

static CARTA__ImageProperties__RegionsEntry *
copy_point (int   region_id,
            float x,
            float y)
{
  CARTA__ImageProperties__RegionsEntry entry = CARTA__IMAGE_PROPERTIES__REGIONS_ENTRY__INIT;
  CARTA__RegionInfo                    info = CARTA__REGION_INFO__INIT;
  CARTA__Point                         point = CARTA__POINT__INIT;
  CARTA__Point                        *points[] = { &point };

  point.x = x;
  point.y = y;
  info.n_control_points = 1;
  info.control_points = points;
  entry.key = region_id;
  entry.value = &info;

  return copy (&entry.base);
}

static CARTA__ImageProperties *
copy_image (const CrashState *state,
            int               file_id)
{
  CARTA__ImageProperties properties = CARTA__IMAGE_PROPERTIES__INIT;
  g_autofree char       *prefix = g_strdup_printf ("%d/region/", file_id);
  g_autoptr(GArray) ids = crash_state_list (state, prefix);
  g_autoptr(GPtrArray) regions = g_ptr_array_new_with_free_func (almu_test_body_free);
  const char                 *cursor = crash_state_get (state, "%d/cursor", file_id);
  const char                 *contours = crash_state_get (state, "%d/contours", file_id);
  CARTA__SetContourParameters settings = CARTA__SET_CONTOUR_PARAMETERS__INIT;
  double                      levels[N_LEVELS];
  int                         factor;
  float                       x;
  float                       y;

  if (cursor != NULL && sscanf (cursor, "%f %f", &x, &y) == 2)
    g_ptr_array_add (regions, copy_point (0, x, y));
  for (guint i = 0; i < ids->len; i++)
    {
      int         id = g_array_index (ids, int, i);
      const char *region = crash_state_get (state, "%d/region/%d", file_id, id);

      g_assert_cmpint (sscanf (region, "point %f %f", &x, &y), ==, 2);
      g_ptr_array_add (regions, copy_point (id, x, y));
    }

  properties.directory = (char *) "";
  properties.file = (char *) crash_state_get (state, "%d", file_id);
  properties.hdu = (char *) "";
  properties.file_id = file_id;
  properties.channel = (int) g_ascii_strtoll (crash_state_get (state, "%d/channel", file_id), NULL, 10);
  properties.stokes = (int) g_ascii_strtoll (crash_state_get (state, "%d/stokes", file_id), NULL, 10);
  if (contours != NULL && sscanf (contours, "%lf %lf factor %d", &levels[0], &levels[1], &factor) == 3)
    fill_contours (&settings, file_id, levels, factor);
  properties.contour_settings = &settings;
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
  switch (g_test_rand_int_range (0, 3))
    {
    case 0:
      put_plane (after, file_id, g_test_rand_int_range (0, CRASH_DEPTH), g_test_rand_int_range (0, CRASH_N_STOKES));
      break;

    case 1:
      after->last_region_id++;
      put_point (after, file_id, after->last_region_id, random_place (), random_place ());
      break;

    default:
      end_file (after, file_id);
    }
  crash_send_resume (scene, after);
}

/* -- the other door ------------------------------------------------------ */

static char *
path_of (CrashScene *scene,
         int         file_id,
         int         region_id)
{
  GString *path = g_string_new (ALMU_BUS_PATH);

  g_string_append_printf (path, "/sessions/%u", scene->session_id);
  if (file_id >= 0)
    g_string_append_printf (path, "/files/%d", file_id);
  if (region_id > 0)
    g_string_append_printf (path, "/regions/%d", region_id);

  return g_string_free (path, FALSE);
}

static void
call (CrashScene *scene,
      int         file_id,
      int         region_id,
      const char *interface,
      const char *method,
      GVariant   *parameters)
{
  g_autofree char *path = path_of (scene, file_id, region_id);

  scene->call = g_dbus_message_new_method_call (ALMU_BUS_NAME, path, interface, method);
  g_dbus_message_set_flags (scene->call, G_DBUS_MESSAGE_FLAGS_NO_AUTO_START);
  if (parameters != NULL)
    g_dbus_message_set_body (scene->call, parameters);
}

static void
bus_set_channel (CrashScene *scene,
                 CrashState *after,
                 int         file_id,
                 int         region_id)
{
  int channel = g_test_rand_int_range (0, CRASH_DEPTH);
  int stokes = g_test_rand_int_range (0, CRASH_N_STOKES);

  call (scene, file_id, 0, BUS ("File1"), "SetChannel",
        g_variant_new ("(uu)", (guint) channel, (guint) stokes));
  put_plane (after, file_id, channel, stokes);
}

static void
bus_close (CrashScene *scene,
           CrashState *after,
           int         file_id,
           int         region_id)
{
  call (scene, file_id, 0, BUS ("File1"), "Close", NULL);
  end_file (after, file_id);
}

/* The service gives the number: another one each time, far above those of
 * the page. */
static void
bus_open (CrashScene *scene,
          CrashState *after,
          int         file_id,
          int         region_id)
{
  g_autofree char *name = random_name ();

  do
    scene->last_free_id = MAX (scene->last_free_id + 1, FIRST_FREE_FILE_ID);
  while (crash_state_get (after, "%d", scene->last_free_id) != NULL);

  call (scene, -1, 0, BUS ("Session1"), "OpenFile", g_variant_new ("(sa{sv})", name, NULL));
  begin_file (after, scene->last_free_id, name);
}

static void
bus_move_region (CrashScene *scene,
                 CrashState *after,
                 int         file_id,
                 int         region_id)
{
  float           x = random_place ();
  float           y = random_place ();
  GVariantBuilder points;

  g_variant_builder_init (&points, G_VARIANT_TYPE ("a(dd)"));
  g_variant_builder_add (&points, "(dd)", (double) x, (double) y);
  call (scene, file_id, region_id, BUS ("Region1"), "Set", g_variant_new ("(a(dd)d)", &points, 0.0));
  put_point (after, file_id, region_id, x, y);
}

static void
bus_remove_region (CrashScene *scene,
                   CrashState *after,
                   int         file_id,
                   int         region_id)
{
  call (scene, file_id, region_id, BUS ("Region1"), "Remove", NULL);
  drop_region (after, file_id, region_id);
}

static JsonObject *
find_file (JsonNode *root,
           int       file_id)
{
  JsonArray *files = json_object_get_array_member (json_node_get_object (root), "files");

  for (guint i = 0; i < json_array_get_length (files); i++)
    {
      JsonObject *file = json_array_get_object_element (files, i);

      if (json_object_get_int_member (file, "id") == file_id)
        return file;
    }

  g_error ("No file %d in the state", file_id);
}

static gboolean
is_detached (CrashScene *scene)
{
  g_autofree char *path = path_of (scene, -1, 0);
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GVariant) state = NULL;
  g_autoptr(GError) error = NULL;

  reply = g_dbus_connection_call_sync (scene->bus, ALMU_BUS_NAME, path, "org.freedesktop.DBus.Properties", "Get",
                                       g_variant_new ("(ss)", BUS ("Session1"), "State"), G_VARIANT_TYPE ("(v)"),
                                       G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, &error);
  g_assert_no_error (error);
  g_variant_get (reply, "(v)", &state);

  return g_str_equal (g_variant_get_string (state, NULL), "detached");
}

/* What a page shows is not changed behind its back: it has to go first. */
static void
leave (CrashScene *scene)
{
  almu_test_viewer_cut (scene->viewer);
  g_clear_pointer (&scene->viewer, almu_test_viewer_free);
  while (!is_detached (scene))
    ;
}

/* What GetState says, with another plane. */
static void
bus_set_state (CrashScene *scene,
               CrashState *after,
               int         file_id,
               int         region_id)
{
  g_autofree char *path = path_of (scene, -1, 0);
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(JsonNode) root = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL;
  const char      *state;
  int              channel = g_test_rand_int_range (0, CRASH_DEPTH);

  leave (scene);
  reply = g_dbus_connection_call_sync (scene->bus, ALMU_BUS_NAME, path, BUS ("Session1"), "GetState", NULL,
                                       G_VARIANT_TYPE ("(s)"), G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, &error);
  g_assert_no_error (error);
  g_variant_get (reply, "(&s)", &state);
  root = json_from_string (state, &error);
  g_assert_no_error (error);
  json_object_set_int_member (find_file (root, file_id), "channel", channel);
  json_object_set_int_member (find_file (root, file_id), "stokes", 0);
  text = json_to_string (root, FALSE);
  call (scene, -1, 0, BUS ("Session1"), "SetState", g_variant_new ("(s)", text));
  put_plane (after, file_id, channel, 0);
}

/* -- the table ----------------------------------------------------------- */

const CrashChange crash_changes[] = {
  { "open", 3, CRASH_NEEDS_ROOM, CARTA__EVENT_TYPE__OPEN_FILE_ACK, FALSE, open_file },
  { "close", 1, CRASH_NEEDS_FILE, 0, FALSE, close_file },
  { "close all", 1, CRASH_NEEDS_FILE, 0, FALSE, close_all },
  { "plane", 3, CRASH_NEEDS_FILE, 0, FALSE, set_plane },
  { "cursor", 3, CRASH_NEEDS_FILE, 0, FALSE, set_cursor },
  { "draw", 6, CRASH_NEEDS_FILE, CARTA__EVENT_TYPE__SET_REGION_ACK, FALSE, draw_region },
  { "move", 3, CRASH_NEEDS_REGION, CARTA__EVENT_TYPE__SET_REGION_ACK, FALSE, move_region },
  { "remove", 3, CRASH_NEEDS_REGION, 0, FALSE, remove_region },
  { "spatial profile", 3, CRASH_NEEDS_FILE, 0, FALSE, want_spatial },
  { "spectral profile", 3, CRASH_NEEDS_FILE, 0, FALSE, want_spectrum },
  { "statistics", 3, CRASH_NEEDS_REGION, 0, FALSE, want_stats },
  { "no statistics", 3, CRASH_NEEDS_REGION, 0, FALSE, want_no_stats },
  { "histogram", 3, CRASH_NEEDS_REGION, 0, FALSE, want_histogram },
  { "contours", 3, CRASH_NEEDS_FILE, 0, FALSE, set_contours },
  { "no contours", 1, CRASH_NEEDS_FILE, 0, FALSE, clear_contours },
  { "catalog", 3, CRASH_NEEDS_FILE, CARTA__EVENT_TYPE__OPEN_CATALOG_FILE_ACK, FALSE, open_catalog },
  { "no catalog", 1, CRASH_NEEDS_FILE, 0, FALSE, close_catalog },
  { "resume", 2, CRASH_NEEDS_FILE, CARTA__EVENT_TYPE__RESUME_SESSION_ACK, FALSE, resume_otherwise },
  { "SetChannel", 3, CRASH_NEEDS_FILE, 0, TRUE, bus_set_channel },
  { "OpenFile", 3, CRASH_NEEDS_ROOM, 0, TRUE, bus_open },
  { "File1.Close", 1, CRASH_NEEDS_FILE, 0, TRUE, bus_close },
  { "Region1.Set", 3, CRASH_NEEDS_REGION, 0, TRUE, bus_move_region },
  { "Region1.Remove", 3, CRASH_NEEDS_REGION, 0, TRUE, bus_remove_region },
  { "SetState", 3, CRASH_NEEDS_FILE, 0, TRUE, bus_set_state },
};

const guint crash_n_changes = G_N_ELEMENTS (crash_changes);

static int
find_free (const CrashState *state)
{
  int file_id = 0;

  while (crash_state_get (state, "%d", file_id) != NULL)
    file_id++;

  return file_id;
}

static int
pick_number (GArray *numbers)
{
  return numbers->len > 0 ? g_array_index (numbers, int, g_test_rand_int_range (0, (int) numbers->len)) : -1;
}

static const CrashChange *
pick_kind (void)
{
  guint n = 0;

  for (guint i = 0; i < crash_n_changes; i++)
    n += crash_changes[i].weight;
  n = (guint) g_test_rand_int_range (0, (int) n);
  for (const CrashChange *change = crash_changes;; change++)
    {
      if (n < change->weight)
        return change;
      n -= change->weight;
    }
}

/* One of the table that can be done now, and to what. */
const CrashChange *
crash_change_pick (const CrashScene *scene,
                   const CrashState *state,
                   gboolean          is_call,
                   int              *out_file_id,
                   int              *out_region_id)
{
  g_autoptr(GArray) files = crash_state_list (state, "");

  while (TRUE)
    {
      const CrashChange *change = pick_kind ();
      int                file_id = pick_number (files);
      g_autofree char   *prefix = g_strdup_printf ("%d/region/", file_id);
      g_autoptr(GArray) regions = crash_state_list (state, prefix);

      if (change->is_call != is_call)
        continue;

      /* only when nothing is left does everybody open something */
      if (((change->needs & (CRASH_NEEDS_FILE | CRASH_NEEDS_REGION)) && file_id < 0) ||
          ((change->needs & CRASH_NEEDS_REGION) && regions->len == 0) ||
          ((change->needs & CRASH_NEEDS_ROOM) && files->len >= CRASH_MAX_FILES))
        continue;

      *out_file_id = change->needs & CRASH_NEEDS_ROOM ? find_free (state) : file_id;
      *out_region_id = pick_number (regions);
      return change;
    }
}
