/*
 * html.h - a document as it is written: nothing gets into it but through here.
 *
 * The names of elements and attributes are words of this program.  Every text
 * and every value is escaped, whoever it comes from, so that none can become
 * markup; what would not be seen, or would reorder or hide what is (control
 * characters, marks of direction, bytes that are no UTF-8), is written out as
 * [U+202E] or [0xFF].
 */
#ifndef PAGE_HTML_H
#define PAGE_HTML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

#define HTML_DEPTH_MAX	 32  /* elements that are open at once */
#define HTML_FOREIGN_MAX 512 /* bytes of one text of a stranger */

/*
 * Start one as { .to = BUFFER }.  What does not fit into the buffer, an element
 * too deep and a name that is none make the buffer fail.
 */
struct html {
	struct buffer *to;
	const char *open[HTML_DEPTH_MAX]; /* borrowed names */
	size_t depth;
	bool in_tag; /* attributes may follow */
};

/* "<!DOCTYPE html>" */
void html_begin(struct html *h);

/* Begins an element, whose name must live until html_close(). */
void html_open(struct html *h, const char *name);

/* Of the element that was just opened; value NULL: the name alone. */
void html_attribute(struct html *h, const char *name, const char *value);
void html_attribute_printf(struct html *h, const char *name, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

/* With what a buffer holds; one that failed makes that of h fail. */
void html_attribute_buffer(struct html *h, const char *name,
    const struct buffer *value);

/* Text of our own. */
void html_text(struct html *h, const char *text);
void html_printf(struct html *h, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Text of a stranger, in an element of its own that keeps its direction from
 * the text around it, and cut if it is longer than HTML_FOREIGN_MAX.
 */
void html_foreign(struct html *h, const char *text);

/* Ends the innermost element. */
void html_close(struct html *h);

/* Ends all of them, and the document. */
void html_end(struct html *h);

/* An element of a class, or of none if that is NULL, with a text of our own. */
void html_element(struct html *h, const char *name, const char *class,
    const char *text);

#endif
