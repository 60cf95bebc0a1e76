/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-client.h"

G_BEGIN_DECLS

typedef struct _AlmuCommand AlmuCommand;

/**
 * AlmuRequest:
 * @arguments: (array zero-terminated=1): what is left of the command line
 * @client: the service
 *
 * A command with its options.
 */
typedef struct
{
  const AlmuCommand *command;
  gboolean           no_start;
  gboolean           no_browser;
  gboolean           as_json;
  gboolean           only_ids;
  char             **arguments;
  AlmuClient        *client;
} AlmuRequest;

/**
 * AlmuCommandOptions:
 *
 * Which options a command has beside those of all.
 */
typedef enum
{
  ALMU_COMMAND_BROWSER = 1 << 0,
  ALMU_COMMAND_JSON = 1 << 1,
  ALMU_COMMAND_IDS = 1 << 2,
} AlmuCommandOptions;

/**
 * AlmuCommand:
 * @arguments: as written in the help
 * @max_arguments: -1 for any number
 * @may_start: it makes sense to start the service for it
 * @run: returns the exit status; an error has one of its own
 *
 * One row of the table of commands.
 */
struct _AlmuCommand
{
  const char        *name;
  const char        *arguments;
  const char        *help;
  int                min_arguments;
  int                max_arguments;
  AlmuCommandOptions options;
  gboolean           may_start;
  int (*run) (const AlmuRequest *request,
              GError           **error);
};

const AlmuCommand *almu_command_table (gsize *n_commands);
const AlmuCommand *almu_command_find (const char *name);

int almu_command_show (const AlmuRequest *request,
                       GError           **error);
int almu_command_sessions (const AlmuRequest *request,
                           GError           **error);
int almu_command_status (const AlmuRequest *request,
                         GError           **error);

guint32 almu_command_parse_id (const char *text,
                               GError    **error);

G_END_DECLS
