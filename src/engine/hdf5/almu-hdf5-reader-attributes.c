/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-hdf5-reader.h"

#include <string.h>

/* A header of text, and one text of it with all its lines. */
#define MAX_ATTRIBUTES 20000
#define MAX_TEXT_BYTES (16 * 1024 * 1024)
#define MAX_NAME_BYTES 256

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
  hid_t            type = H5Tcopy (H5T_C_S1);

  if (type >= 0 && H5Tset_size (type, size) >= 0 && H5Tset_strpad (type, H5T_STR_NULLPAD) >= 0)
    {
      hid_t own = H5Aget_type (attribute);

      H5Tset_cset (type, H5Tget_cset (own));
      H5Tclose (own);
      if (H5Aread (attribute, type, bytes) >= 0)
        text = join_lines (bytes, size, n_lines);
    }
  H5Tclose (type);

  return text;
}

/* One line; where there are more they are of a size. */
static char *
read_variable (hid_t attribute,
               hid_t type)
{
  char *line = NULL;
  char *text = NULL;

  if (H5Aread (attribute, type, &line) >= 0 && line != NULL)
    text = g_strndup (line, MAX_TEXT_BYTES);
  if (line != NULL)
    H5free_memory (line);

  return text;
}

static GVariant *
read_text (hid_t id,
           hid_t type,
           gsize n_elements)
{
  g_autofree char *text = NULL;
  gsize            size = H5Tget_size (type);

  if (H5Tis_variable_str (type) > 0)
    text = n_elements == 1 ? read_variable (id, type) : NULL;
  else if (size > 0 && size <= MAX_TEXT_BYTES / n_elements)
    text = read_fixed (id, size, n_elements);

  return text != NULL ? g_variant_new_bytestring (text) : NULL;
}

/* -- numbers ------------------------------------------------------------ */

static GVariant *
read_number (hid_t id,
             H5T_class_t class)
{
  long long integer = 0;
  double    number = 0;

  if (class == H5T_FLOAT)
    return H5Aread (id, H5T_NATIVE_DOUBLE, &number) >= 0 ? g_variant_new_double (number) : NULL;

  return H5Aread (id, H5T_NATIVE_LLONG, &integer) >= 0 ? g_variant_new_int64 (integer) : NULL;
}

/* As h5py and others write them: an enumeration of FALSE and TRUE. */
static GVariant *
read_logical (hid_t id,
              hid_t type)
{
  signed char value = 0;

  if (H5Tget_size (type) != 1 || H5Tget_nmembers (type) != 2 || H5Aread (id, type, &value) < 0)
    return NULL;

  return g_variant_new_boolean (value != 0);
}

/* -- all ---------------------------------------------------------------- */

static gsize
count_elements (hid_t id)
{
  hid_t    space = H5Aget_space (id);
  hssize_t n = space >= 0 ? H5Sget_simple_extent_npoints (space) : 0;

  if (space >= 0)
    H5Sclose (space);

  return n > 0 && n <= MAX_TEXT_BYTES ? (gsize) n : 0;
}

static GVariant *
read_value (hid_t id)
{
  hid_t type = H5Aget_type (id);
  H5T_class_t class = type >= 0 ? H5Tget_class (type) : H5T_NO_CLASS;
  gsize     n_elements = count_elements (id);
  GVariant *value = NULL;

  if (class == H5T_STRING && n_elements > 0)
    value = read_text (id, type, n_elements);
  else if ((class == H5T_FLOAT || class == H5T_INTEGER) && n_elements == 1 && H5Tget_size (type) <= 8)
    value = read_number (id, class);
  else if (class == H5T_ENUM && n_elements == 1)
    value = read_logical (id, type);

  if (type >= 0)
    H5Tclose (type);

  return value;
}

/* Returns how large it is. */
static gsize
add_attribute (GVariantBuilder *attributes,
               hid_t            group,
               hsize_t          index)
{
  char      name[MAX_NAME_BYTES] = "";
  hid_t     id = H5Aopen_by_idx (group, ".", H5_INDEX_NAME, H5_ITER_NATIVE, index, H5P_DEFAULT, H5P_DEFAULT);
  GVariant *value = NULL;
  gsize     size = 0;
  ssize_t   n;

  if (id < 0)
    return 0;

  n = H5Aget_name (id, sizeof name, name);
  if (n > 0 && n < (ssize_t) sizeof name)
    value = read_value (id);
  if (value != NULL)
    {
      g_autofree char *valid = g_utf8_make_valid (name, -1);

      size = g_variant_get_size (value);
      g_variant_builder_add (attributes, "(sv)", valid, value);
    }
  H5Aclose (id);

  return size;
}

/**
 * almu_hdf5_reader_list_attributes:
 * @file: the file
 * @path: of a group
 * @access: how links are followed
 *
 * Those that are text or one number; others are left out.
 *
 * Returns: (transfer full) (nullable): in the order of the file; %NULL if there is no
 *   such group
 */
GVariant *
almu_hdf5_reader_list_attributes (hid_t       file,
                                  const char *path,
                                  hid_t       access)
{
  GVariantBuilder attributes;
  H5O_info_t      info = { 0 };
  hid_t           group = H5Gopen2 (file, path, access);
  gsize           n_bytes = 0;

  if (group < 0 || H5Oget_info2 (group, &info, H5O_INFO_NUM_ATTRS) < 0)
    {
      almu_hdf5_reader_note_problem ();
      if (group >= 0)
        H5Gclose (group);
      return NULL;
    }

  g_variant_builder_init (&attributes, G_VARIANT_TYPE (ALMU_HDF5_ATTRIBUTES_TYPE));
  for (hsize_t i = 0; i < MIN (info.num_attrs, MAX_ATTRIBUTES) && n_bytes <= ALMU_HDF5_TEXT_BYTES; i++)
    n_bytes += add_attribute (&attributes, group, i);
  H5Gclose (group);

  return g_variant_ref_sink (g_variant_builder_end (&attributes));
}
