/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "almu-catalog.h"
#include "almu-limits.h"
#include "almu-test-table.h"
#include "test-desk.h"

/* Every message that names a file, against every name that means one outside
 * of the top-level folder. Beside it lies what nobody may see or change:
 *
 *   base/top/              served
 *   base/outside/secret.*  an image, a catalog, regions
 */
#define SECRET "secret"
#define SECRET_SIDE 16

typedef struct
{
  Desk  desk;
  char *base;
  char *outside;
} Doors;

static double
flat (const gint64 *position,
      gpointer      user_data)
{
  return 1;
}

static void
write_image (const char *folder,
             const char *name,
             int         side)
{
  const gint64 shape[] = { side, side };
  g_autoptr(AlmuTestFits) fits = almu_test_fits_new ();
  g_autofree char *path = NULL;

  almu_test_fits_begin (fits, -32, 2, shape);
  almu_test_fits_card (fits, "OBJECT", "'" SECRET "'");
  almu_test_fits_end_header (fits);
  almu_test_fits_fill (fits, flat, NULL);
  almu_test_fits_end (fits);
  path = almu_test_fits_save (fits, folder, name);
}

static void
make_link (Doors      *doors,
           const char *name,
           const char *target)
{
  g_autofree char *path = g_build_filename (doors->desk.folder, name, NULL);

  g_assert_cmpint (symlink (target, path), ==, 0);
}

static void
write_secrets (Doors *doors)
{
  g_autofree char *votable = almu_test_votable (3);

  write_image (doors->outside, "secret.fits", SECRET_SIDE);
  almu_test_save_text (votable, doors->outside, "secret.xml");
  almu_test_save_text ("#CRTFv0\ncircle[[5pix,5pix],3pix], label='" SECRET "'\n", doors->outside, "secret.crtf");
}

static void
start (Doors             *doors,
       const char *const *arguments)
{
  desk_start (&doors->desk, arguments);
  doors->desk.session_id = 0;
  doors->desk.viewer = desk_register (&doors->desk, &doors->desk.session_id);
  desk_open (&doors->desk, "in.fits", 0);
}

static void
doors_prepare (Doors        *doors,
               gconstpointer user_data)
{
  g_autofree char *sub = NULL;
  g_autofree char *secret = NULL;
  g_autofree char *root = NULL;

  doors->base = almu_test_make_folder ();
  doors->desk.folder = g_build_filename (doors->base, "top", NULL);
  doors->desk.state_dir = almu_test_make_folder ();
  doors->outside = g_build_filename (doors->base, "outside", NULL);
  sub = g_build_filename (doors->desk.folder, "sub", NULL);
  secret = g_build_filename (doors->outside, "secret.fits", NULL);
  root = g_strdup_printf ("/proc/%d/root", getpid ());
  g_assert_cmpint (g_mkdir_with_parents (sub, 0700), ==, 0);
  g_assert_cmpint (g_mkdir (doors->outside, 0700), ==, 0);
  write_secrets (doors);
  write_image (doors->desk.folder, "in.fits", 8);

  make_link (doors, "way-out", "../outside");
  make_link (doors, "sub/way-up", "../../outside");
  make_link (doors, "chain", "sub/way-up");
  make_link (doors, "absolute", doors->outside);
  make_link (doors, "root", "/");
  make_link (doors, "self", "/proc/self/root");
  make_link (doors, "cwd", "/proc/self/cwd");
  make_link (doors, "other", root);
  make_link (doors, "loop", "loop");
  for (const char *const *kind = (const char *const[]){ "fits", "xml", "crtf", NULL }; *kind != NULL; kind++)
    {
      g_autofree char *name = g_strconcat ("leak.", *kind, NULL);
      g_autofree char *target = g_strconcat ("../outside/secret.", *kind, NULL);
      g_autofree char *fresh = g_strconcat ("fresh.", *kind, NULL);
      g_autofree char *nothing = g_strconcat ("../outside/fresh.", *kind, NULL);

      make_link (doors, name, target);
      make_link (doors, fresh, nothing);
    }
}

static void
doors_set_up (Doors        *doors,
              gconstpointer user_data)
{
  doors_prepare (doors, user_data);
  start (doors, NULL);
}

static void
doors_tear_down (Doors        *doors,
                 gconstpointer user_data)
{
  desk_tear_down (&doors->desk, user_data);
  almu_test_remove_folder (doors->base);
  g_free (doors->base);
  g_free (doors->outside);
}

/* -- names ---------------------------------------------------------------- */

/* Each with "secret" or "fresh" and an ending behind it. */
static GPtrArray *
make_names (Doors      *doors,
            const char *stem,
            const char *ending)
{
  GPtrArray       *names = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *name = g_strconcat (stem, ending, NULL);
  g_autofree char *deep = g_strnfill (200, '/');
  g_autofree char *huge = g_strnfill (ALMU_LIMIT_PATH_BYTES + 10, 'a');
  g_autofree char *long_name = g_strnfill (300, 'b');
  GString         *many = g_string_new (NULL);

  for (int i = 0; i < 3000; i++)
    g_string_append (many, "sub/../");

  g_ptr_array_add (names, g_strconcat ("../outside/", name, NULL));
  g_ptr_array_add (names, g_strconcat ("sub/../../outside/", name, NULL));
  g_ptr_array_add (names, g_strconcat ("./sub/./../../outside/./", name, NULL));
  g_ptr_array_add (names, g_strconcat (doors->outside, "/", name, NULL));
  g_ptr_array_add (names, g_strconcat ("/", doors->outside, "/", name, NULL));
  g_ptr_array_add (names, g_strconcat (deep, doors->outside, "/", name, NULL));
  g_ptr_array_add (names, g_strconcat ("$BASE/../outside/", name, NULL));
  g_ptr_array_add (names, g_strconcat ("file://", doors->outside, "/", name, NULL));
  g_ptr_array_add (names, g_strconcat ("way-out/", name, NULL));
  g_ptr_array_add (names, g_strconcat ("sub/way-up/", name, NULL));
  g_ptr_array_add (names, g_strconcat ("chain/", name, NULL));
  g_ptr_array_add (names, g_strconcat ("absolute/", name, NULL));
  g_ptr_array_add (names, g_strconcat ("root", doors->outside, "/", name, NULL));
  g_ptr_array_add (names, g_strconcat ("self", doors->outside, "/", name, NULL));
  g_ptr_array_add (names, g_strconcat ("other", doors->outside, "/", name, NULL));
  g_ptr_array_add (names, g_strconcat ("cwd/", name, NULL));
  g_ptr_array_add (names, g_strconcat ("/proc/self/root", doors->outside, "/", name, NULL));
  g_ptr_array_add (names, g_strconcat ("loop/", name, NULL));
  g_ptr_array_add (names, g_strconcat (many->str, "../outside/", name, NULL));
  g_ptr_array_add (names, g_strconcat (huge, ending, NULL));
  g_ptr_array_add (names, g_strconcat (long_name, ending, NULL));
  g_ptr_array_add (names, g_strconcat ("\377\376../outside/", name, NULL));
  g_ptr_array_add (names, g_strconcat ("in.fits/", name, NULL));
  g_ptr_array_add (names, g_strdup (".."));
  g_ptr_array_add (names, g_strdup ("."));
  g_ptr_array_add (names, g_strdup ("/"));
  g_ptr_array_add (names, g_strdup ("sub"));
  g_string_free (many, TRUE);

  return names;
}

/* -- doors ---------------------------------------------------------------- */

typedef ProtobufCMessage *(*MakeFunc) (const char *directory,
                                       const char *name);

#define NEW(type, init)            \
  type *message = g_new (type, 1); \
  *message = (type) init

static ProtobufCMessage *
open_file (const char *directory,
           const char *name)
{
  NEW (CARTA__OpenFile, CARTA__OPEN_FILE__INIT);
  message->directory = (char *) directory;
  message->file = (char *) name;
  message->hdu = (char *) "";
  message->file_id = 5;
  return &message->base;
}

static ProtobufCMessage *
file_info (const char *directory,
           const char *name)
{
  NEW (CARTA__FileInfoRequest, CARTA__FILE_INFO_REQUEST__INIT);
  message->directory = (char *) directory;
  message->file = (char *) name;
  return &message->base;
}

static ProtobufCMessage *
region_info (const char *directory,
             const char *name)
{
  NEW (CARTA__RegionFileInfoRequest, CARTA__REGION_FILE_INFO_REQUEST__INIT);
  message->directory = (char *) directory;
  message->file = (char *) name;
  return &message->base;
}

static ProtobufCMessage *
import_region (const char *directory,
               const char *name)
{
  NEW (CARTA__ImportRegion, CARTA__IMPORT_REGION__INIT);
  message->directory = (char *) directory;
  message->file = (char *) name;
  message->type = CARTA__FILE_TYPE__CRTF;
  return &message->base;
}

static ProtobufCMessage *
open_catalog (const char *directory,
              const char *name)
{
  NEW (CARTA__OpenCatalogFile, CARTA__OPEN_CATALOG_FILE__INIT);
  message->directory = (char *) directory;
  message->name = (char *) name;
  message->file_id = 1;
  message->preview_data_size = 10;
  return &message->base;
}

static ProtobufCMessage *
catalog_info (const char *directory,
              const char *name)
{
  NEW (CARTA__CatalogFileInfoRequest, CARTA__CATALOG_FILE_INFO_REQUEST__INIT);
  message->directory = (char *) directory;
  message->name = (char *) name;
  return &message->base;
}

static ProtobufCMessage *
concat (const char *directory,
        const char *name)
{
  static CARTA__StokesFile  files[2];
  static CARTA__StokesFile *all[] = { &files[0], &files[1] };
  NEW (CARTA__ConcatStokesFiles, CARTA__CONCAT_STOKES_FILES__INIT);

  for (int i = 0; i < 2; i++)
    {
      files[i] = (CARTA__StokesFile) CARTA__STOKES_FILE__INIT;
      files[i].directory = i == 0 ? (char *) "" : (char *) directory;
      files[i].file = i == 0 ? (char *) "in.fits" : (char *) name;
      files[i].hdu = (char *) "";
      files[i].polarization_type = i == 0 ? CARTA__POLARIZATION_TYPE__I : CARTA__POLARIZATION_TYPE__Q;
    }
  message->n_stokes_files = 2;
  message->stokes_files = all;
  message->file_id = 6;
  return &message->base;
}

static ProtobufCMessage *
save_file (const char *directory,
           const char *name)
{
  NEW (CARTA__SaveFile, CARTA__SAVE_FILE__INIT);
  message->output_file_directory = (char *) directory;
  message->output_file_name = (char *) name;
  message->output_file_type = CARTA__FILE_TYPE__FITS;
  message->rest_freq = NAN;
  message->overwrite = TRUE;
  return &message->base;
}

static ProtobufCMessage *
export_region (const char *directory,
               const char *name)
{
  static CARTA__RegionStyle                      style;
  static CARTA__ExportRegion__RegionStylesEntry  entry;
  static CARTA__ExportRegion__RegionStylesEntry *all[] = { &entry };
  NEW (CARTA__ExportRegion, CARTA__EXPORT_REGION__INIT);

  style = (CARTA__RegionStyle) CARTA__REGION_STYLE__INIT;
  entry = (CARTA__ExportRegion__RegionStylesEntry) CARTA__EXPORT_REGION__REGION_STYLES_ENTRY__INIT;
  entry.key = 1;
  entry.value = &style;
  message->n_region_styles = 1;
  message->region_styles = all;
  message->type = CARTA__FILE_TYPE__CRTF;
  message->directory = (char *) directory;
  message->file = (char *) name;
  message->overwrite = TRUE;
  return &message->base;
}

static ProtobufCMessage *
list_files (const char *directory,
            const char *name)
{
  NEW (CARTA__FileListRequest, CARTA__FILE_LIST_REQUEST__INIT);
  message->directory = (char *) directory;
  return &message->base;
}

static ProtobufCMessage *
list_regions (const char *directory,
              const char *name)
{
  NEW (CARTA__RegionListRequest, CARTA__REGION_LIST_REQUEST__INIT);
  message->directory = (char *) directory;
  return &message->base;
}

static ProtobufCMessage *
list_catalogs (const char *directory,
               const char *name)
{
  NEW (CARTA__CatalogListRequest, CARTA__CATALOG_LIST_REQUEST__INIT);
  message->directory = (char *) directory;
  return &message->base;
}

/* @stem: "secret" of what is read, "fresh" of what would be written */
static const struct
{
  const char *name;
  MakeFunc    make;
  const char *ending;
  gboolean    writes;
} doors_with_names[] = {
  { "open", open_file, ".fits" },
  { "info", file_info, ".fits" },
  { "concat", concat, ".fits" },
  { "region-info", region_info, ".crtf" },
  { "import", import_region, ".crtf" },
  { "open-catalog", open_catalog, ".xml" },
  { "catalog-info", catalog_info, ".xml" },
  { "save", save_file, ".fits", TRUE },
  { "export", export_region, ".crtf", TRUE },
};

static const struct
{
  const char *name;
  MakeFunc    make;
} doors_with_folders[] = {
  { "list", list_files },
  { "list-regions", list_regions },
  { "list-catalogs", list_catalogs },
};

/* Every answer has these two. */
static gboolean
ask (Doors            *doors,
     ProtobufCMessage *message,
     char            **out_text)
{
  const AlmuCatalogEntry           *entry = almu_catalog_lookup_descriptor (message->descriptor);
  guint32                           id = almu_test_viewer_send (doors->desk.viewer, message);
  const ProtobufCMessageDescriptor *descriptor = almu_catalog_lookup (entry->reply)->descriptor;
  const ProtobufCFieldDescriptor   *success = protobuf_c_message_descriptor_get_field_by_name (descriptor, "success");
  const ProtobufCFieldDescriptor   *text = protobuf_c_message_descriptor_get_field_by_name (descriptor, "message");
  almu_test_autobody gpointer       reply = almu_test_viewer_await_reply (doors->desk.viewer, entry->reply, id);

  *out_text = g_strdup (G_STRUCT_MEMBER (char *, reply, text->offset));

  return G_STRUCT_MEMBER (protobuf_c_boolean, reply, success->offset);
}

static int
compare (gconstpointer a,
         gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static char *
describe_folder (const char *path)
{
  g_autoptr(GDir) dir = g_dir_open (path, 0, NULL);
  g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  const char *name;
  GString    *all = g_string_new (NULL);

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);
      struct stat      info;

      g_assert_cmpint (lstat (child, &info), ==, 0);
      g_ptr_array_add (lines, g_strdup_printf ("%s %o %" G_GINT64_FORMAT " %" G_GINT64_FORMAT ".%09ld", name, info.st_mode,
                                               (gint64) info.st_size, (gint64) info.st_mtim.tv_sec, info.st_mtim.tv_nsec));
    }
  g_ptr_array_sort (lines, compare);
  for (guint i = 0; i < lines->len; i++)
    g_string_append_printf (all, "%s\n", (char *) lines->pdata[i]);

  return g_string_free (all, FALSE);
}

static void
assert_refused (Doors      *doors,
                const char *door,
                MakeFunc    make,
                const char *directory,
                const char *name)
{
  g_autofree ProtobufCMessage *message = make (directory, name);
  g_autofree char             *text = NULL;

  if (ask (doors, message, &text))
    g_error ("%s: “%.100s” in “%.100s” was not refused", door, name, directory);
  if (*text == '\0')
    g_error ("%s: “%.100s” in “%.100s” was refused without a word", door, name, directory);
  g_assert_true (g_utf8_validate (text, -1, NULL));
  g_assert_cmpuint (strlen (text), <, 20000);
}

static void
try_names (Doors      *doors,
           const char *door,
           MakeFunc    make,
           GPtrArray  *names)
{
  for (guint i = 0; i < names->len; i++)
    {
      const char      *name = names->pdata[i];
      const char      *slash = strrchr (name, '/');
      g_autofree char *directory = slash != NULL ? g_strndup (name, (gsize) (slash - name)) : NULL;

      assert_refused (doors, door, make, "", name);
      if (slash != NULL && slash > name && slash[1] != '\0')
        assert_refused (doors, door, make, directory, slash + 1);
    }
}

static void
test_doors_names (Doors        *doors,
                  gconstpointer user_data)
{
  g_autofree char *before = describe_folder (doors->outside);
  g_autofree char *after = NULL;
  const float      points[] = { 4, 4, 2, 2 };

  g_assert_cmpint (almu_test_draw (doors->desk.viewer, 0, -1, CARTA__REGION_TYPE__RECTANGLE, points, 2, 0), ==, 1);
  for (guint i = 0; i < G_N_ELEMENTS (doors_with_names); i++)
    for (int fresh = 0; fresh <= (doors_with_names[i].writes ? 1 : 0); fresh++)
      {
        const char *ending = doors_with_names[i].ending;
        g_autoptr(GPtrArray) names = make_names (doors, fresh ? "fresh" : SECRET, ending);
        g_autofree char *link = g_strconcat (fresh ? "fresh" : "leak", ending, NULL);

        g_test_message ("%s", doors_with_names[i].name);
        try_names (doors, doors_with_names[i].name, doors_with_names[i].make, names);
        /* a link in the place of the file itself: not followed to be read;
         * replaced, not followed, to be written */
        if (!doors_with_names[i].writes)
          assert_refused (doors, doors_with_names[i].name, doors_with_names[i].make, "", link);
        else
          {
            g_autofree ProtobufCMessage *message = doors_with_names[i].make ("", link);
            g_autofree char             *text = NULL;

            ask (doors, message, &text);
          }
      }

  after = describe_folder (doors->outside);
  g_assert_cmpstr (before, ==, after);
}

static void
test_doors_folders (Doors        *doors,
                    gconstpointer user_data)
{
  g_autofree char *long_name = g_strnfill (ALMU_LIMIT_PATH_BYTES + 10, 'a');
  const char      *names[] = {
         "..", "../outside", "/etc", "/", "sub/../..", "sub/../../outside", "$BASE/..", "way-out", "sub/way-up", "chain", "absolute",
         "root", "root/etc", "self", "other", "loop", "in.fits", "no-such", "\377\376", "/proc/self/root", doors->outside, long_name
  };

  for (guint i = 0; i < G_N_ELEMENTS (doors_with_folders); i++)
    for (guint j = 0; j < G_N_ELEMENTS (names); j++)
      {
        /* the page asks for "/" when it means the top-level folder */
        if (!g_str_equal (names[j], "/"))
          assert_refused (doors, doors_with_folders[i].name, doors_with_folders[i].make, names[j], "");
      }
}

/* A name that ends early for who reads C strings only. */
static void
test_doors_zero (Doors        *doors,
                 gconstpointer user_data)
{
  static const char                      body[] = "\012\000\022\013in.fits\000/..\032\000\045\007\000\000\000";
  almu_test_autobody CARTA__OpenFileAck *ack = NULL;

  almu_test_viewer_send_raw (doors->desk.viewer, CARTA__EVENT_TYPE__OPEN_FILE, 999, body, sizeof body - 1);
  almu_test_viewer_await_pong (doors->desk.viewer);
  ack = almu_test_viewer_take (doors->desk.viewer, CARTA__EVENT_TYPE__OPEN_FILE_ACK);
  g_assert_true (ack == NULL || !ack->success || g_str_equal (ack->file_info->name, "in.fits"));
}

static void
test_doors_resume (Doors        *doors,
                   gconstpointer user_data)
{
  g_autoptr(GPtrArray) images = make_names (doors, SECRET, ".fits");
  g_autoptr(GPtrArray) catalogs = make_names (doors, SECRET, ".xml");
  g_autofree CARTA__ImageProperties          *image = g_new (CARTA__ImageProperties, images->len);
  g_autofree CARTA__OpenCatalogFile          *catalog = g_new (CARTA__OpenCatalogFile, catalogs->len);
  g_autofree CARTA__ImageProperties         **all_images = g_new (CARTA__ImageProperties *, images->len);
  g_autofree CARTA__OpenCatalogFile         **all_catalogs = g_new (CARTA__OpenCatalogFile *, catalogs->len);
  CARTA__ResumeSession                        message = CARTA__RESUME_SESSION__INIT;
  almu_test_autobody CARTA__ResumeSessionAck *ack = NULL;
  g_autofree char                            *log = NULL;

  for (guint i = 0; i < images->len; i++)
    {
      image[i] = (CARTA__ImageProperties) CARTA__IMAGE_PROPERTIES__INIT;
      image[i].directory = (char *) "";
      image[i].file = images->pdata[i];
      image[i].hdu = (char *) "";
      image[i].file_id = (gint32) i;
      all_images[i] = &image[i];
      catalog[i] = (CARTA__OpenCatalogFile) CARTA__OPEN_CATALOG_FILE__INIT;
      catalog[i].directory = (char *) "";
      catalog[i].name = catalogs->pdata[i];
      catalog[i].file_id = (gint32) i + 1;
      all_catalogs[i] = &catalog[i];
    }
  message.n_images = images->len;
  message.images = all_images;
  message.n_catalog_files = catalogs->len;
  message.catalog_files = all_catalogs;
  ack = almu_test_viewer_await_reply (doors->desk.viewer, CARTA__EVENT_TYPE__RESUME_SESSION_ACK,
                                      almu_test_viewer_send (doors->desk.viewer, &message.base));
  almu_test_viewer_await_pong (doors->desk.viewer);
  g_assert_cmpuint (almu_test_daemon_get_metric (doors->desk.daemon, "image_read_bytes_total"), <, SECRET_SIDE * SECRET_SIDE * sizeof (float));
}

/* Nothing is written anywhere, by any door. */
static void
test_doors_read_only (Doors        *doors,
                      gconstpointer user_data)
{
  const char *const arguments[] = { "--read_only_mode", NULL };
  const float       points[] = { 4, 4, 2, 2 };
  g_autofree char  *before = NULL;
  g_autofree char  *after = NULL;

  start (doors, arguments);
  before = describe_folder (doors->desk.folder);
  g_assert_cmpint (almu_test_draw (doors->desk.viewer, 0, -1, CARTA__REGION_TYPE__RECTANGLE, points, 2, 0), ==, 1);
  for (guint i = 0; i < G_N_ELEMENTS (doors_with_names); i++)
    if (doors_with_names[i].writes)
      {
        assert_refused (doors, doors_with_names[i].name, doors_with_names[i].make, "", "new.fits");
        assert_refused (doors, doors_with_names[i].name, doors_with_names[i].make, "sub", "new.fits");
        assert_refused (doors, doors_with_names[i].name, doors_with_names[i].make, "", "in.fits");
      }
  after = describe_folder (doors->desk.folder);
  g_assert_cmpstr (before, ==, after);
}

/* A folder that is exchanged for a link while files below it are named: what
 * is opened is what was looked at, however the two fall together. */
static gpointer
exchange (gpointer user_data)
{
  Doors           *doors = user_data;
  g_autofree char *place = g_build_filename (doors->desk.folder, "swing", NULL);
  g_autofree char *aside = g_build_filename (doors->desk.folder, "aside", NULL);

  while (g_atomic_pointer_get (&doors->base) != NULL)
    {
      g_assert_cmpint (rename (place, aside), ==, 0);
      g_assert_cmpint (symlink ("../outside", place), ==, 0);
      g_usleep (50);
      g_assert_cmpint (unlink (place), ==, 0);
      g_assert_cmpint (rename (aside, place), ==, 0);
      g_usleep (50);
    }

  return NULL;
}

static void
test_doors_race (Doors        *doors,
                 gconstpointer user_data)
{
  g_autofree char *swing = g_build_filename (doors->desk.folder, "swing", NULL);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  char            *base = doors->base;
  GThread         *thread;
  guint            n_open = 0;

  g_assert_cmpint (g_mkdir (swing, 0700), ==, 0);
  almu_test_save_text ("#CRTFv0\ncircle[[5pix,5pix],3pix], label='mine'\n", swing, "secret.crtf");
  before = describe_folder (doors->outside);
  thread = g_thread_new ("exchange", exchange, doors);
  for (int i = 0; i < 2000; i++)
    {
      g_autofree ProtobufCMessage                      *request = region_info ("swing", "secret.crtf");
      almu_test_autobody CARTA__RegionFileInfoResponse *info = NULL;

      info = almu_test_viewer_await_reply (doors->desk.viewer, CARTA__EVENT_TYPE__REGION_FILE_INFO_RESPONSE,
                                           almu_test_viewer_send (doors->desk.viewer, request));
      n_open += info->success;
      for (gsize j = 0; info->success && j < info->n_contents; j++)
        g_assert_null (strstr (info->contents[j], SECRET));
      if (i % 10 == 0)
        {
          g_autofree ProtobufCMessage *saving = save_file ("swing", "fresh.fits");
          g_autofree char             *text = NULL;

          ask (doors, saving, &text);
        }
    }
  g_atomic_pointer_set (&doors->base, NULL);
  g_thread_join (thread);
  doors->base = base;
  g_test_message ("opened %u times", n_open);

  after = describe_folder (doors->outside);
  g_assert_cmpstr (before, ==, after);
}

#define doors_add(path, set_up, func) g_test_add (path, Doors, NULL, set_up, func, doors_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  doors_add ("/daemon/doors/names", doors_set_up, test_doors_names);
  doors_add ("/daemon/doors/folders", doors_set_up, test_doors_folders);
  doors_add ("/daemon/doors/zero", doors_set_up, test_doors_zero);
  doors_add ("/daemon/doors/resume", doors_set_up, test_doors_resume);
  doors_add ("/daemon/doors/read-only", doors_prepare, test_doors_read_only);
  doors_add ("/daemon/doors/race", doors_set_up, test_doors_race);

  return g_test_run ();
}
