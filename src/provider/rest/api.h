/*
 * api.h - a provider with an API, as the configuration and its description
 * say: made ready once, before the fork.
 */
#ifndef PROVIDER_REST_API_H
#define PROVIDER_REST_API_H

#include "base/error.h"
#include "provider/description/description.h"
#include "provider/endpoint.h"

/* Start one as { .description = NULL }. */
struct api {
	struct description *description;
	const struct endpoint *at;    /* of all steps, */
	const struct endpoint *login; /* but those of begin */
};

/*
 * Finds and reads the description that the settings of at name, and checks it
 * against them.  Fills at, and login where the description has a host of its
 * own for that; both must outlive a.  ERR_CONFIG names file, the operator's.
 */
enum err api_read(struct api *a, struct endpoint *at, struct endpoint *login,
    const char *file, struct error *why);
void api_end(struct api *a);

/* Whose host a step speaks to. */
const struct endpoint *api_endpoint(const struct api *a,
    const struct step *step);

/* What the operator gives as "config.x"; NULL: nothing.  Borrowed. */
json_object *api_config(const struct api *a, const char *variable);

#endif
