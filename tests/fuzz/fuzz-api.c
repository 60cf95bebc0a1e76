/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "almu-api-call.h"
#include "almu-fuzz.h"
#include "almu-shelf.h"
#include "almu-test.h"

/* A request of the page's database or of scripting: method, path and body,
 * each on a line, the body to the end. */
static const char *const paths[] = { "/preferences", "/layouts", "/layout", "/snippets", "/snippet", "/list/workspaces", "/workspace" };

static AlmuSettings *
get_settings (void)
{
  static AlmuSettings *settings = NULL;

  if (settings == NULL)
    {
      g_autofree char *folder = almu_test_make_folder ();

      settings = ALMU_SETTINGS (almu_shelf_new (folder, FALSE));
    }

  return settings;
}

static void
call (const char *method,
      const char *path,
      const char *body,
      gsize       length)
{
  AlmuApiCall call = { 0 };
  const char *allow = NULL;
  guint       status = almu_api_call_parse (&call, method, path, &allow);
  g_autoptr(GError) error = NULL;
  g_autofree char *answer = NULL;

  if (status == 0 || status == 200)
    {
      call.body = g_bytes_new (body, length);
      answer = almu_api_call_run (&call, get_settings (), &status, &error);
      g_assert_true ((answer == NULL) == (error != NULL));
      g_assert_true (answer == NULL || g_utf8_validate (answer, -1, NULL));
    }
  almu_api_call_clear (&call);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  g_autofree char *text = almu_fuzz_make_text (data, size);
  g_auto(GStrv) lines = g_strsplit (text, "\n", 3);
  g_autoptr(GBytes) bytes = NULL;
  g_autoptr(GError) error = NULL;
  guint32     session_id;
  AlmuScript *script;

  if (g_strv_length (lines) < 3)
    return 0;

  call (lines[0], lines[1], lines[2], strlen (lines[2]));
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    call (lines[0], paths[i], lines[2], strlen (lines[2]));

  bytes = g_bytes_new (lines[2], strlen (lines[2]));
  script = almu_api_parse_script (bytes, &session_id, &error);
  g_assert_true ((script == NULL) == (error != NULL));
  g_clear_pointer (&script, almu_script_free);

  return 0;
}
