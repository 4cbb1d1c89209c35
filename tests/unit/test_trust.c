/*
 * test_trust.c - which CAs a file holds, and which of them a chain may need.
 */
#include "unit.h"

#include "base/buffer.h"
#include "certificates.h"
#include "tls/limits.h"
#include "tls/trust.h"

static struct identity ca, other, namesake, between, leaf;

static void
add_pem(struct buffer *to, const struct identity *of)
{
	gnutls_datum_t pem;

	assert_int_equal(gnutls_x509_crt_export2(of->crt, GNUTLS_X509_FMT_PEM,
			     &pem),
	    0);
	assert_true(buffer_add(to, (char *)pem.data, pem.size));
	gnutls_free(pem.data);
}

/* A file of some text; its name is good until the end. */
static const char *
file_of(struct buffer *text)
{
	static unsigned int count;
	char name[32];
	const char *file;

	snprintf(name, sizeof name, "trust-%u.pem", count++);
	file = unit_write(name, text->data, text->len);
	buffer_free(text);
	return file;
}

static gnutls_datum_t
der_of(const struct identity *of)
{
	gnutls_datum_t der;

	assert_int_equal(gnutls_x509_crt_export2(of->crt, GNUTLS_X509_FMT_DER,
			     &der),
	    0);
	return der;
}

/* Is the CA among those that the credentials trust? */
static bool
trusts(gnutls_certificate_credentials_t c, const struct identity *one)
{
	gnutls_x509_trust_list_t list;
	gnutls_x509_trust_list_iter_t iter = NULL;
	gnutls_x509_crt_t crt;
	bool found = false;

	gnutls_certificate_get_trust_list(c, &list);
	while (gnutls_x509_trust_list_iter_get_ca(list, &iter, &crt) == 0) {
		found = found || gnutls_x509_crt_equals(crt, one->crt) != 0;
		gnutls_x509_crt_deinit(crt);
	}
	return found;
}

/* A file as people keep it: text, other headings, CRLF, no end of line. */
static const char *
bundle(void)
{
	static const char key[] = "-----BEGIN PUBLIC KEY-----\r\nAAAA\r\n"
				  "-----END PUBLIC KEY-----\r\n";
	struct buffer text = { .max = 1UL << 20 }, old = { .max = 1UL << 16 };
	char *at;

	buffer_puts(&text, "# what we trust\n");
	add_pem(&text, &other);
	buffer_puts(&text, "\n -----BEGIN nothing\n");
	buffer_puts(&text, key);
	add_pem(&text, &ca);
	add_pem(&old, &namesake);
	/* As OpenSSL wrote it long ago. */
	while ((at = strstr(old.data, " CERTIFICATE-----")) != NULL) {
		buffer_printf(&text, "%.*s X509 CERTIFICATE-----",
		    (int)(at - old.data), old.data);
		memmove(old.data, at + strlen(" CERTIFICATE-----"),
		    strlen(at) - strlen(" CERTIFICATE-----") + 1);
	}
	buffer_free(&old);
	return file_of(&text);
}

/* Those that the chain names, of whom two have one name, and no others. */
static void
test_choice(void **state)
{
	const struct {
		const struct identity *chain[3];
		bool ca, namesake, other;
	} rows[] = {
		{ { &leaf, &between }, true, true, false },
		{ { &leaf }, false, false, false },
		{ { &between }, true, true, false },
		{ { &ca }, true, true, false },
		{ { &other }, false, false, true },
		{ { &leaf, &between, &other }, true, true, true },
		{ { NULL }, false, false, false },
	};
	struct trust *trust = trust_new();
	const char *file = bundle();
	struct error why;

	(void)state;
	assert_int_equal(trust_load(trust, file, &why), ERR_OK);
	for (size_t i = 0; i < COUNT(rows); i++) {
		gnutls_certificate_credentials_t c;
		gnutls_datum_t chain[3] = { { NULL, 0 } };
		unsigned int count = 0;

		for (; count < 3 && rows[i].chain[count] != NULL; count++)
			chain[count] = der_of(rows[i].chain[count]);
		c = authorities_of(trust_in(trust, file), chain, count);
		assert_non_null(c);
		ROW(trusts(c, &ca) == rows[i].ca, "row %zu: ca", i);
		ROW(trusts(c, &namesake) == rows[i].namesake,
		    "row %zu: namesake", i);
		ROW(trusts(c, &other) == rows[i].other, "row %zu: other", i);
		gnutls_certificate_free_credentials(c);
		c = authorities_of(trust_in(trust, NULL), chain, count);
		ROW(!trusts(c, &ca) && !trusts(c, &other), "row %zu: nobody",
		    i);
		gnutls_certificate_free_credentials(c);
		for (size_t j = 0; j < count; j++)
			gnutls_free(chain[j].data);
	}
	assert_null(trust_in(trust, "/not/loaded.pem"));
	trust_free(trust);
	ROWS_END();
}

/* What is no chain leads to nobody. */
static void
test_broken_chain(void **state)
{
	gnutls_datum_t chain[LIMITS_CHAIN_MAX + 1];
	unsigned char nonsense[] = "nonsense";
	struct trust *trust = trust_new();
	const char *file = bundle();
	struct error why;

	(void)state;
	assert_int_equal(trust_load(trust, file, &why), ERR_OK);
	chain[0] = der_of(&leaf);
	chain[1] = (gnutls_datum_t){ nonsense, sizeof nonsense };
	assert_null(authorities_of(trust_in(trust, file), chain, 2));
	for (size_t i = 1; i < COUNT(chain); i++)
		chain[i] = chain[0];
	assert_null(authorities_of(trust_in(trust, file), chain, COUNT(chain)));
	gnutls_free(chain[0].data);
	trust_free(trust);
}

/* Two files with the same CAs are two, and so is a file that has changed. */
static void
test_ids(void **state)
{
	struct trust *trust = trust_new();
	struct buffer text = { .max = 1UL << 16 };
	const char *file, *same;
	struct error why;

	(void)state;
	add_pem(&text, &ca);
	buffer_puts(&text, "\n");
	file = file_of(&text);
	text = (struct buffer){ .max = 1UL << 16 };
	add_pem(&text, &ca);
	same = file_of(&text);
	assert_int_equal(trust_load(trust, file, &why), ERR_OK);
	assert_int_equal(trust_load(trust, same, &why), ERR_OK);
	assert_memory_not_equal(trust_in(trust, file)->id,
	    trust_in(trust, same)->id, KNOWN_ID_LEN);
	trust_free(trust);
}

/* A file that is not there is named, and so is what to do. */
static void
test_no_file(void **state)
{
	struct trust *trust = trust_new();
	struct error why;

	(void)state;
	assert_int_equal(trust_load(trust, "/nowhere/ca.pem", &why),
	    ERR_CONFIG);
	assert_string_equal(why.text,
	    "/nowhere/ca.pem: No such file or directory; name a PEM file of CA "
	    "certificates as \"ca\"");
	assert_null(trust_in(trust, "/nowhere/ca.pem"));
	trust_free(trust);
	trust_free(NULL);
}

static void
test_bad_files(void **state)
{
	static const struct {
		const char *before, *after;
		bool with_ca;
		const char *reason;
	} rows[] = {
		{ "", "", false, "no certificate in it" },
		{ "hello\n", "", false, "no certificate in it" },
		{ "-----BEGIN CERTIFICATE-----\nAAAA\n", "", false,
		    "; name a" },
		{ "",
		    "-----BEGIN CERTIFICATE-----\nAAAA\n"
		    "-----END CERTIFICATE-----\n",
		    true, "; name a" },
		{ "-----BEGIN CERTIFICATE-----\n!!!!\n"
		  "-----END CERTIFICATE-----\n",
		    "", true, "; name a" },
		{ "-----BEGIN CERTIFICATE", "", false, "no certificate in it" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buffer text = { .max = 1UL << 16 };
		struct trust *trust = trust_new();
		struct error why;
		const char *file;

		buffer_puts(&text, rows[i].before);
		if (rows[i].with_ca)
			add_pem(&text, &ca);
		buffer_puts(&text, rows[i].after);
		file = file_of(&text);
		ROW(trust_load(trust, file, &why) == ERR_CONFIG &&
			strstr(why.text, rows[i].reason) != NULL,
		    "row %zu: %s", i, why.text);
		ROW(trust_in(trust, file) == NULL, "row %zu: loaded", i);
		trust_free(trust);
	}
	ROWS_END();
}

static int
setup(void **state)
{
	(void)state;
	identity_make_ca(&ca, "a CA");
	identity_make_ca(&namesake, "a CA");
	identity_make_ca(&other, "another CA");
	identity_make_sub_ca(&between, &ca, "a CA between", 60);
	identity_make(&leaf, &between,
	    &(struct leaf){ .names = { "home.example" } });
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	identity_end(&ca);
	identity_end(&namesake);
	identity_end(&other);
	identity_end(&between);
	identity_end(&leaf);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_broken_chain),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_bad_files),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
