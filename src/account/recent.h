/*
 * recent.h - the logins that were found right a moment ago.
 *
 * A router that polls would cost a PBKDF2 each time.  What is kept instead is
 * an HMAC of its credential and its verifier, under a key of this start that
 * is never written anywhere, so that a changed verifier is a login unknown.
 * It lies in memory that all workers share and needs no lock: an entry that
 * is read while it is written matches nothing.
 */
#ifndef ACCOUNT_RECENT_H
#define ACCOUNT_RECENT_H

#include <stdbool.h>
#include <stddef.h>

#include "account/verifier.h"

#define RECENT_MS 900000 /* ms without a request until it is forgotten */

struct recent;

/* Room for that many logins, shared with every later fork; NULL: none. */
struct recent *recent_new(size_t logins);
void recent_free(struct recent *m);

/* For how many logins is there room? */
size_t recent_room(const struct recent *m);

/*
 * Remembers in m, which is empty and has at least the room of from, all that
 * from remembers, for as long as from would.  What is added to from later, by
 * workers that still use it, m does not learn.
 */
void recent_copy(struct recent *m, const struct recent *from);

/*
 * Was this credential right for v?  True and false take the same time.  A
 * login that is remembered is kept for longer by that.
 */
bool recent_knows(struct recent *m, const struct verifier *v,
    const char *credential);

/*
 * Was it right at any time since the start?  Not enough to log in by, but
 * nobody else can send it.
 */
bool recent_remembers(const struct recent *m, const struct verifier *v,
    const char *credential);

/* The one that is longest unused may be forgotten for it. */
void recent_add(struct recent *m, const struct verifier *v,
    const char *credential);

#endif
