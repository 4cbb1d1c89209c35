/*
 * test_limits.c - which handshake messages are too much to compute with.
 */
#include "unit.h"

#include <gnutls/abstract.h>
#include <gnutls/x509.h>

#include "tls/limits.h"

#define MESSAGE_MAX (128U << 10)

static gnutls_protocol_t version;
static gnutls_kx_algorithm_t exchange;

gnutls_protocol_t __wrap_gnutls_protocol_get_version(gnutls_session_t session);
gnutls_kx_algorithm_t __wrap_gnutls_kx_get(gnutls_session_t session);

gnutls_protocol_t
__wrap_gnutls_protocol_get_version(gnutls_session_t session)
{
	(void)session;
	return version;
}

gnutls_kx_algorithm_t
__wrap_gnutls_kx_get(gnutls_session_t session)
{
	(void)session;
	return exchange;
}

/* The call that fails. */
static const char *failing = "";

#define FAILING(name, value, with, arguments)                             \
	UNIT_BETWEEN(strcmp(failing, #name) == 0, int, name, value, with, \
	    arguments)

FAILING(gnutls_hash_fast, GNUTLS_E_MEMORY_ERROR,
    (gnutls_digest_algorithm_t a, const void *text, size_t len, void *digest),
    (a, text, len, digest))
FAILING(gnutls_x509_crt_init, GNUTLS_E_MEMORY_ERROR, (gnutls_x509_crt_t * crt),
    (crt))
FAILING(gnutls_x509_crt_get_pk_rsa_raw, GNUTLS_E_ASN1_GENERIC_ERROR,
    (gnutls_x509_crt_t crt, gnutls_datum_t *m, gnutls_datum_t *e), (crt, m, e))

/* A number whose highest bit is bit number bits - 1. */
static gnutls_datum_t
number(unsigned int bits)
{
	unsigned int size = (bits + 7) / 8;
	gnutls_datum_t n = { gnutls_malloc(size + 1), size };

	assert_non_null(n.data);
	memset(n.data, 0xff, size);
	n.data[0] = (unsigned char)(0xff >> (size * 8 - bits));
	return n;
}

enum key { RSA, RSA_PSS, DSA, EC };

/* What a certificate holds; zeros: the usual. */
struct sort {
	enum key key;
	unsigned int modulus, exponent; /* bits */
	unsigned int padding;		/* bytes of an extension */
};

static void
key_set(gnutls_x509_crt_t crt, const struct sort *sort,
    gnutls_x509_privkey_t signer)
{
	gnutls_datum_t m = number(sort->modulus != 0 ? sort->modulus : 2048);
	gnutls_datum_t e = number(sort->exponent != 0 ? sort->exponent : 17);
	gnutls_x509_privkey_t made;
	gnutls_pubkey_t key;

	assert_int_equal(gnutls_pubkey_init(&key), 0);
	switch (sort->key) {
	case RSA:
		assert_int_equal(gnutls_pubkey_import_rsa_raw(key, &m, &e), 0);
		assert_int_equal(gnutls_x509_crt_set_pubkey(crt, key), 0);
		break;
	case DSA:
		assert_int_equal(gnutls_pubkey_import_dsa_raw(key, &m, &e, &e,
				     &e),
		    0);
		assert_int_equal(gnutls_x509_crt_set_pubkey(crt, key), 0);
		break;
	case RSA_PSS:
		assert_int_equal(gnutls_x509_privkey_init(&made), 0);
		assert_int_equal(gnutls_x509_privkey_generate(made,
				     GNUTLS_PK_RSA_PSS, 2048, 0),
		    0);
		assert_int_equal(gnutls_x509_crt_set_key(crt, made), 0);
		gnutls_x509_privkey_deinit(made);
		break;
	case EC:
		assert_int_equal(gnutls_x509_crt_set_key(crt, signer), 0);
		break;
	}
	gnutls_pubkey_deinit(key);
	gnutls_free(m.data);
	gnutls_free(e.data);
}

static gnutls_datum_t
certificate(const struct sort *sort)
{
	static unsigned char padding[MESSAGE_MAX];
	gnutls_x509_privkey_t signer;
	gnutls_datum_t der;
	gnutls_x509_crt_t crt, issuer;

	assert_int_equal(gnutls_x509_privkey_init(&signer), 0);
	assert_int_equal(gnutls_x509_privkey_generate(signer, GNUTLS_PK_ECDSA,
			     GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1),
			     0),
	    0);
	assert_int_equal(gnutls_x509_crt_init(&crt), 0);
	gnutls_x509_crt_set_version(crt, 3);
	gnutls_x509_crt_set_serial(crt, "1", 1);
	gnutls_x509_crt_set_activation_time(crt, 0);
	gnutls_x509_crt_set_expiration_time(crt, 2000000000);
	if (sort->padding != 0)
		assert_int_equal(gnutls_x509_crt_set_extension_by_oid(crt,
				     "1.2.3", padding, sort->padding, 0),
		    0);
	key_set(crt, sort, signer);
	assert_int_equal(gnutls_x509_crt_init(&issuer), 0);
	assert_int_equal(gnutls_x509_crt_set_key(issuer, signer), 0);
	assert_int_equal(gnutls_x509_crt_sign2(crt, issuer, signer,
			     GNUTLS_DIG_SHA256, 0),
	    0);
	assert_int_equal(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER,
			     &der),
	    0);
	gnutls_x509_crt_deinit(issuer);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(signer);
	return der;
}

/* A handshake message that grows at its end. */
struct message {
	unsigned char data[MESSAGE_MAX];
	unsigned int size;
};

static void
put_length(struct message *m, unsigned int bytes, size_t length)
{
	for (; bytes > 0; bytes--)
		m->data[m->size++] =
		    (unsigned char)(length >> (8 * (bytes - 1)));
}

static void
put_bytes(struct message *m, const gnutls_datum_t *bytes)
{
	assert_true(m->size + bytes->size + 16 < sizeof m->data);
	memcpy(m->data + m->size, bytes->data, bytes->size);
	m->size += bytes->size;
}

/* A good leaf, and then this sort so many times. */
static void
certificates_put(struct message *m, const struct sort *sort, unsigned int times,
    unsigned int staple, bool tls13)
{
	static unsigned char zeros[MESSAGE_MAX];
	const struct sort usual = { .key = EC };
	gnutls_datum_t first = certificate(&usual), other = certificate(sort);
	gnutls_datum_t extensions = { zeros, staple };
	size_t each = 3 + (tls13 ? 2 : 0);
	size_t more = tls13 ? staple : 0;

	m->size = 0;
	if (tls13)
		put_length(m, 1, 0);
	put_length(m, 3,
	    first.size + each + times * (other.size + each + more));
	for (unsigned int i = 0; i <= times; i++) {
		put_length(m, 3, i == 0 ? first.size : other.size);
		put_bytes(m, i == 0 ? &first : &other);
		if (tls13)
			put_length(m, 2, i == 0 ? 0 : staple);
		if (tls13 && i > 0)
			put_bytes(m, &extensions);
	}
	gnutls_free(first.data);
	gnutls_free(other.data);
}

static enum err
check(unsigned int type, const struct message *m, unsigned int size,
    struct error *why)
{
	/* Of its own, so that a sanitizer sees what is read behind its end. */
	gnutls_datum_t bytes = { malloc(size > 0 ? size : 1), size };
	enum err rc;

	assert_non_null(bytes.data);
	memcpy(bytes.data, m->data, size);
	*why = (struct error){ .code = ERR_OK };
	rc = limits_check(NULL, type, &bytes, why);
	free(bytes.data);
	return rc;
}

static const struct {
	const char *title;
	struct sort sort;
	unsigned int times;
	const char *why; /* a part of it; NULL: it is fine */
} rows[] = {
	{ "the usual", { .key = RSA }, 1, NULL },
	{ "EC", { .key = EC }, 2, NULL },
	{ "RSA-PSS", { .key = RSA_PSS }, 1, NULL },
	{ "the longest modulus", { .modulus = 8192 }, 1, NULL },
	{ "a bit more", { .modulus = 8193 }, 1, "has 8193 bits" },
	{ "far more", { .modulus = 65536 }, 1, "has 65536 bits" },
	{ "the longest exponent", { .exponent = 64 }, 1, NULL },
	{ "a bit more", { .exponent = 65 }, 1, "has 65 bits" },
	{ "one as long as the modulus", { .exponent = 2048 }, 1,
	    "has 2048 bits" },
	{ "DSA", { .key = DSA }, 1, "odd kind" },
	{ "the longest chain", { .key = EC }, 15, NULL },
	{ "one more", { .key = EC }, 16, "more than 15 others" },
	{ "a large one", { .padding = 31000 }, 1, NULL },
	{ "one that is too large", { .padding = 32768 }, 1, "more than 32768" },
};

/*
 * Each of them twice, and among the others: what was looked at before is not
 * looked at again if it was within the limits, and only then.
 */
static void
test_certificates(void **state)
{
	static struct message m;
	struct error why;

	(void)state;
	for (size_t n = 0; n < 4 * COUNT(rows); n++) {
		size_t i = n % COUNT(rows);
		int tls13 = n / COUNT(rows) % 2;
		enum err rc = ERR_OK;

		version = tls13 ? GNUTLS_TLS1_3 : GNUTLS_TLS1_2;
		certificates_put(&m, &rows[i].sort, rows[i].times, 100, tls13);
		for (int twice = 0; twice < 2; twice++) {
			rc = check(GNUTLS_HANDSHAKE_CERTIFICATE_PKT, &m, m.size,
			    &why);
			ROW(rows[i].why == NULL ? rc == ERR_OK :
						  rc == ERR_PROOF &&
				    strstr(why.text, rows[i].why) != NULL,
			    "%s, TLS 1.%d: %s", rows[i].title, 2 + tls13,
			    why.text);
		}
	}
	ROWS_END();
}

/* What ends too early is GnuTLS's to refuse, and never read behind its end. */
static void
test_cut(void **state)
{
	static struct message m;
	const struct sort usual = { .key = EC };
	struct error why;

	(void)state;
	for (int tls13 = 0; tls13 < 2; tls13++) {
		version = tls13 ? GNUTLS_TLS1_3 : GNUTLS_TLS1_2;
		certificates_put(&m, &usual, 1, 10, tls13);
		for (unsigned int size = 0; size <= m.size; size++)
			ROW(check(GNUTLS_HANDSHAKE_CERTIFICATE_PKT, &m, size,
				&why) == ERR_OK,
			    "TLS 1.%d, %u bytes: %s", 2 + tls13, size,
			    why.text);
	}
	ROWS_END();
}

/* A list that is whole, and whose last certificate lacks its extensions. */
static void
test_no_extensions(void **state)
{
	static struct message m;
	const struct sort usual = { .key = EC };
	struct error why;

	(void)state;
	version = GNUTLS_TLS1_3;
	certificates_put(&m, &usual, 0, 0, true);
	m.data[3] = (unsigned char)(m.data[3] - 2);
	assert_int_equal(check(GNUTLS_HANDSHAKE_CERTIFICATE_PKT, &m, m.size - 2,
			     &why),
	    ERR_OK);
	/* And one that is none: GnuTLS refuses it. */
	memset(m.data + 7, 0xff, 16);
	assert_int_equal(check(GNUTLS_HANDSHAKE_CERTIFICATE_PKT, &m, m.size - 2,
			     &why),
	    ERR_OK);
}

/* What cannot be looked at is no good key. */
static void
test_calls(void **state)
{
	static const struct {
		const char *call;
		enum err want;
		const char *why;
	} calls[] = {
		/* Only what is remembered is less then. */
		{ "gnutls_hash_fast", ERR_OK, "" },
		{ "gnutls_x509_crt_init", ERR_MEMORY, "out of memory" },
		{ "gnutls_x509_crt_get_pk_rsa_raw", ERR_PROOF,
		    "certificate: an RSA key in its chain cannot be read" },
	};
	static struct message m;
	/* Of a key that no other test has. */
	const struct sort usual = { .key = RSA, .modulus = 2056 };
	struct error why;

	(void)state;
	version = GNUTLS_TLS1_2;
	for (size_t i = 0; i < COUNT(calls); i++) {
		enum err rc;

		certificates_put(&m, &usual, 1, 0, false);
		failing = calls[i].call;
		rc = check(GNUTLS_HANDSHAKE_CERTIFICATE_PKT, &m, m.size, &why);
		failing = "";
		ROW(rc == calls[i].want && strcmp(why.text, calls[i].why) == 0,
		    "%s: %s, %s", calls[i].call, error_name(rc), why.text);
	}
	ROWS_END();
}

static void
test_staple(void **state)
{
	static struct message m;
	const struct sort usual = { .key = EC };
	struct error why;

	(void)state;
	version = GNUTLS_TLS1_3;
	certificates_put(&m, &usual, 1, 4096, true);
	assert_int_equal(check(GNUTLS_HANDSHAKE_CERTIFICATE_PKT, &m, m.size,
			     &why),
	    ERR_OK);
	certificates_put(&m, &usual, 1, 4097, true);
	assert_int_equal(check(GNUTLS_HANDSHAKE_CERTIFICATE_PKT, &m, m.size,
			     &why),
	    ERR_PROOF);
	assert_int_equal(check(GNUTLS_HANDSHAKE_CERTIFICATE_STATUS, &m, 4096,
			     &why),
	    ERR_OK);
	assert_int_equal(check(GNUTLS_HANDSHAKE_CERTIFICATE_STATUS, &m, 4097,
			     &why),
	    ERR_PROOF);
}

static void
test_prime(void **state)
{
	static const struct {
		gnutls_kx_algorithm_t kx;
		unsigned int bits;
		enum err want;
	} primes[] = {
		{ GNUTLS_KX_DHE_RSA, 2048, ERR_OK },
		{ GNUTLS_KX_DHE_RSA, 8192, ERR_OK },
		{ GNUTLS_KX_DHE_RSA, 8193, ERR_PROOF },
		{ GNUTLS_KX_DHE_DSS, 65536, ERR_PROOF },
		{ GNUTLS_KX_ANON_DH, 8193, ERR_PROOF },
		{ GNUTLS_KX_DHE_RSA, 0, ERR_OK },
		/* It begins with another thing than a prime. */
		{ GNUTLS_KX_ECDHE_RSA, 65536, ERR_OK },
	};
	static struct message m;
	struct error why;

	(void)state;
	for (size_t i = 0; i < COUNT(primes); i++) {
		gnutls_datum_t p = number(primes[i].bits);

		exchange = primes[i].kx;
		m.size = 0;
		/* A zero before it does not count. */
		put_length(&m, 2, p.size + 1);
		put_length(&m, 1, 0);
		put_bytes(&m, &p);
		ROW(check(GNUTLS_HANDSHAKE_SERVER_KEY_EXCHANGE, &m, m.size,
			&why) == primes[i].want,
		    "%u bits: %s", primes[i].bits, why.text);
		ROW(check(GNUTLS_HANDSHAKE_SERVER_KEY_EXCHANGE, &m, 1, &why) ==
			ERR_OK,
		    "cut: %s", why.text);
		gnutls_free(p.data);
	}
	ROWS_END();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_certificates),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_no_extensions),
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_staple),
		cmocka_unit_test(test_prime),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
