/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * AlmuCardType:
 *
 * What the value of a card is, as the page shows it.
 */
typedef enum
{
  ALMU_CARD_STRING,
  ALMU_CARD_FLOAT,
  ALMU_CARD_INT,
} AlmuCardType;

/**
 * AlmuCard: (foreign)
 * @name: keyword, or the whole card for HISTORY, COMMENT and HIERARCH
 * @value: value as text, unquoted; "" for none
 * @comment: what follows the slash
 * @number: the value of a number
 *
 * One line of a header, or one computed entry.
 */
typedef struct
{
  AlmuCardType type;
  char        *name;
  char        *value;
  char        *comment;
  double       number;
} AlmuCard;

/**
 * AlmuHeader: (foreign)
 *
 * The cards of one HDU in file order, as people and the page read them.
 * Immutable once an image has it; any thread.
 */
typedef struct _AlmuHeader AlmuHeader;

AlmuHeader     *almu_header_new (void);
AlmuHeader     *almu_header_new_for_records (const char *records,
                                             gsize       n_records);
AlmuHeader     *almu_header_ref (AlmuHeader *self);
void            almu_header_unref (AlmuHeader *self);
void            almu_header_append (AlmuHeader  *self,
                                    AlmuCardType type,
                                    const char  *name,
                                    const char  *value,
                                    double       number,
                                    const char  *comment);
guint           almu_header_get_length (AlmuHeader *self);
const AlmuCard *almu_header_get_card (AlmuHeader *self,
                                      guint       index);
const AlmuCard *almu_header_lookup (AlmuHeader *self,
                                    const char *name);
const char     *almu_header_get_text (AlmuHeader *self,
                                      const char *name);
gboolean        almu_header_get_number (AlmuHeader *self,
                                        const char *name,
                                        double     *out_number);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuHeader, almu_header_unref)

G_END_DECLS
