#include "config.h"

#include "base/json.h"
#include "gateway/native.h"

/* The words are those of verdict_word(). */
static const struct wording verdicts[VERDICT__MAX] = {
	[VERDICT_SKIPPED] = { NULL, 200, false },
	[VERDICT_NOCHG] = { NULL, 200, false },
	[VERDICT_GOOD] = { NULL, 200, false },
	[VERDICT_OPEN] = { NULL, 503, true },
	[VERDICT_WITHHELD] = { NULL, 503, true },
	[VERDICT_ADDRESS] = { NULL, 400, false },
	/* Whatever failed a proof, the next try may find the host mended. */
	[VERDICT_PROOF] = { NULL, 403, true },
	[VERDICT_PROVIDER] = { NULL, 502, false },
	[VERDICT_BUSY] = { NULL, 503, true },
};

/* Without a word the reason is told; ERR_OK stands for any other error. */
static const struct wording errors[ERR__MAX] = {
	[ERR_OK] = { "busy", 503, true },
	[ERR_AUTH] = { "badauth", 401, false },
	[ERR_TOO_MANY_FAILURES] = { "limit", 429, true },
	[ERR_TOO_MANY_PROOFS] = { "limit", 429, true },
	[ERR_REQUEST] = { NULL, 400, false },
	[ERR_NOT_A_NAME] = { NULL, 400, false },
	[ERR_TOO_MANY_NAMES] = { NULL, 400, false },
	[ERR_NOT_YOURS] = { "nohost", 403, false },
	[ERR_NOT_FOUND] = { "notfound", 404, false },
	[ERR_METHOD] = { "method", 405, false },
};

static void
host_line(const struct update *u, const struct host_settings *host,
    struct buffer *body)
{
	enum verdict v = update_host_verdict(u, host);
	char text[ADDRESS_TEXT_MAX];

	buffer_join(body, host->name, " ", verdict_word(v), NULL);
	for (size_t i = 0; !verdict_is_failure(v) && i < u->record_count; i++)
		if (u->records[i].host == host &&
		    u->records[i].verdict != VERDICT_SKIPPED)
			buffer_join(body, " ",
			    u->records[i].remove ?
				"none" :
				address_format(&u->records[i].address, text),
			    NULL);
	buffer_puts(body, "\n");
}

/* Takes value, NULL without memory. */
static void
put(struct reply *r, json_object *o, const char *name, json_object *value)
{
	if (!json_add_made(o, name, value))
		r->body.failed = true;
}

static void
put_text(struct reply *r, json_object *o, const char *name, const char *text)
{
	put(r, o, name, json_object_new_string(text));
}

static json_object *
record_json(const struct record *record, struct reply *r)
{
	json_object *o = json_object_new_object();
	char text[ADDRESS_TEXT_MAX];

	put_text(r, o, "type", address_type(&record->address));
	if (!record->remove)
		put_text(r, o, "address",
		    address_format(&record->address, text));
	else if (!json_add(o, "address", NULL))
		r->body.failed = true;
	put_text(r, o, "verdict", verdict_word(record->verdict));
	return o;
}

static json_object *
host_json(const struct update *u, const struct host_settings *host,
    struct reply *r)
{
	json_object *o = json_object_new_object();
	json_object *records = json_object_new_array();

	put_text(r, o, "name", host->name);
	put_text(r, o, "verdict", verdict_word(update_host_verdict(u, host)));
	for (size_t i = 0; i < u->record_count; i++)
		if (u->records[i].host == host &&
		    !json_append(records, record_json(&u->records[i], r)))
			r->body.failed = true;
	put(r, o, "records", records);
	return o;
}

static void
put_json(struct reply *r, json_object *o)
{
	const char *text = json_text(o,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

	if (text == NULL || !buffer_puts(&r->body, text))
		r->body.failed = true;
	buffer_puts(&r->body, "\n");
	json_object_put(o);
}

/* A reply that is too long for one write is replaced by a short one. */
static void
summarise(struct reply *r)
{
	bool json = r->json;
	const char *word = r->status == 200 ? "good" : "failed";

	buffer_clear(&r->body);
	if (json)
		buffer_printf(&r->body, "{\"status\":%d,\"summary\":\"%s\"}\n",
		    r->status, word);
	else
		buffer_printf(&r->body, "%s\n", word);
}

/* One line of text, or {"status": N, "error": "text"}. */
static void
put_error(struct reply *r, const char *text)
{
	json_object *o;

	if (!r->json) {
		buffer_join(&r->body, text, "\n", NULL);
		return;
	}
	o = json_object_new_object();
	put(r, o, "status", json_object_new_int(r->status));
	put_text(r, o, "error", text);
	put_json(r, o);
}

static void
put_hosts(const struct update *u, struct reply *r)
{
	for (size_t i = 0; i < u->host_count; i++)
		if (update_has_host(u, u->hosts[i]))
			host_line(u, u->hosts[i], &r->body);
}

static void
put_hosts_json(const struct update *u, struct reply *r)
{
	json_object *o = json_object_new_object();
	json_object *hosts = json_object_new_array();

	put(r, o, "status", json_object_new_int(r->status));
	for (size_t i = 0; i < u->host_count; i++)
		if (update_has_host(u, u->hosts[i]) &&
		    !json_append(hosts, host_json(u, u->hosts[i], r)))
			r->body.failed = true;
	put(r, o, "hosts", hosts);
	put_json(r, o);
}

void
native_reply(const struct update *u, struct reply *r)
{
	const struct wording *w = update_wording(u, verdicts, errors);

	reply_status(r, w, u->retry_after);
	if (u->result != ERR_OK)
		put_error(r, w->word != NULL ? w->word : u->why.text);
	else if (r->json)
		put_hosts_json(u, r);
	else
		put_hosts(u, r);
	if (r->body.failed)
		summarise(r);
}
