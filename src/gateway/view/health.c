#include "config.h"

#include <stdio.h>
#include <string.h>

#include "gateway/view/health.h"

/* Adds a fault to the line. */
static void
put_fault(struct buffer *b, const char *fault)
{
	buffer_printf(b, "%s%s", b->len > 0 ? "; " : "", fault);
}

static void
check_workers(const struct worker_counts *c, unsigned int wanted,
    struct buffer *b)
{
	char text[64];

	/* A few are always missing for a moment, as while they are renewed. */
	if (c->all >= (wanted + 1) / 2)
		return;
	snprintf(text, sizeof text, "only %u of %u workers are there", c->all,
	    wanted);
	put_fault(b, text);
}

/* A worker of a pool cannot read the file: its supervisor does, and tells. */
static void
count_workers(const struct gateway *g, struct gateway_tools *t,
    struct worker_counts *c)
{
	if (t->count_workers != NULL)
		t->count_workers(t->board, c);
	else
		*c = (struct worker_counts){ .all = g->settings->workers,
			.outdated = !edition_is_current(&t->edition,
			    g->settings->file) };
}

void
health_check(const struct gateway *g, const struct worker_counts *c,
    struct store *st, struct buffer *line)
{
	struct error ignored;

	check_workers(c, g->settings->workers, line);
	if (store_check(st, &ignored) != ERR_OK)
		put_fault(line, "the state cannot be used");
	if (c->outdated)
		put_fault(line,
		    "the configuration on disk is not the one in force");
}

void
health_reply(const struct gateway *g, struct gateway_tools *t,
    const struct request *q, struct reply *r)
{
	struct worker_counts c;
	bool well;

	r->json = false;
	if (strcmp(q->method, "GET") != 0 && strcmp(q->method, "HEAD") != 0) {
		r->status = 405;
		buffer_puts(&r->body, "method\n");
		return;
	}
	count_workers(g, t, &c);
	health_check(g, &c, t->store, &r->body);
	/* A fault that found no memory is one, too. */
	well = r->body.len == 0 && !r->body.failed;
	r->status =
	    buffer_puts(&r->body, well ? "ok\n" : "\n") && well ? 200 : 503;
	if (r->status == 503)
		r->retry_after = REPLY_RETRY_AFTER;
}
