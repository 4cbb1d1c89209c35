/*
 * piece.h - a template of a description, taken apart.
 *
 * "{x}" is a variable, "{x?}" and "{x|word}" one that need not be set, "{=x}"
 * one whose JSON value may be wanted.  Any other brace is a byte like others.
 */
#ifndef PROVIDER_REST_PIECE_H
#define PROVIDER_REST_PIECE_H

#include <stdbool.h>
#include <stddef.h>

#define PIECE_NAME_MAX	   48
#define PIECE_FALLBACK_MAX 128

struct piece {
	const char *literal; /* bytes as they are, or NULL */
	size_t len;	     /* of literal */
	char name[PIECE_NAME_MAX + 1];
	char fallback[PIECE_FALLBACK_MAX + 1];
	bool has_fallback;
	bool optional;
	bool typed;
};

/* Takes the next piece off *text, into which it points; false at the end. */
bool piece_next(const char **text, struct piece *p);

#endif
