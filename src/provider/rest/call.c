#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "provider/rest/run.h"

#define REPEATS_MAX    2
#define RETRY_PAUSE_MS 200
#define KEPT_MAX       (4UL << 20) /* bytes of shared answers */

/*
 * The first request goes alone: it shows whether the token is good, and opens
 * the connection that the others can share.
 */
bool
call_may_start(const struct run *run)
{
	return run->under_way < (run->answered ? run->at_once_max : 1);
}

/*
 * Is it safe to send the same again after a 5xx?  A GET that writes goes to
 * a service that counts how often it is called, and what the first DELETE took
 * away the second would miss.
 */
static bool
may_repeat(const struct run *run, const struct call *c)
{
	const char *method = c->message.method;

	return c->repeats > 0 && c->rc == ERR_OK && c->answer->status >= 500 &&
	    c->answer->retry_after == 0 && strcmp(method, "POST") != 0 &&
	    strcmp(method, "DELETE") != 0 &&
	    (!c->step->writes || strcmp(method, "GET") != 0) &&
	    clock_left(run->deadline) > 2 * RETRY_PAUSE_MS;
}

/* After a write every answer may be another one. */
static void
share_no_more(struct run *run)
{
	for (struct call *c = run->calls; c != NULL; c = c->next)
		c->shared = false;
	run->kept = 0;
}

/*
 * Keeps the answer to c for other steps, and of the older ones as many as there
 * is room for.  The latest is kept however large it is: the records that are on
 * their way to it would each ask for it anew.
 */
static void
keep(struct run *run, struct call *c)
{
	c->size = c->pages.bytes > 0 ? c->pages.bytes : c->answer->body.len;
	run->kept += c->size;
	for (struct call *old = run->calls; old != NULL; old = old->next) {
		if (run->kept <= KEPT_MAX)
			return;
		if (old == c || !old->shared || !old->over)
			continue;
		old->shared = false;
		run->kept -= old->size;
	}
}

static void
finish(struct run *run, struct call *c)
{
	c->over = true;
	run->under_way--;
	if (c->rc == ERR_UNREACHABLE)
		endpoint_want_addresses(c->to);
	if (c->rc != ERR_OK)
		return;
	run->answered = true;
	if (c->answer->retry_after > run->retry_after)
		run->retry_after = c->answer->retry_after;
	if (c->shared)
		keep(run, c);
}

static const char *
path_of(const struct call *c)
{
	return c->pages.path.data != NULL ? c->pages.path.data :
					    c->message.path.data;
}

static void
send_message(struct run *run, struct call *c)
{
	const struct message *m = &c->message;
	struct address addresses[SETTINGS_ADDRESSES_MAX];
	struct target to = { c->to->host, c->to->port, addresses,
		endpoint_addresses(c->to, addresses), c->to->settings->ca };
	struct exchange_request request = { m->method, path_of(c), m->headers,
		m->body.len > 0 ? m->body.data : NULL, m->body.len,
		m->sigv4.data, m->userpwd.data, c->step->answer.max };

	if (to.address_count == 0)
		error_set(&c->why, ERR_UNREACHABLE, "no address of %s is known",
		    c->to->host);
	else
		c->exchange = exchange_start(run->exchanges, &to, &request,
		    run->deadline, &c->why);
	if (c->exchange == NULL) {
		c->rc = c->why.code;
		finish(run, c);
	}
}

/* Is there another page of the list to ask for? */
static bool
goes_on(struct call *c)
{
	bool more = false;

	if (c->rc == ERR_OK && c->step->answer.pages.kind != PAGING_NONE)
		c->rc = page_take(&c->pages, c->step, &c->message, c->answer,
		    &more, &c->why);
	return c->rc == ERR_OK && more;
}

static void
poll_call(struct run *run, struct call *c)
{
	if (c->exchange == NULL) {
		if (clock_now() >= c->again)
			send_message(run, c);
		return;
	}
	if (!exchange_done(c->exchange))
		return;
	c->rc = exchange_result(c->exchange, &c->answer, &c->why);
	if (c->rc == ERR_OK && run->recording != NULL)
		recording_add(run->recording, &c->message, path_of(c),
		    c->answer);
	if (may_repeat(run, c)) {
		c->repeats--;
		c->again = clock_now() + RETRY_PAUSE_MS;
	} else if (goes_on(c)) {
		c->again = 0;
	} else {
		finish(run, c);
		return;
	}
	exchange_end(c->exchange);
	c->exchange = NULL;
	c->answer = NULL;
}

void
calls_poll(struct run *run)
{
	for (struct call *c = run->calls; c != NULL; c = c->next)
		if (!c->over)
			poll_call(run, c);
}

int64_t
calls_due(const struct run *run)
{
	int64_t due = run->deadline;

	if (run->impatient < due && clock_now() < run->impatient)
		due = run->impatient;
	for (const struct call *c = run->calls; c != NULL; c = c->next)
		if (!c->over && c->exchange == NULL && c->again < due)
			due = c->again;
	return due;
}

bool
calls_in_flight(const struct run *run)
{
	for (const struct call *c = run->calls; c != NULL; c = c->next)
		if (!c->over && c->exchange != NULL)
			return true;
	return false;
}

static void
call_free(struct run *run, struct call *c)
{
	if (run->parsed == c) {
		json_object_put(run->parsed_tree);
		run->parsed_tree = NULL;
		run->parsed = NULL;
	}
	if (c->exchange != NULL)
		exchange_end(c->exchange);
	message_end(&c->message);
	pages_end(&c->pages);
	free(c);
}

void
calls_sweep(struct run *run)
{
	struct call **link = &run->calls, *c;

	while ((c = *link) != NULL)
		if (c->heard && !c->shared) {
			*link = c->next;
			call_free(run, c);
		} else {
			link = &c->next;
		}
}

void
calls_end(struct run *run)
{
	struct call *c;

	while ((c = run->calls) != NULL) {
		run->calls = c->next;
		call_free(run, c);
	}
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* The first page is no answer to a step that wants all of them. */
static bool
want_same_pages(const struct step *one, const struct step *other)
{
	const struct wanted_answer *a = &one->answer, *b = &other->answer;

	if (a->pages.kind == PAGING_NONE || b->pages.kind == PAGING_NONE)
		return a->pages.kind == b->pages.kind;
	return a->pages.kind == b->pages.kind &&
	    same_text(a->pages.next, b->pages.next) &&
	    same_text(a->pages.query, b->pages.query) &&
	    same_text(a->pages.total, b->pages.total) &&
	    same_text(a->pick.in, b->pick.in);
}

/*
 * A call of another step, or an earlier one of this step, that asks the same,
 * and whose answer is still true; or NULL.
 */
static struct call *
find_shared(const struct run *run, const struct step *step,
    const struct message *m)
{
	for (struct call *c = run->calls; c != NULL; c = c->next)
		if (c->shared && want_same_pages(c->step, step) &&
		    message_equal(&c->message, m))
			return c;
	return NULL;
}

/* Takes over the message of a new call, and sends it. */
static void
enter(struct run *run, struct call *c)
{
	struct call **end = &run->calls;

	if (c->step->writes)
		share_no_more(run);
	c->shared = !c->step->writes;
	c->repeats = REPEATS_MAX;
	while (*end != NULL)
		end = &(*end)->next;
	*end = c;
	run->under_way++;
	send_message(run, c);
}

/* "home: steps/2: " before what went wrong. */
static enum outcome
explain(const struct run *run, const struct step *step, enum outcome outcome,
    struct error *why)
{
	error_prefix(why, "%s: %s", run->tree.api->at->settings->name,
	    step->label);
	return outcome;
}

struct call *
call_start(struct run *run, const struct step *step, const struct values *v,
    const struct group *each, enum outcome *outcome, struct error *why)
{
	const struct endpoint *to = api_endpoint(run->tree.api, step);
	struct call *c = calloc(1, sizeof *c), *other;

	*outcome = OUTCOME_RUN_FAILED;
	if (c == NULL) {
		error_memory(why);
		return NULL;
	}
	c->step = step;
	c->to = to;
	if (compose(&c->message, run->tree.description, step, to->origin,
		to->path, v, each, why) != ERR_OK) {
		*outcome = explain(run, step,
		    why->code == ERR_MEMORY ? OUTCOME_RUN_FAILED :
					      OUTCOME_FAILED,
		    why);
	} else if (c->message.empty) {
		*outcome = OUTCOME_NOT_SENT;
	} else if (!step->writes &&
	    (other = find_shared(run, step, &c->message)) != NULL) {
		call_free(run, c);
		other->heard = false;
		return other;
	} else {
		enter(run, c);
		return c;
	}
	call_free(run, c);
	return NULL;
}

/*
 * One parsed tree is kept at a time: it may be a hundred times as large as its
 * text.
 */
static json_object *
tree_of(struct run *run, struct call *c)
{
	if (c->pages.tree != NULL)
		return c->pages.tree;
	if (run->parsed != c) {
		json_object_put(run->parsed_tree);
		run->parsed_tree = judge_parse(&c->answer->body);
		run->parsed = c;
	}
	return run->parsed_tree;
}

enum outcome
call_judge(struct run *run, struct call *c, const struct step *step,
    struct error *why)
{
	enum outcome outcome;

	if (c->rc != ERR_OK) {
		*why = c->why;
		return explain(run, step,
		    c->rc == ERR_REFUSED ? OUTCOME_FAILED : OUTCOME_RUN_FAILED,
		    why);
	}
	outcome = judge_answer(run->tree.description, step, &run->tree.token,
	    c->answer, tree_of(run, c), why);
	return outcome == OUTCOME_FAILED || outcome == OUTCOME_RUN_FAILED ?
	    explain(run, step, outcome, why) :
	    outcome;
}

enum err
call_take(struct run *run, struct call *c, const struct step *step,
    const struct values *v, const struct publication *p, struct values *to,
    bool *found, struct error *why)
{
	return judge_take(step, tree_of(run, c), v, p, to, found, why);
}
