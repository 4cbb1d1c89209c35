/*
 * publish.c - carries out a description for the records of one request.
 *
 * First the steps of begin; then every name looks for its zone, and its records
 * take the steps of their plan; last the steps of end.  Several names are under
 * way at once; the requests of one name follow each other.  A record leaves
 * the run as soon as its result is known.
 */
#include "config.h"

#include <stdlib.h>

#include "address/hostname.h"
#include "base/clock.h"
#include "provider/rest/publish.h"
#include "provider/rest/run.h"

#define AT_ONCE_MAX 6 /* requests: as many as a browser has connections */

/* The records that one request is for. */
struct party {
	struct record *list[PUBLICATIONS_MAX];
	size_t count;
};

/*
 * Results
 */

void
run_fail(struct run *run, const struct error *why)
{
	if (!run->ended)
		run->why = *why;
	run->ended = true;
}

void
name_fail(struct run *run, const struct name *n, const struct error *why)
{
	for (size_t i = 0; i < run->tree.record_count; i++)
		if (run->tree.records[i].name == n)
			record_end(&run->tree.records[i], why->code, false,
			    why);
}

/* Has it been written, with no step left that it would take? */
static bool
is_complete(const struct record *r)
{
	for (size_t i = r->step; i < r->plan->count; i++)
		if (values_hold(&r->values, &r->plan->list[i].only_if))
			return false;
	return r->written;
}

/* A failure that all others would meet, too; what is done stays done. */
static void
give_up(struct run *run)
{
	for (size_t i = 0; i < run->tree.record_count; i++) {
		struct record *r = &run->tree.records[i];

		if (r->todo && is_complete(r))
			record_end(r, ERR_OK, true, NULL);
		else if (r->todo)
			record_end(r, run->why.code, false, &run->why);
	}
}

/*
 * Compares what a step found with what one record shall be.  The time to live
 * that the provider has is kept, unless the operator wants another one or the
 * zone no longer takes it.
 */
static enum err
record_take(struct run *run, struct record *r, struct call *c,
    const struct step *step, struct error *why)
{
	struct publication *p = r->publication;
	const struct address *wanted = p->remove ? NULL : &p->address;
	const char *current;
	bool found;
	enum err rc =
	    call_take(run, c, step, &r->values, p, &r->values, &found, why);

	if (rc != ERR_OK)
		return rc;
	if ((p->ttl != 0 ||
		json_object_get_int64(values_own(&r->values, VARIABLE_TTL)) <
		    record_least_ttl(r)) &&
	    (rc = record_set_ttl(&run->tree, r, why)) != ERR_OK)
		return rc;
	current = values_text(&r->values, VARIABLE_CURRENT);
	p->has_held = current != NULL && address_parse_any(&p->held, current);
	if (wanted != NULL && p->has_held && address_equal(&p->held, wanted))
		record_end(r, ERR_OK, false, NULL);
	return ERR_OK;
}

/* Acts on the outcome of a call for one record. */
static void
record_apply(struct run *run, struct record *r, struct call *c,
    enum outcome outcome, struct error *why)
{
	const struct step *step = record_step(r);
	enum err rc;

	switch (outcome) {
	case OUTCOME_RUN_FAILED:
		run_fail(run, why);
		return;
	case OUTCOME_FAILED:
		record_end(r, why->code, false, why);
		return;
	case OUTCOME_UNCHANGED:
		record_end(r, ERR_OK, false, NULL);
		return;
	case OUTCOME_ASKED:
		if ((rc = record_take(run, r, c, step, why)) == ERR_MEMORY)
			run_fail(run, why);
		else if (rc != ERR_OK)
			record_end(r, rc, false, why);
		break;
	case OUTCOME_WRITTEN:
		r->written = true;
		break;
	case OUTCOME_NOT_THERE:
	case OUTCOME_NOT_SENT:
		break;
	}
	r->step++;
	r->batch = 0;
}

/* Are there records of several names in it? */
static bool
can_split(const struct party *party)
{
	return party->list[0]->name != party->list[party->count - 1]->name;
}

/*
 * A request for several names was refused: each half of them is tried by
 * itself, until the name is alone that the refusal was about.
 */
static void
split(struct run *run, const struct party *party)
{
	struct record *const *list = party->list;
	size_t count = party->count, half = count / 2;

	/* The records of one name stay together: two at the most. */
	if (list[half]->name == list[half - 1]->name)
		half++;
	run->batches++;
	for (size_t i = half; i < count; i++)
		list[i]->batch = run->batches;
}

/* A write has one outcome for all its records. */
static void
hear_write(struct run *run, struct call *c, const struct party *party)
{
	struct error why;
	enum outcome outcome = call_judge(run, c, c->step, &why);

	if (outcome == OUTCOME_FAILED && can_split(party) &&
	    c->step->level == LEVEL_ZONE && c->step->has_each &&
	    why.code != ERR_BUSY) {
		split(run, party);
		return;
	}
	for (size_t i = 0; i < party->count; i++)
		record_apply(run, party->list[i], c, outcome, &why);
}

/*
 * Acts on a call that is over for each record that waits for it; the answer is
 * judged for each step anew, as the steps that share it expect different
 * things.
 */
static void
hear(struct run *run, struct call *c)
{
	struct party party = { .count = 0 };
	struct error why;

	c->heard = true;
	for (size_t i = 0; i < run->tree.name_count; i++)
		if (run->tree.names[i].call == c)
			zone_hear(run, &run->tree.names[i]);
	for (size_t i = 0; i < run->tree.record_count; i++) {
		struct record *r = &run->tree.records[i];

		if (r->call == c) {
			r->call = NULL;
			party.list[party.count++] = r;
		}
	}
	if (party.count > 0 && c->step->writes) {
		hear_write(run, c, &party);
		return;
	}
	for (size_t i = 0; i < party.count; i++) {
		struct record *r = party.list[i];
		enum outcome outcome = call_judge(run, c, record_step(r), &why);

		record_apply(run, r, c, outcome, &why);
	}
}

static bool
hear_all(struct run *run)
{
	bool any = false;

	for (struct call *c = run->calls; c != NULL; c = c->next)
		if (c->over && !c->heard && c != run->session_call) {
			hear(run, c);
			any = true;
		}
	calls_sweep(run);
	return any;
}

/*
 * What can go
 */

/* Passes over the steps that are not for r; after the last one it has ended. */
static void
pass_over(struct run *run, struct record *r)
{
	const struct step *step;

	while ((step = record_step(r)) != NULL &&
	    !values_hold(&r->values, &step->only_if)) {
		r->step++;
		r->batch = 0;
	}
	if (step == NULL)
		record_conclude(r, run->tree.api->at->settings->name);
}

/* Does its next step write, and is it not decided whether it may? */
static bool
is_awaited(const struct record *r)
{
	const struct step *step = record_step(r);

	return r->publication->leave == LEAVE_AWAITED && !r->written &&
	    step != NULL && step->writes;
}

/* Will o come to the step for its zone that is due for r? */
static bool
is_coming(const struct record *o, const struct record *r)
{
	const struct zone *z = r->name->zone;

	if (!o->todo || o->plan != r->plan)
		return false;
	if (o->name->zone == NULL)
		return hostname_within(o->name->text, z->name);
	return o->name->zone == z &&
	    (o->step < r->step || (o->step == r->step && is_awaited(o)));
}

/* Does the zone of r already have a request of this step under way? */
static bool
is_asked(const struct record *o, const struct record *r)
{
	return o->call != NULL && o->name->zone == r->name->zone &&
	    o->plan == r->plan && o->step == r->step;
}

/*
 * One request for all records of the zone: it waits until they have come, but
 * not so long that no time is left to write what is known by then.
 */
static bool
zone_is_ready(const struct run *run, const struct record *r)
{
	bool impatient = clock_now() >= run->impatient;

	for (size_t i = 0; i < run->tree.record_count; i++) {
		const struct record *o = &run->tree.records[i];

		if (is_asked(o, r) || (!impatient && is_coming(o, r)))
			return false;
	}
	return true;
}

/* Does o take part in the request of step that is due for r? */
static bool
takes_part(const struct record *o, const struct record *r,
    const struct step *step)
{
	if (o == r)
		return true;
	if (step->level == LEVEL_RECORD || !o->todo || o->call != NULL ||
	    o->name->zone != r->name->zone || record_step(o) != step ||
	    o->batch != r->batch)
		return false;
	return !is_awaited(o) &&
	    (step->level == LEVEL_ZONE || o->name == r->name) &&
	    values_hold(&o->values, &step->only_if);
}

/* Sends the request of a step for the records of the party. */
static void
send_step(struct run *run, const struct step *step, struct party *party)
{
	const struct values *all[PUBLICATIONS_MAX];
	struct group each = { all, party->count };
	const struct values *v = step->level == LEVEL_ZONE ?
	    &party->list[0]->name->zone->values :
	    &party->list[0]->values;
	enum outcome outcome;
	struct error why;
	struct call *c;

	for (size_t i = 0; i < party->count; i++)
		all[i] = &party->list[i]->values;
	c = call_start(run, step, v, &each, &outcome, &why);
	for (size_t i = 0; i < party->count; i++)
		if (c != NULL)
			party->list[i]->call = c;
		else
			record_apply(run, party->list[i], NULL, outcome, &why);
}

/* The record of a name whose step is next; what is removed comes last. */
static struct record *
next_record(struct run *run, const struct name *n)
{
	struct record *next = NULL;

	for (size_t i = 0; i < run->tree.record_count; i++) {
		struct record *r = &run->tree.records[i];

		if (r->name != n || !r->todo)
			continue;
		if (r->call != NULL)
			return NULL;
		pass_over(run, r);
		if (!r->todo || is_awaited(r))
			continue;
		if (next == NULL ||
		    (r->plan == next->plan ? r->step < next->step :
					     !r->publication->remove))
			next = r;
	}
	return next;
}

/* Must the zone's addresses be written before any of it is removed? */
static bool
writes_first(const struct run *run, const struct record *r)
{
	for (size_t i = 0; i < run->tree.record_count; i++) {
		const struct record *o = &run->tree.records[i];

		if (o->todo && o->plan != r->plan &&
		    o->name->zone == r->name->zone)
			return r->publication->remove;
	}
	return false;
}

/* Sends the next request of a name, unless it waits for something. */
static bool
name_go(struct run *run, const struct name *n)
{
	struct record *r = next_record(run, n);
	struct party party = { .count = 0 };
	const struct step *step;

	if (r == NULL || !call_may_start(run) || writes_first(run, r))
		return false;
	step = record_step(r);
	if (step->level == LEVEL_ZONE && !zone_is_ready(run, r))
		return false;
	for (size_t i = 0; i < run->tree.record_count; i++)
		if (takes_part(&run->tree.records[i], r, step))
			party.list[party.count++] = &run->tree.records[i];
	send_step(run, step, &party);
	return true;
}

/* Ends what may not be written; what is written already goes on. */
static void
drop_refused(struct run *run)
{
	struct error why;

	error_set(&why, ERR_ABANDONED, "it was not to be written any more");
	for (size_t i = 0; i < run->tree.record_count; i++) {
		struct record *r = &run->tree.records[i];

		if (r->todo && !r->written && r->call == NULL &&
		    r->publication->leave == LEAVE_REFUSED)
			record_end(r, why.code, false, &why);
	}
}

static bool
is_todo(const struct run *run, const struct name *n)
{
	for (size_t i = 0; i < run->tree.record_count; i++)
		if (run->tree.records[i].todo &&
		    (n == NULL || run->tree.records[i].name == n))
			return true;
	return false;
}

/*
 * Names always go in the same order, so that one that has begun is brought to
 * its end before another one begins.
 */
static bool
records_go(struct run *run)
{
	bool any = false;

	size_t count = run->tree.name_count;

	drop_refused(run);
	for (size_t i = 0; i < count && !run->ended; i++) {
		struct name *n = &run->tree.names[(run->turn + i) % count];

		if (!is_todo(run, n))
			continue;
		if (n->zone == NULL)
			any = zone_search(run, n) || any;
		if (n->zone != NULL)
			any = name_go(run, n) || any;
	}
	if (run->under_way > 0 || any)
		return any;
	if (run->ended)
		give_up(run);
	if (is_todo(run, NULL))
		return false;
	run->session_step = 0;
	run->phase = PHASE_END;
	return true;
}

/*
 * The session
 */

/*
 * Acts on the outcome of a step of begin or end; false: the steps after it are
 * not done.
 */
static bool
session_apply(struct run *run, const struct step *step, struct call *c,
    enum outcome outcome, struct error *why)
{
	struct values *v = &run->tree.session;
	bool found;

	run->session_step++;
	if (outcome == OUTCOME_ASKED)
		return step->answer.gets.count == 0 ||
		    call_take(run, c, step, v, NULL, v, &found, why) == ERR_OK;
	return outcome != OUTCOME_FAILED && outcome != OUTCOME_RUN_FAILED;
}

/* The next step of begin or end; false: it waits for its answer. */
static bool
session_go(struct run *run, const struct steps *steps)
{
	struct call *c = run->session_call;
	const struct step *step;
	enum outcome outcome;
	struct error why;
	bool good = true;

	if (run->session_step == steps->count) {
		run->phase++;
		return true;
	}
	step = &steps->list[run->session_step];
	if (c == NULL) {
		if (!values_hold(&run->tree.session, &step->only_if)) {
			run->session_step++;
			return true;
		}
		c = call_start(run, step, &run->tree.session, NULL, &outcome,
		    &why);
		run->session_call = c;
		if (c != NULL)
			return true;
		good = session_apply(run, step, NULL, outcome, &why);
	} else if (c->over) {
		c->heard = true;
		run->session_call = NULL;
		outcome = call_judge(run, c, step, &why);
		good = session_apply(run, step, c, outcome, &why);
	} else {
		return false;
	}
	if (!good && run->phase == PHASE_BEGIN)
		run_fail(run, &why);
	if (!good)
		run->phase++;
	return true;
}

/*
 * The whole
 */

/* In a session, or with the time in a signature, requests keep their order. */
static size_t
at_once_max(const struct description *d)
{
	return d->begin.count > 0 || d->sign.kind != SIGN_NONE ? 1 :
								 AT_ONCE_MAX;
}

/*
 * Ends what no answer could help, before anything is sent: names without a
 * zone, where the provider cannot find it, and removals without a plan.
 */
static void
refuse_hopeless(struct run *run)
{
	const struct description *d = run->tree.description;
	const char *provider = run->tree.api->at->settings->name;
	struct error why;

	for (size_t i = 0; i < run->tree.name_count; i++) {
		const struct name *n = &run->tree.names[i];

		if (n->given_zone != NULL || d->has_zone || d->zoneless)
			continue;
		name_without_zone(&run->tree, n, &why);
		name_fail(run, n, &why);
	}
	for (size_t i = 0; i < run->tree.record_count; i++)
		if (run->tree.records[i].todo &&
		    run->tree.records[i].plan->count == 0)
			record_conclude(&run->tree.records[i], provider);
	if (!is_todo(run, NULL))
		run->phase = PHASE_OVER;
}

struct run *
publish_start(const struct api *api, struct exchanges *exchanges,
    const char *token, struct publication *const records[], size_t count,
    unsigned int turn, int64_t deadline, int64_t late)
{
	struct run *run = calloc(1, sizeof *run);
	struct error why;

	if (run == NULL) {
		for (size_t i = 0; i < count; i++) {
			records[i]->result = error_memory(&records[i]->why);
			records[i]->done = true;
		}
		return NULL;
	}
	run->exchanges = exchanges;
	run->turn = turn;
	run->deadline = late;
	run->impatient = deadline - clock_left(deadline) / 2;
	run->at_once_max = at_once_max(api->description);
	if (tree_start(&run->tree, api, token, records, count, &why) !=
	    ERR_OK) {
		run_fail(run, &why);
		give_up(run);
		run->phase = PHASE_OVER;
	} else {
		refuse_hopeless(run);
	}
	return run;
}

void
publish_record(struct run *run, struct recording *r)
{
	run->recording = r;
}

bool
publish_step(struct run *run)
{
	const struct description *d = run->tree.description;
	bool any;

	do {
		calls_poll(run);
		any = hear_all(run);
		if (run->phase == PHASE_BEGIN)
			any = session_go(run, &d->begin) || any;
		else if (run->phase == PHASE_RECORDS)
			any = records_go(run) || any;
		else if (run->phase == PHASE_END)
			any = session_go(run, &d->end) || any;
	} while (any && run->phase != PHASE_OVER);
	return run->phase != PHASE_OVER;
}

int64_t
publish_due(const struct run *run)
{
	return calls_due(run);
}

/*
 * Is a list being read page by page for the record, or for its name's zone?  A
 * provider that answers is not one that hangs, and each try would read as many
 * pages, and take as long.
 */
static bool
is_in_a_list(const struct record *r)
{
	const struct call *c = r->call != NULL ? r->call : r->name->call;

	return c != NULL && c->pages.count > 0 &&
	    r->publication->leave == LEAVE_GIVEN;
}

bool
publish_goes_on(const struct run *run)
{
	for (size_t i = 0; i < run->tree.record_count; i++) {
		const struct record *r = &run->tree.records[i];

		if (r->todo &&
		    (r->written || is_in_a_list(r) ||
			(r->call != NULL && r->call->step->writes)))
			return true;
	}
	return run->phase == PHASE_END;
}

void
publish_finish(struct run *run, long *retry_after)
{
	*retry_after = 0;
	if (run == NULL)
		return;
	*retry_after = run->retry_after;
	calls_end(run);
	tree_end(&run->tree);
	free(run);
}

bool
publish_in_flight(const struct run *run)
{
	return calls_in_flight(run);
}
