#include "config.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "provider/rest/piece.h"
#include "provider/rest/template.h"

/* RFC 3986 section 2.3. */
#define UNRESERVED                                             \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" \
	"0123456789-._~"

/* All but the characters of keep. */
static void
encode_percent(struct buffer *to, const char *value, size_t len,
    const char *keep)
{
	for (size_t i = 0; i < len; i++)
		if (strchr(keep, value[i]) != NULL)
			buffer_add(to, &value[i], 1);
		else
			buffer_printf(to, "%%%02X", (unsigned char)value[i]);
}

void
template_escape(struct buffer *to, const char *value)
{
	encode_percent(to, value, strlen(value), UNRESERVED);
}

static void
encode_xml(struct buffer *to, const char *value)
{
	static const char *const entities[UCHAR_MAX + 1] = {
		['&'] = "&amp;",
		['<'] = "&lt;",
		['>'] = "&gt;",
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

bool
template_may_hold(enum encoding as, char c)
{
	return c >= 0x20 && c <= 0x7e &&
	    (as != ENCODE_PATH ||
		strchr(UNRESERVED "!$&'()*+,;=:@/%", c) != NULL);
}

static enum err
encode(struct buffer *to, const char *name, const char *value, enum encoding as,
    struct error *why)
{
	for (const char *c = value; as == ENCODE_HEADER && *c != '\0'; c++)
		if (!template_may_hold(as, *c))
			return error_set(why, ERR_REFUSED,
			    "{%s} holds what no header can", name);
	if (as == ENCODE_PATH)
		encode_percent(to, value, strlen(value), UNRESERVED "*@:");
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
		return error_set(why, ERR_REFUSED,
		    "the request would exceed "
		    "%zu bytes",
		    to->max);
	return ERR_OK;
}

enum err
template_text(struct buffer *to, const char *text, const struct scope *s,
    enum encoding as, bool *dropped, struct error *why)
{
	struct piece p;

	if (dropped != NULL)
		*dropped = false;
	while (piece_next(&text, &p)) {
		const char *value;

		if (p.literal != NULL && as == ENCODE_QUERY) {
			encode_percent(to, p.literal, p.len, UNRESERVED);
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
		if (segment != copy &&
		    ((*made == '\0' && rest != NULL) ||
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

	if (piece_next(&text, &p) && p.typed && *text == '\0')
		(void)scope_get(s, p.name, &value);
	return value;
}
