/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * AlmuTestFits:
 *
 * Writes FITS files from descriptions: any cards, any pixels, right or wrong.
 *
 * |[<!-- language="C" -->
 * fits = almu_test_fits_new ();
 * almu_test_fits_begin (fits, -32, 2, (gint64[]){ 3, 2 });
 * almu_test_fits_card (fits, "CTYPE1", "'RA---SIN'");
 * almu_test_fits_end_header (fits);
 * almu_test_fits_values (fits, 6, (double[]){ 1, 2, NAN, 4, 5, 6 });
 * almu_test_fits_end (fits);
 * path = almu_test_fits_save (fits, folder, "a.fits");
 * ]|
 */
typedef struct _AlmuTestFits AlmuTestFits;

AlmuTestFits *almu_test_fits_new (void);
void          almu_test_fits_free (AlmuTestFits *self);
void          almu_test_fits_begin (AlmuTestFits *self,
                                    int           bitpix,
                                    int           n_axes,
                                    const gint64 *shape);
void          almu_test_fits_begin_extension (AlmuTestFits *self,
                                              int           bitpix,
                                              int           n_axes,
                                              const gint64 *shape,
                                              const char   *name);
void          almu_test_fits_card (AlmuTestFits *self,
                                   const char   *name,
                                   const char   *value);
void          almu_test_fits_record (AlmuTestFits *self,
                                     const char   *record);
void          almu_test_fits_end_header (AlmuTestFits *self);
void          almu_test_fits_values (AlmuTestFits *self,
                                     gsize         n_values,
                                     const double *values);
void          almu_test_fits_fill (AlmuTestFits *self,
                                   double (*func) (const gint64 *position,
                                          gpointer      user_data),
                                   gpointer user_data);
void          almu_test_fits_end (AlmuTestFits *self);
GBytes       *almu_test_fits_to_bytes (AlmuTestFits *self);
char         *almu_test_fits_save (AlmuTestFits *self,
                                   const char   *folder,
                                   const char   *name);

void     almu_test_await_finalize (gpointer object);
void     almu_test_await (gboolean (*condition) (gpointer user_data),
                          gpointer user_data);
gboolean almu_test_is_slow (void);
gboolean almu_test_lacks_bus (void);
void     almu_test_let_pass (gulong max_usec);
char    *almu_test_make_folder (void);
void     almu_test_remove_folder (const char *path);
char    *almu_test_shared_path (const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuTestFits, almu_test_fits_free)

G_END_DECLS
