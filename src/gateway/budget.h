/*
 * budget.h - how many proofs of an account may fail.
 *
 * A proof connects to whatever address an account names, so an account could
 * use it to look for hosts, or to send packets to somebody.  An update whose
 * proofs did not all succeed costs one of its account's failures; one is
 * forgiven with each interval.  A router that comes back each minute while its
 * host is down never uses them up, and one that comes more often is heard once
 * a minute in the end.
 */
#ifndef GATEWAY_BUDGET_H
#define GATEWAY_BUDGET_H

#include <stdbool.h>

#define BUDGET_BURST	   60	 /* failures at once */
#define BUDGET_INTERVAL_MS 60000 /* ms until one is forgiven */

struct budget; /* of all accounts, shared by all workers */

/* To be made before the fork; NULL without memory.  Freeing NULL is fine. */
struct budget *budget_new(void);
void budget_free(struct budget *b);

/*
 * Takes one failure of an account in advance, so that updates at the same time
 * cannot take more than there are.  False: none is left; *wait gets the
 * seconds until there is.
 */
bool budget_take(struct budget *b, const char *account, long *wait);

/* Gives it back: no proof has failed. */
void budget_give_back(struct budget *b, const char *account);

#endif
