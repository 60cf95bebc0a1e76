/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Catalogs from descriptions. */

/* A card of a header: name and value as they stand there. */
typedef struct
{
  const char *name;
  const char *value;
} AlmuTestCard;

/* A FITS file whose first HDU is empty and whose second is a table: @cards
 * beside those that say how large it is; @extension is BINTABLE or TABLE. */
GBytes *almu_test_fits_table (const char         *extension,
                              const AlmuTestCard *cards,
                              gsize               n_cards,
                              int                 n_columns,
                              gsize               row_bytes,
                              gsize               n_rows,
                              const void         *rows);

/* A VOTable of stars on a grid of @n_rows: id (long), name (char), ra, dec,
 * mag (double; every 7th NaN), flag (boolean). */
char *almu_test_votable (gsize n_rows);

void almu_test_save (GBytes     *bytes,
                     const char *folder,
                     const char *name);
void almu_test_save_text (const char *text,
                          const char *folder,
                          const char *name);

G_END_DECLS
