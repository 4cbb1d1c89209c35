/*
 * credential.h - the token of a request, taken apart for the provider.
 */
#ifndef PROVIDER_TOKEN_H
#define PROVIDER_TOKEN_H

#include <stddef.h>

#include "base/error.h"

#define CREDENTIAL_PARTS_MAX 4

/* The only copies that we make of it; start one as { .count = 0 }. */
struct credential {
	size_t count;
	const char *names[CREDENTIAL_PARTS_MAX]; /* borrowed */
	char *parts[CREDENTIAL_PARTS_MAX];
};

/*
 * Splits token at its first colons into count parts, of which none is empty;
 * the last may hold more colons.  ERR_TOKEN when there are too few.
 */
enum err credential_split(struct credential *c, const char *token,
    const char *const names[], size_t count, struct error *why);

/* Blanks out what text repeats of the credential. */
void credential_hide(const struct credential *c, char *text);

/* Wipes and frees. */
void credential_end(struct credential *c);

#endif
