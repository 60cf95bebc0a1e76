/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-hdf5-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "almu-error.h"

/* A header of text, and one text of it with all its lines. */
#define MAX_ATTRIBUTES 20000
#define MAX_TEXT_BYTES (16 * 1024 * 1024)
#define MAX_NAME_BYTES 256

static void
attribute_free (gpointer data)
{
  AlmuHdf5Attribute *attribute = data;

  g_free (attribute->name);
  g_free (attribute->text);
  g_free (attribute);
}

/* -- text --------------------------------------------------------------- */

/* Lines of @size bytes each, of which the first 0 ends one. */
static char *
join_lines (const char *bytes,
            gsize       size,
            gsize       n_lines)
{
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < n_lines; i++)
    {
      const char *line = bytes + i * size;

      if (i > 0)
        g_string_append_c (text, '\n');
      g_string_append_len (text, line, strnlen (line, size));
    }

  return g_string_free (text, FALSE);
}

static char *
read_fixed (hid_t attribute,
            gsize size,
            gsize n_lines)
{
  g_autofree char *bytes = g_malloc0 (size * n_lines + 1);
  char            *text = NULL;
  hid_t            type = almu_libhdf5->H5Tcopy (*almu_libhdf5->H5T_C_S1_g);

  if (type >= 0 && almu_libhdf5->H5Tset_size (type, size) >= 0 && almu_libhdf5->H5Tset_strpad (type, H5T_STR_NULLPAD) >= 0)
    {
      hid_t own = almu_libhdf5->H5Aget_type (attribute);

      almu_libhdf5->H5Tset_cset (type, almu_libhdf5->H5Tget_cset (own));
      almu_libhdf5->H5Tclose (own);
      if (almu_libhdf5->H5Aread (attribute, type, bytes) >= 0)
        text = join_lines (bytes, size, n_lines);
    }
  almu_libhdf5->H5Tclose (type);

  return text;
}

/* One line; where there are more they are of a size. */
static char *
read_variable (hid_t attribute,
               hid_t type)
{
  char *line = NULL;
  char *text = NULL;

  if (almu_libhdf5->H5Aread (attribute, type, &line) >= 0 && line != NULL)
    text = g_strndup (line, MAX_TEXT_BYTES);
  if (line != NULL)
    almu_libhdf5->H5free_memory (line);

  return text;
}

static gboolean
read_text (hid_t              id,
           hid_t              type,
           gsize              n_elements,
           AlmuHdf5Attribute *attribute)
{
  gsize size = almu_libhdf5->H5Tget_size (type);

  attribute->type = ALMU_HDF5_TEXT;
  if (almu_libhdf5->H5Tis_variable_str (type) > 0)
    attribute->text = n_elements == 1 ? read_variable (id, type) : NULL;
  else if (size > 0 && size <= MAX_TEXT_BYTES / MAX (n_elements, 1))
    attribute->text = read_fixed (id, size, n_elements);

  return attribute->text != NULL;
}

/* -- numbers ------------------------------------------------------------ */

static gboolean
read_number (hid_t id,
             H5T_class_t class,
             AlmuHdf5Attribute *attribute)
{
  long long integer = 0;
  double    number = 0;

  if (class == H5T_FLOAT)
    {
      if (almu_libhdf5->H5Aread (id, *almu_libhdf5->H5T_NATIVE_DOUBLE_g, &number) < 0)
        return FALSE;
      attribute->type = ALMU_HDF5_REAL;
      attribute->number = number;
      return TRUE;
    }

  if (almu_libhdf5->H5Aread (id, *almu_libhdf5->H5T_NATIVE_LLONG_g, &integer) < 0)
    return FALSE;

  attribute->type = ALMU_HDF5_INT;
  attribute->integer = integer;
  attribute->number = (double) integer;

  return TRUE;
}

/* As h5py and others write them: an enumeration of FALSE and TRUE. */
static gboolean
read_logical (hid_t              id,
              hid_t              type,
              AlmuHdf5Attribute *attribute)
{
  signed char value = 0;

  if (almu_libhdf5->H5Tget_size (type) != 1 || almu_libhdf5->H5Tget_nmembers (type) != 2 || almu_libhdf5->H5Aread (id, type, &value) < 0)
    return FALSE;

  attribute->type = ALMU_HDF5_LOGICAL;
  attribute->integer = value != 0;
  attribute->number = value != 0;

  return TRUE;
}

/* -- all ---------------------------------------------------------------- */

static gsize
count_elements (hid_t id)
{
  hid_t    space = almu_libhdf5->H5Aget_space (id);
  hssize_t n = space >= 0 ? almu_libhdf5->H5Sget_simple_extent_npoints (space) : 0;

  if (space >= 0)
    almu_libhdf5->H5Sclose (space);

  return n > 0 && n <= MAX_TEXT_BYTES ? (gsize) n : 0;
}

static gboolean
read_value (hid_t              id,
            AlmuHdf5Attribute *attribute)
{
  hid_t type = almu_libhdf5->H5Aget_type (id);
  H5T_class_t class = type >= 0 ? almu_libhdf5->H5Tget_class (type) : H5T_NO_CLASS;
  gsize    n_elements = count_elements (id);
  gboolean is_read = FALSE;

  if (class == H5T_STRING && n_elements > 0)
    is_read = read_text (id, type, n_elements, attribute);
  else if ((class == H5T_FLOAT || class == H5T_INTEGER) && n_elements == 1 && almu_libhdf5->H5Tget_size (type) <= 8)
    is_read = read_number (id, class, attribute);
  else if (class == H5T_ENUM && n_elements == 1)
    is_read = read_logical (id, type, attribute);

  if (type >= 0)
    almu_libhdf5->H5Tclose (type);

  return is_read;
}

static AlmuHdf5Attribute *
read_attribute (hid_t   group,
                hsize_t index)
{
  AlmuHdf5Attribute *attribute = NULL;
  char               name[MAX_NAME_BYTES] = "";
  hid_t              id = almu_libhdf5->H5Aopen_by_idx (group, ".", H5_INDEX_NAME, H5_ITER_NATIVE, index, H5P_DEFAULT, H5P_DEFAULT);
  ssize_t            n;

  if (id < 0)
    return NULL;

  n = almu_libhdf5->H5Aget_name (id, sizeof name, name);
  if (n > 0 && n < (ssize_t) sizeof name)
    {
      attribute = g_new0 (AlmuHdf5Attribute, 1);
      attribute->name = g_utf8_make_valid (name, -1);
      if (!read_value (id, attribute))
        g_clear_pointer (&attribute, attribute_free);
    }
  almu_libhdf5->H5Aclose (id);

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
  g_autoptr(GPtrArray) attributes = g_ptr_array_new_with_free_func (attribute_free);
  H5O_info_t info = { 0 };
  hid_t      group;
  gboolean   is_read;

  almu_hdf5_enter ();
  group = almu_libhdf5->H5Gopen2 (self->file, path, self->access);
  is_read = group >= 0 && almu_libhdf5->H5Oget_info2 (group, &info, H5O_INFO_NUM_ATTRS) >= 0;
  if (!is_read)
    almu_hdf5_fail (self, path, _ ("is not a group that can be read"), error);

  for (hsize_t i = 0; is_read && i < MIN (info.num_attrs, MAX_ATTRIBUTES); i++)
    {
      AlmuHdf5Attribute *attribute = read_attribute (group, i);

      if (attribute != NULL)
        g_ptr_array_add (attributes, attribute);
    }

  if (group >= 0)
    almu_libhdf5->H5Gclose (group);
  almu_hdf5_leave ();

  return is_read ? g_steal_pointer (&attributes) : NULL;
}
