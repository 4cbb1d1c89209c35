/*
 * nameserver.h - one connection to a name server; every message is signed.
 */
#ifndef PROVIDER_DNS_NAMESERVER_H
#define PROVIDER_DNS_NAMESERVER_H

#include "provider/dns/answer.h"

struct nameserver; /* one connection */

/*
 * Connects to the first of the addresses that answers, of which each gets its
 * share of the time.  token is the name of a key, a colon, and its secret in
 * base64; algorithm as dnskey_algorithm() takes it.  deadline is a moment of
 * clock_now(), for this call and for all others on the result together.
 * NULL: why is ERR_TOKEN, ERR_UNREACHABLE or ERR_MEMORY.
 */
struct nameserver *nameserver_open(const struct address *addresses,
    size_t count, uint16_t port, const char *algorithm, const char *token,
    int64_t deadline, struct error *why);

/* Wipes the key.  NULL is fine. */
void nameserver_close(struct nameserver *n);

/*
 * The three below wait for one answer each.  ERR_ZONE: the server is not the
 * one for that name or zone.  ERR_UNREACHABLE: the connection can no longer be
 * used.  Any other error is one of dnsanswer_new() or ERR_MEMORY.
 */

/* Finds the zone that holds name, by queries for SOA of ever shorter names. */
enum err nameserver_zone(struct nameserver *n, const char *name,
    char zone[static HOSTNAME_MAX + 1], struct error *why);

/* Fills held with what name has of one family; count 0 is no error. */
enum err nameserver_held(struct nameserver *n, const char *name,
    enum dns_type type, struct dnsheld *held, struct error *why);

/* Makes all changes to the zone, or none of them (RFC 2136). */
enum err nameserver_update(struct nameserver *n, const char *zone,
    const struct dnschange *changes, size_t count, struct error *why);

#endif
