/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-hdf5-private.h"

/* How files are opened: by the daemon, and before it by the program that
 * finds out whether they may be. */

/* Unpacked chunks that are kept: a row of them across a wide image. */
#define CHUNK_CACHE_BYTES (32 * 1024 * 1024)
#define CHUNK_CACHE_SLOTS 2003

/* Once, before anything else of the library. */
void
almu_hdf5_set_up (void)
{
  almu_libhdf5->H5dont_atexit ();
  almu_libhdf5->H5open ();
  /* a file must not choose what code is loaded */
  almu_libhdf5->H5PLset_loading_state (0);
  almu_libhdf5->H5Eset_auto2 (H5E_DEFAULT, NULL, NULL);
}

/* Links into other files are not followed: these may lie anywhere. */
static herr_t
refuse_link (const char *parent_file,
             const char *parent_group,
             const char *child_file,
             const char *child_object,
             unsigned   *flags,
             hid_t       access,
             void       *user_data)
{
  return -1;
}

hid_t
almu_hdf5_open_file (const char *path)
{
  hid_t access = almu_libhdf5->H5Pcreate (*almu_libhdf5->H5P_CLS_FILE_ACCESS_ID_g);
  hid_t file = H5I_INVALID_HID;

  if (access < 0)
    return access;

  /* who writes elsewhere is nothing to us, and a lock would be to them */
  if (almu_libhdf5->H5Pset_fclose_degree (access, H5F_CLOSE_SEMI) >= 0 &&
      almu_libhdf5->H5Pset_file_locking (access, 0, 1) >= 0)
    file = almu_libhdf5->H5Fopen (path, H5F_ACC_RDONLY, access);
  almu_libhdf5->H5Pclose (access);

  return file;
}

hid_t
almu_hdf5_make_access (void)
{
  hid_t access = almu_libhdf5->H5Pcreate (*almu_libhdf5->H5P_CLS_LINK_ACCESS_ID_g);

  if (access >= 0 && almu_libhdf5->H5Pset_elink_cb (access, refuse_link, NULL) >= 0)
    return access;
  if (access >= 0)
    almu_libhdf5->H5Pclose (access);

  return H5I_INVALID_HID;
}

/* The library takes another way with chunks that fit into its cache: it has
 * to be the same that was tried. */
hid_t
almu_hdf5_make_data_access (void)
{
  hid_t access = almu_libhdf5->H5Pcreate (*almu_libhdf5->H5P_CLS_DATASET_ACCESS_ID_g);

  if (access >= 0)
    almu_libhdf5->H5Pset_chunk_cache (access, CHUNK_CACHE_SLOTS, CHUNK_CACHE_BYTES, 1.0);

  return access;
}
