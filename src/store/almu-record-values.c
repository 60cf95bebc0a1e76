/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-record-reader.h"

#include <math.h>
#include <string.h>

#include "almu-error.h"
#include "almu-limits.h"

/* Members of a record, one at a time: what is there has to be right, and what
 * is not there leaves the target as it is.
 */

/**
 * almu_reader_fail:
 * @reader: where the record is being read
 * @error: return location
 * @code: of %ALMU_ERROR
 * @member: what is wrong there; empty if it is the element itself
 * @format: what is wrong with it, a phrase that goes on after its name
 * @...: values for @format
 *
 * Sets an error that names the place in the record, such as `Record:
 * files[2].channel is not an integer from 0 to 10`.
 *
 * Returns: %FALSE, so that it can stand behind a `return`
 */
gboolean
almu_reader_fail (RecordReader *reader,
                  GError      **error,
                  int           code,
                  const char   *member,
                  const char   *format,
                  ...)
{
  g_autofree char *what = NULL;
  va_list          args;

  if (*member == '\0' && reader->where->len > 0)
    g_string_truncate (reader->where, reader->where->len - 1);

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, ALMU_ERROR, code, "Record: %s%s %s", reader->where->str, member, what);

  return FALSE;
}

/* -- values ------------------------------------------------------------- */

/**
 * almu_reader_find:
 * @object: an object of the record
 * @member: name of a member
 *
 * A JSON null is no member.
 *
 * Returns: (nullable) (transfer none): its value
 */
JsonNode *
almu_reader_find (JsonObject *object,
                  const char *member)
{
  JsonNode *node = json_object_get_member (object, member);

  return node == NULL || JSON_NODE_HOLDS_NULL (node) ? NULL : node;
}

/**
 * almu_reader_is_of_type:
 * @node: a value
 * @type: %G_TYPE_STRING, %G_TYPE_INT64, %G_TYPE_DOUBLE or %G_TYPE_BOOLEAN
 *
 * Whether a value is of just that type: 1 is no double here, and 1.0 no
 * integer.
 */
gboolean
almu_reader_is_of_type (JsonNode *node,
                        GType     type)
{
  return JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == type;
}

/**
 * almu_reader_text:
 * @reader: where the record is being read
 * @object: an object of the record
 * @member: name of a member
 * @max_bytes: how long it may be, without the NUL
 * @out: (inout): replaced and freed; left alone if there is no such member
 * @error: return location
 *
 * Reads a text. Another type is %ALMU_ERROR_FORMAT, a longer text
 * %ALMU_ERROR_LIMIT.
 *
 * Returns: whether the record is right so far
 */
gboolean
almu_reader_text (RecordReader *reader,
                  JsonObject   *object,
                  const char   *member,
                  gsize         max_bytes,
                  char        **out,
                  GError      **error)
{
  JsonNode *node = almu_reader_find (object, member);

  if (node == NULL)
    return TRUE;

  if (!almu_reader_is_of_type (node, G_TYPE_STRING))
    return almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, member, "is not a text");

  if (strlen (json_node_get_string (node)) > max_bytes)
    return almu_reader_fail (reader, error, ALMU_ERROR_LIMIT, member,
                             "is longer than %" G_GSIZE_FORMAT " bytes", max_bytes);

  g_free (*out);
  *out = g_strdup (json_node_get_string (node));

  return TRUE;
}

/**
 * almu_reader_get_number:
 * @node: a value
 * @out: (out): the number; undefined if there is none
 *
 * Reads an integer or a number with a point.
 *
 * Returns: %FALSE if it is neither, or beyond what a double holds
 */
gboolean
almu_reader_get_number (JsonNode *node,
                        double   *out)
{
  if (almu_reader_is_of_type (node, G_TYPE_INT64))
    *out = (double) json_node_get_int (node);
  else if (almu_reader_is_of_type (node, G_TYPE_DOUBLE))
    *out = json_node_get_double (node);
  else
    return FALSE;

  return isfinite (*out);
}

/**
 * almu_reader_get_int:
 * @node: a value
 * @min: the smallest that is right
 * @max: the largest
 * @out: (out): the integer; left alone if there is none
 *
 * Reads an integer, or text with one, which is how 64 bits are written.
 *
 * Returns: %FALSE if it is none, or out of bounds
 */
gboolean
almu_reader_get_int (JsonNode *node,
                     gint64    min,
                     gint64    max,
                     gint64   *out)
{
  gint64 value;

  if (almu_reader_is_of_type (node, G_TYPE_INT64))
    value = json_node_get_int (node);
  else if (almu_reader_is_of_type (node, G_TYPE_STRING))
    {
      const char *text = json_node_get_string (node);
      char       *end;

      value = g_ascii_strtoll (text, &end, 10);
      if (end == text || *end != '\0')
        return FALSE;
    }
  else
    return FALSE;

  if (value < min || value > max)
    return FALSE;

  *out = value;
  return TRUE;
}

/**
 * almu_reader_int:
 * @reader: where the record is being read
 * @object: an object of the record
 * @member: name of a member
 * @min: the smallest that is right
 * @max: the largest
 * @out: (inout): left alone if there is no such member
 * @error: return location
 *
 * Reads an integer of 64 bits, as almu_reader_get_int() does. What is none, or
 * out of bounds, is %ALMU_ERROR_FORMAT.
 *
 * Returns: whether the record is right so far
 */
gboolean
almu_reader_int (RecordReader *reader,
                 JsonObject   *object,
                 const char   *member,
                 gint64        min,
                 gint64        max,
                 gint64       *out,
                 GError      **error)
{
  JsonNode *node = almu_reader_find (object, member);

  if (node == NULL || almu_reader_get_int (node, min, max, out))
    return TRUE;

  return almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, member,
                           "is not an integer from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, min, max);
}

/**
 * almu_reader_int32:
 * @reader: where the record is being read
 * @object: an object of the record
 * @member: name of a member
 * @min: the smallest that is right
 * @max: the largest
 * @out: (inout): left alone if there is no such member
 * @error: return location
 *
 * almu_reader_int() for an `int`.
 *
 * Returns: whether the record is right so far
 */
gboolean
almu_reader_int32 (RecordReader *reader,
                   JsonObject   *object,
                   const char   *member,
                   int           min,
                   int           max,
                   int          *out,
                   GError      **error)
{
  gint64 value = *out;

  if (!almu_reader_int (reader, object, member, min, max, &value, error))
    return FALSE;

  *out = (int) value;
  return TRUE;
}

/**
 * almu_reader_named:
 * @reader: where the record is being read
 * @object: an object of the record
 * @member: name of a member
 * @names: what it may be called, ended by a %NULL name
 * @min: the smallest number that is right in place of a name
 * @out: (inout): left alone if there is no such member
 * @error: return location
 *
 * Reads a name, or a number for what has none. A name that is not in @names is
 * %ALMU_ERROR_FORMAT, and so is a smaller number.
 *
 * Returns: whether the record is right so far
 */
gboolean
almu_reader_named (RecordReader     *reader,
                   JsonObject       *object,
                   const char       *member,
                   const RecordName *names,
                   int               min,
                   int              *out,
                   GError          **error)
{
  JsonNode *node = almu_reader_find (object, member);
  gint64    value;

  if (node == NULL)
    return TRUE;

  if (almu_reader_is_of_type (node, G_TYPE_STRING) &&
      almu_record_value_of (names, json_node_get_string (node), out))
    return TRUE;

  if (!almu_reader_is_of_type (node, G_TYPE_INT64) || !almu_reader_get_int (node, min, G_MAXINT, &value))
    return almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, member,
                             "is neither a number nor a name, such as “%s”", names[0].name);

  *out = (int) value;
  return TRUE;
}

/**
 * almu_reader_true:
 * @reader: where the record is being read
 * @object: an object of the record
 * @member: name of a member
 * @out: (inout): left alone if there is no such member
 * @error: return location
 *
 * Reads true or false; a number is neither, and %ALMU_ERROR_FORMAT.
 *
 * Returns: whether the record is right so far
 */
gboolean
almu_reader_true (RecordReader *reader,
                  JsonObject   *object,
                  const char   *member,
                  gboolean     *out,
                  GError      **error)
{
  JsonNode *node = almu_reader_find (object, member);

  if (node == NULL)
    return TRUE;

  if (!almu_reader_is_of_type (node, G_TYPE_BOOLEAN))
    return almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, member, "is neither true nor false");

  *out = json_node_get_boolean (node);
  return TRUE;
}

/**
 * almu_reader_time:
 * @reader: where the record is being read
 * @object: an object of the record
 * @member: name of a member
 * @out: (inout): seconds since 1970; left alone if there is no such member
 * @error: return location
 *
 * Reads a time with its zone, as in ISO 8601. Fractions of seconds are cut off.
 *
 * Returns: whether the record is right so far
 */
gboolean
almu_reader_time (RecordReader *reader,
                  JsonObject   *object,
                  const char   *member,
                  gint64       *out,
                  GError      **error)
{
  g_autofree char *text = NULL;
  g_autoptr(GDateTime) time = NULL;

  if (!almu_reader_text (reader, object, member, ALMU_LIMIT_NAME_BYTES, &text, error))
    return FALSE;

  if (text == NULL)
    return TRUE;

  time = g_date_time_new_from_iso8601 (text, NULL);
  if (time == NULL)
    return almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, member,
                             "is “%s”, not a time such as 2026-01-31T12:00:00Z", text);

  *out = g_date_time_to_unix (time);
  return TRUE;
}

/**
 * almu_reader_get_pair:
 * @node: a value
 * @out_first: (out): the first number; undefined if there are not two
 * @out_second: (out): the second; likewise
 *
 * Reads a list of just two numbers.
 *
 * Returns: %FALSE if it is something else
 */
gboolean
almu_reader_get_pair (JsonNode *node,
                      double   *out_first,
                      double   *out_second)
{
  JsonArray *array;

  if (!JSON_NODE_HOLDS_ARRAY (node))
    return FALSE;

  array = json_node_get_array (node);

  return json_array_get_length (array) == 2 &&
         almu_reader_get_number (json_array_get_element (array, 0), out_first) &&
         almu_reader_get_number (json_array_get_element (array, 1), out_second);
}

/**
 * almu_reader_get_point:
 * @node: a value
 * @out: (out): the point; left alone if there is none
 *
 * Reads a list of x and y, rounded to what a float holds.
 *
 * Returns: %FALSE if it is something else, or beyond what a float holds
 */
gboolean
almu_reader_get_point (JsonNode  *node,
                       AlmuPoint *out)
{
  double x;
  double y;

  if (!almu_reader_get_pair (node, &x, &y) || fabs (x) > G_MAXFLOAT || fabs (y) > G_MAXFLOAT)
    return FALSE;

  *out = (AlmuPoint){ (float) x, (float) y };
  return TRUE;
}

/* -- lists -------------------------------------------------------------- */

/**
 * almu_reader_list:
 * @reader: where the record is being read
 * @object: an object of the record
 * @member: name of a member
 * @max: how many elements it may have
 * @read: (scope call): reads one, and fails as these functions do
 * @target: (nullable): for @read
 * @error: return location
 *
 * Reads each element of a list, in order, if there is one. While @read is
 * called the reader's place is that of the element. Ends with the first that
 * fails; what @read has put into @target until then stays there.
 *
 * Returns: whether the record is right so far
 */
gboolean
almu_reader_list (RecordReader     *reader,
                  JsonObject       *object,
                  const char       *member,
                  guint             max,
                  RecordReadElement read,
                  gpointer          target,
                  GError          **error)
{
  JsonNode  *node = almu_reader_find (object, member);
  gsize      length = reader->where->len;
  JsonArray *array;

  if (node == NULL)
    return TRUE;

  if (!JSON_NODE_HOLDS_ARRAY (node))
    return almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, member, "is not a list");

  array = json_node_get_array (node);
  if (json_array_get_length (array) > max)
    return almu_reader_fail (reader, error, ALMU_ERROR_LIMIT, member,
                             "has %u elements, at most %u are allowed", json_array_get_length (array), max);

  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      g_string_append_printf (reader->where, "%s[%u].", member, i);
      if (!read (reader, json_array_get_element (array, i), target, error))
        return FALSE;
      g_string_truncate (reader->where, length);
    }

  return TRUE;
}

/**
 * almu_reader_get_object:
 * @reader: where the record is being read
 * @element: an element of a list
 * @error: return location
 *
 * Fails with %ALMU_ERROR_FORMAT.
 *
 * Returns: (nullable) (transfer none): the object that it is; %NULL with an
 *   error if it is something else
 */
JsonObject *
almu_reader_get_object (RecordReader *reader,
                        JsonNode     *element,
                        GError      **error)
{
  if (JSON_NODE_HOLDS_OBJECT (element))
    return json_node_get_object (element);

  almu_reader_fail (reader, error, ALMU_ERROR_FORMAT, "", "is not an object");
  return NULL;
}
