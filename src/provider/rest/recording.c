#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <json-c/json.h>

#include "address/hostname.h"
#include "base/heap.h"
#include "base/json.h"
#include "provider/rest/fill.h"
#include "provider/rest/recording.h"

#define TEXT_MAX  (64UL << 20)
#define NAMES_MAX 4096

#define HOST "home"
#define ZONE "example.org"

struct recording {
	json_object *items;  /* of "exchange", as they were */
	char *host;	     /* of the provider, not to be replaced */
	json_object *others; /* its other hosts */
	bool failed;
};

/* What texts became, so that the same text becomes the same again. */
struct scrub {
	const struct token_parts *token;
	const char *provider; /* host */
	const char *name;     /* of the host that was published */
	const char *zone;
	const char *sub; /* what is before the zone in name, or "" */
	struct publication *const *records;
	size_t count;
	json_object *names; /* from: to */
	bool is_request;    /* only names of the zone are other people's */
};

/*
 * What is kept while the run goes on
 */

struct recording *
recording_new(void)
{
	struct recording *r = calloc(1, sizeof *r);

	if (r != NULL && (r->items = json_object_new_array()) != NULL &&
	    (r->others = json_object_new_array()) != NULL)
		return r;
	recording_free(r);
	return NULL;
}

void
recording_free(struct recording *r)
{
	if (r == NULL)
		return;
	json_wipe(r->items);
	json_object_put(r->others);
	free(r->host);
	free(r);
}

static bool
put_text(json_object *to, const char *name, const char *text)
{
	return json_add_made(to, name, json_object_new_string(text));
}

/* Undoes percent-encoding; to be freed with curl_free(). */
static char *
unescape(const char *text, size_t len)
{
	/* A length of 0 would mean all of it. */
	return curl_easy_unescape(NULL, len > 0 ? text : "", (int)len, NULL);
}

/* "a=1&b=2" as an object. */
static json_object *
form_object(const char *body)
{
	json_object *o = json_object_new_object();

	while (o != NULL && *body != '\0') {
		size_t len = strcspn(body, "&"), name = strcspn(body, "=");
		char *key, *value;

		name = name < len ? name : len;
		key = unescape(body, name);
		value = unescape(body + name + (name < len),
		    len - name - (name < len));
		if (key == NULL || value == NULL || !put_text(o, key, value)) {
			json_object_put(o);
			o = NULL;
		}
		curl_free(key);
		curl_free(value);
		body += len + (body[len] == '&');
	}
	return o;
}

/* Headers that cannot be the same in another run, or are not the token's. */
static bool
is_left_out(const char *line)
{
	static const char *const out[] = { "Content-Type:",
		"Authorization: Basic ",
		"X-Ovh-Timestamp:", "X-Ovh-Signature:" };

	for (size_t i = 0; i < sizeof out / sizeof *out; i++)
		if (strncasecmp(line, out[i], strlen(out[i])) == 0)
			return true;
	return false;
}

/* other: the host, if it is not the provider's first one, or NULL. */
static bool
put_headers(json_object *request, const struct curl_slist *headers,
    const char *other)
{
	json_object *o = json_object_new_object();
	bool good = other == NULL || put_text(o, "Host", other);

	for (; good && headers != NULL; headers = headers->next) {
		const char *colon = strstr(headers->data, ": ");
		char name[256];

		if (colon == NULL || is_left_out(headers->data))
			continue;
		snprintf(name, sizeof name, "%.*s",
		    (int)(colon - headers->data), headers->data);
		good = put_text(o, name, colon + 2);
	}
	if (good && o != NULL && json_object_object_length(o) > 0)
		return json_add_made(request, "headers", o);
	good = good && o != NULL;
	json_object_put(o);
	return good;
}

static bool
has_header(const struct message *m, const char *line)
{
	for (const struct curl_slist *h = m->headers; h != NULL; h = h->next)
		if (strcasecmp(h->data, line) == 0)
			return true;
	return false;
}

/* A body as JSON, as a form, or as it is. */
static bool
put_body(json_object *to, const struct message *m, const struct buffer *body)
{
	json_object *tree;

	if (body->len == 0)
		return true;
	if (m != NULL &&
	    has_header(m, "Content-Type: application/x-www-form-urlencoded"))
		return json_add_made(to, "form", form_object(body->data));
	if ((tree = json_tokener_parse(body->data)) != NULL)
		return json_add_made(to, "json", tree);
	return put_text(to, "text", body->data);
}

static json_object *
request_object(const struct message *m, const char *path, const char *other)
{
	json_object *o = json_object_new_object();

	if (o != NULL && put_text(o, "method", m->method) &&
	    put_text(o, "path", path) && put_headers(o, m->headers, other) &&
	    put_body(o, m, &m->body))
		return o;
	json_object_put(o);
	return NULL;
}

static json_object *
answer_object(const struct exchange_answer *a)
{
	json_object *o = json_object_new_object(), *headers;
	char seconds[24];
	bool good = o != NULL &&
	    json_add_made(o, "status", json_object_new_int64(a->status)) &&
	    put_body(o, NULL, &a->body);

	if (good && a->retry_after > 0) {
		snprintf(seconds, sizeof seconds, "%ld", a->retry_after);
		headers = json_object_new_object();
		good = put_text(headers, "Retry-After", seconds);
		good = json_add_made(o, "headers", headers) && good;
	}
	if (good)
		return o;
	json_object_put(o);
	return NULL;
}

void
recording_add(struct recording *r, const struct message *m, const char *path,
    const struct exchange_answer *answer)
{
	const char *other = NULL, *host = m->origin + strlen("https://");
	json_object *item = json_object_new_object();

	if (r->host == NULL)
		r->host = strdup(host);
	if (r->host != NULL && strcmp(r->host, host) != 0) {
		other = host;
		r->failed |=
		    !json_append(r->others, json_object_new_string(host));
	}
	if (r->host != NULL &&
	    json_add_made(item, "request", request_object(m, path, other)) &&
	    json_add_made(item, "answer", answer_object(answer))) {
		r->failed |= !json_append(r->items, item);
		return;
	}
	json_object_put(item);
	r->failed = true;
}

/*
 * Names, addresses and secrets
 */

/* Some services log in with the host name itself. */
static bool
part_is_name(const struct scrub *s, size_t part)
{
	return strcasecmp(s->token->parts[part], s->name) == 0;
}

/* "KEY-of-nobody", a word with no digit that a number could have. */
static void
part_word(const struct scrub *s, size_t part, char word[static 64])
{
	if (part_is_name(s, part))
		snprintf(word, 64, "%s" ZONE, *s->sub != '\0' ? HOST "." : "");
	else
		snprintf(word, 64, "%.40s-of-nobody", s->token->names[part]);
}

/* Replaces every from in text by to, however it is written there. */
static char *
replace(char *text, const char *from, const char *to)
{
	struct buffer made = { .max = TEXT_MAX };
	size_t len = strlen(from);
	const char *at = text;

	while (len > 0 && *at != '\0') {
		const char *next = strstr(at, from);

		buffer_add(&made, at,
		    next != NULL ? (size_t)(next - at) : strlen(at));
		if (next == NULL)
			break;
		buffer_puts(&made, to);
		at = next + len;
	}
	free(text);
	return len > 0 && made.data != NULL ? buffer_take(&made) : strdup("");
}

static char *
replace_part(const struct scrub *s, size_t part, char *text)
{
	struct buffer escaped = { .max = TEXT_MAX };
	char word[64];

	part_word(s, part, word);
	fill_escaped(&escaped, s->token->parts[part], ENCODE_QUERY);
	if (text != NULL && *text != '\0' && escaped.data != NULL)
		text = replace(text, escaped.data, word);
	if (text != NULL && *text != '\0')
		text = replace(text, s->token->parts[part], word);
	buffer_free(&escaped);
	return text;
}

/* The longest part first, for a shorter one may be a piece of it. */
static char *
replace_token(const struct scrub *s, char *text)
{
	bool done[TOKEN_PARTS_MAX] = { false };

	for (size_t n = 0; n < s->token->count; n++) {
		size_t longest = s->token->count;

		for (size_t i = 0; i < s->token->count; i++)
			if (!done[i] &&
			    (longest == s->token->count ||
				strlen(s->token->parts[i]) >
				    strlen(s->token->parts[longest])))
				longest = i;
		done[longest] = true;
		/* As every name, so that it is the same one in the end. */
		if (!part_is_name(s, longest))
			text = replace_part(s, longest, text);
	}
	return text;
}

/* What a text became before; else a new one with a number and the ending. */
static const char *
same_again(struct scrub *s, const char *from, const char *ending)
{
	json_object *known = NULL;
	char to[128];

	if (json_object_object_get_ex(s->names, from, &known))
		return json_object_get_string(known);
	snprintf(to, sizeof to, "%s-%d%s", *ending == '@' ? "user" : "name",
	    json_object_object_length(s->names) + 1, ending);
	(void)put_text(s->names, from, to);
	(void)json_object_object_get_ex(s->names, from, &known);
	return known != NULL ? json_object_get_string(known) : "?";
}

static bool
replace_address(struct scrub *s, const char *word, struct buffer *to)
{
	json_object *known = NULL;
	char text[64];
	struct address a;

	if (!address_parse_any(&a, word))
		return false;
	for (size_t i = 0; i < s->count; i++)
		if (!s->records[i]->remove &&
		    address_equal(&s->records[i]->address, &a)) {
			buffer_puts(to,
			    a.family == AF_INET ? "192.0.2.10" :
						  "2001:db8::10");
			return true;
		}
	if (!json_object_object_get_ex(s->names, word, &known)) {
		snprintf(text, sizeof text,
		    a.family == AF_INET ? "198.51.100.%d" : "2001:db8:ffff::%d",
		    json_object_object_length(s->names) % 250 + 1);
		(void)put_text(s->names, word, text);
		(void)json_object_object_get_ex(s->names, word, &known);
	}
	buffer_puts(to, json_object_get_string(known));
	return true;
}

/* A name with a dot, and a word of letters at its end: a domain. */
static bool
is_domain(const char *name)
{
	const char *last = strrchr(name, '.');

	return last != NULL && strlen(last) > 2 &&
	    strspn(last + 1, "abcdefghijklmnopqrstuvwxyz-0123456789") ==
	    strlen(last + 1) &&
	    isalpha((unsigned char)last[1]);
}

/* A domain or an address of mail; everything else stays. */
static void
replace_word(struct scrub *s, const char *word, struct buffer *to)
{
	const char *at = strchr(word, '@');
	size_t len = strlen(word);
	bool dot = len > 0 && word[len - 1] == '.';
	char *name;

	if (replace_address(s, word, to))
		return;
	if (*s->sub != '\0' && strcasecmp(word, s->sub) == 0) {
		buffer_puts(to, HOST);
		return;
	}
	if (at != NULL && at > word && strchr(at, '.') != NULL) {
		buffer_puts(to, same_again(s, word, "@example.net"));
		return;
	}
	/* First, because it may be a name below the provider's own. */
	if ((name = hostname_normalise(word, true)) != NULL &&
	    strcmp(name, s->name) == 0)
		buffer_printf(to, "%s%s" ZONE "%s", *s->sub != '\0' ? HOST : "",
		    *s->sub != '\0' ? "." : "", dot ? "." : "");
	else if (name == NULL || !is_domain(name) ||
	    hostname_within(s->provider, name) ||
	    hostname_within(name, s->provider))
		buffer_puts(to, word);
	else if (strcmp(name, s->zone) == 0)
		buffer_printf(to, ZONE "%s", dot ? "." : "");
	else if (hostname_within(name, s->zone))
		buffer_printf(to, "%s%s", same_again(s, name, "." ZONE),
		    dot ? "." : "");
	else if (s->is_request)
		buffer_puts(to, word); /* the description's own */
	else
		buffer_printf(to, "%s%s", same_again(s, name, ".example.net"),
		    dot ? "." : "");
	free(name);
}

/* Words are runs of what names and addresses are made of. */
static char *
scrub_text(struct scrub *s, const char *text)
{
	static const char bytes[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789.-_@:*";
	char *plain = replace_token(s, strdup(text));
	struct buffer made = { .max = TEXT_MAX };
	const char *at = plain;

	while (at != NULL && *at != '\0') {
		size_t len = strspn(at, bytes);
		char *word = strndup(at, len);

		if (word != NULL && len > 0)
			replace_word(s, word, &made);
		free(word);
		at += len;
		len = strcspn(at, bytes);
		buffer_add(&made, at, len);
		at += len;
	}
	free(plain);
	return made.data != NULL ? buffer_take(&made) : strdup("");
}

/* A segment of a path, or a part of a query, of which the value is escaped. */
static void
scrub_part(struct scrub *s, const char *part, size_t len, enum encoding as,
    struct buffer *to)
{
	char *plain = unescape(part, len);
	char *made =
	    plain != NULL && *plain != '\0' ? scrub_text(s, plain) : NULL;

	if (made != NULL)
		fill_escaped(to, made, as);
	free(made);
	curl_free(plain);
}

/* What was escaped by fill.c is escaped again. */
static json_object *
scrub_path(struct scrub *s, const char *path)
{
	struct buffer to = { .max = TEXT_MAX };
	json_object *made;
	bool query = false;

	while (*path != '\0') {
		size_t len = strcspn(path, query ? "=&" : "/?");

		scrub_part(s, path, len, query ? ENCODE_QUERY : ENCODE_PATH,
		    &to);
		path += len;
		query = query || *path == '?';
		if (*path != '\0')
			buffer_add(&to, path++, 1);
	}
	made = json_object_new_string(to.data != NULL ? to.data : "");
	buffer_free(&to);
	return made;
}

/* Members that hold the name of a record within its zone. */
static bool
names_a_record(const char *member)
{
	static const char *const members[] = { "name", "host", "hostname",
		"subname", "subdomain", "sub_domain", "subDomain", "record",
		"entry", "Name" };

	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		if (strcmp(member, members[i]) == 0)
			return true;
	return false;
}

/* "home", or another label in its place; NULL: it is none. */
static const char *
scrub_label(struct scrub *s, const char *member, const char *text)
{
	struct address a;

	if (member == NULL || !names_a_record(member) || *text == '\0' ||
	    address_parse_any(&a, text) || strpbrk(text, "@*") != NULL ||
	    strchr(text, ' ') != NULL ||
	    text[strspn(text, "0123456789.:")] == '\0')
		return NULL;
	if (strcasecmp(text, s->sub) == 0)
		return HOST;
	return strchr(text, '.') == NULL ? same_again(s, text, "") : NULL;
}

static json_object *scrub_tree(struct scrub *s, const char *member,
    json_object *tree);

static json_object *
scrub_object(struct scrub *s, json_object *tree)
{
	json_object *to = json_object_new_object();

	json_object_object_foreach (tree, key, value) {
		char *name = scrub_text(s, key);
		json_object *made;

		if (strcmp(key, "request") == 0 || strcmp(key, "answer") == 0)
			s->is_request = *key == 'r';
		made = strcmp(key, "path") == 0 &&
			json_object_is_type(value, json_type_string) ?
		    scrub_path(s, json_object_get_string(value)) :
		    scrub_tree(s, key, value);
		if (to == NULL || name == NULL ||
		    json_object_object_add(to, name, made) != 0)
			json_object_put(made);
		free(name);
	}
	return to;
}

/* A copy of a value in which nothing can be recognised. */
static json_object *
scrub_tree(struct scrub *s, const char *member, json_object *tree)
{
	json_object *to = NULL;
	const char *label;
	char *text;

	switch (json_object_get_type(tree)) {
	case json_type_object:
		return scrub_object(s, tree);
	case json_type_array:
		to = json_object_new_array();
		for (size_t i = 0; i < json_object_array_length(tree); i++)
			(void)json_append(to,
			    scrub_tree(s, NULL,
				json_object_array_get_idx(tree, i)));
		return to;
	case json_type_string:
		text = (char *)(uintptr_t)json_object_get_string(tree);
		if ((label = scrub_label(s, member, text)) != NULL)
			return json_object_new_string(label);
		text = scrub_text(s, text);
		to = json_object_new_string(text != NULL ? text : "");
		free(text);
		return to;
	case json_type_int:
	case json_type_double:
		text = replace_token(s, strdup(json_object_get_string(tree)));
		to = text != NULL &&
			strcmp(text, json_object_get_string(tree)) != 0 ?
		    json_object_new_string(text) :
		    json_object_get(tree);
		free(text);
		return to;
	default:
		return json_object_get(tree);
	}
}

/*
 * The file
 */

static const char *
zone_of(const struct publication *p)
{
	const char *zone = p->zone, *dot;

	if (zone != NULL)
		return zone;
	zone = strncmp(p->name, "*.", 2) == 0 ? p->name + 2 : p->name;
	while (
	    (dot = strchr(zone, '.')) != NULL && strchr(dot + 1, '.') != NULL)
		zone = dot + 1;
	return zone;
}

static json_object *
case_object(struct scrub *s, json_object *exchange)
{
	json_object *o = json_object_new_object();
	json_object *addresses = json_object_new_array();
	json_object *verdicts = json_object_new_array();

	for (size_t i = 0; i < s->count; i++) {
		const struct publication *p = s->records[i];
		bool four = p->address.family == AF_INET;

		(void)json_append(addresses,
		    json_object_new_string(p->remove ?
			    (four ? "ipv4=none" : "ipv6=none") :
			    (four ? "192.0.2.10" : "2001:db8::10")));
		(void)json_append(verdicts,
		    json_object_new_string(p->result != ERR_OK ?
			    error_name(p->result) :
			    p->changed ? "changed" :
					 "unchanged"));
	}
	put_text(o, "case", "recorded");
	if (*s->sub == '\0')
		put_text(o, "host", ZONE);
	if (s->records[0]->zone != NULL)
		put_text(o, "zone", ZONE);
	json_add_made(o, "addresses", addresses);
	json_add_made(o, "verdicts", verdicts);
	json_add_made(o, "exchange", exchange);
	return o;
}

static json_object *
file_object(struct scrub *s, json_object *exchange, json_object *others,
    json_object *config)
{
	json_object *o = json_object_new_object(), *cases;
	struct buffer text = { .max = 1024 };
	time_t now = time(NULL);
	struct tm date;
	char word[64];

	gmtime_r(&now, &date);
	buffer_printf(&text,
	    "Recorded by " PACKAGE_STRING " at the provider, %04d-%02d-%02d.",
	    date.tm_year + 1900, date.tm_mon + 1, date.tm_mday);
	put_text(o, "about", text.data != NULL ? text.data : "");
	buffer_clear(&text);
	put_text(o, "host", s->provider);
	if (json_object_array_length(others) > 0)
		json_add_made(o, "hosts", json_object_get(others));
	for (size_t i = 0; i < s->token->count; i++) {
		part_word(s, i, word);
		buffer_printf(&text, "%s%s", i > 0 ? ":" : "", word);
	}
	put_text(o, "token", text.data != NULL ? text.data : "");
	buffer_free(&text);
	if (config != NULL)
		json_add_made(o, "config", scrub_tree(s, NULL, config));
	cases = json_object_new_array();
	(void)json_append(cases, case_object(s, exchange));
	json_add_made(o, "cases", cases);
	return o;
}

enum err
recording_write(const struct recording *r, const char *description,
    const struct token_parts *token, struct publication *const records[],
    size_t count, json_object *config, FILE *to, struct error *why)
{
	const char *zone = zone_of(records[0]), *name = records[0]->name;
	int len = (int)strlen(name) - (int)strlen(zone);
	char sub[HOSTNAME_MAX + 1];
	struct scrub s = { .token = token,
		.provider = r->host != NULL ? r->host : "",
		.name = name,
		.zone = zone,
		.sub = sub,
		.records = records,
		.count = count,
		.names = json_object_new_object() };
	json_object *file = NULL;
	const char *text = NULL;
	enum err rc = ERR_OK;

	snprintf(sub, sizeof sub, "%.*s", len > 0 ? len - 1 : 0, name);
	if (!r->failed && s.names != NULL &&
	    (file = file_object(&s, scrub_tree(&s, NULL, r->items), r->others,
		 config)) != NULL)
		text = json_text(file,
		    JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
			JSON_C_TO_STRING_NOSLASHESCAPE);
	/* What could not be put in is missing, and no recording then. */
	if (text == NULL || heap_lacked())
		rc = error_memory(why);
	else if (token_is_in(token, text))
		rc = error_set(why, ERR_REFUSED,
		    "%s: an answer repeats the token in a spelling that cannot "
		    "be replaced; nothing was written",
		    description);
	else if (fprintf(to, "%s\n", text) < 0)
		rc = error_set(why, ERR_SYSTEM, "cannot write the recording");
	json_object_put(file);
	json_object_put(s.names);
	return rc;
}
