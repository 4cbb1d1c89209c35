/*
 * gate.h - how many may hash at once.
 *
 * A PBKDF2 is made to be dear, so a flood of logins could take every core and
 * every worker.  So only some may be inside, and a few may wait.  The places
 * lie in memory that all workers share; that of a process that died there is
 * taken by who finds it gone.
 */
#ifndef ACCOUNT_GATE_H
#define ACCOUNT_GATE_H

#include <stdbool.h>

#define GATE_WAIT 1500 /* ms in the queue at most */

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

/* How many wait in the queue now; for whoever only looks on. */
unsigned int gate_waiting(const struct gate *g);

#endif
