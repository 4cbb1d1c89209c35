/*
 * template.h - values put into the places of a provider's description.
 *
 * "{x}" stands for the text of variable x, "{x?}" drops the member when x is
 * not set, "{x|word}" has a default, and a whole JSON string "{=x}" becomes
 * the value with its own type.  Substitution is single-pass: what was put in
 * is never looked at again.  How a value is encoded is decided by the place,
 * never by the author.  ddnsgate-provider(5) is the reference.
 */
#ifndef PROVIDER_REST_TEMPLATE_H
#define PROVIDER_REST_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

#include "base/buffer.h"
#include "base/error.h"
#include "provider/rest/scope.h"

enum encoding {
	ENCODE_PLAIN,  /* a JSON string: json-c encodes it */
	ENCODE_HEADER, /* printable ASCII, or an error */
	ENCODE_PATH,   /* a path segment, RFC 3986 section 3.3 */
	ENCODE_QUERY,  /* a query or form value */
	ENCODE_XML     /* character data, XML 1.0 section 2.4 */
};

/*
 * Appends text with its variables filled in.  *dropped, unless NULL, becomes
 * true for an "{x?}" that is not set; without it that is an error, as is
 * a variable that is not set, or a value that its place cannot hold.
 */
enum err template_text(struct buffer *to, const char *text,
    const struct scope *s, enum encoding as, bool *dropped, struct error *why);

/*
 * Can a header, or a path, hold this byte as it is?  In a path "%" begins an
 * escape.
 */
bool template_may_hold(enum encoding as, char c);

/* Appends value as a query or a form has it; it is no template. */
void template_escape(struct buffer *to, const char *value);

/* ERR_REFUSED when something did not fit into the buffer. */
enum err template_room(const struct buffer *to, struct error *why);

/*
 * "/a/{x}/b", each segment for itself: ".", ".." and an empty one before the
 * end are errors.
 */
enum err template_path(struct buffer *to, const char *path,
    const struct scope *s, struct error *why);

/*
 * The JSON value of the variable if text is "{=x}" and nothing else; it belongs
 * to the scope.  NULL: it is another text, not set, or of the token.
 */
json_object *template_value(const char *text, const struct scope *s);

#endif
