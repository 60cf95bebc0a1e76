/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-record-reader.h"

#include <string.h>

#include "almu-error.h"
#include "almu-limits.h"
#include "almu-session.h"

/* A record may have been edited, or come from another machine: whatever
 * passes here is as safe as what a viewer's messages were checked for. What
 * has the right form but a name of a newer version is left out by itself.
 */

/* -- files -------------------------------------------------------------- */

static gboolean
read_flag (RecordReader *reader,
           JsonNode     *element,
           gpointer      target,
           GError      **error)
{
  AlmuImageFlags *flags = target;
  int             flag;

  if (!almu_reader_is_of_type (element, G_TYPE_STRING))
    return almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, "", "is not a text");

  if (almu_record_value_of (almu_record_flags, json_node_get_string (element), &flag))
    *flags |= (guint) flag;

  return TRUE;
}

static AlmuFileName *
read_name (RecordReader *reader,
           JsonObject   *object,
           GError      **error)
{
  g_autofree char *directory = g_strdup ("");
  g_autofree char *name = NULL;
  g_autofree char *hdu = g_strdup ("");
  AlmuImageFlags   flags = ALMU_IMAGE_NONE;

  if (!almu_reader_text (reader, object, "directory", ALMU_LIMIT_PATH_BYTES, &directory, error) ||
      !almu_reader_text (reader, object, "name", ALMU_LIMIT_PATH_BYTES, &name, error) ||
      !almu_reader_text (reader, object, "hdu", ALMU_LIMIT_PATH_BYTES, &hdu, error) ||
      !almu_reader_list (reader, object, "flags", ALMU_LIMIT_REQUIREMENTS, read_flag, &flags, error))
    return NULL;

  if (name == NULL)
    {
      almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, "name", "is missing: the file's name without its directory");
      return NULL;
    }

  return almu_file_name_new (directory, name, hdu, flags);
}

static gboolean
read_part (RecordReader *reader,
           JsonNode     *element,
           gpointer      target,
           GError      **error)
{
  JsonObject *object = almu_reader_get_object (reader, element, error);
  g_autoptr(AlmuFileName) name = NULL;
  int polarisation = 0;

  if (object == NULL ||
      !almu_reader_named (reader, object, "polarisation", almu_record_polarisations, 1, &polarisation, error))
    return FALSE;

  name = read_name (reader, object, error);
  if (name == NULL)
    return FALSE;

  g_ptr_array_add (target, almu_part_name_new (name, polarisation));

  return TRUE;
}

/* What people call a hypercube follows from its files; the name that stands
 * there is for who reads the record. */
static gboolean
read_hypercube (RecordReader *reader,
                JsonObject   *object,
                AlmuFileWish *file,
                GError      **error)
{
  g_autoptr(GPtrArray) parts = almu_part_names_new ();
  g_autoptr(GError) reason = NULL;

  if (!almu_reader_list (reader, object, "stokes_files", ALMU_LIMIT_HYPERCUBE_FILES, read_part, parts, error))
    return FALSE;

  file->name = almu_file_name_new_hypercube (parts, &reason);

  return file->name != NULL ||
         almu_reader_fail (reader, error, reason->code, "stokes_files", "are wrong: %s", reason->message);
}

static gboolean
read_names (RecordReader *reader,
            JsonObject   *object,
            AlmuFileWish *file,
            GError      **error)
{
  if (almu_reader_find (object, "stokes_files") != NULL)
    {
      if (!read_hypercube (reader, object, file, error))
        return FALSE;
    }
  else
    {
      file->name = read_name (reader, object, error);
      if (file->name == NULL)
        return FALSE;
    }

  file->label = g_strdup (file->name->name);

  return TRUE;
}

/**
 * almu_reader_fingerprint:
 * @reader: where the record is being read
 * @object: a file or a catalog of the record
 * @out_is_there: (inout): set if there is one, left alone otherwise
 * @out: (inout): likewise
 * @error: return location
 *
 * Reads the member `fingerprint`. Numbers in it that are missing are 0.
 *
 * Returns: whether the record is right so far
 */
gboolean
almu_reader_fingerprint (RecordReader    *reader,
                         JsonObject      *object,
                         gboolean        *out_is_there,
                         AlmuFingerprint *out,
                         GError         **error)
{
  JsonNode       *node = almu_reader_find (object, "fingerprint");
  AlmuFingerprint fingerprint = { 0 };
  gint64          device = 0;
  gint64          inode = 0;

  if (node == NULL)
    return TRUE;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    return almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, "fingerprint", "is not an object");

  object = json_node_get_object (node);
  if (!almu_reader_int (reader, object, "device", G_MININT64, G_MAXINT64, &device, error) ||
      !almu_reader_int (reader, object, "inode", G_MININT64, G_MAXINT64, &inode, error) ||
      !almu_reader_int (reader, object, "size", 0, G_MAXINT64, &fingerprint.size, error) ||
      !almu_reader_int (reader, object, "mtime_ns", G_MININT64, G_MAXINT64, &fingerprint.mtime_ns, error))
    return FALSE;

  fingerprint.device = (guint64) device;
  fingerprint.inode = (guint64) inode;
  *out = fingerprint;
  *out_is_there = TRUE;

  return TRUE;
}

static gboolean
read_cursor (RecordReader *reader,
             JsonObject   *object,
             AlmuFileWish *file,
             GError      **error)
{
  JsonNode *node = almu_reader_find (object, "cursor");

  if (node == NULL)
    return TRUE;

  if (!almu_reader_get_point (node, &file->cursor))
    return almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, "cursor", "is not a list of two numbers, x and y");

  file->has_cursor = TRUE;

  return TRUE;
}

/**
 * almu_reader_look:
 * @reader: where the record is being read
 * @object: a file or a catalog of the record
 * @out: (inout) (transfer full): JSON text, which is not freed before; left
 *   alone if there is none
 * @error: return location
 *
 * Reads the member `look`, how something is shown: an object, which is kept as
 * it is and not understood here.
 *
 * Returns: whether the record is right so far
 */
gboolean
almu_reader_look (RecordReader *reader,
                  JsonObject   *object,
                  char        **out,
                  GError      **error)
{
  JsonNode *node = almu_reader_find (object, "look");

  if (node == NULL)
    return TRUE;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    return almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, "look", "is not an object");

  *out = almu_record_print (node);

  return TRUE;
}

static gboolean
read_file_members (RecordReader *reader,
                   JsonObject   *object,
                   AlmuFileWish *file,
                   GError      **error)
{
  if (almu_reader_find (object, "requirements") != NULL)
    file->requirements = almu_requirements_new ();

  return read_names (reader, object, file, error) &&
         almu_reader_fingerprint (reader, object, &file->has_fingerprint, &file->fingerprint, error) &&
         almu_reader_int32 (reader, object, "channel", 0, ALMU_LIMIT_AXIS_LENGTH, &file->channel, error) &&
         almu_reader_int32 (reader, object, "stokes", 0, ALMU_LIMIT_STOKES, &file->stokes, error) &&
         read_cursor (reader, object, file, error) &&
         almu_reader_look (reader, object, &file->look, error) &&
         almu_reader_contours (reader, object, file, error) &&
         almu_reader_vectors (reader, object, file, error) &&
         almu_reader_list (reader, object, "regions", ALMU_LIMIT_REGIONS, almu_reader_region, file->regions, error) &&
         /* one for each region, the cursor, the image and the cube */
         almu_reader_list (reader, object, "requirements", ALMU_LIMIT_REGIONS + 3, almu_reader_requirement,
                           file->requirements, error);
}

/**
 * almu_reader_file:
 * @element: one of a list
 * @out_object: (out): the members of @element
 *
 * Returns: (transfer full) (nullable): a file of which no more is known than its
 *   id; %NULL if @element has none, or one that another file has
 */
AlmuFileWish *
almu_reader_file (RecordReader *reader,
                  JsonNode     *element,
                  JsonObject  **out_object,
                  GError      **error)
{
  JsonObject *object = almu_reader_get_object (reader, element, error);
  int         id = -1;

  *out_object = object;
  if (object == NULL || !almu_reader_int32 (reader, object, "id", 0, ALMU_LIMIT_FILE_ID, &id, error))
    return NULL;

  if (id < 0)
    {
      almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, "id", "is missing");
      return NULL;
    }

  if (!g_hash_table_add (reader->file_ids, GINT_TO_POINTER (id)))
    {
      almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, "id", "is %d, as another file's is", id);
      return NULL;
    }

  return almu_file_wish_new (id);
}

static gboolean
read_file (RecordReader *reader,
           JsonNode     *element,
           gpointer      target,
           GError      **error)
{
  JsonObject *object;
  g_autoptr(AlmuFileWish) file = almu_reader_file (reader, element, &object, error);

  if (file == NULL || !read_file_members (reader, object, file, error))
    return FALSE;

  g_ptr_array_add (target, g_steal_pointer (&file));

  return TRUE;
}

/* -- the session -------------------------------------------------------- */

static gboolean
read_version (RecordReader *reader,
              JsonObject   *object,
              GError      **error)
{
  gint64 version = 0;

  if (!almu_reader_int (reader, object, "version", 1, G_MAXINT, &version, error))
    return FALSE;

  if (version == 0)
    return almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, "version",
                             "is missing; this program writes version %d", ALMU_RECORD_VERSION);

  if (version > ALMU_RECORD_VERSION)
    return almu_reader_fail (reader, error, ALMU_ERROR_UNSUPPORTED, "version",
                             "is %d, of a newer program; this one reads up to %d", (int) version, ALMU_RECORD_VERSION);

  return TRUE;
}

static gboolean
read_state (RecordReader *reader,
            JsonObject   *object,
            AlmuMemento  *memento,
            GError      **error)
{
  memento->state = g_strdup (almu_session_state_get_name (ALMU_SESSION_PARKED));
  if (!almu_reader_text (reader, object, "state", ALMU_LIMIT_NAME_BYTES, &memento->state, error))
    return FALSE;

  for (int state = ALMU_SESSION_ATTACHED; state <= ALMU_SESSION_CLOSED; state++)
    if (g_str_equal (almu_session_state_get_name (state), memento->state))
      return TRUE;

  return almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, "state",
                           "is “%s”, not attached, detached, parked or closed", memento->state);
}

static gboolean
read_session (RecordReader *reader,
              JsonObject   *object,
              AlmuMemento  *memento,
              GError      **error)
{
  gint64 id = 0;
  gint64 epoch = 0;
  gint64 rebuilds = 0;

  memento->title = g_strdup ("");
  memento->peer = g_strdup ("");
  if (!read_version (reader, object, error) ||
      !almu_reader_int (reader, object, "id", 1, G_MAXUINT32, &id, error) ||
      !read_state (reader, object, memento, error) ||
      !almu_reader_text (reader, object, "title", ALMU_LIMIT_RECORD_BYTES, &memento->title, error) ||
      !almu_reader_text (reader, object, "peer", ALMU_LIMIT_RECORD_BYTES, &memento->peer, error) ||
      !almu_reader_text (reader, object, "viewer", ALMU_LIMIT_RECORD_BYTES, &memento->viewer, error) ||
      !almu_reader_time (reader, object, "created", &memento->created, error) ||
      !almu_reader_time (reader, object, "last_seen", &memento->last_seen, error) ||
      !almu_reader_int (reader, object, "epoch", 0, G_MAXUINT, &epoch, error) ||
      !almu_reader_int32 (reader, object, "last_region_id", 0, ALMU_LIMIT_REGION_ID, &memento->last_region_id, error) ||
      !almu_reader_int (reader, object, "rebuilds", 0, G_MAXUINT32, &rebuilds, error))
    return FALSE;

  if (id == 0)
    return almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, "id", "is missing");

  memento->id = (guint32) id;
  memento->epoch = (guint) epoch;
  memento->rebuilds = (guint32) rebuilds;

  return almu_reader_list (reader, object, "files", ALMU_LIMIT_FILES, read_file, memento->files, error) &&
         almu_reader_list (reader, object, "catalogs", ALMU_LIMIT_CATALOGS, almu_reader_catalog,
                           memento->catalogs, error);
}

/**
 * almu_record_read:
 * @text: what almu_record_write() wrote, or somebody by hand
 * @error: return location
 *
 * Believes nothing of @text: what it returns is as safe as a viewer's messages
 * once they are checked. Fails with %ALMU_ERROR_FORMAT, %ALMU_ERROR_LIMIT or,
 * for a record of a newer program, %ALMU_ERROR_UNSUPPORTED; the text names the
 * place, as in `files[2].regions[0].id`. A region of a type that is not known
 * has an error of its own instead. Any thread.
 *
 * Returns: (transfer full): the session as it was written down
 */
AlmuMemento *
almu_record_read (const char *text,
                  GError    **error)
{
  g_autoptr(JsonObject) object = NULL;
  g_autoptr(AlmuMemento) memento = NULL;
  gboolean     is_right;
  RecordReader reader;

  g_return_val_if_fail (text != NULL, NULL);

  if (strlen (text) > ALMU_LIMIT_RECORD_BYTES)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   "Record has more than %d bytes", ALMU_LIMIT_RECORD_BYTES);
      return NULL;
    }

  object = almu_record_parse (text, error);
  if (object == NULL)
    {
      g_prefix_error (error, "Record: ");
      return NULL;
    }

  reader.where = g_string_new (NULL);
  reader.file_ids = g_hash_table_new (NULL, NULL);
  reader.region_ids = g_hash_table_new (NULL, NULL);
  memento = almu_memento_new (0);
  is_right = read_session (&reader, object, memento, error);
  g_string_free (reader.where, TRUE);
  g_hash_table_unref (reader.file_ids);
  g_hash_table_unref (reader.region_ids);

  return is_right ? g_steal_pointer (&memento) : NULL;
}
