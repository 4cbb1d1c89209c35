/*
 * native.h - the answer of /update, in our own words.
 */
#ifndef GATEWAY_NATIVE_H
#define GATEWAY_NATIVE_H

#include <stdbool.h>

#include "gateway/reply.h"
#include "gateway/update.h"

/*
 * One line a host, "NAME VERDICT ADDRESS...", or JSON with every record.  The
 * addresses of a host are told only if all is well with it, and a proof that
 * failed looks the same whatever the reason.
 */
void native_reply(const struct update *u, struct reply *r);

/* The same form for what went wrong before there was an update. */
void native_error(struct reply *r, int status, const char *text);

/* The status of a whole update, ddnsgate(8), ANSWERS. */
int native_status(const struct update *u);

#endif
