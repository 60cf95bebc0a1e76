/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-usher.h"

#include "almu-frame.h"
#include "almu-scripting.h"

/* Leads a page to the plane that somebody else has chosen. The ICD has no words
 * for that: a page drops pictures of planes that it has not asked for, and one
 * that plays shows nothing but frames. But what it offers to scripts does what
 * its own buttons do, and then it asks for what it needs.
 */

static void
on_led (GObject      *source,
        GAsyncResult *result,
        gpointer      user_data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuScriptReply) reply = almu_script_finish (result, &error);

  if (reply == NULL || !reply->success)
    g_debug ("The page does not follow: %s", error != NULL ? error->message : reply->message);
}

static void
lead (AlmuLink   *link,
      const char *path,
      const char *action,
      const char *parameters)
{
  const AlmuScript script = {
    .path = (char *) path,
    .action = (char *) action,
    .parameters = (char *) parameters,
  };

  almu_scripting_ask (link, &script, almu_link_get_cancellable (link), on_led, NULL);
}

/**
 * almu_usher_show_plane:
 * @link: to the page; nothing happens if it has no browser, or is of an older
 *   version
 * @file: whose plane is not the page's choice
 *
 * Makes the page stop playing, and show the plane of @file.
 */
void
almu_usher_show_plane (AlmuLink *link,
                       AlmuFile *file)
{
  g_autofree char *path = g_strdup_printf ("frameMap[%d]", almu_file_get_id (file));
  g_autofree char *parameters = g_strdup_printf ("[%d,%d,true]", almu_file_get_channel (file), almu_file_get_stokes (file));

  /* without a browser there is no page; an older one is made otherwise */
  if (almu_link_get_viewer (link) == NULL || almu_link_get_icd_version (link) < ALMU_ICD_VERSION)
    return;

  lead (link, "animatorStore", "stopAnimation", "[]");
  lead (link, path, "setChannels", parameters);
}
