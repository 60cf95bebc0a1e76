/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-greeter.h"
#include "almu-switchboard.h"
#include "almu-test-viewer.h"

G_BEGIN_DECLS

/* Pages of one browser, which are made to rebuild what they had before. The
 * test does what they would. */
typedef struct
{
  char            *folder;
  AlmuSessions    *sessions;
  AlmuSwitchboard *switchboard;
  AlmuGreeter     *greeter;
} Fixture;

#define BROWSER "0123456789abcdef0123456789abcdef"
#define OTHER_BROWSER "fedcba9876543210fedcba9876543210"

#define add_test(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)

void set_up (Fixture      *fixture,
             gconstpointer user_data);
void tear_down (Fixture      *fixture,
                gconstpointer user_data);

AlmuTestViewer *open_page (Fixture    *fixture,
                           const char *browser,
                           guint32    *out_session_id);
void            lose_page (Fixture        *fixture,
                           AlmuTestViewer *viewer);
void            open_catalog (AlmuTestViewer *viewer);
void            open_things (AlmuTestViewer *viewer,
                             gboolean        with_catalog);

CARTA__ScriptingRequest *begin_load (AlmuTestViewer *viewer,
                                     guint32         kept_id);
void                     end_load (AlmuTestViewer          *viewer,
                                   CARTA__ScriptingRequest *request);
void                     answer (AlmuTestViewer *viewer,
                                 const char     *path,
                                 const char     *action,
                                 const char     *parameters,
                                 gboolean        success,
                                 const char     *response);

G_END_DECLS
