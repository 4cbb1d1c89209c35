/*
 * judge.h - what an answer of the provider means, and what is taken from it.
 */
#ifndef PROVIDER_REST_JUDGE_H
#define PROVIDER_REST_JUDGE_H

#include <stdbool.h>

#include <json-c/json.h>

#include "address/address.h"
#include "base/buffer.h"
#include "base/error.h"
#include "https/exchange.h"
#include "provider/description/description.h"
#include "provider/publication.h"
#include "provider/rest/values.h"

/* What came of one call. */
enum outcome {
	OUTCOME_NOT_SENT,  /* there was nothing to send */
	OUTCOME_ASKED,	   /* a step that gets has its answer */
	OUTCOME_NOT_THERE, /* a status of "none" */
	OUTCOME_UNCHANGED, /* the provider says that it was so before */
	OUTCOME_WRITTEN,
	OUTCOME_FAILED,	   /* for what it was about, and nothing else */
	OUTCOME_RUN_FAILED /* every other call would end the same way */
};

/*
 * json_weight() of an answer, or of all pages of a list: 80 MB of memory.  A
 * list of 5,000 records, each with 20 members and 10 lists or objects in it,
 * has not much more than half of that.
 */
#define JUDGE_WEIGHT_MAX 1000000

/*
 * The JSON of a body; NULL unless it is whole, and nothing else is there.  One
 * with a name twice in an object is none: it means what its reader chooses.  So
 * is one that is heavier than JUDGE_WEIGHT_MAX.
 */
json_object *judge_parse(const struct buffer *body);

/*
 * The outcome of a step whose answer has come; tree is what judge_parse() made
 * of it.  why is set on a failure: ERR_TOKEN, ERR_ZONE, ERR_BUSY or
 * ERR_REFUSED, with the provider's own words but nothing of the token.
 */
enum outcome judge_answer(const struct description *d, const struct step *step,
    const struct token_parts *token, const struct exchange_answer *answer,
    json_object *tree, struct error *why);

/*
 * Sets in to what the step gets out of tree, NULL for an answer without JSON;
 * v is what its pick sees, and p the record that it is for, or NULL.  *found:
 * there was an element to pick.  Of several the first one counts if all hold
 * the address of p, which is to be published; else they are ERR_REFUSED.  So is
 * an element that holds several addresses, which a write would cut to one,
 * unless p says that it may.
 */
enum err judge_take(const struct step *step, json_object *tree,
    const struct values *v, const struct publication *p, struct values *to,
    bool *found, struct error *why);

#endif
