/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-header-page.h"

#include <string.h>

#include "almu-card.h"

/* The page makes its coordinate system from these cards alone. It looks
 * names up as parts of names and takes the first that fits, knows
 * frequencies only as RESTFRQ, and no velocity axis with its frame in the
 * name. What it would misread is put right here.
 */

/* Frames that AIPS writes behind the type of a velocity axis. */
static const struct
{
  const char *suffix;
  const char *frame;
} frames[] = {
  { "LSR", "LSRK" },
  { "LSRK", "LSRK" },
  { "LSRD", "LSRD" },
  { "LSD", "LSRD" },
  { "HEL", "BARYCENT" },
  { "OBS", "TOPOCENT" },
  { "TOP", "TOPOCENT" },
  { "GEO", "GEOCENTR" },
  { "BAR", "BARYCENT" },
  { "GAL", "GALACTOC" },
  { "SOU", "SOURCE" },
};

static const char *const axis_names[] = { "NAXIS", "CTYPE", "CRPIX", "CRVAL", "CDELT", "CUNIT", "CROTA" };
static const char *const other_names[] = { "BITPIX", "BUNIT", "SPECSYS", "RADESYS", "RESTFRQ", "EQUINOX" };

#define N_LOOKED_UP_AXES 4

static AlmuCard *
find (GPtrArray  *cards,
      const char *name)
{
  for (guint i = 0; i < cards->len; i++)
    {
      AlmuCard *card = g_ptr_array_index (cards, i);

      if (g_str_equal (card->name, name))
        return card;
    }

  return NULL;
}

static const char *
find_frame (const char *suffix)
{
  for (gsize i = 0; i < G_N_ELEMENTS (frames); i++)
    if (g_ascii_strcasecmp (suffix, frames[i].suffix) == 0)
      return frames[i].frame;

  return NULL;
}

static gboolean
is_axis_type (const char *name)
{
  return g_str_has_prefix (name, "CTYPE") && g_ascii_isdigit (name[5]) &&
         (name[6] == '\0' || (g_ascii_isdigit (name[6]) && name[7] == '\0'));
}

static void
adapt_velocity (GPtrArray *cards)
{
  for (guint i = 0; i < cards->len; i++)
    {
      AlmuCard   *card = g_ptr_array_index (cards, i);
      const char *frame;

      if (!is_axis_type (card->name) || !g_str_has_prefix (card->value, "VELO-"))
        continue;

      frame = find_frame (card->value + strspn (card->value + 4, "-") + 4);
      if (frame == NULL)
        continue; /* VELO-F2V and the like are algorithms */

      card->value[4] = '\0';
      if (find (cards, "SPECSYS") == NULL)
        g_ptr_array_add (cards, almu_card_new (ALMU_CARD_STRING, "SPECSYS", frame, 0.0,
                                               "separated from VELO CTYPE"));
      return;
    }
}

static void
adapt_rest_frequency (GPtrArray *cards)
{
  AlmuCard *card = find (cards, "RESTFREQ");

  if (card != NULL && find (cards, "RESTFRQ") == NULL)
    g_ptr_array_add (cards, almu_card_new (card->type, "RESTFRQ", card->value, card->number,
                                           "from RESTFREQ"));
}

/* Polarisations are recognised by this very word. */
static void
adapt_stokes (GPtrArray *cards)
{
  for (guint i = 0; i < cards->len; i++)
    {
      AlmuCard *card = g_ptr_array_index (cards, i);

      if (is_axis_type (card->name) && g_ascii_strcasecmp (card->value, "STOKES") == 0)
        memcpy (card->value, "STOKES", 6);
    }
}

/* -- order -------------------------------------------------------------- */

static gboolean
may_hide (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (axis_names); i++)
    if (strstr (name, axis_names[i]) != NULL)
      return TRUE;

  for (gsize i = 0; i < G_N_ELEMENTS (other_names); i++)
    if (strstr (name, other_names[i]) != NULL)
      return TRUE;

  return FALSE;
}

/* Whether @name would be found first by who looks for @looked_up, which
 * comes at @at or later. */
static gboolean
hides (const char *name,
       guint       index,
       const char *looked_up,
       GHashTable *places)
{
  gpointer place;

  return strstr (name, looked_up) != NULL && !g_str_equal (name, looked_up) &&
         g_hash_table_lookup_extended (places, looked_up, NULL, &place) &&
         index < GPOINTER_TO_UINT (place);
}

static gboolean
hides_any (const char *name,
           guint       index,
           GHashTable *places)
{
  for (gsize i = 0; i < G_N_ELEMENTS (other_names); i++)
    if (hides (name, index, other_names[i], places))
      return TRUE;

  for (gsize i = 0; i < G_N_ELEMENTS (axis_names); i++)
    for (int axis = 1; axis <= N_LOOKED_UP_AXES; axis++)
      {
        char looked_up[16];

        g_snprintf (looked_up, sizeof looked_up, "%s%d", axis_names[i], axis);
        if (hides (name, index, looked_up, places))
          return TRUE;
      }

  return FALSE;
}

static GHashTable *
find_places (GPtrArray *cards)
{
  GHashTable *places = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < cards->len; i++)
    {
      AlmuCard *card = g_ptr_array_index (cards, i);

      if (!almu_card_is_commentary (card) && !g_hash_table_contains (places, card->name))
        g_hash_table_insert (places, card->name, GUINT_TO_POINTER (i));
    }

  return places;
}

/* Cards that would be taken for one that follows go to the end: those of
 * alternate coordinate systems, and comments about keywords. */
static void
adapt_order (GPtrArray *cards)
{
  g_autoptr(GHashTable) places = NULL;
  g_autoptr(GPtrArray) moved = g_ptr_array_new ();
  guint n_kept = 0;

  places = find_places (cards);

  for (guint i = 0; i < cards->len; i++)
    {
      AlmuCard *card = g_ptr_array_index (cards, i);

      if (strlen (card->name) > 5 && may_hide (card->name) && hides_any (card->name, i, places))
        g_ptr_array_add (moved, card);
      else
        cards->pdata[n_kept++] = card;
    }

  for (guint i = 0; i < moved->len; i++)
    cards->pdata[n_kept++] = moved->pdata[i];
}

/**
 * almu_header_page_adapt:
 * @cards: (element-type AlmuCard): in file order
 *
 * Changes, adds and moves cards so that the page reads what the file says.
 */
void
almu_header_page_adapt (GPtrArray *cards)
{
  adapt_stokes (cards);
  adapt_velocity (cards);
  adapt_rest_frequency (cards);
  adapt_order (cards);
}
