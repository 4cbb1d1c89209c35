/*
 * token.h - the token of a request, taken apart for the provider.
 */
#ifndef PROVIDER_TOKEN_H
#define PROVIDER_TOKEN_H

#include <stddef.h>

#include "base/error.h"

#define TOKEN_PARTS_MAX 4

/* The only copies that we make of it; start one as { .count = 0 }. */
struct token_parts {
	size_t count;
	const char *names[TOKEN_PARTS_MAX]; /* borrowed */
	char *parts[TOKEN_PARTS_MAX];
};

/*
 * Splits token at its first colons into count parts, of which none is empty;
 * the last may hold more colons.  ERR_TOKEN when there are too few.
 */
enum err token_split(struct token_parts *c, const char *token,
    const char *const names[], size_t count, struct error *why);

/* Blanks out what text repeats of the token. */
void token_hide(const struct token_parts *c, char *text);

/* Wipes and frees. */
void token_end(struct token_parts *c);

#endif
