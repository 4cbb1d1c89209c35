#include "config.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/quote.h"
#include "tls/chain.h"
#include "tls/refusal.h"
#include "tls/san.h"

#define NAMES_TOLD    3
#define NAME_TEXT_MAX 80 /* of one name, cut and quoted */
#define TIME_TEXT_MAX 32

enum err
refuse(struct error *why, const char *reason)
{
	return error_set(why, ERR_PROOF, "certificate: %s", reason);
}

enum err
refuse_name(struct error *why, gnutls_x509_crt_t leaf)
{
	char list[NAMES_TOLD * (NAME_TEXT_MAX + 8)], text[NAME_TEXT_MAX];
	char name[SAN_NAME_MAX + 1];
	unsigned int i = 0, count = 0;
	size_t n = 0;

	while (san_next(leaf, &i, name)) {
		if (++count > NAMES_TOLD)
			continue;
		quote(text, sizeof text, name, strlen(name), "\"\\");
		n += (size_t)snprintf(list + n, sizeof list - n, "%s\"%s\"",
		    count > 1 ? ", " : "", text);
	}
	if (count == 0)
		return refuse(why,
		    "is for no host name (a common name does not count)");
	if (count > NAMES_TOLD)
		return error_set(why, ERR_PROOF,
		    "certificate: is not for this name, but for %s and %u more",
		    list, count - NAMES_TOLD);
	return error_set(why, ERR_PROOF,
	    "certificate: is not for this name, but for %s", list);
}

enum err
refuse_key(struct error *why, gnutls_x509_crt_t leaf)
{
	unsigned int bits = 0;
	int algorithm = gnutls_x509_crt_get_pk_algorithm(leaf, &bits);

	if (algorithm < 0)
		return refuse(why, "its key is of an unknown kind");
	return error_set(why, ERR_PROOF,
	    "certificate: its %s key of %u bits is too short",
	    gnutls_pk_get_name((gnutls_pk_algorithm_t)algorithm), bits);
}

/* The issuer of crt, quoted. */
static void
issuer_text(gnutls_x509_crt_t crt, char text[static NAME_TEXT_MAX])
{
	gnutls_datum_t dn = { NULL, 0 };

	strcpy(text, "?");
	if (gnutls_x509_crt_get_issuer_dn3(crt, &dn, 0) == 0 && dn.size > 0)
		quote(text, NAME_TEXT_MAX, (const char *)dn.data,
		    strlen((const char *)dn.data), "\"\\");
	gnutls_free(dn.data);
}

static void
time_text(time_t t, char text[static TIME_TEXT_MAX])
{
	struct tm tm;

	if (gmtime_r(&t, &tm) != NULL)
		strftime(text, TIME_TEXT_MAX, "%Y-%m-%d %H:%M UTC", &tm);
	else /* our clock is wrong by two thousand million years */
		strcpy(text, "?");
}

/* Tells the certificate that is not valid now, and the time of our clock. */
static enum err
refuse_time(struct error *why, gnutls_x509_crt_t const chain[], size_t count)
{
	char then[TIME_TEXT_MAX], here[TIME_TEXT_MAX];
	time_t now = time(NULL);

	time_text(now, here);
	for (size_t i = 0; i < count; i++) {
		time_t end = gnutls_x509_crt_get_expiration_time(chain[i]);
		time_t start = gnutls_x509_crt_get_activation_time(chain[i]);
		const char *whose = i == 0 ? "" : "one above it ";

		if (now <= end && now >= start)
			continue;
		time_text(now > end ? end : start, then);
		return error_set(why, ERR_PROOF,
		    "certificate: %s%s %s; our clock says %s", whose,
		    now > end ? "has expired on" : "is not valid before", then,
		    here);
	}
	return error_set(why, ERR_PROOF,
	    "certificate: has expired, or is not valid yet; our clock says %s",
	    here);
}

/* The path that the server sent ends at a CA that we do not know. */
static enum err
refuse_issuer(struct error *why, gnutls_x509_crt_t const chain[], size_t count)
{
	gnutls_x509_crt_t last = count > 0 ? chain[count - 1] : NULL;
	char issuer[NAME_TEXT_MAX];

	if (last == NULL)
		return refuse(why, "its CA is not trusted");
	issuer_text(last, issuer);
	if (!gnutls_x509_crt_check_issuer(last, last))
		return error_set(why, ERR_PROOF,
		    "certificate: its CA is not trusted: its issuer \"%s\" is "
		    "neither sent by the server nor known here; send the whole "
		    "chain, or name that CA as \"ca\"",
		    issuer);
	if (count == 1)
		return error_set(why, ERR_PROOF,
		    "certificate: its CA is not trusted: it is self-signed by "
		    "\"%s\"; pin its key, or name it as \"ca\"",
		    issuer);
	return error_set(why, ERR_PROOF,
	    "certificate: its CA is not trusted: the root \"%s\" is not known "
	    "here; name it as \"ca\"",
	    issuer);
}

static enum err
refuse_rest(struct error *why, unsigned int status)
{
	static const struct {
		unsigned int bit;
		const char *reason;
	} bits[] = {
		{ GNUTLS_CERT_SIGNER_NOT_CA, "its signer is not a CA" },
		{ GNUTLS_CERT_MISSING_OCSP_STATUS,
		    "must come with an OCSP answer, and has none" },
	};

	for (size_t i = 0; i < sizeof bits / sizeof *bits; i++)
		if ((status & bits[i].bit) != 0)
			return refuse(why, bits[i].reason);
	return error_set(why, ERR_PROOF, "certificate: not valid (status 0x%x)",
	    status);
}

/* A key or a signature somewhere on the path is too weak: which one? */
static enum err
refuse_weak(struct error *why, gnutls_x509_crt_t const chain[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (chain_key_short(chain[i]))
			return refuse_key(why, chain[i]);
	return refuse(why, "uses a weak algorithm, as SHA-1");
}

enum err
refuse_status(struct error *why, gnutls_session_t session,
    gnutls_x509_crt_t leaf, unsigned int status)
{
	struct chain c;
	enum err rc;

	chain_read(&c, session);
	if ((status & GNUTLS_CERT_REVOKED) != 0)
		rc = refuse(why, "is revoked");
	else if ((status & (GNUTLS_CERT_EXPIRED | GNUTLS_CERT_NOT_ACTIVATED)) !=
	    0)
		rc = refuse_time(why, c.crt, c.count);
	else if ((status & GNUTLS_CERT_UNEXPECTED_OWNER) != 0)
		rc = refuse_name(why, leaf);
	else if ((status & GNUTLS_CERT_PURPOSE_MISMATCH) != 0)
		rc = refuse(why,
		    "is not for a TLS server (extendedKeyUsage has no "
		    "serverAuth)");
	else if ((status & GNUTLS_CERT_INSECURE_ALGORITHM) != 0)
		rc = refuse_weak(why, c.crt, c.count);
	else if ((status & GNUTLS_CERT_SIGNATURE_FAILURE) != 0)
		rc = refuse(why, "has a false signature");
	else if ((status & GNUTLS_CERT_SIGNER_NOT_FOUND) != 0)
		rc = refuse_issuer(why, c.crt, c.owned);
	else
		rc = refuse_rest(why, status);
	chain_end(&c);
	return rc;
}
