/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-answer.h"

#include <string.h>

#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>

/* What every answer has. libsoup 3.2 leaks descriptors of connections that
 * are kept alive, and their count and deadline would be harder to tell: each
 * carries one request. The token may stand in the page's address, so no
 * request to elsewhere may name that. */
static const struct
{
  const char *name;
  const char *value;
} common[] = {
  { "Connection", "close" },
  { "X-Content-Type-Options", "nosniff" },
  { "Referrer-Policy", "no-referrer" },
  { "Cross-Origin-Opener-Policy", "same-origin" },
  { "Content-Security-Policy", "frame-ancestors 'self'" },
};

/**
 * almu_answer_begin:
 * @msg: a request
 *
 * Sets the headers that every answer has, also for what libsoup answers by
 * itself. Each ends its connection.
 */
void
almu_answer_begin (SoupServerMessage *msg)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (msg);

  for (guint i = 0; i < G_N_ELEMENTS (common); i++)
    soup_message_headers_replace (headers, common[i].name, common[i].value);
}

/**
 * almu_answer:
 * @msg: a request
 * @status: of HTTP
 * @type: (nullable): the media type of @body
 * @body: (nullable): what to send
 *
 * Main thread only. Caching is for the caller to forbid or to allow.
 */
void
almu_answer (SoupServerMessage *msg,
             guint              status,
             const char        *type,
             GBytes            *body)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (msg);

  almu_answer_begin (msg);
  soup_server_message_set_status (msg, status, NULL);
  if (type != NULL)
    soup_message_headers_replace (headers, "Content-Type", type);
  if (body != NULL && g_bytes_get_size (body) > 0)
    soup_message_body_append_bytes (soup_server_message_get_response_body (msg), body);
}

/**
 * almu_answer_text:
 * @msg: a request
 * @status: of HTTP
 * @format: what to say, as printf() has it, with its last line break
 * @...: values for @format
 *
 * Answers with plain text for people, which nobody may cache.
 */
void
almu_answer_text (SoupServerMessage *msg,
                  guint              status,
                  const char        *format,
                  ...)
{
  g_autoptr(GBytes) body = NULL;
  char   *text;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);

  body = g_bytes_new_take (text, strlen (text));
  almu_answer_no_cache (msg);
  almu_answer (msg, status, "text/plain; charset=utf-8", body);
}

/**
 * almu_answer_phrase:
 * @msg: a request
 * @status: of HTTP
 * @phrase: what an error says, without a full stop
 *
 * Answers with a line of text for people, as almu_answer_text() does: a phrase
 * as a sentence of their language.
 */
void
almu_answer_phrase (SoupServerMessage *msg,
                    guint              status,
                    const char        *phrase)
{
  /* Translators: a phrase that becomes a sentence */
  g_autofree char *sentence = g_strdup_printf (_ ("%s."), phrase);

  almu_answer_text (msg, status, "%s\n", sentence);
}

/**
 * almu_answer_json:
 * @msg: a request
 * @status: of HTTP
 * @json: JSON text; copied, not checked
 *
 * Answers with JSON, which nobody may cache.
 */
void
almu_answer_json (SoupServerMessage *msg,
                  guint              status,
                  const char        *json)
{
  g_autoptr(GBytes) body = g_bytes_new (json, strlen (json));

  almu_answer_no_cache (msg);
  almu_answer (msg, status, "application/json", body);
}

/**
 * almu_answer_failure:
 * @msg: a request
 * @status: of HTTP
 * @message: a phrase for people; need not be UTF-8
 *
 * Answers as the page's database does: `success` false, and why.
 */
void
almu_answer_failure (SoupServerMessage *msg,
                     guint              status,
                     const char        *message)
{
  /* a file's name may be in it */
  g_autofree char *valid = g_utf8_make_valid (message, -1);
  g_autoptr(JsonNode) node = json_node_init_string (json_node_alloc (), valid);
  g_autofree char *text = json_to_string (node, FALSE);
  g_autofree char *json = g_strdup_printf ("{\"success\":false,\"message\":%s}", text);

  almu_answer_json (msg, status, json);
}

/**
 * almu_answer_no_cache:
 * @msg: a request
 *
 * Forbids browsers and proxies to keep the answer, in all three ways they know.
 */
void
almu_answer_no_cache (SoupServerMessage *msg)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (msg);

  soup_message_headers_replace (headers, "Cache-Control", "no-cache, no-store, must-revalidate");
  soup_message_headers_replace (headers, "Pragma", "no-cache");
  soup_message_headers_replace (headers, "Expires", "0");
}
