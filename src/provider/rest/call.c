/*
 * call.c - one call to the provider: a step's request, and what comes of it.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/secret.h"
#include "provider/rest/compose.h"
#include "provider/rest/run.h"

#define REPEATS	       2
#define RETRY_PAUSE_MS 200
#define PRINT_MAX      (1UL << 20) /* bytes of a request in print */
#define KEPT_MAX       (4UL << 20) /* bytes of answers; then all go */

static bool
only_asks(const struct run *r, const struct step *step)
{
	return step->get != NULL || step == &r->description->zone;
}

/*
 * Is it safe to send the same again after a 5xx?  A GET that writes goes to
 * a service that counts how often it is called, and what the first DELETE took
 * away the second would miss.
 */
static bool
may_repeat(const struct run *r, const struct step *step,
    const struct exchange_answer *answer)
{
	return answer->status >= 500 && answer->retry_after == 0 &&
	    strcmp(step->method, "POST") != 0 &&
	    strcmp(step->method, "DELETE") != 0 &&
	    (only_asks(r, step) || strcmp(step->method, "GET") != 0);
}

/* Whose host does a step speak to? */
static const struct endpoint *
partner(const struct run *r, const struct step *step)
{
	const struct steps *begin = &r->description->begin;

	return step >= begin->list && step < begin->list + begin->count ?
	    r->rest->begin :
	    r->rest->at;
}

static enum err
exchange(struct run *r, const struct step *step, const struct message *m,
    struct exchange_answer *answer, struct error *why)
{
	const struct endpoint *e = partner(r, step);
	struct address addresses[SETTINGS_ADDRESSES_MAX];
	struct target to = { e->host, e->port, addresses,
		endpoint_addresses(e, addresses), e->settings->ca };
	struct exchange_request request = { step->method, m->path.data,
		m->headers, m->body.len > 0 ? m->body.data : NULL, m->body.len,
		m->sigv4.data, m->userpwd.data };
	struct timespec pause = { 0, RETRY_PAUSE_MS * 1000000L };
	enum err rc;

	if (to.address_count == 0)
		return error_set(why, ERR_UNREACHABLE,
		    "no address of %s is known", e->host);
	for (int i = 0;; i++) {
		rc = exchange_perform(r->exchanges, &to, &request, r->deadline,
		    answer, why);
		if (rc != ERR_OK || i == REPEATS ||
		    !may_repeat(r, step, answer) ||
		    clock_left(r->deadline) <= 2 * RETRY_PAUSE_MS)
			break;
		nanosleep(&pause, NULL);
	}
	if (rc == ERR_UNREACHABLE)
		endpoint_doubt(e);
	if (answer->retry_after > r->retry_after)
		r->retry_after = answer->retry_after;
	return rc;
}

static void
print(const struct run *r, const struct step *step, const struct message *m,
    struct buffer *to)
{
	buffer_printf(to, "%s %s%s\n", step->method, partner(r, step)->origin,
	    m->path.data);
	for (const struct curl_slist *h = m->headers; h != NULL; h = h->next)
		buffer_printf(to, "  %s\n", h->data);
	if (m->body.len > 0)
		buffer_printf(to, "  %s\n", m->body.data);
}

/* A request, as it is printed, and the answer to it. */
struct question {
	struct question *next;
	char *printed;
	struct exchange_answer answer;
	json_object *tree; /* of the answer, or NULL */
	enum err rc;
	struct error why;
};

static void
question_end(struct run *r, struct question *q)
{
	if (r->looked_at == q)
		r->looked_at = NULL;
	json_object_put(q->tree);
	secret_free(q->printed);
	buffer_free(&q->answer.body);
}

/* What would be sent, and on which condition. */
static void
rehearse(const struct run *r, const struct step *step, const struct message *m)
{
	struct buffer text = { .max = PRINT_MAX };
	json_object *c = step->conditions;

	print(r, step, m, &text);
	fprintf(r->rehearsal, "%s%s%s: %s", step->label,
	    c != NULL ? ", if " : "",
	    c != NULL ? json_object_to_json_string(c) : "",
	    text.data != NULL ? text.data : "");
	buffer_free(&text);
}

/* In a rehearsal there is no answer. */
static void
put(struct run *r, const struct step *step, const struct message *m,
    struct question *q)
{
	q->answer.body.max = EXCHANGE_BODY_MAX;
	if (r->rehearsal == NULL)
		q->rc = exchange(r, step, m, &q->answer, &q->why);
	else
		rehearse(r, step, m);
}

/* The question as it was put before, or a new one; NULL without memory. */
static struct question *
ask(struct run *r, const struct step *step, const struct message *m)
{
	struct buffer printed = { .max = PRINT_MAX };
	struct question *q = r->questions;
	char *text;

	print(r, step, m, &printed);
	if ((text = buffer_take(&printed)) == NULL)
		return NULL;
	while (q != NULL && strcmp(q->printed, text) != 0)
		q = q->next;
	if (q == NULL && r->kept > KEPT_MAX)
		call_forget(r);
	if (q == NULL && (q = calloc(1, sizeof *q)) != NULL) {
		q->printed = text;
		text = NULL;
		put(r, step, m, q);
		r->kept += q->answer.body.len;
		q->next = r->questions;
		r->questions = q;
	}
	secret_free(text);
	return q;
}

void
call_forget(struct run *r)
{
	struct question *q;

	while ((q = r->questions) != NULL) {
		r->questions = q->next;
		question_end(r, q);
		free(q);
	}
	r->kept = 0;
}

/* Only of the last answer: a tree may be a hundred times as large as it. */
static json_object *
tree_of(struct run *r, struct question *q)
{
	if (r->looked_at != q) {
		if (r->looked_at != NULL) {
			json_object_put(r->looked_at->tree);
			r->looked_at->tree = NULL;
		}
		q->tree = answer_parse(&q->answer.body);
		r->looked_at = q;
	}
	return q->tree;
}

/* Each step judges for itself, also what another one asked. */
static enum err
judge(struct run *r, const struct step *step, struct question *q,
    struct answer *a, struct error *why)
{
	if (q == NULL)
		return error_memory(why);
	if (q->rc != ERR_OK) {
		*why = q->why;
		return q->rc;
	}
	return r->rehearsal != NULL ?
	    ERR_OK :
	    answer_judge(a, r->description, step, &r->token, &q->answer,
		tree_of(r, q), why);
}

static enum err
perform(struct run *r, const struct step *step, const struct scope *s,
    const struct group *each, struct message *m, struct answer *a,
    struct error *why)
{
	const struct endpoint *e = partner(r, step);
	struct question write = { .rc = ERR_OK };
	enum err rc;

	TRY(compose(m, r->description, step, e->path, s, each, why));
	if (m->empty)
		return ERR_OK;
	TRY(sign_message(&r->description->sign, m, step->method, e->origin, s,
	    why));
	if (only_asks(r, step))
		return judge(r, step, ask(r, step, m), a, why);
	call_forget(r);
	put(r, step, m, &write);
	rc = judge(r, step, &write, a, why);
	question_end(r, &write);
	return rc;
}

enum err
call_perform(struct run *r, const struct step *step, const struct scope *s,
    const struct group *each, struct answer *a, bool *sent, struct error *why)
{
	struct message m;
	enum err rc;

	*a = (struct answer){ .tree = NULL };
	rc = perform(r, step, s, each, &m, a, why);
	*sent = rc == ERR_OK && !m.empty;
	message_end(&m);
	if (rc != ERR_OK)
		error_prefix(why, "%s: %s", r->rest->at->settings->name,
		    step->label);
	return rc;
}

/* In a rehearsal nobody answers: "<id>" stands for what would be got. */
static enum err
pretend(const struct step *step, struct scope *to, struct error *why)
{
	json_object_object_foreach (step->get, name, pointer) {
		char text[64];

		(void)pointer;
		/* The zone is known, and nothing else is there yet. */
		if (strcmp(name, "zone") == 0 || strcmp(name, "current") == 0 ||
		    strcmp(name, "ttl") == 0 || strcmp(name, "ttl_min") == 0)
			continue;
		snprintf(text, sizeof text, "<%s>", name);
		TRY(scope_set(to, name, text, why));
	}
	return ERR_OK;
}

enum err
call_take(const struct run *r, const struct step *step, const struct answer *a,
    const struct scope *s, struct scope *to, bool *found, struct error *why)
{
	*found = r->rehearsal != NULL;
	if (step->get == NULL || a->none)
		return ERR_OK;
	if (r->rehearsal != NULL)
		return pretend(step, to, why);
	return answer_take(step, a->tree, s, to, found, why);
}
