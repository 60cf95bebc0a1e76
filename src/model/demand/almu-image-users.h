/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-file-name.h"
#include "almu-image.h"

G_BEGIN_DECLS

/**
 * AlmuImageUsers: (foreign)
 *
 * Which images are open, as what, and by how many files of how many sessions.
 * Main thread only.
 */
typedef struct _AlmuImageUsers AlmuImageUsers;

AlmuImageUsers *almu_image_users_new (void);
void            almu_image_users_free (AlmuImageUsers *self);
AlmuImage      *almu_image_users_add (AlmuImageUsers     *self,
                                      AlmuImage          *image,
                                      const AlmuFileName *name);
guint           almu_image_users_count (AlmuImageUsers *self,
                                        AlmuImage      *image);
guint           almu_image_users_remove (AlmuImageUsers *self,
                                         AlmuImage      *image);

G_END_DECLS
