/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-state-dir.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* 128 bits, beyond guessing. */
#define TOKEN_BYTES 16

/* A token that somebody put there by hand may be of another kind, but not
 * of a length that can be tried out. */
#define MIN_TOKEN_CHARS 16
#define MAX_TOKEN_CHARS 1024
#define TOKEN_CHARS G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-._~"

#define MAX_ADDRESS_BYTES 1024
#define MAX_LISTENER_BYTES (64 * 1024)

struct _AlmuStateDir
{
  char   *path;
  int     lock_fd;
  guint16 last_port;
  char   *last_address;
};

static gboolean
fail (GError    **error,
      int         code,
      const char *what,
      const char *path)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
               "%s %s: %s", what, path, g_strerror (code));

  return FALSE;
}

/* -- the folder ---------------------------------------------------------- */

/* Sessions tell what somebody works on: nobody else's business, and nobody
 * else may have laid out the folder for us.
 */
static gboolean
check_folder (const char *path,
              GError    **error)
{
  int         fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  struct stat info;
  gboolean    ok = TRUE;

  if (fd < 0)
    return fail (error, errno, _ ("Cannot open the state folder"), path);

  if (fstat (fd, &info) != 0)
    ok = fail (error, errno, _ ("Cannot look at the state folder"), path);
  else if (info.st_uid != geteuid ())
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                   _ ("The state folder %s belongs to another user"), path);
      ok = FALSE;
    }
  else if ((info.st_mode & 077) != 0 && fchmod (fd, 0700) != 0)
    ok = fail (error, errno, _ ("Cannot make private the state folder"), path);

  close (fd);

  return ok;
}

/* -- the lock ------------------------------------------------------------ */

/* The address of a service at @fd, if one listens: its lock file is empty
 * until then.
 */
static char *
read_address (int fd)
{
  char    buffer[MAX_ADDRESS_BYTES];
  ssize_t n_read = pread (fd, buffer, sizeof buffer, 0);

  if (n_read <= 0 || !g_utf8_validate_len (buffer, n_read, NULL))
    return NULL;

  return g_strstrip (g_strndup (buffer, n_read));
}

static char *
lock_path (const char *folder)
{
  return g_build_filename (folder, "lock", NULL);
}

/* An open file description lock: unlike flock() it works on network homes,
 * unlike a plain POSIX lock it survives somebody's close().
 */
static gboolean
take_lock (AlmuStateDir *self,
           GError      **error)
{
  g_autofree char *path = lock_path (self->path);
  g_autofree char *address = NULL;
  struct flock     lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

  self->lock_fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (self->lock_fd < 0)
    return fail (error, errno, _ ("Cannot open the lock"), path);

  if (fcntl (self->lock_fd, F_OFD_SETLK, &lock) == 0)
    {
      if (ftruncate (self->lock_fd, 0) != 0)
        return fail (error, errno, _ ("Cannot write the lock"), path);
      return TRUE;
    }

  if (errno != EAGAIN && errno != EACCES)
    return fail (error, errno, _ ("Cannot lock"), path);

  address = read_address (self->lock_fd);
  if (address != NULL)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_BUSY,
                 _ ("The state folder %s is in use by the service at %s"), self->path, address);
  else
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_BUSY,
                 _ ("The state folder %s is in use by a service that does not listen yet"), self->path);

  return FALSE;
}

static void
drop_lock (AlmuStateDir *self,
           gboolean      owned)
{
  if (self->lock_fd < 0)
    return;

  if (owned && ftruncate (self->lock_fd, 0) != 0)
    g_debug ("Lock in %s keeps an old address: %s", self->path, g_strerror (errno));

  close (self->lock_fd);
  self->lock_fd = -1;
}

/**
 * almu_state_dir_dup_running_address:
 * @path: a state folder
 *
 * For processes that do not own the folder: it asks who has the lock and takes
 * nothing. The address is that of almu_state_dir_remember(), without the token.
 *
 * Returns: (nullable) (transfer full): the address of the service that owns
 *   @path now, or %NULL if there is none or it does not listen yet
 */
char *
almu_state_dir_dup_running_address (const char *path)
{
  g_autofree char *name = NULL;
  struct flock     lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
  char            *address = NULL;
  int              fd;

  g_return_val_if_fail (path != NULL, NULL);

  name = lock_path (path);
  fd = open (name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0)
    return NULL;

  if (fcntl (fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
    address = read_address (fd);

  close (fd);

  return address;
}

/**
 * almu_state_dir_dup_lock_path:
 * @path: a state folder
 *
 * Looks at nothing: neither file nor folder need be there.
 *
 * Returns: (transfer full): the file that the owner of @path has locked and
 *   writes its address to, for those who wait for one or the other
 */
char *
almu_state_dir_dup_lock_path (const char *path)
{
  g_return_val_if_fail (path != NULL, NULL);

  return lock_path (path);
}

/**
 * almu_state_dir_withdraw:
 * @self: a state folder
 *
 * Takes back what almu_state_dir_remember() told others: this process may
 * be about to leave, who starts now waits for what becomes of it.
 */
void
almu_state_dir_withdraw (AlmuStateDir *self)
{
  g_return_if_fail (self != NULL);

  if (ftruncate (self->lock_fd, 0) != 0)
    g_debug ("Lock in %s keeps the address: %s", self->path, g_strerror (errno));
}

/* -- the last time ------------------------------------------------------- */

static char *
listener_path (AlmuStateDir *self)
{
  return g_build_filename (self->path, "listener.json", NULL);
}

static JsonObject *
read_listener (const char *path,
               GError    **error)
{
  g_autoptr(JsonParser) parser = json_parser_new ();
  g_autoptr(JsonNode) root = NULL;
  g_autoptr(GMappedFile) file = g_mapped_file_new (path, FALSE, error);

  if (file == NULL)
    return NULL;

  if (g_mapped_file_get_length (file) == 0 || g_mapped_file_get_length (file) > MAX_LISTENER_BYTES ||
      !json_parser_load_from_data (parser, g_mapped_file_get_contents (file), g_mapped_file_get_length (file), error))
    return NULL;

  root = json_parser_steal_root (parser);

  return root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? json_node_dup_object (root) : NULL;
}

/* What cannot be read is forgotten: a port of one's own choice is a
 * convenience.
 */
static void
recall (AlmuStateDir *self)
{
  g_autofree char *path = listener_path (self);
  g_autoptr(GError) error = NULL;
  g_autoptr(JsonObject) object = read_listener (path, &error);
  JsonNode *port;
  JsonNode *address;

  if (object == NULL)
    {
      g_debug ("No address of the last time in %s: %s", path, error != NULL ? error->message : "not a JSON object");
      return;
    }

  port = json_object_get_member (object, "port");
  if (port != NULL && JSON_NODE_HOLDS_VALUE (port) && json_node_get_int (port) > 0 && json_node_get_int (port) <= G_MAXUINT16)
    self->last_port = (guint16) json_node_get_int (port);

  address = json_object_get_member (object, "address");
  if (address != NULL && JSON_NODE_HOLDS_VALUE (address))
    self->last_address = json_node_dup_string (address);
}

static gboolean
write_listener (AlmuStateDir *self,
                const char   *address,
                guint16       port,
                GError      **error)
{
  g_autofree char *path = listener_path (self);
  g_autofree char *text = NULL;
  g_autoptr(JsonBuilder) builder = json_builder_new ();
  g_autoptr(JsonNode) root = NULL;

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "address");
  json_builder_add_string_value (builder, address);
  json_builder_set_member_name (builder, "port");
  json_builder_add_int_value (builder, port);
  json_builder_end_object (builder);

  root = json_builder_get_root (builder);
  text = json_to_string (root, TRUE);

  if (g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, error))
    return TRUE;

  g_prefix_error (error, _ ("Cannot remember the address in %s: "), path);

  return FALSE;
}

/**
 * almu_state_dir_remember:
 * @self: a state folder
 * @address: the service's address, without the token
 * @port: its port
 * @error: return location for an error
 *
 * Tells the next start where the pages will look for it, and others who
 * try to start meanwhile where this one is. Called whenever the service
 * begins to listen.
 *
 * Waits for the disk if either is another than the last time. Fails with
 * %G_IO_ERROR.
 *
 * Returns: %TRUE if both are written down
 */
gboolean
almu_state_dir_remember (AlmuStateDir *self,
                         const char   *address,
                         guint16       port,
                         GError      **error)
{
  gsize length;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (address != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  length = strlen (address);
  g_return_val_if_fail (length <= MAX_ADDRESS_BYTES, FALSE);

  /* most often it is where it was, and need not wait for the disk */
  if ((port != self->last_port || g_strcmp0 (address, self->last_address) != 0) &&
      !write_listener (self, address, port, error))
    return FALSE;

  if (ftruncate (self->lock_fd, 0) != 0 || pwrite (self->lock_fd, address, length, 0) != (ssize_t) length)
    return fail (error, errno, _ ("Cannot write the address into the lock of"), self->path);

  self->last_port = port;
  if (address != self->last_address)
    {
      g_free (self->last_address);
      self->last_address = g_strdup (address);
    }

  return TRUE;
}

/* -- the token ----------------------------------------------------------- */

static gboolean
is_token (const char *text)
{
  gsize length = strlen (text);

  return length >= MIN_TOKEN_CHARS && length <= MAX_TOKEN_CHARS && text[strspn (text, TOKEN_CHARS)] == '\0';
}

static char *
read_token_from (int         fd,
                 const char *path,
                 GError    **error)
{
  char        buffer[MAX_TOKEN_CHARS + 2] = "";
  struct stat info;

  if (fstat (fd, &info) != 0 || read (fd, buffer, sizeof buffer - 1) < 0)
    {
      fail (error, errno, _ ("Cannot read the token"), path);
      return NULL;
    }

  if ((info.st_mode & 077) != 0)
    {
      g_warning ("Token %s could be read by others, and counts as none", path);
      return NULL;
    }

  g_strchomp (buffer);
  if (!is_token (buffer))
    {
      g_warning ("Token %s is damaged, and counts as none", path);
      return NULL;
    }

  return g_strdup (buffer);
}

/* %NULL without an error: there is none that can be used. */
static char *
read_token (const char *path,
            GError    **error)
{
  int   fd = open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  char *token;

  if (fd < 0)
    {
      if (errno != ENOENT && errno != ELOOP)
        fail (error, errno, _ ("Cannot open the token"), path);
      return NULL;
    }

  token = read_token_from (fd, path, error);
  close (fd);

  return token;
}

static char *
make_token (GError **error)
{
  guint8   bytes[TOKEN_BYTES];
  GString *token;

  if (getrandom (bytes, sizeof bytes, 0) != sizeof bytes)
    {
      fail (error, errno, _ ("Cannot make a token from"), "the system's random source");
      return NULL;
    }

  token = g_string_sized_new (2 * TOKEN_BYTES);
  for (gsize i = 0; i < sizeof bytes; i++)
    g_string_append_printf (token, "%02x", bytes[i]);

  return g_string_free (token, FALSE);
}

/**
 * almu_state_dir_dup_token:
 * @self: a state folder
 * @given: (nullable): the token somebody chose for this start
 * @error: return location for an error
 *
 * The token is made at the first start and stays, so that a page finds its
 * way back after a restart. A given one is used once and not kept.
 *
 * One that others could read, or that is damaged, is replaced. Fails with
 * %G_IO_ERROR if it cannot be read, made or kept.
 *
 * Returns: (transfer full): the token
 */
char *
almu_state_dir_dup_token (AlmuStateDir *self,
                          const char   *given,
                          GError      **error)
{
  g_autoptr(GError) local_error = NULL;
  g_autofree char *path = NULL;
  g_autofree char *token = NULL;

  g_return_val_if_fail (self != NULL, NULL);

  if (given != NULL && *given != '\0')
    return g_strdup (given);

  path = g_build_filename (self->path, "token", NULL);
  token = read_token (path, &local_error);
  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return NULL;
    }

  if (token != NULL)
    return g_steal_pointer (&token);

  token = make_token (error);
  if (token == NULL)
    return NULL;

  /* its permissions would be kept */
  g_unlink (path);
  if (!g_file_set_contents_full (path, token, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, error))
    {
      g_prefix_error (error, _ ("Cannot keep the token in %s: "), path);
      return NULL;
    }

  return g_steal_pointer (&token);
}

/**
 * almu_state_dir_dup_kept_token:
 * @path: a state folder, which may belong to another process
 *
 * Reads `token` and makes none. A file that others can read, or in which there
 * is no token, counts as none, with a warning in the log.
 *
 * Returns: (nullable) (transfer full): the token of the service that keeps its
 *   state there, unless it was started with another one
 */
char *
almu_state_dir_dup_kept_token (const char *path)
{
  g_autofree char *name = NULL;

  g_return_val_if_fail (path != NULL, NULL);

  name = g_build_filename (path, "token", NULL);

  return read_token (name, NULL);
}

/* -- life ---------------------------------------------------------------- */

/**
 * almu_state_dir_open:
 * @path: the folder; made if it is not there
 * @error: return location for an error
 *
 * Makes this process the owner of @path until almu_state_dir_free(). If
 * another one is, the error is %G_IO_ERROR_BUSY and carries its address.
 *
 * Returns: (transfer full): the folder
 */
AlmuStateDir *
almu_state_dir_open (const char *path,
                     GError    **error)
{
  AlmuStateDir *self;

  g_return_val_if_fail (path != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (g_mkdir_with_parents (path, 0700) != 0)
    {
      fail (error, errno, _ ("Cannot make the state folder"), path);
      return NULL;
    }

  if (!check_folder (path, error))
    return NULL;

  self = g_new0 (AlmuStateDir, 1);
  self->path = g_strdup (path);
  self->lock_fd = -1;

  if (!take_lock (self, error))
    {
      drop_lock (self, FALSE);
      almu_state_dir_free (self);
      return NULL;
    }

  recall (self);

  return self;
}

/**
 * almu_state_dir_free:
 * @self: (nullable) (transfer full): a state folder
 *
 * Gives the folder up: the lock is emptied and let go, so that the next process
 * may take it. Nothing in it is removed.
 */
void
almu_state_dir_free (AlmuStateDir *self)
{
  if (self == NULL)
    return;

  drop_lock (self, TRUE);
  g_free (self->path);
  g_free (self->last_address);
  g_free (self);
}

/**
 * almu_state_dir_get_path:
 * @self: a state folder
 *
 * The folder as almu_state_dir_open() was given it, not made absolute.
 *
 * Returns: its path, valid while @self is
 */
const char *
almu_state_dir_get_path (AlmuStateDir *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->path;
}

/**
 * almu_state_dir_get_last_port:
 * @self: a state folder
 *
 * What `listener.json` said when the folder was opened, or what
 * almu_state_dir_remember() has noted since.
 *
 * Returns: the TCP port on which the service listened last; 0 if it never did
 */
guint16
almu_state_dir_get_last_port (AlmuStateDir *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->last_port;
}

/**
 * almu_state_dir_get_last_address:
 * @self: a state folder
 *
 * What `listener.json` said when the folder was opened, or what
 * almu_state_dir_remember() has noted since; without the token.
 *
 * Returns: (nullable): where the service listened last; valid until the next
 *   almu_state_dir_remember()
 */
const char *
almu_state_dir_get_last_address (AlmuStateDir *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->last_address;
}
