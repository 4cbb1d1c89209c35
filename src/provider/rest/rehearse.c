#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "address/hostname.h"
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

/* Prints the request of a step, unless it asks what was asked before. */
static void
show(struct rehearsal *r, const struct step *step, const struct values *v,
    const struct group *each)
{
	const struct endpoint *e = api_endpoint(r->tree.api, step);
	struct shown *s = calloc(1, sizeof *s);
	struct error ignored;

	if (s == NULL)
		return;
	if (compose(&s->message, r->tree.description, step, e->origin, e->path,
		v, each, &ignored) == ERR_OK &&
	    !s->message.empty && (step->writes || !was_shown(r, &s->message))) {
		fputs(step->label, r->to);
		print_conditions(r, &step->only_if);
		fputs(": ", r->to);
		message_print(&s->message, r->to);
	}
	if (step->writes)
		forget(r);
	s->next = r->shown;
	r->shown = s;
}

/* "<id>" stands for what a step would get. */
static void
pretend(const struct step *step, struct values *to)
{
	for (size_t i = 0; i < step->answer.gets.count; i++) {
		const struct get *g = &step->answer.gets.list[i];
		char text[VARIABLE_LEN_MAX + 3];
		struct error ignored;

		/* The zone is known, and nothing else is there yet. */
		if (g->variable < VARIABLE__FIXED)
			continue;
		snprintf(text, sizeof text, "<%s>", g->name);
		(void)values_set(to, g->variable, text, &ignored);
	}
}

static void
rehearse_session(struct rehearsal *r, const struct steps *steps)
{
	struct values *v = &r->tree.session;

	for (size_t i = 0; i < steps->count; i++)
		if (values_hold(v, &steps->list[i].only_if)) {
			show(r, &steps->list[i], v, NULL);
			pretend(&steps->list[i], v);
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
make_zone(struct rehearsal *r, struct name *n, const char *text)
{
	const struct description *d = r->tree.description;
	struct error ignored;
	struct zone *z = zone_new(&r->tree, &ignored);

	if (z == NULL)
		return NULL;
	z->name = hostname_normalise(text, false);
	if (z->name == NULL || !hostname_within(n->text, z->name) ||
	    values_set(&z->values, VARIABLE_ZONE, z->name, &ignored) !=
		ERR_OK ||
	    values_set(&n->values, VARIABLE_ZONE, z->name, &ignored) !=
		ERR_OK) {
		zone_free(z);
		return NULL;
	}
	if (d->has_zone && (n->given_zone == NULL || d->zone_gets_more)) {
		show(r, &d->zone, &n->values, NULL);
		pretend(&d->zone, &z->values);
	}
	z->next = r->tree.zones;
	return r->tree.zones = z;
}

static void
rehearse_zones(struct rehearsal *r)
{
	struct error ignored;

	for (size_t i = 0; i < r->tree.name_count; i++) {
		struct name *n = &r->tree.names[i];
		const char *text = guess_zone(r->tree.description, n);
		struct zone *z =
		    text != NULL ? tree_zone(&r->tree, text) : NULL;

		if (z == NULL && text != NULL)
			z = make_zone(r, n, text);
		if (z != NULL)
			(void)name_place(&r->tree, n, z, &ignored);
	}
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

/* One step for all records of a zone; it is shown whatever its condition is. */
static void
rehearse_step(struct rehearsal *r, const struct steps *plan,
    const struct step *step, const struct zone *z)
{
	bool done[PUBLICATIONS_MAX] = { false };

	for (size_t i = 0; i < r->tree.record_count; i++) {
		struct record *first = &r->tree.records[i];
		const struct values *all[PUBLICATIONS_MAX];
		struct group each = { all, 0 };

		if (done[i] || first->plan != plan || first->name->zone != z)
			continue;
		for (size_t j = i; j < r->tree.record_count; j++)
			if (takes_part(&r->tree.records[j], first, step)) {
				done[j] = true;
				all[each.count++] = &r->tree.records[j].values;
			}
		show(r, step,
		    step->level == LEVEL_ZONE ? &z->values : &first->values,
		    &each);
	}
	for (size_t i = 0; i < r->tree.record_count; i++)
		if (r->tree.records[i].plan == plan &&
		    r->tree.records[i].name->zone == z)
			pretend(step, &r->tree.records[i].values);
}

void
rehearse(const struct api *api, FILE *to, struct publication *const records[],
    size_t count)
{
	static const char masked[] = "***:***:***:***";
	const struct description *d = api->description;
	struct rehearsal *r = calloc(1, sizeof *r);
	struct error ignored;

	if (r == NULL)
		return;
	r->to = to;
	/* Three characters a part, and a colon between. */
	if (tree_start(&r->tree, api,
		masked + 4 * (TOKEN_PARTS_MAX - d->part_count), records, count,
		&ignored) == ERR_OK) {
		rehearse_session(r, &d->begin);
		rehearse_zones(r);
		for (struct zone *z = r->tree.zones; z != NULL; z = z->next) {
			for (size_t i = 0; i < d->steps.count; i++)
				rehearse_step(r, &d->steps, &d->steps.list[i],
				    z);
			for (size_t i = 0; i < d->remove.count; i++)
				rehearse_step(r, &d->remove, &d->remove.list[i],
				    z);
		}
		rehearse_session(r, &d->end);
	}
	forget(r);
	tree_end(&r->tree);
	free(r);
}
