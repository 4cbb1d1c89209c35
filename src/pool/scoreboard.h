/*
 * scoreboard.h - what each worker is doing, in memory that all can see.
 *
 * A slot is written by its worker alone and read by the supervisor.  There is
 * no lock that a worker could die with.
 */
#ifndef POOL_SCOREBOARD_H
#define POOL_SCOREBOARD_H

#include <stdatomic.h>
#include <stdint.h>

struct slot {
	_Atomic int64_t busy_since; /* clock_now(); 0: idle */
};

#endif
