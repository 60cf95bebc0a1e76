/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-file-name.h"

AlmuFileName *
almu_file_name_new (const char    *directory,
                    const char    *name,
                    const char    *hdu,
                    AlmuImageFlags flags)
{
  AlmuFileName *self = g_new0 (AlmuFileName, 1);

  self->directory = g_strdup (directory);
  self->name = g_strdup (name);
  self->hdu = g_strdup (hdu != NULL ? hdu : "");
  self->flags = flags;

  return self;
}

AlmuFileName *
almu_file_name_copy (const AlmuFileName *self)
{
  return almu_file_name_new (self->directory, self->name, self->hdu, self->flags);
}

void
almu_file_name_free (AlmuFileName *self)
{
  g_free (self->directory);
  g_free (self->name);
  g_free (self->hdu);
  g_free (self);
}

gboolean
almu_file_name_equal (const AlmuFileName *a,
                      const AlmuFileName *b)
{
  return g_str_equal (a->directory, b->directory) && g_str_equal (a->name, b->name) &&
         g_str_equal (a->hdu, b->hdu) && a->flags == b->flags;
}
