/*
 * lack.h - what this machine has run out of: descriptors, memory, processes.
 *
 * A lack of our own says nothing of a host or a provider, so nobody may take it
 * for their failure; and it lasts, so it is logged once a minute, not at each
 * attempt.
 */
#ifndef BASE_LACK_H
#define BASE_LACK_H

#include <stdbool.h>

#include "base/error.h"

#define LACK_MS 60000 /* between two warnings, of all processes together */

/* Call it before the first fork, so that all processes count together. */
void lack_share(void);

/*
 * Is number, an errno of socket(2), accept(2), connect(2), fork(2), mmap(2) and
 * their like, such a lack?  EAGAIN is one only of a call that never waits.
 */
bool lack_is(int number);

/*
 * Warns of the lack number, which the call that what names has met, unless
 * there was a warning within LACK_MS.  Keeps errno.
 */
void lack_tell(const char *what, int number);

/*
 * lack_tell(), and fills why, which may be NULL, with ERR_SYSTEM and what was
 * met.  Returns ERR_SYSTEM.
 */
enum err lack_set(struct error *why, const char *what, int number);

#endif
