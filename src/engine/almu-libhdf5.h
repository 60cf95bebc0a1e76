/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <hdf5.h>

#include "almu-module.h"

/* Names of constants open the library wherever they are used. That is done
 * once (almu_hdf5_set_up), and cannot be done by a name. */
#undef H5OPEN
#define H5OPEN
#undef H5CHECK
#define H5CHECK

G_BEGIN_DECLS

/* What is called of libhdf5; and its variables, which hold what types and
 * classes are called in this process. */
#define ALMU_LIBHDF5_CALLS(CALL)      \
  CALL (H5Aclose)                     \
  CALL (H5Aget_name)                  \
  CALL (H5Aget_space)                 \
  CALL (H5Aget_type)                  \
  CALL (H5Aopen_by_idx)               \
  CALL (H5Aread)                      \
  CALL (H5Dclose)                     \
  CALL (H5Dget_create_plist)          \
  CALL (H5Dget_offset)                \
  CALL (H5Dget_space)                 \
  CALL (H5Dget_type)                  \
  CALL (H5Dopen2)                     \
  CALL (H5Dread)                      \
  CALL (H5Eclear2)                    \
  CALL (H5Eset_auto2)                 \
  CALL (H5Ewalk2)                     \
  CALL (H5Fclose)                     \
  CALL (H5Fopen)                      \
  CALL (H5Gclose)                     \
  CALL (H5Gget_info)                  \
  CALL (H5Gopen2)                     \
  CALL (H5Lexists)                    \
  CALL (H5Lget_name_by_idx)           \
  CALL (H5Oexists_by_name)            \
  CALL (H5Oget_info2)                 \
  CALL (H5PLset_loading_state)        \
  CALL (H5Pclose)                     \
  CALL (H5Pcreate)                    \
  CALL (H5Pget_chunk)                 \
  CALL (H5Pget_external_count)        \
  CALL (H5Pget_layout)                \
  CALL (H5Pset_chunk_cache)           \
  CALL (H5Pset_elink_cb)              \
  CALL (H5Pset_fclose_degree)         \
  CALL (H5Pset_file_locking)          \
  CALL (H5Sclose)                     \
  CALL (H5Screate_simple)             \
  CALL (H5Sget_simple_extent_dims)    \
  CALL (H5Sget_simple_extent_ndims)   \
  CALL (H5Sget_simple_extent_npoints) \
  CALL (H5Sselect_hyperslab)          \
  CALL (H5Tclose)                     \
  CALL (H5Tcopy)                      \
  CALL (H5Tequal)                     \
  CALL (H5Tget_class)                 \
  CALL (H5Tget_cset)                  \
  CALL (H5Tget_nmembers)              \
  CALL (H5Tget_size)                  \
  CALL (H5Tis_variable_str)           \
  CALL (H5Tset_cset)                  \
  CALL (H5Tset_size)                  \
  CALL (H5Tset_strpad)                \
  CALL (H5dont_atexit)                \
  CALL (H5free_memory)                \
  CALL (H5open)                       \
  CALL (H5P_CLS_DATASET_ACCESS_ID_g)  \
  CALL (H5P_CLS_FILE_ACCESS_ID_g)     \
  CALL (H5P_CLS_LINK_ACCESS_ID_g)     \
  CALL (H5T_C_S1_g)                   \
  CALL (H5T_NATIVE_DOUBLE_g)          \
  CALL (H5T_NATIVE_FLOAT_g)           \
  CALL (H5T_NATIVE_INT64_g)           \
  CALL (H5T_NATIVE_LLONG_g)

typedef struct
{
  const char *calls;
  ALMU_LIBHDF5_CALLS (ALMU_MODULE_MEMBER)
} AlmuLibhdf5;

/* Of the module. */
extern const AlmuLibhdf5 almu_module;

/* From when almu_libhdf5_load() has returned %TRUE. */
extern const AlmuLibhdf5 *almu_libhdf5;

gboolean almu_libhdf5_load (GError **error);

G_END_DECLS
