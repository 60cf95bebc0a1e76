/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "almu-test-table.h"

#include <string.h>

#define BLOCK 2880

static void
add_card (GString    *text,
          const char *name,
          const char *value)
{
  g_autofree char *card = value != NULL ? g_strdup_printf ("%-8s= %20s", name, value) : g_strdup (name);

  g_string_append_printf (text, "%-80.80s", card);
}

static void
add_number (GString    *text,
            const char *name,
            gsize       value)
{
  g_autofree char *digits = g_strdup_printf ("%" G_GSIZE_FORMAT, value);

  add_card (text, name, digits);
}

static void
fill_block (GString *text,
            char     filler)
{
  while (text->len % BLOCK != 0)
    g_string_append_c (text, filler);
}

GBytes *
almu_test_fits_table (const char         *extension,
                      const AlmuTestCard *cards,
                      gsize               n_cards,
                      int                 n_columns,
                      gsize               row_bytes,
                      gsize               n_rows,
                      const void         *rows)
{
  GString         *text = g_string_new (NULL);
  g_autofree char *quoted = g_strdup_printf ("'%-8s'", extension);
  gsize            length;

  add_card (text, "SIMPLE", "T");
  add_card (text, "BITPIX", "8");
  add_card (text, "NAXIS", "0");
  add_card (text, "EXTEND", "T");
  add_card (text, "END", NULL);
  fill_block (text, ' ');

  add_card (text, "XTENSION", quoted);
  add_card (text, "BITPIX", "8");
  add_card (text, "NAXIS", "2");
  add_number (text, "NAXIS1", row_bytes);
  add_number (text, "NAXIS2", n_rows);
  add_card (text, "PCOUNT", "0");
  add_card (text, "GCOUNT", "1");
  add_number (text, "TFIELDS", (gsize) n_columns);
  for (gsize i = 0; i < n_cards; i++)
    add_card (text, cards[i].name, cards[i].value);
  add_card (text, "END", NULL);
  fill_block (text, ' ');

  g_string_append_len (text, rows, (gssize) (row_bytes * n_rows));
  fill_block (text, g_str_equal (extension, "TABLE") ? ' ' : '\0');
  length = text->len;

  return g_bytes_new_take (g_string_free (text, FALSE), length);
}

char *
almu_test_votable (gsize n_rows)
{
  GString *text = g_string_new ("<?xml version=\"1.0\"?>\n"
                                "<VOTABLE version=\"1.3\" xmlns=\"http://www.ivoa.net/xml/VOTable/v1.3\">\n"
                                "<RESOURCE><COOSYS ID=\"J2000\" system=\"eq_FK5\" equinox=\"J2000\"/>\n"
                                "<PARAM name=\"origin\" value=\"a test\" datatype=\"char\" arraysize=\"*\"/>\n"
                                "<TABLE name=\"stars\"><DESCRIPTION>Stars on a grid</DESCRIPTION>\n"
                                "<FIELD ID=\"col1\" name=\"id\" datatype=\"long\"/>\n"
                                "<FIELD name=\"name\" datatype=\"char\" arraysize=\"*\"/>\n"
                                "<FIELD name=\"RA\" datatype=\"double\" unit=\"deg\" ucd=\"pos.eq.ra\">"
                                "<DESCRIPTION>Right ascension</DESCRIPTION></FIELD>\n"
                                "<FIELD name=\"DEC\" datatype=\"double\" unit=\"deg\"/>\n"
                                "<FIELD name=\"mag\" datatype=\"float\" unit=\"mag\"/>\n"
                                "<FIELD name=\"flag\" datatype=\"boolean\"/>\n"
                                "<DATA><TABLEDATA>\n");

  for (gsize i = 0; i < n_rows; i++)
    {
      char ra[G_ASCII_DTOSTR_BUF_SIZE];
      char dec[G_ASCII_DTOSTR_BUF_SIZE];
      char mag[G_ASCII_DTOSTR_BUF_SIZE] = "";

      g_ascii_dtostr (ra, sizeof ra, 187.2 + 0.001 * (double) (i % 100));
      g_ascii_dtostr (dec, sizeof dec, 12.45 + 0.001 * (double) (i / 100 % 100));
      if (i % 7 != 6)
        g_ascii_dtostr (mag, sizeof mag, 8 + (double) (i * 37 % 101) / 8);
      g_string_append_printf (text, "<TR><TD>%" G_GSIZE_FORMAT "</TD><TD>star %" G_GSIZE_FORMAT "</TD><TD>%s</TD><TD>%s</TD>"
                                    "<TD>%s</TD><TD>%s</TD></TR>\n",
                              i + 1, i * 31 % n_rows, ra, dec, mag, i % 3 == 0 ? "true" : "false");
    }
  g_string_append (text, "</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>\n");

  return g_string_free (text, FALSE);
}

void
almu_test_save (GBytes     *bytes,
                const char *folder,
                const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  gsize            length;
  gconstpointer    data = g_bytes_get_data (bytes, &length);

  g_assert_true (g_file_set_contents (path, data, (gssize) length, NULL));
}

void
almu_test_save_text (const char *text,
                     const char *folder,
                     const char *name)
{
  g_autoptr(GBytes) bytes = g_bytes_new_static (text, strlen (text));

  almu_test_save (bytes, folder, name);
}
