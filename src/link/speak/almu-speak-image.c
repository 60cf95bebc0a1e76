/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-speak-image.h"

#include "almu-limits.h"
#include "almu-message.h"

static const CARTA__EntryType entry_types[] = {
  [ALMU_CARD_STRING] = CARTA__ENTRY_TYPE__STRING,
  [ALMU_CARD_FLOAT] = CARTA__ENTRY_TYPE__FLOAT,
  [ALMU_CARD_INT] = CARTA__ENTRY_TYPE__INT,
};

static char *
clean (AlmuScratch *scratch,
       const char  *text)
{
  return almu_scratch_take_text (scratch, almu_message_clean_text (text != NULL ? text : "", -1));
}

/* The last of fewer than there are. */
static void
speak_rest (CARTA__HeaderEntry *entry,
            guint               n_more,
            AlmuScratch        *scratch)
{
  entry->name = (char *) "COMMENT";
  entry->value = almu_scratch_take_text (scratch, g_strdup_printf ("and %u more cards", n_more));
  entry->comment = (char *) "";
}

static CARTA__HeaderEntry **
speak_cards (AlmuHeader  *header,
             guint        n_at_most,
             gsize       *out_n,
             AlmuScratch *scratch)
{
  guint                n_all = almu_header_get_length (header);
  guint                n = MIN (n_all, MAX (n_at_most, 1));
  CARTA__HeaderEntry  *entries = almu_scratch_array (scratch, CARTA__HeaderEntry, n);
  CARTA__HeaderEntry **pointers = almu_scratch_array (scratch, CARTA__HeaderEntry *, n);

  *out_n = n;
  for (guint i = 0; i < n; i++)
    {
      const AlmuCard *card = almu_header_get_card (header, i);

      carta__header_entry__init (&entries[i]);
      pointers[i] = &entries[i];
      if (i == n - 1 && n < n_all)
        {
          speak_rest (&entries[i], n_all - i, scratch);
          break;
        }

      entries[i].name = clean (scratch, card->name);
      entries[i].value = clean (scratch, card->value);
      entries[i].comment = clean (scratch, card->comment);
      entries[i].entry_type = entry_types[card->type];
      entries[i].numeric_value = card->number;
    }

  return pointers;
}

/**
 * almu_speak_image_info:
 * @info: an image; borrowed, as is @name
 * @name: base name of the file
 * @n_cards: how many cards may be told
 * @scratch: what the result borrows from
 *
 * What can be told of an image without its pixels, as the ICD has it.
 *
 * Returns: (transfer none): its description
 */
CARTA__FileInfoExtended *
almu_speak_image_info (const AlmuImageInfo *info,
                       const char          *name,
                       guint                n_cards,
                       AlmuScratch         *scratch)
{
  CARTA__FileInfoExtended *extended = almu_scratch_array (scratch, CARTA__FileInfoExtended, 1);
  CARTA__AxesNumbers      *axes = almu_scratch_array (scratch, CARTA__AxesNumbers, 1);

  carta__axes_numbers__init (axes);
  axes->spatial_x = info->axes.spatial[0];
  axes->spatial_y = info->axes.spatial[1];
  axes->spectral = info->axes.spectral;
  axes->stokes = info->axes.stokes;
  axes->depth = info->axes.depth;

  carta__file_info_extended__init (extended);
  extended->dimensions = info->n_axes;
  extended->width = info->width;
  extended->height = info->height;
  extended->depth = info->depth;
  extended->stokes = info->n_stokes;
  extended->header_entries = speak_cards (info->header, n_cards, &extended->n_header_entries, scratch);
  extended->computed_entries = speak_cards (info->computed, G_MAXUINT, &extended->n_computed_entries, scratch);
  extended->axes_numbers = axes;

  return extended;
}

/* The beam table of @ack. */
static void
speak_beams (const AlmuImageInfo *info,
             CARTA__OpenFileAck  *ack,
             AlmuScratch         *scratch)
{
  guint         n = info->beams != NULL ? info->beams->len : 0;
  CARTA__Beam  *beams = almu_scratch_array (scratch, CARTA__Beam, n);
  CARTA__Beam **pointers = almu_scratch_array (scratch, CARTA__Beam *, n);

  for (guint i = 0; i < n; i++)
    {
      const AlmuBeam *beam = &g_array_index (info->beams, AlmuBeam, i);

      carta__beam__init (&beams[i]);
      beams[i].channel = beam->channel;
      beams[i].stokes = beam->stokes;
      beams[i].major_axis = (float) beam->major;
      beams[i].minor_axis = (float) beam->minor;
      beams[i].pa = (float) beam->angle;
      pointers[i] = &beams[i];
    }

  ack->n_beam_table = n;
  ack->beam_table = pointers;
}

/**
 * almu_speak_open_file_ack:
 * @file: an open file
 * @scratch: what the result borrows from
 *
 * What the page is told of a file it can show.
 *
 * Returns: (transfer none): OPEN_FILE_ACK, with success
 */
CARTA__OpenFileAck *
almu_speak_open_file_ack (AlmuFile    *file,
                          AlmuScratch *scratch)
{
  AlmuImage           *image = almu_file_get_image (file);
  const AlmuImageInfo *info = almu_image_get_info (image);
  CARTA__OpenFileAck  *ack = almu_scratch_array (scratch, CARTA__OpenFileAck, 1);
  CARTA__FileInfo     *file_info = almu_scratch_array (scratch, CARTA__FileInfo, 1);
  char               **hdus = almu_scratch_array (scratch, char *, 1);

  hdus[0] = info->hdu;

  carta__file_info__init (file_info);
  file_info->name = almu_file_get_name (file)->name;
  file_info->type = (CARTA__FileType) info->format;
  file_info->size = almu_image_get_fingerprint (image)->size;
  file_info->n_hdu_list = 1;
  file_info->hdu_list = hdus;

  carta__open_file_ack__init (ack);
  ack->success = TRUE;
  ack->file_id = almu_file_get_id (file);
  ack->file_info = file_info;
  ack->file_info_extended = almu_speak_image_info (info, file_info->name, ALMU_LIMIT_TOLD_CARDS, scratch);
  ack->file_feature_flags = info->features;
  speak_beams (info, ack, scratch);

  return ack;
}
