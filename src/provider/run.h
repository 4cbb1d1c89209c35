/*
 * run.h - a description at work, for the records of one request.
 *
 * Private to run.c, which begins and ends a run, zone.c, which finds the zone
 * of a name, and step.c, which carries out one step.
 */
#ifndef PROVIDER_RUN_H
#define PROVIDER_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <json-c/json.h>

#include "base/error.h"
#include "provider/answer.h"
#include "provider/credential.h"
#include "provider/description.h"
#include "provider/exchange.h"
#include "provider/provider.h"
#include "provider/template.h"

struct item;

/* A candidate for a zone, and what the zone step found. */
struct zone {
	struct zone	*next;
	char		*asked;		/* the candidate */
	char		*name;		/* NULL: no such zone */
	json_object	*values;
	struct scope	 scope;
	struct error	 why;		/* it could not be asked */
};

struct run {
	const struct provider	*provider;
	const struct description *description;
	struct exchange		*exchange;
	FILE			*rehearsal;	/* requests go here, and no further */
	int64_t			 deadline;
	struct credential	 credential;
	json_object		*values;	/* config.* and begin's captures */
	struct scope		 scope;
	struct zone		*zones;		/* every candidate that was tried */
	json_object		*zone_list;	/* an answer for every candidate, */
	char			*zone_list_of;	/* and the name that asked */
	struct item		*items;		/* known to run.c alone */
	size_t			 count;
	long			 retry_after;
};

/*
 * Makes the request of a step, sends it and judges the answer; the caller
 * puts a->tree.  each are the records of a step for a name or a zone.
 * *skipped: there was nothing to send.
 */
enum err step_perform(struct run *r, const struct step *step,
	    const struct scope *s, const struct scope *each, size_t count,
	    struct answer *a, bool *skipped, struct error *why);

/*
 * Adds to values what the step gets from the answer; in a rehearsal, "<id>".
 * *found: there was something to pick.
 */
enum err step_take(const struct run *r, const struct step *step,
	    const struct answer *a, const struct scope *s,
	    json_object *values, bool *found, struct error *why);

/*
 * The longest end of the record's name that the provider has as a zone; it
 * belongs to r.  ERR_ZONE: there is none.
 */
enum err zone_find(struct run *r, const struct provider_record *record,
	    const struct zone **result, struct error *why);

void	 zones_free(struct run *r);

/* Sets a variable. */
enum err set_text(json_object *values, const char *name, const char *text,
	    struct error *why);

#endif
