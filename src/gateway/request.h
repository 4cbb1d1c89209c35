/*
 * request.h - what a web server handed us, understood and bounded.
 *
 * It comes as the variables of CGI (RFC 3875, section 4.1) and, for a POST, the
 * text of a form, whoever read them.
 */
#ifndef GATEWAY_REQUEST_H
#define GATEWAY_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address/address.h"
#include "base/error.h"

#define REQUEST_ID_MAX	       64
#define REQUEST_PATH_MAX       255
#define REQUEST_QUERY_MAX      4096  /* and of a form */
#define REQUEST_PARAMETERS_MAX 32    /* of the query */
#define REQUEST_VARIABLES_MAX  64    /* of CGI */
#define REQUEST_VARIABLES_SIZE 65536 /* of them all */

struct parameter {
	char *name;
	char *value; /* decoded; may be empty */
};

struct request {
	int64_t start;	     /* clock_now() of its first byte */
	int64_t arrival;     /* us since 1970: when the web server had it */
	int fd;		     /* of the web server's connection; or -1 */
	const char *method;  /* these and the next live as the variables do */
	const char *source;  /* address of the router, for the log */
	char *authorization; /* NULL: none */
	char *uri, *query;   /* as they came; wiped in the end */
	bool json;	     /* it accepts application/json */
	bool form;	     /* it brings a form */
	/* What the web server calls the request: [A-Za-z0-9-]; "": nothing. */
	char id[REQUEST_ID_MAX + 1];
	char path[REQUEST_PATH_MAX + 1]; /* "//" collapsed */
	struct parameter parameters[REQUEST_PARAMETERS_MAX];
	size_t parameter_count; /* of query and form */
	struct error why;	/* ERR_OK, or why it is not understood */
};

/*
 * Understands a request.  variables: each "NAME=value", NULL behind the last,
 * as in environ(7); of two with one name the first counts.  They must outlive
 * q, which borrows from them and wipes some in the end.  fd: where the web
 * server hangs up when the client does; borrowed; -1: nowhere.
 * start: clock_now() of the first byte.
 * q->why is ERR_REQUEST for one that exceeds a limit above or cannot be
 * decoded; q can be used for a reply even then.
 */
void request_read(struct request *q, char **variables, int fd, int64_t start);

/* Does it bring a form, whose fields count as those of the query do? */
bool request_has_form(const struct request *q);

/* Adds the fields of the form, "a=1&b=2"; q->why as above. */
void request_read_form(struct request *q, const char *form);

/* Wipes what may hold a credential, in the variables, too. */
void request_end(struct request *q);

/*
 * The address that the request came from, as the web server says (REMOTE_ADDR);
 * false when it says none.
 */
bool request_source(const struct request *q, struct address *a);

/* Has the web server given up on this request? */
bool request_abandoned(const struct request *q);

#endif
