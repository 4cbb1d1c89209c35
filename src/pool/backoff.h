/*
 * backoff.h - when may a child that died be replaced?
 *
 * At once, if it has served: what killed it was its work, and the next one can
 * work as well.  One that never served, such as one that cannot even start,
 * is replaced after a pause that doubles; unless it was killed from outside
 * while others of its kind were ready, who show that one can start.  A pause
 * counts once, however many children died together.
 */
#ifndef POOL_BACKOFF_H
#define POOL_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#define BACKOFF_FIRST_MS  100
#define BACKOFF_OTHERS_MS 1000	/* at most, while others serve */
#define BACKOFF_MAX_MS	  30000 /* at most, while nobody serves */

/* All zero at first: nothing has gone wrong. */
struct backoff {
	int64_t not_before; /* no start before that moment */
	int64_t counted;    /* moment of the death that set the pause */
	int pause;	    /* ms; 0: none */
};

/* Everything in it is good again. */
void backoff_reset(struct backoff *b);

/* A child died at the moment now, which was born at born. */
void backoff_death(struct backoff *b, int64_t now, int64_t born, bool served,
    bool others_serve);

/* A child could not be started at the moment now. */
void backoff_failure(struct backoff *b, int64_t now, bool others_serve);

/* Milliseconds until the next start is allowed; 0: now. */
int backoff_left(const struct backoff *b, int64_t now);

#endif
