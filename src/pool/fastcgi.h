/*
 * fastcgi.h - one connection of a web server: a request in, a reply out.
 *
 * The only room that knows libfcgi, which parses the records that incoming.h
 * has let pass, or a clean copy of them, and never waits.
 */
#ifndef POOL_FASTCGI_H
#define POOL_FASTCGI_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/reply.h"
#include "gateway/request.h"
#include "pool/incoming.h"

struct fastcgi; /* what a worker keeps for life */

/*
 * Starts libfcgi, which installs handlers for SIGPIPE, SIGUSR1 and SIGTERM:
 * install others afterwards.  NULL when that fails or memory is out.
 */
struct fastcgi *fastcgi_new(void);
void fastcgi_free(struct fastcgi *f);

/*
 * Makes a request of what has come in wholly; start: see request_read().
 * ERR_OK: q is to be answered by fastcgi_reply(), even if q->why says that it
 * is not understood; q borrows from f until then, and request_end(q) comes
 * before it.
 * ERR_SYSTEM: out of memory or descriptors; in->fd may be closed, and is -1.
 */
enum err fastcgi_parse(struct fastcgi *f, struct incoming *in, int64_t start,
    struct request *q, struct error *why);

/*
 * Puts the reply together; the begin of one that is longer than
 * REPLY_BODY_MAX is sent already.  fastcgi_finish() sends all the rest, which
 * for any other is the whole in one write, and returns whether the connection
 * is the caller's to close; after an error libfcgi has closed it.  libfcgi has
 * no deadline for a write, so the connection must not block; a reply that is
 * not longer is smaller than the buffer of a new socket.  For a longer one it
 * blocks, and whoever calls ends that by shutdown(2).
 */
void fastcgi_reply(struct fastcgi *f, const struct reply *r);
bool fastcgi_finish(struct fastcgi *f);

#endif
