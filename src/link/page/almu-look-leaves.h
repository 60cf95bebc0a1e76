/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * AlmuLookLeaf:
 *
 * What is read of a file: an object of the page, and a value of it.
 */
typedef struct
{
  const char *object; /* below frames[i] */
  const char *name;
  const char *group;   /* member of the look it goes into, or NULL */
  const char *member;  /* its name there, if that is another */
  gboolean    is_part; /* only of a group that is enabled */
  gboolean    is_new;  /* an older page stumbles over it, and says so */
} AlmuLookLeaf;

/* The first of a group: whether there is anything to ask of it. */
#define ALMU_LOOK_ENABLED "isEnabled"

extern const AlmuLookLeaf almu_look_leaves[];
extern const guint        almu_n_look_leaves;

G_END_DECLS
