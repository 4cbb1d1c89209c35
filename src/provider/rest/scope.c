#include "config.h"

#include <stdint.h>
#include <string.h>

#include <json-c/json_visit.h>

#include "base/secret.h"
#include "provider/rest/scope.h"

enum err
scope_begin(struct scope *s, const struct scope *outer, struct error *why)
{
	*s = (struct scope){ outer, json_object_new_object(), NULL };
	return s->values != NULL ? ERR_OK : error_memory(why);
}

void
scope_end(struct scope *s)
{
	scope_wipe(s->values);
	s->values = NULL;
}

bool
scope_takes(json_object *value)
{
	enum json_type type = json_object_get_type(value);

	return type == json_type_string || type == json_type_int ||
	    type == json_type_double || type == json_type_boolean;
}

/* Takes value over, which may be NULL: there was no memory for it. */
static enum err
add(struct scope *s, const char *name, json_object *value, struct error *why)
{
	if (value != NULL &&
	    json_object_object_add(s->values, name, value) == 0)
		return ERR_OK;
	json_object_put(value);
	return error_memory(why);
}

enum err
scope_set(struct scope *s, const char *name, const char *text,
    struct error *why)
{
	return add(s, name, json_object_new_string(text), why);
}

/* Of its own, since it is wiped in the end. */
enum err
scope_copy(struct scope *s, const char *name, json_object *value,
    struct error *why)
{
	json_object *copy = NULL;

	(void)json_object_deep_copy(value, &copy, NULL);
	return add(s, name, copy, why);
}

const char *
scope_get(const struct scope *s, const char *name, json_object **value)
{
	json_object *found;

	if (value != NULL)
		*value = NULL;
	for (; s != NULL; s = s->outer) {
		const struct token_parts *c = s->token;

		for (size_t i = 0; c != NULL && i < c->count; i++)
			if (strcmp(c->names[i], name) == 0)
				return c->parts[i];
		if (s->values == NULL ||
		    !json_object_object_get_ex(s->values, name, &found) ||
		    found == NULL)
			continue;
		if (value != NULL)
			*value = found;
		return json_object_get_string(found);
	}
	return NULL;
}

bool
scope_holds(const struct scope *s, const char *condition)
{
	bool negated = *condition == '!';

	return (scope_get(s, condition + negated, NULL) != NULL) != negated;
}

bool
scope_holds_all(const struct scope *s, const json_object *conditions)
{
	size_t count =
	    conditions != NULL ? json_object_array_length(conditions) : 0;

	for (size_t i = 0; i < count; i++)
		if (!scope_holds(s,
			json_object_get_string(
			    json_object_array_get_idx(conditions, i))))
			return false;
	return true;
}

static int
wipe_string(json_object *value, int flags, json_object *parent, const char *key,
    size_t *index, void *data)
{
	(void)flags, (void)parent, (void)key, (void)index, (void)data;
	/* json-c gives out its own bytes, and nobody else has them. */
	if (json_object_is_type(value, json_type_string))
		secret_wipe((char *)(uintptr_t)json_object_get_string(value),
		    (size_t)json_object_get_string_len(value));
	return JSON_C_VISIT_RETURN_CONTINUE;
}

void
scope_wipe(json_object *tree)
{
	if (tree != NULL)
		json_c_visit(tree, 0, wipe_string, NULL);
	json_object_put(tree);
}
