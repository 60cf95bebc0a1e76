/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-command.h"

#include <glib/gi18n.h>
#include <json-glib/json-glib.h>

#include "almu-table.h"

/* The commands that tell something. */

#define PROPERTIES "org.freedesktop.DBus.Properties"
#define OBJECTS "org.freedesktop.DBus.ObjectManager"
#define FILE_INTERFACE "io.github.almucantar.Almucantar.File1"

static void
print_json (GVariant *value)
{
  g_autoptr(JsonNode) node = json_gvariant_serialize (value);
  g_autofree char *text = json_to_string (node, TRUE);

  g_print ("%s\n", text);
}

static const char *
get_text (GVariant   *entry,
          const char *key)
{
  const char *text = "";

  g_variant_lookup (entry, key, "&s", &text);

  return text;
}

static char *
dup_time (GVariant   *entry,
          const char *key)
{
  gint64 seconds = 0;
  g_autoptr(GDateTime) time = NULL;

  g_variant_lookup (entry, key, "x", &seconds);
  time = g_date_time_new_from_unix_local (seconds);

  return time != NULL ? g_date_time_format (time, "%Y-%m-%d %H:%M") : g_strdup ("");
}

static guint32
get_number (GVariant   *entry,
            const char *key)
{
  guint32 number = 0;

  g_variant_lookup (entry, key, "u", &number);

  return number;
}

/* An aa{sv}, see ListSessions of Manager1. */
static GVariant *
list_sessions (AlmuClient *client,
               GError    **error)
{
  g_autoptr(GVariant) reply = NULL;

  reply = almu_client_call (client, ALMU_CTL_MANAGER, "ListSessions", g_variant_new ("(a{sv})", NULL),
                            "(aa{sv})", error);

  return reply != NULL ? g_variant_get_child_value (reply, 0) : NULL;
}

/* -- sessions ------------------------------------------------------------ */

static void
print_ids (GVariant *list)
{
  for (gsize i = 0; i < g_variant_n_children (list); i++)
    {
      g_autoptr(GVariant) entry = g_variant_get_child_value (list, i);
      g_autofree char *title = almu_table_make_safe (get_text (entry, "title"));

      g_print ("%u\t%s\n", get_number (entry, "id"), title);
    }
}

static const char *const states[] = { N_ ("attached"), N_ ("detached"), N_ ("parked"), N_ ("closed") };

/* One that a newer service has is told as it is. */
static const char *
describe_state (const char *state)
{
  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    if (g_str_equal (state, states[i]))
      return _ (states[i]);

  return state;
}

static void
print_sessions (GVariant *list)
{
  g_autoptr(AlmuTable) table = almu_table_new (5);

  almu_table_add (table, _ ("SESSION"));
  almu_table_add (table, _ ("STATE"));
  almu_table_add (table, _ ("LAST SEEN"));
  almu_table_add (table, _ ("FILES"));
  almu_table_add (table, _ ("TITLE"));
  for (gsize i = 0; i < g_variant_n_children (list); i++)
    {
      g_autoptr(GVariant) entry = g_variant_get_child_value (list, i);
      g_autofree char *time = dup_time (entry, "last-seen");

      almu_table_add_number (table, get_number (entry, "id"));
      almu_table_add (table, describe_state (get_text (entry, "state")));
      almu_table_add (table, time);
      almu_table_add_number (table, get_number (entry, "n-files"));
      almu_table_add (table, get_text (entry, "title"));
    }

  almu_table_print (table);
}

/**
 * almu_command_sessions:
 * @request: the command with its options
 * @error: return location
 *
 * Runs `almucantar sessions`: prints the sessions that ListSessions tells, as a
 * table, as JSON, or only their numbers.
 *
 * Returns: 0; with @error set another number, which does not matter
 */
int
almu_command_sessions (const AlmuRequest *request,
                       GError           **error)
{
  g_autoptr(GVariant) list = list_sessions (request->client, error);

  if (list == NULL)
    return ALMU_CTL_REFUSED;

  if (request->as_json)
    print_json (list);
  else if (request->only_ids)
    print_ids (list);
  else
    print_sessions (list);

  return 0;
}

/* -- show ---------------------------------------------------------------- */

static int
show_record (const AlmuRequest *request,
             guint32            id,
             GError           **error)
{
  g_autoptr(GVariant) reply = NULL;
  const char *text;

  reply = almu_client_call (request->client, ALMU_CTL_MANAGER, "GetState", g_variant_new ("(u)", id), "(s)", error);
  if (reply == NULL)
    {
      g_prefix_error (error, _ ("Session %u cannot be shown: "), id);
      return ALMU_CTL_REFUSED;
    }

  g_variant_get (reply, "(&s)", &text);
  g_print ("%s%s", text, g_str_has_suffix (text, "\n") ? "" : "\n");

  return 0;
}

static GVariant *
find_session (GVariant *list,
              guint32   id)
{
  for (gsize i = 0; i < g_variant_n_children (list); i++)
    {
      g_autoptr(GVariant) entry = g_variant_get_child_value (list, i);

      if (get_number (entry, "id") == id)
        return g_steal_pointer (&entry);
    }

  return NULL;
}

static char *
dup_shape (GVariant *properties)
{
  g_autoptr(GVariant) shape = g_variant_lookup_value (properties, "Shape", G_VARIANT_TYPE ("au"));
  GString *text = g_string_new (NULL);

  for (gsize i = 0; shape != NULL && i < g_variant_n_children (shape); i++)
    {
      guint32 length;

      g_variant_get_child (shape, i, "u", &length);
      g_string_append_printf (text, "%s%u", i > 0 ? " × " : "", length);
    }

  return g_string_free (text, FALSE);
}

static guint
count_below (GVariant   *objects,
             const char *prefix)
{
  GVariantIter iter;
  const char  *path;
  guint        n = 0;

  g_variant_iter_init (&iter, objects);
  while (g_variant_iter_next (&iter, "{&o@a{sa{sv}}}", &path, NULL))
    n += g_str_has_prefix (path, prefix);

  return n;
}

static void
add_file (AlmuTable  *table,
          GVariant   *objects,
          const char *path,
          GVariant   *file)
{
  g_autofree char *regions = g_strconcat (path, "/regions/", NULL);
  g_autofree char *name = g_filename_from_uri (get_text (file, "Uri"), NULL, NULL);
  g_autofree char *text = name != NULL ? g_filename_display_name (name) : g_strdup (get_text (file, "Uri"));
  g_autofree char *shape = dup_shape (file);
  const char      *problem = get_text (file, "Error");

  almu_table_add_number (table, get_number (file, "Id"));
  almu_table_add (table, get_text (file, "State"));
  almu_table_add (table, shape);
  almu_table_add_number (table, get_number (file, "Channel"));
  almu_table_add_number (table, get_number (file, "Stokes"));
  almu_table_add_number (table, count_below (objects, regions));
  almu_table_add (table, *problem != '\0' ? problem : text);
}

/* Only of a session in memory is more known than its name without reading
 * its record. */
static gboolean
print_files (const AlmuRequest *request,
             guint32            id,
             GError           **error)
{
  g_autofree char *prefix = g_strdup_printf (ALMU_BUS_PATH "/sessions/%u/files/", id);
  g_autoptr(AlmuTable) table = almu_table_new (7);
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GVariant) objects = NULL;
  GVariantIter iter;
  const char  *path;
  GVariant    *interfaces;

  reply = almu_client_call (request->client, OBJECTS, "GetManagedObjects", NULL, "(a{oa{sa{sv}}})", error);
  if (reply == NULL)
    return FALSE;

  almu_table_add (table, _ ("FILE"));
  almu_table_add (table, _ ("STATE"));
  almu_table_add (table, _ ("SHAPE"));
  almu_table_add (table, _ ("CHANNEL"));
  almu_table_add (table, _ ("STOKES"));
  almu_table_add (table, _ ("REGIONS"));
  almu_table_add (table, _ ("NAME"));

  objects = g_variant_get_child_value (reply, 0);
  g_variant_iter_init (&iter, objects);
  while (g_variant_iter_next (&iter, "{&o@a{sa{sv}}}", &path, &interfaces))
    {
      g_autoptr(GVariant) file = g_variant_lookup_value (interfaces, FILE_INTERFACE, G_VARIANT_TYPE_VARDICT);

      if (file != NULL && g_str_has_prefix (path, prefix))
        add_file (table, objects, path, file);
      g_variant_unref (interfaces);
    }

  if (almu_table_get_n_rows (table) > 1)
    {
      g_print ("\n");
      almu_table_print (table);
    }

  return TRUE;
}

static void
print_session (GVariant *entry)
{
  g_autoptr(AlmuTable) table = almu_table_new (2);
  g_autofree char *created = dup_time (entry, "created");
  g_autofree char *last_seen = dup_time (entry, "last-seen");

  almu_table_add (table, _ ("Session"));
  almu_table_add_number (table, get_number (entry, "id"));
  almu_table_add (table, _ ("State"));
  almu_table_add (table, describe_state (get_text (entry, "state")));
  almu_table_add (table, _ ("Title"));
  almu_table_add (table, get_text (entry, "title"));
  almu_table_add (table, _ ("Created"));
  almu_table_add (table, created);
  almu_table_add (table, _ ("Last seen"));
  almu_table_add (table, last_seen);
  if (*get_text (entry, "peer") != '\0')
    {
      almu_table_add (table, _ ("Seen from"));
      almu_table_add (table, get_text (entry, "peer"));
    }
  almu_table_add (table, _ ("Files"));
  almu_table_add_number (table, get_number (entry, "n-files"));
  almu_table_add (table, _ ("Regions"));
  almu_table_add_number (table, get_number (entry, "n-regions"));

  almu_table_print (table);
}

/**
 * almu_command_show:
 * @request: the command with its options, and the number of a session
 * @error: return location; in %G_OPTION_ERROR if that is no number
 *
 * Runs `almucantar show`: prints what ListSessions tells of one session, and
 * its files; as JSON its record, which is what GetState answers.
 *
 * Returns: 0, or %ALMU_CTL_REFUSED without @error if there is no such session,
 *   which has been said on standard error
 */
int
almu_command_show (const AlmuRequest *request,
                   GError           **error)
{
  guint32 id = almu_command_parse_id (request->arguments[0], error);
  g_autoptr(GVariant) list = NULL;
  g_autoptr(GVariant) entry = NULL;

  if (id == 0)
    return ALMU_CTL_USAGE;
  if (request->as_json)
    return show_record (request, id, error);

  list = list_sessions (request->client, error);
  if (list == NULL)
    return ALMU_CTL_REFUSED;

  entry = find_session (list, id);
  if (entry == NULL)
    {
      g_printerr (_ ("almucantar: There is no session %u; “almucantar sessions” lists them\n"), id);
      return ALMU_CTL_REFUSED;
    }

  print_session (entry);

  return print_files (request, id, error) ? 0 : ALMU_CTL_REFUSED;
}

/* -- status -------------------------------------------------------------- */

static GVariant *
count_states (GVariant *list)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  for (gsize i = 0; i < g_variant_n_children (list); i++)
    {
      g_autoptr(GVariant) entry = g_variant_get_child_value (list, i);
      const char *state = get_text (entry, "state");
      guint32     n = 0;

      g_variant_dict_lookup (&dict, state, "u", &n);
      g_variant_dict_insert (&dict, state, "u", n + 1);
    }

  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

static char *
describe_counts (GVariant *counts)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    {
      guint32 n = get_number (counts, states[i]);

      if (n > 0)
        g_string_append_printf (text, "%s%u %s", text->len > 0 ? ", " : "", n, _ (states[i]));
    }

  return g_string_free (text->len > 0 ? text : g_string_append (text, _ ("none")), FALSE);
}

static guint64
get_size (GVariant   *status,
          const char *key)
{
  guint64 size = 0;

  g_variant_lookup (status, key, "t", &size);

  return size;
}

static void
add_row (AlmuTable  *table,
         const char *name,
         const char *value)
{
  almu_table_add (table, name);
  almu_table_add (table, value);
}

static char *
dup_size (GVariant   *status,
          const char *key)
{
  return g_format_size_full (get_size (status, key), G_FORMAT_SIZE_IEC_UNITS);
}

/* All that is kept of images, and what it is. */
static void
add_cache (AlmuTable *table,
           GVariant  *status)
{
  static const struct
  {
    const char *key;
    const char *name;
  } kinds[] = {
    { "planes-bytes", N_ ("planes") },
    { "tiles-bytes", N_ ("tiles") },
    { "histograms-bytes", N_ ("histograms") },
    { "spectra-bytes", N_ ("spectra") },
    /* Translators: parts of cubes, copied in another order */
    { "turned-bytes", N_ ("turned cubes") },
  };
  g_autofree char *size = dup_size (status, "cache-bytes");
  g_autofree char *budget = dup_size (status, "cache-budget");
  /* Translators: memory in use, and how much may be */
  g_autofree char *cached = g_strdup_printf (_ ("%s of %s"), size, budget);
  GString         *text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *part = dup_size (status, kinds[i].key);

      if (get_size (status, kinds[i].key) > 0)
        g_string_append_printf (text, "%s%s %s", text->len > 0 ? ", " : "", _ (kinds[i].name), part);
    }

  add_row (table, _ ("Images in memory"), cached);
  if (text->len > 0)
    add_row (table, _ ("Of these"), text->str);
  g_string_free (text, TRUE);
}

static void
add_sizes (AlmuTable *table,
           GVariant  *status)
{
  g_autofree char *resident = dup_size (status, "resident-bytes");
  g_autofree char *tables = dup_size (status, "table-bytes");
  g_autofree char *unpacked = dup_size (status, "inflated-memory-bytes");
  g_autofree char *on_disk = dup_size (status, "inflated-disk-bytes");
  g_autofree char *outbox = dup_size (status, "outbox-bytes");
  g_autofree char *read = dup_size (status, "read-bytes");

  add_row (table, _ ("Memory"), resident);
  add_cache (table, status);
  add_row (table, _ ("Catalogs in memory"), tables);
  add_row (table, _ ("Unpacked in memory"), unpacked);
  add_row (table, _ ("Unpacked on disk"), on_disk);
  add_row (table, _ ("Waiting to be sent"), outbox);
  add_row (table, _ ("Read from images"), read);
}

static void
add_work (AlmuTable *table,
          GVariant  *status)
{
  g_autofree const char **running = NULL;
  g_autofree char        *waiting = g_strdup_printf ("%u", get_number (status, "waiting-jobs"));
  g_autofree char        *text = NULL;

  g_variant_lookup (status, "computing", "^a&s", &running);
  if (running != NULL && *running != NULL)
    text = g_strjoinv (", ", (char **) running);

  add_row (table, _ ("Being computed"), text != NULL ? text : _ ("nothing"));
  add_row (table, _ ("Waiting for a thread"), waiting);
}

static void
print_status (GVariant *properties,
              GVariant *counts,
              GVariant *status)
{
  g_autoptr(AlmuTable) table = almu_table_new (2);
  g_autofree char *sessions = describe_counts (counts);
  g_autofree char *links = g_strdup_printf ("%u", get_number (status, "links"));

  add_row (table, _ ("Address"), get_text (properties, "Address"));
  add_row (table, _ ("Version"), get_text (properties, "Version"));
  add_row (table, _ ("Sessions"), sessions);
  add_row (table, _ ("Pages"), links);
  add_sizes (table, status);
  add_work (table, status);
  almu_table_print (table);
}

static void
print_status_json (GVariant *properties,
                   GVariant *counts,
                   GVariant *status)
{
  GVariantDict dict;
  g_autoptr(GVariant) all = NULL;

  g_variant_dict_init (&dict, status);
  g_variant_dict_insert (&dict, "address", "s", get_text (properties, "Address"));
  g_variant_dict_insert (&dict, "version", "s", get_text (properties, "Version"));
  g_variant_dict_insert_value (&dict, "sessions", counts);
  all = g_variant_ref_sink (g_variant_dict_end (&dict));
  print_json (all);
}

/**
 * almu_command_status:
 * @request: the command with its options
 * @error: return location
 *
 * Runs `almucantar status`: prints the properties of the service, how many
 * sessions are in each state, and what GetStatus answers; as a text or as JSON.
 *
 * Returns: 0; with @error set another number, which does not matter
 */
int
almu_command_status (const AlmuRequest *request,
                     GError           **error)
{
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GVariant) properties = NULL;
  g_autoptr(GVariant) list = NULL;
  g_autoptr(GVariant) counts = NULL;
  g_autoptr(GVariant) answer = NULL;
  g_autoptr(GVariant) status = NULL;

  reply = almu_client_call (request->client, PROPERTIES, "GetAll", g_variant_new ("(s)", ALMU_CTL_MANAGER),
                            "(a{sv})", error);
  if (reply != NULL)
    answer = almu_client_call (request->client, ALMU_CTL_MANAGER, "GetStatus", NULL, "(a{sv})", error);
  if (answer != NULL)
    list = list_sessions (request->client, error);
  if (list == NULL)
    return ALMU_CTL_NO_SERVICE;

  status = g_variant_get_child_value (answer, 0);
  properties = g_variant_get_child_value (reply, 0);
  counts = count_states (list);
  if (request->as_json)
    print_status_json (properties, counts, status);
  else
    print_status (properties, counts, status);

  return 0;
}
