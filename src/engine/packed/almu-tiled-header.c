/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-tiled-header.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "almu-card.h"
#include "almu-error.h"
#include "almu-tiled-layout.h"

#define NAME_BYTES 8

/* A keyword ending in # has a number there. NULL: belongs to the table. */
static const struct
{
  const char *from;
  const char *to;
} translations[] = {
  { "XTENSION", NULL },
  { "BITPIX", NULL },
  { "NAXIS", NULL },
  { "NAXIS#", NULL },
  { "PCOUNT", NULL },
  { "GCOUNT", NULL },
  { "TFIELDS", NULL },
  { "TTYPE#", NULL },
  { "TFORM#", NULL },
  { "TUNIT#", NULL },
  { "TDIM#", NULL },
  { "TDISP#", NULL },
  { "TNULL#", NULL },
  { "TSCAL#", NULL },
  { "TZERO#", NULL },
  { "TZSCAL#", NULL },
  { "THEAP", NULL },
  { "CHECKSUM", NULL },
  { "DATASUM", NULL },
  { "ZIMAGE", NULL },
  { "ZCMPTYPE", NULL },
  { "ZTILE#", NULL },
  { "ZNAME#", NULL },
  { "ZVAL#", NULL },
  { "ZSCALE", NULL },
  { "ZZERO", NULL },
  { "ZQUANTIZ", NULL },
  { "ZDITHER0", NULL },
  { "ZMASKCMP", NULL },
  { "ZTHEAP", NULL },
  { "ZSIMPLE", "SIMPLE" },
  { "ZTENSION", "XTENSION" },
  { "ZBITPIX", "BITPIX" },
  { "ZNAXIS", "NAXIS" },
  { "ZNAXIS#", "NAXIS#" },
  { "ZPCOUNT", "PCOUNT" },
  { "ZGCOUNT", "GCOUNT" },
  { "ZEXTEND", "EXTEND" },
  { "ZBLOCKED", "BLOCKED" },
  { "ZHECKSUM", "CHECKSUM" },
  { "ZDATASUM", "DATASUM" },
};

static gsize
get_name_length (const char *record)
{
  gsize n = NAME_BYTES;

  while (n > 0 && record[n - 1] == ' ')
    n--;

  return n;
}

static gboolean
matches (const char *record,
         const char *pattern)
{
  gsize n_record = get_name_length (record);
  gsize n_pattern = strlen (pattern);

  if (pattern[n_pattern - 1] != '#')
    return n_record == n_pattern && memcmp (record, pattern, n_record) == 0;

  n_pattern--;
  if (n_record <= n_pattern || memcmp (record, pattern, n_pattern) != 0)
    return FALSE;

  for (gsize i = n_pattern; i < n_record; i++)
    if (!g_ascii_isdigit (record[i]))
      return FALSE;

  return TRUE;
}

static void
append (GByteArray *records,
        const char *record)
{
  g_byte_array_append (records, (const guint8 *) record, ALMU_RECORD_BYTES);
}

static void
append_renamed (GByteArray *records,
                const char *record,
                const char *from,
                const char *to)
{
  char  renamed[ALMU_RECORD_BYTES];
  gsize n_to = strlen (to);
  gsize n_from = strlen (from);

  memcpy (renamed, record, sizeof renamed);
  memset (renamed, ' ', NAME_BYTES);

  if (to[n_to - 1] == '#')
    {
      n_to--;
      n_from--;
      memcpy (renamed + n_to, record + n_from, get_name_length (record) - n_from);
    }
  memcpy (renamed, to, n_to);

  append (records, renamed);
}

/* The mandatory cards in their order, wherever the table has them. */
static const char *const first_names[] = { "ZSIMPLE", "ZTENSION", "ZBITPIX", "ZNAXIS" };

static gboolean
is_first (const char *record)
{
  for (gsize i = 0; i < G_N_ELEMENTS (first_names); i++)
    if (almu_record_is (record, first_names[i]))
      return TRUE;

  return matches (record, "ZNAXIS#");
}

static void
append_translated (GByteArray *records,
                   const char *record)
{
  for (gsize i = 0; i < G_N_ELEMENTS (translations); i++)
    if (matches (record, translations[i].from))
      {
        if (translations[i].to != NULL)
          append_renamed (records, record, translations[i].from, translations[i].to);
        return;
      }

  append (records, record);
}

static void
append_first (GByteArray    *records,
              const AlmuHdu *table)
{
  gint64 n_axes = CLAMP (almu_hdu_get_int (table, "ZNAXIS", 0), 0, ALMU_TILED_AXES);
  char   made[ALMU_RECORD_BYTES + 1];

  if (almu_hdu_find (table, "ZSIMPLE") == NULL && almu_hdu_find (table, "ZTENSION") == NULL)
    {
      g_snprintf (made, sizeof made, "%-80s", "XTENSION= 'IMAGE   '");
      append (records, made);
    }

  for (gsize i = 0; i < G_N_ELEMENTS (first_names); i++)
    {
      const char *record = almu_hdu_find (table, first_names[i]);

      if (record != NULL)
        append_translated (records, record);
    }

  for (int i = 1; i <= n_axes; i++)
    {
      char        name[16];
      const char *record;

      g_snprintf (name, sizeof name, "ZNAXIS%d", i);
      record = almu_hdu_find (table, name);
      if (record != NULL)
        append_translated (records, record);
    }
}

/* The name that packers give is that of the table, not of the image. */
static gboolean
is_packer_name (const char *record)
{
  return almu_record_is (record, "EXTNAME") && memmem (record, ALMU_RECORD_BYTES, "COMPRESSED_IMAGE", 16) != NULL;
}

/* Integers that were packed with ZBLANK only have no BLANK of their own. */
static void
append_blank (GByteArray    *records,
              const AlmuHdu *table)
{
  const char *record = almu_hdu_find (table, "ZBLANK");

  if (record != NULL && almu_hdu_find (table, "BLANK") == NULL &&
      almu_hdu_get_int (table, "ZBITPIX", -32) > 0)
    append_renamed (records, record, "ZBLANK", "BLANK");
}

/**
 * almu_tiled_header_translate:
 * @table: the binary table that holds the tiles
 *
 * Makes the header of the image before it was put into tiles.
 */
AlmuHdu *
almu_tiled_header_translate (const AlmuHdu *table,
                             GError       **error)
{
  g_autoptr(GByteArray) records = g_byte_array_new ();
  g_autoptr(AlmuHdu) hdu = NULL;

  if (almu_hdu_get_int (table, "ZNAXIS", 0) > ALMU_TILED_AXES)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                   _ ("ZNAXIS = %d: at most %d axes can be read from tiles"),
                   (int) almu_hdu_get_int (table, "ZNAXIS", 0), ALMU_TILED_AXES);
      return NULL;
    }

  append_first (records, table);

  for (gsize i = 0; i < table->n_records; i++)
    {
      const char *record = table->records + i * ALMU_RECORD_BYTES;

      if (!is_first (record) && !is_packer_name (record) && !almu_record_is (record, "ZBLANK"))
        append_translated (records, record);
    }
  append_blank (records, table);

  hdu = g_new0 (AlmuHdu, 1);
  hdu->number = table->number;
  hdu->data_offset = -1;
  hdu->n_records = records->len / ALMU_RECORD_BYTES;
  hdu->records = (char *) g_byte_array_free (g_steal_pointer (&records), FALSE);

  if (!almu_hdu_read_layout (hdu, error))
    {
      g_prefix_error (error, _ ("image in tiles: "));
      return NULL;
    }

  return g_steal_pointer (&hdu);
}
