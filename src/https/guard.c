#include "config.h"

#include <dlfcn.h>
#include <stdlib.h>

#include "https/guard.h"
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

/* In front of the function of GnuTLS, for libcurl as for this program. */
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
	gnutls_handshake_set_hook_function(*session, GNUTLS_HANDSHAKE_ANY,
	    GNUTLS_HOOK_PRE, look_at);
	gnutls_handshake_set_max_packet_length(*session, HANDSHAKE_MAX);
	return rc;
}
