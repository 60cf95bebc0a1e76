/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "almu-limits.h"

G_BEGIN_DECLS

/**
 * AlmuHdf5: (foreign)
 *
 * An open HDF5 file. A program of its own reads it (almu-hdf5-wire.h), of which
 * one thing at a time is asked, and nothing for data that lie in the file as
 * they are wanted. Any thread.
 */
typedef struct _AlmuHdf5 AlmuHdf5;

/**
 * AlmuHdf5Data: (foreign)
 * @n_dims: as many as there are in @dims
 * @dims: the slowest first, as HDF5 has them
 * @bits: of an element, negative for reals: BITPIX of FITS
 * @chunk: what is read, and perhaps unpacked, as a whole; 0 if it lies there
 *   as it is
 *
 * An array of numbers in a file. Immutable; belongs to its file, which has
 * to outlive it.
 */
typedef struct
{
  int    n_dims;
  gint64 dims[ALMU_LIMIT_AXES];
  int    bits;
  gint64 chunk[ALMU_LIMIT_AXES];
} AlmuHdf5Data;

/**
 * AlmuHdf5Type:
 *
 * What values are read as.
 */
typedef enum
{
  ALMU_HDF5_FLOAT,
  ALMU_HDF5_DOUBLE,
  ALMU_HDF5_INT64,
} AlmuHdf5Type;

/**
 * AlmuHdf5AttributeType:
 *
 * What the value of an attribute is.
 */
typedef enum
{
  ALMU_HDF5_TEXT,
  ALMU_HDF5_INT,
  ALMU_HDF5_REAL,
  ALMU_HDF5_LOGICAL,
} AlmuHdf5AttributeType;

/**
 * AlmuHdf5Attribute:
 * @text: of a text; an array is joined by newlines
 * @number: of a real, an integer, or a logical
 * @integer: of an integer
 */
typedef struct
{
  AlmuHdf5AttributeType type;
  char                 *name;
  char                 *text;
  double                number;
  gint64                integer;
} AlmuHdf5Attribute;

AlmuHdf5     *almu_hdf5_open (int         fd,
                              const char *name,
                              GError    **error);
void          almu_hdf5_close (AlmuHdf5 *self);
GPtrArray    *almu_hdf5_list_groups (AlmuHdf5 *self,
                                     GError  **error);
GPtrArray    *almu_hdf5_list_attributes (AlmuHdf5   *self,
                                         const char *path,
                                         GError    **error);
gboolean      almu_hdf5_has (AlmuHdf5   *self,
                             const char *path);
AlmuHdf5Data *almu_hdf5_open_data (AlmuHdf5   *self,
                                   const char *path,
                                   GError    **error);
void          almu_hdf5_data_close (AlmuHdf5Data *data);
gboolean      almu_hdf5_data_read (const AlmuHdf5Data *data,
                                   const gint64       *first,
                                   const gint64       *count,
                                   AlmuHdf5Type        type,
                                   void               *values,
                                   GCancellable       *cancellable,
                                   GError            **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuHdf5, almu_hdf5_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuHdf5Data, almu_hdf5_data_close)

G_END_DECLS
