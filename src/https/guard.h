/*
 * guard.h - the limits of tls/limits.h, for the TLS sessions of libcurl.
 *
 * libcurl shows a session only after its handshake, and by then GnuTLS has
 * computed with the key of whoever answered.  So gnutls_init() of this program
 * stands in front of the one of GnuTLS, as the dynamic linker lets it, and puts
 * a hook into each session that libcurl makes.  The functions that shake hands,
 * send and receive stand there, too: libcurl has one code for everything that
 * fails.
 */
#ifndef HTTPS_GUARD_H
#define HTTPS_GUARD_H

#include <gnutls/gnutls.h>

#include "base/error.h"

struct exchanges;

/*
 * Is told why session, of one of all, was ended: ERR_PROOF for a limit,
 * ERR_UNREACHABLE for what GnuTLS or the server found, with the words of
 * tls/failure.h.  The first reason is the true one, others may follow from it.
 */
typedef void guard_refused(struct exchanges *all, gnutls_session_t session,
    const struct error *why);

/*
 * Every session that is made from now on belongs to all, until guard_end(),
 * and is watched until it ends.  While libcurl works, refused is called from
 * within.
 */
void guard_begin(struct exchanges *all, guard_refused *refused);
void guard_end(void);

#endif
