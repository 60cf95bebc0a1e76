/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/**
 * AlmuPeer:
 * @address: where it comes from, for people: the address, and what proxies
 *   say whom they stand for
 * @viewer: (nullable): which browser it is, if it was here before
 * @path: the path of the page, with the prefix
 *
 * Who asks for a WebSocket.
 */
typedef struct
{
  char *address;
  char *viewer;
  char *path;
} AlmuPeer;

#define ALMU_TYPE_PEER (almu_peer_get_type ())
GType     almu_peer_get_type (void);
AlmuPeer *almu_peer_new (SoupServerMessage *msg);
AlmuPeer *almu_peer_copy (const AlmuPeer *self);
void      almu_peer_free (AlmuPeer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuPeer, almu_peer_free)

G_END_DECLS
