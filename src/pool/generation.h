/*
 * generation.h - a new generation of children takes over from the present one,
 * so that at every moment somebody accepts.
 */
#ifndef POOL_GENERATION_H
#define POOL_GENERATION_H

#include "pool/pool.h"

/*
 * A new generation of children, of the present gateway and listener; what the
 * log says once it has taken over.
 */
void generation_begin(struct pool *p, const char *what);

/*
 * Tells as many old workers to leave as new ones accept, so that at every
 * moment somebody does, and none has to leave for one that cannot be forked.
 * The old listener is shut first: its queue is left to the old workers.
 */
void generation_take_over(struct pool *p);

/*
 * Begins a generation by the configuration, which is read again, or logs why
 * that stays as it was.
 */
void generation_reload(struct pool *p);

/*
 * The same by the accounts; the rest of the configuration stays.  False:
 * without memory the gateway can only be freed, so that the pool has to stop.
 */
bool generation_read_accounts(struct pool *p);

/* The same by the log, opened again, for the children have it open as well. */
void generation_reopen(struct pool *p);

/*
 * The same by a socket that is made anew, if the file of our own is gone:
 * nobody could connect any more.
 */
void generation_restore_socket(struct pool *p);

#endif
