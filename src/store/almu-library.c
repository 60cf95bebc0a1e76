/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-library.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "almu-error.h"
#include "almu-kept.h"
#include "almu-limits.h"
#include "almu-workspace.h"

#define PREFIX ALMU_KEPT_PREFIX
#define DASH " – "

/**
 * AlmuLibrary:
 *
 * What the page finds by name: all that is on the shelf, and among the
 * workspaces one for each kept session, `Session 4711 – a.fits and 2 more`,
 * written when it is asked for. Any name that begins with the session's
 * number will do.
 *
 * Calls come from any thread. What they need of sessions is done on the
 * thread the library was made on, where sessions live.
 */
struct _AlmuLibrary
{
  GObject parent_instance;

  AlmuSettings *shelf;
  AlmuSessions *sessions;
  GThread      *home;
  GMainContext *context;
};

static void almu_library_settings_init (AlmuSettingsInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (AlmuLibrary, almu_library, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (ALMU_TYPE_SETTINGS, almu_library_settings_init))

/* -- names -------------------------------------------------------------- */

/* The page puts names into addresses as they are; names of workspaces have
 * no slashes. */
static gboolean
is_awkward (gunichar c)
{
  return g_unichar_iscntrl (c) || (c < 0x80 && strchr ("/\\%?#", (int) c) != NULL);
}

static char *
make_name (const AlmuArchiveEntry *entry)
{
  g_autoptr(GString) name = g_string_new (NULL);
  g_autofree char *title = g_utf8_make_valid (entry->title != NULL ? entry->title : "", -1);

  g_string_printf (name, PREFIX "%u", entry->id);
  if (*title == '\0')
    return g_string_free (g_steal_pointer (&name), FALSE);

  g_string_append (name, DASH);
  for (const char *p = title; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      g_string_append_unichar (name, is_awkward (c) ? '_' : c);
      if (name->len > ALMU_LIMIT_NAME_BYTES - strlen ("…"))
        {
          g_string_truncate (name, (gsize) (g_utf8_find_prev_char (name->str, name->str + name->len) - name->str));
          g_string_append (name, "…");
          break;
        }
    }

  return g_string_free (g_steal_pointer (&name), FALSE);
}

/* -- where sessions live ------------------------------------------------ */

typedef struct _Errand Errand;

/* Something to be done at home while another thread waits. */
struct _Errand
{
  AlmuLibrary *library;
  void (*func) (Errand *errand);
  guint32      id;
  GPtrArray   *entries;
  AlmuMemento *memento;
  gboolean     ok;
  GError      *error;

  GMutex   mutex;
  GCond    done_cond;
  gboolean done;
};

static gboolean
on_errand (gpointer user_data)
{
  Errand *errand = user_data;

  errand->func (errand);

  g_mutex_lock (&errand->mutex);
  errand->done = TRUE;
  g_cond_signal (&errand->done_cond);
  g_mutex_unlock (&errand->mutex);

  return G_SOURCE_REMOVE;
}

static void
send_home (Errand *errand)
{
  g_autoptr(GSource) source = g_idle_source_new ();

  g_mutex_init (&errand->mutex);
  g_cond_init (&errand->done_cond);
  g_source_set_static_name (source, "almu: library");
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_errand, errand, NULL);
  g_source_attach (source, errand->library->context);

  g_mutex_lock (&errand->mutex);
  while (!errand->done)
    g_cond_wait (&errand->done_cond, &errand->mutex);
  g_mutex_unlock (&errand->mutex);

  g_mutex_clear (&errand->mutex);
  g_cond_clear (&errand->done_cond);
}

static void
run_errand (Errand *errand)
{
  if (g_thread_self () == errand->library->home)
    errand->func (errand);
  else
    send_home (errand);
}

static void
list_sessions (Errand *errand)
{
  errand->entries = almu_kept_list (errand->library->sessions, &errand->error);
}

static void
load_session (Errand *errand)
{
  errand->memento = almu_kept_load (errand->library->sessions, errand->id, &errand->error);
}

static void
forget_session (Errand *errand)
{
  errand->ok = almu_sessions_forget (errand->library->sessions, errand->id, &errand->error);
}

/* -- workspaces --------------------------------------------------------- */

/* One that is open in a window need not be opened again, and one without
 * files has nothing to show. */
static gboolean
is_offered (const AlmuArchiveEntry *entry)
{
  return entry->n_files > 0 &&
         g_strcmp0 (entry->state, almu_session_state_get_name (ALMU_SESSION_ATTACHED)) != 0;
}

static void
add_sessions (AlmuLibrary *self,
              GPtrArray   *list)
{
  Errand errand = { .library = self, .func = list_sessions };

  run_errand (&errand);
  if (errand.entries == NULL)
    {
      g_warning ("Kept sessions cannot be listed: %s; listing what is on the shelf",
                 errand.error->message);
      g_clear_error (&errand.error);
      return;
    }

  for (guint i = 0; i < errand.entries->len; i++)
    {
      const AlmuArchiveEntry *entry = errand.entries->pdata[i];
      g_autofree char        *name = NULL;

      if (!is_offered (entry))
        continue;

      name = make_name (entry);
      g_ptr_array_add (list, almu_settings_entry_new (name, entry->last_seen));
    }

  g_ptr_array_unref (errand.entries);
}

static char *
fetch_session (AlmuLibrary *self,
               guint32      id,
               const char  *name,
               GError     **error)
{
  Errand errand = { .library = self, .func = load_session, .id = id };
  char  *text;

  run_errand (&errand);
  if (errand.memento == NULL)
    {
      g_propagate_error (error, errand.error);
      return NULL;
    }

  text = almu_workspace_write (errand.memento, name);
  almu_memento_free (errand.memento);

  return text;
}

static guint32
find_session (AlmuSettingsKind kind,
              const char      *name)
{
  return kind == ALMU_SETTINGS_WORKSPACE ? almu_kept_parse_name (name) : 0;
}

/* -- AlmuSettings ------------------------------------------------------- */

static char *
almu_library_get_preferences (AlmuSettings *settings,
                              GError      **error)
{
  return almu_settings_get_preferences (ALMU_LIBRARY (settings)->shelf, error);
}

static gboolean
almu_library_merge_preferences (AlmuSettings *settings,
                                const char   *json,
                                GError      **error)
{
  return almu_settings_merge_preferences (ALMU_LIBRARY (settings)->shelf, json, error);
}

static gboolean
almu_library_delete_preferences (AlmuSettings      *settings,
                                 const char *const *keys,
                                 GError           **error)
{
  return almu_settings_delete_preferences (ALMU_LIBRARY (settings)->shelf, keys, error);
}

static GPtrArray *
almu_library_list (AlmuSettings    *settings,
                   AlmuSettingsKind kind,
                   GError         **error)
{
  AlmuLibrary *self = ALMU_LIBRARY (settings);
  GPtrArray   *list = almu_settings_list (self->shelf, kind, error);

  if (list != NULL && kind == ALMU_SETTINGS_WORKSPACE)
    add_sessions (self, list);

  return list;
}

static char *
almu_library_get_all (AlmuSettings    *settings,
                      AlmuSettingsKind kind,
                      GError         **error)
{
  return almu_settings_get_all (ALMU_LIBRARY (settings)->shelf, kind, error);
}

/* A person may have called a file on the shelf so: it is found where no
 * session is. */
static char *
almu_library_get (AlmuSettings    *settings,
                  AlmuSettingsKind kind,
                  const char      *name,
                  GError         **error)
{
  AlmuLibrary *self = ALMU_LIBRARY (settings);
  guint32      id = find_session (kind, name);
  g_autoptr(GError) reason = NULL;
  char *text;

  if (id == 0)
    return almu_settings_get (self->shelf, kind, name, error);

  text = fetch_session (self, id, name, &reason);
  if (text == NULL && g_error_matches (reason, ALMU_ERROR, ALMU_ERROR_NOT_FOUND))
    text = almu_settings_get (self->shelf, kind, name, NULL);
  if (text == NULL)
    g_propagate_error (error, g_steal_pointer (&reason));

  return text;
}

static gboolean
almu_library_put (AlmuSettings    *settings,
                  AlmuSettingsKind kind,
                  const char      *name,
                  const char      *json,
                  GError         **error)
{
  guint32 id = find_session (kind, name);

  if (id == 0)
    return almu_settings_put (ALMU_LIBRARY (settings)->shelf, kind, name, json, error);

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_REFUSED,
               _ ("Names that begin with “%s%u” are those of sessions, which are kept by themselves: choose another name"),
               PREFIX, id);

  return FALSE;
}

static gboolean
almu_library_remove (AlmuSettings    *settings,
                     AlmuSettingsKind kind,
                     const char      *name,
                     GError         **error)
{
  AlmuLibrary *self = ALMU_LIBRARY (settings);
  Errand       errand = { .library = self, .func = forget_session, .id = find_session (kind, name) };

  if (errand.id == 0)
    return almu_settings_remove (self->shelf, kind, name, error);

  run_errand (&errand);
  if (g_error_matches (errand.error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND) &&
      almu_settings_remove (self->shelf, kind, name, NULL))
    {
      g_clear_error (&errand.error);
      return TRUE;
    }

  if (!errand.ok)
    g_propagate_error (error, errand.error);

  return errand.ok;
}

static void
almu_library_settings_init (AlmuSettingsInterface *iface)
{
  iface->get_preferences = almu_library_get_preferences;
  iface->merge_preferences = almu_library_merge_preferences;
  iface->delete_preferences = almu_library_delete_preferences;
  iface->list = almu_library_list;
  iface->get_all = almu_library_get_all;
  iface->get = almu_library_get;
  iface->put = almu_library_put;
  iface->remove = almu_library_remove;
}

/* -- the object --------------------------------------------------------- */

static void
almu_library_dispose (GObject *object)
{
  AlmuLibrary *self = ALMU_LIBRARY (object);

  g_clear_object (&self->shelf);
  g_clear_object (&self->sessions);

  G_OBJECT_CLASS (almu_library_parent_class)->dispose (object);
}

static void
almu_library_finalize (GObject *object)
{
  AlmuLibrary *self = ALMU_LIBRARY (object);

  g_clear_pointer (&self->context, g_main_context_unref);

  G_OBJECT_CLASS (almu_library_parent_class)->finalize (object);
}

static void
almu_library_class_init (AlmuLibraryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = almu_library_dispose;
  object_class->finalize = almu_library_finalize;
}

static void
almu_library_init (AlmuLibrary *self)
{
  self->home = g_thread_self ();
  self->context = g_main_context_ref_thread_default ();
}

/**
 * almu_library_new:
 * @shelf: what the page and its user put there
 * @sessions: the sessions; the calling thread is theirs
 *
 * Remembers the calling thread and its default main context: calls from any
 * other thread wait until that context has run, so that it must not wait for
 * them.
 *
 * Returns: (transfer full): a library
 */
AlmuLibrary *
almu_library_new (AlmuSettings *shelf,
                  AlmuSessions *sessions)
{
  AlmuLibrary *self;

  g_return_val_if_fail (ALMU_IS_SETTINGS (shelf), NULL);
  g_return_val_if_fail (ALMU_IS_SESSIONS (sessions), NULL);

  self = g_object_new (ALMU_TYPE_LIBRARY, NULL);
  self->shelf = g_object_ref (shelf);
  self->sessions = g_object_ref (sessions);

  return self;
}
