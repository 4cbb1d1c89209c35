#include "config.h"

#include <string.h>

#include "provider/description/compiler.h"

void *
compiler_take(struct compiler *c, size_t count, size_t size)
{
	void *taken = arena_take(c->arena, count, size);

	if (taken == NULL)
		error_memory(c->why);
	return taken;
}

int
compiler_learn(struct compiler *c, const char *name, enum level level)
{
	int n = variables_learn(c->variables, name, level);

	if (n == -1)
		error_memory(c->why);
	return n;
}

void
compiler_check_name(const struct reader *r, const char *name)
{
	if (!variable_is_word(name))
		reader_fail(r,
		    "the name of a variable has small letters, digits and _");
	else if (variable_is_fixed(name))
		reader_fail(r,
		    "{%s} has a meaning of its own, and not at this place; "
		    "take another name",
		    name);
	else if (strlen(name) > VARIABLE_LEN_MAX)
		reader_fail(r, "has more than %d bytes", VARIABLE_LEN_MAX);
}

/* A string that may be empty; "" after an error, and where r is absent. */
static const char *
read_text(const struct reader *r)
{
	if (!r->present)
		return "";
	if (json_object_is_type(r->value, json_type_string))
		return json_object_get_string(r->value);
	reader_fail(r, "must be a string");
	return "";
}

bool
compiler_pointer_valid(const struct reader *r, const char *pointer)
{
	if (*pointer != '\0' && *pointer != '/') {
		reader_fail(r,
		    "must be a JSON Pointer: empty, or beginning with a slash");
		return false;
	}
	while ((pointer = strchr(pointer, '~')) != NULL)
		if (*++pointer != '0' && *pointer != '1') {
			reader_fail(r,
			    "in a JSON Pointer ~ is written ~0, and a slash in "
			    "a name ~1");
			return false;
		}
	return true;
}

const char *
compiler_pointer(const struct reader *r)
{
	const char *pointer = read_text(r);

	return r->present && compiler_pointer_valid(r, pointer) ? pointer :
								  NULL;
}

struct words
compiler_words(struct compiler *c, const struct reader *r)
{
	size_t count = reader_array(r, LIST_MAX);
	const char **list = compiler_take(c, count, sizeof *list);

	for (size_t i = 0; i < count && list != NULL; i++) {
		struct reader e = reader_element(r, i);

		list[i] = reader_string(&e, "");
	}
	return (struct words){ list, list != NULL ? count : 0 };
}

struct conditions
compiler_conditions(struct compiler *c, const struct reader *r,
    enum level level)
{
	struct words words = compiler_words(c, r);
	struct condition *list = compiler_take(c, words.count, sizeof *list);

	for (size_t i = 0; i < words.count && reader_ok(r); i++) {
		struct reader e = reader_element(r, i);
		bool negated = *words.list[i] == '!';
		const char *name = words.list[i] + negated;
		int n = variable_is_config(name) &&
			strlen(name) <= VARIABLE_LEN_MAX ?
		    compiler_learn(c, name, LEVEL_SESSION) :
		    variables_find(c->variables, name, level);

		if (n == -1)
			reader_fail(&e, "no step before gets such a variable");
		list[i] = (struct condition){ n, negated };
	}
	return (struct conditions){ list, reader_ok(r) ? words.count : 0 };
}

struct fields
compiler_fields(struct compiler *c, const struct reader *r, enum level level,
    bool drops)
{
	size_t count =
	    reader_object(r) ? (size_t)json_object_object_length(r->value) : 0;
	struct field *list = compiler_take(c, count, sizeof *list);
	size_t i = 0;

	if (count == 0 || list == NULL)
		return (struct fields){ NULL, 0 };
	json_object_object_foreach (r->value, key, value) {
		struct reader m = reader_entry(r, key, value);

		list[i].name = key;
		list[i].name_made = (struct template){ NULL, 0 };
		list[i++].value =
		    compiler_template(c, &m, read_text(&m), level, drops);
	}
	return (struct fields){ list, count };
}

/* Only what the operator gives may be in a name, and it must be there. */
static struct template compile_name(struct compiler *c, const struct reader *r,
    const char *name)
{
	struct template t = compiler_template(c, r, name, LEVEL_SESSION, false);

	for (size_t i = 0; i < t.count; i++)
		if (t.pieces[i].literal == NULL &&
		    !variable_is_config(t.pieces[i].name))
			reader_fail(r,
			    "only {config.x} may choose the name of a field");
	return t;
}

struct fields
compiler_named_fields(struct compiler *c, const struct reader *r,
    enum level level)
{
	struct fields fields = compiler_fields(c, r, level, true);
	struct field *list = compiler_take(c, fields.count, sizeof *list);

	for (size_t i = 0; i < fields.count && list != NULL; i++) {
		struct reader m = reader_entry(r, fields.list[i].name, NULL);

		list[i] = fields.list[i];
		list[i].name_made = compile_name(c, &m, list[i].name);
	}
	return (struct fields){ list, list != NULL ? fields.count : 0 };
}
