#include "config.h"

#include <ctype.h>
#include <string.h>

#include "base/log.h"
#include "gateway/report.h"

/* The time, the process and "warning: " are log.c's. */
#define REPORT_MAX   (LOG_LINE_MAX - 128)
#define SOURCE_MAX   INET6_ADDRSTRLEN
#define USER_MAX     32
#define PATH_MAX_LOG 64
#define REASON_MAX   256
#define MORE_MAX     32 /* "; and 63 more" */
#define FIELDS_MAX   16 /* of one entry */

/* At most max bytes of text, REASON_MAX or less, and a sign of more. */
static void
put_cut(struct buffer *line, const char *text, size_t max)
{
	char shown[REASON_MAX];
	size_t len = 0;

	/* The log would write one byte that is not printable as four. */
	for (; text[len] != '\0' && len < max && len < sizeof shown; len++)
		shown[len] =
		    text[len] < 0x20 || text[len] > 0x7e ? '?' : text[len];
	buffer_add(line, shown, len);
	if (text[len] != '\0')
		buffer_puts(line, "...");
}

/*
 * The path, up to the first byte that is none of a plain path: behind a
 * question mark in disguise a credential may follow.
 */
static void
put_path(struct buffer *line, const char *path)
{
	size_t len = 0;

	while (len < PATH_MAX_LOG &&
	    (isalnum((unsigned char)path[len]) ||
		(path[len] != '\0' && strchr("/._-", path[len]) != NULL)))
		len++;
	buffer_printf(line, " \"%.*s\"%s", (int)len, path,
	    path[len] != '\0' ? "..." : "");
}

static void
put_source(struct buffer *line, const struct request *q)
{
	struct address a;
	char text[ADDRESS_TEXT_MAX];

	if (request_source(q, &a))
		buffer_puts(line, address_format(&a, text));
	else if (*q->source == '\0')
		buffer_puts(line, "-");
	else
		put_cut(line, q->source, SOURCE_MAX);
}

/* "203.0.113.9 router: 200"; a user that did not get in is quoted. */
static void
put_who(struct buffer *line, const struct request *q, const struct login *l,
    int status)
{
	put_source(line, q);
	if (l->account != NULL) {
		buffer_join(line, " ", l->account->name, NULL);
	} else if (l->user[0] != '\0') {
		buffer_puts(line, " \"");
		put_cut(line, l->user, USER_MAX);
		buffer_puts(line, "\"");
	} else {
		buffer_puts(line, " -");
	}
	buffer_puts(line, ": ");
	buffer_number(line, status);
}

/* Who it was, the status, and why it is not 200. */
static void
put_head(struct buffer *line, const struct update *u, int status)
{
	put_who(line, u->request, &u->login, status);
	if (u->result == ERR_OK)
		return;
	buffer_puts(line, ": ");
	put_cut(line, u->why.text, REASON_MAX);
	if (u->result == ERR_NOT_FOUND)
		put_path(line, u->request->path);
}

/* "A 192.0.2.1 good (proof 0-31 ms)" */
static void
put_record(struct buffer *line, const struct record *r)
{
	char text[ADDRESS_TEXT_MAX];

	buffer_join(line, address_type(&r->address), " ",
	    r->remove ? "none" : address_format(&r->address, text), " ",
	    verdict_word(r->verdict), NULL);
	if (r->proof.how != NULL && r->proof.how->kind != PROOF_NONE)
		buffer_printf(line, " (proof %d-%d ms)", r->proof.started,
		    r->proof.ended);
	if (record_is_open(r))
		buffer_puts(line,
		    " [the provider has not finished; it goes on]");
	if (r->why != NULL && r->why->code != ERR_OK) {
		buffer_puts(line, " [");
		put_cut(line, r->why->text, REASON_MAX);
		buffer_puts(line, "]");
	}
}

/* A host with its records that are judged; nothing if none of them is. */
static void
put_host(struct buffer *line, const struct update *u,
    const struct host_settings *host)
{
	const char *before = NULL;

	for (size_t i = 0; i < u->record_count; i++) {
		const struct record *r = &u->records[i];

		if (r->host != host ||
		    (record_is_open(r) && !update_is_late(u)))
			continue;
		if (before == NULL)
			buffer_join(line, "; ", host->name, " ", NULL);
		else
			buffer_puts(line, before);
		before = ", ";
		put_record(line, r);
	}
}

/* Adds the hosts that failed, or the others, while there is room for them. */
static size_t
put_hosts(struct buffer *line, const struct update *u, bool failed, size_t room)
{
	size_t left_out = 0;

	for (size_t i = 0; i < u->host_count; i++) {
		const struct host_settings *host = u->hosts[i];
		struct buffer one = { .max = REPORT_MAX };

		if (verdict_is_failure(update_host_verdict(u, host)) != failed)
			continue;
		put_host(&one, u, host);
		if (one.failed || line->len + one.len > room)
			left_out++;
		else if (one.len > 0)
			buffer_add(line, one.data, one.len);
		buffer_free(&one);
	}
	return left_out;
}

static void
put_tail(struct buffer *line, const struct update *u)
{
	const struct claim *c = &u->claim;

	for (size_t i = 0; i < c->ignored_count; i++)
		buffer_join(line, i == 0 ? "; ignored: " : ", ", c->ignored[i],
		    NULL);
	if (c->ignored_more > 0)
		buffer_printf(line, "%s%zu parameters",
		    c->ignored_count == 0 ? "; ignored: " : " and ",
		    c->ignored_more);
	buffer_puts(line, "; login ");
	buffer_number(line, u->login_ms);
	buffer_puts(line, " ms, proofs ");
	buffer_number(line, u->proofs_ms);
	buffer_puts(line, " ms, provider ");
	buffer_number(line, u->provider_ms);
	buffer_puts(line, " ms");
	if (u->id[0] != '\0')
		buffer_join(line, "; request ", u->id, NULL);
}

/* The log's entry of a request: the line, and what programs look for in it. */
static void
log_request(const struct buffer *line, const char *id, const char *source,
    const struct login *l, const struct log_field *more)
{
	struct log_field fields[FIELDS_MAX], *f = fields;

	if (*id != '\0')
		*f++ = (struct log_field){ "request_id", id, 0 };
	if (source != NULL)
		*f++ = (struct log_field){ "source", source, 0 };
	if (l->account != NULL)
		*f++ = (struct log_field){ "account", l->account->name, 0 };
	else if (l->user[0] != '\0')
		*f++ = (struct log_field){ "user", l->user, 0 };
	do
		*f++ = *more;
	while (more++->name != NULL);
	log_event(fields, line->data != NULL ? line->data : "-");
}

/* Where the update came from, or NULL. */
static const char *
source_text(const struct update *u, char text[static ADDRESS_TEXT_MAX])
{
	return u->has_source ? address_format(&u->source, text) : NULL;
}

/* The hosts, as many as there is room for, then the tail; status: 0, none. */
static void
finish_line(struct buffer *line, const struct update *u, int status)
{
	char source[ADDRESS_TEXT_MAX];
	const struct log_field fields[] = {
		{ "outcome",
		    u->result == ERR_OK ? verdict_word(update_verdict(u)) :
					  error_name(u->result),
		    0 },
		{ "login_ms", NULL, u->login_ms },
		{ "proofs_ms", NULL, u->proofs_ms },
		{ "provider_ms", NULL, u->provider_ms },
		{ status != 0 ? "status" : NULL, NULL, status },
		{ NULL, NULL, 0 }
	};
	struct buffer tail = { .max = REPORT_MAX };
	size_t room, left_out;

	put_tail(&tail, u);
	room = REPORT_MAX - tail.len - MORE_MAX;
	left_out = put_hosts(line, u, true, room);
	left_out += put_hosts(line, u, false, room);
	if (left_out > 0)
		buffer_printf(line, "; and %zu more", left_out);
	if (tail.data != NULL)
		buffer_add(line, tail.data, tail.len);
	log_request(line, u->id, source_text(u, source), &u->login, fields);
	buffer_free(line);
	buffer_free(&tail);
}

void
report_update(const struct update *u, const struct reply *r)
{
	struct buffer line = { .max = REPORT_MAX };

	put_head(&line, u, r->status);
	finish_line(&line, u, r->status);
}

void
report_late(const struct update *u)
{
	struct buffer line = { .max = REPORT_MAX };

	buffer_printf(&line, "after the reply to %s", u->login.account->name);
	finish_line(&line, u, 0);
}

void
report_page(const struct request *q, const struct login *login, int status,
    const struct error *why)
{
	const struct log_field fields[] = { { "status", NULL, status },
		{ NULL, NULL, 0 } };
	struct buffer line = { .max = REPORT_MAX };
	struct address a;
	char source[ADDRESS_TEXT_MAX];

	put_who(&line, q, login, status);
	buffer_puts(&line, ": ");
	put_cut(&line, why->text, REASON_MAX);
	put_path(&line, q->path);
	log_request(&line, q->id,
	    request_source(q, &a) ? address_format(&a, source) : NULL, login,
	    fields);
	buffer_free(&line);
}
