/*
 * answer.h - what a provider said, and what a step takes from it.
 */
#ifndef PROVIDER_REST_ANSWER_H
#define PROVIDER_REST_ANSWER_H

#include <stdbool.h>

#include <json-c/json.h>

#include "base/buffer.h"
#include "base/error.h"
#include "provider/token.h"
#include "provider/rest/description.h"
#include "https/exchange.h"
#include "provider/rest/template.h"

struct answer {
	json_object *tree; /* the caller puts it; NULL: no JSON */
	bool none;	   /* "not there", by its status */
	bool unchanged;	   /* the provider said so itself */
};

/*
 * NULL unless it is JSON and nothing else: half an answer is none, and so is
 * one with a name twice in an object, which means what its reader chooses.
 */
json_object *answer_parse(const struct buffer *body);

/*
 * Is this answer, and tree, what answer_parse() made of it, the success that
 * step wants?  ERR_OK, or the code that says what to do; why then quotes the
 * provider, without the token.  *a is filled in either case.
 */
enum err answer_judge(struct answer *a, const struct description *d,
    const struct step *step, const struct token_parts *c,
    const struct exchange_answer *answer, json_object *tree, struct error *why);

/*
 * Sets in to what step gets out of tree; s is what its picks see.  *found:
 * there was an element to pick.  ERR_REFUSED when more than one is.
 */
enum err answer_take(const struct step *step, json_object *tree,
    const struct scope *s, struct scope *to, bool *found, struct error *why);

#endif
