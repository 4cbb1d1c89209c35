/*
 * scoreboard.h - what each child is doing, in memory that all can see.
 *
 * A slot is written by its child alone, and cleared by the supervisor before
 * that child is forked.  There is no lock that a child could die with.  The
 * memory has a name, made of the configuration's file, so that a command can
 * look at a pool that serves.
 */
#ifndef POOL_SCOREBOARD_H
#define POOL_SCOREBOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/refusals.h"

/* How far a child has come. */
enum stage {
	STAGE_STARTING,
	STAGE_READY,  /* it accepts */
	STAGE_SERVED, /* it has done its work at least once */
};

/* A page of memory for each, so that a child can be denied those of others. */
#define SLOT_ALIGN 4096

struct slot {
	/* clock_now(); 0: idle */
	_Alignas(SLOT_ALIGN) _Atomic int64_t busy_since;
	_Atomic int64_t alive_at; /* of a worker: its latest turn */
	_Atomic int stage;	  /* enum stage */
	_Atomic int worker;	  /* pid of a worker; 0: nobody, or no worker */
	_Atomic int activity;	  /* enum activity */
};

/* Replies, by the first digit of their status. */
enum reply_class {
	REPLIES_GOOD,
	REPLIES_REFUSED,
	REPLIES_BUSY,
	REPLIES__COUNT
};

struct scoreboard {
	_Atomic uint64_t supervisor; /* alive_mark() of it */
	int64_t began;		     /* seconds since 1970 */
	_Atomic uint64_t replies[REPLIES__COUNT];
	_Atomic bool outdated; /* the configuration on disk is another one */
	struct refusals refusals;
	size_t count;	     /* of slots */
	_Atomic size_t used; /* so many of them, at most, were ever taken */
	struct slot slots[];
};

/*
 * A scoreboard for a pool of that configuration, shared with all later forks.
 * Where it cannot have its name, no command sees it.  NULL without memory.
 */
struct scoreboard *scoreboard_new(const char *file, size_t slots);

/*
 * For a child: from now on it can write to slot alone, and to what all children
 * count together.  Where pages are larger than a slot, nothing changes.  False:
 * errno says why.
 */
bool scoreboard_narrow(struct scoreboard *b, struct slot *slot);

/* The supervisor is about to give slot to a child. */
void scoreboard_take(struct scoreboard *b, const struct slot *slot);

/* Takes the name away as well.  NULL is fine. */
void scoreboard_free(struct scoreboard *b, const char *file);

/*
 * That of the pool which serves the configuration, to be read only; NULL: none
 * does, or it is another user's.  Release with scoreboard_unview().
 */
const struct scoreboard *scoreboard_view(const char *file);
void scoreboard_unview(const struct scoreboard *b);

/* How many workers there are, and how many of them are at work. */
void scoreboard_workers(const struct scoreboard *b, unsigned int *all,
    unsigned int *busy);

/* Counts a reply with that HTTP status. */
void scoreboard_count(struct scoreboard *b, int status);

/* How many replies there were. */
uint64_t scoreboard_replies(const struct scoreboard *b);

#endif
