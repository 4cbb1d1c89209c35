#include "config.h"

#include <ifaddrs.h>
#include <string.h>

#include "address/special.h"
#include "base/clock.h"

#define OWN_MS	5000 /* that the addresses of this machine are kept */
#define OWN_MAX 4096 /* of them */

/*
 * The longest prefix decides.  IPv4 that is not listed is public; for IPv6
 * the row ::/0 refuses all that 2000::/3 does not open.
 */
static const struct {
	int family;
	unsigned int length;
	uint8_t bytes[16];
	bool is_public;
	const char *name;
} ranges[] = {
	{ AF_INET, 8, { 0 }, false, "this network, RFC 791" },
	{ AF_INET, 32, { 0 }, false, "this host on this network, RFC 1122" },
	{ AF_INET, 8, { 10 }, false, "private use, RFC 1918" },
	{ AF_INET, 10, { 100, 64 }, false,
	    "shared address space (CGN), RFC 6598" },
	{ AF_INET, 8, { 127 }, false, "loopback, RFC 1122" },
	{ AF_INET, 16, { 169, 254 }, false, "link local, RFC 3927" },
	{ AF_INET, 12, { 172, 16 }, false, "private use, RFC 1918" },
	{ AF_INET, 24, { 192 }, false, "IETF protocol assignments, RFC 6890" },
	{ AF_INET, 29, { 192 }, false,
	    "IPv4 service continuity (DS-Lite), RFC 7335" },
	{ AF_INET, 32, { 192, 0, 0, 8 }, false,
	    "IPv4 dummy address, RFC 7600" },
	{ AF_INET, 32, { 192, 0, 0, 9 }, false, "PCP anycast, RFC 7723" },
	{ AF_INET, 32, { 192, 0, 0, 10 }, false, "TURN anycast, RFC 8155" },
	{ AF_INET, 32, { 192, 0, 0, 170 }, false,
	    "NAT64/DNS64 discovery, RFC 7050" },
	{ AF_INET, 32, { 192, 0, 0, 171 }, false,
	    "NAT64/DNS64 discovery, RFC 7050" },
	{ AF_INET, 24, { 192, 0, 2 }, false,
	    "documentation TEST-NET-1, RFC 5737" },
	{ AF_INET, 24, { 192, 31, 196 }, false, "AS112-v4, RFC 7535" },
	{ AF_INET, 24, { 192, 52, 193 }, false, "AMT, RFC 7450" },
	{ AF_INET, 24, { 192, 88, 99 }, false,
	    "deprecated 6to4 relay anycast, RFC 7526" },
	{ AF_INET, 32, { 192, 88, 99, 2 }, false,
	    "6a44 relay anycast, RFC 6751" },
	{ AF_INET, 16, { 192, 168 }, false, "private use, RFC 1918" },
	{ AF_INET, 24, { 192, 175, 48 }, false,
	    "direct delegation AS112, RFC 7534" },
	{ AF_INET, 15, { 198, 18 }, false, "benchmarking, RFC 2544" },
	{ AF_INET, 24, { 198, 51, 100 }, false,
	    "documentation TEST-NET-2, RFC 5737" },
	{ AF_INET, 24, { 203, 0, 113 }, false,
	    "documentation TEST-NET-3, RFC 5737" },
	{ AF_INET, 4, { 224 }, false, "multicast, RFC 5771" },
	{ AF_INET, 4, { 240 }, false, "reserved, RFC 1112" },
	{ AF_INET, 32, { 255, 255, 255, 255 }, false,
	    "limited broadcast, RFC 8190" },
	{ AF_INET6, 0, { 0x00 }, false, "not global unicast, RFC 4291" },
	{ AF_INET6, 128, { 0x00 }, false, "unspecified, RFC 4291" },
	{ AF_INET6, 128,
	    { 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x01 },
	    false, "loopback, RFC 4291" },
	{ AF_INET6, 96, { 0x00 }, false,
	    "IPv4-compatible (deprecated), RFC 4291" },
	{ AF_INET6, 96,
	    { 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff,
		0xff },
	    false, "IPv4-mapped, RFC 4291" },
	{ AF_INET6, 96,
	    { 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff },
	    false, "IPv4-translated (SIIT), RFC 2765" },
	{ AF_INET6, 96, { 0x00, 0x64, 0xff, 0x9b }, false,
	    "NAT64 well-known prefix, RFC 6052" },
	{ AF_INET6, 48, { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 }, false,
	    "NAT64 local use, RFC 8215" },
	{ AF_INET6, 64, { 0x01 }, false, "discard only, RFC 6666" },
	{ AF_INET6, 64, { 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01 },
	    false, "dummy IPv6 prefix, RFC 9780" },
	{ AF_INET6, 3, { 0x20 }, true, "global unicast, RFC 4291" },
	{ AF_INET6, 23, { 0x20, 0x01 }, false,
	    "IETF protocol assignments, RFC 2928" },
	{ AF_INET6, 32, { 0x20, 0x01 }, false, "Teredo, RFC 4380" },
	{ AF_INET6, 128,
	    { 0x20, 0x01, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x01 },
	    false, "PCP anycast, RFC 7723" },
	{ AF_INET6, 128,
	    { 0x20, 0x01, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x02 },
	    false, "TURN anycast, RFC 8155" },
	{ AF_INET6, 128,
	    { 0x20, 0x01, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x03 },
	    false, "DNS-SD SRP anycast, RFC 9665" },
	{ AF_INET6, 48, { 0x20, 0x01, 0x00, 0x02 }, false,
	    "benchmarking, RFC 5180" },
	{ AF_INET6, 32, { 0x20, 0x01, 0x00, 0x03 }, false, "AMT, RFC 7450" },
	{ AF_INET6, 48, { 0x20, 0x01, 0x00, 0x04, 0x01, 0x12 }, false,
	    "AS112-v6, RFC 7535" },
	{ AF_INET6, 28, { 0x20, 0x01, 0x00, 0x10 }, false,
	    "ORCHID (deprecated), RFC 4843" },
	{ AF_INET6, 28, { 0x20, 0x01, 0x00, 0x20 }, false,
	    "ORCHIDv2, RFC 7343" },
	{ AF_INET6, 28, { 0x20, 0x01, 0x00, 0x30 }, false,
	    "drone remote ID (DET), RFC 9374" },
	{ AF_INET6, 32, { 0x20, 0x01, 0x0d, 0xb8 }, false,
	    "documentation, RFC 3849" },
	{ AF_INET6, 16, { 0x20, 0x02 }, false, "6to4, RFC 3056" },
	{ AF_INET6, 48, { 0x26, 0x20, 0x00, 0x4f, 0x80 }, false,
	    "direct delegation AS112, RFC 7534" },
	{ AF_INET6, 20, { 0x3f, 0xff }, false, "documentation, RFC 9637" },
	{ AF_INET6, 16, { 0x5f }, false, "SRv6 SIDs, RFC 9602" },
	{ AF_INET6, 7, { 0xfc }, false, "unique local, RFC 4193" },
	{ AF_INET6, 10, { 0xfe, 0x80 }, false, "link local, RFC 4291" },
	{ AF_INET6, 10, { 0xfe, 0xc0 }, false,
	    "site local (deprecated), RFC 3879" },
	{ AF_INET6, 8, { 0xff }, false, "multicast, RFC 4291" },
};

const char *
special_name(const struct address *a)
{
	const char *name = NULL;
	unsigned int longest = 0;

	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
		if (ranges[i].family != a->family ||
		    ranges[i].length < longest ||
		    !address_begins(a, ranges[i].bytes, ranges[i].length))
			continue;
		longest = ranges[i].length;
		name = ranges[i].is_public ? NULL : ranges[i].name;
	}
	return name;
}

/* The addresses of this machine, as they were at a moment. */
struct own {
	bool known;
	int64_t until; /* of clock_now(): then they are asked for again */
	struct address list[OWN_MAX];
	size_t count;
};

/* False: the kernel does not tell, or there are too many to be kept. */
static bool
own_read(struct own *own)
{
	struct ifaddrs *list;
	bool fits = true;

	own->count = 0;
	if (getifaddrs(&list) == -1)
		return false;
	for (const struct ifaddrs *i = list; i != NULL && fits;
	     i = i->ifa_next) {
		if (i->ifa_addr == NULL ||
		    !address_from_sockaddr(&own->list[own->count], i->ifa_addr))
			continue;
		fits = ++own->count < OWN_MAX;
	}
	freeifaddrs(list);
	return fits;
}

/*
 * They change seldom, and to ask for them takes the kernel longer than all else
 * that an unchanged update needs.
 */
enum special_own
special_own(const struct address *a)
{
	static struct own own;

	if (!own.known || clock_left(own.until) == 0) {
		own.known = own_read(&own);
		own.until = clock_now() + OWN_MS;
		if (!own.known)
			return OWN_UNKNOWN;
	}
	for (size_t i = 0; i < own.count; i++)
		if (address_equal(&own.list[i], a))
			return OWN_OURS;
	return OWN_NOT;
}
