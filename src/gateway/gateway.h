/*
 * gateway.h - one request, from the web server and back.
 */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include <stdint.h>

#include <fcgiapp.h>

#include "base/error.h"
#include "gateway/update.h"

/*
 * Reads a configuration and all that it names: verifiers, CA files,
 * descriptions of providers.  To be called before the fork, so that
 * the workers share the pages.  NULL on the first error.
 */
struct house	*house_new(const char *file, struct error *why);
void		 house_free(struct house *h);

/*
 * Answers a request that FCGX_Accept_r() has read, and writes its line into
 * the log.  start: clock_now() when it was accepted.  The caller finishes it
 * (FCGX_Finish_r).
 */
void		 gateway_handle(const struct house *h, FCGX_Request *fcgi,
		    int64_t start);

#endif
