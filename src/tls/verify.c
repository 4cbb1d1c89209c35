#include "config.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gnutls/x509.h>

#include "base/secret.h"
#include "tls/chain.h"
#include "tls/known.h"
#include "tls/refusal.h"
#include "tls/san.h"
#include "tls/verify.h"

/* The certificate of the handshake; the caller deinitialises it. */
static gnutls_x509_crt_t
leaf_import(gnutls_session_t session)
{
	gnutls_x509_crt_t leaf = NULL;
	const gnutls_datum_t *list;
	unsigned int count = 0;

	if (gnutls_certificate_type_get(session) != GNUTLS_CRT_X509 ||
	    (list = gnutls_certificate_get_peers(session, &count)) == NULL ||
	    count == 0 || gnutls_x509_crt_init(&leaf) < 0)
		return NULL;
	if (gnutls_x509_crt_import(leaf, &list[0], GNUTLS_X509_FMT_DER) < 0) {
		gnutls_x509_crt_deinit(leaf);
		return NULL;
	}
	return leaf;
}

/* RFC 9525 section 6.3: equal, or one whole label stands for the star. */
static bool
name_matches(const char *pattern, const char *host)
{
	const char *parent = strchr(host, '.');

	if (strncmp(pattern, "*.", 2) == 0)
		return parent != NULL && strcasecmp(pattern + 1, parent) == 0;
	return strcasecmp(pattern, host) == 0;
}

/* GnuTLS would fall back to the common name; RFC 9525 forbids that. */
static bool
leaf_names(gnutls_x509_crt_t leaf, const char *host)
{
	char name[SAN_NAME_MAX + 1];
	unsigned int i = 0;

	while (san_next(leaf, &i, name))
		if (name_matches(name, host))
			return true;
	return false;
}

static bool
leaf_has(gnutls_x509_crt_t leaf, const char *oid)
{
	unsigned int critical;
	size_t len = 0;

	return gnutls_x509_crt_get_extension_by_oid(leaf, oid, 0, NULL, &len,
		   &critical) != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE;
}

/* An extendedKeyUsage without a single purpose allows nothing. */
static bool
leaf_purpose_empty(gnutls_x509_crt_t leaf)
{
	char oid[128];
	size_t len = sizeof oid;

	return leaf_has(leaf, GNUTLS_X509EXT_OID_EXTENDED_KEY_USAGE) &&
	    gnutls_x509_crt_get_key_purpose_oid(leaf, 0, oid, &len, NULL) ==
	    GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE;
}

/* Refuses what GnuTLS lets through in a leaf: docs/reference/tls.md B.1. */
static enum err
leaf_check(gnutls_x509_crt_t leaf, const char *host, struct error *why)
{
	unsigned int usage = 0, critical;

	if (gnutls_x509_crt_get_version(leaf) != 3)
		return refuse(why, "not of version 3");
	if (chain_key_short(leaf))
		return refuse_key(why, leaf);
	if (gnutls_x509_crt_get_ca_status(leaf, &critical) > 0)
		return refuse(why, "is one of a CA, not of a server");
	if (gnutls_x509_crt_get_key_usage(leaf, &usage, &critical) == 0 &&
	    (usage & GNUTLS_KEY_KEY_CERT_SIGN) != 0)
		return refuse(why, "its key may sign certificates");
	if (leaf_has(leaf, GNUTLS_X509EXT_OID_NAME_CONSTRAINTS))
		return refuse(why, "has name constraints, as only a CA may");
	if (leaf_purpose_empty(leaf))
		return refuse(why, "is for no purpose at all");
	if (!leaf_names(leaf, host))
		return refuse_name(why, leaf);
	return ERR_OK;
}

/* All of it, as if no chain had been seen before; *until: chain_check(). */
static enum err
verify_whole(gnutls_session_t session, const char *host,
    struct certificate_seen *seen, time_t *until, struct error *why)
{
	char *name = strdup(host);
	gnutls_typed_vdata_st data[] = {
		{ GNUTLS_DT_DNS_HOSTNAME, (unsigned char *)name, 0 },
		{ GNUTLS_DT_KEY_PURPOSE_OID,
		    (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_SERVER, 0 },
	};
	gnutls_x509_crt_t leaf = NULL;
	enum err rc = ERR_PROOF;
	unsigned int status = 0;
	int checked;

	if (name == NULL || (leaf = leaf_import(session)) == NULL) {
		refuse(why, "there is none that can be read");
		goto out;
	}
	seen_fill(seen, leaf);
	checked = gnutls_certificate_verify_peers(session, data, 2, &status);
	if (checked != GNUTLS_E_SUCCESS) {
		refuse(why, gnutls_strerror(checked));
		goto out;
	}
	if (status != 0) {
		refuse_status(why, session, leaf, status);
		goto out;
	}
	/*
	 * The chain of a resumed session is not verified:
	 * docs/reference/tls.md B.2.
	 */
	if (gnutls_session_is_resumed(session)) {
		refuse(why, "comes from another session");
		goto out;
	}
	if ((rc = leaf_check(leaf, host, why)) == ERR_OK)
		rc = chain_check(session, until, why);
out:
	if (leaf != NULL)
		gnutls_x509_crt_deinit(leaf);
	free(name);
	return rc;
}

/* GnuTLS judges a session by the priorities that it was made with, too. */
#define BY_OUR_SESSION	   "serverAuth, by the priorities of a proof"
#define BY_ANOTHER_SESSION "serverAuth, by other priorities"

/*
 * The name of what is asked about the chain of the session.  False: it must be
 * verified.  Word of revocation, which a server may send with each certificate,
 * is heard each time.
 */
static bool
identify(gnutls_session_t session, const struct authorities *by,
    const char *host, const char *purpose, uint8_t id[KNOWN_ID_LEN])
{
	struct known_question q = { .host = host,
		.purpose = purpose,
		.trust = by->id };
	gnutls_datum_t word;

	if (by->known == NULL || gnutls_session_is_resumed(session) ||
	    gnutls_certificate_type_get(session) != GNUTLS_CRT_X509 ||
	    (q.chain = gnutls_certificate_get_peers(session, &q.count)) == NULL)
		return false;
	for (unsigned int i = 0; i < q.count; i++)
		if (gnutls_ocsp_status_request_get2(session, i, &word) !=
		    GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			return false;
	return known_identify(&q, id);
}

/* As verify_whole(), by the CAs of by; the session keeps its credentials. */
static enum err
verify_whole_by(gnutls_session_t session, const struct authorities *by,
    const char *host, struct certificate_seen *seen, time_t *until,
    struct error *why)
{
	gnutls_certificate_credentials_t trust = NULL;
	const gnutls_datum_t *chain;
	unsigned int count = 0;
	void *own = NULL;
	enum err rc;

	if ((chain = gnutls_certificate_get_peers(session, &count)) != NULL)
		trust = authorities_of(by, chain, count);
	if (trust == NULL ||
	    gnutls_credentials_get(session, GNUTLS_CRD_CERTIFICATE, &own) < 0 ||
	    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, trust) <
		0) {
		rc = refuse(why, "there is none that can be read");
	} else {
		rc = verify_whole(session, host, seen, until, why);
		/* Cannot fail: it replaces what is there. */
		(void)gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE,
		    own);
	}
	if (trust != NULL)
		gnutls_certificate_free_credentials(trust);
	return rc;
}

static enum err
judge(gnutls_session_t session, const struct authorities *by, const char *host,
    const char *purpose, struct certificate_seen *seen, struct error *why)
{
	uint8_t id[KNOWN_ID_LEN];
	bool named = identify(session, by, host, purpose, id);
	time_t until = 0;
	enum err rc;

	*seen = (struct certificate_seen){ .valid_until = 0 };
	if (named && known_has(by->known, id, time(NULL), seen))
		return ERR_OK;
	rc = verify_whole_by(session, by, host, seen, &until, why);
	if (rc == ERR_OK && named)
		known_add(by->known, id, time(NULL), until, seen);
	return rc;
}

enum err
verify_certificate(gnutls_session_t session, const struct authorities *by,
    const char *host, struct certificate_seen *seen, struct error *why)
{
	return judge(session, by, host, BY_OUR_SESSION, seen, why);
}

enum err
verify_against(gnutls_session_t session, const struct authorities *by,
    const char *host, struct error *why)
{
	struct certificate_seen leaf;

	return judge(session, by, host, BY_ANOTHER_SESSION, &leaf, why);
}

enum err
verify_pin(gnutls_session_t session, const uint8_t pins[][PIN_LEN],
    size_t count, struct error *why)
{
	gnutls_x509_crt_t leaf = leaf_import(session);
	uint8_t id[PIN_LEN];
	size_t len = sizeof id;
	enum err rc = ERR_PROOF;

	if (leaf == NULL ||
	    gnutls_x509_crt_get_key_id(leaf, GNUTLS_KEYID_USE_SHA256, id,
		&len) < 0) {
		refuse(why, "there is none that can be read");
		goto out;
	}
	for (size_t i = 0; i < count; i++)
		if (secret_equal(id, pins[i], sizeof id))
			rc = ERR_OK;
	if (rc != ERR_OK)
		refuse(why, "its key is none of the pinned ones");
out:
	if (leaf != NULL)
		gnutls_x509_crt_deinit(leaf);
	return rc;
}

void
verify_look(gnutls_session_t session, struct certificate_seen *seen)
{
	gnutls_x509_crt_t leaf = leaf_import(session);

	*seen = (struct certificate_seen){ .valid_until = 0 };
	if (leaf == NULL)
		return;
	seen_fill(seen, leaf);
	gnutls_x509_crt_deinit(leaf);
}

void
verify_names(gnutls_session_t session, struct certificate_names *names)
{
	gnutls_x509_crt_t leaf = leaf_import(session);

	*names = (struct certificate_names){ .valid_from = 0 };
	if (leaf == NULL)
		return;
	seen_fill_names(names, leaf);
	gnutls_x509_crt_deinit(leaf);
}
