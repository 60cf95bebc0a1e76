/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-cutout-header.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

#include "almu-card-write.h"
#include "almu-card.h"
#include "almu-hdu-reader.h"
#include "almu-limits.h"

/* Coordinates of an axis may be looked up in a table (-TAB); and so may what
 * the optics or the detector do to the pixels: each axis of these has a card
 * that names the function, and records of one keyword with what it needs,
 * such as DP1 = 'EXTVER: 2'. */

#define NAME_BYTES 8
#define MAX_TABLE_AXES 4

/* Kinds of distortions; whether they count pixels, or what became of these. */
static const struct
{
  const char *function;
  const char *record;
  const char *error;
  const char *extension;
  gboolean    is_of_pixels;
} kinds[] = {
  { "CPDIS", "DP", "CPERR", "WCSDVARR", TRUE },
  { "D2IMDIS", "D2IM", "D2IMERR", "D2IMARR", TRUE },
  { "CQDIS", "DQ", "CQERR", "WCSDVARR", FALSE },
};

/**
 * Claim:
 * @suffix: of its keywords: its axis, and what description of coordinates it
 *   belongs to
 * @axes: of the file, by the table's, from 1
 *
 * A distortion that a header speaks of.
 */
typedef struct
{
  guint    kind;
  char     suffix[NAME_BYTES + 1];
  gboolean is_table;
  gint64   version;
  int      n_axes;
  int      axes[MAX_TABLE_AXES + 1];
  gboolean is_lost;
} Claim;

/**
 * Tables:
 * @header: of the new file
 * @names: of the tables that are there already: several axes may share one
 */
typedef struct
{
  GByteArray           *header;
  const AlmuCutoutAxis *axes;
  AlmuImage            *image;
  GByteArray           *bytes;
  GPtrArray            *names;
  GArray               *claims;
  GString              *lost;
} Tables;

static gboolean
is_tabular (const char *type)
{
  return type != NULL && strlen (type) == 8 && g_str_has_suffix (type, "-TAB");
}

/**
 * almu_cutout_has_tables:
 * @info: of an image
 *
 * Looks for axes of kind -TAB, and for distortions (CPDIS, D2IMDIS, CQDIS). Reads
 * nothing; any thread.
 *
 * Returns: whether coordinates are in tables beside the image
 */
gboolean
almu_cutout_has_tables (const AlmuImageInfo *info)
{
  for (guint i = 0; i < almu_header_get_length (info->header); i++)
    {
      const AlmuCard *card = almu_header_get_card (info->header, i);

      if (g_str_has_prefix (card->name, "CTYPE") && is_tabular (card->value))
        return TRUE;
      for (gsize k = 0; k < G_N_ELEMENTS (kinds); k++)
        if (g_str_has_prefix (card->name, kinds[k].function))
          return TRUE;
    }

  return FALSE;
}

static void
say_lost (Tables     *self,
          const char *what,
          const char *why)
{
  g_string_append_printf (self->lost, "%s%s: %s", self->lost->len > 0 ? "; " : "", what, why);
}

static void
say_missing (Tables     *self,
             const char *what,
             const char *extension,
             gint64      version)
{
  g_autofree char *clean = almu_clean_text (extension, strlen (extension));
  g_autofree char *why = g_strdup_printf (_ ("the file has no table %s, version %" PRId64), clean, version);

  say_lost (self, what, why);
}

/* -- headers ------------------------------------------------------------ */

typedef gboolean (*Keep) (Tables         *self,
                          const AlmuCard *card,
                          gconstpointer   user_data,
                          GByteArray     *changed);

/* Each card is kept, or left out, or put to @changed by who was asked. */
static void
filter (Tables       *self,
        GByteArray   *header,
        Keep          keep,
        gconstpointer user_data)
{
  g_autoptr(GByteArray) all = g_byte_array_new ();
  const char *records;
  gsize       n_records, n_used;

  g_byte_array_append (all, header->data, header->len);
  g_byte_array_set_size (header, 0);
  records = (const char *) all->data;
  n_records = all->len / ALMU_RECORD_BYTES;

  for (gsize i = 0; i < n_records && !almu_record_is (records + i * ALMU_RECORD_BYTES, "END"); i += n_used)
    {
      const char *record = records + i * ALMU_RECORD_BYTES;
      g_autoptr(AlmuCard) card = almu_card_new_for_records (record, n_records - i, &n_used);

      if (keep (self, card, user_data, header))
        g_byte_array_append (header, (const guint8 *) record, (guint) (n_used * ALMU_RECORD_BYTES));
    }
}

/* -- tables ------------------------------------------------------------- */

static gboolean
is_in (GPtrArray  *names,
       const char *name)
{
  return g_ptr_array_find_with_equal_func (names, name, g_str_equal, NULL);
}

/* What a table of pixels begins with, along one of its axes. */
typedef struct
{
  char     name[NAME_BYTES + 1];
  int      first;
  gboolean is_there;
} Shift;

static gboolean
keep_shifted (Tables         *self,
              const AlmuCard *card,
              gconstpointer   user_data,
              GByteArray     *changed)
{
  Shift *shift = (Shift *) user_data;

  /* it is another header now; the data are the same */
  if (g_str_equal (card->name, "CHECKSUM"))
    return FALSE;
  if (!g_str_equal (card->name, shift->name))
    return TRUE;

  shift->is_there = TRUE;
  almu_put_real (changed, card->name, card->number - shift->first, card->comment);

  return FALSE;
}

/* Pixels are counted from those that are left. */
static void
append_shifted (Tables      *self,
                const Claim *claim,
                GBytes      *bytes)
{
  gsize         n_bytes;
  const guint8 *data = g_bytes_get_data (bytes, &n_bytes);
  gsize         n_header = 0;
  g_autoptr(GByteArray) header = g_byte_array_new ();
  gboolean is_shifted = FALSE;

  while (n_header < n_bytes && !almu_record_is ((const char *) data + n_header, "END"))
    n_header += ALMU_RECORD_BYTES;
  g_byte_array_append (header, data, (guint) n_header);

  for (int i = 1; i <= claim->n_axes; i++)
    {
      Shift shift = { .first = self->axes[claim->axes[i]].first };

      if (shift.first == 0)
        continue;
      is_shifted = TRUE;
      g_snprintf (shift.name, sizeof shift.name, "CRVAL%d", i);
      filter (self, header, keep_shifted, &shift);
      if (!shift.is_there)
        almu_put_real (header, shift.name, -shift.first, NULL);
    }

  if (!is_shifted)
    {
      g_byte_array_append (self->bytes, data, (guint) n_bytes);
      return;
    }

  almu_put_end (header);
  n_header = (n_header / ALMU_BLOCK_BYTES + 1) * ALMU_BLOCK_BYTES;
  g_byte_array_append (self->bytes, header->data, header->len);
  g_byte_array_append (self->bytes, data + n_header, (guint) (n_bytes - n_header));
}

/* @claim: (nullable): whose pixels it counts */
static gboolean
take_table (Tables      *self,
            const char  *extension,
            gint64       version,
            const Claim *claim,
            gboolean    *out_is_there,
            GError     **error)
{
  g_autofree char *name = g_strdup_printf ("%s %" G_GINT64_FORMAT, extension, version);
  g_autoptr(GBytes) bytes = NULL;

  *out_is_there = is_in (self->names, name);
  if (*out_is_there)
    return TRUE;

  if (!almu_image_read_extension (self->image, extension, version, &bytes, error))
    return FALSE;
  if (bytes == NULL)
    return TRUE;

  *out_is_there = TRUE;
  if (claim != NULL && kinds[claim->kind].is_of_pixels)
    append_shifted (self, claim, bytes);
  else
    g_byte_array_append (self->bytes, g_bytes_get_data (bytes, NULL), (guint) g_bytes_get_size (bytes));
  g_ptr_array_add (self->names, g_steal_pointer (&name));

  return TRUE;
}

/* -- axes --------------------------------------------------------------- */

/* Without its table an axis has but numbers. */
static gboolean
keep_untabulated (Tables         *self,
                  const AlmuCard *card,
                  gconstpointer   user_data,
                  GByteArray     *changed)
{
  int              axis = *(const int *) user_data;
  g_autofree char *type = g_strdup_printf ("CTYPE%d", axis);
  g_autofree char *unit = g_strdup_printf ("CUNIT%d", axis);
  g_autofree char *text = g_strdup_printf ("PS%d_", axis);
  g_autofree char *number = g_strdup_printf ("PV%d_", axis);

  return !g_str_equal (card->name, type) && !g_str_equal (card->name, unit) &&
         !g_str_has_prefix (card->name, text) && !g_str_has_prefix (card->name, number);
}

static gboolean
take_axis (Tables  *self,
           int      axis,
           GError **error)
{
  const AlmuHdu    hdu = { .records = (char *) self->header->data, .n_records = self->header->len / ALMU_RECORD_BYTES };
  g_autofree char *type_name = g_strdup_printf ("CTYPE%d", axis);
  g_autofree char *extension_name = g_strdup_printf ("PS%d_0", axis);
  g_autofree char *version_name = g_strdup_printf ("PV%d_1", axis);
  g_autofree char *type = almu_hdu_dup_text (&hdu, type_name);
  g_autofree char *extension = almu_hdu_dup_text (&hdu, extension_name);
  gint64           version = almu_hdu_get_int (&hdu, version_name, 1);
  gboolean         is_there;

  if (!is_tabular (type) || extension == NULL)
    return TRUE;
  if (!take_table (self, extension, version, NULL, &is_there, error))
    return FALSE;

  if (!is_there)
    {
      say_missing (self, type_name, extension, version);
      filter (self, self->header, keep_untabulated, &axis);
    }

  return TRUE;
}

static gboolean
take_axes (Tables  *self,
           GError **error)
{
  const AlmuHdu hdu = { .records = (char *) self->header->data, .n_records = self->header->len / ALMU_RECORD_BYTES };
  gint64        n_axes = MIN (almu_hdu_get_int (&hdu, "NAXIS", 0), ALMU_LIMIT_AXES);

  for (int axis = 1; axis <= n_axes; axis++)
    if (!take_axis (self, axis, error))
      return FALSE;

  return TRUE;
}

/* -- distortions -------------------------------------------------------- */

/* What follows @stem in a name, if that is the number of an axis. */
static const char *
get_suffix (const char *name,
            const char *stem)
{
  const char *suffix = name + strlen (stem);

  return g_str_has_prefix (name, stem) && g_ascii_isdigit (*suffix) ? suffix : NULL;
}

static gboolean
collect_claim (Tables         *self,
               const AlmuCard *card,
               gconstpointer   user_data,
               GByteArray     *changed)
{
  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      const char *suffix = get_suffix (card->name, kinds[k].function);
      Claim       claim = { .kind = k, .version = 1, .n_axes = 2 };

      if (suffix == NULL || card->type != ALMU_CARD_STRING)
        continue;

      g_strlcpy (claim.suffix, suffix, sizeof claim.suffix);
      claim.is_table = g_ascii_strcasecmp (card->value, "Lookup") == 0;
      for (int i = 1; i <= MAX_TABLE_AXES; i++)
        claim.axes[i] = i;
      g_array_append_val (self->claims, claim);
    }

  return TRUE;
}

static Claim *
find_claim (Tables         *self,
            const AlmuCard *card,
            gboolean       *out_is_record)
{
  for (guint i = 0; i < self->claims->len; i++)
    {
      Claim      *claim = &g_array_index (self->claims, Claim, i);
      const char *suffix = get_suffix (card->name, kinds[claim->kind].record);

      *out_is_record = suffix != NULL;
      if (suffix == NULL)
        suffix = get_suffix (card->name, kinds[claim->kind].function);
      if (suffix == NULL)
        suffix = get_suffix (card->name, kinds[claim->kind].error);
      if (suffix != NULL && g_str_equal (suffix, claim->suffix))
        return claim;
    }

  return NULL;
}

/* The number of a record "EXTVER: 2". */
static gboolean
parse_field (const AlmuCard *card,
             const char     *field,
             int            *out_number)
{
  const char *text = card->value;
  double      number;

  if (card->type != ALMU_CARD_STRING || !g_str_has_prefix (text, field) || text[strlen (field)] != ':')
    return FALSE;

  number = g_ascii_strtod (text + strlen (field) + 1, NULL);
  *out_number = (int) CLAMP (number, -1, G_MAXINT / 2);

  return TRUE;
}

static gboolean
collect_field (Tables         *self,
               const AlmuCard *card,
               gconstpointer   user_data,
               GByteArray     *changed)
{
  gboolean is_record = FALSE;
  Claim   *claim = find_claim (self, card, &is_record);
  int      number;

  if (claim == NULL || !is_record)
    return TRUE;

  if (parse_field (card, "EXTVER", &number))
    claim->version = number;
  else if (parse_field (card, "NAXES", &number))
    claim->n_axes = number;

  for (int i = 1; i <= MAX_TABLE_AXES; i++)
    {
      g_autofree char *field = g_strdup_printf ("AXIS.%d", i);

      if (parse_field (card, field, &number))
        claim->axes[i] = number;
    }

  return TRUE;
}

/* Whether what it counts is there as it was, but for where it begins. */
static gboolean
is_in_place (const Tables *self,
             const Claim  *claim)
{
  if (claim->n_axes < 0 || claim->n_axes > MAX_TABLE_AXES)
    return FALSE;

  for (int i = 1; i <= claim->n_axes; i++)
    {
      int axis = claim->axes[i];

      if (axis < 1 || axis > ALMU_LIMIT_AXES || self->axes[axis].to == 0 || self->axes[axis].stride != 1)
        return FALSE;
      /* only of a table it is known how to move it */
      if (!claim->is_table && kinds[claim->kind].is_of_pixels && self->axes[axis].first != 0)
        return FALSE;
    }

  return TRUE;
}

static gboolean
take_claim (Tables  *self,
            Claim   *claim,
            GError **error)
{
  g_autofree char *what = g_strconcat (kinds[claim->kind].function, claim->suffix, NULL);
  const char      *extension = kinds[claim->kind].extension;
  gboolean         is_there = TRUE;

  claim->is_lost = TRUE;
  if (!is_in_place (self, claim))
    {
      say_lost (self, what, _ ("what it counts is not all in the part that is saved"));
      return TRUE;
    }

  if (claim->is_table && !take_table (self, extension, claim->version, claim, &is_there, error))
    return FALSE;
  if (!is_there)
    say_missing (self, what, extension, claim->version);
  claim->is_lost = !is_there;

  return TRUE;
}

/* Those that are lost go; the axes of the others may have other numbers. */
static gboolean
keep_claimed (Tables         *self,
              const AlmuCard *card,
              gconstpointer   user_data,
              GByteArray     *changed)
{
  gboolean     is_record = FALSE;
  const Claim *claim = find_claim (self, card, &is_record);

  if (claim == NULL)
    return TRUE;
  if (claim->is_lost)
    return FALSE;

  for (int i = 1; is_record && i <= claim->n_axes; i++)
    {
      g_autofree char *field = g_strdup_printf ("AXIS.%d", i);
      g_autofree char *text = NULL;
      int              number;

      if (!parse_field (card, field, &number) || number == self->axes[number].to)
        continue;

      text = g_strdup_printf ("%s: %d", field, self->axes[number].to);
      almu_put_text (changed, card->name, text, card->comment);
      return FALSE;
    }

  return TRUE;
}

static gboolean
take_distortions (Tables  *self,
                  GError **error)
{
  filter (self, self->header, collect_claim, NULL);
  filter (self, self->header, collect_field, NULL);

  for (guint i = 0; i < self->claims->len; i++)
    if (!take_claim (self, &g_array_index (self->claims, Claim, i), error))
      return FALSE;

  filter (self, self->header, keep_claimed, NULL);

  return TRUE;
}

/* -- all ---------------------------------------------------------------- */

/**
 * almu_cutout_tables_new:
 * @header: from almu_cutout_header_new()
 * @axes: from there, too
 * @image: what is cut
 * @lost: grows by what could not be kept, for people
 * @error: return location
 *
 * Extensions that coordinates are looked up in, of the axes that are left, as they
 * stand in the file, but for pixels that are counted anew. Cards about what cannot
 * be had go from @header. Reads the file.
 *
 * Returns: (transfer full): the extensions, one after the other; no bytes if there are
 *   none; %NULL on failure
 */
GByteArray *
almu_cutout_tables_new (GByteArray           *header,
                        const AlmuCutoutAxis *axes,
                        AlmuImage            *image,
                        GString              *lost,
                        GError              **error)
{
  g_autoptr(GByteArray) bytes = g_byte_array_new ();
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(GArray) claims = g_array_new (FALSE, FALSE, sizeof (Claim));
  Tables self = { header, axes, image, bytes, names, claims, lost };

  if (!almu_cutout_has_tables (almu_image_get_info (image)))
    return g_steal_pointer (&bytes);

  if (!take_axes (&self, error) || !take_distortions (&self, error))
    return NULL;

  almu_put_end (header);

  return g_steal_pointer (&bytes);
}
