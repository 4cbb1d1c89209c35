/*
 * crashes.h - does every worker die, whatever is done?
 *
 * A pool is in a crash loop if, within a minute, more than twice as many
 * workers as it has died by their own doing, and all of them together answered
 * fewer requests than that.  Then a whole pool only costs processor time and
 * fills the log; one worker at a time tries until it lives.  A few requests
 * that kill workers among many good ones are no loop: there each dead worker
 * is worth its replacement.
 */
#ifndef POOL_CRASHES_H
#define POOL_CRASHES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/settings.h"

#define CRASHES_SPAN_MS	 60000
#define CRASHES_LIVED_MS 10000 /* a worker that lived so long does live */

/* All zero at first: nobody has died. */
struct crashes {
	struct {
		int64_t at;
		uint64_t replies;		/* of the pool, until then */
	} deaths[2 * SETTINGS_WORKERS_MAX + 1]; /* a ring */
	size_t next;				/* to be written */
	size_t count;
	bool loop;
};

/* Nobody has died. */
void crashes_reset(struct crashes *c);

/*
 * A worker of a pool of that many died at the moment now; the pool has sent so
 * many replies so far.  True: that was one too many, and a loop begins.
 */
bool crashes_add(struct crashes *c, int64_t now, unsigned int workers,
    uint64_t replies);

/*
 * A worker that was born then is alive at the moment now.  True: that ends the
 * loop.
 */
bool crashes_lives(struct crashes *c, int64_t now, int64_t born);

#endif
