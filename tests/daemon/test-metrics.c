/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "test-desk.h"

static double
number (const gint64 *position,
        gpointer      user_data)
{
  return (double) (position[1] * 64 + position[0]);
}

static guint64
get (Desk       *desk,
     const char *name)
{
  return almu_test_daemon_get_metric (desk->daemon, name);
}

static guint64
sum_of_kinds (Desk *desk)
{
  static const char *const names[] = { "planes", "tiles", "histograms", "spectra", "turned" };
  guint64                  sum = 0;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *name = g_strdup_printf ("cache_kind_bytes{kind=\"%s\"}", names[i]);

      sum += get (desk, name);
    }

  return sum;
}

/* A picture, the same again from memory, and a link that is lost. */
static void
test_figures (Desk         *desk,
              gconstpointer user_data)
{
  CARTA__ResumeSession resume = CARTA__RESUME_SESSION__INIT;
  guint64              hits;
  guint32              id;
  g_autofree float    *plane = NULL;

  desk_write (desk, "a.fits", 2, (gint64[]){ 64, 64 }, number, NULL);
  desk_open (desk, "a.fits", 0);
  plane = almu_test_await_plane (desk->viewer, 0, 64, 64);
  hits = get (desk, "cache_hits_total");
  g_assert_cmpuint (get (desk, "cache_misses_total"), >=, 2);
  g_assert_cmpuint (get (desk, "image_read_bytes_total"), ==, 64 * 64 * 4);
  g_assert_cmpuint (get (desk, "handling_seconds_count{message=\"OPEN_FILE\"}"), ==, 1);
  g_assert_cmpuint (get (desk, "handling_seconds_bucket{message=\"OPEN_FILE\",le=\"+Inf\"}"), ==, 1);
  g_assert_cmpuint (get (desk, "answer_seconds_count{message=\"OPEN_FILE\"}"), ==, 1);
  g_assert_cmpuint (get (desk, "answer_seconds_count{message=\"REGISTER_VIEWER\"}"), ==, 1);
  g_assert_cmpuint (get (desk, "cache_kind_bytes{kind=\"planes\"}"), >=, 64 * 64 * 4);
  g_assert_cmpuint (get (desk, "cache_kind_bytes{kind=\"tiles\"}"), >, 0);
  g_assert_cmpuint (get (desk, "cache_kind_bytes{kind=\"histograms\"}"), >, 0);
  g_assert_cmpuint (get (desk, "cache_kind_bytes{kind=\"spectra\"}"), ==, 0);
  g_assert_cmpuint (sum_of_kinds (desk), ==, get (desk, "cache_bytes"));
  g_assert_cmpuint (get (desk, "outbox_messages"), ==, 0);
  g_assert_cmpuint (get (desk, "held_messages"), ==, 0);
  g_assert_cmpuint (get (desk, "waiting_jobs{kind=\"short\"}"), ==, 0);
  g_assert_cmpuint (get (desk, "waiting_jobs{kind=\"long\"}"), ==, 0);
  g_assert_cmpuint (get (desk, "messages_sent_total"), >=, 5);
  g_assert_cmpuint (get (desk, "resident_bytes"), >, 1 << 20);
  g_assert_cmpuint (get (desk, "sessions{state=\"attached\"}"), ==, 1);
  g_assert_cmpuint (get (desk, "sessions{state=\"parked\"}"), ==, 0);
  g_assert_cmpuint (get (desk, "sessions{state=\"closed\"}"), ==, 0);
  /* what is under way comes to its end */
  while (get (desk, "running_jobs") > 0)
    ;

  g_clear_pointer (&plane, g_free);
  plane = almu_test_await_plane (desk->viewer, 0, 64, 64);
  g_assert_cmpuint (get (desk, "cache_hits_total"), >, hits);

  almu_test_viewer_cut (desk->viewer);
  g_clear_pointer (&desk->viewer, almu_test_viewer_free);
  desk->viewer = desk_register (desk, &desk->session_id);
  id = almu_test_viewer_send (desk->viewer, &resume.base);
  almu_test_body_free (almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__RESUME_SESSION_ACK, id));
  g_assert_cmpuint (get (desk, "resume_seconds_count{from=\"from memory\"}"), ==, 1);
}

/* The name that a sample's family has. */
static char *
family_of (const char *name,
           const char *kind)
{
  static const char *const suffixes[] = { "_bucket", "_sum", "_count" };

  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    if (g_str_equal (kind, "histogram") && g_str_has_suffix (name, suffixes[i]))
      return g_strndup (name, strlen (name) - strlen (suffixes[i]));

  return g_strdup (name);
}

/* Buckets grow in their bounds and in what is in them; the last has all. */
static void
check_bucket (const char *labels,
              double      value,
              double     *bound,
              double     *sum)
{
  const char *le = strstr (labels, "le=\"");
  double      upper;

  g_assert_nonnull (le);
  le += strlen ("le=\"");
  upper = g_str_has_prefix (le, "+Inf\"") ? INFINITY : g_ascii_strtod (le, NULL);
  g_assert_cmpfloat (upper, >, *bound);
  g_assert_cmpfloat (value, >=, *sum);
  *bound = upper < INFINITY ? upper : 0;
  *sum = value;
}

/* The text format 0.0.4: each family with its HELP and its TYPE, once and
 * before its samples, and no sample twice. */
static void
test_format (Desk         *desk,
             gconstpointer user_data)
{
  g_autoptr(GRegex) sample = g_regex_new ("^([a-z_]+)((?:\\{[a-z]+=\"[^\"\\\\]*\"(?:,[a-z]+=\"[^\"\\\\]*\")*\\})?) (\\S+)$",
                                           0, 0, NULL);
  g_autoptr(GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree float *plane = NULL;
  g_autofree char  *text = NULL;
  g_auto(GStrv) lines = NULL;
  g_auto(GStrv) family = NULL;
  double bound = 0;
  double sum = 0;

  desk_write (desk, "a.fits", 2, (gint64[]){ 64, 64 }, number, NULL);
  desk_open (desk, "a.fits", 0);
  plane = almu_test_await_plane (desk->viewer, 0, 64, 64);

  text = almu_test_daemon_dup_metrics (desk->daemon);
  g_assert_true (g_str_has_suffix (text, "\n"));
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i + 1] != NULL; i++)
    {
      g_autoptr(GMatchInfo) match = NULL;
      g_autofree char *name = NULL;
      g_autofree char *labels = NULL;
      g_autofree char *number_text = NULL;
      g_autofree char *expected = NULL;
      char            *end;
      double           value;

      if (g_str_has_prefix (lines[i], "# HELP "))
        {
          g_auto(GStrv) help = g_strsplit (lines[i], " ", 4);

          g_clear_pointer (&family, g_strfreev);
          family = g_strsplit (lines[++i], " ", 4);
          g_assert_cmpuint (g_strv_length (help), ==, 4);
          g_assert_cmpuint (g_strv_length (family), ==, 4);
          g_assert_cmpstr (family[1], ==, "TYPE");
          g_assert_cmpstr (family[2], ==, help[2]);
          g_assert_true (g_strv_contains ((const char *[]){ "counter", "gauge", "histogram", NULL }, family[3]));
          g_assert_cmpint (g_str_equal (family[3], "counter"), ==, g_str_has_suffix (family[2], "_total"));
          g_assert_true (g_hash_table_add (seen, g_strdup (family[2])));
          continue;
        }

      if (!g_regex_match (sample, lines[i], 0, &match))
        g_error ("This is no sample: %s", lines[i]);
      name = g_match_info_fetch (match, 1);
      labels = g_match_info_fetch (match, 2);
      number_text = g_match_info_fetch (match, 3);
      g_assert_nonnull (family);
      expected = family_of (name, family[3]);
      g_assert_cmpstr (expected, ==, family[2]);
      value = g_ascii_strtod (number_text, &end);
      g_assert_cmpstr (end, ==, "");
      g_assert_true (g_hash_table_add (seen, g_strconcat (name, labels, NULL)) || *labels == '\0');

      if (g_str_has_suffix (name, "_bucket"))
        check_bucket (labels, value, &bound, &sum);
      else if (g_str_has_suffix (name, "_count") && g_str_equal (family[3], "histogram"))
        {
          g_assert_cmpfloat (value, ==, sum);
          sum = 0;
        }
    }
}

static double
minus_number (const gint64 *position,
              gpointer      user_data)
{
  return -number (position, user_data);
}

static void
open_as (Desk           *desk,
         AlmuTestViewer *viewer)
{
  almu_test_autobody CARTA__OpenFileAck *ack = almu_test_viewer_open (viewer, "", "a.fits", "", 0);

  g_assert_true (ack->success);
  almu_test_body_free (almu_test_viewer_await (viewer, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA));
}

/* What two sessions have open is read once, and stays as long as one of them
 * looks at it; another file of the same name is another image. */
static void
test_shared (Desk         *desk,
             gconstpointer user_data)
{
  guint32 other_id = 0;
  guint64 n_read;
  guint64 n_planes;
  g_autoptr(AlmuTestViewer) other = desk_register (desk, &other_id);
  g_autofree float *plane = NULL;
  g_autofree float *rest = NULL;
  g_autofree float *again = NULL;

  desk_write (desk, "a.fits", 2, (gint64[]){ 64, 64 }, number, NULL);
  open_as (desk, desk->viewer);
  plane = almu_test_await_plane (desk->viewer, 0, 64, 64);
  n_read = get (desk, "image_read_bytes_total");
  n_planes = get (desk, "cache_kind_bytes{kind=\"planes\"}");

  open_as (desk, other);
  g_assert_cmpuint (get (desk, "image_read_bytes_total"), ==, n_read);
  g_assert_cmpuint (get (desk, "cache_kind_bytes{kind=\"planes\"}"), ==, n_planes);

  almu_test_ask_close (desk->viewer, 0);
  almu_test_viewer_await_pong (desk->viewer);
  rest = almu_test_await_plane (other, 0, 64, 64);
  g_assert_cmpmem (plane, 64 * 64 * sizeof *plane, rest, 64 * 64 * sizeof *rest);
  g_assert_cmpuint (get (desk, "image_read_bytes_total"), ==, n_read);

  desk_write (desk, "a.fits", 2, (gint64[]){ 64, 64 }, minus_number, NULL);
  open_as (desk, desk->viewer);
  again = almu_test_await_plane (desk->viewer, 0, 64, 64);
  g_assert_cmpfloat (again[65], ==, -plane[65]);
  g_assert_cmpuint (get (desk, "image_read_bytes_total"), ==, 2 * n_read);

  almu_test_viewer_close (other);
  almu_test_ask_close (desk->viewer, 0);
  almu_test_viewer_await_pong (desk->viewer);
}

static guint64
get_inflated (Desk *desk)
{
  return get (desk, "inflated_memory_bytes") + get (desk, "inflated_disk_bytes");
}

/* A compressed file is unpacked once for what the page asks about it before
 * it opens it, and for another page; what it takes is told. */
static void
test_inflated (Desk         *desk,
               gconstpointer user_data)
{
  CARTA__FileInfoRequest   request = CARTA__FILE_INFO_REQUEST__INIT;
  CARTA__CloseFile         close_file = CARTA__CLOSE_FILE__INIT;
  g_autofree char         *path = NULL;
  g_autofree char         *bytes = NULL;
  const char              *arguments[] = { "gzip", "-1", NULL, NULL };
  gsize                    n_bytes;
  guint32                  id;
  CARTA__FileInfoResponse *info;

  desk_write (desk, "a.fits", 2, (gint64[]){ 64, 64 }, number, NULL);
  path = g_build_filename (desk->folder, "a.fits", NULL);
  g_assert_true (g_file_get_contents (path, &bytes, &n_bytes, NULL));
  arguments[2] = path;
  g_assert_true (g_spawn_sync (NULL, (char **) arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));

  request.directory = (char *) "";
  request.file = (char *) "a.fits.gz";
  request.hdu = (char *) "";
  id = almu_test_viewer_send (desk->viewer, &request.base);
  info = almu_test_viewer_await_reply (desk->viewer, CARTA__EVENT_TYPE__FILE_INFO_RESPONSE, id);
  g_assert_true (info->success);
  almu_test_body_free (info);
  g_assert_cmpuint (get_inflated (desk), ==, n_bytes);

  desk_open (desk, "a.fits.gz", 0);
  desk_open (desk, "a.fits.gz", 1);
  g_assert_cmpuint (get (desk, "inflated_files_total"), ==, 1);
  g_assert_cmpuint (get_inflated (desk), ==, n_bytes);

  /* and opened again soon after */
  close_file.file_id = -1;
  almu_test_viewer_send (desk->viewer, &close_file.base);
  desk_open (desk, "a.fits.gz", 0);
  g_assert_cmpuint (get (desk, "inflated_files_total"), ==, 1);
}

static void
set_up_talkative (Desk         *desk,
                  gconstpointer user_data)
{
  const char *const arguments[] = { "--log-protocol-messages", "--log-performance", NULL };

  desk_prepare (desk, user_data);
  desk_write (desk, "a.fits", 2, (gint64[]){ 64, 64 }, number, NULL);
  desk_start (desk, arguments);
  desk->viewer = desk_register (desk, &desk->session_id);
}

static void
await_session_line (Desk       *desk,
                    const char *what)
{
  g_autofree char *part = g_strdup_printf ("Session %u [127.0.0.1] %s", desk->session_id, what);

  g_free (almu_test_daemon_await_line (desk->daemon, part));
}

/* What was said, what was answered, and how long that took. */
static void
test_log (Desk         *desk,
          gconstpointer user_data)
{
  desk_open (desk, "a.fits", 0);
  await_session_line (desk, "Connected. Num sessions: 1");
  await_session_line (desk, "says OPEN_FILE");
  await_session_line (desk, "OPEN_FILE: ");
  await_session_line (desk, "is told OpenFileAck");
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  desk_add ("/daemon/metrics/figures", test_figures);
  desk_add ("/daemon/metrics/format", test_format);
  desk_add ("/daemon/metrics/inflated", test_inflated);
  desk_add ("/daemon/metrics/shared", test_shared);
  g_test_add ("/daemon/metrics/log", Desk, NULL, set_up_talkative, test_log, desk_tear_down);

  return g_test_run ();
}
