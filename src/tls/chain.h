/*
 * chain.h - the certificates above a leaf, looked at more closely.
 *
 * GnuTLS has verified the chain already; this refuses what it lets through and
 * no public or sane private CA makes.
 */
#ifndef TLS_CHAIN_H
#define TLS_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "base/error.h"

/* The longest path from a leaf to its root, both counted. */
#define CHAIN_MAX 16

/*
 * The path from the first certificate of a session on, each followed by its
 * issuer, as far as the server sent it; at its end the root, if the session
 * trusts it.
 */
struct chain {
	gnutls_x509_crt_t crt[CHAIN_MAX + 1];
	size_t count;
	size_t owned; /* the first ones: sent by the server; the root is not */
	time_t until; /* the first of their ends, and of all that was sent and
		       * has not ended; 0 if one of them says none */
};

/* Empty if nothing can be read.  Release with chain_end(). */
void chain_read(struct chain *c, gnutls_session_t session);
void chain_end(struct chain *c);

/* Is the key shorter than GNUTLS_SEC_PARAM_MEDIUM (RSA: 2048 bits)? */
bool chain_key_short(gnutls_x509_crt_t crt);

/*
 * Follows the path from the first certificate of the session to a CA that its
 * credentials trust.  ERR_OK or ERR_PROOF:
 * RFC 5280: authority key and access extensions are never critical
 * (4.2.1.1, 4.2.2.1), a CA has a name (4.1.2.6), name constraints are not
 * empty (4.2.1.10), and no wildcard of the leaf reaches into what they
 * exclude; no DSA key, and no RSA key of an odd length.
 * *until: up to this moment, in seconds since 1970, the verdict ERR_OK is true
 * of the same chain; 0 if a certificate demands word of its revocation, which
 * is another one at each handshake (RFC 7633).
 */
enum err chain_check(gnutls_session_t session, time_t *until,
    struct error *why);

#endif
