/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-page-address.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "almu-error.h"

struct _AlmuPageAddress
{
  gatomicrefcount refs;
  char           *base;  /* ends in a slash */
  char           *token; /* NULL if none is asked for */
};

/**
 * almu_page_address_new:
 * @base: the page without anything in particular to show, such as
 *   `http://127.0.0.1:3002/`, prefix included
 * @token: (nullable): what the page must know, or %NULL if anybody may
 *
 * Both texts are copied; @base is not checked.
 *
 * Returns: (transfer full): the address
 */
AlmuPageAddress *
almu_page_address_new (const char *base,
                       const char *token)
{
  AlmuPageAddress *self;

  g_return_val_if_fail (base != NULL, NULL);

  self = g_new0 (AlmuPageAddress, 1);
  g_atomic_ref_count_init (&self->refs);
  self->base = g_strconcat (base, g_str_has_suffix (base, "/") ? "" : "/", NULL);
  self->token = token != NULL && *token != '\0' ? g_strdup (token) : NULL;

  return self;
}

/**
 * almu_page_address_ref:
 * @self: an address
 *
 * Any thread.
 *
 * Returns: (transfer full): @self
 */
AlmuPageAddress *
almu_page_address_ref (AlmuPageAddress *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->refs);

  return self;
}

/**
 * almu_page_address_unref:
 * @self: (transfer full): an address
 *
 * Frees it with its last reference. Any thread.
 */
void
almu_page_address_unref (AlmuPageAddress *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  g_free (self->base);
  g_free (self->token);
  g_free (self);
}

/**
 * almu_page_address_get_base:
 * @self: an address
 *
 * Without the token: for people and for logs.
 *
 * Returns: (transfer none): the page, with a slash at the end
 */
const char *
almu_page_address_get_base (AlmuPageAddress *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->base;
}

static void
append_parameter (GString    *url,
                  const char *name,
                  const char *value)
{
  /* the first one begins the query */
  g_string_append_c (url, strchr (url->str, '?') == NULL ? '?' : '&');
  g_string_append (url, name);
  g_string_append_c (url, '=');
  g_string_append_uri_escaped (url, value, "/", FALSE);
}

static void
append_files (GString           *url,
              const char *const *files)
{
  g_autofree char *list = g_strjoinv (",", (char **) files);
  g_autofree char *wrapped = NULL;

  /* the page takes one pair of brackets off a list, even one that belongs to
   * the names */
  if (g_str_has_prefix (list, "[") && g_str_has_suffix (list, "]"))
    {
      wrapped = g_strdup_printf ("[%s]", list);
      append_parameter (url, "files", wrapped);
      return;
    }

  append_parameter (url, "files", list);
}

/**
 * almu_page_address_make:
 * @self: an address
 * @session_id: the session prepared for this page, or 0 for a new one
 * @folder: (nullable): where the page begins, and what @files are relative
 *   to; relative to the top-level folder, as they are otherwise
 * @files: (nullable) (array zero-terminated=1): what it opens, each with
 *   "[hdu]" appended to choose one; see almu_page_address_check_files()
 *
 * Escapes what does not belong into a query. Neither @folder nor @files are
 * looked at: names that the page could not read again are for the caller to
 * keep away.
 *
 * Returns: (transfer full): the address, with the token: not for logs
 */
char *
almu_page_address_make (AlmuPageAddress   *self,
                        guint32            session_id,
                        const char        *folder,
                        const char *const *files)
{
  GString *url;

  g_return_val_if_fail (self != NULL, NULL);

  url = g_string_new (self->base);
  if (session_id != 0)
    g_string_append_printf (url, "s/%u/", session_id);

  if (self->token != NULL)
    append_parameter (url, "token", self->token);
  if (folder != NULL && *folder != '\0')
    append_parameter (url, "folder", folder);

  if (files != NULL && files[0] != NULL && files[1] == NULL)
    append_parameter (url, "file", files[0]);
  else if (files != NULL && files[0] != NULL)
    append_files (url, files);

  return g_string_free (url, FALSE);
}

/**
 * almu_page_address_make_workspace:
 * @self: an address
 * @name: of a workspace
 *
 * Belongs to no prepared session. Whether there is such a workspace is not
 * asked.
 *
 * Returns: (transfer full): the address of a page that builds up @name, with
 *   the token: not for logs
 */
char *
almu_page_address_make_workspace (AlmuPageAddress *self,
                                  const char      *name)
{
  GString *url;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  url = g_string_new (self->base);
  if (self->token != NULL)
    append_parameter (url, "token", self->token);
  append_parameter (url, "workspace", name);

  return g_string_free (url, FALSE);
}

static gboolean
can_be_listed (const char *file)
{
  gsize length = strlen (file);

  /* the page splits at commas and trims what is between them */
  return length > 0 && strchr (file, ',') == NULL &&
         !g_ascii_isspace (file[0]) && !g_ascii_isspace (file[length - 1]);
}

/**
 * almu_page_address_check_files:
 * @files: (array zero-terminated=1): names of files
 * @error: return location for an error
 *
 * Whether the page can read these names out of its address: it knows no way
 * to write a comma in a list.
 *
 * A name that is not UTF-8 is %ALMU_ERROR_FORMAT; of several, one with a comma,
 * or with a space at an end, %ALMU_ERROR_UNSUPPORTED.
 */
gboolean
almu_page_address_check_files (const char *const *files,
                               GError           **error)
{
  guint n_files;

  g_return_val_if_fail (files != NULL, FALSE);

  n_files = g_strv_length ((char **) files);
  for (guint i = 0; i < n_files; i++)
    {
      if (!g_utf8_validate (files[i], -1, NULL))
        {
          g_autofree char *text = g_utf8_make_valid (files[i], -1);

          g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                       _ ("The name of %s is not UTF-8 text, which the page cannot ask for"), text);
          return FALSE;
        }

      if (n_files > 1 && !can_be_listed (files[i]))
        {
          g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                       _ ("The page cannot open %s together with others: "
                          "its name has a comma, or a space at an end; open it alone"),
                       files[i]);
          return FALSE;
        }
    }

  return TRUE;
}

/* The number in "/s/NUMBER/…" or "/s/NUMBER" at the end, else 0. */
static guint32
parse_session_here (const char *path)
{
  guint64     id = 0;
  const char *digit;

  if (!g_str_has_prefix (path, "/s/") || path[3] == '0')
    return 0;

  for (digit = path + 3; g_ascii_isdigit (*digit); digit++)
    {
      id = id * 10 + (guint64) g_ascii_digit_value (*digit);
      if (id > G_MAXUINT32)
        return 0;
    }

  return *digit == '\0' || strchr ("/?#", *digit) != NULL ? (guint32) id : 0;
}

/**
 * almu_page_address_parse_session:
 * @path: the path of a request, such as `/prefix/s/123/index.html`
 *
 * Reads the last `/s/NUMBER` that stands between slashes or at the end; what
 * comes before may be the prefix. A number that begins with 0, or is beyond 32
 * bits, is none. Whether there is such a session is not asked.
 *
 * Returns: the session the path belongs to, or 0 for none
 */
guint32
almu_page_address_parse_session (const char *path)
{
  guint32 found = 0;

  g_return_val_if_fail (path != NULL, 0);

  /* the last one: what comes before may be the prefix */
  for (; *path != '\0' && *path != '?' && *path != '#'; path++)
    {
      guint32 id = parse_session_here (path);

      if (id != 0)
        found = id;
    }

  return found;
}
