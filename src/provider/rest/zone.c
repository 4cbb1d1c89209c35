/*
 * zone.c - which zone of the provider holds a name?
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "address/hostname.h"
#include "provider/rest/run.h"

/* *found: there is such a zone, and z knows what the step gets. */
static enum err
zone_ask(struct run *r, struct zone *z, const char *candidate, const char *name,
    bool *found, struct error *why)
{
	const struct step *step = &r->description->zone;
	struct answer a = { .tree = NULL };
	struct scope s;
	bool sent;
	enum err rc;

	if ((rc = scope_begin(&s, &r->scope, why)) == ERR_OK &&
	    (rc = scope_set(&s, "zone", candidate, why)) == ERR_OK &&
	    (rc = scope_set(&s, "name", name, why)) == ERR_OK &&
	    (rc = call_perform(r, step, &s, NULL, &a, &sent, why)) ==
		ERR_ZONE) {
		a.none = true;
		rc = ERR_OK;
	}
	if (rc == ERR_OK)
		rc = call_take(r, step, &a, &s, &z->scope, found, why);
	if (step->get == NULL)
		*found = !a.none;
	json_object_put(a.tree);
	scope_end(&s);
	return rc;
}

/*
 * What the operator or the step calls the zone.  A provider may name another
 * than was asked for, but it must be one that holds name.
 */
static enum err
zone_name(const struct run *r, struct zone *z, const char *candidate,
    const char *name, bool given, bool *found, struct error *why)
{
	const struct step *step = &r->description->zone;
	json_object *value;

	if (given || r->rehearsal != NULL || !r->description->has_zone ||
	    !json_object_object_get_ex(step->get, "zone", NULL))
		TRY(scope_set(&z->scope, "zone", candidate, why));
	*found = json_object_object_get_ex(z->scope.values, "zone", &value);
	if (!*found)
		return ERR_OK;
	if ((z->name = hostname_normalise(json_object_get_string(value),
		 false)) == NULL ||
	    !hostname_within(name, z->name))
		return error_set(why, ERR_REFUSED,
		    "the provider names a zone that does not hold %s", name);
	return scope_set(&z->scope, "zone", z->name, why);
}

static void
zone_free(struct zone *z)
{
	scope_end(&z->scope);
	free(z->name);
	free(z);
}

/* So that all records of a zone meet in one; z goes in, or ends. */
static const struct zone *
zone_enter(struct run *r, struct zone *z)
{
	for (struct zone *o = r->zones; o != NULL; o = o->next)
		if (strcmp(o->name, z->name) == 0) {
			zone_free(z);
			return o;
		}
	z->next = r->zones;
	return r->zones = z;
}

/* Is the candidate a zone?  *result stays NULL if not. */
static enum err
zone_try(struct run *r, const char *candidate, const char *name, bool given,
    const struct zone **result, struct error *why)
{
	const struct description *d = r->description;
	struct zone *z = calloc(1, sizeof *z);
	bool found = true;
	enum err rc;

	if (z == NULL)
		return error_memory(why);
	rc = scope_begin(&z->scope, &r->scope, why);
	/* Of a zone that is given only what else the step gets is wanted. */
	if (rc == ERR_OK && d->has_zone && (!given || d->zone_gets_more))
		rc = zone_ask(r, z, candidate, name, &found, why);
	if (rc == ERR_OK && found)
		rc = zone_name(r, z, candidate, name, given, &found, why);
	if (rc == ERR_OK && found) {
		*result = zone_enter(r, z);
		return ERR_OK;
	}
	zone_free(z);
	return rc;
}

enum err
zone_find(struct run *r, const struct publication *record,
    const struct zone **result, struct error *why)
{
	const char *provider = r->rest->at->settings->name;
	const char *name = record->name, *candidate = name;

	*result = NULL;
	if (record->zone != NULL) {
		TRY(zone_try(r, record->zone, name, true, result, why));
		return *result != NULL ?
		    ERR_OK :
		    error_set(why, ERR_ZONE, "%s: has no zone %s", provider,
			record->zone);
	}
	if (strncmp(candidate, "*.", 2) == 0)
		candidate += 2;
	if (r->description->zoneless)
		return zone_try(r, candidate, name, true, result, why);
	if (!r->description->has_zone)
		return error_set(why, ERR_ZONE,
		    "%s: finds no zones by "
		    "itself; write \"zone\" for %s into the configuration",
		    provider, name);
	for (; strchr(candidate, '.') != NULL;
	     candidate = strchr(candidate, '.') + 1) {
		/* Most zones have two labels, so a rehearsal takes that. */
		if (r->rehearsal != NULL &&
		    strchr(strchr(candidate, '.') + 1, '.') != NULL)
			continue;
		TRY(zone_try(r, candidate, name, false, result, why));
		if (*result != NULL)
			return ERR_OK;
	}
	return error_set(why, ERR_ZONE, "%s: has no zone for %s", provider,
	    name);
}

void
zones_free(struct run *r)
{
	struct zone *z;

	while ((z = r->zones) != NULL) {
		r->zones = z->next;
		zone_free(z);
	}
}
