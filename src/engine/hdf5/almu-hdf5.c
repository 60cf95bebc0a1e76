/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-hdf5.h"

#include <glib/gi18n-lib.h>

#include "almu-error.h"
#include "almu-hdf5-private.h"

/**
 * almu_hdf5_fail:
 * @self: an open file
 * @path: what in the file it is about
 * @what: what is wrong with that, as a phrase
 * @why: (nullable): what libhdf5 says of it
 * @error: return location
 *
 * Sets an error %ALMU_ERROR_FORMAT that names the file.
 *
 * Returns: %FALSE, for the caller to return
 */
gboolean
almu_hdf5_fail (AlmuHdf5   *self,
                const char *path,
                const char *what,
                const char *why,
                GError    **error)
{
  g_autofree char *text = why != NULL && *why != '\0' ? g_utf8_make_valid (why, -1) : NULL;

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, "%s: %s %s%s%s%s",
               self->name, path, what, text != NULL ? " (HDF5: " : "", text != NULL ? text : "",
               text != NULL ? ")" : "");

  return FALSE;
}

/**
 * almu_hdf5_open:
 * @fd: an open file; stays the caller's and must stay open while in use
 * @name: for messages only
 * @error: return location; %ALMU_ERROR_FORMAT if libhdf5 cannot open the file,
 *   or does not survive that
 *
 * Starts the program that reads the file, and waits until it has opened it: not
 * for the main thread.
 *
 * Returns: (transfer full): the open file, or %NULL
 */
AlmuHdf5 *
almu_hdf5_open (int         fd,
                const char *name,
                GError    **error)
{
  g_autoptr(AlmuHdf5) self = g_new0 (AlmuHdf5, 1);
  AlmuHdf5Reply reply;

  self->fd = fd;
  self->name = g_utf8_make_valid (name, -1);
  g_mutex_init (&self->mutex);

  return almu_hdf5_ask_of_path (self, ALMU_HDF5_ASK_NOTHING, "", &reply, NULL, error) ? g_steal_pointer (&self) : NULL;
}

/**
 * almu_hdf5_close:
 * @self: (nullable) (transfer full): an open file, without open arrays
 *
 * Lets the program that reads the file go, without waiting for it.
 */
void
almu_hdf5_close (AlmuHdf5 *self)
{
  if (self == NULL)
    return;

  almu_hdf5_end_reader (self);
  g_mutex_clear (&self->mutex);
  g_free (self->name);
  g_free (self);
}

/**
 * almu_hdf5_has:
 * @self: an open file
 * @path: from the root
 *
 * Waits for the program that reads the file. Any thread.
 *
 * Returns: whether there is a group or an array of that name; %FALSE also if that
 *   cannot be found out
 */
gboolean
almu_hdf5_has (AlmuHdf5   *self,
               const char *path)
{
  AlmuHdf5Reply reply;

  return almu_hdf5_ask_of_path (self, ALMU_HDF5_ASK_WHETHER, path, &reply, NULL, NULL) &&
         reply.answer == ALMU_HDF5_ANSWER_GOOD;
}

/**
 * almu_hdf5_list_groups:
 * @self: an open file
 * @error: return location
 *
 * Waits for the program that reads the file. Any thread.
 *
 * Returns: (transfer full) (element-type utf8): the groups of the root that
 *   hold an image; none if there are none, %NULL on failure
 */
GPtrArray *
almu_hdf5_list_groups (AlmuHdf5 *self,
                       GError  **error)
{
  g_autoptr(GPtrArray) groups = NULL;
  g_autoptr(GVariant) names = NULL;
  AlmuHdf5Reply reply;
  GVariantIter  iter;
  const char   *name;

  if (!almu_hdf5_ask_of_path (self, ALMU_HDF5_ASK_GROUPS, "", &reply, &names, error))
    return NULL;

  groups = g_ptr_array_new_with_free_func (g_free);
  if (names == NULL)
    return g_steal_pointer (&groups);

  g_variant_iter_init (&iter, names);
  while (g_variant_iter_next (&iter, "&s", &name))
    g_ptr_array_add (groups, g_strdup (name));

  return g_steal_pointer (&groups);
}

/* -- attributes --------------------------------------------------------- */

static void
attribute_free (gpointer data)
{
  AlmuHdf5Attribute *attribute = data;

  g_free (attribute->name);
  g_free (attribute->text);
  g_free (attribute);
}

static AlmuHdf5Attribute *
make_attribute (const char *name,
                GVariant   *value)
{
  AlmuHdf5Attribute *attribute = g_new0 (AlmuHdf5Attribute, 1);

  attribute->name = g_strdup (name);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_BYTESTRING))
    {
      attribute->type = ALMU_HDF5_TEXT;
      attribute->text = g_variant_dup_bytestring (value, NULL);
    }
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_DOUBLE))
    {
      attribute->type = ALMU_HDF5_REAL;
      attribute->number = g_variant_get_double (value);
    }
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN))
    {
      attribute->type = ALMU_HDF5_LOGICAL;
      attribute->integer = g_variant_get_boolean (value);
      attribute->number = (double) attribute->integer;
    }
  else
    {
      attribute->type = ALMU_HDF5_INT;
      attribute->integer = g_variant_is_of_type (value, G_VARIANT_TYPE_INT64) ? g_variant_get_int64 (value) : 0;
      attribute->number = (double) attribute->integer;
    }

  return attribute;
}

/**
 * almu_hdf5_list_attributes:
 * @path: of a group
 *
 * Those that are text or one number; others are left out.
 *
 * Returns: (transfer full) (element-type AlmuHdf5Attribute): in the order of
 *   the file
 */
GPtrArray *
almu_hdf5_list_attributes (AlmuHdf5   *self,
                           const char *path,
                           GError    **error)
{
  GPtrArray *attributes;
  g_autoptr(GVariant) all = NULL;
  AlmuHdf5Reply reply;
  GVariantIter  iter;
  const char   *name;
  GVariant     *value;

  if (!almu_hdf5_ask_of_path (self, ALMU_HDF5_ASK_ATTRIBUTES, path, &reply, &all, error))
    return NULL;
  if (all == NULL)
    {
      almu_hdf5_fail (self, path, _ ("is not a group that can be read"), reply.why, error);
      return NULL;
    }

  attributes = g_ptr_array_new_with_free_func (attribute_free);
  g_variant_iter_init (&iter, all);
  while (g_variant_iter_next (&iter, "(&sv)", &name, &value))
    {
      g_ptr_array_add (attributes, make_attribute (name, value));
      g_variant_unref (value);
    }

  return attributes;
}
