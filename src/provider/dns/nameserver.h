/*
 * nameserver.h - a conversation with one name server, every word signed.
 */
#ifndef PROVIDER_DNS_NAMESERVER_H
#define PROVIDER_DNS_NAMESERVER_H

#include "provider/dns/answer.h"

struct nameserver; /* one connection */

/*
 * token is the name of a key, a colon, and its secret in base64; algorithm as
 * dnskey_algorithm() takes it.  The addresses are tried in order.  All that
 * follows ends by deadline.  NULL, why is ERR_TOKEN, ERR_UNREACHABLE or
 * ERR_MEMORY.
 */
struct nameserver *nameserver_open(const struct address *addresses,
    size_t count, uint16_t port, const char *algorithm, const char *token,
    int64_t deadline, struct error *why);

/* Wipes the key.  NULL is fine. */
void nameserver_close(struct nameserver *n);

/*
 * All three: ERR_ZONE, the server is not the one for that name or zone;
 * ERR_UNREACHABLE, the connection is of no more use; else as dnsanswer_new().
 */

/* The zone that holds name. */
enum err nameserver_zone(struct nameserver *n, const char *name,
    char zone[static HOSTNAME_MAX + 1], struct error *why);

/* What name has of one family; nothing is no error. */
enum err nameserver_held(struct nameserver *n, const char *name,
    enum dns_type type, struct dnsheld *held, struct error *why);

/* All changes to the zone, or none of them. */
enum err nameserver_update(struct nameserver *n, const char *zone,
    const struct dnschange *changes, size_t count, struct error *why);

#endif
