/*
 * limits.h - how large the numbers that a TLS peer sends may be.
 *
 * GnuTLS computes with the key of a certificate before it calls a verify
 * function, and the cost of that grows with the size of the modulus times that
 * of the exponent: hours, if the peer likes.  So sizes are looked at first.
 */
#ifndef TLS_LIMITS_H
#define TLS_LIMITS_H

#include <gnutls/gnutls.h>

#include "base/error.h"

#define LIMITS_CHAIN_MAX       16	    /* certificates in one message */
#define LIMITS_CERTIFICATE_MAX (32UL << 10) /* bytes: some 1000 names */
#define LIMITS_STAPLE_MAX      (4UL << 10)  /* bytes of an OCSP answer */
#define LIMITS_BITS_MAX	       8192 /* of an RSA modulus, or a DH prime */
#define LIMITS_EXPONENT_MAX    64   /* bits of an RSA exponent */

/*
 * Looks at a handshake message that has come, before GnuTLS does: to be called
 * by a hook for GNUTLS_HANDSHAKE_ANY and GNUTLS_HOOK_PRE (see
 * gnutls_handshake_set_hook_function) with the type and the message of each
 * incoming one.  ERR_PROOF: it is beyond a limit, the hook must fail.  What is
 * no such message, or cannot be read, is ERR_OK: GnuTLS refuses it itself.
 * DSA keys are refused whatever their size.
 */
enum err limits_check(gnutls_session_t session, unsigned int type,
    const gnutls_datum_t *message, struct error *why);

#endif
