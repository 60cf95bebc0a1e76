/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-dispatch.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/stat.h>

#include "almu-error.h"
#include "almu-limits.h"
#include "almu-message.h"
#include "almu-region-file.h"
#include "almu-scratch.h"
#include "almu-workers.h"

/* Region files: read into a session, written from it, looked at. */

typedef struct
{
  AlmuLink *link;
  guint32   request_id;
  gboolean  wants_contents;
} Request;

static Request *
request_new (AlmuLink *link,
             guint32   request_id)
{
  Request *request = g_new0 (Request, 1);

  request->link = g_object_ref (link);
  request->request_id = request_id;

  return request;
}

static void
request_free (Request *request)
{
  g_object_unref (request->link);
  g_free (request);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Request, request_free)

static gboolean
find_format (CARTA__FileType   type,
             AlmuRegionFormat *out_format,
             GError          **error)
{
  if (type != CARTA__FILE_TYPE__CRTF && type != CARTA__FILE_TYPE__DS9_REG)
    {
      g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
                   _ ("File type %d is none of region files; these are CRTF and DS9"), (int) type);
      return FALSE;
    }

  *out_format = type == CARTA__FILE_TYPE__CRTF ? ALMU_REGION_TEXT_CRTF : ALMU_REGION_TEXT_DS9;
  return TRUE;
}

/* -- IMPORT_REGION ------------------------------------------------------ */

static CARTA__RegionInfo *
speak_shape (const AlmuShape *shape,
             AlmuScratch     *scratch)
{
  CARTA__RegionInfo *info = almu_scratch_array (scratch, CARTA__RegionInfo, 1);
  CARTA__Point      *points = almu_scratch_array (scratch, CARTA__Point, shape->n_points);

  carta__region_info__init (info);
  info->region_type = (CARTA__RegionType) shape->type;
  info->rotation = shape->rotation;
  info->n_control_points = shape->n_points;
  info->control_points = almu_scratch_array (scratch, CARTA__Point *, shape->n_points);
  for (guint i = 0; i < shape->n_points; i++)
    {
      carta__point__init (&points[i]);
      points[i].x = shape->points[i].x;
      points[i].y = shape->points[i].y;
      info->control_points[i] = &points[i];
    }

  return info;
}

static CARTA__RegionStyle *
speak_style (AlmuRegionStyle *style,
             gboolean         is_annotation,
             AlmuScratch     *scratch)
{
  CARTA__RegionStyle     *message = almu_scratch_array (scratch, CARTA__RegionStyle, 1);
  CARTA__AnnotationStyle *annotation = almu_scratch_array (scratch, CARTA__AnnotationStyle, 1);

  carta__region_style__init (message);
  message->name = style->name;
  message->color = style->color;
  message->line_width = style->line_width;
  message->n_dash_list = (gsize) style->n_dashes;
  message->dash_list = style->dashes;
  if (!is_annotation)
    return message;

  carta__annotation_style__init (annotation);
  annotation->point_shape = (CARTA__PointAnnotationShape) style->mark_shape;
  annotation->point_width = style->mark_size;
  annotation->text_label0 = style->labels[0];
  annotation->text_label1 = style->labels[1];
  annotation->coordinate_system = style->frame;
  annotation->is_north_arrow = style->has_arrow[0];
  annotation->is_east_arrow = style->has_arrow[1];
  annotation->text_position = (CARTA__TextAnnotationPosition) style->text_position;
  annotation->font_style = style->font_style;
  annotation->font = style->font;
  annotation->font_size = style->font_size;
  message->annotation_style = annotation;

  return message;
}

static void
speak_import (CARTA__ImportRegionAck *ack,
              AlmuRegionImport       *import,
              AlmuScratch            *scratch)
{
  guint                                      n = import->regions->len;
  CARTA__ImportRegionAck__RegionsEntry      *regions = almu_scratch_array (scratch, CARTA__ImportRegionAck__RegionsEntry, n);
  CARTA__ImportRegionAck__RegionStylesEntry *styles = almu_scratch_array (scratch, CARTA__ImportRegionAck__RegionStylesEntry, n);

  ack->regions = almu_scratch_array (scratch, CARTA__ImportRegionAck__RegionsEntry *, n);
  ack->region_styles = almu_scratch_array (scratch, CARTA__ImportRegionAck__RegionStylesEntry *, n);
  ack->n_regions = ack->n_region_styles = n;

  for (guint i = 0; i < n; i++)
    {
      AlmuRegionEntry *entry = import->entries->pdata[i];
      AlmuShape       *shape = almu_region_get_shape (import->regions->pdata[i]);

      carta__import_region_ack__regions_entry__init (&regions[i]);
      regions[i].key = almu_region_get_id (import->regions->pdata[i]);
      regions[i].value = speak_shape (shape, scratch);
      ack->regions[i] = &regions[i];

      carta__import_region_ack__region_styles_entry__init (&styles[i]);
      styles[i].key = regions[i].key;
      styles[i].value = speak_style (&entry->style, almu_shape_is_annotation (shape), scratch);
      ack->region_styles[i] = &styles[i];
    }
}

static void
on_imported (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr(Request) request = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(AlmuRegionImport) import = almu_region_import_finish (result, &error);
  g_autoptr(AlmuScratch) scratch = almu_scratch_new ();
  g_autofree char       *problems = NULL;
  CARTA__ImportRegionAck ack = CARTA__IMPORT_REGION_ACK__INIT;

  if (almu_link_get_session (request->link) != ALMU_SESSION (source))
    return;

  if (import == NULL)
    {
      almu_link_refuse (request->link, CARTA__EVENT_TYPE__IMPORT_REGION, request->request_id, -1, error);
      return;
    }

  g_ptr_array_add (import->problems, NULL);
  problems = g_strjoinv ("\n", (char **) import->problems->pdata);
  almu_session_commit (ALMU_SESSION (source));
  ack.success = TRUE;
  ack.message = problems;
  speak_import (&ack, import, scratch);
  almu_link_reply (request->link, request->request_id, &ack.base);
  if (*problems != '\0')
    almu_link_report (request->link, CARTA__ERROR_SEVERITY__WARNING, "region", problems);
}

/* The page sends lines, each with or without its end. */
static char *
join_lines (char **lines,
            gsize  n_lines)
{
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < n_lines; i++)
    {
      g_string_append (text, lines[i]);
      if (!g_str_has_suffix (lines[i], "\n"))
        g_string_append_c (text, '\n');
    }

  return g_string_free (text, FALSE);
}

/**
 * almu_on_import_region:
 * @link: who says it
 * @request_id: what the reply repeats
 * @message: an IMPORT_REGION
 *
 * Reads a region file, or the lines in the message, on a worker, and answers by
 * IMPORT_REGION_ACK when the session is written down with its regions. Lines
 * that could not be read stand in the reply's `message` and in ERROR_DATA; if
 * none could be it fails.
 */
void
almu_on_import_region (AlmuLink               *link,
                       guint32                 request_id,
                       const ProtobufCMessage *message)
{
  const CARTA__ImportRegion *request = (const CARTA__ImportRegion *) message;
  AlmuRegionSource           source = { .directory = request->directory };
  g_autofree char           *text = NULL;
  g_autoptr(GError) error = NULL;

  if (!find_format (request->type, &source.format, &error))
    {
      almu_link_refuse (link, CARTA__EVENT_TYPE__IMPORT_REGION, request_id, -1, error);
      return;
    }

  if (request->n_contents > 0)
    text = join_lines (request->contents, request->n_contents);
  source.text = text;
  source.name = text == NULL ? request->file : NULL;
  almu_region_import_async (almu_link_get_session (link), request->group_id, &source,
                            almu_link_get_cancellable (link), on_imported, request_new (link, request_id));
}

/* -- EXPORT_REGION ------------------------------------------------------ */

static void
take_text (char      **place,
           const char *text)
{
  if (*text == '\0')
    return;

  g_free (*place);
  *place = almu_message_clean_text (text, -1);
}

static void
take_annotation (AlmuRegionStyle              *style,
                 const CARTA__AnnotationStyle *message)
{
  style->mark_shape = (AlmuMarkShape) CLAMP ((int) message->point_shape, 0, ALMU_N_MARK_SHAPES - 1);
  style->mark_size = CLAMP (message->point_width, 1, 500);
  take_text (&style->labels[0], message->text_label0);
  take_text (&style->labels[1], message->text_label1);
  take_text (&style->frame, message->coordinate_system);
  style->has_arrow[0] = message->is_north_arrow;
  style->has_arrow[1] = message->is_east_arrow;
  style->text_position = CLAMP ((int) message->text_position, 0, ALMU_N_TEXT_POSITIONS - 1);
  take_text (&style->font_style, message->font_style);
  take_text (&style->font, message->font);
  if (message->font_size > 0)
    style->font_size = MIN (message->font_size, 500);
}

/* A single number is the length of the dashes and of what is between. */
static void
take_style (AlmuRegionStyle          *style,
            const CARTA__RegionStyle *message)
{
  almu_region_style_init (style);
  if (message == NULL)
    return;

  take_text (&style->name, message->name);
  take_text (&style->color, message->color);
  style->line_width = CLAMP (message->line_width, 0, 100);
  for (gsize i = 0; i < 2 && message->n_dash_list > 0; i++)
    style->dashes[i] = CLAMP (message->dash_list[MIN (i, message->n_dash_list - 1)], 0, 100);
  style->n_dashes = message->n_dash_list > 0 ? 2 : 0;
  if (message->annotation_style != NULL)
    take_annotation (style, message->annotation_style);
}

static int
compare_orders (gconstpointer a,
                gconstpointer b)
{
  return ((const AlmuRegionOrder *) a)->region_id - ((const AlmuRegionOrder *) b)->region_id;
}

static GArray *
take_orders (const CARTA__ExportRegion *request)
{
  GArray *orders = almu_region_orders_new ();

  for (gsize i = 0; i < request->n_region_styles; i++)
    {
      AlmuRegionOrder order = { .region_id = request->region_styles[i]->key };

      take_style (&order.style, request->region_styles[i]->value);
      g_array_append_val (orders, order);
    }
  /* a map has no order */
  g_array_sort (orders, compare_orders);

  return orders;
}

static void
speak_contents (CARTA__ExportRegionAck *ack,
                const char             *text,
                AlmuScratch            *scratch)
{
  g_auto(GStrv) lines = g_strsplit (text, "\n", -1);

  ack->contents = almu_scratch_array (scratch, char *, g_strv_length (lines));
  for (gsize i = 0; lines[i] != NULL; i++)
    if (*lines[i] != '\0')
      ack->contents[ack->n_contents++] = almu_scratch_take_text (scratch, g_strdup (lines[i]));
}

static void
on_exported (GObject      *source,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr(Request) request = user_data;
  g_autoptr(GError) error = NULL;
  g_autofree char *text = almu_region_export_finish (result, &error);
  g_autofree char *clean = NULL;
  g_autoptr(AlmuScratch) scratch = almu_scratch_new ();
  CARTA__ExportRegionAck ack = CARTA__EXPORT_REGION_ACK__INIT;

  if (almu_link_get_session (request->link) != ALMU_SESSION (source))
    return;

  if (text != NULL)
    {
      ack.success = TRUE;
      if (request->wants_contents)
        speak_contents (&ack, text, scratch);
      almu_link_reply (request->link, request->request_id, &ack.base);
    }
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_EXISTS))
    {
      /* the page asks its user, and then asks again with the answer */
      clean = almu_message_clean_text (error->message, -1);
      ack.message = clean;
      ack.overwrite_confirmation_required = TRUE;
      almu_link_reply (request->link, request->request_id, &ack.base);
    }
  else
    {
      almu_link_refuse (request->link, CARTA__EVENT_TYPE__EXPORT_REGION, request->request_id, -1, error);
    }
}

/* Returns whether it has begun. */
static gboolean
begin_export (AlmuLink                  *link,
              guint32                    request_id,
              const CARTA__ExportRegion *request,
              GError                   **error)
{
  AlmuRegionTarget target = {
    .is_world = request->coord_type == CARTA__COORDINATE_TYPE__WORLD,
    .overwrite = request->overwrite,
  };
  g_autofree char *path = NULL;
  g_autoptr(GArray) orders = NULL;
  Request *pending;

  if (!find_format (request->type, &target.format, error))
    return FALSE;

  if (request->file[0] != '\0')
    {
      if (almu_switchboard_get_options (almu_link_get_switchboard (link))->read_only)
        {
          g_set_error_literal (error, ALMU_ERROR, ALMU_ERROR_REFUSED,
                               _ ("Writing region files is not allowed in read-only mode"));
          return FALSE;
        }

      path = almu_folder_normalize (almu_link_get_folder (link), request->directory, request->file, error);
      if (path == NULL)
        return FALSE;
    }

  orders = take_orders (request);
  target.path = path;
  pending = request_new (link, request_id);
  pending->wants_contents = path == NULL;
  almu_region_export_async (almu_link_get_session (link), request->file_id, orders, &target,
                            almu_link_get_cancellable (link), on_exported, pending);

  return TRUE;
}

/**
 * almu_on_export_region:
 * @link: who says it
 * @request_id: what the reply repeats
 * @message: an EXPORT_REGION
 *
 * Writes regions to a file, on a worker, or their text into the reply if no
 * file is named, and answers by EXPORT_REGION_ACK. A file that is there is
 * replaced only if `overwrite` says so; otherwise the reply has
 * `overwrite_confirmation_required`. In read-only mode a file is refused, text
 * is not.
 */
void
almu_on_export_region (AlmuLink               *link,
                       guint32                 request_id,
                       const ProtobufCMessage *message)
{
  g_autoptr(GError) error = NULL;

  if (!begin_export (link, request_id, (const CARTA__ExportRegion *) message, &error))
    almu_link_refuse (link, CARTA__EVENT_TYPE__EXPORT_REGION, request_id, -1, error);
}

/* -- REGION_FILE_INFO_REQUEST ------------------------------------------- */

typedef struct
{
  AlmuFolder  *folder;
  char        *directory;
  char        *name;
  char        *text;
  AlmuFileType type;
  struct stat  status;
} Inspection;

static void
inspection_free (gpointer data)
{
  Inspection *inspection = data;

  g_object_unref (inspection->folder);
  g_free (inspection->directory);
  g_free (inspection->name);
  g_free (inspection->text);
  g_free (inspection);
}

static void
inspect_worker (GTask        *task,
                gpointer      source_object,
                gpointer      task_data,
                GCancellable *cancellable)
{
  Inspection *inspection = task_data;
  GError     *error = NULL;

  inspection->text = almu_region_file_inspect (inspection->folder, inspection->directory, inspection->name,
                                               &inspection->type, &inspection->status, &error);
  if (inspection->text != NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
on_inspected (GObject      *source,
              GAsyncResult *result,
              gpointer      user_data)
{
  AlmuLink   *link = ALMU_LINK (source);
  guint32     request_id = GPOINTER_TO_UINT (user_data);
  Inspection *inspection = g_task_get_task_data (G_TASK (result));
  g_autoptr(GError) error = NULL;
  g_auto(GStrv) lines = NULL;
  CARTA__RegionFileInfoResponse response = CARTA__REGION_FILE_INFO_RESPONSE__INIT;
  CARTA__FileInfo               file_info = CARTA__FILE_INFO__INIT;

  if (!g_task_propagate_boolean (G_TASK (result), &error))
    {
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        almu_link_refuse (link, CARTA__EVENT_TYPE__REGION_FILE_INFO_REQUEST, request_id, -1, error);
      return;
    }

  lines = g_strsplit (inspection->text, "\n", -1);
  file_info.name = inspection->name;
  file_info.type = (CARTA__FileType) inspection->type;
  file_info.size = inspection->status.st_size;
  file_info.date = inspection->status.st_mtime;
  response.success = TRUE;
  response.file_info = &file_info;
  response.n_contents = g_strv_length (lines);
  response.contents = lines;
  almu_link_reply (link, request_id, &response.base);
}

/**
 * almu_on_region_file_info_request:
 * @link: who says it
 * @request_id: what the reply repeats
 * @message: a REGION_FILE_INFO_REQUEST
 *
 * Reads a region file on a worker and answers by REGION_FILE_INFO_RESPONSE with
 * its lines. A link that ends meanwhile gets no answer.
 */
void
almu_on_region_file_info_request (AlmuLink               *link,
                                  guint32                 request_id,
                                  const ProtobufCMessage *message)
{
  const CARTA__RegionFileInfoRequest *request = (const CARTA__RegionFileInfoRequest *) message;
  Inspection                         *inspection = g_new0 (Inspection, 1);
  g_autoptr(GTask) task = NULL;

  inspection->folder = g_object_ref (almu_link_get_folder (link));
  inspection->directory = g_strdup (request->directory);
  inspection->name = almu_message_clean_text (request->file, -1);

  task = g_task_new (link, almu_link_get_cancellable (link), on_inspected, GUINT_TO_POINTER (request_id));
  g_task_set_source_tag (task, almu_on_region_file_info_request);
  g_task_set_task_data (task, inspection, inspection_free);
  almu_workers_run (task, ALMU_PRIORITY_NORMAL, inspect_worker);
}
