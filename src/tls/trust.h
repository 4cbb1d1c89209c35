/*
 * trust.h - the certificate authorities of one file, loaded once.
 */
#ifndef TLS_TRUST_H
#define TLS_TRUST_H

#include <stdint.h>

#include <gnutls/gnutls.h>

#include "base/error.h"
#include "tls/known.h"

struct trust; /* the files loaded so far */

/*
 * The CAs of one file.  All of it belongs to the struct trust.  GnuTLS takes
 * 27 kB for each certificate that it trusts, so the 150 of a system are kept as
 * bytes, and those that a chain names are read when it is verified.
 */
struct authorities {
	uint8_t id[KNOWN_ID_LEN]; /* SHA-256 of the file, as it was loaded */
	uint8_t *bytes; /* DER, each with its length in front; NULL: none */
	size_t len;
	struct known *known; /* chains that were found good; or NULL */
};

/* NULL when out of memory.  Release with trust_free(); NULL is fine there. */
struct trust *trust_new(void);
void trust_free(struct trust *t);

/*
 * Loads a PEM file of CA certificates, unless it was loaded before.  Costs
 * 7 ms for the 150 of the system, so do it before the fork: the children share
 * the pages.  ERR_CONFIG: unreadable, no certificate in it, or others than root
 * and we may write it (document_of_ours()).
 */
enum err trust_load(struct trust *t, const char *file, struct error *why);

/*
 * The CAs of a file that was loaded, or none at all when file is NULL.  They
 * live as long as t.  NULL: that file was never loaded.
 */
const struct authorities *trust_in(const struct trust *t, const char *file);

/* Credentials for sessions whose verifier brings the CAs; they belong to t. */
gnutls_certificate_credentials_t trust_nobody(const struct trust *t);

/*
 * Credentials that trust all those of the CAs that a chain can lead to: whose
 * name is that of one of its certificates, or of an issuer.  They are the
 * caller's to free.  NULL: out of memory, or a certificate cannot be read.
 */
gnutls_certificate_credentials_t authorities_of(const struct authorities *a,
    const gnutls_datum_t chain[], unsigned int count);

#endif
