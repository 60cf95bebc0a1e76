/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-bus-reply.h"

#include <glib/gi18n-lib.h>

#include "almu-error.h"

/* The names under which GDBus would send these are not made to be matched
 * on. */
static void
give_stable_name (GError *error)
{
  if (error->domain == ALMU_ERROR || error->domain == G_DBUS_ERROR)
    return;

  if (error->domain != G_IO_ERROR)
    {
      error->domain = G_DBUS_ERROR;
      error->code = G_DBUS_ERROR_FAILED;
      return;
    }

  switch (error->code)
    {
    case G_IO_ERROR_NOT_FOUND:
    case G_IO_ERROR_NOT_DIRECTORY:
      error->domain = ALMU_ERROR;
      error->code = ALMU_ERROR_NOT_FOUND;
      break;

    case G_IO_ERROR_PERMISSION_DENIED:
      error->domain = ALMU_ERROR;
      error->code = ALMU_ERROR_REFUSED;
      break;

    default:
      error->domain = G_DBUS_ERROR;
      error->code = G_DBUS_ERROR_IO_ERROR;
    }
}

/**
 * almu_bus_return_error:
 * @invocation: (transfer full): what to answer
 * @error: (transfer full): why it cannot be done
 *
 * Answers with an error whose name is stable and whose message is text.
 */
void
almu_bus_return_error (GDBusMethodInvocation *invocation,
                       GError                *error)
{
  g_return_if_fail (G_IS_DBUS_METHOD_INVOCATION (invocation));
  g_return_if_fail (error != NULL);

  if (!g_utf8_validate (error->message, -1, NULL))
    {
      char *text = g_utf8_make_valid (error->message, -1);

      g_free (error->message);
      error->message = text;
    }

  g_debug ("%s for %s: %s", g_dbus_method_invocation_get_method_name (invocation),
           g_dbus_method_invocation_get_sender (invocation), error->message);
  give_stable_name (error);
  g_dbus_method_invocation_take_error (invocation, error);
}

static gboolean
check_option (const char          *name,
              GVariant            *value,
              const AlmuBusOption *known,
              guint                n_known,
              GError             **error)
{
  g_autoptr(GString) names = g_string_new (NULL);

  for (guint i = 0; i < n_known; i++)
    {
      g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", known[i].name);
      if (!g_str_equal (name, known[i].name))
        continue;
      if (g_variant_is_of_type (value, G_VARIANT_TYPE (known[i].type)))
        return TRUE;

      g_set_error (error, ALMU_ERROR, ALMU_ERROR_FORMAT,
                   _ ("Option %s has type %s, not %s"),
                   name, g_variant_get_type_string (value), known[i].type);
      return FALSE;
    }

  g_set_error (error, ALMU_ERROR, ALMU_ERROR_UNSUPPORTED,
               _ ("Option %s is not known here; known: %s"), name, n_known > 0 ? names->str : "none");
  return FALSE;
}

/**
 * almu_bus_check_options:
 * @options: an a{sv}
 * @known: (array length=n_known): those that may be in it
 * @n_known: how many
 *
 * An option that is silently left out would give a result that was not
 * asked for.
 *
 * Returns: %FALSE with an error if there is another one, or one of another type
 */
gboolean
almu_bus_check_options (GVariant            *options,
                        const AlmuBusOption *known,
                        guint                n_known,
                        GError             **error)
{
  GVariantIter iter;
  const char  *name;
  GVariant    *value;

  g_return_val_if_fail (g_variant_is_of_type (options, G_VARIANT_TYPE_VARDICT), FALSE);

  g_variant_iter_init (&iter, options);
  while (g_variant_iter_next (&iter, "{&sv}", &name, &value))
    {
      gboolean is_good = check_option (name, value, known, n_known, error);

      g_variant_unref (value);
      if (!is_good)
        return FALSE;
    }

  return TRUE;
}

/**
 * almu_bus_transform_text:
 * @binding: the binding
 * @from: holds a string, or %NULL
 * @to: receives it in valid UTF-8
 * @user_data: not used
 *
 * A #GBindingTransformFunc between strings: names of files and what is said
 * of them may not be UTF-8, which the bus does not carry.
 *
 * Returns: %TRUE
 */
gboolean
almu_bus_transform_text (GBinding     *binding,
                         const GValue *from,
                         GValue       *to,
                         gpointer      user_data)
{
  const char *text = g_value_get_string (from);

  g_value_take_string (to, g_utf8_make_valid (text != NULL ? text : "", -1));

  return TRUE;
}
