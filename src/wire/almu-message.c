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

/* -- text ----------------------------------------------------------------- */

/* What protobuf-c has accepted, read once more: it makes strings that end with
 * a zero, so that afterwards “a” and “a\0b” are the same. */
typedef struct
{
  const guint8 *at;
  gsize         left;
} Bytes;

static guint64
take_varint (Bytes *bytes)
{
  guint64 value = 0;

  for (guint shift = 0; bytes->left > 0; shift += 7)
    {
      guint8 byte = *bytes->at++;

      bytes->left--;
      if (shift < 64)
        value |= (guint64) (byte & 0x7f) << shift;
      if (byte < 0x80)
        break;
    }

  return value;
}

static Bytes
take_bytes (Bytes  *bytes,
            guint64 length)
{
  Bytes taken = { bytes->at, MIN (length, bytes->left) };

  bytes->at += taken.left;
  bytes->left -= taken.left;

  return taken;
}

/* The value of a field; only one of known length is of use. */
static Bytes
take_value (Bytes *bytes,
            guint8 wire_type)
{
  Bytes nothing = { NULL, 0 };

  switch (wire_type)
    {
    case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
      return take_bytes (bytes, take_varint (bytes));

    case PROTOBUF_C_WIRE_TYPE_32BIT:
      take_bytes (bytes, 4);
      return nothing;

    case PROTOBUF_C_WIRE_TYPE_64BIT:
      take_bytes (bytes, 8);
      return nothing;

    default:
      take_varint (bytes);
      return nothing;
    }
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

/* The interface has no recursive messages: the depth is that of the
 * deepest definition, whatever a peer sends. */
static gboolean
check_text (const ProtobufCMessageDescriptor *descriptor,
            Bytes                             bytes,
            GError                          **error)
{
  while (bytes.left > 0)
    {
      guint64                         key = take_varint (&bytes);
      Bytes                           value = take_value (&bytes, key & 7);
      const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field (descriptor, (guint32) (key >> 3));

      if (field == NULL)
        continue;

      if (field->type == PROTOBUF_C_TYPE_STRING && value.left > 0 &&
          !g_utf8_validate_len ((const char *) value.at, value.left, NULL))
        {
          g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                       "Field %s of %s is not UTF-8 text without zeros",
                       field->name, descriptor->short_name);
          return FALSE;
        }

      if (field->type == PROTOBUF_C_TYPE_MESSAGE && may_have_text (field->descriptor) &&
          !check_text (field->descriptor, value, error))
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
 * needs to ask again) and has no zeros in it, which would cut it short. Enumerations may carry any number and nested
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

  if (!check_text (entry->descriptor, (Bytes){ body, length }, error))
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
