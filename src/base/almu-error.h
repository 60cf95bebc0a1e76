/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * AlmuError:
 * @ALMU_ERROR_FORMAT: the bytes do not follow the format they claim
 * @ALMU_ERROR_UNSUPPORTED: well formed, but outside what we handle
 * @ALMU_ERROR_LIMIT: the request asks for more than the limits allow
 * @ALMU_ERROR_NOT_FOUND: no such session, file, region or HDU
 * @ALMU_ERROR_REFUSED: what was asked is not allowed here: outside the
 *   top-level folder, read-only, wrong token
 * @ALMU_ERROR_CHANGED: a file is no longer the one that was opened
 *
 * Failures a peer or a file can cause. What the world does keeps
 * %G_IO_ERROR. The text is a phrase with values, without a full stop.
 */
typedef enum
{
  ALMU_ERROR_FORMAT,
  ALMU_ERROR_UNSUPPORTED,
  ALMU_ERROR_LIMIT,
  ALMU_ERROR_NOT_FOUND,
  ALMU_ERROR_REFUSED,
  ALMU_ERROR_CHANGED,
} AlmuError;

#define ALMU_N_ERRORS (ALMU_ERROR_CHANGED + 1)
#define ALMU_ERROR (almu_error_quark ())

GQuark almu_error_quark (void);

G_END_DECLS
