#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "gateway/dyndns2.h"
#include "gateway/gateway.h"
#include "gateway/native.h"
#include "gateway/reply.h"

struct gateway *
gateway_new(const char *file, struct error *why)
{
	struct gateway *g = calloc(1, sizeof *g);
	struct settings *s = settings_read(file, why);

	if (g == NULL || s == NULL) {
		settings_free(s);
		free(g);
		return NULL;
	}
	g->settings = s;
	if ((g->accounts = accounts_new(s, why)) == NULL ||
	    (g->providers = providers_new(s, why)) == NULL ||
	    (g->prover = prover_new(why)) == NULL)
		goto fail;
	for (size_t i = 0; i < s->account_count; i++)
		for (size_t j = 0; j < s->accounts[i].host_count; j++)
			if (prover_prepare(g->prover,
				&s->accounts[i].hosts[j].proof, why) != ERR_OK)
				goto fail;
	return g;
fail:
	gateway_free(g);
	return NULL;
}

void
gateway_free(struct gateway *g)
{
	if (g == NULL)
		return;
	prover_free(g->prover);
	providers_free(g->providers);
	accounts_free(g->accounts);
	settings_free((struct settings *)(uintptr_t)g->settings);
	free(g);
}

/* "A 192.0.2.1 good (proof 0-31 ms)" */
static void
describe_record(const struct record *r, struct buffer *line)
{
	char text[ADDRESS_TEXT_MAX];

	buffer_printf(line, "%s %s %s", address_type(&r->address),
	    r->remove ? "none" : address_format(&r->address, text),
	    verdict_word(r->verdict));
	if (r->proof.how != NULL && r->proof.how->kind != PROOF_NONE)
		buffer_printf(line, " (proof %d-%d ms)", r->proof.started,
		    r->proof.ended);
	if (r->why != NULL && r->why->code != ERR_OK)
		buffer_printf(line, " [%s]", r->why->text);
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
			buffer_printf(&line, "; %s ", u->records[i].host->name);
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

/* Each protocol has a path, its own words, and no say in what is done. */
static const struct route {
	const char *path;
	size_t names_max;
	void (*reply)(const struct update *u, struct reply *r);
	void (*refuse)(struct reply *r, int status, const char *why);
} routes[] = {
	{ "/update", CLAIM_NAMES_MAX, native_reply, native_error },
	{ "/nic/update", DYNDNS2_NAMES_MAX, dyndns2_reply, dyndns2_error },
	{ "/v3/update", DYNDNS2_NAMES_MAX, dyndns2_reply, dyndns2_error },
};

static const struct route *
find_route(const char *path)
{
	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
		if (strcmp(routes[i].path, path) == 0)
			return &routes[i];
	return NULL;
}

static void
handle_update(const struct gateway *g, struct exchanges *x,
    const struct request *q, const struct route *route, struct reply *reply)
{
	struct update u = { .gateway = g,
		.exchanges = x,
		.request = q,
		.names_max = route->names_max };

	update_run(&u);
	route->reply(&u, reply);
	log_update(&u, reply->status);
	update_end(&u);
}

static bool
is_checkip(const char *path)
{
	return strcmp(path, "/nic/checkip") == 0 ||
	    strcmp(path, "/checkip") == 0;
}

void
gateway_handle(const struct gateway *g, struct exchanges *x,
    const struct request *q, struct reply *reply)
{
	const struct route *route = find_route(q->path);
	const char *why = NULL;

	*reply = (struct reply){ .body.max = REPLY_BODY_MAX, .json = q->json };
	if (q->why.code != ERR_OK)
		(route != NULL ? route->refuse : native_error)(reply, 400,
		    why = q->why.text);
	else if (is_checkip(q->path))
		dyndns2_checkip(q, reply);
	else if (route == NULL)
		native_error(reply, 404, why = "notfound");
	else if (strcmp(q->method, "GET") != 0 &&
	    strcmp(q->method, "POST") != 0)
		route->refuse(reply, 405, why = "method");
	else
		handle_update(g, x, q, route, reply);
	if (why != NULL)
		log_info("%s -: %d: %s", q->source, reply->status, why);
}
