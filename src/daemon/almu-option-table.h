/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-options.h"

G_BEGIN_DECLS

/**
 * AlmuOptionKind:
 *
 * What an option's value looks like, on the command line as in a file.
 */
typedef enum
{
  ALMU_OPTION_FLAG,
  ALMU_OPTION_NUMBER,
  ALMU_OPTION_TEXT,
  ALMU_OPTION_PATH,
  ALMU_OPTION_PORT,
  ALMU_OPTION_PERIOD,
  ALMU_OPTION_SIZE,
  ALMU_OPTION_CHOICE,
  ALMU_OPTION_LIST,
  ALMU_OPTION_NOTHING,
} AlmuOptionKind;

/**
 * AlmuOptionTraits:
 * @ALMU_OPTION_COMMAND_LINE: makes no sense in a file
 * @ALMU_OPTION_MANNER: does not make the service a different one
 * @ALMU_OPTION_DEPRECATED: understood with a warning; the help text is the
 *   advice
 * @ALMU_OPTION_HIDDEN: for programs, not in --help
 */
typedef enum
{
  ALMU_OPTION_COMMAND_LINE = 1 << 0,
  ALMU_OPTION_MANNER = 1 << 1,
  ALMU_OPTION_DEPRECATED = 1 << 2,
  ALMU_OPTION_HIDDEN = 1 << 3,
} AlmuOptionTraits;

/**
 * AlmuOption:
 * @name: spelled with `-`; `_` is as good everywhere
 * @offset: of the member of #AlmuOptions it fills
 *
 * One row of the table from which the command line, the files and the help
 * text are made.
 */
typedef struct
{
  const char        *name;
  char               short_name;
  AlmuOptionKind     kind;
  AlmuOptionTraits   traits;
  gsize              offset;
  gint64             min;
  gint64             max;
  const char *const *choices;
  const char        *argument;
  const char        *help;
} AlmuOption;

const AlmuOption *almu_option_table (gsize *n_options);
const AlmuOption *almu_option_find (const char *name,
                                    gsize       length);
const AlmuOption *almu_option_find_short (char name);
gboolean          almu_option_takes_value (const AlmuOption *self);
gboolean          almu_option_set (const AlmuOption *self,
                                   AlmuOptions      *options,
                                   const char       *text);
char             *almu_option_dup_expected (const AlmuOption *self);

G_END_DECLS
