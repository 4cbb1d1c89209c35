/*
 * sign.h - requests that must be signed, not only carry a token.
 */
#ifndef PROVIDER_REST_SIGN_H
#define PROVIDER_REST_SIGN_H

#include "base/error.h"
#include "config/document.h"
#include "provider/rest/template.h"

struct message;

enum sign_kind { SIGN_NONE, SIGN_SIGV4, SIGN_OVH };

/* The "sign" of a description. */
struct sign {
	enum sign_kind kind;
	const char *region; /* of SIGN_SIGV4: "us-east-1:route53" */
};

/*
 * "sigv4:REGION:SERVICE" or "ovh"; ERR_CONFIG for anything else, and for a
 * description whose token lacks the parts that the kind signs with:
 * key and secret, or application, secret and consumer.
 */
enum err sign_read(struct sign *sign, const struct place *p,
    const char *const parts[], struct error *why);

/*
 * Signs m, which goes to origin: https://host, with the port if it is not 443.
 * SIGN_OVH needs the variable time, and leaves a request alone before it.
 * SIGN_SIGV4 is libcurl's work and only sets m->sigv4 and m->userpwd.
 */
enum err sign_message(const struct sign *sign, struct message *m,
    const char *method, const char *origin, const struct scope *s,
    struct error *why);

#endif
