/*
 * children.h - who is there: starts the children of a pool, counts, watches and
 * buries them.
 */
#ifndef POOL_CHILDREN_H
#define POOL_CHILDREN_H

#include "pool/pool.h"

/*
 * How many children of the role have reached that stage at least?  Of the
 * present generation, and not told to leave.
 */
size_t children_count(const struct pool *p, enum role role, enum stage stage);

/* How many of any role and generation have not been buried yet? */
size_t children_alive(const struct pool *p);

/* How many of the role should there be? */
unsigned int children_wanted(const struct pool *p, enum role role);

/* Does a worker that is ready show that it lives? */
bool children_live(const struct pool *p);

/*
 * Starts children until none is missing, or one must be waited for.  A child
 * never returns from here.
 */
void children_fill(struct pool *p);

/* Buries those that have ended, and notes when others may take their places. */
void children_reap(struct pool *p);

/*
 * Kills a child whose own deadlines did not hold: a worker that is busy for too
 * long, or shows no sign of life, and whoever was told to leave and stays.
 * Whoever froze the supervisor as well (SIGSTOP, a container's pause) may have
 * thawed it first.
 */
void children_kill_stuck(struct pool *p);

/* The whole pool again, once the worker that tries has lived for a while. */
void children_end_crash_loop(struct pool *p);

/* Tells c to leave, the first time, by that signal; notes when it was told. */
void child_leave(struct child *c, int sig);

#endif
