/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-switchboard.h"

#include <glib/gi18n-lib.h>

#include "almu-limits.h"
#include "almu-link.h"

/**
 * AlmuSwitchboard:
 *
 * All links of the process, and which session each has.
 */
struct _AlmuSwitchboard
{
  GObject parent_instance;

  AlmuSessions   *sessions;
  AlmuLinkOptions options;
  GPtrArray      *links;
  char           *trouble; /* NULL: there is none */
};

G_DEFINE_FINAL_TYPE (AlmuSwitchboard, almu_switchboard, G_TYPE_OBJECT)

enum
{
  LINKS_CHANGED,
  REGISTERED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
almu_switchboard_dispose (GObject *object)
{
  AlmuSwitchboard *self = ALMU_SWITCHBOARD (object);

  g_clear_pointer (&self->links, g_ptr_array_unref);
  g_clear_object (&self->sessions);
  g_clear_pointer (&self->trouble, g_free);

  G_OBJECT_CLASS (almu_switchboard_parent_class)->dispose (object);
}

static void
almu_switchboard_class_init (AlmuSwitchboardClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = almu_switchboard_dispose;

  /**
   * AlmuSwitchboard::links-changed:
   * @self: the switchboard
   *
   * A viewer has come or gone.
   */
  signals[LINKS_CHANGED] =
    g_signal_new ("links-changed",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 0);

  /**
   * AlmuSwitchboard::registered:
   * @self: the switchboard
   * @link: an #AlmuLink
   * @is_new: whether its page began anew, without a session
   *
   * A page has a session now.
   */
  signals[REGISTERED] =
    g_signal_new ("registered",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 2, ALMU_TYPE_LINK, G_TYPE_BOOLEAN);
}

static void
almu_switchboard_init (AlmuSwitchboard *self)
{
  self->links = g_ptr_array_new_with_free_func (g_object_unref);
}

/**
 * almu_switchboard_new:
 * @sessions: the sessions that links are bound to; held
 * @options: copied
 *
 * Hears of nobody by itself: see almu_switchboard_accept(). Main thread only,
 * as are all links.
 *
 * Returns: (transfer full): a switchboard without links
 */
AlmuSwitchboard *
almu_switchboard_new (AlmuSessions          *sessions,
                      const AlmuLinkOptions *options)
{
  AlmuSwitchboard *self = g_object_new (ALMU_TYPE_SWITCHBOARD, NULL);

  self->sessions = g_object_ref (sessions);
  self->options = *options;

  return self;
}

/**
 * almu_switchboard_get_sessions:
 *
 * Returns: (transfer none): the sessions that links are bound to
 */
AlmuSessions *
almu_switchboard_get_sessions (AlmuSwitchboard *self)
{
  return self->sessions;
}

/**
 * almu_switchboard_get_options:
 * @self: a switchboard
 *
 * They do not change while the switchboard lives.
 *
 * Returns: (transfer none): how links behave
 */
const AlmuLinkOptions *
almu_switchboard_get_options (AlmuSwitchboard *self)
{
  return &self->options;
}

/**
 * almu_switchboard_accept:
 * @stream: (transfer none): a connection on which WebSocket frames follow
 * @peer: address of the viewer
 * @viewer: (nullable): which browser it is
 * @prepared_id: the session that the page's address names, or 0
 *
 * Takes on a viewer.
 */
void
almu_switchboard_accept (AlmuSwitchboard *self,
                         GIOStream       *stream,
                         const char      *peer,
                         const char      *viewer,
                         guint32          prepared_id)
{
  g_autoptr(AlmuSocket) socket = almu_socket_new (stream);
  AlmuLink *link = almu_link_new (self, socket, peer, viewer, prepared_id);

  g_ptr_array_add (self->links, link);
  g_signal_emit (self, signals[LINKS_CHANGED], 0);

  if (self->links->len > ALMU_LIMIT_LINKS)
    almu_link_lose (link, 1008, _ ("Too many windows are open"));
}

/**
 * almu_switchboard_find:
 * @session: a session
 *
 * There is one at most: the newest link has it.
 *
 * Returns: (nullable) (transfer none): the link that has @session
 */
AlmuLink *
almu_switchboard_find (AlmuSwitchboard *self,
                       AlmuSession     *session)
{
  for (guint i = 0; i < self->links->len; i++)
    {
      if (almu_link_get_session (self->links->pdata[i]) == session)
        return self->links->pdata[i];
    }

  return NULL;
}

/**
 * almu_switchboard_list_links:
 * @viewer: which browser
 *
 * Links that have said good-bye, but whose socket has not closed yet, are among
 * them. %NULL as @viewer finds those whose browser did not tell which it is.
 *
 * Returns: (transfer full) (element-type AlmuLink): those of that browser
 */
GPtrArray *
almu_switchboard_list_links (AlmuSwitchboard *self,
                             const char      *viewer)
{
  GPtrArray *links = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < self->links->len; i++)
    {
      if (g_strcmp0 (almu_link_get_viewer (self->links->pdata[i]), viewer) == 0)
        g_ptr_array_add (links, g_object_ref (self->links->pdata[i]));
    }

  return links;
}

/**
 * almu_switchboard_get_n_links:
 * @self: a switchboard
 *
 * Counts links from the handshake until their socket has closed, whether or not
 * they have a session.
 *
 * Returns: how many there are, %ALMU_LIMIT_LINKS and those being turned away at
 *   most
 */
guint
almu_switchboard_get_n_links (AlmuSwitchboard *self)
{
  return self->links->len;
}

/**
 * almu_switchboard_get_outbox_bytes:
 *
 * Returns: what waits to be sent to all viewers
 */
gsize
almu_switchboard_get_outbox_bytes (AlmuSwitchboard *self)
{
  gsize bytes = 0;

  for (guint i = 0; i < self->links->len; i++)
    bytes += almu_link_get_outbox_bytes (self->links->pdata[i]);

  return bytes;
}

/**
 * almu_switchboard_count_waiting:
 * @out_n_outgoing: (out): messages that wait to be sent to viewers
 * @out_n_held: (out): messages of viewers that wait for what came before them
 *
 * Adds up all links; takes a moment for each of them.
 */
void
almu_switchboard_count_waiting (AlmuSwitchboard *self,
                                guint           *out_n_outgoing,
                                guint           *out_n_held)
{
  *out_n_outgoing = 0;
  *out_n_held = 0;
  for (guint i = 0; i < self->links->len; i++)
    {
      *out_n_outgoing += almu_link_get_n_outgoing (self->links->pdata[i]);
      *out_n_held += almu_link_get_n_held (self->links->pdata[i]);
    }
}

/* -- what every page is to know ------------------------------------------ */

#define STORAGE "storage" /* the tag by which a page's log can be searched */

static void
tell (AlmuSwitchboard     *self,
      CARTA__ErrorSeverity severity,
      const char          *text)
{
  for (guint i = 0; i < self->links->len; i++)
    {
      if (almu_link_get_session (self->links->pdata[i]) != NULL)
        almu_link_report (self->links->pdata[i], severity, STORAGE, text);
    }
}

/**
 * almu_switchboard_warn:
 * @text: a phrase for people
 *
 * Tells every page that is there.
 */
void
almu_switchboard_warn (AlmuSwitchboard *self,
                       const char      *text)
{
  tell (self, CARTA__ERROR_SEVERITY__WARNING, text);
}

/**
 * almu_switchboard_set_trouble:
 * @trouble: (nullable): why sessions are kept in memory only
 *
 * Tells every page, those that come while it lasts too, and once; and when
 * it is over.
 */
void
almu_switchboard_set_trouble (AlmuSwitchboard *self,
                              const char      *trouble)
{
  if (g_strcmp0 (self->trouble, trouble) == 0)
    return;

  g_free (self->trouble);
  self->trouble = g_strdup (trouble);
  if (trouble != NULL)
    tell (self, CARTA__ERROR_SEVERITY__ERROR, trouble);
  else
    tell (self, CARTA__ERROR_SEVERITY__INFO, _ ("Sessions are written to the disk again; nothing is lost"));
}

/**
 * almu_switchboard_close_all:
 *
 * Says good-bye to all viewers; their sessions are let go.
 */
void
almu_switchboard_close_all (AlmuSwitchboard *self)
{
  for (guint i = 0; i < self->links->len; i++)
    almu_link_lose (self->links->pdata[i], 1001, _ ("The service ends"));
}

/**
 * almu_switchboard_note_closed:
 * @self: a switchboard
 * @link: a link whose socket has closed
 *
 * Gives up the switchboard's reference, which may be the last one, and emits
 * [signal@Almu.Switchboard::links-changed]. A second call does nothing.
 */
void
almu_switchboard_note_closed (AlmuSwitchboard *self,
                              AlmuLink        *link)
{
  if (g_ptr_array_remove (self->links, link))
    g_signal_emit (self, signals[LINKS_CHANGED], 0);
}

/**
 * almu_switchboard_note_registered:
 * @self: a switchboard
 * @link: a link that has a session now, and whose viewer knows
 * @is_new: whether its page began anew, without a session
 *
 * Tells the page of trouble that lasts, and emits
 * [signal@Almu.Switchboard::registered].
 */
void
almu_switchboard_note_registered (AlmuSwitchboard *self,
                                  AlmuLink        *link,
                                  gboolean         is_new)
{
  if (self->trouble != NULL)
    almu_link_report (link, CARTA__ERROR_SEVERITY__ERROR, STORAGE, self->trouble);
  g_signal_emit (self, signals[REGISTERED], 0, link, is_new);
}
