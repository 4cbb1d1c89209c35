#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "provider/template.h"

#define NAME_LEN_MAX	48
#define DEFAULT_LEN_MAX	128

/* One piece of a text: bytes as they are, or a variable. */
struct piece {
	const char	*literal;		/* NULL: a variable */
	size_t		 len;
	char		 name[NAME_LEN_MAX + 1];
	char		 fallback[DEFAULT_LEN_MAX + 1];
	bool		 has_fallback;
	bool		 optional;
	bool		 typed;
};

static bool
is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
	    c == '.';
}

/* "{name}", "{name?}", "{name|word}", "{=name}"; any other brace is text. */
static size_t
parse_variable(const char *s, struct piece *p)
{
	const char *start = s;
	size_t len = 0;

	if (*s++ != '{')
		return 0;
	if ((p->typed = *s == '='))
		s++;
	while (is_name_char(s[len]))
		len++;
	if (len == 0 || len > NAME_LEN_MAX)
		return 0;
	memcpy(p->name, s, len);
	p->name[len] = '\0';
	s += len;
	p->optional = *s == '?';
	p->has_fallback = *s == '|';
	if (p->optional) {
		s++;
	} else if (p->has_fallback) {
		len = strcspn(++s, "}");
		if (len > DEFAULT_LEN_MAX)
			return 0;
		memcpy(p->fallback, s, len);
		p->fallback[len] = '\0';
		s += len;
	}
	return *s == '}' ? (size_t)(s + 1 - start) : 0;
}

/* Takes the next piece off *text; false at the end. */
static bool
next_piece(const char **text, struct piece *p)
{
	const char *s = *text;
	size_t len;

	*p = (struct piece){ .literal = NULL };
	if (*s == '\0')
		return false;
	if ((len = parse_variable(s, p)) > 0) {
		*text = s + len;
		return true;
	}
	/* This brace, if it is one, and all up to the next. */
	len = 1 + strcspn(s + 1, "{");
	*p = (struct piece){ .literal = s, .len = len };
	*text = s + len;
	return true;
}

/* The text of a variable, or NULL; *typed is its JSON value, if it has one. */
static const char *
lookup(const struct scope *s, const char *name, json_object **typed)
{
	json_object *value;

	if (typed != NULL)
		*typed = NULL;
	for (; s != NULL; s = s->outer) {
		for (size_t i = 0; s->credential != NULL &&
		    i < s->credential->count; i++)
			if (strcmp(s->credential->names[i], name) == 0)
				return s->credential->parts[i];
		if (s->values != NULL && json_object_object_get_ex(s->values,
		    name, &value) && value != NULL) {
			if (typed != NULL)
				*typed = value;
			return json_object_get_string(value);
		}
	}
	return NULL;
}

bool
scope_holds(const struct scope *s, const char *condition)
{
	bool negated = *condition == '!';

	return (lookup(s, condition + negated, NULL) != NULL) != negated;
}

bool
scope_holds_all(const struct scope *s, const json_object *conditions)
{
	size_t count = conditions != NULL ?
	    json_object_array_length(conditions) : 0;

	for (size_t i = 0; i < count; i++)
		if (!scope_holds(s, json_object_get_string(
		    json_object_array_get_idx(conditions, i))))
			return false;
	return true;
}

static bool
is_unreserved(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	    c == '~';
}

static void
encode_percent(struct buffer *to, const char *value, const char *keep)
{
	for (; *value != '\0'; value++) {
		unsigned char c = (unsigned char)*value;

		if (is_unreserved(c) || strchr(keep, c) != NULL)
			buffer_add(to, value, 1);
		else
			buffer_printf(to, "%%%02X", c);
	}
}

static void
encode_xml(struct buffer *to, const char *value)
{
	for (; *value != '\0'; value++) {
		switch (*value) {
		case '&':
			buffer_puts(to, "&amp;");
			break;
		case '<':
			buffer_puts(to, "&lt;");
			break;
		case '>':
			buffer_puts(to, "&gt;");
			break;
		case '"':
			buffer_puts(to, "&quot;");
			break;
		default:
			buffer_add(to, value, 1);
		}
	}
}

static bool
header_valid(const char *value)
{
	for (; *value != '\0'; value++)
		if (*value < 0x20 || *value > 0x7e)
			return false;
	return true;
}

static enum err
encode(struct buffer *to, const char *name, const char *value,
    enum encoding as, struct error *why)
{
	switch (as) {
	case ENCODE_PLAIN:
		buffer_puts(to, value);
		break;
	case ENCODE_HEADER:
		if (!header_valid(value))
			return error_set(why, ERR_REFUSED,
			    "{%s} holds what no header can", name);
		buffer_puts(to, value);
		break;
	case ENCODE_PATH:
		encode_percent(to, value, "*@:");
		break;
	case ENCODE_QUERY:
		encode_percent(to, value, "");
		break;
	case ENCODE_XML:
		encode_xml(to, value);
		break;
	}
	return ERR_OK;
}

static enum err
check_room(const struct buffer *to, struct error *why)
{
	if (to->failed)
		return error_set(why, ERR_REFUSED, "the request would exceed "
		    "%zu bytes", to->max);
	return ERR_OK;
}

enum err
template_text(struct buffer *to, const char *text, const struct scope *s,
    enum encoding as, bool *dropped, struct error *why)
{
	struct piece p;
	enum err rc;

	if (dropped != NULL)
		*dropped = false;
	while (next_piece(&text, &p)) {
		const char *value;

		if (p.literal != NULL) {
			buffer_add(to, p.literal, p.len);
			continue;
		}
		if ((value = lookup(s, p.name, NULL)) == NULL && p.has_fallback)
			value = p.fallback;
		if (value == NULL && p.optional && dropped != NULL) {
			*dropped = true;
			return ERR_OK;
		}
		if (value == NULL)
			return error_set(why, ERR_REFUSED,
			    "{%s} is not known here", p.name);
		if ((rc = encode(to, p.name, value, as, why)) != ERR_OK)
			return rc;
	}
	return check_room(to, why);
}

enum err
template_path(struct buffer *to, const char *path, const struct scope *s,
    struct error *why)
{
	enum err rc = ERR_OK;
	char *copy = strdup(path), *rest = copy, *segment;

	if (copy == NULL)
		return error_set(why, ERR_MEMORY, "out of memory");
	while (rc == ERR_OK && (segment = strsep(&rest, "/")) != NULL) {
		size_t start = to->len;
		const char *made;

		rc = template_text(to, segment, s, ENCODE_PATH, NULL, why);
		if (rc != ERR_OK)
			break;
		made = to->data != NULL ? to->data + start : "";
		/* The first segment is what stands before the first slash. */
		if (segment != copy && ((*made == '\0' && rest != NULL) ||
		    strcmp(made, ".") == 0 || strcmp(made, "..") == 0))
			rc = error_set(why, ERR_REFUSED,
			    "the path would have a segment \"%s\"", made);
		else if (rest != NULL)
			buffer_puts(to, "/");
	}
	free(copy);
	return rc != ERR_OK ? rc : check_room(to, why);
}

static enum err
no_memory(struct error *why)
{
	return error_set(why, ERR_MEMORY, "out of memory");
}

static enum err
json_string(json_object **to, const char *text, const struct scope *s,
    struct error *why)
{
	struct buffer made = { .max = 65536 };
	const char *rest = text;
	json_object *typed = NULL;
	bool dropped = false;
	struct piece p;
	enum err rc;

	/* "{=x}" and nothing else: the value with its type. */
	if (next_piece(&rest, &p) && p.literal == NULL && p.typed &&
	    *rest == '\0' && lookup(s, p.name, &typed) != NULL &&
	    typed != NULL)
		return json_object_deep_copy(typed, to, NULL) == 0 ? ERR_OK :
		    no_memory(why);
	rc = template_text(&made, text, s, ENCODE_PLAIN, &dropped, why);
	if (rc == ERR_OK && !dropped && (*to = json_object_new_string_len(
	    made.data != NULL ? made.data : "", (int)made.len)) == NULL)
		rc = no_memory(why);
	buffer_free(&made);
	return rc;
}

static enum err
json_members(json_object **to, json_object *tree, const struct scope *s,
    const struct scope *each, size_t count, struct error *why)
{
	enum err rc = ERR_OK;

	if ((*to = json_object_new_object()) == NULL)
		return no_memory(why);
	json_object_object_foreach(tree, key, value) {
		json_object *member = NULL;

		if ((rc = template_json(&member, value, s, each, count, why))
		    != ERR_OK)
			return rc;
		if (member != NULL &&
		    json_object_object_add(*to, key, member) != 0)
			return no_memory(why);
	}
	return ERR_OK;
}

static enum err
json_elements(json_object **to, json_object *tree, const struct scope *s,
    const struct scope *each, size_t count, struct error *why)
{
	size_t n = json_object_array_length(tree);
	enum err rc;

	if ((*to = json_object_new_array()) == NULL)
		return no_memory(why);
	for (size_t i = 0; i < n; i++) {
		json_object *element = NULL;

		if ((rc = template_json(&element, json_object_array_get_idx(
		    tree, i), s, each, count, why)) != ERR_OK)
			return rc;
		if (element != NULL && json_object_array_add(*to, element) != 0)
			return no_memory(why);
	}
	return ERR_OK;
}

/* A list over the records; an empty one is dropped. */
static enum err
json_each(json_object **to, json_object *tree, const struct scope *each,
    size_t count, struct error *why)
{
	json_object *body = json_object_object_get(tree, "$each");
	json_object *conditions = json_object_object_get(tree, "$if");
	enum err rc;

	if ((*to = json_object_new_array()) == NULL)
		return no_memory(why);
	for (size_t i = 0; i < count; i++) {
		json_object *element = NULL;

		if (!scope_holds_all(&each[i], conditions))
			continue;
		if ((rc = template_json(&element, body, &each[i], NULL, 0,
		    why)) != ERR_OK)
			return rc;
		if (element != NULL && json_object_array_add(*to, element) != 0)
			return no_memory(why);
	}
	if (json_object_array_length(*to) == 0) {
		json_object_put(*to);
		*to = NULL;
	}
	return ERR_OK;
}

enum err
template_json(json_object **to, json_object *tree, const struct scope *s,
    const struct scope *each, size_t count, struct error *why)
{
	enum err rc = ERR_OK;

	*to = NULL;
	switch (json_object_get_type(tree)) {
	case json_type_string:
		rc = json_string(to, json_object_get_string(tree), s, why);
		break;
	case json_type_object:
		if (json_object_object_get_ex(tree, "$each", NULL))
			rc = json_each(to, tree, each, count, why);
		else
			rc = json_members(to, tree, s, each, count, why);
		break;
	case json_type_array:
		rc = json_elements(to, tree, s, each, count, why);
		break;
	default:
		if (json_object_deep_copy(tree, to, NULL) != 0)
			rc = no_memory(why);
	}
	if (rc != ERR_OK) {
		template_wipe(*to);
		*to = NULL;
	}
	return rc;
}

static void
wipe_strings(json_object *tree)
{
	switch (json_object_get_type(tree)) {
	case json_type_string:
		/* json-c gives out its own bytes, and nobody else has them. */
		secret_wipe((char *)(uintptr_t)json_object_get_string(tree),
		    (size_t)json_object_get_string_len(tree));
		break;
	case json_type_object: ;	/* a macro that begins by declaring */
		json_object_object_foreach(tree, key, value) {
			(void)key;
			wipe_strings(value);
		}
		break;
	case json_type_array:
		for (size_t i = 0; i < json_object_array_length(tree); i++)
			wipe_strings(json_object_array_get_idx(tree, i));
		break;
	default:
		break;
	}
}

void
template_wipe(json_object *tree)
{
	wipe_strings(tree);
	json_object_put(tree);
}

char *
template_unknown(const char *text, json_object *known)
{
	struct piece p;

	while (next_piece(&text, &p))
		if (p.literal == NULL &&
		    !json_object_object_get_ex(known, p.name, NULL))
			return strdup(p.name);
	return NULL;
}
