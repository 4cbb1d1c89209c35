/*
 * familiar.h - who was right before the start, and from where?
 *
 * Pairs of a user and the address (IPv4) or /64 (IPv6) that a right login of it
 * came from, as the history of the state tells.  Where somebody else at that
 * address has failed too often, such a user may still try now and then.  Those
 * that were right since the start need no try, for recent.h knows their very
 * credentials.  Kept as hashes under a random key, in memory that all workers
 * share; the pairs whose last try is longest ago make room.
 */
#ifndef ACCOUNT_FAMILIAR_H
#define ACCOUNT_FAMILIAR_H

#include <stdbool.h>
#include <stddef.h>

#include "address/address.h"

#define FAMILIAR_INTERVAL_MS 10000 /* ms between two tries of a pair */

struct familiar;

/* Room for so many users, shared with every later fork; NULL: no memory. */
struct familiar *familiar_new(size_t users);
void familiar_free(struct familiar *f);

/* user was right from there. */
void familiar_add(struct familiar *f, const char *user,
    const struct address *source);

/* Was it before? */
bool familiar_knows(const struct familiar *f, const char *user,
    const struct address *source);

/* And has it not tried for an interval?  Then this is its try. */
bool familiar_try(struct familiar *f, const char *user,
    const struct address *source);

#endif
