#include "config.h"

#include <arpa/inet.h>
#include <string.h>

#include "address/address.h"

#define MAPPED_LENGTH 96 /* bits of ::ffff:0:0, before the IPv4 address */

bool
address_parse(struct address *a, int family, const char *text)
{
	struct address parsed = { .family = family };

	if (inet_pton(family, text, parsed.bytes) != 1)
		return false;
	*a = parsed;
	return true;
}

bool
address_parse_any(struct address *a, const char *text)
{
	if (!address_parse(a, AF_INET, text) &&
	    !address_parse(a, AF_INET6, text))
		return false;
	(void)address_unmap(a, a);
	return true;
}

/*
 * These write what inet_ntop(3) writes, which takes ten times as long: that was
 * a tenth of all that an update cost that changed nothing.
 */
static char *
put_ipv4(char *to, const uint8_t *bytes)
{
	for (size_t i = 0; i < 4; i++) {
		if (i > 0)
			*to++ = '.';
		if (bytes[i] >= 100)
			*to++ = (char)('0' + bytes[i] / 100);
		if (bytes[i] >= 10)
			*to++ = (char)('0' + bytes[i] / 10 % 10);
		*to++ = (char)('0' + bytes[i] % 10);
	}
	return to;
}

static char *
put_group(char *to, unsigned int group)
{
	bool begun = false;

	for (int shift = 12; shift >= 0; shift -= 4) {
		unsigned int digit = group >> shift & 0xf;

		begun = begun || digit != 0 || shift == 0;
		if (begun)
			*to++ = "0123456789abcdef"[digit];
	}
	return to;
}

/* RFC 5952: the first of the longest runs of zeros, of two or more, is "::". */
static char *
put_ipv6(char *to, const uint8_t *bytes)
{
	unsigned int groups[8];
	size_t first = 8, most = 1, i, run;

	for (i = 0; i < 8; i++)
		groups[i] = (unsigned int)bytes[2 * i] << 8 | bytes[2 * i + 1];
	for (i = 0; i < 8; i += run + 1) {
		for (run = 0; i + run < 8 && groups[i + run] == 0; run++)
			continue;
		if (run > most) {
			most = run;
			first = i;
		}
	}
	for (i = 0; i < 8; i++) {
		if (i == first) {
			*to++ = ':';
			i += most - 1;
			if (i == 7)
				*to++ = ':';
			continue;
		}
		if (i > 0)
			*to++ = ':';
		/* IPv4 in IPv6, RFC 4291 section 2.5.5. */
		if (i == 6 && first == 0 &&
		    (most == 6 || (most == 5 && groups[5] == 0xffff)))
			return put_ipv4(to, bytes + 12);
		to = put_group(to, groups[i]);
	}
	return to;
}

const char *
address_format(const struct address *a, char text[static ADDRESS_TEXT_MAX])
{
	char *end = a->family == AF_INET ? put_ipv4(text, a->bytes) :
	    a->family == AF_INET6	 ? put_ipv6(text, a->bytes) :
					   text;

	*end = '\0';
	return text;
}

bool
address_unmap(struct address *to, const struct address *a)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };
	struct address ipv4;

	if (a->family != AF_INET6 ||
	    memcmp(a->bytes, prefix, sizeof prefix) != 0)
		return false;
	ipv4 = (struct address){ .family = AF_INET };
	memcpy(ipv4.bytes, a->bytes + sizeof prefix, 4);
	*to = ipv4;
	return true;
}

void
address_unmap_length(struct address *a, unsigned int *length)
{
	if (*length >= MAPPED_LENGTH && address_unmap(a, a))
		*length -= MAPPED_LENGTH;
}

bool
address_equal(const struct address *a, const struct address *b)
{
	return a->family == b->family &&
	    memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

unsigned int
address_bits(const struct address *a)
{
	return a->family == AF_INET ? 32 : 128;
}

void
address_mask(struct address *a, unsigned int length)
{
	for (unsigned int i = 0; i < sizeof a->bytes; i++) {
		unsigned int keep = length > i * 8 ? length - i * 8 : 0;

		if (keep < 8)
			a->bytes[i] &= (uint8_t)(0xff00U >> keep);
	}
}

socklen_t
address_sockaddr(const struct address *a, uint16_t port,
    struct sockaddr_storage *ss)
{
	memset(ss, 0, sizeof *ss);
	if (a->family == AF_INET) {
		struct sockaddr_in *in = (struct sockaddr_in *)ss;

		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, a->bytes, 4);
		return sizeof *in;
	} else {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss;

		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		memcpy(&in6->sin6_addr, a->bytes, 16);
		return sizeof *in6;
	}
}

bool
address_from_sockaddr(struct address *a, const struct sockaddr *sa)
{
	*a = (struct address){ .family = sa->sa_family };
	if (sa->sa_family == AF_INET)
		memcpy(a->bytes,
		    &((const struct sockaddr_in *)(const void *)sa)->sin_addr,
		    4);
	else if (sa->sa_family == AF_INET6)
		memcpy(a->bytes,
		    &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr,
		    16);
	else
		return false;
	(void)address_unmap(a, a);
	return true;
}

bool
length_parse(unsigned int *length, const char *text, unsigned int max)
{
	unsigned int n = 0;

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		n = n * 10 + (unsigned int)(*text - '0');
		if (n > max)
			return false;
	}
	*length = n;
	return true;
}

bool
address_parse_length(struct address *a, unsigned int *length, const char *text)
{
	char head[ADDRESS_TEXT_MAX];
	const char *slash = strchr(text, '/');
	size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);

	if (len >= sizeof head)
		return false;
	memcpy(head, text, len);
	head[len] = '\0';
	if (!address_parse(a, AF_INET, head) &&
	    !address_parse(a, AF_INET6, head))
		return false;
	*length = address_bits(a);
	if (slash != NULL && !length_parse(length, slash + 1, *length))
		return false;
	address_unmap_length(a, length);
	return true;
}

bool
network_parse(struct network *n, const char *text)
{
	struct network parsed;
	struct address masked;

	if (!address_parse_length(&parsed.base, &parsed.length, text))
		return false;
	masked = parsed.base;
	address_mask(&masked, parsed.length);
	if (!address_equal(&masked, &parsed.base))
		return false;
	*n = parsed;
	return true;
}

bool
address_begins(const struct address *a, const uint8_t *bytes,
    unsigned int length)
{
	size_t whole = length / 8;
	unsigned int rest = length % 8;

	return memcmp(a->bytes, bytes, whole) == 0 &&
	    (rest == 0 || (a->bytes[whole] ^ bytes[whole]) >> (8 - rest) == 0);
}

bool
network_contains(const struct network *n, const struct address *a)
{
	return a->family == n->base.family &&
	    address_begins(a, n->base.bytes, n->length);
}

const char *
address_type(const struct address *a)
{
	return a->family == AF_INET ? "A" : "AAAA";
}
