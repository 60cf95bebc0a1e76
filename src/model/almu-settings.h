/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * AlmuSettingsKind:
 * @ALMU_SETTINGS_LAYOUT: how the page arranges its widgets
 * @ALMU_SETTINGS_SNIPPET: a script the user wrote
 * @ALMU_SETTINGS_WORKSPACE: files, regions and how they look
 *
 * What the page keeps by name, beside its preferences.
 */
typedef enum
{
  ALMU_SETTINGS_LAYOUT,
  ALMU_SETTINGS_SNIPPET,
  ALMU_SETTINGS_WORKSPACE,
} AlmuSettingsKind;

#define ALMU_N_SETTINGS_KINDS (ALMU_SETTINGS_WORKSPACE + 1)

/**
 * AlmuSettingsEntry: (foreign)
 * @name: what the user calls it
 * @date: when it was last written, in seconds since 1970
 */
typedef struct
{
  char  *name;
  gint64 date;
} AlmuSettingsEntry;

AlmuSettingsEntry *almu_settings_entry_new (const char *name,
                                            gint64      date);
void               almu_settings_entry_free (AlmuSettingsEntry *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlmuSettingsEntry, almu_settings_entry_free)

#define ALMU_TYPE_SETTINGS (almu_settings_get_type ())
G_DECLARE_INTERFACE (AlmuSettings, almu_settings, ALMU, SETTINGS, GObject)

struct _AlmuSettingsInterface
{
  GTypeInterface parent_iface;

  char *(*get_preferences) (AlmuSettings *self,
                            GError      **error);
  gboolean (*merge_preferences) (AlmuSettings *self,
                                 const char   *json,
                                 GError      **error);
  gboolean (*delete_preferences) (AlmuSettings      *self,
                                  const char *const *keys,
                                  GError           **error);
  GPtrArray *(*list) (AlmuSettings    *self,
                      AlmuSettingsKind kind,
                      GError         **error);
  char *(*get_all) (AlmuSettings    *self,
                    AlmuSettingsKind kind,
                    GError         **error);
  char *(*get) (AlmuSettings    *self,
                AlmuSettingsKind kind,
                const char      *name,
                GError         **error);
  gboolean (*put) (AlmuSettings    *self,
                   AlmuSettingsKind kind,
                   const char      *name,
                   const char      *json,
                   GError         **error);
  gboolean (*remove) (AlmuSettings    *self,
                      AlmuSettingsKind kind,
                      const char      *name,
                      GError         **error);
};

char      *almu_settings_get_preferences (AlmuSettings *self,
                                          GError      **error);
gboolean   almu_settings_merge_preferences (AlmuSettings *self,
                                            const char   *json,
                                            GError      **error);
gboolean   almu_settings_delete_preferences (AlmuSettings      *self,
                                             const char *const *keys,
                                             GError           **error);
GPtrArray *almu_settings_list (AlmuSettings    *self,
                               AlmuSettingsKind kind,
                               GError         **error);
char      *almu_settings_get_all (AlmuSettings    *self,
                                  AlmuSettingsKind kind,
                                  GError         **error);
char      *almu_settings_get (AlmuSettings    *self,
                              AlmuSettingsKind kind,
                              const char      *name,
                              GError         **error);
gboolean   almu_settings_put (AlmuSettings    *self,
                              AlmuSettingsKind kind,
                              const char      *name,
                              const char      *json,
                              GError         **error);
gboolean   almu_settings_remove (AlmuSettings    *self,
                                 AlmuSettingsKind kind,
                                 const char      *name,
                                 GError         **error);

const char *almu_settings_kind_get_name (AlmuSettingsKind kind);
gboolean    almu_settings_check_name (const char *name,
                                      GError    **error);

G_END_DECLS
