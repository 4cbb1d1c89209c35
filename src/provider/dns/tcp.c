#include "config.h"

#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lack.h"
#include "provider/dns/tcp.h"

#define PREFIX 2 /* the length in front of each message */

static enum err
wait_for(int fd, short event, int64_t deadline, struct error *why)
{
	struct pollfd p = { .fd = fd, .events = event };
	int ready;

	do
		ready = poll(&p, 1, clock_left(deadline));
	while (ready == -1 && errno == EINTR);
	if (ready == -1)
		return error_set(why, ERR_UNREACHABLE, "poll: %s",
		    strerror(errno));
	if (ready == 0)
		return error_set(why, ERR_UNREACHABLE, "timed out");
	return ERR_OK;
}

static enum err
finish_connect(int fd, int64_t deadline, struct error *why)
{
	int failure = 0;
	socklen_t len = sizeof failure;
	enum err rc;

	if ((rc = wait_for(fd, POLLOUT, deadline, why)) != ERR_OK)
		return rc;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &len) == -1)
		failure = errno;
	if (failure != 0)
		return error_set(why, ERR_UNREACHABLE, "%s", strerror(failure));
	return ERR_OK;
}

static enum err
connect_one(int *fd, const struct address *a, uint16_t port, int64_t deadline,
    struct error *why)
{
	struct sockaddr_storage ss;
	socklen_t len = address_sockaddr(a, port, &ss);
	int on = 1;
	enum err rc = ERR_OK;

	*fd = socket(a->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (*fd == -1)
		return lack_is(errno) ?
		    lack_set(why, "socket", errno) :
		    error_set(why, ERR_UNREACHABLE, "%s", strerror(errno));
	/* TCP_NODELAY only saves time; nothing depends on it. */
	(void)setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (connect(*fd, (struct sockaddr *)&ss, len) == -1)
		rc = errno == EINPROGRESS ?
		    finish_connect(*fd, deadline, why) :
		    error_set(why, ERR_UNREACHABLE, "%s", strerror(errno));
	if (rc != ERR_OK) {
		close(*fd);
		*fd = -1;
	}
	return rc;
}

enum err
dnstcp_connect(int *fd, const struct address *addresses, size_t count,
    uint16_t port, int64_t deadline, struct error *why)
{
	enum err rc = error_set(why, ERR_UNREACHABLE, "no address is known");

	*fd = -1;
	for (size_t i = 0; i < count; i++) {
		int share = clock_left(deadline) / (int)(count - i);
		char text[ADDRESS_TEXT_MAX];

		rc = connect_one(fd, &addresses[i], port, clock_now() + share,
		    why);
		if (rc == ERR_OK)
			return rc;
		error_prefix(why, "%s", address_format(&addresses[i], text));
	}
	return rc;
}

static bool
try_later(void)
{
	return errno == EAGAIN || errno == EINTR;
}

static enum err
send_all(int fd, const uint8_t *message, size_t len, int64_t deadline,
    struct error *why)
{
	uint8_t prefix[PREFIX] = { (uint8_t)(len >> 8), (uint8_t)len };
	size_t done = 0;
	enum err rc;

	while (done < PREFIX + len) {
		size_t head = done < PREFIX ? PREFIX - done : 0;
		size_t body = head > 0 ? 0 : done - PREFIX;
		struct iovec parts[] = {
			{ prefix + PREFIX - head, head },
			{ (void *)(uintptr_t)(message + body), len - body },
		};
		struct msghdr m = { .msg_iov = parts, .msg_iovlen = 2 };
		ssize_t n = sendmsg(fd, &m, MSG_NOSIGNAL);

		if (n >= 0)
			done += (size_t)n;
		else if (!try_later())
			return error_set(why, ERR_UNREACHABLE, "%s",
			    strerror(errno));
		else if ((rc = wait_for(fd, POLLOUT, deadline, why)) != ERR_OK)
			return rc;
	}
	return ERR_OK;
}

static enum err
receive_all(int fd, uint8_t *to, size_t len, int64_t deadline,
    struct error *why)
{
	enum err rc;

	while (len > 0) {
		ssize_t n = recv(fd, to, len, 0);

		if (n > 0) {
			to += n;
			len -= (size_t)n;
		} else if (n == 0) {
			return error_set(why, ERR_UNREACHABLE,
			    "the server closed the connection");
		} else if (!try_later()) {
			return error_set(why, ERR_UNREACHABLE, "%s",
			    strerror(errno));
		} else if ((rc = wait_for(fd, POLLIN, deadline, why)) !=
		    ERR_OK) {
			return rc;
		}
	}
	return ERR_OK;
}

enum err
dnstcp_exchange(int fd, const uint8_t *message, size_t len, uint8_t *answer,
    size_t max, size_t *answer_len, int64_t deadline, struct error *why)
{
	uint8_t prefix[PREFIX];
	enum err rc;

	assert(len <= UINT16_MAX && max >= UINT16_MAX);
	if ((rc = send_all(fd, message, len, deadline, why)) != ERR_OK ||
	    (rc = receive_all(fd, prefix, PREFIX, deadline, why)) != ERR_OK)
		return rc;
	*answer_len = (size_t)prefix[0] << 8 | prefix[1];
	return receive_all(fd, answer, *answer_len, deadline, why);
}
