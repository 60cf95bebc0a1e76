/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "almu-catalog.h"
#include "almu-error.h"
#include "almu-frame.h"
#include "almu-limits.h"
#include "almu-message.h"
#include "carta.pb-c.h"

/* Maps appear as messages of their own. */
#define N_MESSAGES 118
#define N_MAP_FIELDS 11

static guint32 seed;

/* -- messages from descriptors ------------------------------------------ */

static gsize
get_element_size (const ProtobufCFieldDescriptor *field)
{
  switch (field->type)
    {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
      return 8;

    case PROTOBUF_C_TYPE_BOOL:
      return sizeof (protobuf_c_boolean);

    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
      return sizeof (gpointer);

    case PROTOBUF_C_TYPE_BYTES:
      return sizeof (ProtobufCBinaryData);

    default:
      return 4;
    }
}

static ProtobufCMessage *make_message (const ProtobufCMessageDescriptor *descriptor);

static void
fill_element (const ProtobufCFieldDescriptor *field,
              gpointer                        place,
              guint                           index)
{
  /* bits that are a number in every type, and none that is a default */
  guint64 bits = 0x3ff1000040200001 + field->id + ((guint64) index << 8);

  switch (field->type)
    {
    case PROTOBUF_C_TYPE_BOOL:
      *(protobuf_c_boolean *) place = TRUE;
      break;

    case PROTOBUF_C_TYPE_STRING:
      {
        char *text = g_strdup_printf ("Größe %u·%u", field->id, index);

        /* freed by protobuf-c, with free() */
        *(char **) place = strdup (text);
        g_free (text);
      }
      break;

    case PROTOBUF_C_TYPE_BYTES:
      {
        ProtobufCBinaryData *bytes = place;

        bytes->len = 3 + index;
        bytes->data = malloc (bytes->len);
        memset (bytes->data, (int) field->id, bytes->len);
      }
      break;

    case PROTOBUF_C_TYPE_MESSAGE:
      *(ProtobufCMessage **) place = make_message (field->descriptor);
      break;

    default:
      memcpy (place, &bits, get_element_size (field));
    }
}

/* Every field set, every list with three elements. */
static ProtobufCMessage *
make_message (const ProtobufCMessageDescriptor *descriptor)
{
  ProtobufCMessage *message = malloc (descriptor->sizeof_message);

  protobuf_c_message_init (descriptor, message);

  for (unsigned i = 0; i < descriptor->n_fields; i++)
    {
      const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
      guint8                         *place = (guint8 *) message + field->offset;
      gsize                           size = get_element_size (field);
      guint8                         *elements;

      if (field->label != PROTOBUF_C_LABEL_REPEATED)
        {
          fill_element (field, place, 0);
          continue;
        }

      elements = malloc (3 * size);
      for (guint j = 0; j < 3; j++)
        fill_element (field, elements + j * size, j);

      *(guint8 **) place = elements;
      *(size_t *) ((guint8 *) message + field->quantifier_offset) = 3;
    }

  return message;
}

static void assert_messages_equal (const ProtobufCMessage *a,
                                   const ProtobufCMessage *b);

static void
assert_elements_equal (const ProtobufCFieldDescriptor *field,
                       gconstpointer                   a,
                       gconstpointer                   b)
{
  const ProtobufCBinaryData *x = a;
  const ProtobufCBinaryData *y = b;

  switch (field->type)
    {
    case PROTOBUF_C_TYPE_STRING:
      g_assert_cmpstr (*(char *const *) a, ==, *(char *const *) b);
      break;

    case PROTOBUF_C_TYPE_BYTES:
      g_assert_cmpmem (x->data, x->len, y->data, y->len);
      break;

    case PROTOBUF_C_TYPE_MESSAGE:
      assert_messages_equal (*(ProtobufCMessage *const *) a, *(ProtobufCMessage *const *) b);
      break;

    default:
      g_assert_cmpmem (a, get_element_size (field), b, get_element_size (field));
    }
}

static void
assert_messages_equal (const ProtobufCMessage *a,
                       const ProtobufCMessage *b)
{
  g_assert_true (a->descriptor == b->descriptor);
  g_assert_cmpuint (b->n_unknown_fields, ==, 0);

  for (unsigned i = 0; i < a->descriptor->n_fields; i++)
    {
      const ProtobufCFieldDescriptor *field = &a->descriptor->fields[i];
      const guint8                   *x = (const guint8 *) a + field->offset;
      const guint8                   *y = (const guint8 *) b + field->offset;
      gsize                           n;

      if (field->label != PROTOBUF_C_LABEL_REPEATED)
        {
          assert_elements_equal (field, x, y);
          continue;
        }

      n = *(const size_t *) ((const guint8 *) a + field->quantifier_offset);
      g_assert_cmpuint (*(const size_t *) ((const guint8 *) b + field->quantifier_offset), ==, n);

      for (gsize j = 0; j < n; j++)
        assert_elements_equal (field,
                               *(const guint8 *const *) x + j * get_element_size (field),
                               *(const guint8 *const *) y + j * get_element_size (field));
    }
}

static void
collect_descriptors (GHashTable                       *seen,
                     const ProtobufCMessageDescriptor *descriptor)
{
  if (!g_hash_table_add (seen, (gpointer) descriptor))
    return;

  for (unsigned i = 0; i < descriptor->n_fields; i++)
    {
      if (descriptor->fields[i].type == PROTOBUF_C_TYPE_MESSAGE)
        collect_descriptors (seen, descriptor->fields[i].descriptor);
    }
}

static GBytes *
make_packed (guint16 event)
{
  ProtobufCMessage *message = make_message (almu_catalog_lookup (event)->descriptor);
  GBytes           *bytes = almu_message_pack (message, ALMU_ICD_VERSION, 17);

  almu_message_free (message);

  return bytes;
}

/* -- round trips -------------------------------------------------------- */

static void
test_message_round_trip (void)
{
  g_autoptr(GHashTable) seen = g_hash_table_new (NULL, NULL);

  for (guint16 event = 1; event < almu_catalog_get_size (); event++)
    {
      const AlmuCatalogEntry *entry = almu_catalog_lookup (event);
      ProtobufCMessage       *message;
      ProtobufCMessage       *read;
      AlmuFrame               frame;
      const guint8           *data;
      gsize                   length;
      g_autoptr(GBytes) bytes = NULL;
      g_autoptr(GError) error = NULL;

      if (entry == NULL)
        continue;

      collect_descriptors (seen, entry->descriptor);
      message = make_message (entry->descriptor);
      bytes = almu_message_pack (message, 29, event + 1000);
      data = g_bytes_get_data (bytes, &length);

      g_assert_true (almu_frame_parse (data, length, &frame, &error));
      g_assert_cmpuint (frame.event, ==, event);
      g_assert_cmpuint (frame.icd_version, ==, 29);
      g_assert_cmpuint (frame.request_id, ==, event + 1000);

      read = almu_message_unpack (event, data + ALMU_FRAME_BYTES, length - ALMU_FRAME_BYTES, &error);
      g_assert_no_error (error);
      assert_messages_equal (message, read);

      almu_message_free (read);
      almu_message_free (message);
    }

  /* what is only within others was within them */
  g_assert_cmpuint (g_hash_table_size (seen), ==, N_MESSAGES + N_MAP_FIELDS);
}

static void
test_message_empty (void)
{
  for (guint16 event = 1; event < almu_catalog_get_size (); event++)
    {
      const AlmuCatalogEntry *entry = almu_catalog_lookup (event);
      ProtobufCMessage       *message;
      g_autoptr(GBytes) bytes = NULL;
      g_autoptr(GError) error = NULL;

      if (entry == NULL)
        continue;

      message = almu_message_unpack (event, NULL, 0, &error);
      g_assert_no_error (error);
      g_assert_true (message->descriptor == entry->descriptor);

      bytes = almu_message_pack (message, ALMU_ICD_VERSION, 0);
      g_assert_cmpuint (g_bytes_get_size (bytes), ==, ALMU_FRAME_BYTES);
      almu_message_free (message);
    }

  almu_message_free (NULL);
}

static void
test_message_unknown_event (void)
{
  static const guint16 events[] = { 0, 5, 91, G_MAXUINT16 };

  for (gsize i = 0; i < G_N_ELEMENTS (events); i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_null (almu_message_unpack (events[i], NULL, 0, &error));
      g_assert_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED);
    }
}

/* -- what peers do wrong ------------------------------------------------ */

/* Reads from memory of exactly that size, so that a sanitizer sees a step
 * beyond. */
static void
unpack_copy (guint16       event,
             const guint8 *data,
             gsize         length)
{
  g_autofree guint8 *copy = g_memdup2 (data, length);
  g_autoptr(GError) error = NULL;
  ProtobufCMessage *message;

  message = almu_message_unpack (event, copy, length, &error);
  g_assert_true ((message == NULL) == (error != NULL));

  if (error != NULL)
    g_assert_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT);

  almu_message_free (message);
}

static void
test_message_truncated (void)
{
  for (guint16 event = 1; event < almu_catalog_get_size (); event++)
    {
      g_autoptr(GBytes) bytes = NULL;
      const guint8 *data;
      gsize         length;

      if (almu_catalog_lookup (event) == NULL)
        continue;

      bytes = make_packed (event);
      data = (const guint8 *) g_bytes_get_data (bytes, &length) + ALMU_FRAME_BYTES;
      length -= ALMU_FRAME_BYTES;

      /* a large message has ten thousand bytes of the same kind */
      for (gsize n = 0; n < length; n += n < 2000 ? 1 : 37)
        unpack_copy (event, data, n);
    }
}

static void
test_message_flipped (void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed (seed);

  for (guint16 event = 1; event < almu_catalog_get_size (); event++)
    {
      g_autoptr(GBytes) bytes = NULL;
      gsize              length;
      g_autofree guint8 *copy = NULL;

      if (almu_catalog_lookup (event) == NULL)
        continue;

      bytes = make_packed (event);
      length = g_bytes_get_size (bytes) - ALMU_FRAME_BYTES;
      copy = g_memdup2 ((const guint8 *) g_bytes_get_data (bytes, NULL) + ALMU_FRAME_BYTES, length);

      for (int i = 0; i < 200 && length > 0; i++)
        {
          gsize  at = g_rand_int (rand) % length;
          guint8 was = copy[at];

          copy[at] ^= (guint8) (1 << g_rand_int_range (rand, 0, 8));
          unpack_copy (event, copy, length);
          if (i % 10 != 0)
            copy[at] = was;
        }
    }
}

static void
test_message_random (void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed (seed);
  guint8 data[512];

  for (int i = 0; i < 50000; i++)
    {
      guint16 event = (guint16) g_rand_int_range (rand, 1, (gint32) almu_catalog_get_size ());
      gsize   length = (gsize) g_rand_int_range (rand, 0, sizeof data);

      if (almu_catalog_lookup (event) == NULL)
        continue;

      for (gsize j = 0; j < length; j++)
        data[j] = (guint8) g_rand_int (rand);

      /* small first bytes are fields that exist */
      if (length > 0)
        data[0] &= 0x3f;

      unpack_copy (event, data, length);
    }
}

/* Two bytes for each empty image, hundreds in memory. */
static void
test_message_amplification (void)
{
  gsize              length = ALMU_LIMIT_MESSAGE_BYTES;
  g_autofree guint8 *data = g_malloc (length);
  ProtobufCMessage  *message;
  g_autoptr(GError) error = NULL;

  /* field 1 of ResumeSession: an image, empty */
  for (gsize i = 0; i < length; i += 2)
    {
      data[i] = 1 << 3 | 2;
      data[i + 1] = 0;
    }

  message = almu_message_unpack (CARTA__EVENT_TYPE__RESUME_SESSION, data, length, &error);
  g_assert_null (message);
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);
}

/* What is decoded may take so much, whatever it is on the wire: as many regions
 * as fit, and one more. */
static void
test_message_decoded (void)
{
  g_autofree guint8 *data = g_malloc (ALMU_LIMIT_MESSAGE_BYTES);
  gsize              good = ALMU_LIMIT_DECODED_BYTES / (sizeof (CARTA__ImageProperties) + 128);
  gsize              bad = ALMU_LIMIT_DECODED_BYTES / sizeof (CARTA__ImageProperties) + 1;
  const gsize        first_good = good;
  const gsize        first_bad = bad;

  for (gsize i = 0; i < ALMU_LIMIT_MESSAGE_BYTES; i += 2)
    {
      data[i] = 1 << 3 | 2;
      data[i + 1] = 0;
    }

  /* an image takes its size, what malloc() adds, and pointers to it */
  while (bad - good > 1024)
    {
      gsize             n = (good + bad) / 2;
      ProtobufCMessage *message;
      g_autoptr(GError) error = NULL;

      message = almu_message_unpack (CARTA__EVENT_TYPE__RESUME_SESSION, data, 2 * n, &error);
      if (message != NULL)
        good = n;
      else
        bad = n;
      g_assert_true (message != NULL || g_error_matches (error, ALMU_ERROR, ALMU_ERROR_LIMIT));
      almu_message_free (message);
    }
  g_test_message ("%" G_GSIZE_FORMAT " images", good);
  g_assert_cmpuint (good, >, first_good);
  g_assert_cmpuint (bad, <, first_bad);
}

/* Unknown fields are kept, each with a record of its own. */
static void
test_message_unknown_fields (void)
{
  gsize              length = ALMU_LIMIT_MESSAGE_BYTES;
  g_autofree guint8 *data = g_malloc (length);
  g_autoptr(GError) error = NULL;

  for (gsize i = 0; i < length; i += 2)
    {
      data[i] = 15 << 3;
      data[i + 1] = 0;
    }

  g_assert_null (almu_message_unpack (CARTA__EVENT_TYPE__CLOSE_FILE, data, length, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_LIMIT);
}

/* What the limits are made for: a page with 10,000 regions of 200 points. */
static void
test_message_large (void)
{
  enum
  {
    N_REGIONS = 10000,
    N_POINTS = 200,
  };
  CARTA__ResumeSession                  message = CARTA__RESUME_SESSION__INIT;
  CARTA__ImageProperties                image = CARTA__IMAGE_PROPERTIES__INIT;
  CARTA__ImageProperties               *images[] = { &image };
  CARTA__ImageProperties__RegionsEntry *entries = g_new (CARTA__ImageProperties__RegionsEntry, N_REGIONS);
  gpointer                             *entry_places = g_new (gpointer, N_REGIONS);
  CARTA__RegionInfo                     region = CARTA__REGION_INFO__INIT;
  CARTA__Point                          point = CARTA__POINT__INIT;
  CARTA__Point                         *points[N_POINTS];
  CARTA__ResumeSession                 *read;
  g_autoptr(GBytes) bytes = NULL;
  g_autoptr(GError) error = NULL;

  point.x = 1234.5f;
  point.y = 5432.1f;
  for (int i = 0; i < N_POINTS; i++)
    points[i] = &point;

  region.region_type = CARTA__REGION_TYPE__POLYGON;
  region.n_control_points = N_POINTS;
  region.control_points = points;

  for (int i = 0; i < N_REGIONS; i++)
    {
      carta__image_properties__regions_entry__init (&entries[i]);
      entries[i].key = i + 1;
      entries[i].value = &region;
      entry_places[i] = &entries[i];
    }

  image.n_regions = N_REGIONS;
  image.regions = (CARTA__ImageProperties__RegionsEntry **) entry_places;
  message.n_images = 1;
  message.images = images;

  bytes = almu_message_pack (&message.base, ALMU_ICD_VERSION, 1);
  g_assert_cmpuint (g_bytes_get_size (bytes), <, ALMU_LIMIT_MESSAGE_BYTES);

  read = (gpointer) almu_message_unpack (CARTA__EVENT_TYPE__RESUME_SESSION,
                                         (const guint8 *) g_bytes_get_data (bytes, NULL) + ALMU_FRAME_BYTES,
                                         g_bytes_get_size (bytes) - ALMU_FRAME_BYTES, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (read->images[0]->n_regions, ==, N_REGIONS);
  g_assert_cmpuint (read->images[0]->regions[N_REGIONS - 1]->value->n_control_points, ==, N_POINTS);

  almu_message_free (read);
  g_free (entry_places);
  g_free (entries);
}

static void
test_message_bad_text (void)
{
  CARTA__OpenFile   file = CARTA__OPEN_FILE__INIT;
  ProtobufCMessage *message;
  g_autoptr(GBytes) bytes = NULL;
  g_autoptr(GError) error = NULL;

  file.directory = (char *) "here";
  file.file = (char *) "a\xffz.fits";
  bytes = almu_message_pack (&file.base, ALMU_ICD_VERSION, 1);

  message = almu_message_unpack (CARTA__EVENT_TYPE__OPEN_FILE,
                                 (const guint8 *) g_bytes_get_data (bytes, NULL) + ALMU_FRAME_BYTES,
                                 g_bytes_get_size (bytes) - ALMU_FRAME_BYTES, &error);
  g_assert_null (message);
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "file of OpenFile"));
}

static void
test_message_bad_nested_text (void)
{
  /* images[0].stokes_files[0].file, one byte that is not UTF-8 */
  static const guint8 data[] = { 1 << 3 | 2, 5, 11 << 3 | 2, 3, 2 << 3 | 2, 1, 0x80 };
  g_autoptr(GError) error = NULL;

  g_assert_null (almu_message_unpack (CARTA__EVENT_TYPE__RESUME_SESSION, data, sizeof data, &error));
  g_assert_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "StokesFile"));
}

/* A name ends where it ends, and not at a zero: what is asked for is not the
 * file “a”. Wherever the zero is, and however the text is wrapped. */
static void
test_message_zeros (void)
{
  /* images[0].stokes_files[0].file = "a\0b" */
  static const guint8 nested[] = { 1 << 3 | 2, 7, 11 << 3 | 2, 5, 2 << 3 | 2, 3, 'a', 0, 'b' };
  const char *const   names[] = { "", "a", "ab.fits", "ä.fits" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    for (gsize zero = 0; zero <= strlen (names[i]); zero++)
      {
        CARTA__OpenFile    file = CARTA__OPEN_FILE__INIT;
        g_autofree char   *spare = g_strdup_printf ("%sx", names[i]);
        g_autofree guint8 *body = NULL;
        g_autoptr(GError) error = NULL;
        ProtobufCMessage *message;
        gsize             length;

        file.directory = (char *) "here";
        file.file = spare;
        file.hdu = (char *) "1";
        file.file_id = 7;
        length = protobuf_c_message_get_packed_size (&file.base);
        body = g_malloc (length);
        protobuf_c_message_pack (&file.base, body);
        message = almu_message_unpack (CARTA__EVENT_TYPE__OPEN_FILE, body, length, &error);
        g_assert_no_error (error);
        g_assert_cmpstr (((CARTA__OpenFile *) message)->file, ==, spare);
        almu_message_free (message);

        body[2 + 4 + 2 + zero] = 0;
        message = almu_message_unpack (CARTA__EVENT_TYPE__OPEN_FILE, body, length, &error);
        g_assert_null (message);
        g_assert_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT);
        g_assert_nonnull (strstr (error->message, "file of OpenFile"));
      }

  {
    g_autoptr(GError) error = NULL;

    g_assert_null (almu_message_unpack (CARTA__EVENT_TYPE__RESUME_SESSION, nested, sizeof nested, &error));
    g_assert_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT);
    g_assert_nonnull (strstr (error->message, "file of StokesFile"));
  }
}

/* An enumeration of a later interface is a number, and map entries may
 * lack both key and value. */
static void
test_message_tolerated (void)
{
  static const guint8   entry[] = { 1 << 3 | 2, 2, 9 << 3 | 2, 0 };
  static const guint8   mode[] = { 1 << 3 | 2, 2, 6 << 3, 99 };
  CARTA__ResumeSession *resume;
  g_autoptr(GError) error = NULL;

  resume = (gpointer) almu_message_unpack (CARTA__EVENT_TYPE__RESUME_SESSION, entry, sizeof entry, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (resume->images[0]->n_regions, ==, 1);
  g_assert_cmpint (resume->images[0]->regions[0]->key, ==, 0);
  g_assert_null (resume->images[0]->regions[0]->value);
  almu_message_free (resume);

  resume = (gpointer) almu_message_unpack (CARTA__EVENT_TYPE__RESUME_SESSION, mode, sizeof mode, &error);
  g_assert_no_error (error);
  g_assert_cmpint ((int) resume->images[0]->render_mode, ==, 99);
  almu_message_free (resume);
}

/* -- helpers ------------------------------------------------------------ */

static void
test_message_file_id (void)
{
  guint  n_with = 0;
  gint32 file_id = 5;

  for (guint16 event = 1; event < almu_catalog_get_size (); event++)
    {
      const AlmuCatalogEntry         *entry = almu_catalog_lookup (event);
      const ProtobufCFieldDescriptor *field;
      ProtobufCMessage               *message;
      gint32                          expected;

      if (entry == NULL)
        continue;

      file_id = 5;
      message = make_message (entry->descriptor);
      field = protobuf_c_message_descriptor_get_field_by_name (entry->descriptor, "file_id");

      if (almu_message_get_file_id (message, &file_id))
        {
          memcpy (&expected, (guint8 *) message + field->offset, sizeof expected);
          g_assert_cmpint (file_id, ==, expected);
          n_with++;
        }
      else
        {
          g_assert_null (field);
          g_assert_cmpint (file_id, ==, 5);
        }

      almu_message_free (message);
    }

  g_assert_cmpuint (n_with, >, 30);
}

/* Animations of one file say -1 where they mean all. */
static void
test_message_file_id_negative (void)
{
  CARTA__CloseFile message = CARTA__CLOSE_FILE__INIT;
  gint32           file_id = 0;

  message.file_id = -1;

  g_assert_true (almu_message_get_file_id (&message.base, &file_id));
  g_assert_cmpint (file_id, ==, -1);
}

static void
test_message_clean_text (void)
{
  static const struct
  {
    const char *text;
    gssize      length;
    const char *expected;
  } cases[] = {
    { NULL, -1, "" },
    { "", -1, "" },
    { "Größe", -1, "Größe" },
    { "a\xffz", -1, "a\xef\xbf\xbdz" },
    { "a\0z", 3, "a\xef\xbf\xbdz" },
    { "abc", 2, "ab" },
    /* half a surrogate pair, as a page's text may have it */
    { "\xed\xa0\xbd", -1, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *cleaned = almu_message_clean_text (cases[i].text, cases[i].length);

      g_assert_cmpstr (cleaned, ==, cases[i].expected);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  seed = (guint32) g_test_rand_int ();
  g_test_message ("seed %u", seed);

  g_test_add_func ("/wire/message/round-trip", test_message_round_trip);
  g_test_add_func ("/wire/message/empty", test_message_empty);
  g_test_add_func ("/wire/message/unknown-event", test_message_unknown_event);
  g_test_add_func ("/wire/message/truncated", test_message_truncated);
  g_test_add_func ("/wire/message/flipped", test_message_flipped);
  g_test_add_func ("/wire/message/random", test_message_random);
  g_test_add_func ("/wire/message/amplification", test_message_amplification);
  g_test_add_func ("/wire/message/decoded", test_message_decoded);
  g_test_add_func ("/wire/message/unknown-fields", test_message_unknown_fields);
  g_test_add_func ("/wire/message/large", test_message_large);
  g_test_add_func ("/wire/message/bad-text", test_message_bad_text);
  g_test_add_func ("/wire/message/bad-nested-text", test_message_bad_nested_text);
  g_test_add_func ("/wire/message/zeros", test_message_zeros);
  g_test_add_func ("/wire/message/tolerated", test_message_tolerated);
  g_test_add_func ("/wire/message/file-id", test_message_file_id);
  g_test_add_func ("/wire/message/file-id-negative", test_message_file_id_negative);
  g_test_add_func ("/wire/message/clean-text", test_message_clean_text);

  return g_test_run ();
}
