#include "config.h"

#include <json-c/json.h>

#include "gateway/native.h"

#define RETRY_AFTER 60 /* seconds, when the provider named no time */

static const int statuses[] = {
	[VERDICT_LEFT] = 200,
	[VERDICT_NOCHG] = 200,
	[VERDICT_GOOD] = 200,
	[VERDICT_OPEN] = 503,
	[VERDICT_HELD] = 503,
	[VERDICT_ADDRESS] = 400,
	[VERDICT_PROOF] = 403,
	[VERDICT_PROVIDER] = 502,
	[VERDICT_BUSY] = 503,
};
_Static_assert(sizeof statuses / sizeof *statuses == VERDICT__MAX,
    "a status per verdict");

static bool
is_well(enum verdict v)
{
	return v <= VERDICT_GOOD;
}

int
native_status(const struct update *u)
{
	enum verdict worst = VERDICT_LEFT;

	switch (u->result) {
	case ERR_OK:
		break;
	case ERR_AUTH:
		return 401;
	case ERR_TOO_MANY_FAILURES:
		return 429;
	case ERR_REQUEST:
	case ERR_NOT_A_NAME:
	case ERR_TOO_MANY_NAMES:
		return 400;
	case ERR_NOT_YOURS:
		return 403;
	default:
		return 503;
	}
	for (size_t i = 0; i < u->host_count; i++)
		if (update_host_verdict(u, u->hosts[i]) > worst)
			worst = update_host_verdict(u, u->hosts[i]);
	return statuses[worst];
}

/* Whatever failed a proof, the next try may find the host up or mended. */
static bool
is_retried(const struct update *u, int status)
{
	return status == 503 || status == 429 ||
	    (status == 403 && u->result == ERR_OK);
}

static void
host_line(const struct update *u, const struct host_settings *host,
    struct buffer *body)
{
	enum verdict v = update_host_verdict(u, host);
	char text[ADDRESS_TEXT_MAX];

	buffer_printf(body, "%s %s", host->name, verdict_word(v));
	for (size_t i = 0; is_well(v) && i < u->record_count; i++)
		if (u->records[i].host == host &&
		    u->records[i].verdict != VERDICT_LEFT)
			buffer_printf(body, " %s",
			    u->records[i].remove ?
				"none" :
				address_format(&u->records[i].address, text));
	buffer_puts(body, "\n");
}

static json_object *
host_json(const struct update *u, const struct host_settings *host)
{
	json_object *o = json_object_new_object();
	json_object *records = json_object_new_array();
	char text[ADDRESS_TEXT_MAX];

	json_object_object_add(o, "name", json_object_new_string(host->name));
	json_object_object_add(o, "verdict",
	    json_object_new_string(verdict_word(update_host_verdict(u, host))));
	for (size_t i = 0; i < u->record_count; i++) {
		const struct record *r = &u->records[i];
		json_object *e;

		if (r->host != host)
			continue;
		e = json_object_new_object();
		json_object_object_add(e, "type",
		    json_object_new_string(address_type(&r->address)));
		json_object_object_add(e, "address",
		    r->remove ? NULL :
				json_object_new_string(
				    address_format(&r->address, text)));
		json_object_object_add(e, "verdict",
		    json_object_new_string(verdict_word(r->verdict)));
		json_object_array_add(records, e);
	}
	json_object_object_add(o, "records", records);
	return o;
}

static void
put_json(struct reply *r, json_object *o)
{
	const char *text = json_object_to_json_string_ext(o,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

	if (text == NULL || !buffer_puts(&r->body, text))
		r->body.failed = true;
	buffer_puts(&r->body, "\n");
	json_object_put(o);
}

/* What cannot be told in one write is told in short. */
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

void
native_error(struct reply *r, int status, const char *text)
{
	json_object *o;

	r->status = status;
	if (!r->json) {
		buffer_printf(&r->body, "%s\n", text);
		return;
	}
	o = json_object_new_object();
	json_object_object_add(o, "status", json_object_new_int(status));
	json_object_object_add(o, "error", json_object_new_string(text));
	put_json(r, o);
}

void
native_reply(const struct update *u, struct reply *r)
{
	json_object *o, *hosts;

	r->status = native_status(u);
	if (is_retried(u, r->status))
		r->retry_after =
		    u->retry_after > 0 ? u->retry_after : RETRY_AFTER;
	switch (u->result) {
	case ERR_OK:
		break;
	case ERR_AUTH:
		native_error(r, r->status, "badauth");
		return;
	case ERR_TOO_MANY_FAILURES:
		native_error(r, r->status, "limit");
		return;
	case ERR_REQUEST:
	case ERR_NOT_A_NAME:
	case ERR_TOO_MANY_NAMES:
		native_error(r, r->status, u->why.text);
		return;
	case ERR_NOT_YOURS:
		native_error(r, r->status, "nohost");
		return;
	default:
		native_error(r, r->status, "busy");
		return;
	}
	if (r->json) {
		o = json_object_new_object();
		hosts = json_object_new_array();
		json_object_object_add(o, "status",
		    json_object_new_int(r->status));
		for (size_t i = 0; i < u->host_count; i++)
			if (update_has_host(u, u->hosts[i]))
				json_object_array_add(hosts,
				    host_json(u, u->hosts[i]));
		json_object_object_add(o, "hosts", hosts);
		put_json(r, o);
	} else {
		for (size_t i = 0; i < u->host_count; i++)
			if (update_has_host(u, u->hosts[i]))
				host_line(u, u->hosts[i], &r->body);
	}
	if (r->body.failed)
		summarise(r);
}
