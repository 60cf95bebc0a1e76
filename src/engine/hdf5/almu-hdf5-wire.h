/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "almu-limits.h"

G_BEGIN_DECLS

/* libhdf5 does not survive every damaged file, and none can be known to be
 * good beforehand: what it reads past the end of a block depends on what
 * happens to lie there. So it lives in a program of its own, one for each open
 * file. This is what that is asked and what it answers, in messages of a
 * socket; what is longer lies in a piece of memory that both have. Each
 * question stands for itself, so that another may be asked of another program.
 */

/* To be changed with anything below; the first argument of the program. */
#define ALMU_HDF5_WIRE "1"

/* The descriptors it starts with. */
#define ALMU_HDF5_FILE_FD 0
#define ALMU_HDF5_SOCKET_FD 3
#define ALMU_HDF5_ROOM_FD 4

/* It ends so if it was started by another version. */
#define ALMU_HDF5_EXIT_VERSION 3

/* What one question may use of the processor: the index of a million chunks
 * takes two seconds. */
#define ALMU_HDF5_MAX_SECONDS 20

/* The most that is read at once, but for whole chunks. */
#define ALMU_HDF5_PIECE_BYTES (4 * 1024 * 1024)

/* A header with all its text. */
#define ALMU_HDF5_TEXT_BYTES (64 * 1024 * 1024)

#define ALMU_HDF5_PATH_BYTES 128
#define ALMU_HDF5_WHY_BYTES 256

/* Types of the answers that are text: names; names, and bytes, an integer, a
 * real or a logical of each. */
#define ALMU_HDF5_GROUPS_TYPE "as"
#define ALMU_HDF5_ATTRIBUTES_TYPE "a(sv)"

/**
 * AlmuHdf5Ask:
 *
 * What the program that reads HDF5 files is asked for.
 */
typedef enum
{
  ALMU_HDF5_ASK_NOTHING, /* whether the file can be opened */
  ALMU_HDF5_ASK_GROUPS,
  ALMU_HDF5_ASK_ATTRIBUTES,
  ALMU_HDF5_ASK_WHETHER, /* there is anything of that path */
  ALMU_HDF5_ASK_SHAPE,
  ALMU_HDF5_ASK_VALUES,
} AlmuHdf5Ask;

/**
 * AlmuHdf5Answer:
 *
 * How the program that reads HDF5 files begins its answer.
 */
typedef enum
{
  ALMU_HDF5_ANSWER_GOOD,
  ALMU_HDF5_ANSWER_NONE, /* it is not there, or cannot be read */
  ALMU_HDF5_ANSWER_NO_FILE,
} AlmuHdf5Answer;

/**
 * AlmuHdf5Layout:
 *
 * How an array lies in its file.
 */
typedef enum
{
  ALMU_HDF5_LAYOUT_OTHER,
  ALMU_HDF5_LAYOUT_PLAIN,
  ALMU_HDF5_LAYOUT_CHUNKED,
} AlmuHdf5Layout;

/**
 * AlmuHdf5Request:
 * @type: that values are wanted as, of #AlmuHdf5Type
 * @first: of the values
 * @count: of the values; the last dimension fastest
 */
typedef struct
{
  gint32 what;
  gint32 type;
  gint64 first[ALMU_LIMIT_AXES];
  gint64 count[ALMU_LIMIT_AXES];
  char   path[ALMU_HDF5_PATH_BYTES];
} AlmuHdf5Request;

/**
 * AlmuHdf5Shape:
 * @n_dims: 0 of a single number, -1 if there are too many
 * @n_chunk_dims: that many are in @chunk
 * @bits: of an element, negative for reals; 0 if it is no number
 * @offset: of a plain array of floats in our byte order; else -1
 * @most: what the dimensions may grow to; -1 has no end
 *
 * As the file has it: nothing of this was checked.
 */
typedef struct
{
  gint32 n_dims;
  gint32 n_chunk_dims;
  gint32 bits;
  gint32 layout;
  gint64 offset;
  gint64 dims[ALMU_LIMIT_AXES];
  gint64 most[ALMU_LIMIT_AXES];
  gint64 chunk[ALMU_LIMIT_AXES];
} AlmuHdf5Shape;

/**
 * AlmuHdf5Reply:
 * @n_bytes: what lies in the shared memory
 * @why: what libhdf5 says of a failure
 */
typedef struct
{
  gint32        answer;
  gint64        n_bytes;
  AlmuHdf5Shape shape;
  char          why[ALMU_HDF5_WHY_BYTES];
} AlmuHdf5Reply;

G_END_DECLS
