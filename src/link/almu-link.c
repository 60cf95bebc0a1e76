/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-link-private.h"

#include <glib/gi18n-lib.h>

#include "almu-frame.h"
#include "almu-log.h"
#include "almu-message.h"
#include "almu-scripting.h"
#include "almu-speak.h"
#include "almu-usher.h"
#include "almu-workers.h"

/**
 * AlmuLink:
 *
 * A viewer's connection, and the session it is bound to, if any: the only
 * place where messages meet the model.
 *
 * Messages are handled in the order they come. One whose effect takes time
 * (opening, resuming) holds up those behind it that are about the same
 * file, and no others. A link that ends lets go of its session: closed if
 * the page said good-bye, detached otherwise.
 */
G_DEFINE_FINAL_TYPE (AlmuLink, almu_link, G_TYPE_OBJECT)

enum
{
  HEARD,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* What waits to be sent may say that something was changed. */
static void
keep_promise (AlmuLink *self)
{
  if (self->session == NULL || !self->has_promised)
    return;

  self->has_promised = FALSE;
  almu_session_commit (self->session);
}

static void
unbind (AlmuLink *self)
{
  keep_promise (self);
  if (self->session == NULL)
    return;

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  almu_scripting_abandon (self);
  g_signal_handlers_disconnect_by_data (self->session, self);
  almu_outbox_drop_streams (self->outbox);
  almu_link_forget_waiting (self);
  g_hash_table_remove_all (self->busy);
  g_clear_object (&self->session);
}

static void
almu_link_dispose (GObject *object)
{
  AlmuLink *self = ALMU_LINK (object);

  if (self->socket != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->socket, self);
      almu_socket_set_source (self->socket, NULL, NULL);
      unbind (self);
    }
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_cancellable_cancel (self->listing);
  g_clear_object (&self->listing);
  g_clear_object (&self->socket);
  g_clear_object (&self->outbox);
  g_clear_pointer (&self->busy, g_hash_table_unref);
  g_clear_pointer (&self->scripts, g_hash_table_unref);

  G_OBJECT_CLASS (almu_link_parent_class)->dispose (object);
}

static void
almu_link_finalize (GObject *object)
{
  AlmuLink *self = ALMU_LINK (object);

  almu_link_forget_waiting (self);
  g_free (self->peer);
  g_free (self->viewer);

  G_OBJECT_CLASS (almu_link_parent_class)->finalize (object);
}

static void
almu_link_class_init (AlmuLinkClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = almu_link_dispose;
  object_class->finalize = almu_link_finalize;

  /**
   * AlmuLink::heard:
   * @self: the link
   * @event: which message
   *
   * The viewer has said something, and it has been handled.
   */
  signals[HEARD] =
    g_signal_new ("heard",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void
almu_link_init (AlmuLink *self)
{
  g_queue_init (&self->waiting);
  self->busy = g_hash_table_new (NULL, NULL);
  self->scripts = g_hash_table_new_full (NULL, NULL, NULL, g_object_unref);
  self->last_message = g_get_monotonic_time ();
  self->outbox = almu_outbox_new ();
  self->cancellable = g_cancellable_new ();
  self->icd_version = ALMU_ICD_VERSION;
}

/**
 * almu_link_get_switchboard:
 *
 * Returns: (transfer none): the switchboard that it belongs to
 */
AlmuSwitchboard *
almu_link_get_switchboard (AlmuLink *self)
{
  return self->switchboard;
}

/**
 * almu_link_get_session:
 *
 * It changes with almu_link_bind() and when the link ends.
 *
 * Returns: (nullable) (transfer none): the session the link is bound to; never %NULL in a
 *   handler other than that of REGISTER_VIEWER
 */
AlmuSession *
almu_link_get_session (AlmuLink *self)
{
  return self->session;
}

/**
 * almu_link_get_peer:
 * @self: a link
 *
 * The address as whoever accepted the connection wrote it, for logs and lists
 * only.
 *
 * Returns: (transfer none): where the viewer is
 */
const char *
almu_link_get_peer (AlmuLink *self)
{
  return self->peer;
}

/**
 * almu_link_get_viewer:
 * @self: a link
 *
 * What its cookie said, see almu_guard_dup_viewer(); it does not change.
 *
 * Returns: (nullable): which browser it is, if it told
 */
const char *
almu_link_get_viewer (AlmuLink *self)
{
  return self->viewer;
}

/**
 * almu_link_get_prepared_id:
 *
 * Returns: the session that was prepared for this page and named in its
 *   address, or 0
 */
guint32
almu_link_get_prepared_id (AlmuLink *self)
{
  return self->prepared_id;
}

/**
 * almu_link_get_icd_version:
 * @self: a link
 *
 * Ours until the viewer's REGISTER_VIEWER has come, then that of its header.
 * Everything that is sent carries it.
 *
 * Returns: the version of the ICD that is spoken
 */
guint16
almu_link_get_icd_version (AlmuLink *self)
{
  return self->icd_version;
}

/**
 * almu_link_get_cancellable:
 * @self: a link
 *
 * For work whose answer goes to this viewer; carries the session as its owner.
 *
 * Returns: (transfer none): cancelled when the link ends or is bound to another session
 */
GCancellable *
almu_link_get_cancellable (AlmuLink *self)
{
  return self->cancellable;
}

/**
 * almu_link_get_folder:
 *
 * Returns: (transfer none): the folder that the session may open files of
 */
AlmuFolder *
almu_link_get_folder (AlmuLink *self)
{
  return almu_sessions_get_folder (almu_switchboard_get_sessions (self->switchboard));
}

/**
 * almu_link_get_n_outgoing:
 *
 * Returns: how many messages wait to be sent
 */
guint
almu_link_get_n_outgoing (AlmuLink *self)
{
  return almu_outbox_get_count (self->outbox);
}

/**
 * almu_link_get_n_held:
 *
 * Returns: how many messages of the page wait until something is done that
 *   came before them
 */
guint
almu_link_get_n_held (AlmuLink *self)
{
  return g_queue_get_length (&self->waiting);
}

/**
 * almu_link_get_outbox_bytes:
 *
 * What the system has taken already is not among them.
 *
 * Returns: the bytes that wait to be sent
 */
gsize
almu_link_get_outbox_bytes (AlmuLink *self)
{
  return almu_outbox_get_bytes (self->outbox);
}

/* -- the session -------------------------------------------------------- */

static void
on_product (AlmuSession       *session,
            const AlmuProduct *product,
            AlmuLink          *self)
{
  if (product->epoch == almu_session_get_epoch (session))
    almu_speak_product (self, product);
}

static void
on_failed (AlmuSession  *session,
           const GError *error,
           AlmuLink     *self)
{
  almu_link_report (self, CARTA__ERROR_SEVERITY__ERROR, "calculation", error->message);
}

static void
on_returned (AlmuSession *session,
             const char  *what,
             AlmuLink    *self)
{
  g_autofree char *text = g_strdup_printf (_ ("%s is there again"), what);

  almu_link_report (self, CARTA__ERROR_SEVERITY__INFO, "resume", text);
}

static void
on_drained (AlmuOutbox *outbox,
            AlmuLink   *self)
{
  if (self->session != NULL)
    almu_session_set_congested (self->session, FALSE);
}

/**
 * almu_link_bind:
 * @session: a session; held until the link is bound to another, or ends
 *
 * Attaches the viewer to a session. Whoever had it before is told and let
 * go: the newest link wins.
 */
void
almu_link_bind (AlmuLink    *self,
                AlmuSession *session)
{
  AlmuLink *before;

  if (self->session == session)
    return;

  before = almu_switchboard_find (self->switchboard, session);
  if (before != NULL)
    almu_link_lose (before, ALMU_CLOSE_TAKEN_OVER,
                    _ ("This session is now open in another window"));

  if (self->session != NULL)
    {
      AlmuSession *left = self->session;

      g_object_ref (left);
      unbind (self);
      almu_session_detach (left);
      g_object_unref (left);
    }

  self->session = g_object_ref (session);
  almu_workers_set_owner (self->cancellable, almu_workers_get_owner (session));
  g_signal_connect (session, "product", G_CALLBACK (on_product), self);
  g_signal_connect (session, "failed", G_CALLBACK (on_failed), self);
  g_signal_connect_swapped (session, "plane-chosen", G_CALLBACK (almu_usher_show_plane), self);
  g_signal_connect (session, "returned", G_CALLBACK (on_returned), self);
  almu_session_attach (session, self->peer);
}

/**
 * almu_link_lose:
 * @code: WebSocket close code
 * @reason: why, for the viewer
 *
 * Ends the link from our side. The session is free at once.
 */
void
almu_link_lose (AlmuLink   *self,
                guint       code,
                const char *reason)
{
  g_autoptr(AlmuSession) session = self->session != NULL ? g_object_ref (self->session) : NULL;
  CARTA__ErrorData message = CARTA__ERROR_DATA__INIT;
  char            *tags[] = { (char *) "link" };
  g_autofree char *clean = almu_message_clean_text (reason, -1);
  g_autoptr(GBytes) bytes = NULL;

  if (!almu_socket_is_open (self->socket))
    return;

  unbind (self);
  if (code == ALMU_CLOSE_OVERFLOW)
    almu_outbox_clear (self->outbox);
  message.severity = CARTA__ERROR_SEVERITY__CRITICAL;
  message.n_tags = G_N_ELEMENTS (tags);
  message.tags = tags;
  message.message = clean;
  bytes = almu_message_pack (&message.base, self->icd_version, 0);
  almu_outbox_push (self->outbox, bytes, ALMU_OUTBOX_ORDERED, 0, NULL);
  almu_socket_wake (self->socket);
  almu_socket_close (self->socket, code, clean);

  if (session != NULL)
    almu_session_detach (session);
}

static void
on_socket_closed (AlmuSocket *socket,
                  guint       code,
                  gboolean    is_clean,
                  AlmuLink   *self)
{
  g_autoptr(AlmuSession) session = self->session != NULL ? g_object_ref (self->session) : NULL;
  gboolean good_bye = is_clean && (code == 1000 || code == 1001);

  unbind (self);
  g_cancellable_cancel (self->listing);
  if (session != NULL)
    {
      almu_log_session (G_LOG_DOMAIN, almu_session_get_id (session), self->peer,
                        good_bye ? "Closed." : "Disconnected.");
      if (good_bye)
        almu_sessions_end (almu_switchboard_get_sessions (self->switchboard), session);
      else
        almu_session_detach (session);
    }

  almu_switchboard_note_closed (self->switchboard, self);
}

/**
 * almu_link_get_file:
 * @file_id: what the message says; need not be one
 * @tag: what was to be done with it, for the page's log
 *
 * Looks up a file that a message names, and sees to it that it is served: a
 * session that was restored is quiet until its viewer speaks.
 *
 * Returns: (nullable) (transfer none): the file if it is open; otherwise the
 *   viewer has been told
 */
AlmuFile *
almu_link_get_file (AlmuLink   *self,
                    int         file_id,
                    const char *tag)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL;
  AlmuFile        *file;
  AlmuDemand      *demand;

  file = almu_session_get_file (self->session, file_id, &error);
  if (file == NULL)
    {
      almu_link_report (self, CARTA__ERROR_SEVERITY__WARNING, tag, error->message);
      return NULL;
    }

  demand = almu_file_get_demand (file);
  if (demand == NULL)
    {
      text = g_strdup_printf (_ ("File %d (%s) is not available"), file_id, almu_file_get_name (file)->name);
      almu_link_report (self, CARTA__ERROR_SEVERITY__WARNING, tag, text);
      return NULL;
    }

  almu_demand_start (demand);

  return file;
}

/**
 * almu_link_renew_listing:
 *
 * Stops a listing that is under way.
 *
 * Returns: (transfer none): for the next one
 */
GCancellable *
almu_link_renew_listing (AlmuLink *self)
{
  g_cancellable_cancel (self->listing);
  g_clear_object (&self->listing);
  self->listing = almu_workers_cancellable_new (self->cancellable);

  return self->listing;
}

/**
 * almu_link_get_scripts:
 * @self: a link
 *
 * For almu-scripting.c only: numbers of requests, and the #GTask of each.
 *
 * Returns: (transfer none): what the page was asked and has not answered
 */
GHashTable *
almu_link_get_scripts (AlmuLink *self)
{
  return self->scripts;
}

static GBytes *
on_next (gpointer user_data)
{
  AlmuLink *self = user_data;

  keep_promise (self);

  return almu_outbox_pop (self->outbox);
}

/**
 * almu_link_new:
 * @switchboard: (transfer none): not held; outlives the link
 * @socket: the connection
 * @peer: address of the viewer
 * @viewer: (nullable): which browser it is
 * @prepared_id: the session named in the page's address, or 0
 *
 * Begins to serve a viewer, which has no session before its REGISTER_VIEWER.
 * The link ends when @socket has closed; the switchboard is told then.
 *
 * Returns: (transfer full): a link
 */
AlmuLink *
almu_link_new (AlmuSwitchboard *switchboard,
               AlmuSocket      *socket,
               const char      *peer,
               const char      *viewer,
               guint32          prepared_id)
{
  AlmuLink *self = g_object_new (ALMU_TYPE_LINK, NULL);

  self->switchboard = switchboard;
  self->socket = g_object_ref (socket);
  self->peer = g_strdup (peer);
  self->viewer = g_strdup (viewer);
  self->prepared_id = prepared_id;

  almu_link_listen (self);
  g_signal_connect (socket, "closed", G_CALLBACK (on_socket_closed), self);
  g_signal_connect_object (self->outbox, "drained", G_CALLBACK (on_drained), self, 0);
  almu_socket_set_source (socket, on_next, self);
  almu_socket_set_idle (socket, almu_switchboard_get_options (switchboard)->idle_seconds);

  return self;
}
