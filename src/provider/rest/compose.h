/*
 * compose.h - from a step of a description to the message that it asks for.
 */
#ifndef PROVIDER_REST_COMPOSE_H
#define PROVIDER_REST_COMPOSE_H

#include <stdbool.h>
#include <stdio.h>

#include <curl/curl.h>

#include "base/buffer.h"
#include "base/error.h"
#include "provider/description/description.h"
#include "provider/rest/values.h"

/* A request before it is sent.  It holds secrets; message_end() wipes them. */
struct message {
	const char *method;
	const char *origin; /* "https://host", borrowed */
	struct buffer path; /* with the query */
	struct curl_slist *headers;
	struct buffer body;
	bool empty;	       /* every member fell away: do not send it */
	struct buffer sigv4;   /* empty: not to be signed so */
	struct buffer userpwd; /* what sigv4 signs with */
};

/*
 * Fills *m, whatever it held before, and signs it.  origin and base are those
 * of the provider's URL: "https://host", and its path.  each are the records of
 * a step for a name or a zone, else NULL.  After a failure, too, message_end()
 * is due.  ERR_REFUSED as in fill.h.
 */
enum err compose(struct message *m, const struct description *d,
    const struct step *step, const char *origin, const char *base,
    const struct values *v, const struct group *each, struct error *why);

/* Adds a header, "Name: value".  ERR_MEMORY. */
enum err message_header(struct message *m, const char *line, struct error *why);

/* Would both of them be answered alike: do they ask the same? */
bool message_equal(const struct message *a, const struct message *b);

/* As a person reads it: the first line, then the headers and the body. */
void message_print(const struct message *m, FILE *to);

/*
 * Makes the path of m that of another page, which is where the same list goes
 * on: with query set to value, or, where query is NULL, the link value, a URL
 * of the same origin or its path.  to gets it.  ERR_REFUSED for a link to
 * another place, and for a path that is too long.
 */
enum err message_page(const struct message *m, const char *query,
    const char *value, struct buffer *to, struct error *why);

void message_end(struct message *m);

#endif
