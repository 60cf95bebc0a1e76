/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-shelf.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/stat.h>

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>

#include "almu-error.h"
#include "almu-json-text.h"
#include "almu-limits.h"
#include "almu-whole-file.h"

#define PREFERENCES "preferences.json"
#define PREFERENCES_ASIDE "preferences.json.bak"
#define PREFERENCES_VERSION 2
#define SCHEMAS "https://cartavis.org/schemas/"
#define SUFFIX ".json"

/* Text up to this size is indented for people to read; deep nesting
 * multiplies what is larger. */
#define PRETTY_BYTES (64 * 1024)

/* What a folder takes for a name on the file systems in use. */
#define FILE_NAME_BYTES 255

/**
 * AlmuShelf:
 *
 * The page's settings as JSON files that a person can read, copy and mend:
 * `preferences.json`, and one file per layout, snippet and workspace in
 * folders of those names.
 *
 * The daemon owns it; calls come from any thread and are served one by one.
 * Files are read anew at each call, so that what a person changes counts.
 */
struct _AlmuShelf
{
  GObject parent_instance;

  GMutex   mutex;
  char    *folder;
  gboolean read_only;
};

static void almu_shelf_settings_init (AlmuSettingsInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (AlmuShelf, almu_shelf, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (ALMU_TYPE_SETTINGS, almu_shelf_settings_init))

enum
{
  PROP_0,
  PROP_FOLDER,
  PROP_READ_ONLY,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static const struct
{
  const char *folder;
  const char *schema;
} kinds[] = {
  [ALMU_SETTINGS_LAYOUT] = { "layouts", SCHEMAS "layout_schema_2.json" },
  [ALMU_SETTINGS_SNIPPET] = { "snippets", SCHEMAS "snippet_schema_1.json" },
  [ALMU_SETTINGS_WORKSPACE] = { "workspaces", SCHEMAS "workspace_schema_1.json" },
};

G_STATIC_ASSERT (G_N_ELEMENTS (kinds) == ALMU_N_SETTINGS_KINDS);

/* -- JSON --------------------------------------------------------------- */

static JsonObject *
parse_object (const char *text,
              const char *what,
              GError    **error)
{
  g_autoptr(JsonParser) parser = json_parser_new ();
  g_autoptr(GError) reason = NULL;
  g_autofree char *clean = almu_json_text_clean (text, -1, error);
  JsonNode        *root;

  if (clean == NULL)
    {
      g_prefix_error (error, "%s: ", what);
      return NULL;
    }

  if (!json_parser_load_from_data (parser, clean, -1, &reason))
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("%s is not JSON: %s"), what, reason->message);
      return NULL;
    }

  root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("%s is not a JSON object"), what);
      return NULL;
    }

  return json_object_ref (json_node_get_object (root));
}

static char *
print_object (JsonObject *object,
              gboolean    pretty)
{
  g_autoptr(JsonNode) node = json_node_init_object (json_node_alloc (), object);
  g_autofree char *text = json_to_string (node, pretty);

  return almu_json_text_mend (text);
}

/* What we write must be what we read again. */
static char *
print_for_disk (JsonObject *object,
                const char *what,
                GError    **error)
{
  g_autofree char *text = print_object (object, FALSE);
  g_autofree char *again = NULL;
  gsize            length = strlen (text);

  if (length > ALMU_LIMIT_BODY_BYTES)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("%s would have %zu bytes on the disk, %d is the limit"),
                   what, length, ALMU_LIMIT_BODY_BYTES);
      return NULL;
    }

  again = almu_json_text_clean (text, (gssize) length, error);
  if (again == NULL)
    {
      g_prefix_error (error, "%s: ", what);
      return NULL;
    }

  return length <= PRETTY_BYTES ? print_object (object, TRUE) : g_steal_pointer (&text);
}

/* -- names -------------------------------------------------------------- */

static gboolean
is_escape (const char *p)
{
  return p[0] == '%' && g_ascii_isxdigit (p[1]) && g_ascii_isxdigit (p[2]);
}

/* Names are file names as they are; only one that reads like an escape is
 * escaped itself. */
static char *
encode_name (const char *name)
{
  GString *file = g_string_new (NULL);

  for (const char *p = name; *p != '\0'; p++)
    {
      if (is_escape (p))
        g_string_append (file, "%25");
      else
        g_string_append_c (file, *p);
    }

  return g_string_free (g_string_append (file, SUFFIX), FALSE);
}

/* The name behind a file, or NULL when we would not have called it so. */
static char *
decode_name (const char *file)
{
  g_autoptr(GString) name = g_string_new (NULL);
  g_autofree char *again = NULL;
  gsize            length = strlen (file);

  if (!g_str_has_suffix (file, SUFFIX))
    return NULL;

  for (gsize i = 0; i < length - strlen (SUFFIX); i++)
    {
      g_string_append_c (name, file[i]);
      if (g_str_has_prefix (file + i, "%25"))
        i += 2;
    }

  if (!almu_settings_check_name (name->str, NULL))
    return NULL;

  again = encode_name (name->str);
  if (!g_str_equal (again, file))
    return NULL;

  return g_string_free (g_steal_pointer (&name), FALSE);
}

static char *
file_for_name (const char *name,
               GError    **error)
{
  g_autofree char *file = NULL;

  if (!almu_settings_check_name (name, error))
    return NULL;

  file = encode_name (name);
  if (strlen (file) > FILE_NAME_BYTES)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("Name “%s” makes a file name of more than %d bytes"), name, FILE_NAME_BYTES);
      return NULL;
    }

  return g_steal_pointer (&file);
}

static char *
folder_for_kind (AlmuShelf       *self,
                 AlmuSettingsKind kind)
{
  return g_build_filename (self->folder, kinds[kind].folder, NULL);
}

static gboolean
check_writable (AlmuShelf *self,
                GError   **error)
{
  if (self->read_only)
    g_set_error_literal (error, ALMU_ERROR, ALMU_ERROR_REFUSED,
                         _ ("Settings are not changed in read-only mode"));

  return !self->read_only;
}

/* -- preferences -------------------------------------------------------- */

static void
set_preferences_aside (AlmuShelf    *self,
                       const GError *reason)
{
  g_autofree char *path = g_build_filename (self->folder, PREFERENCES, NULL);
  g_autofree char *aside = g_build_filename (self->folder, PREFERENCES_ASIDE, NULL);

  if (self->read_only || rename (path, aside) < 0)
    g_warning ("%s; serving defaults", reason->message);
  else
    g_warning ("%s; it is now %s, serving defaults", reason->message, aside);
}

static JsonObject *
load_preferences (AlmuShelf *self,
                  GError   **error)
{
  g_autofree char *path = g_build_filename (self->folder, PREFERENCES, NULL);
  g_autoptr(GError) reason = NULL;
  g_autofree char *text = almu_whole_file_read (path, ALMU_LIMIT_BODY_BYTES, &reason);
  JsonObject      *object = NULL;

  if (text != NULL)
    object = parse_object (text, path, &reason);

  if (object != NULL)
    return object;

  if (reason->domain == ALMU_ERROR)
    set_preferences_aside (self, reason);
  else if (!g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return NULL;
    }

  object = json_object_new ();
  json_object_set_int_member (object, "version", PREFERENCES_VERSION);

  return object;
}

static gboolean
save_preferences (AlmuShelf  *self,
                  JsonObject *object,
                  GError    **error)
{
  g_autofree char *text = NULL;

  json_object_set_string_member (object, "$schema", SCHEMAS "preferences_schema_2.json");
  json_object_set_int_member (object, "version", PREFERENCES_VERSION);
  text = print_for_disk (object, "Preferences", error);

  return text != NULL && almu_whole_file_write (self->folder, PREFERENCES, text, error);
}

static char *
almu_shelf_get_preferences (AlmuSettings *settings,
                            GError      **error)
{
  AlmuShelf *self = ALMU_SHELF (settings);
  g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  g_autoptr(JsonObject) object = load_preferences (self, error);

  return object != NULL ? print_object (object, FALSE) : NULL;
}

static void
merge_member (JsonObject *object,
              const char *name,
              JsonNode   *value,
              gpointer    user_data)
{
  json_object_set_member (user_data, name, json_node_copy (value));
}

static gboolean
almu_shelf_merge_preferences (AlmuSettings *settings,
                              const char   *json,
                              GError      **error)
{
  AlmuShelf *self = ALMU_SHELF (settings);
  g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  g_autoptr(JsonObject) changes = NULL;
  g_autoptr(JsonObject) object = NULL;

  if (!check_writable (self, error))
    return FALSE;

  changes = parse_object (json, "What is to be changed", error);
  if (changes == NULL)
    return FALSE;

  object = load_preferences (self, error);
  if (object == NULL)
    return FALSE;

  json_object_foreach_member (changes, merge_member, object);

  return save_preferences (self, object, error);
}

static gboolean
almu_shelf_delete_preferences (AlmuSettings      *settings,
                               const char *const *keys,
                               GError           **error)
{
  AlmuShelf *self = ALMU_SHELF (settings);
  g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  g_autoptr(JsonObject) object = NULL;
  gboolean changed = FALSE;

  if (!check_writable (self, error))
    return FALSE;

  object = load_preferences (self, error);
  if (object == NULL)
    return FALSE;

  for (gsize i = 0; keys[i] != NULL; i++)
    if (json_object_has_member (object, keys[i]))
      {
        json_object_remove_member (object, keys[i]);
        changed = TRUE;
      }

  return !changed || save_preferences (self, object, error);
}

/* -- objects ------------------------------------------------------------ */

static int
compare_entries (gconstpointer a,
                 gconstpointer b)
{
  const AlmuSettingsEntry *x = *(const AlmuSettingsEntry *const *) a;
  const AlmuSettingsEntry *y = *(const AlmuSettingsEntry *const *) b;

  return strcmp (x->name, y->name);
}

static void
add_entry (GPtrArray  *entries,
           const char *folder,
           const char *file)
{
  g_autofree char *path = g_build_filename (folder, file, NULL);
  g_autofree char *name = decode_name (file);
  struct stat      st;

  if (name == NULL || stat (path, &st) < 0 || !S_ISREG (st.st_mode))
    return;

  g_ptr_array_add (entries, almu_settings_entry_new (name, st.st_mtim.tv_sec));
}

static GPtrArray *
list_unlocked (AlmuShelf       *self,
               AlmuSettingsKind kind,
               GError         **error)
{
  g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func ((GDestroyNotify) almu_settings_entry_free);
  g_autofree char *folder = folder_for_kind (self, kind);
  g_autoptr(GError) reason = NULL;
  g_autoptr(GDir) dir = g_dir_open (folder, 0, &reason);
  const char *file;

  if (g_error_matches (reason, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    return g_steal_pointer (&entries);

  if (dir == NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, _ ("Cannot list %s: %s"), folder, reason->message);
      return NULL;
    }

  while (entries->len < ALMU_LIMIT_SHELF_ENTRIES && (file = g_dir_read_name (dir)) != NULL)
    add_entry (entries, folder, file);

  g_ptr_array_sort (entries, compare_entries);

  return g_steal_pointer (&entries);
}

static GPtrArray *
almu_shelf_list (AlmuSettings    *settings,
                 AlmuSettingsKind kind,
                 GError         **error)
{
  AlmuShelf *self = ALMU_SHELF (settings);
  g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return list_unlocked (self, kind, error);
}

static JsonObject *
load_object (AlmuShelf       *self,
             AlmuSettingsKind kind,
             const char      *name,
             gsize            max_bytes,
             gsize           *out_size,
             GError         **error)
{
  g_autofree char *file = file_for_name (name, error);
  g_autofree char *folder = folder_for_kind (self, kind);
  g_autofree char *path = NULL;
  g_autofree char *text = NULL;
  g_autoptr(GError) reason = NULL;

  if (file == NULL)
    return NULL;

  path = g_build_filename (folder, file, NULL);
  text = almu_whole_file_read (path, max_bytes, &reason);

  if (text != NULL)
    {
      *out_size = strlen (text);
      return parse_object (text, path, error);
    }

  if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND,
                 _ ("There is no %s “%s”"), almu_settings_kind_get_name (kind), name);
  else
    g_propagate_error (error, g_steal_pointer (&reason));

  return NULL;
}

static char *
almu_shelf_get_all (AlmuSettings    *settings,
                    AlmuSettingsKind kind,
                    GError         **error)
{
  AlmuShelf *self = ALMU_SHELF (settings);
  g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  g_autoptr(GPtrArray) entries = list_unlocked (self, kind, error);
  g_autoptr(JsonObject) all = json_object_new ();
  gsize room = ALMU_LIMIT_SHELF_BYTES;

  if (entries == NULL)
    return NULL;

  for (guint i = 0; i < entries->len; i++)
    {
      const AlmuSettingsEntry *entry = entries->pdata[i];
      g_autoptr(GError) reason = NULL;
      gsize       size = 0;
      JsonObject *object = load_object (self, kind, entry->name,
                                        MIN (room, ALMU_LIMIT_BODY_BYTES), &size, &reason);

      if (object != NULL)
        json_object_set_object_member (all, entry->name, object);
      else
        g_warning ("%s; going on without it", reason->message);
      room -= size;
    }

  return print_object (all, FALSE);
}

static char *
almu_shelf_get (AlmuSettings    *settings,
                AlmuSettingsKind kind,
                const char      *name,
                GError         **error)
{
  AlmuShelf *self = ALMU_SHELF (settings);
  g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  g_autoptr(JsonObject) object = NULL;
  gsize size;

  object = load_object (self, kind, name, ALMU_LIMIT_BODY_BYTES, &size, error);
  if (object == NULL)
    return NULL;

  json_object_set_string_member (object, "name", name);

  return print_object (object, FALSE);
}

static gboolean
check_room (AlmuShelf       *self,
            AlmuSettingsKind kind,
            const char      *file,
            GError         **error)
{
  g_autofree char *folder = folder_for_kind (self, kind);
  g_autofree char *path = g_build_filename (folder, file, NULL);
  g_autoptr(GPtrArray) entries = NULL;

  if (g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;

  entries = list_unlocked (self, kind, error);
  if (entries == NULL)
    return FALSE;

  if (entries->len >= ALMU_LIMIT_SHELF_ENTRIES)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("There are %u in %s already: remove some"), entries->len, folder);
      return FALSE;
    }

  return TRUE;
}

static gboolean
almu_shelf_put (AlmuSettings    *settings,
                AlmuSettingsKind kind,
                const char      *name,
                const char      *json,
                GError         **error)
{
  AlmuShelf *self = ALMU_SHELF (settings);
  g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  g_autoptr(JsonObject) object = NULL;
  g_autofree char *folder = folder_for_kind (self, kind);
  g_autofree char *file = NULL;
  g_autofree char *text = NULL;

  if (!check_writable (self, error))
    return FALSE;

  file = file_for_name (name, error);
  if (file == NULL)
    return FALSE;

  object = parse_object (json, name, error);
  if (object == NULL || !check_room (self, kind, file, error))
    return FALSE;

  json_object_set_string_member (object, "$schema", kinds[kind].schema);
  text = print_for_disk (object, name, error);

  return text != NULL && almu_whole_file_write (folder, file, text, error);
}

static gboolean
almu_shelf_remove (AlmuSettings    *settings,
                   AlmuSettingsKind kind,
                   const char      *name,
                   GError         **error)
{
  AlmuShelf *self = ALMU_SHELF (settings);
  g_autoptr(GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  g_autoptr(GError) reason = NULL;
  g_autofree char *folder = folder_for_kind (self, kind);
  g_autofree char *file = NULL;

  if (!check_writable (self, error))
    return FALSE;

  file = file_for_name (name, error);
  if (file == NULL)
    return FALSE;

  if (almu_whole_file_remove (folder, file, &reason))
    return TRUE;

  if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND,
                 _ ("There is no %s “%s”"), almu_settings_kind_get_name (kind), name);
  else
    g_propagate_error (error, g_steal_pointer (&reason));

  return FALSE;
}

static void
almu_shelf_settings_init (AlmuSettingsInterface *iface)
{
  iface->get_preferences = almu_shelf_get_preferences;
  iface->merge_preferences = almu_shelf_merge_preferences;
  iface->delete_preferences = almu_shelf_delete_preferences;
  iface->list = almu_shelf_list;
  iface->get_all = almu_shelf_get_all;
  iface->get = almu_shelf_get;
  iface->put = almu_shelf_put;
  iface->remove = almu_shelf_remove;
}

/* -- the object --------------------------------------------------------- */

static void
almu_shelf_constructed (GObject *object)
{
  AlmuShelf *self = ALMU_SHELF (object);

  G_OBJECT_CLASS (almu_shelf_parent_class)->constructed (object);

  if (self->read_only)
    return;

  almu_whole_file_sweep (self->folder);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *folder = folder_for_kind (self, i);

      almu_whole_file_sweep (folder);
    }
}

static void
almu_shelf_finalize (GObject *object)
{
  AlmuShelf *self = ALMU_SHELF (object);

  g_clear_pointer (&self->folder, g_free);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (almu_shelf_parent_class)->finalize (object);
}

static void
almu_shelf_get_property (GObject    *object,
                         guint       prop_id,
                         GValue     *value,
                         GParamSpec *pspec)
{
  AlmuShelf *self = ALMU_SHELF (object);

  switch (prop_id)
    {
    case PROP_FOLDER:
      g_value_set_string (value, self->folder);
      break;

    case PROP_READ_ONLY:
      g_value_set_boolean (value, self->read_only);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
almu_shelf_set_property (GObject      *object,
                         guint         prop_id,
                         const GValue *value,
                         GParamSpec   *pspec)
{
  AlmuShelf *self = ALMU_SHELF (object);

  switch (prop_id)
    {
    case PROP_FOLDER:
      self->folder = g_value_dup_string (value);
      break;

    case PROP_READ_ONLY:
      self->read_only = g_value_get_boolean (value);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
almu_shelf_class_init (AlmuShelfClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = almu_shelf_constructed;
  object_class->finalize = almu_shelf_finalize;
  object_class->get_property = almu_shelf_get_property;
  object_class->set_property = almu_shelf_set_property;

  /**
   * AlmuShelf:folder:
   *
   * Where the files are; made at the first write.
   */
  properties[PROP_FOLDER] =
    g_param_spec_string ("folder", NULL, NULL,
                         NULL,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * AlmuShelf:read-only:
   *
   * Whether every write is refused.
   */
  properties[PROP_READ_ONLY] =
    g_param_spec_boolean ("read-only", NULL, NULL,
                          FALSE,
                          G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
almu_shelf_init (AlmuShelf *self)
{
  g_mutex_init (&self->mutex);
}

/**
 * almu_shelf_new:
 * @folder: where the settings are or will be; made at the first write
 * @read_only: whether every write is refused
 *
 * Removes what a writer left behind that was killed half way, unless
 * @read_only. Does not fail: what is wrong with @folder shows when something is
 * read or written.
 *
 * Returns: (transfer full): a shelf
 */
AlmuShelf *
almu_shelf_new (const char *folder,
                gboolean    read_only)
{
  g_return_val_if_fail (folder != NULL, NULL);

  return g_object_new (ALMU_TYPE_SHELF,
                       "folder", folder,
                       "read-only", read_only,
                       NULL);
}
