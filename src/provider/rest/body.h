/*
 * body.h - the JSON body of a step, filled in.
 */
#ifndef PROVIDER_REST_BODY_H
#define PROVIDER_REST_BODY_H

#include <json-c/json.h>

#include "base/error.h"
#include "provider/rest/scope.h"

/*
 * A copy of tree with its strings filled in.  {"$each": T, "$if": [...]}
 * becomes the list of T over the scopes of each, which may be NULL where the
 * tree has none.  *to, which the caller owns, is NULL when nothing is left;
 * scope_wipe() releases it.
 */
enum err body_fill(json_object **to, json_object *tree, const struct scope *s,
    const struct group *each, struct error *why);

#endif
