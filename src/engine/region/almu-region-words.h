/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What region files are made of: numbers with units, and settings. */

/**
 * AlmuUnit:
 *
 * What follows a number in a region file.
 */
typedef enum
{
  ALMU_UNIT_NONE,
  ALMU_UNIT_PIXEL,
  ALMU_UNIT_DEGREE,
  ALMU_UNIT_SEXAGESIMAL, /* a:b:c, of hours or of degrees */
} AlmuUnit;

/**
 * AlmuQuantity:
 *
 * A number of a region file with its unit.
 */
typedef struct
{
  double   value; /* degrees, where the unit is an angle */
  AlmuUnit unit;
} AlmuQuantity;

gboolean    almu_quantity_parse (const char   *text,
                                 AlmuQuantity *out_quantity,
                                 GError      **error);
GPtrArray  *almu_words_split (const char *text,
                              const char *delimiters);
GHashTable *almu_settings_words_parse (const char *text,
                                       char        separator);
char       *almu_color_clean (const char *text);
void        almu_words_set_text (char      **place,
                                 const char *text);
int         almu_words_get_int (const char *text,
                                int         least,
                                int         most);
void        almu_words_append_number (GString    *text,
                                      const char *format,
                                      double      number);

G_END_DECLS
