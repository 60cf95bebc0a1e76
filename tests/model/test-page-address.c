/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-error.h"
#include "almu-page-address.h"

#define BASE "http://127.0.0.1:3002/"

typedef struct
{
  const char *base;
  const char *token;
  guint32     session_id;
  const char *folder;
  const char *files[4];
  const char *expected;
} Example;

static const Example examples[] = {
  { BASE, "abc", 0, NULL, { NULL }, BASE "?token=abc" },
  { BASE, NULL, 0, NULL, { NULL }, BASE },
  { BASE, "", 0, "", { NULL }, BASE },
  { "http://[::1]:3102/prefix", NULL, 0, NULL, { NULL }, "http://[::1]:3102/prefix/" },
  { BASE "p/", "abc", 4294967295u, NULL, { NULL }, BASE "p/s/4294967295/?token=abc" },
  { BASE, "abc", 7, NULL, { "sub/a.fits" }, BASE "s/7/?token=abc&file=sub/a.fits" },
  { BASE, NULL, 7, "sub", { "a.fits", "b.fits[2]" }, BASE "s/7/?folder=sub&files=a.fits%2Cb.fits%5B2%5D" },
  { BASE, NULL, 0, NULL, { "a, b&c=d?#%+ é.fits" }, BASE "?file=a%2C%20b%26c%3Dd%3F%23%25%2B%20%C3%A9.fits" },
  /* the page takes the outer brackets off */
  { BASE, NULL, 0, NULL, { "[a", "b]" }, BASE "?files=%5B%5Ba%2Cb%5D%5D" },
  { BASE, "a b&c", 0, NULL, { NULL }, BASE "?token=a%20b%26c" },
};

static void
test_make (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (examples); i++)
    {
      const Example *example = &examples[i];
      g_autoptr(AlmuPageAddress) address = almu_page_address_new (example->base, example->token);
      g_autofree char *url = NULL;

      url = almu_page_address_make (address, example->session_id, example->folder, example->files);
      g_assert_cmpstr (url, ==, example->expected);
    }
}

static void
test_make_without_files (void)
{
  g_autoptr(AlmuPageAddress) address = almu_page_address_new (BASE, "abc");
  g_autofree char *url = almu_page_address_make (address, 1, NULL, NULL);

  g_assert_cmpstr (url, ==, BASE "s/1/?token=abc");
}

static void
test_base_has_no_token (void)
{
  g_autoptr(AlmuPageAddress) address = almu_page_address_new ("http://localhost/p", "abc");

  g_assert_cmpstr (almu_page_address_get_base (address), ==, "http://localhost/p/");
}

static void
test_check_files (void)
{
  const struct
  {
    const char *files[3];
    int         code; /* -1 for none */
  } cases[] = {
    { { NULL }, -1 },
    { { "a,b.fits", NULL }, -1 },
    { { " a.fits ", NULL }, -1 },
    { { "sub/a.fits", "é b.fits", NULL }, -1 },
    { { "a.fits", "a,b.fits", NULL }, ALMU_ERROR_UNSUPPORTED },
    { { " a.fits", "b.fits", NULL }, ALMU_ERROR_UNSUPPORTED },
    { { "a.fits", "b.fits ", NULL }, ALMU_ERROR_UNSUPPORTED },
    { { "a.fits", "", NULL }, ALMU_ERROR_UNSUPPORTED },
    { { "\xff.fits", NULL }, ALMU_ERROR_FORMAT },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GError) error = NULL;
      gboolean is_good = almu_page_address_check_files (cases[i].files, &error);

      if (cases[i].code < 0)
        {
          g_assert_no_error (error);
          g_assert_true (is_good);
        }
      else
        {
          g_assert_error (error, ALMU_ERROR, cases[i].code);
          g_assert_false (is_good);
          g_assert_true (g_utf8_validate (error->message, -1, NULL));
        }
    }
}

static void
test_parse_session (void)
{
  const struct
  {
    const char *path;
    guint32     id;
  } cases[] = {
    { "/s/123/", 123 },
    { "/s/123", 123 },
    { "/s/123?token=s/4/", 123 },
    { "/s/123#x", 123 },
    { "/prefix/s/123/index.html", 123 },
    { "/prefix/s/4294967295/static/js/main.js", 4294967295u },
    { "/s/5/s/123/", 123 },
    { "/s/123/s/", 123 },
    { "/", 0 },
    { "", 0 },
    { "s/123/", 0 },
    { "/s/", 0 },
    { "/s//123/", 0 },
    { "/s/0/", 0 },
    { "/s/012/", 0 },
    { "/s/-1/", 0 },
    { "/s/+1/", 0 },
    { "/s/ 1/", 0 },
    { "/s/12x/", 0 },
    { "/s/1.5/", 0 },
    { "/s/4294967296/", 0 },
    { "/s/99999999999999999999999999/", 0 },
    { "/sessions/123/", 0 },
    { "/as/123/", 0 },
    { "/?x=/s/123/", 0 },
    { "/#/s/123/", 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s", cases[i].path);
      g_assert_cmpuint (almu_page_address_parse_session (cases[i].path), ==, cases[i].id);
    }
}

static void
test_round_trip (void)
{
  const guint32 ids[] = { 1, 10, 65536, G_MAXINT32, G_MAXUINT32 };
  g_autoptr(AlmuPageAddress) address = almu_page_address_new ("http://localhost:3002/my/s/", "abc");

  for (gsize i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      g_autofree char *url = almu_page_address_make (address, ids[i], "s/7", NULL);
      g_autofree char *path = NULL;

      g_assert_true (g_uri_split (url, G_URI_FLAGS_ENCODED, NULL, NULL, NULL, NULL, &path, NULL, NULL, NULL));
      g_assert_cmpuint (almu_page_address_parse_session (path), ==, ids[i]);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);

  g_test_add_func ("/model/page-address/make", test_make);
  g_test_add_func ("/model/page-address/make/without-files", test_make_without_files);
  g_test_add_func ("/model/page-address/base-has-no-token", test_base_has_no_token);
  g_test_add_func ("/model/page-address/check-files", test_check_files);
  g_test_add_func ("/model/page-address/parse-session", test_parse_session);
  g_test_add_func ("/model/page-address/round-trip", test_round_trip);

  return g_test_run ();
}
