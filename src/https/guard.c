#include "config.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>

#include "https/guard.h"
#include "tls/failure.h"
#include "tls/limits.h"

#define HANDSHAKE_MAX (64UL << 10) /* bytes of one message */

/*
 * A hook of GnuTLS gets no data of its own, and those of sessions have users.
 */
static struct exchanges *owner;
static guard_refused *tell;

void
guard_begin(struct exchanges *all, guard_refused *refused)
{
	owner = all;
	tell = refused;
}

void
guard_end(void)
{
	owner = NULL;
	tell = NULL;
}

/* Before GnuTLS computes with what is in the message. */
static int
look_at(gnutls_session_t session, unsigned int type, unsigned int when,
    unsigned int incoming, const gnutls_datum_t *message)
{
	struct error why;

	(void)when;
	if (!incoming || limits_check(session, type, message, &why) == ERR_OK)
		return 0;
	if (tell != NULL)
		tell(owner, session, &why);
	return GNUTLS_E_CERTIFICATE_ERROR;
}

/* False: GnuTLS has no such function, so there is no hook. */
static bool
set_hook(gnutls_session_t session, unsigned int type, int when,
    gnutls_handshake_hook_func hook)
{
	static void (*real)(gnutls_session_t, unsigned int, int,
	    gnutls_handshake_hook_func);

	if (real == NULL)
		*(void **)&real =
		    dlsym(RTLD_NEXT, "gnutls_handshake_set_hook_function");
	if (real == NULL)
		return false;
	real(session, type, when, hook);
	return true;
}

/*
 * In front of the function of GnuTLS.  A session has one hook, and libcurl 8
 * would put its own in the place of ours, which it needs for session tickets
 * alone; none is kept here (CURLOPT_SSL_SESSIONID_CACHE).
 */
void
gnutls_handshake_set_hook_function(gnutls_session_t session, unsigned int type,
    int when, gnutls_handshake_hook_func hook)
{
	if (owner == NULL)
		(void)set_hook(session, type, when, hook);
}

/* GnuTLS has ended session with rc, which libcurl makes a code of few. */
static void
tell_failure(gnutls_session_t session, int rc)
{
	struct error why;

	if (tell == NULL || rc == GNUTLS_E_MEMORY_ERROR)
		return;
	error_set(&why, ERR_UNREACHABLE, "TLS: %s", failure_text(session, rc));
	tell(owner, session, &why);
}

/* In front of the function of GnuTLS, for libcurl as for this program. */
int
gnutls_handshake(gnutls_session_t session)
{
	static int (*real)(gnutls_session_t);
	int rc;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "gnutls_handshake");
	if (real == NULL)
		return GNUTLS_E_INTERNAL_ERROR;
	rc = real(session);
	if (rc < 0 && gnutls_error_is_fatal(rc))
		tell_failure(session, rc);
	return rc;
}

/*
 * Likewise.  In TLS 1.3 the alert of a server that wants the certificate of a
 * client comes after the handshake.
 */
ssize_t
gnutls_record_recv(gnutls_session_t session, void *data, size_t size)
{
	static ssize_t (*real)(gnutls_session_t, void *, size_t);
	ssize_t rc;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "gnutls_record_recv");
	if (real == NULL)
		return GNUTLS_E_INTERNAL_ERROR;
	rc = real(session, data, size);
	if (rc == GNUTLS_E_FATAL_ALERT_RECEIVED)
		tell_failure(session, (int)rc);
	return rc;
}

/*
 * Likewise.  A server that refuses and closes at once makes the request fail
 * that is being sent; the alert that says why came before, and was not read.
 */
ssize_t
gnutls_record_send(gnutls_session_t session, const void *data, size_t size)
{
	static ssize_t (*real)(gnutls_session_t, const void *, size_t);
	char byte;
	ssize_t rc;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "gnutls_record_send");
	if (real == NULL)
		return GNUTLS_E_INTERNAL_ERROR;
	rc = real(session, data, size);
	if (rc < 0 && gnutls_error_is_fatal((int)rc) && tell != NULL)
		(void)gnutls_record_recv(session, &byte, 1);
	return rc;
}

/* Likewise. */
int
gnutls_init(gnutls_session_t *session, unsigned int flags)
{
	static int (*real)(gnutls_session_t *, unsigned int);
	int rc;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "gnutls_init");
	if (real == NULL)
		return GNUTLS_E_INTERNAL_ERROR;
	rc = real(session, flags);
	if (rc != GNUTLS_E_SUCCESS || owner == NULL)
		return rc;
	if (!set_hook(*session, GNUTLS_HANDSHAKE_ANY, GNUTLS_HOOK_PRE,
		look_at)) {
		gnutls_deinit(*session);
		return GNUTLS_E_INTERNAL_ERROR;
	}
	gnutls_handshake_set_max_packet_length(*session, HANDSHAKE_MAX);
	return rc;
}
