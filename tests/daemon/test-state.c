/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "almu-test-ask.h"
#include "almu-test-bus.h"
#include "almu-test-table.h"
#include "almu-test-viewer.h"
#include "almu-test.h"

/* What a page has done goes through the bus, into another session: a hypercube
 * with a region, contours and vectors, and a catalog whose rows are chosen. */

#define BUS(name) "io.github.almucantar.Almucantar." name
#define WIDTH 40
#define HEIGHT 30
#define DEPTH 3

static const char *const parts[] = { "i.fits", "q.fits", "u.fits" };

static double
pixel (const gint64 *position,
       gpointer      user_data)
{
  return (double) (position[0] + 100 * position[1] + 10000 * position[2]) / (1 + GPOINTER_TO_INT (user_data));
}

static void
write_files (const char *folder)
{
  static const char *const cards[] = { "CTYPE1", "'RA---SIN'", "CTYPE2", "'DEC--SIN'", "CTYPE3", "'FREQ'", NULL };
  g_autofree char         *stars = almu_test_votable (60);

  for (int i = 0; i < 3; i++)
    {
      g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();
      g_autofree char *path = NULL;

      almu_test_fits_begin (fits, -32, 3, (gint64[]){ WIDTH, HEIGHT, DEPTH });
      for (guint j = 0; cards[j] != NULL; j += 2)
        almu_test_fits_card (fits, cards[j], cards[j + 1]);
      almu_test_fits_end_header (fits);
      almu_test_fits_fill (fits, pixel, GINT_TO_POINTER (i));
      almu_test_fits_end (fits);
      path = almu_test_fits_save (fits, folder, parts[i]);
    }
  almu_test_save_text (stars, folder, "stars.vot");
}

/* -- the bus ------------------------------------------------------------- */

static GVariant *
call (GDBusConnection *bus,
      guint32          session_id,
      const char      *method,
      GVariant        *parameters)
{
  g_autofree char *path = g_strdup_printf ("%s/sessions/%u", ALMU_BUS_PATH, session_id);
  gboolean         is_manager = session_id == 0;
  g_autoptr(GError) error = NULL;
  GVariant *reply;

  reply = g_dbus_connection_call_sync (bus, ALMU_BUS_NAME, is_manager ? ALMU_BUS_PATH : path,
                                       is_manager ? BUS ("Manager1") : BUS ("Session1"), method, parameters, NULL,
                                       G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  g_assert_no_error (error);

  return reply;
}

static guint32
open_session (GDBusConnection *bus,
              char           **out_url)
{
  const char *const none[] = { NULL };
  g_autoptr(GVariant) reply = call (bus, 0, "Open", g_variant_new ("(^asa{sv})", none, NULL));
  guint32 id;

  g_variant_get (reply, "(us)", &id, out_url);

  return id;
}

static char *
get_state (GDBusConnection *bus,
           guint32          session_id)
{
  g_autoptr(GVariant) reply = call (bus, session_id, "GetState", NULL);
  char *text;

  g_variant_get (reply, "(s)", &text);

  return text;
}

static JsonNode *
get_member (const char *state,
            const char *name)
{
  g_autoptr(JsonNode) root = json_from_string (state, NULL);
  JsonObject *object;

  g_assert_nonnull (root);
  object = json_node_get_object (root);
  g_assert_true (json_object_has_member (object, name));

  return json_node_copy (json_object_get_member (object, name));
}

/* But for who the session is, and when. */
static void
assert_same (const char *before,
             const char *after)
{
  static const char *const members[] = { "files", "catalogs" };

  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    {
      g_autoptr(JsonNode) left = get_member (before, members[i]);
      g_autoptr(JsonNode) right = get_member (after, members[i]);

      if (!json_node_equal (left, right))
        g_error ("%s:\n%s\n is not\n%s", members[i], after, before);
    }
}

/* -- the page ------------------------------------------------------------ */

static AlmuTestViewer *
attach (const char *url,
        guint32     session_id)
{
  g_autofree char                             *address = g_strconcat ("ws", url + strlen ("http"), NULL);
  AlmuTestViewer                              *viewer = almu_test_viewer_connect (address);
  almu_test_autobody CARTA__RegisterViewerAck *ack = NULL;

  g_assert_nonnull (viewer);
  ack = almu_test_viewer_register (viewer, session_id);
  g_assert_true (ack->success);

  return viewer;
}

static void
concat (AlmuTestViewer *viewer)
{
  CARTA__ConcatStokesFiles                        message = CARTA__CONCAT_STOKES_FILES__INIT;
  CARTA__StokesFile                               files[3];
  CARTA__StokesFile                              *pointers[3];
  almu_test_autobody CARTA__ConcatStokesFilesAck *ack = NULL;

  for (int i = 0; i < 3; i++)
    {
      carta__stokes_file__init (&files[i]);
      files[i].directory = (char *) "";
      files[i].file = (char *) parts[i];
      files[i].hdu = (char *) "0";
      files[i].polarization_type = (CARTA__PolarizationType) (CARTA__POLARIZATION_TYPE__I + i);
      pointers[i] = &files[i];
    }
  message.n_stokes_files = 3;
  message.stokes_files = pointers;
  ack = almu_test_viewer_await_reply (viewer, CARTA__EVENT_TYPE__CONCAT_STOKES_FILES_ACK,
                                      almu_test_viewer_send (viewer, &message.base));
  g_assert_true (ack->success);
}

static void
draw_over (AlmuTestViewer *viewer)
{
  CARTA__SetContourParameters       contours = CARTA__SET_CONTOUR_PARAMETERS__INIT;
  CARTA__SetVectorOverlayParameters vectors = CARTA__SET_VECTOR_OVERLAY_PARAMETERS__INIT;
  double                            levels[] = { 0.1 + 0.2, 1000 };

  contours.n_levels = G_N_ELEMENTS (levels);
  contours.levels = levels;
  contours.smoothing_mode = CARTA__SMOOTHING_MODE__GaussianBlur;
  contours.smoothing_factor = 3;
  contours.decimation_factor = 4;
  contours.compression_level = 8;
  contours.contour_chunk_size = 100000;
  almu_test_viewer_send (viewer, &contours.base);

  vectors.smoothing_factor = 4;
  vectors.threshold = 0.125f;
  vectors.debiasing = TRUE;
  vectors.q_error = 0.25f;
  vectors.u_error = 0.5f;
  vectors.stokes_intensity = 0;
  vectors.stokes_angle = 1;
  almu_test_viewer_send (viewer, &vectors.base);
}

static void
open_catalog (AlmuTestViewer *viewer)
{
  CARTA__OpenCatalogFile      open = CARTA__OPEN_CATALOG_FILE__INIT;
  CARTA__CatalogFilterRequest filter = CARTA__CATALOG_FILTER_REQUEST__INIT;
  CARTA__FilterConfig         config = CARTA__FILTER_CONFIG__INIT;
  CARTA__FilterConfig        *configs[] = { &config };
  gint32                      columns[] = { 0, 2, 3, 4 };

  open.directory = (char *) "";
  open.name = (char *) "stars.vot";
  open.file_id = 1;
  open.preview_data_size = 50;
  almu_test_viewer_send (viewer, &open.base);
  almu_test_body_free (almu_test_viewer_await (viewer, CARTA__EVENT_TYPE__OPEN_CATALOG_FILE_ACK));

  config.column_name = (char *) "mag";
  config.comparison_operator = CARTA__COMPARISON_OPERATOR__RangeClosed;
  config.value = 8.5;
  config.secondary_value = 15;
  filter.file_id = 1;
  filter.n_filter_configs = 1;
  filter.filter_configs = configs;
  filter.n_column_indices = G_N_ELEMENTS (columns);
  filter.column_indices = columns;
  filter.sort_column = (char *) "mag";
  filter.sorting_type = CARTA__SORTING_TYPE__Descending;
  filter.subset_data_size = 20;
  almu_test_viewer_send (viewer, &filter.base);
  almu_test_body_free (almu_test_viewer_await (viewer, CARTA__EVENT_TYPE__CATALOG_FILTER_RESPONSE));
}

static void
do_everything (const char *url)
{
  static const float points[] = { 15, 12, 7, 5 };
  AlmuTestViewer    *viewer = attach (url, 0);

  concat (viewer);
  almu_test_ask_plane (viewer, 0, 2, CARTA__POLARIZATION_TYPE__Plinear, NULL, 0);
  draw_over (viewer);
  almu_test_ask_spectral (viewer, 0, 0, "Qz");
  open_catalog (viewer);
  g_assert_cmpint (almu_test_draw (viewer, 0, -1, CARTA__REGION_TYPE__ELLIPSE, points, 2, 30), ==, 1);
  almu_test_viewer_cut (viewer);
  almu_test_viewer_free (viewer);
}

static gboolean
is_detached (GDBusConnection *bus,
             guint32          session_id)
{
  g_autofree char *path = g_strdup_printf ("%s/sessions/%u", ALMU_BUS_PATH, session_id);
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GVariant) value = NULL;

  reply = g_dbus_connection_call_sync (bus, ALMU_BUS_NAME, path, "org.freedesktop.DBus.Properties", "Get",
                                       g_variant_new ("(ss)", BUS ("Session1"), "State"), NULL,
                                       G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  g_assert_no_error (error);
  g_variant_get (reply, "(v)", &value);

  return g_str_equal (g_variant_get_string (value, NULL), "detached");
}

static void
test_state_round_trip (void)
{
  g_autoptr(AlmuTestBus) up = almu_test_bus_up (NULL);
  GDBusConnection *bus = almu_test_bus_connect (up);
  g_autofree char *url = NULL;
  g_autofree char *other_url = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autofree char *again = NULL;
  guint32          id, other_id;

  write_files (almu_test_bus_get_folder (up));
  id = open_session (bus, &url);
  do_everything (url);
  while (!is_detached (bus, id))
    g_main_context_iteration (NULL, FALSE);
  before = get_state (bus, id);
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    g_assert_nonnull (strstr (before, parts[i]));
  g_assert_nonnull (strstr (before, "\"contours\""));
  g_assert_nonnull (strstr (before, "\"vectors\""));
  g_assert_nonnull (strstr (before, "\"filters\""));

  /* into one that has nothing, and from there into the first again */
  other_id = open_session (bus, &other_url);
  g_variant_unref (call (bus, other_id, "SetState", g_variant_new ("(s)", before)));
  after = get_state (bus, other_id);
  assert_same (before, after);
  g_variant_unref (call (bus, id, "SetState", g_variant_new ("(s)", after)));
  again = get_state (bus, id);
  assert_same (before, again);

  almu_test_bus_disconnect (bus);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/daemon/state/round-trip", test_state_round_trip);

  return g_test_run ();
}
