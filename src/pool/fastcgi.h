/*
 * fastcgi.h - one connection of a web server: a request in, a reply out.
 *
 * The only room that knows libfcgi.  Before libfcgi parses a request, the
 * records of its stream are read and checked here: libfcgi allocates whatever
 * a length claims, up to 2 GB, may abort on lengths near that, takes
 * parameters that were cut off for whole ones, and waits without a deadline.
 * It parses a clean copy of what passed.  (FastCGI 1.0 specification.)
 */
#ifndef POOL_FASTCGI_H
#define POOL_FASTCGI_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/reply.h"
#include "gateway/request.h"

struct fastcgi; /* what a worker keeps for life */

/*
 * Starts libfcgi, which installs handlers for SIGPIPE, SIGUSR1 and SIGTERM:
 * install others afterwards.  NULL when that fails or memory is out.
 */
struct fastcgi *fastcgi_new(void);
void fastcgi_free(struct fastcgi *f);

/*
 * Takes over the connection fd and reads the request from it, and the form of
 * a POST, until the moment deadline (of clock_now()).  True: q is to be
 * answered by fastcgi_reply(), even if q->why says that it is not understood.
 * q borrows from f until then, and request_end(q) comes before it.
 * False: fd is closed, and what was wrong is in the log; a connection that
 * ends without a byte is not worth a line.
 */
bool fastcgi_read(struct fastcgi *f, int fd, int64_t deadline,
    struct request *q);

/*
 * Puts the reply together; the begin of one that is longer than
 * REPLY_BODY_MAX is sent already.  fastcgi_finish() sends all the rest, which
 * for any other is the whole in one write, and closes the connection: at once,
 * or, if the web server has not sent the whole request yet, when it has, after
 * 2 s at the latest.  libfcgi has no deadline for a write, so fd must not
 * block; a reply that is not longer is smaller than the buffer of a new socket.
 * For a longer one fd blocks, and whoever calls ends that by shutdown(2) of fd.
 */
void fastcgi_reply(struct fastcgi *f, const struct reply *r);
void fastcgi_finish(struct fastcgi *f);

#endif
