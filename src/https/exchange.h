/*
 * exchange.h - one HTTPS request to a provider, and its answer.
 *
 * The connection is forced to addresses that we were given: no resolver, no
 * proxy, no redirect can lead the token elsewhere, and our own verifier sees
 * the certificate before the first byte of the request leaves.
 */
#ifndef HTTPS_EXCHANGE_H
#define HTTPS_EXCHANGE_H

#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#include "address/address.h"
#include "base/buffer.h"
#include "base/error.h"

#define EXCHANGE_BODY_MAX    (1UL << 20) /* of an answer */
#define EXCHANGE_HEADERS_MAX (32UL << 10)

struct exchange; /* a libcurl handle, kept for life by one worker */

/* Where a request may go. */
struct target {
	const char *host; /* normalised name */
	uint16_t port;
	const struct address *addresses;
	size_t address_count;
	const char *ca; /* file */
};

struct exchange_request {
	const char *method; /* GET, POST, PUT, PATCH, DELETE */
	const char *path;   /* with the query; encoded */
	const struct curl_slist *headers;
	const char *body; /* NULL: none */
	size_t body_len;
	const char *sigv4;   /* CURLOPT_AWS_SIGV4, or NULL */
	const char *userpwd; /* what it signs with, or NULL */
};

/* Start one as { .body.max = EXCHANGE_BODY_MAX }; buffer_free() its body. */
struct exchange_answer {
	long status;
	struct buffer body;
	long retry_after; /* seconds, 0: not said */
};

/* Once in a process, before the fork and before any other call. */
enum err exchange_setup(struct error *why);
void exchange_teardown(void);

/* NULL when out of memory.  Never carry one across a fork. */
struct exchange *exchange_new(void);
void exchange_free(struct exchange *x);

/* Closes kept connections and gives memory back; for a worker at rest. */
void exchange_rest(struct exchange *x);

/*
 * ERR_OK when a whole answer came, whatever its status.  ERR_UNREACHABLE: no
 * connection, or no whole answer before deadline.  ERR_REFUSED: the
 * certificate is wrong, or the answer breaks a limit.
 */
enum err exchange_perform(struct exchange *x, const struct target *to,
    const struct exchange_request *request, int64_t deadline,
    struct exchange_answer *answer, struct error *why);

#endif
