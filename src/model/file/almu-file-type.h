/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-listing.h"

G_BEGIN_DECLS

/* Bytes from the start of a file that tell what it is. */
#define ALMU_FILE_TYPE_BYTES 64

AlmuFileType almu_file_type_for_name (const char  *name,
                                      AlmuListKind kind);
AlmuFileType almu_file_type_for_bytes (const char   *name,
                                       const guint8 *bytes,
                                       gsize         n_bytes,
                                       AlmuListKind  kind);

/**
 * AlmuFolderMarks:
 *
 * Names in a directory that make it an image.
 */
typedef enum
{
  ALMU_MARK_TABLE_DAT = 1 << 0,
  ALMU_MARK_TABLE_INFO = 1 << 1,
  ALMU_MARK_CASA = 1 << 2,
  ALMU_MARK_HEADER = 1 << 3,
  ALMU_MARK_IMAGE = 1 << 4,
} AlmuFolderMarks;

AlmuFolderMarks almu_file_type_get_mark (const char *name);
AlmuFileType    almu_file_type_for_folder (int             fd,
                                           AlmuFolderMarks marks);

G_END_DECLS
