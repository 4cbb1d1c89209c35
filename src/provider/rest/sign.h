/*
 * sign.h - requests that must be signed, not only carry a token.
 */
#ifndef PROVIDER_REST_SIGN_H
#define PROVIDER_REST_SIGN_H

#include "base/error.h"
#include "provider/description/description.h"
#include "provider/rest/values.h"

struct message;

/*
 * Signs m as the description says.  SIGN_OVH needs the variable time, and
 * leaves a request alone as long as it is not set.  SIGN_SIGV4 is libcurl's
 * work (CURLOPT_AWS_SIGV4) and only sets m->sigv4 and m->userpwd.
 * ERR_REFUSED when a part of the token does not fit.
 */
enum err sign_message(const struct sign *sign, struct message *m,
    const struct values *v, struct error *why);

#endif
