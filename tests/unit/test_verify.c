/*
 * test_verify.c - which certificate is one of a host, by its names and more.
 *
 * Each row is a handshake of two sessions in this process.  tests/certificates
 * has what other projects collected about chains.
 */
#include "unit.h"

#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <gnutls/crypto.h>

#include "certificates.h"
#include "tls/known.h"
#include "tls/refusal.h"
#include "tls/verify.h"

static struct identity ca, stranger;

/* The CAs that some tests trust. */
struct cas {
	struct trust *trust;
	const struct authorities *by;
};

static struct cas trust, strange_trust, nobody;
static gnutls_certificate_credentials_t nothing; /* what clients trust */

/* Seconds by which the clock of this process, and of GnuTLS, is wrong. */
static time_t skew;

/* In front of the function of the C library, for GnuTLS as well. */
time_t
time(time_t *to)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += skew;
	if (to != NULL)
		*to = now.tv_sec;
	return now.tv_sec;
}

/* How often GnuTLS was asked to verify a chain, and what it is to say. */
static unsigned int asked;
static bool all_good; /* whatever the chain */

/* Does the server send word of the revocation of its certificate? */
static bool word_sent;

int __real_gnutls_certificate_verify_peers(gnutls_session_t session,
    gnutls_typed_vdata_st *data, unsigned int count, unsigned int *status);
/* While it counts, the call of that number fails, and so does it later. */
static bool counting;
static size_t calls, fails;
static const char *failed = ""; /* which one that was */

static bool
fails_now(const char *name)
{
	if (!counting)
		return false;
	if (++calls == fails)
		failed = name;
	return strcmp(failed, name) == 0;
}

/* TYPE NAME(WITH), called with (ARGUMENTS), gives VALUE then. */
#define FAILING(type, name, value, with, arguments) \
	UNIT_BETWEEN(fails_now(#name), type, name, value, with, arguments)

FAILING(char *, strdup, NULL, (const char *s), (s))
FAILING(int, gnutls_x509_crt_init, GNUTLS_E_MEMORY_ERROR,
    (gnutls_x509_crt_t * crt), (crt))
FAILING(int, gnutls_x509_crt_import, GNUTLS_E_ASN1_DER_ERROR,
    (gnutls_x509_crt_t crt, const gnutls_datum_t *data,
	gnutls_x509_crt_fmt_t form),
    (crt, data, form))
FAILING(int, gnutls_x509_crt_get_key_id, GNUTLS_E_MEMORY_ERROR,
    (gnutls_x509_crt_t crt, unsigned int flags, unsigned char *id, size_t *len),
    (crt, flags, id, len))
FAILING(time_t, gnutls_x509_crt_get_expiration_time, (time_t)-1,
    (gnutls_x509_crt_t crt), (crt))
FAILING(int, gnutls_session_is_resumed, 1, (gnutls_session_t session),
    (session))
FAILING(const gnutls_datum_t *, gnutls_certificate_get_peers, NULL,
    (gnutls_session_t session, unsigned int *count), (session, count))
FAILING(int, gnutls_x509_name_constraints_init, GNUTLS_E_MEMORY_ERROR,
    (gnutls_x509_name_constraints_t * nc), (nc))
FAILING(int, gnutls_x509_crt_get_name_constraints, GNUTLS_E_ASN1_DER_ERROR,
    (gnutls_x509_crt_t crt, gnutls_x509_name_constraints_t nc,
	unsigned int flags, unsigned int *critical),
    (crt, nc, flags, critical))
FAILING(int, gnutls_certificate_allocate_credentials, GNUTLS_E_MEMORY_ERROR,
    (gnutls_certificate_credentials_t * c), (c))
FAILING(int, gnutls_certificate_set_x509_trust_mem, GNUTLS_E_MEMORY_ERROR,
    (gnutls_certificate_credentials_t c, const gnutls_datum_t *from,
	gnutls_x509_crt_fmt_t form),
    (c, from, form))
FAILING(gnutls_certificate_type_t, gnutls_certificate_type_get,
    GNUTLS_CRT_RAWPK, (gnutls_session_t session), (session))
FAILING(int, gnutls_credentials_get, GNUTLS_E_INVALID_REQUEST,
    (gnutls_session_t session, gnutls_credentials_type_t type, void **to),
    (session, type, to))
FAILING(int, gnutls_x509_crt_get_raw_dn, GNUTLS_E_MEMORY_ERROR,
    (gnutls_x509_crt_t crt, gnutls_datum_t *dn), (crt, dn))
FAILING(int, gnutls_x509_crt_get_raw_issuer_dn, GNUTLS_E_MEMORY_ERROR,
    (gnutls_x509_crt_t crt, gnutls_datum_t *dn), (crt, dn))
FAILING(int, gnutls_x509_crt_get_issuer_dn3, GNUTLS_E_MEMORY_ERROR,
    (gnutls_x509_crt_t crt, gnutls_datum_t *dn, unsigned int flags),
    (crt, dn, flags))
FAILING(int, gnutls_x509_crt_get_pk_algorithm, GNUTLS_E_MEMORY_ERROR,
    (gnutls_x509_crt_t crt, unsigned int *bits), (crt, bits))
FAILING(int, gnutls_x509_crt_get_authority_info_access, GNUTLS_E_MEMORY_ERROR,
    (gnutls_x509_crt_t crt, unsigned int i, int what, gnutls_datum_t *data,
	unsigned int *critical),
    (crt, i, what, data, critical))
FAILING(int, gnutls_hash_init, GNUTLS_E_MEMORY_ERROR,
    (gnutls_hash_hd_t * h, gnutls_digest_algorithm_t a), (h, a))
FAILING(int, gnutls_hash, GNUTLS_E_MEMORY_ERROR,
    (gnutls_hash_hd_t h, const void *bytes, size_t len), (h, bytes, len))
FAILING(int, gnutls_hash_fast, GNUTLS_E_MEMORY_ERROR,
    (gnutls_digest_algorithm_t a, const void *text, size_t len, void *digest),
    (a, text, len, digest))

int __wrap_gnutls_certificate_verify_peers(gnutls_session_t session,
    gnutls_typed_vdata_st *data, unsigned int count, unsigned int *status);

int
__wrap_gnutls_certificate_verify_peers(gnutls_session_t session,
    gnutls_typed_vdata_st *data, unsigned int count, unsigned int *status)
{
	asked++;
	*status = 0;
	if (fails_now("gnutls_certificate_verify_peers"))
		return GNUTLS_E_INTERNAL_ERROR;
	if (all_good)
		return GNUTLS_E_SUCCESS;
	return __real_gnutls_certificate_verify_peers(session, data, count,
	    status);
}

int __wrap_gnutls_ocsp_status_request_get2(gnutls_session_t session,
    unsigned int i, gnutls_datum_t *word);

int
__wrap_gnutls_ocsp_status_request_get2(gnutls_session_t session, unsigned int i,
    gnutls_datum_t *word)
{
	(void)session;
	(void)i;
	(void)word;
	return word_sent ? GNUTLS_E_SUCCESS :
			   GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE;
}

/* A client that has seen what a server shows. */
struct view {
	gnutls_session_t client, server;
	gnutls_certificate_credentials_t shown;
	int ends[2];
};

static void
view_open_to(struct view *v, gnutls_certificate_credentials_t shown)
{
	int client = GNUTLS_E_AGAIN, server = GNUTLS_E_AGAIN;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
			     v->ends),
	    0);
	v->shown = shown;
	gnutls_init(&v->client, GNUTLS_CLIENT | GNUTLS_NONBLOCK);
	gnutls_init(&v->server, GNUTLS_SERVER | GNUTLS_NONBLOCK);
	gnutls_set_default_priority(v->client);
	gnutls_set_default_priority(v->server);
	gnutls_credentials_set(v->client, GNUTLS_CRD_CERTIFICATE, nothing);
	gnutls_credentials_set(v->server, GNUTLS_CRD_CERTIFICATE, v->shown);
	gnutls_transport_set_int(v->client, v->ends[0]);
	gnutls_transport_set_int(v->server, v->ends[1]);
	while (client == GNUTLS_E_AGAIN || server == GNUTLS_E_AGAIN) {
		if (client == GNUTLS_E_AGAIN)
			client = gnutls_handshake(v->client);
		if (server == GNUTLS_E_AGAIN)
			server = gnutls_handshake(v->server);
		if (gnutls_error_is_fatal(client) ||
		    gnutls_error_is_fatal(server))
			break;
	}
	assert_int_equal(client, 0);
	assert_int_equal(server, 0);
}

static void
view_open(struct view *v, const struct identity *identity)
{
	view_open_to(v, identity_credentials(identity));
}

static void
view_close(struct view *v)
{
	gnutls_deinit(v->client);
	gnutls_deinit(v->server);
	gnutls_certificate_free_credentials(v->shown);
	close(v->ends[0]);
	close(v->ends[1]);
}

static enum err
verify(const struct leaf *leaf, const char *host, struct error *why)
{
	struct certificate_seen seen;
	struct identity identity;
	struct view v;
	enum err rc;

	*why = (struct error){ .code = ERR_OK };
	identity_make(&identity, &ca, leaf);
	view_open(&v, &identity);
	rc = verify_certificate(v.client, trust.by, host, &seen, why);
	view_close(&v);
	identity_end(&identity);
	return rc;
}

/* RFC 9525 section 6.3: names in a certificate, and hosts. */
static const struct {
	const char *names[4];
	const char *host;
	bool good;
} names[] = {
	{ { "home.example.net" }, "home.example.net", true },
	{ { "HOME.example.NET" }, "home.example.net", true },
	{ { "www.example.net", "home.example.net" }, "home.example.net", true },
	{ { "example.net" }, "home.example.net", false },
	{ { "home.example.net" }, "example.net", false },
	{ { "xhome.example.net" }, "home.example.net", false },
	{ { "home.example.net.evil.example" }, "home.example.net", false },
	{ { "home.example.net." }, "home.example.net", false },
	{ { ".example.net" }, "home.example.net", false },
	{ { "xn--mnchen-3ya.example" }, "xn--mnchen-3ya.example", true },
	/* A star is one whole label, the first one. */
	{ { "*.example.net" }, "home.example.net", true },
	{ { "*.EXAMPLE.net" }, "home.example.net", true },
	{ { "*.example.net" }, "example.net", false },
	{ { "*.example.net" }, "a.home.example.net", false },
	{ { "*.net" }, "example.net", false },
	{ { "*.net" }, "net", false },
	{ { "*" }, "net", false },
	{ { "*" }, "example.net", false },
	{ { "*.*.net" }, "home.example.net", false },
	{ { "h*.example.net" }, "home.example.net", false },
	{ { "*e.example.net" }, "home.example.net", false },
	{ { "home.*.net" }, "home.example.net", false },
	{ { "**.example.net" }, "home.example.net", false },
	{ { "home.example.net", "*.example.org" }, "home.example.org", true },
};

/* The reason, to which a fact may be added, such as a time. */
static bool
is_refused(const char *text, const char *reason)
{
	return strncmp(text, reason, strlen(reason)) == 0;
}

static void
test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct leaf leaf = { .common_name = names[i].host };
		struct error why;
		enum err rc;

		memcpy(leaf.names, names[i].names, sizeof names[i].names);
		rc = verify(&leaf, names[i].host, &why);
		ROW(rc == (names[i].good ? ERR_OK : ERR_PROOF),
		    "\"%s\" for %s: %s", names[i].names[0], names[i].host,
		    rc == ERR_OK ? "good" : why.text);
		ROW(names[i].good ||
			is_refused(why.text,
			    "certificate: is not for this name, "
			    "but for \""),
		    "\"%s\" for %s: %s", names[i].names[0], names[i].host,
		    why.text);
	}
	ROWS_END();
}

#define NAME "home.example.net"

static const struct {
	struct leaf leaf;
	const char *reason; /* NULL: good */
} leaves[] = {
	{ { .names = { NAME } }, NULL },
	{ { .names = { NAME }, .rsa_bits = 2048 }, NULL },
	{ { .common_name = NAME }, "certificate: is for no host name" },
	{ { .names = { NAME }, .from_days = -30, .to_days = -1 },
	    "certificate: has expired on 20" },
	{ { .names = { NAME }, .from_days = 1, .to_days = 30 },
	    "certificate: is not valid before 20" },
	{ { .names = { NAME }, .self_signed = true },
	    "certificate: its CA is not trusted: it is self-signed by \"CN=" },
	{ { .names = { NAME }, .purpose = GNUTLS_KP_TLS_WWW_CLIENT },
	    "certificate: is not for a TLS server" },
	/* RFC 5280 section 4.2.1.12 lets any purpose be one. */
	{ { .names = { NAME }, .purpose = GNUTLS_KP_ANY }, NULL },
	{ { .names = { NAME }, .is_ca = true },
	    "certificate: is one of a CA, not of a server" },
	{ { .names = { NAME },
	      .usage =
		  GNUTLS_KEY_DIGITAL_SIGNATURE | GNUTLS_KEY_KEY_CERT_SIGN },
	    "certificate: its key may sign certificates" },
};

static void
test_leaves(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(leaves); i++) {
		struct error why;
		enum err rc = verify(&leaves[i].leaf, NAME, &why);

		if (leaves[i].reason == NULL)
			ROW(rc == ERR_OK, "row %zu: %s", i, why.text);
		else
			ROW(rc == ERR_PROOF &&
				is_refused(why.text, leaves[i].reason),
			    "row %zu: %s", i, rc == ERR_OK ? "good" : why.text);
	}
	ROWS_END();
}

/* As if GnuTLS had found nothing wrong: what is refused by ourselves. */

#define BYTES(der) der, sizeof(der) - 1

static const struct extension none = { .oid = NULL };

static const struct {
	const char *title;
	struct extension ca; /* of a CA between */
	bool nameless;	     /* that CA */
	struct leaf leaf;
	const char *reason; /* NULL: good */
} chains[] = {
	{ "good", .leaf = { .names = { NAME } } },
	{ "of version 1", .leaf = { .names = { NAME }, .version_1 = true },
	    .reason = "not of version 3" },
	{ "a short key", .leaf = { .names = { NAME }, .rsa_bits = 1024 },
	    .reason = "its RSA key of 1024 bits is too short" },
	{ "an odd key", .leaf = { .names = { NAME }, .rsa_bits = 2052 },
	    .reason = "a key in its chain is of an odd kind" },
	{ "no purpose",
	    .leaf = { .names = { NAME },
		.extension = { "2.5.29.37", BYTES("\x30\x00"), false } },
	    .reason = "is for no purpose at all" },
	{ "constraints of a CA",
	    .leaf = { .names = { NAME },
		.extension = { "2.5.29.30",
		    BYTES("\x30\x0b\xa1\x09\x30\x07\x82\x05x.org"), true } },
	    .reason = "has name constraints, as only a CA may" },
	{ "a critical key of its CA",
	    .leaf = { .names = { NAME },
		.extension = { "2.5.29.35",
		    BYTES("\x30\x06\x80\x04\x01\x02\x03\x04"), true } },
	    .reason = "a hint in its chain is marked critical" },
	{ "critical information",
	    .leaf = { .names = { NAME },
		.extension = { "1.3.6.1.5.5.7.1.1",
		    BYTES("\x30\x10\x30\x0e\x06\x08\x2b\x06\x01\x05\x05"
			  "\x07\x30\x01\x86\x02x:"),
		    true } },
	    .reason = "a hint in its chain is marked critical" },
	{ "empty information",
	    .leaf = { .names = { NAME },
		.extension = { "1.3.6.1.5.5.7.1.1", BYTES("\x30\x00"),
		    false } },
	    .reason = "its authority information is broken" },
	{ "some information",
	    .leaf = { .names = { NAME },
		.extension = { "1.3.6.1.5.5.7.1.1",
		    BYTES("\x30\x10\x30\x0e\x06\x08\x2b\x06\x01\x05\x05"
			  "\x07\x30\x01\x86\x02x:"),
		    false } } },
	{ "names of other kinds, too long, and with a NUL",
	    .leaf = { .names = { NAME },
		.extension = { "2.5.29.17",
		    BYTES("\x30\x82\x01\x52"
			  "\x87\x04\xc0\x00\x02\x01"
			  "\x81\x03"
			  "a@b"
			  "\x82\x82\x01\x2c"
			  "0123456789012345678901234567890123456789"
			  "0123456789012345678901234567890123456789"
			  "0123456789012345678901234567890123456789"
			  "0123456789012345678901234567890123456789"
			  "0123456789012345678901234567890123456789"
			  "0123456789012345678901234567890123456789"
			  "0123456789012345678901234567890123456789"
			  "01234567890123456789"
			  "\x82\x03"
			  "a\0b"
			  "\x82\x10" NAME),
		    false } } },
	{ "more names than are told",
	    .leaf = { .names = { "a.example", "b.example", "c.example",
			  "d.example", "e.example" } },
	    .reason = "is not for this name, but for \"a.example\", "
		      "\"b.example\", \"c.example\" and 2 more" },
	{ "a CA without a name", .nameless = true,
	    .leaf = { .names = { NAME } }, .reason = "its CA has no name" },
	{ "empty constraints", { "2.5.29.30", BYTES("\x30\x00"), true },
	    .leaf = { .names = { NAME } },
	    .reason = "its CA has empty name constraints" },
	{ "broken constraints", { "2.5.29.30", BYTES("\x04\x00"), true },
	    .leaf = { .names = { NAME } },
	    .reason = "its CA has broken name constraints" },
	{ "a name that is excluded",
	    { "2.5.29.30", BYTES("\x30\x16\xa1\x14\x30\x12\x82\x10" NAME),
		true },
	    .leaf = { .names = { "*.example.net", "www.example.org" } },
	    .reason = "its wildcard reaches into names that its CA must not "
		      "certify" },
	{ "an address that is excluded",
	    { "2.5.29.30",
		BYTES("\x30\x0e\xa1\x0c\x30\x0a\x87\x08\xc0\x00\x02\x00"
		      "\xff\xff\xff\x00"),
		true },
	    .leaf = { .names = { "*.example.net" } } },
	{ "a name that is permitted",
	    { "2.5.29.30",
		BYTES("\x30\x11\xa0\x0f\x30\x0d\x82\x0b"
		      "example.net"),
		true },
	    .leaf = { .names = { NAME } } },
};

/* Of the chain that a leaf makes with a CA between it and the root. */
static enum err
verify_under(const struct identity *between, const struct identity *leaf,
    struct error *why)
{
	struct certificate_seen seen;
	struct view v;
	enum err rc;

	*why = (struct error){ .code = ERR_OK };
	view_open_to(&v, identity_chain_credentials(leaf, between));
	all_good = true;
	rc = verify_certificate(v.client, trust.by, NAME, &seen, why);
	all_good = false;
	view_close(&v);
	return rc;
}

static void
test_chains(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(chains); i++) {
		const char *name = chains[i].nameless ? "" : "a CA between";
		struct identity between, leaf;
		char reason[256] = "";
		struct error why;
		enum err rc;

		identity_make_odd_ca(&between, &ca, name, &chains[i].ca);
		identity_make(&leaf, &between, &chains[i].leaf);
		rc = verify_under(&between, &leaf, &why);
		if (chains[i].reason != NULL)
			snprintf(reason, sizeof reason, "certificate: %s",
			    chains[i].reason);
		ROW(rc == (*reason != '\0' ? ERR_PROOF : ERR_OK) &&
			strcmp(why.text, reason) == 0,
		    "%s: %s", chains[i].title,
		    rc == ERR_OK ? "good" : why.text);
		identity_end(&leaf);
		identity_end(&between);
	}
	ROWS_END();
}

/* A name that comes after more of them than anybody needs. */
static void
test_names_without_end(void **state)
{
	static unsigned char der[4 + 4 * 4200 + 2 + sizeof NAME];
	size_t len = 4;
	struct leaf leaf = { .names = { NAME },
		.extension = { "2.5.29.17", der, 0, false } };
	struct identity between, of;
	struct error why;

	(void)state;
	for (int i = 0; i < 4200; i++, len += 4)
		memcpy(der + len,
		    "\x82\x02"
		    "ab",
		    4);
	memcpy(der + len, "\x82\x10" NAME, 2 + strlen(NAME));
	len += 2 + strlen(NAME);
	der[0] = 0x30;
	der[1] = 0x82;
	der[2] = (unsigned char)((len - 4) >> 8);
	der[3] = (unsigned char)(len - 4);
	leaf.extension.len = len;
	identity_make_odd_ca(&between, &ca, "a CA between", &none);
	identity_make(&of, &between, &leaf);
	assert_int_equal(verify_under(&between, &of, &why), ERR_PROOF);
	assert_string_equal(why.text,
	    "certificate: is not for this name, but for \"ab\", \"ab\", "
	    "\"ab\" and 4093 more");
	identity_end(&of);
	identity_end(&between);
}

/* By other credentials than the session's, which it keeps. */
static void
test_against(void **state)
{
	struct certificate_seen seen;
	struct identity identity;
	struct error why;
	struct view v;
	void *held;

	(void)state;
	identity_make(&identity, &ca, &(struct leaf){ .names = { NAME } });
	view_open(&v, &identity);
	assert_int_equal(verify_certificate(v.client, nobody.by, NAME, &seen,
			     &why),
	    ERR_PROOF);
	assert_int_equal(verify_against(v.client, trust.by, NAME, &why),
	    ERR_OK);
	assert_int_equal(verify_against(v.client, strange_trust.by, NAME, &why),
	    ERR_PROOF);
	assert_int_equal(verify_against(v.client, trust.by, "example.net",
			     &why),
	    ERR_PROOF);
	assert_int_equal(gnutls_credentials_get(v.client,
			     GNUTLS_CRD_CERTIFICATE, &held),
	    0);
	assert_ptr_equal(held, nothing);
	view_close(&v);
	identity_end(&identity);
}

static void
test_pins(void **state)
{
	uint8_t pins[2][PIN_LEN] = { { 0 }, { 0 } };
	struct identity identity;
	size_t len = PIN_LEN;
	struct error why;
	struct view v;

	(void)state;
	identity_make(&identity, &ca, &(struct leaf){ .self_signed = true });
	view_open(&v, &identity);
	assert_int_equal(verify_pin(v.client, pins, 2, &why), ERR_PROOF);
	assert_string_equal(why.text,
	    "certificate: its key is none of the pinned ones");
	assert_int_equal(gnutls_x509_crt_get_key_id(identity.crt,
			     GNUTLS_KEYID_USE_SHA256, pins[1], &len),
	    0);
	assert_int_equal(verify_pin(v.client, pins, 2, &why), ERR_OK);
	assert_int_equal(verify_pin(v.client, pins, 1, &why), ERR_PROOF);
	pins[1][PIN_LEN - 1] ^= 1;
	assert_int_equal(verify_pin(v.client, pins, 2, &why), ERR_PROOF);
	view_close(&v);
	identity_end(&identity);
}

/* Those that trust one CA, or none; each has a memory of its own. */
static void
cas_make(struct cas *c, const struct identity *one)
{
	const char *file = one != NULL ? identity_file(one, "ca.pem") : NULL;
	struct error why;

	c->trust = trust_new();
	assert_non_null(c->trust);
	if (file != NULL)
		assert_int_equal(trust_load(c->trust, file, &why), ERR_OK);
	c->by = trust_in(c->trust, file);
	assert_non_null(c->by);
}

/* What people are told of a certificate, with the bytes of a stranger in it. */
static void
test_look(void **state)
{
	char long_name[300];
	struct identity authority, identity;
	struct certificate_seen seen;
	struct leaf leaf = { .names = { "home.example.net" } };
	uint8_t id[PIN_LEN];
	char hex[2 * PIN_LEN + 1];
	size_t len = sizeof id;
	struct view v;

	(void)state;
	identity_make_ca(&authority, "a\n\x1b[31m\xff\"\\CA");
	identity_make(&identity, &authority, &leaf);
	view_open(&v, &identity);
	verify_look(v.client, &seen);
	view_close(&v);
	assert_null(strpbrk(seen.issuer, "\n\x1b\xff"));
	assert_non_null(strstr(seen.issuer, "CA"));
	assert_int_equal(gnutls_x509_crt_get_key_id(identity.crt,
			     GNUTLS_KEYID_USE_SHA256, id, &len),
	    0);
	for (size_t i = 0; i < sizeof id; i++)
		snprintf(hex + 2 * i, 3, "%02x", id[i]);
	assert_string_equal(seen.key, hex);
	assert_true(strlen(seen.serial) > 0);
	assert_int_equal(seen.valid_until,
	    gnutls_x509_crt_get_expiration_time(identity.crt));
	identity_end(&identity);
	identity_end(&authority);

	/* It is cut, not left out. */
	memset(long_name, 'x', sizeof long_name);
	long_name[sizeof long_name - 1] = '\0';
	identity_make_ca(&authority, long_name);
	identity_make(&identity, &authority, &leaf);
	view_open(&v, &identity);
	verify_look(v.client, &seen);
	assert_non_null(strstr(seen.issuer, "xxxx"));
	assert_true(strlen(seen.issuer) < sizeof seen.issuer);
	/* Who shows none leaves nothing of another one. */
	verify_look(v.server, &seen);
	assert_string_equal(seen.issuer, "");
	assert_string_equal(seen.key, "");
	assert_int_equal(seen.valid_until, 0);
	view_close(&v);
	identity_end(&identity);
	identity_end(&authority);
}

/* The number of a certificate is cut, or left out if it is absurd. */
static void
test_serials(void **state)
{
	static const struct {
		unsigned int bytes;
		size_t shown; /* characters */
	} rows[] = { { 20, 40 }, { 23, 46 }, { 24, 46 }, { 64, 46 },
		{ 65, 0 } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct leaf leaf = { .names = { NAME },
			.serial_len = rows[i].bytes };
		struct certificate_seen seen;
		struct identity identity;
		struct view v;

		identity_make(&identity, &ca, &leaf);
		view_open(&v, &identity);
		verify_look(v.client, &seen);
		ROW(strlen(seen.serial) == rows[i].shown, "%u bytes: %s",
		    rows[i].bytes, seen.serial);
		view_close(&v);
		identity_end(&identity);
	}
	ROWS_END();
}

/*
 * The memory of chains
 */

/* A session with a leaf and the CA between it and the root. */
struct known_view {
	struct view v;
	struct identity between, leaf;
	struct cas cas;
};

static void
known_open(struct known_view *k, const struct leaf *leaf, int between_days)
{
	identity_make_sub_ca(&k->between, &ca, "a CA between", between_days);
	identity_make(&k->leaf, &k->between, leaf);
	cas_make(&k->cas, &ca);
	view_open_to(&k->v, identity_chain_credentials(&k->leaf, &k->between));
	asked = 0;
}

static void
known_close(struct known_view *k)
{
	view_close(&k->v);
	trust_free(k->cas.trust);
	identity_end(&k->between);
	identity_end(&k->leaf);
	skew = 0;
}

static enum err
known_ask(const struct known_view *k, const char *host)
{
	struct certificate_seen seen;
	struct error why;

	return verify_certificate(k->v.client, k->cas.by, host, &seen, &why);
}

static const struct leaf home = { .names = { NAME, "other.example.net" } };

static void
test_known_chain(void **state)
{
	struct certificate_seen first, again;
	struct known_view k;
	struct error why;

	(void)state;
	known_open(&k, &home, 60);
	for (int i = 0; i < 3; i++)
		assert_int_equal(verify_certificate(k.v.client, k.cas.by, NAME,
				     i == 0 ? &first : &again, &why),
		    ERR_OK);
	assert_int_equal(asked, 1);
	assert_memory_equal(&first, &again, sizeof first);
	assert_true(first.valid_until > 0);
	/* What was refused is refused each time. */
	for (int i = 0; i < 2; i++)
		assert_int_equal(known_ask(&k, "example.net"), ERR_PROOF);
	assert_int_equal(asked, 3);
	known_close(&k);
}

/* Everything that a verdict depends on: it is asked for anew. */
static void
test_known_in_other_circumstances(void **state)
{
	struct certificate_seen seen;
	struct authorities others;
	struct known_view k;
	struct error why;

	(void)state;
	known_open(&k, &home, 60);
	assert_int_equal(known_ask(&k, NAME), ERR_OK);
	/* Another host, for which it is good, and then another one. */
	assert_int_equal(known_ask(&k, "other.example.net"), ERR_OK);
	assert_int_equal(asked, 2);
	assert_int_equal(known_ask(&k, "third.example.net"), ERR_PROOF);
	/* A session that is not ours, where other rules may hold. */
	assert_int_equal(verify_against(k.v.client, k.cas.by, NAME, &why),
	    ERR_OK);
	assert_int_equal(asked, 4);
	assert_int_equal(verify_against(k.v.client, k.cas.by, NAME, &why),
	    ERR_OK);
	assert_int_equal(asked, 4);
	/* Other CAs, even if they have the same memory. */
	others = *strange_trust.by;
	others.known = k.cas.by->known;
	assert_int_equal(verify_certificate(k.v.client, &others, NAME, &seen,
			     &why),
	    ERR_PROOF);
	assert_int_equal(verify_against(k.v.client, &others, NAME, &why),
	    ERR_PROOF);
	assert_int_equal(asked, 6);
	known_close(&k);
}

#define DAY  86400
#define HOUR 3600

/* Moments after the chain was found good, by a day more or less. */
static const struct {
	int leaf_days, between_days;
	time_t later; /* seconds */
	bool known, good;
} moments[] = {
	{ 30, 60, 0, true, true },
	{ 30, 60, HOUR - 60, true, true },
	{ 30, 60, HOUR, false, true },
	{ 30, 60, 2 * HOUR, false, true },
	{ 30, 60, -60, false, true },
	{ 30, 60, -2 * DAY, false, false },
	{ 30, 60, 31 * DAY, false, false },
	{ 30, 20, 21 * DAY, false, false },
};

static void
test_known_for_a_while(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(moments); i++) {
		struct leaf leaf = home;
		struct known_view k;
		enum err rc;

		leaf.from_days = -1;
		leaf.to_days = moments[i].leaf_days;
		known_open(&k, &leaf, moments[i].between_days);
		assert_int_equal(known_ask(&k, NAME), ERR_OK);
		skew = moments[i].later;
		rc = known_ask(&k, NAME);
		ROW(rc == (moments[i].good ? ERR_OK : ERR_PROOF) &&
			asked == (moments[i].known ? 1 : 2),
		    "row %zu: %s, verified %u times", i, error_name(rc), asked);
		known_close(&k);
	}
	ROWS_END();
}

/* Whichever certificate ends within the hour ends the memory as well. */
static void
test_known_until_the_first_end(void **state)
{
	static const struct {
		int leaf_days, between_days;
	} rows[] = { { 2, 60 }, { 30, 2 } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct leaf leaf = home;
		struct known_view k;

		leaf.from_days = -1;
		leaf.to_days = rows[i].leaf_days;
		known_open(&k, &leaf, rows[i].between_days);
		skew = 2 * DAY - 600;
		ROW(known_ask(&k, NAME) == ERR_OK, "row %zu", i);
		skew = 2 * DAY - 300;
		ROW(known_ask(&k, NAME) == ERR_OK && asked == 1,
		    "row %zu: verified %u times", i, asked);
		skew = 2 * DAY + 1;
		ROW(known_ask(&k, NAME) == ERR_PROOF && asked == 2,
		    "row %zu: it has ended", i);
		known_close(&k);
	}
	ROWS_END();
}

/* And the root, which the peer does not even send. */
static void
test_known_until_the_root_ends(void **state)
{
	struct identity root = { NULL, NULL };
	struct identity leaf;
	struct cas by;
	struct certificate_seen seen;
	struct error why;
	struct view v;

	(void)state;
	identity_make_sub_ca(&root, &root, "a short root", 2);
	identity_make(&leaf, &root, &home);
	cas_make(&by, &root);
	view_open(&v, &leaf);
	skew = 2 * DAY - 600;
	asked = 0;
	for (int i = 0; i < 2; i++)
		assert_int_equal(verify_certificate(v.client, by.by, NAME,
				     &seen, &why),
		    ERR_OK);
	assert_int_equal(asked, 1);
	skew = 2 * DAY + 1;
	assert_int_equal(verify_certificate(v.client, by.by, NAME, &seen, &why),
	    ERR_PROOF);
	skew = 0;
	view_close(&v);
	trust_free(by.trust);
	identity_end(&leaf);
	identity_end(&root);
}

/*
 * Each byte of each certificate of a chain that is remembered, changed in the
 * session itself: no verdict but that of a verification is given.
 */
static void
test_known_but_for_one_byte(void **state)
{
	const gnutls_datum_t *chain;
	unsigned int count = 0;
	struct known_view k;

	(void)state;
	known_open(&k, &home, 60);
	assert_int_equal(known_ask(&k, NAME), ERR_OK);
	chain = gnutls_certificate_get_peers(k.v.client, &count);
	assert_int_equal(count, 2);
	for (unsigned int i = 0; i < count; i++)
		for (unsigned int at = 0; at < chain[i].size; at++) {
			asked = 0;
			chain[i].data[at] ^= 1 << at % 8;
			ROW(known_ask(&k, NAME) == ERR_PROOF,
			    "byte %u of certificate %u: good", at, i);
			chain[i].data[at] ^= 1 << at % 8;
		}
	asked = 0;
	assert_int_equal(known_ask(&k, NAME), ERR_OK);
	assert_int_equal(asked, 0);
	known_close(&k);
	ROWS_END();
}

/* RFC 7633: that it was good once, with word, says nothing of the next time. */
static void
test_word_that_a_certificate_demands(void **state)
{
	struct leaf leaf = home;
	struct known_view k;

	(void)state;
	leaf.must_staple = true;
	known_open(&k, &leaf, 60);
	assert_int_equal(known_ask(&k, NAME), ERR_PROOF);
	all_good = true;
	assert_int_equal(known_ask(&k, NAME), ERR_OK);
	all_good = false;
	assert_int_equal(known_ask(&k, NAME), ERR_PROOF);
	assert_int_equal(asked, 3);
	known_close(&k);
}

/* Word that comes without being asked for may be "revoked". */
static void
test_word_that_a_server_sends(void **state)
{
	struct known_view k;

	(void)state;
	known_open(&k, &home, 60);
	assert_int_equal(known_ask(&k, NAME), ERR_OK);
	word_sent = true;
	assert_int_equal(known_ask(&k, NAME), ERR_OK);
	assert_int_equal(known_ask(&k, NAME), ERR_OK);
	assert_int_equal(asked, 3);
	word_sent = false;
	assert_int_equal(known_ask(&k, NAME), ERR_OK);
	assert_int_equal(asked, 3);
	known_close(&k);
}

/*
 * What GnuTLS finds wrong, and what is told of it where the chain can be read
 * again, and where it cannot.
 */

#define UNKNOWN_STATUS (1U << 30)

static const struct {
	unsigned int status;
	const char *reason;
	const char *unread; /* NULL: the same */
} statuses[] = {
	{ GNUTLS_CERT_REVOKED | GNUTLS_CERT_EXPIRED, "is revoked", NULL },
	{ GNUTLS_CERT_NOT_ACTIVATED,
	    "has expired, or is not valid yet; our clock says ", NULL },
	{ GNUTLS_CERT_EXPIRED,
	    "has expired, or is not valid yet; our clock says ", NULL },
	{ GNUTLS_CERT_UNEXPECTED_OWNER,
	    "is not for this name, but for \"home.example.net\", "
	    "\"other.example.net\"",
	    NULL },
	{ GNUTLS_CERT_PURPOSE_MISMATCH, "is not for a TLS server", NULL },
	{ GNUTLS_CERT_INSECURE_ALGORITHM, "uses a weak algorithm, as SHA-1",
	    NULL },
	{ GNUTLS_CERT_SIGNATURE_FAILURE, "has a false signature", NULL },
	{ GNUTLS_CERT_SIGNER_NOT_FOUND,
	    "its CA is not trusted: its issuer \"CN=a CA\" is neither sent",
	    "its CA is not trusted" },
	{ GNUTLS_CERT_SIGNER_NOT_CA, "its signer is not a CA", NULL },
	{ GNUTLS_CERT_MISSING_OCSP_STATUS, "must come with an OCSP answer",
	    NULL },
	{ UNKNOWN_STATUS, "not valid (status 0x40000000)", NULL },
};

static void
begin(const char *name)
{
	calls = 0;
	fails = 0;
	failed = name;
	counting = true;
}

static void
test_statuses(void **state)
{
	struct known_view k;

	(void)state;
	known_open(&k, &home, 60);
	for (size_t i = 0; i < 2 * COUNT(statuses); i++) {
		size_t n = i / 2;
		const char *reason = statuses[n].reason;
		struct error why = { .code = ERR_OK };
		enum err rc;

		if (i % 2 == 1 && statuses[n].unread != NULL)
			reason = statuses[n].unread;
		begin(i % 2 == 1 ? "gnutls_certificate_get_peers" : "nothing");
		rc = refuse_status(&why, k.v.client, k.leaf.crt,
		    statuses[n].status);
		counting = false;
		ROW(rc == ERR_PROOF &&
			strncmp(why.text, "certificate: ", 13) == 0 &&
			is_refused(why.text + 13, reason),
		    "row %zu: %s", n, why.text);
	}
	known_close(&k);
	ROWS_END();
}

/* What cannot be told of a certificate is a question mark, or left out. */
static void
test_untold(void **state)
{
	struct known_view k;
	struct error why;

	(void)state;
	known_open(&k, &home, 60);
	begin("gnutls_x509_crt_get_issuer_dn3");
	(void)refuse_status(&why, k.v.client, k.leaf.crt,
	    GNUTLS_CERT_SIGNER_NOT_FOUND);
	assert_non_null(strstr(why.text, "its issuer \"?\" is neither"));
	begin("gnutls_x509_crt_get_pk_algorithm");
	(void)refuse_status(&why, k.v.client, k.leaf.crt,
	    GNUTLS_CERT_INSECURE_ALGORITHM);
	assert_string_equal(why.text,
	    "certificate: its key is of an unknown kind");
	counting = false;
	/* A clock beyond all calendars. */
	skew = INT64_MAX / 2;
	(void)refuse_status(&why, k.v.client, k.leaf.crt, GNUTLS_CERT_EXPIRED);
	assert_non_null(strstr(why.text, "certificate: has expired on 20"));
	assert_non_null(strstr(why.text, "; our clock says ?"));
	known_close(&k);
}

/*
 * Each call in turn
 */

/* Only what is kept of a chain, or shown of it, is less then. */
static bool
is_harmless(const char *name)
{
	static const char *const list[] = { "gnutls_hash_fast",
		"gnutls_hash_init", "gnutls_hash",
		"gnutls_x509_crt_get_issuer_dn3",
		"gnutls_x509_crt_get_expiration_time",
		"gnutls_x509_crt_get_key_id" };

	for (size_t i = 0; i < COUNT(list); i++)
		if (strcmp(name, list[i]) == 0)
			return true;
	return false;
}

static void
begin_at(size_t number)
{
	begin("nothing");
	fails = number;
}

/* A chain is never good because GnuTLS could not look at it. */
static void
test_each_call_of_a_proof_fails(void **state)
{
	struct known_view k;
	size_t count = 1;

	(void)state;
	for (size_t n = 0; n <= count; n++) {
		struct certificate_seen seen;
		struct error why = { .code = ERR_OK };
		enum err rc, against;

		known_open(&k, &home, 60);
		begin_at(n);
		rc =
		    verify_certificate(k.v.client, k.cas.by, NAME, &seen, &why);
		counting = false;
		if (n == 0) {
			assert_int_equal(rc, ERR_OK);
			count = calls;
			assert_true(count > 7);
		} else {
			ROW(rc != ERR_OK || is_harmless(failed),
			    "%zu of %zu: good, though %s failed", n, count,
			    failed);
			ROW(rc == ERR_OK ||
				strncmp(why.text, "certificate: ", 13) == 0 ||
				why.code == ERR_MEMORY,
			    "%zu of %zu: %s: %s", n, count, failed, why.text);
		}
		known_close(&k);
		/* By other credentials, as those of a provider's. */
		known_open(&k, &home, 60);
		begin_at(n);
		against = verify_against(k.v.client, k.cas.by, NAME, &why);
		counting = false;
		ROW(against == ERR_OK ?
			n == 0 || fails > calls || is_harmless(failed) :
			n > 0,
		    "%zu: %s, though %s failed", n, error_name(against),
		    failed);
		known_close(&k);
	}
	ROWS_END();
}

/* The same for a pin, and for what is only looked at. */
static void
test_each_call_of_a_pin_fails(void **state)
{
	uint8_t pins[1][PIN_LEN];
	struct certificate_names of;
	struct certificate_seen seen;
	struct identity identity;
	size_t len = PIN_LEN, count = 1;
	struct error why;
	struct view v;

	(void)state;
	identity_make(&identity, &ca, &(struct leaf){ .self_signed = true });
	view_open(&v, &identity);
	assert_int_equal(gnutls_x509_crt_get_key_id(identity.crt,
			     GNUTLS_KEYID_USE_SHA256, pins[0], &len),
	    0);
	for (size_t n = 0; n <= count; n++) {
		enum err rc;

		begin_at(n);
		rc = verify_pin(v.client, pins, 1, &why);
		counting = false;
		count = n == 0 ? calls : count;
		ROW((rc == ERR_OK) == (n == 0), "%zu of %zu: %s, and %s failed",
		    n, count, error_name(rc), failed);
	}
	for (size_t n = 1; n <= 3; n++) {
		begin_at(n);
		verify_look(v.client, &seen);
		begin_at(n);
		verify_names(v.client, &of);
		counting = false;
		ROW(of.valid_from == 0, "%zu: %s failed", n, failed);
		ROW(*seen.issuer == '\0', "%zu: %s failed", n, failed);
	}
	view_close(&v);
	identity_end(&identity);
	ROWS_END();
}

static int
setup(void **state)
{
	(void)state;
	identity_make_ca(&ca, "a CA");
	identity_make_ca(&stranger, "another CA");
	gnutls_certificate_allocate_credentials(&nothing);
	cas_make(&trust, &ca);
	cas_make(&strange_trust, &stranger);
	cas_make(&nobody, NULL);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	gnutls_certificate_free_credentials(nothing);
	trust_free(trust.trust);
	trust_free(strange_trust.trust);
	trust_free(nobody.trust);
	identity_end(&ca);
	identity_end(&stranger);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_leaves),
		cmocka_unit_test(test_chains),
		cmocka_unit_test(test_names_without_end),
		cmocka_unit_test(test_against),
		cmocka_unit_test(test_pins),
		cmocka_unit_test(test_look),
		cmocka_unit_test(test_serials),
		cmocka_unit_test(test_known_chain),
		cmocka_unit_test(test_known_in_other_circumstances),
		cmocka_unit_test(test_known_for_a_while),
		cmocka_unit_test(test_known_until_the_first_end),
		cmocka_unit_test(test_known_until_the_root_ends),
		cmocka_unit_test(test_known_but_for_one_byte),
		cmocka_unit_test(test_word_that_a_certificate_demands),
		cmocka_unit_test(test_word_that_a_server_sends),
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_untold),
		cmocka_unit_test(test_each_call_of_a_proof_fails),
		cmocka_unit_test(test_each_call_of_a_pin_fails),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
