/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "crash-kinds.h"

#include "almu-test-ask.h"

/* Files of a session, and what is shown of them. */

void
crash_begin_file (CrashState *after,
                  int         file_id,
                  const char *name)
{
  crash_state_set (after, name, "%d", file_id);
  crash_state_set (after, " 0", "%d/channel", file_id);
  crash_state_set (after, " 0", "%d/stokes", file_id);
}

void
crash_end_file (CrashState *after,
                int         file_id)
{
  crash_state_set (after, NULL, "%d", file_id);
  crash_state_drop (after, "%d/", file_id);
}

char *
crash_random_name (void)
{
  return g_strdup_printf ("%d.fits", g_test_rand_int_range (0, CRASH_N_IMAGES));
}

static void
open_file (CrashScene *scene,
           CrashState *after,
           int         file_id,
           int         region_id)
{
  CARTA__OpenFile  message = CARTA__OPEN_FILE__INIT;
  g_autofree char *name = crash_random_name ();

  message.directory = (char *) "";
  message.file = name;
  message.hdu = (char *) "";
  message.file_id = file_id;
  crash_begin_file (after, file_id, name);
  scene->request_id = almu_test_viewer_send (scene->viewer, &message.base);
}

/* Those of the one hypercube that there is. */
void
crash_fill_parts (CARTA__StokesFile  *parts,
                  CARTA__StokesFile **pointers)
{
  for (int i = 0; i < CRASH_N_PARTS; i++)
    {
      carta__stokes_file__init (&parts[i]);
      parts[i].directory = (char *) "";
      parts[i].file = (char *) (i == 0 ? CRASH_PART_I : CRASH_PART_Q);
      parts[i].hdu = (char *) "";
      parts[i].polarization_type = i == 0 ? CARTA__POLARIZATION_TYPE__I : CARTA__POLARIZATION_TYPE__Q;
      pointers[i] = &parts[i];
    }
}

static void
open_hypercube (CrashScene *scene,
                CrashState *after,
                int         file_id,
                int         region_id)
{
  CARTA__ConcatStokesFiles message = CARTA__CONCAT_STOKES_FILES__INIT;
  CARTA__StokesFile        parts[CRASH_N_PARTS];
  CARTA__StokesFile       *pointers[CRASH_N_PARTS];

  crash_fill_parts (parts, pointers);
  message.n_stokes_files = CRASH_N_PARTS;
  message.stokes_files = pointers;
  message.file_id = file_id;
  crash_begin_file (after, file_id, CRASH_HYPERCUBE);
  scene->request_id = almu_test_viewer_send (scene->viewer, &message.base);
}

static void
close_file (CrashScene *scene,
            CrashState *after,
            int         file_id,
            int         region_id)
{
  almu_test_ask_close (scene->viewer, file_id);
  crash_end_file (after, file_id);
}

static void
close_all (CrashScene *scene,
           CrashState *after,
           int         file_id,
           int         region_id)
{
  g_autoptr(GArray) files = crash_state_list (after, "");

  almu_test_ask_close (scene->viewer, -1);
  for (guint i = 0; i < files->len; i++)
    crash_end_file (after, g_array_index (files, int, i));
}

void
crash_put_plane (CrashState *after,
                 int         file_id,
                 int         channel,
                 int         stokes)
{
  g_autofree char *first = g_strdup_printf (" %d", channel);
  g_autofree char *second = g_strdup_printf (" %d", stokes);

  crash_state_set (after, first, "%d/channel", file_id);
  crash_state_set (after, second, "%d/stokes", file_id);
}

static void
set_plane (CrashScene *scene,
           CrashState *after,
           int         file_id,
           int         region_id)
{
  int channel = g_test_rand_int_range (0, CRASH_DEPTH);
  int stokes = g_test_rand_int_range (0, CRASH_N_STOKES);

  almu_test_ask_plane (scene->viewer, file_id, channel, stokes, NULL, 0);
  crash_put_plane (after, file_id, channel, stokes);
}

static void
set_cursor (CrashScene *scene,
            CrashState *after,
            int         file_id,
            int         region_id)
{
  float            x = crash_random_place ();
  float            y = crash_random_place ();
  g_autofree char *value = g_strdup_printf (" %g %g", x, y);

  almu_test_ask_cursor (scene->viewer, file_id, x, y);
  crash_state_set (after, value, "%d/cursor", file_id);
}

const CrashChange crash_changes_of_files[] = {
  { "open", 3, CRASH_NEEDS_ROOM, CARTA__EVENT_TYPE__OPEN_FILE_ACK, FALSE, open_file },
  { "hypercube", 3, CRASH_NEEDS_ROOM, CARTA__EVENT_TYPE__CONCAT_STOKES_FILES_ACK, FALSE, open_hypercube },
  { "close", 1, CRASH_NEEDS_FILE, 0, FALSE, close_file },
  { "close all", 1, CRASH_NEEDS_FILE, 0, FALSE, close_all },
  { "plane", 3, CRASH_NEEDS_FILE, 0, FALSE, set_plane },
  { "cursor", 3, CRASH_NEEDS_FILE, 0, FALSE, set_cursor },
  { NULL }
};
