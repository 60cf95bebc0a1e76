/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-sessions-page.h"

#include <string.h>

#include <glib/gi18n.h>

#include "almu-error.h"
#include "almu-kept.h"
#include "almu-words.h"

#define HTML "text/html; charset=utf-8"
#define FORGET "forget="

struct _AlmuSessionsPage
{
  AlmuSessions   *sessions;
  gboolean        read_only;
  AlmuPictureFunc picture_func;
  gpointer        picture_data;
  GDestroyNotify  picture_destroy;
};

/* The service sends no referrer anywhere, and a browser that may not say
 * where a form comes from calls its origin null, which is refused. */
#define REFERRER "<meta name=\"referrer\" content=\"same-origin\">\n"

static const char style[] =
  ":root { color-scheme: light dark;\n"
  "  --back: #fafafb; --fore: #1d1f24; --dim: #5c626e; --card: #fff; --line: #dcdfe5;\n"
  "  --accent: #1c62b9; --on-accent: #fff; --danger: #b3261e; --dark: #000; }\n"
  "@media (prefers-color-scheme: dark) { :root {\n"
  "  --back: #16181d; --fore: #e8eaee; --dim: #9aa1ae; --card: #1f2229; --line: #343943;\n"
  "  --accent: #7db3f5; --on-accent: #0c1a2c; --danger: #f2877f; } }\n"
  "* { box-sizing: border-box; }\n"
  "body { margin: 0 auto; padding: 2.5rem 1.5rem; max-width: 66rem; background: var(--back); color: var(--fore);\n"
  "  font: 1rem/1.5 system-ui, sans-serif; }\n"
  "h1 { margin: 0 0 .25rem; font-size: 1.6rem; font-weight: 650; letter-spacing: -.01em; }\n"
  "p { margin: 0 0 1.5rem; color: var(--dim); }\n"
  "p.problem { padding: .75rem 1rem; border: 1px solid var(--danger); border-radius: .5rem; color: var(--danger); }\n"
  "a { color: var(--accent); }\n"
  "table { width: 100%; border-collapse: separate; border-spacing: 0; background: var(--card);\n"
  "  border: 1px solid var(--line); border-radius: .75rem; overflow: hidden; }\n"
  "th { padding: .6rem 1rem; text-align: start; font-size: .8rem; font-weight: 600; color: var(--dim); }\n"
  "td { padding: .75rem 1rem; border-top: 1px solid var(--line); vertical-align: middle; }\n"
  "td.number, th.number { text-align: end; font-variant-numeric: tabular-nums; }\n"
  "td.picture { width: 6.5rem; padding-inline-end: 0; }\n"
  "td.picture span { display: flex; align-items: center; justify-content: center; width: 5.5rem; height: 5.5rem;\n"
  "  background: var(--back); border-radius: .4rem; overflow: hidden; }\n"
  "td.picture img { background: var(--dark); max-width: 100%; max-height: 100%; min-width: 50%; object-fit: contain; image-rendering: pixelated; }\n"
  "td.title { width: 40%; font-weight: 600; overflow-wrap: anywhere; }\n"
  "small { display: block; font-size: .85rem; font-weight: 400; color: var(--dim); }\n"
  "small.problem { color: var(--danger); }\n"
  "time, td.state { white-space: nowrap; }\n"
  "td.actions { white-space: nowrap; text-align: end; }\n"
  "a.button, button { display: inline-block; padding: .35rem .9rem; border: 1px solid transparent; border-radius: .45rem;\n"
  "  font: inherit; font-size: .92rem; font-weight: 550; text-decoration: none; cursor: pointer; }\n"
  "a.button { background: var(--accent); color: var(--on-accent); }\n"
  "button { background: none; border-color: var(--danger); color: var(--danger); margin-top: .4rem; }\n"
  "details { display: inline-block; margin-inline-start: .75rem; }\n"
  "summary { font-size: .92rem; color: var(--dim); cursor: pointer; list-style: none; }\n"
  "summary::-webkit-details-marker { display: none; }\n"
  "summary:hover { color: var(--fore); text-decoration: underline; }\n"
  ":focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }\n"
  "@media (max-width: 46rem) { thead, td.number, td.state { display: none; } td.actions { white-space: normal; } }\n";

/**
 * almu_sessions_page_new:
 * @sessions: what is listed
 * @read_only: whether none may be forgotten
 * @picture_func: (nullable): gives pictures
 * @user_data: for @picture_func
 * @destroy: (nullable): for @user_data
 *
 * Lists are made anew with each request. @picture_func is called on the main
 * thread, for one picture at a time.
 *
 * Returns: (transfer full): a page, for almu_server_add_page() with the path
 *   `/sessions`
 */
AlmuSessionsPage *
almu_sessions_page_new (AlmuSessions   *sessions,
                        gboolean        read_only,
                        AlmuPictureFunc picture_func,
                        gpointer        user_data,
                        GDestroyNotify  destroy)
{
  AlmuSessionsPage *self;

  g_return_val_if_fail (ALMU_IS_SESSIONS (sessions), NULL);

  self = g_new0 (AlmuSessionsPage, 1);
  self->sessions = g_object_ref (sessions);
  self->read_only = read_only;
  self->picture_func = picture_func;
  self->picture_data = user_data;
  self->picture_destroy = destroy;

  return self;
}

/**
 * almu_sessions_page_free:
 * @self: (nullable): a page
 *
 * Frees a page that no server answers with any more.
 */
void
almu_sessions_page_free (AlmuSessionsPage *self)
{
  if (self == NULL)
    return;

  if (self->picture_destroy != NULL)
    self->picture_destroy (self->picture_data);
  g_clear_object (&self->sessions);
  g_free (self);
}

/* -- HTML --------------------------------------------------------------- */

/* Titles are names of files, messages may have some in them. */
static void
append_text (GString    *html,
             const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_autofree char *escaped = g_markup_escape_text (valid, -1);

  g_string_append (html, escaped);
}

static const char *
describe_state (const char *state)
{
  /* name, what to say */
  static const char *const words[][2] = {
    { "attached", N_ ("open in a window") },
    { "detached", N_ ("ready") },
    { "parked", N_ ("on disk") },
    { "closed", N_ ("closed") },
  };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_strcmp0 (state, words[i][0]) == 0)
      return _ (words[i][1]);

  return "";
}

static gboolean
is_attached (const AlmuArchiveEntry *entry)
{
  return g_strcmp0 (entry->state, almu_session_state_get_name (ALMU_SESSION_ATTACHED)) == 0;
}

static void
append_title (GString                *html,
              const AlmuArchiveEntry *entry)
{
  g_autofree char *number = g_strdup_printf (_ ("Session %u"), entry->id);

  g_string_append (html, "<td class=\"title\">");
  append_text (html, entry->title != NULL && *entry->title != '\0' ? entry->title : number);
  g_string_append (html, "<small>");
  append_text (html, number);
  g_string_append (html, "</small>");

  if (entry->is_suspect)
    {
      g_string_append (html, "<small class=\"problem\">");
      append_text (html, _ ("The service ended while it restored this session the last time"));
      g_string_append (html, "</small>");
    }
  g_string_append (html, "</td>\n");
}

static void
append_time (GString *html,
             gint64   when,
             gint64   now)
{
  g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc (when);
  g_autofree char *machine = time != NULL ? g_date_time_format_iso8601 (time) : g_strdup ("");
  g_autofree char *ago = almu_words_dup_ago (when, now);
  g_autofree char *exact = almu_words_dup_time (when);

  g_string_append_printf (html, "<td><time datetime=\"%s\">", machine);
  append_text (html, ago);
  g_string_append (html, "<small>");
  append_text (html, exact);
  g_string_append (html, "</small></time></td>\n");
}

/* Forgetting takes two clicks. */
static void
append_actions (GString                *html,
                const AlmuArchiveEntry *entry,
                gboolean                may_forget)
{
  g_string_append (html, "<td class=\"actions\">");
  if (!is_attached (entry))
    {
      g_string_append_printf (html, "<a class=\"button\" href=\"./?workspace=Session%%20%u\">", entry->id);
      append_text (html, _ ("Resume"));
      g_string_append (html, "</a>");
    }

  if (!is_attached (entry) && may_forget)
    {
      g_string_append (html, "<details><summary>");
      append_text (html, _ ("Forget…"));
      g_string_append_printf (html,
                              "</summary><form method=\"post\" action=\"sessions\">"
                              "<button name=\"forget\" value=\"%u\">",
                              entry->id);
      append_text (html, _ ("Forget for ever"));
      g_string_append (html, "</button></form></details>");
    }
  g_string_append (html, "</td>");
}

static void
append_row (GString                *html,
            const AlmuArchiveEntry *entry,
            gboolean                may_forget,
            gint64                  now)
{
  g_string_append_printf (html,
                          "<tr><td class=\"picture\"><span><img src=\"sessions/%u.png\" alt=\"\"></span></td>\n",
                          entry->id);
  append_title (html, entry);
  g_string_append_printf (html, "<td class=\"number\">%u</td><td class=\"number\">%u</td>\n<td class=\"state\">",
                          entry->n_files, entry->n_regions);
  append_text (html, describe_state (entry->state));
  g_string_append (html, "</td>\n");
  append_time (html, entry->last_seen, now);
  append_actions (html, entry, may_forget);
  g_string_append (html, "</tr>\n");
}

static void
append_head (GString *html)
{
  static const struct
  {
    const char *class;
    const char *title;
  } columns[] = {
    { "picture", "" },
    { "title", N_ ("Session") },
    { "number", N_ ("Files") },
    { "number", N_ ("Regions") },
    { "state", N_ ("State") },
    { "time", N_ ("Last seen") },
    { "actions", "" },
  };

  g_string_append (html, "<table>\n<thead><tr>");
  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    {
      g_string_append_printf (html, "<th class=\"%s\">", columns[i].class);
      /* the translation of nothing is the head of the catalogue */
      append_text (html, *columns[i].title != '\0' ? _ (columns[i].title) : "");
      g_string_append (html, "</th>");
    }
  g_string_append (html, "</tr></thead>\n<tbody>\n");
}

/* One without files has nothing to show. */
static guint
append_rows (GString   *html,
             GPtrArray *entries,
             gboolean   may_forget)
{
  gint64 now = g_get_real_time () / G_TIME_SPAN_SECOND;
  guint  n_rows = 0;

  for (guint i = 0; i < entries->len; i++)
    {
      const AlmuArchiveEntry *entry = entries->pdata[i];

      if (entry->n_files == 0)
        continue;

      if (n_rows++ == 0)
        append_head (html);
      append_row (html, entry, may_forget, now);
    }

  if (n_rows > 0)
    g_string_append (html, "</tbody>\n</table>\n");

  return n_rows;
}

static void
append_paragraph (GString *html,
                  const char *class,
                  const char *text)
{
  if (class != NULL)
    g_string_append_printf (html, "<p class=\"%s\">", class);
  else
    g_string_append (html, "<p>");
  append_text (html, text);
  g_string_append (html, "</p>\n");
}

static GBytes *
write_page (AlmuSessionsPage *self,
            const char       *problem)
{
  GString *html = g_string_new ("<!doctype html>\n<html lang=\"");
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) entries = almu_kept_list (self->sessions, &error);

  /* Translators: the language of the translation, as HTML names it, such as de or zh-Hant-TW */
  append_text (html, _ ("en"));
  g_string_append (html, "\">\n<head>\n<meta charset=\"utf-8\">\n" REFERRER);
  g_string_append (html, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                         "<link rel=\"icon\" href=\"carta_icon_128px.png\">\n<title>");
  append_text (html, _ ("Kept sessions"));
  g_string_append_printf (html, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<h1>", style);
  append_text (html, _ ("Kept sessions"));
  g_string_append (html, "</h1>\n");

  if (problem != NULL)
    append_paragraph (html, "problem", problem);
  if (entries == NULL)
    append_paragraph (html, "problem", error->message);
  else
    {
      append_paragraph (html, NULL, _ ("What was on the screen is kept, and comes back as it was."));
      if (append_rows (html, entries, !self->read_only) == 0)
        append_paragraph (html, NULL, _ ("There is none yet."));
    }

  g_string_append (html, "<p><br><a href=\"./\">");
  append_text (html, _ ("A new session"));
  g_string_append (html, "</a></p>\n</body>\n</html>\n");

  return g_string_free_to_bytes (html);
}

/* -- requests ----------------------------------------------------------- */

/* A number without sign or leading zeros up to @end, else 0. */
static guint32
parse_id (const char *text,
          const char *end)
{
  guint64 id = 0;

  if (*text == '0')
    return 0;

  for (; g_ascii_isdigit (*text); text++)
    {
      id = id * 10 + (guint64) (*text - '0');
      if (id > G_MAXUINT32)
        return 0;
    }

  return g_str_equal (text, end) ? (guint32) id : 0;
}

static guint
answer_picture (AlmuSessionsPage *self,
                guint32           id,
                const char      **out_type,
                GBytes          **out_body)
{
  if (self->picture_func != NULL)
    *out_body = self->picture_func (id, self->picture_data);

  if (*out_body == NULL)
    return 404;

  *out_type = "image/png";

  return 200;
}

static guint
status_for (const GError *error)
{
  if (g_error_matches (error, ALMU_ERROR, ALMU_ERROR_NOT_FOUND))
    return 404;

  return g_error_matches (error, ALMU_ERROR, ALMU_ERROR_REFUSED) ? 409 : 500;
}

static guint
answer_form (AlmuSessionsPage      *self,
             const AlmuPageRequest *request,
             const char           **out_type,
             GBytes               **out_body)
{
  gsize            size = 0;
  const char      *data = request->body != NULL ? g_bytes_get_data (request->body, &size) : NULL;
  g_autofree char *text = g_strndup (data != NULL ? data : "", size);
  guint32          id = g_str_has_prefix (text, FORGET) ? parse_id (text + strlen (FORGET), "") : 0;
  g_autoptr(GError) error = NULL;

  *out_type = HTML;
  if (self->read_only)
    {
      *out_body = write_page (self, _ ("Sessions are not forgotten in read-only mode"));
      return 403;
    }

  if (id == 0)
    {
      *out_body = write_page (self, _ ("The request names no session"));
      return 400;
    }

  if (!almu_sessions_forget (self->sessions, id, &error))
    {
      *out_body = write_page (self, error->message);
      return status_for (error);
    }

  /* relative to this page: only the browser knows what a proxy calls it */
  *out_body = g_bytes_new_static ("sessions", strlen ("sessions"));

  return 303;
}

/**
 * almu_sessions_page_answer:
 * @request: what is asked for
 * @out_type: (out): the media type of the answer
 * @out_body: (out) (transfer full): the answer
 * @page: an #AlmuSessionsPage
 *
 * An #AlmuPageFunc: the list, the pictures, and the form that forgets.
 *
 * Returns: the status of HTTP
 */
guint
almu_sessions_page_answer (const AlmuPageRequest *request,
                           const char           **out_type,
                           GBytes               **out_body,
                           gpointer               page)
{
  AlmuSessionsPage *self = page;
  gboolean          is_post = g_str_equal (request->method, "POST");
  guint32           id;

  if (*request->path == '\0' && is_post)
    return answer_form (self, request, out_type, out_body);

  if (*request->path == '\0')
    {
      *out_type = HTML;
      *out_body = write_page (self, NULL);
      return 200;
    }

  /* the addresses in the page are relative to the folder it is in */
  if (g_str_equal (request->path, "/"))
    {
      *out_body = g_bytes_new_static ("../sessions", strlen ("../sessions"));
      return is_post ? 303 : 308;
    }

  id = parse_id (request->path + 1, ".png");
  if (id != 0 && !is_post)
    return answer_picture (self, id, out_type, out_body);

  return 404;
}
