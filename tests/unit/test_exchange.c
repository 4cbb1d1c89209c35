/*
 * test_exchange.c - HTTPS requests against servers of every sort.
 *
 * The servers are processes on the loopback interface, one a connection; what
 * they saw is in memory that the test shares with them.
 */
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/shared.h"
#include "certificates.h"
#include "https/exchange.h"

#define HOST  "api.example.net"
#define TOKEN "a-token-that-must-not-leave"

/* Room for a busy machine; nothing waits that long when all is well. */
#define PATIENCE_MS 20000

#define TLS_1_2 "NORMAL:-VERS-ALL:+VERS-TLS1.2"
#define TLS_1_3 "NORMAL:-VERS-ALL:+VERS-TLS1.3"

enum behaviour {
	ANSWERS,       /* one answer after the other */
	ANSWERS_ONCE,  /* and closes */
	MEETS,	       /* answers when as many ask at once as MEETING */
	HANGS,	       /* reads, and says nothing */
	TALKS,	       /* a body without an end */
	NAMES_HEADERS, /* headers without an end */
	CHANGES,       /* shows another certificate before it answers */
	CHANGES_AFTER, /* and after its answer */
	DRIPS,	       /* goes on when its first bytes are acknowledged */
};

#define MEETING 4

/* What the servers of one test saw. */
struct seen {
	_Atomic unsigned int connections;
	_Atomic unsigned int over; /* of them */
	_Atomic unsigned int resumed;
	_Atomic unsigned int requests;
	_Atomic unsigned int waiting;
	_Atomic int64_t acknowledged;  /* ms after they were sent */
	_Atomic size_t bytes;	       /* of application data */
	_Atomic size_t bytes_of_other; /* after another certificate was shown */
	char last[4096];	       /* request */
	/* One session that can be resumed. */
	unsigned char id[64], session[8192];
	unsigned int id_len, session_len;
};

struct server {
	enum behaviour behaviour;
	const char *priority; /* NULL: TLS 1.3 or 1.2 */
	const struct identity *identity;
	const struct identity *other; /* of CHANGES */
	const char *address;	      /* NULL: 127.0.0.1 */
	const char *text;	      /* NULL: the usual answer */
	uint16_t port;		      /* 0: any; filled in */
	pid_t pid;
	struct seen *seen;
};

static struct identity ca, stranger, good;
static const char *ca_file, *stranger_file;
static struct trust *trust;
static struct exchanges *all;

/*
 * Servers
 */

static int
store(void *data, gnutls_datum_t id, gnutls_datum_t session)
{
	struct seen *seen = data;

	if (id.size > sizeof seen->id || session.size > sizeof seen->session)
		return -1;
	memcpy(seen->id, id.data, id.size);
	seen->id_len = id.size;
	memcpy(seen->session, session.data, session.size);
	seen->session_len = session.size;
	return 0;
}

static gnutls_datum_t
retrieve(void *data, gnutls_datum_t id)
{
	struct seen *seen = data;
	gnutls_datum_t session = { NULL, 0 };

	if (id.size != seen->id_len || memcmp(id.data, seen->id, id.size) != 0)
		return session;
	session.data = gnutls_malloc(seen->session_len);
	session.size = seen->session_len;
	memcpy(session.data, seen->session, seen->session_len);
	return session;
}

static int
forget(void *data, gnutls_datum_t id)
{
	(void)data;
	(void)id;
	return 0;
}

static bool
handshake(gnutls_session_t session)
{
	int rc;

	do
		rc = gnutls_handshake(session);
	while (rc < 0 && !gnutls_error_is_fatal(rc));
	return rc == 0;
}

/* Reads a request up to its empty line; bytes are counted in *to. */
static bool
read_request(gnutls_session_t session, struct seen *seen, _Atomic size_t *to)
{
	char request[sizeof seen->last] = "";
	size_t len = 0;

	while (strstr(request, "\r\n\r\n") == NULL) {
		ssize_t n = gnutls_record_recv(session, request + len,
		    sizeof request - 1 - len);

		if (n <= 0)
			return false;
		len += (size_t)n;
		request[len] = '\0';
		*to += (size_t)n;
	}
	memcpy(seen->last, request, sizeof request);
	seen->requests++;
	return true;
}

static void
say(gnutls_session_t session, const char *text)
{
	(void)gnutls_record_send(session, text, strlen(text));
}

static void
answer(gnutls_session_t session)
{
	say(session,
	    "HTTP/1.1 201 Made\r\nContent-Length: 5\r\n"
	    "Retry-After: 7\r\n\r\nhello");
}

static void
talk_for_ever(gnutls_session_t session, const char *first, const char *more)
{
	say(session, first);
	while (gnutls_record_send(session, more, strlen(more)) > 0)
		continue;
}

/* As a server does that lacks TCP_NODELAY. */
static void
drip(gnutls_session_t session, struct seen *seen)
{
	int fd = gnutls_transport_get_int(session), left;
	struct timespec pause = { 0, 1000000L };
	int64_t begin = clock_now();

	say(session, "HTTP/1.1 ");
	while (ioctl(fd, SIOCOUTQ, &left) == 0 && left > 0)
		nanosleep(&pause, NULL);
	seen->acknowledged = clock_now() - begin;
	say(session, "201 Made\r\nContent-Length: 0\r\n\r\n");
}

/* Shows another certificate in the same connection. */
static void
change(gnutls_session_t session, gnutls_certificate_credentials_t to,
    struct seen *seen)
{
	(void)gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, to);
	if (gnutls_rehandshake(session) < 0 || !handshake(session))
		return;
	answer(session);
	(void)read_request(session, seen, &seen->bytes_of_other);
}

static void
behave(const struct server *s, gnutls_session_t session,
    gnutls_certificate_credentials_t other)
{
	struct timespec pause = { 0, 1000000L };

	while (read_request(session, s->seen, &s->seen->bytes)) {
		switch (s->behaviour) {
		case ANSWERS:
			if (s->text != NULL)
				say(session, s->text);
			else
				answer(session);
			break;
		case ANSWERS_ONCE:
			answer(session);
			return;
		case MEETS:
			s->seen->waiting++;
			while (s->seen->waiting < MEETING)
				nanosleep(&pause, NULL);
			answer(session);
			break;
		case HANGS:
			(void)read_request(session, s->seen, &s->seen->bytes);
			return;
		case TALKS:
			talk_for_ever(session, "HTTP/1.1 200 OK\r\n\r\n",
			    "0123456789abcdef0123456789abcdef");
			return;
		case NAMES_HEADERS:
			talk_for_ever(session, "HTTP/1.1 200 OK\r\n",
			    "X-More: 0123456789abcdef0123456789\r\n");
			return;
		case DRIPS:
			drip(session, s->seen);
			return;
		case CHANGES:
			change(session, other, s->seen);
			return;
		case CHANGES_AFTER:
			answer(session);
			change(session, other, s->seen);
			return;
		}
	}
}

static void
serve(const struct server *s, int fd)
{
	gnutls_certificate_credentials_t own, other = NULL;
	gnutls_session_t session;

	s->seen->connections++;
	own = identity_credentials(s->identity);
	if (s->other != NULL)
		other = identity_credentials(s->other);
	gnutls_init(&session, GNUTLS_SERVER | GNUTLS_NO_TICKETS);
	gnutls_priority_set_direct(session,
	    s->priority != NULL ? s->priority : "NORMAL", NULL);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, own);
	gnutls_db_set_ptr(session, s->seen);
	gnutls_db_set_store_function(session, store);
	gnutls_db_set_retrieve_function(session, retrieve);
	gnutls_db_set_remove_function(session, forget);
	gnutls_transport_set_int(session, fd);
	if (handshake(session)) {
		s->seen->resumed += gnutls_session_is_resumed(session) != 0;
		behave(s, session, other);
		gnutls_bye(session, GNUTLS_SHUT_WR);
	}
	gnutls_deinit(session);
	gnutls_certificate_free_credentials(own);
	if (other != NULL)
		gnutls_certificate_free_credentials(other);
	close(fd);
	s->seen->over++;
}

static void
accept_all(const struct server *s, int listener)
{
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd != -1 && fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			close(listener);
			serve(s, fd);
			_exit(0);
		}
		close(fd);
	}
}

static void
server_start(struct server *s)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof at;
	int listener, on = 1;

	inet_pton(AF_INET, s->address != NULL ? s->address : "127.0.0.1",
	    &at.sin_addr);
	at.sin_port = htons(s->port);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	assert_int_equal(bind(listener, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(listener, 16), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len),
	    0);
	s->port = ntohs(at.sin_port);
	s->seen = shared_new(sizeof *s->seen);
	assert_non_null(s->seen);
	s->pid = fork();
	assert_int_not_equal(s->pid, -1);
	if (s->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGCHLD, SIG_IGN);
		signal(SIGPIPE, SIG_IGN);
		accept_all(s, listener);
	}
	close(listener);
}

/* Until a server has seen something; it is another process. */
static void
until_equal(_Atomic unsigned int *value, unsigned int wanted)
{
	int64_t end = clock_now() + PATIENCE_MS;
	struct timespec pause = { 0, 1000000L };

	while (*value != wanted && clock_left(end) > 0)
		nanosleep(&pause, NULL);
	assert_int_equal(*value, wanted);
}

/* Ends all connections, and waits until the server has read what they sent. */
static void
all_is_read(const struct server *s, unsigned int connections)
{
	exchanges_trim(all);
	until_equal(&s->seen->over, connections);
}

static void
server_stop(struct server *s)
{
	exchanges_trim(all);
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	shared_free(s->seen, sizeof *s->seen);
}

/*
 * Requests
 */

static struct target
target(const struct server *s, struct address *at)
{
	*at = unit_address(s->address != NULL ? s->address : "127.0.0.1");
	return (struct target){ .host = HOST,
		.port = s->port,
		.addresses = at,
		.address_count = 1,
		.ca = ca_file };
}

static const struct exchange_request get = { .method = "GET",
	.path = "/v1?t=" TOKEN };

/* One exchange from its start to its end; buffer_free() the answer's body. */
static enum err
ask(const struct target *to, const struct exchange_request *request,
    struct exchange_answer *copy, struct error *why)
{
	int64_t end = clock_now() + PATIENCE_MS;
	const struct exchange_answer *a;
	struct exchange *x;
	enum err rc;

	*copy = (struct exchange_answer){ .body.max = EXCHANGE_BODY_MAX };
	*why = (struct error){ .code = ERR_OK };
	if ((x = exchange_start(all, to, request, end, why)) == NULL)
		return why->code;
	while (!exchange_done(x))
		assert_int_equal(exchanges_wait(all, end), ERR_OK);
	rc = exchange_result(x, &a, why);
	if (rc == ERR_OK) {
		copy->status = a->status;
		copy->retry_after = a->retry_after;
		assert_true(buffer_add(&copy->body, a->body.data, a->body.len));
	}
	exchange_end(x);
	return rc;
}

/* How long to wait, as a status and a header say it. */
static const struct {
	int status;
	const char *header;
	long seconds; /* in_a_minute: about 60 */
	bool in_a_minute;
} waits[] = {
	{ 429, "X-Other: 1", 0, false },
	{ 429, "Retry-After: 20\r\nRateLimit-Reset: 30", 20, false },
	{ 429, "Retry-After: 86400", 3600, false },
	{ 429, "RateLimit-Reset: 30", 30, false },
	{ 429, "ratelimit-reset: 0.2", 1, false },
	{ 429, "X-RateLimit-Reset: 12", 12, false },
	{ 429, "", 0, true },
	{ 429, "X-Rate-Limit-Reset: 100000", 3600, false },
	{ 429, "X-RateLimit-Reset: 1000000001", 0, false },
	{ 429, "X-RateLimit-Reset: 99999999999999999999", 3600, false },
	{ 429, "X-RateLimit-Reset: -5", 0, false },
	{ 429, "X-RateLimit-Reset: soon", 0, false },
	{ 429, "RateLimit: \"default\";r=0;t=30", 30, false },
	{ 503, "Retry-After: 20", 20, false },
	{ 503, "RateLimit-Reset: 30", 0, false },
	{ 200, "RateLimit-Reset: 30", 0, false },
};

static void
test_limits_of_requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(waits); i++) {
		char header[128], text[256];
		struct server s = { .behaviour = ANSWERS,
			.identity = &good,
			.text = text };
		struct exchange_answer a;
		struct address at;
		struct error why;
		struct target to;
		long least = waits[i].seconds, most = least;

		if (waits[i].in_a_minute) {
			snprintf(header, sizeof header,
			    "X-RateLimit-Reset: %ld", (long)time(NULL) + 60);
			least = 1;
			most = 60;
		} else {
			snprintf(header, sizeof header, "%s", waits[i].header);
		}
		snprintf(text, sizeof text,
		    "HTTP/1.1 %d Told\r\n%s\r\nContent-Length: 0\r\n\r\n",
		    waits[i].status, header);
		server_start(&s);
		to = target(&s, &at);
		assert_int_equal(ask(&to, &get, &a, &why), ERR_OK);
		ROW(a.retry_after >= least && a.retry_after <= most,
		    "%d, %s: %ld", waits[i].status, header, a.retry_after);
		buffer_free(&a.body);
		server_stop(&s);
	}
	ROWS_END();
}

/* A GET whose answer does not matter. */
static enum err
ask_for_result(const struct target *to, struct error *why)
{
	struct exchange_answer a;
	enum err rc = ask(to, &get, &a, why);

	buffer_free(&a.body);
	return rc;
}

static void
test_answer(void **state)
{
	struct server s = { .behaviour = ANSWERS, .identity = &good };
	struct curl_slist *headers = curl_slist_append(NULL, "X-Key: " TOKEN);
	struct exchange_request put = { .method = "PUT",
		.path = "/v1/a?b=c",
		.headers = headers,
		.body = "12345",
		.body_len = 5 };
	struct exchange_answer a;
	struct address at;
	struct error why;
	struct target to;
	char expected[512];

	(void)state;
	server_start(&s);
	to = target(&s, &at);
	assert_int_equal(ask(&to, &put, &a, &why), ERR_OK);
	assert_int_equal(a.status, 201);
	assert_int_equal(a.retry_after, 7);
	assert_string_equal(a.body.data, "hello");
	buffer_free(&a.body);
	snprintf(expected, sizeof expected,
	    "PUT /v1/a?b=c HTTP/1.1\r\nHost: " HOST ":%u\r\n"
	    "User-Agent: " PACKAGE_NAME "/" PACKAGE_VERSION "\r\n"
	    "Accept: */*\r\nX-Key: " TOKEN "\r\nContent-Length: 5\r\n"
	    "Content-Type: application/x-www-form-urlencoded\r\n\r\n12345",
	    (unsigned int)s.port);
	assert_string_equal(s.seen->last, expected);
	curl_slist_free_all(headers);
	server_stop(&s);
}

static void
test_connection_is_kept(void **state)
{
	struct server s = { .behaviour = ANSWERS, .identity = &good };
	struct address at;
	struct error why;
	struct target to;

	(void)state;
	server_start(&s);
	to = target(&s, &at);
	for (int i = 0; i < 3; i++)
		assert_int_equal(ask_for_result(&to, &why), ERR_OK);
	assert_int_equal(s.seen->requests, 3);
	assert_int_equal(s.seen->connections, 1);
	server_stop(&s);
}

/* Whatever is wrong with a certificate: no byte of the request leaves. */
static void
test_refused_certificates(void **state)
{
	static const struct {
		struct leaf leaf;
		bool foreign; /* of a CA that the target does not trust */
		const char *reason;
	} rows[] = {
		{ { .names = { HOST }, .from_days = -30, .to_days = -1 },
		    .reason = "expired" },
		{ { .names = { HOST }, .from_days = 1, .to_days = 30 },
		    .reason = "not valid before" },
		{ { .names = { "www.example.net" } },
		    .reason = "not for this name" },
		{ { .names = { "*.api.example.net" } },
		    .reason = "not for this name" },
		{ { .common_name = HOST }, .reason = "for no host name" },
		{ { .names = { HOST }, .self_signed = true },
		    .reason = "its CA is not trusted" },
		{ { .names = { HOST } }, .foreign = true,
		    .reason = "its CA is not trusted" },
		{ { .names = { HOST }, .purpose = GNUTLS_KP_TLS_WWW_CLIENT },
		    .reason = "not for a TLS server" },
		{ { .names = { HOST }, .is_ca = true },
		    .reason = "one of a CA" },
		/* Too large to be looked at any closer: tls/limits.h. */
		{ { .names = { HOST }, .more_names = 200 },
		    .reason = "more than 32768" },
	};
	static const char *const priorities[] = { TLS_1_2, TLS_1_3 };

	(void)state;
	for (size_t i = 0; i < COUNT(rows) * COUNT(priorities); i++) {
		size_t row = i / COUNT(priorities);
		struct identity identity;
		struct server s = { .behaviour = ANSWERS,
			.identity = &identity,
			.priority = priorities[i % COUNT(priorities)] };
		struct address at;
		struct error why;
		struct target to;

		identity_make(&identity, rows[row].foreign ? &stranger : &ca,
		    &rows[row].leaf);
		server_start(&s);
		to = target(&s, &at);
		ROW(ask_for_result(&to, &why) == ERR_REFUSED &&
			strstr(why.text, rows[row].reason) != NULL,
		    "row %zu, %s: %s: %s", row, s.priority,
		    error_name(why.code), why.text);
		all_is_read(&s, 1);
		ROW(s.seen->bytes == 0, "row %zu, %s: %zu bytes left", row,
		    s.priority, (size_t)s.seen->bytes);
		server_stop(&s);
		identity_end(&identity);
	}
	ROWS_END();
}

/* Each target is judged by its own CA file, and by no other. */
static void
test_own_ca(void **state)
{
	struct identity theirs;
	struct server s = { .behaviour = ANSWERS, .identity = &theirs };
	struct address at;
	struct error why;
	struct target to;

	(void)state;
	identity_make(&theirs, &stranger, &(struct leaf){ .names = { HOST } });
	server_start(&s);
	to = target(&s, &at);
	assert_int_equal(ask_for_result(&to, &why), ERR_REFUSED);
	to.ca = stranger_file;
	assert_int_equal(ask_for_result(&to, &why), ERR_OK);
	/* The connection that is there now is not good for the other CA. */
	to.ca = ca_file;
	assert_int_equal(ask_for_result(&to, &why), ERR_REFUSED);
	assert_int_equal(s.seen->requests, 1);
	to.ca = "/not/loaded.pem";
	assert_int_equal(ask_for_result(&to, &why), ERR_CONFIG);
	to.ca = NULL;
	assert_int_equal(ask_for_result(&to, &why), ERR_CONFIG);
	server_stop(&s);
	identity_end(&theirs);
}

/* A connection to one name is of no use for another at the same address. */
static void
test_connection_of_another_host(void **state)
{
	struct server s = { .behaviour = ANSWERS, .identity = &good };
	struct address at;
	struct error why;
	struct target to;
	size_t bytes;

	(void)state;
	server_start(&s);
	to = target(&s, &at);
	assert_int_equal(ask_for_result(&to, &why), ERR_OK);
	bytes = s.seen->bytes;
	to.host = "other.example.net";
	assert_int_equal(ask_for_result(&to, &why), ERR_REFUSED);
	all_is_read(&s, 2);
	assert_int_equal(s.seen->bytes, bytes);
	server_stop(&s);
}

/* TLS 1.2 lets a server show a certificate again in the same connection. */
static void
test_certificate_that_changes(void **state)
{
	struct identity theirs;
	struct {
		enum behaviour behaviour;
		const struct identity *other;
		bool trusted;
	} rows[] = {
		{ CHANGES, &good, true },
		{ CHANGES, &theirs, false },
		{ CHANGES_AFTER, &theirs, false },
	};

	(void)state;
	identity_make(&theirs, &stranger, &(struct leaf){ .names = { HOST } });
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct server s = { .behaviour = rows[i].behaviour,
			.identity = &good,
			.other = rows[i].other,
			.priority = TLS_1_2 };
		struct address at;
		struct error why;
		struct target to;
		enum err first;

		server_start(&s);
		to = target(&s, &at);
		/*
		 * libcurl 8 fails where it must wait for the rest of the
		 * change; then there is no connection for the second.
		 */
		first = ask_for_result(&to, &why);
		(void)ask_for_result(&to, &why);
		all_is_read(&s, s.seen->connections);
		ROW((s.seen->bytes_of_other > 0) ==
			(rows[i].trusted && first == ERR_OK),
		    "row %zu: %zu bytes after the change", i,
		    (size_t)s.seen->bytes_of_other);
		server_stop(&s);
	}
	ROWS_END();
	identity_end(&theirs);
}

/* A resumed session shows no certificate that could be judged. */
static void
test_sessions_are_not_resumed(void **state)
{
	struct server s = { .behaviour = ANSWERS_ONCE,
		.identity = &good,
		.priority = TLS_1_2 };
	struct address at;
	struct error why;
	struct target to;

	(void)state;
	server_start(&s);
	to = target(&s, &at);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ask_for_result(&to, &why), ERR_OK);
		assert_int_equal(s.seen->connections, i + 1);
	}
	assert_true(s.seen->session_len > 0);
	assert_int_equal(s.seen->resumed, 0);
	server_stop(&s);
}

/* The host has moved: a connection to where it was is not used. */
static void
test_address_that_changes(void **state)
{
	struct server here = { .behaviour = ANSWERS, .identity = &good };
	struct server there = { .behaviour = ANSWERS,
		.identity = &good,
		.address = "127.0.0.2" };
	struct address at, moved;
	struct error why;
	struct target to;

	(void)state;
	server_start(&here);
	there.port = here.port;
	server_start(&there);
	to = target(&here, &at);
	assert_int_equal(ask_for_result(&to, &why), ERR_OK);
	to = target(&there, &moved);
	assert_int_equal(ask_for_result(&to, &why), ERR_OK);
	assert_int_equal(here.seen->requests, 1);
	assert_int_equal(there.seen->requests, 1);
	server_stop(&there);
	server_stop(&here);
}

/* Of two addresses, in two families, one has a server. */
static void
test_two_families(void **state)
{
	struct server s = { .behaviour = ANSWERS, .identity = &good };
	struct address at[2];
	struct error why;
	struct target to;

	(void)state;
	server_start(&s);
	to = target(&s, &at[0]);
	at[0] = unit_address("2001:db8::1");
	at[1] = unit_address("127.0.0.1");
	to.address_count = 2;
	assert_int_equal(ask_for_result(&to, &why), ERR_OK);
	assert_int_equal(s.seen->requests, 1);
	server_stop(&s);
}

static void
test_several_at_once(void **state)
{
	struct server s = { .behaviour = MEETS, .identity = &good };
	struct exchange *x[MEETING];
	const struct exchange_answer *a;
	int64_t end = clock_now() + PATIENCE_MS;
	struct address at;
	struct error why;
	struct target to;
	size_t done = 0;

	(void)state;
	server_start(&s);
	to = target(&s, &at);
	for (size_t i = 0; i < MEETING; i++) {
		x[i] = exchange_start(all, &to, &get, end, &why);
		assert_non_null(x[i]);
		assert_false(exchange_done(x[i]));
	}
	/* What is needed of the target was copied. */
	to = (struct target){ .host = "nowhere.example" };
	at = unit_address("192.0.2.1");
	while (done < MEETING) {
		size_t before = done;

		assert_int_equal(exchanges_wait(all, end), ERR_OK);
		done = 0;
		for (size_t i = 0; i < MEETING; i++)
			done += exchange_done(x[i]);
		assert_true(done > before);
	}
	for (size_t i = 0; i < MEETING; i++) {
		assert_int_equal(exchange_result(x[i], &a, &why), ERR_OK);
		assert_string_equal(a->body.data, "hello");
		exchange_end(x[i]);
	}
	/* Nothing is under way: nothing to wait for. */
	assert_int_equal(exchanges_wait(all, end), ERR_OK);
	assert_int_equal(s.seen->connections, MEETING);
	server_stop(&s);
}

static void
test_too_many(void **state)
{
	struct server s = { .behaviour = HANGS, .identity = &good };
	struct exchange *x[EXCHANGES_MAX];
	int64_t end = clock_now() + PATIENCE_MS;
	struct address at;
	struct error why;
	struct target to;

	(void)state;
	server_start(&s);
	to = target(&s, &at);
	for (size_t i = 0; i < EXCHANGES_MAX; i++)
		assert_non_null(
		    x[i] = exchange_start(all, &to, &get, end, &why));
	assert_null(exchange_start(all, &to, &get, end, &why));
	assert_int_equal(why.code, ERR_BUSY);
	exchange_end(x[0]);
	assert_non_null(x[0] = exchange_start(all, &to, &get, end, &why));
	for (size_t i = 0; i < EXCHANGES_MAX; i++)
		exchange_end(x[i]);
	server_stop(&s);
}

/* One loop for exchanges and for descriptors of the caller. */
static void
test_other_descriptors(void **state)
{
	struct server s = { .behaviour = HANGS, .identity = &good };
	int64_t end = clock_now() + PATIENCE_MS;
	struct pollfd other = { .events = POLLIN };
	struct exchange *x;
	struct address at;
	struct error why;
	struct target to;
	int ends[2];

	(void)state;
	server_start(&s);
	to = target(&s, &at);
	assert_int_equal(pipe(ends), 0);
	other.fd = ends[0];
	assert_non_null(x = exchange_start(all, &to, &get, end, &why));
	assert_int_equal(exchanges_wait_with(all, &other, 1, clock_now()),
	    ERR_UNREACHABLE);
	assert_int_equal(other.revents, 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_int_equal(exchanges_wait_with(all, &other, 1, end), ERR_OK);
	assert_int_equal(other.revents, POLLIN);
	assert_false(exchange_done(x));
	exchange_end(x);
	/* And with descriptors alone. */
	assert_int_equal(exchanges_wait_with(all, &other, 1, end), ERR_OK);
	assert_int_equal(other.revents, POLLIN);
	close(ends[0]);
	close(ends[1]);
	server_stop(&s);
}

static void
test_deadline(void **state)
{
	struct server s = { .behaviour = HANGS, .identity = &good };
	const struct timespec pause = { 0, 400000000L };
	const struct exchange_answer *a;
	struct exchange *x;
	struct address at;
	struct error why;
	struct target to;
	int64_t end;

	(void)state;
	server_start(&s);
	to = target(&s, &at);
	assert_null(exchange_start(all, &to, &get, clock_now(), &why));
	assert_int_equal(why.code, ERR_UNREACHABLE);
	end = clock_now() + 500;
	assert_non_null(x = exchange_start(all, &to, &get, end, &why));
	/* libcurl counts from the first wait; the deadline is a moment. */
	nanosleep(&pause, NULL);
	(void)exchanges_wait(all, end);
	assert_true(exchange_done(x));
	assert_int_equal(exchange_result(x, &a, &why), ERR_UNREACHABLE);
	assert_null(a);
	exchange_end(x);
	server_stop(&s);
}

/* What libcurl says instead of what came of it. */
static const struct {
	const char *what;
	bool add, perform, poll;
	CURLcode result;
	enum err starts, waits, ends;
} libcurl[] = {
	{ "takes no handle", .add = true, .starts = ERR_MEMORY },
	{ "cannot work", .perform = true, .waits = ERR_SYSTEM },
	{ "cannot wait", .poll = true, .waits = ERR_SYSTEM },
	{ "has no memory", .result = CURLE_OUT_OF_MEMORY, .ends = ERR_MEMORY },
	{ "does not verify", .result = CURLE_PEER_FAILED_VERIFICATION,
	    .ends = ERR_REFUSED },
	{ "knows no such protocol", .result = CURLE_UNSUPPORTED_PROTOCOL,
	    .ends = ERR_REFUSED },
	{ "reads nothing", .result = CURLE_RECV_ERROR,
	    .ends = ERR_UNREACHABLE },
};
static size_t failing = COUNT(libcurl); /* which row, or none */

CURLMcode __real_curl_multi_add_handle(CURLM *m, CURL *c);
CURLMcode __wrap_curl_multi_add_handle(CURLM *m, CURL *c);
CURLMcode __real_curl_multi_perform(CURLM *m, int *running);
CURLMcode __wrap_curl_multi_perform(CURLM *m, int *running);
CURLMcode __real_curl_multi_poll(CURLM *m, struct curl_waitfd *fds,
    unsigned int count, int ms, int *ready);
CURLMcode __wrap_curl_multi_poll(CURLM *m, struct curl_waitfd *fds,
    unsigned int count, int ms, int *ready);
CURLMsg *__real_curl_multi_info_read(CURLM *m, int *left);
CURLMsg *__wrap_curl_multi_info_read(CURLM *m, int *left);

CURLMcode
__wrap_curl_multi_add_handle(CURLM *m, CURL *c)
{
	return failing < COUNT(libcurl) && libcurl[failing].add ?
	    CURLM_OUT_OF_MEMORY :
	    __real_curl_multi_add_handle(m, c);
}

CURLMcode
__wrap_curl_multi_perform(CURLM *m, int *running)
{
	return failing < COUNT(libcurl) && libcurl[failing].perform ?
	    CURLM_INTERNAL_ERROR :
	    __real_curl_multi_perform(m, running);
}

CURLMcode
__wrap_curl_multi_poll(CURLM *m, struct curl_waitfd *fds, unsigned int count,
    int ms, int *ready)
{
	return failing < COUNT(libcurl) && libcurl[failing].poll ?
	    CURLM_INTERNAL_ERROR :
	    __real_curl_multi_poll(m, fds, count, ms, ready);
}

CURLMsg *
__wrap_curl_multi_info_read(CURLM *m, int *left)
{
	static CURLMsg copy;
	CURLMsg *said = __real_curl_multi_info_read(m, left);

	if (said == NULL || failing == COUNT(libcurl) ||
	    libcurl[failing].result == CURLE_OK)
		return said;
	copy = *said;
	copy.data.result = libcurl[failing].result;
	return &copy;
}

/* No answer is taken from a libcurl that failed. */
static void
test_libcurl_fails(void **state)
{
	struct server s = { .behaviour = ANSWERS, .identity = &good };
	int64_t end = clock_now() + PATIENCE_MS;
	struct address at;
	struct target to;

	(void)state;
	server_start(&s);
	to = target(&s, &at);
	for (size_t i = 0; i < COUNT(libcurl); i++) {
		const struct exchange_answer *a = NULL;
		struct error why = { .code = ERR_OK };
		enum err rc = ERR_OK;
		struct exchange *x;

		failing = i;
		x = exchange_start(all, &to, &get, end, &why);
		ROW((x == NULL ? why.code : ERR_OK) == libcurl[i].starts,
		    "%s: %s", libcurl[i].what, why.text);
		while (x != NULL && rc == ERR_OK && !exchange_done(x))
			rc = exchanges_wait(all, end);
		ROW(rc == libcurl[i].waits, "%s: waits for %s", libcurl[i].what,
		    error_name(rc));
		failing = COUNT(libcurl);
		if (x == NULL)
			continue;
		/* It is under way: its memory stays. */
		if (!exchange_done(x))
			exchanges_trim(all);
		if (exchange_done(x))
			ROW(exchange_result(x, &a, &why) == libcurl[i].ends &&
				a == NULL,
			    "%s: %s", libcurl[i].what, why.text);
		exchange_end(x);
	}
	server_stop(&s);
	ROWS_END();
}

/*
 * The second lock of each door: libcurl is led to where it must not go, and no
 * byte of a request leaves.
 */
enum lead {
	NOWHERE,
	ADDRESS,
	PORT,
	SEEN_ADDRESS,
	SEEN_PORT,
	NO_WORD,
	NO_TLS,
	OTHER_TLS
};

static const struct {
	const char *what;
	enum lead lead;
	const char *reason;
} leads[] = {
	{ "another address", ADDRESS,
	    "a connection to another address was prevented" },
	{ "another port", PORT,
	    "a connection to another address was prevented" },
	{ "what is no address", SEEN_ADDRESS,
	    "the connection leads to another address" },
	{ "another port than was connected", SEEN_PORT,
	    "the connection leads to another address" },
	{ "no word of TLS", NO_WORD, "the connection has no TLS" },
	{ "no TLS", NO_TLS, "the connection has no TLS" },
	{ "TLS of another library", OTHER_TLS, "the connection has no TLS" },
};
static enum lead lead;
static curl_prereq_callback real_before;
static uint16_t led_port;

CURLcode __real_curl_easy_setopt(CURL *c, CURLoption option, ...);
CURLcode __wrap_curl_easy_setopt(CURL *c, CURLoption option, ...);
CURLcode __real_curl_easy_getinfo(CURL *c, CURLINFO what, void *to);
CURLcode __wrap_curl_easy_getinfo(CURL *c, CURLINFO what, void *to);

static int
led_before(void *data, char *ip, char *own, int port, int own_port)
{
	static char nonsense[] = "nonsense";

	return real_before(data, lead == SEEN_ADDRESS ? nonsense : ip, own,
	    lead == SEEN_PORT ? port + 1 : port, own_port);
}

/* The text that leads to another place than the option does. */
static void *
mislead(CURLoption option, void *value)
{
	static struct curl_slist *list;
	static char text[128];

	if ((lead == ADDRESS || lead == PORT) && option == CURLOPT_RESOLVE) {
		curl_slist_free_all(list);
		snprintf(text, sizeof text, HOST ":%u:%s",
		    led_port + (lead == PORT), /* it has no other server */
		    lead == ADDRESS ? "127.0.0.2" : "127.0.0.1");
		return list = curl_slist_append(NULL, text);
	}
	if (lead == PORT && option == CURLOPT_URL) {
		snprintf(text, sizeof text, "https://" HOST ":%u/",
		    led_port + 1U);
		return text;
	}
	if (lead != NOWHERE && option == CURLOPT_PREREQFUNCTION) {
		*(void **)&real_before = value;
		*(int (**)(void *, char *, char *, int, int)) & value =
		    led_before;
	}
	return value;
}

CURLcode
__wrap_curl_easy_setopt(CURL *c, CURLoption option, ...)
{
	CURLcode rc;
	va_list list;

	va_start(list, option);
	if (option < CURLOPTTYPE_OBJECTPOINT)
		rc = __real_curl_easy_setopt(c, option, va_arg(list, long));
	else if (option >= CURLOPTTYPE_OFF_T)
		rc = __real_curl_easy_setopt(c, option,
		    va_arg(list, curl_off_t));
	else
		rc = __real_curl_easy_setopt(c, option,
		    mislead(option, va_arg(list, void *)));
	va_end(list);
	return rc;
}

CURLcode
__wrap_curl_easy_getinfo(CURL *c, CURLINFO what, void *to)
{
	static struct curl_tlssessioninfo other = { CURLSSLBACKEND_OPENSSL,
		NULL };

	if (what != CURLINFO_TLS_SSL_PTR ||
	    (lead != NO_WORD && lead != NO_TLS && lead != OTHER_TLS))
		return __real_curl_easy_getinfo(c, what, to);
	*(struct curl_tlssessioninfo **)to = lead == OTHER_TLS ? &other : NULL;
	return lead == NO_WORD ? CURLE_BAD_FUNCTION_ARGUMENT : CURLE_OK;
}

static void
test_second_locks(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(leads); i++) {
		struct server s = { .behaviour = ANSWERS, .identity = &good };
		struct address at;
		struct error why;
		struct target to;
		enum err rc;

		server_start(&s);
		to = target(&s, &at);
		led_port = s.port;
		lead = leads[i].lead;
		rc = ask_for_result(&to, &why);
		lead = NOWHERE;
		ROW(rc == ERR_REFUSED && strcmp(why.text, leads[i].reason) == 0,
		    "%s: %s: %s", leads[i].what, error_name(rc), why.text);
		all_is_read(&s, s.seen->connections);
		ROW(s.seen->bytes == 0, "%s: %zu bytes left", leads[i].what,
		    (size_t)s.seen->bytes);
		server_stop(&s);
	}
	ROWS_END();
}

/* The socket that there is none for. */
static int no_socket; /* errno; 0: there is one */

int __real_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol);

int
__wrap_socket(int domain, int type, int protocol)
{
	if (no_socket == 0)
		return __real_socket(domain, type, protocol);
	errno = no_socket;
	return -1;
}

/* A lack of ours is none of the provider's, and is told. */
static void
test_no_socket(void **state)
{
	static const struct {
		int number;
		enum err want;
		const char *why;
	} rows[] = {
		{ EMFILE, ERR_SYSTEM, "socket: Too many open files" },
		{ EAFNOSUPPORT, ERR_UNREACHABLE, NULL },
	};
	struct server s = { .behaviour = ANSWERS, .identity = &good };
	struct address at;
	struct target to;

	(void)state;
	server_start(&s);
	to = target(&s, &at);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error why;
		enum err rc;

		no_socket = rows[i].number;
		rc = ask_for_result(&to, &why);
		no_socket = 0;
		ROW(rc == rows[i].want &&
			(rows[i].why == NULL ||
			    strncmp(why.text, rows[i].why,
				strlen(rows[i].why)) == 0),
		    "%s: %s: %s", strerror(rows[i].number), error_name(rc),
		    why.text);
	}
	server_stop(&s);
	ROWS_END();
}

/* libcurl may not even start, nor start anew. */
static bool no_start;

UNIT_BETWEEN(no_start, CURLcode, curl_global_init, CURLE_FAILED_INIT,
    (long flags), (flags))
UNIT_BETWEEN(no_start, CURLM *, curl_multi_init, NULL, (void), ())

static void
test_libcurl_does_not_start(void **state)
{
	struct server s = { .behaviour = ANSWERS, .identity = &good };
	struct address at;
	struct error why;
	struct target to;

	(void)state;
	server_start(&s);
	to = target(&s, &at);
	assert_int_equal(ask_for_result(&to, &why), ERR_OK);
	no_start = true;
	assert_int_equal(exchange_setup(&why), ERR_SYSTEM);
	assert_string_equal(why.text, "libcurl does not start");
	assert_null(exchanges_new(trust));
	/* What is there stays, with its connection. */
	exchanges_trim(all);
	no_start = false;
	assert_int_equal(ask_for_result(&to, &why), ERR_OK);
	assert_int_equal(s.seen->connections, 1);
	server_stop(&s);
}

/* What ends one session is told of the request that it was made for. */
static void
test_failure_beside_another(void **state)
{
	struct identity large;
	struct server idle = { .behaviour = HANGS, .identity = &good },
		      broken = { .behaviour = ANSWERS, .identity = &large };
	int64_t end = clock_now() + PATIENCE_MS;
	const struct exchange_answer *a;
	struct exchange *x[2];
	struct address at[2];
	struct target to;
	struct error why;

	(void)state;
	identity_make(&large, &ca,
	    &(struct leaf){ .names = { HOST }, .more_names = 200 });
	server_start(&idle);
	server_start(&broken);
	to = target(&idle, &at[0]);
	assert_non_null(x[0] = exchange_start(all, &to, &get, end, &why));
	while (idle.seen->requests == 0 && clock_left(end) > 0)
		(void)exchanges_wait(all, clock_now() + 1);
	to = target(&broken, &at[1]);
	assert_non_null(x[1] = exchange_start(all, &to, &get, end, &why));
	assert_int_equal(exchanges_wait(all, end), ERR_OK);
	assert_true(exchange_done(x[1]));
	assert_int_equal(exchange_result(x[1], &a, &why), ERR_REFUSED);
	assert_non_null(strstr(why.text, "more than 32768"));
	assert_false(exchange_done(x[0]));
	exchange_end(x[1]);
	exchange_end(x[0]);
	server_stop(&idle);
	server_stop(&broken);
	identity_end(&large);
}

static void
test_limits(void **state)
{
	static const struct {
		enum behaviour behaviour;
		const char *reason;
	} rows[] = {
		{ TALKS, "the answer is longer than 1048576 bytes" },
		{ NAMES_HEADERS, "the headers are longer than 32768 bytes" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct server s = { .behaviour = rows[i].behaviour,
			.identity = &good };
		struct address at;
		struct error why;
		struct target to;

		server_start(&s);
		to = target(&s, &at);
		ROW(ask_for_result(&to, &why) == ERR_REFUSED &&
			strcmp(why.text, rows[i].reason) == 0,
		    "row %zu: %s: %s", i, error_name(why.code), why.text);
		server_stop(&s);
	}
	ROWS_END();
}

/* Linux delays it by 40 ms at least, unless told otherwise. */
static void
test_answers_are_acknowledged_at_once(void **state)
{
	struct server s = { .behaviour = DRIPS, .identity = &good };
	int64_t best = INT64_MAX;
	struct address at;
	struct error why;
	struct target to;

	(void)state;
	server_start(&s);
	to = target(&s, &at);
	for (int i = 0; i < 20 && best >= 20; i++) {
		assert_int_equal(ask_for_result(&to, &why), ERR_OK);
		if (s.seen->acknowledged < best)
			best = s.seen->acknowledged;
	}
	assert_true(best < 20);
	server_stop(&s);
}

static void
test_nobody_there(void **state)
{
	struct server s = { .behaviour = HANGS, .identity = &good };
	struct address at;
	struct error why;
	struct target to;

	(void)state;
	server_start(&s);
	to = target(&s, &at);
	server_stop(&s);
	assert_int_equal(ask_for_result(&to, &why), ERR_UNREACHABLE);
	assert_int_equal(why.code, ERR_UNREACHABLE);
}

static int
setup(void **state)
{
	struct error why;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	identity_make_ca(&ca, "a CA");
	identity_make_ca(&stranger, "another CA");
	identity_make(&good, &ca, &(struct leaf){ .names = { HOST } });
	ca_file = identity_file(&ca, "ca.pem");
	stranger_file = identity_file(&stranger, "stranger.pem");
	trust = trust_new();
	return exchange_setup(&why) != ERR_OK || trust == NULL ||
	    trust_load(trust, ca_file, &why) != ERR_OK ||
	    trust_load(trust, stranger_file, &why) != ERR_OK ||
	    (all = exchanges_new(trust)) == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	exchanges_free(all);
	exchange_teardown();
	trust_free(trust);
	identity_end(&good);
	identity_end(&stranger);
	identity_end(&ca);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_limits_of_requests),
		cmocka_unit_test(test_connection_is_kept),
		cmocka_unit_test(test_refused_certificates),
		cmocka_unit_test(test_own_ca),
		cmocka_unit_test(test_connection_of_another_host),
		cmocka_unit_test(test_certificate_that_changes),
		cmocka_unit_test(test_sessions_are_not_resumed),
		cmocka_unit_test(test_address_that_changes),
		cmocka_unit_test(test_two_families),
		cmocka_unit_test(test_several_at_once),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_other_descriptors),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_libcurl_fails),
		cmocka_unit_test(test_second_locks),
		cmocka_unit_test(test_no_socket),
		cmocka_unit_test(test_libcurl_does_not_start),
		cmocka_unit_test(test_failure_beside_another),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_answers_are_acknowledged_at_once),
		cmocka_unit_test(test_nobody_there),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
