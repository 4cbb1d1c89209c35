/*
 * trust.h - the certificate authorities of one file, loaded once.
 */
#ifndef TLS_TRUST_H
#define TLS_TRUST_H

#include <gnutls/gnutls.h>

#include "base/error.h"

struct trust; /* the files loaded so far */

/* NULL when out of memory.  Release with trust_free(); NULL is fine there. */
struct trust *trust_new(void);
void trust_free(struct trust *t);

/*
 * Loads a PEM file of CA certificates, unless it was loaded before.  Costs
 * 7 ms and 4 MB for the 150 of the system, so do it before the fork: the
 * children share the pages.  ERR_CONFIG: unreadable, no certificate in it, or
 * others than root and we may write it (document_of_ours()).
 */
enum err trust_load(struct trust *t, const char *file, struct error *why);

/*
 * Credentials that trust the CAs of a file that was loaded, or nobody when
 * file is NULL.  They belong to t.  NULL: that file was never loaded.
 */
gnutls_certificate_credentials_t trust_credentials(const struct trust *t,
    const char *file);

#endif
