/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "almu-error.h"
#include "almu-hdu-list.h"
#include "almu-test.h"

#define add_test(path, func) \
  g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

typedef struct
{
  char         *folder;
  AlmuTestFits *fits;
} Fixture;

static inline void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  fixture->folder = almu_test_make_folder ();
  fixture->fits = almu_test_fits_new ();
}

static inline void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  almu_test_fits_free (fixture->fits);
  almu_test_remove_folder (fixture->folder);
  g_free (fixture->folder);
}

static inline GPtrArray *
read_path (const char    *path,
           const char    *hdu,
           AlmuImageFlags flags,
           GError       **error)
{
  g_autofree char *base = g_path_get_basename (path);
  int              fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);
  GPtrArray       *infos;

  g_assert_cmpint (fd, >=, 0);
  infos = almu_hdu_list_read (fd, base, hdu, flags, error);
  close (fd);

  return infos;
}

/* Saves what was described so far and reads it. */
static inline GPtrArray *
read_all (Fixture       *fixture,
          const char    *hdu,
          AlmuImageFlags flags,
          GError       **error)
{
  g_autofree char *path = almu_test_fits_save (fixture->fits, fixture->folder, "a.fits");

  return read_path (path, hdu, flags, error);
}

static inline GPtrArray *
read_good (Fixture    *fixture,
           const char *hdu)
{
  g_autoptr(GError) error = NULL;
  GPtrArray *infos = read_all (fixture, hdu, ALMU_IMAGE_NONE, &error);

  g_assert_no_error (error);
  g_assert_nonnull (infos);
  g_assert_cmpuint (infos->len, >, 0);

  return infos;
}

/* The text of a failure names the file and holds @part. */
static inline void
assert_fails (Fixture    *fixture,
              const char *hdu,
              int         code,
              const char *part)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) infos = read_all (fixture, hdu, ALMU_IMAGE_NONE, &error);

  g_assert_null (infos);
  g_assert_error (error, ALMU_ERROR, code);
  g_assert_true (g_str_has_prefix (error->message, "a.fits: "));
  if (strstr (error->message, part) == NULL)
    g_error ("“%s” does not hold “%s”", error->message, part);
}

/* Zeros for the pixels of a header that was begun. */
static inline void
add_zeros (Fixture *fixture,
           gsize    n)
{
  g_autofree double *zeros = g_new0 (double, n);

  almu_test_fits_values (fixture->fits, n, zeros);
  almu_test_fits_end (fixture->fits);
}

static inline void
assert_entry (AlmuHeader *entries,
              const char *name,
              const char *value)
{
  const char *found = NULL;

  for (guint i = 0; i < almu_header_get_length (entries); i++)
    if (g_str_equal (almu_header_get_card (entries, i)->name, name))
      found = almu_header_get_card (entries, i)->value;

  if (g_strcmp0 (found, value) != 0)
    g_error ("%s is “%s”, not “%s”", name, found, value);
}

/* Everything that goes to the page must be text. */
static inline void
assert_clean (AlmuHeader *header)
{
  for (guint i = 0; i < almu_header_get_length (header); i++)
    {
      const AlmuCard  *card = almu_header_get_card (header, i);
      g_autofree char *all = g_strconcat (card->name, card->value, card->comment, NULL);

      g_assert_true (g_utf8_validate (all, -1, NULL));
      for (const char *c = all; *c != '\0'; c++)
        g_assert_false (g_ascii_iscntrl (*c));
    }
}

static inline void
assert_sound (const AlmuImageInfo *info)
{
  gint64 n_cells = (gint64) info->width * info->height;

  g_assert_nonnull (info->header);
  g_assert_nonnull (info->computed);
  g_assert_nonnull (info->unit);
  g_assert_nonnull (info->beams);
  g_assert_cmpint (n_cells, >, 0);
  g_assert_cmpint (info->depth, >, 0);
  g_assert_cmpint (info->n_stokes, >, 0);
  g_assert_cmpint (info->n_axes, >=, 2);
  g_assert_cmpint (info->axes.render[0], !=, info->axes.render[1]);
  g_assert_true (info->pixel_area >= 0);
  assert_clean (info->header);
  assert_clean (info->computed);
  g_assert_cmpstr (almu_header_get_card (info->computed, 0)->name, ==, "Name");
  g_assert_cmpstr (almu_header_get_card (info->computed, 1)->name, ==, "HDU");
}
