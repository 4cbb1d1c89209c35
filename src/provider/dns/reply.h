/*
 * reply.h - what a name server answered, verified.
 */
#ifndef PROVIDER_DNS_REPLY_H
#define PROVIDER_DNS_REPLY_H

#include "address/hostname.h"
#include "provider/dns/request.h"

struct dnsreply;

/* What a name has of one family. */
struct dnsheld {
	size_t count;
	struct address address; /* one of them */
	uint32_t ttl;
};

/*
 * Parses and judges an answer.  Not NULL: it belongs to the request, its MAC
 * and its time are right, and it is NOERROR, or NXDOMAIN to a query.  It
 * borrows wire, and writes to it.  ERR_TOKEN: the key is not known or may not
 * do that.  ERR_ZONE: no such zone there.  ERR_BUSY: SERVFAIL.  ERR_REFUSED:
 * anything else.
 */
struct dnsreply *dnsreply_new(const struct dnsrequest *q,
    const struct dnskey *k, uint8_t *wire, size_t len, struct error *why);

/* NULL is fine. */
void dnsreply_free(struct dnsreply *r);

/* Does the server speak for the name, and nobody below it? */
bool dnsreply_authoritative(const struct dnsreply *r);

/*
 * The zone of name, from the answer to a query for its SOA.  False: the
 * answer does not say, as for an alias; ask for a shorter name.
 */
bool dnsreply_zone(const struct dnsreply *r, const char *name,
    char zone[static HOSTNAME_MAX + 1]);

/*
 * The addresses of name in the answer to a query for them.  False: a DNAME
 * above it hides whatever stands there.
 */
bool dnsreply_held(const struct dnsreply *r, const char *name,
    enum dns_type type, struct dnsheld *held);

#endif
