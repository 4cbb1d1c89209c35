/*
 * values.h - what the variables are, for a session, a zone, a name or a record.
 *
 * Each holds a value for every variable of the description, by its number; one
 * that is not set here is looked up in the wider values around.
 */
#ifndef PROVIDER_REST_VALUES_H
#define PROVIDER_REST_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/error.h"
#include "provider/description/template.h"

/* Start one as { .list = NULL }: it has no values, and values_end() is fine. */
struct values {
	const struct values *outer; /* or NULL */
	json_object **list;	    /* texts, numbers, true or false; or NULL */
	size_t count;
};

/* The values of the records that one request is for. */
struct group {
	const struct values *const *list;
	size_t count;
};

/* None of count variables is set; outer may be NULL.  ERR_MEMORY. */
enum err values_start(struct values *v, const struct values *outer,
    size_t count, struct error *why);

/* Wipes and frees them all. */
void values_end(struct values *v);

/* Sets a variable to a copy of text, or of a JSON value.  ERR_MEMORY. */
enum err values_set(struct values *v, int variable, const char *text,
    struct error *why);
enum err values_copy(struct values *v, int variable, json_object *value,
    struct error *why);
enum err values_number(struct values *v, int variable, int64_t number,
    struct error *why);

/* Sets a variable to nothing; what is around may still have a value. */
void values_unset(struct values *v, int variable);

/*
 * The value of a variable, as JSON or as text; NULL if it is not set.
 * Borrowed, until the variable is set again.
 */
json_object *values_get(const struct values *v, int variable);
const char *values_text(const struct values *v, int variable);

/* The same without what is around. */
json_object *values_own(const struct values *v, int variable);

/* Do all conditions hold? */
bool values_hold(const struct values *v, const struct conditions *conditions);

/* Overwrites every string of a JSON tree, and frees it.  NULL is fine. */
void json_wipe(json_object *tree);

#endif
