#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <fastcgi.h>
#include <fcgiapp.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/heap.h"
#include "pool/fastcgi.h"

#define CONTENT_MAX 65535 /* of one record, which has 16 bits for it */
#define PARTS_MAX   (3 + INCOMING_PARAMETERS_MAX / CONTENT_MAX)
#define REGION_SIZE (1 << 20) /* bytes; some 100 kB are used at most */

struct fastcgi {
	FCGX_Request libfcgi;
	struct heap_region *region; /* all that libfcgi allocates; or NULL */
	int copy[2]; /* libfcgi reads from the first; -1: none yet */
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
	const int room = 2 * INCOMING_PARAMETERS_MAX;

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
	f->region = heap_region_new(REGION_SIZE);
	return f;
}

void
fastcgi_free(struct fastcgi *f)
{
	if (f == NULL)
		return;
	close_copy(f);
	heap_region_free(f->region);
	free(f);
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
put_stream(struct fastcgi *f, const struct incoming *in)
{
	static const FCGI_BeginRequestBody body = { .roleB0 = FCGI_RESPONDER };
	struct parts p = { .count = 0 };
	struct msghdr all = { .msg_iov = p.iov };

	put_record(&p, in->id, FCGI_BEGIN_REQUEST, &body, sizeof body);
	for (size_t pos = 0; pos < in->parameters_len;) {
		size_t n = in->parameters_len - pos;

		if (n > CONTENT_MAX)
			n = CONTENT_MAX;
		put_record(&p, in->id, FCGI_PARAMS, in->parameters + pos, n);
		pos += n;
	}
	put_record(&p, in->id, FCGI_PARAMS, "", 0);
	all.msg_iovlen = p.count;
	return open_copy(f) &&
	    sendmsg(f->copy[1], &all, MSG_NOSIGNAL) == (ssize_t)p.len;
}

/* libfcgi ends the process where an allocation fails: here none does. */
static bool
accept_in_region(struct fastcgi *f)
{
	bool good;

	heap_region_enter(f->region);
	good = FCGX_Accept_r(&f->libfcgi) == 0;
	heap_region_leave();
	return good;
}

/*
 * Lets libfcgi parse the request, or the copy of one that came in pieces, and
 * gives it the connection to answer on.
 */
static enum err
parse(struct fastcgi *f, struct incoming *in, struct error *why)
{
	if (!in->is_unread && !put_stream(f, in)) {
		error_set(why, ERR_SYSTEM, "no copy for libfcgi: %s",
		    strerror(errno));
		close_copy(f);
		return why->code;
	}
	FCGX_InitRequest(&f->libfcgi, -1, FCGI_FAIL_ACCEPT_ON_INTR);
	f->libfcgi.ipcFd = in->is_unread ? in->fd : f->copy[0];
	/*
	 * FCGX_Accept_r() closes a connection whose keepConnection is 0 before
	 * it reads from it (docs/reference/fastcgi.md 1.2).
	 */
	f->libfcgi.keepConnection = 1;
	if (!accept_in_region(f)) {
		/* libfcgi has closed what it read from: fastcgi.md 1.2. */
		if (in->is_unread)
			in->fd = -1;
		else
			f->copy[0] = -1;
		close_copy(f);
		FCGX_Free(&f->libfcgi, 1);
		heap_region_empty(f->region);
		return error_set(why, ERR_SYSTEM, "libfcgi does not take it");
	}
	f->libfcgi.ipcFd = in->fd;
	/* Whoever calls closes the connection, not libfcgi. */
	f->libfcgi.keepConnection = 1;
	return ERR_OK;
}

enum err
fastcgi_parse(struct fastcgi *f, struct incoming *in, int64_t start,
    struct request *q, struct error *why)
{
	if (parse(f, in, why) != ERR_OK)
		return why->code;
	request_read(q, f->libfcgi.envp, in->fd, start);
	if (q->why.code != ERR_OK || !request_has_form(q))
		return ERR_OK;
	if (in->form_why.code != ERR_OK) {
		(void)error_set(&q->why, ERR_REQUEST, "its body: %s",
		    in->form_why.text);
		return ERR_OK;
	}
	in->form[in->form_len] = '\0';
	request_read_form(q, (const char *)in->form);
	return ERR_OK;
}

static const char no_memory[] = "Status: 503 Service Unavailable\r\n"
				"Content-Length: 0\r\n"
				"Retry-After: 60\r\n\r\n";

void
fastcgi_reply(struct fastcgi *f, const struct reply *r)
{
	struct buffer head = { .max = REPLY_HEAD_MAX };

	reply_head(r, &head);
	/* A body behind half a header might pass for a good reply. */
	if (head.failed) {
		buffer_free(&head);
		FCGX_PutStr(no_memory, sizeof no_memory - 1, f->libfcgi.out);
		return;
	}
	FCGX_PutStr(head.data, (int)head.len, f->libfcgi.out);
	if (r->body.len > 0 && !r->head)
		FCGX_PutStr(r->body.data, (int)r->body.len, f->libfcgi.out);
	buffer_free(&head);
}

bool
fastcgi_finish(struct fastcgi *f)
{
	bool is_open;

	/*
	 * libfcgi keeps the connection, but after an error; then it closes it
	 * at once instead of waiting for the peer (fastcgi.md 1.4).
	 */
	FCGX_Detach(&f->libfcgi);
	FCGX_Finish_r(&f->libfcgi);
	is_open = f->libfcgi.ipcFd != -1;
	f->libfcgi.ipcFd = -1;
	heap_region_empty(f->region);
	return is_open;
}
