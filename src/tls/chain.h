/*
 * chain.h - the certificates above a leaf, looked at more closely.
 *
 * GnuTLS has verified the chain already; this refuses what it lets through and
 * no public or sane private CA makes.
 */
#ifndef TLS_CHAIN_H
#define TLS_CHAIN_H

#include <gnutls/gnutls.h>

#include "base/error.h"

/* The longest path from a leaf to its root, both counted. */
#define CHAIN_MAX 16

/*
 * Follows the path from the first certificate of the session to a CA that its
 * credentials trust.  ERR_OK or ERR_PROOF:
 * RFC 5280: authority key and access extensions are never critical
 * (4.2.1.1, 4.2.2.1), a CA has a name (4.1.2.6), name constraints are not
 * empty (4.2.1.10), and no wildcard of the leaf reaches into what they
 * exclude; no DSA key, and no RSA key of an odd length.
 */
enum err chain_check(gnutls_session_t session, struct error *why);

#endif
