/*
 * run.c - carries out a description for the records of one request.
 *
 * begin, then for each name its zone, then for each zone the steps, then end.
 * A record leaves the list of what is to do as soon as it has an answer:
 * it already holds the address, or something went wrong with it.
 */
#include "config.h"

#include <string.h>

#include "address/hostname.h"
#include "provider/rest/run.h"

/* A record on its way. */
struct item {
	struct publication *record;
	const struct steps *path; /* steps, or remove */
	const struct zone *zone;
	struct scope scope;
	bool todo;
	bool written;
	size_t next; /* step after the last it took */
};

/* Would asking again, or for another name, end the same way? */
static bool
ends_run(enum err code)
{
	return code == ERR_TOKEN || code == ERR_BUSY ||
	    code == ERR_UNREACHABLE || code == ERR_MEMORY;
}

/* Gives a record its answer. */
static void
settle(struct item *i, enum err result, bool changed, const struct error *why)
{
	i->record->result = result;
	i->record->changed = changed;
	if (result != ERR_OK)
		i->record->why = *why;
	i->todo = false;
}

/* Has it been written, with no step left that it would take? */
static bool
complete(const struct item *i)
{
	for (size_t s = i->next; s < i->path->count; s++)
		if (scope_holds_all(&i->scope, i->path->list[s].conditions))
			return false;
	return i->written;
}

/* A failure that the others would meet, too; what is done stays done. */
static void
give_up(struct run *r, const struct error *why)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->items[i].todo && complete(&r->items[i]))
			settle(&r->items[i], ERR_OK, true, NULL);
		else if (r->items[i].todo)
			settle(&r->items[i], why->code, false, why);
}

/* The steps of begin and of end. */
static enum err
run_once(struct run *r, const struct steps *steps, struct error *why)
{
	enum err rc = ERR_OK;

	for (size_t i = 0; rc == ERR_OK && i < steps->count; i++) {
		const struct step *step = &steps->list[i];
		struct answer a;
		bool found, sent;

		if (!scope_holds_all(&r->scope, step->conditions))
			continue;
		rc = call_perform(r, step, &r->scope, NULL, &a, &sent, why);
		if (sent)
			rc = call_take(r, step, &a, &r->scope, &r->scope,
			    &found, why);
		json_object_put(a.tree);
	}
	return rc;
}

/*
 * Records
 */

/* sub: the name without its zone. */
static enum err
set_sub(struct item *i, const char *apex, struct error *why)
{
	char sub[HOSTNAME_MAX + 1];
	int len = (int)strlen(i->record->name) - (int)strlen(i->zone->name);

	snprintf(sub, sizeof sub, "%.*s", len > 0 ? len - 1 : 0,
	    i->record->name);
	return scope_set(&i->scope, "sub", len > 0 ? sub : apex, why);
}

/* addr4, addr6 and addrs, of all records of the name that are to do. */
static enum err
set_addresses(const struct run *r, struct item *item, struct error *why)
{
	char all[2 * ADDRESS_TEXT_MAX + 1] = "";

	for (size_t i = 0; i < r->count; i++) {
		const struct publication *other = r->items[i].record;
		char text[ADDRESS_TEXT_MAX];
		size_t used = strlen(all);

		if (!r->items[i].todo || other->remove ||
		    strcmp(other->name, item->record->name) != 0)
			continue;
		address_format(&other->address, text);
		TRY(scope_set(&item->scope,
		    other->address.family == AF_INET ? "addr4" : "addr6", text,
		    why));
		snprintf(all + used, sizeof all - used, "%s%s",
		    used > 0 ? "," : "", text);
	}
	return *all != '\0' ? scope_set(&item->scope, "addrs", all, why) :
			      ERR_OK;
}

static enum err
set_types(const struct run *r, struct item *item, struct error *why)
{
	json_object *extra;

	if (!json_object_object_get_ex(r->description->types,
		address_type(&item->record->address), &extra))
		return ERR_OK;
	json_object_object_foreach (extra, name, value)
		TRY(scope_copy(&item->scope, name, value, why));
	return ERR_OK;
}

/* The shortest time to live of its zone, if it has one of its own. */
static int64_t
least_ttl(const struct item *i)
{
	return json_object_get_int64(
	    json_object_object_get(i->zone->scope.values, "ttl_min"));
}

/* What the provider takes. */
static enum err
set_ttl(const struct run *r, struct item *i, struct error *why)
{
	int64_t ttl = description_ttl(r->description, i->record->ttl);
	int64_t least = least_ttl(i);
	json_object *value = json_object_new_int64(ttl > least ? ttl : least);
	enum err rc = scope_copy(&i->scope, "ttl", value, why);

	json_object_put(value);
	return rc;
}

static enum err
item_prepare(struct run *r, struct item *i, struct error *why)
{
	const struct publication *record = i->record;
	char text[ADDRESS_TEXT_MAX];

	TRY(scope_begin(&i->scope, &i->zone->scope, why));
	TRY(scope_set(&i->scope, "name", record->name, why));
	TRY(set_sub(i, r->description->apex, why));
	TRY(scope_set(&i->scope, "type", address_type(&record->address), why));
	if (!record->remove)
		TRY(scope_set(&i->scope, "addr",
		    address_format(&record->address, text), why));
	TRY(set_addresses(r, i, why));
	TRY(set_types(r, i, why));
	return set_ttl(r, i, why);
}

/*
 * What a step found about one record.  The time to live that stands there
 * stays, unless the operator wants another one or the zone no longer takes it.
 */
static enum err
item_take(const struct run *r, struct item *i, const struct step *step,
    const struct answer *a, struct error *why)
{
	struct address held;
	const char *current;
	bool found;

	TRY(call_take(r, step, a, &i->scope, &i->scope, &found, why));
	if (i->record->ttl != 0 ||
	    json_object_get_int64(
		json_object_object_get(i->scope.values, "ttl")) < least_ttl(i))
		TRY(set_ttl(r, i, why));
	current = scope_get(&i->scope, "current", NULL);
	if (!i->record->remove && current != NULL &&
	    address_parse_any(&held, current) &&
	    address_equal(&held, &i->record->address))
		settle(i, ERR_OK, false, NULL);
	return ERR_OK;
}

/*
 * Steps
 */

/* One request of a step, for the records of one group. */
static void
step_group(struct run *r, const struct step *step, struct item **items,
    size_t count)
{
	struct scope scopes[PUBLICATIONS_MAX];
	struct group each = { scopes, count };
	struct error why = { .code = ERR_OK };
	struct answer a;
	bool sent;
	enum err rc;

	for (size_t i = 0; i < count; i++)
		scopes[i] = items[i]->scope;
	rc = call_perform(r, step,
	    step->times == FOR_ZONE ? &items[0]->zone->scope : &scopes[0],
	    &each, &a, &sent, &why);
	for (size_t i = 0; i < count; i++) {
		struct item *item = items[i];
		enum err one = rc;

		item->next = (size_t)(step - item->path->list) + 1;
		if (sent && step->get != NULL)
			one = item_take(r, item, step, &a, &why);
		if (one != ERR_OK)
			settle(item, one, false, &why);
		else if (a.unchanged)
			settle(item, ERR_OK, false, NULL);
		else if (sent && step->get == NULL)
			item->written = true;
	}
	json_object_put(a.tree);
	if (ends_run(rc))
		give_up(r, &why);
}

/* Does item b take part in the same request of the step as a? */
static bool
same_group(const struct item *a, const struct item *b, enum step_for times)
{
	return a == b ||
	    (a->zone == b->zone &&
		(times == FOR_ZONE ||
		    (times == FOR_NAME &&
			strcmp(a->record->name, b->record->name) == 0)));
}

/* A step, for every record of a zone that is still to do. */
static void
step_zone(struct run *r, const struct steps *path, const struct step *step,
    const struct zone *zone)
{
	bool done[PUBLICATIONS_MAX] = { false };

	for (size_t i = 0; i < r->count; i++) {
		struct item *group[PUBLICATIONS_MAX];
		size_t count = 0;

		for (size_t j = i; j < r->count; j++) {
			struct item *item = &r->items[j];

			/* A rehearsal shows the steps of every case. */
			if (done[j] || !item->todo || item->zone != zone ||
			    item->path != path ||
			    !same_group(&r->items[i], item, step->times) ||
			    (r->rehearsal == NULL &&
				!scope_holds_all(&item->scope,
				    step->conditions)))
				continue;
			done[j] = true;
			group[count++] = item;
		}
		if (count > 0)
			step_group(r, step, group, count);
	}
}

/*
 * The whole
 */

static void
find_zones(struct run *r)
{
	struct error why;

	for (size_t i = 0; i < r->count; i++) {
		struct item *item = &r->items[i];
		enum err rc;

		if (!item->todo)
			continue;
		if ((rc = zone_find(r, item->record, &item->zone, &why)) ==
		    ERR_OK)
			rc = item_prepare(r, item, &why);
		if (ends_run(rc))
			give_up(r, &why);
		else if (rc != ERR_OK)
			settle(item, rc, false, &why);
	}
}

static void
run_steps(struct run *r)
{
	const struct description *d = r->description;

	for (const struct zone *z = r->zones; z != NULL; z = z->next) {
		for (size_t i = 0; i < d->steps.count; i++)
			step_zone(r, &d->steps, &d->steps.list[i], z);
		for (size_t i = 0; i < d->remove.count; i++)
			step_zone(r, &d->remove, &d->remove.list[i], z);
	}
}

/* After the last step: what was written is so, anything else is not. */
static void
conclude(struct run *r)
{
	for (size_t i = 0; i < r->count; i++) {
		struct item *item = &r->items[i];
		bool remove = item->record->remove;
		struct error why;

		if (!item->todo)
			continue;
		/* Nothing may have been there that could be removed. */
		if (item->written || (remove && item->path->count > 0))
			settle(item, ERR_OK, item->written, NULL);
		else
			settle(item,
			    error_set(&why, ERR_REFUSED, "%s: %s",
				r->rest->at->settings->name,
				remove ?
				    "its description cannot remove addresses" :
				    "no step wrote it"),
			    false, &why);
	}
}

static enum err
run_begin(struct run *r, const char *token, struct error *why)
{
	const struct description *d = r->description;

	TRY(scope_begin(&r->scope, &r->config, why));
	TRY(token_split(&r->token, token, d->parts, d->part_count, why));
	return run_once(r, &d->begin, why);
}

static void
run(const struct rest *rest, struct run *r, const char *token,
    struct publication *const records[], size_t count)
{
	const struct description *d = rest->description;
	struct item items[PUBLICATIONS_MAX];
	struct error why = { .code = ERR_OK };

	r->rest = rest;
	r->description = d;
	r->config = (struct scope){ NULL, rest->variables, &r->token };
	r->items = items;
	r->count = count;
	for (size_t i = 0; i < count; i++)
		items[i] = (struct item){ .record = records[i],
			.todo = true,
			.path = records[i]->remove ? &d->remove : &d->steps };
	if (run_begin(r, token, &why) == ERR_OK) {
		find_zones(r);
		run_steps(r);
		conclude(r);
	} else {
		give_up(r, &why);
	}
	/* A session that began must end, whatever came between. */
	if (r->scope.values != NULL)
		(void)run_once(r, &d->end, &why);
	for (size_t i = 0; i < count; i++)
		scope_end(&items[i].scope);
	zones_free(r);
	call_forget(r);
	scope_end(&r->scope);
	token_end(&r->token);
}

void
rest_publish(const struct rest *rest, struct exchanges *x, const char *token,
    struct publication *const records[], size_t count, int64_t deadline,
    long *retry_after)
{
	struct run r = { .exchanges = x, .deadline = deadline };

	run(rest, &r, token, records, count);
	*retry_after = r.retry_after;
}

void
rest_rehearse(const struct rest *rest, FILE *to,
    struct publication *const records[], size_t count)
{
	static const char masked[] = "***:***:***:***";
	struct run r = { .rehearsal = to };

	/* Three characters a part, and a colon between. */
	run(rest, &r,
	    masked + 4 * (TOKEN_PARTS_MAX - rest->description->part_count),
	    records, count);
}
