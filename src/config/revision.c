#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "config/document.h"
#include "config/revision.h"

#define BLANKS " \t\r\n"

/*
 * The text, which was parsed without an error, and the same without comments:
 * what begins at an offset of one begins at that of the other.
 */
struct revision {
	struct buffer *text;
	char *bare;
};

/* One member of an object, as offsets: "name": value, */
struct member {
	size_t name, value, end;
	size_t before; /* the comma before it, or the brace */
};

/*
 * Where things are
 */

static size_t
skip_blanks(const char *t, size_t at)
{
	return at + strspn(t + at, BLANKS);
}

static size_t
skip_string(const char *t, size_t at)
{
	for (at++; t[at] != '"'; at++)
		if (t[at] == '\\')
			at++;
	return at + 1;
}

static size_t
skip_value(const char *t, size_t at)
{
	int depth = 0;

	if (t[at] == '"')
		return skip_string(t, at);
	if (t[at] != '{' && t[at] != '[')
		return at + strcspn(t + at, ",]}" BLANKS);
	do {
		if (t[at] == '"') {
			at = skip_string(t, at);
			continue;
		}
		depth += t[at] == '{' || t[at] == '[';
		depth -= t[at] == '}' || t[at] == ']';
		at++;
	} while (depth > 0);
	return at;
}

/* The member after m, or the first one of the object at m->before. */
static bool
next_member(const char *t, struct member *m)
{
	size_t at = skip_blanks(t, m->end);

	if (t[at] == ',' || m->end == m->before) {
		m->before = at;
		at = skip_blanks(t, at + 1);
	}
	if (t[at] != '"')
		return false;
	m->name = at;
	at = skip_blanks(t, skip_string(t, at));
	m->value = skip_blanks(t, at + 1);
	m->end = skip_value(t, m->value);
	return true;
}

/* Is the string at that offset the name? */
static bool
is_named(const char *t, size_t at, const char *name)
{
	char *text = strndup(t + at, skip_string(t, at) - at);
	json_object *parsed = text != NULL ? json_tokener_parse(text) : NULL;
	bool is =
	    parsed != NULL && strcmp(json_object_get_string(parsed), name) == 0;

	json_object_put(parsed);
	free(text);
	return is;
}

static bool
find_member(const char *t, size_t object, const char *name, struct member *m)
{
	*m = (struct member){ .before = object, .end = object };
	while (next_member(t, m))
		if (is_named(t, m->name, name))
			return true;
	return false;
}

static size_t
line_start(const char *t, size_t at)
{
	while (at > 0 && t[at - 1] != '\n')
		at--;
	return at;
}

/* How many blanks does the line begin with? */
static size_t
indent(const char *t, size_t line)
{
	return strspn(t + line, " \t");
}

/*
 * What is written
 */

/* Puts words in the place of what is between two offsets. */
static bool
splice(struct revision *r, size_t from, size_t to, const char *words)
{
	struct buffer new = { .max = DOCUMENT_SIZE_MAX };
	char *bare;
	size_t at;

	if (!buffer_add(&new, r->text->data, from) ||
	    !buffer_puts(&new, words) ||
	    !buffer_puts(&new, r->text->data + to) ||
	    (bare = strdup(new.data)) == NULL) {
		buffer_free(&new);
		return false;
	}
	(void)document_blank_comments(bare, &at);
	free(r->bare);
	r->bare = bare;
	buffer_free(r->text);
	*r->text = new;
	return true;
}

/* Does the text begin its lines with tabs? */
static bool
has_tabs(const char *t)
{
	return *t == '\t' || strstr(t, "\n\t") != NULL;
}

/* value as text, of which all lines but the first begin like the line at. */
static void
add_value(struct buffer *to, const struct revision *r, size_t line,
    size_t depth, json_object *value)
{
	const char *t = r->text->data;
	int tabs = has_tabs(t) ? JSON_C_TO_STRING_PRETTY_TAB : 0;
	const char *text = json_object_to_json_string_ext(value,
	    JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
		JSON_C_TO_STRING_NOSLASHESCAPE | tabs);

	if (text == NULL)
		to->failed = true;
	for (; text != NULL && *text != '\0'; text++) {
		buffer_add(to, text, 1);
		if (*text != '\n')
			continue;
		buffer_add(to, t + line, indent(t, line));
		for (size_t i = 0; i < depth; i++)
			buffer_puts(to, tabs != 0 ? "\t" : "  ");
	}
}

static bool
replace(struct revision *r, const struct member *m, json_object *value)
{
	struct buffer words = { .max = DOCUMENT_SIZE_MAX };
	bool ok;

	add_value(&words, r, line_start(r->text->data, m->name), 0, value);
	ok = !words.failed && splice(r, m->value, m->end, words.data);
	buffer_free(&words);
	return ok;
}

/* Writes a member behind the last one, on a line of its own. */
static bool
insert(struct revision *r, size_t object, const char *name, json_object *value)
{
	struct member last = { .before = object, .end = object };
	struct buffer words = { .max = DOCUMENT_SIZE_MAX };
	json_object *string = json_object_new_string(name);
	const char *t = r->text->data;
	size_t close = skip_value(r->bare, object) - 1, line, at = close;
	bool some = false, ok;

	while (next_member(r->bare, &last))
		some = true;
	/* Comments before the brace stay where they are, before the member. */
	line = line_start(t, close);
	if (line > object && line + indent(t, line) == close)
		at = line;
	else
		buffer_puts(&words, "\n");
	line = line_start(t, object);
	buffer_add(&words, t + line, indent(t, line));
	buffer_puts(&words, has_tabs(t) ? "\t" : "  ");
	buffer_printf(&words, "%s: ",
	    json_object_to_json_string_ext(string,
		JSON_C_TO_STRING_NOSLASHESCAPE));
	add_value(&words, r, line, 1, value);
	buffer_puts(&words, "\n");
	if (at == close)
		buffer_add(&words, t + line, indent(t, line));
	ok = !words.failed && splice(r, at, at, words.data) &&
	    (!some || splice(r, last.end, last.end, ","));
	json_object_put(string);
	buffer_free(&words);
	return ok;
}

static bool
take_out(struct revision *r, const struct member *m)
{
	size_t after = skip_blanks(r->bare, m->end);
	bool is_last = r->bare[after] != ',';
	size_t begin = m->name, end = is_last ? m->end : after + 1;

	/* A line that is blank then goes as a whole. */
	if (begin ==
		line_start(r->text->data, begin) +
		    indent(r->text->data, line_start(r->text->data, begin)) &&
	    r->text->data[end + indent(r->text->data, end)] == '\n') {
		begin = line_start(r->text->data, begin);
		end += indent(r->text->data, end) + 1;
	}
	return splice(r, begin, end, "") &&
	    (!is_last || r->bare[m->before] != ',' ||
		splice(r, m->before, m->before + 1, ""));
}

static bool
revise(struct revision *r, size_t object, json_object *before,
    json_object *after)
{
	struct member m;

	json_object_object_foreach (before, gone, ignored) {
		(void)ignored;
		if (!json_object_object_get_ex(after, gone, NULL) &&
		    (!find_member(r->bare, object, gone, &m) ||
			!take_out(r, &m)))
			return false;
	}
	json_object_object_foreach (after, name, value) {
		json_object *old = NULL;
		bool ok;

		if (!json_object_object_get_ex(before, name, &old))
			ok = insert(r, object, name, value);
		else if (json_object_equal(old, value))
			continue;
		else if (!find_member(r->bare, object, name, &m))
			ok = false;
		else if (json_object_is_type(old, json_type_object) &&
		    json_object_is_type(value, json_type_object))
			ok = revise(r, m.value, old, value);
		else
			ok = replace(r, &m, value);
		if (!ok)
			return false;
	}
	return true;
}

enum err
revision_make(struct buffer *text, json_object *before, json_object *after,
    const char *name, struct error *why)
{
	struct revision r = { .text = text, .bare = strdup(text->data) };
	json_object *made = NULL;
	size_t at = 0;
	enum err rc;

	if (r.bare == NULL || document_blank_comments(r.bare, &at) != NULL ||
	    !revise(&r, skip_blanks(r.bare, 0), before, after)) {
		free(r.bare);
		return error_set(why, ERR_MEMORY,
		    "%s: cannot be changed; there is no memory", name);
	}
	free(r.bare);
	if ((rc = document_parse(&made, text->data, name, why)) == ERR_OK &&
	    !json_object_equal(made, after))
		rc = error_set(why, ERR_CONFIG,
		    "%s: cannot be changed without writing it anew", name);
	json_object_put(made);
	return rc;
}
