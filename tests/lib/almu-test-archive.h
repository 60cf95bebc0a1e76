/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-archive.h"

G_BEGIN_DECLS

#define ALMU_TYPE_TEST_ARCHIVE (almu_test_archive_get_type ())
G_DECLARE_FINAL_TYPE (AlmuTestArchive, almu_test_archive, ALMU, TEST_ARCHIVE, GObject)

AlmuTestArchive *almu_test_archive_new (void);
AlmuMemento     *almu_test_archive_add (AlmuTestArchive *self,
                                        guint32          id,
                                        const char      *title,
                                        gint64           last_seen);
void             almu_test_archive_set_broken (AlmuTestArchive *self,
                                               gboolean         broken);

G_END_DECLS
