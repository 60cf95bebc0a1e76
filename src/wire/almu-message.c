/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-message.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "almu-catalog.h"
#include "almu-error.h"
#include "almu-frame.h"
#include "almu-limits.h"

/* What one decoding holds. The memory is that of malloc(), so that a
 * message can be freed without remembering its allocator. */
typedef struct
{
  gsize    used;
  gboolean exceeded;
} Budget;

static void *
budget_alloc (void  *data,
              size_t size)
{
  Budget *budget = data;
  void   *memory;

  if (size > ALMU_LIMIT_DECODED_BYTES - budget->used)
    {
      budget->exceeded = TRUE;
      return NULL;
    }

  memory = malloc (MAX (size, 1));
  if (memory == NULL)
    {
      budget->exceeded = TRUE;
      return NULL;
    }

  /* what it takes, not what was asked for: of many small pieces the
   * rounding is the larger part; and it may not wrap what is left */
  budget->used += MIN (malloc_usable_size (memory) + sizeof (gsize),
                       ALMU_LIMIT_DECODED_BYTES - budget->used);

  return memory;
}

static void
budget_free (void *data,
             void *memory)
{
  Budget *budget = data;

  if (memory == NULL)
    return;

  budget->used -= MIN (malloc_usable_size (memory) + sizeof (gsize), budget->used);
  free (memory);
}

static gboolean
text_is_valid (const ProtobufCMessage         *message,
               const ProtobufCFieldDescriptor *field,
               GError                        **error)
{
  const guint8      *place = (const guint8 *) message + field->offset;
  const char *const *texts = (const char *const *) place;
  gsize              n_texts = 1;

  if (field->label == PROTOBUF_C_LABEL_REPEATED)
    {
      texts = *(const char *const *const *) place;
      n_texts = *(const size_t *) ((const guint8 *) message + field->quantifier_offset);
    }

  for (gsize i = 0; i < n_texts; i++)
    {
      if (texts[i] != NULL && !g_utf8_validate (texts[i], -1, NULL))
        {
          g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                       "Field %s of %s is not valid UTF-8",
                       field->name, message->descriptor->short_name);
          return FALSE;
        }
    }

  return TRUE;
}

/* Points are by far the most numerous messages, and have no text. */
static gboolean
may_have_text (const ProtobufCMessageDescriptor *descriptor)
{
  for (unsigned i = 0; i < descriptor->n_fields; i++)
    {
      if (descriptor->fields[i].type == PROTOBUF_C_TYPE_STRING ||
          descriptor->fields[i].type == PROTOBUF_C_TYPE_MESSAGE)
        return TRUE;
    }

  return FALSE;
}

static gboolean message_text_is_valid (const ProtobufCMessage *message,
                                       GError                **error);

static gboolean
nested_text_is_valid (const ProtobufCMessage         *message,
                      const ProtobufCFieldDescriptor *field,
                      GError                        **error)
{
  const guint8                  *place = (const guint8 *) message + field->offset;
  const ProtobufCMessage *const *nested = (const ProtobufCMessage *const *) place;
  gsize                          n_nested = 1;

  if (!may_have_text (field->descriptor))
    return TRUE;

  if (field->label == PROTOBUF_C_LABEL_REPEATED)
    {
      nested = *(const ProtobufCMessage *const *const *) place;
      n_nested = *(const size_t *) ((const guint8 *) message + field->quantifier_offset);
    }

  for (gsize i = 0; i < n_nested; i++)
    {
      if (nested[i] != NULL && !message_text_is_valid (nested[i], error))
        return FALSE;
    }

  return TRUE;
}

/* The interface has no recursive messages: the depth is that of the
 * deepest definition, whatever a peer sends. */
static gboolean
message_text_is_valid (const ProtobufCMessage *message,
                       GError                **error)
{
  const ProtobufCMessageDescriptor *descriptor = message->descriptor;

  for (unsigned i = 0; i < descriptor->n_fields; i++)
    {
      const ProtobufCFieldDescriptor *field = &descriptor->fields[i];

      if (field->type == PROTOBUF_C_TYPE_STRING && !text_is_valid (message, field, error))
        return FALSE;

      if (field->type == PROTOBUF_C_TYPE_MESSAGE && !nested_text_is_valid (message, field, error))
        return FALSE;
    }

  return TRUE;
}

/**
 * almu_message_unpack:
 * @event: the event, from the header
 * @body: (nullable): what follows the header; may be empty
 * @length: bytes of @body
 * @error: return location for an error
 *
 * Decodes the body of @event. The memory it takes, which may be a hundred
 * times that of @body, is bounded by %ALMU_LIMIT_DECODED_BYTES. All text is
 * valid UTF-8 (as proto3 demands: no handler, no record and no bus message
 * needs to ask again). Enumerations may carry any number and nested
 * messages may be missing.
 *
 * Returns: (transfer full): the message, to be freed with almu_message_free()
 */
ProtobufCMessage *
almu_message_unpack (guint16       event,
                     const guint8 *body,
                     gsize         length,
                     GError      **error)
{
  const AlmuCatalogEntry *entry = almu_catalog_lookup (event);
  Budget                  budget = { 0, FALSE };
  ProtobufCAllocator      allocator = { budget_alloc, budget_free, &budget };
  ProtobufCMessage       *message;

  g_return_val_if_fail (body != NULL || length == 0, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (entry == NULL || entry->descriptor == NULL)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                   "Event %u is not one of ICD %d", event, ALMU_ICD_VERSION);
      return NULL;
    }

  message = protobuf_c_message_unpack (entry->descriptor, &allocator, length, body);

  if (message == NULL && budget.exceeded)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT,
                   "%s of %" G_GSIZE_FORMAT " bytes needs more than %d bytes of memory",
                   entry->name, length, ALMU_LIMIT_DECODED_BYTES);
      return NULL;
    }

  if (message == NULL)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                   "Body of %s, %" G_GSIZE_FORMAT " bytes, is not a %s",
                   entry->name, length, entry->descriptor->short_name);
      return NULL;
    }

  if (!message_text_is_valid (message, error))
    {
      almu_message_free (message);
      return NULL;
    }

  return message;
}

/**
 * almu_message_free:
 * @message: (nullable): what almu_message_unpack() returned
 *
 * Frees @message with all it contains; takes a pointer of any message type.
 */
void
almu_message_free (gpointer message)
{
  protobuf_c_message_free_unpacked (message, NULL);
}

/**
 * almu_message_pack:
 * @message: the body of an event
 * @icd_version: the version of the link it is for
 * @request_id: what it answers, 0 for a stream
 *
 * Makes header and body of a message, which knows its event by itself.
 * All text in @message has to be valid UTF-8: a page cannot decode the
 * message otherwise. What comes from files, paths and libraries goes through
 * almu_message_clean_text() first; nothing is walked here.
 *
 * Returns: (transfer full): the bytes to send
 */
GBytes *
almu_message_pack (const ProtobufCMessage *message,
                   guint16                 icd_version,
                   guint32                 request_id)
{
  const AlmuCatalogEntry *entry;
  AlmuFrame               frame;
  gsize                   length;
  guint8                 *data;

  g_return_val_if_fail (message != NULL, NULL);

  entry = almu_catalog_lookup_descriptor (message->descriptor);
  g_return_val_if_fail (entry != NULL, NULL);

  frame = (AlmuFrame){ entry->event, icd_version, request_id };
  length = protobuf_c_message_get_packed_size (message);
  data = g_malloc (ALMU_FRAME_BYTES + length);

  almu_frame_write (&frame, data);
  protobuf_c_message_pack (message, data + ALMU_FRAME_BYTES);

  return g_bytes_new_take (data, ALMU_FRAME_BYTES + length);
}

/**
 * almu_message_get_file_id:
 * @message: any message
 * @out_file_id: (out): the file it is about
 *
 * Finds the field `file_id`, so that what concerns all messages of a file
 * need not be written for each of them. Where the interface declares the
 * field unsigned, the bits are the same.
 *
 * Returns: whether @message names a file
 */
gboolean
almu_message_get_file_id (const ProtobufCMessage *message,
                          gint32                 *out_file_id)
{
  const ProtobufCFieldDescriptor *field;

  g_return_val_if_fail (message != NULL, FALSE);
  g_return_val_if_fail (out_file_id != NULL, FALSE);

  field = protobuf_c_message_descriptor_get_field_by_name (message->descriptor, "file_id");
  if (field == NULL || field->label == PROTOBUF_C_LABEL_REPEATED)
    return FALSE;

  switch (field->type)
    {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
      memcpy (out_file_id, (const guint8 *) message + field->offset, sizeof *out_file_id);
      return TRUE;

    default:
      return FALSE;
    }
}

/**
 * almu_message_clean_text:
 * @text: (nullable): text of unknown origin
 * @length: bytes of @text, or -1 if it ends with a zero
 *
 * Makes text fit for a message: what is not UTF-8 is replaced, zeros
 * included, and %NULL becomes empty.
 *
 * Returns: (transfer full): the text, valid UTF-8
 */
char *
almu_message_clean_text (const char *text,
                         gssize      length)
{
  if (text == NULL)
    return g_strdup ("");

  return g_utf8_make_valid (text, length);
}
