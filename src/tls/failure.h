/*
 * failure.h - why a TLS peer cannot be talked to, in words for its operator.
 */
#ifndef TLS_FAILURE_H
#define TLS_FAILURE_H

#include <gnutls/gnutls.h>

/*
 * What GnuTLS's error rc of this session means: of an alert its name (RFC 8446
 * section 6, and the registry of IANA), and the remedy where one is known.
 * The text is static.
 */
const char *failure_text(gnutls_session_t session, int rc);

#endif
