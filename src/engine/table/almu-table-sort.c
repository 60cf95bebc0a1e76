/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-table-sort.h"

#include <math.h>
#include <string.h>

/* Rows by the cells of a column: by radix, which is stable and looks at each
 * row a few times only, however many there are. Keys are unsigned integers
 * in the order of the values; text is sorted eight bytes at a time.
 */

typedef struct
{
  guint64 key;
  guint32 row;
} Item;

/* Rows that are alike so far, and how many bytes of text that is. */
typedef struct
{
  gsize start;
  gsize n;
  gsize depth;
} Run;

/* Below that comparing is faster than counting. */
#define SHORT_RUN 48

#define N_DIGITS 8

/* -- keys --------------------------------------------------------------- */

/* The sign bit of two's complement turned round. */
static guint64
key_of_integer (gint64 value)
{
  return (guint64) value ^ (G_GUINT64_CONSTANT (1) << 63);
}

/* Zeros of both signs are equal. */
static guint64
key_of_real (double value)
{
  guint64 bits;

  value += 0.0;
  memcpy (&bits, &value, sizeof bits);

  return bits >> 63 != 0 ? ~bits : bits | (G_GUINT64_CONSTANT (1) << 63);
}

static guint64
key_of_text (const char *text)
{
  guint64 key = 0;

  for (guint i = 0; i < 8; i++)
    {
      key = key << 8 | (guchar) *text;
      if (*text != '\0')
        text++;
    }

  return key;
}

#define KEYS(T, EXPRESSION)                     \
  for (gsize i = 0; i < n; i++)                 \
    {                                           \
      T v = ((const T *) values)[items[i].row]; \
                                                \
      items[i].key = (EXPRESSION) ^ flip;       \
    }                                           \
  break;

static void
make_keys (const AlmuColumn *column,
           Item             *items,
           gsize             n,
           guint64           flip)
{
  const void *values = column->values->data;

  switch (column->type)
    {
    case ALMU_COLUMN_BOOL:
    case ALMU_COLUMN_UINT8:
      KEYS (guint8, (guint64) v)
    case ALMU_COLUMN_UINT16:
      KEYS (guint16, (guint64) v)
    case ALMU_COLUMN_UINT32:
      KEYS (guint32, (guint64) v)
    case ALMU_COLUMN_UINT64:
      KEYS (guint64, v)
    case ALMU_COLUMN_INT8:
      KEYS (gint8, key_of_integer (v))
    case ALMU_COLUMN_INT16:
      KEYS (gint16, key_of_integer (v))
    case ALMU_COLUMN_INT32:
      KEYS (gint32, key_of_integer (v))
    case ALMU_COLUMN_INT64:
      KEYS (gint64, key_of_integer (v))
    case ALMU_COLUMN_FLOAT:
      KEYS (float, key_of_real (v))
    case ALMU_COLUMN_DOUBLE:
      KEYS (double, key_of_real (v))
    case ALMU_COLUMN_STRING:
      for (gsize i = 0; i < n; i++)
        items[i].key = key_of_text (almu_column_get_text (column, items[i].row)) ^ flip;
      break;
    default:
      break;
    }
}

/* What is not a number goes behind the others.
 *
 * Returns: how many are numbers */
static gsize
part_numbers (const AlmuColumn *column,
              guint32          *rows,
              gsize             n)
{
  gboolean            is_float = column->type == ALMU_COLUMN_FLOAT;
  const float        *floats = (const void *) column->values->data;
  const double       *doubles = (const void *) column->values->data;
  g_autofree guint32 *others = NULL;
  gsize               n_numbers = 0;
  gsize               n_others = 0;

  if (!is_float && column->type != ALMU_COLUMN_DOUBLE)
    return n;

  others = g_new (guint32, n + 1);
  for (gsize i = 0; i < n; i++)
    {
      guint32 row = rows[i];

      if (is_float ? isnan (floats[row]) : isnan (doubles[row]))
        others[n_others++] = row;
      else
        rows[n_numbers++] = row;
    }
  memcpy (rows + n_numbers, others, n_others * sizeof *others);

  return n_numbers;
}

/* -- sorting ------------------------------------------------------------ */

static void
sort_short (Item *items,
            gsize n)
{
  for (gsize i = 1; i < n; i++)
    {
      Item  item = items[i];
      gsize at = i;

      for (; at > 0 && items[at - 1].key > item.key; at--)
        items[at] = items[at - 1];
      items[at] = item;
    }
}

static gboolean
is_alike (const gsize *counts,
          gsize        n)
{
  for (guint i = 0; i < 256; i++)
    if (counts[i] != 0)
      return counts[i] == n;

  return TRUE;
}

static void
spread (const Item *from,
        Item       *to,
        gsize       n,
        gsize      *counts,
        guint       shift)
{
  gsize sum = 0;

  for (guint i = 0; i < 256; i++)
    {
      gsize count = counts[i];

      counts[i] = sum;
      sum += count;
    }

  for (gsize i = 0; i < n; i++)
    to[counts[from[i].key >> shift & 0xff]++] = from[i];
}

/* From the lowest digit to the highest; digits that are the same everywhere
 * are passed over. */
static gboolean
sort_items (Item         *items,
            Item         *spare,
            gsize         n,
            GCancellable *cancellable,
            GError      **error)
{
  gsize counts[N_DIGITS][256] = { { 0 } };
  Item *from = items;
  Item *to = spare;

  if (n <= SHORT_RUN)
    {
      sort_short (items, n);
      return TRUE;
    }

  for (gsize i = 0; i < n; i++)
    for (guint digit = 0; digit < N_DIGITS; digit++)
      counts[digit][items[i].key >> 8 * digit & 0xff]++;

  for (guint digit = 0; digit < N_DIGITS; digit++)
    {
      if (is_alike (counts[digit], n))
        continue;

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;

      spread (from, to, n, counts[digit], 8 * digit);
      to = from;
      from = to == items ? spare : items;
    }

  if (from != items)
    memcpy (items, from, n * sizeof *items);

  return TRUE;
}

/* Rows whose text is alike in these eight bytes, and goes on. */
static void
add_runs (GArray     *runs,
          const Item *items,
          const Run  *run,
          guint64     flip)
{
  gsize start = 0;

  for (gsize i = 1; i <= run->n; i++)
    {
      if (i < run->n && items[i].key == items[start].key)
        continue;

      if (i - start > 1 && ((items[start].key ^ flip) & 0xff) != 0)
        {
          Run next = { run->start + start, i - start, run->depth + 8 };

          g_array_append_val (runs, next);
        }
      start = i;
    }
}

static gboolean
sort_text (const AlmuColumn *column,
           Item             *items,
           Item             *spare,
           gsize             n,
           guint64           flip,
           GCancellable     *cancellable,
           GError          **error)
{
  g_autoptr(GArray) runs = g_array_new (FALSE, FALSE, sizeof (Run));
  Run   whole = { 0, n, 0 };
  guint n_done = 0;

  g_array_append_val (runs, whole);
  while (runs->len > 0)
    {
      Run run = g_array_index (runs, Run, runs->len - 1);

      g_array_set_size (runs, runs->len - 1);
      if (++n_done % 4096 == 0 && g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;

      for (gsize i = 0; i < run.n; i++)
        items[run.start + i].key =
          key_of_text (almu_column_get_text (column, items[run.start + i].row) + run.depth) ^ flip;

      if (!sort_items (items + run.start, spare, run.n, cancellable, error))
        return FALSE;

      add_runs (runs, items + run.start, &run, flip);
    }

  return TRUE;
}

static gboolean
sort_rows (const AlmuColumn *column,
           guint32          *rows,
           gsize             n_rows,
           gboolean          is_descending,
           GCancellable     *cancellable,
           GError          **error)
{
  gsize            n = part_numbers (column, rows, n_rows);
  g_autofree Item *items = g_new (Item, n + 1);
  g_autofree Item *spare = g_new (Item, n + 1);
  guint64          flip = is_descending ? G_MAXUINT64 : 0;
  gboolean         is_sorted;

  for (gsize i = 0; i < n; i++)
    items[i].row = rows[i];

  if (column->type == ALMU_COLUMN_STRING)
    {
      is_sorted = sort_text (column, items, spare, n, flip, cancellable, error);
    }
  else
    {
      make_keys (column, items, n, flip);
      is_sorted = sort_items (items, spare, n, cancellable, error);
    }

  for (gsize i = 0; i < n && is_sorted; i++)
    rows[i] = items[i].row;

  return is_sorted;
}

/**
 * almu_table_sort:
 * @column: what to sort by
 * @rows: (array length=n_rows): rows of the column, in any order
 * @n_rows: how many
 * @is_descending: the largest first
 * @cancellable: (nullable): asked between pieces
 * @error: return location
 *
 * Puts @rows into the order of the column's cells. Those that are alike stay
 * as they are, and NaN comes last, whichever way round.
 *
 * Returns: %FALSE if it was cancelled, or if there is no memory for it beside all
 *   tables (%ALMU_ERROR_LIMIT)
 */
gboolean
almu_table_sort (const AlmuColumn *column,
                 guint32          *rows,
                 gsize             n_rows,
                 gboolean          is_descending,
                 GCancellable     *cancellable,
                 GError          **error)
{
  gint64   n_bytes = (gint64) ((n_rows + 1) * (2 * sizeof (Item) + sizeof (guint32)));
  gboolean is_sorted;

  if (!almu_data_table_borrow (n_bytes, error))
    return FALSE;

  is_sorted = sort_rows (column, rows, n_rows, is_descending, cancellable, error);
  almu_data_table_give_back (n_bytes);

  return is_sorted;
}
