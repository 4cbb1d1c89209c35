#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "config/document.h"
#include "config/member.h"
#include "config/revision.h"

/*
 * The text, which was parsed without an error, and the same without comments:
 * what begins at an offset of one begins at that of the other.
 */
struct revision {
	struct buffer *text;
	char *bare;
};

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
	const char *text = json_text(value,
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
	struct member last = member_begin(object);
	struct buffer words = { .max = DOCUMENT_SIZE_MAX };
	json_object *string = json_object_new_string(name);
	const char *t = r->text->data, *quoted;
	size_t close = member_skip_value(r->bare, object) - 1, line, at = close;
	bool some = false, ok;

	while (member_next(r->bare, &last))
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
	quoted = json_text(string, JSON_C_TO_STRING_NOSLASHESCAPE);
	if (quoted != NULL)
		buffer_join(&words, quoted, ": ", NULL);
	else
		words.failed = true;
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
	bool is_last = member_is_last(r->bare, m);
	size_t begin = m->name;
	size_t end = is_last ? m->end : member_skip_blanks(r->bare, m->end) + 1;

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
		    (!member_find(r->bare, object, gone, &m) ||
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
		else if (!member_find(r->bare, object, name, &m))
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
	    !revise(&r, member_skip_blanks(r.bare, 0), before, after)) {
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
