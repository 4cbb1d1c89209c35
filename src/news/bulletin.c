#include "config.h"

#include <string.h>

#include "base/json.h"
#include "news/bulletin.h"

#define HEADER_MAX  512
#define SUMMARY_MAX 400 /* bytes of all titles in one line */

/* What all forms are made of. */
struct content {
	struct buffer title;
	struct buffer text;
	bool bad; /* somebody should act */
	const struct news_list *list;
};

/* "home.example.org: the new IPv4 address was published", or how many. */
static void
put_title(struct buffer *to, const struct news_list *list)
{
	if (list->count == 0)
		buffer_puts(to, "ddnsgate: all is well");
	else if (list->count == 1)
		buffer_puts(to, list->items[0].title);
	else
		buffer_printf(to, "ddnsgate: %zu news", list->count);
}

/* Each with its title, unless that is the title of all. */
static void
put_text(struct buffer *to, const struct news_list *list)
{
	if (list->count == 0)
		buffer_puts(to, "All is well.");
	for (size_t i = 0; i < list->count; i++) {
		if (list->count > 1)
			buffer_printf(to, "%s%s\n", i > 0 ? "\n\n" : "",
			    list->items[i].title);
		buffer_puts(to, list->items[i].text);
	}
}

static void
add_header(struct bulletin *b, const char *name, const char *value)
{
	struct buffer line = { .max = HEADER_MAX };
	struct curl_slist *more = NULL;

	if (buffer_printf(&line, "%s: %s", name, value))
		more = curl_slist_append(b->headers, line.data);
	if (more != NULL)
		b->headers = more;
	else
		b->body.failed = true;
	buffer_free(&line);
}

/* Takes value, NULL without memory. */
static void
put(struct bulletin *b, json_object *o, const char *name, json_object *value)
{
	if (!json_add_made(o, name, value))
		b->body.failed = true;
}

/* Takes o, which may be NULL. */
static void
put_json(struct bulletin *b, json_object *o)
{
	const char *text = json_text(o,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

	if (text != NULL)
		buffer_puts(&b->body, text);
	else
		b->body.failed = true;
	json_object_put(o);
	add_header(b, "Content-Type", "application/json");
}

static void
put_plain(struct bulletin *b, const struct content *c)
{
	buffer_puts(&b->body, c->text.data);
	add_header(b, "Content-Type", "text/plain; charset=utf-8");
}

static void
make_json(struct bulletin *b, const struct content *c)
{
	json_object *o = json_object_new_object();
	json_object *events = json_object_new_array();

	put(b, o, "service", json_object_new_string(PACKAGE_NAME));
	put(b, o, "title", json_object_new_string(c->title.data));
	put(b, o, "text", json_object_new_string(c->text.data));
	for (size_t i = 0; i < c->list->count; i++)
		if (!json_append(events,
			json_object_get(c->list->items[i].fields)))
			b->body.failed = true;
	put(b, o, "events", events);
	put_json(b, o);
}

/* https://docs.ntfy.sh/publish/ */
static void
make_ntfy(struct bulletin *b, const struct content *c)
{
	put_plain(b, c);
	add_header(b, "Title", c->title.data);
	add_header(b, "Priority", c->bad ? "high" : "default");
	add_header(b, "Tags", c->bad ? "warning" : "white_check_mark");
}

/*
 * What the actions notify.* take as well as a trigger of kind webhook:
 * https://www.home-assistant.io/integrations/notify/
 */
static void
make_home_assistant(struct bulletin *b, const struct content *c)
{
	json_object *o = json_object_new_object();

	put(b, o, "title", json_object_new_string(c->title.data));
	put(b, o, "message", json_object_new_string(c->text.data));
	put_json(b, o);
}

/*
 * A block of code, in which nothing is markup and nobody is called.  Slack
 * wants three characters escaped, Mattermost shows escapes as they are.
 */
static void
put_block(struct buffer *to, const struct content *c, const char *bold,
    bool escaped)
{
	buffer_printf(to, "%s%s%s\n```\n", bold, c->title.data, bold);
	for (const char *s = c->text.data; *s != '\0'; s++)
		if (*s == '`')
			buffer_puts(to, "'");
		else if (escaped && *s == '&')
			buffer_puts(to, "&amp;");
		else if (escaped && *s == '<')
			buffer_puts(to, "&lt;");
		else if (escaped && *s == '>')
			buffer_puts(to, "&gt;");
		else
			buffer_add(to, s, 1);
	buffer_puts(to, "\n```");
}

static void
make_chat(struct bulletin *b, const struct content *c, const char *bold,
    bool escaped)
{
	json_object *o = json_object_new_object();
	struct buffer text = { .max = BULLETIN_MAX };

	put_block(&text, c, bold, escaped);
	if (text.failed)
		b->body.failed = true;
	else
		put(b, o, "text", json_object_new_string(text.data));
	buffer_free(&text);
	put_json(b, o);
}

/* https://docs.slack.dev/messaging/formatting-message-text/ */
static void
make_slack(struct bulletin *b, const struct content *c)
{
	make_chat(b, c, "*", true);
}

/* https://developers.mattermost.com/integrate/webhooks/incoming/ */
static void
make_mattermost(struct bulletin *b, const struct content *c)
{
	make_chat(b, c, "**", false);
}

/* https://healthchecks.io/docs/http_api/ */
static void
make_healthchecks(struct bulletin *b, const struct content *c)
{
	if (c->bad)
		b->ending = "/fail";
	put_plain(b, c);
}

static void
put_encoded(struct buffer *to, const char *text)
{
	for (size_t n = 0; *text != '\0' && n < SUMMARY_MAX; text++, n++)
		if ((*text >= '0' && *text <= '9') ||
		    (*text >= 'A' && *text <= 'Z') ||
		    (*text >= 'a' && *text <= 'z'))
			buffer_add(to, text, 1);
		else
			buffer_printf(to, "%%%02X", (unsigned char)*text);
}

/*
 * The URL that Uptime Kuma shows for a monitor of type "Push"; of its query,
 * which is an example, nothing is left.  It has one line for a message.
 */
static void
make_uptime_kuma(struct bulletin *b, const struct content *c)
{
	struct buffer line = { .max = BULLETIN_MAX };

	b->method = "GET";
	for (size_t i = 0; i < c->list->count; i++)
		buffer_printf(&line, "%s%s", i > 0 ? "; " : "",
		    c->list->items[i].title);
	buffer_printf(&b->query, "status=%s&msg=", c->bad ? "down" : "up");
	put_encoded(&b->query, line.data != NULL ? line.data : "OK");
	buffer_puts(&b->query, "&ping=");
	buffer_free(&line);
}

static void (*const forms[])(struct bulletin *b, const struct content *c) = {
	[FORM_JSON] = make_json,
	[FORM_NTFY] = make_ntfy,
	[FORM_HOME_ASSISTANT] = make_home_assistant,
	[FORM_SLACK] = make_slack,
	[FORM_MATTERMOST] = make_mattermost,
	[FORM_HEALTHCHECKS] = make_healthchecks,
	[FORM_UPTIME_KUMA] = make_uptime_kuma,
};
_Static_assert(sizeof forms / sizeof *forms == FORM__COUNT,
    "a function per form");

bool
bulletin_make(struct bulletin *b, const struct receiver_settings *to,
    const struct news_list *list)
{
	struct content c = { .title.max = BULLETIN_MAX,
		.text.max = BULLETIN_MAX,
		.list = list };

	*b = (struct bulletin){ .method = "POST",
		.title.max = BULLETIN_MAX,
		.body.max = BULLETIN_MAX,
		.ending = "",
		.query.max = BULLETIN_MAX };
	for (size_t i = 0; i < list->count; i++)
		c.bad = c.bad || list->items[i].bad;
	put_title(&c.title, list);
	put_text(&c.text, list);
	if (c.title.failed || c.text.failed) {
		b->body.failed = true;
	} else if (to->mail != NULL) {
		buffer_puts(&b->title, c.title.data);
		buffer_puts(&b->body, c.text.data);
	} else
		forms[to->form](b, &c);
	buffer_free(&c.title);
	buffer_free(&c.text);
	return !b->title.failed && !b->body.failed && !b->query.failed;
}

void
bulletin_free(struct bulletin *b)
{
	curl_slist_free_all(b->headers);
	b->headers = NULL;
	buffer_free(&b->title);
	buffer_free(&b->body);
	buffer_free(&b->query);
}
