/*
 * rfc2136.h - the provider that is a name server: DNS UPDATE, signed (TSIG).
 *
 * Built in, since no description could say it.  The token is the name of a
 * key, a colon, and the secret in base64.
 */
#ifndef PROVIDER_RFC2136_H
#define PROVIDER_RFC2136_H

#include "provider/provider.h"

#define RFC2136_NAME	"rfc2136"	/* instead of that of a file */
#define RFC2136_ABOUT	"any name server that takes updates (RFC 2136, TSIG)"

/* Fills p from what the operator says in "config". */
enum err	 rfc2136_read(struct provider *p, const char *settings_file,
		    struct error *why);

/*
 * As provider_publish(): the records of one zone are written with one
 * message, all or none.
 */
void		 rfc2136_publish(const struct provider *p, const char *token,
		    struct provider_record *records, size_t count,
		    int64_t deadline);

/* As provider_rehearse(), in the words of nsupdate(1). */
void		 rfc2136_rehearse(const struct provider *p, FILE *to,
		    const struct provider_record *records, size_t count);

#endif
