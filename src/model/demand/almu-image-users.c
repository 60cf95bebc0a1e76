/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-image-users.h"

typedef struct
{
  AlmuImage    *image;
  AlmuFileName *name;
  guint         n;
} Users;

struct _AlmuImageUsers
{
  GHashTable *by_image;
  GHashTable *by_name; /* those that may be shared */
};

static void
users_free (gpointer data)
{
  Users *users = data;

  g_object_unref (users->image);
  almu_file_name_free (users->name);
  g_free (users);
}

static guint
users_hash (gconstpointer data)
{
  const Users           *users = data;
  const AlmuFingerprint *fingerprint = almu_image_get_fingerprint (users->image);

  return g_int64_hash (&fingerprint->inode) ^ g_str_hash (users->name->hdu);
}

/* The same bytes, read in the same way; the name is in what is told of it. */
static gboolean
users_equal (gconstpointer a,
             gconstpointer b)
{
  const Users *x = a;
  const Users *y = b;

  return almu_fingerprint_equal (almu_image_get_fingerprint (x->image), almu_image_get_fingerprint (y->image)) &&
         g_str_equal (x->name->name, y->name->name) && g_str_equal (x->name->hdu, y->name->hdu) &&
         x->name->flags == y->name->flags;
}

/**
 * almu_image_users_new:
 *
 * Knows nobody yet.
 *
 * Returns: (transfer full): for the main thread only
 */
AlmuImageUsers *
almu_image_users_new (void)
{
  AlmuImageUsers *self = g_new0 (AlmuImageUsers, 1);

  self->by_image = g_hash_table_new_full (NULL, NULL, NULL, users_free);
  self->by_name = g_hash_table_new (users_hash, users_equal);

  return self;
}

/**
 * almu_image_users_free:
 * @self: (transfer full): users
 *
 * Lets all images go, whoever has them open.
 */
void
almu_image_users_free (AlmuImageUsers *self)
{
  g_hash_table_unref (self->by_name);
  g_hash_table_unref (self->by_image);
  g_free (self);
}

/* What was not read from a file, or from several, is only itself. */
static gboolean
may_be_shared (AlmuImage          *image,
               const AlmuFileName *name)
{
  return name->parts == NULL && almu_image_get_fingerprint (image)->inode != 0;
}

/**
 * almu_image_users_add:
 * @self: users
 * @image: just opened, or known
 * @name: as what
 *
 * Each call is to be followed by an almu_image_users_remove() of what it
 * returned. Shared are images of the same bytes, base name, HDU and flags;
 * never hypercubes, nor what was not read from a file.
 *
 * Returns: (transfer full): the image to use: the one that somebody has open
 *   from the same bytes, or @image
 */
AlmuImage *
almu_image_users_add (AlmuImageUsers     *self,
                      AlmuImage          *image,
                      const AlmuFileName *name)
{
  Users  probe = { image, (AlmuFileName *) name, 0 };
  Users *users = g_hash_table_lookup (self->by_image, image);

  if (users == NULL && may_be_shared (image, name))
    users = g_hash_table_lookup (self->by_name, &probe);

  if (users == NULL)
    {
      users = g_new0 (Users, 1);
      users->image = g_object_ref (image);
      users->name = almu_file_name_copy (name);
      g_hash_table_insert (self->by_image, image, users);
      if (may_be_shared (image, name))
        g_hash_table_add (self->by_name, users);
    }

  users->n++;

  return g_object_ref (users->image);
}

/**
 * almu_image_users_count:
 * @image: from almu_image_users_add()
 *
 * Files, not sessions: one session may have it open twice.
 *
 * Returns: how many have @image open
 */
guint
almu_image_users_count (AlmuImageUsers *self,
                        AlmuImage      *image)
{
  const Users *users = g_hash_table_lookup (self->by_image, image);

  return users != NULL ? users->n : 0;
}

/**
 * almu_image_users_remove:
 * @image: from almu_image_users_add(); let go with its last user
 *
 * One that nobody has open any more is let go, and no longer shared.
 *
 * Returns: how many are left
 */
guint
almu_image_users_remove (AlmuImageUsers *self,
                         AlmuImage      *image)
{
  Users *users = g_hash_table_lookup (self->by_image, image);

  if (users == NULL)
    return 0;
  if (--users->n > 0)
    return users->n;

  if (g_hash_table_lookup (self->by_name, users) == users)
    g_hash_table_remove (self->by_name, users);
  g_hash_table_remove (self->by_image, image);

  return 0;
}
