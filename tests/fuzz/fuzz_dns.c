/*
 * fuzz_dns.c - a name server that answers anything, with the key or without.
 *
 * The input is a letter, what was asked ("a", "s" for SOA, "u" for an update),
 * in capitals if the answer gets a right number and signature, and the message
 * as it is on the wire.
 */
#include "fuzz.h"

#include <ctype.h>
#include <time.h>

#include "provider/dns/answer.h"
#include "provider/dns/packet.h"

#define SECRET "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U="
#define NAME   "home.example.org"
#define HEADER 12

const char fuzz_name[] = "dns";

/* Reads whatever the program may want of an answer that was taken. */
static void
look(const struct dnsanswer *r)
{
	char zone[HOSTNAME_MAX + 1] = "";
	struct dnsheld held;

	(void)dnsanswer_authoritative(r);
	if (dnsanswer_zone(r, NAME, zone))
		assert(hostname_within(NAME, zone));
	if (dnsanswer_held(r, NAME, DNS_A, &held) && held.count > 0)
		assert(held.address.family == AF_INET);
	if (dnsanswer_held(r, NAME, DNS_AAAA, &held) && held.count > 0)
		assert(held.address.family == AF_INET6);
}

static struct dnsrequest *
ask(const struct dnskey *k, int what)
{
	static const struct address to = { AF_INET, { 192, 0, 2, 1 } };
	static const struct dnschange change = { NAME, &to, 60, false };
	struct error why;

	if (what == 'u')
		return dnsrequest_update(k, "example.org", &change, 1, &why);
	return dnsrequest_query(k, NAME, what == 's' ? DNS_SOA : DNS_A, &why);
}

/* False: no room for it, or no message that could be signed. */
static bool
sign(uint8_t *wire, size_t *len, size_t max, const struct dnsrequest *q,
    const struct dnskey *k)
{
	uint8_t mac[DNSPACKET_MAC_MAX];
	size_t mac_len = sizeof mac;

	if (*len < HEADER)
		return false;
	memcpy(wire, q->packet->wire, 2);
	wire[2] =
	    (uint8_t)(0x80 | (wire[2] & 0x07) | (q->packet->wire[2] & 0x78));
	return knot_tsig_sign(wire, len, max, q->mac, q->mac_len, mac, &mac_len,
		   &k->tsig, 0, (uint64_t)time(NULL)) == 0;
}

static void
answer(const struct dnskey *k, int what, uint8_t *wire, size_t len)
{
	struct dnsrequest *q = ask(k, tolower(what));
	struct error why = { .code = ERR_OK };
	struct dnsanswer *r = NULL;
	bool right = isupper(what) != 0;

	if (q == NULL)
		abort();
	if (!right || sign(wire, &len, DNSREQUEST_MAX, q, k)) {
		r = dnsanswer_new(q, k, wire, len, &why);
		/* Nobody without the key is believed. */
		assert(r == NULL || right);
		assert(r != NULL || (why.code != ERR_OK && *why.text != '\0'));
	}
	if (r != NULL)
		look(r);
	dnsanswer_free(r);
	dnsrequest_free(q);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dnskey *k;
	uint8_t *wire;
	struct error why;

	if (k == NULL &&
	    (k = dnskey_new("hmac-sha256", "router", SECRET, &why)) == NULL)
		abort();
	if (size == 0 || size > 8192)
		return 0;
	if ((wire = calloc(1, DNSREQUEST_MAX)) == NULL)
		abort();
	memcpy(wire, data + 1, size - 1);
	answer(k, data[0], wire, size - 1);
	free(wire);
	return 0;
}
