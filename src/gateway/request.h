/*
 * request.h - what a web server handed us, understood and bounded.
 */
#ifndef GATEWAY_REQUEST_H
#define GATEWAY_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <fcgiapp.h>

#include "base/error.h"

#define REQUEST_PATH_MAX       255
#define REQUEST_QUERY_MAX      4096  /* and of a form */
#define REQUEST_PARAMETERS_MAX 32    /* of the query */
#define REQUEST_VARIABLES_MAX  64    /* FastCGI parameters */
#define REQUEST_VARIABLES_SIZE 65536 /* of them all */

struct parameter {
	char *name;
	char *value; /* decoded; may be empty */
};

struct request {
	int64_t start; /* clock_now() of its first byte */
	int fd;
	const char *method;  /* these die with the FastCGI request */
	const char *source;  /* address of the router, for the log */
	char *authorization; /* NULL: none */
	char *uri, *query;   /* as they came; wiped in the end */
	bool json;	     /* it accepts application/json */
	char path[REQUEST_PATH_MAX + 1]; /* "//" collapsed */
	struct parameter parameters[REQUEST_PARAMETERS_MAX];
	size_t parameter_count; /* of query and form */
	struct error why;	/* ERR_OK, or why it is not understood */
};

/*
 * Takes the request out of what libfcgi has read, and the form of a POST from
 * the connection, so a deadline must be set.  q->why is ERR_REQUEST for one
 * that is cut off or exceeds a limit above; q can be used for a reply even
 * then.  start: clock_now() when it was accepted.
 */
void request_read(struct request *q, FCGX_Request *fcgi, int64_t start);

/* Wipes what may hold a credential, in libfcgi's memory too. */
void request_end(struct request *q);

/* The first value of a parameter, or NULL when it is absent or empty. */
const char *request_parameter(const struct request *q, const char *name);

/* Has the web server given up on this request? */
bool request_abandoned(const struct request *q);

#endif
