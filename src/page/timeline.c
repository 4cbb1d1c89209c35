#include "config.h"

#include <stdio.h>
#include <string.h>

#include "page/refusal.h"
#include "page/timeline.h"
#include "page/when.h"

#define SPAN_S	       (TIMELINE_DAYS * 86400)
#define BIN_S	       (SPAN_S / TIMELINE_BINS)
#define BIN_W	       4 /* units of the drawing */
#define WIDTH	       (TIMELINE_BINS * BIN_W)
#define HEIGHT	       28
#define PATH_MAX_BYTES (TIMELINE_BINS * 32)

static size_t
bin_of(const struct timeline *t, int64_t at)
{
	int64_t bin = (at - t->from) / BIN_S;

	return bin < 0		 ? 0 :
	    bin >= TIMELINE_BINS ? TIMELINE_BINS - 1 :
				   (size_t)bin;
}

static bool
see_event(const struct state_event *e, void *data)
{
	struct timeline *t = data;
	size_t bin = bin_of(t, e->at);

	t->count++;
	t->drawn_from = e->at;
	if (e->reason != NULL) {
		t->refusals[bin]++;
		if (t->refusal_count++ == 0)
			t->refusal_open =
			    refusal_is_open(e->verdict, e->source, e->new);
	} else {
		if (t->change_count++ == 0)
			t->last_change = e->at;
		t->changes[bin]++;
		t->had_before = e->old != NULL && strcmp(e->old, "none") != 0;
		if (t->issuer[0] == '\0' && e->issuer != NULL)
			snprintf(t->issuer, sizeof t->issuer, "%s", e->issuer);
	}
	return t->count < TIMELINE_MOST;
}

enum err
timeline_read(struct timeline *t, struct store *st, const char *host,
    const char *account, int64_t now)
{
	const struct state_search what = { .host = host,
		.account = account,
		.since = now - SPAN_S,
		.most = TIMELINE_MOST };
	enum err rc;

	*t = (struct timeline){ .from = now - SPAN_S, .to = now };
	rc = store_history(st, &what, see_event, t);
	if (t->count < TIMELINE_MOST)
		t->drawn_from = t->from;
	return rc;
}

/* A rectangle of the bins from first to before end, with a gap behind it. */
static void
add_bar(struct buffer *path, size_t first, size_t end, int y, int height)
{
	if (end > first)
		buffer_printf(path, "M%zu %dh%zuv%dh-%zuz", first * BIN_W, y,
		    (end - first) * BIN_W - 1, height,
		    (end - first) * BIN_W - 1);
}

static void
put_path(struct html *to, const char *class, const struct buffer *path)
{
	if (path->len == 0 && !path->failed)
		return;
	html_open(to, "path");
	html_attribute(to, "class", class);
	html_attribute_buffer(to, "d", path);
	html_close(to);
}

static bool
is_published(const struct state_host *h)
{
	for (int f = 0; f < STATE_FAMILIES; f++)
		if (h->value[f].kind == VALUE_ADDRESS)
			return true;
	return false;
}

/*
 * How long each address lasted: bars that are light and dark in turn, from
 * one change to the next.
 */
static void
put_addresses(const struct timeline *t, const struct state_host *h,
    struct html *to)
{
	struct buffer paths[2] = { { .max = PATH_MAX_BYTES },
		{ .max = PATH_MAX_BYTES } };
	size_t start = bin_of(t, t->drawn_from), which = 0;
	bool is_there = t->change_count > 0 ? t->had_before : is_published(h);

	for (size_t bin = start; bin < TIMELINE_BINS; bin++) {
		if (t->changes[bin] == 0)
			continue;
		if (is_there)
			add_bar(&paths[which++ % 2], start, bin, 3, 12);
		start = bin;
		is_there = true;
	}
	if (is_there && (t->change_count == 0 || is_published(h)))
		add_bar(&paths[which % 2], start, TIMELINE_BINS, 3, 12);
	put_path(to, "had", &paths[0]);
	put_path(to, "had other", &paths[1]);
	buffer_free(&paths[0]);
	buffer_free(&paths[1]);
}

static void
put_refusals(const struct timeline *t, struct html *to)
{
	struct buffer path = { .max = PATH_MAX_BYTES };

	for (size_t bin = 0; bin < TIMELINE_BINS; bin++)
		if (t->refusals[bin] > 0)
			add_bar(&path, bin, bin + 1, 20, 6);
	put_path(to, "refused", &path);
	buffer_free(&path);
}

static void
put_count(struct html *to, unsigned int n, const char *what)
{
	html_printf(to, "%u %s%s", n, what, n == 1 ? "" : "s");
}

static void
put_caption(const struct timeline *t, struct html *to)
{
	char text[WHEN_TEXT_MAX];

	html_open(to, "figcaption");
	html_element(to, "span", "end", "30 days ago");
	html_open(to, "span");
	html_attribute(to, "class", "sum");
	put_count(to, t->change_count, "change");
	html_text(to, ", ");
	put_count(to, t->refusal_count, "refusal");
	if (t->count == TIMELINE_MOST)
		html_printf(to, " since %s; what was before is not drawn",
		    when_text(t->drawn_from, text));
	else if (t->change_count > 0)
		html_printf(to, "; last change %s",
		    when_apart(t->last_change, t->to, text));
	html_close(to);
	html_element(to, "span", "end", "now");
	html_close(to);
}

void
timeline_write(const struct timeline *t, const struct state_host *h,
    struct html *to)
{
	html_open(to, "figure");
	html_open(to, "svg");
	html_attribute_printf(to, "viewBox", "0 0 %d %d", WIDTH, HEIGHT);
	html_attribute(to, "preserveAspectRatio", "none");
	html_attribute(to, "role", "img");
	html_attribute_printf(to, "aria-label",
	    "The last 30 days: %u changes of the addresses, %u refusals",
	    t->change_count, t->refusal_count);
	html_open(to, "path");
	html_attribute(to, "class", "base");
	html_attribute_printf(to, "d", "M0 17h%dv1h-%dz", WIDTH, WIDTH);
	html_close(to);
	put_addresses(t, h, to);
	put_refusals(t, to);
	html_close(to);
	put_caption(t, to);
	html_close(to);
}
