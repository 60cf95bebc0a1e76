/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "almu-test-viewer.h"
#include "crash-state.h"

G_BEGIN_DECLS

/* What the files of the test are like. */
#define CRASH_SIDE 32
#define CRASH_DEPTH 3
#define CRASH_N_STOKES 2
#define CRASH_N_IMAGES 3
#define CRASH_MAX_FILES 4
#define CRASH_CATALOG "stars.xml"
#define CRASH_PART_I "part_I.fits"
#define CRASH_PART_Q "part_Q.fits"
#define CRASH_HYPERCUBE "part_hypercube_IQ.fits"

typedef enum
{
  CRASH_NEEDS_NOTHING = 0,
  CRASH_NEEDS_FILE = 1 << 0,
  CRASH_NEEDS_REGION = 1 << 1,  /* of the file */
  CRASH_NEEDS_ROOM = 1 << 2,    /* for another file */
  CRASH_NEEDS_CATALOG = 1 << 3, /* any */
} CrashNeeds;

/**
 * CrashScene:
 * @viewer: (nullable): the page, unless a change has sent it away
 * @bus: (nullable): somebody on the bus
 * @request_id: what the page has asked last
 * @call: what somebody on the bus is about to ask
 * @last_free_id: the number that the session has given a file last
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
 * A kind of change. Another kind is another line of a table.
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

guint              crash_changes_count (void);
const CrashChange *crash_changes_get (guint index);
guint              crash_changes_find (const CrashChange *change);
const CrashChange *crash_change_pick (const CrashState *state,
                                      gboolean          is_call,
                                      int              *out_file_id,
                                      int              *out_region_id);
void               crash_send_resume (CrashScene       *scene,
                                      const CrashState *state);

G_END_DECLS
