/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <json-glib/json-glib.h>

#include "almu-fuzz.h"
#include "almu-look.h"
#include "almu-record.h"
#include "almu-workspace.h"

/* The record of a session, by anybody who can write to the state directory
 * or call SetState. What is understood is written again with the same
 * meaning, and the page could load it. */
static void
write_again (const AlmuMemento *memento,
             const char        *text)
{
  g_autofree char *once = almu_record_write (memento, NULL);
  g_autofree char *kept = almu_record_write (memento, text);
  g_autofree char *workspace = almu_workspace_write (memento, "fuzz");
  g_autofree char *twice = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(JsonNode) node = json_from_string (workspace, &error);
  g_autoptr(AlmuMemento) again = NULL;

  g_assert_no_error (error);
  again = almu_record_read (once, &error);
  g_assert_no_error (error);
  twice = almu_record_write (again, NULL);
  g_assert_cmpstr (twice, ==, once);
}

/* What stands beside a record. */
static void
add_regions (const char *text)
{
  static const char base[] = "{\"version\":1,\"id\":9,\"files\":[{\"id\":0,\"name\":\"a.fits\",\"regions\":"
                             "[{\"id\":1,\"type\":\"point\",\"points\":[[1,2]]}]},{\"id\":1,\"name\":\"b.fits\"}]}";
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuMemento) memento = almu_record_read (base, &error);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  gboolean         is_right;

  g_assert_no_error (error);
  before = almu_record_write (memento, NULL);
  is_right = almu_record_add_regions (memento, text, &error);
  g_assert_true (is_right == (error == NULL));
  after = almu_record_write (memento, NULL);
  if (is_right)
    write_again (memento, base);
  else
    g_assert_cmpstr (after, ==, before);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         size)
{
  g_autofree char *text = almu_fuzz_make_text (data, size);
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuMemento) memento = almu_record_read (text, &error);
  g_autoptr(AlmuLook) look = almu_look_parse (text);
  g_autoptr(JsonObject) file = json_object_new ();

  g_assert_true ((memento == NULL) == (error != NULL));
  if (memento != NULL)
    write_again (memento, text);
  add_regions (text);
  almu_record_has_unknown (text);
  if (look != NULL)
    almu_look_add_to_file (look, file);

  return 0;
}
