/*
 * receivers.h - whom we tell what is new, ready to be reached.
 */
#ifndef NEWS_RECEIVERS_H
#define NEWS_RECEIVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/error.h"
#include "config/receiver.h"
#include "provider/endpoint.h"
#include "tls/trust.h"

#define RECEIVERS_RESOLVED_MAX RECEIVERS_MAX

/* One of the configuration. */
struct receiver {
	const struct receiver_settings *settings;
	struct endpoint at;
};

struct receivers {
	struct receiver list[RECEIVERS_MAX];
	size_t count;
	int64_t began; /* seconds since 1970, when the configuration was read */
	struct resolution *resolutions; /* one each; NULL: there is none */
};

/*
 * Makes those of s ready, which must outlive the result.  Each secret is read,
 * to see whether that can be done, and forgotten.  NULL on the first error,
 * which shows no URL.
 */
struct receivers *receivers_new(const struct settings *s, struct error *why);
void receivers_free(struct receivers *r);

/* Loads the CA files that judge their certificates. */
enum err receivers_trust(const struct receivers *r, struct trust *trust,
    struct error *why);

/*
 * Those whose hosts the resolver must be asked for, counted from 0; NULL after
 * the last.
 */
const struct endpoint *receivers_resolved(const struct receivers *r,
    size_t index);

/* From now on this process can only read what the resolver has found. */
bool receivers_only_read(const struct receivers *r);

/*
 * Adds path and query of the URL, with the secret in it, and makes *header the
 * line that carries the secret, or leaves it empty.  Both are secrets.  ending
 * is put behind the path, and query in place of the one that the URL has, if it
 * is not empty.
 */
enum err receiver_address(const struct receiver *r, const char *ending,
    const char *query, struct buffer *path, struct buffer *header,
    struct error *why);

/*
 * Prints who is told of what, and what its secret is used for; nothing of the
 * URL behind its host.
 */
void receiver_print(const struct receiver *r, FILE *to);

/* The same as JSON: name, form, to, events. */
json_object *receiver_json(const struct receiver *r);

#endif
