#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "proof/response.h"

#define BLANKS " \t\r\n"

enum response
response_is_http(const char *bytes, size_t len)
{
	static const char form[] = "HTTP/1.d ddd"; /* d: a digit */

	for (size_t i = 0; i < sizeof form - 1; i++) {
		if (i == len)
			return RESPONSE_PARTIAL;
		if (form[i] == 'd' ? bytes[i] < '0' || bytes[i] > '9' :
				     bytes[i] != form[i])
			return RESPONSE_BAD;
	}
	return RESPONSE_GOOD;
}

/* The bytes of the body that must come; false if the answer does not say. */
static bool
content_length(const char *head, size_t *length)
{
	static const char name[] = "\r\nContent-Length:";
	const char *value = strcasestr(head, name);
	char *end;

	if (value == NULL)
		return false;
	value += sizeof name - 1;
	value += strspn(value, " \t");
	*length = strtoul(value, &end, 10);
	return end != value;
}

enum response
response_echoes(const char *bytes, size_t len, bool closed,
    const struct address *own)
{
	char text[RESPONSE_MAX + 1], *body;
	enum response rc = response_is_http(bytes, len);
	struct address seen;
	size_t expected = 0, have;
	bool told;

	if (rc != RESPONSE_GOOD)
		return rc;
	if (strncmp(bytes + 9, "200", 3) != 0 || len >= RESPONSE_MAX ||
	    memchr(bytes, '\0', len) != NULL)
		return RESPONSE_BAD;
	memcpy(text, bytes, len);
	text[len] = '\0';
	if ((body = strstr(text, "\r\n\r\n")) == NULL)
		return closed ? RESPONSE_BAD : RESPONSE_PARTIAL;
	*body = '\0';
	body += 4;
	have = strlen(body);
	told = content_length(text, &expected);
	if (told && have > expected)
		return RESPONSE_BAD;
	if (told ? have < expected : !closed)
		return closed ? RESPONSE_BAD : RESPONSE_PARTIAL;
	body += strspn(body, BLANKS);
	have = strcspn(body, BLANKS);
	if (body[have + strspn(body + have, BLANKS)] != '\0')
		return RESPONSE_BAD;
	body[have] = '\0';
	return address_parse_any(&seen, body) && address_equal(&seen, own) ?
	    RESPONSE_GOOD :
	    RESPONSE_BAD;
}
