/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "almu-test-viewer.h"
#include "crash-state.h"

G_BEGIN_DECLS

/* What the images of the test are like. */
#define CRASH_SIDE 32
#define CRASH_DEPTH 3
#define CRASH_N_STOKES 2
#define CRASH_N_IMAGES 3
#define CRASH_MAX_FILES 4
#define CRASH_CATALOG "stars.xml"

typedef enum
{
  CRASH_NEEDS_NOTHING = 0,
  CRASH_NEEDS_FILE = 1 << 0,
  CRASH_NEEDS_REGION = 1 << 1, /* of the file */
  CRASH_NEEDS_ROOM = 1 << 2,   /* for another file */
} CrashNeeds;

/**
 * CrashScene:
 * @viewer: (nullable): the page, unless a change has sent it away
 * @bus: (nullable): somebody on the bus
 * @request_id: what the page has asked last
 * @call: what somebody on the bus is about to ask
 * @last_free_id: the number that the process has given a file last
 *
 * Who changes a session.
 */
typedef struct
{
  AlmuTestViewer  *viewer;
  GDBusConnection *bus;
  guint32          session_id;
  guint32          request_id;
  GDBusMessage    *call;
  int              last_free_id;
} CrashScene;

/**
 * CrashChange:
 * @weight: how often it is chosen, beside the others
 * @ack: the event that acknowledges it, 0 if none does
 * @is_call: made on the bus, where every call is answered
 * @change: asks for it, and does the same to @after; @file_id and @region_id
 *   are what was needed, or a file id that is free
 *
 * A kind of change. Another kind is another line of the table.
 */
typedef struct
{
  const char *name;
  guint       weight;
  CrashNeeds  needs;
  guint16     ack;
  gboolean    is_call;
  void (*change) (CrashScene *scene,
                  CrashState *after,
                  int         file_id,
                  int         region_id);
} CrashChange;

extern const CrashChange crash_changes[];
extern const guint       crash_n_changes;

const CrashChange *crash_change_pick (const CrashScene *scene,
                                      const CrashState *state,
                                      gboolean          is_call,
                                      int              *out_file_id,
                                      int              *out_region_id);
void               crash_send_resume (CrashScene       *scene,
                                      const CrashState *state);

G_END_DECLS
