/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * BenchReport:
 *
 * Figures, each beside what the machine allows, as a table and as JSON.
 */
typedef struct _BenchReport BenchReport;

/* Values of one figure, and what the service computed meanwhile, which hardly
 * depends on what else the machine does; medians are told. */
typedef struct
{
  GArray *values; /* double */
  GArray *cpu_ms; /* double; empty if it is not known */
} BenchSeries;

BenchSeries *bench_series_new (void);
void         bench_series_free (BenchSeries *self);
void         bench_series_add (BenchSeries *self,
                               double       value);
void         bench_series_add_since (BenchSeries *self,
                                     gint64       begin);
double       bench_series_get_median (const BenchSeries *self);
double       bench_series_get_quantile (const BenchSeries *self,
                                        double             q);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BenchSeries, bench_series_free)

BenchReport *bench_report_new (void);
void         bench_report_free (BenchReport *self);
void         bench_report_section (BenchReport *self,
                                   const char  *title);
void         bench_report_add (BenchReport       *self,
                               const char        *name,
                               const char        *unit,
                               const BenchSeries *series,
                               double             floor,
                               double             goal);
void         bench_report_add_value (BenchReport *self,
                                     const char  *name,
                                     const char  *unit,
                                     double       value,
                                     double       floor,
                                     double       goal);
gboolean     bench_report_save (BenchReport *self,
                                const char  *path,
                                GError     **error);
gboolean     bench_report_compare (const char *path_a,
                                   const char *path_b,
                                   GError    **error);

G_END_DECLS
