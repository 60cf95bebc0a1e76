/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdlib.h>

#include "test-hdus.h"

#define N_FLIPPED 800
#define N_FLIPPED_SHARED 10
#define SLOW_FACTOR 25

/* A small file with something of everything that is read. */
static GBytes *
make_rich_file (void)
{
  static const char *const records[] = {
    "CTYPE1  = 'RA---SIN'",
    "CTYPE2  = 'DEC--SIN'",
    "CTYPE3  = 'FREQ    '",
    "CTYPE4  = 'STOKES  '",
    "CRVAL1  =        275.087500000",
    "CRVAL2  =        -16.202777778",
    "CRVAL3  =          1.42040E+09",
    "CRVAL4  =                  1.0",
    "CRPIX1  =                  1.0",
    "CRPIX2  =                  1.0",
    "CRPIX3  =                  1.0",
    "CRPIX4  =                  1.0",
    "CDELT1  =               -0.001",
    "CDELT2  =                0.001",
    "CDELT3  =              1.0E+06",
    "CDELT4  =                  1.0",
    "PC1_1   =                  1.0",
    "PV2_1   =                  0.0",
    "RESTFREQ=          1.42040E+09",
    "EQUINOX =               2000.0",
    "RADESYS = 'FK5     '",
    "BUNIT   = 'JY/BEAM '",
    "BMAJ    =                0.001",
    "BMIN    =                0.001",
    "BPA     =                  0.0",
    "BSCALE  =                  2.0",
    "BLANK   =               -32768",
    "CASAMBM =                    T",
    "LONG    = 'text that &'",
    "CONTINUE  'goes on'",
    "HISTORY AIPS   CLEAN BMAJ=  2.0E-03 BMIN=  1.0E-03 BPA=  45.00",
  };
  static const char *const table[] = {
    "XTENSION= 'BINTABLE'",
    "BITPIX  =                    8",
    "NAXIS   =                    2",
    "NAXIS1  =                   12",
    "NAXIS2  =                    4",
    "PCOUNT  =                    0",
    "GCOUNT  =                    1",
    "TFIELDS =                    3",
    "TTYPE1  = 'BMAJ    '",
    "TFORM1  = '1E      '",
    "TTYPE2  = 'BMIN    '",
    "TFORM2  = '1E      '",
    "TTYPE3  = 'BPA     '",
    "TFORM3  = '1E      '",
    "EXTNAME = 'BEAMS   '",
  };
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();
  double zeros[16] = { 0 };

  almu_test_fits_begin (fits, 16, 4, (gint64[]){ 2, 2, 2, 2 });
  for (gsize i = 0; i < G_N_ELEMENTS (records); i++)
    almu_test_fits_record (fits, records[i]);
  almu_test_fits_end_header (fits);
  almu_test_fits_values (fits, 16, zeros);
  almu_test_fits_end (fits);
  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    almu_test_fits_record (fits, table[i]);
  almu_test_fits_end_header (fits);
  almu_test_fits_values (fits, 16, zeros);
  almu_test_fits_end (fits);

  return almu_test_fits_to_bytes (fits);
}

static int
get_rounds (int n)
{
  return g_getenv ("ALMU_TEST_SLOW") != NULL ? n * SLOW_FACTOR : n;
}

/* Reads it in every way; what comes out is sound or an error with text. */
static gboolean
try_bytes (const char *folder,
           const char *data,
           gsize       n_data)
{
  static const char *const hdus[] = { NULL, "0", "1", "SCI" };
  g_autofree char         *path = g_build_filename (folder, "damaged.fits", NULL);
  gboolean                 is_open = FALSE;

  /* a longer one before would show through */
  g_unlink (path);
  g_assert_true (g_file_set_contents_full (path, data, n_data, G_FILE_SET_CONTENTS_NONE, 0644, NULL));

  for (gsize i = 0; i < G_N_ELEMENTS (hdus); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(GPtrArray) infos = read_path (path, hdus[i], ALMU_IMAGE_HISTORY_BEAM, &error);

      if (infos == NULL)
        {
          g_assert_nonnull (error);
          g_assert_true (g_utf8_validate (error->message, -1, NULL));
          g_assert_true (g_str_has_prefix (error->message, "damaged.fits: "));
          continue;
        }

      g_assert_no_error (error);
      g_assert_cmpuint (infos->len, >, 0);
      for (guint k = 0; k < infos->len; k++)
        assert_sound (g_ptr_array_index (infos, k));
      is_open = TRUE;
    }

  return is_open;
}

static void
test_damaged_truncated (void)
{
  g_autofree char *folder = almu_test_make_folder ();
  g_autoptr(GBytes) bytes = make_rich_file ();
  gsize       n_data;
  const char *data = g_bytes_get_data (bytes, &n_data);

  for (gsize n = 0; n <= n_data; n += 80)
    {
      gboolean is_open = try_bytes (folder, data, n);

      /* a whole header is enough */
      if (n < 39 * 80)
        g_assert_false (is_open);
      else
        g_assert_true (is_open);
    }

  for (gsize n = 1; n < 400; n += 7)
    g_assert_false (try_bytes (folder, data, n));

  almu_test_remove_folder (folder);
}

static void
damage (char *data,
        gsize n_data)
{
  static const char telling[] = "0123456789.-+'/=TF EDN\n\xff";
  int               n = g_test_rand_int_range (1, 12);

  for (int i = 0; i < n; i++)
    {
      gsize at = g_test_rand_int_range (0, n_data);

      if (g_test_rand_bit ())
        data[at] = telling[g_test_rand_int_range (0, sizeof telling - 1)];
      else
        data[at] ^= 1 << g_test_rand_int_range (0, 8);
    }
}

/* The seed is in the first line; --seed repeats it. */
static void
test_damaged_flipped (void)
{
  g_autofree char *folder = almu_test_make_folder ();
  g_autoptr(GBytes) bytes = make_rich_file ();
  gsize       n_data;
  const char *data = g_bytes_get_data (bytes, &n_data);

  for (int i = 0; i < get_rounds (N_FLIPPED); i++)
    {
      g_autofree char *copy = g_memdup2 (data, n_data);

      damage (copy, MIN (n_data, 3600));
      try_bytes (folder, copy, n_data);
    }

  almu_test_remove_folder (folder);
}

/* Whole records change places, or come twice. */
static void
test_damaged_shuffled (void)
{
  g_autofree char *folder = almu_test_make_folder ();
  g_autoptr(GBytes) bytes = make_rich_file ();
  gsize       n_data;
  const char *data = g_bytes_get_data (bytes, &n_data);

  for (int i = 0; i < get_rounds (N_FLIPPED / 4); i++)
    {
      g_autofree char *copy = g_memdup2 (data, n_data);

      for (int k = 0; k < 6; k++)
        memcpy (copy + 80 * g_test_rand_int_range (0, n_data / 80),
                data + 80 * g_test_rand_int_range (0, n_data / 80), 80);
      try_bytes (folder, copy, n_data);
    }

  almu_test_remove_folder (folder);
}

/* -- real files --------------------------------------------------------- */

typedef struct
{
  int    n_axes;
  gint64 shape[ALMU_LIMIT_AXES];
} TestShape;

/* "… bitpix 16 4x3x2 …", "… zbitpix 16 440x300 q=- …" */
static gboolean
parse_shape (const char *text,
             TestShape  *out_shape)
{
  const char *at = strstr (text, "bitpix ");
  char       *end;

  *out_shape = (TestShape){ 0 };
  if (at == NULL || strstr (text, "TABLE") != NULL)
    at = strstr (text, "zbitpix ");
  if (at == NULL)
    return FALSE;

  g_ascii_strtoll (strchr (at, ' ') + 1, &end, 10);
  if (*end != ' ' || !g_ascii_isdigit (end[1]))
    return FALSE;

  do
    out_shape->shape[out_shape->n_axes++] = g_ascii_strtoll (end + 1, &end, 10);
  while (*end == 'x' && out_shape->n_axes < ALMU_LIMIT_AXES);

  if (out_shape->n_axes < 2)
    return FALSE;
  for (int i = 0; i < out_shape->n_axes; i++)
    if (out_shape->shape[i] == 0)
      return FALSE;

  return TRUE;
}

static const TestShape *
find_shape (GArray *shapes,
            GArray *numbers,
            int     number)
{
  for (guint i = 0; i < numbers->len; i++)
    if (g_array_index (numbers, int, i) == number)
      return &g_array_index (shapes, TestShape, i);

  return NULL;
}

/* The manifest was made by another reader. */
static void
check_file (const char *name,
            const char *headers)
{
  g_autofree char *path = almu_test_shared_path (name);
  g_auto(GStrv) parts = g_strsplit (headers, "; [", -1);
  g_autoptr(GArray) shapes = g_array_new (FALSE, FALSE, sizeof (TestShape));
  g_autoptr(GArray) numbers = g_array_new (FALSE, FALSE, sizeof (int));
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) infos = NULL;
  /* cut off in the manifest, or not read there */
  gboolean is_partly_told = strlen (headers) >= 400 || g_str_has_prefix (headers, "Z ");

  g_assert_nonnull (path);

  for (int i = 0; parts[i] != NULL; i++)
    {
      const char *start = i == 0 ? strchr (parts[i], '[') : parts[i];
      int         number = start == NULL ? 0 : atoi (i == 0 ? start + 1 : start);
      TestShape   shape;

      if (parse_shape (parts[i], &shape))
        {
          g_array_append_val (shapes, shape);
          g_array_append_val (numbers, number);
        }
    }

  infos = read_path (path, NULL, ALMU_IMAGE_HISTORY_BEAM, &error);
  g_test_message ("%s: %s", name, error != NULL ? error->message : "open");

  if (infos == NULL)
    {
      g_assert_nonnull (error);
      g_assert_cmpuint (strlen (error->message), >, 20);
      g_assert_cmpuint (shapes->len, ==, 0);
      return;
    }

  g_assert_no_error (error);
  if (!is_partly_told)
    g_assert_cmpuint (infos->len, ==, shapes->len);

  for (guint i = 0; i < infos->len; i++)
    {
      AlmuImageInfo   *info = g_ptr_array_index (infos, i);
      const TestShape *shape = find_shape (shapes, numbers, info->hdu_number);

      assert_sound (info);
      if (shape == NULL && is_partly_told)
        continue;
      g_assert_nonnull (shape);
      g_assert_cmpint (info->n_axes, ==, shape->n_axes);
      for (int axis = 0; axis < info->n_axes; axis++)
        g_assert_cmpint (info->shape[axis], ==, shape->shape[axis]);
    }
}

static void
for_all_files (void (*func) (const char *name,
                             const char *headers))
{
  g_autofree char *path = almu_test_shared_path ("MANIFEST.tsv");
  g_autofree char *text = NULL;
  g_auto(GStrv) lines = NULL;

  if (path == NULL)
    return;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  for (int i = 1; lines[i] != NULL && *lines[i] != '\0'; i++)
    {
      g_auto(GStrv) columns = g_strsplit (lines[i], "\t", -1);

      g_assert_cmpuint (g_strv_length (columns), >=, 8);
      func (columns[0], columns[7]);
    }
}

static void
test_shared_shapes (void)
{
  for_all_files (check_file);
}

static void
damage_file (const char *name,
             const char *headers)
{
  g_autofree char *path = almu_test_shared_path (name);
  g_autofree char *folder = NULL;
  g_autofree char *data = NULL;
  gsize            n_data;

  if (!g_file_get_contents (path, &data, &n_data, NULL) || n_data < 1000)
    return;

  folder = almu_test_make_folder ();
  n_data = MIN (n_data, 40000);
  for (int i = 0; i < get_rounds (N_FLIPPED_SHARED); i++)
    {
      g_autofree char *copy = g_memdup2 (data, n_data);

      damage (copy, MIN (n_data, 9000));
      try_bytes (folder, copy, n_data);
    }

  almu_test_remove_folder (folder);
}

static void
test_shared_damaged (void)
{
  for_all_files (damage_file);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/engine/damaged-headers/truncated", test_damaged_truncated);
  g_test_add_func ("/engine/damaged-headers/flipped", test_damaged_flipped);
  g_test_add_func ("/engine/damaged-headers/shuffled", test_damaged_shuffled);
  g_test_add_func ("/engine/damaged-headers/shared-shapes", test_shared_shapes);
  g_test_add_func ("/engine/damaged-headers/shared-damaged", test_shared_damaged);

  return g_test_run ();
}
