/*
 * token.h - the token of a request, taken apart for the provider.
 */
#ifndef PROVIDER_TOKEN_H
#define PROVIDER_TOKEN_H

#include <stdbool.h>
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

/*
 * Writes to quote what a log may repeat of text, which a provider has said: its
 * beginning, with blanks for all that is not printable ASCII, and stars for six
 * or more characters in a row of a part of the token that it repeats as they
 * are.  Where text holds them in another spelling, or a shorter part as a
 * whole, only "(withheld: it repeats the token)" is written.  Upper and lower
 * case are the same, and escapes of JSON, C, XML and URLs, also within each
 * other, base64 and hex are seen through.  size: at most TOKEN_QUOTE_MAX.
 */
#define TOKEN_QUOTE_MAX 512
void token_quote(const struct token_parts *t, const char *text, char *quote,
    size_t size);

/*
 * Does text hold a whole part of the token, or 64 characters of one, in a
 * spelling that token_quote() sees through?  A part of less than 6 characters
 * is no secret, and is not looked for.
 */
bool token_is_in(const struct token_parts *t, const char *text);

/* Wipes and frees the parts. */
void token_end(struct token_parts *t);

#endif
