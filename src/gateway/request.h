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

#define REQUEST_PATH_MAX	255
#define REQUEST_QUERY_MAX	4096
#define REQUEST_PARAMETERS_MAX	32	/* of the query */
#define REQUEST_VARIABLES_MAX	64	/* FastCGI parameters */
#define REQUEST_VARIABLES_SIZE	65536	/* of them all */

struct parameter {
	char	*name;
	char	*value;		/* decoded; may be empty */
};

struct request {
	int64_t		 start;		/* clock_now() of its first byte */
	int		 fd;
	const char	*method;	/* these die with the FastCGI request */
	const char	*source;	/* address of the router, for the log */
	char		*authorization;	/* NULL: none */
	bool		 json;		/* it accepts application/json */
	char		 path[REQUEST_PATH_MAX + 1];	/* "//" collapsed */
	struct parameter parameters[REQUEST_PARAMETERS_MAX];
	size_t		 parameter_count;
};

/*
 * Takes the request out of what libfcgi has read.  ERR_REQUEST for one that
 * is cut off or exceeds a limit above; q can be used for a reply even then.
 */
enum err	 request_read(struct request *q, FCGX_Request *fcgi,
		    struct error *why);

/* Wipes the credential in libfcgi's memory too, and frees the rest. */
void		 request_end(struct request *q);

/*
 * The value of a parameter, or NULL when it is absent or empty.  *twice
 * becomes true when it is there more than once.
 */
const char	*request_parameter(const struct request *q, const char *name,
		    bool *twice);

/* Has the web server given up on this request? */
bool		 request_abandoned(const struct request *q);

#endif
