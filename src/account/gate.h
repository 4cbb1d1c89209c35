/*
 * gate.h - how many may hash at once.
 *
 * A PBKDF2 is expensive on purpose, so a flood of logins could take every core
 * and every worker.  So only some workers may hash, and a few may wait.  The
 * places lie in memory that all workers share; the place of a process that died
 * is free for the next one.
 */
#ifndef ACCOUNT_GATE_H
#define ACCOUNT_GATE_H

#include <stdbool.h>

#define GATE_WAIT_MS	  1500 /* ms in the queue at most */
#define GATE_LATE_WAIT_MS 4000 /* ms in the lane of those that were answered */

struct gate;

/*
 * places at once, and so many more in the queue, at least one each.  Every
 * later fork passes the same gate.  NULL: no memory.
 */
struct gate *gate_new(unsigned int places, unsigned int queue);
void gate_free(struct gate *g);

/*
 * False: too many are waiting, or it took too long.  After true gate_leave()
 * is due.
 */
bool gate_enter(const struct gate *g);

/*
 * The same for a login whose client was sent away already.  There is a short
 * lane for those: of two the one with the lower rank goes first, and one with
 * the highest gives way to a better one when the lane is full.  While somebody
 * waits in either, lane and queue take turns.
 */
bool gate_enter_late(const struct gate *g, unsigned int rank);
void gate_leave(const struct gate *g);

/* How many wait in the queue now; tests see by it that a guest has queued. */
unsigned int gate_waiting(const struct gate *g);
unsigned int gate_waiting_late(const struct gate *g);

#endif
