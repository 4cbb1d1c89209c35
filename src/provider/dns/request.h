/*
 * request.h - DNS queries and updates, signed with TSIG (RFC 8945).
 *
 * Names are such as hostname_normalise() makes.
 */
#ifndef PROVIDER_DNS_REQUEST_H
#define PROVIDER_DNS_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address/address.h"
#include "base/error.h"

#define DNSREQUEST_MAX 65535 /* over TCP, RFC 1035 section 4.2.2 */

enum dns_type { DNS_A = 1, DNS_SOA = 6, DNS_AAAA = 28 }; /* their codes */

struct dnskey; /* the secret that a server and we share */
struct dnsrequest;

/* One address to be written; it replaces all others of its name and family. */
struct dnschange {
	const char *name;
	const struct address *address;
	uint32_t ttl;
	bool remove; /* only take away what is there */
};

/* "hmac-sha256", "hmac-sha384" or "hmac-sha512"? */
bool dnskey_algorithm(const char *name);

/* secret is base64.  NULL, why is ERR_TOKEN: name or secret makes no sense. */
struct dnskey *dnskey_new(const char *algorithm, const char *name,
    const char *secret, struct error *why);

/* Wipes it.  NULL is fine. */
void dnskey_free(struct dnskey *k);

/*
 * A query without recursion, for what the server knows by itself.  NULL on
 * failure, told in why; the caller frees the result, as that of
 * dnsrequest_update().
 */
struct dnsrequest *dnsrequest_query(const struct dnskey *k, const char *name,
    enum dns_type type, struct error *why);

/*
 * All changes or none (RFC 2136), and none where a CNAME stands at one of the
 * names: a server ignores an address there, and still says that all is well
 * (section 3.4.2.2).  NULL on failure; ERR_REFUSED: more than one message
 * can hold.
 */
struct dnsrequest *dnsrequest_update(const struct dnskey *k, const char *zone,
    const struct dnschange *changes, size_t count, struct error *why);

/* The message as it is sent; *len bytes, which belong to q. */
const uint8_t *dnsrequest_wire(const struct dnsrequest *q, size_t *len);

/* NULL is fine. */
void dnsrequest_free(struct dnsrequest *q);

#endif
