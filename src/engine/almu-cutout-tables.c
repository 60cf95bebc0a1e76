/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-cutout-header.h"

#include <string.h>

#include "almu-card.h"
#include "almu-hdu-reader.h"
#include "almu-limits.h"

/* Whether a type of axis is one whose coordinates are looked up. */
static gboolean
is_tabular (const char *type)
{
  return type != NULL && strlen (type) == 8 && g_str_has_suffix (type, "-TAB");
}

gboolean
almu_cutout_needs_tables (const AlmuImageInfo *info)
{
  for (int axis = 1; axis <= info->n_axes; axis++)
    {
      g_autofree char *name = g_strdup_printf ("CTYPE%d", axis);

      if (is_tabular (almu_header_get_text (info->header, name)))
        return TRUE;
    }

  return FALSE;
}

static gboolean
is_in (GPtrArray  *names,
       const char *name)
{
  return g_ptr_array_find_with_equal_func (names, name, g_str_equal, NULL);
}

/* The coordinates of an axis, if they are in a table that is not there yet:
 * several axes may share one. */
static gboolean
append_table (GByteArray    *tables,
              GPtrArray     *names,
              const AlmuHdu *header,
              int            axis,
              AlmuImage     *image,
              GError       **error)
{
  g_autofree char *type_name = g_strdup_printf ("CTYPE%d", axis);
  g_autofree char *extension_name = g_strdup_printf ("PS%d_0", axis);
  g_autofree char *version_name = g_strdup_printf ("PV%d_1", axis);
  g_autofree char *type = almu_hdu_dup_text (header, type_name);
  g_autofree char *extension = almu_hdu_dup_text (header, extension_name);
  gint64           version = almu_hdu_get_int (header, version_name, 1);
  g_autofree char *name = g_strdup_printf ("%s %" G_GINT64_FORMAT, extension, version);
  g_autoptr(GBytes) bytes = NULL;

  if (!is_tabular (type) || extension == NULL || is_in (names, name))
    return TRUE;

  if (!almu_image_read_extension (image, extension, version, &bytes, error))
    return FALSE;

  if (bytes != NULL)
    g_byte_array_append (tables, g_bytes_get_data (bytes, NULL), (guint) g_bytes_get_size (bytes));
  g_ptr_array_add (names, g_steal_pointer (&name));

  return TRUE;
}

GByteArray *
almu_cutout_tables_new (const GByteArray *header,
                        AlmuImage        *image,
                        GError          **error)
{
  AlmuHdu hdu = { .records = (char *) header->data, .n_records = header->len / ALMU_RECORD_BYTES };
  gint64  n_axes = almu_hdu_get_int (&hdu, "NAXIS", 0);
  g_autoptr(GByteArray) tables = g_byte_array_new ();
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  for (int axis = 1; axis <= n_axes; axis++)
    if (!append_table (tables, names, &hdu, axis, image, error))
      return NULL;

  return g_steal_pointer (&tables);
}
