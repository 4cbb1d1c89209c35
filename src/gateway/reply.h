/*
 * reply.h - what a router gets, short enough to leave in one write.
 */
#ifndef GATEWAY_REPLY_H
#define GATEWAY_REPLY_H

#include <stdbool.h>

#include "base/buffer.h"

/*
 * libfcgi buffers 8192 bytes.  What leaves in one write arrives whole or not
 * at all; of a longer reply nginx would make a good-looking half.
 */
#define REPLY_BODY_MAX 7168 /* bytes */

/*
 * Of a page that is read by people or programs that look at Content-Length,
 * which tells them when the end is missing.
 */
#define REPLY_PAGE_MAX (1 << 20) /* bytes */

/* Seconds of Retry-After where nobody named a time. */
#define REPLY_RETRY_AFTER 60

/* How a protocol puts a verdict, or an error that ends an update. */
struct wording {
	const char *word;
	int status;
	bool retry; /* by itself it may be better later: Retry-After */
};

/* Start one as { .body.max = REPLY_BODY_MAX }; reply_end() it. */
struct reply {
	int status;
	bool json;	    /* type of the body, else text/plain */
	const char *type;   /* of the body, in full; NULL: as json says */
	bool head;	    /* to HEAD: no body goes out */
	const char *policy; /* of HTML: Content-Security-Policy; or NULL */
	const char *allow;  /* of a 405; NULL: GET, POST */
	long retry_after;   /* seconds; 0: do not say */
	const char *id;	    /* of the request, borrowed; NULL or "": none */
	struct buffer body; /* whoever fills it looks at body.failed */
};

/* Sets the status, and when to try again if that helps; seconds, 0: unknown. */
void reply_status(struct reply *r, const struct wording *w, long seconds);

#define REPLY_HEAD_MAX 1024

/* Adds the header, "Status: 200 OK" to the empty line, RFC 3875 section 6. */
void reply_head(const struct reply *r, struct buffer *head);

void reply_end(struct reply *r);

#endif
