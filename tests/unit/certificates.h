/*
 * certificates.h - certificates of every sort, made when a test needs them.
 *
 * All functions fail the test if GnuTLS does.
 */
#ifndef CERTIFICATES_H
#define CERTIFICATES_H

#include <stdbool.h>

#include <gnutls/x509.h>

#define CERTIFICATE_NAMES_MAX 8

/* A certificate and its key; release with identity_end(). */
struct identity {
	gnutls_x509_crt_t crt;
	gnutls_x509_privkey_t key;
};

/* The bytes of an extension, in the place of what would be there. */
struct extension {
	const char *oid; /* NULL: none */
	const void *der;
	size_t len;
	bool critical;
};

/* What is wrong with a leaf; all zero is a good one for no name. */
struct leaf {
	const char *names[CERTIFICATE_NAMES_MAX]; /* dNSNames */
	const char *common_name;
	int from_days, to_days; /* from now; both 0: valid */
	const char *purpose;	/* OID; NULL: of a TLS server */
	unsigned int usage;	/* of the key; 0: signatures */
	bool is_ca;
	bool version_1;
	bool self_signed;
	bool must_staple;	 /* RFC 7633 */
	unsigned int more_names; /* so many others */
	unsigned int rsa_bits;	 /* 0: an elliptic curve */
	unsigned int serial_len; /* bytes; 0: one */
	struct extension extension;
};

void identity_make_ca(struct identity *ca, const char *name);
void identity_make(struct identity *of, const struct identity *ca,
    const struct leaf *leaf);

/* A CA that another one has signed, valid until so many days from now. */
void identity_make_sub_ca(struct identity *of, const struct identity *ca,
    const char *name, int to_days);

/* Another one, with an extension of any sort; name "": it has none. */
void identity_make_odd_ca(struct identity *of, const struct identity *ca,
    const char *name, const struct extension *extension);

void identity_end(struct identity *of);

/* Writes the certificate as PEM; its full name is good until the end. */
const char *identity_file(const struct identity *of, const char *name);

/* Credentials of a server that shows it; the caller frees them. */
gnutls_certificate_credentials_t identity_credentials(
    const struct identity *of);

/* As well, with the certificate of its CA behind its own. */
gnutls_certificate_credentials_t identity_chain_credentials(const struct
    identity *of,
    const struct identity *ca);

#endif
