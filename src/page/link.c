#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "page/link.h"

static bool
is_unreserved(unsigned char c)
{
	return c < 0x80 && (isalnum(c) || strchr("-._~", c) != NULL);
}

void
link_add(struct buffer *url, const char *name, const char *value)
{
	if (value == NULL || *value == '\0')
		return;
	buffer_printf(url, "%c%s=",
	    url->data != NULL && strchr(url->data, '?') != NULL ? '&' : '?',
	    name);
	for (; *value != '\0'; value++)
		if (is_unreserved((unsigned char)*value))
			buffer_add(url, value, 1);
		else
			buffer_printf(url, "%%%02X", (unsigned char)*value);
}

void
link_add_number(struct buffer *url, const char *name, size_t value)
{
	char text[24];

	snprintf(text, sizeof text, "%zu", value);
	link_add(url, name, text);
}
