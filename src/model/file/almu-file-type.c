/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-file-type.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct
{
  const char  *text;
  AlmuFileType type;
} Ending;

/* FITS that cfitsio reads, compressed as a whole or not. */
#define FITS_ENDINGS                                               \
  { ".fits", ALMU_FILE_FITS }, { ".fit", ALMU_FILE_FITS },         \
    { ".fts", ALMU_FILE_FITS }, { ".fz", ALMU_FILE_FITS },         \
    { ".fits.gz", ALMU_FILE_FITS }, { ".fit.gz", ALMU_FILE_FITS }, \
    { ".fts.gz", ALMU_FILE_FITS }, { ".fits.z", ALMU_FILE_FITS },  \
  {                                                                \
    ".fits.bz2", ALMU_FILE_FITS                                    \
  }

static const Ending image_endings[] = {
  FITS_ENDINGS,
  { ".hdf5", ALMU_FILE_HDF5 },
  { NULL },
};

static const Ending region_endings[] = {
  { ".crtf", ALMU_FILE_CRTF },
  { ".reg", ALMU_FILE_DS9_REG },
  { NULL },
};

static const Ending catalog_endings[] = {
  FITS_ENDINGS,
  { ".xml", ALMU_FILE_VOTABLE },
  { ".vot", ALMU_FILE_VOTABLE },
  { ".votable", ALMU_FILE_VOTABLE },
  { ".xml.gz", ALMU_FILE_VOTABLE },
  { ".vot.gz", ALMU_FILE_VOTABLE },
  { ".votable.gz", ALMU_FILE_VOTABLE },
  { NULL },
};

/* What is inside a compressed file is believed when the name says so. */
static const Ending inner_image_endings[] = {
  { ".fits", ALMU_FILE_FITS },
  { ".fit", ALMU_FILE_FITS },
  { ".fts", ALMU_FILE_FITS },
  { NULL },
};

static const Ending inner_catalog_endings[] = {
  { ".fits", ALMU_FILE_FITS },
  { ".fit", ALMU_FILE_FITS },
  { ".fts", ALMU_FILE_FITS },
  { ".xml", ALMU_FILE_VOTABLE },
  { ".vot", ALMU_FILE_VOTABLE },
  { ".votable", ALMU_FILE_VOTABLE },
  { NULL },
};

static const Ending *const endings[] = {
  [ALMU_LIST_IMAGES] = image_endings,
  [ALMU_LIST_REGIONS] = region_endings,
  [ALMU_LIST_CATALOGS] = catalog_endings,
};

static const struct
{
  const char *ending;
  const char *magic;
} compressions[] = {
  { ".gz", "\x1f\x8b" },
  { ".z", "\x1f\x9d" },
  { ".bz2", "BZh" },
};

static gboolean
ends_with (const char *name,
           gsize       length,
           const char *ending)
{
  gsize n = strlen (ending);

  return length > n && g_ascii_strncasecmp (name + length - n, ending, n) == 0;
}

static AlmuFileType
match_ending (const char   *name,
              gsize         length,
              const Ending *table)
{
  for (const Ending *ending = table; ending->text != NULL; ending++)
    {
      if (ends_with (name, length, ending->text))
        return ending->type;
    }

  return ALMU_FILE_UNKNOWN;
}

/**
 * almu_file_type_for_name:
 * @name: of the file
 * @kind: what is looked for
 *
 * Goes by the ending, upper and lower case being the same. No file is looked
 * at.
 *
 * Returns: the type, %ALMU_FILE_UNKNOWN for what is not looked for
 */
AlmuFileType
almu_file_type_for_name (const char  *name,
                         AlmuListKind kind)
{
  return match_ending (name, strlen (name), endings[kind]);
}

static gboolean
has_magic (const guint8 *bytes,
           gsize         n_bytes,
           const char   *magic)
{
  gsize n = strlen (magic);

  return n_bytes >= n && memcmp (bytes, magic, n) == 0;
}

/* @n_kinds: of compressions that are looked for */
static AlmuFileType
match_packed (const char   *name,
              const guint8 *bytes,
              gsize         n_bytes,
              guint         n_kinds,
              const Ending *table)
{
  gsize length = strlen (name);

  for (guint i = 0; i < n_kinds; i++)
    {
      if (has_magic (bytes, n_bytes, compressions[i].magic) &&
          ends_with (name, length, compressions[i].ending))
        return match_ending (name, length - strlen (compressions[i].ending), table);
    }

  return ALMU_FILE_UNKNOWN;
}

static AlmuFileType
match_image (const char   *name,
             const guint8 *bytes,
             gsize         n_bytes)
{
  if (has_magic (bytes, n_bytes, "SIMP"))
    return ALMU_FILE_FITS;
  if (has_magic (bytes, n_bytes, "\x89HDF"))
    return ALMU_FILE_HDF5;

  return match_packed (name, bytes, n_bytes, G_N_ELEMENTS (compressions), inner_image_endings);
}

/* A region file may begin without a header line; then its name decides. */
static AlmuFileType
match_region (const char   *name,
              const guint8 *bytes,
              gsize         n_bytes)
{
  if (has_magic (bytes, n_bytes, "#CRTF"))
    return ALMU_FILE_CRTF;
  if (has_magic (bytes, n_bytes, "# Region file format: DS9"))
    return ALMU_FILE_DS9_REG;

  return almu_file_type_for_name (name, ALMU_LIST_REGIONS);
}

/* Catalogs are unpacked by gzip only, the first in the table. */
static AlmuFileType
match_catalog (const char   *name,
               const guint8 *bytes,
               gsize         n_bytes)
{
  if (has_magic (bytes, n_bytes, "<?xm") || has_magic (bytes, n_bytes, "<VOTABLE"))
    return ALMU_FILE_VOTABLE;
  if (has_magic (bytes, n_bytes, "SIMP"))
    return ALMU_FILE_FITS;

  return match_packed (name, bytes, n_bytes, 1, inner_catalog_endings);
}

/**
 * almu_file_type_for_bytes:
 * @name: of the file
 * @bytes: (array length=n_bytes): its start
 * @n_bytes: %ALMU_FILE_TYPE_BYTES, or fewer if the file is shorter
 * @kind: what is looked for
 *
 * Goes by what is in the file. For one that is compressed, and for a region
 * file without a first line that tells, the name counts too.
 *
 * Returns: the type, %ALMU_FILE_UNKNOWN for what is not looked for
 */
AlmuFileType
almu_file_type_for_bytes (const char   *name,
                          const guint8 *bytes,
                          gsize         n_bytes,
                          AlmuListKind  kind)
{
  switch (kind)
    {
    case ALMU_LIST_IMAGES:
      return match_image (name, bytes, n_bytes);
    case ALMU_LIST_REGIONS:
      return match_region (name, bytes, n_bytes);
    case ALMU_LIST_CATALOGS:
      return match_catalog (name, bytes, n_bytes);
    }

  g_return_val_if_reached (ALMU_FILE_UNKNOWN);
}

/**
 * almu_file_type_get_mark:
 * @name: of an entry of a directory
 *
 * Marks are put together for all entries, for almu_file_type_for_folder().
 *
 * Returns: the mark of that name; 0 for most
 */
AlmuFolderMarks
almu_file_type_get_mark (const char *name)
{
  static const struct
  {
    const char     *name;
    AlmuFolderMarks mark;
  } table[] = {
    { "table.dat", ALMU_MARK_TABLE_DAT },
    { "table.info", ALMU_MARK_TABLE_INFO },
    { "imageconcat.json", ALMU_MARK_CASA },
    { "imageexpr.json", ALMU_MARK_CASA },
    { "header", ALMU_MARK_HEADER },
    { "image", ALMU_MARK_IMAGE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      if (strcmp (name, table[i].name) == 0)
        return table[i].mark;
    }

  return 0;
}

static gboolean
is_regular (int         fd,
            const char *name)
{
  struct stat buffer;

  return fstatat (fd, name, &buffer, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG (buffer.st_mode);
}

/* Not every table of CASA is an image: most are visibilities. */
static gboolean
is_image_table (int fd)
{
  char             text[ALMU_FILE_TYPE_BYTES + 1] = "";
  g_autofree char *value = NULL;
  int              file = -1;
  ssize_t          length = -1;

  if (is_regular (fd, "table.info"))
    file = openat (fd, "table.info", O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
  if (file < 0)
    return FALSE;

  length = read (file, text, sizeof text - 1);
  close (file);
  if (length < 0 || !g_str_has_prefix (text, "Type = "))
    return FALSE;

  value = g_strndup (text + strlen ("Type = "), strcspn (text + strlen ("Type = "), "\r\n"));
  g_strstrip (value);

  return strcmp (value, "Image") == 0;
}

/**
 * almu_file_type_for_folder:
 * @fd: of a directory
 * @marks: names that were found in it
 *
 * Reads the beginning of one small file for what looks like a table of CASA, as
 * most of these are no images. Does not follow links. Any thread.
 *
 * Returns: what kind of image the directory is; %ALMU_FILE_UNKNOWN if it is
 *   just a folder
 */
AlmuFileType
almu_file_type_for_folder (int             fd,
                           AlmuFolderMarks marks)
{
  AlmuFolderMarks table = ALMU_MARK_TABLE_DAT | ALMU_MARK_TABLE_INFO;
  AlmuFolderMarks items = ALMU_MARK_HEADER | ALMU_MARK_IMAGE;

  if ((marks & ALMU_MARK_CASA) != 0)
    return ALMU_FILE_CASA;
  if ((marks & table) == table && is_image_table (fd))
    return ALMU_FILE_CASA;
  if ((marks & items) == items && is_regular (fd, "header") && is_regular (fd, "image"))
    return ALMU_FILE_MIRIAD;

  return ALMU_FILE_UNKNOWN;
}
