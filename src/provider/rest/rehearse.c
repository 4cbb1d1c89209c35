#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "address/hostname.h"
#include "base/heap.h"
#include "provider/rest/compose.h"
#include "provider/rest/rehearse.h"
#include "provider/rest/tree.h"

/* A request that asks, already shown; nobody sends it twice. */
struct shown {
	struct shown *next;
	struct message message;
};

struct rehearsal {
	FILE *to;
	struct tree tree;
	struct shown *shown;
};

static void
forget(struct rehearsal *r)
{
	struct shown *s;

	while ((s = r->shown) != NULL) {
		r->shown = s->next;
		message_end(&s->message);
		free(s);
	}
}

static bool
was_shown(const struct rehearsal *r, const struct message *m)
{
	for (const struct shown *s = r->shown; s != NULL; s = s->next)
		if (message_equal(&s->message, m))
			return true;
	return false;
}

/* Why the records of a name cannot be published. */
static void
fail_name(struct rehearsal *r, const struct name *n, const struct error *why)
{
	for (size_t i = 0; i < r->tree.record_count; i++)
		if (r->tree.records[i].name == n && r->tree.records[i].todo)
			record_end(&r->tree.records[i], why->code, false, why);
}

/* Why nothing at all can be published. */
static void
fail_all(struct rehearsal *r, const struct error *why)
{
	for (size_t i = 0; i < r->tree.name_count; i++)
		fail_name(r, &r->tree.names[i], why);
}

static bool
any_gets(const struct steps *steps, int variable)
{
	for (size_t i = 0; i < steps->count; i++)
		if (step_gets(&steps->list[i], variable) != NULL)
			return true;
	return false;
}

/* Does only an answer tell what a variable is? */
static bool
is_answered(const struct description *d, int variable)
{
	return (d->has_zone && step_gets(&d->zone, variable) != NULL) ||
	    any_gets(&d->begin, variable) || any_gets(&d->steps, variable) ||
	    any_gets(&d->remove, variable) || any_gets(&d->end, variable);
}

/*
 * Is a step passed over, whatever the provider answers?  Such is one for IPv4
 * addresses where the record is an AAAA.
 */
static bool
never_taken(const struct rehearsal *r, const struct step *step,
    const struct values *v)
{
	for (size_t i = 0; i < step->only_if.count; i++) {
		const struct condition *c = &step->only_if.list[i];

		if (!is_answered(r->tree.description, c->variable) &&
		    (values_get(v, c->variable) != NULL) == c->negated)
			return true;
	}
	return false;
}

/* ", if [ "a", "!b" ]" */
static void
print_conditions(const struct rehearsal *r, const struct conditions *c)
{
	for (size_t i = 0; i < c->count; i++)
		fprintf(r->to, "%s\"%s%s\"%s", i == 0 ? ", if [ " : ", ",
		    c->list[i].negated ? "!" : "",
		    r->tree.description->variables.list[c->list[i].variable]
			.name,
		    i + 1 == c->count ? " ]" : "");
}

/*
 * Prints the request of a step, unless it asks what was asked before.  The
 * error is that of compose().
 */
static enum err
show(struct rehearsal *r, const struct step *step, const struct values *v,
    const struct group *each, struct error *why)
{
	const struct endpoint *e = api_endpoint(r->tree.api, step);
	struct shown *s = calloc(1, sizeof *s);
	enum err rc;

	if (s == NULL)
		return error_memory(why);
	rc = compose(&s->message, r->tree.description, step, e->origin, e->path,
	    v, each, why);
	if (rc == ERR_OK && !s->message.empty &&
	    (step->writes || !was_shown(r, &s->message))) {
		fputs(step->label, r->to);
		print_conditions(r, &step->only_if);
		fputs(": ", r->to);
		message_print(&s->message, r->to);
	}
	if (rc != ERR_OK)
		error_prefix(why, "%s: %s", r->tree.api->at->settings->name,
		    step->label);
	if (step->writes)
		forget(r);
	s->next = r->shown;
	r->shown = s;
	return rc;
}

/* "<id>" stands for what a step would get. */
static enum err
pretend(const struct step *step, struct values *to, struct error *why)
{
	for (size_t i = 0; i < step->answer.gets.count; i++) {
		const struct get *g = &step->answer.gets.list[i];
		char text[VARIABLE_LEN_MAX + 3];

		/*
		 * The provider is shown as one that has the zone, and no
		 * record in it.
		 */
		if (g->variable < VARIABLE__FIXED)
			continue;
		snprintf(text, sizeof text, "<%s>", g->name);
		if (values_set(to, g->variable, text, why) != ERR_OK)
			return why->code;
	}
	return ERR_OK;
}

static void
rehearse_session(struct rehearsal *r, const struct steps *steps)
{
	struct values *v = &r->tree.session;
	struct error why;

	for (size_t i = 0; i < steps->count; i++)
		if (values_hold(v, &steps->list[i].only_if)) {
			if (show(r, &steps->list[i], v, NULL, &why) != ERR_OK)
				fail_all(r, &why);
			if (pretend(&steps->list[i], v, &why) != ERR_OK)
				fail_all(r, &why);
		}
}

/* The zone that the operator gives; else the last two labels, as most have. */
static const char *
guess_zone(const struct description *d, const struct name *n)
{
	const char *zone =
	    strncmp(n->text, "*.", 2) == 0 ? n->text + 2 : n->text;
	const char *dot;

	if (n->given_zone != NULL)
		return n->given_zone;
	if (d->zoneless)
		return zone;
	while (
	    (dot = strchr(zone, '.')) != NULL && strchr(dot + 1, '.') != NULL)
		zone = dot + 1;
	return d->has_zone ? zone : NULL;
}

static struct zone *
make_zone(struct rehearsal *r, struct name *n, const char *text,
    struct error *why)
{
	const struct description *d = r->tree.description;
	bool asks = d->has_zone && (n->given_zone == NULL || d->zone_gets_more);
	struct zone *z = zone_new(&r->tree, why);

	if (z == NULL)
		return NULL;
	z->name = hostname_normalise(text, false);
	if (z->name == NULL || !hostname_within(n->text, z->name)) {
		error_set(why, ERR_ZONE, "%s is no zone that holds %s", text,
		    n->text);
	} else if (values_set(&z->values, VARIABLE_ZONE, z->name, why) ==
		ERR_OK &&
	    values_set(&n->values, VARIABLE_ZONE, z->name, why) == ERR_OK &&
	    (!asks ||
		(show(r, &d->zone, &n->values, NULL, why) == ERR_OK &&
		    pretend(&d->zone, &z->values, why) == ERR_OK))) {
		z->next = r->tree.zones;
		return r->tree.zones = z;
	}
	zone_free(z);
	return NULL;
}

static void
rehearse_zones(struct rehearsal *r)
{
	struct error why;

	for (size_t i = 0; i < r->tree.name_count; i++) {
		struct name *n = &r->tree.names[i];
		const char *text = guess_zone(r->tree.description, n);
		struct zone *z = NULL;

		if (text == NULL)
			name_without_zone(&r->tree, n, &why);
		else if ((z = tree_zone(&r->tree, text)) == NULL)
			z = make_zone(r, n, text, &why);
		if (z == NULL || name_place(&r->tree, n, z, &why) != ERR_OK)
			fail_name(r, n, &why);
	}
}

/* Is a step of a plan one for this record of a zone? */
static bool
is_for(const struct rehearsal *r, const struct record *o,
    const struct steps *plan, const struct step *step, const struct zone *z)
{
	return o->todo && o->plan == plan && o->name->zone == z &&
	    !never_taken(r, step, &o->values);
}

/* Does record o take part in the request of a step that r is due for? */
static bool
takes_part(const struct record *o, const struct record *r,
    const struct step *step)
{
	return o == r ||
	    (o->plan == r->plan && o->name->zone == r->name->zone &&
		(step->level == LEVEL_ZONE ||
		    (step->level == LEVEL_NAME && o->name == r->name)));
}

/*
 * Notes for the records of a group whether the request that was shown could be
 * made.  One that could not be made is a failure only of those that would send
 * it: an answer that is not pretended may be what it lacks.  Where memory was
 * short, it is that of all.
 */
static void
note(struct record *const group[], size_t count, const struct step *step,
    enum err rc, const struct error *why)
{
	for (size_t i = 0; i < count; i++) {
		struct record *o = group[i];
		struct error lack;

		if (rc == ERR_OK) {
			o->written |= step->writes;
			if (pretend(step, &o->values, &lack) != ERR_OK)
				record_end(o, lack.code, false, &lack);
		} else if (heap_lacked() ||
		    values_hold(&o->values, &step->only_if)) {
			record_end(o, rc, false, why);
		}
	}
}

/*
 * One step for all records of a zone; it is shown if any answer may lead to it.
 */
static void
rehearse_step(struct rehearsal *r, const struct steps *plan,
    const struct step *step, const struct zone *z)
{
	bool done[PUBLICATIONS_MAX] = { false };

	for (size_t i = 0; i < r->tree.record_count; i++) {
		struct record *first = &r->tree.records[i];
		struct record *group[PUBLICATIONS_MAX];
		const struct values *all[PUBLICATIONS_MAX];
		struct group each = { all, 0 };
		struct error why;
		enum err rc;

		if (done[i] || !is_for(r, first, plan, step, z))
			continue;
		for (size_t j = i; j < r->tree.record_count; j++) {
			struct record *o = &r->tree.records[j];

			if (!takes_part(o, first, step) ||
			    !is_for(r, o, plan, step, z))
				continue;
			done[j] = true;
			group[each.count] = o;
			all[each.count++] = &o->values;
		}
		rc = show(r, step,
		    step->level == LEVEL_ZONE ? &z->values : &first->values,
		    &each, &why);
		note(group, each.count, step, rc, &why);
	}
}

static void
rehearse_records(struct rehearsal *r)
{
	const struct description *d = r->tree.description;

	for (struct zone *z = r->tree.zones; z != NULL; z = z->next) {
		for (size_t i = 0; i < d->steps.count; i++)
			rehearse_step(r, &d->steps, &d->steps.list[i], z);
		for (size_t i = 0; i < d->remove.count; i++)
			rehearse_step(r, &d->remove, &d->remove.list[i], z);
	}
}

void
rehearse(const struct api *api, FILE *to, struct publication *const records[],
    size_t count)
{
	static const char masked[] = "***:***:***:***";
	const struct description *d = api->description;
	struct rehearsal *r = calloc(1, sizeof *r);
	struct error why;

	if (r == NULL) {
		for (size_t i = 0; i < count; i++)
			records[i]->result = error_memory(&records[i]->why);
		return;
	}
	r->to = to;
	/* Three characters a part, and a colon between. */
	if (tree_start(&r->tree, api,
		masked + 4 * (TOKEN_PARTS_MAX - d->part_count), records, count,
		&why) == ERR_OK) {
		rehearse_session(r, &d->begin);
		rehearse_zones(r);
		rehearse_records(r);
		rehearse_session(r, &d->end);
	}
	for (size_t i = 0; i < count; i++)
		if (r->tree.records[i].name == NULL)
			record_end(&r->tree.records[i], why.code, false, &why);
		else if (r->tree.records[i].todo)
			record_conclude(&r->tree.records[i],
			    api->at->settings->name);
	forget(r);
	tree_end(&r->tree);
	free(r);
}
