/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "almu-error.h"
#include "almu-polarisation.h"
#include "almu-record.h"
#include "almu-test.h"
#include "almu-workspace.h"

/* Hypercubes in what is kept of a session. */

static void
add_part (GPtrArray  *parts,
          const char *directory,
          const char *name,
          int         polarisation)
{
  g_autoptr(AlmuFileName) file = almu_file_name_new (directory, name, "0", ALMU_IMAGE_NONE);

  g_ptr_array_add (parts, almu_part_name_new (file, polarisation));
}

static AlmuMemento *
make_memento (void)
{
  AlmuMemento  *memento = almu_memento_new (7);
  AlmuFileWish *wish = almu_file_wish_new (3);
  g_autoptr(GPtrArray) parts = almu_part_names_new ();
  g_autoptr(GError) error = NULL;
  AlmuPoint      points[] = { { 5, 5 }, { 2, 2 } };
  AlmuRegionWish region = { .id = 1 };

  add_part (parts, "maps", "sky_U.fits", ALMU_POLARISATION_U);
  add_part (parts, "maps", "sky_I.fits", ALMU_POLARISATION_I);
  add_part (parts, "other", "sky_Q.fits", ALMU_POLARISATION_Q);

  memento->state = g_strdup ("detached");
  wish->name = almu_file_name_new_hypercube (parts, &error);
  g_assert_no_error (error);
  wish->label = g_strdup (wish->name->name);
  wish->channel = 2;
  wish->stokes = ALMU_POLARISATION_PLINEAR;
  region.shape = almu_shape_new (ALMU_SHAPE_RECTANGLE, points, 2, 0, &error);
  g_array_append_val (wish->regions, region);
  g_ptr_array_add (memento->files, wish);

  return memento;
}

static void
test_round_trip (void)
{
  g_autoptr(AlmuMemento) before = make_memento ();
  g_autofree char *text = almu_record_write (before, NULL);
  g_autofree char *again = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuMemento) after = almu_record_read (text, &error);
  const AlmuFileWish *file;

  g_assert_no_error (error);
  file = after->files->pdata[0];
  g_assert_true (almu_file_name_equal (file->name, ((AlmuFileWish *) before->files->pdata[0])->name));
  g_assert_cmpstr (file->name->name, ==, "sky_hypercube_IQU.fits");
  g_assert_cmpstr (file->label, ==, "sky_hypercube_IQU.fits");
  g_assert_cmpint (file->stokes, ==, ALMU_POLARISATION_PLINEAR);

  again = almu_record_write (after, text);
  g_assert_cmpstr (text, ==, again);
  g_assert_false (almu_record_has_unknown (text));
}

static void
test_readable (void)
{
  g_autoptr(AlmuMemento) memento = make_memento ();
  g_autofree char *text = almu_record_write (memento, NULL);
  const char      *parts[] = {
         "\"name\":\"sky_hypercube_IQU.fits\"",
         "\"stokes_files\":[",
         "{\"polarisation\":\"I\",\"directory\":\"maps\",\"name\":\"sky_I.fits\",\"hdu\":\"0\"}",
         "{\"polarisation\":\"Q\",\"directory\":\"other\",\"name\":\"sky_Q.fits\",\"hdu\":\"0\"}",
         "\"stokes\":14",
  };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (strstr (text, parts[i]) == NULL)
      g_error ("No %s in %s", parts[i], text);
}

static void
test_wrong (void)
{
  const struct
  {
    const char *files;
    const char *named;
  } cases[] = {
    { "7", "files[0].stokes_files is not a list" },
    { "[]", "files[0].stokes_files are wrong: A hypercube is made of at least two files" },
    { "[{\"name\":\"a\",\"polarisation\":\"I\"}]", "at least two files" },
    { "[{\"name\":\"a\",\"polarisation\":\"I\"},{\"name\":\"b\"}]", "b: its polarisation was not said" },
    { "[{\"name\":\"a\",\"polarisation\":\"I\"},{\"name\":\"b\",\"polarisation\":\"Z\"}]", "files[0].stokes_files[1].polarisation is neither" },
    { "[{\"name\":\"a\",\"polarisation\":\"I\"},{\"polarisation\":\"Q\"}]", "files[0].stokes_files[1].name is missing" },
    { "[{\"name\":\"a\",\"polarisation\":\"I\"},{\"name\":\"b\",\"polarisation\":14}]", "b: Plinear is computed" },
    { "[{\"name\":\"a\",\"polarisation\":\"I\"},{\"name\":\"b\",\"polarisation\":1}]", "a and b are both said to be polarisation I" },
    { "[1]", "files[0].stokes_files[0]" },
    { "[{},{},{},{},{},{},{},{},{},{},{},{},{}]", "stokes_files" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strdup_printf ("{\"version\":1,\"id\":7,\"files\":[{\"id\":0,\"name\":\"x\",\"stokes_files\":%s}]}",
                                               cases[i].files);
      g_autoptr(GError) error = NULL;
      g_autoptr(AlmuMemento) memento = almu_record_read (text, &error);

      g_assert_null (memento);
      g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, cases[i].named));
    }
}

/* A workspace has no place for them: files one by one, the first with the
 * regions. */
static void
test_workspace (void)
{
  g_autoptr(AlmuMemento) memento = make_memento ();
  g_autofree char *text = almu_workspace_write (memento, "Session 7");
  g_autoptr(JsonNode) node = json_from_string (text, NULL);
  JsonArray  *files = json_object_get_array_member (json_node_get_object (node), "files");
  const char *names[] = { "sky_I.fits", "sky_Q.fits", "sky_U.fits" };

  g_assert_cmpuint (json_array_get_length (files), ==, 3);
  for (guint i = 0; i < 3; i++)
    {
      JsonObject *file = json_array_get_object_element (files, i);

      g_assert_cmpstr (json_object_get_string_member (file, "filename"), ==, names[i]);
      g_assert_cmpstr (json_object_get_string_member (file, "directory"), ==, i == 1 ? "other" : "maps");
      g_assert_cmpint (json_object_get_int_member (file, "id"), ==, i);
      g_assert_cmpint (json_object_get_int_member (file, "channel"), ==, 2);
      g_assert_cmpint (json_object_get_int_member (file, "stokes"), ==, 0);
      g_assert_cmpint (json_object_has_member (file, "regionsSet"), ==, i == 0);
    }
}

static void
test_names (void)
{
  const struct
  {
    const char *first;
    const char *second;
    const char *label;
  } cases[] = {
    { "sky_I.fits", "sky_Q.fits", "sky_hypercube_IQ.fits" },
    { "I.fits", "Q.fits", "hypercube_IQ.fits" },
    { "a.I.fits", "a.Q.fits", "a.hypercube_IQ.fits" },
    { "sky.fits", "sky.fits", "skyhypercube_IQ.fits" },
    { "sky", "sky", "skyhypercube_IQ" },
    { "aa.fits", "aaa.fits", "aahypercube_IQ.fits" },
    { "x", "y", "hypercube_IQ" },
    { "é.fits", "è.fits", "hypercube_IQ.fits" },
    { "aé", "bî", "hypercube_IQ" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GPtrArray) parts = almu_part_names_new ();
      g_autoptr(AlmuFileName) name = NULL;

      add_part (parts, "d", cases[i].first, ALMU_POLARISATION_I);
      add_part (parts, "e", cases[i].second, ALMU_POLARISATION_Q);
      name = almu_file_name_new_hypercube (parts, NULL);
      g_assert_cmpstr (name->name, ==, cases[i].label);
      g_assert_cmpstr (name->directory, ==, "d");
    }
}

static void
test_names_equal (void)
{
  g_autoptr(GPtrArray) a = almu_part_names_new ();
  g_autoptr(GPtrArray) turned = almu_part_names_new ();
  g_autoptr(GPtrArray) other = almu_part_names_new ();
  g_autoptr(AlmuFileName) name_a = NULL;
  g_autoptr(AlmuFileName) name_turned = NULL;
  g_autoptr(AlmuFileName) name_other = NULL;
  g_autoptr(AlmuFileName) plain = almu_file_name_new ("", "hypercube_IQ.fits", "", ALMU_IMAGE_NONE);

  add_part (a, "", "I.fits", ALMU_POLARISATION_I);
  add_part (a, "", "Q.fits", ALMU_POLARISATION_Q);
  add_part (turned, "", "Q.fits", ALMU_POLARISATION_Q);
  add_part (turned, "", "I.fits", ALMU_POLARISATION_I);
  add_part (other, "", "I.fits", ALMU_POLARISATION_Q);
  add_part (other, "", "Q.fits", ALMU_POLARISATION_I);
  name_a = almu_file_name_new_hypercube (a, NULL);
  name_turned = almu_file_name_new_hypercube (turned, NULL);
  name_other = almu_file_name_new_hypercube (other, NULL);

  g_assert_true (almu_file_name_equal (name_a, name_turned));
  g_assert_false (almu_file_name_equal (name_a, name_other));
  g_assert_false (almu_file_name_equal (name_a, plain));
  g_assert_false (almu_file_name_equal (plain, name_a));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/store/record-hypercube/round-trip", test_round_trip);
  g_test_add_func ("/store/record-hypercube/readable", test_readable);
  g_test_add_func ("/store/record-hypercube/wrong", test_wrong);
  g_test_add_func ("/store/record-hypercube/workspace", test_workspace);
  g_test_add_func ("/store/record-hypercube/names", test_names);
  g_test_add_func ("/store/record-hypercube/names/equal", test_names_equal);

  return g_test_run ();
}
