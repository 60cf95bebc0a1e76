/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "almu-table-file.h"

#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "almu-error.h"
#include "almu-limits.h"
#include "almu-test-table.h"
#include "almu-test.h"

typedef struct
{
  char *folder;
} Fixture;

static void
fixture_set_up (Fixture      *fixture,
                gconstpointer user_data)
{
  fixture->folder = almu_test_make_folder ();
}

static void
fixture_tear_down (Fixture      *fixture,
                   gconstpointer user_data)
{
  /* nothing is counted that is not there any more */
  g_assert_cmpint (almu_data_table_get_total_bytes (), ==, 0);
  almu_test_remove_folder (fixture->folder);
  g_free (fixture->folder);
}

static AlmuDataTable *
read_file (const char    *path,
           AlmuTableFlags flags,
           GError       **error)
{
  g_autofree char *name = g_path_get_basename (path);
  AlmuDataTable   *table;
  int              fd = open (path, O_RDONLY | O_CLOEXEC);

  g_assert_cmpint (fd, >=, 0);
  table = almu_table_file_read (fd, name, flags, NULL, error);
  close (fd);

  return table;
}

static AlmuDataTable *
read_bytes (Fixture       *fixture,
            gconstpointer  data,
            gsize          length,
            AlmuTableFlags flags,
            GError       **error)
{
  g_autofree char *path = g_build_filename (fixture->folder, "t.vot", NULL);

  g_assert_true (g_file_set_contents (path, data, (gssize) length, NULL));

  return read_file (path, flags, error);
}

static AlmuDataTable *
read_text (Fixture    *fixture,
           const char *text,
           GError    **error)
{
  return read_bytes (fixture, text, strlen (text), ALMU_TABLE_ALL, error);
}

#define CELL(table, T, column, row) (((const T *) (const void *) almu_data_table_get_column (table, column)->values->data)[row])

static void
test_votable_tabledata (Fixture      *fixture,
                        gconstpointer user_data)
{
  g_autofree char *text = almu_test_votable (20);
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuDataTable) table = read_text (fixture, text, &error);
  const AlmuCoosys *coosys;

  g_assert_no_error (error);
  g_assert_cmpint (table->n_rows, ==, 20);
  g_assert_cmpuint (table->columns->len, ==, 6);
  g_assert_cmpstr (table->name, ==, "stars");
  g_assert_cmpstr (table->description, ==, "Stars on a grid");
  g_assert_cmpstr (table->parameters->str, ==, "origin: a test\n");
  g_assert_cmpstr (almu_data_table_get_column (table, 2)->description, ==, "Right ascension");
  g_assert_cmpstr (almu_data_table_get_column (table, 2)->unit, ==, "deg");
  g_assert_cmpint (almu_data_table_get_column (table, 0)->type, ==, ALMU_COLUMN_INT64);
  g_assert_cmpint (almu_data_table_get_column (table, 5)->type, ==, ALMU_COLUMN_BOOL);
  coosys = table->coosys->pdata[0];
  g_assert_cmpstr (coosys->system, ==, "eq_FK5");
  g_assert_cmpstr (coosys->equinox, ==, "J2000");
  g_assert_cmpint (CELL (table, gint64, 0, 19), ==, 20);
  g_assert_cmpstr (almu_column_get_text (almu_data_table_get_column (table, 1), 1), ==, "star 11");
  g_assert_cmpfloat (CELL (table, double, 2, 3), ==, 187.2 + 0.003);
  g_assert_true (isnan (CELL (table, float, 4, 6)));
  g_assert_cmpfloat (CELL (table, float, 4, 1), ==, 8 + 37 / 8.0f);
  g_assert_cmpint (CELL (table, guint8, 5, 3), ==, 1);
  g_assert_cmpint (CELL (table, guint8, 5, 4), ==, 0);
  g_assert_null (table->odd_cell);
  g_assert_cmpint (almu_data_table_find_column (table, "col1"), ==, 0);
  g_assert_cmpint (almu_data_table_find_column (table, "mag"), ==, 4);
  g_assert_cmpint (almu_data_table_find_column (table, "none"), ==, -1);
  g_assert_cmpint (table->n_bytes, >, 0);
}

#define HEAD(fields) "<VOTABLE><RESOURCE><TABLE>" fields
#define TAIL "</TABLE></RESOURCE></VOTABLE>"

/* No prolog; cells of every kind of right and wrong. */
static void
test_votable_cells (Fixture      *fixture,
                    gconstpointer user_data)
{
  static const char text[] =
    HEAD ("<FIELD name='i' datatype='int'><VALUES null='-9'/></FIELD><FIELD name='s' datatype='short'/>"
          "<FIELD name='u' datatype='unsignedByte'/><FIELD name='d' datatype='double'/>"
          "<FIELD name='t' datatype='unicodeChar' arraysize='12'/><FIELD name='a' datatype='float' arraysize='2'/>"
          "<FIELD name='one' datatype='int' arraysize='1'/>") "<DATA><TABLEDATA>"
                                                              "<TR><TD> 0x1F </TD><TD>-7</TD><TD>255</TD><TD>+Inf</TD><TD>a &lt;&#x3b1;&gt; <![CDATA[b & c]]></TD><TD>1 2</TD><TD>3</TD></TR>"
                                                              "<TR><TD/><TD>12.0</TD><TD>256</TD><TD>none</TD><TD/></TR>"
                                                              "<TR/>"
                                                              "<TR><TD>1</TD><TD>1</TD><TD>1</TD><TD>NaN</TD><TD>x</TD><TD/><TD>9</TD><TD>too many</TD></TR>"
                                                              "</TABLEDATA></DATA>" TAIL;
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuDataTable) table = read_text (fixture, text, &error);
  AlmuColumn *column;

  g_assert_no_error (error);
  g_assert_cmpint (table->n_rows, ==, 4);
  g_assert_cmpint (CELL (table, gint32, 0, 0), ==, 31);
  g_assert_cmpint (CELL (table, gint32, 0, 1), ==, -9);
  g_assert_cmpint (CELL (table, gint32, 0, 2), ==, -9);
  g_assert_cmpint (CELL (table, gint16, 1, 1), ==, 12);
  g_assert_cmpint (CELL (table, gint16, 1, 2), ==, 0);
  g_assert_cmpint (CELL (table, guint8, 2, 0), ==, 255);
  g_assert_cmpint (CELL (table, guint8, 2, 1), ==, 0);
  g_assert_cmpfloat (CELL (table, double, 3, 0), ==, INFINITY);
  g_assert_true (isnan (CELL (table, double, 3, 1)));
  column = almu_data_table_get_column (table, 4);
  g_assert_cmpstr (almu_column_get_text (column, 0), ==, "a <\u03b1> b & c");
  g_assert_cmpstr (almu_column_get_text (column, 2), ==, "");
  g_assert_cmpint (almu_data_table_get_column (table, 5)->type, ==, ALMU_COLUMN_UNSUPPORTED);
  g_assert_cmpint (CELL (table, gint32, 6, 3), ==, 9);
  g_assert_cmpuint (table->n_odd_cells, ==, 2);
  g_assert_cmpstr (table->odd_cell, ==, "row 2, column “u”: “256” is not of type unsignedByte");
}

/* Two rows: short, char[3], float list, int; the second has no int. */
static const guint8 binary_rows[] = {
  0x00, 0x05, 'a', 'b', ' ', 0, 0, 0, 1, 0x3f, 0x80, 0, 0, 0, 0, 0, 7,
  0xff, 0xfe, 'x', 0, 'z', 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff
};

static const guint8 binary2_rows[] = {
  0x00, 0x00, 0x05, 'a', 'b', ' ', 0, 0, 0, 1, 0x3f, 0x80, 0, 0, 0, 0, 0, 7,
  0x90, 0xff, 0xfe, 'x', 0, 'z', 0, 0, 0, 0, 0, 0, 0, 9
};

#define BINARY_FIELDS                                                                 \
  "<FIELD name='s' datatype='short'/><FIELD name='t' datatype='char' arraysize='3'/>" \
  "<FIELD name='l' datatype='float' arraysize='*'/><FIELD name='i' datatype='int'/>"

static char *
make_binary (const char   *kind,
             const guint8 *rows,
             gsize         length)
{
  g_autofree char *base64 = g_base64_encode (rows, length);
  GString         *lines = g_string_new (NULL);

  /* base64 comes in lines, and they are cut anywhere */
  for (const char *p = base64; *p != '\0'; p++)
    g_string_append_printf (lines, "%c%s", *p, (p - base64) % 7 == 3 ? "\n  " : "");
  g_string_prepend (lines, "><STREAM encoding='base64'>");
  g_string_prepend (lines, kind);
  g_string_prepend (lines, HEAD (BINARY_FIELDS) "<DATA><");
  g_string_append_printf (lines, "</STREAM></%s></DATA>" TAIL, kind);

  return g_string_free (lines, FALSE);
}

static void
test_votable_binary (Fixture      *fixture,
                     gconstpointer user_data)
{
  gboolean         is_second = user_data != NULL;
  g_autofree char *text = is_second ? make_binary ("BINARY2", binary2_rows, sizeof binary2_rows)
                                    : make_binary ("BINARY", binary_rows, sizeof binary_rows);
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuDataTable) table = read_text (fixture, text, &error);

  g_assert_no_error (error);
  g_assert_cmpint (table->n_rows, ==, 2);
  g_assert_cmpint (CELL (table, gint16, 0, 0), ==, 5);
  g_assert_cmpint (CELL (table, gint16, 0, 1), ==, is_second ? 0 : -2);
  g_assert_cmpstr (almu_column_get_text (almu_data_table_get_column (table, 1), 0), ==, "ab ");
  g_assert_cmpstr (almu_column_get_text (almu_data_table_get_column (table, 1), 1), ==, "x");
  g_assert_cmpint (almu_data_table_get_column (table, 2)->type, ==, ALMU_COLUMN_UNSUPPORTED);
  g_assert_cmpint (CELL (table, gint32, 3, 0), ==, 7);
  g_assert_cmpint (CELL (table, gint32, 3, 1), ==, is_second ? 0 : -1);
}

/* Wherever a stream ends too early, the row is named. */
static void
test_votable_binary_truncated (Fixture      *fixture,
                               gconstpointer user_data)
{
  for (gsize length = 1; length < sizeof binary_rows; length++)
    {
      g_autofree char *text = make_binary ("BINARY", binary_rows, length);
      g_autoptr(GError) error = NULL;
      g_autoptr(AlmuDataTable) table = read_text (fixture, text, &error);

      if (length == 17)
        {
          g_assert_cmpint (table->n_rows, ==, 1);
          continue;
        }

      g_assert_null (table);
      g_assert_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT);
      g_assert_nonnull (strstr (error->message, length < 17 ? "t.vot: row 1, column" : "t.vot: row 2, column"));
    }
}

static void
test_votable_fits_stream (Fixture      *fixture,
                          gconstpointer user_data)
{
  static const AlmuTestCard cards[] = { { "TTYPE1", "'n'" }, { "TFORM1", "'1I'" } };
  static const guint8       rows[] = { 0, 1, 0, 2, 0xff, 0xff };
  g_autoptr(GBytes) fits = almu_test_fits_table ("BINTABLE", cards, 2, 1, 2, 3, rows);
  g_autofree char *base64 = g_base64_encode (g_bytes_get_data (fits, NULL), g_bytes_get_size (fits));
  g_autofree char *text = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuDataTable) table = NULL;

  text = g_strdup_printf (HEAD ("<FIELD ID='c' name='n' datatype='short'/>") "<DATA><FITS extnum='1'>"
                                                                             "<STREAM encoding='base64'>%s</STREAM></FITS></DATA>" TAIL,
                          base64);
  table = read_text (fixture, text, &error);
  g_assert_no_error (error);
  g_assert_cmpint (table->format, ==, ALMU_TABLE_VOTABLE);
  g_assert_cmpint (table->n_rows, ==, 3);
  g_assert_cmpint (CELL (table, gint16, 0, 2), ==, -1);
  g_assert_cmpint (almu_data_table_find_column (table, "c"), ==, 0);
}

static void
test_votable_packed (Fixture      *fixture,
                     gconstpointer user_data)
{
  g_autofree char *text = almu_test_votable (5000);
  g_autoptr(GBytes) plain = g_bytes_new (text, strlen (text));
  g_autoptr(GConverter) packer = G_CONVERTER (g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP, 6));
  g_autoptr(GInputStream) input = g_memory_input_stream_new_from_bytes (plain);
  g_autoptr(GInputStream) stream = g_converter_input_stream_new (input, packer);
  g_autofree guint8 *packed = g_malloc (strlen (text));
  gsize              length = 0;
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuDataTable) table = NULL;

  g_assert_true (g_input_stream_read_all (stream, packed, strlen (text), &length, NULL, &error));
  table = read_bytes (fixture, packed, length, ALMU_TABLE_ALL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (table->n_rows, ==, 5000);
  g_clear_pointer (&table, almu_data_table_unref);

  table = read_bytes (fixture, packed, length / 2, ALMU_TABLE_ALL, &error);
  g_assert_null (table);
  g_assert_nonnull (error);
  g_assert_true (g_str_has_prefix (error->message, "t.vot: "));
}

static void
test_votable_head (Fixture      *fixture,
                   gconstpointer user_data)
{
  static const char text[] = "<VOTABLE><RESOURCE><TABLE nrows='12'><FIELD name='a' datatype='int'/><DATA><TABLEDATA><TR><TD>1";
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuDataTable) table = NULL;
  g_autofree char *summary = NULL;

  /* what comes after the head is not looked at */
  table = read_bytes (fixture, text, strlen (text), ALMU_TABLE_HEAD_ONLY, &error);
  g_assert_no_error (error);
  g_assert_cmpint (table->n_rows, ==, 12);
  g_assert_cmpuint (table->columns->len, ==, 1);
  summary = almu_data_table_dup_summary (table, "t.vot");
  g_assert_cmpstr (summary, ==, "Name: t.vot\nDescription: \nColumn Count: 1\nRow Count: 12\n"
                                "Coordinate System: \nEpoch: \nEquinox: \n");
}

/* The first table with data is the catalog. */
static void
test_votable_second_table (Fixture      *fixture,
                           gconstpointer user_data)
{
  static const char text[] =
    "<VOTABLE><RESOURCE><TABLE name='empty'><FIELD name='x' datatype='int'/></TABLE>"
    "<TABLE name='full'><FIELD name='y' datatype='int'/><DATA><TABLEDATA><TR><TD>4</TD></TR></TABLEDATA></DATA></TABLE>"
    "<TABLE name='more'><FIELD name='z' datatype='int'/><DATA><TABLEDATA><TR><TD>5</TD></TR></TABLEDATA></DATA></TABLE>"
    "</RESOURCE></VOTABLE>";
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuDataTable) table = read_text (fixture, text, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (table->name, ==, "full");
  g_assert_cmpuint (table->columns->len, ==, 1);
  g_assert_cmpint (CELL (table, gint32, 0, 0), ==, 4);
}

static void
assert_refused (Fixture    *fixture,
                const char *text,
                int         code,
                const char *part)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuDataTable) table = read_text (fixture, text, &error);

  g_assert_null (table);
  g_assert_error (error, ALMU_ERROR, code);
  g_test_message ("%s", error->message);
  g_assert_true (g_str_has_prefix (error->message, "t.vot: "));
  g_assert_nonnull (strstr (error->message, part));
}

static char *
nest (guint depth)
{
  GString *text = g_string_new ("<VOTABLE>");

  for (guint i = 1; i < depth; i++)
    g_string_append (text, "<RESOURCE>");
  for (guint i = 1; i < depth; i++)
    g_string_append (text, "</RESOURCE>");
  g_string_append (text, "<RESOURCE><TABLE><FIELD name='a' datatype='int'/><DATA><TABLEDATA><TR><TD>1</TD></TR>"
                         "</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>");

  return g_string_free (text, FALSE);
}

static void
test_votable_refused (Fixture      *fixture,
                      gconstpointer user_data)
{
  g_autofree char *deep = nest (ALMU_LIMIT_XML_DEPTH + 1);
  g_autofree char *deepest = nest (ALMU_LIMIT_XML_DEPTH);
  g_autoptr(AlmuDataTable) table = NULL;
  g_autoptr(GError) error = NULL;

  assert_refused (fixture, "", ALMU_ERROR_FORMAT, "neither a VOTable nor a FITS file");
  assert_refused (fixture, "<html><body/></html>", ALMU_ERROR_FORMAT, "begins with “html”");
  assert_refused (fixture, "<VOTABLE><RESOURCE/></VOTABLE>", ALMU_ERROR_FORMAT, "no TABLE");
  assert_refused (fixture, HEAD ("<FIELD name='a' datatype='int'/>") "<DATA><TABLEDATA><TR><TD>1</TD></TR>\n<TR><TD>",
                  ALMU_ERROR_FORMAT, "is truncated: ends within TD, after 1 rows");
  assert_refused (fixture, HEAD ("<FIELD name='a' datatype='int'/>") "<DATA><TABLEDATA><TR></TD></TR>" TAIL,
                  ALMU_ERROR_FORMAT, "line 1");
  assert_refused (fixture, HEAD (BINARY_FIELDS) "<DATA><BINARY><STREAM href='file:///etc/passwd'/></BINARY></DATA>" TAIL,
                  ALMU_ERROR_UNSUPPORTED, "file:///etc/passwd");
  assert_refused (fixture, HEAD (BINARY_FIELDS) "<DATA><BINARY><STREAM encoding='base64'>AAVhYiAA8AAA</STREAM></BINARY></DATA>" TAIL,
                  ALMU_ERROR_LIMIT, "row 1, column “l”");
  assert_refused (fixture, deep, ALMU_ERROR_LIMIT, "nests deeper");
  table = read_text (fixture, deepest, &error);
  g_assert_no_error (error);
}

/* One of these bytes with as many attributes as fit. */
static char *
make_tag (gsize n_bytes)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; text->len + 16 < n_bytes; i++)
    g_string_append_printf (text, " a%u='>'", i);
  for (gsize i = text->len; i < n_bytes; i++)
    g_string_append_c (text, ' ');

  return g_string_free (text, FALSE);
}

/* It is told when the tag is over, or too long; what is before and behind it in
 * the same piece of the file does not count. */
static void
test_votable_tags (Fixture      *fixture,
                   gconstpointer user_data)
{
  const gsize piece = 64 * 1024;
  const struct
  {
    gsize    n_bytes;
    gboolean is_taken;
  } cases[] = { { ALMU_LIMIT_TAG_BYTES - piece, TRUE }, { ALMU_LIMIT_TAG_BYTES, TRUE }, { ALMU_LIMIT_TAG_BYTES + 3 * piece, FALSE }, { 40 * ALMU_LIMIT_TAG_BYTES, FALSE } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *tag = make_tag (cases[i].n_bytes);
      g_autofree char *text = g_strconcat ("<VOTABLE><RESOURCE><TABLE", tag, "><FIELD name='a' datatype='int'/><DATA><TABLEDATA><TR><TD>1</TD></TR>"
                                                                             "</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>",
                                           NULL);
      g_autoptr(GError) error = NULL;
      g_autoptr(AlmuDataTable) table = NULL;

      if (!cases[i].is_taken)
        {
          assert_refused (fixture, text, ALMU_ERROR_LIMIT, "a tag or a comment of more than");
          continue;
        }
      table = read_text (fixture, text, &error);
      g_assert_no_error (error);
      g_assert_cmpint (table->n_rows, ==, 1);
    }
}

/* Nothing is declared, nothing grows, nothing is fetched. */
static void
test_votable_entities (Fixture      *fixture,
                       gconstpointer user_data)
{
  static const char old[] =
    "<?xml version='1.0'?><!DOCTYPE VOTABLE SYSTEM 'http://us-vo.org/xml/VOTable.dtd'>" HEAD ("<FIELD name='a' datatype='int'/>") "<DATA><TABLEDATA><TR><TD>1</TD></TR></TABLEDATA></DATA>" TAIL;
  g_autoptr(AlmuDataTable) table = NULL;
  g_autoptr(GError) error = NULL;

  assert_refused (fixture,
                  "<?xml version='1.0'?><!DOCTYPE VOTABLE [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;'>"
                  "<!ENTITY c '&b;&b;&b;&b;&b;&b;'>]><VOTABLE><DESCRIPTION>&c;</DESCRIPTION></VOTABLE>",
                  ALMU_ERROR_REFUSED, "declares the entity “a”");
  assert_refused (fixture,
                  "<!DOCTYPE VOTABLE [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><VOTABLE><DESCRIPTION>&x;</DESCRIPTION></VOTABLE>",
                  ALMU_ERROR_REFUSED, "declares the entity “x”");

  table = read_text (fixture, old, &error);
  g_assert_no_error (error);
  g_assert_cmpint (table->n_rows, ==, 1);
}

/* Files of the field, where they are. */
static void
test_votable_shared (Fixture      *fixture,
                     gconstpointer user_data)
{
  static const struct
  {
    const char *name;
    guint       n_columns;
    gint64      n_rows;
  } files[] = {
    { "tables/ivoa_example.xml", 8, 3 },
    { "tables/regression.xml", 0, 5 },
    { "tables/vizier_b2_votable.xml", 0, 0 },
    { "tables/array_types.xml", 0, 0 },
    { "tables/too_many_columns.xml.gz", 0, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = almu_test_shared_path (files[i].name);
      g_autoptr(GError) error = NULL;
      g_autoptr(AlmuDataTable) table = NULL;

      if (path == NULL)
        {
          g_test_skip ("no shared files");
          return;
        }

      table = read_file (path, ALMU_TABLE_ALL, &error);
      g_assert_no_error (error);
      g_test_message ("%s: %u × %" G_GINT64_FORMAT " (%s)", files[i].name, table->columns->len, table->n_rows,
                      table->odd_cell != NULL ? table->odd_cell : "");
      for (guint j = 0; j < table->columns->len; j++)
        g_assert_cmpuint (almu_data_table_get_column (table, j)->values->len, ==,
                          (gsize) table->n_rows * almu_column_type_get_size (almu_data_table_get_column (table, j)->type));
      if (strstr (files[i].name, "too_many") != NULL)
        {
          /* a type of no standard */
          int column = almu_data_table_find_column (table, "targetname");

          g_assert_cmpint (almu_data_table_get_column (table, (guint) column)->type, ==, ALMU_COLUMN_STRING);
          g_assert_cmpstr (almu_column_get_text (almu_data_table_get_column (table, (guint) column), 0), !=, "");
        }
      if (files[i].n_columns == 0)
        continue;

      g_assert_cmpuint (table->columns->len, ==, files[i].n_columns);
      g_assert_cmpint (table->n_rows, ==, files[i].n_rows);
    }
}

/* Figures, not verdicts. */
static void
test_votable_million (Fixture      *fixture,
                      gconstpointer user_data)
{
  g_autofree char *text = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuDataTable) table = NULL;
  gint64 before;

  if (!almu_test_is_slow ())
    {
      g_test_skip ("slow");
      return;
    }

  text = almu_test_votable (1000000);
  before = g_get_monotonic_time ();
  table = read_text (fixture, text, &error);
  g_assert_no_error (error);
  g_test_message ("a million rows of six columns, %.0f MB of XML, %.0f MB in memory: %.2f s",
                  (double) strlen (text) / 1e6, (double) table->n_bytes / 1e6,
                  (double) (g_get_monotonic_time () - before) / 1e6);
}

/* -- rows past the parser --------------------------------------------------- */

static const char *
random_of (const char *const *texts,
           int                n)
{
  return texts[g_test_rand_int_range (0, n)];
}

#define RANDOM_OF(texts) random_of (texts, G_N_ELEMENTS (texts))

static void
put_random_cell (GString *text)
{
  static const char *const plain[] = {
    "1",
    "-7",
    " 12 ",
    "",
    "0x1f",
    "3.25",
    "-0.1",
    "1e300",
    "1e-320",
    "NaN",
    "inf",
    "-Inf",
    "123456789.123456",
    "0.1234567890123456789",
    "9007199254740993",
    "99999999999999999999",
    "5e-324",
    "+4.5",
    ".5",
    "5.",
    ".",
    "-",
    "x",
    "T",
    "true",
    "\t7\n",
  };
  static const char *const odd[] = {
    "<TD>&lt;&amp;&#233;</TD>",
    "<TD>\303\251\342\202\254</TD>",
    "<TD encoding='base64'>AAAAAQ==</TD>",
    "<TD >9</TD >",
    "<TD></TD>",
    "<TD/>",
    "<TD>a\r\nb</TD>",
  };

  if (g_test_rand_int_range (0, 200) == 0)
    g_string_append (text, RANDOM_OF (odd));
  else if (g_test_rand_int_range (0, 3) == 0)
    g_string_append_printf (text, "<TD>%.*g</TD>", g_test_rand_int_range (1, 18), g_test_rand_double_range (-400, 400));
  else
    g_string_append_printf (text, "<TD>%s</TD>", RANDOM_OF (plain));
}

#define ROWS_BEGIN "<DATA><TABLEDATA>"

static char *
random_table (void)
{
  static const char *const spaces[] = { "", "\n", " ", "\r\n  ", "" };
  GString                 *text;
  int                      n_rows = g_test_rand_int_range (0, 6000);

  text = g_string_new (HEAD ("<FIELD name='a' datatype='double'/><FIELD name='b' datatype='int'><VALUES null='-1'/></FIELD>"
                             "<FIELD name='c' datatype='char' arraysize='*'/><FIELD name='d' datatype='float'/>"
                             "<FIELD name='e' datatype='boolean'/>") ROWS_BEGIN);
  for (int i = 0; i < n_rows; i++)
    {
      int n_cells = g_test_rand_int_range (0, 50) == 0 ? g_test_rand_int_range (0, 8) : 5;

      g_string_append_printf (text, "%s<TR>", RANDOM_OF (spaces));
      for (int k = 0; k < n_cells; k++)
        put_random_cell (text);
      g_string_append_printf (text, "</TR>%s", RANDOM_OF (spaces));
    }
  g_string_append (text, "</TABLEDATA></DATA>" TAIL);

  return g_string_free (text, FALSE);
}

/* With a comment before the first row, all rows go through the parser. */
static char *
add_comment (const char *text)
{
  const char *rows = strstr (text, ROWS_BEGIN);
  gsize       n = rows != NULL ? (gsize) (rows - text) + strlen (ROWS_BEGIN) : 0;

  g_assert_nonnull (rows);

  return g_strdup_printf ("%.*s<!-- -->%s", (int) n, text, text + n);
}

static void
assert_same (const AlmuDataTable *a,
             const AlmuDataTable *b)
{
  g_assert_cmpint (a->n_rows, ==, b->n_rows);
  g_assert_cmpuint (a->n_odd_cells, ==, b->n_odd_cells);
  g_assert_cmpstr (a->odd_cell, ==, b->odd_cell);
  g_assert_cmpint (a->n_bytes, ==, b->n_bytes);
  for (guint i = 0; i < a->columns->len; i++)
    {
      AlmuColumn *from = almu_data_table_get_column (a, i);
      AlmuColumn *to = almu_data_table_get_column (b, i);

      g_assert_cmpmem (from->values->data, from->values->len, to->values->data, to->values->len);
      if (from->text != NULL)
        g_assert_cmpmem (from->text->data, from->text->len, to->text->data, to->text->len);
    }
}

/* Whatever the rows are like, they are what the parser says they are. */
static void
test_votable_rows (Fixture      *fixture,
                   gconstpointer user_data)
{
  for (int k = 0; k < 40; k++)
    {
      g_autofree char *text = random_table ();
      g_autofree char *commented = add_comment (text);
      gsize            length = strlen (text);
      gsize            begin = (gsize) (strstr (text, ROWS_BEGIN) - text) + strlen (ROWS_BEGIN);
      g_autoptr(GError) error = NULL;
      g_autoptr(GError) other_error = NULL;
      g_autoptr(AlmuDataTable) plain = NULL;
      g_autoptr(AlmuDataTable) parsed = NULL;

      /* some are cut off, or have a letter that does not belong there */
      if (k % 4 == 1)
        length = (gsize) g_test_rand_int_range ((int) MAX (begin, length - MIN (length, 5000)), (int) length);
      if (k % 4 == 3)
        {
          gsize at = (gsize) g_test_rand_int_range ((int) begin, (int) length);

          text[at] = commented[at + strlen ("<!-- -->")] = "<&>\002/\""[g_test_rand_int_range (0, 6)];
        }

      plain = read_bytes (fixture, text, length, ALMU_TABLE_ALL, &error);
      parsed = read_bytes (fixture, commented, length + strlen ("<!-- -->"), ALMU_TABLE_ALL, &other_error);
      g_assert_cmpstr (error != NULL ? error->message : NULL, ==, other_error != NULL ? other_error->message : NULL);
      g_assert_true ((plain == NULL) == (parsed == NULL));
      if (plain != NULL)
        assert_same (plain, parsed);
    }
}

/* Short numbers are read past strtod(): to the same bit. */
static void
test_votable_reals (Fixture      *fixture,
                    gconstpointer user_data)
{
  GString         *text = g_string_new (HEAD ("<FIELD name='a' datatype='double'/>") ROWS_BEGIN);
  g_autofree char *owned = NULL;
  g_autoptr(GPtrArray) numbers = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(AlmuDataTable) table = NULL;

  for (int i = 0; i < 20000; i++)
    {
      char *number = g_strdup_printf ("%.*f", g_test_rand_int_range (0, 24),
                                      g_test_rand_double_range (-1, 1) * pow (10, g_test_rand_int_range (0, 16)));

      g_ptr_array_add (numbers, number);
      g_string_append_printf (text, "<TR><TD>%s</TD></TR>", number);
    }
  g_string_append (text, "</TABLEDATA></DATA>" TAIL);
  owned = g_string_free (text, FALSE);
  table = read_text (fixture, owned, NULL);
  g_assert_nonnull (table);
  for (guint i = 0; i < numbers->len; i++)
    {
      double expected = g_ascii_strtod (numbers->pdata[i], NULL);

      if (memcmp (&expected, &CELL (table, double, 0, i), sizeof expected) != 0)
        g_error ("%s is read as %.17g", (char *) numbers->pdata[i], CELL (table, double, 0, i));
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

#define add_test(path, func, data) g_test_add (path, Fixture, data, fixture_set_up, func, fixture_tear_down)
  add_test ("/engine/votable/tabledata", test_votable_tabledata, NULL);
  add_test ("/engine/votable/cells", test_votable_cells, NULL);
  add_test ("/engine/votable/binary", test_votable_binary, NULL);
  add_test ("/engine/votable/binary2", test_votable_binary, "2");
  add_test ("/engine/votable/binary/truncated", test_votable_binary_truncated, NULL);
  add_test ("/engine/votable/fits-stream", test_votable_fits_stream, NULL);
  add_test ("/engine/votable/rows", test_votable_rows, NULL);
  add_test ("/engine/votable/reals", test_votable_reals, NULL);
  add_test ("/engine/votable/packed", test_votable_packed, NULL);
  add_test ("/engine/votable/head", test_votable_head, NULL);
  add_test ("/engine/votable/second-table", test_votable_second_table, NULL);
  add_test ("/engine/votable/refused", test_votable_refused, NULL);
  add_test ("/engine/votable/tags", test_votable_tags, NULL);
  add_test ("/engine/votable/entities", test_votable_entities, NULL);
  add_test ("/engine/votable/shared", test_votable_shared, NULL);
  add_test ("/engine/votable/million", test_votable_million, NULL);

  return g_test_run ();
}
