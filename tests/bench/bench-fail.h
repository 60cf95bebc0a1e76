/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Says why and ends the program, which leaves neither files nor processes. */
void bench_fail (const char *format,
                 ...) G_GNUC_PRINTF (1, 2) G_GNUC_NORETURN;

G_END_DECLS
