/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <fitsio.h>

#include "almu-module.h"

G_BEGIN_DECLS

/* What is called of cfitsio. */
#define ALMU_CFITSIO_CALLS(CALL) \
  CALL (fits_clear_errmsg)       \
  CALL (fits_close_file)         \
  CALL (fits_free_memory)        \
  CALL (fits_get_eqcoltypell)    \
  CALL (fits_get_errstatus)      \
  CALL (fits_get_hduaddrll)      \
  CALL (fits_get_num_cols)       \
  CALL (fits_get_num_rowsll)     \
  CALL (fits_movabs_hdu)         \
  CALL (fits_open_diskfile)      \
  CALL (fits_read_col)           \
  CALL (fits_read_key)           \
  CALL (fits_read_key_longstr)

typedef struct
{
  const char *calls;
  ALMU_CFITSIO_CALLS (ALMU_MODULE_MEMBER)
} AlmuCfitsio;

/* Of the module. */
extern const AlmuCfitsio almu_module;

/* From when almu_cfitsio_load() has returned %TRUE. */
extern const AlmuCfitsio *almu_cfitsio;

gboolean almu_cfitsio_load (GError **error);

G_END_DECLS
