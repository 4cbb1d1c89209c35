#include "config.h"

#include "base/json.h"
#include "config/document.h"
#include "config/split.h"

/* How many members the object has; 0: none, or it is no JSON. */
static size_t
count_members(const char *text, size_t object)
{
	struct member m = member_begin(object);
	size_t count = 0;

	while (member_next(text, &m))
		count++;
	return member_is_last(text, &m) ? count : 0;
}

/* The rest keeps its lines, which errors name. */
static bool
make_rest(struct split *s, const struct member *object)
{
	buffer_add(&s->rest, s->text, object->value);
	buffer_add(&s->rest, "{", 1);
	for (size_t i = object->value; i < object->end; i++)
		if (s->text[i] == '\n')
			buffer_add(&s->rest, "\n", 1);
	buffer_add(&s->rest, "}", 1);
	buffer_add(&s->rest, s->text + object->end, s->len - object->end);
	return !s->rest.failed;
}

bool
split_begin(struct split *s, const char *text, size_t len, const char *name)
{
	struct member m;
	size_t top = member_skip_blanks(text, 0);

	*s = (struct split){ .text = text,
		.len = len,
		.rest.max = DOCUMENT_SIZE_MAX + 2,
		.piece.max = DOCUMENT_SIZE_MAX + 2 };
	if (text[top] != '{' || !member_find(text, top, name, &m) ||
	    text[m.value] != '{')
		return false;
	s->present = member_begin(m.value);
	s->members = count_members(text, m.value);
	s->tok = json_tokener_new_ex(DOCUMENT_DEPTH_MAX);
	return s->members > 0 && s->tok != NULL && make_rest(s, &m);
}

json_object *
split_next(struct split *s)
{
	const struct member *m = &s->present;
	json_object *piece = NULL;

	if (!member_next(s->text, &s->present))
		return NULL;
	s->piece.len = 0;
	buffer_add(&s->piece, "{", 1);
	buffer_add(&s->piece, s->text + m->name, m->end - m->name);
	buffer_add(&s->piece, "}", 1);
	json_tokener_reset(s->tok);
	if (!s->piece.failed)
		piece = json_parse(s->tok, s->piece.data, s->piece.len,
		    JSON_TOKENER_VALIDATE_UTF8);
	s->failed = piece == NULL;
	return piece;
}

void
split_end(struct split *s)
{
	buffer_free(&s->rest);
	buffer_free(&s->piece);
	if (s->tok != NULL)
		json_tokener_free(s->tok);
}
