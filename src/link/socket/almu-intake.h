/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * AlmuIntakeRead:
 * @data: (out caller-allocates): room
 * @length: bytes of room, more than 0
 * @user_data: what was given with the function
 *
 * Returns: bytes read, 0 if there are none now, -1 if no more will come
 */
typedef gssize (*AlmuIntakeRead) (guint8  *data,
                                  gsize    length,
                                  gpointer user_data);

/**
 * AlmuIntakeResult:
 * @ALMU_INTAKE_MORE: all is well; there may be messages and control frames
 * @ALMU_INTAKE_ENDED: the bytes ended
 * @ALMU_INTAKE_CLOSED: a close frame came; its answer is a control frame
 * @ALMU_INTAKE_REFUSED: the peer broke a rule; the close frame that tells
 *   which is a control frame
 * @ALMU_INTAKE_GARBLED: what came is not even a frame
 *
 * How far it went. After all but the first no more is taken in.
 */
typedef enum
{
  ALMU_INTAKE_MORE,
  ALMU_INTAKE_ENDED,
  ALMU_INTAKE_CLOSED,
  ALMU_INTAKE_REFUSED,
  ALMU_INTAKE_GARBLED,
} AlmuIntakeResult;

/**
 * AlmuIntake: (foreign)
 *
 * What a WebSocket peer sends, as messages: libwslay, with our limits.
 *
 * Does no I/O and calls nobody but the function it reads with. Messages and
 * the answers to control frames wait until they are taken; a run stops
 * when a few of either wait. Part of a socket, which lives on one thread.
 */
typedef struct _AlmuIntake AlmuIntake;

AlmuIntake      *almu_intake_new (AlmuIntakeRead read,
                                  gpointer       user_data);
void             almu_intake_free (AlmuIntake *self);
AlmuIntakeResult almu_intake_run (AlmuIntake *self);
gboolean         almu_intake_has_message (AlmuIntake *self);
GBytes          *almu_intake_take_message (AlmuIntake *self,
                                           gboolean   *out_is_text);
GBytes          *almu_intake_take_control (AlmuIntake *self);
void             almu_intake_stop (AlmuIntake *self);
void             almu_intake_ping (AlmuIntake *self);
void             almu_intake_close (AlmuIntake *self,
                                    guint       code,
                                    const char *reason);
gboolean         almu_intake_has_sent_close (AlmuIntake *self);
gboolean         almu_intake_get_close_code (AlmuIntake *self,
                                             guint      *out_code);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuIntake, almu_intake_free)

G_END_DECLS
