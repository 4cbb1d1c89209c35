/*
 * member.h - where the members of an object stand in the text of a document.
 *
 * json-c does not say where what it parsed came from.  The text is JSON without
 * comments, or perhaps no JSON at all: then members are found or not, nothing
 * is read behind its NUL, and that it is none is for json-c to say.
 */
#ifndef CONFIG_MEMBER_H
#define CONFIG_MEMBER_H

#include <stdbool.h>
#include <stddef.h>

/* As offsets: "name": value, */
struct member {
	size_t before; /* the comma before it, or the brace of the object */
	size_t name;   /* its quote */
	size_t value;  /* the first byte */
	size_t end;    /* the byte behind the value */
};

/* Before the first member of the object whose brace is there. */
struct member member_begin(size_t object);

/* Goes on to the next member.  False: there is none, and m stays as it is. */
bool member_next(const char *text, struct member *m);

/* Does the object end behind m? */
bool member_is_last(const char *text, const struct member *m);

/* Goes from the object on to its member of that name; false: it has none. */
bool member_find(const char *text, size_t object, const char *name,
    struct member *m);

/* The first byte from at on that is no blank. */
size_t member_skip_blanks(const char *text, size_t at);

/* The byte behind the value that begins at the offset. */
size_t member_skip_value(const char *text, size_t at);

#endif
