#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/x509.h>

#include "tls/limits.h"

/* Moves a vector with a length of so many bytes from the start of from. */
static bool
take(gnutls_datum_t *from, unsigned int length_bytes, gnutls_datum_t *vector)
{
	unsigned int len = 0;

	if (from->size < length_bytes)
		return false;
	for (unsigned int i = 0; i < length_bytes; i++)
		len = len << 8 | from->data[i];
	if (from->size - length_bytes < len)
		return false;
	*vector = (gnutls_datum_t){ from->data + length_bytes, len };
	from->data += length_bytes + len;
	from->size -= length_bytes + len;
	return true;
}

/* The bits of a big-endian number. */
static unsigned int
bits_of(const gnutls_datum_t *number)
{
	unsigned int skip = 0, bits;

	while (skip < number->size && number->data[skip] == 0)
		skip++;
	bits = (number->size - skip) * 8;
	for (unsigned int top = 0x80;
	     bits > 0 && (number->data[skip] & top) == 0; top >>= 1)
		bits--;
	return bits;
}

static enum err
check_rsa(gnutls_x509_crt_t crt, struct error *why)
{
	gnutls_datum_t modulus = { NULL, 0 }, exponent = { NULL, 0 };
	enum err rc = ERR_OK;

	if (gnutls_x509_crt_get_pk_rsa_raw(crt, &modulus, &exponent) < 0)
		rc = error_set(why, ERR_PROOF,
		    "certificate: an RSA key in its chain cannot be read");
	else if (bits_of(&modulus) > LIMITS_BITS_MAX)
		rc = error_set(why, ERR_PROOF,
		    "certificate: an RSA key in its chain has %u bits, more "
		    "than %d",
		    bits_of(&modulus), LIMITS_BITS_MAX);
	else if (bits_of(&exponent) > LIMITS_EXPONENT_MAX)
		rc = error_set(why, ERR_PROOF,
		    "certificate: the exponent of an RSA key in its chain has "
		    "%u bits, more than %d",
		    bits_of(&exponent), LIMITS_EXPONENT_MAX);
	gnutls_free(modulus.data);
	gnutls_free(exponent.data);
	return rc;
}

/*
 * What a certificate's numbers are depends on its bytes alone, and to parse
 * them takes ten times as long as to hash them; a worker meets the same few
 * certificates over and over.
 */
#define SHA256_LEN 32
#define LOOKED	   64

static struct {
	uint8_t id[SHA256_LEN]; /* of a certificate within the limits */
	bool known;
} looked[LOOKED];

/* Where the certificate is kept, or is to be kept; -1: nowhere. */
static int
place_of(const gnutls_datum_t *der, uint8_t id[static SHA256_LEN])
{
	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, der->data, der->size, id) < 0)
		return -1;
	return id[0] % LOOKED;
}

static enum err
check_key(const gnutls_datum_t *der, struct error *why)
{
	uint8_t id[SHA256_LEN];
	int place = place_of(der, id);
	gnutls_x509_crt_t crt;
	enum err rc = ERR_OK;

	if (place >= 0 && looked[place].known &&
	    memcmp(looked[place].id, id, sizeof id) == 0)
		return ERR_OK;
	if (gnutls_x509_crt_init(&crt) < 0)
		return error_memory(why);
	if (gnutls_x509_crt_import(crt, der, GNUTLS_X509_FMT_DER) == 0) {
		switch (gnutls_x509_crt_get_pk_algorithm(crt, NULL)) {
		case GNUTLS_PK_RSA:
		case GNUTLS_PK_RSA_PSS:
			rc = check_rsa(crt, why);
			break;
		case GNUTLS_PK_DSA:
			rc = error_set(why, ERR_PROOF,
			    "certificate: a key in its chain is of an odd "
			    "kind");
			break;
		default: /* the size of all others is fixed */
			break;
		}
	}
	gnutls_x509_crt_deinit(crt);
	if (place >= 0 && rc == ERR_OK) {
		looked[place].known = true;
		memcpy(looked[place].id, id, sizeof id);
	}
	return rc;
}

static enum err
check_staple(size_t size, struct error *why)
{
	if (size <= LIMITS_STAPLE_MAX)
		return ERR_OK;
	return error_set(why, ERR_PROOF,
	    "certificate: comes with more than %lu bytes about its revocation",
	    LIMITS_STAPLE_MAX);
}

/* RFC 8446 section 4.4.2, and RFC 5246 section 7.4.2. */
static enum err
check_certificates(gnutls_datum_t message, bool tls13, struct error *why)
{
	gnutls_datum_t list, der, extensions;
	unsigned int count = 0;
	enum err rc = ERR_OK;

	if (tls13 && !take(&message, 1, &list)) /* context */
		return ERR_OK;
	if (!take(&message, 3, &list))
		return ERR_OK;
	while (rc == ERR_OK && take(&list, 3, &der)) {
		if (++count > LIMITS_CHAIN_MAX)
			return error_set(why, ERR_PROOF,
			    "certificate: comes with more than %d others",
			    LIMITS_CHAIN_MAX - 1);
		if (der.size > LIMITS_CERTIFICATE_MAX)
			return error_set(why, ERR_PROOF,
			    "certificate: one in its chain has %u bytes, more "
			    "than %lu",
			    der.size, LIMITS_CERTIFICATE_MAX);
		rc = check_key(&der, why);
		if (!tls13 || rc != ERR_OK)
			continue;
		if (!take(&list, 2, &extensions))
			break;
		rc = check_staple(extensions.size, why);
	}
	return rc;
}

/* RFC 5246 section 7.4.3: the first number is the prime. */
static enum err
check_key_exchange(gnutls_session_t session, gnutls_datum_t message,
    struct error *why)
{
	gnutls_kx_algorithm_t kx = gnutls_kx_get(session);
	gnutls_datum_t prime;

	if ((kx != GNUTLS_KX_DHE_RSA && kx != GNUTLS_KX_DHE_DSS &&
		kx != GNUTLS_KX_ANON_DH) ||
	    !take(&message, 2, &prime) || bits_of(&prime) <= LIMITS_BITS_MAX)
		return ERR_OK;
	return error_set(why, ERR_PROOF,
	    "TLS: the Diffie-Hellman prime has %u bits, more than %d",
	    bits_of(&prime), LIMITS_BITS_MAX);
}

enum err
limits_check(gnutls_session_t session, unsigned int type,
    const gnutls_datum_t *message, struct error *why)
{
	switch (type) {
	case GNUTLS_HANDSHAKE_CERTIFICATE_PKT:
		return check_certificates(*message,
		    gnutls_protocol_get_version(session) == GNUTLS_TLS1_3, why);
	case GNUTLS_HANDSHAKE_CERTIFICATE_STATUS:
		return check_staple(message->size, why);
	case GNUTLS_HANDSHAKE_SERVER_KEY_EXCHANGE:
		return check_key_exchange(session, *message, why);
	default:
		return ERR_OK;
	}
}
