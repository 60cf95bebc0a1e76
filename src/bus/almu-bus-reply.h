/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What the adapters have in common: options in, errors and text out. */

/**
 * AlmuBusOption:
 *
 * An option that a method of the bus knows, by its name and the type of its
 * value.
 */
typedef struct
{
  const char *name;
  const char *type; /* of the value, as a GVariant type string */
} AlmuBusOption;

void     almu_bus_return_error (GDBusMethodInvocation *invocation,
                                GError                *error);
gboolean almu_bus_check_options (GVariant            *options,
                                 const AlmuBusOption *known,
                                 guint                n_known,
                                 GError             **error);
gboolean almu_bus_transform_text (GBinding     *binding,
                                  const GValue *from,
                                  GValue       *to,
                                  gpointer      user_data);

G_END_DECLS
