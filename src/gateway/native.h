/*
 * native.h - the reply of /update, in our own words.
 */
#ifndef GATEWAY_NATIVE_H
#define GATEWAY_NATIVE_H

#include "gateway/reply.h"
#include "gateway/update.h"

/*
 * One line a host, "NAME VERDICT ADDRESS...", or JSON with every record.  The
 * addresses of a host are told only if all is well with it, and a proof that
 * failed looks the same whatever the reason.  Of what ended before there were
 * verdicts, one word or the reason.
 */
void native_reply(const struct update *u, struct reply *r);

#endif
