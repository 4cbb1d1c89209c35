/*
 * incoming.h - a request that comes in on a connection of a web server, record
 * by record (FastCGI 1.0 specification, sections 3 to 5).
 *
 * Nothing here waits for a peer, unless it is told to: a connection that says
 * nothing, or comes a byte at a time, holds no worker.  What libfcgi would take
 * in spite of the specification is refused here: it allocates whatever a length
 * claims, up to 2 GB, may abort on lengths near that, and takes parameters that
 * were cut off for whole ones.
 */
#ifndef POOL_INCOMING_H
#define POOL_INCOMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "gateway/request.h"

/* Encoded: a pair has two lengths of at most four bytes, and no '='. */
#define INCOMING_PARAMETERS_MAX \
	(REQUEST_VARIABLES_SIZE + 8 * REQUEST_VARIABLES_MAX)

enum progress {
	INCOMING_MORE,	 /* something is to come */
	INCOMING_WHOLE,	 /* the rest of this structure is right */
	INCOMING_BROKEN, /* it is no request: see why */
};

/* All but what a comment names belongs to incoming.c. */
struct incoming {
	int fd;		/* of the connection, which stays the caller's */
	int64_t since;	/* clock_now() at its begin */
	bool is_silent; /* not a byte has come, or none is of interest */
	struct error why;
	unsigned int id;       /* of a whole request: its number, */
	size_t parameters_len; /* its parameters, still encoded, */
	struct error form_why; /* ERR_OK, or why its form is not whole, */
	size_t form_len;       /* and the form of a POST */
	bool is_ended;	       /* its last record has come, and no more */
	bool is_unread;	       /* and all of them can be read from fd again */
	bool has_form;	       /* the next record is of a form, */
	bool is_done;	       /* or nothing is to come */
	bool is_post;
	bool is_padded; /* its first record */
	bool is_answered;
	unsigned int management; /* records that were of no request */
	uint8_t header[8];	 /* of the present record, and how much */
	size_t header_len;	 /* of it is there */
	uint8_t *to;		 /* its content goes there; NULL: nowhere */
	unsigned int type;
	size_t length, content_left, padding_left;
	uint8_t begin[8]; /* content of the first record */
	uint8_t form[REQUEST_QUERY_MAX + 1];
	uint8_t parameters[INCOMING_PARAMETERS_MAX];
};

/* A connection that was accepted just now. */
void incoming_begin(struct incoming *in, int fd);

/* Takes what has come, and does not wait for more. */
enum progress incoming_go_on(struct incoming *in);

/* The same, but waits until the moment, of clock_now(), for the rest. */
enum progress incoming_wait(struct incoming *in, int64_t until);

/*
 * After INCOMING_MORE, when there is no more time: what has come is a whole
 * request but for its form, or it is broken.
 */
enum progress incoming_expire(struct incoming *in);

/*
 * The request was answered, and nothing more will be sent.  What comes from now
 * on is thrown away, until INCOMING_BROKEN says that the web server has closed
 * its side: who closes earlier takes the reply away from a web server that is
 * still sending (TCP).
 */
void incoming_answered(struct incoming *in);

/* Wipes what has come: it may hold a credential. */
void incoming_end(struct incoming *in);

#endif
