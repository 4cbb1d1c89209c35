/*
 * exposition.h - numbers as Prometheus reads them.
 *
 * The text format, version 0.0.4:
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
#ifndef GATEWAY_VIEW_EXPOSITION_H
#define GATEWAY_VIEW_EXPOSITION_H

#include <stdint.h>

#include "base/buffer.h"

#define EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* A label; an array of them ends with a name that is NULL. */
struct label {
	const char *name;  /* [a-z_]+ */
	const char *value; /* any UTF-8, which is escaped */
};

/*
 * The two lines that precede the samples of a metric.  type: "counter", "gauge"
 * or "histogram"; help has neither a backslash nor a line break.
 */
void exposition_metric(struct buffer *b, const char *name, const char *type,
    const char *help);

/*
 * One sample.  suffix comes behind the name, such as "_sum"; labels: NULL for
 * none.
 */
void exposition_integer(struct buffer *b, const char *name, const char *suffix,
    const struct label *labels, int64_t value);

/* The same of thousandths, as of milliseconds for a sum of seconds. */
void exposition_thousandths(struct buffer *b, const char *name,
    const char *suffix, const struct label *labels, uint64_t value);

#endif
