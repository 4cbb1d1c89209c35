/*
 * timeline.h - the last 30 days of one host as a line.
 */
#ifndef PAGE_TIMELINE_H
#define PAGE_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "page/html.h"
#include "state/state.h"

#define TIMELINE_DAYS 30
#define TIMELINE_BINS 180  /* of four hours each */
#define TIMELINE_MOST 1000 /* events that are read at most */

struct timeline {
	int64_t from, to; /* seconds since 1970 */
	unsigned int changes[TIMELINE_BINS], refusals[TIMELINE_BINS];
	unsigned int change_count, refusal_count, count;
	int64_t drawn_from; /* what is before it was not read */
	int64_t last_change;
	bool refusal_open; /* the newest one may be told to its account */
	bool had_before;   /* an address, before the oldest change */
	char issuer[STATE_TEXT_MAX]; /* of the newest good proof; or "" */
};

/*
 * Reads the events of a host that are of the account, or of any if it is NULL,
 * in the 30 days before now.  An error is that of store_history().
 */
enum err timeline_read(struct timeline *t, struct store *st, const char *host,
    const char *account, int64_t now);

/*
 * Draws it, with a caption that says the same.  h is what is known of the host.
 */
void timeline_write(const struct timeline *t, const struct state_host *h,
    struct html *to);

#endif
