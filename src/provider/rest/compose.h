/*
 * compose.h - from a step of a description to the request that it asks for.
 */
#ifndef PROVIDER_REST_COMPOSE_H
#define PROVIDER_REST_COMPOSE_H

#include <stdbool.h>
#include <stddef.h>

#include <curl/curl.h>

#include "base/buffer.h"
#include "base/error.h"
#include "provider/rest/description.h"
#include "provider/rest/template.h"

/* Holds secrets; message_end() wipes it. */
struct message {
	struct buffer path; /* with the query */
	struct curl_slist *headers;
	struct buffer body;
	bool empty;	       /* the body came to nothing */
	struct buffer sigv4;   /* empty: not to be signed so */
	struct buffer userpwd; /* what sigv4 signs with */
};

/*
 * Fills *m, whatever it held before.  base is the path of the provider's URL;
 * each are the records of a step for a name or a zone, else NULL.  After a
 * failure, too, message_end() is due.
 */
enum err compose(struct message *m, const struct description *d,
    const struct step *step, const char *base, const struct scope *s,
    const struct group *each, struct error *why);

/* Adds a header, "Name: value". */
enum err message_header(struct message *m, const char *line, struct error *why);

void message_end(struct message *m);

#endif
