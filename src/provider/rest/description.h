/*
 * description.h - a provider's file, read and checked.
 *
 * One JSON object says how to talk to a provider: ddnsgate-provider(5).  All
 * that can be known without asking the provider is checked here, once.
 */
#ifndef PROVIDER_REST_DESCRIPTION_H
#define PROVIDER_REST_DESCRIPTION_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/error.h"
#include "provider/token.h"
#include "provider/rest/sign.h"
#include "provider/rest/step.h"

#define DESCRIPTION_TTLS_MAX 32

/* Everything borrowed belongs to the document. */
struct description {
	json_object *document;
	char *file;
	const char *name;
	const char *about;
	const char *base;
	const char *begin_base; /* of begin's steps; NULL: base */
	const char *parts[TOKEN_PARTS_MAX + 1]; /* of the token */
	size_t part_count;
	json_object *headers;
	char *basic; /* "user:password"; NULL: none */
	struct sign sign;
	json_object *expect;
	const char *error;     /* pointer to the text of an error */
	json_object *verdicts; /* word -> texts that mean it */
	const char *apex;      /* what {sub} is there */
	int64_t ttl, ttl_min, ttl_max;
	int64_t ttl_of[DESCRIPTION_TTLS_MAX]; /* ascending */
	size_t ttl_of_count;
	json_object *types;
	json_object *variables; /* {config.*} -> must it be given? */
	struct steps begin;
	struct step zone;
	bool has_zone;
	bool zone_gets_more; /* than the zone's name */
	bool zoneless;	     /* no step looks at a zone */
	struct steps steps;
	struct steps remove; /* instead of steps */
	struct steps end;
};

/*
 * Reads and checks one file.  NULL on the first error, which why tells with
 * the file, the place in it and the remedy.
 */
struct description *description_read(const char *file, struct error *why);
void description_free(struct description *d);

/* The time to live to ask for: wanted (0: none), within what is allowed. */
int64_t description_ttl(const struct description *d, int64_t wanted);

#endif
