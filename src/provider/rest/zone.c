/*
 * zone.c - which zone of the provider holds a name?
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address/hostname.h"
#include "provider/rest/run.h"

/* The last two labels of a name. */
static const char *
domain_of(const char *name)
{
	const char *last = strrchr(name, '.'), *s;

	for (s = last; s != NULL && s > name && s[-1] != '.'; s--)
		;
	return s != NULL ? s : name;
}

/* Is a search under way for another name that may be in the same zone? */
static bool
other_searches(const struct run *run, const struct name *n)
{
	for (size_t i = 0; i < run->tree.name_count; i++) {
		const struct name *o = &run->tree.names[i];

		if (o->call != NULL &&
		    strcmp(domain_of(o->text), domain_of(n->text)) == 0)
			return true;
	}
	return false;
}

static const char *
parent_of(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot != NULL ? dot + 1 : name;
}

/*
 * The zone of a name whose parent is the same, or of the parent itself: it
 * serves this name, too, and the provider is not asked again.
 */
static struct zone *
zone_of_sibling(const struct run *run, const struct name *n)
{
	const struct tree *t = &run->tree;
	const char *parent = parent_of(n->text);

	for (size_t i = 0; i < t->name_count; i++) {
		const struct name *o = &t->names[i];

		if (o->zone != NULL && o->given_zone == NULL &&
		    (strcmp(parent_of(o->text), parent) == 0 ||
			strcmp(o->text, parent) == 0) &&
		    hostname_within(n->text, o->zone->name))
			return o->zone;
	}
	return tree_zone(t, parent);
}

static bool
place(struct run *run, struct name *n, struct zone *z)
{
	struct error why;

	if (name_place(&run->tree, n, z, &why) != ERR_OK)
		run_fail(run, &why);
	return true;
}

/*
 * Names the zone as the operator or the step does.  A provider may name
 * another than was asked for, but it must be one that holds the name.
 */
static enum err
set_name(const struct run *run, const struct name *n, struct zone *z,
    struct error *why)
{
	const struct description *d = run->tree.description;
	json_object *found = values_own(&z->values, VARIABLE_ZONE);
	bool by_step = n->given_zone == NULL && d->has_zone &&
	    step_gets(&d->zone, VARIABLE_ZONE) != NULL;

	z->name = hostname_normalise(by_step ? json_object_get_string(found) :
					       n->candidate,
	    false);
	if (z->name == NULL || !hostname_within(n->text, z->name))
		return error_set(why, ERR_REFUSED,
		    "the provider names a zone that does not hold %s", n->text);
	return values_set(&z->values, VARIABLE_ZONE, z->name, why);
}

/*
 * The candidate is a zone: links z, which holds the values that the step set,
 * or frees it where the tree has that zone already.
 */
static bool
enter_zone(struct run *run, struct name *n, struct zone *z)
{
	struct zone *known;
	struct error why;

	if (set_name(run, n, z, &why) != ERR_OK) {
		zone_free(z);
		name_fail(run, n, &why);
		return true;
	}
	if ((known = tree_zone(&run->tree, z->name)) != NULL) {
		zone_free(z);
		z = known;
	} else {
		z->next = run->tree.zones;
		run->tree.zones = z;
	}
	return place(run, n, z);
}

/*
 * What follows a dot of the candidate, down to two labels; NULL: the candidate
 * is the last one, or the only one, for the operator gave it.
 */
static const char *
next_candidate(const struct name *n)
{
	const char *next = strchr(n->candidate, '.');

	return n->given_zone == NULL && next != NULL &&
		strchr(next + 1, '.') != NULL ?
	    next + 1 :
	    NULL;
}

/*
 * The candidate is no zone of the provider, by an answer with status; 0: the
 * provider was not asked.  A status that says "not there" may be about a wrong
 * path as well, so it is told.
 */
static void
reject(struct run *run, struct name *n, long status)
{
	const char *provider = run->tree.api->at->settings->name;
	const char *next = next_candidate(n);
	char said[32] = "";
	struct error why;

	if (next != NULL) {
		n->candidate = next;
		return;
	}
	if (status >= 400)
		snprintf(said, sizeof said, " (HTTP %ld)", status);
	if (n->given_zone != NULL)
		error_set(&why, ERR_ZONE, "%s: has no zone %s%s", provider,
		    n->given_zone, said);
	else
		error_set(&why, ERR_ZONE,
		    "%s: has no zone for %s%s; if it has, name it by \"zone\"",
		    provider, n->text, said);
	name_fail(run, n, &why);
}

/*
 * Vendors refuse a name that is no zone, or somebody else's, by any status at
 * all.  So a refusal ends the search only if it is about the token or about too
 * many requests, by its status or by words that the description knows; or if
 * there is no other candidate.
 */
static bool
may_go_on(const struct name *n, const struct call *c, enum outcome outcome,
    const struct error *why)
{
	if (next_candidate(n) == NULL || c->rc != ERR_OK ||
	    c->answer->status >= 500)
		return false;
	if (c->answer->status == 403 && why->code == ERR_TOKEN)
		return true;
	return outcome == OUTCOME_FAILED;
}

static void
fail(struct run *run, struct name *n, enum outcome outcome,
    const struct error *why)
{
	if (outcome == OUTCOME_RUN_FAILED)
		run_fail(run, why);
	else
		name_fail(run, n, why);
}

void
zone_hear(struct run *run, struct name *n)
{
	const struct step *step = &run->tree.description->zone;
	bool found = true, named;
	struct call *c = n->call;
	struct zone *z = NULL;
	enum outcome outcome;
	struct error why;

	n->call = NULL;
	outcome = call_judge(run, c, step, &why);
	if (outcome == OUTCOME_NOT_THERE) {
		reject(run, n, c->answer->status);
		return;
	}
	if (outcome != OUTCOME_ASKED) {
		if (may_go_on(n, c, outcome, &why))
			n->candidate = next_candidate(n);
		else
			fail(run, n, outcome, &why);
		return;
	}
	if ((z = zone_new(&run->tree, &why)) == NULL ||
	    (step->answer.gets.count > 0 &&
		call_take(run, c, step, &n->values, NULL, &z->values, &found,
		    &why) != ERR_OK)) {
		fail(run, n,
		    why.code == ERR_MEMORY ? OUTCOME_RUN_FAILED :
					     OUTCOME_FAILED,
		    &why);
		zone_free(z);
		return;
	}
	named = n->given_zone != NULL ||
	    step_gets(step, VARIABLE_ZONE) == NULL ||
	    values_own(&z->values, VARIABLE_ZONE) != NULL;
	if (found && named) {
		(void)enter_zone(run, n, z);
		return;
	}
	zone_free(z);
	reject(run, n, c->answer->status);
}

/* Asks the provider for the candidate. */
static bool
ask(struct run *run, struct name *n)
{
	enum outcome outcome;
	struct error why;

	if (values_set(&n->values, VARIABLE_ZONE, n->candidate, &why) !=
	    ERR_OK) {
		run_fail(run, &why);
		return true;
	}
	n->call = call_start(run, &run->tree.description->zone, &n->values,
	    NULL, &outcome, &why);
	if (n->call == NULL && outcome == OUTCOME_NOT_SENT)
		reject(run, n, 0);
	else if (n->call == NULL)
		fail(run, n, outcome, &why);
	return true;
}

/* Takes the candidate for the zone, without asking the provider. */
static bool
take_candidate(struct run *run, struct name *n)
{
	struct error why;
	struct zone *z = zone_new(&run->tree, &why);

	if (z != NULL)
		return enter_zone(run, n, z);
	run_fail(run, &why);
	return true;
}

static bool
zone_given(struct run *run, struct name *n)
{
	const struct description *d = run->tree.description;
	struct zone *known = tree_zone(&run->tree, n->given_zone);

	if (known != NULL)
		return place(run, n, known);
	n->candidate = n->given_zone;
	/*
	 * For a zone that the operator gives, the provider is asked only if
	 * the step sets more than its name.
	 */
	if (!d->has_zone || !d->zone_gets_more)
		return take_candidate(run, n);
	return call_may_start(run) && ask(run, n);
}

bool
zone_search(struct run *run, struct name *n)
{
	const struct description *d = run->tree.description;
	struct zone *known;

	if (n->call != NULL || other_searches(run, n))
		return false;
	if (n->given_zone != NULL)
		return zone_given(run, n);
	if (n->candidate == NULL) {
		if ((known = zone_of_sibling(run, n)) != NULL)
			return place(run, n, known);
		n->candidate =
		    strncmp(n->text, "*.", 2) == 0 ? n->text + 2 : n->text;
	}
	if (d->zoneless)
		return take_candidate(run, n);
	if ((known = tree_zone(&run->tree, n->candidate)) != NULL)
		return place(run, n, known);
	return call_may_start(run) && ask(run, n);
}
