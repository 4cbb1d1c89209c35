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
#include "tls/seen.h"
#include "tls/trust.h"

/*
 * The chain, by the CAs of by, whatever the credentials of the session trust,
 * for the purpose of a TLS server, and the name of its leaf.  host is a
 * normalised name, no wildcard, no address.  Works inside a verify function and
 * after the handshake.  *seen is what verify_look() would make it.
 * A chain that was good a while ago is not verified again, see known.h; one
 * that comes with word of its revocation, or demands it, is each time.
 * ERR_OK or ERR_PROOF.
 */
enum err verify_certificate(gnutls_session_t session,
    const struct authorities *by, const char *host,
    struct certificate_seen *seen, struct error *why);

/*
 * As verify_certificate(), but for a session that somebody else made, by
 * priorities of their own.
 */
enum err verify_against(gnutls_session_t session, const struct authorities *by,
    const char *host, struct error *why);

/*
 * Is the key of the handshake one of those whose SHA-256 is given?  Only the
 * first certificate counts; the others prove nothing.  ERR_OK or ERR_PROOF.
 */
enum err verify_pin(gnutls_session_t session, const uint8_t pins[][PIN_LEN],
    size_t count, struct error *why);

/*
 * Looks at the certificate of the peer, for people; inside a verify function or
 * after the handshake.  All of *seen is empty if there is none that can be
 * read.
 */
void verify_look(gnutls_session_t session, struct certificate_seen *seen);

/* The same of its names. */
void verify_names(gnutls_session_t session, struct certificate_names *names);

#endif
