#include "config.h"

#include "provider/description/body.h"

/* {"$each": T, "$if": [conditions]} */
static struct body
compile_each(struct compiler *c, struct reader r, bool each)
{
	struct body b = { .shape = SHAPE_EACH };
	struct reader element = reader_member(&r, "$each");
	struct reader conditions = reader_member(&r, "$if");
	struct body *parts;

	read_end(&r);
	if (!each)
		reader_fail(&r,
		    "$each needs a step with \"for\": \"zone\" or \"name\"");
	b.only_if = compiler_conditions(c, &conditions, LEVEL_RECORD);
	if (!reader_ok(&r) || (parts = compiler_take(c, 1, sizeof b)) == NULL)
		return BODY_OF_NOTHING;
	*parts = body_compile(c, &element, LEVEL_RECORD, false);
	b.parts = parts;
	b.count = 1;
	return b;
}

static struct body
compile_object(struct compiler *c, const struct reader *r, enum level level,
    bool each)
{
	size_t count = (size_t)json_object_object_length(r->value), i = 0;
	struct body *parts = compiler_take(c, count, sizeof *parts);

	if (parts == NULL)
		return BODY_OF_NOTHING;
	json_object_object_foreach (r->value, key, value) {
		struct reader m = reader_entry(r, key, value);

		parts[i] = body_compile(c, &m, level, each);
		parts[i++].name = key;
	}
	return (struct body){ .shape = SHAPE_OBJECT,
		.parts = parts,
		.count = count };
}

static struct body
compile_list(struct compiler *c, const struct reader *r, enum level level,
    bool each)
{
	size_t count = json_object_array_length(r->value);
	struct body *parts = compiler_take(c, count, sizeof *parts);

	if (parts == NULL)
		return BODY_OF_NOTHING;
	for (size_t i = 0; i < count; i++) {
		struct reader e = reader_element(r, i);

		parts[i] = body_compile(c, &e, level, each);
	}
	return (
	    struct body){ .shape = SHAPE_LIST, .parts = parts, .count = count };
}

struct body
body_compile(struct compiler *c, const struct reader *r, enum level level,
    bool each)
{
	switch (json_object_get_type(r->value)) {
	case json_type_string:
		return (struct body){ .shape = SHAPE_TEXT,
			.text = compiler_template(c, r,
			    json_object_get_string(r->value), level, true) };
	case json_type_object:
		return json_object_object_get_ex(r->value, "$each", NULL) ?
		    compile_each(c, *r, each) :
		    compile_object(c, r, level, each);
	case json_type_array:
		return compile_list(c, r, level, each);
	case json_type_null:
		reader_fail(r, "must not be null; leave it out");
		return BODY_OF_NOTHING;
	default:
		return (struct body){ .shape = SHAPE_CONSTANT,
			.constant = r->value };
	}
}

bool
body_has_each(const struct body *b)
{
	if (b->shape == SHAPE_EACH)
		return true;
	for (size_t i = 0; i < b->count; i++)
		if (body_has_each(&b->parts[i]))
			return true;
	return false;
}
