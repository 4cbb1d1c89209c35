/*
 * packet.h - the insides of request.h and answer.h.
 *
 * For their two .c files, the only ones that know libknot, the library of
 * Knot DNS.
 */
#ifndef PROVIDER_DNS_PACKET_H
#define PROVIDER_DNS_PACKET_H

#include <libknot/libknot.h>

#include "provider/dns/request.h"

#define DNSPACKET_MAC_MAX 64 /* of HMAC-SHA512 */

_Static_assert((int)DNS_A == KNOT_RRTYPE_A && (int)DNS_SOA == KNOT_RRTYPE_SOA &&
	(int)DNS_AAAA == KNOT_RRTYPE_AAAA,
    "the codes of the types");

struct dnskey {
	knot_tsig_key_t tsig;
};

struct dnsrequest {
	knot_pkt_t *packet;
	uint8_t mac[DNSPACKET_MAC_MAX];
	size_t mac_len;
};

#endif
