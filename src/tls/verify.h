/*
 * verify.h - is the peer of this TLS session the host of that name?
 *
 * One verifier for the proofs and for the provider's connection.  It asks for
 * more than GnuTLS does by itself: RFC 5280, RFC 9525, and the purpose of the
 * certificate.
 */
#ifndef TLS_VERIFY_H
#define TLS_VERIFY_H

#include <stddef.h>
#include <stdint.h>

#include <gnutls/gnutls.h>

#include "base/error.h"
#include "config/pin.h"

#define CERTIFICATE_ISSUER_MAX 160
#define CERTIFICATE_SERIAL_MAX 48 /* RFC 5280: at most 20 bytes */

/*
 * The chain, by the credentials of the session, for the purpose of a TLS
 * server, and the name of its leaf.  host is a normalised name, no wildcard,
 * no address.  Works inside a verify function and after the handshake.
 * ERR_OK or ERR_PROOF.
 */
enum err verify_certificate(gnutls_session_t session, const char *host,
    struct error *why);

/*
 * As verify_certificate(), but by other credentials than the session has, for
 * a session that somebody else made; it keeps its own.
 */
enum err verify_against(gnutls_session_t session,
    gnutls_certificate_credentials_t trust, const char *host,
    struct error *why);

/*
 * Is the key of the handshake one of those whose SHA-256 is given?  Only the
 * first certificate counts; the others prove nothing.  ERR_OK or ERR_PROOF.
 */
enum err verify_pin(gnutls_session_t session, const uint8_t pins[][PIN_LEN],
    size_t count, struct error *why);

/* The first certificate of a peer, whatever is thought of it. */
struct certificate_seen {
	char issuer[CERTIFICATE_ISSUER_MAX]; /* quoted, and cut */
	char serial[CERTIFICATE_SERIAL_MAX]; /* in hex, cut */
	char key[2 * PIN_LEN + 1];	     /* SHA-256 of it, in hex */
	int64_t valid_until; /* seconds since 1970; 0 if it says none */
};

/*
 * Looks at it, for people; inside a verify function or after the handshake.
 * All of *seen is empty if there is none that can be read.
 */
void verify_look(gnutls_session_t session, struct certificate_seen *seen);

#endif
