/*
 * rfc2136.h - the provider that is a name server: DNS UPDATE, signed (TSIG).
 *
 * Built in, since no description could say it, where there is libknot; else
 * absent.c stands here, which refuses every configuration.  The token is the
 * name of a key, a colon, and the secret in base64.
 */
#ifndef PROVIDER_DNS_RFC2136_H
#define PROVIDER_DNS_RFC2136_H

#include <stdio.h>

#include "provider/endpoint.h"
#include "provider/publication.h"

#define RFC2136_NAME "rfc2136" /* instead of that of a file */
#define RFC2136_TTL  60	       /* of a record that is new */
#if DG_LIBKNOT
#define RFC2136_ABOUT "any name server that takes updates (RFC 2136, TSIG)"
#else
#define RFC2136_ABOUT "not here: built without libknot"
#endif

/*
 * Fills server from the "config" of its settings, which the caller has set.
 * endpoint_end() releases it, after a failure, too.  ERR_CONFIG names file, the
 * operator's configuration, and the place in it.
 */
enum err rfc2136_read(struct endpoint *server, const char *file,
    struct error *why);

/*
 * As provider_publish(), for a server that rfc2136_read() has read.  The
 * records of one zone are written with one message, all or none of them.
 */
void rfc2136_publish(const struct endpoint *server, const char *token,
    struct publication *const publications[], size_t count, int64_t deadline);

/* As provider_rehearse(), in the words of nsupdate(1). */
void rfc2136_rehearse(const struct endpoint *server, FILE *to,
    struct publication *const publications[], size_t count);

#endif
