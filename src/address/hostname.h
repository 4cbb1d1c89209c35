/*
 * hostname.h - the one form in which a host name is kept and compared.
 */
#ifndef ADDRESS_HOSTNAME_H
#define ADDRESS_HOSTNAME_H

#include <stdbool.h>

#define HOSTNAME_MAX 253 /* RFC 1035 section 2.3.4, without the last dot */

/*
 * Lower case, without a dot at the end, international names in their ASCII
 * form (IDNA 2008).  Takes letters, digits, hyphens and underscores, and
 * one leading "*." if wildcard is true.  What looks like an
 * IPv4 address is no name.  The caller frees the result; NULL: not a host
 * name, or out of memory.
 */
char *hostname_normalise(const char *text, bool wildcard);

/* Is name equal to zone, or below it, on a label boundary? */
bool hostname_within(const char *name, const char *zone);

#endif
