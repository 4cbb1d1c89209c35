#include "config.h"

#include <string.h>

#include "gateway/health.h"

/* Adds a fault to the line. */
static void
put_fault(struct buffer *b, const char *fault)
{
	buffer_printf(b, "%s%s", b->len > 0 ? "; " : "", fault);
}

static void
check_workers(const struct gateway *g, const struct gateway_tools *t,
    struct buffer *b)
{
	unsigned int wanted = g->settings->workers;
	struct worker_counts c;

	if (t->count_workers == NULL)
		return;
	t->count_workers(t->board, &c);
	/* A few are always missing for a moment, as while they are renewed. */
	if (c.all < (wanted + 1) / 2)
		buffer_printf(b, "%sonly %u of %u workers are there",
		    b->len > 0 ? "; " : "", c.all, wanted);
}

void
health_reply(const struct gateway *g, struct gateway_tools *t,
    const struct request *q, struct reply *r)
{
	struct error ignored;

	r->json = false;
	if (strcmp(q->method, "GET") != 0 && strcmp(q->method, "HEAD") != 0) {
		r->status = 405;
		buffer_puts(&r->body, "method\n");
		return;
	}
	check_workers(g, t, &r->body);
	if (store_check(t->store, &ignored) != ERR_OK)
		put_fault(&r->body, "the state cannot be used");
	if (!edition_is_current(&t->edition, g->settings->file))
		put_fault(&r->body,
		    "the configuration on disk is not the one in force");
	r->status = r->body.len == 0 ? 200 : 503;
	if (r->status == 503)
		r->retry_after = REPLY_RETRY_AFTER;
	buffer_puts(&r->body, r->body.len == 0 ? "ok\n" : "\n");
}
