/*
 * counts.h - what the metrics have counted, as Prometheus reads it.
 */
#ifndef GATEWAY_VIEW_COUNTS_H
#define GATEWAY_VIEW_COUNTS_H

#include "base/buffer.h"
#include "gateway/metrics.h"

/* Adds all counters to b, which fails if they exceed its maximum. */
void counts_print(const struct metrics *m, struct buffer *b);

#endif
