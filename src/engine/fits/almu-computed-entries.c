/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-computed-entries.h"

#include <math.h>
#include <string.h>

#include "almu-axes.h"
#include "almu-beam.h"
#include "almu-card.h"
#include "almu-sky-range.h"

#define ARCSEC_PER_DEGREE 3600.0

typedef struct
{
  const AlmuImageInfo *info;
  AlmuWcs             *wcs; /* NULL where there is none */
  AlmuHeader          *entries;
  int                  axes[2]; /* those that coordinates are told for */
} Work;

static void
add (Work       *work,
     const char *name,
     const char *value)
{
  almu_header_append (work->entries, ALMU_CARD_STRING, name, value, 0.0, NULL);
}

static void
add_pair (Work       *work,
          const char *name,
          const char *first,
          const char *second)
{
  g_autofree char *value = g_strdup_printf ("[%s, %s]", first, second);

  add (work, name, value);
}

static void
add_int (Work       *work,
         const char *name,
         int         number)
{
  g_autofree char *value = g_strdup_printf ("%d", number);

  almu_header_append (work->entries, ALMU_CARD_INT, name, value, number, NULL);
}

static char *
format_general (double number,
                int    n_digits)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  char format[16];

  g_snprintf (format, sizeof format, "%%.%dg", n_digits);

  return g_strdup (g_ascii_formatd (text, sizeof text, format, number));
}

static char *
format_fixed (double number,
              int    n_decimals)
{
  char text[512]; /* 1e308 has that many digits */
  char format[16];

  g_snprintf (format, sizeof format, "%%.%df", n_decimals);

  return g_strdup (g_ascii_formatd (text, sizeof text, format, number));
}

/* -- angles ------------------------------------------------------------- */

/**
 * almu_format_hours:
 * @degrees: any number
 *
 * A right ascension as "HH:MM:SS.ssss".
 *
 * Returns: (transfer full): the text, within one turn; "NaN" for what is not finite
 */
char *
almu_format_hours (double degrees)
{
  const gint64 day = 24 * 3600 * G_GINT64_CONSTANT (10000);
  double       turned = fmod (degrees, 360.0);
  gint64       units;

  if (!isfinite (degrees))
    return g_strdup ("NaN");

  if (turned < 0)
    turned += 360.0;
  units = llround (turned / 15.0 * 3600.0 * 10000.0) % day;

  return g_strdup_printf ("%02d:%02d:%02d.%04d",
                          (int) (units / 36000000), (int) (units / 600000 % 60),
                          (int) (units / 10000 % 60), (int) (units % 10000));
}

/**
 * almu_format_degrees:
 * @degrees: any number
 *
 * An angle as "±DDD.MM.SS.sss".
 *
 * Returns: (transfer full): the text; "NaN" for what is not finite
 */
char *
almu_format_degrees (double degrees)
{
  gint64 units;

  if (!isfinite (degrees))
    return g_strdup ("NaN");

  units = llround (fabs (fmod (degrees, 1000.0)) * 3600.0 * 1000.0);

  return g_strdup_printf ("%c%03d.%02d.%02d.%03d", degrees < 0 && units > 0 ? '-' : '+',
                          (int) (units / 3600000), (int) (units / 60000 % 60),
                          (int) (units / 1000 % 60), (int) (units % 1000));
}

static char *
format_longitude (Work  *work,
                  double degrees)
{
  g_autofree char *type = almu_axes_dup_type (work->info->header, work->axes[0]);

  /* the whole circle ends where it began */
  if (type != NULL && g_ascii_strcasecmp (type, "RA") == 0)
    return degrees == 360.0 ? g_strdup ("24:00:00.0000") : almu_format_hours (degrees);

  return almu_format_degrees (degrees < 0 ? degrees + 360.0 : degrees);
}

/* Degrees in one unit of the axis, 0 where it is no angle. */
static double
get_degrees_per_unit (Work *work,
                      int   axis)
{
  static const struct
  {
    const char *name;
    double      degrees;
  } units[] = {
    { "deg", 1.0 },
    { "degree", 1.0 },
    { "degrees", 1.0 },
    { "arcmin", 1.0 / 60.0 },
    { "arcsec", 1.0 / ARCSEC_PER_DEGREE },
    { "mas", 1.0 / ARCSEC_PER_DEGREE / 1000.0 },
    { "rad", 180.0 / G_PI },
    { "radian", 180.0 / G_PI },
  };
  const char  *unit = almu_axes_get_text (work->info->header, "CUNIT", axis);
  AlmuAxisKind kind = almu_axes_get_kind (work->info->header, axis);

  if (unit == NULL || *unit == '\0')
    return kind == ALMU_AXIS_LONGITUDE || kind == ALMU_AXIS_LATITUDE ? 1.0 : 0.0;
  for (gsize i = 0; i < G_N_ELEMENTS (units); i++)
    if (g_ascii_strcasecmp (unit, units[i].name) == 0)
      return units[i].degrees;

  return 0.0;
}

static char *
format_quantity (Work  *work,
                 int    axis,
                 double number)
{
  g_autofree char *text = format_general (number, 6);
  const char      *unit = almu_axes_get_text (work->info->header, "CUNIT", axis);

  if (unit == NULL || *unit == '\0')
    return g_steal_pointer (&text);

  return g_strdup_printf ("%s %s", text, unit);
}

/* -- the array ---------------------------------------------------------- */

static const char *
get_type_name (int bitpix)
{
  switch (bitpix)
    {
    case 8:
      return "uChar";
    case 16:
      return "Short";
    case 32:
      return "Int";
    case 64:
      return "Int64";
    case -64:
      return "double";
    default:
      return "float";
    }
}

/* What integers become after BSCALE and BZERO; NULL for no change. FITS has
 * no unsigned integers but writes them with a zero of half the range. */
static const char *
get_scaled_type_name (const AlmuImageInfo *info)
{
  if (info->bitpix < 0 || (info->scale == 1.0 && info->zero == 0.0))
    return NULL;

  if (info->scale == 1.0 && info->bitpix == 8 && info->zero == -128.0)
    return "Char";
  if (info->scale == 1.0 && info->bitpix == 16 && info->zero == 32768.0)
    return "uShort";
  if (info->scale == 1.0 && info->bitpix == 32 && info->zero == 2147483648.0)
    return "uInt";
  if (info->scale == 1.0 && info->bitpix == 64 && info->zero == 9223372036854775808.0)
    return "uInt64";

  return info->bitpix <= 16 ? "float" : "double";
}

static void
add_data_type (Work *work)
{
  const char      *stored = get_type_name (work->info->bitpix);
  const char      *scaled = get_scaled_type_name (work->info);
  g_autofree char *value = NULL;

  if (scaled == NULL)
    value = g_strdup (stored);
  else
    value = g_strdup_printf ("%s (rescaled to %s)", stored, scaled);

  add (work, "Data type", value);
}

static void
add_shape (Work *work)
{
  const AlmuImageInfo *info = work->info;
  g_autoptr(GString) lengths = g_string_new ("[");
  g_autoptr(GString) types = g_string_new ("(");

  for (int i = 0; i < info->n_axes; i++)
    {
      g_autofree char *type = almu_axes_dup_type (info->header, i + 1);
      const char      *shown = i + 1 == info->axes.stokes ? "STOKES" : "NA";

      g_string_append_printf (lengths, "%s%" G_GINT64_FORMAT, i > 0 ? ", " : "", info->shape[i]);
      g_string_append_printf (types, "%s%s", i > 0 ? ", " : "", type != NULL ? type : shown);
    }

  g_string_append_printf (lengths, "] %s)", types->str);
  add (work, "Shape", lengths->str);

  if (info->axes.spectral > 0)
    add_int (work, "Number of channels", info->shape[info->axes.spectral - 1]);
  if (info->axes.stokes > 0)
    add_int (work, "Number of polarizations", info->n_stokes);
}

static void
add_hidden_axes (Work *work)
{
  const AlmuImageInfo *info = work->info;

  for (int axis = 1; axis <= info->n_axes; axis++)
    {
      g_autofree char *name = NULL;
      g_autofree char *value = NULL;

      if (info->shape[axis - 1] == 1 || axis == info->axes.render[0] || axis == info->axes.render[1] ||
          axis == info->axes.depth || axis == info->axes.stokes)
        continue;

      name = g_strdup_printf ("Axis %d", axis);
      value = g_strdup_printf ("first of %" G_GINT64_FORMAT " elements shown", info->shape[axis - 1]);
      add (work, name, value);
    }
}

/* -- reference point ---------------------------------------------------- */

static const char *
get_long_name (const char *type)
{
  static const struct
  {
    const char *type;
    const char *name;
  } names[] = {
    { "RA", "Right Ascension" },
    { "DEC", "Declination" },
    { "GLON", "Longitude" },
    { "GLAT", "Latitude" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_ascii_strcasecmp (type, names[i].type) == 0)
      return names[i].name;

  return type;
}

static void
add_coordinate_type (Work *work)
{
  g_autofree char *first = almu_axes_dup_type (work->info->header, work->axes[0]);
  g_autofree char *second = almu_axes_dup_type (work->info->header, work->axes[1]);
  g_autofree char *value = NULL;
  const char      *projection;

  if (first == NULL || second == NULL)
    return;

  value = g_strdup_printf ("%s, %s", get_long_name (first), get_long_name (second));
  add (work, "Coordinate type", value);

  projection = almu_axes_get_text (work->info->header, "CTYPE", work->axes[0]);
  projection += strcspn (projection, "-");
  projection += strspn (projection, "-");
  if (*projection != '\0')
    add (work, "Projection", projection);
}

static void
add_reference_pixels (Work *work)
{
  double           pixels[2];
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;

  for (int i = 0; i < 2; i++)
    if (!almu_axes_get_number (work->info->header, "CRPIX", work->axes[i], &pixels[i]))
      return;

  first = almu_format_number (pixels[0]);
  second = almu_format_number (pixels[1]);
  add_pair (work, "Image reference pixels", first, second);
}

static char *
format_reference (Work  *work,
                  int    i,
                  double number)
{
  int    axis = work->axes[i];
  double degrees = number * get_degrees_per_unit (work, axis);

  /* an angle in a unit that is none */
  if (get_degrees_per_unit (work, axis) == 0.0)
    return format_quantity (work, axis, number);

  switch (almu_axes_get_kind (work->info->header, axis))
    {
    case ALMU_AXIS_LONGITUDE:
      return i == 0 ? format_longitude (work, degrees) : almu_format_degrees (degrees);
    case ALMU_AXIS_LATITUDE:
      return almu_format_degrees (degrees);
    default:
      return format_quantity (work, axis, number);
    }
}

static char *
format_in_degrees (Work  *work,
                   int    axis,
                   double number)
{
  double           factor = get_degrees_per_unit (work, axis);
  g_autofree char *text = NULL;

  if (factor == 0.0)
    return format_quantity (work, axis, number);

  text = format_general (number * factor, 10);

  return g_strdup_printf ("%s deg", text);
}

static void
add_reference_coords (Work *work)
{
  double           numbers[2];
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autofree char *first_degrees = NULL;
  g_autofree char *second_degrees = NULL;

  for (int i = 0; i < 2; i++)
    if (!almu_axes_get_number (work->info->header, "CRVAL", work->axes[i], &numbers[i]))
      return;

  first = format_reference (work, 0, numbers[0]);
  second = format_reference (work, 1, numbers[1]);
  add_pair (work, "Image reference coords", first, second);

  if (get_degrees_per_unit (work, work->axes[0]) == 0.0 &&
      get_degrees_per_unit (work, work->axes[1]) == 0.0)
    return;

  first_degrees = format_in_degrees (work, work->axes[0], numbers[0]);
  second_degrees = format_in_degrees (work, work->axes[1], numbers[1]);
  add_pair (work, "Image ref coords (deg)", first_degrees, second_degrees);
}

static char *
format_increment (Work  *work,
                  int    axis,
                  double number)
{
  double           factor = get_degrees_per_unit (work, axis);
  g_autofree char *text = NULL;

  if (factor == 0.0)
    return format_quantity (work, axis, number);

  text = format_general (number * factor * ARCSEC_PER_DEGREE, 6);

  return g_strdup_printf ("%s\"", text);
}

/* Whether CDELTn is all there is, or a matrix beside it may hold a part of
 * the scale, or all of it. */
static gboolean
has_matrix (Work *work)
{
  for (int i = 0; i < 4; i++)
    {
      int  a = work->axes[i / 2];
      int  b = work->axes[i % 2];
      char names[3][32];

      g_snprintf (names[0], sizeof names[0], "CD%d_%d", a, b);
      g_snprintf (names[1], sizeof names[1], "PC%d_%d", a, b);
      g_snprintf (names[2], sizeof names[2], "PC%03d%03d", a, b);
      for (gsize k = 0; k < G_N_ELEMENTS (names); k++)
        if (almu_header_lookup (work->info->header, names[k]) != NULL)
          return TRUE;
    }

  return FALSE;
}

static gboolean
get_sky_increments (Work   *work,
                    double *increments)
{
  int longitude, latitude;

  if (work->wcs == NULL || !almu_wcs_get_sky_axes (work->wcs, &longitude, &latitude) ||
      longitude != work->axes[0] || latitude != work->axes[1])
    return FALSE;

  almu_wcs_get_increments (work->wcs, increments);
  for (int i = 0; i < 2; i++)
    increments[i] /= get_degrees_per_unit (work, work->axes[i]);

  return isfinite (increments[0]) && isfinite (increments[1]);
}

static gboolean
get_increments (Work   *work,
                double *increments)
{
  AlmuHeader *header = work->info->header;

  if (has_matrix (work) && get_sky_increments (work, increments))
    return TRUE;

  if (almu_header_lookup (header, "CD1_1") == NULL &&
      almu_axes_get_number (header, "CDELT", work->axes[0], &increments[0]) &&
      almu_axes_get_number (header, "CDELT", work->axes[1], &increments[1]))
    return TRUE;

  return get_sky_increments (work, increments);
}

static void
add_increments (Work *work)
{
  double           increments[2];
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autofree char *value = NULL;

  if (!get_increments (work, increments))
    return;

  first = format_increment (work, work->axes[0], increments[0]);
  second = format_increment (work, work->axes[1], increments[1]);
  value = g_strdup_printf ("%s, %s", first, second);
  add (work, "Pixel increment", value);
}

/* -- frames ------------------------------------------------------------- */

static gboolean
get_equinox (AlmuHeader *header,
             double     *out_equinox)
{
  return almu_header_get_number (header, "EQUINOX", out_equinox) ||
         almu_header_get_number (header, "TELEQUIN", out_equinox) ||
         almu_header_get_number (header, "EPOCH", out_equinox);
}

static char *
format_equinox (const char *frame,
                char        letter,
                double      equinox)
{
  g_autofree char *text = almu_format_number (equinox);

  return g_strdup_printf ("%s, %c%s", frame, letter, text);
}

/* RADESYS decides; an equinox has no meaning for ICRS and only stands in
 * where the system is not named. */
static char *
dup_equatorial_frame (AlmuHeader *header)
{
  const char *system = almu_header_get_text (header, "RADESYS");
  double      equinox = 0.0;
  gboolean    has_equinox = get_equinox (header, &equinox);

  if (system == NULL || *system == '\0')
    system = almu_header_get_text (header, "RADECSYS");

  if (system != NULL && *system != '\0' &&
      g_ascii_strncasecmp (system, "FK4", 3) != 0 && g_ascii_strcasecmp (system, "FK5") != 0)
    return g_strdup (system);

  if (system != NULL && *system != '\0')
    return g_ascii_toupper (system[2]) == '5'
             ? format_equinox ("FK5", 'J', has_equinox ? equinox : 2000.0)
             : format_equinox ("FK4", 'B', has_equinox ? equinox : 1950.0);

  if (!has_equinox)
    return NULL;

  return equinox >= 1984.0 ? format_equinox ("FK5", 'J', equinox) : format_equinox ("FK4", 'B', equinox);
}

static char *
dup_celestial_frame (Work *work)
{
  g_autofree char *type = almu_axes_dup_type (work->info->header, work->axes[0]);

  if (type == NULL || almu_axes_get_kind (work->info->header, work->axes[0]) != ALMU_AXIS_LONGITUDE)
    return NULL;

  if (g_ascii_strcasecmp (type, "GLON") == 0)
    return g_strdup ("GALACTIC");
  if (g_ascii_strcasecmp (type, "SLON") == 0)
    return g_strdup ("SUPERGALACTIC");
  if (g_ascii_strcasecmp (type, "ELON") == 0)
    return g_strdup ("ECLIPTIC");
  if (g_ascii_strcasecmp (type, "RA") == 0)
    return dup_equatorial_frame (work->info->header);

  return NULL;
}

static const char *
get_velocity_definition (double velref)
{
  if (velref > 256)
    return "RADIO";

  return velref >= 1 ? "OPTICAL" : "UNKNOWN";
}

static void
add_frames (Work *work)
{
  AlmuHeader      *header = work->info->header;
  g_autofree char *celestial = dup_celestial_frame (work);
  const char      *spectral = almu_header_get_text (header, "SPECSYS");
  double           velref;

  if (*work->info->unit != '\0')
    add (work, "Pixel unit", work->info->unit);
  if (celestial != NULL)
    add (work, "Celestial frame", celestial);
  if (spectral != NULL && *spectral != '\0')
    add (work, "Spectral frame", spectral);
  if (almu_header_get_number (header, "VELREF", &velref))
    add (work, "Velocity definition", get_velocity_definition (velref));
}

static void
add_beam (Work    *work,
          gboolean is_from_history)
{
  const AlmuBeam  *beam = almu_beam_find_median (work->info->beams);
  g_autofree char *major = NULL;
  g_autofree char *minor = NULL;
  g_autofree char *angle = NULL;
  g_autofree char *value = NULL;

  if (beam == NULL)
    return;

  major = format_general (beam->major, 6);
  minor = format_general (beam->minor, 6);
  angle = format_general (beam->angle, 6);
  value = g_strdup_printf ("%s\" X %s\", %s deg%s", major, minor, angle,
                           is_from_history ? " (extracted from HISTORY)" : "");
  add (work, work->info->beams->len > 1 ? "Median area beam" : "Restoring beam", value);
}

/* -- ranges ------------------------------------------------------------- */

static void
add_sky_ranges (Work *work)
{
  const AlmuImageInfo *info = work->info;
  g_autofree char     *type = almu_axes_dup_type (info->header, work->axes[0]);
  gboolean             is_equatorial = type != NULL && g_ascii_strcasecmp (type, "RA") == 0;
  int                  longitude, latitude;
  AlmuSkyRange         range;
  g_autofree char     *west = NULL;
  g_autofree char     *east = NULL;
  g_autofree char     *south = NULL;
  g_autofree char     *north = NULL;

  if (work->wcs == NULL || !almu_wcs_get_sky_axes (work->wcs, &longitude, &latitude) ||
      longitude != work->axes[0] || latitude != work->axes[1] ||
      !almu_sky_range_find (work->wcs, info->shape[longitude - 1], info->shape[latitude - 1], &range))
    return;

  west = format_longitude (work, range.longitude[0]);
  east = format_longitude (work, range.longitude[1]);
  south = almu_format_degrees (range.latitude[0]);
  north = almu_format_degrees (range.latitude[1]);
  add_pair (work, is_equatorial ? "RA range" : "LON range", west, east);
  add_pair (work, is_equatorial ? "DEC range" : "LAT range", south, north);
}

static void
add_spectral_range (Work       *work,
                    const char *name,
                    double      first,
                    double      last,
                    gboolean    is_one,
                    const char *unit)
{
  g_autofree char *first_text = format_fixed (first, 4);
  g_autofree char *last_text = format_fixed (last, 4);
  g_autofree char *full_name = g_strconcat (name, is_one ? "" : " range", NULL);
  g_autofree char *value = NULL;

  if (is_one)
    value = g_strdup_printf ("%s (%s)", first_text, unit);
  else
    value = g_strdup_printf ("[%s, %s] (%s)", first_text, last_text, unit);

  add (work, full_name, value);
}

static void
add_spectral_ranges (Work *work)
{
  int               axis = work->info->axes.spectral;
  gint64            n_channels = axis > 0 ? work->info->shape[axis - 1] : 0;
  AlmuSpectralPoint first, last;

  if (work->wcs == NULL || axis == 0 || almu_wcs_get_spectral_axis (work->wcs) != axis ||
      !almu_wcs_to_spectral (work->wcs, 1, &first) ||
      !almu_wcs_to_spectral (work->wcs, n_channels, &last))
    return;

  if (first.has_frequency && last.has_frequency)
    add_spectral_range (work, "Frequency", first.frequency / 1e9, last.frequency / 1e9,
                        n_channels == 1, "GHz");
  if (first.has_velocity && last.has_velocity)
    add_spectral_range (work, "Velocity", first.velocity / 1e3, last.velocity / 1e3,
                        n_channels == 1, "km/s");
}

static const char *
get_stokes_name (int code)
{
  static const char *const positive[] = { "I", "Q", "U", "V" };
  static const char *const negative[] = { "RR", "LL", "RL", "LR", "XX", "YY", "XY", "YX" };

  if (code >= 1 && code <= 4)
    return positive[code - 1];
  if (code <= -1 && code >= -8)
    return negative[-code - 1];

  return NULL;
}

static void
add_stokes_coverage (Work *work)
{
  g_autoptr(GString) value = g_string_new ("[");

  for (int i = 0; i < work->info->n_stokes && work->info->stokes_codes != NULL; i++)
    {
      const char *name = get_stokes_name (work->info->stokes_codes[i]);

      if (name != NULL)
        g_string_append_printf (value, "%s%s", value->len > 1 ? ", " : "", name);
    }

  if (value->len == 1)
    return;

  g_string_append_c (value, ']');
  add (work, "Stokes coverage", value->str);
}

/**
 * almu_computed_entries_new:
 * @info: complete but for its computed entries
 * @wcs: (nullable): coordinates; without them the entries that need them
 *   are left out
 * @name: of the file
 * @beam_is_from_history: whether its beam is, which is said then
 *
 * What a reader works out from the header, in the order the page expects.
 *
 * Returns: (transfer full): the entries
 */
AlmuHeader *
almu_computed_entries_new (const AlmuImageInfo *info,
                           AlmuWcs             *wcs,
                           const char          *name,
                           gboolean             beam_is_from_history)
{
  g_autofree char *base = g_path_get_basename (name);
  Work             work = { info, wcs, almu_header_new (), { info->axes.spatial[0], info->axes.spatial[1] } };

  if (work.axes[0] == 0 || work.axes[1] == 0)
    memcpy (work.axes, info->axes.render, sizeof work.axes);

  add (&work, "Name", base);
  add (&work, "HDU", info->hdu);
  if (info->extension != NULL)
    add (&work, "Extension name", info->extension);
  add_data_type (&work);
  add_shape (&work);
  add_coordinate_type (&work);
  add_reference_pixels (&work);
  add_reference_coords (&work);
  add_increments (&work);
  add_frames (&work);
  add_beam (&work, beam_is_from_history);
  add_sky_ranges (&work);
  add_spectral_ranges (&work);
  add_stokes_coverage (&work);
  if ((info->features & ALMU_FEATURE_MIPS) != 0)
    add (&work, "Has mipmaps", "T");
  add_hidden_axes (&work);

  return work.entries;
}
