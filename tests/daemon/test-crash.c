/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-test-bus.h"
#include "crash-changes.h"
#include "test-desk.h"

/* The service is killed at moments chosen at random, with changes of every
 * kind on their way through both doors. What somebody saw acknowledged is
 * there afterwards, and beside it at most what was sent after that, in the
 * order it was sent.
 */

#define N_ROUNDS 300
#define N_ROUNDS_SLOW 4000

typedef struct
{
  AlmuTestBus *bus;
  Desk         desk;
  CrashScene   scene;
  GPtrArray   *states;       /* each after one more change */
  guint        acknowledged; /* index of the last that is certain */
  guint       *n_made;       /* of each kind */
  guint        n_ahead;      /* found a state that nobody knew of yet */
} Fixture;

static void
write_image (Fixture    *fixture,
             const char *name,
             int         n_stokes)
{
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();
  g_autofree char   *path = NULL;
  gsize              n = (gsize) CRASH_SIDE * CRASH_SIDE * CRASH_DEPTH * n_stokes;
  g_autofree double *values = g_new0 (double, n);

  almu_test_fits_begin (fits, -32, 4, (gint64[]){ CRASH_SIDE, CRASH_SIDE, CRASH_DEPTH, n_stokes });
  almu_test_fits_card (fits, "CTYPE3", "'FREQ'");
  almu_test_fits_card (fits, "CTYPE4", "'STOKES'");
  almu_test_fits_end_header (fits);
  almu_test_fits_values (fits, n, values);
  almu_test_fits_end (fits);
  path = almu_test_fits_save (fits, fixture->desk.folder, name);
}

static void
write_images (Fixture *fixture)
{
  for (int i = 0; i < CRASH_N_IMAGES; i++)
    {
      g_autofree char *name = g_strdup_printf ("%d.fits", i);

      write_image (fixture, name, CRASH_N_STOKES);
    }
  write_image (fixture, CRASH_PART_I, 1);
  write_image (fixture, CRASH_PART_Q, 1);
}

static void
write_catalog (Fixture *fixture)
{
  static const char text[] = "<?xml version=\"1.0\"?>\n"
                             "<VOTABLE version=\"1.3\" xmlns=\"http://www.ivoa.net/xml/VOTable/v1.3\"><RESOURCE><TABLE>\n"
                             "<FIELD name=\"RA\" datatype=\"double\" unit=\"deg\"/><FIELD name=\"DEC\" datatype=\"double\" unit=\"deg\"/>\n"
                             "<DATA><TABLEDATA><TR><TD>1.5</TD><TD>2.5</TD></TR></TABLEDATA></DATA>\n"
                             "</TABLE></RESOURCE></VOTABLE>\n";
  g_autofree char  *path = g_build_filename (fixture->desk.folder, CRASH_CATALOG, NULL);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  fixture->bus = almu_test_bus_up (NULL);
  desk_prepare (&fixture->desk, NULL);
  fixture->states = g_ptr_array_new_with_free_func ((GDestroyNotify) crash_state_free);
  g_ptr_array_add (fixture->states, crash_state_new ());
  fixture->n_made = g_new0 (guint, crash_changes_count ());
  fixture->scene.bus = almu_test_bus_connect (fixture->bus);
  write_images (fixture);
  write_catalog (fixture);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_test_bus_disconnect (fixture->scene.bus);
  g_ptr_array_unref (fixture->states);
  g_free (fixture->n_made);
  desk_tear_down (&fixture->desk, NULL);
  almu_test_bus_down (fixture->bus);
}

/* -- changes ------------------------------------------------------------- */

static gboolean
get_success (const ProtobufCMessage *message)
{
  const ProtobufCFieldDescriptor *field =
    protobuf_c_message_descriptor_get_field_by_name (message->descriptor, "success");

  g_assert_nonnull (field);

  return *(const protobuf_c_boolean *) ((const char *) message + field->offset);
}

/* Answers to what was sent before have been read by then: refused as it is,
 * it stands in the same queue. */
static void
await_served (Fixture *fixture)
{
  CARTA__SetRegion                        message = CARTA__SET_REGION__INIT;
  almu_test_autobody CARTA__SetRegionAck *ack = NULL;

  message.file_id = 99;
  message.region_id = -1;
  ack = almu_test_viewer_await_reply (fixture->scene.viewer, CARTA__EVENT_TYPE__SET_REGION_ACK,
                                      almu_test_viewer_send (fixture->scene.viewer, &message.base));
  g_assert_false (ack->success);
}

static const CrashChange *
begin_change (Fixture *fixture,
              gboolean is_call)
{
  CrashState        *after = crash_state_copy (fixture->states->pdata[fixture->states->len - 1]);
  int                file_id;
  int                region_id;
  const CrashChange *change = crash_change_pick (after, is_call, &file_id, &region_id);

  g_test_message ("%s, file %d, region %d", change->name, file_id, region_id);
  if (change->is_call)
    await_served (fixture);
  change->change (&fixture->scene, after, file_id, region_id);
  g_ptr_array_add (fixture->states, after);
  fixture->n_made[crash_changes_find (change)]++;

  return change;
}

static void
await_reply (Fixture *fixture)
{
  g_autoptr(GDBusMessage) message = g_steal_pointer (&fixture->scene.call);
  g_autoptr(GDBusMessage) reply = NULL;
  g_autoptr(GError) error = NULL;

  reply = g_dbus_connection_send_message_with_reply_sync (fixture->scene.bus, message, G_DBUS_SEND_MESSAGE_FLAGS_NONE,
                                                          -1, NULL, NULL, &error);
  g_assert_no_error (error);
  g_dbus_message_to_gerror (reply, &error);
  g_assert_no_error (error);
  if (fixture->scene.viewer == NULL)
    fixture->scene.viewer = desk_register (&fixture->desk, &fixture->scene.session_id);
}

static void
await_ack (Fixture *fixture,
           guint16  event)
{
  almu_test_autobody ProtobufCMessage *ack = NULL;

  ack = almu_test_viewer_await_reply (fixture->scene.viewer, event, fixture->scene.request_id);
  g_assert_true (get_success (ack));
}

/* Made, and acknowledged if that is done with its kind. */
static void
make_change (Fixture *fixture)
{
  const CrashChange *change = begin_change (fixture, g_test_rand_int_range (0, 3) == 0);

  if (change->is_call)
    await_reply (fixture);
  else if (change->ack != 0)
    await_ack (fixture, change->ack);
  else
    return;

  fixture->acknowledged = fixture->states->len - 1;
}

/* -- the end of a process ------------------------------------------------ */

static void
crash (Fixture *fixture)
{
  almu_test_let_pass (3000);
  almu_test_daemon_kill (fixture->desk.daemon);
  g_clear_pointer (&fixture->scene.viewer, almu_test_viewer_free);
  g_clear_pointer (&fixture->desk.daemon, almu_test_daemon_free);
}

/* What concerns other files does not wait for one that is being opened. */
static gboolean
is_opening (const CrashChange *change)
{
  return change != NULL && (change->ack == CARTA__EVENT_TYPE__OPEN_FILE_ACK ||
                            change->ack == CARTA__EVENT_TYPE__CONCAT_STOKES_FILES_ACK ||
                            change->ack == CARTA__EVENT_TYPE__IMPORT_REGION_ACK ||
                            change->ack == CARTA__EVENT_TYPE__OPEN_CATALOG_FILE_ACK);
}

/* Several are on their way through one door: the other one has an order of
 * its own. */
static void
crash_amidst (Fixture *fixture)
{
  int n = g_test_rand_int_range (1, 5);

  if (g_test_rand_int_range (0, 3) == 0)
    {
      begin_change (fixture, TRUE);
      g_dbus_connection_send_message (fixture->scene.bus, fixture->scene.call, G_DBUS_SEND_MESSAGE_FLAGS_NONE,
                                      NULL, NULL);
      g_clear_object (&fixture->scene.call);
    }
  else
    {
      const CrashChange *change = NULL;

      for (int i = 0; i < n && !is_opening (change); i++)
        change = begin_change (fixture, FALSE);
    }
  crash (fixture);
}

/* One of the states that may be, and none that was left behind. */
static void
check_kept (Fixture *fixture)
{
  g_autofree char *path = g_build_filename (fixture->desk.state_dir, "sessions.db", NULL);
  g_autoptr(CrashState) kept = crash_state_read (path, fixture->scene.session_id);
  g_autofree char *text = crash_state_to_text (kept);
  GString         *candidates = g_string_new (NULL);

  for (guint i = fixture->acknowledged; i < fixture->states->len; i++)
    {
      CrashState      *state = fixture->states->pdata[i];
      g_autofree char *candidate = crash_state_to_text (state);

      if (g_str_equal (candidate, text))
        {
          fixture->n_ahead += i > fixture->acknowledged;
          if (*text != '\0')
            g_assert_cmpint (kept->last_region_id, >=,
                             ((CrashState *) fixture->states->pdata[fixture->acknowledged])->last_region_id);
          g_ptr_array_set_size (fixture->states, 0);
          g_ptr_array_add (fixture->states, g_steal_pointer (&kept));
          fixture->acknowledged = 0;
          g_string_free (candidates, TRUE);
          return;
        }
      g_string_append_printf (candidates, "— %u —\n%s", i, candidate);
    }

  g_error ("The record is none of the states it may be\n%s—— but ——\n%s", candidates->str, text);
}

/* -- coming back --------------------------------------------------------- */

/* With RESUME_SESSION or without; says whether the service is to die of it. */
static gboolean
come_back (Fixture *fixture)
{
  CrashState *state = fixture->states->pdata[0];
  gboolean    is_short = g_test_rand_int_range (0, 6) == 0;

  fixture->desk.viewer = NULL;
  fixture->scene.viewer = desk_register (&fixture->desk, &fixture->scene.session_id);
  if (g_test_rand_bit ())
    {
      crash_send_resume (&fixture->scene, state);
      if (is_short)
        return FALSE;
      await_ack (fixture, CARTA__EVENT_TYPE__RESUME_SESSION_ACK);
    }
  else if (is_short)
    return FALSE;

  await_served (fixture);

  return TRUE;
}

static void
test_crash_rounds (Fixture      *fixture,
                   gconstpointer user_data)
{
  int   n_rounds = almu_test_is_slow () ? N_ROUNDS_SLOW : N_ROUNDS;
  guint n_short = 0;

  for (int round = 0; round < n_rounds; round++)
    {
      int n = g_test_rand_int_range (1, 6);

      desk_start (&fixture->desk, NULL);
      fixture->scene.last_free_id = 0;
      if (round > 0)
        check_kept (fixture);
      if (!come_back (fixture))
        {
          n_short++;
          crash (fixture);
          continue;
        }

      for (int i = 0; i < n; i++)
        make_change (fixture);
      crash_amidst (fixture);
    }

  desk_start (&fixture->desk, NULL);
  check_kept (fixture);

  for (guint i = 0; i < crash_changes_count (); i++)
    {
      g_test_message ("%s: %u", crash_changes_get (i)->name, fixture->n_made[i]);
      g_assert_cmpuint (fixture->n_made[i], >, 0);
    }
  g_test_message ("%u times killed while coming back, %u times a state ahead of what was acknowledged",
                  n_short, fixture->n_ahead);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  if (almu_test_lacks_bus ())
    return 0;

  g_test_add ("/daemon/crash/rounds", Fixture, NULL, fixture_set_up, test_crash_rounds, fixture_tear_down);

  return g_test_run ();
}
