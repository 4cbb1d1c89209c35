/*
 * fuzz_verifier.c - any text as the verifier of an account.
 */
#include "fuzz.h"

#include <gnutls/gnutls.h>

#include "account/verifier.h"

const char fuzz_name[] = "verifier";

static void
put_base64(char *to, const uint8_t *bytes, size_t len)
{
	gnutls_datum_t in = { (unsigned char *)(uintptr_t)bytes,
		(unsigned int)len },
		       out;

	if (gnutls_base64_encode2(&in, &out) != 0)
		abort();
	while (out.size > 0 && out.data[out.size - 1] == '=')
		out.size--;
	memcpy(to, out.data, out.size);
	to[out.size] = '\0';
	gnutls_free(out.data);
}

/* Written as we would write it, it is read as the same. */
static void
check(const struct verifier *v)
{
	char salt[128], key[128], text[512];
	struct verifier again;
	struct error why;

	assert(v->iterations >= VERIFIER_ITERATIONS_MIN &&
	    v->iterations <= VERIFIER_ITERATIONS_MAX);
	assert(v->salt_len > 0 && v->salt_len <= VERIFIER_SALT_MAX);
	put_base64(salt, v->salt, v->salt_len);
	put_base64(key, v->key, sizeof v->key);
	snprintf(text, sizeof text, "$pbkdf2-sha256$i=%u$%s$%s", v->iterations,
	    salt, key);
	assert(verifier_parse(&again, text, &why) == ERR_OK);
	assert(again.iterations == v->iterations &&
	    again.salt_len == v->salt_len &&
	    memcmp(again.salt, v->salt, v->salt_len) == 0 &&
	    memcmp(again.key, v->key, sizeof v->key) == 0);
	if (v->iterations == VERIFIER_ITERATIONS_MIN)
		(void)verifier_check(v, text, strlen(text));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct verifier v = { .iterations = 0 };
	struct error why = { .code = ERR_OK };

	if (verifier_parse(&v, text, &why) == ERR_OK)
		check(&v);
	else
		assert(why.code == ERR_CONFIG && why.text[0] != '\0');
	free(text);
	return 0;
}
