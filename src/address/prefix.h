/*
 * prefix.h - a delegated IPv6 prefix, and the address of a host behind it.
 */
#ifndef ADDRESS_PREFIX_H
#define ADDRESS_PREFIX_H

#include "address/address.h"
#include "base/error.h"

/* As sent by a router: the bits after length may be anything. */
struct prefix {
	struct address address;
	unsigned int length; /* 128 when the router gave none */
};

/* Has suffix no bit within the first prefix_length ones? */
bool suffix_fits(const struct address *suffix, unsigned int prefix_length);

/*
 * The first prefix_length bits of p, the others of suffix, which must fit.
 * The length that routers send is that of their own LAN, so it counts only
 * for this: with fewer than prefix_length bits there is nothing to take the
 * missing ones from.  ERR_ADDRESS then; why says so.
 */
enum err prefix_join(struct address *host, const struct prefix *p,
    unsigned int prefix_length, const struct address *suffix,
    struct error *why);

#endif
