#include "config.h"

#include <string.h>

#include "provider/rest/known.h"
#include "provider/rest/piece.h"

#define LIST_MAX 16 /* conditions, words or texts */

enum err
known_begin(struct known *k, struct error *why)
{
	*k = (struct known){ json_object_new_object(), json_object_new_object(),
		json_object_new_object(), json_object_new_object() };
	return k->of_run != NULL && k->of_zone != NULL && k->of_name != NULL &&
		k->of_record != NULL ?
	    ERR_OK :
	    error_memory(why);
}

void
known_end(struct known *k)
{
	json_object_put(k->of_run);
	json_object_put(k->of_zone);
	json_object_put(k->of_name);
	json_object_put(k->of_record);
}

enum err
known_learn(json_object *set, const char *name, struct error *why)
{
	return json_object_object_add(set, name, json_object_new_boolean(1)) ==
		0 ?
	    ERR_OK :
	    error_memory(why);
}

enum err
known_learn_all(json_object *set, const char *const names[], struct error *why)
{
	for (; *names != NULL; names++)
		TRY(known_learn(set, *names, why));
	return ERR_OK;
}

enum err
known_copy(json_object *to, json_object *from, struct error *why)
{
	json_object_object_foreach (from, key, value) {
		(void)value;
		TRY(known_learn(to, key, why));
	}
	return ERR_OK;
}

enum err
known_text(const struct place *p, json_object *set, bool may_drop,
    struct error *why)
{
	const char *text = json_object_get_string(p->value);
	struct piece piece;

	while (piece_next(&text, &piece)) {
		if (piece.literal == NULL &&
		    !json_object_object_get_ex(set, piece.name, NULL))
			return place_error(p, why,
			    "{%s} is not known at this "
			    "point; a step before must get it",
			    piece.name);
		if (piece.optional && !may_drop)
			return place_error(p, why,
			    "{x?} has nothing here "
			    "that could fall away; write {x} or {x|word}");
	}
	return ERR_OK;
}

enum err
known_texts(const struct place *p, json_object *set, bool may_drop,
    json_object **to, struct error *why)
{
	TRY(place_object(p, NULL, why));
	if (p->value == NULL)
		return ERR_OK;
	json_object_object_foreach (p->value, key, value) {
		struct place m = place_member(p, key);

		if (!json_object_is_type(value, json_type_string))
			return place_error(&m, why, "must be a string");
		TRY(known_text(&m, set, may_drop, why));
	}
	*to = p->value;
	return ERR_OK;
}

/* {"$each": T, "$if": [...]} */
static enum err
check_each(const struct place *p, json_object *each, struct error *why)
{
	static const char *const members[] = { "$each", "$if", NULL };
	struct place body = place_member(p, "$each");
	struct place conditions = place_member(p, "$if");
	json_object *ignored;

	TRY(place_object(p, members, why));
	if (each == NULL)
		return place_error(p, why,
		    "$each needs a step with \"for\": \"zone\" or \"name\"");
	TRY(known_list(&conditions, each, &ignored, why));
	return known_tree(&body, each, NULL, why);
}

enum err
known_tree(const struct place *p, json_object *set, json_object *each,
    struct error *why)
{
	switch (json_object_get_type(p->value)) {
	case json_type_string:
		return known_text(p, set, true, why);
	case json_type_object:
		if (json_object_object_get_ex(p->value, "$each", NULL))
			return check_each(p, each, why);
		json_object_object_foreach (p->value, key, value) {
			struct place m = place_member(p, key);

			(void)value;
			TRY(known_tree(&m, set, each, why));
		}
		return ERR_OK;
	case json_type_array:
		for (size_t i = 0; i < json_object_array_length(p->value);
		     i++) {
			struct place e = place_element(p, i);

			TRY(known_tree(&e, set, each, why));
		}
		return ERR_OK;
	case json_type_null:
		return place_error(p, why, "must not be null; leave it out");
	default:
		return ERR_OK;
	}
}

enum err
known_list(const struct place *p, json_object *set, json_object **to,
    struct error *why)
{
	size_t n;

	TRY(place_array(p, LIST_MAX, &n, why));
	for (size_t i = 0; i < n; i++) {
		struct place e = place_element(p, i);
		const char *s = NULL;

		TRY(place_string(&e, &s, why));
		if (s == NULL)
			return place_error(&e, why, "must be a string");
		if (set != NULL &&
		    !json_object_object_get_ex(set, s + (*s == '!'), NULL))
			return place_error(&e, why,
			    "no step before gets such a variable");
	}
	*to = p->value;
	return ERR_OK;
}

/* These names are given out; some may be got at one place. */
enum err
known_name(const struct place *p, const char *name, struct error *why)
{
	static const char *const taken[] = { "zone", "name", "sub", "type",
		"addr", "addr4", "addr6", "addrs", "ttl", "ttl_min", "current",
		NULL };

	if (*name == '\0' ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") !=
		strlen(name))
		return place_error(p, why,
		    "the name of a variable has small "
		    "letters, digits and _");
	for (const char *const *t = taken; *t != NULL; t++)
		if (strcmp(*t, name) == 0)
			return place_error(p, why,
			    "{%s} has a meaning of its "
			    "own, and not at this place; take another name",
			    name);
	return ERR_OK;
}
