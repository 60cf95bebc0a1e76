/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-test-hdf5.h"
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

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  desk_add ("/daemon/kinds/hdf5-list", test_kinds_hdf5_list);
  desk_add ("/daemon/kinds/hdf5-open", test_kinds_hdf5_open);

  return g_test_run ();
}
