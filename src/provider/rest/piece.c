#include "config.h"

#include <string.h>

#include "provider/rest/piece.h"

static bool
is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
	    c == '.';
}

/* How long the variable is that s begins with; 0: there is none. */
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
	if (len == 0 || len > PIECE_NAME_MAX)
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
		if (len > PIECE_FALLBACK_MAX)
			return 0;
		memcpy(p->fallback, s, len);
		p->fallback[len] = '\0';
		s += len;
	}
	return *s == '}' ? (size_t)(s + 1 - start) : 0;
}

bool
piece_next(const char **text, struct piece *p)
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
