/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-bus.h"
#include "almu-error.h"
#include "almu-limits.h"
#include "almu-test.h"

#define INTERFACE "io.github.almucantar.Almucantar."
#define MANAGER INTERFACE "Manager1"
#define SESSION INTERFACE "Session1"
#define FILE_ INTERFACE "File1"
#define REGION INTERFACE "Region1"
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define OBJECTS "org.freedesktop.DBus.ObjectManager"

/* A session as create_full_session() makes it. */
#define S5 ALMU_BUS_PATH "/sessions/5"
#define F1 S5 "/files/1"
#define R3 F1 "/regions/3"

/* The service on one connection, a client on another.
 *
 * base/             what is ours to clean up
 *   outside.fits
 *   link → top
 *   top/            the top-level folder
 *     cube.fits     4 × 3 pixels, 5 channels, 2 polarisations
 *     a,b.fits  two.fits (2 images)  notes.txt  sub/plain é.fits
 */
typedef struct
{
  char            *base;
  AlmuFolder      *folder;
  AlmuSessions    *sessions;
  AlmuBus         *bus;
  GDBusConnection *service;
  GDBusConnection *client;
  guint            subscription;
  GHashTable      *changes; /* "path interface property" → value as text */
  GPtrArray       *paths;   /* "+path" and "-path", as they came and went */
  gboolean         has_quit;
} Fixture;

char         *uri_of (Fixture    *fixture,
                      const char *name);
void          fixture_set_up (Fixture      *fixture,
                              gconstpointer user_data);
void          start_bus (Fixture *fixture);
void          fixture_set_up_exported (Fixture      *fixture,
                                       gconstpointer user_data);
void          fixture_tear_down (Fixture      *fixture,
                                 gconstpointer user_data);
void          on_ready (GObject      *source,
                        GAsyncResult *result,
                        gpointer      user_data);
GAsyncResult *await_result (GAsyncResult **place);
void          begin_call (Fixture       *fixture,
                          const char    *path,
                          const char    *interface,
                          const char    *method,
                          GVariant      *parameters,
                          GAsyncResult **place);
GVariant     *call (Fixture    *fixture,
                    const char *path,
                    const char *interface,
                    const char *method,
                    GVariant   *parameters,
                    GError    **error);
GVariant     *call_well (Fixture    *fixture,
                         const char *path,
                         const char *interface,
                         const char *method,
                         GVariant   *parameters);
void          call_simply (Fixture    *fixture,
                           const char *path,
                           const char *interface,
                           const char *method,
                           GVariant   *parameters);
void          assert_remote_error (GError     *error,
                                   const char *name,
                                   const char *part);
void          call_badly (Fixture    *fixture,
                          const char *path,
                          const char *interface,
                          const char *method,
                          GVariant   *parameters,
                          const char *name,
                          const char *part);
void          assert_property (Fixture    *fixture,
                               const char *path,
                               const char *interface,
                               const char *property,
                               const char *expected);
void          await_change (Fixture    *fixture,
                            const char *path,
                            const char *interface,
                            const char *property,
                            const char *expected);
void          assert_objects (Fixture    *fixture,
                              const char *expected);
AlmuSession  *create_session (Fixture *fixture,
                              guint32  id);
AlmuFile     *open_file (AlmuSession *session,
                         int          file_id,
                         const char  *directory,
                         const char  *base);
AlmuRegion   *draw (AlmuSession  *session,
                    int           region_id,
                    int           file_id,
                    AlmuShapeType type,
                    AlmuPoint     first,
                    AlmuPoint     second,
                    float         rotation);
void          lock_gate (void);
void          unlock_gate (void);
AlmuSession  *create_full_session (Fixture *fixture);
GVariant     *no_options (void);
GVariant     *one_option (const char *name,
                          GVariant   *value);
char         *list_sessions (Fixture  *fixture,
                             GVariant *filter);
int           run_bus_tests (int *argc, char ***argv, void (*add_tests) (void));

#define add_test(path, func) \
  g_test_add (path, Fixture, NULL, fixture_set_up_exported, func, fixture_tear_down)
