/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "almu-folder.h"
#include "almu-image.h"

G_BEGIN_DECLS

/**
 * AlmuDraft: (foreign)
 *
 * A file that is being written beneath the top-level folder. Until it is
 * committed nobody sees it, and one that is given up leaves nothing behind.
 * One thread at a time.
 */
typedef struct _AlmuDraft AlmuDraft;

AlmuDraft *almu_draft_new (AlmuFolder            *folder,
                           const char            *path,
                           gboolean               overwrite,
                           const AlmuFingerprint *source,
                           GError               **error);
void       almu_draft_free (AlmuDraft *self);
int        almu_draft_get_fd (AlmuDraft *self);
gboolean   almu_draft_commit (AlmuDraft *self,
                              GError   **error);

/* As on file systems without nameless files. */
void almu_draft_set_named_for_testing (gboolean is_on);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuDraft, almu_draft_free)

G_END_DECLS
