/*
 * scoreboard.h - what each child is doing, in memory that all can see.
 *
 * A slot is written by its child alone, and cleared by the supervisor before
 * that child is forked.  There is no lock that a child could die with.
 */
#ifndef POOL_SCOREBOARD_H
#define POOL_SCOREBOARD_H

#include <stdatomic.h>
#include <stdint.h>

/* How far a child has come. */
enum stage {
	STAGE_STARTING,
	STAGE_READY,  /* it accepts */
	STAGE_SERVED, /* it has done its work at least once */
};

struct slot {
	_Atomic int64_t busy_since; /* clock_now(); 0: idle */
	_Atomic int64_t alive_at;   /* of a worker: its latest turn */
	_Atomic int stage;	    /* enum stage */
};

#endif
