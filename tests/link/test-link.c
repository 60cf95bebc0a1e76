/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <gio/gunixfdlist.h>
#include <string.h>
#include <sys/socket.h>

#include "almu-catalog.h"
#include "almu-frame.h"
#include "almu-limits.h"
#include "almu-link.h"
#include "almu-switchboard.h"
#include "almu-test-ask.h"
#include "almu-test-viewer.h"
#include "almu-test.h"
#include "almu-workers.h"
#include "test-random-message.h"

/* All of the service but the process: a viewer at the other end of a pair of
 * sockets, in the same main loop. */
typedef struct
{
  char            *folder;
  AlmuSessions    *sessions;
  AlmuSwitchboard *switchboard;
} Fixture;

static double
cube (const gint64 *position,
      gpointer      user_data)
{
  return (double) (position[0] + 10 * position[1] + 100 * position[2]);
}

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  const gint64          shape[] = { 20, 10, 3 };
  const AlmuLinkOptions options = { .idle_seconds = 15 };
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();
  g_autoptr(AlmuCache) cache = almu_cache_new (64 * 1024 * 1024);
  g_autoptr(AlmuFolder) folder = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *path = NULL;

  fixture->folder = almu_test_make_folder ();
  almu_test_fits_begin (fits, -32, 3, shape);
  almu_test_fits_end_header (fits);
  almu_test_fits_fill (fits, cube, NULL);
  almu_test_fits_end (fits);
  path = almu_test_fits_save (fits, fixture->folder, "cube.fits");

  folder = almu_folder_new (fixture->folder, NULL, &error);
  g_assert_no_error (error);
  fixture->sessions = almu_sessions_new (folder, cache, 3600);
  fixture->switchboard = almu_switchboard_new (fixture->sessions, &options);
}

static gboolean
has_no_links (gpointer user_data)
{
  return almu_switchboard_get_n_links (user_data) == 0;
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_test_await (has_no_links, fixture->switchboard);
  almu_sessions_park_all (fixture->sessions);
  almu_test_await_finalize (g_steal_pointer (&fixture->switchboard));
  almu_test_await_finalize (g_steal_pointer (&fixture->sessions));
  almu_test_remove_folder (fixture->folder);
  g_free (fixture->folder);
}

static GIOStream *
stream_for_fd (int fd)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GSocket) socket = g_socket_new_from_fd (fd, &error);

  g_assert_no_error (error);
  g_socket_set_blocking (socket, FALSE);

  return G_IO_STREAM (g_object_new (G_TYPE_SOCKET_CONNECTION, "socket", socket, NULL));
}

static AlmuTestViewer *
connect_viewer (Fixture *fixture)
{
  int fds[2];
  g_autoptr(GIOStream) ours = NULL;
  g_autoptr(GIOStream) theirs = NULL;

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  ours = stream_for_fd (fds[0]);
  theirs = stream_for_fd (fds[1]);
  almu_switchboard_accept (fixture->switchboard, ours, "127.0.0.1", NULL, 0);

  return almu_test_viewer_new_for_stream (theirs);
}

static guint32
assert_registers (AlmuTestViewer *viewer,
                  guint32         session_id)
{
  almu_test_autobody CARTA__RegisterViewerAck *ack = almu_test_viewer_register (viewer, session_id);

  g_assert_true (ack->success);
  g_assert_cmpuint (ack->session_id, !=, 0);
  g_assert_cmpint (ack->session_type, ==, session_id == 0 ? CARTA__SESSION_TYPE__NEW : CARTA__SESSION_TYPE__RESUMED);
  g_assert_true (session_id == 0 || ack->session_id == session_id);

  return ack->session_id;
}

static AlmuTestViewer *
connect_registered (Fixture *fixture)
{
  AlmuTestViewer *viewer = connect_viewer (fixture);

  assert_registers (viewer, 0);

  return viewer;
}

static void
open_cube (AlmuTestViewer *viewer,
           int             file_id)
{
  almu_test_autobody CARTA__OpenFileAck *ack = almu_test_viewer_open (viewer, "", "cube.fits", "", file_id);

  g_assert_cmpstr (ack->message, ==, "");
  g_assert_true (ack->success);
}

/* The process is as well as ever: it opens an image and shows it. */
static void
assert_is_well (Fixture *fixture)
{
  g_autoptr(AlmuTestViewer) viewer = connect_registered (fixture);
  g_autofree float *plane = NULL;

  open_cube (viewer, 0);
  plane = almu_test_await_plane (viewer, 0, 20, 10);
  g_assert_cmpfloat (plane[21], ==, 11);
  almu_test_viewer_close (viewer);
}

/* -- REGISTER_VIEWER ----------------------------------------------------- */

static void
test_link_register_new (Fixture      *fixture,
                        gconstpointer user_data)
{
  g_autoptr(AlmuTestViewer) a = connect_viewer (fixture);
  g_autoptr(AlmuTestViewer) b = connect_viewer (fixture);
  guint32 id = assert_registers (a, 0);

  g_assert_cmpuint (assert_registers (b, 0), !=, id);
  g_assert_cmpuint (almu_sessions_count (fixture->sessions, ALMU_SESSION_ATTACHED), ==, 2);
}

static void
test_link_register_unknown (Fixture      *fixture,
                            gconstpointer user_data)
{
  g_autoptr(AlmuTestViewer) viewer = connect_viewer (fixture);

  assert_registers (viewer, 9999);
  g_assert_nonnull (almu_sessions_lookup (fixture->sessions, 9999));
}

static gboolean
is_detached (gpointer user_data)
{
  return almu_session_get_state (user_data) == ALMU_SESSION_DETACHED;
}

static void
test_link_register_detached (Fixture      *fixture,
                             gconstpointer user_data)
{
  g_autoptr(AlmuTestViewer) before = connect_viewer (fixture);
  g_autoptr(AlmuTestViewer) after = connect_viewer (fixture);
  guint32      id = assert_registers (before, 0);
  AlmuSession *session = almu_sessions_lookup (fixture->sessions, id);
  AlmuFile    *file;

  open_cube (before, 4);
  file = almu_session_get_file (session, 4, NULL);
  almu_test_viewer_cut (before);
  almu_test_await (is_detached, session);

  assert_registers (after, id);
  g_assert_cmpint (almu_session_get_state (session), ==, ALMU_SESSION_ATTACHED);
  g_assert_true (almu_session_get_file (session, 4, NULL) == file);
}

static void
test_link_register_attached (Fixture      *fixture,
                             gconstpointer user_data)
{
  g_autoptr(AlmuTestViewer) before = connect_viewer (fixture);
  g_autoptr(AlmuTestViewer) after = connect_viewer (fixture);
  guint32                              id = assert_registers (before, 0);
  almu_test_autobody CARTA__ErrorData *error = NULL;

  open_cube (before, 4);
  almu_test_viewer_clear (before);
  assert_registers (after, id);
  g_assert_cmpint (almu_session_get_state (almu_sessions_lookup (fixture->sessions, id)), ==, ALMU_SESSION_ATTACHED);
  g_assert_cmpuint (almu_test_viewer_await_closed (before), ==, ALMU_CLOSE_TAKEN_OVER);
  error = almu_test_viewer_take (before, CARTA__EVENT_TYPE__ERROR_DATA);
  g_assert_nonnull (error);

  /* the end of the old link does nothing to the session any more */
  almu_test_viewer_await_pong (after);
  g_assert_cmpint (almu_session_get_state (almu_sessions_lookup (fixture->sessions, id)), ==, ALMU_SESSION_ATTACHED);
}

static void
test_link_register_twice (Fixture      *fixture,
                          gconstpointer user_data)
{
  g_autoptr(AlmuTestViewer) viewer = connect_viewer (fixture);
  guint32 id = assert_registers (viewer, 0);

  open_cube (viewer, 1);
  g_assert_cmpuint (assert_registers (viewer, 0), ==, id);
  g_assert_cmpuint (assert_registers (viewer, id), ==, id);
  g_assert_nonnull (almu_session_get_file (almu_sessions_lookup (fixture->sessions, id), 1, NULL));

  /* as another: the first is let go, and kept */
  g_assert_cmpuint (assert_registers (viewer, 12345), ==, 12345);
  g_assert_cmpuint (assert_registers (viewer, 12345), ==, 12345);
  g_assert_cmpint (almu_session_get_state (almu_sessions_lookup (fixture->sessions, id)), ==, ALMU_SESSION_DETACHED);
}

static void
assert_versions (AlmuTestViewer *viewer,
                 guint16         version)
{
  for (GList *l = almu_test_viewer_get_messages (viewer)->head; l != NULL; l = l->next)
    g_assert_cmpuint (((AlmuTestMessage *) l->data)->icd_version, ==, version);
}

static void
test_link_versions (Fixture      *fixture,
                    gconstpointer user_data)
{
  for (guint16 version = 28; version <= 30; version++)
    {
      g_autoptr(AlmuTestViewer) viewer = connect_viewer (fixture);
      CARTA__RegisterViewer  message = CARTA__REGISTER_VIEWER__INIT;
      CARTA__FileListRequest list = CARTA__FILE_LIST_REQUEST__INIT;
      CARTA__StartAnimation  animation = CARTA__START_ANIMATION__INIT;

      almu_test_viewer_set_icd_version (viewer, version);
      almu_test_viewer_send (viewer, &message.base);
      almu_test_viewer_send (viewer, &list.base);
      almu_test_viewer_send (viewer, &animation.base);
      almu_test_ask_close (viewer, 3);
      almu_test_viewer_await_pong (viewer);
      while (almu_test_viewer_get_messages (viewer)->length < 4)
        g_main_context_iteration (NULL, TRUE);
      assert_versions (viewer, version);
    }
}

static void
test_link_wrong_version (Fixture      *fixture,
                         gconstpointer user_data)
{
  const guint16 versions[] = { 0, 27, 31, 65535 };

  for (guint i = 0; i < G_N_ELEMENTS (versions); i++)
    {
      g_autoptr(AlmuTestViewer) viewer = connect_viewer (fixture);
      g_autofree char                             *text = g_strdup_printf ("%u", versions[i]);
      almu_test_autobody CARTA__RegisterViewerAck *ack = NULL;

      almu_test_viewer_set_icd_version (viewer, versions[i]);
      ack = almu_test_viewer_register (viewer, 0);
      g_assert_false (ack->success);
      g_assert_nonnull (strstr (ack->message, text));
      g_assert_nonnull (strstr (ack->message, "28"));
      g_assert_nonnull (strstr (ack->message, "30"));
      g_assert_cmpuint (almu_test_viewer_await_closed (viewer), ==, ALMU_CLOSE_VERSION);
    }

  g_assert_cmpuint (almu_sessions_count (fixture->sessions, ALMU_SESSION_ATTACHED), ==, 0);
}

/* -- every event --------------------------------------------------------- */

static gboolean
is_ours (guint16 event)
{
  const AlmuCatalogEntry *entry = almu_catalog_lookup (event);

  return entry != NULL && entry->direction == ALMU_DIRECTION_TO_US;
}

/* Whether the answer to @event can say no. */
static gboolean
can_refuse (guint16 event)
{
  const AlmuCatalogEntry *reply = almu_catalog_lookup (almu_catalog_lookup (event)->reply);

  return protobuf_c_message_descriptor_get_field_by_name (reply->descriptor, "success") != NULL;
}

static void
test_link_before_register (Fixture      *fixture,
                           gconstpointer user_data)
{
  g_autoptr(AlmuTestViewer) viewer = connect_viewer (fixture);

  for (guint16 event = 1; event < almu_catalog_get_size (); event++)
    {
      almu_test_autobody CARTA__ErrorData *error = NULL;

      if (!is_ours (event) || event == CARTA__EVENT_TYPE__REGISTER_VIEWER)
        continue;

      almu_test_viewer_send_raw (viewer, event, event, NULL, 0);
      error = almu_test_viewer_await (viewer, CARTA__EVENT_TYPE__ERROR_DATA);
      g_assert_nonnull (strstr (error->message, almu_catalog_get_name (event)));
      g_assert_nonnull (strstr (error->message, "REGISTER_VIEWER"));
      g_assert_cmpuint (almu_test_viewer_get_messages (viewer)->length, ==, 0);
    }

  g_assert_cmpuint (almu_sessions_count (fixture->sessions, ALMU_SESSION_ATTACHED), ==, 0);
  assert_registers (viewer, 0);
}

static void
test_link_unknown_events (Fixture      *fixture,
                          gconstpointer user_data)
{
  g_autoptr(AlmuTestViewer) viewer = connect_registered (fixture);
  const guint16 far[] = { 127, 128, 129, 255, 256, 32768, 65535 };

  for (guint event = 0; event < almu_catalog_get_size () + G_N_ELEMENTS (far); event++)
    {
      guint16                              number = event < almu_catalog_get_size () ? event : far[event - almu_catalog_get_size ()];
      g_autofree char                     *text = g_strdup_printf ("%u", number);
      almu_test_autobody CARTA__ErrorData *error = NULL;

      if (is_ours (number))
        continue;

      almu_test_viewer_send_raw (viewer, number, 77, "\377\377\377", 3);
      error = almu_test_viewer_await (viewer, CARTA__EVENT_TYPE__ERROR_DATA);
      g_assert_nonnull (strstr (error->message, text));
    }
}

static void
test_link_undecodable (Fixture      *fixture,
                       gconstpointer user_data)
{
  g_autoptr(AlmuTestViewer) viewer = connect_registered (fixture);

  for (guint16 event = 1; event < almu_catalog_get_size (); event++)
    {
      if (!is_ours (event))
        continue;

      almu_test_viewer_send_raw (viewer, event, 1000u + event, "\012\377\377\377\377\017ab", 8);
      if (almu_catalog_lookup (event)->reply != 0 && can_refuse (event))
        almu_test_body_free (almu_test_viewer_await_reply (viewer, almu_catalog_lookup (event)->reply, 1000u + event));
      else
        almu_test_body_free (almu_test_viewer_await (viewer, CARTA__EVENT_TYPE__ERROR_DATA));
    }
  g_assert_true (almu_test_viewer_is_open (viewer));
}

/* Sends each event with an empty body and sees to it that who waits for an
 * answer gets one. */
static void
send_empty_bodies (AlmuTestViewer *viewer)
{
  guint32 request_id = 5000;

  for (guint16 event = 1; event < almu_catalog_get_size (); event++)
    {
      if (!is_ours (event))
        continue;

      almu_test_viewer_send_raw (viewer, event, ++request_id, NULL, 0);
      if (almu_catalog_lookup (event)->reply != 0 && can_refuse (event))
        almu_test_body_free (almu_test_viewer_await_reply (viewer, almu_catalog_lookup (event)->reply, request_id));
      else
        almu_test_viewer_await_pong (viewer);
    }
  g_assert_true (almu_test_viewer_is_open (viewer));
}

static void
test_link_empty_bodies (Fixture      *fixture,
                        gconstpointer user_data)
{
  g_autoptr(AlmuTestViewer) viewer = connect_registered (fixture);

  send_empty_bodies (viewer);
  open_cube (viewer, 0);
  open_cube (viewer, 1);
  send_empty_bodies (viewer);
  assert_is_well (fixture);
}

/* What is not there yet says so by its own name. */
static void
test_link_not_there_yet (Fixture      *fixture,
                         gconstpointer user_data)
{
  const struct
  {
    guint16 event;
    guint16 reply;
  } cases[] = {
    { CARTA__EVENT_TYPE__MOMENT_REQUEST, CARTA__EVENT_TYPE__MOMENT_RESPONSE },
    { CARTA__EVENT_TYPE__PV_REQUEST, CARTA__EVENT_TYPE__PV_RESPONSE },
    { CARTA__EVENT_TYPE__FITTING_REQUEST, CARTA__EVENT_TYPE__FITTING_RESPONSE },
  };
  g_autoptr(AlmuTestViewer) viewer = connect_registered (fixture);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const AlmuCatalogEntry              *reply = almu_catalog_lookup (cases[i].reply);
      const ProtobufCFieldDescriptor      *success;
      const ProtobufCFieldDescriptor      *text;
      almu_test_autobody ProtobufCMessage *message = NULL;

      almu_test_viewer_send_raw (viewer, cases[i].event, 100 + i, NULL, 0);
      message = almu_test_viewer_await_reply (viewer, cases[i].reply, 100 + i);
      success = protobuf_c_message_descriptor_get_field_by_name (reply->descriptor, "success");
      text = protobuf_c_message_descriptor_get_field_by_name (reply->descriptor, "message");
      g_assert_false (G_STRUCT_MEMBER (protobuf_c_boolean, message, success->offset));
      g_assert_nonnull (strstr (G_STRUCT_MEMBER (char *, message, text->offset), almu_catalog_get_name (cases[i].event)));
    }
}

static void
test_link_random_bytes (Fixture      *fixture,
                        gconstpointer user_data)
{
  g_autoptr(AlmuTestViewer) viewer = connect_registered (fixture);
  guint8 body[64];

  open_cube (viewer, 0);
  for (int i = 0; i < 3000; i++)
    {
      gsize length = (gsize) g_test_rand_int_range (0, sizeof body);

      for (gsize j = 0; j < length; j++)
        body[j] = (guint8) g_test_rand_int_range (0, 256);
      almu_test_viewer_send_raw (viewer, (guint16) g_test_rand_int_range (0, 100), 1000000 + i, body, length);
      if (i % 100 == 0)
        {
          almu_test_viewer_await_pong (viewer);
          almu_test_viewer_clear (viewer);
        }
    }
  almu_test_viewer_await_pong (viewer);
  g_assert_true (almu_test_viewer_is_open (viewer));
  assert_is_well (fixture);
}

/* Messages that decode, of every kind, in any order, with any values; some
 * of them mean something. */
static void
test_link_random_messages (Fixture      *fixture,
                           gconstpointer user_data)
{
  g_autoptr(AlmuTestViewer) viewer = connect_registered (fixture);

  for (int i = 0; i < 4000; i++)
    {
      guint16 event = (guint16) g_test_rand_int_range (1, (int) almu_catalog_get_size ());
      g_autoptr(GByteArray) body = NULL;

      if (i % 50 == 0)
        {
          almu_test_viewer_await_pong (viewer);
          almu_test_viewer_clear (viewer);
          g_assert_true (almu_test_viewer_is_open (viewer));
          open_cube (viewer, i / 50 % 3);
        }
      if (!is_ours (event))
        continue;

      body = test_random_message (almu_catalog_lookup (event)->descriptor, 4);
      almu_test_viewer_send_raw (viewer, event, 1000000 + i, body->data, body->len);
    }

  almu_test_viewer_await_pong (viewer);
  g_assert_true (almu_test_viewer_is_open (viewer));
  assert_is_well (fixture);
}

static void
test_link_short_frames (Fixture      *fixture,
                        gconstpointer user_data)
{
  g_autoptr(AlmuTestViewer) viewer = connect_registered (fixture);

  for (gsize length = 0; length < ALMU_FRAME_BYTES; length++)
    almu_test_viewer_send_bytes (viewer, "\001\000\036\000\000\000\000", length);
  almu_test_viewer_send_text (viewer, "");
  almu_test_viewer_send_text (viewer, "PINGPING");
  almu_test_viewer_send_text (viewer, "ping");
  almu_test_viewer_await_pong (viewer);
  g_assert_true (almu_test_viewer_is_open (viewer));
  assert_registers (viewer, 0);
}

/* What a viewer asks for is the work of its session, and of the next one when
 * it says that it is that. */
static void
test_link_owner (Fixture      *fixture,
                 gconstpointer user_data)
{
  g_autoptr(AlmuTestViewer) viewer = connect_viewer (fixture);
  guint32   ids[] = { assert_registers (viewer, 0), 12345 };
  AlmuLink *link = almu_switchboard_find (fixture->switchboard, almu_sessions_lookup (fixture->sessions, ids[0]));

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      assert_registers (viewer, ids[i]);
      g_assert_cmpuint (almu_workers_get_owner (almu_link_get_cancellable (link)), ==, ids[i]);
      g_assert_cmpuint (almu_workers_get_owner (almu_link_renew_listing (link)), ==, ids[i]);
    }
}

/* Any number is a catalog's, for whoever asks. */
static void
test_link_catalog_ids (Fixture      *fixture,
                       gconstpointer user_data)
{
  static const gint32 ids[] = { G_MININT32, -2, -1, 0, G_MAXINT32 - 1, G_MAXINT32 };
  g_autoptr(AlmuTestViewer) viewer = connect_registered (fixture);

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      CARTA__CloseCatalogFile              message = CARTA__CLOSE_CATALOG_FILE__INIT;
      g_autofree char                     *text = g_strdup_printf ("%d", ids[i]);
      almu_test_autobody CARTA__ErrorData *error = NULL;

      g_assert_cmpint (ALMU_LINK_CATALOG (ids[i]), <, ALMU_LINK_ALL_FILES);
      message.file_id = ids[i];
      almu_test_viewer_send (viewer, &message.base);
      error = almu_test_viewer_await (viewer, CARTA__EVENT_TYPE__ERROR_DATA);
      g_assert_nonnull (strstr (error->message, text));
    }
}

/* -- what waits ----------------------------------------------------------- */

/* The link of a viewer on which an order about file 5 is being carried out,
 * for as long as the test wants. */
static AlmuLink *
begin_order (Fixture        *fixture,
             AlmuTestViewer *viewer)
{
  AlmuSession *session = almu_sessions_lookup (fixture->sessions, assert_registers (viewer, 0));
  AlmuLink    *link = almu_switchboard_find (fixture->switchboard, session);

  almu_link_begin_order (link, 5);

  return link;
}

static void
assert_overflows (AlmuTestViewer *viewer)
{
  almu_test_autobody CARTA__ErrorData *error = almu_test_viewer_await (viewer, CARTA__EVENT_TYPE__ERROR_DATA);

  g_assert_cmpstr (error->message, ==, "Too many messages while a file is being opened");
  g_assert_cmpuint (almu_test_viewer_await_closed (viewer), ==, ALMU_CLOSE_OVERFLOW);
}

static void
test_link_waiting_messages (Fixture      *fixture,
                            gconstpointer user_data)
{
  g_autoptr(AlmuTestViewer) viewer = connect_viewer (fixture);
  AlmuLink *link = begin_order (fixture, viewer);

  for (guint i = 0; i < ALMU_LIMIT_WAITING_MESSAGES; i++)
    almu_test_ask_cursor (viewer, 5, 1, 1);
  open_cube (viewer, 6);
  almu_test_viewer_await_pong (viewer);
  g_assert_null (almu_test_viewer_take (viewer, CARTA__EVENT_TYPE__ERROR_DATA));

  /* all of them have their turn, and there is no such file */
  almu_link_end_order (link, 5);
  for (guint i = 0; i < ALMU_LIMIT_WAITING_MESSAGES; i++)
    almu_test_body_free (almu_test_viewer_await (viewer, CARTA__EVENT_TYPE__ERROR_DATA));
  g_assert_null (almu_test_viewer_take (viewer, CARTA__EVENT_TYPE__ERROR_DATA));

  almu_link_begin_order (link, 5);
  for (guint i = 0; i < ALMU_LIMIT_WAITING_MESSAGES + 1; i++)
    almu_test_ask_cursor (viewer, 5, 1, 1);
  assert_overflows (viewer);
  assert_is_well (fixture);
}

/* A message of as many bytes as one may have, about file 5; in its turn it
 * is refused. */
static void
send_largest (AlmuTestViewer *viewer)
{
  CARTA__OpenFile  message = CARTA__OPEN_FILE__INIT;
  g_autofree char *name = g_strnfill (ALMU_LIMIT_MESSAGE_BYTES, 'a');
  gsize            body_size = ALMU_LIMIT_MESSAGE_BYTES - ALMU_FRAME_BYTES;

  message.file_id = 5;
  message.file = name;
  name[2 * body_size + ALMU_FRAME_BYTES - protobuf_c_message_get_packed_size (&message.base)] = '\0';
  g_assert_cmpuint (protobuf_c_message_get_packed_size (&message.base), ==, body_size);
  almu_test_viewer_send (viewer, &message.base);
}

static void
send_as_many_bytes_as_may_wait (AlmuTestViewer *viewer)
{
  for (guint i = 0; i < ALMU_LIMIT_WAITING_BYTES / ALMU_LIMIT_MESSAGE_BYTES; i++)
    send_largest (viewer);
}

/* However often something else is done meanwhile, they just wait. */
static void
test_link_waiting_bytes (Fixture      *fixture,
                         gconstpointer user_data)
{
  g_autoptr(AlmuTestViewer) viewer = connect_viewer (fixture);
  AlmuLink *link = begin_order (fixture, viewer);

  send_as_many_bytes_as_may_wait (viewer);
  for (int i = 0; i < 300; i++)
    open_cube (viewer, 6);
  almu_test_viewer_await_pong (viewer);
  g_assert_null (almu_test_viewer_take (viewer, CARTA__EVENT_TYPE__OPEN_FILE_ACK));

  almu_link_end_order (link, 5);
  for (guint i = 0; i < ALMU_LIMIT_WAITING_BYTES / ALMU_LIMIT_MESSAGE_BYTES; i++)
    {
      almu_test_autobody CARTA__OpenFileAck *ack = almu_test_viewer_await (viewer, CARTA__EVENT_TYPE__OPEN_FILE_ACK);

      g_assert_false (ack->success);
      g_assert_cmpuint (strlen (ack->message), <, ALMU_LIMIT_PATH_BYTES);
    }

  almu_link_begin_order (link, 5);
  send_as_many_bytes_as_may_wait (viewer);
  almu_test_viewer_await_pong (viewer);
  g_assert_true (almu_test_viewer_is_open (viewer));
  almu_test_ask_cursor (viewer, 5, 1, 1);
  assert_overflows (viewer);
  assert_is_well (fixture);
}

/* -- order, and ends ----------------------------------------------------- */

/* What is about a file that is being opened waits for it. */
static void
test_link_order (Fixture      *fixture,
                 gconstpointer user_data)
{
  g_autoptr(AlmuTestViewer) viewer = connect_registered (fixture);
  CARTA__OpenFile message = CARTA__OPEN_FILE__INIT;
  const gint32    code = 0;
  const float     points[] = { 5, 5, 2, 2 };

  message.directory = (char *) "";
  message.file = (char *) "cube.fits";
  message.hdu = (char *) "";
  for (int round = 0; round < 5; round++)
    {
      g_autoptr(GPtrArray) tiles = NULL;

      message.file_id = round;
      almu_test_viewer_send (viewer, &message.base);
      almu_test_ask_plane (viewer, round, 2, 0, &code, 1);
      g_assert_cmpint (almu_test_draw (viewer, round, -1, CARTA__REGION_TYPE__RECTANGLE, points, 2, 0), ==, round + 1);
      tiles = almu_test_await_picture (viewer, round);
      g_assert_cmpint (((CARTA__RasterTileData *) tiles->pdata[0])->channel, ==, 2);
      g_assert_null (almu_test_viewer_take (viewer, CARTA__EVENT_TYPE__ERROR_DATA));
    }

  /* opened and closed in one breath */
  message.file_id = 9;
  almu_test_viewer_send (viewer, &message.base);
  almu_test_ask_close (viewer, 9);
  almu_test_viewer_send (viewer, &message.base);
  almu_test_ask_close (viewer, -1);
  g_assert_cmpint (almu_test_draw (viewer, 9, -1, CARTA__REGION_TYPE__RECTANGLE, points, 2, 0), ==, 0);
  g_assert_null (almu_test_viewer_take (viewer, CARTA__EVENT_TYPE__ERROR_DATA));
}

typedef struct
{
  guint n_commits;
  guint n_regions; /* at the last of them */
} Commits;

static void
on_commit (AlmuSession *session,
           Commits     *commits)
{
  commits->n_commits++;
  commits->n_regions = almu_session_get_n_regions (session);
}

/* A record is written as a whole: once for all that is asked for together, and
 * before any of it is answered. */
static void
test_link_promises (Fixture      *fixture,
                    gconstpointer user_data)
{
  enum
  {
    N_REGIONS = 200
  };

  g_autoptr(AlmuTestViewer) viewer = connect_viewer (fixture);
  AlmuSession      *session = almu_sessions_lookup (fixture->sessions, assert_registers (viewer, 0));
  Commits           commits = { 0 };
  CARTA__SetRegion  message = CARTA__SET_REGION__INIT;
  CARTA__RegionInfo info = CARTA__REGION_INFO__INIT;
  CARTA__Point      point = CARTA__POINT__INIT;
  CARTA__Point     *points[] = { &point };

  open_cube (viewer, 0);
  g_signal_connect (session, "commit", G_CALLBACK (on_commit), &commits);

  info.region_type = CARTA__REGION_TYPE__POINT;
  info.n_control_points = G_N_ELEMENTS (points);
  info.control_points = points;
  message.region_id = -1;
  message.region_info = &info;
  for (int i = 0; i < N_REGIONS; i++)
    almu_test_viewer_send (viewer, &message.base);

  for (int i = 0; i < N_REGIONS; i++)
    {
      almu_test_autobody CARTA__SetRegionAck *ack = almu_test_viewer_await (viewer, CARTA__EVENT_TYPE__SET_REGION_ACK);

      g_assert_true (ack->success);
      g_assert_cmpint (ack->region_id, ==, i + 1);
      g_assert_cmpuint (commits.n_regions, >, i);
    }
  g_test_message ("%u commits", commits.n_commits);
  g_assert_cmpuint (commits.n_commits, <, N_REGIONS / 2);

  /* what changes nothing promises nothing */
  commits.n_commits = 0;
  almu_test_viewer_await_pong (viewer);
  g_assert_cmpuint (commits.n_commits, ==, 0);
  g_signal_handlers_disconnect_by_data (session, &commits);
}

/* The page's “Open” closes all and opens one, while another is still being
 * opened. */
static void
test_link_closing_all_is_not_overtaken (Fixture      *fixture,
                                        gconstpointer user_data)
{
  g_autoptr(AlmuTestViewer) viewer = connect_viewer (fixture);
  AlmuSession    *session = almu_sessions_lookup (fixture->sessions, assert_registers (viewer, 0));
  CARTA__OpenFile message = CARTA__OPEN_FILE__INIT;

  message.directory = (char *) "";
  message.file = (char *) "cube.fits";
  message.hdu = (char *) "";
  for (int i = 0; i < 10; i++)
    {
      message.file_id = 2 * i;
      almu_test_viewer_send (viewer, &message.base);
      almu_test_ask_close (viewer, -1);
      open_cube (viewer, 2 * i + 1);
      g_assert_null (almu_session_get_file (session, 2 * i, NULL));
      g_assert_nonnull (almu_session_get_file (session, 2 * i + 1, NULL));
    }
}

static void
test_link_lost_while_opening (Fixture      *fixture,
                              gconstpointer user_data)
{
  for (int i = 0; i < 20; i++)
    {
      g_autoptr(AlmuTestViewer) viewer = connect_registered (fixture);
      CARTA__OpenFile        message = CARTA__OPEN_FILE__INIT;
      CARTA__FileListRequest list = CARTA__FILE_LIST_REQUEST__INIT;
      CARTA__FileInfoRequest info = CARTA__FILE_INFO_REQUEST__INIT;

      message.directory = (char *) "";
      message.file = (char *) "cube.fits";
      message.hdu = (char *) "";
      info.directory = (char *) "";
      info.file = (char *) "cube.fits";
      almu_test_viewer_send (viewer, &message.base);
      almu_test_viewer_send (viewer, &list.base);
      almu_test_viewer_send (viewer, &info.base);
      if (i % 2 == 0)
        almu_test_viewer_await_pong (viewer);
      if (i % 3 == 0)
        almu_test_viewer_close (viewer);
      else
        almu_test_viewer_cut (viewer);
    }
}

static void
test_link_clean_close (Fixture      *fixture,
                       gconstpointer user_data)
{
  g_autoptr(AlmuTestViewer) viewer = connect_viewer (fixture);
  guint32 id = assert_registers (viewer, 0);

  open_cube (viewer, 0);
  almu_test_body_free (almu_test_viewer_await (viewer, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA));
  g_assert_cmpuint (almu_cache_get_size (almu_sessions_get_cache (fixture->sessions)), >, 0);
  almu_test_viewer_close (viewer);
  almu_test_await (has_no_links, fixture->switchboard);
  g_assert_null (almu_sessions_lookup (fixture->sessions, id));
  g_assert_cmpuint (almu_cache_get_size (almu_sessions_get_cache (fixture->sessions)), ==, 0);
}

static void
test_link_close_all (Fixture      *fixture,
                     gconstpointer user_data)
{
  AlmuTestViewer *viewers[5];
  guint32         ids[5];

  for (guint i = 0; i < G_N_ELEMENTS (viewers); i++)
    {
      viewers[i] = connect_viewer (fixture);
      ids[i] = assert_registers (viewers[i], 0);
    }

  almu_switchboard_close_all (fixture->switchboard);
  for (guint i = 0; i < G_N_ELEMENTS (viewers); i++)
    {
      g_assert_cmpuint (almu_test_viewer_await_closed (viewers[i]), ==, 1001);
      g_assert_cmpint (almu_session_get_state (almu_sessions_lookup (fixture->sessions, ids[i])), ==, ALMU_SESSION_DETACHED);
      almu_test_viewer_free (viewers[i]);
    }
}

static void
test_link_too_many (Fixture      *fixture,
                    gconstpointer user_data)
{
  g_autoptr(GPtrArray) viewers = g_ptr_array_new_with_free_func ((GDestroyNotify) almu_test_viewer_free);
  g_autoptr(AlmuTestViewer) last = NULL;

  for (int i = 0; i < ALMU_LIMIT_LINKS; i++)
    g_ptr_array_add (viewers, connect_viewer (fixture));
  last = connect_viewer (fixture);
  g_assert_cmpuint (almu_test_viewer_await_closed (last), ==, 1008);
  assert_registers (viewers->pdata[ALMU_LIMIT_LINKS - 1], 0);
}

#define add_test(path, func) \
  g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  add_test ("/link/register/new", test_link_register_new);
  add_test ("/link/register/unknown", test_link_register_unknown);
  add_test ("/link/register/detached", test_link_register_detached);
  add_test ("/link/register/attached", test_link_register_attached);
  add_test ("/link/register/twice", test_link_register_twice);
  add_test ("/link/register/versions", test_link_versions);
  add_test ("/link/register/wrong-version", test_link_wrong_version);
  add_test ("/link/events/before-register", test_link_before_register);
  add_test ("/link/events/unknown", test_link_unknown_events);
  add_test ("/link/events/undecodable", test_link_undecodable);
  add_test ("/link/events/empty-bodies", test_link_empty_bodies);
  add_test ("/link/events/not-there-yet", test_link_not_there_yet);
  add_test ("/link/events/random-bytes", test_link_random_bytes);
  add_test ("/link/events/random-messages", test_link_random_messages);
  add_test ("/link/events/short-frames", test_link_short_frames);
  add_test ("/link/order", test_link_order);
  add_test ("/link/order/closing-all-is-not-overtaken", test_link_closing_all_is_not_overtaken);
  add_test ("/link/promises", test_link_promises);
  add_test ("/link/catalog-ids", test_link_catalog_ids);
  add_test ("/link/owner", test_link_owner);
  add_test ("/link/waiting/messages", test_link_waiting_messages);
  add_test ("/link/waiting/bytes", test_link_waiting_bytes);
  add_test ("/link/lost-while-opening", test_link_lost_while_opening);
  add_test ("/link/clean-close", test_link_clean_close);
  add_test ("/link/close-all", test_link_close_all);
  add_test ("/link/too-many", test_link_too_many);

  return g_test_run ();
}
