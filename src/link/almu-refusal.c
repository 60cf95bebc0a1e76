/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-refusal.h"

#include "almu-catalog.h"

static const ProtobufCFieldDescriptor *
find_field (const ProtobufCMessageDescriptor *descriptor,
            const char                       *name,
            ProtobufCType                     type)
{
  const ProtobufCFieldDescriptor *field =
    protobuf_c_message_descriptor_get_field_by_name (descriptor, name);

  return field != NULL && field->type == type && field->label != PROTOBUF_C_LABEL_REPEATED ? field : NULL;
}

/**
 * almu_refusal_new:
 * @event: a reply
 * @file_id: for replies that name a file
 * @text: why not; UTF-8
 *
 * All replies of the ICD that can fail say so alike: `success` false and a
 * `message`. This makes that form of any of them.
 *
 * Returns: (nullable) (transfer full): %NULL if the reply cannot say no
 */
ProtobufCMessage *
almu_refusal_new (guint16     event,
                  gint32      file_id,
                  const char *text)
{
  const AlmuCatalogEntry         *entry = almu_catalog_lookup (event);
  const ProtobufCFieldDescriptor *message_field;
  const ProtobufCFieldDescriptor *file_field;
  ProtobufCMessage               *self;

  g_return_val_if_fail (entry != NULL && entry->descriptor != NULL, NULL);

  message_field = find_field (entry->descriptor, "message", PROTOBUF_C_TYPE_STRING);
  if (message_field == NULL || find_field (entry->descriptor, "success", PROTOBUF_C_TYPE_BOOL) == NULL)
    return NULL;

  self = g_malloc0 (entry->descriptor->sizeof_message);
  protobuf_c_message_init (entry->descriptor, self);
  G_STRUCT_MEMBER (char *, self, message_field->offset) = g_strdup (text);

  file_field = find_field (entry->descriptor, "file_id", PROTOBUF_C_TYPE_SFIXED32);
  if (file_field != NULL)
    G_STRUCT_MEMBER (gint32, self, file_field->offset) = file_id;

  return self;
}

/**
 * almu_refusal_free:
 * @self: (transfer full): from almu_refusal_new(), and from nowhere else
 *
 * Frees the reply and its text.
 */
void
almu_refusal_free (ProtobufCMessage *self)
{
  const ProtobufCFieldDescriptor *field = find_field (self->descriptor, "message", PROTOBUF_C_TYPE_STRING);

  g_free (G_STRUCT_MEMBER (char *, self, field->offset));
  g_free (self);
}
