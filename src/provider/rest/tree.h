/*
 * tree.h - the records of one request of a router, by zone and name.
 *
 * The tree has four levels: the session, its zones, their names, and the
 * records of each name.  Every node has values of its own and sees those of the
 * nodes around it.  Private to this folder.
 */
#ifndef PROVIDER_REST_TREE_H
#define PROVIDER_REST_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "provider/publication.h"
#include "provider/rest/api.h"
#include "provider/rest/values.h"
#include "provider/token.h"

struct call;

/* A zone of the provider. */
struct zone {
	struct zone *next;
	char *name; /* normalised */
	struct values values;
};

/* A host name with a record at least. */
struct name {
	const char *text;	/* normalised; may begin with "*." */
	const char *given_zone; /* by the operator; NULL: to be found */
	const char *candidate;	/* an end of text that may be the zone */
	struct zone *zone;	/* NULL: not known yet */
	struct values values;
	struct call *call; /* asks for the zone; or NULL */
};

/* A record on its way. */
struct record {
	struct publication *publication;
	struct name *name;
	const struct steps *plan; /* steps, or remove */
	struct values values;
	size_t step;	    /* of the plan: the next to be done */
	unsigned int batch; /* records of one request share it */
	bool todo;
	bool written;
	struct call *call; /* that it waits for; or NULL */
};

struct tree {
	const struct api *api;
	const struct description *description;
	struct token_parts token;
	struct values session;
	struct zone *zones;
	struct name names[PUBLICATIONS_MAX];
	size_t name_count;
	struct record records[PUBLICATIONS_MAX];
	size_t record_count;
};

/*
 * Starts a tree with count records, none of which has its zone yet.  token and
 * the records must outlive it.  ERR_TOKEN when token lacks a part, ERR_MEMORY;
 * tree_end() is due even then.
 */
enum err tree_start(struct tree *t, const struct api *api, const char *token,
    struct publication *const records[], size_t count, struct error *why);
void tree_end(struct tree *t);

/* The zone of that name, or NULL; a new one, or NULL and error_memory(). */
struct zone *tree_zone(const struct tree *t, const char *name);
struct zone *zone_new(const struct tree *t, struct error *why);
void zone_free(struct zone *z);

/*
 * Hangs a name below its zone, and sets what its records start with.
 * ERR_MEMORY.
 */
enum err name_place(struct tree *t, struct name *n, struct zone *zone,
    struct error *why);

/*
 * ERR_ZONE, for a name whose zone neither the operator gives nor the provider
 * finds; why says what to write, and where.
 */
enum err name_without_zone(const struct tree *t, const struct name *n,
    struct error *why);

/*
 * Sets ttl to what the provider takes of what the operator wants: not less than
 * the shortest time to live of the zone, which record_least_ttl() tells.
 */
enum err record_set_ttl(const struct tree *t, struct record *r,
    struct error *why);
int64_t record_least_ttl(const struct record *r);

/* The step that is next for a record; NULL: it has done all of its plan. */
const struct step *record_step(const struct record *r);

/* Ends a record with its result; why is that of a failure, or NULL. */
void record_end(struct record *r, enum err result, bool changed,
    const struct error *why);

/*
 * Ends a record that has taken its last step: it is published if something was
 * written, and else a failure of the description.
 */
void record_conclude(struct record *r, const char *provider);

#endif
