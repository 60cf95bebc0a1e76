/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-hdf5-reader.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* The program that reads an HDF5 file for the service, see almu-hdf5-wire.h.
 * It ends with the service, or dies of the file in its place. */

/* Groups of a file that are looked at, and bytes of their names. */
#define MAX_GROUPS 100
#define MAX_NAME_BYTES 64

/* A damaged file lets the library take all there is. The largest chunk, once
 * packed and once unpacked, and the chunks that are kept of each array are
 * within it. */
#define MAX_MEMORY_BYTES (G_GUINT64_CONSTANT (2) * 1024 * 1024 * 1024)

/* -- the shared memory -------------------------------------------------- */

/**
 * almu_hdf5_reader_make_room:
 * @n_bytes: how many are wanted
 *
 * The file in memory through which the service gets its values grows or shrinks to
 * that, but to no less than a piece.
 *
 * Returns: (nullable): memory that the service sees, until the next call; %NULL
 *   without memory
 */
void *
almu_hdf5_reader_make_room (gsize n_bytes)
{
  static void *room = NULL;
  static gsize n_room = 0;
  gsize        n_wanted = MAX (n_bytes, ALMU_HDF5_PIECE_BYTES);

  if (n_wanted == n_room)
    return room;

  if (room != NULL)
    munmap (room, n_room);
  room = NULL;
  n_room = 0;

  if (n_wanted > G_MAXSSIZE || ftruncate (ALMU_HDF5_ROOM_FD, (off_t) n_wanted) < 0)
    return NULL;

  room = mmap (NULL, n_wanted, PROT_READ | PROT_WRITE, MAP_SHARED, ALMU_HDF5_ROOM_FD, 0);
  if (room == MAP_FAILED)
    room = NULL;
  else
    n_room = n_wanted;

  return room;
}

static void
put_variant (GVariant      *value,
             AlmuHdf5Reply *reply)
{
  gsize size = g_variant_get_size (value);
  void *room = size <= ALMU_HDF5_TEXT_BYTES ? almu_hdf5_reader_make_room (size) : NULL;

  if (room != NULL)
    {
      g_variant_store (value, room);
      reply->answer = ALMU_HDF5_ANSWER_GOOD;
      reply->n_bytes = (gint64) size;
    }
  g_variant_unref (value);
}

/* -- failures ----------------------------------------------------------- */

/* What the library says of the last question's. */
static char why[ALMU_HDF5_WHY_BYTES];

static herr_t
take_message (unsigned            n,
              const H5E_error2_t *problem,
              void               *user_data)
{
  /* the last is the innermost */
  if (problem->desc != NULL && *problem->desc != '\0')
    g_strlcpy (why, problem->desc, sizeof why);

  return 0;
}

/**
 * almu_hdf5_reader_note_problem:
 *
 * Keeps the innermost thing that libhdf5 has to say of a failure, for the answer.
 * Right after a call that failed: the next one forgets it.
 */
void
almu_hdf5_reader_note_problem (void)
{
  H5Ewalk2 (H5E_DEFAULT, H5E_WALK_DOWNWARD, take_message, NULL);
}

/* -- the file ----------------------------------------------------------- */

/* Once, before anything else of the library. */
static void
set_up (void)
{
  H5dont_atexit ();
  H5open ();
  /* a file must not choose what code is loaded */
  H5PLset_loading_state (0);
  H5Eset_auto2 (H5E_DEFAULT, NULL, NULL);
}

static hid_t
open_file (void)
{
  hid_t access = H5Pcreate (H5P_FILE_ACCESS);
  hid_t file = H5I_INVALID_HID;

  /* who writes elsewhere is nothing to us, and a lock would be to them */
  if (access >= 0 && H5Pset_file_locking (access, 0, 1) >= 0)
    file = H5Fopen ("/proc/self/fd/" G_STRINGIFY (ALMU_HDF5_FILE_FD), H5F_ACC_RDONLY, access);
  if (file < 0)
    almu_hdf5_reader_note_problem ();

  return file;
}

/* Links into other files are not followed: these may lie anywhere. */
static herr_t
refuse_link (const char *parent_file,
             const char *parent_group,
             const char *child_file,
             const char *child_object,
             unsigned   *flags,
             hid_t       access,
             void       *user_data)
{
  return -1;
}

static hid_t
make_access (void)
{
  hid_t access = H5Pcreate (H5P_LINK_ACCESS);

  return access >= 0 && H5Pset_elink_cb (access, refuse_link, NULL) >= 0 ? access : H5I_INVALID_HID;
}

/**
 * almu_hdf5_reader_exists:
 * @file: the file
 * @path: from the root, without a slash before it
 * @access: how links are followed
 *
 * Each step of the path has to be there before the next may be asked for.
 *
 * Returns: whether there is a group or an array of that name, and not only a link
 *   to one
 */
gboolean
almu_hdf5_reader_exists (hid_t       file,
                         const char *path,
                         hid_t       access)
{
  g_autofree char *part = g_strdup (path);

  for (char *slash = strchr (part, '/');; slash = strchr (slash + 1, '/'))
    {
      if (slash != NULL)
        *slash = '\0';
      if (H5Lexists (file, part, access) <= 0 || H5Oexists_by_name (file, part, access) <= 0)
        return FALSE;
      if (slash == NULL)
        return TRUE;
      *slash = '/';
    }
}

/* The groups of the root that hold an image. */
static GVariant *
list_groups (hid_t file,
             hid_t access)
{
  GVariantBuilder builder;
  H5G_info_t      info = { 0 };

  g_variant_builder_init (&builder, G_VARIANT_TYPE (ALMU_HDF5_GROUPS_TYPE));
  if (H5Gget_info (file, &info) < 0)
    info.nlinks = 0;

  for (hsize_t i = 0; i < MIN (info.nlinks, MAX_GROUPS); i++)
    {
      char             name[MAX_NAME_BYTES] = "";
      g_autofree char *path = NULL;
      ssize_t          n = H5Lget_name_by_idx (file, ".", H5_INDEX_NAME, H5_ITER_INC, i, name, sizeof name, H5P_DEFAULT);

      if (n <= 0 || n >= (ssize_t) sizeof name || !g_utf8_validate (name, -1, NULL))
        continue;

      path = g_strconcat (name, "/DATA", NULL);
      if (almu_hdf5_reader_exists (file, path, access))
        g_variant_builder_add (&builder, "s", name);
    }

  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

/* -- questions ---------------------------------------------------------- */

static void
answer (hid_t                  file,
        hid_t                  access,
        const AlmuHdf5Request *request,
        AlmuHdf5Reply         *reply)
{
  GVariant *attributes;
  gboolean  is_good = FALSE;

  switch ((AlmuHdf5Ask) request->what)
    {
    case ALMU_HDF5_ASK_NOTHING:
      is_good = TRUE;
      break;

    case ALMU_HDF5_ASK_GROUPS:
      put_variant (list_groups (file, access), reply);
      return;

    case ALMU_HDF5_ASK_ATTRIBUTES:
      attributes = almu_hdf5_reader_list_attributes (file, request->path, access);
      if (attributes != NULL)
        put_variant (attributes, reply);
      return;

    case ALMU_HDF5_ASK_WHETHER:
      is_good = almu_hdf5_reader_exists (file, request->path, access);
      break;

    case ALMU_HDF5_ASK_SHAPE:
      is_good = almu_hdf5_reader_get_shape (file, request->path, access, &reply->shape);
      break;

    case ALMU_HDF5_ASK_VALUES:
      is_good = almu_hdf5_reader_get_values (file, request, access, &reply->n_bytes);
      break;
    }

  reply->answer = is_good ? ALMU_HDF5_ANSWER_GOOD : ALMU_HDF5_ANSWER_NONE;
}

/* Of the processor's time, and of no clock's: who waits for a disk goes round
 * in no circle. */
static void
limit_time (void)
{
  setitimer (ITIMER_PROF, &(struct itimerval){ .it_value.tv_sec = ALMU_HDF5_MAX_SECONDS }, NULL);
}

static void
limit_all (void)
{
  const struct rlimit none = { 0, 0 };

  /* to die is nothing that anybody has to be told of */
  prctl (PR_SET_DUMPABLE, 0);
  setrlimit (RLIMIT_CORE, &none);
#ifndef ALMU_SANITIZED
  /* which takes terabytes of addresses */
  setrlimit (RLIMIT_DATA, &(struct rlimit){ MAX_MEMORY_BYTES, MAX_MEMORY_BYTES });
#endif
  limit_time ();
}

int
main (int   argc,
      char *argv[])
{
  hid_t file, access;

  if (argc != 2 || strcmp (argv[1], ALMU_HDF5_WIRE) != 0)
    return ALMU_HDF5_EXIT_VERSION;

  limit_all ();

  set_up ();
  file = open_file ();
  access = make_access ();

  for (;;)
    {
      AlmuHdf5Request request;
      AlmuHdf5Reply   reply = { .answer = ALMU_HDF5_ANSWER_NONE };
      ssize_t         n = recv (ALMU_HDF5_SOCKET_FD, &request, sizeof request, 0);

      if (n < 0 && errno == EINTR)
        continue;
      /* the service has closed the file, or has ended */
      if (n != sizeof request)
        _exit (0);

      limit_time ();
      request.path[sizeof request.path - 1] = '\0';
      if (file >= 0 && access >= 0)
        {
          why[0] = '\0';
          answer (file, access, &request, &reply);
        }
      else
        {
          reply.answer = ALMU_HDF5_ANSWER_NO_FILE;
        }
      g_strlcpy (reply.why, why, sizeof reply.why);

      if (send (ALMU_HDF5_SOCKET_FD, &reply, sizeof reply, MSG_NOSIGNAL) != sizeof reply)
        _exit (0);
    }
}
