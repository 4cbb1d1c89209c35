/*
 * token.h - the token of a request, taken apart for the provider.
 */
#ifndef PROVIDER_TOKEN_H
#define PROVIDER_TOKEN_H

#include <stddef.h>

#include "base/error.h"

#define TOKEN_PARTS_MAX 4

/*
 * The only copies of a token that are made here.  Start one as { .count = 0 };
 * token_end() is due whatever token_split() returned.
 */
struct token_parts {
	size_t count;
	const char *names[TOKEN_PARTS_MAX]; /* borrowed */
	char *parts[TOKEN_PARTS_MAX];
};

/*
 * Splits token at its first colons into count parts, of which none is empty;
 * the last may hold more colons.  ERR_TOKEN when there are too few.
 */
enum err token_split(struct token_parts *t, const char *token,
    const char *const names[], size_t count, struct error *why);

/* Overwrites with stars each place where text repeats a part of the token. */
void token_hide(const struct token_parts *t, char *text);

/* Wipes and frees the parts. */
void token_end(struct token_parts *t);

#endif
