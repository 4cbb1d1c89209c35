/*
 * penalty.h - who has failed to log in too often?
 *
 * One bucket for each address (IPv4), for each /64 and for each /48 (IPv6): so
 * many failures at once, and one more with time.  The table has a fixed size in
 * memory that all workers share, without a lock; when it is full, those go
 * that would be forgiven first.
 */
#ifndef ACCOUNT_PENALTY_H
#define ACCOUNT_PENALTY_H

#include <stdbool.h>

#include "address/address.h"

#define PENALTY_BURST	    30	  /* failures at once */
#define PENALTY_INTERVAL_MS 60000 /* ms until one is forgiven */
#define PENALTY_NETS	    4 /* a /48 gets so many times the burst and rate */

struct penalties;

/* Shared with every later fork; NULL: no memory. */
struct penalties *penalties_new(void);
void penalties_free(struct penalties *p);

/*
 * Seconds until the source may try again; 0: now.  Every source is one of
 * address_parse_any(), which takes an IPv4 address out of an IPv6 one.
 */
long penalty_wait(const struct penalties *p, const struct address *source);

/* How many failures of the source are not forgiven yet? */
unsigned int penalty_count(const struct penalties *p,
    const struct address *source);

/* A login from source has failed. */
void penalty_add(struct penalties *p, const struct address *source);

#endif
