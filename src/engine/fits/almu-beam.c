/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-beam.h"

#include <math.h>
#include <string.h>

#include "almu-card.h"

#define ARCSEC_PER_DEGREE 3600.0

/* A row of a beam table is some 20 bytes; far above it the table is of
 * another kind. */
#define MAX_ROW_BYTES 256
#define MAX_COLUMNS 999

static gboolean
is_valid (const AlmuBeam *beam)
{
  return isfinite (beam->major) && isfinite (beam->minor) && isfinite (beam->angle) &&
         beam->major > 0 && beam->minor > 0;
}

/* -- cards -------------------------------------------------------------- */

/**
 * almu_beam_read_cards:
 * @header: cards of the file
 * @out_beam: (out caller-allocates): the beam, axes in arcsec; left as it is if there
 *   is none
 *
 * The beam of BMAJ, BMIN and BPA, if all three are there and make sense;
 * BMAJ = -1 says that there is none.
 *
 * Returns: whether there is one
 */
gboolean
almu_beam_read_cards (AlmuHeader *header,
                      AlmuBeam   *out_beam)
{
  AlmuBeam beam = { -1, -1, 0, 0, 0 };

  if (!almu_header_get_number (header, "BMAJ", &beam.major) ||
      !almu_header_get_number (header, "BMIN", &beam.minor) ||
      !almu_header_get_number (header, "BPA", &beam.angle))
    return FALSE;

  beam.major *= ARCSEC_PER_DEGREE;
  beam.minor *= ARCSEC_PER_DEGREE;
  if (!is_valid (&beam))
    return FALSE;

  *out_beam = beam;

  return TRUE;
}

/* -- HISTORY ------------------------------------------------------------ */

/* The number behind @word and maybe "=" in *@text, which moves behind it. */
static gboolean
scan_number (const char **text,
             const char  *word,
             double      *out_number)
{
  const char *at = strstr (*text, word);
  char       *end;
  double      number;

  if (at == NULL)
    return FALSE;

  at += strlen (word);
  at += strspn (at, " =");
  if (*at == '\0' || strchr ("+-.0123456789", *at) == NULL)
    return FALSE;

  number = g_ascii_strtod (at, &end);
  if (end == at)
    return FALSE;

  *text = end;
  *out_number = number;

  return TRUE;
}

static double
get_arcsec_per (const char *unit)
{
  static const struct
  {
    const char *name;
    double      arcsec;
  } units[] = {
    { "arcsec", 1.0 },
    { "\"", 1.0 },
    { "arcmin", 60.0 },
    { "'", 60.0 },
    { "mas", 0.001 },
    { "deg", ARCSEC_PER_DEGREE },
    { "rad", ARCSEC_PER_DEGREE * 180.0 / G_PI },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (units); i++)
    if (g_ascii_strncasecmp (unit, units[i].name, strlen (units[i].name)) == 0)
      return units[i].arcsec;

  return 0.0;
}

/* "AIPS   CLEAN BMAJ=  1.3889E-03 BMIN=  1.1111E-03 BPA=  10.00" */
static gboolean
scan_clean (const char *text,
            AlmuBeam   *beam)
{
  if (!scan_number (&text, "BMAJ=", &beam->major) ||
      !scan_number (&text, "BMIN=", &beam->minor) ||
      !scan_number (&text, "BPA=", &beam->angle))
    return FALSE;

  beam->major *= ARCSEC_PER_DEGREE;
  beam->minor *= ARCSEC_PER_DEGREE;

  return TRUE;
}

/* "Beam = 5.0 x 4.0 arcsec, pa = 10.0 degrees" */
static gboolean
scan_sentence (const char *text,
               AlmuBeam   *beam)
{
  double arcsec;

  if (!scan_number (&text, "Beam =", &beam->major) ||
      !scan_number (&text, "x", &beam->minor))
    return FALSE;

  arcsec = get_arcsec_per (text + strspn (text, " "));
  beam->major *= arcsec;
  beam->minor *= arcsec;

  return scan_number (&text, "pa =", &beam->angle);
}

/**
 * almu_beam_read_history:
 * @header: cards of the file
 * @out_beam: (out caller-allocates): the beam, axes in arcsec; left as it is if there
 *   is none
 *
 * The beam of the last HISTORY card that tells one, as AIPS writes them.
 *
 * Returns: whether there is one
 */
gboolean
almu_beam_read_history (AlmuHeader *header,
                        AlmuBeam   *out_beam)
{
  for (guint i = almu_header_get_length (header); i > 0; i--)
    {
      const char *text = almu_header_get_card (header, i - 1)->name;
      AlmuBeam    beam = { -1, -1, 0, 0, 0 };

      if (g_str_has_prefix (text, "HISTORY") &&
          (scan_clean (text, &beam) || scan_sentence (text, &beam)) && is_valid (&beam))
        {
          *out_beam = beam;
          return TRUE;
        }
    }

  return FALSE;
}

/* -- table -------------------------------------------------------------- */

typedef struct
{
  gsize  at;
  char   code; /* of TFORM, 0 where there is no such column */
  double factor;
} Column;

enum
{
  MAJOR,
  MINOR,
  ANGLE,
  CHANNEL,
  STOKES,
  N_COLUMNS
};

static const char *const column_names[N_COLUMNS] = { "BMAJ", "BMIN", "BPA", "CHAN", "POL" };

static gsize
get_cell_bytes (char code)
{
  switch (code)
    {
    case 'L':
    case 'B':
    case 'A':
      return 1;
    case 'I':
      return 2;
    case 'J':
    case 'E':
      return 4;
    case 'K':
    case 'D':
    case 'C':
    case 'P':
      return 8;
    case 'M':
    case 'Q':
      return 16;
    default:
      return 0;
    }
}

static double
get_factor (const AlmuHdu *table,
            int            which,
            int            number)
{
  g_autofree char *name = g_strdup_printf ("TUNIT%d", number);
  g_autofree char *unit = almu_hdu_dup_text (table, name);
  double           arcsec = unit != NULL ? get_arcsec_per (unit) : 0.0;

  if (which > ANGLE)
    return 1.0;
  if (arcsec == 0.0)
    arcsec = which == ANGLE ? ARCSEC_PER_DEGREE : 1.0;

  return which == ANGLE ? arcsec / ARCSEC_PER_DEGREE : arcsec;
}

static void
note_column (const AlmuHdu *table,
             int            number,
             gsize          at,
             char           code,
             Column        *columns)
{
  g_autofree char *name = g_strdup_printf ("TTYPE%d", number);
  g_autofree char *type = almu_hdu_dup_text (table, name);

  for (int i = 0; i < N_COLUMNS && type != NULL; i++)
    if (g_ascii_strcasecmp (type, column_names[i]) == 0 && strchr ("BIJKED", code) != NULL)
      columns[i] = (Column){ at, code, get_factor (table, i, number) };
}

static gboolean
find_columns (const AlmuHdu *table,
              Column        *columns)
{
  gint64 n = CLAMP (almu_hdu_get_int (table, "TFIELDS", 0), 0, MAX_COLUMNS);
  gint64 at = 0;

  for (int i = 1; i <= n; i++)
    {
      g_autofree char *name = g_strdup_printf ("TFORM%d", i);
      g_autofree char *form = almu_hdu_dup_text (table, name);
      char            *end;
      gint64           repeat;
      gsize            cell;

      if (form == NULL)
        return FALSE;

      repeat = g_ascii_strtoll (form, &end, 10);
      if (end == form)
        repeat = 1;
      cell = get_cell_bytes (*end);
      if (cell == 0 || repeat < 0 || repeat > MAX_ROW_BYTES)
        return FALSE;

      if (repeat == 1)
        note_column (table, i, at, *end, columns);

      at += repeat * cell;
      if (at > table->shape[0])
        return FALSE;
    }

  return columns[MAJOR].code != 0 && columns[MINOR].code != 0 && columns[ANGLE].code != 0;
}

static double
read_cell (const guint8 *row,
           const Column *column)
{
  union
  {
    guint32 u32;
    guint64 u64;
    float   f32;
    double  f64;
  } raw = { 0 };
  guint16 u16;

  if (column->code == 'B')
    return row[column->at];

  if (column->code == 'I')
    {
      memcpy (&u16, row + column->at, sizeof u16);
      return (gint16) GUINT16_FROM_BE (u16);
    }

  if (get_cell_bytes (column->code) == 4)
    {
      memcpy (&raw.u32, row + column->at, sizeof raw.u32);
      raw.u32 = GUINT32_FROM_BE (raw.u32);
      return column->code == 'E' ? raw.f32 : (gint32) raw.u32;
    }

  memcpy (&raw.u64, row + column->at, sizeof raw.u64);
  raw.u64 = GUINT64_FROM_BE (raw.u64);

  return column->code == 'D' ? raw.f64 : (gint64) raw.u64;
}

/* Without a column of its own the number of the row tells. */
static gboolean
read_row (const guint8 *row,
          gint64        n_row,
          const Column *columns,
          int           n_channels,
          int           n_stokes,
          AlmuBeam     *beam)
{
  double channel = columns[CHANNEL].code != 0 ? read_cell (row, &columns[CHANNEL]) : n_row % n_channels;
  double stokes = columns[STOKES].code != 0 ? read_cell (row, &columns[STOKES]) : n_row / n_channels;

  if (!(channel >= 0 && channel < n_channels) || !(stokes >= 0 && stokes < n_stokes))
    return FALSE;

  beam->channel = channel;
  beam->stokes = stokes;
  beam->major = read_cell (row, &columns[MAJOR]) * columns[MAJOR].factor;
  beam->minor = read_cell (row, &columns[MINOR]) * columns[MINOR].factor;
  beam->angle = read_cell (row, &columns[ANGLE]) * columns[ANGLE].factor;

  return is_valid (beam);
}

static int
compare_places (gconstpointer a,
                gconstpointer b)
{
  const AlmuBeam *beam_a = a;
  const AlmuBeam *beam_b = b;

  if (beam_a->stokes != beam_b->stokes)
    return beam_a->stokes < beam_b->stokes ? -1 : 1;

  return (beam_a->channel > beam_b->channel) - (beam_a->channel < beam_b->channel);
}

/**
 * almu_beam_read_table:
 * @reader: of the file that has the table
 * @table: the BEAMS extension of CASA
 * @n_channels: of the image
 * @n_stokes: of the image
 * @beams: (element-type AlmuBeam): beams are appended, Stokes outside,
 *   channels inside
 *
 * Reads one beam for each channel and polarisation. Rows that are damaged,
 * zero (a blanked channel) or of no plane of the image are left out.
 */
void
almu_beam_read_table (AlmuHduReader *reader,
                      const AlmuHdu *table,
                      int            n_channels,
                      int            n_stokes,
                      GArray        *beams)
{
  Column             columns[N_COLUMNS] = { 0 };
  g_autofree guint8 *rows = NULL;
  gint64             n_rows, n_read;

  if (table->n_axes != 2 || table->shape[0] < 1 || table->shape[0] > MAX_ROW_BYTES ||
      table->shape[1] > ALMU_LIMIT_BEAMS || !find_columns (table, columns))
    return;

  n_rows = MIN (table->shape[1], (gint64) n_channels * n_stokes);
  rows = g_try_malloc (MAX (n_rows, 1) * table->shape[0]);
  if (rows == NULL)
    return;

  n_read = almu_hdu_reader_read (reader, table->data_offset, n_rows * table->shape[0], rows, NULL);

  for (gint64 i = 0; (i + 1) * table->shape[0] <= n_read; i++)
    {
      AlmuBeam beam;

      if (read_row (rows + i * table->shape[0], i, columns, n_channels, n_stokes, &beam))
        g_array_append_val (beams, beam);
    }

  g_array_sort (beams, compare_places);
}

static int
compare_areas (gconstpointer a,
               gconstpointer b)
{
  const AlmuBeam *beam_a = *(const AlmuBeam *const *) a;
  const AlmuBeam *beam_b = *(const AlmuBeam *const *) b;
  double          area_a = beam_a->major * beam_a->minor;
  double          area_b = beam_b->major * beam_b->minor;

  return (area_a > area_b) - (area_a < area_b);
}

/**
 * almu_beam_find_median:
 * @beams: (element-type AlmuBeam): of the channels
 *
 * The beam that stands for all: that of median area; NULL without any.
 */
const AlmuBeam *
almu_beam_find_median (GArray *beams)
{
  g_autoptr(GPtrArray) sorted = g_ptr_array_new ();

  if (beams->len == 0)
    return NULL;

  for (guint i = 0; i < beams->len; i++)
    g_ptr_array_add (sorted, &g_array_index (beams, AlmuBeam, i));
  g_ptr_array_sort (sorted, compare_areas);

  return g_ptr_array_index (sorted, (sorted->len - 1) / 2);
}
