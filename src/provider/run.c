/*
 * run.c - carries out a description for the records of one request.
 *
 * begin, then for each name its zone, then for each zone the steps, then end.
 * A record leaves the list of what is to do as soon as it has an answer:
 * it already holds the address, or something went wrong with it.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "config/hostname.h"
#include "provider/rfc2136.h"
#include "provider/run.h"

/* A record on its way. */
struct item {
	struct provider_record	*record;
	const struct zone	*zone;
	json_object		*values;
	struct scope		 scope;
	bool			 todo;
	bool			 written;
	size_t			 next;		/* step after the last it took */
};

/* Would asking again, or for another name, end the same way? */
static bool
ends_run(enum err code)
{
	return code == ERR_TOKEN || code == ERR_BUSY ||
	    code == ERR_UNREACHABLE || code == ERR_MEMORY;
}

static enum err
no_memory(struct error *why)
{
	return error_set(why, ERR_MEMORY, "out of memory");
}

/* Gives a record its answer. */
static void
settle(struct item *i, enum err result, bool changed, const struct error *why)
{
	i->record->result = result;
	i->record->changed = changed;
	if (why != NULL)
		i->record->why = *why;
	i->todo = false;
}

static void
settle_all(struct run *r, const struct error *why)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->items[i].todo)
			settle(&r->items[i], why->code, false, why);
}

/*
 * begin and end
 */

static enum err
run_once(struct run *r, const struct step steps[], size_t count,
    struct error *why)
{
	for (size_t i = 0; i < count; i++) {
		struct answer a;
		bool found, skipped;
		enum err rc;

		if (!scope_holds_all(&r->scope, steps[i].conditions))
			continue;
		rc = step_perform(r, &steps[i], &r->scope, NULL, 0, &a, &skipped,
		    why);
		if (rc == ERR_OK && !skipped)
			rc = step_take(r, &steps[i], &a, &r->scope, r->values,
			    &found, why);
		json_object_put(a.tree);
		if (rc != ERR_OK)
			return rc;
	}
	return ERR_OK;
}

/*
 * Records
 */

/* What {sub} is: the name without its zone. */
static enum err
set_sub(json_object *values, const char *name, const char *zone,
    const char *apex, struct error *why)
{
	size_t n = strlen(name), z = strlen(zone);
	char sub[HOSTNAME_MAX + 1];

	if (n == z)
		return set_text(values, "sub", apex, why);
	snprintf(sub, sizeof sub, "%.*s", (int)(n - z - 1), name);
	return set_text(values, "sub", sub, why);
}

/* addr4, addr6 and addrs, of all records of the name that are to do. */
static enum err
set_addresses(const struct run *r, struct item *item, struct error *why)
{
	struct buffer all = { .max = 512 };
	enum err rc = ERR_OK;

	for (size_t i = 0; rc == ERR_OK && i < r->count; i++) {
		const struct provider_record *other = r->items[i].record;
		char text[ADDRESS_TEXT_MAX];

		if (!r->items[i].todo || other->remove ||
		    strcmp(other->name, item->record->name) != 0)
			continue;
		address_format(&other->address, text);
		rc = set_text(item->values, other->address.family == AF_INET ?
		    "addr4" : "addr6", text, why);
		buffer_printf(&all, "%s%s", all.len > 0 ? "," : "", text);
	}
	if (rc == ERR_OK && all.len > 0)
		rc = set_text(item->values, "addrs", all.data, why);
	buffer_free(&all);
	return rc;
}

static enum err
set_types(const struct run *r, struct item *item, struct error *why)
{
	json_object *extra = NULL;

	if (r->description->types == NULL || !json_object_object_get_ex(
	    r->description->types, record_type(&item->record->address),
	    &extra))
		return ERR_OK;
	json_object_object_foreach(extra, name, value)
		if (!answer_capture(item->values, name, value))
			return no_memory(why);
	return ERR_OK;
}

/* What the provider takes; the zone may have a minimum of its own. */
static enum err
set_ttl(const struct run *r, struct item *i, struct error *why)
{
	int64_t ttl = description_ttl(r->description, i->record->ttl);
	int64_t least = json_object_get_int64(json_object_object_get(
	    i->zone->values, "ttl_min"));
	json_object *value = json_object_new_int64(ttl > least ? ttl : least);

	if (value == NULL || json_object_object_add(i->values, "ttl", value)
	    != 0) {
		json_object_put(value);
		return no_memory(why);
	}
	return ERR_OK;
}

static enum err
item_prepare(struct run *r, struct item *i, struct error *why)
{
	const struct provider_record *record = i->record;
	char text[ADDRESS_TEXT_MAX];
	enum err rc;

	if ((i->values = json_object_new_object()) == NULL)
		return no_memory(why);
	i->scope = (struct scope){ &i->zone->scope, i->values, NULL };
	if ((rc = set_text(i->values, "name", record->name, why)) != ERR_OK ||
	    (rc = set_sub(i->values, record->name, i->zone->name,
	    r->description->apex, why)) != ERR_OK ||
	    (rc = set_text(i->values, "type", record_type(&record->address),
	    why)) != ERR_OK ||
	    (!record->remove && (rc = set_text(i->values, "addr",
	    address_format(&record->address, text), why)) != ERR_OK) ||
	    (rc = set_addresses(r, i, why)) != ERR_OK ||
	    (rc = set_types(r, i, why)) != ERR_OK)
		return rc;
	return set_ttl(r, i, why);
}

/*
 * What a step found about one record.  The time to live that stands there
 * stays, unless the operator wants another one.
 */
static enum err
item_take(const struct run *r, struct item *i, const struct step *step,
    const struct answer *a, struct error *why)
{
	json_object *current = NULL, *ttl = json_object_object_get(i->values,
	    "ttl");
	struct address held;
	bool found;
	enum err rc;

	ttl = json_object_get(ttl);
	rc = step_take(r, step, a, &i->scope, i->values, &found, why);
	if (i->record->ttl != 0)
		json_object_object_add(i->values, "ttl", json_object_get(ttl));
	json_object_put(ttl);
	if (rc != ERR_OK)
		return rc;
	if (!i->record->remove && json_object_object_get_ex(i->values, "current", &current) &&
	    address_parse_any(&held, json_object_get_string(current)) &&
	    address_equal(&held, &i->record->address))
		settle(i, ERR_OK, false, NULL);
	return ERR_OK;
}

/* Does item b take part in the same request of the step as a? */
static bool
same_group(const struct item *a, const struct item *b, enum step_for times)
{
	if (a == b)
		return true;
	if (times == FOR_RRSET || a->zone != b->zone)
		return false;
	return times == FOR_ZONE ||
	    strcmp(a->record->name, b->record->name) == 0;
}

/* Has it been written, with no step left that it would take? */
static bool
complete(const struct description *d, const struct item *i)
{
	bool remove = i->record->remove;
	const struct step *steps = remove ? d->remove : d->steps;
	size_t count = remove ? d->remove_count : d->step_count;

	for (size_t s = i->next; s < count; s++)
		if (scope_holds_all(&i->scope, steps[s].conditions))
			return false;
	return i->written;
}

/* A failure that the others would meet, too; what is done stays done. */
static void
give_up(struct run *r, const struct error *why)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->items[i].todo && complete(r->description, &r->items[i]))
			settle(&r->items[i], ERR_OK, true, NULL);
	settle_all(r, why);
}

/* One request of a step, for the records of group. */
static enum err
step_group(struct run *r, const struct step *step, struct item **group,
    size_t count)
{
	struct scope scopes[PROVIDER_RECORDS_MAX];
	const struct scope *s = &group[0]->scope;
	struct error why = { .code = ERR_OK };
	struct answer a;
	bool skipped;
	enum err rc;

	for (size_t i = 0; i < count; i++)
		scopes[i] = group[i]->scope;
	if (step->times == FOR_ZONE)
		s = &group[0]->zone->scope;
	rc = step_perform(r, step, s, scopes, count, &a, &skipped, &why);
	for (size_t i = 0; i < count; i++) {
		enum err one = rc;

		if (one == ERR_OK && step->get != NULL && !skipped)
			one = item_take(r, group[i], step, &a, &why);
		if (one != ERR_OK)
			settle(group[i], one, false, &why);
		else if (a.unchanged)
			settle(group[i], ERR_OK, false, NULL);
		else if (step->get == NULL && !skipped)
			group[i]->written = true;
		group[i]->next = (size_t)(step - (group[i]->record->remove ?
		    r->description->remove : r->description->steps)) + 1;
	}
	json_object_put(a.tree);
	if (ends_run(rc))
		give_up(r, &why);
	return rc;
}

/* A rehearsal shows the steps of every case. */
static bool
condition_holds(const struct run *r, const struct item *item,
    const struct step *step)
{
	return r->rehearsal != NULL ||
	    scope_holds_all(&item->scope, step->conditions);
}

/* A step, for every record of a zone that is still to do. */
static void
step_zone(struct run *r, const struct step *step, const struct zone *zone,
    bool remove)
{
	bool done[PROVIDER_RECORDS_MAX] = { false };

	for (size_t i = 0; i < r->count; i++) {
		struct item *group[PROVIDER_RECORDS_MAX];
		size_t count = 0;

		for (size_t j = i; j < r->count; j++) {
			struct item *item = &r->items[j];

			if (done[j] || !item->todo || item->zone != zone ||
			    item->record->remove != remove ||
			    !same_group(&r->items[i], item, step->times) ||
			    !condition_holds(r, item, step))
				continue;
			done[j] = true;
			group[count++] = item;
		}
		if (count > 0)
			(void)step_group(r, step, group, count);
	}
}

/* After the last step: what was written is so, anything else is not. */
static void
conclude(struct run *r)
{
	struct error why;

	for (size_t i = 0; i < r->count; i++) {
		if (!r->items[i].todo)
			continue;
		/* Nothing was there that a step could have removed. */
		if (r->items[i].written || (r->items[i].record->remove &&
		    r->description->remove_count > 0)) {
			settle(&r->items[i], ERR_OK, r->items[i].written,
			    NULL);
			continue;
		}
		error_set(&why, ERR_REFUSED, "%s: %s",
		    r->provider->settings->name,
		    r->items[i].record->remove ? "its description cannot "
		    "remove addresses" : "no step wrote it");
		settle(&r->items[i], why.code, false, &why);
	}
}

static void
find_zones(struct run *r)
{
	struct error why;
	enum err rc;

	for (size_t i = 0; i < r->count; i++) {
		struct item *item = &r->items[i];

		if (!item->todo)
			continue;
		rc = zone_find(r, item->record, &item->zone, &why);
		if (rc == ERR_OK)
			rc = item_prepare(r, item, &why);
		if (ends_run(rc))
			settle_all(r, &why);
		else if (rc != ERR_OK)
			settle(item, rc, false, &why);
	}
}

static void
run_steps(struct run *r)
{
	const struct description *d = r->description;

	for (const struct zone *z = r->zones; z != NULL; z = z->next) {
		for (size_t i = 0; i < d->step_count; i++)
			step_zone(r, &d->steps[i], z, false);
		for (size_t i = 0; i < d->remove_count; i++)
			step_zone(r, &d->remove[i], z, true);
	}
	conclude(r);
}

/* A copy of its own, since the values of a run are wiped in the end. */
static bool
copy_value(json_object *values, const char *name, json_object *value)
{
	json_object *copy = NULL;

	return json_object_deep_copy(value, &copy, NULL) == 0 &&
	    json_object_object_add(values, name, copy) == 0;
}

static enum err
run_start(struct run *r, const char *token, struct error *why)
{
	const struct description *d = r->description;

	if ((r->values = json_object_new_object()) == NULL)
		return no_memory(why);
	json_object_object_foreach(r->provider->variables, name, value)
		if (!copy_value(r->values, name, value))
			return no_memory(why);
	r->scope = (struct scope){ NULL, r->values, &r->credential };
	return credential_split(&r->credential, token, d->parts,
	    d->part_count, why);
}

static void
run_end(struct run *r)
{
	zones_free(r);
	for (size_t i = 0; i < r->count; i++)
		json_object_put(r->items[i].values);
	credential_end(&r->credential);
	template_wipe(r->values);
}

static void
run(struct run *r, const char *token)
{
	const struct description *d = r->description;
	struct error why = { .code = ERR_OK };

	if (run_start(r, token, &why) == ERR_OK &&
	    run_once(r, d->begin, d->begin_count, &why) == ERR_OK) {
		find_zones(r);
		run_steps(r);
	} else {
		settle_all(r, &why);
	}
	/* A session that began must end, whatever came between. */
	(void)run_once(r, d->end, d->end_count, &why);
	run_end(r);
}

static void
start_items(struct item items[], struct provider_record *records,
    size_t count)
{
	assert(count <= PROVIDER_RECORDS_MAX);
	for (size_t i = 0; i < count; i++) {
		items[i] = (struct item){ .record = &records[i], .todo = true };
		records[i].result = ERR_REFUSED;
		records[i].changed = false;
		records[i].why = (struct error){ .code = ERR_OK };
	}
}

void
provider_publish(const struct provider *p, struct exchange *x,
    const char *token, struct provider_record *records, size_t count,
    int64_t deadline, long *retry_after)
{
	struct item items[PROVIDER_RECORDS_MAX];
	struct run r = { .provider = p, .description = p->description,
	    .exchange = x, .deadline = deadline, .items = items,
	    .count = count };

	start_items(items, records, count);
	if (p->description != NULL)
		run(&r, token);
	else
		rfc2136_publish(p, token, records, count, deadline);
	*retry_after = r.retry_after;
}

void
provider_rehearse(const struct provider *p, FILE *to,
    struct provider_record *records, size_t count)
{
	struct item items[PROVIDER_RECORDS_MAX];
	struct run r = { .provider = p, .description = p->description,
	    .rehearsal = to, .items = items, .count = count };
	static const char masked[] = "***:***:***:***";

	if (p->description == NULL) {
		rfc2136_rehearse(p, to, records, count);
		return;
	}
	/* Three characters a part, and a colon between. */
	start_items(items, records, count);
	run(&r, masked + 4 * (CREDENTIAL_PARTS_MAX - p->description->part_count));
}
