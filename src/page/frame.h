/*
 * frame.h - what all pages have around them.
 */
#ifndef PAGE_FRAME_H
#define PAGE_FRAME_H

#include "page/html.h"
#include "page/page.h"

/* From the doctype to the heading; here is "status" or "history". */
void frame_begin(struct html *h, const struct page *p, const char *here,
    const char *title);

/* The rest; p as above. */
void frame_end(struct html *h, const struct page *p);

/* An icon that says nothing to who hears the page. */
enum icon { ICON_GOOD, ICON_BAD, ICON_WAIT, ICON_WARN };
void frame_icon(struct html *h, enum icon icon);

/* A moment, as a machine reads it too. */
void frame_time(struct html *h, int64_t at);

/* A paragraph that the store cannot be read. */
void frame_no_store(struct html *h, const struct page *p);

/* Begins a form that asks for a page, and a field in it with its label. */
void frame_form(struct html *h, const char *page);
void frame_field(struct html *h, const char *label);
void frame_input(struct html *h, const char *name, const char *type,
    const char *value);

/* A link with a word. */
void frame_link(struct html *h, const struct buffer *url, const char *text);

#endif
