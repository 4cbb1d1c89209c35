/*
 * run.h - a description at work, for the records of one request.
 *
 * Private to run.c, which begins and ends a run, zone.c, which finds the zone
 * of a name, and call.c, which carries out one step.
 */
#ifndef PROVIDER_REST_RUN_H
#define PROVIDER_REST_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "provider/token.h"
#include "provider/publication.h"
#include "provider/rest/answer.h"
#include "provider/rest/rest.h"
#include "provider/rest/scope.h"

struct item;
struct question;

/* A zone of the provider. */
struct zone {
	struct zone *next;
	char *name;
	struct scope scope; /* what the zone step got */
};

struct run {
	const struct rest *rest;
	const struct description *description;
	struct exchanges *exchanges;
	FILE *rehearsal; /* requests end here */
	int64_t deadline;
	struct token_parts token;
	struct scope config;	    /* what the operator gave, */
	struct scope scope;	    /* what begin got */
	struct zone *zones;	    /* those of the records */
	struct question *questions; /* known to call.c alone */
	size_t kept;		    /* bytes of their answers */
	struct question *looked_at; /* the one that has a tree */
	struct item *items;	    /* known to run.c alone */
	size_t count;
	long retry_after;
};

/*
 * Sends the request of a step and judges the answer, whose tree the caller
 * puts.  *sent: there was one; a body that comes to nothing is not sent.  What
 * only asks is sent once, whatever comes of it: as long as nothing was written,
 * the answer serves every step that asks the same.
 */
enum err call_perform(struct run *r, const struct step *step,
    const struct scope *s, const struct group *each, struct answer *a,
    bool *sent, struct error *why);

/* Forgets all answers. */
void call_forget(struct run *r);

/*
 * Sets in to what the step gets from the answer; in a rehearsal, "<id>".
 * *found: there was something to pick.
 */
enum err call_take(const struct run *r, const struct step *step,
    const struct answer *a, const struct scope *s, struct scope *to,
    bool *found, struct error *why);

/*
 * The longest end of the record's name that the provider has as a zone; it
 * belongs to r.  ERR_ZONE: there is none.
 */
enum err zone_find(struct run *r, const struct publication *record,
    const struct zone **result, struct error *why);

void zones_free(struct run *r);

#endif
