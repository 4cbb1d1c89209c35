#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <fastcgi.h>

#include "base/clock.h"
#include "pool/inquiry.h"

#define ANSWER_MAX   (1 << 16)
#define REQUEST_MAX  1024
#define VARIABLE_MAX 127 /* bytes of one, for a length of one byte */

/* The socket, not blocking; -1, and errno. */
static int
connect_to(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd, saved;

	if (strlen(path) >= sizeof un.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(un.sun_path, path);
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		 0)) == -1)
		return -1;
	if (connect(fd, (struct sockaddr *)&un, sizeof un) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static void
put_record(struct buffer *b, unsigned int type, const void *content, size_t len)
{
	const FCGI_Header h = { .version = FCGI_VERSION_1,
		.type = (unsigned char)type,
		.requestIdB0 = 1,
		.contentLengthB1 = (unsigned char)(len >> 8),
		.contentLengthB0 = (unsigned char)len };

	buffer_add(b, &h, sizeof h);
	if (len > 0)
		buffer_add(b, content, len);
}

static void
put_variable(struct buffer *b, const char *name, const char *value)
{
	const unsigned char lengths[2] = { (unsigned char)strlen(name),
		(unsigned char)strlen(value) };

	if (strlen(value) > VARIABLE_MAX)
		b->failed = true;
	buffer_add(b, lengths, sizeof lengths);
	buffer_puts(b, name);
	buffer_puts(b, value);
}

static void
put_request(struct buffer *b, const char *path)
{
	static const FCGI_BeginRequestBody body = { .roleB0 = FCGI_RESPONDER };
	struct buffer variables = { .max = REQUEST_MAX };

	put_variable(&variables, "REQUEST_METHOD", "GET");
	put_variable(&variables, "REQUEST_URI", path);
	put_variable(&variables, "QUERY_STRING", "");
	put_record(b, FCGI_BEGIN_REQUEST, &body, sizeof body);
	put_record(b, FCGI_PARAMS, variables.data, variables.len);
	put_record(b, FCGI_PARAMS, NULL, 0);
	put_record(b, FCGI_STDIN, NULL, 0);
	b->failed = b->failed || variables.failed;
	buffer_free(&variables);
}

/*
 * All that comes until the other side closes; false at the deadline.  What
 * poll(2) has promised of such a socket is there.
 */
static bool
receive(int fd, int64_t deadline, struct buffer *answer)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	char block[4096];
	ssize_t n;

	for (;;) {
		if (poll(&ready, 1, clock_left(deadline)) != 1)
			return false;
		n = recv(fd, block, sizeof block, 0);
		if (n == 0)
			return true;
		if (n < 0 || !buffer_add(answer, block, (size_t)n))
			return false;
	}
}

/* Joins what the records of the answer carry. */
static void
join(const struct buffer *answer, struct buffer *text)
{
	FCGI_Header h;
	size_t len;

	for (size_t i = 0; i + sizeof h <= answer->len;) {
		memcpy(&h, answer->data + i, sizeof h);
		i += sizeof h;
		len = (size_t)h.contentLengthB1 << 8 | h.contentLengthB0;
		if (len > answer->len - i)
			return;
		if (h.type == FCGI_STDOUT)
			buffer_add(text, answer->data + i, len);
		i += len + h.paddingLength;
	}
}

/* "Status: 200 OK", more of the header, an empty line, the body. */
static bool
split(const struct buffer *text, int *status, struct buffer *body)
{
	const char *end = text->len > 0 ? strstr(text->data, "\r\n\r\n") : NULL;

	if (end == NULL || strncmp(text->data, "Status: ", 8) != 0)
		return false;
	*status = atoi(text->data + 8);
	return buffer_puts(body, end + 4);
}

enum err
inquiry_get(const char *socket, const char *path, int ms, int *status,
    struct buffer *body, struct error *why)
{
	int64_t deadline = clock_now() + ms;
	struct buffer request = { .max = REQUEST_MAX };
	struct buffer answer = { .max = ANSWER_MAX };
	struct buffer text = { .max = ANSWER_MAX };
	enum err rc = ERR_OK;
	int fd = connect_to(socket);

	put_request(&request, path);
	if (fd == -1)
		rc = error_set(why, ERR_UNREACHABLE, "%s: %s", socket,
		    strerror(errno));
	else if (request.failed ||
	    send(fd, request.data, request.len, MSG_NOSIGNAL) !=
		(ssize_t)request.len)
		rc = error_set(why, ERR_UNREACHABLE, "%s: nothing can be sent",
		    socket);
	else if (!receive(fd, deadline, &answer))
		rc = error_set(why, ERR_UNREACHABLE, "%s: no answer in %d s",
		    socket, ms / 1000);
	join(&answer, &text);
	if (rc == ERR_OK && !split(&text, status, body))
		rc = error_set(why, ERR_UNREACHABLE,
		    "%s: the answer makes no sense, or we may not ask", socket);
	buffer_free(&request);
	buffer_free(&answer);
	buffer_free(&text);
	if (fd != -1)
		close(fd);
	return rc;
}
