/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-test-http.h"

#include <string.h>

#include "almu-test.h"

GSocketConnection *
almu_test_connect (AlmuServer *server)
{
  g_autoptr(GSocketClient) client = g_socket_client_new ();
  g_autoptr(GError) error = NULL;
  GSocketConnection *connection;

  connection = g_socket_client_connect_to_host (client, "127.0.0.1", almu_server_get_port (server), NULL, &error);
  g_assert_no_error (error);

  return connection;
}

typedef struct
{
  const char *data;
  gsize       length;
  gsize       written;
  gboolean    done;
} Writing;

static void
on_written (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  Writing *writing = user_data;

  /* the server may refuse before it has read all */
  g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, &writing->written, NULL);
  writing->done = TRUE;
}

void
almu_test_write (GSocketConnection *connection,
                 const void        *data,
                 gssize             length)
{
  Writing writing = { 0 };

  g_output_stream_write_all_async (g_io_stream_get_output_stream (G_IO_STREAM (connection)),
                                   data, length < 0 ? strlen (data) : (gsize) length,
                                   G_PRIORITY_DEFAULT, NULL, on_written, &writing);
  while (!writing.done)
    g_main_context_iteration (NULL, TRUE);
}

static void
on_spliced (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  gboolean *done = user_data;

  g_output_stream_splice_finish (G_OUTPUT_STREAM (source), result, NULL);
  *done = TRUE;
}

static void
parse_head (AlmuTestReply *reply,
            const char    *head)
{
  g_auto(GStrv) lines = g_strsplit (head, "\r\n", -1);

  if (lines[0] != NULL && strlen (lines[0]) > 12)
    reply->status = atoi (lines[0] + strlen ("HTTP/1.1 "));

  for (gsize i = 1; lines[0] != NULL && lines[i] != NULL; i++)
    {
      char       *value = strstr (lines[i], ": ");
      char       *name;
      const char *before;

      if (value == NULL)
        continue;

      name = g_ascii_strdown (lines[i], value - lines[i]);
      before = g_hash_table_lookup (reply->headers, name);
      g_hash_table_replace (reply->headers, name,
                            before != NULL ? g_strjoin ("\n", before, value + 2, NULL) : g_strdup (value + 2));
    }
}

AlmuTestReply *
almu_test_read (GSocketConnection *connection)
{
  g_autoptr(GOutputStream) memory = g_memory_output_stream_new_resizable ();
  g_autoptr(GBytes) all = NULL;
  g_autofree char *head = NULL;
  AlmuTestReply   *reply = g_new0 (AlmuTestReply, 1);
  gboolean         done = FALSE;
  const char      *data;
  const char      *end;
  gsize            size;

  g_output_stream_splice_async (memory, g_io_stream_get_input_stream (G_IO_STREAM (connection)),
                                G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET, G_PRIORITY_DEFAULT, NULL, on_spliced, &done);
  while (!done)
    g_main_context_iteration (NULL, TRUE);

  if (!g_output_stream_is_closed (memory))
    g_output_stream_close (memory, NULL, NULL);
  all = g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (memory));
  data = g_bytes_get_data (all, &size);
  end = data != NULL ? g_strstr_len (data, size, "\r\n\r\n") : NULL;

  reply->headers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  if (end == NULL)
    {
      reply->body = g_bytes_ref (all);
      return reply;
    }

  head = g_strndup (data, end - data);
  parse_head (reply, head);
  reply->body = g_bytes_new_from_bytes (all, end + 4 - data, size - (end + 4 - data));

  return reply;
}

AlmuTestReply *
almu_test_fetch (AlmuServer *server,
                 const char *format,
                 ...)
{
  g_autoptr(GSocketConnection) connection = almu_test_connect (server);
  g_autofree char *request = NULL;
  va_list          args;

  va_start (args, format);
  request = g_strdup_vprintf (format, args);
  va_end (args);
  almu_test_write (connection, request, -1);

  return almu_test_read (connection);
}

AlmuTestReply *
almu_test_get (AlmuServer *server,
               const char *path,
               const char *more_headers)
{
  return almu_test_fetch (server, "GET %s HTTP/1.1\r\nHost: localhost:%u\r\n%s\r\n",
                          path, almu_server_get_port (server), more_headers != NULL ? more_headers : "");
}

AlmuTestReply *
almu_test_send (AlmuServer *server,
                const char *method,
                const char *path,
                const char *body)
{
  return almu_test_fetch (server, "%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " ALMU_TEST_TOKEN "\r\nContent-Length: %" G_GSIZE_FORMAT "\r\n\r\n%s",
                          method, path, strlen (body), body);
}

const char *
almu_test_header (AlmuTestReply *reply,
                  const char    *name)
{
  return g_hash_table_lookup (reply->headers, name);
}

/* As text, for as long as @reply lives. */
const char *
almu_test_body (AlmuTestReply *reply)
{
  gsize            size;
  const char      *data = g_bytes_get_data (reply->body, &size);
  g_autofree char *text = g_strndup (data != NULL ? data : "", size);

  return g_intern_string (text);
}

void
almu_test_reply_free (AlmuTestReply *reply)
{
  g_hash_table_unref (reply->headers);
  g_bytes_unref (reply->body);
  g_free (reply);
}

/* Waits until every connection is closed on the server's side, too. */
void
almu_test_settle (AlmuServer *server)
{
  while (almu_server_get_n_connections (server) > 0)
    g_main_context_iteration (NULL, TRUE);
}

void
almu_test_end (AlmuServer *server)
{
  almu_server_stop (server);
  almu_test_settle (server);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  almu_test_await_finalize (server);
}

guint
almu_test_count_descriptors (void)
{
  g_autoptr(GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;

  return n;
}
