#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "base/json.h"

#define DEPTH_MAX 64

/* A name of an object that is still open. */
struct name {
	const char *text; /* without quotes, in own or in the text */
	size_t len;
	size_t at; /* offset of its quote */
	char *own; /* the name without its escapes; NULL: it had none */
};

struct level {
	bool is_object;
	bool name_next;	   /* the next string is a name */
	size_t first_name; /* in the list of names */
	size_t index;	   /* of the current element of an array */
};

struct scan {
	const char *text;
	size_t len;
	struct name *names; /* of the open objects, from the outermost on */
	size_t name_count, name_room;
	struct level levels[DEPTH_MAX];
	size_t depth;
	struct json_fault *fault;
};

/* A copy with an x for each byte that is not ASCII; NULL: there is none. */
static char *
ascii_outline(const char *text, size_t len)
{
	char *outline = NULL;

	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] < 0x80)
			continue;
		if (outline == NULL && (outline = malloc(len + 1)) != NULL)
			memcpy(outline, text, len + 1);
		if (outline == NULL)
			return NULL;
		outline[i] = 'x';
	}
	return outline;
}

/* json_tokener_parse_ex() itself does not tell that it left something out. */
static json_object *
parse_whole(struct json_tokener *tok, const char *text, size_t len)
{
	size_t lacks = heap_lacks();
	json_object *o = json_tokener_parse_ex(tok, text, (int)len + 1);

	if (heap_lacks() == lacks)
		return o;
	json_object_put(o);
	return NULL;
}

json_object *
json_parse(struct json_tokener *tok, const char *text, size_t len, int flags)
{
	char *outline = ascii_outline(text, len);
	int strict = JSON_TOKENER_STRICT;

	/*
	 * Within strings an x is as good as what it stands for, and elsewhere
	 * it is as wrong: so the outline tells whether the text is strict JSON,
	 * at the same offsets, and the text itself need not be asked again.
	 */
	if (outline != NULL) {
		json_tokener_set_flags(tok, flags | strict);
		json_object_put(
		    json_tokener_parse_ex(tok, outline, (int)len + 1));
		free(outline);
		if (json_tokener_get_error(tok) != json_tokener_success)
			return NULL;
		json_tokener_reset(tok);
		strict = 0;
	}
	json_tokener_set_flags(tok, flags | strict);
	return parse_whole(tok, text, len);
}

/* Adds "/name" or "/0" to the place; what does not fit is left out. */
static void
add_place(const struct scan *s, const struct name *name, size_t index)
{
	char *to = s->fault->place + strlen(s->fault->place);
	size_t room = sizeof s->fault->place - strlen(s->fault->place);

	if (name != NULL)
		snprintf(to, room, "/%.*s", (int)name->len, name->text);
	else
		snprintf(to, room, "/%zu", index);
}

/* The place is that of name, which is in the innermost level. */
static bool
fail(struct scan *s, const char *what, const struct name *name, size_t at)
{
	static const struct name none = { .text = "" };

	s->fault->what = what;
	s->fault->at = s->fault->first = at;
	s->fault->place[0] = '\0';
	for (size_t i = 0; i + 1 < s->depth; i++) {
		const struct level *l = &s->levels[i];
		size_t end = s->levels[i + 1].first_name;
		/* The current name of a level was its last; "{{" has none. */
		const struct name *current =
		    end > l->first_name ? &s->names[end - 1] : &none;

		add_place(s, l->is_object ? current : NULL, l->index);
	}
	if (name != NULL)
		add_place(s, name, 0);
	return false;
}

/* json-c itself takes the escapes out, and ends a name at its first NUL. */
static bool
unescape(struct name *n, const char *quoted, size_t len)
{
	struct json_tokener *tok = json_tokener_new();
	json_object *value = NULL;

	if (tok != NULL) {
		value = json_tokener_parse_ex(tok, quoted, (int)len);
		json_tokener_free(tok);
	}
	if (value != NULL)
		n->own = strdup(json_object_get_string(value));
	json_object_put(value);
	if (n->own == NULL)
		return false;
	n->text = n->own;
	n->len = strlen(n->own);
	return true;
}

/* Takes the name whose quotes are at start and end of the text. */
static bool
add_name(struct scan *s, size_t start, size_t end)
{
	struct name n = { .text = s->text + start + 1,
		.len = end - start - 1,
		.at = start };
	size_t room = s->name_room * 2 + 64;
	struct name *larger;

	if (s->name_count == s->name_room) {
		larger = reallocarray(s->names, room, sizeof *larger);
		if (larger == NULL)
			return fail(s, "out of memory", NULL, start);
		s->names = larger;
		s->name_room = room;
	}
	if (memchr(n.text, '\\', n.len) != NULL &&
	    !unescape(&n, s->text + start, end - start + 1))
		return fail(s, "out of memory", NULL, start);
	s->names[s->name_count++] = n;
	return true;
}

static int
compare_texts(const struct name *x, const struct name *y)
{
	int diff = memcmp(x->text, y->text, x->len < y->len ? x->len : y->len);

	return diff != 0 ? diff : (x->len > y->len) - (x->len < y->len);
}

/* The order of names; equal ones are in the order of the text. */
static int
compare_names(const void *a, const void *b)
{
	const struct name *x = a, *y = b;
	int diff = compare_texts(x, y);

	return diff != 0 ? diff : (x->at > y->at) - (x->at < y->at);
}

/* Ends the innermost level. */
static bool
close_level(struct scan *s)
{
	size_t first = s->levels[s->depth - 1].first_name;
	const struct name *twice = NULL;
	/* Without a name so far there is no list either. */
	struct name *n = s->names != NULL ? s->names + first : NULL;
	size_t count = s->name_count - first, before = 0;

	if (count > 1)
		qsort(n, count, sizeof *n, compare_names);
	for (size_t i = 1; i < count; i++)
		if (compare_texts(&n[i - 1], &n[i]) == 0 &&
		    (twice == NULL || n[i].at < twice->at)) {
			twice = &n[i];
			before = n[i - 1].at;
		}
	if (twice != NULL) {
		fail(s, "the same name twice", twice, twice->at);
		s->fault->first = before;
		return false;
	}
	while (s->name_count > first)
		free(s->names[--s->name_count].own);
	s->depth--;
	return true;
}

static bool
open_level(struct scan *s, bool is_object, size_t at)
{
	if (s->depth == DEPTH_MAX)
		return fail(s, "nested too deep", NULL, at);
	s->levels[s->depth++] = (struct level){ .is_object = is_object,
		.name_next = is_object,
		.first_name = s->name_count };
	return true;
}

/* *at is the quote that begins a string, and then the one that ends it. */
static bool
take_string(struct scan *s, size_t *at)
{
	struct level *l = s->depth > 0 ? &s->levels[s->depth - 1] : NULL;
	size_t end = *at + 1;

	while (end < s->len && s->text[end] != '"')
		end += s->text[end] == '\\' ? 2 : 1;
	if (end >= s->len)
		return fail(s, "a string without an end", NULL, *at);
	if (l != NULL && l->name_next) {
		l->name_next = false;
		if (!add_name(s, *at, end))
			return false;
	}
	*at = end;
	return true;
}

/* Takes what begins at *at, and sets *at to its last byte. */
static bool
take_one(struct scan *s, size_t *at)
{
	struct level *l = s->depth > 0 ? &s->levels[s->depth - 1] : NULL;

	switch (s->text[*at]) {
	case '{':
	case '[':
		return open_level(s, s->text[*at] == '{', *at);
	case '}':
	case ']':
		return l == NULL || close_level(s);
	case '"':
		return take_string(s, at);
	case '\'':
		return fail(s, "a single quote, where only \" may be", NULL,
		    *at);
	case ',':
		if (l != NULL) {
			l->name_next = l->is_object;
			l->index++;
		}
		return true;
	default:
		return true;
	}
}

bool
json_names_unique(const char *text, size_t len, struct json_fault *fault)
{
	struct scan s = { .text = text, .len = len, .fault = fault };
	bool good = true;

	for (size_t i = 0; i < len && good; i++)
		good = take_one(&s, &i);
	while (s.name_count > 0)
		free(s.names[--s.name_count].own);
	free(s.names);
	return good;
}

size_t
json_weight(const char *text, size_t len)
{
	size_t weight = 0;
	bool quoted = false;

	for (size_t i = 0; i < len; i++) {
		if (quoted && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (!quoted && (text[i] == '{' || text[i] == '['))
			weight += 10;
		else if (!quoted && text[i] == ',')
			weight++;
	}
	return weight;
}

bool
json_add(json_object *to, const char *name, json_object *value)
{
	if (to != NULL && json_object_object_add(to, name, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

bool
json_append(json_object *to, json_object *value)
{
	if (to != NULL && json_object_array_add(to, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

bool
json_add_made(json_object *to, const char *name, json_object *value)
{
	return value != NULL && json_add(to, name, value);
}

bool
json_append_made(json_object *to, json_object *value)
{
	return value != NULL && json_append(to, value);
}

const char *
json_text(json_object *o, int flags)
{
	size_t lacks = heap_lacks();
	const char *text =
	    o != NULL ? json_object_to_json_string_ext(o, flags) : NULL;

	return heap_lacks() == lacks ? text : NULL;
}

void
json_print(json_object *o)
{
	const char *text = json_text(o,
	    JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
		JSON_C_TO_STRING_NOSLASHESCAPE);

	puts(text != NULL ? text : "null");
}
