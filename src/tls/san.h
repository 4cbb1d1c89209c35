/*
 * san.h - the DNS names of a certificate.
 */
#ifndef TLS_SAN_H
#define TLS_SAN_H

#include <stdbool.h>

#include <gnutls/x509.h>

#define SAN_NAME_MAX 256

/*
 * The next dNSName from *index on, which moves behind it; start with 0.  Names
 * that are too long or hold a NUL are passed over, as they match nothing;
 * after 4096 names of any kind there are no more.
 */
bool san_next(gnutls_x509_crt_t crt, unsigned int *index,
    char name[static SAN_NAME_MAX + 1]);

#endif
