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

#define GATE_WAIT_MS 1500 /* ms in the queue at most */

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
void gate_leave(const struct gate *g);

/* How many wait in the queue now; tests see by it that a guest has queued. */
unsigned int gate_waiting(const struct gate *g);

#endif
