/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

/* How long a viewer waits for what, and what it costs: medians over the real
 * wire, each beside what the machine can do with as many bytes in the same
 * run. Not a test: it judges nothing.
 */
#include "bench.h"

#include <ftw.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "bench-fail.h"
#include "bench-files.h"
#include "bench-floor.h"

/* At rest is who has had nothing to do for so long. */
#define REST_USEC (500 * 1000)

/* -- what is measured ----------------------------------------------------- */

/* The clock last, and first below: looking costs time. */
BenchMark
bench_mark (Bench *bench)
{
  double cpu_ms = bench_server_get_cpu_ms (bench->server);

  return (BenchMark){ g_get_monotonic_time (), cpu_ms };
}

void
bench_add_since (Bench           *bench,
                 BenchSeries     *series,
                 const BenchMark *begin)
{
  double cpu_ms;

  bench_series_add_since (series, begin->usec);
  cpu_ms = bench_server_get_cpu_ms (bench->server) - begin->cpu_ms;
  if (begin->cpu_ms >= 0)
    g_array_append_val (series->cpu_ms, cpu_ms);
}

/* -- requests ----------------------------------------------------------- */

void
bench_open (Bench      *bench,
            const char *name,
            int         file_id)
{
  CARTA__OpenFile message = CARTA__OPEN_FILE__INIT;

  message.directory = (char *) "";
  message.file = (char *) name;
  message.hdu = (char *) "";
  message.file_id = file_id;
  bench_link_send (bench->link, &message.base);
}

void
bench_close (Bench *bench,
             int    file_id)
{
  CARTA__CloseFile message = CARTA__CLOSE_FILE__INIT;

  message.file_id = file_id;
  bench_link_send (bench->link, &message.base);
  bench_link_settle (bench->link);
}

void
bench_ask_tiles (Bench  *bench,
                 int     file_id,
                 gint32 *codes,
                 gsize   n_codes)
{
  CARTA__AddRequiredTiles message = CARTA__ADD_REQUIRED_TILES__INIT;

  message.file_id = file_id;
  message.n_tiles = n_codes;
  message.tiles = codes;
  message.compression_type = CARTA__COMPRESSION_TYPE__ZFP;
  message.compression_quality = 11;
  bench_link_send (bench->link, &message.base);
}

/* A square of tiles, as the ICD writes their places. */
void
bench_fill_tile_codes (gint32 *codes,
                       int     layer,
                       int     n_across)
{
  for (int i = 0; i < n_across * n_across; i++)
    codes[i] = layer << 24 | (i / n_across) << 12 | i % n_across;
}

void
bench_set_cursor (Bench *bench,
                  int    file_id,
                  float  x,
                  float  y)
{
  CARTA__SetCursor message = CARTA__SET_CURSOR__INIT;
  CARTA__Point     point = CARTA__POINT__INIT;

  point.x = x;
  point.y = y;
  message.file_id = file_id;
  message.point = &point;
  bench_link_send (bench->link, &message.base);
}

/* The link of before is gone with it. */
void
bench_restart (Bench *bench,
               int    n_threads,
               int    cache_mib)
{
  bench_server_end (bench->server);
  bench->server = bench_server_start (bench->program, bench->folder, bench->state_dir, n_threads, cache_mib);
}

/* -- the machine -------------------------------------------------------- */

/* What the floors of all other figures are made of. */
static void
bench_machine (Bench *bench)
{
  g_autofree char *path = g_build_filename (bench->folder, "machine.fits", NULL);
  gsize            n_bytes = 64 * 1024 * 1024;

  bench_write_image (bench->folder, "machine.fits", 4096, 4096, 1);
  bench_report_add_value (bench->report, "copying 64 MiB of memory", "ms", bench_floor_copy (n_bytes), 0, 0);
  bench_report_add_value (bench->report, "reading 64 MiB from the page cache", "ms",
                          bench_floor_read (path, BENCH_DATA_OFFSET, n_bytes), 0, 0);
  bench_report_add_value (bench->report, "zfp alone, 64 tiles", "ms", bench_floor_tiles (64), 0, 0);
  bench_report_add_value (bench->report, "a byte over the loopback interface and back", "ms",
                          bench_floor_transfer (1), 0, 0);
  g_unlink (path);
}

/* -- the process -------------------------------------------------------- */

/* What the loader takes, and the parsing of a few words. */
static double
measure_version (const char *program)
{
  const char *const argv[] = { program, "--version", NULL };
  gint64            best = G_MAXINT64;

  for (int i = 0; i < 7; i++)
    {
      gint64 begin = g_get_monotonic_time ();

      if (!g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, NULL, NULL, NULL))
        return 0;
      best = MIN (best, g_get_monotonic_time () - begin);
    }

  return (double) best / 1e3;
}

static void
bench_start (Bench *bench)
{
  g_autoptr(BenchSeries) starts = bench_series_new ();

  for (int i = 0; i < 15; i++)
    {
      bench_restart (bench, 0, 0);
      bench_series_add (starts, (double) bench_server_get_start_usec (bench->server) / 1e3);
    }

  bench_report_add (bench->report, "start → listening", "ms", starts, measure_version (bench->program), 25);
}

static void
bench_rest (Bench *bench)
{
  g_usleep (REST_USEC);
  bench_report_add_value (bench->report, "resident memory at rest", "MiB",
                          bench_server_get_memory_mib (bench->server, "VmRSS"), 0, 15);
  bench_report_add_value (bench->report, "  of it not shared with other programs", "MiB",
                          bench_server_get_memory_mib (bench->server, "RssAnon"), 0, 0);
}

static void
bench_register (Bench *bench)
{
  g_autoptr(BenchSeries) acks = bench_series_new ();
  double floor = bench_floor_connect ();

  for (int i = 0; i < 51; i++)
    {
      BenchMark  begin = bench_mark (bench);
      BenchLink *link = bench_link_new (bench_server_get_url (bench->server));

      bench_link_register (link, 0);
      bench_add_since (bench, acks, &begin);
      bench_link_close (link);
    }

  bench_report_add (bench->report, "connect → register ack", "ms", acks, floor, 1);
}

static void
bench_end_of_files (Bench *bench)
{
  CARTA__CloseFile message = CARTA__CLOSE_FILE__INIT;

  bench_report_add_value (bench->report, "peak memory so far", "MiB",
                          bench_server_get_memory_mib (bench->server, "VmHWM"), 0, 450);

  message.file_id = -1;
  bench_link_send (bench->link, &message.base);
  bench_link_settle (bench->link);
  g_usleep (REST_USEC);
  bench_report_add_value (bench->report, "resident memory, all files closed", "MiB",
                          bench_server_get_memory_mib (bench->server, "VmRSS"), 0, 0);
}

static void
bench_process (Bench *bench)
{
  bench_report_section (bench->report, "The process");
  if (bench_server_is_ours (bench->server))
    {
      bench_start (bench);
      bench_bus (bench);
    }
  if (bench_server_get_memory_mib (bench->server, "VmRSS") >= 0)
    bench_rest (bench);
  bench_register (bench);
}

static gboolean
is_asked_for (const char *only,
              const char *part)
{
  return only == NULL || g_str_equal (only, part);
}

static void
run (Bench      *bench,
     const char *only)
{
  bench_report_section (bench->report, "The machine");
  bench_machine (bench);
  if (is_asked_for (only, "process"))
    bench_process (bench);

  bench->link = bench_link_new (bench_server_get_url (bench->server));
  bench_link_register (bench->link, 0);
  if (is_asked_for (only, "images"))
    bench_images (bench);
  if (is_asked_for (only, "cubes"))
    bench_cubes (bench);
  if (is_asked_for (only, "visits"))
    bench_visits (bench);
  if (is_asked_for (only, "packed") && !bench->is_quick)
    bench_packed (bench);
  if (bench_server_get_memory_mib (bench->server, "VmRSS") >= 0)
    bench_end_of_files (bench);
  bench_link_close (bench->link);

  if (is_asked_for (only, "meanwhile"))
    bench_meanwhile (bench);
  if (is_asked_for (only, "resumes"))
    bench_resumes (bench);
  if (is_asked_for (only, "scaling"))
    bench_scaling (bench);
}

/* -- the program -------------------------------------------------------- */

static int
remove_one (const char        *path,
            const struct stat *stat_buffer,
            int                flag,
            struct FTW        *ftw)
{
  return remove (path);
}

static char *temporary_folder = NULL;

static void
remove_temporary_folder (void)
{
  if (temporary_folder != NULL)
    nftw (temporary_folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
  g_clear_pointer (&temporary_folder, g_free);
}

void
bench_fail (const char *format,
            ...)
{
  va_list args;

  va_start (args, format);
  vfprintf (stderr, format, args);
  va_end (args);
  fputc ('\n', stderr);

  remove_temporary_folder ();
  _exit (1);
}

/* A gigabyte of files must not stay behind when somebody loses patience. */
static gpointer
await_signal (gpointer data)
{
  int signal_number;

  sigwait (data, &signal_number);
  bench_fail ("Ended by signal %d", signal_number);
}

static void
make_temporary_folder (void)
{
  static sigset_t signals;

  sigemptyset (&signals);
  sigaddset (&signals, SIGINT);
  sigaddset (&signals, SIGTERM);
  sigaddset (&signals, SIGHUP);
  pthread_sigmask (SIG_BLOCK, &signals, NULL);

  temporary_folder = g_dir_make_tmp ("almu-bench-XXXXXX", NULL);
  if (temporary_folder == NULL)
    bench_fail ("There is no place for temporary files in %s", g_get_tmp_dir ());
  g_thread_unref (g_thread_new ("signals", await_signal, &signals));
}

typedef struct
{
  char    *address;
  char    *beside;
  char    *folder;
  char    *json;
  char    *only;
  char    *program;
  int      pid;
  int      n_rounds;
  gboolean is_quick;
  gboolean is_comparison;
} Options;

static void
measure (const Options *options)
{
  g_autoptr(GError) error = NULL;
  Bench bench = { .program = options->program, .is_quick = options->is_quick, .n_rounds = options->n_rounds };

  make_temporary_folder ();
  bench.report = bench_report_new ();
  bench.state_dir = g_build_filename (temporary_folder, "state", NULL);
  bench.folder = options->folder != NULL ? g_strdup (options->folder) : g_build_filename (temporary_folder, "files", NULL);
  g_mkdir_with_parents (bench.folder, 0700);

  if (options->address != NULL)
    bench.server = bench_server_new_for_address (options->address, options->pid);
  else
    bench.server = bench_server_start (bench.program, bench.folder, bench.state_dir, 0, 0);

  run (&bench, options->only);
  bench_server_end (bench.server);
  if (options->json != NULL && !bench_report_save (bench.report, options->json, &error))
    g_printerr ("%s\n", error->message);

  bench_report_free (bench.report);
  remove_temporary_folder ();
  g_free (bench.state_dir);
  g_free (bench.folder);
}

/* Ours, then the other one, on the same files and in the same hour. */
static gboolean
measure_both (const Options *options,
              GError       **error)
{
  g_autofree char *folder = g_dir_make_tmp ("almu-bench-beside-XXXXXX", error);
  g_autofree char *our_path = NULL;
  g_autofree char *other_path = NULL;
  Options          ours = *options;
  Options          other = *options;
  gboolean         is_good;

  if (folder == NULL)
    return FALSE;

  our_path = options->json != NULL ? g_strdup (options->json) : g_build_filename (folder, "ours.json", NULL);
  other_path = options->json != NULL ? g_strconcat (options->json, ".other", NULL) : g_build_filename (folder, "other.json", NULL);
  ours.json = our_path;
  ours.pid = 0;
  other.json = other_path;
  other.address = options->beside;

  measure (&ours);
  measure (&other);
  printf ("\nA is ours, B is %s\n", options->beside);
  is_good = bench_report_compare (our_path, other_path, error);

  if (options->json == NULL)
    {
      g_unlink (our_path);
      g_unlink (other_path);
    }
  g_rmdir (folder);

  return is_good;
}

int
main (int   argc,
      char *argv[])
{
  Options      options = { 0 };
  GOptionEntry entries[] = {
    { "address", 0, 0, G_OPTION_ARG_STRING, &options.address, "Measure the service that listens there", "ws://HOST:PORT/" },
    { "beside", 0, 0, G_OPTION_ARG_STRING, &options.beside, "Measure ours and then that one, and compare them", "ws://HOST:PORT/" },
    { "folder", 0, 0, G_OPTION_ARG_FILENAME, &options.folder, "Write images where that service finds them by name", "FOLDER" },
    { "pid", 0, 0, G_OPTION_ARG_INT, &options.pid, "Its process, for figures of memory", "N" },
    { "program", 0, 0, G_OPTION_ARG_FILENAME, &options.program, "Start this one instead of the one that was built", "FILE" },
    { "quick", 0, 0, G_OPTION_ARG_NONE, &options.is_quick, "Leave out what is large", NULL },
    { "only", 0, 0, G_OPTION_ARG_STRING, &options.only, "Leave out all but this part", "process|images|cubes|visits|packed|meanwhile|resumes|scaling" },
    { "rounds", 0, 0, G_OPTION_ARG_INT, &options.n_rounds, "Look at each image so often, for a profiler or a busy machine", "N" },
    { "json", 0, 0, G_OPTION_ARG_FILENAME, &options.json, "Write the figures here too", "FILE" },
    { "compare", 0, 0, G_OPTION_ARG_NONE, &options.is_comparison, "Print two such files side by side", NULL },
    { NULL },
  };
  g_autoptr(GOptionContext) context = g_option_context_new ("[A.json B.json]");
  g_autoptr(GError) error = NULL;
  gboolean is_good;

  setlocale (LC_ALL, "");
  setlocale (LC_NUMERIC, "C");
  g_option_context_add_main_entries (context, entries, NULL);
  is_good = g_option_context_parse (context, &argc, &argv, &error);

  if (is_good && (options.is_comparison ? argc != 3 : argc != 1))
    {
      g_set_error (&error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                   "%s", options.is_comparison ? "--compare takes two files" : "Files are for --compare");
      is_good = FALSE;
    }
  if (is_good && (options.address != NULL || options.beside != NULL) && options.folder == NULL)
    {
      g_set_error (&error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                   "--address and --beside need --folder, where the other service finds images by their names");
      is_good = FALSE;
    }

  if (is_good && options.is_comparison)
    is_good = bench_report_compare (argv[1], argv[2], &error);
  else if (is_good)
    {
      if (options.program == NULL)
        options.program = g_strdup (ALMUCANTARD);
      if (options.beside != NULL)
        is_good = measure_both (&options, &error);
      else
        measure (&options);
    }

  if (!is_good)
    g_printerr ("%s\n", error->message);
  g_free (options.address);
  g_free (options.beside);
  g_free (options.folder);
  g_free (options.json);
  g_free (options.only);
  g_free (options.program);

  return is_good ? 0 : 2;
}
