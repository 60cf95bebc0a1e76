/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * CrashState:
 * @values: what there is of the session, each under a key such as
 *   `0/region/3`; a file's own key is its number
 * @last_region_id: the highest region number given out
 *
 * A session as the test expects it, or as its record has it. Two that are
 * the same have the same text.
 */
typedef struct
{
  GHashTable *values;
  int         last_region_id;
} CrashState;

CrashState *crash_state_new (void);
CrashState *crash_state_copy (const CrashState *self);
void        crash_state_free (CrashState *self);
CrashState *crash_state_read (const char *path,
                              guint32     session_id);

void        crash_state_set (CrashState *self,
                             const char *value,
                             const char *key_format,
                             ...) G_GNUC_PRINTF (3, 4);
const char *crash_state_get (const CrashState *self,
                             const char       *key_format,
                             ...) G_GNUC_PRINTF (2, 3);
void        crash_state_drop (CrashState *self,
                              const char *prefix_format,
                              ...) G_GNUC_PRINTF (2, 3);
GArray     *crash_state_list (const CrashState *self,
                              const char       *prefix);
char       *crash_state_to_text (const CrashState *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrashState, crash_state_free)

G_END_DECLS
