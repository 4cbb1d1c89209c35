#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "gateway/gateway.h"
#include "gateway/native.h"
#include "gateway/reply.h"

struct house *
house_new(const char *file, struct error *why)
{
	struct house *h = calloc(1, sizeof *h);
	struct settings *s = settings_read(file, why);

	if (h == NULL || s == NULL) {
		settings_free(s);
		free(h);
		return NULL;
	}
	h->settings = s;
	if ((h->accounts = accounts_new(s, why)) == NULL ||
	    (h->providers = providers_new(s, why)) == NULL ||
	    (h->prover = prover_new(why)) == NULL)
		goto fail;
	for (size_t i = 0; i < s->account_count; i++)
		for (size_t j = 0; j < s->accounts[i].host_count; j++)
			if (prover_prepare(h->prover,
			    &s->accounts[i].hosts[j].proof, why) != ERR_OK)
				goto fail;
	return h;
fail:
	house_free(h);
	return NULL;
}

void
house_free(struct house *h)
{
	if (h == NULL)
		return;
	exchange_free(h->exchange);
	prover_free(h->prover);
	providers_free(h->providers);
	accounts_free(h->accounts);
	settings_free((struct settings *)(uintptr_t)h->settings);
	free(h);
}

/* "A 192.0.2.1 good (proof 0-31 ms)" */
static void
describe_record(const struct record *r, struct buffer *line)
{
	char text[ADDRESS_TEXT_MAX];

	buffer_printf(line, "%s %s %s", record_type(&r->address),
	    address_format(&r->address, text), verdict_word(r->verdict));
	if (r->proof_started != -1)
		buffer_printf(line, " (proof %d-%d ms)", r->proof_started,
		    r->proof_ended);
	if (r->why.code != ERR_OK)
		buffer_printf(line, " [%s]", r->why.text);
}

/* Source, account, status; then every record, and where the time went. */
static void
log_update(const struct update *u, int status)
{
	struct buffer line = { .max = LOG_LINE_MAX };
	const struct host_settings *last = NULL;

	buffer_printf(&line, "%s %s: %d", u->request->source,
	    u->login.account != NULL ? u->login.account->name : "-", status);
	if (u->result != ERR_OK)
		buffer_printf(&line, ": %s", u->why.text);
	for (size_t i = 0; i < u->record_count; i++) {
		if (u->records[i].host != last)
			buffer_printf(&line, "; %s ",
			    u->records[i].host->name);
		else
			buffer_puts(&line, ", ");
		last = u->records[i].host;
		describe_record(&u->records[i], &line);
	}
	buffer_printf(&line, "; login %d ms, proofs %d ms, provider %d ms",
	    u->login_ms, u->proofs_ms, u->provider_ms);
	log_info("%s", line.data);
	buffer_free(&line);
}

static void
handle_update(const struct house *h, const struct request *q,
    struct reply *reply)
{
	struct update u = { .house = h, .request = q };

	update_run(&u);
	native_reply(&u, reply);
	log_update(&u, reply->status);
	update_end(&u);
}

/* What is no update gets a line as well. */
static void
refuse(const struct request *q, struct reply *reply, int status,
    const char *text, const char *why)
{
	reply->json = q->json;
	native_error(reply, status, text);
	log_info("%s -: %d: %s", q->source, status, why);
}

void
gateway_handle(const struct house *h, FCGX_Request *fcgi, int64_t start)
{
	struct reply reply = { .body.max = REPLY_BODY_MAX };
	struct request q = { .start = start };
	struct error why;

	if (request_read(&q, fcgi, &why) != ERR_OK)
		refuse(&q, &reply, 400, why.text, why.text);
	else if (strcmp(q.path, "/update") != 0)
		refuse(&q, &reply, 404, "notfound", "no such path");
	else if (strcmp(q.method, "GET") != 0)
		refuse(&q, &reply, 405, "method", "not a GET");
	else
		handle_update(h, &q, &reply);
	reply_send(&reply, fcgi);
	reply_end(&reply);
	request_end(&q);
}
