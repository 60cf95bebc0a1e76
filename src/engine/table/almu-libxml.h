/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libxml/parser.h>

#include "almu-module.h"

G_BEGIN_DECLS

/* What is called of libxml2. */
#define ALMU_LIBXML_CALLS(CALL)  \
  CALL (xmlCreatePushParserCtxt) \
  CALL (xmlCtxtUseOptions)       \
  CALL (xmlFreeDoc)              \
  CALL (xmlFreeParserCtxt)       \
  CALL (xmlParseChunk)           \
  CALL (xmlStopParser)

typedef struct
{
  const char *calls;
  ALMU_LIBXML_CALLS (ALMU_MODULE_MEMBER)
} AlmuLibxml;

/* Of the module. */
extern const AlmuLibxml almu_module;

/* From when almu_libxml_load() has returned %TRUE. */
extern const AlmuLibxml *almu_libxml;

gboolean almu_libxml_load (GError **error);

G_END_DECLS
