/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>

#include "test-desk.h"

/* Computed polarisations and hypercubes, as a page has them. */

#define WIDTH 40
#define HEIGHT 30
#define DEPTH 5
#define PLANE_BYTES (WIDTH * HEIGHT * sizeof (float))
#define FILE_ID 3

enum
{
  I = CARTA__POLARIZATION_TYPE__I,
  Q = CARTA__POLARIZATION_TYPE__Q,
  U = CARTA__POLARIZATION_TYPE__U,
  V = CARTA__POLARIZATION_TYPE__V,
  PTOTAL = CARTA__POLARIZATION_TYPE__Ptotal,
  PLINEAR = CARTA__POLARIZATION_TYPE__Plinear,
  PFTOTAL = CARTA__POLARIZATION_TYPE__PFtotal,
  PFLINEAR = CARTA__POLARIZATION_TYPE__PFlinear,
  PANGLE = CARTA__POLARIZATION_TYPE__Pangle,
};

/* Every part differs everywhere; Q has blanks. */
static double
part_value (gint64 x,
            gint64 y,
            gint64 channel,
            int    polarisation)
{
  switch (polarisation)
    {
    case I:
      return (double) (50 + x + y + channel);
    case Q:
      return (x + y) % 7 == 3 ? NAN : (double) (x - 20 + channel);
    case U:
      return (double) (y - 15 - channel);
    case V:
      return (double) ((x * y) % 11 - 5);
    default:
      g_assert_not_reached ();
    }
}

static double
value_at (int x,
          int y,
          int channel,
          int polarisation)
{
  double i = part_value (x, y, channel, I), q = part_value (x, y, channel, Q);
  double u = part_value (x, y, channel, U), v = part_value (x, y, channel, V);

  switch (polarisation)
    {
    case PTOTAL:
      return sqrt (q * q + u * u + v * v);
    case PLINEAR:
      return sqrt (q * q + u * u);
    case PFTOTAL:
      return 100 * sqrt (q * q + u * u + v * v) / i;
    case PFLINEAR:
      return 100 * sqrt (q * q + u * u) / i;
    case PANGLE:
      return isnan (q) ? NAN : 0.5 * atan2 (u, q) * 180 / G_PI;
    default:
      return part_value (x, y, channel, polarisation);
    }
}

static void
assert_near (double value,
             double expected)
{
  if (isnan (expected))
    g_assert_true (isnan (value));
  else
    g_assert_cmpfloat (fabs (value - expected), <=, 1e-6 * fabs (expected) + 1e-6);
}

/* -- files --------------------------------------------------------------- */

static double
in_cube (const gint64 *position,
         gpointer      user_data)
{
  return part_value (position[0], position[1], position[2], (int) position[3] + 1);
}

static void
write_iquv (Desk       *desk,
            const char *name,
            int         n_stokes)
{
  static const char *const cards[] = {
    "CTYPE1", "'RA---SIN'", "CTYPE2", "'DEC--SIN'", "CTYPE3", "'FREQ'", "CTYPE4", "'STOKES'",
    "CRPIX4", "1.0", "CRVAL4", "1.0", "CDELT4", "1.0", "BUNIT", "'Jy/beam'", NULL
  };
  const gint64 shape[] = { WIDTH, HEIGHT, DEPTH, n_stokes };

  desk_write (desk, name, 4, shape, in_cube, cards);
}

static double
part_i (const gint64 *position,
        gpointer      user_data)
{
  return part_value (position[0], position[1], position[2], I);
}

static double
part_q (const gint64 *position,
        gpointer      user_data)
{
  return part_value (position[0], position[1], position[2], Q);
}

static double
part_u (const gint64 *position,
        gpointer      user_data)
{
  return part_value (position[0], position[1], position[2], U);
}

static double
part_v (const gint64 *position,
        gpointer      user_data)
{
  return part_value (position[0], position[1], position[2], V);
}

static void
write_part (Desk       *desk,
            const char *name,
            int         polarisation)
{
  static double (*const parts[]) (const gint64 *, gpointer) = { part_i, part_q, part_u, part_v };
  static const char *const cards[] = {
    "CTYPE1", "'RA---SIN'", "CTYPE2", "'DEC--SIN'", "CTYPE3", "'FREQ'", "BUNIT", "'Jy/beam'", NULL
  };
  const gint64 shape[] = { WIDTH, HEIGHT, DEPTH };

  desk_write (desk, name, 3, shape, parts[polarisation - I], cards);
}

static void
write_parts (Desk *desk)
{
  write_part (desk, "sky_I.fits", I);
  write_part (desk, "sky_Q.fits", Q);
  write_part (desk, "sky_U.fits", U);
  write_part (desk, "sky_V.fits", V);
}

/* -- what a page says ---------------------------------------------------- */

typedef struct
{
  const char *name;
  int         polarisation;
} Part;

/* in the order in which somebody clicked on them */
static const Part iquv[] = { { "sky_U.fits", U }, { "sky_I.fits", I }, { "sky_V.fits", V }, { "sky_Q.fits", Q } };

static void
fill_parts (const Part         *parts,
            gsize               n,
            CARTA__StokesFile  *files,
            CARTA__StokesFile **pointers)
{
  for (gsize i = 0; i < n; i++)
    {
      carta__stokes_file__init (&files[i]);
      files[i].directory = (char *) "";
      files[i].file = (char *) parts[i].name;
      files[i].hdu = (char *) "0";
      files[i].polarization_type = (CARTA__PolarizationType) parts[i].polarisation;
      pointers[i] = &files[i];
    }
}

static CARTA__ConcatStokesFilesAck *
concat (AlmuTestViewer *viewer,
        const Part     *parts,
        gsize           n)
{
  CARTA__ConcatStokesFiles message = CARTA__CONCAT_STOKES_FILES__INIT;
  CARTA__StokesFile        files[20];
  CARTA__StokesFile       *pointers[20];

  fill_parts (parts, n, files, pointers);
  message.file_id = FILE_ID;
  message.n_stokes_files = n;
  message.stokes_files = pointers;

  return almu_test_viewer_await_reply (viewer, CARTA__EVENT_TYPE__CONCAT_STOKES_FILES_ACK,
                                       almu_test_viewer_send (viewer, &message.base));
}

static CARTA__ResumeSessionAck *
resume (AlmuTestViewer *viewer,
        const Part     *parts,
        gsize           n,
        int             channel,
        int             stokes)
{
  CARTA__ResumeSession     message = CARTA__RESUME_SESSION__INIT;
  CARTA__ImageProperties   image = CARTA__IMAGE_PROPERTIES__INIT;
  CARTA__ImageProperties  *images[] = { &image };
  CARTA__StokesFile        files[20];
  CARTA__StokesFile       *pointers[20];
  guint32                  request_id;
  CARTA__ResumeSessionAck *ack;

  fill_parts (parts, n, files, pointers);
  image.directory = (char *) "";
  image.file = (char *) "sky_hypercube_IQUV.fits";
  image.hdu = (char *) "";
  image.file_id = FILE_ID;
  image.channel = channel;
  image.stokes = stokes;
  image.n_stokes_files = n;
  image.stokes_files = pointers;
  message.n_images = 1;
  message.images = images;

  request_id = almu_test_viewer_send (viewer, &message.base);
  ack = almu_test_viewer_await_reply (viewer, CARTA__EVENT_TYPE__RESUME_SESSION_ACK, request_id);

  /* anything else with its number would settle the page's request early */
  g_assert_null (almu_test_viewer_take (viewer, CARTA__EVENT_TYPE__CONCAT_STOKES_FILES_ACK));
  g_assert_null (almu_test_viewer_take (viewer, CARTA__EVENT_TYPE__OPEN_FILE_ACK));

  return ack;
}

static void
come_back (Desk *desk)
{
  almu_test_viewer_free (desk->viewer);
  desk->viewer = desk_register (desk, &desk->session_id);
}

/* The histogram of the plane that is shown now. */
static void
await_plane_of (Desk *desk,
                int   channel,
                int   stokes)
{
  almu_test_autobody CARTA__RegionHistogramData *data = NULL;

  do
    {
      almu_test_body_clear (&data);
      data = desk_await (desk, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA);
    }
  while (data->channel != channel || data->stokes != stokes || data->region_id != -1);
}

static void
open_hypercube (Desk *desk)
{
  almu_test_autobody CARTA__ConcatStokesFilesAck *ack = NULL;

  write_parts (desk);
  ack = concat (desk->viewer, iquv, 4);
  g_assert_cmpstr (ack->message, ==, "");
  g_assert_true (ack->success);
  await_plane_of (desk, 0, 0);
}

static void
assert_picture (Desk *desk,
                int   channel,
                int   polarisation)
{
  g_autofree float *plane = almu_test_await_plane (desk->viewer, FILE_ID, WIDTH, HEIGHT);

  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDTH; x++)
      assert_near (plane[y * WIDTH + x], value_at (x, y, channel, polarisation));
}

/* -- computed polarisations ---------------------------------------------- */

static void
test_computed_pictures (Desk         *desk,
                        gconstpointer user_data)
{
  write_iquv (desk, "iquv.fits", 4);
  desk_open (desk, "iquv.fits", FILE_ID);
  await_plane_of (desk, 0, 0);

  for (int polarisation = PTOTAL; polarisation <= PANGLE; polarisation++)
    {
      almu_test_ask_plane (desk->viewer, FILE_ID, polarisation % DEPTH, polarisation, NULL, 0);
      await_plane_of (desk, polarisation % DEPTH, polarisation);
      assert_picture (desk, polarisation % DEPTH, polarisation);
    }
}

typedef struct
{
  int    n;
  double sum;
  double min;
  double max;
} Figures;

static Figures
count (int channel,
       int polarisation,
       int x0,
       int y0,
       int width,
       int height)
{
  Figures figures = { .min = INFINITY, .max = -INFINITY };

  for (int y = y0; y < y0 + height; y++)
    for (int x = x0; x < x0 + width; x++)
      {
        double value = value_at (x, y, channel, polarisation);

        if (isnan (value))
          continue;
        figures.n++;
        figures.sum += value;
        figures.min = MIN (figures.min, value);
        figures.max = MAX (figures.max, value);
      }

  return figures;
}

static void
assert_stats (Desk       *desk,
              int         region_id,
              const char *coordinate,
              int         stokes,
              Figures     figures)
{
  almu_test_autobody CARTA__RegionStatsData *stats = NULL;

  almu_test_ask_stats (desk->viewer, FILE_ID, region_id, coordinate);
  do
    {
      almu_test_body_clear (&stats);
      stats = desk_await (desk, CARTA__EVENT_TYPE__REGION_STATS_DATA);
    }
  while (stats->region_id != region_id || stats->stokes != stokes);
  assert_near (almu_test_stats_get (stats, CARTA__STATS_TYPE__NumPixels), figures.n);
  assert_near (almu_test_stats_get (stats, CARTA__STATS_TYPE__Sum) / figures.n, figures.sum / figures.n);
  assert_near (almu_test_stats_get (stats, CARTA__STATS_TYPE__Min), figures.min);
  assert_near (almu_test_stats_get (stats, CARTA__STATS_TYPE__Max), figures.max);
}

/* By their names while I is on display, and as the current one. */
static void
test_computed_figures (Desk         *desk,
                       gconstpointer user_data)
{
  const float                                    rectangle[] = { 14.5f, 9.5f, 10, 6 };
  int                                            region_id;
  almu_test_autobody CARTA__RegionHistogramData *histogram = NULL;
  Figures                                        figures = count (2, PLINEAR, 0, 0, WIDTH, HEIGHT);

  write_iquv (desk, "iquv.fits", 4);
  desk_open (desk, "iquv.fits", FILE_ID);
  almu_test_ask_plane (desk->viewer, FILE_ID, 2, 0, NULL, 0);
  await_plane_of (desk, 2, 0);
  region_id = almu_test_draw (desk->viewer, FILE_ID, -1, CARTA__REGION_TYPE__RECTANGLE, rectangle, 2, 0);

  assert_stats (desk, -1, "Ptotalz", PTOTAL, count (2, PTOTAL, 0, 0, WIDTH, HEIGHT));
  assert_stats (desk, -1, "Panglez", PANGLE, count (2, PANGLE, 0, 0, WIDTH, HEIGHT));
  assert_stats (desk, region_id, "PFlinearz", PFLINEAR, count (2, PFLINEAR, 10, 7, 10, 6));

  almu_test_ask_plane (desk->viewer, FILE_ID, 2, PLINEAR, NULL, 0);
  await_plane_of (desk, 2, PLINEAR);
  almu_test_viewer_clear (desk->viewer);
  assert_stats (desk, -1, "z", PLINEAR, figures);

  almu_test_ask_histogram (desk->viewer, FILE_ID, -1, 10, figures.min, figures.max);
  do
    {
      almu_test_body_clear (&histogram);
      histogram = desk_await (desk, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA);
    }
  while (histogram->histograms->num_bins != 10);
  g_assert_cmpint (histogram->stokes, ==, PLINEAR);
  assert_near (histogram->histograms->mean, figures.sum / figures.n);
}

static void
test_computed_profiles (Desk         *desk,
                        gconstpointer user_data)
{
  const int                                      x = 17, y = 11;
  almu_test_autobody CARTA__SpatialProfileData  *spatial = NULL;
  almu_test_autobody CARTA__SpectralProfileData *spectral = NULL;
  const float                                   *values;

  write_iquv (desk, "iquv.fits", 4);
  desk_open (desk, "iquv.fits", FILE_ID);
  await_plane_of (desk, 0, 0);
  almu_test_ask_cursor (desk->viewer, FILE_ID, x, y);
  almu_test_body_free (desk_await (desk, CARTA__EVENT_TYPE__SPATIAL_PROFILE_DATA));

  almu_test_ask_spatial (desk->viewer, FILE_ID, 0, "Ptotalx", 0, 0, 0);
  spatial = desk_await (desk, CARTA__EVENT_TYPE__SPATIAL_PROFILE_DATA);
  g_assert_cmpint (spatial->stokes, ==, PTOTAL);
  assert_near (spatial->value, value_at (x, y, 0, PTOTAL));
  g_assert_cmpuint (spatial->n_profiles, ==, 1);
  g_assert_cmpstr (spatial->profiles[0]->coordinate, ==, "Ptotalx");
  g_assert_cmpuint (spatial->profiles[0]->raw_values_fp32.len, ==, WIDTH * sizeof (float));
  values = (const float *) spatial->profiles[0]->raw_values_fp32.data;
  for (int i = 0; i < WIDTH; i++)
    assert_near (values[i], value_at (i, y, 0, PTOTAL));

  for (int polarisation = PTOTAL; polarisation <= PANGLE; polarisation++)
    {
      static const char *const coordinates[] = { "Ptotalz", "Plinearz", "PFtotalz", "PFlinearz", "Panglez" };

      almu_test_body_clear (&spectral);
      almu_test_ask_spectral (desk->viewer, FILE_ID, 0, coordinates[polarisation - PTOTAL]);
      spectral = desk_await (desk, CARTA__EVENT_TYPE__SPECTRAL_PROFILE_DATA);
      g_assert_cmpint (spectral->stokes, ==, polarisation);
      g_assert_cmpuint (spectral->n_profiles, ==, 1);
      g_assert_cmpuint (spectral->profiles[0]->raw_values_fp32.len, ==, DEPTH * sizeof (float));
      values = (const float *) spectral->profiles[0]->raw_values_fp32.data;
      for (int channel = 0; channel < DEPTH; channel++)
        assert_near (values[channel], value_at (x, y, channel, polarisation));
    }
}

static void
assert_error (Desk       *desk,
              const char *expected)
{
  almu_test_autobody CARTA__ErrorData *error = desk_await (desk, CARTA__EVENT_TYPE__ERROR_DATA);

  g_assert_cmpstr (error->message, ==, expected);
}

static void
test_computed_lacking (Desk         *desk,
                       gconstpointer user_data)
{
  write_iquv (desk, "iqu.fits", 3);
  desk_open (desk, "iqu.fits", FILE_ID);
  await_plane_of (desk, 0, 0);

  almu_test_ask_plane (desk->viewer, FILE_ID, 0, PTOTAL, NULL, 0);
  assert_error (desk, "iqu.fits: Ptotal is computed from polarisations Q, U, V, of which the image lacks V");
  almu_test_ask_plane (desk->viewer, FILE_ID, 0, PANGLE + 1, NULL, 0);
  assert_error (desk, "iqu.fits has polarisations 0 to 2, not 18");
  almu_test_ask_stats (desk->viewer, FILE_ID, -1, "PFtotalz");
  assert_error (desk, "PFtotal is computed from polarisations I, Q, U, V, of which the image lacks V");

  /* what was shown is still shown */
  assert_picture (desk, 0, I);
  almu_test_ask_plane (desk->viewer, FILE_ID, 0, PFLINEAR, NULL, 0);
  await_plane_of (desk, 0, PFLINEAR);
}

/* What is in memory is not read again. */
static void
test_computed_reads (Desk         *desk,
                     gconstpointer user_data)
{
  guint64 n_read;

  write_iquv (desk, "iquv.fits", 4);
  desk_open (desk, "iquv.fits", FILE_ID);
  await_plane_of (desk, 0, 0);
  for (int stokes = 1; stokes <= 2; stokes++)
    {
      almu_test_ask_plane (desk->viewer, FILE_ID, 0, stokes, NULL, 0);
      await_plane_of (desk, 0, stokes);
    }

  n_read = almu_test_daemon_get_metric (desk->daemon, "image_read_bytes_total");
  almu_test_ask_plane (desk->viewer, FILE_ID, 0, PFLINEAR, NULL, 0);
  await_plane_of (desk, 0, PFLINEAR);
  g_assert_cmpuint (almu_test_daemon_get_metric (desk->daemon, "image_read_bytes_total"), ==, n_read);

  almu_test_ask_plane (desk->viewer, FILE_ID, 0, PTOTAL, NULL, 0);
  await_plane_of (desk, 0, PTOTAL);
  g_assert_cmpuint (almu_test_daemon_get_metric (desk->daemon, "image_read_bytes_total"), ==, n_read + PLANE_BYTES);
}

/* -- hypercubes ---------------------------------------------------------- */

static const char *
find_entry (const CARTA__FileInfoExtended *info,
            const char                    *name)
{
  for (gsize i = 0; i < info->n_header_entries; i++)
    if (g_str_equal (info->header_entries[i]->name, name))
      return info->header_entries[i]->value;

  return NULL;
}

static void
test_hypercube_open (Desk         *desk,
                     gconstpointer user_data)
{
  almu_test_autobody CARTA__ConcatStokesFilesAck *ack = NULL;
  const CARTA__OpenFileAck                       *opened;
  const CARTA__FileInfoExtended                  *info;

  write_parts (desk);
  ack = concat (desk->viewer, iquv, 4);
  g_assert_cmpstr (ack->message, ==, "");
  g_assert_true (ack->success);

  opened = ack->open_file_ack;
  g_assert_nonnull (opened);
  g_assert_true (opened->success);
  g_assert_cmpint (opened->file_id, ==, FILE_ID);
  g_assert_cmpstr (opened->file_info->name, ==, "sky_hypercube_IQUV.fits");

  /* what the page makes its list of polarisations from */
  info = opened->file_info_extended;
  g_assert_cmpint (info->dimensions, ==, 4);
  g_assert_cmpint (info->stokes, ==, 4);
  g_assert_cmpint (info->depth, ==, DEPTH);
  g_assert_cmpint (info->axes_numbers->stokes, ==, 4);
  g_assert_cmpstr (find_entry (info, "NAXIS"), ==, "4");
  g_assert_cmpstr (find_entry (info, "NAXIS4"), ==, "4");
  g_assert_cmpstr (find_entry (info, "CTYPE4"), ==, "STOKES");
  g_assert_cmpfloat (g_ascii_strtod (find_entry (info, "CRVAL4"), NULL), ==, 1);
  g_assert_cmpfloat (g_ascii_strtod (find_entry (info, "CRPIX4"), NULL), ==, 1);
  g_assert_cmpfloat (g_ascii_strtod (find_entry (info, "CDELT4"), NULL), ==, 1);

  await_plane_of (desk, 0, 0);
  for (int stokes = 0; stokes < 4; stokes++)
    {
      almu_test_ask_plane (desk->viewer, FILE_ID, 3, stokes, NULL, 0);
      await_plane_of (desk, 3, stokes);
      assert_picture (desk, 3, stokes + 1);
    }
  almu_test_ask_plane (desk->viewer, FILE_ID, 3, PTOTAL, NULL, 0);
  await_plane_of (desk, 3, PTOTAL);
  assert_picture (desk, 3, PTOTAL);
}

static void
assert_refused (Desk       *desk,
                const Part *parts,
                gsize       n,
                const char *part_of_message)
{
  almu_test_autobody CARTA__ConcatStokesFilesAck *ack = concat (desk->viewer, parts, n);

  g_test_message ("%s", ack->message);
  g_assert_false (ack->success);
  g_assert_null (ack->open_file_ack);
  g_assert_nonnull (strstr (ack->message, part_of_message));
}

/* Each names the file, and leaves what is open as it is. */
static void
test_hypercube_refused (Desk         *desk,
                        gconstpointer user_data)
{
  const gint64 small[] = { WIDTH, HEIGHT - 1, DEPTH };
  Part         many[20];

  open_hypercube (desk);
  desk_write (desk, "small.fits", 3, small, part_q, NULL);
  write_iquv (desk, "iquv.fits", 4);

  assert_refused (desk, iquv, 0, "at least two files");
  assert_refused (desk, iquv, 1, "at least two files");
  assert_refused (desk, (Part[]){ { "sky_I.fits", I }, { "sky_Q.fits", I } }, 2,
                  "sky_I.fits and sky_Q.fits are both said to be polarisation I");
  assert_refused (desk, (Part[]){ { "sky_I.fits", I }, { "sky_Q.fits", 0 } }, 2, "sky_Q.fits: its polarisation was not said");
  assert_refused (desk, (Part[]){ { "sky_I.fits", I }, { "sky_Q.fits", PTOTAL } }, 2, "sky_Q.fits: Ptotal is computed");
  assert_refused (desk, (Part[]){ { "sky_I.fits", I }, { "sky_Q.fits", Q }, { "sky_V.fits", V } }, 3, "Polarisations I, Q, V");
  assert_refused (desk, (Part[]){ { "sky_I.fits", I }, { "small.fits", Q } }, 2, "small.fits: HDU 0 has 40×29×5");
  assert_refused (desk, (Part[]){ { "sky_I.fits", I }, { "iquv.fits", Q } }, 2, "iquv.fits: HDU 0 has 4 polarisations");
  assert_refused (desk, (Part[]){ { "sky_I.fits", I }, { "gone.fits", Q } }, 2, "gone.fits");
  assert_refused (desk, (Part[]){ { "sky_I.fits", I }, { "../../etc/passwd", Q } }, 2, "passwd");
  assert_refused (desk, (Part[]){ { "sky_I.fits", I }, { "", Q } }, 2, "No file was named");

  for (guint i = 0; i < G_N_ELEMENTS (many); i++)
    many[i] = (Part){ "sky_I.fits", (int) i };
  assert_refused (desk, many, 13, "13 files are more than the 12");
  assert_refused (desk, many + 1, 12, "not evenly spaced");

  assert_picture (desk, 0, I);
}

static void
assert_resumed (CARTA__ResumeSessionAck *ack)
{
  g_assert_cmpstr (ack->message, ==, "");
  g_assert_true (ack->success);
}

/* The network was lost: nothing is read, and nothing said but the ack. */
static void
test_hypercube_cut (Desk         *desk,
                    gconstpointer user_data)
{
  almu_test_autobody CARTA__ResumeSessionAck *ack = NULL;
  guint64                                     n_read;

  open_hypercube (desk);
  almu_test_ask_plane (desk->viewer, FILE_ID, 2, PLINEAR, NULL, 0);
  await_plane_of (desk, 2, PLINEAR);
  n_read = almu_test_daemon_get_metric (desk->daemon, "image_read_bytes_total");

  almu_test_viewer_cut (desk->viewer);
  come_back (desk);
  ack = resume (desk->viewer, iquv, 4, 2, PLINEAR);
  assert_resumed (ack);
  await_plane_of (desk, 2, PLINEAR);
  assert_picture (desk, 2, PLINEAR);
  g_assert_cmpuint (almu_test_daemon_get_metric (desk->daemon, "image_read_bytes_total"), ==, n_read);
}

/* One of the files is another now: the hypercube is opened anew. */
static void
test_hypercube_replaced (Desk         *desk,
                         gconstpointer user_data)
{
  almu_test_autobody CARTA__ResumeSessionAck *ack = NULL;
  g_autofree float                           *plane = NULL;

  open_hypercube (desk);
  almu_test_ask_plane (desk->viewer, FILE_ID, 0, 2, NULL, 0);
  await_plane_of (desk, 0, 2);

  almu_test_viewer_cut (desk->viewer);
  write_part (desk, "sky_U.fits", V);
  come_back (desk);
  ack = resume (desk->viewer, iquv, 4, 0, 2);
  assert_resumed (ack);
  await_plane_of (desk, 0, 2);

  plane = almu_test_await_plane (desk->viewer, FILE_ID, WIDTH, HEIGHT);
  for (int i = 0; i < WIDTH * HEIGHT; i++)
    assert_near (plane[i], part_value (i % WIDTH, i / WIDTH, 0, V));
}

/* A page that was cut off before it noted what the hypercube is made of. */
static void
test_hypercube_unnoted (Desk         *desk,
                        gconstpointer user_data)
{
  almu_test_autobody CARTA__ResumeSessionAck *ack = NULL;

  open_hypercube (desk);
  almu_test_viewer_cut (desk->viewer);
  come_back (desk);
  ack = resume (desk->viewer, NULL, 0, 1, PANGLE);
  assert_resumed (ack);
  await_plane_of (desk, 1, PANGLE);
  assert_picture (desk, 1, PANGLE);
}

/* The service was killed: with RESUME_SESSION, and without. */
static void
test_hypercube_killed (Desk         *desk,
                       gconstpointer user_data)
{
  for (int round = 0; round < 2; round++)
    {
      almu_test_autobody CARTA__ResumeSessionAck *ack = NULL;
      gboolean                                    with_resume = round == 0;
      int                                         channel = 4 - round;

      if (round == 0)
        open_hypercube (desk);
      almu_test_ask_plane (desk->viewer, FILE_ID, channel, PFTOTAL, NULL, 0);
      await_plane_of (desk, channel, PFTOTAL);
      /* written down with the region, which is acknowledged */
      g_assert_cmpint (almu_test_draw (desk->viewer, FILE_ID, -1, CARTA__REGION_TYPE__RECTANGLE,
                                       (float[]){ 10, 10, 4, 4 }, 2, 0),
                       >, 0);

      almu_test_daemon_kill (desk->daemon);
      almu_test_daemon_free (desk->daemon);
      desk_start (desk, NULL);
      come_back (desk);
      if (with_resume)
        {
          ack = resume (desk->viewer, iquv, 4, channel, PFTOTAL);
          assert_resumed (ack);
          await_plane_of (desk, channel, PFTOTAL);
        }

      assert_picture (desk, channel, PFTOTAL);
    }
}

/* A file that is missing is named, and the hypercube is there again with it. */
static void
test_hypercube_missing (Desk         *desk,
                        gconstpointer user_data)
{
  g_autofree char                            *path = g_build_filename (desk->folder, "sky_Q.fits", NULL);
  g_autofree char                            *away = g_build_filename (desk->folder, "away", NULL);
  almu_test_autobody CARTA__ResumeSessionAck *ack = NULL;

  open_hypercube (desk);
  almu_test_viewer_cut (desk->viewer);
  g_assert_cmpint (g_rename (path, away), ==, 0);
  come_back (desk);
  ack = resume (desk->viewer, iquv, 4, 1, PLINEAR);
  g_assert_true (ack->success);
  g_assert_nonnull (strstr (ack->message, "File 3 (sky_hypercube_IQUV.fits) cannot be opened: "));
  g_assert_nonnull (strstr (ack->message, "sky_Q.fits"));

  almu_test_viewer_clear (desk->viewer);
  g_assert_cmpint (g_rename (away, path), ==, 0);
  await_plane_of (desk, 1, PLINEAR);
  assert_picture (desk, 1, PLINEAR);
}

/* -- a real set ---------------------------------------------------------- */

#define SHARED_SIDE 129
#define FACTOR 4
#define SMALL_SIDE ((SHARED_SIDE + FACTOR - 1) / FACTOR)

/* The mean of the finite pixels of a block, in doubles. */
static double
average (const float *plane,
         int          block_x,
         int          block_y)
{
  double sum = 0;
  int    n = 0;

  for (int y = block_y * FACTOR; y < MIN (SHARED_SIDE, (block_y + 1) * FACTOR); y++)
    for (int x = block_x * FACTOR; x < MIN (SHARED_SIDE, (block_x + 1) * FACTOR); x++)
      if (isfinite (plane[y * SHARED_SIDE + x]))
        {
          sum += plane[y * SHARED_SIDE + x];
          n++;
        }

  return n > 0 ? sum / n : NAN;
}

/* Of means of real pixels, and so of files of different types. */
static void
assert_vectors (Desk        *desk,
                const float *q,
                const float *u)
{
  CARTA__SetVectorOverlayParameters                settings = CARTA__SET_VECTOR_OVERLAY_PARAMETERS__INIT;
  almu_test_autobody CARTA__VectorOverlayTileData *data = NULL;
  const float                                     *lengths;
  const float                                     *angles;

  settings.file_id = FILE_ID;
  settings.smoothing_factor = FACTOR;
  settings.threshold = NAN;
  settings.stokes_intensity = settings.stokes_angle = 1;
  almu_test_viewer_send (desk->viewer, &settings.base);
  data = desk_await (desk, CARTA__EVENT_TYPE__VECTOR_OVERLAY_TILE_DATA);
  g_assert_cmpfloat (data->progress, ==, 1);
  g_assert_cmpuint (data->n_intensity_tiles, ==, 1);
  g_assert_cmpuint (data->n_angle_tiles, ==, 1);
  g_assert_cmpuint (data->intensity_tiles[0]->image_data.len, ==, SMALL_SIDE * SMALL_SIDE * sizeof (float));
  lengths = (const float *) data->intensity_tiles[0]->image_data.data;
  angles = (const float *) data->angle_tiles[0]->image_data.data;

  for (int i = 0; i < SMALL_SIDE * SMALL_SIDE; i++)
    {
      double mean_q = average (q, i % SMALL_SIDE, i / SMALL_SIDE);
      double mean_u = average (u, i % SMALL_SIDE, i / SMALL_SIDE);
      double length = sqrt (mean_q * mean_q + mean_u * mean_u);
      double turn;

      g_assert_true (isnan (lengths[i]) == isnan (length));
      if (isnan (length))
        continue;
      g_assert_cmpfloat (fabs (lengths[i] - length), <=, 1e-5 * (fabs (mean_q) + fabs (mean_u)));
      /* 90 and -90 are one direction */
      turn = fabs (angles[i] - 0.5 * atan2 (mean_u, mean_q) * 180 / G_PI);
      g_assert_cmpfloat (MIN (turn, 180 - turn), <=, 1e-2);
    }
}

static void
test_hypercube_shared (gconstpointer user_data)
{
  g_autofree char                                *path = almu_test_shared_path ("stokes_set_I.fits");
  g_autofree char                                *folder = path != NULL ? g_path_get_dirname (path) : NULL;
  g_autofree char                                *state_dir = almu_test_make_folder ();
  const Part                                      parts[] = { { "stokes_set_Q.fits", Q }, { "stokes_set_V.fits", V }, { "stokes_set_I.fits", I }, { "stokes_set_U.fits", U } };
  Desk                                            desk = { .state_dir = state_dir };
  almu_test_autobody CARTA__ConcatStokesFilesAck *ack = NULL;
  float                                          *planes[6];
  int                                             wanted[] = { 0, 1, 2, 3, PLINEAR, PANGLE };

  if (path == NULL)
    {
      g_test_skip ("real files are not here");
      return;
    }

  desk.folder = folder;
  desk_start (&desk, NULL);
  desk.viewer = desk_register (&desk, &desk.session_id);
  ack = concat (desk.viewer, parts, 4);
  g_assert_cmpstr (ack->message, ==, "");
  g_assert_true (ack->success);
  g_assert_cmpstr (ack->open_file_ack->file_info->name, ==, "stokes_set_hypercube_IQUV.fits");
  g_assert_cmpint (ack->open_file_ack->file_info_extended->stokes, ==, 4);
  g_assert_cmpint (ack->open_file_ack->file_info_extended->axes_numbers->stokes, ==, 3);
  await_plane_of (&desk, 0, 0);

  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    {
      almu_test_ask_plane (desk.viewer, FILE_ID, 0, wanted[i], NULL, 0);
      if (wanted[i] != 0)
        await_plane_of (&desk, 0, wanted[i]);
      planes[i] = almu_test_await_plane (desk.viewer, FILE_ID, 129, 129);
    }

  for (int i = 0; i < 129 * 129; i++)
    {
      double q = planes[1][i], u = planes[2][i];

      g_assert_true (isnan (planes[4][i]) == (isnan (q) || isnan (u)));
      if (isnan (planes[4][i]))
        continue;
      g_assert_cmpfloat (fabs (planes[4][i] - sqrt (q * q + u * u)), <=, 1e-6 * planes[4][i]);
      g_assert_cmpfloat (fabs (planes[5][i] - 0.5 * atan2 (u, q) * 180 / G_PI), <=, 1e-4);
    }
  g_assert_cmpfloat (planes[0][64 * 129 + 64], !=, planes[1][64 * 129 + 64]);
  assert_vectors (&desk, planes[1], planes[2]);

  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    g_free (planes[i]);
  almu_test_viewer_close (desk.viewer);
  almu_test_viewer_free (desk.viewer);
  g_assert_cmpint (almu_test_daemon_end (desk.daemon), ==, 0);
  almu_test_daemon_free (desk.daemon);
  almu_test_remove_folder (state_dir);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  desk_add ("/daemon/computed/pictures", test_computed_pictures);
  desk_add ("/daemon/computed/figures", test_computed_figures);
  desk_add ("/daemon/computed/profiles", test_computed_profiles);
  desk_add ("/daemon/computed/lacking", test_computed_lacking);
  desk_add ("/daemon/computed/reads", test_computed_reads);
  desk_add ("/daemon/hypercube/open", test_hypercube_open);
  desk_add ("/daemon/hypercube/refused", test_hypercube_refused);
  desk_add ("/daemon/hypercube/cut", test_hypercube_cut);
  desk_add ("/daemon/hypercube/replaced", test_hypercube_replaced);
  desk_add ("/daemon/hypercube/unnoted", test_hypercube_unnoted);
  desk_add ("/daemon/hypercube/killed", test_hypercube_killed);
  desk_add ("/daemon/hypercube/missing", test_hypercube_missing);
  g_test_add_data_func ("/daemon/hypercube/shared", NULL, test_hypercube_shared);

  return g_test_run ();
}
