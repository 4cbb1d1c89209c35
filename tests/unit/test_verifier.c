/*
 * test_verifier.c - the forms of a verifier, and the vectors of the RFC.
 */
#include "unit.h"

#include <gnutls/gnutls.h>

#include "account/verifier.h"

/* RFC 7914 section 11: PBKDF2-HMAC-SHA-256, the first 32 bytes of the key. */
static const struct {
	const char *password;
	const char *salt;
	unsigned int iterations;
	const char *key;
} vectors[] = {
	{ "passwd", "salt", 1,
	    "55ac046e56e3089fec1691c22544b605"
	    "f94185216dde0465e68b9d57c20dacbc" },
	{ "Password", "NaCl", 80000,
	    "4ddcd8f60b98be21830cee5ef22701f9"
	    "641a4418d04c0414aeff08876b34ab56" },
};

static void
test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++) {
		gnutls_datum_t hex = {
			(unsigned char *)(uintptr_t)vectors[i].key,
			(unsigned int)strlen(vectors[i].key)
		};
		struct verifier v = { .iterations = vectors[i].iterations,
			.salt_len = strlen(vectors[i].salt) };
		size_t len = sizeof v.key;
		const char *password = vectors[i].password;

		memcpy(v.salt, vectors[i].salt, v.salt_len);
		assert_int_equal(gnutls_hex_decode(&hex, v.key, &len), 0);
		assert_int_equal(len, sizeof v.key);
		ROW(verifier_check(&v, password, strlen(password)), "%s",
		    password);
		ROW(!verifier_check(&v, password, strlen(password) - 1),
		    "%s without its end", password);
		v.key[31] ^= 1;
		ROW(!verifier_check(&v, password, strlen(password)),
		    "%s, last bit", password);
		v.key[31] ^= 1;
		v.iterations++;
		ROW(!verifier_check(&v, password, strlen(password)),
		    "%s, one more", password);
	}
	ROWS_END();
}

/* 0 would abort the process inside the library. */
static void
test_no_iterations(void **state)
{
	struct verifier v = { .iterations = 0, .salt_len = 4 };

	(void)state;
	assert_false(verifier_check(&v, "x", 1));
}

#define KEY  "bwmYN0nl4JJpCt/AvnhwcYVLalsjQMsIiSgah+x24tI"
#define SALT "MDEyMzQ1Njc4OWFiY2RlZg"
#define SALT64                                                     \
	"QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB" \
	"QUFBQUFBQUFBQUFBQUFBQUFBQUFBQQ"
#define BAD_ITERATIONS "its iterations must be from 1000 to 10000000"
#define BAD_SALT       "its salt is not 1 to 64 bytes of base64"
#define BAD_KEY	       "its key is not 32 bytes of base64"
#define BAD_START                                         \
	"must begin with $pbkdf2-sha256$; make one with " \
	"ddnsgate hash"

static const struct {
	const char *text;
	const char *why; /* NULL: taken */
} forms[] = {
	{ "$pbkdf2-sha256$i=1000$" SALT "$" KEY, NULL },
	{ "$pbkdf2-sha256$i=600000$" SALT "$" KEY, NULL },
	{ "$pbkdf2-sha256$i=10000000$" SALT "$" KEY, NULL },
	/* passlib: no "i=", and '.' for '+'. */
	{ "$pbkdf2-sha256$1000$" SALT "$" KEY, NULL },
	{ "$pbkdf2-sha256$29000$" SALT
	  "$bwmYN0nl4JJpCt/AvnhwcYVLalsjQMsIiSgah.x24tI",
	    NULL },
	{ "$pbkdf2-sha256$i=1000$QQ$" KEY, NULL },
	{ "$pbkdf2-sha256$i=1000$" SALT64 "$" KEY, NULL },
	{ "", BAD_START },
	{ "router:token", BAD_START },
	{ "pbkdf2-sha256$i=1000$" SALT "$" KEY, BAD_START },
	{ "$pbkdf2-sha512$i=1000$" SALT "$" KEY, BAD_START },
	{ "$pbkdf2$1000$" SALT "$" KEY, BAD_START },
	{ "$2b$12$abcdefghijklmnopqrstuv", BAD_START },
	{ "$argon2id$v=19$m=65536,t=3,p=4$" SALT "$" KEY, BAD_START },
	{ " $pbkdf2-sha256$i=1000$" SALT "$" KEY, BAD_START },
	{ "$PBKDF2-SHA256$i=1000$" SALT "$" KEY, BAD_START },
	{ "pbkdf2_sha256$600000$salt$" KEY "=",
	    "is of Django's form, which salts in another way; make a new one "
	    "with ddnsgate hash" },
	{ "$pbkdf2-sha256$i=999$" SALT "$" KEY, BAD_ITERATIONS },
	{ "$pbkdf2-sha256$i=0$" SALT "$" KEY, BAD_ITERATIONS },
	{ "$pbkdf2-sha256$i=-1000$" SALT "$" KEY, BAD_ITERATIONS },
	{ "$pbkdf2-sha256$i=+1000$" SALT "$" KEY, BAD_ITERATIONS },
	{ "$pbkdf2-sha256$i= 1000$" SALT "$" KEY, BAD_ITERATIONS },
	{ "$pbkdf2-sha256$i=1000 $" SALT "$" KEY, BAD_ITERATIONS },
	{ "$pbkdf2-sha256$i=1e6$" SALT "$" KEY, BAD_ITERATIONS },
	{ "$pbkdf2-sha256$i=0x1000$" SALT "$" KEY, BAD_ITERATIONS },
	{ "$pbkdf2-sha256$i=10000001$" SALT "$" KEY, BAD_ITERATIONS },
	{ "$pbkdf2-sha256$i=4294968296$" SALT "$" KEY, BAD_ITERATIONS },
	{ "$pbkdf2-sha256$i=18446744073709552616$" SALT "$" KEY,
	    BAD_ITERATIONS },
	{ "$pbkdf2-sha256$i=1000,l=32$" SALT "$" KEY, BAD_ITERATIONS },
	{ "$pbkdf2-sha256$$" SALT "$" KEY, BAD_ITERATIONS },
	{ "$pbkdf2-sha256$i=$" SALT "$" KEY, BAD_ITERATIONS },
	{ "$pbkdf2-sha256$" SALT "$" KEY, BAD_ITERATIONS },
	{ "$pbkdf2-sha256$i=1000", BAD_ITERATIONS },
	{ "$pbkdf2-sha256$i=1000$", BAD_SALT },
	{ "$pbkdf2-sha256$i=1000$$" KEY, BAD_SALT },
	{ "$pbkdf2-sha256$i=1000$" SALT, BAD_SALT },
	{ "$pbkdf2-sha256$i=1000$!!!!$" KEY, BAD_SALT },
	{ "$pbkdf2-sha256$i=1000$" SALT "==$" KEY, BAD_SALT },
	{ "$pbkdf2-sha256$i=1000$" SALT64 "QUE$" KEY, BAD_SALT },
	{ "$pbkdf2-sha256$i=1000$" SALT64 SALT64 SALT64 "$" KEY, BAD_SALT },
	{ "$pbkdf2-sha256$i=1000$" SALT "$", BAD_KEY },
	{ "$pbkdf2-sha256$i=1000$" SALT "$AAAA", BAD_KEY },
	{ "$pbkdf2-sha256$i=1000$" SALT "$" KEY "=", BAD_KEY },
	{ "$pbkdf2-sha256$i=1000$" SALT "$" KEY "AA", BAD_KEY },
	{ "$pbkdf2-sha256$i=1000$" SALT "$" KEY "$", BAD_KEY },
	{ "$pbkdf2-sha256$i=1000$" SALT "$" KEY "\n", BAD_KEY },
	{ "$pbkdf2-sha256$i=1000$" SALT "$" KEY " ", BAD_KEY },
};

static void
test_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++) {
		struct verifier v = { .iterations = 7 };
		struct error why = { .code = ERR_OK };
		enum err rc = verifier_parse(&v, forms[i].text, &why);

		if (forms[i].why == NULL)
			ROW(rc == ERR_OK, "%s: %s", forms[i].text, why.text);
		else
			ROW(rc == ERR_CONFIG && v.iterations == 7 &&
				unit_same(why.text, forms[i].why),
			    "%s: %s", forms[i].text, why.text);
	}
	ROWS_END();
}

/* Made by another implementation (hashlib of Python), of "router:token". */
static const char *const foreign[] = {
	"$pbkdf2-sha256$i=1000$" SALT "$" KEY,
	"$pbkdf2-sha256$1000$" SALT
	"$bwmYN0nl4JJpCt/AvnhwcYVLalsjQMsIiSgah.x24tI",
	"$pbkdf2-sha256$i=1000$emG1NwG+/a4O7v+uzHPxTg"
	"$LcJoG/4BCggsw6ul/PKBukpIrkKTz+p+biNoFOtEuVE",
	"$pbkdf2-sha256$1000$emG1NwG./a4O7v.uzHPxTg"
	"$LcJoG/4BCggsw6ul/PKBukpIrkKTz.p.biNoFOtEuVE",
};

static void
test_foreign(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(foreign); i++) {
		struct verifier v;
		struct error why;

		assert_int_equal(verifier_parse(&v, foreign[i], &why), ERR_OK);
		assert_int_equal(v.iterations, 1000);
		assert_int_equal(v.salt_len, 16);
		ROW(verifier_check(&v, "router:token", 12), "%s: refused",
		    foreign[i]);
		ROW(!verifier_check(&v, "router:Token", 12), "%s: taken",
		    foreign[i]);
	}
	ROWS_END();
}

static void
test_make(void **state)
{
	char one[VERIFIER_TEXT_MAX], two[VERIFIER_TEXT_MAX];
	struct verifier v;
	struct error why;

	(void)state;
	assert_int_equal(verifier_make(one, "router:token", 12, 1000, &why),
	    ERR_OK);
	assert_int_equal(verifier_make(two, "router:token", 12, 1000, &why),
	    ERR_OK);
	assert_string_not_equal(one, two);
	assert_int_equal(strncmp(one, "$pbkdf2-sha256$i=1000$", 22), 0);
	assert_int_equal(verifier_parse(&v, one, &why), ERR_OK);
	assert_int_equal(v.salt_len, 16);
	assert_true(verifier_check(&v, "router:token", 12));
	assert_false(verifier_check(&v, "router:tokem", 12));
	assert_false(verifier_check(&v, "", 0));
	assert_int_equal(verifier_make(one, "x", 1, 0, &why), ERR_SYSTEM);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_no_iterations),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_make),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
