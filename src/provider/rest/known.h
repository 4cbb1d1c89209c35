/*
 * known.h - the variables that are known at a place of a description, and
 * whether the templates there name no others.
 *
 * A set is a JSON object whose members are the names.
 */
#ifndef PROVIDER_REST_KNOWN_H
#define PROVIDER_REST_KNOWN_H

#include <stdbool.h>

#include <json-c/json.h>

#include "base/error.h"
#include "config/document.h"

/* By how often a place is visited; each set holds those of the wider ones. */
struct known {
	json_object *of_run; /* the token's parts, config, begin */
	json_object *of_zone;
	json_object *of_name;
	json_object *of_record;
};

/* Four empty sets; known_end() is due even if that fails. */
enum err known_begin(struct known *k, struct error *why);
void known_end(struct known *k);

enum err known_learn(json_object *set, const char *name, struct error *why);
enum err known_learn_all(json_object *set, const char *const names[],
    struct error *why);
enum err known_copy(json_object *to, json_object *from, struct error *why);

/*
 * All that follow: ERR_CONFIG for a variable that set lacks, and for a value
 * of another type; each leaves *to as it is when p is absent.
 */

/* One template.  may_drop: it stands where "{x?}" has something to drop. */
enum err known_text(const struct place *p, json_object *set, bool may_drop,
    struct error *why);

/* An object of templates, such as a query. */
enum err known_texts(const struct place *p, json_object *set, bool may_drop,
    json_object **to, struct error *why);

/* A JSON body.  each: the set inside "$each"; NULL: it may not be there. */
enum err known_tree(const struct place *p, json_object *set, json_object *each,
    struct error *why);

/* A list of conditions; of any strings, if set is NULL. */
enum err known_list(const struct place *p, json_object *set, json_object **to,
    struct error *why);

/* May a variable of the file be called so?  ERR_CONFIG if not. */
enum err known_name(const struct place *p, const char *name, struct error *why);

#endif
