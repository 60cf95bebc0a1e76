/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-header.h"

#include <string.h>

#include "almu-card.h"
#include "almu-header-page.h"

struct _AlmuHeader
{
  gatomicrefcount ref_count;
  GPtrArray      *cards;
  GHashTable     *index; /* name → first card of that name, borrowed */
};

/**
 * almu_header_new:
 *
 * A header to which cards are added by almu_header_append().
 *
 * Returns: (transfer full): a header without cards
 */
AlmuHeader *
almu_header_new (void)
{
  AlmuHeader *self = g_new0 (AlmuHeader, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->cards = g_ptr_array_new_with_free_func ((GDestroyNotify) almu_card_free);
  self->index = g_hash_table_new (g_str_hash, g_str_equal);

  return self;
}

/**
 * almu_header_ref:
 *
 * Any thread.
 *
 * Returns: (transfer full): @self
 */
AlmuHeader *
almu_header_ref (AlmuHeader *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);

  return self;
}

/**
 * almu_header_unref:
 * @self: (nullable) (transfer full): a header
 *
 * Frees the header with the last reference. Any thread.
 */
void
almu_header_unref (AlmuHeader *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_hash_table_unref (self->index);
  g_ptr_array_unref (self->cards);
  g_free (self);
}

static void
add_to_index (AlmuHeader *self,
              AlmuCard   *card)
{
  if (!almu_card_is_commentary (card) && !g_hash_table_contains (self->index, card->name))
    g_hash_table_insert (self->index, card->name, card);
}

static gboolean
is_blank (const char *record)
{
  for (int i = 0; i < ALMU_RECORD_BYTES; i++)
    if (record[i] != ' ' && record[i] != '\0')
      return FALSE;

  return TRUE;
}

/**
 * almu_header_new_for_records:
 * @records: records of 80 bytes, without END
 * @n_records: how many
 *
 * Reads a header for people and the page: long strings in one piece, text
 * in UTF-8, numbers as plain numerals, units tidied, and what the page
 * would misread put right. Blank cards are left out.
 *
 * Returns: (transfer full): the header
 */
AlmuHeader *
almu_header_new_for_records (const char *records,
                             gsize       n_records)
{
  AlmuHeader *self;
  gsize       n_used;

  g_return_val_if_fail (records != NULL || n_records == 0, NULL);

  self = almu_header_new ();

  for (gsize i = 0; i < n_records; i += n_used)
    {
      const char *record = records + i * ALMU_RECORD_BYTES;

      n_used = 1;
      if (!is_blank (record))
        g_ptr_array_add (self->cards, almu_card_new_for_records (record, n_records - i, &n_used));
    }

  almu_header_page_adapt (self->cards);

  for (guint i = 0; i < self->cards->len; i++)
    add_to_index (self, g_ptr_array_index (self->cards, i));

  return self;
}

/**
 * almu_header_append:
 * @type: what the value is
 * @name: the keyword
 * @value: as text, without quotes; "" for none
 * @number: the value of a number, or 0
 * @comment: (nullable): what follows the slash
 *
 * Adds a card to the end. Only while nobody else has the header yet.
 */
void
almu_header_append (AlmuHeader  *self,
                    AlmuCardType type,
                    const char  *name,
                    const char  *value,
                    double       number,
                    const char  *comment)
{
  AlmuCard *card;

  g_return_if_fail (self != NULL);
  g_return_if_fail (name != NULL);
  g_return_if_fail (value != NULL);

  card = almu_card_new (type, name, value, number, comment != NULL ? comment : "");
  g_ptr_array_add (self->cards, card);
  add_to_index (self, card);
}

/**
 * almu_header_get_length:
 *
 * Cards with a continuation count once.
 *
 * Returns: how many cards there are, those without a value too
 */
guint
almu_header_get_length (AlmuHeader *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->cards->len;
}

/**
 * almu_header_get_card:
 * @index: counted from 0, below almu_header_get_length()
 *
 * For going through all cards: almu_header_lookup() finds one by its name.
 *
 * Returns: (transfer none): the card at that place, in file order
 */
const AlmuCard *
almu_header_get_card (AlmuHeader *self,
                      guint       index)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (index < self->cards->len, NULL);

  return g_ptr_array_index (self->cards, index);
}

/**
 * almu_header_lookup:
 * @name: a keyword; case matters
 *
 * The first card of that name; HISTORY, COMMENT and others without a value are
 * never found. Does not depend on how many cards there are.
 *
 * Returns: (nullable) (transfer none): the card, or %NULL
 */
const AlmuCard *
almu_header_lookup (AlmuHeader *self,
                    const char *name)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  return g_hash_table_lookup (self->index, name);
}

/**
 * almu_header_get_text:
 * @name: a keyword; case matters
 *
 * The value of the first card of that name as text, that of a number too.
 *
 * Returns: (nullable) (transfer none): the text, or %NULL where there is no such
 *   card
 */
const char *
almu_header_get_text (AlmuHeader *self,
                      const char *name)
{
  const AlmuCard *card = almu_header_lookup (self, name);

  return card != NULL ? card->value : NULL;
}

/**
 * almu_header_get_number:
 * @name: a keyword; case matters
 * @out_number: (out): the value; left as it is if there is none
 *
 * The value of a number, quoted or not; logicals are none.
 *
 * Returns: whether there is one
 */
gboolean
almu_header_get_number (AlmuHeader *self,
                        const char *name,
                        double     *out_number)
{
  const AlmuCard *card;
  char           *end;
  double          number;

  g_return_val_if_fail (out_number != NULL, FALSE);

  card = almu_header_lookup (self, name);
  if (card == NULL || *card->value == '\0' ||
      strspn (card->value, "+-0123456789.eE") != strlen (card->value))
    return FALSE;

  number = g_ascii_strtod (card->value, &end);
  if (*end != '\0')
    return FALSE;

  *out_number = card->type == ALMU_CARD_STRING ? number : card->number;

  return TRUE;
}
