/*
 * address.h - an IPv4 or IPv6 address, and a network of them.
 */
#ifndef ADDRESS_ADDRESS_H
#define ADDRESS_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define ADDRESS_TEXT_MAX INET6_ADDRSTRLEN /* with the NUL */

/* In network byte order; IPv4 uses the first four bytes, the rest are 0. */
struct address {
	int family; /* AF_INET or AF_INET6 */
	uint8_t bytes[16];
};

/* The first length bits of an address; the others are 0. */
struct network {
	struct address base;
	unsigned int length;
};

/*
 * Takes what inet_pton(3) takes and nothing more: no zone, no short or
 * octal form, no blanks.  Never asks a resolver.
 */
bool address_parse(struct address *a, int family, const char *text);

/*
 * As address_parse(), of either family.  An IPv4-mapped address, as a web
 * server with one socket for both families tells it, is the IPv4 address.
 */
bool address_parse_any(struct address *a, const char *text);

/* The digits behind a slash: a number from 0 to max, and nothing else. */
bool length_parse(unsigned int *length, const char *text, unsigned int max);

/*
 * "ADDRESS/LENGTH"; without a length, *length becomes 32 or 128.  The mapped
 * form of an IPv4 address or network is the IPv4 one.
 */
bool address_parse_length(struct address *a, unsigned int *length,
    const char *text);

/* The form of RFC 5952 for IPv6. */
const char *address_format(const struct address *a,
    char text[static ADDRESS_TEXT_MAX]);

/*
 * The IPv4 address in an IPv4-mapped one (RFC 4291 section 2.5.5.2); to may be
 * a.  False for any other, and nothing is changed.
 */
bool address_unmap(struct address *to, const struct address *a);

/* The same for a network; length becomes that of the IPv4 one. */
void address_unmap_length(struct address *a, unsigned int *length);

bool address_equal(const struct address *a, const struct address *b);

/* 32 or 128. */
unsigned int address_bits(const struct address *a);

/* Bits from length on become 0. */
void address_mask(struct address *a, unsigned int length);

/* A socket address with that port; returns its length. */
socklen_t address_sockaddr(const struct address *a, uint16_t port,
    struct sockaddr_storage *ss);

/* False for any family but the two of IP.  A mapped address is unmapped. */
bool address_from_sockaddr(struct address *a, const struct sockaddr *sa);

/* "10.0.0.0/8"; a single address is a network of all its bits. */
bool network_parse(struct network *n, const char *text);
bool network_contains(const struct network *n, const struct address *a);

/* Are the first length bits of a those of bytes? */
bool address_begins(const struct address *a, const uint8_t *bytes,
    unsigned int length);

/* The type of its DNS record, RFC 1035 and RFC 3596: "A" or "AAAA". */
const char *address_type(const struct address *a);

#endif
