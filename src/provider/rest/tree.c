#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address/hostname.h"
#include "provider/rest/tree.h"

/*
 * The session
 */

/* Sets the variables that the operator gives, and the parts of the token. */
static enum err
start_session(struct tree *t, const char *token, struct error *why)
{
	const struct description *d = t->description;
	const struct variables *v = &d->variables;
	enum err rc = values_start(&t->session, NULL, v->count, why);

	if (rc == ERR_OK)
		rc =
		    token_split(&t->token, token, d->parts, d->part_count, why);
	for (size_t i = 0; i < v->count && rc == ERR_OK; i++) {
		json_object *given = api_config(t->api, v->list[i].name);

		if (given != NULL)
			rc = values_copy(&t->session, (int)i, given, why);
	}
	for (size_t i = 0; i < d->part_count && rc == ERR_OK; i++)
		rc = values_set(&t->session, d->part_variables[i],
		    t->token.parts[i], why);
	return rc;
}

static bool
same_zone(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* The node of a record's name, which may be a new one; NULL: no memory. */
static struct name *
enter_name(struct tree *t, const struct publication *p, struct error *why)
{
	struct name *n;

	for (n = t->names; n < t->names + t->name_count; n++)
		if (strcmp(n->text, p->name) == 0 &&
		    same_zone(n->given_zone, p->zone))
			return n;
	*n = (struct name){ .text = p->name, .given_zone = p->zone };
	t->name_count++;
	return values_start(&n->values, &t->session,
		   t->description->variables.count, why) == ERR_OK &&
		values_set(&n->values, VARIABLE_NAME, p->name, why) == ERR_OK ?
	    n :
	    NULL;
}

enum err
tree_start(struct tree *t, const struct api *api, const char *token,
    struct publication *const records[], size_t count, struct error *why)
{
	const struct description *d = api->description;
	enum err rc;

	*t = (struct tree){ .api = api, .description = d };
	for (size_t i = 0; i < count; i++)
		t->records[t->record_count++] = (struct record){
			.publication = records[i],
			.plan = records[i]->remove ? &d->remove : &d->steps,
			.todo = true,
		};
	rc = start_session(t, token, why);
	for (size_t i = 0; i < count && rc == ERR_OK; i++)
		if ((t->records[i].name = enter_name(t, records[i], why)) ==
		    NULL)
			rc = why->code;
	return rc;
}

void
tree_end(struct tree *t)
{
	struct zone *z;

	for (size_t i = 0; i < t->record_count; i++)
		values_end(&t->records[i].values);
	for (size_t i = 0; i < t->name_count; i++)
		values_end(&t->names[i].values);
	while ((z = t->zones) != NULL) {
		t->zones = z->next;
		zone_free(z);
	}
	values_end(&t->session);
	token_end(&t->token);
}

/*
 * Zones
 */

struct zone *
tree_zone(const struct tree *t, const char *name)
{
	for (struct zone *z = t->zones; z != NULL; z = z->next)
		if (strcmp(z->name, name) == 0)
			return z;
	return NULL;
}

struct zone *
zone_new(const struct tree *t, struct error *why)
{
	struct zone *z = calloc(1, sizeof *z);

	if (z == NULL)
		error_memory(why);
	else if (values_start(&z->values, &t->session,
		     t->description->variables.count, why) == ERR_OK)
		return z;
	free(z);
	return NULL;
}

void
zone_free(struct zone *z)
{
	if (z == NULL)
		return;
	values_end(&z->values);
	free(z->name);
	free(z);
}

/*
 * Names
 */

/* The name without its zone, or the apex. */
static enum err
set_sub(const struct tree *t, struct name *n, struct error *why)
{
	char sub[HOSTNAME_MAX + 1];
	int len = (int)strlen(n->text) - (int)strlen(n->zone->name);

	snprintf(sub, sizeof sub, "%.*s", len > 0 ? len - 1 : 0, n->text);
	return values_set(&n->values, VARIABLE_SUB,
	    len > 0 ? sub : t->description->apex, why);
}

/* addr4, addr6 and addrs, of all records of the name that are to be written. */
static enum err
set_addresses(const struct tree *t, struct name *n, struct error *why)
{
	char all[2 * ADDRESS_TEXT_MAX + 1] = "";
	enum err rc = ERR_OK;

	for (size_t i = 0; i < t->record_count && rc == ERR_OK; i++) {
		const struct record *r = &t->records[i];
		const struct address *a = &r->publication->address;
		size_t used = strlen(all);
		char text[ADDRESS_TEXT_MAX];

		if (r->name != n || r->publication->remove)
			continue;
		address_format(a, text);
		rc = values_set(&n->values,
		    a->family == AF_INET ? VARIABLE_ADDR4 : VARIABLE_ADDR6,
		    text, why);
		snprintf(all + used, sizeof all - used, "%s%s",
		    used > 0 ? "," : "", text);
	}
	if (rc == ERR_OK && *all != '\0')
		rc = values_set(&n->values, VARIABLE_ADDRS, all, why);
	return rc;
}

static enum err
set_types(const struct tree *t, struct record *r, struct error *why)
{
	const struct description *d = t->description;
	size_t type = r->publication->address.family != AF_INET;
	enum err rc = ERR_OK;

	for (size_t i = 0; i < d->type_counts[type] && rc == ERR_OK; i++)
		rc = values_copy(&r->values, d->types[type][i].variable,
		    d->types[type][i].value, why);
	return rc;
}

static enum err
record_start(const struct tree *t, struct record *r, struct error *why)
{
	const struct publication *p = r->publication;
	char text[ADDRESS_TEXT_MAX];
	enum err rc;

	if ((rc = values_start(&r->values, &r->name->values,
		 t->description->variables.count, why)) == ERR_OK &&
	    (rc = values_set(&r->values, VARIABLE_TYPE,
		 address_type(&p->address), why)) == ERR_OK &&
	    (p->remove ||
		(rc = values_set(&r->values, VARIABLE_ADDR,
		     address_format(&p->address, text), why)) == ERR_OK) &&
	    (rc = set_types(t, r, why)) == ERR_OK)
		rc = record_set_ttl(t, r, why);
	return rc;
}

enum err
name_place(struct tree *t, struct name *n, struct zone *zone, struct error *why)
{
	enum err rc;

	n->zone = zone;
	n->values.outer = &zone->values;
	values_unset(&n->values, VARIABLE_ZONE); /* the last candidate */
	if ((rc = set_sub(t, n, why)) == ERR_OK)
		rc = set_addresses(t, n, why);
	for (size_t i = 0; i < t->record_count && rc == ERR_OK; i++)
		if (t->records[i].name == n)
			rc = record_start(t, &t->records[i], why);
	return rc;
}

enum err
name_without_zone(const struct tree *t, const struct name *n, struct error *why)
{
	return error_set(why, ERR_ZONE,
	    "%s: finds no zones by itself; write \"zone\" for %s into the "
	    "configuration",
	    t->api->at->settings->name, n->text);
}

/*
 * Records
 */

int64_t
record_least_ttl(const struct record *r)
{
	return json_object_get_int64(
	    values_own(&r->name->zone->values, VARIABLE_TTL_MIN));
}

enum err
record_set_ttl(const struct tree *t, struct record *r, struct error *why)
{
	int64_t ttl = description_ttl(t->description, r->publication->ttl);
	int64_t least = record_least_ttl(r);

	return values_number(&r->values, VARIABLE_TTL,
	    ttl > least ? ttl : least, why);
}

const struct step *
record_step(const struct record *r)
{
	return r->step < r->plan->count ? &r->plan->list[r->step] : NULL;
}

void
record_end(struct record *r, enum err result, bool changed,
    const struct error *why)
{
	r->publication->done = true;
	r->publication->result = result;
	r->publication->changed = changed;
	if (result != ERR_OK)
		r->publication->why = *why;
	r->todo = false;
}

void
record_conclude(struct record *r, const char *provider)
{
	bool remove = r->publication->remove;
	struct error why;

	/* A removal without a write is good: there may have been nothing. */
	if (r->written || (remove && r->plan->count > 0)) {
		record_end(r, ERR_OK, r->written, NULL);
		return;
	}
	error_set(&why, ERR_REFUSED, "%s: %s", provider,
	    remove ? "its description cannot remove addresses" :
		     "no step wrote it");
	record_end(r, ERR_REFUSED, false, &why);
}
