/*
 * special.h - addresses that can never be a public host.
 */
#ifndef ADDRESS_SPECIAL_H
#define ADDRESS_SPECIAL_H

#include "address/address.h"

/*
 * NULL for an address on the public Internet, else the name of the range that
 * it belongs to.  Follows the IANA special-purpose address registries
 * (RFC 6890), and is stricter: anycast services and translators are refused
 * though IANA calls them globally reachable, for no home has them, and IPv6
 * must be inside 2000::/3.
 */
const char *special_name(const struct address *a);

/*
 * Does a belong to an interface of this machine, or did it within the last 5
 * seconds?  Unknown where the kernel does not tell, such as for want of memory:
 * then a must not be used, and nobody is to blame for it.
 */
enum special_own { OWN_NOT, OWN_OURS, OWN_UNKNOWN };
enum special_own special_own(const struct address *a);

#endif
