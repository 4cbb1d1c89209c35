/*
 * seen.h - when each host was updated last, also if nothing changed, in memory
 * that all processes of a pool share.
 *
 * An update that changes nothing leaves no trace in the state, which would cost
 * it a write; here it costs a store into memory.  What is here is lost with the
 * pool, so keeper.h brings it into the state now and then.
 */
#ifndef NEWS_SEEN_H
#define NEWS_SEEN_H

#include <stddef.h>
#include <stdint.h>

struct seen;

/*
 * With room for that many hosts; when there are more, those that were seen
 * longest ago are forgotten.  NULL without memory.  seen_free(NULL) is fine.
 */
struct seen *seen_new(size_t hosts);
void seen_free(struct seen *s);

/* The host was updated at that moment, in seconds since 1970. */
void seen_note(struct seen *s, const char *host, int64_t at);

/* When it was, as far as that is known; 0: it is not. */
int64_t seen_last(const struct seen *s, const char *host);

#endif
