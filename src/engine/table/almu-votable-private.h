/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-libxml.h"

#include "almu-data-table.h"
#include "almu-limits.h"
#include "almu-vostream.h"

G_BEGIN_DECLS

/* What the files that read a VOTable share. */

typedef enum
{
  ELEMENT_OTHER,
  ELEMENT_TD,
  ELEMENT_TR,
  ELEMENT_VOTABLE,
  ELEMENT_RESOURCE,
  ELEMENT_COOSYS,
  ELEMENT_DESCRIPTION,
  ELEMENT_PARAM,
  ELEMENT_TABLE,
  ELEMENT_FIELD,
  ELEMENT_VALUES,
  ELEMENT_DATA,
  ELEMENT_TABLEDATA,
  ELEMENT_BINARY,
  ELEMENT_BINARY2,
  ELEMENT_FITS,
  ELEMENT_STREAM,
} AlmuVoElement;

typedef struct
{
  xmlParserCtxtPtr parser;
  AlmuDataTable   *table;
  GArray          *fields; /* AlmuVofield */
  AlmuVoElement    path[ALMU_LIMIT_XML_DEPTH + 1];
  guint            depth;
  GString         *text; /* of the TD or DESCRIPTION that is open */
  gboolean         is_gathering;
  gboolean         is_encoded; /* the cell: base64 of what a stream would have */
  guint            cell;       /* of the row that is open */
  gboolean         is_head_only;
  gboolean         has_data;
  gboolean         is_done;
  gboolean         is_at_end; /* of the file */
  gboolean         is_plain;  /* rows may be taken past the parser */
  gsize            n_silent;  /* bytes that the parser has said nothing about yet */
  AlmuVostream    *stream;
  GError          *error;
} AlmuVoReader;

extern const xmlSAXHandler almu_vo_reader_handlers;

void          almu_vo_reader_stop (AlmuVoReader *reader);
AlmuVoElement almu_vo_reader_get_parent (AlmuVoReader *reader);
void          almu_vo_reader_note_many_cells (AlmuVoReader *reader);
gboolean      almu_vo_reader_account (AlmuVoReader *reader);
void          almu_vo_reader_check_silence (AlmuVoReader *reader);
void          almu_vo_reader_end_row (AlmuVoReader *reader);

G_END_DECLS
