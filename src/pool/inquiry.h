/*
 * inquiry.h - asks a running service, as a web server would.
 */
#ifndef POOL_INQUIRY_H
#define POOL_INQUIRY_H

#include "base/buffer.h"
#include "base/error.h"

/*
 * Sends a GET for path to the socket, and waits ms at most for all of the
 * answer.  ERR_OK: *status is the HTTP status, and body, started by the caller,
 * what follows the header.  ERR_UNREACHABLE: why says what went wrong.
 */
enum err inquiry_get(const char *socket, const char *path, int ms, int *status,
    struct buffer *body, struct error *why);

#endif
