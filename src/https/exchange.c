#include "config.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gnutls/gnutls.h>

#include "base/clock.h"
#include "https/exchange.h"
#include "tls/verify.h"

#define URL_MAX	   16384
#define CONNECT_MS 4000

struct exchange {
	CURL *curl;

	/* Of the request under way, for the callbacks. */
	const struct target *to;
	struct exchange_answer *answer;
	size_t header_bytes;
	struct error refusal; /* of our own checks */
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

struct exchange *
exchange_new(void)
{
	struct exchange *x = calloc(1, sizeof *x);

	if (x != NULL && (x->curl = curl_easy_init()) == NULL) {
		free(x);
		return NULL;
	}
	return x;
}

void
exchange_free(struct exchange *x)
{
	if (x == NULL)
		return;
	curl_easy_cleanup(x->curl);
	free(x);
}

void
exchange_rest(struct exchange *x)
{
	CURL *fresh = curl_easy_init();

	if (fresh == NULL)
		return;
	curl_easy_cleanup(x->curl);
	x->curl = fresh;
	/* A bundle of 150 CAs leaves 4 MB behind. */
	malloc_trim(0);
}

static size_t
receive_body(char *bytes, size_t size, size_t count, void *data)
{
	struct exchange *x = data;

	if (!buffer_add(&x->answer->body, bytes, size * count)) {
		error_set(&x->refusal, ERR_REFUSED,
		    "the answer is longer than %zu bytes", x->answer->body.max);
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
target_has(const struct target *to, const struct address *a)
{
	for (size_t i = 0; i < to->address_count; i++)
		if (address_equal(&to->addresses[i], a))
			return true;
	return false;
}

/* CURLOPT_RESOLVE is the means; this is the guarantee. */
static curl_socket_t
open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *where)
{
	struct exchange *x = data;
	struct sockaddr_storage ss;
	struct address a;

	if (purpose != CURLSOCKTYPE_IPCXN ||
	    !address_from_sockaddr(&a, &where->addr) ||
	    !target_has(x->to, &a) ||
	    address_sockaddr(&a, x->to->port, &ss) != where->addrlen ||
	    memcmp(&ss, &where->addr, where->addrlen) != 0) {
		error_set(&x->refusal, ERR_REFUSED,
		    "a connection to another address was prevented");
		return CURL_SOCKET_BAD;
	}
	return socket(where->family, where->socktype | SOCK_CLOEXEC,
	    where->protocol);
}

/* After the handshake, before the request: the last door for the token. */
static int
before_request(void *data, char *primary_ip, char *local_ip, int primary_port,
    int local_port)
{
	struct exchange *x = data;
	struct curl_tlssessioninfo *tls = NULL;
	struct address a;

	(void)local_ip;
	(void)local_port;
	if (!address_parse_any(&a, primary_ip) || !target_has(x->to, &a) ||
	    primary_port != x->to->port) {
		error_set(&x->refusal, ERR_REFUSED,
		    "the connection leads to another address");
		return CURL_PREREQFUNC_ABORT;
	}
	if (curl_easy_getinfo(x->curl, CURLINFO_TLS_SSL_PTR, &tls) !=
		CURLE_OK ||
	    tls == NULL || tls->backend != CURLSSLBACKEND_GNUTLS ||
	    tls->internals == NULL) {
		error_set(&x->refusal, ERR_REFUSED,
		    "the connection has no TLS");
		return CURL_PREREQFUNC_ABORT;
	}
	if (verify_certificate(tls->internals, x->to->host, &x->refusal) !=
	    ERR_OK) {
		x->refusal.code = ERR_REFUSED;
		return CURL_PREREQFUNC_ABORT;
	}
	return CURL_PREREQFUNC_OK;
}

/* "host:443:192.0.2.1,[2001:db8::1]" */
static struct curl_slist *
resolve_list(const struct target *to)
{
	struct buffer entry = { .max = 1024 };
	struct curl_slist *list = NULL;

	buffer_printf(&entry, "%s:%u:", to->host, (unsigned int)to->port);
	for (size_t i = 0; i < to->address_count; i++) {
		char text[ADDRESS_TEXT_MAX];
		bool v6 = to->addresses[i].family == AF_INET6;

		buffer_printf(&entry, "%s%s%s%s", i == 0 ? "" : ",",
		    v6 ? "[" : "", address_format(&to->addresses[i], text),
		    v6 ? "]" : "");
	}
	if (!entry.failed)
		list = curl_slist_append(NULL, entry.data);
	buffer_free(&entry);
	return list;
}

static void
set_options(struct exchange *x, const struct exchange_request *request,
    const char *url, struct curl_slist *resolve, long timeout_ms)
{
	CURL *c = x->curl;

	curl_easy_reset(c);
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(c, CURLOPT_RESOLVE, resolve);
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
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(c, CURLOPT_CAINFO, x->to->ca);
	/* The default directory would cost 22 ms for each connection. */
	curl_easy_setopt(c, CURLOPT_CAPATH, NULL);

	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, timeout_ms);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS,
	    timeout_ms < CONNECT_MS ? timeout_ms : (long)CONNECT_MS);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, receive_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, receive_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, x);
	curl_easy_setopt(c, CURLOPT_USERAGENT,
	    PACKAGE_NAME "/" PACKAGE_VERSION);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, request->headers);
	if (request->body != NULL) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)request->body_len);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, request->body);
	}
	/* RFC 9110 section 8.6: such a request without a body says so. */
	if (request->body == NULL && strcmp(request->method, "GET") != 0 &&
	    strcmp(request->method, "DELETE") != 0) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, 0L);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, "");
	}
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, request->method);
	if (request->sigv4 != NULL) {
		curl_easy_setopt(c, CURLOPT_AWS_SIGV4, request->sigv4);
		curl_easy_setopt(c, CURLOPT_USERPWD, request->userpwd);
	}
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
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return error_set(why, ERR_REFUSED, "%s",
		    curl_easy_strerror(rc));
	default:
		return error_set(why, ERR_UNREACHABLE, "%s",
		    curl_easy_strerror(rc));
	}
}

enum err
exchange_perform(struct exchange *x, const struct target *to,
    const struct exchange_request *request, int64_t deadline,
    struct exchange_answer *answer, struct error *why)
{
	struct buffer url = { .max = URL_MAX };
	struct curl_slist *resolve = NULL;
	curl_off_t retry_after = 0;
	enum err rc = ERR_OK;
	CURLcode sent;

	x->to = to;
	x->answer = answer;
	x->header_bytes = 0;
	x->refusal = (struct error){ .code = ERR_OK };
	answer->status = 0;
	answer->retry_after = 0;
	buffer_clear(&answer->body);
	if (clock_left(deadline) == 0)
		return error_set(why, ERR_UNREACHABLE, "no time is left");
	buffer_printf(&url, "https://%s:%u%s", to->host, (unsigned int)to->port,
	    request->path);
	if (url.failed || (resolve = resolve_list(to)) == NULL) {
		rc = error_set(why, ERR_MEMORY, "the URL is too long");
		goto out;
	}
	set_options(x, request, url.data, resolve, clock_left(deadline));
	if ((sent = curl_easy_perform(x->curl)) != CURLE_OK) {
		rc = explain(x, sent, why);
		goto out;
	}
	curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &answer->status);
	curl_easy_getinfo(x->curl, CURLINFO_RETRY_AFTER, &retry_after);
	answer->retry_after = retry_after > 3600 ? 3600 : (long)retry_after;
out:
	/* The handle must not point to what ends here. */
	curl_easy_reset(x->curl);
	curl_slist_free_all(resolve);
	buffer_free(&url);
	return rc;
}
