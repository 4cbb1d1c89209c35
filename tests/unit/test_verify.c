/*
 * test_verify.c - which certificate is one of a host, by its names and more.
 *
 * Each row is a handshake of two sessions in this process.  tests/certificates
 * has what other projects collected about chains.
 */
#include "unit.h"

#include <sys/socket.h>
#include <unistd.h>

#include <gnutls/crypto.h>

#include "certificates.h"
#include "tls/verify.h"

static struct identity ca, stranger;
static gnutls_certificate_credentials_t trust, strange_trust, nobody;

/* A client that has seen what a server shows. */
struct view {
	gnutls_session_t client, server;
	gnutls_certificate_credentials_t shown;
	int ends[2];
};

static void
view_open(struct view *v, const struct identity *identity,
    gnutls_certificate_credentials_t clients)
{
	int client = GNUTLS_E_AGAIN, server = GNUTLS_E_AGAIN;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
			     v->ends),
	    0);
	v->shown = identity_credentials(identity);
	gnutls_init(&v->client, GNUTLS_CLIENT | GNUTLS_NONBLOCK);
	gnutls_init(&v->server, GNUTLS_SERVER | GNUTLS_NONBLOCK);
	gnutls_set_default_priority(v->client);
	gnutls_set_default_priority(v->server);
	gnutls_credentials_set(v->client, GNUTLS_CRD_CERTIFICATE, clients);
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
	struct identity identity;
	struct view v;
	enum err rc;

	*why = (struct error){ .code = ERR_OK };
	identity_make(&identity, &ca, leaf);
	view_open(&v, &identity, trust);
	rc = verify_certificate(v.client, host, why);
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

/* By other credentials than the session's, which it keeps. */
static void
test_against(void **state)
{
	struct identity identity;
	struct error why;
	struct view v;
	void *held;

	(void)state;
	identity_make(&identity, &ca, &(struct leaf){ .names = { NAME } });
	view_open(&v, &identity, nobody);
	assert_int_equal(verify_certificate(v.client, NAME, &why), ERR_PROOF);
	assert_int_equal(verify_against(v.client, trust, NAME, &why), ERR_OK);
	assert_int_equal(verify_against(v.client, strange_trust, NAME, &why),
	    ERR_PROOF);
	assert_int_equal(verify_against(v.client, trust, "example.net", &why),
	    ERR_PROOF);
	assert_int_equal(gnutls_credentials_get(v.client,
			     GNUTLS_CRD_CERTIFICATE, &held),
	    0);
	assert_ptr_equal(held, nobody);
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
	view_open(&v, &identity, nobody);
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

static gnutls_certificate_credentials_t
trusting(const struct identity *one)
{
	gnutls_certificate_credentials_t c;
	gnutls_x509_crt_t list[1] = { one != NULL ? one->crt : NULL };

	gnutls_certificate_allocate_credentials(&c);
	if (one != NULL)
		gnutls_certificate_set_x509_trust(c, list, 1);
	return c;
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
	view_open(&v, &identity, nobody);
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
	view_open(&v, &identity, nobody);
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

static int
setup(void **state)
{
	(void)state;
	identity_make_ca(&ca, "a CA");
	identity_make_ca(&stranger, "another CA");
	trust = trusting(&ca);
	strange_trust = trusting(&stranger);
	nobody = trusting(NULL);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	gnutls_certificate_free_credentials(trust);
	gnutls_certificate_free_credentials(strange_trust);
	gnutls_certificate_free_credentials(nobody);
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
		cmocka_unit_test(test_against),
		cmocka_unit_test(test_pins),
		cmocka_unit_test(test_look),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
