/*
 * response.h - as much of HTTP as a proof looks at.
 */
#ifndef PROOF_RESPONSE_H
#define PROOF_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>

#include "address/address.h"

#define RESPONSE_MAX 4096 /* bytes that are looked at */

enum response {
	RESPONSE_PARTIAL, /* more must come */
	RESPONSE_GOOD,
	RESPONSE_BAD /* it cannot become good any more */
};

/* A status line, RFC 9112 section 4; the code itself does not matter. */
enum response response_is_http(const char *bytes, size_t len);

/*
 * Is the answer a 200 whose body is the address own, and nothing else but
 * blanks?  closed: the server has ended the session in due form, so that an
 * answer without a Content-Length is whole.
 */
enum response response_echoes(const char *bytes, size_t len, bool closed,
    const struct address *own);

#endif
