#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "config/member.h"

#define BLANKS " \t\r\n"

size_t
member_skip_blanks(const char *text, size_t at)
{
	return at + strspn(text + at, BLANKS);
}

/* The byte behind the string that begins at the quote. */
static size_t
skip_string(const char *text, size_t at)
{
	for (at++; text[at] != '\0' && text[at] != '"'; at++)
		if (text[at] == '\\' && text[at + 1] != '\0')
			at++;
	return text[at] == '"' ? at + 1 : at;
}

size_t
member_skip_value(const char *text, size_t at)
{
	size_t depth = 0;

	if (text[at] == '"')
		return skip_string(text, at);
	if (text[at] != '{' && text[at] != '[')
		return at + strcspn(text + at, ",]}" BLANKS);
	do {
		if (text[at] == '"') {
			at = skip_string(text, at);
			continue;
		}
		depth += text[at] == '{' || text[at] == '[';
		depth -= text[at] == '}' || text[at] == ']';
		at++;
	} while (depth > 0 && text[at] != '\0');
	return at;
}

struct member
member_begin(size_t object)
{
	return (struct member){ .before = object, .end = object };
}

bool
member_next(const char *text, struct member *m)
{
	struct member next = { .before = m->before };
	size_t at;

	if (m->end != m->before) {
		next.before = member_skip_blanks(text, m->end);
		if (text[next.before] != ',')
			return false;
	}
	next.name = member_skip_blanks(text, next.before + 1);
	if (text[next.name] != '"')
		return false;
	at = member_skip_blanks(text, skip_string(text, next.name));
	if (text[at] != ':')
		return false;
	next.value = member_skip_blanks(text, at + 1);
	next.end = member_skip_value(text, next.value);
	if (next.end == next.value)
		return false;
	*m = next;
	return true;
}

bool
member_is_last(const char *text, const struct member *m)
{
	return text[member_skip_blanks(text, m->end)] == '}';
}

/* json-c itself takes the escapes out. */
static bool
is_named(const char *text, const struct member *m, const char *name)
{
	size_t len = skip_string(text, m->name) - m->name;
	json_object *parsed;
	char *quoted;
	bool is;

	/* Nearly all have none, and then no memory is needed. */
	if (memchr(text + m->name, '\\', len) == NULL)
		return len == strlen(name) + 2 &&
		    memcmp(text + m->name + 1, name, len - 2) == 0;
	quoted = strndup(text + m->name, len);
	parsed = quoted != NULL ? json_tokener_parse(quoted) : NULL;
	is =
	    parsed != NULL && strcmp(json_object_get_string(parsed), name) == 0;
	json_object_put(parsed);
	free(quoted);
	return is;
}

bool
member_find(const char *text, size_t object, const char *name, struct member *m)
{
	*m = member_begin(object);
	while (member_next(text, m))
		if (is_named(text, m, name))
			return true;
	return false;
}
