#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include <json-c/json_visit.h>

#include "base/secret.h"
#include "provider/rest/values.h"

enum err
values_start(struct values *v, const struct values *outer, size_t count,
    struct error *why)
{
	*v = (struct values){ .outer = outer, .count = count };
	v->list = calloc(count, sizeof(json_object *));
	return v->list != NULL ? ERR_OK : error_memory(why);
}

void
values_end(struct values *v)
{
	for (size_t i = 0; v->list != NULL && i < v->count; i++)
		json_wipe(v->list[i]);
	free(v->list);
	*v = (struct values){ .list = NULL };
}

/*
 * Takes value over, which is NULL if there was no memory for it.  There may be
 * no list either, after a values_start() that failed.
 */
static enum err
put(struct values *v, int variable, json_object *value, struct error *why)
{
	if (value == NULL || v->list == NULL) {
		json_wipe(value);
		return error_memory(why);
	}
	json_wipe(v->list[variable]);
	v->list[variable] = value;
	return ERR_OK;
}

enum err
values_set(struct values *v, int variable, const char *text, struct error *why)
{
	return put(v, variable, json_object_new_string(text), why);
}

enum err
values_copy(struct values *v, int variable, json_object *value,
    struct error *why)
{
	json_object *copy = NULL;

	/* A deep copy, because values_end() overwrites it. */
	(void)json_object_deep_copy(value, &copy, NULL);
	return put(v, variable, copy, why);
}

enum err
values_number(struct values *v, int variable, int64_t number, struct error *why)
{
	return put(v, variable, json_object_new_int64(number), why);
}

void
values_unset(struct values *v, int variable)
{
	if (v->list == NULL)
		return;
	json_wipe(v->list[variable]);
	v->list[variable] = NULL;
}

json_object *
values_own(const struct values *v, int variable)
{
	return v->list != NULL ? v->list[variable] : NULL;
}

json_object *
values_get(const struct values *v, int variable)
{
	json_object *value = NULL;

	for (; v != NULL && value == NULL; v = v->outer)
		value = values_own(v, variable);
	return value;
}

const char *
values_text(const struct values *v, int variable)
{
	json_object *value = values_get(v, variable);

	return value != NULL ? json_object_get_string(value) : NULL;
}

bool
values_hold(const struct values *v, const struct conditions *conditions)
{
	for (size_t i = 0; i < conditions->count; i++) {
		const struct condition *c = &conditions->list[i];

		if ((values_get(v, c->variable) != NULL) == c->negated)
			return false;
	}
	return true;
}

static int
wipe_string(json_object *value, int flags, json_object *parent, const char *key,
    size_t *index, void *data)
{
	(void)flags, (void)parent, (void)key, (void)index, (void)data;
	/* json_object_get_string() gives the object's own bytes. */
	if (json_object_is_type(value, json_type_string))
		secret_wipe((char *)(uintptr_t)json_object_get_string(value),
		    (size_t)json_object_get_string_len(value));
	return JSON_C_VISIT_RETURN_CONTINUE;
}

void
json_wipe(json_object *tree)
{
	if (tree != NULL)
		json_c_visit(tree, 0, wipe_string, NULL);
	json_object_put(tree);
}
