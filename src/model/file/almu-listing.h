/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * AlmuFileType:
 * @ALMU_FILE_VOTABLE: not one of the ICD's file types; only in lists of
 *   catalogs, where @ALMU_FILE_FITS means a FITS table
 *
 * What a file is, numbered as in the ICD.
 */
typedef enum
{
  ALMU_FILE_CASA,
  ALMU_FILE_CRTF,
  ALMU_FILE_DS9_REG,
  ALMU_FILE_FITS,
  ALMU_FILE_HDF5,
  ALMU_FILE_MIRIAD,
  ALMU_FILE_UNKNOWN,
  ALMU_FILE_VOTABLE,
} AlmuFileType;

/**
 * AlmuListFilter:
 * @ALMU_LIST_CONTENT: files whose first bytes tell that they are wanted
 * @ALMU_LIST_EXTENSION: files whose name tells it
 * @ALMU_LIST_ALL: every file
 *
 * Numbered as in the ICD.
 */
typedef enum
{
  ALMU_LIST_CONTENT,
  ALMU_LIST_EXTENSION,
  ALMU_LIST_ALL,
} AlmuListFilter;

/**
 * AlmuListKind:
 *
 * Which files of a folder are listed.
 */
typedef enum
{
  ALMU_LIST_IMAGES,
  ALMU_LIST_REGIONS,
  ALMU_LIST_CATALOGS,
} AlmuListKind;

/**
 * AlmuFolderEntry:
 * @name: UTF-8, without control characters
 * @is_folder: a folder to look into; else a file, or an image that is a
 *   directory
 * @type: of a file
 * @size: bytes; of a link, those of its target; of a directory image, those
 *   of its contents
 * @mtime: seconds since 1970
 * @item_count: entries of a folder, hidden ones too, at most
 *   %ALMU_LIMIT_COUNTED_ITEMS; -1 if it cannot be read
 */
typedef struct
{
  char        *name;
  gboolean     is_folder;
  AlmuFileType type;
  gint64       size;
  gint64       mtime;
  int          item_count;
} AlmuFolderEntry;

/**
 * AlmuListing: (foreign)
 * @directory: what was listed, relative to the top-level folder; "" for it
 * @parent: the folder above, "." for the top-level folder and above
 * @entries: (element-type AlmuFolderEntry): by name
 * @is_cancelled: there would have been more
 *
 * What is in a folder. Atomically reference counted, immutable.
 */
typedef struct
{
  gatomicrefcount refs;
  char           *directory;
  char           *parent;
  GArray         *entries;
  gboolean        is_cancelled;
} AlmuListing;

AlmuListing *almu_listing_new (const char *directory);
AlmuListing *almu_listing_ref (AlmuListing *self);
void         almu_listing_unref (AlmuListing *self);

const AlmuFolderEntry *almu_listing_get_entry (const AlmuListing *self,
                                               guint              index);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuListing, almu_listing_unref)

G_END_DECLS
