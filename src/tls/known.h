/*
 * known.h - the certificate chains that this process found good a while ago.
 *
 * Whether a chain is good for a host depends on its bytes, the host, the CAs,
 * the rules and the clock, on nothing else.  To verify it costs as much as the
 * rest of a handshake, and an update meets the same chain at each address of a
 * host.  So the SHA-256 of all that is kept, until the verdict may change.
 * That the peer has the key of its certificate is no part of the verdict:
 * GnuTLS checks the peer's signature in each handshake before anybody asks
 * here.
 *
 * Made before the fork, a memory becomes one for each process as soon as the
 * process writes to it: no worker can tell another one a lie.
 */
#ifndef TLS_KNOWN_H
#define TLS_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <gnutls/gnutls.h>

#include "tls/seen.h"

#define KNOWN_ROOM    256  /* chains; the oldest of them give way */
#define KNOWN_SECONDS 3600 /* the longest time that one is believed */
#define KNOWN_ID_LEN  32   /* SHA-256 */

struct known;

/* What a verdict depends on, but for the clock. */
struct known_question {
	const char *host;     /* normalised name */
	const char *purpose;  /* what the certificate is to be good for, and by
			      * which rules: any text */
	const uint8_t *trust; /* KNOWN_ID_LEN bytes that no other CAs have */
	const gnutls_datum_t *chain; /* DER, as the peer sent it */
	unsigned int count;
};

/* NULL when out of memory; then nothing is remembered.  known_free(NULL) is
 * fine. */
struct known *known_new(void);
void known_free(struct known *k);

/*
 * Turns a question into the name of its verdict.  False: it cannot be made, or
 * there is no chain; such a chain can only be verified.
 */
bool known_identify(const struct known_question *q, uint8_t id[KNOWN_ID_LEN]);

/*
 * Was this verdict "good", and is it true at the moment now, in seconds since
 * 1970?  If so *seen is the first certificate of the chain, else it is left
 * alone.  k may be NULL, which knows nothing.
 */
bool known_has(const struct known *k, const uint8_t id[KNOWN_ID_LEN],
    time_t now, struct certificate_seen *seen);

/*
 * The verdict was "good" at the moment now, and is so until the moment until,
 * or KNOWN_SECONDS after now if that comes first.  Does nothing if until has
 * come, or k is NULL.
 */
void known_add(struct known *k, const uint8_t id[KNOWN_ID_LEN], time_t now,
    time_t until, const struct certificate_seen *seen);

#endif
