/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The threads that compute, in a test's hands. */
void almu_test_workers_block (void);
void almu_test_workers_release (void);
void almu_test_workers_settle (void);

G_END_DECLS
