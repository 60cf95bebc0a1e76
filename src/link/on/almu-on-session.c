/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-dispatch.h"

#include <glib/gi18n-lib.h>
#include <sys/utsname.h>

#include "almu-error.h"
#include "almu-figures.h"
#include "almu-file-message.h"
#include "almu-frame.h"
#include "almu-log.h"
#include "almu-message.h"
#include "almu-overlay-message.h"
#include "almu-resume.h"

/* -- REGISTER_VIEWER ---------------------------------------------------- */

static guint32
get_feature_flags (AlmuLink *link)
{
  const AlmuLinkOptions *options = almu_switchboard_get_options (almu_link_get_switchboard (link));

  /* The page takes a server for read-only if this is the only flag. */
  if (options->read_only)
    return CARTA__SERVER_FEATURE_FLAGS__READ_ONLY;

  return options->scripting ? CARTA__SERVER_FEATURE_FLAGS__SCRIPTING
                            : CARTA__SERVER_FEATURE_FLAGS__SERVER_FEATURE_NONE;
}

static void
acknowledge (AlmuLink          *link,
             guint32            request_id,
             CARTA__SessionType type)
{
  CARTA__RegisterViewerAck                        ack = CARTA__REGISTER_VIEWER_ACK__INIT;
  CARTA__RegisterViewerAck__PlatformStringsEntry  entries[3];
  CARTA__RegisterViewerAck__PlatformStringsEntry *pointers[3];
  struct utsname                                  system = { 0 };
  const char *const                               strings[][2] = {
                                  { "platform", "Linux" },
                                  { "architecture", system.machine },
                                  { "release_info", "Almucantar " ALMU_VERSION },
  };
  g_autofree char *text = NULL;

  G_STATIC_ASSERT (G_N_ELEMENTS (entries) == G_N_ELEMENTS (strings));

  uname (&system);
  for (guint i = 0; i < G_N_ELEMENTS (strings); i++)
    {
      carta__register_viewer_ack__platform_strings_entry__init (&entries[i]);
      entries[i].key = (char *) strings[i][0];
      entries[i].value = (char *) strings[i][1];
      pointers[i] = &entries[i];
    }

  ack.success = TRUE;
  ack.session_id = almu_session_get_id (almu_link_get_session (link));
  ack.session_type = type;
  ack.server_feature_flags = get_feature_flags (link);
  ack.n_platform_strings = G_N_ELEMENTS (strings);
  ack.platform_strings = pointers;
  text = g_strdup_printf (type == CARTA__SESSION_TYPE__NEW ? _ ("New session %u") : _ ("Session %u goes on"),
                          ack.session_id);
  ack.message = text;
  almu_link_reply (link, request_id, &ack.base);
}

static void
refuse_version (AlmuLink *link,
                guint32   request_id,
                guint16   version)
{
  g_autoptr(GError) error = NULL;

  error = g_error_new (ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                       _ ("This viewer speaks version %u of the interface, the service speaks %d to %d"),
                       version, ALMU_ICD_VERSION_OLDEST, ALMU_ICD_VERSION);
  almu_link_refuse (link, CARTA__EVENT_TYPE__REGISTER_VIEWER, request_id, -1, error);
  almu_link_lose (link, ALMU_CLOSE_VERSION, error->message);
}

/* A session for a page that names none: the one that was prepared for it,
 * if its address says so, else a new one. */
static AlmuSession *
find_for_new_page (AlmuLink     *link,
                   AlmuSessions *sessions,
                   GError      **error)
{
  guint32      prepared_id = almu_link_get_prepared_id (link);
  AlmuSession *prepared = prepared_id != 0 ? almu_sessions_lookup (sessions, prepared_id) : NULL;

  if (prepared != NULL && almu_session_get_state (prepared) == ALMU_SESSION_DETACHED &&
      almu_session_list_files (prepared)->len == 0)
    return prepared;

  return almu_sessions_create (sessions, 0, error);
}

static void
on_revived (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(AlmuLink) link = user_data;
  g_auto(GStrv) problems = NULL;
  g_autoptr(GError) error = NULL;

  if (!almu_sessions_revive_finish (ALMU_SESSIONS (source), result, &problems, &error))
    g_debug ("Session not restored: %s", error->message);
  for (guint i = 0; problems != NULL && problems[i] != NULL; i++)
    almu_link_report (link, CARTA__ERROR_SEVERITY__WARNING, "restore", problems[i]);

  almu_link_end_order (link, ALMU_LINK_ALL_FILES);
}

/* The session a page comes back to: one in memory, one on disk, or a new
 * one that takes the id, to be filled by the page's RESUME_SESSION. */
static AlmuSession *
find_for_known_page (AlmuLink     *link,
                     AlmuSessions *sessions,
                     guint32       id,
                     gboolean     *out_is_reviving,
                     GError      **error)
{
  AlmuSession *session = almu_sessions_lookup (sessions, id);
  g_autoptr(GError) why_not = NULL;

  if (session != NULL)
    return session;

  session = almu_sessions_revive_async (sessions, id, on_revived, g_object_ref (link), &why_not);
  if (session != NULL)
    {
      *out_is_reviving = TRUE;
      return session;
    }

  g_object_unref (link);
  if (!g_error_matches (why_not, ALMU_ERROR, ALMU_ERROR_NOT_FOUND))
    almu_link_report (link, CARTA__ERROR_SEVERITY__WARNING, "restore", why_not->message);

  return almu_sessions_create (sessions, id, error);
}

/**
 * almu_on_register_viewer:
 * @link: who says it; may have no session yet
 * @request_id: what the reply repeats
 * @message: a REGISTER_VIEWER
 *
 * Answers by REGISTER_VIEWER_ACK, at once. A session id of 0 gets the session
 * the link has, the one that was prepared for the page's address, or a new one.
 * Any other gets the session of that id: from memory, from the archive, or a
 * new one that the page's RESUME_SESSION will fill. What is restored from the
 * archive goes on in the background; all other messages wait for it, and what
 * could not be restored is told by ERROR_DATA.
 *
 * A viewer of an unknown version of the ICD is refused, and the link closed
 * with %ALMU_CLOSE_VERSION. Whoever had the session before is let go with
 * %ALMU_CLOSE_TAKEN_OVER.
 */
void
almu_on_register_viewer (AlmuLink               *link,
                         guint32                 request_id,
                         const ProtobufCMessage *message)
{
  const CARTA__RegisterViewer *request = (const CARTA__RegisterViewer *) message;
  AlmuSessions                *sessions = almu_switchboard_get_sessions (almu_link_get_switchboard (link));
  AlmuSession                 *session = almu_link_get_session (link);
  guint16                      version = almu_link_get_icd_version (link);
  gboolean                     is_new = request->session_id == 0 && session == NULL;
  gboolean                     is_reviving = FALSE;
  g_autoptr(GError) error = NULL;

  if (!almu_frame_is_version_known (version))
    {
      refuse_version (link, request_id, version);
      return;
    }

  if (request->session_id != 0)
    session = find_for_known_page (link, sessions, request->session_id, &is_reviving, &error);
  else if (session == NULL)
    session = find_for_new_page (link, sessions, &error);

  if (session == NULL)
    {
      almu_link_refuse (link, CARTA__EVENT_TYPE__REGISTER_VIEWER, request_id, -1, error);
      return;
    }

  almu_link_bind (link, session);
  if (almu_link_get_viewer (link) != NULL)
    almu_session_set_viewer (session, almu_link_get_viewer (link));
  if (is_reviving)
    almu_link_begin_order (link, ALMU_LINK_ALL_FILES);
  acknowledge (link, request_id,
               request->session_id == 0 ? CARTA__SESSION_TYPE__NEW : CARTA__SESSION_TYPE__RESUMED);
  /* carta-python reads this line */
  almu_log_session (G_LOG_DOMAIN, almu_session_get_id (session), almu_link_get_peer (link),
                    "Connected. Num sessions: %u", almu_sessions_count (sessions, ALMU_SESSION_ATTACHED));
  almu_switchboard_note_registered (almu_link_get_switchboard (link), link, is_new);
}

/* -- RESUME_SESSION ----------------------------------------------------- */

typedef struct
{
  AlmuLink  *link;
  guint32    request_id;
  GPtrArray *left_out; /* text: what is not restored, besides files */
  guint      n_wishes;
  gint64     begin; /* monotonic, µs */
  gboolean   is_empty;
} Resuming;

static void
resuming_free (Resuming *resuming)
{
  g_object_unref (resuming->link);
  g_ptr_array_unref (resuming->left_out);
  g_free (resuming);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Resuming, resuming_free)

/* Region 0 is the cursor; one with a negative id was never acknowledged,
 * and the page will not ask for anything of it. */
static void
take_regions (AlmuFileWish                 *wish,
              const CARTA__ImageProperties *image)
{
  for (gsize i = 0; i < image->n_regions; i++)
    {
      const CARTA__ImageProperties__RegionsEntry *entry = image->regions[i];
      AlmuRegionWish                              region = { .id = entry->key };

      if (entry->key == ALMU_REGION_CURSOR && entry->value != NULL && entry->value->n_control_points > 0)
        {
          wish->has_cursor = TRUE;
          wish->cursor.x = entry->value->control_points[0]->x;
          wish->cursor.y = entry->value->control_points[0]->y;
        }

      if (entry->key < 1)
        continue;

      region.shape = almu_shape_new_for_message (entry->value, &region.error);
      g_array_append_val (wish->regions, region);
    }
}

static AlmuFile *
find_file (AlmuLink *link,
           int       file_id)
{
  return almu_session_get_file (almu_link_get_session (link), file_id, NULL);
}

/* A page that lost its link between the opening of a hypercube and the
 * answer has not noted yet what it is made of. */
static gboolean
is_hypercube (AlmuLink                     *link,
              const CARTA__ImageProperties *image)
{
  AlmuFile           *file = find_file (link, image->file_id);
  const AlmuFileName *name = file != NULL ? almu_file_get_name (file) : NULL;

  return name != NULL && name->parts != NULL && g_str_equal (name->name, image->file);
}

static AlmuFileWish *
wish_new (AlmuLink                     *link,
          const CARTA__ImageProperties *image)
{
  AlmuFileWish *wish = almu_file_wish_new (image->file_id);

  wish->label = almu_message_clean_text (image->file, -1);
  wish->channel = image->channel;
  wish->stokes = image->stokes;
  take_regions (wish, image);

  if (image->lel_expr)
    g_set_error (&wish->error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED, _ ("Image expressions are not there yet"));
  else if (image->n_stokes_files > 0)
    wish->name = almu_file_name_new_for_stokes_files (almu_link_get_folder (link), image->stokes_files,
                                                      image->n_stokes_files, &wish->error);
  else if (is_hypercube (link, image))
    wish->name = almu_file_name_copy (almu_file_get_name (find_file (link, image->file_id)));
  else
    wish->name = almu_file_name_new_for_message (almu_link_get_folder (link), image->directory,
                                                 image->file, image->hdu, image->support_aips_beam,
                                                 &wish->error);

  return wish;
}

/* Contours and vectors are always present in what a page of today says, and
 * empty for none. Which file contours are drawn over it leaves out. */
static void
take_overlays (AlmuFileWish                 *wish,
               const CARTA__ImageProperties *image,
               GPtrArray                    *left_out)
{
  g_autoptr(GError) error = NULL;

  if (image->contour_settings != NULL)
    {
      wish->knows_contours = TRUE;
      if (!almu_contour_settings_for_message (image->contour_settings, image->file_id,
                                              &wish->contours, &error))
        g_ptr_array_add (left_out, g_strdup_printf (_ ("File %d (%s): %s"), wish->id, wish->label, error->message));
      g_clear_error (&error);
    }

  if (image->vector_overlay_settings != NULL)
    {
      wish->knows_vectors = TRUE;
      if (!almu_vector_settings_for_message (image->vector_overlay_settings, &wish->vectors, &error))
        g_ptr_array_add (left_out, g_strdup_printf (_ ("File %d (%s): %s"), wish->id, wish->label, error->message));
    }
}

static void
on_resumed (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(Resuming) resuming = user_data;
  CARTA__ResumeSessionAck ack = CARTA__RESUME_SESSION_ACK__INIT;
  AlmuSession            *session = ALMU_SESSION (source);
  AlmuLink               *link = resuming->link;
  g_auto(GStrv) problems = NULL;
  g_autofree char *text = NULL;
  g_autoptr(GError) error = NULL;

  if (!almu_resume_finish (session, result, &problems, &error))
    {
      if (almu_link_get_session (link) != session)
        return;

      almu_link_refuse (link, CARTA__EVENT_TYPE__RESUME_SESSION, resuming->request_id, -1, error);
      almu_link_end_order (link, ALMU_LINK_ALL_FILES);
      return;
    }

  for (guint i = 0; problems[i] != NULL; i++)
    g_ptr_array_add (resuming->left_out, g_strdup (problems[i]));
  for (guint i = 0; i < resuming->left_out->len; i++)
    almu_link_report (link, CARTA__ERROR_SEVERITY__WARNING, "resume", resuming->left_out->pdata[i]);
  g_ptr_array_add (resuming->left_out, NULL);
  text = g_strjoinv ("\n", (char **) resuming->left_out->pdata);

  /* The page keeps its modal dialog up for ever on false. A file that is
   * not there waits in the session, and the user can go on with the rest. */
  ack.success = almu_session_list_files (session)->len > 0 || resuming->n_wishes == 0;
  ack.message = text;
  almu_session_commit (session);
  almu_link_reply (link, resuming->request_id, &ack.base);
  almu_figures_time (ALMU_TIMED_RESUME, resuming->is_empty ? "from nothing" : "from memory",
                     g_get_monotonic_time () - resuming->begin);
  almu_log_session (G_LOG_DOMAIN, almu_session_get_id (session), almu_link_get_peer (link), "Resumed.");

  almu_session_renew (session);
  almu_link_end_order (link, ALMU_LINK_ALL_FILES);
}

/**
 * almu_on_resume_session:
 * @link: who says it
 * @request_id: what the reply repeats
 * @message: a RESUME_SESSION
 *
 * Answers by RESUME_SESSION_ACK when the session is as the page remembers it,
 * and written down; until then all other messages wait. It fails only if the
 * page names images and none of them can be had. What else is missing stands in
 * its `message` and, one by one, in ERROR_DATA. Then everything in force is
 * sent again. If the link has lost the session meanwhile there is no answer.
 */
void
almu_on_resume_session (AlmuLink               *link,
                        guint32                 request_id,
                        const ProtobufCMessage *message)
{
  const CARTA__ResumeSession *request = (const CARTA__ResumeSession *) message;
  g_autoptr(GPtrArray) wishes = almu_file_wishes_new ();
  g_autoptr(GPtrArray) catalogs = almu_catalog_wishes_new ();
  Resuming *resuming = g_new0 (Resuming, 1);

  resuming->link = g_object_ref (link);
  resuming->request_id = request_id;
  resuming->begin = g_get_monotonic_time ();
  resuming->is_empty = almu_session_list_files (almu_link_get_session (link))->len == 0;
  resuming->left_out = g_ptr_array_new_with_free_func (g_free);

  for (gsize i = 0; i < request->n_images; i++)
    {
      g_ptr_array_add (wishes, wish_new (link, request->images[i]));
      take_overlays (wishes->pdata[i], request->images[i], resuming->left_out);
    }
  for (gsize i = 0; i < request->n_catalog_files; i++)
    g_ptr_array_add (catalogs, almu_catalog_wish_new_for_message (almu_link_get_folder (link),
                                                                  request->catalog_files[i]));
  resuming->n_wishes = wishes->len;

  almu_link_begin_order (link, ALMU_LINK_ALL_FILES);
  almu_resume_async (almu_link_get_session (link), wishes, catalogs, almu_link_get_cancellable (link),
                     on_resumed, resuming);
}
