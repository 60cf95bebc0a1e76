/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-onlooker.h"

#include "almu-glance.h"
#include "almu-link.h"
#include "almu-straggler.h"

/**
 * AlmuOnlooker:
 *
 * Learns what only the page knows of a view (zoom, centre, colour map, clip
 * limits, which image follows which, how contours, vectors, regions and
 * annotations are drawn, which catalogs are plotted), so that it looks as it
 * did when it comes back. Looks at the page while the user pauses after
 * having done something. A page says nothing of a new colour map or name: it
 * is looked at again then and when, the less often the longer nothing happens.
 */
struct _AlmuOnlooker
{
  GObject parent_instance;

  AlmuSwitchboard *switchboard;
};

G_DEFINE_FINAL_TYPE (AlmuOnlooker, almu_onlooker, G_TYPE_OBJECT)

/* A pause of the user, not of the mouse. */
#define QUIET_MSEC 1500

/* Until the next look at a page that says nothing. */
#define FIRST_PAUSE_SECONDS 4
#define LAST_PAUSE_SECONDS 60

typedef struct
{
  AlmuLink      *link; /* unowned: the watch goes with it */
  AlmuGlance    *glance;
  AlmuStraggler *straggler;
  guint          quiet_source;
  guint          pause;   /* seconds, until the page is looked at unasked */
  gboolean       is_late; /* something has happened during a look */
} Watch;

static void
watch_free (gpointer data)
{
  Watch *watch = data;

  almu_glance_free (watch->glance);
  almu_straggler_free (watch->straggler);
  g_clear_handle_id (&watch->quiet_source, g_source_remove);
  g_free (watch);
}

static void
almu_onlooker_dispose (GObject *object)
{
  g_clear_object (&ALMU_ONLOOKER (object)->switchboard);

  G_OBJECT_CLASS (almu_onlooker_parent_class)->dispose (object);
}

static void
almu_onlooker_class_init (AlmuOnlookerClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = almu_onlooker_dispose;
}

static void
almu_onlooker_init (AlmuOnlooker *self)
{
}

static gboolean
on_quiet (gpointer user_data)
{
  Watch       *watch = user_data;
  AlmuSession *session = almu_link_get_session (watch->link);

  watch->quiet_source = 0;
  if (session != NULL && almu_session_list_files (session)->len > 0)
    watch->is_late = !almu_glance_begin (watch->glance);

  return G_SOURCE_REMOVE;
}

/* All has been seen, but what changed while the page was asked. */
static void
on_seen (AlmuGlance *glance,
         gboolean    has_changed,
         gpointer    user_data)
{
  Watch *watch = user_data;

  if (watch->quiet_source != 0)
    return;

  if (watch->is_late)
    {
      watch->quiet_source = g_timeout_add (QUIET_MSEC, on_quiet, watch);
      return;
    }

  almu_straggler_check (watch->straggler);
  watch->pause = has_changed ? FIRST_PAUSE_SECONDS : MIN (2 * watch->pause, LAST_PAUSE_SECONDS);
  watch->quiet_source = g_timeout_add_seconds (watch->pause, on_quiet, watch);
}

static void
on_heard (AlmuLink *link,
          guint     event,
          Watch    *watch)
{
  /* our own questions, and what comes by itself */
  if (event == CARTA__EVENT_TYPE__SCRIPTING_RESPONSE ||
      event == CARTA__EVENT_TYPE__CHANNEL_MAP_FLOW_CONTROL ||
      event == CARTA__EVENT_TYPE__ANIMATION_FLOW_CONTROL)
    return;

  watch->pause = FIRST_PAUSE_SECONDS;
  g_clear_handle_id (&watch->quiet_source, g_source_remove);
  watch->quiet_source = g_timeout_add (QUIET_MSEC, on_quiet, watch);
}

static void
on_registered (AlmuSwitchboard *switchboard,
               AlmuLink        *link,
               gboolean         is_new,
               AlmuOnlooker    *self)
{
  Watch *watch;

  /* without a browser there is no page to ask */
  if (almu_link_get_viewer (link) == NULL || g_object_get_data (G_OBJECT (link), "almu-watch") != NULL)
    return;

  watch = g_new0 (Watch, 1);
  watch->link = link;
  watch->glance = almu_glance_new (link, on_seen, watch);
  watch->straggler = almu_straggler_new (link);
  g_object_set_data_full (G_OBJECT (link), "almu-watch", watch, watch_free);
  g_signal_connect (link, "heard", G_CALLBACK (on_heard), watch);
}

/**
 * almu_onlooker_new:
 * @switchboard: whose pages are looked at; held
 *
 * Looks from now on at each page that registers and has a browser. A link that
 * is watched already stays so when the onlooker is let go.
 *
 * Returns: (transfer full): an onlooker
 */
AlmuOnlooker *
almu_onlooker_new (AlmuSwitchboard *switchboard)
{
  AlmuOnlooker *self = g_object_new (ALMU_TYPE_ONLOOKER, NULL);

  self->switchboard = g_object_ref (switchboard);
  g_signal_connect_object (switchboard, "registered", G_CALLBACK (on_registered), self, 0);

  return self;
}
