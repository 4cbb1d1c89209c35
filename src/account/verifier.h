/*
 * verifier.h - what we keep instead of a credential: PBKDF2 of "user:token".
 *
 * RFC 8018 section 5.2 with HMAC-SHA-256, in the PHC string format:
 * $pbkdf2-sha256$i=600000$SALT$KEY, both in base64 without padding.
 */
#ifndef ACCOUNT_VERIFIER_H
#define ACCOUNT_VERIFIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define VERIFIER_KEY_LEN	32
#define VERIFIER_SALT_MAX	64
#define VERIFIER_TEXT_MAX	256 /* with the NUL */
#define VERIFIER_ITERATIONS_MIN 1000
#define VERIFIER_ITERATIONS_MAX 10000000
#define VERIFIER_ITERATIONS	600000 /* OWASP's figure for SHA-256 */

struct verifier {
	unsigned int iterations;
	uint8_t salt[VERIFIER_SALT_MAX];
	size_t salt_len;
	uint8_t key[VERIFIER_KEY_LEN];
};

/*
 * Also reads passlib's form ($pbkdf2-sha256$600000$...), which lacks "i="
 * and writes '.' for '+'.  ERR_CONFIG; why tells what is wrong.
 */
enum err verifier_parse(struct verifier *v, const char *text,
    struct error *why);

/* A new verifier of a secret, with a random salt, as text. */
enum err verifier_make(char text[static VERIFIER_TEXT_MAX], const char *secret,
    size_t len, unsigned int iterations, struct error *why);

/* Costs v->iterations, 60 to 75 ms for 600 000, whether it is right or not. */
bool verifier_check(const struct verifier *v, const char *secret, size_t len);

#endif
