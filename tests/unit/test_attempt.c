/*
 * test_attempt.c - one connection to a host of every sort, and each call of it
 * that may fail: what comes of it, and that nothing is left open.
 *
 * The host is another session of this process, on the loopback interface.
 */
#include "unit.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "certificates.h"
#include "proof/attempt.h"

#define HOST "home.example.net"

/* Room for a busy machine; nothing waits that long when all is well. */
#define PATIENCE_MS 20000

#define TLS_1_2 "NORMAL:-VERS-ALL:+VERS-TLS1.2"

/*
 * The call that does otherwise than it would
 */

static bool ours; /* the attempt is at work, not its host */
static const char *failing = "";
static unsigned int met;       /* calls of it */
static unsigned int passed;    /* calls of it that go well first */
static unsigned int until = 1; /* and then so many fail */

static bool
fails(const char *name)
{
	if (!ours || strcmp(failing, name) != 0)
		return false;
	met++;
	return met > passed && met <= passed + until;
}

static bool
fails_with(const char *name, int number)
{
	if (!fails(name))
		return false;
	errno = number;
	return true;
}

static int number; /* what it says then: errno, or a code of GnuTLS */

#define FAILING(type, name, value, with, arguments)                      \
	UNIT_BETWEEN(fails_with(#name, number), type, name, value, with, \
	    arguments)

FAILING(int, socket, -1, (int domain, int type, int protocol),
    (domain, type, protocol))
FAILING(int, getsockopt, -1,
    (int fd, int level, int name, void *value, socklen_t *len),
    (fd, level, name, value, len))
FAILING(int, getsockname, -1, (int fd, struct sockaddr *sa, socklen_t *len),
    (fd, sa, len))
FAILING(ssize_t, send, -1, (int fd, const void *bytes, size_t len, int flags),
    (fd, bytes, len, flags))
FAILING(void *, malloc, NULL, (size_t size), (size))
FAILING(void *, calloc, NULL, (size_t count, size_t size), (count, size))
FAILING(int, gnutls_init, number,
    (gnutls_session_t * session, unsigned int flags), (session, flags))
FAILING(int, gnutls_priority_set, number,
    (gnutls_session_t session, gnutls_priority_t p), (session, p))
FAILING(int, gnutls_credentials_set, number,
    (gnutls_session_t session, gnutls_credentials_type_t type, void *c),
    (session, type, c))
FAILING(int, gnutls_server_name_set, number,
    (gnutls_session_t session, gnutls_server_name_type_t type, const void *name,
	size_t len),
    (session, type, name, len))
FAILING(int, gnutls_alpn_set_protocols, number,
    (gnutls_session_t session, const gnutls_datum_t *list, unsigned int count,
	unsigned int flags),
    (session, list, count, flags))
FAILING(int, gnutls_session_is_resumed, 1, (gnutls_session_t session),
    (session))
FAILING(int, gnutls_handshake, number, (gnutls_session_t session), (session))
FAILING(ssize_t, gnutls_record_recv, number,
    (gnutls_session_t session, void *data, size_t size), (session, data, size))

ssize_t __real_gnutls_record_send(gnutls_session_t session, const void *data,
    size_t size);
ssize_t __wrap_gnutls_record_send(gnutls_session_t session, const void *data,
    size_t size);

/* It may also take a part of what it is given. */
ssize_t
__wrap_gnutls_record_send(gnutls_session_t session, const void *data,
    size_t size)
{
	if (ours && strcmp(failing, "send, after the handshake") == 0)
		failing = "send";
	if (fails("gnutls_record_send")) {
		if (number < 0)
			return number;
		size = size < (size_t)number ? size : (size_t)number;
	}
	return __real_gnutls_record_send(session, data, size);
}

int __real_connect(int fd, const struct sockaddr *sa, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *sa, socklen_t len);

/* 0: it is over at once, as it never is here by itself. */
int
__wrap_connect(int fd, const struct sockaddr *sa, socklen_t len)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int rc;

	if (!fails("connect"))
		return __real_connect(fd, sa, len);
	if (number == 0) {
		rc = __real_connect(fd, sa, len);
		return poll(&p, 1, PATIENCE_MS) == 1 ? 0 : rc;
	}
	errno = number;
	return -1;
}

/*
 * The host
 */

#define SAYS_MAX 4

/* What a host does after the request. */
struct says {
	const char *text; /* NULL: no more */
	int warning;	  /* instead: this alert */
};

enum end { STAYS, GOODBYE, CUTS };

struct script {
	const char *raw; /* instead of a handshake; or before it, if it is */
	size_t raw_len;	 /* an alert */
	bool mute;	 /* accepts, and does nothing more */
	const char *priority; /* NULL: TLS 1.3 or 1.2 */
	struct says says[SAYS_MAX];
	enum end end;
};

struct host {
	const struct script *script;
	int listener, fd;
	uint16_t port;
	gnutls_session_t session;
	bool shaken, asked, over;
	size_t said;
	char request[2048];
	size_t len;
};

static struct identity ca, good;
static const char *ca_file;
static gnutls_certificate_credentials_t shown;
static struct trust *trust;
static gnutls_priority_t priority;

static void
host_start(struct host *h, const struct script *script)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof at;

	*h = (struct host){ .script = script, .fd = -1 };
	h->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(h->listener, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(h->listener, 4), 0);
	assert_int_equal(getsockname(h->listener, (struct sockaddr *)&at, &len),
	    0);
	h->port = ntohs(at.sin_port);
}

/* With what was not read it is a reset, else an end. */
static void
host_leave(struct host *h)
{
	static const struct linger now = { .l_onoff = 1 };

	if (h->session != NULL)
		gnutls_deinit(h->session);
	h->session = NULL;
	if (h->fd != -1) {
		if (h->script->end == CUTS)
			setsockopt(h->fd, SOL_SOCKET, SO_LINGER, &now,
			    sizeof now);
		close(h->fd);
	}
	h->fd = -1;
	h->over = true;
}

static void
host_stop(struct host *h)
{
	host_leave(h);
	close(h->listener);
}

static void
host_accept(struct host *h)
{
	const struct script *s = h->script;

	if ((h->fd = accept4(h->listener, NULL, NULL, SOCK_NONBLOCK)) == -1)
		return;
	if (s->raw != NULL)
		(void)send(h->fd, s->raw, s->raw_len, MSG_NOSIGNAL);
	if (s->raw != NULL && s->raw[0] != 21) {
		host_leave(h);
		return;
	}
	gnutls_init(&h->session, GNUTLS_SERVER | GNUTLS_NONBLOCK);
	gnutls_priority_set_direct(h->session,
	    s->priority != NULL ? s->priority : "NORMAL", NULL);
	gnutls_credentials_set(h->session, GNUTLS_CRD_CERTIFICATE, shown);
	gnutls_transport_set_int(h->session, h->fd);
}

/* Says the next thing, if the peer has asked. */
static void
host_speak(struct host *h)
{
	const struct script *s = h->script;
	const struct says *next = &s->says[h->said];
	ssize_t n;

	if (!h->asked) {
		n = gnutls_record_recv(h->session, h->request + h->len,
		    sizeof h->request - 1 - h->len);
		h->len += n > 0 ? (size_t)n : 0;
		h->asked = strstr(h->request, "\r\n\r\n") != NULL;
	} else if (h->said < SAYS_MAX && next->warning != 0) {
		gnutls_alert_send(h->session, GNUTLS_AL_WARNING,
		    (gnutls_alert_description_t)next->warning);
		h->said++;
	} else if (h->said < SAYS_MAX && next->text != NULL) {
		(void)gnutls_record_send(h->session, next->text,
		    strlen(next->text));
		h->said++;
	} else if (s->end != STAYS) {
		if (s->end == GOODBYE)
			gnutls_bye(h->session, GNUTLS_SHUT_WR);
		host_leave(h);
	}
}

static void
host_step(struct host *h)
{
	const struct script *s = h->script;

	if (h->over || s->mute)
		return;
	if (h->fd == -1)
		host_accept(h);
	else if (!h->shaken)
		h->shaken = gnutls_handshake(h->session) == 0;
	else
		host_speak(h);
}

/*
 * Attempts
 */

static struct proof_settings how;
static struct address here;
static struct attempt_terms terms;

static void
terms_make(const struct host *h, const char *echo, enum proof_request request)
{
	how = (struct proof_settings){ .kind = PROOF_CERTIFICATE,
		.request = request,
		.port = h->port,
		.ca = ca_file,
		.echo = echo };
	terms = (struct attempt_terms){ .host = HOST,
		.address = &here,
		.how = &how,
		.trust = trust_in(trust, ca_file),
		.nobody = trust_nobody(trust),
		.priority = priority };
}

/* Has the attempt and its host work, until it is over or has waited enough. */
static void
run(struct attempt *a, struct host *h)
{
	int64_t end = clock_now() + PATIENCE_MS;

	while (attempt_outcome(a) == ATTEMPT_UNDER_WAY && clock_left(end) > 0) {
		struct pollfd p = { .fd = attempt_fd(a),
			.events = attempt_events(a) };

		host_step(h);
		if (poll(&p, 1, 1) != 1)
			continue;
		ours = true;
		(void)attempt_step(a);
		ours = false;
	}
}

static struct attempt *
start(void)
{
	struct attempt *a;

	ours = true;
	a = attempt_start(&terms);
	ours = false;
	return a;
}

#define ANSWER "HTTP/1.1 200 OK\r\n\r\n"
#define OWN    "HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\n127.0.0.1"

static const struct {
	const char *title;
	struct script script;
	const char *echo;
	enum attempt_outcome outcome;
	const char *why; /* NULL: proved */
} hosts[] = {
	{ "HTTP", { .says = { { ANSWER, 0 } } }, NULL, ATTEMPT_PROVED, NULL },
	{ "in two parts, with a warning between",
	    { .priority = TLS_1_2,
		.says = { { "HTTP/1.", 0 }, { NULL, GNUTLS_A_USER_CANCELED },
		    { "1 404 No", 0 } } },
	    NULL, ATTEMPT_PROVED, NULL },
	{ "a warning before the handshake",
	    { .raw = "\x15\x03\x03\x00\x02\x01\x70",
		.raw_len = 7,
		.priority = TLS_1_2,
		.says = { { ANSWER, 0 } } },
	    NULL, ATTEMPT_PROVED, NULL },
	{ "no HTTP", { .says = { { "220 mail ready\r\n", 0 } } }, NULL,
	    ATTEMPT_REFUSED, "HEAD: the answer is not HTTP/1.1" },
	{ "an end before the answer", { .end = GOODBYE }, NULL, ATTEMPT_NOT_YET,
	    "HTTP: closed without an answer" },
	{ "an end within it", { .says = { { "HTTP/1.1", 0 } }, .end = GOODBYE },
	    NULL, ATTEMPT_NOT_YET, "HTTP: closed without an answer" },
	{ "a reset before the answer", { .end = CUTS }, NULL, ATTEMPT_NOT_YET,
	    "HTTP: the connection was reset" },
	{ "an echo", { .says = { { OWN, 0 } } }, "/ip", ATTEMPT_PROVED, NULL },
	{ "an echo of another address",
	    { .says = { { "HTTP/1.0 200 OK\r\n\r\n192.0.2.1", 0 } },
		.end = GOODBYE },
	    "/ip", ATTEMPT_REFUSED,
	    "echo: the host saw another address than ours, or its answer is "
	    "none" },
	{ "half an echo", { .says = { { "HTTP/1.0 2", 0 } }, .end = GOODBYE },
	    "/ip", ATTEMPT_NOT_YET, "HTTP: closed without an answer" },
	{ "no TLS", { .raw = "SSH-2.0-x\r\n", .raw_len = 11 }, NULL,
	    ATTEMPT_REFUSED, "TLS: the server's answer is not TLS" },
	{ "a refusal", { .raw = "\x15\x03\x03\x00\x02\x02\x28", .raw_len = 7 },
	    NULL, ATTEMPT_REFUSED,
	    "TLS: the server refuses (alert handshake_failure): it must speak "
	    "TLS 1.2 or 1.3 with ECDHE, and AES-GCM or ChaCha20-Poly1305, and "
	    "want no client certificate" },
};

/* Nothing of an attempt that has ended is open, and no step changes it. */
static void
check_end(const char *title, struct attempt *a)
{
	enum attempt_outcome outcome = attempt_outcome(a);
	char before[ERROR_TEXT_MAX];

	ROW(outcome != ATTEMPT_UNDER_WAY, "%s: no end", title);
	ROW(attempt_fd(a) == -1 && !attempt_connected(a) &&
		attempt_events(a) == POLLIN,
	    "%s: stays open", title);
	strcpy(before, attempt_why(a)->text);
	attempt_expire(a);
	ROW(attempt_step(a) == outcome &&
		strcmp(before, attempt_why(a)->text) == 0,
	    "%s: it goes on after its end", title);
}

static int
lowest_free(void)
{
	int fd = dup(STDERR_FILENO);

	close(fd);
	return fd;
}

static void
test_hosts(void **state)
{
	int first = lowest_free();

	(void)state;
	for (size_t i = 0; i < COUNT(hosts); i++) {
		struct host h;
		struct attempt *a;

		host_start(&h, &hosts[i].script);
		terms_make(&h, hosts[i].echo, PROOF_HEAD);
		assert_non_null(a = start());
		run(a, &h);
		ROW(attempt_outcome(a) == hosts[i].outcome &&
			(hosts[i].why == NULL ||
			    strcmp(attempt_why(a)->text, hosts[i].why) == 0),
		    "%s: %d, %s", hosts[i].title, (int)attempt_outcome(a),
		    attempt_why(a)->text);
		check_end(hosts[i].title, a);
		attempt_free(a);
		host_stop(&h);
	}
	assert_int_equal(lowest_free(), first);
	ROWS_END();
}

/* The same host, and one call of the attempt that fails. */
static const struct {
	const char *call;
	int number;
	unsigned int until; /* so often; 0: once */
	enum attempt_outcome outcome;
	const char *why;
} calls[] = {
	{ "socket", ENFILE, 0, ATTEMPT_LACKING,
	    "socket: Too many open files in system" },
	{ "connect", 0, 0, ATTEMPT_PROVED, NULL },
	{ "connect", ENETUNREACH, 0, ATTEMPT_NOT_YET,
	    "connect: Network is unreachable" },
	{ "connect", ENOBUFS, 0, ATTEMPT_LACKING,
	    "connect: No buffer space available" },
	{ "getsockopt", ENOMEM, 0, ATTEMPT_NOT_YET,
	    "connect: Cannot allocate memory" },
	{ "getsockname", ENOBUFS, 0, ATTEMPT_LACKING,
	    "connect: our own address is unknown" },
	{ "gnutls_init", GNUTLS_E_MEMORY_ERROR, 0, ATTEMPT_LACKING,
	    "TLS: the session could not be set up" },
	{ "gnutls_priority_set", GNUTLS_E_MEMORY_ERROR, 0, ATTEMPT_LACKING,
	    "TLS: the session could not be set up" },
	{ "gnutls_credentials_set", GNUTLS_E_MEMORY_ERROR, 0, ATTEMPT_LACKING,
	    "TLS: the session could not be set up" },
	{ "gnutls_server_name_set", GNUTLS_E_MEMORY_ERROR, 0, ATTEMPT_LACKING,
	    "TLS: the session could not be set up" },
	{ "gnutls_alpn_set_protocols", GNUTLS_E_MEMORY_ERROR, 0,
	    ATTEMPT_LACKING, "TLS: the session could not be set up" },
	{ "gnutls_handshake", GNUTLS_E_INTERRUPTED, 3, ATTEMPT_PROVED, NULL },
	{ "gnutls_handshake", GNUTLS_E_MEMORY_ERROR, 0, ATTEMPT_LACKING,
	    "TLS: out of memory" },
	{ "gnutls_handshake", GNUTLS_E_PUSH_ERROR, 0, ATTEMPT_NOT_YET,
	    "TLS: the connection was reset" },
	/* After that of tls/verify.c, which knows the chain by now. */
	{ "gnutls_session_is_resumed", 1, 0, ATTEMPT_REFUSED,
	    "TLS: the session was resumed" },
	{ "send", EAGAIN, 2, ATTEMPT_PROVED, NULL },
	{ "send", EPIPE, 0, ATTEMPT_NOT_YET, "TLS: the connection was reset" },
	{ "send, after the handshake", EAGAIN, 2, ATTEMPT_PROVED, NULL },
	{ "send, after the handshake", EINTR, 2, ATTEMPT_PROVED, NULL },
	{ "gnutls_record_send", 7, 100, ATTEMPT_PROVED, NULL },
	{ "gnutls_record_send", GNUTLS_E_PUSH_ERROR, 0, ATTEMPT_NOT_YET,
	    "HTTP: the connection was reset" },
	{ "gnutls_record_recv", GNUTLS_E_INTERRUPTED, 0, ATTEMPT_PROVED, NULL },
	{ "gnutls_record_recv", GNUTLS_E_WARNING_ALERT_RECEIVED, 0,
	    ATTEMPT_PROVED, NULL },
	{ "gnutls_record_recv", GNUTLS_E_PREMATURE_TERMINATION, 0,
	    ATTEMPT_NOT_YET, "HTTP: closed without an answer" },
	{ "gnutls_record_recv", GNUTLS_E_MEMORY_ERROR, 0, ATTEMPT_LACKING,
	    "HTTP: out of memory" },
};

static void
test_calls(void **state)
{
	static const struct script answers = { .says = { { ANSWER, 0 } } };
	int first = lowest_free();

	(void)state;
	for (size_t i = 0; i < COUNT(calls); i++) {
		struct host h;
		struct attempt *a;

		host_start(&h, &answers);
		terms_make(&h, NULL, PROOF_HEAD);
		failing = calls[i].call;
		number = calls[i].number;
		until = calls[i].until > 0 ? calls[i].until : 1;
		met = 0;
		passed = strcmp(failing, "gnutls_session_is_resumed") == 0;
		assert_non_null(a = start());
		run(a, &h);
		failing = "";
		ROW(met > 0, "%s was not called", calls[i].call);
		ROW(attempt_outcome(a) == calls[i].outcome &&
			(calls[i].why == NULL ||
			    strcmp(attempt_why(a)->text, calls[i].why) == 0),
		    "%s, %d: %d, %s", calls[i].call, calls[i].number,
		    (int)attempt_outcome(a), attempt_why(a)->text);
		/* We are at fault, or the host is. */
		ROW(attempt_why(a)->code ==
			(calls[i].outcome == ATTEMPT_PROVED ? ERR_OK :
				calls[i].outcome == ATTEMPT_LACKING ?
							      ERR_SYSTEM :
							      ERR_PROOF),
		    "%s, %d: %s", calls[i].call, calls[i].number,
		    error_name(attempt_why(a)->code));
		check_end(calls[i].call, a);
		attempt_free(a);
		host_stop(&h);
	}
	assert_int_equal(lowest_free(), first);
	ROWS_END();
}

/* Memory that is there for all but the request, and for none of it. */
static void
test_memory(void **state)
{
	static const struct script answers = { .says = { { ANSWER, 0 } } };
	struct attempt *a;
	struct host h;

	(void)state;
	host_start(&h, &answers);
	terms_make(&h, NULL, PROOF_HEAD);
	failing = "calloc";
	met = passed = 0;
	until = 1;
	assert_null(start());
	failing = "malloc";
	until = UINT_MAX;
	assert_non_null(a = start());
	run(a, &h);
	failing = "";
	assert_int_equal(attempt_outcome(a), ATTEMPT_LACKING);
	assert_string_equal(attempt_why(a)->text, "TLS: out of memory");
	attempt_free(a);
	host_stop(&h);
}

/* How far it came is told when its time is up; TLS alone may be enough. */
static void
test_time_is_up(void **state)
{
	static const struct script mute = { .mute = true }, silent = { NULL };
	static const struct {
		const struct script *script;
		enum proof_request request;
		unsigned int steps; /* of the attempt */
		const char *why;    /* NULL: it is proved */
	} rows[] = {
		{ &mute, PROOF_HEAD, 0, "connect: no answer in time" },
		{ &mute, PROOF_HEAD, 1, "TLS: no answer in time" },
		{ &silent, PROOF_HEAD, UINT_MAX, "HTTP: no answer in time" },
		{ &silent, PROOF_TLS, UINT_MAX, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t end = clock_now() + PATIENCE_MS;
		unsigned int steps = 0;
		struct attempt *a;
		struct host h;

		host_start(&h, rows[i].script);
		terms_make(&h, NULL, rows[i].request);
		assert_non_null(a = start());
		while (steps < rows[i].steps && !h.asked &&
		    attempt_outcome(a) == ATTEMPT_UNDER_WAY &&
		    clock_left(end) > 0) {
			struct pollfd p = { .fd = attempt_fd(a),
				.events = attempt_events(a) };

			host_step(&h);
			if (poll(&p, 1, 1) != 1)
				continue;
			(void)attempt_step(a);
			steps++;
		}
		ROW(attempt_connected(a) == (steps > 0 && rows[i].why != NULL),
		    "row %zu: %s", i, "connected, or not");
		attempt_expire(a);
		ROW(rows[i].why != NULL ?
			strcmp(attempt_why(a)->text, rows[i].why) == 0 :
			attempt_outcome(a) == ATTEMPT_PROVED,
		    "row %zu: %s", i, attempt_why(a)->text);
		attempt_free(a);
		host_stop(&h);
	}
	ROWS_END();
	/* One that is given up on the way. */
	attempt_free(NULL);
}

static void
test_given_up(void **state)
{
	static const struct script mute = { .mute = true };
	int first = lowest_free();
	struct attempt *a;
	struct host h;

	(void)state;
	host_start(&h, &mute);
	terms_make(&h, NULL, PROOF_HEAD);
	assert_non_null(a = start());
	assert_int_equal(attempt_events(a), POLLOUT);
	attempt_free(a);
	host_stop(&h);
	assert_int_equal(lowest_free(), first);
}

static int
setup(void **state)
{
	struct error why;

	(void)state;
	here = unit_address("127.0.0.1");
	identity_make_ca(&ca, "a CA");
	identity_make(&good, &ca, &(struct leaf){ .names = { HOST } });
	ca_file = identity_file(&ca, "ca.pem");
	shown = identity_credentials(&good);
	trust = trust_new();
	return log_open(&(struct log_settings){ .to = "/dev/null" }, &why) !=
	    ERR_OK ||
	    trust_load(trust, ca_file, &why) != ERR_OK ||
	    gnutls_priority_init(&priority, "NORMAL", NULL) != 0;
}

static int
teardown(void **state)
{
	(void)state;
	gnutls_priority_deinit(priority);
	gnutls_certificate_free_credentials(shown);
	trust_free(trust);
	identity_end(&good);
	identity_end(&ca);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_time_is_up),
		cmocka_unit_test(test_given_up),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
