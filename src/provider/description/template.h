/*
 * template.h - a text of a description, taken apart into pieces.
 *
 * "{x}" stands for the text of variable x, "{x?}" lets the member fall away
 * when x is not set, "{x|word}" has a default, and a whole JSON string "{=x}"
 * becomes the value with its own type.  Any other brace is itself.
 * ddnsgate-provider(5) is the reference.
 */
#ifndef PROVIDER_DESCRIPTION_TEMPLATE_H
#define PROVIDER_DESCRIPTION_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

/* How the place of a template encodes what is put in. */
enum encoding {
	ENCODE_PLAIN,  /* a JSON string: json-c encodes it */
	ENCODE_HEADER, /* printable ASCII, or an error */
	ENCODE_PATH,   /* a path segment, RFC 3986 section 3.3 */
	ENCODE_QUERY,  /* a query or form value */
	ENCODE_XML     /* character data, XML 1.0 section 2.4 */
};

struct piece {
	const char *literal;  /* bytes as they are; NULL: a variable */
	size_t len;	      /* of literal */
	int variable;	      /* its number, */
	const char *name;     /* and its name, for errors */
	const char *fallback; /* NULL: none */
	bool optional;
	bool typed;
};

struct template
{
	const struct piece *pieces;
	size_t count;
};

/* A name with a template: a header, a field of a form or a query. */
struct field {
	const char *name;
	struct template name_made; /* of a query or a form: the operator may
				      choose the name by "{config.x|word}" */
	struct template value;
};

struct fields {
	const struct field *list;
	size_t count;
};

struct words {
	const char *const *list;
	size_t count;
};

/* Is the variable set?  negated: is it not? */
struct condition {
	int variable;
	bool negated;
};

struct conditions {
	const struct condition *list;
	size_t count;
};

/* Does the template put in this variable? */
bool template_uses(const struct template *t, int variable);

/* Is it "{=x}" and nothing else? */
bool template_is_typed(const struct template *t);

/*
 * Can a header, or a path, hold this byte as it is?  In a path "%" begins an
 * escape.
 */
bool template_may_hold(enum encoding as, char c);

/*
 * Is it a path, and nothing but that: a slash in front, no "?", no segment
 * that is empty, but for the last, or made of dots?
 */
bool template_is_path(const char *text);

/* Can a place of this encoding hold all bytes around the variables? */
bool template_fits(const struct template *t, enum encoding as);

#endif
