/*
 * fuzz_stream.c - the bytes of a FastCGI connection: through the check of the
 * stream and libfcgi to a request, and a reply back.
 */
#include "fuzz.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "pool/fastcgi.h"

const char fuzz_name[] = "stream";

static struct fastcgi *
start(void)
{
	struct fastcgi *f = fastcgi_new();
	struct error why;

	if (f == NULL ||
	    log_open(&(struct log_settings){ .to = "/dev/null" }, &why) !=
		ERR_OK)
		abort();
	return f;
}

static void
answer(struct fastcgi *f, struct request *q)
{
	struct reply r = { .status = 200, .body.max = REPLY_BODY_MAX };

	assert(q->path[REQUEST_PATH_MAX] == '\0');
	assert(q->parameter_count <= REQUEST_PARAMETERS_MAX);
	for (size_t i = 0; i < q->parameter_count; i++)
		if (q->why.code == ERR_OK)
			buffer_puts(&r.body, q->parameters[i].value);
	request_end(q);
	fastcgi_reply(f, &r);
	assert(fastcgi_finish(f));
	reply_end(&r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fastcgi *f;
	static struct incoming in;
	struct request q;
	struct error why;
	uint8_t back[16384];
	int fds[2];

	if (f == NULL)
		f = start();
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == -1)
		abort();
	/* What does not fit is as good as cut off. */
	(void)send(fds[1], data, size, MSG_DONTWAIT);
	shutdown(fds[1], SHUT_WR);
	incoming_begin(&in, fds[0]);
	/* The whole input lies in the socket: nothing waits. */
	if (incoming_go_on(&in) == INCOMING_WHOLE) {
		if (fastcgi_parse(f, &in, in.since, &q, &why) != ERR_OK)
			abort();
		answer(f, &q);
		/* The end of the request, 16 bytes, at least. */
		assert(recv(fds[1], back, sizeof back, MSG_DONTWAIT) >= 16);
	}
	close(fds[0]);
	incoming_end(&in);
	close(fds[1]);
	return 0;
}
