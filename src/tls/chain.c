#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <gnutls/x509-ext.h>
#include <gnutls/x509.h>

#include "tls/chain.h"
#include "tls/refusal.h"
#include "tls/san.h"

#define OID_AUTHORITY_INFO "1.3.6.1.5.5.7.1.1"

/* Moves the issuer of crt out of list, or returns NULL. */
static gnutls_x509_crt_t
take_issuer(gnutls_x509_crt_t list[], size_t count, gnutls_x509_crt_t crt)
{
	gnutls_x509_crt_t found;

	for (size_t i = 0; i < count; i++) {
		if (list[i] == NULL ||
		    !gnutls_x509_crt_check_issuer(crt, list[i]))
			continue;
		found = list[i];
		list[i] = NULL;
		return found;
	}
	return NULL;
}

/* The chain ends with crt, if not before. */
static void
count_end(struct chain *c, gnutls_x509_crt_t crt)
{
	time_t end = gnutls_x509_crt_get_expiration_time(crt);

	if (end == (time_t)-1)
		c->until = 0;
	else if (end < c->until)
		c->until = end;
}

/*
 * A certificate that was sent, has ended and lies beside the path is one that
 * no verdict was built on.
 */
static bool
has_ended(gnutls_x509_crt_t crt)
{
	time_t end = gnutls_x509_crt_get_expiration_time(crt);

	return end != (time_t)-1 && end < time(NULL);
}

void
chain_read(struct chain *c, gnutls_session_t session)
{
	gnutls_x509_crt_t sent[CHAIN_MAX] = { NULL }, root, next;
	gnutls_certificate_credentials_t trust = NULL;
	const gnutls_datum_t *list;
	unsigned int count = 0;

	*c = (struct chain){ .until = INT64_MAX };
	list = gnutls_certificate_get_peers(session, &count);
	if (list == NULL || count > CHAIN_MAX)
		return;
	for (unsigned int i = 0; i < count; i++) {
		if (gnutls_x509_crt_init(&sent[i]) < 0 ||
		    gnutls_x509_crt_import(sent[i], &list[i],
			GNUTLS_X509_FMT_DER) < 0)
			goto out;
		if (!has_ended(sent[i]))
			count_end(c, sent[i]);
	}
	if (gnutls_credentials_get(session, GNUTLS_CRD_CERTIFICATE,
		(void **)&trust) < 0)
		goto out;
	next = sent[0];
	sent[0] = NULL;
	while (next != NULL) {
		c->crt[c->count++] = next;
		c->owned = c->count;
		if (gnutls_certificate_get_issuer(trust, next, &root, 0) == 0) {
			c->crt[c->count++] = root;
			count_end(c, root);
			break;
		}
		next = take_issuer(sent, count, next);
	}
out:
	for (unsigned int i = 0; i < count; i++)
		if (sent[i] != NULL)
			gnutls_x509_crt_deinit(sent[i]);
}

void
chain_end(struct chain *c)
{
	for (size_t i = 0; i < c->owned; i++)
		gnutls_x509_crt_deinit(c->crt[i]);
	c->count = c->owned = 0;
}

bool
chain_key_short(gnutls_x509_crt_t crt)
{
	unsigned int bits = 0;
	int algorithm = gnutls_x509_crt_get_pk_algorithm(crt, &bits);

	return algorithm < 0 ||
	    gnutls_pk_bits_to_sec_param((gnutls_pk_algorithm_t)algorithm,
		bits) < GNUTLS_SEC_PARAM_MEDIUM;
}

static bool
extension_critical(gnutls_x509_crt_t crt, const char *oid)
{
	unsigned int critical = 0;
	size_t len = 0;
	int rc = gnutls_x509_crt_get_extension_by_oid(crt, oid, 0, NULL, &len,
	    &critical);

	return rc != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE && critical != 0;
}

/* RFC 5280 section 4.2.2.1: one description at the least. */
static bool
authority_info_broken(gnutls_x509_crt_t crt)
{
	gnutls_datum_t location = { NULL, 0 };
	size_t len = 0;
	int rc;

	if (gnutls_x509_crt_get_extension_by_oid(crt, OID_AUTHORITY_INFO, 0,
		NULL, &len, NULL) == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
		return false;
	rc = gnutls_x509_crt_get_authority_info_access(crt, 0,
	    GNUTLS_IA_ACCESSMETHOD_OID, &location, NULL);
	gnutls_free(location.data);
	return rc < 0;
}

static bool
key_odd(gnutls_x509_crt_t crt)
{
	unsigned int bits = 0;
	int algorithm = gnutls_x509_crt_get_pk_algorithm(crt, &bits);

	return algorithm < 0 || algorithm == GNUTLS_PK_DSA ||
	    (algorithm == GNUTLS_PK_RSA && bits % 8 != 0);
}

static bool
name_empty(gnutls_x509_crt_t crt)
{
	gnutls_datum_t dn = { NULL, 0 };
	bool empty = gnutls_x509_crt_get_raw_dn(crt, &dn) < 0 || dn.size <= 2;

	gnutls_free(dn.data);
	return empty;
}

/* Could the wildcard pattern stand for a name at or below the excluded one? */
static bool
wildcard_reaches(const char *pattern, const gnutls_datum_t *excluded)
{
	const char *parent = pattern + 1; /* ".example.com" */
	size_t parent_len = strlen(parent);

	return excluded->size > parent_len &&
	    strncasecmp((const char *)excluded->data + excluded->size -
		    parent_len,
		parent, parent_len) == 0;
}

static bool
leaf_reaches(gnutls_x509_crt_t leaf, const gnutls_datum_t *excluded)
{
	char name[SAN_NAME_MAX + 1];
	unsigned int i = 0;

	while (san_next(leaf, &i, name))
		if (strncmp(name, "*.", 2) == 0 &&
		    wildcard_reaches(name, excluded))
			return true;
	return false;
}

/*
 * GnuTLS compares a wildcard with excluded names as if it were one name
 * (docs/reference/tls.md B.1).
 */
static enum err
check_constraints(gnutls_x509_crt_t leaf, gnutls_x509_name_constraints_t nc,
    struct error *why)
{
	unsigned int type, count = 0;
	gnutls_datum_t name;

	for (unsigned int i = 0; gnutls_x509_name_constraints_get_excluded(nc,
				     i, &type, &name) == 0;
	     i++, count++)
		if (type == GNUTLS_SAN_DNSNAME && leaf_reaches(leaf, &name))
			return refuse(why,
			    "its wildcard reaches into names "
			    "that its CA must not certify");
	if (count == 0 &&
	    gnutls_x509_name_constraints_get_permitted(nc, 0, &type, &name) !=
		0)
		return refuse(why, "its CA has empty name constraints");
	return ERR_OK;
}

static enum err
check_ca(gnutls_x509_crt_t crt, gnutls_x509_crt_t leaf, struct error *why)
{
	gnutls_x509_name_constraints_t nc;
	enum err rc = ERR_OK;
	unsigned int critical;
	int found;

	if (name_empty(crt))
		return refuse(why, "its CA has no name");
	if (gnutls_x509_name_constraints_init(&nc) < 0)
		return refuse(why, "out of memory");
	found = gnutls_x509_crt_get_name_constraints(crt, nc, 0, &critical);
	if (found == 0)
		rc = check_constraints(leaf, nc, why);
	else if (found != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
		rc = refuse(why, "its CA has broken name constraints");
	gnutls_x509_name_constraints_deinit(nc);
	return rc;
}

static enum err
check_any(gnutls_x509_crt_t crt, struct error *why)
{
	if (extension_critical(crt, GNUTLS_X509EXT_OID_AUTHORITY_KEY_ID) ||
	    extension_critical(crt, OID_AUTHORITY_INFO))
		return refuse(why, "a hint in its chain is marked critical");
	if (authority_info_broken(crt))
		return refuse(why, "its authority information is broken");
	if (key_odd(crt))
		return refuse(why, "a key in its chain is of an odd kind");
	return ERR_OK;
}

/* RFC 7633: the server must send word of its revocation. */
static bool
demands_word(gnutls_x509_crt_t crt)
{
	size_t len = 0;

	return gnutls_x509_crt_get_extension_by_oid(crt,
		   GNUTLS_X509EXT_OID_TLSFEATURES, 0, NULL, &len,
		   NULL) != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE;
}

enum err
chain_check(gnutls_session_t session, time_t *until, struct error *why)
{
	struct chain c;
	enum err rc = ERR_OK;

	chain_read(&c, session);
	*until = c.until;
	if (c.count < 1)
		rc = refuse(why, "there is none that can be read");
	for (size_t i = 0; i < c.count && rc == ERR_OK; i++) {
		rc = check_any(c.crt[i], why);
		if (rc == ERR_OK && i > 0)
			rc = check_ca(c.crt[i], c.crt[0], why);
		if (demands_word(c.crt[i]))
			*until = 0;
	}
	chain_end(&c);
	return rc;
}
