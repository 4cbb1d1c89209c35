#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/secret.h"

#define BUFFER_FIRST 256
#define NUMBER_MAX   20 /* digits of 64 bits, with their sign */

/* Makes room for len more bytes and the NUL. */
static bool
reserve(struct buffer *b, size_t len)
{
	size_t want, size = b->size == 0 ? BUFFER_FIRST : b->size;
	char *grown;

	if (b->failed || len > b->max - b->len)
		return false;
	want = b->len + len + 1;
	if (want <= b->size)
		return true;
	while (size < want)
		size *= 2;
	/* Not realloc(): it would leave a copy of a secret behind. */
	if ((grown = malloc(size)) == NULL)
		return false;
	if (b->data != NULL) {
		memcpy(grown, b->data, b->len);
		secret_wipe(b->data, b->len);
		free(b->data);
	}
	grown[b->len] = '\0';
	b->data = grown;
	b->size = size;
	return true;
}

bool
buffer_add(struct buffer *b, const void *bytes, size_t len)
{
	if (!reserve(b, len)) {
		b->failed = true;
		return false;
	}
	if (len > 0)
		memcpy(b->data + b->len, bytes, len);
	b->len += len;
	b->data[b->len] = '\0';
	return true;
}

bool
buffer_puts(struct buffer *b, const char *s)
{
	return buffer_add(b, s, strlen(s));
}

bool
buffer_join(struct buffer *b, ...)
{
	const char *text;
	va_list ap;

	va_start(ap, b);
	while ((text = va_arg(ap, const char *)) != NULL)
		buffer_puts(b, text);
	va_end(ap);
	return !b->failed;
}

bool
buffer_number(struct buffer *b, long long number)
{
	unsigned long long left = (unsigned long long)number;
	char digits[NUMBER_MAX], *first = digits + sizeof digits;

	if (number < 0)
		left = -left;
	do
		*--first = (char)('0' + left % 10);
	while ((left /= 10) > 0);
	if (number < 0)
		*--first = '-';
	return buffer_add(b, first, (size_t)(digits + sizeof digits - first));
}

bool
buffer_printf(struct buffer *b, const char *fmt, ...)
{
	size_t room = b->data != NULL ? b->size - b->len : 0;
	va_list ap;
	int len;

	/* Most texts fit into the room that is there already. */
	va_start(ap, fmt);
	len = vsnprintf(room > 0 ? b->data + b->len : NULL, room, fmt, ap);
	va_end(ap);
	if (len >= 0 && (size_t)len < room && !b->failed &&
	    (size_t)len <= b->max - b->len) {
		b->len += (size_t)len;
		return true;
	}
	if (room > 0)
		secret_wipe(b->data + b->len, room);
	if (len < 0 || !reserve(b, (size_t)len)) {
		b->failed = true;
		return false;
	}
	va_start(ap, fmt);
	vsnprintf(b->data + b->len, (size_t)len + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)len;
	return true;
}

const char *
buffer_text(const struct buffer *b)
{
	return b->data != NULL ? b->data : "";
}

void
buffer_clear(struct buffer *b)
{
	secret_wipe(b->data, b->len);
	b->len = 0;
	b->failed = false;
}

void
buffer_free(struct buffer *b)
{
	buffer_clear(b);
	free(b->data);
	b->data = NULL;
	b->size = 0;
}

char *
buffer_take(struct buffer *b)
{
	char *s;

	if (b->failed || (b->data == NULL && !buffer_add(b, "", 0))) {
		buffer_free(b);
		return NULL;
	}
	s = b->data;
	*b = (struct buffer){ .max = b->max };
	return s;
}
