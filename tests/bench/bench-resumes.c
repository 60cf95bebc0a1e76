/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "bench.h"

#include "bench-files.h"
#include "bench-floor.h"

/* Coming back: after the link was lost, and after the service was. */

#define N_ROUNDS 9
#define WIDTH 1500
#define HEIGHT 1400
#define SMALL 512
#define PAUSE_USEC 1000

typedef struct
{
  const char *title;
  int         n_images;
  int         n_regions; /* on the first */
  gboolean    is_small;
  gboolean    is_quick; /* enough to be among the quick ones */
  double      restart_goal;
  double      drop_goal;
} Scene;

static const Scene scenes[] = {
  { "1 image", 1, 0, FALSE, FALSE, 5, 2 },
  { "1 image, 100 regions", 1, 100, FALSE, TRUE, 5, 2 },
  { "1 image, 1000 regions", 1, 1000, FALSE, FALSE, 0, 0 },
  { "4 images", 4, 0, FALSE, TRUE, 0, 0 },
  { "10 images", 10, 0, TRUE, FALSE, 0, 0 },
  { "10 images, 100 regions", 10, 100, TRUE, FALSE, 0, 0 },
  { "10 images, 1000 regions", 10, 1000, TRUE, FALSE, 0, 0 },
  { "12 images of 1500 × 1400", 12, 0, FALSE, TRUE, 45, 3 },
  { "50 images", 50, 0, TRUE, FALSE, 0, 0 },
  { "50 images, 100 regions", 50, 100, TRUE, FALSE, 0, 0 },
  { "50 images, 1000 regions", 50, 1000, TRUE, FALSE, 0, 0 },
};

static char *
dup_image_name (const Scene *scene,
                int          i)
{
  return g_strdup_printf (scene->is_small ? "small-%02d.fits" : "image-%02d.fits", i);
}

/* -- the message -------------------------------------------------------- */

typedef struct
{
  CARTA__ResumeSession     message;
  CARTA__ImageProperties  *images;
  CARTA__ImageProperties **pointers;

  CARTA__ImageProperties__RegionsEntry  *entries;
  CARTA__ImageProperties__RegionsEntry **entry_pointers;
  CARTA__RegionInfo                     *infos;
  CARTA__Point                          *points;
  CARTA__Point                         **point_pointers;
} Memory;

static void
fill_regions (Memory *memory,
              int     n)
{
  memory->entries = g_new (CARTA__ImageProperties__RegionsEntry, n);
  memory->entry_pointers = g_new (CARTA__ImageProperties__RegionsEntry *, n);
  memory->infos = g_new (CARTA__RegionInfo, n);
  memory->points = g_new (CARTA__Point, 2 * n);
  memory->point_pointers = g_new (CARTA__Point *, 2 * n);

  for (int i = 0; i < 2 * n; i++)
    {
      carta__point__init (&memory->points[i]);
      memory->points[i].x = i % 2 == 0 ? (float) (100 + 10 * (i % 100)) : 40;
      memory->points[i].y = i % 2 == 0 ? (float) (1200 - 5 * (i % 200)) : 30;
      memory->point_pointers[i] = &memory->points[i];
    }
  for (int i = 0; i < n; i++)
    {
      carta__region_info__init (&memory->infos[i]);
      memory->infos[i].region_type = CARTA__REGION_TYPE__RECTANGLE;
      memory->infos[i].n_control_points = 2;
      memory->infos[i].control_points = memory->point_pointers + 2 * i;
      carta__image_properties__regions_entry__init (&memory->entries[i]);
      memory->entries[i].key = i + 1;
      memory->entries[i].value = &memory->infos[i];
      memory->entry_pointers[i] = &memory->entries[i];
    }

  memory->images[0].n_regions = (gsize) n;
  memory->images[0].regions = memory->entry_pointers;
}

static Memory *
memory_new (const Scene *scene)
{
  Memory *memory = g_new0 (Memory, 1);

  carta__resume_session__init (&memory->message);
  memory->images = g_new (CARTA__ImageProperties, scene->n_images);
  memory->pointers = g_new (CARTA__ImageProperties *, scene->n_images);
  for (int i = 0; i < scene->n_images; i++)
    {
      carta__image_properties__init (&memory->images[i]);
      memory->images[i].directory = (char *) "";
      memory->images[i].file = dup_image_name (scene, i);
      memory->images[i].hdu = (char *) "";
      memory->images[i].file_id = i;
      memory->pointers[i] = &memory->images[i];
    }
  fill_regions (memory, scene->n_regions);
  memory->message.n_images = (gsize) scene->n_images;
  memory->message.images = memory->pointers;

  return memory;
}

static void
memory_free (Memory *memory)
{
  for (gsize i = 0; i < memory->message.n_images; i++)
    g_free (memory->images[i].file);
  g_free (memory->images);
  g_free (memory->pointers);
  g_free (memory->entries);
  g_free (memory->entry_pointers);
  g_free (memory->infos);
  g_free (memory->points);
  g_free (memory->point_pointers);
  g_free (memory);
}

/* -- another viewer meanwhile ------------------------------------------- */

typedef struct
{
  BenchLink *link;
  GThread   *thread;
  int        is_over; /* atomic */
  gint64     worst;
} Other;

static gpointer
ping_on (gpointer data)
{
  Other *other = data;

  do
    {
      gint64 usec = bench_link_await_pong (other->link);

      other->worst = MAX (other->worst, usec);
      g_usleep (PAUSE_USEC);
    }
  while (!g_atomic_int_get (&other->is_over));

  return NULL;
}

static void
other_start (Other *other,
             Bench *bench)
{
  *other = (Other){ .link = bench_link_new (bench_server_get_url (bench->server)) };
  bench_link_register (other->link, 0);
  other->thread = g_thread_new ("other", ping_on, other);
}

/* Returns its longest wait, in ms. */
static double
other_end (Other *other)
{
  g_atomic_int_set (&other->is_over, TRUE);
  g_thread_join (other->thread);
  bench_link_close (other->link);

  return (double) other->worst / 1e3;
}

/* -- coming back -------------------------------------------------------- */

typedef struct
{
  BenchSeries *acks;
  BenchSeries *pictures;
  BenchSeries *pongs;
  BenchSeries *bytes;
} Times;

static gboolean
is_success (const ProtobufCMessage *message,
            gpointer                user_data)
{
  const CARTA__ResumeSessionAck *ack = (const CARTA__ResumeSessionAck *) message;

  if (!ack->success || *ack->message != '\0')
    g_printerr ("Not all was resumed: %s\n", ack->message);

  return TRUE;
}

static void
resume (Bench  *bench,
        Memory *memory,
        guint32 session_id,
        Times  *times)
{
  int       n_images = (int) memory->message.n_images;
  gint64    bytes = bench_server_get_bytes_read (bench->server);
  Other     other;
  BenchMark begin;

  other_start (&other, bench);
  bench->link = bench_link_new (bench_server_get_url (bench->server));
  bench_link_register (bench->link, session_id);

  begin = bench_mark (bench);
  bench_link_send (bench->link, &memory->message.base);
  bench_link_await_that (bench->link, CARTA__EVENT_TYPE__RESUME_SESSION_ACK, is_success, NULL);
  bench_add_since (bench, times->acks, &begin);
  bench_link_await (bench->link, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA, n_images);
  bench_add_since (bench, times->pictures, &begin);

  bench_series_add (times->pongs, other_end (&other));
  bench_series_add (times->bytes, (double) (bench_server_get_bytes_read (bench->server) - bytes) / 1e6);
  bench_link_settle (bench->link);
}

static void
times_init (Times *times)
{
  *times = (Times){ bench_series_new (), bench_series_new (), bench_series_new (), bench_series_new () };
}

static void
times_report (Times       *times,
              Bench       *bench,
              const Scene *scene,
              const char  *how,
              double       floor,
              double       histogram_floor,
              double       goal)
{
  const struct
  {
    const char  *what;
    const char  *unit;
    BenchSeries *series;
    double       floor;
    double       goal;
  } rows[] = {
    { "ack", "ms", times->acks, floor, goal },
    { "last histogram", "ms", times->pictures, histogram_floor, 0 },
    { "worst PONG of another", "ms", times->pongs, floor, scene->n_images == 12 ? 20 : 0 },
    { "bytes read", "MB", times->bytes, 0, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *name = g_strdup_printf ("%s, %s: %s", scene->title, how, rows[i].what);

      bench_report_add (bench->report, name, rows[i].unit, rows[i].series, rows[i].floor, rows[i].goal);
      bench_series_free (rows[i].series);
    }
}

static double
measure_reading (Bench       *bench,
                 const Scene *scene)
{
  g_autofree char *name = dup_image_name (scene, 0);
  g_autofree char *path = g_build_filename (bench->folder, name, NULL);

  return scene->n_images * bench_floor_read (path, BENCH_DATA_OFFSET, (scene->is_small ? SMALL * SMALL : WIDTH * HEIGHT) * sizeof (float));
}

static void
bench_scene (Bench       *bench,
             const Scene *scene)
{
  Memory *memory = memory_new (scene);
  double  round_trip = bench_floor_transfer (1);
  guint32 session_id;
  Times   times;

  /* a session that the service has never heard of is begun with its id */
  bench->link = bench_link_new (bench_server_get_url (bench->server));
  session_id = bench_link_register (bench->link, 0);
  bench_link_send (bench->link, &memory->message.base);
  bench_link_await (bench->link, CARTA__EVENT_TYPE__REGION_HISTOGRAM_DATA, scene->n_images);
  bench_link_settle (bench->link);

  times_init (&times);
  for (int i = 0; i < N_ROUNDS; i++)
    {
      bench_link_cut (bench->link);
      resume (bench, memory, session_id, &times);
    }
  times_report (&times, bench, scene, "link lost", round_trip, round_trip, scene->drop_goal);

  if (bench_server_is_ours (bench->server))
    {
      times_init (&times);
      for (int i = 0; i < N_ROUNDS; i++)
        {
          bench_link_cut (bench->link);
          bench_restart (bench, 0, 0);
          resume (bench, memory, session_id, &times);
        }
      times_report (&times, bench, scene, "restarted", round_trip, measure_reading (bench, scene), scene->restart_goal);
    }

  bench_link_close (bench->link);
  memory_free (memory);
}

static void
write_images (Bench       *bench,
              const Scene *scene,
              int          width,
              int          height)
{
  for (int i = 0; i < scene->n_images; i++)
    {
      g_autofree char *name = dup_image_name (scene, i);

      bench_write_image (bench->folder, name, width, height, 1);
    }
}

void
bench_resumes (Bench *bench)
{
  static const Scene large = { .n_images = 12 };
  static const Scene small = { .n_images = 50, .is_small = TRUE };

  write_images (bench, &large, WIDTH, HEIGHT);
  if (!bench->is_quick)
    write_images (bench, &small, SMALL, SMALL);

  bench_report_section (bench->report, "Resume");
  for (gsize i = 0; i < G_N_ELEMENTS (scenes); i++)
    if (!bench->is_quick || scenes[i].is_quick)
      bench_scene (bench, &scenes[i]);
}
