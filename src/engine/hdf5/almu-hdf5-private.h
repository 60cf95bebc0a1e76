/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-hdf5-wire.h"
#include "almu-hdf5.h"

G_BEGIN_DECLS

/* What the files almu-hdf5*.c of the service share. */

/**
 * AlmuHdf5: (foreign)
 * @mutex: held while there is a question
 * @pid: of the program that reads it; 0 if none does, and one is started for
 *   the next question
 * @is_deadly: a program died of it, and the next one would
 */
struct _AlmuHdf5
{
  int      fd;
  char    *name;
  GMutex   mutex;
  pid_t    pid;
  int      socket;
  int      room;
  gboolean is_deadly;
};

gboolean almu_hdf5_ask (AlmuHdf5              *self,
                        const AlmuHdf5Request *request,
                        AlmuHdf5Reply         *reply,
                        void                  *values,
                        GVariant             **out_text,
                        GError               **error);
gboolean almu_hdf5_ask_of_path (AlmuHdf5      *self,
                                AlmuHdf5Ask    what,
                                const char    *path,
                                AlmuHdf5Reply *reply,
                                GVariant     **out_text,
                                GError       **error);
void     almu_hdf5_end_reader (AlmuHdf5 *self);
gboolean almu_hdf5_fail (AlmuHdf5   *self,
                         const char *path,
                         const char *what,
                         const char *why,
                         GError    **error);

G_END_DECLS
