/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>
#include <unistd.h>

#include "test-desk.h"

/* SAVE_FILE, against the real program: what was saved is opened again. */

#define WIDTH 60
#define HEIGHT 50
#define DEPTH 8
#define N_STOKES 4

static double
ramp (const gint64 *position,
      gpointer      user_data)
{
  return (double) (position[0] + 100 * position[1] + 10000 * position[2] + 100000 * position[3]);
}

static void
open_cube (Desk *desk)
{
  static const char *const cards[] = {
    "CTYPE1", "'RA---SIN'", "CTYPE2", "'DEC--SIN'", "CTYPE3", "'FREQ'", "CTYPE4", "'STOKES'",
    "CRVAL1", "51.3", "CRVAL2", "30.5", "CRVAL3", "1.1E11", "CRVAL4", "1.0",
    "CRPIX1", "30.0", "CRPIX2", "25.0", "CRPIX3", "2.0", "CRPIX4", "1.0",
    "CDELT1", "-0.001", "CDELT2", "0.001", "CDELT3", "1.0E6", "CDELT4", "1.0",
    "BUNIT", "'Jy/beam'", "RESTFRQ", "1.1E11", "OBJECT", "'L1448'", NULL
  };
  const gint64 shape[] = { WIDTH, HEIGHT, DEPTH, N_STOKES };

  desk_write (desk, "cube.fits", 4, shape, ramp, cards);
  desk_open (desk, "cube.fits", 0);
}

static CARTA__SaveFile
make_request (const char *name)
{
  CARTA__SaveFile request = CARTA__SAVE_FILE__INIT;

  request.output_file_directory = (char *) "";
  request.output_file_name = (char *) name;
  request.output_file_type = CARTA__FILE_TYPE__FITS;
  request.keep_degenerate = TRUE;
  request.rest_freq = NAN;

  return request;
}

static CARTA__SaveFileAck *
save (Desk                  *desk,
      const CARTA__SaveFile *request)
{
  return almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__SAVE_FILE_ACK,
                                       almu_test_viewer_send (desk->viewer, &request->base));
}

static void
save_well (Desk                  *desk,
           const CARTA__SaveFile *request)
{
  almu_test_autobody CARTA__SaveFileAck *ack = save (desk, request);

  g_assert_cmpstr (ack->message, ==, "");
  g_assert_true (ack->success);
  g_assert_cmpint (ack->file_id, ==, request->file_id);
}

static void
save_badly (Desk                  *desk,
            const CARTA__SaveFile *request,
            const char            *part)
{
  almu_test_autobody CARTA__SaveFileAck *ack = save (desk, request);

  g_assert_false (ack->success);
  g_assert_false (ack->overwrite_confirmation_required);
  if (strstr (ack->message, part) == NULL)
    g_error ("“%s” does not hold “%s”", ack->message, part);
}

static const char *
find_entry (const CARTA__OpenFileAck *ack,
            const char               *name)
{
  for (gsize i = 0; i < ack->file_info_extended->n_header_entries; i++)
    if (g_str_equal (ack->file_info_extended->header_entries[i]->name, name))
      return ack->file_info_extended->header_entries[i]->value;

  return NULL;
}

static double
get_number (const CARTA__OpenFileAck *ack,
            const char               *name)
{
  const char *value = find_entry (ack, name);

  return value != NULL ? g_ascii_strtod (value, NULL) : NAN;
}

static int
count_files (Desk *desk)
{
  g_autoptr(GDir) dir = g_dir_open (desk->folder, 0, NULL);
  int n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;

  return n;
}

/* -- what is saved -------------------------------------------------------- */

static void
test_saving_whole (Desk         *desk,
                   gconstpointer user_data)
{
  CARTA__SaveFile                        request = make_request ("copy.fits");
  almu_test_autobody CARTA__OpenFileAck *ack = NULL;

  open_cube (desk);
  save_well (desk, &request);

  ack = almu_test_viewer_open (desk->viewer, "", "copy.fits", "", 1);
  g_assert_true (ack->success);
  g_assert_cmpint (ack->file_info_extended->width, ==, WIDTH);
  g_assert_cmpint (ack->file_info_extended->height, ==, HEIGHT);
  g_assert_cmpint (ack->file_info_extended->depth, ==, DEPTH);
  g_assert_cmpint (ack->file_info_extended->stokes, ==, N_STOKES);
  g_assert_cmpstr (find_entry (ack, "OBJECT"), ==, "L1448");
  g_assert_cmpfloat (get_number (ack, "CRPIX1"), ==, 30);
}

/* An ellipse out of every second channel of two polarisations. */
static void
test_saving_part (Desk         *desk,
                  gconstpointer user_data)
{
  const float                            points[] = { 20, 30, 6, 9 };
  gint32                                 channels[] = { 1, 7, 2 };
  gint32                                 stokes[] = { 2, 2, 1 };
  CARTA__SaveFile                        request = make_request ("part.fits");
  int                                    width = 19;
  int                                    height = 13;
  g_autofree float                      *plane = NULL;
  almu_test_autobody CARTA__OpenFileAck *ack = NULL;

  open_cube (desk);
  request.region_id = almu_test_draw (desk->viewer, 0, -1, CARTA__REGION_TYPE__ELLIPSE, points, 2, 0);
  request.channels = channels;
  request.n_channels = G_N_ELEMENTS (channels);
  request.stokes = stokes;
  request.n_stokes = G_N_ELEMENTS (stokes);
  request.keep_degenerate = FALSE;
  request.rest_freq = 1.2e11;
  save_well (desk, &request);

  ack = almu_test_viewer_open (desk->viewer, "", "part.fits", "", 1);
  g_assert_true (ack->success);
  g_assert_cmpint (ack->file_info_extended->dimensions, ==, 3);
  g_assert_cmpint (ack->file_info_extended->width, ==, width);
  g_assert_cmpint (ack->file_info_extended->height, ==, height);
  g_assert_cmpint (ack->file_info_extended->depth, ==, 4);
  g_assert_cmpfloat (get_number (ack, "CRPIX1"), ==, 30 - 11);
  g_assert_cmpfloat (get_number (ack, "CRPIX2"), ==, 25 - 24);
  g_assert_cmpfloat (get_number (ack, "CRPIX3"), ==, 1);
  g_assert_cmpfloat (get_number (ack, "CDELT3"), ==, 2e6);
  g_assert_cmpfloat (get_number (ack, "RESTFRQ"), ==, 1.2e11);
  g_assert_null (find_entry (ack, "CTYPE4"));

  plane = almu_test_await_plane (desk->viewer, 1, width, height);
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      {
        double dx = (11 + x - 20) / 9.;
        double dy = (24 + y - 30) / 6.;
        double expected = ramp ((const gint64[]){ 11 + x, 24 + y, 1, 2 }, NULL);

        if (dx * dx + dy * dy > 1.001)
          g_assert_true (isnan (plane[y * width + x]));
        else
          g_assert_cmpfloat (plane[y * width + x], ==, (float) expected);
      }
}

/* Drawn on another image of the same sky: here one that is the same but for
 * its name. */
static void
test_saving_matched (Desk         *desk,
                     gconstpointer user_data)
{
  const float                            points[] = { 20, 30, 6, 9 };
  CARTA__SaveFile                        request = make_request ("copy.fits");
  almu_test_autobody CARTA__OpenFileAck *ack = NULL;

  open_cube (desk);
  save_well (desk, &request);
  desk_open (desk, "copy.fits", 1);

  request.file_id = 1;
  request.output_file_name = (char *) "part.fits";
  request.region_id = almu_test_draw (desk->viewer, 0, -1, CARTA__REGION_TYPE__RECTANGLE, points, 2, 0);
  save_well (desk, &request);

  ack = almu_test_viewer_open (desk->viewer, "", "part.fits", "", 2);
  g_assert_cmpint (ack->file_info_extended->width, ==, 7);
  g_assert_cmpint (ack->file_info_extended->height, ==, 9);
  g_assert_cmpfloat (get_number (ack, "CRPIX1"), ==, 30 - 17);
  g_assert_cmpfloat (get_number (ack, "CRPIX2"), ==, 25 - 26);
}

/* -- what is refused ------------------------------------------------------ */

static void
test_saving_overwrite (Desk         *desk,
                       gconstpointer user_data)
{
  CARTA__SaveFile                        request = make_request ("copy.fits");
  almu_test_autobody CARTA__SaveFileAck *ack = NULL;

  open_cube (desk);
  save_well (desk, &request);

  ack = save (desk, &request);
  g_assert_false (ack->success);
  g_assert_true (ack->overwrite_confirmation_required);

  request.overwrite = TRUE;
  save_well (desk, &request);

  request.output_file_name = (char *) "cube.fits";
  save_badly (desk, &request, "Cannot overwrite the source image");
}

static void
test_saving_refused (Desk         *desk,
                     gconstpointer user_data)
{
  static const struct
  {
    const char *directory;
    const char *name;
    int         type;
    int         file_id;
    int         region_id;
    const char *part;
  } cases[] = {
    { "", "a.image", CARTA__FILE_TYPE__CASA, 0, 0, "CASA images is not supported" },
    { "", "a.hdf5", CARTA__FILE_TYPE__HDF5, 0, 0, "HDF5 images is not supported" },
    { "", "", CARTA__FILE_TYPE__FITS, 0, 0, "No name" },
    { "", "a.fits", CARTA__FILE_TYPE__FITS, 7, 0, "7" },
    { "", "a.fits", CARTA__FILE_TYPE__FITS, 0, 99, "99" },
    { "", "../a.fits", CARTA__FILE_TYPE__FITS, 0, 0, "out of the top-level folder" },
    { "..", "a.fits", CARTA__FILE_TYPE__FITS, 0, 0, "out of the top-level folder" },
    { "way-out", "a.fits", CARTA__FILE_TYPE__FITS, 0, 0, "outside the top-level folder" },
    { "nowhere", "a.fits", CARTA__FILE_TYPE__FITS, 0, 0, "nowhere" },
    { "", "sub", CARTA__FILE_TYPE__FITS, 0, 0, "folder" },
  };
  g_autofree char *outside = almu_test_make_folder ();
  g_autofree char *way_out = g_build_filename (desk->folder, "way-out", NULL);
  g_autofree char *sub = g_build_filename (desk->folder, "sub", NULL);
  int              n_files;

  open_cube (desk);
  g_assert_cmpint (symlink (outside, way_out), ==, 0);
  g_assert_cmpint (g_mkdir (sub, 0755), ==, 0);
  n_files = count_files (desk);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      CARTA__SaveFile request = make_request (cases[i].name);

      request.output_file_directory = (char *) cases[i].directory;
      request.output_file_type = (CARTA__FileType) cases[i].type;
      request.file_id = cases[i].file_id;
      request.region_id = cases[i].region_id;
      request.overwrite = TRUE;
      save_badly (desk, &request, cases[i].part);
    }

  g_assert_cmpint (count_files (desk), ==, n_files);
  g_assert_cmpint (g_rmdir (outside), ==, 0);
}

static void
test_saving_read_only (Desk         *desk,
                       gconstpointer user_data)
{
  static const char *const arguments[] = { "--read_only_mode", NULL };
  CARTA__SaveFile          request = make_request ("copy.fits");

  desk_start (desk, arguments);
  desk->viewer = desk_register (desk, &desk->session_id);
  open_cube (desk);
  save_badly (desk, &request, "read-only mode");
  g_assert_cmpint (count_files (desk), ==, 1);
}

/* -- in other hands ------------------------------------------------------- */

static const char script[] =
  "import sys, numpy as np\n"
  "from astropy.io import fits\n"
  "from astropy.wcs import WCS\n"
  "a, b = (fits.open(p) for p in sys.argv[1:3])\n"
  "b.verify('exception')\n"
  "assert len(b) == 1 and b[0].data.dtype == np.dtype('>f4'), b[0].data.dtype\n"
  "x0, y0, x1, y1 = 11, 24, 30, 37\n"
  "want = a[0].data[1:3, 1:8:3, y0:y1, x0:x1]\n"
  "got = b[0].data\n"
  "assert got.shape == want.shape, (got.shape, want.shape)\n"
  "inside = ~np.isnan(got)\n"
  "assert inside.any() and not inside.all()\n"
  "assert (got[inside] == want[inside]).all()\n"
  "wa, wb = WCS(a[0].header), WCS(b[0].header)\n"
  "for p in [(0, 0, 0, 0), (18, 12, 2, 1), (5, 7, 1, 1)]:\n"
  "    q = (p[0] + x0, p[1] + y0, p[2] * 3 + 1, p[3] + 1)\n"
  "    u = np.array(wb.wcs_pix2world([p], 0)[0]); v = np.array(wa.wcs_pix2world([q], 0)[0])\n"
  "    assert np.allclose(u, v, rtol=1e-12, atol=1e-12), (u, v)\n"
  "assert b[0].header['OBJECT'] == 'L1448'\n";

static gboolean
has_astropy (void)
{
  const char *const probe[] = { "/usr/bin/python3", "-c", "import astropy", NULL };
  int               status = -1;

  if (g_spawn_sync (NULL, (char **) probe, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL, NULL, &status, NULL) &&
      status == 0)
    return TRUE;

  g_test_skip ("no astropy");

  return FALSE;
}

static void
run_script (const char *text,
            const char *before,
            const char *after)
{
  const char *const compare[] = { "/usr/bin/python3", "-c", text, before, after, NULL };
  g_autofree char  *errors = NULL;
  g_autoptr(GError) error = NULL;
  int status = -1;

  g_assert_true (g_spawn_sync (NULL, (char **) compare, NULL, 0, NULL, NULL, NULL, &errors, &status, &error));
  if (status != 0)
    g_error ("%s", errors);
}

static void
test_saving_astropy (Desk         *desk,
                     gconstpointer user_data)
{
  const float      points[] = { 20, 30, 6, 9 };
  gint32           channels[] = { 1, 7, 3 };
  gint32           stokes[] = { 1, 2, 1 };
  CARTA__SaveFile  request = make_request ("part.fits");
  g_autofree char *before = g_build_filename (desk->folder, "cube.fits", NULL);
  g_autofree char *after = g_build_filename (desk->folder, "part.fits", NULL);

  if (!has_astropy ())
    return;

  open_cube (desk);
  request.region_id = almu_test_draw (desk->viewer, 0, -1, CARTA__REGION_TYPE__ELLIPSE, points, 2, 0);
  request.channels = channels;
  request.n_channels = G_N_ELEMENTS (channels);
  request.stokes = stokes;
  request.n_stokes = G_N_ELEMENTS (stokes);
  save_well (desk, &request);
  run_script (script, before, after);
}

/* Every pixel is where it was, by tables and polynomials, and would not be
 * without the tables. */
static const char distortions[] =
  "import sys, numpy as np\n"
  "from astropy.io import fits\n"
  "from astropy.wcs import WCS\n"
  "a, b = (fits.open(p) for p in sys.argv[1:3])\n"
  "b.verify('exception')\n"
  "wa, wb = WCS(a[1].header, a), WCS(b[0].header, b)\n"
  "assert wb.cpdis1 is not None and wb.cpdis2 is not None and wb.det2im1 is not None\n"
  "y, x = np.mgrid[0:b[0].data.shape[0], 0:b[0].data.shape[1]]\n"
  "want, got = wa.all_pix2world(x + 41, y + 22, 0), wb.all_pix2world(x, y, 0)\n"
  "assert np.allclose(got, want, rtol=0, atol=1e-10), np.abs(np.array(got) - want).max()\n"
  "wa.cpdis1 = wa.cpdis2 = wa.det2im1 = None\n"
  "assert np.abs(np.array(wa.all_pix2world(x + 41, y + 22, 0)) - want).max() > 1e-7\n";

static void
test_saving_distortions (Desk         *desk,
                         gconstpointer user_data)
{
  g_autofree char *shared = almu_test_shared_path ("mef/dist_lookup.fits.gz");
  g_autofree char *before = g_build_filename (desk->folder, "dist_lookup.fits.gz", NULL);
  g_autofree char *after = g_build_filename (desk->folder, "part.fits", NULL);
  const float      points[] = { 50, 30, 18, 16 };
  CARTA__SaveFile  request = make_request ("part.fits");
  g_autofree char *bytes = NULL;
  gsize            n_bytes;

  if (shared == NULL || !g_file_get_contents (shared, &bytes, &n_bytes, NULL))
    {
      g_test_skip ("no shared data");
      return;
    }
  if (!has_astropy ())
    return;

  g_assert_true (g_file_set_contents (before, bytes, (gssize) n_bytes, NULL));
  desk_open (desk, "dist_lookup.fits.gz", 0);
  request.region_id = almu_test_draw (desk->viewer, 0, -1, CARTA__REGION_TYPE__RECTANGLE, points, 2, 0);
  save_well (desk, &request);
  run_script (distortions, before, after);
}

/* A file that lacks a table is saved without what was in it, and its user is
 * told so; the saved one lacks nothing. */
static void
test_saving_lost (Desk         *desk,
                  gconstpointer user_data)
{
  static const char *const             cards[] = { "CPDIS1", "'Lookup'", "DP1", "'EXTVER: 3'", NULL };
  const gint64                         shape[] = { WIDTH, HEIGHT, 1, 1 };
  CARTA__SaveFile                      request = make_request ("saved.fits");
  almu_test_autobody CARTA__ErrorData *notice = NULL;

  desk_write (desk, "distorted.fits", 2, shape, ramp, cards);
  desk_open (desk, "distorted.fits", 0);
  save_well (desk, &request);
  notice = desk_await (desk, CARTA__EVENT_TYPE__ERROR_DATA);
  g_assert_cmpint (notice->severity, ==, CARTA__ERROR_SEVERITY__WARNING);
  g_assert_cmpstr (notice->message, ==,
                   "saved.fits: is saved without a part of its coordinates: "
                   "CPDIS1: the file has no table WCSDVARR, version 3");

  desk_open (desk, "saved.fits", 1);
  request.file_id = 1;
  request.output_file_name = (char *) "again.fits";
  save_well (desk, &request);
  /* what is said in order was said before this */
  desk_open (desk, "again.fits", 2);
  g_assert_null (almu_test_viewer_take (desk->viewer, CARTA__EVENT_TYPE__ERROR_DATA));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  desk_add ("/daemon/saving/whole", test_saving_whole);
  desk_add ("/daemon/saving/part", test_saving_part);
  desk_add ("/daemon/saving/matched", test_saving_matched);
  desk_add ("/daemon/saving/overwrite", test_saving_overwrite);
  desk_add ("/daemon/saving/refused", test_saving_refused);
  g_test_add ("/daemon/saving/read-only", Desk, NULL, desk_prepare, test_saving_read_only, desk_tear_down);
  desk_add ("/daemon/saving/astropy", test_saving_astropy);
  desk_add ("/daemon/saving/distortions", test_saving_distortions);
  desk_add ("/daemon/saving/lost", test_saving_lost);

  return g_test_run ();
}
