/*
 * spelling.h - an address or a prefix as routers write it.
 *
 * inet_pton(3) knows one form; devices and scripts put blanks, quotes,
 * brackets, zones and lengths around it, leave the end of a prefix away, or
 * say in some word that they have no address now.  Every form with one
 * possible meaning is read, and no other.
 */
#ifndef ADDRESS_SPELLING_H
#define ADDRESS_SPELLING_H

#include "address/prefix.h"

enum spelling {
	SPELLING_NONE,	  /* nothing that has a meaning */
	SPELLING_ABSENT,  /* "there is none now": as if it were not there */
	SPELLING_ADDRESS, /* of a host; a length behind it only informs */
	SPELLING_PREFIX,  /* IPv6, shorter than 128 bits, with no bit behind */
};

/*
 * Reads one word, without blanks.  For SPELLING_ADDRESS and SPELLING_PREFIX *p
 * holds the address and its length, which is that of all its bits where none
 * was given.  IPv4-mapped addresses (RFC 4291 section 2.5.5.2) are IPv4
 * addresses.
 *
 * SPELLING_ABSENT are: 0.0.0.0, "::" and IPv6 link-local addresses (RFC 4291
 * section 2.5.6) with or without a length; words such as "no", "null" and
 * "preserve"; and placeholders that a device left as they are, such as
 * <ip6addr>, __MYIP__, %i, [IP] and ${ip}.
 */
enum spelling spelling_read(struct prefix *p, const char *text);

#endif
