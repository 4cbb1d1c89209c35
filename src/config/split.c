#include "config.h"

#include <string.h>

#include "base/json.h"
#include "config/document.h"
#include "config/split.h"

/* Where one member stands in the text. */
struct member {
	size_t name;	   /* its quote */
	size_t value, end; /* of its value: the first byte, and that behind */
};

static size_t
skip_blanks(const struct split *s, size_t at)
{
	while (at < s->len && strchr(" \t\r\n", s->text[at]) != NULL)
		at++;
	return at;
}

/* The byte behind the string that begins at the quote, or len. */
static size_t
skip_string(const struct split *s, size_t at)
{
	for (at++; at < s->len && s->text[at] != '"'; at++)
		if (s->text[at] == '\\')
			at++;
	return at < s->len ? at + 1 : s->len;
}

/*
 * The byte behind a value, or len: that behind the bracket that closes the
 * first one, or that before the comma or bracket which ends a plain value.
 */
static size_t
skip_value(const struct split *s, size_t at)
{
	size_t depth = 0;

	while (at < s->len) {
		char c = s->text[at];

		if (c == '"') {
			at = skip_string(s, at);
		} else if (depth == 0 && strchr(",}]", c) != NULL) {
			return at;
		} else {
			depth += c == '{' || c == '[';
			depth -= c == '}' || c == ']';
			at++;
		}
		if (depth == 0 && strchr("\"}]", c) != NULL)
			return at;
	}
	return s->len;
}

/* Finds the member that begins at the offset. */
static bool
find_member(const struct split *s, size_t at, struct member *m)
{
	m->name = at = skip_blanks(s, at);
	if (at == s->len || s->text[at] != '"')
		return false;
	at = skip_blanks(s, skip_string(s, at));
	if (at == s->len || s->text[at] != ':')
		return false;
	m->value = skip_blanks(s, at + 1);
	m->end = skip_value(s, m->value);
	return m->end > m->value && m->end < s->len;
}

/*
 * Goes on from the end of a member to the beginning of the next one.  False:
 * there is none; *at is then the bracket that ends the object, or something
 * else that may not be there.
 */
static bool
find_next(const struct split *s, size_t *at)
{
	*at = skip_blanks(s, *at);
	if (*at == s->len || s->text[*at] != ',')
		return false;
	++*at;
	return true;
}

static bool
is_end(const struct split *s, size_t at)
{
	return at < s->len && s->text[at] == '}';
}

/* How many members there are from the offset on; 0: it is no JSON. */
static size_t
count_members(const struct split *s, size_t at)
{
	struct member m;
	size_t count = 0;

	do {
		if (!find_member(s, at, &m))
			return 0;
		at = m.end;
		count++;
	} while (find_next(s, &at));
	return is_end(s, at) ? count : 0;
}

static bool
is_named(const struct split *s, const struct member *m, const char *name)
{
	size_t len = strlen(name);

	return skip_string(s, m->name) - m->name == len + 2 &&
	    strncmp(s->text + m->name + 1, name, len) == 0;
}

/* The rest keeps its lines, which errors name. */
static bool
make_rest(struct split *s, const struct member *object)
{
	bool ok = buffer_add(&s->rest, s->text, object->value) &&
	    buffer_add(&s->rest, "{", 1);

	for (size_t i = object->value; i < object->end; i++)
		if (s->text[i] == '\n')
			ok = buffer_add(&s->rest, "\n", 1) && ok;
	return buffer_add(&s->rest, "}", 1) &&
	    buffer_add(&s->rest, s->text + object->end, s->len - object->end) &&
	    ok;
}

bool
split_begin(struct split *s, const char *text, size_t len, const char *name)
{
	struct member m;
	size_t at;

	*s = (struct split){ .text = text,
		.len = len,
		.rest.max = DOCUMENT_SIZE_MAX + 2,
		.piece.max = DOCUMENT_SIZE_MAX + 2 };
	at = skip_blanks(s, 0);
	if (at == len || text[at++] != '{')
		return false;
	do {
		if (!find_member(s, at, &m))
			return false;
		at = m.end;
	} while (!is_named(s, &m, name) && find_next(s, &at));
	if (!is_named(s, &m, name) || text[m.value] != '{')
		return false;
	s->at = m.value + 1;
	s->members = count_members(s, s->at);
	s->tok = json_tokener_new_ex(DOCUMENT_DEPTH_MAX);
	return s->members > 0 && s->tok != NULL && make_rest(s, &m);
}

json_object *
split_next(struct split *s)
{
	json_object *piece = NULL;
	struct member m;

	if (s->members == 0)
		return NULL;
	s->members--;
	if (find_member(s, s->at, &m)) {
		s->at = m.end;
		(void)find_next(s, &s->at);
		s->piece.len = 0;
		buffer_add(&s->piece, "{", 1);
		buffer_add(&s->piece, s->text + m.name, m.end - m.name);
		buffer_add(&s->piece, "}", 1);
		json_tokener_reset(s->tok);
		if (!s->piece.failed)
			piece = json_parse(s->tok, s->piece.data, s->piece.len,
			    JSON_TOKENER_VALIDATE_UTF8);
	}
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
