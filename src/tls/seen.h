/*
 * seen.h - the certificate that a peer showed, for people.
 */
#ifndef TLS_SEEN_H
#define TLS_SEEN_H

#include <stdint.h>

#include <gnutls/x509.h>

#include "config/pin.h"

#define CERTIFICATE_ISSUER_MAX 160
#define CERTIFICATE_LIST_MAX   1024
#define CERTIFICATE_SERIAL_MAX 48 /* RFC 5280: at most 20 bytes */

/* The first certificate of a peer, whatever is thought of it. */
struct certificate_seen {
	char issuer[CERTIFICATE_ISSUER_MAX]; /* quoted, and cut */
	char serial[CERTIFICATE_SERIAL_MAX]; /* in hex, cut */
	char key[2 * PIN_LEN + 1];	     /* SHA-256 of it, in hex */
	int64_t valid_until; /* seconds since 1970; 0 if it says none */
};

/* What else an operator wants to see of it; too much to be kept of each. */
struct certificate_names {
	char list[CERTIFICATE_LIST_MAX]; /* "a, b", quoted, and cut */
	int64_t valid_from;		 /* seconds since 1970; 0: unknown */
};

/* Fills all of *names; there may be none. */
void seen_fill_names(struct certificate_names *names, gnutls_x509_crt_t leaf);

/* Fills all of *seen; what cannot be read is empty. */
void seen_fill(struct certificate_seen *seen, gnutls_x509_crt_t leaf);

#endif
