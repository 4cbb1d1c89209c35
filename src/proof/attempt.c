#include "config.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/lack.h"
#include "proof/attempt.h"
#include "proof/response.h"
#include "tls/failure.h"
#include "tls/limits.h"
#include "tls/verify.h"

#define READ_MAX      (256UL << 10) /* bytes from the server, in all */
#define HANDSHAKE_MAX (64UL << 10)  /* one handshake message */
#define REQUEST_MAX   2048

enum stage { CONNECTING, HANDSHAKE, SENDING, RECEIVING, ENDED };

struct attempt {
	const struct attempt_terms *terms;
	enum stage stage;
	enum attempt_outcome outcome;
	struct error why;
	int fd;
	gnutls_session_t session;
	size_t read;	     /* bytes, against READ_MAX */
	unsigned char first; /* of these bytes */
	struct buffer request;
	size_t sent;	    /* bytes of request */
	struct address own; /* our end of the connection */
	char bytes[RESPONSE_MAX];
	size_t len;
	struct certificate_seen seen;
};

/* The one place where an attempt ends. */
static void
finish(struct attempt *a, enum attempt_outcome outcome)
{
	a->outcome = outcome;
	a->stage = ENDED;
	if (a->session != NULL) {
		/* A courtesy to the log of the server; not waited for. */
		if (outcome == ATTEMPT_PROVED)
			gnutls_bye(a->session, GNUTLS_SHUT_WR);
		gnutls_deinit(a->session);
		a->session = NULL;
	}
	if (a->fd != -1)
		close(a->fd);
	a->fd = -1;
	buffer_free(&a->request);
}

static void
fail(struct attempt *a, const char *what, const char *reason)
{
	error_set(&a->why, ERR_PROOF, "%s: %s", what, reason);
	finish(a, ATTEMPT_REFUSED);
}

/* The host may be about to come up; what was missing says nothing of it. */
static void
not_yet(struct attempt *a, const char *what, const char *reason)
{
	error_set(&a->why, ERR_PROOF, "%s: %s", what, reason);
	finish(a, ATTEMPT_NOT_YET);
}

/* We are at fault, not the host. */
static void
lack(struct attempt *a, const char *what, const char *reason)
{
	error_set(&a->why, ERR_SYSTEM, "%s: %s", what, reason);
	finish(a, ATTEMPT_LACKING);
}

static ssize_t
pull(gnutls_transport_ptr_t ptr, void *bytes, size_t len)
{
	struct attempt *a = ptr;
	ssize_t n;

	if (a->read >= READ_MAX) {
		gnutls_transport_set_errno(a->session, EMSGSIZE);
		return -1;
	}
	n = recv(a->fd, bytes, len, 0);
	if (n > 0 && a->read == 0)
		a->first = *(unsigned char *)bytes;
	if (n > 0)
		a->read += (size_t)n;
	else if (n == -1)
		gnutls_transport_set_errno(a->session, errno);
	return n;
}

static ssize_t
push(gnutls_transport_ptr_t ptr, const void *bytes, size_t len)
{
	struct attempt *a = ptr;
	ssize_t n = send(a->fd, bytes, len, MSG_NOSIGNAL);

	if (n == -1)
		gnutls_transport_set_errno(a->session, errno);
	return n;
}

/* Runs inside the handshake, before Finished: docs/reference/tls.md B.2. */
static int
verify(gnutls_session_t session)
{
	struct attempt *a = gnutls_session_get_ptr(session);
	const struct proof_settings *how = a->terms->how;
	enum err rc;

	if (a->terms->names != NULL)
		verify_names(session, a->terms->names);
	if (how->kind == PROOF_PIN) {
		verify_look(session, &a->seen);
		rc = verify_pin(session, how->pins, how->pin_count, &a->why);
	} else {
		rc = verify_certificate(session, a->terms->trust,
		    a->terms->host, &a->seen, &a->why);
	}
	return rc == ERR_OK ? 0 : GNUTLS_E_CERTIFICATE_ERROR;
}

/* Before GnuTLS computes with the message: docs/reference/tls.md B.4. */
static int
look_at(gnutls_session_t session, unsigned int type, unsigned int when,
    unsigned int incoming, const gnutls_datum_t *message)
{
	struct attempt *a = gnutls_session_get_ptr(session);

	(void)when;
	if (incoming && limits_check(session, type, message, &a->why) != ERR_OK)
		return GNUTLS_E_CERTIFICATE_ERROR;
	return 0;
}

static bool
session_start(struct attempt *a)
{
	static const gnutls_datum_t http = {
		(unsigned char *)(uintptr_t) "http/1.1", 8
	};
	const struct attempt_terms *t = a->terms;

	/*
	 * One key share, of the first group: a second one costs 6 % of a proof,
	 * and saves a round trip only where a server has no X25519.
	 */
	if (gnutls_init(&a->session,
		GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL |
		    GNUTLS_NO_TICKETS | GNUTLS_KEY_SHARE_TOP) < 0)
		return false;
	gnutls_session_set_ptr(a->session, a);
	gnutls_session_set_verify_function(a->session, verify);
	gnutls_handshake_set_hook_function(a->session, GNUTLS_HANDSHAKE_ANY,
	    GNUTLS_HOOK_PRE, look_at);
	gnutls_handshake_set_max_packet_length(a->session, HANDSHAKE_MAX);
	gnutls_handshake_set_timeout(a->session, 0);
	gnutls_transport_set_ptr(a->session, a);
	gnutls_transport_set_pull_function(a->session, pull);
	gnutls_transport_set_push_function(a->session, push);
	return gnutls_priority_set(a->session, t->priority) == 0 &&
	    gnutls_credentials_set(a->session, GNUTLS_CRD_CERTIFICATE,
		t->nobody) == 0 &&
	    gnutls_server_name_set(a->session, GNUTLS_NAME_DNS, t->host,
		strlen(t->host)) == 0 &&
	    (t->how->request == PROOF_TLS ||
		gnutls_alpn_set_protocols(a->session, &http, 1, 0) == 0);
}

static void
connect_start(struct attempt *a)
{
	struct sockaddr_storage ss;
	socklen_t len =
	    address_sockaddr(a->terms->address, a->terms->how->port, &ss);
	int on = 1;

	a->stage = CONNECTING;
	a->fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    IPPROTO_TCP);
	if (a->fd == -1) {
		lack_tell("socket", errno);
		lack(a, "socket", strerror(errno));
		return;
	}
	/* Else 40 ms for an acknowledgement: docs/reference/tls.md B.5. */
	(void)setsockopt(a->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (connect(a->fd, (struct sockaddr *)&ss, len) == -1 &&
	    errno != EINPROGRESS) {
		if (lack_is(errno))
			lack(a, "connect", strerror(errno));
		else
			not_yet(a, "connect", strerror(errno));
	}
}

static bool
own_address(struct attempt *a)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof ss;

	return getsockname(a->fd, (struct sockaddr *)&ss, &len) == 0 &&
	    address_from_sockaddr(&a->own, (struct sockaddr *)&ss);
}

static void
step_connect(struct attempt *a)
{
	int reason = 0;
	socklen_t len = sizeof reason;

	if (getsockopt(a->fd, SOL_SOCKET, SO_ERROR, &reason, &len) == -1)
		reason = errno;
	if (reason != 0)
		not_yet(a, "connect", strerror(reason));
	else if (!own_address(a))
		lack(a, "connect", "our own address is unknown");
	else if (!session_start(a))
		lack(a, "TLS", "the session could not be set up");
	else
		a->stage = HANDSHAKE;
}

/* GnuTLS ended with rc: was the connection cut, or did the host do wrong? */
static void
fail_tls(struct attempt *a, const char *what, int rc)
{
	/* RFC 8446 section 5.1: it begins with an alert or a handshake. */
	bool foreign = a->read > 0 && a->first != 21 && a->first != 22;
	bool cut = rc == GNUTLS_E_PULL_ERROR || rc == GNUTLS_E_PUSH_ERROR;

	if (rc == GNUTLS_E_MEMORY_ERROR)
		lack(a, what, "out of memory");
	else if (cut && a->read >= READ_MAX)
		fail(a, what, "the server sends without end");
	else if (cut || rc == GNUTLS_E_PREMATURE_TERMINATION)
		not_yet(a, what, failure_text(a->session, rc));
	else if (foreign)
		fail(a, what, "the server's answer is not TLS");
	else
		fail(a, what, failure_text(a->session, rc));
}

/* True when GnuTLS only waits for the socket. */
static bool
must_wait(ssize_t rc)
{
	return rc == GNUTLS_E_AGAIN || rc == GNUTLS_E_INTERRUPTED;
}

/* HTTP/1.0 for the echo, so that its answer is never chunked. */
static void
request_start(struct attempt *a)
{
	const struct proof_settings *how = a->terms->how;
	const char *echo = how->echo;

	a->request = (struct buffer){ .max = REQUEST_MAX };
	buffer_printf(&a->request, "%s %s %s\r\nHost: %s",
	    echo != NULL ? "GET" : "HEAD", echo != NULL ? echo : "/",
	    echo != NULL ? "HTTP/1.0" : "HTTP/1.1", a->terms->host);
	if (how->port != 443)
		buffer_printf(&a->request, ":%u", (unsigned int)how->port);
	buffer_puts(&a->request,
	    "\r\nUser-Agent: ddnsgate\r\n"
	    "Connection: close\r\n\r\n");
}

static void
step_handshake(struct attempt *a)
{
	int rc;

	/* A warning is no progress, but the next record may be. */
	do
		rc = gnutls_handshake(a->session);
	while (rc == GNUTLS_E_WARNING_ALERT_RECEIVED ||
	    rc == GNUTLS_E_INTERRUPTED);
	if (rc == GNUTLS_E_AGAIN)
		return;
	if (rc != GNUTLS_E_SUCCESS) {
		/* verify() or look_at() has said why. */
		if (a->why.code != ERR_OK)
			finish(a, ATTEMPT_REFUSED);
		else
			fail_tls(a, "TLS", rc);
		return;
	}
	if (gnutls_session_is_resumed(a->session)) {
		fail(a, "TLS", "the session was resumed");
		return;
	}
	if (a->terms->how->request == PROOF_TLS) {
		finish(a, ATTEMPT_PROVED);
		return;
	}
	request_start(a);
	if (a->request.failed)
		lack(a, "TLS", "out of memory");
	else
		a->stage = SENDING;
}

static void
step_send(struct attempt *a)
{
	int on = 1;
	ssize_t n = gnutls_record_send(a->session, a->request.data + a->sent,
	    a->request.len - a->sent);

	if (must_wait(n))
		return;
	if (n < 0) {
		fail_tls(a, "HTTP", (int)n);
		return;
	}
	a->sent += (size_t)n;
	if (a->sent < a->request.len)
		return;
	a->stage = RECEIVING;
	/* Else some servers wait for 40 ms: docs/reference/tls.md B.5. */
	(void)setsockopt(a->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

/* Looks at what has come so far; a verdict ends the attempt. */
static void
judge(struct attempt *a, bool closed)
{
	const char *echo = a->terms->how->echo;
	enum response r = echo != NULL ?
	    response_echoes(a->bytes, a->len, closed, &a->own) :
	    response_is_http(a->bytes, a->len);

	if (r == RESPONSE_GOOD)
		finish(a, ATTEMPT_PROVED);
	else if (r == RESPONSE_BAD && echo != NULL)
		fail(a, "echo",
		    "the host saw another address than ours, or "
		    "its answer is none");
	else if (r == RESPONSE_BAD)
		fail(a, "HEAD", "the answer is not HTTP/1.1");
	else if (closed)
		not_yet(a, "HTTP", "closed without an answer");
}

static void
step_receive(struct attempt *a)
{
	ssize_t n;

	/* Until it would wait: bytes that GnuTLS holds do not wake poll(). */
	while (a->stage == RECEIVING) {
		n = gnutls_record_recv(a->session, a->bytes + a->len,
		    sizeof a->bytes - a->len);
		if (must_wait(n))
			return;
		if (n == GNUTLS_E_WARNING_ALERT_RECEIVED)
			continue;
		if (n < 0) {
			fail_tls(a, "HTTP", (int)n);
			return;
		}
		a->len += (size_t)n;
		judge(a, n == 0);
	}
}

struct attempt *
attempt_start(const struct attempt_terms *terms)
{
	struct attempt *a = calloc(1, sizeof *a);

	if (a == NULL)
		return NULL;
	a->terms = terms;
	a->fd = -1;
	connect_start(a);
	return a;
}

void
attempt_free(struct attempt *a)
{
	if (a == NULL)
		return;
	if (a->stage != ENDED)
		finish(a, ATTEMPT_REFUSED);
	free(a);
}

int
attempt_fd(const struct attempt *a)
{
	return a->fd;
}

short
attempt_events(const struct attempt *a)
{
	if (a->stage == CONNECTING ||
	    (a->session != NULL &&
		gnutls_record_get_direction(a->session) == 1))
		return POLLOUT;
	return POLLIN;
}

enum attempt_outcome
attempt_step(struct attempt *a)
{
	if (a->stage == CONNECTING)
		step_connect(a);
	if (a->stage == HANDSHAKE)
		step_handshake(a);
	if (a->stage == SENDING)
		step_send(a);
	if (a->stage == RECEIVING)
		step_receive(a);
	return a->outcome;
}

void
attempt_expire(struct attempt *a)
{
	static const char *const phases[] = {
		[CONNECTING] = "connect",
		[HANDSHAKE] = "TLS",
		[SENDING] = "HTTP",
		[RECEIVING] = "HTTP",
	};

	if (a->stage != ENDED)
		not_yet(a, phases[a->stage], "no answer in time");
}

enum attempt_outcome
attempt_outcome(const struct attempt *a)
{
	return a->outcome;
}

bool
attempt_connected(const struct attempt *a)
{
	return a->stage > CONNECTING && a->stage < ENDED;
}

const struct certificate_seen *
attempt_seen(const struct attempt *a)
{
	return &a->seen;
}

const struct error *
attempt_why(const struct attempt *a)
{
	return &a->why;
}
