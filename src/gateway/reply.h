/*
 * reply.h - an answer, short enough to leave in one write.
 */
#ifndef GATEWAY_REPLY_H
#define GATEWAY_REPLY_H

#include <stdbool.h>

#include <fcgiapp.h>

#include "base/buffer.h"

/*
 * libfcgi buffers 8192 bytes.  What leaves in one write arrives whole or not
 * at all; of a longer reply nginx would make a good-looking half.
 */
#define REPLY_BODY_MAX 7168

/* Start one as { .body.max = REPLY_BODY_MAX }; reply_end() it. */
struct reply {
	int status;
	bool json;	  /* type of the body, else text/plain */
	long retry_after; /* seconds; 0: do not say */
	struct buffer body;
};

/* Hands it to libfcgi; the client has it after FCGX_Finish_r(). */
void reply_send(const struct reply *r, FCGX_Request *fcgi);

void reply_end(struct reply *r);

#endif
