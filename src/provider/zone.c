/*
 * zone.c - which zone of the provider holds a name?
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "config/hostname.h"
#include "provider/run.h"

static enum err
no_memory(struct error *why)
{
	return error_set(why, ERR_MEMORY, "out of memory");
}

static struct zone *
zone_add(struct run *r, const char *asked)
{
	struct zone *z = calloc(1, sizeof *z);

	if (z == NULL || (z->asked = strdup(asked)) == NULL ||
	    (z->values = json_object_new_object()) == NULL) {
		if (z != NULL)
			free(z->asked);
		free(z);
		return NULL;
	}
	z->scope = (struct scope){ &r->scope, z->values, NULL };
	z->next = r->zones;
	r->zones = z;
	return z;
}

/* A zone step may name the zone itself; it must be one that holds name. */
static enum err
zone_accept(struct zone *z, const char *name, struct error *why)
{
	json_object *value = json_object_object_get(z->values, "zone");
	const char *text = json_object_get_string(value);

	if ((z->name = hostname_normalise(text, false)) == NULL ||
	    !hostname_within(name, z->name)) {
		free(z->name);
		z->name = NULL;
		return error_set(why, ERR_REFUSED,
		    "the provider names a zone that does not hold %s", name);
	}
	return set_text(z->values, "zone", z->name, why);
}

/*
 * Sends the zone step, unless what it would ask has been answered: a list of
 * zones is looked at for every candidate.
 */
static enum err
zone_answer(struct run *r, const struct scope *asked, const char *name,
    struct answer *a, struct error *why)
{
	const struct description *d = r->description;
	const char *of = d->zone_by_name ? name : "";
	bool skipped;
	enum err rc;

	*a = (struct answer){ .tree = NULL };
	if (!d->zone_by_zone && r->zone_list != NULL &&
	    strcmp(r->zone_list_of, of) == 0) {
		a->tree = json_object_get(r->zone_list);
		return ERR_OK;
	}
	rc = step_perform(r, &d->zone, asked, NULL, 0, a, &skipped, why);
	if (rc != ERR_OK || a->none || d->zone_by_zone)
		return rc;
	json_object_put(r->zone_list);
	free(r->zone_list_of);
	r->zone_list = NULL;
	if ((r->zone_list_of = strdup(of)) == NULL)
		return no_memory(why);
	r->zone_list = json_object_get(a->tree);
	return ERR_OK;
}

/* Sends the zone step; *found: is there such a zone? */
static enum err
zone_request(struct run *r, struct zone *z, const char *name, bool *found,
    struct error *why)
{
	const struct step *step = &r->description->zone;
	json_object *question = json_object_new_object();
	struct scope asked = { &r->scope, question, NULL };
	struct answer a = { .tree = NULL };
	enum err rc;

	*found = false;
	if (question == NULL) {
		rc = no_memory(why);
		goto out;
	}
	if ((rc = set_text(question, "zone", z->asked, why)) != ERR_OK ||
	    (rc = set_text(question, "name", name, why)) != ERR_OK)
		goto out;
	rc = zone_answer(r, &asked, name, &a, why);
	if (rc == ERR_ZONE || (rc == ERR_OK && a.none))
		rc = ERR_OK;
	else if (rc == ERR_OK && step->get == NULL)
		*found = true;
	else if (rc == ERR_OK)
		rc = step_take(r, step, &a, &asked, z->values, found, why);
out:
	json_object_put(a.tree);
	json_object_put(question);
	return rc;
}

/* Does the step find out more about a zone than its name? */
static bool
zone_captures(const struct description *d)
{
	if (!d->has_zone || d->zone.get == NULL)
		return false;
	json_object_object_foreach(d->zone.get, variable, pointer) {
		(void)pointer;
		if (strcmp(variable, "zone") != 0)
			return true;
	}
	return false;
}

/* The first zone of that name, so that its records meet in one group. */
static const struct zone *
zone_same(const struct run *r, const struct zone *z)
{
	const struct zone *first = z;

	for (const struct zone *o = r->zones; z->name != NULL && o != NULL;
	    o = o->next)
		if (o->name != NULL && strcmp(o->name, z->name) == 0)
			first = o;
	return first;
}

/* Asks about one candidate; given: the operator says that it is the zone. */
static enum err
zone_look(struct run *r, struct zone *z, const char *name, bool given,
    struct error *why)
{
	const struct description *d = r->description;
	bool found = true, named;
	enum err rc;

	if (d->has_zone && (!given || zone_captures(d)) &&
	    (rc = zone_request(r, z, name, &found, why)) != ERR_OK)
		return rc;
	named = d->has_zone && d->zone.get != NULL &&
	    json_object_object_get_ex(d->zone.get, "zone", NULL);
	if (given || !named || r->rehearsal != NULL) {
		if ((rc = set_text(z->values, "zone", z->asked, why)) !=
		    ERR_OK)
			return rc;
	} else if (!json_object_object_get_ex(z->values, "zone", NULL)) {
		found = false;
	}
	return found ? zone_accept(z, name, why) : ERR_OK;
}

/*
 * The same, unless it was done before: then the answer is as it was, also
 * when it was a failure.  *result stays NULL when it is no zone.
 */
static enum err
zone_ask(struct run *r, const char *candidate, const char *name, bool given,
    const struct zone **result, struct error *why)
{
	struct zone *z;

	for (z = r->zones; z != NULL; z = z->next)
		if (strcmp(z->asked, candidate) == 0)
			break;
	if (z == NULL) {
		if ((z = zone_add(r, candidate)) == NULL)
			return no_memory(why);
		if (zone_look(r, z, name, given, why) != ERR_OK)
			z->why = *why;
	}
	if (z->why.code != ERR_OK) {
		*why = z->why;
		return why->code;
	}
	*result = z->name != NULL ? zone_same(r, z) : NULL;
	return ERR_OK;
}

/* The longest end of the name that the provider has as a zone. */
enum err
zone_find(struct run *r, const struct provider_record *record,
    const struct zone **result, struct error *why)
{
	const char *name = record->name, *candidate = name;
	enum err rc;

	*result = NULL;
	if (record->zone != NULL) {
		rc = zone_ask(r, record->zone, name, true, result, why);
		if (rc == ERR_OK && *result == NULL)
			rc = error_set(why, ERR_ZONE, "%s: has no zone %s",
			    r->provider->settings->name, record->zone);
		return rc;
	}
	if (strncmp(candidate, "*.", 2) == 0)
		candidate += 2;
	if (r->description->zoneless)
		return zone_ask(r, candidate, name, true, result, why);
	if (!r->description->has_zone)
		return error_set(why, ERR_ZONE, "%s: finds no zones by "
		    "itself; write \"zone\" for %s into the configuration",
		    r->provider->settings->name, name);
	for (; strchr(candidate, '.') != NULL;
	    candidate = strchr(candidate, '.') + 1) {
		/* Most zones have two labels, so a rehearsal takes that. */
		if (r->rehearsal != NULL &&
		    strchr(strchr(candidate, '.') + 1, '.') != NULL)
			continue;
		rc = zone_ask(r, candidate, name, false, result, why);
		if (rc != ERR_OK || *result != NULL)
			return rc;
		if (r->description->zone_fixed)
			break;
	}
	return error_set(why, ERR_ZONE, "%s: has no zone for %s",
	    r->provider->settings->name, name);
}

void
zones_free(struct run *r)
{
	struct zone *z, *next;

	for (z = r->zones; z != NULL; z = next) {
		next = z->next;
		json_object_put(z->values);
		free(z->asked);
		free(z->name);
		free(z);
	}
	json_object_put(r->zone_list);
	free(r->zone_list_of);
}
