/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Libraries that few files need, with what these pull in, take more memory
 * and more time to load than all of the service: they are loaded when the
 * first such file is opened. Which library it is and where, the linker and
 * the packager have to see, so each is linked to a module of ours that holds
 * nothing but a table of what is called of it.
 *
 * A table is written as a list of names, LIST (CALL) CALL (this) CALL (that),
 * of which these make the members and their values. Its first member is the
 * list itself, by which a module of another build is known.
 */
#define ALMU_MODULE_MEMBER(name) __typeof__ (name) *name;
#define ALMU_MODULE_ADDRESS(name) &name,
#define ALMU_MODULE_NAME(name) #name " "

gconstpointer almu_module_load (const char *name,
                                const char *calls,
                                GError    **error);
char         *almu_module_find_file (const char *folder,
                                     const char *name);

G_END_DECLS
