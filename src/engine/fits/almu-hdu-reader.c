/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-hdu-reader.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "almu-card.h"
#include "almu-error.h"
#include "almu-fits.h"
#include "almu-inflated.h"
#include "almu-whole-io.h"

/* The usual header fits into the first read. */
#define FIRST_READ_BYTES (5 * ALMU_BLOCK_BYTES)
#define MAX_READ_BYTES (364 * ALMU_BLOCK_BYTES)
#define START_BYTES 32

struct _AlmuHduReader
{
  int           fd;
  char         *name;
  AlmuInflated *inflated; /* where it is compressed as a whole, or NULL */
  int           next_number;
  gint64        next_offset; /* -1 where the last header does not tell */
};

/* -- bytes -------------------------------------------------------------- */

/**
 * almu_hdu_reader_read:
 * @offset: where in it
 * @n_bytes: how many are wanted
 * @bytes: room for them
 * @error: return location, in %G_IO_ERROR
 *
 * Reads the file as it is without compression as a whole.
 *
 * Returns: how many bytes were there; fewer than asked for only at the end
 *   of the file; -1 on failure
 */
gint64
almu_hdu_reader_read (AlmuHduReader *self,
                      gint64         offset,
                      gsize          n_bytes,
                      void          *bytes,
                      GError       **error)
{
  gint64 n = almu_read_whole (self->fd, bytes, n_bytes, offset);

  if (n < 0)
    {
      int saved_errno = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno),
                   _ ("%s: cannot be read: %s"), self->name, g_strerror (saved_errno));
    }

  return n;
}

/* -- opening ------------------------------------------------------------ */

static const struct
{
  const char *start;
  const char *what;
} starts[] = {
  { "\x89HDF", N_ ("an HDF5 file") },
  { "<!DOCTYPE", N_ ("an HTML page; the download may have failed") },
  { "<!doctype", N_ ("an HTML page; the download may have failed") },
  { "<html", N_ ("an HTML page; the download may have failed") },
  { "<HTML", N_ ("an HTML page; the download may have failed") },
  { "<?xml", N_ ("an XML document (a VOTable?)") },
  { "<VOTABLE", N_ ("a VOTable") },
  { "#CRTF", N_ ("a region file") },
  { "# Region file", N_ ("a region file") },
  { "XTENSION", N_ ("a FITS extension without the primary header before it") },
  { "\x89PNG", N_ ("a PNG picture") },
  { "\xff\xd8\xff", N_ ("a JPEG picture") },
  { "%PDF", N_ ("a PDF document") },
};

static char *
describe_start (const char *start,
                gsize       n_start)
{
  g_autofree char *text = NULL;
  GString         *hex;

  for (gsize i = 0; i < G_N_ELEMENTS (starts); i++)
    if (n_start >= strlen (starts[i].start) &&
        memcmp (start, starts[i].start, strlen (starts[i].start)) == 0)
      return g_strdup_printf (_ ("it looks like %s"), _ (starts[i].what));

  for (gsize i = 0; i < n_start; i++)
    if (!g_ascii_isprint (start[i]) && !g_ascii_isspace (start[i]))
      {
        hex = g_string_new (_ ("it begins with the bytes"));
        for (gsize k = 0; k < MIN (n_start, 8); k++)
          g_string_append_printf (hex, " %02x", (guchar) start[k]);

        return g_string_free (hex, FALSE);
      }

  text = almu_clean_text (start, n_start);

  return g_strdup_printf (_ ("it begins with “%s”"), text);
}

static gboolean
check_start (AlmuHduReader *self,
             GError       **error)
{
  g_autofree char *what = NULL;
  char             start[START_BYTES];
  gint64           n_start = almu_hdu_reader_read (self, 0, sizeof start, start, error);

  if (n_start < 0)
    return FALSE;

  if (n_start >= 9 && almu_record_is (start, "SIMPLE") && start[8] == '=')
    return TRUE;

  if (n_start == 0)
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("%s: the file is empty"), self->name);
  else
    {
      what = describe_start (start, n_start);
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                   _ ("%s: is not a FITS file, which begins with SIMPLE: %s"), self->name, what);
    }

  return FALSE;
}

static gboolean
open_compressed (AlmuHduReader *self,
                 GError       **error)
{
  guint8 start[4];
  gint64 n_start = almu_hdu_reader_read (self, 0, sizeof start, start, error);

  if (n_start < 0)
    return FALSE;

  if (!almu_fits_is_compressed_start (start, n_start))
    return TRUE;

  self->inflated = almu_inflated_open (self->fd, self->name, error);
  if (self->inflated == NULL)
    return FALSE;

  self->fd = almu_inflated_get_fd (self->inflated);

  return TRUE;
}

/**
 * almu_hdu_reader_new:
 * @fd: an open file; stays the caller's and must stay open while in use
 * @name: for messages
 * @error: return location
 *
 * Looks at the first bytes of a file, and unpacks it if it is compressed as a
 * whole, which takes its time: not for the main thread. What does not begin as
 * FITS does fails with %ALMU_ERROR_FORMAT and a guess at what it is, a folder with
 * %ALMU_ERROR_UNSUPPORTED.
 *
 * Returns: (transfer full): a reader before the first HDU, or %NULL
 */
AlmuHduReader *
almu_hdu_reader_new (int         fd,
                     const char *name,
                     GError    **error)
{
  g_autoptr(AlmuHduReader) self = g_new0 (AlmuHduReader, 1);
  struct stat about;

  self->fd = fd;
  self->name = g_utf8_make_valid (name, -1);

  if (fstat (fd, &about) == 0 && S_ISDIR (about.st_mode))
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                   _ ("%s: is a folder; images in folders (CASA, MIRIAD) are not supported"),
                   self->name);
      return NULL;
    }

  if (!open_compressed (self, error) || !check_start (self, error))
    return NULL;

  return g_steal_pointer (&self);
}

/**
 * almu_hdu_reader_free:
 * @self: (nullable) (transfer full): a reader
 *
 * Frees the reader. HDUs that it has given stay, the file is not closed.
 */
void
almu_hdu_reader_free (AlmuHduReader *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->inflated, almu_inflated_unref);
  g_free (self->name);
  g_free (self);
}

/**
 * almu_hdu_reader_get_name:
 *
 * What errors about the file begin with.
 *
 * Returns: (transfer none): the name for messages, in valid UTF-8
 */
const char *
almu_hdu_reader_get_name (AlmuHduReader *self)
{
  return self->name;
}

/**
 * almu_hdu_reader_is_compressed:
 *
 * Offsets are then those of what was unpacked, and not of the file.
 *
 * Returns: whether the file is compressed as a whole, say by gzip
 */
gboolean
almu_hdu_reader_is_compressed (AlmuHduReader *self)
{
  return self->inflated != NULL;
}

/* -- headers ------------------------------------------------------------ */

/* Index of END from record @from on, or -1. */
static gssize
find_end (GByteArray *bytes,
          gsize       from)
{
  gsize n = bytes->len / ALMU_RECORD_BYTES;

  for (gsize i = from; i < n; i++)
    if (almu_record_is ((const char *) bytes->data + i * ALMU_RECORD_BYTES, "END"))
      return i;

  return -1;
}

static gboolean
fail_end (AlmuHduReader *self,
          gsize          n_records,
          GError       **error)
{
  if (n_records > ALMU_LIMIT_CARDS)
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                 _ ("%s: HDU %d: no END within the first %d cards"), self->name, self->next_number,
                 ALMU_LIMIT_CARDS);
  else
    g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                 _ ("%s: HDU %d: the file ends after %zu cards of the header, "
                    "without END; it may be incomplete"),
                 self->name, self->next_number, n_records);

  return FALSE;
}

/* Appends a piece; @out_n is what was there. */
static gboolean
read_piece (AlmuHduReader *self,
            GByteArray    *bytes,
            gsize          n,
            gint64        *out_n,
            GError       **error)
{
  gsize  at = bytes->len;
  gint64 n_read;

  g_byte_array_set_size (bytes, at + n);
  n_read = almu_hdu_reader_read (self, self->next_offset + at, n, bytes->data + at, error);
  if (n_read < 0)
    return FALSE;

  g_byte_array_set_size (bytes, at + n_read);
  *out_n = n_read;

  return TRUE;
}

/* What follows the last HDU, if anything, is no extension and no error. */
static gboolean
is_extension (const GByteArray *bytes)
{
  return bytes->len >= ALMU_RECORD_BYTES &&
         almu_record_is ((const char *) bytes->data, "XTENSION");
}

static gboolean
read_records (AlmuHduReader *self,
              AlmuHdu       *hdu,
              gboolean      *out_is_hdu,
              GError       **error)
{
  g_autoptr(GByteArray) bytes = g_byte_array_new ();
  gsize  n_seen = 0;
  gsize  n_piece = FIRST_READ_BYTES;
  gssize end = -1;
  gint64 n_read;

  while (end < 0)
    {
      if (!read_piece (self, bytes, n_piece, &n_read, error))
        return FALSE;

      if (n_seen == 0 && self->next_number > 0 && !is_extension (bytes))
        {
          *out_is_hdu = FALSE;
          return TRUE;
        }

      end = find_end (bytes, n_seen);
      n_seen = bytes->len / ALMU_RECORD_BYTES;
      if (end > ALMU_LIMIT_CARDS || (end < 0 && (n_read < n_piece || n_seen > ALMU_LIMIT_CARDS)))
        return fail_end (self, n_seen, error);

      n_piece = MIN (n_piece * 4, MAX_READ_BYTES);
    }

  hdu->n_records = end;
  hdu->records = g_memdup2 (bytes->data, MAX (end, 1) * ALMU_RECORD_BYTES);
  hdu->data_offset = self->next_offset +
                     ((gint64) end * ALMU_RECORD_BYTES / ALMU_BLOCK_BYTES + 1) * ALMU_BLOCK_BYTES;
  *out_is_hdu = TRUE;

  return TRUE;
}

static void
advance (AlmuHduReader *self,
         const AlmuHdu *hdu)
{
  gint64 n_padded;

  self->next_number++;
  self->next_offset = -1;

  if (hdu->n_data_bytes < 0 || hdu->n_data_bytes > G_MAXINT64 - ALMU_BLOCK_BYTES)
    return;

  n_padded = (hdu->n_data_bytes + ALMU_BLOCK_BYTES - 1) / ALMU_BLOCK_BYTES * ALMU_BLOCK_BYTES;
  if (hdu->data_offset <= G_MAXINT64 - n_padded - MAX_READ_BYTES)
    self->next_offset = hdu->data_offset + n_padded;
}

/**
 * almu_hdu_reader_next:
 * @out_hdu: (out) (transfer full) (nullable): the HDU, %NULL after the last
 *
 * Reads the next header. One that does not tell the size of its data ends
 * the walk, as nobody can know where to go on.
 */
gboolean
almu_hdu_reader_next (AlmuHduReader *self,
                      AlmuHdu      **out_hdu,
                      GError       **error)
{
  g_autoptr(AlmuHdu) hdu = NULL;
  gboolean is_hdu = FALSE;

  *out_hdu = NULL;

  if (self->next_offset < 0 || self->next_number >= ALMU_LIMIT_HDUS)
    return TRUE;

  hdu = g_new0 (AlmuHdu, 1);
  hdu->number = self->next_number;

  if (!read_records (self, hdu, &is_hdu, error))
    return FALSE;

  if (!is_hdu)
    {
      self->next_offset = -1;
      return TRUE;
    }

  /* whoever wants this HDU asks again and gets the reason */
  almu_hdu_read_layout (hdu, NULL);
  advance (self, hdu);
  *out_hdu = g_steal_pointer (&hdu);

  return TRUE;
}

/* -- one HDU ------------------------------------------------------------ */

/**
 * almu_hdu_free:
 * @self: (nullable) (transfer full): an HDU
 *
 * Frees the value with its records.
 */
void
almu_hdu_free (AlmuHdu *self)
{
  if (self == NULL)
    return;

  g_free (self->records);
  g_free (self);
}

/**
 * almu_hdu_find:
 * @name: a keyword
 *
 * Goes through the records; of several cards of that name the first counts.
 *
 * Returns: (nullable) (transfer none): the 80 bytes of the card, which end in no
 *   zero and belong to @self, or %NULL if there is none
 */
const char *
almu_hdu_find (const AlmuHdu *self,
               const char    *name)
{
  for (gsize i = 0; i < self->n_records; i++)
    {
      const char *record = self->records + i * ALMU_RECORD_BYTES;

      if (record[0] == name[0] && almu_record_is (record, name))
        return record;
    }

  return NULL;
}

/**
 * almu_hdu_dup_text:
 * @name: a keyword
 *
 * The value of a card as text, without quotes, and with what CONTINUE adds to it.
 *
 * Returns: (nullable) (transfer full): the text, "" for a card without a value;
 *   %NULL if there is no such card
 */
char *
almu_hdu_dup_text (const AlmuHdu *self,
                   const char    *name)
{
  const char *record = almu_hdu_find (self, name);
  g_autoptr(AlmuCard) card = NULL;
  gsize n_used;

  if (record == NULL)
    return NULL;

  card = almu_card_new_for_records (record,
                                    self->n_records - (record - self->records) / ALMU_RECORD_BYTES,
                                    &n_used);

  return g_steal_pointer (&card->value);
}

/**
 * almu_hdu_get_int:
 * @name: a keyword
 * @fallback: what is returned otherwise
 *
 * Reads a number as almu_record_get_int() does.
 *
 * Returns: the value, or @fallback if there is no such card or no integer in it
 */
gint64
almu_hdu_get_int (const AlmuHdu *self,
                  const char    *name,
                  gint64         fallback)
{
  const char *record = almu_hdu_find (self, name);
  gint64      number = fallback;

  if (record != NULL)
    almu_record_get_int (record, &number);

  return number;
}

/**
 * almu_hdu_is_true:
 * @name: a keyword
 *
 * Reads a logical value, for which a missing card is as good as F.
 *
 * Returns: whether there is such a card, and it says T
 */
gboolean
almu_hdu_is_true (const AlmuHdu *self,
                  const char    *name)
{
  const char *record = almu_hdu_find (self, name);
  gboolean    truth = FALSE;

  return record != NULL && almu_record_get_logical (record, &truth) && truth;
}

static gboolean
read_int (const AlmuHdu *self,
          const char    *name,
          gint64         min,
          gint64         max,
          gint64        *out_number,
          GError       **error)
{
  const char      *record = almu_hdu_find (self, name);
  g_autofree char *text = NULL;

  if (record == NULL)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT, _ ("card %s is missing"), name);
      return FALSE;
    }

  if (almu_record_get_int (record, out_number) && *out_number >= min && *out_number <= max)
    return TRUE;

  text = almu_clean_text (record, ALMU_RECORD_BYTES);
  g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
               _ ("card “%s” must be a whole number from %" PRId64 " to %" PRId64),
               text, min, max);

  return FALSE;
}

static gboolean
read_bitpix (AlmuHdu *self,
             GError **error)
{
  static const int known[] = { 8, 16, 32, 64, -32, -64 };
  gint64           bitpix;

  if (!read_int (self, "BITPIX", -64, 64, &bitpix, error))
    return FALSE;

  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    if (bitpix == known[i])
      {
        self->bitpix = bitpix;
        return TRUE;
      }

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
               _ ("BITPIX = %d is none of 8, 16, 32, 64, -32, -64"), (int) bitpix);

  return FALSE;
}

/* The product of all axes but the first @n_left_out, -1 where it is too
 * large to be true. */
static gboolean
read_axes (AlmuHdu *self,
           int      n_left_out,
           gint64  *out_product,
           GError **error)
{
  gint64 product = 1;

  for (int i = 0; i < self->n_axes; i++)
    {
      char   name[16];
      gint64 length;

      g_snprintf (name, sizeof name, "NAXIS%d", i + 1);
      if (!read_int (self, name, 0, G_MAXINT64, &length, error))
        return FALSE;

      if (i < ALMU_LIMIT_AXES)
        self->shape[i] = length;
      if (i >= n_left_out && __builtin_mul_overflow (product, length, &product))
        {
          g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                       _ ("the axes up to NAXIS%d multiply to more than any file can hold"), i + 1);
          return FALSE;
        }
    }

  *out_product = product;

  return TRUE;
}

static AlmuHduKind
find_kind (const AlmuHdu *self)
{
  g_autofree char *extension = almu_hdu_dup_text (self, "XTENSION");

  if (extension != NULL && g_ascii_strcasecmp (extension, "BINTABLE") == 0)
    return almu_hdu_is_true (self, "ZIMAGE") ? ALMU_HDU_TILED : ALMU_HDU_TABLE;
  if (extension != NULL && (g_ascii_strcasecmp (extension, "TABLE") == 0 || g_ascii_strcasecmp (extension, "A3DTABLE") == 0))
    return ALMU_HDU_TABLE;
  if (extension != NULL && g_ascii_strcasecmp (extension, "IMAGE") != 0 && g_ascii_strcasecmp (extension, "IUEIMAGE") != 0)
    return ALMU_HDU_OTHER;
  if (almu_hdu_is_true (self, "GROUPS") && (self->n_axes == 0 || self->shape[0] == 0))
    return ALMU_HDU_GROUPS;

  return self->n_axes == 0 ? ALMU_HDU_EMPTY : ALMU_HDU_IMAGE;
}

/**
 * almu_hdu_read_layout:
 *
 * Reads the mandatory cards: kind, axes, and the size of the data.
 */
gboolean
almu_hdu_read_layout (AlmuHdu *self,
                      GError **error)
{
  gint64   n_axes, product, n_extra, n_groups, n_bytes;
  gboolean is_groups = almu_hdu_is_true (self, "GROUPS") && almu_hdu_get_int (self, "NAXIS1", -1) == 0;

  self->kind = ALMU_HDU_OTHER;
  self->n_data_bytes = -1;

  if (!read_bitpix (self, error) || !read_int (self, "NAXIS", 0, 999, &n_axes, error))
    return FALSE;

  self->n_axes = n_axes;
  if (!read_axes (self, is_groups, &product, error))
    return FALSE;

  self->kind = find_kind (self);

  n_extra = almu_hdu_get_int (self, "PCOUNT", 0);
  n_groups = almu_hdu_get_int (self, "GCOUNT", 1);
  if (n_axes == 0)
    product = n_extra = 0;

  if (n_extra < 0 || n_groups < 0 ||
      __builtin_add_overflow (product, n_extra, &n_bytes) ||
      __builtin_mul_overflow (n_bytes, n_groups, &n_bytes) ||
      __builtin_mul_overflow (n_bytes, ABS (self->bitpix) / 8, &n_bytes))
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   _ ("NAXISn, PCOUNT and GCOUNT make more bytes than any file can hold"));
      return FALSE;
    }

  self->n_data_bytes = n_bytes;

  return TRUE;
}
