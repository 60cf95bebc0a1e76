/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "crash-kinds.h"

static const CrashChange *const tables[] = {
  crash_changes_of_files,
  crash_changes_of_regions,
  crash_changes_of_wants,
  crash_changes_of_overlays,
  crash_changes_of_catalogs,
  crash_changes_of_return,
  crash_changes_of_bus,
};

static GPtrArray *
get_all (void)
{
  static GPtrArray *all = NULL;

  if (all != NULL)
    return all;

  all = g_ptr_array_new ();
  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    for (const CrashChange *change = tables[i]; change->name != NULL; change++)
      g_ptr_array_add (all, (gpointer) change);

  return all;
}

guint
crash_changes_count (void)
{
  return get_all ()->len;
}

const CrashChange *
crash_changes_get (guint index)
{
  return g_ptr_array_index (get_all (), index);
}

guint
crash_changes_find (const CrashChange *change)
{
  guint index;

  g_assert_true (g_ptr_array_find (get_all (), change, &index));

  return index;
}

static int
find_free (const CrashState *state)
{
  int file_id = 0;

  while (crash_state_get (state, "%d", file_id) != NULL)
    file_id++;

  return file_id;
}

static int
pick_number (GArray *numbers)
{
  return numbers->len > 0 ? g_array_index (numbers, int, g_test_rand_int_range (0, (int) numbers->len)) : -1;
}

static const CrashChange *
pick_kind (void)
{
  guint n = 0;

  for (guint i = 0; i < crash_changes_count (); i++)
    n += crash_changes_get (i)->weight;
  n = (guint) g_test_rand_int_range (0, (int) n);
  for (guint i = 0;; i++)
    {
      if (n < crash_changes_get (i)->weight)
        return crash_changes_get (i);
      n -= crash_changes_get (i)->weight;
    }
}

/* One of the table that can be done now, and to what. */
const CrashChange *
crash_change_pick (const CrashState *state,
                   gboolean          is_call,
                   int              *out_file_id,
                   int              *out_region_id)
{
  g_autoptr(GArray) files = crash_state_list (state, "");
  g_autoptr(GArray) catalogs = crash_state_list (state, "catalog/");

  while (TRUE)
    {
      const CrashChange *change = pick_kind ();
      int                file_id = pick_number (files);
      g_autofree char   *prefix = g_strdup_printf ("%d/region/", file_id);
      g_autoptr(GArray) regions = crash_state_list (state, prefix);

      if (change->is_call != is_call)
        continue;

      /* only when nothing is left does everybody open something */
      if (((change->needs & (CRASH_NEEDS_FILE | CRASH_NEEDS_REGION)) && file_id < 0) ||
          ((change->needs & CRASH_NEEDS_REGION) && regions->len == 0) ||
          ((change->needs & CRASH_NEEDS_CATALOG) && catalogs->len == 0) ||
          ((change->needs & CRASH_NEEDS_ROOM) && files->len >= CRASH_MAX_FILES))
        continue;

      *out_file_id = change->needs & CRASH_NEEDS_ROOM ? find_free (state) : file_id;
      *out_region_id = pick_number (regions);
      return change;
    }
}
