/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "almu-limits.h"

G_BEGIN_DECLS

/**
 * AlmuHduKind:
 * @ALMU_HDU_EMPTY: NAXIS = 0, a header only
 * @ALMU_HDU_IMAGE: an array of at least one axis
 * @ALMU_HDU_TILED: an image in the tiles of a binary table
 * @ALMU_HDU_TABLE: a table, binary or of text
 * @ALMU_HDU_GROUPS: random groups (visibilities)
 * @ALMU_HDU_OTHER: a kind of extension that is not known
 */
typedef enum
{
  ALMU_HDU_EMPTY,
  ALMU_HDU_IMAGE,
  ALMU_HDU_TILED,
  ALMU_HDU_TABLE,
  ALMU_HDU_GROUPS,
  ALMU_HDU_OTHER,
} AlmuHduKind;

/**
 * AlmuHdu: (foreign)
 * @number: counted from 0
 * @records: raw 80-byte records, without END
 * @data_offset: where the data begin in the (inflated) file
 * @n_data_bytes: how many there are without padding; -1 where the header
 *   does not tell
 * @shape: the first axes; those of a table for a tiled image
 *
 * A header and what it says about the size of its data.
 */
typedef struct
{
  int         number;
  AlmuHduKind kind;
  char       *records;
  gsize       n_records;
  gint64      data_offset;
  gint64      n_data_bytes;
  int         bitpix;
  int         n_axes;
  gint64      shape[ALMU_LIMIT_AXES];
} AlmuHdu;

/**
 * AlmuHduReader: (foreign)
 *
 * Walks through the HDUs of a file and reads their headers, never their
 * data. One thread.
 */
typedef struct _AlmuHduReader AlmuHduReader;

AlmuHduReader *almu_hdu_reader_new (int         fd,
                                    const char *name,
                                    GError    **error);
void           almu_hdu_reader_free (AlmuHduReader *self);
const char    *almu_hdu_reader_get_name (AlmuHduReader *self);
gboolean       almu_hdu_reader_is_compressed (AlmuHduReader *self);
gboolean       almu_hdu_reader_next (AlmuHduReader *self,
                                     AlmuHdu      **out_hdu,
                                     GError       **error);
gint64         almu_hdu_reader_read (AlmuHduReader *self,
                                     gint64         offset,
                                     gsize          n_bytes,
                                     void          *bytes,
                                     GError       **error);

void        almu_hdu_free (AlmuHdu *self);
gboolean    almu_hdu_read_layout (AlmuHdu *self,
                                  GError **error);
const char *almu_hdu_find (const AlmuHdu *self,
                           const char    *name);
char       *almu_hdu_dup_text (const AlmuHdu *self,
                               const char    *name);
gint64      almu_hdu_get_int (const AlmuHdu *self,
                              const char    *name,
                              gint64         fallback);
gboolean    almu_hdu_is_true (const AlmuHdu *self,
                              const char    *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuHduReader, almu_hdu_reader_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuHdu, almu_hdu_free)

G_END_DECLS
