/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-vofield.h"

G_BEGIN_DECLS

/**
 * AlmuVostreamKind:
 *
 * How a VOTable packs its rows, where it does.
 */
typedef enum
{
  ALMU_VOSTREAM_BINARY,
  ALMU_VOSTREAM_BINARY2,
  ALMU_VOSTREAM_FITS,
} AlmuVostreamKind;

/**
 * AlmuVostream: (foreign)
 *
 * The rows of a VOTable that stand in a STREAM, decoded as they come.
 */
typedef struct _AlmuVostream AlmuVostream;

AlmuVostream *almu_vostream_new (AlmuVostreamKind kind,
                                 AlmuDataTable   *table,
                                 GArray          *fields);
void          almu_vostream_free (AlmuVostream *self);
gboolean      almu_vostream_add (AlmuVostream *self,
                                 const char   *text,
                                 gsize         n_bytes,
                                 GError      **error);
gboolean      almu_vostream_end (AlmuVostream *self,
                                 GError      **error);
int           almu_vostream_get_fd (AlmuVostream *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuVostream, almu_vostream_free)

G_END_DECLS
