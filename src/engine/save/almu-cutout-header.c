/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-cutout-header.h"

#include <math.h>
#include <string.h>

#include "almu-card-write.h"
#include "almu-card.h"

#define NAME_BYTES 8

/* In metres a second. */
#define LIGHT_SPEED 299792458.0

/* -- axes --------------------------------------------------------------- */

/**
 * Plan:
 * @axis: by number in the file; 0 is not used
 * @n_axes: in the new file
 * @n_dropped: how many are not there any more
 * @spectral: number of the spectral axis, 0 for none
 * @value_factor: what velocities are multiplied with
 * @value_offset: and what is added then, in their own unit
 * @rest_frequency: of the new file; NaN as it is
 */
typedef struct
{
  AlmuCutoutAxis axis[ALMU_LIMIT_AXES + 1];
  int            n_file_axes;
  int            n_axes;
  int            n_dropped;
  int            spectral;
  double         value_factor;
  double         value_offset;
  double         rest_frequency;
} Plan;

static void
place_axis (Plan *plan,
            int   number)
{
  if (number > 0 && plan->axis[number].to == 0)
    plan->axis[number].to = ++plan->n_axes;
}

/* The plane comes first; the others follow as they did. */
static void
plan_axes (Plan                *plan,
           const AlmuCutout    *cutout,
           const AlmuImageInfo *info)
{
  const AlmuAxes *axes = &info->axes;

  plan->n_file_axes = info->n_axes;
  for (int i = 1; i <= info->n_axes; i++)
    plan->axis[i] = (AlmuCutoutAxis){ .length = 1, .stride = 1 };

  plan->axis[axes->render[0]].length = cutout->area.width;
  plan->axis[axes->render[0]].first = cutout->area.x;
  plan->axis[axes->render[1]].length = cutout->area.height;
  plan->axis[axes->render[1]].first = cutout->area.y;
  if (axes->depth > 0)
    plan->axis[axes->depth] = (AlmuCutoutAxis){ 0, cutout->channels.n, cutout->channels.first, cutout->channels.stride };
  if (axes->stokes > 0)
    plan->axis[axes->stokes] = (AlmuCutoutAxis){ 0, cutout->stokes.n, cutout->stokes.first, cutout->stokes.stride };

  place_axis (plan, axes->render[0]);
  place_axis (plan, axes->render[1]);
  for (int i = 1; i <= info->n_axes; i++)
    if (plan->axis[i].length > 1 || cutout->keep_degenerate)
      place_axis (plan, i);

  plan->n_dropped = info->n_axes - plan->n_axes;
}

/* Velocities count from the rest frequency; the frequencies stay what they
 * are. Relativistic ones without VELREF are left alone. */
static void
plan_velocities (Plan                *plan,
                 const AlmuCutout    *cutout,
                 const AlmuImageInfo *info)
{
  g_autofree char *type_name = g_strdup_printf ("CTYPE%d", info->axes.spectral);
  g_autofree char *unit_name = g_strdup_printf ("CUNIT%d", info->axes.spectral);
  const char      *type = almu_header_get_text (info->header, type_name);
  const char      *unit = almu_header_get_text (info->header, unit_name);
  double           light = unit != NULL && g_str_equal (unit, "km/s") ? LIGHT_SPEED / 1000 : LIGHT_SPEED;
  double           velref = 0;
  double           old = 0;
  gboolean         is_radio, is_optical;

  plan->spectral = info->axes.spectral;
  plan->value_factor = 1;
  plan->rest_frequency = cutout->rest_frequency;

  if (!(plan->rest_frequency > 0) || plan->spectral == 0 || type == NULL)
    return;
  if (!almu_header_get_number (info->header, "RESTFRQ", &old) && !almu_header_get_number (info->header, "RESTFREQ", &old))
    return;
  if (!(old > 0))
    return;

  almu_header_get_number (info->header, "VELREF", &velref);
  is_radio = g_str_has_prefix (type, "VRAD") || (g_str_has_prefix (type, "VELO") && velref > 256);
  is_optical = g_str_has_prefix (type, "VOPT") || (g_str_has_prefix (type, "VELO") && velref > 0 && velref <= 256);

  if (is_radio)
    {
      plan->value_factor = old / plan->rest_frequency;
      plan->value_offset = light * (1 - plan->value_factor);
    }
  else if (is_optical)
    {
      plan->value_factor = plan->rest_frequency / old;
      plan->value_offset = light * (plan->value_factor - 1);
    }
}

/* -- keywords that belong to an axis ------------------------------------ */

typedef double (*Change) (const Plan *plan,
                          int         i,
                          int         j,
                          double      number);

static double
shift_reference (const Plan *plan,
                 int         i,
                 int         j,
                 double      number)
{
  const AlmuCutoutAxis *axis = &plan->axis[i];

  return (number - 1 - axis->first) / axis->stride + 1;
}

/* What IRAF and the plates of the DSS count from. */
static double
shift_corner (const Plan *plan,
              int         i,
              int         j,
              double      number)
{
  return number + plan->axis[i].first;
}

static double
shift_value (const Plan *plan,
             int         i,
             int         j,
             double      number)
{
  return i == plan->spectral ? number * plan->value_factor + plan->value_offset : number;
}

static double
scale_increment (const Plan *plan,
                 int         i,
                 int         j,
                 double      number)
{
  number *= plan->axis[i].stride;

  return i == plan->spectral ? number * plan->value_factor : number;
}

static double
scale_column (const Plan *plan,
              int         i,
              int         j,
              double      number)
{
  number *= plan->axis[j].stride;

  return i == plan->spectral ? number * plan->value_factor : number;
}

/* The increment of the row has its stride already. */
static double
scale_rotation (const Plan *plan,
                int         i,
                int         j,
                double      number)
{
  return number * plan->axis[j].stride / plan->axis[i].stride;
}

typedef enum
{
  FORM_AXIS,      /* CTYPE3A */
  FORM_PARAMETER, /* PV3_1A: an axis and something else */
  FORM_MATRIX,    /* CD3_1A, CD003001 */
} Form;

static const struct
{
  const char *stem;
  Form        form;
  Change      change;
} keywords[] = {
  { "CTYPE", FORM_AXIS, NULL },
  { "CUNIT", FORM_AXIS, NULL },
  { "CNAME", FORM_AXIS, NULL },
  { "CRVAL", FORM_AXIS, shift_value },
  { "CRPIX", FORM_AXIS, shift_reference },
  { "CDELT", FORM_AXIS, scale_increment },
  { "CROTA", FORM_AXIS, NULL },
  { "CRDER", FORM_AXIS, NULL },
  { "CSYER", FORM_AXIS, NULL },
  { "CNPIX", FORM_AXIS, shift_corner },
  { "PV", FORM_PARAMETER, NULL },
  { "PS", FORM_PARAMETER, NULL },
  { "CPDIS", FORM_AXIS, NULL },
  { "CPERR", FORM_AXIS, NULL },
  { "CQDIS", FORM_AXIS, NULL },
  { "CQERR", FORM_AXIS, NULL },
  { "D2IMDIS", FORM_AXIS, NULL },
  { "D2IMERR", FORM_AXIS, NULL },
  { "D2IM", FORM_AXIS, NULL },
  { "DP", FORM_AXIS, NULL },
  { "DQ", FORM_AXIS, NULL },
  { "PC", FORM_MATRIX, scale_rotation },
  { "CD", FORM_MATRIX, scale_column },
};

/* A keyword taken apart. */
typedef struct
{
  int    i;
  int    j; /* or the parameter */
  char   alternative;
  Form   form;
  Change change;
  gsize  n_stem;
  char   name[NAME_BYTES + 1];
} Keyword;

static gboolean
take_number (const char **text,
             gsize        n_most,
             int         *out_number)
{
  gsize n = 0;
  int   number = 0;

  while (n < n_most && g_ascii_isdigit ((*text)[n]))
    number = number * 10 + (*text)[n++] - '0';
  *text += n;
  *out_number = number;

  return n > 0;
}

static gboolean
take_numbers (Keyword    *keyword,
              const char *text)
{
  gboolean is_long = keyword->form == FORM_MATRIX && strspn (text, "0123456789") == 6;

  keyword->j = 0;
  keyword->alternative = '\0';
  if (!take_number (&text, is_long ? 3 : 2, &keyword->i))
    return FALSE;

  if (keyword->form != FORM_AXIS)
    {
      if (!is_long && *text++ != '_')
        return FALSE;
      if (!take_number (&text, is_long ? 3 : 2, &keyword->j))
        return FALSE;
    }

  if (g_ascii_isupper (*text))
    keyword->alternative = *text++;

  return *text == '\0' && keyword->i >= 1 && (keyword->form != FORM_MATRIX || keyword->j >= 1);
}

static gboolean
parse_keyword (const char *record,
               Keyword    *keyword)
{
  memcpy (keyword->name, record, NAME_BYTES);
  keyword->name[NAME_BYTES] = '\0';
  g_strchomp (keyword->name);

  for (gsize k = 0; k < G_N_ELEMENTS (keywords); k++)
    {
      if (!g_str_has_prefix (keyword->name, keywords[k].stem))
        continue;

      keyword->form = keywords[k].form;
      keyword->change = keywords[k].change;
      keyword->n_stem = strlen (keywords[k].stem);
      if (take_numbers (keyword, keyword->name + keyword->n_stem))
        return TRUE;
    }

  return FALSE;
}

/* Coordinates may have more axes than the array; those keep their order. */
static int
renumber (const Plan *plan,
          int         number)
{
  return number <= plan->n_file_axes ? plan->axis[number].to : number - plan->n_dropped;
}

/* FALSE if the axis is gone. */
static gboolean
rename_keyword (const Plan    *plan,
                const Keyword *keyword,
                char          *name)
{
  int              i = renumber (plan, keyword->i);
  int              j = keyword->form == FORM_MATRIX ? renumber (plan, keyword->j) : keyword->j;
  g_autofree char *stem = g_strndup (keyword->name, keyword->n_stem);
  char             alternative[2] = { keyword->alternative, '\0' };

  if (i == 0 || (keyword->form == FORM_MATRIX && j == 0))
    return FALSE;

  if (keyword->form == FORM_AXIS)
    g_snprintf (name, NAME_BYTES + 1, "%s%d%s", stem, i, alternative);
  else
    g_snprintf (name, NAME_BYTES + 1, "%s%d_%d%s", stem, i, j, alternative);

  return TRUE;
}

/* -- the header --------------------------------------------------------- */

/* What is said anew, or is no longer true. # is a number. */
static const char *const left_out[] = {
  "SIMPLE",
  "XTENSION",
  "BITPIX",
  "NAXIS",
  "NAXIS#",
  "PCOUNT",
  "GCOUNT",
  "GROUPS",
  "EXTEND",
  "INHERIT",
  "EXTLEVEL",
  "BSCALE",
  "BZERO",
  "BLANK",
  "DATAMIN",
  "DATAMAX",
  "CHECKSUM",
  "DATASUM",
  "ZHECKSUM",
  "ZDATASUM",
  "LTV#",
  "LTM#_#",
  "END",
};

static gboolean
matches (const char *name,
         const char *pattern)
{
  for (; *pattern != '\0'; pattern++)
    {
      if (*pattern != '#')
        {
          if (*name++ != *pattern)
            return FALSE;
          continue;
        }

      if (!g_ascii_isdigit (*name))
        return FALSE;
      while (g_ascii_isdigit (*name))
        name++;
    }

  return *name == '\0';
}

static gboolean
is_left_out (const char *record)
{
  char name[NAME_BYTES + 1] = "";

  memcpy (name, record, NAME_BYTES);
  g_strchomp (name);

  for (gsize i = 0; i < G_N_ELEMENTS (left_out); i++)
    if (matches (name, left_out[i]))
      return TRUE;

  return FALSE;
}

/**
 * Copying:
 * @seen: by axis, whether the card is there: without it a default counts
 */
typedef struct
{
  const AlmuCutout    *cutout;
  const AlmuImageInfo *info;
  Plan                 plan;
  GArray              *beams;
  GByteArray          *header;
  gboolean             has_matrix;
  gboolean             has_increment[ALMU_LIMIT_AXES + 1];
  gboolean             has_reference[ALMU_LIMIT_AXES + 1];
} Copying;

/* @n_used records, the first under another name. */
static void
copy_records (Copying    *self,
              const char *records,
              gsize       n_used,
              const char *name)
{
  for (gsize k = 0; k < n_used; k++)
    {
      char record[ALMU_RECORD_BYTES + 1] = "";

      memcpy (record, records + k * ALMU_RECORD_BYTES, ALMU_RECORD_BYTES);
      if (name != NULL && k == 0)
        {
          memset (record, ' ', NAME_BYTES);
          memcpy (record, name, strlen (name));
        }

      /* what is not text in the original is not in the copy */
      for (gsize c = 0; c < ALMU_RECORD_BYTES; c++)
        if (!g_ascii_isprint (record[c]))
          record[c] = ' ';

      g_byte_array_append (self->header, (const guint8 *) record, ALMU_RECORD_BYTES);
    }
}

static void
note_keyword (Copying       *self,
              const Keyword *keyword)
{
  if (keyword->alternative != '\0' || keyword->i > self->plan.n_file_axes)
    return;

  self->has_matrix |= keyword->change == scale_column;
  self->has_increment[keyword->i] |= keyword->change == scale_increment;
  self->has_reference[keyword->i] |= keyword->change == shift_reference;
}

static void
copy_axis_card (Copying        *self,
                const char     *records,
                gsize           n_used,
                const AlmuCard *card,
                const Keyword  *keyword)
{
  char     name[NAME_BYTES + 1];
  gboolean is_of_file = keyword->i <= self->plan.n_file_axes &&
                        (keyword->form != FORM_MATRIX || keyword->j <= self->plan.n_file_axes);
  double number;

  note_keyword (self, keyword);
  if (!rename_keyword (&self->plan, keyword, name))
    return;

  if (keyword->change == NULL || card->type == ALMU_CARD_STRING || !is_of_file)
    {
      copy_records (self, records, n_used, name);
      return;
    }

  number = keyword->change (&self->plan, keyword->i, keyword->j, card->number);
  if (number == card->number)
    copy_records (self, records, n_used, name);
  else
    almu_put_real (self->header, name, number, card->comment);
}

static gboolean
is_beam_card (const char *record)
{
  return almu_record_is (record, "BMAJ") || almu_record_is (record, "BMIN") ||
         almu_record_is (record, "BPA") || almu_record_is (record, "CASAMBM");
}

/* Cards that are neither left out nor an axis's, but not the same either.
 * Returns whether it was one. */
static gboolean
change_card (Copying        *self,
             const char     *record,
             const AlmuCard *card)
{
  if (almu_record_is (record, "WCSAXES"))
    {
      almu_put_int (self->header, "WCSAXES", (gint64) card->number - self->plan.n_dropped, card->comment);
      return TRUE;
    }

  if (almu_record_is (record, "RESTFRQ") || almu_record_is (record, "RESTFREQ"))
    {
      if (!(self->plan.rest_frequency > 0))
        return FALSE;
      almu_put_real (self->header, card->name, self->plan.rest_frequency, card->comment);
      return TRUE;
    }

  return self->info->beams->len > 1 && is_beam_card (record);
}

/* Returns how many records were dealt with. */
static gsize
copy_card (Copying    *self,
           const char *records,
           gsize       n_records)
{
  g_autoptr(AlmuCard) card = NULL;
  Keyword keyword;
  gsize   n_used;

  card = almu_card_new_for_records (records, n_records, &n_used);
  while (n_used < n_records && almu_record_is (records + n_used * ALMU_RECORD_BYTES, "CONTINUE"))
    n_used++;

  if (is_left_out (records) || change_card (self, records, card))
    return n_used;

  if (records[NAME_BYTES] == '=' && parse_keyword (records, &keyword))
    copy_axis_card (self, records, n_used, card, &keyword);
  else
    copy_records (self, records, n_used, NULL);

  return n_used;
}

static void
put_shape (Copying *self)
{
  almu_put_card (self->header, "SIMPLE", "T", "conforms to FITS standard");
  almu_put_int (self->header, "BITPIX", -32, "array data type");
  almu_put_int (self->header, "NAXIS", self->plan.n_axes, "number of array dimensions");

  for (int to = 1; to <= self->plan.n_axes; to++)
    for (int i = 1; i <= self->plan.n_file_axes; i++)
      if (self->plan.axis[i].to == to)
        {
          g_autofree char *name = g_strdup_printf ("NAXIS%d", to);

          almu_put_int (self->header, name, self->plan.axis[i].length, NULL);
        }

  if (self->beams->len > 1 || almu_cutout_has_tables (self->info))
    almu_put_card (self->header, "EXTEND", "T", NULL);
}

/* Where a card is missing, its default has to be corrected like a value. */
static void
put_defaults (Copying *self)
{
  for (int i = 1; i <= self->plan.n_file_axes; i++)
    {
      const AlmuCutoutAxis *axis = &self->plan.axis[i];
      g_autofree char      *increment = g_strdup_printf ("CDELT%d", axis->to);
      g_autofree char      *reference = g_strdup_printf ("CRPIX%d", axis->to);

      if (axis->to == 0)
        continue;
      if (axis->stride > 1 && !self->has_increment[i] && !self->has_matrix)
        almu_put_real (self->header, increment, axis->stride, NULL);
      if ((axis->first > 0 || axis->stride > 1) && !self->has_reference[i])
        almu_put_real (self->header, reference, shift_reference (&self->plan, i, 0, 0), NULL);
    }
}

static void
put_rest_frequency (Copying *self)
{
  if (self->plan.rest_frequency > 0 &&
      almu_header_lookup (self->info->header, "RESTFRQ") == NULL &&
      almu_header_lookup (self->info->header, "RESTFREQ") == NULL)
    almu_put_real (self->header, "RESTFRQ", self->plan.rest_frequency, "Rest frequency (Hz)");
}

/* Of an image with one beam for each plane; a single one is a card and has
 * been copied. */
static void
put_beams (Copying *self)
{
  const AlmuBeam *beam;

  if (self->info->beams->len < 2 || self->beams->len == 0)
    return;

  if (self->beams->len > 1)
    {
      almu_put_card (self->header, "CASAMBM", "T", "CASA multiple beams");
      return;
    }

  beam = &g_array_index (self->beams, AlmuBeam, 0);
  almu_put_real (self->header, "BMAJ", beam->major / 3600, "degrees");
  almu_put_real (self->header, "BMIN", beam->minor / 3600, "degrees");
  almu_put_real (self->header, "BPA", beam->angle, "degrees");
}

/**
 * almu_cutout_header_new:
 * @cutout: what is cut out
 * @info: of the image
 * @axes: room for %ALMU_LIMIT_AXES + 1, by number in the file: what becomes of each
 *
 * Copies the cards of the image, and corrects those that the cut changes. Reads
 * nothing.
 *
 * Returns: (transfer full): whole blocks of 2880 bytes, END included
 */
GByteArray *
almu_cutout_header_new (const AlmuCutout    *cutout,
                        const AlmuImageInfo *info,
                        AlmuCutoutAxis      *axes)
{
  g_autoptr(GArray) beams = almu_cutout_dup_beams (cutout, info);
  Copying self = {
    .cutout = cutout,
    .info = info,
    .beams = beams,
    .header = g_byte_array_new (),
  };
  gsize       n_bytes = 0;
  const char *records = info->records != NULL ? g_bytes_get_data (info->records, &n_bytes) : NULL;
  gsize       n_records = n_bytes / ALMU_RECORD_BYTES;

  plan_axes (&self.plan, cutout, info);
  plan_velocities (&self.plan, cutout, info);

  put_shape (&self);
  for (gsize i = 0; i < n_records;)
    i += copy_card (&self, records + i * ALMU_RECORD_BYTES, n_records - i);
  put_defaults (&self);
  put_rest_frequency (&self);
  put_beams (&self);
  almu_put_end (self.header);
  memcpy (axes, self.plan.axis, sizeof self.plan.axis);

  return self.header;
}
