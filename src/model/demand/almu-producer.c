/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "almu-producer.h"

/**
 * AlmuProducer:
 *
 * Where products leave. They travel up from what makes them through one of
 * these after the other, a demand, its file, their session, to a door that may
 * or may not listen; what cannot be had, and that there is something new to
 * write down, take the same way.
 *
 * Main thread only.
 */
G_DEFINE_ABSTRACT_TYPE (AlmuProducer, almu_producer, G_TYPE_OBJECT)

enum
{
  PRODUCT,
  FAILED,
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
almu_producer_class_init (AlmuProducerClass *klass)
{
  /**
   * AlmuProducer::product:
   * @self: the producer
   * @product: an #AlmuProduct, valid during the emission
   *
   * Something that was wanted is there.
   */
  signals[PRODUCT] =
    g_signal_new ("product",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, G_TYPE_POINTER);

  /**
   * AlmuProducer::failed:
   * @self: the producer
   * @error: why
   *
   * Something that was wanted cannot be had. All else goes on.
   */
  signals[FAILED] =
    g_signal_new ("failed",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 1, G_TYPE_ERROR);

  /**
   * AlmuProducer::changed:
   * @self: the producer
   *
   * Something changed that a record of the session has to hold.
   */
  signals[CHANGED] =
    g_signal_new ("changed",
                  G_TYPE_FROM_CLASS (klass),
                  G_SIGNAL_RUN_LAST,
                  0, NULL, NULL, NULL,
                  G_TYPE_NONE, 0);
}

static void
almu_producer_init (AlmuProducer *self)
{
}

/**
 * almu_producer_emit_product:
 * @self: a producer
 * @product: what is there; need not live longer than the call
 *
 * Emits [signal@Almu.Producer::product]. Connected swapped to the signal of
 * another producer it hands that one's products on.
 */
void
almu_producer_emit_product (AlmuProducer      *self,
                            const AlmuProduct *product)
{
  g_return_if_fail (ALMU_IS_PRODUCER (self));

  g_signal_emit (self, signals[PRODUCT], 0, product);
}

/**
 * almu_producer_emit_failed:
 * @self: a producer
 * @error: why something cannot be had
 *
 * Emits [signal@Almu.Producer::failed], unless it was only called off: that is
 * no failure.
 */
void
almu_producer_emit_failed (AlmuProducer *self,
                           const GError *error)
{
  g_return_if_fail (ALMU_IS_PRODUCER (self));

  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_signal_emit (self, signals[FAILED], 0, error);
}

/**
 * almu_producer_emit_changed:
 * @self: a producer
 *
 * Emits [signal@Almu.Producer::changed].
 */
void
almu_producer_emit_changed (AlmuProducer *self)
{
  g_return_if_fail (ALMU_IS_PRODUCER (self));

  g_signal_emit (self, signals[CHANGED], 0);
}
