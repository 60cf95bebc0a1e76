/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "almu-fuzz.h"

G_BEGIN_DECLS

GByteArray *fuzz_message_new (const ProtobufCMessageDescriptor *descriptor,
                              AlmuTape                         *tape);

G_END_DECLS
