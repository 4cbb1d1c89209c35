/*
 * refusal.h - why a certificate is refused: the fact, and what to do.
 *
 * All functions fill why and return ERR_PROOF.  Texts from a certificate are
 * those of a stranger, so they are quoted and cut.
 */
#ifndef TLS_REFUSAL_H
#define TLS_REFUSAL_H

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "base/error.h"

/* "certificate: REASON" */
enum err refuse(struct error *why, const char *reason);

/* The certificate is for other names: tells some of them. */
enum err refuse_name(struct error *why, gnutls_x509_crt_t leaf);

/* The key of the certificate is too short: tells its kind and length. */
enum err refuse_key(struct error *why, gnutls_x509_crt_t leaf);

/*
 * status is what gnutls_certificate_verify_peers() found, a set of
 * gnutls_certificate_status_t that is not empty: tells the one that says most.
 * leaf is the first certificate of the session.
 */
enum err refuse_status(struct error *why, gnutls_session_t session,
    gnutls_x509_crt_t leaf, unsigned int status);

#endif
