#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <fastcgi.h>
#include <fcgiapp.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/secret.h"
#include "pool/fastcgi.h"

/* Encoded: a pair has two lengths of at most four bytes, and no '='. */
#define PARAMETERS_MAX (REQUEST_VARIABLES_SIZE + 8 * REQUEST_VARIABLES_MAX)
#define CONTENT_MAX    65535 /* of one record, which has 16 bits for it */
#define MANAGEMENT_MAX 8     /* records that are of no request */
#define PARTS_MAX      (3 + PARAMETERS_MAX / CONTENT_MAX)
#define INPUT_SIZE     8192
#define LINGER_MS      2000 /* for the rest of a request after the reply */

struct fastcgi {
	FCGX_Request libfcgi;
	int fd;
	int copy[2]; /* libfcgi reads from the first; -1: none yet */
	int64_t deadline;
	bool ended;		   /* the last record of the request came */
	unsigned int id;	   /* of the request; not 0 */
	unsigned int management;   /* records of that kind so far */
	uint8_t input[INPUT_SIZE]; /* received, not read yet */
	size_t input_pos, input_end;
	size_t input_used; /* bytes of it that the request has touched */
	uint8_t parameters[PARAMETERS_MAX];
	size_t parameters_len;
	size_t parameters_used; /* as input_used */
};

struct record {
	unsigned int type, id;
	size_t length, padding;
};

/* What libfcgi is given to read: the records of one request. */
struct parts {
	FCGI_Header headers[PARTS_MAX];
	struct iovec iov[2 * PARTS_MAX];
	size_t count, len;
};

/* A pair of sockets, with room for the longest request. */
static bool
open_copy(struct fastcgi *f)
{
	const int room = 2 * PARAMETERS_MAX;

	if (f->copy[1] != -1)
		return true;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		f->copy) == -1)
		return false;
	return setsockopt(f->copy[1], SOL_SOCKET, SO_SNDBUF, &room,
		   sizeof room) == 0;
}

static void
close_copy(struct fastcgi *f)
{
	if (f->copy[0] != -1)
		close(f->copy[0]);
	if (f->copy[1] != -1)
		close(f->copy[1]);
	f->copy[0] = f->copy[1] = -1;
}

struct fastcgi *
fastcgi_new(void)
{
	struct fastcgi *f = calloc(1, sizeof *f);

	if (f == NULL || FCGX_Init() != 0) {
		free(f);
		return NULL;
	}
	f->copy[0] = f->copy[1] = -1;
	return f;
}

void
fastcgi_free(struct fastcgi *f)
{
	if (f != NULL)
		close_copy(f);
	free(f);
}

/*
 * Waits for bytes until the deadline.  They are there already most of the time,
 * so it asks for them first.
 */
static enum err
fill(struct fastcgi *f, struct error *why)
{
	struct pollfd p = { .fd = f->fd, .events = POLLIN };
	ssize_t n;

	while ((n = recv(f->fd, f->input, sizeof f->input, MSG_DONTWAIT)) < 0)
		if ((errno != EAGAIN && errno != EINTR) ||
		    clock_left(f->deadline) == 0 ||
		    (poll(&p, 1, clock_left(f->deadline)) == -1 &&
			errno != EINTR))
			return error_set(why, ERR_REQUEST,
			    "it was not whole in time");
	if (n == 0)
		return error_set(why, ERR_REQUEST, "it was cut off");
	f->input_pos = 0;
	f->input_end = (size_t)n;
	if (f->input_used < f->input_end)
		f->input_used = f->input_end;
	return ERR_OK;
}

/* Exactly len bytes; to may be NULL, then they are thrown away. */
static enum err
receive(struct fastcgi *f, void *to, size_t len, struct error *why)
{
	enum err rc;

	while (len > 0) {
		size_t n = f->input_end - f->input_pos;

		if (n == 0) {
			if ((rc = fill(f, why)) != ERR_OK)
				return rc;
			continue;
		}
		if (n > len)
			n = len;
		if (to != NULL) {
			memcpy(to, f->input + f->input_pos, n);
			to = (uint8_t *)to + n;
		}
		f->input_pos += n;
		len -= n;
	}
	return ERR_OK;
}

/* The header of the next record; its content and padding come behind it. */
static enum err
read_header(struct fastcgi *f, struct record *r, struct error *why)
{
	FCGI_Header h;
	enum err rc = receive(f, &h, sizeof h, why);

	if (rc != ERR_OK)
		return rc;
	if (h.version != FCGI_VERSION_1)
		return error_set(why, ERR_REQUEST, "it is not of FastCGI 1");
	*r = (struct record){ .type = h.type,
		.id = (unsigned int)h.requestIdB1 << 8 | h.requestIdB0,
		.length = (size_t)h.contentLengthB1 << 8 | h.contentLengthB0,
		.padding = h.paddingLength };
	return ERR_OK;
}

/*
 * A record that is of no request: a web server asks what we can do.  The
 * empty answer says "nothing that you asked for"; of an unknown type its
 * number is given back.
 */
static enum err
answer_management(struct fastcgi *f, const struct record *r, struct error *why)
{
	FCGI_UnknownTypeRecord unknown = {
		.header = { .version = FCGI_VERSION_1,
		    .type = FCGI_UNKNOWN_TYPE,
		    .contentLengthB0 = sizeof unknown.body },
		.body = { .type = (unsigned char)r->type },
	};
	static const FCGI_Header nothing = { .version = FCGI_VERSION_1,
		.type = FCGI_GET_VALUES_RESULT };
	bool values = r->type == FCGI_GET_VALUES;

	if (++f->management > MANAGEMENT_MAX)
		return error_set(why, ERR_REQUEST,
		    "more than %d management records", MANAGEMENT_MAX);
	/* It is no failure of ours if the web server does not read it. */
	(void)send(f->fd, values ? (const void *)&nothing : &unknown,
	    values ? sizeof nothing : sizeof unknown,
	    MSG_DONTWAIT | MSG_NOSIGNAL);
	return receive(f, NULL, r->length + r->padding, why);
}

/* The next record of the request. */
static enum err
next_record(struct fastcgi *f, struct record *r, struct error *why)
{
	enum err rc;

	while ((rc = read_header(f, r, why)) == ERR_OK &&
	    r->id == FCGI_NULL_REQUEST_ID)
		if ((rc = answer_management(f, r, why)) != ERR_OK)
			return rc;
	return rc;
}

static enum err
read_begin(struct fastcgi *f, struct error *why)
{
	FCGI_BeginRequestBody body;
	struct record r;
	enum err rc;

	if ((rc = next_record(f, &r, why)) != ERR_OK)
		return rc;
	if (r.type != FCGI_BEGIN_REQUEST || r.length != sizeof body)
		return error_set(why, ERR_REQUEST,
		    "it does not begin with BEGIN_REQUEST");
	f->id = r.id;
	if ((rc = receive(f, &body, sizeof body, why)) != ERR_OK ||
	    (rc = receive(f, NULL, r.padding, why)) != ERR_OK)
		return rc;
	if (body.roleB1 != 0 || body.roleB0 != FCGI_RESPONDER)
		return error_set(why, ERR_REQUEST,
		    "its role is not that of a responder");
	return ERR_OK;
}

/*
 * One stream of the request, PARAMS or STDIN, up to its empty record.  *len
 * becomes its length; ERR_REQUEST for more than max.
 */
static enum err
read_stream(struct fastcgi *f, unsigned int type, uint8_t *to, size_t max,
    size_t *len, struct error *why)
{
	struct record r;
	enum err rc;

	*len = 0;
	while ((rc = next_record(f, &r, why)) == ERR_OK) {
		if (r.type != type || r.id != f->id)
			return error_set(why, ERR_REQUEST,
			    "a record of type %u is out of place", r.type);
		if (r.length > max - *len)
			return error_set(why, ERR_REQUEST,
			    "it is longer than %zu bytes", max);
		if (to == f->parameters)
			f->parameters_used = *len + r.length;
		if ((rc = receive(f, to + *len, r.length, why)) != ERR_OK ||
		    (rc = receive(f, NULL, r.padding, why)) != ERR_OK)
			return rc;
		*len += r.length;
		if (r.length == 0)
			return ERR_OK;
	}
	return rc;
}

/* The length of a name or a value; false at the end of the bytes. */
static bool
read_length(const uint8_t **p, const uint8_t *end, size_t *length)
{
	const uint8_t *b = *p;

	if (b < end && *b < 0x80) {
		*length = *b;
		*p += 1;
		return true;
	}
	if (end - b < 4)
		return false;
	*length = (size_t)(b[0] & 0x7f) << 24 | (size_t)b[1] << 16 |
	    (size_t)b[2] << 8 | b[3];
	*p += 4;
	return true;
}

/*
 * Every pair must end where the parameters do or before.  libfcgi makes
 * "NAME=value" of each: a NUL or a '=' in a name would change its meaning.
 */
static enum err
check_pairs(const uint8_t *p, size_t len, struct error *why)
{
	const uint8_t *end = p + len;
	size_t name, value;

	while (p < end) {
		if (!read_length(&p, end, &name) ||
		    !read_length(&p, end, &value) || name > (size_t)(end - p) ||
		    value > (size_t)(end - p) - name)
			return error_set(why, ERR_REQUEST,
			    "a parameter is longer than them all");
		if (memchr(p, '\0', name + value) != NULL ||
		    memchr(p, '=', name) != NULL)
			return error_set(why, ERR_REQUEST,
			    "a parameter with a NUL, or a '=' in its name");
		p += name + value;
	}
	return ERR_OK;
}

/* Puts a header and its content behind the others. */
static void
put_record(struct parts *p, unsigned int id, unsigned int type,
    const void *content, size_t len)
{
	FCGI_Header *h = &p->headers[p->count / 2];

	*h = (FCGI_Header){ .version = FCGI_VERSION_1,
		.type = (unsigned char)type,
		.requestIdB1 = (unsigned char)(id >> 8),
		.requestIdB0 = (unsigned char)id,
		.contentLengthB1 = (unsigned char)(len >> 8),
		.contentLengthB0 = (unsigned char)len };
	p->iov[p->count++] = (struct iovec){ h, sizeof *h };
	p->iov[p->count++] = (struct iovec){ (void *)(uintptr_t)content, len };
	p->len += sizeof *h + len;
}

/*
 * Writes a stream of the records that were checked, and of nothing else.  Its
 * last record, the empty one, is the last that libfcgi reads of a request, so
 * that nothing of it stays for the next one.
 */
static bool
put_stream(struct fastcgi *f)
{
	static const FCGI_BeginRequestBody body = { .roleB0 = FCGI_RESPONDER };
	struct parts p = { .count = 0 };
	struct msghdr all = { .msg_iov = p.iov };

	put_record(&p, f->id, FCGI_BEGIN_REQUEST, &body, sizeof body);
	for (size_t pos = 0; pos < f->parameters_len;) {
		size_t n = f->parameters_len - pos;

		if (n > CONTENT_MAX)
			n = CONTENT_MAX;
		put_record(&p, f->id, FCGI_PARAMS, f->parameters + pos, n);
		pos += n;
	}
	put_record(&p, f->id, FCGI_PARAMS, "", 0);
	all.msg_iovlen = p.count;
	return open_copy(f) &&
	    sendmsg(f->copy[1], &all, MSG_NOSIGNAL) == (ssize_t)p.len;
}

/* Lets libfcgi parse the copy, and gives it the connection to answer on. */
static enum err
parse(struct fastcgi *f, struct error *why)
{
	if (!put_stream(f)) {
		error_set(why, ERR_SYSTEM, "no copy for libfcgi: %s",
		    strerror(errno));
		close_copy(f);
		return why->code;
	}
	FCGX_InitRequest(&f->libfcgi, -1, FCGI_FAIL_ACCEPT_ON_INTR);
	f->libfcgi.ipcFd = f->copy[0];
	/*
	 * FCGX_Accept_r() closes a connection whose keepConnection is 0 before
	 * it reads from it (docs/reference/fastcgi.md 1.2).
	 */
	f->libfcgi.keepConnection = 1;
	if (FCGX_Accept_r(&f->libfcgi) != 0) {
		/* libfcgi has closed its end: fastcgi.md 1.2. */
		f->copy[0] = -1;
		close_copy(f);
		FCGX_Free(&f->libfcgi, 1);
		return error_set(why, ERR_SYSTEM, "libfcgi does not take it");
	}
	f->libfcgi.ipcFd = f->fd;
	/* fastcgi_reply() closes the connection, not libfcgi. */
	f->libfcgi.keepConnection = 1;
	return ERR_OK;
}

/* Is the record that ends the request among the bytes that have come? */
static bool
find_end(struct fastcgi *f)
{
	const FCGI_Header *h;
	size_t left = f->input_end - f->input_pos;

	if (left < sizeof *h)
		return false;
	h = (const FCGI_Header *)(const void *)(f->input + f->input_pos);
	return h->version == FCGI_VERSION_1 && h->type == FCGI_STDIN &&
	    ((unsigned int)h->requestIdB1 << 8 | h->requestIdB0) == f->id &&
	    h->contentLengthB1 == 0 && h->contentLengthB0 == 0 &&
	    left == sizeof *h + h->paddingLength;
}

static void
read_form(struct fastcgi *f, struct request *q)
{
	char form[REQUEST_QUERY_MAX + 1];
	struct error why;
	size_t len;

	if (read_stream(f, FCGI_STDIN, (uint8_t *)form, REQUEST_QUERY_MAX, &len,
		&why) == ERR_OK) {
		form[len] = '\0';
		request_read_form(q, form);
		f->ended = true;
	} else {
		error_set(&q->why, ERR_REQUEST, "its body: %s", why.text);
	}
	secret_wipe(form, sizeof form);
}

static enum err
read_request(struct fastcgi *f, struct error *why)
{
	enum err rc;

	if ((rc = read_begin(f, why)) != ERR_OK ||
	    (rc = read_stream(f, FCGI_PARAMS, f->parameters, PARAMETERS_MAX,
		 &f->parameters_len, why)) != ERR_OK ||
	    (rc = check_pairs(f->parameters, f->parameters_len, why)) != ERR_OK)
		return rc;
	return parse(f, why);
}

/* The buffers held a credential. */
static void
wipe(struct fastcgi *f)
{
	secret_wipe(f->input, f->input_used);
	secret_wipe(f->parameters, f->parameters_used);
	f->input_used = f->parameters_used = 0;
}

bool
fastcgi_read(struct fastcgi *f, int fd, int64_t deadline, struct request *q)
{
	int64_t start = clock_now();
	struct error why;
	bool silent;

	f->fd = fd;
	f->deadline = deadline;
	f->management = 0;
	f->ended = false;
	f->input_pos = f->input_end = 0;
	if (read_request(f, &why) != ERR_OK) {
		silent = f->input_end == 0;
		wipe(f);
		close(fd);
		if (!silent)
			log_warn("a FastCGI request was refused: %s", why.text);
		return false;
	}
	request_read(q, f->libfcgi.envp, fd, start);
	if (q->why.code == ERR_OK && request_has_form(q))
		read_form(f, q);
	else
		f->ended = find_end(f);
	wipe(f);
	return true;
}

/*
 * Closes the connection once the web server has sent the whole request, or has
 * closed its end: bytes that nobody read would make the kernel throw away the
 * reply (unix(7), ECONNRESET; RFC 1122 4.2.2.13).
 */
static void
linger(int fd)
{
	int64_t deadline = clock_now() + LINGER_MS;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char trash[1024];
	ssize_t n = 1;

	shutdown(fd, SHUT_WR);
	while (n != 0 && clock_left(deadline) > 0) {
		n = recv(fd, trash, sizeof trash, MSG_DONTWAIT);
		if (n == -1 && errno != EINTR &&
		    (errno != EAGAIN ||
			(poll(&p, 1, clock_left(deadline)) == -1 &&
			    errno != EINTR)))
			break;
	}
	close(fd);
}

void
fastcgi_reply(struct fastcgi *f, const struct reply *r)
{
	struct buffer head = { .max = REPLY_HEAD_MAX };

	reply_head(r, &head);
	FCGX_PutStr(head.data, (int)head.len, f->libfcgi.out);
	if (r->body.len > 0 && !r->head)
		FCGX_PutStr(r->body.data, (int)r->body.len, f->libfcgi.out);
	buffer_free(&head);
}

void
fastcgi_finish(struct fastcgi *f)
{
	/*
	 * libfcgi keeps the connection, but after an error; then it closes it
	 * at once instead of waiting for the peer (fastcgi.md 1.4).
	 */
	FCGX_Detach(&f->libfcgi);
	FCGX_Finish_r(&f->libfcgi);
	if (f->libfcgi.ipcFd == -1)
		return;
	/* A kept connection would hold this worker: fastcgi.md 2.2. */
	if (f->ended)
		close(f->fd);
	else
		linger(f->fd);
	f->libfcgi.ipcFd = -1;
}
