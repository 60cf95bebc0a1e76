/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "almu-config.h"
#include "almu-limits.h"
#include "almu-options.h"
#include "almu-test.h"

typedef struct
{
  char        *folder;
  AlmuOptions *options;
} Fixture;

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  g_autofree char *made = almu_test_make_folder ();
  char            *resolved = realpath (made, NULL);

  fixture->folder = g_strdup (resolved);
  free (resolved);

  g_unsetenv ("CARTA_AUTH_TOKEN");
  g_unsetenv ("SERVER_IP");
}

static char *
user_config_path (void)
{
  return g_build_filename (g_get_user_config_dir (), "almucantar", "backend.json", NULL);
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_autofree char *config = user_config_path ();

  g_remove (config);
  g_clear_pointer (&fixture->options, almu_options_free);
  almu_test_remove_folder (fixture->folder);
  g_free (fixture->folder);
}

/* Parses words separated by one space; %s in them is the folder. */
static gboolean
parse (Fixture    *fixture,
       const char *words,
       GError    **error)
{
  g_auto(GStrv) around = g_strsplit (words, "%s", -1);
  g_autofree char *text = g_strjoinv (fixture->folder, around);
  g_autofree char *line = g_strconcat ("almucantard --no-system-config ", text, NULL);
  g_auto(GStrv) argv = g_strsplit (g_strchomp (line), " ", -1);

  g_clear_pointer (&fixture->options, almu_options_free);

  return almu_options_parse (g_strv_length (argv), argv, &fixture->options, error);
}

static AlmuOptions *
parse_well (Fixture    *fixture,
            const char *words)
{
  g_autoptr(GError) error = NULL;

  parse (fixture, words, &error);
  g_assert_no_error (error);
  g_assert_nonnull (fixture->options);

  return fixture->options;
}

static void
parse_badly (Fixture    *fixture,
             const char *words,
             const char *named)
{
  g_autoptr(GError) error = NULL;

  g_assert_false (parse (fixture, words, &error));
  g_assert_nonnull (error);
  g_assert_null (fixture->options);

  if (strstr (error->message, named) == NULL)
    g_error ("“%s” does not name %s", error->message, named);
}

static void
write_file (const char *path,
            const char *text)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *folder = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

static void
write_user_config (const char *text)
{
  g_autofree char *path = user_config_path ();

  write_file (path, text);
}

static void
make (Fixture    *fixture,
      const char *name)
{
  g_autofree char *path = g_build_filename (fixture->folder, name, NULL);

  write_file (path, "SIMPLE");
}

static void
assert_warned (Fixture    *fixture,
               const char *part)
{
  GPtrArray *warnings = fixture->options->warnings;

  for (guint i = 0; i < warnings->len; i++)
    if (strstr (g_ptr_array_index (warnings, i), part) != NULL)
      return;

  for (guint i = 0; i < warnings->len; i++)
    g_test_message ("warned: %s", (char *) g_ptr_array_index (warnings, i));

  g_error ("no warning says “%s”", part);
}

static void
assert_not_warned (Fixture *fixture)
{
  for (guint i = 0; i < fixture->options->warnings->len; i++)
    g_error ("warned: %s", (char *) g_ptr_array_index (fixture->options->warnings, i));
}

static void
test_defaults (Fixture      *fixture,
               gconstpointer user_data)
{
  AlmuOptions     *options = parse_well (fixture, "--no-user-config");
  g_autofree char *state = g_build_filename (g_get_user_state_dir (), "almucantar", NULL);

  g_assert_null (options->answer);
  assert_not_warned (fixture);
  g_assert_cmpstr (options->host, ==, "127.0.0.1");
  g_assert_cmpuint (options->port.first, ==, 3002);
  g_assert_cmpuint (options->port.last, ==, 3102);
  g_assert_false (options->port_given);
  g_assert_cmpstr (options->top_level_folder, ==, "/");
  g_assert_cmpstr (options->http_url_prefix, ==, "");
  g_assert_cmpstr (options->state_dir, ==, state);
  g_assert_cmpint (options->restore, ==, ALMU_RESTORE_ASK);
  g_assert_cmpint (options->session_grace, ==, 28800);
  g_assert_cmpint (options->session_retention, ==, 2592000);
  g_assert_cmpint (options->link_idle, ==, 15);
  g_assert_cmpint (options->idle_exit, ==, -1);
  g_assert_cmpint (options->exit_timeout, ==, -1);
  g_assert_cmpint (options->verbosity, ==, 4);
  g_assert_cmpuint (options->cache_size, >=, 1 << 28);
  g_assert_cmpuint (options->files->len, ==, 0);
  g_assert_null (options->auth_token);
}

static void
test_spelling (Fixture      *fixture,
               gconstpointer user_data)
{
  AlmuOptions *options;

  options = parse_well (fixture, "--read_only_mode --top_level_folder=%s --no-browser --http_url-prefix //a_b//c/");
  g_assert_true (options->read_only_mode);
  g_assert_true (options->no_browser);
  g_assert_cmpstr (options->top_level_folder, ==, fixture->folder);
  g_assert_cmpstr (options->http_url_prefix, ==, "/a_b/c");

  /* a value keeps its underscores, even one that looks like an option */
  options = parse_well (fixture, "--browser --top_level_folder");
  g_assert_cmpstr (options->browser, ==, "--top_level_folder");
  g_assert_cmpstr (options->top_level_folder, ==, "/");

  options = parse_well (fixture, "-p3100 -t 3");
  g_assert_cmpuint (options->port.first, ==, 3100);
  g_assert_cmpint (options->omp_threads, ==, 3);
}

static void
assert_port (Fixture    *fixture,
             const char *words,
             guint       first,
             guint       last,
             gboolean    given)
{
  AlmuOptions *options = parse_well (fixture, words);

  g_assert_cmpuint (options->port.first, ==, first);
  g_assert_cmpuint (options->port.last, ==, last);
  g_assert_cmpint (options->port_given, ==, given);
}

static void
test_ports (Fixture      *fixture,
            gconstpointer user_data)
{
  assert_port (fixture, "--port 4000", 4000, 4000, TRUE);
  assert_port (fixture, "--port=4000,4010", 4000, 4010, TRUE);
  assert_port (fixture, "-p 4000,-1", 4000, 65535, TRUE);
  assert_port (fixture, "--port -1", 3002, 3102, FALSE);
  assert_port (fixture, "--port 0", 0, 0, TRUE);

  parse_badly (fixture, "--port 65536", "--port");
  parse_badly (fixture, "--port 4010,4000", "--port");
  parse_badly (fixture, "--port 4000,", "--port");
  parse_badly (fixture, "--port ,4000", "--port");
  parse_badly (fixture, "--port 0,10", "--port");
  parse_badly (fixture, "--port 1,2,3", "--port");
  parse_badly (fixture, "--port many", "many");
  parse_badly (fixture, "--port", "--port");
}

static void
test_periods_and_sizes (Fixture      *fixture,
                        gconstpointer user_data)
{
  AlmuOptions *options;

  options = parse_well (fixture, "--session-grace 90s --session_retention 7d --link-idle 20 --idle_exit=15m --exit_timeout 0");
  g_assert_cmpint (options->session_grace, ==, 90);
  g_assert_cmpint (options->session_retention, ==, 604800);
  g_assert_cmpint (options->link_idle, ==, 20);
  g_assert_cmpint (options->idle_exit, ==, 900);
  g_assert_cmpint (options->exit_timeout, ==, 0);

  options = parse_well (fixture, "--session-grace -1 --cache-size 2G");
  g_assert_cmpint (options->session_grace, ==, -1);
  g_assert_cmpuint (options->cache_size, ==, G_GUINT64_CONSTANT (1) << 31);

  parse_badly (fixture, "--session-grace 2w", "--session-grace");
  parse_badly (fixture, "--session-grace -2", "--session-grace");
  parse_badly (fixture, "--session-grace h", "--session-grace");
  parse_badly (fixture, "--session-grace 8hours", "8hours");
  parse_badly (fixture, "--session-retention 24856d", "--session-retention");
  parse_badly (fixture, "--link_idle 0", "--link-idle");
  parse_badly (fixture, "--cache-size 9999999T", "--cache-size");
  parse_badly (fixture, "--cache-size 12", "--cache-size");
}

static void
test_choices (Fixture      *fixture,
              gconstpointer user_data)
{
  g_assert_cmpint (parse_well (fixture, "--restore never")->restore, ==, ALMU_RESTORE_NEVER);
  g_assert_cmpint (parse_well (fixture, "--restore auto")->restore, ==, ALMU_RESTORE_AUTO);
  g_assert_cmpint (parse_well (fixture, "--log-level debug")->verbosity, ==, 5);
  g_assert_cmpint (parse_well (fixture, "--verbosity 2")->verbosity, ==, 2);
  g_assert_cmpint (parse_well (fixture, "--verbosity 17")->verbosity, ==, 4);
  g_assert_cmpint (parse_well (fixture, "--verbosity -3")->verbosity, ==, 4);

  parse_badly (fixture, "--restore maybe", "ask, auto, never");
  parse_badly (fixture, "--log-level loud", "--log-level");
  parse_badly (fixture, "--verbosity much", "--verbosity");
}

static void
test_unknown (Fixture      *fixture,
              gconstpointer user_data)
{
  parse_badly (fixture, "--no_such_option", "--no_such_option");
  parse_badly (fixture, "--no_such=1", "--no_such");
  parse_badly (fixture, "-x", "-x");
  parse_badly (fixture, "--omp_threads -5", "--omp-threads");
}

static void
test_answers (Fixture      *fixture,
              gconstpointer user_data)
{
  AlmuOptions *options;

  /* they need no folder that exists and no file that parses */
  write_user_config ("{");
  options = parse_well (fixture, "--top_level_folder /no/such --help");
  g_assert_nonnull (strstr (options->answer, "--session-grace=PERIOD"));
  g_assert_nonnull (strstr (options->answer, "--port=N[,M]"));
  g_assert_null (strstr (options->answer, "--root"));
  assert_not_warned (fixture);

  g_assert_cmpstr (parse_well (fixture, "-v")->answer, ==, ALMU_VERSION "\n");
  g_assert_cmpstr (parse_well (fixture, "--version")->answer, ==, ALMU_VERSION "\n");
  g_assert_nonnull (parse_well (fixture, "-h")->answer);
}

static void
test_deprecated (Fixture      *fixture,
                 gconstpointer user_data)
{
  AlmuOptions *options = parse_well (fixture, "--root %s --base %s --no_http --threads 4");

  g_assert_cmpstr (options->top_level_folder, ==, fixture->folder);
  g_assert_cmpstr (options->starting_folder, ==, fixture->folder);
  g_assert_true (options->no_frontend);
  g_assert_true (options->no_database);
  g_assert_cmpuint (options->warnings->len, ==, 4);
  assert_warned (fixture, "Option --root found in the command line is deprecated. Use --top_level_folder");
  assert_warned (fixture, "--threads");
}

static void
test_environment (Fixture      *fixture,
                  gconstpointer user_data)
{
  AlmuOptions *options;

  g_setenv ("CARTA_AUTH_TOKEN", "b0ae7b3a-0000-4000-8000-6f1ed3a44e33", TRUE);
  g_setenv ("SERVER_IP", "198.51.100.7", TRUE);
  options = parse_well (fixture, "");
  g_assert_cmpstr (options->auth_token, ==, "b0ae7b3a-0000-4000-8000-6f1ed3a44e33");
  g_assert_cmpstr (options->server_ip, ==, "198.51.100.7");

  g_setenv ("CARTA_AUTH_TOKEN", "", TRUE);
  g_assert_null (parse_well (fixture, "")->auth_token);

  g_unsetenv ("CARTA_AUTH_TOKEN");
  g_unsetenv ("SERVER_IP");
}

static void
test_settings (Fixture      *fixture,
               gconstpointer user_data)
{
  make (fixture, "a.fits");

  g_assert_true (parse_well (fixture, "--port 4000 %s/a.fits")->has_settings);
}

static void
test_only_names (Fixture      *fixture,
                 gconstpointer user_data)
{
  g_autofree char *path = g_build_filename (fixture->folder, "a.fits", NULL);
  char            *argv[] = { (char *) "almucantard", (char *) "--no_browser", path, NULL };
  g_autoptr(GError) error = NULL;

  make (fixture, "a.fits");

  g_assert_true (almu_options_parse (3, argv, &fixture->options, &error));
  g_assert_no_error (error);
  g_assert_false (fixture->options->has_settings);
}

static void
test_activated (Fixture      *fixture,
                gconstpointer user_data)
{
  AlmuOptions *options = parse_well (fixture, "--gapplication-service");

  g_assert_true (options->activated);
  g_assert_true (options->no_browser);
  g_assert_cmpint (options->idle_exit, ==, ALMU_DEFAULT_IDLE_EXIT);

  options = parse_well (fixture, "--gapplication-service --idle-exit -1");
  g_assert_cmpint (options->idle_exit, ==, -1);
}

/* -- folders and files --------------------------------------------------- */

static void
test_folders (Fixture      *fixture,
              gconstpointer user_data)
{
  g_autofree char *inner = g_build_filename (fixture->folder, "in", NULL);
  g_autofree char *link = g_build_filename (fixture->folder, "link", NULL);
  AlmuOptions     *options;

  make (fixture, "in/a.fits");
  g_assert_cmpint (symlink ("in", link), ==, 0);

  options = parse_well (fixture, "--top_level_folder %s/in/.. %s/in");
  g_assert_cmpstr (options->top_level_folder, ==, fixture->folder);
  g_assert_cmpstr (options->starting_folder, ==, inner);

  options = parse_well (fixture, "--top_level_folder %s/link");
  g_assert_cmpstr (options->top_level_folder, ==, inner);
  g_assert_cmpstr (options->starting_folder, ==, inner);

  options = parse_well (fixture, "--top_level_folder %s --starting_folder %s/gone");
  g_assert_cmpstr (options->starting_folder, ==, fixture->folder);
  assert_warned (fixture, "/gone");

  parse_badly (fixture, "--top_level_folder %s/in %s", "is not inside the top-level folder");
  parse_badly (fixture, "--top_level_folder %s/gone", "/gone");
  parse_badly (fixture, "--top_level_folder %s/in/a.fits", "a.fits is not a folder");
  parse_badly (fixture, "--top_level_folder=", "--top-level-folder");
}

/* /data/set2 is not inside of /data/set */
static void
test_folders_alike (Fixture      *fixture,
                    gconstpointer user_data)
{
  make (fixture, "set/a.fits");
  make (fixture, "set2/a.fits");

  parse_badly (fixture, "--top_level_folder %s/set %s/set2", "is not inside");
}

static void
assert_files (Fixture    *fixture,
              const char *words,
              const char *expected)
{
  AlmuOptions *options = parse_well (fixture, words);
  g_autoptr(GString) files = g_string_new (NULL);

  for (guint i = 0; i < options->files->len; i++)
    g_string_append_printf (files, "%s%s", i > 0 ? "|" : "", (const char *) options->files->pdata[i]);
  g_assert_cmpstr (files->str, ==, expected);
}

static void
test_files (Fixture      *fixture,
            gconstpointer user_data)
{
  make (fixture, "a.fits");
  make (fixture, "b.fits");
  make (fixture, "x/c&d.fits");
  make (fixture, "x/e.fits");
  make (fixture, "x/é,f.fits");

  assert_files (fixture, "--top_level_folder %s", "");
  assert_files (fixture, "--top_level_folder %s %s/a.fits", "a.fits");
  assert_files (fixture, "--top_level_folder %s file://%s/a.fits", "a.fits");
  assert_files (fixture, "--top_level_folder %s %s/a.fits %s/b.fits", "a.fits|b.fits");
  assert_files (fixture, "--top_level_folder %s %s/x/e.fits %s/x/c&d.fits", "x/e.fits|x/c&d.fits");
  assert_files (fixture, "--top_level_folder %s %s/x/e.fits %s/a.fits", "x/e.fits|a.fits");
  assert_files (fixture, "--top_level_folder %s %s/x/é,f.fits", "x/é,f.fits");
}

static void
test_files_left_out (Fixture      *fixture,
                     gconstpointer user_data)
{
  make (fixture, "top/a.fits");
  make (fixture, "top/b,c.fits");
  make (fixture, "outside.fits");

  assert_files (fixture, "--top_level_folder %s/top %s/top/gone.fits %s/top/a.fits", "a.fits");
  assert_warned (fixture, "gone.fits cannot be shown: No such file");

  assert_files (fixture, "--top_level_folder %s/top %s/outside.fits", "");
  assert_warned (fixture, "not inside the top-level folder");

  assert_files (fixture, "--top_level_folder %s/top %s/top/a.fits %s/top/b,c.fits", "a.fits");
  assert_warned (fixture, "b,c.fits");

  assert_files (fixture, "https://example.org/a.fits", "");
  assert_warned (fixture, "https://example.org/a.fits cannot be shown: it is not a local file");

  assert_files (fixture, "--top_level_folder %s/top -- --port", "");
  assert_warned (fixture, "--port cannot be shown");
}

/* -- files --------------------------------------------------------------- */

static void
test_config (Fixture      *fixture,
             gconstpointer user_data)
{
  AlmuOptions *options;

  write_user_config ("{\n"
                     "  // how we like it\n"
                     "  \"$schema\": \"backend\",\n"
                     "  \"port\": [4000, 4010], /* a range */\n"
                     "  \"host\": \"::1\",\n"
                     "  \"read-only_mode\": true,\n"
                     "  \"session_grace\": \"2h\",\n"
                     "  \"exit_timeout\": 30,\n"
                     "  \"restore\": \"auto\",\n"
                     "  \"cache_size\": \"1G\",\n"
                     "  \"event_thread_count\": 3,\n"
                     "  \"allow_origin\": [\"https://a.example\", \"https://b.example\"]\n"
                     "}\n");
  options = parse_well (fixture, "--port 5000 --allow_origin https://c.example");

  assert_not_warned (fixture);
  g_assert_cmpuint (options->port.first, ==, 5000);
  g_assert_cmpuint (options->port.last, ==, 5000);
  g_assert_cmpstr (options->host, ==, "::1");
  g_assert_true (options->read_only_mode);
  g_assert_cmpint (options->session_grace, ==, 7200);
  g_assert_cmpint (options->exit_timeout, ==, 30);
  g_assert_cmpint (options->restore, ==, ALMU_RESTORE_AUTO);
  g_assert_cmpint (options->event_thread_count, ==, 3);
  g_assert_cmpuint (options->allow_origin->len, ==, 3);
  g_assert_cmpstr (g_ptr_array_index (options->allow_origin, 2), ==, "https://c.example");

  options = parse_well (fixture, "");
  g_assert_cmpuint (options->port.last, ==, 4010);
  g_assert_true (options->port_given);

  options = parse_well (fixture, "--no_user_config");
  g_assert_false (options->read_only_mode);
}

static void
test_config_order (Fixture      *fixture,
                   gconstpointer user_data)
{
  g_autofree char *system = g_build_filename (fixture->folder, "system.json", NULL);
  g_autofree char *user = g_build_filename (fixture->folder, "user.json", NULL);
  AlmuOptions     *options = parse_well (fixture, "");

  write_file (system, "{ \"host\": \"192.0.2.1\", \"verbosity\": 5 }");
  write_file (user, "{ \"host\": \"192.0.2.2\" }");
  almu_config_load (system, options);
  almu_config_load (user, options);

  g_assert_cmpstr (options->host, ==, "192.0.2.2");
  g_assert_cmpint (options->verbosity, ==, 5);
}

static void
test_config_wrong_types (Fixture      *fixture,
                         gconstpointer user_data)
{
  g_autofree char *path = user_config_path ();
  AlmuOptions     *options;

  write_user_config ("{ \"port\": \"many\", \"host\": 7, \"read_only_mode\": \"yes\","
                     " \"session_grace\": 1.5, \"restore\": \"maybe\", \"verbosity\": null,"
                     " \"omp_threads\": {}, \"allow_origin\": [\"a\", 1],"
                     " \"no_such_key\": 1, \"help\": true, \"exit_timeout\": -7 }");
  options = parse_well (fixture, "");

  assert_warned (fixture, path);
  assert_warned (fixture, "at key port: current value is \"many\", but a port number, a pair");
  assert_warned (fixture, "at key host: current value is 7, but a string is expected");
  assert_warned (fixture, "at key read_only_mode: current value is \"yes\", but a boolean");
  assert_warned (fixture, "at key session_grace: current value is 1.5, but a number of seconds");
  assert_warned (fixture, "at key restore: current value is \"maybe\", but one of the strings ask, auto, never");
  assert_warned (fixture, "at key verbosity: current value is null, but a number is expected");
  assert_warned (fixture, "at key omp_threads: current value is {}");
  assert_warned (fixture, "at key allow_origin");
  assert_warned (fixture, "at key no_such_key: there is no such setting");
  assert_warned (fixture, "at key help: there is no such setting");
  assert_warned (fixture, "at key exit_timeout: current value is -7");
  g_assert_cmpuint (options->warnings->len, ==, 11);

  g_assert_cmpuint (options->port.first, ==, 3002);
  g_assert_cmpstr (options->host, ==, "127.0.0.1");
  g_assert_cmpuint (options->allow_origin->len, ==, 0);
  g_assert_null (options->answer);
}

static void
test_config_ports (Fixture      *fixture,
                   gconstpointer user_data)
{
  static const char *const wrong[] = { "[4000]", "[4000, 4010, 4020]", "[4000, \"a\"]", "[4010, 4000]", "70000", "4000.5" };

  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autofree char *text = g_strdup_printf ("{ \"port\": %s }", wrong[i]);

      write_user_config (text);
      parse_well (fixture, "");
      assert_warned (fixture, "at key port");
      g_assert_cmpuint (fixture->options->port.first, ==, 3002);
    }

  write_user_config ("{ \"port\": 4000 }");
  g_assert_cmpuint (parse_well (fixture, "")->port.last, ==, 4000);

  write_user_config ("{ \"port\": -1 }");
  g_assert_cmpuint (parse_well (fixture, "")->port.last, ==, 3102);
}

static void
test_config_unreadable (Fixture      *fixture,
                        gconstpointer user_data)
{
  g_autofree char *path = user_config_path ();

  write_user_config ("{ \"port\": ");
  parse_well (fixture, "");
  assert_warned (fixture, path);

  write_user_config ("[ 1 ]");
  parse_well (fixture, "");
  assert_warned (fixture, "does not hold a JSON object");

  write_user_config ("");
  g_assert_cmpuint (parse_well (fixture, "")->port.first, ==, 3002);

  g_assert_cmpint (g_remove (path), ==, 0);
  g_assert_cmpint (g_mkdir_with_parents (path, 0700), ==, 0);
  parse_well (fixture, "");
  assert_warned (fixture, "not a regular file");
}

static void
test_config_comments (Fixture      *fixture,
                      gconstpointer user_data)
{
  g_autofree char *path = user_config_path ();

  write_user_config ("// first\n{ \"http_url_prefix\": \"a//b/*c*/\", // \"\n"
                     "/* \"host\": \"a\",\n */ \"browser\": \"say \\\"//\\\" CARTA_URL\" } // end");
  parse_well (fixture, "");
  g_assert_cmpstr (fixture->options->browser, ==, "say \"//\" CARTA_URL");
  g_assert_cmpstr (fixture->options->host, ==, "127.0.0.1");
  assert_warned (fixture, "“a//b/*c*/”");

  write_user_config ("{\n// one\n/* two\n three */ \"host\": }\n");
  parse_well (fixture, "");
  assert_warned (fixture, ":4:");
  assert_warned (fixture, path);

  write_user_config ("{ \"host\": \"a\" } /* no end");
  parse_well (fixture, "");
  g_assert_cmpstr (fixture->options->host, ==, "a");
}

static void
test_config_deprecated (Fixture      *fixture,
                        gconstpointer user_data)
{
  g_autofree char *text = g_strdup_printf ("{ \"base\": \"%s\", \"threads\": 8, \"no_http\": true }", fixture->folder);

  write_user_config (text);
  parse_well (fixture, "");

  g_assert_cmpstr (fixture->options->starting_folder, ==, fixture->folder);
  g_assert_true (fixture->options->no_database);
  assert_warned (fixture, "Option base found in");
  assert_warned (fixture, "Option threads found in");
  g_assert_cmpuint (fixture->options->warnings->len, ==, 3);
}

static void
test_prefix_refused (Fixture      *fixture,
                     gconstpointer user_data)
{
  AlmuOptions *options = parse_well (fixture, "--http_url_prefix a?b");

  g_assert_cmpstr (options->http_url_prefix, ==, "");
  assert_warned (fixture, "http_url_prefix “a?b”");
}

/* -- a controller -------------------------------------------------------- */

static void
test_as_spawned (Fixture      *fixture,
                 gconstpointer user_data)
{
  AlmuOptions *options =
    parse_well (fixture, "--no_frontend --no_database --port 3003 --top_level_folder %s --controller_deployment --no_log %s");

  g_assert_true (options->no_frontend);
  g_assert_true (options->controller_deployment);
  g_assert_cmpuint (options->port.first, ==, 3003);
  g_assert_cmpstr (options->starting_folder, ==, fixture->folder);
  assert_not_warned (fixture);
}

#define add_test(path, func) \
  g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

/* Blanks but for one key. */
static void
test_options_config_size (Fixture      *fixture,
                          gconstpointer user_data)
{
  for (int step = -1; step <= 1; step++)
    {
      gsize            n = ALMU_LIMIT_CONFIG_BYTES + (gsize) (step + 1) - 1;
      g_autofree char *text = g_strnfill (n, ' ');
      const char      *key = "{\"port\": 3456}";
      AlmuOptions     *options;

      memcpy (text, key, strlen (key));
      write_user_config (text);
      options = parse_well (fixture, "");
      g_assert_cmpint (options->port.first == 3456, ==, step <= 0);
      if (step > 0)
        assert_warned (fixture, "1048576");
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_assert_nonnull (setlocale (LC_ALL, "C.UTF-8"));

  add_test ("/daemon/options/defaults", test_defaults);
  add_test ("/daemon/options/spelling", test_spelling);
  add_test ("/daemon/options/ports", test_ports);
  add_test ("/daemon/options/config-size", test_options_config_size);
  add_test ("/daemon/options/periods-and-sizes", test_periods_and_sizes);
  add_test ("/daemon/options/choices", test_choices);
  add_test ("/daemon/options/unknown", test_unknown);
  add_test ("/daemon/options/answers", test_answers);
  add_test ("/daemon/options/deprecated", test_deprecated);
  add_test ("/daemon/options/environment", test_environment);
  add_test ("/daemon/options/settings", test_settings);
  add_test ("/daemon/options/only-names", test_only_names);
  add_test ("/daemon/options/activated", test_activated);
  add_test ("/daemon/options/folders", test_folders);
  add_test ("/daemon/options/folders-alike", test_folders_alike);
  add_test ("/daemon/options/files", test_files);
  add_test ("/daemon/options/files-left-out", test_files_left_out);
  add_test ("/daemon/options/prefix-refused", test_prefix_refused);
  add_test ("/daemon/options/as-spawned", test_as_spawned);
  add_test ("/daemon/config/values", test_config);
  add_test ("/daemon/config/order", test_config_order);
  add_test ("/daemon/config/wrong-types", test_config_wrong_types);
  add_test ("/daemon/config/ports", test_config_ports);
  add_test ("/daemon/config/unreadable", test_config_unreadable);
  add_test ("/daemon/config/comments", test_config_comments);
  add_test ("/daemon/config/deprecated", test_config_deprecated);

  return g_test_run ();
}
