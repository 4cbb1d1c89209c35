#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "account/verifier.h"
#include "base/secret.h"

#define PREFIX	  "$pbkdf2-sha256$"
#define SALT_NEW  16 /* NIST SP 800-132 */
#define FIELD_MAX 96 /* characters of base64 */

/*
 * Base64 without padding, '.' read as '+'.  Exactly the bytes of text up to
 * len; false if they do not decode or do not fit.
 */
static bool
field_decode(const char *text, size_t len, uint8_t *to, size_t max,
    size_t *to_len)
{
	char padded[FIELD_MAX + 4];
	gnutls_datum_t raw = { NULL, 0 }, in;
	bool ok;

	if (len == 0 || len > FIELD_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '=' || text[i] == '\n')
			return false;
		padded[i] = text[i] == '.' ? '+' : text[i];
	}
	while (len % 4 != 0)
		padded[len++] = '=';
	in = (gnutls_datum_t){ (unsigned char *)padded, (unsigned int)len };
	ok = gnutls_base64_decode2(&in, &raw) == 0 && raw.size <= max;
	if (ok) {
		memcpy(to, raw.data, raw.size);
		*to_len = raw.size;
	}
	gnutls_free(raw.data);
	return ok;
}

/* There is room for any salt, and any key. */
static bool
field_encode(const uint8_t *bytes, size_t len, char text[static FIELD_MAX])
{
	gnutls_datum_t in = { (unsigned char *)(uintptr_t)bytes,
		(unsigned int)len },
		       out = { NULL, 0 };

	if (gnutls_base64_encode2(&in, &out) < 0)
		return false;
	while (out.data[out.size - 1] == '=')
		out.size--;
	snprintf(text, FIELD_MAX, "%.*s", (int)out.size, (char *)out.data);
	gnutls_free(out.data);
	return true;
}

static bool
derive(const struct verifier *v, const char *secret, size_t len,
    uint8_t key[static VERIFIER_KEY_LEN])
{
	gnutls_datum_t password = { (unsigned char *)(uintptr_t)secret,
		(unsigned int)len };
	gnutls_datum_t salt = { (unsigned char *)(uintptr_t)v->salt,
		(unsigned int)v->salt_len };

	/* 0 iterations would abort inside the library. */
	return v->iterations > 0 &&
	    gnutls_pbkdf2(GNUTLS_MAC_SHA256, &password, &salt, v->iterations,
		key, VERIFIER_KEY_LEN) == 0;
}

enum err
verifier_parse(struct verifier *v, const char *text, struct error *why)
{
	struct verifier parsed = { .iterations = 0 };
	const char *number, *salt, *key;
	size_t key_len = 0;
	unsigned long n;
	char *end;

	if (strncmp(text, "pbkdf2_sha256$", 14) == 0)
		return error_set(why, ERR_CONFIG,
		    "is of Django's form, which "
		    "salts in another way; make a new one with ddnsgate hash");
	if (strncmp(text, PREFIX, sizeof PREFIX - 1) != 0)
		return error_set(why, ERR_CONFIG,
		    "must begin with " PREFIX "; make one with ddnsgate hash");
	number = text + sizeof PREFIX - 1;
	if (strncmp(number, "i=", 2) == 0)
		number += 2;
	n = strtoul(number, &end, 10);
	if (*number < '0' || *number > '9' || *end != '$' ||
	    n < VERIFIER_ITERATIONS_MIN || n > VERIFIER_ITERATIONS_MAX)
		return error_set(why, ERR_CONFIG,
		    "its iterations must be from %d to %d",
		    VERIFIER_ITERATIONS_MIN, VERIFIER_ITERATIONS_MAX);
	parsed.iterations = (unsigned int)n;
	salt = end + 1;
	if ((key = strchr(salt, '$')) == NULL ||
	    !field_decode(salt, (size_t)(key - salt), parsed.salt,
		sizeof parsed.salt, &parsed.salt_len))
		return error_set(why, ERR_CONFIG,
		    "its salt is not 1 to %d "
		    "bytes of base64",
		    VERIFIER_SALT_MAX);
	key++;
	if (!field_decode(key, strlen(key), parsed.key, sizeof parsed.key,
		&key_len) ||
	    key_len != VERIFIER_KEY_LEN)
		return error_set(why, ERR_CONFIG,
		    "its key is not %d bytes of base64", VERIFIER_KEY_LEN);
	*v = parsed;
	return ERR_OK;
}

enum err
verifier_make(char text[static VERIFIER_TEXT_MAX], const char *secret,
    size_t len, unsigned int iterations, struct error *why)
{
	struct verifier v = { .iterations = iterations, .salt_len = SALT_NEW };
	char salt[FIELD_MAX], key[FIELD_MAX];

	if (gnutls_rnd(GNUTLS_RND_RANDOM, v.salt, v.salt_len) < 0 ||
	    !derive(&v, secret, len, v.key) ||
	    !field_encode(v.salt, v.salt_len, salt) ||
	    !field_encode(v.key, sizeof v.key, key))
		return error_set(why, ERR_SYSTEM, "PBKDF2 failed");
	snprintf(text, VERIFIER_TEXT_MAX, PREFIX "i=%u$%s$%s", iterations, salt,
	    key);
	return ERR_OK;
}

bool
verifier_check(const struct verifier *v, const char *secret, size_t len)
{
	uint8_t key[VERIFIER_KEY_LEN];
	bool same;

	same = derive(v, secret, len, key) &&
	    secret_equal(key, v->key, sizeof key);
	secret_wipe(key, sizeof key);
	return same;
}
