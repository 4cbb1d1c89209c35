/*
 * scope.h - the variables of a run, each in the narrowest place that knows it.
 */
#ifndef PROVIDER_REST_SCOPE_H
#define PROVIDER_REST_SCOPE_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

#include "base/error.h"
#include "provider/token.h"

/* What is not here is looked up outside. */
struct scope {
	const struct scope *outer;	 /* or NULL */
	json_object *values;		 /* name -> scalar; or NULL */
	const struct token_parts *token; /* or NULL */
};

/* The scopes of the records that one request is for. */
struct group {
	const struct scope *scopes;
	size_t count;
};

/* Starts an empty scope; scope_end() is due even if that fails. */
enum err scope_begin(struct scope *s, const struct scope *outer,
    struct error *why);

/* Wipes and frees the values. */
void scope_end(struct scope *s);

/* Can a variable have this value: is it a text, a number, true or false? */
bool scope_takes(json_object *value);

/* Sets a variable to a copy of text, or of a JSON value. */
enum err scope_set(struct scope *s, const char *name, const char *text,
    struct error *why);
enum err scope_copy(struct scope *s, const char *name, json_object *value,
    struct error *why);

/*
 * The text of a variable, NULL if it is not set; both belong to the scope.
 * *value, unless NULL, is its JSON value; NULL for a part of the token.
 */
const char *scope_get(const struct scope *s, const char *name,
    json_object **value);

/* Is x set?  "!x": is it not? */
bool scope_holds(const struct scope *s, const char *condition);

/* Do all of a JSON list hold?  NULL does. */
bool scope_holds_all(const struct scope *s, const json_object *conditions);

/* Overwrites every string of a tree, and frees it.  NULL is fine. */
void scope_wipe(json_object *tree);

#endif
