/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-peer.h"

#include <string.h>

#include "almu-guard.h"

/* What proxies may add to the address; the rest is not an address. */
#define FORWARDED_BYTES 200

G_DEFINE_BOXED_TYPE (AlmuPeer, almu_peer, almu_peer_copy, almu_peer_free)

/* Anybody can write the header: it is shown, never trusted. */
static char *
describe (SoupServerMessage *msg)
{
  GSocketAddress  *remote = soup_server_message_get_remote_address (msg);
  const char      *forwarded = soup_message_headers_get_list (soup_server_message_get_request_headers (msg),
                                                              "X-Forwarded-For");
  g_autofree char *address = NULL;

  if (G_IS_INET_SOCKET_ADDRESS (remote))
    address = g_inet_address_to_string (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (remote)));

  if (forwarded != NULL && *forwarded != '\0' && strlen (forwarded) <= FORWARDED_BYTES &&
      strspn (forwarded, "0123456789abcdefABCDEF:., []") == strlen (forwarded))
    return address != NULL ? g_strdup_printf ("%s for %s", address, forwarded) : g_strdup (forwarded);

  return g_steal_pointer (&address);
}

/**
 * almu_peer_new:
 * @msg: a request
 *
 * Copies what is worth keeping of a request when its connection becomes a link.
 *
 * Returns: (transfer full): who asks
 */
AlmuPeer *
almu_peer_new (SoupServerMessage *msg)
{
  AlmuPeer *self = g_new0 (AlmuPeer, 1);

  self->address = describe (msg);
  self->viewer = almu_guard_dup_viewer (soup_server_message_get_request_headers (msg));
  self->path = g_strdup (g_uri_get_path (soup_server_message_get_uri (msg)));

  return self;
}

/**
 * almu_peer_copy:
 * @self: a peer
 *
 * Copies its texts too.
 *
 * Returns: (transfer full): the same in another place
 */
AlmuPeer *
almu_peer_copy (const AlmuPeer *self)
{
  AlmuPeer *copy = g_new0 (AlmuPeer, 1);

  copy->address = g_strdup (self->address);
  copy->viewer = g_strdup (self->viewer);
  copy->path = g_strdup (self->path);

  return copy;
}

/**
 * almu_peer_free:
 * @self: (transfer full): a peer
 *
 * Frees it and its texts.
 */
void
almu_peer_free (AlmuPeer *self)
{
  g_free (self->address);
  g_free (self->viewer);
  g_free (self->path);
  g_free (self);
}
