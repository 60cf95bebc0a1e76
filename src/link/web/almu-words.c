/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-words.h"

#include <glib/gi18n.h>

#define MINUTE 60
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* Times as people say them. */

/**
 * almu_words_dup_ago:
 * @when: seconds since 1970
 * @now: likewise
 *
 * In the user's language, as whole minutes, hours or days, cut off. What lies
 * ahead was a moment ago.
 *
 * Returns: (transfer full): how long ago that was, roughly
 */
char *
almu_words_dup_ago (gint64 when,
                    gint64 now)
{
  guint64 seconds = when < now ? (guint64) now - (guint64) when : 0;
  gulong  n;

  if (seconds < MINUTE)
    return g_strdup (_ ("a moment ago"));

  if (seconds < HOUR)
    {
      n = (gulong) (seconds / MINUTE);
      return g_strdup_printf (ngettext ("%lu minute ago", "%lu minutes ago", n), n);
    }

  if (seconds < DAY)
    {
      n = (gulong) (seconds / HOUR);
      return g_strdup_printf (ngettext ("%lu hour ago", "%lu hours ago", n), n);
    }

  n = (gulong) (seconds / DAY);
  return g_strdup_printf (ngettext ("%lu day ago", "%lu days ago", n), n);
}

/**
 * almu_words_dup_time:
 * @when: seconds since 1970
 *
 * In the user's language. A year that no calendar has is empty text.
 *
 * Returns: (transfer full): the local date and time, to the minute
 */
char *
almu_words_dup_time (gint64 when)
{
  g_autoptr(GDateTime) time = g_date_time_new_from_unix_local (when);

  /* a year beyond what a calendar can hold */
  if (time == NULL)
    return g_strdup ("");

  /* Translators: a date and a time, as for g_date_time_format() */
  return g_date_time_format (time, _ ("%Y-%m-%d %H:%M"));
}
