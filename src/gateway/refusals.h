/*
 * refusals.h - which hosts were refused lately, in memory that all processes
 * of a pool share: each host counts once, however often it was refused.
 */
#ifndef GATEWAY_REFUSALS_H
#define GATEWAY_REFUSALS_H

#include <stddef.h>
#include <stdint.h>

#include "base/moments.h"

#define REFUSALS_MAX	 4096	 /* hosts; of more, the older are forgotten */
#define REFUSALS_SPAN_MS 3600000 /* that long ago is lately */

/* All zero at first. */
struct refusals {
	struct moment rows[REFUSALS_MAX]; /* of clock_now() */
};

/* The host was refused at the moment now, of clock_now(). */
void refusals_add(struct refusals *r, const char *host, int64_t now);

/* How many hosts were refused lately? */
size_t refusals_count(const struct refusals *r, int64_t now);

#endif
