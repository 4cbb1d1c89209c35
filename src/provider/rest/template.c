#include "config.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "provider/rest/template.h"

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

static bool
is_unreserved(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	    c == '~';
}

static void
encode_percent(struct buffer *to, const char *value, size_t len,
    const char *keep)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)value[i];

		if (is_unreserved(c) || strchr(keep, c) != NULL)
			buffer_add(to, &value[i], 1);
		else
			buffer_printf(to, "%%%02X", c);
	}
}

void
template_escape(struct buffer *to, const char *value)
{
	encode_percent(to, value, strlen(value), "");
}

static void
encode_xml(struct buffer *to, const char *value)
{
	static const char *const entities[UCHAR_MAX + 1] = {
		['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;",
		['"'] = "&quot;",
	};

	for (; *value != '\0'; value++) {
		const char *entity = entities[(unsigned char)*value];

		if (entity != NULL)
			buffer_puts(to, entity);
		else
			buffer_add(to, value, 1);
	}
}

static bool
is_printable(const char *value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (value[i] < 0x20 || value[i] > 0x7e)
			return false;
	return true;
}

static enum err
encode(struct buffer *to, const char *name, const char *value,
    enum encoding as, struct error *why)
{
	if (as == ENCODE_HEADER && !is_printable(value, strlen(value)))
		return error_set(why, ERR_REFUSED,
		    "{%s} holds what no header can", name);
	if (as == ENCODE_PATH)
		encode_percent(to, value, strlen(value), "*@:");
	else if (as == ENCODE_QUERY)
		template_escape(to, value);
	else if (as == ENCODE_XML)
		encode_xml(to, value);
	else
		buffer_puts(to, value);
	return ERR_OK;
}

enum err
template_room(const struct buffer *to, struct error *why)
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

	if (dropped != NULL)
		*dropped = false;
	while (next_piece(&text, &p)) {
		const char *value;

		if (p.literal != NULL && as == ENCODE_QUERY) {
			encode_percent(to, p.literal, p.len, "");
			continue;
		}
		if (p.literal != NULL) {
			buffer_add(to, p.literal, p.len);
			continue;
		}
		value = scope_get(s, p.name, NULL);
		if (value == NULL && p.has_fallback)
			value = p.fallback;
		if (value == NULL && p.optional && dropped != NULL) {
			*dropped = true;
			return ERR_OK;
		}
		if (value == NULL)
			return error_set(why, ERR_REFUSED,
			    "{%s} is not known here", p.name);
		TRY(encode(to, p.name, value, as, why));
	}
	return template_room(to, why);
}

enum err
template_path(struct buffer *to, const char *path, const struct scope *s,
    struct error *why)
{
	enum err rc = ERR_OK;
	char *copy = strdup(path), *rest = copy, *segment;

	if (copy == NULL)
		return error_memory(why);
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
	return rc != ERR_OK ? rc : template_room(to, why);
}

json_object *
template_value(const char *text, const struct scope *s)
{
	json_object *value = NULL;
	struct piece p;

	if (next_piece(&text, &p) && p.typed && *text == '\0')
		(void)scope_get(s, p.name, &value);
	return value;
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

bool
template_may_drop(const char *text)
{
	struct piece p;

	while (next_piece(&text, &p))
		if (p.optional)
			return true;
	return false;
}

/* A path: RFC 3986 section 3.3, where "%" begins an escape. */
bool
template_literal(const char *text, enum encoding as)
{
	struct piece p;

	while (next_piece(&text, &p))
		for (size_t i = 0; p.literal != NULL && i < p.len; i++) {
			unsigned char c = (unsigned char)p.literal[i];

			if (!is_printable(&p.literal[i], 1) ||
			    (as == ENCODE_PATH && !is_unreserved(c) &&
			    strchr("!$&'()*+,;=:@/%", c) == NULL))
				return false;
		}
	return true;
}
