/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-record-writer.h"

#include <math.h>
#include <string.h>

/* RFC 3339 ends with the year 9999. */
#define MAX_TIME G_GINT64_CONSTANT (253402300799)

/**
 * almu_writer_append_comma:
 * @text: a record that is being written
 *
 * Appends a comma if something stands before: unless @text is empty or its last
 * character opens a list or an object, or ends a name.
 */
void
almu_writer_append_comma (GString *text)
{
  char last = text->len > 0 ? text->str[text->len - 1] : '[';

  if (last != '[' && last != '{' && last != ':')
    g_string_append_c (text, ',');
}

/**
 * almu_writer_begin_line:
 * @text: a record that is being written
 * @indent: spaces for the new line
 *
 * Begins an element that has a line of its own, with a comma before it if it is
 * not the first.
 */
void
almu_writer_begin_line (GString    *text,
                        const char *indent)
{
  almu_writer_append_comma (text);
  g_string_append_c (text, '\n');
  g_string_append (text, indent);
}

/**
 * almu_writer_append_text:
 * @text: a record that is being written
 * @value: text, UTF-8 or not
 *
 * Appends a JSON string, without a comma before. What is not UTF-8 becomes
 * U+FFFD.
 */
void
almu_writer_append_text (GString    *text,
                         const char *value)
{
  g_autofree char *valid = g_utf8_validate (value, -1, NULL) ? NULL : g_utf8_make_valid (value, -1);

  g_string_append_c (text, '"');
  for (const char *p = valid != NULL ? valid : value; *p != '\0'; p++)
    {
      if (*p == '"' || *p == '\\')
        g_string_append_c (text, '\\');
      if ((guchar) *p < 0x20 || *p == 0x7f)
        g_string_append_printf (text, "\\u%04x", *p);
      else
        g_string_append_c (text, *p);
    }
  g_string_append_c (text, '"');
}

static void
append_decimal (GString *text,
                gboolean is_negative,
                guint64  digits,
                int      n_decimals)
{
  char  buffer[32];
  char *p = buffer + sizeof buffer;

  *--p = '\0';
  for (int i = 0; i <= n_decimals || digits > 0; i++)
    {
      if (i == n_decimals && i > 0)
        *--p = '.';
      *--p = (char) ('0' + digits % 10);
      digits /= 10;
    }
  if (is_negative)
    *--p = '-';
  g_string_append (text, p);
}

/* Coordinates have a few decimals, and there are many: an integer divided by
 * a power of ten is rounded as a parser rounds the same digits. */
static gboolean
append_float (GString *text,
              float    value)
{
  double size = fabs ((double) value);
  double scale = 1;

  for (int n_decimals = 0; n_decimals <= 7 && size * scale < 1e15; n_decimals++, scale *= 10)
    {
      double digits = round (size * scale);

      if ((float) (digits / scale) != (float) size)
        continue;

      append_decimal (text, value < 0, (guint64) digits, n_decimals);
      return TRUE;
    }

  return FALSE;
}

/**
 * almu_writer_append_number:
 * @text: a record that is being written
 * @value: a number, not infinite and not NaN
 * @is_float: whether it is read as a float again
 *
 * Appends the fewest digits that are read as the same number, always with a
 * point or an exponent, and without a comma before.
 */
void
almu_writer_append_number (GString *text,
                           double   value,
                           gboolean is_float)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];
  int  last = is_float ? 9 : 17;

  if (is_float && fabs (value) < 1e6 && !(value == 0 && signbit (value)) && append_float (text, (float) value))
    return;

  for (int digits = is_float ? 6 : 15; digits <= last; digits++)
    {
      char   format[8];
      double again;

      g_snprintf (format, sizeof format, "%%.%dg", digits);
      g_ascii_formatd (buffer, sizeof buffer, format, value);
      again = g_ascii_strtod (buffer, NULL);
      if (is_float ? (float) again == (float) value : again == value)
        break;
    }

  g_string_append (text, buffer);
  /* or a parser may take it for an integer beyond 64 bits */
  if (strpbrk (buffer, ".e") == NULL)
    g_string_append (text, ".0");
}

/**
 * almu_writer_append_point:
 * @text: a record that is being written
 * @point: finite coordinates
 *
 * Appends `[x,y]` as floats, with a comma before it if one is needed.
 */
void
almu_writer_append_point (GString  *text,
                          AlmuPoint point)
{
  almu_writer_append_comma (text);
  g_string_append_c (text, '[');
  almu_writer_append_number (text, point.x, TRUE);
  g_string_append_c (text, ',');
  almu_writer_append_number (text, point.y, TRUE);
  g_string_append_c (text, ']');
}

/**
 * almu_writer_begin_member:
 * @text: a record that is being written
 * @name: of the member; taken as it is, so that it must need no escaping
 *
 * Appends `"name":`, with a comma before it if one is needed. The value is for
 * the caller.
 */
void
almu_writer_begin_member (GString    *text,
                          const char *name)
{
  almu_writer_append_comma (text);
  g_string_append_c (text, '"');
  g_string_append (text, name);
  g_string_append (text, "\":");
}

/**
 * almu_writer_add_text:
 * @text: a record that is being written
 * @name: of the member
 * @value: (nullable): %NULL is written as empty text
 *
 * Appends a member that is a text.
 */
void
almu_writer_add_text (GString    *text,
                      const char *name,
                      const char *value)
{
  almu_writer_begin_member (text, name);
  almu_writer_append_text (text, value != NULL ? value : "");
}

/**
 * almu_writer_add_int:
 * @text: a record that is being written
 * @name: of the member
 * @value: what a double can hold too, since other programs read it as one
 *
 * Appends a member that is an integer; see almu_writer_add_long() for larger
 * ones.
 */
void
almu_writer_add_int (GString    *text,
                     const char *name,
                     gint64      value)
{
  almu_writer_begin_member (text, name);
  g_string_append_printf (text, "%" G_GINT64_FORMAT, value);
}

/**
 * almu_writer_add_named:
 * @text: a record that is being written
 * @name: of the member
 * @names: names of values, ended by a %NULL name
 * @value: a value
 *
 * Appends a member that is a name, or the number itself if that has none.
 */
void
almu_writer_add_named (GString          *text,
                       const char       *name,
                       const RecordName *names,
                       int               value)
{
  const char *found = almu_record_name_of (names, value);

  if (found != NULL)
    almu_writer_add_text (text, name, found);
  else
    almu_writer_add_int (text, name, value);
}

/**
 * almu_writer_add_true:
 * @text: a record that is being written
 * @name: of the member
 * @value: whether there is anything to write
 *
 * Appends a member that is true. What is false is not written.
 */
void
almu_writer_add_true (GString    *text,
                      const char *name,
                      gboolean    value)
{
  if (!value)
    return;

  almu_writer_begin_member (text, name);
  g_string_append (text, "true");
}

/**
 * almu_writer_add_time:
 * @text: a record that is being written
 * @name: of the member
 * @seconds: since 1970; moved into the years from 1970 to 9999
 *
 * Appends a member that is a time of RFC 3339, in UTC and whole seconds.
 */
void
almu_writer_add_time (GString    *text,
                      const char *name,
                      gint64      seconds)
{
  g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc (CLAMP (seconds, 0, MAX_TIME));
  g_autofree char *value = g_date_time_format (time, "%Y-%m-%dT%H:%M:%SZ");

  almu_writer_add_text (text, name, value);
}

/**
 * almu_writer_add_long:
 * @text: a record that is being written
 * @name: of the member
 * @value: any integer of 64 bits
 *
 * Appends a member that is a string with an integer, which programs that know
 * only doubles do not round.
 */
void
almu_writer_add_long (GString    *text,
                      const char *name,
                      gint64      value)
{
  almu_writer_begin_member (text, name);
  g_string_append_printf (text, "\"%" G_GINT64_FORMAT "\"", value);
}

/**
 * almu_writer_add_number:
 * @text: a record that is being written
 * @name: of the member
 * @value: a number
 *
 * Appends a member that is a double. What is infinite or NaN is not written:
 * JSON has no word for it.
 */
void
almu_writer_add_number (GString    *text,
                        const char *name,
                        double      value)
{
  if (!isfinite (value))
    return;

  almu_writer_begin_member (text, name);
  almu_writer_append_number (text, value, FALSE);
}

/**
 * almu_writer_add_ints:
 * @text: a record that is being written
 * @name: of the member
 * @values: (array length=n): integers
 * @n: how many
 *
 * Appends a member that is a list of integers.
 */
void
almu_writer_add_ints (GString    *text,
                      const char *name,
                      const int  *values,
                      guint       n)
{
  almu_writer_begin_member (text, name);
  g_string_append_c (text, '[');
  for (guint i = 0; i < n; i++)
    {
      almu_writer_append_comma (text);
      g_string_append_printf (text, "%d", values[i]);
    }
  g_string_append_c (text, ']');
}

/* -- what a newer version has added ------------------------------------- */

/**
 * almu_writer_get_object:
 * @object: (nullable): an object of a record
 * @member: name of a member
 *
 * For records that may have anything in them: another type is as if it were not
 * there.
 *
 * Returns: (nullable) (transfer none): the object that it is
 */
JsonObject *
almu_writer_get_object (JsonObject *object,
                        const char *member)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, member) : NULL;

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

/**
 * almu_writer_get_array:
 * @object: (nullable): an object of a record
 * @member: name of a member
 *
 * For records that may have anything in them: another type is as if it were not
 * there.
 *
 * Returns: (nullable) (transfer none): the list that it is
 */
JsonArray *
almu_writer_get_array (JsonObject *object,
                       const char *member)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, member) : NULL;

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

/**
 * almu_writer_find_element:
 * @array: (nullable): a list of a record
 * @member: by which to find
 * @number: what is there
 * @name: (nullable): what is there instead of @number, if that has a name
 *
 * Finds the first object of a list that is about the same thing.
 *
 * Returns: (nullable) (transfer none): the element of @array that has this
 *   number, or name, in @member
 */
JsonObject *
almu_writer_find_element (JsonArray  *array,
                          const char *member,
                          int         number,
                          const char *name)
{
  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      JsonNode   *element = json_array_get_element (array, i);
      JsonObject *object = JSON_NODE_HOLDS_OBJECT (element) ? json_node_get_object (element) : NULL;
      JsonNode   *node = object != NULL ? json_object_get_member (object, member) : NULL;

      if (node == NULL || !JSON_NODE_HOLDS_VALUE (node))
        continue;

      if (name != NULL ? g_strcmp0 (json_node_get_string (node), name) == 0
                       : json_node_get_value_type (node) == G_TYPE_INT64 && json_node_get_int (node) == number)
        return object;
    }

  return NULL;
}

/**
 * almu_writer_append_node:
 * @text: a record that is being written
 * @node: any JSON
 *
 * Appends JSON on one line, without a comma before.
 */
void
almu_writer_append_node (GString  *text,
                         JsonNode *node)
{
  g_autofree char *printed = almu_record_print (node);

  g_string_append (text, printed);
}

/**
 * almu_writer_append_unknown:
 * @text: a record that is being written, in the object that takes the place of
 *   @before
 * @before: (nullable): what stood there
 * @level: what kind of object it is
 *
 * Appends the members that a newer version has added, so that this one does not
 * lose them.
 */
void
almu_writer_append_unknown (GString    *text,
                            JsonObject *before,
                            RecordLevel level)
{
  g_autoptr(GList) names = before != NULL ? json_object_get_members (before) : NULL;

  for (GList *name = names; name != NULL; name = name->next)
    {
      if (almu_record_knows (level, name->data))
        continue;

      almu_writer_append_comma (text);
      almu_writer_append_text (text, name->data);
      g_string_append_c (text, ':');
      almu_writer_append_node (text, json_object_get_member (before, name->data));
    }
}
