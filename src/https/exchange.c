#include "config.h"

#include <assert.h>
#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <gnutls/gnutls.h>

#include "base/clock.h"
#include "base/lack.h"
#include "base/secret.h"
#include "https/exchange.h"
#include "https/guard.h"
#include "tls/verify.h"

#define WAIT_MAX      3600	 /* longest Retry-After that is told */
#define SECONDS_MAX   1000000000 /* more of them are a moment since 1970 */
#define URL_MAX	      16384
#define CONNECT_MS    4000
#define UPLOAD_BUFFER 16384 /* the least that libcurl takes */

struct exchanges {
	const struct trust *trust;
	CURLM *multi;
	struct exchange *under_way; /* a list */
	size_t count;		    /* its length */
	size_t news;		    /* done since the last wait */
};

/* While under way it has a handle; afterwards only what came of it. */
struct exchange {
	struct exchanges *all;
	struct exchange *next;
	CURL *curl; /* NULL: done */
	int fd;	    /* the socket that was opened last for it; -1: none */
	int64_t deadline;

	/* Copies, which libcurl or its callbacks read. */
	char *host;
	uint16_t port;
	struct address *addresses;
	size_t address_count;
	const struct authorities *trust; /* borrowed */
	struct buffer url;
	struct buffer body;
	struct curl_slist *resolve;
	struct curl_slist *headers;

	struct exchange_answer answer;
	size_t header_bytes;
	bool other_address;   /* a kept connection leads to a former one */
	struct error refusal; /* of our own checks */
	struct error why;     /* of the whole; ERR_OK: the answer is one */
};

enum err
exchange_setup(struct error *why)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return error_set(why, ERR_SYSTEM, "libcurl does not start");
	return ERR_OK;
}

void
exchange_teardown(void)
{
	curl_global_cleanup();
}

/*
 * The connections of a worker
 */

static CURLM *
multi_new(void)
{
	CURLM *multi = curl_multi_init();

	if (multi == NULL)
		return NULL;
	curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
	    (long)EXCHANGES_MAX);
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)EXCHANGES_MAX);
	curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	return multi;
}

struct exchanges *
exchanges_new(const struct trust *trust)
{
	struct exchanges *all = calloc(1, sizeof *all);

	if (all != NULL && (all->multi = multi_new()) == NULL) {
		free(all);
		return NULL;
	}
	if (all != NULL)
		all->trust = trust;
	return all;
}

void
exchanges_free(struct exchanges *all)
{
	if (all == NULL)
		return;
	assert(all->under_way == NULL);
	curl_multi_cleanup(all->multi);
	free(all);
}

void
exchanges_trim(struct exchanges *all)
{
	CURLM *fresh;

	if (all->under_way != NULL || (fresh = multi_new()) == NULL)
		return;
	curl_multi_cleanup(all->multi);
	all->multi = fresh;
	malloc_trim(0);
}

/*
 * What libcurl calls
 */

static size_t
receive_body(char *bytes, size_t size, size_t count, void *data)
{
	struct exchange *x = data;

	if (!buffer_add(&x->answer.body, bytes, size * count)) {
		error_set(&x->refusal, ERR_REFUSED,
		    "the answer is longer than %zu bytes", x->answer.body.max);
		return 0;
	}
	return size * count;
}

static size_t
receive_header(char *bytes, size_t size, size_t count, void *data)
{
	struct exchange *x = data;

	(void)bytes;
	x->header_bytes += size * count;
	if (x->header_bytes > EXCHANGE_HEADERS_MAX) {
		error_set(&x->refusal, ERR_REFUSED,
		    "the headers are longer than %lu bytes",
		    EXCHANGE_HEADERS_MAX);
		return 0;
	}
	return size * count;
}

static bool
may_reach(const struct exchange *x, const struct address *a)
{
	for (size_t i = 0; i < x->address_count; i++)
		if (address_equal(&x->addresses[i], a))
			return true;
	return false;
}

/* Is it one of our addresses, and our port? */
static bool
may_connect(const struct exchange *x, const struct curl_sockaddr *where)
{
	struct sockaddr_storage ss;

	for (size_t i = 0; i < x->address_count; i++)
		if (address_sockaddr(&x->addresses[i], x->port, &ss) ==
			where->addrlen &&
		    memcmp(&ss, &where->addr, where->addrlen) == 0)
			return true;
	return false;
}

/* CURLOPT_RESOLVE may be ignored, this is not: docs/reference/tls.md C.1. */
static curl_socket_t
open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *where)
{
	struct exchange *x = data;
	int fd;

	(void)purpose;
	if (!may_connect(x, where)) {
		error_set(&x->refusal, ERR_REFUSED,
		    "a connection to another address was prevented");
		return CURL_SOCKET_BAD;
	}
	fd = socket(where->family, where->socktype | SOCK_CLOEXEC,
	    where->protocol);
	if (fd == -1 && lack_is(errno))
		lack_set(&x->refusal, "socket", errno);
	x->fd = fd;
	return fd;
}

/* NULL: there is none. */
static gnutls_session_t
session_of(const struct exchange *x)
{
	struct curl_tlssessioninfo *tls = NULL;

	if (curl_easy_getinfo(x->curl, CURLINFO_TLS_SSL_PTR, &tls) !=
		CURLE_OK ||
	    tls == NULL || tls->backend != CURLSSLBACKEND_GNUTLS)
		return NULL;
	return tls->internals;
}

/* Called by the guard, while libcurl works. */
static void
session_failed(struct exchanges *all, gnutls_session_t session,
    const struct error *why)
{
	for (struct exchange *x = all->under_way; x != NULL; x = x->next)
		if (session_of(x) == session && x->refusal.code == ERR_OK) {
			x->refusal = *why;
			if (why->code == ERR_PROOF)
				x->refusal.code = ERR_REFUSED;
		}
}

/* After the handshake, before the request: docs/reference/tls.md C.2. */
static int
before_request(void *data, char *primary_ip, char *local_ip, int primary_port,
    int local_port)
{
	struct exchange *x = data;
	gnutls_session_t session = session_of(x);
	struct address a;

	(void)local_ip;
	(void)local_port;
	if (!address_parse_any(&a, primary_ip) || !may_reach(x, &a) ||
	    primary_port != x->port) {
		x->other_address = true;
		error_set(&x->refusal, ERR_REFUSED,
		    "the connection leads to another address");
		return CURL_PREREQFUNC_ABORT;
	}
	if (session == NULL) {
		error_set(&x->refusal, ERR_REFUSED,
		    "the connection has no TLS");
		return CURL_PREREQFUNC_ABORT;
	}
	if (verify_against(session, x->trust, x->host, &x->refusal) != ERR_OK) {
		x->refusal.code = ERR_REFUSED;
		return CURL_PREREQFUNC_ABORT;
	}
	return CURL_PREREQFUNC_OK;
}

/*
 * One exchange
 */

/* "host:443:192.0.2.1,[2001:db8::1]" */
static struct curl_slist *
resolve_list(const struct exchange *x)
{
	struct buffer entry = { .max = 1024 };
	struct curl_slist *list = NULL;

	buffer_printf(&entry, "%s:%u:", x->host, (unsigned int)x->port);
	for (size_t i = 0; i < x->address_count; i++) {
		char text[ADDRESS_TEXT_MAX];
		bool v6 = x->addresses[i].family == AF_INET6;

		buffer_printf(&entry, "%s%s%s%s", i == 0 ? "" : ",",
		    v6 ? "[" : "", address_format(&x->addresses[i], text),
		    v6 ? "]" : "");
	}
	if (!entry.failed)
		list = curl_slist_append(NULL, entry.data);
	buffer_free(&entry);
	return list;
}

/* A copy of list is put at *to; false without memory. */
static bool
copy_headers(struct curl_slist **to, const struct curl_slist *list)
{
	for (; list != NULL; list = list->next) {
		struct curl_slist *longer = curl_slist_append(*to, list->data);

		if (longer == NULL)
			return false;
		*to = longer;
	}
	return true;
}

static enum err
copy_request(struct exchange *x, const struct target *to,
    const struct exchange_request *request, struct error *why)
{
	if (to->ca == NULL ||
	    (x->trust = trust_in(x->all->trust, to->ca)) == NULL)
		return error_set(why, ERR_CONFIG,
		    "the CA file of %s is not loaded", to->host);
	x->port = to->port;
	x->address_count = to->address_count;
	if ((x->host = strdup(to->host)) == NULL ||
	    (x->addresses = calloc(to->address_count, sizeof *x->addresses)) ==
		NULL)
		return error_memory(why);
	memcpy(x->addresses, to->addresses,
	    to->address_count * sizeof *x->addresses);
	buffer_printf(&x->url, "https://%s:%u%s", to->host,
	    (unsigned int)to->port, request->path);
	if (x->url.failed)
		return error_set(why, ERR_MEMORY, "the URL is too long");
	if (!copy_headers(&x->headers, request->headers) ||
	    (x->resolve = resolve_list(x)) == NULL)
		return error_memory(why);
	x->body.max = request->body_len;
	if (request->body != NULL &&
	    !buffer_add(&x->body, request->body, request->body_len))
		return error_memory(why);
	return ERR_OK;
}

/* Where the request goes, and who may answer. */
static void
set_target(struct exchange *x)
{
	CURL *c = x->curl;

	curl_easy_setopt(c, CURLOPT_URL, x->url.data);
	curl_easy_setopt(c, CURLOPT_RESOLVE, x->resolve);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, x);
	curl_easy_setopt(c, CURLOPT_PREREQFUNCTION, before_request);
	curl_easy_setopt(c, CURLOPT_PREREQDATA, x);

	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(c, CURLOPT_HTTP09_ALLOWED, 0L);

	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	/*
	 * before_request() judges the certificate, by CAs that were loaded
	 * before the fork.  libcurl would read its own copy of the file for
	 * each connection: 4 MB and 10 ms for the 150 CAs of a system.
	 */
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(c, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
	/* A resumed session shows a chain that nobody verified. */
	curl_easy_setopt(c, CURLOPT_SSL_SESSIONID_CACHE, 0L);
}

static void
set_request(struct exchange *x, const struct exchange_request *request)
{
	CURL *c = x->curl;

	/* All of it is wiped after each request; libcurl would take 64 kB. */
	curl_easy_setopt(c, CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_BUFFER);
	curl_easy_setopt(c, CURLOPT_USERAGENT,
	    PACKAGE_NAME "/" PACKAGE_VERSION);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, x->headers);
	if (request->body != NULL) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)x->body.len);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, x->body.data);
	}
	/* RFC 9110 section 8.6: such a request without a body says so. */
	if (request->body == NULL && strcmp(request->method, "GET") != 0 &&
	    strcmp(request->method, "DELETE") != 0) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, 0L);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, "");
	}
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, request->method);
	/*
	 * Since 8.14 libcurl refuses to sign what it may not normalise
	 * (its lib/http_aws_sigv4.c).  Nothing is lost: a path that
	 * provider/rest composes has no segment "." or "..".
	 */
	if (request->sigv4 == NULL) {
		curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
	} else {
		curl_easy_setopt(c, CURLOPT_AWS_SIGV4, request->sigv4);
		curl_easy_setopt(c, CURLOPT_USERPWD, request->userpwd);
	}
}

static void
set_limits(struct exchange *x)
{
	/* To libcurl 0 means no limit; end_late() ends it at the deadline. */
	long timeout_ms = clock_left(x->deadline) + 1L;
	CURL *c = x->curl;

	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, timeout_ms);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS,
	    timeout_ms < CONNECT_MS ? timeout_ms : (long)CONNECT_MS);
}

static void
set_answer(struct exchange *x)
{
	CURL *c = x->curl;

	curl_easy_setopt(c, CURLOPT_PRIVATE, x);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, receive_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, receive_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, x);
}

struct exchange *
exchange_start(struct exchanges *all, const struct target *to,
    const struct exchange_request *request, int64_t deadline, struct error *why)
{
	struct exchange *x;

	if (clock_left(deadline) == 0) {
		error_set(why, ERR_UNREACHABLE, "no time is left");
		return NULL;
	}
	if (all->count == EXCHANGES_MAX) {
		error_set(why, ERR_BUSY, "%d requests are under way already",
		    EXCHANGES_MAX);
		return NULL;
	}
	if ((x = calloc(1, sizeof *x)) == NULL) {
		error_memory(why);
		return NULL;
	}
	x->all = all;
	x->fd = -1;
	x->deadline = deadline;
	x->url.max = URL_MAX;
	x->answer.body.max =
	    request->answer_max != 0 ? request->answer_max : EXCHANGE_BODY_MAX;
	if (copy_request(x, to, request, why) != ERR_OK)
		goto fail;
	if ((x->curl = curl_easy_init()) == NULL) {
		error_memory(why);
		goto fail;
	}
	set_target(x);
	set_request(x, request);
	set_answer(x);
	set_limits(x);
	if (curl_multi_add_handle(all->multi, x->curl) != CURLM_OK) {
		curl_easy_cleanup(x->curl);
		x->curl = NULL;
		error_memory(why);
		goto fail;
	}
	x->next = all->under_way;
	all->under_way = x;
	all->count++;
	return x;
fail:
	exchange_end(x);
	return NULL;
}

/*
 * Takes x off the list.  Its connection may be kept; its handle goes, because
 * libcurl 8 keeps in it what it has sent last, and so the token.
 */
static void
let_go(struct exchange *x)
{
	struct exchange **at = &x->all->under_way;

	while (*at != x)
		at = &(*at)->next;
	*at = x->next;
	x->all->count--;
	curl_multi_remove_handle(x->all->multi, x->curl);
	curl_easy_cleanup(x->curl);
	x->curl = NULL;
}

/* Our own checks know better what happened than libcurl's code does. */
static enum err
explain(const struct exchange *x, CURLcode rc, struct error *why)
{
	if (x->refusal.code != ERR_OK) {
		*why = x->refusal;
		return why->code;
	}
	switch (rc) {
	case CURLE_OUT_OF_MEMORY:
		return error_memory(why);
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return error_set(why, ERR_REFUSED, "%s",
		    curl_easy_strerror(rc));
	default:
		return error_set(why, ERR_UNREACHABLE, "%s",
		    curl_easy_strerror(rc));
	}
}

/*
 * A connection was kept to an address that the host has had, but has no more.
 * Nothing was sent, so the exchange begins again with a connection of its own.
 */
static bool
begin_again(struct exchange *x)
{
	long connects = 0;

	curl_easy_getinfo(x->curl, CURLINFO_NUM_CONNECTS, &connects);
	if (!x->other_address || connects > 0)
		return false;
	x->other_address = false;
	x->refusal = (struct error){ .code = ERR_OK };
	curl_multi_remove_handle(x->all->multi, x->curl);
	curl_easy_setopt(x->curl, CURLOPT_FRESH_CONNECT, 1L);
	set_limits(x);
	return curl_multi_add_handle(x->all->multi, x->curl) == CURLM_OK;
}

static const char *
header_of(const struct exchange *x, const char *name)
{
	struct curl_header *h;

	return curl_easy_header(x->curl, name, 0, CURLH_HEADER, -1, &h) ==
		CURLHE_OK ?
	    h->value :
	    NULL;
}

/*
 * When a limit of requests is lifted, in seconds from now; 0: not said.  Some
 * say a moment since 1970, others the seconds that are left, as do both drafts
 * of the IETF: "RateLimit-Reset: 30" (-07) and "RateLimit: "name";r=0;t=30"
 * (-10).
 */
static long
seconds_of_limit(const struct exchange *x)
{
	static const char *const names[] = { "RateLimit-Reset",
		"X-RateLimit-Reset", "X-Rate-Limit-Reset", "RateLimit" };
	const char *text = NULL, *t;
	long long n, now = time(NULL);

	for (size_t i = 0; text == NULL && i < sizeof names / sizeof *names;
	     i++)
		text = header_of(x, names[i]);
	if (text == NULL)
		return 0;
	if ((t = strstr(text, ";t=")) != NULL)
		text = t + strlen(";t=");
	n = strtoll(text, NULL, 10);
	if (n > SECONDS_MAX)
		n -= now;
	else if (strchr(text, '.') != NULL)
		n++; /* a part of a second counts as a whole one */
	return n < 0 ? 0 : n > WAIT_MAX ? WAIT_MAX : (long)n;
}

static long
seconds_to_wait(const struct exchange *x)
{
	curl_off_t seconds = 0;

	curl_easy_getinfo(x->curl, CURLINFO_RETRY_AFTER, &seconds);
	if (seconds == 0 && x->answer.status == 429)
		return seconds_of_limit(x);
	return seconds > WAIT_MAX ? WAIT_MAX : (long)seconds;
}

static void
finish(struct exchange *x, CURLcode rc)
{
	if (rc != CURLE_OK && begin_again(x))
		return;
	if (rc != CURLE_OK) {
		explain(x, rc, &x->why);
	} else {
		curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE,
		    &x->answer.status);
		x->answer.retry_after = seconds_to_wait(x);
	}
	let_go(x);
	x->all->news++;
}

bool
exchange_done(const struct exchange *x)
{
	return x->curl == NULL;
}

enum err
exchange_result(const struct exchange *x, const struct exchange_answer **answer,
    struct error *why)
{
	assert(exchange_done(x));
	*answer = x->why.code == ERR_OK ? &x->answer : NULL;
	if (x->why.code != ERR_OK)
		*why = x->why;
	return x->why.code;
}

void
exchange_end(struct exchange *x)
{
	if (x == NULL)
		return;
	if (x->curl != NULL)
		let_go(x);
	for (struct curl_slist *h = x->headers; h != NULL; h = h->next)
		secret_wipe_string(h->data);
	curl_slist_free_all(x->headers);
	curl_slist_free_all(x->resolve);
	buffer_free(&x->url);
	buffer_free(&x->body);
	buffer_free(&x->answer.body);
	free(x->addresses);
	free(x->host);
	free(x);
}

/*
 * The wait
 */

/* An exchange ends at its deadline, whatever libcurl still waits for. */
static void
end_late(struct exchanges *all)
{
	struct exchange *x, *next;

	for (x = all->under_way; x != NULL; x = next) {
		next = x->next;
		if (clock_left(x->deadline) == 0)
			finish(x, CURLE_OPERATION_TIMEDOUT);
	}
}

/* Lets libcurl do what can be done now, and finishes what is over. */
static CURLMcode
work(struct exchanges *all)
{
	int running, left;
	const CURLMsg *m;
	CURLMcode rc;

	guard_begin(all, session_failed);
	rc = curl_multi_perform(all->multi, &running);
	guard_end();
	/* All messages that there are say that a transfer is done. */
	while ((m = curl_multi_info_read(all->multi, &left)) != NULL) {
		CURLcode result = m->data.result;
		struct exchange *x;

		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &x);
		finish(x, result);
	}
	end_late(all);
	return rc;
}

/*
 * Has what comes next acknowledged at once: docs/reference/tls.md B.5.  That
 * holds until something is sent.  If libcurl has given the socket up, and
 * another one has its number, it does no harm there.
 */
static void
acknowledge(const struct exchanges *all)
{
	const int on = 1;

	for (struct exchange *x = all->under_way; x != NULL; x = x->next)
		if (x->fd != -1)
			(void)setsockopt(x->fd, IPPROTO_TCP, TCP_QUICKACK, &on,
			    sizeof on);
}

static const struct {
	short poll;
	short curl;
} events[] = {
	{ POLLIN, CURL_WAIT_POLLIN },
	{ POLLPRI, CURL_WAIT_POLLPRI },
	{ POLLOUT, CURL_WAIT_POLLOUT },
};
#define EVENTS (sizeof events / sizeof *events)

/* One sleep; *ready: one of the others is. */
static CURLMcode
sleep_on(struct exchanges *all, struct pollfd *others, size_t count,
    int64_t until, bool *ready)
{
	struct curl_waitfd fds[EXCHANGES_OTHERS_MAX];
	CURLMcode rc;

	for (size_t i = 0; i < count; i++) {
		fds[i] = (struct curl_waitfd){ .fd = others[i].fd };
		for (size_t e = 0; e < EVENTS; e++)
			if ((others[i].events & events[e].poll) != 0)
				fds[i].events |= events[e].curl;
	}
	rc = curl_multi_poll(all->multi, fds, (unsigned int)count,
	    clock_left(until), NULL);
	for (size_t i = 0; i < count; i++) {
		others[i].revents = 0;
		for (size_t e = 0; e < EVENTS; e++)
			if ((fds[i].revents & events[e].curl) != 0)
				others[i].revents |= events[e].poll;
		*ready = *ready || others[i].revents != 0;
	}
	return rc;
}

enum err
exchanges_wait_with(struct exchanges *all, struct pollfd *others, size_t count,
    int64_t until)
{
	bool ready = false;

	assert(count <= EXCHANGES_OTHERS_MAX);
	for (size_t i = 0; i < count; i++)
		others[i].revents = 0;
	for (;;) {
		if (work(all) != CURLM_OK)
			return ERR_SYSTEM;
		if (all->news > 0 || ready)
			break;
		if (all->under_way == NULL && count == 0)
			break;
		if (clock_left(until) == 0)
			return ERR_UNREACHABLE;
		acknowledge(all);
		if (sleep_on(all, others, count, until, &ready) != CURLM_OK)
			return ERR_SYSTEM;
	}
	all->news = 0;
	return ERR_OK;
}

enum err
exchanges_wait(struct exchanges *all, int64_t until)
{
	return exchanges_wait_with(all, NULL, 0, until);
}
