/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-catalog.h"
#include "carta.pb-c.h"

#define N_EVENTS 81

/* The table is written by hand, the enumeration is generated from the
 * interface: neither may have what the other has not. */
static void
test_catalog_complete (void)
{
  const ProtobufCEnumDescriptor *events = &carta__event_type__descriptor;
  guint                          n_known = 0;

  g_assert_cmpuint (events->n_values, ==, N_EVENTS);

  for (unsigned i = 0; i < events->n_values; i++)
    {
      const AlmuCatalogEntry *entry = almu_catalog_lookup ((guint16) events->values[i].value);

      g_assert_nonnull (entry);
      g_assert_cmpint (entry->event, ==, events->values[i].value);
      g_assert_cmpstr (entry->name, ==, events->values[i].name);
      g_assert_cmpstr (almu_catalog_get_name (entry->event), ==, entry->name);
    }

  for (guint event = 0; event <= G_MAXUINT16; event++)
    {
      if (almu_catalog_lookup ((guint16) event) != NULL)
        n_known++;
    }

  g_assert_cmpuint (n_known, ==, N_EVENTS);
}

static void
test_catalog_directions (void)
{
  guint n[3] = { 0, 0, 0 };

  for (guint16 event = 0; event < almu_catalog_get_size (); event++)
    {
      const AlmuCatalogEntry *entry = almu_catalog_lookup (event);

      if (entry != NULL)
        n[entry->direction]++;
    }

  g_assert_cmpuint (n[ALMU_DIRECTION_NONE], ==, 1);
  g_assert_cmpuint (n[ALMU_DIRECTION_TO_US], ==, 44);
  g_assert_cmpuint (n[ALMU_DIRECTION_FROM_US], ==, 36);
}

/* OPEN_FILE is an OpenFile: the interface names its messages after the
 * events, with one exception. */
static void
test_catalog_descriptors (void)
{
  for (guint16 event = 1; event < almu_catalog_get_size (); event++)
    {
      const AlmuCatalogEntry *entry = almu_catalog_lookup (event);
      g_autoptr(GString) name = NULL;

      if (entry == NULL)
        continue;

      g_assert_nonnull (entry->descriptor);
      g_assert_true (almu_catalog_lookup_descriptor (entry->descriptor) == entry);

      name = g_string_new (entry->name);
      g_string_replace (name, "_", "", 0);
      if (event == CARTA__EVENT_TYPE__FILE_LIST_PROGRESS)
        g_string_assign (name, "ListProgress");

      g_assert_cmpint (g_ascii_strcasecmp (name->str, entry->descriptor->short_name), ==, 0);
    }

  g_assert_null (almu_catalog_lookup_descriptor (&carta__point__descriptor));
}

static void
test_catalog_replies (void)
{
  guint n_replies = 0;

  for (guint16 event = 0; event < almu_catalog_get_size (); event++)
    {
      const AlmuCatalogEntry *entry = almu_catalog_lookup (event);
      const AlmuCatalogEntry *reply;

      if (entry == NULL || entry->reply == 0)
        continue;

      reply = almu_catalog_lookup (entry->reply);
      g_assert_nonnull (reply);
      g_assert_cmpint (reply->direction, !=, entry->direction);
      g_assert_cmpuint (reply->reply, ==, 0);
      n_replies++;
    }

  /* every answer of the interface has one event that asks for it */
  g_assert_cmpuint (n_replies, ==, 22);
  g_assert_cmpuint (almu_catalog_lookup (CARTA__EVENT_TYPE__OPEN_FILE)->reply, ==, CARTA__EVENT_TYPE__OPEN_FILE_ACK);
  g_assert_cmpuint (almu_catalog_lookup (CARTA__EVENT_TYPE__SET_CURSOR)->reply, ==, 0);
}

static void
test_catalog_unknown (void)
{
  static const guint16 unused[] = { 5, 24, 41, 44, 67, 68, 73, 74, 91, 255, 4096, G_MAXUINT16 };

  for (gsize i = 0; i < G_N_ELEMENTS (unused); i++)
    {
      g_assert_null (almu_catalog_lookup (unused[i]));
      g_assert_cmpstr (almu_catalog_get_name (unused[i]), ==, "unknown event");
    }

  g_assert_null (almu_catalog_lookup (0)->descriptor);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/wire/catalog/complete", test_catalog_complete);
  g_test_add_func ("/wire/catalog/directions", test_catalog_directions);
  g_test_add_func ("/wire/catalog/descriptors", test_catalog_descriptors);
  g_test_add_func ("/wire/catalog/replies", test_catalog_replies);
  g_test_add_func ("/wire/catalog/unknown", test_catalog_unknown);

  return g_test_run ();
}
