/*
 * step.c - one step of a description: a request and what comes of it.
 */
#include "config.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "provider/compose.h"
#include "provider/resolution.h"
#include "provider/run.h"
#include "provider/sign.h"

#define REPEATS		2
#define RETRY_PAUSE_MS	200

enum err
set_text(json_object *values, const char *name, const char *text,
    struct error *why)
{
	json_object *s = json_object_new_string(text);

	if (s == NULL || json_object_object_add(values, name, s) != 0) {
		json_object_put(s);
		return error_set(why, ERR_MEMORY, "out of memory");
	}
	return ERR_OK;
}

/*
 * Is it safe to send the same again after a 5xx?  A GET that writes goes to
 * a service that counts how often it is called.
 */
static bool
may_repeat(const struct step *step, const struct exchange_reply *reply)
{
	return reply->status >= 500 && reply->retry_after == 0 &&
	    strcmp(step->method, "POST") != 0 &&
	    (step->get != NULL || strcmp(step->method, "GET") != 0);
}

/* Whose host does a step speak to? */
static const struct provider *
partner(const struct run *r, const struct step *step)
{
	const struct description *d = r->description;

	return r->provider->begin != NULL && step >= d->begin &&
	    step < d->begin + d->begin_count ? r->provider->begin :
	    r->provider;
}

static enum err
send_message(struct run *r, const struct step *step, const struct message *m,
    struct exchange_reply *reply, struct error *why)
{
	const struct provider *p = partner(r, step);
	struct address addresses[SETTINGS_ADDRESSES_MAX];
	struct target to = { p->host, p->port, addresses,
	    provider_addresses(p, addresses), p->settings->ca };
	struct exchange_request request = { step->method, m->path.data,
	    m->headers, m->body.len > 0 ? m->body.data : NULL, m->body.len,
	    m->sigv4.data, m->userpwd.data };
	struct timespec pause = { 0, RETRY_PAUSE_MS * 1000000L };
	enum err rc;

	if (to.address_count == 0)
		return error_set(why, ERR_UNREACHABLE,
		    "no address of %s is known", p->host);
	rc = exchange_perform(r->exchange, &to, &request, r->deadline, reply,
	    why);
	for (int i = 0; i < REPEATS && rc == ERR_OK &&
	    may_repeat(step, reply) &&
	    clock_left(r->deadline) > 2 * RETRY_PAUSE_MS; i++) {
		nanosleep(&pause, NULL);
		rc = exchange_perform(r->exchange, &to, &request, r->deadline,
		    reply, why);
	}
	if (rc == ERR_UNREACHABLE && p->resolution != NULL)
		resolution_doubt(p->resolution);
	if (reply->retry_after > r->retry_after)
		r->retry_after = reply->retry_after;
	return rc;
}

static void
print_message(const struct run *r, const struct step *step,
    const struct message *m)
{
	const struct provider *p = partner(r, step);

	fprintf(r->rehearsal, "%s: %s %s%s\n", step->label, step->method,
	    p->origin, m->path.data);
	if (step->conditions != NULL)
		fprintf(r->rehearsal, "  (if %s)\n",
		    json_object_to_json_string(step->conditions));
	for (const struct curl_slist *h = m->headers; h != NULL; h = h->next)
		fprintf(r->rehearsal, "  %s\n", h->data);
	if (m->body.len > 0)
		fprintf(r->rehearsal, "  %s\n", m->body.data);
}

/* each: the records that a step for a zone or a name is about. */
enum err
step_perform(struct run *r, const struct step *step, const struct scope *s,
    const struct scope *each, size_t count, struct answer *a, bool *skipped,
    struct error *why)
{
	struct exchange_reply reply = { .body.max = EXCHANGE_BODY_MAX };
	const struct provider *p = partner(r, step);
	struct message m;
	enum err rc;

	*a = (struct answer){ .tree = NULL };
	rc = compose(&m, r->description, step, p->path, s, each,
	    count, why);
	if (rc == ERR_OK && !m.empty)
		rc = sign_message(&r->description->sign, &m, step->method,
		    p->origin, s, why);
	*skipped = rc == ERR_OK && m.empty;
	if (rc == ERR_OK && !m.empty && r->rehearsal != NULL)
		print_message(r, step, &m);
	else if (rc == ERR_OK && !m.empty &&
	    (rc = send_message(r, step, &m, &reply, why)) == ERR_OK)
		rc = answer_judge(a, r->description, step, &r->credential,
		    &reply, why);
	if (rc != ERR_OK)
		error_prefix(why, "%s: %s", r->provider->settings->name,
		    step->label);
	message_end(&m);
	buffer_free(&reply.body);
	return rc;
}

/* In a rehearsal nobody answers: "<id>" stands for what would be got. */
static enum err
pretend(const struct step *step, json_object *values, struct error *why)
{
	enum err rc = ERR_OK;

	json_object_object_foreach(step->get, name, pointer) {
		char text[64];

		(void)pointer;
		/* The zone is known, and nothing else is there yet. */
		if (rc != ERR_OK || strcmp(name, "zone") == 0 ||
		    strcmp(name, "current") == 0 || strcmp(name, "ttl") == 0 ||
		    strcmp(name, "ttl_min") == 0)
			continue;
		snprintf(text, sizeof text, "<%s>", name);
		rc = set_text(values, name, text, why);
	}
	return rc;
}

/* What a step gets, from the answer or from a rehearsal. */
enum err
step_take(const struct run *r, const struct step *step, const struct answer *a,
    const struct scope *s, json_object *values, bool *found,
    struct error *why)
{
	*found = r->rehearsal != NULL;
	if (step->get == NULL || a->none)
		return ERR_OK;
	if (r->rehearsal != NULL)
		return pretend(step, values, why);
	return answer_take(step, a->tree, s, values, found, why);
}
