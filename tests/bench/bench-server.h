/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * BenchServer:
 *
 * The service that is measured: started here, or one that runs already.
 */
typedef struct _BenchServer BenchServer;

BenchServer *bench_server_start (const char *program,
                                 const char *folder,
                                 const char *state_dir,
                                 int         n_threads,
                                 int         cache_mib);
BenchServer *bench_server_new_for_address (const char *url,
                                           int         pid);
void         bench_server_end (BenchServer *self);
const char  *bench_server_get_url (BenchServer *self);
gboolean     bench_server_is_ours (BenchServer *self);
gint64       bench_server_get_start_usec (BenchServer *self);

/* Of the process; negative if it is not known which one it is. */
double bench_server_get_memory_mib (BenchServer *self,
                                    const char  *field);
gint64 bench_server_get_bytes_read (BenchServer *self);
double bench_server_get_cpu_ms (BenchServer *self);
void   bench_server_reset_peak (BenchServer *self);

/* Tasks that are under way or wait; only ours tells. */
guint bench_server_count_jobs (BenchServer *self);

G_END_DECLS
