/*
 * exchange.h - HTTPS requests to forced addresses, several at a time.
 *
 * A connection leads only to addresses that the caller gives: no resolver, no
 * proxy, no redirect can lead a token elsewhere, and our own verifier judges
 * the certificate before the first byte of each request leaves.
 *
 * Nothing here blocks but exchanges_wait(): start some exchanges, wait, take
 * the results of those that are done, end them.  Built on libcurl's multi
 * interface, https://curl.se/libcurl/c/libcurl-multi.html.
 */
#ifndef HTTPS_EXCHANGE_H
#define HTTPS_EXCHANGE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#include "address/address.h"
#include "base/buffer.h"
#include "base/error.h"
#include "tls/trust.h"

#define EXCHANGE_BODY_MAX    (1UL << 20) /* of an answer */
#define EXCHANGE_HEADERS_MAX (32UL << 10)

#define EXCHANGES_MAX	     8	 /* under way at a time, and connections */
#define EXCHANGES_OTHERS_MAX 256 /* descriptors beside them in one wait */

struct exchanges; /* the connections of one worker, kept for its life */
struct exchange;  /* one request under way, or its answer */

/* Where a request may go. */
struct target {
	const char *host; /* normalised name */
	uint16_t port;
	const struct address *addresses;
	size_t address_count;
	const char *ca; /* file, of the trust that exchanges_new() got */
};

struct exchange_request {
	const char *method; /* GET, POST, PUT, PATCH, DELETE */
	const char *path;   /* with the query; encoded */
	const struct curl_slist *headers;
	const char *body; /* NULL: none */
	size_t body_len;
	const char *sigv4;   /* CURLOPT_AWS_SIGV4, or NULL */
	const char *userpwd; /* what it signs with, or NULL */
	size_t answer_max;   /* bytes of its body, 0: EXCHANGE_BODY_MAX */
};

struct exchange_answer {
	long status;
	struct buffer body;
	long retry_after; /* seconds, 0: not said */
};

/* Once in a process, before the fork and before any other call. */
enum err exchange_setup(struct error *why);
void exchange_teardown(void);

/*
 * trust: the CAs that judge the certificates of all targets; it must outlive
 * the result.  NULL when out of memory.  Never carry them across a fork.  End
 * each exchange before exchanges_free(), for which NULL is fine.
 */
struct exchanges *exchanges_new(const struct trust *trust);
void exchanges_free(struct exchanges *all);

/*
 * Closes idle connections and gives memory back, for a worker that has nothing
 * to do.  Does nothing while an exchange is under way.
 */
void exchanges_trim(struct exchanges *all);

/*
 * Begins an exchange, which ends by the deadline, a moment of clock_now().
 * Copies what it needs of target and request.  Sends nothing yet: the work is
 * done in exchanges_wait().
 * NULL: not started, and *why says so: ERR_UNREACHABLE, no time is left;
 * ERR_BUSY, EXCHANGES_MAX are under way; ERR_CONFIG, the target's CA file is
 * not loaded; ERR_MEMORY.
 */
struct exchange *exchange_start(struct exchanges *all, const struct target *to,
    const struct exchange_request *request, int64_t deadline,
    struct error *why);

bool exchange_done(const struct exchange *x);

/*
 * The result of an exchange that is done.  ERR_OK: a whole answer came,
 * whatever its status; *answer belongs to x, until exchange_end().  Else
 * *answer is NULL and *why is set: ERR_UNREACHABLE, no connection or no whole
 * answer by the deadline; ERR_REFUSED, the certificate is wrong or the answer
 * breaks a limit.
 */
enum err exchange_result(const struct exchange *x,
    const struct exchange_answer **answer, struct error *why);

/* Aborts it if it is under way; wipes and frees.  NULL is fine. */
void exchange_end(struct exchange *x);

/*
 * Works on all exchanges until at least one becomes done, or one of the others
 * is ready, or the moment comes.  What became done since the last wait counts,
 * so no result is slept over; what the caller keeps of older waits does not.
 * Returns at once when no exchange is under way and there are no others.
 * others: descriptors of the caller, as for poll(2), which sets their revents;
 * count is at most EXCHANGES_OTHERS_MAX.
 * An exchange whose deadline has passed is done when this returns.
 * ERR_OK; ERR_UNREACHABLE: the moment came first; ERR_SYSTEM: libcurl failed.
 */
enum err exchanges_wait(struct exchanges *all, int64_t until);
enum err exchanges_wait_with(struct exchanges *all, struct pollfd *others,
    size_t count, int64_t until);

#endif
