/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fitsio.h>

#include "almu-test-hdf5.h"
#include "almu-test-table.h"
#include "test-desk.h"

/* Kinds of images beside plain FITS, seen from a page. */

#define WIDTH 40
#define HEIGHT 30
#define DEPTH 12

static float
pixel (int x,
       int y,
       int channel)
{
  return (float) (x + 100 * y + 10000 * channel);
}

/* The turned array has a half more, to be told from the other. */
static void
write_hdf5 (Desk       *desk,
            const char *name)
{
  const hsize_t     dims[] = { DEPTH, HEIGHT, WIDTH };
  const hsize_t     turned_dims[] = { WIDTH, HEIGHT, DEPTH };
  g_autofree float *pixels = g_new (float, WIDTH *HEIGHT *DEPTH);
  g_autofree float *turned = g_new (float, WIDTH *HEIGHT *DEPTH);
  g_autofree char  *path = g_build_filename (desk->folder, name, NULL);
  hid_t             file = H5Fcreate (path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  hid_t             group = test_hdf5_group (file, "0");
  hid_t             inner = test_hdf5_group (group, "SwizzledData");

  for (int z = 0; z < DEPTH; z++)
    for (int y = 0; y < HEIGHT; y++)
      for (int x = 0; x < WIDTH; x++)
        {
          pixels[(z * HEIGHT + y) * WIDTH + x] = pixel (x, y, z);
          turned[(x * HEIGHT + y) * DEPTH + z] = pixel (x, y, z) + 0.5f;
        }

  test_hdf5_text (group, "CTYPE1", "RA---SIN");
  test_hdf5_text (group, "CTYPE2", "DEC--SIN");
  test_hdf5_text (group, "CTYPE3", "FREQ");
  test_hdf5_real (group, "CRVAL3", 1e9);
  test_hdf5_real (group, "CDELT3", 1e6);
  test_hdf5_data (group, "DATA", H5T_IEEE_F32LE, 3, dims, NULL, H5T_NATIVE_FLOAT, pixels);
  test_hdf5_data (inner, "ZYX", H5T_IEEE_F32LE, 3, turned_dims, NULL, H5T_NATIVE_FLOAT, turned);
  H5Gclose (inner);
  H5Gclose (group);
  H5Fclose (file);
}

static void
test_kinds_hdf5_list (Desk         *desk,
                      gconstpointer user_data)
{
  CARTA__FileListRequest                      list = CARTA__FILE_LIST_REQUEST__INIT;
  CARTA__FileInfoRequest                      ask = CARTA__FILE_INFO_REQUEST__INIT;
  almu_test_autobody CARTA__FileListResponse *files = NULL;
  almu_test_autobody CARTA__FileInfoResponse *info = NULL;

  write_hdf5 (desk, "cube.hdf5");
  list.directory = (char *) "";
  files = almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__FILE_LIST_RESPONSE,
                                        almu_test_viewer_send (desk->viewer, &list.base));
  g_assert_cmpuint (files->n_files, ==, 1);
  g_assert_cmpint (files->files[0]->type, ==, CARTA__FILE_TYPE__HDF5);

  ask.directory = (char *) "";
  ask.file = (char *) "cube.hdf5";
  info = almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__FILE_INFO_RESPONSE,
                                       almu_test_viewer_send (desk->viewer, &ask.base));
  g_assert_true (info->success);
  g_assert_cmpint (info->file_info->type, ==, CARTA__FILE_TYPE__HDF5);
  g_assert_cmpuint (info->n_file_info_extended, ==, 1);
  g_assert_cmpstr (info->file_info_extended[0]->key, ==, "0");
  g_assert_cmpint (info->file_info_extended[0]->value->depth, ==, DEPTH);
}

static void
test_kinds_hdf5_open (Desk         *desk,
                      gconstpointer user_data)
{
  almu_test_autobody CARTA__OpenFileAck         *ack = NULL;
  almu_test_autobody CARTA__SpectralProfileData *spectrum = NULL;
  g_autofree float                              *plane = NULL;

  write_hdf5 (desk, "cube.hdf5");
  ack = almu_test_viewer_open (desk->viewer, "", "cube.hdf5", "", 0);
  g_assert_true (ack->success);
  g_assert_cmpint (ack->file_info->type, ==, CARTA__FILE_TYPE__HDF5);
  g_assert_cmpint (ack->file_feature_flags, ==, CARTA__FILE_FEATURE_FLAGS__ROTATED_DATASET);

  plane = almu_test_await_plane (desk->viewer, 0, WIDTH, HEIGHT);
  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDTH; x++)
      g_assert_cmpfloat (plane[y * WIDTH + x], ==, pixel (x, y, 0));

  almu_test_ask_cursor (desk->viewer, 0, 7, 8);
  almu_test_ask_spectral (desk->viewer, 0, 0, "z");
  do
    {
      g_clear_pointer (&spectrum, almu_test_body_free);
      spectrum = desk_await (desk, CARTA__EVENT_TYPE__SPECTRAL_PROFILE_DATA);
    }
  while (spectrum->progress < 1);

  g_assert_cmpuint (spectrum->n_profiles, ==, 1);
  g_assert_cmpuint (spectrum->profiles[0]->raw_values_fp32.len, ==, DEPTH * sizeof (float));
  for (int z = 0; z < DEPTH; z++)
    {
      float value;

      memcpy (&value, spectrum->profiles[0]->raw_values_fp32.data + z * sizeof value, sizeof value);
      g_assert_cmpfloat (value, ==, pixel (7, 8, z) + 0.5f);
    }
}

/* A histogram that no counting would have made: what the file says of itself
 * is what is sent, and at once. */
static void
put_stored (hid_t       stats,
            const char *name,
            gsize       n,
            gint64      n_values)
{
  hid_t              group = test_hdf5_group (stats, name);
  const gint64       n_bins = 34; /* of 40 × 30 pixels */
  const hsize_t      dims[] = { n, n_bins };
  gboolean           is_scalar = n == 0;
  g_autofree double *numbers = g_new0 (double, n + 1);
  g_autofree gint64 *counts = g_new0 (gint64, (n + 1) * n_bins);

  for (gsize i = 0; i <= n; i++)
    {
      counts[i * n_bins] = n_values - 7 - (gint64) i;
      counts[i * n_bins + 33] = 7 + (gint64) i;
      numbers[i] = 100 + (double) i;
    }
  test_hdf5_data (group, "MIN", H5T_IEEE_F32LE, !is_scalar, dims, NULL, H5T_NATIVE_DOUBLE, numbers);
  for (gsize i = 0; i <= n; i++)
    numbers[i] += 34;
  test_hdf5_data (group, "MAX", H5T_IEEE_F32LE, !is_scalar, dims, NULL, H5T_NATIVE_DOUBLE, numbers);
  for (gsize i = 0; i <= n; i++)
    numbers[i] = 120.0 * (double) n_values;
  test_hdf5_data (group, "SUM", H5T_IEEE_F64LE, !is_scalar, dims, NULL, H5T_NATIVE_DOUBLE, numbers);
  for (gsize i = 0; i <= n; i++)
    numbers[i] *= 121;
  test_hdf5_data (group, "SUM_SQ", H5T_IEEE_F64LE, !is_scalar, dims, NULL, H5T_NATIVE_DOUBLE, numbers);
  memset (numbers, 0, (n + 1) * sizeof *numbers);
  test_hdf5_data (group, "NAN_COUNT", H5T_STD_I64LE, !is_scalar, dims, NULL, H5T_NATIVE_DOUBLE, numbers);
  test_hdf5_data (group, "HISTOGRAM", H5T_STD_I64LE, is_scalar ? 1 : 2, is_scalar ? dims + 1 : dims, NULL,
                  H5T_NATIVE_INT64, counts);
  H5Gclose (group);
}

static void
put_all_stored (Desk *desk)
{
  g_autofree char *path = g_build_filename (desk->folder, "cube.hdf5", NULL);
  hid_t            file, group, stats;

  write_hdf5 (desk, "cube.hdf5");
  file = H5Fopen (path, H5F_ACC_RDWR, H5P_DEFAULT);
  group = H5Gopen2 (file, "0", H5P_DEFAULT);
  stats = test_hdf5_group (group, "Statistics");
  put_stored (stats, "XY", DEPTH, WIDTH * HEIGHT);
  put_stored (stats, "XYZ", 0, WIDTH * HEIGHT * DEPTH);
  H5Gclose (stats);
  H5Gclose (group);
  H5Fclose (file);
}

static CARTA__RegionHistogramData *
ask_cube_histogram (Desk *desk,
                    int   n_bins)
{
  CARTA__SetHistogramRequirements ask = CARTA__SET_HISTOGRAM_REQUIREMENTS__INIT;
  CARTA__HistogramConfig          config = CARTA__HISTOGRAM_CONFIG__INIT;
  CARTA__HistogramConfig         *configs[] = { &config };
  CARTA__RegionHistogramData     *data = NULL;

  config.coordinate = (char *) "z";
  config.channel = -2;
  config.num_bins = n_bins;
  config.fixed_num_bins = n_bins > 0;
  ask.file_id = 0;
  ask.region_id = -2;
  ask.n_histograms = 1;
  ask.histograms = configs;
  almu_test_viewer_send (desk->viewer, &ask.base);
  do
    {
      g_clear_pointer (&data, almu_test_body_free);
      data = desk_await (desk, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA);
    }
  while (data->region_id != -2 || data->progress < 1);

  return data;
}

static void
test_kinds_hdf5_histograms (Desk         *desk,
                            gconstpointer user_data)
{
  almu_test_autobody CARTA__OpenFileAck         *ack = NULL;
  almu_test_autobody CARTA__RegionHistogramData *stored = NULL;
  almu_test_autobody CARTA__RegionHistogramData *counted = NULL;

  put_all_stored (desk);
  ack = almu_test_viewer_open (desk->viewer, "", "cube.hdf5", "", 0);
  g_assert_true (ack->success);
  g_assert_cmpint (ack->file_feature_flags, ==,
                   CARTA__FILE_FEATURE_FLAGS__ROTATED_DATASET | CARTA__FILE_FEATURE_FLAGS__CUBE_HISTOGRAMS |
                     CARTA__FILE_FEATURE_FLAGS__CHANNEL_HISTOGRAMS);

  stored = ask_cube_histogram (desk, -1);
  g_assert_cmpint (stored->histograms->num_bins, ==, 34);
  g_assert_cmpfloat (stored->histograms->bin_width, ==, 1);
  g_assert_cmpfloat (stored->histograms->first_bin_center, ==, 100.5);
  g_assert_cmpfloat (stored->histograms->mean, ==, 120);
  g_assert_cmpint (stored->histograms->bins[0], ==, WIDTH * HEIGHT * DEPTH - 7);
  g_assert_cmpint (stored->histograms->bins[33], ==, 7);

  /* other bins are counted, from what the pixels really are */
  counted = ask_cube_histogram (desk, 10);
  g_assert_cmpint (counted->histograms->num_bins, ==, 10);
  g_assert_cmpfloat_with_epsilon (counted->histograms->bin_width, (double) pixel (WIDTH - 1, HEIGHT - 1, DEPTH - 1) / 10,
                                  0.01);
}

/* -- what is loaded ------------------------------------------------------- */

/* Without a name: any of them. */
static gboolean
has_loaded (Desk       *desk,
            const char *name)
{
  static const char *const late[] = { "libcfitsio", "libhdf5", "libxml2", "libcurl", "libgnutls", "libicu", "libstdc++" };
  g_autofree char         *path = g_strdup_printf ("/proc/%d/maps", almu_test_daemon_get_pid (desk->daemon));
  g_autofree char         *maps = NULL;
  g_autoptr(GError) error = NULL;

  g_file_get_contents (path, &maps, NULL, &error);
  g_assert_no_error (error);
  if (name != NULL)
    return strstr (maps, name) != NULL;

  for (guint i = 0; i < G_N_ELEMENTS (late); i++)
    if (strstr (maps, late[i]) != NULL)
      {
        g_test_message ("%s is loaded", late[i]);
        return TRUE;
      }

  return FALSE;
}

static double
plain_pixel (const gint64 *position,
             gpointer      user_data)
{
  return (double) (position[0] + position[1]);
}

/* The file is asked about as a catalog. */
static void
look_at_catalog (Desk       *desk,
                 const char *name)
{
  CARTA__CatalogFileInfoRequest                      ask = CARTA__CATALOG_FILE_INFO_REQUEST__INIT;
  almu_test_autobody CARTA__CatalogFileInfoResponse *info = NULL;

  ask.directory = (char *) "";
  ask.name = (char *) name;
  info = almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__CATALOG_FILE_INFO_RESPONSE,
                                       almu_test_viewer_send (desk->viewer, &ask.base));
  g_assert_cmpstr (info->message, ==, "");
  g_assert_true (info->success);
}

static void
write_catalogs (Desk *desk)
{
  static const AlmuTestCard cards[] = { { "TFORM1", "'J       '" }, { "TTYPE1", "'NUMBER  '" } };
  static const guint8       row[] = { 0, 0, 0, 7 };
  g_autoptr(GBytes) table = almu_test_fits_table ("BINTABLE", cards, G_N_ELEMENTS (cards), 1, sizeof row, 1, row);
  g_autofree char *votable = almu_test_votable (3);

  almu_test_save (table, desk->folder, "table.fits");
  almu_test_save_text (votable, desk->folder, "stars.xml");
}

/* What most files do not need costs nobody memory, or time at the start. */
static void
test_kinds_loaded_late (Desk         *desk,
                        gconstpointer user_data)
{
  const gint64 shape[] = { WIDTH, HEIGHT };

  if (g_getenv ("ALMU_TEST_SANITIZED") != NULL)
    {
      g_test_skip ("a sanitizer brings libraries of its own");
      return;
    }

  desk_write (desk, "plain.fits", 2, shape, plain_pixel, NULL);
  write_catalogs (desk);
  write_hdf5 (desk, "cube.hdf5");

  desk_open (desk, "plain.fits", 0);
  g_free (almu_test_await_plane (desk->viewer, 0, WIDTH, HEIGHT));
  g_assert_false (has_loaded (desk, NULL));

  look_at_catalog (desk, "table.fits");
  g_assert_true (has_loaded (desk, "libcfitsio"));
  desk_open (desk, "cube.hdf5", 1);
  /* by another program */
  g_assert_false (has_loaded (desk, "libhdf5"));
  g_assert_false (has_loaded (desk, "libxml2"));

  look_at_catalog (desk, "stars.xml");
  g_assert_true (has_loaded (desk, "libxml2"));
}

/* An installation of which a part is gone: one that is copied elsewhere. */
static void
test_kinds_module_missing (Desk         *desk,
                           gconstpointer user_data)
{
  const gint64     shape[] = { WIDTH, HEIGHT };
  g_autofree char *program = g_strdup (g_getenv ("ALMUCANTARD"));
  g_autofree char *copy = NULL;
  g_autoptr(GFile) source = g_file_new_for_path (program);
  g_autoptr(GFile) target = NULL;
  g_autoptr(GError) error = NULL;
  almu_test_autobody CARTA__OpenFileAck *ack = NULL;

  copy = g_build_filename (desk->state_dir, "almucantard", NULL);
  target = g_file_new_for_path (copy);
  g_file_copy (source, target, G_FILE_COPY_NONE, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_setenv ("ALMUCANTARD", copy, TRUE);
  desk_start (desk, NULL);
  g_setenv ("ALMUCANTARD", program, TRUE);
  desk->viewer = desk_register (desk, &desk->session_id);

  write_hdf5 (desk, "cube.hdf5");
  desk_write (desk, "plain.fits", 2, shape, plain_pixel, NULL);
  ack = almu_test_viewer_open (desk->viewer, "", "cube.hdf5", "", 0);
  if (g_file_test (ALMU_PKGLIBEXECDIR "/almucantar-hdf5-reader", G_FILE_TEST_EXISTS))
    g_test_skip ("it is installed as well");
  else
    {
      g_test_message ("%s", ack->message);
      g_assert_false (ack->success);
      g_assert_nonnull (strstr (ack->message, "cube.hdf5"));
      g_assert_nonnull (strstr (ack->message, ALMU_PKGLIBEXECDIR "/almucantar-hdf5-reader"));
    }
  desk_open (desk, "plain.fits", 1);
}

/* -- polarisations that come as files of different kinds ------------------ */

static const char *const part_names[] = { "i.fits", "q.fits.fz", "u.hdf5" };
static const char *const part_hdus[] = { "0", "1", "0" };

static float
part_value (int x,
            int y,
            int channel,
            int stokes)
{
  const float factors[] = { 3, -2, 1 };

  return factors[stokes] * pixel (x, y, channel);
}

static double
part_i (const gint64 *position,
        gpointer      user_data)
{
  return part_value ((int) position[0], (int) position[1], (int) position[2], 0);
}

static void
write_compressed (Desk *desk)
{
  g_autofree char  *path = g_build_filename (desk->folder, part_names[1], NULL);
  g_autofree float *pixels = g_new (float, WIDTH *HEIGHT *DEPTH);
  long              shape[] = { WIDTH, HEIGHT, DEPTH };
  long              tile[] = { WIDTH, 7, 1 };
  const char *const types[] = { "RA---SIN", "DEC--SIN", "FREQ" };
  fitsfile         *file = NULL;
  int               status = 0;

  for (int i = 0; i < WIDTH * HEIGHT * DEPTH; i++)
    pixels[i] = part_value (i % WIDTH, i / WIDTH % HEIGHT, i / (WIDTH * HEIGHT), 1);

  fits_create_diskfile (&file, path, &status);
  fits_set_compression_type (file, GZIP_2, &status);
  fits_set_tile_dim (file, 3, tile, &status);
  fits_set_quantize_level (file, 0, &status);
  fits_create_img (file, FLOAT_IMG, 3, shape, &status);
  for (int i = 0; i < 3; i++)
    {
      char card[16];

      g_snprintf (card, sizeof card, "CTYPE%d", i + 1);
      fits_write_key_str (file, card, types[i], NULL, &status);
    }
  fits_write_img (file, TFLOAT, 1, WIDTH * HEIGHT * DEPTH, pixels, &status);
  fits_close_file (file, &status);
  g_assert_cmpint (status, ==, 0);
}

static void
fill_parts (CARTA__StokesFile  *files,
            CARTA__StokesFile **pointers)
{
  for (int i = 0; i < 3; i++)
    {
      carta__stokes_file__init (&files[i]);
      files[i].directory = (char *) "";
      files[i].file = (char *) part_names[i];
      files[i].hdu = (char *) part_hdus[i];
      files[i].polarization_type = (CARTA__PolarizationType) (CARTA__POLARIZATION_TYPE__I + i);
      pointers[i] = &files[i];
    }
}

static void
assert_plane (Desk *desk,
              int   channel,
              int   stokes)
{
  almu_test_autobody CARTA__RegionHistogramData *data = NULL;
  g_autofree float                              *plane = NULL;

  do
    {
      almu_test_body_clear (&data);
      data = desk_await (desk, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA);
    }
  while (data->channel != channel || data->stokes != stokes);

  plane = almu_test_await_plane (desk->viewer, 0, WIDTH, HEIGHT);
  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDTH; x++)
      {
        float q = part_value (x, y, channel, 1), u = part_value (x, y, channel, 2);
        float right = stokes < 3 ? part_value (x, y, channel, stokes) : sqrtf (q * q + u * u);

        g_assert_cmpfloat (fabsf (plane[y * WIDTH + x] - right), <=, 1e-6f * right * (float) (stokes >= 3));
      }
}

static void
test_kinds_hypercube (Desk         *desk,
                      gconstpointer user_data)
{
  const gint64                                    shape[] = { WIDTH, HEIGHT, DEPTH };
  const char *const                               cards[] = { "CTYPE1", "'RA---SIN'", "CTYPE2", "'DEC--SIN'", "CTYPE3", "'FREQ'", NULL };
  CARTA__ConcatStokesFiles                        message = CARTA__CONCAT_STOKES_FILES__INIT;
  CARTA__ResumeSession                            resume = CARTA__RESUME_SESSION__INIT;
  CARTA__ImageProperties                          image = CARTA__IMAGE_PROPERTIES__INIT;
  CARTA__ImageProperties                         *images[] = { &image };
  CARTA__StokesFile                               files[3];
  CARTA__StokesFile                              *pointers[3];
  almu_test_autobody CARTA__ConcatStokesFilesAck *ack = NULL;
  almu_test_autobody CARTA__ResumeSessionAck     *resumed = NULL;

  desk_write (desk, part_names[0], 3, shape, part_i, cards);
  write_compressed (desk);
  write_hdf5 (desk, part_names[2]);
  fill_parts (files, pointers);
  message.n_stokes_files = 3;
  message.stokes_files = pointers;
  ack = almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__CONCAT_STOKES_FILES_ACK,
                                      almu_test_viewer_send (desk->viewer, &message.base));
  g_assert_cmpstr (ack->message, ==, "");
  g_assert_true (ack->success);
  assert_plane (desk, 0, 0);
  for (int stokes = 1; stokes < 3; stokes++)
    {
      almu_test_ask_plane (desk->viewer, 0, 4 + stokes, stokes, NULL, 0);
      assert_plane (desk, 4 + stokes, stokes);
    }

  almu_test_daemon_kill (desk->daemon);
  almu_test_daemon_free (desk->daemon);
  almu_test_viewer_await_closed (desk->viewer);
  g_clear_pointer (&desk->viewer, almu_test_viewer_free);
  desk_start (desk, NULL);
  desk->viewer = desk_register (desk, &desk->session_id);
  image.directory = (char *) "";
  image.file = ack->open_file_ack->file_info->name;
  image.hdu = (char *) "";
  image.channel = 3;
  image.stokes = CARTA__POLARIZATION_TYPE__Plinear;
  image.n_stokes_files = 3;
  image.stokes_files = pointers;
  resume.n_images = 1;
  resume.images = images;
  resumed = almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__RESUME_SESSION_ACK,
                                          almu_test_viewer_send (desk->viewer, &resume.base));
  g_assert_true (resumed->success);
  assert_plane (desk, 3, CARTA__POLARIZATION_TYPE__Plinear);
  almu_test_ask_plane (desk->viewer, 0, 7, 2, NULL, 0);
  assert_plane (desk, 7, 2);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  desk_add ("/daemon/kinds/hdf5-list", test_kinds_hdf5_list);
  desk_add ("/daemon/kinds/hdf5-open", test_kinds_hdf5_open);
  desk_add ("/daemon/kinds/hdf5-histograms", test_kinds_hdf5_histograms);
  desk_add ("/daemon/kinds/hypercube", test_kinds_hypercube);

  desk_add ("/daemon/kinds/loaded-late", test_kinds_loaded_late);
  g_test_add ("/daemon/kinds/module-missing", Desk, NULL, desk_prepare, test_kinds_module_missing, desk_tear_down);

  return g_test_run ();
}
