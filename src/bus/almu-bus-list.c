/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-bus-list.h"

#include "almu-bus-names.h"
#include "almu-kept.h"

static GVariant *
list_uris (AlmuSession *session)
{
  GPtrArray      *files = almu_session_list_files (session);
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_STRING_ARRAY);
  for (guint i = 0; i < files->len; i++)
    g_variant_builder_add_value (&builder,
                                 g_variant_new_take_string (almu_bus_names_make_uri (almu_session_get_folder (session),
                                                                                     almu_file_get_name (files->pdata[i]))));

  return g_variant_builder_end (&builder);
}

/* What only a session in memory knows without its record being read. */
static void
describe_live (GVariantBuilder *builder,
               AlmuSession     *session)
{
  g_autofree char *peer = NULL;
  g_autofree char *safe_peer = NULL;

  g_object_get (session, "peer", &peer, NULL);
  safe_peer = g_utf8_make_valid (peer, -1);
  g_variant_builder_add (builder, "{sv}", "peer", g_variant_new_string (safe_peer));
  g_variant_builder_add (builder, "{sv}", "files", list_uris (session));
}

static GVariant *
describe (const AlmuArchiveEntry *entry,
          const char             *state,
          AlmuSession            *session)
{
  g_autofree char *title = g_utf8_make_valid (entry->title != NULL ? entry->title : "", -1);
  GVariantBuilder  builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&builder, "{sv}", "id", g_variant_new_uint32 (entry->id));
  g_variant_builder_add (&builder, "{sv}", "title", g_variant_new_string (title));
  g_variant_builder_add (&builder, "{sv}", "state", g_variant_new_string (state));
  g_variant_builder_add (&builder, "{sv}", "created", g_variant_new_int64 (entry->created));
  g_variant_builder_add (&builder, "{sv}", "last-seen", g_variant_new_int64 (entry->last_seen));
  g_variant_builder_add (&builder, "{sv}", "n-files", g_variant_new_uint32 (entry->n_files));
  g_variant_builder_add (&builder, "{sv}", "n-regions", g_variant_new_uint32 (entry->n_regions));
  if (session != NULL)
    describe_live (&builder, session);
  if (entry->is_suspect)
    g_variant_builder_add (&builder, "{sv}", "suspect", g_variant_new_boolean (TRUE));

  return g_variant_builder_end (&builder);
}

/* A process that was killed had no time to write that it is not there any
 * more. */
static const char *
get_state (const AlmuArchiveEntry *entry,
           AlmuSession            *session)
{
  const char *closed = almu_session_state_get_name (ALMU_SESSION_CLOSED);

  if (session != NULL || g_strcmp0 (entry->state, closed) == 0)
    return entry->state;

  return almu_session_state_get_name (ALMU_SESSION_PARKED);
}

/**
 * almu_bus_list_sessions:
 * @sessions: the sessions
 * @state: (nullable): only those in this state; %NULL for all
 * @error: return location; set if what is kept cannot be read
 *
 * What ListSessions answers: all sessions there are, in memory or kept, the
 * latest seen first. Reads the archive; main thread.
 *
 * Returns: (transfer floating): an aa{sv}, or %NULL
 */
GVariant *
almu_bus_list_sessions (AlmuSessions *sessions,
                        const char   *state,
                        GError      **error)
{
  g_autoptr(GPtrArray) list = almu_kept_list (sessions, error);
  GVariantBuilder builder;

  if (list == NULL)
    return NULL;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < list->len; i++)
    {
      const AlmuArchiveEntry *entry = list->pdata[i];
      AlmuSession            *session = almu_sessions_lookup (sessions, entry->id);
      const char             *its_state = get_state (entry, session);

      if (state == NULL || g_str_equal (state, its_state))
        g_variant_builder_add_value (&builder, describe (entry, its_state, session));
    }

  return g_variant_builder_end (&builder);
}
