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

/*
 * Are these the same name of the DNS, whole or a part of one?  Upper case, the
 * last dot, and the spelling of international labels do not count (RFC 4343;
 * RFC 5890 section 2.3.2.1).  What is no name, such as "@", is compared as it
 * is.
 */
bool hostname_same(const char *a, const char *b);

/* Is name equal to zone, or below it, on a label boundary? */
bool hostname_within(const char *name, const char *zone);

#endif
