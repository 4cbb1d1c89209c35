/*
 * fill.h - values put into the places of a description.
 *
 * Substitution is single-pass: what was put in is never looked at again.  How
 * a value is encoded is decided by the place, never by the author.
 */
#ifndef PROVIDER_REST_FILL_H
#define PROVIDER_REST_FILL_H

#include <stdbool.h>

#include <json-c/json.h>

#include "base/buffer.h"
#include "base/error.h"
#include "provider/description/step.h"
#include "provider/rest/values.h"

/*
 * All of these: ERR_REFUSED for a variable that is not set and has no default,
 * for a value that its place cannot hold, and for a text that does not fit.
 */

/*
 * Appends a template with its variables filled in.  *dropped, unless NULL,
 * becomes true for an "{x?}" that is not set, which else is an error.
 */
enum err fill_text(struct buffer *to, const struct template *t,
    const struct values *v, enum encoding as, bool *dropped, struct error *why);

/* The path of a request: no segment may become ".", ".." or, but the last, "".
 */
enum err fill_path(struct buffer *to, const struct step_request *request,
    const struct values *v, struct error *why);

/* "a=1&b=2", of a query or a form; members that fall away leave no trace. */
enum err fill_fields(struct buffer *to, const struct fields *fields,
    const struct values *v, struct error *why);

/*
 * The JSON of a body; SHAPE_EACH becomes a list over each, which may be NULL
 * where the body has none.  *to is NULL when nothing is left; json_wipe()
 * releases it.
 */
enum err fill_body(json_object **to, const struct body *body,
    const struct values *v, const struct group *each, struct error *why);

/* Appends a value escaped, as a segment of a path or as a value of a query. */
void fill_escaped(struct buffer *to, const char *value, enum encoding as);

/* ERR_REFUSED when something did not fit into the buffer. */
enum err fill_room(const struct buffer *to, struct error *why);

#endif
