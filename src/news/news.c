#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/buffer.h"
#include "news/news.h"
#include "page/refusal.h"
#include "page/when.h"

#define LINE_MAX_LEN 2048 /* of one title or text */

enum news_kind
news_kind_of(const struct state_event *e)
{
	return e->reason != NULL ? NEWS_REFUSED : NEWS_CHANGED;
}

/* Adds text, but for what is not visible ASCII. */
static void
put(struct buffer *to, const char *text)
{
	for (; *text != '\0'; text++)
		buffer_add(to, *text >= ' ' && *text <= '~' ? text : "?", 1);
}

/* Without memory *o becomes NULL, for less than all is not told. */
static void
add_text(json_object **o, const char *name, const char *text)
{
	struct buffer clean = { .max = LINE_MAX_LEN };

	if (text == NULL)
		return;
	buffer_puts(&clean, "");
	put(&clean, text);
	if (clean.failed ||
	    !json_add_made(*o, name, json_object_new_string(clean.data))) {
		json_object_put(*o);
		*o = NULL;
	}
	buffer_free(&clean);
}

static void
add_time(json_object **o, const char *name, int64_t at)
{
	char text[WHEN_TEXT_MAX];

	if (at != 0)
		add_text(o, name, when_iso(at, text));
}

static json_object *
event_fields(const struct state_event *e)
{
	json_object *o = json_object_new_object();

	add_text(&o, "event", news_word(news_kind_of(e)));
	add_text(&o, "id", e->mark);
	add_time(&o, "time", e->at);
	add_text(&o, "host", e->host);
	add_text(&o, "account", e->account);
	add_text(&o, "source", e->source);
	add_text(&o, "type", e->type);
	add_text(&o, "old", e->old);
	add_text(&o, "new", e->new);
	add_text(&o, "verdict", e->verdict);
	add_text(&o, "reason", e->reason);
	if (e->reason != NULL)
		add_text(&o, "advice", refusal_advice(e->verdict, e->reason));
	add_text(&o, "issuer", e->issuer);
	add_time(&o, "certificate_ends", e->expiry);
	add_text(&o, "request_id", e->request);
	return o;
}

/* "home.example.org: the new IPv4 address was refused" */
static void
put_title(struct buffer *to, const struct state_event *e)
{
	bool gone = e->new != NULL &&strcmp(e->new, "none") == 0;

	put(to, e->host != NULL ? e->host : "?");
	buffer_printf(to,
	    gone ? ": the %s address was %s" : ": the new %s address was %s",
	    refusal_family(e->type != NULL ? e->type : ""),
	    e->reason != NULL ? (gone ? "not removed" : "refused") :
		gone	      ? "removed" :
				"published");
}

/* "192.0.2.1 > 192.0.2.2", and for a refusal why, and what to do. */
static void
put_text(struct buffer *to, const struct state_event *e)
{
	char time[WHEN_TEXT_MAX];

	put(to, e->old != NULL ? e->old : "?");
	buffer_puts(to, " > ");
	put(to, e->new != NULL ? e->new : "?");
	buffer_printf(to, " (%s UTC)", when_text(e->at, time));
	if (e->reason == NULL)
		return;
	buffer_puts(to, "\n");
	put(to, refusal_words(e->verdict));
	if (*e->reason != '\0') {
		buffer_puts(to, ": ");
		put(to, e->reason);
	}
	buffer_puts(to, "\n");
	put(to, refusal_advice(e->verdict, e->reason));
}

static void
end(struct news *n)
{
	json_object_put(n->fields);
	free(n->title);
	free(n->text);
}

/* The bytes of its text in a message, with what is around. */
static size_t
size_of(const struct news *n)
{
	return n->title != NULL && n->text != NULL ?
	    strlen(n->title) + strlen(n->text) + 4 :
	    0;
}

/* Takes over the parts of n, whatever comes of it. */
static bool
add(struct news_list *list, struct news *n)
{
	size_t bytes = size_of(n);

	if (bytes == 0 || n->fields == NULL || list->count == NEWS_MAX ||
	    (list->count > 0 && list->bytes + bytes > NEWS_TEXT_MAX)) {
		end(n);
		return false;
	}
	list->items[list->count++] = *n;
	list->bytes += bytes;
	return true;
}

bool
news_add_event(struct news_list *list, const struct state_event *e)
{
	struct buffer title = { .max = LINE_MAX_LEN };
	struct buffer text = { .max = LINE_MAX_LEN };
	struct news n = { .kind = news_kind_of(e),
		.bad = e->reason != NULL,
		.at = e->at,
		.fields = event_fields(e) };

	strncpy(n.mark, e->mark, sizeof n.mark - 1);
	put_title(&title, e);
	put_text(&text, e);
	n.title = buffer_take(&title);
	n.text = buffer_take(&text);
	return add(list, &n);
}

/* One that no event of the history is; what: the words of its title. */
static struct news
begin(enum news_kind kind, const char *subject, const char *what, int64_t value,
    int64_t now)
{
	struct buffer title = { .max = LINE_MAX_LEN };
	char id[STATE_TEXT_MAX + 64];
	struct news n = { .kind = kind,
		.bad = true,
		.value = value,
		.at = now,
		.fields = json_object_new_object() };

	snprintf(n.subject, sizeof n.subject, "%s", subject);
	put(&title, subject);
	buffer_puts(&title, what);
	n.title = buffer_take(&title);
	snprintf(id, sizeof id, "%s/%s/%lld", news_word(kind), subject,
	    (long long)value);
	add_text(&n.fields, "event", news_word(kind));
	add_text(&n.fields, "id", id);
	add_time(&n.fields, "time", now);
	return n;
}

bool
news_add_certificate(struct news_list *list, const char *host,
    const char *account, int64_t expiry, int64_t now)
{
	bool over = expiry <= now;
	struct news n = begin(NEWS_CERTIFICATE, host,
	    over ? ": its certificate has ended" :
		   ": its certificate is near its end",
	    expiry, now);
	struct buffer text = { .max = LINE_MAX_LEN };
	char end[WHEN_TEXT_MAX], apart[WHEN_TEXT_MAX];

	buffer_printf(&text,
	    "The one that its last proof saw %s on %s UTC, %s.\n"
	    "Renew it before the next address of the host is refused.",
	    over ? "ended" : "ends", when_text(expiry, end),
	    when_apart(expiry, now, apart));
	n.text = buffer_take(&text);
	add_text(&n.fields, "host", host);
	add_text(&n.fields, "account", account);
	add_time(&n.fields, "certificate_ends", expiry);
	return add(list, &n);
}

bool
news_add_silent(struct news_list *list, const char *host, const char *account,
    int64_t last, int64_t now)
{
	struct news n = begin(NEWS_SILENT, host,
	    ": it has not been updated for long", last, now);
	struct buffer text = { .max = LINE_MAX_LEN };
	char at[WHEN_TEXT_MAX], apart[WHEN_TEXT_MAX];

	buffer_printf(&text,
	    "The last update that went well was on %s UTC, %s.\n"
	    "See whether its router still asks, and what it says of that.",
	    when_text(last, at), when_apart(last, now, apart));
	n.text = buffer_take(&text);
	add_text(&n.fields, "host", host);
	add_text(&n.fields, "account", account);
	add_time(&n.fields, "last", last);
	return add(list, &n);
}

bool
news_add_outage(struct news_list *list, const char *provider,
    const struct outage *o)
{
	struct news n = begin(NEWS_PROVIDER, provider,
	    ": this provider takes no changes", o->since, o->last);
	struct buffer text = { .max = LINE_MAX_LEN };
	char at[WHEN_TEXT_MAX];

	buffer_printf(&text,
	    "Since %s UTC no change could be published there; the last time: ",
	    when_text(o->since, at));
	put(&text, *o->reason != '\0' ? o->reason : "?");
	n.text = buffer_take(&text);
	add_text(&n.fields, "provider", provider);
	add_time(&n.fields, "since", o->since);
	add_text(&n.fields, "reason", o->reason);
	return add(list, &n);
}

bool
news_add_trial(struct news_list *list, const char *machine)
{
	struct buffer text = { .max = LINE_MAX_LEN };
	struct news n = { .at = time(NULL),
		.fields = json_object_new_object(),
		.title = strdup("ddnsgate: a test") };

	buffer_puts(&text, "The news of ddnsgate on ");
	put(&text, machine);
	buffer_puts(&text, " arrive here.");
	n.text = buffer_take(&text);
	add_text(&n.fields, "event", "test");
	add_time(&n.fields, "time", n.at);
	return add(list, &n);
}

bool
news_add_fault(struct news_list *list, const char *fault)
{
	struct buffer title = { .max = LINE_MAX_LEN };
	struct buffer text = { .max = LINE_MAX_LEN };
	struct news n = { .bad = true,
		.at = time(NULL),
		.fields = json_object_new_object() };

	buffer_puts(&title, "ddnsgate: ");
	put(&title, fault);
	put(&text, fault);
	n.title = buffer_take(&title);
	n.text = buffer_take(&text);
	return add(list, &n);
}

void
news_remove(struct news_list *list, size_t index)
{
	list->bytes -= size_of(&list->items[index]);
	end(&list->items[index]);
	list->count--;
	memmove(&list->items[index], &list->items[index + 1],
	    (list->count - index) * sizeof *list->items);
}

void
news_clear(struct news_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		end(&list->items[i]);
	list->count = list->bytes = 0;
}
