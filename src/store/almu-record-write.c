/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-record-writer.h"

#include <math.h>
#include <string.h>

#include "almu-json-text.h"
#include "almu-limits.h"

/* So many are kept anyway. */
#define MIN_KEPT_TEXTS 64

/* -- what is wanted ----------------------------------------------------- */

/* What no parser of ours takes never has any effect. */
static gboolean
has_meaning (const char *coordinate)
{
  AlmuCoordinate ignored;

  return coordinate != NULL && almu_coordinate_parse (coordinate, &ignored, NULL);
}

static void
append_spatial (GString      *text,
                gconstpointer data)
{
  const AlmuSpatialWant *want = data;

  if (!has_meaning (want->coordinate))
    return;

  almu_writer_append_comma (text);
  g_string_append_c (text, '{');
  almu_writer_add_text (text, "coordinate", want->coordinate);
  almu_writer_add_int (text, "start", want->start);
  almu_writer_add_int (text, "end", want->end);
  almu_writer_add_int (text, "mip", want->mip);
  almu_writer_add_int (text, "width", want->width);
  g_string_append_c (text, '}');
}

static void
append_stats (GString      *text,
              gconstpointer data)
{
  const AlmuStatsWant *want = data;

  if (!has_meaning (want->coordinate))
    return;

  almu_writer_append_comma (text);
  g_string_append_c (text, '{');
  almu_writer_add_text (text, "coordinate", want->coordinate);
  almu_writer_begin_member (text, "types");
  g_string_append_c (text, '[');
  for (guint i = 0; i < want->types->len; i++)
    {
      const char *name = almu_record_name_of (almu_record_stats, g_array_index (want->types, int, i));

      if (name == NULL)
        continue;

      almu_writer_append_comma (text);
      almu_writer_append_text (text, name);
    }
  g_string_append (text, "]}");
}

static void
append_histogram (GString      *text,
                  gconstpointer data)
{
  const AlmuHistogramWant *want = data;
  gboolean                 has_numbers = isfinite (want->min) && isfinite (want->max);

  if (!has_meaning (want->coordinate) || (want->has_fixed_bounds && !has_numbers))
    return;

  almu_writer_append_comma (text);
  g_string_append_c (text, '{');
  almu_writer_add_text (text, "coordinate", want->coordinate);
  almu_writer_add_named (text, "channel", almu_record_channels, want->channel);
  almu_writer_add_named (text, "bins", almu_record_bins, want->n_bins);
  almu_writer_add_true (text, "fixed_bins", want->has_fixed_bins);
  if (has_numbers)
    {
      almu_writer_begin_member (text, "bounds");
      g_string_append_c (text, '[');
      almu_writer_append_number (text, want->min, FALSE);
      g_string_append_c (text, ',');
      almu_writer_append_number (text, want->max, FALSE);
      g_string_append_c (text, ']');
    }
  almu_writer_add_true (text, "fixed_bounds", want->has_fixed_bounds);
  g_string_append_c (text, '}');
}

static void
add_wants (GString    *text,
           const char *name,
           GArray     *wants,
           void (*append) (GString *,
                           gconstpointer))
{
  gsize size;

  if (wants == NULL)
    return;

  size = g_array_get_element_size (wants);
  almu_writer_begin_member (text, name);
  g_string_append_c (text, '[');
  for (guint i = 0; i < wants->len; i++)
    append (text, wants->data + i * size);
  g_string_append_c (text, ']');
}

static void
append_requirement (GString               *text,
                    const AlmuRequirement *requirement,
                    JsonArray             *before)
{
  int         region_id = requirement->region_id;
  const char *name = almu_record_name_of (almu_record_targets, region_id);

  almu_writer_begin_line (text, "   ");
  g_string_append_c (text, '{');
  almu_writer_add_named (text, "region", almu_record_targets, region_id);
  add_wants (text, "spatial", requirement->spatial, append_spatial);
  add_wants (text, "spectral", requirement->spectral, append_stats);
  add_wants (text, "stats", requirement->stats, append_stats);
  add_wants (text, "histograms", requirement->histograms, append_histogram);
  almu_writer_append_unknown (text, almu_writer_find_element (before, "region", region_id, name), LEVEL_REQUIREMENT);
  g_string_append_c (text, '}');
}

/* -- files -------------------------------------------------------------- */

static gsize
count_depth (const char *clean)
{
  gsize depth = 0;
  gsize deepest = 0;

  for (const char *p = clean; *p != '\0'; p++)
    {
      if (*p == '"')
        for (p++; *p != '"'; p++)
          p += *p == '\\';
      else if (*p == '{' || *p == '[')
        deepest = MAX (deepest, ++depth);
      else if (*p == '}' || *p == ']')
        depth--;
    }

  return deepest;
}

/**
 * almu_writer_add_look:
 * @text: a record that is being written, in a file or a catalog
 * @look: (nullable): JSON text
 * @label: what people call it, for the log
 *
 * Appends the member `look`, unless @look is %NULL, no JSON object, longer than
 * %ALMU_LIMIT_LOOK_BYTES or deeper than %ALMU_LIMIT_LOOK_DEPTH: nothing that is
 * put in as it is may make the whole unreadable.
 */
void
almu_writer_add_look (GString    *text,
                      const char *look,
                      const char *label)
{
  g_autofree char *clean = NULL;
  g_autoptr(JsonObject) object = NULL;
  g_autoptr(JsonNode) node = NULL;
  g_autoptr(GError) error = NULL;

  if (look == NULL)
    return;

  if (strlen (look) > ALMU_LIMIT_LOOK_BYTES)
    {
      g_debug ("How %s is shown has more than %d bytes", label, ALMU_LIMIT_LOOK_BYTES);
      return;
    }

  clean = almu_json_text_clean (look, -1, &error);
  if (clean != NULL && count_depth (clean) <= ALMU_LIMIT_LOOK_DEPTH)
    object = almu_record_parse (clean, &error);

  if (object == NULL)
    {
      g_debug ("How %s is shown cannot be kept: %s", label,
               error != NULL ? error->message : "nested too deeply");
      return;
    }

  almu_writer_begin_member (text, "look");
  node = json_node_init_object (json_node_alloc (), object);
  almu_writer_append_node (text, node);
}

static void
add_flags (GString       *text,
           AlmuImageFlags flags)
{
  if (flags == ALMU_IMAGE_NONE)
    return;

  almu_writer_begin_member (text, "flags");
  g_string_append_c (text, '[');
  for (const RecordName *flag = almu_record_flags; flag->name != NULL; flag++)
    {
      if ((flags & (guint) flag->value) == 0)
        continue;

      almu_writer_append_comma (text);
      almu_writer_append_text (text, flag->name);
    }
  g_string_append_c (text, ']');
}

/**
 * almu_writer_add_fingerprint:
 * @text: a record that is being written, in a file or a catalog
 * @fingerprint: of what was open
 *
 * Appends the member `fingerprint`, four strings with integers.
 */
void
almu_writer_add_fingerprint (GString               *text,
                             const AlmuFingerprint *fingerprint)
{
  almu_writer_begin_member (text, "fingerprint");
  g_string_append_c (text, '{');
  almu_writer_add_long (text, "device", (gint64) fingerprint->device);
  almu_writer_add_long (text, "inode", (gint64) fingerprint->inode);
  almu_writer_add_long (text, "size", fingerprint->size);
  almu_writer_add_long (text, "mtime_ns", fingerprint->mtime_ns);
  g_string_append_c (text, '}');
}

static void
add_name (GString            *text,
          const AlmuFileName *name)
{
  almu_writer_add_text (text, "directory", name->directory);
  almu_writer_add_text (text, "name", name->name);
  almu_writer_add_text (text, "hdu", name->hdu);
  add_flags (text, name->flags);
}

/* The files that a hypercube is made of. */
static void
add_parts (GString   *text,
           GPtrArray *parts)
{
  if (parts == NULL)
    return;

  almu_writer_begin_member (text, "stokes_files");
  g_string_append_c (text, '[');
  for (guint i = 0; i < parts->len; i++)
    {
      const AlmuPartName *part = parts->pdata[i];

      almu_writer_begin_line (text, "  ");
      g_string_append_c (text, '{');
      almu_writer_add_text (text, "polarisation", almu_record_name_of (almu_record_polarisations, part->polarisation));
      add_name (text, part->file);
      g_string_append_c (text, '}');
    }
  g_string_append_c (text, ']');
}

/**
 * almu_writer_can_be_found:
 * @name: (nullable): of a file or a catalog
 *
 * Whether it is worth writing: a name that no folder can have, of more than
 * %ALMU_LIMIT_PATH_BYTES, was never opened, and the record would not be read
 * again.
 */
gboolean
almu_writer_can_be_found (const AlmuFileName *name)
{
  return name != NULL &&
         strlen (name->directory) <= ALMU_LIMIT_PATH_BYTES &&
         strlen (name->name) <= ALMU_LIMIT_PATH_BYTES &&
         strlen (name->hdu) <= ALMU_LIMIT_PATH_BYTES;
}

/**
 * almu_writer_is_same_text:
 * @object: an object of a record
 * @member: name of a member
 * @value: a text
 *
 * Whether the member is that text. One that is missing is empty text.
 */
gboolean
almu_writer_is_same_text (JsonObject *object,
                          const char *member,
                          const char *value)
{
  JsonNode *node = json_object_get_member (object, member);

  if (node == NULL)
    return *value == '\0';

  return JSON_NODE_HOLDS_VALUE (node) && g_strcmp0 (json_node_get_string (node), value) == 0;
}

/* Ids of files are given again, so that the name has to be the same too. */
static JsonObject *
find_file (JsonObject         *before,
           const AlmuFileWish *file)
{
  JsonObject *old = almu_writer_find_element (almu_writer_get_array (before, "files"), "id", file->id, NULL);

  if (old == NULL || !almu_writer_is_same_text (old, "name", file->name->name) ||
      !almu_writer_is_same_text (old, "directory", file->name->directory) ||
      !almu_writer_is_same_text (old, "hdu", file->name->hdu))
    return NULL;

  return old;
}

static void
append_file (GString            *text,
             const AlmuFileWish *file,
             JsonObject         *before,
             GHashTable         *texts)
{
  JsonObject *old = find_file (before, file);

  almu_writer_begin_line (text, " ");
  g_string_append_c (text, '{');
  almu_writer_add_int (text, "id", file->id);
  add_name (text, file->name);
  add_parts (text, file->name->parts);
  if (file->has_fingerprint)
    almu_writer_add_fingerprint (text, &file->fingerprint);
  almu_writer_add_int (text, "channel", file->channel);
  almu_writer_add_int (text, "stokes", file->stokes);
  if (file->has_cursor && isfinite (file->cursor.x) && isfinite (file->cursor.y))
    {
      almu_writer_begin_member (text, "cursor");
      almu_writer_append_point (text, file->cursor);
    }
  almu_writer_add_look (text, file->look, file->name->name);
  if (file->contours != NULL)
    almu_writer_add_contours (text, file->contours, old);
  if (file->vectors != NULL)
    almu_writer_add_vectors (text, file->vectors, old);
  almu_writer_begin_member (text, "regions");
  g_string_append_c (text, '[');
  for (guint i = 0; i < file->regions->len; i++)
    almu_writer_append_region (text, &g_array_index (file->regions, AlmuRegionWish, i), almu_writer_get_array (old, "regions"), texts);
  g_string_append_c (text, ']');
  if (file->requirements != NULL)
    {
      almu_writer_begin_member (text, "requirements");
      g_string_append_c (text, '[');
      for (guint i = 0; i < file->requirements->len; i++)
        append_requirement (text, file->requirements->pdata[i], almu_writer_get_array (old, "requirements"));
      g_string_append_c (text, ']');
    }
  almu_writer_append_unknown (text, old, LEVEL_FILE);
  g_string_append_c (text, '}');
}

/* Of shapes that are no more, not many are kept. */
static void
tidy_texts (GHashTable        *texts,
            const AlmuMemento *memento)
{
  guint n = 0;

  for (guint i = 0; i < memento->files->len; i++)
    n += ((const AlmuFileWish *) memento->files->pdata[i])->regions->len;
  if (g_hash_table_size (texts) > 2 * n + MIN_KEPT_TEXTS)
    g_hash_table_remove_all (texts);
}

/**
 * almu_record_texts_new:
 *
 * Returns: (transfer full): where almu_record_write_again() keeps what it
 *   wrote of each region
 */
GHashTable *
almu_record_texts_new (void)
{
  return g_hash_table_new_full (NULL, NULL, (GDestroyNotify) almu_shape_unref, g_free);
}

/**
 * almu_record_write:
 * @memento: a session
 * @previous_text: (nullable): the record that is replaced, if anything in it
 *   may be of a newer version
 *
 * almu_record_write_again() for who writes but once.
 *
 * Returns: (transfer full): @memento as JSON text
 */
char *
almu_record_write (const AlmuMemento *memento,
                   const char        *previous_text)
{
  return almu_record_write_again (memento, previous_text, NULL);
}

/**
 * almu_record_write_again:
 * @memento: a session
 * @previous_text: (nullable): the record that is replaced, if anything in it
 *   may be of a newer version
 * @texts: (nullable): from almu_record_texts_new(), of the same session
 *
 * Cannot fail. What nobody could read again is left out: files whose names no
 * folder can have, wants that no parser takes, looks beyond
 * %ALMU_LIMIT_LOOK_BYTES, numbers that are not finite. The text may still be
 * longer than %ALMU_LIMIT_RECORD_BYTES, which almu_record_read() refuses. Any
 * thread, but one at a time for each @texts.
 *
 * Returns: (transfer full): @memento as JSON text, with what
 *   @previous_text has beside
 */
char *
almu_record_write_again (const AlmuMemento *memento,
                         const char        *previous_text,
                         GHashTable        *texts)
{
  GString *text = g_string_sized_new (1024);
  g_autoptr(JsonObject) before = NULL;

  if (previous_text != NULL)
    before = almu_record_parse (previous_text, NULL);
  if (texts != NULL)
    tidy_texts (texts, memento);

  g_string_append_c (text, '{');
  almu_writer_add_int (text, "version", ALMU_RECORD_VERSION);
  almu_writer_add_int (text, "id", memento->id);
  almu_writer_add_text (text, "state", memento->state);
  almu_writer_add_text (text, "title", memento->title);
  almu_writer_add_text (text, "peer", memento->peer);
  if (memento->viewer != NULL)
    almu_writer_add_text (text, "viewer", memento->viewer);
  almu_writer_add_time (text, "created", memento->created);
  almu_writer_add_time (text, "last_seen", memento->last_seen);
  almu_writer_add_int (text, "epoch", memento->epoch);
  almu_writer_add_int (text, "last_region_id", memento->last_region_id);
  if (memento->rebuilds != 0)
    almu_writer_add_int (text, "rebuilds", memento->rebuilds);
  almu_writer_begin_member (text, "files");
  g_string_append_c (text, '[');
  for (guint i = 0; i < memento->files->len; i++)
    {
      const AlmuFileWish *file = memento->files->pdata[i];

      if (almu_writer_can_be_found (file->name))
        append_file (text, file, before, texts);
    }
  g_string_append_c (text, ']');
  almu_writer_add_catalogs (text, memento, before);
  almu_writer_append_unknown (text, before, LEVEL_TOP);
  g_string_append_c (text, '}');

  return g_string_free (text, FALSE);
}
