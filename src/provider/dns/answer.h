/*
 * answer.h - what a name server answered, verified.
 */
#ifndef PROVIDER_DNS_ANSWER_H
#define PROVIDER_DNS_ANSWER_H

#include "address/hostname.h"
#include "provider/dns/request.h"

struct dnsanswer;

/* What a name has of one family. */
struct dnsheld {
	size_t count;
	struct address address; /* one of them */
	uint32_t ttl;
};

/*
 * Parses and judges an answer of len bytes.  Not NULL: it belongs to the
 * request, its MAC and its time are right (RFC 8945), and it is NOERROR, or
 * NXDOMAIN to a query.  The result borrows wire, which is written to.
 * NULL, why is ERR_TOKEN: the key is not known or may not
 * do that.  ERR_ZONE: no such zone there.  ERR_BUSY: SERVFAIL.  ERR_REFUSED:
 * anything else.
 */
struct dnsanswer *dnsanswer_new(const struct dnsrequest *q,
    const struct dnskey *k, uint8_t *wire, size_t len, struct error *why);

/* Leaves the wire to the caller.  NULL is fine. */
void dnsanswer_free(struct dnsanswer *r);

/* Does the server speak for the name, and nobody below it? */
bool dnsanswer_authoritative(const struct dnsanswer *r);

/*
 * The zone of name, from the answer to a query for its SOA.  False: the
 * answer does not say, as for an alias; ask for a shorter name.
 */
bool dnsanswer_zone(const struct dnsanswer *r, const char *name,
    char zone[static HOSTNAME_MAX + 1]);

/*
 * The addresses of name in the answer to a query for them.  False: a DNAME
 * above it hides whatever stands there.
 */
bool dnsanswer_held(const struct dnsanswer *r, const char *name,
    enum dns_type type, struct dnsheld *held);

#endif
