/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-session-private.h"

#include "almu-workers.h"

/**
 * AlmuSession:
 *
 * The server's own, complete record of what one viewer is looking at. It
 * outlives the viewer's connection and knows nothing of it: what a viewer
 * would be told leaves through signals, heard or not.
 *
 * Main thread only.
 */
G_DEFINE_FINAL_TYPE (AlmuSession, almu_session, ALMU_TYPE_PRODUCER)

enum
{
  PROP_0,
  PROP_ID,
  PROP_STATE,
  PROP_TITLE,
  PROP_PEER,
  PROP_CREATED,
  PROP_LAST_SEEN,
  PROP_EPOCH,
  N_PROPS
};

enum
{
  FILE_ADDED,
  FILE_REMOVED,
  REGION_ADDED,
  REGION_REMOVED,
  REGION_SET,
  PLANE_CHOSEN,
  RETURNED,
  COMMIT,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint       signals[N_SIGNALS];

static void
almu_session_dispose (GObject *object)
{
  AlmuSession *self = ALMU_SESSION (object);

  self->is_ending = TRUE;
  g_clear_handle_id (&self->retry_source, g_source_remove);
  almu_session_end_animation (self);
  if (self->files != NULL)
    almu_session_close_all_files (self);
  if (self->catalogs != NULL)
    almu_session_close_all_catalogs (self);
  g_clear_pointer (&self->files, g_ptr_array_unref);
  g_clear_pointer (&self->catalogs, g_ptr_array_unref);
  g_clear_pointer (&self->regions, g_hash_table_unref);
  g_clear_object (&self->folder);
  g_clear_object (&self->cache);

  G_OBJECT_CLASS (almu_session_parent_class)->dispose (object);
}

static void
almu_session_finalize (GObject *object)
{
  AlmuSession *self = ALMU_SESSION (object);

  g_free (self->peer);
  g_free (self->viewer);
  g_free (self->title);

  G_OBJECT_CLASS (almu_session_parent_class)->finalize (object);
}

static void
almu_session_get_property (GObject    *object,
                           guint       prop_id,
                           GValue     *value,
                           GParamSpec *pspec)
{
  AlmuSession *self = ALMU_SESSION (object);

  switch (prop_id)
    {
    case PROP_ID:
      g_value_set_uint (value, self->id);
      break;

    case PROP_STATE:
      g_value_set_int (value, self->state);
      break;

    case PROP_TITLE:
      g_value_set_string (value, self->title);
      break;

    case PROP_PEER:
      g_value_set_string (value, self->peer);
      break;

    case PROP_CREATED:
      g_value_set_int64 (value, self->created);
      break;

    case PROP_LAST_SEEN:
      g_value_set_int64 (value, self->last_seen);
      break;

    case PROP_EPOCH:
      g_value_set_uint (value, self->epoch);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
install_signals (AlmuSessionClass *klass)
{
  const struct
  {
    guint       signal;
    const char *name;
    GType       type;
  } table[] = {
    { FILE_ADDED, "file-added", ALMU_TYPE_FILE },
    { FILE_REMOVED, "file-removed", ALMU_TYPE_FILE },
    { REGION_ADDED, "region-added", ALMU_TYPE_REGION },
    { REGION_REMOVED, "region-removed", ALMU_TYPE_REGION },
    { REGION_SET, "region-set", ALMU_TYPE_REGION },   /* in place of `changed`, if that is all */
    { PLANE_CHOSEN, "plane-chosen", ALMU_TYPE_FILE }, /* by somebody else than the viewer */
    { RETURNED, "returned", G_TYPE_STRING },          /* what was missed and is there again */
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    signals[table[i].signal] =
      g_signal_new (table[i].name,
                    G_TYPE_FROM_CLASS (klass),
                    G_SIGNAL_RUN_LAST,
                    0, NULL, NULL, NULL,
                    G_TYPE_NONE, 1, table[i].type);

  /**
   * AlmuSession::commit:
   * @self: the session
   *
   * Somebody is about to be told that a change was made: who keeps records
   * writes it down now.
   */
  signals[COMMIT] =
    g_signal_new ("commit",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 0);
}

static void
almu_session_class_init (AlmuSessionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = almu_session_dispose;
  object_class->finalize = almu_session_finalize;
  object_class->get_property = almu_session_get_property;

  /**
   * AlmuSession:id:
   *
   * Non-zero and random. A name, not a secret.
   */
  properties[PROP_ID] =
    g_param_spec_uint ("id", NULL, NULL,
                       0, G_MAXUINT32, 0,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * AlmuSession:state:
   *
   * An #AlmuSessionState.
   */
  properties[PROP_STATE] =
    g_param_spec_int ("state", NULL, NULL,
                      ALMU_SESSION_ATTACHED, ALMU_SESSION_CLOSED, ALMU_SESSION_DETACHED,
                      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * AlmuSession:title:
   *
   * What people recognise the session by: its first file, and how many more.
   */
  properties[PROP_TITLE] =
    g_param_spec_string ("title", NULL, NULL,
                         "",
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * AlmuSession:peer:
   *
   * Address of the viewer that is or was attached last; "" for none.
   */
  properties[PROP_PEER] =
    g_param_spec_string ("peer", NULL, NULL,
                         "",
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * AlmuSession:created:
   *
   * Seconds since 1970.
   */
  properties[PROP_CREATED] =
    g_param_spec_int64 ("created", NULL, NULL,
                        0, G_MAXINT64, 0,
                        G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * AlmuSession:last-seen:
   *
   * Seconds since 1970, when a viewer was last attached.
   */
  properties[PROP_LAST_SEEN] =
    g_param_spec_int64 ("last-seen", NULL, NULL,
                        0, G_MAXINT64, 0,
                        G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * AlmuSession:epoch:
   *
   * Counts the times a viewer has come back.
   */
  properties[PROP_EPOCH] =
    g_param_spec_uint ("epoch", NULL, NULL,
                       0, G_MAXUINT, 0,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
  install_signals (klass);
}

static gint64
now_in_seconds (void)
{
  return g_get_real_time () / G_TIME_SPAN_SECOND;
}

static void
almu_session_init (AlmuSession *self)
{
  self->state = ALMU_SESSION_DETACHED;
  self->files = g_ptr_array_new_with_free_func (g_object_unref);
  self->catalogs = g_ptr_array_new_with_free_func (g_object_unref);
  self->regions = g_hash_table_new_full (NULL, NULL, NULL, g_object_unref);
  self->peer = g_strdup ("");
  self->title = g_strdup ("");
  self->created = now_in_seconds ();
  self->last_seen = self->created;
}

/**
 * almu_session_new:
 * @id: its number, not 0
 * @folder: where its files are; held
 * @cache: what is made of images, shared by all sessions; held
 *
 * Work for it is counted as that of one owner, by its number. It is detached.
 *
 * Returns: (transfer full): a session
 */
AlmuSession *
almu_session_new (guint32     id,
                  AlmuFolder *folder,
                  AlmuCache  *cache)
{
  AlmuSession *self;

  g_return_val_if_fail (id != 0, NULL);

  self = g_object_new (ALMU_TYPE_SESSION, NULL);
  self->id = id;
  almu_workers_set_owner (self, id);
  self->folder = g_object_ref (folder);
  self->cache = g_object_ref (cache);

  return self;
}

/**
 * almu_session_get_id:
 * @self: a session
 *
 * Not 0, and random. A name, not a secret.
 *
 * Returns: its number, which a page keeps
 */
guint32
almu_session_get_id (AlmuSession *self)
{
  g_return_val_if_fail (ALMU_IS_SESSION (self), 0);

  return self->id;
}

/**
 * almu_session_get_state:
 * @self: a session
 *
 * Notified as [property@Almu.Session:state].
 *
 * Returns: where it is, and whether somebody looks at it
 */
AlmuSessionState
almu_session_get_state (AlmuSession *self)
{
  g_return_val_if_fail (ALMU_IS_SESSION (self), ALMU_SESSION_CLOSED);

  return self->state;
}

/**
 * almu_session_state_get_name:
 * @state: a state
 *
 * Stands in records and on the bus, and is never translated.
 *
 * Returns: (transfer none): `attached`, `detached`, `parked` or `closed`
 */
const char *
almu_session_state_get_name (AlmuSessionState state)
{
  static const char *const names[] = { "attached", "detached", "parked", "closed" };

  g_return_val_if_fail ((guint) state < G_N_ELEMENTS (names), "");

  return names[state];
}

/**
 * almu_session_get_folder:
 *
 * Returns: (transfer none): where its files are
 */
AlmuFolder *
almu_session_get_folder (AlmuSession *self)
{
  g_return_val_if_fail (ALMU_IS_SESSION (self), NULL);

  return self->folder;
}

/**
 * almu_session_get_cache:
 *
 * Returns: (transfer none): what was made of images, shared by all
 *   sessions
 */
AlmuCache *
almu_session_get_cache (AlmuSession *self)
{
  g_return_val_if_fail (ALMU_IS_SESSION (self), NULL);

  return self->cache;
}

/**
 * almu_session_get_epoch:
 * @self: a session
 *
 * Grows whenever a viewer comes or goes. Products of an earlier one must not be
 * sent.
 *
 * Returns: the epoch
 */
guint
almu_session_get_epoch (AlmuSession *self)
{
  g_return_val_if_fail (ALMU_IS_SESSION (self), 0);

  return self->epoch;
}

/**
 * almu_session_get_last_seen:
 * @self: a session
 *
 * Not kept up to date while a viewer is attached.
 *
 * Returns: seconds since 1970, when its state last changed or a viewer came
 */
gint64
almu_session_get_last_seen (AlmuSession *self)
{
  g_return_val_if_fail (ALMU_IS_SESSION (self), 0);

  return self->last_seen;
}

/**
 * almu_session_emit_changed:
 * @self: a session
 *
 * Emits [signal@Almu.Producer::changed], unless the session is ending, or half
 * back: neither is a state to write down.
 */
void
almu_session_emit_changed (AlmuSession *self)
{
  if (!self->is_ending && !self->is_recalled)
    almu_producer_emit_changed (ALMU_PRODUCER (self));
}

/**
 * almu_session_emit_returned:
 * @self: a session
 * @what: `File` or `Catalog`
 * @id: what the viewer calls it
 * @name: its base name
 *
 * Emits `returned` with a phrase such as `File 3 (m17.fits)`, which tells the
 * viewer.
 */
void
almu_session_emit_returned (AlmuSession *self,
                            const char  *what,
                            int          id,
                            const char  *name)
{
  g_autofree char *label = g_strdup_printf ("%s %d (%s)", what, id, name);

  g_signal_emit (self, signals[RETURNED], 0, label);
}

/**
 * almu_session_commit:
 *
 * To be called before anybody is told that a change was made.
 */
void
almu_session_commit (AlmuSession *self)
{
  g_return_if_fail (ALMU_IS_SESSION (self));

  if (!self->is_recalled)
    g_signal_emit (self, signals[COMMIT], 0);
}

/* -- the life of the session -------------------------------------------- */

static void
set_state (AlmuSession     *self,
           AlmuSessionState state)
{
  self->last_seen = now_in_seconds ();
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LAST_SEEN]);

  if (self->state == state)
    return;

  self->state = state;
  g_debug ("Session %u is %s", self->id, almu_session_state_get_name (state));
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
  almu_session_emit_changed (self);
  almu_session_await_missing (self);
}

/**
 * almu_session_attach:
 * @peer: address of the viewer
 *
 * A viewer is looking. Who was before it, if anybody, is not any more.
 */
void
almu_session_attach (AlmuSession *self,
                     const char  *peer)
{
  g_return_if_fail (ALMU_IS_SESSION (self));
  g_return_if_fail (peer != NULL);

  almu_session_begin_epoch (self);
  if (!g_str_equal (self->peer, peer))
    {
      g_free (self->peer);
      self->peer = g_strdup (peer);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PEER]);
    }
  set_state (self, ALMU_SESSION_ATTACHED);
}

/**
 * almu_session_detach:
 *
 * Nobody is looking: images and what was made of them stay, work ends.
 */
void
almu_session_detach (AlmuSession *self)
{
  g_return_if_fail (ALMU_IS_SESSION (self));

  almu_session_begin_epoch (self);
  set_state (self, ALMU_SESSION_DETACHED);
}

/* What it holds in memory goes; its record is written first and stays. */
static void
end (AlmuSession     *self,
     AlmuSessionState state)
{
  almu_session_end_animation (self);
  set_state (self, state);
  almu_session_commit (self);
  self->is_ending = TRUE;
  g_clear_handle_id (&self->retry_source, g_source_remove);
  almu_session_close_all_files (self);
  almu_session_close_all_catalogs (self);
}

/**
 * almu_session_park:
 *
 * Nobody has looked for long, or the process ends: frees everything, to be
 * restored from the record.
 */
void
almu_session_park (AlmuSession *self)
{
  g_return_if_fail (ALMU_IS_SESSION (self));

  end (self, ALMU_SESSION_PARKED);
}

/**
 * almu_session_close:
 *
 * The viewer has ended the session: everything it holds is freed at once.
 */
void
almu_session_close (AlmuSession *self)
{
  g_return_if_fail (ALMU_IS_SESSION (self));

  end (self, ALMU_SESSION_CLOSED);
}

static AlmuDemand *
get_demand (gpointer file)
{
  return almu_file_get_demand (ALMU_FILE (file));
}

/**
 * almu_session_set_congested:
 * @congested: whether the viewer reads too slowly for more pictures
 *
 * Tiles, frames, maps, overlays and rows are made no further than they are,
 * until it is %FALSE again. A new epoch begins without it.
 */
void
almu_session_set_congested (AlmuSession *self,
                            gboolean     congested)
{
  g_return_if_fail (ALMU_IS_SESSION (self));

  if (self->is_congested == congested)
    return;

  self->is_congested = congested;
  if (self->animation != NULL)
    almu_animation_set_paused (self->animation, congested);
  for (guint i = 0; i < self->files->len; i++)
    {
      AlmuDemand *demand = get_demand (self->files->pdata[i]);

      if (demand != NULL)
        almu_demand_set_paused (demand, congested);
    }
  for (guint i = 0; i < self->catalogs->len; i++)
    almu_catalog_file_set_paused (self->catalogs->pdata[i], congested);
}

/**
 * almu_session_begin_epoch:
 *
 * Ends all work, so that nothing which was asked for until now can reach
 * the viewer of tomorrow.
 *
 * Returns: the new epoch
 */
guint
almu_session_begin_epoch (AlmuSession *self)
{
  g_return_val_if_fail (ALMU_IS_SESSION (self), 0);

  self->epoch++;
  g_debug ("Session %u begins epoch %u", self->id, self->epoch);
  self->is_congested = FALSE;
  for (guint i = 0; i < self->files->len; i++)
    {
      AlmuDemand *demand = get_demand (self->files->pdata[i]);

      if (demand == NULL)
        continue;

      almu_demand_stop (demand);
      almu_demand_set_epoch (demand, self->epoch);
      almu_demand_set_paused (demand, FALSE);
    }
  almu_session_end_animation (self);
  for (guint i = 0; i < self->catalogs->len; i++)
    {
      almu_catalog_file_stop (self->catalogs->pdata[i]);
      almu_catalog_file_set_epoch (self->catalogs->pdata[i], self->epoch);
      almu_catalog_file_set_paused (self->catalogs->pdata[i], FALSE);
    }
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_EPOCH]);

  return self->epoch;
}

/**
 * almu_session_renew:
 *
 * Begins a new epoch, in which everything that is in force is sent to a
 * viewer who has come back.
 */
void
almu_session_renew (AlmuSession *self)
{
  g_return_if_fail (ALMU_IS_SESSION (self));

  almu_session_end_animation (self);
  self->epoch++;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_EPOCH]);

  for (guint i = 0; i < self->files->len; i++)
    {
      AlmuDemand *demand = get_demand (self->files->pdata[i]);

      if (demand != NULL)
        almu_demand_renew (demand, self->epoch);
    }
  for (guint i = 0; i < self->catalogs->len; i++)
    almu_catalog_file_renew (self->catalogs->pdata[i], self->epoch);
}
