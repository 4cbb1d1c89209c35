#include "config.h"

#include <string.h>

#include "page/frame.h"
#include "page/style.h"
#include "page/when.h"

static void
put_meta(struct html *h, const char *name, const char *content)
{
	html_open(h, "meta");
	html_attribute(h, "name", name);
	html_attribute(h, "content", content);
	html_close(h);
}

static void
put_head(struct html *h, const char *title)
{
	html_begin(h);
	html_open(h, "html");
	html_attribute(h, "lang", "en");
	html_open(h, "head");
	html_open(h, "meta");
	html_attribute(h, "charset", "utf-8");
	html_close(h);
	put_meta(h, "viewport", "width=device-width, initial-scale=1");
	put_meta(h, "color-scheme", "light dark");
	put_meta(h, "robots", "noindex");
	html_open(h, "title");
	html_printf(h, "%s - ddnsgate", title);
	html_close(h);
	html_element(h, "style", NULL, style_text());
	html_close(h);
}

void
frame_link(struct html *h, const struct buffer *url, const char *text)
{
	html_open(h, "a");
	html_attribute_buffer(h, "href", url);
	html_text(h, text);
	html_close(h);
}

void
frame_form(struct html *h, const char *page)
{
	html_open(h, "form");
	html_attribute(h, "action", page);
	html_attribute(h, "method", "get");
	html_attribute(h, "role", "search");
}

void
frame_field(struct html *h, const char *label)
{
	html_open(h, "label");
	html_printf(h, "%s ", label);
}

void
frame_input(struct html *h, const char *name, const char *type,
    const char *value)
{
	html_open(h, "input");
	html_attribute(h, "name", name);
	html_attribute(h, "type", type);
	html_attribute(h, "autocomplete", "off");
	html_attribute(h, "spellcheck", "false");
	html_attribute(h, "value", value);
	html_close(h);
}

static void
put_tab(struct html *h, const char *here, const char *path, const char *text)
{
	html_open(h, "a");
	html_attribute(h, "href", path);
	if (strcmp(here, path) == 0)
		html_attribute(h, "aria-current", "page");
	html_text(h, text);
	html_close(h);
}

static void
put_user(struct html *h, const struct page *p)
{
	html_open(h, "p");
	html_attribute(h, "class", "user");
	html_text(h, p->account != NULL ? "account " : "operator ");
	html_open(h, "b");
	html_foreign(h, p->user);
	html_close(h);
	html_close(h);
}

void
frame_begin(struct html *h, const struct page *p, const char *here,
    const char *title)
{
	put_head(h, title);
	html_open(h, "body");
	html_open(h, "header");
	html_attribute(h, "class", "top");
	html_open(h, "div");
	html_attribute(h, "class", "bar");
	html_element(h, "p", "brand", "ddnsgate");
	if (p != NULL) {
		html_open(h, "nav");
		html_attribute(h, "aria-label", "Pages");
		put_tab(h, here, "status", "Status");
		put_tab(h, here, "history", "History");
		html_close(h);
		put_user(h, p);
	}
	html_close(h);
	html_close(h);
	html_open(h, "main");
	html_element(h, "h1", NULL, title);
}

void
frame_end(struct html *h, const struct page *p)
{
	char text[WHEN_TEXT_MAX];

	html_close(h);
	if (p != NULL) {
		html_open(h, "footer");
		html_printf(h,
		    "Times are UTC.  This page is of %s; load it again to see "
		    "what is new.",
		    when_text(p->now, text));
		html_close(h);
	}
	html_end(h);
}

void
frame_icon(struct html *h, enum icon icon)
{
	static const char *const shapes[] = {
		[ICON_GOOD] = "M8 0a8 8 0 1 0 0 16a8 8 0 1 0 0-16z"
			      "M7 11.8L3.6 8.4l1.3-1.3L7 9.2l4.2-4.2"
			      " 1.3 1.3z",
		[ICON_BAD] = "M8 0a8 8 0 1 0 0 16a8 8 0 1 0 0-16z"
			     "M5.3 4L8 6.7 10.7 4 12 5.3 9.3 8"
			     " 12 10.7 10.7 12 8 9.3 5.3 12 4 10.7"
			     " 6.7 8 4 5.3z",
		[ICON_WAIT] = "M8 0a8 8 0 1 0 0 16a8 8 0 1 0 0-16z"
			      "M7 3h2v4.6l3 1.8-1 1.6-4-2.4z",
		[ICON_WARN] = "M8 .5L16 15H0zM7 6v4h2V6zM7 11.5v2h2v-2z",
	};

	html_open(h, "svg");
	html_attribute(h, "class", "icon");
	html_attribute(h, "viewBox", "0 0 16 16");
	html_attribute(h, "aria-hidden", "true");
	html_open(h, "path");
	html_attribute(h, "fill-rule", "evenodd");
	html_attribute(h, "d", shapes[icon]);
	html_close(h);
	html_close(h);
}

void
frame_time(struct html *h, int64_t at)
{
	char text[WHEN_TEXT_MAX];

	html_open(h, "time");
	html_attribute(h, "datetime", when_iso(at, text));
	html_text(h, when_text(at, text));
	html_close(h);
}

void
frame_no_store(struct html *h, const struct page *p)
{
	html_open(h, "div");
	html_attribute(h, "class", "note bad");
	html_attribute(h, "role", "status");
	frame_icon(h, ICON_WARN);
	html_open(h, "p");
	html_element(h, "b", NULL, "The state cannot be read now.");
	html_text(h, " Addresses and history are missing here; ");
	html_text(h,
	    settings_is_database(p->settings->state.place) ?
		"updates that change something wait until the database is "
		"back." :
		"updates go on, with proofs each time.  The operator finds "
		"the reason in the log of ddnsgate.");
	html_close(h);
	html_close(h);
}

void
page_sentence(const char *title, const char *text, struct buffer *to)
{
	struct html h = { .to = to };

	frame_begin(&h, NULL, "", title);
	html_element(&h, "p", NULL, text);
	frame_end(&h, NULL);
}
