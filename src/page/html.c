#include "config.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "page/html.h"
#include "page/unseen.h"

#define TEXT_MAX 1024 /* of what is formatted at once */

/* Elements that hold nothing, and have no end. */
static bool
is_void(const char *name)
{
	static const char *const names[] = { "br", "input", "link", "meta" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static void
put_name(struct html *h, const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";

	if (*name == '\0' || strspn(name, letters) != strlen(name))
		h->to->failed = true;
	else
		buffer_puts(h->to, name);
}

/* One character, or one byte that is none. */
static void
put_character(struct html *h, const char *text, size_t len, uint32_t c)
{
	static const struct {
		uint32_t c;
		const char *entity;
	} entities[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" },
		{ '"', "&quot;" }, { '\'', "&#39;" } };

	for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
		if (entities[i].c == c) {
			buffer_puts(h->to, entities[i].entity);
			return;
		}
	if (c == UNSEEN_NO_CHARACTER)
		buffer_printf(h->to, "[0x%02X]", (unsigned char)*text);
	else if (unseen_is(c))
		buffer_printf(h->to, "[U+%04X]", (unsigned int)c);
	else
		buffer_add(h->to, text, len);
}

/* How many bytes from here on are what they look like, in HTML too. */
static size_t
plain_length(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && text[n] >= 0x20 && text[n] <= 0x7e &&
	    strchr("&<>\"'", text[n]) == NULL)
		n++;
	return n;
}

/* The only way of any text into the document; at most max bytes of it. */
static void
put_escaped(struct html *h, const char *text, size_t max)
{
	size_t left = strnlen(text, max + 1), len;
	bool cut = left > max;
	uint32_t c;

	if (cut) {
		left = max;
		/* Not in the middle of a character, which has 4 at most. */
		for (int i = 0; i < 3 && (text[left] & 0xc0) == 0x80; i++)
			left--;
	}
	while (left > 0 && !h->to->failed) {
		if ((len = plain_length(text, left)) > 0) {
			buffer_add(h->to, text, len);
		} else {
			len = unseen_decode(text, left, &c);
			put_character(h, text, len, c);
		}
		text += len;
		left -= len;
	}
	if (cut)
		buffer_puts(h->to, "...");
}

static void
end_tag(struct html *h)
{
	if (!h->in_tag)
		return;
	buffer_puts(h->to, ">");
	h->in_tag = false;
	if (is_void(h->open[h->depth - 1]))
		h->depth--;
}

void
html_begin(struct html *h)
{
	buffer_puts(h->to, "<!DOCTYPE html>\n");
}

void
html_open(struct html *h, const char *name)
{
	end_tag(h);
	if (h->depth == HTML_DEPTH_MAX) {
		h->to->failed = true;
		return;
	}
	buffer_puts(h->to, "<");
	put_name(h, name);
	h->open[h->depth++] = name;
	h->in_tag = true;
}

void
html_attribute(struct html *h, const char *name, const char *value)
{
	if (!h->in_tag) {
		h->to->failed = true;
		return;
	}
	buffer_puts(h->to, " ");
	put_name(h, name);
	if (value == NULL)
		return;
	buffer_puts(h->to, "=\"");
	put_escaped(h, value, SIZE_MAX - 1);
	buffer_puts(h->to, "\"");
}

void
html_attribute_buffer(struct html *h, const char *name,
    const struct buffer *value)
{
	if (value->failed)
		h->to->failed = true;
	else
		html_attribute(h, name, value->data);
}

void
html_attribute_printf(struct html *h, const char *name, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	html_attribute(h, name, text);
}

void
html_text(struct html *h, const char *text)
{
	end_tag(h);
	put_escaped(h, text, SIZE_MAX - 1);
}

void
html_printf(struct html *h, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	html_text(h, text);
}

void
html_foreign(struct html *h, const char *text)
{
	html_open(h, "bdi");
	end_tag(h);
	put_escaped(h, text, HTML_FOREIGN_MAX);
	html_close(h);
}

void
html_close(struct html *h)
{
	if (h->in_tag && is_void(h->open[h->depth - 1])) {
		end_tag(h);
		return;
	}
	end_tag(h);
	if (h->depth == 0) {
		h->to->failed = true;
		return;
	}
	buffer_puts(h->to, "</");
	put_name(h, h->open[--h->depth]);
	buffer_puts(h->to, ">");
}

void
html_end(struct html *h)
{
	while (h->depth > 0)
		html_close(h);
	buffer_puts(h->to, "\n");
}

void
html_element(struct html *h, const char *name, const char *class,
    const char *text)
{
	html_open(h, name);
	if (class != NULL)
		html_attribute(h, "class", class);
	html_text(h, text);
	html_close(h);
}
