#include "config.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gnutls/gnutls.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "proof/proof.h"
#include "proof/response.h"
#include "tls/trust.h"
#include "tls/verify.h"

/* TLS 1.2 and 1.3, forward secrecy, AEAD; no signature with SHA-1. */
#define PRIORITY                                           \
	"SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:"   \
	"-CIPHER-ALL:+AES-256-GCM:+AES-128-GCM:"           \
	"+CHACHA20-POLY1305:-RSA:-DHE-RSA:-SIGN-RSA-SHA1:" \
	"-SIGN-ECDSA-SHA1:%PROFILE_MEDIUM"
#define READ_MAX      (256UL << 10) /* bytes from one server, in all */
#define HANDSHAKE_MAX (64UL << 10)  /* one handshake message */

struct prover {
	struct trust *trust;
	gnutls_priority_t priority;
};

enum stage { CONNECTING, HANDSHAKE, SENDING, RECEIVING, DONE };

/* One proof under way. */
struct attempt {
	struct proof *proof;
	enum stage stage;
	int fd;
	gnutls_session_t session;
	size_t read; /* bytes, against READ_MAX */
	struct buffer request;
	size_t sent;
	struct address own; /* our end of the connection */
	char bytes[RESPONSE_MAX];
	size_t len;
};

struct prover *
prover_new(struct error *why)
{
	struct prover *p = calloc(1, sizeof *p);
	int rc = GNUTLS_E_MEMORY_ERROR;

	if (p == NULL || (p->trust = trust_new()) == NULL ||
	    (rc = gnutls_priority_init(&p->priority, PRIORITY, NULL)) < 0) {
		error_set(why, ERR_MEMORY, "TLS: %s", gnutls_strerror(rc));
		prover_free(p);
		return NULL;
	}
	return p;
}

void
prover_free(struct prover *p)
{
	if (p == NULL)
		return;
	trust_free(p->trust);
	if (p->priority != NULL)
		gnutls_priority_deinit(p->priority);
	free(p);
}

enum err
prover_prepare(struct prover *p, const struct proof_settings *how,
    struct error *why)
{
	if (how->kind != PROOF_CERTIFICATE)
		return ERR_OK;
	return trust_load(p->trust, how->ca, why);
}

/* The one place where an attempt ends. */
static void
finish(struct attempt *a, enum err result)
{
	a->proof->result = result;
	a->stage = DONE;
	if (a->session != NULL) {
		/* A courtesy to the log of the server; not waited for. */
		if (result == ERR_OK)
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
	error_set(&a->proof->why, ERR_PROOF, "%s: %s", what, reason);
	finish(a, ERR_PROOF);
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

/* Runs inside the handshake, as soon as the certificate is here. */
static int
verify(gnutls_session_t session)
{
	struct attempt *a = gnutls_session_get_ptr(session);
	const struct proof_settings *how = a->proof->how;
	enum err rc;

	if (how->kind == PROOF_PIN)
		rc = verify_pin(session, how->pins, how->pin_count,
		    &a->proof->why);
	else
		rc =
		    verify_certificate(session, a->proof->host, &a->proof->why);
	return rc == ERR_OK ? 0 : GNUTLS_E_CERTIFICATE_ERROR;
}

static bool
session_start(const struct prover *p, struct attempt *a)
{
	static const gnutls_datum_t http = {
		(unsigned char *)(uintptr_t) "http/1.1", 8
	};
	const struct proof *proof = a->proof;
	gnutls_certificate_credentials_t credentials =
	    trust_credentials(p->trust,
		proof->how->kind == PROOF_CERTIFICATE ? proof->how->ca : NULL);

	if (credentials == NULL ||
	    gnutls_init(&a->session,
		GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL |
		    GNUTLS_NO_TICKETS) < 0)
		return false;
	gnutls_session_set_ptr(a->session, a);
	gnutls_session_set_verify_function(a->session, verify);
	gnutls_handshake_set_max_packet_length(a->session, HANDSHAKE_MAX);
	gnutls_handshake_set_timeout(a->session, 0);
	gnutls_transport_set_ptr(a->session, a);
	gnutls_transport_set_pull_function(a->session, pull);
	gnutls_transport_set_push_function(a->session, push);
	return gnutls_priority_set(a->session, p->priority) == 0 &&
	    gnutls_credentials_set(a->session, GNUTLS_CRD_CERTIFICATE,
		credentials) == 0 &&
	    gnutls_server_name_set(a->session, GNUTLS_NAME_DNS, proof->host,
		strlen(proof->host)) == 0 &&
	    (proof->how->request == PROOF_TLS ||
		gnutls_alpn_set_protocols(a->session, &http, 1, 0) == 0);
}

static void
connect_start(struct attempt *a)
{
	struct sockaddr_storage ss;
	socklen_t len =
	    address_sockaddr(&a->proof->address, a->proof->how->port, &ss);
	int on = 1;

	a->stage = CONNECTING;
	a->fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    IPPROTO_TCP);
	if (a->fd == -1) {
		fail(a, "socket", strerror(errno));
		return;
	}
	/* Without it each proof waits 40 ms for a delayed acknowledgement. */
	(void)setsockopt(a->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (connect(a->fd, (struct sockaddr *)&ss, len) == -1 &&
	    errno != EINPROGRESS)
		fail(a, "connect", strerror(errno));
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
step_connect(const struct prover *p, struct attempt *a)
{
	int reason = 0;
	socklen_t len = sizeof reason;

	if (getsockopt(a->fd, SOL_SOCKET, SO_ERROR, &reason, &len) == -1)
		reason = errno;
	if (reason != 0)
		fail(a, "connect", strerror(reason));
	else if (!own_address(a))
		fail(a, "connect", "our own address is unknown");
	else if (!session_start(p, a))
		fail(a, "TLS", "the session could not be set up");
	else
		a->stage = HANDSHAKE;
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
	const struct proof *proof = a->proof;
	const char *echo = proof->how->echo;

	a->request = (struct buffer){ .max = 2048 };
	buffer_printf(&a->request, "%s %s %s\r\nHost: %s",
	    echo != NULL ? "GET" : "HEAD", echo != NULL ? echo : "/",
	    echo != NULL ? "HTTP/1.0" : "HTTP/1.1", proof->host);
	if (proof->how->port != 443)
		buffer_printf(&a->request, ":%u",
		    (unsigned int)proof->how->port);
	buffer_puts(&a->request,
	    "\r\nUser-Agent: ddnsgate\r\n"
	    "Connection: close\r\n\r\n");
}

static void
step_handshake(struct attempt *a)
{
	const struct proof *proof = a->proof;
	int rc;

	/* A warning is no progress, but the next record may be. */
	do
		rc = gnutls_handshake(a->session);
	while (rc == GNUTLS_E_WARNING_ALERT_RECEIVED ||
	    rc == GNUTLS_E_INTERRUPTED);
	if (rc == GNUTLS_E_AGAIN)
		return;
	if (rc != GNUTLS_E_SUCCESS) {
		if (proof->why.code != ERR_OK)
			finish(a, ERR_PROOF); /* verify() said why */
		else
			fail(a, "TLS", gnutls_strerror(rc));
		return;
	}
	if (gnutls_session_is_resumed(a->session)) {
		fail(a, "TLS", "the session was resumed");
		return;
	}
	if (proof->how->request == PROOF_TLS) {
		finish(a, ERR_OK);
		return;
	}
	request_start(a);
	if (a->request.failed)
		fail(a, "TLS", "out of memory");
	else
		a->stage = SENDING;
}

static void
step_send(struct attempt *a)
{
	ssize_t n = gnutls_record_send(a->session, a->request.data + a->sent,
	    a->request.len - a->sent);

	if (must_wait(n))
		return;
	if (n < 0) {
		fail(a, "HTTP", gnutls_strerror((int)n));
		return;
	}
	a->sent += (size_t)n;
	if (a->sent == a->request.len)
		a->stage = RECEIVING;
}

/* Looks at what has come so far; a verdict ends the attempt. */
static void
judge(struct attempt *a, bool closed)
{
	const char *echo = a->proof->how->echo;
	enum response r = echo != NULL ?
	    response_echoes(a->bytes, a->len, closed, &a->own) :
	    response_is_http(a->bytes, a->len);

	if (r == RESPONSE_GOOD)
		finish(a, ERR_OK);
	else if (r == RESPONSE_BAD && echo != NULL)
		fail(a, "echo",
		    "the host saw another address than ours, or "
		    "its answer is none");
	else if (r == RESPONSE_BAD)
		fail(a, "HEAD", "the answer is not HTTP");
	else if (closed)
		fail(a, "HTTP", "closed without an answer");
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
			fail(a, "HTTP", gnutls_strerror((int)n));
			return;
		}
		a->len += (size_t)n;
		judge(a, n == 0);
	}
}

static void
step(const struct prover *p, struct attempt *a)
{
	if (a->stage == CONNECTING)
		step_connect(p, a);
	if (a->stage == HANDSHAKE)
		step_handshake(a);
	if (a->stage == SENDING)
		step_send(a);
	if (a->stage == RECEIVING)
		step_receive(a);
}

static short
events_of(const struct attempt *a)
{
	if (a->stage == CONNECTING ||
	    (a->session != NULL &&
		gnutls_record_get_direction(a->session) == 1))
		return POLLOUT;
	return POLLIN;
}

static const char *
waiting_for(enum stage s)
{
	static const char *const phases[] = {
		[CONNECTING] = "connect",
		[HANDSHAKE] = "TLS",
		[SENDING] = "HTTP",
		[RECEIVING] = "HTTP",
		[DONE] = "done",
	};

	return phases[s];
}

/* Waits once; false when the deadline has passed or nothing is left. */
static bool
wait_once(struct attempt *attempts, size_t count, struct pollfd *fds,
    int64_t deadline)
{
	size_t open = 0;

	for (size_t i = 0; i < count; i++) {
		/* poll() passes over a negative descriptor. */
		fds[i] = (struct pollfd){ .fd = attempts[i].fd };
		if (attempts[i].stage == DONE)
			continue;
		fds[i].events = events_of(&attempts[i]);
		open++;
	}
	if (open == 0 || clock_left(deadline) == 0)
		return false;
	if (poll(fds, count, clock_left(deadline)) == -1 && errno != EINTR)
		return false;
	return true;
}

void
prover_run(struct prover *p, struct proof *const list[], size_t count,
    int64_t deadline)
{
	struct attempt *attempts = calloc(count, sizeof *attempts);
	struct pollfd *fds = calloc(count, sizeof *fds);
	int64_t start = clock_now();

	for (size_t i = 0; i < count; i++) {
		list[i]->result =
		    error_set(&list[i]->why, ERR_PROOF, "out of memory");
		list[i]->started = list[i]->ended = 0;
	}
	if (attempts == NULL || fds == NULL)
		goto out;
	for (size_t i = 0; i < count; i++) {
		list[i]->why = (struct error){ .code = ERR_OK };
		list[i]->started = (int)(clock_now() - start);
		attempts[i] = (struct attempt){ .proof = list[i], .fd = -1 };
		if (list[i]->how->kind == PROOF_NONE)
			finish(&attempts[i], ERR_OK);
		else
			connect_start(&attempts[i]);
	}
	while (wait_once(attempts, count, fds, deadline)) {
		for (size_t i = 0; i < count; i++) {
			if (fds[i].revents == 0 || attempts[i].stage == DONE)
				continue;
			step(p, &attempts[i]);
			if (attempts[i].stage == DONE)
				list[i]->ended = (int)(clock_now() - start);
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (attempts[i].stage == DONE)
			continue;
		fail(&attempts[i], waiting_for(attempts[i].stage),
		    "no answer in time");
		list[i]->ended = (int)(clock_now() - start);
	}
out:
	free(attempts);
	free(fds);
}
