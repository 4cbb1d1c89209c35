/*
 * rest.h - a provider with an API, spoken to as its description says.
 *
 * rest.c makes it ready, once.  For each request of a router run.c goes
 * through the steps: zone.c finds the zones, call.c carries out one step,
 * which compose.c makes a request of, exchange.c sends and answer.c judges.
 */
#ifndef PROVIDER_REST_REST_H
#define PROVIDER_REST_REST_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <json-c/json.h>

#include "base/error.h"
#include "provider/endpoint.h"
#include "provider/publication.h"
#include "provider/rest/description.h"
#include "https/exchange.h"

/* Start one as { .description = NULL }. */
struct rest {
	struct description *description;
	json_object *variables;	      /* "config.x" -> value */
	const struct endpoint *at;    /* of all steps, */
	const struct endpoint *begin; /* but those of begin */
};

/*
 * Finds and reads the description that the settings of at name, and checks it
 * against them.  Fills at, and begin where the description has a host of its
 * own for that; both must outlive r.  ERR_CONFIG names file, the operator's.
 */
enum err rest_read(struct rest *r, struct endpoint *at, struct endpoint *begin,
    const char *file, struct error *why);
void rest_end(struct rest *r);

/* As provider_publish(), which calls it. */
void rest_publish(const struct rest *r, struct exchanges *x, const char *token,
    struct publication *const records[], size_t count, int64_t deadline,
    long *retry_after);

/* As provider_rehearse(), which calls it. */
void rest_rehearse(const struct rest *r, FILE *to,
    struct publication *const records[], size_t count);

#endif
