/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-settings.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "almu-error.h"
#include "almu-limits.h"

/**
 * AlmuSettings:
 *
 * What the page wants to find again: its preferences, and layouts, snippets
 * and workspaces by name.
 *
 * JSON crosses this interface as text, so that whoever stores it, or puts
 * something before it, needs no common library. The functions block on the
 * disk: they are called from workers, and an implementation takes calls from
 * any thread.
 *
 * Failures: %ALMU_ERROR_NOT_FOUND (no object of this name),
 * %ALMU_ERROR_FORMAT (a name or text that is not what it should be),
 * %ALMU_ERROR_LIMIT (too large, too many), %ALMU_ERROR_REFUSED (read-only),
 * and %G_IO_ERROR for what the disk does.
 */
G_DEFINE_INTERFACE (AlmuSettings, almu_settings, G_TYPE_OBJECT)

static void
almu_settings_default_init (AlmuSettingsInterface *iface)
{
}

/**
 * almu_settings_entry_new:
 * @name: what the user calls it; copied
 * @date: seconds since 1970
 *
 * For lists; the name is not checked.
 *
 * Returns: (transfer full): an entry
 */
AlmuSettingsEntry *
almu_settings_entry_new (const char *name,
                         gint64      date)
{
  AlmuSettingsEntry *self = g_new0 (AlmuSettingsEntry, 1);

  self->name = g_strdup (name);
  self->date = date;

  return self;
}

/**
 * almu_settings_entry_free:
 * @self: (transfer full): an entry
 *
 * Frees an entry and its name.
 */
void
almu_settings_entry_free (AlmuSettingsEntry *self)
{
  g_free (self->name);
  g_free (self);
}

/**
 * almu_settings_kind_get_name:
 * @kind: of what
 *
 * A key, not for people: it is never translated.
 *
 * Returns: (transfer none): the word for @kind, as it stands in the page's
 *   requests
 */
const char *
almu_settings_kind_get_name (AlmuSettingsKind kind)
{
  static const char *const names[] = { "layout", "snippet", "workspace" };

  G_STATIC_ASSERT (G_N_ELEMENTS (names) == ALMU_N_SETTINGS_KINDS);
  g_return_val_if_fail ((guint) kind < ALMU_N_SETTINGS_KINDS, NULL);

  return names[kind];
}

static gboolean
has_control_character (const char *text)
{
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    if (g_unichar_iscntrl (g_utf8_get_char (p)))
      return TRUE;

  return FALSE;
}

/**
 * almu_settings_check_name:
 * @name: what somebody calls a layout, snippet or workspace
 * @error: return location for an error
 *
 * Names become file names and entries of menus.
 *
 * Fails with %ALMU_ERROR_FORMAT, or with %ALMU_ERROR_LIMIT beyond
 * %ALMU_LIMIT_NAME_BYTES.
 *
 * Returns: %TRUE if @name can be both
 */
gboolean
almu_settings_check_name (const char *name,
                          GError    **error)
{
  g_return_val_if_fail (name != NULL, FALSE);

  if (*name == '\0')
    {
      g_set_error_literal (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("Name is empty"));
      return FALSE;
    }

  if (strlen (name) > ALMU_LIMIT_NAME_BYTES)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("Name is longer than %d bytes"), ALMU_LIMIT_NAME_BYTES);
      return FALSE;
    }

  if (!g_utf8_validate (name, -1, NULL) || has_control_character (name))
    {
      g_set_error_literal (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                           _ ("Name is not text without control characters"));
      return FALSE;
    }

  if (*name == '.' || strchr (name, '/') != NULL)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                   _ ("Name “%s” begins with a dot or has a slash in it"), name);
      return FALSE;
    }

  return TRUE;
}

/**
 * almu_settings_get_preferences:
 * @self: settings
 * @error: return location for an error
 *
 * Never %ALMU_ERROR_NOT_FOUND: without any the object has none. See
 * #AlmuSettings for the other failures.
 *
 * Returns: (transfer full): a JSON object
 */
char *
almu_settings_get_preferences (AlmuSettings *self,
                               GError      **error)
{
  g_return_val_if_fail (ALMU_IS_SETTINGS (self), NULL);

  return ALMU_SETTINGS_GET_IFACE (self)->get_preferences (self, error);
}

/**
 * almu_settings_merge_preferences:
 * @self: settings
 * @json: an object of the preferences that changed
 * @error: return location for an error
 *
 * Replaces the members that are in @json as a whole, and leaves all others. Two
 * calls do not get in each other's way. Text that is no JSON object is
 * %ALMU_ERROR_FORMAT; see #AlmuSettings for the other failures.
 *
 * Returns: %TRUE once the merged preferences are on the disk
 */
gboolean
almu_settings_merge_preferences (AlmuSettings *self,
                                 const char   *json,
                                 GError      **error)
{
  g_return_val_if_fail (ALMU_IS_SETTINGS (self), FALSE);
  g_return_val_if_fail (json != NULL, FALSE);

  return ALMU_SETTINGS_GET_IFACE (self)->merge_preferences (self, json, error);
}

/**
 * almu_settings_delete_preferences:
 * @self: settings
 * @keys: which to forget; unknown ones are no failure
 * @error: return location for an error
 *
 * Writes nothing if none of @keys is there. See #AlmuSettings for the failures.
 *
 * Returns: %TRUE once they are gone
 */
gboolean
almu_settings_delete_preferences (AlmuSettings      *self,
                                  const char *const *keys,
                                  GError           **error)
{
  g_return_val_if_fail (ALMU_IS_SETTINGS (self), FALSE);
  g_return_val_if_fail (keys != NULL, FALSE);

  return ALMU_SETTINGS_GET_IFACE (self)->delete_preferences (self, keys, error);
}

/**
 * almu_settings_list:
 * @self: settings
 * @kind: of what
 * @error: return location for an error
 *
 * Of more than %ALMU_LIMIT_SHELF_ENTRIES some are left out. None at all is an
 * empty list.
 *
 * Returns: (transfer full) (element-type AlmuSettingsEntry): what there is,
 *   by name
 */
GPtrArray *
almu_settings_list (AlmuSettings    *self,
                    AlmuSettingsKind kind,
                    GError         **error)
{
  g_return_val_if_fail (ALMU_IS_SETTINGS (self), NULL);

  return ALMU_SETTINGS_GET_IFACE (self)->list (self, kind, error);
}

/**
 * almu_settings_get_all:
 * @self: settings
 * @kind: of what
 * @error: return location for an error
 *
 * Objects that cannot be read are left out: one damaged layout must not
 * cost the others.
 *
 * See #AlmuSettings for the failures, which are of the folder only.
 *
 * Returns: (transfer full): a JSON object, name → object
 */
char *
almu_settings_get_all (AlmuSettings    *self,
                       AlmuSettingsKind kind,
                       GError         **error)
{
  g_return_val_if_fail (ALMU_IS_SETTINGS (self), NULL);

  return ALMU_SETTINGS_GET_IFACE (self)->get_all (self, kind, error);
}

/**
 * almu_settings_get:
 * @self: settings
 * @kind: of what
 * @name: which
 * @error: return location for an error
 *
 * Reads it anew, so that what a person has changed counts. See #AlmuSettings
 * for the failures.
 *
 * Returns: (transfer full): a JSON object, with its name as the member `name`
 */
char *
almu_settings_get (AlmuSettings    *self,
                   AlmuSettingsKind kind,
                   const char      *name,
                   GError         **error)
{
  g_return_val_if_fail (ALMU_IS_SETTINGS (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  return ALMU_SETTINGS_GET_IFACE (self)->get (self, kind, name, error);
}

/**
 * almu_settings_put:
 * @self: settings
 * @kind: of what
 * @name: what to call it; one of the same name is replaced
 * @json: an object
 * @error: return location for an error
 *
 * A name that cannot be one is refused as by almu_settings_check_name(); a new
 * one beyond %ALMU_LIMIT_SHELF_ENTRIES is %ALMU_ERROR_LIMIT. See #AlmuSettings
 * for the other failures. On failure what was there stays.
 *
 * Returns: %TRUE once it is on the disk
 */
gboolean
almu_settings_put (AlmuSettings    *self,
                   AlmuSettingsKind kind,
                   const char      *name,
                   const char      *json,
                   GError         **error)
{
  g_return_val_if_fail (ALMU_IS_SETTINGS (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);
  g_return_val_if_fail (json != NULL, FALSE);

  return ALMU_SETTINGS_GET_IFACE (self)->put (self, kind, name, json, error);
}

/**
 * almu_settings_remove:
 * @self: settings
 * @kind: of what
 * @name: which
 * @error: return location for an error
 *
 * See #AlmuSettings for the failures; %ALMU_ERROR_NOT_FOUND if there is none of
 * that name.
 *
 * Returns: %TRUE once it is gone from the disk
 */
gboolean
almu_settings_remove (AlmuSettings    *self,
                      AlmuSettingsKind kind,
                      const char      *name,
                      GError         **error)
{
  g_return_val_if_fail (ALMU_IS_SETTINGS (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);

  return ALMU_SETTINGS_GET_IFACE (self)->remove (self, kind, name, error);
}
